//! HL7 version 2 messages as senders write them: views over the bytes, nothing copied, nothing lost.
//!
//! A message says its own separators (MSH-1, MSH-2) and charset (MSH-18). Segments end with CR, LF or both; batches
//! (FHS, BHS … BTS, FTS) and the frames of MLLP around messages are taken as they come. Every field, repetition,
//! component and sub-component is a [`Piece`] that knows where in the source it lies.
//!
//! What must always hold: what is written back ([`Exchange::write_back`]) is byte for byte what was read; a piece's
//! range holds its bytes; `""` is not empty. A message whose separators or charset cannot be taken is not guessed at.
//!
//! What it refuses to know: what the fields mean (that is [`crate::adt`]'s).

mod escape;
mod piece;

pub use piece::{Piece, Said};

use crate::Limits;
use std::fmt;
use std::ops::Range;

/// Letters of a segment's name.
const NAME_BYTES: usize = 3;
/// Bytes of MLLP's frame: the beginning of a block and its end.
const FRAME: [u8; 2] = [0x0B, 0x1C];

/// Why a file is no HL7 version 2. No value is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Hl7Error {
    /// It does not begin with MSH, FHS or BHS.
    #[error("this is no HL7 version 2")]
    NotHl7,
    /// Larger than the limits.
    #[error("too large: {0}")]
    TooLarge(&'static str),
}

/// Why one message of a file cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// MSH-1 and MSH-2 are no separators, or two of them are one.
    Separators,
    /// MSH-18 says a charset that is not read here, or the bytes are none of what it says.
    Charset,
}

/// Charsets that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    Utf8,
    Latin1,
}

/// What a message says of how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub(crate) field: u8,
    pub(crate) component: u8,
    pub(crate) repetition: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) sub_component: Option<u8>,
    pub(crate) truncation: Option<u8>,
    pub(crate) letters: Letters,
}

impl Rules {
    /// From `|^~\&…` as it stands behind MSH, FHS or BHS.
    fn read(after_name: &[u8]) -> Option<Self> {
        let (&field, rest) = after_name.split_first()?;
        let said = rest.split(|byte| *byte == field).next().unwrap_or_default();
        let mut all = vec![field];
        all.extend(said);
        let is_separator = |byte: &u8| byte.is_ascii_punctuation() && *byte != b'"';
        let distinct = all.iter().enumerate().all(|(at, byte)| !all[..at].contains(byte));
        if said.is_empty() || said.len() > 5 || !distinct || !all.iter().all(is_separator) {
            return None;
        }
        let at = |place: usize| said.get(place).copied();
        Some(Self {
            field,
            component: said[0],
            repetition: at(1),
            escape: at(2),
            sub_component: at(3),
            truncation: at(4),
            letters: Letters::Utf8,
        })
    }
}

/// Where a segment lies: its text, and where the bytes that end it end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    end: usize,
    next: usize,
}

/// One segment: a line of a message, or of what is around messages.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    source: &'a [u8],
    place: Place,
    rules: Rules,
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({:?})", self.range())
    }
}

