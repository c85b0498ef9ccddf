//! Obligations as a calendar that other programs read (RFC 5545).
//!
//! What must always hold: a duty keeps its UID when its day moves, so that a calendar moves it, too; no line is longer than 75 octets
//! and none is cut inside a character; what has no day is not in the calendar, and the caller is told how many those are.

use crate::obligations::{Obligation, Standing};
use record::civil::Day;

/// Octets of a line, without the blank that a folded one begins with.
const LINE_OCTETS: usize = 74;

/// The calendar, and how many obligations have no day to be in it.
#[must_use]
pub fn calendar(obligations: &[Obligation<'_>], known_on: Day) -> (String, usize) {
    let mut out = String::new();
    let mut without = 0;
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Strongroom//obligations//EN"] {
        fold(&mut out, line);
    }
    let is_open = |one: &&Obligation<'_>| matches!(one.standing, Standing::Owed | Standing::CountsIfNotified);
    for one in obligations.iter().filter(is_open) {
        let Some(day) = one.due.day else {
            without += 1;
            continue;
        };
        let place = if one.place == one.duty.jurisdiction { String::new() } else { format!(" ({})", one.place) };
        let summary = format!("{}: tell {}{place}", one.customer, one.duty.to);
        for line in [
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", escaped(&format!("{}/{}/{}@strongroom", one.customer, one.duty.id, one.place))),
            format!("DTSTAMP:{}T000000Z", compact(known_on)),
            format!("DTSTART;VALUE=DATE:{}", compact(day)),
            format!("SUMMARY:{}", escaped(summary.trim_start_matches(": "))),
            format!("DESCRIPTION:{}", escaped(&format!("{} {}", one.sentence, crate::ADVICE))),
            "BEGIN:VALARM".to_owned(),
            "ACTION:DISPLAY".to_owned(),
            "DESCRIPTION:A week is left".to_owned(),
            "TRIGGER:-P7D".to_owned(),
            "END:VALARM".to_owned(),
            "END:VEVENT".to_owned(),
        ] {
            fold(&mut out, &line);
        }
    }
    fold(&mut out, "END:VCALENDAR");
    (out, without)
}

fn compact(day: Day) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// RFC 5545, 3.3.11; control characters are left out, so that nobody's name ends a line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// RFC 5545, 3.1.
fn fold(out: &mut String, line: &str) {
    let mut long = 0;
    for letter in line.chars() {
        if long + letter.len_utf8() > LINE_OCTETS {
            out.push_str("\r\n ");
            long = 0;
        }
        long += letter.len_utf8();
        out.push(letter);
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::{escaped, fold};

    #[test]
    fn lines_are_folded_between_characters_and_signs_are_escaped() {
        let mut out = String::new();
        fold(&mut out, &"ä".repeat(100));
        assert!(out.split("\r\n").all(|line| line.len() <= 75) && out.matches('ä').count() == 100, "{out}");
        assert_eq!(escaped("a,b;c\\d\ne\r\u{7}"), "a\\,b\\;c\\\\d\\ne");
    }
}
