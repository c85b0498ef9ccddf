//! Manifests of made-up practices, held against what is true of them: whose a document is, which kinds it holds, who the rows of a table are.

use record::civil::Day;
use standin::{Dirt, Formats, InMemory, Plan, make};
use std::collections::{BTreeMap, BTreeSet};
use strongroom_identify::manifest::{Manifest, Seen, names_somebody_else};
use strongroom_identify::phi::HealthData;
use strongroom_identify::read::ReadLimits;
use strongroom_identify::resolve::{Index, PersonRecord, Resolution, Word};
use strongroom_identify::search::Search;

struct Patient {
    record: PersonRecord,
    classes: Vec<String>,
    documents: Vec<String>,
    has_twin: bool,
}

fn made(patients: u32, seed: u64, formats: &str) -> (BTreeMap<String, Vec<u8>>, Vec<Patient>) {
    let formats: Formats = formats.parse().expect("formats");
    let plan = Plan { formats, dirt: Dirt::NONE, ..Plan::new(1, patients, seed, Day::new(2026, 6, 1).expect("a day")) };
    let mut files = InMemory::default();
    make(&plan, &mut files).expect("memory takes everything");
    let truth =
        String::from_utf8(files.files["practice-0001/truth/patients.ndjson"].clone()).expect("the truth is UTF-8");
    let read = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).expect("the truth is JSON");
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| -> Vec<String> {
            json[key].as_array().expect("a list").iter().map(|one| one.as_str().expect("texts").to_owned()).collect()
        };
        let mut record = PersonRecord::named(&text("family"), &text("given"), Day::read(&text("birth_date")).ok());
        record.middle = Word::new(text("middle"));
        record.numbers.push(Word::new(text("mrn")));
        let has_twin = json["twin"].as_bool().unwrap_or_default();
        Patient { record, classes: list("classes"), documents: list("documents"), has_twin }
    };
    (files.files, truth.lines().map(read).collect())
}

fn manifest(bytes: &[u8], name: &str) -> (Manifest, Vec<Seen>) {
    Manifest::of(&Search::new(), bytes, name, &ReadLimits::default()).expect("the limits leave room")
}

#[test]
fn documents_delivered_to_their_own_patient_raise_no_question_and_to_another_they_do() {
    let (files, patients) = made(400, 11, "text,truth");
    let (mut own, mut asked, mut found, mut named) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (mut wrong, mut missed) = (Vec::new(), Vec::new());
    for (at, patient) in patients.iter().enumerate() {
        let other = &patients[(at + patients.len() / 2) % patients.len()];
        for document in &patient.documents {
            let path = format!("practice-0001/text/{document}.txt");
            let (_, seen) = manifest(&files[&path], "note.txt");
            own += 1;
            named += u32::from(!seen.is_empty());
            if names_somebody_else(&seen, &patient.record).is_some() {
                asked += 1;
                wrong.push(document.clone());
            }
            if names_somebody_else(&seen, &other.record).is_some() {
                found += 1;
            } else {
                missed.push(document.clone());
            }
        }
    }
    assert!(own >= 300, "{own}");
    let summary =
        format!("{own} documents, {named} name somebody, asked {asked} {wrong:?}, found {found}, missed {missed:?}");
    assert!(asked * 100 <= own && asked <= 3, "{summary}");
    assert!(found * 100 >= own * 95, "{summary}");
}

#[test]
fn rows_and_messages_are_those_of_the_patients_of_the_index() {
    let (files, patients) = made(150, 12, "csv,hl7v2,fhir,truth");
    let mut index = Index::new();
    for (at, patient) in patients.iter().enumerate() {
        index.add(at, patient.record.clone());
    }
    let csv = manifest(&files["practice-0001/csv/patients.csv"], "patients.csv");
    assert_eq!(csv.1.len(), patients.len());
    for seen in &csv.1 {
        // Whoever comes with their number is certain; without it, hardly anybody is not.
        let Resolution::Certain(at) = index.resolve(&seen.record) else { panic!("not certain") };
        assert_eq!(patients[at].record.numbers[0], seen.record.numbers[0]);
    }
    let (mut right, mut wrong) = (0, 0);
    for seen in &csv.1 {
        let mut bare = seen.record.clone();
        let number = bare.numbers.remove(0);
        match index.resolve(&bare) {
            Resolution::Certain(at) if patients[at].record.numbers[0] == number => right += 1,
            Resolution::Certain(_) => wrong += 1,
            _ => {}
        }
    }
    assert_eq!(wrong, 0);
    assert!(right * 100 >= patients.len() * 95, "{right} of {}", patients.len());
    assert!(patients.iter().any(|patient| patient.has_twin), "the seed has twins");
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains("/hl7v2/")) {
        let (manifest, seen) = manifest(bytes, name);
        assert!(!manifest.truncated && seen.len() <= patients.len(), "{name}: {}", seen.len());
    }
}

#[test]
fn sensitive_kinds_of_a_table_of_problems_are_those_that_are_true() {
    let (files, patients) = made(400, 13, "csv,truth");
    let (manifest, seen) = manifest(&files["practice-0001/csv/problems.csv"], "problems.csv");
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (person, seen) in manifest.people.iter().zip(&seen) {
        let sensitive = person.counted.kinds.kinds().filter(|kind| strongroom_identify::kinds::is_sensitive(*kind));
        let sensitive = sensitive.filter(|kind| *kind != HealthData::AdolescentConfidential);
        told.entry(seen.record.numbers[0].as_str()).or_default().extend(sensitive.map(HealthData::as_str));
    }
    let mut all = 0;
    for patient in &patients {
        let truth: BTreeSet<&str> = patient.classes.iter().map(String::as_str).collect();
        all += truth.len();
        let found = told.get(patient.record.numbers[0].as_str()).cloned().unwrap_or_default();
        assert_eq!(found, truth, "{}", patient.record.numbers[0].as_str());
    }
    assert!(all > 20, "{all}");
}
