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
mod cues;
mod features;
#[doc(hidden)]
pub mod learn;
pub(crate) mod lists;
mod memory;
mod model;
mod spans;
mod table;
mod token;

use crate::phi::Finding;
use block::Block;
use features::LineLabel;
use memory::Memory;
use model::{Judged, Model, Scores};
use spans::Span;
use std::sync::Mutex;
use table::Table;
use token::{Gap, Token, Words};

/// The lists, made by `cargo xtask train`.
static LISTS: &[u8] = include_bytes!("../data/names/lists.bin");
/// The weights, made by `cargo xtask train`.
static WEIGHTS: &[u8] = include_bytes!("../data/names/weights.bin");

/// Words that are looked at together. A stretch ends at a line end when it can, so that what belongs together stays so.
const BLOCK_WORDS: usize = 2_048;
/// Room for so many texts is kept: as many as are searched at once on a small machine.
const IDLE_MAX: usize = 4;
/// The words of longer texts are not kept until memory searches them, but cut again: they take eight times the text.
const KEPT_BYTES_MAX: usize = 256 << 10;

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

/// Whoever sees the words of a text pass by.
pub(crate) type Watching<'w> = &'w mut dyn FnMut(&Token);

/// Finds names. Costs nothing to make, and may be shared between threads.
///
/// Room for a text's words is kept for the next text, and with it what lists and weights said lately, by fingerprints of words and of
/// features: that is the same whatever was searched before, so no text has a part in what is found in another one.
pub struct Names {
    tagger: Tagger<'static>,
    idle: Mutex<Vec<Scratch>>,
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
        let tagger = Tagger { table: Table::new(LISTS), model: Model::new(WEIGHTS) };
        Self { tagger, idle: Mutex::default() }
    }

    /// Appends to `out` what `text` holds of names, places and organisations.
    ///
    /// The kinds are [`Identifier::Name`](crate::Identifier::Name), `Place` and `Organization`; what is appended is sorted
    /// by place and does not overlap itself. Offsets are bytes of `text`. Rules: `name.tagged`, `place.tagged`,
    /// `organization.tagged` (the model), `name.known`, `name.near_known` (structure), `name.repeated` (memory).
    pub fn find(&self, text: &str, known: &Known<'_>, out: &mut Vec<Finding>) {
        self.find_watched(text, known, out, None);
    }

    /// As [`Names::find`]; all words of the text pass by whoever watches, in order, so that nobody has to cut it once more.
    pub(crate) fn find_watched(
        &self,
        text: &str,
        known: &Known<'_>,
        out: &mut Vec<Finding>,
        watching: Option<Watching<'_>>,
    ) {
        let mut scratch = self.scratch();
        let (mut found, mut cued) = (Vec::new(), Vec::new());
        let mut memory = Memory::new(known, self.tagger.table);
        // A text is cut into words once, where its words are few enough to be kept.
        let kept = text.len() <= KEPT_BYTES_MAX;
        let mut tokens = std::mem::take(&mut scratch.tokens);
        tokens.clear();
        let keep = &mut |block: &Block| {
            cues::each(text, &block.words, &mut cued);
            if kept {
                tokens.extend(block.words.iter().map(|word| word.token));
            }
        };
        self.tagger.each_span(text, &mut scratch, keep, &mut |block, span| {
            let span = &spans::extended(&block.words, span);
            if spans::is_kept(&block.words[span.words.clone()], span) {
                memory.remember(&block.words[span.words.clone()], span);
                found.push(span.finding(block));
            }
        });
        if !cued.is_empty() {
            found.append(&mut cued);
            found.sort_by_key(|one: &Finding| one.start);
        }
        let table = self.tagger.table;
        match (kept, watching) {
            (true, None) => memory.search(text, tokens.iter().copied(), table, &mut found),
            (true, Some(watching)) => memory.search(text, tokens.iter().copied().inspect(watching), table, &mut found),
            (false, None) if memory.is_empty() => {}
            (false, None) => memory.search(text, Words::new(text), table, &mut found),
            (false, Some(watching)) => memory.search(text, Words::new(text).inspect(watching), table, &mut found),
        }
        out.append(&mut spans::joined(text, found));
        scratch.tokens = tokens;
        self.give_back(scratch);
    }

    /// Room that somebody has given back, or new one: nobody waits for it.
    fn scratch(&self) -> Scratch {
        self.idle.try_lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default()
    }

    fn give_back(&self, scratch: Scratch) {
        if let Ok(mut idle) = self.idle.try_lock()
            && idle.len() < IDLE_MAX
        {
            idle.push(scratch);
        }
    }
}

/// Lists and weights together.
struct Tagger<'a> {
    table: Table<'a>,
    model: Model<'a>,
}

