//! What can go wrong below, said without any value that was being stored.

/// The store could not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answered with an error.
    #[error("the database could not do {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The engine's error.
        #[source]
        source: sqlx::Error,
    },
    /// An SQL text and its binds do not fit each other.
    #[error("the SQL of {doing} takes {wanted} values and was given {given}")]
    Binds {
        /// What was being done.
        doing: &'static str,
        /// How many places the text has.
        wanted: usize,
        /// How many values came.
        given: usize,
    },
    /// An SQL text leaves a place out or spells one in a way that is not ours.
    #[error("the SQL of {doing} has places that are not $1 and so on without a gap")]
    Places {
        /// What was being done.
        doing: &'static str,
    },
    /// A stored value is not what the schema promises.
    #[error("column {column} does not hold what it should")]
    Column {
        /// Which column.
        column: &'static str,
    },
    /// A file could not be read or written.
    #[error("the object folder could not do {doing}")]
    Object {
        /// What was being done.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The bucket with the objects did not do it.
    #[error("the bucket could not do {doing}: {fault}")]
    Bucket {
        /// What was being done.
        doing: &'static str,
        /// What went wrong, without any name or address.
        fault: crate::BucketFault,
    },
    /// An object with this name is there already; objects are never overwritten.
    #[error("this object exists already")]
    ObjectExists,
    /// An object that a row names is not there.
    #[error("an object is missing")]
    ObjectMissing,
    /// Something that was to be destroyed is still there, in one version or another.
    #[error("what was removed is still there: look at versions, retention and the rights of our credentials")]
    Stays,
    /// Another process holds this data folder.
    #[error("another strongroom process is using this folder")]
    Locked,
    /// The folder is not what it should be.
    #[error("{0}")]
    Folder(String),
    /// The reserve takes no more of this kind.
    #[error("the reserve is full")]
    ReserveFull,
    /// The database server is not named, reached or set up as it must be.
    #[error("{0}")]
    Server(String),
    /// The answer to the last word was lost: the server has all of it or nothing.
    #[error("whether the server has taken it is not known; look there before anything else")]
    Unsure(#[source] sqlx::Error),
    /// Others changed meanwhile what this transaction had read; nothing was written.
    #[error("others were faster than {doing}; it left nothing and may be tried again")]
    Overtaken {
        /// What was being done.
        doing: &'static str,
    },
    /// This node has not heard from the database for longer than it may go by what it knows.
    #[error("this node has lost its lease; it answers nothing until what was under way has ended")]
    Alone,
    /// A flush to disk failed once; nothing is trusted after that until a restart.
    #[error("the disk refused a flush; stop and look at it before starting again")]
    FlushFailed,
}

impl StoreError {
    /// Is it not known whether it was done.
    #[must_use]
    pub const fn is_unsure(&self) -> bool {
        matches!(self, Self::Unsure(_))
    }

    /// Is it what was asked for that is wrong, and not what was to be done it with.
    #[must_use]
    pub const fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Server(_) | Self::Folder(_))
    }

    /// Is it what was to be written, or what stands there, that is wrong, and not the database: it would say the same each time.
    #[must_use]
    pub fn is_of_rows(&self) -> bool {
        match self {
            Self::Column { .. } => true,
            Self::Database { source, .. } => {
                source.as_database_error().is_some_and(|error| !matches!(error.kind(), sqlx::error::ErrorKind::Other))
            }
            _ => false,
        }
    }

    pub(crate) fn database(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
    pub(crate) fn object(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Object { doing, source }
    }
}
