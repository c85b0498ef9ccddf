//! A practice joins another, or some of its patients go there: each of the two managers looks at it, says yes, or takes it back; and
//! the one whose patients they are looks through the list of them.

use super::forms::{Which, after_touch, beside};
use super::frame::{flash_of, frame, go, page, size, thousands, witness};
use super::show::tag;
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::joining::{JoiningCard, JoiningNext, JoiningPage, JoiningRow, SplitCard, SplitListPage, SplitRow};
use crate::pages::parts::{Fact, Pager, Tone};
use axum::http::Method;
use custody::{
    Desk, HouseView, JoinSeen, JoinYes, JoiningPerson, JoiningState, JoiningStep, JoiningView, SplitFate, SplitLine,
    SplitLines, SplitMuch, TakenBack,
};
use record::{Act, CustomerId, MembershipId, PatientId, Timestamp, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers/{cus}/joining", Opts::page("Joining"), show)
        .route(Method::GET, "/customers/{cus}/joining/patients", Opts::page("Who would move"), patients)
        .route(Method::POST, "/customers/{cus}/joining", Opts::form("Say yes to a joining"), yes)
        .route(Method::POST, "/customers/{cus}/joining/withdraw", Opts::form("Take a joining back"), withdraw)
}

fn place(id: CustomerId) -> String {
    format!("/customers/{id}/joining")
}

/// How far it is: of a whole practice, and of some of its patients.
fn words(view: &JoiningView) -> (&'static str, Tone) {
    let Some(split) = &view.split else {
        return match view.state {
            JoiningState::Prepared => ("prepared: the practice that joins decides first", Tone::Due),
            JoiningState::Given => ("one yes: the practice that is joined decides next", Tone::Due),
            JoiningState::Agreed => ("both have said yes", Tone::Good),
            JoiningState::Moving => ("being carried out: its records are not all there yet", Tone::Due),
            JoiningState::Joined => ("done", Tone::Good),
        };
    };
    match view.state {
        JoiningState::Prepared => ("prepared: the practice whose patients they are decides first", Tone::Due),
        JoiningState::Given => ("one yes: the practice to which they go decides next", Tone::Due),
        JoiningState::Agreed => ("both have said yes", Tone::Good),
        JoiningState::Moving => ("being carried out, chart by chart: not all are there yet", Tone::Due),
        JoiningState::Joined if split.ended.is_some() => {
            ("ended half way: who has moved stays there, and nobody else moves", Tone::Due)
        }
        JoiningState::Joined => ("done", Tone::Good),
    }
}

