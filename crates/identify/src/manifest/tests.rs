//! Manifests of small files of several forms.

use super::{Manifest, Seen, names_somebody_else};
use crate::phi::{HealthData, Identifier};
use crate::read::ReadLimits;
use crate::resolve::{PersonRecord, word};
use crate::search::Search;
use record::civil::Day;

fn of(text: &str, name: &str) -> (Manifest, Vec<Seen>) {
    Manifest::of(&Search::new(), text.as_bytes(), name, &ReadLimits::default()).unwrap()
}

fn day(text: &str) -> Option<Day> {
    Day::read(text).ok()
}

#[test]
fn each_row_is_its_own_persons_and_rows_with_one_number_are_one_persons() {
    let csv = "mrn,last_name,first_name,birth_date,visit_date,diagnosis_code\n1,Quxley,Vern,1961-03-04,2024-01-05,I10\n\
               2,Obrand,Tilda,2009-01-02,2024-02-03,F32.9\n1,Quxley,Vern,1961-03-04,2024-05-06,B20\n";
    let (manifest, seen) = of(csv, "visits.csv");
    assert_eq!((manifest.people.len(), seen.len()), (2, 2));
    assert_eq!(manifest.people[0].records, 2);
    let has = |at: usize, kind| manifest.people[at].counted.kinds.has(kind);
    assert!(has(0, HealthData::Hiv) && !has(1, HealthData::Hiv));
    assert!(has(1, HealthData::MentalHealth) && has(1, HealthData::AdolescentConfidential));
    assert!(!has(0, HealthData::AdolescentConfidential));
    assert_eq!(*seen[1].record.family, "Obrand");
    assert_eq!(seen[0].visits, day("2024-01-05").zip(day("2024-05-06")));
    let names = manifest.people[0].counted.identifiers.iter().find(|one| one.0 == Identifier::Name).unwrap();
    assert_eq!(names.1, 4);
}

#[test]
fn a_shared_number_does_not_merge_two_people() {
    let csv = "mrn,last_name,first_name,birth_date\n1,Quxley,Vern,1961-03-04\n1,Obrand,Tilda,2009-01-02\n";
    assert_eq!(of(csv, "p.csv").0.people.len(), 2);
}

#[test]
fn each_message_of_a_batch_is_its_patients() {
    let text = "MSH|^~\\&|A|B|C|D|20240101||ADT^A04|1|P|2.5\rPID|1||17^^^H^MR||QUXLEY^VERN||19610304|M\rDG1|1||F10.20^x^I10\r\
                MSH|^~\\&|A|B|C|D|20240101||ADT^A04|2|P|2.5\rPID|1||18^^^H^MR||OBRAND^TILDA||20090102|F\rIN1|1|PPO|77|AETNA\r";
    let (manifest, seen) = of(text, "batch.hl7");
    assert_eq!(manifest.people.len(), 2, "{manifest:?}");
    assert!(manifest.people[0].counted.kinds.has(HealthData::SubstanceUse));
    assert!(!manifest.people[1].counted.kinds.has(HealthData::SubstanceUse));
    assert_eq!((&**seen[0].record.numbers[0], seen[1].record.born), ("17", day("2009-01-02")));
}

#[test]
fn resources_belong_to_the_patient_whom_they_point_to() {
    let text = "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Quxley\",\"given\":[\"Vern\"]}],\"birthDate\":\"1961-03-04\"}\n\
                {\"resourceType\":\"Patient\",\"id\":\"p2\",\"name\":[{\"family\":\"Obrand\",\"given\":[\"Tilda\"]}]}\n\
                {\"resourceType\":\"Condition\",\"id\":\"c1\",\"subject\":{\"reference\":\"Patient/p2\"},\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"code\":\"Z21\"}]}}\n";
    let (manifest, seen) = of(text, "all.ndjson");
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(manifest.people[1].counted.kinds.has(HealthData::Hiv));
    assert!(!manifest.people[0].counted.kinds.has(HealthData::Hiv));
    assert_eq!(&**seen[1].record.family, "Obrand");
}

