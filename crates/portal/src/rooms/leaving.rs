//! A practice leaves: its manager says so, takes the export's secret, confirms what was exported, or takes it back.

use super::forms::{Which, after_touch, beside};
use super::frame::{flash_of, frame, go, page, witness};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::leaving::{LeavingPage, LeavingStep};
use crate::pages::parts::{Fact, Tone};
use axum::http::Method;
use custody::{Desk, HouseView, LeavingExport, LeavingState, LeavingView};
use record::{Act, CustomerId, IntentId, Timestamp, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers/{cus}/leaving", Opts::page("Leaving"), show)
        .route(Method::POST, "/customers/{cus}/leaving", Opts::form("Leave"), begin)
        .route(Method::POST, "/customers/{cus}/leaving/secret", Opts::form("Take the export's secret"), secret)
        .route(Method::POST, "/customers/{cus}/leaving/confirm", Opts::form("Confirm what was exported"), confirm)
        .route(Method::POST, "/customers/{cus}/leaving/withdraw", Opts::form("Stay after all"), withdraw)
}

fn place(id: CustomerId) -> String {
    format!("/customers/{id}/leaving")
}

const fn words(state: Option<LeavingState>) -> (&'static str, Tone) {
    match state {
        None => ("not decided", Tone::Plain),
        Some(LeavingState::Begun) => ("decided, nothing exported yet", Tone::Due),
        Some(LeavingState::Exporting) => ("being exported", Tone::Due),
        Some(LeavingState::Exported) => ("exported, waits for the practice's word", Tone::Due),
        Some(LeavingState::Confirmed) => ("confirmed by the practice", Tone::Good),
    }
}

fn fact(name: &str, value: String) -> Fact {
    Fact { name: name.to_owned(), value }
}

fn counts(custody: &HouseView, export: &LeavingExport) -> Vec<Fact> {
    let counts = &export.counts;
    vec![
        fact("Exported", custody.settings().time_of(export.at)),
        fact("Documents", counts.documents.to_string()),
        fact("Versions of them", counts.versions.to_string()),
        fact("Bytes", counts.bytes.to_string()),
        fact("Patients", counts.patients.to_string()),
        fact("Guardians and guarantors", counts.related.to_string()),
        fact("People of the practice", counts.people.to_string()),
        fact("Entries of the ledger", counts.entries.to_string()),
        fact("Manifest, SHA-256", export.digest.clone()),
        fact("Export", export.id.to_string()),
    ]
}

async fn filled<A: Act>(desk: &Desk<A>, view: LeavingView, secret: &str) -> Result<LeavingPage, Problem> {
    let (mut chrome, _) = frame(desk, "/customers").await?;
    let (custody, id) = (desk.house(), view.customer);
    chrome.witness = Some(witness(custody, "opened this", view.witnessed));
    let manager = beside::<_, act::CustomerLeave>(desk).could(Some(id)).await?;
    let at = |at: Timestamp| custody.settings().time_of(at);
    let who = |name: &str, one: &Option<(String, Timestamp)>| {
        one.as_ref().map(|(person, when)| fact(name, format!("{person}, {}", at(*when))))
    };
    let mut facts: Vec<Fact> = who("Decided by", &view.begun).into_iter().collect();
    facts.extend(view.exporting_since.map(|since| fact("An export was begun", at(since))));
    facts.extend(who("Confirmed by", &view.confirmed));
    facts.extend(view.hold_until.map(|until| fact("Nothing is destroyed before", at(until))));
    let export = view.export.as_ref();
    let step = match view.state {
        _ if !manager => LeavingStep::None,
        None => LeavingStep::Begin,
        Some(LeavingState::Begun | LeavingState::Exporting) => LeavingStep::Export,
        Some(LeavingState::Exported) if export.is_some_and(|one| one.outdated) => LeavingStep::Export,
        Some(LeavingState::Exported) if export.is_some_and(|one| one.secret_taken_at.is_none()) => LeavingStep::Secret,
        Some(LeavingState::Exported) => LeavingStep::Confirm,
        Some(LeavingState::Confirmed) => LeavingStep::Hold,
    };
    let (state, tone) = words(view.state);
    Ok(LeavingPage {
        name: view.name,
        customer: id.to_string(),
        state: state.to_owned(),
        tone,
        facts,
        counts: export.map(|one| counts(custody, one)).unwrap_or_default(),
        outdated: export.is_some_and(|one| one.outdated),
        step,
        may_withdraw: manager && view.state.is_some(),
        export: export.map(|one| one.id.to_string()).unwrap_or_default(),
        secret: secret.to_owned(),
        hold_days: custody.settings().leaving_hold_days,
        action: place(id),
        back: format!("/customers/{id}"),
        chrome,
    })
}

async fn show(desk: Desk<act::CustomerLeaveShow>, Path(id): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    let view = desk.leaving_show(id).await?;
    let mut answer = filled(&desk, view, "").await?;
    answer.chrome.flash = flash_of(which.done.as_deref());
    page(&answer)
}

async fn begin(desk: Desk<act::CustomerLeave>, Path(id): Path<CustomerId>) -> Answer {
    desk.leave_begin(id).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=leaves", place(id)))
}

/// The one answer with the secret in it: to the post itself, so that no address shows it again.
async fn secret(desk: Desk<act::CustomerLeave>, Path(id): Path<CustomerId>) -> Answer {
    let (secret, view) = desk.leave_secret(id).await.map_err(|error| after_touch(error, &place(id)))?;
    page(&filled(&desk, view, &secret).await?)
}

async fn confirm(desk: Desk<act::CustomerLeave>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    // Whoever has looked at no export confirms none; that they may at all is asked first.
    let seen = fields.one("export").and_then(|text| text.parse().ok()).unwrap_or(IntentId::from_bytes([0; 16]));
    desk.leave_confirm(id, seen).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=leaving-confirmed", place(id)))
}

async fn withdraw(desk: Desk<act::CustomerLeave>, Path(id): Path<CustomerId>) -> Answer {
    desk.leave_withdraw(id).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=stays", place(id)))
}
