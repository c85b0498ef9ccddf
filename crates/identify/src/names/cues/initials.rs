//! Those who are told by their initials alone, or by a surname and one: members of a group, minors in letters of courts, who signed in
//! a hurry, and names in the manner of lists.
//!
//! What must always hold: one letter alone is nobody unless the words around it say so; abbreviations of several letters with dots
//! ("U.S.", "p.o.") are none.
//!
//! What it refuses to know: weights.

use super::super::block::{Look, has_capital};
use super::super::table::{
    CALENDAR, COMMON, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, REGION, TERM, TITLE, VOCABULARY, surname_class,
};
use super::super::token::{Gap, Shape};
use super::{Around, List};
use crate::phi::{Finding, Identifier};

/// What those do who are written about.
static DOES: List = List::new(&[
    "shared",
    "tearful",
    "reported",
    "reports",
    "states",
    "stated",
    "denied",
    "denies",
    "said",
    "says",
    "asked",
    "named",
    "agreed",
    "told",
    "came",
    "left",
    "attended",
    "spoke",
    "called",
    "presented",
    "presents",
    "felt",
    "feels",
    "wants",
    "wanted",
    "described",
    "describes",
    "endorsed",
    "endorses",
    "participated",
    "cried",
    "listened",
    "refused",
    "arrived",
    "appeared",
    "admitted",
    "acknowledged",
    "expressed",
    "discussed",
    "relapsed",
    "disclosed",
    "lives",
    "moved",
]);
/// The same where two letters or more stand before it.
static IS: List = List::new(&["is", "was", "has", "will", "remains", "continues", "had", "did", "does", "would"]);
/// After these initials are somebody's.
static WHO: List = List::new(&[
    "mother", "father", "client", "member", "boy", "girl", "baby", "child", "minor", "patient", "subject", "pt",
    "partner", "roommate", "peer", "sister", "brother", "son", "daughter", "wife", "husband", "friend", "student",
    "resident", "named", "initials", "of", "re",
]);
/// Who writes for somebody else.
static SCRIBES: List = List::new(&["scribe", "typist", "hyg", "phleb", "scribed", "transcriptionist"]);
/// Professions as they stand behind initials.
static SIGNS: List =
    List::new(&["rn", "lpn", "lvn", "ma", "cma", "cna", "md", "np", "pa", "rt", "ot", "pt", "rd", "emt", "crna"]);
/// Halves of given names that a hyphen joins and that other languages have as words.
static HALVES: List = List::new(&[
    "hyun", "eun", "mi", "soon", "young", "ji", "sung", "jin", "min", "kyung", "hye", "su", "seung", "jae", "dong",
    "sang", "yong", "chang", "bo", "ye", "yu", "kyu", "tae", "jung", "myung", "chul", "ok", "woo", "ja", "hee", "sook",
    "soo", "ho", "joo", "ah", "seok", "won", "ae", "rim", "xiao", "mei", "wei", "jia", "ruo", "shu", "hui", "zhi",
    "pei", "chia", "ming", "yun", "ling", "hua", "xi", "ting", "jie", "fang", "lan", "chen", "ying", "feng", "zhen",
    "wen",
]);

/// Is it one half of a given name such as "Mi-kyung".
pub(super) fn is_half(spelled: &str) -> bool {
    HALVES.has(spelled)
}

