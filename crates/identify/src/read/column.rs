//! What a column holds, judged by all that a sample of it holds, where its name does not say it.
//!
//! One value of five digits is anything; two hundred of them that all pass a check, or are all on the list of surnames, are a
//! column of that. The judgement is about the column, and each cell has to have the column's form, or nothing is said of it.
//!
//! What must always hold: a column that is not nearly all of one form is not judged; the sample is bounded in rows and in bytes; a
//! cell that does not look like its column stays open to every search.
//!
//! What it refuses to know: files, quotes and delimiters.

use super::meaning::{label_words, who_of_label};
use super::{Meaning, What, Who, meaning_of_label};
use crate::find::is_npi;
use crate::names::lists::{self, Listed};
use std::collections::HashSet;

/// Rows of a table that are looked at before it is read.
pub(super) const ROWS_MAX: usize = 200;
/// Bytes of them.
pub(super) const BYTES_MAX: usize = 128 << 10;
/// Columns that are judged; the others say what their names say.
const COLUMNS_MAX: usize = 1_024;
/// Of a hundred cells so many must have the form.
const FORM_PERCENT: usize = 90;
/// Of a hundred cells so many must be on a list of names; the lists do not have all of them.
const LISTED_PERCENT: usize = 75;
/// Fewer cells show nothing: of a form with a check or a sign of its own, and of others.
const CELLS_MIN: usize = 3;
const WORDS_MIN: usize = 5;
/// Fewer numbers may be unlike each other by chance.
const NUMBERS_MIN: usize = 20;
/// The longest code, in bytes: a concept of SNOMED CT has at most 18 digits.
const CODE_BYTES_MAX: usize = 18;
/// The longest name of a person, in bytes and in words.
const NAME_BYTES_MAX: usize = 60;
const NAME_WORDS_MAX: usize = 5;

/// Words in the names of columns that hold codes of a system.
const SYSTEMS: &[&str] = &[
    "cvx", "mvx", "icd", "icd9", "icd10", "icd9cm", "icd10cm", "icd10pcs", "dx", "cpt", "cpt4", "hcpcs", "loinc",
    "ndc", "snomed", "sct", "rxnorm", "rxcui", "drg", "taxonomy", "ucum", "atc", "unii",
];
/// Words in the names of columns that hold one of a few words.
const CHOICES: &[&str] =
    &["code", "codes", "status", "type", "unit", "units", "class", "category", "flag", "modifier", "route", "site"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    meaning: Meaning,
    /// What a cell must look like to mean this; none where the column's name says it.
    form: Option<Form>,
}

/// How values of a kind look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Email,
    Ssn,
    Phone,
    Npi,
    Date,
    /// A number that is one thing's alone.
    Number,
    /// One or two words of a name.
    Name,
    /// All of a name.
    FullName,
    Icd,
    Loinc,
    Ndc,
    Amount,
    /// A code of a system that the column's name tells.
    Code,
    /// One of a few words.
    Choice,
}

/// Forms that are seen by themselves, the surest first.
const FORMS: &[(Form, What)] = &[
    (Form::Email, What::Email),
    (Form::Ssn, What::Ssn),
    (Form::Date, What::OtherDate),
    (Form::Npi, What::ProviderId),
    (Form::Phone, What::Phone),
    (Form::Loinc, What::Code),
    (Form::Ndc, What::Code),
    (Form::Icd, What::Code),
    (Form::Amount, What::Code),
];

impl Column {
    /// What a cell of this column means.
    pub(super) fn of(&self, cell: &str) -> Meaning {
        match self.form {
            Some(form) if !form.fits(cell.trim()) => Meaning::UNKNOWN,
            _ => self.meaning,
        }
    }

    /// Is something said of the column at all.
    pub(super) fn is_judged(&self) -> bool {
        self.form.is_some()
    }

    /// What the column means, if all cells have its form.
    pub(super) const fn meaning(&self) -> Meaning {
        self.meaning
    }
}

