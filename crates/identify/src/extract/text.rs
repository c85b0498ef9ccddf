//! Plain text in its charsets.

use super::sink::Sink;
use super::{ExtractError, Extracted};
use crate::charset::SingleByte;
use crate::{Charset, Limits};

/// Decodes; what is no character of the charset becomes U+FFFD, so that a damaged byte costs one letter.
pub(super) fn read(charset: Charset, bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut sink = Sink::new(limits.text_bytes_max);
    match charset {
        Charset::Utf8 | Charset::Utf8Bom => utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes), &mut sink),
        Charset::Utf16Le => {
            utf16(bytes.strip_prefix(b"\xFF\xFE").unwrap_or(bytes), u16::from_le_bytes, &mut sink);
        }
        Charset::Utf16Be => {
            utf16(bytes.strip_prefix(b"\xFE\xFF").unwrap_or(bytes), u16::from_be_bytes, &mut sink);
        }
        Charset::Windows1252 => {
            for &byte in bytes {
                if sink.is_full() {
                    break;
                }
                sink.push(SingleByte::Windows1252.char_of(byte).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
    }
    Ok(sink.finish(None))
}

fn utf8(bytes: &[u8], sink: &mut Sink) {
    for chunk in bytes.utf8_chunks() {
        if sink.is_full() {
            return;
        }
        sink.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            sink.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, sink: &mut Sink) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    for pair in pairs {
        if sink.is_full() {
            return;
        }
        sink.push_utf16(unit(*pair));
    }
    if !rest.is_empty() {
        sink.push(char::REPLACEMENT_CHARACTER);
    }
}
