//! The one pass: finds the places where something could be, sixty-four bytes at a time.
//!
//! Eight bytes are looked at as one number; comparisons of all eight at once leave a bit for each digit, letter, at-sign,
//! dot and colon. Of words only the first four letters are looked at, in a table of a few thousand bits that knows how
//! spoken numbers begin.
//!
//! What must always hold: each place is visited at most once, and what a reader has found or passed over is skipped.

use super::lexicon::{self, MONTH, SPOKEN};
use super::sift::Sift;
use super::view::{ALNUM, LETTER, Token, View, is};
use super::{month, net, number, spoken};

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Bits of sixty-four bytes.
#[derive(Default, Clone, Copy)]
struct Bits {
    digits: u64,
    letters: u64,
    at_signs: u64,
    dots: u64,
    colons: u64,
}

/// The top bits of eight bytes as eight bits.
#[inline]
fn gather(mask: u64) -> u64 {
    (mask & HIGH).wrapping_mul(0x0002_0408_1020_4081) >> 56
}

/// Top bit set in each byte that is this one.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (LOW * byte as u64);
    !(((differs & SEVEN) + SEVEN) | differs) & HIGH
}

/// Top bit set in each byte that is at least `from` and less than `to`, both below 128.
#[inline]
fn between(word: u64, from: u8, to: u8) -> u64 {
    let low = word & SEVEN;
    let at_least = low + LOW * (128 - from) as u64;
    let beyond = low + LOW * (128 - to) as u64;
    at_least & !beyond & !word & HIGH
}

#[inline]
fn bits(chunk: &[u8; 64]) -> Bits {
    let mut bits = Bits::default();
    for (index, eight) in chunk.chunks_exact(8).enumerate() {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(eight);
        let word = u64::from_le_bytes(bytes);
        let shift = index * 8;
        bits.digits |= gather(between(word, b'0', b'9' + 1)) << shift;
        bits.letters |= gather(between(word | (LOW * 0x20), b'a', b'z' + 1)) << shift;
        bits.at_signs |= gather(equal(word, b'@')) << shift;
        bits.dots |= gather(equal(word, b'.')) << shift;
        bits.colons |= gather(equal(word, b':')) << shift;
    }
    bits
}

const HEADS: usize = 64;

/// How spoken numbers and "dot" begin: bits by a hash of their first four letters.
static SPOKEN_HEADS: [u64; HEADS] = heads();

#[inline]
const fn head_slot(head: u32) -> u32 {
    // 20 bits away leave 12: a bit of 4,096.
    head.wrapping_mul(0x9e37_79b1) >> 20
}

/// The first four letters in lower case; of a word of three letters only those.
#[inline]
const fn head_of(bytes: [u8; 4]) -> u32 {
    let lower = u32::from_le_bytes(bytes) | 0x2020_2020;
    let last = (lower >> 24) as u8;
    if last.is_ascii_lowercase() { lower } else { lower & 0x00ff_ffff }
}

const fn heads() -> [u64; HEADS] {
    const WORDS: &[&[u8; 4]] = &[
        b"zero", b"one ", b"two ", b"thre", b"four", b"five", b"six ", b"seve", b"eigh", b"nine", b"ten ", b"elev",
        b"twel", b"thir", b"fift", b"sixt", b"twen", b"fort", b"nint", b"firs", b"seco", b"tent", b"doub", b"trip",
        b"dot ", b"janu", b"febr", b"marc", b"apri", b"may ", b"june", b"july", b"augu", b"sept", b"octo", b"nove",
        b"dece",
    ];
    let mut heads = [0; HEADS];
    let mut index = 0;
    while index < WORDS.len() {
        let slot = head_slot(head_of(*WORDS[index]));
        heads[(slot / 64) as usize] |= 1 << (slot % 64);
        index += 1;
    }
    heads
}

/// Which of these beginnings of words could begin a spoken number.
#[inline]
fn spoken_starts(chunk: &[u8], starts: u64) -> u64 {
    let mut left = starts;
    let mut hits = 0;
    while left != 0 {
        let place = left.trailing_zeros() as usize;
        left &= left - 1;
        let head = match chunk.get(place..place + 4) {
            Some(&[a, b, c, d]) => head_of([a, b, c, d]),
            _ => continue,
        };
        let slot = head_slot(head);
        hits |= (SPOKEN_HEADS[(slot / 64) as usize] >> (slot % 64) & 1) << place;
    }
    hits
}

