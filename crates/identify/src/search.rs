//! Everything in a file that says who somebody is: what structure says, what the finder and the names say, and what is known of a
//! record's people searched in that record's words.
//!
//! What must always hold: a file's findings are those of its parts, and nothing is left out because two witnesses disagree: where
//! they do the surer one says what it is, and what the other one covers beside it stays found. Places that hold codes alone hold no
//! finding. The same bytes give the same findings.
//!
//! What it refuses to know: what becomes of a finding.

mod agree;
mod structure;

use crate::find::Finder;
use crate::names::{Known, Names};
use crate::phi::Finding;
use crate::read::{self, Opaque, Part, Portion, ReadError, ReadLimits, Summary, What};
use std::ops::Range;

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
        read::read(bytes, name, limits, &mut |portion| match portion {
            Portion::Text(part) => {
                let found: Vec<Found> = self.part(&part).into_iter().map(|finding| located(&part, finding)).collect();
                said(Said::Part { part: &part, findings: &found });
            }
            Portion::Opaque { part, why } => said(Said::Opaque { part, why }),
        })
    }

    /// What stands in one portion, by places in its text: sorted, not overlapping.
    #[must_use]
    pub fn part(&self, part: &Part) -> Vec<Finding> {
        self.part_with(part, &part.text)
    }

    /// As [`Search::part`], but names are searched in another text of the same length: where a token stands in the part's own,
    /// ordinary words stand there, so that the words beside them are judged as they would be in any letter.
    pub(crate) fn part_with(&self, part: &Part, for_names: &str) -> Vec<Finding> {
        debug_assert_eq!(part.text.len(), for_names.len(), "places are the same in both");
        let text = part.text.as_str();
        let mut all = structure::findings(part);
        let fixed = all.len();
        self.finder.find(text.as_bytes(), &mut all);
        self.names_in(part, for_names, &mut all);
        let codes: Vec<Range<usize>> =
            part.fields.iter().filter(|field| field.meaning.what == What::Code).map(read::Field::range).collect();
        let mut index = 0;
        all.retain(|finding| {
            index += 1;
            index <= fixed || !(lies_in(&codes, finding) || is_declaration(text, finding))
        });
        agree::agreed(text, all)
    }

    /// What structure alone says of a portion, by places in its text.
    pub(crate) fn structured(part: &Part) -> Vec<Finding> {
        structure::findings(part)
    }

    /// Names in whatever structure does not say what it is: record by record, with the people of that record.
    fn names_in(&self, part: &Part, text: &str, all: &mut Vec<Finding>) {
        for open in structure::open_stretches(part) {
            let people = structure::people(part, &open);
            let known: Vec<_> = people.iter().map(structure::Somebody::person).collect();
            let mut found = Vec::new();
            self.names.find(&text[open.range.clone()], &Known { people: &known }, &mut found);
            let offset = open.range.start;
            all.extend(found.into_iter().map(|one| Finding {
                start: one.start + offset,
                end: one.end + offset,
                ..one
            }));
        }
    }
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

/// Whether it is the word that every XML file begins with, which stands where a name could, and is nobody's.
fn is_declaration(text: &str, finding: &Finding) -> bool {
    text.get(finding.range()) == Some("xml")
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
