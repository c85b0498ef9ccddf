//! Makes a file of DICOM fit its changed values: padding, lengths of elements, of what they stand in and of groups, and the places
//! that a directory of files tells.
//!
//! What must always hold: a change lies in one value, or in the preamble and is as long as what it replaces; what cannot be said in
//! a length is refused. Time goes with the length of the file and the number of changes.
//!
//! What it refuses to know: why something is changed.

use super::super::edit::{Change, EditError, apply};
use super::walk::{Element, HEADING, Step, Walk};

/// The longest value whose length is written in two bytes (PS3.5, 7.1.2: the one above it is odd).
const SHORT_BYTES_MAX: usize = 65_534;
/// Places of records in a directory of files (PS3.3, F.3.2.2), counted from the beginning of the file.
const PLACES: [u32; 4] = [0x0004_1200, 0x0004_1202, 0x0004_1400, 0x0004_1420];
/// The deepest nesting that is followed; the reader has followed no deeper one.
const DEPTH_MAX: usize = 4_096;

/// What is open around an element, and what has grown in it.
#[derive(Default)]
struct Level {
    element: Option<Element>,
    grown: i64,
    group: Option<Group>,
}

/// A group whose length is said, at this level.
struct Group {
    length: Element,
    /// Where its last element ends so far.
    end: usize,
    grown: i64,
}

/// The changes that make a file out of these changes of its values.
pub(in super::super) fn fitted(bytes: &[u8], mut changes: Vec<Change>) -> Result<Vec<Change>, EditError> {
    changes.sort_by_key(|change| (change.range.start, change.range.end));
    let mut changes = changes.into_iter().peekable();
    let mut fit = Fit { bytes, out: Vec::new(), levels: vec![Level::default()], places: Vec::new() };
    while let Some(change) = changes.next_if(|change| change.range.start < HEADING) {
        if change.range.end > HEADING - 4 || change.new.len() != change.range.len() {
            return Err(EditError::BadRange);
        }
        fit.out.push(change);
    }
    let mut walk = Walk::new(bytes, DEPTH_MAX);
    while let Some(step) = walk.next() {
        match step {
            Step::Leaf(element) => {
                let mut own = Vec::new();
                while let Some(change) = changes.next_if(|change| change.range.start <= element.end) {
                    if change.range.start < element.value || change.range.end > element.end {
                        return Err(EditError::BadRange);
                    }
                    own.push(change);
                }
                fit.leaf(&element, own)?;
            }
            Step::Fragments(element) => fit.passed(&element, 0)?,
            Step::Open(element) => fit.levels.push(Level { element: Some(element), ..Level::default() }),
            Step::Close => fit.close(walk.place())?,
            Step::Damaged(_) | Step::Deflated => return Err(EditError::NotRepresentable),
        }
    }
    if changes.next().is_some() {
        return Err(EditError::BadRange);
    }
    fit.finish()
}

struct Fit<'a> {
    bytes: &'a [u8],
    out: Vec<Change>,
    levels: Vec<Level>,
    /// Elements whose value is a place in the file.
    places: Vec<Element>,
}

