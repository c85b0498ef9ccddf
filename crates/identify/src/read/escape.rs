//! How a new text is written at a place: each format's own way to say its signs.
//!
//! What must always hold: what is written reads back as the very text that was given, or it is an error and nothing is
//! written; nothing that is written can end the value that it stands in.
//!
//! What it refuses to know: where the place is, and what lies around it.

use super::day_number::{self, Epoch};
use super::edit::EditError;

/// Signs of a message of HL7 version 2; NUL where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    pub(super) field: u8,
    pub(super) component: u8,
    pub(super) repetition: u8,
    pub(super) escape: u8,
    pub(super) sub_component: u8,
}

impl Signs {
    /// Does this byte divide fields or parts of them.
    pub(super) const fn divides(&self, byte: u8) -> bool {
        byte != 0
            && (byte == self.field
                || byte == self.component
                || byte == self.repetition
                || byte == self.sub_component
                || matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C))
    }
}

/// The rules of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// None: any text.
    Plain,
    /// Structure that is never edited.
    Fixed,
    /// A cell without quotes, between these delimiters. Whether the table knows quotes.
    Cell(u8, bool),
    /// A cell within quotes.
    Quoted,
    /// A field of HL7 version 2.
    Hl7(Signs),
    /// Within the quotes of JSON.
    JsonString,
    /// Markup within the quotes of JSON.
    JsonMarkup,
    /// A field of HL7 version 2 within the quotes of JSON.
    JsonHl7(Signs),
    /// A field of HL7 version 2 within the quotes of a cell.
    QuotedHl7(Signs),
    /// Words within the quotes of JSON that may not need any escape.
    JsonPlain,
    /// A number, or true, false, null.
    JsonBare,
    /// Any text on one line.
    Line,
    /// Text between tags.
    Markup,
    /// An attribute within this quote, or none.
    Attribute(u8),
    /// A part of an address (RFC 3986) in an attribute: what an address has a use for is written by number.
    Address,
    /// A CDATA section.
    Cdata,
    /// A comment or an instruction.
    Comment,
    /// Rich Text.
    Rtf,
    /// Within the quote of SQL; whether a backslash escapes.
    SqlString(bool),
    /// A number or a word of SQL.
    SqlBare,
    /// A column of COPY.
    SqlCopy,
    /// Words of a mail's header.
    MailWord,
    /// A number in a cell of a workbook. Where other words come to stand there, the cell says so.
    CellNumber,
    /// A day of a workbook: its number, counted from there. Other words than a whole day cannot be written.
    DayNumber(Epoch),
    /// A moment as XML Schema writes it (`dateTime`), without which a program calls the file broken.
    Moment,
    /// A day or a month of a filter, which stands in several attributes; whether it has a day, and the quote.
    FilterDay(bool, u8),
    /// A day of Rich Text: in control words, or packed into a number.
    RtfDay,
    RtfPackedDay,
    /// A number where nothing else can stand.
    Number,
    /// What a document calls one of its own things: a sheet, a range, a mark.
    Identifier(Around),
    /// A value of DICOM, which has a form.
    Dicom(Form),
}

/// What may stand in a value of DICOM (PS3.5, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Words, of at most so many characters.
    Words(u16),
    /// A number or a name that goes whatever it looks like, of at most so many characters.
    Token(u16),
    /// A part of somebody's name.
    Name,
    /// `19610304`.
    Day,
    /// `101500.5`.
    Time,
    /// `20180304101500`, of which all but the year may be left out.
    Moment,
    /// `041Y`.
    Age,
    /// Numbers with dots between them.
    Uid,
    /// Nothing comes to stand here.
    Emptied,
    /// Zeros come to stand here.
    Zeros,
}

/// What such a name stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Markup,
    JsonMarkup,
    Rtf,
    Line,
}

impl Escape {
    /// By which rules it is written.
    pub(super) const fn as_written(self) -> Self {
        match self {
            Self::Identifier(Around::Markup) => Self::Markup,
            Self::Identifier(Around::JsonMarkup) => Self::JsonMarkup,
            Self::Identifier(Around::Rtf) => Self::Rtf,
            Self::Identifier(Around::Line) => Self::Line,
            other => other,
        }
    }
}

