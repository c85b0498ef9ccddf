//! What stayed and might say who somebody is: words and numbers that the search was not sure enough about, for a person to decide.
//!
//! The search leaves a word alone that is likelier a word than a name. Here the other question is asked: might it be one? So names of
//! drugs and diseases that are on no list come along with names of people on no list; a person tells them apart at a glance.
//!
//! What must always hold: only what stands in the output as it stood in the file is asked about; a place of codes is none; the same
//! file gives the same doubts in the same order.
//!
//! What it refuses to know: files, terminals, and who decides.

use super::rewrite::Change;
use crate::names::lists::{self, Listed};
use crate::phi::{Confidence, Finding, Identifier};
use crate::read::{Part, What};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;

/// Of one file at most so many are asked about, the first ones: nobody looks through more.
pub(super) const DOUBTS_MAX: usize = 10_000;
/// How much stands before and behind the word for whoever decides, in bytes.
const AROUND_BYTES: usize = 60;
/// As frequent a name is asked about even where it is a word of the language too: Grace, Will (classes of [`Listed::classes`]).
const FREQUENT_MIN: u32 = 4;
/// Fewer digits are doses, rooms, counts.
const DIGITS_MIN: usize = 5;

/// A place in a file: which part of it, and where in that part's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The number of the part, in the order of reading.
    pub part: usize,
    /// Bytes of its text.
    pub range: Range<usize>,
}

/// Something that stayed. PHI: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Where.
    pub spot: Spot,
    /// As what it would go.
    pub kind: Identifier,
    /// What speaks for it, in a few words.
    pub why: &'static str,
    /// The output before it, its own words, and the output behind it.
    pub around: [String; 3],
}

impl fmt::Debug for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Doubt({:?}, {}, {})", self.spot, self.kind, self.why)
    }
}

/// What a person has decided about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Where.
    pub spot: Spot,
    /// As what it goes; none: it stays.
    pub goes_as: Option<Identifier>,
}

/// Marks what a person lets go: there, and wherever in the file the same word stands for itself.
pub(super) fn let_go(parts: &mut [(Part, Vec<Finding>)], decided: &[Decided]) {
    let word_of = |one: &Decided| {
        let (part, _) = parts.get(one.spot.part)?;
        let word = part.text.get(one.spot.range.clone()).filter(|word| !word.trim().is_empty())?;
        Some((word.to_owned(), one.goes_as?))
    };
    // A place that is none in this file was decided for another one.
    let words: BTreeMap<String, Identifier> = decided.iter().filter_map(word_of).collect();
    if words.is_empty() {
        return;
    }
    let is_of_word = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
    for (part, findings) in parts.iter_mut() {
        for (word, kind) in &words {
            for (start, _) in part.text.match_indices(word.as_str()) {
                let end = start + word.len();
                let is_part =
                    is_of_word(part.text[..start].chars().next_back()) || is_of_word(part.text[end..].chars().next());
                if !is_part && !is_code(part, start..end) {
                    let confidence = Confidence::new(100);
                    findings.push(Finding { start, end, kind: *kind, confidence, rule: "person.decided" });
                }
            }
        }
        findings.sort_by_key(|finding| (finding.start, finding.end));
    }
}

fn is_code(part: &Part, range: Range<usize>) -> bool {
    let at = part.fields.partition_point(|field| (field.end as usize) <= range.start);
    part.fields.get(at).is_some_and(|field| field.meaning.what == What::Code && (field.start as usize) < range.end)
}

/// What of a part stayed and might say who somebody is, but for what was decided.
pub(super) fn of_part(
    (index, part): (usize, &Part),
    changes: &[Change],
    decided: &HashSet<&Spot>,
    doubts: &mut Vec<Doubt>,
) {
    for open in open_ranges(part) {
        let text = &part.text[open.clone()];
        let mut fresh = true;
        lists::each(text, |word| {
            let range = open.start + word.range.start..open.start + word.range.end;
            let begins = std::mem::replace(&mut fresh, false) || begins_sentence(&part.text[..range.start]);
            let Some((kind, why)) = might_be(word, &part.text[range.clone()], begins) else { return };
            let at = changes.partition_point(|change| change.range.end <= range.start);
            let is_changed = changes.get(at).is_some_and(|change| change.range.start < range.end);
            let spot = Spot { part: index, range };
            if doubts.len() < DOUBTS_MAX && !is_changed && !decided.contains(&spot) {
                let around = around(part, changes, &spot.range);
                doubts.push(Doubt { spot, kind, why, around });
            }
        });
    }
}

/// Where people's own words may stand: values that are words or of which nothing is known, and text that is no value.
fn open_ranges(part: &Part) -> Vec<Range<usize>> {
    let (mut open, mut at) = (Vec::new(), 0);
    for field in &part.fields {
        open.push(at..field.start as usize);
        at = at.max(field.end as usize);
        if matches!(field.meaning.what, What::FreeText | What::Unknown) {
            open.push(field.range());
        }
    }
    open.push(at..part.text.len());
    open.retain(|range| range.start < range.end && part.text.get(range.clone()).is_some());
    open
}

/// Does what follows begin a sentence, a line or a value.
fn begins_sentence(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '\t', '"', '(', '*', '-']);
    let ends = trimmed.ends_with(['.', ':', ';', '!', '?']) && trimmed.len() < before.len();
    trimmed.is_empty() || trimmed.ends_with(['\n', '\r']) || ends
}

fn might_be(word: &Listed, text: &str, begins: bool) -> Option<(Identifier, &'static str)> {
    if word.is_no_word {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        return (digits >= DIGITS_MIN).then_some((Identifier::OtherId, "a number that nothing explains"));
    }
    if text.chars().count() < 2 || word.is_beside_names() || word.is_upper && text.len() <= 5 {
        return None;
    }
    let (given, surname) = word.classes();
    // He is a family of millions in China, and somebody of whom notes speak in every line.
    if word.is_name_alone() && text.chars().count() > 2 {
        return Some((Identifier::Name, "on a list of names, and on no other"));
    }
    let is_unknown = !word.is_ordinary() && !word.is_given() && !word.is_surname();
    if is_unknown && word.has_capital && !word.is_upper {
        return Some((Identifier::Name, "a capital, and on no list"));
    }
    let is_frequent = given.max(surname) >= FREQUENT_MIN;
    (is_frequent && word.has_capital && !word.is_upper && !begins)
        .then_some((Identifier::Name, "a name that is a word, too"))
}

/// The output around a place that stayed.
fn around(part: &Part, changes: &[Change], range: &Range<usize>) -> [String; 3] {
    let text = part.text.as_str();
    let from = text.floor_char_boundary(range.start.saturating_sub(AROUND_BYTES));
    let until = text.ceil_char_boundary((range.end + AROUND_BYTES).min(text.len()));
    let written = |stretch: Range<usize>| {
        let (mut said, mut at) = (String::new(), stretch.start);
        let first = changes.partition_point(|change| change.range.end <= stretch.start);
        for change in changes[first..].iter().take_while(|change| change.range.start < stretch.end) {
            said.push_str(text.get(at..change.range.start).unwrap_or_default());
            said.push_str(&change.new);
            at = change.range.end;
        }
        said.push_str(text.get(at..stretch.end).unwrap_or_default());
        said
    };
    [written(from..range.start), text[range.clone()].to_owned(), written(range.end..until)]
}
