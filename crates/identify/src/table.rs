//! Tables that people export from other systems: CSV in its many spellings.

use crate::Limits;
use std::fmt;

/// How many bytes of the beginning decide about the delimiter.
const DELIMITER_SAMPLE_BYTES: usize = 8 << 10;

/// A table as read: a header and data rows, each with the line it began on.
#[derive(Clone, PartialEq, Eq)]
pub struct Table {
    /// Column names as written, trimmed.
    pub header: Vec<String>,
    /// Line number (from 1) and cells, trimmed; as many cells as the row had.
    pub rows: Vec<(u64, Vec<String>)>,
    /// The delimiter that was found.
    pub delimiter: char,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} columns, {} rows)", self.header.len(), self.rows.len())
    }
}

/// Why a table cannot be read. No cell is repeated in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// No header line.
    #[error("the table is empty")]
    Empty,
    /// Larger than the limits.
    #[error("the table is too large: {0}")]
    TooLarge(&'static str),
    /// Not text.
    #[error("the table is not text")]
    NotText,
    /// A quote that does not close, or the like.
    #[error("line {line}: {what}")]
    Malformed {
        /// Line number from 1.
        line: u64,
        /// In words.
        what: &'static str,
    },
    /// A column that is needed is not there, or is there twice.
    #[error("{0}")]
    Columns(&'static str),
}

/// Reads a table; finds out delimiter (comma, tab, semicolon, pipe) and charset (UTF-8, UTF-16 with a mark,
/// else Windows-1252) by itself. Rows without any content are left out; a leading `sep=;` line is obeyed.
///
/// # Errors
/// [`TableError`]. Memory stays within about three times the input.
pub fn read_table(bytes: &[u8], limits: &Limits) -> Result<Table, TableError> {
    if bytes.len() > limits.input_bytes_max {
        return Err(TableError::TooLarge("too many bytes"));
    }
    let text = crate::charset::decode_guessed(bytes).ok_or(TableError::NotText)?;
    let (declared, body, lines_before) = declared_delimiter(&text);
    let delimiter = declared.unwrap_or_else(|| delimiter_of(body));
    check_quotes(body, delimiter, lines_before)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(body.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut header: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    let mut cells_left = limits.table_cells_max;
    let mut lines = Lines::of(body, 1 + lines_before);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // The text is UTF-8 and rows may differ in length: nothing else can be wrong.
            Err(error) => {
                let line = lines.line_at(error.position().map_or(0, csv::Position::byte));
                return Err(TableError::Malformed { line, what: "the row cannot be read" });
            }
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = lines.line_at(record.position().map_or(0, csv::Position::byte));
        let cells = cells(&record, line, limits)?;
        cells_left = cells_left.checked_sub(cells.len()).ok_or(TableError::TooLarge("too many cells"))?;
        if header.is_none() {
            header = Some(cells);
        } else if rows.len() >= limits.table_rows_max {
            return Err(TableError::TooLarge("too many rows"));
        } else {
            rows.push((line, cells));
        }
    }
    let header = header.ok_or(TableError::Empty)?;
    Ok(Table { header, rows, delimiter: char::from(delimiter) })
}

/// Counts lines as an editor does; the CSV reader skips blank lines and does not count lone carriage returns.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn of(text: &'a str, first: u64) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: first }
    }

    /// The line of the first content at or after this place; places only ever grow, so all calls together are linear.
    fn line_at(&mut self, place: u64) -> u64 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        while let Some(byte) = self.bytes.get(self.at) {
            let is_end = match byte {
                b'\n' => true,
                b'\r' => self.bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            if self.at >= place && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += u64::from(is_end);
            self.at += 1;
        }
        self.line
    }
}

fn cells(record: &csv::StringRecord, line: u64, limits: &Limits) -> Result<Vec<String>, TableError> {
    if record.len() > limits.table_columns_max {
        return Err(TableError::TooLarge("too many columns"));
    }
    if record.iter().any(|cell| cell.len() > limits.table_cell_bytes_max) {
        return Err(TableError::Malformed { line, what: "a cell is too long; perhaps a quote is not closed" });
    }
    // Control and invisible characters would travel into names; they are dropped, line ends become spaces.
    let clean = |cell: &str| {
        let spaced = cell.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
        let shown: String = spaced.filter(|&c| crate::extract::shown(c) == Some(c)).collect();
        shown.trim().to_owned()
    };
    Ok(record.iter().map(clean).collect())
}

/// Spreadsheets write `sep=;` before the header. Returns the delimiter, the rest and how many lines were taken.
fn declared_delimiter(text: &str) -> (Option<u8>, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first.trim_end().as_bytes() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter @ (b',' | b';' | b'|')] => (Some(*delimiter), rest, 1),
        _ if first.trim_end_matches('\r').eq_ignore_ascii_case("sep=\t") => (Some(b'\t'), rest, 1),
        _ => (None, text, 0),
    }
}

