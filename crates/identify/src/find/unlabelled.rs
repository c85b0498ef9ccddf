//! Numbers that are somebody's though no label says which: long ones in prose, halves of telephone numbers that were spoken, short
//! ones of pagers and desks, numbers of parcels, and where on earth something stands.
//!
//! What must always hold: they stand apart in prose, with blanks or the marks of a sentence around them; what counts something, and
//! codes, lots, versions and amounts are none.
//!
//! What it refuses to know: which office gave a number.

use super::label::{self, Noun};
use super::lexicon::{CODE, FIGURE, UNIT};
use super::number::{self, Run};
use super::sift::found;
use super::view::{ALNUM, DIGIT, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Fewest digits of a number that needs no label.
const DIGITS_MIN: usize = 7;
/// Shortest with a capital before its digits.
const LENGTH_MIN: usize = 6;
/// Pieces of a telephone number that is partly spoken.
const PIECES_MAX: usize = 12;
/// Things that are numbered at length and name nobody.
const THINGS: Words = Words::new(&[
    "lot",
    "batch",
    "model",
    "ndc",
    "sku",
    "upc",
    "ean",
    "cas",
    "pmid",
    "pmc",
    "doi",
    "isbn",
    "nct",
    "sctid",
    "omim",
    "hgnc",
    "snomed",
    "loinc",
    "rxnorm",
    "umls",
    "catalog",
    "cat",
    "product",
    "style",
    "patent",
    "grant",
    "law",
    "seed",
    "port",
    "commit",
    "bug",
    "issue",
    "pr",
    "error",
    "hash",
    "copies",
    "population",
    "about",
    "approximately",
    "over",
    "nearly",
    "fcc",
    "iec",
    "astm",
    "iso",
    "part",
    "drawing",
    "serotype",
    "strain",
    "atcc",
    "sequence",
    "accession",
]);

/// What this run is part of.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    // Most numbers have one or two digits: for these only two readers are.
    if run.word_end - run.word_start < 3 && !joins(view, run) {
        return coordinates(view, run).or_else(|| half_spoken(view, run));
    }
    parcel(view, run)
        .or_else(|| coordinates(view, run))
        .or_else(|| desk(view, run))
        .or_else(|| secret(view, run))
        .or_else(|| last_digits(view, run))
        .or_else(|| half_spoken(view, run))
        .or_else(|| long(view, run))
}

/// Does a number go on with a hyphen or a stroke.
fn joins(view: View<'_>, run: Run) -> bool {
    let mark = |byte: u8| matches!(byte, b'-' | b'_' | b'/');
    mark(view.at(run.word_end)) || mark(view.before(run.word_start))
}

/// Blanks or the marks of a sentence stand on both sides.
fn is_apart(view: View<'_>, start: usize, end: usize) -> bool {
    let before = matches!(view.before(start), 0 | b' ' | b'\n' | b'\t' | b'(' | b'#' | b'|' | b'[' | b'@');
    let before = before || view.before(start) == b':' && start > 1 && !is(view.at(start - 2), DIGIT);
    let ends = matches!(view.at(end), 0 | b' ' | b'\n' | b'\r' | b'\t' | b')' | b']' | b'|' | b'?');
    before && (ends || matches!(view.at(end), b'.' | b',' | b';' | b':') && !is(view.at(end + 1), ALNUM))
}

