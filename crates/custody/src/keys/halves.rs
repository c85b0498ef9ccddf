//! Where rows lie on a database server, whose log and copies keep whatever it ever had: what wraps the epoch key has a half
//! beside the sealed objects, and an epoch goes for good when its half does (docs/decisions/0027).
//!
//! What must always hold: a half is in its place, and was read back there, before a row names it; nothing is decided where a
//! half could not be destroyed; the row of a destroyed epoch names its half until that was looked for and not found; a node
//! that cannot follow a new epoch answers nothing.

use super::{EPOCH_ESCROW, key_error};
use crate::ask::Question;
use crate::backup::escrow;
use crate::{Custody, CustodyError};
use record::{Outcome, Purpose, Timestamp, act};
use std::path::{Path, PathBuf};
use store::Store;
use vault::{KeyError, KeyRing, KeyRows, Known, RootKey};

/// Fact: until when this server had an epoch without a half, milliseconds since 1970. What its archive holds of before opens
/// with the root key.
pub(crate) const UNHALVED_UNTIL: &str = "epoch_unhalved_until";
/// How often keys are read anew because somebody changed the epoch meanwhile.
const TRIES: u32 = 4;

const NO_HALF: &str = "The rows are on a database server, whose log and copies keep the epoch key: nothing could be destroyed there for \
    good. A start makes it destroyable once halves of epoch keys can be destroyed where the objects lie; strongroom doctor says what hinders it.";
const HALF_NEEDED: &str = "The table of keys says of an epoch that it is destroyed, and the keys of this node still need its half. Either this \
    node has not followed a new epoch yet, or somebody has written into the table: nothing was destroyed.";
const NO_ESCROW: &str = "No escrow of epoch keys is known, so a lost half would be the loss of everything. Make one first: strongroom key \
    rekey --epoch-escrow, on a volume of its own.";
const ESCROW_AWAY: &str = "The escrow of epoch keys cannot be read from here, and would keep the old epoch. Do this on the machine that \
    has its volume, or bring the volume here; if it is lost: strongroom key rekey --epoch-escrow-lost.";
const NEEDS_START: &str =
    "The keys were wrapped anew elsewhere, and this node cannot read the root key by itself: start it again.";
/// In the way of an order that was given before anybody had to say it.
pub(super) const SAY_COPIES_ANEW: &str = "This was asked for without a word on the copies of the time before keys could be destroyed on this \
    database server. Take it back, and ask anew with the day on which the last of them expires.";
/// Beside the field of the day on which the last copy expires.
pub(super) const SAY_COPIES: &str = "This database server had the keys before they could be destroyed there. Say when the last of its \
    backups and archives of that time expires";

/// The key table as it is now, and the ring of it: read anew when an epoch ends between the two.
pub(crate) async fn unlocked(store: &Store, root: &RootKey) -> Result<KeyRing, CustodyError> {
    let mut tries = 0..TRIES;
    loop {
        let rows = store.key_rows().await?;
        let done = KeyRing::unlock_halved(root, &rows, &store.halves_of(&rows).await?);
        let is_over = matches!(done, Err(KeyError::NoHalf { .. })) && store.key_rows().await? != rows;
        if !is_over || tries.next().is_none() {
            return done.map_err(CustodyError::seal);
        }
    }
}

/// What stands in the way of destroying a half where this store has its objects; empty when nothing does.
pub(crate) async fn place_hindered(store: &Store, entropy: &dyn record::Entropy) -> Result<&'static str, CustodyError> {
    let mut probe = [0; 32];
    entropy.fill(&mut probe);
    Ok(store.objects().halves_hindered(probe).await?)
}

