//! Tables of lines and delimiters: CSV, TSV, pipes and semicolons, however they quote.
//!
//! The text is the table as it stands, without the quotes around cells. Cells carry their column, and what their
//! column's name says.
//!
//! What must always hold: one pass, cell by cell; neither a million columns nor a cell without end takes more memory
//! than a portion. A quote that does not close ends with the file, and nothing is lost.
//!
//! What it refuses to know: what a column holds when its name does not say it.

use super::escape::Escape;
use super::weave::Weaver;
use super::{Meaning, Place, Reading, meaning_of_label};
use std::sync::Arc;

/// How much of the beginning decides about the dialect, in bytes.
const SAMPLE_BYTES: usize = 64 << 10;
/// How many rows of it.
const SAMPLE_ROWS: usize = 60;
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
    let candidates = [b'\t', b'|', b';', b','];
    let mut best: Option<(usize, usize, u8)> = None;
    for delimiter in candidates.into_iter().filter(|one| declared.is_none_or(|said| said == *one)) {
        let mut rows = widths(sample, delimiter);
        if is_cut && rows.len() < SAMPLE_ROWS && rows.len() > 1 {
            rows.pop();
        }
        let Some(&width) = rows.first() else { continue };
        let agreeing = rows.iter().filter(|row| **row == width).count();
        let agreement = agreeing * 100 / rows.len();
        let sure = hint || declared.is_some();
        // Prose has commas, and sometimes as many on each line.
        let common = matches!(delimiter, b',' | b';');
        let rows_min = if sure {
            1
        } else if common && width == 2 {
            5
        } else if common {
            3
        } else {
            2
        };
        let agreement_min = if sure {
            50
        } else if common {
            100
        } else {
            90
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

/// Spreadsheets write `sep=;` before the header.
fn declared(sample: &str) -> Option<u8> {
    let first = sample.lines().next()?.as_bytes();
    match first {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter @ (b',' | b';' | b'|' | b'\t')] => Some(*delimiter),
        _ => None,
    }
}

/// How many cells each row of the sample has; empty lines are none.
fn widths(sample: &str, delimiter: u8) -> Vec<usize> {
    let mut rows = Vec::new();
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
    rows
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
    let dialect = dialect_of(text, true).unwrap_or(Dialect { delimiter: b',', quotes: true, header: false });
    let mut table = Table {
        weaver: Weaver::new(reading, place),
        text,
        dialect,
        meanings: Vec::new(),
        headers: Vec::new(),
        in_header: dialect.header,
        column: 0,
    };
    let mut at = 0;
    if declared(text).is_some() {
        at = text.find('\n').map_or(text.len(), |end| end + 1);
        table.weaver.copy(text, 0..at, table.bare());
    }
    if !dialect.header {
        table.weaver.record += 1;
    }
    while at < text.len() {
        at = table.cell(at);
        at = table.divide(at);
    }
    table.weaver.finish();
}

struct Table<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    dialect: Dialect,
    meanings: Vec<Meaning>,
    headers: Vec<String>,
    in_header: bool,
    column: u32,
}

impl Table<'_, '_, '_> {
    const fn bare(&self) -> Escape {
        Escape::Cell(self.dialect.delimiter, self.dialect.quotes)
    }

    /// Reads a cell; returns where it ends.
    fn cell(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let meaning = self.meanings.get(self.column as usize).copied().unwrap_or_default();
        if !self.in_header {
            self.weaver.begin(meaning, self.column);
        }
        let mut at = start;
        if self.dialect.quotes && bytes[at] == b'"' {
            at = self.quoted(at + 1);
        }
        let ends = |byte: &u8| *byte == self.dialect.delimiter || matches!(byte, b'\n' | b'\r');
        let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |far| at + far);
        let escape = self.bare();
        self.weaver.copy(self.text, at..end, escape);
        self.weaver.end();
        if self.in_header && self.headers.len() < self.weaver.reading.limits.columns_max {
            let cell = &self.text[start..end];
            let cell = &cell[..cell.floor_char_boundary(HEADER_BYTES_MAX)];
            self.headers.push(cell.trim().trim_matches('"').replace("\"\"", "\""));
        }
        end
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
        self.meanings = self.headers.iter().map(|header| meaning_of_label(header)).collect();
        self.weaver.columns = Arc::from(std::mem::take(&mut self.headers));
    }
}
