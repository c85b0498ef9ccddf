//! Numbers, dates and ages that were spoken and written down as words: "five five five zero one two three", "march
//! fourth nineteen sixty two", "ninety-two year old".
//!
//! What must always hold: a number word alone is no identifier; a row of them is one under a label, or if it is as long
//! as a telephone number and does not merely count up or down.

use super::check::{is_day, is_year};
use super::label::{self, Label, Mark, Noun};
use super::lexicon::{FIGURE, MONTH, ORDINAL, REPEAT, SCALE, SPOKEN, TEEN, TENS};
use super::number;
use super::sift::{Sift, found};
use super::view::{ALNUM, DIGIT, Token, View, is};
use super::{address, age, zip};
use crate::phi::{Finding, Identifier};

/// Longest row of number words that is one number.
const WORDS_MAX: usize = 32;
/// Most digits that they can make.
const DIGITS_MAX: usize = 40;

/// A row of number words.
struct Row {
    start: usize,
    end: usize,
    tokens: [Option<Token>; WORDS_MAX],
    count: usize,
}

impl Row {
    fn tokens(&self) -> impl Iterator<Item = Token> + Clone + '_ {
        self.tokens[..self.count].iter().flatten().copied()
    }

    fn push(&mut self, token: Token) {
        self.tokens[self.count] = Some(token);
        self.count += 1;
        self.end = token.end;
    }
}

/// The digits of a row, as they would be typed.
struct Figures {
    digits: [u8; DIGITS_MAX],
    count: usize,
    /// How many were said one by one.
    single: usize,
}

impl Figures {
    fn push(&mut self, value: u8) {
        if self.count < DIGITS_MAX {
            self.digits[self.count] = value;
            self.count += 1;
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    /// Does it only count up or down.
    fn counts(&self) -> bool {
        let steps =
            |by: i16| self.as_slice().windows(2).filter(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by).count();
        let same = steps(0) + 1 >= self.count;
        same || (steps(1).max(steps(-1)) + 1) * 10 >= self.count * 7
    }
}

/// Tries what a spoken number could be; says from where on the search goes on.
pub(super) fn visit(view: View<'_>, token: Token, sift: &mut Sift<'_>) -> usize {
    let row = row(view, token);
    let finding = dated(view, &row).or_else(|| aged(view, &row)).or_else(|| {
        if row.count < 2 { one_house(view, &row) } else { numbered(view, &row).or_else(|| street(view, &row)) }
    });
    match finding {
        Some(finding) => {
            sift.push(finding);
            finding.end.max(token.end)
        }
        None => row.end,
    }
}

/// All number words from here on, and a nought said as "oh" before them.
fn row(view: View<'_>, first: Token) -> Row {
    let mut row = Row { start: first.start, end: first.end, tokens: [None; WORDS_MAX], count: 0 };
    let nought =
        view.word_before(first.start).filter(|word| (word.is("oh") || word.is("o")) && word.end + 1 == first.start);
    if let Some(nought) = nought.filter(|_| first.has(FIGURE)) {
        row.start = nought.start;
        row.push(nought);
    }
    row.push(first);
    while row.count < WORDS_MAX {
        let mut place = row.end;
        while place < row.end + 3 && matches!(view.at(place), b' ' | b'-' | b',' | b'\t') {
            place += 1;
        }
        place = view.skip_wrap(place);
        let Some(mut word) = view.word_at(place).filter(|_| place > row.end) else { break };
        let joins = word.is("and") && row.tokens().last().is_some_and(|last| last.has(SCALE))
            || word.is("dash")
            || word.is("hyphen");
        if joins {
            match view.word_after(word.end).filter(|next| next.has(SPOKEN)) {
                Some(next) => word = next,
                None => break,
            }
        }
        let nought = (word.is("o") || word.is("oh"))
            && row.tokens().last().is_none_or(|last| !last.has(FIGURE | TENS | TEEN | REPEAT));
        if !word.has(SPOKEN | SCALE) || nought {
            break;
        }
        row.push(word);
    }
    row
}

/// The row as digits: "double five" is 55, "sixty two" 62, "eight hundred" 800.
fn figures<'a>(tokens: impl Iterator<Item = Token> + 'a) -> Figures {
    let mut figures = Figures { digits: [0; DIGITS_MAX], count: 0, single: 0 };
    let (mut repeat, mut after_tens) = (1, false);
    for token in tokens {
        let value = token.word.value;
        if token.has(REPEAT) {
            repeat = value;
            continue;
        }
        if token.has(FIGURE) && after_tens && value > 0 {
            figures.digits[figures.count - 1] = value;
        } else if token.has(FIGURE) {
            for _ in 0..repeat {
                figures.push(value);
                figures.single += 1;
            }
        } else if token.has(TEEN | TENS) {
            figures.push(value / 10);
            figures.push(value % 10);
        } else if token.has(SCALE) {
            for _ in 0..value {
                figures.push(0);
            }
        }
        repeat = 1;
        after_tens = token.has(TENS) && figures.count > 0;
    }
    figures
}

/// The number that the words say, "one hundred and two" as 102; none beyond 9,999.
fn amount<'a>(tokens: impl Iterator<Item = Token> + 'a) -> Option<u32> {
    let (mut total, mut last) = (0_u32, 0_u32);
    for token in tokens {
        let value = u32::from(token.word.value);
        if token.has(SCALE) {
            last = last.max(1) * 10_u32.pow(value);
            total += last;
            last = 0;
        } else if token.has(FIGURE | TEEN | TENS | ORDINAL) {
            let fits = last == 0 || (last >= 20 && last % 10 == 0 && value < 10 && value > 0);
            if !fits {
                return None;
            }
            last += value;
        } else {
            return None;
        }
        if total + last > 9_999 {
            return None;
        }
    }
    Some(total + last)
}

