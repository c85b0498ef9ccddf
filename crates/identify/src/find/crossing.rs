//! Where somebody lives or was found, without a house number before a street: crossings ("Elm Ave & 3rd", "corner of Oak and
//! Vine", "County Road 9 at Loon Trail", "I-70 WB at exit 119"), streets whose number follows ("Calle Luna 62"), and lots of parks
//! ("trailer 14, Palm Estates").
//!
//! What must always hold: names of streets are capital; one of two that cross has a kind of street or an ordinal, or "corner of"
//! says it; nothing goes over a line's end.
//!
//! What it refuses to know: house numbers before streets, which are `address`'s business.

use super::address::{name_at, with_unit};
use super::label;
use super::lexicon::{CODE, DIRECTION, FUNCTION, MONTH, STREET, UNIT, WAY};
use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Words of a street's name.
const WORDS_MAX: usize = 4;
/// Roads that have numbers.
const NUMBERED_ROADS: Words = Words::new(&[
    "road",
    "rd",
    "highway",
    "hwy",
    "route",
    "rte",
    "interstate",
    "us",
    "sr",
    "cr",
    "fm",
    "i",
    "turnpike",
    "freeway",
]);
/// Kinds of streets that stand before the name, as in Spanish and French.
pub(super) const KINDS_BEFORE: Words = Words::new(&[
    "calle",
    "avenida",
    "avda",
    "carrera",
    "camino",
    "paseo",
    "calzada",
    "callejon",
    "urb",
    "urbanizacion",
    "barrio",
    "carretera",
    "rue",
    "chemin",
    "rua",
    "ave",
    "condominio",
    "edif",
    "blq",
    "cond",
    "residencial",
    "edificio",
    "sector",
]);
/// What is divided into lots.
const PARKS: Words = Words::new(&["mhp", "acres", "campground", "marina", "ranch", "rv", "homes", "court", "courts"]);

/// What a place in one is called by.
const LOTS: Words = Words::new(&["trailer", "trlr", "lot", "space", "spc", "cabin", "slip", "site"]);
/// Small words within the name of a street.
const SMALL: Words = Words::new(&["de", "la", "las", "los", "del", "el", "des", "du", "le"]);

fn is_one(word: Token, words: &[&str]) -> bool {
    words.iter().any(|text| word.is(text))
}

/// A stretch of capital words: where it begins and ends, how many, and whether the last is a kind of street.
#[derive(Clone, Copy)]
struct Named {
    start: usize,
    end: usize,
    words: usize,
    /// Its last word is a kind of street that hardly means anything else.
    street: bool,
    /// Its last word is some kind of street.
    way: bool,
}

/// Capital words that begin here, up to a kind of street.
fn named_after(view: View<'_>, from: usize) -> Option<Named> {
    let start = view.skip_blanks(from);
    let mut named = Named { start, end: start, words: 0, street: false, way: false };
    while named.words < WORDS_MAX {
        let at = if named.words == 0 { start } else { view.skip_blanks(named.end) };
        if named.words > 0 && at != named.end + 1 {
            break;
        }
        if let Some(end) = ordinal(view, at).filter(|_| named.words == 0) {
            (named.end, named.words, named.way) = (end, 1, true);
            continue;
        }
        let capital = view.is_capital(at) || view.at(at) >= 0x80;
        let Some(word) = name_at(view, at).filter(|_| capital) else { break };
        let direction = word.has(DIRECTION);
        if word.has(UNIT | FUNCTION | MONTH | CODE) && !direction && !word.has(STREET | WAY) {
            break;
        }
        let dot = usize::from(view.at(word.end) == b'.' && word.end - word.start <= 4);
        (named.end, named.words) = (word.end, named.words + 1);
        named.street = word.has(STREET) && named.words > 1;
        named.way = named.street || word.has(WAY) && named.words > 1;
        if NUMBERED_ROADS.has(word) && is(view.at(word.end + 1), DIGIT) {
            named.end = view.run_end(word.end + 1, DIGIT, 4);
            (named.street, named.way) = (true, true);
            break;
        }
        // "Heron Lake Trail": of two kinds the last one is it.
        let next = view.word_at(named.end + 1).filter(|next| view.at(named.end) == b' ' && view.is_capital(next.start));
        if named.way && !next.is_some_and(|next| next.has(STREET | WAY) && !next.has(DIRECTION)) {
            break;
        }
        if dot > 0 && is(view.at(word.end + 2), LETTER) {
            named.end += dot;
        }
    }
    (named.words > 0).then_some(named)
}

