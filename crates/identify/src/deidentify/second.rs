//! The second pass: what was written is read and searched as if nobody had seen it before.
//!
//! What must always hold: the output reads as exactly the text that was meant, so that nothing but the changes is different; what is
//! found outside of our own tokens is told with its place in the original; what is found in a place that was changed into something
//! that is no token of ours cannot be helped and is a miss.
//!
//! Each round reads and searches all of what was written, so that the last one, which must find nothing, has seen every byte of what
//! comes out. One thing is spared ([`Before`]): names are not searched again in a stretch of text that the round before has searched,
//! if neither its text nor the people known there have changed. What is found in a stretch follows from these two alone, for a search
//! keeps nothing from one stretch to the next; so what was found there is taken as found again, and a round that finds nothing is a
//! round in which the whole search would have found nothing.
//!
//! What it refuses to know: what is done about it.

use super::rewrite::{Change, is_link, is_title, words};
use super::{DeidentifyError, Method};
use crate::phi::{Finding, Identifier};
use crate::read::{self, Part, Portion, ReadLimits};
use crate::search::{Before, Search};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// What one part must read as.
pub(super) struct Meant {
    name: Option<String>,
    text: String,
    spots: Vec<Spot>,
}

/// A changed place.
struct Spot {
    /// In the new text.
    new: Range<usize>,
    /// In the old text.
    old: Range<usize>,
    ours: bool,
}

/// What the second pass found.
#[derive(Default)]
pub(super) struct Seen {
    /// By part, places in the original text that hold something still.
    pub(super) late: Vec<(usize, Finding)>,
    /// Kinds of what was found where nothing can be done.
    pub(super) missed: BTreeSet<Identifier>,
    /// How many of them.
    pub(super) missed_count: u64,
    /// As what the output reads.
    pub(super) format: read::Format,
}

impl Meant {
    /// A part with its changes made.
    pub(super) fn of(part: &Part, changes: &[Change]) -> Self {
        let mut text = String::with_capacity(part.text.len() + changes.len() * 8);
        let mut spots = Vec::with_capacity(changes.len());
        let mut at = 0;
        for change in changes {
            text.push_str(&part.text[at..change.range.start]);
            let start = text.len();
            text.push_str(&change.new);
            spots.push(Spot { new: start..text.len(), old: change.range.clone(), ours: change.ours });
            at = change.range.end;
        }
        text.push_str(&part.text[at..]);
        Self { name: part.name.clone(), text, spots }
    }

    /// Where a place outside of all changes stood in the old text.
    fn old(&self, new: Range<usize>) -> Range<usize> {
        let before = self.spots.partition_point(|spot| spot.new.end <= new.start);
        let (new_end, old_end) =
            before.checked_sub(1).map_or((0, 0), |at| (self.spots[at].new.end, self.spots[at].old.end));
        old_end + (new.start - new_end)..old_end + (new.end - new_end)
    }

    /// What of a finding is not ours.
    fn judge(&self, index: usize, finding: &Finding, seen: &mut Seen) {
        let first = self.spots.partition_point(|spot| spot.new.end <= finding.start);
        let mut at = finding.start;
        let mut rest = Vec::new();
        for spot in self.spots[first..].iter().take_while(|spot| spot.new.start < finding.end) {
            if !spot.ours {
                seen.missed.insert(finding.kind);
                seen.missed_count += 1;
            }
            rest.push(at..spot.new.start.max(at));
            at = spot.new.end.max(at);
        }
        rest.push(at.min(finding.end)..finding.end);
        for piece in rest.into_iter().filter(|piece| !piece.is_empty()) {
            let Some(text) = self.text.get(piece.clone()) else { continue };
            let all = words(text);
            // Beside a token stands what belongs to it: a title, "and", a letter or a digit that cannot be anybody's.
            let touched = piece.len() < finding.end - finding.start;
            let harmless = |word: &Range<usize>| {
                let word = &text[word.clone()];
                touched && (is_title(word) || is_link(word) || matches!(word, "s" | "S"))
            };
            let (Some(start), Some(end)) = (
                all.iter().find(|word| !harmless(word)).map(|word| word.start),
                all.iter().rfind(|word| !harmless(word)).map(|word| word.end),
            ) else {
                continue;
            };
            let whole = if touched { piece.start + start..piece.start + end } else { piece };
            let old = self.old(whole);
            seen.late.push((index, Finding { start: old.start, end: old.end, ..*finding }));
        }
    }
}

/// How what was written is looked at.
pub(super) struct Look<'a> {
    pub(super) search: &'a Search,
    pub(super) limits: &'a ReadLimits,
    pub(super) method: Method,
    /// What stands for our tokens tells nothing of its kind. "Hospital" makes a part of its name of each word before it, one word a
    /// look, until a whole sentence is gone.
    pub(super) plain: bool,
}

