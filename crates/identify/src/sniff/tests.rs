//! Each kind by its first bytes, and the names that lie about them.

use super::{Audio, Charset, HEAD_BYTES, Kind, NotAccepted, Refused, Scan, sniff};
use proptest::prelude::*;

fn kind(bytes: &[u8]) -> Kind {
    sniff(bytes, "").kind
}

#[test]
fn each_kind_is_known_by_its_content() {
    let cases: &[(&[u8], Kind)] = &[
        (b"", Kind::Empty),
        (b"Patient: A\r\n\x0c", Kind::Text(Charset::Utf8)),
        ("Zoë".as_bytes(), Kind::Text(Charset::Utf8)),
        (b"\xEF\xBB\xBFabc", Kind::Text(Charset::Utf8Bom)),
        (b"\xFF\xFEa\0b\0", Kind::Text(Charset::Utf16Le)),
        (b"\xFE\xFF\0a\0b", Kind::Text(Charset::Utf16Be)),
        (b"Zo\xEB was seen", Kind::Text(Charset::Windows1252)),
        (b"%PDF-1.7\n%\xE2\xE3", Kind::Pdf),
        (b"{\\rtf1\\ansi", Kind::Rtf),
        (b"\r\n {\\rtf1\\ansi", Kind::Rtf),
        (b"RIFF\0\0\0\0WAVEfmt ", Kind::Audio(Audio::Wav)),
        (b"ID3\x04\0\0\0\0\0\x0Axxxx", Kind::Audio(Audio::Mp3)),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", Kind::Audio(Audio::M4a)),
        (b"\0\0\0\x20ftyp3gp5\0\0\0\0", Kind::Audio(Audio::M4a)),
        (b"\0\0\0\x20ftypisom\0\0\0\0hdlr\0\0\0\0\0\0\0\0vide", Kind::Refused(Refused::Video)),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", Kind::Audio(Audio::Ogg)),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13\x80theora", Kind::Refused(Refused::Video)),
        (b"fLaC\0\0\0\x22", Kind::Audio(Audio::Flac)),
        (b"\x02dss\x01", Kind::Audio(Audio::Dss)),
        (b"\x03ds2\x01", Kind::Audio(Audio::Ds2)),
        (b"#!AMR\n\x3c", Kind::Audio(Audio::Amr)),
        (b"II*\0\x08\0\0\0", Kind::Scan(Scan::Tiff)),
        (b"MM\0*\0\0\0\x08", Kind::Scan(Scan::Tiff)),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Kind::Scan(Scan::Png)),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Kind::Scan(Scan::Jpeg)),
        (b"<html><body>", Kind::Refused(Refused::Markup)),
        (b" \n<!DOCTYPE html>", Kind::Refused(Refused::Markup)),
        (b"\xEF\xBB\xBF<ScRiPt >", Kind::Refused(Refused::Markup)),
        (b"\xFF\xFE<\0s\0v\0g\0>\0", Kind::Refused(Refused::Markup)),
        (b"\xFE\xFF\0<\0s\0v\0g\0>", Kind::Refused(Refused::Markup)),
        (b"<?xml version=\"1.0\"?><svg/>", Kind::Refused(Refused::Markup)),
        (b"<b>x", Kind::Refused(Refused::Markup)),
        (b"<bp 120/80", Kind::Text(Charset::Utf8)),
        (b"<5 mm nodule", Kind::Text(Charset::Utf8)),
        (b"#!/bin/sh\n", Kind::Refused(Refused::Script)),
        (b"MZ\x90\0\x03", Kind::Refused(Refused::Executable)),
        (b"MZ met Dr. B", Kind::Text(Charset::Utf8)),
        (b"\x7FELF\x02", Kind::Refused(Refused::Executable)),
        (b"\xCA\xFE\xBA\xBE\0\0", Kind::Refused(Refused::Executable)),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::Refused(Refused::OldOffice)),
        (b"\x1F\x8B\x08", Kind::Refused(Refused::Archive)),
        (b"Rar!\x1A\x07\x01\0", Kind::Refused(Refused::Archive)),
        (b"PK\x05\x06\0\0", Kind::Refused(Refused::Archive)),
        (b"a\0b", Kind::Unknown),
        (b"\x01\x02\x03", Kind::Unknown),
        (b"\xFF\xFEa\0b", Kind::Unknown),
    ];
    for (bytes, expected) in cases {
        assert_eq!(kind(bytes), *expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn one_sync_word_is_no_recording_and_two_frames_are() {
    // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame.
    let mut frame = vec![0xFF, 0xFB, 0x90, 0x00];
    frame.resize(417, 0);
    assert_eq!(kind(&frame), Kind::Unknown);
    let two = [frame.clone(), frame].concat();
    assert_eq!(kind(&two), Kind::Audio(Audio::Mp3));
}

fn local_header(name: &str) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(26, 0);
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(name.as_bytes());
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn a_container_is_a_word_document_by_its_parts() {
    let joined = |names: &[&str]| names.iter().flat_map(|name| local_header(name)).collect::<Vec<u8>>();
    let word = joined(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]);
    assert_eq!(sniff(&word, "x.docx").accept(), Ok(Kind::Docx));
    let sheet = joined(&["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"]);
    assert_eq!(sniff(&sheet, "x.docx").accept(), Err(NotAccepted::Refused(Refused::Archive)));
    let macros = joined(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]);
    assert_eq!(sniff(&macros, "x.docx").accept(), Err(NotAccepted::Refused(Refused::Macros)));
    let zip = joined(&["a.exe", "word/document.xml"]);
    assert_eq!(sniff(&zip, "x.docx").accept(), Err(NotAccepted::Refused(Refused::Archive)));
    let jar = joined(&["META-INF/MANIFEST.MF", "word/document.xml"]);
    assert_eq!(sniff(&jar, "x.docx").accept(), Err(NotAccepted::Refused(Refused::Archive)));
    let short = joined(&["[Content_Types].xml"]);
    assert_eq!(sniff(&short, "x.docx").accept(), Ok(Kind::Docx));
    assert_eq!(sniff(&short, "x.zip").kind, Kind::Refused(Refused::Archive));
}

