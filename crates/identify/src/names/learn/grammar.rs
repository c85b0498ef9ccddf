//! How names and other fillings of a training text are put together.
//!
//! A grammar is lines: `[symbol]` or `[symbol] kind` opens a symbol, of which the following lines are the ways to write
//! it, each with an optional weight before a bar (`5| {given} {surname}`), or several after a `~` each. `{symbol}` stands for one of its ways. A kind
//! (`name`, `place`, `organization`) labels all that the symbol writes. Lists are symbols too, given from outside.
//!
//! What must always hold: a filling ends, however symbols refer to each other.
//!
//! What it refuses to know: what the symbols are for.

use crate::phi::Identifier;
use std::collections::BTreeMap;

/// Symbols within symbols; deeper ones write nothing.
const DEPTH_MAX: u32 = 8;

/// Numbers that look random and are the same each time (SplitMix64, Steele, Lea and Flood 2014).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one less than `sides`; 0 when there are none.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        let wide = u128::from(self.next()) * (sides as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

/// A piece of text with its label.
pub(super) type Piece = (String, Option<Identifier>);

struct Symbol {
    kind: Option<Identifier>,
    ways: Vec<String>,
    /// The sums of weights up to each way.
    sums: Vec<usize>,
}

/// All symbols.
pub(super) struct Grammar {
    symbols: BTreeMap<String, Symbol>,
}

impl Grammar {
    /// Reads the lines.
    pub(super) fn new(text: &str) -> Self {
        let mut grammar = Self { symbols: BTreeMap::new() };
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            if let Some((name, kind)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                name.clone_into(&mut current);
                let symbol = Symbol { kind: kind.trim().parse().ok(), ways: Vec::new(), sums: Vec::new() };
                grammar.symbols.entry(current.clone()).or_insert(symbol);
                continue;
            }
            if let Some(several) = line.strip_prefix('~') {
                several.split('~').for_each(|way| grammar.add(&current, way.trim(), 1));
                continue;
            }
            let weighted =
                line.split_once('|').and_then(|(weight, way)| Some((weight.trim().parse().ok()?, way.trim())));
            let (weight, way) = weighted.unwrap_or((1, line.trim()));
            grammar.add(&current, way, weight);
        }
        grammar
    }

    /// Gives a symbol one more way.
    pub(super) fn add(&mut self, name: &str, way: &str, weight: usize) {
        let symbol =
            self.symbols.entry(name.to_owned()).or_insert(Symbol { kind: None, ways: Vec::new(), sums: Vec::new() });
        let before = symbol.sums.last().copied().unwrap_or(0);
        symbol.ways.push(way.to_owned());
        symbol.sums.push(before + weight);
    }

    /// Gives a list as a symbol, each entry as likely as any other.
    pub(super) fn list(&mut self, name: &str, entries: impl Iterator<Item = String>) {
        for entry in entries {
            self.add(name, &entry, 1);
        }
    }

    /// Fills a text.
    pub(super) fn fill(&self, text: &str, dice: &mut Dice) -> Vec<Piece> {
        let mut pieces = Vec::new();
        self.write(text, None, dice, 0, &mut pieces);
        pieces
    }

    fn write(&self, text: &str, kind: Option<Identifier>, dice: &mut Dice, depth: u32, pieces: &mut Vec<Piece>) {
        let mut rest = text;
        while let Some((before, name, after)) = next_symbol(rest) {
            put(pieces, before, kind);
            rest = after;
            let Some(symbol) = self.symbols.get(name).filter(|symbol| !symbol.ways.is_empty() && depth < DEPTH_MAX)
            else {
                continue;
            };
            let at = dice.below(symbol.sums.last().copied().unwrap_or(0));
            let way = symbol.sums.partition_point(|sum| *sum <= at);
            if kind.is_none() && symbol.kind.is_some() {
                // One label is one span, also where two stand side by side.
                let mut inner = Vec::new();
                self.write(&symbol.ways[way], symbol.kind, dice, depth + 1, &mut inner);
                let whole: String = inner.into_iter().map(|piece| piece.0).collect();
                pieces.push((whole, symbol.kind));
            } else {
                self.write(&symbol.ways[way], kind, dice, depth + 1, pieces);
            }
        }
        put(pieces, rest, kind);
    }

    /// The names in braces that no symbol has.
    pub(super) fn unknown<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut unknown = Vec::new();
        let mut rest = text;
        while let Some((_, name, after)) = next_symbol(rest) {
            if !self.symbols.contains_key(name) {
                unknown.push(name);
            }
            rest = after;
        }
        unknown
    }
}

fn put(pieces: &mut Vec<Piece>, text: &str, kind: Option<Identifier>) {
    if !text.is_empty() {
        pieces.push((text.to_owned(), kind));
    }
}

fn next_symbol(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// The text of a line without its symbols, headers and weights.
pub(super) fn fixed(line: &str) -> String {
    if line.starts_with('#') || line.starts_with('[') {
        return String::new();
    }
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, _, after)) = next_symbol(rest) {
        out.push_str(before);
        // A filling is no blank: what stands on both sides of it is no pair.
        out.push_str(" 0 ");
        rest = after;
    }
    out.push_str(rest);
    out.replace("\\n", "\n").replace("\\t", "\t")
}

#[cfg(test)]
mod tests {
    use super::{Dice, Grammar, fixed};
    use crate::phi::Identifier;

    #[test]
    fn a_symbol_with_a_kind_writes_one_labelled_piece() {
        let grammar = Grammar::new("[who] name\n~ {given} Smith\n[given]\nAnna\n");
        let pieces = grammar.fill("Saw {who} today.", &mut Dice(1));
        assert_eq!(pieces[1], ("Anna Smith".to_owned(), Some(Identifier::Name)));
        assert_eq!(grammar.unknown("{who} and {nobody}"), ["nobody"]);
    }

    #[test]
    fn symbols_that_refer_to_each_other_end() {
        let grammar = Grammar::new("[a]\n{b} {b}\n[b]\n{a} {a}\n");
        assert!(grammar.fill("{a}", &mut Dice(1)).len() < 1_000);
    }

    #[test]
    fn the_fixed_text_of_a_line_has_no_symbols_and_no_headers() {
        assert_eq!(fixed("Dear {who},").trim(), "Dear  0 ,");
        assert_eq!(fixed("[who] name"), "");
    }
}
