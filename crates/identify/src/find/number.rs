//! What a run of digits could be: asks the readers, and itself reads numbers that a label names.
//!
//! What must always hold: a value under a label has digits of its own, counts nothing, and is no date, no amount of
//! money and no decimal number.

use super::label::{self, Label, Mark, Noun};
use super::lexicon::{LABEL, MARK, MONTH, STREET, UNIT, WAY};
use super::sift::{Sift, found, prefer};
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use super::{address, age, check, date, day, device, issued, month, national, net, phone, unlabelled, zip};
use crate::phi::{Finding, Identifier};

/// Longer runs of letters and digits are no identifiers: encoded pictures, keys.
const WORD_MAX: usize = 64;
/// Longest value under a label.
const VALUE_MAX: usize = 40;

/// A run of digits and the letters that touch it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// First digit.
    pub(super) start: usize,
    /// One past the last digit.
    pub(super) end: usize,
    /// First letter or digit of the whole.
    pub(super) word_start: usize,
    /// One past its last letter or digit.
    pub(super) word_end: usize,
}

impl Run {
    fn at(view: View<'_>, start: usize) -> Self {
        let end = view.run_end(start, DIGIT, usize::MAX);
        let word_end = view.run_end(end, ALNUM, usize::MAX);
        Self { start, end, word_start: view.run_start(start, ALNUM, WORD_MAX + 1), word_end }
    }

    /// How many digits.
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    /// No letter touches it.
    pub(super) fn is_plain(self) -> bool {
        self.word_start == self.start && self.word_end == self.end
    }
}

/// Tries everything that begins with, or holds, the digits here; says from where on the search goes on.
pub(super) fn visit(view: View<'_>, start: usize, sift: &mut Sift<'_>) -> usize {
    let run = Run::at(view, start);
    if run.word_end - run.word_start > WORD_MAX {
        return run.word_end;
    }
    if let Some(end) = measured_end(view, run).or_else(|| counted_end(view, run)) {
        return end;
    }
    let mut best = None;
    if run.is_plain() {
        plain(view, run, &mut best);
    } else {
        lettered(view, run, &mut best);
    }
    prefer(&mut best, net::address(view, run));
    if best.as_ref().is_none_or(|best| best.kind != Identifier::Date && best.kind != Identifier::Address) {
        prefer(&mut best, labelled(view, run));
    }
    if best.is_none() {
        best = issued::find(view, run).or_else(|| unlabelled::find(view, run));
    }
    match best {
        Some(finding) => {
            if finding.kind == Identifier::Address {
                view.asked.address.set(finding.end);
            }
            sift.push(finding);
            finding.end.max(run.end)
        }
        None => run.word_end,
    }
}

/// What is numbered by any figure, also one that measures or counts.
const FLATS: Words = Words::new(&["apt", "apartment", "suite", "ste", "pob", "rr", "hc", "box", "drawer"]);

/// Where a measured value ends, `98.5` or `7.25`, that stands by itself: a number in five of what is dictated, and nobody's identifier,
/// date or address, whatever stands around it, but for a flat or a box. The readers would say so one after the other.
fn measured_end(view: View<'_>, run: Run) -> Option<usize> {
    if view.at(run.end) != b'.' || run.len() > 3 || !matches!(view.before(run.start), b' ' | b'\n' | b'\t') {
        return None;
    }
    let end = view.run_end(run.end + 1, DIGIT, 3);
    // Two digits behind the point at most, and nothing that more digits could be joined by.
    let is_whole = match view.at(end) {
        b' ' | b'.' | b',' | b';' | b')' | b'\n' | b'\r' => !is(view.at(end + 1), DIGIT),
        byte => matches!(byte, b'%' | 0),
    };
    let fits = (2..=3).contains(&(end - run.end)) && is_whole;
    (fits && !view.word_before(run.start).is_some_and(|word| FLATS.has(word))).then_some(end)
}

