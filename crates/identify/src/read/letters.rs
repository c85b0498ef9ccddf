//! Bytes as characters, with the way back: UTF-8, UTF-16 and Windows-1252, also mixed as exports mix them.
//!
//! What must always hold: every byte becomes some character, so that nothing is left unread, and every character knows
//! its bytes. UTF-8 that is whole costs no copy.
//!
//! What it refuses to know: charsets that cannot be told from these by their bytes alone.

use super::edit::EditError;
use super::escape::Escape;
use super::map::{How, OffsetMap};
use crate::charset::SingleByte;

/// How the bytes of a text stand for characters, when they are not plain UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Letters {
    /// UTF-16, little end first; a mark before it is no text.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// Windows-1252. The five bytes that it does not use are taken as control characters of the same number.
    Windows1252,
    /// Mostly UTF-8, with bytes in it that can only be Windows-1252.
    Mixed,
    /// UTF-8 behind a mark.
    Marked,
}

/// As reports say it.
pub(super) const fn label(letters: Letters) -> &'static str {
    match letters {
        Letters::Utf16Le => "utf-16le",
        Letters::Utf16Be => "utf-16be",
        Letters::Windows1252 => "windows-1252",
        Letters::Mixed => "utf-8 and windows-1252 mixed",
        Letters::Marked => "utf-8 with a mark",
    }
}

/// What the bytes are, if they are not plain UTF-8.
pub(super) fn letters_of(bytes: &[u8]) -> Option<Letters> {
    if let Some(wide) = wide(bytes) {
        return Some(wide);
    }
    let marked = bytes.starts_with(&[0xEF, 0xBB, 0xBF]);
    if std::str::from_utf8(bytes).is_ok() {
        return marked.then_some(Letters::Marked);
    }
    // Which of both the writer meant is said by what there is more of. A look at the first wrong places is enough.
    let (mut broken, mut whole) = (0_usize, usize::from(marked));
    for chunk in bytes.utf8_chunks().take(200) {
        broken += chunk.invalid().len();
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
    }
    Some(if whole > 0 && whole >= broken { Letters::Mixed } else { Letters::Windows1252 })
}

/// Which UTF-16 the bytes are, if they are: by their mark or by their beginning.
pub(super) fn wide(bytes: &[u8]) -> Option<Letters> {
    match bytes {
        [0xFF, 0xFE, ..] => Some(Letters::Utf16Le),
        [0xFE, 0xFF, ..] => Some(Letters::Utf16Be),
        _ => wide_by_nuls(&bytes[..bytes.len().min(4_096)]),
    }
}

/// UTF-16 without a mark: nearly every second byte of Latin text is NUL.
fn wide_by_nuls(head: &[u8]) -> Option<Letters> {
    let (pairs, _) = head.as_chunks::<2>();
    if pairs.len() < 4 || !head.contains(&0) {
        return None;
    }
    let little = pairs.iter().filter(|pair| pair[0] != 0 && pair[1] == 0).count();
    let big = pairs.iter().filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    let most = pairs.len() * 9 / 10;
    if little >= most {
        Some(Letters::Utf16Le)
    } else if big >= most {
        Some(Letters::Utf16Be)
    } else {
        None
    }
}

/// The text, and where each character came from.
pub(super) fn decode(bytes: &[u8], letters: Letters) -> (String, OffsetMap) {
    let mut out = Decoded { text: String::with_capacity(bytes.len()), map: OffsetMap::default() };
    match letters {
        Letters::Utf16Le => out.wide(bytes, u16::from_le_bytes),
        Letters::Utf16Be => out.wide(bytes, u16::from_be_bytes),
        Letters::Windows1252 => out.narrow(bytes, 0),
        Letters::Mixed | Letters::Marked => {
            let mut at = if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) { 3 } else { 0 };
            for chunk in bytes[at..].utf8_chunks() {
                out.same(chunk.valid(), at);
                at += chunk.valid().len();
                out.narrow(chunk.invalid(), at);
                at += chunk.invalid().len();
            }
        }
    }
    (out.text, out.map)
}

struct Decoded {
    text: String,
    map: OffsetMap,
}

impl Decoded {
    fn same(&mut self, text: &str, at: usize) {
        self.text.push_str(text);
        self.map.push(text.len(), at..at + text.len(), How::Same, Escape::Plain);
    }

