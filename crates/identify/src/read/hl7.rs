//! HL7 version 2: messages, batches and their frames, with the place of each value.
//!
//! The text is the file as it stands, with escapes undone; a value is what lies between two separators. Damaged
//! messages (no separators, lines that are no segments) are read as plain text, not refused.
//!
//! Messages that stand in a value of another format are read in the same way.
//!
//! What must always hold: one pass, one segment after the other; `""` is a value and stays one.
//!
//! What it refuses to know: what the fields mean (that is [`super::hl7_meaning`]'s).

use super::encoded::{self, Encoded};
use super::escape::{Escape, Signs};
use super::hl7_meaning::{Kind, Leaf, Segment, meaning_of};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who, transfer};
use std::ops::Range;

/// The longest escape that is looked for, bytes between its signs.
const ESCAPE_BYTES_MAX: usize = 1_024;

/// How much of what follows a value is asked what the value is (the type of a number, of an address), in bytes.
const NEAR_BYTES: usize = 256;

/// Reads a file of messages.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut weaver = Weaver::new(reading, place);
    let packed = read_into(&mut weaver, text, Where::File);
    weaver.finish();
    encoded::read_all(reading, text, packed, place);
}

/// Where messages stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In a file, each one a record.
    File,
    /// In a value of another format, and of its record; the weaver's lens says how the value is written.
    Value,
}

/// Reads messages; what it returns are documents as base64, each with its record.
pub(super) fn read_into(weaver: &mut Weaver<'_, '_>, text: &str, stands: Where) -> Vec<(Encoded, u32)> {
    let mut messages = Messages { weaver, text, signs: None, packed: Vec::new(), stands };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|byte| ends_line(*byte)).map_or(bytes.len(), |far| at + far);
        if at < end {
            messages.line(at..end);
        }
        let next = bytes[end..].iter().position(|byte| !ends_line(*byte)).map_or(bytes.len(), |far| end + far);
        // In a string of JSON a line's end is an escape, which may be taken for a letter of what stands beside it.
        let escape = if stands == Where::File { messages.escape() } else { Escape::Fixed };
        messages.weaver.copy(text, end..next, escape);
        at = next;
    }
    messages.packed
}

const fn ends_line(byte: u8) -> bool {
    // MLLP's frame is around messages as line ends are around segments.
    matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C)
}

struct Messages<'w, 't, 'r, 'a> {
    weaver: &'w mut Weaver<'r, 'a>,
    text: &'t str,
    stands: Where,
    signs: Option<Signs>,
    /// Documents as base64 (type ED), each with the record that it stands in.
    packed: Vec<(Encoded, u32)>,
}

impl Messages<'_, '_, '_, '_> {
    fn escape(&self) -> Escape {
        self.signs.map_or(Escape::Plain, Escape::Hl7)
    }

    fn line(&mut self, line: Range<usize>) {
        let bytes = &self.text.as_bytes()[line.clone()];
        let name = bytes.get(..3).filter(|name| {
            name[0].is_ascii_uppercase() && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        });
        let heads = matches!(name, Some(b"MSH" | b"FHS" | b"BHS"));
        if heads {
            self.signs = signs_of(&bytes[3..]);
        }
        if name == Some(b"MSH") {
            self.weaver.rest();
            if self.stands == Where::File {
                self.weaver.record = self.weaver.record.saturating_add(1);
            }
        }
        let Some(signs) = self.signs else {
            self.weaver.copy(self.text, line, Escape::Plain);
            return;
        };
        let Some(name) = name.filter(|_| bytes.get(3).is_none_or(|byte| *byte == signs.field)) else {
            // The second line of a field that a sender broke.
            self.leaf(line, signs, Meaning::FREE_TEXT);
            return;
        };
        let segment = Segment::of([name[0], name[1], name[2]], &self.text[line.clone()], signs);
        let mut number = usize::from(heads);
        let mut at = line.start + 3;
        // What kind of segment it is names nobody, whatever it looks like.
        self.weaver.begin(Meaning::of(What::Code, Who::Unknown), NO_COLUMN);
        self.weaver.copy(self.text, line.start..at, Escape::Hl7(signs));
        self.weaver.end();
        while at < line.end {
            // Here stands the separator before a field.
            self.weaver.copy(self.text, at..at + 1, Escape::Hl7(signs));
            number += 1;
            let rest = &self.text.as_bytes()[at + 1..line.end];
            let end = rest.iter().position(|byte| *byte == signs.field).map_or(line.end, |far| at + 1 + far);
            if heads && number == 2 {
                // The separators themselves.
                self.weaver.copy(self.text, at + 1..end, Escape::Fixed);
            } else if end > at + 1 {
                self.field(at + 1..end, signs, &segment, number);
            }
            self.weaver.rest_late();
            at = end;
        }
    }

