//! What the model is asked about a word: its own look and lists, its neighbours, its run, its line.
//!
//! What must always hold: a word has at most [`FEATURES_MAX`] features; they depend on words at most a run away.
//!
//! What it refuses to know: weights and labels.

use super::block::{Block, Look, Word};
use super::model::ROW_BITS;
use super::table::{CITY, COMMON, COMPANY, ENGLISH, EPONYM, HEAD, REGION, VOCABULARY, given_class, surname_class};
use super::token::{Gap, Shape};

/// No word has more.
pub(crate) const FEATURES_MAX: usize = 48;

/// The features of one word, as rows of weights.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    rows: [u32; FEATURES_MAX],
    count: usize,
}

impl Features {
    /// No features.
    pub(crate) const NONE: Self = Self { rows: [0; FEATURES_MAX], count: 0 };

    /// The rows.
    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.rows[..self.count]
    }

    fn add(&mut self, id: u32, first: u32, second: u32) {
        let sum = u64::from(first).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ u64::from(second).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(31)
            ^ u64::from(id).wrapping_mul(0x1656_67b1_9e37_79f9);
        let mixed = (sum ^ (sum >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        if let Some(place) = self.rows.get_mut(self.count) {
            *place = (mixed >> (64 - ROW_BITS)) as u32;
            self.count += 1;
        }
    }
}

/// What stands where there is no word.
const NOTHING: u32 = u32::MAX;

/// The label of a line: the word before the last colon, and how many words ago that was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LineLabel {
    lex: u32,
    lex_before: u32,
    words_ago: u32,
    /// Words since the line began.
    position: u32,
}

impl LineLabel {
    /// Goes on to word `at`.
    pub(crate) fn step(&mut self, words: &[Word], at: usize) {
        self.words_ago += 1;
        self.position += 1;
        match words[at].token.gap {
            Gap::Start | Gap::Line => *self = Self { words_ago: 100, ..Self::default() },
            Gap::Colon if at > 0 => {
                let lex_before = if at > 1 { words[at - 2].lex } else { NOTHING };
                *self = Self { lex: words[at - 1].lex, lex_before, words_ago: 0, position: self.position };
            }
            Gap::Cell => self.words_ago = 100,
            _ => {}
        }
    }
}

/// The features of word `at` of a block.
pub(crate) fn features(block: &Block, at: usize, label: LineLabel, text: &str) -> Features {
    let mut out = own(&block.words[at], text);
    surroundings(&mut out, block, at, label, text);
    out
}

/// Those features of word `at` that its surroundings have a part in.
pub(crate) fn around(block: &Block, at: usize, label: LineLabel, text: &str) -> Features {
    let mut out = Features::NONE;
    surroundings(&mut out, block, at, label, text);
    out
}

fn surroundings(out: &mut Features, block: &Block, at: usize, label: LineLabel, text: &str) {
    let words = &block.words;
    let word = &words[at];
    if word.pair != 0 {
        out.add(12, word.pair, word.look as u32);
    }
    neighbours(out, words, at);
    if let Some(next) = words.get(at + 1).filter(|next| next.look == Look::Lower || next.look == Look::LowerText) {
        let spelled = &text[next.token.start..next.token.end];
        out.add(45, ending(spelled, 2), word.class);
        out.add(46, ending(spelled, 3), word.look as u32 | u32::from(next.flags & VOCABULARY != 0) << 4);
    }
    run(out, block, at);
    let class_here = word.class;
    let far = label.words_ago.min(5);
    if label.words_ago < 5 {
        out.add(40, label.lex, far);
        out.add(41, label.lex ^ label.lex_before.rotate_left(9), 0);
        out.add(42, label.lex, class_here);
    }
    out.add(43, label.position.min(3), word.look as u32);
}

/// What [`own`] follows from: words for which these are the same have the same features of their own. Nothing for a word that has
/// other letters than its hash tells of.
pub(crate) const fn own_key(word: &Word) -> Option<(u64, u32)> {
    let rest = word.look as u32 | (word.token.gap as u32) << 8 | (word.token.possessive as u32) << 16;
    if word.token.plain { Some((word.token.hash, rest)) } else { None }
}

/// The features that a word has wherever it stands: how it is spelled and written, what the lists say of it, and what stands before it.
pub(crate) fn own(word: &Word, text: &str) -> Features {
    let mut features = Features::NONE;
    let out = &mut features;
    let class_here = word.class;
    let look = word.look as u32;
    let spelled = &text[word.token.start..word.token.end];
    out.add(0, 0, 0);
    out.add(1, word.lex, look);
    out.add(2, class_here, look);
    out.add(3, word.flags & !VOCABULARY, 0);
    let word_like = u32::from(word.flags & ENGLISH != 0) | u32::from(word.flags & COMMON != 0) << 1;
    out.add(44, given_class(word.flags) << 3 | surname_class(word.flags), word_like << 4 | look);
    out.add(4, word.token.gap as u32, look);
    out.add(5, letters(word).min(8), look);
    if word.flags & VOCABULARY == 0 {
        out.add(6, ending(spelled, 3), look);
        out.add(7, ending(spelled, 2), class_here);
        out.add(8, ending(spelled, 4), 0);
        out.add(9, beginning(spelled), look);
    }
    if word.token.possessive {
        out.add(10, class_here, look);
    }
    if word.token.shape == Shape::Damaged {
        out.add(11, class_here, 0);
    }
    features
}

