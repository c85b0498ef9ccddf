//! Patient, read and searched.

use super::search::{Asked, Kind, Param, by_get, by_post, param};
use super::{Found, bundle, customer, place};
use crate::door::about::{About, Content};
use crate::door::take::Path;
use crate::door::{Answer, Locked, Problem, Reply};
use axum::http::Method;
use custody::fhir::{Logical, Place, patient, replaced_by};
use custody::{Desk, DocumentSearch, PatientPage};
use record::civil::Day;
use record::{PatientId, act};
use serde_json::Value;

/// What can stand in an address.
pub(super) const BY_ID: &[Param] = &[param("_id", Kind::Id, "One patient.")];
/// What is searched by POST.
pub(super) const PARAMS: &[Param] = &[
    param("identifier", Kind::Token, "The practice's own number, without a system."),
    param("family", Kind::Text, "Surname."),
    param("given", Kind::Text, "Given name; beside a surname or a birth date."),
    param("birthdate", Kind::Date, "Birth date, one day; beside a surname."),
    param("name", Kind::Text, "Surname and given names in any order."),
];

const MOST: u32 = 50;

pub(super) fn routes(locked: Locked) -> Locked {
    let one = About::json("One patient, as FHIR says it").answers(200, "It.", Some(Content::fhir()));
    let by_id = by_get("One patient, searched by id; by anything else they are searched by POST", BY_ID);
    locked
        .program_route(Method::GET, "/fhir/R4/Patient", by_id, find_by_id)
        .program_route(Method::POST, "/fhir/R4/Patient/_search", by_post("Patients"), find)
        .program_route(Method::GET, "/fhir/R4/Patient/{pat}", one, read)
}

async fn read(desk: Desk<act::PatientShow>, Path(Logical(id)): Path<Logical<PatientId>>) -> Answer {
    let place = place(&desk).await?;
    let page = desk.patient_show(id).await?;
    Ok(Reply::fhir(&of_page(&place, &page)).entry(page.witnessed.index))
}

/// A patient; one whose record went into another says into which.
fn of_page(place: &Place, page: &PatientPage) -> Value {
    let resource = patient(place, (page.line.id, &page.line.patient), &page.shown);
    match page.went_into {
        Some(other) => replaced_by(resource, other),
        None => resource,
    }
}

async fn find_by_id(desk: Desk<act::PatientShow>, asked: Asked) -> Answer {
    let place = place(&desk).await?;
    let own = super::search::address(&place.base, "Patient", &asked, None);
    let mut search = asked.read(BY_ID)?;
    let id = search.id::<Logical<PatientId>>("_id")?.ok_or(Problem::NotSupported("Search by _id, or by POST."))?;
    // What is no id of ours is asked about as one that nobody has.
    let Logical(id) = id.unwrap_or(Logical(PatientId::from_bytes([0; 16])));
    match desk.patient_show(id).await.map_err(Problem::from) {
        Ok(page) => {
            let found = Found { resources: vec![of_page(&place, &page)], ..Found::default() };
            Ok(Reply::fhir(&bundle(&place.base, &own, found)).entry(page.witnessed.index))
        }
        Err(Problem::NotHere) => {
            let witnessed = desk.beside::<act::PatientSearch>().patient_nobody().await?;
            Ok(Reply::fhir(&bundle(&place.base, &own, Found::default())).entry(witnessed.index))
        }
        Err(problem) => Err(problem),
    }
}

async fn find(desk: Desk<act::PatientSearch>, asked: Asked) -> Answer {
    let place = place(&desk).await?;
    let mut search = asked.posted()?.read(PARAMS)?;
    let born = search.one("birthdate")?.map(|text| text.trim_start_matches("eq").parse::<Day>()).transpose();
    let born = born.map_err(|_| Problem::NotSupported("A birth date is one whole day."))?;
    let number = search.alone("identifier")?;
    // The practice's numbers have no system. Whoever names one looks for another number, and finds nobody by it.
    let (number, foreign) = match number.as_deref().and_then(|token| token.split_once('|')) {
        Some(("", number)) => (Some(number.to_owned()), false),
        Some(_) => (None, true),
        None => (number, false),
    };
    let wanted = DocumentSearch {
        last: search.alone("family")?.unwrap_or_default(),
        first: search.alone("given")?.unwrap_or_default(),
        text: search.alone("name")?.unwrap_or_default(),
        record_number: number.unwrap_or_default(),
        born,
        ..DocumentSearch::default()
    };
    let by_fields = !(wanted.last.is_empty() && wanted.first.is_empty() && wanted.record_number.is_empty());
    if !wanted.text.is_empty() && (by_fields || born.is_some()) {
        return Err(Problem::NotSupported("Search by name alone, or without it."));
    }
    let most = search.limit(MOST, MOST) as usize;
    // Its own address holds none of the words: they are names.
    let own = format!("{}/Patient/_search", place.base);
    if foreign {
        let witnessed = desk.patient_nobody().await?;
        return Ok(Reply::fhir(&bundle(&place.base, &own, Found::default())).entry(witnessed.index));
    }
    let found = desk.patient_search(&wanted, Some(customer(&desk)?)).await?;
    let lines = found.first().ok_or(Problem::NotHere)?;
    let resources: Vec<_> =
        lines.lines.iter().take(most).map(|line| patient(&place, (line.id, &line.patient), &lines.shown)).collect();
    let cut = lines.more || resources.len() < lines.lines.len();
    let found = Found { resources, next: None, cut: cut.then_some("There are more; say more of who is looked for.") };
    Ok(Reply::fhir(&bundle(&place.base, &own, found)).entry(lines.witnessed.index))
}
