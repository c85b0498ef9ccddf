//! What one file holds: how many people, which identifiers and which kinds of health data of each, and what could not be read.
//!
//! A manifest is made from the same reading as the search for identifiers; nothing is read twice. It holds counts and names of
//! rules, and can be shown and kept. Who the people are is handed over beside it, as [`Seen`], for whoever finds out which
//! patients they are ([`crate::resolve`]).
//!
//! What must always hold: no word of the file is in a manifest; what belongs to nobody is counted as such and not left out; what
//! is not read is said; people beyond [`PEOPLE_MAX`] are counted with those who belong to nobody, and `truncated` says so.
//!
//! What it refuses to know: which patients of whose practice these are, and what becomes of a file.

mod gather;
mod heading;
mod json;
mod people;
mod somebody_else;

pub use gather::ManifestBuilder;
pub use somebody_else::{SomebodyElse, names_somebody_else};

use crate::kinds::Kinds;
use crate::phi::Identifier;
use crate::read::{Format, ReadError, ReadLimits};
use crate::resolve::{PersonRecord, Word, word};
use crate::rows::split_name;
use crate::search::Search;
use record::civil::Day;
use std::fmt;

/// The rules by which manifests are made: counted up whenever the same file would get another one.
pub const RULES: u16 = 4;
/// People of one file.
pub const PEOPLE_MAX: usize = 1_000_000;

/// Counts of one person, or of nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Identifiers, each kind once, in the order of the kinds.
    pub identifiers: Vec<(Identifier, u32)>,
    /// Kinds of health data with their evidence.
    pub kinds: Kinds,
}

/// One person of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonSeen {
    /// Which one, from 0; [`Seen::ordinal`] says the same.
    pub ordinal: u32,
    /// In how many records (messages, rows, resources, documents) they stand.
    pub records: u32,
    /// What of them stands there.
    pub counted: Counted,
}

/// What one file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What the file is.
    pub format: Format,
    /// By which rules this was found: [`RULES`].
    pub rules: u16,
    /// The people, in the order in which the file names them.
    pub people: Vec<PersonSeen>,
    /// What belongs to none of them.
    pub unassigned: Counted,
    /// Parts that were not read: why, and how many.
    pub opaque: Vec<(&'static str, u64)>,
    /// Bytes of text that were read.
    pub text_bytes: u64,
    /// There are more people than [`PEOPLE_MAX`].
    pub truncated: bool,
}

/// Who one of the people is, as the file says it. PHI; `Debug` tells which fields are there; texts are wiped when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Which one of the manifest's people.
    pub ordinal: u32,
    /// What is said of them.
    pub record: PersonRecord,
    /// The name as it is written, where it stands in one piece.
    pub written: Word,
    /// The earliest and the latest visit.
    pub visits: Option<(Day, Day)>,
}

impl Seen {
    /// What is said of them, the name taken apart where it stands in one piece ("Quxley, Vern A.", "Vern A. Quxley").
    #[must_use]
    pub fn named(&self) -> PersonRecord {
        let mut record = self.record.clone();
        if !record.family.is_empty() || !record.given.is_empty() {
            return record;
        }
        let written = self.written.trim();
        let middle;
        (record.family, record.given, middle) = match split_name(written) {
            Some((family, given, middle)) => (Word::new(family), Word::new(given), middle.map(Word::new)),
            None => {
                let (given, family) = written.rsplit_once(' ').unwrap_or(("", written));
                (word(family), word(given), None)
            }
        };
        if record.middle.is_empty() {
            record.middle = middle.unwrap_or_default();
        }
        record
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seen({}, {:?})", self.ordinal, self.record)
    }
}

impl Manifest {
    /// Of one file's bytes; the name is a hint where the content leaves open what it is.
    ///
    /// # Errors
    /// [`ReadError`], before anything was read.
    pub fn of(search: &Search, bytes: &[u8], name: &str, limits: &ReadLimits) -> Result<(Self, Vec<Seen>), ReadError> {
        let mut builder = ManifestBuilder::new();
        let summary = search.file(bytes, name, limits, &mut |said| builder.take(&said))?;
        Ok(builder.finish(&summary))
    }

    /// As JSON: one object on one line; docs/FORMATS.md says what stands in it.
    #[must_use]
    pub fn json(&self) -> String {
        json::written(self)
    }
}

#[cfg(test)]
mod tests;
