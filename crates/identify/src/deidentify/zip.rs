//! ZIP codes as 45 CFR 164.514(b)(2)(i)(B) lets them stand: the first three digits, and 000 where 20,000 people or fewer live.
//!
//! What must always hold: of a code no more than its first three digits comes out.

/// First three digits of areas with 20,000 people or fewer. The rule asks for "the current publicly available data" of the census;
/// these are those of 2000, which the guidance of HHS (26 November 2012) lists, and those that the populations of the census of 2020
/// give, together.
const RESTRICTED: [&str; 23] = [
    "036", "059", "063", "102", "202", "203", "204", "205", "369", "556", "692", "753", "772", "790", "821", "823",
    "830", "831", "878", "879", "884", "890", "893",
];

/// What may stand in a code's place, and whether it is a restricted area's; `None` for what is no ZIP code.
pub(super) fn shortened(code: &str) -> Option<(String, bool)> {
    let plain = code.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'.'));
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    // Programs that take codes for numbers lose the zero at the beginning.
    let digits = if matches!(digits.len(), 4 | 8) { format!("0{digits}") } else { digits };
    if !plain || !matches!(digits.len(), 3 | 5 | 9) {
        return None;
    }
    let three = &digits[..3];
    let restricted = RESTRICTED.contains(&three);
    Some((if restricted { "000" } else { three }.to_owned(), restricted))
}

#[cfg(test)]
mod tests {
    use super::shortened;

    fn of(code: &str) -> Option<String> {
        shortened(code).map(|(three, _)| three)
    }

    #[test]
    fn three_digits_stay_and_small_areas_are_zeros() {
        assert_eq!(of("62701").as_deref(), Some("627"));
        assert_eq!(of("62701-1234").as_deref(), Some("627"));
        assert_eq!(of("627011234").as_deref(), Some("627"));
        assert_eq!(of("2138").as_deref(), Some("021"));
        assert_eq!(of("K1A 0B1"), None);
        assert_eq!(of("62"), None);
    }

    #[test]
    fn every_restricted_area_of_both_censuses_is_zeros() {
        let of_2000 = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893";
        let of_2020 = "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893";
        for three in of_2000.split(' ').chain(of_2020.split(' ')) {
            assert_eq!(of(&format!("{three}01")).as_deref(), Some("000"), "{three}");
        }
    }
}
