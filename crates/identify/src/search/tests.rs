//! Readers, finder, names and structure together, over small files of several forms.

use super::{Before, Said, Search};
use crate::phi::{Finding, Identifier};
use crate::read::{Portion, ReadLimits, read};

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

/// What is found in the texts of a file, again with what was found before.
fn again(search: &Search, bytes: &[u8], before: &mut Before) -> Vec<Vec<Finding>> {
    let mut all = Vec::new();
    before.again();
    let both = &mut |portion| {
        if let Portion::Text(part) = portion {
            let found = search.part_again(&part, &part.text, before);
            assert_eq!(found, search.part(&part), "the same as without what was found before");
            all.push(found);
        }
    };
    read(bytes, "", &ReadLimits::default(), both).unwrap();
    all
}

#[test]
fn a_second_search_with_what_was_found_before_finds_what_is_new_and_what_is_old() {
    let rows = |second: &str, family: &str| {
        format!(
            "last_name,first_name,mrn,note\nQuxley,Vern,A-7781,\"seen with Dr. John Smith\"\n\
             {family},Tilda,A-7782,\"{second}\"\n"
        )
    };
    let (search, mut before) = (Search::new(), Before::default());
    let mut counts = Vec::new();
    for (second, family) in [
        ("no complaint", "Obrand"),
        ("no complaint", "Obrand"),
        // A name in a stretch that had none; then nothing new in the text, but somebody new who is known.
        ("no complaint, told to Maria Hernandez", "Obrand"),
        ("vandering about", "Obrand"),
        ("vandering about", "Vandering"),
    ] {
        let found = again(&search, rows(second, family).as_bytes(), &mut before);
        counts.push(found.iter().flatten().filter(|one| one.kind == Identifier::Name).count());
    }
    assert_eq!(counts, [5, 5, 6, 5, 6]);
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

#[test]
fn a_row_of_names_of_columns_holds_nobody_unless_a_cell_reads_as_somebody() {
    let csv = b"mrn,cvx,lot,adjusted,author_npi,Jennifer Hernandez\nA-7781,08,U44,12.50,1234567893,x\n";
    let header = csv.iter().position(|byte| *byte == b'\n').unwrap();
    let mut all = Vec::new();
    let mut said = |said: Said<'_>| {
        if let Said::Part { findings, .. } = said {
            all.extend(findings.iter().map(|one| one.finding.range()).filter(|range| range.start < header));
        }
    };
    Search::new().file(csv, "t.csv", &ReadLimits::default(), &mut said).unwrap();
    let shown: Vec<&[u8]> = all.into_iter().map(|range| &csv[range]).collect();
    assert_eq!(shown, [b"Jennifer Hernandez"]);
    assert!(has(&found(csv, "t.csv"), Identifier::License, "1234567893"));
}

#[test]
fn columns_without_telling_names_are_judged_by_what_they_hold_and_codes_stay() {
    let csv = b"c1,c2,c3\nHernandez,E11.9,718-7\nNguyen,J45.909,2345-7\nKowalski,Z23,4548-4\nSmith,I10,718-7\n\
                Johnson,F32.1,2345-7\nStrong,see Mr Quxley,4548-4\nMiles,E11.9,4548-4\n";
    let all = found(csv, "t.csv");
    for name in ["Hernandez", "Nguyen", "Kowalski", "Smith", "Johnson", "Strong", "Miles"] {
        assert!(has(&all, Identifier::Name, name), "{name}: {all:?}");
    }
    assert!(has(&all, Identifier::Name, "Quxley"), "a cell that is no code is searched: {all:?}");
    assert_eq!(all.len(), 8, "{all:?}");
}

