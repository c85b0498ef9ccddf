//! Dumps of databases as statements of SQL: INSERT with its values, and COPY with its lines. Parsed, never run.
//!
//! The text is the dump as it stands, with the escapes in strings undone. Values carry their column, by the list in the
//! statement or by the CREATE TABLE that stood before, and what its name or, where that says nothing, a look at the first
//! rows says ([`super::column`]). Names of tables and columns are places where nobody is.
//!
//! What must always hold: one pass, with a bounded look ahead and a bounded memory of tables; what is no statement of these
//! is read as the text that it is, comments too.
//!
//! What it refuses to know: queries, types, other databases' own statements.

use super::column::{self, Column};
use super::encoded::{self, Encoded};
use super::escape::Escape;
use super::weave::{FieldId, Weaver};
use super::{Meaning, NO_COLUMN, Place, Reading};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Tables whose columns are remembered.
const TABLES_MAX: usize = 4_096;
/// Columns of one table that are remembered, and the longest name of one in bytes.
const COLUMNS_MAX: usize = 2_048;
const NAME_BYTES_MAX: usize = 128;

type Columns = Arc<[String]>;

/// Reads a dump.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let head = &text[..text.floor_char_boundary(16 << 10)];
    let backslash = head.contains('`') || head.contains("MySQL") || head.contains("MariaDB");
    let mut dump = Dump {
        weaver: Weaver::new(reading, place),
        text,
        at: 0,
        backslash,
        tables: HashMap::new(),
        words: Vec::new(),
        names: Vec::new(),
        state: State::Other,
        depth: 0,
        column: 0,
        columns: Arc::from([]),
        judged: Arc::from([]),
        known: HashMap::new(),
        statement: 0,
        packed: Vec::new(),
    };
    while dump.at < text.len() {
        dump.token();
    }
    let packed = std::mem::take(&mut dump.packed);
    dump.weaver.finish();
    encoded::read_all(reading, text, packed, place);
}

/// What the statement that is being read has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Other,
    /// `INSERT INTO name` or `COPY name`, perhaps with columns.
    Named,
    /// `CREATE TABLE name`, perhaps with columns.
    Created,
    /// Behind VALUES.
    Values,
}

struct Dump<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    at: usize,
    backslash: bool,
    tables: HashMap<String, Columns>,
    /// The first words of the statement.
    words: Vec<String>,
    /// Names in the brackets of the statement.
    names: Vec<String>,
    state: State,
    depth: usize,
    column: u32,
    columns: Columns,
    judged: Arc<[Column]>,
    /// What the columns of tables hold whose rows were looked at, by the names of table and columns.
    known: HashMap<(String, Columns), Arc<[Column]>>,
    /// Where the statement begins.
    statement: usize,
    /// What stands in other letters, each with the record that it stands in.
    packed: Vec<(Encoded, u32)>,
}

