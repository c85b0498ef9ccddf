//! Every method over small files of every form, made here; what comes out is compared as a whole.

mod archives;
mod dicom;
mod doubts;
mod encoded;
mod office_attributes;
mod rich_text;
mod web_pages;

use super::{Before, Deidentified, Deidentifier, DeidentifyError, Drawn, Keyed, Method, Surrogate, Surrogates};
use crate::phi::Identifier;
use record::SeededEntropy;
use record::civil::Day;

mod clinical_values;

const CSV: &[u8] = b"last_name,first_name,dob,mrn,zip,state,sex,note\r\n\
    Quxley,Vern,1961-03-04,A-7781,62701,IL,M,\"Mr Quxley was seen on 03/04/2018, \"\"Vern\"\" is well\"\r\n\
    Obrand,Tilda,1930-01-02,A-7782,03601,NH,F,no complaint\r\n";
const HL7: &[u8] = b"MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|1|P|2.5\r\
    PID|1||A-7781^^^HOSP^MR||QUXLEY^VERN^T||19610304|M|||12 ELM ST^^SPRINGFIELD^IL^62701||5552013344\r\
    OBX|1|NM|718-7^Hemoglobin^LN||14.1|g/dL||N|||F|||20180304\r";
const FHIR: &[u8] = br#"{"resourceType":"Patient","id":"A-7781","meta":{"lastUpdated":"2018-03-04T10:15:00Z"},"name":[{"family":"Qu\u0078ley","given":["Vern"]}],"gender":"male","birthDate":"1961-03-04","address":[{"line":["12 Elm St"],"city":"Springfield","state":"IL","postalCode":"62701"}],"managingOrganization":{"reference":"Organization/77"}}"#;
const CDA: &[u8] = br#"<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id root="2.16.840.1.113883.19" extension="A-7781"/><addr><streetAddressLine>12 Elm St</streetAddressLine><city>Springfield</city><state>IL</state><postalCode>62701</postalCode></addr><patient><name><given>Vern</given><family>Quxley</family></name><administrativeGenderCode code="M"/><birthTime value="19610304"/></patient></patientRole></recordTarget></ClinicalDocument>"#;

fn day() -> Day {
    Day::new(2026, 11, 22).unwrap()
}

fn keyed() -> Keyed<impl Fn(&[u8]) -> [u8; 32]> {
    Keyed::new(|message| *record::Sha256::of(message).as_bytes())
}

fn ran(method: Method, bytes: &[u8], name: &str) -> Deidentified {
    Deidentifier::new(method, day()).file(bytes, name, &mut keyed()).unwrap()
}

fn text(method: Method, bytes: &[u8], name: &str) -> String {
    String::from_utf8(ran(method, bytes, name).bytes).unwrap()
}

/// The token of a value, as it is written.
fn token(kind: Identifier, canonical: &str) -> String {
    let code = keyed().surrogate(super::surrogate::kept_as(kind), canonical);
    super::surrogate::token(kind, &code)
}

fn name(canonical: &str) -> String {
    token(Identifier::Name, canonical)
}

#[test]
fn a_table_keeps_its_form_its_codes_and_its_years() {
    let out = text(Method::SafeHarbor, CSV, "patients.csv");
    let (quxley, vern, mrn) = (name("quxley"), name("vern"), token(Identifier::Mrn, "a7781"));
    let first = format!(
        "last_name,first_name,dob,mrn,zip,state,sex,note\r\n\
         {quxley},{vern},1961,{mrn},627,IL,M,\"Mr {quxley} was seen on 2018, \"\"{vern}\"\" is well\"\r\n"
    );
    assert!(out.starts_with(&first), "{out}");
    // Born in 1930 is over 89 in 2026: the year of 90 years before; 036 is a restricted area.
    let second = format!(
        "{},{},1936,{},000,NH,F,no complaint\r\n",
        name("obrand"),
        name("tilda"),
        token(Identifier::Mrn, "a7782")
    );
    assert!(out.ends_with(&second), "{out}");
}

