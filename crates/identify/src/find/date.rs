//! Dates written with digits.
//!
//! What must always hold: the day is in the calendar; a year alone is no date (45 CFR 164.514(b)(2)(i)(C) takes "all
//! elements of dates (except year)"); fractions, ratios, ranges, scores, versions and codes are none.

use super::check::{is_day, is_year};
use super::day;
use super::label::{self, Noun};
use super::lexicon::FUNCTION;
use super::number::{self, Run};
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, View, Words, is};
use crate::phi::{Finding, Identifier};

/// A date that begins with this run.
pub(super) fn numeric(view: View<'_>, run: Run) -> Option<Finding> {
    if is(view.before(run.start), ALNUM) || run.word_start != run.start {
        return None;
    }
    match run.len() {
        4 => year_first(view, run).or_else(|| year_and_month(view, run)),
        1 | 2 => day_or_month_first(view, run)
            .or_else(|| month_and_year(view, run))
            .or_else(|| between_marks(view, run))
            .or_else(|| day::without_year(view, run))
            .or_else(|| in_blanks(view, run)),
        6 | 8 | 12 | 14 => solid(view, run),
        _ => None,
    }
    .or_else(|| damaged(view, run))
}

/// A piece of a longer row of numbers with this mark: `1.2.3.4`, `1-2-3-4`.
fn is_piece(view: View<'_>, start: usize, end: usize, mark: u8) -> bool {
    let before = start >= 2 && view.at(start - 1) == mark && is(view.at(start - 2), DIGIT);
    before || (view.at(end) == mark && is(view.at(end + 1), DIGIT)) || is(view.at(end), ALNUM)
}

/// The second and third number, after the same mark: (start, end) of each.
fn rest(view: View<'_>, from: usize) -> Option<[(usize, usize); 2]> {
    let mark = view.at(from);
    let width = if matches!(mark, b'/' | b'.') { 1 } else { view.dash(from) };
    if width == 0 {
        return None;
    }
    let second = (from + width, view.run_end(from + width, DIGIT, 3));
    let again = second.1;
    if second.0 == second.1 || view.at(again) != mark || (width > 1 && view.dash(again) != width) {
        return None;
    }
    let third = (again + width, view.run_end(again + width, DIGIT, 5));
    (third.0 < third.1).then_some([second, third])
}

fn year_first(view: View<'_>, run: Run) -> Option<Finding> {
    let [month, day] = rest(view, run.end)?;
    let mark = view.at(run.end);
    let year = view.number(run.start, run.end);
    let valid = is_year(year)
        && month.1 - month.0 <= 2
        && day.1 - day.0 <= 2
        && is_day(Some(year), view.number(month.0, month.1), view.number(day.0, day.1));
    let end = with_time(view, day.1);
    if !valid || is_piece(view, run.start, end, mark) || (mark == b'.' && label::is_code(view, run.start)) {
        return None;
    }
    Some(found((run.start, end), Identifier::Date, if mark == b'.' { 80 } else { 95 }, "date.year_first"))
}

/// `2018-03` after a word such as "in": with a month in it more than a year, and no span of years.
fn year_and_month(view: View<'_>, run: Run) -> Option<Finding> {
    const BEFORE: &[&str] = &["in", "since", "from", "until", "till", "through", "of", "on", "dated", "by", "around"];
    let end = view.run_end(run.end + 1, DIGIT, 3);
    let (year, month) = (view.number(run.start, run.end), view.number(run.end + 1, end));
    let fits = view.at(run.end) == b'-' && end - run.end == 3 && (1_900..=2_099).contains(&year);
    // "2011-12" is two years.
    let span = month == (year + 1) % 100;
    let alone = !is_piece(view, run.start, end, b'-') && !view.goes_on(run.start, end);
    if !fits || span || !alone || !(1..=12).contains(&month) {
        return None;
    }
    let before = view.word_before(run.start)?;
    let introduced = BEFORE.iter().any(|word| before.is(word));
    introduced.then(|| found((run.start, end), Identifier::Date, 62, "date.year_month"))
}

/// Goes on over a time of day that stands right after, as in ISO 8601 and in logs.
fn with_time(view: View<'_>, end: usize) -> usize {
    let two = |from: usize| view.run_end(from, DIGIT, 3) == from + 2;
    if !matches!(view.at(end), b'T' | b't' | b' ') || !two(end + 1) || view.at(end + 3) != b':' || !two(end + 4) {
        return end;
    }
    let mut place = end + 6;
    if view.at(place) == b':' && two(place + 1) {
        place += 3;
        if view.at(place) == b'.' && is(view.at(place + 1), DIGIT) {
            place = view.run_end(place + 1, DIGIT, 9);
        }
    }
    match view.at(place) {
        b'Z' | b'z' if !is(view.at(place + 1), ALNUM) => place + 1,
        b'+' | b'-' if two(place + 1) && view.at(place + 3) == b':' && two(place + 4) => place + 6,
        b'+' | b'-' if view.run_end(place + 1, DIGIT, 5) == place + 5 => place + 5,
        _ => place,
    }
}

