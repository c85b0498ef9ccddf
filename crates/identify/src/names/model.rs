//! The weights of the tagger, and the best row of labels for a row of words.
//!
//! What must always hold: weights are whole numbers and are used as their bytes are, so that the same text gets the same
//! labels on every machine; weights that are cut short or damaged find nothing and never panic.
//!
//! What it refuses to know: what a feature means, but for which of them a word has wherever it stands, and how the weights came to be.
//!
//! Form: `SRNW`, version 2 (u32), transitions (8 rows for the label before, of which the first is "nothing before", times
//! 8 labels, i16 each), then 131,072 rows of 7 weights (i8), one row for each value of a feature's hash. Little-endian.

use super::block::{Block, Word};
use super::features::{Features, LineLabel, around, own, own_key};

/// Labels: outside; beginning and inside of a name, a place, an organisation.
pub(crate) const LABELS: usize = 7;
/// No name.
pub(crate) const OUTSIDE: usize = 0;
/// Rows of weights.
pub(crate) const ROWS: usize = 1 << ROW_BITS;
/// Bits of a feature's hash.
pub(crate) const ROW_BITS: u32 = 17;
/// Scores of one word: the labels, and one that is always 0, so that they are one register.
pub(crate) const LANES: usize = 8;
/// What the bytes begin with.
pub(crate) const MAGIC: &[u8; 4] = b"SRNW";
/// The form above.
pub(crate) const VERSION: u32 = 2;
const TRANSITION_BYTES: usize = (LABELS + 1) * LANES * 2;
const HEADER_BYTES: usize = 8;

/// Scores of one word, one for each label.
pub(crate) type Scores = [i32; LANES];
/// Sums of weights before the last lane, which has the next row's, is left out.
type Sum = [i16; LANES];
/// What follows what: row 0 when nothing stands before, row 1 + label otherwise.
pub(crate) type Transitions = [[i32; LANES]; LABELS + 1];

/// A score that no path takes.
const NEVER: i32 = i32::MIN / 4;

/// The first label of a kind is odd, its inside follows.
pub(crate) const fn is_inside(label: usize) -> bool {
    label != OUTSIDE && label.is_multiple_of(2)
}

/// May `label` follow `before`.
pub(crate) const fn may_follow(before: usize, label: usize) -> bool {
    !is_inside(label) || before == label || before + 1 == label
}

/// The weights, borrowed.
pub(crate) struct Model<'a> {
    rows: &'a [u8],
    transitions: Transitions,
}

impl<'a> Model<'a> {
    /// Takes the bytes as they are; anything that is no model has weights of 0.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut transitions = [[0; LANES]; LABELS + 1];
        let rows_at = HEADER_BYTES + TRANSITION_BYTES;
        let whole = bytes.starts_with(MAGIC) && bytes.len() == rows_at + ROWS * LABELS && bytes[4] == 2;
        if !whole {
            return Self { rows: &[], transitions };
        }
        let numbers = bytes[HEADER_BYTES..rows_at].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
        for (place, number) in transitions.iter_mut().flatten().zip(numbers) {
            *place = i32::from(number);
        }
        Self { rows: &bytes[rows_at..], transitions }
    }

    /// The sum over a word's features.
    #[cfg(test)]
    pub(crate) fn scores(&self, features: &[u32]) -> Scores {
        scores(self.sum(features), [0; LANES])
    }

    fn sum(&self, features: &[u32]) -> Sum {
        // Sums of [`FEATURES_MAX`](super::features::FEATURES_MAX) weights of eight bits are far within sixteen.
        let mut sum = [0_i16; LANES];
        for &feature in features {
            let at = feature as usize * LABELS;
            // Eight weights at once are one register: the last is the next row's and is left out below.
            if let Some(row) = self.rows.get(at..at + LANES).and_then(|row| row.first_chunk::<LANES>()) {
                for (total, weight) in sum.iter_mut().zip(row) {
                    *total = total.wrapping_add(i16::from(weight.cast_signed()));
                }
            } else if let Some(row) = self.rows.get(at..at + LABELS) {
                for (total, weight) in sum.iter_mut().zip(row) {
                    *total = total.wrapping_add(i16::from(weight.cast_signed()));
                }
            }
        }
        sum
    }

    /// What follows what.
    pub(crate) const fn transitions(&self) -> &Transitions {
        &self.transitions
    }
}

/// Two sums as one, the last lane left out.
fn scores(one: Sum, other: Sum) -> Scores {
    let mut all: Scores = std::array::from_fn(|lane| i32::from(one[lane].wrapping_add(other[lane])));
    all[LABELS] = 0;
    all
}

/// What was added up lately: words as they are spelled and written, and surroundings. What stands in a text twice, or is searched again
/// after a few of its words were changed, is not added up again. The weights are larger than what a processor keeps near.
#[derive(Default)]
pub(crate) struct Judged {
    words: Vec<Spelled>,
    surroundings: Vec<(Features, Sum)>,
}