#[test]
fn a_message_stays_a_message_and_only_what_was_found_is_different() {
    let out = text(Method::SafeHarbor, HL7, "message.hl7");
    let pid = format!(
        "PID|1||{}^^^{}^MR||{}^{}^{}||1961|M|||{}^^{}^IL^627||{}\r",
        token(Identifier::Mrn, "a7781"),
        token(Identifier::Organization, "hosp"),
        name("quxley"),
        name("vern"),
        name("t"),
        token(Identifier::Address, "12elmst"),
        token(Identifier::Place, "springfield"),
        token(Identifier::Phone, "5552013344"),
    );
    assert!(out.contains(&pid), "{out}");
    assert!(out.ends_with("OBX|1|NM|718-7^Hemoglobin^LN||14.1|g/dL||N|||F|||2018\r"), "{out}");
}

#[test]
fn a_resource_stays_one_with_ids_that_are_ids_and_moments_that_are_moments() {
    let out = text(Method::SafeHarbor, FHIR, "patient.json");
    let id = |value: &str| format!("ID-{}", keyed().surrogate(Identifier::OtherId, value).as_str());
    let expected = format!(
        r#"{{"resourceType":"Patient","id":"{}","meta":{{"lastUpdated":"2018-01-01T00:00:00Z"}},"name":[{{"family":"{}","given":["{}"]}}],"gender":"male","birthDate":"1961","address":[{{"line":["{}"],"city":"{}","state":"IL","postalCode":"627"}}],"managingOrganization":{{"reference":"Organization/{}"}}}}"#,
        id("a7781"),
        name("quxley"),
        name("vern"),
        token(Identifier::Address, "12elmst"),
        token(Identifier::Place, "springfield"),
        id("77"),
    );
    assert_eq!(out, expected);
}

#[test]
fn a_clinical_document_keeps_its_markup() {
    let out = text(Method::SafeHarbor, CDA, "document.xml");
    for expected in [
        format!("<given>{}</given><family>{}</family>", name("vern"), name("quxley")),
        "<birthTime value=\"1961\"/>".to_owned(),
        "<postalCode>627</postalCode>".to_owned(),
        "<state>IL</state>".to_owned(),
        "<administrativeGenderCode code=\"M\"/>".to_owned(),
        format!("root=\"2.16.840.1.113883.19\" extension=\"{}\"", token(Identifier::Mrn, "a7781")),
    ] {
        assert!(out.contains(&expected), "{expected} in {out}");
    }
}

#[test]
fn free_text_loses_its_names_and_says_that_nobody_has_reviewed_it() {
    let note =
        b"Patient: Vern Quxley\nMRN: 778812\nDOB: March 4, 1961\n\nMr. Quxley is a 57-year-old man. BP 120/80.\n";
    let out = ran(Method::SafeHarbor, note, "note.txt");
    let text = String::from_utf8(out.bytes.clone()).unwrap();
    for gone in ["Quxley", "Vern", "778812", "March"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("DOB: 1961\n") && text.contains("57-year-old man. BP 120/80."), "{text}");
    assert!(text.contains(&format!("MRN: {}", token(Identifier::Mrn, "778812"))), "{text}");
    assert!(out.report.free_texts > 0);
    assert!(out.report.label(Method::SafeHarbor).contains("not Safe Harbor"));
}