/// The year that the words say: "nineteen sixty two", "two thousand eight", "twenty eighteen", "sixty two".
fn year<'a>(tokens: impl Iterator<Item = Token> + Clone + 'a) -> Option<u32> {
    if tokens.clone().any(|token| token.has(ORDINAL | REPEAT)) {
        return None;
    }
    if tokens.clone().any(|token| token.has(SCALE)) {
        return amount(tokens).filter(|year| is_year(*year));
    }
    let figures = figures(tokens);
    // More figures than a year has say none, and might be more than a number holds.
    let year = figures.as_slice().iter().take(4).fold(0, |sum, digit| sum * 10 + u32::from(*digit));
    match figures.count {
        4 if is_year(year) => Some(year),
        2 => Some(year),
        _ => None,
    }
}

/// The month before the row, also past "the" and "of".
fn month_before(view: View<'_>, place: usize) -> Option<Token> {
    let mut to = view.skip_wrap_back(place);
    if view.before(to) == b',' {
        to -= 1;
    }
    let mut word = view.word_to(to)?;
    if word.is("the") || word.is("of") || word.is("in") {
        word = view.word_before(word.start)?;
    }
    word.has(MONTH).then_some(word)
}

/// A date with words in it.
fn dated(view: View<'_>, row: &Row) -> Option<Finding> {
    if let Some(month) = month_before(view, row.start) {
        return after_month(view, row, month);
    }
    let ordinal = row.tokens().position(|token| token.has(ORDINAL))?;
    // "fourth of march": the ordinal ends the row.
    if ordinal + 1 != row.count || row.count > 2 {
        return None;
    }
    let mut word = view.word_at(view.skip_wrap(row.end))?;
    for filler in ["day", "of"] {
        if word.is(filler) {
            word = view.word_at(view.skip_wrap(word.end))?;
        }
    }
    let day = amount(row.tokens())?;
    if !word.has(MONTH) || !is_day(None, u32::from(word.word.value), day) {
        return None;
    }
    let end = year_end(view, word.end);
    let holiday = end.is_none() && word.is("july") && day == 4;
    (!holiday).then(|| found((row.start, end.unwrap_or(word.end)), Identifier::Date, 85, "date.spoken"))
}

