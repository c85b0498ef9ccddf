//! Street addresses: house number and street, post office box, rural route, apartment or suite.
//!
//! What must always hold: a street's name stands on one line; its last word is a kind of street, or the words before
//! the number say that somebody lives there; "5 minute drive" and "2 way street" are none.

use super::crossing::{self, KINDS_BEFORE};
use super::label;
use super::lexicon::{DIRECTION, FLAT, FUNCTION, MONTH, STATE, STREET, UNIT, WAY};
use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Words of a street's name, its kind included.
const WORDS_MAX: usize = 6;
/// Kinds of streets that are ordinary words, but common enough to stand after a small number.
const COMMON_WAYS: &[&str] = &[
    "st", "dr", "drive", "ct", "court", "circle", "cir", "place", "plaza", "plz", "pl", "way", "trail", "trl", "loop",
    "square", "sq", "pike", "row", "path",
];
/// Words after which a number is the house where somebody lives.
const LIVES: &[&str] =
    &["lives", "live", "living", "lived", "resides", "residing", "reside", "address", "resident", "home", "residence"];

/// An address that begins with this run, or whose box or unit this run is.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() > 6 || run.word_start != run.start {
        return unit_alone(view, run).or_else(|| of_grid(view, run));
    }
    // A word says box or flat, with a blank or a sign behind it.
    let signs = matches!(view.before(run.start), b' ' | b'\t' | 0xa0 | b'.' | b'#' | b':' | b'-')
        || is(view.before(run.start), LETTER);
    if signs && let Some(boxed) = post_box(view, run).or_else(|| unit_alone(view, run)) {
        return Some(boxed);
    }
    let extra = run.word_end - run.end;
    let suffixed = extra == 1 && is(view.at(run.end), LETTER);
    let before = view.before(run.start);
    if extra == 2 {
        return crossing::find(view, run);
    }
    if !(extra == 0 || suffixed)
        || matches!(before, b'$' | b'#' | b'.' | b'/' | b':') && view.goes_on(run.start, run.start)
    {
        return None;
    }
    let (start, end) = (queens_start(view, run.start), half_end(view, run.word_end));
    if view.goes_on(start, start) || before == b'$' {
        return None;
    }
    crossing::find(view, run).or_else(|| after_number(view, (start, end), run.len()))
}

/// "N4471 County Rd K", "W229 N1433 Westwood Dr": houses of Wisconsin and Illinois, by the grid.
fn of_grid(view: View<'_>, run: Run) -> Option<Finding> {
    let quarter = |place: usize| matches!(view.at(place), b'N' | b'S' | b'E' | b'W');
    let whole = run.word_start + 1 == run.start && run.word_end == run.end && (2..=5).contains(&run.len());
    if !whole || !quarter(run.word_start) {
        return None;
    }
    let mut street = after_number(view, (run.word_start, run.end), run.len())?;
    let before = view.skip_blanks_back(run.word_start);
    let start = view.run_start(before, ALNUM, 7);
    if quarter(start) && start + 1 < before && view.run_end(start + 1, DIGIT, 6) == before && before < run.word_start {
        street.start = start;
    }
    // "County Rd K".
    let letter = street.end + 1;
    let lettered = view.at(street.end) == b' ' && view.is_capital(letter) && !is(view.at(letter + 1), ALNUM);
    street.end = if lettered { letter + 1 } else { street.end };
    Some(street)
}

/// "12-34 56th Avenue": the first part of the number.
fn queens_start(view: View<'_>, start: usize) -> usize {
    let from = view.run_start(start.saturating_sub(1), DIGIT, 4);
    let fits = view.before(start) == b'-' && from + 1 < start && start - 1 - from <= 3 && !is(view.before(from), ALNUM);
    if fits { from } else { start }
}

/// "123 1/2": half a house.
fn half_end(view: View<'_>, end: usize) -> usize {
    if view.starts(end, b" 1/2 ") { end + 4 } else { end }
}

/// What is known while the words after the number are read.
struct Street {
    end: usize,
    words: usize,
    capitals: bool,
    /// The first word is itself a kind of street: "2 way street".
    kind_first: bool,
    /// End and certainty of the best street so far.
    best: Option<(usize, u8)>,
}

/// A street after a number that has this many digits.
pub(super) fn after_number(view: View<'_>, number: (usize, usize), digits: usize) -> Option<Finding> {
    if view.at(number.1) != b' ' {
        return None;
    }
    let mut street = Street { end: number.1, words: 0, capitals: true, kind_first: false, best: None };
    while street.words < WORDS_MAX && street.step(view, digits) {}
    if street.best.is_none() {
        street.best = with_direction(view, number.1, digits);
    }
    if street.best.is_none() {
        return where_somebody_lives(view, number);
    }
    let (end, sure) = street.best?;
    let end = with_unit(view, with_route(view, end));
    Some(found((number.0, end), Identifier::Address, sure, "address.street"))
}