fn name_of(text: &[u8]) -> Option<&str> {
    let name = text.get(..NAME_BYTES)?;
    let fits =
        name[0].is_ascii_uppercase() && name[1..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    fits.then(|| str::from_utf8(name).ok()).flatten()
}

impl<'a> Segment<'a> {
    fn text(&self) -> &'a [u8] {
        &self.source[self.place.start..self.place.end]
    }

    /// Where it lies in the source, without what ends it.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.place.start..self.place.end
    }

    /// Its three letters; empty for a line that is no segment, such as the second line of a broken field.
    #[must_use]
    pub fn name(&self) -> &'a str {
        let follows = self.text().get(NAME_BYTES);
        let fits = follows.is_none_or(|byte| *byte == self.rules.field);
        name_of(self.text()).filter(|_| fits).unwrap_or_default()
    }

    /// Is it one of those that say separators, which are counted as fields of their own.
    fn says_rules(&self) -> bool {
        matches!(self.name(), "MSH" | "FHS" | "BHS")
    }

    /// A field by its number, from 1, as the standard counts them: MSH-1 is the separator itself. One that is not there
    /// is empty.
    #[must_use]
    pub fn field(&self, number: usize) -> Piece<'a> {
        self.fields().nth(number.wrapping_sub(1)).unwrap_or_else(|| self.piece(self.place.end..self.place.end))
    }

    /// All fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let this = *self;
        let name = if this.name().is_empty() { 0 } else { NAME_BYTES };
        let begin = this.place.start + name;
        let says_rules = this.says_rules();
        let own = says_rules.then(|| this.plain(begin..begin + 1));
        let mut at = (begin < this.place.end || name == 0).then_some(if name == 0 { begin } else { begin + 1 });
        let mut number = 0;
        let split = std::iter::from_fn(move || {
            let start = at?;
            let rest = &this.source[start..this.place.end];
            let end = rest.iter().position(|byte| *byte == this.rules.field).map(|far| start + far);
            at = end.map(|end| end + 1);
            number += 1;
            let range = start..end.unwrap_or(this.place.end);
            Some(if says_rules && number == 1 || name == 0 { this.plain(range) } else { this.piece(range) })
        });
        own.into_iter().chain(split)
    }

    fn piece(&self, range: Range<usize>) -> Piece<'a> {
        Piece::field(self.source, range, self.rules)
    }

    /// A field that is not divided.
    fn plain(&self, range: Range<usize>) -> Piece<'a> {
        Piece::undivided(self.source, range, self.rules)
    }

    /// Puts it together again from its pieces, with what ends it.
    fn write_back(&self, out: &mut Vec<u8>) {
        let skip = usize::from(self.says_rules());
        out.extend(self.name().as_bytes());
        for (at, field) in self.fields().skip(skip).enumerate() {
            if at > 0 || !self.name().is_empty() {
                out.push(self.rules.field);
            }
            field.write_back(out);
        }
        out.extend(&self.source[self.place.end..self.place.next]);
    }
}

/// One message.
#[derive(Clone)]
pub struct Message<'a> {
    source: &'a [u8],
    places: Vec<Place>,
    rules: Rules,
    /// The line of the file on which it begins, from 1.
    pub line: u64,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message(line {}, {} segments)", self.line, self.places.len())
    }
}

impl<'a> Message<'a> {
    /// Where it lies in the source, without what ends its last segment.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let ends = |place: &Place| (place.start, place.end);
        let (start, end) = (self.places.first().map_or((0, 0), ends).0, self.places.last().map_or((0, 0), ends).1);
        start..end
    }

    /// Its segments, in order; the first is MSH.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.places.iter().map(|place| Segment { source: self.source, place: *place, rules: self.rules })
    }

    /// The first segment of this name.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        self.segments().find(|segment| segment.name() == name)
    }

    /// Is there a line in it that is no segment.
    #[must_use]
    pub fn has_stray_lines(&self) -> bool {
        self.segments().any(|segment| segment.name().is_empty())
    }
}

/// What stands in a file, in its order.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    /// A message.
    Message(Message<'a>),
    /// A line around messages: FHS, BHS, BTS, FTS.
    Around(Segment<'a>),
    /// A message that cannot be taken: on which line it begins, where it lies with what ends it, and why.
    Broken(u64, Range<usize>, Broken),
}

/// A file of messages.
#[derive(Clone)]
pub struct Exchange<'a> {
    source: &'a [u8],
    /// What stands before the first line: a mark, a frame, empty lines.
    begin: usize,
    /// What follows.
    pub items: Vec<Item<'a>>,
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({} items)", self.items.len())
    }
}

impl Exchange<'_> {
    /// The messages that could be taken.
    pub fn messages(&self) -> impl Iterator<Item = &Message<'_>> {
        self.items.iter().filter_map(|item| if let Item::Message(message) = item { Some(message) } else { None })
    }

    /// The bytes again, put together from the pieces.
    #[must_use]
    pub fn write_back(&self) -> Vec<u8> {
        let mut out = self.source[..self.begin].to_vec();
        for item in &self.items {
            match item {
                Item::Message(message) => message.segments().for_each(|segment| segment.write_back(&mut out)),
                Item::Around(segment) => segment.write_back(&mut out),
                Item::Broken(_, range, _) => out.extend(&self.source[range.clone()]),
            }
        }
        out
    }
}

/// Could these bytes be HL7 version 2: do they begin, after a mark or a frame, with one of its headers.
#[must_use]
pub fn looks_like_hl7(bytes: &[u8]) -> bool {
    let text = &bytes[begin_of(bytes)..];
    matches!(name_of(text), Some("MSH" | "FHS" | "BHS")) && text.get(NAME_BYTES).is_some_and(u8::is_ascii_punctuation)
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n') || FRAME.contains(&byte)
}

