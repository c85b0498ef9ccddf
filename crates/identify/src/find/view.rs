//! A text as the matchers see it: bytes, words and gaps around a place.
//!
//! What must always hold: no place is out of bounds (beyond the text stands NUL), every step looks at a bounded number
//! of bytes, and words begin and end at ASCII letters, so that nothing is ever cut inside a character of UTF-8.

use super::lexicon::{self, Key, Word};

/// ASCII digit.
pub(super) const DIGIT: u8 = 1;
/// ASCII letter.
pub(super) const LETTER: u8 = 2;
/// Space or tab.
pub(super) const BLANK: u8 = 4;
/// Hexadecimal digit.
pub(super) const HEX: u8 = 8;
/// What may stand in the name of a host.
pub(super) const HOST: u8 = 16;
/// What may stand before the at-sign of an e-mail address (RFC 5322 atoms, without what people never use).
pub(super) const LOCAL: u8 = 32;
/// Letter or digit.
pub(super) const ALNUM: u8 = DIGIT | LETTER;

/// What each byte can be.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index: usize = 0;
    while index < 128 {
        let byte = index as u8;
        let mut class = 0;
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte.is_ascii_alphabetic() {
            class |= LETTER;
        }
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            class |= HOST;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'&') {
            class |= LOCAL;
        }
        if matches!(byte, b' ' | b'\t') {
            class |= BLANK;
        }
        table[index] = class;
        index += 1;
    }
    table
}

/// Is the byte one of these classes.
#[inline]
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

/// More blanks than this in a row part what stands around them.
const BLANKS_MAX: usize = 40;
/// Longer words are no words.
const WORD_MAX: usize = 24;

/// A word in the text, with what the lexicon knows of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
    /// The letters in lower case, packed.
    pub(super) key: Key,
    /// Its roles.
    pub(super) word: Word,
}

impl Token {
    /// Has the word one of these roles.
    pub(super) fn has(&self, roles: u32) -> bool {
        self.word.roles & roles != 0
    }

    /// Is it this word.
    pub(super) fn is(&self, text: &str) -> bool {
        self.key == lexicon::key(text)
    }
}

/// The text.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// All bytes that may be looked at.
    pub(super) bytes: &'a [u8],
}

