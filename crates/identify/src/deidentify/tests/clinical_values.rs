//! Values that messages, resources and clinical documents hold in places which say what they are, and which once came through.

use super::{Method, name, text, token};
use crate::phi::Identifier;

/// What is left of a message of one observation and of what stands before it.
fn message(more: &str) -> String {
    let message = format!("MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|MSG4471829|P|2.5\r{more}\r");
    text(Method::SafeHarbor, message.as_bytes(), "m.hl7")
}

/// The value of an observation of this type.
fn observed(kind: &str, id: &str, value: &str, unit: &str) -> String {
    let out = message(&format!("OBX|1|{kind}|{id}||{value}|{unit}|||||F"));
    let line = out.lines().last().unwrap_or_default().split('\r').nth(1).unwrap_or_default().to_owned();
    line.split('|').nth(5).unwrap_or_default().to_owned()
}

#[test]
fn the_value_of_an_observation_is_read_by_its_data_type() {
    let id = "X^Something^L";
    for (kind, value, gone) in [
        ("XPN", "Quxley^Vern^T", &["Quxley", "Vern"][..]),
        ("PN", "quxley^vern", &["quxley", "vern"]),
        ("XCN", "A-7781^Obrand^Tilda^^^Dr", &["7781", "Obrand", "Tilda"]),
        ("CN", "OBRANDT", &["OBRANDT"]),
        ("XAD", "12 Elm St^Apt 4^Springfield^IL^62701", &["Elm", "Apt", "Springfield", "62701"]),
        ("XTN", "^PRN^PH^^1^217^2013344^88^ask for Tilda Obrand", &["217", "2013344", "88", "Obrand"]),
        ("XTN", "^NET^Internet^tilda@example.org", &["tilda"]),
        ("XTN", "^PRN^PH^^^^^^^^^+12172013344", &["2013344"]),
        ("TN", "(217)201-3344", &["3344"]),
        ("CX", "A7781^^^HOSP^MR", &["7781", "HOSP"]),
        ("CK", "77812", &["77812"]),
        ("EI", "77812^LAB", &["77812"]),
        ("EIP", "77812&LAB^77813&LAB", &["77812", "77813"]),
        ("DT", "20180305", &["0305"]),
        ("TS", "201803051015", &["0305"]),
        ("DTM", "20180305101500", &["0305"]),
        ("DR", "20180305^20180306", &["0305", "0306"]),
        ("XON", "Mercy Clinic^L^4471^^^HOSP", &["Mercy", "4471", "HOSP"]),
        ("CE", "a^Tilda Obrand^L", &["Obrand"]),
        ("CWE", "a^b^L^^^^^^Tilda Obrand", &["Obrand"]),
        ("ST", "Tilda Obrand", &["Obrand"]),
        ("TX", "seen by Tilda Obrand", &["Obrand"]),
        ("RP", "\\\\files\\quxley_vern.pdf^PACS^Image^JPEG", &["quxley"]),
        ("NDL", "77812&Obrand&Tilda^201803051015", &["77812", "Obrand", "0305"]),
    ] {
        let out = observed(kind, id, &value.replace('\\', "\\E\\"), "");
        for word in gone {
            assert!(!out.contains(word), "{kind}: {word} in {out}");
        }
    }
    for (kind, value) in
        [("NM", "14.1"), ("CE", "LA6576-8^Positive^LN"), ("ST", "Negative"), ("SN", ">^90"), ("TM", "101500")]
    {
        assert_eq!(observed(kind, id, value, "mg"), value, "{kind}");
    }
    assert_eq!(observed("DT", id, "20180305", ""), "2018");
}

