//! Which kinds of health data a text holds, and by which evidence.
//!
//! One pass over a portion that was read already: what structure says (segments of messages, types of resources, columns,
//! headings), codes, and words. A rule has a stable name; what is kept is how often each rule spoke, never what it saw.
//!
//! What must always hold: the same portion gives the same evidence; evidence holds nothing of the text; a denied finding
//! is told apart from one that is there wherever that changes the answer (`said`); of the sensitive kinds none is left
//! out because another one was found.
//!
//! What it refuses to know: whom a record is about, who may see it, and whether a law applies: `substance_use` says that
//! a record may be one of 42 CFR Part 2, which depends on who made it.

mod codes;
mod columns;
mod lexicon;
mod said;
mod scan;
mod structure;
mod words;

use crate::phi::HealthData;
use crate::read::Part;
use std::fmt;

/// From this age on, words about reproduction are taken to be about the patient: in a younger child's chart they are
/// about its mother. Codes always count.
const REPRODUCTIVE_AGE_MIN: u8 = 9;
/// Ages at which a patient is an adolescent: under 18 a guardian usually has access, from 12 on some care is the
/// patient's own in most states.
const ADOLESCENT: std::ops::RangeInclusive<u8> = 12..=17;

/// What one rule said, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Which kind of data it speaks for.
    pub kind: HealthData,
    /// The rule, a stable name such as `hiv.code`.
    pub why: &'static str,
    /// How often it spoke.
    pub count: u32,
}

/// What a sign is about. More is told apart than there are kinds, because some things matter for adolescents alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Topic {
    /// One of the kinds.
    Health(HealthData),
    /// Reproduction, said in words: whose it is depends on the age.
    ReproductiveWord,
    /// An infection that is passed on by sex, or sexual activity.
    Sexual,
    /// Use of alcohol, nicotine, cannabis or drugs that is no treatment.
    Use,
    /// Marked as not for the guardians.
    Confidential,
}

/// One thing that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A rule spoke.
    Says(Topic, &'static str),
    /// An age in years.
    Age(u8),
}

/// What was seen of one record or one person, before their age is known.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Signs {
    seen: Vec<(Topic, &'static str, u32)>,
    age: Option<u8>,
}

impl fmt::Debug for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signs({} rules)", self.seen.len())
    }
}

impl Signs {
    pub(crate) fn add(&mut self, sign: Sign) {
        match sign {
            Sign::Says(topic, why) => self.count(topic, why, 1),
            // The first age of a text is the patient's; later ones are those of brothers and sisters.
            Sign::Age(age) => self.age = self.age.or(Some(age)),
        }
    }

    fn count(&mut self, topic: Topic, why: &'static str, more: u32) {
        match self.seen.binary_search_by(|one| (one.0, one.1).cmp(&(topic, why))) {
            Ok(at) => self.seen[at].2 = self.seen[at].2.saturating_add(more),
            Err(at) => self.seen.insert(at, (topic, why, more)),
        }
    }

    /// Takes in what was seen elsewhere of the same person.
    pub fn join(&mut self, other: &Self) {
        for (topic, why, count) in &other.seen {
            self.count(*topic, why, *count);
        }
        self.age = self.age.or(other.age);
    }

    /// Was nothing seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The age that words say, in years.
    #[must_use]
    pub const fn age_said(&self) -> Option<u8> {
        self.age
    }

    /// What kinds of data these are of somebody of this age, in years at the visit; the age that words say, if it is not
    /// given.
    #[must_use]
    pub fn kinds(&self, age: Option<u8>) -> Kinds {
        let age = age.or(self.age);
        let mut kinds = Kinds::default();
        for (topic, why, count) in &self.seen {
            match topic {
                Topic::Health(kind) => kinds.count(*kind, why, *count),
                Topic::ReproductiveWord if age.is_none_or(|age| age >= REPRODUCTIVE_AGE_MIN) => {
                    kinds.count(HealthData::Reproductive, why, *count);
                }
                Topic::Confidential if age.is_none() => {
                    kinds.count(HealthData::AdolescentConfidential, why, *count);
                }
                _ => {}
            }
            if let Some(why) = adolescent(*topic).filter(|_| age.is_some_and(|age| ADOLESCENT.contains(&age))) {
                kinds.count(HealthData::AdolescentConfidential, why, *count);
            }
        }
        kinds
    }
}

