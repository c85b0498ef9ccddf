//! The programs of a practice: which there are, one more, one less.

use super::forms::{Which, after_touch, again, beside, errors_of};
use super::frame::{flash_of, frame, go, moment, page, witness};
use crate::door::take::{Fields, Path, Path2, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::parts::{Choice, Empty, Errors, Tone};
use crate::pages::programs::{ProgramRow, ProgramsPage};
use axum::http::Method;
use custody::{CustodyError, Desk, HouseView, NewProgram, PROGRAM_DAYS_MAX, ProgramKeys, ProgramLine, ProgramStanding};
use record::{CustomerId, ProgramId, Right, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers/{cus}/programs", Opts::page("Programs"), list)
        .route(Method::POST, "/customers/{cus}/programs", Opts::form("Let a program in"), register)
        .route(Method::POST, "/customers/{cus}/programs/{prg}/revoke", Opts::form("Stop a program"), revoke)
}

fn place(customer: CustomerId) -> String {
    format!("/customers/{customer}/programs")
}

fn row(custody: &HouseView, customer: CustomerId, line: &ProgramLine, may_revoke: bool) -> ProgramRow {
    let (state, tone) = match (line.standing, &line.revoked) {
        (ProgramStanding::InForce, _) => ("in force".to_owned(), Tone::Good),
        (ProgramStanding::Ended, _) => ("ended".to_owned(), Tone::Plain),
        (ProgramStanding::Revoked, Some((_, by))) => (format!("stopped by {by}"), Tone::Danger),
        (ProgramStanding::Revoked, None) => ("stopped".to_owned(), Tone::Danger),
    };
    ProgramRow {
        name: line.name.clone(),
        client_id: line.id.to_string(),
        rights: line.rights.iter().map(|right| right.label()).collect(),
        keys: line.jwks_url.clone().unwrap_or_else(|| line.kids.join(", ")),
        last_used: line.last_used_at.map(|at| moment(custody, at)),
        ends: moment(custody, line.ends_at),
        state,
        tone,
        revoke_action: (may_revoke && line.standing != ProgramStanding::Revoked)
            .then(|| format!("{}/{}/revoke", place(customer), line.id)),
    }
}

async fn programs_page(
    desk: &Desk<act::ProgramList>,
    customer: CustomerId,
    fields: &Fields,
    errors: Errors,
) -> Result<ProgramsPage, Problem> {
    let (mut chrome, _) = frame(desk, "/customers").await?;
    let found = desk.program_list(customer).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this list", found.witnessed));
    let may_register = beside::<_, act::ProgramRegister>(desk).could(Some(customer)).await?;
    let may_revoke = beside::<_, act::ProgramRevoke>(desk).could(Some(customer)).await?;
    let text = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    let box_of = |right: &Right| Choice {
        value: right.as_str().to_owned(),
        label: right.label().to_owned(),
        hint: right.as_str().to_owned(),
        selected: fields.all("rights").any(|ticked| ticked == right.as_str()),
    };
    let days = text("days");
    Ok(ProgramsPage {
        customer: custody.customer_name(customer).await?,
        rows: found.lines.iter().map(|line| row(custody, customer, line, may_revoke)).collect(),
        empty: Empty {
            title: "No program works here".to_owned(),
            text: "Only people do. The practice's manager can let software in, such as its EMR.".to_owned(),
            action: None,
        },
        may_register,
        action: place(customer),
        back: format!("/customers/{customer}"),
        name: text("name"),
        rights: Right::ALL.iter().map(box_of).collect(),
        // Somebody may have pasted the private half: it goes into no page.
        key: Some(text("key")).filter(|key| ProgramKeys::may_show(key)).unwrap_or_default(),
        jwks_url: text("jwks_url"),
        days: if days.is_empty() { PROGRAM_DAYS_MAX.to_string() } else { days },
        errors,
        chrome,
    })
}

async fn list(desk: Desk<act::ProgramList>, Path(customer): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    let mut shown = programs_page(&desk, customer, &Fields::default(), Errors::none()).await?;
    shown.chrome.flash = flash_of(which.done.as_deref());
    page(&shown)
}

/// What was typed. A right that is none of ours was typed by no form of ours.
fn typed(customer: CustomerId, fields: &Fields) -> Result<NewProgram, CustodyError> {
    let text = |name: &str| fields.one(name).unwrap_or_default().trim();
    let rights = fields.all("rights").map(str::parse).collect::<Result<_, _>>();
    let rights = rights.map_err(|_| CustodyError::field("rights", "Tick what it may do"))?;
    let keys = match (text("key"), text("jwks_url")) {
        ("", "") => return Err(CustodyError::field("key", "Paste its public key, or name the address of its keys")),
        (key, "") => ProgramKeys::Pasted(key.to_owned()),
        ("", address) => ProgramKeys::At(address.to_owned()),
        _ => return Err(CustodyError::field("jwks_url", "Give a key or an address, not both")),
    };
    let days = text("days").parse().map_err(|_| CustodyError::field("days", "Write a number of days"))?;
    Ok(NewProgram { customer, name: text("name").to_owned(), rights, keys, days })
}

async fn register(desk: Desk<act::ProgramRegister>, Path(customer): Path<CustomerId>, fields: Fields) -> Answer {
    let done = match typed(customer, &fields) {
        Ok(new) => desk.program_register(&new).await,
        // Whoever may not is not told of mistakes in a form of others.
        Err(mistake) if desk.could(Some(customer)).await? => Err(mistake),
        Err(_) => desk.program_refuse(customer).await,
    };
    match done {
        Ok(_) => go(&format!("{}?done=program-in", place(customer))),
        Err(error) => {
            let problem = after_touch(error, &place(customer));
            match errors_of(&problem) {
                Some(errors) => again(&programs_page(&beside(&desk), customer, &fields, errors).await?),
                None => Err(problem),
            }
        }
    }
}

async fn revoke(desk: Desk<act::ProgramRevoke>, Path2(customer, id): Path2<CustomerId, ProgramId>) -> Answer {
    desk.program_revoke(customer, id).await?;
    go(&format!("{}?done=program-stopped", place(customer)))
}