/// Capital words that end here.
fn named_before(view: View<'_>, to: usize) -> Option<Named> {
    let mut end = view.skip_blanks_back(to);
    end -= usize::from(view.before(end) == b'.');
    let mut named = Named { start: end, end, words: 0, street: false, way: false };
    while named.words < WORDS_MAX {
        let place = if named.words == 0 { end } else { view.skip_blanks_back(named.start) };
        if named.words > 0 && place + 1 != named.start {
            break;
        }
        let dot = usize::from(named.words > 0 && view.before(place) == b'.');
        let Some(word) = view.word_to(place - dot).filter(|word| view.is_capital(word.start)) else { break };
        let short = dot == 0 || word.end - word.start == 1 || word.is("st");
        if !short || is(view.before(word.start), DIGIT) || word.has(FUNCTION) && !word.has(STREET | WAY | DIRECTION) {
            break;
        }
        if named.words == 0 {
            (named.street, named.way) = (word.has(STREET), word.has(STREET | WAY));
        }
        (named.start, named.words) = (word.start, named.words + 1);
    }
    (named.words > 0).then_some(named)
}

/// The end of "42nd".
fn ordinal(view: View<'_>, from: usize) -> Option<usize> {
    let digits = view.run_end(from, DIGIT, 4);
    let suffix = [&b"st"[..], b"nd", b"rd", b"th"].iter().any(|suffix| view.starts(digits, suffix));
    (digits > from && suffix && !is(view.at(digits + 2), ALNUM)).then_some(digits + 2)
}

fn made(view: View<'_>, start: usize, end: usize, sure: u8) -> Finding {
    found((start, with_unit(view, end)), Identifier::Address, sure, "address.crossing")
}

/// "A Pike & B Dr": at the sign between them.
pub(super) fn ampersand(view: View<'_>, place: usize) -> Option<Finding> {
    if view.before(place) != b' ' || view.at(place + 1) != b' ' {
        return None;
    }
    let left = named_before(view, place).filter(|left| left.way && left.words > 1)?;
    let right = named_after(view, place + 1)?;
    let both = right.way || left.street && right.words <= 2 && !right.street;
    both.then(|| made(view, left.start, right.end, if right.way { 80 } else { 62 }))
}

/// "corner of A and B".
pub(super) fn corner(view: View<'_>, token: Token) -> Option<Finding> {
    let of = view.word_after(token.end).filter(|word| word.is("of"))?;
    let left = named_after(view, of.end)?;
    let dot = usize::from(view.at(left.end) == b'.');
    let from = view.skip_blanks(left.end + dot);
    let joins = view.word_at(from).filter(|word| word.is("and") || word.is("at")).map(|word| word.end);
    let from = joins.or_else(|| (view.at(from) == b'&').then_some(from + 1))?;
    let right = named_after(view, from)?;
    Some(made(view, token.start, right.end, 78))
}

/// A place that this run is part of.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() > 4 || run.word_start != run.start {
        return None;
    }
    let extra = run.word_end - run.end;
    if extra == 2 {
        return of_ordinal(view, run);
    }
    if extra > 1 || label::counts(view, run.end) || view.goes_on(run.start, run.start) && view.before(run.start) != b'-'
    {
        return None;
    }
    // What stands before has a capital, or is a lot or a small word of a Spanish or French name.
    let place = view.skip_blanks_back(run.start);
    let word = view.word_to(place - usize::from(matches!(view.before(place), b',' | b'#' | b'-')))?;
    if !view.is_capital(word.start)
        && view.before(word.start) < 0x80
        && !LOTS.has(word)
        && !SMALL.has(word)
        && !is_one(word, &["marker", "milepost", "mile"])
    {
        return None;
    }
    number_last(view, run)
        .or_else(|| of_highway(view, run))
        .or_else(|| road_alone(view, run))
        .or_else(|| lot(view, run))
        .or_else(|| flat_first(view, run))
}

/// "Elm Ave & 3rd", "at 5th and Main".
fn of_ordinal(view: View<'_>, run: Run) -> Option<Finding> {
    ordinal(view, run.start)?;
    let before = view.skip_blanks_back(run.start);
    let and = view.word_to(before).filter(|word| word.is("and") || word.is("at")).map(|word| word.start);
    let sign = (view.before(before) == b'&').then(|| before - 1);
    let left = and.or(sign).filter(|_| before < run.start).and_then(|place| named_before(view, place));
    if let Some(left) = left.filter(|left| left.street && left.words > 1) {
        let right = named_after(view, run.word_end).filter(|right| right.way && right.words < 3);
        return Some(made(view, left.start, right.map_or(run.word_end, |right| right.end), 76));
    }
    let from = view.skip_blanks(run.word_end);
    let joins = view.word_at(from).filter(|word| word.is("and")).map(|word| word.end);
    let joins = joins.or_else(|| (view.at(from) == b'&').then_some(from + 1))?;
    let right = named_after(view, joins)?;
    let at = view.word_to(before).is_some_and(|word| is_one(word, &["at", "near", "off", "corner", "of"]));
    let only = right.words == 1 && !view.is_capital(right.start + 1) && !is(view.at(right.start), DIGIT);
    let sign = view.at(from) == b'&' && only && right.end - right.start > 3;
    (right.street || sign || at && only).then(|| made(view, run.start, right.end, 66))
}

