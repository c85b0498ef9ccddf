//! Readers, finder, names and structure together, over small files of several forms.

use super::{Said, Search};
use crate::phi::Identifier;
use crate::read::ReadLimits;

/// Kind, place in the source and the bytes there.
fn found(bytes: &[u8], name: &str) -> Vec<(Identifier, String)> {
    let mut all = Vec::new();
    Search::new()
        .file(bytes, name, &ReadLimits::default(), &mut |said| {
            if let Said::Part { findings, .. } = said {
                for one in findings {
                    let source = &bytes[one.finding.range()];
                    all.push((one.finding.kind, String::from_utf8_lossy(source).into_owned()));
                }
            }
        })
        .unwrap();
    all
}

fn has(all: &[(Identifier, String)], kind: Identifier, text: &str) -> bool {
    all.iter().any(|(found, source)| *found == kind && source == text)
}

#[test]
fn a_column_says_what_its_values_are_and_its_people_are_found_in_the_notes_of_the_row() {
    let csv =
        b"last_name,first_name,dob,mrn,note\nQuxley,Vern,1961-03-04,A-7781,\"Mr Quxley was seen. Vern is well.\"\n\
                Obrand,Tilda,1950-01-02,A-7782,no complaint\n";
    let all = found(csv, "patients.csv");
    for (kind, text) in [
        (Identifier::Name, "Quxley"),
        (Identifier::Name, "Vern"),
        (Identifier::Date, "1961-03-04"),
        (Identifier::Mrn, "A-7781"),
        (Identifier::Name, "Obrand"),
    ] {
        assert!(has(&all, kind, text), "{kind} {text}: {all:?}");
    }
    assert_eq!(all.iter().filter(|(_, text)| text == "Quxley").count(), 2, "{all:?}");
}

#[test]
fn a_message_names_its_patient_and_the_words_in_it_are_searched_for_that_name() {
    let message = b"MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|1|P|2.5\r\
                    PID|1||778812^^^HOSP^MR||QUXLEY^VERN^T||19610304|M|||12 ELM ST^^SPRINGFIELD^IL^62701||5552013344\r\
                    OBX|1|TX|NOTE||Quxley tolerated it well||||||F\r";
    let all = found(message, "message.hl7");
    for (kind, text) in [
        (Identifier::Name, "QUXLEY"),
        (Identifier::Name, "VERN"),
        (Identifier::Date, "19610304"),
        (Identifier::Mrn, "778812"),
        (Identifier::Zip, "62701"),
        (Identifier::Place, "SPRINGFIELD"),
        (Identifier::Name, "Quxley"),
    ] {
        assert!(has(&all, kind, text), "{kind} {text}: {all:?}");
    }
}

#[test]
fn findings_of_an_escaped_text_lie_at_the_bytes_of_the_file() {
    let json =
        br#"{"resourceType":"Patient","name":[{"family":"Qu\u0078ley","given":["Vern"]}],"birthDate":"1961-03-04"}"#;
    let all = found(json, "patient.json");
    assert!(has(&all, Identifier::Name, r"Qu\u0078ley"), "{all:?}");
    assert!(has(&all, Identifier::Date, "1961-03-04"), "{all:?}");
}

#[test]
fn a_year_an_age_of_forty_and_an_empty_column_are_nobodys() {
    let csv = b"dob,age,phone,ssn,city\n1961,40,unknown,,\n";
    assert_eq!(found(csv, "t.csv"), []);
}

#[test]
fn a_line_that_ends_within_a_number_or_a_date_cuts_neither() {
    let text = b"Record No.:\n1000377; seen 26\nDecember 2025, call (480)\n555-0106.\n\n\
                 Record\nNo.: J020459; (DOB 1983-02-18, MRN\n10-0000-00)\n\n\
                 born november\nninth twenty sixteen record number u zero two zero\nfour one one; the same in October.";
    let all = found(text, "note.txt");
    for (kind, text) in [
        (Identifier::Mrn, "1000377"),
        (Identifier::Mrn, "J020459"),
        (Identifier::Mrn, "10-0000-00"),
        (Identifier::Date, "26\nDecember 2025"),
        (Identifier::Phone, "(480)\n555-0106"),
        (Identifier::Date, "november\nninth twenty sixteen"),
        (Identifier::Mrn, "u zero two zero\nfour one one"),
        (Identifier::Date, "October"),
    ] {
        assert!(has(&all, kind, text), "{kind} {text}: {all:?}");
    }
}

#[test]
fn a_column_of_whom_a_bill_went_to_holds_names() {
    let all = found(b"invoice_number,billed_to\nINV1,Poppy Strong\n", "invoices.csv");
    assert!(has(&all, Identifier::Name, "Poppy Strong"), "{all:?}");
}