/// "1412 W Belmont #3F", "350 North Halsted": a point of the compass and a capital word, and a flat or the end of a piece behind it.
fn with_direction(view: View<'_>, from: usize, digits: usize) -> Option<(usize, u8)> {
    let way = view.word_after(from).filter(|word| word.has(DIRECTION) && view.is_capital(word.start))?;
    let dot = usize::from(view.at(way.end) == b'.');
    let name = name_at(view, view.skip_blanks(way.end + dot)).filter(|name| view.is_capital(name.start))?;
    let plain = !name.has(UNIT | FUNCTION | MONTH | DIRECTION | STATE) && name.end - name.start > 3;
    let flat = with_unit(view, name.end) > name.end;
    let ends = matches!(view.at(name.end), b',' | b'\n' | b';' | b')' | 0) || view.at(name.end) == b'.';
    (plain && digits >= 3 && (flat || ends)).then_some((name.end, if flat { 84 } else { 60 }))
}

impl Street {
    /// Reads one word more; false where the name cannot go on.
    fn step(&mut self, view: View<'_>, digits: usize) -> bool {
        let from = view.skip_blanks(self.end);
        if from == self.end || from > self.end + 2 {
            return false;
        }
        if is(view.at(from), DIGIT) {
            return self.ordinal(view, from);
        }
        let Some(word) = name_at(view, from) else { return false };
        let capital = view.is_capital(word.start) || view.at(word.start) >= 0x80;
        let direction = word.has(DIRECTION) && (capital || word.end - word.start > 4);
        let refused = word.has(UNIT | FUNCTION | MONTH) && !direction && !(capital && word.has(MONTH | WAY | STREET));
        if refused && !(self.words > 0 && word.has(STREET | WAY)) {
            return false;
        }
        let first = self.words == 0;
        if first && view.at(word.end) == b' ' && KINDS_BEFORE.has(word) {
            return self.kind_before(view, word.end);
        }
        self.words += 1;
        self.kind_first |= first && word.has(STREET | WAY);
        self.capitals &= capital;
        self.end = word.end;
        if let Some(sure) = self.kind(view, word, first, digits) {
            self.best = Some((word.end, sure));
        } else if direction && self.best.is_some_and(|(end, _)| view.skip_blanks(end) == word.start) {
            self.best = self.best.map(|(_, sure)| (word.end, sure));
        } else if !capital && self.best.is_some() {
            return false;
        }
        if view.at(self.end) == b'.' && (word.end - word.start <= 4 || word.has(STREET | WAY | DIRECTION)) {
            self.end += 1;
            if let Some((end, sure)) = self.best.filter(|(end, _)| *end == word.end) {
                self.best = Some((end + usize::from(view.at(end + 1) != b'\n' && view.at(end + 1) != 0), sure));
            }
        }
        true
    }

    /// "Calle del Sol", "rue Sainte-Anne": the kind stands before the name, which is capital but for small words.
    fn kind_before(&mut self, view: View<'_>, end: usize) -> bool {
        self.end = end;
        while self.words < 3 && view.at(self.end) == b' ' {
            let Some(word) = name_at(view, self.end + 1) else { break };
            let capital = view.is_capital(word.start) || view.at(word.start) >= 0x80;
            let small = ["de", "del", "la", "las", "los", "el", "des", "du"].iter().any(|text| word.is(text));
            if !(capital || small) || word.has(STATE) {
                break;
            }
            self.end = word.end;
            if capital {
                self.words += 1;
                self.best = Some((word.end, 84));
            }
        }
        false
    }

    /// "42nd" as the name of a street.
    fn ordinal(&mut self, view: View<'_>, from: usize) -> bool {
        let digits = view.run_end(from, DIGIT, 4);
        let end = view.run_end(digits, ALNUM, 3);
        let suffix = [&b"st"[..], b"nd", b"rd", b"th"].iter().any(|suffix| view.starts(digits, suffix));
        if !suffix || end != digits + 2 || self.words > 2 || self.best.is_some() {
            return false;
        }
        self.words += 1;
        self.end = end;
        true
    }