/// Reads and searches what was written.
pub(super) fn look(
    of: &Look<'_>,
    (output, name): (&[u8], &str),
    meant: &[Meant],
    before: &mut Before,
) -> Result<Seen, DeidentifyError> {
    before.again();
    let mut queues: HashMap<Option<String>, Queue> = HashMap::new();
    for (index, one) in meant.iter().enumerate() {
        queues.entry(one.name.clone()).or_default().parts.push(index);
    }
    let mut seen = Seen::default();
    let mut otherwise = false;
    let summary = read::read(output, name, of.limits, &mut |portion| match portion {
        Portion::Opaque { why, .. } => otherwise |= !why.is_told_alone(),
        Portion::Text(part) if !otherwise => {
            let pieces = queues.get_mut(&part.name).and_then(|queue| queue.take(meant, &part.text));
            match pieces {
                None => otherwise = true,
                Some(pieces) => {
                    let ordinary = ordinary_words(meant, &pieces, &part.text, of.plain);
                    for finding in of.search.part_again(&part, &ordinary, before) {
                        let county = super::rewrite::is_county(&part, &finding);
                        if !of.method.keeps(finding.kind) || county {
                            divided(&pieces, &finding, |index, finding| meant[index].judge(index, &finding, &mut seen));
                        }
                    }
                }
            }
        }
        Portion::Text(_) => {}
    })?;
    if otherwise || queues.values().any(|queue| !queue.is_at_end(meant)) {
        return Err(DeidentifyError::ReadsOtherwise);
    }
    seen.format = summary.format;
    Ok(seen)
}

/// The text that was read, with an ordinary word for each of our tokens, as long as it: a token in brackets is nothing that stands in
/// letters, and would make names of the words beside it, or hide that they are.
fn ordinary_words(meant: &[Meant], pieces: &[Stretch], text: &str, plain: bool) -> String {
    let mut ordinary = text.as_bytes().to_vec();
    for piece in pieces {
        let spots = &meant[piece.index].spots;
        let end = piece.offset + piece.read.len();
        let first = spots.partition_point(|spot| spot.new.start < piece.offset);
        for spot in spots[first..].iter().take_while(|spot| spot.new.end <= end).filter(|spot| spot.ours) {
            let start = piece.read.start + (spot.new.start - piece.offset);
            let token = &mut ordinary[start..start + spot.new.len()];
            if let Some(word) = ordinary_word(token).map(|word| if plain { PLAIN } else { word }) {
                // Counts for nothing between words; blanks would look like the end of a column.
                token.fill(b'\\');
                let long = word.len().min(token.len());
                token[..long].copy_from_slice(&word.as_bytes()[..long]);
            }
        }
    }
    // Tokens and words are ASCII, so nothing is lost here; if it were, the text as it is would be searched.
    String::from_utf8(ordinary).unwrap_or_else(|_| text.to_owned())
}

/// What stands for a token of any kind where it is to tell nothing.
const PLAIN: &str = "them";

/// What stands where a token of this kind does; none where the token is no token in brackets.
fn ordinary_word(token: &[u8]) -> Option<&'static str> {
    let kind = token.strip_prefix(b"[")?.split(|byte| *byte == b' ').next()?;
    Some(match kind {
        b"NAME" => "Smith",
        b"PLACE" => "Springfield",
        b"ORGANIZATION" => "General Hospital",
        b"ADDRESS" => "12 Main Street",
        b"EMAIL" => "me@example.com",
        b"URL" => "example.com",
        _ => "123456",
    })
}

/// The parts of one name, in order; portions of a large one may end elsewhere the second time.
#[derive(Default)]
struct Queue {
    parts: Vec<usize>,
    next: usize,
    offset: usize,
}

/// A stretch of a part that was read again, and where it was meant to be.
struct Stretch {
    read: Range<usize>,
    index: usize,
    offset: usize,
}

impl Queue {
    /// The next bytes of what was meant, if they are these.
    fn take(&mut self, meant: &[Meant], text: &str) -> Option<Vec<Stretch>> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let index = *self.parts.get(self.next)?;
            let left = &meant[index].text.as_bytes()[self.offset..];
            let long = left.len().min(text.len() - at);
            if left[..long] != text.as_bytes()[at..at + long] {
                return None;
            }
            pieces.push(Stretch { read: at..at + long, index, offset: self.offset });
            at += long;
            self.offset += long;
            if long == left.len() {
                self.next += 1;
                self.offset = 0;
            }
        }
        Some(pieces)
    }

    fn is_at_end(&self, meant: &[Meant]) -> bool {
        self.offset == 0
            && self.parts[self.next.min(self.parts.len())..].iter().all(|index| meant[*index].text.is_empty())
    }
}

/// A finding by the parts in which it was meant to be.
fn divided(pieces: &[Stretch], finding: &Finding, mut each: impl FnMut(usize, Finding)) {
    let first = pieces.partition_point(|piece| piece.read.end <= finding.start);
    for piece in pieces[first..].iter().take_while(|piece| piece.read.start < finding.end) {
        let start = finding.start.max(piece.read.start) - piece.read.start + piece.offset;
        let end = finding.end.min(piece.read.end) - piece.read.start + piece.offset;
        each(piece.index, Finding { start, end, ..*finding });
    }
}
