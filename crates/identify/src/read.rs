//! Reads files of every kind that holds health records, as text that knows where it came from.
//!
//! A file is handed over in portions: texts with a map back to the exact bytes and with what structure says about
//! single values, and parts that cannot be read, each with the reason. New texts can be written back into the bytes
//! that a text was read from; every other byte stays as it was.
//!
//! What must always hold: nothing is left out silently, neither a part that is not understood nor a byte that is
//! damaged; memory stays within a few portions beside the input ([`ReadLimits`]); hostile bytes cost time in
//! proportion to their number.
//!
//! What it refuses to know: what in the text is a name or a date, and whom a file is about.

mod cda;
mod column;
mod day_number;
mod delimited;
mod detect;
mod dicom;
mod edit;
mod encoded;
mod escape;
mod fhir;
mod fhir_address;
mod fhir_levels;
mod grid;
mod hl7;
mod hl7_meaning;
mod hl7_observed;
mod json;
mod layer;
mod letters;
mod mail;
mod map;
mod meaning;
mod office;
mod packed;
mod page;
mod rtf;
mod sheets;
mod sql;
mod tags;
mod transfer;
mod weave;
mod years;

pub use detect::Format;
pub use edit::{EditError, Edits, edit};
pub(crate) use fhir_address::is_resource_type;
pub use map::OffsetMap;
pub use meaning::{Meaning, What, Who, meaning_of_label};

use escape::Escape;
pub(crate) use escape::Form;
use layer::{Codec, Layer};
use letters::Letters;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use weave::Weaver;

/// A field's column when it stands in none.
pub const NO_COLUMN: u32 = u32::MAX;

/// Bounds for reading one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// About how much text one portion holds, in bytes; none holds more than twice as much.
    pub portion_bytes: usize,
    /// Largest stretch of bytes that is no UTF-8 and is read as a whole, because its format needs it; beyond it, it is
    /// read as plain text, window by window.
    pub decoded_bytes_max: usize,
    /// Nesting of JSON, XML, RTF and mail parts. What lies deeper is read as plain text.
    pub depth_max: usize,
    /// Packed files within packed files.
    pub packed_depth_max: usize,
    /// Members of one packed file.
    pub packed_entries_max: usize,
    /// One member unpacked, in bytes; it is held in memory.
    pub packed_member_bytes_max: usize,
    /// Everything unpacked out of one file, in bytes.
    pub packed_bytes_max: u64,
    /// How many times larger than packed a member may be, once it is over 1 MiB.
    pub packed_ratio_max: usize,
    /// Columns whose headers are kept.
    pub columns_max: usize,
}

impl Default for ReadLimits {
    /// Portions of 2 MiB; the rest is what honest exports were seen to need, ten times over.
    fn default() -> Self {
        Self {
            portion_bytes: 2 << 20,
            decoded_bytes_max: 256 << 20,
            depth_max: 256,
            packed_depth_max: 4,
            packed_entries_max: 65_536,
            packed_member_bytes_max: 256 << 20,
            packed_bytes_max: 2 << 30,
            packed_ratio_max: 200,
            columns_max: 16_384,
        }
    }
}

/// Why a part of a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opaque {
    /// A picture, a scan.
    Image,
    /// A recording.
    Audio,
    /// A moving picture.
    Video,
    /// It needs a password.
    Encrypted,
    /// Packed in a way that is not read here.
    Packing,
    /// It unpacks beyond the limits.
    TooLarge,
    /// Packed files within packed files beyond the limit.
    TooDeep,
    /// The binary Office formats before 2007.
    OldOffice,
    /// A PDF without a text layer: a scan.
    NoTextLayer,
    /// A document type declaration, which could reach outside the file.
    DocumentType,
    /// The format breaks off or is broken at this byte of the part; what follows was read as plain text, if it is text.
    Damaged(u64),
    /// A program.
    Program,
    /// Bytes of no known kind.
    UnknownBinary,
    /// What a device has seen or measured, which is nobody's words: pixels, waves.
    Seen,
    /// Bytes beside the words and the pixels of a picture, which no copy without identifiers holds.
    Beside,
}

