//! What a document and its structure already say about names, searched in all of its text.
//!
//! What must always hold: what is remembered is bounded; the search takes time linear in the text; a word that is also
//! an ordinary one is marked only where it is written as a name.
//!
//! What it refuses to know: what is kept from one document to the next. Nothing is.

use super::block::{Look, Word, has_capital};
use super::spans::{Span, is_sure};
use super::table::{CITY, COMMON, EPONYM, GIVEN, LINK, SURNAME, TITLE, Table};
use super::token::{Gap, Shape, Token, Words, hash_pair};
use super::{Known, Person};
use crate::phi::{Confidence, Finding, Identifier};

/// From this confidence on a name is remembered.
const REMEMBERED_FROM: i32 = 75;
/// A document that names more words is a list of names, where memory adds nothing.
const REMEMBERED_MAX: usize = 4_096;
/// People who are searched within one edit; each costs a few comparisons at every word.
const NEAR_PEOPLE_MAX: usize = 64;
/// Shorter names are too near to too many words.
const NEAR_BYTES_MIN: usize = 5;
/// Longer words are no names.
const NEAR_BYTES_MAX: usize = 40;

/// A word that is looked for.
#[derive(Clone, Copy)]
struct Wanted {
    hash: u64,
    /// Marked wherever it stands.
    sure: bool,
    confidence: u8,
    rule: &'static str,
}

/// The words that are looked for in one document.
pub(crate) struct Memory {
    wanted: Vec<Wanted>,
    /// Known names, for the search within one edit.
    near: Vec<Near>,
}

/// A known name in small letters.
struct Near {
    spelled: Vec<u8>,
    letters: u64,
}

/// Which letters stand in a word: one edit changes two of them at most.
fn letters(spelled: &[u8]) -> u64 {
    spelled.iter().fold(0, |all, byte| all | 1 << (byte.to_ascii_lowercase() & 63))
}

impl Memory {
    /// Begins with what structure knows.
    pub(crate) fn new(known: &Known<'_>, table: Table<'_>) -> Self {
        let mut memory = Self { wanted: Vec::new(), near: Vec::new() };
        for (index, person) in known.people.iter().enumerate() {
            memory.learn(person, table, index < NEAR_PEOPLE_MAX);
        }
        memory
    }

    fn learn(&mut self, person: &Person<'_>, table: Table<'_>, within_one_edit: bool) {
        for part in [person.family, person.given, person.other] {
            for token in Words::new(part) {
                let flags = table.flags(token.hash);
                let bytes = token.end - token.start;
                if bytes < 2 || token.shape == Shape::Other || (flags & LINK != 0 && bytes < 4) {
                    continue;
                }
                let sure = is_sure(flags) && bytes > 2;
                self.wanted.push(Wanted { hash: token.hash, sure, confidence: 99, rule: "name.known" });
                if within_one_edit && (NEAR_BYTES_MIN..=NEAR_BYTES_MAX).contains(&bytes) {
                    let spelled = part[token.start..token.end].to_lowercase().into_bytes();
                    if self.near.iter().all(|near| near.spelled != spelled) {
                        let letters = letters(&spelled);
                        self.near.push(Near { spelled, letters });
                    }
                }
            }
        }
    }

    /// Keeps the words of a name that was found.
    pub(crate) fn remember(&mut self, words: &[Word], span: &Span) {
        if span.kind != Identifier::Name || span.confidence < REMEMBERED_FROM || self.wanted.len() >= REMEMBERED_MAX {
            return;
        }
        for word in words {
            let bytes = word.token.end - word.token.start;
            let weak = word.flags & (LINK | TITLE) != 0 || word.look == Look::Initial || bytes < 3;
            // A common word in small letters, "may" or "will", was part of a dictated name and proves nothing elsewhere.
            let dictated = word.flags & COMMON != 0 && !has_capital(word.token.shape);
            if !weak && !dictated {
                let (hash, sure) = (word.token.hash, is_sure(word.flags) && word.flags & CITY == 0);
                self.wanted.push(Wanted { hash, sure, confidence: 85, rule: "name.repeated" });
            }
        }
    }

