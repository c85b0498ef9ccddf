//! ZIP codes: five digits, or nine, after a state or a label.
//!
//! What must always hold: five bare digits are a procedure code, a count, a price; only what stands before them makes
//! them a ZIP code.

use super::label::{self, Noun};
use super::lexicon::STATE;
use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, View, Words, is};
use crate::phi::{Finding, Identifier};

/// A state's code, and from-to of the first three digits of its ZIP codes.
type State = (&'static [u8; 2], &'static [(u32, u32)]);

/// States and territories with the first three digits of their ZIP codes, from-to (Postal Service, Publication 65).
const STATES: &[State] = &[
    (b"AL", &[(350, 369)]),
    (b"AK", &[(995, 999)]),
    (b"AZ", &[(850, 865)]),
    (b"AR", &[(716, 729)]),
    (b"CA", &[(900, 961)]),
    (b"CO", &[(800, 816)]),
    (b"CT", &[(60, 69)]),
    (b"DE", &[(197, 199)]),
    (b"DC", &[(200, 205), (569, 569)]),
    (b"FL", &[(320, 349)]),
    (b"GA", &[(300, 319), (398, 399)]),
    (b"HI", &[(967, 968)]),
    (b"ID", &[(832, 838)]),
    (b"IL", &[(600, 629)]),
    (b"IN", &[(460, 479)]),
    (b"IA", &[(500, 528)]),
    (b"KS", &[(660, 679)]),
    (b"KY", &[(400, 427)]),
    (b"LA", &[(700, 715)]),
    (b"ME", &[(39, 49)]),
    (b"MD", &[(206, 219)]),
    (b"MA", &[(10, 27), (55, 55)]),
    (b"MI", &[(480, 499)]),
    (b"MN", &[(550, 567)]),
    (b"MS", &[(386, 397)]),
    (b"MO", &[(630, 658)]),
    (b"MT", &[(590, 599)]),
    (b"NE", &[(680, 693)]),
    (b"NV", &[(889, 898)]),
    (b"NH", &[(30, 38)]),
    (b"NJ", &[(70, 89)]),
    (b"NM", &[(870, 884)]),
    (b"NY", &[(100, 149), (5, 5), (63, 63)]),
    (b"NC", &[(270, 289)]),
    (b"ND", &[(580, 588)]),
    (b"OH", &[(430, 459)]),
    (b"OK", &[(730, 749)]),
    (b"OR", &[(970, 979)]),
    (b"PA", &[(150, 196)]),
    (b"RI", &[(28, 29)]),
    (b"SC", &[(290, 299)]),
    (b"SD", &[(570, 577)]),
    (b"TN", &[(370, 385)]),
    (b"TX", &[(750, 799), (885, 885), (733, 733)]),
    (b"UT", &[(840, 847)]),
    (b"VT", &[(50, 59)]),
    (b"VA", &[(201, 201), (220, 246)]),
    (b"WA", &[(980, 994)]),
    (b"WV", &[(247, 268)]),
    (b"WI", &[(530, 549)]),
    (b"WY", &[(820, 831), (834, 834)]),
    (b"PR", &[(6, 7), (9, 9)]),
    (b"VI", &[(8, 8)]),
    (b"GU", &[(969, 969)]),
    (b"AS", &[(967, 967)]),
    (b"AP", &[(962, 966)]),
    (b"AE", &[(90, 98)]),
    (b"AA", &[(340, 340)]),
];

/// A ZIP code that begins with this run.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() != 5 && !(run.len() == 9 && view.number(run.start, run.start + 5) > 500) {
        return None;
    }
    let mut end = run.end;
    let dash = view.dash(run.end);
    let plus_four = run.len() == 5 && dash > 0 && view.run_end(run.end + dash, DIGIT, 5) == run.end + dash + 4;
    if plus_four {
        end = run.end + dash + 4;
    }
    let cut = is(view.at(end), ALNUM) || view.dash(end) > 0 && is(view.at(end + view.dash(end)), DIGIT);
    if cut || view.goes_on(run.start, run.start) || (matches!(view.at(end), b'.' | b',') && is(view.at(end + 1), DIGIT))
    {
        return None;
    }
    let three = view.number(run.start, run.start + 3);
    let sure = match after_state(view, run.start, three) {
        Some(sure) => sure,
        None if label::before(view, run.start).is_some_and(|label| label.noun == Noun::Zip) => 95,
        None => return None,
    };
    Some(found((run.start, end), Identifier::Zip, if plus_four { sure.max(90) } else { sure }, "zip.state"))
}

