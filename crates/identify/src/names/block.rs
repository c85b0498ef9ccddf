//! A stretch of words with what the lists say of each, and which of them are worth a question to the model.
//!
//! What must always hold: work per word is bounded, whatever stands around it; the same words get the same answers in
//! training and in use, because both come through here.
//!
//! What it refuses to know: weights and labels.

use super::table::{
    CALENDAR, CITY, CITY_PART, COMMON, COMPANY, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, LINK, REGION, SURNAME, TERM, TITLE,
    Table, VOCABULARY,
};
use super::token::{Gap, Shape, Token, hash_of, hash_pair};

/// How a word is written, seen together with its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Look {
    /// Small letters among capitals now and then.
    Lower,
    /// Small letters where nothing has capitals: dictation.
    LowerText,
    /// One capital first.
    Title,
    /// Capitals only, alone.
    Upper,
    /// Capitals only, among others.
    UpperText,
    /// One capital letter.
    Initial,
    /// Several capitals.
    Mixed,
    /// Digits, too long, or a small letter first and capitals later.
    Other,
}

/// One word and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// The word itself.
    pub token: Token,
    /// The lists it is on.
    pub flags: u16,
    /// The lists that it and the next word are on as a pair.
    pub pair: u16,
    /// How it is written.
    pub look: Look,
    /// Stands for the word where the model knows it, otherwise for its lists.
    pub lex: u32,
    /// Worth a question to the model.
    pub active: bool,
}

/// Words of one stretch of text.
#[derive(Default)]
pub(crate) struct Block {
    /// In their order.
    pub words: Vec<Word>,
    /// First and last word of the run of active words that each word stands in.
    pub runs: Vec<(u32, u32)>,
}

/// Lists that make a word a possible part of a name.
const NAMES: u16 = GIVEN | SURNAME;
const PLACES: u16 = CITY | CITY_PART;

impl Block {
    /// Takes the words of a stretch of `text` that begins at byte `base` of it.
    pub(crate) fn read(&mut self, text: &str, tokens: &[Token], table: Table<'_>) {
        self.words.clear();
        self.words.extend(tokens.iter().map(|token| known(text, token, table)));
        self.find_looks();
        for at in 0..self.words.len().saturating_sub(1) {
            let (here, next) = (&self.words[at], &self.words[at + 1]);
            let beside = matches!(next.token.gap, Gap::Space | Gap::Hyphen | Gap::Stop | Gap::Glued | Gap::Line);
            if beside && worth_a_pair(here) && next.look != Look::Other {
                self.words[at].pair = table.flags(hash_pair(here.token.hash, next.token.hash));
            }
        }
        self.choose(text);
        self.find_runs();
    }

    fn find_looks(&mut self) {
        let capitals = self.words.iter().filter(|word| has_capital(word.token.shape)).count();
        let small = self.words.iter().filter(|word| word.token.shape == Shape::Lower).count();
        let dictated = capitals * 25 < small;
        for at in 0..self.words.len() {
            self.words[at].look = match self.words[at].token.shape {
                Shape::Lower if dictated => Look::LowerText,
                Shape::Lower => Look::Lower,
                Shape::Title | Shape::Damaged => Look::Title,
                Shape::Initial => Look::Initial,
                Shape::Mixed => Look::Mixed,
                Shape::Upper if self.among_capitals(at) => Look::UpperText,
                Shape::Upper => Look::Upper,
                Shape::Inner | Shape::Other => Look::Other,
            };
        }
    }

    /// Two of the four words around are capitals too, and none is written otherwise.
    fn among_capitals(&self, at: usize) -> bool {
        let around = &self.words[at.saturating_sub(2)..(at + 3).min(self.words.len())];
        let upper = around.iter().filter(|word| word.token.shape == Shape::Upper).count();
        let other = around.iter().filter(|word| matches!(word.token.shape, Shape::Lower | Shape::Title)).count();
        upper >= 2 && other == 0
    }

    fn choose(&mut self, text: &str) {
        for at in 0..self.words.len() {
            let before = at.checked_sub(1).map(|index| self.words[index]);
            let after = self.words.get(at + 1).copied();
            self.words[at].active = self.is_candidate(text, at, before, after);
        }
        for at in 0..self.words.len() {
            let head = self.words[at].flags & HEAD != 0;
            if head && self.words[at].look == Look::LowerText {
                let mut left = at;
                while left > 0 && at - left < 3 && self.words[left].token.gap == Gap::Space {
                    left -= 1;
                    self.words[left].active = true;
                }
                self.words[at].active = true;
            }
        }
    }

    fn is_candidate(&self, text: &str, at: usize, before: Option<Word>, after: Option<Word>) -> bool {
        let word = &self.words[at];
        let address = Gap::Address;
        if word.look == Look::Other || word.token.gap == address || after.is_some_and(|next| next.token.gap == address)
        {
            return false;
        }
        let follows = before.is_some_and(|previous| previous.active);
        let beside = matches!(word.token.gap, Gap::Space | Gap::Stop);
        let titled = beside && before.is_some_and(|previous| previous.flags & TITLE != 0);
        if word.flags & LINK != 0 && matches!(word.look, Look::Lower | Look::LowerText) {
            return follows || after.is_some_and(|next| next.flags & NAMES != 0 || has_capital(next.token.shape));
        }
        let listed = word.flags & (NAMES | PLACES | COMPANY | HEAD | TITLE) != 0;
        match word.look {
            Look::Lower => {
                let rare = word.flags & (COMMON | ENGLISH | DRUG | TERM | VOCABULARY) == 0;
                (titled && word.flags & COMMON == 0)
                    || (rare && word.flags & NAMES != 0)
                    || (follows && word.flags & HEAD != 0)
            }
            Look::LowerText => titled || word.pair & PLACES != 0 || is_dictated_name(text, word, before),
            Look::Title if word.flags & COMMON != 0 && !listed => {
                after.is_some_and(|next| next.look != Look::Lower || next.flags & LINK != 0) || follows
            }
            _ => true,
        }
    }

