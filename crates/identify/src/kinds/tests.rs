//! Kinds in small texts of several forms: what has to be told, and what must not be.

use super::{Kinds, Signs, health_data, signs_in};
use crate::phi::HealthData::{self, *};
use crate::read::{Part, Portion, ReadLimits, read};

fn parts(text: &str, name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    read(text.as_bytes(), name, &ReadLimits::default(), &mut |portion| {
        if let Portion::Text(part) = portion {
            parts.push(part);
        }
    })
    .unwrap();
    parts
}

fn kinds(text: &str, name: &str, age: Option<u8>) -> Kinds {
    health_data(&parts(text, name), age)
}

fn sensitive(text: &str) -> Vec<HealthData> {
    kinds(text, "note.txt", None).kinds().filter(|kind| super::is_sensitive(*kind)).collect()
}

#[test]
fn words_of_the_sensitive_kinds_are_told_and_their_likenesses_are_not() {
    for (text, expected) in [
        ("HIV antibody negative.", vec![Hiv]),
        ("He takes Biktarvy daily.", vec![Hiv]),
        ("Mother is HIV positive.", vec![Hiv]),
        ("Hives on both arms. Wears hearing aids.", vec![]),
        ("Major depressive disorder, recurrent.", vec![MentalHealth]),
        ("Denies depression or anxiety.", vec![]),
        ("Depression: denied.", vec![]),
        ("Denies chest pain but has panic attacks.", vec![MentalHealth]),
        ("No suicidal ideation.", vec![MentalHealth]),
        ("ST depression in the lateral leads. Respiratory depression.", vec![]),
        ("Bipolar cautery was used.", vec![]),
        ("Father has bipolar disorder.", vec![]),
        ("Mother reports that he has anxiety at school.", vec![MentalHealth]),
        ("Sertraline 50 mg daily.", vec![]),
        ("PHQ-9 score 3.", vec![MentalHealth]),
        ("FAMILY HISTORY: Schizophrenia, alcoholism.\nASSESSMENT: Asthma.", vec![]),
        ("Opioid use disorder, on buprenorphine-naloxone 8-2 mg film.", vec![SubstanceUse]),
        ("Butrans patch 10 mcg/hr, buprenorphine transdermal for back pain.", vec![]),
        ("Methadone 5 mg three times daily for cancer pain.", vec![]),
        ("Methadone maintenance since 2019.", vec![SubstanceUse]),
        ("Naltrexone for alcohol cravings.", vec![SubstanceUse]),
        ("Low dose naltrexone for Crohn disease.", vec![]),
        ("No history of substance abuse.", vec![]),
        ("Denies alcohol abuse, intravenous drug use or heroin.", vec![]),
        ("His father died of alcoholism.", vec![]),
        ("Smokes one pack of cigarettes a day.", vec![]),
        ("Started on an oral contraceptive.", vec![Reproductive]),
        ("Urine hCG negative.", vec![Reproductive]),
        ("She is not pregnant.", vec![]),
        ("She is 12 weeks pregnant.", vec![Reproductive]),
        ("The procedure was aborted.", vec![]),
        ("Physical therapist and rehab after knee surgery.", vec![]),
    ] {
        assert_eq!(sensitive(text), expected, "{text}");
    }
}

#[test]
fn codes_count_with_their_dot_or_where_codes_stand() {
    for (text, expected) in [
        ("Assessment: F11.20, stable.", vec![SubstanceUse]),
        ("Impression (Z21).", vec![Hiv]),
        ("ICD-10: B20", vec![Hiv]),
        ("Vitamin B12 and B20 bus line.", vec![]),
        ("Tobacco F17.210.", vec![]),
        ("Newborn, Z38.00.", vec![]),
        ("Z30.41 refill.", vec![Reproductive]),
        ("Procedure code CPT 90834.", vec![MentalHealth]),
        ("Room 90834.", vec![]),
    ] {
        assert_eq!(sensitive(text), expected, "{text}");
    }
}

