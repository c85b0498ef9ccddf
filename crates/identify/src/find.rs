//! Finds identifiers, contacts, dates, ages over 89 and addresses in text: everything that can be told by its shape, its
//! check digit, its calendar or the words around it. Names of people, places and organisations are not found here.
//!
//! One pass looks for places where something could be (digits, at-signs, dots inside words, spoken numbers); at each
//! a few hand-written readers look at a bounded number of bytes around it. There is no list of patterns that is tried
//! everywhere, so prose without numbers costs next to nothing.
//!
//! What must always hold: any bytes may come, nothing panics, time is linear in the text; findings are sorted, do not
//! overlap, and begin and end at characters where the text is UTF-8; the same text gives the same findings, whole or in
//! chunks cut anywhere ([`FindStream`]); beside the findings nothing is allocated.
//!
//! What it refuses to know: formats. It is given text; columns, segments and elements are the readers' business.

mod address;
mod age;
mod check;
mod crossing;
mod date;
mod day;
mod device;
mod issued;
mod label;
mod lexicon;
mod month;
mod national;
mod net;
mod number;
mod phone;
mod scan;
mod sift;
mod spoken;
mod stream;
mod unlabelled;
mod view;
mod zip;

pub(crate) use check::npi as is_npi;
pub use stream::FindStream;

use crate::phi::{Confidence, Finding};
use sift::Sift;
use view::View;

/// What is looked for, and how the text is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindOptions {
    /// Findings less sure than this are left out.
    pub confidence_min: Confidence,
    /// The text is searched part by part; a part ends at the first empty line from here on, in bytes.
    pub part_bytes_min: usize,
    /// A part ends here at the latest, in bytes; before that at a line's end, or at a blank. At least as much as
    /// `part_bytes_min`.
    pub part_bytes_max: usize,
    /// Before and after its part a reader sees this many bytes; what is longer, an address of the web for instance, is
    /// cut. Labels farther away are not seen either, but they have to be on the line anyway.
    pub margin_bytes: usize,
}

impl Default for FindOptions {
    /// Everything from 50 hundredths on; parts of 64 to 128 KiB with 2 KiB around them: the margins cost 3 % of work,
    /// and a stream holds 260 KiB.
    fn default() -> Self {
        Self {
            confidence_min: Confidence::new(50),
            part_bytes_min: 64 << 10,
            part_bytes_max: 128 << 10,
            margin_bytes: 2 << 10,
        }
    }
}

/// Finds identifiers in text. Costs nothing to make; the tables are built by the compiler.
#[derive(Debug, Clone, Copy, Default)]
pub struct Finder {
    options: FindOptions,
}

impl Finder {
    /// A finder with these options. A `part_bytes_max` below `part_bytes_min`, or zero, is raised.
    #[must_use]
    pub fn new(options: FindOptions) -> Self {
        let part_bytes_min = options.part_bytes_min.max(1);
        let part_bytes_max = options.part_bytes_max.max(part_bytes_min);
        Self { options: FindOptions { part_bytes_min, part_bytes_max, ..options } }
    }

    /// Appends what is found in `text` to `out`: sorted, not overlapping, places counted in bytes from the beginning of
    /// `text`. What `out` held before stays as it is.
    pub fn find(&self, text: &[u8], out: &mut Vec<Finding>) {
        let base = out.len();
        let mut start = 0;
        while start < text.len() {
            let end = start + self.part_end(&text[start..], true).unwrap_or(text.len() - start);
            let window = self.window(text, start, end);
            self.find_in(&text[window.0..window.1], (window.0, start, end), out, base);
            start = end;
        }
    }

    /// Searches one part. `places` are, in the whole text, where the window begins and where the part begins and ends.
    fn find_in(&self, window: &[u8], places: (usize, usize, usize), out: &mut Vec<Finding>, base: usize) {
        let (offset, start, end) = places;
        let kept = out.len();
        let mut sift = Sift::new(out, base, offset, (start, end));
        scan::scan(View { bytes: window, asked: &view::Asked::default() }, &mut sift);
        if self.options.confidence_min > Confidence::new(0) {
            // Only what was found here is looked at: a long text has many parts.
            let min = self.options.confidence_min;
            let mut to = kept;
            for from in kept..out.len() {
                if out[from].confidence >= min {
                    out.swap(to, from);
                    to += 1;
                }
            }
            out.truncate(to);
        }
    }

    /// Where the part that begins with `rest` ends, counted from there; none while more bytes could change it. It
    /// depends on the bytes alone and never on how they arrived.
    fn part_end(&self, rest: &[u8], is_all: bool) -> Option<usize> {
        let (min, max) = (self.options.part_bytes_min, self.options.part_bytes_max);
        let looked_at = &rest[..rest.len().min(max)];
        if rest.len() > min
            && let Some(at) = looked_at[min..].windows(2).position(|pair| pair == b"\n\n")
        {
            return Some(min + at + 2);
        }
        if rest.len() < max {
            return is_all.then_some(rest.len());
        }
        let last = |wanted: fn(&u8) -> bool| looked_at.iter().rposition(wanted).filter(|at| *at >= min / 2);
        let at_line = last(|byte| *byte == b'\n').map(|at| at + 1);
        let at_blank = || last(|byte| *byte == b' ' || *byte == b'\t').map(|at| at + 1);
        Some(at_line.or_else(at_blank).unwrap_or_else(|| before_character(looked_at, max)))
    }

    /// What a reader sees around the part.
    fn window(&self, text: &[u8], start: usize, end: usize) -> (usize, usize) {
        let margin = self.options.margin_bytes;
        let mut from = start.saturating_sub(margin);
        while from < start && text[from] & 0xc0 == 0x80 {
            from += 1;
        }
        let to = end.saturating_add(margin).min(text.len());
        (from, if to < text.len() { before_character(text, to).max(end) } else { to })
    }
}

/// The place, or up to three bytes before it, where no character of UTF-8 is cut. Never 0.
fn before_character(text: &[u8], place: usize) -> usize {
    let cut = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (place.saturating_sub(3).max(1)..=place).rev().find(|at| !cut(*at)).unwrap_or(place)
}
