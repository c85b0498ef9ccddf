//! What structure alone says: a value in a place for birth dates is one.
//!
//! What must always hold: an empty value, and a word that says that there is none, is no finding; a place that may hold either
//! what is PHI or what is not (a year, an age of 40) is judged by the value.
//!
//! What it refuses to know: formats; the readers have said what each value means.

use super::own::Patient;
use crate::names::Person;
use crate::names::lists::{self, Listed};
use crate::phi::{Confidence, Finding, Identifier};
use crate::read::{Field, NO_COLUMN, Part, What, Who};
use std::ops::Range;
use std::sync::Arc;

/// As sure as structure is: a place for phone numbers sometimes holds a note.
const SURE: Confidence = Confidence::new(97);
/// Of the record's people, so many are searched in its words; a household has a dozen.
const PEOPLE_MAX: usize = 256;
/// From here on a word in small letters is a name, whatever lists say.
const SURE_IN_SMALL_LETTERS: Confidence = Confidence::new(75);
/// Letters in a row, and bytes, of what is taken for a code and not for a name.
const CODE_LETTERS_MAX: usize = 3;
const CODE_BYTES_MAX: usize = 12;
/// Words of a value that is hidden as a whole.
const CELL_WORDS_MAX: usize = 4;
/// Longer words before or behind a name are none of the many short titles and degrees.
const AFFIX_LETTERS_MAX: usize = 4;
/// Longer titles, in small letters.
const AFFIXES: &[&str] = &[
    "doctor",
    "professor",
    "junior",
    "senior",
    "reverend",
    "father",
    "sister",
    "brother",
    "mister",
    "missus",
    "madam",
    "rabbi",
    "imam",
    "pastor",
    "bishop",
    "captain",
    "major",
    "colonel",
    "general",
    "sergeant",
    "lieutenant",
    "judge",
    "honorable",
    "esquire",
    "bachelor",
    "bachelors",
    "master",
    "masters",
    "doctorate",
    "diploma",
    "associate",
    "associates",
    "fellow",
    "señor",
    "señora",
    "señorita",
    "second",
    "third",
    "fourth",
    "nurse",
    "registered",
    "practitioner",
    "physician",
    "assistant",
    "midwife",
    "certified",
    "pharm",
    "psych",
];
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

/// Words that answer whether there is one.
const ANSWERS: &[&str] =
    &["yes", "no", "y", "n", "true", "false", "t", "f", "active", "inactive", "primary", "secondary"];

/// Words of races, ethnic groups, languages and marital status, as forms have them.
const DEMOGRAPHICS: &[&str] = &[
    "white",
    "black",
    "brown",
    "caucasian",
    "asian",
    "hispanic",
    "latino",
    "latina",
    "latinx",
    "non",
    "not",
    "or",
    "and",
    "of",
    "origin",
    "american",
    "african",
    "indian",
    "alaska",
    "alaskan",
    "native",
    "pacific",
    "islander",
    "hawaiian",
    "other",
    "some",
    "race",
    "unknown",
    "multiracial",
    "multiple",
    "mixed",
    "two",
    "more",
    "races",
    "middle",
    "eastern",
    "north",
    "declined",
    "refused",
    "to",
    "answer",
    "specify",
    "specified",
    "english",
    "spanish",
    "vietnamese",
    "chinese",
    "mandarin",
    "cantonese",
    "arabic",
    "french",
    "german",
    "korean",
    "russian",
    "tagalog",
    "portuguese",
    "polish",
    "hindi",
    "japanese",
    "single",
    "never",
    "married",
    "divorced",
    "widowed",
    "separated",
    "partner",
    "domestic",
    "legally",
    "blanco",
    "negro",
    "hispano",
    "soltero",
    "soltera",
    "casado",
    "casada",
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
        What::NameAffix if is_name_affix(value) => (Identifier::Name, "structure.name"),
        // A year alone is no date in the sense of 164.514(b)(2)(i)(C).
        What::BirthDate | What::DeathDate | What::VisitDate | What::OtherDate | What::Moment if digits > 4 => {
            (Identifier::Date, "structure.date")
        }
        What::Age if value.split(|one: char| !one.is_ascii_digit()).next().is_some_and(is_over_89) => {
            (Identifier::Age, "structure.age")
        }
        What::AgeOver89 if digits > 0 => (Identifier::Age, "structure.age"),
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
        What::Account if digits > 0 => (Identifier::Account, "structure.account"),
        // A column called `Medicaid` may only say whether.
        What::HealthPlanId if !ANSWERS.contains(&value.to_ascii_lowercase().as_str()) => {
            (Identifier::HealthPlan, "structure.health_plan")
        }
        What::GroupNumber => (Identifier::HealthPlan, "structure.health_plan"),
        What::OrganizationName => (Identifier::Organization, "structure.organization"),
        What::DeviceId => (Identifier::Device, "structure.device"),
        What::Link if value.contains(['?', '@']) => (Identifier::Url, "structure.url"),
        What::OtherId | What::Link if digits > 0 => (Identifier::OtherId, "structure.other_id"),
        _ => return None,
    })
}

