//! The export: a whole ledger as one stream, for an offline verifier (docs/FORMATS-ledger.md).
//!
//! What must always hold: tiles and entries come in the one order of [`plan`], so that a reader needs memory for one
//! bundle and one tile a level, however long the stream; a length is believed only as far as bytes follow.
//!
//! What it refuses to know: where the stream comes from. The writer's side makes frames, the reader's takes
//! [`std::io::Read`].

use crate::leaf::LEAF_BYTES_MAX;
use crate::note::NOTE_BYTES_MAX;
use crate::tile::{LEVEL_MAX, TILE_WIDTH, TileId, TileKind, TilePath};
use crate::verify::Archive;
use std::io::Read;

const MAGIC: &[u8; 8] = b"srledger";
const VERSION: u8 = 1;
const HEADER: u8 = b'H';
const CHECKPOINT: u8 = b'C';
const TILE: u8 = b'T';
const ENTRIES: u8 = b'E';
const END: u8 = b'Z';
/// The largest payload: a full bundle of the largest leaves, and its index.
const FRAME_BYTES_MAX: usize = 8 + TILE_WIDTH as usize * (2 + LEAF_BYTES_MAX);
/// The longest origin that a reader takes.
const ORIGIN_BYTES_MAX: usize = 255;

/// One resource of a ledger: a hash tile or an entry bundle, at its width in the tree that is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A hash tile.
    Tile {
        /// Which.
        id: TileId,
        /// Hashes in it, 1 to 256.
        width: u16,
    },
    /// The entries under level-0 tile `index`.
    Entries {
        /// The how-manieth bundle.
        index: u64,
        /// Entries in it, 1 to 256.
        width: u16,
    },
}

impl Part {
    /// Its path under the ledger's prefix (C2SP tlog-tiles).
    #[must_use]
    pub const fn path(&self) -> TilePath {
        match *self {
            Self::Tile { id, width } => TilePath { kind: TileKind::Hashes { level: id.level }, index: id.index, width },
            Self::Entries { index, width } => TilePath { kind: TileKind::Entries, index, width },
        }
    }
}

/// Every part of a ledger of `size` entries, in the order of an export: each level-0 tile, its entries, then the
/// tiles above that it finishes; at the end the unfinished tiles above, lowest first.
pub fn plan(size: u64) -> impl Iterator<Item = Part> {
    let width = u64::from(TILE_WIDTH);
    (0..size.div_ceil(width)).flat_map(move |index| {
        let id = TileId { level: 0, index };
        let own = id.width_at(size);
        let last = index + 1 == size.div_ceil(width);
        let above = (1..=LEVEL_MAX).filter_map(move |level| {
            // How many level-0 tiles one tile of this level covers: 256^level.
            let covers = width.checked_pow(u32::from(level))?;
            let id = TileId { level, index: index / covers };
            let finished = own == TILE_WIDTH && (index + 1) % covers == 0;
            let tile = Part::Tile { id, width: id.width_at(size) };
            // A finished tile comes once; at the end come those that are begun and not finished.
            let begun = last && !finished && id.width_at(size) > 0;
            (finished || begun).then_some(tile)
        });
        let entries = Part::Entries { index, width: own };
        [Part::Tile { id, width: own }, entries].into_iter().chain(above)
    })
}

fn frame(kind: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let len = pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let len = u32::try_from(len).expect("frames are made of parts under 17 MB");
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&len.to_be_bytes());
    pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
    bytes
}

/// The beginning of an export.
#[must_use]
pub fn start(origin: &str, size: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.extend(frame(HEADER, &[&size.to_be_bytes(), origin.as_bytes()]));
    bytes
}

/// A signed checkpoint. Any number of them, oldest first; the last covers all entries.
#[must_use]
pub fn checkpoint(note: &str) -> Vec<u8> {
    frame(CHECKPOINT, &[note.as_bytes()])
}

/// A part with its bytes as served: hashes of a tile, or an entry bundle ([`crate::leaf::bundle`]).
#[must_use]
pub fn part(part: &Part, bytes: &[u8]) -> Vec<u8> {
    match part {
        Part::Tile { id, .. } => frame(TILE, &[&[id.level], &id.index.to_be_bytes(), bytes]),
        Part::Entries { index, .. } => frame(ENTRIES, &[&index.to_be_bytes(), bytes]),
    }
}

/// The end of an export.
#[must_use]
pub fn end(size: u64) -> Vec<u8> {
    frame(END, &[&size.to_be_bytes()])
}

/// An export that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The bytes could not be had.
    #[error("reading the export")]
    Io(#[source] std::io::Error),
    /// The bytes are not an export.
    #[error("the export is malformed at byte {at}: {what}")]
    Malformed {
        /// Bytes read so far.
        at: u64,
        /// What is wrong, in fixed words.
        what: &'static str,
    },
}

/// Reads an export as a stream.
#[derive(Debug)]
pub struct ExportReader<R> {
    source: R,
    at: u64,
    origin: String,
    size: u64,
    /// The frame after the last checkpoint, read ahead.
    ahead: Option<(u8, Vec<u8>)>,
}

