//! Carrying a stopped house's objects from its folder into a bucket, from one bucket into another, or back.
//!
//! What must always hold: nothing is removed where it lay, and nothing overwritten where it comes to lie; every object is
//! read back and compared by its size and its SHA-256; only when all of them are there does the house know the new
//! place. So it can be stopped at any moment and begun again. Halves of epoch keys are the exception: they are moved, for
//! one that stayed where it lay would open what is destroyed later.

use crate::database::OBJECTS_AT;
use crate::keys::EPOCH_DUE;
use crate::{BucketPlace, Objects, Store, StoreError};
use futures_util::{StreamExt as _, TryStreamExt as _};
use record::digest::Hasher;
use record::{ObjectId, Sha256};
use vault::HalfName;

/// Objects that are on their way at once.
const AT_ONCE: usize = 8;
/// Bytes that are read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// How far the carrying is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectsCarried {
    /// Objects that there are.
    pub all: u64,
    /// Of them, those that are known to be there as they were.
    pub done: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of them, those that were copied now; the others were there already.
    pub copied: u64,
}

/// One object that is there as it was.
struct Carried {
    bytes: u64,
    was_copied: bool,
}

impl Store {
    /// Which bucket this house has its objects in; `None` when they lie in the folder.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn objects_at(&self) -> Result<Option<String>, StoreError> {
        self.meta_fetch(OBJECTS_AT).await
    }

    /// Carries all objects from where they lie to a bucket, or (`None`) to the folder. `source` is how the bucket is
    /// reached that has them now, if one has. `told` hears of every object.
    ///
    /// # Errors
    /// [`StoreError::Server`] when they lie there already, when the bucket that has them is not the one that was named,
    /// or when another object lies under the name of one of them. What was copied stays, and the house stays where it was.
    pub async fn objects_carry(
        &self,
        source: Option<&BucketPlace>,
        to: Option<&BucketPlace>,
        mut told: impl FnMut(&ObjectsCarried),
    ) -> Result<ObjectsCarried, StoreError> {
        let refused = |why: &str| Err(StoreError::Server(why.to_owned()));
        let (kept, wanted) = (self.objects_at().await?, to.map(ToString::to_string));
        if kept == wanted {
            return refused("the objects of this house lie there already");
        }
        let folder = || Objects::open(self.dir().join("objects"));
        let from = match (&kept, source) {
            (None, _) => folder()?,
            (Some(kept), Some(source)) if *kept == source.to_string() => Objects::bucket(source)?,
            (Some(kept), _) => {
                return refused(&format!(
                    "the objects of this house lie in {kept}; name it as objects in the configuration"
                ));
            }
        };
        let to = match to {
            Some(place) => Objects::bucket(place)?,
            None => folder()?,
        };
        let rows = self.key_rows().await?;
        // A half that is still to be destroyed is looked for where the house knows its objects; it would stay behind.
        if !rows.halves_due().is_empty() || self.meta_fetch(EPOCH_DUE).await?.is_some() {
            return refused(
                "an earlier change of the keys is not finished: start the house once more, then carry its objects",
            );
        }
        let halves = rows.halves_needed();
        for place in [&from, &to] {
            for half in &halves {
                half_movable(place, *half).await?;
            }
        }
        let all = from.list().await?;
        let mut carried = ObjectsCarried { all: all.len() as u64, ..ObjectsCarried::default() };
        let mut coming =
            futures_util::stream::iter(all).map(|id| object_carry(&from, &to, id)).buffer_unordered(AT_ONCE);
        while let Some(one) = coming.try_next().await? {
            carried.done += 1;
            carried.bytes += one.bytes;
            carried.copied += u64::from(one.was_copied);
            told(&carried);
        }
        for half in halves {
            half_move(&from, &to, half).await?;
        }
        // If we die here: all of it is there, the house is where it was, and the next time finds nothing to copy. A half
        // that has gone over is not found where the house looks for it, so the house does not open until it is run again.
        self.objects_moved_to(wanted.as_deref()).await?;
        Ok(carried)
    }
}

async fn half_movable(place: &Objects, half: HalfName) -> Result<(), StoreError> {
    match place.halves_hindered(*Sha256::of(half.to_string().as_bytes()).as_bytes()).await? {
        "" => Ok(()),
        hindered => Err(StoreError::Server(hindered.to_owned())),
    }
}

/// Moves a half: it is there, read back, before it goes where it lay.
async fn half_move(from: &Objects, to: &Objects, name: HalfName) -> Result<(), StoreError> {
    let found = match from.half_read(name).await {
        // What a removal that died left of it; the half itself has gone over by then.
        Err(StoreError::Column { .. }) => None,
        found => found?,
    };
    if let Some(half) = found {
        to.half_put(&half).await?;
        if to.half_read(name).await?.as_ref() != Some(&half) {
            return Err(StoreError::Server("a half of an epoch key arrived otherwise than it left".to_owned()));
        }
        return from.half_destroy(name).await;
    }
    if to.half_read(name).await?.is_none() {
        return Err(StoreError::ObjectMissing);
    }
    // Versions of it, or what a removal left half way, may be there still.
    from.half_destroy(name).await
}

async fn object_carry(from: &Objects, to: &Objects, id: ObjectId) -> Result<Carried, StoreError> {
    let was_copied = to.size_bytes(id).await?.is_none();
    let left = if was_copied {
        // Left over from a time that was stopped in the middle of it.
        to.remove_orphan(id).await?;
        object_copy(from, to, id).await?
    } else {
        object_measure(from, id).await?
    };
    let arrived = object_measure(to, id).await?;
    if left != arrived {
        return Err(StoreError::Server(format!(
            "{id} lies there otherwise than here; nothing was overwritten, and the house stays where it was"
        )));
    }
    Ok(Carried { bytes: left.0, was_copied })
}

/// Copies an object; its size and digest as they were read.
async fn object_copy(from: &Objects, to: &Objects, id: ObjectId) -> Result<(u64, Sha256), StoreError> {
    let (mut reader, mut writer) = (from.read(id, 0).await?, to.create(id).await?);
    let (mut hasher, mut bytes, mut buffer) = (Hasher::default(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
        writer.write(&buffer[..read]).await?;
    }
    writer.finish().await?;
    Ok((bytes, hasher.finish()))
}

async fn object_measure(objects: &Objects, id: ObjectId) -> Result<(u64, Sha256), StoreError> {
    let mut reader = objects.read(id, 0).await?;
    let (mut hasher, mut bytes, mut buffer) = (Hasher::default(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            return Ok((bytes, hasher.finish()));
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
}
