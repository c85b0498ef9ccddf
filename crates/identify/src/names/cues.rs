//! Names that what stands beside them tells: the employer after "works at", a shop by its trade, the surname after an initial, who
//! speaks in a log, who signed with two hyphens.
//!
//! What must always hold: a few words around each capital word are looked at and no more; words that are medical, generic or of
//! the calendar alone make no name.
//!
//! What it refuses to know: weights. What the model finds is found without this.

mod initials;

use super::block::{Look, Word, has_capital};
use super::spans::{Span, is_kept};
use super::table::{
    CALENDAR, COMMON, DRUG, ENGLISH, GIVEN, HEAD, REGION, SURNAME, TERM, TITLE, VOCABULARY, given_class, surname_class,
};
use super::token::{Gap, Shape};
use crate::phi::{Confidence, Finding, Identifier};

/// Words of a firm's name.
const CHAIN_MAX: usize = 6;

/// What shops and firms are called by: the last word of their names.
static TRADES: List = List::new(&[
    "towing",
    "drugs",
    "apothecary",
    "books",
    "bookstore",
    "packers",
    "furniture",
    "bakery",
    "bakehouse",
    "foods",
    "grocery",
    "groceries",
    "market",
    "deli",
    "diner",
    "cafe",
    "grill",
    "pizzeria",
    "brewing",
    "motors",
    "tire",
    "tires",
    "plumbing",
    "roofing",
    "electric",
    "builders",
    "contracting",
    "contractors",
    "landscaping",
    "logistics",
    "trucking",
    "freight",
    "shipping",
    "hardware",
    "lumber",
    "farms",
    "dairy",
    "orchards",
    "florist",
    "salon",
    "barbershop",
    "gym",
    "studios",
    "printing",
    "insurance",
    "assurance",
    "mutual",
    "indemnity",
    "casualty",
    "guarantee",
    "bancorp",
    "realty",
    "properties",
    "cleaners",
    "laundry",
    "staffing",
    "consulting",
    "technologies",
    "llp",
    "llc",
    "pllc",
    "inc",
    "corp",
    "ltd",
    "gmbh",
    "cooperative",
    "coop",
    "church",
    "parish",
    "synagogue",
    "mosque",
    "academy",
    "preschool",
    "daycare",
    "childcare",
    "montessori",
    "surgicenter",
    "mobility",
    "hmo",
    "ppo",
    "ambulance",
    "ems",
    "asc",
    "hcs",
    "infusion",
    "co-op",
    "surgicenter",
    "labs",
    "lab",
    "orchard",
    "transport",
    "adoptions",
    "rehab",
    "hospice",
    "imaging",
    "dialysis",
    "mortuary",
    "welding",
    "masonry",
    "upholstery",
    "catering",
    "tavern",
    "brewery",
    "winery",
    "cannery",
    "foundry",
    "airlines",
    "railroad",
    "mills",
]);

/// After these a name follows at once or after a colon.
static SAYS_A_FIRM: List = List::new(&[
    "employer", "pharmacy", "insurer", "payer", "payor", "carrier", "dme", "ins", "vendor", "agency", "supplier",
]);
/// After these one follows in another column, or after a colon.
static HEADS_A_FIRM: List =
    List::new(&["insurance", "school", "church", "clinic", "facility", "work", "workplace", "plan"]);
/// Who does what at a firm.
static WORKS: List =
    List::new(&["works", "worked", "working", "work", "employed", "job", "shift", "volunteers", "laborer"]);

/// Professions as they stand before or after a surname.
static PROFESSIONS: List = List::new(&[
    "rn", "lpn", "lvn", "crna", "np", "aprn", "fnp", "cna", "rrt", "emt", "md", "do", "pa", "pharmd", "rph", "lcsw",
    "msw", "cnm", "dds", "dmd", "rdh", "ccm", "otr", "slp", "dpt", "rdn",
]);

/// Those of them that stand before one.
static NURSES: List = List::new(&["rn", "lpn", "lvn", "crna", "np", "aprn", "fnp", "cna", "rrt", "emt"]);

/// Words of which nearly all others are told by their first letter and their length.
struct List {
    /// A bit for each pair of the two.
    begins: u128,
    words: &'static [&'static str],
}