/// "Calle Luna 62": the number stands after the name.
fn number_last(view: View<'_>, run: Run) -> Option<Finding> {
    let mut place = view.skip_blanks_back(run.start);
    place -= usize::from(matches!(view.before(place), b',' | b'#'));
    for step in 0..5 {
        let word = view.word_to(place).filter(|_| place < run.start)?;
        if KINDS_BEFORE.has(word) && step > 0 {
            return Some(made(view, word.start, run.word_end, 82));
        }
        let small = SMALL.has(word);
        let other = view.before(word.start) >= 0x80;
        if !view.is_capital(word.start) && !small && !other {
            return None;
        }
        let mut start = word.start;
        while start > 0 && word.start - start < 20 && (is(view.before(start), LETTER) || view.before(start) >= 0x80) {
            start -= 1;
        }
        place = view.skip_blanks_back(start);
        place -= usize::from(view.before(place) == b'.');
    }
    None
}

/// "County Road 9 at Loon Trail", "I-70 WB at exit 119".
fn of_highway(view: View<'_>, run: Run) -> Option<Finding> {
    let hyphen = usize::from(view.before(run.start) == b'-');
    let road = view.word_to(view.skip_blanks_back(run.start - hyphen)).filter(|word| NUMBERED_ROADS.has(*word))?;
    if !view.is_capital(road.start) || road.is("i") && hyphen == 0 {
        return None;
    }
    let mut from = view.skip_blanks(run.word_end);
    let bound = view.word_at(from).filter(|word| {
        word.has(DIRECTION)
            || is_one(*word, &["wb", "eb", "nb", "sb", "westbound", "eastbound", "northbound", "southbound"])
    });
    if let Some(bound) = bound {
        from = view.skip_blanks(bound.end);
    }
    let joins = view.word_at(from).filter(|word| is_one(*word, &["at", "near", "and"])).map(|word| word.end);
    let from = joins.or_else(|| matches!(view.at(from), b'&' | b'@').then_some(from + 1))?;
    let start = named_before(view, road.start).filter(|named| named.words <= 2).map_or(road.start, |named| named.start);
    let next = view.word_after(from)?;
    if is_one(next, &["exit", "mile", "milepost", "mm"]) {
        let marker = view.word_after(next.end).filter(|word| is_one(*word, &["marker", "post"])).unwrap_or(next);
        let number = view.skip_blanks(marker.end);
        let end = view.run_end(number, DIGIT, 4);
        return (end > number).then(|| made(view, start, end, 78));
    }
    let right = named_after(view, from).filter(|right| right.way)?;
    Some(made(view, start, right.end, 78))
}

/// "County Road 119, 2.3 mi S of Hwy 2", "mile marker 41, US 212": a road of the country, and where on it.
fn road_alone(view: View<'_>, run: Run) -> Option<Finding> {
    const COUNTRY: Words =
        Words::new(&["county", "township", "ranch", "farm", "forest", "co", "twp", "parish", "market"]);
    let place = view.skip_blanks_back(run.start);
    let dot = usize::from(view.before(place) == b'.');
    let kind = view.word_to(place - dot).filter(|_| place < run.start)?;
    if is_one(kind, &["carr", "carretera"]) {
        return Some(made(view, kind.start, kilometre_end(view, run.word_end), 76));
    }
    let before = view.word_before(kind.start - usize::from(view.before(kind.start) == b'.'));
    let capitals = view.is_capital(kind.start) && view.is_capital(kind.start + 1);
    let marker = is_one(kind, &["marker", "milepost", "post"]) || kind.is("mm") && capitals;
    if marker {
        let mile = before.filter(|word| word.is("mile"));
        let start = match mile {
            Some(mile) => mile.start,
            None if is_one(kind, &["milepost", "mm"]) && !is(view.before(view.skip_blanks_back(kind.start)), DIGIT) => {
                kind.start
            }
            None => return None,
        };
        let comma = usize::from(view.at(run.word_end) == b',');
        let road = numbered_road_end(view, view.skip_blanks(run.word_end + comma));
        return Some(made(view, start, road.unwrap_or(run.word_end), 72));
    }
    // "Hwy 61 North", "mile 212 Parks Hwy".
    let way = view.word_after(run.word_end);
    let way = way.filter(|word| word.has(DIRECTION) && word.end - word.start > 1 && view.is_capital(word.start));
    if let Some(way) = way.filter(|_| is_one(kind, &["hwy", "highway", "route", "rte"]) && view.is_capital(kind.start))
    {
        return Some(made(view, kind.start, way.end, 66));
    }
    if kind.is("mile") {
        let road = named_after(view, run.end).filter(|road| road.street && road.words > 1)?;
        return Some(made(view, kind.start, road.end, 70));
    }
    let country =
        before.filter(|word| COUNTRY.has(*word) && view.is_capital(word.start) && NUMBERED_ROADS.has(kind))?;
    Some(made(view, country.start, miles_end(view, run.word_end).unwrap_or(run.word_end), 74))
}