/// Does the new text have to be put into quotes, which then go around all of the value.
pub(super) fn needs_quotes(escape: Escape, whole: &str) -> bool {
    match escape {
        Escape::Cell(delimiter, true) => {
            whole.bytes().any(|byte| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n'))
        }
        Escape::JsonBare => !is_json_literal(whole),
        Escape::SqlBare => {
            whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'))
        }
        _ => false,
    }
}

/// The place within quotes, for one that had none.
pub(super) const fn quoted(escape: Escape) -> (Escape, &'static str) {
    match escape {
        Escape::Cell(..) => (Escape::Quoted, "\""),
        Escape::JsonBare => (Escape::JsonString, "\""),
        Escape::SqlBare => (Escape::SqlString(false), "'"),
        other => (other, ""),
    }
}

/// Is it a number as a cell of a workbook may hold one.
pub(super) fn is_cell_number(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'E' | b'e');
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().all(is_sign) && text.parse::<f64>().is_ok()
}

fn is_json_literal(text: &str) -> bool {
    if matches!(text, "true" | "false" | "null") {
        return true;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let fraction = rest.strip_prefix('.').unwrap_or(rest);
    !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && (rest.is_empty() || rest.starts_with('.') && !fraction.is_empty())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes a new text. `holds` says whether the charset has a letter; formats that can name letters by number do so
/// for the others.
pub(super) fn write(new: &str, escape: Escape, holds: &dyn Fn(char) -> bool) -> Result<String, EditError> {
    let mut out = String::with_capacity(new.len() + 8);
    let escape = escape.as_written();
    match escape {
        Escape::Fixed => return Err(EditError::CrossesStructure),
        Escape::Cell(delimiter, quotes) => {
            // Where the table knows quotes, what needs them was put into them before.
            let clashes = |byte: u8| byte == delimiter || matches!(byte, b'\r' | b'\n');
            if new.bytes().any(clashes) && !quotes {
                return Err(EditError::NotRepresentable);
            }
            out.push_str(new);
        }
        Escape::Comment if new.contains("--") || new.contains("?>") || new.ends_with('-') => {
            return Err(EditError::NotRepresentable);
        }
        Escape::Cdata if new.contains("]]>") || new.ends_with(']') => return Err(EditError::NotRepresentable),
        Escape::Dicom(form) if !fits(form, new) => return Err(EditError::NotRepresentable),
        Escape::JsonMarkup => {
            let mut inner = String::new();
            for letter in new.chars() {
                markup(letter, holds, &mut inner)?;
            }
            inner.chars().for_each(|letter| json(letter, holds, &mut out));
        }
        Escape::JsonPlain
            if !new.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '.' | '_')) =>
        {
            return Err(EditError::NotRepresentable);
        }
        Escape::DayNumber(epoch) => {
            out = day_number::number_of(new, epoch).ok_or(EditError::NotRepresentable)?;
        }
        Escape::FilterDay(has_day, quote) => {
            out = day_number::attributes_of(new, has_day, quote).ok_or(EditError::NotRepresentable)?;
        }
        Escape::RtfDay => out = day_number::words_of(new).ok_or(EditError::NotRepresentable)?,
        Escape::RtfPackedDay => out = day_number::packed_of(new).ok_or(EditError::NotRepresentable)?,
        Escape::Line if new.contains(['\n', '\0']) => return Err(EditError::NotRepresentable),
        Escape::Moment if !day_number::is_moment(new) => return Err(EditError::NotRepresentable),
        Escape::Number if !is_cell_number(new) => return Err(EditError::NotRepresentable),
        Escape::MailWord => mail_word(new, &mut out)?,
        Escape::JsonHl7(signs) | Escape::QuotedHl7(signs) => {
            let mut inner = String::new();
            for letter in new.chars() {
                hl7(letter, &signs, &mut inner)?;
            }
            let outer = if matches!(escape, Escape::JsonHl7(_)) { Escape::JsonString } else { Escape::Quoted };
            for letter in inner.chars() {
                one(letter, outer, holds, &mut out)?;
            }
        }
        Escape::Hl7(signs) => {
            for letter in new.chars() {
                hl7(letter, &signs, &mut out)?;
            }
        }
        _ => {
            for letter in new.chars() {
                one(letter, escape, holds, &mut out)?;
            }
        }
    }
    if out.chars().all(holds) { Ok(out) } else { Err(EditError::NotRepresentable) }
}