/// Searches everything in the view.
pub(super) fn scan(view: View<'_>, sift: &mut Sift<'_>) {
    let bytes = view.bytes;
    let mut place = 0;
    let mut skip_to = 0;
    // Whether the byte before was a digit, and whether it was a letter.
    let (mut digit_before, mut letter_before) = (0_u64, 0_u64);
    while place < bytes.len() {
        let found = match bytes.get(place..place + 64).and_then(|chunk| chunk.try_into().ok()) {
            Some(chunk) => bits(chunk),
            None => {
                let mut last = [0; 64];
                last[..bytes.len() - place].copy_from_slice(&bytes[place..]);
                bits(&last)
            }
        };
        let digits_before = (found.digits << 1) | digit_before;
        let letters_before = (found.letters << 1) | letter_before;
        let words = found.letters & !(letters_before | digits_before);
        let numbers = found.digits & !digits_before;
        let dots = found.dots & (digits_before | letters_before);
        let mut anchors = numbers | dots | found.at_signs | found.colons | spoken_starts(&bytes[place..], words);
        while anchors != 0 {
            let anchor = place + anchors.trailing_zeros() as usize;
            anchors &= anchors - 1;
            if anchor >= skip_to {
                skip_to = visit(view, anchor, sift);
            }
        }
        digit_before = found.digits >> 63;
        letter_before = found.letters >> 63;
        place += 64;
    }
}

/// Tries the readers that this byte calls for; says from where on it goes on.
fn visit(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    match view.at(anchor) {
        b'@' => net::at_sign(view, anchor, sift),
        b'.' if is(view.at(anchor + 1), LETTER) => net::dot(view, anchor, sift),
        b':' if view.at(anchor + 1) == b'/' && view.at(anchor + 2) == b'/' => net::scheme(view, anchor, sift),
        b':' if view.at(anchor + 1) == b':' && is(view.at(anchor + 2), ALNUM) => net::colons(view, anchor, sift),
        b'.' | b':' => anchor + 1,
        byte if byte.is_ascii_digit() => number::visit(view, anchor, sift),
        _ => match view.word_at(anchor) {
            Some(token) if token.has(SPOKEN) => spoken::visit(view, token, sift),
            Some(token) if token.has(MONTH) => month_alone(view, token, sift),
            Some(token) if token.key == lexicon::key("dot") => net::spoken_dot(view, token, sift),
            _ => anchor + 1,
        },
    }
}

/// The name of a month without digits around it.
fn month_alone(view: View<'_>, token: Token, sift: &mut Sift<'_>) -> usize {
    if let Some(finding) = month::alone(view, token) {
        sift.push(finding);
    }
    token.end
}

#[cfg(test)]
mod tests {
    use super::{bits, spoken_starts};

    #[test]
    fn bits_are_those_of_a_plain_loop() {
        for seed in 0..=255_u8 {
            let chunk: [u8; 64] =
                std::array::from_fn(|index| seed.wrapping_mul(31).wrapping_add((index as u8).wrapping_mul(7)));
            let plain = |wanted: &dyn Fn(u8) -> bool| {
                chunk.iter().enumerate().fold(0, |sum, (index, byte)| sum | (u64::from(wanted(*byte)) << index))
            };
            let found = bits(&chunk);
            assert_eq!(found.digits, plain(&|byte| byte.is_ascii_digit()));
            assert_eq!(found.letters, plain(&|byte| byte.is_ascii_alphabetic()));
            assert_eq!(found.at_signs, plain(&|byte| byte == b'@'));
            assert_eq!(found.dots, plain(&|byte| byte == b'.'));
            assert_eq!(found.colons, plain(&|byte| byte == b':'));
        }
    }

    #[test]
    fn spoken_numbers_are_seen_and_most_words_are_not() {
        let text = b"the patient was seen, five One ten. ninety-two Seventh";
        let starts = text.iter().enumerate().fold(0_u64, |sum, (index, byte)| {
            let begins = byte.is_ascii_alphabetic() && (index == 0 || !text[index - 1].is_ascii_alphabetic());
            sum | (u64::from(begins) << index)
        });
        let hits = spoken_starts(text, starts);
        let places: Vec<_> = (0..64).filter(|place| hits >> place & 1 == 1).collect();
        assert_eq!(places, [22, 27, 31, 36, 43, 47].map(|place: u32| place).to_vec());
    }
}