fn day_or_month_first(view: View<'_>, run: Run) -> Option<Finding> {
    let [second, third] = rest(view, run.end)?;
    let mark = view.at(run.end);
    let length = third.1 - third.0;
    let year = view.number(third.0, third.1);
    let (one, two) = (view.number(run.start, run.end), view.number(second.0, second.1));
    let full = (length == 4).then_some(year);
    let is_valid = second.1 - second.0 <= 2
        && (length == 2 || (length == 4 && is_year(year)))
        && (is_day(full, one, two) || is_day(full, two, one));
    let end = if length == 4 { with_time(view, third.1) } else { third.1 };
    if !is_valid || is_piece(view, run.start, end, mark) {
        return None;
    }
    let is_labelled = || label::before(view, run.start).is_some_and(|label| label.noun == Noun::Date);
    let sure = match (mark, length) {
        (b'/', 4) => 97,
        (b'/', _) => 88,
        (b'.', 4) => 85,
        (b'.', _)
            if (18..=30).contains(&year) && is_entry(view, run.start, end) && !label::is_code(view, run.start) =>
        {
            56
        }
        (b'.', _) if is_labelled() || year > 12 && day::is_introduced(view, run.start) => 80,
        (b'.', _) => return None,
        (_, 4) => 95,
        _ if is_labelled() => 90,
        _ if year > 12 && day::is_introduced(view, run.start) => 75,
        // "3-14-24": no row of numbers that rise by the same step.
        _ if one <= 12 && two > 12 && (18..=30).contains(&year) && two - one != year.abs_diff(two) => 58,
        // Alone in its cell, on its line's beginning, or after the word before it: "3-5-25", "5.6.24".
        _ if (18..=30).contains(&year)
            && one <= 12
            && two - one.min(two) != year.abs_diff(two)
            && is_entry(view, run.start, end) =>
        {
            56
        }
        // Without slashes and century: two digits each, or it is a row of numbers.
        _ if run.len() == 2 && second.1 - second.0 == 2 => 75,
        _ => return None,
    };
    let doubtful = length == 2 && label::counts(view, end) || mark != b'/' && label::is_code(view, run.start);
    (!doubtful).then(|| found((run.start, end), Identifier::Date, sure, "date.numeric"))
}

/// It begins its line or cell, and blanks or a bar stand behind it: nothing numbers chapters in that way.
fn is_entry(view: View<'_>, start: usize, end: usize) -> bool {
    let place = view.skip_blanks_back(start);
    let opens = matches!(view.before(place), 0 | b'\n' | b'|' | b'\t');
    let of = view.word_after(end).is_some_and(|word| word.has(FUNCTION));
    opens && !of && matches!(view.at(end), b' ' | b'\t' | b'|' | b'\n' | b'\r' | b':' | 0)
}

/// `7/X/1965`, `10.vi.24`, `25/DIC/1949`: the month in Roman figures or in Spanish, between two marks that are the same.
fn between_marks(view: View<'_>, run: Run) -> Option<Finding> {
    const MONTHS: Words = Words::new(&[
        "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "ene", "abr", "ago", "dic", "fev",
        "avr", "okt", "dez",
    ]);
    let mark = view.at(run.end);
    if run.len() > 2 || run.word_start != run.start || !matches!(mark, b'/' | b'.' | b'-') {
        return None;
    }
    let month = view.word_at(run.end + 1).filter(|word| MONTHS.has(*word) && view.at(word.end) == mark)?;
    let end = view.run_end(month.end + 1, DIGIT, 5);
    let year = view.number(month.end + 1, end);
    let year_fits = match end - month.end - 1 {
        2 => true,
        4 => is_year(year),
        _ => false,
    };
    let fits = year_fits && is_day(None, 1, view.number(run.start, run.end)) && view.stands_alone(run.start, end);
    fits.then(|| found((run.start, end), Identifier::Date, 84, "date.day_month_year"))
}

/// `03/2018`: more than a year.
fn month_and_year(view: View<'_>, run: Run) -> Option<Finding> {
    let mark = view.at(run.end);
    if !matches!(mark, b'/' | b'-') {
        return None;
    }
    let end = view.run_end(run.end + 1, DIGIT, 5);
    let year = view.number(run.end + 1, end);
    let month = view.number(run.start, run.end);
    let valid = end - run.end == 5 && (1_900..=2_099).contains(&year) && (1..=12).contains(&month);
    let sound = !is_piece(view, run.start, end, mark) && !view.goes_on(run.start, end) && !label::counts(view, end);
    let plain = mark == b'/' && run.len() == 2;
    if !valid || !sound || !plain && label::is_code(view, run.start) {
        return None;
    }
    let sure = if plain { 85 } else { 65 };
    Some(found((run.start, end), Identifier::Date, sure, "date.month_year"))
}