impl Fit<'_> {
    /// A value, with the changes that lie in it.
    fn leaf(&mut self, element: &Element, own: Vec<Change>) -> Result<(), EditError> {
        let mut grown = 0;
        if !own.is_empty() {
            let old = self.bytes.get(element.value..element.end).ok_or(EditError::OtherSource)?;
            let moved = |change: Change| Change {
                range: change.range.start - element.value..change.range.end - element.value,
                new: change.new,
            };
            let mut new = apply(old, own.into_iter().map(moved).collect())?;
            pad(element, &mut new);
            grown = signed(new.len())? - signed(old.len())?;
            if grown != 0 {
                self.length(element, new.len())?;
            }
            self.out.push(Change { range: element.value..element.end, new });
        }
        if PLACES.contains(&element.tag) && element.end - element.value == 4 {
            self.places.push(*element);
        }
        self.passed(element, grown)
    }

    /// Another element of its group has been passed.
    fn passed(&mut self, element: &Element, grown: i64) -> Result<(), EditError> {
        self.level(grown);
        let is_same = |group: &Group| group.length.tag >> 16 == element.tag >> 16;
        let Some(level) = self.levels.last_mut() else { return Err(EditError::OtherSource) };
        if let Some(group) = level.group.as_mut().filter(|group| is_same(group)) {
            group.end = element.end;
            group.grown += grown;
            return Ok(());
        }
        let ended = level.group.take();
        if element.tag & 0xFFFF == 0 && element.end - element.value == 4 {
            level.group = Some(Group { length: *element, end: element.end, grown: 0 });
        }
        self.group(ended)
    }

    fn level(&mut self, grown: i64) {
        if let Some(level) = self.levels.last_mut() {
            level.grown += grown;
        }
    }

    /// A group has ended.
    fn group(&mut self, group: Option<Group>) -> Result<(), EditError> {
        let Some(Group { length, end, grown }) = group.filter(|group| group.grown != 0) else { return Ok(()) };
        let long = signed(end - length.end)? + grown;
        let long = u32::try_from(long).map_err(|_| EditError::NotRepresentable)?;
        self.out.push(number(&length, length.value..length.end, long));
        Ok(())
    }

    /// A sequence or an item has ended.
    fn close(&mut self, at: usize) -> Result<(), EditError> {
        let Some(Level { element: Some(element), grown, group }) = self.levels.pop() else {
            return Err(EditError::OtherSource);
        };
        self.group(group)?;
        if element.is_bounded && grown != 0 {
            let long = signed(element.end - element.value)? + grown;
            self.length(&element, usize::try_from(long).map_err(|_| EditError::NotRepresentable)?)?;
        }
        self.passed(&Element { end: at, ..element }, grown)
    }

    fn length(&mut self, element: &Element, bytes: usize) -> Result<(), EditError> {
        let at = element.length_at..element.length_at + element.length_bytes;
        if element.length_bytes == 2 && bytes > SHORT_BYTES_MAX || bytes >= u32::MAX as usize {
            return Err(EditError::NotRepresentable);
        }
        self.out.push(number(element, at, u32::try_from(bytes).map_err(|_| EditError::NotRepresentable)?));
        Ok(())
    }

    /// All has been passed: places are told as they are now.
    fn finish(mut self) -> Result<Vec<Change>, EditError> {
        while let Some(mut level) = self.levels.pop() {
            self.group(level.group.take())?;
        }
        self.out.sort_by_key(|change| (change.range.start, change.range.end));
        let mut ends = Vec::with_capacity(self.out.len());
        let mut grown = 0;
        for change in &self.out {
            grown += signed(change.new.len())? - signed(change.range.len())?;
            ends.push((change.range.end, grown));
        }
        for element in std::mem::take(&mut self.places) {
            let Some(old) = read(self.bytes, &element).filter(|old| *old != 0) else { continue };
            let before = ends.partition_point(|(end, _)| *end <= old as usize);
            let moved = before.checked_sub(1).and_then(|at| ends.get(at)).map_or(0, |(_, grown)| *grown);
            let new = u32::try_from(i64::from(old) + moved).map_err(|_| EditError::NotRepresentable)?;
            if new != old {
                self.out.push(number(&element, element.value..element.end, new));
            }
        }
        Ok(self.out)
    }
}

fn signed(bytes: usize) -> Result<i64, EditError> {
    i64::try_from(bytes).map_err(|_| EditError::NotRepresentable)
}

/// A value is of an even number of bytes: a blank behind words, else a NUL (PS3.5, 6.2).
fn pad(element: &Element, new: &mut Vec<u8>) {
    let is_words = !matches!(&element.kind, b"UI" | b"UN" | [b'O', _]);
    let fill = if is_words { b' ' } else { 0 };
    if is_words || &element.kind == b"UI" {
        let end = new.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
        new.truncate(end);
    }
    if new.len() % 2 == 1 {
        new.push(fill);
    }
}

/// A number written where an element is.
fn number(element: &Element, at: std::ops::Range<usize>, number: u32) -> Change {
    let new = match (at.len(), element.is_big) {
        (2, true) => number.to_be_bytes().get(2..).unwrap_or_default().to_vec(),
        (2, false) => number.to_le_bytes().get(..2).unwrap_or_default().to_vec(),
        (_, true) => number.to_be_bytes().to_vec(),
        (_, false) => number.to_le_bytes().to_vec(),
    };
    Change { range: at, new }
}

fn read(bytes: &[u8], element: &Element) -> Option<u32> {
    let four: [u8; 4] = bytes.get(element.value..element.end)?.try_into().ok()?;
    Some(if element.is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
}
