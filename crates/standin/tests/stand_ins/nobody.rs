//! Nothing that leaves here can belong to anybody: every number and address comes from a range kept free.

use crate::reading::{made, plan, whole};
use standin::{Dirt, Plan};
use std::sync::OnceLock;

/// Hosts of vocabularies, which are names and not addresses of anybody.
const VOCABULARIES: [&str; 11] = [
    "hl7.org",
    "terminology.hl7.org",
    "loinc.org",
    "snomed.info",
    "unitsofmeasure.org",
    "www.nlm.nih.gov",
    "www.ama-assn.org",
    "www.w3.org",
    "schemas.openxmlformats.org",
    "www.hl7.org",
    "unitsofmeasure.org",
];

fn readable() -> &'static [(String, String)] {
    static READABLE: OnceLock<Vec<(String, String)>> = OnceLock::new();
    READABLE.get_or_init(make_readable)
}

fn make_readable() -> Vec<(String, String)> {
    let files = made(&Plan { dirt: Dirt::at(100), patients: 45, ..plan() });
    let read = |(path, bytes): (String, Vec<u8>)| (path, String::from_utf8_lossy(&bytes).into_owned());
    files.into_iter().filter(|(path, _)| !path.contains("/docx/")).map(read).collect()
}

fn is_reserved_host(host: &str) -> bool {
    ["example.com", "example.net", "example.org"]
        .iter()
        .any(|free| host == *free || host.ends_with(&format!(".{free}")))
}

/// Do the bytes at this place have this shape: `9` stands for a digit, anything else for itself.
fn has_shape(bytes: &[u8], at: usize, shape: &str) -> bool {
    if !matches!(bytes[at], b'0'..=b'9' | b'(') {
        return false;
    }
    let fits = |(byte, mark): (&u8, u8)| if mark == b'9' { byte.is_ascii_digit() } else { *byte == mark };
    let whole = bytes.len() >= at + shape.len() && bytes[at..].iter().zip(shape.bytes()).all(fits);
    let alone = at == 0 || !bytes[at - 1].is_ascii_digit() && bytes[at - 1] != b'-';
    let ends = bytes.get(at + shape.len()).is_none_or(|next| !next.is_ascii_digit() && *next != b'-');
    whole && alone && ends
}

#[test]
fn every_social_security_number_is_one_that_is_never_issued() {
    let mut seen = 0;
    for (path, text) in readable() {
        for at in 0..text.len() {
            if has_shape(text.as_bytes(), at, "999-99-9999") {
                let area = &text[at..at + 3];
                assert!(area.starts_with('9') || area == "666" || area == "000", "{path}: {area}");
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn every_telephone_number_is_set_aside_for_fiction() {
    let shapes = ["(999) 999-9999", "999-999-9999", "999.999.9999", "999 999 9999", "(999)999-9999"];
    let mut seen = 0;
    for (path, text) in readable() {
        for at in 0..text.len() {
            for shape in shapes.iter().filter(|shape| has_shape(text.as_bytes(), at, shape)) {
                let digits: String = text[at..at + shape.len()].chars().filter(char::is_ascii_digit).collect();
                assert!(digits[3..].starts_with("55501"), "{path}: {}", &text[at..at + shape.len()]);
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn every_mail_and_web_address_lies_where_nobody_can() {
    let is_host = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    let host = |rest: &str| {
        rest.split(|letter| !is_host(letter)).next().unwrap_or_default().trim_end_matches('.').to_lowercase()
    };
    let (mut mails, mut webs) = (0, 0);
    for (path, text) in readable() {
        for (at, _) in text.match_indices('@') {
            let after = host(&text[at + 1..]);
            assert!(is_reserved_host(&after), "{path}: {after}");
            mails += 1;
        }
        for (at, mark) in text.match_indices("://") {
            let after = host(&text[at + mark.len()..]);
            assert!(is_reserved_host(&after) || VOCABULARIES.contains(&after.as_str()), "{path}: {after}");
            webs += 1;
        }
    }
    assert!(mails > 40 && webs > 40, "{mails} {webs}");
}

#[test]
fn every_identifier_of_a_provider_begins_as_none_that_is_given_out_does() {
    for (_, practitioner) in crate::reading::json(whole(), "fhir/Practitioner.ndjson") {
        let npi = practitioner["identifier"][0]["value"].as_str().expect("a number").to_owned();
        assert!(npi.len() == 10 && npi.starts_with('9'), "{npi}");
    }
}
