//! Halves of epoch keys, where rows lie on a database server (docs/decisions/0027): small sealed things that lie beside the
//! objects and never come near the database. What they mean is vault's.
//!
//! What must always hold: a half is there in full before a row names it; one that was destroyed was looked for and not found.

use crate::{Objects, Store, StoreError};
use vault::{Half, HalfName, KeyRows, WrappedKey};

/// A half has 140 bytes.
const BYTES_MAX: u64 = 4096;

impl Objects {
    /// Lays a half in its place, durable when this returns. The same half may be there already.
    ///
    /// # Errors
    /// [`StoreError::ObjectExists`] when another one has its name.
    pub async fn half_put(&self, half: &Half) -> Result<(), StoreError> {
        let bytes = half.sealed.to_bytes();
        let done = self.half_create(&half.name.to_string(), bytes.clone()).await;
        if matches!(done, Err(StoreError::ObjectExists)) && self.half_bytes(half.name).await?.as_ref() == Some(&bytes) {
            return Ok(());
        }
        done
    }

    /// A half; `None` when it is not there.
    ///
    /// # Errors
    /// When the place cannot be read, or holds something else under its name.
    pub async fn half_read(&self, name: HalfName) -> Result<Option<Half>, StoreError> {
        let Some(bytes) = self.half_bytes(name).await? else { return Ok(None) };
        let sealed = WrappedKey::from_bytes(&bytes).map_err(|_| StoreError::Column { column: "a half" })?;
        Ok(Some(Half { name, sealed }))
    }

    async fn half_bytes(&self, name: HalfName) -> Result<Option<Vec<u8>>, StoreError> {
        self.half_fetch(&name.to_string(), BYTES_MAX).await
    }

    /// Destroys a half: nothing of it is to be found afterwards, in no version. Absent is fine.
    ///
    /// # Errors
    /// [`StoreError::Stays`] when something of it stays.
    pub async fn half_destroy(&self, name: HalfName) -> Result<(), StoreError> {
        self.half_purge(&name.to_string()).await
    }

    /// What stands in the way of destroying halves here, in words; empty when nothing does. Lays a probe of random bytes and
    /// destroys it.
    ///
    /// # Errors
    /// When the place cannot be asked.
    pub async fn halves_hindered(&self, probe: [u8; 32]) -> Result<&'static str, StoreError> {
        let hindered = self.halves_asked().await?;
        if !hindered.is_empty() {
            return Ok(hindered);
        }
        let name = format!("probe_{}", data_encoding::HEXLOWER.encode(&probe[..16]));
        match self.half_create(&name, probe.to_vec()).await {
            // Left over from a time that was stopped in the middle of it.
            Ok(()) | Err(StoreError::ObjectExists) => {}
            Err(error) => return Err(error),
        }
        match self.half_purge(&name).await {
            Ok(()) => Ok(""),
            Err(StoreError::Stays) => Ok(PROBE_STAYS),
            Err(error) => Err(error),
        }
    }
}

const PROBE_STAYS: &str = "What is removed from the bucket stays there: its versions cannot be listed or removed by us. Allow \
    s3:ListBucketVersions and s3:DeleteObjectVersion, and turn MFA delete and retention off for the halves of epoch keys.";

impl Store {
    /// The halves that live epochs need and that are there.
    ///
    /// # Errors
    /// When their place cannot be read.
    pub async fn halves_of(&self, rows: &KeyRows) -> Result<Vec<Half>, StoreError> {
        let mut halves = Vec::new();
        for name in rows.halves_needed() {
            halves.extend(self.objects().half_read(name).await?);
        }
        Ok(halves)
    }
}