/// Where " Km 14.3" ends, if it stands here.
fn kilometre_end(view: View<'_>, from: usize) -> usize {
    let Some(km) = view.word_after(from).filter(|word| word.is("km")) else { return from };
    let number = view.skip_blanks(km.end + usize::from(view.at(km.end) == b'.'));
    let end = view.run_end(number, DIGIT, 4);
    let decimal = view.at(end) == b'.' && is(view.at(end + 1), DIGIT);
    if decimal { view.run_end(end + 1, DIGIT, 3) } else { end }
}

/// Where "US 212", "Hwy 2", "I-80" ends that begins here.
fn numbered_road_end(view: View<'_>, from: usize) -> Option<usize> {
    let from = view.word_at(from).filter(|word| word.is("on")).map_or(from, |word| view.skip_blanks(word.end));
    let word = view.word_at(from).filter(|word| NUMBERED_ROADS.has(*word) && view.is_capital(word.start))?;
    let next = view.word_after(word.end).filter(|next| NUMBERED_ROADS.has(*next)).unwrap_or(word);
    let digits = next.end + usize::from(matches!(view.at(next.end), b' ' | b'-'));
    let end = view.run_end(digits, DIGIT, 5);
    (end > digits).then_some(end)
}

/// Where ", 2.3 mi S of Hwy 2" ends.
fn miles_end(view: View<'_>, from: usize) -> Option<usize> {
    let digits = view.skip_blanks(from + usize::from(view.at(from) == b','));
    let mut end = view.run_end(digits, DIGIT, 4);
    if view.at(end) == b'.' && is(view.at(end + 1), DIGIT) {
        end = view.run_end(end + 1, DIGIT, 4);
    }
    let miles = view.word_after(end).filter(|word| end > digits && is_one(*word, &["mi", "mile", "miles"]))?;
    let way = view.word_after(miles.end).filter(|word| word.has(DIRECTION)).unwrap_or(miles);
    let of = view.word_after(way.end).filter(|word| is_one(*word, &["of", "from", "past"]))?;
    let next = view.skip_blanks(of.end);
    numbered_road_end(view, next).or_else(|| named_after(view, next).map(|named| named.end))
}

/// "trailer 14, Palm Estates".
fn lot(view: View<'_>, run: Run) -> Option<Finding> {
    let place = view.skip_blanks_back(run.start);
    let word = view.word_to(place - usize::from(view.before(place) == b'#'))?;
    if !LOTS.has(word) {
        return None;
    }
    let comma = usize::from(view.at(run.word_end) == b',');
    let (mut end, mut words) = (run.word_end + comma, 0);
    while words < WORDS_MAX && view.at(end) == b' ' {
        let name = name_at(view, end + 1).filter(|name| view.is_capital(name.start) && !name.has(UNIT | FUNCTION))?;
        (end, words) = (name.end, words + 1);
        if words > 1 && (name.has(STREET | WAY) || PARKS.has(name)) {
            let next = name_at(view, end + 1).filter(|next| view.at(end) == b' ' && PARKS.has(*next));
            let end = next.map_or(end, |next| next.end);
            return Some(made(view, word.start, end, 78));
        }
    }
    None
}

/// "Flat 2, 40 Highgate": a flat and a house.
fn flat_first(view: View<'_>, run: Run) -> Option<Finding> {
    let word = view.word_before(run.start).filter(|word| word.is("flat") && view.is_capital(word.start))?;
    let house = (view.at(run.word_end) == b',').then(|| view.skip_blanks(run.word_end + 1))?;
    let end = view.run_end(house, DIGIT, 4);
    let street = named_after(view, end).filter(|_| end > house && view.at(end) == b' ')?;
    Some(made(view, word.start, street.end, 80))
}
