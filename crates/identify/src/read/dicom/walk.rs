//! Walks over the elements of a file of DICOM (PS3.5, 7; PS3.10, 7.1).
//!
//! What must always hold: lengths are never believed beyond the file, nor beyond the item or the sequence that they stand in; every
//! byte is passed once; nesting is bounded. Where the structure is broken it is told, and what follows is walked over as if it stood
//! at the top, so that its texts are still read.
//!
//! What it refuses to know: what the elements mean.

use super::attributes::{PIXELS, TRANSFER_SYNTAX, Tag, kind_of, names_somebody};

/// Where the heading of a file begins: behind the preamble and `DICM`.
pub(super) const HEADING: usize = 132;
/// A length that is not said.
const UNKNOWN_LENGTH: u32 = u32::MAX;
/// Items, and what ends them and sequences (PS3.5, 7.5).
const ITEM: Tag = 0xFFFE_E000;
const ITEM_END: Tag = 0xFFFE_E00D;
const SEQUENCE_END: Tag = 0xFFFE_E0DD;
/// Transfer syntaxes: all but these three groups are explicit with the little end first (PS3.5, A; PS3.6, table A-1).
const IMPLICIT: &[&[u8]] = &[b"1.2.840.10008.1.2", b"1.2.840.113619.5.2"];
const BIG_ENDIAN: &[u8] = b"1.2.840.10008.1.2.2";
const DEFLATED: &[&[u8]] = &[b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.95", b"1.2.840.10008.1.2.4.205"];

/// One element: a value with its heading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) tag: Tag,
    /// Its value representation, as written; `UN` where none is written and none is known.
    pub(super) kind: [u8; 2],
    /// Where its heading begins.
    pub(super) start: usize,
    /// Where the length is written, and in how many bytes.
    pub(super) length_at: usize,
    pub(super) length_bytes: usize,
    pub(super) value: usize,
    /// Where the value ends; of what has no length, where it begins.
    pub(super) end: usize,
    /// Has it a length.
    pub(super) is_bounded: bool,
    pub(super) is_big: bool,
    /// Is it private, or does it name somebody by a code; or is it in something that does.
    pub(super) is_private: bool,
}

/// What is met.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A value.
    Leaf(Element),
    /// Packed pixels, up to their end.
    Fragments(Element),
    /// A sequence or an item begins.
    Open(Element),
    /// It ends.
    Close,
    /// The structure is broken here.
    Damaged(usize),
    /// The rest is deflated.
    Deflated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Syntax {
    explicit: bool,
    big: bool,
}

#[derive(Debug)]
struct Open {
    is_item: bool,
    end: Option<usize>,
    /// No element inside ends behind it.
    limit: usize,
    /// How it was written outside.
    outer: Syntax,
    is_private: bool,
}