/// A long number in prose: with a capital before its digits, or after a capital word and a colon that the lexicon does not know.
fn long(view: View<'_>, run: Run) -> Option<Finding> {
    if run.word_end - run.word_start < 4 && view.at(run.word_end) != b'-' {
        return None;
    }
    let (start, end) = number::value(view, run);
    if end < start + LENGTH_MIN || !is_apart(view, start, end) || label::counts(view, end) {
        return None;
    }
    let text = view.bytes.get(start..end)?;
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let capitals = text.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let hyphens = text.iter().filter(|byte| **byte == b'-').count();
    let whole = digits + capitals + hyphens == text.len() && digits <= 20 && !is_product(text);
    let opens = text.first().is_some_and(u8::is_ascii_uppercase);
    let enough = match hyphens {
        0 => digits >= if opens { 5 } else { DIGITS_MIN },
        _ if capitals > 0 && opens => digits >= 5,
        _ => digits >= 6,
    };
    if whole && is_key(text) && (view.before(view.skip_blanks_back(start)) == b':' || after_code(view, start)) {
        return Some(found((start, end), Identifier::OtherId, 58, "number.long"));
    }
    if !whole
        || !enough
        || !(opens && is_in_prose(view, start) || is_under_a_word(view, start) || is_before_a_name(view, end))
    {
        return None;
    }
    if !number::is_value(view, start, end) || label::is_code(view, start) {
        return None;
    }
    let letters = view.word_at(start).filter(|word| word.has(CODE | UNIT) || THINGS.has(*word));
    let before = view.skip_blanks_back(start);
    let sign = usize::from(matches!(view.before(before), b'#' | b':' | b'.'));
    let noun = view.word_before(before - sign).filter(|word| THINGS.has(*word) || word.has(CODE));
    let thing = label::before(view, start).is_some_and(|label| label.is(&[Noun::Serial]));
    let none = letters.is_some() || noun.is_some() || thing;
    (!none).then(|| found((start, end), Identifier::OtherId, 50, "number.long"))
}

/// `7TRWQ-9KX2M-4HB6D`: three groups and more of four to six capitals and digits, as codes are that let somebody in.
fn is_key(text: &[u8]) -> bool {
    let groups = || text.split(|byte| *byte == b'-');
    let mixed =
        groups().filter(|group| group.iter().any(u8::is_ascii_digit) && group.iter().any(u8::is_ascii_uppercase));
    groups().count() >= 3 && groups().all(|group| (4..=6).contains(&group.len())) && mixed.count() >= 2
}

fn after_code(view: View<'_>, start: usize) -> bool {
    view.word_before(start).is_some_and(|word| word.is("code") || word.is("key") || word.is("token"))
}

/// "20448861 (Delgado, Fay)": whose it is stands behind it in brackets.
fn is_before_a_name(view: View<'_>, end: usize) -> bool {
    let open = view.skip_blanks(end);
    let family = view.word_at(open + 1).filter(|word| view.at(open) == b'(' && view.is_capital(word.start));
    family.is_some_and(|word| view.at(word.end) == b',' && view.is_capital(view.skip_blanks(word.end + 1)))
}

/// A word in small letters stands before it, or the mark of a sentence.
fn is_in_prose(view: View<'_>, start: usize) -> bool {
    let place = view.skip_blanks_back(start);
    let small = view.word_to(place).is_some_and(|word| !view.is_capital(word.start) && word.end > word.start + 1);
    place < start && (small || matches!(view.before(place), b',' | b':' | b';')) || view.before(start) == b'('
}

/// "Folder: 77-41-09": a capital word of no other meaning, and a colon.
fn is_under_a_word(view: View<'_>, start: usize) -> bool {
    let place = view.skip_blanks_back(start);
    if view.before(place) != b':' || place < 2 || start - place > 2 {
        return false;
    }
    let word = view.word_to(place - 1);
    word.is_some_and(|word| word.word.roles == 0 && word.end > word.start + 2 && !THINGS.has(word))
}

