//! Fonts, as far as text needs them: how codes are cut, what they mean, how wide they are.

use super::budget::Budget;
use super::cmap::CMap;
use super::{dictionary, resolve};
use crate::charset::SingleByte;
use lopdf::{Dictionary, Document, Object};
use std::collections::HashMap;

/// Charge for building a font: its tables are about this large.
const FONT_CHARGE_BYTES: usize = 16 << 10;
/// Widths that are kept of one font.
const WIDTHS_MAX: usize = 70_000;

pub(super) struct Font {
    codes: Codes,
    meanings: Option<CMap>,
    /// Thousandths of the font size, by code.
    widths: HashMap<u32, f64>,
    width_default: f64,
}

enum Codes {
    /// One byte a glyph, with its character where the encoding has one.
    Single(Vec<Option<String>>),
    /// Two bytes a glyph (or as the `ToUnicode` map says), meanings from the map alone.
    Double,
    /// Two bytes that are UTF-16 already (predefined `…-UTF16-…` and `…-UCS2-…` maps).
    Utf16,
}

/// One glyph as the text needs it.
pub(super) struct Glyph<'a> {
    /// What it means; `None` when nobody says.
    pub(super) meaning: Option<std::borrow::Cow<'a, str>>,
    /// In thousandths of the font size.
    pub(super) width: f64,
    /// The single byte 32, to which word spacing applies (9.3.3).
    pub(super) is_word_space: bool,
}

impl Font {
    pub(super) fn of(document: &Document, font: &Dictionary, budget: &mut Budget) -> Self {
        budget.charge(FONT_CHARGE_BYTES);
        let meanings = font.get(b"ToUnicode").ok().and_then(|object| match resolve(document, object)? {
            Object::Stream(stream) => budget.content(document, stream).map(|content| CMap::parse(&content)),
            _ => None,
        });
        let meanings = meanings.filter(|map| map.len() > 0);
        budget.charge(meanings.as_ref().map_or(0, CMap::len) * 32);
        if font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|subtype| subtype == b"Type0") {
            return Self::composite(document, font, meanings, budget);
        }
        let codes = Codes::Single(single_byte(document, font, budget));
        let (widths, width_default) = simple_widths(document, font);
        Self { codes, meanings, widths, width_default }
    }

    fn composite(document: &Document, font: &Dictionary, meanings: Option<CMap>, budget: &mut Budget) -> Self {
        let encoding = font.get(b"Encoding").ok().and_then(|object| resolve(document, object)?.as_name().ok());
        let is_utf16 = encoding.is_some_and(|name| {
            [&b"UTF16"[..], b"UCS2"].iter().any(|word| name.windows(word.len()).any(|window| window == *word))
        });
        let codes = if is_utf16 { Codes::Utf16 } else { Codes::Double };
        let descendant = font
            .get(b"DescendantFonts")
            .ok()
            .and_then(|object| resolve(document, resolve(document, object)?.as_array().ok()?.first()?)?.as_dict().ok());
        let (widths, width_default) = descendant.map_or((HashMap::new(), 1_000.0), |font| cid_widths(document, font));
        budget.charge(widths.len() * 16);
        Self { codes, meanings, widths, width_default }
    }

    /// Cuts a string into glyphs.
    pub(super) fn glyphs<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Glyph<'a>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
            let length = self.code_length(rest).min(rest.len());
            at += length;
            let code = rest[..length].iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            let bytes = u8::try_from(length).unwrap_or(4);
            let mapped = self.meanings.as_ref().and_then(|map| map.meaning(bytes, code)).map(Into::into);
            let meaning = mapped.or_else(|| match &self.codes {
                Codes::Single(table) => table.get(usize::try_from(code).ok()?)?.as_deref().map(Into::into),
                Codes::Utf16 => char::from_u32(code).map(|character| character.to_string().into()),
                Codes::Double => None,
            });
            let width = self.widths.get(&code).copied().unwrap_or(self.width_default);
            Some(Glyph { meaning, width, is_word_space: length == 1 && code == 32 })
        })
    }

    fn code_length(&self, rest: &[u8]) -> usize {
        match (&self.codes, &self.meanings) {
            (Codes::Single(_), _) => 1,
            (Codes::Utf16, _) | (Codes::Double, None) => 2,
            (Codes::Double, Some(map)) => {
                let fits = |length: usize| {
                    let code = rest.get(..length)?.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
                    let bytes = u8::try_from(length).ok()?;
                    (map.has_length(bytes) && map.meaning(bytes, code).is_some()).then_some(length)
                };
                // Mixed maps: the length under which the code is known, else two as nearly all have.
                [2, 1, 3, 4]
                    .into_iter()
                    .find_map(fits)
                    .unwrap_or_else(|| if map.has_length(2) || !map.has_length(1) { 2 } else { 1 })
            }
        }
    }
}

