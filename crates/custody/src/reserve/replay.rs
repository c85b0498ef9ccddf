//! Carrying over: what waits in the reserve goes into the ledger in its order, each once, marked as late.
//!
//! What must always hold: an entry whose intent the ledger has already is not written again; a record leaves the
//! reserve only when entry and rows are durable; a record that does not open is told, and the others go on.

use super::{Record, late, seal_name};
use crate::{Custody, CustodyError};
use record::{Action, Entry};
use store::{EntryFilter, Reserved};
use vault::Owner;

/// Entries of one session or alert that are looked through for an intent: it has at most a handful.
const ENTRIES_MAX: u32 = 64;

impl Custody {
    /// Carries over everything that waits; how many records were.
    ///
    /// # Errors
    /// When ledger, database or reserve cannot; what was not carried over waits on.
    pub async fn reserve_replay(&self) -> Result<u64, CustodyError> {
        let _turn = self.standby().turn.lock().await;
        self.held_flush().await?;
        let Some(reserve) = self.standby().reserve.clone() else { return Ok(0) };
        let standing = self.standby().standing();
        if standing.sessions + standing.alerts == 0 {
            return Ok(0);
        }
        let read = {
            let reserve = reserve.clone();
            tokio::task::spawn_blocking(move || reserve.contents()).await.map_err(|_| CustodyError::Unwitnessed)??
        };
        let (mut carried, mut broken) = (0, read.damaged.clone());
        for waiting in &read.records {
            match self.record_open(waiting) {
                Some(record) => {
                    self.record_carry(record).await?;
                    // If we die here: it is carried over once more, and the ledger has its intent already.
                    self.slot_clear(&reserve, waiting.slot).await?;
                    carried += 1;
                }
                None => broken.push(waiting.slot),
            }
        }
        self.broken_tell(&broken, read.missing).await?;
        for slot in broken {
            self.slot_clear(&reserve, slot).await?;
        }
        self.held_flush().await?;
        Ok(carried)
    }

    async fn slot_clear(&self, reserve: &store::Reserve, slot: usize) -> Result<(), CustodyError> {
        let reserve = reserve.clone();
        let cleared = tokio::task::spawn_blocking(move || reserve.clear(slot)).await;
        Ok(cleared.map_err(|_| CustodyError::Unwitnessed)??)
    }

    fn record_open(&self, waiting: &Reserved) -> Option<Record> {
        let (year, sealed) = waiting.bytes.split_first_chunk::<2>()?;
        let year = i16::from_be_bytes(*year);
        let bytes = self.ring().audit_open(Owner::Operator, year, &seal_name(waiting.number), sealed).ok()?;
        let record: Record = serde_json::from_slice(&bytes).ok()?;
        (record.v == 1).then_some(record)
    }

    /// Written into the ledger before anything is cleared, so that nobody makes records vanish in silence.
    async fn broken_tell(&self, broken: &[usize], missing: u64) -> Result<(), CustodyError> {
        if broken.is_empty() && missing == 0 {
            return Ok(());
        }
        let sentence = format!(
            "In the reserve {} records could not be read and {missing} are missing: torn by a crash, or changed by somebody.",
            broken.len()
        );
        self.alert_now("reserve_damaged", &sentence).await
    }

    async fn record_carry(&self, record: Record) -> Result<(), CustodyError> {
        let Record { entry, passkey, alert, .. } = record;
        if let Some(alert) = alert {
            return self.alert_carry(&alert.alert(), &entry).await;
        }
        self.entry_carry(&entry, "").await?;
        let Some(session) = entry.session else { return Ok(()) };
        // Without a row in memory the process died since: the session is over, its entry and counter stay.
        let row = {
            let held = self.standby().held();
            held.session_by_id(session).map(|row| held.applied(row))
        };
        let row = match row {
            Some(row) if self.store().session_fetch(session).await?.is_none() => Some(row),
            _ => None,
        };
        let mut tx = self.store().begin("carry a session over").await?;
        match entry.action {
            Action::SessionEnd => drop(tx.session_revoke(session, entry.at).await?),
            _ => {
                if let Some(row) = &row {
                    tx.session_insert(row).await?;
                }
            }
        }
        if let Some(touched) = &passkey {
            // An old reserve put back, or a sign-in since: the counter never runs backwards.
            tx.credential_touch_late(touched.id, &touched.passkey, entry.at).await?;
        }
        tx.commit().await?;
        self.standby().held().written(session, passkey.as_ref());
        Ok(())
    }

    /// Writes the entry, unless the ledger has its intent.
    async fn entry_carry(&self, entry: &Entry, words: &str) -> Result<(), CustodyError> {
        for named in entry.resources.as_slice() {
            let filter = EntryFilter { resource: Some(*named), ..EntryFilter::default() };
            let there = self.store().entry_list(&filter, ENTRIES_MAX).await?;
            let same = |leaf: &[u8]| ledger::leaf::decode(leaf).is_ok_and(|leaf| leaf.entry.intent == entry.intent);
            if there.iter().any(|stored| same(&stored.leaf)) {
                return Ok(());
            }
        }
        let mut entry = entry.clone();
        entry.why = late(&entry.why);
        self.entry_words(entry, words).await.map(drop)
    }

    /// An alert for which there was no room in the reserve, once more.
    pub(crate) async fn alert_carry(&self, alert: &store::Alert, entry: &Entry) -> Result<(), CustodyError> {
        self.entry_carry(entry, &alert.sentence).await?;
        self.alert_row_ensure(alert).await
    }

    /// Tells the database what was held of its own sessions.
    async fn held_flush(&self) -> Result<(), CustodyError> {
        let marks = self.standby().held().marks();
        if marks.idle.is_empty() && marks.locked.is_empty() && marks.ended.is_empty() {
            return Ok(());
        }
        let mut tx = self.store().begin("tell what was held of sessions").await?;
        for (id, until) in &marks.idle {
            tx.session_touch(*id, *until).await?;
        }
        for (id, at) in &marks.locked {
            tx.session_lock(*id, *at).await?;
        }
        for (id, at) in &marks.ended {
            tx.session_revoke(*id, *at).await?;
        }
        tx.commit().await?;
        self.standby().held().marks_written(&marks);
        Ok(())
    }

    /// From time to time: an outage is told once, what waits is tried, and the end is told.
    pub(crate) async fn reserve_tick(&self) {
        if self.is_ledger_failing() && !std::mem::replace(&mut self.standby().held().is_told, true) {
            let sentence = "The ledger cannot write, so nothing opens and nothing is taken in. Sign-ins and alerts are kept in the reserve until it can: look at the disk and at who holds the database.";
            self.alert("ledger_cannot_write", sentence).await;
        }
        match self.reserve_replay().await {
            Ok(carried) => {
                if !self.is_ledger_failing() && std::mem::replace(&mut self.standby().held().is_told, false) {
                    let sentence =
                        format!("The ledger writes again; {carried} records from the reserve were written late.");
                    self.alert("ledger_writes_again", &sentence).await;
                }
            }
            Err(error) => tracing::warn!(%error, "what waits in the reserve cannot be written yet"),
        }
    }
}