impl Tagger<'_> {
    /// Calls `stretch` for every stretch of words, and `each` for every span that the model labels in it, in order.
    fn each_span(
        &self,
        text: &str,
        scratch: &mut Scratch,
        stretch: &mut dyn FnMut(&Block),
        each: &mut dyn FnMut(&Block, &Span),
    ) {
        let mut block = std::mem::take(&mut scratch.block);
        each_block(text, self.table, &mut block, &mut |block| {
            stretch(block);
            self.tag(block, text, scratch, each);
        });
        scratch.block = block;
    }

    fn tag(&self, block: &Block, text: &str, scratch: &mut Scratch, each: &mut dyn FnMut(&Block, &Span)) {
        let mut label = LineLabel::default();
        scratch.judged.reserve(block.words.len() / 3);
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
                scratch.scores.push(scratch.judged.scores(&self.model, (block, text), at, label));
                at += 1;
                if at >= block.words.len() || !block.words[at].active {
                    break;
                }
                label.step(&block.words, at);
            }
            spans::favour(&block.words[first..at], &mut scratch.scores);
            model::best(&scratch.scores, self.model.transitions(), &mut scratch.labels);
            spans::each(first, &scratch.labels, &scratch.scores, &mut |span| each(block, span));
        }
    }
}

/// Room for one text.
#[derive(Default)]
struct Scratch {
    block: Block,
    tokens: Vec<Token>,
    judged: Judged,
    scores: Vec<Scores>,
    labels: Vec<u8>,
}

/// Cuts a text into stretches and reads each.
fn each_block(text: &str, table: Table<'_>, block: &mut Block, each: &mut dyn FnMut(&Block)) {
    let mut words = Words::new(text);
    let mut waiting = Vec::with_capacity(BLOCK_WORDS.min(text.len() / 4 + 1));
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
fn cut_of(tokens: &[Token]) -> usize {
    let half = tokens.len() / 2;
    let last = |gap: Gap| tokens[half..].iter().rposition(|token| token.gap == gap).map(|at| at + half);
    last(Gap::Line).or_else(|| last(Gap::Stop)).unwrap_or(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::block::Block;
    use super::features::{LineLabel, features};
    use super::model::{Judged, Model};
    use super::table::Table;
    use super::token::hash_of;
    use super::{Known, LISTS, Names, Person, WEIGHTS, each_block};

    #[test]
    fn what_was_searched_before_changes_nothing() {
        let texts = [
            "Seen today: Maria Hernandez, referred by Dr. John O'Brien of Springfield General Hospital.",
            "patient john smith lives in springfield and works at the mill, mother is maria hernandez",
            "ASSESSMENT: WELL CHILD. MOTHER, MARIA HERNANDES, STATES THAT SHE IS WELL. J0HNSON, THOMAS",
            "",
            "Zo\u{eb} D\u{2019}Angelo's brother \u{2bb}Iolani; T\u{f4} Nguy\u{1ec5}n. Maria Hernandez.",
        ];
        let people = [Person { family: "Hernandez", given: "Maria", other: "" }];
        let kept = Names::new();
        let mut count = 0;
        for round in 0..3 {
            for (at, text) in texts.iter().enumerate() {
                let long = text.repeat(1 + (at + round) * 40);
                let known = Known { people: &people[..(at + round) % 2] };
                let (mut again, mut alone) = (Vec::new(), Vec::new());
                kept.find(&long, &known, &mut again);
                Names::new().find(&long, &known, &mut alone);
                assert_eq!(again, alone, "{text}");
                count += alone.len();
            }
        }
        assert!(count > 1_000, "{count}");
    }

    #[test]
    fn sums_that_are_kept_are_those_of_all_features() {
        let text =
            "Patient: Maria O'Brien-Smith. SMITH's mother, Zo\u{eb} Smith, saw Dr. J. Smith of St. Mary Hospital; \
                    smith and J0hnson were seen (Smith). Mary Hospital: Maria's Smith, Maria Smith\n"
                .repeat(60);
        let (model, mut judged, mut count) = (Model::new(WEIGHTS), Judged::default(), 0);
        judged.reserve(1);
        each_block(&text, Table::new(LISTS), &mut Block::default(), &mut |block| {
            let mut label = LineLabel::default();
            for at in 0..block.words.len() {
                label.step(&block.words, at);
                let kept = judged.scores(&model, (block, &text), at, label);
                assert_eq!(kept, model.scores(features(block, at, label, &text).as_slice()), "word {at}");
                count += usize::from(kept.iter().any(|score| *score != 0));
            }
        });
        assert!(count > 1_000, "{count}");
    }

    #[test]
    fn many_words_asked_at_once_get_what_each_gets_alone() {
        let words = "smith maria the hernandez springfield quxleyish aspirin".split(' ').map(hash_of);
        let hashes: Vec<u64> = words.chain((0..9_999).map(|at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        for bytes in [LISTS, &LISTS[..LISTS.len() / 2], &LISTS[..300_000], b"no lists"] {
            let (table, mut flags) = (Table::new(bytes), vec![7]);
            table.each_flags(&hashes, &mut flags);
            let alone: Vec<u32> = hashes.iter().map(|hash| table.flags(*hash)).collect();
            assert_eq!(flags, alone);
            assert!(flags.iter().any(|lists| *lists != 0) || bytes.len() < LISTS.len());
        }
    }

    /// Made by `cargo xtask train` from `data/names/*.txt`, `data/train/*.txt` and the shared lists; whether they are what
    /// training makes is told by `cargo xtask train --check`, which takes too long for a test.
    #[test]
    fn lists_and_weights_are_there_and_within_their_sizes() {
        assert!(LISTS.starts_with(b"SRNT") && (1_000_000..8 << 20).contains(&(LISTS.len() + WEIGHTS.len())));
        assert!(WEIGHTS.starts_with(b"SRNW") && WEIGHTS.len() <= 1 << 20);
    }
}