impl View<'_> {
    /// The byte here, NUL beyond the end.
    #[inline]
    pub(super) fn at(self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    /// The byte before this place, NUL before the beginning.
    #[inline]
    pub(super) fn before(self, place: usize) -> u8 {
        if place == 0 { 0 } else { self.at(place - 1) }
    }

    /// One past the run of this class that begins here, at most `max` further.
    pub(super) fn run_end(self, from: usize, class: u8, max: usize) -> usize {
        let limit = from.saturating_add(max).min(self.bytes.len());
        let mut place = from;
        while place < limit && is(self.bytes[place], class) {
            place += 1;
        }
        place
    }

    /// The beginning of the run of this class that ends here, at most `max` before.
    pub(super) fn run_start(self, to: usize, class: u8, max: usize) -> usize {
        let limit = to.saturating_sub(max);
        let mut place = to.min(self.bytes.len());
        while place > limit && is(self.bytes[place - 1], class) {
            place -= 1;
        }
        place
    }

    /// The number written here; saturates, which no caller's range allows.
    pub(super) fn number(self, from: usize, to: usize) -> u32 {
        let digits = self.bytes.get(from..to).unwrap_or(&[]);
        digits
            .iter()
            .fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0'))))
    }

    /// Past the blanks, also no-break spaces.
    pub(super) fn skip_blanks(self, from: usize) -> usize {
        let mut place = from;
        while place < from + BLANKS_MAX {
            if is(self.at(place), BLANK) {
                place += 1;
            } else if self.at(place) == 0xc2 && self.at(place + 1) == 0xa0 {
                place += 2;
            } else {
                break;
            }
        }
        place
    }

    /// Before the blanks, also no-break spaces.
    pub(super) fn skip_blanks_back(self, to: usize) -> usize {
        let mut place = to;
        while place + BLANKS_MAX > to && place > 0 {
            if is(self.at(place - 1), BLANK) {
                place -= 1;
            } else if place >= 2 && self.at(place - 1) == 0xa0 && self.at(place - 2) == 0xc2 {
                place -= 2;
            } else {
                break;
            }
        }
        place
    }

    /// Past the blanks and at most one line end among them: prose is wrapped anywhere.
    pub(super) fn skip_wrap(self, from: usize) -> usize {
        let place = self.skip_blanks(from);
        let line = place + usize::from(self.at(place) == b'\r');
        if self.at(line) == b'\n' { self.skip_blanks(line + 1) } else { place }
    }

    /// Before the blanks and at most one line end among them.
    pub(super) fn skip_wrap_back(self, to: usize) -> usize {
        let place = self.skip_blanks_back(to);
        if self.before(place) != b'\n' {
            return place;
        }
        let line = place - 1;
        self.skip_blanks_back(line - usize::from(self.before(line) == b'\r'))
    }

    /// The word that begins exactly here. Apostrophes belong to it and are not part of its key.
    pub(super) fn word_at(self, from: usize) -> Option<Token> {
        let mut end = from;
        let mut key: Key = 0;
        while end < from + WORD_MAX {
            let byte = self.at(end);
            if is(byte, LETTER) {
                key = lexicon::push(key, byte);
            } else if byte != b'\'' || !is(self.at(end + 1), LETTER) || end == from {
                break;
            }
            end += 1;
        }
        (end > from).then(|| Token { start: from, end, key, word: lexicon::look_up(key) })
    }

    /// The next word after blanks.
    pub(super) fn word_after(self, from: usize) -> Option<Token> {
        self.word_at(self.skip_blanks(from))
    }

    /// The word that ends exactly here.
    pub(super) fn word_to(self, to: usize) -> Option<Token> {
        let mut start = to;
        while start > 0 && to - start < WORD_MAX {
            let byte = self.at(start - 1);
            let inner = byte == b'\'' && start < to && start >= 2 && is(self.at(start - 2), LETTER);
            if !is(byte, LETTER) && !inner {
                break;
            }
            start -= 1;
        }
        (start < to).then(|| self.word_at(start)).flatten().filter(|token| token.end == to)
    }

    /// The word before blanks.
    pub(super) fn word_before(self, to: usize) -> Option<Token> {
        self.word_to(self.skip_blanks_back(to))
    }

    /// Does the word begin with a capital.
    pub(super) fn is_capital(self, place: usize) -> bool {
        self.at(place).is_ascii_uppercase()
    }

    /// Do these letters stand here, in any case; `lower` is in lower case.
    pub(super) fn starts(self, from: usize, lower: &[u8]) -> bool {
        self.bytes.get(from..from + lower.len()).is_some_and(|here| here.eq_ignore_ascii_case(lower))
    }

    /// Does no letter or digit touch this span from outside.
    pub(super) fn stands_alone(self, start: usize, end: usize) -> bool {
        !is(self.before(start), ALNUM) && !is(self.at(end), ALNUM)
    }

    /// Is the span a piece of a longer number: a digit and a mark such as `-` or `.` before or after it.
    pub(super) fn goes_on(self, start: usize, end: usize) -> bool {
        let mark = |byte: u8| matches!(byte, b'-' | b'.' | b'/');
        let left = start >= 2 && mark(self.at(start - 1)) && is(self.at(start - 2), DIGIT);
        let right = mark(self.at(end)) && is(self.at(end + 1), DIGIT);
        left || right
    }

    /// The length of the dash here: `-`, or one of its longer sisters in UTF-8; 0 if none.
    pub(super) fn dash(self, place: usize) -> usize {
        match self.at(place) {
            b'-' => 1,
            // U+2010 to U+2014, and U+2212 (the minus).
            0xe2 if self.at(place + 1) == 0x80 && (0x90..=0x94).contains(&self.at(place + 2)) => 3,
            0xe2 if self.at(place + 1) == 0x88 && self.at(place + 2) == 0x92 => 3,
            _ => 0,
        }
    }
}
