//! Ages over 89 (45 CFR 164.514(b)(2)(i)(C)). Younger ones are no identifiers.
//!
//! What must always hold: the finding covers the number alone; a number counts as an age only if the words around it
//! say so, since nothing else tells it from a weight or a pulse.

use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, Token, View, is};
use crate::phi::{Finding, Identifier};

/// The oldest age that is believed; the oldest person known reached 122.
const AGE_MAX: u32 = 125;

/// Is it an age that may not stand.
pub(super) fn is_high(age: u32) -> bool {
    (90..=AGE_MAX).contains(&age)
}

/// An age over 89 in digits.
pub(super) fn written(view: View<'_>, run: Run) -> Option<Finding> {
    if !matches!(run.len(), 2 | 3) || run.word_start != run.start || is(view.before(run.start), ALNUM) {
        return None;
    }
    let age = view.number(run.start, run.end);
    if !is_high(age) {
        return None;
    }
    if view.at(run.end) == b's' || view.at(run.end) == b'\'' && view.at(run.end + 1) == b's' {
        return decade(view, run);
    }
    if view.before(run.start) == b'.' || matches!(view.at(run.end), b'.' | b'/') && is(view.at(run.end + 1), DIGIT) {
        return None;
    }
    if view.before(run.start) == b'/' && run.start >= 2 && is(view.at(run.start - 2), DIGIT) {
        return None;
    }
    let sure = match (says_old(view, run.end), says_age(view, run.start, run.end)) {
        (Old::Plainly, _) => 97,
        (_, true) => 92,
        (Old::BySex, _) => 80,
        _ if is_with_sex(view, run) || is_birthday(view, run) => 80,
        _ if is_apposition(view, run) => 66,
        _ if is_of_kin(view, run) => 72,
        _ => return None,
    };
    Some(found((run.start, run.end), Identifier::Age, sure, "age.over_89"))
}

/// What follows an age.
#[derive(PartialEq)]
pub(super) enum Old {
    /// "years old", "y/o".
    Plainly,
    /// "M with", "F who".
    BySex,
    /// Nothing of the kind.
    No,
}

/// Does what follows say that the number was an age.
pub(super) fn says_old(view: View<'_>, end: usize) -> Old {
    let skip = |from: usize| {
        let place = view.skip_blanks(from);
        place + view.dash(place)
    };
    let from = skip(end);
    let Some(word) = view.word_at(view.skip_blanks(from)) else { return Old::No };
    let is_word = |words: &[&str]| words.iter().any(|text| word.is(text));
    if is_word(&["yo", "yoa", "yom", "yof", "yow", "ym", "yf"]) {
        return Old::Plainly;
    }
    if is_word(&["year", "years", "yr", "yrs", "y"]) {
        let mut place = word.end;
        while place < word.end + 3 && matches!(view.at(place), b' ' | b'-' | b'/' | b'.' | b'\\') {
            place += 1;
        }
        let Some(next) = view.word_at(place) else { return Old::No };
        let old = ["old", "o", "olds", "young", "aged"].iter().any(|text| next.is(text));
        let of_age = next.is("of") && view.word_after(next.end).is_some_and(|word| word.is("age"));
        let sex = ["m", "f", "male", "female", "man", "woman", "lady", "gentleman"].iter().any(|text| next.is(text));
        return if old || of_age || sex { Old::Plainly } else { Old::No };
    }
    if is_word(&["m", "f", "male", "female", "man", "woman", "gentleman", "lady"]) {
        let next = view.word_after(word.end);
        let goes_on = [
            "c",
            "pt",
            "found",
            "fell",
            "brought",
            "bib",
            "bibems",
            "admitted",
            "lives",
            "living",
            "s",
            "post",
            "with",
            "who",
            "presenting",
            "presents",
            "admitted",
            "h",
            "s",
            "here",
            "in",
            "from",
            "w",
        ];
        let spelled = word.end - word.start > 1;
        if spelled || next.is_some_and(|next| goes_on.iter().any(|text| next.is(text))) {
            return Old::BySex;
        }
    }
    Old::No
}

/// Does what stands before say that the number is an age.
pub(super) fn says_age(view: View<'_>, start: usize, end: usize) -> bool {
    let mut place = start;
    for _ in 0..5 {
        if matches!(view.before(place), b' ' | b':' | b'=' | b',' | b'\t' | b'(' | b'"') {
            place -= 1;
        } else {
            break;
        }
    }
    let Some(mut word) = view.word_to(place) else { return false };
    let mut is = false;
    for _ in 0..4 {
        is |= word.is("is");
        if is_one(word, &["hes", "shes"]) || is && is_one(word, PEOPLE) {
            return is_told_of_a_person(view, end);
        }
        if ["age", "aged", "ages"].iter().any(|text| word.is(text)) {
            // "age group", "dressing aged": what follows a bare word may count something else.
            return true;
        }
        if is_one(word, &["turned", "turning", "turns", "alive"]) {
            return !super::label::counts(view, end);
        }
        // "A&W 98": alive and well.
        if word.is("w") && view.before(word.start) == b'&' && view.starts(word.start - 2, b"a") {
            return !super::label::counts(view, end);
        }
        if is_one(word, &["died", "deceased", "passed", "lived", "expired"]) && is_one_of_two(view, word.end) {
            return !super::label::counts(view, end);
        }
        if is_one(word, &["pt", "patient"]) && is
            || is_one(word, &["woman", "man", "lady", "gentleman", "female", "male"])
        {
            return is_told_of_a_person(view, end);
        }
        let small = ["to", "of", "is", "was", "about", "approximately", "sex", "stated", "current", "at"];
        if !small.iter().any(|text| word.is(text)) {
            return false;
        }
        let mut before = word.start;
        while before > 0 && word.start - before < 3 && matches!(view.at(before - 1), b' ' | b'/' | b':' | b'"') {
            before -= 1;
        }
        let Some(next) = view.word_to(before) else { return false };
        word = next;
    }
    false
}

