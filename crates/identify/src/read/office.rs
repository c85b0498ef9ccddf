//! The parts of DOCX, XLSX and PPTX (ECMA-376) that hold words.
//!
//! What must always hold: all text of such a part is read, deleted and hidden text too, and the attributes in which
//! people are named; words that the writer cut into runs are whole again. Parts that only say how things look are
//! passed over ([`is_look`]).
//!
//! What it refuses to know: relations between parts, but for what [`super::sheets`] says of strings. A cell of a sheet that
//! points to a shared string is an empty one; the string is read where it stands.

use super::escape::{self, Escape};
use super::sheets::Sheets;
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
pub(super) fn read(reading: &mut Reading<'_>, bytes: &[u8], name: &str, place: &Place, sheets: &Sheets) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        // Written in UTF-16, or damaged: read as any other XML.
        super::read_bytes(reading, bytes, name, place);
        return;
    };
    let mut weaver = Weaver::new(reading, place);
    let mut tags = Tags::new(text);
    let is_sheet = name.starts_with("xl/");
    let mut state = State {
        is_sheet,
        in_reference: false,
        style: None,
        rows: 0,
        cell: NO_COLUMN,
        open: None,
        name,
        sheets,
        strings: 0,
    };
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

struct State<'s> {
    name: &'s str,
    sheets: &'s Sheets,
    /// Shared strings so far.
    strings: usize,
    is_sheet: bool,
    /// The cell's value is the number of a shared string.
    in_reference: bool,
    /// The number of the cell's style, if its value is a number.
    style: Option<usize>,
    /// Rows so far.
    rows: u32,
    /// The column of the cell.
    cell: u32,
    /// The element that opened last.
    open: Option<Range<usize>>,
}

fn open(
    weaver: &mut Weaver<'_, '_>,
    text: &str,
    tags: &Tags<'_>,
    name: Range<usize>,
    empty: bool,
    state: &mut State<'_>,
) {
    let here = local(&text[name.clone()]);
    let range = tags.range.clone();
    match here {
        "tab" => weaver.gap("\t", range.clone()),
        "br" | "cr" => weaver.gap("\n", range.clone()),
        "noBreakHyphen" => weaver.gap("\u{2011}", range.clone()),
        "c" if state.is_sheet => {
            state.in_reference = tags.value("t") == "s";
            state.style = matches!(tags.value("t"), "" | "n").then(|| tags.value("s").parse().unwrap_or_default());
            state.cell = column_of(tags.value("r"));
        }
        "si" if state.is_sheet => state.strings += 1,
        "row" if state.is_sheet => {
            weaver.record = weaver.record.saturating_add(1);
            state.rows = state.rows.saturating_add(1);
        }
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
pub(super) fn column_of(reference: &str) -> u32 {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(4);
    let number = letters.fold(0_u32, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    number.checked_sub(1).unwrap_or(NO_COLUMN)
}

fn close(weaver: &mut Weaver<'_, '_>, text: &str, name: Range<usize>, tags: &Tags<'_>, state: &mut State<'_>) {
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
                (state.in_reference, state.style, state.cell) = (false, None, NO_COLUMN);
            }
            if !weaver.at_word_start() {
                weaver.gap("\t", range);
            }
        }
        _ => {}
    }
    state.open = None;
}

fn words(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, escape: Escape, state: &State<'_>) {
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
        "t" if state.strings > 0 => state.sheets.string(state.strings - 1),
        "v" | "t" if state.cell != NO_COLUMN => {
            let row = state.rows.saturating_sub(1);
            state.sheets.cell(state.name, (row, state.cell), text[range.clone()].trim())
        }
        _ => Meaning::UNKNOWN,
    };
    let number = text[range.clone()].trim();
    let day = state.style.filter(|_| name == "v").and_then(|style| state.sheets.day(number, style, meaning));
    if let Some((day, meaning)) = day {
        weaver.begin(meaning, state.cell);
        weaver.atom(&day, range, Escape::DayNumber(state.sheets.epoch));
        weaver.end();
        return;
    }
    if meaning != Meaning::UNKNOWN || state.cell != NO_COLUMN {
        weaver.begin(meaning, state.cell);
    }
    let is_number = name == "v" && state.style.is_some() && escape::is_cell_number(&text[range.clone()]);
    tags::copy_text(weaver, text, range, if is_number { Escape::CellNumber } else { escape });
    weaver.end();
}
