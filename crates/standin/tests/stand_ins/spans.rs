//! The truth about PHI in texts is true: spans are whole, ordered and complete for what the record knows.

use crate::reading::{json, many, said, texts, whole};
use std::collections::{BTreeMap, BTreeSet};

/// Names of kinds as `scan` prints them; the crate that owns them may not be named here.
const KINDS: [&str; 18] = [
    "name",
    "date",
    "age",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health_plan",
    "account",
    "license",
    "device",
    "url",
    "address",
    "place",
    "zip",
    "organization",
    "other_id",
];

type Spans = BTreeMap<String, Vec<(usize, usize, String)>>;

fn spans(files: &BTreeMap<String, Vec<u8>>) -> Spans {
    let mut all = Spans::new();
    for (folder, span) in json(files, "truth/spans.ndjson") {
        let number = |key: &str| usize::try_from(span[key].as_u64().expect("a number")).expect("it fits");
        let path = format!("{folder}/{}", said(&span, "path"));
        all.entry(path).or_default().push((number("start"), number("end"), said(&span, "kind").to_owned()));
    }
    all
}

#[test]
fn spans_are_ordered_whole_and_of_known_kinds() {
    let files = whole();
    let spans = spans(files);
    let mut kinds = BTreeSet::new();
    for (path, text) in texts(files, "/text/") {
        let mut before = 0;
        assert!(spans.contains_key(path), "{path} speaks of nobody");
        for (start, end, kind) in &spans[path] {
            assert!(before <= *start && start < end, "{path}: {before} {start} {end}");
            let marked = text.get(*start..*end).expect("a span begins and ends between letters");
            assert_eq!(marked.trim(), marked, "{path}");
            let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
            let glued = inside(text[..*start].chars().next_back()) || inside(text[*end..].chars().next());
            assert!(!glued, "{path}: a span cuts a word at {start}: {marked}");
            kinds.insert(kind.as_str());
            before = *end;
        }
    }
    assert!(kinds.iter().all(|kind| KINDS.contains(kind)), "{kinds:?}");
    assert!(kinds.len() >= 16, "{kinds:?}");
}

/// Places of `wanted` in `text` that no span covers.
fn bare(text: &str, spans: &[(usize, usize, String)], wanted: &str) -> usize {
    let covered = |at: usize| spans.iter().any(|(start, end, _)| *start <= at && at + wanted.len() <= *end);
    text.match_indices(wanted).filter(|(at, _)| !covered(*at)).count()
}

#[test]
fn no_number_mail_or_whole_name_of_the_record_stands_outside_a_span() {
    let files = whole();
    let spans = spans(files);
    let mut looked = 0;
    for (folder, patient) in json(files, "truth/patients.ndjson") {
        let table = &files[&format!("{folder}/csv/patients.csv")];
        let rows = crate::reading::rows(str::from_utf8(table).expect("clean tables are UTF-8"));
        let row = rows.iter().find(|row| row["mrn"] == said(&patient, "mrn")).expect("everybody has a row");
        let whole = format!("{} {}", row["first_name"], row["last_name"]);
        let known =
            [&row["mrn"], &row["account"], &row["member_id"], &row["ssn"], &row["email"], &row["phone"], &whole];
        for document in patient["documents"].as_array().expect("a list") {
            let path = format!("{folder}/text/{}.txt", document.as_str().expect("an id"));
            let text = str::from_utf8(&files[&path]).expect("text");
            for value in known.iter().filter(|value| !value.is_empty()) {
                assert_eq!(bare(text, &spans[&path], value), 0, "{path}: {value}");
                looked += 1;
            }
        }
    }
    assert!(looked > 500, "{looked}");
}

#[test]
fn dates_and_telephones_and_mails_never_stand_outside_a_span() {
    let files = whole();
    let spans = spans(files);
    for (path, text) in texts(files, "/text/") {
        for mark in ["555-01", "555.01", "555 01", "five five five zero", "@", "example.", "://"] {
            assert_eq!(bare(text, &spans[path], mark), 0, "{path}: {mark}");
        }
        let slashes = text.match_indices('/').filter(|(at, _)| {
            let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
            *at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 4) && text.as_bytes()[at + 3] == b'/'
        });
        for (at, _) in slashes {
            assert!(spans[path].iter().any(|(start, end, _)| *start <= at && at < *end), "{path}: a date at {at}");
        }
    }
}

#[test]
fn two_notes_rarely_share_a_sentence() {
    let files = many();
    let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut notes = 0;
    for (note, (_, text)) in texts(files, "/text/").enumerate() {
        notes += 1;
        for sentence in text.split(['.', '\n', ';']).map(str::trim).filter(|each| each.split(' ').count() >= 8) {
            places.entry(sentence.to_lowercase()).or_default().insert(note);
        }
    }
    let all: usize = places.values().map(BTreeSet::len).sum();
    let shared: usize = places.values().map(BTreeSet::len).filter(|count| *count > 1).sum();
    let per_mille = shared * 1_000 / all.max(1);
    assert!(per_mille < 50, "{per_mille} in a thousand of {all} sentences in {notes} notes stand in two of them");
}
