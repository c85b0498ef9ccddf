//! The same seed makes the same bytes, whatever else is asked for and in whatever order.

use crate::reading::{made, plan, some};
use standin::{Counts, Factor, InMemory, Plan, practice};
use std::collections::BTreeMap;

/// FNV-1a over paths and bytes: enough to see that nothing moved.
fn digest(files: &BTreeMap<String, Vec<u8>>) -> u64 {
    let all = files.iter().flat_map(|(path, bytes)| path.bytes().chain([0]).chain(bytes.iter().copied()).chain([0]));
    all.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[test]
fn a_seed_makes_the_bytes_that_it_made_when_this_was_written() {
    let small = Plan { patients: 12, ..plan() };
    // Change that file only together with the crate's version or in a commit that says why stand-ins change.
    let golden = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stand_ins/golden.txt"));
    let now = format!("{:016x}", digest(&made(&small)));
    assert_eq!(now, golden.expect("the digest is committed").trim(), "stand-ins of a known seed have changed");
}

#[test]
fn another_seed_makes_other_people() {
    let small = Plan { patients: 12, ..plan() };
    let (one, other) = (some(small, "csv"), some(Plan { seed: 12, ..small }, "csv"));
    assert_ne!(one["practice-0001/csv/patients.csv"], other["practice-0001/csv/patients.csv"]);
}

#[test]
fn a_practice_made_alone_is_the_one_made_with_the_others() {
    let plan = Plan { patients: 30, ..plan() };
    let all = made(&plan);
    let mut alone = InMemory::default();
    for index in [2, 0, 1] {
        practice(&plan, index, &mut alone).expect("memory takes everything");
    }
    assert_eq!(digest(&alone.files), digest(&all));
    assert!(practice(&plan, 3, &mut alone).is_err());
}

#[test]
fn formats_do_not_change_one_another() {
    let plan = Plan { patients: 30, ..plan() };
    let all = made(&plan);
    for format in ["csv", "hl7v2", "ccda", "fhir", "text", "docx", "pdf", "truth"] {
        let alone = some(plan, format);
        assert!(!alone.is_empty());
        for (path, bytes) in alone {
            assert!(path.contains(format), "{path}");
            assert_eq!(all.get(&path), Some(&bytes), "{path}");
        }
    }
}

#[test]
fn what_was_counted_is_what_was_asked_for() {
    let plan = Plan { patients: 31, visits_per_patient: Some(4), documents_per_patient: Some(3), ..plan() };
    let mut files = InMemory::default();
    let made = standin::make(&plan, &mut files).expect("memory takes everything");
    assert_eq!((made.practices, made.patients, made.visits, made.documents), (3, 31, 124, 93));
    assert_eq!(made.files, files.files.len() as u64);
    assert_eq!(made.bytes, files.files.values().map(|bytes| bytes.len() as u64).sum::<u64>());
    assert_eq!(files.files.keys().filter(|path| path.contains("/text/")).count(), 93);
}

#[test]
fn as_much_is_made_as_something_else_was_counted_to_hold() {
    let counted = Counts { practices: 2, patients: 20, visits: Some(101), documents: Some(33) };
    let formats = "csv,text".parse().expect("formats");
    let plan = Plan { formats, ..plan() }.like(counted.times("1.5".parse::<Factor>().expect("a factor")));
    let mut files = InMemory::default();
    let made = standin::make(&plan, &mut files).expect("memory takes everything");
    assert_eq!((made.practices, made.patients, made.visits, made.documents), (2, 30, 151, 49));
    let rows: usize = crate::reading::texts(&files.files, "visits.csv").map(|(_, text)| text.lines().count() - 1).sum();
    assert_eq!(rows, 151);
}
