//! Tables of lines and delimiters: CSV, TSV, pipes and semicolons, however they quote.
//!
//! The text is the table as it stands, without the quotes around cells. Cells carry their column, and what their
//! column's name or, where that says nothing, a look at its first cells says ([`super::column`]). Cells of the row of names
//! are places where nobody is, unless one of them reads as somebody's name.
//!
//! What must always hold: one pass, cell by cell, behind a bounded look at the first rows; neither a million columns nor a
//! cell without end takes more memory than a portion. A quote that does not close ends with the file, and nothing is lost.
//!
//! What it refuses to know: what values mean.

use super::column::{self, Column};
use super::encoded::{self, Encoded};
use super::escape::Escape;
use super::map::{How, OffsetMap};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, hl7, meaning_of_label};
use std::sync::Arc;

/// How much of the beginning decides about the dialect, in bytes.
const SAMPLE_BYTES: usize = 64 << 10;
/// How many rows of it.
const SAMPLE_ROWS: usize = 60;
/// What parts cells.
const DELIMITERS: [u8; 4] = [b'\t', b'|', b';', b','];
/// A title has at most so many lines, of which so many bytes are looked at.
const TITLE_LINES_MAX: usize = 20;
const TITLE_BYTES_MAX: usize = 16 << 10;
/// The longest header that is kept, in bytes.
const HEADER_BYTES_MAX: usize = 128;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// May cells stand in quotes.
    quotes: bool,
    /// Is the first row one of names.
    header: bool,
}

/// The dialect of a text, if it is a table. `hint`: its name says that it is one.
pub(super) fn dialect_of(text: &str, hint: bool) -> Option<Dialect> {
    let cut = text.floor_char_boundary(SAMPLE_BYTES);
    let (sample, is_cut) = (&text[..cut], cut < text.len());
    let declared = declared(sample);
    let sure = hint || declared.is_some();
    let absent = absent_in_first_row(sample);
    let mut best: Option<(usize, usize, u8)> = None;
    for delimiter in DELIMITERS.into_iter().filter(|one| declared.is_none_or(|said| said == *one)) {
        if absent.contains(&delimiter) {
            continue;
        }
        // Prose has commas, and sometimes as many on each line.
        let common = matches!(delimiter, b',' | b';');
        let agreement_min = match (sure, common) {
            (true, _) => 50,
            (false, true) => 100,
            (false, false) => 90,
        };
        let Some(mut rows) = widths(sample, delimiter, agreement_min == 100) else { continue };
        if is_cut && rows.len() < SAMPLE_ROWS && rows.len() > 1 {
            rows.pop();
        }
        let Some(&width) = rows.first() else { continue };
        let agreeing = rows.iter().filter(|row| **row == width).count();
        let agreement = agreeing * 100 / rows.len();
        let rows_min = match (sure, common) {
            (true, _) => 1,
            (false, true) if width == 2 => 5,
            (false, true) => 3,
            (false, false) => 2,
        };
        if width < 2 || rows.len() < rows_min || agreement < agreement_min {
            continue;
        }
        if best.is_none_or(|(most, wide, _)| (agreement, width) > (most, wide)) {
            best = Some((agreement, width, delimiter));
        }
    }
    let delimiter = match best {
        Some((_, _, delimiter)) => delimiter,
        None if hint || declared.is_some() => declared.unwrap_or(b','),
        None => return None,
    };
    let quoted = sample.as_bytes().windows(2).any(|pair| pair[0] == delimiter && pair[1] == b'"');
    let quotes = matches!(delimiter, b',' | b';') || quoted || sample.starts_with('"');
    Some(Dialect { delimiter, quotes, header: has_header(sample, delimiter) })
}

