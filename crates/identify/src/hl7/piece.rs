//! A field, a repetition, a component or a sub-component: a stretch of the source that knows what divides it.

use super::{Letters, Rules, escape};
use std::fmt;
use std::ops::Range;

/// How deep a piece lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Field,
    Repetition,
    Component,
    /// A sub-component, or a field that is not divided.
    Leaf,
}

/// A stretch of a segment. PHI; `Debug` tells its place only.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    source: &'a [u8],
    start: usize,
    end: usize,
    rules: Rules,
    depth: Depth,
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Piece({:?})", self.range())
    }
}

/// What a piece says. PHI; `Debug` tells no value.
#[derive(Clone, PartialEq, Eq)]
pub enum Said<T = String> {
    /// It is empty or not there: whatever is known stays.
    Nothing,
    /// `""`: what is known is to be deleted.
    Deleted,
    /// This.
    Value(T),
}

impl<T> fmt::Debug for Said<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Deleted => "Deleted",
            Self::Value(_) => "Value(..)",
        })
    }
}

impl<T> Said<T> {
    /// The value, if it is one.
    pub fn value(self) -> Option<T> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

impl<'a> Piece<'a> {
    pub(super) const fn field(source: &'a [u8], range: Range<usize>, rules: Rules) -> Self {
        Self { source, start: range.start, end: range.end, rules, depth: Depth::Field }
    }

    pub(super) const fn undivided(source: &'a [u8], range: Range<usize>, rules: Rules) -> Self {
        Self { source, start: range.start, end: range.end, rules, depth: Depth::Leaf }
    }

    /// Where it lies in the source.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its bytes as they stand there.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        &self.source[self.start..self.end]
    }

    const fn divided_by(&self) -> Option<u8> {
        match self.depth {
            Depth::Field => self.rules.repetition,
            Depth::Repetition => Some(self.rules.component),
            Depth::Component => self.rules.sub_component,
            Depth::Leaf => None,
        }
    }

    /// What it is made of: a field's repetitions, a repetition's components, a component's sub-components. One that is
    /// not divided has itself as its only part.
    pub fn parts(&self) -> impl Iterator<Item = Self> + use<'a> {
        let this = *self;
        let depth = match this.depth {
            Depth::Field => Depth::Repetition,
            Depth::Repetition => Depth::Component,
            Depth::Component | Depth::Leaf => Depth::Leaf,
        };
        let mut at = Some(this.start);
        std::iter::from_fn(move || {
            let start = at?;
            let rest = &this.source[start..this.end];
            let by = this.divided_by();
            let end = rest.iter().position(|byte| Some(*byte) == by).map(|far| start + far);
            at = end.map(|end| end + 1);
            Some(Self { start, end: end.unwrap_or(this.end), depth, ..this })
        })
    }

    /// A part by its number, from 1; one that is not there is empty.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        let nothing = Self { start: self.end, depth: Depth::Leaf, ..*self };
        self.parts().nth(number.wrapping_sub(1)).unwrap_or(nothing)
    }

    /// Is it `""`: whatever it stands for is to be deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.raw() == b"\"\""
    }

    /// What it says, with escapes undone: its first repetition's first component's first sub-component, as the standard
    /// asks of whoever expects no parts.
    #[must_use]
    pub fn said(&self) -> Said {
        let mut leaf = *self;
        while leaf.depth != Depth::Leaf {
            leaf = leaf.part(1);
        }
        match leaf.raw() {
            b"" => Said::Nothing,
            b"\"\"" => Said::Deleted,
            _ => Said::Value(leaf.text()),
        }
    }

    /// All of it as text, with escapes undone and separators as they stand.
    #[must_use]
    pub fn text(&self) -> String {
        let plain = match self.rules.escape {
            Some(sign) if self.raw().contains(&sign) => escape::undone(self.raw(), &self.rules),
            _ => return letters(self.raw(), self.rules.letters),
        };
        letters(&plain, self.rules.letters)
    }

    pub(super) fn write_back(&self, out: &mut Vec<u8>) {
        if self.depth == Depth::Leaf {
            out.extend(self.raw());
            return;
        }
        for (at, part) in self.parts().enumerate() {
            if at > 0 {
                out.extend(self.divided_by());
            }
            part.write_back(out);
        }
    }
}

/// The bytes as letters. The whole message was held against its charset; what an escape brought in may still be none.
fn letters(bytes: &[u8], charset: Letters) -> String {
    match charset {
        Letters::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Letters::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
