//! Rich Text Format (Microsoft's specification 1.9.1) with the place of each letter.
//!
//! What must always hold: one pass, a bounded stack, groups beyond it are counted; pictures and objects are said to
//! be opaque; what a document says of itself (title, author, comments, hidden words) is text too.
//!
//! What it refuses to know: how anything looks.

use super::escape::Escape;
use super::letters::windows_1252;
use super::weave::Weaver;
use super::{Opaque, Place, Reading};

/// Groups without words of anybody's.
const SKIPPED: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "xmlnstbl",
    "pgptbl",
    "blipuid",
    "mmathPr",
    "passwordhash",
    "fchars",
    "lchars",
    "pnseclvl",
    "creatim",
    "revtim",
    "printim",
];

#[derive(Clone, Copy)]
struct Group {
    skipped: bool,
    /// How many letters stand in for one of `\u`.
    fallback: usize,
}

/// Reads Rich Text.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut document = Document {
        weaver: Weaver::new(reading, place),
        text,
        stack: Vec::new(),
        deeper: 0,
        now: Group { skipped: false, fallback: 1 },
        high: None,
        opaque: [false; 2],
    };
    let mut at = 0;
    while at < text.len() {
        at = document.step(at);
        document.weaver.rest_late();
    }
    let open = document.stack.len() + document.deeper;
    if open > 0 {
        document.weaver.opaque(Opaque::Damaged(text.len() as u64));
    }
    document.weaver.finish();
}

struct Document<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    stack: Vec<Group>,
    deeper: usize,
    now: Group,
    /// The first half of a letter that is written as two numbers.
    high: Option<(u16, usize)>,
    /// Was it said that there are pictures, objects.
    opaque: [bool; 2],
}

impl Document<'_, '_, '_> {
    fn step(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        match bytes[at] {
            b'{' => {
                if self.stack.len() < self.weaver.reading.limits.depth_max {
                    self.stack.push(self.now);
                } else {
                    self.deeper += 1;
                }
                at + 1
            }
            b'}' => {
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else if let Some(before) = self.stack.pop() {
                    self.now = before;
                }
                at + 1
            }
            b'\\' => self.control(at),
            b'\r' | b'\n' => at + 1,
            _ => {
                let far = bytes[at..].iter().position(|byte| matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n'));
                let end = far.map_or(bytes.len(), |far| at + far);
                if !self.now.skipped {
                    self.weaver.copy(self.text, at..end, Escape::Rtf);
                }
                end
            }
        }
    }

    fn control(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let Some(&sign) = bytes.get(at + 1) else { return at + 1 };
        if sign.is_ascii_alphabetic() {
            return self.word(at);
        }
        match sign {
            b'\'' => {
                let digit = |far: usize| bytes.get(at + far).and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(2), digit(3)) else { return at + 2 };
                let letter = windows_1252(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                self.letter(letter, at, at + 4);
                at + 4
            }
            b'*' => at + 2,
            b'~' => self.letter('\u{a0}', at, at + 2),
            b'_' => self.letter('\u{2011}', at, at + 2),
            b'-' => at + 2,
            b'\r' | b'\n' => self.gap("\n", at, at + 2),
            b'\\' | b'{' | b'}' => self.letter(char::from(sign), at, at + 2),
            _ => at + 1 + self.text[at + 1..].chars().next().map_or(1, char::len_utf8),
        }
    }

    fn letter(&mut self, letter: char, start: usize, end: usize) -> usize {
        if !self.now.skipped {
            self.weaver.atom(letter.encode_utf8(&mut [0; 4]), start..end, Escape::Rtf);
        }
        end
    }

    fn gap(&mut self, text: &str, start: usize, end: usize) -> usize {
        if !self.now.skipped {
            self.weaver.gap(text, start..end);
        }
        end
    }

    fn word(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let letters = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let name = &self.text[at + 1..at + 1 + letters];
        let mut end = at + 1 + letters;
        let minus = usize::from(bytes.get(end) == Some(&b'-'));
        let digits = bytes[end + minus..].iter().take_while(|byte| byte.is_ascii_digit()).take(10).count();
        let number = if digits > 0 { self.text[end..end + minus + digits].parse::<i64>().ok() } else { None };
        if digits > 0 {
            end += minus + digits;
        }
        if bytes.get(end) == Some(&b' ') {
            end += 1;
        }
        match name {
            "par" | "line" | "row" | "sect" | "page" | "column" | "lbr" | "softline" => return self.gap("\n", at, end),
            "tab" | "cell" | "nestcell" => return self.gap("\t", at, end),
            "emdash" => return self.letter('—', at, end),
            "endash" => return self.letter('–', at, end),
            "lquote" => return self.letter('‘', at, end),
            "rquote" => return self.letter('’', at, end),
            "ldblquote" => return self.letter('“', at, end),
            "rdblquote" => return self.letter('”', at, end),
            "bullet" => return self.letter('•', at, end),
            "uc" => self.now.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(8),
            "u" => return self.unicode(number.unwrap_or(0), at, end),
            "bin" => {
                let long = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                if long > 0 && !self.now.skipped {
                    // Bytes that no picture explains.
                    let part = self.weaver.place.name.clone();
                    self.weaver.reading.opaque(part, Opaque::UnknownBinary);
                }
                return self.text.floor_char_boundary(end.saturating_add(long).min(self.text.len())).max(end);
            }
            "pict" | "objdata" => {
                self.now.skipped = true;
                let which = usize::from(name == "objdata");
                if !self.opaque[which] {
                    self.opaque[which] = true;
                    let part = self.weaver.place.name.clone();
                    let why = if which == 0 { Opaque::Image } else { Opaque::UnknownBinary };
                    self.weaver.reading.opaque(part, why);
                }
            }
            // What a document says of itself, and what stands beside it, begins a line.
            "info" | "title" | "author" | "operator" | "company" | "subject" | "keywords" | "comment" | "doccomm"
            | "manager" | "category" | "header" | "footer" | "footnote" | "annotation" | "fldinst"
                if !self.weaver.at_line_start() =>
            {
                return self.gap("\n", at, end);
            }
            _ if SKIPPED.contains(&name) => self.now.skipped = true,
            _ => {}
        }
        end
    }

    /// `\u` with a signed number of 16 bits, and what stands in for it.
    fn unicode(&mut self, number: i64, at: usize, end: usize) -> usize {
        let unit = u16::try_from(number.rem_euclid(0x1_0000)).unwrap_or(0);
        let (first, start) = match self.high.take() {
            Some((high, start)) if (0xDC00..0xE000).contains(&unit) => (Some(high), start),
            _ => (None, at),
        };
        // The letters that stand in for it belong to it.
        let mut last = end;
        for _ in 0..self.now.fallback {
            last = self.fallback(last);
        }
        if (0xD800..0xDC00).contains(&unit) {
            self.high = Some((unit, at));
            return last;
        }
        let units = first.into_iter().chain([unit]);
        let letter = char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.letter(letter, start, last)
    }

    /// Where one letter that stands in ends.
    fn fallback(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        match bytes.get(at) {
            None | Some(b'{' | b'}') => at,
            Some(b'\\') if bytes.get(at + 1) == Some(&b'\'') => {
                self.text.floor_char_boundary((at + 4).min(bytes.len())).max(at + 2)
            }
            Some(b'\\') => at,
            Some(_) => at + self.text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
}
