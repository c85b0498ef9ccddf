//! The Merkle tree of RFC 6962, grown at its right edge.
//!
//! What must always hold: leaves and nodes are hashed apart (0x00, 0x01), so no entry passes for a node; the
//! memory is one unfinished tile a level, whatever the size of the tree.

use crate::tile::{LEVEL_MAX, TILE_WIDTH, Tile, TileId, TileSet, shifted};
use record::Sha256;

/// RFC 6962, 2.1: the hash of a leaf.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Sha256 {
    let mut hasher = record::digest::Hasher::default();
    hasher.update(&[0]);
    hasher.update(data);
    hasher.finish()
}

/// RFC 6962, 2.1: the hash of a node over its two children.
#[must_use]
pub fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut bytes = [1_u8; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Sha256::of(&bytes)
}

/// RFC 6962, 2.1: the root of the empty tree is the hash of nothing.
#[must_use]
pub fn empty_root() -> Sha256 {
    Sha256::of(b"")
}

/// How many entries, and the root over all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Sha256,
}

impl Head {
    /// Of a ledger that has no entry yet.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// The tiles do not make the tree that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A tile that the tree needs is absent or too narrow.
    #[error("tile {} of level {} is missing or too narrow", .0.index, .0.level)]
    Missing(TileId),
    /// The proof asked for an entry or a size beyond the tree.
    #[error("the tree is not that large")]
    Beyond,
}

/// One level's unfinished tile, with the roots of its full subtrees.
#[derive(Debug, Clone, Default)]
struct Level {
    hashes: Vec<Sha256>,
    /// One for each bit of the width, left to right.
    peaks: Vec<Sha256>,
}

impl Level {
    fn push(&mut self, hash: Sha256) {
        self.hashes.push(hash);
        let mut merged = hash;
        let mut width = self.hashes.len();
        while width.is_multiple_of(2) {
            let left = self.peaks.pop().expect("an even width has a peak to merge with");
            merged = node_hash(&left, &merged);
            width /= 2;
        }
        self.peaks.push(merged);
    }
}

/// The right edge of a tree: what is needed to grow it and to say its root.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    levels: Vec<Level>,
}

impl Edge {
    /// The unfinished tiles of a tree of this size, lowest level first.
    pub fn tiles_of(size: u64) -> impl Iterator<Item = TileId> {
        (0..=LEVEL_MAX).filter_map(move |level| {
            let index = shifted(size, u32::from(level) + 1);
            let id = TileId { level, index };
            (id.width_at(size) > 0).then_some(id)
        })
    }

    /// The edge of the tree of `size` entries, from the tiles of [`Self::tiles_of`] (or wider ones of a later tree).
    ///
    /// # Errors
    /// [`TreeError::Missing`] when a tile is not there. Whether the tiles are true is for the caller to see by [`Self::root`].
    pub fn from_tiles(size: u64, tiles: &TileSet) -> Result<Self, TreeError> {
        let mut edge = Self { size, levels: Vec::new() };
        for level in 0..=LEVEL_MAX {
            if shifted(size, u32::from(level)) == 0 {
                break;
            }
            let id = TileId { level, index: shifted(size, u32::from(level) + 1) };
            let mut unfinished = Level::default();
            let width = usize::from(id.width_at(size));
            if width > 0 {
                let tile = tiles.tile(id).ok_or(TreeError::Missing(id))?;
                let hashes = tile.hashes().get(..width).ok_or(TreeError::Missing(id))?;
                hashes.iter().for_each(|hash| unfinished.push(*hash));
            }
            edge.levels.push(unfinished);
        }
        Ok(edge)
    }

    /// One more leaf. Tiles that it finishes are handed to `full`.
    pub fn push(&mut self, leaf: Sha256, mut full: impl FnMut(Tile)) {
        self.size += 1;
        let mut carried = leaf;
        for number in 0..=LEVEL_MAX {
            let place = usize::from(number);
            if self.levels.len() == place {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[place];
            level.push(carried);
            if level.hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let done = std::mem::take(level);
            carried = done.peaks[0];
            let id = TileId { level: number, index: shifted(self.size, u32::from(number) + 1) - 1 };
            full(Tile::new(id, done.hashes).expect("exactly 256 hashes"));
        }
    }

    /// Entries so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all of them.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        // From right to left: the lowest level holds the rightmost peaks.
        let peaks = self.levels.iter().flat_map(|level| level.peaks.iter().rev());
        peaks.copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }

    /// The unfinished tiles as they are now, lowest level first.
    pub fn partials(&self) -> impl Iterator<Item = Tile> {
        self.levels.iter().zip(0_u8..).filter_map(|(level, number)| {
            let id = TileId { level: number, index: shifted(self.size, u32::from(number) + 1) };
            Tile::new(id, level.hashes.clone()).ok()
        })
    }
}

/// Folds roots of full subtrees, left to right, into one.
pub(crate) fn fold_peaks(peaks: &[Sha256]) -> Option<Sha256> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Edge, empty_root, leaf_hash, node_hash};
    use crate::tile::TileSet;
    use record::Sha256;

    /// RFC 6962, 2.1, word for word: the slow truth that the fast tree is held against.
    pub(crate) fn naive_root(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
            }
        }
    }

    pub(crate) fn leaves(count: u64) -> Vec<Sha256> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn roots_are_the_published_ones() {
        // The reference inputs and roots of the Certificate Transparency implementation (1, 2, 3, 7, 8 leaves).
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (count, root) in roots {
            let mut edge = Edge::default();
            inputs[..count].iter().for_each(|input| edge.push(leaf_hash(input), |_| {}));
            assert_eq!(edge.root().to_string(), root, "{count} leaves");
        }
        assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn the_edge_agrees_with_the_naive_tree_at_every_size_and_can_be_picked_up_from_tiles() {
        let leaves = leaves(1100);
        let mut edge = Edge::default();
        let mut tiles = TileSet::default();
        for (leaf, size) in leaves.iter().zip(1_u64..) {
            edge.push(*leaf, |tile| tiles.insert(tile));
            edge.partials().for_each(|tile| tiles.insert(tile));
            if size % 37 == 0 || (250..260).contains(&size) || (510..515).contains(&size) {
                let naive = naive_root(&leaves[..usize::try_from(size).unwrap()]);
                assert_eq!(edge.root(), naive, "{size}");
                assert_eq!(Edge::from_tiles(size, &tiles).unwrap().root(), naive, "{size} from tiles");
            }
        }
        // An earlier tree is read from the later tree's tiles.
        for size in [0, 1, 255, 256, 257, 1000] {
            let naive = naive_root(&leaves[..size]);
            assert_eq!(Edge::from_tiles(size as u64, &tiles).unwrap().root(), naive);
        }
        assert!(Edge::from_tiles(1101, &tiles).is_err());
    }

    #[test]
    fn a_third_level_appears_at_65536_entries() {
        let leaves = leaves(65_537);
        let (mut edge, mut tiles) = (Edge::default(), TileSet::default());
        leaves.iter().for_each(|leaf| edge.push(*leaf, |tile| tiles.insert(tile)));
        edge.partials().for_each(|tile| tiles.insert(tile));
        assert_eq!(edge.root(), naive_root(&leaves));
        assert_eq!(edge.partials().map(|tile| (tile.id().level, tile.width())).collect::<Vec<_>>(), [(0, 1), (2, 1)]);
        assert_eq!(Edge::from_tiles(65_537, &tiles).unwrap().root(), edge.root());
        assert_eq!(Edge::tiles_of(65_537).count(), 2);
    }
}
