//! Verifying a ledger where it lies: in a closed folder, or in an export file. No root key is needed.
//!
//! What must always hold: beside the tree itself, the columns by which entries are searched are held against the
//! entries, so that nobody can hide an entry from a search while the tree stays sound; and a ledger that was
//! continued after a restore is held against what was signed under its earlier names.

use ledger::{Archive, Part, SignedCheckpoint, Verifier, VerifyReport};
use record::{Entry, ResourceId, Resources};
use std::path::Path;
use store::{EntryColumns, Store, StoreError};
use tokio::runtime::Handle;

const PAGE: u32 = 256;
const CHECKPOINTS_AT_ONCE: u32 = 1000;
/// Entries with wrong columns that are named; the rest are counted.
const NAMED_MAX: usize = 100;

/// What was verified, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct LedgerReport {
    /// The tree: entries, tiles, checkpoints.
    pub ledger: VerifyReport,
    /// Entries whose searchable columns say something else than they do, or that are missing from the index of
    /// things named. At most 100.
    pub columns_wrong: Vec<u64>,
    /// The index of things named holds so many lines that no entry accounts for.
    pub touches_surplus: u64,
    /// Checkpoints signed under earlier names, before a restore, that this ledger no longer contains.
    pub earlier_wrong: Vec<String>,
}

impl LedgerReport {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.ledger.is_sound()
            && self.columns_wrong.is_empty()
            && self.touches_surplus == 0
            && self.earlier_wrong.is_empty()
    }

    /// The first entry that is wrong in any way that names one.
    #[must_use]
    pub fn first_bad_entry(&self) -> Option<u64> {
        self.ledger.first_bad_entry().into_iter().chain(self.columns_wrong.first().copied()).min()
    }
}

