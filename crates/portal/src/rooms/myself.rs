//! Oneself: leaving, locking, touching again, one's own passkeys and recovery codes.
//!
//! What must always hold: a session under its lock reaches the lock's own page, the touch and the way out, and
//! nothing else (the door sees to that before any desk is made).

use super::ceremony::{Said, Step, Told, asked, next_of, touch_first};
use super::forms::after_touch;
use super::frame::{Me, flash_of, frame, go, moment, page, porch};
use crate::door::take::{Json, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::entrance::{LockedPage, PasskeyRow, PasskeysPage, RecoveryCodesPage, StepUpPage};
use crate::pages::parts::{Hidden, PostLink};
use axum::http::Method;
use custody::{CustodyError, Desk, HouseView, PasskeyLine};
use record::{CredentialId, Timestamp, act};
use serde::Deserialize;

const PASSKEYS: &str = "/me/passkeys";
/// A touch counts for five minutes; one of these is left for the act itself to arrive.
const TOUCH_MILLIS: i64 = 4 * 60_000;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::POST, "/sign-out", Opts::form("Sign out"), sign_out)
        .route(Method::POST, "/lock", Opts::form("Lock"), lock)
        .route(Method::GET, "/locked", Opts::page("Locked"), locked_page)
        .route(Method::POST, "/alive", Opts::form("Still here"), alive)
        .route(Method::GET, "/step-up", Opts::page("Touch again"), step_up)
        .route(Method::POST, "/step-up/{step}", Opts::json("Touch again"), step_up_step)
        .route(Method::GET, "/me/passkeys", Opts::page("My passkeys"), passkeys)
        .route(Method::POST, "/me/passkeys/{step}", Opts::json("Add a passkey"), add_step)
        .route(Method::POST, "/me/passkeys/{key}/remove", Opts::form("Take a passkey away"), remove)
        .route(Method::POST, "/me/recovery-codes", Opts::form("New recovery codes"), codes_new)
}

/// Where to go on, and what the last act did.
#[derive(Debug, Clone, Default, Deserialize)]
struct Way {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: Option<String>,
}

async fn sign_out(desk: Desk<act::SessionEnd>) -> Answer {
    desk.sign_out().await?;
    Ok(go("/sign-in?out=1")?.session_over())
}

async fn lock(desk: Desk<act::SessionEnd>) -> Answer {
    desk.lock().await?;
    go("/locked")
}

async fn locked_page(desk: Desk<act::SessionStepUp>, Query(way): Query<Way>) -> Answer {
    let next = next_of(&way.next);
    let me = Me::at(&desk).await?;
    if !me.signed_in.locked {
        return Ok(Reply::see_other(&next));
    }
    let mut chrome = porch(desk.house()).await?;
    chrome.csrf.clone_from(&me.signed_in.csrf);
    page(&LockedPage { chrome, name: me.who.name, next: next.as_str().to_owned(), problem: None })
}

/// The session's clock was set back by the door, because somebody is there: typing is work too.
async fn alive(_desk: Desk<act::SessionStepUp>) -> Answer {
    Ok(Reply::text("ok\n"))
}

/// What is about to be done, by where one came from. No PHI: a path holds none.
fn what(next: &str) -> &'static str {
    let path = next.split('?').next().unwrap_or_default();
    let ends = |last: &str| path.ends_with(last);
    match path {
        "/customers/new" => "add a customer",
        PASSKEYS => "change your passkeys",
        "/ledger" => "take the whole ledger with you",
        "/gate" => "open the gate again",
        _ if ends("/break-glass") => "break the glass",
        _ if ends("/invite") || ends("/manager") => "invite somebody",
        _ if ends("/agreements/new") => "record an agreement",
        _ if ends("/enter-in-error") => "mark it as entered in error",
        _ if ends("/link") => "link the patient",
        _ if path.starts_with("/documents/") => "sign the document",
        _ => "go on",
    }
}

async fn step_up(desk: Desk<act::SessionStepUp>, Query(way): Query<Way>) -> Answer {
    let (chrome, _) = frame(&desk, "/step-up").await?;
    let next = next_of(&way.next);
    page(&StepUpPage {
        chrome,
        what: what(next.as_str()).to_owned(),
        action: "/step-up/start".to_owned(),
        hidden: vec![Hidden { name: "next".to_owned(), value: next.as_str().to_owned() }],
        back: "/".to_owned(),
        problem: None,
    })
}