#[test]
fn a_limited_data_set_keeps_dates_towns_and_zip_codes_and_nothing_direct() {
    let out = text(Method::Limited, HL7, "message.hl7");
    assert!(out.contains("||19610304|M|||"), "{out}");
    assert!(out.contains("^^SPRINGFIELD^IL^62701||"), "{out}");
    for gone in ["QUXLEY", "VERN", "A-7781", "ELM", "5552013344"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
}

#[test]
fn pseudonyms_move_all_dates_of_a_family_alike_in_every_form() {
    let days = keyed().shift_days("quxley");
    let moved = |date: &str| super::dates::Written::read(date, 2026).unwrap().shifted(days);
    let csv = text(Method::Pseudonym, CSV, "patients.csv");
    assert!(csv.contains(&format!(",{},", moved("1961-03-04"))), "{csv}");
    assert!(csv.contains(&format!("seen on {},", moved("03/04/2018"))), "{csv}");
    let hl7 = text(Method::Pseudonym, HL7, "message.hl7");
    assert!(hl7.contains(&format!("||{}|M|", moved("19610304"))), "{hl7}");
    assert!(hl7.contains(&format!("|{}||ORU", moved("20180304101500"))), "{hl7}");
    let fhir = text(Method::Pseudonym, FHIR, "patient.json");
    assert!(fhir.contains(&format!("\"birthDate\":\"{}\"", moved("1961-03-04"))), "{fhir}");
    assert!(fhir.contains(&format!("\"{}\"", moved("2018-03-04T10:15:00Z"))), "{fhir}");
    assert_eq!(csv, text(Method::Pseudonym, CSV, "patients.csv"));
}

#[test]
fn a_file_that_knows_numbers_alone_moves_with_the_family_that_another_file_gives_them() {
    let visits = b"mrn,visit_date\nA-7781,2018-03-04\nA-7782,2018-03-04\n";
    let mut run = Deidentifier::new(Method::Pseudonym, day());
    run.learn(visits, "visits.csv").unwrap();
    run.learn(CSV, "patients.csv").unwrap();
    let out = run.file(visits, "visits.csv", &mut keyed()).unwrap();
    let out = String::from_utf8(out.bytes).unwrap();
    for (family, mrn) in [("quxley", "a7781"), ("obrand", "a7782")] {
        let moved = super::dates::Written::read("2018-03-04", 2026).unwrap().shifted(keyed().shift_days(family));
        assert!(out.contains(&format!("{},{moved}\n", token(Identifier::Mrn, mrn))), "{out}");
    }
}

#[test]
fn the_same_person_has_the_same_tokens_in_every_form() {
    let entropy = SeededEntropy::new(7);
    let mut drawn = Drawn::new(&entropy, []);
    let run = Deidentifier::new(Method::SafeHarbor, day());
    for (bytes, file) in [(CSV, "p.csv"), (HL7, "m.hl7"), (FHIR, "p.json"), (CDA, "d.xml")] {
        let out = run.file(bytes, file, &mut drawn).unwrap();
        let quxley = super::surrogate::token(Identifier::Name, &drawn.surrogate(Identifier::Name, "quxley"));
        assert!(String::from_utf8(out.bytes).unwrap().contains(&quxley), "{file}");
    }
    let names: Vec<_> =
        drawn.lines().into_iter().filter(|line| line.kind == Identifier::Name).map(|line| line.canonical).collect();
    assert_eq!(names, ["obrand", "quxley", "t", "tilda", "vern"]);
}

#[test]
fn whoever_is_over_89_by_any_field_is_so_in_the_whole_record() {
    let csv = b"last_name,dob,age,visit_date,note\n\
        Quxley,1925-05-06,85,2010-07-01,\"An 85-year-old woman, born in 1925, seen for cough\"\n\
        Obrand,,92,2018-03-04,\"She was 92 years old and born in 1926 on a farm\"\n\
        Tamsin,1961-03-04,57,2018-03-04,\"57-year-old woman, in Ohio since 1995 with her cat\"\n";
    let out = text(Method::SafeHarbor, csv, "visits.csv");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[1].ends_with(",1936,[AGE],2010,\"An [AGE]-year-old woman, born in 1936, seen for cough\""), "{out}");
    assert!(lines[2].ends_with(",,90+,2018,\"She was 90+ years old and born in 1936 on a farm\""), "{out}");
    assert!(lines[3].ends_with(",1961,57,2018,\"57-year-old woman, in Ohio since 1995 with her cat\""), "{out}");
}

#[test]
fn ninety_is_counted_to_the_day() {
    let year = |born: &str| {
        let csv = format!("last_name,dob\nQuxley,{born}\n");
        let out = text(Method::SafeHarbor, csv.as_bytes(), "p.csv");
        out.trim_end().rsplit(',').next().unwrap().to_owned()
    };
    assert_eq!(year("1937-01-01"), "1937");
    assert_eq!(year("1936-12-31"), "1936");
    assert_eq!(year("1935-12-31"), "1936");
    assert_eq!(year("1899-12-31"), "1936");
    assert_eq!(year("1920"), "1936");
}

