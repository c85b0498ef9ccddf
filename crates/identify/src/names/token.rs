//! Words of a text, with what stands between them.
//!
//! What must always hold: a word begins and ends on a character boundary; cutting a text into words takes time linear in
//! its length and no memory; any UTF-8 is cut without a panic.
//!
//! What it refuses to know: what a word means.

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Shape {
    /// `smith`.
    Lower,
    /// `Smith`.
    Title,
    /// `SMITH`, two letters or more.
    Upper,
    /// `S`.
    Initial,
    /// `McDonald`, `DeShawn`.
    Mixed,
    /// `iPhone`: a small letter first and a capital later.
    Inner,
    /// Letters with one or two digits that a scanner may have put there: `J0hnson`.
    Damaged,
    /// Has digits, or is longer than any name.
    Other,
}

/// What stands before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Gap {
    /// The text begins here.
    Start,
    /// Nothing that counts.
    Glued,
    /// Blanks.
    Space,
    /// One hyphen and no blank.
    Hyphen,
    /// At least one line end.
    Line,
    /// A full stop and a blank.
    Stop,
    /// A full stop without a blank.
    Dot,
    /// A comma.
    Comma,
    /// A colon.
    Colon,
    /// A semicolon.
    Semicolon,
    /// A bracket or quotation mark that opens.
    Open,
    /// A bracket or quotation mark that closes.
    Close,
    /// A slash.
    Slash,
    /// A tab, a bar, or blanks as wide as a column.
    Cell,
    /// An ampersand.
    Ampersand,
    /// A question or exclamation mark.
    Ask,
    /// The sign of mail addresses, or an underscore: what stands here is no prose.
    Address,
    /// Anything else.
    Other,
}

/// One word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// First byte.
    pub start: usize,
    /// One past the last byte, without a possessive ending.
    pub end: usize,
    /// Of the word in small letters without accents and apostrophes.
    pub hash: u64,
    /// How it is written.
    pub shape: Shape,
    /// What stands before it.
    pub gap: Gap,
    /// `'s` or another contraction follows.
    pub possessive: bool,
    /// Has letters of ASCII alone, so that the hash tells all that matters of its spelling.
    pub plain: bool,
}

/// No name is longer in bytes; what is longer is no word.
const WORD_BYTES_MAX: usize = 48;
/// FNV-1a's offset and prime for 64 bits; the finish mixes the high bits down.
const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;
const HASH_STEP: u64 = 0x0000_0100_0000_01b3;

/// Adds one small letter.
const fn hash_step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(HASH_STEP)
}

/// Spreads the sum over all bits, so that any of them can choose a bucket.
const fn hash_finish(hash: u64) -> u64 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// The hash of one word or of words with single blanks between them, in any case, with or without accents.
pub(crate) fn hash_of(words: &str) -> u64 {
    let mut hash = HASH_START;
    for letter in words.chars() {
        hash = hash_letter(hash, letter);
    }
    hash_finish(hash)
}

/// The hash of two pieces as one word.
pub(crate) fn hash_of_both(front: &str, back: &str) -> u64 {
    hash_finish(front.chars().chain(back.chars()).fold(HASH_START, hash_letter))
}

/// Two hashes in their order as one: the key of a pair of words.
pub(crate) const fn hash_pair(first: u64, second: u64) -> u64 {
    hash_finish(first.rotate_left(23) ^ second)
}

fn hash_letter(hash: u64, letter: char) -> u64 {
    if is_apostrophe(letter) {
        return hash;
    }
    if letter.is_ascii() {
        return hash_step(hash, letter.to_ascii_lowercase() as u8);
    }
    if let Some(plain) = without_accent(letter) {
        return hash_step(hash, plain);
    }
    letter.to_lowercase().fold(hash, |sum, small| {
        let mut bytes = [0; 4];
        small.encode_utf8(&mut bytes).bytes().fold(sum, hash_step)
    })
}

