//! An escrow of epoch keys that is lost, where rows lie on a database server: without a word about it nothing could be destroyed
//! there any more.
//!
//! What must always hold: an escrow that can be read is not lost, nor is one that was wiped, and what was to be wiped still is;
//! what a lost one holds counts as a copy, and every certificate of destruction says until when; the ledger has who said so
//! before it is so.

use super::shred::end_of;
use super::{EPOCH_ESCROW, EPOCH_ESCROW_LEFT, EscrowChange};
use crate::backup::escrow;
use crate::{Custody, CustodyError};
use record::{Timestamp, act};
use std::path::Path;
use store::KeyShred;
use vault::RootKey;

/// Fact: until when an escrow that was lost may still be somewhere, milliseconds since 1970.
const ESCROW_LOST_UNTIL: &str = "epoch_escrow_lost_until";

const SAY_WHERE: &str = "Say where the new escrow shall lie: --epoch-escrow.";
const NOT_LOST: &str = "The escrow of epoch keys is not lost: it can be read from here, and what is still to be wiped of one before it lies where \
    it lay, or is wiped.";
const NONE_KNOWN: &str = "No escrow of epoch keys is known that could be lost.";
const NO_SERVER: &str =
    "Only where the rows are on a database server: here the next backup writes the escrow where it is told to.";
const SAME: &str = "The new escrow cannot lie where the lost one lay: if it came back, nobody would know.";

/// What of the escrows is lost.
struct Lost<'p> {
    /// The one that is known: where the next one lies.
    to: Option<&'p Path>,
    /// The one before it, which was still to be wiped: where it lay.
    left: Option<String>,
    until: Timestamp,
}

impl Lost<'_> {
    const fn is_nothing(&self) -> bool {
        self.to.is_none() && self.left.is_none()
    }
}

impl EscrowChange<'_> {
    pub(super) fn lost_words(&self) -> String {
        self.lost_until.map_or_else(String::new, |day| {
            format!("the escrow of epoch keys is lost; its copies are gone after {day}")
        })
    }
}

impl Custody {
    /// Forgets what is lost: the escrow, which begins at a new place; the one before it that is still to be wiped; or both.
    pub(super) async fn escrow_lost(&self, current: &RootKey, change: &EscrowChange<'_>) -> Result<(), CustodyError> {
        let Some(day) = change.lost_until else { return Ok(()) };
        if !self.store().is_on_server() {
            return Err(CustodyError::State(NO_SERVER));
        }
        self.root_check(current).await?;
        let until = end_of(day)?;
        let known = self.store().meta_fetch(EPOCH_ESCROW).await?.ok_or(CustodyError::State(NONE_KNOWN))?;
        let left = self.store().meta_fetch(EPOCH_ESCROW_LEFT).await?;
        let is_known_lost = self.escrow_at(&known).await.is_none();
        let left = match left {
            Some(left) if self.escrow_is_gone(&left).await => Some(left),
            _ => None,
        };
        let to = match change.to {
            Some(to) => {
                let text = escrow::path_text(to)?;
                if is_known_lost && text == known || left.as_ref() == Some(&text) {
                    return Err(CustodyError::State(SAME));
                }
                is_known_lost.then_some(to)
            }
            None if is_known_lost => return Err(CustodyError::State(SAY_WHERE)),
            None => None,
        };
        let lost = Lost { to, left, until };
        if lost.is_nothing() {
            return Err(CustodyError::State(NOT_LOST));
        }
        self.escrow_forget(&lost).await?;
        self.note::<act::KeyRekey>("escrow_lost", &change.lost_words(), None, []).await?;
        // It has the keys as they are before another epoch begins.
        self.escrow_write().await.map(drop)
    }

    async fn escrow_forget(&self, lost: &Lost<'_>) -> Result<(), CustodyError> {
        let _one = self.0.together.escrow_writing.lock().await;
        if let Some(to) = lost.to {
            self.escrow_begin(to).await?;
        }
        let until = self.escrow_lost_until().await?.map_or(lost.until, |before| before.max(lost.until));
        let mut tx = self.store().begin("forget a lost escrow").await?;
        tx.meta_set(ESCROW_LOST_UNTIL, &until.unix_millis().to_string()).await?;
        if lost.left.is_some() {
            tx.meta_remove(EPOCH_ESCROW_LEFT).await?;
        }
        if let Some(to) = lost.to {
            tx.meta_set(EPOCH_ESCROW, &escrow::path_text(to)?).await?;
        }
        tx.commit().await?;
        // If we die here: a new one has no key yet; a node that can reach it writes it within a minute. One that can still be wiped is
        // wiped then.
        Ok(())
    }

    async fn escrow_lost_until(&self) -> Result<Option<Timestamp>, CustodyError> {
        let Some(text) = self.store().meta_fetch(ESCROW_LOST_UNTIL).await? else { return Ok(None) };
        let millis = text.parse();
        let millis = millis.map_err(|_| CustodyError::Broken("the day of a lost escrow cannot be read".to_owned()))?;
        Ok(Some(Timestamp::from_unix_millis(millis)))
    }

    /// When the last copy is gone that could undo a destruction: of what the officers know, of escrows that were lost, and of what
    /// was another's before it was this customer's.
    pub(super) async fn copies_gone_at(&self, row: &KeyShred) -> Result<Option<Timestamp>, CustodyError> {
        let lost = self.escrow_lost_until().await?;
        let mut gone = row.copies_expire_at.max(lost.filter(|until| *until > self.now()));
        for joined in self.customer_and_joined(row.customer).await?.into_iter().filter(|one| *one != row.customer) {
            let theirs = self.store().key_shred_fetch(joined).await?.and_then(|theirs| theirs.copies_expire_at);
            gone = gone.max(theirs.filter(|until| *until > self.now()));
        }
        Ok(gone)
    }
}
