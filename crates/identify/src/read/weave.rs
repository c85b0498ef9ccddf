//! Puts portions together: text, its map and its fields, handed over before they grow large.
//!
//! What must always hold: a portion stays near the size that the limits say, whatever the file does; a portion ends
//! between records or lines where there are any, else between words, else between characters, and a cut of the last
//! two kinds is counted.
//!
//! What it refuses to know: formats.

use super::escape::{Around, Escape};
use super::letters::windows_1252;
use super::map::{How, OffsetMap};
use super::meaning::Meaning;
use super::{Field, NO_COLUMN, Opaque, Part, Place, Reading};
use std::ops::Range;
use std::sync::Arc;

/// How far back from a cut an end of a line or of a word is looked for, in bytes.
const CUT_BACK_BYTES: usize = 4_096;

/// A portion in the making.
pub(super) struct Weaver<'r, 'a> {
    pub(super) reading: &'r mut Reading<'a>,
    pub(super) place: Place,
    pub(super) columns: Arc<[String]>,
    text: String,
    map: OffsetMap,
    fields: Vec<Field>,
    open: Option<Field>,
    /// Where the text that is being copied has itself been decoded from: markup within a string of JSON.
    pub(super) lens: Option<OffsetMap>,
    /// The record that fields belong to.
    pub(super) record: u32,
    /// Where records begin in this portion.
    records: Vec<(u32, u32)>,
    /// How many portions were handed over.
    turn: u32,
}

/// A field that may still learn what it means.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldId {
    turn: u32,
    at: usize,
}

impl<'r, 'a> Weaver<'r, 'a> {
    pub(super) fn new(reading: &'r mut Reading<'a>, place: &Place) -> Self {
        Self {
            place: place.clone(),
            columns: Arc::from([]),
            text: String::new(),
            map: OffsetMap { under: place.layer.clone(), ..OffsetMap::default() },
            fields: Vec::new(),
            open: None,
            lens: None,
            record: reading.records,
            records: Vec::new(),
            turn: 0,
            reading,
        }
    }

    /// Text that is the source itself.
    pub(super) fn copy(&mut self, source: &str, range: Range<usize>, escape: Escape) {
        let most = self.reading.limits.portion_bytes.max(CUT_BACK_BYTES);
        let mut at = range.start;
        while self.text.len() + (range.end - at) > most * 2 {
            let room = (most * 2).saturating_sub(self.text.len());
            let cut = cut_of(&source[at..range.end], room);
            if cut == 0 {
                self.hand_over();
                continue;
            }
            self.put(source, at..at + cut, escape);
            at += cut;
            if !matches!(source.as_bytes()[at - 1], b'\n' | b'\r') || self.open.is_some() {
                self.reading.summary.cuts_inside += 1;
            }
            self.hand_over();
        }
        self.put(source, at..range.end, escape);
    }

    /// What follows is of the record that is being read.
    fn mark(&mut self) {
        if self.records.last().is_none_or(|(_, record)| *record != self.record) {
            self.records.push((self.at(), self.record));
        }
    }

    fn put(&mut self, source: &str, range: Range<usize>, escape: Escape) {
        self.mark();
        self.text.push_str(&source[range.clone()]);
        let Some(lens) = &self.lens else {
            self.map.push(range.len(), range, How::Same, escape);
            return;
        };
        let mut at = range.start;
        while at < range.end {
            let run = lens.run_at(at);
            let end = lens.text_of(run).end.min(range.end);
            self.map.push(end - at, lens.here(at..end), lens.runs[run].how, through(lens.runs[run].escape, escape));
            at = end.max(at + 1);
        }
    }

    /// Where this lies in the source.
    fn seen(&self, source: Range<usize>) -> Range<usize> {
        self.lens.as_ref().map_or(source.clone(), |lens| lens.here(source))
    }

    /// Text that stands for an escape.
    pub(super) fn atom(&mut self, text: &str, source: Range<usize>, escape: Escape) {
        self.make_room(text.len());
        self.mark();
        self.text.push_str(text);
        let outer = self.lens.as_ref().and_then(|lens| lens.runs.get(lens.run_at(source.start)));
        let escape = outer.map_or(escape, |outer| through(outer.escape, escape));
        self.map.push(text.len(), self.seen(source), How::Atom, escape);
    }

    /// Structure: a separator, a label.
    pub(super) fn gap(&mut self, text: &str, source: Range<usize>) {
        self.make_room(text.len());
        self.mark();
        self.text.push_str(text);
        self.map.push(text.len(), self.seen(source), How::Gap, Escape::Fixed);
    }

    /// Text that cannot be written back.
    pub(super) fn only_shown(&mut self, text: &str) {
        self.mark();
        let end = self.map.text_bytes;
        self.text.push_str(text);
        self.map.push(text.len(), end..end + text.len(), How::Gap, Escape::Plain);
    }

    /// Bytes that are no text as a whole, at their place in the source: UTF-8, else Windows-1252.
    pub(super) fn bytes(&mut self, bytes: &[u8], source: usize, escape: Escape) {
        self.make_room(bytes.len() * 2);
        self.mark();
        let mut at = source;
        for chunk in bytes.utf8_chunks() {
            let valid = chunk.valid();
            self.text.push_str(valid);
            self.map.push(valid.len(), at..at + valid.len(), How::Same, escape);
            at += valid.len();
            for byte in chunk.invalid() {
                let letter = windows_1252(*byte);
                self.text.push(letter);
                self.map.push(letter.len_utf8(), at..at + 1, How::Atom, escape);
                at += 1;
            }
        }
    }

