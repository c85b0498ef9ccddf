//! How the lists and weights are made: from word lists and training texts to the bytes that the finder uses.
//!
//! What must always hold: the same texts give the same bytes on every machine (whole numbers only, a seed that is fixed,
//! no order that depends on an address); training looks at words through the same code as finding does.
//!
//! What it refuses to know: files. `cargo xtask train` reads and writes them.

mod corpus;
mod grammar;
mod perceptron;

use super::block::is_form_of;
use super::table::{
    BUCKETS, CALENDAR, CITY, CITY_PART, COMMON, COMPANY, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, LINK, MAGIC, REGION,
    SURNAME, TERM, TITLE, VERSION, VOCABULARY, given_class, of_given_class, of_surname_class, place, surname_class,
};
use super::token::{Shape, Words, hash_of, hash_pair};
use std::collections::BTreeMap;

pub use perceptron::{Report, weights};

/// The texts that everything is made from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Counted names: `[surname 7]` or `[given 7]` opens a class, from 7 (most frequent) to 1, then one name a line.
    pub census: &'a str,
    /// Cities, one a line.
    pub cities: &'a str,
    /// Counties, one a line.
    pub counties: &'a str,
    /// Hospitals, one a line.
    pub hospitals: &'a str,
    /// English words, one a line; those in small letters count.
    pub english: &'a str,
    /// The most frequent English words, one a line.
    pub english_basic: &'a str,
    /// Our own lists: `[section]` lines, then entries between blanks, `_` for a blank within an entry.
    pub own: &'a str,
    /// Rules by which names are put together; see `data/train/grammar.txt`.
    pub grammar: &'a str,
    /// Training texts, one a line.
    pub templates: &'a str,
}

/// The sections of our own lists and what they say of a word.
const SECTIONS: &[(&str, u32)] = &[
    ("given", GIVEN),
    ("surname", SURNAME),
    ("city", CITY),
    ("eponym", EPONYM),
    ("drug", DRUG),
    ("term", TERM),
    ("region", REGION),
    ("calendar", CALENDAR),
    ("common", COMMON),
    ("company", COMPANY),
    ("head", HEAD),
    ("title", TITLE),
    ("link", LINK),
];

/// The entries of one section of our own lists, with blanks for `_`.
fn section(own: &str, name: &str) -> Vec<String> {
    let mut inside = false;
    let mut entries = Vec::new();
    for line in own.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = header == name;
        } else if inside {
            entries.extend(line.split_whitespace().map(|entry| entry.replace('_', " ")));
        }
    }
    entries
}

/// Which of the counted lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Surname,
    Given,
}