/// Where a small number ends that counts something, "7 days", "12 ml": as seldom anybody's.
fn counted_end(view: View<'_>, run: Run) -> Option<usize> {
    let blanks = view.before(run.start) == b' ' && view.at(run.end) == b' ';
    if !blanks || run.len() > 2 || !view.at(run.end + 1).is_ascii_lowercase() {
        return None;
    }
    // "the 4 day of March", "2 in 2018"; from ninety on it may be somebody's age.
    let counts = |word: Token| word.has(UNIT) && !word.has(STREET | WAY | MONTH) && !word.is("day") && !word.is("in");
    let is_small = !age::is_high(view.number(run.start, run.end));
    let counts = is_small && view.word_at(run.end + 1).is_some_and(counts);
    (counts && !view.word_before(run.start).is_some_and(|word| FLATS.has(word))).then_some(run.end)
}

fn plain(view: View<'_>, run: Run, best: &mut Option<Finding>) {
    prefer(best, date::numeric(view, run));
    prefer(best, month::around(view, run));
    prefer(best, age::written(view, run));
    if best.is_some() {
        return;
    }
    prefer(best, national::social_security(view, run));
    prefer(best, phone::find(view, run));
    // No reader after these is as sure of digits in such groups.
    if best.as_ref().is_some_and(|best| best.confidence.hundredths() >= 97) {
        return;
    }
    prefer(best, national::card(view, run));
    prefer(best, zip::find(view, run));
    prefer(best, issued::after_address(view, run));
    prefer(best, device::bracketed(view, run));
    prefer(best, address::find(view, run));
}

fn lettered(view: View<'_>, run: Run, best: &mut Option<Finding>) {
    prefer(best, month::around(view, run));
    prefer(best, age::written(view, run));
    prefer(best, date::numeric(view, run));
    if best.is_none() {
        *best = day::of_month(view, run);
    }
    if best.is_some() {
        return;
    }
    prefer(best, national::lettered(view, run));
    prefer(best, phone::find(view, run));
    prefer(best, address::find(view, run));
    prefer(best, device::marked(view, run));
    prefer(best, issued::postcode(view, run));
}

/// The value that holds this run: letters, digits and single marks between them.
pub(super) fn value(view: View<'_>, run: Run) -> (usize, usize) {
    let mut start = run.word_start;
    while run.start - start < 24
        && matches!(view.before(start), b'-' | b'_')
        && start >= 2
        && is(view.at(start - 2), ALNUM)
    {
        start = view.run_start(start - 1, ALNUM, 24);
    }
    let mut end = run.word_end;
    while end - start < VALUE_MAX {
        let mark = view.at(end);
        let goes_on = match mark {
            b'-' | b'_' => is(view.at(end + 1), ALNUM),
            b'/' => is(view.at(end + 1), DIGIT),
            _ => false,
        };
        if !goes_on {
            break;
        }
        end = view.run_end(end + 1, ALNUM, VALUE_MAX);
    }
    (start, end)
}

/// Leaves away "MRN-" or "MRN" when they stand right before the number.
fn without_label(view: View<'_>, mut start: usize, digits: usize) -> usize {
    while start < digits {
        let Some(token) = view.word_at(start) else { return start };
        let is_label = token.end - token.start >= 2 && token.has(LABEL | MARK);
        if !is_label || token.end > digits {
            return start;
        }
        start = token.end;
        if matches!(view.at(start), b'-' | b'_') && start < digits {
            start += 1;
        }
    }
    start
}

/// What a noun asks of the number after it.
struct Demand {
    kind: Identifier,
    rule: &'static str,
    /// The noun alone says it, without "number" or a colon.
    strong: bool,
    /// Fewest digits.
    digits_min: usize,
    sure: u8,
}