async fn step_up_step(desk: Desk<act::SessionStepUp>, Path(step): Path<Step>, Json(said): Json<Said>) -> Answer {
    match step {
        // Who touched just now is not asked again: policy takes that touch. A lock is taken off by a new one only.
        Step::Start if touched_just_now(&desk) => told(&desk, said.next().as_str()),
        Step::Start => {
            let started = desk.step_up_start().await?;
            asked(&started.challenge, &started.ceremony)
        }
        Step::Finish => {
            desk.step_up_finish(&said.ceremony, &said.answer()?).await?;
            told(&desk, said.next().as_str())
        }
    }
}

/// Whether the last touch will still count when the act that it is for comes in. Policy decides about that act.
fn touched_just_now(desk: &Desk<act::SessionStepUp>) -> bool {
    let now = desk.house().now();
    let fresh = |at: Timestamp| (0..TOUCH_MILLIS).contains(&now.millis_since(at));
    desk.signed_in().is_some_and(|me| !me.locked && me.step_up_at.is_some_and(fresh))
}

fn told<A: record::Act>(desk: &Desk<A>, next: &str) -> Answer {
    let me = desk.signed_in().ok_or(Problem::WhoAreYou)?;
    let (csrf, person) = (me.csrf.clone(), me.person.to_string());
    Reply::json(&Told { next: next.to_owned(), csrf, person, codes: Vec::new() })
}

fn row(custody: &HouseView, line: &PasskeyLine) -> PasskeyRow {
    PasskeyRow {
        label: line.label.clone(),
        added: moment(custody, line.created_at),
        used: line.used_at.map(|at| moment(custody, at)),
        remove: line.removable.then(|| PostLink {
            label: "Take it away".to_owned(),
            action: format!("{PASSKEYS}/{}/remove", line.id),
            hidden: Vec::new(),
        }),
    }
}

async fn passkeys(desk: Desk<act::CredentialAdd>, Query(way): Query<Way>) -> Answer {
    let (mut chrome, _) = frame(&desk, PASSKEYS).await?;
    let lines = desk.passkey_list().await?;
    let custody = desk.house();
    chrome.flash = flash_of(way.done.as_deref());
    page(&PasskeysPage {
        chrome,
        passkeys: lines.iter().map(|line| row(custody, line)).collect(),
        codes_left: desk.recovery_codes_left().await?,
        new_codes_action: "/me/recovery-codes".to_owned(),
    })
}

async fn add_step(desk: Desk<act::CredentialAdd>, Path(step): Path<Step>, Json(said): Json<Said>) -> Answer {
    match step {
        Step::Start => match desk.add_start().await {
            Ok(started) => asked(&started.challenge, &started.ticket),
            Err(error @ CustodyError::Refused(_)) => match Problem::from(error) {
                Problem::StepUp(_) => touch_first(),
                problem => Err(problem),
            },
            Err(error) => Err(error.into()),
        },
        Step::Finish => {
            desk.add_finish(&said.ceremony, &said.answer()?, said.label()).await?;
            told(&desk, "/me/passkeys?done=passkey-added")
        }
    }
}

async fn remove(desk: Desk<act::CredentialRemove>, Path(id): Path<CredentialId>) -> Answer {
    desk.credential_remove(id).await.map_err(|error| after_touch(error, PASSKEYS))?;
    go("/me/passkeys?done=passkey-removed")
}

async fn codes_new(desk: Desk<act::CredentialAdd>) -> Answer {
    let codes = desk.recovery_codes_new().await.map_err(|error| after_touch(error, PASSKEYS))?;
    let mut chrome = porch(desk.house()).await?;
    chrome.csrf = desk.signed_in().map(|me| me.csrf.clone()).unwrap_or_default();
    page(&RecoveryCodesPage { chrome, codes, next: PASSKEYS.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::what;

    #[test]
    fn a_touch_says_what_it_is_for() {
        assert_eq!(what("/patients/pat_1/break-glass"), "break the glass");
        assert_eq!(what("/people/invite?customer=cus_1"), "invite somebody");
        assert_eq!((what("/"), what("/else")), ("go on", "go on"));
    }
}
