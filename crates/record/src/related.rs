//! People around a patient.

use std::fmt;
use std::str::FromStr;

/// What somebody is to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelatedKind {
    /// Speaks for the patient: a parent, or whom a court or the law has put in that place (45 CFR 164.502(g)).
    Guardian,
    /// Pays what the patient owes.
    Guarantor,
}

/// The text names no kind of person around a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither guardian nor guarantor")]
pub struct UnknownRelatedKind;

impl RelatedKind {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Guardian, Self::Guarantor];

    /// As it stands in SQL and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Guarantor => "guarantor",
        }
    }

    /// As it stands on screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Guardian => "Guardian",
            Self::Guarantor => "Guarantor",
        }
    }
}

impl fmt::Display for RelatedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RelatedKind {
    type Err = UnknownRelatedKind;
    fn from_str(text: &str) -> Result<Self, UnknownRelatedKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(UnknownRelatedKind)
    }
}

#[cfg(test)]
mod tests {
    use super::RelatedKind;

    #[test]
    fn both_kinds_round_trip_through_text_and_nothing_else_is_one() {
        for kind in RelatedKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert!("parent".parse::<RelatedKind>().is_err());
    }
}
