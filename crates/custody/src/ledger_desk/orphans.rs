//! Acts that were permitted and never heard of again: the process died, or the line broke. They are closed as
//! `unknown`, never dropped.
//!
//! The scan begins where the last one found that everything before was settled (`orphans_until`), so it is bounded
//! by what happened since. It runs at the start, before anybody is served, when nothing can still be on its way;
//! and from time to time it moves its mark on without closing anything.

use crate::{Custody, CustodyError};
use record::{Action, Entry, IntentId, Outcome, ResourceId};
use std::collections::BTreeMap;

const PAGE: u32 = 500;
const MARK: &str = "orphans_until";
/// By how much an entry and the row it led to may be apart the wrong way round: the database's time is mended now and then.
const CLOCKS_APART_MILLIS: i64 = 2_000;
/// No act that owes a word lasts longer: a session ends after twelve hours, and a stream with it; twice that.
const ON_ITS_WAY_SECS_MAX: i64 = 24 * 60 * 60;

/// Acts of which a later word is due: bytes that leave, bytes that come in, work that runs long.
const fn owes_a_word(action: Action) -> bool {
    matches!(
        action,
        Action::DocumentDownload
            | Action::DocumentUpload
            | Action::KeyRotate
            | Action::KeyRekey
            | Action::KeyShred
            | Action::BackupCreate
            | Action::BackupRestore
    )
}

/// Acts without a later word, with their places, and where the scan ended.
type Scanned = (BTreeMap<IntentId, (u64, Entry)>, u64);

impl Custody {
    /// Closes every act that never ended, as `unknown`; how many. At the start, before anybody is served. While other nodes
    /// are at work, only what is older than anything can be that is still on its way.
    ///
    /// # Errors
    /// When the store cannot, or the ledger cannot write: then nobody is to be served.
    pub async fn orphans_close(&self) -> Result<u64, CustodyError> {
        // Asked before the scan and after it: whoever was there at either may have had it under way.
        let before = self.store().nodes_beside().await?;
        let scanned = self.orphans_scan().await?;
        let others = before > 0 || self.store().nodes_beside().await? > 0;
        self.orphans_close_of(scanned, others).await
    }

    /// Closes what a scan has left open: all of it, or, where `others` are or this node is at work, what is old enough.
    async fn orphans_close_of(&self, (open, until): Scanned, others: bool) -> Result<u64, CustodyError> {
        let before = self.now().plus_secs(-ON_ITS_WAY_SECS_MAX);
        let (mut closed, mut mark) = (0, until);
        for (index, entry) in open.into_values() {
            if others && entry.at > before {
                mark = mark.min(index);
                continue;
            }
            let mut last = entry;
            last.outcome = Outcome::Unknown;
            "never_ended".clone_into(&mut last.why);
            last.at = self.now();
            // If we die here: those that were closed have their word and are not closed again.
            drop(self.0.scribe.write(last, Vec::new()).await.map_err(|_| CustodyError::Unwitnessed)?);
            closed += 1;
        }
        self.orphans_mark_set(mark).await?;
        Ok(closed)
    }

    /// From time to time: where several nodes work, closes what a node left behind that died; moves the mark on.
    pub(crate) async fn orphans_tend(&self) -> Result<(), CustodyError> {
        if self.store().is_on_server() {
            let scanned = self.orphans_scan().await?;
            self.orphans_close_of(scanned, true).await?;
        }
        self.orphans_mark().await
    }

    /// Moves the mark to the oldest act that is still on its way, and closes nothing.
    pub(crate) async fn orphans_mark(&self) -> Result<(), CustodyError> {
        let (open, until) = self.orphans_scan().await?;
        self.0.orphans.store(open.len() as u64, std::sync::atomic::Ordering::Relaxed);
        let oldest = open.into_values().map(|(index, _)| index).min().unwrap_or(until);
        self.orphans_mark_set(oldest).await
    }

    async fn orphans_mark_set(&self, until: u64) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("remember which acts are settled").await?;
        tx.meta_set(MARK, &until.to_string()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Permitted acts without a later word since the mark, with their places, and where the scan ended.
    async fn orphans_scan(&self) -> Result<Scanned, CustodyError> {
        let mark = self.store().meta_fetch(MARK).await?.and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        let mut at = mark;
        let mut open = BTreeMap::new();
        loop {
            let page = self.store().entry_range(at, PAGE).await?;
            let Some(last) = page.last() else { break };
            at = last.index + 1;
            for stored in &page {
                // What cannot be read is the verifier's to tell.
                let Ok(leaf) = ledger::leaf::decode(&stored.leaf) else { continue };
                match leaf.entry.outcome {
                    Outcome::Permitted if owes_a_word(leaf.entry.action) => {
                        open.insert(leaf.entry.intent, (stored.index, leaf.entry));
                    }
                    Outcome::Permitted | Outcome::Refused => {}
                    _ => drop(open.remove(&leaf.entry.intent)),
                }
            }
        }
        let mut settled = Vec::new();
        for (intent, (_, entry)) in &open {
            if entry.action == Action::DocumentUpload && self.upload_arrived(entry).await? {
                settled.push(*intent);
            }
        }
        settled.iter().for_each(|intent| drop(open.remove(intent)));
        Ok((open, at))
    }

    /// An upload whose version is there needs no other word: the row is how it ended.
    async fn upload_arrived(&self, entry: &Entry) -> Result<bool, CustodyError> {
        for id in entry.resources.as_slice() {
            if let ResourceId::DocumentId(id) = id {
                let versions = self.store().version_list(*id).await?;
                let by = entry.principal.to_string();
                if versions.iter().any(|version| {
                    version.made_at.millis_since(entry.at) >= -CLOCKS_APART_MILLIS && version.made_by == by
                }) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
