//! The parts of DOCX, XLSX and PPTX (ECMA-376) that hold words.
//!
//! What must always hold: all text of such a part is read, deleted and hidden text too, and the attributes in which
//! people are named; words that the writer cut into runs are whole again. Parts that only say how things look are
//! passed over ([`is_look`]).
//!
//! What it refuses to know: relations between parts, but for what [`super::sheets`] says of strings. A cell of a sheet that
//! points to a shared string is an empty one; the string is read where it stands.

mod attributes;

use super::escape::{self, Around, Escape};
use super::sheets::Sheets;
use super::tags::{self, Attribute, Tag, Tags, local};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who, column, day_number, meaning_of_label};
use attributes::Said;
use std::ops::Range;

/// Does a part only say how things look, or which parts there are.
pub(super) fn is_look(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let looks = ["styles", "stylesWithEffects", "fontTable", "webSettings", "numbering", "theme", "tableStyles"];
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
        label: Meaning::UNKNOWN,
        field: 0,
        filter: (0, 0),
        columns: if name.starts_with("xl/tables/") { super::sheets::columns_of_table(text) } else { Vec::new() },
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
    /// What the property or the field of a cache that is open is called.
    label: Meaning,
    /// Values of a cache's row so far.
    field: usize,
    /// The first column of the filter that is open, and which of its columns.
    filter: (u32, u32),
    /// What a table's own columns mean.
    columns: Vec<Meaning>,
}

impl State<'_> {
    /// What a value means by which a column is filtered.
    fn filtered(&self, value: &str) -> Meaning {
        let (first, column) = self.filter;
        match usize::try_from(column).ok().and_then(|column| self.columns.get(column)) {
            Some(meaning) => *meaning,
            None => self.sheets.cell(self.name, (1, first.saturating_add(column)), value),
        }
    }

    /// What the value of a cache means that opened last.
    fn cached(&self) -> Meaning {
        self.sheets.cached(self.name, self.field.saturating_sub(1)).unwrap_or(self.label)
    }
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
        "property" | "cacheField" => state.label = meaning_of_label(&value_of(text, tags, "name")),
        "r" if state.is_sheet => state.field = 0,
        "x" | "s" | "n" | "d" | "b" | "e" | "m" if state.is_sheet => state.field += 1,
        "autoFilter" => state.filter = (column_of(tags.value("ref")), 0),
        "filterColumn" => state.filter.1 = tags.value("colId").parse().unwrap_or_default(),
        _ => {}
    }
    attributes(weaver, text, tags, here, state);
    state.open = (!empty).then_some(name);
}

/// The value of an attribute, whatever the prefix of its namespace; empty where there is none.
fn value_of(text: &str, tags: &Tags<'_>, wanted: &str) -> String {
    let found = tags.attributes.iter().find(|one| local(&text[one.name.clone()]) == wanted);
    found.map(|one| tags::copied(&text[one.value.clone()])).unwrap_or_default()
}

/// Writes the attributes that hold words, each on a line of its own.
fn attributes(weaver: &mut Weaver<'_, '_>, text: &str, tags: &Tags<'_>, element: &str, state: &State<'_>) {
    if element == "dateGroupItem" {
        return filter_day(weaver, text, &tags.attributes);
    }
    for attribute in &tags.attributes {
        let name = local(&text[attribute.name.clone()]);
        let value = &text[attribute.value.clone()];
        if value.is_empty() {
            continue;
        }
        let Some(said) = attributes::said(element, name, value) else { continue };
        let (mut meaning, mut escape) = match said {
            Said::Words(meaning) => (meaning, Escape::Attribute(attribute.quote)),
            Said::Code => (Meaning::CODE, Escape::Attribute(attribute.quote)),
            Said::Moment => (Meaning::of(What::OtherDate, Who::Unknown), Escape::Moment),
            Said::DayNumber => (Meaning::of(What::OtherDate, Who::Unknown), Escape::DayNumber(state.sheets.epoch)),
            Said::Number => (state.cached(), Escape::Number),
            Said::Identifier => (Meaning::FREE_TEXT, Escape::Identifier(Around::Markup)),
            Said::Label => (of_label(value), Escape::Attribute(attribute.quote)),
        };
        match (element, name) {
            ("Relationship", "Target") if !value.contains(':') && value_of(text, tags, "TargetMode") != "External" => {
                meaning = Meaning::CODE;
            }
            ("docVar", "val") => meaning = meaning_of_label(&value_of(text, tags, "name")),
            ("filter" | "customFilter", "val") => meaning = state.filtered(value),
            ("s", "v") => meaning = state.cached(),
            ("tableColumn" | "cacheField" | "queryTableField" | "dataField", "name") => meaning = of_label(value),
            _ => {}
        }
        let day = (said == Said::DayNumber).then(|| day_number::day_of(value, state.sheets.epoch)).flatten();
        if said == Said::DayNumber && day.is_none() {
            (meaning, escape) = (Meaning::UNKNOWN, Escape::Number);
        }
        line(weaver, attribute.name.start);
        if meaning != Meaning::UNKNOWN {
            weaver.begin(meaning, NO_COLUMN);
        }
        match escape {
            Escape::Attribute(_) | Escape::Identifier(_) => {
                tags::copy_text(weaver, text, attribute.value.clone(), escape)
            }
            _ => weaver.atom(day.as_deref().unwrap_or(value), attribute.value.clone(), escape),
        }
        weaver.end();
        weaver.gap("\n", attribute.value.end..attribute.value.end);
    }
}