impl Opaque {
    /// Can what is told stand in a file without identifiers, or be taken out of it, though nobody has looked at it.
    #[must_use]
    pub const fn is_told_alone(self) -> bool {
        matches!(self, Self::Seen | Self::Beside)
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "it is a picture",
            Self::Audio => "it is a recording",
            Self::Video => "it is a video",
            Self::Encrypted => "it is encrypted",
            Self::Packing => "it is packed in a way that is not read",
            Self::TooLarge => "it unpacks beyond the limit",
            Self::TooDeep => "packed files are nested beyond the limit",
            Self::OldOffice => "it is in an Office format from before 2007, or has a password",
            Self::NoTextLayer => "it has no text layer; it may be a scan",
            Self::DocumentType => "it declares a document type, which is refused",
            Self::Damaged(at) => {
                return write!(f, "it is damaged at byte {at}; the rest is read as plain text if it is text");
            }
            Self::Program => "it is a program",
            Self::UnknownBinary => "it is of no known kind",
            Self::Seen => "it is a picture or a recording of a device, in which words may be burnt",
            Self::Beside => "it is bytes beside a picture that are neither words nor pixels",
        })
    }
}

/// A value of which structure says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// First byte in the text of its part.
    pub start: u32,
    /// One past the last byte; always greater than `start`.
    pub end: u32,
    /// What structure says.
    pub meaning: Meaning,
    /// Which record (row, message, resource, document) it stands in, from 1; 0 where there are none.
    pub record: u32,
    /// Its column in a table, from 0, or [`NO_COLUMN`].
    pub column: u32,
}

impl Field {
    /// Where it stands in the text of its part.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A portion of text. PHI; `Debug` tells sizes only.
#[derive(Clone)]
pub struct Part {
    /// The part inside a packed file or a mail, such as `word/document.xml`; a large file comes as several portions of
    /// the same name.
    pub name: Option<String>,
    /// The text; empty only where an archive has a name that holds nothing: a folder, an empty file.
    pub text: String,
    /// Where it came from.
    pub map: OffsetMap,
    /// Values of which structure says something, in the order of the text.
    pub fields: Vec<Field>,
    /// Headers of a table's columns, as written; empty where there is no table.
    pub columns: Arc<[String]>,
    /// Where records begin: a place in the text, and the record that the text is of from there on. Labels and separators
    /// between two records are of either.
    pub records: Vec<(u32, u32)>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({} bytes, {} fields, {} columns)", self.text.len(), self.fields.len(), self.columns.len())
    }
}

impl Part {
    /// The source with these edits made: each a stretch of the text and its new text. Every other byte stays.
    ///
    /// # Errors
    /// [`EditError`], and nothing is changed.
    pub fn edit(&self, source: &[u8], edits: Edits<'_>) -> Result<Vec<u8>, EditError> {
        edit(source, &[(self, edits)])
    }

    /// Divides a stretch of the text where structure (separators, labels, markup) lies in it; each piece can be edited.
    #[must_use]
    pub fn stretches(&self, range: Range<usize>) -> Vec<Range<usize>> {
        edit::stretches(&self.text, &self.map, range)
    }

    /// Is this a day that the file writes as a number, so that only a whole day can stand there.
    #[must_use]
    pub(crate) fn is_day_number(&self, at: usize) -> bool {
        self.map.runs.get(self.map.run_at(at)).is_some_and(|run| {
            matches!(run.escape, Escape::DayNumber(_) | Escape::FilterDay(..) | Escape::RtfDay | Escape::RtfPackedDay)
        })
    }

    /// Does a stretch of the text lie in structure alone: an element's name, a key, a separator.
    #[must_use]
    pub(crate) fn is_structure(&self, range: Range<usize>) -> bool {
        let first = self.map.run_at(range.start);
        self.map.runs.get(first..=self.map.run_at(range.end.saturating_sub(1))).is_some_and(|runs| {
            !runs.is_empty() && runs.iter().all(|run| run.how == map::How::Gap && run.escape == Escape::Fixed)
        })
    }

    /// Is this a moment, so that only a moment can stand there.
    #[must_use]
    pub(crate) fn is_moment(&self, at: usize) -> bool {
        self.map.runs.get(self.map.run_at(at)).is_some_and(|run| run.escape == Escape::Moment)
    }

    /// Does a stretch of the text lie in labels that the reader wrote: names of attributes that the file has as numbers.
    #[must_use]
    pub(crate) fn is_label(&self, range: Range<usize>) -> bool {
        let is_ours = self.map.under.as_ref().is_some_and(|layer| layer.codec == Codec::Dicom);
        is_ours && self.is_structure(range)
    }

    /// What may stand in this value of DICOM; none elsewhere.
    #[must_use]
    pub(crate) fn form(&self, at: usize) -> Option<Form> {
        match self.map.runs.get(self.map.run_at(at))?.escape {
            Escape::Dicom(form) => Some(form),
            _ => None,
        }
    }