/// Where a table begins that has a title above it, as reports have, and how it is written: at the first line of which most cells are
/// names that are known, below lines of fewer cells.
fn below_title(text: &str) -> Option<(usize, Dialect)> {
    let cells = |line: &str, delimiter: u8| -> Vec<String> {
        let cells = line.split(char::from(delimiter)).take(200).map(|cell| cell.trim().trim_matches('"').trim());
        cells.filter(|cell| !cell.is_empty()).map(ToOwned::to_owned).collect()
    };
    DELIMITERS.into_iter().find_map(|delimiter| {
        let (mut at, mut widest) = (0, 0);
        for line in text.split_inclusive('\n').take(TITLE_LINES_MAX) {
            let line_cells = cells(&line[..line.floor_char_boundary(TITLE_BYTES_MAX)], delimiter);
            let known = line_cells.iter().filter(|name| meaning_of_label(name) != Meaning::UNKNOWN).count();
            if known >= 2 && known * 2 >= line_cells.len() {
                let dialect = (at > 0 && widest < line_cells.len()).then(|| dialect_of(&text[at..], true)).flatten()?;
                return (dialect.delimiter == delimiter && dialect.header).then_some((at, dialect));
            }
            widest = widest.max(line_cells.len());
            at += line.len();
        }
        None
    })
}

/// Spreadsheets write `sep=;` before the header.
fn declared(sample: &str) -> Option<u8> {
    let first = sample.lines().next()?.as_bytes();
    match first {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter @ (b',' | b';' | b'|' | b'\t')] => Some(*delimiter),
        _ => None,
    }
}

/// Delimiters that the first row has none of, so that it would be one cell: told in one look for all of them. A row that may go on
/// behind its line, in quotes, says nothing here.
fn absent_in_first_row(sample: &str) -> Vec<u8> {
    if declared(sample).is_some() {
        return Vec::new();
    }
    let row = sample.trim_start_matches(['\n', '\r']).as_bytes();
    let mut absent = DELIMITERS.to_vec();
    for byte in row.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')) {
        match byte {
            b'"' => return Vec::new(),
            b'\t' | b'|' | b';' | b',' => absent.retain(|one| one != byte),
            _ => {}
        }
    }
    absent
}

/// How many cells each row of the sample has; empty lines are none. Nothing where the first row is one cell, or where all have to
/// agree and one that is not the last does not: that is no table.
fn widths(sample: &str, delimiter: u8, all_agree: bool) -> Option<Vec<usize>> {
    let mut rows: Vec<usize> = Vec::new();
    let (mut cells, mut quoted, mut at_start, mut empty) = (1, false, true, true);
    let bytes = sample.as_bytes();
    let mut at = if declared(sample).is_some() { sample.find('\n').map_or(0, |end| end + 1) } else { 0 };
    while at < bytes.len() && rows.len() < SAMPLE_ROWS {
        let byte = bytes[at];
        at += 1;
        if quoted {
            quoted = byte != b'"';
            continue;
        }
        if matches!(byte, b'\n' | b'\r') {
            if !empty {
                // What follows cannot change what is known by now; of the last row, which may be cut, it may.
                if rows.first() == Some(&1) || all_agree && rows.last() != rows.first() {
                    return None;
                }
                rows.push(cells);
            }
            (cells, at_start, empty) = (1, true, true);
            continue;
        }
        // A quote behind a closing one opens again, which is how a doubled one is passed over.
        quoted = byte == b'"' && (at_start || bytes[at - 2] == b'"');
        empty = false;
        cells += usize::from(byte == delimiter);
        at_start = byte == delimiter;
    }
    if !empty && rows.len() < SAMPLE_ROWS {
        rows.push(cells);
    }
    Some(rows)
}

