//! Seeds and mutations of them given to a parser, the same in each run. `STRONGROOM_FUZZ_ROUNDS=100000` runs longer.
//!
//! Part of the tests of each crate that has a parser which nobody outside it can call.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Mutations of each target unless told otherwise.
const ROUNDS: usize = 2_000;

/// A small generator (xorshift64*), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides.max(1)
    }
}

/// A seed with up to six changes: a bit, a byte more, cut off, a piece out, a piece again and again, a piece of another seed.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.roll(seeds.len())].clone();
    for _ in 0..=dice.roll(5) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + dice.roll(40)).min(bytes.len());
        match dice.roll(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes.insert(at, dice.roll(256) as u8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].repeat(1 + dice.roll(8));
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[dice.roll(seeds.len())];
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(80)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// Gives the parser each seed, and then mutations of them.
///
/// # Panics
///
/// Where the parser does; the input is printed.
pub(crate) fn replay(name: &str, seeds: &[Vec<u8>], run: impl FnMut(&[u8])) {
    replay_rounds(name, seeds, ROUNDS, run);
}

/// As [`replay`], with so many mutations unless told otherwise.
///
/// # Panics
///
/// Where the parser does; the input is printed.
pub(crate) fn replay_rounds(name: &str, seeds: &[Vec<u8>], rounds: usize, mut run: impl FnMut(&[u8])) {
    let rounds = std::env::var("STRONGROOM_FUZZ_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(rounds);
    seeds.iter().for_each(|seed| run(seed));
    let mut dice = Dice(0x5EED_0000_0000_0001);
    for round in 0..rounds {
        let bytes = mutated(seeds, &mut dice);
        if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
            panic!("{name}, round {round}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
