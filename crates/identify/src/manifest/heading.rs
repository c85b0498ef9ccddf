//! Where a plain text says whose it is: "Patient: ...", "RE: ...", a name with a birth date beside it.
//!
//! What must always hold: a doctor, a relative, a guarantor and somebody who is only mentioned are no heading; a name counts only
//! in a place for the patient's.
//!
//! What it refuses to know: whether the name is anybody's.

use super::people::Said;
use crate::header::{first_day, record_number};
use crate::phi::Identifier;
use crate::resolve::word;
use crate::search::Found;
use std::ops::Range;

/// What is said beside a heading is looked for so far, in bytes.
const BESIDE_BYTES: usize = 300;
/// The longest name, in bytes and in words.
const NAME_BYTES_MAX: usize = 60;
const NAME_WORDS_MAX: usize = 6;
/// What says in front of a name that it is a relative's, this near.
const OWNER_BYTES: usize = 48;
/// Headings of one portion.
const HEADINGS_MAX: usize = 10_000;

/// Labels of the patient's name; what follows them is one only with a colon.
const PATIENT: &[&str] = &[
    "patient name",
    "name of patient",
    "patient's name",
    "patient",
    "pt name",
    "pt",
    "name of child",
    "child's name",
    "child",
    "name of student",
    "student",
    "name of member",
    "member",
    "client",
    "regarding",
    "re",
    "name",
];
/// What people write before the patient's name in a letter: for a school or an employer, to whom they live with.
const LETTER: &[&str] = &[
    "please excuse ",
    "this is to excuse ",
    "to the family of ",
    "to the parents of ",
    "to the parent of ",
    "to the parent or guardian of ",
    "to the parents or guardians of ",
    "to the guardian of ",
    "to the guardians of ",
];
/// Labels of a birth date, the longest first.
const BIRTH: &[&str] = &["date of birth", "birth date", "birthdate", "d.o.b.", "d.o.b", "d o b", "dob", "born"];
/// Labels of a record number.
const NUMBER: &[&str] = &[
    "medical record number",
    "medical record no",
    "medical record",
    "record number",
    "record no",
    "chart number",
    "chart no",
    "chart #",
    "mrn",
    "mr#",
];
/// Words that say of a name that it is somebody else's.
const OTHERS: &[&str] = &[
    "guarantor",
    "subscriber",
    "insured",
    "mother",
    "father",
    "mom",
    "dad",
    "guardian",
    "sibling",
    "brother",
    "sister",
    "spouse",
    "husband",
    "wife",
    "parent",
    "contact",
    "responsible",
    "policy holder",
    "policyholder",
    "twin",
    "son",
    "daughter",
    "partner",
    "grandmother",
    "grandfather",
];

/// One place that says whose the text is.
pub(super) struct Heading {
    pub(super) place: usize,
    pub(super) said: Said,
}

/// All of them, in the order of the text.
pub(super) fn headings(text: &str, findings: &[Found]) -> Vec<Heading> {
    let small = text.to_ascii_lowercase();
    let mut found: Vec<Heading> = Vec::new();
    let mut names: Vec<(usize, Range<usize>)> = Vec::new();
    for (start, end) in lines(&small) {
        labelled(text, &small, start, end, &mut names);
        if names.len() >= HEADINGS_MAX {
            break;
        }
    }
    beside_birth(&small, findings, &mut names);
    names.sort_by_key(|one| one.0);
    names.dedup_by_key(|one| one.1.start);
    for (at, (place, name)) in names.iter().enumerate() {
        let until = names.get(at + 1).map_or(text.len(), |next| next.0).min(name.end + BESIDE_BYTES);
        let until = text.floor_char_boundary(until.max(name.end));
        let mut said = Said { written: word(&spoken(&text[name.clone()])), ..Said::default() };
        let beside = &small[name.end..until];
        said.record.born = value_of(beside, BIRTH).and_then(first_day);
        if let Some(number) = value_of(beside, NUMBER).and_then(record_number) {
            said.record.numbers.push(word(&number));
        }
        if let Some(day) =
            value_of(beside, &["date of service", "visit date", "dos", "date of visit", "seen"]).and_then(first_day)
        {
            said.visit(day);
        }
        found.push(Heading { place: *place, said });
    }
    found
}

