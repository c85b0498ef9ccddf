//! Dates as people and programs write them: which part is the year, the month, the day; and the same date moved by whole days,
//! written as it stood.
//!
//! What must always hold: what is no date that is fully understood is `None`, never a guess at half of it; a moved date differs
//! from the old one in its year, month and day alone; time goes with the length of the text, of which only a bounded part is read.
//!
//! What it refuses to know: where in a file a date stands, and whose it is.

use crate::header::MONTHS;
use std::ops::Range;

/// A date is not longer than this, in bytes; with a time and its zone the longest that the finder knows has about 40.
const DATE_BYTES_MAX: usize = 64;
/// Years that are believed.
const YEARS: Range<i32> = 1_800..2_201;
/// A day for what has a month and a year alone, in the middle, so that a shift is as likely to leave the month either way.
const MIDDLE: i32 = 15;
/// A year for what has none: one without 29 February.
const NO_YEAR: i32 = 2_001;

/// One part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    start: usize,
    end: usize,
    value: i32,
}

impl Slot {
    const fn len(&self) -> usize {
        self.end - self.start
    }
}

/// A date, with the places of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<'a> {
    text: &'a str,
    year: Option<Slot>,
    month: Slot,
    day: Option<Slot>,
    /// The month is a word.
    named: bool,
    /// "th" behind the day.
    ordinal: Option<Range<usize>>,
}

/// A run of digits, or a word.
#[derive(Debug, Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
    digits: bool,
}

impl<'a> Written<'a> {
    /// Reads a date. `this_year` decides about the century of two digits: no year is later than it.
    pub(super) fn read(text: &'a str, this_year: i32) -> Option<Self> {
        if text.len() > DATE_BYTES_MAX || !text.is_ascii() {
            return None;
        }
        let mut numbers: Vec<Token> = Vec::new();
        let (mut month, mut ordinal) = (None, None);
        for token in tokens(text) {
            if token.digits {
                numbers.push(token);
                continue;
            }
            let word = text[token.start..token.end].to_ascii_lowercase();
            let touches = numbers.last().is_some_and(|number| number.end == token.start);
            match word.as_str() {
                "st" | "nd" | "rd" | "th" if touches && ordinal.is_none() => ordinal = Some(token.start..token.end),
                "of" | "the" | "day" => {}
                _ => {
                    let value = month_of(&word)?;
                    if month.replace(Slot { start: token.start, end: token.end, value }).is_some() {
                        return None;
                    }
                }
            }
        }
        let read = match month {
            Some(month) => Self::named(text, month, &numbers, this_year),
            None => Self::numeric(text, &numbers, this_year),
        }?;
        let read = Self { ordinal, ..read };
        read.is_sound().then_some(read)
    }

    fn named(text: &'a str, month: Slot, numbers: &[Token], this_year: i32) -> Option<Self> {
        let (year, day) = match numbers {
            [one] if one.end - one.start == 4 => (Some(*one), None),
            [one] if text[..one.start].ends_with('\'') => (Some(*one), None),
            [one] => (None, Some(*one)),
            [one, two] if one.end - one.start == 4 => (Some(*one), Some(*two)),
            [one, two] => (Some(*two), Some(*one)),
            _ => return None,
        };
        let year = year.map(|token| year_slot(text, token, this_year)).map_or(Some(None), |slot| slot.map(Some))?;
        let day = day.map(|token| slot(text, token));
        Some(Self { text, year, month, day, named: true, ordinal: None })
    }

    fn numeric(text: &'a str, numbers: &[Token], this_year: i32) -> Option<Self> {
        let long = |token: &Token| token.end - token.start;
        let made = |year: Option<Token>, month: Token, day: Option<Token>| {
            let year = year.map(|token| year_slot(text, token, this_year)).map_or(Some(None), |slot| slot.map(Some))?;
            let (month, day) = (slot(text, month), day.map(|token| slot(text, token)));
            Some(Self { text, year, month, day, named: false, ordinal: None })
        };
        match numbers {
            [only] => Self::solid(text, *only, this_year),
            [one, two] if long(one) == 4 && long(two) <= 2 => made(Some(*one), *two, None),
            [one, two] if long(one) <= 2 && long(two) == 4 => made(Some(*two), *one, None),
            [one, two] if long(one) <= 2 && long(two) <= 2 => made(None, *one, Some(*two)),
            [one, two, three] if long(one) == 4 => made(Some(*one), *two, Some(*three)),
            // In the United States the month stands first, unless it cannot.
            [one, two, three] if slot(text, *one).value > 12 => made(Some(*three), *two, Some(*one)),
            [one, two, three] => made(Some(*three), *one, Some(*two)),
            _ => None,
        }
    }