/// "P.R. 00728", "N.Y. 10013": two capitals with a dot each.
fn after_letters(view: View<'_>, second: usize, letter: u8, three: u32) -> Option<u8> {
    let first = view.word_to(second.checked_sub(1)?).filter(|word| word.end == word.start + 1)?;
    let code = [view.at(first.start), letter];
    let (_, ranges) = STATES.iter().find(|(state, _)| **state == code)?;
    let dotted = view.at(first.end) == b'.' && first.end + 1 == second;
    (dotted && ranges.iter().any(|(low, high)| (*low..=*high).contains(&three))).then_some(86)
}

/// Whether a state stands before digits that were said one by one, in small letters and without a comma.
pub(super) fn is_after_spoken_state(view: View<'_>, place: usize, three: u32) -> bool {
    let Some(word) = view.word_to(view.skip_wrap_back(place)) else { return false };
    let text = &view.bytes[word.start..word.end];
    let in_range = |ranges: &[(u32, u32)]| ranges.iter().any(|(low, high)| (*low..=*high).contains(&three));
    word.has(STATE) || STATES.iter().any(|(state, ranges)| text.eq_ignore_ascii_case(&state[..]) && in_range(ranges))
}

/// How sure the state before the place makes it; none without a state.
fn after_state(view: View<'_>, place: usize, three: u32) -> Option<u8> {
    let mut from = place;
    let mut lines = 0;
    while from > 0 && place - from < 24 {
        match view.at(from - 1) {
            b' ' | b',' | b'.' | b'\t' | b'\r' | b'-' => {}
            b'\n' if lines == 0 => lines = 1,
            0xa0 | 0xc2 => {}
            _ => break,
        }
        from -= 1;
    }
    let word = view.word_to(from).filter(|_| from < place)?;
    let text = &view.bytes[word.start..word.end];
    if word.has(STATE) {
        // A state's whole name: "Ohio 44101". In lower case it is said, not written.
        return (view.is_capital(word.start) || three > 0).then_some(if view.is_capital(word.start) { 90 } else { 70 });
    }
    const CUT_SHORT: Words = Words::new(&[
        "mass", "calif", "conn", "wash", "minn", "mich", "wis", "wisc", "ill", "ind", "fla", "tex", "okla", "colo",
        "ariz", "ore", "tenn", "ala", "kans", "nebr", "neb", "mont", "wyo", "nev", "del", "penn", "penna", "ark",
    ]);
    let stop = from < place && view.at(from) == b'.';
    let comma = view.before(view.skip_blanks_back(word.start)) == b',';
    if CUT_SHORT.has(word) && view.is_capital(word.start) && (stop || comma) {
        return Some(82);
    }
    if text.len() == 1 && stop {
        return after_letters(view, word.start, text[0], three);
    }
    if text.len() != 2 {
        return None;
    }
    let upper = text.iter().all(u8::is_ascii_uppercase);
    let code = [text[0].to_ascii_uppercase(), text[1].to_ascii_uppercase()];
    let after_comma = view.before(view.skip_blanks_back(word.start)) == b',';
    let (_, ranges) = STATES.iter().find(|(state, _)| **state == code)?;
    let fits = ranges.iter().any(|(low, high)| (*low..=*high).contains(&three));
    match (upper, after_comma, fits) {
        (true, true, true) => Some(97),
        (true, false, true) => Some(88),
        (false, true, true) => Some(85),
        // A wrong number still says where somebody lives.
        (true, true, false) => Some(65),
        _ => None,
    }
}
