//! What a file is, by its content; its name is asked only where the content leaves it open.
//!
//! What must always hold: it looks at the beginning of the bytes only; whatever is not recognised is plain text, if it
//! is text, and says that it is not, if it is not.
//!
//! What it refuses to know: whether a file may be taken (that is [`crate::sniff`]'s).

use super::Opaque;
use super::{delimited, letters};
use crate::{Audio, Kind, Refused};

/// How much of the beginning is looked at, in bytes.
const HEAD_BYTES: usize = 64 << 10;
/// Of a hundred characters of a text, so many may be control characters.
const CONTROLS_PERCENT_MAX: usize = 10;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// No bytes.
    #[default]
    Empty,
    /// Plain text.
    Text,
    /// A table of lines and delimiters: CSV, TSV, pipes.
    Delimited,
    /// HL7 version 2.
    Hl7,
    /// One value of JSON.
    Json,
    /// A resource of FHIR in JSON, or a bundle of them.
    Fhir,
    /// A value of JSON on each line.
    NdJson,
    /// XML.
    Xml,
    /// A clinical document (CDA, C-CDA).
    Cda,
    /// A web page.
    Html,
    /// An e-mail, or a mailbox of several.
    Mail,
    /// Rich Text.
    Rtf,
    /// Statements of SQL.
    Sql,
    /// A zip archive; DOCX and XLSX are such.
    Zip,
    /// One packed file.
    Gzip,
    /// A tar archive.
    Tar,
    /// PDF.
    Pdf,
    /// DICOM.
    Dicom,
    /// Bytes that are not read, and why.
    Binary(Opaque),
}

/// What the bytes are, if they are no characters.
pub(super) fn binary(bytes: &[u8]) -> Option<Format> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if head.is_empty() {
        return Some(Format::Empty);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK\x07\x08") {
        return Some(Format::Zip);
    }
    if head.starts_with(b"\x1F\x8B\x08") {
        return Some(Format::Gzip);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Format::Tar);
    }
    if head.starts_with(b"%PDF-") {
        return Some(Format::Pdf);
    }
    if head.get(128..132) == Some(b"DICM") {
        return Some(Format::Dicom);
    }
    if let Some(why) = known(head) {
        return Some(Format::Binary(why));
    }
    if is_wider(head) || is_ebcdic(head) {
        return Some(Format::Binary(Opaque::UnknownBinary));
    }
    if looks_like_text(head) || letters::wide(head).is_some() {
        None
    } else {
        Some(Format::Binary(Opaque::UnknownBinary))
    }
}

fn known(head: &[u8]) -> Option<Opaque> {
    const MORE: &[(&[u8], Opaque)] = &[
        (b"GIF8", Opaque::Image),
        (b"\0\0\x01\0", Opaque::Image),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Opaque::OldOffice),
        (b"SQLite format 3\0", Opaque::UnknownBinary),
        (b"-----BEGIN PGP MESSAGE", Opaque::Encrypted),
    ];
    if let Some((_, why)) = MORE.iter().find(|(begin, _)| head.starts_with(begin)) {
        return Some(*why);
    }
    let is_picture = head.starts_with(b"BM") && head.get(6..10) == Some(&[0; 4])
        || head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP")
        || head.get(4..12) == Some(b"ftypheic");
    if is_picture {
        return Some(Opaque::Image);
    }
    // Names say nothing here: what a file is called makes no recording of it. Nor does what a text is.
    match crate::sniff::signed(head)? {
        Kind::Scan(_) => Some(Opaque::Image),
        // An MP3 without a header is two bytes: with so little to go by, letters win.
        Kind::Audio(Audio::Mp3) if looks_like_text(head) => None,
        Kind::Audio(_) => Some(Opaque::Audio),
        Kind::Refused(Refused::Executable) if !looks_like_text(head) => Some(Opaque::Program),
        Kind::Refused(Refused::Archive) => Some(Opaque::Packing),
        Kind::Refused(Refused::Video) => Some(Opaque::Video),
        _ => None,
    }
}

