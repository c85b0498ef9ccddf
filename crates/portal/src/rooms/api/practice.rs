//! The practice itself: its agreements, its people's names and roles, and proofs of what was done with its records.

use super::customer;
use super::said::{Agreement, AgreementPage, Person, PersonPage, Receipt};
use crate::door::about::{About, Content};
use crate::door::take::Path;
use crate::door::{Answer, Locked, Reply};
use axum::http::Method;
use custody::{AgreementStanding, Desk};
use record::act;

pub(super) fn routes(locked: Locked) -> Locked {
    let agreements =
        About::json("The practice's agreements").answers(200, "They.", Some(Content::json::<AgreementPage>()));
    let people = About::json("Who works at the practice").answers(200, "They.", Some(Content::json::<PersonPage>()));
    let receipt = About::json("The proof of one entry that concerns the practice").answers(
        200,
        "The proof.",
        Some(Content::json::<Receipt>()),
    );
    locked
        .program_route(Method::GET, "/api/v1/agreements", agreements, agreement_list)
        .program_route(Method::GET, "/api/v1/people", people, person_list)
        .program_route(Method::GET, "/api/v1/ledger/entries/{index}", receipt, entry)
}

async fn agreement_list(desk: Desk<act::CustomerShow>) -> Answer {
    let (lines, witnessed) = desk.agreement_list().await?;
    let agreements = lines.into_iter().map(|one| Agreement {
        id: one.id,
        in_force: one.standing == AgreementStanding::InForce,
        from: one.from_day,
        to: one.to_day,
        reporting_days: one.reporting_days,
    });
    let page = AgreementPage { customer: customer(&desk)?, agreements: agreements.collect() };
    Ok(Reply::json(&page)?.entry(witnessed.index))
}

async fn person_list(desk: Desk<act::PersonList>) -> Answer {
    let (people, witnessed) = desk.person_names().await?;
    let people =
        people.into_iter().map(|one| Person { id: one.person, name: one.name, roles: one.roles.into_iter().collect() });
    let page = PersonPage { customer: customer(&desk)?, people: people.collect() };
    Ok(Reply::json(&page)?.entry(witnessed.index))
}

async fn entry(desk: Desk<act::LedgerReceipt>, Path(index): Path<u64>) -> Answer {
    let proof = desk.ledger_receipt(index).await?;
    let told = Receipt {
        index: proof.line.index,
        at: proof.line.at.to_string(),
        action: proof.line.action.to_string(),
        outcome: proof.line.outcome.as_str().to_owned(),
        principal: proof.line.principal.to_string(),
        proof: proof.text,
        checkpoint: proof.checkpoint,
        key: proof.key,
    };
    Ok(Reply::json(&told)?.entry(proof.witnessed.index))
}
