//! Numbers that are recognised by shape and check digit: social security, taxpayers, cards, bank accounts, Medicare,
//! registrants of controlled substances, vehicles.
//!
//! What must always hold: a number without its own marks (nine bare digits) needs a label; one with a check digit that
//! fits needs none.

use super::check::{self, Digits};
use super::label::{self, Noun};
use super::number::{self, Run};
use super::sift::found;
use super::view::{ALNUM, DIGIT, View, is};
use crate::phi::{Finding, Identifier};

const NOUNS: &[Noun] = &[Noun::Ssn, Noun::Social, Noun::Taxpayer];

/// A social security or taxpayer number: dashed, masked, its last four digits, or bare under a label.
pub(super) fn social_security(view: View<'_>, run: Run) -> Option<Finding> {
    match run.len() {
        3 => grouped(view, run).or_else(|| damaged(view, run)),
        9 => bare(view, run),
        4 => last_four(view, run).or_else(|| damaged(view, run)),
        1 | 2 => damaged(view, run),
        _ => None,
    }
}

/// Three, two and four digits with the same mark between them.
fn grouped(view: View<'_>, run: Run) -> Option<Finding> {
    let first = gap(view, run.end)?;
    let group = run.end + first;
    let second = gap(view, group + 2)?;
    let serial = group + 2 + second;
    let mut end = serial + 4;
    let shaped = view.run_end(group, DIGIT, 3) == group + 2
        && view.run_end(serial, DIGIT, 5) == end
        && view.at(run.end) == view.at(group + 2);
    // Numbers of the years before 2020 at Medicare: a letter, or a letter and a digit, after a social security number.
    if is(view.at(end), ALNUM) && b"ABCDMTW".contains(&view.at(end)) {
        end = view.run_end(end, ALNUM, 3);
    }
    if !shaped || !view.stands_alone(run.start, end) || view.goes_on(run.start, end) {
        return None;
    }
    let number = |from: usize, to: usize| view.number(from, to);
    let parts = (number(run.start, run.end), number(group, group + 2), number(serial, serial + 4));
    let is_labelled = label::before(view, run.start).is_some_and(|label| label.is(NOUNS));
    let dashed = view.dash(run.end) > 0;
    let (sure, rule) = grade(parts, dashed, is_labelled);
    (sure > 0).then(|| found((run.start, end), Identifier::Ssn, sure, rule))
}

/// The mark between groups: a dash, with or without blanks around it, a blank, a dot.
fn gap(view: View<'_>, place: usize) -> Option<usize> {
    match view.at(place) {
        b' ' if view.at(place + 1) == b'-' && view.at(place + 2) == b' ' => Some(3),
        b' ' | b'.' => Some(1),
        _ => Some(view.dash(place)).filter(|length| *length > 0),
    }
}

/// How sure groups of three, two and four digits are.
fn grade(parts: (u32, u32, u32), dashed: bool, is_labelled: bool) -> (u8, &'static str) {
    // Printed in advertisements and manuals; a reader cannot know whether somebody else means them in earnest.
    let advertised = matches!(parts, (78, 5, 1120) | (219, 9, 9999) | (987, 65, _) | (123, 45, 6789));
    let issued = check::ssn(parts.0, parts.1, parts.2);
    match (is_labelled, dashed) {
        (true, _) if check::itin(parts.0, parts.1) => (97, "ssn.itin"),
        (true, _) if issued => (98, "ssn.labelled"),
        (true, _) => (80, "ssn.never_issued"),
        (false, true) if check::itin(parts.0, parts.1) => (80, "ssn.itin"),
        (false, true) if advertised => (70, "ssn.advertised"),
        (false, true) if issued => (88, "ssn.dashed"),
        (false, true) => (60, "ssn.never_issued"),
        (false, false) if issued => (60, "ssn.blanks"),
        (false, false) => (0, ""),
    }
}

/// Nine digits under a label.
fn bare(view: View<'_>, run: Run) -> Option<Finding> {
    let label = label::before(view, run.start).filter(|label| label.is(NOUNS))?;
    if view.goes_on(run.start, run.end) {
        return None;
    }
    let part = |from: usize, to: usize| view.number(run.start + from, run.start + to);
    let (sure, rule) = grade((part(0, 3), part(3, 5), part(5, 9)), false, true);
    let sure = if label.noun == Noun::Social { sure.min(90) } else { sure };
    Some(found((run.start, run.end), Identifier::Ssn, sure, rule))
}

/// Four digits: the rest of a masked number, or the last ones by name.
fn last_four(view: View<'_>, run: Run) -> Option<Finding> {
    if is_masked(view, run.start) {
        return Some(found((run.start, run.end), Identifier::Ssn, 88, "ssn.masked"));
    }
    let label = label::before(view, run.start).filter(|label| label.is(&[Noun::Ssn, Noun::Social]))?;
    if view.goes_on(run.start, run.end) || matches!(view.at(run.end), b' ') && is(view.at(run.end + 1), DIGIT) {
        return None;
    }
    let sure = if label.last { 92 } else { 78 };
    Some(found((run.start, run.end), Identifier::Ssn, sure, "ssn.last_four"))
}