/// Is somebody's name where titles and degrees should stand.
fn is_name_affix(value: &str) -> bool {
    value.split(|one: char| !one.is_alphabetic()).filter(|word| word.chars().count() > AFFIX_LETTERS_MAX).any(|word| {
        let is_upper = word.chars().all(char::is_uppercase);
        let has_humps = word.chars().skip(1).any(char::is_uppercase);
        match is_upper || has_humps {
            // FACOG, PharmD.
            true => lists::all(word).iter().any(Listed::is_name_alone),
            false => !AFFIXES.contains(&word.to_ascii_lowercase().as_str()),
        }
    })
}

fn is_over_89(number: &str) -> bool {
    number.parse::<u32>().is_ok_and(|years| (90..=130).contains(&years))
}

/// A stretch of text whose words structure does not explain.
#[derive(Default, Clone)]
pub(super) struct Open {
    pub(super) range: Range<usize>,
    /// The fields of its record; none where the text has none.
    pub(super) fields: Range<usize>,
    /// Looks like a code: only those whom the record knows are looked for in it.
    pub(super) is_code: bool,
    /// A value of a message, of which nothing is known.
    pub(super) is_cell: bool,
    /// A cell of a table.
    pub(super) in_table: bool,
}

/// Whether the value is something that names may stand in.
fn is_open(part: &Part, field: &Field) -> bool {
    match field.meaning.what {
        What::Unknown | What::FreeText | What::Url | What::OtherId | What::Link | What::Account => true,
        // White is a family, too; where races stand it is none.
        What::Demographic => {
            let value = part.text.get(field.range()).unwrap_or_default().to_lowercase();
            let mut words = value.split(|one: char| !one.is_alphabetic()).filter(|word| !word.is_empty());
            words.any(|word| !DEMOGRAPHICS.contains(&word))
        }
        _ => false,
    }
}

/// All such stretches: values in places that do not say what they are, and text that is no value. One record's stay apart from
/// the next one's. In tables and messages each value is read by itself: what stands in the next cell is no sentence with this one,
/// and what is found in a value must not hang on whether the one beside it has been replaced. Elsewhere neighbours within a record are
/// read together, so that words keep the key or the heading that stands before them.
pub(super) fn open_stretches(part: &Part) -> Vec<Open> {
    let fields = &part.fields;
    let mut stretches: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut records = records(fields).into_iter().peekable();
    let mut here = Open::default();
    let has_cells = has_cells(part);
    for (index, field) in fields.iter().enumerate() {
        if let Some(next) = records.next_if(|record| record.start == index) {
            push(part, &mut stretches, &here, at..field.start as usize);
            at = field.start as usize;
            here = Open { fields: next, ..Open::default() };
        }
        if is_open(part, field) && !has_cells {
            continue;
        }
        push(part, &mut stretches, &here, at..field.start as usize);
        at = at.max(field.end as usize);
        if is_open(part, field) {
            let is_cell = field.meaning.what == What::Unknown && field.column == NO_COLUMN;
            let (is_code, in_table) = (is_cell && is_like_a_code(part, field), field.column != NO_COLUMN);
            let one = Open { is_code, is_cell, in_table, ..here.clone() };
            push(part, &mut stretches, &one, field.range());
        }
    }
    push(part, &mut stretches, &here, at..part.text.len());
    stretches
}

