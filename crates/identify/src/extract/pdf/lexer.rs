//! The tokens of page content and of `ToUnicode` maps (ISO 32000-1, 7.2 and 7.8.2), one at a time.

/// Arrays and dictionaries nested deeper than this are not text.
const DEPTH_MAX: usize = 16;
/// Items of an array that are kept: a token takes sixteen times the memory of its two bytes.
const ITEMS_MAX: usize = 100_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    Text(Vec<u8>),
    Name(Vec<u8>),
    Array(Vec<Token<'a>>),
    /// Dictionaries carry properties of marked content; nothing in them is shown.
    Dictionary,
    Operator(&'a [u8]),
}

pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, 10 | 13)) {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The next token; broken ones are skipped, as readers do.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        self.token(0)
    }

    fn token(&mut self, depth: usize) -> Option<Token<'a>> {
        loop {
            self.skip_space();
            let byte = self.peek()?;
            self.at += 1;
            return Some(match byte {
                b'(' => Token::Text(self.literal()),
                b'<' if self.peek() == Some(b'<') => {
                    self.at += 1;
                    self.skip_dictionary();
                    Token::Dictionary
                }
                b'<' => Token::Text(self.hexadecimal()),
                b'/' => Token::Name(self.name()),
                b'[' => Token::Array(self.array(depth)),
                b']' if depth > 0 => {
                    self.at -= 1;
                    return None;
                }
                b')' | b'>' | b']' | b'{' | b'}' => continue,
                b'+' | b'-' | b'.' | b'0'..=b'9' => {
                    self.at -= 1;
                    match self.number() {
                        Some(number) => Token::Number(number),
                        None => continue,
                    }
                }
                _ => {
                    self.at -= 1;
                    Token::Operator(self.regular())
                }
            });
        }
    }

    /// A run of regular characters.
    fn regular(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| !is_space(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn number(&mut self) -> Option<f64> {
        let word = self.regular();
        let word = word.get(..word.len().min(40)).unwrap_or_default();
        let text = std::str::from_utf8(word).ok()?;
        let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.'));
        // Some writers give `--5` or `5-3`; readers take what they understand.
        let text = text
            .trim_start_matches("--")
            .split_inclusive('-')
            .next_back()
            .filter(|_| text.contains("--"))
            .unwrap_or(text);
        plain.then(|| text.parse::<f64>().unwrap_or(0.0)).filter(|number| number.is_finite())
    }

    fn array(&mut self, depth: usize) -> Vec<Token<'a>> {
        let mut items = Vec::new();
        if depth >= DEPTH_MAX {
            return items;
        }
        while let Some(token) = self.token(depth + 1) {
            // An operator inside an array: the bracket was never closed.
            if matches!(token, Token::Operator(_)) {
                return items;
            }
            if items.len() < ITEMS_MAX {
                items.push(token);
            }
        }
        if self.peek() == Some(b']') {
            self.at += 1;
        }
        items
    }

    /// Goes behind the matching `>>`.
    fn skip_dictionary(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            self.skip_space();
            let Some(byte) = self.peek() else { return };
            self.at += 1;
            match (byte, self.peek()) {
                (b'(', _) => {
                    self.literal();
                }
                (b'<', Some(b'<')) => {
                    self.at += 1;
                    depth += 1;
                }
                (b'>', Some(b'>')) => {
                    self.at += 1;
                    depth -= 1;
                }
                _ => {}
            }
        }
    }

    fn literal(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return text;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(digit @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                // "High-order overflow shall be ignored" (7.3.4.2).
                text.push(u8::try_from(value & 0xFF).unwrap_or(0));
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            if let Some(digit) = char::from(byte).to_digit(16) {
                digits.push(u8::try_from(digit).unwrap_or(0));
            }
        }
        digits.chunks(2).map(|pair| pair[0] * 16 + pair.get(1).copied().unwrap_or(0)).collect()
    }

    fn name(&mut self) -> Vec<u8> {
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut bytes = raw;
        while let Some((&first, rest)) = bytes.split_first() {
            let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
            match (first, hex(rest.first()), hex(rest.get(1))) {
                (b'#', Some(high), Some(low)) => {
                    name.push(u8::try_from(high * 16 + low).unwrap_or(0));
                    bytes = rest.get(2..).unwrap_or_default();
                }
                _ => {
                    name.push(first);
                    bytes = rest;
                }
            }
        }
        name
    }

    /// Goes behind the data of an inline image: the reader stands after `BI`.
    pub(super) fn skip_inline_image(&mut self) {
        loop {
            match self.next() {
                Some(Token::Operator(b"ID")) => break,
                Some(_) => {}
                None => return,
            }
        }
        self.at += 1;
        // The data has no length of its own: `EI` between white space ends it.
        while let Some(window) = self.bytes.get(self.at..) {
            match window {
                [before, b'E', b'I', rest @ ..]
                    if is_space(*before) && rest.first().is_none_or(|byte| is_space(*byte)) =>
                {
                    self.at += 3;
                    return;
                }
                [] => return,
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Token};

    fn all(bytes: &[u8]) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(bytes);
        std::iter::from_fn(|| lexer.next()).collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        let tokens = all(b"/F#41 12.5 Tf [(a\\(b\\051) -120 <4 1 4>]TJ % note\n<</A(>>)/B<</C 1>>>>BDC -.5 ' --3 x*");
        assert_eq!(
            tokens,
            [
                Token::Name(b"FA".to_vec()),
                Token::Number(12.5),
                Token::Operator(b"Tf"),
                Token::Array(vec![Token::Text(b"a(b)".to_vec()), Token::Number(-120.0), Token::Text(b"A@".to_vec())]),
                Token::Operator(b"TJ"),
                Token::Dictionary,
                Token::Operator(b"BDC"),
                Token::Number(-0.5),
                Token::Operator(b"'"),
                Token::Number(3.0),
                Token::Operator(b"x*"),
            ]
        );
    }

    #[test]
    fn inline_images_are_passed_over() {
        let mut lexer = Lexer::new(b"BI /W 1 ID \x00EI\xFF(\nEI Q");
        assert_eq!(lexer.next(), Some(Token::Operator(b"BI")));
        lexer.skip_inline_image();
        assert_eq!(lexer.next(), Some(Token::Operator(b"Q")));
    }

    #[test]
    fn hostile_nesting_ends() {
        for bytes in [&b"["[..], b"(", b"<<", b"<", b"[[", b"\\"] {
            all(&bytes.repeat(100_000));
        }
    }
}