#[test]
fn a_name_that_contradicts_the_content_is_an_error_that_names_both() {
    let error = sniff(b"plain words", "note.pdf").accept().unwrap_err();
    assert_eq!(error.to_string(), "the name ends in .pdf, the content is plain text");
    assert!(sniff(b"%PDF-1.4", "note.txt").mismatch.is_some());
    assert!(sniff(b"\x01\x02", "note.txt").mismatch.is_some());
    assert_eq!(sniff(b"{\\rtf1 x}", "note.doc").accept(), Ok(Kind::Rtf));
    assert_eq!(sniff(b"words", "note.v2 final").accept(), Ok(Kind::Text(Charset::Utf8)));
    assert_eq!(sniff(b"words", "").accept(), Ok(Kind::Text(Charset::Utf8)));
    assert_eq!(sniff(b"", "note.txt").accept(), Err(NotAccepted::Empty));
    assert_eq!(sniff(b"\x01\x02", "note").accept(), Err(NotAccepted::Unknown));
}

#[test]
fn a_name_that_a_desktop_would_run_is_refused_however_it_is_dressed() {
    for name in [
        "a.exe",
        "A.EXE",
        "a.pdf.exe",
        "a.exe.",
        "a.exe . .",
        "a.exe::$DATA",
        "..\\x\\a.js",
        "a.html",
        "a.svg",
        "a.bat",
        "a.\u{202e}exe",
        "a.e\u{200b}xe",
        "a.exe\u{0}",
        "a.xml",
        "a.docm",
        "a.zip",
        "a.lnk",
    ] {
        assert!(matches!(sniff(b"plain words", name).accept(), Err(NotAccepted::Refused(_))), "{name:?}");
    }
}

#[test]
fn a_head_cut_inside_a_character_is_still_text() {
    let mut bytes = vec![b'a'; HEAD_BYTES - 1];
    bytes.extend("ë and more".as_bytes());
    assert_eq!(kind(&bytes), Kind::Text(Charset::Utf8));
    let mut wide = b"\xFF\xFE".to_vec();
    wide.extend(std::iter::repeat_n([b'a', 0], HEAD_BYTES / 2 - 2).flatten());
    wide.extend([0x3D, 0xD8, 0x00, 0xDE]);
    assert_eq!(kind(&wide), Kind::Text(Charset::Utf16Le));
}

#[test]
fn codes_read_back() {
    for kind in Kind::ACCEPTED {
        assert_eq!(Kind::from_code(kind.code()), Some(*kind));
    }
    assert_eq!(Kind::from_code("refused"), None);
}

proptest! {
    #[test]
    fn anything_is_sniffed_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), name in ".{0,40}") {
        let _ = sniff(&bytes, &name);
    }

    #[test]
    fn anything_behind_a_known_beginning_is_sniffed_without_a_panic(
        start in proptest::sample::select(super::content_signatures()),
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let _ = sniff(&[start, bytes].concat(), "x.docx");
    }

    #[test]
    fn what_has_a_signature_is_that_and_what_has_none_is_text_or_unknown(
        start in proptest::sample::select([super::content_signatures(), vec![Vec::new()]].concat()),
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let head = [start, bytes].concat();
        let (kind, textual) = (kind(&head), [Refused::Markup, Refused::Script].map(Kind::Refused));
        match super::signed(&head) {
            Some(signed) => prop_assert_eq!(signed, kind),
            None => prop_assert!(
                matches!(kind, Kind::Empty | Kind::Text(_) | Kind::Rtf | Kind::Unknown) || textual.contains(&kind)
            ),
        }
    }
}
