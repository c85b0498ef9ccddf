//! Replays the corpus of every fuzz target, and some mutations of it; coverage-guided runs are started by
//! `cargo xtask fuzz`. Readers of files and searches are replayed beside their crate (`crates/identify/tests/replay.rs`).

#[path = "../../fuzz/src/door.rs"]
mod door;
#[path = "../../fuzz/src/mutations.rs"]
mod mutations;
#[path = "../../fuzz/src/parsers.rs"]
mod parsers;
#[path = "../../fuzz/src/uploads.rs"]
mod uploads;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the seeds of a target lie: beside the crate whose tests use them too, or with the other targets.
fn folder(target: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
    match target {
        "sniff" | "rtf" | "pdf" | "table" | "header" | "template" | "hl7" => {
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

#[test]
fn every_parser_takes_its_corpus_and_mutations_of_it() {
    for (name, run) in parsers::TARGETS.iter().chain(uploads::TARGETS) {
        mutations::replay(name, &seeds(name), *run);
    }
}

#[test]
fn every_parser_of_the_door_and_of_keys_takes_its_corpus_and_mutations_of_it() {
    for (name, run) in door::TARGETS {
        mutations::replay(name, &seeds(name), *run);
    }
}

#[test]
fn every_folder_of_seeds_has_its_target() {
    let known: BTreeSet<&str> =
        parsers::TARGETS.iter().chain(uploads::TARGETS).chain(door::TARGETS).map(|(name, _)| *name).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
    for entry in std::fs::read_dir(root.join("fuzz/corpus")).expect("there is a corpus").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "{name} has seeds and no target");
    }
}
