//! RFC 5424: `<PRI>1 TIME HOST strongroom - ACTION [entry …][act …] sentence`.
//!
//! The message is ASCII, so no byte order mark stands before it (RFC 5424, 6.4: it belongs before UTF-8 alone).

use super::Line;
use super::escape::{field, param};
use super::kinds::{self, Gravity};
use record::{Outcome, Resources, Timestamp};
use std::fmt::Write as _;

/// The longest line, bytes, without its end: RFC 5424 (6.1) asks every receiver to take 2,048.
pub(super) const LINE_BYTES_MAX: usize = 2048;
/// "log audit" (RFC 5424, table 1).
const FACILITY: u8 = 13;
/// The number that RFC 5612 sets aside for examples: ours is not registered.
const ENTERPRISE: &str = "32473";

/// Milliseconds of the years 0 to 9999, outside of which RFC 3339 has no writing.
const YEARS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

fn time(at: Option<Timestamp>) -> String {
    at.filter(|at| YEARS.contains(&at.unix_millis())).map_or_else(|| "-".to_owned(), |at| at.to_string())
}

const fn severity(gravity: Gravity) -> u8 {
    match gravity {
        Gravity::Usual => 6,
        Gravity::Notable => 5,
        Gravity::Grave => 4,
    }
}

pub(super) fn message(line: &Line<'_>) -> String {
    let gravity = kinds::gravity(line.entry.as_ref());
    let action = line.entry.as_ref().map_or("unreadable", |entry| entry.action.as_str());
    let mut text = format!(
        "<{}>1 {} {} strongroom - {} ",
        FACILITY * 8 + severity(gravity),
        time(line.entry.as_ref().map(|entry| entry.at)),
        field(&line.feed.host, 255),
        field(action, 32),
    );
    // Room is kept for what always stands at the end.
    let end = sentence(line, action);
    let _ = write!(
        text,
        "[entry@{ENTERPRISE} index=\"{}\" leaf=\"{}\" origin=\"{}\" size=\"{}\" root=\"{}\"]",
        line.index,
        line.leaf_hash,
        param(&short(&line.feed.origin, 200)),
        line.feed.head.size,
        line.feed.head.root,
    );
    act(line, &mut text, LINE_BYTES_MAX - end.len());
    text.push_str(&end);
    text
}

/// Cut to so many signs, before it is escaped: what is cut afterwards could lose half an escape.
fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Who, at whose, why; and as many of the things as have room.
fn act(line: &Line<'_>, text: &mut String, most: usize) {
    let Some(entry) = &line.entry else { return };
    let _ = write!(
        text,
        "[act@{ENTERPRISE} intent=\"{}\" principal=\"{}\" outcome=\"{}\" purpose=\"{}\"",
        entry.intent,
        entry.principal,
        entry.outcome.as_str(),
        entry.purpose.as_str(),
    );
    let mut more = |name: &str, value: &str| {
        let _ = write!(text, " {name}=\"{}\"", param(value));
    };
    if let Some(session) = entry.session {
        more("session", &session.to_string());
    }
    if let Some(customer) = entry.customer {
        more("customer", &customer.to_string());
    }
    if !entry.why.is_empty() {
        more("why", &short(&entry.why, 64));
    }
    if let Some(bytes) = entry.bytes_out {
        more("bytesOut", &bytes.to_string());
    }
    if let Resources::Counted { digest, .. } = &entry.resources {
        more("resourcesDigest", &digest.to_string());
    }
    let (count, listed) = line.resources();
    more("resources", &count.to_string());
    for one in listed {
        let param = format!(" resource=\"{one}\"");
        if text.len() + param.len() + 1 > most {
            // How many there are stands before; which they are is in the ledger.
            break;
        }
        text.push_str(&param);
    }
    text.push(']');
}

/// One sentence of ids and fixed words.
fn sentence(line: &Line<'_>, action: &str) -> String {
    let Some(entry) = &line.entry else { return format!(" entry {} cannot be read", line.index) };
    let how = match entry.outcome {
        Outcome::Permitted => "was permitted to",
        Outcome::Refused => "was refused to",
        Outcome::Done => "has done",
        Outcome::Failed => "failed at",
        Outcome::Unknown => "ended nobody knows how at",
        Outcome::Noted => "noted at",
    };
    let customer = entry.customer.map_or_else(String::new, |customer| format!(" for {customer}"));
    format!(" {} {how} {action}{customer}", entry.principal)
}
