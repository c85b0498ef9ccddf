//! Ages by their units: 1,100 months are over 89 years, and 95 months are not.
//!
//! What must always hold: where no unit is said an age is one in years; a unit that is not known makes no age.
//!
//! What it refuses to know: whose age it is.

use super::What;

/// From here on an age is over 89, in years.
const OVER_89: f64 = 90.0;
/// The longest number that is looked at, in bytes.
const NUMBER_BYTES_MAX: usize = 24;

/// LOINC "Age - Reported", "Age", "Age calculated", "Current age or age at death"; SNOMED CT "Current chronological age" and
/// "Age at death".
const AGE_CODES: &[&str] = &["21612-7", "30525-0", "29553-5", "63900-5", "424144002", "445518008", "397669002"];

/// Is this the code of somebody's age.
pub(super) fn is_age_code(code: &str) -> bool {
    AGE_CODES.contains(&code)
}

/// Does a number of years at the beginning of a text say so.
pub(super) fn is_over_89(text: &str) -> bool {
    let text = text.trim();
    let long = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..long).and_then(|digits| digits.parse::<u32>().ok()).is_some_and(|years| years >= 90)
}

/// What a number with this unit is: an age in years, one that is over 89 in another unit, or none that tells anything.
pub(super) fn age_of_unit(number: &str, unit: &str) -> Option<What> {
    let per_year = match unit.trim().trim_matches(['{', '}', '[', ']']).to_ascii_lowercase().as_str() {
        "" | "a" | "y" | "yr" | "yrs" | "year" | "years" | "yo" | "y/o" | "ann" | "a_j" | "a_g" | "a_t" => {
            return Some(What::Age);
        }
        "mo" | "mon" | "month" | "months" | "mos" | "mo_j" | "mo_g" | "mo_s" => 12.0,
        "wk" | "w" | "week" | "weeks" | "wks" => 52.1775,
        "d" | "day" | "days" => 365.2425,
        "h" | "hr" | "hour" | "hours" | "hrs" => 8_765.82,
        _ => return None,
    };
    let number = number.trim().trim_start_matches(['<', '>', '=', ' ']);
    let value: f64 = number.get(..number.len().min(NUMBER_BYTES_MAX))?.parse().ok()?;
    (value / per_year >= OVER_89).then_some(What::AgeOver89)
}

#[cfg(test)]
mod tests {
    use super::{What, age_of_unit};

    #[test]
    fn ages_are_counted_by_their_units() {
        for (number, unit, what) in [
            ("95", "a", Some(What::Age)),
            ("95", "", Some(What::Age)),
            ("95", "mo", None),
            ("1100", "mo", Some(What::AgeOver89)),
            ("33000", "days", Some(What::AgeOver89)),
            (">1100", "Months", Some(What::AgeOver89)),
            ("95", "mg", None),
            ("x", "mo", None),
        ] {
            assert_eq!(age_of_unit(number, unit), what, "{number} {unit}");
        }
    }
}
