//! JSON, and many values of it one after the other.
//!
//! The text has a line for each value, with its key before it. Keys come as often as they are written, numbers as they
//! are written. Where resources of FHIR stand, [`super::fhir`] says what values mean, else the keys do.
//!
//! What must always hold: one pass without recursion; what is no JSON is read as plain text from there on (for values
//! on lines of their own: to the end of the line) and is said to be damaged.
//!
//! What it refuses to know: numbers as numbers.

use super::encoded::{self, Encoded};
use super::escape::Escape;
use super::fhir::{self, Kind};
use super::fhir_levels::Levels;
use super::map::{How, OffsetMap};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who, hl7, meaning_of_label, tags, transfer};
use std::ops::Range;

/// Within so many bytes a message of HL7 version 2 has begun.
const MESSAGE_HEAD_BYTES: usize = 24;
/// After so many damaged lines the rest is read as plain text.
const DAMAGED_MAX: usize = 100;

/// Reads values of JSON.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let many = super::detect::is_many(text);
    let mut values = Values {
        weaver: Weaver::new(reading, place),
        text,
        at: 0,
        stack: Vec::new(),
        levels: Levels::default(),
        packed: Vec::new(),
        many,
        damaged: 0,
    };
    values.all();
    let packed = std::mem::take(&mut values.packed);
    values.weaver.finish();
    encoded::read_all(reading, text, packed, place);
}

/// An object or an array that is open.
pub(super) struct Frame {
    is_object: bool,
    /// The key that is being read.
    key: Range<usize>,
    pub(super) kind: Kind,
}

struct Values<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    at: usize,
    stack: Vec<Frame>,
    levels: Levels<'t>,
    /// What stands in other letters, each with the record that it stands in.
    packed: Vec<(Encoded, u32)>,
    many: bool,
    damaged: usize,
}

/// What is no JSON.
struct Damaged;

impl<'t> Values<'t, '_, '_> {
    fn all(&mut self) {
        loop {
            self.skip_space();
            if self.at >= self.text.len() && self.stack.is_empty() {
                return;
            }
            if self.stack.is_empty() {
                self.weaver.rest();
            }
            if self.step().is_err() {
                let at = self.at.min(self.text.len());
                self.weaver.opaque(Opaque::Damaged(at as u64));
                self.damaged += 1;
                let line = self.text.as_bytes()[at..].iter().position(|byte| *byte == b'\n');
                let end = match line {
                    Some(far) if self.many && self.damaged < DAMAGED_MAX => at + far + 1,
                    _ => self.text.len(),
                };
                self.stack.clear();
                self.levels = Levels::default();
                let start = self.text.floor_char_boundary(at);
                self.weaver.copy(self.text, start..end, Escape::Plain);
                self.at = end;
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1E)).count();
    }

    /// Reads one key with its value, one element, or one end.
    fn step(&mut self) -> Result<(), Damaged> {
        let Some(frame) = self.stack.last() else { return self.value() };
        // In a resource the names of elements are the standard's, and nobody's.
        let (is_object, in_resource) = (frame.is_object, frame.kind != Kind::Plain);
        let byte = self.byte().ok_or(Damaged)?;
        if byte == b',' {
            self.at += 1;
            self.skip_space();
        }
        let byte = self.byte().ok_or(Damaged)?;
        if byte == if is_object { b'}' } else { b']' } {
            self.close();
            return Ok(());
        }
        if !is_object {
            return self.value();
        }
        if byte != b'"' {
            return Err(Damaged);
        }
        let key = self.quoted().ok_or(Damaged)?;
        let is_element = in_resource && fhir::is_element(&self.text[key.clone()]);
        if is_element {
            self.weaver.begin(Meaning::CODE, NO_COLUMN);
        }
        self.string(key.clone());
        if is_element {
            self.weaver.end();
        }
        let colon = self.at;
        self.skip_space();
        if self.byte() != Some(b':') {
            self.weaver.gap("\n", self.at..self.at);
            return Err(Damaged);
        }
        self.at += 1;
        self.skip_space();
        let opens = matches!(self.byte(), Some(b'{' | b'['));
        self.weaver.gap(if opens { ":\n" } else { ": " }, colon..self.at);
        if let Some(frame) = self.stack.last_mut() {
            frame.key = key;
        }
        self.value()
    }