/// What columns of these names hold, by the names and by a sample of rows.
pub(super) fn judged(names: &[String], sample: &[Vec<&str>]) -> Vec<Column> {
    let by_name: Vec<Meaning> = names.iter().map(|name| meaning_of_label(name)).collect();
    // A patient who is known by a column's name is not looked for in the others.
    let is_known = by_name.iter().any(|meaning| {
        matches!(meaning.what, What::FamilyName | What::GivenName | What::FullName | What::RecordNumber)
            && matches!(meaning.who, Who::Patient | Who::Unknown)
    });
    let width = sample.iter().map(Vec::len).max().unwrap_or(0).min(COLUMNS_MAX).max(names.len());
    let one = |at: usize| {
        let meaning = by_name.get(at).copied().unwrap_or_default();
        if meaning != Meaning::UNKNOWN || at >= COLUMNS_MAX {
            return Column { meaning, form: None };
        }
        let name = names.get(at).map_or("", String::as_str);
        let cells =
            || sample.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        match form_of(name, cells) {
            None => Column { meaning, form: None },
            Some((form, what)) => {
                let somebody =
                    if is_known && matches!(form, Form::Name | Form::FullName) { Who::Relative } else { Who::Unknown };
                let who = if what == What::Code { Who::Unknown } else { who_of_label(name).unwrap_or(somebody) };
                Column { meaning: Meaning::of(what, who), form: Some(form) }
            }
        }
    };
    (0..width).map(one).collect()
}

/// The form of nearly all of these cells.
fn form_of<'c, I: Iterator<Item = &'c str>>(name: &str, cells: impl Fn() -> I) -> Option<(Form, What)> {
    let count = cells().count();
    if count < CELLS_MIN {
        return None;
    }
    let distinct = cells().collect::<HashSet<&str>>().len();
    let nearly = |form: Form, percent: usize| cells().filter(|cell| form.fits(cell)).count() * 100 >= count * percent;
    let words = label_words(name);
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if says(SYSTEMS) && nearly(Form::Code, FORM_PERCENT) {
        return Some((Form::Code, What::Code));
    }
    for (form, what) in FORMS {
        // Without a sign between the digits a few numbers may pass by chance.
        let is_bare = matches!(form, Form::Npi | Form::Phone | Form::Date) && cells().any(is_digits);
        let enough = count >= if is_bare { WORDS_MIN } else { CELLS_MIN } && (distinct > 1 || !is_bare);
        if enough && nearly(*form, FORM_PERCENT) {
            return Some((*form, *what));
        }
    }
    if says(CHOICES) && count >= WORDS_MIN && distinct * 2 <= count && nearly(Form::Choice, FORM_PERCENT) {
        return Some((Form::Choice, What::Code));
    }
    if let Some(found) = name_of(&cells, count, distinct) {
        return Some(found);
    }
    let is_one_each = count >= NUMBERS_MIN && distinct * 100 >= count * 95;
    (is_one_each && nearly(Form::Number, FORM_PERCENT)).then_some((Form::Number, What::OtherId))
}

/// Are these names of people, and which part of them.
fn name_of<'c, I: Iterator<Item = &'c str>>(
    cells: impl Fn() -> I,
    count: usize,
    distinct: usize,
) -> Option<(Form, What)> {
    if count < WORDS_MIN || distinct < CELLS_MIN {
        return None;
    }
    let (mut parts, mut sure, mut full, mut given, mut family) = (0, 0, 0, 0, 0);
    for cell in cells() {
        if !Form::FullName.fits(cell) {
            continue;
        }
        let words = lists::all(cell);
        let is_sure = words.iter().any(Listed::is_name_alone);
        if is_full_name(cell, &words) {
            full += 1;
            sure += usize::from(is_sure);
        } else if words.len() <= 2 && words.iter().all(|word| word.is_given() || word.is_surname()) {
            parts += 1;
            sure += usize::from(is_sure);
            let classes = words.iter().map(Listed::classes);
            let sums = classes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            given += usize::from(sums.0 > sums.1);
            family += usize::from(sums.0 <= sums.1);
        }
    }
    // Many names are words too, and words of which a third are names alone are no words.
    if sure * 3 < count {
        return None;
    }
    if full * 100 >= count * LISTED_PERCENT {
        return Some((Form::FullName, What::FullName));
    }
    let what = if given > family { What::GivenName } else { What::FamilyName };
    (parts * 100 >= count * LISTED_PERCENT).then_some((Form::Name, what))
}

