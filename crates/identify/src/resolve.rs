//! Which of a customer's patients a record is about.
//!
//! Records are compared field by field; each field adds log2(m/u) bits, m being how often it agrees (or differs in this way)
//! where both are the same person, u how often it does where they are not (Fellegi and Sunter, "A Theory for Record
//! Linkage", 1969). The weights and where they come from stand in `weigh`; the rules that no weight can outvote (twins,
//! the newborn without a name, junior and senior) in `rules`.
//!
//! What must always hold: a false merge is worse than a miss, so a patient is certain only if more than one thing that is
//! the person's own agrees and nothing contradicts; the same records give the same answer in whatever order candidates come;
//! `Debug` tells no value.
//!
//! What it refuses to know: where patients are kept. The caller gives candidates, by [`blocks`] or otherwise, and decides
//! what becomes of an answer: only a person merges.

mod agree;
mod nicknames;
mod record;
mod rules;
pub(crate) mod spelling;
mod weigh;

pub use agree::{Agreement, Agreements, Slip, agreements};
pub(crate) use record::word;
pub use record::{BlockKey, PersonRecord, Word, blocks};

use crate::rows::Sex;
use record::Known;
use rules::Verdict;
use std::collections::{BTreeSet, HashMap};

/// Bits by which a candidate must be likelier than all strangers of the index together to be certain: one false merge
/// in some 4,000 of such answers, if the weights were exact. Fields depend on each other, so the rules ask for more.
pub const CERTAIN_BITS: f64 = 12.0;
/// From here on a candidate is worth a person's look: as likely as not.
pub const LIKELY_BITS: f64 = 0.0;
/// So much must lie between the best candidate and the next one.
pub const MARGIN_BITS: f64 = 8.0;
/// So much is enough where the next one cannot be certain by the rules, as a twin's name that is one letter off.
pub const MARGIN_LESSER_BITS: f64 = 3.0;
/// Candidates that are proposed, at most.
const PROPOSED_MAX: usize = 8;

/// Who a record is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution<Id> {
    /// This patient.
    Certain(Id),
    /// Perhaps one of these, the likeliest first, each with its bits; for a person to decide.
    Likely(Vec<(Id, f64)>),
    /// Nobody who is known.
    New,
    /// Several fit as well as each other: the index holds somebody twice, or twins, or namesakes.
    Ambiguous(Vec<(Id, f64)>),
}

/// How large the index is and how common names are in it.
#[derive(Clone, Default)]
pub struct Frequencies {
    patients: u32,
    families: HashMap<String, u32>,
}

impl std::fmt::Debug for Frequencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frequencies({} patients, {} names)", self.patients, self.families.len())
    }
}

impl Frequencies {
    /// Of an index of so many patients of whose names nothing is known but what they are in the whole country.
    #[must_use]
    pub fn of_size(patients: u32) -> Self {
        Self { patients, families: HashMap::new() }
    }

    /// One patient more.
    pub fn add(&mut self, patient: &PersonRecord) {
        self.patients = self.patients.saturating_add(1);
        let name = spelling::folded(&patient.family);
        if !name.is_empty() {
            *self.families.entry(name).or_default() += 1;
        }
    }

    /// How often two strangers share this family name.
    fn family(&self, name: &str) -> f64 {
        let national = weigh::national(name);
        let here = self.families.get(name).copied().unwrap_or(0);
        // One bearer is the patient; it takes more to say that a name is common here.
        let here = f64::from(here.saturating_sub(1)) / f64::from(self.patients.max(1_000));
        national.max(here)
    }

    /// The bits that one of so many has to begin with.
    fn prior(&self) -> f64 {
        -f64::from(self.patients.max(2)).log2()
    }
}

/// Who a record is about, among candidates. Candidates that come twice count once.
pub fn resolve<'a, Id: Copy + Ord>(
    seen: &PersonRecord,
    candidates: impl IntoIterator<Item = (Id, &'a PersonRecord)>,
    frequencies: &Frequencies,
) -> Resolution<Id> {
    let seen = Known::of(seen);
    let mut weighed: Vec<(Id, f64, Verdict)> = Vec::new();
    for (id, candidate) in candidates {
        let candidate = Known::of(candidate);
        let compared = weigh::compare(&seen, &candidate);
        let bits = weigh::bits(&compared, &seen, frequencies) + frequencies.prior();
        let verdict = rules::judge(&compared, &seen, &candidate);
        if verdict != Verdict::Never && bits >= LIKELY_BITS {
            weighed.push((id, bits, verdict));
        }
    }
    weighed.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let mut once = BTreeSet::new();
    weighed.retain(|one| once.insert(one.0));
    decide(&weighed)
}

