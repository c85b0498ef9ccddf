//! For machines that watch, strangers who found a hole, and programs that look for the way in: `/metrics` and
//! `/.well-known/`.
//!
//! What must always hold: the numbers go to a peer on this machine's loopback that no proxy speaks for, and to
//! everybody else there is no such route; a label is a fixed word or a route's pattern, never what somebody typed.

use super::handles::Handles;
use crate::door::counts::RequestCounts;
use crate::door::gate::{Gate, Standing};
use crate::door::locked::Run;
use crate::door::take::Path;
use crate::door::{Answer, Kind, Locked, Problem, Reply};
use axum::http::Method;
use custody::{Custody, Desk, DoneLast, Metrics};
use record::act;
use std::sync::Arc;

/// RFC 9116 wants an end; a year at most is recommended.
const SECURITY_TXT_SECS: i64 = 180 * 24 * 3600;

pub(super) fn routes(locked: Locked, handles: &Handles) -> Locked {
    let (gate, counts) = (handles.gate.clone(), handles.counts.clone());
    let run: Run<Custody> = Arc::new(move |custody, comer, call| {
        let (gate, counts) = (gate.clone(), counts.clone());
        Box::pin(async move {
            if !call.nearby {
                return Err(not_here(comer.person().is_some()));
            }
            Ok(Reply::text(metrics(&custody.metrics().await?, &gate, &counts)))
        })
    });
    locked
        .open_run(
            Method::GET,
            "/metrics",
            "numbers without names, to a peer on this machine's loopback that no proxy speaks for; to everybody else as if it were not there",
            Kind::Page,
            run,
        )
        .open(
            Method::GET,
            "/.well-known/{file}",
            "whom to tell of a hole (RFC 9116) and where programs ask for tokens (SMART); constant words and what the operator configured",
            Kind::Page,
            well_known,
        )
        .open(
            Method::POST,
            "/oauth2/token",
            "where programs prove who they are and get a token for five minutes; opens nothing by itself",
            Kind::Proof,
            super::token::token,
        )
}

/// As every path that is not there is answered.
const fn not_here(somebody: bool) -> Problem {
    if somebody { Problem::NotHere } else { Problem::WhoAreYou }
}

async fn well_known(desk: Desk<act::SessionStart>, Path(file): Path<String>) -> Answer {
    match file.as_str() {
        "security.txt" => security_txt(&desk),
        "smart-configuration" => super::token::smart_configuration(&desk),
        _ => Err(not_here(desk.signed_in().is_some())),
    }
}

fn security_txt(desk: &Desk<act::SessionStart>) -> Answer {
    let custody = desk.house();
    let settings = custody.settings();
    let Some(contact) = &settings.security_contact else { return Err(not_here(desk.signed_in().is_some())) };
    let until = custody.now().plus_secs(SECURITY_TXT_SECS);
    let home = settings.public_url.as_str().trim_end_matches('/');
    Ok(Reply::text(format!(
        "Contact: {contact}\nExpires: {until}\nPreferred-Languages: en\nCanonical: {home}/.well-known/security.txt\n"
    )))
}

/// One metric's head.
fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    text.push_str(&format!("# HELP strongroom_{name} {help}\n# TYPE strongroom_{name} {kind}\n"));
}

fn one(text: &mut String, (name, kind, help): (&str, &str, &str), value: impl std::fmt::Display) {
    head(text, name, kind, help);
    text.push_str(&format!("strongroom_{name} {value}\n"));
}

/// Age and result of what is done from time to time; nothing while it never was.
fn done(text: &mut String, what: &str, last: Option<DoneLast>) {
    let Some(last) = last else { return };
    one(text, (&format!("{what}_age_seconds"), "gauge", "Since it was done last."), last.age_secs);
    one(text, (&format!("{what}_ok"), "gauge", "1 when that passed."), u8::from(last.ok));
}

fn by_kind<'k>(text: &mut String, name: &str, kind: &str, lines: impl Iterator<Item = (&'k str, u64)>) {
    for (word, many) in lines {
        // Words of our own detectors; whatever else were in one would be no label.
        let word: String = word.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
        text.push_str(&format!("strongroom_{name}{{{kind}=\"{word}\"}} {many}\n"));
    }
}

/// Prometheus' text format, version 0.0.4.
fn metrics(house: &Metrics, gate: &Gate, counts: &RequestCounts) -> String {
    let mut text = String::with_capacity(8 * 1024);
    let state = match gate.standing() {
        Standing::Open { .. } => 1,
        _ => 0,
    };
    one(&mut text, ("gate_open", "gauge", "1 while the portal answers people."), state);
    one(&mut text, ("gate_routes_closed", "gauge", "What a finding of the probe keeps shut."), gate.closings().len());
    one(
        &mut text,
        ("gate_kept_shut", "gauge", "1 while a finding keeps the portal shut over restarts."),
        u8::from(house.gate_kept_shut),
    );
    one(&mut text, ("ledger_entries", "gauge", "Entries under the newest signed head."), house.ledger_entries);
    one(&mut text, ("ledger_queue", "gauge", "Acts that wait to be written."), house.ledger_queue);
    one(&mut text, ("orphans", "gauge", "Acts without a later word, counted hourly."), house.orphans);
    one(&mut text, ("database_bytes", "gauge", "The database with its log."), house.database_bytes);
    one(&mut text, ("alerts_waiting", "gauge", "Alerts that could not be written yet."), house.alerts_waiting);
    head(&mut text, "alerts_open", "gauge", "Alerts that nobody has closed.");
    by_kind(&mut text, "alerts_open", "kind", house.alerts_open.iter().map(|(word, many)| (word.as_str(), *many)));
    head(&mut text, "alerts_said_total", "counter", "Alerts since the start.");
    by_kind(&mut text, "alerts_said_total", "kind", house.alerts_said.iter().map(|(word, many)| (*word, *many)));
    done(&mut text, "witness", house.witness);
    done(&mut text, "backup", house.backup);
    done(&mut text, "restore_drill", house.drill);
    done(&mut text, "probe", house.probe);
    head(&mut text, "requests_total", "counter", "Requests by route and class of status.");
    for (method, pattern, class, many) in counts.all() {
        text.push_str(&format!(
            "strongroom_requests_total{{method=\"{method}\",route=\"{pattern}\",status=\"{class}xx\"}} {many}\n"
        ));
    }
    text
}
