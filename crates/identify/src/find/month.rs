//! Dates with the name of a month beside digits: "March 4th, 2018", "4 Mar 2018", "the 4th of March", "March 2018".
//!
//! What must always hold: "may" and "march" are months only when something else says so: a capital and no all-capital
//! text, an ordinal, or a year.

use super::check::{is_day, is_year};
use super::label;
use super::lexicon::MONTH;
use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// A date around this run: the month before or after it.
pub(super) fn around(view: View<'_>, run: Run) -> Option<Finding> {
    match run.len() {
        1 | 2 | 4 => {}
        _ => return None,
    }
    if let Some(month) = month_before(view, run) {
        return after_month(view, run, month);
    }
    before_month(view, run)
}

/// What stands before the name of a month that is meant as one.
const BEFORE_A_MONTH: &[&str] =
    &["in", "since", "last", "until", "till", "early", "late", "mid", "next", "this", "through", "by"];

/// The name of a month alone, "the same in October": an element of a date (45 CFR 164.514(b)(2)(i)(C)).
pub(super) fn alone(view: View<'_>, month: Token) -> Option<Finding> {
    let before = view.word_to(view.skip_wrap_back(month.start)).filter(|word| word.end < month.start)?;
    let introduced = BEFORE_A_MONTH.iter().any(|word| before.is(word));
    let after = view.skip_wrap(month.end);
    // A name, a number or a hyphen goes on with it.
    let upper = view.is_capital(month.start + 1);
    let ends_here = !matches!(view.at(month.end), b'-' | b'/' | b'\'') && !is(view.at(after), DIGIT);
    let goes_on = !upper && view.is_capital(after) && after < month.end + 2;
    let ordinary = is_doubtful(view, month) || month.is("august") && !view.is_capital(month.start);
    // "a letter from April": who it is from may be a person.
    let person = ["april", "may", "june", "august"].iter().any(|word| month.is(word));
    let introduced = introduced || before.is("from") && !person;
    let long = month.end - month.start > 3 || month.is("may");
    let meant = introduced && long && ends_here && !goes_on && !ordinary;
    meant.then(|| found((month.start, month.end), Identifier::Date, 60, "date.month"))
}

/// The month that stands before the run, past blanks, commas, dots and "the".
fn month_before(view: View<'_>, run: Run) -> Option<Token> {
    let mut place = run.start;
    for _ in 0..4 {
        let byte = view.before(place);
        if matches!(byte, b' ' | b',' | b'.' | b'-' | b'/' | b'\'' | b'\t' | b'\n') {
            place -= 1;
        } else if byte == 0x99 && view.at(place.wrapping_sub(3)) == 0xe2 {
            place -= 3;
        } else {
            break;
        }
    }
    if is(view.before(place), DIGIT) || place == run.start && run.word_start == run.start {
        return None;
    }
    let mut word = view.word_to(place)?;
    const SMALL: Words = Words::new(&["the", "of", "in", "on"]);
    if SMALL.has(word) {
        word = view.word_before(word.start)?;
    }
    (word.has(MONTH) && !is(view.before(word.start), ALNUM)).then_some(word)
}

/// Could the word be meant otherwise than as a month, as it is written.
fn is_doubtful(view: View<'_>, month: Token) -> bool {
    let text = &view.bytes[month.start..month.end];
    let ordinary = ["may", "march", "mar", "dec", "sep", "mars", "mai", "mayo"].iter().any(|word| month.is(word));
    let title = text[0].is_ascii_uppercase() && text[1..].iter().all(u8::is_ascii_lowercase);
    ordinary && !title
}

/// One past "st", "nd", "rd", "th" right after the digits; the digits' end if there is none.
fn ordinal_end(view: View<'_>, run: Run) -> usize {
    let suffix = || [&b"st"[..], b"nd", b"rd", b"th"].iter().any(|suffix| view.starts(run.end, suffix));
    if run.word_end == run.end + 2 && suffix() { run.word_end } else { run.end }
}

