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
use custody::{Custody, Desk, DoneLast, Durations, Metrics};
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

/// Ages and result of what is done from time to time; nothing while it never was.
fn done(text: &mut String, what: &str, last: Option<DoneLast>) {
    let Some(last) = last else { return };
    one(
        text,
        (&format!("{what}_age_seconds"), "gauge", "Since it was done last, whether or not it passed."),
        last.age_secs,
    );
    one(text, (&format!("{what}_ok"), "gauge", "1 when that passed."), u8::from(last.ok));
    if let Some(age) = last.passed_age_secs {
        one(text, (&format!("{what}_passed_age_seconds"), "gauge", "Since it passed last."), age);
    }
}

/// A fixed word as a label's value; whatever else were in one would be no label.
fn word(text: &str) -> String {
    let fits = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' };
    text.chars().map(fits).collect()
}

fn by_kind<'k>(text: &mut String, name: &str, kind: &str, lines: impl Iterator<Item = (&'k str, u64)>) {
    for (value, many) in lines {
        text.push_str(&format!("strongroom_{name}{{{kind}=\"{}\"}} {many}\n", word(value)));
    }
}

/// The lines of one histogram; `labels` without braces, may be empty.
fn histogram(text: &mut String, name: &str, labels: &str, took: &Durations) {
    let (below, all, secs) = took.read();
    let comma = if labels.is_empty() { "" } else { "," };
    for (bound, many) in Durations::BOUNDS_MILLIS.iter().zip(below) {
        let (whole, thousandths) = (bound / 1000, bound % 1000);
        text.push_str(&format!("strongroom_{name}_bucket{{{labels}{comma}le=\"{whole}.{thousandths:03}\"}} {many}\n"));
    }
    text.push_str(&format!("strongroom_{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {all}\n"));
    let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    text.push_str(&format!("strongroom_{name}_sum{braces} {secs}\nstrongroom_{name}_count{braces} {all}\n"));
}

/// Prometheus' text format, version 0.0.4.
fn metrics(house: &Metrics, gate: &Gate, counts: &RequestCounts) -> String {
    let mut text = String::with_capacity(64 * 1024);
    head(&mut text, "build_info", "gauge", "1, with the program's version.");
    text.push_str(&format!("strongroom_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION")));
    of_gate(&mut text, house, gate);
    of_ledger(&mut text, house);
    of_alerts(&mut text, house);
    of_work(&mut text, house);
    done(&mut text, "witness", house.witness);
    done(&mut text, "backup", house.backup);
    done(&mut text, "restore_drill", house.drill);
    done(&mut text, "probe", house.probe);
    of_requests(&mut text, counts);
    text
}

fn of_gate(text: &mut String, house: &Metrics, gate: &Gate) {
    if let Some(left) = house.certificate_left_secs {
        one(text, ("certificate_expires_seconds", "gauge", "Until the TLS certificate ends; below 0 it has."), left);
    }
    let state = match gate.standing() {
        Standing::Open { .. } => 1,
        _ => 0,
    };
    one(text, ("gate_open", "gauge", "1 while the portal answers people."), state);
    one(text, ("gate_routes_closed", "gauge", "What a finding of the probe keeps shut."), gate.closings().len());
    one(
        text,
        ("gate_kept_shut", "gauge", "1 while a finding keeps the portal shut over restarts."),
        u8::from(house.gate_kept_shut),
    );
}

fn of_ledger(text: &mut String, house: &Metrics) {
    one(text, ("ledger_entries", "gauge", "Entries under the newest signed head."), house.ledger_entries);
    one(text, ("ledger_queue", "gauge", "Acts that wait to be written."), house.ledger_queue);
    head(text, "ledger_commit_seconds", "histogram", "How long the ledger's commits took.");
    histogram(text, "ledger_commit_seconds", "", &house.ledger_commits);
    one(
        text,
        ("ledger_commit_failures_total", "counter", "Commits of the ledger that failed."),
        house.ledger_commit_failures,
    );
    one(text, ("orphans", "gauge", "Acts without a later word, counted hourly."), house.orphans);
    if let Some(behind) = house.feed_behind {
        one(text, ("feed_behind", "gauge", "Entries that the feed's receiver has not taken."), behind);
    }
}

fn of_alerts(text: &mut String, house: &Metrics) {
    one(text, ("alerts_waiting", "gauge", "Alerts that could not be written yet."), house.alerts_waiting);
    head(text, "alerts_open", "gauge", "Alerts that nobody has closed.");
    by_kind(text, "alerts_open", "kind", house.alerts_open.iter().map(|(word, many)| (word.as_str(), *many)));
    head(text, "alerts_said_total", "counter", "Alerts since the start.");
    by_kind(text, "alerts_said_total", "kind", house.alerts_said.iter().map(|(word, many)| (*word, *many)));
}

/// Acts, sessions, connections, agreements, jobs.
fn of_work(text: &mut String, house: &Metrics) {
    head(text, "acts_total", "counter", "Acts by action and by policy's answer.");
    for ((action, answered), many) in &house.acts {
        let (action, answered) = (word(action.as_str()), answered.as_str());
        text.push_str(&format!("strongroom_acts_total{{action=\"{action}\",outcome=\"{answered}\"}} {many}\n"));
    }
    one(text, ("sessions", "gauge", "Sessions that live."), house.sessions);
    head(text, "connections", "gauge", "Connections to the database for reading.");
    let (held, most) = house.connections;
    by_kind(text, "connections", "state", [("held", u64::from(held)), ("most", u64::from(most))].into_iter());
    one(text, ("database_bytes", "gauge", "The database with its log."), house.database_bytes);
    head(text, "agreements", "gauge", "Customers whose agreement is over, or will be; counted hourly.");
    let agreements = house.agreements;
    let each = [
        ("none", agreements.none),
        ("ends_30_days", agreements.ends_30_days),
        ("ends_90_days", agreements.ends_90_days),
    ];
    by_kind(text, "agreements", "state", each.into_iter());
    head(text, "job_runs_total", "counter", "How often a job ran.");
    by_kind(text, "job_runs_total", "job", house.jobs.iter().map(|job| (job.name, job.tally.runs)));
    head(text, "job_failures_total", "counter", "How often it failed.");
    by_kind(text, "job_failures_total", "job", house.jobs.iter().map(|job| (job.name, job.tally.failures)));
    head(text, "job_passed_age_seconds", "gauge", "Since it went well last.");
    let ages = house.jobs.iter().filter_map(|job| {
        let age = job.passed_age_secs?;
        Some((job.name, u64::try_from(age).unwrap_or(0)))
    });
    by_kind(text, "job_passed_age_seconds", "job", ages);
}

fn of_requests(text: &mut String, counts: &RequestCounts) {
    let all = counts.all();
    head(text, "requests_total", "counter", "Requests by route and class of status.");
    for route in &all {
        for (class, many) in route.classes.iter().enumerate().filter(|(_, many)| **many > 0) {
            let (method, pattern, class) = (&route.method, route.pattern, class + 1);
            text.push_str(&format!(
                "strongroom_requests_total{{method=\"{method}\",route=\"{pattern}\",status=\"{class}xx\"}} {many}\n"
            ));
        }
    }
    head(text, "request_seconds", "histogram", "Until the answer began, by route.");
    for route in &all {
        let labels = format!("method=\"{}\",route=\"{}\"", route.method, route.pattern);
        histogram(text, "request_seconds", &labels, &route.took);
    }
}
