//! What is read, cut and written down; nothing is measured here.

use super::contender::{self, HYPERSCAN, Place, Told};
use super::{cut, rates, split, waits};
use crate::bench::served::Folder;
use crate::tree;
use std::path::Path;

fn told(line: &str) -> Told {
    serde_json::from_str(line).expect("what a contender says")
}

fn folder(name: &str) -> Folder {
    Folder::new(&std::env::temp_dir(), &format!("identify-{name}")).expect("a folder")
}

/// Everybody of the table by name, as if all were installed.
fn contender(name: &str) -> &'static contender::Contender {
    contender::ALL.iter().find(|contender| contender.name == name).expect("a contender of that name")
}

#[test]
fn a_rate_is_of_processor_time_and_memory_is_what_lies_beside_the_file() {
    let told = told(r#"{"bytes":4000000,"seconds":0.5,"findings":7,"memory_mb":9.5}"#);
    assert!((told.rate() - 8.0).abs() < 1e-9);
    assert_eq!(told.memory_beside(), Some(5.5));
}

#[test]
fn each_rate_stands_beside_hyperscan_s_of_its_own_round() {
    let at = |seconds: f64| told(&format!(r#"{{"bytes":1000000,"seconds":{seconds},"findings":3}}"#));
    // The machine is half as fast in the second round, for both.
    let lines = [(contender("we, finder"), vec![at(0.01), at(0.02)]), (contender(HYPERSCAN), vec![at(0.02), at(0.04)])];
    let table = rates(&lines);
    assert!(
        table.contains(
            "| we, finder | identifiers without names, whole file | **75.0** (50.0–100) | 2.00 | 1.00 | 3 | – |"
        ),
        "{table}"
    );
    assert!(table.contains("| 1.00 | 1.00 | 3 | – |"), "{table}");
}

#[test]
fn without_hyperscan_there_are_rates_and_no_ratios() {
    let lines = [(contender("ripgrep"), vec![told(r#"{"bytes":1000000,"seconds":0.1}"#)])];
    assert!(rates(&lines).contains("**10.0** (10.0–10.0) | – | 1.00 | – | – |"), "{}", rates(&lines));
}

#[test]
fn whoever_is_a_thousand_times_slower_still_has_a_rate_and_a_ratio() {
    let lines = [
        (contender("Presidio"), vec![told(r#"{"bytes":1000000,"seconds":20.0}"#)]),
        (contender(HYPERSCAN), vec![told(r#"{"bytes":1000000,"seconds":0.01}"#)]),
    ];
    assert!(rates(&lines).contains("| **0.050** (0.050–0.050) | 0.00050 | 1.00 |"), "{}", rates(&lines));
}

#[test]
fn notes_that_were_refused_are_said() {
    let one = told(r#"{"bytes":1000000,"seconds":0.1,"findings":12,"refused":2,"memory_mb":3.0}"#);
    let table = rates(&[(contender("we, de-identified"), vec![one])]);
    assert!(table.contains("| 12; notes refused: 2 | 2.00 |"), "{table}");
}

#[test]
fn the_first_megabytes_end_with_a_whole_note() {
    let folder = folder("cut");
    let note = |letter: &str, bytes: usize| letter.repeat(bytes) + "\x0c";
    let all = [note("a", 700_000), note("b", 700_000), note("c", 700_000)].concat();
    std::fs::write(folder.0.join(contender::notes(None)), &all).expect("written");
    cut(&folder.0, 1).expect("cut");
    let first = std::fs::read(folder.0.join(contender::notes(Some(1)))).expect("read");
    assert_eq!(first.len(), 1_400_002);
    assert_eq!(first, all.as_bytes()[..1_400_002]);
    // More than there is, is all.
    cut(&folder.0, 9).expect("cut");
    assert_eq!(std::fs::read(folder.0.join(contender::notes(Some(9)))).expect("read").len(), all.len());
}

#[test]
fn each_note_becomes_a_file_and_what_is_between_them_is_in_none() {
    let folder = folder("split");
    std::fs::write(folder.0.join(contender::notes(Some(3))), "one\x0ctwo\nlines\x0c\x0cthree\x0c").expect("written");
    // Called again, as for a second peer, it leaves what is there.
    split(&folder.0, Some(3)).expect("split");
    split(&folder.0, Some(3)).expect("split");
    let files = folder.0.join(format!("{}.d", contender::notes(Some(3))));
    let mut all: Vec<_> = std::fs::read_dir(files)
        .expect("a folder")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a note"))
        .collect();
    all.sort();
    assert_eq!(all, ["one", "three", "two\nlines"]);
}

#[test]
fn what_the_example_says_of_waiting_becomes_rows_and_half_of_it_becomes_none() {
    let said = r#"{"notes":3,"finder_p50_ms":0.1,"finder_p99_ms":0.2,"scan_p50_ms":1.0,"scan_p99_ms":2.0,"deidentify_p50_ms":3.0,"deidentify_p99_ms":4.0}"#;
    let rows: Vec<(String, f64)> =
        waits(said).expect("all times").into_iter().map(|sample| (sample.row, sample.value)).collect();
    assert_eq!(rows.len(), 6);
    assert!(rows.contains(&("a note of 10 KB scanned with names: p99".to_owned(), 2.0)), "{rows:?}");
    assert!(waits(r#"{"finder_p50_ms":0.1}"#).is_none());
    assert!(waits("nothing").is_none());
}

#[test]
fn a_library_that_talks_before_the_object_is_not_in_its_way() {
    let said = contender::told("loading…\n{\"bytes\":1,\"seconds\":2.0}\n").expect("the object");
    assert_eq!(said, told(r#"{"bytes":1,"seconds":2.0}"#));
    assert_eq!(contender::told("only words\n"), None);
    assert_eq!(contender::told(""), None);
}

#[test]
fn who_is_not_installed_is_told_with_what_to_do_and_we_always_are() {
    let folder = folder("missing");
    // A checkout in which there is nothing: no scripts, and a folder of peers that is empty.
    let mut place = Place::new(&folder.0, &folder.0, folder.0.join("ours"));
    place.peers = folder.0.join("nobody");
    let (present, missing) = contender::all(&place);
    assert!(present.iter().filter(|one| one.name.starts_with("we, ")).count() >= 4);
    for name in [HYPERSCAN, "Presidio", "scrubadub", "redact-cli"] {
        let sentence = missing.iter().find(|sentence| sentence.starts_with(name)).expect("a sentence");
        assert!(sentence.contains("bin/bench-peers"), "{sentence}");
    }
}

#[test]
fn one_that_fails_says_whose_failure_it_is() {
    let folder = folder("fails");
    let place = Place::new(&folder.0, &folder.0, Path::new("/nobody/is/here").to_owned());
    let error = contender("we, scan").once(&place).expect_err("there is no such program");
    assert!(error.to_string().starts_with("we, scan failed"), "{error:#}");
}

#[test]
fn there_are_as_many_patterns_as_the_page_says_and_no_line_matches_everything() {
    let text = tree::top().expect("a checkout").join("xtask/src/bench/identify/patterns.txt");
    let text = std::fs::read_to_string(text).expect("the patterns");
    assert_eq!(text.lines().count(), 32);
    // An empty line is a pattern too, for ripgrep, and it matches every line.
    assert!(text.lines().all(|line| !line.trim().is_empty()));
    let named = contender::ALL.iter().filter(|one| one.what.starts_with("32 patterns")).count();
    assert_eq!(named, 4);
}
