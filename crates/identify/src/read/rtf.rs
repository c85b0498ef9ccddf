//! Rich Text Format (Microsoft's specification 1.9.1) with the place of each letter.
//!
//! What must always hold: one pass, a bounded stack, groups beyond it are counted; pictures and objects are said to
//! be opaque; what a document says of itself (title, author, comments, hidden words) is text too.
//!
//! What it refuses to know: how anything looks.

use super::escape::{Around, Escape};
use super::letters::windows_1252;
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who, column, day_number, meaning_of_label};
use std::ops::Range;

/// Groups without words of anybody's.
const SKIPPED: &[&str] = &[
    "fonttbl",
    "colortbl",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "pgptbl",
    "blipuid",
    "mmathPr",
    "passwordhash",
    "fchars",
    "lchars",
    "pnseclvl",
];

/// What a document says of itself, and what stands beside its text: on a line of its own.
const ASIDE: &[&str] = &[
    "info",
    "title",
    "author",
    "operator",
    "company",
    "subject",
    "keywords",
    "comment",
    "doccomm",
    "manager",
    "category",
    "hlinkbase",
    "header",
    "footer",
    "footnote",
    "annotation",
    "fldinst",
    "propname",
    "staticval",
    "linkval",
    "ffname",
    "ffdeftext",
    "ffhelptext",
    "ffstattext",
    "ffl",
    "sn",
    "sv",
    "xe",
    "tc",
    "stylesheet",
    "atnid",
    "atnauthor",
];
/// Numbers into which Word packs when something was changed, or who is asked of it.
const PACKED_DAYS: &[&str] = &["revdttm", "revdttmdel", "crdate", "mvdate", "pnrdate", "dfrdate", "trdate", "rdate"];
/// The longest name of a variable or a property, in bytes.
const LABEL_BYTES_MAX: usize = 128;

#[derive(Clone, Copy)]
struct Group {
    skipped: bool,
    /// How many letters stand in for one of `\u`.
    fallback: usize,
    line: Line,
    inside: Inside,
}

/// Does a group stand on a line of its own, and has it begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    No,
    Asked,
    Begun,
}

/// What the groups within a group are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Words,
    /// People, one each.
    People,
    /// The names of styles.
    Styles,
    /// The name of a variable, and its value.
    Variable,
    Value,
    /// Namespaces.
    Spaces,
    /// A value that is a field of the text.
    Field,
    /// A packed day in digits.
    PackedDay,
}

