//! From labels to findings: what counts as one, how sure it is, and what is no finding whatever the model says.
//!
//! What must always hold: a span holds at least one word; findings that come out of [`joined`] are sorted and do not
//! overlap.
//!
//! What it refuses to know: features and weights.

use super::block::{Block, Look, Word, has_capital};
use super::model::{LABELS, OUTSIDE, Scores, is_inside};
use super::table::{
    CALENDAR, COMMON, COMPANY, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, LINK, REGION, SURNAME, TERM, TITLE, VOCABULARY,
    given_class, surname_class,
};
use super::token::Gap;
use crate::phi::{Confidence, Finding, Identifier};
use std::ops::Range;

/// Added to the score of every label but "outside": a missed name costs more than a false one.
const FAVOUR: i32 = 85;
/// The same where something speaks against a name: a list of things, a few capitals among small letters, the begin of a sentence.
const FAVOUR_IN_DOUBT: i32 = 15;
/// Words of so many letters in capitals stand for something more often than for somebody.
const CAPITALS_SHORT: usize = 5;
/// A lead over "outside" of this many points is one hundredth of confidence.
const POINTS_PER_HUNDREDTH: i32 = 8;
/// What the model may be sure of at most: only structure knows.
const TAGGED_MAX: i32 = 97;

/// From this confidence on a common word alone is a name.
const SURE_OF_A_WORD: i32 = 80;

/// From this confidence on a word that begins a sentence is a name.
const SURE_AT_A_BEGINNING: i32 = 57;

/// And words of the language alone.
const SURE_OF_PLAIN_WORDS: i32 = 60;

/// And two initials without a name.
const SURE_OF_INITIALS: i32 = 72;

/// The labels of places and organisations.
const PLACES_AND_ORGANISATIONS: Range<usize> = 3..LABELS;

/// From this class of surnames on, one that is also an eponym is searched like any other name.
const EPONYM_AS_A_NAME: u32 = 3;

/// Some words in a row with one label.
pub(crate) struct Span {
    /// Indices into the block's words.
    pub words: Range<usize>,
    /// What they are.
    pub kind: Identifier,
    /// Hundredths.
    pub confidence: i32,
}

impl Span {
    /// The finding in the text.
    pub(crate) fn finding(&self, block: &Block) -> Finding {
        let rule = match self.kind {
            Identifier::Place => "place.tagged",
            Identifier::Organization => "organization.tagged",
            _ => "name.tagged",
        };
        Finding {
            start: block.words[self.words.start].token.start,
            end: block.words[self.words.end - 1].token.end,
            kind: self.kind,
            confidence: Confidence::new(u8::try_from(self.confidence).unwrap_or(0)),
            rule,
        }
    }
}

/// Whether it is a word of the language where all words are written alike: there hardly any place or firm is told by its letters.
const fn is_alike(word: &Word) -> bool {
    matches!(word.look, Look::LowerText | Look::UpperText) && word.flags & (COMMON | ENGLISH | VOCABULARY) != 0
}

/// A span that goes on over the second half of a double name, and over what follows an initial.
pub(crate) fn extended(words: &[Word], span: &Span) -> Span {
    let mut end = span.words.end;
    while span.kind == Identifier::Name && end < words.len() && end < span.words.end + 3 {
        let (last, next) = (&words[end - 1], &words[end]);
        let one_letter = last.token.end - last.token.start == 1;
        let joined = match next.token.gap {
            Gap::Hyphen => true,
            Gap::Space | Gap::Stop | Gap::Line => one_letter && end > span.words.start + 1,
            _ => false,
        };
        let plain = COMMON | ENGLISH | DRUG | TERM | HEAD | EPONYM | CALENDAR | VOCABULARY;
        let may_be_one = next.flags & (GIVEN | SURNAME) != 0 && next.flags & COMMON == 0 || next.flags & plain == 0;
        let like = matches!(next.look, Look::LowerText) || has_capital(next.token.shape);
        if !joined || !may_be_one || !like {
            break;
        }
        end += 1;
    }
    Span { words: span.words.start..end, kind: span.kind, confidence: span.confidence }
}

/// Leans towards finding, less so where something speaks against it. `words` are those that the scores are of.
pub(crate) fn favour(words: &[Word], scores: &mut [Scores]) {
    for (word, row) in words.iter().zip(scores) {
        let doubt = is_in_doubt(word);
        row[OUTSIDE] -= if doubt { FAVOUR_IN_DOUBT } else { FAVOUR };
        if !doubt && is_alike(word) {
            row[PLACES_AND_ORGANISATIONS].iter_mut().for_each(|score| *score -= FAVOUR - FAVOUR_IN_DOUBT);
        }
    }
}

/// Whether a word may well be a thing: an eponym, a drug, an abbreviation, a word of the language that begins a sentence.
const fn is_in_doubt(word: &Word) -> bool {
    let short = matches!(word.look, Look::Upper) && word.token.end - word.token.start <= CAPITALS_SHORT;
    let begins = matches!(word.token.gap, Gap::Start | Gap::Line | Gap::Stop | Gap::Colon);
    let ordinary = word.flags & (COMMON | ENGLISH | VOCABULARY) != 0;
    short || begins && ordinary || word.flags & (EPONYM | TERM | DRUG | CALENDAR | REGION) != 0
}