impl<R: Read> ExportReader<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn new(source: R) -> Result<Self, ExportError> {
        let mut reader = Self { source, at: 0, origin: String::new(), size: 0, ahead: None };
        let magic = reader.exactly(MAGIC.len() + 1)?;
        if magic.split_last() != Some((&VERSION, MAGIC.as_slice())) {
            return Err(reader.malformed("not a ledger export of version 1"));
        }
        let header = reader.frame(HEADER)?;
        let Some((size, origin)) = header.split_first_chunk::<8>() else {
            return Err(reader.malformed("the header is too short"));
        };
        reader.size = u64::from_be_bytes(*size);
        match String::from_utf8(origin.to_vec()) {
            Ok(origin) if origin.len() <= ORIGIN_BYTES_MAX => reader.origin = origin,
            _ => return Err(reader.malformed("the origin is not text")),
        }
        Ok(reader)
    }

    /// The origin that the export states; nothing vouches for it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// After the last part: the end, and nothing behind it.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn finish(&mut self) -> Result<(), ExportError> {
        let end = self.frame(END)?;
        if end != self.size.to_be_bytes() {
            return Err(self.malformed("the end states another size"));
        }
        let mut byte = [0];
        match self.source.read(&mut byte).map_err(ExportError::Io)? {
            0 => Ok(()),
            _ => Err(self.malformed("bytes follow the end")),
        }
    }

    const fn malformed(&self, what: &'static str) -> ExportError {
        ExportError::Malformed { at: self.at, what }
    }

    /// Reads exactly so many bytes; room is made as they come, not as they are promised.
    fn exactly(&mut self, len: usize) -> Result<Vec<u8>, ExportError> {
        let mut bytes = Vec::new();
        let taken = (&mut self.source).take(len as u64).read_to_end(&mut bytes).map_err(ExportError::Io)?;
        self.at += taken as u64;
        if taken == len { Ok(bytes) } else { Err(self.malformed("cut short")) }
    }

    fn next_frame(&mut self) -> Result<(u8, Vec<u8>), ExportError> {
        if let Some(frame) = self.ahead.take() {
            return Ok(frame);
        }
        let head = self.exactly(5)?;
        let (kind, len) = (head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]]));
        let most = match kind {
            HEADER => 8 + ORIGIN_BYTES_MAX,
            CHECKPOINT => NOTE_BYTES_MAX,
            TILE => 9 + 32 * usize::from(TILE_WIDTH),
            ENTRIES => FRAME_BYTES_MAX,
            END => 8,
            _ => return Err(self.malformed("a frame of unknown kind")),
        };
        match usize::try_from(len) {
            Ok(len) if len <= most => Ok((kind, self.exactly(len)?)),
            _ => Err(self.malformed("a frame is larger than its kind allows")),
        }
    }

    fn frame(&mut self, wanted: u8) -> Result<Vec<u8>, ExportError> {
        match self.next_frame()? {
            (kind, bytes) if kind == wanted => Ok(bytes),
            _ => Err(self.malformed("a frame of another kind belongs here")),
        }
    }
}

impl<R: Read> Archive for ExportReader<R> {
    type Error = ExportError;

    fn size(&mut self) -> Result<u64, ExportError> {
        Ok(self.size)
    }

    fn next_checkpoint(&mut self) -> Result<Option<String>, ExportError> {
        let (kind, bytes) = self.next_frame()?;
        if kind == CHECKPOINT {
            // What is no text is no checkpoint either: the verifier says so.
            return Ok(Some(String::from_utf8(bytes).unwrap_or_default()));
        }
        self.ahead = Some((kind, bytes));
        Ok(None)
    }

    fn part(&mut self, part: &Part) -> Result<Option<Vec<u8>>, ExportError> {
        let (kind, place) = match part {
            Part::Tile { id, .. } => (TILE, [&[id.level], id.index.to_be_bytes().as_slice()].concat()),
            Part::Entries { index, .. } => (ENTRIES, index.to_be_bytes().to_vec()),
        };
        let bytes = self.frame(kind)?;
        match bytes.strip_prefix(place.as_slice()) {
            Some(bytes) => Ok(Some(bytes.to_vec())),
            None => Err(self.malformed("another tile or bundle belongs here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, plan};

    #[test]
    fn the_plan_names_every_part_of_the_specification_once() {
        for size in [0, 1, 255, 256, 257, 512, 65_535, 65_536, 65_537, 70_000, 131_072] {
            let parts: Vec<Part> = plan(size).collect();
            let paths: std::collections::BTreeSet<String> = parts.iter().map(|part| part.path().to_string()).collect();
            assert_eq!(paths.len(), parts.len(), "{size}: none twice");
            let tiles = |level: u32| {
                let hashes = size / 256_u64.pow(level);
                hashes.div_ceil(256)
            };
            let expected = (0..=2).map(tiles).sum::<u64>() + size.div_ceil(256);
            assert_eq!(parts.len() as u64, expected, "{size}: none missing");
        }
        let paths: Vec<String> = plan(257).map(|part| part.path().to_string()).collect();
        assert_eq!(
            paths,
            ["tile/0/000", "tile/entries/000", "tile/0/001.p/1", "tile/entries/001.p/1", "tile/1/000.p/1"]
        );
    }
}