#[test]
fn an_adolescents_own_care_is_told_only_between_twelve_and_seventeen() {
    let text = "15-year-old girl, sexually active, asks about chlamydia testing.";
    assert!(kinds(text, "n.txt", None).has(AdolescentConfidential));
    assert!(kinds(text, "n.txt", Some(17)).has(AdolescentConfidential));
    assert!(!kinds(text, "n.txt", Some(18)).has(AdolescentConfidential));
    let pill = "Asked about birth control.";
    assert!(kinds(pill, "n.txt", Some(13)).has(AdolescentConfidential));
    assert!(!kinds(pill, "n.txt", Some(11)).has(AdolescentConfidential));
    assert!(!kinds(pill, "n.txt", None).has(AdolescentConfidential));
    let marked = "Confidential adolescent visit.";
    assert!(kinds(marked, "n.txt", None).has(AdolescentConfidential));
    assert!(!kinds(marked, "n.txt", Some(40)).has(AdolescentConfidential));
    let fax = "CONFIDENTIALITY NOTICE\nThis fax is confidential.\n14 year old with a cough.";
    assert!(!kinds(fax, "n.txt", None).has(AdolescentConfidential));
    assert!(kinds("fourteen year old, smokes marijuana", "n.txt", None).has(AdolescentConfidential));
}

#[test]
fn in_a_small_childs_chart_words_about_pregnancy_are_not_the_childs() {
    let text = "Born after an uncomplicated pregnancy, prenatal care from the start.";
    assert!(!kinds(text, "n.txt", Some(2)).has(Reproductive));
    assert!(kinds(text, "n.txt", Some(30)).has(Reproductive));
    assert!(kinds("Z34.00", "n.txt", Some(2)).has(Reproductive), "codes always count");
}

#[test]
fn a_message_says_by_its_segments_what_it_holds() {
    let text = "MSH|^~\\&|A|B|C|D|20240101||ADT^A04|1|P|2.5\rPID|1||17^^^H^MR||LEE^MARY||19800101|F\rNK1|1|LEE^ANN|MTH\r\
                PV1|1|O|||||1^RAY^SAM\rGT1|1||LEE^ANN\rIN1|1|PPO|77|AETNA\rDG1|1||F329^Depression^I10\rRXE|1|x^y\r\
                PR1|1||99213^Visit^CPT\rFT1|1\rOBX|1|NM|718-7^Hgb^LN||12.1|g/dL\r";
    let found = kinds(text, "m.hl7", None);
    for kind in [Diagnosis, Procedure, Medication, Lab, Insurance, Claim, Provider, Guardian, Guarantor, MentalHealth] {
        assert!(found.has(kind), "{kind}: {:?}", found.evidence());
    }
    assert!(!found.has(Hiv) && !found.has(Immunization));
}

#[test]
fn what_an_observation_says_of_a_vaccine_is_no_result_and_a_note_is_none_either() {
    let head = "MSH|^~\\&|A|B|C|D|20240101||VXU^V04|1|P|2.5\rPID|1||17^^^H^MR||LEE^MARY||20200101|F\r";
    let vaccine = format!("{head}RXA|0|1|20240101||08^HepB^CVX\rOBX|1|CE|64994-7^funding^LN||V01\r");
    let found = kinds(&vaccine, "m.hl7", None);
    assert!(found.has(Immunization) && !found.has(Lab), "{:?}", found.evidence());
    assert!(!kinds(&format!("{head}OBX|1|TX|11506-3^Note^LN||All is well\r"), "m.hl7", None).has(Lab));
    assert!(kinds(&format!("{head}OBX|1|NM|56888-1^x^LN||0\r"), "m.hl7", None).has(Hiv));
}