    /// How sure this word, as the kind of street, makes the address.
    fn kind(&self, view: View<'_>, word: Token, first: bool, digits: usize) -> Option<u8> {
        if first {
            let broadway = word.is("broadway") && self.capitals && digits >= 2;
            let numbered = word.has(STREET) && self.capitals && digits >= 2 && is(view.at(word.end + 1), DIGIT);
            // "15 Rte 9W", "880 Route 28".
            let way = ["rte", "route", "rt", "sr", "cr"].iter().any(|text| word.is(text));
            let road = way && self.capitals && digits >= 2 && is(view.at(word.end + 1), DIGIT);
            return (broadway || numbered || road).then_some(80);
        }
        if word.has(STREET) {
            let lower = self.words <= 4 && digits >= 1 && !self.kind_first;
            return if self.capitals { Some(93) } else { lower.then_some(75) };
        }
        // "55 harbor view dr apt 9": in small letters a flat has to follow.
        let flat = !self.capitals && word.has(WAY) && COMMON_WAYS.iter().any(|text| word.is(text));
        if flat && self.words <= 4 && digits >= 2 && with_unit(view, word.end) > word.end {
            return Some(74);
        }
        if !word.has(WAY) || !self.capitals {
            return None;
        }
        let common = COMMON_WAYS.iter().any(|text| word.is(text));
        if common { Some(86) } else { (digits >= 2 && self.words <= 4).then_some(62) }
    }
}

/// A word of a name: letters, also of other alphabets, apostrophes, hyphens.
pub(super) fn name_at(view: View<'_>, from: usize) -> Option<Token> {
    let mut end = from;
    while end < from + 30 {
        let byte = view.at(end);
        let inner = matches!(byte, b'\'' | b'-') && end > from && is(view.at(end + 1), LETTER);
        // Beginnings of characters up to U+1FFF, and what goes on within one: other alphabets, no typography.
        let other = matches!(byte, 0xc3..=0xe1) || (matches!(byte, 0x80..=0xbf) && end > from);
        if !is(byte, LETTER) && !inner && !other {
            break;
        }
        end += 1;
    }
    while end > from && matches!(view.at(end), 0x80..=0xbf) {
        end -= 1;
    }
    let token = view.word_at(from);
    match token {
        Some(token) if token.end == end => Some(token),
        _ if end > from => Some(Token { start: from, end, key: 0, word: super::lexicon::look_up(0) }),
        _ => None,
    }
}

/// "Highway 50", "County Road 12": the number after the kind.
fn with_route(view: View<'_>, end: usize) -> usize {
    let last = view.word_to(end);
    let numbered = last.is_some_and(|word| {
        ["highway", "hwy", "route", "rte", "rt", "sr", "cr", "road", "rd"].iter().any(|text| word.is(text))
    });
    let digits = view.run_end(end + 1, DIGIT, 4);
    // "9W".
    let letter = usize::from(view.is_capital(digits) && !is(view.at(digits + 1), ALNUM));
    let digits = digits + letter;
    if numbered && view.at(end) == b' ' && digits > end + 1 && !is(view.at(digits), ALNUM) { digits } else { end }
}

/// ", Apt 4B", " #12", " Suite 200" after the street.
pub(super) fn with_unit(view: View<'_>, end: usize) -> usize {
    let mut place = end;
    let mut lines = 0;
    while place < end + 8 {
        match view.at(place) {
            b' ' | b',' | b'.' => {}
            b'\n' if lines == 0 => lines = 1,
            _ => break,
        }
        place += 1;
    }
    if view.at(place) == b'#' && lines == 0 {
        return unit_end(view, place + 1).unwrap_or(end);
    }
    // ", 2nd Floor".
    let ordinal = view.run_end(place, DIGIT, 3);
    if ordinal > place && place > end && is(view.at(ordinal), LETTER) {
        let floor = view.word_after(ordinal + 2).filter(|word| ["floor", "fl", "flr"].iter().any(|text| word.is(text)));
        return floor.map_or(end, |word| word.end);
    }
    let Some(word) = view.word_at(place).filter(|word| word.has(FLAT) && place > end) else { return end };
    unit_end(view, word.end).unwrap_or(end)
}

/// Where the number or letter of a unit ends that begins after this place.
fn unit_end(view: View<'_>, from: usize) -> Option<usize> {
    let mut place = from;
    while place < from + 3 && matches!(view.at(place), b' ' | b'.' | b'#' | b':') {
        place += 1;
    }
    let end = view.run_end(place, ALNUM, 7);
    let text = view.bytes.get(place..end)?;
    let is_unit = text.iter().any(u8::is_ascii_digit) || (text.len() == 1 && text[0].is_ascii_uppercase());
    if !is_unit || text.len() > 6 {
        return None;
    }
    let tail = view.run_end(end + 1, ALNUM, 5);
    let dashed = view.at(end) == b'-' && tail > end + 1 && tail - end <= 4;
    Some(if dashed { tail } else { end })
}

