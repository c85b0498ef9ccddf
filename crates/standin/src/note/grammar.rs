//! Sentences with alternatives: `[a|b [c|d]]` is one of them, `{slot}` is filled from the facts, `{*food}` by one of the words of
//! that list.
//!
//! What must always hold: templates are part of this crate; one with a bracket that does not close is written out as it
//! stands, which a test forbids for all that there are.
//!
//! What it refuses to know: what slots mean.

use super::Note;
use super::slots::Facts;
use crate::dice::Dice;
use crate::lists::{phrases, words};

/// A note in the making.
pub(super) struct Writer<'a, 'f> {
    pub(super) note: Note,
    pub(super) dice: &'a mut Dice,
    pub(super) facts: &'a Facts<'f>,
    /// Words that this note has had.
    pub(super) had: Vec<&'static str>,
}

/// So often another word is looked for when the first was there already.
const WORD_TRIES: usize = 6;

/// Up to the bracket that closes the one before `text`; everything when none does.
fn inside(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate() {
        depth += match byte {
            b'[' => 1,
            b']' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

/// The alternatives of one bracket.
fn alternatives(inside: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    inside.split(move |letter: char| {
        depth += match letter {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        letter == '|' && depth == 0
    })
}

impl Writer<'_, '_> {
    /// Writes a template.
    pub(super) fn expand(&mut self, template: &str) {
        let mut rest = template;
        while let Some(at) = rest.find(['[', '{']) {
            self.note.say(&rest[..at]);
            let after = &rest[at + 1..];
            if rest.as_bytes()[at] == b'[' {
                let Some((all, behind)) = inside(after) else { break };
                let chosen = self.dice.below(alternatives(all).count());
                self.expand(alternatives(all).nth(chosen).unwrap_or_default());
                rest = behind;
            } else {
                let Some((slot, behind)) = after.split_once('}') else { break };
                match slot.strip_prefix('*') {
                    Some(list) => self.word(list),
                    None => self.fill(slot),
                }
                rest = behind;
            }
        }
        self.note.say(rest);
    }

    /// One word of a list that the note has not had.
    pub(super) fn word(&mut self, list: &str) {
        let all = words().of(list);
        let mut word = self.dice.pick(all);
        for _ in 0..WORD_TRIES {
            if !self.had.contains(&word) {
                break;
            }
            word = self.dice.pick(all);
        }
        self.had.push(word);
        let from = self.note.text.len();
        self.expand(word);
        if self.note.text[..from].ends_with([' ', '\n']) && self.note.text[..from].trim_end().ends_with(['.', '!']) {
            self.note.capital_at(from);
        }
    }

    /// One line of a section, as a sentence.
    pub(super) fn sentence(&mut self, section: &str) {
        let line = self.dice.pick(phrases().of(section));
        self.line(line);
        self.end_sentence();
    }

    /// A template whose first letter is large.
    pub(super) fn line(&mut self, template: &str) {
        let from = self.note.text.len();
        self.expand(template);
        self.note.capital_at(from);
    }

    /// A full stop where there is no mark, and a blank.
    pub(super) fn end_sentence(&mut self) {
        let ends = self.note.text.trim_end();
        let has_mark =
            ends.ends_with(['.', ':', '?', '!', ',']) || (ends.ends_with("period") && self.note.voice.is_spoken());
        if !has_mark {
            self.note.say(".");
        }
        if !self.note.text.ends_with([' ', '\n']) {
            self.note.say(" ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{alternatives, inside};
    use crate::lists::{ailments, phrases, words};

    #[test]
    fn brackets_are_divided_at_their_own_bars_only() {
        assert_eq!(inside("a|b [c|d]] e"), Some(("a|b [c|d]", " e")));
        assert_eq!(alternatives("a|b [c|d]|").collect::<Vec<_>>(), ["a", "b [c|d]", ""]);
    }

    #[test]
    fn every_template_closes_what_it_opens_and_asks_for_slots_that_there_are() {
        for lists in [phrases(), ailments(), words()] {
            for section in lists.sections("") {
                for line in lists.of(section) {
                    let count = |letter: char| line.matches(letter).count();
                    assert_eq!(count('['), count(']'), "{line}");
                    assert_eq!(count('{'), count('}'), "{line}");
                    for slot in line.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                        let is_list = |name: &str| words().of(name).len() >= 6;
                        let is = slot
                            .0
                            .strip_prefix('*')
                            .map_or_else(|| super::super::slots::SLOTS.contains(&slot.0), is_list);
                        assert!(is, "{{{}}} in: {line}", slot.0);
                    }
                }
            }
        }
    }
}
