//! A document as a word processor's file (ECMA-376): the smallest package that opens.
//!
//! What must always hold: the paragraphs are the lines of the text; no time of writing stands in the package.
//!
//! What it refuses to know: styles and fonts.

use crate::out::OutError;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
const BEGIN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>";

/// The package's bytes.
pub(super) fn file(text: &str) -> Result<Vec<u8>, OutError> {
    let mut body = String::with_capacity(text.len() * 2 + 512);
    body.push_str(BEGIN);
    for line in text.trim_end().split('\n') {
        body.push_str("<w:p><w:r><w:t xml:space=\"preserve\">");
        for letter in line.chars() {
            match letter {
                '&' => body.push_str("&amp;"),
                '<' => body.push_str("&lt;"),
                '>' => body.push_str("&gt;"),
                _ => body.push(letter),
            }
        }
        body.push_str("</w:t></w:r></w:p>");
    }
    body.push_str("<w:sectPr/></w:body></w:document>");
    pack(&body).map_err(OutError::new)
}

fn pack(body: &str) -> zip::result::ZipResult<Vec<u8>> {
    let plain = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    // The fastest level: these files are many and small.
    let packed = plain.compression_method(CompressionMethod::Deflated).compression_level(Some(1));
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(4_096)));
    for (name, part, options) in
        [("[Content_Types].xml", TYPES, plain), ("_rels/.rels", RELATIONS, plain), ("word/document.xml", body, packed)]
    {
        zip.start_file(name, options)?;
        zip.write_all(part.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
