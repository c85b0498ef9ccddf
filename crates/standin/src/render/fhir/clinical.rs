//! What happened: encounters, measurements, vaccines, problems, prescriptions, allergies, documents.
//!
//! What must always hold: instants carry a zone; what is refused says why.
//!
//! What it refuses to know: who pays.

use super::{ICD, LOINC, SNOMED, coding, codings, concept, patient_id, reference, resource};
use crate::calendar::Date;
use crate::chart::{Reason, Visit};
use crate::render::Folder;
use crate::render::hl7::measured;
use crate::render::json::Json;
use data_encoding::BASE64;

fn subject(json: &mut Json<'_>, folder: &Folder<'_>, key: &str) {
    reference(json, key, &format!("Patient/{}", patient_id(folder)));
}

fn encounter(json: &mut Json<'_>, visit: &Visit) {
    reference(json, "encounter", &format!("Encounter/{}", visit.id));
}

/// `2017-03-09T10:30:00-05:00`
fn instant(date: Date, minute: i32) -> String {
    format!("{}T{:02}:{:02}:00-05:00", date.iso(), minute / 60, minute % 60)
}

pub(super) fn encounters(folder: &Folder<'_>, out: &mut String) {
    for visit in &folder.patient.visits {
        let mut json = resource(out, "Encounter", &visit.id);
        json.text("status", "finished");
        json.with("class", |json| coding(json, ("v3-ActCode", "AMB", "ambulatory")));
        let kind = match visit.reason {
            Reason::Well => "Well visit",
            Reason::Sick => "Sick visit",
            Reason::Follow => "Follow-up visit",
        };
        json.one("type", |json| {
            json.text("text", kind);
        });
        subject(&mut json, folder, "subject");
        let provider = &folder.scene.practice.providers[visit.provider];
        json.one("participant", |json| reference(json, "individual", &format!("Practitioner/{}", provider.id)));
        json.with("period", |json| {
            json.text("start", &instant(visit.date, visit.minute)).text("end", &instant(visit.date, visit.minute + 20));
        });
        let (code, name) = visit.code(folder.patient.age(visit.date));
        json.one("reasonCode", |json| codings(json, (ICD, code, name)));
        reference(
            &mut json,
            "serviceProvider",
            &format!("Organization/{}", super::organization_id(folder.scene.number)),
        );
        json.end_line();
    }
}

/// Begins an observation: id, status, category, code, subject, encounter, time.
fn observation<'a>(
    folder: &Folder<'_>,
    out: &'a mut String,
    (visit, id): (&Visit, &str),
    (category, code, name): (&str, &str, &str),
) -> Json<'a> {
    let mut json = resource(out, "Observation", id);
    json.text("status", "final");
    json.one("category", |json| codings(json, ("observation-category", category, "")));
    concept(&mut json, "code", (LOINC, code, name));
    subject(&mut json, folder, "subject");
    encounter(&mut json, visit);
    json.text("effectiveDateTime", &instant(visit.date, visit.minute));
    json
}

fn quantity(json: &mut Json<'_>, value: &str, unit: &str) {
    json.with("valueQuantity", |json| {
        json.plain("value", value).text("unit", unit).text("system", "http://unitsofmeasure.org").text("code", unit);
    });
}

pub(super) fn observations(folder: &Folder<'_>, out: &mut String) {
    for visit in &folder.patient.visits {
        let stem = visit.id.trim_start_matches("v-");
        // Blood pressure is one observation with two parts, as R4 has it.
        for (code, name, value, unit) in measured(visit).into_iter().filter(|(code, ..)| !PRESSURES.contains(code)) {
            let id = format!("ob-{stem}-{code}");
            let mut json = observation(folder, out, (visit, &id), ("vital-signs", code, name));
            quantity(&mut json, &value, unit);
            json.end_line();
        }
        pressure(folder, out, (visit, stem));
        for (at, lab) in visit.labs.iter().enumerate() {
            let id = format!("ob-{stem}-lab{}", at + 1);
            let kind = lab.kind;
            let mut json = observation(folder, out, (visit, &id), ("laboratory", kind.loinc, kind.name));
            if kind.unit.is_empty() {
                json.text("valueString", &lab.value);
            } else {
                quantity(&mut json, &lab.value, kind.unit);
            }
            let flag = if lab.abnormal { "A" } else { "N" };
            json.one("interpretation", |json| codings(json, ("v3-ObservationInterpretation", flag, "")));
            json.end_line();
        }
    }
}

/// LOINC codes of systolic and diastolic pressure.
const PRESSURES: [&str; 2] = ["8480-6", "8462-4"];

fn pressure(folder: &Folder<'_>, out: &mut String, (visit, stem): (&Visit, &str)) {
    let Some((systolic, diastolic)) = visit.vitals.pressure else { return };
    let panel = ("vital-signs", "85354-9", "Blood pressure panel with all children optional");
    let mut json = observation(folder, out, (visit, &format!("ob-{stem}-85354-9")), panel);
    json.list("component", |list| {
        let names = ["Systolic blood pressure", "Diastolic blood pressure"];
        for ((code, name), value) in PRESSURES.into_iter().zip(names).zip([systolic, diastolic]) {
            list.item(|json| {
                concept(json, "code", (LOINC, code, name));
                quantity(json, &value.to_string(), "mm[Hg]");
            });
        }
    });
    json.end_line();
}

