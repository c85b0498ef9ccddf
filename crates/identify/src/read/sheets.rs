//! Which column of a workbook each shared string stands in, and what the columns hold.
//!
//! Cells of a sheet name their words by number; the words stand in another part of the file. A look at all sheets before either is
//! read says which strings are names of columns and what the others mean.
//!
//! What must always hold: a string that stands under two columns that mean different things means nothing; a workbook that cannot be
//! understood is read as if nobody had looked; memory goes with the number of strings and cells of the first rows.
//!
//! What it refuses to know: formulas, and how formats look; only whether one shows a day.

use super::column::{self, Column};
use super::day_number::{self, Epoch};
use super::tags::{Tag, Tags, copied, local};
use super::{Meaning, What, Who, office};
use std::collections::HashMap;

/// Strings of which the uses are kept.
const STRINGS_MAX: usize = 4_000_000;
/// Columns of a sheet.
const COLUMNS_MAX: usize = 16_384;
/// The longest string that is looked at, in bytes.
const STRING_BYTES_MAX: usize = 4_096;

/// What the strings and the columns of a workbook mean.
#[derive(Default)]
pub(super) struct Sheets {
    /// By a string's number.
    strings: Vec<Meaning>,
    /// By a sheet's name.
    sheets: HashMap<String, Sheet>,
    /// By a style's number: does it show a number as a day.
    shows_day: Vec<bool>,
    /// Which day numbers of days are counted from.
    pub(super) epoch: Epoch,
    /// What the fields of the rows of a cache mean, by the name of the part that holds the rows.
    caches: HashMap<String, Vec<Meaning>>,
}

/// Styles that are kept.
const STYLES_MAX: usize = 65_536;
/// Numbers of fewer digits are years or counts, unless their style says that they are days. Five digits begin in 1927.
const DAY_DIGITS_MIN: usize = 5;

/// What one sheet's columns hold.
#[derive(Default)]
struct Sheet {
    columns: Vec<Column>,
    /// Its first row names the columns.
    is_headed: bool,
}

/// A cell's value.
#[derive(Clone, Copy)]
enum Value<'t> {
    /// A string's number.
    Shared(usize),
    Own(&'t str),
}

impl Sheets {
    /// Of the parts of a workbook: names and texts of the sheets, and the texts of the strings, the styles and the book.
    pub(super) fn of(sheets: &[(String, String)], strings: &str, styles: &str, book: &str) -> Self {
        let words = words(strings);
        let mut uses: Vec<Option<Meaning>> = vec![None; words.len()];
        let mut found = Self { shows_day: day_styles(styles), epoch: epoch(book), ..Self::default() };
        for (name, text) in sheets {
            found.sheets.insert(name.clone(), sheet(text, &words, &mut uses));
        }
        found.strings = uses.into_iter().map(Option::unwrap_or_default).collect();
        found
    }

    /// And of the definitions of its pivot caches, each with its name. Its rows stand in a part of the same number.
    pub(super) fn with_caches(mut self, definitions: &[(String, String)]) -> Self {
        for (name, text) in definitions {
            let rows = name.replace("pivotCacheDefinition", "pivotCacheRecords");
            self.caches.insert(rows, labels(text, "cacheField"));
        }
        self
    }

    /// What a field of a row of a cache means; nothing where the part has no such rows.
    pub(super) fn cached(&self, part: &str, field: usize) -> Option<Meaning> {
        self.caches.get(part).map(|fields| fields.get(field).copied().unwrap_or_default())
    }

    /// What a string means wherever it stands.
    pub(super) fn string(&self, number: usize) -> Meaning {
        self.strings.get(number).copied().unwrap_or_default()
    }

    /// What a cell of a sheet means. Rows are counted from 0 as they come.
    pub(super) fn cell(&self, sheet: &str, (row, column): (u32, u32), words: &str) -> Meaning {
        self.sheets.get(sheet).map_or(Meaning::UNKNOWN, |sheet| sheet.cell(row as usize, column as usize, words))
    }
}

impl Sheets {
    /// The day that a cell's number is, with what it means: its style shows a day, or its column holds days.
    pub(super) fn day(&self, number: &str, style: usize, meaning: Meaning) -> Option<(String, Meaning)> {
        let is_date = matches!(meaning.what, What::BirthDate | What::DeathDate | What::VisitDate | What::OtherDate);
        let is_shown = self.shows_day.get(style).copied().unwrap_or_default();
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let is_day = match is_shown {
            true => is_date || meaning == Meaning::UNKNOWN,
            false => is_date && digits >= DAY_DIGITS_MIN,
        };
        let day = is_day.then(|| day_number::day_of(number, self.epoch)).flatten()?;
        Some((day, if is_date { meaning } else { Meaning::of(What::OtherDate, Who::Unknown) }))
    }
}

/// What the columns of a table mean by their names.
pub(super) fn columns_of_table(text: &str) -> Vec<Meaning> {
    labels(text, "tableColumn")
}

/// What the names of all elements of a kind say.
fn labels(text: &str, element: &str) -> Vec<Meaning> {
    let (mut tags, mut found) = (Tags::new(text), Vec::new());
    while let Some(tag) = tags.next() {
        if let Tag::Open(name, _) = tag
            && local(&text[name]) == element
            && found.len() < COLUMNS_MAX
        {
            found.push(super::meaning_of_label(&copied(tags.value("name"))));
        }
    }
    found
}

