//! An escrow of epoch keys that is lost, where rows lie on a database server: without a word about it nothing could be destroyed
//! there any more.
//!
//! What must always hold: an escrow that can be read is not lost; what a lost one holds counts as a copy, and every certificate
//! of destruction says until when; the ledger has who said so before it is so.

use super::shred::end_of;
use super::{EPOCH_ESCROW, EPOCH_ESCROW_LEFT, EscrowChange};
use crate::backup::escrow;
use crate::{Custody, CustodyError};
use record::{Timestamp, act};
use std::path::{Path, PathBuf};
use vault::RootKey;

/// Fact: until when an escrow that was lost may still be somewhere, milliseconds since 1970.
const ESCROW_LOST_UNTIL: &str = "epoch_escrow_lost_until";

const SAY_WHERE: &str = "Say where the new escrow shall lie: --epoch-escrow.";
const NOT_LOST: &str = "The escrow of epoch keys is not lost: it can be read from here.";
const NONE_KNOWN: &str = "No escrow of epoch keys is known that could be lost.";
const NO_SERVER: &str =
    "Only where the rows are on a database server: here the next backup writes the escrow where it is told to.";
const SAME: &str = "The new escrow cannot lie where the lost one lay: if it came back, nobody would know.";

impl EscrowChange<'_> {
    pub(super) fn lost_words(&self) -> String {
        self.lost_until.map_or_else(String::new, |day| {
            format!("the escrow of epoch keys is lost; its copies are gone after {day}")
        })
    }
}

impl Custody {
    /// Forgets an escrow that is lost, and begins one at a new place.
    pub(super) async fn escrow_lost(&self, current: &RootKey, change: &EscrowChange<'_>) -> Result<(), CustodyError> {
        let Some(day) = change.lost_until else { return Ok(()) };
        let to = change.to.ok_or(CustodyError::State(SAY_WHERE))?;
        if !self.store().is_on_server() {
            return Err(CustodyError::State(NO_SERVER));
        }
        self.root_check(current).await?;
        let known = self.store().meta_fetch(EPOCH_ESCROW).await?.ok_or(CustodyError::State(NONE_KNOWN))?;
        if escrow::path_text(to)? == known {
            return Err(CustodyError::State(SAME));
        }
        let left = self.store().meta_fetch(EPOCH_ESCROW_LEFT).await?;
        for path in left.into_iter().chain([known]).map(PathBuf::from) {
            if tokio::task::spawn_blocking(move || escrow::read(&path)).await.is_ok_and(|read| read.is_ok()) {
                return Err(CustodyError::State(NOT_LOST));
            }
        }
        self.escrow_forget(to, end_of(day)?).await?;
        self.note::<act::KeyRekey>("escrow_lost", &change.lost_words(), None, []).await?;
        // It has the keys as they are before another epoch begins.
        self.escrow_write().await.map(drop)
    }

    async fn escrow_forget(&self, to: &Path, until: Timestamp) -> Result<(), CustodyError> {
        let _one = self.0.together.escrow_writing.lock().await;
        self.escrow_begin(to).await?;
        let until = self.escrow_lost_until().await?.map_or(until, |before| before.max(until));
        let mut tx = self.store().begin("forget a lost escrow").await?;
        tx.meta_set(ESCROW_LOST_UNTIL, &until.unix_millis().to_string()).await?;
        tx.meta_remove(EPOCH_ESCROW_LEFT).await?;
        tx.meta_set(EPOCH_ESCROW, &escrow::path_text(to)?).await?;
        tx.commit().await?;
        // If we die here: the new one has no key yet; a node that can reach it writes it within a minute.
        Ok(())
    }

    async fn escrow_lost_until(&self) -> Result<Option<Timestamp>, CustodyError> {
        let Some(text) = self.store().meta_fetch(ESCROW_LOST_UNTIL).await? else { return Ok(None) };
        let millis = text.parse();
        let millis = millis.map_err(|_| CustodyError::Broken("the day of a lost escrow cannot be read".to_owned()))?;
        Ok(Some(Timestamp::from_unix_millis(millis)))
    }

    /// When the last copy is gone that could undo a destruction: of what the officers know, and of escrows that were lost.
    pub(super) async fn copies_gone_at(&self, said: Option<Timestamp>) -> Result<Option<Timestamp>, CustodyError> {
        let lost = self.escrow_lost_until().await?.filter(|until| *until > self.now());
        Ok(said.max(lost))
    }
}
