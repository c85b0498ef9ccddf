//! Numbers that structure tells of in one file of a run, looked for in the words of all of them.
//!
//! A table says that a value is somebody's member number; in a letter about the same person it stands without a label.
//!
//! What must always hold: only what is as good as unique is learnt, and only whole values count: a short number is many things.
//!
//! What it refuses to know: whose number it is.

use crate::phi::{Confidence, Finding, Identifier};
use crate::read::{Field, Part, What};
use crate::search::Search;
use std::collections::HashMap;

/// Shorter ones, or those with fewer digits, are not learnt.
const CHARS_MIN: usize = 7;
const DIGITS_MIN: usize = 5;
/// So many are learnt: a customer's patients, some numbers each. What comes after them is found as it would be without.
const NUMBERS_MAX: usize = 4_000_000;

/// The numbers of a run. PHI: `Debug` is not implemented, and nobody needs it.
#[derive(Default)]
pub(super) struct Numbers(HashMap<Box<str>, Identifier>);

impl Numbers {
    /// Learns what structure says of a portion.
    pub(super) fn learn(&mut self, part: &Part) {
        for found in Search::structured(part) {
            let Some(value) = part.text.get(found.range()) else { continue };
            if is_number_kind(found.kind) && is_telling(value) && self.0.len() < NUMBERS_MAX {
                self.0.insert(value.into(), found.kind);
            }
        }
    }

    /// Adds those that stand in a portion and were not found there.
    pub(super) fn add_to(&self, part: &Part, findings: &mut Vec<Finding>) {
        if self.0.is_empty() {
            return;
        }
        let before = findings.len();
        for value in part.text.split(|one: char| !is_of_number(one)) {
            let value = value.trim_matches('-');
            let Some(kind) = is_telling(value).then(|| self.0.get(value)).flatten() else { continue };
            let start = value.as_ptr() as usize - part.text.as_ptr() as usize;
            let end = start + value.len();
            if is_code(part, start) {
                continue;
            }
            let at = findings[..before].partition_point(|one| one.end <= start);
            let known = Finding { start, end, kind: *kind, confidence: Confidence::new(97), rule: "structure.known" };
            match findings[..before].get_mut(at).filter(|one| one.start < end) {
                None => findings.push(known),
                // That it is a number is known without its label, and what kind of one only here.
                Some(one) if one.range() == known.range() && one.rule == "number.long" => *one = known,
                Some(_) => {}
            }
        }
        findings.sort_by_key(|finding| (finding.start, finding.end));
    }
}

/// Does a place hold codes and nothing else: one that happens to be somebody's number too is nobody's there.
fn is_code(part: &Part, at: usize) -> bool {
    let index = part.fields.partition_point(|field: &Field| field.end as usize <= at);
    part.fields.get(index).is_some_and(|field| field.start as usize <= at && field.meaning.what == What::Code)
}

const fn is_number_kind(kind: Identifier) -> bool {
    matches!(
        kind,
        Identifier::Mrn
            | Identifier::HealthPlan
            | Identifier::Account
            | Identifier::Ssn
            | Identifier::License
            | Identifier::Device
    )
}

const fn is_of_number(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '-'
}

fn is_telling(value: &str) -> bool {
    value.len() >= CHARS_MIN
        && value.chars().all(is_of_number)
        && value.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN
}