/// So much, as people read it.
fn much(much: SplitMuch) -> String {
    format!("{} documents, {}", thousands(much.documents), size(much.bytes))
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

/// What this person may do here beside looking.
struct May {
    /// Decide for the practice.
    decide: bool,
    /// Look through its patients who would move.
    look: bool,
}

/// Of a split: what is told beside the facts of every joining.
fn split_facts(view: &JoiningView) -> Vec<Fact> {
    let Some(split) = &view.split else { return Vec::new() };
    let mut facts = Vec::new();
    facts.extend(split.given.map(|seen| fact(&format!("Shown to {}", view.joins.name), much(seen))));
    facts.extend(split.agreed.map(|seen| fact(&format!("Shown to {}", view.into.name), much(seen))));
    facts.extend(split.moved.map(|many| fact("Patients moved", thousands(many))));
    facts.extend(split.went.map(|went| fact("With them", much(went))));
    facts.extend(split.ended.as_ref().map(|by| fact("Ended half way by", by.clone())));
    facts.extend(split.stays.filter(|many| *many > 0).map(|many| fact("Chosen, and stay", thousands(many))));
    facts
}

/// That the practice has gone on writing since its manager said yes, for the other one's.
fn grown(view: &JoiningView) -> String {
    let shown = view.split.as_ref().and_then(|split| split.given);
    match (shown, view.seen.much) {
        (Some(shown), Some(now)) if now.documents > shown.documents || now.bytes > shown.bytes => format!(
            "More would move by now than {}’s manager was shown: {} then, {} now.",
            view.joins.name,
            much(shown),
            much(now)
        ),
        _ => String::new(),
    }
}

fn card(custody: &HouseView, (customer, may): (CustomerId, &May), view: JoiningView) -> JoiningCard {
    let manager = may.decide;
    let at = |at: Timestamp| custody.settings().time_of(at);
    let who = |name: &str, (person, when): &(String, Timestamp)| fact(name, format!("{person}, {}", at(*when)));
    let mut facts = vec![who("Prepared by", &view.prepared)];
    facts.extend(view.given.as_ref().map(|given| who(&format!("Yes of {}", view.joins.name), given)));
    facts.extend(view.agreed.as_ref().map(|agreed| who(&format!("Yes of {}", view.into.name), agreed)));
    facts.extend(view.agreed.as_ref().map(|_| fact("People taken over", view.taken_over.to_string())));
    facts.extend(view.moving_at.map(|since| fact("Begun", at(since))));
    facts.extend(view.joined_at.map(|since| fact("Done", at(since))));
    facts.extend(split_facts(&view));
    let counts = view.counts.map(|counts| {
        vec![
            fact("Documents", thousands(counts.documents)),
            fact("Patients", thousands(counts.patients)),
            fact("Size", size(counts.bytes)),
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
    let (state, tone) = words(&view);
    let (grown, waits_for) =
        (grown(&view), if customer == view.joins.id { view.into.name.clone() } else { view.joins.name.clone() });
    let may_end = manager && view.split.is_some() && view.state == JoiningState::Moving;
    // The list is the practice's whose patients they are, and of the newest choice only.
    let looks = may.look && customer == view.joins.id;
    let split = view.split.map(|split| SplitCard {
        href: if looks && split.stays.is_some() { format!("{}/patients", place(customer)) } else { String::new() },
        list: split.list,
    });
    JoiningCard {
        split,
        id: view.joins.id.to_string(),
        joins: view.joins.name,
        into: view.into.name,
        state: state.to_owned(),
        tone,
        facts,
        counts: counts.unwrap_or_default(),
        prefix: view.prefix,
        hindered: view.hindered.to_owned(),
        grown,
        waits_for,
        has_begun: view.moving_at.is_some(),
        next,
        may_withdraw: manager && stands,
        may_end,
        people: view.people.into_iter().map(|one| row(custody, one)).collect(),
        seen: view.seen.to_string(),
    }
}

async fn filled<A: Act>(desk: &Desk<A>, view: custody::JoiningPage) -> Result<JoiningPage, Problem> {
    let (mut chrome, _) = frame(desk, "/customers").await?;
    let (custody, id) = (desk.house(), view.customer);
    chrome.witness = Some(witness(custody, "opened this", view.witnessed));
    let decide = beside::<_, act::CustomerJoin>(desk).could(Some(id)).await?;
    let look = beside::<_, act::CustomerSplitList>(desk).could(Some(id)).await?;
    let may = May { decide, look };
    Ok(JoiningPage {
        name: view.name,
        cards: view.joinings.into_iter().map(|one| card(custody, (id, &may), one)).collect(),
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
    // What says nothing of what was seen is a yes to nothing.
    let nothing = JoinSeen { at: Timestamp::from_unix_millis(0), much: None };
    let people: Result<Vec<MembershipId>, _> = fields.all("people").map(str::parse).collect();
    let yes = JoinYes {
        customer: id,
        joins: joins_of(&fields),
        seen: fields.one("seen").and_then(|text| text.parse().ok()).unwrap_or(nothing),
        // A place that is none is nobody's: it is said to whoever may say yes at all.
        people: people.unwrap_or_else(|_| vec![MembershipId::from_bytes([0; 16])]),
    };
    desk.join_yes(&yes).await.map_err(|error| after_touch(error, &place(id)))?;
    go(&format!("{}?done=joining-yes", place(id)))
}

async fn withdraw(desk: Desk<act::CustomerJoin>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let back = desk.join_no(id, joins_of(&fields)).await.map_err(|error| after_touch(error, &place(id)))?;
    let done = match back {
        TakenBack::Before => "joining-back",
        TakenBack::HalfWay => "joining-ended",
    };
    go(&format!("{}?done={done}", place(id)))
}

#[derive(Debug, Clone, Default, Deserialize)]
struct After {
    #[serde(default)]
    after: Option<PatientId>,
}

const fn fate_words(fate: SplitFate) -> (&'static str, Tone) {
    match fate {
        SplitFate::Moves => ("moves", Tone::Good),
        SplitFate::Moved => ("has moved", Tone::Good),
        SplitFate::Others => ("stays: others wrote documents, too", Tone::Due),
        SplitFate::Connected => ("stays: tied to the record of somebody who stays", Tone::Due),
        SplitFate::Held => ("stays: a document is held", Tone::Due),
        SplitFate::Gone => ("stays: the record is not here any more", Tone::Due),
        SplitFate::Broken => ("stays: something does not open, or is damaged", Tone::Due),
        SplitFate::Stays => ("stays: the split was ended before", Tone::Due),
    }
}

fn split_row(lines: &SplitLines, line: &SplitLine) -> SplitRow {
    let (fate, tone) = fate_words(line.fate);
    let body = line.patient.as_ref().map(|patient| patient.show(&lines.shown));
    let unnamed =
        if line.fate == SplitFate::Gone { "a record that is not here any more" } else { "a record that does not open" };
    SplitRow {
        name: body.map_or_else(|| unnamed.to_owned(), custody::PatientBody::name),
        born: body.and_then(|body| body.born).map(record::civil::Day::us).unwrap_or_default(),
        record_number: body.map(|body| body.record_number.clone()).unwrap_or_default(),
        fate: fate.to_owned(),
        tone,
    }
}

async fn patients(
    desk: Desk<act::CustomerSplitList>,
    Path(id): Path<CustomerId>,
    Query(after): Query<After>,
) -> Answer {
    let (mut chrome, _) = frame(&desk, "/customers").await?;
    let found = desk.split_list(id, after.after).await?;
    chrome.witness = Some(witness(desk.house(), "looked at this list", found.witnessed));
    let pager = found.next.map(|next| Pager {
        text: "There are more.".to_owned(),
        previous: None,
        next: Some(format!("{}/patients?after={next}", place(id))),
        again: Vec::new(),
    });
    page(&SplitListPage {
        chrome,
        tag: tag(&found.customer_name),
        into: found.into_name.clone().unwrap_or_default(),
        rows: found.lines.iter().map(|line| split_row(&found, line)).collect(),
        pager,
        back: place(id),
    })
}
