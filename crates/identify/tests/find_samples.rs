//! The finder over published samples that are not in this repository: skipped, with a line that says so, where they are
//! not. They are found by `STRONGROOM_SHARED`, or in `../shared/data` beside the checkout.
//!
//! presidio-research (MIT) holds 2,109 short texts with labelled spans, many of them from other countries.

use std::io::Write as _;
use std::path::PathBuf;
use strongroom_identify::{Finder, Finding};

fn sample(path: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let top = std::env::var_os("STRONGROOM_SHARED").map_or_else(beside, PathBuf::from);
    let read = std::fs::read(top.join(path)).ok();
    if read.is_none() {
        writeln!(std::io::stderr(), "skipped: {path} is not here").expect("a test can say something");
    }
    read
}

fn findings(text: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    Finder::default().find(text.as_bytes(), &mut out);
    out
}

/// The string that begins at this quotation mark of JSON, and where it ends.
fn string_at(json: &str, quote: usize) -> (String, usize) {
    let mut text = String::new();
    let mut letters = json[quote + 1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, quote + 1 + at),
            '\\' => match letters.next().map(|(_, escape)| escape) {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let code: String = letters.by_ref().take(4).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&code, 16).expect("four hexadecimal digits");
                    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
                Some(escape) => text.push(escape),
                None => break,
            },
            _ => text.push(letter),
        }
    }
    panic!("an open string");
}

/// All values of this name, in order, from a piece of JSON.
fn values(json: &str, name: &str) -> Vec<String> {
    let mark = format!("\"{name}\": \"");
    json.match_indices(&mark).map(|(at, _)| string_at(json, at + mark.len() - 1).0).collect()
}

/// Found and all of this type of entity: how many of its values lie wholly in findings.
fn recall(json: &str, entity: &str) -> (usize, usize) {
    let (mut found, mut all) = (0, 0);
    for piece in json.split("\"full_text\": ").skip(1) {
        let (text, _) = string_at(piece, 0);
        let findings = findings(&text);
        let types = values(piece, "entity_type");
        for (_, value) in types.iter().zip(values(piece, "entity_value")).filter(|(kind, _)| *kind == entity) {
            all += 1;
            let covered = text.match_indices(value.as_str()).any(|(at, value)| {
                findings.iter().any(|finding| finding.start <= at && finding.end >= at + value.len())
            });
            found += usize::from(covered);
        }
    }
    (found, all)
}

#[test]
fn labelled_samples_are_found() {
    let Some(json) = sample("phi/presidio-research/generated_large.json") else { return };
    let json = String::from_utf8(json).expect("the sample is UTF-8");
    // Measured when this was written: all of each, but four telephones of six digits or with dots in pairs. Fifteen of
    // the 112 dates are names of weekdays, which are no dates here.
    for (entity, least) in [
        ("CREDIT_CARD", 212),
        ("US_SSN", 44),
        ("EMAIL_ADDRESS", 58),
        ("IP_ADDRESS", 11),
        ("DOMAIN_NAME", 26),
        ("IBAN_CODE", 28),
        ("US_DRIVER_LICENSE", 13),
        ("PHONE_NUMBER", 132),
        ("DATE_TIME", 97),
    ] {
        let (found, all) = recall(&json, entity);
        assert!(found >= least, "{entity}: {found} of {all}");
    }
}

#[test]
fn notes_of_visits_hold_dates_and_little_else() {
    let Some(text) = sample("phi/mts-dialog/MTS-Dialog-TrainingSet.csv") else { return };
    let text = String::from_utf8(text).expect("the sample is UTF-8");
    let others = findings(&text).iter().filter(|found| !matches!(found.kind.as_str(), "date" | "age")).count();
    // 1,701 notes and dialogues, read by eye: no number, address or contact stands in them.
    assert_eq!(
        others,
        0,
        "{:?}",
        findings(&text).iter().filter(|found| found.kind.as_str() != "date").collect::<Vec<_>>()
    );
}