/// The delimiter that divides the header into the most columns and the lines after it into as many.
fn delimiter_of(text: &str) -> u8 {
    let sample = &text[..text.floor_char_boundary(DELIMITER_SAMPLE_BYTES)];
    let lines: Vec<&str> = sample.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let count = |line: &str, delimiter: u8| {
        let mut quoted = false;
        line.bytes()
            .filter(|&byte| {
                quoted ^= byte == b'"';
                byte == delimiter && !quoted
            })
            .count()
    };
    let score = |delimiter: u8| {
        let in_header = lines.first().map_or(0, |line| count(line, delimiter));
        let agreeing = lines.iter().filter(|line| in_header > 0 && count(line, delimiter) == in_header).count();
        (agreeing, in_header)
    };
    // `max_by_key` takes the last of equals: the comma wins where nothing speaks for another.
    [b'|', b';', b'\t', b','].into_iter().max_by_key(|&delimiter| score(delimiter)).unwrap_or(b',')
}

/// A quote that is opened and never closed would swallow the rest of the file into one cell; say where it began.
fn check_quotes(text: &str, delimiter: u8, lines_before: u64) -> Result<(), TableError> {
    let (mut at, mut opened_at) = (0, None);
    let mut at_cell_start = true;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        at += 1;
        match byte {
            b'"' if opened_at.is_some() => {
                if bytes.next_if_eq(&b'"').is_some() {
                    at += 1;
                } else {
                    opened_at = None;
                }
            }
            b'"' if at_cell_start => opened_at = Some(at - 1),
            _ => {}
        }
        at_cell_start = opened_at.is_none() && (byte == delimiter || byte == b'\n' || byte == b'\r');
    }
    match opened_at {
        Some(place) => Err(TableError::Malformed {
            line: Lines::of(text, 1 + lines_before).line_at(place),
            what: "a quote is opened and not closed",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{TableError, read_table};
    use crate::Limits;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<super::Table, TableError> {
        read_table(bytes, &Limits::default())
    }

    #[test]
    fn every_usual_spelling_is_one_table() {
        let spellings: [&[u8]; 8] = [
            b"last,first\r\nLee,Zo\xC3\xAB\r\n",
            b"\xEF\xBB\xBFlast;first\nLee;Zo\xC3\xAB",
            b"last\tfirst\nLee\tZo\xEB\n\n",
            b"last|first\n\"Lee\"| Zo\xEB \n",
            b"sep=;\r\nlast;first\r\nLee;\"Zo\xEB\"\r\n",
            b"last,first\rLee,Zo\xEB\r",
            b"\xFF\xFEl\0a\0s\0t\0,\0f\0i\0r\0s\0t\0\n\0L\0e\0e\0,\0Z\0o\0\xEB\0",
            b"\n\nlast,first\n,\n\"Lee\",\"Zo\xEB\"",
        ];
        for bytes in spellings {
            let table = read(bytes).unwrap();
            assert_eq!(table.header, ["last", "first"], "{}", bytes.escape_ascii());
            assert_eq!(table.rows.len(), 1);
            assert_eq!(table.rows[0].1, ["Lee", "Zoë"]);
        }
    }

    #[test]
    fn a_comma_in_a_name_does_not_outvote_the_real_delimiter() {
        let table = read(b"name;dob;mrn\n\"Lee, A\";1/2/1990;1\nRay, B;1/3/1990;2\n").unwrap();
        assert_eq!((table.delimiter, table.rows[1].1[0].as_str()), (';', "Ray, B"));
    }

    #[test]
    fn line_numbers_count_lines_and_not_rows() {
        assert_eq!(read(b"a\r1\r2\r").unwrap().rows[1].0, 3);
        let table = read(b"a,b\n\"x\ny\",1\n\n2,3\n").unwrap();
        assert_eq!(table.rows.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(table.rows[0].1[0], "x y");
    }

    #[test]
    fn an_open_quote_is_named_by_its_line() {
        let error = read(b"a,b\n1,2\n\"3,4\n5,6\n").unwrap_err();
        assert_eq!(error, TableError::Malformed { line: 3, what: "a quote is opened and not closed" });
        assert!(read(b"a,b\n6\" nail,2\n").is_ok());
    }

    #[test]
    fn limits_and_foreign_content_are_errors() {
        let limits = Limits { table_rows_max: 2, table_columns_max: 3, table_cell_bytes_max: 5, ..Limits::default() };
        assert_eq!(read_table(b"a\n1\n2\n3\n", &limits).unwrap_err(), TableError::TooLarge("too many rows"));
        assert_eq!(read_table(b"a,b,c,d\n", &limits).unwrap_err(), TableError::TooLarge("too many columns"));
        let few = Limits { table_cells_max: 5, ..limits };
        assert_eq!(read_table(b"a,b\n1,2\n3,4\n", &few).unwrap_err(), TableError::TooLarge("too many cells"));
        assert!(matches!(read_table(b"a\n123456\n", &limits), Err(TableError::Malformed { line: 2, .. })));
        assert_eq!(read(b"").unwrap_err(), TableError::Empty);
        assert_eq!(read(b"\n \n,,\n").unwrap_err(), TableError::Empty);
        assert_eq!(read(b"PK\x03\x04\0\0").unwrap_err(), TableError::NotText);
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }
        #[test]
        fn anything_like_a_table_is_read_without_a_panic(text in "([\",;|\t\r\na-c]|sep=){0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}
