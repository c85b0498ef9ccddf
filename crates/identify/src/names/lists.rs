//! What the lists say of single words, for whoever reads tables and records.
//!
//! What must always hold: answers are those that the model gets, from the same table.
//!
//! What it refuses to know: sentences. Whether a word is a name where it stands is told by [`super::Names`].

use super::block::has_capital;
use super::spans::is_sure;
use super::table::{
    CALENDAR, COMMON, COMPANY, DRUG, ENGLISH, EPONYM, GIVEN, HEAD, LINK, REGION, SURNAME, TERM, TITLE, Table,
    VOCABULARY, given_class, surname_class,
};
use super::token::{Shape, hash_pair};
pub(crate) use super::token::{Token, Words};
use std::ops::Range;

/// One word with what the lists say of it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Where it stands.
    pub(crate) range: Range<usize>,
    /// Stands for the word, however it is written.
    pub(crate) hash: u64,
    /// Begins with a capital.
    pub(crate) has_capital: bool,
    /// Capitals only, two letters or more.
    pub(crate) is_upper: bool,
    /// Has digits, or is longer than any name.
    pub(crate) is_no_word: bool,
    flags: u32,
}

impl Listed {
    const fn is(&self, list: u32) -> bool {
        self.flags & list != 0
    }

    pub(crate) const fn is_given(&self) -> bool {
        self.is(GIVEN)
    }

    pub(crate) const fn is_surname(&self) -> bool {
        self.is(SURNAME)
    }

    /// How frequent it is as a given name and as a surname, 0 to 7.
    pub(crate) const fn classes(&self) -> (u32, u32) {
        (given_class(self.flags), surname_class(self.flags))
    }

    /// On no list of words: the memory of names marks it wherever it stands, once it is known.
    pub(crate) const fn is_sure(&self) -> bool {
        is_sure(self.flags)
    }

    /// On no list of anything but names and places.
    pub(crate) const fn is_name_alone(&self) -> bool {
        is_sure(self.flags) && !self.is(COMPANY) && self.flags & (GIVEN | SURNAME) != 0
    }

    /// A word of the language or of the trade.
    pub(crate) const fn is_ordinary(&self) -> bool {
        self.flags & (COMMON | ENGLISH | DRUG | TERM | CALENDAR | REGION | HEAD | VOCABULARY) != 0
    }

    /// Stands beside names or within them: Dr., van.
    pub(crate) const fn is_beside_names(&self) -> bool {
        self.flags & (TITLE | LINK) != 0
    }
}

/// The words of a text, one after the other.
pub(crate) fn each(text: &str, mut seen: impl FnMut(&Listed)) {
    let table = Table::new(super::LISTS);
    Words::new(text).for_each(|token| seen(&listed(&token, table)));
}

fn listed(token: &Token, table: Table<'_>) -> Listed {
    Listed {
        range: token.start..token.end,
        hash: token.hash,
        has_capital: has_capital(token.shape),
        is_upper: token.shape == Shape::Upper,
        is_no_word: token.shape == Shape::Other,
        flags: table.flags(token.hash),
    }
}

/// Words of a text that pass by one after the other, each seen together with the next one.
pub(crate) struct Passing {
    table: Table<'static>,
    last: Option<Token>,
}

impl Passing {
    pub(crate) fn new() -> Self {
        Self { table: Table::new(super::LISTS), last: None }
    }

    /// The next word, or the end. Of the word before it this is said: is it in capitals only; and, where it begins with a capital, is
    /// `wanted` by its hash, and is not with this next one the name of a disease or the like, what the lists say of it. Of no other word
    /// are they asked: the lists are larger than what a processor keeps near.
    pub(crate) fn word(
        &mut self,
        next: Option<&Token>,
        wanted: impl Fn(u64) -> bool,
    ) -> Option<(bool, Option<Listed>)> {
        let token = std::mem::replace(&mut self.last, next.copied())?;
        let pair = |next: &Token| self.table.flags(hash_pair(token.hash, next.hash));
        let is_here =
            has_capital(token.shape) && wanted(token.hash) && next.is_none_or(|next| pair(next) & EPONYM == 0);
        Some((token.shape == Shape::Upper, is_here.then(|| listed(&token, self.table))))
    }
}

/// All of them, of a short text.
pub(crate) fn all(text: &str) -> Vec<Listed> {
    let mut found = Vec::new();
    each(text, |word| found.push(word.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn names_and_words_are_told_apart_and_some_are_both() {
        let of = |word: &str| all(word).remove(0);
        assert!(of("Hernandez").is_surname() && of("Hernandez").is_name_alone());
        assert!(of("patience").is_ordinary() && of("Patience").is_given());
        assert!(!of("status").is_name_alone() && of("status").is_ordinary());
        assert!(of("van").is_beside_names());
        assert_eq!(of("Núñez").hash, of("NUNEZ").hash);
    }
}