impl Dump<'_, '_, '_> {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Where the first of these bytes stands from `from` on, or the end.
    fn until(&self, from: usize, ends: impl Fn(u8) -> bool) -> usize {
        self.bytes()[from..].iter().position(|byte| ends(*byte)).map_or(self.text.len(), |far| from + far)
    }

    /// As [`Self::until`], but what lies behind `end` is not looked at: a line without the sign would be paid for with the file.
    fn until_within(&self, range: Range<usize>, sign: u8) -> usize {
        let far = self.bytes()[range.clone()].iter().position(|byte| *byte == sign);
        far.map_or(range.end, |far| range.start + far)
    }

    fn copy_to(&mut self, end: usize) {
        let start = self.at;
        self.weaver.copy(self.text, start..end, Escape::Plain);
        self.at = end;
    }

    fn structure(&mut self, end: usize) {
        let start = self.at;
        self.weaver.copy(self.text, start..end, Escape::Fixed);
        self.at = end;
    }

    fn token(&mut self) {
        let at = self.at;
        let bytes = self.bytes();
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            b'-' if next == Some(b'-') => self.copy_to(self.until(at, |byte| byte == b'\n')),
            b'/' if next == Some(b'*') => {
                let end = bytes[at + 2..].windows(2).position(|two| two == b"*/");
                self.copy_to(end.map_or(self.text.len(), |far| at + far + 4));
            }
            b'\'' => self.string(self.backslash),
            b'E' | b'e' if next == Some(b'\'') => {
                self.structure(at + 1);
                self.string(true);
            }
            quote @ (b'"' | b'`') => {
                let end = self.until(at + 1, |byte| byte == quote);
                self.name(at + 1..end);
                self.begin_label(at + 1..end);
                self.copy_to((end + 1).min(self.text.len()));
                self.weaver.end();
            }
            b'(' | b')' | b',' | b';' => self.sign(bytes[at]),
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+') || byte >= 0x80 => {
                let is_word = |byte: u8| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+') || byte >= 0x80
                };
                let end = self.until(at + 1, |byte| !is_word(byte));
                self.word(at..end);
            }
            _ => {
                let plain = |byte: u8| {
                    byte.is_ascii_alphanumeric()
                        || matches!(
                            byte,
                            b'\'' | b'"' | b'`' | b'(' | b')' | b',' | b';' | b'-' | b'/' | b'_' | b'.' | b'+'
                        )
                        || byte >= 0x80
                };
                self.structure(self.until(at + 1, plain));
            }
        }
    }

    fn in_values(&self) -> bool {
        self.state == State::Values && self.depth == 1
    }

    fn begin_value(&mut self) {
        if self.in_values() {
            let column = self.judged.get(self.column as usize);
            self.weaver.begin(column.map(|column| column.meaning()).unwrap_or_default(), self.column);
        }
    }

    /// A value ends. One that is unlike its column means nothing by standing there.
    fn end_value(&mut self, value: Range<usize>, at: u32, field: Option<FieldId>) {
        let judged = self.judged.get(at as usize).copied().filter(Column::is_judged);
        if let (Some(field), Some(column)) = (field, judged) {
            self.weaver.means(field, column.of(&self.text[value]));
        }
    }

    /// A name of a table or a column follows.
    fn begin_label(&mut self, name: Range<usize>) {
        if matches!(self.state, State::Named | State::Created) && column::is_label(&self.text[name]) {
            self.weaver.begin(Meaning::CODE, NO_COLUMN);
        }
    }

    fn string(&mut self, backslash: bool) {
        self.structure(self.at + 1);
        self.begin_value();
        let value = self.at;
        let escape = Escape::SqlString(backslash);
        let end = self.until(value, |byte| byte == b'\'');
        if self.encoded(value..end) {
            self.weaver.end();
            if end < self.text.len() {
                self.structure(end + 1);
            }
            return self.weaver.rest_late();
        }
        loop {
            let start = self.at;
            let sign = self.until(start, |byte| byte == b'\'' || backslash && byte == b'\\');
            self.weaver.copy(self.text, start..sign, escape);
            self.at = sign;
            let next = self.text[sign.min(self.text.len())..].chars().nth(1);
            match self.bytes().get(sign) {
                None => break,
                Some(b'\'') if next == Some('\'') => {
                    self.weaver.atom("'", sign..sign + 2, escape);
                    self.at = sign + 2;
                }
                Some(b'\'') => break,
                Some(_) => {
                    let Some(letter) = next else {
                        self.copy_to(self.text.len());
                        break;
                    };
                    let said = match letter {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '0' => '\0',
                        other => other,
                    };
                    let end = sign + 1 + letter.len_utf8();
                    self.weaver.atom(said.encode_utf8(&mut [0; 4]), sign..end, escape);
                    self.at = end;
                }
            }
        }
        let field = self.weaver.end();
        self.end_value(value..self.at, self.column, field);
        if self.at < self.text.len() {
            self.structure(self.at + 1);
        }
        self.weaver.rest_late();
    }

    /// Passes over a value that stands in other letters.
    fn encoded(&mut self, value: Range<usize>) -> bool {
        let Some(found) = encoded::in_value(self.text, value.clone()) else { return false };
        self.weaver.copy(self.text, value.start..found.range.start, Escape::Fixed);
        self.weaver.gap("[...]", found.range.clone());
        self.packed.push((found, self.weaver.record));
        self.at = value.end;
        true
    }

    /// A name in quotes, or a word that is one.
    fn name(&mut self, range: Range<usize>) {
        let name = &self.text[range];
        let name = name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned();
        if self.depth == 1 && matches!(self.state, State::Named | State::Created) {
            // Of `name type not null` the first is the name.
            if self.names.len() as u64 == u64::from(self.column) && self.names.len() < COLUMNS_MAX {
                self.names.push(name);
            }
        } else if self.depth == 0 && self.words.len() < 6 {
            self.words.push(name);
            self.recognise();
        }
    }

    fn word(&mut self, range: Range<usize>) {
        if self.in_values() {
            if self.text[range.clone()].eq_ignore_ascii_case("null") {
                return self.structure(range.end);
            }
            self.begin_value();
            if !self.encoded(range.clone()) {
                self.weaver.copy(self.text, range.clone(), Escape::SqlBare);
                self.at = range.end;
            }
            let field = self.weaver.end();
            self.end_value(range, self.column, field);
            return;
        }
        self.name(range.clone());
        let word = &self.text[range.clone()];
        if self.depth == 0 && word.eq_ignore_ascii_case("values") && self.state == State::Named {
            self.state = State::Values;
            self.begin_table(range.end);
        }
        self.begin_label(range.clone());
        self.structure(range.end);
        self.weaver.end();
    }

    fn recognise(&mut self) {
        let word = |at: usize| self.words.get(at).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        self.state = match (word(0).as_str(), word(1).as_str(), self.words.len()) {
            ("INSERT" | "REPLACE", "INTO" | "IGNORE", 3..) | ("COPY", _, 2..) => State::Named,
            ("CREATE", "TABLE", 3..) => State::Created,
            _ => State::Other,
        };
    }

    /// The table's name without its schema.
    fn table_name(&self) -> String {
        let word = self.words.iter().find(|word| {
            let upper = word.to_ascii_uppercase();
            !matches!(
                upper.as_str(),
                "INSERT"
                    | "REPLACE"
                    | "INTO"
                    | "IGNORE"
                    | "CREATE"
                    | "TABLE"
                    | "IF"
                    | "NOT"
                    | "EXISTS"
                    | "COPY"
                    | "ONLY"
            )
        });
        let word = word.map(String::as_str).unwrap_or_default();
        word.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Values follow: of which columns.
    fn begin_table(&mut self, rows: usize) {
        if self.names.is_empty() {
            self.columns = self.tables.get(&self.table_name()).cloned().unwrap_or_else(|| Arc::from([]));
        } else {
            self.columns = Arc::from(std::mem::take(&mut self.names));
        }
        let key = (self.table_name(), self.columns.clone());
        self.judged = match self.known.get(&key) {
            Some(known) => known.clone(),
            None => {
                let sample = if self.state == State::Values { self.tuples(rows) } else { self.copied(rows) };
                let judged: Arc<[Column]> = Arc::from(column::judged(&self.columns, &sample));
                if self.known.len() < TABLES_MAX {
                    self.known.insert(key, judged.clone());
                }
                judged
            }
        };
        self.weaver.table(&self.columns);
        self.column = 0;
    }

    fn sign(&mut self, sign: u8) {
        self.structure(self.at + 1);
        match sign {
            b'(' => {
                self.depth += 1;
                if self.depth == 1 {
                    self.column = 0;
                    if self.state == State::Values {
                        self.weaver.record = self.weaver.record.saturating_add(1);
                    }
                }
            }
            b')' => {
                self.depth = self.depth.saturating_sub(1);
                if self.in_values() || self.depth == 0 {
                    self.weaver.rest();
                }
            }
            b',' if self.depth == 1 => self.column = self.column.saturating_add(1),
            b';' => self.end_statement(),
            _ => {}
        }
    }

    fn end_statement(&mut self) {
        let copies = self.words.first().is_some_and(|word| word.eq_ignore_ascii_case("copy"))
            && self.words.iter().any(|word| word.eq_ignore_ascii_case("stdin"));
        if self.state == State::Created && self.tables.len() < TABLES_MAX {
            let name = self.table_name();
            self.tables.insert(name, Arc::from(std::mem::take(&mut self.names)));
        }
        if copies {
            self.begin_table(self.until(self.at, |byte| byte == b'\n'));
            self.lines();
        }
        self.statement = self.at;
        self.words.clear();
        self.names.clear();
        (self.state, self.depth, self.column) = (State::Other, 0, 0);
        self.weaver.rest();
    }

    /// The first rows behind VALUES, and those of statements that follow and are the same up to there.
    fn tuples(&self, from: usize) -> Vec<Vec<&str>> {
        let end = self.text.floor_char_boundary((from + column::BYTES_MAX).min(self.text.len()));
        let (near, bytes) = (&self.text[..end], &self.bytes()[..end]);
        let begin = near[self.statement.min(from)..from].trim_start();
        let (mut rows, mut row, mut at) = (Vec::new(), Vec::new(), from);
        let (mut depth, mut start) = (0_usize, from);
        while at < end && rows.len() < column::ROWS_MAX {
            match bytes[at] {
                b'\'' => at = self.string_end(at, end),
                b'(' => {
                    depth += 1;
                    if depth == 1 {
                        start = at + 1;
                    }
                }
                b',' if depth == 1 => {
                    row.push(bare(&near[start..at]));
                    start = at + 1;
                }
                b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        row.push(bare(&near[start..at]));
                        rows.push(std::mem::take(&mut row));
                    }
                }
                b';' if depth == 0 => {
                    let rest = near[at + 1..].trim_start();
                    if begin.is_empty() || !rest.starts_with(begin) {
                        return rows;
                    }
                    at = end - rest.len() + begin.len();
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        rows
    }

    /// Where the quote stands that ends the string that begins here, or the end.
    fn string_end(&self, start: usize, end: usize) -> usize {
        let bytes = self.bytes();
        let mut at = start + 1;
        while at < end {
            match bytes[at] {
                b'\\' if self.backslash => at += 1,
                b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 1,
                b'\'' => return at,
                _ => {}
            }
            at += 1;
        }
        end
    }

    /// The first lines of COPY.
    fn copied(&self, from: usize) -> Vec<Vec<&str>> {
        let end = self.text.floor_char_boundary((from + column::BYTES_MAX).min(self.text.len()));
        let lines = self.text[from.min(end)..end].split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = lines.map(str::trim_end).filter(|line| !line.is_empty()).take_while(|line| *line != "\\.");
        let cells = |line| str::split(line, '\t').map(|cell| if cell == "\\N" { "" } else { cell }).collect();
        lines.take(column::ROWS_MAX).map(cells).collect()
    }

    /// The lines of COPY, until the one that ends them.
    fn lines(&mut self) {
        self.structure((self.until(self.at, |byte| byte == b'\n') + 1).min(self.text.len()));
        while self.at < self.text.len() {
            let end = self.until(self.at, |byte| byte == b'\n');
            let line = &self.text[self.at..end];
            if line.trim_end() == "\\." {
                return self.structure(end);
            }
            self.weaver.record = self.weaver.record.saturating_add(1);
            let mut column = 0;
            while self.at < end {
                let cell = self.until_within(self.at..end, b'\t');
                let judged = self.judged.get(column as usize);
                let meaning = judged.map(|column| column.meaning()).unwrap_or_default();
                if &self.text[self.at..cell] == "\\N" {
                    self.structure(cell);
                } else {
                    self.weaver.begin(meaning, column);
                    let start = self.at;
                    if !self.encoded(start..cell) {
                        self.cell(cell);
                    }
                    let field = self.weaver.end();
                    self.end_value(start..cell, column, field);
                }
                if cell < end {
                    self.weaver.copy(self.text, cell..cell + 1, Escape::SqlCopy);
                    self.at = cell + 1;
                    column += 1;
                }
                self.weaver.rest_late();
            }
            let next = (end + 1).min(self.text.len());
            self.weaver.copy(self.text, end..next, Escape::SqlCopy);
            self.at = next;
            self.weaver.rest();
        }
    }

    fn cell(&mut self, end: usize) {
        while self.at < end {
            let start = self.at;
            let sign = self.until_within(start..end, b'\\');
            self.weaver.copy(self.text, start..sign, Escape::SqlCopy);
            self.at = sign;
            if sign >= end {
                return;
            }
            let Some(letter) = self.text[sign + 1..end].chars().next() else {
                self.weaver.copy(self.text, sign..end, Escape::SqlCopy);
                self.at = end;
                return;
            };
            let said = match letter {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                other => other,
            };
            let next = sign + 1 + letter.len_utf8();
            self.weaver.atom(said.encode_utf8(&mut [0; 4]), sign..next, Escape::SqlCopy);
            self.at = next;
        }
    }
}

/// A value without its quotes; NULL is none.
fn bare(value: &str) -> &str {
    let value = value.trim();
    if value.eq_ignore_ascii_case("null") {
        return "";
    }
    let value = value.strip_prefix(['E', 'e']).filter(|rest| rest.starts_with('\'')).unwrap_or(value);
    value.strip_prefix('\'').map_or(value, |value| value.strip_suffix('\'').unwrap_or(value))
}
