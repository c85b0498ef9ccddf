//! The visible label on everything that holds PHI, or is free of it.

use std::fmt;

/// What a thing is labelled with. Words always, colour never alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag {
    /// "PHI – Customer X".
    Phi {
        /// The customer's own name.
        customer: String,
    },
    /// De-identified.
    Deidentified,
    /// Made up from a seed.
    MadeUp,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phi { customer } => write!(f, "PHI – {customer}"),
            Self::Deidentified => f.write_str("DE-IDENTIFIED"),
            Self::MadeUp => f.write_str("MADE UP"),
        }
    }
}