#[test]
fn an_observation_that_is_an_age_is_over_89_by_its_code_or_its_name_and_its_unit() {
    for (kind, id, value, unit, left) in [
        ("NM", "30525-0^Age^LN", "93", "a", "90+"),
        ("NM", "21612-7^Age - Reported^LN", "93", "", "90+"),
        ("SN", "30525-0^Age^LN", ">^93", "a^Year^UCUM", ">^90+"),
        ("ST", "X^Age^L", "93 years", "", "90+"),
        ("NM", "AGE^Patient age^L", "1200", "mo", "[AGE]"),
        ("NM", "30525-0^Age^LN", "93", "mo", "93"),
        ("NM", "30525-0^Age^LN", "44", "a", "44"),
        ("NM", "718-7^Hemoglobin^LN", "93", "a", "93"),
        ("DT", "21112-8^Birth date^LN", "19250102", "", "1936"),
        ("NM", "SSN^SSN^L", "512449981", "", ""),
        ("ST", "X^Last name^L", "quxley", "", ""),
    ] {
        let out = observed(kind, id, value, unit);
        match left {
            "" => assert!(out.starts_with('['), "{id} {value}: {out}"),
            _ => assert_eq!(out, left, "{id} {value}"),
        }
    }
}

#[test]
fn whoever_reads_asks_and_answers_in_a_message_goes_too() {
    for (segment, gone) in [
        ("OBR|1|||X|||||||||||||||||||||||||||||77812&Quxley&Vern^20180305", &["77812", "Quxley", "0305"][..]),
        ("OBR|1|||X||||||||||||||||||||||||||||77812^QUXLEY^VERN|QUXLEY", &["77812", "QUXLEY", "VERN"]),
        ("OBR|1|||X|||||||||||||||||||||||||77812&EPC^77813&LAB", &["77812", "77813"]),
        ("SPM|1|77812&EPC^77813&LAB", &["77812", "77813"]),
        ("MSA|AA|MSG4471829", &["4471829"]),
        ("QPD|IHE PIX Query|Q4471|A-7781^^^HOSP&1.2.3&ISO", &["4471", "7781", "HOSP"]),
        (
            "QPD|Z34^x^CDC|Q1|77812^^^HOSP^MR|Quxley^Vern^T|Obrand^Tilda|19610304|M|12 ELM ST^^SPRINGFIELD^IL^62701",
            &["77812", "Quxley", "Obrand", "0304", "ELM", "SPRINGFIELD", "62701"],
        ),
        (
            "QPD|Q22^x^HL7|Q1|@PID.5.1^quxley~@PID.5.2^vern~@PID.7^19610304~@PID.11.5^62701",
            &["quxley", "vern", "0304", "62701"],
        ),
        (
            "QRD|20180304|R|I|Q4471|||25^RD|A-7781^quxley^vern|VXI^x^HL70048",
            &["0304", "4471", "7781", "quxley", "vern"],
        ),
        ("QRF|MIIS||||512449981~19610304~~~~Obrand^Tilda", &["512449981", "0304", "Obrand"]),
    ] {
        let out = message(segment);
        for word in gone {
            assert!(!out.contains(word), "{word} in {out}");
        }
    }
    let out = message("MSA|AA|MSG4471829");
    let id = token(Identifier::OtherId, "msg4471829");
    assert_eq!(out.matches(&id).count(), 2, "an answer leads to the message that it answers: {out}");
    let out = message("QPD|Q22^Find^HL7|Q1|@PID.5.1^EQ^quxley^AND");
    assert!(out.contains(&format!("@PID.5.1^EQ^{}^AND", name("quxley"))), "{out}");
}

fn document(inside: &str) -> String {
    let document = format!(
        "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><recordTarget><patientRole>{inside}</patientRole>\
         </recordTarget></ClinicalDocument>"
    );
    text(Method::SafeHarbor, document.as_bytes(), "d.xml")
}

