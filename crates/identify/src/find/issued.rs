//! Numbers that an office gave to a person or a thing, told by what stands right before them: a profession and its licence
//! ("RN 0041276"), "plate" and two groups, "login" and a name with figures, "docket no." and whatever follows.
//!
//! What must always hold: only what touches the number, or one small word between, speaks for it; codes, products, laws and
//! versions are numbered too and are none.
//!
//! What it refuses to know: the nouns of the lexicon, which are `label`'s and `number`'s business.

use super::label;
use super::lexicon::{CODE, FUNCTION, MARK, UNIT};
use super::number::{self, Run};
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Who is licensed: professions as they sign, registers, and the licence itself.
const LICENSED: Words = Words::new(&[
    "rn",
    "lpn",
    "lvn",
    "np",
    "crna",
    "aprn",
    "arnp",
    "fnp",
    "agnp",
    "pmhnp",
    "cnm",
    "cns",
    "emt",
    "aemt",
    "nremt",
    "paramedic",
    "rph",
    "pharmd",
    "cpht",
    "dds",
    "dmd",
    "dpm",
    "dvm",
    "rdh",
    "rrt",
    "crt",
    "cna",
    "cma",
    "lcsw",
    "lmsw",
    "lmft",
    "lpc",
    "lmhc",
    "lpcc",
    "otr",
    "cota",
    "slp",
    "rdn",
    "gmc",
    "nmc",
    "gphc",
    "hcpc",
    "mmc",
    "lic",
    "license",
    "licence",
    "licensed",
    "credential",
    "credentials",
    "bar",
    "esq",
    "notary",
    "cdl",
]);
/// The licence itself, whoever has it.
const LICENSES: Words = Words::new(&["license", "licence", "lic", "credential", "bar", "cdl"]);
/// Things that are numbered and name nobody.
const NUMBERED_THINGS: Words = Words::new(&[
    "law",
    "act",
    "patent",
    "part",
    "catalog",
    "catalogue",
    "product",
    "style",
    "sku",
    "flight",
    "room",
    "cas",
    "ec",
    "grant",
    "trial",
    "bug",
    "pr",
    "pull",
    "commit",
    "lot",
    "batch",
    "model",
    "ndc",
    "tooth",
    "regulation",
    "directive",
    "resolution",
    "ordinance",
    "statute",
    "channel",
    "table",
    "the",
    "any",
    "this",
    "that",
    "a",
    "an",
    "large",
    "small",
    "total",
    "great",
    "whole",
    "random",
    "prime",
    "atomic",
    "port",
    "error",
    "ec",
    "ref",
    "score",
    "extension",
    "ext",
    "line",
    "fixes",
    "closes",
    "in",
    "of",
    "and",
    "or",
    "is",
    "are",
    "there",
    "be",
    "to",
    "with",
    "has",
    "have",
    "by",
]);

/// What an office gave, at this run.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    if counts_at_most(view, run) {
        return None;
    }
    let span = number::value(view, run);
    login(view, run)
        .or_else(|| plate(view, run))
        .or_else(|| license(view, span))
        .or_else(|| numbered(view, span))
        .or_else(|| reference(view, run, span.1))
}

/// Three digits at most, and nothing beside them that could be more of a number: most numbers, of which no office gave any.
fn counts_at_most(view: View<'_>, run: Run) -> bool {
    let (before, after) = (view.before(run.start), view.at(run.end));
    let joins = |byte: u8| matches!(byte, b'-' | b'_' | b'/' | b'.');
    // The other half of a plate.
    let half = |byte: u8| byte.is_ascii_uppercase() || is(byte, DIGIT);
    let halves = half(view.at(run.end + 1)) || run.start >= 2 && half(view.at(run.start - 2));
    run.len() < 4 && run.is_plain() && !joins(before) && !joins(after) && !halves
}

fn is_one(word: Token, words: &[&str]) -> bool {
    words.iter().any(|text| word.is(text))
}

