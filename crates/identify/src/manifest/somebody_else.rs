//! Does a text name somebody else than the patient to whom it is about to be delivered.
//!
//! Only names in a place for the patient's are asked. Nicknames, maiden names and parts of double names, initials, one wrong letter, either
//! order are the same person. A name that differs is another person's, unless the record number is the patient's, or the given
//! name and the birth date are (somebody has married). Twins share everything but the given name, and are two.
//!
//! What must always hold: the question is for a person to answer; this never delivers nor withholds.
//!
//! What it refuses to know: who the other one is.

use super::Seen;
use crate::resolve::{Nearness, PersonRecord, SameName, beside, same_name};

/// What speaks for it that somebody else is named. It holds no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SomebodyElse {
    /// How many others.
    pub others: u32,
    /// The patient is named too: the text may hold several people's records.
    pub patient_too: bool,
    /// The birth date of one of the others is another.
    pub born_differs: bool,
    /// The record number of one of the others is another.
    pub number_differs: bool,
}

/// Whether the people that a text is about are others than this patient; `None`: nothing says so.
#[must_use]
pub fn names_somebody_else(seen: &[Seen], patient: &PersonRecord) -> Option<SomebodyElse> {
    let mut found = SomebodyElse { others: 0, patient_too: false, born_differs: false, number_differs: false };
    for one in seen {
        let written = written(one);
        let name = same_name(&written, patient);
        let more = beside(&written, &one.record, patient);
        let (born_differs, number_differs) = (more.born == Some(Nearness::Far), more.number == Some(false));
        let is_other = match name {
            // A twin's text under the other's number has everything but the given name.
            _ if more.number == Some(true) => born_differs || name == SameName::Different && more.family && !more.given,
            // A namesake, such as a parent: a birth date that is no slip of the patient's is another's.
            SameName::Same | SameName::Unclear => born_differs,
            SameName::Different => !(more.born == Some(Nearness::Same) && more.given),
        };
        if is_other {
            found.others += 1;
            found.born_differs |= born_differs;
            found.number_differs |= number_differs;
        } else if name == SameName::Same || more.number == Some(true) {
            found.patient_too = true;
        }
    }
    (found.others > 0).then_some(found)
}

/// The name in one piece.
fn written(seen: &Seen) -> zeroize::Zeroizing<String> {
    let record = &seen.record;
    if record.family.is_empty() && record.given.is_empty() {
        return seen.written.clone();
    }
    zeroize::Zeroizing::new(format!("{}, {} {}", *record.family, *record.given, *record.middle))
}
