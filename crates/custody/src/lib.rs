//! What we do: receive, deliver, take back, contain, answer.
//!
//! Each use case states an intent, gathers the facts, asks policy, has the ledger witness the answer, and
//! only then opens or changes anything.

mod desk;

pub use desk::{Desk, SignedIn};

use std::sync::Arc;

/// The handle that everything else holds; cheap to clone.
#[derive(Clone)]
pub struct Custody(Arc<Inner>);

struct Inner {}

/// What went wrong while doing something, in words without PHI.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// The store could not.
    #[error("the store could not answer")]
    Store,
}

impl Custody {
    /// Whose session this secret is; `None` when it is nobody's, or over.
    ///
    /// # Errors
    /// When the store cannot answer.
    #[expect(clippy::unused_async, reason = "the store is asked here")]
    pub async fn session_resolve(&self, _secret: &str) -> Result<Option<SignedIn>, CustodyError> {
        let _ = &self.0;
        Ok(None)
    }
}