impl Around<'_> {
    /// "D.W. shared", "Birth mother J., 19", "A. K-M., 49F", "the custody of B.T.W., a minor".
    pub(super) fn lone_initials(&self, at: usize) -> Option<Finding> {
        let is_initial = |at: usize| self.words.get(at).is_some_and(|word| word.token.shape == Shape::Initial);
        let joins = |at: usize| matches!(self.words[at].token.gap, Gap::Dot | Gap::Stop | Gap::Hyphen);
        if !is_initial(at) || self.byte(self.words[at].token.end) != b'.' || at > 0 && is_initial(at - 1) && joins(at) {
            return None;
        }
        let mut last = at;
        while last < at + 2 && is_initial(last + 1) && joins(last + 1) {
            last += 1;
        }
        let end = self.words[last].token.end;
        if self.byte(end) != b'.' {
            return None;
        }
        let rest = self.text.get(end + 1..).unwrap_or_default();
        let next = self.words.get(last + 1).filter(|next| next.token.shape == Shape::Lower && rest.starts_with(' '));
        let spelled = next.map_or("", |next| &self.text[next.token.start..next.token.end]);
        let who = self.words[at].token.gap == Gap::Space && self.before(at, 1, &WHO);
        let minor = [", a minor", ", a child", " (minor", ", minor"].iter().any(|text| rest.starts_with(text));
        let digits = rest.strip_prefix(", ").is_some_and(|rest| rest.bytes().take(2).all(|byte| byte.is_ascii_digit()));
        let firm = who && !self.before(at, 1, const { &List::new(&["of", "re"]) });
        let closes = firm && matches!(rest.as_bytes().first(), Some(b'"' | b',' | b';' | b')' | b'\n') | None);
        let several = last > at;
        let begins =
            matches!(self.words[at].token.gap, Gap::Start | Gap::Line | Gap::Stop | Gap::Colon | Gap::Semicolon);
        let does = DOES.has(spelled) && (several || begins || firm) || IS.has(spelled) && (firm || several && begins);
        let aged = digits && (several || firm);
        (does || minor || aged || closes).then(|| self.found(at, last, Identifier::Name, 60))
    }

    /// "Follow up with DR BAKER": the title in capitals, and no street.
    pub(super) fn capital_title(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        let titled = at > 1
            && word.token.gap == Gap::Space
            && word.token.shape == Shape::Upper
            && word.token.end - word.token.start > 2
            && matches!(self.spelled(at - 1), "DR" | "MRS" | "MISS");
        const BEFORE: List = List::new(&[
            "with", "by", "see", "saw", "per", "to", "from", "and", "cc", "w", "of", "for", "call", "called",
            "notified", "page", "paged", "thank", "is", "was", "that", "tell", "told", "ask", "asked",
        ]);
        let plain = word.flags & (TERM | DRUG | HEAD | CALENDAR | TITLE) == 0;
        (titled && plain && self.before(at, 2, &BEFORE)).then(|| self.found(at, at, Identifier::Name, 62))
    }

    /// "RIDGEWAY,C", "Bergquist, O |": a surname, a comma and an initial, alone in a line's part.
    pub(super) fn surname_and_initial(&self, at: usize) -> Option<Finding> {
        let (word, next) = (&self.words[at], self.words.get(at + 1)?);
        let opens = matches!(word.token.gap, Gap::Start | Gap::Line | Gap::Colon | Gap::Cell);
        let pair = next.token.gap == Gap::Comma
            && next.token.shape == Shape::Initial
            && next.token.start <= word.token.end + 2
            && word.token.end - word.token.start > 2
            && has_capital(word.token.shape);
        if !opens || !pair || word.flags & (TERM | DRUG | CALENDAR | HEAD | TITLE | REGION | EPONYM) != 0 {
            return None;
        }
        let rest = self.text.get(next.token.end..).unwrap_or_default().trim_start_matches('.');
        let closes =
            rest.is_empty() || ["\n", "\r", "  ", " |", "\t", " -", ";", ":"].iter().any(|end| rest.starts_with(end));
        let named = surname_class(word.flags) > 0 || word.flags & (COMMON | ENGLISH | VOCABULARY) == 0;
        (closes && named).then(|| self.found(at, at + 1, Identifier::Name, 60))
    }

    /// "2nd letter sent. mk", "Latex no. pjm rn", "/scribe cw": two or three small letters that are no word of any list.
    pub(super) fn small_signature(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        let (start, end) = (word.token.start, word.token.end);
        let listed = COMMON | ENGLISH | TERM | DRUG | HEAD | CALENDAR | TITLE | REGION | VOCABULARY;
        if at == 0 || word.token.shape != Shape::Lower || !(2..=3).contains(&(end - start)) || word.flags & listed != 0
        {
            return None;
        }
        let ends = matches!(self.byte(end), 0 | b'\n' | b'\r');
        let next = self.words.get(at + 1);
        let signs = next.is_some_and(|next| {
            matches!(next.token.gap, Gap::Space | Gap::Comma)
                && SIGNS.has(self.spelled(at + 1))
                && matches!(self.byte(next.token.end), 0 | b'\n' | b'\r' | b'.')
        });
        let by_scribe = next.is_some_and(|next| next.token.gap == Gap::Slash && SCRIBES.has(self.spelled(at + 1)));
        let scribe = matches!(word.token.gap, Gap::Space | Gap::Colon | Gap::Slash) && self.before(at, 1, &SCRIBES);
        let closed = word.token.gap == Gap::Stop && (ends || signs);
        (closed || by_scribe || scribe).then(|| self.found(at, at, Identifier::Name, 58))
    }

    /// "Electronically signed by mpatel", "Printed 2/8/2025 by avoss", "Transcribed: ms/jk": by which name a machine or an office knows
    /// who did it.
    pub(super) fn by_login(&self, at: usize) -> Option<Finding> {
        const DONE: List = List::new(&[
            "signed",
            "reviewed",
            "printed",
            "entered",
            "created",
            "modified",
            "scanned",
            "authenticated",
            "cosigned",
            "updated",
            "completed",
            "documented",
            "filed",
            "transcribed",
            "verified",
            "edited",
            "faxed",
            "released",
            "performed",
            "typed",
            "charted",
            "resulted",
            "am",
            "pm",
            "submitted",
            "approved",
            "uploaded",
        ]);
        const TYPED: List = List::new(&["transcribed", "typed", "dictated", "trans"]);
        let word = &self.words[at];
        let length = word.token.end - word.token.start;
        let listed = COMMON | ENGLISH | TERM | DRUG | HEAD | CALENDAR | TITLE | REGION | VOCABULARY;
        if at == 0 || word.token.shape != Shape::Lower || word.flags & listed != 0 {
            return None;
        }
        let beside = matches!(word.token.gap, Gap::Space | Gap::Colon);
        let by = beside && self.before(at, 1, const { &List::new(&["by"]) });
        // A date or a time may stand between what was done and "by".
        let done = by && (self.before(at, 2, &DONE) || at > 1 && self.words[at - 2].look == Look::Other);
        let ends = matches!(self.byte(word.token.end), 0 | b'\n' | b'\r' | b' ' | b',' | b';' | b')' | b'.');
        if done && ends && (4..=14).contains(&length) {
            return Some(self.found(at, at, Identifier::Name, 58));
        }
        let pair = self.words.get(at + 1).filter(|next| {
            next.token.gap == Gap::Slash && next.token.shape == Shape::Lower && next.token.end - next.token.start <= 3
        });
        let typed = word.token.gap == Gap::Colon && self.before(at, 1, &TYPED) && length <= 3 && pair.is_some();
        typed.then(|| self.found(at, at + 1, Identifier::Name, 58))
    }

    /// "jess: u have 14 tonight": who speaks, in small letters at the begin of a line.
    pub(super) fn speaker_of_line(&self, at: usize) -> Option<Finding> {
        let word = &self.words[at];
        let listed = COMMON | ENGLISH | TERM | DRUG | HEAD | CALENDAR | TITLE | REGION;
        let opens = matches!(word.token.gap, Gap::Start | Gap::Line);
        let end = word.token.end;
        let colon = self.byte(end) == b':' && self.byte(end + 1) == b' ';
        let small = word.token.shape == Shape::Lower && matches!(word.look, Look::Lower | Look::LowerText);
        let given = word.flags & GIVEN != 0 && word.flags & listed == 0 && end - word.token.start > 2;
        (opens && colon && small && given).then(|| self.found(at, at, Identifier::Name, 62))
    }
}
