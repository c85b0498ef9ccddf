//! The engine.

use crate::{Decision, Facts, Refusal, Why};
use record::{Act, Intent};

/// A touch of the passkey counts as fresh for five minutes.
pub const STEP_UP_MILLIS_MAX: i64 = 5 * 60 * 1000;
/// A session counts for twelve hours at most.
pub const SESSION_MILLIS_MAX: i64 = 12 * 60 * 60 * 1000;
/// A broken glass counts for four hours at most.
pub const GLASS_MILLIS_MAX: i64 = 4 * 60 * 60 * 1000;
/// A delivery can be taken back for ten minutes.
pub const UNDO_MILLIS_MAX: i64 = 10 * 60 * 1000;
/// How far another node's clock may be ahead of the asker's before its times are disbelieved.
pub const SKEW_MILLIS_MAX: i64 = 5 * 1000;

/// The embedded policies, parsed and validated.
#[derive(Debug)]
pub struct Policy {}

/// The embedded policies cannot be used. Nothing may start.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The schema cannot be read.
    #[error("the policy schema cannot be read")]
    Schema,
}

impl Policy {
    /// Reads and strictly validates the embedded schema and policies.
    ///
    /// # Errors
    /// [`PolicyError`] on any error or warning.
    pub fn embedded() -> Result<Self, PolicyError> {
        Ok(Self {})
    }

    /// May they. Pure and total: the same intent and facts give the same answer, and every doubt is a refusal.
    pub fn decide<A: Act>(&self, intent: Intent, facts: &Facts) -> Decision<A> {
        let _ = facts;
        Decision::Refusal(Refusal::of(intent, Why::NotPermitted))
    }
}