/// UTF-32, which its mark tells; the first half of it is that of UTF-16.
fn is_wider(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xFE, 0, 0]) || head.starts_with(&[0, 0, 0xFE, 0xFF])
}

/// EBCDIC: letters and digits stand above ASCII there, and the blank where ASCII has the at-sign.
fn is_ebcdic(head: &[u8]) -> bool {
    let high = head.iter().filter(|byte| **byte >= 0x80 || **byte == 0x40).count();
    head.len() >= 16
        && !head.contains(&b' ')
        && head.contains(&0x40)
        && high * 10 >= head.len() * 8
        && std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some())
}

fn looks_like_text(head: &[u8]) -> bool {
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 0x0E..=0x1A | 0x1F | 0x7F);
    let controls = head.iter().filter(is_control).count();
    controls * 100 <= head.len() * CONTROLS_PERCENT_MAX || head.len() < 64 && controls * 2 <= head.len()
}

/// What a text is.
pub(super) fn text(text: &str, name: &str) -> Format {
    let head = &text[..text.floor_char_boundary(HEAD_BYTES)];
    let begin = head.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    if crate::looks_like_hl7(head.as_bytes()) {
        return Format::Hl7;
    }
    if begin.starts_with("{\\rtf") {
        return Format::Rtf;
    }
    if begin.starts_with('<')
        && let Some(format) = markup(begin)
    {
        return format;
    }
    if let Some(format) = json(begin, text) {
        return format;
    }
    if is_mail(begin, &extension) {
        return Format::Mail;
    }
    if extension == "sql" || is_sql(head) {
        return Format::Sql;
    }
    let hint = matches!(extension.as_str(), "csv" | "tsv" | "psv" | "tab");
    if delimited::dialect_of(text, hint).is_some() { Format::Delimited } else { Format::Text }
}

fn markup(begin: &str) -> Option<Format> {
    let has = |what: &str| {
        let near = &begin[..begin.floor_char_boundary(4_096)];
        near.as_bytes().windows(what.len()).any(|window| window.eq_ignore_ascii_case(what.as_bytes()))
    };
    if begin.starts_with("<?xml") || has("xmlns=") || has("xmlns:") {
        let is_page = has("<html") && !has("<ClinicalDocument");
        return Some(if has("ClinicalDocument") {
            Format::Cda
        } else if is_page {
            Format::Html
        } else {
            Format::Xml
        });
    }
    const PAGE: &[&str] =
        &["<!doctype html", "<html", "<head", "<body", "<table", "<div", "<p>", "<span", "<br", "<h1"];
    if PAGE.iter().any(|tag| begin.get(..tag.len()).is_some_and(|here| here.eq_ignore_ascii_case(tag))) {
        return Some(Format::Html);
    }
    let mut rest = begin[1..].chars();
    let first = rest.next()?;
    let closes = has("</") || has("/>") || has("?>") || has("-->");
    ((first.is_alphabetic() || matches!(first, '_' | '!' | '?')) && closes).then_some(Format::Xml)
}