impl Custody {
    /// What stands in the way of letting the present epoch go for good; empty when nothing does.
    pub(super) async fn epoch_hindered(&self, new_escrow: Option<&Path>) -> Result<&'static str, CustodyError> {
        if !self.store().is_on_server() {
            return Ok("");
        }
        let hindered = self.epoch_hindered_by_rows();
        if !hindered.is_empty() {
            return Ok(hindered);
        }
        match self.store().meta_fetch(EPOCH_ESCROW).await? {
            None if new_escrow.is_none() => return Ok(NO_ESCROW),
            None => {}
            Some(path) => {
                let read = tokio::task::spawn_blocking(move || escrow::read(&PathBuf::from(path))).await;
                let house = self.program().to_string();
                if !read.is_ok_and(|read| read.is_ok_and(|kept| kept.house == house)) {
                    return Ok(ESCROW_AWAY);
                }
            }
        }
        place_hindered(self.store(), self.entropy()).await
    }

    /// As far as the rows say it; nothing is tried.
    pub(super) fn epoch_hindered_by_rows(&self) -> &'static str {
        if self.store().is_on_server() && !self.ring().rows().is_halved() { NO_HALF } else { "" }
    }

    /// [`Self::epoch_hindered`] as an error.
    pub(super) async fn epoch_destroyable(&self, new_escrow: Option<&Path>) -> Result<(), CustodyError> {
        match self.epoch_hindered(new_escrow).await? {
            "" => Ok(()),
            hindered => Err(CustodyError::State(hindered)),
        }
    }

    /// May there be copies of the server's rows that open with the root key alone, and that hold keys made before `at`.
    pub(super) async fn was_unhalved(&self, at: Timestamp) -> Result<bool, CustodyError> {
        if !self.store().is_on_server() {
            return Ok(false);
        }
        let until = self.store().meta_fetch(UNHALVED_UNTIL).await?.and_then(|text| text.parse().ok());
        Ok(until.is_some_and(|until| at.unix_millis() <= until))
    }

    /// At a start: on a server the epoch gets a half, if it has none. Where it cannot, the house goes on and destroys nothing.
    pub(crate) async fn half_ensure(&self, root: &RootKey) {
        if self.epoch_hindered_by_rows().is_empty() {
            return;
        }
        if let Err(error) = self.half_begin(root).await {
            if self.epoch_hindered_by_rows().is_empty() {
                tracing::warn!(%error, "the epoch key has a half; the epoch before it could not be let go of everywhere yet");
            } else {
                tracing::warn!(%error, "the epoch key has no half; nothing can be destroyed for good on this database server");
            }
        }
    }

    async fn half_begin(&self, root: &RootKey) -> Result<(), CustodyError> {
        match place_hindered(self.store(), self.entropy()).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let question = Question::house(Purpose::Administration).saying("a half for the epoch key");
        let granted = self.ask_job::<act::KeyRekey>(question).await?;
        let done = self.half_begin_run(root).await;
        let (outcome, why) = if done.is_ok() { (Outcome::Done, "halved") } else { (Outcome::Failed, "broken") };
        drop(self.told_words(granted.intent(), outcome, why, "").await);
        done
    }

    async fn half_begin_run(&self, root: &RootKey) -> Result<(), CustodyError> {
        for _ in 0..TRIES {
            // Said before it is so: what the server has had until now stays in its archive.
            let mut tx = self.store().begin("remember that there was no half").await?;
            tx.meta_set(UNHALVED_UNTIL, &self.now().unix_millis().to_string()).await?;
            tx.commit().await?;
            let change = self.ring().halve(root, self.now(), self.entropy()).map_err(key_error)?;
            let done = self.epoch_change(&change, root, None, None).await;
            if self.epoch_hindered_by_rows().is_empty() {
                return done;
            }
            // Another node that starts may have been faster.
            self.ring_replace(unlocked(self.store(), root).await?);
            if self.epoch_hindered_by_rows().is_empty() {
                return Ok(());
            }
        }
        Err(CustodyError::State("the keys were changed by somebody else meanwhile; try again"))
    }

    /// Destroys the halves of epochs that are destroyed; which they were.
    pub(super) async fn halves_destroy(&self) -> Result<Vec<(u32, vault::HalfName)>, CustodyError> {
        let rows = self.store().key_rows().await?;
        let (due, mut needed) = (rows.halves_due(), rows.halves_needed());
        // Whoever can write the database does not get a half destroyed by what they write there: what our own keys were opened
        // by stays. A node that has not followed a new epoch leaves the old half to one that has, and says so.
        needed.extend(self.ring().rows().halves_needed());
        if due.iter().any(|(_, half)| needed.contains(half)) {
            return Err(CustodyError::State(HALF_NEEDED));
        }
        for (_, half) in &due {
            self.store().objects().half_destroy(*half).await?;
            // If we die here: it is gone and its row still names it; the next time removes nothing and looks again.
        }
        Ok(due)
    }

    /// The ring of a table with a new epoch, by the root key from where the configuration says it is.
    pub(crate) async fn ring_by_root(&self, rows: &KeyRows, known: Known) -> Result<KeyRing, CustodyError> {
        let root = self.root_key_read().await?.ok_or(CustodyError::State(NEEDS_START))?;
        let halves = self.store().halves_of(rows).await?;
        self.ring().follow_with(&root, (rows, &halves), known).map_err(CustodyError::seal)
    }

    /// What a node does about keys now and then: an epoch that another node could not let go of everywhere, and an escrow that lies
    /// here and is behind.
    ///
    /// # Errors
    /// [`CustodyError`]; the next time tries again.
    pub async fn keys_tend(&self) -> Result<(), CustodyError> {
        if !self.store().is_on_server() {
            return Ok(());
        }
        self.epoch_finish_told().await?;
        self.escrow_tend().await
    }

    async fn escrow_tend(&self) -> Result<(), CustodyError> {
        let Some(path) = self.store().meta_fetch(EPOCH_ESCROW).await?.map(PathBuf::from) else { return Ok(()) };
        let read = tokio::task::spawn_blocking(move || escrow::read(&path)).await;
        // Where it is not to be read from here, another machine has it.
        let Ok(Ok(kept)) = read else { return Ok(()) };
        if kept.rows.state() != self.store().key_rows().await?.state() {
            self.escrow_write().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
