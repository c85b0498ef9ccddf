//! Two records that are said to be one patient's.

use std::fmt;
use std::str::FromStr;

/// The text names none of these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no word about merged records")]
pub struct UnknownMergeWord;

/// What speaks for it that two records are one patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeCause {
    /// A message of the practice's system says so (ADT A40, A34, A18).
    Message,
    /// Somebody at the practice says so.
    Person,
    /// An import brought the same name and birth date under another number.
    SameName,
    /// An import brought somebody else under the same number.
    SameNumber,
    /// A provisional patient was linked to a known one.
    Link,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeState {
    /// Nobody has looked yet.
    Proposed,
    /// The one went into the other.
    Merged,
    /// A person said that they are two.
    Refused,
    /// It was merged, and taken back.
    Undone,
}

macro_rules! words {
    ($name:ident: $($value:ident $text:literal,)*) => {
        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// As it stands in SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownMergeWord;
            fn from_str(text: &str) -> Result<Self, UnknownMergeWord> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or(UnknownMergeWord)
            }
        }
    };
}

words! { MergeCause: Message "message", Person "person", SameName "same_name", SameNumber "same_number", Link "link", }
words! { MergeState: Proposed "proposed", Merged "merged", Refused "refused", Undone "undone", }

#[cfg(test)]
mod tests {
    use super::{MergeCause, MergeState};

    #[test]
    fn every_word_round_trips_through_text_and_nothing_else_is_one() {
        for cause in MergeCause::ALL {
            assert_eq!(cause.as_str().parse(), Ok(*cause));
        }
        for state in MergeState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert!("same".parse::<MergeCause>().is_err() && "".parse::<MergeState>().is_err());
    }
}
