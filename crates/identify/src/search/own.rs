//! Whom a record is about, and what is known of them looked for in the words of that record: their names wherever these are
//! written as names, and their numbers wherever they stand whole.
//!
//! A name that is also a word ("Patience was seen", "Miles has") is told from the word by its capital alone, and where a
//! sentence begins not even by that. In the record of somebody who is called so it is taken for the name.
//!
//! A resource may name its patient by a reference to another one, and a row by a number that another row explains; the
//! [`Roster`] keeps who they are.
//!
//! What must always hold: in small letters an ordinary word stays a word; a number counts only whole and where it is no short
//! one; what is kept of earlier records is bounded.
//!
//! What it refuses to know: relatives, providers, and whatever else structure does not say is the patient's.

use crate::header::patient_name;
use crate::names::lists::{self, Listed, Passing, Token, Words};
use crate::phi::{Confidence, Finding, Identifier};
use crate::read::{Field, Part, What, Who};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// People who are kept for later records: the patients of a practice.
const PEOPLE_MAX: usize = 100_000;
/// Names and numbers of each that are kept.
const VALUES_MAX: usize = 16;
/// Longer ones are none.
const VALUE_BYTES_MAX: usize = 80;
/// Shorter names are too many other things.
const NAME_BYTES_MIN: usize = 3;
/// Shorter numbers, and those with fewer digits, are many things.
const NUMBER_CHARS_MIN: usize = 5;
const NUMBER_DIGITS_MIN: usize = 4;

/// Names and numbers of one patient. PHI: `Debug` is not implemented.
#[derive(Default, Clone, PartialEq, Eq)]
pub(super) struct Patient {
    pub(super) family: String,
    pub(super) given: String,
    pub(super) other: String,
    numbers: Vec<(String, Identifier)>,
}

/// Patients of whom earlier records told, by whatever later ones name them by. PHI: `Debug` is not implemented.
#[derive(Default)]
pub(crate) struct Roster {
    by_key: HashMap<String, Arc<Patient>>,
}

impl Roster {
    /// Takes in what a portion says of patients.
    pub(crate) fn learn(&mut self, part: &Part) {
        let mut url: Option<&str> = None;
        let mut runs = part.fields.chunk_by(|one, other| one.record == other.record).peekable();
        while let Some(fields) = runs.next() {
            let mut keys: Vec<String> = fields.iter().filter_map(|field| own_key(part, field)).collect();
            keys.extend(url.take().map(bare));
            // The address of an entry stands before its resource.
            url = fields.iter().rev().find_map(|field| value_behind(part, field, "fullUrl"));
            if runs.peek().is_none() {
                // A record may go on in the next portion.
                keys.push(format!("\n{}", fields[0].record));
            }
            let is_new = keys.iter().any(|key| !self.by_key.contains_key(key));
            let Some(patient) = is_new.then(|| patient(part, fields)).flatten() else { continue };
            let patient = Arc::new(patient);
            for key in keys {
                if self.by_key.len() < PEOPLE_MAX {
                    self.by_key.entry(key).or_insert_with(|| patient.clone());
                }
            }
        }
    }

    /// Whom these fields of one record point to.
    fn of(&self, part: &Part, fields: &[Field]) -> Vec<Arc<Patient>> {
        let mut found: Vec<Arc<Patient>> = Vec::new();
        let Some(first) = fields.first().filter(|_| !self.by_key.is_empty()) else { return found };
        let keys = fields.iter().filter_map(|field| key(part, field));
        for key in keys.chain([format!("\n{}", first.record)]) {
            if let Some(patient) = self.by_key.get(&key).filter(|one| found.len() < VALUES_MAX && !found.contains(*one))
            {
                found.push(patient.clone());
            }
        }
        found
    }
}

/// What a record is known by: a resource by its id, a row by the number of its patient.
fn own_key(part: &Part, field: &Field) -> Option<String> {
    match field.meaning.what {
        What::Link if field.meaning.who == Who::Patient => value_behind(part, field, "id").map(bare),
        _ => key(part, field).filter(|_| field.meaning.what == What::RecordNumber),
    }
}