#[test]
fn the_parts_of_an_address_in_a_clinical_document_go_one_by_one() {
    let out = document(
        "<addr><houseNumber>4471</houseNumber><direction>NW</direction><streetName>Vinterhaven</streetName>\
         <streetNameBase>Vinter</streetNameBase><streetNameType>Lane</streetNameType><unitID>7B</unitID><postBox>882</postBox>\
         <additionalLocator>behind the mill</additionalLocator><precinct>Vinterton</precinct><censusTract>9901.02</censusTract>\
         <careOf>quxley</careOf><state>IL</state></addr>",
    );
    for gone in ["4471", "NW", "Vinter", "Lane", "7B", "882", "mill", "9901", "quxley"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    assert!(out.contains("<state>IL</state>"), "{out}");
}

#[test]
fn authorities_names_beside_names_and_addresses_of_every_scheme_go() {
    let out = document(
        "<id root=\"1.2.3\" extension=\"A-7781\" assigningAuthorityName=\"Vinterhaven\"/>\
         <id root=\"2.16.840.1.113883.4.6\" extension=\"1234567893\" assigningAuthorityName=\"NPI\"/>\
         <telecom value=\"tel:+1(217)201-3344\"/><telecom value=\"fax:2172013345\"/><telecom value=\"mailto:vq@example.org\"/>\
         <telecom value=\"http://vinterhaven.example/vern\"/><telecom value=\"tel:x4471\"/><telecom value=\"sip:vernq\"/>\
         <telecom value=\"mailto:vernq\"/><telecom value=\"vernq@example.org\"/>\
         <patient><name><prefix>Dr.</prefix><prefix qualifier=\"BR\">Orla</prefix><given>Vern</given><family>Quxley</family>\
         <suffix>Vintersen</suffix><suffix>MD, FACOG</suffix><suffix>Jr.</suffix></name></patient>",
    );
    for gone in ["Vinter", "3344", "3345", "vq@", "vernq", "4471", "Orla", "Vern", "Quxley"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    for stays in
        ["assigningAuthorityName=\"NPI\"", "<prefix>Dr.</prefix>", "<suffix>MD, FACOG</suffix>", "<suffix>Jr.</suffix>"]
    {
        assert!(out.contains(stays), "{stays} in {out}");
    }
}

#[test]
fn a_message_in_a_string_of_json_or_in_a_cell_is_read_as_a_message_and_stays_one() {
    let lines = [
        "MSH|^~\\&|LAB|HOSP|EMR|CLINIC|20180304101500||ORU^R01|1|P|2.5",
        "PID|1||A-7781^^^HOSP^MR||quxley^vern||19610304|M|||12 ELM ST^^SPRINGFIELD^IL^62701",
        "OBX|1|XPN|X^Y^L||O\\T\\Neilsen^tilda||||||F",
        "OBX|2|ED|PDF^Report^L||^text^plain^Base64^UGF0aWVudDogVmVybiBRdXhsZXksIE1STiA0NDcxODI5LCBzZWVuIHRvZGF5Lgo=||||||F",
    ];
    let gone = [
        "quxley",
        "vern",
        "7781",
        "0304",
        "ELM",
        "SPRINGFIELD",
        "62701",
        "Neilsen",
        "tilda",
        "UGF0aWVudDogVmVybiBRdXhsZXks",
    ];
    let json = format!(
        "{{\"id\":7,\"note\":\"well\",\"message\":\"{}\"}}",
        lines.join("\r").replace('\\', "\\\\").replace('\r', "\\r")
    );
    let out = text(Method::SafeHarbor, json.as_bytes(), "m.json");
    for word in gone {
        assert!(!out.contains(word), "{word} in {out}");
    }
    assert!(out.starts_with("{\"id\":7,\"note\":\"well\",\"message\":\"MSH|^~\\\\&|LAB|"), "{out}");
    assert!(out.contains(&format!("||{}^{}||1961|M|||", name("quxley"), name("vern"))), "{out}");
    assert_eq!(out.matches("\\r").count(), 3, "{out}");
    let table = format!(
        "message,note\n\"{}\",well\n\"MSH|^~\\&|LAB\rPID|1||||obrand^\"\"orla\"\"\",well\n",
        lines.join("\r\n")
    );
    let out = text(Method::SafeHarbor, table.as_bytes(), "m.csv");
    for word in gone.iter().chain(&["obrand", "orla"]) {
        assert!(!out.contains(word), "{word} in {out}");
    }
    assert!(out.starts_with("message,note\n\"MSH|^~\\&|LAB|") && out.ends_with("\",well\n"), "{out}");
    assert!(out.contains("\r\nPID|1||") && out.contains("||1961|M|||"), "{out}");
}