#[test]
fn resources_sections_and_columns_say_what_they_hold() {
    let fhir = r#"{"resourceType":"Bundle","entry":[
        {"resource":{"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B20"}]}}},
        {"resource":{"resourceType":"Coverage","status":"active"}},
        {"resource":{"resourceType":"Immunization","status":"completed"}}]}"#;
    let found = kinds(fhir, "b.json", None);
    assert!([Diagnosis, Hiv, Insurance, Immunization].iter().all(|kind| found.has(*kind)), "{:?}", found.evidence());
    assert!(!found.has(Medication));
    let cda = r#"<ClinicalDocument xmlns="urn:hl7-org:v3"><component><section>
        <code code="10160-0" codeSystem="2.16.840.1.113883.6.1"/><text>none</text></section><section>
        <entry><observation><value code="F1020" codeSystem="2.16.840.1.113883.6.90"/></observation></entry>
        </section></component></ClinicalDocument>"#;
    let found = kinds(cda, "c.xml", None);
    assert!(found.has(Medication) && found.has(SubstanceUse), "{:?}", found.evidence());
    let csv = "mrn,diagnosis_code,paid,payer,guarantor_name,comment\n1,Z21,12.00,Aetna,Ann Lee,\n2,J069,,,,ok\n";
    let found = kinds(csv, "t.csv", None);
    assert!(
        [Diagnosis, Hiv, Payment, Insurance, Guarantor].iter().all(|kind| found.has(*kind)),
        "{:?}",
        found.evidence()
    );
    let empty = "mrn,hiv_status,pregnant\n1,,\n2,none,no\n";
    assert!(kinds(empty, "t.csv", None).is_empty());
}

#[test]
fn a_code_of_race_is_no_pregnancy_test() {
    let head = "MSH|^~\\&|A|B|C|D|20240101||ADT^A04|1|P|2.5\rPID|1||17||LEE^JON||19800101|M||2106-3^White^HL70005\r";
    assert!(!kinds(head, "m.hl7", None).has(Reproductive));
    assert!(kinds(&format!("{head}OBX|1|CE|2106-3^hCG^LN||neg\r"), "m.hl7", None).has(Reproductive));
    assert!(!kinds("mrn,race\n1,2106-3\n", "t.csv", None).has(Reproductive));
    assert!(kinds("mrn,loinc\n1,2106-3\n", "t.csv", None).has(Reproductive));
}

#[test]
fn each_record_keeps_its_own_kinds() {
    let csv = "mrn,icd10\n1,F32.9\n2,J06.9\n3,B20\n";
    let mut of = std::collections::BTreeMap::<u32, Signs>::new();
    for part in parts(csv, "t.csv") {
        signs_in(&part, &mut |record, sign| of.entry(record).or_default().add(sign));
    }
    let has: Vec<_> =
        of.values().map(|signs| (signs.kinds(None).has(MentalHealth), signs.kinds(None).has(Hiv))).collect();
    assert_eq!(has, [(true, false), (false, false), (false, true)]);
    let messages = "MSH|^~\\&|A|B|C|D|2024||ADT^A04|1|P|2.5\rPID|1||1\rDG1|1||F32.9^x^I10\r\
                    MSH|^~\\&|A|B|C|D|2024||ADT^A04|2|P|2.5\rPID|1||2\rDG1|1||B20^x^I10\r";
    let mut of = std::collections::BTreeMap::<u32, Signs>::new();
    for part in parts(messages, "t.hl7") {
        signs_in(&part, &mut |record, sign| of.entry(record).or_default().add(sign));
    }
    let has: Vec<_> =
        of.values().map(|signs| (signs.kinds(None).has(MentalHealth), signs.kinds(None).has(Hiv))).collect();
    assert_eq!(has, [(true, false), (false, true)]);
}

#[test]
fn headings_of_a_transcript_are_evidence_and_evidence_counts() {
    let text =
        "MEDICATIONS: amoxicillin twice daily.\nIMMUNIZATIONS\nUp to date.\nASSESSMENT AND PLAN:\n1. Otitis media.\n";
    let found = kinds(text, "n.txt", None);
    let count = |why: &str| found.evidence().iter().find(|one| one.why == why).map_or(0, |one| one.count);
    assert_eq!(count("medication.heading"), 1);
    assert_eq!(count("immunization.heading"), 1);
    assert_eq!(count("diagnosis.heading"), 1);
    assert_eq!(count("medication.drug"), 1);
    assert!(found.evidence().windows(2).all(|pair| pair[0].kind <= pair[1].kind));
    assert_eq!(format!("{:?}", Signs::default()), "Signs(0 rules)");
}

#[test]
fn text_of_no_sense_ends_without_a_panic_and_says_nothing_sensitive() {
    for text in
        ["", "\r\n|^&", "é1.2-ü", "F", "Z3", "1-", "12345-", "OBX|", "MSH", "code: codeSystem=2.16.840.1.113883.6."]
    {
        assert_eq!(sensitive(text), [], "{text}");
    }
}