/// What a field names a patient by.
fn key(part: &Part, field: &Field) -> Option<String> {
    let value = part.text.get(field.range())?.trim();
    let whose = field.meaning.who;
    match field.meaning.what {
        What::OtherId | What::Link if whose == Who::Patient && !value.is_empty() => Some(bare(value)),
        What::RecordNumber if matches!(whose, Who::Patient | Who::Unknown) && value.len() > 2 => {
            Some(format!("\t{value}"))
        }
        _ => None,
    }
}

/// `Patient/17`, `urn:uuid:17` and `https://…/Patient/17` are 17.
fn bare(value: &str) -> String {
    value.rsplit(['/', ':', '#']).next().unwrap_or(value).to_owned()
}

/// The value of a key of JSON or of an element of XML, as the readers show it.
fn value_behind<'p>(part: &'p Part, field: &Field, key: &str) -> Option<&'p str> {
    let before = part.text.get(..field.start as usize)?;
    let before = before.strip_suffix(": ").or_else(|| before.strip_suffix(": value="))?;
    let is_key = before.strip_suffix(key).is_some_and(|rest| !rest.ends_with(|one: char| one.is_alphanumeric()));
    is_key.then(|| part.text.get(field.range())).flatten()
}

/// The patient of whom these fields of one record tell, if they say a name.
fn patient(part: &Part, fields: &[Field]) -> Option<Patient> {
    let mut patient = Patient::default();
    let is_table = !part.columns.is_empty();
    for field in fields {
        let is_own = field.meaning.who == Who::Patient || is_table && field.meaning.who == Who::Unknown;
        let Some(value) = part.text.get(field.range()).map(str::trim).filter(|value| is_own && !value.is_empty())
        else {
            continue;
        };
        if value.len() > VALUE_BYTES_MAX {
            continue;
        }
        let place = match field.meaning.what {
            What::FamilyName => &mut patient.family,
            What::GivenName => &mut patient.given,
            What::MiddleName | What::FullName => &mut patient.other,
            what => {
                let number = (value.to_owned(), kind_of_number(what).unwrap_or(Identifier::OtherId));
                let is_kept = kind_of_number(what).is_some() && is_telling(value);
                if is_kept && patient.numbers.len() < VALUES_MAX && !patient.numbers.contains(&number) {
                    patient.numbers.push(number);
                }
                continue;
            }
        };
        if place.len() < VALUE_BYTES_MAX {
            place.push(' ');
            place.push_str(value);
        }
    }
    (patient.family.len() + patient.given.len() + patient.other.len() > 0).then_some(patient)
}

const fn kind_of_number(what: What) -> Option<Identifier> {
    Some(match what {
        What::RecordNumber => Identifier::Mrn,
        What::Ssn => Identifier::Ssn,
        What::HealthPlanId => Identifier::HealthPlan,
        What::Account => Identifier::Account,
        What::DriverLicense => Identifier::License,
        _ => return None,
    })
}

const fn is_of_number(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '-'
}

fn is_telling(value: &str) -> bool {
    value.len() >= NUMBER_CHARS_MIN
        && value.chars().all(is_of_number)
        && value.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS_MIN
}

/// All that is known of whom one record is about.
#[derive(Default)]
pub(super) struct Own {
    /// From other records.
    pub(super) others: Vec<Arc<Patient>>,
    /// Names as the lists of names know them.
    names: Vec<u64>,
    numbers: Vec<(String, Identifier)>,
}

impl Own {
    /// Of these fields of one record.
    pub(super) fn of(part: &Part, fields: &[Field], rosters: &[&Roster]) -> Self {
        let others = rosters.iter().map(|roster| roster.of(part, fields)).find(|found| !found.is_empty());
        let mut own = Self { others: others.unwrap_or_default(), ..Self::default() };
        let all: Vec<Arc<Patient>> =
            patient(part, fields).map(Arc::new).into_iter().chain(own.others.clone()).collect();
        for patient in all {
            for name in [&patient.family, &patient.given, &patient.other] {
                // The others are found wherever they stand by whoever knows the people of the record.
                own.name(name, NAME_BYTES_MIN, |word| !word.is_sure());
            }
            own.numbers.extend(patient.numbers.iter().cloned());
        }
        own
    }