    /// Is there nothing to look for.
    pub(crate) const fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Takes all of the words, and adds a finding for every wanted one in `text`, whose words they are, that none in `found` covers.
    pub(crate) fn search(
        mut self,
        text: &str,
        words: impl Iterator<Item = Token>,
        table: Table<'_>,
        found: &mut Vec<Finding>,
    ) {
        if self.wanted.is_empty() {
            return words.for_each(drop);
        }
        self.wanted.sort_by_key(|wanted| (wanted.hash, std::cmp::Reverse(wanted.confidence), !wanted.sure));
        self.wanted.dedup_by_key(|wanted| wanted.hash);
        let mut marked = [0_u64; 64];
        for wanted in &self.wanted {
            marked[(wanted.hash >> 6 & 63) as usize] |= 1 << (wanted.hash & 63);
        }
        let covered: Vec<(usize, usize, Identifier)> =
            found.iter().map(|item| (item.start, item.end, item.kind)).collect();
        let mut next_covered = 0;
        let mut words = words.peekable();
        while let Some(token) = words.next() {
            let possible = marked[(token.hash >> 6 & 63) as usize] >> (token.hash & 63) & 1 == 1;
            if !possible && self.near.is_empty() {
                continue;
            }
            while covered.get(next_covered).is_some_and(|item| item.1 <= token.start) {
                next_covered += 1;
            }
            let inside = covered.get(next_covered).filter(|item| item.0 < token.end).map(|item| item.2);
            let Some(hit) = self.hit(text, &token, words.peek(), table) else { continue };
            // What structure knows as a name is one, also where the model saw a place; within an organisation it stays.
            let takes = match inside {
                None => true,
                Some(Identifier::Name) => hit.rule == "name.known",
                Some(_) => false,
            };
            if takes {
                found.push(hit);
            }
        }
    }

    fn hit(&self, text: &str, token: &Token, next: Option<&Token>, table: Table<'_>) -> Option<Finding> {
        if token.gap == Gap::Address || token.shape == Shape::Other {
            return None;
        }
        let finding = |wanted: &Wanted| Finding {
            start: token.start,
            end: token.end,
            kind: Identifier::Name,
            confidence: Confidence::new(wanted.confidence),
            rule: wanted.rule,
        };
        if let Ok(at) = self.wanted.binary_search_by_key(&token.hash, |wanted| wanted.hash) {
            let wanted = &self.wanted[at];
            let eponym = next.is_some_and(|next| table.flags(hash_pair(token.hash, next.hash)) & EPONYM != 0);
            let written = wanted.sure || is_written_as_name(token, next);
            return (written && !eponym).then(|| finding(wanted));
        }
        let spelled = &text.as_bytes()[token.start..token.end];
        if !self.is_near(spelled) {
            return None;
        }
        let flags = table.flags(token.hash);
        let near = is_sure(flags) && (has_capital(token.shape) || flags & (GIVEN | SURNAME) != 0 || flags == 0);
        near.then(|| finding(&Wanted { hash: 0, sure: true, confidence: 85, rule: "name.near_known" }))
    }
}

impl Memory {
    /// Is a known name at most one edit away.
    fn is_near(&self, spelled: &[u8]) -> bool {
        if self.near.is_empty() || spelled.len() + 1 < NEAR_BYTES_MIN || spelled.len() > NEAR_BYTES_MAX {
            return false;
        }
        let here = letters(spelled);
        self.near.iter().any(|known| {
            known.spelled.len().abs_diff(spelled.len()) <= 1
                && (known.letters ^ here).count_ones() <= 2
                && is_one_edit(&known.spelled, spelled)
        })
    }
}

/// A capital where grammar asks for none.
fn is_written_as_name(token: &Token, next: Option<&Token>) -> bool {
    let sentence = matches!(token.gap, Gap::Start | Gap::Line | Gap::Stop | Gap::Ask | Gap::Open | Gap::Colon);
    let goes_on = token.possessive || next.is_some_and(|next| has_capital(next.shape) && next.gap == Gap::Space);
    has_capital(token.shape) && (!sentence || goes_on)
}

/// Do two spellings differ by one letter more, less, other, or by two that changed places. `small` is in small letters.
fn is_one_edit(small: &[u8], other: &[u8]) -> bool {
    let (short, long) = (small.len().min(other.len()), small.len().max(other.len()));
    if long - short > 1 {
        return false;
    }
    let same = |a: u8, b: u8| a == b.to_ascii_lowercase();
    let front = small.iter().zip(other).take_while(|(a, b)| same(**a, **b)).count();
    let back = small.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| same(**a, **b)).count();
    if long > short {
        return front + back >= short;
    }
    if front + back + 1 >= long {
        return true;
    }
    front + back + 2 == long && same(small[front], other[front + 1]) && same(small[front + 1], other[front])
}

#[cfg(test)]
mod tests {
    use super::is_one_edit;

    #[test]
    fn one_edit_is_one_letter_or_one_swap_and_no_more() {
        for other in ["Hernandez", "Hernandes", "Hernadez", "Hernanndez", "Henrandez", "ernandez"] {
            assert!(is_one_edit(b"hernandez", other.as_bytes()), "{other}");
        }
        for other in ["Fernandes", "Hernan", "Ehrnanedz", "Hrnandes"] {
            assert!(!is_one_edit(b"hernandez", other.as_bytes()), "{other}");
        }
    }
}
