//! One node among several on one database: it says that it is there, follows what others decided, and answers nothing when it
//! has not heard from the database for too long.
//!
//! What must always hold: a key seals only when every node that may answer anything can open by it; a portal that one
//! node has closed is closed on all within a second; what is permitted here was true in the database at most one lease ago;
//! a node that cannot follow a new epoch of the keys answers nothing, and nobody waits for it.

mod shared;

pub use shared::{SharedCounts, Unsaid, share_of};

use crate::{Custody, CustodyError};
use record::NodeId;
use std::sync::{OnceLock, Weak};
use std::time::Duration;
use store::{Heard, LEASE, PULSE, Pulse, StoreError, Visit};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vault::{KeyError, KeyRing, Known};

/// How often it is looked whether the others know a new key.
const LOOK: Duration = Duration::from_millis(100);
/// How often at most: a node that does not follow for two leases has lost its own, and follows before it answers again.
const LOOKS_MOST: u128 = 2 * LEASE.as_millis() / LOOK.as_millis();

/// Beats from one try to the next of a node that cannot follow: some five seconds.
const BEHIND_TRIES: u32 = 12;

/// What several nodes of a house share beyond the database.
pub(crate) struct Together {
    /// One at a time follows the keys, so that an older table never takes the place of a newer one.
    following: tokio::sync::Mutex<Followed>,
    gate: watch::Sender<Option<String>>,
    /// What the door counts. It goes when the door does.
    counts: OnceLock<Weak<dyn SharedCounts>>,
    /// One at a time writes the escrow of epoch keys.
    pub(crate) escrow_writing: tokio::sync::Mutex<()>,
}

/// How far this node has followed the key table.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Followed {
    #[default]
    ForAll,
    /// There are keys that others may not know yet.
    ForUs,
}

impl Default for Together {
    fn default() -> Self {
        Self {
            following: tokio::sync::Mutex::default(),
            gate: watch::Sender::new(None),
            counts: OnceLock::new(),
            escrow_writing: tokio::sync::Mutex::default(),
        }
    }
}

/// The pulse of this node. Stopped, the others take its work over at once.
#[must_use = "a node whose pulse is dropped loses its lease"]
pub struct NodeHandle(Option<(CancellationToken, JoinHandle<Pulse>)>);

impl std::fmt::Debug for NodeHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeHandle(..)")
    }
}

impl NodeHandle {
    /// Says that this node is gone. After this nothing more is written by it.
    pub async fn leave(self) {
        let Some((stop, task)) = self.0 else { return };
        stop.cancel();
        if let Ok(pulse) = task.await {
            pulse.leave().await;
        }
    }
}

