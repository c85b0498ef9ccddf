//! DICOM (PS3.5, PS3.10): the texts of a file's attributes. Pixels are told, and are not looked at.
//!
//! What must always hold: lengths are never believed beyond the file; items of sequences are read as attributes like any others; a
//! value may become longer or shorter, and every length around it follows ([`fit`]); each attribute that names somebody by PS3.15 can
//! be changed, whatever its bytes are.
//!
//! What it refuses to know: pixels, in which names may be burnt; and character sets beyond UTF-8 and Latin letters, whose values can
//! be emptied alone.

mod attributes;
mod fit;
mod walk;

pub(super) use fit::fitted;

use super::escape::{Escape, Form};
use super::layer::{Codec, Layer};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What};
use attributes::{Treatment, kind_of, meaning_of, treatment};
use std::ops::Range;
use std::sync::Arc;
use walk::{Element, Step, Walk};

/// Values of bytes up to so many are numbers; larger ones are told as not read.
const BINARY_BYTES_MAX: usize = 16;
/// Values longer than this are no texts, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// So many letters may stand among numbers by chance.
const LETTERS_MAX: usize = 3;
/// Longer values tell more than what a machine is called.
const CODE_BYTES_MAX: usize = 64;
/// So many digits in a row may be somebody's number.
const DIGITS_MIN: usize = 5;
/// What begins a switch to other letters (ISO 2022).
const SWITCH: u8 = 0x1B;
/// Where the preamble ends (PS3.10, 7.1).
const PREAMBLE: Range<usize> = 0..128;

/// Reads the attributes.
pub(super) fn read(reading: &mut Reading<'_>, bytes: &[u8], place: &Place) {
    let layer = Layer::same(Codec::Dicom, 0..bytes.len(), place.layer.clone());
    let here = Place { layer: Some(Arc::new(layer)), ..place.clone() };
    let depth_max = reading.limits.depth_max;
    let mut weaver = Weaver::new(reading, &here);
    weaver.record = weaver.record.saturating_add(1);
    let mut picture = Picture {
        bytes,
        place: here,
        weaver,
        levels: vec![Level { knows_letters: true, knows_codes: false }],
        told: Told::default(),
        documents: 0,
    };
    picture.preamble();
    for step in Walk::new(bytes, depth_max) {
        match step {
            Step::Leaf(element) => picture.leaf(&element),
            Step::Fragments(element) if is_seen(&element) => picture.told.seen = true,
            Step::Fragments(element) => picture.gone(element.value..element.end, Meaning::UNKNOWN, Form::Emptied),
            Step::Open(_) => picture.levels.push(Level { knows_codes: false, ..picture.level() }),
            Step::Close => {
                picture.levels.pop();
            }
            Step::Damaged(at) => picture.damaged(at),
            Step::Deflated => picture.weaver.opaque(Opaque::Packing),
        }
        picture.weaver.rest();
    }
    picture.finish();
}

/// Packed pixels, and nothing that only looks like them.
const fn is_seen(element: &Element) -> bool {
    matches!(element.tag, attributes::PIXELS | 0x7FE0_0008 | 0x7FE0_0009) && !element.is_private
}

/// What has been said of a file.
#[derive(Default)]
struct Told {
    damaged: bool,
    /// There are bytes that are neither words nor what a device has seen.
    beside: bool,
    /// There is something that a device has seen.
    seen: bool,
    /// Words are burnt in, and are not, as the file says itself; and as its kind lets expect.
    burnt: bool,
    not_burnt: bool,
    likely_burnt: bool,
}

/// What is known within a sequence or an item.
#[derive(Clone, Copy)]
struct Level {
    /// Are the letters known ones.
    knows_letters: bool,
    /// Is the code of a list that is the same everywhere.
    knows_codes: bool,
}

/// A file that is being read.
struct Picture<'r, 'a, 'b> {
    bytes: &'b [u8],
    place: Place,
    weaver: Weaver<'r, 'a>,
    levels: Vec<Level>,
    told: Told,
    documents: usize,
}

