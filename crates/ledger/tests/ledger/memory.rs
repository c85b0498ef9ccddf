//! A ledger in memory that fails when told to, a tiny executor, and made-up entries.

use record::{
    CustomerId, DocumentId, Entropy, Entry, Intent, ManualClock, Outcome, PersonId, Principal, Purpose, Resources,
    SeededEntropy, act,
};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use strongroom_ledger::{
    Appended, Draft, DurableLog, Edge, Head, Prepared, SignedCheckpoint, Signer, Tile, TileId, TileSet,
};
use zeroize::Zeroizing;

/// What the log does at the next append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing unusual.
    None,
    /// Fails and writes nothing.
    FailsBefore,
    /// Writes, and the answer is lost.
    LosesReply,
    /// Writes, loses the answer inside, tries again by itself and meets its own batch.
    RepeatsInside,
    /// A rival writes first, one entry, whose number this is.
    RivalFirst(u64),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) tiles: BTreeMap<TileId, Tile>,
    pub(crate) head: Option<Head>,
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
}

#[derive(Debug, Default)]
pub(crate) struct MemoryLog {
    pub(crate) state: Mutex<State>,
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// The positive control: a log that forgets to compare before it swaps.
    pub(crate) careless: bool,
    pub(crate) reads_fail: Mutex<u32>,
    /// How often the head was read.
    pub(crate) head_reads: AtomicU32,
    /// How often it was waited for rivals: attempt and draw.
    pub(crate) pauses: Mutex<Vec<(u32, u64)>>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the disk said no")]
pub(crate) struct DiskSaidNo;

/// Lets another future run, once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl MemoryLog {
    /// A ledger that holds these leaves.
    pub(crate) fn of(leaves: &[Vec<u8>]) -> Self {
        let (mut edge, mut tiles) = (Edge::default(), Vec::new());
        leaves.iter().for_each(|leaf| edge.push(strongroom_ledger::tree::leaf_hash(leaf), |tile| tiles.push(tile)));
        tiles.extend(edge.partials());
        let tiles = tiles.into_iter().map(|tile| (tile.id(), tile)).collect();
        let state = State { leaves: leaves.to_vec(), tiles, head: Some(edge.head()), checkpoints: Vec::new() };
        Self { state: Mutex::new(state), ..Self::default() }
    }

    pub(crate) fn tile_set(&self) -> TileSet {
        self.state.lock().unwrap().tiles.values().cloned().collect()
    }

    pub(crate) fn current(&self) -> Head {
        self.state.lock().unwrap().head.unwrap_or_else(Head::empty)
    }

    pub(crate) fn leaves(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().leaves.clone()
    }

    fn swap(&self, prepared: &Prepared) -> Appended {
        let mut state = self.state.lock().unwrap();
        if state.head.unwrap_or_else(Head::empty) != *prepared.expected() {
            if !self.careless {
                return Appended::HeadMoved;
            }
            // It writes where it is told to, over what is there or beyond its end.
            state.leaves.resize(usize::try_from(prepared.expected().size).unwrap(), Vec::new());
        }
        for entry in prepared.entries() {
            assert_eq!(entry.index, state.leaves.len() as u64, "entries come in order");
            state.leaves.push(entry.leaf.clone());
        }
        for tile in prepared.tiles() {
            let known = state.tiles.insert(tile.id(), tile.clone());
            if let Some(known) = known.filter(|_| !self.careless) {
                assert_eq!(tile.prefix(known.width()), Some(known), "a tile only grows");
            }
        }
        state.head = Some(*prepared.new_head());
        Appended::Done
    }

    fn read(&self) -> Result<(), DiskSaidNo> {
        let mut left = self.reads_fail.lock().unwrap();
        match left.checked_sub(1) {
            Some(rest) => {
                *left = rest;
                Err(DiskSaidNo)
            }
            None => Ok(()),
        }
    }
}

impl DurableLog for MemoryLog {
    type Error = DiskSaidNo;

    async fn pause(&self, attempt: u32, draw: u64) {
        self.pauses.lock().unwrap().push((attempt, draw));
        pause().await;
    }