fn decide<Id: Copy>(weighed: &[(Id, f64, Verdict)]) -> Resolution<Id> {
    let proposed = || weighed.iter().take(PROPOSED_MAX).map(|one| (one.0, one.1)).collect::<Vec<_>>();
    let Some(&(best, bits, verdict)) = weighed.first() else { return Resolution::New };
    let certain = bits >= CERTAIN_BITS && verdict == Verdict::MayBeCertain;
    let is_behind = |one: &(Id, f64, Verdict)| {
        let margin = if one.2 == Verdict::MayBeCertain { MARGIN_BITS } else { MARGIN_LESSER_BITS };
        bits - one.1 >= margin
    };
    let others = &weighed[1..];
    if certain && others.iter().all(is_behind) {
        return Resolution::Certain(best);
    }
    let rivals = others.iter().any(|one| one.1 >= CERTAIN_BITS && !is_behind(one));
    if bits >= CERTAIN_BITS && rivals { Resolution::Ambiguous(proposed()) } else { Resolution::Likely(proposed()) }
}

/// An index in memory: patients by the blocks that they are in.
#[derive(Default)]
pub struct Index<Id> {
    patients: Vec<(Id, PersonRecord)>,
    by_block: HashMap<BlockKey, Vec<usize>>,
    frequencies: Frequencies,
}

impl<Id> std::fmt::Debug for Index<Id> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} patients, {} blocks)", self.patients.len(), self.by_block.len())
    }
}

/// A block that holds more is not looked through: it tells nothing apart. Other blocks find whoever is in it.
const BLOCK_MAX: usize = 2_000;

impl<Id: Copy + Ord> Index<Id> {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self { patients: Vec::new(), by_block: HashMap::new(), frequencies: Frequencies::default() }
    }

    /// One patient more.
    pub fn add(&mut self, id: Id, patient: PersonRecord) {
        let at = self.patients.len();
        for key in blocks(&patient) {
            let block = self.by_block.entry(key).or_default();
            if block.last() != Some(&at) {
                block.push(at);
            }
        }
        self.frequencies.add(&patient);
        self.patients.push((id, patient));
    }

    /// Who a record is about.
    #[must_use]
    pub fn resolve(&self, seen: &PersonRecord) -> Resolution<Id> {
        let mut near = BTreeSet::new();
        for key in blocks(seen) {
            let block = self.by_block.get(&key).filter(|block| block.len() <= BLOCK_MAX);
            near.extend(block.into_iter().flatten().copied());
        }
        let candidates = near.iter().filter_map(|at| self.patients.get(*at)).map(|(id, patient)| (*id, patient));
        resolve(seen, candidates, &self.frequencies)
    }
}

/// How a name in a text stands to a patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameName {
    /// It is theirs, in one of the forms in which people write names.
    Same,
    /// Too little is said to tell.
    Unclear,
    /// It is another's.
    Different,
}

/// Does a name, as a document writes it ("Lee, Mary A.", "Mary Ann Lee", "MLee"), belong to this patient.
#[must_use]
pub fn same_name(written: &str, patient: &PersonRecord) -> SameName {
    rules::same_name(written, &Known::of(patient))
}

/// How what a document says of its patient beside the name stands to a patient: birth day and record number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beside {
    /// The birth day is the same; or so nearly that it may be misspelt; or another.
    pub(crate) born: Option<Nearness>,
    /// The record number is the same, or another.
    pub(crate) number: Option<bool>,
    /// The given name is the same.
    pub(crate) given: bool,
    /// The family name is the same.
    pub(crate) family: bool,
}

/// How near two birth days are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nearness {
    Same,
    Near,
    Far,
}

pub(crate) fn beside(written: &str, seen: &PersonRecord, patient: &PersonRecord) -> Beside {
    let (seen, patient) = (Known::of(seen), Known::of(patient));
    let compared = weigh::compare(&seen, &patient);
    let born = match compared.born {
        weigh::Born::Unknown => None,
        weigh::Born::Exact => Some(Nearness::Same),
        weigh::Born::Swapped | weigh::Born::OneDigit => Some(Nearness::Near),
        weigh::Born::SameYear | weigh::Born::Different => Some(Nearness::Far),
    };
    let number = match compared.number {
        weigh::Same::Unknown => None,
        weigh::Same::Yes => Some(true),
        weigh::Same::No => Some(false),
    };
    Beside { born, number, given: rules::same_given(written, &patient), family: rules::same_family(written, &patient) }
}

/// The sex that a word says.
#[must_use]
pub fn sex_of(word: &str) -> Option<Sex> {
    match word.trim().to_ascii_lowercase().as_str() {
        "f" | "female" | "girl" | "woman" => Some(Sex::Female),
        "m" | "male" | "boy" | "man" => Some(Sex::Male),
        "o" | "x" | "other" => Some(Sex::Other),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