/// Is the first row one of names: short words without numbers, at least one of them known or the next row different.
fn has_header(sample: &str, delimiter: u8) -> bool {
    let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
    let first = match lines.next() {
        Some(line) if declared(line).is_some() => lines.next(),
        other => other,
    };
    let Some(first) = first else { return false };
    let cells = |line: &str| -> Vec<String> {
        line.split(char::from(delimiter)).take(200).map(|cell| cell.trim().trim_matches('"').to_owned()).collect()
    };
    let names = cells(first);
    let is_name = |cell: &String| {
        cell.len() <= HEADER_BYTES_MAX
            && !cell.contains('@')
            && !cell.starts_with(|letter: char| letter.is_ascii_digit())
            && cell.bytes().filter(u8::is_ascii_digit).count() <= 3
    };
    if !names.iter().all(is_name) || names.iter().all(String::is_empty) {
        return false;
    }
    let known = names.iter().any(|name| meaning_of_label(name) != Meaning::UNKNOWN);
    let numbers = |cell: &String| cell.bytes().any(|byte| byte.is_ascii_digit());
    let differs = lines.next().is_some_and(|line| cells(line).iter().any(numbers)) && !names.iter().any(numbers);
    known || differs
}

/// Reads a table.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let (mut at, dialect) = below_title(text).unwrap_or_else(|| {
        (0, dialect_of(text, true).unwrap_or(Dialect { delimiter: b',', quotes: true, header: false }))
    });
    let mut table = Table {
        weaver: Weaver::new(reading, place),
        text,
        dialect,
        columns: Vec::new(),
        headers: Vec::new(),
        in_header: dialect.header,
        has_labels: false,
        column: 0,
        packed: Vec::new(),
    };
    if at == 0 && declared(text).is_some() {
        at = text.find('\n').map_or(text.len(), |end| end + 1);
    }
    table.weaver.copy(text, 0..at, table.bare());
    let sample = sample(&text[at..], dialect);
    if dialect.header {
        let names: Vec<String> = sample.first().into_iter().flatten().map(|cell| name_of(cell)).collect();
        table.has_labels =
            names.iter().any(|name| meaning_of_label(name) != Meaning::UNKNOWN) || column::are_labels(&names);
        table.columns = column::judged(&names, sample.get(1..).unwrap_or_default());
    } else {
        table.columns = column::judged(&[], &sample);
        table.weaver.record += 1;
    }
    while at < text.len() {
        at = table.cell(at);
        at = table.divide(at);
    }
    let packed = std::mem::take(&mut table.packed);
    table.weaver.finish();
    encoded::read_all(reading, text, packed, place);
}

/// The first rows, cell by cell and without quotes; the last one may be cut and is left out then.
fn sample(text: &str, dialect: Dialect) -> Vec<Vec<&str>> {
    let cut = text.floor_char_boundary(column::BYTES_MAX);
    let (near, bytes) = (&text[..cut], &text.as_bytes()[..cut]);
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut at = 0;
    // The names are a row too.
    while at < bytes.len() && rows.len() <= column::ROWS_MAX {
        let start = at;
        if dialect.quotes && bytes[at] == b'"' {
            at += 1;
            while let Some(far) = bytes[at..].iter().position(|byte| *byte == b'"') {
                at += far + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                at += 1;
            }
        }
        let ends = |byte: &u8| *byte == dialect.delimiter || matches!(byte, b'\n' | b'\r');
        let Some(far) = bytes[at..].iter().position(ends) else {
            row.push(bare(&near[start..]));
            break;
        };
        at += far;
        row.push(bare(&near[start..at]));
        if bytes[at] != dialect.delimiter {
            rows.push(std::mem::take(&mut row));
            at += bytes[at..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        } else {
            at += 1;
        }
    }
    if cut == text.len() && !row.is_empty() {
        rows.push(row);
    }
    rows
}

/// A cell without its quotes and blanks.
fn bare(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"').map_or(cell, |cell| cell.strip_suffix('"').unwrap_or(cell)).trim()
}

/// A cell of the row of names, as a name.
fn name_of(cell: &str) -> String {
    cell[..cell.floor_char_boundary(HEADER_BYTES_MAX)].trim().trim_matches('"').replace("\"\"", "\"")
}

struct Table<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    dialect: Dialect,
    columns: Vec<Column>,
    headers: Vec<String>,
    in_header: bool,
    /// Are the cells of the first row surely names of columns.
    has_labels: bool,
    column: u32,
    /// What stands in other letters, each with the record that it stands in.
    packed: Vec<(Encoded, u32)>,
}