#[test]
fn a_patients_name_that_is_a_word_is_found_where_a_sentence_begins() {
    let message =
        b"MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|1|P|2.5\rPID|1||778812^^^H^MR||MILES^PATIENCE\r\
                    OBX|1|TX|NOTE||Patience was seen. Miles has a cough, and has patience.||||||F\r";
    let all = found(message, "m.hl7");
    assert!(has(&all, Identifier::Name, "Patience") && has(&all, Identifier::Name, "Miles"), "{all:?}");
    assert!(!has(&all, Identifier::Name, "patience"), "{all:?}");
    let note =
        b"Patient: Patience Strong\nDOB: 03/04/1961\n\nPatience was seen with her mother. Her patience was great.\n";
    let all = found(note, "note.txt");
    assert!(has(&all, Identifier::Name, "Patience"), "{all:?}");
    assert!(all.iter().any(|(_, text)| text == "Patience Strong") && !all.iter().any(|(_, text)| text == "patience"));
}

#[test]
fn a_resource_is_searched_for_the_patient_to_whom_it_points() {
    let observation = r#"{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p7"},"note":[{"text":"Patience was seen, chart A77812, and is well"}]}"#;
    let patient = r#"{"resourceType":"Patient","id":"p7","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"A77812"}],"name":[{"family":"Quxley","given":["Patience"]}]}"#;
    let entry = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{observation}}},{{"fullUrl":"urn:uuid:p7","resource":{patient}}}]}}"#
    );
    for text in [format!("{patient}\n{observation}\n"), format!("{observation}\n{patient}\n"), entry] {
        let all = found(text.as_bytes(), "x.ndjson");
        assert_eq!(all.iter().filter(|(_, text)| text == "Patience").count(), 2, "{text}: {all:?}");
        assert_eq!(all.iter().filter(|(_, text)| text == "A77812").count(), 2, "{text}: {all:?}");
    }
    let other = observation.replace("p7", "p8");
    let all = found(format!("{patient}\n{other}\n").as_bytes(), "x.ndjson");
    assert_eq!(all.iter().filter(|(_, text)| text == "Patience").count(), 1, "{all:?}");
}

#[test]
fn headings_of_tables_in_pages_and_narratives_say_what_cells_hold() {
    let table = "<table><thead><tr><th>Plan</th><th>Member ID</th><th>Lot</th><th>Guardian</th></tr></thead><tbody><tr><td>EPO</td>\
                 <td>CS1013897</td><td>U44</td><td>Tilda Hernandez</td></tr></tbody></table>\
                 <table><tr><th>DOB</th><td>19610304</td></tr><tr><td>MRN</td><td>A77812</td></tr></table>";
    let page = format!("<html><body>{table}</body></html>");
    let document = format!(
        "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><component><section><text>{table}</text></section></component></ClinicalDocument>"
    );
    for (text, name) in [(page, "p.html"), (document, "d.xml")] {
        let all = found(text.as_bytes(), name);
        let expected = [
            (Identifier::HealthPlan, "CS1013897"),
            (Identifier::Name, "Tilda Hernandez"),
            (Identifier::Date, "19610304"),
            (Identifier::Mrn, "A77812"),
        ];
        assert_eq!(all, expected.map(|(kind, text)| (kind, text.to_owned())), "{name}");
    }
}

#[test]
fn dumps_are_judged_column_by_column_and_names_of_columns_hold_nobody() {
    let families = ["Hernandez", "Nguyen", "Kowalski", "Smith", "Johnson", "Schmidt"];
    let row = |(at, family): (usize, &&str)| format!("({at}, '{family}', 'E11.{at}', NULL)");
    let rows: Vec<String> = families.iter().enumerate().map(row).collect();
    let one = format!("INSERT INTO people (lot, c2, c3, Carrier) VALUES {};\n", rows.join(","));
    let many: String =
        rows.iter().map(|row| format!("INSERT INTO people (lot, c2, c3, Carrier) VALUES {row};\n")).collect();
    let lines: String =
        families.iter().enumerate().map(|(at, family)| format!("{at}\t{family}\tE11.{at}\t\\N\n")).collect();
    let copy = format!("COPY people (lot, c2, c3, Carrier) FROM stdin;\n{lines}\\.\n");
    for dump in [one, many, copy] {
        let all = found(dump.as_bytes(), "d.sql");
        let expected: Vec<_> = families.iter().map(|family| (Identifier::Name, (*family).to_owned())).collect();
        assert_eq!(all, expected, "{dump}");
    }
}
