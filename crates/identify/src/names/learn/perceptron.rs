//! The averaged structured perceptron (Collins 2002) that sets the weights.
//!
//! What must always hold: whole numbers only, so that the result does not depend on the machine; one pass over samples
//! that never repeat.
//!
//! What it refuses to know: what features mean.

use super::Sources;
use super::corpus::{Corpus, Sample};
use crate::names::block::Block;
use crate::names::each_block;
use crate::names::features::{Features, LineLabel, features};
use crate::names::model::{LABELS, LANES, MAGIC, OUTSIDE, ROWS, Scores, Transitions, VERSION, best, is_inside};
use crate::names::table::Table;
use crate::phi::Identifier;

/// How many samples are seen. More gain nothing measurable on other people's texts.
const SAMPLES: u64 = 1_200_000;
/// A label must win by this much, in weights, to count as learnt.
const MARGIN: i32 = 14;
/// A missed name must be avoided by more: recall counts for more than precision here.
const MARGIN_MISSED: i32 = 30;

/// What training saw.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Different training texts.
    pub templates: usize,
    /// Names in braces in them that nothing stands behind: mistakes.
    pub unknown: Vec<String>,
    /// Words with a label of a name.
    pub words_named: u64,
    /// Those of them that are never asked about: the lists and looks do not make them candidates.
    pub words_never_asked: u64,
    /// Rows of weights that are in use.
    pub rows_used: usize,
}

struct Learner {
    weights: Vec<[i32; LANES]>,
    sums: Vec<[i64; LANES]>,
    transitions: Transitions,
    transition_sums: [[i64; LANES]; LABELS + 1],
    time: i64,
}

/// Sets the weights from the training texts, with `lists` as [`super::lists`] makes them.
#[must_use]
pub fn weights(sources: &Sources<'_>, lists: &[u8]) -> (Vec<u8>, Report) {
    let corpus = Corpus::new(sources);
    let table = Table::new(lists);
    let mut report = Report { templates: corpus.len(), unknown: corpus.unknown(), ..Report::default() };
    let mut learner = Learner {
        weights: vec![[0; LANES]; ROWS],
        sums: vec![[0; LANES]; ROWS],
        transitions: [[0; LANES]; LABELS + 1],
        transition_sums: [[0; LANES]; LABELS + 1],
        time: 1,
    };
    let mut block = Block::default();
    for number in 0..SAMPLES {
        let sample = corpus.sample(number);
        each_block(&sample.text, table, &mut block, &mut |block| learner.see(block, &sample, &mut report));
    }
    report.rows_used = learner.weights.iter().filter(|row| row.iter().any(|weight| *weight != 0)).count();
    (learner.bytes(), report)
}

/// The label of each word: beginnings are odd, what goes on is one more.
fn gold(block: &Block, sample: &Sample) -> Vec<usize> {
    let mut labels = vec![OUTSIDE; block.words.len()];
    let mut words = 0;
    for &(start, end, kind) in &sample.spans {
        let begin = match kind {
            Identifier::Place => 3,
            Identifier::Organization => 5,
            _ => 1,
        };
        while words < block.words.len() && block.words[words].token.start < start {
            words += 1;
        }
        let mut first = true;
        while words < block.words.len() && block.words[words].token.start < end {
            labels[words] = if first { begin } else { begin + 1 };
            first = false;
            words += 1;
        }
    }
    labels
}

impl Learner {
    fn see(&mut self, block: &Block, sample: &Sample, report: &mut Report) {
        let labels = gold(block, sample);
        let mut line = LineLabel::default();
        let mut chain: Vec<(Features, usize)> = Vec::new();
        for (at, &label) in labels.iter().enumerate() {
            line.step(&block.words, at);
            let active = block.words[at].active;
            report.words_named += u64::from(label != OUTSIDE);
            report.words_never_asked += u64::from(label != OUTSIDE && !active);
            if active {
                // What goes on after a word that is never asked about begins anew.
                let begins = chain.is_empty() && is_inside(label);
                chain.push((features(block, at, line, &sample.text), label - usize::from(begins)));
            } else {
                self.chain(&chain);
                chain.clear();
            }
        }
        self.chain(&chain);
    }

    fn chain(&mut self, chain: &[(Features, usize)]) {
        if chain.is_empty() {
            return;
        }
        self.time += 1;
        let scores: Vec<Scores> = chain.iter().map(|(features, label)| self.scores(features, *label)).collect();
        let mut guess = Vec::new();
        best(&scores, &self.transitions, &mut guess);
        let (mut before, mut before_guess) = (0, 0);
        for ((features, label), guess) in chain.iter().zip(guess.iter().map(|label| usize::from(*label))) {
            if *label != guess {
                for &row in features.as_slice() {
                    self.turn(row as usize, *label, 1);
                    self.turn(row as usize, guess, -1);
                }
            }
            if (before, *label) != (before_guess, guess) {
                self.turn_transition(before, *label, 1);
                self.turn_transition(before_guess, guess, -1);
            }
            (before, before_guess) = (label + 1, guess + 1);
        }
    }

    fn scores(&self, features: &Features, label: usize) -> Scores {
        let mut sum = [0; LANES];
        for &row in features.as_slice() {
            for (total, weight) in sum.iter_mut().zip(&self.weights[row as usize]) {
                *total += weight;
            }
        }
        for (other, total) in sum.iter_mut().enumerate() {
            if other != label {
                *total += if other == OUTSIDE { MARGIN_MISSED } else { MARGIN };
            }
        }
        sum
    }

    fn turn(&mut self, row: usize, label: usize, by: i32) {
        self.weights[row][label] += by;
        self.sums[row][label] += self.time * i64::from(by);
    }

    fn turn_transition(&mut self, before: usize, label: usize, by: i32) {
        self.transitions[before][label] += by;
        self.transition_sums[before][label] += self.time * i64::from(by);
    }

    /// The averages, in sixteenths of a weight times a scale that puts the largest ones at the end of a byte.
    fn bytes(&self) -> Vec<u8> {
        let average = |weight: i32, sum: i64| (i64::from(weight) * self.time - sum) * 16 / self.time;
        let rows: Vec<i64> = self
            .weights
            .iter()
            .zip(&self.sums)
            .flat_map(|(row, sums)| row.iter().zip(sums).take(LABELS).map(|(weight, sum)| average(*weight, *sum)))
            .collect();
        let mut sizes: Vec<i64> = rows.iter().map(|weight| weight.abs()).collect();
        sizes.sort_unstable();
        // One weight in ten thousand may be cut at the end of the byte: the rest keeps a finer step.
        let largest = sizes[sizes.len() - sizes.len() / 10_000].max(1);
        let scaled = |weight: i64, limit: i64| {
            let doubled = weight * 254 / largest;
            ((doubled + doubled.signum()) / 2).clamp(-limit, limit)
        };
        let mut out = Vec::with_capacity(ROWS * LABELS + 256);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        for (row, sums) in self.transitions.iter().zip(&self.transition_sums) {
            for (weight, sum) in row.iter().zip(sums) {
                let value = scaled(average(*weight, *sum), i64::from(i16::MAX));
                out.extend_from_slice(&i16::try_from(value).unwrap_or(0).to_le_bytes());
            }
        }
        out.extend(rows.iter().map(|weight| i8::try_from(scaled(*weight, 127)).unwrap_or(0).cast_unsigned()));
        out
    }
}
