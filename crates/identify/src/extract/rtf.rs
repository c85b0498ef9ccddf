//! Rich Text Format, as much of it as carries words (Microsoft's specification 1.9.1).
//!
//! One pass over the bytes with an explicit stack of groups, so nesting costs a counter and never the call
//! stack. Objects, pictures, fields' instructions and everything marked ignorable are skipped; nothing is
//! ever loaded from where a file points.

use super::sink::Sink;
use super::{ExtractError, Extracted};
use crate::Limits;
use crate::charset::SingleByte;

/// Control words that open a destination without text of the document.
const SKIPPED: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "listtable",
    "listoverridetable",
    "revtbl",
    "rsidtbl",
    "generator",
    "pict",
    "object",
    "objdata",
    "fldinst",
    "datafield",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "xmlnstbl",
    "filetbl",
    "template",
    "private",
    "bkmkstart",
    "bkmkend",
    "atnid",
    "atnauthor",
    "atntime",
    "atnref",
    "annotation",
    "author",
    "operator",
    "company",
    "manager",
    "subject",
    "keywords",
    "comment",
    "doccomm",
    "category",
    "hlinkbase",
    "creatim",
    "revtim",
    "printim",
    "buptim",
    "userprops",
    "pgptbl",
    "nonshppict",
    "shpinst",
    "sp",
    "blipuid",
    "mmathPr",
    "passwordhash",
    "protusertbl",
    "wgrffmtfilter",
    "tc",
    "xe",
    "rxe",
    "fchars",
    "lchars",
    "pnseclvl",
    "pntxta",
    "pntxtb",
    "formfield",
    "ftnsep",
    "ftnsepc",
    "aftnsep",
    "aftnsepc",
    "background",
];

/// Where a group's text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// Into the document.
    Body,
    /// Into the title.
    Title,
    /// Nowhere, and nothing inside changes that except the title of `\info`.
    Info,
    /// Nowhere.
    Skipped,
}

#[derive(Clone, Copy)]
struct Group {
    goes: Goes,
    /// How many characters follow a `\u` as its stand-in (`\uc`).
    fallback_len: u32,
    /// Nothing but the opening brace was read so far: a `\*` or a destination word may follow.
    hidden: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Group>,
    now: Group,
    charset: SingleByte,
    fallback_left: u32,
    ignorable: bool,
    title: Sink,
    sink: Sink,
}

/// Reads an RTF file.
///
/// A file whose groups do not close is read as far as it goes and marked truncated.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let bytes = bytes.trim_ascii_start();
    if !bytes.starts_with(b"{\\rtf") {
        return Err(ExtractError::Malformed("no RTF header"));
    }
    let start = Group { goes: Goes::Body, fallback_len: 1, hidden: false };
    let mut reader = Reader {
        bytes,
        at: 0,
        stack: Vec::new(),
        now: start,
        charset: SingleByte::Windows1252,
        fallback_left: 0,
        ignorable: false,
        title: Sink::new(1_024),
        sink: Sink::new(limits.text_bytes_max),
    };
    let closed = reader.run(limits)?;
    if !closed {
        reader.sink.mark_truncated();
    }
    let title = reader.title.finish(None).text;
    Ok(reader.sink.finish(Some(title)))
}

