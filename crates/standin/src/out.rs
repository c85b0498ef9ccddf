//! Where the bytes go: the caller's sink, and the buffers in front of it.
//!
//! What must always hold: paths are relative, in lower-case ASCII letters, digits, `-`, `_`, `.` and `/`, hold no name of
//! anybody, and never repeat; what is buffered stays bounded, however large a practice is.
//!
//! What it refuses to know: folders, archives, networks. The caller knows.

use std::collections::BTreeMap;
use std::error::Error;

/// A growing file is handed on when so many bytes have come together.
const HAND_ON_BYTES: usize = 256 << 10;

/// The sink did not take the bytes.
#[derive(Debug, thiserror::Error)]
#[error("a made-up file could not be handed on")]
pub struct OutError(#[source] Box<dyn Error + Send + Sync>);

impl OutError {
    /// From whatever the sink failed with.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Takes the files.
pub trait Out {
    /// A whole file. Each path comes once.
    ///
    /// # Errors
    /// [`OutError`] when it cannot be taken; making stops there.
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError>;

    /// More bytes at the end of a file that grows while a practice is made; the first call for a path begins it.
    /// Calls for several files come in turns.
    ///
    /// # Errors
    /// [`OutError`] when they cannot be taken; making stops there.
    fn more(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError>;
}

/// Files in memory, for tests and small sets.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct InMemory {
    /// Path → bytes.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Out for InMemory {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        if self.files.insert(path.to_owned(), bytes.to_vec()).is_some() {
            return Err(OutError::new("a path came twice"));
        }
        Ok(())
    }
    fn more(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.files.entry(path.to_owned()).or_default().extend_from_slice(bytes);
        Ok(())
    }
}

/// Counts bytes and keeps none, for measuring.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Bytes that came.
    pub bytes: u64,
    /// Whole files that came.
    pub files: u64,
}

impl Out for Counted {
    fn file(&mut self, _path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.bytes += bytes.len() as u64;
        self.files += 1;
        Ok(())
    }
    fn more(&mut self, _path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// The growing files of one practice, in front of the sink.
pub(crate) struct Sheaf<'o, O: Out> {
    out: &'o mut O,
    folder: String,
    growing: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

impl<'o, O: Out> Sheaf<'o, O> {
    pub(crate) fn new(out: &'o mut O, folder: String) -> Self {
        Self { out, folder, growing: BTreeMap::new(), bytes: 0, files: 0 }
    }

    /// The buffer of a growing file; its path within the practice is fixed.
    pub(crate) fn grow(&mut self, path: &'static str) -> &mut Vec<u8> {
        let files = &mut self.files;
        self.growing.entry(path).or_insert_with(|| {
            *files += 1;
            Vec::with_capacity(HAND_ON_BYTES * 2)
        })
    }

    /// A whole file.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.bytes += bytes.len() as u64;
        self.files += 1;
        self.out.file(&format!("{}/{path}", self.folder), bytes)
    }

    /// Hands on what has grown large.
    pub(crate) fn settle(&mut self) -> Result<(), OutError> {
        self.hand_on(HAND_ON_BYTES)
    }

    /// Hands on everything.
    pub(crate) fn finish(mut self) -> Result<(u64, u64), OutError> {
        self.hand_on(0)?;
        Ok((self.files, self.bytes))
    }

    fn hand_on(&mut self, from_bytes: usize) -> Result<(), OutError> {
        for (path, bytes) in &mut self.growing {
            if bytes.len() >= from_bytes.max(1) {
                self.bytes += bytes.len() as u64;
                self.out.more(&format!("{}/{path}", self.folder), bytes)?;
                bytes.clear();
            }
        }
        Ok(())
    }
}