const NOTE: &str = "VALLEY PEDIATRICS\n\nPatient: Quxley, Vern\nDOB: 03/04/1961\nMRN: A-17\nDate of Service: 01/05/2024\n\n\
    SUBJECTIVE: Mr. Quxley was seen with his wife Tilda. His father Otis Quxley (DOB 01/01/1930) was treated by Dr. Samuel Ray.\n\
    ASSESSMENT: Alcohol dependence, F10.20.\nElectronically signed by Samuel Ray, MD\n";

#[test]
fn a_note_is_whom_its_heading_names() {
    let (manifest, seen) = of(NOTE, "note.txt");
    assert_eq!(seen.len(), 1, "{}", seen.len());
    assert_eq!((&**seen[0].written, seen[0].record.born), ("Quxley, Vern", day("1961-03-04")));
    let named = seen[0].named();
    assert_eq!((&**named.family, &**named.given), ("Quxley", "Vern"));
    assert!(manifest.people[0].counted.kinds.has(HealthData::SubstanceUse));
    assert!(manifest.unassigned.identifiers.is_empty() && manifest.unassigned.kinds.is_empty());
}

#[test]
fn a_name_in_one_piece_is_taken_apart_in_either_order() {
    let apart = |written: &str| {
        let seen = Seen { written: word(written), ..Seen::default() };
        let named = seen.named();
        [named.family, named.given, named.middle].map(|part| part.as_str().to_owned())
    };
    assert_eq!(apart("Quxley, Vern A."), ["Quxley", "Vern", "A."]);
    assert_eq!(apart("Vern Otis Quxley"), ["Quxley", "Vern Otis", ""]);
    assert_eq!(apart("Quxley"), ["Quxley", "", ""]);
    assert_eq!(apart(""), ["", "", ""]);
}

#[test]
fn two_notes_in_one_file_are_two_peoples() {
    let other = "Patient: Tilda Obrand   DOB: 01/02/2009   MRN: A-18\nASSESSMENT: HIV screening.\n";
    let (manifest, seen) = of(&format!("{NOTE}\u{c}{other}"), "notes.txt");
    assert_eq!(seen.len(), 2);
    assert!(!manifest.people[0].counted.kinds.has(HealthData::Hiv));
    assert!(manifest.people[1].counted.kinds.has(HealthData::Hiv));
    assert!(!manifest.people[1].counted.kinds.has(HealthData::SubstanceUse));
}

#[test]
fn what_is_nobodys_and_what_is_not_read_is_said() {
    let (manifest, seen) = of("Jaundice was discussed at 217-555-0142.", "n.txt");
    assert!(seen.is_empty() && manifest.unassigned.kinds.has(HealthData::Diagnosis));
    assert_eq!(manifest.unassigned.identifiers, [(Identifier::Phone, 1)]);
    let (manifest, _) =
        Manifest::of(&Search::new(), b"\x89PNG\r\n\x1a\n....", "a.png", &ReadLimits::default()).unwrap();
    assert_eq!(manifest.opaque, [("image", 1)]);
}

#[test]
fn a_manifest_as_json_is_json_and_holds_no_word_of_the_file() {
    let (manifest, seen) = of(NOTE, "note.txt");
    let json = manifest.json();
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["manifest"], 1);
    assert_eq!(read["people"][0]["health_data"]["substance_use"]["substance_use.code"], 1);
    for word in ["Quxley", "Vern", "1961", "A-17", "Samuel", "VALLEY"] {
        assert!(!json.contains(word) && !format!("{manifest:?} {seen:?}").contains(word), "{word}");
    }
    assert_eq!(manifest, of(NOTE, "note.txt").0);
}

