//! Findings of a text that arrives in chunks.
//!
//! What must always hold: whatever the chunks, the findings are those of the whole text; no more than two parts
//! with their margins, about 260 KiB with the usual options, are held.

use super::{FindOptions, Finder};
use crate::phi::Finding;

/// A search through a text that arrives in chunks.
#[derive(Debug, Default)]
pub struct FindStream {
    finder: Finder,
    /// What has arrived and is still needed: the margin before the next part, and what follows.
    held: Vec<u8>,
    /// Where `held` begins in the whole text.
    offset: usize,
    /// Where the next part begins in the whole text.
    next: usize,
    /// The last finding, already handed out, and those of the part at hand.
    found: Vec<Finding>,
}

impl FindStream {
    /// A search with these options.
    #[must_use]
    pub fn new(options: FindOptions) -> Self {
        Self { finder: Finder::new(options), ..Self::default() }
    }

    /// Takes the next chunk and gives `sink` the findings that no later byte can change, in order, with places counted
    /// from the beginning of the whole text.
    pub fn push(&mut self, chunk: &[u8], mut sink: impl FnMut(Finding)) {
        // Large chunks go in by pieces, so that what is held stays small.
        for piece in chunk.chunks(self.finder.options.part_bytes_max) {
            self.held.extend_from_slice(piece);
            while self.step(false, &mut sink) {}
            self.forget();
        }
    }

    /// The text has ended: gives `sink` the rest.
    pub fn finish(mut self, mut sink: impl FnMut(Finding)) {
        while self.step(true, &mut sink) {}
    }

    /// Searches one part, if all is there that decides it.
    fn step(&mut self, is_all: bool, sink: &mut impl FnMut(Finding)) -> bool {
        let begin = self.next - self.offset;
        if begin >= self.held.len() {
            return false;
        }
        // Nothing is looked at before the longest part and its margin could be there: then each byte is looked at once
        // however small the chunks. One byte more, because whether a character is cut shows only after it.
        let FindOptions { part_bytes_max, margin_bytes, .. } = self.finder.options;
        if !is_all && self.held.len() - begin <= part_bytes_max + margin_bytes {
            return false;
        }
        let Some(length) = self.finder.part_end(&self.held[begin..], is_all) else { return false };
        let end = begin + length;
        let window = self.finder.window(&self.held, begin, end);
        let places = (self.offset + window.0, self.next, self.offset + end);
        let handed_out = self.found.len();
        self.finder.find_in(&self.held[window.0..window.1], places, &mut self.found, 0);
        self.found[handed_out..].iter().copied().for_each(&mut *sink);
        let last = self.found.len().saturating_sub(1);
        self.found.drain(..last);
        self.next = self.offset + end;
        true
    }

    /// Drops what no part will see again. Three bytes more than the margin are kept, so that a character that begins
    /// before it can be told.
    fn forget(&mut self) {
        let begin = self.next - self.offset;
        let drop = begin.saturating_sub(self.finder.options.margin_bytes + 3);
        if drop > 0 {
            self.held.drain(..drop);
            self.offset += drop;
        }
    }
}