/// Does `xxx-xx-`, `***-**-` or the like stand before the place.
fn is_masked(view: View<'_>, place: usize) -> bool {
    let Some(from) = place.checked_sub(7) else { return false };
    view.bytes[from..place].iter().zip(b"XXX-XX-").all(|(byte, shape)| match shape {
        b'-' => matches!(byte, b'-' | b' '),
        _ => matches!(byte, b'x' | b'X' | b'*' | b'#' | b'_'),
    })
}

/// A labelled number that an optical reader damaged.
fn damaged(view: View<'_>, run: Run) -> Option<Finding> {
    if !number::may_be_damaged(view, run) {
        return None;
    }
    let (start, _) = number::value(view, run);
    let end = number::damaged(view, start, 9)?;
    label::before(view, start).filter(|label| label.is(&[Noun::Ssn]))?;
    Some(found((start, end), Identifier::Ssn, 85, "ssn.damaged"))
}

/// A payment card: 12 to 19 digits, whole or in groups.
pub(super) fn card(view: View<'_>, run: Run) -> Option<Finding> {
    let is_later =
        run.len() == 4 && view.before(run.start) == b' ' && run.start >= 2 && is(view.at(run.start - 2), DIGIT);
    if run.len() < 4 || is_later || view.goes_on(run.start, run.start) {
        return None;
    }
    let (mut end, mut total, mut groups) = (run.end, run.len(), 1);
    while total < 19 && groups < 6 && matches!(view.at(end), b' ' | b'-') {
        let next = view.run_end(end + 1, DIGIT, 8);
        let length = next - end - 1;
        if !(3..=7).contains(&length) && total + length != 13 {
            break;
        }
        (end, total, groups) = (next, total + length, groups + 1);
    }
    if groups > 1 && run.len() != 4 || !view.stands_alone(run.start, end) {
        return None;
    }
    let digits = Digits::of(view.bytes.get(run.start..end)?)?;
    let right = check::card(digits.as_slice()) && total >= 13;
    if right {
        return Some(found((run.start, end), Identifier::Account, 92, "card.luhn"));
    }
    let is_labelled = || label::before(view, run.start).is_some_and(|label| label.noun == Noun::Card);
    (total >= 13 && is_labelled()).then(|| found((run.start, end), Identifier::Account, 80, "card.labelled"))
}

/// Numbers with letters in them.
pub(super) fn lettered(view: View<'_>, run: Run) -> Option<Finding> {
    let span = (run.word_start, run.word_end);
    let text = &view.bytes[span.0..span.1];
    let noun = |nouns: &[Noun]| label::before(view, span.0).is_some_and(|label| label.is(nouns));
    match text.len() {
        9 if check::dea(text) => {
            Some(found(span, Identifier::License, if noun(&[Noun::Dea]) { 99 } else { 85 }, "dea.check"))
        }
        11 if check::mbi(text) => Some(found(span, Identifier::HealthPlan, 90, "mbi.shape")),
        4 => dashed_mbi(view, run).or_else(|| iban(view, run)),
        17 if check::vin(text) => Some(found(span, Identifier::Vehicle, 93, "vin.check")),
        17 if check::vin_shape(text) && noun(&[Noun::Vin]) => {
            Some(found(span, Identifier::Vehicle, 85, "vin.labelled"))
        }
        10 if check::ssn_with_letter(text) && noun(NOUNS) => Some(found(span, Identifier::Ssn, 90, "ssn.labelled")),
        15..=34 => iban(view, run),
        _ => None,
    }
    .or_else(|| damaged(view, run))
}

/// A Medicare number with its dashes: four, three, four.
fn dashed_mbi(view: View<'_>, run: Run) -> Option<Finding> {
    let start = run.word_start;
    let text = view.bytes.get(start..start + 13)?;
    if text[4] != b'-' || text[8] != b'-' || !view.stands_alone(start, start + 13) {
        return None;
    }
    let mut bare = [0; 11];
    bare[..4].copy_from_slice(&text[..4]);
    bare[4..7].copy_from_slice(&text[5..8]);
    bare[7..].copy_from_slice(&text[9..]);
    check::mbi(&bare).then(|| found((start, start + 13), Identifier::HealthPlan, 95, "mbi.dashed"))
}

/// An international bank account number, whole or in groups of four.
fn iban(view: View<'_>, run: Run) -> Option<Finding> {
    let start = run.word_start;
    let mut end = run.word_end;
    let mut right = None;
    for _ in 0..9 {
        let letters = view.bytes[start..end].iter().copied().filter(u8::is_ascii_alphanumeric);
        if end - start >= 15 && check::iban(letters) {
            right = Some(end);
        }
        let next = view.run_end(end + 1, ALNUM, 5);
        if view.at(end) != b' ' || !(1..=4).contains(&(next - end - 1)) || (end - start) % 5 != 4 {
            break;
        }
        end = next;
    }
    right.map(|end| found((start, end), Identifier::Account, 95, "iban.check"))
}