/// The plain letter under an accent, for the letters of Latin-1 and those of Latin Extended-A that are frequent in names.
fn without_accent(letter: char) -> Option<u8> {
    Some(match letter {
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' | 'Ā' | 'Ă' | 'Ą' => b'a',
        'ç' | 'Ç' | 'ć' | 'č' | 'Ć' | 'Č' => b'c',
        'ď' | 'đ' | 'Đ' | 'Ď' => b'd',
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ę' | 'ě' | 'Ē' | 'Ę' => b'e',
        'ğ' | 'Ğ' => b'g',
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'ı' | 'İ' => b'i',
        'ł' | 'Ł' => b'l',
        'ñ' | 'Ñ' | 'ń' | 'ň' | 'Ń' => b'n',
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ō' | 'ő' | 'Ō' => b'o',
        'ř' | 'Ř' => b'r',
        'ś' | 'ş' | 'š' | 'Ś' | 'Ş' | 'Š' | 'ș' => b's',
        'ţ' | 'ť' | 'ț' => b't',
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'ů' | 'ű' => b'u',
        'ý' | 'ÿ' | 'Ý' => b'y',
        'ź' | 'ż' | 'ž' | 'Ź' | 'Ż' | 'Ž' => b'z',
        // Vietnamese.
        'ĩ' | 'Ĩ' => b'i',
        'ơ' | 'Ơ' => b'o',
        'ũ' | 'Ũ' | 'ư' | 'Ư' => b'u',
        '\u{1ea0}'..='\u{1eb7}' => b'a',
        '\u{1eb8}'..='\u{1ec7}' => b'e',
        '\u{1ec8}'..='\u{1ecb}' => b'i',
        '\u{1ecc}'..='\u{1ee3}' => b'o',
        '\u{1ee4}'..='\u{1ef1}' => b'u',
        '\u{1ef2}'..='\u{1ef9}' => b'y',
        _ => return None,
    })
}

