//! However a text arrives, the findings are the same; and no bytes, however bad, do harm.

use proptest::prelude::*;
use record::civil::Day;
use standin::{Formats, InMemory, Plan, make};
use strongroom_identify::{FindOptions, FindStream, Finder, Finding, Identifier};

/// Small parts and margins, so that a short document has many of them and every split meets their edges.
fn small(min: usize, max: usize, margin: usize) -> FindOptions {
    FindOptions { part_bytes_min: min, part_bytes_max: max, margin_bytes: margin, ..FindOptions::default() }
}

fn whole(options: FindOptions, text: &[u8]) -> Vec<Finding> {
    let mut out = Vec::new();
    Finder::new(options).find(text, &mut out);
    out
}

fn in_chunks<'a>(options: FindOptions, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Finding> {
    let (mut stream, mut out) = (FindStream::new(options), Vec::new());
    for chunk in chunks {
        stream.push(chunk, |finding| out.push(finding));
    }
    stream.finish(|finding| out.push(finding));
    out
}

/// The lines of all tables, a few to a document: some hundred documents with identifiers of all kinds.
fn documents() -> Vec<String> {
    const TABLES: &[&str] = &[
        include_str!("find/ssn.txt"),
        include_str!("find/phone.txt"),
        include_str!("find/fax.txt"),
        include_str!("find/email.txt"),
        include_str!("find/url.txt"),
        include_str!("find/ip.txt"),
        include_str!("find/date.txt"),
        include_str!("find/age.txt"),
        include_str!("find/zip.txt"),
        include_str!("find/address.txt"),
        include_str!("find/mrn.txt"),
        include_str!("find/health_plan.txt"),
        include_str!("find/account.txt"),
        include_str!("find/device.txt"),
        include_str!("find/traps.txt"),
    ];
    let lines: Vec<String> = TABLES
        .iter()
        .flat_map(|table| table.lines())
        .map(|line| line.trim_start_matches(['+', '-', ' ']).replace(['«', '»'], "").replace("\\n", "\n"))
        .collect();
    let ends = ["\n", "\n\n", ". ", " ", "\r\n"];
    lines.chunks(3).enumerate().map(|(index, lines)| lines.join(ends[index % ends.len()])).collect()
}

#[test]
fn every_split_of_every_document_gives_the_findings_of_the_whole() {
    let documents = documents();
    assert!(documents.len() >= 300, "{}", documents.len());
    let mut findings = 0;
    for (index, text) in documents.iter().map(String::as_bytes).enumerate() {
        let options = [small(16, 32, 24), small(1, 8, 40), small(64, 96, 16), FindOptions::default()][index % 4];
        let expected = whole(options, text);
        findings += expected.len();
        for at in 0..=text.len() {
            let (left, right) = text.split_at(at);
            assert_eq!(
                in_chunks(options, [left, right]),
                expected,
                "split at {at} of {}",
                String::from_utf8_lossy(text)
            );
        }
    }
    assert!(findings > 300, "{findings}");
}

/// A thousand made-up documents: notes, letters, forms and dictations.
fn stand_ins() -> Vec<Vec<u8>> {
    let formats: Formats = "text".parse().expect("formats");
    let day = Day::new(2026, 6, 1).expect("a day of the calendar");
    let plan = Plan { formats, documents: Some(1_000), ..Plan::new(2, 200, 77, day) };
    let mut files = InMemory::default();
    make(&plan, &mut files).expect("memory takes everything");
    let texts: Vec<Vec<u8>> = files
        .files
        .into_iter()
        .filter(|(path, _)| path.ends_with(".txt"))
        .map(|(_, bytes)| bytes)
        .take(1_000)
        .collect();
    assert_eq!(texts.len(), 1_000);
    texts
}

/// Splits each of the documents at these places; the findings are those of the whole.
fn split_all(texts: &[Vec<u8>], places: impl Fn(usize, usize) -> Vec<usize>) {
    let (mut findings, mut splits) = (0, 0);
    for (index, text) in texts.iter().enumerate() {
        let options = [small(16, 32, 24), small(200, 400, 120), FindOptions::default()][index % 3];
        let expected = whole(options, text);
        findings += expected.len();
        for at in places(index, text.len()) {
            let (left, right) = text.split_at(at);
            assert!(in_chunks(options, [left, right]) == expected, "document {index}, split at {at}");
            splits += 1;
        }
    }
    assert!(findings >= 5_000 && splits >= 4_000, "{findings} findings, {splits} splits");
}

#[test]
fn stand_ins_split_somewhere_give_the_findings_of_the_whole() {
    // A few places of each, from a seed; all of them: the next test.
    split_all(&stand_ins(), |index, long| {
        let mut place = index as u64 + 1;
        let mut next = || {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(place >> 33).unwrap_or_default() % (long + 1)
        };
        (0..4).map(|_| next()).collect()
    });
}