/// Answers with what looks like somebody.
struct Careless;

impl Surrogates for Careless {
    fn surrogate(&mut self, _: Identifier, _: &str) -> Surrogate {
        Surrogate::new("John Smith 123-45-6789".to_owned())
    }
    fn shift_days(&mut self, _: &str) -> i32 {
        1
    }
}

#[test]
fn the_second_pass_refuses_a_file_into_which_a_surrogate_brought_somebody() {
    let refused = Deidentifier::new(Method::SafeHarbor, day()).file(CSV, "patients.csv", &mut Careless);
    assert!(matches!(refused, Err(DeidentifyError::Missed { count, .. }) if count > 0), "{refused:?}");
    let said = refused.unwrap_err().to_string();
    assert!(!said.contains("Smith"), "{said}");
}

#[test]
fn a_sentence_whose_words_are_taken_for_a_hospitals_name_one_after_the_other_refuses_no_note() {
    let note = "NAME: OKAFOR, AKOSUA\nD.O.B.: MAY 7, 2014\n\nIMPRESSION AND PLAN: ROUTINE EXAMINATION (Z00.129). DOING NICELY, \
                HAS TWO CLOSE FRIENDS AND SAVES POCKET MONEY. FAMILY WANTED TO HEAR ABOUT BACKPACKS, HEARING AND PLAYGROUND \
                FALLS. AN ULTRASOUND SENT.\n";
    let mut drawn = Drawn::new(&record::SystemEntropy, []);
    let done = Deidentifier::new(Method::SafeHarbor, day()).file(note.as_bytes(), "note.txt", &mut drawn).unwrap();
    let text = String::from_utf8(done.bytes).unwrap();
    assert!(!text.contains("OKAFOR") && text.contains("ULTRASOUND"), "{text}");
}

/// What a round finds in a table of which nothing was changed, as text.
fn left_in(run: &Deidentifier, bytes: &[u8], before: &mut Before) -> Vec<String> {
    let (_, parts, _) = run.parts(bytes, "patients.csv").unwrap();
    let meant: Vec<_> = parts.iter().map(|(part, _)| super::Meant::of(part, &[])).collect();
    let seen = super::second::look(&run.look(false), (bytes, "patients.csv"), &meant, before).unwrap();
    seen.late.iter().map(|(index, found)| parts[*index].0.text[found.range()].to_owned()).collect()
}

#[test]
fn the_second_pass_sees_what_the_first_one_left() {
    let run = Deidentifier::new(Method::SafeHarbor, day());
    let mut before = Before::default();
    let left = left_in(&run, CSV, &mut before);
    assert!(["Quxley", "A-7781"].iter().all(|one| left.iter().any(|found| found == one)), "{left:?}");
    let (_, parts, _) = run.parts(CSV, "patients.csv").unwrap();
    let meant: Vec<_> = parts.iter().map(|(part, _)| super::Meant::of(part, &[])).collect();
    let bytes = b"last_name\nX\n";
    let other = super::second::look(&run.look(false), (bytes, "patients.csv"), &meant, &mut before);
    assert_eq!(other.err(), Some(DeidentifyError::ReadsOtherwise));
}

#[test]
fn a_later_round_sees_what_it_has_seen_before_and_what_came_in_since() {
    let run = Deidentifier::new(Method::SafeHarbor, day());
    let mut before = Before::default();
    let first = left_in(&run, CSV, &mut before);
    assert_eq!(left_in(&run, CSV, &mut before), first, "what is left is seen in every round");
    let more = std::str::from_utf8(CSV).unwrap().replace("no complaint", "told to Dr. John Smith");
    let second = left_in(&run, more.as_bytes(), &mut before);
    assert!(second.iter().any(|found| found.contains("Smith")), "{second:?}");
    assert!(first.iter().all(|found| second.contains(found)), "{second:?}");
}

#[test]
fn what_nobody_can_read_or_write_back_is_refused() {
    let run = Deidentifier::new(Method::SafeHarbor, day());
    let picture = run.file(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "scan.png", &mut keyed());
    assert!(matches!(picture, Err(DeidentifyError::Opaque { count: 1, .. })), "{picture:?}");
}

