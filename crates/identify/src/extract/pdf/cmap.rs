//! `ToUnicode` maps: what the codes of a font mean (ISO 32000-1, 9.10.3; Adobe Technical Note 5014).

use super::lexer::{Lexer, Token};
use std::collections::HashMap;

/// Codes that are kept; a font has at most 65,536 glyphs.
const CODES_MAX: usize = 70_000;
/// Longest meaning of one code, in UTF-16 units; ligatures have three.
const UNITS_MAX: usize = 16;

#[derive(Default)]
pub(super) struct CMap {
    meanings: HashMap<(u8, u32), String>,
    /// Byte lengths that codes may have, shortest first.
    lengths: [bool; 4],
}

impl CMap {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::new(bytes);
        let mut operands: Vec<Token<'_>> = Vec::new();
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                if operands.len() < 4 * CODES_MAX {
                    operands.push(token);
                }
                continue;
            };
            match operator {
                b"endcodespacerange" => map.code_space(&operands),
                b"endbfchar" => map.characters(&operands),
                b"endbfrange" => map.ranges(&operands),
                _ => {}
            }
            operands.clear();
        }
        map
    }

    /// Codes with a meaning.
    pub(super) fn len(&self) -> usize {
        self.meanings.len()
    }

    /// The meaning of a code of so many bytes.
    pub(super) fn meaning(&self, length: u8, code: u32) -> Option<&str> {
        self.meanings.get(&(length, code)).map(String::as_str)
    }

    /// Code lengths that the map speaks of.
    pub(super) fn has_length(&self, length: u8) -> bool {
        self.lengths.get(usize::from(length).wrapping_sub(1)).copied().unwrap_or(false)
    }

    fn code_space(&mut self, operands: &[Token<'_>]) {
        for operand in operands {
            if let Token::Text(bytes) = operand
                && let Some(known) = bytes.len().checked_sub(1).and_then(|index| self.lengths.get_mut(index))
            {
                *known = true;
            }
        }
    }

    fn characters(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Token::Text(code), Token::Text(meaning)] = pair
                && let Some((length, code)) = number(code)
            {
                self.put(length, code, utf16(meaning));
            }
        }
    }

    fn ranges(&mut self, operands: &[Token<'_>]) {
        for triple in operands.chunks_exact(3) {
            let [Token::Text(low), Token::Text(high), to] = triple else { continue };
            let (Some((length, low)), Some((_, high))) = (number(low), number(high)) else { continue };
            // `put` refuses beyond the limit, and this stops the counting too.
            let codes = (low..=high).take(CODES_MAX.saturating_sub(self.meanings.len()));
            match to {
                Token::Text(first) => {
                    let units = utf16(first);
                    for (step, code) in codes.enumerate() {
                        let mut units = units.clone();
                        if let Some(last) = units.last_mut() {
                            *last = last.wrapping_add(u16::try_from(step & 0xFFFF).unwrap_or(0));
                        }
                        self.put(length, code, units);
                    }
                }
                Token::Array(items) => {
                    for (code, item) in codes.zip(items) {
                        if let Token::Text(meaning) = item {
                            self.put(length, code, utf16(meaning));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, length: u8, code: u32, units: Vec<u16>) {
        let meaning = String::from_utf16_lossy(&units);
        // U+0000 and U+FFFD are how writers say that they do not know.
        if self.meanings.len() < CODES_MAX && !matches!(meaning.as_str(), "" | "\0" | "\u{fffd}") {
            self.meanings.insert((length, code), meaning);
        }
    }
}

/// A code and its length in bytes.
fn number(bytes: &[u8]) -> Option<(u8, u32)> {
    let length = u8::try_from(bytes.len()).ok().filter(|length| (1..=4).contains(length))?;
    Some((length, bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))))
}

fn utf16(bytes: &[u8]) -> Vec<u16> {
    match bytes {
        // Some writers give one byte for a Latin letter.
        [byte] => vec![u16::from(*byte)],
        bytes => bytes.as_chunks::<2>().0.iter().take(UNITS_MAX).map(|pair| u16::from_be_bytes(*pair)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::CMap;

    #[test]
    fn characters_ranges_and_lists_are_read() {
        let map = CMap::parse(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange 2 beginbfchar <0001> <00660069> <02> <41> endbfchar \
              2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<0078> <D83DDE00>] endbfrange",
        );
        let read: Vec<_> = [(2, 1), (1, 2), (2, 0x10), (2, 0x12), (2, 0x20), (2, 0x21), (2, 0x22)]
            .map(|(length, code)| map.meaning(length, code))
            .into();
        assert_eq!(read, [Some("fi"), Some("A"), Some("a"), Some("c"), Some("x"), Some("😀"), None]);
        assert!(map.has_length(2) && !map.has_length(1) && !map.has_length(0) && !map.has_length(9));
    }

    #[test]
    fn a_range_over_everything_stays_bounded() {
        let map = CMap::parse(&b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange ".repeat(1_000));
        assert!(map.meanings.len() <= super::CODES_MAX);
    }
}