#[test]
fn a_manifest_has_the_bytes_that_are_written_down() {
    let (manifest, _) = of("mrn,last_name,icd10\n7,Quxley,B20\n", "t.csv");
    let expected = concat!(
        r#"{"manifest":1,"rules":4,"format":"delimited","text_bytes":33,"truncated":false,"opaque":{},"people":[{"ordinal":0,"#,
        r#""records":1,"identifiers":{"name":1,"mrn":1},"health_data":{"diagnosis":{"diagnosis.code":1,"diagnosis.column":1},"#,
        r#""hiv":{"hiv.code":1}}}],"unassigned":{"identifiers":{},"health_data":{}}}"#,
    );
    assert_eq!(manifest.json(), expected);
}

#[test]
fn somebody_else_is_named_only_where_the_patient_would_be() {
    let patient = |family: &str, given: &str, born: &str, number: &str| PersonRecord {
        numbers: vec![word(number)],
        ..PersonRecord::named(family, given, day(born))
    };
    let asked = |text: &str, patient: &PersonRecord| names_somebody_else(&of(text, "n.txt").1, patient).is_some();
    let vern = patient("Quxley", "Vernon", "1961-03-04", "A-17");
    assert!(!asked(NOTE, &vern));
    assert!(asked(NOTE, &patient("Ray", "Samuel", "1970-01-01", "A-1")), "a doctor is not the patient");
    assert!(asked(NOTE, &patient("Quxley", "Otis", "1930-01-01", "A-2")), "nor is the father");
    for text in [
        "Patient: Vern Quxley",
        "RE: QUXLEY, VERNON T.",
        "Re: Vern Quxly, DOB 03/04/1961",
        "Patient Name: V. Quxley",
        "Dr. Samuel Ray saw this patient. Mother: Ann Lee, DOB 01/02/1935.",
        "Patient: Quxley-Lee, Vern",
        "Patient: ____",
        "Guarantor: Ann Lee (DOB 01/02/1935)",
        "The patient: well. Name: of the drug",
    ] {
        assert!(!asked(text, &vern), "{text}");
    }
    for text in
        ["Patient: Tilda Obrand", "RE: Obrand, Tilda, DOB 01/02/2009", "I saw Tilda Obrand (DOB 01/02/2009) today."]
    {
        assert!(asked(text, &vern), "{text}");
    }
    let married = patient("Lee", "Tilda", "2001-01-02", "B-1");
    assert!(!asked("Patient: Tilda Obrand\nDOB: 01/02/2001\n", &married));
    assert!(
        asked("Patient: Vera Obrand\nDOB: 01/02/2001\n", &patient("Obrand", "Tilda", "2001-01-02", "B-1")),
        "a twin"
    );
    let twin = patient("Obrand", "Tilda", "2001-01-02", "B-1");
    let under = |name: &str| format!("Patient: {name}\nDOB: 01/02/2001\nMRN: B-1\n");
    assert!(asked(&under("Obrand, Vera"), &twin), "a twin's text under the other's number");
    for same in ["Obrand, Tilda", "Obrand, T.", "Baby Girl Obrand", "Tilda Lee", "Well Child Visit"] {
        assert!(!asked(&under(same), &twin), "{same}: the number says whose it is");
    }
    let born = |number: &str, day: &str| format!("Patient: Obrand, Tilda\nDOB: {day}\nMRN: {number}\n");
    for number in ["B-1", "B-2", ""] {
        assert!(asked(&born(number, "07/30/1971"), &twin), "a mother who is called so, under {number:?}");
        assert!(!asked(&born(number, "02/01/2001"), &twin), "day and month swapped, under {number:?}");
    }
    let both =
        names_somebody_else(&of(&format!("{NOTE}\u{c}Patient: Tilda Obrand   DOB: 01/02/2009\n"), "n.txt").1, &vern);
    assert!(both.is_some_and(|found| found.patient_too && found.others == 1));
}
