//! Portion by portion, to whom what is found belongs.
//!
//! Where structure names patients (a message, a row, a resource, the head of a clinical document) everything in a record is that
//! patient's. In plain text it belongs to whoever the heading before it names; what stands before the first heading belongs
//! to that one too.
//!
//! What must always hold: one pass over each portion; a record that goes on in the next portion stays the same person's.
//!
//! What it refuses to know: how identifiers and kinds are found.

use super::people::{Counting, People, Said};
use super::{Manifest, RULES, Seen, heading};
use crate::kinds::{signs_at, signs_in};
use crate::read::{Field, NO_COLUMN, Opaque, Part, Summary, What, Who};
use crate::resolve::{sex_of, word};
use crate::search;
use record::civil::Day;
use std::collections::{BTreeMap, HashMap};

/// Numbers, telephones, mail addresses of one person that are kept.
pub(super) const VALUES_MAX: usize = 8;

/// Makes a manifest of what a search says, as it says it.
#[derive(Default)]
pub struct ManifestBuilder {
    people: People,
    nobody: Counting,
    opaque: BTreeMap<&'static str, u64>,
    /// The part that is being read, and whose what is read in it now is.
    part: Option<Option<String>>,
    whose: Option<usize>,
    /// The last record of the portion before.
    last: Option<(u32, Option<usize>)>,
}

impl std::fmt::Debug for ManifestBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ManifestBuilder(..)")
    }
}

impl ManifestBuilder {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what a search said.
    pub fn take(&mut self, said: &search::Said<'_>) {
        match said {
            search::Said::Part { part, findings } => {
                if self.part.as_ref() != Some(&part.name) {
                    self.part = Some(part.name.clone());
                    (self.whose, self.last) = (None, None);
                }
                if is_structured(part) && !is_strings(part) {
                    self.structured(part, findings)
                } else {
                    self.plain(part, findings)
                }
            }
            search::Said::Opaque { why, .. } => *self.opaque.entry(opaque_name(*why)).or_default() += 1,
        }
    }

    /// All was said.
    #[must_use]
    pub fn finish(self, summary: &Summary) -> (Manifest, Vec<Seen>) {
        let truncated = self.people.truncated;
        let (people, seen) = self.people.finish();
        let manifest = Manifest {
            format: summary.format,
            rules: RULES,
            people,
            unassigned: self.nobody.counted(None),
            opaque: self.opaque.into_iter().collect(),
            text_bytes: summary.text_bytes,
            truncated,
        };
        (manifest, seen)
    }

    fn of(&mut self, whose: Option<usize>) -> &mut Counting {
        match whose.and_then(|at| self.people.counting(at)) {
            Some(counting) => counting,
            None => &mut self.nobody,
        }
    }

    fn structured(&mut self, part: &Part, findings: &[search::Found]) {
        let mut whose: HashMap<u32, Option<usize>> = HashMap::new();
        let mut first = true;
        for run in part.fields.chunk_by(|one, other| one.record == other.record) {
            let record = run[0].record;
            let goes_on = self.last.filter(|last| first && last.0 == record && last.1.is_some());
            first = false;
            let somebody = match (goes_on, whose.get(&record)) {
                (Some(last), _) => last.1,
                (None, Some(Some(known))) => Some(*known),
                _ => self.people.whose(said(part, run)),
            };
            whose.insert(record, somebody);
        }
        let at = |record: u32| whose.get(&record).copied().flatten();
        signs_in(part, &mut |record, sign| self.of(at(record)).sign(sign));
        for found in findings {
            let record = record_at(part, found.text.start);
            self.of(at(record)).identifier(found.finding.kind);
        }
        if let Some((_, record)) = part.records.last() {
            self.last = Some((*record, at(*record)));
        }
    }

    fn plain(&mut self, part: &Part, findings: &[search::Found]) {
        let mut turns: Vec<(usize, Option<usize>)> = Vec::new();
        for found in heading::headings(&part.text, findings) {
            let place = found.place;
            let somebody = self.people.whose(found.said);
            if somebody.is_some() {
                turns.push((place, somebody));
            }
        }
        // A letterhead stands before the heading and belongs to it.
        let before = self.whose.or_else(|| turns.first().and_then(|turn| turn.1));
        let at = |place: usize| {
            let turn = turns.partition_point(|turn| turn.0 <= place);
            turn.checked_sub(1).and_then(|turn| turns[turn].1).or(before)
        };
        signs_at(part, &mut |place, sign| self.of(at(place)).sign(sign));
        for found in findings {
            self.of(at(found.text.start)).identifier(found.finding.kind);
        }
        self.whose = turns.last().map_or(before, |turn| turn.1);
    }
}

