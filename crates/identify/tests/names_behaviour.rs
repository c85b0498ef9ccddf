//! What the name finder finds, what it must not find, and what it does with hostile text.
//!
//! What must always hold: a case says with «marks» what must be found; everything in it is made up.

use strongroom_identify::names::{Known, Names, Person};
use strongroom_identify::{Finding, Identifier};

fn found(text: &str, known: &Known<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    Names::new().find(text, known, &mut out);
    out
}

/// The text without its marks, and the marked ranges.
fn marked(case: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut spans, mut start) = (String::new(), Vec::new(), 0);
    for letter in case.chars() {
        match letter {
            '«' => start = text.len(),
            '»' => spans.push((start, text.len())),
            other => text.push(other),
        }
    }
    (text, spans)
}

/// The marked words that no finding covers.
fn missed(case: &str, known: &Known<'_>) -> Vec<String> {
    let (text, spans) = marked(case);
    let findings = found(&text, known);
    let covered = |at: usize| findings.iter().any(|finding| finding.start <= at && at < finding.end);
    let is_missed = |span: &&(usize, usize)| {
        text[span.0..span.1].char_indices().any(|(at, letter)| letter.is_alphanumeric() && !covered(span.0 + at))
    };
    spans.iter().filter(is_missed).map(|span| format!("{} in {text:?}", &text[span.0..span.1])).collect()
}

/// What lies in no mark.
fn too_much(case: &str) -> Vec<String> {
    let (text, spans) = marked(case);
    let outside = |finding: &Finding| !spans.iter().any(|span| span.0 < finding.end && finding.start < span.1);
    found(&text, &Known::default())
        .into_iter()
        .filter(outside)
        .map(|finding| format!("{} {:?} in {text:?}", finding.kind, &text[finding.range()]))
        .collect()
}