pub(super) fn immunizations(folder: &Folder<'_>, out: &mut String) {
    for (at, vaccine) in folder.patient.vaccines.iter().enumerate() {
        let mut json = resource(out, "Immunization", &format!("im-{}-{:03}", folder.patient.stem, at + 1));
        json.text("status", if vaccine.refused { "not-done" } else { "completed" });
        if vaccine.refused {
            concept(&mut json, "statusReason", ("v3-ActReason", "PATOBJ", "patient objection"));
        }
        concept(&mut json, "vaccineCode", ("http://hl7.org/fhir/sid/cvx", vaccine.kind.cvx, vaccine.kind.name));
        subject(&mut json, folder, "patient");
        if let Some(visit) = vaccine.visit {
            encounter(&mut json, &folder.patient.visits[visit]);
        }
        json.shown("occurrenceDateTime", vaccine.date.iso()).plain("primarySource", vaccine.visit.is_some());
        if !vaccine.refused {
            json.text("lotNumber", &vaccine.lot);
            concept(&mut json, "site", ("v3-ActSite", vaccine.site.0, vaccine.site.1));
            json.one("protocolApplied", |json| {
                json.plain("doseNumberPositiveInt", vaccine.dose);
            });
        }
        json.end_line();
    }
}

pub(super) fn conditions(folder: &Folder<'_>, out: &mut String) {
    for (at, problem) in folder.patient.problems.iter().enumerate() {
        let mut json = resource(out, "Condition", &format!("co-{}-{:03}", folder.patient.stem, at + 1));
        let status = if problem.ailment.is_chronic { "active" } else { "resolved" };
        concept(&mut json, "clinicalStatus", ("condition-clinical", status, ""));
        concept(&mut json, "verificationStatus", ("condition-ver-status", "confirmed", ""));
        json.one("category", |json| codings(json, ("condition-category", "problem-list-item", "")));
        concept(&mut json, "code", (ICD, problem.ailment.icd, problem.ailment.name));
        subject(&mut json, folder, "subject");
        encounter(&mut json, &folder.patient.visits[problem.visit]);
        json.shown("onsetDateTime", problem.since.iso());
        if !problem.ailment.is_chronic {
            json.shown("abatementDateTime", problem.since.plus_days(9).min(folder.scene.reference).iso());
        }
        json.end_line();
    }
}

pub(super) fn medications(folder: &Folder<'_>, out: &mut String) {
    for (at, medication) in folder.patient.medications.iter().enumerate() {
        let visit = &folder.patient.visits[medication.visit];
        let mut json = resource(out, "MedicationRequest", &format!("mr-{}-{:03}", folder.patient.stem, at + 1));
        json.text("status", if medication.active { "active" } else { "completed" }).text("intent", "order");
        json.with("medicationCodeableConcept", |json| {
            let drug = medication.drug;
            json.one("coding", |json| {
                coding(json, ("http://www.nlm.nih.gov/research/umls/rxnorm", drug.rxnorm, drug.name));
            });
            json.text("text", drug.form);
        });
        subject(&mut json, folder, "subject");
        encounter(&mut json, visit);
        json.shown("authoredOn", medication.from.iso());
        let provider = &folder.scene.practice.providers[visit.provider];
        reference(&mut json, "requester", &format!("Practitioner/{}", provider.id));
        json.one("dosageInstruction", |json| {
            json.text("text", medication.drug.directions);
        });
        json.end_line();
    }
}

pub(super) fn allergies(folder: &Folder<'_>, out: &mut String) {
    let mut json = resource(out, "AllergyIntolerance", &format!("al-{}", folder.patient.stem));
    concept(&mut json, "clinicalStatus", ("allergyintolerance-clinical", "active", ""));
    concept(&mut json, "verificationStatus", ("allergyintolerance-verification", "confirmed", ""));
    match folder.patient.allergy {
        Some(allergy) => json.with("code", |json| {
            json.text("text", allergy);
        }),
        None => json.with("code", |json| codings(json, (SNOMED, "716186003", "No known allergy"))),
    };
    subject(&mut json, folder, "patient");
    json.end_line();
}

pub(super) fn documents(folder: &Folder<'_>, out: &mut String) {
    for document in &folder.documents {
        let visit = document.visit.map(|at| &folder.patient.visits[at]);
        let minute = visit.map_or(9 * 60, |visit| visit.minute);
        let (code, name) = document.style.loinc();
        let provider = &folder.scene.practice.providers[document.provider];
        let mut json = resource(out, "DocumentReference", &document.id);
        json.text("status", "current").text("docStatus", "final");
        concept(&mut json, "type", (LOINC, code, name));
        subject(&mut json, folder, "subject");
        json.text("date", &instant(document.date, minute));
        json.one("author", |json| {
            json.shown("reference", format_args!("Practitioner/{}", provider.id));
        });
        json.text("description", document.style.title());
        json.one("content", |json| {
            json.with("attachment", |json| {
                json.text("contentType", "text/plain; charset=utf-8");
                json.text("data", &BASE64.encode(document.note.text.as_bytes()));
                json.text("title", document.style.title());
            });
        });
        if let Some(visit) = visit {
            json.with("context", |json| {
                json.one("encounter", |json| {
                    json.shown("reference", format_args!("Encounter/{}", visit.id));
                });
            });
        }
        json.end_line();
    }
}
