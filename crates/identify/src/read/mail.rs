//! E-mail (RFC 5322, 2045 to 2047) and mailboxes of several: headers, bodies, attachments.
//!
//! Headers and what stands between the parts are one text; each part of a mail is read as what it is, whatever its
//! header calls it, with its transfer encoding taken off.
//!
//! What must always hold: every byte is read, what is around the parts too; parts are nested so far as the limits
//! allow, and beyond it read as plain text.
//!
//! What it refuses to know: signatures and what a client would show.

use super::escape::Escape;
use super::layer::{Codec, Layer};
use super::weave::Weaver;
use super::{Opaque, Place, Reading, read_bytes, transfer};
use std::ops::Range;
use std::sync::Arc;

/// Parts within parts.
const NESTED_MAX: usize = 16;
/// The longest value of a header that is kept to be understood, in bytes.
const HEADER_BYTES_MAX: usize = 2_048;

/// What the headers of a part say of its body.
#[derive(Debug, Default)]
struct Says {
    boundary: Option<String>,
    base64: bool,
    quoted_printable: bool,
    file_name: Option<String>,
}

/// A body that is read after the text around it.
struct Body {
    range: Range<usize>,
    says: Says,
    record: u32,
}

struct Mails<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    bodies: Vec<Body>,
}

/// Reads a mail, or a mailbox.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    if place.depth > NESTED_MAX {
        return reading.opaque(place.name.clone(), Opaque::TooDeep);
    }
    let mut mails = Mails { weaver: Weaver::new(reading, place), text, bodies: Vec::new() };
    let mut at = 0;
    while at < text.len() {
        let end = next_mail(text, at);
        mails.weaver.record = mails.weaver.record.saturating_add(1);
        mails.entity(at..end, 0);
        at = end;
    }
    let bodies = std::mem::take(&mut mails.bodies);
    mails.weaver.finish();
    for (number, body) in bodies.into_iter().enumerate() {
        reading.records = reading.records.max(body.record);
        read_body(reading, text, body, number + 1, place);
    }
}

/// Where the next mail of a mailbox begins: `From ` behind an empty line.
fn next_mail(text: &str, at: usize) -> usize {
    if !text[at..].starts_with("From ") {
        return text.len();
    }
    let rest = &text.as_bytes()[at..];
    // Once, whatever ends the lines: looking for one kind to the end of the box and then for the other would be asked at each mail.
    let begins = |(far, here): &(usize, &[u8])| {
        let before = &rest[..*far];
        *here == b"\nFrom " && (before.ends_with(b"\n") || before.ends_with(b"\r\n\r"))
    };
    let found = rest.windows(6).enumerate().find(begins).map(|(far, _)| far + 1);
    found.map_or(text.len(), |far| at + far)
}

/// Lines from a place on: each with its end.
fn line_end(text: &str, at: usize, end: usize) -> usize {
    text.as_bytes()[at..end].iter().position(|byte| *byte == b'\n').map_or(end, |far| at + far + 1)
}

