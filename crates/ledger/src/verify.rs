//! The offline verifier: is this ledger the one that was signed, whole and in order.
//!
//! What it finds: an entry edited, deleted, moved or inserted, a tile changed, the end cut off, the whole rolled
//! back behind a checkpoint that was kept elsewhere, a fork. It names the first entry that disagrees with its tile,
//! else the narrowest interval between two checkpoints that can be trusted.
//!
//! What must always hold: it reads once, from the front, with memory for one bundle and one tile a level; no input
//! makes it panic; a ledger without findings is, entry by entry, the one under the signed checkpoints.
//!
//! What it cannot see: a ledger rolled back to an earlier signed checkpoint when no later one was kept elsewhere.

use crate::checkpoint::SignedCheckpoint;
use crate::export::{ExportError, ExportReader, Part, plan};
use crate::leaf::{bundle_leaves, decode};
use crate::note::{NoteError, Verifier};
use crate::tile::{Tile, TileId};
use crate::tree::{Edge, Head, leaf_hash};
use record::Sha256;
use std::collections::BTreeMap;
use std::io::Read;

mod report;
pub use report::{Blame, Finding, VerifyReport};

/// The most checkpoints that are held against a ledger; each takes under 64 bytes of memory.
pub const CHECKPOINTS_MAX: usize = 1_000_000;
/// The most findings that a report lists; the rest are counted.
const FINDINGS_MAX: usize = 100;

/// A ledger to verify, wherever it lies.
pub trait Archive {
    /// Why it cannot be read on.
    type Error;
    /// How many entries it says it has.
    ///
    /// # Errors
    /// When it cannot be read.
    fn size(&mut self) -> Result<u64, Self::Error>;
    /// Its own signed checkpoints, one after the other, in any order; then `None`.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next_checkpoint(&mut self) -> Result<Option<String>, Self::Error>;
    /// The bytes of a part as served; `None` when it is not there. Asked for in the order of [`plan`].
    ///
    /// # Errors
    /// When it cannot be read.
    fn part(&mut self, part: &Part) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError<E: std::error::Error + 'static> {
    /// A checkpoint that was kept elsewhere is not one of this ledger, by this key.
    #[error("the trusted checkpoint number {position} is not one of this ledger")]
    Trusted {
        /// Its place in the list, from 0.
        position: usize,
        /// Why.
        #[source]
        source: NoteError,
    },
    /// The ledger could not be read.
    #[error("reading the ledger to verify")]
    Read(#[source] E),
}

/// Verifies an archive against the ledger's public key and checkpoints that were kept elsewhere (signed notes).
///
/// # Errors
/// [`VerifyError`] when there is nothing to say; whatever is wrong with the ledger itself is in the report.
pub fn verify<A: Archive>(
    archive: &mut A,
    key: &Verifier,
    trusted: &[&str],
) -> Result<VerifyReport, VerifyError<A::Error>>
where
    A::Error: std::error::Error + 'static,
{
    let mut points = trusted_points(key, trusted)?;
    let mut checker = Checker::new(key);
    match run(archive, key, &mut points, &mut checker) {
        Ok(()) => Ok(checker.finish()),
        Err(error) => Err(VerifyError::Read(error)),
    }
}

/// Verifies an export stream. A malformed export is a finding.
///
/// # Errors
/// [`VerifyError`] when the stream cannot be read or a trusted checkpoint is not one of this ledger.
pub fn verify_export<R: Read>(
    source: R,
    key: &Verifier,
    trusted: &[&str],
) -> Result<VerifyReport, VerifyError<ExportError>> {
    let mut points = trusted_points(key, trusted)?;
    let mut checker = Checker::new(key);
    let outcome = ExportReader::new(source).and_then(|mut reader| {
        if reader.origin() != key.name() {
            checker.add(Finding::Origin);
        }
        run(&mut reader, key, &mut points, &mut checker)?;
        reader.finish()
    });
    match outcome {
        Ok(()) => {}
        Err(ExportError::Malformed { at, what }) => checker.add(Finding::Malformed { at, what: what.to_owned() }),
        Err(error) => return Err(VerifyError::Read(error)),
    }
    // A stream that broke before its checkpoints were taken is still held against those kept elsewhere.
    checker.points.append(&mut points);
    Ok(checker.finish())
}

fn trusted_points<E: std::error::Error>(key: &Verifier, trusted: &[&str]) -> Result<Vec<Point>, VerifyError<E>> {
    let open = |(position, note): (usize, &&str)| match SignedCheckpoint::open(note, key) {
        Ok(signed) => Ok(Point::new(*signed.head(), true)),
        Err(source) => Err(VerifyError::Trusted { position, source }),
    };
    trusted.iter().enumerate().map(open).collect()
}

fn run<A: Archive>(
    archive: &mut A,
    key: &Verifier,
    points: &mut Vec<Point>,
    checker: &mut Checker,
) -> Result<(), A::Error> {
    let size = archive.size()?;
    let mut position = 0;
    while let Some(note) = archive.next_checkpoint()? {
        match SignedCheckpoint::open(&note, key) {
            Ok(signed) if points.len() < CHECKPOINTS_MAX => points.push(Point::new(*signed.head(), false)),
            Ok(_) => {}
            Err(_) => checker.add(Finding::Checkpoint { position }),
        }
        position += 1;
    }
    checker.begin(std::mem::take(points));
    for part in plan(size) {
        let bytes = archive.part(&part)?;
        match part {
            Part::Tile { id, width } => checker.tile(id, width, bytes.as_deref()),
            Part::Entries { index, width } => checker.entries(index, width, bytes.as_deref()),
        }
        if checker.is_lost() {
            break;
        }
    }
    Ok(())
}

/// A signed head that the ledger must have passed through.
#[derive(Debug, Clone, Copy)]
struct Point {
    head: Head,
    kept_elsewhere: bool,
    /// Is it the head of the tree over the tiles; unknown while the tree is smaller.
    tiles: Option<bool>,
    /// Is it the head of the tree over the entries.
    entries: Option<bool>,
}

impl Point {
    const fn new(head: Head, kept_elsewhere: bool) -> Self {
        Self { head, kept_elsewhere, tiles: None, entries: None }
    }