#[test]
fn names_are_found_in_every_manner_of_writing() {
    let missed: Vec<String> = include_str!("samples/names_found.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .flat_map(|line| missed(&line.replace("\\n", "\n"), &Known::default()))
        .collect();
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn what_only_looks_like_a_name_is_none() {
    let cases: Vec<&str> = include_str!("samples/names_traps.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert!(cases.len() >= 350, "{} traps", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(|case| too_much(case)).collect();
    assert!(wrong.is_empty(), "{} too much:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_name_from_structure_is_found_everywhere_and_within_one_edit() {
    let people = [Person { family: "Achterkamp", given: "Jorunn", other: "" }];
    let known = Known { people: &people };
    for case in [
        "«jorunn» was well; the «ACHTERKAMP» family came too.",
        "We saw «Achterkmap» and «Achtercamp» again.",
        "The chart of «Achterkamp» was reviewed; «Jorun» feels fine.",
        "pt «achterkamp»'s labs",
    ] {
        assert_eq!(missed(case, &known), Vec::<String>::new());
    }
}

#[test]
fn a_known_name_that_is_a_word_is_marked_only_where_it_is_written_as_a_name() {
    let people = [Person { family: "Young", given: "Will", other: "" }];
    let text = "She will see the young man. The nurse saw Will Young.";
    let findings = found(text, &Known { people: &people });
    let shown: Vec<&str> = findings.iter().map(|finding| &text[finding.range()]).collect();
    assert_eq!(shown, ["Will Young"]);
}

#[test]
fn a_surname_found_once_is_marked_everywhere_in_the_document() {
    let case =
        "Dr. Maria «Okonkwoski» was consulted.\nWound check done.\nokonkwoski agrees. Labs per «Okonkwoski»'s order.";
    assert_eq!(missed(case, &Known::default()), Vec::<String>::new());
}

#[test]
fn an_initial_a_double_name_and_a_line_end_do_not_cut_a_dictated_name() {
    let case = "this is doctor «kalena d mahi\u{2bb}ai-hanohano» dictating for patient «yahya q jaber» born july first\n\
                mister «john smith» was here and he was fine";
    assert_eq!(missed(case, &Known::default()), Vec::<String>::new());
}

#[test]
fn who_is_called_like_a_sign_or_an_instrument_is_found_and_the_thing_is_not() {
    for case in [
        "Dr. «Schatzker» did the case himself.",
        "Patient: «Gaenslen, Maria»   DOB 03/04/1960\nGaenslen test positive, FABER negative.",
        "Mr. «Lynch» was seen today for Lynch syndrome.",
        "Ms. «Hawkins» has pain. Hawkins test negative, Neer sign negative.",
        "«Karl Outerbridge» came with his wife. Outerbridge grade 3 changes.",
    ] {
        assert_eq!(missed(case, &Known::default()), Vec::<String>::new());
        assert_eq!(too_much(case), Vec::<String>::new());
    }
}

#[test]
fn capitals_brands_and_grades_in_telegraphic_notes_name_nobody() {
    for case in [
        "Schatzker II plateau fracture, right.",
        "s/p L TKA, Kerlix wrap, ROM 0-95, KOOS 61.",
        "Outerbridge 3, Goutallier 2, Walch B2.",
        "ASA II. Cormack-Lehane 1, Macintosh 3. LMA size 4.",
        "Pavlik harness on. Ortolani negative, Barlow negative.",
        "[ ] Tenckhoff catheter   [x] PICC   [ ] Allevyn 4x4",
    ] {
        assert_eq!(too_much(case), Vec::<String>::new());
    }
}

#[test]
fn a_possessive_ending_is_no_part_of_a_name() {
    let text = "Mr. Smith's wound is clean.";
    let findings = found(text, &Known::default());
    assert_eq!(findings.len(), 1);
    assert_eq!(&text[findings[0].range()], "Smith");
    assert_eq!(findings[0].kind, Identifier::Name);
}

#[test]
fn a_state_is_no_place_and_a_city_is() {
    let text = "He moved from Cincinnati, Ohio to Texas and lives in Tampa.";
    let shown: Vec<&str> = found(text, &Known::default()).iter().map(|finding| &text[finding.range()]).collect();
    assert_eq!(shown, ["Cincinnati", "Tampa"]);
}

/// Findings are sorted, apart, inside the text and on character boundaries.
fn is_in_order(text: &str, findings: &[Finding]) {
    let mut last = 0;
    for finding in findings {
        assert!(finding.start >= last && finding.start < finding.end && finding.end <= text.len());
        assert!(text.is_char_boundary(finding.start) && text.is_char_boundary(finding.end));
        last = finding.end;
    }
}

#[test]
fn findings_are_in_order_whatever_the_text() {
    let people = [Person { family: "Smith", given: "Ana", other: "Núñez" }];
    let pieces = [
        "Smith", "Dr.", " ", "\n", "ana", "É", "\u{2bb}", "'s", "'", "-", "O'", "@", "\u{0}", "漢字", "🙂", "St.",
        "of", "Hospital", "12", "J0hn", ", ", ":", "nuñez", "\u{301}", "Smiht", "\u{202e}", "Mary", "County", "\t",
        "İ", "ß",
    ];
    let mut state = 7_u64;
    for _ in 0..300 {
        let mut text = String::new();
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(state >> 40).expect("24 bits fit") % pieces.len();
            text.push_str(pieces[index]);
        }
        is_in_order(&text, &found(&text, &Known { people: &people }));
    }
}

#[test]
fn hostile_text_ends_and_breaks_nothing() {
    let people = [Person { family: "Aaaaab", given: "Bbbbbb", other: "" }];
    for piece in
        ["a", "A", "Aa ", "'", "O'", "J. ", "\n", "Smith ", "van ", "Hospital ", "Dr. ", "@", "é", "A-", "Bbbbbbb "]
    {
        let text = piece.repeat(200_000 / piece.len());
        is_in_order(&text, &found(&text, &Known { people: &people }));
    }
}

#[test]
fn every_cut_of_a_long_document_into_stretches_gives_findings_in_order() {
    let text = "Mr. Smith came from Tampa to see Dr. Jones at Riverside Hospital. He feels well today\n".repeat(400);
    let findings = found(&text, &Known::default());
    is_in_order(&text, &findings);
    assert!(findings.len() >= 1_550, "{} findings", findings.len());
}