/// Whether it is a table or a message, in which every value is a field.
fn has_cells(part: &Part) -> bool {
    !part.columns.is_empty() || part.fields.iter().any(|field| field.meaning.what == What::Unknown)
}

/// Makes what was found in a value of a few words, all written with capitals, all of the value: half a name that is left shows the
/// other half, and would be found when the first one is gone.
pub(super) fn widen(value: &str, found: &mut Vec<Finding>) {
    let is_word = |word: &str| word.starts_with(|one: char| !one.is_lowercase());
    let words = value.split_whitespace().take(CELL_WORDS_MAX + 1).count();
    let is_short = (2..=CELL_WORDS_MAX).contains(&words) && value.split_whitespace().all(is_word);
    if let Some(best) = found.iter().max_by_key(|one| one.confidence).copied().filter(|_| is_short) {
        let start = value.len() - value.trim_start().len();
        *found = vec![Finding { start, end: value.trim_end().len(), ..best }];
    }
}

/// Takes out what is hardly a name in a cell of a table: small letters, none of the words on a list of names alone, and no sureness.
/// A cell that was dictated stands beside others that were not, and what it says in small letters is mostly words.
pub(super) fn without_doubtful(cell: &str, found: &mut Vec<Finding>) {
    found.retain(|one| {
        let text = cell.get(one.range()).unwrap_or_default();
        one.confidence >= SURE_IN_SMALL_LETTERS
            || text.chars().any(char::is_uppercase)
            || lists::all(text).iter().any(Listed::is_name_alone)
    });
}

/// Whether a value of which nothing is known is a few capitals or digits: `PPT`, `FAI-1`, `M11`. Whoever is called so is known by
/// other places of the record, and looked for there.
fn is_like_a_code(part: &Part, field: &Field) -> bool {
    let value = part.text.get(field.range()).unwrap_or_default().trim();
    let is_short = value.split(|one: char| !one.is_ascii_uppercase()).all(|run| run.len() <= CODE_LETTERS_MAX);
    let is_sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte.is_ascii_punctuation();
    field.meaning.what == What::Unknown
        && field.column == NO_COLUMN
        && value.len() <= CODE_BYTES_MAX
        && is_short
        && value.bytes().all(is_sign)
}

fn push(part: &Part, stretches: &mut Vec<Open>, here: &Open, range: Range<usize>) {
    let has_letters = part.text.get(range.clone()).is_some_and(|text| text.chars().any(char::is_alphabetic));
    if has_letters {
        stretches.push(Open { range, ..here.clone() });
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
    pub(super) const fn names(&self) -> [&'a str; 3] {
        [self.family, self.given, self.other]
    }

    pub(super) fn person(&self) -> Person<'a> {
        Person { family: self.family, given: self.given, other: self.other }
    }
}

/// The people of the record that a stretch stands in, and those of whom other records say that it is theirs. A message or a
/// document is one record; where a text has none, all of it is.
pub(super) fn people<'a>(part: &'a Part, open: &Open, others: &'a [Arc<Patient>]) -> Vec<Somebody<'a>> {
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
    for one in others {
        keep(Somebody { family: &one.family, given: &one.given, other: &one.other });
    }
    people
}
