//! How the last walk around the doors went: for the page from which an officer opens the gate again.

use crate::{Custody, CustodyError};
use record::Timestamp;
use store::HouseCheckKind;

/// The last walk of the outside probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeLine {
    /// Nothing was found, and nothing left unasked.
    pub ok: bool,
    /// In words. No PHI.
    pub sentence: String,
    /// When.
    pub at: Timestamp,
}

impl Custody {
    /// How the last walk went; none before the first. No act: it says nothing that a stranger could not find out.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn probe_last(&self) -> Result<Option<ProbeLine>, CustodyError> {
        let last = self.store().house_check_last(HouseCheckKind::Probe).await?;
        Ok(last.map(|check| ProbeLine { ok: check.ok, sentence: check.sentence, at: check.at }))
    }
}
