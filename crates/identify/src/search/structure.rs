//! What structure alone says: a value in a place for birth dates is one.
//!
//! What must always hold: an empty value, and a word that says that there is none, is no finding; a place that may hold either
//! what is PHI or what is not (a year, an age of 40) is judged by the value.
//!
//! What it refuses to know: formats; the readers have said what each value means.

use crate::names::Person;
use crate::phi::{Confidence, Finding, Identifier};
use crate::read::{Field, Part, What, Who};
use std::ops::Range;

/// As sure as structure is: a place for phone numbers sometimes holds a note.
const SURE: Confidence = Confidence::new(97);
/// Of the record's people, so many are searched in its words; a household has a dozen.
const PEOPLE_MAX: usize = 256;
/// Words that stand where nothing is known.
const NOTHING: &[&str] = &[
    "unknown",
    "unk",
    "none",
    "n/a",
    "na",
    "nil",
    "null",
    "not known",
    "not given",
    "refused",
    "declined",
    "test",
    "self",
];

/// What the fields say.
pub(super) fn findings(part: &Part) -> Vec<Finding> {
    part.fields.iter().filter_map(|field| finding(part, field)).collect()
}

fn finding(part: &Part, field: &Field) -> Option<Finding> {
    let value = part.text.get(field.range())?;
    let shown = value.trim();
    let is_something = shown.bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    if !is_something || NOTHING.contains(&shown.to_ascii_lowercase().as_str()) {
        return None;
    }
    let (kind, rule) = kind(field, shown)?;
    let start = field.start as usize + (value.len() - value.trim_start().len());
    Some(Finding { start, end: start + shown.len(), kind, confidence: SURE, rule })
}

fn kind(field: &Field, value: &str) -> Option<(Identifier, &'static str)> {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    Some(match field.meaning.what {
        What::FullName | What::FamilyName | What::GivenName | What::MiddleName => {
            // Names have letters; a number in their place is an identifier of another kind, which the finder judges.
            if !value.chars().any(char::is_alphabetic) {
                return None;
            }
            (Identifier::Name, "structure.name")
        }
        // A year alone is no date in the sense of 164.514(b)(2)(i)(C).
        What::BirthDate | What::DeathDate | What::VisitDate | What::OtherDate if digits > 4 => {
            (Identifier::Date, "structure.date")
        }
        What::Age if value.split(|one: char| !one.is_ascii_digit()).next().is_some_and(is_over_89) => {
            (Identifier::Age, "structure.age")
        }
        What::RecordNumber if digits > 0 => (Identifier::Mrn, "structure.record_number"),
        What::Ssn if digits >= 4 => (Identifier::Ssn, "structure.ssn"),
        What::DriverLicense | What::ProviderId if digits > 0 => (Identifier::License, "structure.license"),
        What::Phone if digits >= 7 => (Identifier::Phone, "structure.phone"),
        What::Fax if digits >= 7 => (Identifier::Fax, "structure.fax"),
        What::Email if value.contains('@') => (Identifier::Email, "structure.email"),
        What::Url => (Identifier::Url, "structure.url"),
        What::Contact if value.contains('@') => (Identifier::Email, "structure.contact"),
        What::Contact if digits >= 7 => (Identifier::Phone, "structure.contact"),
        What::Street | What::Address => (Identifier::Address, "structure.address"),
        What::City | What::County => (Identifier::Place, "structure.place"),
        What::Zip if digits >= 5 => (Identifier::Zip, "structure.zip"),
        What::Account => (Identifier::Account, "structure.account"),
        What::HealthPlanId | What::GroupNumber => (Identifier::HealthPlan, "structure.health_plan"),
        What::OrganizationName => (Identifier::Organization, "structure.organization"),
        What::DeviceId => (Identifier::Device, "structure.device"),
        What::OtherId if digits > 0 => (Identifier::OtherId, "structure.other_id"),
        _ => return None,
    })
}

