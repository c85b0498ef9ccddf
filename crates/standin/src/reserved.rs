//! Numbers and addresses that can be nobody's.
//!
//! What must always hold: every social security number, telephone number, mail and web address that leaves this crate is
//! made here, from ranges that their authorities keep free:
//! - social security numbers whose area is 000, 666 or 900–999 are never issued (Social Security Administration, 2011);
//! - 555-0100 to 555-0199 in any area code are set aside for fiction (ATIS-0300115);
//! - example.com, example.net and example.org are set aside for documentation (RFC 2606);
//! - national provider identifiers begin with 1 or 2 (45 CFR 162.406), these begin with 9, with a check digit that fits.
//!
//! What it refuses to know: whose they become.

use crate::dice::Dice;
use crate::words::plain;

/// Mail and web hosts.
pub(crate) const HOSTS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// `901-23-4567`: dashes, but for some.
pub(crate) fn ssn(dice: &mut Dice) -> String {
    let area = match dice.below(10) {
        0 => 0,
        1 => 666,
        // 900 and up, where the two digits after it are none that the revenue service gives out for taxpayers (50–99).
        _ => dice.between(900, 999),
    };
    format!("{area:03}-{:02}-{:04}", dice.between(1, 49), dice.between(1, 9999))
}

/// `(541) 555-0142`, as it stands in tables; notes write it in other ways, too.
pub(crate) fn phone(dice: &mut Dice, area_code: &str) -> String {
    format!("({area_code}) 555-01{:02}", dice.below(100))
}

/// A mail address that says something of its owner's name, as most do.
pub(crate) fn email(dice: &mut Dice, given: &str, family: &str, born_year: i32) -> String {
    let (given, family) = (plain(given), plain(family));
    let initial = given.chars().next().unwrap_or('x');
    let host = dice.pick(&HOSTS);
    match dice.below(5) {
        0 => format!("{given}.{family}@{host}"),
        1 => format!("{initial}{family}@{host}"),
        2 => format!("{given}{}@{host}", born_year % 100),
        3 => format!("{family}_{given}@{host}"),
        _ => format!("{given}{family}{}@{host}", dice.between(1, 99)),
    }
}

/// Ten digits beginning with 9, with the check digit over the prefix 80840.
pub(crate) fn npi(dice: &mut Dice) -> String {
    let body = format!("9{:08}", dice.below(100_000_000));
    let check = luhn(&format!("80840{body}"));
    format!("{body}{check}")
}

/// The check digit that belongs behind these digits (ISO/IEC 7812-1).
fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            let doubled = if place % 2 == 0 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::{luhn, npi, phone, ssn};
    use crate::dice::Dice;

    #[test]
    fn the_check_digit_is_the_one_of_the_published_example() {
        // 1234567893 is the example that the agency's paper on the check digit reckons through.
        assert_eq!(luhn("80840123456789"), 3);
    }

    #[test]
    fn numbers_come_from_ranges_that_are_nobodys() {
        let mut dice = Dice::of(1, &[]);
        for _ in 0..2_000 {
            let ssn = ssn(&mut dice);
            assert!(ssn.starts_with('9') || ssn.starts_with("666") || ssn.starts_with("000"), "{ssn}");
            assert!(phone(&mut dice, "541").starts_with("(541) 555-01"));
            let npi = npi(&mut dice);
            assert!(npi.starts_with('9') && npi.len() == 10);
        }
    }
}