fn digits(view: View<'_>, span: (usize, usize)) -> usize {
    view.bytes[span.0..span.1].iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// Before blanks and up to two signs that may stand between a word and its number.
fn past_signs(view: View<'_>, start: usize) -> usize {
    let mut place = start;
    while start - place < 4 && matches!(view.before(place), b' ' | b'#' | b':' | b'.' | b',' | b'(') {
        place -= 1;
    }
    place
}

/// `login obright04`, `logs in as j_doe7`: a name with figures.
fn login(view: View<'_>, run: Run) -> Option<Finding> {
    let inner = |byte: u8| is(byte, ALNUM) || matches!(byte, b'_' | b'.' | b'-');
    let mut start = run.word_start;
    while run.start - start < 24 && inner(view.before(start)) {
        start -= 1;
    }
    if !view.at(start).is_ascii_lowercase() {
        return None;
    }
    let mut end = run.word_end;
    while end - start < 32 && inner(view.at(end)) && (is(view.at(end), ALNUM) || is(view.at(end + 1), ALNUM)) {
        end += 1;
    }
    let text = view.bytes.get(start..end)?;
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if letters < 2 || !(4..=32).contains(&text.len()) || view.at(end) == b'@' {
        return None;
    }
    let marked = matches!(view.before(start), b':' | b'=' | b'#') || view.before(start) == b' ';
    let word = view.word_to(past_signs(view, start)).filter(|_| marked)?;
    const NAMED: Words = Words::new(&[
        "login",
        "logon",
        "username",
        "userid",
        "user",
        "typist",
        "handle",
        "ig",
        "insta",
        "instagram",
        "snap",
        "snapchat",
        "twitter",
        "tiktok",
        "venmo",
        "telegram",
        "skype",
        "discord",
        "gamertag",
    ]);
    const WHOSE: Words = Words::new(&["user", "staff", "login", "employee", "network", "windows", "epic"]);
    let as_whom = || {
        let on = view.word_before(word.start)?;
        let log = view.word_before(on.start)?;
        (is_one(on, &["in", "on"]) && is_one(log, &["log", "logs", "logged", "logging", "signs", "signed"]))
            .then_some(())
    };
    let id_of = || is_one(word, &["id"]) && text.contains(&b'-') | text.contains(&b'_');
    let whose = is_one(word, &["id"]) && view.word_before(word.start).is_some_and(|before| WHOSE.has(before));
    let says = whose || NAMED.has(word) && letters > 2 || word.is("as") && as_whom().is_some() || id_of();
    says.then(|| found((start, end), Identifier::OtherId, 68, "login.labelled"))
}

/// `plate KD4 R7M`, `tag RZB 0419`: one or two groups of capitals and figures.
fn plate(view: View<'_>, run: Run) -> Option<Finding> {
    let joined = matches!(view.before(run.word_start), b' ' | b'-');
    let before = view.run_start(run.word_start.saturating_sub(1), ALNUM, 5);
    let earlier = Some(before).filter(|before| joined && *before + 1 < run.word_start);
    [earlier, Some(run.word_start)].into_iter().flatten().find_map(|start| {
        const SAYS: Words = Words::new(&["plate", "plates", "tag", "tags", "lp", "rego", "reg"]);
        let mut place = past_signs(view, start);
        let mut word = view.word_to(place).filter(|_| place < start)?;
        // "plate NE 51-A882": the state stands between.
        if word.end - word.start == 2 && view.bytes[word.start..word.end].iter().all(u8::is_ascii_uppercase) {
            place = past_signs(view, word.start);
            word = view.word_to(place)?;
        }
        if is_one(word, &["no", "number", "num", "is", "reads"]) {
            place = past_signs(view, word.start);
            word = view.word_to(place)?;
        }
        let end = SAYS.has(word).then(|| plate_end(view, start))??;
        Some(found((start, end), Identifier::Vehicle, 72, "plate.labelled"))
    })
}

/// Where a plate ends that begins here: five to eight capitals and figures, of both at least one, in one or two groups.
fn plate_end(view: View<'_>, start: usize) -> Option<usize> {
    let group = |from: usize| view.run_end(from, ALNUM, 9);
    let first = group(start);
    let second = group(first + 1);
    let is_plate = |end: usize| {
        let text = &view.bytes[start..end.min(view.bytes.len())];
        let signs = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
        let figures = digits(view, (start, start + text.len()));
        let capital = text.iter().all(|byte| !byte.is_ascii_lowercase());
        (5..=8).contains(&signs) && capital && figures > 0 && figures < signs
    };
    let two = matches!(view.at(first), b' ' | b'-') && second > first + 1 && is_plate(second);
    if two && !label::counts(view, second) {
        return Some(second);
    }
    (is_plate(first) && !is(view.at(first), ALNUM)).then_some(first)
}

/// `RN 0041276`, `EMT-P P-11862`, `license TX 40118837`.
fn license(view: View<'_>, span: (usize, usize)) -> Option<Finding> {
    let count = digits(view, span);
    let letters = view.bytes[span.0..span.1].iter().filter(|byte| is(**byte, LETTER)).count();
    let extension = view.at(span.0) == b'x';
    if !(4..=9).contains(&count)
        || letters > 4
        || extension
        || view.goes_on(span.0, span.1)
        || label::counts(view, span.1)
    {
        return None;
    }
    let mut place = past_signs(view, span.0);
    let mut word = view.word_to(place).filter(|_| place < span.0)?;
    let small = is_one(word, &["no", "number", "lic", "num"]) && !is(view.before(word.start), ALNUM);
    let before = view.word_to(past_signs(view, word.start)).filter(|before| small && LICENSED.has(*before));
    word = before.unwrap_or(word);
    let capitals = |word: Token| view.bytes[word.start..word.end].iter().all(u8::is_ascii_uppercase);
    let mut start = span.0;
    // A state, or the letters of a register, between them: they belong to the number.
    let register = |word: Token| {
        let before = view.word_to(past_signs(view, word.start));
        before.is_some_and(|before| LICENSES.has(before)) && before.is_some_and(|before| before.end < word.start)
    };
    if (!LICENSED.has(word) || register(word)) && (2..=3).contains(&(word.end - word.start)) && capitals(word) {
        start = word.start;
        place = past_signs(view, word.start);
        word = view.word_to(place)?;
    }
    // "EMT-P".
    if word.end - word.start == 1 && view.before(word.start) == b'-' {
        word = view.word_to(word.start - 1)?;
    }
    let spelled = word.end - word.start > 4 || word.is("lic");
    let named = LICENSED.has(word) && (spelled || view.is_capital(word.start));
    // Four figures after a profession are a time or an extension.
    let says_license = LICENSES.has(word);
    let enough = count >= 5 || says_license && count == 4 || letters > 0 && count == 4;
    (named && enough).then(|| found((start, span.1), Identifier::License, 68, "license.profession"))
}

/// `docket no. 24-CR-0113`, `band no. K-55172`, `empl. # CF-3091`: what the noun means is not known here.
fn numbered(view: View<'_>, span: (usize, usize)) -> Option<Finding> {
    let (count, text) = (digits(view, span), &view.bytes[span.0..span.1]);
    let lettered = text.iter().any(u8::is_ascii_uppercase) || text.contains(&b'-');
    let lower = text.iter().any(u8::is_ascii_lowercase);
    if count < 4 || lower || count < 6 && !lettered && count != 5 || !number::is_value(view, span.0, span.1) {
        return None;
    }
    let place = view.skip_blanks_back(span.0);
    let place = if view.before(place) == b':' { view.skip_blanks_back(place - 1) } else { place };
    let said = view.word_to(place).is_some_and(|word| word.is("number") || word.is("numbers"));
    let (mark, hash) = match view.before(place) {
        b'#' => (place - 1, true),
        b'.' => (view.word_to(place - 1).filter(|word| word.has(MARK))?.start, false),
        _ => (view.word_to(place).filter(|word| word.has(MARK) && !word.is("id") && !word.is("ids"))?.start, false),
    };
    if !lettered && (said || hash && count < 5) {
        return None;
    }
    let before = view.skip_blanks_back(mark);
    let stop = usize::from(view.before(before) == b'.');
    let noun = view.word_to(before - stop)?;
    // "C.A. No."
    let dotted = noun.end - noun.start == 1 && view.before(noun.start) == b'.';
    let thing = !dotted && (noun.has(CODE | UNIT | FUNCTION | MARK) || NUMBERED_THINGS.has(noun));
    let year = |from: usize| crate::find::check::is_year(view.number(from, from + 4));
    let years = count == 8 && text.len() == 9 && text[4] == b'-' && year(span.0) && year(span.0 + 5);
    (!thing && !years).then(|| found(span, Identifier::OtherId, 62, "number.labelled"))
}

/// `ref AB/30/77215`: groups with strokes between them.
fn reference(view: View<'_>, run: Run, end: usize) -> Option<Finding> {
    let mut start = run.word_start;
    while run.start - start < 20 && view.before(start) == b'/' && start > 1 && is(view.at(start - 2), ALNUM) {
        start = view.run_start(start - 1, ALNUM, 12);
    }
    let span = (start, end);
    let letters = is(view.at(start), LETTER) && view.is_capital(start);
    if start == run.word_start || !letters || digits(view, span) < 4 {
        return None;
    }
    let word = view.word_to(past_signs(view, start)).filter(|_| !is(view.before(start), ALNUM))?;
    let says = is_one(word, &["ref", "reference", "order", "claim", "file", "case", "no", "number"]);
    says.then(|| found(span, Identifier::OtherId, 66, "reference.labelled"))
}

/// A postcode of Canada or the United Kingdom, after a place: `K1A 0B6`, `SW1A 1AA`.
pub(super) fn postcode(view: View<'_>, run: Run) -> Option<Finding> {
    let start = run.word_start;
    let first = run.word_end;
    let end = first + 4;
    if view.at(first) != b' ' || !(2..=4).contains(&(first - start)) || !view.stands_alone(start, end) {
        return None;
    }
    let kind = |byte: u8| match byte {
        b'A'..=b'Z' => b'A',
        b'0'..=b'9' => b'9',
        _ => b'?',
    };
    let mut shape = [b'?'; 8];
    for (slot, byte) in shape.iter_mut().zip(view.bytes.get(start..end)?) {
        *slot = kind(*byte);
    }
    let shape = &shape[..end - start];
    let canadian = shape[..3] == *b"A9A" && shape[4..] == *b"9A9";
    let outward = [&b"A9"[..], b"A99", b"AA9", b"AA99", b"A9A", b"AA9A"].contains(&&shape[..first - start]);
    let british = outward && shape[first - start + 1..] == *b"9AA";
    // A place or a province stands before it, or a line of its own holds it.
    let place = view.skip_blanks_back(start);
    let comma = matches!(view.before(place), b',' | b'\n' | 0);
    let named = view.word_to(place).is_some_and(|word| view.is_capital(word.start) && !word.has(UNIT | CODE));
    let fits = canadian && (comma || named) || british && (comma || named) && (first - start > 2 || comma);
    fits.then(|| found((start, end), Identifier::Zip, 78, "zip.postcode"))
}

/// Five figures after an address and a place, `12 Elm St, Ware 01082`: the state was left out.
pub(super) fn after_address(view: View<'_>, run: Run) -> Option<Finding> {
    let address = view.asked.address.get();
    if run.len() != 5 || !run.is_plain() || address == 0 || run.start <= address || run.start > address + 40 {
        return None;
    }
    let between = &view.bytes[address..run.start];
    let mut words = 0;
    let mut before = b' ';
    for byte in between {
        if is(*byte, LETTER) && !is(before, LETTER | DIGIT) && before < 0x80 {
            words += 1;
            if !byte.is_ascii_uppercase() {
                return None;
            }
        } else if !(is(*byte, LETTER)
            || matches!(byte, b' ' | b',' | b'\n' | b'\r' | b'.' | b'\'' | b'-')
            || *byte >= 0x80)
        {
            return None;
        }
        before = *byte;
    }
    let alone = !view.goes_on(run.start, run.end) && !label::counts(view, run.end);
    ((1..=4).contains(&words) && alone).then(|| found((run.start, run.end), Identifier::Zip, 75, "zip.after_address"))
}
