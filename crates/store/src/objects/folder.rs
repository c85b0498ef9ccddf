//! Sealed objects in a folder.
//!
//! An object is written under a temporary name, flushed, given its name by a hard link that fails when the
//! name is taken, and the folder is flushed. If the process dies before the link, a nameless file stays that
//! the next start removes; after it, the object is there in full. Only ciphertext ever comes here.

mod halves;
mod many;

use super::relative_path;
use crate::StoreError;
use record::ObjectId;
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces that are read in one turn of a thread: half a megabyte in segments of 64 KiB.
const PIECES_AT_ONCE: usize = 8;

/// The folder of sealed objects.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
    durable: DurableFolders,
}

/// Folders whose own names are known to be on the disk. That one is there to be seen is not enough: another
/// writer may have made it a moment ago and not flushed the folder above yet.
type DurableFolders = Arc<Mutex<BTreeSet<PathBuf>>>;

impl Folder {
    /// Opens or makes the folder.
    pub(super) fn open(root: PathBuf) -> Result<Self, StoreError> {
        use std::os::unix::fs::DirBuilderExt as _;
        for folder in [root.clone(), root.join("incoming")] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(StoreError::object("make the object folder"))?;
        }
        sync_folder(&root)?;
        if let Some(above) = root.canonicalize().ok().as_deref().and_then(Path::parent) {
            sync_folder(above)?;
        }
        Ok(Self { root, durable: Arc::default() })
    }

    /// Removes what was on its way when the last process ended: nameless, or named already by its link. Only for
    /// whoever holds the lock of the folder, before the first object begins.
    pub(super) fn incoming_clear(&self) -> Result<(), StoreError> {
        let doing = "clear what never arrived";
        for file in std::fs::read_dir(self.root.join("incoming")).map_err(StoreError::object(doing))? {
            let file = file.map_err(StoreError::object(doing))?;
            std::fs::remove_file(file.path()).map_err(StoreError::object(doing))?;
        }
        Ok(())
    }

    fn path(&self, id: ObjectId) -> PathBuf {
        self.root.join(relative_path(id))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Begins an object.
    pub(super) async fn create(&self, id: ObjectId) -> Result<FolderWriter, StoreError> {
        let incoming = self.root.join("incoming").join(id.to_string());
        let (durable, target) = (Arc::clone(&self.durable), self.path(id));
        on_thread(move || {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let file = Arc::new(options.open(&incoming).map_err(StoreError::object("begin an object"))?);
            Ok(FolderWriter { file, incoming, target, durable, unflushed_bytes: 0, flushing: None })
        })
        .await
    }

    /// Opens an object for reading from `offset` (bytes of ciphertext).
    pub(super) async fn read(&self, id: ObjectId, offset: u64) -> Result<FolderReader, StoreError> {
        let path = self.path(id);
        on_thread(move || {
            let mut file = open(&path)?;
            if offset > 0 {
                file.seek(SeekFrom::Start(offset)).map_err(StoreError::object("find a place in an object"))?;
            }
            Ok(FolderReader { file: Arc::new(file) })
        })
        .await
    }

    /// Some bytes out of the middle.
    pub(super) async fn read_range(&self, id: ObjectId, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let path = self.path(id);
        on_thread(move || {
            let mut file = open(&path)?;
            file.seek(SeekFrom::Start(range.start)).map_err(StoreError::object("find a place in an object"))?;
            piece(&file, usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX))
        })
        .await
    }

    /// All of a small object at once; `None` when it is larger than `bytes_max`.
    pub(super) async fn read_all(&self, id: ObjectId, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(id);
        on_thread(move || {
            let file = open(&path)?;
            let size = file.metadata().map_err(StoreError::object("look at an object"))?.len();
            if size > bytes_max {
                return Ok(None);
            }
            piece(&file, usize::try_from(size).unwrap_or(usize::MAX)).map(Some)
        })
        .await
    }

    /// The first `head_bytes` of an object, and what follows in pieces of `piece_bytes`, the last one shorter. A small
    /// object is read in one turn of one thread.
    pub(super) async fn pieces(
        &self,
        id: ObjectId,
        head_bytes: usize,
        piece_bytes: usize,
    ) -> Result<(Vec<u8>, FolderPieces), StoreError> {
        let path = self.path(id);
        on_thread(move || {
            let file = open(&path)?;
            let size = file.metadata().map_err(StoreError::object("look at an object"))?.len();
            let head = piece(&file, head_bytes)?;
            let left = size.saturating_sub(head.len() as u64);
            let mut pieces = FolderPieces { file: Arc::new(file), piece_bytes, left, ready: VecDeque::new() };
            let lengths = pieces.next_lengths();
            pieces.ready = pieces_of(&pieces.file, lengths)?;
            Ok((head, pieces))
        })
        .await
    }

    /// Size of the ciphertext in bytes; `None` when the object is not there.
    pub(super) async fn size_bytes(&self, id: ObjectId) -> Result<Option<u64>, StoreError> {
        match tokio::fs::metadata(self.path(id)).await {
            Ok(meta) => Ok(Some(meta.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Object { doing: "look at an object", source }),
        }
    }

    /// Removes an object that no row names. Absent is fine.
    pub(super) async fn remove_orphan(&self, id: ObjectId) -> Result<(), StoreError> {
        for path in [self.path(id), self.root.join("incoming").join(id.to_string())] {
            match tokio::fs::remove_file(path).await {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::Object { doing: "remove an orphan", source }),
            }
        }
        Ok(())
    }

    /// Every object that is there, by name.
    pub(super) fn list(&self) -> Result<Vec<ObjectId>, StoreError> {
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&self.root).map_err(StoreError::object("list objects"))? {
            let folder = folder.map_err(StoreError::object("list objects"))?;
            if folder.file_name() == "incoming" {
                continue;
            }
            for file in std::fs::read_dir(folder.path()).map_err(StoreError::object("list objects"))? {
                let file = file.map_err(StoreError::object("list objects"))?;
                if let Some(id) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
                    found.push(id);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// An object on its way. Dropped unfinished, it leaves nothing under its name.
#[derive(Debug)]
pub(super) struct FolderWriter {
    file: Arc<File>,
    incoming: PathBuf,
    target: PathBuf,
    durable: DurableFolders,
    /// Bytes since a flush was begun.
    unflushed_bytes: usize,
    /// What the disk is taking meanwhile.
    flushing: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

/// After so many bytes the disk is told to take them while the next ones come in, so that little is left for the end.
const FLUSH_BYTES: usize = 16 * 1024 * 1024;

impl FolderWriter {
    /// More ciphertext.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let (file, bytes) = (Arc::clone(&self.file), bytes.to_vec());
        on_thread(move || (&*file).write_all(&bytes).map_err(StoreError::object("write an object"))).await
    }

    /// More ciphertext, written by the calling thread, which must be one that may wait.
    pub(super) fn write_here(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        (&*self.file).write_all(bytes).map_err(StoreError::object("write an object"))?;
        self.unflushed_bytes += bytes.len();
        if self.unflushed_bytes >= FLUSH_BYTES
            && self.flushing.as_ref().is_none_or(tokio::task::JoinHandle::is_finished)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            self.unflushed_bytes = 0;
            let (file, before) = (Arc::clone(&self.file), self.flushing.take());
            // One flush after another, and none that failed is forgotten: the next might say that all is well (fsyncgate).
            self.flushing = Some(runtime.spawn(async move {
                if let Some(before) = before {
                    before.await??;
                }
                tokio::task::spawn_blocking(move || file.sync_data()).await?
            }));
        }
        Ok(())
    }

    /// Makes it durable under its name.
    pub(super) async fn finish(mut self) -> Result<(), StoreError> {
        if let Some(flushing) = self.flushing.take()
            && !matches!(flushing.await, Ok(Ok(())))
        {
            return Err(StoreError::FlushFailed);
        }
        on_thread(move || {
            // A flush that failed must not be tried again as if nothing had been: the pages may be gone (fsyncgate).
            self.file.sync_all().map_err(|_| StoreError::FlushFailed)?;
            // If we die here: a nameless file with ciphertext under a lost key; the next start removes it.
            publish(&self.incoming, &self.target, &self.durable)
            // If we die after: the object is there in full, and no row names it until the transaction that follows.
        })
        .await
    }
}

impl Drop for FolderWriter {
    fn drop(&mut self) {
        // Best effort: what stays behind is ciphertext that no row names, and the next start removes it.
        drop(std::fs::remove_file(&self.incoming));
    }
}

fn publish(incoming: &Path, target: &Path, durable: &DurableFolders) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = target.parent().expect("an object's path has a folder");
    let known = || durable.lock().unwrap_or_else(PoisonError::into_inner);
    if !known().contains(folder) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(StoreError::object("make an object's folder"))?;
        sync_folder(folder.parent().expect("the object folder is above"))?;
        known().insert(folder.to_owned());
    }
    std::fs::hard_link(incoming, target).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => StoreError::ObjectExists,
        _ => StoreError::Object { doing: "name an object", source },
    })?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let opened = File::open(folder).map_err(StoreError::object("open an object's folder"))?;
    opened.sync_all().map_err(|_| StoreError::FlushFailed)
}