/// Reads Rich Text.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut document = Document {
        weaver: Weaver::new(reading, place),
        text,
        stack: Vec::new(),
        deeper: 0,
        now: Group { skipped: false, fallback: 1, line: Line::No, inside: Inside::Words },
        high: None,
        is_starred: false,
        label: Meaning::UNKNOWN,
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
    /// Was the last sign `\*`, which says that what follows stands beside the text.
    is_starred: bool,
    /// What the last name of a variable or a property says of its value.
    label: Meaning,
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
                    self.enter(at + 1);
                } else {
                    self.deeper += 1;
                }
                at + 1
            }
            b'}' => {
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else if let Some(before) = self.stack.pop() {
                    self.leave(before, at);
                }
                at + 1
            }
            b'\\' => self.control(at),
            b'\r' | b'\n' => at + 1,
            _ => {
                let far = bytes[at..].iter().position(|byte| matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n'));
                let end = far.map_or(bytes.len(), |far| at + far);
                self.words(at, end);
                end
            }
        }
    }

    /// A group begins; what it is may follow from the one around it.
    fn enter(&mut self, at: usize) {
        self.is_starred = false;
        if self.now.skipped {
            return;
        }
        let around = self.now.inside;
        self.now.inside = match around {
            Inside::Field => Inside::Words,
            other => other,
        };
        match around {
            Inside::Variable => {
                self.label(at);
                // The next group within the same one is the value.
                if let Some(outer) = self.stack.last_mut() {
                    outer.inside = Inside::Value;
                }
            }
            Inside::Value => self.field(self.label, at),
            Inside::People => {
                let is_nobody = self.text[at..].starts_with("Unknown;");
                self.field(if is_nobody { Meaning::CODE } else { Meaning::of(What::FullName, Who::Unknown) }, at);
            }
            _ => {}
        }
    }

    /// A group ends, and with it the line or the value that it was.
    fn leave(&mut self, before: Group, at: usize) {
        let was = std::mem::replace(&mut self.now, before);
        self.is_starred = false;
        if was.inside == Inside::Field && before.inside != Inside::Field {
            self.weaver.end();
        }
        if was.line == Line::Begun && before.line == Line::No {
            self.gap("\n", at, at);
        } else if was.line == Line::Begun {
            self.now.line = Line::Begun;
            let divides = matches!(before.inside, Inside::Variable | Inside::Value | Inside::People | Inside::Styles);
            if divides && !self.weaver.at_line_start() {
                self.gap(
                    if before.inside == Inside::Value && was.inside != Inside::Field { ": " } else { "\n" },
                    at,
                    at,
                );
            }
        }
    }

    /// What follows up to the end of the group is a value that means this.
    fn field(&mut self, meaning: Meaning, at: usize) {
        self.begin_line(at);
        if meaning != Meaning::UNKNOWN {
            self.weaver.begin(meaning, NO_COLUMN);
        }
        self.now.inside = Inside::Field;
    }

    /// The name of a variable, which stands here, says what its value means.
    fn label(&mut self, at: usize) {
        let near = &self.text[at..self.text.floor_char_boundary((at + LABEL_BYTES_MAX).min(self.text.len()))];
        let name = near.split('}').next().filter(|name| name.len() < near.len() && !name.contains(['\\', '{']));
        self.label = name.map_or(Meaning::UNKNOWN, meaning_of_label);
        let is_label = name.is_some_and(column::is_label);
        self.field(if is_label { Meaning::CODE } else { Meaning::UNKNOWN }, at);
    }

    /// What stands beside the text begins a line with its first letter.
    fn begin_line(&mut self, at: usize) {
        if self.now.line == Line::Asked {
            self.now.line = Line::Begun;
            if !self.weaver.at_line_start() {
                self.weaver.gap("\n", at..at);
            }
        }
    }

    fn words(&mut self, at: usize, end: usize) {
        let words = &self.text[at..end];
        if self.now.skipped || self.now.inside == Inside::Spaces && words.contains("schemas") {
            return;
        }
        self.begin_line(at);
        let day = match self.now.inside {
            Inside::PackedDay => words.trim().parse().ok().and_then(day_number::day_of_packed),
            _ => None,
        };
        match (self.now.inside, day) {
            (_, Some(day)) => self.day(&day, at..end, Escape::RtfPackedDay),
            (Inside::Styles, _) => {
                let bare = words.trim_end_matches([';', ' ']);
                self.weaver.begin(Meaning::FREE_TEXT, NO_COLUMN);
                self.weaver.copy(self.text, at..at + bare.len(), Escape::Identifier(Around::Rtf));
                self.weaver.end();
                self.weaver.gap("\n", at + bare.len()..end);
            }
            _ => self.weaver.copy(self.text, at..end, Escape::Rtf),
        }
    }

    /// A day that is written as numbers.
    fn day(&mut self, day: &str, source: Range<usize>, escape: Escape) {
        if !self.weaver.at_line_start() {
            self.weaver.gap("\n", source.start..source.start);
        }
        self.weaver.begin(Meaning::of(What::OtherDate, Who::Unknown), NO_COLUMN);
        self.weaver.atom(day, source.clone(), escape);
        self.weaver.end();
        self.weaver.gap("\n", source.end..source.end);
    }

    /// `\yr2018\mo3\dy4`, of which this is the number of the year: a day. Whatever is written otherwise cannot be changed.
    fn day_in_words(&mut self, number: Range<usize>) -> usize {
        let digits =
            |from: usize| self.text.as_bytes().iter().skip(from).take(4).take_while(|byte| byte.is_ascii_digit());
        let behind = |from: usize, word: &str| {
            let start = from + word.len();
            self.text.get(from..)?.starts_with(word).then(|| start..start + digits(start).count())
        };
        let month = behind(number.end, "\\mo");
        let day = month.as_ref().and_then(|month| behind(month.end, "\\dy"));
        let (Some(month), Some(day)) = (month, day) else { return number.end };
        let value = |range: Range<usize>| self.text[range].parse().unwrap_or(0_u16);
        let shown = format!("{:04}-{:02}-{:02}", value(number.clone()), value(month), value(day.clone()));
        let source = number.start..day.end;
        if day_number::words_of(&shown).as_deref() == self.text.get(source.clone()) {
            self.day(&shown, source, Escape::RtfDay);
        } else {
            self.weaver.opaque(Opaque::Damaged(number.start as u64));
        }
        day.end
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
            b'*' => {
                self.is_starred = true;
                at + 2
            }
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
            self.begin_line(start);
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
        let digits = end - digits..end;
        if bytes.get(end) == Some(&b' ') {
            end += 1;
        }
        if std::mem::take(&mut self.is_starred) && !self.now.skipped || ASIDE.contains(&name) {
            self.now.line = if self.now.line == Line::No { Line::Asked } else { self.now.line };
        }
        match name {
            _ if self.now.skipped && name != "bin" => {}
            "yr" if !digits.is_empty() => return self.day_in_words(digits),
            _ if PACKED_DAYS.contains(&name) && !digits.is_empty() => {
                let packed = digits.start - minus..digits.end;
                if let Some(day) = number.and_then(day_number::day_of_packed) {
                    self.day(&day, packed, Escape::RtfPackedDay);
                }
            }
            "author" | "operator" | "manager" | "atnauthor" | "atnid" => {
                self.field(Meaning::of(What::FullName, Who::Unknown), end);
            }
            "company" => self.field(Meaning::of(What::OrganizationName, Who::Unknown), end),
            "propname" => self.label(end),
            "staticval" => self.field(self.label, end),
            "docvar" => self.now.inside = Inside::Variable,
            "revtbl" | "protusertbl" => self.now.inside = Inside::People,
            "stylesheet" => self.now.inside = Inside::Styles,
            "xmlnstbl" => self.now.inside = Inside::Spaces,
            "atndate" => self.now.inside = Inside::PackedDay,
            "bkmkstart" | "bkmkend" => return self.mark(end),
            "par" | "line" | "row" | "sect" | "page" | "column" | "lbr" | "softline" => return self.gap("\n", at, end),
            "tab" | "cell" | "nestcell" => return self.gap("\t", at, end),
            "emdash" | "endash" | "lquote" | "rquote" | "ldblquote" | "rdblquote" | "bullet" => {
                return self.letter(sign_of(name), at, end);
            }
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
            _ if SKIPPED.contains(&name) => self.now.skipped = true,
            _ => {}
        }
        end
    }

    /// The name of a mark, between blanks. What Word keeps for itself names nobody.
    fn mark(&mut self, at: usize) -> usize {
        let far = self.text[at..].find(['{', '}', '\\', '\r', '\n']);
        let end = far.map_or(self.text.len(), |far| at + far);
        if !self.text[at..end].starts_with('_') && end > at {
            self.weaver.gap(" ", at..at);
            self.weaver.begin(Meaning::FREE_TEXT, NO_COLUMN);
            self.weaver.copy(self.text, at..end, Escape::Identifier(Around::Rtf));
            self.weaver.end();
            self.weaver.gap(" ", end..end);
        }
        self.now.line = Line::No;
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

/// The letter that a control word stands for.
fn sign_of(name: &str) -> char {
    match name {
        "emdash" => '—',
        "endash" => '–',
        "lquote" => '‘',
        "rquote" => '’',
        "ldblquote" => '“',
        "rdblquote" => '”',
        _ => '•',
    }
}