fn line(weaver: &mut Weaver<'_, '_>, at: usize) {
    if !weaver.at_line_start() {
        weaver.gap("\n", at..at);
    }
}

/// The name of a value is a code, if it is one that could stand over a column.
fn of_label(name: &str) -> Meaning {
    if column::is_label(name) { Meaning::CODE } else { Meaning::UNKNOWN }
}

/// A day or a month by which a sheet is filtered, as the one day that it is: its attributes stand behind each other, as programs
/// write them. What is written otherwise is nothing that could be changed.
fn filter_day(weaver: &mut Weaver<'_, '_>, text: &str, attributes: &[Attribute]) {
    let find = |wanted: &str| attributes.iter().find(|one| &text[one.name.clone()] == wanted);
    let (Some(year), Some(month)) = (find("year"), find("month")) else { return };
    let day = find("day");
    let number = |one: &Attribute| text[one.value.clone()].parse().unwrap_or(0_u16);
    let shown = format!("{:04}-{:02}-{:02}", number(year), number(month), day.map_or(1, number));
    let source = year.value.start..day.unwrap_or(month).value.end;
    let written = day_number::attributes_of(&shown, day.is_some(), year.quote);
    if written.as_deref() != text.get(source.clone()) || written.is_none() {
        return weaver.opaque(Opaque::Damaged(year.name.start as u64));
    }
    line(weaver, year.name.start);
    weaver.begin(Meaning::of(What::OtherDate, Who::Unknown), NO_COLUMN);
    weaver.atom(&shown, source.clone(), Escape::FilterDay(day.is_some(), year.quote));
    weaver.end();
    weaver.gap("\n", source.end..source.end);
}