/// A year after the day: ", 2018", " 2018", "-18", "/2018", " of 2018", " '18".
fn year_after(view: View<'_>, from: usize) -> Option<(usize, u32)> {
    let mut place = from;
    let mut tight = false;
    for _ in 0..4 {
        match view.at(place) {
            b' ' | b',' | b'.' | b'\t' => place += 1,
            b'\n' if is(view.at(place + 1), DIGIT) => place += 1,
            b'-' | b'/' | b'\'' => {
                tight = true;
                place += 1;
            }
            0xe2 if view.at(place + 1) == 0x80 && view.at(place + 2) == 0x99 => {
                tight = true;
                place += 3;
            }
            _ => break,
        }
    }
    if let Some(word) =
        view.word_at(place).filter(|word| word.is("of") || word.is("in") || word.is("de") || word.is("del"))
    {
        place = view.skip_blanks(word.end);
    }
    let end = view.run_end(place, DIGIT, 5);
    let year = view.number(place, end);
    let fits = match end - place {
        4 => is_year(year),
        2 => tight,
        _ => false,
    };
    let whole = !is(view.at(end), LETTER) || view.starts(end, b"t") && is(view.at(end + 1), DIGIT);
    (fits && place > from && whole).then_some((end, year))
}

/// "29 Nov 24" and "Sept 27 24": a year of two figures after a blank, where nothing is counted and the sentence has a mark or an end.
fn short_year_after(view: View<'_>, from: usize) -> Option<(usize, u32)> {
    let place = view.skip_blanks(from + usize::from(view.at(from) == b'.'));
    let end = view.run_end(place, DIGIT, 3);
    let year = view.number(place, end);
    let ends = matches!(view.at(end), b',' | b'.' | b';' | b')' | b'\n' | b'\r' | b'|' | 0);
    let decimal = view.at(end) == b'.' && is(view.at(end + 1), DIGIT);
    (place > from && end == place + 2 && ends && !decimal && (18..=35).contains(&year)).then_some((end, year))
}

fn after_month(view: View<'_>, run: Run, month: Token) -> Option<Finding> {
    let number = view.number(run.start, run.end);
    let decimal = |end: usize| view.at(end) == b'.' && is(view.at(end + 1), DIGIT);
    let sound = |end: usize| !is(view.at(end), ALNUM) && !decimal(end);
    if run.len() == 4 {
        let fits = is_year(number) && run.is_plain() && sound(run.end) && !is_verb(view, month);
        return fits.then(|| found((month.start, run.end), Identifier::Date, 88, "date.month_year"));
    }
    let day_end = ordinal_end(view, run);
    let ordinal = day_end > run.end;
    let apostrophe = view.before(run.start) == b'\'' || view.before(run.start) == 0x99;
    if apostrophe && run.len() == 2 && run.is_plain() {
        return Some(found((month.start, run.end), Identifier::Date, 82, "date.month_year"));
    }
    if run.word_start != run.start && run.word_start != month.start || (run.word_end != run.end && !ordinal) {
        return None;
    }
    let day_end = with_range(view, day_end);
    if let Some((end, year)) =
        year_after(view, day_end).or_else(|| short_year_after(view, day_end)).filter(|(end, _)| sound(*end))
    {
        let full = is_year(year).then_some(year);
        return is_day(full, u32::from(month.word.value), number)
            .then(|| found((month.start, end), Identifier::Date, 96, "date.month_day_year"));
    }
    let short_year = view.before(run.start) == b'-' && run.len() == 2;
    let fits = is_day(None, u32::from(month.word.value), number) || short_year;
    let doubtful = !ordinal && (is_doubtful(view, month) || label::counts(view, day_end));
    let alone = sound(day_end) && !matches!((view.at(day_end), is(view.at(day_end + 1), DIGIT)), (b'/' | b':', true));
    (fits && alone && !doubtful).then(|| found((month.start, day_end), Identifier::Date, 82, "date.month_day"))
}

