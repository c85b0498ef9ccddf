//! What is taken out of ADT messages, and what is left to a person.

use super::*;
use crate::{Limits, read_hl7};

fn message(event: &str, pid: &str) -> String {
    format!("MSH|^~\\&|APP|FAC|||20261120101500||ADT^{event}|M-1|P|2.5\rEVN|{event}|20261120091500-0500\rPID|{pid}\r")
}

fn lines(file: &str, authority: Option<&str>) -> Vec<AdtLine> {
    patients_from_adt(&read_hl7(file.as_bytes(), &Limits::default()).unwrap(), authority)
}

fn taken(file: &str) -> AdtMessage {
    match lines(file, None).remove(0) {
        AdtLine::Taken(message) => message,
        other => panic!("not taken: {other:?}"),
    }
}

fn why(file: &str) -> AdtReject {
    match lines(file, None).remove(0) {
        AdtLine::Rejected(_, why) => why,
        other => panic!("not rejected: {other:?}"),
    }
}

fn word(said: Said) -> String {
    said.value().unwrap_or_default()
}

#[test]
fn a_patient_is_read_with_the_record_number_the_legal_name_and_the_time() {
    let file = message(
        "A08",
        "1||77^^^STATE^DL~100^^^LPC&1.2.3&ISO^MR~9^^^USSSA^SS||Bird^Ana^^^^^A~van  Lee&van^Ana^Maria^^^^L||201605041200|F",
    );
    let message = taken(&file);
    assert_eq!((message.event, message.line), (AdtEvent::Update, 1));
    // 2026-11-20T14:15:00Z.
    assert_eq!(message.at_millis, 1_795_184_100_000);
    let [patient] = message.patients.try_into().expect("one patient");
    assert_eq!(patient.record_number, "100");
    assert_eq!(
        (word(patient.last), word(patient.first), word(patient.middle)),
        ("van Lee".into(), "Ana".into(), "Maria".into())
    );
    assert_eq!(patient.born, Said::Value(Day::new(2016, 5, 4).unwrap()));
    assert_eq!(word(patient.sex), "female");
    assert!(!patient.unnamed);
}

#[test]
fn what_is_not_said_stays_and_two_quotes_delete_but_never_a_name() {
    let message = taken(&message("A31", "1||100||\"\"^\"\"^\"\"||\"\"|\"\""));
    let patient = &message.patients[0];
    assert_eq!((&patient.last, &patient.first, &patient.middle), (&Said::Nothing, &Said::Nothing, &Said::Deleted));
    assert_eq!((&patient.born, &patient.sex), (&Said::Deleted, &Said::Deleted));
    let file = message_of_pid("1||100||Lee");
    let silent = &taken(&file).patients[0];
    assert_eq!((&silent.first, &silent.born, &silent.sex), (&Said::Nothing, &Said::Nothing, &Said::Nothing));
}

fn message_of_pid(pid: &str) -> String {
    message("A08", pid)
}

