//! The parts of DOCX, XLSX and PPTX (ECMA-376) that hold words.
//!
//! What must always hold: all text of such a part is read, deleted and hidden text too, and the attributes in which
//! people are named; words that the writer cut into runs are whole again. Parts that only say how things look are
//! passed over ([`is_look`]).
//!
//! What it refuses to know: relations between parts. A cell of a sheet that points to a shared string is an empty one;
//! the string is read where it stands.

use super::escape::Escape;
use super::tags::{self, Tag, Tags, local};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who};
use std::ops::Range;

/// Attributes with words of somebody's.
const WORDS: &[&str] = &[
    "author",
    "initials",
    "descr",
    "title",
    "Target",
    "display",
    "tooltip",
    "userId",
    "providerId",
    "alt",
    "name",
    "lastModifiedBy",
];

/// Does a part only say how things look, or which parts there are.
pub(super) fn is_look(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let looks =
        ["styles", "stylesWithEffects", "fontTable", "webSettings", "numbering", "theme", "settings", "tableStyles"];
    let stem = file.strip_suffix(".xml").map(|stem| stem.trim_end_matches(|letter: char| letter.is_ascii_digit()));
    file == "[Content_Types].xml" || stem.is_some_and(|stem| looks.contains(&stem)) && !name.starts_with("customXml/")
}

/// Is a part one of words, read here.
pub(super) fn is_words(name: &str) -> bool {
    let known = ["word/", "xl/", "ppt/", "docProps/", "_rels/"];
    (name.ends_with(".xml") || name.ends_with(".rels")) && known.iter().any(|folder| name.starts_with(folder))
}

/// Reads a part.
pub(super) fn read(reading: &mut Reading<'_>, bytes: &[u8], name: &str, place: &Place) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        // Written in UTF-16, or damaged: read as any other XML.
        super::read_bytes(reading, bytes, name, place);
        return;
    };
    let mut weaver = Weaver::new(reading, place);
    let mut tags = Tags::new(text);
    let mut state = State { is_sheet: name.starts_with("xl/"), in_reference: false, cell: NO_COLUMN, open: None };
    while let Some(tag) = tags.next() {
        match tag {
            Tag::Open(name, empty) => open(&mut weaver, text, &tags, name, empty, &mut state),
            Tag::Close(name) => close(&mut weaver, text, name, &tags, &mut state),
            Tag::Text(range) => words(&mut weaver, text, range, Escape::Markup, &state),
            Tag::Cdata(range) => words(&mut weaver, text, range, Escape::Cdata, &state),
            Tag::Aside(range) if text[range.clone()].starts_with("xml ") => {}
            Tag::Aside(range) => tags::aside(&mut weaver, text, range),
            Tag::Doctype(range) => {
                let part = weaver.place.name.clone();
                weaver.reading.opaque(part, Opaque::DocumentType);
                tags::aside(&mut weaver, text, range);
            }
        }
        weaver.rest_late();
    }
    if let Some(at) = tags.broken {
        weaver.opaque(Opaque::Damaged(at as u64));
    }
    weaver.finish();
}

struct State {
    is_sheet: bool,
    /// The cell's value is the number of a shared string.
    in_reference: bool,
    /// The column of the cell.
    cell: u32,
    /// The element that opened last.
    open: Option<Range<usize>>,
}

fn open(weaver: &mut Weaver<'_, '_>, text: &str, tags: &Tags<'_>, name: Range<usize>, empty: bool, state: &mut State) {
    let here = local(&text[name.clone()]);
    let range = tags.range.clone();
    match here {
        "tab" => weaver.gap("\t", range.clone()),
        "br" | "cr" => weaver.gap("\n", range.clone()),
        "noBreakHyphen" => weaver.gap("\u{2011}", range.clone()),
        "c" if state.is_sheet => {
            let value = |wanted: &str| {
                let found = tags.attributes.iter().find(|one| &text[one.name.clone()] == wanted);
                found.map_or("", |one| &text[one.value.clone()])
            };
            state.in_reference = value("t") == "s";
            state.cell = column_of(value("r"));
        }
        "row" if state.is_sheet => weaver.record = weaver.record.saturating_add(1),
        _ => {}
    }
    for attribute in &tags.attributes {
        let name = local(&text[attribute.name.clone()]);
        let value = &text[attribute.value.clone()];
        if value.is_empty() || !WORDS.contains(&name) {
            continue;
        }
        let is_person = matches!(name, "author" | "initials" | "lastModifiedBy");
        let is_inner =
            name == "Target" && !value.contains(':') || name == "name" && !matches!(here, "sheet" | "definedName");
        if !weaver.at_line_start() {
            weaver.gap("\n", attribute.name.start..attribute.name.start);
        }
        if is_person || is_inner {
            let meaning = if is_person { Meaning::of(What::FullName, Who::Unknown) } else { Meaning::CODE };
            weaver.begin(meaning, NO_COLUMN);
        }
        tags::copy_text(weaver, text, attribute.value.clone(), Escape::Attribute(attribute.quote));
        weaver.end();
        weaver.gap("\n", attribute.value.end..attribute.value.end);
    }
    state.open = (!empty).then_some(name);
}

/// `BC12` is column 54, counted from 0.
fn column_of(reference: &str) -> u32 {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(4);
    let number = letters.fold(0_u32, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    number.checked_sub(1).unwrap_or(NO_COLUMN)
}

fn close(weaver: &mut Weaver<'_, '_>, text: &str, name: Range<usize>, tags: &Tags<'_>, state: &mut State) {
    let range = tags.range.clone();
    match local(&text[name]) {
        "p" | "tr" | "row" | "si" | "comment" | "f" | "creator" | "lastModifiedBy" | "title" | "subject"
        | "description" | "keywords" | "Company" | "Manager" | "created" | "modified" | "category" | "definedName"
        | "author"
            if !weaver.at_line_start() =>
        {
            weaver.gap("\n", range);
        }
        "c" | "tc" => {
            if state.is_sheet {
                (state.in_reference, state.cell) = (false, NO_COLUMN);
            }
            if !weaver.at_word_start() {
                weaver.gap("\t", range);
            }
        }
        _ => {}
    }
    state.open = None;
}

fn words(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, escape: Escape, state: &State) {
    let Some(open) = &state.open else {
        // White space between elements.
        if text[range.clone()].trim().is_empty() {
            return;
        }
        return tags::copy_text(weaver, text, range, escape);
    };
    let name = local(&text[open.clone()]);
    let is_run = matches!(name, "t" | "delText" | "instrText");
    if !is_run && text[range.clone()].trim().is_empty() || name == "v" && state.in_reference {
        return;
    }
    let meaning = match name {
        "creator" | "lastModifiedBy" | "Manager" | "author" => Meaning::of(What::FullName, Who::Unknown),
        "Company" => Meaning::of(What::OrganizationName, Who::Unknown),
        "created" | "modified" => Meaning::of(What::OtherDate, Who::Unknown),
        _ => Meaning::UNKNOWN,
    };
    if meaning != Meaning::UNKNOWN || state.cell != NO_COLUMN {
        weaver.begin(meaning, state.cell);
    }
    tags::copy_text(weaver, text, range, escape);
    weaver.end();
}
