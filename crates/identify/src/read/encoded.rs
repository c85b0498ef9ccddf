//! Files and words that stand in a value in other letters: `data:` addresses, base64, hexadecimal.
//!
//! Where nobody says that a value is encoded it is taken for that only when it decodes to words or to a file of a kind that is
//! known: no code and no key of anybody's does that by chance.
//!
//! What must always hold: a value that is no such thing stays a value and is searched as it stands; one look over it, whatever it is.
//!
//! What it refuses to know: where values stand, and what decoded bytes mean.

use super::layer::{Codec, Layer};
use super::{Opaque, Place, Reading, read_bytes, transfer};
use std::ops::Range;
use std::sync::Arc;

/// A text that looks like base64 and is so long is a file, whatever it decodes to, bytes.
const SURE_BYTES_MIN: usize = 512;
/// Fewer letters of base64, and digits of hexadecimal, may spell words by chance.
const BASE64_BYTES_MIN: usize = 16;
const HEX_BYTES_MIN: usize = 24;
/// How far behind `data:` the comma is looked for (RFC 2397).
const DATA_HEAD_BYTES_MAX: usize = 256;
/// How files begin that are told by their first bytes: PDF, zip, gzip, RTF, OLE, PNG, JPEG, GIF.
const FILES: &[&[u8]] = &[
    b"%PDF-",
    b"PK\x03\x04",
    b"\x1F\x8B\x08",
    b"{\\rtf",
    b"\xD0\xCF\x11\xE0",
    b"\x89PNG\r\n",
    b"\xFF\xD8\xFF",
    b"GIF8",
];

/// The letters of a value that stand for other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    /// Where they stand.
    pub(super) range: Range<usize>,
    pub(super) codec: Codec,
}

impl Encoded {
    /// Base64, as somebody says.
    pub(super) const fn base64(range: Range<usize>) -> Self {
        Self { range, codec: Codec::Base64 }
    }
}

/// What of a value, which stands here in a text, is encoded.
pub(super) fn in_value(text: &str, value: Range<usize>) -> Option<Encoded> {
    let raw = text.get(value.clone())?;
    if raw.len() < BASE64_BYTES_MIN || raw.as_bytes()[..8].contains(&b' ') {
        return None;
    }
    if let Some(far) = behind_data(raw) {
        return Some(Encoded::base64(value.start + far..value.end));
    }
    if let Some(far) = hex_digits(raw) {
        return Some(Encoded { range: value.start + far..value.end, codec: Codec::Hex });
    }
    // Some writers of JSON escape the slash.
    let unescaped;
    let bare = if raw.contains("\\/") {
        unescaped = raw.replace("\\/", "/");
        &unescaped
    } else {
        raw
    };
    let is_file = bare.len() >= SURE_BYTES_MIN && transfer::is_surely_base64(bare);
    let says = || transfer::is_base64(bare) && is_something(&transfer::base64(bare.as_bytes()).0);
    (is_file || says()).then(|| Encoded::base64(value))
}

/// Where the letters of `data:text/plain;base64,…` begin.
fn behind_data(raw: &str) -> Option<usize> {
    let head = raw.as_bytes().get(..5)?;
    if !head.eq_ignore_ascii_case(b"data:") {
        return None;
    }
    let comma = raw.bytes().take(DATA_HEAD_BYTES_MAX).position(|byte| byte == b',')?;
    let is_base64 = raw[..comma].to_ascii_lowercase().ends_with(";base64");
    (is_base64 && transfer::is_base64(&raw[comma + 1..])).then_some(comma + 1)
}

/// Where the digits begin of `\x4a6f…` (PostgreSQL's bytea, with its backslash doubled in COPY), `0x4a6f…` and `4a6f…`, if they
/// spell something.
fn hex_digits(raw: &str) -> Option<usize> {
    let heads = ["\\\\x", "\\x", "0x", "0X"];
    let head = heads.iter().find(|head| raw.starts_with(**head)).map_or(0, |head| head.len());
    let digits = raw.as_bytes().get(head..)?;
    let is_hex = digits.len() >= HEX_BYTES_MIN
        && digits.len().is_multiple_of(2)
        && digits.iter().all(u8::is_ascii_hexdigit)
        // Digits alone are a number of something.
        && (head > 0 || digits.iter().any(u8::is_ascii_alphabetic));
    (is_hex && is_something(&transfer::hex(digits).0)).then_some(head)
}