/// `0002-8215-01`: how drugs are numbered, in groups of 4-4-2, 5-3-2, or 5-4-2.
fn is_product(text: &[u8]) -> bool {
    let mut groups = text.split(|byte| *byte == b'-').map(<[u8]>::len);
    let three = (groups.next(), groups.next(), groups.next());
    let known =
        matches!(three, (Some(4), Some(4), Some(2)) | (Some(5), Some(3 | 4), Some(2)) | (Some(5), Some(4), Some(1)));
    known && groups.next().is_none() && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// `9407 0000 1122 0448 71`: four groups of four, and more.
fn parcel(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() != 4 || !run.is_plain() || view.at(run.end) != b' ' {
        return None;
    }
    let (mut end, mut groups) = (run.end, 1);
    while groups < 7 && view.at(end) == b' ' {
        let next = view.run_end(end + 1, DIGIT, 5);
        let length = next - (end + 1);
        if !(length == 4 || length == 2 && groups >= 4) || is(view.at(next), ALNUM) {
            break;
        }
        (end, groups) = (next, groups + 1);
        if length == 2 {
            break;
        }
    }
    let years =
        (1..groups).all(|index| super::check::is_year(view.number(run.start + 5 * index, run.start + 5 * index + 4)));
    let digits = end + 1 - run.start - groups;
    (digits >= 18 && !years && !label::counts(view, end))
        .then(|| found((run.start, end), Identifier::OtherId, 58, "number.long"))
}

/// `42.0389, -101.0427`: two decimal numbers within the globe, with three places and more.
fn coordinates(view: View<'_>, run: Run) -> Option<Finding> {
    let decimals = |from: usize| {
        let end = view.run_end(from + 1, DIGIT, 10);
        (view.at(from) == b'.' && end >= from + 5 && !is(view.at(end), ALNUM)).then_some(end)
    };
    if run.len() > 3 || run.word_start != run.start || view.number(run.start, run.end) > 90 {
        return None;
    }
    let first = decimals(run.end)?;
    let mut place = first;
    while place < first + 3 && matches!(view.at(place), b',' | b' ' | b'/') {
        place += 1;
    }
    let start = run.start - usize::from(view.before(run.start) == b'-');
    let west = place + usize::from(view.at(place) == b'-');
    let whole = view.run_end(west, DIGIT, 4);
    let within = place > first && whole > west && view.number(west, whole) <= 180;
    let end = decimals(whole).filter(|_| within)?;
    Some(found((start, end), Identifier::Address, 72, "address.coordinates"))
}

/// `pager 4471`, `vocera 30112` and the like; `last4 Q0917`.
fn desk(view: View<'_>, run: Run) -> Option<Finding> {
    const PAGED: Words = Words::new(&[
        "pager",
        "pgr",
        "beeper",
        "bpr",
        "pgd",
        "ext",
        "extension",
        "extn",
        "vocera",
        "spectralink",
        "ascom",
        "spok",
        "opt",
    ]);
    let letter = run.start - run.word_start;
    if run.word_end != run.end || !(3..=6).contains(&run.len()) || letter > 1 {
        return None;
    }
    let capital = letter == 1 && view.is_capital(run.word_start) && run.len() == 4;
    if capital {
        let place = view.skip_blanks_back(run.word_start);
        let four = view.before(place) == b'4' || view.word_to(place).is_some_and(|word| word.is("four"));
        let from = place.saturating_sub(24);
        let said = four && view.bytes[from..place].windows(4).any(|four| four.eq_ignore_ascii_case(b"last"));
        return said.then(|| found((run.word_start, run.end), Identifier::OtherId, 66, "number.last_four"));
    }
    if letter == 1 {
        return None;
    }
    let mut place = view.skip_blanks_back(run.start);
    while run.start - place < 4 && matches!(view.before(place), b'#' | b':' | b'.' | b'*' | b' ') {
        place -= 1;
    }
    let paged = view.word_to(place).is_some_and(|word| PAGED.has(word)) && !label::counts(view, run.end);
    let ends = !matches!(view.at(run.end), b'-' | b'/') && !view.goes_on(run.start, run.end);
    (paged && ends).then(|| found((run.start, run.end), Identifier::Phone, 66, "phone.extension"))
}

/// `PIN 4471`, `confirmation XK44P1`, `door code 8841`: what lets somebody in, or in on something.
fn secret(view: View<'_>, run: Run) -> Option<Finding> {
    const SECRET: Words = Words::new(&["pin", "passcode", "password", "confirmation", "conf", "locator", "pw", "pwd"]);
    const OPENS: Words = Words::new(&[
        "access",
        "activation",
        "door",
        "gate",
        "confirmation",
        "verification",
        "lockbox",
        "entry",
        "alarm",
    ]);
    let (start, end) = (run.word_start, run.word_end);
    if !(4..=12).contains(&(end - start)) || view.goes_on(start, end) || !is_apart(view, start, end) {
        return None;
    }
    let text = view.bytes.get(start..end)?;
    let capital = text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let mut place = view.skip_blanks_back(start);
    while start - place < 4 && matches!(view.before(place), b'#' | b':' | b' ') {
        place -= 1;
    }
    let mut word = view.word_to(place).filter(|_| capital && place < start)?;
    if word.is("is") || word.is("no") || word.is("number") {
        word = view.word_before(word.start)?;
    }
    let code = word.is("code") && view.word_before(word.start).is_some_and(|before| OPENS.has(before));
    let says = SECRET.has(word) && (!word.is("pin") || view.is_capital(word.start + 1)) || code;
    (says && !label::counts(view, end)).then(|| found((start, end), Identifier::OtherId, 62, "number.secret"))
}

/// `last four 8201`, `Visa ****4471`: what is left of a longer number.
fn last_digits(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() != 4 || !run.is_plain() || view.goes_on(run.start, run.end) || label::counts(view, run.end) {
        return None;
    }
    if view.before(run.start) == b'*' && run.start > 1 && view.at(run.start - 2) == b'*' {
        return Some(found((run.start, run.end), Identifier::Account, 66, "number.last_four"));
    }
    let mut place = view.skip_blanks_back(run.start);
    place -= usize::from(view.before(place) == b':');
    place = view.skip_blanks_back(place);
    let four = view.word_to(place).filter(|word| word.is("four")).map(|word| word.start);
    let four =
        four.or_else(|| (view.before(place) == b'4' && !is(view.before(place - 1), DIGIT)).then(|| place - 1))?;
    let last = view.word_before(four).is_some_and(|word| word.is("last"));
    let ends = !matches!(view.at(view.skip_blanks(run.end)), b'-' | b'/');
    (last && ends).then(|| found((run.start, run.end), Identifier::OtherId, 64, "number.last_four"))
}

/// Where the piece before a place begins, and how many digits it has: a figure in words, or digits.
fn piece_before(view: View<'_>, place: usize) -> Option<(usize, usize, bool)> {
    let mut to = place;
    while to > 0 && place - to < 3 && matches!(view.before(to), b' ' | b',' | b'-' | b'.') {
        to -= 1;
    }
    if is(view.before(to), DIGIT) {
        let start = view.run_start(to, DIGIT, 5);
        return (!is(view.before(start), ALNUM) && to < place && to - start <= 4).then_some((start, to - start, false));
    }
    // With one of these letters figures end; nearly all other words are told by it.
    let may_be = matches!(view.before(to) | 0x20, b'o' | b'h' | b'e' | b'r' | b'x' | b'n' | b't') && to < place;
    let word = if may_be { view.word_to(to) } else { None };
    word.filter(|word| word.has(FIGURE)).map(|word| (word.start, 1, true))
}

/// The same after a place.
fn piece_after(view: View<'_>, place: usize) -> Option<(usize, usize, bool)> {
    let mut from = place;
    while from < place + 3 && matches!(view.at(from), b' ' | b',' | b'-' | b'.') {
        from += 1;
    }
    let digits = view.run_end(from, DIGIT, 5);
    if digits > from {
        return (!is(view.at(digits), ALNUM) && digits - from <= 4 && from > place).then_some((
            digits,
            digits - from,
            false,
        ));
    }
    let may_be = matches!(view.at(from) | 0x20, b'z' | b'o' | b't' | b'f' | b's' | b'e' | b'n') && from > place;
    let word = if may_be { view.word_at(from) } else { None };
    word.filter(|word| word.has(FIGURE)).map(|word| (word.end, 1, true))
}

/// `773 five five five 0140`, `five one three 555 0149`: as long as a telephone number, with three figures in words at least.
fn half_spoken(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() > 4 || !run.is_plain() {
        return None;
    }
    let (mut start, mut end, mut digits, mut spoken) = (run.start, run.end, run.len(), 0);
    for _ in 0..PIECES_MAX {
        let Some((place, count, said)) = piece_before(view, start).filter(|_| digits < 11) else { break };
        (start, digits, spoken) = (place, digits + count, spoken + usize::from(said));
    }
    for _ in 0..PIECES_MAX {
        let Some((place, count, said)) = piece_after(view, end).filter(|_| digits < 11) else { break };
        (end, digits, spoken) = (place, digits + count, spoken + usize::from(said));
    }
    let fits = spoken >= 3 && matches!(digits, 7 | 10 | 11);
    fits.then(|| found((start, end), Identifier::Phone, 70, "phone.spoken"))
}
