//! Alerts: one sentence each, without PHI, to the ledger, the list, and standard error.

use crate::Custody;
use record::AlertId;
use store::Alert;

impl Custody {
    /// Says that something is wrong or must be looked at. Never fails: what cannot be kept is at least said.
    pub async fn alert(&self, kind: &'static str, sentence: &str) {
        tracing::warn!(kind, sentence, "alert");
        let alert = Alert {
            id: AlertId::mint(self.clock(), self.entropy()),
            at: self.now(),
            kind: kind.to_owned(),
            sentence: sentence.to_owned(),
            closed_at: None,
            closed_by: None,
            word: None,
        };
        let Ok(mut tx) = self.store().begin("keep an alert").await else { return };
        if tx.alert_insert(&alert).await.is_ok() {
            drop(tx.commit().await);
        }
    }
}
