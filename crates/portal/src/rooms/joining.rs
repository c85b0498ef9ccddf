//! A practice joins another: each of the two managers looks at it, says yes, or takes it back.

use super::forms::{Which, after_touch, beside};
use super::frame::{flash_of, frame, go, page, thousands, witness};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::joining::{JoiningCard, JoiningNext, JoiningPage, JoiningRow};
use crate::pages::parts::{Fact, Tone};
use axum::http::Method;
use custody::{Desk, HouseView, JoinYes, JoiningPerson, JoiningState, JoiningStep, JoiningView};
use record::{Act, CustomerId, MembershipId, Timestamp, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers/{cus}/joining", Opts::page("Joining"), show)
        .route(Method::POST, "/customers/{cus}/joining", Opts::form("Say yes to a joining"), yes)
        .route(Method::POST, "/customers/{cus}/joining/withdraw", Opts::form("Take a joining back"), withdraw)
}

fn place(id: CustomerId) -> String {
    format!("/customers/{id}/joining")
}

const fn words(state: JoiningState) -> (&'static str, Tone) {
    match state {
        JoiningState::Prepared => ("prepared: the practice that joins decides first", Tone::Due),
        JoiningState::Given => ("one yes: the practice that is joined decides", Tone::Due),
        JoiningState::Agreed => ("both have said yes", Tone::Good),
        JoiningState::Moving => ("being carried out: its records are not all there yet", Tone::Due),
        JoiningState::Joined => ("done", Tone::Good),
    }
}

fn fact(name: &str, value: String) -> Fact {
    Fact { name: name.to_owned(), value }
}

fn row(custody: &HouseView, one: JoiningPerson) -> JoiningRow {
    JoiningRow {
        membership: one.membership.to_string(),
        name: one.name,
        role: one.role.label().to_owned(),
        until: one.until.map(|at| custody.settings().day_of(at)).unwrap_or_default(),
        is_asker: one.is_asker,
    }
}

fn card(custody: &HouseView, (customer, manager): (CustomerId, bool), view: JoiningView) -> JoiningCard {
    let at = |at: Timestamp| custody.settings().time_of(at);
    let who = |name: &str, (person, when): &(String, Timestamp)| fact(name, format!("{person}, {}", at(*when)));
    let mut facts = vec![who("Prepared by", &view.prepared)];
    facts.extend(view.given.as_ref().map(|given| who(&format!("Yes of {}", view.joins.name), given)));
    facts.extend(view.agreed.as_ref().map(|agreed| who(&format!("Yes of {}", view.into.name), agreed)));
    facts.extend(view.agreed.as_ref().map(|_| fact("People taken over", view.taken_over.to_string())));
    facts.extend(view.moving_at.map(|since| fact("Begun", at(since))));
    facts.extend(view.joined_at.map(|since| fact("Done", at(since))));
    let counts = view.counts.map(|counts| {
        vec![
            fact("Documents", thousands(counts.documents)),
            fact("Patients", thousands(counts.patients)),
            fact("Bytes", thousands(counts.bytes)),
        ]
    });
    let stands = matches!(view.state, JoiningState::Prepared | JoiningState::Given | JoiningState::Agreed);
    let next = match (view.step, view.state) {
        (_, JoiningState::Agreed | JoiningState::Moving) => JoiningNext::Run,
        (JoiningStep::Yes, _) if !manager || !view.hindered.is_empty() => JoiningNext::None,
        (JoiningStep::Yes, _) if customer == view.into.id => JoiningNext::Agree,
        (JoiningStep::Yes, _) => JoiningNext::Give,
        (JoiningStep::Wait, _) => JoiningNext::Wait,
        (JoiningStep::Done, _) => JoiningNext::None,
    };
    let (state, tone) = words(view.state);
    JoiningCard {
        id: view.joins.id.to_string(),
        joins: view.joins.name,
        into: view.into.name,
        state: state.to_owned(),
        tone,
        facts,
        counts: counts.unwrap_or_default(),
        prefix: view.prefix,
        hindered: view.hindered.to_owned(),
        next,
        may_withdraw: manager && stands,
        people: view.people.into_iter().map(|one| row(custody, one)).collect(),
        seen: view.seen.unix_millis().to_string(),
    }
}

async fn filled<A: Act>(desk: &Desk<A>, view: custody::JoiningPage) -> Result<JoiningPage, Problem> {
    let (mut chrome, _) = frame(desk, "/customers").await?;
    let (custody, id) = (desk.house(), view.customer);
    chrome.witness = Some(witness(custody, "opened this", view.witnessed));
    let manager = beside::<_, act::CustomerJoin>(desk).could(Some(id)).await?;
    Ok(JoiningPage {
        name: view.name,
        cards: view.joinings.into_iter().map(|one| card(custody, (id, manager), one)).collect(),
        action: place(id),
        back: format!("/customers/{id}"),
        chrome,
    })
}

async fn show(desk: Desk<act::CustomerJoinShow>, Path(id): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    let view = desk.joining_show(id).await?;
    let mut answer = filled(&desk, view).await?;
    answer.chrome.flash = flash_of(which.done.as_deref());
    page(&answer)
}

/// Which joining a form is about; a form that says none is about one that is not there.
fn joins_of(fields: &Fields) -> CustomerId {
    fields.one("joins").and_then(|text| text.parse().ok()).unwrap_or(CustomerId::from_bytes([0; 16]))
}

async fn yes(desk: Desk<act::CustomerJoin>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let seen = fields.one("seen").and_then(|text| text.parse().ok()).unwrap_or_default();
    let people: Result<Vec<MembershipId>, _> = fields.all("people").map(str::parse).collect();
    let yes = JoinYes {
        customer: id,
        joins: joins_of(&fields),
        seen: Timestamp::from_unix_millis(seen),
        // A place that is none is nobody's: it is said to whoever may say yes at all.
        people: people.unwrap_or_else(|_| vec![MembershipId::from_bytes([0; 16])]),
    };
    desk.join_yes(&yes).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=joining-yes", place(id)))
}

async fn withdraw(desk: Desk<act::CustomerJoin>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    desk.join_no(id, joins_of(&fields)).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=joining-back", place(id)))
}