/// `03 04 1962` under a label.
fn in_blanks(view: View<'_>, run: Run) -> Option<Finding> {
    if view.at(run.end) != b' ' {
        return None;
    }
    let second = view.run_end(run.end + 1, DIGIT, 3);
    if !(2..=3).contains(&(second - run.end)) || view.at(second) != b' ' {
        return None;
    }
    let third = view.run_end(second + 1, DIGIT, 5);
    let year = view.number(second + 1, third);
    let (one, two) = (view.number(run.start, run.end), view.number(run.end + 1, second));
    let year_fits = third - second == 5 && is_year(year) || third - second == 3;
    let fits = year_fits && (is_day(None, one, two) || is_day(None, two, one)) && view.stands_alone(run.start, third);
    let labelled = fits && label::before(view, run.start).is_some_and(|label| label.noun == Noun::Date);
    labelled.then(|| found((run.start, third), Identifier::Date, 85, "date.blanks"))
}

/// `20180304`, `201803041022`, and under a label `03041962` and `030462`.
fn solid(view: View<'_>, run: Run) -> Option<Finding> {
    if !run.is_plain() || view.goes_on(run.start, run.end) {
        return None;
    }
    let part = |from: usize, to: usize| view.number(run.start + from, run.start + to);
    let labelled = || label::before(view, run.start).is_some_and(|label| label.noun == Noun::Date);
    if run.len() == 6 {
        let fits = is_day(None, part(0, 2), part(2, 4)) && labelled();
        return fits.then(|| found((run.start, run.end), Identifier::Date, 80, "date.solid"));
    }
    let year = part(0, 4);
    let timed = run.len() == 8 || (part(8, 10) < 24 && part(10, 12) < 60);
    if (1_900..=2_050).contains(&year) && is_day(Some(year), part(4, 6), part(6, 8)) && timed {
        if label::is_code(view, run.start) {
            return None;
        }
        let sure = if labelled() {
            95
        } else if run.len() > 8 {
            75
        } else {
            62
        };
        return Some(found((run.start, run.end), Identifier::Date, sure, "date.solid"));
    }
    let year = part(4, 8);
    let american = run.len() == 8 && is_year(year) && is_day(Some(year), part(0, 2), part(2, 4)) && labelled();
    american.then(|| found((run.start, run.end), Identifier::Date, 85, "date.solid"))
}

/// A labelled date that an optical reader damaged: `O3/l4/1962`.
fn damaged(view: View<'_>, run: Run) -> Option<Finding> {
    let (before, after) = (view.before(run.start), view.at(run.end));
    // Nearly no number has any of these beside it.
    let beside = |byte: u8| number::damaged_digit(byte).is_some();
    if !(matches!(after, b'/' | b'-') || beside(after) || before == b'/' || beside(before)) {
        return None;
    }
    let mut start = run.word_start;
    let near = |byte: u8| number::damaged_digit(byte).is_some() || matches!(byte, b'/' | b'-');
    while start > 0 && run.start - start < 6 && near(view.at(start - 1)) && view.at(start - 1) != b'-' {
        start -= 1;
    }
    let (mut parts, mut sound, mut place) = ([0_u32; 3], 0, start);
    for (index, part) in parts.iter_mut().enumerate() {
        let from = place;
        while let Some(digit) = number::damaged_digit(view.at(place)).filter(|_| place - from < 4) {
            *part = *part * 10 + u32::from(digit);
            sound += u32::from(is(view.at(place), DIGIT));
            place += 1;
        }
        if place == from || (index < 2 && !matches!(view.at(place), b'/' | b'-')) {
            return None;
        }
        place += usize::from(index < 2);
    }
    let letters = view.bytes[start..place].iter().any(|byte| is(*byte, LETTER));
    let fits = is_day(None, parts[0], parts[1]) && (is_year(parts[2]) || parts[2] < 100) && sound >= 3;
    let whole = letters && fits && view.stands_alone(start, place);
    let labelled = || label::before(view, start).is_some_and(|label| label.noun == Noun::Date);
    // With a whole year and slashes it is a date without a label too.
    let slashes = view.bytes[start..place].iter().filter(|byte| **byte == b'/').count();
    let century = is_year(parts[2]) && sound >= 5;
    let short = parts[2] < 100 && sound >= 4 && place - start <= 8;
    let plain = slashes == 2 && (century || short);
    (whole && (plain || labelled())).then(|| found((start, place), Identifier::Date, 82, "date.damaged"))
}