/// The walk.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    syntax: Syntax,
    /// Of what stands behind the heading, once it is known.
    next: Option<Syntax>,
    in_heading: bool,
    open: Vec<Open>,
    depth_max: usize,
    is_over: bool,
    /// Ends that are still to be told, as the structure was lost.
    closes: usize,
    is_deflated: bool,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(bytes: &'a [u8], depth_max: usize) -> Self {
        Self {
            bytes,
            at: HEADING,
            syntax: Syntax { explicit: true, big: false },
            next: None,
            in_heading: true,
            open: Vec::new(),
            depth_max,
            is_over: false,
            closes: 0,
            is_deflated: false,
        }
    }

    /// How far it has come.
    pub(super) const fn place(&self) -> usize {
        self.at
    }

    fn limit(&self) -> usize {
        self.open.last().map_or(self.bytes.len(), |open| open.limit)
    }

    fn close(&mut self) -> Step {
        if let Some(open) = self.open.pop() {
            self.syntax = open.outer;
        }
        Step::Close
    }

    /// The structure is lost: what follows is walked over from here as if it stood at the top.
    fn lost(&mut self, at: usize) -> Step {
        self.closes = self.open.len();
        if let Some(first) = self.open.first() {
            self.syntax = first.outer;
        }
        self.open.clear();
        Step::Damaged(at)
    }

    /// Nothing more can be read.
    fn over(&mut self, at: usize) -> Step {
        self.is_over = true;
        self.lost(at)
    }

    fn end(&mut self) -> Option<Step> {
        let at = self.at;
        if self.open.last().is_some_and(|open| open.limit < self.bytes.len()) {
            // Bytes that are left over in an item, or an end that is missing.
            self.at = self.limit();
            return Some(self.lost(at));
        }
        let is_broken = !self.open.is_empty();
        self.is_over = true;
        // A tag that breaks off; padding is zeros.
        let rest = self.bytes.get(at..).unwrap_or_default();
        (is_broken || rest.iter().any(|byte| *byte != 0)).then(|| self.lost(at))
    }

    fn two(&self, at: usize) -> Option<u16> {
        let pair: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.syntax.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    }

    fn four(&self, at: usize) -> Option<u32> {
        let word: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.syntax.big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
    }

    /// The heading is always written the same way; what follows as it says, else as it looks (PS3.10, 7.1).
    fn leave_heading(&mut self) {
        if !self.in_heading || self.bytes.get(self.at..self.at + 2) == Some(&[2, 0]) {
            return;
        }
        self.in_heading = false;
        let looks_explicit =
            || self.bytes.get(self.at + 4..self.at + 6).is_some_and(|kind| kind.iter().all(u8::is_ascii_uppercase));
        self.syntax = match self.next {
            Some(said) if said.big => said,
            // Some programs say one and write the other.
            _ => Syntax { explicit: looks_explicit(), big: false },
        };
    }

    /// The heading of the element that begins here, and its length.
    fn element(&self) -> Option<(Element, u32)> {
        let start = self.at;
        let (group, number) = (u32::from(self.two(start)?), u32::from(self.two(start + 2)?));
        let tag = group << 16 | number;
        let is_in = self.open.last().is_some_and(|open| open.is_private);
        let is_private = is_in || group % 2 == 1 || names_somebody(tag);
        let made = |kind: [u8; 2], length_at: usize, length_bytes: usize, length: u32| {
            let value = length_at + length_bytes;
            let is_bounded = length != UNKNOWN_LENGTH;
            let end = if is_bounded { value.saturating_add(length as usize) } else { value };
            let is_big = self.syntax.big;
            (Element { tag, kind, start, length_at, length_bytes, value, end, is_bounded, is_big, is_private }, length)
        };
        if group == 0xFFFE {
            return Some(made(*b"UN", start + 4, 4, self.four(start + 4)?));
        }
        if !self.syntax.explicit {
            let known = if group % 2 == 1 { None } else { kind_of(tag) };
            return Some(made(known.unwrap_or(*b"UN"), start + 4, 4, self.four(start + 4)?));
        }
        let kind: [u8; 2] = self.bytes.get(start + 4..start + 6)?.try_into().ok()?;
        if !kind.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        // PS3.5, 7.1.2: these have two bytes that say nothing, and a long length.
        let long = matches!(&kind, [b'O', _] | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV");
        Some(match long {
            true => made(kind, start + 8, 4, self.four(start + 8)?),
            false => made(kind, start + 6, 2, u32::from(self.two(start + 6)?)),
        })
    }

    /// Items, and what ends them.
    fn delimiter(&mut self, element: Element) -> Step {
        let (is_item, has_end) = self.open.last().map_or((true, true), |open| (open.is_item, open.end.is_some()));
        let is_in = !self.open.is_empty();
        match element.tag {
            ITEM if is_in && !is_item => self.opened(element, true, self.syntax),
            ITEM_END | SEQUENCE_END if is_in && !has_end && is_item == (element.tag == ITEM_END) => {
                self.at = element.value;
                if element.end == element.value { self.close() } else { self.lost(element.start) }
            }
            _ => {
                self.at = element.value;
                self.lost(element.start)
            }
        }
    }

    fn opened(&mut self, element: Element, is_item: bool, inner: Syntax) -> Step {
        let limit = self.limit();
        self.at = element.value;
        if element.is_bounded && element.end > limit || self.open.len() >= self.depth_max.saturating_mul(2) {
            return self.lost(element.start);
        }
        let end = element.is_bounded.then_some(element.end);
        let (outer, is_private) = (self.syntax, element.is_private);
        self.open.push(Open { is_item, end, limit: end.unwrap_or(limit), outer, is_private });
        self.syntax = inner;
        Step::Open(element)
    }

    /// Packed pixels: items of bytes, up to what ends them (PS3.5, A.4).
    fn fragments(&mut self, mut element: Element) -> Step {
        let (mut at, limit) = (element.value, self.limit());
        loop {
            let tag = self.two(at).zip(self.two(at.saturating_add(2)));
            let long = self.four(at.saturating_add(4)).filter(|long| *long != UNKNOWN_LENGTH);
            let (Some((0xFFFE, number)), Some(long)) = (tag, long) else { return self.over(element.start) };
            at = at.saturating_add(8).saturating_add(long as usize);
            if at > limit || !matches!(number, 0xE000 | 0xE0DD) || number == 0xE0DD && long != 0 {
                return self.over(element.start);
            }
            if number == 0xE0DD {
                break;
            }
        }
        element.end = at;
        self.at = at;
        Step::Fragments(element)
    }

    /// Is it a sequence that somebody did not know for one: it begins with an item, written without kinds.
    fn is_sequence(&self, element: &Element) -> bool {
        let head = self.bytes.get(element.value..element.end.min(element.value.saturating_add(4)));
        !element.is_private && head == Some(&[0xFE, 0xFF, 0, 0xE0]) && kind_of(element.tag) == Some(*b"SQ")
    }

    fn syntax_said(&mut self, element: &Element) {
        let value = self.bytes.get(element.value..element.end).unwrap_or_default();
        let end = value.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
        let name = value.get(..end).unwrap_or_default();
        self.is_deflated |= DEFLATED.contains(&name);
        self.next = Some(Syntax { explicit: !IMPLICIT.contains(&name), big: name == BIG_ENDIAN });
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.closes > 0 {
            self.closes -= 1;
            return Some(Step::Close);
        }
        if self.is_over {
            return None;
        }
        if self.open.last().is_some_and(|open| open.end == Some(self.at)) {
            return Some(self.close());
        }
        if self.open.is_empty() {
            self.leave_heading();
            if self.is_deflated && !self.in_heading {
                self.is_over = true;
                return Some(Step::Deflated);
            }
        }
        if self.at.saturating_add(8) > self.limit() {
            return self.end();
        }
        let Some((element, length)) = self.element() else {
            let is_padding = self.open.is_empty() && self.bytes.iter().skip(self.at).all(|byte| *byte == 0);
            self.is_over = true;
            return (!is_padding).then(|| self.lost(self.at));
        };
        if element.tag >> 16 == 0xFFFE {
            return Some(self.delimiter(element));
        }
        if self.open.last().is_some_and(|open| !open.is_item) {
            // Nothing but items stands in a sequence.
            return Some(self.lost(self.at));
        }
        let is_bytes = element.kind[0] == b'O' || element.tag == PIXELS;
        match (length == UNKNOWN_LENGTH, &element.kind) {
            (true, _) if is_bytes => return Some(self.fragments(element)),
            // PS3.5, 6.2.2: what is of no known kind and has no length is a sequence, written without kinds.
            (true, b"UN") => {
                let inner = Syntax { explicit: false, big: false };
                return Some(self.opened(element, false, inner));
            }
            (_, b"SQ") => return Some(self.opened(element, false, self.syntax)),
            (false, b"UN") if self.is_sequence(&element) => {
                let inner = Syntax { explicit: false, big: false };
                return Some(self.opened(element, false, inner));
            }
            (true, _) => return Some(self.over(element.start)),
            _ => {}
        }
        if element.end > self.bytes.len() {
            return Some(self.over(element.start));
        }
        if element.end > self.limit() {
            return Some(self.lost(element.start));
        }
        if element.tag == TRANSFER_SYNTAX && self.in_heading && self.open.is_empty() {
            self.syntax_said(&element);
        }
        self.at = element.end;
        Some(Step::Leaf(element))
    }
}
