//! `AuditEvent`: what was done with the practice's records, read and searched.

use super::documents::place_is_page;
use super::search::{Asked, Kind, NoSuch, Param, Search, address, behind, by_get, by_post, param};
use super::{Found, bundle, place};
use crate::door::about::{About, Content};
use crate::door::take::Path;
use crate::door::{Answer, Locked, Problem, Reply};
use axum::http::Method;
use custody::fhir::{Logical, Place, actions_of, audit_event, outcomes_of};
use custody::{Desk, TrailAsked};
use record::{DocumentId, PatientId, ResourceId, act};
use std::collections::BTreeSet;

/// Rows of a page when no number is asked for; and the most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// What the trail is searched by.
pub(super) const PARAMS: &[Param] = &[
    param("patient", Kind::Reference, "About whom."),
    param("entity", Kind::Reference, "About which document or patient."),
    param("date", Kind::Date, "When."),
    param("action", Kind::Token, "What was done: C, R, U, D or E."),
    param("outcome", Kind::Token, "How it ended: 0, 4 or 8."),
];

pub(super) fn routes(locked: Locked) -> Locked {
    let one = About::json("One entry of the ledger that concerns the practice, as FHIR says it").answers(
        200,
        "It.",
        Some(Content::fhir()),
    );
    let by_get = by_get("What was done with the practice's records, the newest first", PARAMS).leads_to((
        "getAuditEventIndex",
        "index",
        "/entry/0/resource/id",
    ));
    locked
        .program_route(Method::GET, "/fhir/R4/AuditEvent", by_get, find)
        .program_route(Method::POST, "/fhir/R4/AuditEvent/_search", by_post("The same, posted"), find)
        .program_route(Method::GET, "/fhir/R4/AuditEvent/{index}", one, read)
}

async fn read(desk: Desk<act::LedgerReceipt>, Path(index): Path<u64>) -> Answer {
    let place = place(&desk).await?;
    let proof = desk.ledger_receipt(index).await?;
    Ok(Reply::fhir(&audit_event(&place, &proof.line)).entry(proof.witnessed.index))
}

fn about(search: &mut Search, place: &Place) -> Result<Option<Result<ResourceId, NoSuch>>, Problem> {
    let at = |kind| (place.base.as_str(), kind);
    let patient = search.reference::<Logical<PatientId>>("patient", at("Patient"))?;
    let patient = patient.map(|one| one.map(|Logical(id)| ResourceId::from(id)));
    let Some(text) = search.alone("entity")? else { return Ok(patient) };
    if patient.is_some() {
        return Err(Problem::NotSupported("Say a patient or an entity."));
    }
    let here = behind(&text, &place.base).unwrap_or(&text);
    let document = behind(here, "DocumentReference").and_then(|id| id.parse::<Logical<DocumentId>>().ok());
    let patient = behind(here, "Patient").and_then(|id| id.parse::<Logical<PatientId>>().ok());
    let found = document.map(|Logical(id)| ResourceId::from(id)).or(patient.map(|Logical(id)| ResourceId::from(id)));
    Ok(Some(found.ok_or(NoSuch)))
}

/// What these codes ask for, each once however often it is said; everything, when none was said.
fn by_code<T>(search: &mut Search, name: &str, of: fn(&str) -> Vec<T>) -> Result<Option<Vec<T>>, Problem> {
    let Some(tokens) = search.tokens(name)? else { return Ok(None) };
    let codes: BTreeSet<String> = tokens.into_iter().map(|(_, code)| code).collect();
    Ok(Some(codes.iter().flat_map(|code| of(code)).collect()))
}

async fn find(desk: Desk<act::LedgerTrail>, asked: Asked) -> Answer {
    let place = place(&desk).await?;
    let own = address(&place.base, "AuditEvent", &asked, None);
    let mut search = asked.clone().read(PARAMS)?;
    let about = about(&mut search, &place)?;
    let when = search.span("date")?;
    let actions = by_code(&mut search, "action", actions_of)?;
    let wanted = TrailAsked {
        about: about.transpose().unwrap_or_default(),
        actions: if about == Some(Err(NoSuch)) { Some(Vec::new()) } else { actions },
        outcomes: by_code(&mut search, "outcome", outcomes_of)?,
        from: when.from,
        until: when.before,
        since: search.page.clone(),
        limit: search.limit(USUAL, MOST),
    };
    let trail = desk.ledger_trail(&wanted).await.map_err(place_is_page)?;
    let found = Found {
        resources: trail.lines.iter().map(|line| audit_event(&place, line)).collect(),
        next: trail.next.as_deref().map(|page| address(&place.base, "AuditEvent", &asked, Some(page))),
        cut: None,
    };
    Ok(Reply::fhir(&bundle(&place.base, &own, found)).entry(trail.witnessed.index))
}