    fn close(&mut self) {
        self.at += 1;
        self.stack.pop();
        self.levels.close(&mut self.weaver);
        self.weaver.rest_late();
    }

    fn value(&mut self) -> Result<(), Damaged> {
        match self.byte().ok_or(Damaged)? {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'"' => {
                let inside = self.quoted().ok_or(Damaged)?;
                self.leaf(inside, true);
                Ok(())
            }
            b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let rest = &self.text.as_bytes()[self.at..];
                let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let start = self.at;
                self.at += rest.iter().position(|byte| !is_bare(byte)).unwrap_or(rest.len());
                self.leaf(start..self.at, false);
                Ok(())
            }
            _ => Err(Damaged),
        }
    }

    fn open(&mut self, is_object: bool) -> Result<(), Damaged> {
        if self.stack.len() >= self.weaver.reading.limits.depth_max {
            return Err(Damaged);
        }
        let depth = self.stack.len();
        let parent = self.stack.last();
        let key = self.key();
        let mut kind = parent.map_or(Kind::Plain, |parent| {
            fhir::child(&parent.kind, self.text.get(key.clone()).unwrap_or_default(), parent.is_object)
        });
        let may_be_resource = depth == 0 || kind == Kind::MayBeResource || depth <= 2 && kind == Kind::Plain;
        if is_object && may_be_resource {
            if let Some(found) = fhir::resource_type(self.text, self.at) {
                kind = found;
            } else if kind == Kind::MayBeResource {
                kind = Kind::Plain;
            }
        }
        // A resource is a record, a bundle is many; so is each value of a list or of a line.
        let in_list = depth == 0 || depth == 1 && parent.is_some_and(|parent| !parent.is_object);
        let contained = self.stack.iter().any(|frame| frame.kind.is_record());
        if is_object && (kind.is_record() || in_list && kind == Kind::Plain) && !contained {
            self.weaver.record = self.weaver.record.saturating_add(1);
            self.weaver.rest();
        }
        self.at += 1;
        self.levels.open(kind, self.text.get(key.clone()).unwrap_or_default());
        self.stack.push(Frame { is_object, key: if is_object { 0..0 } else { key }, kind });
        Ok(())
    }

    /// The key under which the next value stands; in a list, that of the list.
    fn key(&self) -> Range<usize> {
        self.stack.last().map_or(0..0, |frame| frame.key.clone())
    }

    /// What lies between two quotes.
    fn quoted(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            at += bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Some(start..at);
            }
            at += 2;
            if at > bytes.len() {
                return None;
            }
        }
    }

    fn leaf(&mut self, range: Range<usize>, is_string: bool) {
        let raw = &self.text[range.clone()];
        let key = self.key();
        let key = self.text.get(key).unwrap_or_default();
        let kind = self.stack.last().map_or(Kind::Plain, |frame| frame.kind);
        if is_string && (kind.is_div(key) || raw.starts_with("<div") && raw.ends_with("</div>")) {
            return self.markup(range);
        }
        if is_string && may_be_message(raw) && self.message(range.clone()) {
            return;
        }
        let said = kind.is_packed(key) && raw.len() >= 8 && transfer::is_base64(raw);
        let found =
            if said { Some(Encoded::base64(range.clone())) } else { encoded::in_value(self.text, range.clone()) };
        if let Some(found) = found.filter(|_| is_string) {
            self.weaver.gap("[...]\n", found.range.clone());
            self.packed.push((found, self.weaver.record));
            return;
        }
        let meaning = match kind {
            // Logs of the export of resources have their moments, too.
            Kind::Plain if self.many && fhir::is_moment(&kind, key, raw) => Meaning::of(What::Moment, Who::Unknown),
            Kind::Plain => meaning_of_label(key),
            _ => fhir::meaning(&kind, key, raw),
        };
        if meaning != Meaning::UNKNOWN {
            self.weaver.begin(meaning, NO_COLUMN);
        }
        if is_string {
            self.string(range.clone());
        } else {
            self.weaver.copy(self.text, range.clone(), Escape::JsonBare);
        }
        let field = self.weaver.end();
        self.weaver.gap("\n", range.end..range.end);
        self.levels.leaf(0, key, raw, field);
        self.weaver.rest_late();
    }

    /// A string with its escapes undone.
    fn string(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while let Some((before, escape, letter)) = next_escape(self.text, at, range.end) {
            self.weaver.copy(self.text, at..before, Escape::JsonString);
            self.weaver.atom(letter.encode_utf8(&mut [0; 4]), before..escape, Escape::JsonString);
            at = escape;
        }
        self.weaver.copy(self.text, at..range.end, Escape::JsonString);
    }

    /// What a string says, and where each letter of it stands.
    fn decoded(&self, range: Range<usize>) -> (String, OffsetMap) {
        let mut map = OffsetMap::default();
        let mut plain = String::with_capacity(range.len());
        let mut at = range.start;
        while let Some((before, escape, letter)) = next_escape(self.text, at, range.end) {
            plain.push_str(&self.text[at..before]);
            map.push(before - at, at..before, How::Same, Escape::JsonString);
            plain.push(letter);
            map.push(letter.len_utf8(), before..escape, How::Atom, Escape::JsonString);
            at = escape;
        }
        plain.push_str(&self.text[at..range.end]);
        map.push(range.end - at, at..range.end, How::Same, Escape::JsonString);
        (plain, map)
    }

    /// A string that is a message of HL7 version 2; says whether it was one.
    fn message(&mut self, range: Range<usize>) -> bool {
        let (plain, map) = self.decoded(range.clone());
        if !crate::looks_like_hl7(plain.as_bytes()) {
            return false;
        }
        self.weaver.lens = Some(map);
        let packed = hl7::read_into(&mut self.weaver, &plain, hl7::Where::Value);
        let Some(map) = self.weaver.lens.take() else { return true };
        for (inside, record) in packed {
            let source = map.here(inside.range.clone());
            if self.text.get(source.clone()) == plain.get(inside.range.clone()) {
                self.packed.push((Encoded { range: source, ..inside }, record));
            } else {
                // A document that is itself written with escapes.
                self.weaver.opaque(Opaque::UnknownBinary);
            }
        }
        self.weaver.gap("\n", range.end..range.end);
        true
    }

    /// A string that is markup.
    fn markup(&mut self, range: Range<usize>) {
        let (plain, map) = self.decoded(range.clone());
        self.weaver.lens = Some(map);
        tags::html_into(&mut self.weaver, &plain);
        self.weaver.lens = None;
        if !self.weaver.at_line_start() {
            self.weaver.gap("\n", range.end..range.end);
        }
    }
}