    /// Digits without signs between them: `1961`-`03`-`04` and a time, `03041961`, `030461`, `196103`.
    fn solid(text: &'a str, all: Token, this_year: i32) -> Option<Self> {
        let piece = |from: usize, to: usize| Token { start: all.start + from, end: all.start + to, digits: true };
        let begins_with_year = YEARS.contains(&slot(text, piece(0, 4.min(all.end - all.start))).value);
        let (year, month, day) = match all.end - all.start {
            8 | 10 | 12 | 14 if begins_with_year => (piece(0, 4), piece(4, 6), Some(piece(6, 8))),
            8 => (piece(4, 8), piece(0, 2), Some(piece(2, 4))),
            6 if begins_with_year => (piece(0, 4), piece(4, 6), None),
            6 => (piece(4, 6), piece(0, 2), Some(piece(2, 4))),
            _ => return None,
        };
        let year = Some(year_slot(text, year, this_year)?);
        let (month, day) = (slot(text, month), day.map(|token| slot(text, token)));
        Some(Self { text, year, month, day, named: false, ordinal: None })
    }

    fn is_sound(&self) -> bool {
        let year = self.year.map_or(2_000, |slot| slot.value);
        let short = |slot: &Slot| self.named || slot.len() <= 2;
        YEARS.contains(&year)
            && (1..=12).contains(&self.month.value)
            && short(&self.month)
            && self
                .day
                .is_none_or(|day| day.len() <= 2 && (1..=month_days(year, self.month.value)).contains(&day.value))
    }

    /// The year, of four digits.
    pub(super) fn year(&self) -> Option<i32> {
        self.year.map(|slot| slot.value)
    }

    /// Year, month and day, where all are written.
    pub(super) fn day(&self) -> Option<(i32, i32, i32)> {
        Some((self.year?.value, self.month.value, self.day?.value))
    }

    /// The same date so many days later, written as it stands.
    pub(super) fn shifted(&self, days: i32) -> String {
        let year = self.year.map_or(NO_YEAR, |slot| slot.value);
        // 29 February without a year is the day after the 28th, which is where the count goes on.
        let day = self.day.map_or(MIDDLE, |slot| slot.value);
        let (year, month, day) = civil(day_number(year, self.month.value, day) + days);
        let pads = self.pads();
        let number = |slot: &Slot, value: i32| {
            if pads && slot.len() == 2 { format!("{value:02}") } else { value.to_string() }
        };
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        if let Some(slot) = &self.year {
            let new = if slot.len() == 2 { format!("{:02}", year.rem_euclid(100)) } else { format!("{year:04}") };
            edits.push((slot.start..slot.end, new));
        }
        let month_text = if self.named { self.month_word(month) } else { number(&self.month, month) };
        edits.push((self.month.start..self.month.end, month_text));
        if let Some(slot) = &self.day {
            edits.push((slot.start..slot.end, number(slot, day)));
        }
        if let Some(range) = &self.ordinal {
            edits.push((range.clone(), ordinal_of(day).to_owned()));
        }
        edits.sort_by_key(|(range, _)| range.start);
        let (mut out, mut at) = (String::with_capacity(self.text.len() + 8), 0);
        for (range, new) in edits {
            out.push_str(&self.text[at..range.start]);
            out.push_str(&new);
            at = range.end;
        }
        out.push_str(&self.text[at..]);
        out
    }