impl Picture<'_, '_, '_> {
    fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or(Level { knows_letters: false, knows_codes: false })
    }

    /// It may hold anything, and is no part of what the file says.
    fn preamble(&mut self) {
        self.gone(PREAMBLE, Meaning::FREE_TEXT, Form::Zeros);
    }

    fn damaged(&mut self, at: usize) {
        if !self.told.damaged {
            self.told.damaged = true;
            self.weaver.opaque(Opaque::Damaged(at as u64));
        }
    }

    fn finish(mut self) {
        // Pictures have many of them: it is said once, and at the end, so that it divides no text.
        if self.told.beside {
            self.weaver.opaque(Opaque::Beside);
        }
        if self.told.seen {
            let is_burnt = self.told.burnt || self.told.likely_burnt && !self.told.not_burnt;
            self.weaver.opaque(if is_burnt { Opaque::Image } else { Opaque::Seen });
        }
        self.weaver.finish();
    }

    fn leaf(&mut self, element: &Element) {
        let range = element.value..element.end;
        let Some(value) = self.bytes.get(range.clone()) else { return };
        let (number, is_odd) = (element.tag & 0xFFFF, element.tag >> 16 & 1 == 1);
        // Groups that say how long they are.
        if number == 0 && value.len() == 4 && !is_text(element.kind) {
            return;
        }
        let kind = kind_as_read(element);
        if element.is_private {
            // Whose private attributes follow.
            return match is_odd && matches!(number, 0x10..=0xFF) && looks_like_text(value) {
                true => self.values(element, *b"LO", Treatment::Words),
                false => self.gone(range, Meaning::FREE_TEXT, Form::Emptied),
            };
        }
        self.learn(element.tag, value);
        let known = kind_of(element.tag).is_some();
        match treatment(element.tag, kind, known) {
            Treatment::Number if is_hidden_text(value) => self.gone(range, Meaning::FREE_TEXT, Form::Emptied),
            Treatment::Number => {}
            Treatment::Seen => self.told.seen = true,
            Treatment::Document => self.document(range),
            Treatment::Zeros => self.gone(range, Meaning::UNKNOWN, Form::Zeros),
            Treatment::Emptied => self.gone(range, meaning_of(element.tag, kind), Form::Emptied),
            other => self.values(element, kind, other),
        }
    }

    /// What the file says about itself.
    fn learn(&mut self, tag: u32, value: &[u8]) {
        let value = value.get(..long_of(value)).unwrap_or_default();
        if tag == attributes::CHARACTER_SET
            && let Some(last) = self.levels.last_mut()
        {
            let is_known = |name: &[u8]| {
                let names: [&[u8]; 6] =
                    [b"", b"ISO_IR 6", b"ISO 2022 IR 6", b"ISO_IR 100", b"ISO 2022 IR 100", b"ISO_IR 192"];
                names.contains(&name.trim_ascii())
            };
            last.knows_letters = value.split(|byte| *byte == b'\\').all(is_known);
        }
        if tag == attributes::CODE_SCHEME
            && let Some(last) = self.levels.last_mut()
        {
            last.knows_codes = attributes::is_common_scheme(value);
        }
        let told = &mut self.told;
        told.burnt |= tag == attributes::BURNED_IN && value == b"YES";
        if self.levels.len() == 1 {
            told.not_burnt |= tag == attributes::BURNED_IN && value == b"NO";
            told.likely_burnt |= attributes::shows_text(tag, value);
        }
    }

    /// A document within the file, read as what it is.
    fn document(&mut self, range: Range<usize>) {
        let Some(value) = self.bytes.get(range.clone()) else { return };
        let long = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if long == 0 {
            return;
        }
        if self.place.depth >= self.weaver.reading.limits.packed_depth_max {
            return self.weaver.opaque(Opaque::TooDeep);
        }
        self.documents += 1;
        let slice = Layer::slice(range.start..range.start + long, self.place.layer.clone());
        let inner = self.place.inner(&format!("attachment {}", self.documents), Arc::new(slice));
        self.weaver.pause();
        let inside = value.get(..long).unwrap_or_default();
        super::read_bytes(self.weaver.reading, inside, "", &inner);
    }

    /// A value that no copy without identifiers holds.
    fn gone(&mut self, range: Range<usize>, meaning: Meaning, form: Form) {
        let Some(value) = self.bytes.get(range.clone()) else { return };
        let is_zero = |byte: &u8| *byte == 0 || *byte == b' ' && form == Form::Emptied;
        let Some(last) = value.iter().rposition(|byte| !is_zero(byte)) else { return };
        let (long, escape) = (last + 1, Escape::Dicom(form));
        if long <= TEXT_BYTES_MAX && looks_like_text(value) {
            self.weaver.begin(meaning, NO_COLUMN);
            self.weaver.bytes(value.get(..long).unwrap_or_default(), range.start, escape);
            self.weaver.atom("\n", range.start + long..range.end, escape);
        } else {
            self.told.beside |= long > BINARY_BYTES_MAX;
            self.weaver.begin(Meaning::UNKNOWN, NO_COLUMN);
            // It stands for a thing that is no text.
            self.weaver.atom("\u{FFFC}\n", range, escape);
        }
        self.weaver.end();
    }

    /// One value, or several with backslashes between them.
    fn values(&mut self, element: &Element, kind: [u8; 2], treatment: Treatment) {
        let range = element.value..element.end;
        let Some(value) = self.bytes.get(range.clone()) else { return };
        let value = value.get(..long_of(value)).unwrap_or_default();
        if value.len() > TEXT_BYTES_MAX {
            return self.weaver.opaque(Opaque::TooLarge);
        }
        let strange = self.strange(value, kind);
        let has_groups = &kind == b"PN" && treatment == Treatment::Formed;
        let strange = if has_groups { group_of(value, strange) } else { strange.map(|_| 0) };
        let is_calendar = matches!(&kind, b"DA" | b"TM" | b"DT" | b"AS");
        if strange == Some(0) {
            return self.gone(range, meaning_of(element.tag, kind), Form::Emptied);
        }
        if value.is_empty() && !is_calendar {
            return;
        }
        let label = attributes::name_of(element.tag)
            .map_or_else(|| format!("({:04x},{:04x})", element.tag >> 16, element.tag & 0xFFFF), str::to_owned);
        self.weaver.gap(&format!("{label}: "), element.start..element.value);
        let (plain, other) = value.split_at(strange.unwrap_or(value.len()));
        let is_one = matches!(&kind, b"ST" | b"LT" | b"UT");
        let mut at = range.start;
        for (number, one) in plain.split(|byte| *byte == b'\\' && !is_one).enumerate() {
            if number > 0 {
                self.weaver.bytes(b"\\", at - 1, Escape::Fixed);
            }
            self.value(element.tag, (kind, treatment), one, at);
            at += one.len() + 1;
        }
        if !other.is_empty() {
            let escape = Escape::Dicom(Form::Emptied);
            self.weaver.begin(meaning_of(element.tag, kind), NO_COLUMN);
            self.weaver.bytes(other, range.start + plain.len(), escape);
            self.weaver.end();
        }
        self.weaver.gap("\n", range.start + value.len()..range.end);
    }

    /// Where letters begin that nobody here can read.
    fn strange(&self, value: &[u8], kind: [u8; 2]) -> Option<usize> {
        let in_letters = matches!(&kind, b"LO" | b"LT" | b"PN" | b"SH" | b"ST" | b"UC" | b"UT");
        let knows = self.level().knows_letters;
        let is_strange = |byte: &u8| *byte == SWITCH || *byte >= 0x80 && !knows;
        if in_letters { value.iter().position(is_strange) } else { None }
    }

    fn value(&mut self, tag: u32, (kind, treatment): ([u8; 2], Treatment), value: &[u8], at: usize) {
        let mut meaning = meaning_of(tag, kind);
        if tag == attributes::CODE_WORDS && self.level().knows_codes {
            meaning = Meaning::CODE;
        }
        let form = match (treatment, &kind) {
            (Treatment::Formed, b"PN") => return self.name(meaning, value, at),
            (Treatment::Formed, b"DA") => Form::Day,
            (Treatment::Formed, b"TM") => Form::Time,
            (Treatment::Formed, b"DT") => Form::Moment,
            (Treatment::Formed, b"AS") => Form::Age,
            (_, b"UI") if treatment != Treatment::Fixed => {
                let is_class = treatment == Treatment::Words && is_uid(value) || is_of_the_standard(value);
                meaning = if is_class { Meaning::CODE } else { Meaning::of(What::OtherId, meaning.who) };
                if is_class { Form::Words(64) } else { Form::Uid }
            }
            (Treatment::Token(_), _) => Form::Token(attributes::chars_max(kind)),
            _ => Form::Words(attributes::chars_max(kind)),
        };
        if meaning == Meaning::CODE && !is_code(kind, value) {
            meaning = Meaning::FREE_TEXT;
        }
        if treatment == Treatment::Fixed {
            return self.weaver.bytes(value, at, Escape::Fixed);
        }
        self.weaver.begin(meaning, NO_COLUMN);
        self.weaver.bytes(value, at, Escape::Dicom(form));
        self.weaver.end();
    }

    /// Family, given, middle, prefix, suffix; the same in other letters behind a sign.
    fn name(&mut self, meaning: Meaning, value: &[u8], start: usize) {
        let (mut at, mut number) = (start, 0);
        for piece in value.split_inclusive(|byte| matches!(byte, b'^' | b'=')) {
            let sign = piece.last().copied().filter(|byte| matches!(byte, b'^' | b'='));
            let word = piece.get(..piece.len() - usize::from(sign.is_some())).unwrap_or_default();
            let what = [What::FamilyName, What::GivenName, What::MiddleName].get(number).copied();
            self.weaver.begin(Meaning::of(what.unwrap_or(What::NameAffix), meaning.who), NO_COLUMN);
            self.weaver.bytes(word, at, Escape::Dicom(Form::Name));
            self.weaver.end();
            at += piece.len();
            if let Some(sign) = sign {
                self.weaver.bytes(&[sign], at - 1, Escape::Fixed);
                number = if sign == b'=' { 0 } else { number + 1 };
            }
        }
    }
}