impl Reader<'_> {
    /// Returns whether the outermost group was closed.
    fn run(&mut self, limits: &Limits) -> Result<bool, ExtractError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if self.sink.is_full() {
                return Ok(true);
            }
            self.at += 1;
            match byte {
                b'{' => {
                    if self.stack.len() >= limits.depth_max {
                        return Err(ExtractError::Bomb("groups are nested too deeply"));
                    }
                    self.stack.push(self.now);
                    self.fallback_left = 0;
                    self.ignorable = false;
                }
                b'}' => {
                    self.fallback_left = 0;
                    self.ignorable = false;
                    match self.stack.pop() {
                        Some(group) => self.now = group,
                        None => return Ok(true),
                    }
                    if self.stack.is_empty() {
                        return Ok(true);
                    }
                }
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => {}
                byte => self.byte_of_text(byte),
            }
        }
        Ok(false)
    }

    fn control(&mut self) {
        let Some(&first) = self.bytes.get(self.at) else { return };
        if first.is_ascii_alphabetic() {
            let (word, number) = self.word();
            self.control_word(word, number);
            return;
        }
        self.at += 1;
        match first {
            b'\'' => {
                let digits = self.bytes.get(self.at..self.at + 2).unwrap_or_default();
                let value = std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(value) = value {
                    self.at += 2;
                    self.byte_of_text(value);
                }
            }
            b'*' => self.ignorable = true,
            b'~' => self.char_of_text('\u{a0}'),
            b'_' => self.char_of_text('\u{2011}'),
            b'\r' | b'\n' => self.control_word(b"par", None),
            b'\\' | b'{' | b'}' => self.char_of_text(char::from(first)),
            // `\-` is an optional hyphen and `\:` `\|` are index marks: nothing to show.
            _ => {}
        }
    }

    /// A control word and its number; the one space that ends it belongs to it.
    fn word(&mut self) -> (&'static [u8], Option<i32>) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let letters = rest.iter().take(33).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let name = known(rest.get(..letters).unwrap_or_default());
        self.at += letters;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let minus = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(minus).take(11).take_while(|byte| byte.is_ascii_digit()).count();
        let number = if digits == 0 {
            None
        } else {
            self.at += minus + digits;
            let value = rest[minus..minus + digits]
                .iter()
                .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
            i32::try_from(if minus == 1 { -value } else { value }).ok()
        };
        if self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        (name, number)
    }

    fn control_word(&mut self, word: &'static [u8], number: Option<i32>) {
        let ignorable = std::mem::take(&mut self.ignorable);
        match word {
            b"bin" => {
                // Raw bytes follow; they are of no interest and may hold braces.
                let skip = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.at = self.at.saturating_add(skip).min(self.bytes.len());
            }
            b"u" => self.unicode(number.unwrap_or(0)),
            b"uc" => self.now.fallback_len = u32::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            b"ansicpg" => {
                self.charset = match number {
                    Some(10_000) => SingleByte::MacRoman,
                    Some(437) => SingleByte::Cp437,
                    _ => SingleByte::Windows1252,
                };
            }
            b"mac" => self.charset = SingleByte::MacRoman,
            b"pc" => self.charset = SingleByte::Cp437,
            b"v" => self.now.hidden = number != Some(0),
            b"plain" => self.now.hidden = false,
            b"info" => self.now.goes = Goes::Info,
            b"title" if self.now.goes == Goes::Info => self.now.goes = Goes::Title,
            // Word writes a shape's text into an ignorable destination, which old readers must not lose either.
            b"shptxt" if self.now.goes == Goes::Skipped => self.now.goes = Goes::Body,
            b"skipped" => self.now.goes = Goes::Skipped,
            _ if ignorable && word != b"shppict" => self.now.goes = Goes::Skipped,
            b"footnote" | b"header" | b"headerl" | b"headerr" | b"headerf" | b"footer" | b"footerl" | b"footerr"
            | b"footerf" => self.break_line(),
            b"par" | b"line" | b"row" | b"nestrow" | b"sect" => self.char_of_text('\n'),
            b"tab" | b"cell" | b"nestcell" => self.char_of_text('\t'),
            b"page" => self.char_of_text('\u{c}'),
            b"emdash" => self.char_of_text('—'),
            b"endash" => self.char_of_text('–'),
            b"lquote" => self.char_of_text('‘'),
            b"rquote" => self.char_of_text('’'),
            b"ldblquote" => self.char_of_text('“'),
            b"rdblquote" => self.char_of_text('”'),
            b"bullet" => self.char_of_text('•'),
            b"emspace" | b"enspace" | b"qmspace" => self.char_of_text(' '),
            _ => {}
        }
    }

    /// Headers and footnotes begin on a line of their own.
    fn break_line(&mut self) {
        if self.now.goes == Goes::Body {
            self.sink.fresh_line();
        }
    }

    fn unicode(&mut self, number: i32) {
        // The number is a signed 16-bit unit; some writers give it unsigned, a few give a whole code point.
        self.fallback_left = 0;
        if let Ok(unit) = i16::try_from(number) {
            self.utf16_of_text(unit.cast_unsigned());
        } else if let Ok(unit) = u16::try_from(number) {
            self.utf16_of_text(unit);
        } else {
            let character = u32::try_from(number).ok().and_then(char::from_u32);
            self.char_of_text(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.fallback_left = self.now.fallback_len;
    }

    fn byte_of_text(&mut self, byte: u8) {
        self.char_of_text(self.charset.char_of(byte).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    fn utf16_of_text(&mut self, unit: u16) {
        match self.now.goes {
            Goes::Body if !self.now.hidden => self.sink.push_utf16(unit),
            Goes::Title => self.title.push_utf16(unit),
            _ => {}
        }
    }

    fn char_of_text(&mut self, character: char) {
        self.ignorable = false;
        if self.fallback_left > 0 {
            self.fallback_left -= 1;
            return;
        }
        match self.now.goes {
            Goes::Body if !self.now.hidden => self.sink.push(character),
            Goes::Title => self.title.push(character),
            _ => {}
        }
    }
}

/// The control words that mean something here; those that open a skipped destination all become `skipped`.
fn known(word: &[u8]) -> &'static [u8] {
    const KNOWN: &[&[u8]] = &[
        b"bin",
        b"u",
        b"uc",
        b"ansicpg",
        b"mac",
        b"pc",
        b"v",
        b"plain",
        b"info",
        b"title",
        b"shptxt",
        b"shppict",
        b"footnote",
        b"header",
        b"headerl",
        b"headerr",
        b"headerf",
        b"footer",
        b"footerl",
        b"footerr",
        b"footerf",
        b"par",
        b"line",
        b"row",
        b"nestrow",
        b"sect",
        b"tab",
        b"cell",
        b"nestcell",
        b"page",
        b"emdash",
        b"endash",
        b"lquote",
        b"rquote",
        b"ldblquote",
        b"rdblquote",
        b"bullet",
        b"emspace",
        b"enspace",
        b"qmspace",
    ];
    if SKIPPED.iter().any(|skipped| skipped.as_bytes() == word) {
        return b"skipped";
    }
    KNOWN.iter().copied().find(|known| *known == word).unwrap_or(b"")
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::{ExtractError, Limits};

    fn text(rtf: &[u8]) -> String {
        read(rtf, &Limits::default()).unwrap().text
    }

    #[test]
    fn words_lines_and_pages_come_out_and_tables_of_fonts_do_not() {
        let rtf = br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator X;}
{\info{\title Visit note}{\author Nobody}}\f0\fs24 Patient:\tab Zo\'eb\par second {\b bold} line\line third\page last\par}";
        let read = read(rtf, &Limits::default()).unwrap();
        assert_eq!(read.text, "Patient:\tZoë\nsecond bold line\nthird\u{c}last\n");
        assert_eq!(read.title.as_deref(), Some("Visit note"));
        assert!(!read.truncated);
    }

    #[test]
    fn unicode_takes_its_fallback_away() {
        assert_eq!(text(br"{\rtf1 a\u8217?b\u-10179?\u-8704?c{\uc2\u233xxd}\uc0\u233e}"), "a’b😀cédée");
        assert_eq!(text(br"{\rtf1 \u8217\'92s}"), "’s");
    }

    #[test]
    fn macintosh_files_are_read_in_their_own_charset() {
        assert_eq!(text(br"{\rtf1\mac Zo\'91}"), "Zoë");
    }

    #[test]
    fn hidden_text_pictures_and_field_instructions_are_not_shown() {
        assert_eq!(
            text(br#"{\rtf1 a{\v hidden}b{\pict\bin4 }}}}c}{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}}"#),
            "ablink"
        );
    }

    #[test]
    fn escaped_braces_are_text_and_a_backslash_at_the_line_end_is_a_paragraph() {
        assert_eq!(text(b"{\\rtf1 \\{a\\}\\\\b\\\nc\\~d\\_e}"), "{a}\\b\nc\u{a0}d\u{2011}e");
    }

    #[test]
    fn a_million_groups_end_in_an_error() {
        let mut bytes = b"{\\rtf1 ".to_vec();
        bytes.extend(std::iter::repeat_n(b'{', 1_000_000));
        assert_eq!(read(&bytes, &Limits::default()), Err(ExtractError::Bomb("groups are nested too deeply")));
    }

    #[test]
    fn a_file_cut_short_is_read_as_far_as_it_goes() {
        let whole = br"{\rtf1\ansi one\par two\u8217?\'e9 {\*\x y}}";
        for end in 6..whole.len() {
            assert!(read(&whole[..end], &Limits::default()).unwrap().truncated, "{end}");
        }
    }

    #[test]
    fn a_binary_length_beyond_the_file_ends_the_reading() {
        assert!(text(br"{\rtf1 a\bin2147483647 b}").starts_with('a'));
        assert!(text(br"{\rtf1 a\bin-5 b}").starts_with("ab"));
    }
}