/// May a string, as it is written, be a message: it begins with a header, behind line ends and a frame at most.
fn may_be_message(raw: &str) -> bool {
    let head = &raw.as_bytes()[..raw.len().min(MESSAGE_HEAD_BYTES)];
    head.windows(3).any(|three| matches!(three, b"MSH" | b"FHS" | b"BHS"))
}

/// The next escape of a string: where it begins, where it ends, what it says.
fn next_escape(text: &str, from: usize, end: usize) -> Option<(usize, usize, char)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes[at..end].iter().position(|byte| *byte == b'\\')?;
        let letter = match bytes.get(at + 1).filter(|_| at + 1 < end)? {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            sign @ (b'"' | b'\\' | b'/') => char::from(*sign),
            b'u' => {
                if let Some((letter, long)) = by_number(&bytes[at..end]) {
                    return Some((at, at + long, letter));
                }
                at += 2;
                continue;
            }
            _ => {
                // No escape of JSON; it stays as it stands, but for a letter of several bytes nothing is skipped.
                at += 1;
                continue;
            }
        };
        return Some((at, at + 2, letter));
    }
}

/// `\u1234`, or two of them that are one letter.
fn by_number(escape: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6).filter(|six| six.starts_with(b"\\u"))?;
        digits[2..].iter().try_fold(0_u32, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 6));
    }
    let pair = unit(6).filter(|second| (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(second));
    Some(match pair {
        Some(second) => {
            let number = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        None => (char::REPLACEMENT_CHARACTER, 6),
    })
}