    fn field(&mut self, range: Range<usize>, signs: Signs, segment: &Segment, number: usize) {
        let bytes = self.text.as_bytes();
        let words = segment.has_words(number);
        let (mut component, mut sub_component) = (1_usize, 1_usize);
        let mut start = range.start;
        let mut packs = false;
        let mut kind = self.kind(&range, range.start, signs, segment, number);
        let is_guess = segment.is_guess(number);
        // A separator behind the last value ends it.
        let letters = bytes[range.clone()].iter().copied().chain([signs.field]);
        for (at, byte) in (range.start..).zip(letters) {
            let divides = at == range.end
                || byte == signs.repetition && byte != 0
                || byte == signs.component
                || byte == signs.sub_component && byte != 0 && !words;
            if !divides {
                continue;
            }
            let leaf = Leaf { component, sub_component };
            let rest = &self.text[start..range.end];
            let near = &rest[..rest.floor_char_boundary(NEAR_BYTES)];
            let near = near.split(char::from(signs.repetition)).next().unwrap_or_default();
            let meaning = kind.map_or(Meaning::UNKNOWN, |kind| meaning_of(kind, leaf, near, signs));
            // What only looks like a kind of thing may hold anything beside it.
            let is_code = is_guess && meaning.what == What::Code;
            let meaning = if is_code { Meaning::UNKNOWN } else { meaning };
            if packs && at > start {
                self.document(start..at, signs);
            } else {
                self.leaf(start..at, signs, meaning);
            }
            // The fourth component of type ED says how the fifth is written.
            packs = byte == signs.component && self.text[start..at].eq_ignore_ascii_case("base64");
            if at < range.end {
                self.weaver.copy(self.text, at..at + 1, Escape::Hl7(signs));
            }
            start = at + 1;
            if byte == signs.repetition {
                (component, sub_component) = (1, 1);
                kind = self.kind(&range, start, signs, segment, number);
            } else if byte == signs.component {
                (component, sub_component) = (component + 1, 1);
            } else {
                sub_component += 1;
            }
        }
    }

    /// A document as base64; what says that it is some and is none is said to be unread.
    fn document(&mut self, range: Range<usize>, signs: Signs) {
        if transfer::is_base64(&self.text[range.clone()]) {
            self.packed.push((Encoded::base64(range.clone()), self.weaver.record));
            self.weaver.gap("[...]", range);
        } else {
            self.weaver.opaque(Opaque::UnknownBinary);
            self.leaf(range, signs, Meaning::UNKNOWN);
        }
    }

    /// What kind of thing the repetition that begins here is: by the tables, else by its form.
    fn kind(&self, field: &Range<usize>, start: usize, signs: Signs, segment: &Segment, number: usize) -> Option<Kind> {
        segment.kind(number).or_else(|| {
            let rest = &self.text[start.min(field.end)..field.end];
            let near = &rest[..rest.floor_char_boundary(NEAR_BYTES)];
            let repetition = near.split(char::from(signs.repetition)).next().unwrap_or_default();
            segment.guess(number, repetition, signs)
        })
    }

    /// A value that is not divided further, with its escapes undone. One of which nothing is known is a value too: it is
    /// read by itself, for what stands in the next field is no sentence with it.
    fn leaf(&mut self, range: Range<usize>, signs: Signs, meaning: Meaning) {
        let bytes = self.text.as_bytes();
        let escape = Escape::Hl7(signs);
        let deleted = &self.text[range.clone()] == "\"\"";
        if !deleted {
            self.weaver.begin(meaning, NO_COLUMN);
        }
        let mut at = range.start;
        while at < range.end {
            let sign = if signs.escape == 0 {
                None
            } else {
                bytes[at..range.end].iter().position(|byte| *byte == signs.escape)
            };
            let Some(sign) = sign.map(|far| at + far) else { break };
            let rest = &bytes[sign + 1..range.end.min(sign + 2 + ESCAPE_BYTES_MAX)];
            let inside = rest.iter().position(|byte| *byte == signs.escape).map(|far| sign + 1..sign + 1 + far);
            let said = inside.as_ref().and_then(|inside| said(&self.text[inside.clone()], &signs));
            match (inside, said) {
                (Some(inside), Some(said)) => {
                    self.weaver.copy(self.text, at..sign, escape);
                    // Highlighting and the like say nothing, and leave nothing in the text.
                    self.weaver.atom(&said, sign..inside.end + 1, escape);
                    at = inside.end + 1;
                }
                _ => {
                    self.weaver.copy(self.text, at..sign + 1, escape);
                    at = sign + 1;
                }
            }
        }
        self.weaver.copy(self.text, at..range.end, escape);
        self.weaver.end();
    }
}

/// `|^~\&` as it stands behind MSH.
fn signs_of(after_name: &[u8]) -> Option<Signs> {
    let (&field, rest) = after_name.split_first()?;
    let said = rest.split(|byte| *byte == field).next().unwrap_or_default();
    let is_sign = |byte: &u8| byte.is_ascii_punctuation() && *byte != b'"';
    let distinct = said.iter().enumerate().all(|(at, byte)| *byte != field && !said[..at].contains(byte));
    if said.is_empty() || said.len() > 5 || !distinct || !is_sign(&field) || !said.iter().all(is_sign) {
        return None;
    }
    let at = |place: usize| said.get(place).copied().unwrap_or(0);
    Some(Signs { field, component: at(0), repetition: at(1), escape: at(2), sub_component: at(3) })
}

/// What stands for an escape; `None` when it is none.
fn said(escape: &str, signs: &Signs) -> Option<String> {
    let one = |byte: u8| (byte != 0).then(|| char::from(byte).to_string());
    match escape {
        "F" => one(signs.field),
        "S" => one(signs.component),
        "T" => one(signs.sub_component),
        "R" => one(signs.repetition),
        "E" => one(signs.escape),
        "H" | "N" => Some(String::new()),
        _ => {
            if let Some(digits) = escape.strip_prefix('X') {
                return hexadecimal(digits);
            }
            let command = escape.strip_prefix('.')?;
            match command.get(..2)? {
                "br" | "ce" | "sp" => Some("\n".to_owned()),
                "sk" => Some(" ".to_owned()),
                "fi" | "nf" | "in" | "ti" => Some(String::new()),
                _ => None,
            }
        }
    }
}

fn hexadecimal(digits: &str) -> Option<String> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()).collect();
    let bytes = bytes?;
    Some(match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}
