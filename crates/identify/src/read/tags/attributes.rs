//! Attributes of web pages (HTML, 3.2.6 and the tables of its index): what is said in them, what they call a piece of the page, where
//! they lead.
//!
//! What must always hold: what lies in an address is read as what it stands for, and written as an address asks (RFC 3986); of names
//! within a page only those are open that could be somebody's, and these are changed as a whole; what an address carries within itself
//! is opened, or it is said that it is not.
//!
//! What it refuses to know: how a page looks.

use super::{ENTITY_BYTES_MAX, Tags, copy_text, entity, local};
use crate::names::lists::{self, Listed};
use crate::read::escape::{Around, Escape};
use crate::read::weave::Weaver;
use crate::read::{Meaning, NO_COLUMN, Opaque, What, grid, meaning_of_label, transfer};
use std::ops::Range;

/// Attributes that say how something looks, and nothing else.
const LOOKS: &[&str] = &[
    "width",
    "height",
    "border",
    "align",
    "valign",
    "colspan",
    "rowspan",
    "cellpadding",
    "cellspacing",
    "lang",
    "type",
    "rel",
    "bgcolor",
    "color",
    "face",
    "size",
    "stylecode",
    "rules",
    "frame",
    "scope",
    "listtype",
    "dir",
    "role",
    "charset",
    "http-equiv",
    "media",
    "target",
    "method",
    "span",
    "space",
];
/// Attributes with what the page calls its pieces, one or several.
const NAMES: &[&str] = &[
    "id",
    "name",
    "for",
    "headers",
    "class",
    "list",
    "form",
    "usemap",
    "itemref",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-owns",
];
/// Attributes with an address.
const ADDRESSES: &[&str] = &[
    "href",
    "src",
    "action",
    "formaction",
    "cite",
    "poster",
    "background",
    "longdesc",
    "data",
    "data-href",
    "data-src",
];
/// Attributes that say what the value of their element is.
const LABELS: &[&str] = &["name", "id", "property", "itemprop", "data-field"];
/// In a name within a page a shorter number is one of its pieces.
const NUMBER_DIGITS_MIN: usize = 5;

/// Reads the attributes of the element that opened last, each on a line of its own.
pub(super) fn read(weaver: &mut Weaver<'_, '_>, text: &str, tags: &mut Tags<'_>) {
    let attributes = std::mem::take(&mut tags.attributes);
    let named = |wanted: &str| attributes.iter().find(|one| text[one.name.clone()].eq_ignore_ascii_case(wanted));
    let labelled = LABELS.iter().filter_map(|label| named(label)).map(|one| meaning_of(&text[one.value.clone()]));
    let said = labelled.into_iter().find(|meaning| *meaning != Meaning::UNKNOWN).unwrap_or_default();
    for attribute in &attributes {
        let name = text[attribute.name.clone()].to_ascii_lowercase();
        let value = &text[attribute.value.clone()];
        let is_look = name.starts_with("xmlns") || LOOKS.contains(&local(&name));
        if value.trim().is_empty() || is_look || name == "style" && !value.contains("url(") {
            continue;
        }
        let (range, escape) = (attribute.value.clone(), Escape::Attribute(attribute.quote));
        if !weaver.at_line_start() {
            weaver.gap("\n", attribute.name.start..attribute.name.start);
        }
        match name.as_str() {
            "style" => style(weaver, text, range.clone(), tags),
            _ if NAMES.contains(&local(&name)) => names(weaver, text, range.clone()),
            _ if ADDRESSES.contains(&local(&name)) || value.starts_with("data:") => {
                address(weaver, text, range.clone(), (escape, tags));
            }
            _ => {
                let of_name = meaning_of(name.strip_prefix("data-").unwrap_or(&name));
                let meaning = if matches!(name.as_str(), "value" | "content") { said } else { of_name };
                if fits(meaning, value) {
                    weaver.begin(meaning, NO_COLUMN);
                }
                copy_text(weaver, text, range.clone(), escape);
                weaver.end();
            }
        }
        weaver.gap("\n", range.end..range.end);
    }
    tags.attributes = attributes;
}

/// What a name says of its value, unless it stands over many things beside people.
fn meaning_of(label: &str) -> Meaning {
    if grid::OF_ANYTHING.iter().any(|one| label.eq_ignore_ascii_case(one)) {
        return Meaning::UNKNOWN;
    }
    meaning_of_label(label)
}

/// Could a value be what its name says: switches are not, and numbers have digits.
fn fits(meaning: Meaning, value: &str) -> bool {
    let needs_digits = matches!(
        meaning.what,
        What::Account | What::HealthPlanId | What::GroupNumber | What::DeviceId | What::OrganizationName
    );
    let is_number = !needs_digits || meaning.what == What::OrganizationName && value.contains(' ');
    meaning != Meaning::UNKNOWN
        && !matches!(value.trim(), "true" | "false")
        && (is_number || value.bytes().any(|byte| byte.is_ascii_digit()))
}

/// What the page calls its pieces, divided by blanks.
fn names(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>) {
    let mut at = range.start;
    for word in text[range.clone()].split_ascii_whitespace() {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        if start > at {
            weaver.gap(" ", at..start);
        }
        at = start + word.len();
        name(weaver, text, start..at);
    }
}