/// What each byte means by the font's own encoding.
fn single_byte(document: &Document, font: &Dictionary, budget: &mut Budget) -> Vec<Option<String>> {
    let fallback = |byte: u8| SingleByte::Windows1252.char_of(byte).map(|character| character.to_string());
    let mut named = Dictionary::new();
    named.set("Type", Object::Name(b"Font".to_vec()));
    let Ok(encoding) = font.get(b"Encoding") else { return (0..=255).map(fallback).collect() };
    // Only the encoding is handed over: a font dictionary may lack its type, and its map was read already.
    match resolve(document, encoding) {
        Some(Object::Dictionary(own)) => {
            let mut own = own.clone();
            own.remove(b"Type");
            if let Some(differences) =
                own.get(b"Differences").ok().and_then(|object| resolve(document, object)).cloned()
            {
                budget.charge(differences.as_array().map_or(0, |array| array.len() * 16));
                own.set("Differences", differences);
            }
            if !own.has(b"BaseEncoding") && !is_symbolic(document, font) {
                own.set("BaseEncoding", Object::Name(b"StandardEncoding".to_vec()));
            }
            named.set("Encoding", Object::Dictionary(own));
        }
        Some(name @ Object::Name(_)) => named.set("Encoding", name.clone()),
        _ => return (0..=255).map(fallback).collect(),
    }
    let Ok(encoding) = named.get_font_encoding_with_limit(document, 0) else {
        return (0..=255).map(fallback).collect();
    };
    (0..=255_u8)
        .map(|byte| match encoding.bytes_to_string(&[byte]) {
            Ok(text) => (!text.is_empty()).then_some(text),
            Err(_) => fallback(byte),
        })
        .collect()
}

/// Bit 3 of the descriptor's flags (9.8.2).
fn is_symbolic(document: &Document, font: &Dictionary) -> bool {
    dictionary(document, font, b"FontDescriptor")
        .and_then(|descriptor| descriptor.get(b"Flags").ok()?.as_i64().ok())
        .is_some_and(|flags| flags & 4 != 0)
}

fn simple_widths(document: &Document, font: &Dictionary) -> (HashMap<u32, f64>, f64) {
    let first = font.get(b"FirstChar").ok().and_then(|object| resolve(document, object)?.as_i64().ok()).unwrap_or(0);
    let array = font.get(b"Widths").ok().and_then(|object| resolve(document, object)?.as_array().ok());
    // Type 3 fonts measure in a space of their own (9.6.5).
    let scale = font
        .get(b"FontMatrix")
        .ok()
        .and_then(|object| resolve(document, object)?.as_array().ok()?.first()?.as_float().ok())
        .map_or(1.0, |scale| f64::from(scale) * 1_000.0);
    let mut widths = HashMap::new();
    for (index, width) in array.into_iter().flatten().take(256).enumerate() {
        let code = i64::try_from(index).ok().and_then(|index| u32::try_from(first.checked_add(index)?).ok());
        if let (Some(code), Some(width)) = (code, number(document, width)) {
            widths.insert(code, width * scale);
        }
    }
    // Without widths (the fourteen standard fonts) half an em is near enough to tell a gap from a letter.
    (widths, 500.0)
}

/// The `W` array of a CID font: `c [w1 w2 …]` and `c1 c2 w` (9.7.4.3).
fn cid_widths(document: &Document, font: &Dictionary) -> (HashMap<u32, f64>, f64) {
    let default = font.get(b"DW").ok().and_then(|object| number(document, object)).unwrap_or(1_000.0);
    let mut widths = HashMap::new();
    let array = font.get(b"W").ok().and_then(|object| resolve(document, object)?.as_array().ok());
    let mut items = array.into_iter().flatten();
    while let (Some(first), Some(second)) = (items.next(), items.next()) {
        let Some(first) = code(document, first) else { continue };
        match resolve(document, second) {
            Some(Object::Array(list)) => {
                for (code, width) in (first..).zip(list).take(WIDTHS_MAX.saturating_sub(widths.len())) {
                    if let Some(width) = number(document, width) {
                        widths.insert(code, width);
                    }
                }
            }
            Some(other) => {
                let width = items.next().and_then(|object| number(document, object));
                let (Some(last), Some(width)) = (code(document, other), width) else { continue };
                for code in (first..=last).take(WIDTHS_MAX.saturating_sub(widths.len())) {
                    widths.insert(code, width);
                }
            }
            None => {}
        }
    }
    (widths, default)
}

fn code(document: &Document, object: &Object) -> Option<u32> {
    u32::try_from(resolve(document, object)?.as_i64().ok()?).ok().filter(|code| *code <= 0xFFFF)
}

fn number(document: &Document, object: &Object) -> Option<f64> {
    resolve(document, object)?.as_float().ok().map(f64::from).filter(|number| number.is_finite())
}
