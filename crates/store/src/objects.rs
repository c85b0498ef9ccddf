//! Sealed objects: created once, never overwritten, durable before they are named anywhere. Only ciphertext ever comes here.
//!
//! They lie in a folder (`folder.rs`) or in a bucket of an S3-compatible server (`bucket.rs`), under the same names. What
//! must always hold, wherever they lie: an object is there in full or not at all; what nobody finished leaves nothing
//! under its name, and the next start or the sweeper removes it.

mod bucket;
mod folder;

pub use bucket::{BucketFault, BucketOptions, BucketPlace, BucketSeen};

use crate::StoreError;
use bucket::{Bucket, BucketPieces, BucketReader, BucketWriter};
use folder::{Folder, FolderPieces, FolderReader, FolderWriter};
use futures_util::{StreamExt as _, TryStreamExt as _};
use record::ObjectId;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Objects that are put into a bucket at once.
const PUTS_AT_ONCE: usize = 16;

/// All sealed objects of a house, or of a backup.
#[derive(Debug, Clone)]
pub struct Objects {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Folder),
    Bucket(Arc<Bucket>),
}

/// Where an object lies, relative to the folder. Two characters of its random part spread the load.
fn relative_path(id: ObjectId) -> PathBuf {
    let text = id.to_string();
    let spread = &text[text.len() - 2..];
    PathBuf::from(spread).join(&text)
}

impl Objects {
    /// Opens or makes a folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(root: PathBuf) -> Result<Self, StoreError> {
        Ok(Self { place: Place::Folder(Folder::open(root)?) })
    }

    /// Objects in a bucket. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`StoreError::Server`] when there are no credentials for it, or its authorities' file cannot be read.
    pub fn bucket(place: &BucketPlace) -> Result<Self, StoreError> {
        Ok(Self { place: Place::Bucket(Arc::new(Bucket::open(place)?)) })
    }

    /// Which bucket it is, `s3://name/prefix`; `None` for a folder.
    #[must_use]
    pub fn bucket_name(&self) -> Option<String> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Bucket(bucket) => Some(bucket.name()),
        }
    }

    /// Removes what was on its way when the last process ended. Only for whoever holds the lock of the folder, before the
    /// first object begins. In a bucket others may be writing: there the sweeper does it, upload by upload.
    pub(crate) fn incoming_clear(&self) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.incoming_clear(),
            Place::Bucket(_) => Ok(()),
        }
    }

    /// Where an object lies, relative to the folder or behind the prefix.
    #[must_use]
    pub fn relative_path(id: ObjectId) -> PathBuf {
        relative_path(id)
    }

    /// The folder itself, when it is one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.root()),
            Place::Bucket(_) => None,
        }
    }

    /// Begins an object.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn create(&self, id: ObjectId) -> Result<ObjectWriter, StoreError> {
        let place = match &self.place {
            Place::Folder(folder) => WriterPlace::Folder(folder.create(id).await?),
            Place::Bucket(bucket) => WriterPlace::Bucket(Box::new(bucket.create(id))),
        };
        Ok(ObjectWriter { place })
    }

    /// Keeps whole objects, durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::ObjectExists`] when a name is taken; [`StoreError::FlushFailed`] when the disk refused. Some may be
    /// there then, and the caller removes them by their names.
    pub async fn keep_many(&self, objects: Vec<(ObjectId, Vec<u8>)>) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.keep_many(objects).await,
            Place::Bucket(_) => {
                let keep = |(id, bytes): (ObjectId, Vec<u8>)| async move {
                    let mut writer = self.create(id).await?;
                    writer.write(&bytes).await?;
                    writer.finish().await
                };
                futures_util::stream::iter(objects).map(keep).buffer_unordered(PUTS_AT_ONCE).try_collect().await
            }
        }
    }

    /// Opens an object for reading from `offset` (bytes of ciphertext) to its end.
    ///
    /// # Errors
    /// [`StoreError::ObjectMissing`] when it is not there.
    pub async fn read(&self, id: ObjectId, offset: u64) -> Result<ObjectReader, StoreError> {
        let place = match &self.place {
            Place::Folder(folder) => ReaderPlace::Folder(folder.read(id, offset).await?),
            Place::Bucket(bucket) => ReaderPlace::Bucket(bucket.read(id, offset).await?),
        };
        Ok(ObjectReader { place })
    }

    /// Some bytes of an object's ciphertext; fewer when it ends before.
    ///
    /// # Errors
    /// [`StoreError::ObjectMissing`] when it is not there.
    pub async fn read_range(&self, id: ObjectId, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.read_range(id, range).await,
            Place::Bucket(bucket) => bucket.read_range(id, range).await,
        }
    }

    /// All of a small object at once; `None` when it is larger than `bytes_max`.
    ///
    /// # Errors
    /// [`StoreError::ObjectMissing`] when it is not there.
    pub async fn read_all(&self, id: ObjectId, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.read_all(id, bytes_max).await,
            Place::Bucket(bucket) => bucket.read_all(id, bytes_max).await,
        }
    }

    /// The first `head_bytes` of an object, and what follows in pieces of `piece_bytes`, the last one shorter.
    ///
    /// # Errors
    /// [`StoreError::ObjectMissing`] when it is not there.
    pub async fn pieces(
        &self,
        id: ObjectId,
        head_bytes: usize,
        piece_bytes: usize,
    ) -> Result<(Vec<u8>, Pieces), StoreError> {
        let (head, place) = match &self.place {
            Place::Folder(folder) => {
                let (head, pieces) = folder.pieces(id, head_bytes, piece_bytes).await?;
                (head, PiecesPlace::Folder(pieces))
            }
            Place::Bucket(bucket) => {
                let (head, pieces) = bucket.pieces(id, head_bytes, piece_bytes).await?;
                (head, PiecesPlace::Bucket(pieces))
            }
        };
        Ok((head, Pieces { place }))
    }

    /// Size of the ciphertext in bytes; `None` when the object is not there.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn size_bytes(&self, id: ObjectId) -> Result<Option<u64>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.size_bytes(id).await,
            Place::Bucket(bucket) => bucket.size_bytes(id).await,
        }
    }

    /// Removes an object that no row names, and whatever of it was on its way. Absent is fine.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn remove_orphan(&self, id: ObjectId) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.remove_orphan(id).await,
            Place::Bucket(bucket) => bucket.remove_orphan(id).await,
        }
    }

    /// Every object that is there, by name.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn list(&self) -> Result<Vec<ObjectId>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.list(),
            Place::Bucket(bucket) => bucket.list().await,
        }
    }

    pub(crate) async fn half_create(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.half_create(name, bytes).await,
            Place::Bucket(bucket) => bucket.half_create(name, bytes).await,
        }
    }

    pub(crate) async fn half_fetch(&self, name: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.half_fetch(name, bytes_max).await,
            Place::Bucket(bucket) => bucket.half_fetch(name, bytes_max).await,
        }
    }

    pub(crate) async fn half_purge(&self, name: &str) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.half_purge(name).await,
            Place::Bucket(bucket) => bucket.half_purge(name).await,
        }
    }

    /// What the place says of itself that would keep a half. A folder says nothing: snapshots are its operator's to know.
    pub(crate) async fn halves_asked(&self) -> Result<&'static str, StoreError> {
        match &self.place {
            Place::Folder(_) => Ok(""),
            Place::Bucket(bucket) => bucket.halves_asked().await,
        }
    }

    /// Tries a bucket as a careful stranger would: writes a probe of random bytes under a name of its own, tries to
    /// overwrite it, removes it, and asks what the bucket keeps and who may read it. `None` for a folder.
    ///
    /// # Errors
    /// When it cannot be reached or refuses us.
    pub async fn bucket_look(&self, probe: [u8; 32]) -> Result<Option<BucketSeen>, StoreError> {
        match &self.place {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => bucket.look(probe).await.map(Some),
        }
    }
}