impl Table<'_, '_, '_> {
    const fn bare(&self) -> Escape {
        Escape::Cell(self.dialect.delimiter, self.dialect.quotes)
    }

    /// Reads a cell; returns where it ends.
    fn cell(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let column = self.columns.get(self.column as usize).copied();
        if !self.in_header
            && self.dialect.quotes
            && bytes[start] == b'"'
            && let Some(end) = self.message(start + 1)
        {
            return end;
        }
        if self.in_header {
            self.weaver.begin(Meaning::UNKNOWN, NO_COLUMN);
        } else {
            self.weaver.begin(column.map(|column| column.meaning()).unwrap_or_default(), self.column);
        }
        let mut at = start;
        let in_quotes = self.dialect.quotes && bytes[at] == b'"';
        if let Some(behind) = self.encoded(start + usize::from(in_quotes), in_quotes) {
            at = behind;
        } else if in_quotes {
            at = self.quoted(at + 1);
        }
        let ends = |byte: &u8| *byte == self.dialect.delimiter || matches!(byte, b'\n' | b'\r');
        let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |far| at + far);
        let escape = self.bare();
        self.weaver.copy(self.text, at..end, escape);
        let field = self.weaver.end();
        let cell = &self.text[start..end];
        if !self.in_header {
            // A cell that is unlike its column means nothing by standing there.
            let judged = column.filter(Column::is_judged);
            if let (Some(field), Some(column)) = (field, judged) {
                self.weaver.means(field, column.of(bare(cell)));
            }
            return end;
        }
        if let Some(field) = field.filter(|_| self.has_labels && column::is_label(bare(cell))) {
            self.weaver.means(field, Meaning::CODE);
        }
        if self.headers.len() < self.weaver.reading.limits.columns_max {
            self.headers.push(name_of(cell));
        }
        end
    }

    /// Passes over a cell that stands in other letters; returns the place behind it, and behind its quote.
    fn encoded(&mut self, start: usize, in_quotes: bool) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let ends = |byte: &u8| match byte {
            b'"' => in_quotes,
            b'\n' | b'\r' => !in_quotes,
            other => !in_quotes && *other == self.dialect.delimiter,
        };
        let end = bytes[start..].iter().position(ends).map_or(bytes.len(), |far| start + far);
        let is_doubled = in_quotes && bytes.get(end + 1) == Some(&b'"');
        let found = encoded::in_value(self.text, start..end).filter(|_| !self.in_header && !is_doubled)?;
        let escape = self.bare();
        self.weaver.copy(self.text, start..found.range.start, escape);
        self.weaver.gap("[...]", found.range.clone());
        self.packed.push((found, self.weaver.record));
        Some((end + usize::from(in_quotes)).min(bytes.len()))
    }

    /// A cell in quotes that is a message of HL7 version 2; returns where the cell ends, if it is one.
    fn message(&mut self, start: usize) -> Option<usize> {
        let rest = &self.text[start..];
        if !crate::looks_like_hl7(rest.as_bytes()) {
            return None;
        }
        let (mut plain, mut map, mut at) = (String::new(), OffsetMap::default(), start);
        let close = loop {
            // A quote that does not close ends with the file.
            let found = self.text[at..].find('"').map(|far| at + far);
            let end = found.unwrap_or(self.text.len());
            plain.push_str(&self.text[at..end]);
            map.push(end - at, at..end, How::Same, Escape::Quoted);
            if found.is_none() {
                break end;
            }
            if self.text.as_bytes().get(end + 1) != Some(&b'"') {
                break end + 1;
            }
            plain.push('"');
            map.push(1, end..end + 2, How::Atom, Escape::Quoted);
            at = end + 2;
        };
        self.weaver.lens = Some(map);
        let packed = hl7::read_into(&mut self.weaver, &plain, hl7::Where::Value);
        let map = self.weaver.lens.take()?;
        for (inside, record) in packed {
            let source = map.here(inside.range.clone());
            if self.text.get(source.clone()) == plain.get(inside.range.clone()) {
                self.packed.push((Encoded { range: source, ..inside }, record));
            } else {
                self.weaver.opaque(Opaque::UnknownBinary);
            }
        }
        // What stands behind the closing quote is of the cell too.
        let bytes = self.text.as_bytes();
        let ends = |byte: &u8| *byte == self.dialect.delimiter || matches!(byte, b'\n' | b'\r');
        let end = bytes[close..].iter().position(ends).map_or(bytes.len(), |far| close + far);
        let escape = self.bare();
        self.weaver.copy(self.text, close..end, escape);
        Some(end)
    }

    /// Reads what stands between quotes; returns the place behind the closing one.
    fn quoted(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            let end = bytes[at..].iter().position(|byte| *byte == b'"').map(|far| at + far);
            self.weaver.copy(self.text, at..end.unwrap_or(bytes.len()), Escape::Quoted);
            match end {
                Some(end) if bytes.get(end + 1) == Some(&b'"') => {
                    self.weaver.atom("\"", end..end + 2, Escape::Quoted);
                    at = end + 2;
                }
                Some(end) => return end + 1,
                None => return bytes.len(),
            }
        }
    }

    /// Reads what stands behind a cell.
    fn divide(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let Some(&byte) = bytes.get(at) else {
            if self.in_header {
                self.name_columns();
            }
            return at;
        };
        let mut end = at + 1;
        if byte == self.dialect.delimiter {
            self.column = self.column.saturating_add(1);
            let escape = self.bare();
            self.weaver.copy(self.text, at..end, escape);
            self.weaver.rest_late();
            return end;
        }
        while bytes.get(end).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            end += 1;
        }
        let escape = self.bare();
        self.weaver.copy(self.text, at..end, escape);
        self.column = 0;
        if self.in_header {
            self.name_columns();
        }
        if end < bytes.len() {
            self.weaver.record = self.weaver.record.saturating_add(1);
        }
        self.weaver.rest();
        end
    }

    fn name_columns(&mut self) {
        self.in_header = false;
        if self.columns.len() < self.headers.len() {
            // A row of names that is longer than all that was looked at.
            self.columns = column::judged(&self.headers, &[]);
        }
        self.weaver.columns = Arc::from(std::mem::take(&mut self.headers));
    }
}

#[cfg(test)]
mod tests {
    use super::{DELIMITERS, absent_in_first_row, widths};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_no_table_early_on_is_none_after_all_rows(text in "(a|b c|,|,|;|\\||\t|\"|\n|\n|\r\n|sep=;\n){0,60}") {
            for delimiter in DELIMITERS {
                // One row at a time: whatever the first row is, each of these looks no further than it has to.
                let all = widths(&text, delimiter, false);
                let first_is_one = all.as_ref().is_none_or(|rows| rows.first().is_none_or(|first| *first == 1));
                if absent_in_first_row(&text).contains(&delimiter) {
                    prop_assert!(first_is_one);
                }
                match (widths(&text, delimiter, true), all) {
                    (Some(some), Some(rows)) => prop_assert_eq!(some, rows),
                    (Some(_), None) => prop_assert!(false, "all rows are looked at where some are"),
                    (None, Some(rows)) => {
                        // Without the last row, which may be cut, they disagree all the same.
                        let sure = &rows[..rows.len() - 1];
                        prop_assert!(sure.iter().any(|row| *row != rows[0]), "{rows:?}");
                    }
                    (None, None) => {}
                }
            }
        }
    }
}