#[test]
#[ignore = "each of a thousand documents at each of its bytes takes minutes, with --release; docs/SECURITY-CHECKS.md says when it ran"]
fn stand_ins_split_anywhere_give_the_findings_of_the_whole() {
    split_all(&stand_ins(), |_, long| (0..=long).collect());
}

#[test]
fn byte_by_byte_and_with_empty_chunks_the_findings_are_those_of_the_whole() {
    let text = documents().join("\n");
    for options in [small(100, 300, 100), FindOptions::default()] {
        let bytes = text.as_bytes().chunks(1).flat_map(|byte| [byte, &[][..]]);
        assert_eq!(in_chunks(options, bytes), whole(options, text.as_bytes()));
    }
}

#[test]
fn parts_with_wide_margins_find_what_one_part_finds() {
    let text = documents().join("\n");
    let one = whole(small(1 << 20, 1 << 20, 1 << 10), text.as_bytes());
    let many = whole(small(700, 1_400, 1 << 10), text.as_bytes());
    assert_eq!(one, many);
}

#[test]
fn an_identifier_across_every_place_of_a_line_without_ends_is_found() {
    let options = small(256, 512, 128);
    for before in 0..600 {
        let text = format!(
            "{}SSN: 234-56-7891 {}",
            "word ".repeat(before / 5) + &"x".repeat(before % 5) + " ",
            "word ".repeat(200)
        );
        let found = whole(options, text.as_bytes());
        assert_eq!(found.len(), 1, "{before}");
        assert_eq!(&text[found[0].range()], "234-56-7891");
    }
}

#[test]
fn what_the_caller_had_stays() {
    let mut out = whole(FindOptions::default(), b"SSN: 234-56-7891");
    let first = out.clone();
    Finder::default().find(b"DOB 3/4/1962", &mut out);
    assert_eq!(out.len(), 2);
    assert_eq!(out[0], first[0]);
    assert_eq!((out[1].kind, out[1].range()), (Identifier::Date, 4..12));
}

fn check_sound(text: &[u8]) -> Result<(), TestCaseError> {
    let found = whole(FindOptions::default(), text);
    let mut end = 0;
    for finding in &found {
        prop_assert!(finding.start >= end && finding.end > finding.start && finding.end <= text.len());
        end = finding.end;
        if let Ok(text) = std::str::from_utf8(text) {
            prop_assert!(text.is_char_boundary(finding.start) && text.is_char_boundary(finding.end));
        }
    }
    let third = text.len() / 3;
    prop_assert_eq!(in_chunks(small(8, 16, 12), [&text[..third], &text[third..]]), whole(small(8, 16, 12), text));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_give_sorted_findings_inside_the_text(text in proptest::collection::vec(any::<u8>(), 0..600)) {
        check_sound(&text)?;
    }

    #[test]
    fn any_text_gives_findings_at_characters(text in "[0-9a-zA-Z@:/.()#+' \n\u{a0}\u{e9}\u{2013}\u{2019}-]{0,300}") {
        check_sound(text.as_bytes())?;
    }

    #[test]
    fn pieces_of_identifiers_in_any_order_do_no_harm(pieces in proptest::collection::vec(prop_oneof![
        Just("SSN"), Just(": "), Just("555"), Just("-"), Just("1"), Just("March"), Just(" "), Just("@"), Just("www."),
        Just("one "), Just("ninety "), Just("dot "), Just("com"), Just("("), Just(")"), Just("+"), Just("::"), Just("St."),
        Just("\n"), Just("Apt"), Just("é"), Just("–"), Just("://"), Just("number"), Just("4"), Just("2018"), Just("/"),
        Just("l"), Just("O"), Just("oh "), Just("hundred "), Just("PO Box "), Just("’"), Just("#"), Just("x"),
    ], 0..80)) {
        check_sound(pieces.concat().as_bytes())?;
    }
}

#[test]
fn hostile_lines_of_two_parts_are_read_to_their_end() {
    for unit in [
        "1", "@", "1-", "1 ", "1.", "1/", "(1)", "a@", "a.b", "::", "1:", "one ", "oh one ", "ninety ", "dot com ",
        "march ", "1a", "x1", "1 st ", "SSN ", "number ", "id: ", "1 a ", "http://", "#1", "1\n", "\u{e9}1", "( ",
        "double ", "May 1 ",
    ] {
        // What looked at the rest of a part again and again would take minutes here.
        let text = unit.repeat((136 << 10) / unit.len());
        let found = whole(FindOptions::default(), text.as_bytes());
        assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start), "{unit:?}");
    }
}
