//! Every format is well-formed and says the same of the same patient.

use crate::reading::{PATIENTS, iso, json, rows, said, texts, whole};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

/// Elements of an XML text, each with its text; panics when it is not well-formed.
fn elements(text: &str) -> Vec<String> {
    let (mut reader, mut open, mut seen) = (Reader::from_str(text), Vec::new(), Vec::new());
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                let name = AsRef::<str>::as_ref(&start.name()).to_owned();
                seen.push(name.clone());
                open.push(name);
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "everything that opens closes");
    seen
}

/// What stands in the first `<tag>` after `from`.
fn inside<'a>(text: &'a str, from: &str, tag: &str) -> &'a str {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    let rest = rest.split_once(&format!("<{tag}>")).map_or("", |(_, rest)| rest);
    rest.split_once("</").map_or("", |(value, _)| value)
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn the_same_patient_has_the_same_name_and_birth_date_in_all_formats() {
    let files = whole();
    let fhir: BTreeMap<(String, String), Value> = json(files, "fhir/Patient.ndjson")
        .into_iter()
        .map(|(folder, patient)| {
            ((folder, patient["identifier"][0]["value"].as_str().expect("a number").to_owned()), patient)
        })
        .collect();
    let mut tables = BTreeMap::new();
    for (path, text) in texts(files, "csv/patients.csv") {
        let folder = path.split('/').next().expect("a folder").to_owned();
        tables.extend(rows(text).into_iter().map(|row| ((folder.clone(), row["mrn"].clone()), row)));
    }
    let truth = json(files, "truth/patients.ndjson");
    assert_eq!((truth.len(), fhir.len(), tables.len()), (PATIENTS as usize, PATIENTS as usize, PATIENTS as usize));
    for (folder, patient) in truth {
        let (family, given, born) = (said(&patient, "family"), said(&patient, "given"), said(&patient, "birth_date"));
        let key = (folder.clone(), said(&patient, "mrn").to_owned());
        let row = &tables[&key];
        assert_eq!((row["last_name"].as_str(), row["first_name"].as_str()), (family, given));
        assert_eq!(iso(&row["birth_date"]), born);
        let resource = &fhir[&key];
        assert_eq!((said(&resource["name"][0], "family"), said(resource, "birthDate")), (family, born));
        assert_eq!(resource["name"][0]["given"][0].as_str(), Some(given));
        let stem = said(&patient, "fhir").trim_start_matches("Patient/pt-");
        let ccd = str::from_utf8(&files[&format!("{folder}/ccda/{stem}.xml")]).expect("UTF-8");
        assert_eq!(unescaped(inside(ccd, "<patient>", "given")), given);
        assert_eq!(unescaped(inside(ccd, "<patient>", "family")), family);
        let compact = born.replace('-', "");
        assert!(ccd.contains(&format!("<birthTime value=\"{compact}\"/>")), "{stem}");
        let messages = str::from_utf8(&files[&format!("{folder}/hl7v2/adt.hl7")]).expect("UTF-8");
        let wanted = format!("|{compact}|");
        let mut lines =
            messages.split('\r').filter(|line| line.starts_with("PID|") && line.contains(&format!("||{}^^^", key.1)));
        assert!(lines.any(|line| line.contains(&format!("|{family}^{given}^")) && line.contains(&wanted)), "{key:?}");
    }
}

#[test]
fn every_xml_file_is_well_formed_and_a_ccd_has_its_sections() {
    let files = whole();
    let mut read = 0;
    for (path, text) in texts(files, "/ccda/") {
        let seen = elements(text);
        assert_eq!(seen[0], "ClinicalDocument");
        assert!(seen.iter().filter(|name| *name == "section").count() >= 8, "{path}");
        read += 1;
    }
    assert_eq!(read, PATIENTS as usize);
}