impl List {
    const fn new(words: &'static [&'static str]) -> Self {
        let (mut begins, mut at) = (0, 0);
        while at < words.len() {
            let word = words[at].as_bytes();
            begins |= Self::begin(word[0], word.len());
            at += 1;
        }
        Self { begins, words }
    }

    const fn begin(first: u8, length: usize) -> u128 {
        1 << ((first & 31) as usize * 4 + length % 4)
    }

    /// Is it one of them, in any case.
    #[inline]
    fn has(&self, spelled: &str) -> bool {
        let first = spelled.as_bytes().first().copied().unwrap_or(0);
        self.begins & Self::begin(first, spelled.len()) != 0
            && self.words.iter().any(|word| spelled.eq_ignore_ascii_case(word))
    }
}

/// Words of a stretch, with its text.
struct Around<'a> {
    text: &'a str,
    words: &'a [Word],
}

/// Adds what is told by what stands beside it.
pub(crate) fn each(text: &str, words: &[Word], found: &mut Vec<Finding>) {
    let around = Around { text, words };
    for (at, word) in words.iter().enumerate() {
        let finding = if has_capital(word.token.shape) {
            (around.firm(at).or_else(|| around.initial(at)))
                .or_else(|| around.of_profession(at))
                .or_else(|| around.reference(at))
                .or_else(|| around.joined_given(at))
                .or_else(|| around.lone_initials(at))
                .or_else(|| around.capital_title(at))
                .or_else(|| around.surname_and_initial(at))
        } else {
            None
        };
        let finding = finding.or_else(|| around.titled(at)).or_else(|| around.speaker(at));
        let finding = finding
            .or_else(|| around.signature(at))
            .or_else(|| around.small_signature(at))
            .or_else(|| around.by_login(at));
        found.extend(finding.or_else(|| around.speaker_of_line(at)));
    }
}