    /// Is this what a document calls one of its own things, so that only another such name can stand there.
    #[must_use]
    pub(crate) fn is_identifier(&self, at: usize) -> bool {
        self.map.runs.get(self.map.run_at(at)).is_some_and(|run| matches!(run.escape, Escape::Identifier(_)))
    }

    /// Is this a number of JSON, in whose place a number has to stand.
    #[must_use]
    pub(crate) fn is_bare_number(&self, at: usize) -> bool {
        self.map.runs.get(self.map.run_at(at)).is_some_and(|run| run.escape == escape::Escape::JsonBare)
    }

    /// Can it be written back at all.
    #[must_use]
    pub fn is_editable(&self) -> bool {
        !self.map.runs.iter().any(|run| run.how == map::How::Gap && run.escape == Escape::Plain)
    }
}

/// What a file is handed over as.
#[derive(Debug, Clone)]
pub enum Portion {
    /// Text.
    Text(Part),
    /// A part that is not read.
    Opaque {
        /// The part inside a packed file, if it is one.
        part: Option<String>,
        /// Why.
        why: Opaque,
    },
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// What the file is.
    pub format: Format,
    /// How its bytes stand for characters, if not plain UTF-8.
    pub letters: Option<&'static str>,
    /// Portions of text.
    pub parts: u64,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Parts that were not read, and damaged places.
    pub opaque: u64,
    /// Records.
    pub records: u64,
    /// Places where a portion had to end within a value or a word, because it was larger than a portion.
    pub cuts_inside: u64,
}

/// Why a file is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The limits leave no room to read anything.
    #[error("the limits are too small to read anything")]
    Limits,
}

/// What one reading has come to.
struct Reading<'a> {
    limits: &'a ReadLimits,
    sink: &'a mut dyn FnMut(Portion),
    summary: Summary,
    /// Bytes unpacked so far.
    unpacked: u64,
    /// Records so far.
    records: u32,
}

impl Reading<'_> {
    fn part(&mut self, part: Part) {
        self.summary.parts += 1;
        self.summary.text_bytes += part.text.len() as u64;
        (self.sink)(Portion::Text(part));
    }

    fn opaque(&mut self, part: Option<String>, why: Opaque) {
        self.summary.opaque += 1;
        (self.sink)(Portion::Opaque { part, why });
    }

    /// A part that holds nothing, such as a folder in an archive. Its name may say who somebody is all the same.
    fn name_alone(&mut self, place: &Place) {
        let map = OffsetMap { under: place.layer.clone(), ..OffsetMap::default() };
        let (name, columns) = (place.name.clone(), Arc::from([]));
        self.part(Part { name, text: String::new(), map, fields: Vec::new(), columns, records: Vec::new() });
    }
}

/// Where bytes lie that are being read.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The part's name.
    name: Option<String>,
    /// What lies between these bytes and the file.
    layer: Option<Arc<Layer>>,
    /// Packed files and mail parts around it.
    depth: usize,
}

impl Place {
    /// A part inside of this one.
    fn inner(&self, name: &str, layer: Arc<Layer>) -> Self {
        let name = match &self.name {
            Some(outer) => format!("{outer}/{name}"),
            None => name.to_owned(),
        };
        Self { name: Some(name), layer: Some(layer), depth: self.depth + 1 }
    }

    /// A stretch of it, read as a whole of its own.
    fn slice(&self, range: Range<usize>) -> Self {
        Self { layer: Some(Arc::new(Layer::slice(range, self.layer.clone()))), ..self.clone() }
    }
}

/// Reads a file and hands over its portions. The content decides what it is; the name is a hint where the content
/// leaves it open.
///
/// # Errors
/// [`ReadError`], before anything was handed over. A file that cannot be read is a portion that says so.
pub fn read(
    bytes: &[u8],
    name: &str,
    limits: &ReadLimits,
    sink: &mut dyn FnMut(Portion),
) -> Result<Summary, ReadError> {
    if limits.portion_bytes == 0 {
        return Err(ReadError::Limits);
    }
    let mut reading = Reading { limits, sink, summary: Summary::default(), unpacked: 0, records: 0 };
    let format = read_bytes(&mut reading, bytes, name, &Place::default());
    reading.summary.format = format;
    reading.summary.records = u64::from(reading.records);
    Ok(reading.summary)
}

