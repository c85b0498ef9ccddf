//! Copies of files without what says who somebody is, made by the program itself from made-up records whose truth is known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use strongroom_tests::binary::{files_below, folder, run, run_answered};

/// Values that the same word may stand for in any text: shorter ones are no evidence.
const TELLING_CHARS_MIN: usize = 6;

fn make(records: &Path) {
    let made = run(&[
        "standin",
        "--patients",
        "24",
        "--seed",
        "4711",
        "--formats",
        "csv,hl7v2,ccda,fhir,text",
        "--out",
        text(records),
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("folders of tests have plain names")
}

/// Numbers and addresses of everybody: what stands in these columns is one person's or one household's.
fn told(records: &Path) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for (table, columns) in [
        (
            "patients.csv",
            ["mrn", "ssn", "phone", "email", "street", "member_id", "account", "guarantor_phone"].as_slice(),
        ),
        ("guardians.csv", ["ssn", "phone", "email", "street"].as_slice()),
    ] {
        let path = records.join("practice-0001/csv").join(table);
        let csv = fs::read_to_string(path).expect("a table");
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let wanted: Vec<usize> =
            columns.iter().map(|name| header.iter().position(|one| one == name).expect("a column")).collect();
        for line in lines.filter(|line| !line.contains('"')) {
            let cells: Vec<&str> = line.split(',').collect();
            told.extend(
                wanted
                    .iter()
                    .filter_map(|at| cells.get(*at))
                    .filter(|cell| cell.len() >= TELLING_CHARS_MIN)
                    .map(|cell| (*cell).to_owned()),
            );
        }
    }
    assert!(told.len() > 100, "there is something to look for");
    told
}

fn all_bytes(folder: &Path) -> String {
    let files: Vec<Vec<u8>> = files_below(folder).iter().map(|file| fs::read(file).expect("a file")).collect();
    files.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_number_or_address_of_anybody_is_left_in_a_copy_of_any_form() {
    let dir = folder("copies-safe-harbor");
    let (records, copy) = (dir.path().join("records"), dir.path().join("copy"));
    make(&records);
    let report = dir.path().join("report.json");
    let done = run(&[
        "deidentify",
        text(&records),
        "--out",
        text(&copy),
        "--method",
        "safe-harbor",
        "--report",
        text(&report),
    ]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (before, after) = (all_bytes(&records), all_bytes(&copy));
    let left: Vec<String> = told(&records)
        .into_iter()
        .filter(|one| before.contains(one.as_str()) && after.contains(one.as_str()))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(files_below(&records).len(), files_below(&copy).len(), "every file came out");
    let said = fs::read_to_string(&report).expect("a report");
    assert!(said.contains("machine de-identified, not Safe Harbor"), "{said}");
    assert!(told(&records).iter().all(|one| !said.contains(one.as_str())), "a report goes where the files go");
}

#[test]
fn the_same_key_gives_the_same_copy_and_another_one_another() {
    let dir = folder("copies-pseudonym");
    let records = dir.path().join("records");
    make(&records);
    let copy = |name: &str, secret: u8| {
        let (key, out) = (dir.path().join(format!("{name}.key")), dir.path().join(name));
        fs::write(&key, [secret; 32]).expect("a key");
        let done = run(&[
            "deidentify",
            text(&records),
            "--out",
            text(&out),
            "--method",
            "pseudonym",
            "--key-file",
            text(&key),
        ]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        all_bytes(&out)
    };
    let first = copy("one", 1);
    assert_eq!(first, copy("again", 1));
    assert_ne!(first, copy("other", 2));
}

#[test]
fn what_cannot_be_changed_stops_everything_or_is_left_out_and_counted() {
    let dir = folder("copies-opaque");
    let (records, copy) = (dir.path().join("records"), dir.path().join("copy"));
    fs::create_dir(&records).expect("a folder");
    fs::write(records.join("a.txt"), "Patient: Jane Doe\nMRN: 4711-22\n").expect("a note");
    fs::write(
        records.join("b.png"),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89",
    )
    .expect("a picture");
    let refused = run(&["deidentify", text(&records), "--out", text(&copy), "--method", "limited"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!copy.exists(), "nothing is written");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("file 2 of 2") && said.contains("--leave-out") && !said.contains("b.png"), "{said}");
    let done =
        run(&["deidentify", text(&records), "--out", text(&copy), "--method", "limited", "--leave-out", "--json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("\"left_out\":1"));
    assert_eq!(files_below(&copy).len(), 1);
    let again = run(&["deidentify", text(&records), "--out", text(&copy), "--method", "limited", "--leave-out"]);
    assert_eq!(again.status.code(), Some(2), "nothing is written over");
}

/// What stayed is asked about, what a person says is done, and nobody has to say it twice.
#[test]
fn a_person_decides_about_what_the_machine_was_not_sure_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder("copies-reviewed");
    let (note, queue) = (dir.path().join("note.txt"), dir.path().join("queue.jsonl"));
    let said = "Patient: Vern Quxley\nDOB: 03/04/1961\n\nThe machine counted 88213 steps and 88213 again; hernandez has a form.\n";
    fs::write(&note, said).expect("a note");
    let copy = |name: &str, answers: Option<&str>| {
        let out = dir.path().join(name);
        let mut arguments =
            vec!["deidentify", text(&note), "--out", text(&out), "--method", "safe-harbor", "--review", text(&queue)];
        arguments.extend(answers.map(|_| "--ask"));
        let done = run_answered(&arguments, answers.unwrap_or_default());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (fs::read_to_string(&out).expect("an output"), said)
    };
    let (first, [told, _]) = copy("first.txt", None);
    assert!(first.contains("88213") && first.contains("hernandez"), "{first}");
    assert!(told.contains("Still to be decided: 3."), "{told}");
    let mode = fs::metadata(&queue).expect("a queue").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it shows words out of the file");
    let (second, [told, asked]) = copy("second.txt", Some("S\ng\n"));
    assert!(asked.contains("1 of 3: ") && asked.contains("»88213«"), "{asked}");
    assert!(second.contains("88213") && !second.contains("hernandez"), "{second}");
    assert!(told.contains("Decided by a person: 1 go, 2 stay. Still to be decided: 0."), "{told}");
    // A third run follows what was decided, and a file with other bytes is another file.
    let (third, [told, _]) = copy("third.txt", None);
    assert!(!third.contains("hernandez") && told.contains("Still to be decided: 0."), "{told}");
    fs::write(&note, format!("{said}Well.\n")).expect("another note");
    assert!(copy("fourth.txt", None).0.contains("hernandez"));
    let (folder, out) = (dir.path().join("notes"), dir.path().join("sixth"));
    fs::create_dir(&folder).expect("a folder");
    let inside = folder.join("queue.jsonl");
    let refused =
        run(&["deidentify", text(&folder), "--out", text(&out), "--method", "safe-harbor", "--review", text(&inside)]);
    assert_eq!(refused.status.code(), Some(2), "a queue beside the files would be taken for one of them");
    fs::write(&queue, "{}\n").expect("no queue");
    let out = dir.path().join("fifth.txt");
    let refused =
        run(&["deidentify", text(&note), "--out", text(&out), "--method", "safe-harbor", "--review", text(&queue)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!out.exists());
}
