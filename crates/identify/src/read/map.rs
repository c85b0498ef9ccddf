//! From a place in the text back to the bytes that it was read from.
//!
//! A map is a short list of runs, each of which says how one stretch of text came out of one stretch of bytes; text
//! that is the bytes themselves is one run, whatever its length. Looking up is a binary search.
//!
//! What must always hold: runs stand in the order of the text and of the source; each byte of the text belongs to
//! exactly one run; what lies between two runs in the source is structure that no text was made of.
//!
//! What it refuses to know: formats. How a new text is written at a place is [`super::escape`]'s.

use super::escape::Escape;
use super::layer::Layer;
use std::ops::Range;
use std::sync::Arc;

/// How a stretch of text came out of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Byte for byte.
    Same,
    /// Each byte of text is two of the source: ASCII in UTF-16.
    Wide,
    /// Each two bytes of text are one of the source: Latin letters of a charset of single bytes.
    Narrow,
    /// Three bytes of text are four letters of the source: base64.
    Base64,
    /// All of it together is all of the source together: an escape.
    Atom,
    /// Structure: a separator, a label, the markup between two texts. It cannot be edited.
    Gap,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// First byte in the source.
    pub(super) source: usize,
    /// First byte in the text. Texts are portions and stay far below 4 GiB.
    pub(super) text: u32,
    /// Bytes in the source.
    pub(super) long: u32,
    pub(super) how: How,
    pub(super) escape: Escape,
}

impl Run {
    fn start_of(&self, far: usize) -> usize {
        match self.how {
            How::Same => self.source + far,
            How::Wide => self.source + far * 2,
            How::Narrow => self.source + far / 2,
            How::Base64 => self.source + (far / 3 * 4).min(self.long as usize),
            How::Atom | How::Gap => self.source,
        }
    }

    /// Where the source of the text before `far` ends; `far` is at least 1.
    fn end_of(&self, far: usize) -> usize {
        match self.how {
            How::Same => self.source + far,
            How::Wide => self.source + far * 2,
            How::Narrow => self.source + far.div_ceil(2),
            How::Base64 => self.source + (far.div_ceil(3) * 4).min(self.long as usize),
            How::Atom | How::Gap => self.source + self.long as usize,
        }
    }
}

/// Where each byte of a text came from.
#[derive(Debug, Clone, Default)]
pub struct OffsetMap {
    pub(super) runs: Vec<Run>,
    pub(super) text_bytes: usize,
    /// What the source of this map was itself read from: a charset, a transfer encoding, a packed file.
    pub(super) under: Option<Arc<Layer>>,
}

impl OffsetMap {
    /// The map of a text that is the bytes themselves.
    #[must_use]
    pub fn identity(text_bytes: usize) -> Self {
        let run = Run { source: 0, text: 0, long: 0, how: How::Same, escape: Escape::Plain };
        Self { runs: vec![run], text_bytes, under: None }
    }

    /// The bytes that a stretch of text was read from: of the file as it lies on disk, or, where a packed part has no
    /// place of its own there (zip, gzip, PDF), of the part as it is unpacked. Ends outside the text are taken as
    /// the nearest that are inside.
    ///
    /// A part of an escape is the whole escape. Two lookups at most for each encoding that lies under the text.
    #[must_use]
    pub fn source(&self, range: Range<usize>) -> Range<u64> {
        let mut found = self.here(range);
        let mut under = self.under.as_ref();
        while let Some(layer) = under {
            let Some(map) = layer.map() else { break };
            found = map.here(found);
            under = layer.under();
        }
        found.start as u64..found.end as u64
    }

    /// The bytes in what lies directly under the text.
    pub(super) fn here(&self, range: Range<usize>) -> Range<usize> {
        let start = range.start.min(self.text_bytes);
        let end = range.end.clamp(start, self.text_bytes);
        if self.runs.is_empty() {
            return 0..0;
        }
        if start == end {
            let at = if start < self.text_bytes {
                let run = &self.runs[self.run_at(start)];
                run.start_of(start - run.text as usize)
            } else {
                self.end_at(end)
            };
            return at..at;
        }
        let first = &self.runs[self.run_at(start)];
        let from = first.start_of(start - first.text as usize);
        from..self.end_at(end).max(from)
    }

    /// Where the source of the text before `end` ends.
    fn end_at(&self, end: usize) -> usize {
        if end == 0 {
            return self.runs[0].source;
        }
        let run = &self.runs[self.run_at(end - 1)];
        run.end_of(end - run.text as usize)
    }

    /// The run that holds this byte of the text.
    pub(super) fn run_at(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.text as usize <= at).saturating_sub(1)
    }

    /// The text of a run.
    pub(super) fn text_of(&self, run: usize) -> Range<usize> {
        let end = self.runs.get(run + 1).map_or(self.text_bytes, |next| next.text as usize);
        self.runs[run].text as usize..end
    }

    /// Adds a run behind the last; one that continues the last becomes part of it.
    pub(super) fn push(&mut self, text_bytes: usize, source: Range<usize>, how: How, escape: Escape) {
        if text_bytes == 0 {
            return;
        }
        let text = self.text_bytes;
        self.text_bytes += text_bytes;
        let long = u32::try_from(source.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.runs.last_mut() {
            let joins = matches!(how, How::Same | How::Wide | How::Narrow)
                && last.how == how
                && last.escape == escape
                && last.start_of(text - last.text as usize) == source.start;
            if joins {
                last.long = last.long.saturating_add(long);
                return;
            }
        }
        self.runs.push(Run { source: source.start, text: u32::try_from(text).unwrap_or(u32::MAX), long, how, escape });
    }
}

#[cfg(test)]
mod tests {
    use super::{Escape, How, OffsetMap};

    #[test]
    fn an_identity_is_one_run_and_says_what_it_is_asked() {
        let map = OffsetMap::identity(10);
        assert_eq!(map.runs.len(), 1);
        assert_eq!(map.source(2..5), 2..5);
        assert_eq!(map.source(10..10), 10..10);
        assert_eq!(map.source(8..99), 8..10);
    }

    #[test]
    fn a_part_of_an_escape_is_the_whole_escape() {
        let mut map = OffsetMap::default();
        map.push(2, 0..2, How::Same, Escape::Plain);
        map.push(1, 2..7, How::Atom, Escape::Plain);
        map.push(4, 7..9, How::Narrow, Escape::Plain);
        map.push(2, 9..13, How::Wide, Escape::Plain);
        assert_eq!(map.source(0..3), 0..7);
        assert_eq!(map.source(2..3), 2..7);
        assert_eq!(map.source(3..5), 7..8);
        assert_eq!(map.source(5..9), 8..13);
        assert_eq!(map.source(8..9), 11..13);
    }

    #[test]
    fn bytes_that_follow_each_other_stay_one_run() {
        let mut map = OffsetMap::default();
        map.push(2, 5..7, How::Same, Escape::Plain);
        map.push(2, 7..9, How::Same, Escape::Plain);
        map.push(2, 10..12, How::Same, Escape::Plain);
        assert_eq!(map.runs.len(), 2);
        assert_eq!(map.source(1..5), 6..11);
    }
}
