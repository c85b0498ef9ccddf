//! The one pass: finds the places where something could be, sixty-four bytes at a time.
//!
//! Comparisons of all at once leave a bit for each digit, letter and sign that may stand in an address of the net. Of words
//! only the first four letters are looked at, in a table of a few thousand bits that knows how spoken numbers begin.
//!
//! What must always hold: each place is visited at most once, and what a reader has found or passed over is skipped.

use super::lexicon::{self, MONTH, SPOKEN};
use super::sift::Sift;
use super::view::{ALNUM, LETTER, Token, View, is};
use super::{crossing, month, net, number, spoken};
use crate::phi::Finding;

/// Bytes that are looked at together.
const CHUNK: usize = 64;

/// Bits of sixty-four bytes.
#[derive(Default, Clone, Copy)]
struct Bits {
    digits: u64,
    letters: u64,
    /// At-signs, dots, colons and ampersands: rare enough to be told apart one by one.
    signs: u64,
}

/// A bit for each byte that is 1; the others are 0.
#[inline]
fn gather(ones: &[u8; CHUNK]) -> u64 {
    let mut bits = 0;
    for (index, eight) in ones.as_chunks::<8>().0.iter().enumerate() {
        // Each byte is moved to a bit of its own in the topmost byte.
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
    }
    bits
}

#[inline]
fn bits(chunk: &[u8; CHUNK]) -> Bits {
    // Plain loops, one for each kind: the compiler makes vectors of them.
    let digits = chunk.map(|byte| u8::from(byte.wrapping_sub(b'0') < 10));
    let letters = chunk.map(|byte| u8::from((byte | 0x20).wrapping_sub(b'a') < 26));
    let signs = chunk.map(|byte| u8::from((byte == b'@') | (byte == b'.') | (byte == b':') | (byte == b'&')));
    Bits { digits: gather(&digits), letters: gather(&letters), signs: gather(&signs) }
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
        b"dece", b"corn",
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
        let found = match bytes[place..].first_chunk() {
            Some(chunk) => bits(chunk),
            None => {
                let mut last = [0; CHUNK];
                last[..bytes.len() - place].copy_from_slice(&bytes[place..]);
                bits(&last)
            }
        };
        let digits_before = (found.digits << 1) | digit_before;
        let letters_before = (found.letters << 1) | letter_before;
        let words = found.letters & !(letters_before | digits_before);
        let numbers = found.digits & !digits_before;
        let mut anchors = numbers | found.signs | spoken_starts(&bytes[place..], words);
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
    let byte = view.at(anchor);
    // Nearly all are digits: asked first, since a jump by a table is foreseen worse.
    if byte.is_ascii_digit() {
        return number::visit(view, anchor, sift);
    }
    match byte {
        b'@' => net::at_sign(view, anchor, sift),
        // Most dots end sentences, and most colons labels.
        b'.' if is(view.at(anchor + 1), LETTER) && is(view.before(anchor), ALNUM) => net::dot(view, anchor, sift),
        b':' if view.at(anchor + 1) == b'/' && view.at(anchor + 2) == b'/' => net::scheme(view, anchor, sift),
        b':' if view.at(anchor + 1) == b':' && is(view.at(anchor + 2), ALNUM) => net::colons(view, anchor, sift),
        b'&' => placed(crossing::ampersand(view, anchor), anchor, sift),
        b'.' | b':' => anchor + 1,
        _ => match view.word_at(anchor) {
            Some(token) if token.has(SPOKEN) => spoken::visit(view, token, sift),
            Some(token) if token.has(MONTH) => month_alone(view, token, sift),
            Some(token) if token.key == lexicon::key("dot") => net::spoken_dot(view, token, sift),
            Some(token) if token.is("corner") => placed(crossing::corner(view, token), anchor, sift),
            _ => anchor + 1,
        },
    }
}

/// Takes an address that was found without a number; says from where on the search goes on.
fn placed(finding: Option<Finding>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    match finding {
        Some(finding) => {
            sift.push(finding);
            finding.end.max(anchor + 1)
        }
        None => anchor + 1,
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
            assert_eq!(found.signs, plain(&|byte| b"@.:&".contains(&byte)));
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