impl std::fmt::Display for LedgerReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.ledger, f)?;
        for entry in &self.columns_wrong {
            write!(f, "\nentry {entry} is not what its searchable columns say")?;
        }
        if self.touches_surplus > 0 {
            write!(f, "\n{} lines of the index of things named belong to no entry", self.touches_surplus)?;
        }
        for name in &self.earlier_wrong {
            write!(f, "\nthe ledger no longer contains what was signed as {name}")?;
        }
        Ok(())
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFailed {
    /// The store could not be read.
    #[error("the ledger cannot be read")]
    Store(#[from] StoreError),
    /// A checkpoint that was kept elsewhere is none of this ledger.
    #[error("a checkpoint given to hold the ledger against is not one of this ledger, by this key")]
    Trusted(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The export could not be read.
    #[error("the export cannot be read")]
    Export(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The verifier was stopped.
    #[error("the verifier was stopped")]
    Stopped,
}

/// The public key that a folder says is its ledger's. It vouches for nothing by itself: whoever can write the
/// folder can write this too. A key kept elsewhere is better.
///
/// # Errors
/// When the store cannot.
pub async fn ledger_key_of(store: &Store) -> Result<Option<Verifier>, StoreError> {
    Ok(store.meta_fetch("ledger_key").await?.and_then(|text| text.parse().ok()))
}

/// Verifies the ledger in a folder that nobody writes meanwhile, against its public key and checkpoints that were
/// kept elsewhere (signed notes).
///
/// # Errors
/// [`VerifyFailed`] when there is nothing to say; whatever is wrong with the ledger is in the report.
pub async fn verify_dir(store: &Store, key: &Verifier, since: &[String]) -> Result<LedgerReport, VerifyFailed> {
    let (reading, verifier, trusted) = (store.clone(), key.clone(), since.to_vec());
    let handle = Handle::current();
    // The verifier reads from the front without waiting; it has a thread of its own and the store is asked from there.
    let task = tokio::task::spawn_blocking(move || {
        let trusted: Vec<&str> = trusted.iter().map(String::as_str).collect();
        let mut archive = Folder { store: reading, handle, after: None, waiting: Vec::new(), size: 0 };
        ledger::verify(&mut archive, &verifier, &trusted)
    });
    let report = task.await.map_err(|_| VerifyFailed::Stopped)?.map_err(|error| match error {
        ledger::verify::VerifyError::Read(error) => VerifyFailed::Store(error),
        error @ ledger::verify::VerifyError::Trusted { .. } => VerifyFailed::Trusted(Box::new(error)),
    })?;
    let (columns_wrong, touches_surplus) = columns(store, report.entries).await?;
    let earlier_wrong = earlier(store).await?;
    Ok(LedgerReport { ledger: report, columns_wrong, touches_surplus, earlier_wrong })
}

/// Verifies an export file.
///
/// # Errors
/// [`VerifyFailed`]; a malformed export is in the report.
pub async fn verify_file(path: &Path, key: &Verifier, since: &[String]) -> Result<VerifyReport, VerifyFailed> {
    let (path, verifier, trusted) = (path.to_owned(), key.clone(), since.to_vec());
    let task = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(path).map_err(|error| VerifyFailed::Export(Box::new(error)))?;
        let trusted: Vec<&str> = trusted.iter().map(String::as_str).collect();
        ledger::verify_export(std::io::BufReader::new(file), &verifier, &trusted).map_err(|error| match error {
            ledger::verify::VerifyError::Read(error) => VerifyFailed::Export(Box::new(error)),
            error @ ledger::verify::VerifyError::Trusted { .. } => VerifyFailed::Trusted(Box::new(error)),
        })
    });
    task.await.map_err(|_| VerifyFailed::Stopped)?
}

/// The ledger of a store, read part by part.
struct Folder {
    store: Store,
    handle: Handle,
    after: Option<u64>,
    waiting: Vec<String>,
    size: u64,
}

impl Archive for Folder {
    type Error = StoreError;

    fn size(&mut self) -> Result<u64, StoreError> {
        self.size = self.handle.block_on(self.store.ledger_size())?;
        Ok(self.size)
    }

    fn next_checkpoint(&mut self) -> Result<Option<String>, StoreError> {
        if self.waiting.is_empty() {
            let page = self.handle.block_on(self.store.checkpoint_page(self.after, CHECKPOINTS_AT_ONCE))?;
            if let Some((last, _)) = page.last() {
                self.after = Some(*last);
            }
            self.waiting = page.into_iter().rev().map(|(_, note)| note).collect();
        }
        Ok(self.waiting.pop())
    }

    fn part(&mut self, part: &Part) -> Result<Option<Vec<u8>>, StoreError> {
        match *part {
            Part::Tile { id, width } => {
                let found = self.handle.block_on(self.store.tile_bytes(id))?;
                let bytes = usize::from(width) * 32;
                // A tile that is too long or too short is given as it is: the verifier says so.
                Ok(found.map(|found| if found.len() > bytes { found[..bytes].to_vec() } else { found }))
            }
            Part::Entries { index, width } => {
                let first = index * u64::from(ledger::tile::TILE_WIDTH);
                // At the end one more is read: an entry behind the head is one that nobody signed.
                let last = first + u64::from(width) == self.size;
                let limit = u32::from(width) + u32::from(last);
                let entries = self.handle.block_on(self.store.entry_range(first, limit))?;
                let within = |index: u64| index < first + u64::from(limit);
                let leaves = entries.iter().filter(|entry| within(entry.index)).map(|entry| entry.leaf.as_slice());
                Ok(ledger::leaf::bundle(leaves).ok())
            }
        }
    }
}

/// Entries whose columns disagree with them, and how many lines of the index of things named are too many.
async fn columns(store: &Store, size: u64) -> Result<(Vec<u64>, u64), StoreError> {
    let (mut wrong, mut from, mut expected) = (Vec::new(), 0, 0_u64);
    while from < size {
        let page = store.entry_columns(from, PAGE).await?;
        let Some(last) = page.last() else { break };
        from = last.stored.index + 1;
        let mut touches: Vec<(ResourceId, u64)> = Vec::new();
        let mut many = 0_u64;
        for row in page.iter().filter(|row| row.stored.index < size) {
            // An entry that cannot be read is the tree's finding.
            let Ok(leaf) = ledger::leaf::decode(&row.stored.leaf) else { continue };
            match &leaf.entry.resources {
                Resources::Listed(list) => touches.extend(list.iter().map(|id| (*id, row.stored.index))),
                Resources::Counted { count, .. } => many += count,
            }
            if !agrees(row, &leaf.entry) {
                wrong.push(row.stored.index);
            }
        }
        expected += many + touches.len() as u64;
        if store.touches_found(&touches).await? < touches.len() as u64 {
            // Some are missing: each is looked for alone, to name the entry.
            for touch in &touches {
                if store.touches_found(std::slice::from_ref(touch)).await? == 0 {
                    wrong.push(touch.1);
                }
            }
        }
    }
    wrong.sort_unstable();
    wrong.dedup();
    wrong.truncate(NAMED_MAX);
    let surplus = store.touches_count(size).await?.saturating_sub(expected);
    Ok((wrong, surplus))
}

fn agrees(row: &EntryColumns, entry: &Entry) -> bool {
    row.at == entry.at
        && row.principal == entry.principal.to_string()
        && row.customer == entry.customer
        && row.action == entry.action.as_str()
        && row.outcome == entry.outcome.as_str()
}

/// Names under which checkpoints were signed before a restore, and that this ledger does not begin with.
async fn earlier(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let Some(text) = store.meta_fetch("ledger_before").await? else { return Ok(wrong) };
    let points: Vec<Option<SignedCheckpoint>> = text
        .split("\n---\n")
        .map(|one| {
            let (key, note) = one.split_once('\n')?;
            SignedCheckpoint::open(note, &key.parse().ok()?).ok()
        })
        .collect();
    let largest = points.iter().flatten().map(|point| point.head().size).max().unwrap_or(0);
    let mut tree = ledger::Edge::default();
    let mut heads = Vec::new();
    let mut index = 0;
    while tree.size() < largest {
        let bytes = store.tile_bytes(ledger::TileId { level: 0, index }).await?.unwrap_or_default();
        let (hashes, _) = bytes.as_chunks::<32>();
        if hashes.is_empty() {
            break;
        }
        for hash in hashes {
            tree.push(record::Sha256::from_bytes(*hash), |_| {});
            if points.iter().flatten().any(|point| point.head().size == tree.size()) {
                heads.push(tree.head());
            }
        }
        index += 1;
    }
    heads.push(ledger::Head::empty());
    for point in points {
        match point {
            Some(point) if heads.contains(point.head()) => {}
            Some(point) => wrong.push(point.checkpoint().origin.clone()),
            None => wrong.push("an earlier name that cannot be read".to_owned()),
        }
    }
    Ok(wrong)
}
