//! The words of the lexicon, found fast: a bitmap turns away what is in no list, a table knows the rest.
//!
//! What must always hold: a phrase is found however its words are divided (blanks, hyphens, a line's end), but not over
//! the end of a sentence; looking a word up costs the same however many phrases there are.
//!
//! What it refuses to know: denial and relatives (`said`).

use super::Topic;
use super::lexicon::{Counts, FAMILY_HEADINGS, Guard, HEADINGS, PHRASES};
use super::said::{self, Control};
use crate::phi::HealthData::Medication;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Words that begin so are looked up by their first letters, as many as this.
const STEM_BYTES: usize = 6;
/// The longest word that is looked up.
pub(super) const WORD_BYTES_MAX: usize = 32;
/// The shortest name of a drug that is looked for: shorter ones are other words as often.
const DRUG_BYTES_MIN: usize = 6;
/// How far a guard looks to either side, in bytes.
const NEAR_BYTES: usize = 240;

static DRUGS: &str = include_str!("../../data/names/drugs.txt");

/// One phrase.
pub(super) struct Term {
    pub(super) topic: Topic,
    pub(super) why: &'static str,
    pub(super) counts: Counts,
    pub(super) guard: Guard,
    /// The words behind the first.
    rest: Vec<String>,
}

pub(super) struct Lexicon {
    /// Which hashes of whole words and of stems any entry has.
    bits: Vec<u64>,
    words: HashMap<Vec<u8>, Vec<Term>>,
    /// By the first letters: the whole stem and its term.
    stems: HashMap<Vec<u8>, Vec<(Vec<u8>, Term)>>,
    controls: HashMap<&'static [u8], Control>,
    headings: HashMap<&'static str, Option<Topic>>,
}

/// What all texts are held against.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::read);

const HASH: u32 = 0x811C_9DC5;

