//! Which family a record belongs to, so that the dates of one family are moved together, over all files of a run.
//!
//! A record says a family name, or a number under which another record of the run says one; a file that knows one family alone is
//! that family's.
//!
//! What must always hold: the same record, or the same patient in another form, has the same family, whatever the order of files
//! once all were learnt; `Debug` tells numbers only.
//!
//! What it refuses to know: relatives by other names. A child whose name is another one moves apart from its parents.

use super::surrogate::canonical;
use crate::read::{Field, Part, What, Who};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

/// What all files of a run say of families.
#[derive(Default)]
pub(super) struct Families {
    /// From a number of a patient to their family.
    by_number: HashMap<String, String>,
    names: BTreeSet<String>,
}

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Families({} names, {} numbers)", self.names.len(), self.by_number.len())
    }
}

impl Families {
    /// Takes in what a part says.
    pub(super) fn learn(&mut self, part: &Part) {
        for run in records(&part.fields) {
            let fields = &part.fields[run];
            let Some(family) = family(part, fields) else { continue };
            for number in numbers(part, fields) {
                let known = self.by_number.entry(number).or_insert_with(|| family.clone());
                // Where two families claim a number, the order of files must not decide.
                if family < *known {
                    known.clone_from(&family);
                }
            }
            self.names.insert(family);
        }
    }

    /// The family of these fields of one record.
    fn of(&self, part: &Part, fields: &[Field]) -> Option<String> {
        family(part, fields).or_else(|| numbers(part, fields).find_map(|number| self.by_number.get(&number).cloned()))
    }

    /// The first of these names that is a family's.
    pub(super) fn among<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<String> {
        names.find_map(|name| self.names.get(&canonical(name)).cloned())
    }
}

/// The families of one file, record by record.
#[derive(Debug, Default)]
pub(super) struct FileFamilies {
    by_record: HashMap<u32, String>,
    only: Option<String>,
}

impl FileFamilies {
    /// Of these parts.
    pub(super) fn of<'a>(families: &Families, parts: impl Iterator<Item = &'a Part>) -> Self {
        let mut file = Self::default();
        let mut all = BTreeSet::new();
        let mut without = Vec::new();
        for part in parts {
            for run in records(&part.fields) {
                let fields = &part.fields[run];
                let record = fields[0].record;
                if let Some(family) = families.of(part, fields) {
                    all.insert(family.clone());
                    file.by_record.entry(record).or_insert(family);
                } else if let Some(number) = numbers(part, fields).next() {
                    without.push((record, number));
                }
            }
        }
        file.only = all.pop_first().filter(|_| all.is_empty());
        if file.only.is_none() {
            // Nobody says whose numbers these are; they stay together by number.
            for (record, number) in without {
                file.by_record.entry(record).or_insert_with(|| format!("#{number}"));
            }
        }
        file
    }

    /// The family of a record; `found` is who else is named in a text that has no records.
    pub(super) fn family(&self, record: u32, found: Option<&str>) -> String {
        let own = self.by_record.get(&record).or(self.only.as_ref()).map(String::as_str);
        own.or(found).unwrap_or_default().to_owned()
    }
}

/// Runs of fields of one record.
pub(super) fn records(fields: &[Field]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let record = fields.get(start)?.record;
        let long = fields[start..].iter().take_while(|field| field.record == record).count();
        start += long;
        Some(start - long..start)
    })
}

const fn is_patient(who: Who) -> bool {
    matches!(who, Who::Patient | Who::Unknown)
}

/// The patient's family name.
fn family(part: &Part, fields: &[Field]) -> Option<String> {
    let of = |wanted: What| {
        fields
            .iter()
            .filter(move |field| field.meaning.what == wanted && is_patient(field.meaning.who))
            .filter_map(|field| part.text.get(field.range()))
    };
    let whole = |name: &str| {
        let family = match name.split_once(',') {
            Some((family, _)) => family,
            None => name.split_whitespace().next_back()?,
        };
        Some(canonical(family))
    };
    let found = of(What::FamilyName).map(canonical).find(|name| !name.is_empty());
    found.or_else(|| of(What::FullName).filter_map(whole).find(|name| !name.is_empty()))
}

/// The patient's numbers.
fn numbers<'a>(part: &'a Part, fields: &'a [Field]) -> impl Iterator<Item = String> + 'a {
    fields
        .iter()
        .filter(|field| {
            is_patient(field.meaning.who)
                && matches!(field.meaning.what, What::RecordNumber | What::OtherId | What::Link)
        })
        .filter_map(|field| part.text.get(field.range()))
        // References say where a record lies before they say its number.
        .map(|value| canonical(value.rsplit(['/', ':']).next().unwrap_or(value)))
        .filter(|number| number.len() > 1)
}
