//! Writes new texts into the bytes that texts were read from.
//!
//! Each new text is written as the format asks at its place; all other bytes stay as they were. What lies in a
//! packed file is packed again, and only that.
//!
//! What must always hold: no edit, no change; an edit that cannot be written is an error and nothing is changed;
//! structure (tags, separators, labels) is never overwritten.
//!
//! What it refuses to know: why something is replaced.

use super::escape::{self, Escape, Form};
use super::layer::{Codec, Layer};
use super::letters;
use super::map::{How, OffsetMap};
use super::{Part, dicom, packed};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The longest control word of Rich Text that is looked for, in bytes.
const CONTROL_BYTES_MAX: usize = 255;

/// Elements within a cell of a workbook: a formula and its end, a value, and what a program of tomorrow may add.
const CELL_ELEMENTS_MAX: usize = 8;

/// Why an edit cannot be made. Nothing out of the file is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Ends that are no places in the text, or two edits of one place.
    #[error("the places to edit are not in order, overlap, or lie outside the text")]
    BadRange,
    /// A separator, a label or markup would be overwritten: divide the edit with [`Part::stretches`].
    #[error("the place to edit crosses the structure of the file")]
    CrossesStructure,
    /// The format or its charset has no way to say the new text there.
    #[error("the new text cannot be written at this place")]
    NotRepresentable,
    /// Text that cannot be written back, such as that of a PDF.
    #[error("this kind of part cannot be edited")]
    NotEditable,
    /// The bytes are not those that the part was read from.
    #[error("these are not the bytes that the text was read from")]
    OtherSource,
}

