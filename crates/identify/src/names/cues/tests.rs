//! What each cue tells, and the nearest thing that it must not tell. The model has no part in it; everybody here is made up.

use super::each;
use crate::names::LISTS;
use crate::names::block::Block;
use crate::names::each_block;
use crate::names::table::Table;
use crate::phi::{Finding, Identifier};

fn cued(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    each_block(text, Table::new(LISTS), &mut Block::default(), &mut |block| each(text, &block.words, &mut found));
    found
}

/// What is found and what is marked, where they differ.
fn differing(kind: Identifier, cases: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for case in cases {
        let text = case.replace(['«', '»'], "");
        let marked: Vec<&str> = case.split('«').skip(1).filter_map(|rest| Some(rest.split_once('»')?.0)).collect();
        let found: Vec<&str> =
            cued(&text).iter().filter(|one| one.kind == kind).map(|one| &text[one.range()]).collect();
        if found != marked {
            out.push(format!("{text:?}: {found:?}"));
        }
    }
    out
}

#[track_caller]
fn are_as_marked(kind: Identifier, cases: &[&str]) {
    let differing = differing(kind, cases);
    assert!(differing.is_empty(), "found otherwise:\n{}", differing.join("\n"));
}

#[test]
fn firms_are_told_by_their_trade_and_by_who_works_there() {
    are_as_marked(
        Identifier::Organization,
        &[
            "He works at «Quexley Brantford» most nights.",
            "She picked it up at «Brantford Apothecary» on the way.",
            "Employer: «Quexley Brantford»",
            "The car was towed by «Quexley Towing» that night.",
            "Insurance   «Quexley Brantford»",
            // A trade alone names nobody, and neither does a heading.
            "She went to the Market and to the Pharmacy.",
            "Works at home.",
            "Brantford Insurance: none on file",
            // A person is no firm.
            "He works with Maria Hernandez there.",
        ],
    );
}

#[test]
fn an_initial_makes_a_name_of_the_surname_after_it() {
    are_as_marked(
        Identifier::Name,
        &[
            "Labs drawn by «T. Quexley» at bedside.",
            "Report called to «L. Faircloth» RN, who read it back.",
            "cc «P. Brantford-Osei» and the chart",
            // Bacteria are written so, too.
            "The culture grew E. coli and S. aureus.",
            "Treated by A. Monday dose.",
        ],
    );
}

#[test]
fn a_surname_stands_after_a_profession() {
    are_as_marked(
        Identifier::Name,
        &[
            "Report given to RN «Okwuosa» at shift change.",
            "Paged LPN «Quexley» twice.",
            "The RN Supervisor came, and the RN Station was called.",
            "RN Note: none",
        ],
    );
}

#[test]
fn whoever_is_addressed_by_a_title_is_named() {
    are_as_marked(
        Identifier::Name,
        &[
            "Spoke with Ms. «L». at the desk.",
            "Then mrs «abernathy» called back.",
            "Mr «Quexley Brantford» is here.",
            // The disease, a number of a person, and an order to nobody.
            "Longstanding MS Contin was stopped.",
            "Dr. X is a made-up doctor.",
            "Do not miss. Quexley is the wrong word.",
        ],
    );
}

#[test]
fn given_names_of_two_parts_are_told_by_their_hyphen() {
    are_as_marked(
        Identifier::Name,
        &[
            "Her aunt «Kim Kyung-hee» sat beside her.",
            "«Kyung-hee» is well.",
            // Halves that such names often have, also where one is a word of the language; others are left to the model.
            "«Soon-ja» is well.",
            "Follow-up in two weeks.",
            "X-ray was clear.",
        ],
    );
}

#[test]
fn who_dictated_who_speaks_and_who_signed_are_names() {
    are_as_marked(
        Identifier::Name,
        &[
            "Our ref: «NG/pw»",
            "The BP/hr were fine.",
            "[7:02] «rpatel»: bed 4 is clean",
            "03:12 «rpatelson»: bed 4 is clean",
            "At 7:02 pain: none",
            "Will call back. --«dmartinez»",
            "Will call back. ---dmartinez",
            "Pain @ night, but @«ramondo» page me.",
            "Mail it to ramondo@example.org please.",
        ],
    );
}
