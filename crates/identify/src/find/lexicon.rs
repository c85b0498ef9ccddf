//! The words that matter to the finder, each with its roles.
//!
//! A word is packed into a number, one byte a letter, so that looking it up compares numbers and needs no memory. The
//! table is built by the compiler.
//!
//! What must always hold: only ASCII letters in lower case are in a key; a word of more than sixteen letters is unknown.

mod words;

/// A word in lower case, packed, the last letter lowest; 0 is no word.
pub(super) type Key = u128;

/// Name of a month; the value is its number.
pub(super) const MONTH: u32 = 1;
/// Spoken digit; the value is it.
pub(super) const FIGURE: u32 = 1 << 1;
/// Spoken ten to nineteen.
pub(super) const TEEN: u32 = 1 << 2;
/// Spoken twenty to ninety.
pub(super) const TENS: u32 = 1 << 3;
/// Spoken first to thirtieth.
pub(super) const ORDINAL: u32 = 1 << 4;
/// A measure, a form of dose, a span of time: what was counted is no identifier.
pub(super) const UNIT: u32 = 1 << 5;
/// End of a street's name that hardly means anything else.
pub(super) const STREET: u32 = 1 << 6;
/// End of a street's name that also is an ordinary word, and so must be capital.
pub(super) const WAY: u32 = 1 << 7;
/// Point of the compass.
pub(super) const DIRECTION: u32 = 1 << 8;
/// Says what the number after it is; the value is a [`super::label::Noun`].
pub(super) const LABEL: u32 = 1 << 9;
/// May stand between a label and its value.
pub(super) const FILLER: u32 = 1 << 10;
/// "number", "no", "id": after a noun they make a label.
pub(super) const MARK: u32 = 1 << 11;
/// Apartment, suite and the like.
pub(super) const FLAT: u32 = 1 << 12;
/// What follows is a code, a version, a section: no identifier.
pub(super) const CODE: u32 = 1 << 13;
/// A name of a street never holds it.
pub(super) const FUNCTION: u32 = 1 << 14;
/// First word or only word of a state's name; the value is its place in the table of states, plus one.
pub(super) const STATE: u32 = 1 << 15;
/// "hundred", "thousand"; the value is the number of noughts.
pub(super) const SCALE: u32 = 1 << 16;
/// "double", "triple"; the value is how often.
pub(super) const REPEAT: u32 = 1 << 17;
/// A kind of top-level domain that is spoken aloud or stands without a path.
pub(super) const USUAL_TLD: u32 = 1 << 18;
/// Any number word.
pub(super) const SPOKEN: u32 = FIGURE | TEEN | TENS | ORDINAL | REPEAT;

/// What the lexicon knows of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// The roles, as bits.
    pub(super) roles: u32,
    /// The value of the role that has one.
    pub(super) value: u8,
}

const NOTHING: Word = Word { roles: 0, value: 0 };
const SLOTS: usize = 4_096;

#[derive(Clone, Copy)]
struct Slot {
    key: Key,
    word: Word,
}

static TABLE: [Slot; SLOTS] = table();

/// One byte of each slot's key, 0 where none is: nearly all words of a text are no words of ours, and are told by these, which fit
/// into what a processor has nearest.
static TAGS: [u8; SLOTS] = tags();

const fn tags() -> [u8; SLOTS] {
    let mut tags = [0; SLOTS];
    let mut slot = 0;
    while slot < SLOTS {
        if TABLE[slot].key != 0 {
            tags[slot] = tag_of(TABLE[slot].key);
        }
        slot += 1;
    }
    tags
}

/// Never 0.
#[inline]
const fn tag_of(key: Key) -> u8 {
    (spread(key) >> 44) as u8 | 1
}

/// Adds a letter to a key. What is longer than sixteen letters loses its beginning and is met by no entry, because
/// the table is asked with the mark of length that the lost letters leave.
#[inline]
pub(super) const fn push(key: Key, letter: u8) -> Key {
    if key >> 120 != 0 {
        return Key::MAX;
    }
    (key << 8) | (letter | 0x20) as Key
}

/// The key of a word in lower case.
pub(super) const fn key(text: &str) -> Key {
    let bytes = text.as_bytes();
    let mut key: Key = 0;
    let mut index = 0;
    while index < bytes.len() {
        key = push(key, bytes[index]);
        index += 1;
    }
    key
}

#[inline]
const fn spread(key: Key) -> u64 {
    let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(23);
    // The odd number nearest to 2^64 divided by the golden ratio spreads neighbouring keys.
    folded.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline]
const fn slot_of(key: Key) -> usize {
    (spread(key) >> 52) as usize
}

/// What is known of a word.
#[inline]
pub(super) fn look_up(key: Key) -> Word {
    let (mut slot, wanted) = (slot_of(key), tag_of(key));
    loop {
        let tag = TAGS[slot & (SLOTS - 1)];
        if tag == 0 {
            return NOTHING;
        }
        let entry = &TABLE[slot & (SLOTS - 1)];
        if tag == wanted && entry.key == key {
            return entry.word;
        }
        slot += 1;
    }
}

const fn table() -> [Slot; SLOTS] {
    let mut table = [Slot { key: 0, word: NOTHING }; SLOTS];
    let mut list = 0;
    while list < words::LISTS.len() {
        let (text, roles, value) = words::LISTS[list];
        let bytes = text.as_bytes();
        let mut index = 0;
        let mut key: Key = 0;
        while index <= bytes.len() {
            if index == bytes.len() || bytes[index] == b' ' {
                if key != 0 {
                    insert(&mut table, key, Word { roles, value });
                }
                key = 0;
            } else {
                key = push(key, bytes[index]);
            }
            index += 1;
        }
        list += 1;
    }
    table
}

const fn insert(table: &mut [Slot; SLOTS], key: Key, word: Word) {
    let mut slot = slot_of(key);
    while table[slot & (SLOTS - 1)].key != 0 && table[slot & (SLOTS - 1)].key != key {
        slot += 1;
    }
    let old = table[slot & (SLOTS - 1)].word;
    let value = if word.value != 0 || old.roles == 0 { word.value } else { old.value };
    table[slot & (SLOTS - 1)] = Slot { key, word: Word { roles: old.roles | word.roles, value } };
}

#[cfg(test)]
mod tests {
    use super::{FIGURE, LABEL, MONTH, key, look_up, words};

    #[test]
    fn every_word_of_the_lists_is_found_with_its_roles() {
        for (text, roles, _) in words::LISTS {
            for word in text.split_whitespace() {
                assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()) && word.len() <= 16, "{word}");
                assert_eq!(look_up(key(word)).roles & roles, *roles, "{word}");
            }
        }
    }

    #[test]
    fn unknown_and_overlong_words_have_no_role() {
        assert_eq!(look_up(key("qqq")).roles, 0);
        assert_eq!(look_up(key("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")).roles, 0);
        assert_eq!(look_up(0).roles, 0);
    }

    #[test]
    fn values_are_those_of_the_lists() {
        assert_eq!((look_up(key("march")).value, look_up(key("seven")).value), (3, 7));
        assert!(look_up(key("mrn")).roles & LABEL != 0 && look_up(key("oh")).roles & FIGURE != 0);
        assert!(look_up(key("sept")).roles & MONTH != 0);
    }
}