/// Calls `found` for each span in a chain of words that begins at word `first`.
pub(crate) fn each(first: usize, labels: &[u8], scores: &[Scores], found: &mut dyn FnMut(&Span)) {
    let mut at = 0;
    while at < labels.len() {
        let label = usize::from(labels[at]);
        if label == OUTSIDE {
            at += 1;
            continue;
        }
        let begin = at;
        at += 1;
        while at < labels.len() && is_inside(usize::from(labels[at])) {
            at += 1;
        }
        let lead = (begin..at).map(|word| scores[word][usize::from(labels[word])] - scores[word][OUTSIDE]).max();
        let confidence = (50 + lead.unwrap_or(0) / POINTS_PER_HUNDREDTH).clamp(30, TAGGED_MAX);
        let kind = match label {
            1 | 2 => Identifier::Name,
            3 | 4 => Identifier::Place,
            _ => Identifier::Organization,
        };
        found(&Span { words: first + begin..first + at, kind, confidence });
    }
}

/// Whether a span is one at all: some things are never names, however they look.
pub(crate) fn is_kept(words: &[Word], span: &Span) -> bool {
    let every = |flags: u32| words.iter().all(|word| word.flags & flags != 0);
    if let [only] = words
        && span.confidence < SURE_AT_A_BEGINNING
        && is_word_at_a_beginning(only)
    {
        return false;
    }
    match span.kind {
        // A state, a country, a nation is no place smaller than a state.
        Identifier::Place => !every(REGION | TERM | CALENDAR | DRUG),
        // "Emergency Department" and "the clinic" name nobody.
        Identifier::Organization => {
            let generic = |word: &Word| {
                word.flags & (HEAD | TERM | LINK | REGION | CALENDAR | DRUG) != 0
                    || (word.flags & COMMON != 0 && matches!(word.look, Look::Lower | Look::LowerText))
            };
            !words.iter().all(|word| generic(word) && word.flags & COMPANY == 0)
        }
        _ => {
            let letters = words.iter().filter(|word| word.look != Look::Initial).count();
            let never =
                |word: &Word| word.flags & (TERM | DRUG | CALENDAR | TITLE) != 0 && word.flags & (GIVEN | SURNAME) == 0;
            let phrase = words.last().is_some_and(|word| word.pair & EPONYM != 0);
            let common = words.len() == 1 && is_hardly_a_name(&words[0]) && span.confidence < SURE_OF_A_WORD;
            // A patient who is only called "J.M." is named too.
            let dotted = words.iter().skip(1).all(|word| matches!(word.token.gap, Gap::Dot | Gap::Stop));
            let initials = words.len() > 1 && dotted && span.confidence >= SURE_OF_INITIALS;
            let plain = span.confidence < SURE_OF_PLAIN_WORDS && words.iter().all(is_plain);
            (letters > 0 || initials) && !words.iter().all(never) && !phrase && !common && !plain
        }
    }
}

/// A word of the language that begins a sentence: its capital says nothing.
const fn is_word_at_a_beginning(word: &Word) -> bool {
    let begins = matches!(word.token.gap, Gap::Start | Gap::Line | Gap::Stop | Gap::Colon);
    begins && matches!(word.look, Look::Title) && word.flags & (COMMON | ENGLISH | EPONYM | VOCABULARY) != 0
}

/// A word of the language or of the trade that hardly anybody is called by.
const fn is_plain(word: &Word) -> bool {
    word.flags & (COMMON | ENGLISH | TERM) != 0 && given_class(word.flags) < 5 && surname_class(word.flags) < 5
}

/// A common word that few people are called by: alone it needs more than a capital.
const fn is_hardly_a_name(word: &Word) -> bool {
    word.flags & COMMON != 0 && given_class(word.flags) < 5 && surname_class(word.flags) < 6
}

/// May this word be marked wherever it stands, or only where its surroundings speak for a name.
pub(crate) const fn is_sure(flags: u32) -> bool {
    let other = flags & (COMMON | ENGLISH | DRUG | TERM | CALENDAR | REGION | HEAD | TITLE | LINK) != 0;
    // Where many people have the name of a disease or an instrument, a person who was named is meant; the pair is told by the memory.
    !other && (flags & EPONYM == 0 || surname_class(flags) >= EPONYM_AS_A_NAME)
}

/// "St. Brendan's": of an organisation the ending belongs to its name.
fn with_possessive(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    let ending = ["'s", "\u{2019}s", "'S"].iter().find(|ending| rest.starts_with(**ending));
    ending
        .filter(|ending| !rest[ending.len()..].starts_with(char::is_alphanumeric))
        .map_or(end, |ending| end + ending.len())
}

/// Sorts, drops what overlaps something better, and makes one name of parts that stand side by side.
pub(crate) fn joined(text: &str, mut found: Vec<Finding>) -> Vec<Finding> {
    for finding in found.iter_mut().filter(|finding| finding.kind == Identifier::Organization) {
        finding.end = with_possessive(text, finding.end);
    }
    found.sort_by_key(|finding| (finding.start, std::cmp::Reverse(finding.end)));
    let mut out: Vec<Finding> = Vec::with_capacity(found.len());
    for next in found {
        let Some(last) = out.last_mut() else {
            out.push(next);
            continue;
        };
        let both_names = last.kind == Identifier::Name && next.kind == Identifier::Name;
        if next.start < last.end {
            let known = next.confidence > last.confidence;
            if both_names || next.end > last.end && last.kind == next.kind {
                last.end = last.end.max(next.end);
            } else if next.end > last.end && known {
                last.end = last.end.max(next.end);
                last.kind = next.kind;
            } else {
                last.end = last.end.max(next.end);
                continue;
            }
            if known {
                (last.confidence, last.rule) = (next.confidence, next.rule);
            }
        } else if both_names && last.rule != next.rule && matches!(&text[last.end..next.start], " " | "-" | ". ") {
            last.end = next.end;
            if next.confidence > last.confidence {
                (last.confidence, last.rule) = (next.confidence, next.rule);
            }
        } else {
            out.push(next);
        }
    }
    out
}