/// JSON begins with a bracket and goes on as JSON does.
fn json(begin: &str, text: &str) -> Option<Format> {
    let after = begin.strip_prefix(['{', '['])?.trim_start();
    let object = begin.starts_with('{');
    let goes_on = match after.bytes().next() {
        None => begin.len() > 1 || text.trim() == begin,
        Some(b'"') => true,
        Some(b'}') => object,
        // `[{1234}]` is a section of a settings file.
        Some(b'{') if !object => matches!(after[1..].trim_start().bytes().next(), None | Some(b'"' | b'}')),
        Some(byte) => !object && matches!(byte, b'[' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'),
    };
    if !goes_on {
        return None;
    }
    let many = object && first_line_is_whole(text);
    Some(if many {
        Format::NdJson
    } else if begin[..begin.floor_char_boundary(4_096)].contains("\"resourceType\"") {
        Format::Fhir
    } else {
        Format::Json
    })
}

/// Does the text hold a value on each line.
pub(super) fn is_many(text: &str) -> bool {
    text.trim_start().starts_with('{') && first_line_is_whole(text)
}

/// Does a second value begin on the second line.
fn first_line_is_whole(text: &str) -> bool {
    let mut lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    first.ends_with('}') && second.starts_with('{')
}

/// Headers by which a mail is known.
const MAIL_HEADERS: &[&str] = &[
    "from",
    "to",
    "subject",
    "date",
    "received",
    "return-path",
    "mime-version",
    "message-id",
    "delivered-to",
    "cc",
    "content-type",
    "reply-to",
    "x-mailer",
    "dkim-signature",
    "sender",
];

fn is_mail(begin: &str, extension: &str) -> bool {
    let mut known = 0;
    let mut strong = matches!(extension, "eml" | "mbox");
    for (at, line) in begin.lines().take(60).enumerate() {
        if at == 0 && line.starts_with("From ") {
            strong = true;
            continue;
        }
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        let name = name.to_ascii_lowercase();
        known += usize::from(MAIL_HEADERS.contains(&name.as_str()));
        strong |= matches!(name.as_str(), "received" | "mime-version" | "message-id" | "return-path");
    }
    // A letter may begin with From, To and Subject too; a mail says more.
    known >= 2 && strong
}

fn is_sql(head: &str) -> bool {
    head.lines().any(|line| {
        let line = line.trim_start().as_bytes();
        if !matches!(line.first(), Some(b'i' | b'I' | b'c' | b'C' | b'd' | b'D')) {
            return false;
        }
        let begins = |words: &[u8]| line.get(..words.len()).is_some_and(|here| here.eq_ignore_ascii_case(words));
        begins(b"insert into ")
            || begins(b"create table ")
            || begins(b"drop table if exists")
            || begins(b"copy ") && line.windows(11).any(|window| window.eq_ignore_ascii_case(b" from stdin"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Format, Opaque, binary, text};

    #[test]
    fn every_format_is_known_by_its_content() {
        let cases = [
            ("MSH|^~\\&|A", Format::Hl7),
            ("{\\rtf1 x}", Format::Rtf),
            ("<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'/>", Format::Cda),
            ("<a><b>x</b></a>", Format::Xml),
            ("<!DOCTYPE html><p>x", Format::Html),
            ("{\"resourceType\":\"Patient\"}", Format::Fhir),
            ("{\"a\":1}\n{\"a\":2}\n", Format::NdJson),
            ("[1,2]", Format::Json),
            ("[Name] was seen {today}", Format::Text),
            ("{Name} was seen", Format::Text),
            ("Received: by x\nFrom: a@b\nTo: c@d\n\nhello", Format::Mail),
            ("From: Dr. Lee\nTo: Dr. Ray\nSubject: a letter\n\nhello", Format::Text),
            ("-- dump\nINSERT INTO a VALUES (1);", Format::Sql),
            ("a,b,c\n1,2,3\n4,5,6\n", Format::Delimited),
            ("Dear Dr. Lee,\nI saw your patient, who is well.\nYours, Ray\n", Format::Text),
            ("<5 mg was given", Format::Text),
        ];
        for (content, format) in cases {
            assert_eq!(text(content, "x"), format, "{content}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_say_what_they_are() {
        assert_eq!(binary(b""), Some(Format::Empty));
        assert_eq!(binary(b"PK\x03\x04..."), Some(Format::Zip));
        assert_eq!(binary(b"\x89PNG\r\n\x1a\n"), Some(Format::Binary(Opaque::Image)));
        assert_eq!(binary(&[1; 100]), Some(Format::Binary(Opaque::UnknownBinary)));
        assert_eq!(binary(b"plain text"), None);
        assert_eq!(binary(b"\xFF\xFEa\0"), None);
    }
}
