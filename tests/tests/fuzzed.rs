//! Replays the corpus of every fuzz target, and some mutations of it with a seed that is printed when one fails.
//! `STRONGROOM_FUZZ_ROUNDS=100000` runs longer; coverage-guided runs are started by `cargo xtask fuzz`.

#[path = "../../fuzz/src/door.rs"]
mod door;
#[path = "../../fuzz/src/parsers.rs"]
mod parsers;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

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

/// Where the seeds of a target lie: beside the crate whose tests use them too, or with the other targets.
fn folder(target: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
    match target {
        "sniff" | "rtf" | "pdf" | "table" | "header" | "template" => {
            root.join("crates/identify/tests/corpus").join(target)
        }
        "docx" => root.join("crates/identify/tests/corpus/xml"),
        _ => root.join("fuzz/corpus").join(target),
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("{} has seeds", folder.display()));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no seeds");
    files.into_iter().map(|file| std::fs::read(file).expect("a seed can be read")).collect()
}

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

fn replay(name: &str, run: fn(&[u8])) {
    let rounds = std::env::var("STRONGROOM_FUZZ_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seeds = seeds(name);
    seeds.iter().for_each(|seed| run(seed));
    let mut dice = Dice(0x5EED_0000_0000_0001);
    for round in 0..rounds {
        let bytes = mutated(&seeds, &mut dice);
        if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
            panic!("{name}, round {round}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn every_parser_takes_its_corpus_and_mutations_of_it() {
    for (name, run) in parsers::TARGETS {
        replay(name, *run);
    }
}

#[test]
fn every_parser_of_the_door_and_of_keys_takes_its_corpus_and_mutations_of_it() {
    for (name, run) in door::TARGETS {
        replay(name, *run);
    }
}

#[test]
fn every_folder_of_seeds_has_its_target() {
    let known: BTreeSet<&str> = parsers::TARGETS.iter().chain(door::TARGETS).map(|(name, _)| *name).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
    for entry in std::fs::read_dir(root.join("fuzz/corpus")).expect("there is a corpus").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "{name} has seeds and no target");
    }
}