fn lines(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut start = 0;
    text.split_inclusive(['\n', '\r', '\u{c}']).map(move |line| {
        let at = start;
        start += line.len();
        (at, at + line.trim_end().len())
    })
}

/// Names behind a label of a patient's name.
fn labelled(text: &str, small: &str, start: usize, end: usize, names: &mut Vec<(usize, Range<usize>)>) {
    let line = &small[start..end];
    for (colon, _) in line.match_indices(':') {
        let before = &line[..colon];
        let Some(label) = PATIENT.iter().find(|label| before.trim_end().ends_with(*label)) else { continue };
        let label_at = before.trim_end().len() - label.len();
        // The label begins the line, or a column of it: "(re: ...)" and "called re: ..." too.
        let front = &before[..label_at];
        let begins = front.trim().is_empty()
            || front.ends_with(['\t', '|', '(', ';', ','])
            || front.ends_with("  ")
            || front.ends_with("| ")
            || front.ends_with("; ")
            || matches!(*label, "re" | "regarding") && front.ends_with(' ');
        if !begins {
            continue;
        }
        let value = start + colon + 1;
        let Some(name) = name_in(text, small, value, end) else { continue };
        // A member may be a number, a student one of medicine: such a label alone is not enough.
        let needs_more = matches!(*label, "name" | "child" | "student" | "member" | "client");
        let near = &small[name.end..small.floor_char_boundary((name.end + BESIDE_BYTES).min(small.len()))];
        if needs_more && value_of(near, BIRTH).is_none() && value_of(near, NUMBER).is_none() {
            continue;
        }
        names.push((start + label_at, name));
    }
    for phrase in LETTER {
        if let Some(at) = line.find(phrase)
            && let Some(name) = name_in(text, small, start + at + phrase.len(), end)
        {
            names.push((start + at, name));
        }
    }
}

/// The name that begins here: to the first thing that is none.
fn name_in(text: &str, small: &str, from: usize, end: usize) -> Option<Range<usize>> {
    let from = from + (text[from..end].len() - text[from..end].trim_start().len());
    let room = text.floor_char_boundary((from + NAME_BYTES_MAX).min(end));
    let value = &small[from..room.max(from)];
    let mut stop = value.find(['(', ';', '|', '\t', ':', '[']).unwrap_or(value.len());
    stop = stop.min(value.find(|one: char| one.is_ascii_digit()).unwrap_or(stop));
    for word in ["  ", " from ", " for ", " was ", " is ", " has ", " on ", " and ", ". ", " - ", " at ", " who "] {
        stop = stop.min(value.find(word).unwrap_or(stop));
    }
    for label in BIRTH.iter().chain(NUMBER) {
        if let Some(at) = value.find(label).filter(|at| value[..*at].ends_with([' ', ','])) {
            stop = stop.min(at);
        }
    }
    if value[stop..].starts_with(|one: char| one.is_ascii_digit()) && value[..stop].ends_with(char::is_alphanumeric) {
        // Letters that a number begins with.
        return None;
    }
    let name = value[..stop].trim_end_matches([' ', ',', '.', '-']);
    is_name(name).then(|| from..from + name.len())
}

fn is_name(name: &str) -> bool {
    let words = name.split([' ', ',']).filter(|word| !word.is_empty()).count();
    (1..=NAME_WORDS_MAX).contains(&words)
        && name.chars().filter(|one| one.is_alphabetic()).count() >= 2
        && !name.contains(['?', '!', '_', '<', '@', '/', '#', '*'])
        && !["unknown", "none", "see", "the", "your", "this"].iter().any(|word| name.split(' ').next() == Some(*word))
}

