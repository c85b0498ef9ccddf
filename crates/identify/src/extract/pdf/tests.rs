//! PDFs built here with `lopdf`, two printed by a browser, and hostile ones.

use super::read;
use crate::{ExtractError, Extracted, Limits, header_fields};
use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream, dictionary};
use record::civil::Day;

/// Made-up text printed to PDF by Chromium: Type 0 and Type 3 fonts with `ToUnicode` maps, tagged.
const OPERATIVE: &[u8] = include_bytes!("../../../tests/samples/operative-report.pdf");
const LETTER: &[u8] = include_bytes!("../../../tests/samples/letter.pdf");

fn whole(bytes: &[u8]) -> Extracted {
    read(bytes, &Limits::default()).unwrap()
}

/// A PDF of one page per content, with `F1` in WinAnsi, `F2` in MacRoman and `F3` with differences.
fn document(contents: &[&[u8]]) -> Document {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let f1 = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding" });
    let f2 = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "TrueType", "BaseFont" => "Geneva", "Encoding" => "MacRomanEncoding" });
    let differences: Vec<Object> = vec![1.into(), "fi".into(), "eacute".into(), 65.into(), "B".into()];
    let f3 = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "CMR10",
        "Encoding" => dictionary! { "Type" => "Encoding", "Differences" => differences },
    });
    let f4 = document.add_object(
        dictionary! { "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "X", "Encoding" => "Identity-H" },
    );
    let resources =
        document.add_object(dictionary! { "Font" => dictionary! { "F1" => f1, "F2" => f2, "F3" => f3, "F4" => f4 } });
    let kids: Vec<Object> = contents
        .iter()
        .map(|content| {
            let content = document.add_object(Stream::new(dictionary! {}, content.to_vec()));
            document.add_object(dictionary! { "Type" => "Page", "Parent" => pages, "Contents" => content }).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(
        pages,
        dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources }.into(),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    document
}

fn bytes(mut document: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn page(content: &[u8]) -> String {
    whole(&bytes(document(&[content]))).text
}

#[test]
fn a_report_printed_by_a_browser_reads_as_it_was_written() {
    let read = whole(OPERATIVE);
    assert_eq!(read.title.as_deref(), Some("Operative Report – Example"));
    let pages: Vec<&str> = read.pages().collect();
    assert_eq!(pages.len(), 2);
    let lines: Vec<&str> = pages[0].lines().collect();
    assert_eq!(lines[0], "OPERATIVE REPORT");
    assert!(lines.contains(&"Dictated by: Zoë Sample, MD"));
    assert!(lines.contains(&"confirmed. The fluffy affix of the first efficient file: difficult ligature waffle."));
    assert!(pages[0].contains("rotator cuff tear — “left” shoulder, office findings"));
    assert!(lines.contains(&"Temperature 37.1 °C"));
    assert_eq!(pages[1].trim(), "Page two: second page of the made-up report. Signed electronically.");
    assert!(!read.truncated && read.opaque.is_none());
    let fields = header_fields(&read.text);
    assert_eq!(fields.patient_name.as_deref(), Some("Mary Ann Example"));
    assert_eq!((fields.birth_date, fields.visit_date), (Day::new(1951, 3, 9), Day::new(2024, 3, 9)));
    assert_eq!(fields.record_number.as_deref(), Some("A-1734"));
    assert_eq!(fields.author.as_deref(), Some("Zoë Sample, MD"));
    assert_eq!(fields.document_type.as_deref(), Some("OPERATIVE REPORT"));
}

#[test]
fn other_scripts_and_lists_are_read() {
    let read = whole(LETTER);
    for words in ["Dear Dr. Müller,", "Ελληνικά", "Русский stay readable.", "Metformin 500 mg twice a day", "HbA1c"]
    {
        assert!(read.text.contains(words), "{words}");
    }
    assert_eq!(header_fields(&read.text).birth_date, Day::new(1949, 12, 31));
}

#[test]
fn encodings_of_simple_fonts_are_known() {
    assert_eq!(page(b"BT /F1 12 Tf 72 700 Td (Zo\xEB \x93q\x94) Tj ET"), "Zoë “q”");
    assert_eq!(page(b"BT /F2 12 Tf (Zo\x91) Tj ET"), "Zoë");
    assert_eq!(page(b"BT /F3 12 Tf (\x01nal caf\x02 A) Tj ET"), "final café B");
}

#[test]
fn places_become_spaces_tabs_lines_and_paragraphs() {
    let text = page(
        b"BT /F1 10 Tf 72 700 Td [(Pa) 20 (tient) -300 (Lee)] TJ 200 0 Td (DOB) Tj -200 -12 Td (next) Tj 0 -30 Td (para) Tj \
          14 TL T* (star) Tj (quote) ' 1 0 0 1 72 400 Tm (far) Tj ET",
    );
    assert_eq!(text, "Patient Lee\tDOB\nnext\n\npara\nstar\nquote\n\nfar");
}

#[test]
fn forms_and_filled_fields_are_read_and_hidden_ones_are_not() {
    let mut document = document(&[b"/X Do BT /F1 12 Tf 10 10 Td (body) Tj ET"]);
    let form = |words: &str| {
        let content = format!("BT /F1 12 Tf ({words}) Tj ET").into_bytes();
        let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "Encoding" => "WinAnsiEncoding" };
        let resources = dictionary! { "Font" => dictionary! { "F1" => font } };
        Stream::new(dictionary! { "Subtype" => "Form", "Resources" => resources }, content)
    };
    let drawn = document.add_object(form("drawn"));
    let widgets: Vec<Object> = [("shown", 4), ("hidden", 2)]
        .into_iter()
        .map(|(words, flags)| {
            let appearance = document.add_object(form(words));
            dictionary! { "Subtype" => "Widget", "F" => flags, "AP" => dictionary! { "N" => appearance } }.into()
        })
        .collect();
    let first = document.page_iter().next().unwrap();
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "Encoding" => "WinAnsiEncoding" };
    let page = document.get_object_mut(first).unwrap().as_dict_mut().unwrap();
    page.set(
        "Resources",
        dictionary! { "XObject" => dictionary! { "X" => drawn }, "Font" => dictionary! { "F1" => font } },
    );
    page.set("Annots", widgets);
    let text = whole(&bytes(document)).text;
    assert_eq!(text, "drawn\nbody\nshown");
}

#[test]
fn what_has_no_readable_text_says_why() {
    assert_eq!(whole(&bytes(document(&[b"0 0 10 10 re f"]))).opaque, Some("no text layer"));
    let codes = whole(&bytes(document(&[b"BT /F4 12 Tf <000100020003> Tj ET"])));
    assert_eq!((codes.opaque, codes.text.as_str()), (Some("text layer without meaning"), ""));
}

#[test]
fn encrypted_files_are_opaque_even_with_an_empty_password() {
    for password in ["", "secret"] {
        let mut document = document(&[b"BT /F1 12 Tf (secret words) Tj ET"]);
        document
            .trailer
            .set("ID", vec![Object::string_literal("1234567890123456"), Object::string_literal("1234567890123456")]);
        let version = EncryptionVersion::V2 {
            document: &document,
            owner_password: "owner",
            user_password: password,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        document.encrypt(&state).unwrap();
        let read = whole(&bytes(document));
        assert_eq!((read.opaque, read.text.as_str()), (Some("encrypted"), ""), "{password}");
    }
}

/// A Flate stream that inflates to so many bytes of white space.
fn bomb(bytes: usize) -> Stream {
    let mut stream = Stream::new(dictionary! {}, vec![b' '; bytes]);
    stream.compress().unwrap();
    assert!(stream.content.len() < bytes / 500);
    stream
}

#[test]
fn a_page_that_inflates_without_end_ends_the_text() {
    let mut document = document(&[b"BT /F1 12 Tf (first) Tj ET", b"", b"BT /F1 12 Tf (third) Tj ET"]);
    let second = document.page_iter().nth(1).unwrap();
    let content = document.add_object(bomb(66 << 20));
    document.get_object_mut(second).unwrap().as_dict_mut().unwrap().set("Contents", content);
    let read = whole(&bytes(document));
    assert!(read.truncated);
    assert!(read.text.starts_with("first") && !read.text.contains("third"));
}

#[test]
fn forms_that_draw_each_other_end() {
    // Each form draws the next one twice: 2^12 leaves without a budget, and a ring at the end.
    let mut document = document(&[b"/X Do"]);
    let ids: Vec<_> = (0..20).map(|_| document.new_object_id()).collect();
    for (index, id) in ids.iter().enumerate() {
        let next = ids[(index + 1) % ids.len()];
        let resources = dictionary! { "XObject" => dictionary! { "X" => next } };
        let content = b"/X Do ".repeat(8);
        let form = Stream::new(dictionary! { "Subtype" => "Form", "Resources" => resources }, content);
        document.objects.insert(*id, form.into());
    }
    let first = document.page_iter().next().unwrap();
    let resources = dictionary! { "XObject" => dictionary! { "X" => ids[0] } };
    document.get_object_mut(first).unwrap().as_dict_mut().unwrap().set("Resources", resources);
    let read = whole(&bytes(document));
    assert_eq!(read.opaque, Some("no text layer"));
    assert!(read.truncated);
}

#[test]
fn a_chain_of_filters_is_charged_for_every_link() {
    // Inflates to white space, which the second filter turns into nothing: free, if only results counted.
    let mut document = document(&[b"/X Do ".repeat(10_000).as_slice()]);
    let mut form = bomb(8 << 20);
    form.dict.set("Filter", vec![Object::from("FlateDecode"), "ASCIIHexDecode".into()]);
    form.dict.set("Subtype", "Form");
    let form = document.add_object(form);
    let first = document.page_iter().next().unwrap();
    let resources = dictionary! { "XObject" => dictionary! { "X" => form } };
    document.get_object_mut(first).unwrap().as_dict_mut().unwrap().set("Resources", resources);
    assert!(whole(&bytes(document)).truncated);
}

#[test]
fn object_streams_share_one_room_however_they_are_spelled() {
    for spelling in ["ObjStm", "O#62jStm"] {
        let mut file = b"%PDF-1.5\n".to_vec();
        for number in 1..400 {
            file.extend(
                format!("{number} 0 obj<</Type/{spelling}/N 1/First 4/Length 0>>stream\nendstream endobj\n").bytes(),
            );
        }
        assert_eq!(read(&file, &Limits::default()), Err(ExtractError::Bomb("too many object streams")), "{spelling}");
    }
}

#[test]
fn objects_beyond_the_limit_are_refused_before_they_are_parsed() {
    for filling in ["0 ", "[]", "1-", "/A", "()"] {
        let file = format!("%PDF-1.5\n1 0 obj[{}]endobj\n", filling.repeat(5_000_000));
        assert_eq!(read(file.as_bytes(), &Limits::default()), Err(ExtractError::Bomb("too many objects")), "{filling}");
    }
}

#[test]
fn a_file_cut_anywhere_ends_without_a_panic() {
    let small = bytes(document(&[b"BT /F1 12 Tf (words) Tj ET"]));
    for end in 0..small.len() {
        let _ = super::read_trusting(&small[..end], &Limits::default());
    }
    for end in (0..OPERATIVE.len()).step_by(397) {
        let _ = super::read_trusting(&OPERATIVE[..end], &Limits::default());
    }
}

#[test]
fn a_flipped_byte_ends_without_a_panic() {
    let small = bytes(document(&[b"BT /F1 12 Tf (words) Tj ET"]));
    for at in 0..small.len() {
        for flip in [0x01, 0x10, 0x80] {
            let mut broken = small.clone();
            broken[at] ^= flip;
            let _ = super::read_trusting(&broken, &Limits::default());
        }
    }
}