#[test]
fn a_file_without_anybody_in_it_stays_as_it_is() {
    for bytes in [&b""[..], b"code,unit\n718-7,g/dL\n", b"{\"a\":1}"] {
        let out = ran(Method::SafeHarbor, bytes, "x");
        assert_eq!(out.bytes, bytes);
        assert!(out.report.replaced.is_empty());
    }
}

#[test]
fn reports_and_debug_hold_nothing_out_of_the_file() {
    let out = ran(Method::SafeHarbor, CSV, "patients.csv");
    let run = Deidentifier::new(Method::SafeHarbor, day());
    let said = format!("{out:?} {run:?} {:?} {:?}", keyed(), keyed().surrogate(Identifier::Name, "quxley"));
    for word in ["Quxley", "quxley", "Vern", "7781", "1961", "62701"] {
        assert!(!said.contains(word), "{word} in {said}");
    }
    assert_eq!(out.report.zips_restricted, 1);
    assert_eq!(out.report.over_89, 1);
}

#[test]
fn a_file_keeps_a_name_that_says_nothing() {
    let run = Deidentifier::new(Method::SafeHarbor, day());
    assert!(run.keeps_name("labs.csv"));
    assert!(!run.keeps_name("export-778812.csv"));
    assert!(!run.keeps_name("John Smith.txt"));
}

#[test]
fn segments_of_messages_keep_their_names_whatever_they_look_like() {
    let message = b"MSH|^~\\&|A|B|||20260102||SIU^S12|1|P|2.8\rSCH|1|2\rPID|1||A-7781^^^LAKE^MR||Quxley^Tilda\rAIS|1|A\rNTE|1||Jan Sol will come.\r";
    let entropy = SeededEntropy::new(7);
    let mut drawn = Drawn::new(&entropy, []);
    let out = Deidentifier::new(Method::SafeHarbor, day()).file(message, "m.hl7", &mut drawn).unwrap();
    let text = String::from_utf8(out.bytes).unwrap();
    let names: Vec<&str> = text.split_terminator('\r').map(|line| &line[..4]).collect();
    assert_eq!(names, ["MSH|", "SCH|", "PID|", "AIS|", "NTE|"]);
    assert!(!text.contains("Quxley"), "{text}");
}

#[test]
fn a_number_that_one_file_tells_of_is_found_without_a_label_in_another() {
    let table = b"mrn,last_name,member_id\nA-7781,Quxley,CS101389728\n";
    let letter = b"<?xml version=\"1.0\"?><t><td>EPO</td><td>CS101389728</td></t>";
    let entropy = SeededEntropy::new(7);
    let mut run = Deidentifier::new(Method::SafeHarbor, day());
    run.learn(table, "p.csv").unwrap();
    let mut drawn = Drawn::new(&entropy, []);
    let out = String::from_utf8(run.file(letter, "l.xml", &mut drawn).unwrap().bytes).unwrap();
    assert!(!out.contains("CS101389728") && out.contains("[HEALTH_PLAN "), "{out}");
}

#[test]
fn a_code_that_happens_to_be_somebodys_number_stays() {
    let table = b"mrn,last_name\n1234567,Quxley\n";
    let message = b"MSH|^~\\&|A|B|||20260102||ORU^R01|1|P|2.5\rOBR|1|||1234567^Panel^L\rNTE|1||see 1234567\r";
    let mut run = Deidentifier::new(Method::SafeHarbor, day());
    run.learn(table, "p.csv").unwrap();
    let out = String::from_utf8(run.file(message, "m.hl7", &mut keyed()).unwrap().bytes).unwrap();
    assert!(out.contains("|1234567^Panel^L") && !out.contains("see 1234567"), "{out}");
}

#[test]
fn a_resource_that_points_to_a_patient_of_another_file_loses_that_patients_name() {
    let patient = br#"{"resourceType":"Patient","id":"p7","name":[{"family":"Quxley","given":["Patience"]}]}"#;
    let note = br#"{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p7"},"note":[{"text":"Patience was seen and is well"}]}"#;
    let mut run = Deidentifier::new(Method::SafeHarbor, day());
    run.learn(note, "o.json").unwrap();
    run.learn(patient, "p.json").unwrap();
    let out = String::from_utf8(run.file(note, "o.json", &mut keyed()).unwrap().bytes).unwrap();
    assert!(out.contains(&format!("{} was seen and is well", name("patience"))), "{out}");
}

