//! What was done to a file, in numbers and sentences that hold nothing out of it.
//!
//! What must always hold: no value, no surrogate, no part's name and no path is in a report, so that it can go wherever the file goes.

use super::rewrite::Change;
use super::{Decided, Doubt, Method};
use crate::phi::{Finding, Identifier};
use crate::read::{Format, Part};
use std::collections::BTreeMap;

/// The rules by which files are changed; the number is another one when the same file would come out otherwise.
pub const RULES: &str = concat!("strongroom-identify ", env!("CARGO_PKG_VERSION"), ", rules of de-identification 4");

/// What was done to one file, or to several together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What the file is; of several, what the last one is.
    pub format: Format,
    /// Files.
    pub files: u64,
    /// Bytes that came in.
    pub bytes_in: u64,
    /// Bytes that went out.
    pub bytes_out: u64,
    /// Records (rows, messages, resources, documents).
    pub records: u64,
    /// What was found and replaced, by kind.
    pub replaced: BTreeMap<Identifier, u64>,
    /// What was found and stays because the method lets it stay, by kind.
    pub kept: BTreeMap<Identifier, u64>,
    /// Dates of which the year stayed.
    pub dates_to_year: u64,
    /// Dates that were moved by whole days.
    pub dates_shifted: u64,
    /// Dates without a year, or without one that is understood, of which nothing stayed.
    pub dates_without_year: u64,
    /// Birth dates, years and ages that were changed because somebody is over 89.
    pub over_89: u64,
    /// ZIP codes that became 000.
    pub zips_restricted: u64,
    /// What only the second pass found; it was replaced then, and a further pass found nothing.
    pub found_late: u64,
    /// Values that no copy holds, whatever is in them: private attributes of pictures, their preambles, bytes beside the pixels.
    pub emptied: u64,
    /// Files, or parts of files, with pixels or recordings of a device that nobody has looked at.
    pub pictures: u64,
    /// Values and texts that people wrote in their own words.
    pub free_texts: u64,
    /// Places where a portion had to end within a value or a word.
    pub cuts_inside: u64,
    /// Places that a person was asked about and lets go.
    pub decided_to_go: u64,
    /// Places that a person was asked about and lets stay.
    pub decided_to_stay: u64,
    /// Places that stayed, might say who somebody is, and nobody has decided about; counted where somebody is asked.
    pub undecided: u64,
}

impl Report {
    /// Counts what a person has decided; what is still to be decided.
    pub(super) fn reviewed(
        &mut self,
        parts: &[(Part, Vec<Finding>)],
        changes: &[Vec<Change>],
        decided: &[Decided],
    ) -> Vec<Doubt> {
        let goes = decided.iter().filter(|one| one.goes_as.is_some()).count();
        self.decided_to_go = goes as u64;
        self.decided_to_stay = (decided.len() - goes) as u64;
        let spots = decided.iter().map(|one| &one.spot).collect();
        let mut doubts = Vec::new();
        for (index, ((part, _), changes)) in parts.iter().zip(changes).enumerate() {
            super::doubts::of_part((index, part), changes, &spots, &mut doubts);
        }
        self.undecided = doubts.len() as u64;
        doubts
    }

    pub(super) fn count(&mut self, kind: Identifier) {
        *self.replaced.entry(kind).or_default() += 1;
    }

    pub(super) fn keep(&mut self, kind: Identifier) {
        *self.kept.entry(kind).or_default() += 1;
    }

    /// Adds another file's.
    pub fn add(&mut self, other: &Self) {
        self.format = other.format;
        for (mine, theirs) in [(&mut self.replaced, &other.replaced), (&mut self.kept, &other.kept)] {
            for (kind, many) in theirs {
                *mine.entry(*kind).or_default() += many;
            }
        }
        for (mine, theirs) in [
            (&mut self.files, other.files),
            (&mut self.bytes_in, other.bytes_in),
            (&mut self.bytes_out, other.bytes_out),
            (&mut self.records, other.records),
            (&mut self.dates_to_year, other.dates_to_year),
            (&mut self.dates_shifted, other.dates_shifted),
            (&mut self.dates_without_year, other.dates_without_year),
            (&mut self.over_89, other.over_89),
            (&mut self.zips_restricted, other.zips_restricted),
            (&mut self.found_late, other.found_late),
            (&mut self.emptied, other.emptied),
            (&mut self.pictures, other.pictures),
            (&mut self.free_texts, other.free_texts),
            (&mut self.cuts_inside, other.cuts_inside),
            (&mut self.decided_to_go, other.decided_to_go),
            (&mut self.decided_to_stay, other.decided_to_stay),
            (&mut self.undecided, other.undecided),
        ] {
            *mine += theirs;
        }
    }