fn demand(noun: Noun) -> Option<Demand> {
    use Identifier as Kind;
    let (kind, rule, strong, digits_min, sure) = match noun {
        Noun::Mrn => (Kind::Mrn, "mrn.labelled", true, 3, 95),
        Noun::MrWeak => (Kind::Mrn, "mrn.short", false, 3, 85),
        Noun::Record => (Kind::Mrn, "mrn.record", false, 3, 85),
        Noun::Visit => (Kind::Mrn, "visit.labelled", false, 3, 85),
        Noun::Order => (Kind::Mrn, "order.labelled", false, 3, 80),
        Noun::Taxpayer => (Kind::Ssn, "ssn.taxpayer", false, 9, 90),
        Noun::Employer => (Kind::OtherId, "employer.labelled", true, 9, 85),
        Noun::Npi => (Kind::License, "npi.labelled", true, 10, 90),
        Noun::Dea => (Kind::License, "dea.labelled", true, 6, 90),
        Noun::Medicare => (Kind::HealthPlan, "medicare.labelled", true, 4, 92),
        Noun::Plan => (Kind::HealthPlan, "plan.labelled", false, 3, 85),
        Noun::Pharmacy => (Kind::HealthPlan, "pharmacy.labelled", false, 4, 75),
        Noun::Account => (Kind::Account, "account.labelled", false, 3, 90),
        Noun::Claim => (Kind::Account, "claim.labelled", false, 4, 80),
        Noun::Card => (Kind::Account, "card.labelled", false, 4, 85),
        Noun::Routing => (Kind::Account, "routing.labelled", true, 9, 85),
        Noun::Iban => (Kind::Account, "iban.labelled", true, 8, 85),
        Noun::License => (Kind::License, "license.labelled", false, 4, 85),
        Noun::Passport => (Kind::OtherId, "passport.labelled", false, 6, 85),
        Noun::Other => (Kind::OtherId, "other.labelled", false, 3, 75),
        Noun::National => (Kind::OtherId, "national.labelled", false, 8, 85),
        Noun::Plate => (Kind::Vehicle, "plate.labelled", true, 1, 85),
        Noun::Vin => (Kind::Vehicle, "vin.labelled", false, 5, 85),
        Noun::Serial => (Kind::Device, "device.labelled", false, 3, 75),
        Noun::SerialNumber => (Kind::Device, "device.labelled", false, 3, 75),
        Noun::Badge => (Kind::OtherId, "other.labelled", false, 3, 75),
        Noun::Udi => (Kind::Device, "udi.labelled", true, 8, 90),
        Noun::Imei => (Kind::Device, "imei.labelled", true, 14, 92),
        Noun::Biometric => (Kind::Biometric, "biometric.labelled", false, 3, 80),
        Noun::Photo => (Kind::Photo, "photo.labelled", false, 3, 75),
        Noun::AnyId => (Kind::OtherId, "id.labelled", false, 4, 70),
        Noun::None
        | Noun::Ssn
        | Noun::Social
        | Noun::Security
        | Noun::Phone
        | Noun::Fax
        | Noun::Date
        | Noun::Zip
        | Noun::Ip
        | Noun::AnyNumber => return None,
    };
    Some(Demand { kind, rule, strong, digits_min, sure })
}

/// What a number in words is that this noun names: kind, rule, and whether the noun alone says it.
pub(super) fn named(noun: Noun) -> Option<(Identifier, &'static str, bool)> {
    demand(noun).map(|demand| (demand.kind, demand.rule, demand.strong))
}

/// A number that the words before it name.
fn labelled(view: View<'_>, run: Run) -> Option<Finding> {
    let (mut start, end) = value(view, run);
    let digits = count_digits(view, start, end);
    // Nearly all numbers in prose are short: they are settled here, before anybody looks for a label.
    if digits < 3 && end - start < 5 {
        return None;
    }
    let mut label = label::before(view, start);
    let stripped = without_label(view, start, run.start);
    if label.is_none() && stripped > start {
        (start, label) = (stripped, label::before(view, stripped));
    }
    if label.is_none() {
        (start, label) = with_letters_before(view, start)?;
    }
    let mut label = label?;
    // "DoD ID 1447188201": no day is so long, and an id is none.
    if label.noun == Noun::Date && label.mark == Mark::Number && digits >= 8 {
        label.noun = Noun::AnyId;
    }
    let demand = demand(label.noun)?;
    if !is_value(view, start, end) {
        return None;
    }
    let end = with_stray_groups(view, (start, end), label, digits);
    if !is_enough(view, label, &demand, (start, end)) {
        return None;
    }
    let text = &view.bytes[start..end];
    let checked = match label.noun {
        Noun::Npi => check::Digits::of(text).is_some_and(|digits| check::npi(digits.as_slice())),
        Noun::Routing => check::Digits::of(text).is_some_and(|digits| check::aba(digits.as_slice())),
        Noun::Imei => check::Digits::of(text).is_some_and(|digits| check::luhn(digits.as_slice())),
        Noun::Dea => check::dea(text),
        Noun::Medicare => check::mbi(text),
        Noun::Vin => check::vin(text),
        _ => false,
    };
    let sure = if checked { 100 } else { demand.sure - if label.mark < Mark::Colon { 10 } else { 0 } };
    Some(found((start, end), demand.kind, sure, demand.rule))
}