impl Around<'_> {
    fn spelled(&self, at: usize) -> &str {
        let token = &self.words[at].token;
        &self.text[token.start..token.end]
    }

    /// Is the word so many before this one one of these.
    #[inline]
    fn before(&self, at: usize, back: usize, words: &List) -> bool {
        at.checked_sub(back).is_some_and(|at| words.has(self.spelled(at)))
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn found(&self, first: usize, last: usize, kind: Identifier, sure: u8) -> Finding {
        let rule = if kind == Identifier::Organization { "organization.cued" } else { "name.cued" };
        let (start, end) = (self.words[first].token.start, self.words[last].token.end);
        Finding { start, end, kind, confidence: Confidence::new(sure), rule }
    }

    /// One past the capital words that begin here; "of", "the", "and" and a sign between two of them belong to them.
    fn chain(&self, first: usize) -> usize {
        let mut end = first + 1;
        while end < self.words.len() && end - first < CHAIN_MAX {
            let next = &self.words[end].token;
            let beside = matches!(next.gap, Gap::Space | Gap::Hyphen | Gap::Ampersand);
            let small = self.words.get(end + 1).is_some_and(|after| {
                next.gap == Gap::Space && after.token.gap == Gap::Space && has_capital(after.token.shape)
            });
            // "Sierra Co-op".
            let half = next.gap == Gap::Hyphen && next.shape == Shape::Lower;
            if beside && has_capital(next.shape) || half {
                end += 1;
            } else if small && const { List::new(&["of", "the", "and", "de", "del", "la"]) }.has(self.spelled(end)) {
                end += 2;
            } else {
                break;
            }
        }
        end.min(self.words.len())
    }

    fn begins_chain(&self, at: usize) -> bool {
        let word = &self.words[at].token;
        at == 0
            || !matches!(word.gap, Gap::Space | Gap::Hyphen | Gap::Ampersand)
            || !has_capital(self.words[at - 1].token.shape)
            || SAYS_A_FIRM.has(self.spelled(at - 1))
            || self.before(at, 1, const { &List::new(&["by", "at"]) })
    }

    /// A firm by its trade, or by the words before it.
    fn firm(&self, first: usize) -> Option<Finding> {
        if !self.begins_chain(first) {
            return None;
        }
        let end = self.chain(first);
        let words = &self.words[first..end];
        let last = words.last()?;
        let span = Span { words: first..end, kind: Identifier::Organization, confidence: 66 };
        if words.len() < 2 || !is_kept(words, &span) || words[0].flags & (CALENDAR | TITLE) != 0 {
            return None;
        }
        let person = words.len() == 2 && given_class(words[0].flags) >= 4 && last.flags & SURNAME != 0;
        let cued = self.is_cued(first) && !person;
        let plain = |word: &Word| word.flags & (TERM | DRUG | REGION | CALENDAR | HEAD | TITLE | VOCABULARY) == 0;
        let heading = self.byte(last.token.end) == b':';
        let trade = TRADES.has(self.spelled(end - 1))
            && words[..words.len() - 1].iter().any(|word| plain(word) && word.flags & COMMON == 0)
            && !heading;
        let sure = if cued { 66 } else { 60 };
        (cued || trade).then(|| self.found(first, end - 1, Identifier::Organization, sure))
    }

    /// Do the words before say that a firm follows.
    fn is_cued(&self, at: usize) -> bool {
        let gap = self.words[at].token.gap;
        let near = matches!(gap, Gap::Space | Gap::Colon | Gap::Cell | Gap::Open | Gap::Comma);
        let between =
            at.checked_sub(1).map_or("", |before| &self.text[self.words[before].token.end..self.words[at].token.start]);
        let apart = matches!(gap, Gap::Colon | Gap::Cell) || between == "  ";
        let leads = between.contains("...");
        if (near || leads) && self.before(at, 1, &SAYS_A_FIRM) || (apart || leads) && self.before(at, 1, &HEADS_A_FIRM)
        {
            return true;
        }
        let says = |back| self.before(at, back, &SAYS_A_FIRM) || self.before(at, back, &HEADS_A_FIRM);
        gap == Gap::Space
            && (self.before(at, 1, const { &List::new(&["is", "was", "through", "thru"]) }) && says(2)
                || self.before(at, 1, const { &List::new(&["at", "for", "by", "with", "@"]) })
                    && self.before(at, 2, &WORKS)
                || self.before(at, 1, const { &List::new(&["by"]) })
                    && self.before(at, 2, const { &List::new(&["towed", "hired", "insured", "owned"]) }))
            || gap == Gap::Comma
                && self.before(at, 1, const { &List::new(&["nights", "days", "evenings"]) })
                && self.before(at, 2, &WORKS)
    }

    /// "by T. Long", "L. Faircloth RN": an initial and a surname.
    fn initial(&self, at: usize) -> Option<Finding> {
        let (word, next) = (&self.words[at], self.words.get(at + 1)?);
        let dotted = word.token.shape == Shape::Initial && matches!(next.token.gap, Gap::Stop | Gap::Dot);
        let titled = matches!(next.token.shape, Shape::Title | Shape::Mixed) && next.token.end - next.token.start > 2;
        if !dotted || !titled || next.flags & (DRUG | CALENDAR | TITLE | REGION) != 0 {
            return None;
        }
        let end = self.chain(at + 1).min(at + 3);
        let profession = self.words.get(at + 2).is_some_and(|after| {
            matches!(after.token.gap, Gap::Space | Gap::Comma)
                && has_capital(after.token.shape)
                && PROFESSIONS.has(self.spelled(at + 2))
        });
        let beside = word.token.gap == Gap::Space
            && self.before(
                at,
                1,
                const { &List::new(&["by", "with", "per", "from", "to", "called", "paged", "w", "cc", "attn", "via"]) },
            );
        let named = surname_class(next.flags) > 0 || next.flags & (ENGLISH | COMMON | TERM) == 0;
        let hyphenated = end == at + 3 && self.words[at + 2].token.gap == Gap::Hyphen;
        let last = if hyphenated { at + 2 } else { at + 1 };
        let is_term = next.flags & TERM != 0 && !profession;
        (named && !is_term && (profession || beside)).then(|| self.found(at, last, Identifier::Name, 66))
    }

    /// "RN Okwuosa": a surname after a profession.
    fn of_profession(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        let upper = |at: usize| self.words[at].token.shape == Shape::Upper;
        let after = at > 0 && word.token.gap == Gap::Space && upper(at - 1) && self.before(at, 1, &NURSES);
        if !after || word.token.end - word.token.start < 3 || self.byte(word.token.end) == b':' {
            return None;
        }
        let goes_on = self.words.get(at + 1).is_some_and(|next| {
            next.token.gap == Gap::Space && has_capital(next.token.shape) && next.token.shape != Shape::Initial
        });
        let frequent = surname_class(word.flags).max(given_class(word.flags)) >= 4 && word.flags & COMMON == 0;
        let unknown = word.flags & (COMMON | ENGLISH | VOCABULARY) == 0 && word.token.shape == Shape::Title;
        let other = word.flags & (TERM | DRUG | CALENDAR | TITLE | HEAD) != 0;
        (!other && (frequent || unknown) && (!goes_on || word.flags & GIVEN != 0))
            .then(|| self.found(at, at, Identifier::Name, 62))
    }

    /// "Kyung-hee": a given name of two parts, of which the second is small; neither is a word of any list.
    fn joined_given(&self, at: usize) -> Option<Finding> {
        let (word, next) = (&self.words[at], self.words.get(at + 1)?);
        let listed = COMMON | ENGLISH | TERM | DRUG | HEAD | VOCABULARY | CALENDAR | REGION | TITLE;
        let short = |word: &Word| (2..=6).contains(&(word.token.end - word.token.start)) && word.flags & listed == 0;
        let short = |word: &Word| short(word) || initials::is_half(&self.text[word.token.start..word.token.end]);
        let shaped = word.token.shape == Shape::Title
            && (next.token.gap, next.token.shape) == (Gap::Hyphen, Shape::Lower)
            && self.words.get(at + 2).is_none_or(|third| third.token.gap != Gap::Hyphen);
        if !shaped || !short(word) || !short(next) || self.before(at, 1, &PROFESSIONS) && word.token.gap == Gap::Hyphen
        {
            return None;
        }
        // The surname stands before it: "Kim Kyung-hee", "KIM, Kyung-hee".
        let beside = matches!(word.token.gap, Gap::Space | Gap::Comma);
        let family = at.checked_sub(1).filter(|before| {
            let before = &self.words[*before];
            beside && has_capital(before.token.shape) && surname_class(before.flags) > 0 && before.flags & TERM == 0
        });
        Some(self.found(family.unwrap_or(at), at + 1, Identifier::Name, 62))
    }

    /// "Ms. L.", "Ms Pak", "mrs abernathy-cho": whoever is addressed.
    fn titled(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        let title = at > 0
            && matches!(word.token.gap, Gap::Space | Gap::Stop)
            && self.before(at, 1, const { &List::new(&["mr", "mrs", "ms", "miss", "mx", "dr"]) })
            && !(self.spelled(at - 1) == "MS" || self.spelled(at - 1) == "MR" || self.spelled(at - 1) == "DR");
        let never = DRUG | TERM | CALENDAR | HEAD;
        // "Hello, miss. How are you": only what is an abbreviation has a stop before a name.
        let abbreviated = word.token.gap == Gap::Space || !self.before(at, 1, const { &List::new(&["miss"]) });
        let spoken = word.flags & COMMON != 0 && surname_class(word.flags) < 4 && word.token.shape != Shape::Initial;
        // "Dr. X" is nobody.
        let nobody = word.token.shape == Shape::Initial && matches!(self.byte(word.token.start), b'X' | b'Y' | b'Z');
        let refused = word.flags & never != 0 && word.token.shape != Shape::Initial;
        if !title || refused || !abbreviated || spoken || nobody {
            return None;
        }
        if word.token.shape == Shape::Initial {
            return (self.byte(word.token.end) == b'.').then(|| self.found(at, at, Identifier::Name, 62));
        }
        let small = word.token.shape == Shape::Lower;
        if small && (word.flags & (COMMON | ENGLISH | VOCABULARY) != 0 || word.token.end - word.token.start < 3) {
            return None;
        }
        let mut last = at;
        while last < at + 3
            && let Some(next) = self.words.get(last + 1)
        {
            let hyphen = next.token.gap == Gap::Hyphen;
            let goes_on =
                !small && next.token.gap == Gap::Space && matches!(next.token.shape, Shape::Title | Shape::Mixed);
            if !(hyphen || goes_on) || next.flags & (never | COMMON) != 0 {
                break;
            }
            last += 1;
        }
        Some(self.found(at, last, Identifier::Name, 64))
    }

    /// "Our ref: NG/pw": who dictated, and who typed.
    fn reference(&self, at: usize) -> Option<Finding> {
        let next = self.words.get(at + 1)?;
        let letters = |at: usize| (2..=3).contains(&(self.words[at].token.end - self.words[at].token.start));
        let pair = self.words[at].token.shape == Shape::Upper
            && next.token.shape == Shape::Lower
            && next.token.start == self.words[at].token.end + 1
            && self.byte(self.words[at].token.end) == b'/';
        (pair && letters(at) && letters(at + 1) && self.before(at, 1, const { &List::new(&["ref", "reference"]) }))
            .then(|| self.found(at, at + 1, Identifier::Name, 70))
    }

    /// "[7:02] big mike: ...", "03:12 rpatel: ...": who speaks in a log.
    fn speaker(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        if at == 0 || self.words[at - 1].look != Look::Other || word.look == Look::Other {
            return None;
        }
        let before = self.text[..word.token.start].trim_end_matches(' ');
        let bracket = before.ends_with(']');
        let time = before.strip_suffix(']').unwrap_or(before).as_bytes();
        let clock = time.len() > 4
            && time[time.len() - 2..].iter().all(u8::is_ascii_digit)
            && time[time.len() - 3] == b':'
            && time[time.len() - 4].is_ascii_digit();
        let colon =
            |at: usize| self.byte(self.words[at].token.end) == b':' && self.byte(self.words[at].token.end + 1) == b' ';
        let second = self.words.get(at + 1).is_some_and(|next| next.token.gap == Gap::Space && colon(at + 1));
        let last = if colon(at) { at } else { at + 1 };
        if !clock || !(colon(at) || second) || before.len() == word.token.start {
            return None;
        }
        let listed = COMMON | ENGLISH | TERM | DRUG | HEAD | VOCABULARY | CALENDAR;
        let handle =
            word.flags & listed == 0 && word.token.shape == Shape::Lower && word.token.end - word.token.start > 3;
        let person = |at: usize| {
            let word = &self.words[at];
            has_capital(word.token.shape) && (word.flags & (GIVEN | SURNAME) != 0 || word.flags & listed == 0)
        };
        let two = last > at && person(at) && person(last) && self.words[at].flags & listed == 0;
        (bracket || handle || two).then(|| self.found(at, last, Identifier::Name, 68))
    }

    /// "Will call back. --dmartinez", "login rpatel": who signed, and by which name somebody is known to a machine.
    fn signature(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        if word.token.shape != Shape::Lower || word.flags & (COMMON | ENGLISH | TERM | DRUG | CALENDAR | TITLE) != 0 {
            return None;
        }
        let (start, end) = (word.token.start, word.token.end);
        let ends_line = matches!(self.byte(end), 0 | b'\n' | b'\r');
        let hyphens = ends_line && (2..=20).contains(&(end - start)) && {
            let before = self.text[..start].trim_end_matches(' ');
            before.ends_with("--") && !before.ends_with("---")
        };
        let logs = end - start > 3
            && matches!(word.token.gap, Gap::Space | Gap::Colon)
            && self.before(at, 1, const { &List::new(&["login", "logon", "username", "user"]) })
            && word.flags & VOCABULARY == 0;
        // "@ramon page me".
        let bytes = self.text.as_bytes();
        let called = start > 1 && bytes[start - 1] == b'@' && matches!(bytes[start - 2], b' ' | b'\n' | b'(');
        let called = called && end - start > 2 && !matches!(self.byte(end), b'.' | b'_' | b'-' | b'@' | b'/');
        (hyphens || logs || called).then(|| self.found(at, at, Identifier::Name, 64))
    }
}

#[cfg(test)]
mod tests;