/// Of whom it is said how old they are.
const PEOPLE: &[&str] = &[
    "he",
    "she",
    "mother",
    "father",
    "mom",
    "dad",
    "mum",
    "grandmother",
    "grandfather",
    "grandma",
    "grandpa",
    "husband",
    "wife",
    "aunt",
    "uncle",
    "nana",
    "papa",
    "client",
    "resident",
    "caller",
];

fn is_one(word: Token, words: &[&str]) -> bool {
    words.iter().any(|text| word.is(text))
}

/// "died at", "lived to".
fn is_one_of_two(view: View<'_>, from: usize) -> bool {
    view.word_after(from).is_some_and(|word| is_one(word, &["at", "to"]))
}

/// "grandmother, 98, breast CA", "(F, 94)": kin or a sex, a comma, and a mark behind it.
fn is_of_kin(view: View<'_>, run: Run) -> bool {
    let comma = view.skip_blanks_back(run.start);
    let marked = view.before(comma) == b',' && comma < run.start;
    let ends = matches!(view.at(run.end), b',' | b')' | b';' | b'.') && !is(view.at(run.end + 1), DIGIT);
    let word = view.word_to(comma.saturating_sub(1)).filter(|_| marked && ends);
    let kin = [
        "grandmother",
        "grandfather",
        "mother",
        "father",
        "aunt",
        "uncle",
        "sister",
        "brother",
        "husband",
        "wife",
        "widow",
    ];
    word.is_some_and(|word| {
        is_one(word, PEOPLE) || is_one(word, &kin) || word.end == word.start + 1 && sex_at(view, word.start)
    })
}

fn sex_at(view: View<'_>, place: usize) -> bool {
    matches!(view.at(place), b'M' | b'F')
}

/// "he is 96," and not "he is 96 on room air": the sentence ends, or another one about people begins.
fn is_told_of_a_person(view: View<'_>, end: usize) -> bool {
    let after = view.skip_blanks(end);
    let ends = matches!(view.at(end), b'.' | b',' | b';' | b')' | b'"' | b'!' | b'?' | b'\n' | b'\r' | 0);
    let decimal = is(view.at(end + 1), DIGIT) || view.at(end + 1) == b'%';
    let next = view.word_at(after);
    let goes_on = next.is_some_and(|word| is_one(word, &["and", "but", "now", "who", "he", "she", "we", "i", "they"]));
    ends && !decimal || after > end + 1 || goes_on
}

/// "J. Bond 99M", "94/F", "F/94".
fn is_with_sex(view: View<'_>, run: Run) -> bool {
    let sex = |place: usize| sex_at(view, place);
    let slash = usize::from(view.at(run.end) == b'/');
    let letter = run.end + slash;
    if sex(letter) && !is(view.at(letter + 1), ALNUM) {
        let named = view.word_before(run.start).filter(|word| word.end < run.start).or_else(|| {
            let comma = view.skip_blanks_back(run.start);
            (view.before(comma) == b',').then(|| view.word_to(comma - 1)).flatten()
        });
        // "Temp 99F".
        let hot = |word: Token| is_one(word, &["temp", "tmax", "temperature", "to", "fever", "oral", "axillary", "tc"]);
        return slash > 0
            || named.is_some_and(|word| {
                view.is_capital(word.start)
                    && word.end - word.start > 2
                    && !view.is_capital(word.start + 1)
                    && !hot(word)
            });
    }
    view.before(run.start) == b'/'
        && run.start > 1
        && sex(run.start - 2)
        && !is(view.before(run.start - 2), ALNUM)
        && !is(view.at(run.end), ALNUM)
}

/// "her 90th birthday".
fn is_birthday(view: View<'_>, run: Run) -> bool {
    run.word_end == run.end + 2 && view.word_after(run.word_end).is_some_and(|word| is_one(word, &["birthday", "bday"]))
}

/// "Pt Anna Bell, 96, lives alone": between commas after a name of two words and more.
fn is_apposition(view: View<'_>, run: Run) -> bool {
    let comma = view.skip_blanks_back(run.start);
    if view.before(comma) != b',' || comma == run.start || view.at(run.end) != b',' || view.at(run.end + 1) != b' ' {
        return false;
    }
    let title = |word: &Token| {
        let letters = &view.bytes[word.start..word.end];
        let written = letters[0].is_ascii_uppercase() && letters[1..].iter().all(u8::is_ascii_lowercase);
        written && letters.len() > 2 && word.word.roles == 0
    };
    let last = view.word_to(comma - 1).filter(title);
    last.and_then(|word| view.word_before(word.start).filter(|first| first.end + 1 == word.start && title(first)))
        .is_some()
}

/// "in her 90s".
fn decade(view: View<'_>, run: Run) -> Option<Finding> {
    let word = view.word_before(run.start)?;
    let of_life = ["his", "her", "their", "mid", "late", "early", "my", "your"].iter().any(|text| word.is(text));
    let end = run.end + 1 + usize::from(view.at(run.end) == b'\'');
    let by_dash = view.before(run.start) == b'-';
    (of_life || by_dash && view.word_to(run.start - 1).is_some_and(|word| word.is("mid")))
        .then(|| found((run.start, end), Identifier::Age, 65, "age.decade"))
        .filter(|finding| !is(view.at(finding.end), ALNUM))
}
