//! The text inside a file.
//!
//! One entrance for all kinds. Whatever the format, the text comes out the same way: UTF-8, lines ended by
//! `\n`, pages divided by `\u{c}`, tabs kept, other control characters and invisible characters dropped,
//! and characters that reorder what is shown (bidi embeddings, overrides, isolates) replaced by U+FFFD.

mod docx;
mod pdf;
mod rtf;
mod sink;
mod text;

pub(crate) use sink::shown;

use crate::{Kind, Limits};
use std::fmt;

/// Text read out of a file.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extracted {
    /// The text: lines end with `\n`, pages are divided by `\u{c}`.
    pub text: String,
    /// The title that the file gives itself, if any. PHI like the text.
    pub title: Option<String>,
    /// Why there is no text to show: "recording", "picture", "encrypted", "no text layer" (a scanned PDF), "text layer
    /// without meaning" (a PDF whose fonts do not say what their letters are). Words of ours, never the file's.
    pub opaque: Option<&'static str>,
    /// Not all text is here: the file held more than the limits allow, ends early, or a part of it is broken.
    pub truncated: bool,
}

impl Extracted {
    /// The pages, each with its lines.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.text.split('\u{c}')
    }
    /// All lines in order, pages joined.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split(['\n', '\u{c}'])
    }
}

impl fmt::Debug for Extracted {
    /// The text is PHI: only its size is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extracted")
            .field("text_bytes", &self.text.len())
            .field("opaque", &self.opaque)
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}

/// Why no text could be read. The words are ours; nothing out of the file is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// Larger than `input_bytes_max`.
    #[error("the file is larger than text is read from")]
    TooLarge,
    /// It unpacks to more than the limits allow, or has too many parts or too deep nesting.
    #[error("the file unpacks beyond the limit: {0}")]
    Bomb(&'static str),
    /// Broken, truncated, or not what it was said to be.
    #[error("the file cannot be read: {0}")]
    Malformed(&'static str),
    /// A kind that is never read (refused, unknown, empty).
    #[error("no text is read from this kind of file")]
    NotRead,
}

/// Reads the text of a file of this kind.
///
/// # Errors
/// [`ExtractError`]; the file itself may still be stored and downloaded.
pub fn text_of(kind: Kind, bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    if bytes.len() > limits.input_bytes_max {
        return Err(ExtractError::TooLarge);
    }
    let opaque = |reason| Ok(Extracted { opaque: Some(reason), ..Extracted::default() });
    match kind {
        Kind::Audio(_) => opaque("recording"),
        Kind::Scan(_) => opaque("picture"),
        Kind::Text(charset) => text::read(charset, bytes, limits),
        Kind::Rtf => rtf::read(bytes, limits),
        Kind::Docx => docx::read(bytes, limits),
        Kind::Pdf => pdf::read(bytes, limits),
        Kind::Empty | Kind::Refused(_) | Kind::Unknown => Err(ExtractError::NotRead),
    }
}
