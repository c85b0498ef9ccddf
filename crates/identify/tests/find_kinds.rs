//! What the finder must find and must leave, kind by kind: tables of texts in which «marks» show what is an identifier.
//!
//! A line that begins with `+ ` holds marks, one with `- ` holds none; whatever is found and not marked, or marked and
//! not found, fails. A mark of another kind than the table's says so: `«phone|555-0123»`. `\n` stands for a line's end.

use strongroom_identify::{Finder, Finding, Identifier};

type Span = (usize, usize, Identifier);

fn findings(text: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    Finder::default().find(text.as_bytes(), &mut out);
    out
}

/// The text without its marks, and what they mark.
fn marked(line: &str, kind: Identifier) -> (String, Vec<Span>) {
    let line = line.replace("\\n", "\n");
    let (mut text, mut spans) = (String::new(), Vec::new());
    let mut pieces = line.split('«');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (inside, after) = piece.split_once('»').expect("every mark is closed");
        let named = inside.split_once('|').and_then(|(name, rest)| Some((name.parse().ok()?, rest)));
        let (kind, inside) = named.unwrap_or((kind, inside));
        spans.push((text.len(), text.len() + inside.len(), kind));
        text.push_str(inside);
        text.push_str(after);
    }
    (text, spans)
}

/// Checks a table and says how many lines of each sort it has.
fn check(kind: &str, table: &str) -> (usize, usize) {
    let kind: Identifier = kind.parse().expect("a table is named after a kind");
    let (mut positive, mut negative, mut wrong) = (0, 0, Vec::new());
    for line in table.lines() {
        let (sign, line) = line.split_at_checked(2).expect("a line has a sign and a text");
        let (text, spans) = marked(line, kind);
        match sign {
            "+ " => positive += 1,
            "- " => negative += 1,
            _ => panic!("no sign: {line}"),
        }
        assert_eq!(sign == "+ ", !spans.is_empty(), "sign and marks disagree: {line}");
        let found: Vec<Span> = findings(&text).iter().map(|found| (found.start, found.end, found.kind)).collect();
        if found != spans {
            wrong.push(format!("{line}\n    found {:?}", findings(&text)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.lines().count(), wrong.join("\n"));
    (positive, negative)
}

macro_rules! kinds {
    ($($test:ident: $kind:literal, $positive:literal, $negative:literal;)+) => {
        $(
            #[test]
            fn $test() {
                let (positive, negative) = check($kind, include_str!(concat!("find/", $kind, ".txt")));
                assert!(positive >= $positive && negative >= $negative, "{positive} and {negative}");
            }
        )+
    };
}

kinds! {
    social_security_numbers_are_found_and_other_numbers_are_not: "ssn", 30, 20;
    telephones_are_found_and_other_numbers_are_not: "phone", 30, 20;
    fax_numbers_are_told_from_telephones: "fax", 30, 20;
    mail_addresses_are_found_written_and_spoken: "email", 30, 20;
    web_addresses_are_found_and_abbreviations_are_not: "url", 30, 20;
    internet_addresses_are_found_and_versions_are_not: "ip", 30, 20;
    dates_are_found_and_fractions_are_not: "date", 50, 40;
    ages_over_89_are_found_and_others_are_not: "age", 30, 20;
    zip_codes_are_found_after_states_and_labels: "zip", 30, 20;
    street_addresses_are_found_and_drives_of_five_minutes_are_not: "address", 30, 20;
    record_numbers_are_found_by_label: "mrn", 30, 20;
    health_plan_numbers_are_found_by_label_and_shape: "health_plan", 30, 20;
    accounts_and_cards_are_found: "account", 30, 20;
    licences_are_found: "license", 30, 20;
    vehicles_are_found: "vehicle", 14, 15;
    devices_are_found: "device", 28, 20;
    other_numbers_of_people_are_found: "other_id", 28, 20;
    biometric_references_are_found: "biometric", 7, 5;
    photographs_are_found_by_label: "photo", 6, 5;
}

#[test]
fn nothing_is_found_in_the_traps() {
    let traps: Vec<&str> = include_str!("find/traps.txt").lines().filter(|line| !line.starts_with("# ")).collect();
    assert!(traps.len() >= 500, "{}", traps.len());
    let caught: Vec<String> = traps
        .iter()
        .filter(|trap| !findings(trap).is_empty())
        .map(|trap| format!("{trap}\n    found {:?}", findings(trap)))
        .collect();
    assert!(caught.is_empty(), "{} of {}:\n{}", caught.len(), traps.len(), caught.join("\n"));
}

#[test]
fn nothing_is_found_in_a_trap_in_the_middle_of_a_sentence() {
    for trap in include_str!("find/traps.txt").lines().filter(|line| !line.starts_with("# ")) {
        let text = format!("The note says {trap}, and so on.");
        assert!(findings(&text).is_empty(), "{text}\n    found {:?}", findings(&text));
    }
}
