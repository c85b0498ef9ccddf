//! The end of a customer's records: one officer asks for the destruction of their keys, another one does it, and what
//! was destroyed can be shown to the customer.

use super::forms::{Which, after_touch, again, beside, errors_of, mistake};
use super::frame::{flash_of, frame, go, page, witness};
use super::search::day;
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::customers::{DestructionPage, DestructionStep};
use crate::pages::parts::{Errors, Fact, Tone};
use axum::http::Method;
use custody::{Approved, Desk, HouseView, ShredDecided, ShredOrder, ShredSeen, ShredStanding, ShredView};
use record::civil::Day;
use record::{CustomerId, Timestamp, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers/{cus}/destruction", Opts::page("Destroy the keys"), show)
        .route(Method::POST, "/customers/{cus}/destruction", Opts::form("Ask for the destruction of keys"), ask)
        .route(Method::POST, "/customers/{cus}/destruction/withdraw", Opts::form("Take it back"), withdraw)
        .route(Method::POST, "/customers/{cus}/destruction/approve", Opts::form("Destroy the keys"), approve)
        .route(Method::GET, "/customers/{cus}/destruction/certificate", Opts::stream("Certificate"), certificate)
}

fn place(id: CustomerId) -> String {
    format!("/customers/{id}/destruction")
}

/// What was typed, to be shown again.
#[derive(Default)]
struct Typed {
    name: String,
    reason: String,
}

async fn shown(
    desk: &Desk<act::KeyShredShow>,
    id: CustomerId,
    (typed, errors): (Typed, Errors),
) -> Result<DestructionPage, Problem> {
    let (mut chrome, me) = frame(desk, "/customers").await?;
    let view = desk.key_shred_show(id).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this", view.witnessed));
    let officer = beside::<_, act::KeyShredAsk>(desk).could(Some(id)).await?;
    let own = view.asked.as_ref().is_some_and(|(person, ..)| *person == me.signed_in.person);
    let step = match view.standing {
        None if officer && view.hindered.is_empty() => DestructionStep::Ask,
        None => DestructionStep::None,
        Some(ShredStanding::Asked) if officer && own => DestructionStep::Waits,
        Some(ShredStanding::Asked) if officer => DestructionStep::Approve,
        Some(ShredStanding::Approved) if officer => DestructionStep::Decided,
        Some(_) => DestructionStep::None,
    };
    let (state, tone) = words(&view);
    Ok(DestructionPage {
        chrome,
        name: view.name.clone(),
        state: state.to_owned(),
        tone,
        facts: facts(custody, &view),
        // Of keys that are out of the table nothing is to be decided any more.
        hindered: if matches!(view.standing, Some(ShredStanding::Finishing | ShredStanding::Destroyed)) {
            String::new()
        } else {
            view.hindered.to_owned()
        },
        step,
        asked_at: view.asked.as_ref().map(|(.., at)| at.unix_millis()).unwrap_or_default(),
        typed_name: typed.name,
        reason: typed.reason,
        certificate: view.certificate.unwrap_or_default(),
        action: place(id),
        back: format!("/customers/{id}"),
        errors,
    })
}

const fn words(view: &ShredView) -> (&'static str, Tone) {
    match view.standing {
        None => ("not asked for", Tone::Plain),
        Some(ShredStanding::Asked) => ("asked for, waits for a second officer", Tone::Due),
        Some(ShredStanding::Approved) => ("decided, waits for the root key", Tone::Due),
        Some(ShredStanding::Finishing) => ("destroyed; the old epoch is still being let go of", Tone::Due),
        Some(ShredStanding::Destroyed) => ("destroyed", Tone::Danger),
    }
}