/// Straight, curly, the Hawaiian okina, and what stands in for them.
const fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bb}' | '\u{2bc}' | '`')
}

/// What is written for the Hawaiian okina and is nothing else.
const OKINAS: [char; 2] = ['\u{2bb}', '\u{2bc}'];

/// Cuts a text into words, one at a time.
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
    begun: bool,
}

impl<'a> Words<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, begun: false }
    }

    /// The bytes from the end of the last word to the next one, as one [`Gap`]; moves to the next word.
    fn gap(&mut self) -> Option<Gap> {
        let bytes = self.text.as_bytes();
        // Nearly always one blank parts two words.
        if self.begun
            && bytes.get(self.at) == Some(&b' ')
            && bytes.get(self.at + 1).is_some_and(u8::is_ascii_alphabetic)
        {
            self.at += 1;
            return Some(Gap::Space);
        }
        let mut seen = Between::default();
        while let Some(&byte) = bytes.get(self.at) {
            if byte < 0x80 {
                if byte.is_ascii_alphanumeric() {
                    break;
                }
                seen.take(byte);
                self.at += 1;
                continue;
            }
            let letter = self.text[self.at..].chars().next()?;
            // The okina counts as a letter, and alone it is no word: a word that is empty would be found for ever.
            if letter.is_alphanumeric() && !is_apostrophe(letter) {
                break;
            }
            seen.take_wide(letter);
            self.at += letter.len_utf8();
        }
        if self.at >= bytes.len() {
            return None;
        }
        let first = !std::mem::replace(&mut self.begun, true);
        Some(if first { Gap::Start } else { seen.gap() })
    }

    /// The letter that begins at byte `at`, and whether it goes on with a word.
    fn letter(&self, at: usize) -> Option<(char, bool)> {
        let byte = *self.text.as_bytes().get(at)?;
        if byte < 0x80 {
            return Some((byte as char, byte.is_ascii_alphanumeric()));
        }
        let letter = self.text[at..].chars().next()?;
        Some((letter, letter.is_alphanumeric()))
    }

    /// Does an apostrophe at `at` end a word, so that only a contraction follows; then where that ends.
    fn contraction(&self, after: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(after..).unwrap_or_default();
        for tail in [&b"s"[..], b"m", b"d", b"ll", b"re", b"ve"] {
            if rest.len() >= tail.len() && rest[..tail.len()].eq_ignore_ascii_case(tail) {
                let end = after + tail.len();
                if self.letter(end).is_none_or(|(_, word)| !word) {
                    return Some(end);
                }
            }
        }
        None
    }

    fn word(&mut self, gap: Gap) -> Token {
        let bytes = self.text.as_bytes();
        // The okina that a name begins with is part of it.
        let first = self.at;
        let start = match first.checked_sub(1).map(|before| bytes[before]) {
            Some(0x80..) => {
                let before = &self.text[..first];
                first - OKINAS.iter().find(|okina| before.ends_with(**okina)).map_or(0, |okina| okina.len_utf8())
            }
            _ => first,
        };
        let mut form = Form::default();
        let mut hash = HASH_START;
        let mut possessive = false;
        // Nearly all letters are plain: they are taken without a look at what else they could be.
        for byte in bytes[first..].iter().take_while(|byte| byte.is_ascii_alphabetic()) {
            form.take_plain(*byte);
            hash = hash_step(hash, byte | 0x20);
        }
        form.first_is_capital = bytes[first].is_ascii_uppercase();
        self.at += form.letters as usize;
        let mut end = self.at;
        let plain_end = end;
        // A blank ends a word, and behind most words stands one.
        let blank = bytes.get(end).is_none_or(u8::is_ascii_whitespace);
        while !blank && let Some((letter, in_word)) = self.letter(self.at) {
            let next = self.at + letter.len_utf8();
            if is_apostrophe(letter) {
                if let Some(after) = self.contraction(next) {
                    possessive = true;
                    self.at = after;
                    break;
                }
                if self.letter(next).is_none_or(|(follows, _)| !follows.is_alphabetic()) {
                    break;
                }
            } else if in_word {
                form.take(letter);
                hash = hash_letter(hash, letter);
            } else {
                break;
            }
            self.at = next;
            end = next;
        }
        let shape = form.shape(end - start);
        if shape == Shape::Damaged {
            hash = self.text[start..end].chars().map(undamaged).fold(HASH_START, hash_letter);
        }
        let plain = start == first && end == plain_end;
        Token { start, end, hash: hash_finish(hash), shape, gap, possessive, plain }
    }
}

impl Iterator for Words<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let gap = self.gap()?;
        Some(self.word(gap))
    }
}

/// The letter that a scanner read as a digit.
const fn undamaged(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' => 'l',
        '5' => 's',
        '8' => 'b',
        other => other,
    }
}

/// Counts of letters in a word.
#[derive(Default)]
struct Form {
    letters: u32,
    capitals: u32,
    digits: u32,
    odd_digits: u32,
    first_is_capital: bool,
}

impl Form {
    fn take(&mut self, letter: char) {
        if letter.is_ascii_digit() {
            self.digits += 1;
            self.odd_digits += u32::from(!matches!(letter, '0' | '1' | '5' | '8') || self.letters == 0);
            return;
        }
        let capital = letter.is_uppercase();
        self.first_is_capital |= capital && self.letters == 0;
        self.letters += 1;
        self.capitals += u32::from(capital);
    }

    /// The same for a letter of ASCII, but for whether the first one is a capital.
    const fn take_plain(&mut self, letter: u8) {
        self.letters += 1;
        self.capitals += letter.is_ascii_uppercase() as u32;
    }

    fn shape(&self, bytes: usize) -> Shape {
        if bytes > WORD_BYTES_MAX || self.letters == 0 {
            return Shape::Other;
        }
        if self.digits > 0 {
            let scanned = self.odd_digits == 0 && self.digits <= 2 && self.letters >= 4 && self.first_is_capital;
            return if scanned { Shape::Damaged } else { Shape::Other };
        }
        match (self.capitals, self.letters) {
            (0, _) => Shape::Lower,
            (1, 1) => Shape::Initial,
            (capitals, letters) if capitals == letters => Shape::Upper,
            (1, _) if self.first_is_capital => Shape::Title,
            _ if self.first_is_capital => Shape::Mixed,
            _ => Shape::Inner,
        }
    }
}

/// What was met between two words.
#[derive(Default)]
struct Between {
    line: bool,
    cell: bool,
    blanks: u32,
    bytes: u32,
    first: u8,
    blank_after_first: bool,
}

impl Between {
    fn take(&mut self, byte: u8) {
        self.bytes = self.bytes.saturating_add(1);
        match byte {
            b'\n' | b'\r' | 0x0b | 0x0c => self.line = true,
            b'\t' | b'|' => self.cell = true,
            b' ' => {
                self.blanks = self.blanks.saturating_add(1);
                self.blank_after_first |= self.first != 0;
            }
            b'@' | b'_' => self.first = b'@',
            b'\\' => {}
            other if self.first == 0 => self.first = other,
            _ => {}
        }
    }

    fn take_wide(&mut self, letter: char) {
        let like = match letter {
            '\u{a0}' | '\u{2002}'..='\u{200b}' => b' ',
            '\u{2028}' | '\u{2029}' => b'\n',
            '\u{201c}' | '\u{ab}' => b'(',
            '\u{201d}' | '\u{bb}' => b')',
            '\u{2010}' | '\u{2011}' => b'-',
            '\u{2bb}' | '\u{2bc}' => b'\\',
            _ => b'*',
        };
        self.take(like);
    }

    const fn gap(&self) -> Gap {
        if self.line {
            return Gap::Line;
        }
        if self.cell || self.blanks >= 3 {
            return Gap::Cell;
        }
        match self.first {
            0 if self.blanks > 0 => Gap::Space,
            0 => Gap::Glued,
            b'-' if self.bytes == 1 => Gap::Hyphen,
            b'.' if self.blank_after_first => Gap::Stop,
            b'.' => Gap::Dot,
            b',' => Gap::Comma,
            b':' => Gap::Colon,
            b';' => Gap::Semicolon,
            b'(' | b'[' | b'{' | b'"' | b'\'' | b'<' => Gap::Open,
            b')' | b']' | b'}' | b'>' => Gap::Close,
            b'/' => Gap::Slash,
            b'&' => Gap::Ampersand,
            b'?' | b'!' => Gap::Ask,
            b'@' => Gap::Address,
            _ => Gap::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gap, Shape, Words, hash_of};

    fn words(text: &str) -> Vec<(&str, Shape, Gap)> {
        Words::new(text).map(|token| (&text[token.start..token.end], token.shape, token.gap)).collect()
    }

    #[test]
    fn a_possessive_ending_is_no_part_of_the_word_and_an_apostrophe_within_a_name_is() {
        let found: Vec<_> =
            words("Smith's O'Brien Ka\u{2bb}ahumanu D\u{2019}Angelo's").iter().map(|word| word.0).collect();
        assert_eq!(found, ["Smith", "O'Brien", "Ka\u{2bb}ahumanu", "D\u{2019}Angelo"]);
        assert_eq!(words("see \u{2bb}Iolani")[1], ("\u{2bb}Iolani", Shape::Title, Gap::Space));
    }

    #[test]
    fn the_way_a_word_is_written_is_told() {
        let found: Vec<_> = words("smith Smith SMITH S McDonald J0hnson B12 iPad").iter().map(|word| word.1).collect();
        let expected = [
            Shape::Lower,
            Shape::Title,
            Shape::Upper,
            Shape::Initial,
            Shape::Mixed,
            Shape::Damaged,
            Shape::Other,
            Shape::Inner,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_stands_between_words_is_told() {
        let found: Vec<_> = words("a b-c, d\ne. f.g:h    i@j").iter().map(|word| word.2).collect();
        let expected = [
            Gap::Start,
            Gap::Space,
            Gap::Hyphen,
            Gap::Comma,
            Gap::Line,
            Gap::Stop,
            Gap::Dot,
            Gap::Colon,
            Gap::Cell,
            Gap::Address,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn case_accents_apostrophes_and_damage_do_not_change_the_hash() {
        let of = |text: &str| Words::new(text).next().map(|token| token.hash);
        assert_eq!(of("Muñoz"), of("MUNOZ"));
        assert_eq!(of("O'Brien"), of("obrien"));
        assert_eq!(of("J0hnson"), of("Johnson"));
        assert_eq!(of("Smith"), Some(hash_of("smith")));
        assert_ne!(of("Smith"), of("Smyth"));
    }
}