/// Why something is confidential when an adolescent says it.
const fn adolescent(topic: Topic) -> Option<&'static str> {
    Some(match topic {
        Topic::Health(HealthData::Reproductive) | Topic::ReproductiveWord => "adolescent.reproductive",
        Topic::Health(HealthData::MentalHealth) => "adolescent.mental_health",
        Topic::Health(HealthData::SubstanceUse) => "adolescent.substance_use",
        Topic::Health(HealthData::Hiv) => "adolescent.hiv",
        Topic::Sexual => "adolescent.sexual_health",
        Topic::Use => "adolescent.use",
        Topic::Confidential => "adolescent.marked",
        Topic::Health(_) => return None,
    })
}

/// Kinds of health data with their evidence, in the order of the kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    evidence: Vec<Evidence>,
}

impl Kinds {
    fn count(&mut self, kind: HealthData, why: &'static str, more: u32) {
        match self.evidence.binary_search_by(|one| (one.kind, one.why).cmp(&(kind, why))) {
            Ok(at) => self.evidence[at].count = self.evidence[at].count.saturating_add(more),
            Err(at) => self.evidence.insert(at, Evidence { kind, why, count: more }),
        }
    }

    /// With what else is known to be there.
    pub(crate) fn with(mut self, kind: HealthData, why: &'static str, more: u32) -> Self {
        if more > 0 {
            self.count(kind, why, more);
        }
        self
    }

    /// All evidence.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Is data of this kind there.
    #[must_use]
    pub fn has(&self, kind: HealthData) -> bool {
        self.evidence.iter().any(|one| one.kind == kind)
    }

    /// The kinds, each once.
    pub fn kinds(&self) -> impl Iterator<Item = HealthData> {
        HealthData::ALL.iter().copied().filter(|kind| self.has(*kind))
    }

    /// Is nothing there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.evidence.is_empty()
    }
}

/// Is a kind one of those that are handed on to fewer people.
#[must_use]
pub const fn is_sensitive(kind: HealthData) -> bool {
    matches!(
        kind,
        HealthData::Hiv
            | HealthData::MentalHealth
            | HealthData::SubstanceUse
            | HealthData::Reproductive
            | HealthData::AdolescentConfidential
    )
}

/// What these portions of one document hold, of somebody of this age in years, if it is known.
#[must_use]
pub fn health_data<'a>(parts: impl IntoIterator<Item = &'a Part>, age: Option<u8>) -> Kinds {
    let mut signs = Signs::default();
    for part in parts {
        signs_in(part, &mut |_, sign| signs.add(sign));
    }
    signs.kinds(age)
}

/// Everything that is seen in a portion, each with the record that it stands in.
pub(crate) fn signs_in(part: &Part, seen: &mut dyn FnMut(u32, Sign)) {
    if part.columns.is_empty() {
        scan::scan_lines(part, seen);
    } else {
        columns::scan_cells(part, seen);
    }
    structure::fields(part, seen);
}

/// Everything that is seen in a portion without a table, each with its place in the text.
pub(crate) fn signs_at(part: &Part, seen: &mut dyn FnMut(usize, Sign)) {
    scan::Scanner::new(&part.text, scan::Context::default()).run(seen);
}

/// What a rule goes by, in a sentence.
#[must_use]
pub fn explained(why: &str) -> &'static str {
    match why.split_once('.').unwrap_or((why, "")) {
        ("adolescent", "marked") => "It is marked as not for the guardians.",
        ("adolescent", _) => "The patient was 12 to 17 years old, and it is about something of the patient's own.",
        (_, "code") => "A code of a classification stands for it.",
        (_, "column") => "A column of the table is called so.",
        (_, "structure") => "The file's own structure says it: a segment, a resource, an element.",
        (_, "heading") => "A heading or a label in the text says it.",
        (_, "drug") => "A drug is named that is given for little else.",
        (_, "test" | "screening") => "A test or a questionnaire for it is named, whatever came of it.",
        (_, "identifier") => "A number of this kind was found.",
        _ => "Words say it.",
    }
}

#[cfg(test)]
mod tests;