/// `Ann Lee`, `Ann B. Lee`, `Lee, Ann`.
fn is_full_name(cell: &str, words: &[Listed]) -> bool {
    let named: Vec<&Listed> = words.iter().filter(|word| word.range.len() > 1 && !word.is_beside_names()).collect();
    let (Some(first), Some(last)) = (named.first(), named.last()) else { return false };
    if named.len() < 2 {
        return false;
    }
    match cell.split_once(',') {
        Some(_) => first.is_surname() && last.is_given() || first.is_surname() && named[1].is_given(),
        None => first.is_given() && last.is_surname(),
    }
}

/// Does a value whose place names a role alone read as somebody's name.
pub(super) fn looks_like_somebody(value: &str) -> bool {
    let words = lists::all(value);
    let is_listed = words.iter().any(|word| word.is_given() || word.is_surname());
    Form::FullName.fits(value) && is_listed && words.iter().all(|word| word.has_capital || word.is_beside_names())
}

/// Is a cell of a row of names the name of a column, and nobody's.
pub(super) fn is_label(cell: &str) -> bool {
    let cell = cell.trim();
    if meaning_of_label(cell) != Meaning::UNKNOWN || who_of_label(cell).is_some() {
        return true;
    }
    if cell.contains('@') || cell.bytes().filter(u8::is_ascii_digit).count() > 4 {
        return false;
    }
    let words = lists::all(cell);
    let is_named = words.iter().any(Listed::is_name_alone);
    let is_written = words.iter().all(|word| word.has_capital) && !cell.contains('_');
    let is_one = words.len() == 1 && words[0].classes().0.max(words[0].classes().1) >= 3 && !words[0].is_upper;
    !(is_named && is_written && (is_one || is_full_name(cell, &words)))
}

/// Does a row of names without a known one among them consist of words that name columns: in small letters, or ordinary ones.
pub(super) fn are_labels(cells: &[String]) -> bool {
    let plain = |cell: &String| {
        let is_small =
            cell.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || "_-. /#".contains(one));
        is_small || lists::all(cell).iter().all(Listed::is_ordinary)
    };
    cells.iter().all(plain)
}

impl Form {
    fn fits(self, cell: &str) -> bool {
        let digits = || cell.bytes().filter(u8::is_ascii_digit).count();
        match self {
            Self::Email => {
                cell.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
                    && !cell.contains(char::is_whitespace)
            }
            Self::Ssn => shape(cell) == "999-99-9999",
            Self::Phone => is_phone(cell),
            Self::Npi => {
                let values: Vec<u8> = cell.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
                is_digits(cell) && is_npi(&values)
            }
            Self::Date => is_date(cell),
            Self::Number => {
                let is_token = cell.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                is_token && digits() >= 5 && cell.len() <= 64
            }
            Self::Name => is_name(cell, 3) && !cell.contains(','),
            Self::FullName => is_name(cell, NAME_WORDS_MAX),
            Self::Icd => is_icd(cell),
            Self::Loinc => is_loinc(cell),
            Self::Ndc => {
                let pieces: Vec<&str> = cell.split('-').collect();
                let lens: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
                matches!(lens[..], [4 | 5, 3 | 4, 1 | 2]) && pieces.iter().all(|piece| is_digits(piece))
            }
            Self::Amount => is_amount(cell),
            Self::Code => is_code(cell),
            Self::Choice => {
                cell.len() <= 40 && digits() <= 4 && !lists::all(cell).iter().any(|word| word.is_name_alone())
            }
        }
    }
}

