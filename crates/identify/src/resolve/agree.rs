//! How each thing that two records say stands to the other's, for whoever has to decide whether they are one person.
//!
//! What must always hold: it is the comparison that was weighed, not another one; it holds no value of either record.
//!
//! What it refuses to know: weights, and the words in which a page says it.

use super::PersonRecord;
use super::record::Known;
use super::weigh::{self, Born, Family, Given, Same};

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// One of the two does not say it.
    Unknown,
    /// It is the same.
    Same,
    /// It is written otherwise, as people and registries do.
    Nearly(Slip),
    /// It is another.
    Differs,
}

/// What lies between two ways of writing one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// A part of a double name, a former name, or names in the other order.
    PartOfName,
    /// About one letter.
    Spelling,
    /// A short form or nickname.
    ShortForm,
    /// A letter for the whole name.
    Initial,
    /// The one's middle name is the other's given name.
    MiddleName,
    /// A newborn who has no name yet.
    Newborn,
    /// Day and month are swapped.
    DayAndMonth,
    /// One digit.
    OneDigit,
}

/// How two records stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreements {
    /// Family name.
    pub family: Agreement,
    /// Given name.
    pub given: Agreement,
    /// Day of birth.
    pub born: Agreement,
    /// The practice's own number.
    pub number: Agreement,
}

/// How what was seen stands to a patient.
#[must_use]
pub fn agreements(seen: &PersonRecord, patient: &PersonRecord) -> Agreements {
    let compared = weigh::compare(&Known::of(seen), &Known::of(patient));
    Agreements {
        family: match compared.family {
            Family::Unknown => Agreement::Unknown,
            Family::Exact => Agreement::Same,
            Family::Part => Agreement::Nearly(Slip::PartOfName),
            Family::Close => Agreement::Nearly(Slip::Spelling),
            Family::Different => Agreement::Differs,
        },
        given: match compared.given {
            Given::Unknown => Agreement::Unknown,
            Given::Exact => Agreement::Same,
            Given::Nickname => Agreement::Nearly(Slip::ShortForm),
            Given::Initial => Agreement::Nearly(Slip::Initial),
            Given::Close => Agreement::Nearly(Slip::Spelling),
            Given::Middle => Agreement::Nearly(Slip::MiddleName),
            Given::Placeholder => Agreement::Nearly(Slip::Newborn),
            Given::Different => Agreement::Differs,
        },
        born: match compared.born {
            Born::Unknown => Agreement::Unknown,
            Born::Exact => Agreement::Same,
            Born::Swapped => Agreement::Nearly(Slip::DayAndMonth),
            Born::OneDigit => Agreement::Nearly(Slip::OneDigit),
            Born::SameYear | Born::Different => Agreement::Differs,
        },
        number: match compared.number {
            Same::Unknown => Agreement::Unknown,
            Same::Yes => Agreement::Same,
            Same::No => Agreement::Differs,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Agreement, Agreements, Slip, agreements};
    use crate::resolve::{PersonRecord, Word};

    fn record(family: &str, given: &str, born: &str, number: &str) -> PersonRecord {
        let numbers = if number.is_empty() { Vec::new() } else { vec![Word::new(number.to_owned())] };
        PersonRecord { numbers, ..PersonRecord::named(family, given, born.parse().ok()) }
    }

    #[test]
    fn each_thing_is_told_as_it_stands() {
        let patient = record("Underway-Stone", "Katherine", "2015-02-09", "K020411");
        let seen = record("Underway", "Kate", "2015-09-02", "");
        assert_eq!(
            agreements(&seen, &patient),
            Agreements {
                family: Agreement::Nearly(Slip::PartOfName),
                given: Agreement::Nearly(Slip::ShortForm),
                born: Agreement::Nearly(Slip::DayAndMonth),
                number: Agreement::Unknown,
            }
        );
        let other = record("Underway-Stone", "Basil", "2015-02-08", "K999");
        let told = agreements(&other, &patient);
        assert_eq!((told.family, told.given), (Agreement::Same, Agreement::Differs));
        assert_eq!((told.born, told.number), (Agreement::Nearly(Slip::OneDigit), Agreement::Differs));
    }
}
