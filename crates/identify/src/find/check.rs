//! Check digits and shapes of numbers that say by themselves whether they are right.
//!
//! What must always hold: pure arithmetic over a few dozen bytes; a wrong length is false, never a panic.

/// The longest number that is checked here.
pub(super) const DIGITS_MAX: usize = 20;

/// Digits collected out of a written number, without its blanks and dashes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    values: [u8; DIGITS_MAX],
    count: usize,
}

impl Digits {
    /// The digits among these bytes; none if there are more than [`DIGITS_MAX`].
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut digits = Self { values: [0; DIGITS_MAX], count: 0 };
        for byte in bytes.iter().filter(|byte| byte.is_ascii_digit()) {
            *digits.values.get_mut(digits.count)? = byte - b'0';
            digits.count += 1;
        }
        Some(digits)
    }

    /// The values, first digit first.
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.values[..self.count]
    }
}

/// ISO/IEC 7812-1 Annex B (Luhn), continued from `sum` of a prefix.
fn luhn_with(digits: &[u8], sum: u32) -> bool {
    let mut sum = sum;
    for (place, digit) in digits.iter().rev().enumerate() {
        let value = u32::from(*digit);
        sum += if place % 2 == 1 { value * 2 / 10 + value * 2 % 10 } else { value };
    }
    sum.is_multiple_of(10)
}

/// Luhn.
pub(super) fn luhn(digits: &[u8]) -> bool {
    digits.iter().any(|digit| *digit != 0) && luhn_with(digits, 0)
}

/// National Provider Identifier (45 CFR 162.406): ten digits, Luhn with the prefix 80840, which adds 24.
pub(crate) fn npi(digits: &[u8]) -> bool {
    digits.len() == 10 && matches!(digits[0], 1 | 2) && luhn_with(digits, 24)
}

/// American Bankers Association routing number: nine digits, weights 3 7 1, first two digits in the issued ranges.
pub(super) fn aba(digits: &[u8]) -> bool {
    if digits.len() != 9 {
        return false;
    }
    let first = digits[0] * 10 + digits[1];
    let sum: u32 = digits.iter().zip([3, 7, 1].iter().cycle()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    matches!(first, 0..=12 | 21..=32 | 61..=72 | 80) && sum > 0 && sum.is_multiple_of(10)
}

/// Is this a payment card: a length and a beginning that issuers use, and Luhn.
pub(super) fn card(digits: &[u8]) -> bool {
    let lead = |count: usize| digits.iter().take(count).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    let issued = match digits.len() {
        13 | 19 => digits[0] == 4 || matches!(lead(2), 62 | 50 | 56..=58 | 63 | 67),
        14 => matches!(lead(3), 300..=305 | 309) || matches!(lead(2), 36 | 38 | 39),
        15 => matches!(lead(2), 34 | 37),
        16 => {
            digits[0] == 4
                || matches!(lead(2), 50..=58 | 62 | 63 | 65 | 67)
                || matches!(lead(3), 644..=649)
                || matches!(lead(4), 2221..=2720 | 6011 | 3528..=3589)
        }
        12 | 17 | 18 => matches!(lead(2), 50 | 56..=58 | 62 | 63 | 67),
        _ => false,
    };
    issued && luhn(digits)
}

/// The check character of a DEA number: two letters and seven digits (21 CFR 1301; the arithmetic as pharmacies use it).
pub(super) fn dea(bytes: &[u8]) -> bool {
    if !dea_shape(bytes) {
        return false;
    }
    let digit = |place: usize| u32::from(bytes[place + 2] - b'0');
    let sum = digit(0) + digit(2) + digit(4) + 2 * (digit(1) + digit(3) + digit(5));
    sum % 10 == digit(6)
}

/// Two letters, the first one of those that stand for a kind of registrant, and seven digits.
pub(super) fn dea_shape(bytes: &[u8]) -> bool {
    let [first, second, digits @ ..] = bytes else { return false };
    digits.len() == 7
        && b"ABCDEFGHJKLMPRSTUX".contains(&first.to_ascii_uppercase())
        && (second.is_ascii_alphabetic() || *second == b'9')
        && digits.iter().all(u8::is_ascii_digit)
}

/// Medicare Beneficiary Identifier: eleven places, letters without S, L, O, I, B, Z (CMS, "Understanding the MBI").
pub(super) fn mbi(bytes: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() && !b"SLOIBZ".contains(&byte.to_ascii_uppercase());
    bytes.len() == 11
        && bytes.iter().zip(b"CA*NA*NAANN").all(|(byte, shape)| match shape {
            b'C' => (b'1'..=b'9').contains(byte),
            b'N' => byte.is_ascii_digit(),
            b'A' => letter(*byte),
            _ => byte.is_ascii_digit() || letter(*byte),
        })
}

/// Vehicle identification number: 17 places without I, O, Q.
pub(super) fn vin_shape(bytes: &[u8]) -> bool {
    bytes.len() == 17
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() && !b"IOQioq".contains(byte))
        && bytes[13..].iter().all(u8::is_ascii_digit)
        && bytes.iter().any(u8::is_ascii_alphabetic)
}