#[test]
fn a_number_that_could_be_another_is_left_to_a_person() {
    for pid in [
        "1||||Lee^Ana",
        "1||1^^^A^MR~2^^^B^MR||Lee^Ana",
        "1||1~2||Lee^Ana",
        "1||999-11-2222^^^USSSA^SS||Lee^Ana",
        "1||^^^A^MR||Lee^Ana",
        "1||\"\"^^^A^MR||Lee^Ana",
    ] {
        assert_eq!(why(&message_of_pid(pid)), AdtReject::RecordNumber, "{pid}");
    }
    assert_eq!(taken(&message_of_pid("1||5^^^A^PI~6^^^A^MR||Lee^Ana")).patients[0].record_number, "6");
    let two = message_of_pid("1||1^^^A^MR~2^^^B&2.9&ISO^MR||Lee^Ana");
    for named in ["B", "2.9"] {
        let [AdtLine::Taken(message)] = &lines(&two, Some(named))[..] else { panic!("not taken") };
        assert_eq!(message.patients[0].record_number, "2");
    }
    assert_eq!(lines(&two, Some("C")), [AdtLine::Rejected(1, AdtReject::Authority)]);
    let exchange = read_hl7(two.as_bytes(), &Limits::default()).unwrap();
    assert!(authorities_of(&exchange).is_empty(), "in doubt is nobody's");
    let both = format!("{}{}", message_of_pid("1||1^^^A^MR||L"), message("A40", "1||2^^^B^MR||L\rMRG|3^^^B^MR"));
    let exchange = read_hl7(both.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(authorities_of(&exchange), BTreeSet::from(["A".to_owned(), "B".to_owned()]));
}

#[test]
fn newborns_and_strangers_are_known_to_have_no_name_of_their_own() {
    for name in [
        "Lee^BABY BOY",
        "Lee^Babygirl",
        "Lee^BoyA",
        "Lee^GIRL",
        "Lee^Infant Male",
        "UNKNOWN^Unknown",
        "Doe^Jane",
        "Lee^BB",
    ] {
        assert!(taken(&message_of_pid(&format!("1||1||{name}"))).patients[0].unnamed, "{name}");
    }
    assert!(taken(&message_of_pid("1||1^^^A^MRT||Lee^Ana")).patients[0].unnamed, "a number for the time being");
    for name in ["Lee^Ana", "Boyd^Albert", "Doe^Marcus", "Girling^Tess", "Lee^Boyd"] {
        assert!(!taken(&message_of_pid(&format!("1||1||{name}"))).patients[0].unnamed, "{name}");
    }
}

#[test]
fn merges_are_pairs_of_two_numbers() {
    let file = message("A40", "1||2^^^A^MR||Lee^Ana\rMRG|1^^^A^MR\rPID|2||4^^^A^MR||Fox^Bo\rMRG|3^^^A^MR");
    let pairs: Vec<(String, String)> = taken(&file)
        .patients
        .into_iter()
        .map(|patient| (patient.prior_number.unwrap(), patient.record_number))
        .collect();
    assert_eq!(pairs, [("1".to_owned(), "2".to_owned()), ("3".to_owned(), "4".to_owned())]);
    for event in ["A34", "A18"] {
        assert_eq!(taken(&message(event, "1||2||Lee^Ana\rMRG|1")).event, AdtEvent::Merge);
    }
    assert_eq!(why(&message("A40", "1||2||L\rMRG|2")), AdtReject::SameNumber);
    for rest in ["1||2||L", "1||2||L\rPID|2||3||L\rMRG|1", "1||2||L\rMRG|1\rMRG|3"] {
        assert_eq!(why(&message("A40", rest)), AdtReject::Segment, "{rest}");
    }
}

#[test]
fn other_events_are_passed_by_and_what_cannot_be_taken_says_a_fixed_word() {
    assert_eq!(lines(&message("A02", "1||1||L"), None), [AdtLine::Passed]);
    assert_eq!(lines("MSH|^~\\&|A|B|||20261120||ORU^R01|1\rPID|1\r", None), [AdtLine::Passed]);
    assert_eq!(why(&message_of_pid("1||1||L\nstray")), AdtReject::StrayLine);
    assert_eq!(why("MSH|^~\\&|A|B|||20261120||ADT^A08|\rPID|1||1||L\r"), AdtReject::ControlId);
    assert_eq!(why("MSH|^~\\&|A|B|||||ADT^A08|7\rPID|1||1||L\r"), AdtReject::Time);
    assert_eq!(why("MSH|^~\\&|A|B|||20261120||ADT^A08|7\rEVN|A08\r"), AdtReject::Segment);
    assert_eq!(why("MSH|^~\\&|A|B|||20261120||ADT^A08|7||||||||KLINGON\rPID|1\r"), AdtReject::Charset);
    assert_eq!(why("MSH|^^^^|A\rPID|1\r"), AdtReject::Separators);
    assert_eq!(why(&message_of_pid("1||1||L||20161340")), AdtReject::BirthDate);
    assert_eq!(why(&message_of_pid("1||1||L||yesterday")), AdtReject::BirthDate);
    assert_eq!(why(&message_of_pid(&format!("1||1||{}", "x".repeat(121)))), AdtReject::Value);
    assert_eq!(why(&message_of_pid("1||1||L\\X07\\")), AdtReject::Value);
    assert_eq!(taken(&message_of_pid("1||1||L||2016")).patients[0].born, Said::Nothing, "a year is no birth date");
}

#[test]
fn times_are_read_to_the_second_with_their_zone() {
    for (text, millis) in [
        ("19700101", 0),
        ("197001010000", 0),
        ("19700101000001.2500", 1_000),
        ("19700101020000+0200", 0),
        ("19691231190000-0500", 0),
        ("20240229120000", 1_709_208_000_000),
        ("20000301", 951_868_800_000),
    ] {
        assert_eq!(millis_of(text), Some(millis), "{text}");
    }
    for text in
        ["", "1970", "19700132", "1970010125", "19700101000000+2", "19700101000000Z", "abcdefgh", "１９７００１０１"]
    {
        assert_eq!(millis_of(text), None, "{text}");
    }
}

#[test]
fn nothing_of_a_patient_is_told_by_debug() {
    let told = format!("{:?}", lines(&message_of_pid("1||100||Lee^Ana||20160504"), None));
    assert!(!told.contains("Lee") && !told.contains("100\""), "{told}");
}
