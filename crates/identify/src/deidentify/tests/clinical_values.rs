//! Values that messages, resources and clinical documents hold in places which say what they are, and which once came through.

use super::{Method, Surrogates as _, keyed, name, text, token};
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
    let out =
        message("OBR|1|||X||||||||||||||||||||||||||||77812&Obrand&Tilda^20180305^20180305^^Room01^B^Vinterhaven");
    assert!(out.contains("^2018^2018^^Room01^B^[ORGANIZATION "), "{out}");
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
    let cut = "id,message\n1,\"MSH|^~\\&|L|M\nPID|1||||quxley^vern";
    assert!(!text(Method::SafeHarbor, cut.as_bytes(), "m.csv").contains("quxley"), "a quote that does not close");
}

/// The code of a resource's id.
fn id(value: &str) -> String {
    format!("ID-{}", keyed().surrogate(Identifier::OtherId, value).as_str())
}

#[test]
fn addresses_of_resources_lose_whom_they_lead_to_and_stay_one_address_everywhere() {
    let bundle = r#"{"resourceType":"Bundle","type":"searchset","link":[
{"relation":"self","url":"https://r4.example.org/fhir/Patient?name=quxley&birthdate=1961-03-04"},
{"relation":"next","url":"https://r4.example.org/fhir?_getpages=quxley"},
{"relation":"up","url":"https://r4.example.org/fhir/Patient"}],
"entry":[{"fullUrl":"https://r4.example.org/fhir/Patient/quxley-vern","resource":{"resourceType":"Patient","id":"quxley-vern",
"meta":{"source":"https://r4.example.org/Patient/quxley","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},
"extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"White"}}]},
{"url":"https://x.example/512-44-9981","valueUrl":"https://x.example/Patient/SMITH-JOHN-19500102"}],
"identifier":[{"system":"http://hospital.example.org/mrn","value":"A-7781"},{"system":"https://x.example/fhir?owner=quxley","value":"A-7782"}],
"photo":[{"url":"https://x.example/photos/quxley.jpg"}]}},
{"request":{"method":"POST","url":"Patient"}},{"request":{"method":"PUT","url":"Patient?name=quxley"},"response":{"location":"Patient/quxley-vern/_history/1"}},
{"resource":{"resourceType":"Observation","id":"o1","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},
"subject":{"reference":"Patient/quxley-vern"},"focus":[{"reference":"Patient?name=Smith&birthdate=1950-01-02","display":"smithers, jo"}]}}]}"#;
    let out = text(Method::SafeHarbor, bundle.as_bytes(), "b.json");
    for gone in ["quxley", "vern", "1961", "1950", "r4.example", "x.example", "smith", "SMITH", "9981"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    let patient = id("quxleyvern");
    for stays in [
        format!(r#""id":"{patient}""#),
        format!(r#""fullUrl":"https://example.invalid/Patient/{patient}""#),
        format!(r#""reference":"Patient/{patient}""#),
        format!(r#""location":"Patient/{patient}/_history/1""#),
        r#""url":"https://example.invalid/Patient"}"#.to_owned(),
        r#""method":"POST","url":"Patient""#.to_owned(),
        r#""profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]"#.to_owned(),
        r#""url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory""#
            .to_owned(),
        r#""system":"http://hospital.example.org/mrn""#.to_owned(),
        r#""system":"urn:oid:2.16.840.1.113883.6.238""#.to_owned(),
    ] {
        assert!(out.contains(&stays), "{stays} in {out}");
    }
}

#[test]
fn people_of_every_kind_of_resource_go_in_small_letters_too() {
    for (resource, gone) in [
        (
            r#""Person","name":[{"family":"quxley","given":["vern"]}],"birthDate":"1961-03-04""#,
            &["quxley", "vern", "03-04"][..],
        ),
        (r#""FamilyMemberHistory","name":"winter, sky","bornDate":"1921-03-04""#, &["winter", "sky", "1921"]),
        (
            r#""Organization","contact":[{"name":{"text":"sky winter"},"telecom":[{"value":"217-201-3344"}]}]"#,
            &["winter", "3344"],
        ),
        (r#""Account","name":"quxley account""#, &["quxley"]),
        (r#""ResearchStudy","contact":[{"name":"sky winter"}]"#, &["winter"]),
        (r#""Observation","note":[{"authorString":"sky winter","text":"well"}]"#, &["winter"]),
        (
            r#""Task","for":{"reference":"Patient/1","display":"quxley, vern"},"owner":{"display":"winter, sky","reference":"Practitioner/2"}"#,
            &["quxley", "vern", "winter"],
        ),
    ] {
        let out = text(Method::SafeHarbor, format!("{{\"resourceType\":{resource}}}").as_bytes(), "r.json");
        for word in gone {
            assert!(!out.contains(word), "{word} in {out}");
        }
    }
}

#[test]
fn ages_of_resources_are_over_89_by_their_units() {
    let observation = |code: &str, quantity: &str| {
        format!(
            r#""Observation","valueQuantity":{{{quantity}}},"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}}"#
        )
    };
    for (resource, left) in [
        (r#""Condition","onsetAge":{"value":93,"unit":"a","code":"a"}"#.to_owned(), "\"value\":90"),
        (r#""Condition","onsetAge":{"unit":"years","value":93}"#.to_owned(), "\"value\":90"),
        (r#""Condition","onsetAge":{"value":90,"unit":"a","code":"a"}"#.to_owned(), "\"value\":90,"),
        (r#""Condition","onsetAge":{"value":93,"code":"mo"}"#.to_owned(), "\"value\":93"),
        (r#""Condition","onsetAge":{"value":1200,"code":"mo"}"#.to_owned(), "\"value\":\"[AGE]\""),
        (r#""Condition","onsetAge":{"value":44,"code":"a"}"#.to_owned(), "\"value\":44"),
        (r#""FamilyMemberHistory","deceasedAge":{"value":93,"code":"a"}"#.to_owned(), "\"value\":90"),
        (r#""FamilyMemberHistory","ageRange":{"low":{"value":93,"code":"a"}}"#.to_owned(), "\"value\":90"),
        (r#""FamilyMemberHistory","ageString":"93 years""#.to_owned(), "\"ageString\":\"90+\""),
        (observation("30525-0", r#""value":93,"unit":"a""#), "\"value\":90"),
        (observation("30525-0", r#""value":40000,"unit":"d""#), "\"value\":\"[AGE]\""),
        (observation("30525-0", r#""value":40,"unit":"a""#), "\"value\":40"),
        (observation("8480-6", r#""value":93,"unit":"a""#), "\"value\":93"),
        (
            r#""Observation","component":[{"code":{"text":"Age"},"valueQuantity":{"value":93,"unit":"years"}}]"#
                .to_owned(),
            "\"value\":90",
        ),
        (r#""Observation","code":{"coding":[{"code":"30525-0"}]},"valueInteger":93"#.to_owned(), "\"valueInteger\":90"),
    ] {
        let out = text(Method::SafeHarbor, format!("{{\"resourceType\":{resource}}}").as_bytes(), "r.json");
        assert!(out.contains(left), "{left} in {out}");
    }
}

#[test]
fn moments_of_resources_stay_moments_and_dates_stay_dates_of_r4() {
    let at = "2018-03-04T10:15:00.000-05:00";
    for (resource, safe) in [
        (
            format!(r#""Appointment","start":"{at}","end":"{at}""#),
            r#""start":"2018-01-01T00:00:00Z","end":"2018-01-01T00:00:00Z""#,
        ),
        (format!(r#""AuditEvent","recorded":"{at}""#), r#""recorded":"2018-01-01T00:00:00Z""#),
        (format!(r#""Provenance","signature":[{{"when":"{at}"}}]"#), r#""when":"2018-01-01T00:00:00Z""#),
        (format!(r#""DocumentReference","date":"{at}""#), r#""date":"2018-01-01T00:00:00Z""#),
        (
            format!(r#""Observation","effectiveDateTime":"{at}","issued":"{at}""#),
            r#""effectiveDateTime":"2018","issued":"2018-01-01T00:00:00Z""#,
        ),
        (
            format!(r#""ServiceRequest","occurrenceTiming":{{"event":["{at}","2018-03"]}}"#),
            r#""event":["2018","2018"]"#,
        ),
        (format!(r#""Encounter","period":{{"start":"{at}"}}"#), r#""start":"2018""#),
        (
            format!(r#""Basic","extension":[{{"url":"x","valueInstant":"{at}"}}]"#),
            r#""valueInstant":"2018-01-01T00:00:00Z""#,
        ),
    ] {
        let resource = format!("{{\"resourceType\":{resource}}}");
        let out = text(Method::SafeHarbor, resource.as_bytes(), "r.json");
        assert!(out.contains(safe), "{safe} in {out}");
        let moved = text(Method::Pseudonym, resource.as_bytes(), "r.json");
        assert!(!moved.contains("03-04") && moved.contains("T10:15:00.000-05:00"), "{moved}");
    }
}

#[test]
fn a_resource_in_xml_means_what_it_means_in_json() {
    let patient = r##"<Patient><id value="quxley-vern"/><meta><lastUpdated value="2018-03-04T10:15:00Z"/></meta>
<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">quxley, vern is <b>well</b></div></text>
<contained><Practitioner><id value="p1"/><name><family value="obrand"/><given value="orla"/></name></Practitioner></contained>
<extension url="http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"><valueCode value="M"/></extension>
<identifier><system value="http://hl7.org/fhir/sid/us-ssn"/><value value="512449981"/></identifier>
<name><use value="official"/><family value="quxley"/><given value="vern"/></name>
<telecom><system value="email"/><value value="vq@example.org"/></telecom><gender value="male"/><birthDate value="1925-03-04"/>
<address><line value="12 Vinterhaven"/><city value="vinterton"/><state value="IL"/><postalCode value="62701"/></address>
<photo><contentType value="text/plain"/><data value="UGF0aWVudDogVmVybiBRdXhsZXksIE1STiA0NDcxODI5LCBzZWVuIHRvZGF5Lgo="/></photo>
<generalPractitioner><reference value="#p1"/></generalPractitioner></Patient>"##;
    let observation = r#"<Observation><id value="o1"/><code><coding><system value="http://loinc.org"/><code value="30525-0"/></coding></code>
<subject><reference value="https://x.example/Patient/quxley-vern"/><display value="quxley, vern"/></subject>
<valueQuantity><value value="93"/><unit value="years"/></valueQuantity><note><text value="Vern quxley was seen"/></note></Observation>"#;
    let bundle = format!(
        "<?xml version=\"1.0\"?><Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"collection\"/><entry><fullUrl value=\"https://x.example/Patient/quxley-vern\"/>\
         <resource>{patient}</resource></entry><entry><resource>{observation}</resource></entry></Bundle>"
    );
    let out = text(Method::SafeHarbor, bundle.as_bytes(), "b.xml");
    for gone in [
        "quxley",
        "vern",
        "obrand",
        "orla",
        "512449981",
        "vq@",
        "1925",
        "Vinter",
        "vinter",
        "62701",
        "x.example",
        "UGF0aWVudDogVmVybiBRdXhsZXks",
    ] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    let (whole, practitioner) = (id("quxleyvern"), id("p1"));
    for stays in [
        format!("<id value=\"{whole}\"/>"),
        format!("<fullUrl value=\"https://example.invalid/Patient/{whole}\"/>"),
        format!("<reference value=\"https://example.invalid/Patient/{whole}\"/>"),
        format!("<id value=\"{practitioner}\"/>"),
        format!("<reference value=\"#{practitioner}\"/>"),
        "<lastUpdated value=\"2018-01-01T00:00:00Z\"/>".to_owned(),
        "<birthDate value=\"1936\"/>".to_owned(),
        "<value value=\"90+\"/>".to_owned(),
        "<use value=\"official\"/>".to_owned(),
        "<code value=\"30525-0\"/>".to_owned(),
        "<gender value=\"male\"/>".to_owned(),
        "<postalCode value=\"627\"/>".to_owned(),
        "url=\"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex\"><valueCode value=\"M\"/>".to_owned(),
    ] {
        assert!(out.contains(&stays), "{stays} in {out}");
    }
}