/// An object on its way. Dropped unfinished, it leaves nothing under its name.
#[derive(Debug)]
pub struct ObjectWriter {
    place: WriterPlace,
}

#[derive(Debug)]
enum WriterPlace {
    Folder(FolderWriter),
    Bucket(Box<BucketWriter>),
}

impl ObjectWriter {
    /// More ciphertext.
    ///
    /// # Errors
    /// When the system refuses (a full disk, for one).
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match &mut self.place {
            WriterPlace::Folder(writer) => writer.write(bytes).await,
            WriterPlace::Bucket(writer) => writer.write(bytes).await,
        }
    }

    /// More ciphertext, written by the calling thread, which must be one that may wait.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_here(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match &mut self.place {
            WriterPlace::Folder(writer) => writer.write_here(bytes),
            WriterPlace::Bucket(writer) => writer.write_here(bytes),
        }
    }

    /// Makes it durable under its name.
    ///
    /// # Errors
    /// [`StoreError::ObjectExists`] when the name is taken; [`StoreError::FlushFailed`] when the disk refused;
    /// [`StoreError::Bucket`] when the bucket did not say that it has it: then it is there in full or not at all.
    pub async fn finish(self) -> Result<(), StoreError> {
        match self.place {
            WriterPlace::Folder(writer) => writer.finish().await,
            WriterPlace::Bucket(writer) => writer.finish().await,
        }
    }
}

/// An object being read.
#[derive(Debug)]
pub struct ObjectReader {
    place: ReaderPlace,
}

#[derive(Debug)]
enum ReaderPlace {
    Folder(FolderReader),
    Bucket(BucketReader),
}

impl ObjectReader {
    /// Fills `buffer` as far as the object goes; how many bytes. 0 is the end.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StoreError> {
        match &mut self.place {
            ReaderPlace::Folder(reader) => reader.read(buffer).await,
            ReaderPlace::Bucket(reader) => reader.read(buffer).await,
        }
    }
}

/// An object that comes in pieces, each in a buffer of its own.
#[derive(Debug)]
pub struct Pieces {
    place: PiecesPlace,
}

#[derive(Debug)]
enum PiecesPlace {
    Folder(FolderPieces),
    Bucket(BucketPieces),
}

impl Pieces {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match &mut self.place {
            PiecesPlace::Folder(pieces) => pieces.next().await,
            PiecesPlace::Bucket(pieces) => pieces.next().await,
        }
    }
}