/// Where a year ends, in digits or in words, that stands after this place.
fn year_end(view: View<'_>, from: usize) -> Option<usize> {
    let mut place = view.skip_wrap(from);
    if view.at(place) == b',' {
        place = view.skip_wrap(place + 1);
    }
    if let Some(word) = view.word_at(place).filter(|word| word.is("of") || word.is("in")) {
        place = view.skip_wrap(word.end);
    }
    let digits = view.run_end(place, DIGIT, 5);
    if digits == place + 4 && is_year(view.number(place, digits)) && !is(view.at(digits), ALNUM) {
        return Some(digits);
    }
    let word =
        view.word_at(place).filter(|word| word.has(TEEN | TENS) || word.is("two") || word.is("o") || word.is("oh"))?;
    let row = row(view, word);
    (row.count >= 2 && year(row.tokens()).is_some()).then_some(row.end)
}

fn after_month(view: View<'_>, row: &Row, month: Token) -> Option<Finding> {
    let make = |end, sure| Some(found((month.start, end), Identifier::Date, sure, "date.spoken"));
    let number = u32::from(month.word.value);
    // The day takes one word, or two ("twenty first"); what remains is the year.
    for words in [2, 1] {
        if words > row.count {
            continue;
        }
        let day = amount(row.tokens().take(words)).filter(|day| is_day(None, number, *day));
        let ordinal = row.tokens().take(words).last().is_some_and(|token| token.has(ORDINAL));
        let rest = row.count - words;
        if day.is_none() || row.tokens().take(words).any(|token| token.has(SCALE)) {
            continue;
        }
        if rest > 0 && year(row.tokens().skip(words)).is_some() {
            return make(row.end, 90);
        }
        if let Some(end) = year_end(view, row.end).filter(|_| rest == 0) {
            return make(end, 92);
        }
        let title = view.is_capital(month.start) && !view.is_capital(month.start + 1);
        let plain = title || !(month.is("may") || month.is("march"));
        let counted = label::counts(view, row.end) && !ordinal;
        if rest == 0 && (ordinal || (plain && words == 1)) && !counted {
            return make(row.end, if ordinal { 82 } else { 65 });
        }
    }
    // "august of two thousand eight".
    let full = year(row.tokens()).is_some_and(is_year);
    if full { make(row.end, 80) } else { None }
}

/// An age over 89 in words.
fn aged(view: View<'_>, row: &Row) -> Option<Finding> {
    let years = amount(row.tokens()).filter(|years| age::is_high(*years))?;
    let says = age::says_old(view, row.end) == age::Old::Plainly || age::says_age(view, row.start, row.end);
    let article = view.word_before(row.start).filter(|word| word.is("a") && years >= 100 && row.count == 1);
    let start = article.map_or(row.start, |word| word.start);
    says.then(|| found((start, row.end), Identifier::Age, 90, "age.spoken"))
}

/// A number in words, under a label or by its length.
fn numbered(view: View<'_>, row: &Row) -> Option<Finding> {
    let figures = figures(row.tokens());
    // Seven digits said one by one count nothing, whatever follows.
    if figures.count < 3 || figures.single < 7 && label::counts(view, row.end) {
        return None;
    }
    let (start, label) = label_of(view, row.start);
    let span = (start, row.end);
    if figures.count == 5 && figures.single == 5 && label.is_none() {
        let three = figures.digits[..3].iter().fold(0, |sum, digit| sum * 10 + u32::from(*digit));
        return zip::is_after_spoken_state(view, start, three).then(|| found(span, Identifier::Zip, 75, "zip.spoken"));
    }
    match label.filter(|label| label.noun != Noun::Date || figures.count <= 8) {
        Some(label) => named(span, label, row, &figures).or_else(|| by_length(span, &figures)),
        None => by_length(span, &figures),
    }
}