    /// Either tree makes this head; where only one does, [`Finding::Entry`] tells of the other. A head that neither tree
    /// is large enough for does not hold.
    fn holds(&self) -> bool {
        self.tiles == Some(true) || self.entries == Some(true)
    }
}

/// Holds entries, tiles and signed heads against each other, part by part.
struct Checker {
    origin: String,
    /// By size.
    points: Vec<Point>,
    /// The tree over the hashes of the level-0 tiles.
    tiles: Edge,
    /// The tree over the entries, once it differs from that over the tiles.
    entries: Option<Edge>,
    entries_count: u64,
    first_bad: Option<u64>,
    /// The level-0 tile whose entries come next.
    pending: Vec<Sha256>,
    /// Finished tiles above level 0, until the archive's own have been held against them.
    finished: BTreeMap<TileId, Tile>,
    /// A level-0 tile is missing or unreadable: what lies behind it cannot be placed.
    lost: bool,
    findings: Vec<Finding>,
    unlisted: u64,
}

impl Checker {
    fn new(key: &Verifier) -> Self {
        Self {
            origin: key.name().to_owned(),
            points: Vec::new(),
            tiles: Edge::default(),
            entries: None,
            entries_count: 0,
            first_bad: None,
            pending: Vec::new(),
            finished: BTreeMap::new(),
            lost: false,
            findings: Vec::new(),
            unlisted: 0,
        }
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    const fn is_lost(&self) -> bool {
        self.lost
    }

    fn begin(&mut self, mut points: Vec<Point>) {
        points.sort_by_key(|point| point.head.size);
        self.points = points;
        self.compare_tiles();
    }

    /// Signed heads of the size that the tree over the tiles has just reached.
    fn compare_tiles(&mut self) {
        compare(&self.tiles, &mut self.points, |point| &mut point.tiles);
    }

    fn tile(&mut self, id: TileId, width: u16, bytes: Option<&[u8]>) {
        let tile = bytes.and_then(|bytes| Tile::from_bytes(id, bytes).ok()).filter(|tile| tile.width() == width);
        if id.level == 0 {
            match tile {
                Some(tile) => self.pending = tile.hashes().to_vec(),
                None => {
                    self.lost = true;
                    self.add(Finding::Tile { level: 0, index: id.index });
                }
            }
            return;
        }
        let expected = self.finished.remove(&id).or_else(|| self.tiles.partials().find(|tile| tile.id() == id));
        if tile != expected {
            self.add(Finding::Tile { level: id.level, index: id.index });
        }
    }

    /// The entries of a bundle against the hashes of its tile.
    fn entries(&mut self, index: u64, width: u16, bytes: Option<&[u8]>) {
        let hashes = std::mem::take(&mut self.pending);
        let first = index * u64::from(crate::tile::TILE_WIDTH);
        let mut leaves = bundle_leaves(bytes.unwrap_or_default());
        for (hash, number) in hashes.iter().zip(first..) {
            match leaves.next() {
                Some(Ok(leaf)) => self.entry(number, leaf, hash),
                _ => self.differs(number),
            }
            let finished = &mut self.finished;
            self.tiles.push(*hash, |tile| {
                if tile.id().level > 0 {
                    finished.insert(tile.id(), tile);
                }
            });
            self.compare_tiles();
        }
        // Entries beyond the tile: the first of them is the first without a hash.
        if leaves.next().is_some() {
            self.differs(first + u64::from(width));
        }
    }

    fn entry(&mut self, number: u64, leaf: &[u8], in_tile: &Sha256) {
        let hash = leaf_hash(leaf);
        if hash != *in_tile {
            self.differs(number);
        }
        if decode(leaf).is_err() {
            self.add(Finding::Unreadable { entry: number });
        }
        self.entries_count += 1;
        if let Some(entries) = &mut self.entries {
            entries.push(hash, |_| {});
            compare(entries, &mut self.points, |point| &mut point.entries);
        }
    }

    /// From here on the entries have a tree of their own.
    fn differs(&mut self, number: u64) {
        self.first_bad.get_or_insert(number);
        if self.entries.is_none() {
            // Until now both trees were the same.
            self.entries = Some(self.tiles.clone());
        }
    }

    fn finish(mut self) -> VerifyReport {
        self.points.sort_by_key(|point| point.head.size);
        let mut findings: Vec<Finding> = self.judge_entry().into_iter().chain(self.judge_points()).collect();
        findings.extend(self.judge_size());
        findings.append(&mut self.findings);
        let kept = self.points.iter().filter(|point| point.kept_elsewhere).count();
        VerifyReport {
            origin: self.origin,
            entries: self.entries_count,
            root: self.tiles.root(),
            checkpoints: (self.points.len() - kept) as u64,
            kept_elsewhere: kept as u64,
            findings,
            unlisted: self.unlisted,
        }
    }

    /// Entry or tile: a signed head over both tells which of them was changed.
    fn judge_entry(&self) -> Option<Finding> {
        let entry = self.first_bad?;
        let over = || self.points.iter().filter(|point| point.head.size > entry);
        let blame = if over().any(|point| point.tiles == Some(true)) {
            Blame::Entry
        } else if over().any(|point| point.entries == Some(true)) {
            Blame::Tile
        } else {
            Blame::Unknown
        };
        Some(Finding::Entry { entry, blame })
    }

    /// Where the ledger leaves what was signed, and whether the signed heads contradict each other.
    fn judge_points(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let wrong = self.points.iter().find(|point| !point.holds()).map(|point| point.head.size);
        // A signed head that holds, at or behind one that does not: whoever has the key signed both.
        let behind = |wrong: u64| self.points.iter().rfind(|point| point.holds() && point.head.size >= wrong);
        let mut pairs = self.points.windows(2).filter(|pair| pair[0].head.size == pair[1].head.size);
        let twice = pairs.find(|pair| pair[0].head.root != pair[1].head.root).map(|pair| pair[0].head.size);
        let fork = wrong.and_then(|wrong| behind(wrong).map(|point| (wrong, point.head.size)));
        let fork = fork.or(twice.map(|size| (size, size)));
        if let Some(until) = wrong {
            // With a fork, the ledger's own checkpoints may be the forger's: only those kept elsewhere count then.
            let any_kept = self.points.iter().any(|point| point.kept_elsewhere);
            let counts = |point: &&Point| fork.is_none() || point.kept_elsewhere || !any_kept;
            let held = self.points.iter().filter(|point| point.holds() && point.head.size < until).filter(counts);
            findings.push(Finding::Interval { after: held.map(|point| point.head.size).max().unwrap_or(0), until });
        }
        findings.extend(fork.map(|(one, other)| Finding::Fork { one, other }));
        findings
    }

    /// More signed than there is, or more there than is signed.
    fn judge_size(&self) -> Option<Finding> {
        let size = self.tiles.size();
        match self.points.last().map_or(0, |point| point.head.size) {
            signed if signed > size => Some(Finding::Truncated { entries: size, signed }),
            signed if signed < size => Some(Finding::Unsigned { from: signed, until: size }),
            _ => None,
        }
    }
}

/// Holds the signed heads of exactly this tree's size against its root.
fn compare(tree: &Edge, points: &mut [Point], verdict: impl Fn(&mut Point) -> &mut Option<bool>) {
    let from = points.partition_point(|point| point.head.size < tree.size());
    let mut root = None;
    for point in points[from..].iter_mut().take_while(|point| point.head.size == tree.size()) {
        let holds = *root.get_or_insert_with(|| tree.root()) == point.head.root;
        *verdict(point) = Some(holds);
    }
}
