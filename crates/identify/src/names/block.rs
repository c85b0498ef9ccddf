//! A stretch of words with what the lists say of each, and which of them are worth a question to the model.
//!
//! What must always hold: work per word is bounded, whatever stands around it; the same words get the same answers in
//! training and in use, because both come through here.
//!
//! What it refuses to know: weights and labels.

use super::table::{
    CALENDAR, CITY, CITY_PART, COMMON, COMPANY, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, LINK, REGION, SURNAME,
    SURNAME_OR_GIVEN_CLASS, TERM, TITLE, Table, VOCABULARY, given_class, surname_class,
};
use super::token::{Gap, Shape, Token, hash_of_both, hash_pair};

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
    pub flags: u32,
    /// The lists that it and the next word are on as a pair.
    pub pair: u32,
    /// How it is written.
    pub look: Look,
    /// Stands for the word where the model knows it, otherwise for its lists.
    pub lex: u32,
    /// What the lists say, in ten bits.
    pub class: u32,
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
    lately: Lately,
    asking: Asking,
}

/// What the lists said lately: prose repeats its words, and the lists are larger than what a processor keeps near.
#[derive(Default)]
struct Lately {
    /// Hash, lists, and what they come to. A slot holds only hashes that choose it.
    slots: Vec<(u64, u32, u32)>,
}

/// Slots of a short text, and of many or of a long one.
const SLOTS_MIN: usize = 64;
const SLOTS_MAX: usize = 8_192;

impl Lately {
    fn slot(&self, hash: u64) -> usize {
        // The upper half, since the lists are asked by the lower one.
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    /// Has the lists' answers for the plain words among these ready, asked for all at once.
    fn prepare(&mut self, text: &str, tokens: &[Token], table: Table<'_>, asking: &mut Asking) {
        if self.slots.is_empty() {
            self.resize((tokens.len() * 2).next_power_of_two().clamp(SLOTS_MIN, SLOTS_MAX));
        }
        asking.clear();
        for (at, token) in tokens.iter().enumerate() {
            if token.plain && token.shape != Shape::Other && self.slots[self.slot(token.hash)].0 != token.hash {
                asking.add(at, token.hash);
            }
        }
        if asking.hashes.len() * 4 > self.slots.len() && self.slots.len() < SLOTS_MAX {
            self.resize((asking.hashes.len() * 8).next_power_of_two().min(SLOTS_MAX));
        }
        table.each_flags(&asking.hashes, &mut asking.flags);
        for ((at, hash), flags) in asking.places.iter().zip(&asking.hashes).zip(&asking.flags) {
            let slot = self.slot(*hash);
            if self.slots[slot].0 != *hash {
                let token = &tokens[*at as usize];
                let flags = or_form(*flags, &text[token.start..token.end], table);
                self.slots[slot] = (*hash, flags, class(flags));
            }
        }
    }

    fn resize(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, (0, 0, 0));
        // What is empty has the hash 0, which chooses the first slot: there something else has to stand.
        self.slots[0].0 = u64::MAX;
    }
}

/// Words or pairs for which the lists are asked at once.
#[derive(Default)]
struct Asking {
    /// Which words of the stretch.
    places: Vec<u32>,
    hashes: Vec<u64>,
    flags: Vec<u32>,
}

impl Asking {
    fn clear(&mut self) {
        self.places.clear();
        self.hashes.clear();
    }

    fn add(&mut self, at: usize, hash: u64) {
        self.places.push(index(at));
        self.hashes.push(hash);
    }
}

/// Lists that make a word a possible part of a name.
const NAMES: u32 = GIVEN | SURNAME;
const PLACES: u32 = CITY | CITY_PART;

