//! Wrapped keys. What is in a row is vault's; here it is text that came from it.

use crate::binds::binds;
use crate::{Store, StoreError, Tx};
use record::Timestamp;

/// An epoch key, wrapped by the root key.
#[derive(Debug, Clone)]
pub struct EpochKeyRow {
    /// Name of the epoch.
    pub epoch: String,
    /// As vault writes it.
    pub json: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// An owner's key, wrapped by an epoch key.
#[derive(Debug, Clone)]
pub struct OwnerKeyRow {
    /// `cus_…` or `operator`.
    pub owner: String,
    /// What it is for.
    pub class: String,
    /// Counts up with each rotation.
    pub version: u32,
    /// As vault writes it.
    pub json: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was shredded.
    pub destroyed_at: Option<Timestamp>,
}

impl Store {
    /// All epoch keys.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn epoch_key_list(&self) -> Result<Vec<EpochKeyRow>, StoreError> {
        let rows = self
            .rows(
                "list epoch keys",
                "SELECT epoch_id, row_json, created_at, destroyed_at FROM epoch_key ORDER BY created_at, epoch_id",
                binds![],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(EpochKeyRow {
                    epoch: row.text("epoch_id")?,
                    json: row.text("row_json")?,
                    created_at: row.at("created_at")?,
                    destroyed_at: row.maybe_at("destroyed_at")?,
                })
            })
            .collect()
    }

    /// All owners' keys.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn owner_key_list(&self) -> Result<Vec<OwnerKeyRow>, StoreError> {
        let rows = self
            .rows(
                "list owners' keys",
                "SELECT owner, class, version, row_json, created_at, destroyed_at FROM owner_key ORDER BY owner, class, version",
                binds![],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(OwnerKeyRow {
                    owner: row.text("owner")?,
                    class: row.text("class")?,
                    version: u32::try_from(row.int("version")?)
                        .map_err(|_| StoreError::Column { column: "version" })?,
                    json: row.text("row_json")?,
                    created_at: row.at("created_at")?,
                    destroyed_at: row.maybe_at("destroyed_at")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Keeps an epoch key, in place of what stood there.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn epoch_key_put(&mut self, new: &EpochKeyRow) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO epoch_key (epoch_id, row_json, created_at, destroyed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (epoch_id) DO UPDATE SET row_json = excluded.row_json, destroyed_at = excluded.destroyed_at",
            binds![&new.epoch, &new.json, new.created_at, new.destroyed_at],
        )
        .await
        .map(|_| ())
    }

    /// Keeps an owner's key, in place of what stood there.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn owner_key_put(&mut self, new: &OwnerKeyRow) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO owner_key (owner, class, version, row_json, created_at, destroyed_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (owner, class, version) DO UPDATE SET row_json = excluded.row_json, destroyed_at = excluded.destroyed_at",
            binds![&new.owner, &new.class, new.version, &new.json, new.created_at, new.destroyed_at],
        )
        .await
        .map(|_| ())
    }
}