/// One of them. Small letters that are on no list of names, and few digits, say how something looks.
fn name(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>) {
    let name = &text[range.clone()];
    let digits = name.split(|one: char| !one.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    let is_plain = !name.bytes().any(|byte| byte.is_ascii_uppercase() || byte >= 0x80)
        && digits < NUMBER_DIGITS_MIN
        && !name
            .split(|one: char| !one.is_alphanumeric())
            .any(|word| lists::all(word).iter().any(Listed::is_name_alone));
    let is_code = is_plain || meaning_of_label(name) != Meaning::UNKNOWN;
    weaver.begin(if is_code { Meaning::CODE } else { Meaning::FREE_TEXT }, NO_COLUMN);
    copy_text(weaver, text, range, Escape::Identifier(Around::Markup));
    weaver.end();
}

/// Of a style only the addresses in it.
fn style(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, tags: &mut Tags<'_>) {
    let mut at = range.start;
    while let Some(far) = text[at..range.end].find("url(") {
        let start = at + far + "url(".len();
        let end = text[start..range.end].find(')').map_or(range.end, |far| start + far);
        let bare = |one: char| one.is_ascii_whitespace() || matches!(one, '\'' | '"');
        let inside = text[start..end].trim_start_matches(bare);
        let begin = end - inside.len();
        let inside = begin..begin + inside.trim_end_matches(bare).len();
        if !weaver.at_line_start() {
            weaver.gap("\n", start..begin);
        }
        address(weaver, text, inside, (Escape::Attribute(b'"'), tags));
        at = end;
    }
}

/// An address: where it leads stays as it stands if it leads to another server, for it is found as a whole. Else its way, each value of
/// its query, and the piece of a page are read by themselves.
fn address(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, (escape, tags): (Escape, &mut Tags<'_>)) {
    let value = &text[range.clone()];
    let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme).trim().to_ascii_lowercase();
    if scheme == "data" {
        return carried(weaver, text, range, (escape, tags));
    }
    // Within a string of JSON only what needs no care can be written.
    if weaver.lens.is_some() || value.contains("://") || value.starts_with("//") || scheme == "javascript" {
        return copy_text(weaver, text, range, escape);
    }
    let mark = value.find('#').map_or(range.end, |far| range.start + far);
    let way = text[range.start..mark].find('?').map_or(mark, |far| range.start + far);
    decoded(weaver, text, range.start..way, Sign::Plus);
    let mut at = way;
    while at < mark {
        // The sign that divides, which may be written as an entity.
        let start = if text[at..mark].starts_with("&amp;") { at + "&amp;".len() } else { at + 1 };
        let end = text[start..mark].find('&').map_or(mark, |far| start + far);
        let equals = text[start..end].find('=').map(|far| start + far);
        weaver.gap("\n", at..start);
        let meaning = equals.map_or(Meaning::UNKNOWN, |equals| meaning_of(&text[start..equals]));
        if let Some(equals) = equals {
            weaver.begin(Meaning::CODE, NO_COLUMN);
            copy_text(weaver, text, start..equals, escape);
            weaver.end();
            weaver.gap(": ", equals..equals + 1);
        }
        if fits(meaning, &text[equals.map_or(start, |at| at + 1)..end]) {
            weaver.begin(meaning, NO_COLUMN);
        }
        decoded(weaver, text, equals.map_or(start, |at| at + 1)..end, Sign::Blank);
        weaver.end();
        at = end;
    }
    if mark < range.end {
        weaver.gap("\n", mark..mark + 1);
        name(weaver, text, mark + 1..range.end);
    }
}

/// What `+` stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Blank,
}

/// Text of an address as what it stands for: `%20` is a blank (RFC 3986, 2.1), and in a query so is `+`.
fn decoded(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, plus: Sign) {
    let (mut open, mut at) = (range.start, range.start);
    while let Some(far) = text[at..range.end].find(['%', '+', '&']) {
        let sign = at + far;
        let near = &text[sign..text.floor_char_boundary((sign + ENTITY_BYTES_MAX + 2).min(range.end))];
        let found = match text.as_bytes()[sign] {
            b'%' => percent(near),
            b'+' if plus == Sign::Blank => Some((' ', 1)),
            b'&' => near.find(';').and_then(|end| Some((entity(&near[1..end])?, end + 1))),
            _ => None,
        };
        let Some((letter, long)) = found else {
            at = sign + 1;
            continue;
        };
        weaver.copy(text, open..sign, Escape::Address);
        weaver.atom(letter.encode_utf8(&mut [0; 4]), sign..sign + long, Escape::Address);
        (open, at) = (sign + long, sign + long);
    }
    weaver.copy(text, open..range.end, Escape::Address);
}

/// The letter that begins here as bytes by number, and how long it is written.
fn percent(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::with_capacity(4);
    for three in text.as_bytes().chunks_exact(3).take(4) {
        let digit = |at: usize| three.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(b'%'), Some(high), Some(low)) = (three.first(), digit(1), digit(2)) else { break };
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        if let Some(letter) = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
            return Some((letter, bytes.len() * 3));
        }
    }
    None
}

/// `data:text/plain;base64,…`: what an address carries within itself (RFC 2397).
fn carried(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, (escape, tags): (Escape, &mut Tags<'_>)) {
    let part = weaver.place.name.clone();
    let value = &text[range.clone()];
    if value.starts_with("data:image") {
        return weaver.reading.opaque(part, Opaque::Image);
    }
    let Some((head, data)) = value.split_once(',') else { return copy_text(weaver, text, range, escape) };
    let start = range.start + head.len() + 1;
    if !head.trim_end().to_ascii_lowercase().ends_with(";base64") {
        weaver.gap("[...] ", range.start..start);
        return match weaver.lens {
            None => decoded(weaver, text, start..range.end, Sign::Plus),
            Some(_) => copy_text(weaver, text, start..range.end, escape),
        };
    }
    weaver.gap("[...]", range.clone());
    match &mut tags.packed {
        _ if data.trim().is_empty() => {}
        Some(packed) if transfer::is_base64(data) => packed.push(start..range.end),
        _ => weaver.reading.opaque(part, Opaque::UnknownBinary),
    }
}
