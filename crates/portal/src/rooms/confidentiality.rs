//! Who of a practice may see what is sensitive: the practice's rule for what comes in, and an author's word on one document.

use super::forms::{Which, after_touch, beside, mistake};
use super::frame::{flash_of, frame, go, page, witness};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::confidentiality::{ConfidentialityPage, KindRow};
use crate::pages::parts::{Choice, Errors};
use axum::http::Method;
use custody::{Desk, HealthData, Restricts};
use record::document::Confidentiality;
use record::{CustomerId, DocumentId, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/documents/{doc}/confidentiality", Opts::page("Who may see it"), document_form)
        .route(Method::POST, "/documents/{doc}/confidentiality", Opts::form("Who may see it"), document)
        .route(Method::GET, "/customers/{cus}/confidentiality", Opts::page("What is restricted"), customer_form)
        .route(Method::POST, "/customers/{cus}/confidentiality", Opts::form("What is restricted"), customer)
}

/// As people say it.
pub(super) const fn kind_in_words(kind: HealthData) -> &'static str {
    match kind {
        HealthData::Diagnosis => "diagnoses",
        HealthData::Procedure => "procedures",
        HealthData::Medication => "medications",
        HealthData::Lab => "results",
        HealthData::Immunization => "vaccinations",
        HealthData::Insurance => "insurance",
        HealthData::Claim => "claims",
        HealthData::Payment => "payment",
        HealthData::Provider => "providers",
        HealthData::Guardian => "guardians",
        HealthData::Guarantor => "guarantor",
        HealthData::Hiv => "HIV",
        HealthData::MentalHealth => "mental health",
        HealthData::SubstanceUse => "substance use (may be 42 CFR Part 2)",
        HealthData::Reproductive => "reproductive health",
        HealthData::AdolescentConfidential => "what an adolescent may keep from guardians",
    }
}

/// Who sees a document that is so confidential.
pub(super) const fn kept_to(kept: Confidentiality) -> &'static str {
    match kept {
        Confidentiality::Normal => "everybody who works with the practice's documents",
        Confidentiality::Restricted => "those who treat the patient",
        Confidentiality::VeryRestricted => "its author alone",
    }
}

/// The three answers, each with what it means.
fn choices(chosen: Confidentiality) -> Vec<Choice> {
    let hint = |kept| match kept {
        Confidentiality::Normal => "Records staff, programs of the practice, and those who treat the patient.",
        Confidentiality::Restricted => {
            "Its author, whom it was sent to, and those in whose care the patient is. Not records staff, and no program."
        }
        Confidentiality::VeryRestricted => "Not even those to whom copies were sent.",
    };
    let choice = |kept: &Confidentiality| Choice {
        value: kept.as_str().to_owned(),
        label: sentence(kept_to(*kept)),
        hint: hint(*kept).to_owned(),
        selected: *kept == chosen,
    };
    Confidentiality::ALL.iter().map(choice).collect()
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn read(fields: &Fields, field: &str) -> Result<Confidentiality, Problem> {
    let typed = fields.one(field).unwrap_or_default();
    typed.parse().map_err(|_| mistake("kept", "Choose who may see it."))
}

async fn document_form(desk: Desk<act::DocumentRestrict>, Path(id): Path<DocumentId>) -> Answer {
    let could = desk.document_could(id).await?;
    let (chrome, _) = frame(&desk, "/documents").await?;
    page(&ConfidentialityPage {
        chrome,
        title: "Who may see this document".to_owned(),
        tag: Some(super::show::tag(&could.customer_name)),
        back: format!("/documents/{id}"),
        action: format!("/documents/{id}/confidentiality"),
        choices: choices(could.confidentiality),
        kinds: Vec::new(),
        may: true,
        errors: Errors::none(),
    })
}

async fn document(desk: Desk<act::DocumentRestrict>, Path(id): Path<DocumentId>, fields: Fields) -> Answer {
    desk.document_restrict(id, read(&fields, "kept")?).await?;
    go(&format!("/documents/{id}?done=restricted"))
}

async fn customer_form(
    desk: Desk<act::CustomerShow>,
    Path(id): Path<CustomerId>,
    Query(which): Query<Which>,
) -> Answer {
    let (mut chrome, _) = frame(&desk, "/customers").await?;
    let view = desk.customer_restricts(id).await?;
    chrome.witness = Some(witness(desk.house(), "opened this", view.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let row = |kind: HealthData| KindRow {
        field: kind.as_str().to_owned(),
        label: sentence(kind_in_words(kind)),
        kept: sentence(kept_to(view.restricts.of(kind))),
        choices: choices(view.restricts.of(kind))
            .into_iter()
            .map(|choice| Choice { hint: String::new(), ..choice })
            .collect(),
    };
    page(&ConfidentialityPage {
        title: format!("What is restricted at {}", view.name),
        tag: None,
        back: format!("/customers/{id}"),
        action: format!("/customers/{id}/confidentiality"),
        choices: Vec::new(),
        kinds: Restricts::kinds().map(row).collect(),
        may: beside::<_, act::CustomerRestrict>(&desk).could(Some(id)).await?,
        errors: Errors::none(),
        chrome,
    })
}

async fn customer(desk: Desk<act::CustomerRestrict>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let mut restricts = Restricts::default();
    for kind in Restricts::kinds() {
        restricts = restricts.with(kind, read(&fields, kind.as_str())?);
    }
    let here = format!("/customers/{id}/confidentiality");
    desk.customer_restrict(id, &restricts).await.map_err(|error| after_touch(error, &here))?;
    go(&format!("{here}?done=restricted"))
}