    fn narrow(&mut self, bytes: &[u8], offset: usize) {
        for (at, byte) in bytes.iter().enumerate() {
            let letter = windows_1252(*byte);
            self.text.push(letter);
            let how = match letter.len_utf8() {
                1 => How::Same,
                2 => How::Narrow,
                _ => How::Atom,
            };
            self.map.push(letter.len_utf8(), offset + at..offset + at + 1, how, Escape::Plain);
        }
    }

    fn wide(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16) {
        let marked = matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
        let mut at = if marked { 2 } else { 0 };
        let (pairs, rest) = bytes[at..].as_chunks::<2>();
        for read in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            // Half a pair is two bytes that are no letter.
            let (letter, long) =
                read.map_or((char::REPLACEMENT_CHARACTER, 2), |letter| (letter, letter.len_utf16() * 2));
            self.text.push(letter);
            let how = if letter.is_ascii() { How::Wide } else { How::Atom };
            self.map.push(letter.len_utf8(), at..at + long, how, Escape::Plain);
            at += long;
        }
        if !rest.is_empty() {
            self.text.push(char::REPLACEMENT_CHARACTER);
            self.map.push(3, at..at + 1, How::Atom, Escape::Plain);
        }
    }
}

/// The character of a byte.
pub(super) fn windows_1252(byte: u8) -> char {
    SingleByte::Windows1252.char_of(byte).unwrap_or(char::from(byte))
}

/// Does the charset have this character.
pub(super) fn holds(letters: Letters, letter: char) -> bool {
    letters != Letters::Windows1252 || byte_of(letter).is_some()
}

fn byte_of(letter: char) -> Option<u8> {
    let number = u32::from(letter);
    match number {
        0..=0x7F | 0xA0..=0xFF => u8::try_from(number).ok(),
        _ => (0x80..=0x9F).find(|byte| windows_1252(*byte) == letter),
    }
}

/// New text, given as UTF-8, in this charset.
pub(super) fn encode(text: &[u8], letters: Letters) -> Result<Vec<u8>, EditError> {
    let text = std::str::from_utf8(text).map_err(|_| EditError::NotRepresentable)?;
    Ok(match letters {
        Letters::Mixed | Letters::Marked => text.as_bytes().to_vec(),
        Letters::Windows1252 => {
            text.chars().map(|letter| byte_of(letter).ok_or(EditError::NotRepresentable)).collect::<Result<_, _>>()?
        }
        Letters::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Letters::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Letters, decode, encode, letters_of};
    use proptest::prelude::*;

    #[test]
    fn every_charset_is_told_by_its_bytes() {
        assert_eq!(letters_of("Zoë".as_bytes()), None);
        assert_eq!(letters_of(b"\xEF\xBB\xBFZo"), Some(Letters::Marked));
        assert_eq!(letters_of(b"Zo\xEB Lee"), Some(Letters::Windows1252));
        assert_eq!(letters_of(b"\xC3\xA9\xC3\xAB Zo\xEB"), Some(Letters::Mixed));
        assert_eq!(letters_of(b"\xFF\xFEZ\0"), Some(Letters::Utf16Le));
        assert_eq!(letters_of(b"Z\0o\0e\0 \0L\0e\0e\0"), Some(Letters::Utf16Le));
        assert_eq!(letters_of(b"\0Z\0o\0e\0 \0L\0e\0e"), Some(Letters::Utf16Be));
    }

    #[test]
    fn mixed_letters_are_each_read_as_what_they_are() {
        let (text, map) = decode(b"\xC3\xA9 Zo\xEB \x93x\x94", Letters::Mixed);
        assert_eq!(text, "é Zoë “x”");
        let at = text.find('ë').unwrap();
        assert_eq!(map.source(at..at + 2), 5..6);
    }

    proptest! {
        #[test]
        fn every_character_knows_its_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80), which in 0..4_usize) {
            let letters = [Letters::Windows1252, Letters::Mixed, Letters::Utf16Le, Letters::Utf16Be][which];
            let (text, map) = decode(&bytes, letters);
            for (at, letter) in text.char_indices() {
                let source = map.source(at..at + letter.len_utf8());
                let piece = &bytes[source.start as usize..source.end as usize];
                prop_assert!(!piece.is_empty());
                if letter != char::REPLACEMENT_CHARACTER && letters != Letters::Mixed {
                    prop_assert_eq!(encode(letter.to_string().as_bytes(), letters).unwrap(), piece);
                }
            }
        }
    }
}
