//! What is true, for whoever measures a finder, a matcher or a converter against made-up data.
//!
//! What must always hold: spans are bytes of the text files, each one identifier whole; everything that was spoilt is said.
//!
//! What it refuses to know: what anybody finds.

use super::Folder;
use super::json::{Json, List};
use crate::chart::Scene;
use crate::out::{Out, Sheaf};
use crate::people::{Person, Tie};

const SPANS: &str = "truth/spans.ndjson";
const PATIENTS: &str = "truth/patients.ndjson";
const FAMILIES: &str = "truth/families.ndjson";
const DUPLICATES: &str = "truth/duplicates.ndjson";
const DIRT: &str = "truth/dirt.ndjson";
const PRACTICE: &str = "truth/practice.json";

fn append<O: Out>(sheaf: &mut Sheaf<'_, O>, path: &'static str, text: &str) {
    if !text.is_empty() {
        sheaf.grow(path).extend_from_slice(text.as_bytes());
    }
}

pub(super) fn practice<O: Out>(scene: &Scene<'_>, sheaf: &mut Sheaf<'_, O>) {
    let mut out = String::new();
    let mut json = Json::object(&mut out);
    json.text("practice", &scene.practice.slug).text("name", &scene.practice.name);
    json.plain("seed", scene.plan.seed).shown("reference_date", scene.plan.reference_date);
    json.plain("patients", scene.plan.patients_of(scene.number)).text("version", env!("CARGO_PKG_VERSION"));
    json.end_line();
    append(sheaf, PRACTICE, &out);
}

pub(super) fn patient<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let (patient, scene) = (&folder.patient, &folder.scene);
    let mut out = String::with_capacity(16 << 10);
    for document in &folder.documents {
        for span in &document.note.spans {
            let mut json = Json::object(&mut out);
            json.shown("path", format_args!("text/{}.txt", document.id));
            json.plain("start", span.start)
                .plain("end", span.end)
                .text("kind", span.kind)
                .text("patient", &patient.mrn);
            json.end_line();
        }
    }
    append(sheaf, SPANS, &out);
    out.clear();
    let person = &patient.member.person;
    let mut json = Json::object(&mut out);
    json.text("mrn", &patient.mrn).shown("fhir", format_args!("Patient/pt-{}", patient.stem));
    json.plain("household", scene.household_number + 1);
    json.text("family", &person.name.family).text("given", &person.name.given);
    json.text("middle", person.name.middle.as_deref().unwrap_or_default());
    json.shown("birth_date", person.born.iso()).text("sex", person.sex.letter());
    json.plain("twin", patient.member.twin).text("newborn_as", patient.member.newborn_as.unwrap_or_default());
    json.shown("registered", patient.registered.iso());
    json.plain("visits", patient.visits.len()).plain("vaccines", patient.vaccines.len());
    json.list("classes", |list| classes(list, folder));
    json.list("documents", |list| folder.documents.iter().for_each(|document| list.text(&document.id)));
    json.end_line();
    append(sheaf, PATIENTS, &out);
    out.clear();
    if let Some((mrn, _)) = &folder.spoilt.second {
        let mut json = Json::object(&mut out);
        json.text("a", &patient.mrn).text("b", mrn);
        json.end_line();
        append(sheaf, DUPLICATES, &out);
        out.clear();
    }
    for kind in folder.spoilt.kinds() {
        let mut json = Json::object(&mut out);
        json.text("mrn", &patient.mrn).text("kind", kind).shown("birth_date", person.born.iso());
        json.text("family", &person.name.family).text("street", &person.address.street);
        if let (Some(nobody), "orphan") = (&folder.spoilt.orphan, kind) {
            json.text("nobody", nobody);
        }
        json.end_line();
    }
    append(sheaf, DIRT, &out);
}

/// Sensitive classes that the patient's problems belong to.
fn classes(list: &mut List<'_>, folder: &Folder<'_>) {
    let mut all: Vec<&str> = folder.patient.problems.iter().filter_map(|problem| problem.ailment.class).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().for_each(|class| list.text(class));
}

fn adult(json: &mut Json<'_>, person: &Person) {
    json.text("family", &person.name.family).text("given", &person.name.given);
    json.shown("birth_date", person.born.iso()).text("phone", &person.phone);
}

fn tie(json: &mut Json<'_>, folder: &Folder<'_>, tie: &Tie) {
    json.text("mrn", &folder.patient.mrn).plain("adult", tie.adult + 1);
    json.text("relation", tie.relation.word()).text("custody", tie.custody.as_str());
}

pub(super) fn household<O: Out>(scene: &Scene<'_>, folders: &[Folder<'_>], sheaf: &mut Sheaf<'_, O>) {
    let mut out = String::new();
    let mut json = Json::object(&mut out);
    json.plain("household", scene.household_number + 1).text("shape", scene.household.shape.as_str());
    json.list("adults", |list| {
        scene.household.adults.iter().for_each(|person| list.item(|json| adult(json, person)));
    });
    json.list("patients", |list| folders.iter().for_each(|folder| list.text(&folder.patient.mrn)));
    json.list("ties", |list| {
        for folder in folders {
            folder.patient.member.ties.iter().for_each(|each| list.item(|json| tie(json, folder, each)));
        }
    });
    json.end_line();
    append(sheaf, FAMILIES, &out);
}