/// Reads what lies at a place, whatever it is.
fn read_bytes(reading: &mut Reading<'_>, bytes: &[u8], name: &str, place: &Place) -> Format {
    let format = detect::binary(bytes);
    match format {
        Some(format) => {
            read_binary(reading, bytes, format, name, place);
            format
        }
        None => read_letters(reading, bytes, name, place),
    }
}

fn read_binary(reading: &mut Reading<'_>, bytes: &[u8], format: Format, name: &str, place: &Place) {
    let packed = matches!(format, Format::Zip | Format::Gzip | Format::Tar);
    if packed && place.depth >= reading.limits.packed_depth_max {
        return reading.opaque(place.name.clone(), Opaque::TooDeep);
    }
    match format {
        Format::Empty => {}
        Format::Zip => packed::read_zip(reading, bytes, place),
        Format::Gzip => packed::read_gzip(reading, bytes, name, place),
        Format::Tar => packed::read_tar(reading, bytes, place),
        Format::Pdf => page::read(reading, bytes, place),
        Format::Dicom => dicom::read(reading, bytes, place),
        Format::Binary(why) => reading.opaque(place.name.clone(), why),
        // What is text is read as text.
        _ => reading.opaque(place.name.clone(), Opaque::UnknownBinary),
    }
}

/// Reads bytes that are characters.
fn read_letters(reading: &mut Reading<'_>, bytes: &[u8], name: &str, place: &Place) -> Format {
    let letters = letters::letters_of(bytes);
    if reading.summary.letters.is_none() && place.depth == 0 {
        reading.summary.letters = letters.map(letters::label);
    }
    let (text, place) = match letters {
        None => (std::str::from_utf8(bytes).map(Cow::Borrowed).unwrap_or_default(), place.clone()),
        Some(Letters::Marked) => {
            let body = std::str::from_utf8(&bytes[3..]).map(Cow::Borrowed).unwrap_or_default();
            (body, place.slice(3..bytes.len()))
        }
        Some(letters) if bytes.len() <= reading.limits.decoded_bytes_max => decoded(bytes, 0, letters, place),
        Some(letters) => {
            windows(reading, bytes, letters, place);
            return Format::Text;
        }
    };
    let format = detect::text(&text, name);
    read_text(reading, &text, format, &place);
    format
}

fn decoded<'a>(bytes: &[u8], start: usize, letters: Letters, place: &Place) -> (Cow<'a, str>, Place) {
    let slice = if start == 0 { place.clone() } else { place.slice(start..start + bytes.len()) };
    let (text, map) = letters::decode(bytes, letters);
    let layer = Layer {
        codec: Codec::Letters(letters),
        range: 0..bytes.len(),
        map: Some(map),
        under: slice.layer,
        inside_bytes_max: text.len(),
    };
    (Cow::Owned(text), Place { layer: Some(Arc::new(layer)), ..place.clone() })
}

/// Bytes that are too many to be decoded at once: plain text, one stretch after the other.
fn windows(reading: &mut Reading<'_>, bytes: &[u8], letters: Letters, place: &Place) {
    let most = reading.limits.portion_bytes.max(4_096) & !1;
    let mut at = 0;
    while at < bytes.len() {
        let mut end = bytes.len().min(at + most);
        if end < bytes.len()
            && let Some(far) = bytes[at..end].iter().rposition(|byte| *byte == b'\n')
        {
            // A wide character has its NUL behind or before; an even place is its end.
            let behind = at + far + 1;
            let even = behind + (behind - at) % 2;
            if even < end && even > at {
                end = if matches!(letters, Letters::Windows1252) { behind } else { even };
            }
        }
        let (text, window) = decoded(&bytes[at..end], at, letters, place);
        read_plain(reading, &text, &window);
        at = end;
    }
}

fn read_text(reading: &mut Reading<'_>, text: &str, format: Format, place: &Place) {
    match format {
        Format::Delimited => delimited::read(reading, text, place),
        Format::Hl7 => hl7::read(reading, text, place),
        Format::Json | Format::Fhir | Format::NdJson => json::read(reading, text, place),
        Format::Xml | Format::Cda => cda::read(reading, text, place),
        Format::Html => tags::read_html(reading, text, place),
        Format::Mail => mail::read(reading, text, place),
        Format::Rtf => rtf::read(reading, text, place),
        Format::Sql => sql::read(reading, text, place),
        _ => read_plain(reading, text, place),
    }
}

/// Plain text: the bytes themselves.
fn read_plain(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut weaver = Weaver::new(reading, place);
    weaver.copy(text, 0..text.len(), Escape::Plain);
    weaver.finish();
}

#[cfg(test)]
pub(crate) mod tests;