    /// From here on values stand in a table of these columns.
    pub(super) fn table(&mut self, columns: &Arc<[String]>) {
        if self.columns != *columns {
            self.hand_over();
            self.columns = columns.clone();
        }
    }

    fn make_room(&mut self, more: usize) {
        if self.text.len() + more > self.reading.limits.portion_bytes.max(CUT_BACK_BYTES) * 2 && !self.text.is_empty() {
            if self.open.is_some() {
                self.reading.summary.cuts_inside += 1;
            }
            self.hand_over();
        }
    }

    /// Does the text end with a line's end, or not even begin.
    pub(super) fn at_line_start(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }

    /// Does the text end with white space, or not even begin.
    pub(super) fn at_word_start(&self) -> bool {
        self.text.ends_with(|letter: char| letter.is_whitespace()) || self.text.is_empty()
    }

    /// Does the text end with a tab.
    pub(super) fn ends_with_tab(&self) -> bool {
        self.text.ends_with('\t')
    }

    /// What follows is a value that means this.
    pub(super) fn begin(&mut self, meaning: Meaning, column: u32) {
        let start = self.at();
        self.open = Some(Field { start, end: start, meaning, record: self.record, column });
    }

    /// The value ends here. Empty values are no fields.
    pub(super) fn end(&mut self) -> Option<FieldId> {
        let field = self.open.take()?;
        self.close(field)
    }

    fn close(&mut self, mut field: Field) -> Option<FieldId> {
        field.end = self.at();
        (field.end > field.start).then(|| {
            self.fields.push(field);
            FieldId { turn: self.turn, at: self.fields.len() - 1 }
        })
    }

    fn at(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    /// A value that is the source itself, as a field.
    pub(super) fn value(
        &mut self,
        source: &str,
        range: Range<usize>,
        escape: Escape,
        meaning: Meaning,
    ) -> Option<FieldId> {
        self.begin(meaning, NO_COLUMN);
        self.copy(source, range, escape);
        self.end()
    }

    /// A field has learnt what it means, unless its portion is gone.
    pub(super) fn means(&mut self, field: FieldId, meaning: Meaning) {
        if field.turn == self.turn
            && let Some(field) = self.fields.get_mut(field.at)
        {
            field.meaning = meaning;
        }
    }

    /// A good place to end a portion, should it be time.
    pub(super) fn rest(&mut self) {
        if self.text.len() >= self.reading.limits.portion_bytes {
            self.hand_over();
        }
    }

    /// A place to end a portion that is well over its size, where there is no better one.
    pub(super) fn rest_late(&mut self) {
        if self.text.len() >= self.reading.limits.portion_bytes.saturating_mul(3) / 2 {
            self.hand_over();
        }
    }

    /// A part of the file that is not read.
    pub(super) fn opaque(&mut self, why: Opaque) {
        self.hand_over();
        let name = self.place.name.clone();
        self.reading.opaque(name, why);
    }

    fn hand_over(&mut self) {
        let open = self.open.take();
        if let Some(field) = open {
            self.close(field);
        }
        let under = self.map.under.clone();
        let map = std::mem::replace(&mut self.map, OffsetMap { under, ..OffsetMap::default() });
        let text = std::mem::take(&mut self.text);
        let fields = std::mem::take(&mut self.fields);
        let records = std::mem::take(&mut self.records);
        self.turn = self.turn.wrapping_add(1);
        if !text.is_empty() {
            let (name, columns) = (self.place.name.clone(), self.columns.clone());
            self.reading.part(Part { name, text, map, fields, columns, records });
        }
        self.open = open.map(|field| Field { start: 0, end: 0, ..field });
    }

    /// What follows is read by somebody else, as a part of its own.
    pub(super) fn pause(&mut self) {
        self.hand_over();
        self.reading.records = self.reading.records.max(self.record);
    }

    /// All is read.
    pub(super) fn finish(mut self) {
        self.end();
        self.hand_over();
        self.reading.records = self.reading.records.max(self.record);
    }
}

/// How something is written that stands within a string of JSON or within a cell in quotes.
const fn through(outer: Escape, escape: Escape) -> Escape {
    match (outer, escape) {
        (_, Escape::Fixed) => Escape::Fixed,
        (Escape::Quoted, Escape::Hl7(signs)) => Escape::QuotedHl7(signs),
        (_, Escape::Hl7(signs)) => Escape::JsonHl7(signs),
        (_, Escape::Markup | Escape::Attribute(_)) => Escape::JsonMarkup,
        (_, Escape::Identifier(_)) => Escape::Identifier(Around::JsonMarkup),
        // Comments and the like within markup within JSON: only what needs no care in any of them.
        _ => Escape::JsonPlain,
    }
}

/// Where to cut so that at most `room` bytes stand before: behind a line, else behind a word, else anywhere.
fn cut_of(text: &str, room: usize) -> usize {
    let most = text.floor_char_boundary(room.min(text.len()));
    let from = text.floor_char_boundary(most.saturating_sub(CUT_BACK_BYTES));
    let near = &text.as_bytes()[from..most];
    let line = near.iter().rposition(|byte| *byte == b'\n');
    line.or_else(|| near.iter().rposition(u8::is_ascii_whitespace)).map_or(most, |at| from + at + 1)
}