/// An object being read.
#[derive(Debug)]
pub(super) struct FolderReader {
    file: Arc<File>,
}

impl FolderReader {
    /// Fills `buffer` as far as the object goes; how many bytes. 0 is the end.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let (file, wanted) = (Arc::clone(&self.file), buffer.len());
        let bytes = on_thread(move || piece(&file, wanted)).await?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

/// An object that comes in pieces, each in a buffer of its own.
#[derive(Debug)]
pub(super) struct FolderPieces {
    file: Arc<File>,
    piece_bytes: usize,
    /// What the system said is still there, bytes.
    left: u64,
    ready: VecDeque<Vec<u8>>,
}

impl FolderPieces {
    /// The lengths of those that are read next.
    fn next_lengths(&mut self) -> Vec<usize> {
        let mut lengths = Vec::new();
        while self.left > 0 && lengths.len() < PIECES_AT_ONCE {
            let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.piece_bytes);
            self.left -= length as u64;
            lengths.push(length);
        }
        lengths
    }

    /// The next one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.ready.is_empty() && self.left > 0 {
            let (file, lengths) = (Arc::clone(&self.file), self.next_lengths());
            self.ready = on_thread(move || pieces_of(&file, lengths)).await?;
        }
        Ok(self.ready.pop_front())
    }
}

fn pieces_of(file: &File, lengths: Vec<usize>) -> Result<VecDeque<Vec<u8>>, StoreError> {
    lengths.into_iter().map(|length| piece(file, length)).collect()
}

/// The next so many bytes of a file, or as many as there are.
fn piece(file: &File, length: usize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes).map_err(StoreError::object("read an object"))?;
    Ok(bytes)
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => StoreError::ObjectMissing,
        _ => StoreError::Object { doing: "open an object", source },
    })
}

/// Runs what waits for the disk where waiting is allowed.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| StoreError::Folder("work on an object was stopped".to_owned()))?
}