    /// Of the heading of a text that has no structure.
    pub(super) fn of_heading(text: &str) -> Self {
        let mut own = Self::default();
        if let Some(name) = patient_name(text) {
            own.name(&name, NAME_BYTES_MIN, |_| true);
        }
        own
    }

    /// Of everybody of a record, for values that may be nothing else but a name or a code.
    pub(super) fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut own = Self::default();
        names.for_each(|name| own.name(name, 2, |_| true));
        own
    }

    fn name(&mut self, name: &str, bytes_min: usize, wanted: fn(&Listed) -> bool) {
        lists::each(name, |word| {
            let is_short = word.range.len() < bytes_min;
            if wanted(word)
                && !word.is_no_word
                && !is_short
                && !word.is_beside_names()
                && !self.names.contains(&word.hash)
            {
                self.names.push(word.hash);
            }
        });
    }

    /// Adds what stands of it in a text.
    pub(super) fn search(&self, words: &str, out: &mut Vec<Finding>) {
        let mut watch = self.watch();
        if watch.is_needed() {
            Words::new(words).for_each(|word| watch.word(&word));
        }
        watch.finish(words, out);
    }

    /// The same for somebody who cuts the text into words anyhow.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { own: self, passing: Passing::new(), before_is_upper: false, waiting: None, found: Vec::new() }
    }

    fn search_numbers(&self, words: &str, out: &mut Vec<Finding>) {
        if self.numbers.is_empty() {
            return;
        }
        for value in words.split(|one: char| !is_of_number(one)).map(|value| value.trim_matches('-')) {
            if let Some((_, kind)) = self.numbers.iter().find(|(number, _)| number == value) {
                let start = value.as_ptr() as usize - words.as_ptr() as usize;
                out.push(known(&(start..start + value.len()), *kind, "structure.known"));
            }
        }
    }
}

/// What is known of somebody, looked for in words that pass by.
pub(super) struct Watch<'o> {
    own: &'o Own,
    passing: Passing,
    before_is_upper: bool,
    waiting: Option<Finding>,
    found: Vec<Finding>,
}

impl Watch<'_> {
    /// Is there a name to be looked for.
    pub(super) fn is_needed(&self) -> bool {
        !self.own.names.is_empty()
    }

    /// The next word of the text.
    pub(super) fn word(&mut self, word: &Token) {
        self.pass(Some(word));
    }

    fn pass(&mut self, next: Option<&Token>) {
        let Some((is_upper, here)) = self.passing.word(next, |hash| self.own.names.contains(&hash)) else { return };
        // Among capitals a capital says nothing of a word.
        self.found.extend(self.waiting.take().filter(|_| !is_upper));
        if let Some(word) = here {
            let found = known(&word.range, Identifier::Name, "name.known");
            match is_doubtful(&word) {
                true if self.before_is_upper => {}
                true => self.waiting = Some(found),
                false => self.found.push(found),
            }
        }
        self.before_is_upper = is_upper;
    }

    /// All words have passed: adds what was found, and the numbers of the text.
    pub(super) fn finish(mut self, words: &str, out: &mut Vec<Finding>) {
        self.pass(None);
        out.append(&mut self.found);
        out.extend(self.waiting);
        self.own.search_numbers(words, out);
    }
}

/// In capitals, and a word besides.
const fn is_doubtful(word: &Listed) -> bool {
    word.is_upper && word.is_ordinary()
}

fn known(range: &Range<usize>, kind: Identifier, rule: &'static str) -> Finding {
    Finding { start: range.start, end: range.end, kind, confidence: Confidence::new(99), rule }
}