fn neighbours(out: &mut Features, words: &[Word], at: usize) {
    let near = |offset: isize| at.checked_add_signed(offset).and_then(|index| words.get(index));
    let lex = |offset: isize| near(offset).map_or(NOTHING, |word| word.lex);
    let class_at = |offset: isize| near(offset).map_or(NOTHING, |word| word.class << 4 | word.look as u32);
    let gap = words[at].token.gap as u32;
    let gap_after = near(1).map_or(99, |next| next.token.gap as u32);
    let here = words[at].class << 4 | words[at].look as u32;
    out.add(13, lex(-1), gap);
    out.add(14, lex(1), gap_after);
    out.add(15, lex(-2), 0);
    out.add(16, lex(2), 0);
    out.add(17, lex(-1), lex(-2));
    out.add(18, lex(-1), here);
    out.add(19, lex(1), here);
    out.add(20, class_at(-1) << 5 | gap, here);
    out.add(21, class_at(1) << 5 | gap_after, here);
    out.add(22, gap << 8 | gap_after, here);
    out.add(23, class_at(-1), class_at(1));
    out.add(24, lex(1), lex(2));
    out.add(25, lex(-1), lex(1));
    let region_after = near(1).is_some_and(|next| next.flags & REGION != 0);
    out.add(26, u32::from(region_after) << 8 | gap_after, words[at].look as u32);
    if let Some(before) = near(-1)
        && before.pair != 0
    {
        out.add(27, before.pair, words[at].look as u32);
    }
}

fn run(out: &mut Features, block: &Block, at: usize) {
    let words = &block.words;
    let (first, last) = (block.runs[at].0 as usize, block.runs[at].1 as usize);
    let look = words[at].look as u32;
    let lex = |index: Option<usize>| index.and_then(|found| words.get(found)).map_or(NOTHING, |word| word.lex);
    let gap_first = words[first].token.gap as u32;
    let gap_after = words.get(last + 1).map_or(99, |word| word.token.gap as u32);
    let from_start = u32::try_from((at - first).min(3)).unwrap_or(3);
    let from_end = u32::try_from((last - at).min(3)).unwrap_or(3);
    out.add(28, from_start << 4 | from_end, look);
    out.add(29, lex(first.checked_sub(1)) ^ gap_first, from_start.min(1));
    out.add(30, lex(Some(last + 1)) ^ gap_after, from_end.min(1));
    out.add(31, words[last].lex, from_end.min(1) << 1 | u32::from(words[last].flags & HEAD != 0));
    let region = words.get(last + 1).is_some_and(|word| word.flags & REGION != 0);
    out.add(32, u32::from(region) << 8 | gap_after, words[at].class);
    // The nearest noun of organisations ahead, within the longest name that is usual.
    let ahead = &words[at..(at + 6).min(last + 1)];
    if let Some(distance) = ahead.iter().position(|word| word.flags & HEAD != 0) {
        out.add(33, u32::try_from(distance).unwrap_or(6), look);
        out.add(34, ahead[distance].lex, u32::from(distance == 0));
    }
    let behind = &words[first.max(at.saturating_sub(6))..at];
    if behind.iter().any(|word| word.flags & HEAD != 0) {
        out.add(35, words[at].lex, look);
    }
    let all = &words[first..(last + 1).min(first + 8)];
    let any = |flag: u32| u32::from(all.iter().any(|word| (word.flags | word.pair) & flag != 0));
    out.add(36, any(HEAD) | any(COMPANY) << 1 | any(EPONYM) << 2 | any(CITY) << 3, words[at].class);
    if words[at].look != Look::Initial {
        out.add(37, lex(first.checked_sub(1)), words[last].class);
    }
}

fn letters(word: &Word) -> u32 {
    u32::try_from(word.token.end - word.token.start).unwrap_or(u32::MAX)
}

/// The last `count` bytes in small letters, as one number.
fn ending(spelled: &str, count: usize) -> u32 {
    let from = spelled.len().saturating_sub(count);
    spelled.as_bytes()[from..].iter().fold(1, |sum: u32, byte| sum << 8 | u32::from(byte.to_ascii_lowercase()))
}

/// The first three bytes in small letters, as one number.
fn beginning(spelled: &str) -> u32 {
    spelled.as_bytes().iter().take(3).fold(1, |sum: u32, byte| sum << 8 | u32::from(byte.to_ascii_lowercase()))
}
