//! Who pays: coverage and claims.
//!
//! What must always hold: a claim's total is the sum of its items.
//!
//! What it refuses to know: what was found.

use super::{ICD, codings, concept, organization_id, patient_id, payer_id, reference, related_id, resource};
use crate::chart::{Status, dollars};
use crate::render::Folder;
use crate::render::json::Json;

fn coverage_id(folder: &Folder<'_>) -> String {
    format!("cv-{}", folder.patient.stem)
}

pub(super) fn coverage(folder: &Folder<'_>, out: &mut String) {
    let Some(coverage) = &folder.patient.coverage else { return };
    let payer = folder.scene.practice.payers[coverage.payer];
    let mut json = resource(out, "Coverage", &coverage_id(folder));
    json.text("status", "active").with("type", |json| {
        json.text("text", payer.plan);
    });
    let patient = format!("Patient/{}", patient_id(folder));
    // The adult in whose name it is, where the patient is tied to them.
    let holder = folder.patient.member.ties.iter().find(|tie| Some(tie.adult) == coverage.subscriber);
    let subscriber = holder.map_or_else(|| patient.clone(), |tie| format!("RelatedPerson/{}", related_id(folder, tie)));
    reference(&mut json, "subscriber", &subscriber);
    json.text("subscriberId", &coverage.member);
    reference(&mut json, "beneficiary", &patient);
    let relation = holder.map_or("self", |tie| tie.relation.insured().2);
    concept(&mut json, "relationship", ("subscriber-relationship", relation, ""));
    json.with("period", |json| {
        json.shown("start", coverage.from.iso());
    });
    json.one("payor", |json| {
        json.shown("reference", format_args!("Organization/{}", payer_id(folder.scene.number, coverage.payer)));
    });
    json.one("class", |json| {
        concept(json, "type", ("coverage-class", "group", ""));
        json.text("value", &coverage.group);
    });
    json.end_line();
}

pub(super) fn claims(folder: &Folder<'_>, out: &mut String) {
    if folder.patient.coverage.is_none() {
        return;
    }
    for visit in folder.patient.visits.iter().filter(|visit| visit.bill.status != Status::SelfPay) {
        let bill = &visit.bill;
        let (code, name) = visit.code(folder.patient.age(visit.date));
        let mut json = resource(out, "Claim", &format!("cl-{}", visit.id.trim_start_matches("v-")));
        json.one("identifier", |json| {
            json.text("system", &super::system(folder.scene.practice, "claim")).text("value", &bill.number);
        });
        json.text("status", "active");
        concept(&mut json, "type", ("claim-type", "professional", ""));
        json.text("use", "claim");
        reference(&mut json, "patient", &format!("Patient/{}", patient_id(folder)));
        json.shown("created", visit.date.iso());
        reference(&mut json, "provider", &format!("Organization/{}", organization_id(folder.scene.number)));
        concept(&mut json, "priority", ("processpriority", "normal", ""));
        json.one("diagnosis", |json| {
            json.plain("sequence", 1).with("diagnosisCodeableConcept", |json| codings(json, (ICD, code, name)));
        });
        json.one("insurance", |json| {
            json.plain("sequence", 1).plain("focal", true);
            reference(json, "coverage", &format!("Coverage/{}", coverage_id(folder)));
        });
        json.list("item", |list| {
            for (at, line) in bill.lines.iter().enumerate() {
                list.item(|json| {
                    json.plain("sequence", at + 1);
                    concept(json, "productOrService", ("http://www.ama-assn.org/go/cpt", line.cpt, line.what));
                    json.shown("servicedDate", visit.date.iso());
                    json.with("quantity", |json| {
                        json.plain("value", line.count);
                    });
                    money(json, "unitPrice", line.cents);
                    money(json, "net", line.cents * line.count);
                    json.one("encounter", |json| {
                        json.shown("reference", format_args!("Encounter/{}", visit.id));
                    });
                });
            }
        });
        money(&mut json, "total", bill.charged);
        json.end_line();
    }
}

fn money(json: &mut Json<'_>, key: &str, cents: u32) {
    json.with(key, |json| {
        json.plain("value", dollars(cents)).text("currency", "USD");
    });
}