fn is_over_89(number: &str) -> bool {
    number.parse::<u32>().is_ok_and(|years| (90..=130).contains(&years))
}

/// A stretch of text whose words structure does not explain, and the record it stands in.
pub(super) struct Open {
    pub(super) range: Range<usize>,
    /// The record, or 0 where the text has none.
    record: u32,
    /// The fields of that record.
    fields: Range<usize>,
}

/// Whether the value is something that names may stand in.
fn is_open(field: &Field) -> bool {
    matches!(field.meaning.what, What::Unknown | What::FreeText | What::Url | What::OtherId | What::Account)
}

/// All such stretches: values in places that do not say what they are, and text that is no value. One record's stay apart
/// from the next one's; neighbours within a record are read together, so that words keep what stands before them.
pub(super) fn open_stretches(part: &Part) -> Vec<Open> {
    let fields = &part.fields;
    let mut stretches: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut records = records(fields).into_iter().peekable();
    let mut here = Open { range: 0..0, record: 0, fields: 0..0 };
    for (index, field) in fields.iter().enumerate() {
        if let Some(next) = records.next_if(|record| record.start == index) {
            push(part, &mut stretches, &here, at..field.start as usize);
            at = field.start as usize;
            here = Open { range: 0..0, record: field.record, fields: next };
        }
        if !is_open(field) {
            push(part, &mut stretches, &here, at..field.start as usize);
            at = at.max(field.end as usize);
        }
    }
    push(part, &mut stretches, &here, at..part.text.len());
    stretches
}

fn push(part: &Part, stretches: &mut Vec<Open>, here: &Open, range: Range<usize>) {
    let has_letters = part.text.get(range.clone()).is_some_and(|text| text.chars().any(char::is_alphabetic));
    if has_letters {
        stretches.push(Open { range, record: here.record, fields: here.fields.clone() });
    }
}

/// Runs of fields of one record.
fn records(fields: &[Field]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (index, field) in fields.iter().enumerate() {
        if field.record != fields[start].record {
            runs.push(start..index);
            start = index;
        }
    }
    if !fields.is_empty() {
        runs.push(start..fields.len());
    }
    runs
}

/// Somebody of whom structure tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Somebody<'a> {
    family: &'a str,
    given: &'a str,
    other: &'a str,
}

impl<'a> Somebody<'a> {
    pub(super) fn person(&self) -> Person<'a> {
        Person { family: self.family, given: self.given, other: self.other }
    }
}

/// The people of the record that a stretch stands in. A message or a document is one record; where a text has none, all of it is.
pub(super) fn people<'a>(part: &'a Part, open: &Open) -> Vec<Somebody<'a>> {
    let mut people: Vec<Somebody<'a>> = Vec::new();
    let (mut now, mut whose) = (Somebody::default(), Who::Unknown);
    let fields = part.fields.get(open.fields.clone()).unwrap_or_default();
    let mut keep = |somebody: Somebody<'a>| {
        if somebody != Somebody::default() && people.len() < PEOPLE_MAX && !people.contains(&somebody) {
            people.push(somebody);
        }
    };
    for field in fields {
        let Some(value) = part.text.get(field.range()) else { continue };
        let place = match field.meaning.what {
            What::FamilyName => &mut now.family,
            What::GivenName => &mut now.given,
            What::MiddleName => &mut now.other,
            What::FullName => {
                keep(Somebody { other: value, ..Somebody::default() });
                continue;
            }
            _ => continue,
        };
        // The same part again, or somebody else's: a new person begins.
        if !place.is_empty() || field.meaning.who != whose {
            keep(std::mem::take(&mut now));
            whose = field.meaning.who;
        }
        match field.meaning.what {
            What::FamilyName => now.family = value,
            What::GivenName => now.given = value,
            _ => now.other = value,
        }
    }
    keep(now);
    people
}