/// One more letter.
const fn hashed(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

fn hash_of(word: &[u8]) -> u32 {
    word.iter().fold(HASH, |hash, byte| hashed(hash, *byte))
}

/// A word in small letters, with the hashes of it and of its stem.
pub(super) struct Word {
    letters: [u8; WORD_BYTES_MAX],
    long: usize,
    hash: u32,
    stem: u32,
}

impl Word {
    /// `None`: too long to be in a list.
    pub(super) fn of(token: &[u8]) -> Option<Self> {
        if token.len() > WORD_BYTES_MAX {
            return None;
        }
        let mut word = Self { letters: [0; WORD_BYTES_MAX], long: token.len(), hash: HASH, stem: 0 };
        for (at, byte) in token.iter().enumerate() {
            let byte = byte.to_ascii_lowercase();
            word.letters[at] = byte;
            word.hash = hashed(word.hash, byte);
            if at + 1 == STEM_BYTES {
                word.stem = word.hash;
            }
        }
        Some(word)
    }

    pub(super) fn letters(&self) -> &[u8] {
        &self.letters[..self.long]
    }
}

impl Lexicon {
    fn read() -> Self {
        let mut lexicon = Self {
            bits: vec![0; 1 << 10],
            words: HashMap::new(),
            stems: HashMap::new(),
            controls: HashMap::new(),
            headings: HEADINGS.iter().copied().collect(),
        };
        for phrases in PHRASES {
            for phrase in phrases.all {
                lexicon.add(phrase, (phrases.topic, phrases.why, phrases.counts, phrases.guard));
            }
        }
        let drugs = DRUGS.lines().filter(|line| !line.starts_with(['#', '['])).flat_map(str::split_whitespace);
        for drug in drugs.filter(|drug| drug.len() >= DRUG_BYTES_MIN) {
            let phrase = drug.to_ascii_lowercase().replace(['_', '-'], " ");
            lexicon.add(&phrase, (Topic::Health(Medication), "medication.drug", Counts::Present, Guard::Free));
        }
        for (word, control) in said::controls() {
            lexicon.mark(hash_of(word.as_bytes()));
            lexicon.controls.insert(word.as_bytes(), control);
        }
        for heading in FAMILY_HEADINGS {
            lexicon.headings.insert(heading, None);
        }
        lexicon
    }

    fn mark(&mut self, hash: u32) {
        let hash = (hash ^ hash >> 16) as usize & 0xFFFF;
        self.bits[hash >> 6] |= 1 << (hash & 63);
    }

    fn may_have(&self, hash: u32) -> bool {
        let hash = (hash ^ hash >> 16) as usize & 0xFFFF;
        self.bits[hash >> 6] & 1 << (hash & 63) != 0
    }

    fn add(&mut self, phrase: &str, (topic, why, counts, guard): (Topic, &'static str, Counts, Guard)) {
        let mut words = phrase.split_whitespace();
        let Some(first) = words.next() else { return };
        let term = Term { topic, why, counts, guard, rest: words.map(ToOwned::to_owned).collect() };
        match first.strip_suffix('*') {
            Some(stem) => {
                let letters = &stem.as_bytes()[..stem.len().min(STEM_BYTES)];
                self.mark(hash_of(letters));
                self.stems.entry(letters.to_vec()).or_default().push((stem.as_bytes().to_vec(), term));
            }
            None => {
                self.mark(hash_of(first.as_bytes()));
                self.words.entry(first.as_bytes().to_vec()).or_default().push(term);
            }
        }
    }

    /// Whether a word turns what is said, and the phrases that begin here. `end` is where the word ends in the text.
    pub(super) fn look(
        &self,
        word: &Word,
        text: &str,
        end: usize,
        found: &mut dyn FnMut(&Term, usize),
    ) -> Option<Control> {
        if word.long >= STEM_BYTES && self.may_have(word.stem) {
            let stems = self.stems.get(&word.letters[..STEM_BYTES]);
            for (_, term) in stems.into_iter().flatten().filter(|(stem, _)| word.letters().starts_with(stem)) {
                found(term, end);
            }
        }
        if !self.may_have(word.hash) {
            return None;
        }
        for term in self.words.get(word.letters()).into_iter().flatten() {
            if let Some(end) = follows(text, end, &term.rest) {
                found(term, end);
            }
        }
        self.controls.get(word.letters()).copied()
    }

    /// What stands under this heading, in small letters.
    pub(super) fn heading(&self, title: &str) -> Option<Option<Topic>> {
        self.headings.get(title).copied()
    }
}

/// Where a phrase ends whose first word ends at `end`, if the others follow.
fn follows(text: &str, mut end: usize, rest: &[String]) -> Option<usize> {
    let bytes = text.as_bytes();
    for word in rest {
        let gap =
            bytes[end..].iter().take(4).take_while(|byte| matches!(byte, b' ' | b'-' | b'\n' | b'\r' | b'/')).count();
        let start = end + gap;
        let (stem, is_stem) = word.strip_suffix('*').map_or((word.as_str(), false), |stem| (stem, true));
        let here = bytes.get(start..start + stem.len())?;
        if gap == 0 || !here.eq_ignore_ascii_case(stem.as_bytes()) {
            return None;
        }
        end = start + stem.len();
        let more = bytes[end..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if more > 0 && !is_stem {
            return None;
        }
        end += more;
    }
    Some(end)
}

/// Does the guard let a phrase through that stands here; `before` is the word before it.
pub(super) fn lets_through(guard: Guard, text: &str, place: std::ops::Range<usize>, before: &[u8]) -> bool {
    match guard {
        Guard::Free => true,
        Guard::NotAfter(words) => !words.iter().any(|word| before.eq_ignore_ascii_case(word.as_bytes())),
        Guard::NotBefore(words) => !words.iter().any(|word| {
            follows(text, place.end, &word.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>()).is_some()
        }),
        Guard::Near(words) => is_near(text, place, words),
        Guard::NotNear(words) => !is_near(text, place, words),
    }
}

fn is_near(text: &str, place: std::ops::Range<usize>, words: &[&str]) -> bool {
    let start = text.floor_char_boundary(place.start.saturating_sub(NEAR_BYTES));
    let end = text.floor_char_boundary((place.end + NEAR_BYTES).min(text.len()));
    let near = text.get(start..place.start).into_iter().chain(text.get(place.end..end));
    near.flat_map(|side| {
        side.split(|one: char| one.is_whitespace() || matches!(one, ',' | '.' | ';' | ':' | '(' | ')' | '-'))
    })
    .any(|word| words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)))
}

/// Is a word an operation by its ending; in small letters.
pub(super) fn is_operation(word: &[u8]) -> bool {
    word.len() >= 9
        && (word.ends_with(b"ectomy")
            || word.ends_with(b"oplasty")
            || word.ends_with(b"ostomy")
            || word.ends_with(b"oscopy"))
        && word != b"microscopy"
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::{HEADINGS, PHRASES};
    use super::{LEXICON, STEM_BYTES, Word};

    #[test]
    fn every_phrase_is_in_small_letters_and_found() {
        for phrases in PHRASES {
            for phrase in phrases.all {
                assert_eq!(*phrase, phrase.to_lowercase(), "{phrase}");
                let text = phrase.replace('*', "x");
                let first = text.split(' ').next().unwrap();
                assert!(!phrase.split(' ').next().unwrap().ends_with('*') || first.len() > STEM_BYTES, "{phrase}");
                let mut found = false;
                LEXICON.look(&Word::of(first.as_bytes()).unwrap(), &text, first.len(), &mut |term, end| {
                    found |= end == text.len() && term.why == phrases.why;
                });
                assert!(found, "{phrase}");
            }
        }
        assert!(HEADINGS.iter().all(|(title, _)| *title == title.to_lowercase()));
    }

    #[test]
    fn a_phrase_ends_with_its_word() {
        let finds = |text: &str| {
            let first = text.split(' ').next().unwrap();
            let mut found = Vec::new();
            LEXICON.look(&Word::of(first.as_bytes()).unwrap(), text, first.len(), &mut |term, _| found.push(term.why));
            found
        };
        assert_eq!(finds("HIV"), ["hiv.word"]);
        assert_eq!(finds("hives"), Vec::<&str>::new());
        assert_eq!(finds("Contraceptives"), ["reproductive.word"]);
        assert_eq!(finds("alcohol abusers"), Vec::<&str>::new());
    }
}