/// Has a new value of DICOM its form. What is longer than it should be is left to whoever writes it: it can be read.
fn fits(form: Form, new: &str) -> bool {
    let all = |also: &str| new.chars().all(|one| one.is_ascii_digit() || also.contains(one));
    match form {
        Form::Words(_) | Form::Token(_) => new.chars().all(|one| matches!(one, ' '..='~') && one != '\\'),
        Form::Name => new.chars().all(|one| matches!(one, ' '..='~') && !matches!(one, '\\' | '^' | '=')),
        Form::Day => all(".-"),
        Form::Time => all(".:"),
        Form::Moment => all(".+-"),
        Form::Age => all("DWMY"),
        Form::Uid => all("."),
        Form::Emptied | Form::Zeros => new.is_empty(),
    }
}

fn one(letter: char, escape: Escape, holds: &dyn Fn(char) -> bool, out: &mut String) -> Result<(), EditError> {
    match escape {
        Escape::Quoted if letter == '"' => out.push_str("\"\""),
        Escape::JsonString => json(letter, holds, out),
        Escape::Markup | Escape::CellNumber | Escape::Attribute(_) => {
            return markup(letter, holds, out);
        }
        Escape::Address => address(letter, out),
        Escape::Cdata | Escape::Comment if is_no_xml(letter) => return Err(EditError::NotRepresentable),
        Escape::Rtf => rtf(letter, out),
        Escape::SqlString(_) if letter == '\'' => out.push_str("''"),
        Escape::SqlString(true) if letter == '\\' => out.push_str("\\\\"),
        Escape::SqlString(_) if letter == '\0' => return Err(EditError::NotRepresentable),
        Escape::SqlCopy => match letter {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ => out.push(letter),
        },
        _ => out.push(letter),
    }
    Ok(())
}

fn json(letter: char, holds: &dyn Fn(char) -> bool, out: &mut String) {
    match letter {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if u32::from(letter) < 0x20 || !holds(letter) => {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        _ => out.push(letter),
    }
}

/// Characters that XML 1.0 does not have, not even by number.
const fn is_no_xml(letter: char) -> bool {
    matches!(letter, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

fn markup(letter: char, holds: &dyn Fn(char) -> bool, out: &mut String) -> Result<(), EditError> {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\r' => out.push_str("&#13;"),
        _ if is_no_xml(letter) => return Err(EditError::NotRepresentable),
        _ if !holds(letter) => out.push_str(&format!("&#{};", u32::from(letter))),
        _ => out.push(letter),
    }
    Ok(())
}

/// Unreserved characters as they are (RFC 3986, 2.3), all others by number.
fn address(letter: char, out: &mut String) {
    if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~') {
        return out.push(letter);
    }
    for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
        out.push_str(&format!("%{byte:02X}"));
    }
}

fn rtf(letter: char, out: &mut String) {
    match letter {
        '\\' | '{' | '}' => {
            out.push('\\');
            out.push(letter);
        }
        '\n' => out.push_str("\\line "),
        '\t' => out.push_str("\\tab "),
        '\r' => {}
        _ if letter.is_ascii() => out.push(letter),
        _ => {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // The specification writes the number as a signed one of 16 bits.
                out.push_str(&format!("\\u{}?", unit.cast_signed()));
            }
        }
    }
}

