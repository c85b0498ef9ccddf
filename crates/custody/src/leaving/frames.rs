//! What is in a part of an export: rows of tables and originals, one after the other (docs/FORMATS-leaving.md).

use super::LeavingError;
use super::sealed::{SealedReader, SealedWriter};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// The longest row, bytes: a ledger's leaf in base64 with its proof.
const ROW_BYTES_MAX: usize = 1 << 20;
/// The longest path, bytes.
const PATH_BYTES_MAX: usize = 128;
const ROW: u8 = b'T';
const FILE: u8 = b'F';
const END: u8 = b'Z';

/// The tables of an export. A new one is a line here, a writer in `export.rs`, and a reader in `rows.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    People,
    Patients,
    Related,
    Documents,
    Originals,
    Index,
    Ledger,
}

impl Table {
    pub(super) const ALL: &'static [Self] =
        &[Self::People, Self::Patients, Self::Related, Self::Documents, Self::Originals, Self::Index, Self::Ledger];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Patients => "patients",
            Self::Related => "related",
            Self::Documents => "documents",
            Self::Originals => "originals",
            Self::Index => "index",
            Self::Ledger => "ledger",
        }
    }

    /// As which file it lies in an opened export.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::People => "people.ndjson",
            Self::Patients => "patients.ndjson",
            Self::Related => "related.ndjson",
            Self::Documents => "documents.ndjson",
            Self::Originals => "originals.ndjson",
            Self::Index => "index.csv",
            Self::Ledger => "ledger.ndjson",
        }
    }

    /// What ends a row in that file.
    pub(super) const fn line_end(self) -> &'static [u8] {
        match self {
            Self::Index => b"\r\n",
            _ => b"\n",
        }
    }

    fn read(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.name().as_bytes() == name)
    }
}

/// Writes frames.
pub(super) struct FrameWriter<W> {
    to: SealedWriter<W>,
    frames: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(super) const fn new(to: SealedWriter<W>) -> Self {
        Self { to, frames: 0 }
    }

    pub(super) fn row(&mut self, table: Table, row: &[u8]) -> Result<(), LeavingError> {
        let name = table.name().as_bytes();
        let length = u32::try_from(row.len()).ok().filter(|_| row.len() <= ROW_BYTES_MAX);
        let length = length.ok_or(LeavingError::TooLong)?;
        self.frames += 1;
        self.to.push(&[ROW, u8::try_from(name.len()).map_err(|_| LeavingError::TooLong)?])?;
        self.to.push(name)?;
        self.to.push(&length.to_be_bytes())?;
        self.to.push(row)
    }

    pub(super) fn file(&mut self, path: &str, size: u64) -> Result<(), LeavingError> {
        let length = u16::try_from(path.len()).map_err(|_| LeavingError::TooLong)?;
        self.frames += 1;
        self.to.push(&[FILE])?;
        self.to.push(&length.to_be_bytes())?;
        self.to.push(path.as_bytes())?;
        self.to.push(&size.to_be_bytes())
    }

    pub(super) fn piece(&mut self, bytes: &[u8]) -> Result<(), LeavingError> {
        self.to.push(bytes)
    }

    pub(super) fn finish(mut self) -> Result<SealedWriter<W>, LeavingError> {
        self.to.push(&[END])?;
        self.to.push(&self.frames.to_be_bytes())?;
        Ok(self.to)
    }
}

/// A frame's beginning.
pub(super) enum Frame {
    Row(Table, Zeroizing<Vec<u8>>),
    /// An original; its bytes follow ([`FrameReader::piece`]).
    File {
        path: String,
        size: u64,
    },
    End,
}

/// Reads frames.
pub(super) struct FrameReader<R> {
    from: SealedReader<R>,
    frames: u64,
    /// Of the file that is being read.
    left: u64,
}

impl<R: Read> FrameReader<R> {
    pub(super) const fn new(from: SealedReader<R>) -> Self {
        Self { from, frames: 0, left: 0 }
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], LeavingError> {
        let bytes = self.from.exactly(N)?;
        bytes.as_slice().try_into().map_err(|_| LeavingError::Inside("a frame is cut short"))
    }

    pub(super) fn next(&mut self) -> Result<Frame, LeavingError> {
        let [kind] = self.number()?;
        match kind {
            ROW => {
                let [length] = self.number()?;
                let name = self.from.exactly(usize::from(length))?;
                let table =
                    Table::read(&name).ok_or(LeavingError::Inside("it holds a table that is not known here"))?;
                let length = usize::try_from(u32::from_be_bytes(self.number()?)).unwrap_or(usize::MAX);
                if length > ROW_BYTES_MAX {
                    return Err(LeavingError::Inside("a row is longer than any row"));
                }
                self.frames += 1;
                Ok(Frame::Row(table, self.from.exactly(length)?))
            }
            FILE => {
                let length = usize::from(u16::from_be_bytes(self.number()?));
                if length > PATH_BYTES_MAX {
                    return Err(LeavingError::Inside("a path is longer than any path"));
                }
                let path = self.from.exactly(length)?;
                let path = str::from_utf8(&path).map_err(|_| LeavingError::Inside("a path is no text"))?.to_owned();
                let size = u64::from_be_bytes(self.number()?);
                self.frames += 1;
                self.left = size;
                Ok(Frame::File { path, size })
            }
            END => {
                if u64::from_be_bytes(self.number()?) == self.frames {
                    Ok(Frame::End)
                } else {
                    Err(LeavingError::Inside("frames are missing"))
                }
            }
            _ => Err(LeavingError::Inside("it holds a frame of unknown kind")),
        }
    }

    /// The next bytes of the file; none when that was all.
    pub(super) fn piece(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, LeavingError> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let some = self.from.some(most)?;
        if some.is_empty() {
            return Err(LeavingError::Inside("a file is cut short"));
        }
        self.left -= some.len() as u64;
        Ok(Some(some))
    }

    pub(super) fn finish(self) -> SealedReader<R> {
        self.from
    }
}
