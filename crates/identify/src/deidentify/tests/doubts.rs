//! What the search is not sure about is asked, and what a person decides is done.

use super::{Method, day, keyed};
use crate::Identifier;
use crate::deidentify::{Decided, Deidentified, Deidentifier, Doubt};

const NOTE: &[u8] = b"Patient: Vern Quxley\nDOB: 03/04/1961\n\nHe takes amoxicillin. The machine counted 88213 steps and 88213 again. Asked May and Grace to come; rose called. \
    Panda and Sunny came, Hope too, and hernandez got a form. The Will was read.\n";

fn reviewed(decided: &[Decided]) -> (Deidentified, Vec<Doubt>) {
    let run = Deidentifier::new(Method::SafeHarbor, day());
    run.file_reviewed(NOTE, "note.txt", &mut keyed(), decided).unwrap()
}

fn words(doubts: &[Doubt]) -> Vec<&str> {
    doubts.iter().map(|doubt| doubt.around[1].as_str()).collect()
}

#[test]
fn what_stayed_and_might_be_somebody_is_asked_about_and_nothing_that_went() {
    let (out, doubts) = reviewed(&[]);
    let out = String::from_utf8(out.bytes).unwrap();
    assert_eq!(words(&doubts), ["88213", "88213", "hernandez", "Will"], "{out}");
    for doubt in &doubts {
        let [before, word, after] = &doubt.around;
        assert!(out.contains(&format!("{before}{word}{after}")), "what is shown is the output: {before}{word}{after}");
    }
    // Asking changes nothing.
    let plain = Deidentifier::new(Method::SafeHarbor, day()).file(NOTE, "note.txt", &mut keyed()).unwrap();
    assert_eq!(String::from_utf8(plain.bytes).unwrap(), out);
    assert_eq!(plain.report.undecided, 0);
}

#[test]
fn what_a_person_lets_go_goes_wherever_it_stands_and_what_stays_is_not_asked_about_again() {
    let (first, doubts) = reviewed(&[]);
    assert_eq!(first.report.undecided, doubts.len() as u64);
    let one = doubts.iter().find(|doubt| doubt.around[1] == "88213").unwrap();
    let goes = Decided { spot: one.spot.clone(), goes_as: Some(one.kind) };
    let (out, rest) = reviewed(std::slice::from_ref(&goes));
    let text = String::from_utf8(out.bytes).unwrap();
    assert!(!text.contains("88213"), "{text}");
    assert_eq!((out.report.decided_to_go, out.report.decided_to_stay), (1, 0));
    assert!(!words(&rest).contains(&"88213"));
    let stays: Vec<Decided> = doubts.iter().map(|doubt| Decided { spot: doubt.spot.clone(), goes_as: None }).collect();
    let (same, rest) = reviewed(&stays);
    assert_eq!(same.bytes, first.bytes);
    assert!(rest.is_empty(), "{rest:?}");
    assert_eq!((same.report.decided_to_stay, same.report.undecided), (stays.len() as u64, 0));
}

#[test]
fn decisions_about_places_that_are_not_there_do_nothing() {
    let (first, doubts) = reviewed(&[]);
    let mut spot = doubts[0].spot.clone();
    spot.part = 7;
    let mut cut = doubts[0].spot.clone();
    cut.range = 100_000..100_004;
    let nowhere = [spot, cut].map(|spot| Decided { spot, goes_as: Some(Identifier::Name) });
    assert_eq!(reviewed(&nowhere).0.bytes, first.bytes);
}
