//! Numbers for a machine that watches: counts, ages and states. No names, no ids, no PHI, and only labels of which
//! there are few.

use crate::{Custody, CustodyError};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use store::HouseCheckKind;

/// How long ago something that is done from time to time was done last, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoneLast {
    /// Seconds.
    pub age_secs: i64,
    /// Did it pass.
    pub ok: bool,
}

/// Everything that is told of the house as a whole.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Alerts that nobody has closed, by the fixed word of their detector.
    pub alerts_open: BTreeMap<String, u64>,
    /// Alerts said since the start, by the same.
    pub alerts_said: BTreeMap<&'static str, u64>,
    /// Alerts that wait to be written: more than none means that ledger or database cannot write.
    pub alerts_waiting: usize,
    /// A finding keeps the gate shut over restarts.
    pub gate_kept_shut: bool,
    /// Entries of the ledger.
    pub ledger_entries: u64,
    /// Acts that wait to be written into it.
    pub ledger_queue: usize,
    /// Acts without a later word when they were counted last, at the start and then each hour.
    pub orphans: u64,
    /// Database with its write-ahead log.
    pub database_bytes: u64,
    /// The last hand-over to the witness.
    pub witness: Option<DoneLast>,
    /// The last backup.
    pub backup: Option<DoneLast>,
    /// The last restore drill.
    pub drill: Option<DoneLast>,
    /// The last walk of the outside probe.
    pub probe: Option<DoneLast>,
}

impl Custody {
    /// The numbers as they are now. No act: nothing of anybody is in them; the door gives them to this machine alone.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn metrics(&self) -> Result<Metrics, CustodyError> {
        let (store, now) = (self.store(), self.now());
        let mut alerts_open = BTreeMap::new();
        for alert in store.alert_list().await?.into_iter().filter(|alert| alert.closed_at.is_none()) {
            *alerts_open.entry(alert.kind).or_insert(0) += 1;
        }
        let witness = store.witness_last().await?;
        Ok(Metrics {
            alerts_open,
            alerts_said: self.alert_counts(),
            alerts_waiting: self.alerts_waiting(),
            gate_kept_shut: self.gate_closed_reason().await?.is_some(),
            ledger_entries: self.ledger_head().map_or(0, |head| head.size),
            ledger_queue: self.0.scribe.waiting(),
            orphans: self.0.orphans.load(Ordering::Relaxed),
            database_bytes: store.database_bytes(),
            witness: witness.map(|run| DoneLast { age_secs: now.millis_since(run.at) / 1000, ok: run.ok }),
            backup: self.done_last(HouseCheckKind::Backup).await?,
            drill: self.done_last(HouseCheckKind::RestoreDrill).await?,
            probe: self.done_last(HouseCheckKind::Probe).await?,
        })
    }

    async fn done_last(&self, kind: HouseCheckKind) -> Result<Option<DoneLast>, CustodyError> {
        let last = self.store().house_check_last(kind).await?;
        Ok(last.map(|check| DoneLast { age_secs: self.now().millis_since(check.at) / 1000, ok: check.ok }))
    }
}
