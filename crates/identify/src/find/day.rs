//! Days without a year: "on 3/4", "03/21 11:47 PM", "Signed A. Beck 5-30".
//!
//! Two numbers with a mark between them are a fraction, a score, a strength, a ratio or a day. What tells them apart is the word
//! before, what follows, the numbers themselves (no scale ends in 26), where on the line they stand, and whether the text has told
//! days in this form before.
//!
//! What must always hold: the day is in the calendar, counts nothing, and stands alone; what a scale is named before is none.
//!
//! What it refuses to know: days with a year, and names of months.

use super::check::is_day;
use super::label::{self, Noun};
use super::lexicon::{FILLER, FUNCTION, LABEL};
use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Days of the week, after which a day follows.
const WEEK: &[&str] = &[
    "sun",
    "mon",
    "tue",
    "tues",
    "wed",
    "thu",
    "thur",
    "thurs",
    "fri",
    "sat",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
/// Words after which two numbers with a slash are a day.
const BEFORE_A_DAY: &[&str] = &[
    "on",
    "since",
    "until",
    "till",
    "til",
    "dated",
    "thru",
    "through",
    "date",
    "dos",
    "dob",
    "seen",
    "admitted",
    "discharged",
    "born",
    "issued",
    "appointment",
    "visit",
    "expires",
    "due",
    "signed",
    "effective",
    "expired",
    "recd",
    "exp",
    "ends",
    "ending",
    "ended",
    "deadline",
    "hearing",
    "eff",
    "booked",
    "rescheduled",
    "resched",
    "postponed",
    "begins",
    "began",
    "reqd",
    "lmp",
    "lnmp",
    "adm",
    "admit",
    "fell",
    "edc",
    "edd",
    "doi",
    "dol",
    "soc",
    "eoc",
];
/// And these, if the numbers are no dose and no score: "give 1/2", "follow up 11/23".
const BEFORE_A_LATE_DAY: &[&str] = &[
    "up",
    "back",
    "return",
    "returns",
    "given",
    "placed",
    "started",
    "again",
    "by",
    "sent",
    "recheck",
    "check",
    "appt",
    "scheduled",
    "next",
    "last",
    "from",
    "starting",
    "drawn",
    "done",
    "labs",
    "called",
    "call",
    "before",
    "after",
    "between",
    "was",
    "fu",
    "rtc",
    "faxed",
    "mailed",
    "removed",
    "out",
    "in",
    "ordered",
    "filled",
    "completed",
    "received",
    "surgery",
    "discharge",
    "admission",
    "of",
    "opens",
    "closes",
    "week",
    "wk",
    "court",
    "repeat",
    "updated",
    "reviewed",
    "edited",
    "revised",
    "entered",
    "posted",
    "printed",
    "today",
    "tomorrow",
    "yesterday",
    "tonight",
    "morning",
    "evening",
    "afternoon",
];
/// Words that ask for a day which comes a few words later: "scheduled for the cleaning 7-22".
const ASKS_FOR_A_DAY: &[&str] = &[
    "scheduled",
    "appt",
    "appointment",
    "recheck",
    "repeat",
    "booked",
    "resched",
    "rescheduled",
    "due",
    "return",
    "rtc",
    "until",
    "til",
    "till",
    "signed",
];
/// What is told in parts of a whole.
const SCALED: &[&str] = &[
    "pain",
    "strength",
    "power",
    "murmur",
    "murmurs",
    "grade",
    "graded",
    "vision",
    "va",
    "od",
    "os",
    "ou",
    "score",
    "scores",
    "scored",
    "scoring",
    "scale",
    "rated",
    "rates",
    "rating",
    "reflex",
    "reflexes",
    "dtr",
    "dtrs",
    "pulse",
    "pulses",
    "motor",
    "level",
    "class",
    "stage",
    "apgar",
    "apgars",
    "ratio",
    "ages",
    "aged",
    "age",
    "tone",
    "bp",
    "muscle",
    "muscles",
    "intensity",
    "severity",
    "about",
    "total",
    "recall",
    "points",
    "settings",
    "peep",
    "cpap",
    "bipap",
    "chapters",
    "pages",
    "question",
    "questions",
    "item",
    "items",
    "page",
    "step",
    "part",
    "room",
    "bed",
    "unit",
    "units",
    "channel",
    "game",
    "games",
    "won",
    "lost",
    "edema",
    "gait",
    "balance",
    "phq",
    "gad",
    "gcs",
    "mmse",
    "moca",
    "epds",
    "ciwa",
    "nihss",
    "bims",
    "mood",
    "anxiety",
    "gleason",
    "day",
    "days",
    "d",
    "session",
    "cycle",
    "course",
    "dose",
    "doses",
    "fraction",
    "module",
    "sets",
    "trial",
    "trials",
    "goals",
    "visits",
    "met",
    "positive",
    "bottles",
    "lesions",
    "nodes",
    "pos",
    "para",
    "gravida",
    "epworth",
    "braden",
    "morse",
    "tinetti",
    "berg",
    "orientation",
    "oriented",
    "correct",
    "sensation",
    "mallampati",
    "mrc",
    "ess",
    "lefs",
    "ndi",
    "odi",
    "dash",
    "fim",
    "pcl",
    "ace",
    "aims",
    "audit",
    "dast",
    "cage",
    "slums",
    "kps",
    "ecog",
    "asa",
    "bpm",
    "nrs",
    "vas",
    "cpot",
    "flacc",
    "rass",
    "quality",
    "cardinal",
    "wells",
    "acuity",
    "sat",
    "sats",
    "hgb",
    "plays",
    "bipap",
    "vent",
    "psv",
    "cpap",
];
/// What is done on a day and has no score, written in capitals: "TKA 12/20", "TEE 6/9".
const DONE_ON_A_DAY: Words = Words::new(&[
    "tee", "tte", "echo", "mri", "mra", "mrcp", "ct", "cta", "cxr", "kub", "us", "xr", "pet", "dexa", "egd", "ercp",
    "lp", "pft", "psg", "emg", "eeg", "ekg", "ecg", "hida", "vcug", "tka", "tkr", "tha", "thr", "orif", "pci", "cabg",
    "tavr", "icd", "picc", "iud", "cbc", "cmp", "bmp", "lft", "lfts", "tsh", "psa", "inr", "ua", "ucx", "bcx", "pap",
    "uds", "ddkt", "ctr", "acdf", "evar", "avf", "bka", "aka", "mva", "mvc", "iep", "ama", "rtw", "ttd", "nv", "fu",
    "iol", "nst", "svd", "nsvd", "ltcs", "dc", "adm", "pod", "soc", "doi", "vm", "lm", "lmom", "lvm",
]);
/// What an entry of a log begins with after its day.
const LOGGED: Words = Words::new(&[
    "called",
    "seen",
    "saw",
    "spoke",
    "left",
    "lm",
    "lvm",
    "pt",
    "mom",
    "dad",
    "no",
    "rx",
    "sent",
    "faxed",
    "received",
    "recd",
    "vm",
    "tc",
    "labs",
    "appt",
    "visit",
    "bp",
    "wt",
    "dr",
    "discussed",
    "message",
    "msg",
    "refill",
    "returned",
    "mailed",
    "completed",
    "reviewed",
    "scheduled",
    "note",
    "met",
    "ok",
    "cxl",
    "cancelled",
    "resched",
    "home",
    "w",
    "s",
    "dtr",
    "wife",
    "son",
    "husband",
    "nurse",
    "rn",
    "phone",
    "call",
    "email",
    "text",
    "ltr",
    "letter",
    "paid",
    "billed",
    "pmt",
    "needs",
]);
/// Days of a month that no scale, no eye chart and no ratio has as its end: "8/26" needs no word before it.
const ONLY_DAYS: &[u32] = &[13, 14, 16, 17, 19, 22, 23, 25, 26, 29, 31];

/// How far before a day others are heard.
const NEAR_BYTES: usize = 600;
/// Words that are looked at before a day.
const WORDS_BACK: usize = 4;

/// Two numbers that the calendar has.
#[derive(Clone, Copy)]
struct Day {
    start: usize,
    end: usize,
    month: u32,
    day: u32,
    mark: u8,
    /// One of the numbers has a nought before it.
    padded: bool,
}

impl Day {
    fn at(view: View<'_>, start: usize) -> Option<Self> {
        let middle = view.run_end(start, DIGIT, 3);
        let end = view.run_end(middle + 1, DIGIT, 3);
        let mark = view.at(middle);
        let long = |from: usize, to: usize| (1..=2).contains(&(to.saturating_sub(from)));
        if !matches!(mark, b'/' | b'-') || !long(start, middle) || !long(middle + 1, end) || is(view.at(end), ALNUM) {
            return None;
        }
        let (month, day) = (view.number(start, middle), view.number(middle + 1, end));
        let nought = |from: usize, to: usize| to - from == 2 && view.at(from) == b'0';
        let padded = end - start == 5 && (nought(start, middle) || nought(middle + 1, end));
        is_day(None, month, day).then_some(Self { start, end, month, day, mark, padded })
    }

    /// No fraction has such a denominator, and hardly a scale.
    fn is_late(self) -> bool {
        self.day > 12 || (self.month > self.day && self.day != 5)
    }

    /// Neither late nor the end of a scale that is usual: "6/9", "3/7", "9/11".
    fn is_odd(self) -> bool {
        self.is_late() || matches!(self.day, 7 | 9 | 11) && self.month != self.day
    }

    /// What fractions, strengths, murmurs and pains end in.
    fn ends_as_scales_do(self) -> bool {
        self.month <= self.day && matches!(self.day, 1..=6 | 8 | 10 | 12)
    }

    fn found(self, sure: u8) -> Finding {
        found((self.start, self.end), Identifier::Date, sure, "date.no_year")
    }
}

/// A day that begins with this run. What is found is remembered for what stands near: a text that tells days in this form does so
/// again. Only what was found without that is remembered, so that nothing hangs on what stands far away.
pub(super) fn without_year(view: View<'_>, run: Run) -> Option<Finding> {
    let day = Day::at(view, run.start)?;
    if day.mark == b'-' {
        return dashed(view, day);
    }
    let [last, before] = view.asked.days.get();
    if let Some(finding) = slashed(view, day, 0) {
        view.asked.days.set([Some(day.start), last]);
        return Some(finding);
    }
    let near = |place: &Option<usize>| place.is_some_and(|place| place + NEAR_BYTES > day.start);
    let known = [last, before].iter().filter(|place| near(place)).count();
    if known > 0 { slashed(view, day, known) } else { None }
}

/// The words before the day, nearest first, as far as the sentence goes, and where the nearest of them ends.
struct Before {
    words: [Option<Token>; WORDS_BACK],
    /// Between the nearest word and the day stands a colon.
    colon: bool,
}

impl Before {
    fn of(view: View<'_>, start: usize) -> Self {
        let mut place = start;
        while place > 0 && start - place < 3 && matches!(view.at(place - 1), b' ' | b':' | b'\n' | b',' | b'(') {
            place -= 1;
        }
        let colon = view.at(place) == b':';
        let mut words = [None; WORDS_BACK];
        for slot in &mut words {
            let Some(word) = view.word_to(place) else { break };
            *slot = Some(word);
            place = view.skip_blanks_back(word.start);
            if place == word.start {
                break;
            }
        }
        Self { words, colon }
    }

    fn nearest(&self) -> Option<Token> {
        self.words[0]
    }

    fn nearest_is(&self, words: &[&str]) -> bool {
        self.nearest().is_some_and(|word| is_one(word, words))
    }

    /// A scale is named by the nearest word, or by the one before a small word.
    fn is_scaled(&self) -> bool {
        let Some(nearest) = self.nearest() else { return false };
        let small = nearest.has(FUNCTION | FILLER);
        let further = self.words[1].filter(|_| small);
        let names_one = |word: Token| is_one(word, SCALED);
        names_one(nearest) || further.is_some_and(names_one)
    }

    /// Capitals that could name a test stand right before it.
    fn is_after_acronym(&self, view: View<'_>) -> bool {
        self.nearest().is_some_and(|word| is_acronym(view, word))
    }

    fn asks(&self) -> bool {
        let mut words = self.words.iter().flatten();
        words.all(|word| !is_one(*word, SCALED))
            && self.words.iter().flatten().any(|word| is_one(*word, ASKS_FOR_A_DAY))
    }
}

fn is_one(word: Token, words: &[&str]) -> bool {
    words.iter().any(|text| word.is(text))
}

fn is_before_a_day(word: Token) -> bool {
    is_one(word, BEFORE_A_DAY) || is_one(word, WEEK)
}

/// A name of a scale or a test: capitals alone, two to six of them.
fn is_acronym(view: View<'_>, word: Token) -> bool {
    let letters = &view.bytes[word.start..word.end];
    let known = word.has(FUNCTION | FILLER | LABEL) || is_before_a_day(word) || is_one(word, BEFORE_A_LATE_DAY);
    let capitals = letters.iter().filter(|letter| letter.is_ascii_uppercase()).count();
    !known && (2..=6).contains(&letters.len()) && capitals >= 2
}

fn slashed(view: View<'_>, day: Day, known: usize) -> Option<Finding> {
    let (start, end) = (day.start, day.end);
    if let Some(range) = range(view, day) {
        return Some(range);
    }
    let piece = view.at(end) == b'/' && is(view.at(end + 1), DIGIT) || view.before(start) == b'/';
    if piece || end - start < 3 || view.goes_on(start, end) || label::counts(view, end) || view.at(end) == b'\'' {
        return None;
    }
    let before = Before::of(view, start);
    let is_labelled = before.colon
        && before.nearest().is_some_and(|word| word.has(LABEL))
        && label::before(view, start).is_some_and(|label| label.noun == Noun::Date);
    let after = view.word_after(end);
    let late = day.day > 12 || day.month > day.day;
    let small = |word: Token| word.has(FUNCTION | FILLER) && !word.is("of") && (late || !word.is("to"));
    let follows = after.is_none_or(small);
    // "f/u 8/3", "d/c 8/3".
    let again = before
        .nearest()
        .is_some_and(|word| is_one(word, &["u", "c"]) && word.end == word.start + 1 && view.before(word.start) == b'/');
    let scaled = before.is_scaled();
    let strong = again || before.nearest().is_some_and(is_before_a_day);
    // A day that no fraction has, or a gap as tables have it, needs nothing behind it.
    let follows = follows || strong && (day.day > 12 || view.skip_blanks(end) > end + 1);
    // A sentence ends behind it, or a time of day follows.
    let closed = matches!(view.at(end), b'.' | b';' | b')') || is_timed(view, end);
    let generic = ["on", "since", "through", "thru", "until", "date", "due", "seen"];
    let firm =
        strong && !before.nearest_is(&generic) && !after.is_some_and(|word| is_one(word, SCALED) || word.is("of"));
    let follows = follows || firm || is_labelled && closed;
    let odd = late || day.is_odd() && closed;
    if follows && (strong || is_labelled)
        || (follows || closed && !strong) && odd && !scaled && before.nearest_is(BEFORE_A_LATE_DAY)
        || again && closed
    {
        return Some(day.found(65));
    }
    if label::is_code(view, start) || scaled || matches!(view.before(start), b'=' | b'+' | b'<' | b'>') {
        return None;
    }
    by_place(view, day, &before, (follows, known))
}

/// Without a word that says so: by the numbers, by where they stand, and by the days that the text has told before.
fn by_place(view: View<'_>, day: Day, before: &Before, (follows, known): (bool, usize)) -> Option<Finding> {
    if day.padded && is_whole_word(view, day) {
        return Some(day.found(62));
    }
    let asked = follows && before.asks() && (day.is_late() || known > 0);
    let done = before.nearest().is_some_and(|word| DONE_ON_A_DAY.has(word));
    let next = view.word_after(day.end);
    let counted = next.is_some_and(|word| is_one(word, SCALED) || word.is("of") || word.is("correct"));
    if done && !counted {
        return Some(day.found(57));
    }
    if is_cell(view, day) && (known > 0 || !day.ends_as_scales_do()) {
        return Some(day.found(56));
    }
    if before.is_after_acronym(view) && !opens_line(view, day.start) {
        let only = ONLY_DAYS.contains(&day.day) && day.month > 1;
        return (asked || only).then(|| day.found(55));
    }
    let opens = opens_line(view, day.start);
    if is_timed(view, day.end) && (opens || day.is_late()) {
        return Some(day.found(64));
    }
    if ONLY_DAYS.contains(&day.day) && day.month > 1 {
        return Some(day.found(55));
    }
    let logged = view.word_after(day.end).is_some_and(|word| LOGGED.has(word)) && view.at(day.end) == b' ';
    if opens && logged {
        return Some(day.found(57));
    }
    if joins_a_day(view, day) {
        return Some(day.found(56));
    }
    if opens && begins_entry(view, day.end) && (!day.ends_as_scales_do() || known > 0) {
        return Some(day.found(58));
    }
    // No scale is named anywhere near: what ends beyond twelve is a day.
    let apart = before.words.iter().flatten().all(|word| !is_one(*word, SCALED) && !is_acronym(view, *word));
    let last = view.before(view.skip_blanks_back(day.start));
    let after_a_stop = before.nearest().is_none() && matches!(last, b'.' | b'~' | b')' | b';' | b'"');
    let about = view.before(day.start) == b'~' && day.is_late();
    let beside = opens || after_a_stop || before.nearest().is_some();
    let touched = !matches!(view.before(day.start), b' ' | b'\n' | b'(' | b'|' | b'\t' | 0 | b':' | b'~' | b',' | b'@');
    if about || apart && !counted && beside && (day.day > 12 || day.is_odd() && !touched) {
        return Some(day.found(54));
    }
    let signed = follows && is_signed(view, day.start);
    if signed || asked {
        return Some(day.found(58));
    }
    let nearest = before.nearest()?;
    let lower = !view.is_capital(nearest.start) && nearest.end - nearest.start > 1;
    let ends = matches!(view.at(day.end), b'.' | b',' | b';' | b')' | b'\n' | b'\r' | 0);
    let whose = is_one(nearest, &["his", "her", "their", "my", "your", "our"]);
    let next = view.word_after(day.end).is_some_and(|word| !is_one(word, SCALED));
    if whose && next && !day.ends_as_scales_do() {
        return Some(day.found(56));
    }
    let told = follows && lower && (day.day > 12 || day.is_late() && (known > 0 || ends));
    let usual = follows && known > 1 && day.month > 1 && !day.ends_as_scales_do();
    (told || usual).then(|| day.found(if told { 56 } else { 52 }))
}

/// It is all that a cell of a table holds: between bars or tabs.
fn is_cell(view: View<'_>, day: Day) -> bool {
    let place = view.skip_blanks_back(day.start);
    let after = view.skip_blanks(day.end);
    let bar = |byte: u8| matches!(byte, b'|' | b'\t');
    (bar(view.before(place)) || bar(view.before(day.start))) && (bar(view.at(after)) || bar(view.at(day.end)))
}

/// "3/4 and 3/11", "3/4 to 3/11", "3/4, 3/11": another day stands beside it that no fraction is, later in the same year.
fn joins_a_day(view: View<'_>, day: Day) -> bool {
    let mut place = view.skip_blanks(day.end);
    if matches!(view.at(place), b',' | b'&' | b';') || view.dash(place) > 0 {
        place += view.dash(place).max(1);
    } else if let Some(word) =
        view.word_at(place).filter(|word| is_one(*word, &["and", "to", "thru", "through", "or", "then"]))
    {
        place = word.end;
    }
    let next = Day::at(view, view.skip_blanks(place)).filter(|next| next.mark == b'/' && place > day.end);
    next.is_some_and(|next| {
        let alone = !matches!(view.at(next.end), b'/' | b'%') && !label::counts(view, next.end);
        next.is_odd() && (day.month, day.day) < (next.month, next.day) && next.month - day.month < 4 && alone
    })
}

/// Nothing that a path or a code would have touches it.
fn is_whole_word(view: View<'_>, day: Day) -> bool {
    !matches!(view.before(day.start), b'/' | b'\\' | b'_' | b'-' | b'.' | b'#')
        && !matches!(view.at(day.end), b'\\' | b'_' | b'-' | b'#' | b'%')
}

/// `10/25-10/27`: two days with a dash, of which one is no fraction.
fn range(view: View<'_>, day: Day) -> Option<Finding> {
    let dash = view.dash(day.end);
    let last = Day::at(view, day.end + dash).filter(|last| dash > 0 && last.mark == b'/')?;
    let rises = (day.month, day.day) < (last.month, last.day) || day.month > 10 && last.month < 3;
    let plain = day.is_late() || last.is_odd() || day.padded || last.padded;
    let alone = !view.goes_on(day.start, day.start) && !view.goes_on(last.end, last.end) && view.at(last.end) != b'/';
    let counted = label::counts(view, last.end) || Before::of(view, day.start).is_scaled();
    (rises && plain && alone && !counted && view.before(day.start) != b'/')
        .then(|| found((day.start, last.end), Identifier::Date, 66, "date.no_year"))
}

/// A time of day after the day: `11:47`, `0210`.
fn is_timed(view: View<'_>, end: usize) -> bool {
    let from = view.skip_blanks(end);
    let digits = view.run_end(from, DIGIT, 5);
    let clock = match digits - from {
        1 | 2 => view.at(digits) == b':' && view.run_end(digits + 1, DIGIT, 3) == digits + 3,
        4 => view.number(from, from + 2) < 24 && view.number(from + 2, digits) < 60 && !is(view.at(digits), LETTER),
        _ => false,
    };
    from > end && clock && !view.goes_on(from, from) && !label::counts(view, digits)
}

/// Nothing but blanks and a bullet stands before it on its line.
fn opens_line(view: View<'_>, start: usize) -> bool {
    let mut place = start;
    while start - place < 8 && matches!(view.before(place), b' ' | b'\t' | b'*' | b'-' | b'(' | b'[' | b'>' | b'|') {
        place -= 1;
    }
    matches!(view.before(place), 0 | b'\n')
}

/// After the day a sentence begins, or a dash or a colon says that this is an entry of a log.
fn begins_entry(view: View<'_>, end: usize) -> bool {
    let from = view.skip_blanks(end);
    let named = view
        .word_at(from)
        .is_some_and(|word| view.is_capital(word.start) && !is_one(word, SCALED) && word.end - word.start > 1);
    let marked = matches!(view.at(from), b':' | b'-') && view.at(from + 1) == b' ' || view.dash(from) == 3;
    named && from > end || marked
}

/// `Signed A. Beck`, and then the day: the words between are capital.
fn is_signed(view: View<'_>, start: usize) -> bool {
    let mut place = view.skip_blanks_back(start);
    for _ in 0..6 {
        let stop = usize::from(matches!(view.before(place), b'.' | b','));
        let Some(word) = view.word_to(place - stop) else { return false };
        if is_one(word, &["signed", "signature", "sig"]) {
            return place < start;
        }
        if !view.is_capital(word.start) {
            return false;
        }
        place = view.skip_blanks_back(word.start);
    }
    false
}

/// Words after which two numbers with a hyphen are a day, if they are no range.
const BEFORE_A_DASHED_DAY: &[&str] = &[
    "on", "since", "until", "till", "til", "dated", "thru", "date", "seen", "due", "signed", "from", "by", "appt",
    "exp", "recd", "lmp", "edc", "edd", "soc",
];

/// "until the 14th", "Tues 7th": a day of this month or the next.
pub(super) fn of_month(view: View<'_>, run: Run) -> Option<Finding> {
    const BEFORE: &[&str] = &["on", "since", "until", "till", "til", "by", "from", "thru", "through", "due", "before"];
    let suffix = [&b"st"[..], b"nd", b"rd", b"th"].iter().any(|suffix| view.starts(run.end, suffix));
    let whole = run.word_start == run.start && run.word_end == run.end + 2 && suffix && run.len() <= 2;
    if !whole || !(1..=31).contains(&view.number(run.start, run.end)) || view.goes_on(run.start, run.word_end) {
        return None;
    }
    let nearest = view.word_before(run.start).filter(|word| word.end < run.start)?;
    let further = if nearest.is("the") { view.word_before(nearest.start) } else { None };
    let weekday = is_one(nearest, WEEK) || further.is_some_and(|word| is_one(word, WEEK));
    let cued = further.is_some_and(|word| is_one(word, BEFORE));
    let next = view.word_after(run.word_end);
    let marked = !matches!(view.at(run.word_end), b'-' | b'/' | b'\'');
    let ends = next.is_none_or(|word| is_one(word, &["at", "for", "but", "with", "w", "if", "when", "so", "because"]));
    let number = view.skip_blanks(run.word_end);
    let counted = is(view.at(number), DIGIT) || view.at(number) == b'&';
    // "on the 14th.", "until the 5th)": nothing is named after it.
    let closed =
        matches!(view.at(run.word_end), b'.' | b';' | b')' | b'\n') || weekday && view.at(run.word_end) == b',';
    ((weekday || cued) && (ends || closed) && marked && !counted)
        .then(|| found((run.start, run.word_end), Identifier::Date, 58, "date.day_of_month"))
}

/// Does the word before say that a day follows.
pub(super) fn is_introduced(view: View<'_>, start: usize) -> bool {
    let before = Before::of(view, start);
    before.nearest().is_some_and(|word| DONE_ON_A_DAY.has(word))
        || before.nearest_is(BEFORE_A_DASHED_DAY)
        || before.nearest().is_some_and(is_before_a_day)
}

/// `5-17`: nearly always a range, so more has to speak for a day.
fn dashed(view: View<'_>, day: Day) -> Option<Finding> {
    let (start, end) = (day.start, day.end);
    let cut = view.goes_on(start, end) || view.dash(end) > 0 || view.before(start) == b'-';
    if cut || label::counts(view, end) || label::is_code(view, start) || !(day.day > 12 || day.padded) {
        return None;
    }
    let touched = |byte: u8| matches!(byte, 0 | b' ' | b'\n' | b'\r' | b'\t' | b'(' | b')' | b',' | b';' | b'.' | b':');
    if !touched(view.before(start)) || !touched(view.at(end)) {
        return None;
    }
    let before = Before::of(view, start);
    let small = |word: Token| word.has(FUNCTION | FILLER) && !word.is("of");
    let follows = view.word_after(end).is_none_or(small) || view.at(end) == b'.';
    let further = before.words[1].is_some_and(|word| is_one(word, SCALED));
    let follows = follows || before.nearest_is(&["since", "until", "til", "dated"]);
    let cued = follows && !further && before.nearest_is(BEFORE_A_DASHED_DAY);
    let timed = opens_line(view, start) && is_timed(view, end);
    let asked = follows && before.asks() && !before.is_scaled();
    (cued || timed || asked || is_signed(view, start)).then(|| day.found(58))
}