    async fn head(&self) -> Result<Head, DiskSaidNo> {
        self.head_reads.fetch_add(1, Ordering::Relaxed);
        pause().await;
        self.read()?;
        let head = self.current();
        pause().await;
        Ok(head)
    }

    async fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Tile>, DiskSaidNo> {
        pause().await;
        self.read()?;
        let found = {
            let state = self.state.lock().unwrap();
            wanted.iter().filter_map(|id| state.tiles.get(id).cloned()).collect()
        };
        pause().await;
        Ok(found)
    }

    async fn append(&self, prepared: &Prepared) -> Result<Appended, DiskSaidNo> {
        pause().await;
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let answer = match fault {
            Fault::None => Ok(self.swap(prepared)),
            Fault::FailsBefore => Err(DiskSaidNo),
            Fault::LosesReply => {
                let _ = self.swap(prepared);
                Err(DiskSaidNo)
            }
            Fault::RepeatsInside => {
                let _ = self.swap(prepared);
                Ok(self.swap(prepared))
            }
            Fault::RivalFirst(number) => {
                let mut leaves = self.leaves();
                leaves.push(leaf(number));
                *self.state.lock().unwrap() = Self::of(&leaves).state.into_inner().unwrap();
                Ok(self.swap(prepared))
            }
        };
        pause().await;
        answer
    }

    async fn checkpoint_store(&self, checkpoint: &SignedCheckpoint) -> Result<(), DiskSaidNo> {
        pause().await;
        self.state.lock().unwrap().checkpoints.push(checkpoint.clone());
        Ok(())
    }
}

/// Runs one future to its end.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Runs several futures step by step in an order that the seed gives. A future that `kill` picks is dropped where it
/// stands, as a process dies.
pub(crate) fn interleave<T>(
    futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>,
    dice: &Dice,
    kill_in: Option<u64>,
) -> Vec<T> {
    let mut running = futures;
    let mut outputs = Vec::new();
    while !running.is_empty() {
        let pick = dice.below(running.len());
        if kill_in.is_some_and(|odds| dice.below(usize::try_from(odds).unwrap()) == 0) {
            drop(running.swap_remove(pick));
            continue;
        }
        if let Poll::Ready(output) = running[pick].as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            drop(running.swap_remove(pick));
            outputs.push(output);
        }
    }
    outputs
}

/// Numbers from a seed.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }
    pub(crate) fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
    pub(crate) fn below(&self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }
    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

pub(crate) const ORIGIN: &str = "records.example.com/ledger";

pub(crate) fn signer() -> Signer {
    Signer::from_seed(ORIGIN, Zeroizing::new([7; 32])).unwrap()
}

/// Somebody else's key, under the same name.
pub(crate) fn stranger() -> Signer {
    Signer::from_seed(ORIGIN, Zeroizing::new([8; 32])).unwrap()
}

pub(crate) fn draft(number: u64) -> Draft {
    let clock = ManualClock::at_unix_millis(1_700_000_000_000 + i64::try_from(number).unwrap());
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let intent = Intent::to::<act::DocumentRead>(
        &clock,
        &SeededEntropy::new(number),
        (Principal::Person(PersonId::from_bytes(id)), None),
        Some(CustomerId::from_bytes([3; 16])),
        Resources::of([DocumentId::from_bytes(id).into()]),
        Purpose::Treatment,
    );
    Draft { entry: Entry::of(&intent, Outcome::Permitted, ""), sealed_body: vec![0xAA; 3] }
}

/// Encoded entries, each with its own salt.
pub(crate) fn leaves(count: u64) -> Vec<Vec<u8>> {
    let entropy = SeededEntropy::new(99);
    (0..count).map(|number| salted(number, &entropy)).collect()
}

fn leaf(number: u64) -> Vec<u8> {
    salted(number, &SeededEntropy::new(number))
}

fn salted(number: u64, entropy: &SeededEntropy) -> Vec<u8> {
    let draft = draft(number);
    let mut salt = [0; 32];
    entropy.fill(&mut salt);
    strongroom_ledger::leaf::encode(&draft.entry, &draft.sealed_body, &salt).unwrap()
}