impl Block {
    /// Takes the words of a stretch of `text` that begins at byte `base` of it.
    pub(crate) fn read(&mut self, text: &str, tokens: &[Token], table: Table<'_>) {
        self.words.clear();
        self.lately.prepare(text, tokens, table, &mut self.asking);
        let lately = &self.lately;
        self.words.extend(tokens.iter().map(|token| known(text, token, table, lately)));
        self.find_looks();
        self.find_pairs(table);
        self.choose(text);
        self.find_runs();
    }

    fn find_pairs(&mut self, table: Table<'_>) {
        let asking = &mut self.asking;
        asking.clear();
        for (at, two) in self.words.windows(2).enumerate() {
            let (here, next) = (&two[0], &two[1]);
            let beside = matches!(next.token.gap, Gap::Space | Gap::Hyphen | Gap::Stop | Gap::Glued | Gap::Line);
            if beside && worth_a_pair(here) && next.look != Look::Other {
                asking.add(at, hash_pair(here.token.hash, next.token.hash));
            }
        }
        table.each_flags(&asking.hashes, &mut asking.flags);
        for (at, flags) in asking.places.iter().zip(&asking.flags) {
            self.words[*at as usize].pair = *flags;
        }
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
            let before = at.checked_sub(1).map(|index| &self.words[index]);
            let active = self.is_candidate(text, at, before, self.words.get(at + 1));
            self.words[at].active = active;
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
            if self.words[at].look == Look::LowerText {
                self.choose_dictated(text, at);
                // "south bend": a town of two words, each of which is one that everybody uses.
                let town = self.words[at].pair & CITY != 0 && at + 1 < self.words.len();
                if town && self.words[at + 1].look == Look::LowerText {
                    (self.words[at].active, self.words[at + 1].active) = (true, true);
                }
            }
            if self.words[at].look == Look::LowerText && at > 1 && self.is_after_firm_words(text, at) {
                let rest = self.words[at..].iter().skip(1).take(3);
                let count = 1 + rest.take_while(|word| word.token.gap == Gap::Space).count();
                self.words[at..at + count].iter_mut().for_each(|word| word.active = true);
            }
        }
    }

    /// In dictation a double name, and a name that is a word before what people do: "day-brown", "may wood reports".
    fn choose_dictated(&mut self, text: &str, at: usize) {
        let (before, here) = self.words.split_at_mut(at);
        let word = &mut here[0];
        let spelled = &text[word.token.start..word.token.end];
        let Some((last, before)) = before.split_last_mut() else { return };
        let is_small = |word: &Word| word.look == Look::LowerText;
        if word.token.gap == Gap::Hyphen && is_small(last) {
            let known = |word: &Word| word.flags & NAMES != 0 || word.flags & (COMMON | ENGLISH) == 0;
            if known(word) && known(last) && (last.active || surname_class(last.flags) > 0 || last.flags == 0) {
                (word.active, last.active) = (true, true);
            }
        } else if word.token.gap == Gap::Space && is_small(last) && is_what_people_do(spelled) {
            let frequent = given_class(last.flags).max(surname_class(last.flags)) >= 4;
            last.active |= frequent && last.flags & NAMES != 0;
            let given = before.last_mut().filter(|given| given_class(given.flags) >= 4);
            if let Some(given) = given.filter(|given| is_small(given) && last.active && last.token.gap == Gap::Space) {
                given.active |= given.flags & NAMES != 0;
            }
        } else if word.active && word.flags & COMMON == 0 && word.token.gap == Gap::Space && is_small(last) {
            // "reed undershaw": a frequent given name before a word that hardly is anything but a name.
            let plain = word.flags & (ENGLISH | DRUG | TERM | VOCABULARY) != 0;
            last.active |= !plain && last.flags & GIVEN != 0 && given_class(last.flags) >= 4;
        }
    }

    /// In dictation a firm's name is words like others; what stands before it says what follows.
    fn is_after_firm_words(&self, text: &str, at: usize) -> bool {
        let spelled = |index: usize| &text[self.words[index].token.start..self.words[index].token.end];
        let pair = (spelled(at - 2), spelled(at - 1));
        let plain = self.words[at].flags & LINK == 0 && self.words[at].token.gap == Gap::Space;
        plain
            && matches!(
                pair,
                ("works" | "working" | "worked" | "work" | "days" | "school", "at" | "for")
                    | ("employer", "is")
                    | ("employed", "by")
                    | ("fell", "at")
                    | (_, "attends")
                    | ("goes" | "went", "to")
                    | ("form" | "forms" | "straight", "from" | "for")
            )
    }

    fn is_candidate(&self, text: &str, at: usize, before: Option<&Word>, after: Option<&Word>) -> bool {
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
            Look::LowerText => titled || word.pair & PLACES != 0 || is_dictated_name(text, word, before, after),
            Look::Title if word.flags & COMMON != 0 && !listed && !titled => {
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
/// after a name or after what often stands before names, or where more people than sentences have it.
fn is_dictated_name(text: &str, word: &Word, before: Option<&Word>, after: Option<&Word>) -> bool {
    let bytes = word.token.end - word.token.start;
    let follows = before.is_some_and(|before| before.active && word.token.gap == Gap::Space);
    if bytes == 1 {
        // An initial: between two names, or after one at the end of its line.
        return follows && after.is_none_or(|next| next.flags & NAMES != 0 || next.flags & (COMMON | ENGLISH) == 0);
    }
    if word.flags & (LISTED | SURNAME_OR_GIVEN_CLASS) == 0 {
        return word.flags & (COMMON | ENGLISH | DRUG | TERM | VOCABULARY) == 0 && bytes >= 3 || follows && bytes < 4;
    }
    let Some(before) = before else { return word.flags & LISTED != 0 };
    let introduced = is_introduction(&text[before.token.start..before.token.end]);
    if introduced && (word.flags & COMMON == 0 || given_class(word.flags).max(surname_class(word.flags)) >= 4) {
        return true;
    }
    // "st bush", "minh t black".
    let short = before.token.end - before.token.start == 1;
    if follows && (short || before.flags & LINK != 0) && word.flags & SURNAME != 0 {
        return true;
    }
    if follows && before.flags & (NAMES | PLACES) != 0 {
        return word.flags & COMMON == 0 || before.flags & COMMON == 0;
    }
    if word.flags & LISTED == 0 || word.flags & (DRUG | TERM | COMMON) != 0 {
        return false;
    }
    let plain = word.flags & (ENGLISH | VOCABULARY) != 0;
    !plain || given_class(word.flags) >= 4 || surname_class(word.flags) >= 5 || word.flags & PLACES != 0
}

/// Lists that make a small word a candidate.
const LISTED: u32 = NAMES | PLACES | COMPANY | HEAD;

/// What often stands before a name in dictation and talk.
fn is_introduction(word: &str) -> bool {
    const BEFORE_NAMES: &[&str] = &[
        "afternoon",
        "alright",
        "and",
        "at",
        "brother",
        "by",
        "called",
        "cc",
        "copy",
        "daughter",
        "dictating",
        "evening",
        "father",
        "for",
        "from",
        "hello",
        "hey",
        "hi",
        "husband",
        "in",
        "is",
        "miss",
        "missus",
        "mister",
        "morning",
        "mother",
        "named",
        "nurse",
        "of",
        "okay",
        "on",
        "patient",
        "sister",
        "so",
        "son",
        "thanks",
        "this",
        "to",
        "wife",
        "with",
    ];
    BEFORE_NAMES.binary_search(&word).is_ok()
}

/// What often stands after a name in dictation.
fn is_what_people_do(word: &str) -> bool {
    const AFTER_NAMES: &[&str] = &[
        "called",
        "came",
        "carries",
        "comes",
        "complains",
        "continues",
        "denies",
        "feels",
        "has",
        "is",
        "notes",
        "presents",
        "returns",
        "reports",
        "said",
        "says",
        "states",
        "takes",
        "tells",
        "was",
        "who",
    ];
    AFTER_NAMES.contains(&word)
}

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
        || (word.flags & (CITY_PART | COMPANY | EPONYM) != 0 || surname_class(word.flags) == 7)
            && matches!(word.look, Look::Lower | Look::LowerText)
}

fn known(text: &str, token: &Token, table: Table<'_>, lately: &Lately) -> Word {
    let slot = lately.slots[lately.slot(token.hash)];
    let (flags, class) = if token.shape == Shape::Other {
        (0, 0)
    } else if token.plain && slot.0 == token.hash {
        (slot.1, slot.2)
    } else {
        let flags = listed(&text[token.start..token.end], token, table);
        (flags, class(flags))
    };
    let lex = lex(token, flags, class);
    Word { token: *token, flags, pair: 0, look: Look::Other, lex, class, active: false }
}

/// The lists that a word, or the word that it is a form of, is on. Of a plain word its hash tells it.
fn listed(spelled: &str, token: &Token, table: Table<'_>) -> u32 {
    let flags = table.flags(token.hash);
    if flags & (COMMON | ENGLISH) != 0 && flags & TITLE == 0 && !spelled.is_ascii() {
        // The accents that the look-up leaves out make another word of it: no English word is written "Tô".
        return flags & !(COMMON | ENGLISH | VOCABULARY | LINK);
    }
    or_form(flags, spelled, table)
}

/// The lists that a word is on, or of one that is on none those of the word that it is a form of.
fn or_form(flags: u32, spelled: &str, table: Table<'_>) -> u32 {
    if flags == 0 { form_of_word(spelled, table) } else { flags }
}

/// Forms that dictionaries leave out.
fn form_of_word(word: &str, table: Table<'_>) -> u32 {
    let is_word = |hash: u64| table.flags(hash) & (ENGLISH | TERM | DRUG) != 0;
    if is_form_of(word, is_word) { ENGLISH } else { 0 }
}

/// Is it the plural, past, -ing or -ly of what `is_word` knows by its hash.
pub(crate) fn is_form_of(word: &str, is_word: impl Fn(u64) -> bool) -> bool {
    if word.len() < 4 || !word.is_ascii() {
        return false;
    }
    let small = word.as_bytes();
    ENDINGS.iter().any(|(ending, instead)| {
        let Some(stem_bytes) = small.len().checked_sub(ending.len()).filter(|stem| *stem >= 3) else { return false };
        small[stem_bytes..].eq_ignore_ascii_case(ending.as_bytes())
            && is_word(hash_of_both(&word[..stem_bytes], instead))
    })
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

/// What the lists say, in ten bits: of names how frequent they are, in four steps each.
pub(crate) fn class(flags: u32) -> u32 {
    let groups = [CITY | CITY_PART, ENGLISH, COMMON, EPONYM, DRUG | TERM, REGION | CALENDAR | COMPANY | HEAD];
    let lists: u32 = groups.iter().enumerate().map(|(bit, group)| u32::from(flags & group != 0) << bit).sum();
    let surname = step(surname_class(flags), flags & SURNAME != 0);
    let given = step(given_class(flags), flags & GIVEN != 0);
    lists << 4 | surname << 2 | given
}

/// Rare, usual, frequent; a name on a list of ours, of which nobody has counted, is usual.
const fn step(class: u32, listed: bool) -> u32 {
    match class {
        0 => {
            if listed {
                2
            } else {
                0
            }
        }
        1 | 2 => 1,
        3 | 4 => 2,
        _ => 3,
    }
}

fn lex(token: &Token, flags: u32, class: u32) -> u32 {
    if flags & VOCABULARY != 0 {
        return (token.hash >> 33) as u32 | 1 << 31;
    }
    let written = match token.shape {
        Shape::Lower => 1,
        Shape::Initial => 2,
        Shape::Other => 3,
        _ => 0,
    };
    class << 2 | written
}