    /// Do numbers below ten stand with a zero before them; where nothing tells, they do if all were of two digits.
    fn pads(&self) -> bool {
        let two = |slot: &Slot| slot.len() == 2;
        if !self.named {
            return two(&self.month) && self.day.as_ref().is_none_or(two);
        }
        let Some(day) = &self.day else { return false };
        let after = self.text.as_bytes().get(day.end).copied().unwrap_or(b' ');
        let tight = self.ordinal.is_none() && (after == b'-' || after.is_ascii_alphabetic());
        two(day) && (self.text[day.start..].starts_with('0') || tight)
    }

    /// The name of a month, short or long and in the capitals in which the old one stood.
    fn month_word(&self, month: i32) -> String {
        let old = &self.text[self.month.start..self.month.end];
        let long = MONTHS[usize::try_from(month - 1).unwrap_or_default()];
        let is_short = old.len() <= 4 && !MONTHS.contains(&old.to_ascii_lowercase().as_str())
            || old.len() == 3 && self.text[self.month.end..].starts_with(['-', '.']);
        let name = if is_short { &long[..3] } else { long };
        if old.bytes().all(|byte| byte.is_ascii_uppercase()) {
            name.to_ascii_uppercase()
        } else if old.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            let (first, rest) = name.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        } else {
            name.to_owned()
        }
    }
}

/// The year of a date: that which is understood, else the only four digits that can be one.
pub(super) fn year_of(text: &str, this_year: i32) -> Option<i32> {
    if let Some(written) = Written::read(text, this_year) {
        return written.year();
    }
    let mut found = None;
    for run in text.split(|letter: char| !letter.is_ascii_digit()).filter(|run| run.len() == 4) {
        let year = run.parse().ok().filter(|year| YEARS.contains(year));
        if year.is_some() && found.replace(year?).is_some() {
            return None;
        }
    }
    found
}

/// Is it a time of day and nothing else: `10:15`, `10:15:30.5`.
pub(super) fn is_time(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'))
}

/// Is it a moment: a day and a time of day as ISO 8601 writes them.
pub(super) fn is_instant(text: &str) -> bool {
    matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..])
}

/// Runs of digits and words, up to a time of day.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let digits = bytes[at].is_ascii_digit();
        let far = bytes[at..].iter().position(|byte| !byte.is_ascii_alphanumeric() || byte.is_ascii_digit() != digits);
        let end = far.map_or(bytes.len(), |far| at + far);
        let is_time = digits && bytes.get(end) == Some(&b':') || bytes[at..end].eq_ignore_ascii_case(b"t");
        if is_time {
            break;
        }
        found.push(Token { start: at, end, digits });
        // What follows a day of eight digits and more is a fraction of its time, or a zone.
        if digits && end - at >= 8 {
            break;
        }
        at = end;
    }
    found
}

fn slot(text: &str, token: Token) -> Slot {
    // At most fourteen digits; what is larger than any part of a date is none.
    Slot { start: token.start, end: token.end, value: text[token.start..token.end].parse().unwrap_or(i32::MAX) }
}

/// A year of two or four digits, with its century.
fn year_slot(text: &str, token: Token, this_year: i32) -> Option<Slot> {
    let slot = slot(text, token);
    match slot.len() {
        4 => Some(slot),
        2 => {
            let century = this_year - this_year.rem_euclid(100);
            let value = century + slot.value;
            Some(Slot { value: if value > this_year { value - 100 } else { value }, ..slot })
        }
        _ => None,
    }
}

fn month_of(word: &str) -> Option<i32> {
    let at = MONTHS.iter().position(|month| {
        *month == word || word.len() == 3 && month.starts_with(word) || word == "sept" && *month == "september"
    })?;
    i32::try_from(at + 1).ok()
}

