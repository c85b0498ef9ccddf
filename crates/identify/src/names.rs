//! Names of people, places smaller than a state, and organisations in running text.
//!
//! Three witnesses are heard: what structure says of the people concerned ([`Known`], searched exactly and within one
//! edit), a small linear model over word lists, and the document's own memory (a name found once with good confidence is
//! marked everywhere).
//!
//! What must always hold: the same text gets the same findings everywhere; findings are sorted, do not overlap, and begin
//! and end on character boundaries; time is linear in the text whatever it is; nothing is built at start, lists and
//! weights are used as the bytes that they are.
//!
//! What it refuses to know: identifiers with digits, addresses and dates (`find`), and what becomes of a finding.
//!
//! Lists and weights are made from the texts in `data/` by `cargo xtask train`; see `data/names/NOTICE`.

mod block;
mod features;
#[doc(hidden)]
pub mod learn;
mod memory;
mod model;
mod spans;
mod table;
mod token;

use crate::phi::Finding;
use block::Block;
use features::{LineLabel, features};
use memory::Memory;
use model::{Model, Scores};
use spans::Span;
use table::Table;
use token::{Gap, Words};

/// The lists, made by `cargo xtask train`.
static LISTS: &[u8] = include_bytes!("../data/names/lists.bin");
/// The weights, made by `cargo xtask train`.
static WEIGHTS: &[u8] = include_bytes!("../data/names/weights.bin");

/// Words that are looked at together. A stretch ends at a line end when it can, so that what belongs together stays so.
const BLOCK_WORDS: usize = 2_048;

/// A person of whom structure tells: an HL7 segment, a FHIR resource, columns of a table, the customer's index.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Family name or names; may be empty.
    pub family: &'a str,
    /// Given name or names; may be empty.
    pub given: &'a str,
    /// Middle, maiden and other names, in any order with blanks between them; may be empty.
    pub other: &'a str,
}

/// What is known of the people that a text is about, before it is read.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// The patient, relatives, providers. The first 64 are also searched within one edit.
    pub people: &'a [Person<'a>],
}

/// Finds names. Costs nothing to make, and may be shared between threads.
pub struct Names {
    tagger: Tagger<'static>,
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    /// With the lists and weights that this program was built with.
    #[must_use]
    pub fn new() -> Self {
        Self { tagger: Tagger { table: Table::new(LISTS), model: Model::new(WEIGHTS) } }
    }

    /// Appends to `out` what `text` holds of names, places and organisations.
    ///
    /// The kinds are [`Identifier::Name`](crate::Identifier::Name), `Place` and `Organization`; what is appended is sorted
    /// by place and does not overlap itself. Offsets are bytes of `text`. Rules: `name.tagged`, `place.tagged`,
    /// `organization.tagged` (the model), `name.known`, `name.near_known` (structure), `name.repeated` (memory).
    pub fn find(&self, text: &str, known: &Known<'_>, out: &mut Vec<Finding>) {
        let mut found = Vec::new();
        let mut memory = Memory::new(known, self.tagger.table);
        self.tagger.each_span(text, &mut |block, span| {
            let span = &spans::extended(&block.words, span);
            if spans::is_kept(&block.words[span.words.clone()], span) {
                memory.remember(&block.words[span.words.clone()], span);
                found.push(span.finding(block));
            }
        });
        memory.search(text, self.tagger.table, &mut found);
        out.append(&mut spans::joined(text, found));
    }
}

/// Lists and weights together.
struct Tagger<'a> {
    table: Table<'a>,
    model: Model<'a>,
}

impl Tagger<'_> {
    /// Calls `each` for every span that the model labels, in order.
    fn each_span(&self, text: &str, each: &mut dyn FnMut(&Block, &Span)) {
        let mut block = Block::default();
        let mut scratch = Scratch::default();
        each_block(text, self.table, &mut block, &mut |block| self.tag(block, text, &mut scratch, each));
    }

    fn tag(&self, block: &Block, text: &str, scratch: &mut Scratch, each: &mut dyn FnMut(&Block, &Span)) {
        let mut label = LineLabel::default();
        let mut at = 0;
        while at < block.words.len() {
            label.step(&block.words, at);
            if !block.words[at].active {
                at += 1;
                continue;
            }
            let first = at;
            scratch.scores.clear();
            loop {
                scratch.scores.push(self.model.scores(features(block, at, label, text).as_slice()));
                at += 1;
                if at >= block.words.len() || !block.words[at].active {
                    break;
                }
                label.step(&block.words, at);
            }
            spans::favour(&mut scratch.scores);
            model::best(&scratch.scores, self.model.transitions(), &mut scratch.labels);
            spans::each(first, &scratch.labels, &scratch.scores, &mut |span| each(block, span));
        }
    }
}

#[derive(Default)]
struct Scratch {
    scores: Vec<Scores>,
    labels: Vec<u8>,
}

/// Cuts a text into stretches and reads each.
fn each_block(text: &str, table: Table<'_>, block: &mut Block, each: &mut dyn FnMut(&Block)) {
    let mut words = Words::new(text);
    let mut waiting = Vec::with_capacity(BLOCK_WORDS);
    loop {
        let missing = BLOCK_WORDS - waiting.len();
        waiting.extend(words.by_ref().take(missing));
        let whole = waiting.len() < BLOCK_WORDS;
        let cut = if whole { waiting.len() } else { cut_of(&waiting) };
        block.read(text, &waiting[..cut], table);
        each(block);
        waiting.drain(..cut);
        if whole {
            return;
        }
    }
}

/// Where a full stretch ends: the last line end in its second half, else the last sentence end there, else its end.
fn cut_of(tokens: &[token::Token]) -> usize {
    let half = tokens.len() / 2;
    let last = |gap: Gap| tokens[half..].iter().rposition(|token| token.gap == gap).map(|at| at + half);
    last(Gap::Line).or_else(|| last(Gap::Stop)).unwrap_or(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::{LISTS, WEIGHTS};

    /// Made by `cargo xtask train` from `data/names/*.txt`, `data/train/*.txt` and the shared lists; whether they are what
    /// training makes is told by `cargo xtask train --check`, which takes too long for a test.
    #[test]
    fn lists_and_weights_are_there_and_within_their_sizes() {
        assert!(LISTS.starts_with(b"SRNT") && (1_000_000..8 << 20).contains(&(LISTS.len() + WEIGHTS.len())));
        assert!(WEIGHTS.starts_with(b"SRNW") && WEIGHTS.len() <= 1 << 20);
    }
}