fn facts(custody: &HouseView, view: &ShredView) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let at = |at: Timestamp| custody.settings().time_of(at);
    let mut all = Vec::new();
    if let Some((_, name, when)) = &view.asked {
        all.push(fact("Asked for by", format!("{name}, {}", at(*when))));
        all.push(fact("Why", view.reason.clone()));
        let copies =
            view.copies_expire_at.map_or_else(|| "none are kept".to_owned(), |day| custody.settings().day_of(day));
        all.push(fact("Last copy of the whole volume expires", copies));
    }
    if let Some((_, name, when)) = &view.approved {
        all.push(fact("Decided by", format!("{name}, {}", at(*when))));
    }
    if let Some(when) = view.destroyed_at {
        all.push(fact("Destroyed", at(when)));
    }
    all
}

async fn show(desk: Desk<act::KeyShredShow>, Path(id): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    let mut answer = shown(&desk, id, (Typed::default(), Errors::none())).await?;
    answer.chrome.flash = flash_of(which.done.as_deref());
    page(&answer)
}

/// The day on which the last copy of the volume expires.
fn copies(fields: &Fields) -> Result<Option<Day>, Problem> {
    let part = |last: &str| fields.one(&format!("copies_{last}")).unwrap_or_default();
    let (month, of_month, year) = (part("month"), part("day"), part("year"));
    if [month, of_month, year].iter().all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    let wrong = || mistake("copies", "Write the day as month, day and year with four digits, or leave it empty.");
    day(month, of_month, year).map(Some).ok_or_else(wrong)
}

async fn ask(desk: Desk<act::KeyShredAsk>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let typed = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    let asked = match copies(&fields) {
        Ok(copies_expire_on) => {
            let order = ShredOrder { customer: id, name: typed("name"), reason: typed("reason"), copies_expire_on };
            desk.key_shred_ask(&order).await.map_err(|error| after_touch(error, &place(id)))
        }
        Err(problem) => Err(problem),
    };
    match asked {
        Ok(_) => go(&format!("{}?done=shred-asked", place(id))),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => {
                let typed = Typed { name: typed("name"), reason: typed("reason") };
                again(&shown(&beside(&desk), id, (typed, errors)).await?)
            }
            None => Err(problem),
        },
    }
}

async fn withdraw(desk: Desk<act::KeyShredAsk>, Path(id): Path<CustomerId>) -> Answer {
    desk.key_shred_withdraw(id).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=shred-withdrawn", place(id)))
}

async fn approve(desk: Desk<act::KeyShred>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    // Whoever has looked at nothing decides nothing; that they may at all is asked first.
    let asked_at = fields.one("asked_at").and_then(|text| text.parse().ok()).unwrap_or_default();
    let decided = ShredDecided { customer: id, what: ShredSeen::Asked(Timestamp::from_unix_millis(asked_at)) };
    match desk.key_shred_approve(&decided, None).await.map_err(|error| after_touch(error, &place(id)))? {
        Approved::Shredded(_) => go(&format!("{}?done=destroyed", place(id))),
        Approved::NeedsRootKey => go(&place(id)),
    }
}

/// For the customer's own files: what was destroyed, when, and by whose decision.
async fn certificate(desk: Desk<act::KeyShredShow>, Path(id): Path<CustomerId>) -> Answer {
    let view = desk.key_shred_show(id).await?;
    let Some(text) = &view.certificate else {
        return Err(Problem::Conflict("Nothing was destroyed yet, or not all of it."));
    };
    let by = |who: &Option<(record::PersonId, String, Timestamp)>| {
        who.as_ref().map(|(person, name, at)| serde_json::json!({"person": person, "name": name, "at": at.to_string()}))
    };
    Reply::json(&serde_json::json!({
        "certificate": text, "customer": id, "name": view.name, "reason": view.reason,
        "asked": by(&view.asked), "decided": by(&view.approved),
        "destroyed_at": view.destroyed_at.map(|at| at.to_string()),
        "last_copy_expires_at": view.copies_expire_at.map(|at| at.to_string()),
        "finished": view.standing == Some(ShredStanding::Destroyed),
    }))
}