impl Custody {
    /// Joins the other nodes, when the rows lie on a server; knows the newest keys when it returns. Before anybody is served.
    ///
    /// # Errors
    /// When the database does not answer, or has keys that need the root key.
    pub async fn node_join(&self) -> Result<NodeHandle, CustodyError> {
        let node = NodeId::mint(self.clock(), self.entropy());
        let Some(mut pulse) = self.store().node_join(node, &self.ring().rows().state()).await? else {
            return Ok(NodeHandle(None));
        };
        // Keys that were made between our first look at them and our joining were not ours to know: the others did not wait, and
        // we wait for them.
        for _ in 0..LOOKS_MOST {
            let all = self.keys_follow().await?;
            let state = self.ring().rows().state();
            if pulse.beat(&state).await?.is_some_and(|heard| heard.keys == state) && all {
                pulse.resume();
                return Ok(self.pulse_start(pulse));
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(CustodyError::State(
            "Another node does not know the newest keys yet. Look at it, then start this one again.",
        ))
    }

    fn pulse_start(&self, mut pulse: Pulse) -> NodeHandle {
        let stop = CancellationToken::new();
        let (custody, told) = (self.clone(), stop.clone());
        let task = tokio::spawn(async move {
            custody.pulse(&mut pulse, &told).await;
            pulse
        });
        NodeHandle(Some((stop, task)))
    }

    /// Begins to answer somebody; `None` when this node may answer nothing now. While an answer that began before a loss of the
    /// lease is under way, nothing new begins.
    #[must_use]
    pub fn visit(&self) -> Option<Visit> {
        self.store().visit()
    }

    /// Why the portal is closed, as any node has said it: changes whenever it does.
    #[must_use]
    pub fn gate_watch(&self) -> watch::Receiver<Option<String>> {
        self.0.together.gate.subscribe()
    }

    async fn pulse(&self, pulse: &mut Pulse, stop: &CancellationToken) {
        let mut ticks = tokio::time::interval(PULSE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut alone, mut behind) = (false, 0_u32);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let beat = pulse.beat(&self.ring().rows().state()).await;
            if let Err(error) = &beat {
                tracing::warn!(%error, "the database does not answer this node");
            }
            alone |= !self.store().truth_holds();
            let answered = match beat {
                Ok(Some(heard)) => {
                    // Following a new epoch takes the root key, which a passphrase makes slowly.
                    if behind.is_multiple_of(BEHIND_TRIES) {
                        self.heard(heard, pulse).await;
                    }
                    behind = if pulse.is_behind() { behind.saturating_add(1) } else { 0 };
                    true
                }
                Ok(None) | Err(_) => false,
            };
            self.counts_share(answered.then_some(&mut *pulse)).await;
            if alone && self.store().truth_holds() {
                alone = false;
                let custody = self.clone();
                // Beside the pulse, which must not wait for the ledger.
                tokio::spawn(async move { custody.came_back().await });
            }
        }
    }

    async fn came_back(&self) {
        let sentence = format!(
            "This node had not heard from the database for more than {} s and answered nothing until it did.",
            LEASE.as_secs()
        );
        self.alert("node_alone", &sentence).await;
    }

    /// Follows what was heard.
    async fn heard(&self, heard: Heard, pulse: &mut Pulse) {
        self.0.together.gate.send_if_modified(|known| {
            let news = *known != heard.gate_closed;
            *known = heard.gate_closed;
            news
        });
        let waits = *self.0.together.following.lock().await == Followed::ForUs;
        let mut followed = heard.keys == self.ring().rows().state() && !waits;
        if !followed {
            let done = self.keys_follow().await;
            if let Err(error) = &done {
                tracing::error!(%error, "keys that another node made could not be followed");
            }
            followed = done.is_ok();
        }
        if !followed && heard.keys.epoch_newest != self.ring().rows().state().epoch_newest {
            // What this node has in memory opens what may be destroyed by now.
            pulse.fall_behind();
        } else if followed && !pulse.caught_up() {
            pulse.resume();
        }
    }

    /// While this is held, nobody in this process takes over a key table.
    pub(crate) async fn keys_following(&self) -> tokio::sync::MutexGuard<'_, Followed> {
        self.0.together.following.lock().await
    }

    /// Takes over the key table as it is in the database. Does everybody know it.
    pub(crate) async fn keys_follow(&self) -> Result<bool, CustodyError> {
        if !self.store().is_on_server() {
            return Ok(true);
        }
        let mut followed = self.0.together.following.lock().await;
        let rows = self.store().key_rows().await?;
        let state = rows.state();
        let all = self.store().nodes_know(&state).await?;
        if state != self.ring().rows().state() || *followed == Followed::ForUs && all {
            let known = if all { Known::ByAll } else { Known::ByUs };
            let ring = match self.ring().follow(rows.clone(), known) {
                Err(KeyError::NeedsRoot) => self.ring_by_root(&rows, known).await?,
                done => done.map_err(CustodyError::seal)?,
            };
            self.ring_replace(ring);
        }
        *followed = if all { Followed::ForAll } else { Followed::ForUs };
        Ok(all)
    }

    /// After a change of the keys was written: from here on they are used. On a server that is when every node knows them.
    pub(crate) async fn keys_changed(&self, next: KeyRing) -> Result<(), CustodyError> {
        if !self.store().is_on_server() {
            self.ring_replace(next);
            return Ok(());
        }
        self.keys_known().await
    }

    /// Waits until every node that may answer anything knows the keys as they are.
    pub(crate) async fn keys_known(&self) -> Result<(), CustodyError> {
        for _ in 0..LOOKS_MOST {
            if self.keys_follow().await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(CustodyError::State(
            "The keys are made, but another node does not know them yet. Look at it, then try again.",
        ))
    }

    /// Does work that one node at a time does, when it is due and nobody else has it; the embedded engine has one process.
    ///
    /// # Errors
    /// Whatever the work says, or the store.
    pub(crate) async fn alone_at<F>(&self, name: &'static str, due_after: Duration, work: F) -> Result<(), CustodyError>
    where
        F: Future<Output = Result<(), CustodyError>> + Send,
    {
        if !self.store().job_take(name).await? {
            return Ok(());
        }
        // If we die here, or lose the lease: another node takes it up when our lease has ended.
        let done = work.await;
        let ended = self.store().job_end(name, due_after).await;
        done?;
        ended.map_err(|error: StoreError| error.into())
    }
}

#[cfg(test)]
mod tests;
