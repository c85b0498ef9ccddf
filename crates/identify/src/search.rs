//! Everything in a file that says who somebody is: what structure says, what the finder and the names say, and what is known of a
//! record's people searched in that record's words.
//!
//! What must always hold: a file's findings are those of its parts, each with what it and the parts before it tell of its patients,
//! and nothing is left out because two witnesses disagree: where they do the surer one says what it is, and what the other one covers
//! beside it stays found. Places that hold codes alone hold no finding. The same bytes give the same findings.
//!
//! What it refuses to know: what becomes of a finding.

mod agree;
mod own;
mod structure;

pub(crate) use own::Roster;

use crate::find::Finder;
use crate::names::lists::Token;
use crate::names::{Known, Names, Person, Watching};
use crate::phi::Finding;
use crate::read::{self, Meaning, Opaque, Part, Portion, ReadError, ReadLimits, Summary, What};
use own::Own;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

/// The longest name of a kind, in bytes.
const KIND_BYTES_MAX: usize = 16;
/// Shorter texts have no heading.
const HEADED_BYTES_MIN: usize = 40;

/// One finding with both of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place in the source: the file as it lies on disk, or the named part's text where the file is packed.
    pub finding: Finding,
    /// Its place in the part's text.
    pub text: Range<usize>,
}

/// What a file is told as, part by part.
#[derive(Debug)]
pub enum Said<'a> {
    /// A portion of text with its findings, in order.
    Part {
        /// The portion.
        part: &'a Part,
        /// What stands in it.
        findings: &'a [Found],
    },
    /// A part that nobody here can read.
    Opaque {
        /// The part inside a packed file, if it is one.
        part: Option<String>,
        /// Why.
        why: Opaque,
    },
}

/// Searches files. May be shared between threads.
#[derive(Default)]
pub struct Search {
    finder: Finder,
    names: Names,
}