/// Names with a birth date of their own: "Mary Lee (DOB 1/2/1990)", "on patient lee mary date of birth ...".
fn beside_birth(small: &str, findings: &[Found], names: &mut Vec<(usize, Range<usize>)>) {
    names.sort_by_key(|one| one.1.start);
    let labelled: Vec<Range<usize>> = names.iter().map(|one| one.1.start..one.1.end + 8).collect();
    let has_label = |at: usize| {
        let behind = labelled.partition_point(|name| name.start <= at);
        behind.checked_sub(1).is_some_and(|before| labelled[before].contains(&at))
    };
    for label in BIRTH {
        for (at, _) in small.match_indices(label).take(HEADINGS_MAX) {
            let is_word = small[..at].ends_with(|one: char| !one.is_alphanumeric())
                && !small[at + label.len()..].starts_with(|one: char| one.is_alphanumeric());
            if !is_word || has_label(at) {
                continue;
            }
            let Some(name) = name_before(small, findings, at) else { continue };
            let front = &small[small.floor_char_boundary(name.start.saturating_sub(OWNER_BYTES))..name.start];
            let front = front.rsplit(['\n', '.']).next().unwrap_or_default();
            let dated = first_day(
                &small[at + label.len()..small.floor_char_boundary((at + label.len() + 24).min(small.len()))],
            );
            let dictated = front.ends_with("on ") || front.ends_with("for ") || front.ends_with("patient ");
            if OTHERS.iter().any(|other| front.contains(other)) || dated.is_none() && !dictated {
                continue;
            }
            names.push((name.start, name));
        }
    }
}

/// The name that ends here, if one does.
fn name_before(small: &str, findings: &[Found], at: usize) -> Option<Range<usize>> {
    let bare = small[..at].trim_end_matches([' ', ',', '(', '\n', '-', ';']).len();
    let behind = findings.partition_point(|found| found.text.start < bare);
    let mut ends = bare;
    let mut start = None;
    for found in findings[..behind].iter().rev() {
        let joins = found.finding.kind == Identifier::Name
            && found.text.end <= ends
            && small[found.text.end..ends].chars().all(|one| matches!(one, ' ' | ',' | '.' | '-'))
            && ends - found.text.end <= 2
            || found.text.contains(&ends.saturating_sub(1)) && found.finding.kind == Identifier::Name;
        if !joins {
            break;
        }
        (ends, start) = (found.text.start, Some(found.text.start));
    }
    let dictated = || {
        // As it is dictated, in small letters and without signs.
        let from = small.floor_char_boundary(bare.saturating_sub(NAME_BYTES_MAX));
        let near = &small[from..bare];
        let marks = [" on patient ", " for patient ", " dictating on ", " dictating for ", " note on ", " note for "];
        let begin = marks.iter().filter_map(|mark| near.rfind(mark).map(|at| at + mark.len())).max()?;
        is_name(&near[begin..]).then_some(from + begin)
    };
    let start = match (dictated(), start) {
        (Some(begin), _) => begin,
        (None, start) => start?,
    };
    (bare > start && bare - start <= NAME_BYTES_MAX).then_some(start..bare)
}

/// What stands behind the first of these labels.
fn value_of<'t>(small: &'t str, labels: &[&str]) -> Option<&'t str> {
    let first = labels.iter().filter_map(|label| {
        let mut places = small.match_indices(label);
        let is_word = |at: usize| {
            !small[..at].ends_with(|one: char| one.is_alphanumeric())
                && !small[at + label.len()..].starts_with(|one: char| one.is_alphabetic())
        };
        places.find(|(at, _)| is_word(*at)).map(|(at, _)| (at, at + label.len()))
    });
    let (_, end) = first.min()?;
    let value = small[end..].trim_start_matches([' ', ':', '.', '#', '(', '\t', ',']);
    let value = &value[..value.find(['\n', '\r', '|', ';', ')']).unwrap_or(value.len())];
    Some(&value[..value.floor_char_boundary(40)])
}

/// A name as it was dictated, without the signs that were said.
fn spoken(name: &str) -> String {
    name.split(' ').filter(|word| !word.eq_ignore_ascii_case("comma")).collect::<Vec<_>>().join(" ")
}
