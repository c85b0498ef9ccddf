//! Containers built here with `zip`, honest and hostile.

use super::read;
use crate::{ExtractError, Limits};
use std::io::{Cursor, Write};

const W: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn document(body: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document {W}><w:body>{body}</w:body></w:document>")
}

fn text(body: &str) -> Result<String, ExtractError> {
    read(&docx(&[("word/document.xml", &document(body))]), &Limits::default()).map(|read| read.text)
}

#[test]
fn paragraphs_tabs_breaks_and_entities_come_out() {
    let body = "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>Patient:</w:t><w:tab/><w:t xml:space=\"preserve\">Ann &amp; \
                Zo&#235; </w:t></w:r></w:p><w:p/><w:p><w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:br w:type=\"page\"/><w:t>c</w:t></w:r></w:p>";
    assert_eq!(text(body).unwrap(), "Patient:\tAnn & Zoë \n\na\nb\u{c}c\n");
}

#[test]
fn a_table_row_is_a_line() {
    let cell = |words: &str| format!("<w:tc><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>");
    let body = format!(
        "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl><w:p><w:r><w:t>after</w:t></w:r></w:p>",
        cell("a"),
        cell("b"),
        cell("c"),
        cell("d")
    );
    let lines: Vec<String> = text(&body).unwrap().lines().map(|line| line.replace(" \t", "\t")).collect();
    assert_eq!(lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>(), ["a\tb", "c\td", "after"]);
}

#[test]
fn deleted_text_and_field_codes_are_not_shown_but_inserted_text_is() {
    let body = "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins>\
                <w:r><w:instrText> HYPERLINK x </w:instrText></w:r></w:p>";
    assert_eq!(text(body).unwrap(), "new\n");
}

#[test]
fn headers_footers_notes_and_the_title_belong_to_it_and_repeats_do_not() {
    let side = |words: &str| format!("<w:hdr {W}><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:hdr>");
    let bytes = docx(&[
        ("word/document.xml", &document("<w:p><w:r><w:t>body</w:t></w:r></w:p>")),
        ("word/header1.xml", &side("head")),
        ("word/header2.xml", &side("head")),
        ("word/footer1.xml", &side("foot")),
        ("word/footnotes.xml", &side("note")),
        ("word/comments.xml", &side("comment")),
        ("docProps/core.xml", "<c:p xmlns:c=\"c\" xmlns:dc=\"d\"><dc:title>Op &amp; note</dc:title></c:p>"),
    ]);
    let read = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.text, "head\nbody\nnote\nfoot\n");
    assert_eq!(read.title.as_deref(), Some("Op & note"));
}

#[test]
fn document_types_and_own_entities_are_refused() {
    let dtd =
        format!("<!DOCTYPE x [<!ENTITY a \"boom\">]><w:document {W}><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:document>");
    let read_dtd = read(&docx(&[("word/document.xml", &dtd)]), &Limits::default());
    assert_eq!(read_dtd, Err(ExtractError::Malformed("the XML inside declares a document type")));
    let own = text("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>");
    assert_eq!(own, Err(ExtractError::Malformed("the XML inside uses an entity of its own")));
}

#[test]
fn a_bomb_is_an_error_before_it_is_inflated_whole() {
    let bomb = document(&" ".repeat(80 << 20));
    let bytes = docx(&[("word/document.xml", &bomb)]);
    assert!(bytes.len() < 200_000);
    assert_eq!(read(&bytes, &Limits::default()), Err(ExtractError::Bomb("a part is far larger unpacked")));
}

#[test]
fn many_small_bombs_share_one_budget() {
    let part = format!("<w:hdr {W}>{}</w:hdr>", " ".repeat(900_000));
    let names: Vec<String> = (0..60).map(|number| format!("word/header{number}.xml")).collect();
    let body = document("<w:p/>");
    let mut parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), part.as_str())).collect();
    parts.push(("word/document.xml", &body));
    let limits = Limits { inflated_bytes_max: 10 << 20, ..Limits::default() };
    assert_eq!(read(&docx(&parts), &limits), Err(ExtractError::Bomb("a part is far larger unpacked")));
}

#[test]
fn too_many_parts_are_an_error() {
    let names: Vec<String> = (0..5_000).map(|number| format!("x/{number}")).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(read(&docx(&parts), &Limits::default()), Err(ExtractError::Bomb("too many parts")));
}

#[test]
fn deep_elements_are_an_error() {
    let deep = format!("{}{}", "<w:p>".repeat(1_000_000), "</w:p>".repeat(1_000_000));
    let limits = Limits { inflate_ratio_max: 100_000, ..Limits::default() };
    let read = read(&docx(&[("word/document.xml", &document(&deep))]), &limits);
    assert_eq!(read, Err(ExtractError::Bomb("elements are nested too deeply")));
}

#[test]
fn macros_and_containers_without_a_document_are_errors() {
    let body = document("<w:p/>");
    let macros = docx(&[("word/document.xml", &body), ("word/vbaProject.bin", "x")]);
    assert_eq!(read(&macros, &Limits::default()), Err(ExtractError::Malformed("it holds macros")));
    let sheet = docx(&[("xl/workbook.xml", "<x/>")]);
    assert_eq!(read(&sheet, &Limits::default()), Err(ExtractError::Malformed("no Word document inside")));
}

#[test]
fn cut_anywhere_it_is_an_error_and_never_a_panic() {
    let bytes = docx(&[("word/document.xml", &document("<w:p><w:r><w:t>body</w:t></w:r></w:p>"))]);
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end], &Limits::default()).is_err(), "{end}");
    }
}

#[test]
fn every_flipped_byte_ends_without_a_panic() {
    let bytes = docx(&[("word/document.xml", &document("<w:p><w:r><w:t>body</w:t></w:r></w:p>"))]);
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0xFF;
        let _ = read(&broken, &Limits::default());
    }
}
