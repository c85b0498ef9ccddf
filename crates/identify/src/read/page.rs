//! PDF: the text layer, page by page, as [`crate::extract`] reads it. It cannot be written back.
//!
//! What must always hold: a file without a text layer is opaque, never empty.
//!
//! What it refuses to know: pictures on pages that have text too.

use super::weave::Weaver;
use super::{Opaque, Place, Reading};
use crate::{ExtractError, Kind, Limits};

/// Reads the pages.
pub(super) fn read(reading: &mut Reading<'_>, bytes: &[u8], place: &Place) {
    let limits = Limits { text_bytes_max: 64 << 20, input_bytes_max: 256 << 20, ..Limits::default() };
    let extracted = match crate::text_of(Kind::Pdf, bytes, &limits) {
        Ok(extracted) => extracted,
        Err(ExtractError::TooLarge | ExtractError::Bomb(_)) => {
            return reading.opaque(place.name.clone(), Opaque::TooLarge);
        }
        Err(ExtractError::Malformed(_) | ExtractError::NotRead) => {
            return reading.opaque(place.name.clone(), Opaque::Damaged(0));
        }
    };
    if let Some(why) = extracted.opaque {
        let why = if why == "encrypted" { Opaque::Encrypted } else { Opaque::NoTextLayer };
        reading.opaque(place.name.clone(), why);
    }
    if let Some(title) = extracted.title.as_deref().filter(|title| !title.trim().is_empty()) {
        one(reading, title, "title", place);
    }
    for (number, page) in extracted.pages().enumerate() {
        one(reading, page, &format!("page {}", number + 1), place);
    }
    if extracted.truncated {
        reading.opaque(place.name.clone(), Opaque::TooLarge);
    }
}

fn one(reading: &mut Reading<'_>, text: &str, name: &str, place: &Place) {
    if text.trim().is_empty() {
        return;
    }
    let name = place.name.as_ref().map_or_else(|| name.to_owned(), |outer| format!("{outer}/{name}"));
    let mut weaver = Weaver::new(reading, &Place { name: Some(name), layer: None, depth: place.depth });
    weaver.only_shown(text);
    weaver.finish();
}
