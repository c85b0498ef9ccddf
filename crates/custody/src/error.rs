//! How a use case can end without doing what was asked. No words of the data, ever.

use policy::Why;

/// One field of a form and what is wrong with it, in words for the person who filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: &'static str,
    /// What to do about it. Never repeats what was typed.
    pub say: &'static str,
}

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// Policy refused. For things with an id the door answers as if they were not there.
    #[error("refused: {0}")]
    Refused(Why),
    /// It is not there. The door cannot tell this from a refusal.
    #[error("not there")]
    Absent,
    /// It stands differently from what the act needs.
    #[error("{0}")]
    State(&'static str),
    /// Somebody has changed it since the form was opened; nothing was overwritten.
    #[error("somebody has changed it meanwhile; nothing was overwritten")]
    Changed,
    /// What was typed cannot be taken as it is.
    #[error("the form has mistakes")]
    Input(Vec<FieldError>),
    /// The map of an import says something that cannot be meant.
    #[error("the map: {0}")]
    Map(crate::MapError),
    /// A practice's export cannot be written, or is not what it should be.
    #[error(transparent)]
    Export(#[from] crate::LeavingError),
    /// The file is not one that is taken here.
    #[error("{0}")]
    File(&'static str),
    /// No byte of the range that was asked for is in the file.
    #[error("no byte of that range is there; the file has {size_bytes} bytes")]
    Range {
        /// How long the file is.
        size_bytes: u64,
    },
    /// The same bytes came in before; nothing was kept until somebody says what is to become of them.
    #[error("this file came in before")]
    Same(Box<crate::SameFile>),
    /// It is larger than is allowed.
    #[error("too large: at most {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// Too often in too short a time.
    #[error("too often; try again later")]
    TooOften,
    /// A secret, a code or a passkey was not right. One word for every way of being wrong.
    #[error("that did not work")]
    NotProven,
    /// The ledger could not witness, so nothing was done.
    #[error("the ledger cannot write now; nothing was opened or changed")]
    Unwitnessed,
    /// The store could not.
    #[error("the store could not answer")]
    Store(#[from] store::StoreError),
    /// Keys or seals did not do what they should.
    #[error("a seal could not be opened or made")]
    Seal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something that policy, ledger or configuration promised does not hold.
    #[error("{0}")]
    Broken(String),
}

impl CustodyError {
    pub(crate) fn seal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Seal(Box::new(source))
    }

    /// One mistake in one field.
    #[must_use]
    pub fn field(field: &'static str, say: &'static str) -> Self {
        Self::Input(vec![FieldError { field, say }])
    }
}

impl From<policy::Refusal> for CustodyError {
    fn from(refusal: policy::Refusal) -> Self {
        Self::Refused(refusal.why())
    }
}