/// The value representation by which a value is read: that of the standard, where the two are not of the same sort.
fn kind_as_read(element: &Element) -> [u8; 2] {
    let Some(known) = kind_of(element.tag) else { return element.kind };
    match (is_text(known), is_text(element.kind)) {
        // A name that says to be words is a name, and the other way round.
        (true, true) => {
            if has_form(element.kind) && !has_form(known) {
                element.kind
            } else {
                known
            }
        }
        (false, true) => element.kind,
        _ => known,
    }
}

const fn is_text(kind: [u8; 2]) -> bool {
    has_form(kind)
        || matches!(&kind, b"AE" | b"CS" | b"DS" | b"IS" | b"LO" | b"LT" | b"SH" | b"ST" | b"UC" | b"UR" | b"UT")
}

const fn has_form(kind: [u8; 2]) -> bool {
    matches!(&kind, b"AS" | b"DA" | b"DT" | b"PN" | b"TM" | b"UI")
}

/// How long a value is without what pads it.
fn long_of(value: &[u8]) -> usize {
    value.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1)
}

fn looks_like_text(value: &[u8]) -> bool {
    value.len() >= 2 && value.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xA0.. | b'\r' | b'\n' | b'\t' | 0))
}

/// Do words stand where numbers should.
fn is_hidden_text(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic());
    looks_like_text(value) && letters.take(LETTERS_MAX + 1).count() > LETTERS_MAX
}

/// Where the group of letters of a name begins in which this stands.
fn group_of(value: &[u8], strange: Option<usize>) -> Option<usize> {
    let before = value.get(..strange?)?;
    Some(before.iter().rposition(|byte| matches!(byte, b'=' | b'\\')).map_or(0, |last| last + 1))
}

fn is_uid(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// A UID that the standard itself gives (PS3.6, A): its numbers are short.
fn is_of_the_standard(value: &[u8]) -> bool {
    value.strip_prefix(b"1.2.840.10008.").is_some_and(|rest| {
        is_uid(rest) && rest.len() <= 24 && rest.split(|byte| *byte == b'.').all(|number| number.len() <= 4)
    })
}

/// Is it what a code or a number in digits looks like, and no sentence.
fn is_code(kind: [u8; 2], value: &[u8]) -> bool {
    match &kind {
        b"DS" | b"IS" => {
            value.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b' '))
        }
        b"CS" => {
            let is_number = |run: &[u8]| run.len() >= DIGITS_MIN;
            value.len() <= 16
                && value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
                && !value.split(|byte| !byte.is_ascii_digit()).any(is_number)
        }
        _ => value.len() <= CODE_BYTES_MAX,
    }
}
