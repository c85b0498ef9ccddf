//! Sealed objects in a folder: created once, never overwritten, durable before they are named anywhere.
//!
//! An object is written under a temporary name, flushed, given its name by a hard link that fails when the
//! name is taken, and the folder is flushed. If the process dies before the link, a nameless file stays that
//! the next start removes; after it, the object is there in full. Only ciphertext ever comes here.

use crate::StoreError;
use record::ObjectId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// The folder of sealed objects.
#[derive(Debug, Clone)]
pub struct Objects {
    root: PathBuf,
    durable: DurableFolders,
}

/// Folders whose own names are known to be on the disk. That one is there to be seen is not enough: another
/// writer may have made it a moment ago and not flushed the folder above yet.
type DurableFolders = Arc<Mutex<BTreeSet<PathBuf>>>;

impl Objects {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(root: PathBuf) -> Result<Self, StoreError> {
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
    pub(crate) fn incoming_clear(&self) -> Result<(), StoreError> {
        let doing = "clear what never arrived";
        for file in std::fs::read_dir(self.root.join("incoming")).map_err(StoreError::object(doing))? {
            let file = file.map_err(StoreError::object(doing))?;
            std::fs::remove_file(file.path()).map_err(StoreError::object(doing))?;
        }
        Ok(())
    }

    /// Where an object lies, relative to the folder. Two characters of its random part spread the load.
    #[must_use]
    pub fn relative_path(id: ObjectId) -> PathBuf {
        let text = id.to_string();
        let spread = &text[text.len() - 2..];
        PathBuf::from(spread).join(&text)
    }

    fn path(&self, id: ObjectId) -> PathBuf {
        self.root.join(Self::relative_path(id))
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Begins an object.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn create(&self, id: ObjectId) -> Result<ObjectWriter, StoreError> {
        let incoming = self.root.join("incoming").join(id.to_string());
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&incoming).await.map_err(StoreError::object("begin an object"))?;
        let durable = Arc::clone(&self.durable);
        Ok(ObjectWriter { file: Some(file), incoming, target: self.path(id), durable })
    }

    /// Opens an object for reading from `offset` (bytes of ciphertext).
    ///
    /// # Errors
    /// [`StoreError::ObjectMissing`] when it is not there.
    pub async fn read(&self, id: ObjectId, offset: u64) -> Result<ObjectReader, StoreError> {
        let mut file = tokio::fs::File::open(self.path(id)).await.map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                StoreError::ObjectMissing
            } else {
                StoreError::Object { doing: "open an object", source }
            }
        })?;
        if offset > 0 {
            file.seek(std::io::SeekFrom::Start(offset))
                .await
                .map_err(StoreError::object("find a place in an object"))?;
        }
        Ok(ObjectReader { file })
    }

    /// Size of the ciphertext in bytes; `None` when the object is not there.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn size_bytes(&self, id: ObjectId) -> Result<Option<u64>, StoreError> {
        match tokio::fs::metadata(self.path(id)).await {
            Ok(meta) => Ok(Some(meta.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Object { doing: "look at an object", source }),
        }
    }

    /// Removes an object that no row names. Absent is fine.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn remove_orphan(&self, id: ObjectId) -> Result<(), StoreError> {
        for path in [self.path(id), self.root.join("incoming").join(id.to_string())] {
            match tokio::fs::remove_file(path).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::Object { doing: "remove an orphan", source }),
            }
        }
        Ok(())
    }

    /// Every object that is there, by name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn list(&self) -> Result<Vec<ObjectId>, StoreError> {
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
pub struct ObjectWriter {
    file: Option<tokio::fs::File>,
    incoming: PathBuf,
    target: PathBuf,
    durable: DurableFolders,
}

impl ObjectWriter {
    /// More ciphertext.
    ///
    /// # Errors
    /// When the system refuses (a full disk, for one).
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.file.as_mut().expect("a writer has its file until it is finished");
        file.write_all(bytes).await.map_err(StoreError::object("write an object"))
    }

    /// Makes it durable under its name.
    ///
    /// # Errors
    /// [`StoreError::ObjectExists`] when the name is taken; [`StoreError::FlushFailed`] when the disk refused.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        let file = self.file.take().expect("a writer has its file until it is finished");
        let mut file = file;
        file.flush().await.map_err(StoreError::object("write an object"))?;
        // A flush that failed must not be tried again as if nothing had been: the pages may be gone (fsyncgate).
        file.sync_all().await.map_err(|_| StoreError::FlushFailed)?;
        drop(file);
        let (incoming, target, durable) = (self.incoming.clone(), self.target.clone(), Arc::clone(&self.durable));
        // If we die here: a nameless file with ciphertext under a lost key; the next start removes it.
        tokio::task::spawn_blocking(move || publish(&incoming, &target, &durable))
            .await
            .map_err(|_| StoreError::Folder("the object writer was stopped".to_owned()))?
        // If we die after: the object is there in full, and no row names it until the transaction that follows.
    }
}

impl Drop for ObjectWriter {
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
        std::io::ErrorKind::AlreadyExists => StoreError::ObjectExists,
        _ => StoreError::Object { doing: "name an object", source },
    })?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let opened = std::fs::File::open(folder).map_err(StoreError::object("open an object's folder"))?;
    opened.sync_all().map_err(|_| StoreError::FlushFailed)
}

/// An object being read.
#[derive(Debug)]
pub struct ObjectReader {
    file: tokio::fs::File,
}

impl ObjectReader {
    /// Fills `buffer` as far as the object goes; how many bytes. 0 is the end.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let read = self.file.read(&mut buffer[filled..]).await.map_err(StoreError::object("read an object"))?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        Ok(filled)
    }
}