/// The label, and where the number begins: letters said one by one before the digits are part of it, "record number u
/// zero two".
fn label_of(view: View<'_>, start: usize) -> (usize, Option<Label>) {
    let mut spelled = start;
    for _ in 0..4 {
        let place = view.skip_wrap_back(spelled);
        match view.word_to(place).filter(|word| word.end - word.start == 1 && place < spelled) {
            Some(letter) => spelled = letter.start,
            None => break,
        }
    }
    let label = label::before(view, spelled)
        .filter(|label| spelled < start && label.fillers == 0 && number::named(label.noun).is_some());
    match label {
        Some(label) => (spelled, Some(label)),
        None => (start, label::before(view, start)),
    }
}

fn named(span: (usize, usize), label: Label, row: &Row, figures: &Figures) -> Option<Finding> {
    let make = |kind, sure, rule| Some(found(span, kind, sure, rule));
    match label.noun {
        Noun::Ssn | Noun::Social => match figures.count {
            9 => make(Identifier::Ssn, 93, "ssn.spoken"),
            4 => make(Identifier::Ssn, 85, "ssn.spoken"),
            _ => None,
        },
        Noun::Phone | Noun::AnyNumber if matches!(figures.count, 7 | 10 | 11) => {
            make(Identifier::Phone, if label.noun == Noun::Phone { 92 } else { 80 }, "phone.spoken")
        }
        Noun::Fax if matches!(figures.count, 7 | 10 | 11) => make(Identifier::Fax, 92, "phone.spoken"),
        Noun::Zip if figures.count == 5 => make(Identifier::Zip, 88, "zip.spoken"),
        Noun::Date => {
            let parts = row.count >= 3 && figures.count >= 3 && amount(row.tokens()).is_none();
            let near = label.mark >= Mark::Is || label.fillers <= 2;
            // A year alone is no date.
            let year_alone = row.count <= 3 && year(row.tokens()).is_some();
            if parts && near && !year_alone { make(Identifier::Date, 80, "date.spoken") } else { None }
        }
        noun => {
            let (kind, rule, strong) = number::named(noun)?;
            let enough = figures.count >= if strong || label.mark == Mark::Number { 4 } else { 6 };
            let said = figures.single * 2 >= figures.count || label.mark == Mark::Number;
            if enough && said { make(kind, 85, rule) } else { None }
        }
    }
}

/// Rows as long as telephone and social security numbers, said digit by digit.
fn by_length(span: (usize, usize), figures: &Figures) -> Option<Finding> {
    let said = figures.single + 2 >= figures.count && !figures.counts();
    let long_lead = figures.as_slice().first().is_some_and(|first| *first >= 2);
    let (kind, sure, rule) = match figures.count {
        _ if !said => return None,
        10 if long_lead => (Identifier::Phone, 78, "phone.spoken"),
        11 if figures.digits[0] == 1 => (Identifier::Phone, 80, "phone.spoken"),
        7 if long_lead => (Identifier::Phone, 62, "phone.spoken"),
        9 => (Identifier::Ssn, 62, "ssn.spoken"),
        8 | 10..=16 => (Identifier::OtherId, 58, "other.spoken"),
        _ => return None,
    };
    Some(found(span, kind, sure, rule))
}

/// "one twenty three main street".
fn street(view: View<'_>, row: &Row) -> Option<Finding> {
    let figures = figures(row.tokens());
    if figures.count > 5 || row.tokens().any(|token| token.has(ORDINAL)) {
        return None;
    }
    let finding = address::after_number(view, (row.start, row.end), figures.count)?;
    (finding.rule == "address.street").then_some(finding)
}

/// "One Tower Plaza, Suite 1900": a house that is called by a capital word.
fn one_house(view: View<'_>, row: &Row) -> Option<Finding> {
    let title = view.is_capital(row.start) && !view.is_capital(row.start + 1);
    if !title || row.tokens().any(|token| token.has(ORDINAL | REPEAT)) {
        return None;
    }
    let finding = address::after_number(view, (row.start, row.end), 2)?;
    let numbered = is(view.before(finding.end), DIGIT);
    (numbered && finding.rule == "address.street").then_some(finding)
}