/// `BC12` is column 54, counted from 0.
pub(super) fn column_of(reference: &str) -> u32 {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(4);
    let number = letters.fold(0_u32, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    number.checked_sub(1).unwrap_or(NO_COLUMN)
}

fn close(weaver: &mut Weaver<'_, '_>, text: &str, name: Range<usize>, tags: &Tags<'_>, state: &mut State<'_>) {
    let range = tags.range.clone();
    match local(&text[name.clone()]) {
        "p" | "tr" | "row" | "si" | "comment" | "f" | "creator" | "lastModifiedBy" | "title" | "subject"
        | "description" | "keywords" | "Company" | "Manager" | "created" | "modified" | "category" | "definedName"
        | "author" | "identifier" | "lastPrinted" | "HyperlinkBase" | "lpstr" | "lpwstr" | "bstr" | "text"
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
    if matches!(local(&text[name.clone()]), "property" | "cacheField") {
        state.label = Meaning::UNKNOWN;
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
    let meaning = of_element(text, name, &range, state);
    if day_number::is_moment(&text[range.clone()]) && !matches!(name, "t" | "delText" | "instrText" | "text") {
        weaver.begin(Meaning::of(What::OtherDate, Who::Unknown), NO_COLUMN);
        weaver.atom(&text[range.clone()], range, Escape::Moment);
        weaver.end();
        return;
    }
    let number = text[range.clone()].trim();
    let day = state.style.filter(|_| name == "v").and_then(|style| state.sheets.day(number, style, meaning));
    if let Some((day, meaning)) = day {
        weaver.begin(meaning, state.cell);
        weaver.atom(&day, range, Escape::DayNumber(state.sheets.epoch));
        weaver.end();
        return;
    }
    let is_formula = FORMULAS.contains(&name);
    if is_formula || name == "instrText" {
        return formula(weaver, text, range, state.cell, is_formula);
    }
    if meaning != Meaning::UNKNOWN || state.cell != NO_COLUMN {
        weaver.begin(meaning, state.cell);
    }
    let is_number = escape::is_cell_number(&text[range.clone()]);
    let escape = match name {
        "v" if is_number && state.style.is_some() => Escape::CellNumber,
        // Properties say of what kind they are (ECMA-376, part 1, 22.4).
        "i1" | "i2" | "i4" | "i8" | "int" | "ui1" | "ui2" | "ui4" | "ui8" | "uint" | "r4" | "r8" | "decimal" => {
            Escape::Number
        }
        // Titles of parts: those of sheets are called what the sheets are.
        "lpstr" if state.name == "docProps/app.xml" => Escape::Identifier(Around::Markup),
        _ => escape,
    };
    match escape {
        Escape::Number if is_number => weaver.atom(&text[range.clone()], range, escape),
        _ => tags::copy_text(weaver, text, range, escape),
    }
    weaver.end();
}

/// Elements whose text is a formula.
const FORMULAS: &[&str] =
    &["f", "definedName", "formula", "formula1", "formula2", "calculatedColumnFormula", "totalsRowFormula"];
/// The longest name of an entity, in bytes.
const ENTITY_BYTES_MAX: usize = 12;
/// A column has at most so many letters (ECMA-376, part 1, 18.3.1.73: XFD).
const COLUMN_LETTERS_MAX: usize = 3;

/// Writes a formula, or the instruction of a field: what it calls sheets, ranges and marks stands apart, as these have to be called
/// the same wherever they are spoken of. Words within quotes are words.
fn formula(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, column: u32, is_formula: bool) {
    let mut open = range.start;
    let mut at = range.start;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || *byte >= 0x80;
    while let Some(byte) = text.as_bytes().get(at).filter(|_| at < range.end) {
        let rest = &text.as_bytes()[at..range.end];
        let long = match byte {
            // `'Vern Quxley'!`, where two apostrophes are one.
            b'\'' if is_formula => rest[1..].iter().position(|byte| *byte == b'\'').map_or(rest.len(), |far| far + 2),
            b'"' => rest[1..].iter().position(|byte| *byte == b'"').map_or(rest.len(), |far| far + 2),
            b'&' => rest.iter().take(ENTITY_BYTES_MAX).position(|byte| *byte == b';').map_or(1, |far| far + 1),
            _ => rest.iter().take_while(|byte| is_letter(byte)).count().max(1),
        };
        let word = match byte {
            b'\'' if is_formula && rest.get(long) == Some(&b'!') => at + 1..at + long - 1,
            _ if is_letter(byte) => at..at + long,
            _ => at..at,
        };
        let said = meaning_in_formula(&text[word.clone()], rest.get(long).copied(), is_formula);
        if let Some(meaning) = said {
            plain_formula(weaver, text, open..word.start, column);
            weaver.begin(meaning, NO_COLUMN);
            tags::copy_text(weaver, text, word.clone(), Escape::Identifier(Around::Markup));
            weaver.end();
            open = word.end;
        }
        at += long;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    plain_formula(weaver, text, open..range.end, column);
}

fn plain_formula(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, column: u32) {
    if column != NO_COLUMN && !range.is_empty() {
        weaver.begin(Meaning::UNKNOWN, column);
    }
    tags::copy_text(weaver, text, range, Escape::Markup);
    weaver.end();
}

/// What a word of a formula means if it is one that calls something: a function is a code, and so is what programs call things;
/// `A1` and `$A` are no words. In the instruction of a field only what has an underscore calls something.
fn meaning_in_formula(word: &str, next: Option<u8>, is_formula: bool) -> Option<Meaning> {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_cell = letters <= COLUMN_LETTERS_MAX && word.bytes().skip(letters).all(|byte| byte.is_ascii_digit());
    // Signs between words are none.
    if !word.chars().any(char::is_alphabetic) || is_cell && next != Some(b'(') || !is_formula && !word.contains('_') {
        return None;
    }
    let is_code = next == Some(b'(') || attributes::is_given_by_program(word) || matches!(word, "TRUE" | "FALSE");
    Some(if is_code { Meaning::CODE } else { Meaning::FREE_TEXT })
}

/// What the text of an element means.
fn of_element(text: &str, name: &str, range: &Range<usize>, state: &State<'_>) -> Meaning {
    match name {
        "creator" | "lastModifiedBy" | "Manager" | "author" => Meaning::of(What::FullName, Who::Unknown),
        "Company" => Meaning::of(What::OrganizationName, Who::Unknown),
        "created" | "modified" | "lastPrinted" => Meaning::of(What::OtherDate, Who::Unknown),
        "identifier" => Meaning::of(What::OtherId, Who::Unknown),
        "lpstr" if attributes::is_given_by_program(&text[range.clone()]) => Meaning::CODE,
        "lpstr" if state.name == "docProps/app.xml" => Meaning::FREE_TEXT,
        _ if state.label != Meaning::UNKNOWN => state.label,
        "t" if state.strings > 0 => state.sheets.string(state.strings - 1),
        "v" | "t" if state.cell != NO_COLUMN => {
            let row = state.rows.saturating_sub(1);
            state.sheets.cell(state.name, (row, state.cell), text[range.clone()].trim())
        }
        _ => Meaning::UNKNOWN,
    }
}