fn begin_of(bytes: &[u8]) -> usize {
    let mark = if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) { 3 } else { 0 };
    mark + bytes[mark..].iter().take_while(|byte| ends_line(**byte)).count()
}

/// Lines that end within these bytes: CR LF is one.
fn lines_in(bytes: &[u8]) -> u64 {
    let end = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(|at| end(*at)).count() as u64
}

/// Reads a file of messages.
///
/// # Errors
/// [`Hl7Error`] when it is none, or larger than the limits. Single messages that cannot be taken are in the result.
pub fn read_hl7<'a>(source: &'a [u8], limits: &Limits) -> Result<Exchange<'a>, Hl7Error> {
    if source.len() > limits.input_bytes_max {
        return Err(Hl7Error::TooLarge("too many bytes"));
    }
    if !looks_like_hl7(source) {
        return Err(Hl7Error::NotHl7);
    }
    let begin = begin_of(source);
    let mut reader = Reader { source, items: Vec::new(), open: None, around: None };
    let (mut start, mut segments) = (begin, 0_usize);
    let mut line = 1 + lines_in(&source[..begin]);
    while start < source.len() {
        let end = source[start..].iter().position(|byte| ends_line(*byte)).map_or(source.len(), |far| start + far);
        let next = end + source[end..].iter().take_while(|byte| ends_line(**byte)).count();
        segments += 1;
        if segments > limits.hl7_segments_max {
            return Err(Hl7Error::TooLarge("too many segments"));
        }
        reader.take(Place { start, end, next }, line)?;
        line += lines_in(&source[end..next]);
        start = next;
    }
    reader.close();
    Ok(Exchange { source, begin, items: reader.items })
}

struct Reader<'a> {
    source: &'a [u8],
    items: Vec<Item<'a>>,
    /// The message whose segments are being gathered, and the line on which it began.
    open: Option<(u64, Vec<Place>)>,
    /// What the last FHS or BHS said.
    around: Option<Rules>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, place: Place, line: u64) -> Result<(), Hl7Error> {
        let text = &self.source[place.start..place.end];
        match (name_of(text), &mut self.open) {
            (Some("MSH"), _) => {
                self.close();
                self.open = Some((line, vec![place]));
            }
            (Some("FHS" | "BHS"), _) => {
                self.close();
                let rules = Rules::read(&text[NAME_BYTES..]).ok_or(Hl7Error::NotHl7)?;
                self.around = Some(rules);
                self.items.push(Item::Around(Segment { source: self.source, place, rules }));
            }
            // Only where a header stands before: else these letters begin a line of some field.
            (Some("BTS" | "FTS"), _) if self.around.is_some() => {
                self.close();
                let rules = self.around.ok_or(Hl7Error::NotHl7)?;
                self.items.push(Item::Around(Segment { source: self.source, place, rules }));
            }
            (_, Some((_, places))) => places.push(place),
            (_, None) => return Err(Hl7Error::NotHl7),
        }
        Ok(())
    }

    /// The message that was gathered is whole.
    fn close(&mut self) {
        let Some((line, places)) = self.open.take() else { return };
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let whole = first.start..last.next;
        let item = match rules_of(self.source, first, last.end) {
            Ok(rules) => Item::Message(Message { source: self.source, places, rules, line }),
            Err(why) => Item::Broken(line, whole, why),
        };
        self.items.push(item);
    }
}

/// What a message says of how it is written, held against its bytes.
fn rules_of(source: &[u8], header: &Place, end: usize) -> Result<Rules, Broken> {
    let rules = Rules::read(&source[header.start + NAME_BYTES..header.end]).ok_or(Broken::Separators)?;
    let segment = Segment { source, place: *header, rules };
    let bytes = &source[header.start..end];
    let first = segment.field(18).parts().next().map_or(&b""[..], |one| one.raw());
    let letters = match first.to_ascii_uppercase().as_slice() {
        // Nothing said is ASCII by the standard; UTF-8 holds it, and whatever is neither is not guessed at.
        b"" | b"UNICODE UTF-8" | b"UTF-8" | b"UTF8" => str::from_utf8(bytes).is_ok().then_some(Letters::Utf8),
        b"ASCII" | b"US-ASCII" => bytes.is_ascii().then_some(Letters::Utf8),
        b"8859/1" | b"8859-1" | b"ISO-8859-1" | b"ISO8859-1" => Some(Letters::Latin1),
        _ => None,
    };
    let letters = letters.ok_or(Broken::Charset)?;
    Ok(Rules { letters, ..rules })
}

#[cfg(test)]
mod tests;
