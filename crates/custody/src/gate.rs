//! The gate stands in the door; whether an officer may open it again is asked here.

use crate::ask::Question;
use crate::{CustodyError, Desk, Witnessed};
use record::{Purpose, act};

impl Desk<act::GateReopen> {
    /// Policy permits it and the ledger has witnessed it: now the door may open its gate, if a walk has passed.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], which says when a fresh touch is missing; [`CustodyError::Unwitnessed`].
    pub async fn gate_reopen_granted(&self) -> Result<Witnessed, CustodyError> {
        Ok(self.ask(Question::house(Purpose::Administration)).await?.witnessed())
    }
}