/// New texts for stretches of one part, in the order of the text.
pub type Edits<'a> = &'a [(Range<usize>, &'a str)];

/// New bytes for a stretch of old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) range: Range<usize>,
    pub(super) new: Vec<u8>,
}

/// The source with all these edits of some of its parts made.
///
/// # Errors
/// [`EditError`], and nothing is changed.
pub fn edit(source: &[u8], edits: &[(&Part, Edits<'_>)]) -> Result<Vec<u8>, EditError> {
    let mut jobs = Vec::with_capacity(edits.len());
    for (part, edits) in edits.iter().filter(|(_, edits)| !edits.is_empty()) {
        let mut layers = Vec::new();
        let mut layer = part.map.under.clone();
        while let Some(this) = layer {
            layer = this.under.clone();
            layers.push(this);
        }
        layers.reverse();
        jobs.push(Job { part, edits, layers });
    }
    let changes = collect(source, &jobs, 0)?;
    apply(source, changes)
}

struct Job<'a> {
    part: &'a Part,
    edits: Edits<'a>,
    /// From the file to the text.
    layers: Vec<Arc<Layer>>,
}

/// The changes that these jobs, all of which have the same layers up to `depth`, make in these bytes.
fn collect(outer: &[u8], jobs: &[Job<'_>], depth: usize) -> Result<Vec<Change>, EditError> {
    let mut changes = Vec::new();
    let mut members = Vec::new();
    let mut of_tar = packed::TarChanges::default();
    // Opened once, however many of its members are changed.
    let mut archive = None;
    let mut groups: Vec<(&Arc<Layer>, Vec<Job<'_>>)> = Vec::new();
    let mut group_of: HashMap<*const Layer, usize> = HashMap::new();
    for job in jobs {
        let Some(layer) = job.layers.get(depth) else {
            changes.extend(own(outer, job)?);
            continue;
        };
        let at = *group_of.entry(Arc::as_ptr(layer)).or_insert(groups.len());
        if at == groups.len() {
            groups.push((layer, Vec::new()));
        }
        groups[at].1.push(Job { part: job.part, edits: job.edits, layers: job.layers.clone() });
    }
    for (layer, group) in groups {
        let inner = match layer.codec {
            Codec::Zip(index) => Cow::Owned(packed::zip_member(outer, &mut archive, index, layer.inside_bytes_max)?),
            _ => layer.take_off(outer)?,
        };
        let inside = collect(&inner, &group, depth + 1)?;
        if layer.is_open() {
            let map = layer.map().ok_or(EditError::NotEditable)?;
            for change in inside {
                changes.push(Change { range: map.here(change.range), new: layer.small(&change.new)? });
            }
            continue;
        }
        if layer.codec == Codec::Dicom {
            changes.extend(dicom::fitted(&inner, inside)?);
            continue;
        }
        let inside = apply(&inner, inside)?;
        match layer.codec {
            Codec::Zip(index) => members.push((index, inside)),
            Codec::Tar(header) => of_tar.inside(header, layer.range.clone(), inside),
            Codec::TarOwners(header) => of_tar.owners(header, inside),
            Codec::TarWords(header) => {
                let old = outer.get(layer.range.clone()).ok_or(EditError::OtherSource)?;
                of_tar.inside(header, layer.range.clone(), packed::with_words(old, &inside)?);
            }
            _ => changes.push(Change { range: layer.range.clone(), new: layer.put_on(outer, &inside)? }),
        }
    }
    changes.extend(of_tar.into_changes(outer)?);
    if !members.is_empty() {
        changes.push(Change { range: 0..outer.len(), new: packed::zip_again(outer, &members)? });
    }
    Ok(changes)
}

/// Puts changes into bytes.
pub(super) fn apply(bytes: &[u8], mut changes: Vec<Change>) -> Result<Vec<u8>, EditError> {
    // Insertions stay before a change at the same place, and in the order in which they came.
    changes.sort_by_key(|change| (change.range.start, change.range.end));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for change in changes {
        if change.range.start < at || change.range.end > bytes.len() || change.range.end < change.range.start {
            return Err(EditError::BadRange);
        }
        out.extend_from_slice(&bytes[at..change.range.start]);
        out.extend_from_slice(&change.new);
        at = change.range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(out)
}

/// The changes of one part in the bytes that lie directly under its text.
fn own(source: &[u8], job: &Job<'_>) -> Result<Vec<Change>, EditError> {
    let charset = job.layers.iter().find_map(|layer| match layer.codec {
        Codec::Letters(letters) => Some(letters),
        _ => None,
    });
    let holds = |letter: char| charset.is_none_or(|charset| letters::holds(charset, letter));
    let mut changes = Vec::new();
    // The value without quotes that was looked at last, and whether it has been put into quotes.
    let mut value: Option<(Range<usize>, bool)> = None;
    let mut sorted: Vec<_> = job.edits.iter().collect();
    sorted.sort_by_key(|(range, _)| (range.start, range.end));
    let mut last = 0;
    for (range, new) in sorted {
        let text = &job.part.text;
        let fits = range.start >= last && range.start <= range.end && text.get(range.clone()).is_some();
        if !fits {
            return Err(EditError::BadRange);
        }
        last = range.end;
        if job.part.form(range.start).is_some() && text.get(range.clone()) == Some(*new) {
            // It stays as it is, whatever has to stand in its place.
            continue;
        }
        let mut written = false;
        for piece in pieces(job.part, range)? {
            let new = if written { "" } else { *new };
            written = true;
            let Piece { mut change, escape, before, after } = piece;
            let full = format!("{before}{new}{after}");
            let same = |(old, _): &(Range<usize>, bool)| old.start <= change.range.start && change.range.end <= old.end;
            if !value.as_ref().is_some_and(same) {
                value = bare(source, &change.range, escape).map(|found| (found, false));
            }
            let escape = match &mut value {
                Some((all, quoted)) if *quoted || needs(source, all, &change.range, &full, escape)? => {
                    if !*quoted {
                        around(source, all, &change.range, escape, &mut changes);
                        *quoted = true;
                    }
                    escape::quoted(escape).0
                }
                _ => escape,
            };
            let mut bytes = escape::write(&full, escape, &holds)?.into_bytes();
            if escape == Escape::Dicom(Form::Zeros) {
                bytes.resize(change.range.len(), 0);
            }
            let is_edit = !(change.range.is_empty() && bytes.is_empty());
            let before = source.get(..change.range.start).ok_or(EditError::OtherSource)?;
            if escape.as_written() == Escape::Rtf && is_edit && is_behind_a_word(before) {
                bytes.insert(0, b' ');
            }
            let is_behind_a_sign = before.ends_with(b"<") || before.ends_with(b"</");
            if matches!(escape.as_written(), Escape::Markup | Escape::JsonMarkup) && is_edit && is_behind_a_sign {
                // Here the sign was text, because no name stood behind it; with other text it could begin or end an element.
                return Err(EditError::NotRepresentable);
            }
            if escape == Escape::CellNumber && !escape::is_cell_number(&full) {
                let kind = words_in_cell(source, change.range.start)?;
                if changes.last() != Some(&kind) && !changes.contains(&kind) {
                    changes.push(kind);
                }
            }
            change.new = bytes;
            changes.push(change);
        }
    }
    changes.retain(|change| !(change.range.is_empty() && change.new.is_empty()));
    Ok(changes)
}

/// Makes a cell of a workbook, which held a number, one of words: `t="str"` (ECMA-376, part 1, 18.18.11).
fn words_in_cell(source: &[u8], value: usize) -> Result<Change, EditError> {
    let mut end = value;
    for _ in 0..CELL_ELEMENTS_MAX {
        let before = source.get(..end).ok_or(EditError::OtherSource)?;
        let start = before.iter().rposition(|byte| *byte == b'<').ok_or(EditError::OtherSource)?;
        let tag = &source[start + 1..value];
        let tag = &tag[..tag.iter().position(|byte| *byte == b'>').ok_or(EditError::OtherSource)?];
        let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if name == b"c" || name.ends_with(b":c") {
            let number = [b" t=\"n\"".as_slice(), b" t='n'"];
            let typed = number.iter().find_map(|one| tag.windows(one.len()).position(|window| window == *one));
            let at = start + 1 + typed.unwrap_or(name.len());
            let long = if typed.is_some() { number[0].len() } else { 0 };
            return Ok(Change { range: at..at + long, new: b" t=\"str\"".to_vec() });
        }
        end = start;
    }
    Err(EditError::NotRepresentable)
}

/// Do these bytes of Rich Text end with a control word without the blank that ends it. What is written there would go on with
/// the word, where the old text began with a sign that could not.
fn is_behind_a_word(before: &[u8]) -> bool {
    let run = |bytes: &[u8], fits: fn(&u8) -> bool| {
        let many = bytes.iter().rev().take(CONTROL_BYTES_MAX).take_while(|byte| fits(byte)).count();
        bytes.len() - many
    };
    let without_number = &before[..run(before, u8::is_ascii_digit)];
    let without_number = without_number.strip_suffix(b"-").unwrap_or(without_number);
    let without_word = &without_number[..run(without_number, u8::is_ascii_alphabetic)];
    // Two of them are the sign itself.
    let slashes = without_word.len() - run(without_word, |byte| *byte == b'\\');
    without_word.len() < without_number.len() && slashes % 2 == 1
}

/// The source of all of a value without quotes, if it is one.
fn bare(source: &[u8], range: &Range<usize>, escape: Escape) -> Option<Range<usize>> {
    let ends = |byte: u8| match escape {
        Escape::Cell(delimiter, true) => byte == delimiter || matches!(byte, b'\r' | b'\n'),
        Escape::JsonBare | Escape::SqlBare => {
            matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}' | b'(' | b')' | b';') || byte.is_ascii_whitespace()
        }
        _ => true,
    };
    if !matches!(escape, Escape::Cell(_, true) | Escape::JsonBare | Escape::SqlBare) {
        return None;
    }
    let start = source[..range.start].iter().rposition(|byte| ends(*byte)).map_or(0, |at| at + 1);
    let end = source[range.end..].iter().position(|byte| ends(*byte)).map_or(source.len(), |far| range.end + far);
    Some(start..end)
}

/// Would the whole value with its new middle have to stand in quotes.
fn needs(
    source: &[u8],
    value: &Range<usize>,
    range: &Range<usize>,
    new: &str,
    escape: Escape,
) -> Result<bool, EditError> {
    let text = |range: Range<usize>| std::str::from_utf8(&source[range]).map_err(|_| EditError::OtherSource);
    if matches!(escape, Escape::Cell(..)) {
        // A quote in the middle of a bare cell is a letter; only what is new can ask for quotes.
        return Ok(escape::needs_quotes(escape, new));
    }
    let whole = format!("{}{new}{}", text(value.start..range.start)?, text(range.end..value.end)?);
    Ok(escape::needs_quotes(escape, &whole))
}

/// Puts quotes around a value that had none, of which `edited` is being replaced.
fn around(source: &[u8], value: &Range<usize>, edited: &Range<usize>, escape: Escape, changes: &mut Vec<Change>) {
    let (_, quote) = escape::quoted(escape);
    let insert = |at: usize| Change { range: at..at, new: quote.as_bytes().to_vec() };
    // Before what was pushed for this value: an edit at its beginning comes behind its quote.
    let begin = changes.iter().rposition(|change| change.range.start < value.start).map_or(0, |at| at + 1);
    changes.insert(begin, insert(value.start));
    if matches!(escape, Escape::Cell(..)) {
        // A quote in the middle of a bare cell was a letter; within quotes it is written twice.
        let bare = value.clone().filter(|at| source[*at] == b'"' && !edited.contains(at));
        changes.extend(bare.map(insert));
    }
    changes.push(insert(value.end));
}

/// A stretch of source that one edit replaces.
struct Piece {
    change: Change,
    escape: Escape,
    /// What of an escape lies before the edit, and behind it.
    before: String,
    after: String,
}

fn pieces(part: &Part, range: &Range<usize>) -> Result<Vec<Piece>, EditError> {
    let map = &part.map;
    if range.is_empty() {
        return insertion(part, range.start).map(|piece| vec![piece]);
    }
    let mut out: Vec<Piece> = Vec::new();
    let mut run = map.run_at(range.start);
    while run < map.runs.len() && (map.runs[run].text as usize) < range.end {
        let text = map.text_of(run);
        let inside = text.start.max(range.start)..text.end.min(range.end);
        let this = &map.runs[run];
        check(part, &inside, this.how, this.escape)?;
        let source = map.here(inside.clone());
        let (mut before, mut after) = (String::new(), String::new());
        if this.how == How::Atom {
            before.push_str(part.text.get(text.start..inside.start).ok_or(EditError::BadRange)?);
            after.push_str(part.text.get(inside.end..text.end).ok_or(EditError::BadRange)?);
        }
        match out.last_mut() {
            Some(last) if last.change.range.end == source.start && last.escape == this.escape => {
                last.change.range.end = source.end;
                last.after = after;
            }
            _ => out.push(Piece {
                change: Change { range: source, new: Vec::new() },
                escape: this.escape,
                before,
                after,
            }),
        }
        run += 1;
    }
    Ok(out)
}

/// May this stretch of one run be overwritten.
fn check(part: &Part, inside: &Range<usize>, how: How, escape: Escape) -> Result<(), EditError> {
    if how == How::Gap {
        return Err(if escape == Escape::Fixed { EditError::CrossesStructure } else { EditError::NotEditable });
    }
    if how == How::Same && part.text.as_bytes()[inside.clone()].iter().any(|byte| divides(escape, *byte)) {
        return Err(EditError::CrossesStructure);
    }
    Ok(())
}

/// Is this byte, as it stands in the source, structure at such a place.
pub(super) const fn divides(escape: Escape, byte: u8) -> bool {
    match escape {
        Escape::Cell(delimiter, _) => byte == delimiter || matches!(byte, b'\r' | b'\n'),
        Escape::Hl7(signs) | Escape::JsonHl7(signs) | Escape::QuotedHl7(signs) => signs.divides(byte),
        Escape::SqlCopy => matches!(byte, b'\t' | b'\n' | b'\r'),
        Escape::Fixed => true,
        _ => false,
    }
}

fn insertion(part: &Part, at: usize) -> Result<Piece, EditError> {
    let map = &part.map;
    if map.runs.is_empty() {
        return Err(EditError::NotEditable);
    }
    // What ends here is continued rather than what begins here.
    let mut run = map.run_at(at.saturating_sub(1));
    if map.runs[run].how == How::Gap {
        run = map.run_at(at.min(map.text_bytes.saturating_sub(1)));
    }
    let this = &map.runs[run];
    let text = map.text_of(run);
    if this.how == How::Gap || this.how == How::Atom && at != text.start && at != text.end {
        return Err(EditError::NotEditable);
    }
    let place = if at == text.start && at > 0 || at < text.end && this.how != How::Atom {
        map.here(at..at).start
    } else if at == text.end {
        map.here(text.start..text.end).end
    } else {
        map.here(text.start..text.end).start
    };
    let change = Change { range: place..place, new: Vec::new() };
    Ok(Piece { change, escape: this.escape, before: String::new(), after: String::new() })
}

/// Divides a stretch of text where structure lies in it, so that each piece can be edited.
pub(super) fn stretches(text: &str, map: &OffsetMap, range: Range<usize>) -> Vec<Range<usize>> {
    let end = range.end.min(text.len());
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut take = |piece: Range<usize>, joins: bool| match out.last_mut() {
        _ if piece.is_empty() => {}
        Some(last) if joins && last.end == piece.start => last.end = piece.end,
        _ => out.push(piece),
    };
    if map.runs.is_empty() || range.start >= end {
        return out;
    }
    let mut last_escape = None;
    for at in map.run_at(range.start)..map.runs.len() {
        let run = &map.runs[at];
        let of = map.text_of(at);
        if of.start >= end {
            break;
        }
        let inside = of.start.max(range.start)..of.end.min(end);
        if run.how == How::Gap || run.how == How::Atom && run.escape == Escape::Fixed {
            last_escape = None;
            continue;
        }
        let mut start = inside.start;
        let mut joins = last_escape == Some(run.escape);
        if run.how == How::Same {
            for place in inside.clone() {
                if divides(run.escape, text.as_bytes()[place]) {
                    take(start..place, joins);
                    joins = false;
                    start = place + 1;
                }
            }
        }
        take(start..inside.end, joins);
        last_escape = Some(run.escape);
    }
    out
}
