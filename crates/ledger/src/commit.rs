//! Group commit: many drafts become one durable batch under one signed checkpoint, and only then receipts.
//!
//! What must always hold:
//! - a batch is appended by one compare-and-swap on (size, root), inside one transaction of the log;
//! - only a head that was read back from the log, after the append, is signed;
//! - no receipt exists before its entry is durable and under a signed head;
//! - two sequencers, stopped and continued anywhere, never sign two heads that contradict each other;
//! - a batch is in the ledger at most once, however often its append was tried.
//!
//! What it refuses to know: where the log lies, and how drafts queue up (whoever calls gathers them).

use crate::checkpoint::{SignError, SignedCheckpoint, Signer};
use crate::leaf::{Draft, LeafError, salted};
use crate::proof;
use crate::receipt::Receipt;
use crate::tile::{Tile, TileId, TileSet};
use crate::tree::{Edge, Head};
use record::{Entropy, Entry, Sha256};
use std::future::Future;

/// How often a batch is tried against a head that rivals keep moving.
pub const ATTEMPTS_MAX: u32 = 32;

/// What the log answered to a compare-and-swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Durable: the transaction has committed.
    Done,
    /// The head was not the expected one; nothing was written.
    HeadMoved,
}

/// Where a ledger lies. Implemented in `store` only.
///
/// A log is one ledger: its head, hash tiles and entries change together or not at all.
pub trait DurableLog: Send + Sync {
    /// What can go wrong down there.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The head as it is durable now; [`Head::empty`] for a new ledger.
    ///
    /// After a failed sync this must keep failing (or the process stop) until the log was opened anew: a head is
    /// signed on the strength of this answer, so it may never be a head that only a cache remembers.
    fn head(&self) -> impl Future<Output = Result<Head, Self::Error>> + Send;

    /// The right edge of the tree under this head, when it is remembered from the last append: only a saving, because
    /// its root is held against the head. `None` always does.
    fn edge(&self, head: &Head) -> Option<Edge> {
        let _ = head;
        None
    }

    /// Waits before a batch is tried again, because rivals moved the head `attempt` times (1 and up). Longer with each
    /// attempt, and by `draw` (a number that no rival has) not as long as the rivals wait.
    fn pause(&self, attempt: u32, draw: u64) -> impl Future<Output = ()> + Send;

    /// Those of the wanted hash tiles that exist, as wide as they are stored, in any order.
    fn tiles(&self, wanted: &[TileId]) -> impl Future<Output = Result<Vec<Tile>, Self::Error>> + Send;

    /// In one transaction: if the head still equals [`Prepared::expected`] (size and root), add the entries, put the
    /// tiles (each replaces a narrower one of the same id), set the head to [`Prepared::new_head`].
    ///
    /// An error may mean that the commit's answer was lost: the batch may be there, or arrive later.
    fn append(&self, prepared: &Prepared) -> impl Future<Output = Result<Appended, Self::Error>> + Send;