impl Search {
    /// With the lists and weights that this program was built with.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file and says what is in it, part by part. Memory: one portion and its findings beside the input.
    ///
    /// # Errors
    /// [`ReadError`], before anything was said.
    pub fn file(
        &self,
        bytes: &[u8],
        name: &str,
        limits: &ReadLimits,
        said: &mut dyn FnMut(Said<'_>),
    ) -> Result<Summary, ReadError> {
        let mut roster = Roster::default();
        read::read(bytes, name, limits, &mut |portion| match portion {
            Portion::Text(part) => {
                roster.learn(&part);
                let found = self.part_of(&part, &part.text, &[&roster], None);
                let found: Vec<Found> = found.into_iter().map(|finding| located(&part, finding)).collect();
                said(Said::Part { part: &part, findings: &found });
            }
            Portion::Opaque { part, why } => said(Said::Opaque { part, why }),
        })
    }

    /// What stands in one portion, by places in its text: sorted, not overlapping.
    #[must_use]
    pub fn part(&self, part: &Part) -> Vec<Finding> {
        let mut roster = Roster::default();
        roster.learn(part);
        self.part_of(part, &part.text, &[&roster], None)
    }

    /// As [`Search::part`], but names are searched in another text of the same length: where a token stands in the part's own,
    /// ordinary words stand there, so that the words beside them are judged as they would be in any letter. Stretches that `before`
    /// has seen with the same people are not searched again.
    pub(crate) fn part_again(&self, part: &Part, for_names: &str, before: &mut Before) -> Vec<Finding> {
        let mut roster = Roster::default();
        roster.learn(part);
        self.part_of(part, for_names, &[&roster], Some(before))
    }

    /// As [`Search::part_again`], with what is known of the patients to whom its records point.
    pub(crate) fn part_of(
        &self,
        part: &Part,
        for_names: &str,
        rosters: &[&Roster],
        before: Option<&mut Before>,
    ) -> Vec<Finding> {
        debug_assert_eq!(part.text.len(), for_names.len(), "places are the same in both");
        let text = part.text.as_str();
        let mut all = structure::findings(part);
        let fixed = all.len();
        self.finder.find(unlabelled(text).as_bytes(), &mut all);
        self.names_in((part, for_names), rosters, before, &mut all);
        let codes: Vec<Range<usize>> =
            part.fields.iter().filter(|field| field.meaning.what == What::Code).map(read::Field::range).collect();
        let mut index = 0;
        all.retain(|finding| {
            index += 1;
            index <= fixed
                || !(lies_in(&codes, finding) || is_declaration(text, finding) || is_known_label(part, finding))
        });
        agree::agreed(text, all)
    }

    /// What structure alone says of a portion, by places in its text.
    pub(crate) fn structured(part: &Part) -> Vec<Finding> {
        structure::findings(part)
    }

    /// Names in whatever structure does not say what it is: record by record, with the people of that record.
    fn names_in(
        &self,
        (part, text): (&Part, &str),
        rosters: &[&Roster],
        mut before: Option<&mut Before>,
        all: &mut Vec<Finding>,
    ) {
        let stretches = structure::open_stretches(part);
        for record in stretches.chunk_by(|one, other| one.fields == other.fields) {
            let fields = part.fields.get(record[0].fields.clone()).unwrap_or_default();
            let own = Own::of(part, fields, rosters);
            let people = structure::people(part, &record[0], &own.others);
            let known: Vec<_> = people.iter().map(structure::Somebody::person).collect();
            let all_names = Own::of_names(people.iter().flat_map(structure::Somebody::names));
            for open in record {
                let words = &text[open.range.clone()];
                let offset = open.range.start;
                let (mut found, mut mine) = (Vec::new(), Vec::new());
                let headed = people.is_empty() && part.columns.is_empty() && words.len() >= HEADED_BYTES_MIN;
                let of_heading = headed.then(|| Own::of_heading(words));
                let own = of_heading.as_ref().unwrap_or(&own);
                let (mut watch, mut has_passed) = (own.watch(), false);
                if open.is_code {
                    all_names.search(words, &mut found);
                } else {
                    let mut find = |found: &mut Vec<Finding>| {
                        has_passed = watch.is_needed();
                        let mut pass = |word: &Token| watch.word(word);
                        let watching: Option<Watching<'_>> = if has_passed { Some(&mut pass) } else { None };
                        self.names.find_watched(words, &Known { people: &known }, found, watching);
                    };
                    match before.as_deref_mut() {
                        Some(before) => before.find(words, &known, &mut find, &mut found),
                        None => find(&mut found),
                    }
                }
                if has_passed {
                    watch.finish(words, &mut mine);
                } else {
                    own.search(words, &mut mine);
                }
                if open.in_table {
                    structure::without_doubtful(words, &mut found);
                }
                if open.is_cell {
                    structure::widen(words, &mut found);
                }
                // What stands within a name that was found is found, and stays in one piece.
                mine.retain(|one: &Finding| !covers(&found, one));
                let here = |one: Finding| Finding { start: one.start + offset, end: one.end + offset, ..one };
                all.extend(found.into_iter().chain(mine).map(here));
            }
        }
    }
}

/// What names were found in which stretches when a file was searched before, so that only what has changed is searched again.
///
/// Searching a part again with it gives what searching it without it gives, since what names are found in a stretch follows from its
/// text and from the people who are known there, and from nothing else: where both are the same, byte by byte, so is what is found.
/// Everything else, what structure says, what the finder finds, and what the witnesses agree on, is done again for the whole part.
/// PHI: `Debug` is not implemented, and nobody needs it.
#[derive(Default)]
pub(crate) struct Before {
    /// Numbers for groups of people, so that a group is kept once and not with each stretch.
    people: HashMap<Box<str>, usize>,
    last: HashMap<Stretch, Vec<Finding>>,
    now: HashMap<Stretch, Vec<Finding>>,
}

/// The people who are known in it, by their number, and its text.
type Stretch = (usize, Box<str>);

impl Before {
    /// The file is searched once more from its beginning; what the last search did not meet is forgotten.
    pub(crate) fn again(&mut self) {
        self.last = std::mem::take(&mut self.now);
    }