/// The sum over a word's own features, and what they follow from.
#[derive(Clone)]
struct Spelled {
    key: (u64, u32),
    sum: Sum,
}

/// Slots for a short text and for a long one.
const JUDGED_MIN: usize = 64;
const JUDGED_MAX: usize = 1_024;
/// No word is written so.
const NO_WORD: (u64, u32) = (0, u32::MAX);

impl Judged {
    /// Makes room for so many words.
    pub(crate) fn reserve(&mut self, words: usize) {
        let wanted = words.next_power_of_two().clamp(JUDGED_MIN, JUDGED_MAX);
        if self.surroundings.len() < wanted {
            self.surroundings.clear();
            // No word is without surroundings, so that none are taken for an empty slot.
            self.surroundings.resize(wanted, (Features::NONE, [0; LANES]));
            self.words.clear();
            self.words.resize(wanted * 2, Spelled { key: NO_WORD, sum: [0; LANES] });
        }
    }

    /// What the model says of word `at` of a block.
    pub(crate) fn scores(
        &mut self,
        model: &Model<'_>,
        (block, text): (&Block, &str),
        at: usize,
        label: LineLabel,
    ) -> Scores {
        let own = self.own(model, &block.words[at], text);
        scores(own, self.around(model, &around(block, at, label, text)))
    }

    fn own(&mut self, model: &Model<'_>, word: &Word, text: &str) -> Sum {
        let add = || model.sum(own(word, text).as_slice());
        let Some(key) = own_key(word) else { return add() };
        let slot = (key.0 >> 40) as usize ^ (key.1.wrapping_mul(0x9e37_79b1) >> 16) as usize;
        let slot = slot & (self.words.len() - 1);
        let known = &mut self.words[slot];
        if known.key != key {
            *known = Spelled { key, sum: add() };
        }
        known.sum
    }

    fn around(&mut self, model: &Model<'_>, features: &Features) -> Sum {
        let rows = features.as_slice();
        let sum = rows.iter().fold(0_u32, |sum, row| sum.wrapping_add(*row));
        let slot = (sum.wrapping_mul(0x9e37_79b1) >> 16) as usize & (self.surroundings.len() - 1);
        let (asked, known) = &mut self.surroundings[slot];
        if asked.as_slice() != rows {
            *asked = *features;
            *known = model.sum(rows);
        }
        *known
    }
}

/// The row of labels with the highest sum; `labels` is cleared first.
pub(crate) fn best(scores: &[Scores], transitions: &Transitions, labels: &mut Vec<u8>) {
    labels.clear();
    let Some(first) = scores.first() else { return };
    let mut sums = [NEVER; LABELS];
    for (label, sum) in sums.iter_mut().enumerate() {
        if !is_inside(label) {
            *sum = first[label] + transitions[0][label];
        }
    }
    let mut back: Vec<[u8; LABELS]> = Vec::with_capacity(scores.len());
    back.push([0; LABELS]);
    for row in &scores[1..] {
        let mut next = [NEVER; LABELS];
        let mut from = [0; LABELS];
        for label in 0..LABELS {
            for before in 0..LABELS {
                if may_follow(before, label) {
                    let sum = sums[before] + transitions[before + 1][label];
                    if sum > next[label] {
                        next[label] = sum;
                        from[label] = u8::try_from(before).unwrap_or(0);
                    }
                }
            }
            next[label] = (next[label] + row[label]).max(NEVER);
        }
        sums = next;
        back.push(from);
    }
    let mut label = (0..LABELS).max_by_key(|&label| (sums[label], LABELS - label)).unwrap_or(OUTSIDE);
    labels.resize(scores.len(), 0);
    for at in (0..scores.len()).rev() {
        labels[at] = u8::try_from(label).unwrap_or(0);
        label = back[at][label] as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::{LABELS, LANES, Model, best};

    #[test]
    fn an_inside_never_stands_without_its_beginning() {
        let mut wants_inside = [0; LANES];
        wants_inside[2] = 100;
        let mut wants_other = [0; LANES];
        wants_other[4] = 90;
        let mut labels = Vec::new();
        best(&[wants_inside, wants_other, wants_inside], &[[0; LANES]; LABELS + 1], &mut labels);
        for (at, &label) in labels.iter().enumerate() {
            let before = at.checked_sub(1).map_or(0, |index| labels[index]);
            assert!(super::may_follow(before as usize, label as usize), "{labels:?}");
        }
    }

    #[test]
    fn damaged_weights_score_nothing() {
        assert_eq!(Model::new(b"SRNW\x02\0\0\0").scores(&[1, 2, 3]), [0; LANES]);
    }
}