/// Does structure name patients here.
fn is_structured(part: &Part) -> bool {
    let tells = |field: &Field| {
        matches!(
            field.meaning.what,
            What::FamilyName
                | What::GivenName
                | What::FullName
                | What::RecordNumber
                | What::BirthDate
                | What::OtherId
                | What::Link
        ) && field.meaning.who == Who::Patient
    };
    !part.columns.is_empty() || part.fields.iter().any(|field| tells(field) || field.meaning.what == What::RecordNumber)
}

/// The strings of a workbook, which stand apart from their rows.
fn is_strings(part: &Part) -> bool {
    part.name.as_deref().is_some_and(|name| name.ends_with("xl/sharedStrings.xml"))
}

/// The record that a place of the text is of.
fn record_at(part: &Part, place: usize) -> u32 {
    let at = part.records.partition_point(|(start, _)| *start as usize <= place);
    at.checked_sub(1).map_or(0, |at| part.records[at].1)
}

/// What these fields of one record say of its patient.
fn said(part: &Part, fields: &[Field]) -> Said {
    let mut found = Said::default();
    let is_table = part.columns.iter().len() > 0;
    let has_number = fields.iter().any(|field| matches!(field.meaning.what, What::RecordNumber | What::BirthDate));
    let mut other: Option<Day> = None;
    for field in fields {
        let own = match field.meaning.who {
            Who::Patient => true,
            Who::Unknown => is_table || has_number,
            _ => false,
        };
        let Some(value) = part.text.get(field.range()).map(str::trim).filter(|value| own && !value.is_empty()) else {
            continue;
        };
        if matches!(field.meaning.what, What::OtherDate | What::Moment) {
            other = other.max(day(value));
        }
        put(&mut found, field, value);
    }
    if let (None, Some(day)) = (found.visits, other) {
        found.visit(day);
    }
    found
}

fn put(found: &mut Said, field: &Field, value: &str) {
    let record = &mut found.record;
    let named = !record.family.is_empty();
    let fill = |place: &mut crate::resolve::Word| {
        if place.is_empty() {
            *place = word(value);
        }
    };
    match field.meaning.what {
        What::FamilyName => fill(&mut record.family),
        What::GivenName => fill(&mut record.given),
        What::MiddleName => fill(&mut record.middle),
        What::FullName => fill(&mut found.written),
        What::NameAffix if field.meaning.who == Who::Patient => fill(&mut record.suffix),
        What::BirthDate => record.born = record.born.or_else(|| day(value)),
        What::Sex => record.sex = record.sex.or_else(|| sex_of(value)),
        // Numbers behind the name are earlier ones, or those of a record that went into this one.
        What::RecordNumber
            if record.numbers.is_empty()
                || !named && field.column == NO_COLUMN && record.numbers.len() < VALUES_MAX =>
        {
            record.numbers.push(word(value));
        }
        What::Phone if record.phones.len() < VALUES_MAX => record.phones.push(word(value)),
        What::Email if record.emails.len() < VALUES_MAX => record.emails.push(word(value)),
        What::Street => fill(&mut record.street),
        What::Zip => fill(&mut record.zip),
        What::VisitDate => {
            if let Some(day) = day(value) {
                found.visit(day);
            }
        }
        // A resource's own id, and what points to one: "Patient/17", "urn:uuid:...".
        What::OtherId | What::Link if field.meaning.who == Who::Patient && found.references.len() < VALUES_MAX => {
            let bare = value.strip_prefix("urn:uuid:").unwrap_or(value);
            let bare = bare.rsplit_once("Patient/").map_or(bare, |(_, id)| id);
            if !bare.contains('/') {
                found.references.push(bare.to_owned());
            }
        }
        _ => {}
    }
}

/// A day, from the forms of tables and messages; a time behind it is left out.
fn day(value: &str) -> Option<Day> {
    let date = value.split(['T', ' ']).next().unwrap_or_default();
    let digits = date.bytes().take_while(u8::is_ascii_digit).count();
    let date = if digits > 8 { &date[..8] } else { date };
    Day::read(date).ok()
}

/// Why a part was not read, in a word for scripts.
fn opaque_name(why: Opaque) -> &'static str {
    match why {
        Opaque::Image | Opaque::Seen => "image",
        Opaque::Audio => "audio",
        Opaque::Video => "video",
        Opaque::Encrypted => "encrypted",
        Opaque::Packing => "packing",
        Opaque::TooLarge => "too_large",
        Opaque::TooDeep => "too_deep",
        Opaque::OldOffice => "old_office",
        Opaque::NoTextLayer => "no_text_layer",
        Opaque::DocumentType => "document_type",
        Opaque::Damaged(_) => "damaged",
        Opaque::Program => "program",
        Opaque::UnknownBinary | Opaque::Beside => "unknown_binary",
    }
}