fn ordinal_of(day: i32) -> &'static str {
    match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn month_days(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the beginning of year 1 of the Gregorian calendar.
fn day_number(year: i32, month: i32, day: i32) -> i32 {
    let before = year - 1;
    let years = before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    years + (1..month).map(|month| month_days(year, month)).sum::<i32>() + day - 1
}

/// Year, month and day of such a number.
fn civil(number: i32) -> (i32, i32, i32) {
    // 146,097 days are 400 years; the guess is at most a year too early.
    let mut year = i32::try_from(i64::from(number) * 400 / 146_097).unwrap_or_default() + 1;
    while day_number(year + 1, 1, 1) <= number {
        year += 1;
    }
    while day_number(year, 1, 1) > number {
        year -= 1;
    }
    let mut rest = number - day_number(year, 1, 1);
    let mut month = 1;
    while rest >= month_days(year, month) {
        rest -= month_days(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::{Written, civil, day_number, is_instant, is_time, year_of};

    fn moved(text: &str, days: i32) -> Option<String> {
        Written::read(text, 2026).map(|date| date.shifted(days))
    }

    #[test]
    fn every_form_is_moved_and_stays_in_its_form() {
        let cases = [
            ("1961-03-04", "1961-03-14"),
            ("1961/03/04", "1961/03/14"),
            ("03/04/1961", "03/14/1961"),
            ("3/4/1961", "3/14/1961"),
            ("3/4/61", "3/14/61"),
            ("03-04-61", "03-14-61"),
            ("25/12/2018", "04/01/2019"),
            ("12/25/2018", "01/04/2019"),
            ("12/5/2018", "12/15/2018"),
            ("20180304101500-0500", "20180314101500-0500"),
            ("20180304", "20180314"),
            ("201803041015", "201803141015"),
            ("2018-03-04T10:15:00.123Z", "2018-03-14T10:15:00.123Z"),
            ("2018-03-04 10:15", "2018-03-14 10:15"),
            ("March 4, 1961", "March 14, 1961"),
            ("march 4th, 1961", "march 14th, 1961"),
            ("DECEMBER 29, 2018", "JANUARY 8, 2019"),
            ("4 Mar 1961", "14 Mar 1961"),
            ("04-Mar-1961", "14-Mar-1961"),
            ("04MAR1961", "14MAR1961"),
            ("the 4th of March, 1961", "the 14th of March, 1961"),
            ("Mar 4", "Mar 14"),
            ("3/4", "3/14"),
            ("March 2018", "March 2018"),
            ("03/2018", "03/2018"),
            ("Sept. 28, 2018", "Oct. 8, 2018"),
            ("030461", "031461"),
            ("03041961", "03141961"),
            ("196103", "196103"),
            ("Dec 23rd 1999", "Jan 2nd 2000"),
        ];
        for (old, new) in cases {
            assert_eq!(moved(old, 10).as_deref(), Some(new), "{old}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_moved() {
        for text in
            ["13/32/2018", "2018", "March", "3/4/5/6", "2018-13-01", "about 3/4/61", "O3/l4/1962", "4-6 March 2018", ""]
        {
            assert_eq!(moved(text, 10), None, "{text}");
        }
    }

    #[test]
    fn moving_there_and_back_ends_where_it_began_on_every_day_of_four_centuries() {
        for number in day_number(1800, 1, 1)..day_number(2200, 1, 1) {
            let (year, month, day) = civil(number);
            assert_eq!(day_number(year, month, day), number);
        }
        assert_eq!(civil(day_number(2000, 2, 28) + 1), (2000, 2, 29));
        assert_eq!(civil(day_number(1900, 2, 28) + 1), (1900, 3, 1));
        let there = moved("12/31/2019", 180).unwrap();
        assert_eq!(moved(&there, -180).as_deref(), Some("12/31/2019"));
    }

    #[test]
    fn the_year_of_two_digits_is_not_in_the_future_and_damage_leaves_a_year() {
        assert_eq!(year_of("3/4/61", 2026), Some(1961));
        assert_eq!(year_of("3/4/26", 2026), Some(2026));
        assert_eq!(year_of("3/4/27", 2026), Some(1927));
        assert_eq!(year_of("O3/l4/1962", 2026), Some(1962));
        assert_eq!(year_of("March 4-6, 2018", 2026), Some(2018));
        assert_eq!(year_of("2017-2018", 2026), None);
        assert_eq!(year_of("Mar 4", 2026), None);
    }

    #[test]
    fn times_and_moments_are_told_from_dates() {
        assert!(is_time("10:15:30"));
        assert!(!is_time("101530"));
        assert!(is_instant("2018-03-04T10:15:00Z"));
        assert!(!is_instant("2018-03-04"));
    }
}