    fn find_runs(&mut self) {
        let count = self.words.len();
        self.runs.clear();
        self.runs.extend((0..count).map(|at| (index(at), index(at))));
        for at in 1..count {
            if self.joins(at) {
                self.runs[at].0 = self.runs[at - 1].0;
            }
        }
        for at in (0..count.saturating_sub(1)).rev() {
            if self.joins(at + 1) {
                self.runs[at].1 = self.runs[at + 1].1;
            }
        }
    }

    /// Does this word go on with what the word before began.
    fn joins(&self, at: usize) -> bool {
        let (before, word) = (&self.words[at - 1], &self.words[at]);
        let abbreviated = before.look == Look::Initial || before.flags & TITLE != 0;
        let beside = match word.token.gap {
            Gap::Space | Gap::Hyphen | Gap::Dot | Gap::Ampersand | Gap::Glued => true,
            Gap::Stop => abbreviated,
            _ => false,
        };
        beside && before.active && word.active && before.flags & TITLE == 0
    }
}

/// In dictation every word is small, so that only rare words are candidates by themselves; a name that is a word is one
/// after a name or after what often stands before names.
fn is_dictated_name(text: &str, word: &Word, before: Option<Word>) -> bool {
    if word.flags == 0 {
        return word.token.end - word.token.start >= 3;
    }
    if word.flags & (NAMES | PLACES | COMPANY | HEAD) == 0 || word.flags & (DRUG | TERM) != 0 {
        return false;
    }
    if word.flags & (COMMON | ENGLISH | VOCABULARY) == 0 || word.flags & NAMES != 0 && word.flags & COMMON == 0 {
        return true;
    }
    let Some(before) = before else { return false };
    let follows = before.active && word.token.gap == Gap::Space;
    if follows && before.flags & (NAMES | PLACES) != 0 {
        return word.flags & COMMON == 0 || before.flags & COMMON == 0;
    }
    let spelled = &text[before.token.start..before.token.end];
    let is_one_of = |words: &[&str]| words.contains(&spelled);
    let greeted = is_one_of(&["hi", "hey", "hello", "named", "missus", "mister"]);
    greeted || word.flags & COMMON == 0 && is_one_of(BEFORE_NAMES)
}

/// What often stands before a name in dictation and talk.
const BEFORE_NAMES: &[&str] = &[
    "so",
    "is",
    "and",
    "with",
    "morning",
    "afternoon",
    "evening",
    "okay",
    "alright",
    "thanks",
    "by",
    "from",
    "in",
    "patient",
    "wife",
    "husband",
    "son",
    "daughter",
    "mother",
    "father",
    "brother",
    "sister",
    "called",
    "at",
];

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Begins with a capital letter.
pub(crate) const fn has_capital(shape: Shape) -> bool {
    matches!(shape, Shape::Title | Shape::Upper | Shape::Initial | Shape::Mixed | Shape::Damaged)
}

/// Pairs are looked up where the first word can begin one, which spares the look-up for most prose.
const fn worth_a_pair(word: &Word) -> bool {
    has_capital(word.token.shape)
        || word.flags & (CITY_PART | COMPANY | EPONYM) != 0 && matches!(word.look, Look::Lower | Look::LowerText)
}

fn known(text: &str, token: &Token, table: Table<'_>) -> Word {
    let mut flags = 0;
    if !matches!(token.shape, Shape::Other) {
        flags = table.flags(token.hash);
        if flags == 0 {
            flags = form_of_word(&text[token.start..token.end], table);
        }
    }
    let lex = lex(token, flags);
    Word { token: *token, flags, pair: 0, look: Look::Other, lex, active: false }
}

/// Forms that dictionaries leave out: plural, past, -ing, -ly.
fn form_of_word(word: &str, table: Table<'_>) -> u16 {
    if word.len() < 4 || !word.is_ascii() {
        return 0;
    }
    let small = word.as_bytes();
    for (ending, instead) in ENDINGS {
        let Some(stem_bytes) = small.len().checked_sub(ending.len()) else { continue };
        if stem_bytes >= 3 && small[stem_bytes..].eq_ignore_ascii_case(ending.as_bytes()) {
            let stem = &word[..stem_bytes];
            let hash = if instead.is_empty() { hash_of(stem) } else { hash_of(&format!("{stem}{instead}")) };
            if table.flags(hash) & (ENGLISH | TERM | DRUG) != 0 {
                return ENGLISH;
            }
        }
    }
    0
}

const ENDINGS: &[(&str, &str)] = &[
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("ally", ""),
    ("er", ""),
    ("ness", ""),
];

/// What the lists say, in eight bits.
pub(crate) fn class(flags: u16) -> u32 {
    let groups =
        [GIVEN, SURNAME, CITY | CITY_PART, ENGLISH, COMMON, EPONYM, DRUG | TERM, REGION | CALENDAR | COMPANY | HEAD];
    groups.iter().enumerate().map(|(bit, group)| u32::from(flags & group != 0) << bit).sum()
}

fn lex(token: &Token, flags: u16) -> u32 {
    if flags & VOCABULARY != 0 {
        return (token.hash >> 33) as u32 | 1 << 31;
    }
    let written = match token.shape {
        Shape::Lower => 1,
        Shape::Initial => 2,
        Shape::Other => 3,
        _ => 0,
    };
    class(flags) << 2 | written
}
