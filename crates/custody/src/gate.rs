//! How the last walk around the doors went: for the page from which an officer opens the gate again.

use crate::ask::Question;
use crate::{Custody, CustodyError};
use record::{Purpose, Timestamp, act};
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

/// How the reason begins that a restore leaves: then a pass of the probe is enough, and no finding waits for an officer.
const RESTORED: &str = "restored";

/// Is this the reason that a restore left.
#[must_use]
pub fn is_restore_reason(reason: &str) -> bool {
    reason.starts_with(RESTORED)
}

impl Custody {
    /// The probe has walked the whole table and every door was shut.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn probe_passed(&self, sentence: &str) -> Result<(), CustodyError> {
        self.probe_keep(true, sentence).await?;
        if self.gate_closed_reason().await?.is_some_and(|reason| is_restore_reason(&reason)) {
            self.gate_closed_forget().await?;
        }
        Ok(())
    }

    /// The command line's word that the gate may open, with the root key in hand and no server running: while the whole
    /// portal is closed no officer can sign in to say it there. The next start walks all doors first all the same.
    ///
    /// # Errors
    /// [`CustodyError::State`] when nothing keeps it shut.
    pub async fn gate_reopen_offline(&self) -> Result<(), CustodyError> {
        if self.gate_closed_reason().await?.is_none() {
            return Err(CustodyError::State("nothing keeps the gate shut"));
        }
        drop(self.ask_job::<act::GateReopen>(Question::house(Purpose::Administration)).await?);
        self.gate_closed_forget().await
    }
}