/// Are these bytes words in one of the usual charsets, or a file that is known.
fn is_something(bytes: &[u8]) -> bool {
    if FILES.iter().any(|file| bytes.starts_with(file)) {
        return true;
    }
    let is_said = |one: char| !one.is_control() || matches!(one, '\t' | '\n' | '\r');
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.chars().all(is_said);
    }
    // UTF-16 without a mark: each second byte is nothing.
    bytes.len().is_multiple_of(2) && (0..2).any(|first| bytes.iter().skip(first).step_by(2).all(|byte| *byte == 0))
}

/// Reads what values of a text stand for, each of them for the record that the value stands in.
pub(super) fn read_all(reading: &mut Reading<'_>, text: &str, all: Vec<(Encoded, u32)>, place: &Place) {
    for (number, (encoded, record)) in all.into_iter().enumerate() {
        reading.records = reading.records.max(record);
        read(reading, text, encoded, number, place);
    }
}

/// Reads what a value stands for.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, encoded: Encoded, number: usize, place: &Place) {
    if place.depth >= reading.limits.packed_depth_max {
        return reading.opaque(place.name.clone(), Opaque::TooDeep);
    }
    let Encoded { range, codec } = encoded;
    let letters = &text.as_bytes()[range.clone()];
    let (bytes, map) = if codec == Codec::Hex { transfer::hex(letters) } else { transfer::base64(letters) };
    let map = Some(transfer::shifted(map, range.start));
    let layer = Layer { codec, range, map, under: place.layer.clone(), inside_bytes_max: bytes.len() };
    let inner = place.inner(&format!("attachment {}", number + 1), Arc::new(layer));
    read_bytes(reading, &bytes, "", &inner);
}

#[cfg(test)]
mod tests {
    use super::{Codec, in_value};
    use crate::read::transfer::to_base64;
    use std::ops::Range;

    fn found(value: &str) -> Option<(Range<usize>, Codec)> {
        in_value(value, 0..value.len()).map(|one| (one.range, one.codec))
    }

    #[test]
    fn words_in_other_letters_are_found_however_few() {
        let said = String::from_utf8(to_base64(b"Jane Quxley 1950", b"")).unwrap();
        assert_eq!(found(&said), Some((0..said.len(), Codec::Base64)));
        let escaped =
            String::from_utf8(to_base64("Zoë? Quxley? >> 1950?".as_bytes(), b"")).unwrap().replace('/', "\\/");
        assert!(escaped.contains("\\/"), "{escaped}");
        assert_eq!(found(&escaped), Some((0..escaped.len(), Codec::Base64)));
        assert_eq!(found("data:text/plain;charset=utf-8;base64,SmFuZSBRdXhsZXk="), Some((37..53, Codec::Base64)));
        assert_eq!(found("4a616e65205175786c65792031393530"), Some((0..32, Codec::Hex)));
        assert_eq!(found("\\x4A616E6520517578"), None, "too few to be sure");
        assert_eq!(found("\\x4A616E65205175786C65792031"), Some((2..28, Codec::Hex)));
        assert_eq!(found("\\\\x4a616e65205175786c65792031"), Some((3..29, Codec::Hex)));
    }

    #[test]
    fn codes_keys_and_words_stay_what_they_are() {
        for value in [
            "amoxicillin clavulanate",
            "JohnSmithMariaLopez1",
            "01087176482002741725",
            "313233343536373839303132",
            "6f1ed002ab5595859014ebf0951522d9",
            "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "SGVsbG8=",
            "https://example.test/aaa",
            "data:,hello",
        ] {
            assert_eq!(found(value), None, "{value}");
        }
    }
}
