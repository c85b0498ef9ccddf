//! Which bytes of a file are wanted (RFC 9110, 14.1.2), before anybody knows how long it is: the length is told only to
//! those who may have the file.

use std::ops::Range;

/// One span, as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From this byte on, to that one inclusive where it is given; what lies behind the end is left out.
    From(u64, Option<u64>),
    /// The last so many.
    Last(u64),
}

/// Which bytes of a file are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Wanted {
    /// All.
    #[default]
    Whole,
    /// These. Of several that are there the file is sent whole, as RFC 9110 allows.
    Spans(Vec<Span>),
}

/// None of the spans has a byte in a file of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsatisfiable;

impl Span {
    /// The bytes of a file of this length, if there is one of them.
    fn within(self, size_bytes: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first, last) => first..last.map_or(size_bytes, |last| last.saturating_add(1).min(size_bytes)),
            Self::Last(many) => size_bytes.saturating_sub(many)..size_bytes,
        };
        (range.start < range.end).then_some(range)
    }
}

impl Wanted {
    /// The one range to send, or the whole file (`None`).
    pub(super) fn of(&self, size_bytes: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
        let Self::Spans(spans) = self else { return Ok(None) };
        let mut there = spans.iter().filter_map(|span| span.within(size_bytes));
        match (there.next(), spans.len()) {
            (None, _) => Err(Unsatisfiable),
            (Some(range), 1) => Ok(Some(range)),
            (Some(_), _) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, Unsatisfiable, Wanted};

    fn one(span: Span, size_bytes: u64) -> Result<Option<std::ops::Range<u64>>, Unsatisfiable> {
        Wanted::Spans(vec![span]).of(size_bytes)
    }

    #[test]
    fn what_lies_behind_the_end_is_left_out_and_what_begins_there_is_not_there() {
        for last in [9, 10, u64::MAX] {
            assert_eq!(one(Span::From(0, Some(last)), 10), Ok(Some(0..10)));
        }
        assert_eq!(one(Span::From(3, Some(3)), 10), Ok(Some(3..4)));
        assert_eq!(one(Span::From(9, None), 10), Ok(Some(9..10)));
        for first in [10, 11, u64::MAX] {
            assert_eq!(one(Span::From(first, None), 10), Err(Unsatisfiable));
            assert_eq!(one(Span::From(first, Some(u64::MAX)), 10), Err(Unsatisfiable));
        }
    }

    #[test]
    fn the_last_bytes_are_at_most_all_of_them_and_none_is_no_range() {
        assert_eq!(one(Span::Last(3), 10), Ok(Some(7..10)));
        assert_eq!(one(Span::Last(u64::MAX), 10), Ok(Some(0..10)));
        assert_eq!(one(Span::Last(0), 10), Err(Unsatisfiable));
        for span in [Span::Last(1), Span::From(0, None), Span::From(0, Some(0))] {
            assert_eq!(one(span, 0), Err(Unsatisfiable), "an empty file has no byte");
        }
    }

    #[test]
    fn several_spans_are_the_whole_file_unless_none_of_them_is_there() {
        let (there, beyond) = (Span::From(0, Some(1)), Span::From(10, None));
        assert_eq!(Wanted::Spans(vec![there, there]).of(10), Ok(None));
        assert_eq!(Wanted::Spans(vec![beyond, there]).of(10), Ok(None));
        assert_eq!(Wanted::Spans(vec![beyond, beyond]).of(10), Err(Unsatisfiable));
        assert_eq!(Wanted::Whole.of(0), Ok(None));
    }
}
