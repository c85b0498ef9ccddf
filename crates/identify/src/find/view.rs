//! A text as the matchers see it: bytes, words and gaps around a place.
//!
//! What must always hold: no place is out of bounds (beyond the text stands NUL), every step looks at a bounded number
//! of bytes, and words begin and end at ASCII letters, so that nothing is ever cut inside a character of UTF-8.

use super::label::Label;
use super::lexicon::{self, Key, Word};
use std::cell::Cell;

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

/// Letters that a key holds.
const KEY_LETTERS: usize = 16;
/// Makes letters small, sixteen at once.
const LOWER: Key = Key::from_be_bytes([0x20; KEY_LETTERS]);

/// Top bit set in each byte that is no letter; letters are small.
#[inline]
fn others(text: Key) -> Key {
    const TOPS: Key = Key::from_be_bytes([0x80; KEY_LETTERS]);
    const FROM_A: Key = Key::from_be_bytes([0x80 - b'a'; KEY_LETTERS]);
    const FROM_Z: Key = Key::from_be_bytes([0x80 - b'z' - 1; KEY_LETTERS]);
    // Without their top bits no byte's sum reaches the next byte.
    let low = text & !TOPS;
    (!(low + FROM_A) | (low + FROM_Z) | text) & TOPS
}

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
    #[inline]
    pub(super) fn is(&self, text: &str) -> bool {
        // Nearly all are settled by their last letter, the lowest byte of the key.
        let last = self.key.to_le_bytes()[0];
        text.as_bytes().last() == Some(&last) && self.key == lexicon::key(text)
    }
}

/// Words of a list that is asked often and seldom answers yes: nearly all others are told by their length and last letter.
pub(super) struct Words {
    /// A bit for each pair of a last letter and a length.
    ends: u128,
    list: &'static [&'static str],
}

impl Words {
    pub(super) const fn new(list: &'static [&'static str]) -> Self {
        let (mut ends, mut at) = (0, 0);
        while at < list.len() {
            let word = list[at].as_bytes();
            ends |= Self::end(word[word.len() - 1], word.len());
            at += 1;
        }
        Self { ends, list }
    }

    const fn end(last: u8, length: usize) -> u128 {
        1 << ((last & 31) as usize * 4 + length % 4)
    }

    /// Is it one of them.
    #[inline]
    pub(super) fn has(&self, word: Token) -> bool {
        let last = word.key.to_le_bytes()[0];
        self.ends & Self::end(last, word.end - word.start) != 0 && self.list.iter().any(|text| word.is(text))
    }
}

/// Answers that were given lately about a place, each to a question that depends on the text and the place alone: around a number
/// several readers ask the same.
#[derive(Debug)]
pub(super) struct Lately<T: Copy>([Cell<(usize, T)>; LATELY]);

/// Places that are remembered: more than the readers of one number ask about. A power of two.
const LATELY: usize = 8;

impl<T: Copy + Default> Default for Lately<T> {
    fn default() -> Self {
        // No text has this place.
        Self(std::array::from_fn(|_| Cell::new((usize::MAX, T::default()))))
    }
}

impl<T: Copy> Lately<T> {
    /// The answer for this place.
    #[inline]
    pub(super) fn ask(&self, place: usize, answer: impl FnOnce() -> T) -> T {
        let slot = &self.0[place % LATELY];
        let (asked, answered) = slot.get();
        if asked == place {
            return answered;
        }
        let answer = answer();
        slot.set((place, answer));
        answer
    }
}

/// What was asked lately about one text.
#[derive(Debug, Default)]
pub(super) struct Asked {
    words_at: Lately<Option<Token>>,
    words_to: Lately<Option<Token>>,
    /// Labels before a place.
    pub(super) labels: Lately<Option<Label>>,
    /// Where the last two days without a year stand that needed no others beside them.
    pub(super) days: Cell<[Option<usize>; 2]>,
    /// Where the address that was found last ends; 0 for none.
    pub(super) address: Cell<usize>,
}

