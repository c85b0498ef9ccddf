//! The people of a file: records that are about one person become one.
//!
//! Two records are one person's if they share the practice's number or a reference, or family name, given name and birth day
//! alike, and nothing says that they are two (another family name together with another birth day).
//!
//! What must always hold: the order is that in which the file names them; memory per person is bounded.
//!
//! What it refuses to know: patients of the customer; this is about one file alone.

use super::{Counted, PEOPLE_MAX, PersonSeen, Seen};
use crate::kinds::{Sign, Signs};
use crate::phi::{HealthData, Identifier};
use crate::resolve::spelling::folded;
use crate::resolve::{PersonRecord, Word};
use record::civil::Day;
use std::collections::HashMap;

/// Ages at which something of one's own may be confidential; if any visit fell between them, that is the age that counts.
const ADOLESCENT: (u8, u8) = (12, 17);

/// Counts in the making.
#[derive(Default)]
pub(super) struct Counting {
    identifiers: Vec<(Identifier, u32)>,
    signs: Signs,
}

impl Counting {
    pub(super) fn identifier(&mut self, kind: Identifier) {
        match self.identifiers.binary_search_by_key(&kind, |one| one.0) {
            Ok(at) => self.identifiers[at].1 = self.identifiers[at].1.saturating_add(1),
            Err(at) => self.identifiers.insert(at, (kind, 1)),
        }
    }

    pub(super) fn sign(&mut self, sign: Sign) {
        self.signs.add(sign);
    }

    pub(super) fn counted(self, age: Option<u8>) -> Counted {
        let plans = self.identifiers.iter().find(|one| one.0 == Identifier::HealthPlan).map_or(0, |one| one.1);
        let kinds = self.signs.kinds(age).with(HealthData::Insurance, "insurance.identifier", plans);
        Counted { identifiers: self.identifiers, kinds }
    }
}

/// What one record says of its patient.
#[derive(Default)]
pub(super) struct Said {
    pub(super) record: PersonRecord,
    pub(super) written: Word,
    pub(super) references: Vec<String>,
    pub(super) visits: Option<(Day, Day)>,
}

impl Said {
    pub(super) fn visit(&mut self, day: Day) {
        self.visits = Some(self.visits.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    }

    pub(super) fn is_somebody(&self) -> bool {
        let named = !self.record.family.is_empty() || !self.record.given.is_empty() || !self.written.is_empty();
        named || !self.record.numbers.is_empty() || !self.references.is_empty()
    }

    fn keys(&self) -> Vec<String> {
        let record = &self.record;
        let mut keys: Vec<String> = record.numbers.iter().map(|number| format!("n:{}", folded(number))).collect();
        keys.extend(self.references.iter().map(|reference| format!("r:{reference}")));
        if let Some(born) = record.born.filter(|_| !record.family.is_empty() && !record.given.is_empty()) {
            keys.push(format!("p:{}|{}|{born}", folded(&record.family), folded(&record.given)));
        } else if let Some(born) = record.born.filter(|_| !self.written.is_empty()) {
            keys.push(format!("w:{}|{born}", folded(&self.written)));
        } else if !self.written.is_empty() {
            keys.push(format!("w:{}", folded(&self.written)));
        }
        keys
    }
}

struct One {
    seen: Seen,
    records: u32,
    counting: Counting,
}

/// Everybody so far.
#[derive(Default)]
pub(super) struct People {
    all: Vec<One>,
    by_key: HashMap<String, usize>,
    pub(super) truncated: bool,
}

impl People {
    /// Who this is; `None`: nobody, or one too many.
    pub(super) fn whose(&mut self, said: Said) -> Option<usize> {
        if !said.is_somebody() {
            return None;
        }
        let keys = said.keys();
        let known = keys.iter().filter_map(|key| self.by_key.get(key)).copied();
        let fits = |at: &usize| self.all.get(*at).is_some_and(|one| !are_two(&one.seen.record, &said.record));
        let at = match known.into_iter().find(fits) {
            Some(at) => at,
            None if self.all.len() >= PEOPLE_MAX => {
                self.truncated = true;
                return None;
            }
            None => {
                let ordinal = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
                let seen = Seen { ordinal, ..Seen::default() };
                self.all.push(One { seen, records: 0, counting: Counting::default() });
                self.all.len() - 1
            }
        };
        for key in keys {
            self.by_key.entry(key).or_insert(at);
        }
        self.all[at].records += 1;
        join(&mut self.all[at].seen, said);
        Some(at)
    }

    pub(super) fn counting(&mut self, at: usize) -> Option<&mut Counting> {
        self.all.get_mut(at).map(|one| &mut one.counting)
    }

    pub(super) fn finish(self) -> (Vec<PersonSeen>, Vec<Seen>) {
        self.all
            .into_iter()
            .map(|one| {
                let age = age(&one.seen);
                let counted = one.counting.counted(age);
                (PersonSeen { ordinal: one.seen.ordinal, records: one.records, counted }, one.seen)
            })
            .unzip()
    }
}

/// Somebody else in spite of a shared number: both the family name and the birth day are others.
fn are_two(one: &PersonRecord, other: &PersonRecord) -> bool {
    let differ = |one: &str, other: &str| !one.is_empty() && !other.is_empty() && folded(one) != folded(other);
    let born = one.born.zip(other.born).is_some_and(|(one, other)| one != other);
    born && (differ(&one.family, &other.family) || differ(&one.given, &other.given))
}

fn join(seen: &mut Seen, said: Said) {
    let Said { record, written, visits, .. } = said;
    let fill = |mine: &mut Word, theirs: Word| {
        if mine.is_empty() {
            *mine = theirs;
        }
    };
    let mine = &mut seen.record;
    fill(&mut mine.family, record.family);
    fill(&mut mine.given, record.given);
    fill(&mut mine.middle, record.middle);
    fill(&mut mine.suffix, record.suffix);
    fill(&mut mine.street, record.street);
    fill(&mut mine.zip, record.zip);
    fill(&mut seen.written, written);
    mine.born = mine.born.or(record.born);
    mine.sex = mine.sex.or(record.sex);
    for (mine, theirs) in
        [(&mut mine.numbers, record.numbers), (&mut mine.phones, record.phones), (&mut mine.emails, record.emails)]
    {
        for one in theirs {
            if mine.len() < super::gather::VALUES_MAX && !mine.contains(&one) {
                mine.push(one);
            }
        }
    }
    if let Some((first, last)) = visits {
        let (earliest, latest) = seen.visits.unwrap_or((first, last));
        seen.visits = Some((earliest.min(first), latest.max(last)));
    }
}

/// In whole years, at a visit; if any visit was that of an adolescent, the age then.
fn age(seen: &Seen) -> Option<u8> {
    let born = seen.record.born?;
    let (first, last) = seen.visits?;
    let years = |day: Day| {
        let whole = day.year() - born.year() - i16::from((day.month(), day.day()) < (born.month(), born.day()));
        u8::try_from(whole).ok()
    };
    let (young, old) = (years(first)?, years(last)?);
    let (from, to) = ADOLESCENT;
    Some(if young <= to && old >= from { old.min(to) } else { old })
}