fn hl7(letter: char, signs: &Signs, out: &mut String) -> Result<(), EditError> {
    let sign = char::from(signs.escape);
    let named = match u8::try_from(u32::from(letter)).unwrap_or(0) {
        0 => None,
        byte if byte == signs.field => Some("F"),
        byte if byte == signs.component => Some("S"),
        byte if byte == signs.sub_component => Some("T"),
        byte if byte == signs.repetition => Some("R"),
        byte if byte == signs.escape => Some("E"),
        b'\n' => Some(".br"),
        b'\r' => Some("X0D"),
        0x0B => Some("X0B"),
        0x1C => Some("X1C"),
        _ => None,
    };
    match named {
        Some(_) if signs.escape == 0 => return Err(EditError::NotRepresentable),
        Some(name) => {
            out.push(sign);
            out.push_str(name);
            out.push(sign);
        }
        None => out.push(letter),
    }
    Ok(())
}

/// ASCII as it is, everything else as an encoded word of RFC 2047.
fn mail_word(new: &str, out: &mut String) -> Result<(), EditError> {
    if new.contains(['\r', '\n', '\0']) {
        return Err(EditError::NotRepresentable);
    }
    if new.is_ascii() && !new.contains("=?") {
        out.push_str(new);
        return Ok(());
    }
    out.push_str("=?utf-8?B?");
    out.push_str(&String::from_utf8_lossy(&super::transfer::to_base64(new.as_bytes(), b"")));
    out.push_str("?=");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Escape, Signs, needs_quotes, write};

    fn said(new: &str, escape: Escape) -> Option<String> {
        write(new, escape, &|_| true).ok()
    }

    #[test]
    fn every_format_says_its_own_signs_its_own_way() {
        let signs = Signs { field: b'|', component: b'^', repetition: b'~', escape: b'\\', sub_component: b'&' };
        let cases = [
            (Escape::Hl7(signs), r"a\F\b\S\\T\\R\\E\\.br\".to_owned(), "a|b^&~\\\n"),
            (Escape::JsonString, r#"\"\\\n\u0001"#.to_owned(), "\"\\\n\u{1}"),
            (Escape::JsonHl7(signs), r#"a\\F\\\"\\E\\"#.to_owned(), "a|\"\\"),
            (Escape::QuotedHl7(signs), r#"a\F\""\E\"#.to_owned(), "a|\"\\"),
            (Escape::Markup, "O&#39;Neil &lt;&amp;&gt;".to_owned(), "O'Neil <&>"),
            (Escape::Quoted, "a\"\"b,".to_owned(), "a\"b,"),
            (Escape::SqlString(false), "O''N\\".to_owned(), "O'N\\"),
            (Escape::SqlString(true), "O''N\\\\".to_owned(), "O'N\\"),
            (Escape::SqlCopy, "a\\tb\\\\".to_owned(), "a\tb\\"),
            (Escape::Rtf, "\\{Zo\\u235?".to_owned(), "{Zoë"),
        ];
        for (escape, expected, new) in cases {
            assert_eq!(said(new, escape), Some(expected), "{escape:?}");
        }
        assert_eq!(said("a\tb", Escape::Cell(b'\t', false)), None);
        assert_eq!(said("a]]>b", Escape::Cdata), None);
        assert_eq!(said("\u{1}", Escape::Markup), None);
    }

    #[test]
    fn a_letter_that_the_charset_lacks_is_named_by_number_or_refused() {
        let narrow = |letter: char| u32::from(letter) < 0x100;
        assert_eq!(write("Ł", Escape::Markup, &narrow).ok().as_deref(), Some("&#321;"));
        assert_eq!(write("Ł", Escape::JsonString, &narrow).ok().as_deref(), Some("\\u0141"));
        assert!(write("Ł", Escape::Plain, &narrow).is_err());
    }

    #[test]
    fn a_bare_value_goes_into_quotes_when_it_must() {
        assert!(!needs_quotes(Escape::JsonBare, "-12.5"));
        assert!(!needs_quotes(Escape::JsonBare, "null"));
        assert!(needs_quotes(Escape::JsonBare, "007"));
        assert!(needs_quotes(Escape::JsonBare, "1e"));
        assert!(needs_quotes(Escape::Cell(b',', true), "a,b"));
        assert!(!needs_quotes(Escape::Cell(b',', true), "a;b"));
        assert!(needs_quotes(Escape::SqlBare, "x"));
    }
}