/// The counted names with their lists and classes, the most frequent first.
fn counted(census: &str) -> impl Iterator<Item = (&str, Counted, u32)> {
    let mut now = None;
    census.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(move |line| {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (name, class) = header.split_once(' ')?;
            let list = if name == "given" { Counted::Given } else { Counted::Surname };
            now = Some((list, class.parse().ok()?));
            return None;
        }
        let (list, class) = now?;
        Some((line, list, class))
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a fingerprint is the low 32 bits of the hash")]
const fn fingerprint(hash: u64) -> u32 {
    hash as u32
}

/// Words and pairs with their lists.
#[derive(Default)]
struct Lists {
    flags: BTreeMap<u32, u32>,
}

impl Lists {
    fn mark(&mut self, hash: u64, flag: u32) {
        *self.flags.entry(fingerprint(hash)).or_default() |= flag;
    }

    fn word(&mut self, word: &str, flag: u32) {
        self.mark(hash_of(word), flag);
    }

    /// A counted name. A word of the language that hardly anybody is called by is a word, and keeps its class alone.
    fn counted(&mut self, name: &str, list: Counted, class: u32) {
        for token in Words::new(name) {
            let is_word = |hash: u64| self.flags.get(&fingerprint(hash)).is_some_and(|flags| flags & ENGLISH != 0);
            if is_form_of(&name[token.start..token.end], is_word) {
                self.mark(token.hash, ENGLISH);
            }
            let (flag, of_class) = match list {
                Counted::Surname => (SURNAME, of_surname_class(class)),
                Counted::Given => (GIVEN, of_given_class(class)),
            };
            self.mark(token.hash, of_class);
            let known = self.flags.get(&fingerprint(token.hash)).copied().unwrap_or(0);
            let least = match known & (ENGLISH | COMMON) {
                0 => 1,
                ENGLISH => 3,
                _ => 4,
            };
            if class >= least {
                self.mark(token.hash, flag);
            }
        }
    }

    /// A name of one or several words: alone it is `flag`, otherwise its words are `part` and its pairs `flag`.
    fn phrase(&mut self, phrase: &str, flag: u32, part: u32) {
        let hashes: Vec<u64> = Words::new(phrase).map(|token| token.hash).collect();
        if let [only] = hashes[..] {
            self.mark(only, flag);
            return;
        }
        for &hash in &hashes {
            self.mark(hash, part);
        }
        for pair in hashes.windows(2) {
            self.mark(hash_pair(pair[0], pair[1]), flag);
        }
    }

    /// A person's name that stands for a thing, with the noun that shows it.
    fn eponym(&mut self, phrase: &str) {
        let hashes: Vec<u64> = Words::new(phrase).map(|token| token.hash).collect();
        let names = if hashes.len() > 1 { &hashes[..hashes.len() - 1] } else { &hashes[..] };
        for &hash in names {
            if !self.is_called_so(hash, 6) {
                self.mark(hash, EPONYM);
            }
        }
        for pair in hashes.windows(2) {
            self.mark(hash_pair(pair[0], pair[1]), EPONYM);
        }
    }

    /// Do so many people have this name that alone it says nothing for a thing.
    fn is_called_so(&self, hash: u64, class: u32) -> bool {
        let flags = self.flags.get(&fingerprint(hash)).copied().unwrap_or(0);
        surname_class(flags) > class || given_class(flags) > class
    }

    /// A brand or an abbreviation: a thing, but for one that many people have for a name.
    fn thing(&mut self, phrase: &str) {
        for token in Words::new(phrase) {
            if !self.is_called_so(token.hash, 3) {
                self.mark(token.hash, TERM);
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut entries: Vec<(usize, u16, u32)> = Vec::with_capacity(self.flags.len());
        for (&hash, &flags) in &self.flags {
            let (bucket, tag) = place(u64::from(hash));
            entries.push((bucket, tag, flags));
        }
        entries.sort_unstable();
        let mut out = Vec::with_capacity(12 + (BUCKETS + 1) * 4 + entries.len() * 6);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&number(entries.len()));
        for bucket in 0..=BUCKETS {
            let start = entries.partition_point(|entry| entry.0 < bucket);
            out.extend_from_slice(&number(start));
        }
        out.extend(entries.iter().flat_map(|entry| entry.1.to_le_bytes()));
        out.extend(entries.iter().flat_map(|entry| entry.2.to_le_bytes()));
        out
    }
}

fn number(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("the lists have fewer than four thousand million words").to_le_bytes()
}

/// Makes the table of words from the lists and the words of the training texts.
#[must_use]
pub fn lists(sources: &Sources<'_>) -> Vec<u8> {
    let mut lists = Lists::default();
    for word in sources.english.lines().filter(|word| word.len() > 1 && word.chars().all(char::is_lowercase)) {
        lists.word(word, ENGLISH);
    }
    for word in sources.english_basic.lines().filter(|word| word.chars().all(char::is_lowercase)) {
        lists.word(word, COMMON | ENGLISH);
    }
    let two_letters = |name: &&str| name.chars().count() > 1;
    for (name, list, class) in counted(sources.census).filter(|(name, _, _)| two_letters(name)) {
        lists.counted(name, list, class);
    }
    for city in sources.cities.lines().chain(sources.counties.lines()).map(str::trim).filter(two_letters) {
        lists.phrase(city, CITY, CITY_PART);
    }
    for &(name, flag) in SECTIONS {
        for entry in section(sources.own, name) {
            match flag {
                EPONYM => lists.eponym(&entry),
                CITY => lists.phrase(&entry, CITY, CITY_PART),
                COMPANY => lists.phrase(&entry, COMPANY, 0),
                _ => lists.phrase(&entry, flag, flag),
            }
        }
    }
    for entry in ["brand", "capitals"].iter().flat_map(|name| section(sources.own, name)) {
        lists.thing(&entry);
    }
    vocabulary(sources, &mut lists);
    lists.bytes()
}

/// Words that stand in the training texts themselves, and not in what fills them.
fn vocabulary(sources: &Sources<'_>, lists: &mut Lists) {
    let mut counts: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for line in sources.templates.lines().chain(sources.grammar.lines()) {
        for token in Words::new(&grammar::fixed(line)) {
            let count = counts.entry(token.hash).or_default();
            count.0 += 1;
            count.1 += u32::from(token.shape == Shape::Lower);
        }
    }
    for (hash, (all, small)) in counts {
        lists.mark(hash, VOCABULARY);
        // Three times in small letters in ordinary text: a common word.
        if small >= 3 && all >= 3 {
            lists.mark(hash, COMMON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sources, lists};
    use crate::names::table::{
        CITY, ENGLISH, EPONYM, GIVEN, TERM, Table, VOCABULARY, of_given_class, of_surname_class,
    };
    use crate::names::token::{hash_of, hash_pair};

    const SOURCES: Sources<'static> = Sources {
        census: "[surname 7]\nsmith\n[given 5]\nanna\nwill\n[surname 1]\nbone\n",
        cities: "New Haven\nTampa\n",
        counties: "Butler\n",
        hospitals: "",
        english: "will\nbone\n",
        english_basic: "will\n",
        own: "[eponym]\nParkinson_disease\n",
        grammar: "",
        templates: "{x} was seen.\n",
    };

    #[test]
    fn the_same_texts_give_the_same_table_and_words_are_found_in_it() {
        let bytes = lists(&SOURCES);
        assert_eq!(bytes, lists(&SOURCES));
        let table = Table::new(&bytes);
        assert_eq!(table.flags(hash_of("Anna")), GIVEN | of_given_class(5));
        assert_eq!(
            table.flags(hash_of("bone")) & !ENGLISH,
            of_surname_class(1),
            "a word that hardly anybody is called by"
        );
        assert_ne!(table.flags(hash_of("will")) & GIVEN & (GIVEN | ENGLISH), 0);
        assert_eq!(table.flags(hash_pair(hash_of("new"), hash_of("haven"))), CITY);
        assert_eq!(table.flags(hash_pair(hash_of("parkinson"), hash_of("disease"))), EPONYM);
        assert_eq!(table.flags(hash_of("seen")), VOCABULARY);
        assert_eq!(table.flags(hash_of("nobody")), 0);
    }

    #[test]
    fn a_table_that_is_cut_short_has_no_words_and_breaks_nothing() {
        let bytes = lists(&SOURCES);
        for end in [0, 3, 11, 200, bytes.len() - 1] {
            let _ = Table::new(&bytes[..end]).flags(hash_of("Anna"));
        }
        assert_eq!(Table::new(&bytes[..100]).flags(hash_of("Anna")), 0);
    }

    #[test]
    fn what_many_people_are_called_is_neither_an_eponym_nor_a_brand_by_itself() {
        let own = "[eponym]\nSmith_fracture Zorn_sign\n[brand]\nSmith Zorbex\n";
        let bytes = lists(&Sources { own, ..SOURCES });
        let table = Table::new(&bytes);
        let of = |word: &str| table.flags(hash_of(word));
        assert_eq!((of("smith") & (EPONYM | TERM), of("zorn") & EPONYM), (0, EPONYM));
        assert_eq!(of("zorbex") & TERM, TERM);
        let pair = hash_pair(hash_of("smith"), hash_of("fracture"));
        assert_eq!(table.flags(pair) & EPONYM, EPONYM);
    }
}