    /// What the output may be called, in a sentence.
    #[must_use]
    pub const fn label(&self, method: Method) -> &'static str {
        match (method, self.free_texts, self.pictures) {
            (Method::SafeHarbor, 0, 0) => "de-identified by Safe Harbor rules, structured values only, by a machine",
            (Method::SafeHarbor, _, 0) => "machine de-identified, not Safe Harbor: nobody has reviewed its free text",
            (Method::SafeHarbor, 0, _) => "machine de-identified, not Safe Harbor: nobody has looked at its pictures",
            (Method::SafeHarbor, ..) => {
                "machine de-identified, not Safe Harbor: nobody has reviewed its free text, and nobody has looked at its pictures"
            }
            (Method::Limited, 0, 0) => "a limited data set: still PHI, for use under a data use agreement only",
            (Method::Limited, _, 0) => {
                "machine de-identified, not Safe Harbor: a limited data set whose free text nobody has reviewed; still PHI"
            }
            (Method::Limited, ..) => {
                "machine de-identified, not Safe Harbor: a limited data set whose pictures nobody has looked at; still PHI"
            }
            (Method::Pseudonym, ..) => {
                "machine de-identified, not Safe Harbor: pseudonyms, PHI until an expert has determined otherwise"
            }
        }
    }

    /// What stays possible, in sentences.
    #[must_use]
    pub fn residual(&self, method: Method) -> Vec<&'static str> {
        let mut said = Vec::new();
        if self.free_texts > 0 {
            said.push(
                "Free text was searched by a machine, which misses some identifiers: it keeps its PHI tag until a person has \
                 reviewed it or an expert has determined that the risk is very small (45 CFR 164.514(b)(1)).",
            );
            said.push("A rare event or occupation told in words can name somebody without any identifier.");
        }
        if self.pictures > 0 {
            said.push(
                "Pixels were not looked at: names may be burnt into pictures, and a face may be seen in them or made from slices of a head \
                 (164.514(b)(2)(i)(Q)).",
            );
        }
        match method {
            Method::SafeHarbor => said.push(
                "Safe Harbor also asks that nobody here knows how the rest could identify somebody (164.514(b)(2)(ii)); sex, year of \
                 birth and three digits of the ZIP code, taken together with other sources, narrow people down.",
            ),
            Method::Limited => said.push(
                "Dates, ages, towns and ZIP codes stay: this is PHI and goes out under a data use agreement only (164.514(e)(4)).",
            ),
            Method::Pseudonym => {
                said.push(
                    "Surrogates follow from a key: whoever has it can test whom they stand for. Keep it apart from the data \
                     (164.514(c)).",
                );
                said.push("Dates are moved by days that one family shares, so the days between them are the true ones.");
            }
        }
        if self.over_89 > 0 && method != Method::Limited {
            said.push(
                "The year written for a person over 89 is the same for all of them and is not their year of birth.",
            );
        }
        if self.undecided > 0 {
            said.push(
                "Some places that might say who somebody is were left for a person to decide, and nobody has yet.",
            );
        }
        if self.cuts_inside > 0 {
            said.push("A value was so long that it was searched in pieces.");
        }
        said
    }

    /// Why what was kept stays.
    #[must_use]
    pub const fn kept_because(method: Method) -> &'static str {
        match method {
            Method::Limited => {
                "45 CFR 164.514(e)(2) lets dates, ages, town or city, state and ZIP code stay in a limited data set"
            }
            Method::SafeHarbor => "164.514(b)(2)(i) lets years, states and three digits of most ZIP codes stay",
            Method::Pseudonym => "moved dates, states and three digits of most ZIP codes stay for an expert to judge",
        }
    }
}
