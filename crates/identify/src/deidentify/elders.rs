//! Who is over 89, by all that a record says together (45 CFR 164.514(b)(2)(i)(C): "all ages over 89 and all elements of dates
//! (including year) indicative of such age").
//!
//! A birth date says it, and so does an age with the year of a visit. Of somebody who is over 89 the age in earlier years and the
//! bare year of birth tell it too.
//!
//! What must always hold: who is over 89 by any field of a record is so in all of it, and in a file that knows one patient alone, in
//! all of the file.

use super::dates::{Written, year_of};
use super::people::records;
use crate::read::{Field, Part, What, Who};
use record::civil::Day;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// The oldest age that is believed.
const AGE_MAX: i32 = 130;

/// Those of one file.
#[derive(Debug)]
pub(super) struct Elders {
    reference: Day,
    /// The year 90 years before the reference date: no earlier one is written.
    pub(super) floor: i32,
    /// Records of somebody over 89, with the years in which they may be born.
    records: HashMap<u32, BTreeSet<i32>>,
    /// In a file of one patient, who is over 89.
    all: Option<BTreeSet<i32>>,
}

impl Elders {
    /// Of these parts, at a day.
    pub(super) fn of<'a>(reference: Day, parts: impl Iterator<Item = &'a Part>) -> Self {
        let floor = i32::from(reference.year()) - 90;
        let mut elders = Self { reference, floor, records: HashMap::new(), all: None };
        let mut births = BTreeSet::new();
        for part in parts {
            for run in records(&part.fields) {
                elders.learn(part, &part.fields[run], &mut births);
            }
        }
        if births.len() == 1 && !elders.records.is_empty() {
            elders.all = Some(elders.records.values().flatten().copied().collect());
        }
        elders
    }

    fn learn(&mut self, part: &Part, fields: &[Field], births: &mut BTreeSet<String>) {
        let this_year = i32::from(self.reference.year());
        let of = |wanted: fn(What) -> bool| {
            fields
                .iter()
                .filter(move |field| wanted(field.meaning.what))
                .filter_map(|field| Some((field, part.text.get(field.range())?.trim())))
        };
        let mut years = BTreeSet::new();
        for (field, value) in of(|what| what == What::BirthDate) {
            if matches!(field.meaning.who, Who::Patient | Who::Unknown) {
                births.insert(value.chars().filter(char::is_ascii_digit).take(8).collect());
            }
            if self.is_over_89(value)
                && let Some(year) = year_of(value, this_year)
            {
                years.insert(year);
            }
        }
        let visits: BTreeSet<i32> = of(|what| matches!(what, What::VisitDate | What::OtherDate | What::Moment))
            .filter_map(|(_, value)| year_of(value, this_year))
            .collect();
        for age in of(|what| what == What::Age).filter_map(|(_, value)| age_of(value)) {
            // Born in one of two years, by whether the birthday was before the visit.
            let born = visits.iter().flat_map(|visit| [visit - age, visit - age - 1]);
            years.extend(born.filter(|year| age > 89 || *year < self.floor));
        }
        if !years.is_empty() {
            self.records.entry(fields[0].record).or_default().extend(years);
        }
    }

    /// Is somebody who was born then over 89 at the reference date.
    pub(super) fn is_over_89(&self, birth: &str) -> bool {
        let this_year = i32::from(self.reference.year());
        let today = (i32::from(self.reference.month()), i32::from(self.reference.day()));
        match Written::read(birth, this_year).and_then(|written| written.day()) {
            Some((year, month, day)) => year < self.floor || year == self.floor && (month, day) <= today,
            None => year_of(birth, this_year).is_some_and(|year| year <= self.floor),
        }
    }

    /// A year as it may be written.
    pub(super) fn year(&self, year: i32) -> i32 {
        year.max(self.floor)
    }

    /// The birth years of somebody over 89 in this record; `None` where there is nobody.
    fn years(&self, record: u32) -> Option<&BTreeSet<i32>> {
        self.records.get(&record).or(self.all.as_ref())
    }

    /// Is somebody in this record over 89.
    pub(super) fn is_in(&self, record: u32) -> bool {
        self.years(record).is_some()
    }

    /// Bare years and ages in a stretch of words that tell it, with what may stand there.
    pub(super) fn told_in(&self, text: &str, range: Range<usize>, record: u32) -> Vec<(Range<usize>, String)> {
        let years = self.years(record);
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut at = range.start;
        while let Some(far) = bytes[at..range.end].iter().position(u8::is_ascii_digit) {
            let start = at + far;
            let long = bytes[start..range.end].iter().take_while(|byte| byte.is_ascii_digit()).count();
            at = start + long;
            let begins = start == 0 || !is_part(bytes[start - 1]);
            let ends = bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
            let number = text[start..at].parse::<i32>().unwrap_or(i32::MAX);
            if !begins {
                continue;
            }
            match long {
                4 if ends && number < self.floor => {
                    let told = years.is_some_and(|years| years.contains(&number)) || is_born(&text[range.start..start]);
                    if told {
                        found.push((start..at, self.floor.to_string()));
                    }
                }
                2 | 3 if years.is_some() && number <= AGE_MAX && is_age(text, start..at) => {
                    found.push((start..at, age(number).to_owned()));
                }
                _ => {}
            }
        }
        found
    }
}

/// The one category of all ages over 89.
pub(super) const OVER_89: &str = "90+";

/// An age of somebody over 89 as it may be written: with the year of a visit an earlier age tells the birth year too.
pub(super) const fn age(years: i32) -> &'static str {
    if years > 89 { OVER_89 } else { "[AGE]" }
}

/// The number at the beginning of an age.
pub(super) fn age_of(value: &str) -> Option<i32> {
    let digits = value.split(|one: char| !one.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|age| (0..=AGE_MAX).contains(age))
}

/// What a number goes on from.
const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-' | b'_' | b'$' | b'#')
}

/// Do the words before say that somebody was born then.
fn is_born(before: &str) -> bool {
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(24))..];
    let words = near.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).rev();
    words.take(4).any(|word| {
        ["born", "birth", "dob", "yob", "birthdate", "birthyear"].contains(&word.to_ascii_lowercase().as_str())
    })
}

/// Do the words around a number say that it is an age.
fn is_age(text: &str, range: Range<usize>) -> bool {
    let near =
        text[range.end..text.floor_char_boundary(range.end + 16)].trim_start_matches([' ', '-']).to_ascii_lowercase();
    let follows =
        ["year", "yr", "y/o", "yo ", "y.o", "yo,", "yo-", "yof", "yom"].iter().any(|unit| near.starts_with(unit));
    let head = &text[..range.start];
    let head = &head[head.floor_char_boundary(head.len().saturating_sub(12))..];
    let word = head
        .trim_end_matches([' ', ':', '='])
        .rsplit(|one: char| !one.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    follows || word.eq_ignore_ascii_case("age") || word.eq_ignore_ascii_case("aged")
}
