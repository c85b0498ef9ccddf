//! Names as words that compare alike however they are typed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words that stand between names and are none: they are left out alone and kept in the joined form (`delacruz`).
const PARTICLES: &[&str] = &[
    "al", "ap", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du", "e",
    "el", "ibn", "la", "las", "le", "los", "ten", "ter", "van", "von", "y", "zu",
];

/// What follows a name and is none.
const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "md", "phd", "rn", "esq"];

/// The most letters of a word that are kept.
const WORD_LETTERS_MAX: usize = 48;
/// The most words of a name that are read.
const WORDS_MAX: usize = 12;

/// Small letters without accents: NFKD, marks taken off, letters that do not decompose written out.
#[must_use]
pub fn normalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        for small in letter.to_lowercase() {
            match small {
                'ß' => out.push_str("ss"),
                'æ' => out.push_str("ae"),
                'œ' => out.push_str("oe"),
                'þ' => out.push_str("th"),
                'ø' => out.push('o'),
                'ł' => out.push('l'),
                'đ' | 'ð' => out.push('d'),
                'ı' => out.push('i'),
                // Lower-casing can bring a mark of its own (İ).
                other if is_combining_mark(other) => {}
                other => out.push(other),
            }
        }
    }
    out
}

/// Words of a text: apostrophes and dots vanish inside a word, everything else that is no letter or digit parts.
fn split_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for letter in normalised(text).chars() {
        if letter.is_alphanumeric() {
            if word.chars().count() < WORD_LETTERS_MAX {
                word.push(letter);
            }
        } else if !matches!(letter, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '.') && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            if words.len() == WORDS_MAX {
                return words;
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words of a name, and all of them as one when there are several: `de la Cruz` is `cruz` and `delacruz`,
/// `Smith-Jones` is `smith`, `jones` and `smithjones`. A lone `O` or `D` joins what follows.
pub(super) fn name_parts(text: &str) -> Vec<String> {
    let mut words = split_words(text);
    words.retain(|word| !SUFFIXES.contains(&word.as_str()));
    let mut at = 0;
    while at + 1 < words.len() {
        if matches!(words[at].as_str(), "o" | "d") {
            let next = words.remove(at + 1);
            words[at].push_str(&next);
        }
        at += 1;
    }
    let joined: String = words.concat().chars().take(WORD_LETTERS_MAX).collect();
    // A name that is nothing but particles (Le, Van, Du are whole surnames) keeps them.
    let mut parts: Vec<String> = words.iter().filter(|word| !PARTICLES.contains(&word.as_str())).cloned().collect();
    if parts.is_empty() {
        parts = words;
    }
    if !joined.is_empty() && !parts.contains(&joined) {
        parts.push(joined);
    }
    parts
}

/// Is this the joined form of the others.
pub(super) fn is_join(word: &str, words: &[String]) -> bool {
    words.len() > 1
        && words.last().is_some_and(|last| last == word)
        && words[..words.len() - 1].iter().all(|part| {
            // The join holds every part, so it is longer than each.
            word.len() > part.len() && word.contains(part.as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::{is_join, name_parts, normalised};

    #[test]
    fn letters_lose_case_and_accents() {
        for (text, plain) in
            [("ÅNGSTRÖM", "angstrom"), ("Łukasz", "lukasz"), ("İpek", "ipek"), ("Nguyễn", "nguyen"), ("ﬁ", "fi")]
        {
            assert_eq!(normalised(text), plain);
        }
        assert_eq!(normalised("e\u{301}"), normalised("\u{e9}"));
    }

    #[test]
    fn particles_and_suffixes_are_no_names_unless_they_are_the_whole_name() {
        assert_eq!(name_parts("van der Berg Jr."), ["berg", "vanderberg"]);
        assert_eq!(name_parts("Le"), ["le"]);
        assert_eq!(name_parts("Van Le"), ["van", "le", "vanle"]);
        assert_eq!(name_parts("D'Angelo III"), ["dangelo"]);
        assert!(name_parts(" - ").is_empty());
    }

    #[test]
    fn other_scripts_stay_as_they_are() {
        assert_eq!(name_parts("Иванов"), ["иванов"]);
        assert_eq!(name_parts("王 小明"), ["王", "小明", "王小明"]);
    }

    #[test]
    fn the_joined_form_is_known_as_such() {
        let words = name_parts("Smith-Jones");
        assert!(is_join("smithjones", &words));
        assert!(!is_join("jones", &words));
        assert!(!is_join("smith", &name_parts("smith")));
    }
}