/// In lower case "may" and "march" before a year are words: "symptoms that may 2018 ..." is no month.
fn is_verb(view: View<'_>, month: Token) -> bool {
    let lower = !view.is_capital(month.start);
    lower
        && month.is("may")
        && view.word_before(month.start).is_some_and(|word| !word.is("in") && !word.is("of") && !word.is("since"))
}

/// "4-6" and "4 and 5": the later day belongs to the date.
fn with_range(view: View<'_>, end: usize) -> usize {
    let dash = view.dash(end);
    let next = view.run_end(end + dash, DIGIT, 3);
    let day = view.number(end + dash, next);
    // "August 13 and 15, 2024": the second day has the year.
    let joins = view.word_after(end).filter(|word| word.is("and") || word.is("to") || word.is("through"));
    let joins = joins
        .map(|word| word.end)
        .or_else(|| (view.at(view.skip_blanks(end)) == b'&').then(|| view.skip_blanks(end) + 1));
    if let Some(from) = joins.filter(|_| dash == 0) {
        let later = view.skip_blanks(from);
        let last = view.run_end(later, DIGIT, 3);
        let fits = last > later && (1..=31).contains(&view.number(later, last)) && last - later <= 2;
        if fits && view.at(last) == b',' && year_after(view, last).is_some_and(|(_, year)| is_year(year)) {
            return last;
        }
    }
    let is_range = dash > 0 && next > end + dash && next - end - dash <= 2 && (1..=31).contains(&day);
    // "Mar-04-18" is a day and a year.
    let dashed_year = view.before(end.saturating_sub(2)) == b'-' || view.before(end.saturating_sub(1)) == b'-';
    if is_range && !dashed_year && !is(view.at(next), ALNUM) { next } else { end }
}

/// The month after the digits: "4 Mar 2018", "04-Mar-2018", "04MAR2018", "4th of March".
fn before_month(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() > 2 || run.word_start != run.start || is(view.before(run.start), ALNUM) {
        return None;
    }
    let day = view.number(run.start, run.end);
    let day_end = ordinal_end(view, run);
    let ordinal = day_end > run.end;
    let mut place = day_end;
    for _ in 0..2 {
        if matches!(view.at(place), b' ' | b'-' | b'/' | b'.' | b',' | b'\t') {
            place += 1;
        }
    }
    // The line may end between day and month, if a year follows.
    let wrapped = view.at(place) == b'\n';
    place += usize::from(wrapped);
    let mut word = view.word_at(place)?;
    if wrapped && !(word.has(MONTH) && year_after(view, word.end).is_some()) {
        return None;
    }
    if word.is("day") {
        word = view.word_after(word.end)?;
    }
    if word.is("of") || word.is("de") {
        word = view.word_after(word.end)?;
    }
    if !word.has(MONTH) || !is_day(None, u32::from(word.word.value), day) || (view.goes_on(run.start, run.start)) {
        return None;
    }
    // Digits that touch the name: "04MAR2018".
    let attached = view.run_end(word.end, DIGIT, 5);
    let year = view.number(word.end, attached);
    if attached > word.end {
        let fits = attached - word.end == 2 || (attached - word.end == 4 && is_year(year));
        let whole = fits && !is(view.at(attached), LETTER);
        return whole.then(|| found((run.start, attached), Identifier::Date, 90, "date.day_month_year"));
    }
    if let Some((end, _)) = year_after(view, word.end).or_else(|| short_year_after(view, word.end)) {
        return Some(found((run.start, end), Identifier::Date, 96, "date.day_month_year"));
    }
    let of = word.start > place;
    let loose = !ordinal && !of;
    let doubtful = loose && (is_doubtful(view, word) || view.before(run.start) == b'.');
    // "2 May have" in a headline: a month in a title is followed by no verb.
    let verb =
        loose && word.is("may") && view.word_after(word.end).is_some_and(|next| next.is("have") || next.is("be"));
    (!doubtful && !verb).then(|| found((run.start, word.end), Identifier::Date, 80, "date.day_month"))
}