    /// Keeps a signed checkpoint. It need not be durable on return (it may wait for the next append's transaction):
    /// Ed25519 is deterministic, so the same head gives the same checkpoint again.
    fn checkpoint_store(&self, checkpoint: &SignedCheckpoint) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// One entry of a batch, as the log stores it.
#[derive(Debug, Clone)]
pub struct PreparedEntry {
    /// Its place in the ledger, from 0.
    pub index: u64,
    /// The clear header, for columns that are searched.
    pub entry: Entry,
    /// The leaf's bytes, stored as they are (at most 65,535).
    pub leaf: Vec<u8>,
    /// RFC 6962 leaf hash.
    pub leaf_hash: Sha256,
}

/// A batch, ready for one compare-and-swap.
#[derive(Debug, Clone)]
pub struct Prepared {
    expected: Head,
    new_head: Head,
    entries: Vec<PreparedEntry>,
    tiles: Vec<Tile>,
    edge: Edge,
}

impl Prepared {
    /// The head that must still be there.
    #[must_use]
    pub const fn expected(&self) -> &Head {
        &self.expected
    }
    /// The head after the batch.
    #[must_use]
    pub const fn new_head(&self) -> &Head {
        &self.new_head
    }
    /// The entries, in order; the first has index `expected().size`.
    #[must_use]
    pub fn entries(&self) -> &[PreparedEntry] {
        &self.entries
    }
    /// Every tile that the batch changes, whole: finished ones and the unfinished ones at the right edge.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }
    /// The right edge under [`Self::new_head`], for [`DurableLog::edge`].
    #[must_use]
    pub const fn edge(&self) -> &Edge {
        &self.edge
    }
}

/// A durable, signed batch.
#[derive(Debug)]
pub struct Committed {
    /// One for each draft, in the same order.
    pub receipts: Vec<Receipt>,
    /// The checkpoint that covers them all; it may cover later entries of rivals too.
    pub checkpoint: SignedCheckpoint,
}

/// Why there are no receipts.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<E: std::error::Error + 'static> {
    /// A batch without drafts.
    #[error("there is nothing to commit")]
    Nothing,
    /// A draft cannot be an entry; nothing was written.
    #[error("draft {position} cannot be an entry")]
    Draft {
        /// Its place in the batch, from 0.
        position: usize,
        /// Why.
        #[source]
        source: LeafError,
    },
    /// The log could not be read; the batch is not written, or its fate is not known.
    #[error("reading the ledger")]
    Read(#[source] E),
    /// The append failed and the batch was not found afterwards. It may still arrive; nobody has a receipt for it.
    #[error("writing the ledger")]
    Append(#[source] E),
    /// The checkpoint could not be kept. The entries are durable; nobody has a receipt for them.
    #[error("keeping the checkpoint")]
    Checkpoint(#[source] E),
    /// The log's tiles do not make the head that it states.
    #[error("the ledger's tiles do not agree with its head of {} entries", .0.size)]
    Corrupt(Head),
    /// The log no longer contains what this process has signed: rolled back or forked.
    #[error("the ledger no longer contains the head of {} entries that is signed", .0.size)]
    RolledBack(Head),
    /// Rivals moved the head [`ATTEMPTS_MAX`] times.
    #[error("the ledger's head kept moving")]
    Contended,
}

/// Makes the drafts durable as one batch, signs the head over them, and mints a receipt for each.
///
/// What is true if the process dies, step by step:
/// 1. before the append: nothing was written; nobody has a receipt;
/// 2. during the append: the batch is there whole or not at all; nobody has a receipt, so nothing was opened; whoever
///    starts next finds the entries, if they are there, and closes them as `unknown`;
/// 3. after the append, before the signature: the same; the next commit's checkpoint covers the batch;
/// 4. after the signature, before it is kept: the same head gives the same signature again;
/// 5. after it is kept: the receipts were in memory only, so nothing was opened.
///
/// # Errors
/// [`CommitError`]; no receipt exists then, whatever was written.
pub async fn commit<L: DurableLog>(
    drafts: Vec<Draft>,
    log: &L,
    signer: &Signer,
    entropy: &dyn Entropy,
) -> Result<Committed, CommitError<L::Error>> {
    let leaves = leaves(drafts, entropy)?;
    let batch = append(leaves, log, signer).await?;
    let checkpoint = settle(Some(&batch), log, signer).await?;
    // Dying here: the checkpoint can be made again from the durable head.
    log.checkpoint_store(&checkpoint).await.map_err(CommitError::Checkpoint)?;
    let receipts = batch.entries.iter().map(|entry| Receipt::mint(entry, checkpoint.head())).collect();
    Ok(Committed { receipts, checkpoint })
}

/// Signs the head as it is durable now, after a start or before an export, and keeps the checkpoint.
///
/// # Errors
/// [`CommitError`].
pub async fn sign_head<L: DurableLog>(log: &L, signer: &Signer) -> Result<SignedCheckpoint, CommitError<L::Error>> {
    let checkpoint = settle(None, log, signer).await?;
    log.checkpoint_store(&checkpoint).await.map_err(CommitError::Checkpoint)?;
    Ok(checkpoint)
}

/// The proof that entry `index` lies under this head, from the log's tiles. It is checked by whoever makes a
/// [`crate::KeptReceipt`] of it.
///
/// # Errors
/// [`CommitError::Read`], or [`CommitError::Corrupt`] when the tiles do not reach that far.
pub async fn prove_inclusion<L: DurableLog>(
    log: &L,
    index: u64,
    head: &Head,
) -> Result<Vec<Sha256>, CommitError<L::Error>> {
    let tiles = tiles(log, &proof::inclusion_tiles(index, head.size)).await?;
    proof::inclusion(index, head.size, &tiles).map_err(|_| CommitError::Corrupt(*head))
}

/// The proof that `old` is the beginning of `new`, from the log's tiles, checked: what a witness asks for.
///
/// # Errors
/// [`CommitError::Read`], or [`CommitError::RolledBack`] when `old` is not the beginning of `new`.
pub async fn prove_consistency<L: DurableLog>(
    log: &L,
    old: &Head,
    new: &Head,
) -> Result<Vec<Sha256>, CommitError<L::Error>> {
    let tiles = tiles(log, &proof::consistency_tiles(old.size, new.size)).await?;
    let proof = proof::consistency(old.size, new.size, &tiles).ok();
    proof.filter(|proof| proof::consistency_holds(old, new, proof)).ok_or(CommitError::RolledBack(*old))
}

/// A draft with its salted leaf; the place comes later, and changes with each attempt.
type Salted = (Entry, Vec<u8>, Sha256);

/// The leaves are made once: a second attempt carries the same salts, so a batch that did arrive is recognised.
fn leaves<E: std::error::Error>(drafts: Vec<Draft>, entropy: &dyn Entropy) -> Result<Vec<Salted>, CommitError<E>> {
    if drafts.is_empty() {
        return Err(CommitError::Nothing);
    }
    let salted = |(position, draft): (usize, Draft)| {
        let (leaf, hash) = salted(&draft, entropy).map_err(|source| CommitError::Draft { position, source })?;
        Ok((draft.entry, leaf, hash))
    };
    drafts.into_iter().enumerate().map(salted).collect()
}

fn prepare(leaves: &[Salted], expected: Head, mut edge: Edge) -> Prepared {
    let mut tiles = Vec::new();
    let mut entries = Vec::with_capacity(leaves.len());
    for (entry, leaf, leaf_hash) in leaves {
        let index = edge.size();
        edge.push(*leaf_hash, |tile| tiles.push(tile));
        entries.push(PreparedEntry { index, entry: entry.clone(), leaf: leaf.clone(), leaf_hash: *leaf_hash });
    }
    // An unfinished tile whose level the batch did not reach is written again as it was: harmless, and at most seven.
    tiles.extend(edge.partials());
    Prepared { expected, new_head: edge.head(), entries, tiles, edge }
}

/// Does the log's tree of `new` entries begin with the tree `old`: shown by a proof from its tiles, not believed.
async fn contains<L: DurableLog>(log: &L, old: &Head, new: &Head) -> Result<bool, CommitError<L::Error>> {
    match prove_consistency(log, old, new).await {
        Ok(_) => Ok(true),
        Err(CommitError::RolledBack(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn tiles<L: DurableLog>(log: &L, wanted: &[TileId]) -> Result<TileSet, CommitError<L::Error>> {
    if wanted.is_empty() {
        return Ok(TileSet::default());
    }
    Ok(log.tiles(wanted).await.map_err(CommitError::Read)?.into_iter().collect())
}

/// Reads the head, and holds it against the largest head that this process has signed.
async fn read_head<L: DurableLog>(log: &L, signer: &Signer) -> Result<Head, CommitError<L::Error>> {
    // The signer first: what it has signed until now was durable before the log is asked, so a smaller answer is a rollback.
    let signed = signer.largest().unwrap_or_else(Head::empty);
    let head = log.head().await.map_err(CommitError::Read)?;
    if contains(log, &signed, &head).await? { Ok(head) } else { Err(CommitError::RolledBack(signed)) }
}

/// Reads the right edge of the tree and sees that it makes the stated root: a tree that does not is never extended.
async fn read_edge<L: DurableLog>(log: &L, head: Head) -> Result<Edge, CommitError<L::Error>> {
    if let Some(edge) = log.edge(&head).filter(|edge| edge.head() == head) {
        return Ok(edge);
    }
    let wanted: Vec<TileId> = Edge::tiles_of(head.size).collect();
    let tiles = tiles(log, &wanted).await?;
    let edge = Edge::from_tiles(head.size, &tiles).ok().filter(|edge| edge.root() == head.root);
    edge.ok_or(CommitError::Corrupt(head))
}

/// The batch upon the head that is expected next, and upon which head.
///
/// What this process has signed was durable, so the first attempt expects it without asking; the swap compares it with
/// what is there. When it does not fit (a rival wrote, or the log was rolled back), the head is read and held against
/// what was signed.
async fn prepare_next<L: DurableLog>(
    leaves: &[Salted],
    log: &L,
    signer: &Signer,
    attempt: u32,
) -> Result<Prepared, CommitError<L::Error>> {
    if let Some(signed) = signer.largest().filter(|_| attempt == 0) {
        match read_edge(log, signed).await {
            Ok(edge) => return Ok(prepare(leaves, signed, edge)),
            Err(CommitError::Corrupt(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let head = read_head(log, signer).await?;
    Ok(prepare(leaves, head, read_edge(log, head).await?))
}

/// Until the batch is durable in the log, by our own append or by one whose answer was lost.
async fn append<L: DurableLog>(
    leaves: Vec<Salted>,
    log: &L,
    signer: &Signer,
) -> Result<Prepared, CommitError<L::Error>> {
    for attempt in 0..ATTEMPTS_MAX {
        let prepared = prepare_next(&leaves, log, signer, attempt).await?;
        // Dying here: nothing was written.
        match log.append(&prepared).await {
            // Dying here: durable, unsigned, without a receipt; the next commit's checkpoint covers it.
            Ok(Appended::Done) => return Ok(prepared),
            Ok(Appended::HeadMoved) => {
                // By a rival, or by ourselves: a log that repeats a transaction whose answer was lost meets its own batch.
                // Once the head has moved without our batch, it can never arrive any more, and may be tried anew.
                if landed(log, &prepared).await? {
                    return Ok(prepared);
                }
                // The first attempt went by what was signed, which may be old; from then on a rival is at work.
                if attempt > 0 {
                    log.pause(attempt, draw(&leaves)).await;
                }
            }
            Err(error) => {
                // A lost answer, or a true failure. It is not tried again: a failed sync is no reason to hope.
                return if landed(log, &prepared).await.unwrap_or(false) {
                    Ok(prepared)
                } else {
                    Err(CommitError::Append(error))
                };
            }
        }
    }
    Err(CommitError::Contended)
}

/// A number that no rival has: out of the first leaf's hash, which is salted.
fn draw(leaves: &[Salted]) -> u64 {
    let first = leaves.first().and_then(|(_, _, hash)| hash.as_bytes().first_chunk::<8>());
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Is this very batch in the log: its salted leaves at their places, by proof from the tiles to the durable head.
async fn landed<L: DurableLog>(log: &L, prepared: &Prepared) -> Result<bool, CommitError<L::Error>> {
    let head = log.head().await.map_err(CommitError::Read)?;
    contains(log, &prepared.new_head, &head).await
}

/// Reads the head back and signs it, once it is shown to contain the batch and all that was signed before.
async fn settle<L: DurableLog>(
    batch: Option<&Prepared>,
    log: &L,
    signer: &Signer,
) -> Result<SignedCheckpoint, CommitError<L::Error>> {
    let covers = async |head: &Head| match batch {
        Some(batch) if !contains(log, &batch.new_head, head).await? => Err(CommitError::RolledBack(batch.new_head)),
        _ => Ok(()),
    };
    // The signer first: what it has signed until now was durable before the log is asked.
    let signed = signer.largest().unwrap_or_else(Head::empty);
    let head = log.head().await.map_err(CommitError::Read)?;
    // The batch was grown upon the very head that is signed, from an edge that made its root, and it is what was read
    // back: then nothing is left to prove.
    if !batch.is_some_and(|batch| head == batch.new_head && signed == batch.expected) {
        if !contains(log, &signed, &head).await? {
            return Err(CommitError::RolledBack(signed));
        }
        covers(&head).await?;
    }
    // Dying or stopping here, however long: what was read back is the beginning of whatever a rival signs meanwhile.
    match signer.sign(head) {
        Ok(checkpoint) => Ok(checkpoint),
        Err(SignError::Forked(signed)) => Err(CommitError::RolledBack(signed)),
        Err(SignError::Behind(signed)) => {
            // Another commit of this process was faster and signed a larger head: that one is ours too, if it covers us.
            covers(&signed).await?;
            if !contains(log, &head, &signed).await? {
                return Err(CommitError::RolledBack(head));
            }
            Ok(signer.sign_again(signed))
        }
    }
}