/// By the number of a style of cells: is it one for days.
fn day_styles(text: &str) -> Vec<bool> {
    let mut own: HashMap<u32, bool> = HashMap::new();
    let mut found = Vec::new();
    let (mut tags, mut in_cells) = (Tags::new(text), false);
    while let Some(tag) = tags.next() {
        let name = match tag {
            Tag::Open(name, _) => name,
            Tag::Close(name) if local(&text[name.clone()]) == "cellXfs" => break,
            _ => continue,
        };
        match local(&text[name]) {
            "numFmt" if own.len() < STYLES_MAX => {
                if let Ok(number) = tags.value("numFmtId").parse() {
                    own.insert(number, is_day_format(tags.value("formatCode")));
                }
            }
            "cellXfs" => in_cells = true,
            "xf" if in_cells && found.len() < STYLES_MAX => {
                let number: u32 = tags.value("numFmtId").parse().unwrap_or_default();
                // Those that every program knows (ECMA-376, part 1, 18.8.30); of some the language decides.
                let known = matches!(number, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58);
                found.push(own.get(&number).copied().unwrap_or(known));
            }
            _ => {}
        }
    }
    found
}

/// Does a format show a day or a year: letters outside of quotes and brackets.
fn is_day_format(code: &str) -> bool {
    let plain = code.replace("&quot;", "\"").to_ascii_lowercase();
    let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
    plain.chars().any(|one| {
        let is_free = !in_quotes && !in_brackets && !is_escaped;
        is_escaped = is_free && one == '\\';
        match one {
            '"' if !in_brackets => in_quotes = !in_quotes,
            '[' if is_free => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            'd' | 'y' => return is_free,
            _ => {}
        }
        false
    })
}

/// Which day a workbook counts from.
fn epoch(book: &str) -> Epoch {
    let mut tags = Tags::new(book);
    while let Some(tag) = tags.next() {
        let Tag::Open(name, _) = tag else { continue };
        if local(&book[name]) == "workbookPr" {
            return if matches!(tags.value("date1904"), "1" | "true") { Epoch::Y1904 } else { Epoch::Y1900 };
        }
    }
    Epoch::Y1900
}

impl Sheet {
    fn cell(&self, row: usize, column: usize, words: &str) -> Meaning {
        match self.columns.get(column) {
            _ if row == 0 && self.is_headed && column::is_label(words) => Meaning::CODE,
            Some(column) if row > 0 || !self.is_headed => column.of(words),
            _ => Meaning::UNKNOWN,
        }
    }
}

/// The words of each shared string.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut tags = Tags::new(text);
    let mut in_words = false;
    while let Some(tag) = tags.next() {
        match tag {
            Tag::Open(name, empty) => match local(&text[name]) {
                "si" if found.len() < STRINGS_MAX => found.push(String::new()),
                "t" => in_words = !empty,
                _ => {}
            },
            Tag::Close(name) if local(&text[name.clone()]) == "t" => in_words = false,
            Tag::Text(range) if in_words => {
                if let Some(last) = found.last_mut().filter(|last| last.len() < STRING_BYTES_MAX) {
                    last.push_str(&copied(&text[range]));
                }
            }
            _ => {}
        }
    }
    found
}

/// Reads a sheet: what its columns hold, and what that says of the strings in it.
fn sheet(text: &str, words: &[String], uses: &mut [Option<Meaning>]) -> Sheet {
    let word = |value: Value<'_>| match value {
        Value::Shared(number) => words.get(number).cloned().unwrap_or_default(),
        Value::Own(own) => own.to_owned(),
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    cells(text, &mut |row, column, value| {
        if row > column::ROWS_MAX || column >= COLUMNS_MAX {
            return false;
        }
        rows.resize_with(rows.len().max(row + 1), Vec::new);
        let here = &mut rows[row];
        here.resize_with(here.len().max(column + 1), String::new);
        here[column] = word(value);
        true
    });
    let (names, rest) = rows.split_first().map_or((&[][..], &[][..]), |(names, rest)| (names.as_slice(), rest));
    let is_headed =
        names.iter().any(|name| super::meaning_of_label(name) != Meaning::UNKNOWN) || column::are_labels(names);
    let sample: Vec<Vec<&str>> = if is_headed { rest } else { rows.as_slice() }
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    let columns = column::judged(if is_headed { names } else { &[] }, &sample);
    let found = Sheet { columns, is_headed };
    cells(text, &mut |row, column, value| {
        if let Value::Shared(number) = value
            && let (Some(place), Some(words)) = (uses.get_mut(number), words.get(number))
        {
            let meaning = found.cell(row, column, words);
            // Another use that says something else: nothing is sure.
            *place = Some(place.filter(|other| *other != meaning).map_or(meaning, |_| Meaning::UNKNOWN));
        }
        true
    });
    found
}

/// Calls `seen` for each cell with a value, with row and column from 0, until it says that it is enough. Rows are counted as they come.
fn cells<'t>(text: &'t str, seen: &mut dyn FnMut(usize, usize, Value<'t>) -> bool) {
    let mut tags = Tags::new(text);
    let (mut row, mut column, mut is_shared, mut in_value) = (None::<usize>, 0, false, false);
    while let Some(tag) = tags.next() {
        match tag {
            Tag::Open(name, empty) => match local(&text[name]) {
                "row" => row = Some(row.map_or(0, |row| row + 1)),
                "c" => {
                    is_shared = tags.value("t") == "s";
                    column = usize::try_from(office::column_of(tags.value("r"))).unwrap_or(usize::MAX);
                }
                "v" | "t" => in_value = !empty,
                _ => {}
            },
            Tag::Close(_) => in_value = false,
            Tag::Text(range) if in_value => {
                let value = text[range].trim();
                let value = match value.parse() {
                    Ok(number) if is_shared => Value::Shared(number),
                    _ => Value::Own(value),
                };
                if !seen(row.unwrap_or(0), column, value) {
                    return;
                }
            }
            _ => {}
        }
    }
}