#[test]
fn names_of_columns_come_out_as_they_went_in() {
    let csv = b"mrn,cvx,lot,Adjusted,author_npi,Carrier\r\nA-7781,08,U44,12.50,1234567893,Aetna\r\n";
    let out = text(Method::SafeHarbor, csv, "t.csv");
    assert!(out.starts_with("mrn,cvx,lot,Adjusted,author_npi,Carrier\r\n"), "{out}");
    assert!(!out.contains("A-7781") && !out.contains("1234567893"), "{out}");
}

#[test]
fn fields_that_no_table_lists_lose_who_is_in_them_in_one_round() {
    let message = b"MSH|^~\\&|A|B|||20260102||ADT^A01|1|P|2.8\rPID|1||A-7781^^^LAKE^MR||Quxley^Tilda\r\
        ZPV|1|PPT|MD-25^Hernandez^Christopher^^MD|HUH AE OMU|20050110015014+0315||718-7^Hemoglobin^LN|KIM\r\
        ZAD|12 ELM ST^^SPRINGFIELD^IL^62701|(480)555-0101^PRN^PH|Nguyen^Jennifer|QUXLEY|see Tilda Quxley at home\r";
    let out = ran(Method::SafeHarbor, message, "m.hl7");
    assert_eq!(out.report.found_late, 0);
    let text = String::from_utf8(out.bytes).unwrap();
    for gone in
        ["MD-25", "Hernandez", "Christopher", "2005011", "ELM", "SPRINGFIELD", "62701", "0101", "Nguyen", "Tilda"]
    {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(!text.contains("QUXLEY") && text.contains("|PPT|") && text.contains("||718-7^Hemoglobin^LN|"), "{text}");
}

#[test]
fn days_that_a_workbook_writes_as_numbers_keep_their_years_and_stay_days() {
    let book = crate::read::tests::workbook_of_own_words();
    for (method, born, seen) in
        [(Method::SafeHarbor, "1961-01-01", "2018-01-01"), (Method::Limited, "1961-03-04", "2018-03-04")]
    {
        let out = ran(method, &book, "patients.xlsx");
        let mut text = String::new();
        crate::read::read(&out.bytes, "patients.xlsx", &crate::read::ReadLimits::default(), &mut |portion| {
            if let crate::read::Portion::Text(part) = portion {
                text.push_str(&part.text);
            }
        })
        .unwrap();
        assert!(text.contains(born) && text.contains(seen), "{method:?}: {text}");
        for word in ["Quxley", "Vern", "77812", "Obrand"] {
            assert!(!text.contains(word), "{method:?}: {word} in {text}");
        }
        assert!(text.contains("44061") && text.contains("51.5"), "what is no day stays: {text}");
        // Born in 1925, and so over 89: the year of 90 years before. In a limited data set days may stay.
        assert_eq!(text.contains("1936-01-01"), method == Method::SafeHarbor, "{text}");
        let made = if method == Method::SafeHarbor { "2017-01-01T00:00:00Z" } else { "2017-06-05T10:15:00Z" };
        assert!(text.contains(made), "a moment stays a moment, or the file does not open: {text}");
        // A copy of the copy is the same.
        assert_eq!(method == Method::SafeHarbor, text.contains("2018-01-01"));
        drop(ran(method, &out.bytes, "patients.xlsx"));
    }
}

#[test]
fn a_number_that_structure_names_goes_where_it_stands_alone_too() {
    for (file, bytes) in [
        ("a.csv", &b"mrn,last_name,value\n4471829,Quxley,4471829\n4471830,Obrand,x\n"[..]),
        ("a.json", br#"{"mrn":"4471829","last_name":"Quxley","value":"4471829","x":4471829}"#),
        ("a.xml", b"<rec><last_name>Quxley</last_name><mrn>4471829</mrn><value>4471829</value></rec>"),
        (
            "a.hl7",
            b"MSH|^~\\&|L|M|E|C|20240105||ORU^R01|M1|P|2.5\rPID|1||4471829||QUXLEY^VERN||19610304|M\r\
              OBX|1|ST|X^Other^L||4471829||||||F\r",
        ),
    ] {
        let out = text(Method::SafeHarbor, bytes, file);
        assert!(!out.contains("4471829"), "{file}: {out}");
    }
}

#[test]
fn a_document_in_a_message_is_opened_and_what_is_none_refuses_the_message() {
    let message = |inside: &str| {
        format!(
            "MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|1|P|2.5\rPID|1||A-7781||QUXLEY^VERN||19610304|M\r\
             OBX|1|ED|PDF^Report^L||^text^plain^Base64^{inside}||||||F\r"
        )
    };
    // "Patient: Vern Quxley, MRN 4471829, seen today.\n"
    let packed = "UGF0aWVudDogVmVybiBRdXhsZXksIE1STiA0NDcxODI5LCBzZWVuIHRvZGF5Lgo=";
    let out = text(Method::SafeHarbor, message(packed).as_bytes(), "m.hl7");
    let mut inside = String::new();
    crate::read::read(out.as_bytes(), "m.hl7", &crate::read::ReadLimits::default(), &mut |portion| {
        if let crate::read::Portion::Text(part) = portion {
            inside.push_str(&part.text);
        }
    })
    .unwrap();
    assert!(inside.contains("seen today") && !inside.contains("Quxley") && !inside.contains("4471829"), "{inside}");
    let refused = Deidentifier::new(Method::SafeHarbor, day()).file(
        message("no base64 at all").as_bytes(),
        "m.hl7",
        &mut keyed(),
    );
    assert!(matches!(refused, Err(DeidentifyError::Opaque { .. })), "{refused:?}");
}

#[test]
fn names_of_elements_stay() {
    let bundle = br#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"https://r4.example.org/fhir/Patient"}],"entry":[{"resource":{"resourceType":"Patient","name":[{"family":"Quxley"}]}}]}"#;
    let out = text(Method::SafeHarbor, bundle, "b.json");
    assert!(out.contains(r#""link":[{"relation":"self","url":""#) && !out.contains("Quxley"), "{out}");
}

#[test]
fn a_comment_on_an_archive_that_names_somebody_refuses_it() {
    use std::io::Write as _;
    let zipped = |comment: &str| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.set_comment(comment).unwrap();
        writer.start_file("note.txt", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(b"well\n").unwrap();
        writer.finish().unwrap().into_inner()
    };
    let run = |comment: &str| {
        Deidentifier::new(Method::SafeHarbor, day()).file(&zipped(comment), "a.zip", &mut keyed()).map(|_| ())
    };
    assert_eq!(run("Archive for Vernon Quxley, SSN 512-44-9981"), Err(DeidentifyError::PartName));
    assert_eq!(run(""), Ok(()));
}

#[test]
fn a_table_below_a_title_is_read_by_its_header() {
    let rows = "Quxley,Vern,88120377,512449981,93\nObrand,Tilda,88120378,512449982,44\n";
    for title in [
        "Patient List Report\nRun date: 2024-03-05, by Ann Lee\n\n",
        "Patient List,,,,\n",
        "# export for Tilda Obrand\r\n",
        "",
    ] {
        let table = format!("{title}Last Name,First Name,MRN,SSN,Age\n{rows}");
        let out = text(Method::SafeHarbor, table.as_bytes(), "list.csv");
        assert!(out.contains("Last Name,First Name,MRN,SSN,Age\n"), "{out}");
        for gone in ["8812", "5124", ",93", "Quxley", "Obrand", "Tilda"] {
            assert!(!out.contains(gone), "{gone} in {out}");
        }
    }
    // A line of the table whose cells are names of columns is no header below a title.
    let table = "name,kind,note\nQuxley,a,x\nMRN,SSN,x\nObrand,b,y\n";
    assert!(!text(Method::SafeHarbor, table.as_bytes(), "list.csv").contains("Quxley"));
}