fn is_digits(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits as 9, letters as A, signs as they are.
fn shape(cell: &str) -> String {
    let of = |one: char| match one {
        '0'..='9' => '9',
        _ if one.is_alphabetic() => 'A',
        _ => one,
    };
    cell.chars().map(of).collect()
}

/// Ten digits as the North American numbering plan has them, with or without signs, with or without 1 before them.
fn is_phone(cell: &str) -> bool {
    let signs = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'(' | b')' | b'-' | b'.' | b' ' | b'+');
    if cell.len() > 20 || !cell.bytes().all(signs) {
        return false;
    }
    let digits: Vec<u8> = cell.bytes().filter(u8::is_ascii_digit).collect();
    let ten = match digits[..] {
        [b'1', ref ten @ ..] if ten.len() == 10 => ten,
        ref ten => ten,
    };
    ten.len() == 10 && ten[0] >= b'2' && ten[3] >= b'2'
}

/// A day: `1961-03-04`, `3/4/1961`, `19610304`, with or without a time behind it.
fn is_date(cell: &str) -> bool {
    let day = cell.split(['T', ' ']).next().unwrap_or_default();
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let fits = |year: u32, month: u32, day: u32| {
        (1_880..2_100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let pieces: Vec<&str> = day.split(['-', '/']).collect();
    match pieces[..] {
        [solid] if solid.len() == 8 && is_digits(solid) => {
            fits(number(&solid[..4]), number(&solid[4..6]), number(&solid[6..]))
        }
        [year, month, day] if year.len() == 4 => fits(number(year), number(month), number(day)),
        [month, day, year] if year.len() == 4 => {
            fits(number(year), number(month), number(day)) || fits(number(year), number(day), number(month))
        }
        _ => false,
    }
}

fn is_name(cell: &str, words_max: usize) -> bool {
    let fits = |one: char| one.is_alphabetic() || matches!(one, ' ' | '-' | '\'' | '\u{2019}' | '.' | ',');
    cell.len() <= NAME_BYTES_MAX
        && cell.chars().all(fits)
        && cell.chars().filter(|one| one.is_alphabetic()).count() >= 2
        && cell.split([' ', ',']).filter(|word| !word.is_empty()).count() <= words_max
}

/// ICD-10-CM: a letter, a digit, a letter or a digit, and up to four behind a full stop.
fn is_icd(cell: &str) -> bool {
    let (category, rest) = cell.split_once('.').unwrap_or((cell, ""));
    let is_alnum = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let [letter, digit, third] = category.as_bytes() else { return false };
    letter.is_ascii_uppercase()
        && digit.is_ascii_digit()
        && third.is_ascii_alphanumeric()
        && rest.len() <= 4
        && is_alnum(rest)
        && cell.contains('.') != rest.is_empty()
}

/// LOINC: up to seven digits and a check digit (Luhn, modulus 10).
fn is_loinc(cell: &str) -> bool {
    let Some((number, check)) = cell.split_once('-') else { return false };
    if !is_digits(number) || !is_digits(check) || check.len() != 1 || !(1..=7).contains(&number.len()) {
        return false;
    }
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    check.parse() == Ok((10 - sum % 10) % 10)
}

/// With cents, or with the sign of a currency.
fn is_amount(cell: &str) -> bool {
    let bare = cell.trim_start_matches(['-', '$', '(']).trim_end_matches(')');
    let (whole, cents) = bare.split_once('.').unwrap_or((bare, ""));
    let is_whole = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    is_whole && whole.len() <= 12 && (cents.len() == 2 && is_digits(cents) || cents.is_empty() && cell.contains('$'))
}

fn is_code(cell: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'*' | b'/');
    let is_word = cell.bytes().all(|byte| byte.is_ascii_alphabetic()) && cell.len() > 5;
    cell.len() <= CODE_BYTES_MAX && cell.bytes().all(is_sign) && !is_word && shape(cell) != "999-99-9999"
}

#[cfg(test)]
mod tests {
    use super::{Column, Meaning, What, Who, is_label, judged};

    fn column(name: &str, cells: &[&str]) -> Column {
        let rows: Vec<Vec<&str>> = cells.iter().map(|cell| vec![*cell]).collect();
        judged(&[name.to_owned()], &rows)[0]
    }

    fn what(name: &str, cells: &[&str]) -> What {
        column(name, cells).meaning().what
    }

    #[test]
    fn columns_without_a_telling_name_are_judged_by_what_they_hold() {
        assert_eq!(what("c1", &["Hernandez", "Nguyen", "Smith", "Johnson", "Kowalski"]), What::FamilyName);
        assert_eq!(what("c1", &["Jennifer", "Michael", "Jessica", "David", "Emily"]), What::GivenName);
        assert_eq!(
            what("c1", &["Jennifer Hernandez", "Michael Nguyen", "Jessica Kowalski", "David Johnson", "Emily Schmidt"]),
            What::FullName
        );
        assert_eq!(what("c1", &["a@x.example", "b@x.example", "c@x.example"]), What::Email);
        assert_eq!(what("c1", &["123-45-6789", "123-45-6780", "223-45-6789"]), What::Ssn);
        assert_eq!(what("c1", &["(480) 555-0101", "480-555-0102", "480.555.0103"]), What::Phone);
        assert_eq!(
            what("c1", &["1234567893", "1245319599", "1003000126", "1234567893", "1245319599"]),
            What::ProviderId
        );
        assert_eq!(what("c1", &["19610304", "19990101", "20180304", "20200229", "20210115"]), What::OtherDate);
        let numbers: Vec<String> = (0..30).map(|at| format!("V{:06}", 104_729 + at * 7)).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(what("c1", &numbers), What::OtherId);
    }

    #[test]
    fn codes_are_codes_and_words_are_nobodys() {
        assert_eq!(what("c1", &["J45.909", "E11.9", "Z23", "I10", "F32.1"]), What::Code);
        assert_eq!(what("c1", &["718-7", "2345-7", "4548-4"]), What::Code);
        assert_eq!(what("c1", &["718-8", "2345-8", "4548-5"]), What::Unknown);
        assert_eq!(what("cvx", &["08", "115", "140"]), What::Code);
        assert_eq!(what("cpt_code", &["99213", "90471", "99392"]), What::Code);
        assert_eq!(what("c1", &["99213", "90471", "99392"]), What::Unknown);
        assert_eq!(what("status", &["final", "final", "open", "open", "final", "held"]), What::Code);
        assert_eq!(what("c1", &["final", "open", "held", "closed", "void"]), What::Unknown);
        assert_eq!(what("c1", &["ibuprofen", "amoxicillin", "albuterol", "insulin", "sertraline"]), What::Unknown);
    }

    #[test]
    fn a_cell_that_is_unlike_its_column_stays_open() {
        let codes = column("dx", &["J45.909", "E11.9", "Z23"]);
        assert_eq!(codes.of("F32.1"), Meaning::CODE);
        assert_eq!(codes.of("see Mr Quxley"), Meaning::UNKNOWN);
        assert_eq!(codes.of("123-45-6789"), Meaning::UNKNOWN);
    }

    #[test]
    fn whose_names_they_are_is_said_by_the_role_in_the_columns_name() {
        let names = ["Jennifer Hernandez", "Michael Nguyen", "Jessica Kowalski", "David Johnson", "Emily Schmidt"];
        assert_eq!(column("ordering_provider", &names).meaning(), Meaning::of(What::FullName, Who::Provider));
        let rows: Vec<Vec<&str>> = names.iter().map(|name| vec!["7", name]).collect();
        let columns = judged(&["mrn".to_owned(), "c2".to_owned()], &rows);
        assert_eq!(columns[1].meaning(), Meaning::of(What::FullName, Who::Relative));
    }

    #[test]
    fn names_of_columns_are_told_from_people() {
        for label in
            ["cvx", "lot", "adjusted", "Lot", "Total Charge", "author_npi", "ServiceCode", "LOINC", "Guardian", ""]
        {
            assert!(is_label(label), "{label}");
        }
        for name in ["Jennifer Hernandez", "Hernandez", "a@x.example", "480-555-0101"] {
            assert!(!is_label(name), "{name}");
        }
    }
}