/// The text.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// All bytes that may be looked at.
    pub(super) bytes: &'a [u8],
    /// What was asked about them lately.
    pub(super) asked: &'a Asked,
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
    #[inline]
    pub(super) fn run_end(self, from: usize, class: u8, max: usize) -> usize {
        if class == DIGIT { self.digits_end(from, max) } else { self.run_end_one_by_one(from, class, max) }
    }

    fn run_end_one_by_one(self, from: usize, class: u8, max: usize) -> usize {
        let limit = from.saturating_add(max).min(self.bytes.len());
        let mut place = from;
        while place < limit && is(self.bytes[place], class) {
            place += 1;
        }
        place
    }

    fn digits_end(self, from: usize, max: usize) -> usize {
        const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
        const FROM_0: u64 = u64::from_le_bytes([0x80 - b'0'; 8]);
        const FROM_9: u64 = u64::from_le_bytes([0x80 - b'9' - 1; 8]);
        // Eight bytes at once, since how many there are is what no processor foresees.
        let Some(eight) = self.bytes.get(from..).and_then(|rest| rest.first_chunk()) else {
            return self.run_end_one_by_one(from, DIGIT, max);
        };
        let text = u64::from_le_bytes(*eight);
        let low = text & !TOPS;
        let others = (!(low + FROM_0) | (low + FROM_9) | text) & TOPS;
        match others {
            0 => self.run_end_one_by_one(from, DIGIT, max),
            _ => from + max.min((others.trailing_zeros() / 8) as usize),
        }
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
    #[inline]
    pub(super) fn skip_blanks(self, from: usize) -> usize {
        // Nearly always there is one, or none.
        let place = from + usize::from(is(self.at(from), BLANK));
        let next = self.at(place);
        if is(next, BLANK) || next == 0xc2 { self.skip_more_blanks(from) } else { place }
    }

    fn skip_more_blanks(self, from: usize) -> usize {
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
    #[inline]
    pub(super) fn skip_blanks_back(self, to: usize) -> usize {
        let place = to - usize::from(is(self.before(to), BLANK));
        let next = self.before(place);
        if is(next, BLANK) || next == 0xa0 { self.skip_more_blanks_back(to) } else { place }
    }

    fn skip_more_blanks_back(self, to: usize) -> usize {
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
    #[inline]
    pub(super) fn word_at(self, from: usize) -> Option<Token> {
        if !is(self.at(from), LETTER) {
            return None;
        }
        self.asked.words_at.ask(from, || self.read_word(from))
    }

    fn read_word(self, from: usize) -> Option<Token> {
        // Sixteen bytes at once, the first one highest; what stands behind the word is shifted away.
        if let Some(sixteen) = self.bytes.get(from..).and_then(|rest| rest.first_chunk::<KEY_LETTERS>()) {
            let text = Key::from_be_bytes(*sixteen) | LOWER;
            let letters = (others(text).leading_zeros() / 8) as usize;
            let apostrophe = self.at(from + letters) == b'\'' && is(self.at(from + letters + 1), LETTER);
            if (1..KEY_LETTERS).contains(&letters) && !apostrophe {
                let key = text >> (8 * (KEY_LETTERS - letters));
                return Some(Token { start: from, end: from + letters, key, word: lexicon::look_up(key) });
            }
        }
        self.read_long_word(from)
    }

    /// With apostrophes, more than fifteen letters, or at the text's end.
    fn read_long_word(self, from: usize) -> Option<Token> {
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
    #[inline]
    pub(super) fn word_to(self, to: usize) -> Option<Token> {
        if !is(self.before(to), LETTER) {
            return None;
        }
        self.asked.words_to.ask(to, || self.read_word_back(to))
    }

    fn read_word_back(self, to: usize) -> Option<Token> {
        let after = self.at(to);
        if let Some(sixteen) = self.bytes.get(..to).and_then(|rest| rest.last_chunk::<KEY_LETTERS>())
            && !is(after, LETTER)
            && after != b'\''
        {
            let text = Key::from_be_bytes(*sixteen) | LOWER;
            let letters = (others(text).trailing_zeros() / 8) as usize;
            if letters < KEY_LETTERS && self.at(to - letters - 1) != b'\'' {
                let key = text & ((1 << (8 * letters)) - 1);
                return Some(Token { start: to - letters, end: to, key, word: lexicon::look_up(key) });
            }
        }
        self.read_long_word_back(to)
    }

    fn read_long_word_back(self, to: usize) -> Option<Token> {
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

#[cfg(test)]
mod tests {
    use super::{ALNUM, Asked, DIGIT, Token, View};

    /// Texts of letters, digits, blanks and what stands between words, from a seed.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        const BYTES: &[u8] = b"aaaeZzAM@[`{/0559:  \t''-.\n\xc2\xa0\xe2\x80\x99";
        (0..400_u64).map(|seed| {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize
            };
            // Some of long words and long numbers.
            let kinds = [BYTES, b"abcdefgXYZ'", b"0123456789 "][next() % 3];
            (0..next() % 90).map(|_| kinds[next() % kinds.len()]).collect()
        })
    }

    fn same(one: Option<Token>, other: Option<Token>) -> bool {
        let seen = |token: Token| (token.start, token.end, token.key, token.word);
        one.map(seen) == other.map(seen)
    }

    #[test]
    fn what_is_read_at_once_is_what_is_read_byte_by_byte() {
        let mut words = 0;
        for text in texts() {
            let asked = Asked::default();
            let view = View { bytes: &text, asked: &asked };
            for place in 0..=text.len() + 2 {
                if view.at(place).is_ascii_alphabetic() {
                    assert!(same(view.read_word(place), view.read_long_word(place)), "{text:?} at {place}");
                    words += 1;
                }
                if view.before(place).is_ascii_alphabetic() {
                    assert!(same(view.read_word_back(place), view.read_long_word_back(place)), "{text:?} to {place}");
                }
                for (class, max) in [(DIGIT, usize::MAX), (DIGIT, 0), (DIGIT, 3), (DIGIT, 9), (ALNUM, 5)] {
                    let bytes = view.run_end_one_by_one(place, class, max);
                    assert_eq!(view.run_end(place, class, max), bytes, "{text:?} from {place}, at most {max}");
                }
                assert_eq!(view.skip_blanks(place), view.skip_more_blanks(place), "{text:?} from {place}");
                assert_eq!(view.skip_blanks_back(place), view.skip_more_blanks_back(place), "{text:?} before {place}");
            }
        }
        assert!(words > 1_000, "{words}");
    }
}