    fn find(
        &mut self,
        stretch: &str,
        known: &[Person<'_>],
        find: &mut dyn FnMut(&mut Vec<Finding>),
        found: &mut Vec<Finding>,
    ) {
        let next = self.people.len();
        let group = *self.people.entry(joined(known)).or_insert(next);
        let key = (group, Box::from(stretch));
        if let Some(same) = self.now.get(&key) {
            return found.extend_from_slice(same);
        }
        match self.last.remove(&key) {
            Some(same) => found.extend_from_slice(&same),
            None => find(found),
        }
        self.now.insert(key, found.clone());
    }
}

/// The names of people, each with its length before it, so that no two groups are the same when they are joined.
fn joined(known: &[Person<'_>]) -> Box<str> {
    let mut all = String::new();
    for name in known.iter().flat_map(|person| [person.family, person.given, person.other]) {
        // Writing to a String cannot fail.
        let _ = write!(all, "{}:{name}", name.len());
    }
    all.into_boxed_str()
}

fn located(part: &Part, finding: Finding) -> Found {
    let source = part.map.source(finding.range());
    // A file is in memory, so its places are within what this machine can count.
    let [start, end] = [source.start, source.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
    Found { text: finding.range(), finding: Finding { start, end, ..finding } }
}

/// Whether a finding lies wholly within one of these, which are sorted.
fn lies_in(sorted: &[Range<usize>], finding: &Finding) -> bool {
    let at = sorted.partition_point(|range| range.end < finding.end);
    sorted.get(at).is_some_and(|range| range.start <= finding.start && finding.end <= range.end)
}

/// The text with the words in tokens such as `[PHONE 3K7Q9B]` made words of nothing: what stands in the place of a number says
/// nothing of the next one.
fn unlabelled(text: &str) -> Cow<'_, str> {
    let mut changed: Option<Vec<u8>> = None;
    for (at, _) in text.match_indices('[') {
        let kind = &text.as_bytes()[at + 1..];
        let long =
            kind.iter().take(KIND_BYTES_MAX).take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_').count();
        if long > 0 && matches!(kind.get(long), Some(b' ' | b']')) {
            changed.get_or_insert_with(|| text.as_bytes().to_vec())[at + 1..=at + long].fill(b'x');
        }
    }
    // Only letters of ASCII were changed.
    changed.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether it lies within a name, of some findings in order.
fn covers(found: &[Finding], one: &Finding) -> bool {
    let at = found.partition_point(|other| other.end < one.end);
    found.get(at).is_some_and(|other| other.kind == one.kind && other.start <= one.start)
}

/// Whether it is the word that every XML file begins with, which stands where a name could, and is nobody's.
fn is_declaration(text: &str, finding: &Finding) -> bool {
    text.get(finding.range()) == Some("xml")
}

/// Whether it is the name of an element or of a key that says what stands in it, as `LastName` does, and is nobody's.
fn is_known_label(part: &Part, finding: &Finding) -> bool {
    let is_known = |label: &str| read::meaning_of_label(label) != Meaning::UNKNOWN;
    let is_said = || part.is_structure(finding.range()) && part.text.get(finding.range()).is_some_and(is_known);
    part.is_label(finding.range()) || is_said()
}

/// What a rule goes by, in a sentence.
#[must_use]
pub fn explained(rule: &str) -> &'static str {
    let (group, detail) = rule.split_once('.').unwrap_or((rule, ""));
    match (group, detail) {
        ("structure", _) => {
            "The file's own structure says what this value is: a column, a field of a message, an element."
        }
        ("name", "known") => "Structure names this person, and the name stands here too.",
        ("name", "near_known") => "Structure names this person, and a name that is one letter off stands here.",
        ("name" | "place" | "organization", "repeated") => {
            "It was found elsewhere in this text, where the words around it say what it is."
        }
        ("name" | "place" | "organization", _) => {
            "Words, capitals and neighbours as names have them, by lists and learned weights."
        }
        ("date" | "age", _) => {
            "A day that the calendar has, or an age over 89, in one of the forms in which people write them."
        }
        ("spoken", _) => "Digits or letters that were dictated as words.",
        (_, "labelled") => "The words before it say what it is.",
        _ => "Its shape, its check digit or the words around it say what it is.",
    }
}

#[cfg(test)]
mod tests;