/// "P.O. Box 123", "PO Box 123", "RR 2 Box 45".
fn post_box(view: View<'_>, run: Run) -> Option<Finding> {
    let mut place = view.skip_blanks_back(run.start);
    if view.before(place) == b'#' {
        place = view.skip_blanks_back(place - 1);
    }
    // "HC-02 Box 4471".
    if view.before(place) == b'-' && view.word_to(place - 1).is_some_and(|word| word.is("hc") || word.is("rr")) {
        place -= 1;
    }
    const BOXES: Words = Words::new(&[
        "pob", "rr", "hc", "box", "bx", "drawer", "psc", "cmr", "unit", "rt", "rte", "route", "rfd", "hcr", "rural",
    ]);
    const RURAL: Words = Words::new(&["rr", "hc", "psc", "cmr", "unit", "rt", "rte", "route", "rfd", "hcr", "rural"]);
    let word = view.word_to(place).filter(|word| BOXES.has(*word))?;
    let end = view.run_end(run.end, ALNUM, 2);
    if word.is("pob") {
        return Some(found((word.start, end), Identifier::Address, 90, "address.box"));
    }
    if word.is("rr") || RURAL.has(word) && view.is_capital(word.start) {
        let comma = usize::from(view.at(run.word_end) == b',');
        let boxed = view.word_after(run.word_end + comma).filter(|word| word.is("box") || word.is("bx"));
        let number = boxed.and_then(|word| unit_end(view, word.end));
        let rural = number.is_some();
        let star = view.word_before(word.start).filter(|before| before.is("star") || before.is("rural"));
        let word = star.unwrap_or(word);
        return rural.then(|| found((word.start, number.unwrap_or(end)), Identifier::Address, 88, "address.rural"));
    }
    if RURAL.has(word) {
        return None;
    }
    // "mail to Box 112, Pine Ridge".
    let plain = word.is("box") && view.is_capital(word.start) && view.at(end) == b',' && view.is_capital(end + 2);
    let start = box_start(view, word.start).or_else(|| plain.then_some(word.start))?;
    Some(found((start, with_unit(view, end)), Identifier::Address, 93, "address.box"))
}

/// Where "P.O.", "PO", "P O" or "Post Office" begins before "Box".
fn box_start(view: View<'_>, place: usize) -> Option<usize> {
    let from = place.saturating_sub(14);
    let text = &view.bytes[from..place];
    let mut start = place;
    for mark in [&b"post office "[..], b"p.o. ", b"p. o. ", b"po ", b"p o ", b"p.o ", b"p.o.", b"p.0. ", b"p0 "] {
        if text.len() >= mark.len() && text[text.len() - mark.len()..].eq_ignore_ascii_case(mark) {
            start = start.min(place - mark.len());
        }
    }
    (start < place && !is(view.before(start), ALNUM)).then_some(start)
}

/// "Apt. 502", "Suite 329" without a street.
fn unit_alone(view: View<'_>, run: Run) -> Option<Finding> {
    let mut place = run.word_start;
    while place > 0 && run.word_start - place < 4 && matches!(view.at(place - 1), b' ' | b'.' | b'#' | b':') {
        place -= 1;
    }
    const UNITS: Words = Words::new(&["apt", "apartment", "suite", "ste", "bldg"]);
    let word = view.word_to(place).filter(|word| UNITS.has(*word))?;
    let short = run.word_end - run.word_start <= 6 && place < run.word_start;
    if !short || (word.is("ste") && !view.is_capital(word.start)) {
        return None;
    }
    let end = unit_end(view, word.end)?;
    Some(found((word.start, end), Identifier::Address, 80, "address.unit"))
}

/// "lives at 123 Elm": one to three capital words after the number.
fn where_somebody_lives(view: View<'_>, number: (usize, usize)) -> Option<Finding> {
    // Asked first, since nearly always a small letter stands there.
    if !view.is_capital(number.1 + 1) {
        return None;
    }
    let mut place = number.0;
    let mut says = false;
    for _ in 0..4 {
        let back = view.skip_blanks_back(place);
        let back = back - usize::from(matches!(view.before(back), b':'));
        let Some(word) = view.word_before(back) else { break };
        let street = word.is("street") && view.at(word.end) == b':';
        says |= street || LIVES.iter().any(|text| word.is(text));
        if says || !["at", "is", "on", "of", "currently", "street", "mailing", "in"].iter().any(|text| word.is(text)) {
            break;
        }
        place = word.start;
    }
    if !says || label::counts(view, number.1) {
        return None;
    }
    let (mut end, mut words) = (number.1, 0);
    while words < 3 && view.at(end) == b' ' {
        let Some(word) = name_at(view, end + 1).filter(|word| view.is_capital(word.start) && !word.has(UNIT | STATE))
        else {
            break;
        };
        (end, words) = (word.end, words + 1);
    }
    (words > 0).then(|| found((number.0, with_unit(view, end)), Identifier::Address, 72, "address.lives"))
}
