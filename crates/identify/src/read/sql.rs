//! Dumps of databases as statements of SQL: INSERT with its values, and COPY with its lines. Parsed, never run.
//!
//! The text is the dump as it stands, with the escapes in strings undone. Values carry their column, by the list in the
//! statement or by the CREATE TABLE that stood before.
//!
//! What must always hold: one pass with a bounded memory of tables; what is no statement of these is read as the text
//! that it is, comments too.
//!
//! What it refuses to know: queries, types, other databases' own statements.

use super::escape::Escape;
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Place, Reading, meaning_of_label};
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
        meanings: Vec::new(),
    };
    while dump.at < text.len() {
        dump.token();
    }
    dump.weaver.finish();
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
    meanings: Vec<Meaning>,
}

impl Dump<'_, '_, '_> {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Where the first of these bytes stands from `from` on, or the end.
    fn until(&self, from: usize, ends: impl Fn(u8) -> bool) -> usize {
        self.bytes()[from..].iter().position(|byte| ends(*byte)).map_or(self.text.len(), |far| from + far)
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
                self.copy_to((end + 1).min(self.text.len()));
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
        let meaning = self.meanings.get(self.column as usize).copied().unwrap_or_default();
        let column = if self.in_values() { self.column } else { NO_COLUMN };
        if self.in_values() {
            self.weaver.begin(meaning, column);
        }
    }

    fn string(&mut self, backslash: bool) {
        self.structure(self.at + 1);
        self.begin_value();
        let escape = Escape::SqlString(backslash);
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
        self.weaver.end();
        if self.at < self.text.len() {
            self.structure(self.at + 1);
        }
        self.weaver.rest_late();
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
            self.weaver.copy(self.text, range.clone(), Escape::SqlBare);
            self.at = range.end;
            self.weaver.end();
            return;
        }
        self.name(range.clone());
        let word = &self.text[range.clone()];
        if self.depth == 0 && word.eq_ignore_ascii_case("values") && self.state == State::Named {
            self.state = State::Values;
            self.begin_table();
        }
        self.structure(range.end);
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
    fn begin_table(&mut self) {
        if self.names.is_empty() {
            self.columns = self.tables.get(&self.table_name()).cloned().unwrap_or_else(|| Arc::from([]));
        } else {
            self.columns = Arc::from(std::mem::take(&mut self.names));
        }
        self.meanings = self.columns.iter().map(|name| meaning_of_label(name)).collect();
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
            self.begin_table();
            self.lines();
        }
        self.words.clear();
        self.names.clear();
        (self.state, self.depth, self.column) = (State::Other, 0, 0);
        self.weaver.rest();
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
                let cell = self.until(self.at, |byte| byte == b'\t').min(end);
                let meaning = self.meanings.get(column as usize).copied().unwrap_or_default();
                if &self.text[self.at..cell] == "\\N" {
                    self.structure(cell);
                } else {
                    self.weaver.begin(meaning, column);
                    self.cell(cell);
                    self.weaver.end();
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
            let sign = self.until(start, |byte| byte == b'\\').min(end);
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
