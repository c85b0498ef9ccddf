//! `strongroom scan` as a developer meets it: what it prints, what it keeps quiet about, and how it ends.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use strongroom_tests::binary::{folder, run};
use strongroom_tests::house::Folder;

const NOTE: &str =
    "Patient: Underway, Lacey\nDOB: 02/27/2015\nMRN: K020411\n\nMEDICATIONS: sertraline 50 mg daily for depression.\n";
const CLEAN: &str = "fn main() {\n    let answer = 6 * 7;\n}\n";

fn text(path: &Path) -> &str {
    path.to_str().expect("folders of tests have plain names")
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

fn objects(output: &Output) -> Vec<Value> {
    lines(output).iter().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// A folder with a note, a program, and a picture.
fn tree(name: &str) -> Folder {
    let dir = folder(name);
    fs::write(dir.path().join("note.txt"), NOTE).expect("a note");
    fs::write(dir.path().join("main.rs"), CLEAN).expect("a program");
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".as_slice();
    fs::write(dir.path().join("scan.png"), png).expect("a picture");
    dir
}

#[test]
fn what_is_found_fails_the_scan_and_is_not_printed_unless_asked_for() {
    let dir = tree("scan-found");
    let told = run(&["scan", text(dir.path())]);
    assert_eq!(told.status.code(), Some(1), "{}", String::from_utf8_lossy(&told.stderr));
    let said = lines(&told).join("\n");
    assert!(said.contains("note.txt:1:10: name"), "{said}");
    assert!(said.contains("scan.png: not read"), "a picture is not called clean: {said}");
    let all = format!("{said}{}", String::from_utf8_lossy(&told.stderr));
    for word in ["Underway", "Lacey", "K020411", "02/27/2015"] {
        assert!(!all.contains(word), "{word} is printed: {all}");
    }
    let shown = lines(&run(&["scan", "--show-text", text(dir.path())])).join("\n");
    assert!(shown.contains("K020411"), "{shown}");
}

#[test]
fn objects_say_where_in_bytes_and_a_summary_ends_them() {
    let dir = tree("scan-json");
    let told = run(&["scan", "--format", "json", text(&dir.path().join("note.txt"))]);
    let all = objects(&told);
    let number = all.iter().find(|one| one["kind"] == "mrn").expect("the record number");
    let (start, end) = (number["start"].as_u64().expect("a place"), number["end"].as_u64().expect("a place"));
    assert_eq!(NOTE.get(start as usize..end as usize), Some("K020411"));
    let summary = &all.last().expect("a last line")["summary"];
    assert_eq!((summary["files"].as_u64(), summary["findings"].as_u64()), (Some(1), Some(all.len() as u64 - 1)));
}

#[test]
fn nothing_found_ends_well_and_what_is_not_there_does_not() {
    let dir = tree("scan-clean");
    assert_eq!(run(&["scan", text(&dir.path().join("main.rs"))]).status.code(), Some(0));
    let missing = run(&["scan", text(&dir.path().join("nothing.txt"))]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(lines(&missing).join("\n").contains("not there"), "{missing:?}");
    assert_eq!(run(&["scan", "--kinds", "nonsense", "."]).status.code(), Some(2));
    // Damaged: half a packed file.
    let half = dir.path().join("half.zip");
    fs::write(&half, b"PK\x03\x04\x14\0\0\0\x08\0").expect("half a file");
    assert_eq!(run(&["scan", text(&half)]).status.code(), Some(2), "{:?}", run(&["scan", text(&half)]));
}

#[test]
fn a_baseline_tells_only_what_is_new_and_an_ignored_finding_needs_a_reason_and_a_day() {
    let dir = tree("scan-baseline");
    let (baseline, note) = (dir.path().join("phi.json"), dir.path().join("note.txt"));
    let all = text(dir.path());
    assert_eq!(run(&["scan", all, "--write-baseline", text(&baseline)]).status.code(), Some(0));
    let kept = fs::read_to_string(&baseline).expect("a baseline");
    assert!(!kept.contains("Underway") && kept.contains("\"mrn\": 1"), "counts and no text: {kept}");
    let again = run(&["scan", text(&note), "--baseline", text(&baseline)]);
    assert_eq!(again.status.code(), Some(0), "{:?}", lines(&again));
    fs::write(&note, format!("{NOTE}MRN: K020412\n")).expect("one more");
    let more = run(&["scan", text(&note), "--baseline", text(&baseline), "--kinds", "mrn"]);
    assert_eq!(more.status.code(), Some(1));
    let ignored = dir.path().join("ignore.toml");
    let line = "[[ignore]]\npath = \"note.txt\"\nreason = \"made up\"\n";
    fs::write(&ignored, line).expect("a file");
    assert_eq!(run(&["scan", text(&note), "--ignore", text(&ignored)]).status.code(), Some(2), "for ever");
    fs::write(&ignored, format!("{line}until = \"2099-01-01\"\n")).expect("a file");
    assert_eq!(run(&["scan", text(&note), "--ignore", text(&ignored)]).status.code(), Some(0));
}

#[test]
fn code_hosts_get_one_document_without_a_word_that_was_found() {
    let dir = tree("scan-sarif");
    let told = run(&["scan", "--format", "sarif", text(dir.path())]);
    let document: Value = serde_json::from_slice(&told.stdout).expect("one document");
    assert_eq!(document["version"], "2.1.0");
    let results = document["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|one| one["message"]["text"].as_str().is_some_and(|text| text.starts_with("mrn"))));
    assert!(!String::from_utf8_lossy(&told.stdout).contains("Underway"));
}

#[test]
fn a_clean_file_is_not_searched_twice_and_of_one_with_findings_no_digest_is_kept() {
    let dir = tree("scan-cache");
    let outside = folder("scan-cache-kept");
    let cache = outside.path().join("clean.json");
    let scan = || objects(&run(&["scan", "--format", "json", "--cache", text(&cache), text(dir.path())]));
    let first = scan();
    assert_eq!(first.last().expect("a summary")["summary"]["cached"], 0);
    let kept: Value = serde_json::from_slice(&fs::read(&cache).expect("a cache")).expect("JSON");
    assert_eq!(kept["clean"].as_array().map(Vec::len), Some(1), "the program alone is clean: {kept}");
    let second = scan();
    assert_eq!(second.last().expect("a summary")["summary"]["cached"], 1);
    assert_eq!(first.len(), second.len(), "what was found is told again");
    // A change is seen, and so is a cache of another program.
    fs::write(dir.path().join("main.rs"), format!("{CLEAN}// {NOTE}")).expect("a change");
    assert_eq!(scan().last().expect("a summary")["summary"]["cached"], 0);
    fs::write(dir.path().join("main.rs"), CLEAN).expect("back");
    let mut other = kept;
    other["program"] = "00".into();
    fs::write(&cache, other.to_string()).expect("another's");
    assert_eq!(scan().last().expect("a summary")["summary"]["cached"], 0);
    // Damaged, it is made anew.
    fs::write(&cache, "{").expect("half");
    assert_eq!(scan().last().expect("a summary")["summary"]["cached"], 0);
    assert_eq!(scan().last().expect("a summary")["summary"]["cached"], 1);
}

#[test]
fn a_manifest_says_what_a_file_holds_and_no_word_of_it() {
    let dir = tree("scan-manifest");
    let told = run(&["scan", "--format", "manifest", text(dir.path())]);
    assert_eq!(told.status.code(), Some(1));
    let all = objects(&told);
    let note =
        all.iter().find(|one| one["path"].as_str().is_some_and(|path| path.ends_with("note.txt"))).expect("a note");
    let person = &note["manifest"]["people"][0];
    assert_eq!(person["identifiers"]["mrn"], 1, "{note}");
    assert!(
        person["health_data"]["mental_health"].is_object() && person["health_data"]["medication"].is_object(),
        "{note}"
    );
    assert!(!String::from_utf8_lossy(&told.stdout).contains("Underway"));
}
