//! The practice's patient index.

use super::customer;
use super::said::{self, PatientCorrection, PatientForm, PatientMade, PatientPage, PatientSearch, PatientSheet};
use crate::door::about::{About, Content};
use crate::door::take::{Json, Path};
use crate::door::{Answer, Locked, Problem, Reply};
use axum::http::{Method, StatusCode};
use custody::{Desk, DocumentSearch};
use record::{PatientId, act};

pub(super) fn routes(locked: Locked) -> Locked {
    let search = About::json("Patients by record number, or by name and birth date")
        .body(Content::json::<PatientSearch>())
        .answers(200, "Those that were found.", Some(Content::json::<PatientPage>()))
        .refuses(413, "Longer than a search can be.")
        .refuses(415, "Not JSON.")
        .refuses(422, "A field needs another look.");
    let create = About::json("A new patient")
        .body(Content::json::<PatientForm>())
        .answers(201, "The patient is there.", Some(Content::json::<PatientMade>()))
        .with("Location", "Where the patient is.")
        .leads_to(("getPatientsPat", "pat", "/id"))
        .leads_to(("putPatientsPat", "pat", "/id"))
        .refuses(409, "No agreement is in force with this practice.")
        .refuses(413, "Longer than a patient can be.")
        .refuses(415, "Not JSON.")
        .refuses(422, "A field needs another look.");
    let change = About::json("Correct a patient")
        .body(Content::json::<PatientCorrection>())
        .answers(200, "The patient is corrected.", Some(Content::json::<PatientMade>()))
        .refuses(409, "Somebody has corrected the patient since; look again.")
        .refuses(413, "Longer than a patient can be.")
        .refuses(415, "Not JSON.")
        .refuses(422, "A field needs another look.");
    let sheet = About::json("One patient").answers(200, "The patient.", Some(Content::json::<PatientSheet>()));
    locked
        .program_route(Method::POST, "/api/v1/patients/search", search, find)
        .program_route(Method::POST, "/api/v1/patients", create, make)
        .program_route(Method::PUT, "/api/v1/patients/{pat}", change, correct)
        .program_route(Method::GET, "/api/v1/patients/{pat}", sheet, patient)
}

/// By POST, so that no name stands in an address.
async fn find(desk: Desk<act::PatientSearch>, Json(asked): Json<PatientSearch>) -> Answer {
    let search = DocumentSearch {
        last: asked.family.unwrap_or_default(),
        first: asked.given.unwrap_or_default(),
        born: asked.birth_date,
        record_number: asked.record_number.unwrap_or_default(),
        ..DocumentSearch::default()
    };
    let found = desk.patient_search(&search, None).await?;
    let lines = found.first().ok_or(Problem::NotHere)?;
    let patients =
        lines.lines.iter().map(|line| said::patient((line.id, &line.patient), line.provisional, &lines.shown));
    let page = PatientPage { tag: said::tag(&lines.customer_name), patients: patients.collect(), more: lines.more };
    Ok(Reply::json(&page)?.entry(lines.witnessed.index))
}

async fn make(desk: Desk<act::PatientCreate>, Json(form): Json<PatientForm>) -> Answer {
    let (id, witnessed) = desk.patient_make(customer(&desk)?, &form.into()).await?;
    let reply = Reply::json(&PatientMade { id })?.status(StatusCode::CREATED);
    Ok(reply.located(&format!("/api/v1/patients/{id}"))?.entry(witnessed.index))
}

async fn correct(
    desk: Desk<act::PatientChange>,
    Path(id): Path<PatientId>,
    Json(asked): Json<PatientCorrection>,
) -> Answer {
    let witnessed = desk.patient_change(id, &asked.patient.into(), asked.revision).await?;
    Ok(Reply::json(&PatientMade { id })?.entry(witnessed.index))
}

async fn patient(desk: Desk<act::PatientShow>, Path(id): Path<PatientId>) -> Answer {
    let page = desk.patient_show(id).await?;
    let told = PatientSheet {
        tag: said::tag(&page.customer_name),
        patient: said::patient((page.line.id, &page.line.patient), page.line.provisional, &page.shown),
        revision: page.revision,
    };
    Ok(Reply::json(&told)?.entry(page.witnessed.index))
}