impl Mails<'_, '_, '_> {
    /// Reads headers, then the body or its parts.
    fn entity(&mut self, range: Range<usize>, depth: usize) {
        let (body, says) = self.headers(range.clone());
        self.weaver.rest();
        match &says.boundary {
            Some(boundary) if depth < NESTED_MAX => self.parts(body..range.end, boundary, depth),
            _ if body < range.end => {
                let record = self.weaver.record;
                self.bodies.push(Body { range: body..range.end, says, record });
            }
            _ => {}
        }
    }

    /// Reads headers; says where the body begins.
    fn headers(&mut self, range: Range<usize>) -> (usize, Says) {
        let mut says = Says::default();
        let mut at = range.start;
        let mut value = String::new();
        while at < range.end {
            let end = line_end(self.text, at, range.end);
            let line = &self.text[at..end];
            self.words(at..end);
            let is_empty = line.trim_end_matches(['\r', '\n']).is_empty();
            let continues = line.starts_with([' ', '\t']);
            if !continues {
                says.take(&value);
                value.clear();
            }
            if value.len() + line.len() <= HEADER_BYTES_MAX {
                value.push_str(line.trim_end_matches(['\r', '\n']));
            }
            at = end;
            if is_empty {
                break;
            }
        }
        says.take(&value);
        (at, says)
    }

    /// A line of a header, with its encoded words as what they say.
    fn words(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while let Some(far) = self.text[at..range.end].find("=?") {
            let start = at + far;
            let Some((end, said)) = encoded_word(&self.text[start..range.end]) else {
                self.weaver.copy(self.text, at..start + 2, Escape::MailWord);
                at = start + 2;
                continue;
            };
            self.weaver.copy(self.text, at..start, Escape::MailWord);
            self.weaver.atom(&said, start..start + end, Escape::MailWord);
            at = start + end;
        }
        self.weaver.copy(self.text, at..range.end, Escape::MailWord);
    }

    /// Reads what stands between boundaries.
    fn parts(&mut self, range: Range<usize>, boundary: &str, depth: usize) {
        let mut at = range.start;
        let mut start: Option<usize> = None;
        while at < range.end {
            let end = line_end(self.text, at, range.end);
            let line = self.text[at..end].trim_end();
            let rest = line.strip_prefix("--").and_then(|rest| rest.strip_prefix(boundary));
            if let Some(rest @ ("" | "--")) = rest {
                if let Some(start) = start {
                    self.entity(start..at, depth + 1);
                }
                self.weaver.copy(self.text, at..end, Escape::Plain);
                start = (rest != "--").then_some(end);
            } else if start.is_none() {
                // Before the first part, or behind the last.
                self.weaver.copy(self.text, at..end, Escape::Plain);
            }
            at = end;
        }
        if let Some(start) = start {
            self.entity(start..range.end, depth + 1);
        }
    }
}

impl Says {
    fn take(&mut self, header: &str) {
        let Some((name, value)) = header.split_once(':') else { return };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => {
                if value.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/")) {
                    self.boundary = parameter(value, "boundary");
                }
                self.file_name = self.file_name.take().or_else(|| parameter(value, "name"));
            }
            "content-transfer-encoding" => {
                let value = value.trim().to_ascii_lowercase();
                self.base64 = value == "base64";
                self.quoted_printable = value == "quoted-printable";
            }
            "content-disposition" => {
                self.file_name = parameter(value, "filename").or_else(|| self.file_name.take());
            }
            _ => {}
        }
    }
}

/// A parameter of a header, without its quotes.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|one| {
        let (key, value) = one.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then(|| value.to_owned())
    })
}

/// `=?charset?B?…?=` at the beginning of a text: how long it is, and what it says.
fn encoded_word(text: &str) -> Option<(usize, String)> {
    // RFC 2047, 2: at most 75 letters; writers were seen to make longer ones.
    let near = &text[..text.floor_char_boundary(1_024)];
    let mut pieces = near.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let end = rest.find("?=")?;
    let body = &rest[..end];
    let bytes = match encoding {
        "B" | "b" => transfer::base64(body.as_bytes()).0,
        "Q" | "q" => transfer::quoted_printable(body.replace('_', " ").as_bytes()).0,
        _ => return None,
    };
    let said = match String::from_utf8(bytes) {
        Ok(said) => said,
        Err(error) => error.into_bytes().iter().map(|byte| super::letters::windows_1252(*byte)).collect(),
    };
    Some((2 + charset.len() + 1 + encoding.len() + 1 + end + 2, said))
}

fn read_body(reading: &mut Reading<'_>, text: &str, body: Body, number: usize, place: &Place) {
    let bytes = &text.as_bytes()[body.range.clone()];
    let start = body.range.start;
    let name = match &body.says.file_name {
        Some(name) => format!("part {number}: {name}"),
        None => format!("part {number}"),
    };
    let hint = body.says.file_name.as_deref().unwrap_or_default();
    let coded = if body.says.base64 {
        Some((Codec::Base64, transfer::base64(bytes)))
    } else if body.says.quoted_printable {
        Some((Codec::QuotedPrintable, transfer::quoted_printable(bytes)))
    } else {
        None
    };
    let Some((codec, (inside, map))) = coded else {
        let layer = Layer::slice(body.range.clone(), place.layer.clone());
        read_bytes(reading, bytes, hint, &place.inner(&name, Arc::new(layer)));
        return;
    };
    let layer = Layer {
        codec,
        range: body.range.clone(),
        map: Some(transfer::shifted(map, start)),
        under: place.layer.clone(),
        inside_bytes_max: inside.len(),
    };
    read_bytes(reading, &inside, hint, &place.inner(&name, Arc::new(layer)));
}