/// The check digit of a vehicle identification number (49 CFR 565.15(c)).
pub(super) fn vin(bytes: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    const VALUES: &[u8; 26] = b"12345678012345070923456789";
    if !vin_shape(bytes) {
        return false;
    }
    let value = |byte: u8| match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        letter => u32::from(VALUES[usize::from(letter - b'A')] - b'0'),
    };
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(byte, weight)| value(*byte) * weight).sum();
    let check = if sum % 11 == 10 { b'X' } else { b'0' + (sum % 11) as u8 };
    bytes[8].to_ascii_uppercase() == check
}

/// International bank account number (ISO 13616): letters and digits without blanks, 97 leaves 1.
pub(super) fn iban(bytes: impl Iterator<Item = u8> + Clone) -> bool {
    let shape = |place: usize, byte: u8| match place {
        0 | 1 => byte.is_ascii_alphabetic(),
        2 | 3 => byte.is_ascii_digit(),
        _ => byte.is_ascii_alphanumeric(),
    };
    let count = bytes.clone().count();
    if !(15..=34).contains(&count) || !bytes.clone().enumerate().all(|(place, byte)| shape(place, byte)) {
        return false;
    }
    let rest = bytes.clone().skip(4).chain(bytes.take(4)).fold(0_u32, |rest, byte| {
        let value = if byte.is_ascii_digit() { byte - b'0' } else { byte.to_ascii_uppercase() - b'A' + 10 };
        (if value > 9 { rest * 100 } else { rest * 10 } + u32::from(value)) % 97
    });
    rest == 1
}

/// Could these be area, group and serial of a social security number that was ever issued
/// (20 CFR 422.103; areas 000, 666 and 900 to 999 never were).
pub(super) fn ssn(area: u32, group: u32, serial: u32) -> bool {
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

/// Nine digits and a letter, as Medicare wrote social security numbers before 2020.
pub(super) fn ssn_with_letter(bytes: &[u8]) -> bool {
    bytes.len() == 10 && bytes[..9].iter().all(u8::is_ascii_digit) && bytes[9].is_ascii_alphabetic()
}

/// An individual taxpayer number: area 9xx, and a group that the Internal Revenue Service uses.
pub(super) fn itin(area: u32, group: u32) -> bool {
    (900..=999).contains(&area) && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Is the day in the calendar. Years without a century allow the 29th of February.
pub(super) fn is_day(year: Option<u32>, month: u32, day: u32) -> bool {
    let leap =
        year.is_none_or(|year| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Years that a record of a living person can name, generously.
pub(super) fn is_year(year: u32) -> bool {
    (1_880..=2_100).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        Digits::of(text.as_bytes()).expect("short").as_slice().to_vec()
    }

    #[test]
    fn numbers_with_right_check_digits_pass_and_any_other_last_digit_fails() {
        for (right, check) in [
            ("4111111111111111", card as fn(&[u8]) -> bool),
            ("378282246310005", card),
            ("1234567893", npi),
            ("021000021", aba),
            ("490154203237518", luhn),
        ] {
            assert!(check(&digits(right)), "{right}");
            for last in 0..10 {
                let other = format!("{}{last}", &right[..right.len() - 1]);
                assert_eq!(check(&digits(&other)), other == right, "{other}");
            }
        }
    }

    #[test]
    fn lettered_numbers_are_checked() {
        assert!(dea(b"AB1234563") && !dea(b"AB1234564") && !dea(b"QB1234563"));
        assert!(mbi(b"1EG4TE5MK73") && !mbi(b"1SG4TE5MK73") && !mbi(b"0EG4TE5MK73"));
        assert!(vin(b"1HGCM82633A004352") && !vin(b"1HGCM82643A004352") && vin(b"1M8GDM9AXKP042788"));
        assert!(iban(b"GB82WEST12345698765432".iter().copied()));
        assert!(!iban(b"GB82WEST12345698765433".iter().copied()));
    }

    #[test]
    fn the_calendar_knows_its_months() {
        assert!(is_day(Some(2000), 2, 29) && !is_day(Some(1900), 2, 29) && !is_day(Some(2018), 4, 31));
        assert!(is_day(None, 2, 29) && !is_day(None, 13, 1) && !is_day(None, 1, 0));
    }
}
