//! How a surname sounds, as a short code.
//!
//! NYSIIS (R. L. Taft, Name Search Techniques, New York State Identification and Intelligence System, 1970): made
//! for American surnames, kinder to Spanish ones than Soundex, and small enough to read. Two things differ here:
//! a `y` inside a name is a vowel, so that Smyth meets Smith; a final `s` and vowels go until none is left, so
//! that Gonzales meets Gonzalez. The code is not cut to six letters.

/// The code; `None` for what is not written in the 26 letters, and for names of one letter.
#[must_use]
pub fn sound_of(word: &str) -> Option<String> {
    if word.len() < 2 || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    let mut letters = end_changed(start_changed(word)).into_bytes();
    let first = letters[0];
    for letter in &mut letters[1..] {
        if *letter == b'y' {
            *letter = b'i';
        }
    }
    let mut code = vec![first];
    let mut at = 1;
    let mut before = first;
    while at < letters.len() {
        let (sounds, width) = letter_changed(&letters[at..], before, letters.get(at + 1).copied());
        for sound in sounds.bytes() {
            if code.last() != Some(&sound) {
                code.push(sound);
            }
            before = sound;
        }
        at += width;
    }
    trim_end(&mut code);
    String::from_utf8(code).ok()
}

/// How names begin: the beginning, and what it sounds like.
const STARTS: &[(&str, &str)] =
    &[("mac", "mcc"), ("kn", "nn"), ("k", "c"), ("ph", "ff"), ("pf", "ff"), ("sch", "sss"), ("wr", "rr"), ("rh", "rr")];

/// How names end.
const ENDS: &[(&str, &str)] =
    &[("ee", "y"), ("ie", "y"), ("dt", "d"), ("rt", "d"), ("rd", "d"), ("nt", "d"), ("nd", "d")];

fn start_changed(word: &str) -> String {
    for (start, sound) in STARTS {
        if let Some(rest) = word.strip_prefix(start) {
            return format!("{sound}{rest}");
        }
    }
    word.to_owned()
}

fn end_changed(word: String) -> String {
    for (end, sound) in ENDS {
        if let Some(rest) = word.strip_suffix(end)
            && !rest.is_empty()
        {
            return format!("{rest}{sound}");
        }
    }
    word
}

const fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u')
}

/// What the letters here sound like, and how many of them that was. `before` is the sound before.
fn letter_changed(rest: &[u8], before: u8, next: Option<u8>) -> (&'static str, usize) {
    match rest {
        [b'e', b'v', ..] => ("af", 2),
        [b's', b'c', b'h', ..] => ("s", 3),
        [b'p', b'h', ..] => ("f", 2),
        [b'k', b'n', ..] => ("n", 2),
        [letter, ..] if is_vowel(*letter) => ("a", 1),
        [b'q', ..] => ("g", 1),
        [b'z', ..] => ("s", 1),
        [b'm', ..] => ("n", 1),
        [b'k', ..] => ("c", 1),
        // An h between consonants, and a w after a vowel, are not heard.
        [b'h', ..] if !is_vowel(before) || !next.is_some_and(is_vowel) => ("", 1),
        [b'w', ..] if is_vowel(before) => ("", 1),
        [letter, ..] => (single(*letter), 1),
        [] => ("", 1),
    }
}

/// The letter itself, as text.
fn single(letter: u8) -> &'static str {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
    let at = usize::from(letter.saturating_sub(b'a')).min(25);
    &LETTERS[at..=at]
}

/// Final `s`, final vowels, and `a` before a final `y` are not part of the code; the first letter always is.
fn trim_end(code: &mut Vec<u8>) {
    while code.len() > 1 {
        match code.as_slice() {
            [.., b's' | b'a'] => code.truncate(code.len() - 1),
            [.., b'a', b'y'] => {
                let end = code.len() - 2;
                code.remove(end);
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sound_of;

    #[test]
    fn names_that_sound_alike_have_one_code() {
        for pair in [
            ["smith", "smyth"],
            ["brown", "browne"],
            ["gonzalez", "gonzales"],
            ["rodriguez", "rodrigues"],
            ["vasquez", "vazquez"],
            ["stevens", "stephens"],
            ["knight", "night"],
            ["philips", "phillips"],
            ["macdonald", "mcdonald"],
            ["larson", "larsen"],
            ["reid", "reed"],
            ["wright", "right"],
            ["schmidt", "schmid"],
        ] {
            assert_eq!(sound_of(pair[0]), sound_of(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn common_names_that_sound_different_have_different_codes() {
        let names = [
            "smith",
            "johnson",
            "williams",
            "brown",
            "jones",
            "garcia",
            "miller",
            "davis",
            "rodriguez",
            "martinez",
            "hernandez",
            "lopez",
            "gonzalez",
            "wilson",
            "anderson",
            "thomas",
            "taylor",
            "moore",
            "jackson",
            "martin",
            "perez",
            "thompson",
            "white",
            "harris",
            "sanchez",
            "clark",
            "ramirez",
            "lewis",
            "robinson",
            "walker",
        ];
        let mut codes: Vec<String> = names.iter().map(|name| sound_of(name).unwrap()).collect();
        codes.sort();
        codes.dedup();
        assert!(codes.len() >= names.len() - 1, "{codes:?}");
    }

    #[test]
    fn every_word_has_a_code_or_none_and_none_panics() {
        for word in ["", "a", "h", "иванов", "o'brien", "Smith", "王"] {
            assert_eq!(sound_of(word), None, "{word}");
        }
        for word in ["aa", "ss", "sss", "ie", "ee", "nd", "kn", "mac", "sch", "hh", "wh", "ay", "yy", "ssay"] {
            assert!(!sound_of(word).unwrap().is_empty(), "{word}");
        }
    }
}
