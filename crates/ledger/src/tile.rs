//! Tiles: 256 hashes side by side, named and laid out as C2SP tlog-tiles says, so that public tools read them.
//!
//! What must always hold: a tile only ever grows at its right end, so the partial tile of an earlier tree is a
//! prefix of the wider one; a path has one spelling.

use record::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile (tlog-tiles: height 8).
pub const TILE_WIDTH: u16 = 256;
/// Bytes of one hash.
const HASH_BYTES: usize = 32;
/// The highest level that a tree of fewer than 2^64 entries can have.
pub const LEVEL_MAX: u8 = 7;

/// `size / 256^level`, without overflow at the top.
#[must_use]
pub(crate) const fn shifted(size: u64, level: u32) -> u64 {
    match size.checked_shr(8 * level) {
        Some(shifted) => shifted,
        None => 0,
    }
}

/// Which tile: level 0 holds leaf hashes, each hash above is the root of a full tile below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 to [`LEVEL_MAX`].
    pub level: u8,
    /// The how-manieth at its level, from 0.
    pub index: u64,
}

impl TileId {
    /// How many hashes this tile has in a tree of `size` entries: 0 (there is none) to 256.
    #[must_use]
    pub fn width_at(self, size: u64) -> u16 {
        let before = self.index.saturating_mul(u64::from(TILE_WIDTH));
        let width = shifted(size, u32::from(self.level)).saturating_sub(before).min(u64::from(TILE_WIDTH));
        u16::try_from(width).expect("bounded by the width of a tile")
    }
}

/// The bytes are not a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tile is 1 to 256 hashes of 32 bytes")]
pub struct TileError;

/// A tile and its hashes, 1 to 256 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    id: TileId,
    hashes: Vec<Sha256>,
}

impl Tile {
    /// # Errors
    /// [`TileError`] for no hashes or more than 256.
    pub fn new(id: TileId, hashes: Vec<Sha256>) -> Result<Self, TileError> {
        if hashes.is_empty() || hashes.len() > usize::from(TILE_WIDTH) || id.level > LEVEL_MAX {
            return Err(TileError);
        }
        Ok(Self { id, hashes })
    }

    /// From the bytes as served: hashes one after the other.
    ///
    /// # Errors
    /// [`TileError`] when the length is not 32 × (1 to 256).
    pub fn from_bytes(id: TileId, bytes: &[u8]) -> Result<Self, TileError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() {
            return Err(TileError);
        }
        Self::new(id, hashes.iter().copied().map(Sha256::from_bytes).collect())
    }

    /// The bytes as served and stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.as_bytes().iter().copied()).collect()
    }

    /// Which one.
    #[must_use]
    pub const fn id(&self) -> TileId {
        self.id
    }
    /// Its hashes, left to right.
    #[must_use]
    pub fn hashes(&self) -> &[Sha256] {
        &self.hashes
    }
    /// How many: 1 to 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        u16::try_from(self.hashes.len()).expect("a tile has at most 256 hashes")
    }
    /// The same tile as it was in an earlier tree; `None` when it is not that wide, or for width 0.
    #[must_use]
    pub fn prefix(&self, width: u16) -> Option<Self> {
        let hashes = self.hashes.get(..usize::from(width))?;
        Self::new(self.id, hashes.to_vec()).ok()
    }
}

/// Tiles at hand, from which roots and proofs are computed.
#[derive(Debug, Clone, Default)]
pub struct TileSet(BTreeMap<TileId, Tile>);

impl TileSet {
    /// The hash at place `n` of `level`, if its tile is at hand and wide enough.
    #[must_use]
    pub fn hash(&self, level: u8, n: u64) -> Option<&Sha256> {
        let width = u64::from(TILE_WIDTH);
        let place = usize::try_from(n % width).ok()?;
        self.0.get(&TileId { level, index: n / width })?.hashes.get(place)
    }
    /// One tile, as wide as it is at hand.
    #[must_use]
    pub fn tile(&self, id: TileId) -> Option<&Tile> {
        self.0.get(&id)
    }
    /// Adds a tile; the wider of two stays.
    pub fn insert(&mut self, tile: Tile) {
        match self.0.get(&tile.id) {
            Some(known) if known.width() >= tile.width() => {}
            _ => {
                self.0.insert(tile.id, tile);
            }
        }
    }
}

impl FromIterator<Tile> for TileSet {
    fn from_iter<I: IntoIterator<Item = Tile>>(tiles: I) -> Self {
        let mut set = Self::default();
        tiles.into_iter().for_each(|tile| set.insert(tile));
        set
    }
}

/// What a tile path names: hashes of a level, or the entries themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes; public.
    Hashes {
        /// 0 to [`LEVEL_MAX`].
        level: u8,
    },
    /// An entry bundle; reading it is an act.
    Entries,
}

/// A path under the ledger's prefix: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles).
/// `Display` and `FromStr` round-trip, and no other spelling is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// Hashes or entries.
    pub kind: TileKind,
    /// The how-manieth, from 0.
    pub index: u64,
    /// 1 to 256; 256 is written without a suffix.
    pub width: u16,
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            if groups.is_empty() {
                write!(f, "{group:03}")?;
            } else {
                write!(f, "x{group:03}/")?;
            }
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The text is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct TilePathError;

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, TilePathError> {
        Self::parse(text).filter(|path| path.to_string() == text).ok_or(TilePathError)
    }
}

impl TilePath {
    /// Reads a path loosely; [`FromStr`] then holds it against its one spelling.
    fn parse(text: &str) -> Option<Self> {
        // Six groups of three digits are more than any index that fits.
        const PATH_BYTES_MAX: usize = 64;
        if text.len() > PATH_BYTES_MAX {
            return None;
        }
        let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes { level: level.parse().ok().filter(|level| *level <= LEVEL_MAX)? },
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0_u64;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        Some(Self { kind, index, width })
    }
}

#[cfg(test)]
mod tests {
    use super::{TileId, TileKind, TilePath};

    #[test]
    fn paths_are_those_of_the_specification_and_have_one_spelling() {
        let path = TilePath { kind: TileKind::Hashes { level: 0 }, index: 1_234_067, width: 256 };
        assert_eq!(path.to_string(), "tile/0/x001/x234/067");
        for text in [
            "tile/0/x001/x234/067",
            "tile/entries/000",
            "tile/7/000.p/255",
            "tile/entries/x999/999.p/1",
            "tile/0/x001/x000/000",
        ] {
            assert_eq!(text.parse::<TilePath>().map(|path| path.to_string()), Ok(text.to_owned()));
        }
        for wrong in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/00/000",
            "tile/8/000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/+0/000",
            "tile/0/../000",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/００0",
        ] {
            assert!(wrong.parse::<TilePath>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_widths_are_those_of_the_specification() {
        // tlog-tiles, "Partial Tiles": a tree of 70,000.
        let width = |level, index| TileId { level, index }.width_at(70_000);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1), width(2, 0), width(3, 0)), (256, 17, 1, 0));
        assert_eq!(TileId { level: 7, index: u64::MAX }.width_at(u64::MAX), 0);
    }
}