#[test]
fn every_fhir_resource_has_its_own_id_and_every_reference_leads_somewhere() {
    let files = whole();
    let all = json(files, "/fhir/");
    let mut ids = BTreeSet::new();
    for (folder, resource) in &all {
        let id = format!("{folder}/{}/{}", said(resource, "resourceType"), said(resource, "id"));
        assert!(said(resource, "id").len() <= 64, "{id}");
        assert!(ids.insert(id.clone()), "{id} came twice");
    }
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| match (key.as_str(), value) {
                ("reference", Value::String(to)) => found.push(to.clone()),
                _ => references(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for (folder, resource) in &all {
        let mut found = Vec::new();
        references(resource, &mut found);
        for to in found {
            assert!(ids.contains(&format!("{folder}/{to}")), "{to} leads nowhere");
        }
    }
    let kinds: BTreeSet<&str> = all.iter().map(|(_, resource)| said(resource, "resourceType")).collect();
    assert_eq!(kinds.len(), 13, "{kinds:?}");
}

#[test]
fn every_message_begins_with_its_head_and_every_segment_is_one() {
    let files = whole();
    let (mut kinds, mut controls) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in texts(files, "/hl7v2/") {
        assert!(!text.contains('\n') && text.ends_with('\r'), "{path}");
        for line in text.split_terminator('\r') {
            let fields: Vec<&str> = line.split('|').collect();
            assert!(
                fields[0].len() == 3
                    && fields[0].bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
                "{line}"
            );
            if fields[0] == "MSH" {
                assert_eq!((fields[1], fields[11]), ("^~\\&", "2.5.1"));
                kinds.insert(fields[8]);
                assert!(
                    controls.insert(format!("{}{}", path.split('/').next().expect("a folder"), fields[9])),
                    "{line}"
                );
            }
        }
    }
    assert_eq!(
        kinds,
        BTreeSet::from(["ADT^A04^ADT_A01", "ADT^A08^ADT_A01", "MDM^T02^MDM_T02", "ORU^R01^ORU_R01", "VXU^V04^VXU_V04"])
    );
}

/// Text of a package's document, its paragraphs as lines.
fn word_text(bytes: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    let mut xml = String::new();
    zip.by_name("word/document.xml").expect("a document").read_to_string(&mut xml).expect("UTF-8");
    elements(&xml);
    let lines = xml
        .split("<w:t xml:space=\"preserve\">")
        .skip(1)
        .map(|part| part.split_once("</w:t>").map_or("", |(line, _)| line));
    lines.map(unescaped).collect::<Vec<_>>().join("\n")
}

/// Strings that are drawn, as lines.
fn page_text(bytes: &[u8]) -> String {
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"(")?.strip_suffix(b") Tj T*"));
    let text: Vec<String> = lines.map(|line| line.iter().map(|byte| char::from(*byte)).collect::<String>()).collect();
    text.join("\n").replace("\\(", "(").replace("\\)", ")")
}

#[test]
fn text_word_and_page_files_and_the_attachment_say_the_same() {
    let files = whole();
    let mut read = 0;
    for (path, text) in texts(files, "/text/") {
        let word = &files[&path.replace("/text/", "/docx/").replace(".txt", ".docx")];
        assert_eq!(word_text(word), text.trim_end(), "{path}");
        let pages = page_text(&files[&path.replace("/text/", "/pdf/").replace(".txt", ".pdf")]);
        if text.is_ascii() {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&pages), words(text), "{path}");
            read += 1;
        }
    }
    assert!(read > 40, "{read}");
}

#[test]
fn every_entry_of_a_pages_table_of_objects_points_at_its_object() {
    let files = whole();
    for (path, bytes) in files.iter().filter(|(path, _)| path.contains("/pdf/")) {
        // A letter for each byte: Windows-1252 is none of UTF-8.
        let text: String = bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
        let places: Vec<usize> = text
            .split_once("\nxref\n")
            .map(|(_, table)| {
                table.lines().filter(|line| line.ends_with(" n ")).filter_map(|line| line[..10].parse().ok()).collect()
            })
            .expect("a table");
        for (at, place) in places.iter().enumerate() {
            assert!(
                text.chars().skip(*place).take(12).collect::<String>().starts_with(&format!("{} 0 obj", at + 1)),
                "{path}"
            );
        }
    }
}