fn count_digits(view: View<'_>, start: usize, end: usize) -> usize {
    view.bytes[start..end].iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// "policy XYZ 123456": a few capitals before the digits belong to the value.
fn with_letters_before(view: View<'_>, start: usize) -> Option<(usize, Option<Label>)> {
    let word = view.word_before(start)?;
    let letters = &view.bytes[word.start..word.end];
    if letters.len() > 4 || !letters.iter().all(u8::is_ascii_uppercase) || word.word.roles != 0 {
        return None;
    }
    let label = label::before(view, word.start)?;
    let takes = label.mark >= Mark::Colon || label.noun == Noun::Plate;
    // "ID: ABC 123 45 6789": under "ID" alone only what is long is a number of somebody.
    let any = label.noun == Noun::AnyId && digits_in_groups(view, start) < 6;
    (takes && !any && label.noun != Noun::Order).then_some((word.start, Some(label)))
}

/// How many digits begin here, with single blanks and hyphens between them.
fn digits_in_groups(view: View<'_>, start: usize) -> usize {
    let (mut place, mut count) = (start, 0);
    while count < 20 {
        match view.at(place) {
            byte if is(byte, DIGIT) => count += 1,
            b' ' | b'-' if is(view.at(place + 1), DIGIT) => {}
            _ => break,
        }
        place += 1;
    }
    count
}

/// What these name may be shorter where letters are part of it.
const MIXED: &[Noun] = &[Noun::Other, Noun::Order, Noun::License, Noun::Claim, Noun::Visit, Noun::Plan];

/// Is there enough of label and number to believe that they belong together.
fn is_enough(view: View<'_>, label: Label, demand: &Demand, (start, end): (usize, usize)) -> bool {
    let (digits, length) = (count_digits(view, start, end), end - start);
    let letters = length - digits.min(length);
    // What has letters in it counts nothing: "badge W417", "order IR-60011".
    let mixed = length >= 4 && label.fillers == 0 && view.bytes[start..end].iter().any(u8::is_ascii_uppercase);
    let digits_min = match (demand.strong, label.mark) {
        (_, Mark::Number) => demand.digits_min,
        (true, _) => demand.digits_min,
        (false, _) if mixed && label.is(&[Noun::Badge, Noun::SerialNumber]) => 3,
        (false, Mark::Colon) if mixed && label.is(MIXED) => 3,
        (false, _) if label.noun == Noun::SerialNumber && label.fillers == 0 => 5,
        (false, _) if label.noun == Noun::Vin && label.last => 4,
        (false, _) if mixed && label.noun == Noun::Other && view.bytes[start..end].contains(&b'-') => 3,
        (false, Mark::Colon) => demand.digits_min.max(4),
        (false, _) if mixed && label.is(MIXED) => 4,
        // "badge 2214", and no year.
        (false, _) if label.noun == Noun::Badge && !(digits == 4 && check::is_year(view.number(start, end))) => 4,
        (false, _) if label.noun == Noun::Other => 5,
        // A card's, an account's last digits are named by words.
        (false, _) if label.last && label.is(&[Noun::Card, Noun::Account]) => 4,
        (false, _) => demand.digits_min.max(6),
    };
    let enough =
        digits >= digits_min || (digits + letters >= digits_min + 3 && digits >= 2 && label.mark >= Mark::Colon);
    let plausible = match label.noun {
        Noun::Plate => (4..=9).contains(&length),
        Noun::Card => label.last || digits >= 12,
        Noun::Npi => digits == 10,
        Noun::Pharmacy => label.mark >= Mark::Colon,
        Noun::Vin => length == 17 || label.last || label.mark == Mark::Number,
        _ => true,
    };
    enough && plausible && length <= VALUE_MAX
}

/// Is it a value, and not an amount, a dose, a time, a decimal or a date.
pub(super) fn is_value(view: View<'_>, start: usize, end: usize) -> bool {
    let (before, after, next) = (view.before(start), view.at(end), view.at(end + 1));
    let is_part = matches!(after, b'.' | b':' | b',') && is(next, DIGIT);
    if before == b'$' || is_part || (before == b'.' && start >= 2 && is(view.at(start - 2), DIGIT)) {
        return false;
    }
    let is_long = end - start >= 7;
    // "2025-2026": a school year.
    let years = end - start == 9 && view.at(start + 4) == b'-' && check::is_year(view.number(start, start + 4));
    if years && view.number(start + 5, end) == view.number(start, start + 4) + 1 {
        return false;
    }
    is_long || !label::counts(view, end)
}

/// Blanks that a reader of paper or a typist put into a number: short groups of digits go on.
fn with_stray_groups(view: View<'_>, span: (usize, usize), label: Label, digits: usize) -> usize {
    let (_, mut end) = span;
    let may = label.mark >= Mark::Colon || label.is(&[Noun::Mrn, Noun::National]);
    if !may || digits > 9 || label.is(&[Noun::Plate, Noun::Order, Noun::Serial, Noun::SerialNumber]) {
        return end;
    }
    let mut total = digits;
    while view.at(end) == b' ' {
        let next = view.run_end(end + 1, DIGIT, 12);
        let length = next - (end + 1);
        let marked = matches!(view.at(next), b'/' | b'-' | b'.' | b':' | b'%') && is(view.at(next + 1), ALNUM);
        let stops = !marked && !is(view.at(next), ALNUM);
        if length < 2 || total + length > 16 || !stops || label::counts(view, next) {
            break;
        }
        if view.word_after(next).is_some_and(|word| word.has(super::lexicon::STREET)) {
            break;
        }
        total += length;
        end = next;
    }
    end
}

/// No digit.
const NONE: u8 = 0xff;
/// What may stand between the digits of a damaged number.
const BETWEEN: u8 = 0xfe;
/// What each byte stands for.
static DAMAGED: [u8; 256] = damaged_digits();

const fn damaged_digits() -> [u8; 256] {
    let mut table = [NONE; 256];
    let (marks, mut at) = (b"- .()", 0);
    while at < marks.len() {
        table[marks[at] as usize] = BETWEEN;
        at += 1;
    }
    let mut digit = 0;
    while digit < 10 {
        let letters: &[u8] = match digit {
            0 => b"0OoQD",
            1 => b"1lIi|",
            2 => b"2Zz",
            5 => b"5Ss",
            6 => b"6G",
            8 => b"8B",
            _ => &[],
        };
        table[(b'0' + digit) as usize] = digit;
        let mut at = 0;
        while at < letters.len() {
            table[letters[at] as usize] = digit;
            at += 1;
        }
        digit += 1;
    }
    table
}

/// Digits as an optical reader may have damaged them: the digit that a letter stands for.
#[inline]
pub(super) fn damaged_digit(byte: u8) -> Option<u8> {
    let digit = DAMAGED[byte as usize];
    (digit < BETWEEN).then_some(digit)
}

/// Could a damaged number of more digits than these hold them: nearly always the next two bytes say no.
#[inline]
pub(super) fn may_be_damaged(view: View<'_>, run: Run) -> bool {
    let part = |byte: u8| DAMAGED[byte as usize] != NONE;
    let begins_before = run.word_start < run.start || matches!(view.before(run.start), b'-' | b'_');
    begins_before || part(view.at(run.end)) & part(view.at(run.end + 1))
}

/// Where a damaged number of exactly `want` digits ends that begins here; most of it must be digits.
pub(super) fn damaged(view: View<'_>, start: usize, want: usize) -> Option<usize> {
    let (mut place, mut count, mut sound) = (start, 0, 0);
    while count < want {
        let byte = view.at(place);
        match DAMAGED[byte as usize] {
            NONE => return None,
            BETWEEN if place > start + 2 * want => return None,
            BETWEEN => {}
            _ => {
                count += 1;
                sound += usize::from(byte.is_ascii_digit());
            }
        }
        place += 1;
    }
    let whole = !is(view.at(place), ALNUM) && sound * 2 > want && sound < want;
    (whole && !is(view.before(start), LETTER | DIGIT)).then_some(place)
}
