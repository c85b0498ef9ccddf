//! The text layer of a PDF (ISO 32000-1). Objects come from `lopdf`; what the page operators say is read here.
//!
//! What must always hold: everything that is inflated, and everything that is done more than once because
//! the file asks for it, is charged to one budget ([`Budget`]), so that no small file makes large work. When the
//! budget ends, the text ends and says so. No script, no action, no link and no embedded file is looked at.

mod budget;
mod cmap;
mod font;
mod lexer;
mod show;

use super::sink::Sink;
use super::{ExtractError, Extracted};
use crate::Limits;
use budget::Budget;
use lopdf::{Dictionary, Document, LoadOptions, Object};
use show::Interpreter;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Share of the inflation budget that object and cross-reference streams may take together: what is inside them
/// cannot be counted beforehand, and parsed it can cost 300 times its size (measured: empty arrays, two bytes each).
const OBJECT_STREAM_SHARE: usize = 32;
/// Smallest room for one of them; writers put about a hundred objects, 5 to 30 KiB, into one.
const OBJECT_STREAM_BYTES_MIN: usize = 48 << 10;
/// More of them than this are refused; a hundred pages have about twenty.
const OBJECT_STREAMS_MAX: usize = 64;
/// An array or dictionary costs as much memory as so many numbers.
const CONTAINER_TOKENS: usize = 6;

const UNREADABLE: ExtractError = ExtractError::Malformed("the structure of the PDF is broken");

/// Reads the text layer. Encrypted files and pages of pictures are told by `opaque`.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(ExtractError::Malformed("no PDF header"));
    }
    // The object parser is a stranger's: should it panic on a hostile file, that file is broken and nothing else.
    catch_unwind(AssertUnwindSafe(|| read_trusting(bytes, limits))).unwrap_or(Err(UNREADABLE))
}

fn read_trusting(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    if tokens(bytes) > limits.pdf_tokens_max {
        return Err(ExtractError::Bomb("too many objects"));
    }
    let streams = container_streams(bytes);
    let room = limits.inflated_bytes_max / OBJECT_STREAM_SHARE;
    let options = LoadOptions {
        // The parser bounds one stream; here all of them together are bounded.
        max_decompressed_size: Some((room / streams.max(1)).max(OBJECT_STREAM_BYTES_MIN)),
        ..LoadOptions::default()
    };
    if streams > OBJECT_STREAMS_MAX {
        return Err(ExtractError::Bomb("too many object streams"));
    }
    let encrypted = || Ok(Extracted { opaque: Some("encrypted"), ..Extracted::default() });
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(_) if names(bytes).any(|name| name_is(name, b"Encrypt")) => return encrypted(),
        Err(_) => return Err(UNREADABLE),
    };
    if document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return encrypted();
    }
    text_layer(&document, limits)
}

fn text_layer(document: &Document, limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut sink = Sink::new(limits.text_bytes_max);
    let mut budget = Budget::new(limits);
    let mut interpreter = Interpreter::new(document, limits);
    let mut pages = 0_usize;
    for page in document.page_iter() {
        if pages >= limits.pages_max || budget.is_spent() {
            sink.mark_truncated();
        }
        if sink.is_full() {
            break;
        }
        if pages > 0 {
            sink.page_break();
        }
        pages += 1;
        if let Ok(page) = document.get_dictionary(page) {
            interpreter.page(page, &mut sink, &mut budget);
        } else {
            sink.mark_incomplete();
        }
    }
    if pages == 0 {
        return Err(ExtractError::Malformed("the PDF has no pages"));
    }
    let opaque = if !sink.has_ink() {
        Some("no text layer")
    } else if interpreter.glyphs_unknown > interpreter.glyphs_known {
        Some("text layer without meaning")
    } else {
        None
    };
    let mut extracted = sink.finish(title(document));
    if opaque.is_some() {
        extracted.text.clear();
        extracted.opaque = opaque;
    }
    Ok(extracted)
}

fn title(document: &Document) -> Option<String> {
    let info = document.get_dict_in_dict(&document.trailer, b"Info").ok()?;
    let title = info.get_deref(b"Title", document).ok()?;
    lopdf::decode_text_string(title).ok()
}

/// Follows references; a cycle or a hole is nothing.
fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Object> {
    document.dereference(object).ok().map(|(_, object)| object)
}

fn dictionary<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    resolve(document, holder.get(key).ok()?)?.as_dict().ok()
}

/// How many object and cross-reference streams the file seems to have, however their type is spelled.
fn container_streams(bytes: &[u8]) -> usize {
    names(bytes).filter(|name| name_is(name, b"ObjStm") || name_is(name, b"XRef")).count()
}

/// How many objects the parser could see at most: each begins at a delimiter, a sign, a dot, or behind white space.
///
/// Streams are counted too, because where one begins and ends is the file's own word. Compressed bytes look like
/// one object in ten bytes, which is what the limit leaves room for.
fn tokens(bytes: &[u8]) -> usize {
    let mut count = 0_usize;
    let mut behind_space = true;
    for byte in bytes {
        let is_space = matches!(byte, 0 | 9 | 10 | 12 | 13 | 32);
        count += match byte {
            b'[' | b'<' => CONTAINER_TOKENS,
            b'/' | b'(' | b'+' | b'-' | b'.' => 1,
            _ => usize::from(behind_space && !is_space),
        };
        behind_space = is_space;
    }
    count
}

/// Everything that could be a name, up to 32 bytes behind each slash.
fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| {
        let rest = &bytes[at + 1..];
        &rest[..rest.len().min(32)]
    })
}

/// Does a name begin here that says this word, perhaps with `#4F` for a letter?
fn name_is(raw: &[u8], word: &[u8]) -> bool {
    let mut at = 0;
    for letter in word {
        let read = match raw.get(at..) {
            Some([b'#', high, low, ..]) => {
                at += 3;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                match (digit(*high), digit(*low)) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
                    _ => None,
                }
            }
            Some([byte, ..]) => {
                at += 1;
                Some(*byte)
            }
            _ => None,
        };
        if read != Some(*letter) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
