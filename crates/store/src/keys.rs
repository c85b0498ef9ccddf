//! Wrapped keys: rows in, rows out. What they mean is vault's.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use vault::{EpochRow, HalfName, KeyChange, KeyRow, KeyRows, KeyTableState, WrappedKey};

/// Fact: an epoch was changed, and log and escrow, or its half, may still be there.
pub const EPOCH_DUE: &str = "epoch_due";

fn unwrapped(column: &'static str, bytes: Option<Vec<u8>>) -> Result<Option<WrappedKey>, StoreError> {
    bytes.map(|bytes| WrappedKey::from_bytes(&bytes).map_err(|_| StoreError::Column { column })).transpose()
}

fn half_named(row: &Row) -> Result<Option<HalfName>, StoreError> {
    let named = row.maybe_text("half")?;
    named.map(|text| text.parse().map_err(|_| StoreError::Column { column: "epoch_key.half" })).transpose()
}

impl Store {
    /// The whole key table, destroyed rows too.
    ///
    /// # Errors
    /// When the database cannot, or a row is damaged.
    pub async fn key_rows(&self) -> Result<KeyRows, StoreError> {
        let mut rows = KeyRows::default();
        let sql = "SELECT number, wrapped, half, created_at, destroyed_at FROM epoch_key ORDER BY number";
        for row in self.rows("read epoch keys", sql, binds![]).await? {
            rows.epochs.push(EpochRow {
                number: u32::try_from(row.int("number")?).map_err(|_| StoreError::Column { column: "number" })?,
                wrapped: unwrapped("epoch_key.wrapped", row.maybe_bytes("wrapped")?)?,
                half: half_named(&row)?,
                created_at: row.at("created_at")?,
                destroyed_at: row.maybe_at("destroyed_at")?,
            });
        }
        let sql = "SELECT name, wrapped, created_at, destroyed_at FROM owner_key ORDER BY name";
        for row in self.rows("read owners' keys", sql, binds![]).await? {
            rows.keys.push(KeyRow {
                name: row.word("name")?,
                wrapped: unwrapped("owner_key.wrapped", row.maybe_bytes("wrapped")?)?,
                created_at: row.at("created_at")?,
                destroyed_at: row.maybe_at("destroyed_at")?,
            });
        }
        Ok(rows)
    }
}

impl Tx {
    /// The first key rows of a new house.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_rows_begin(&mut self, rows: &KeyRows) -> Result<(), StoreError> {
        self.key_rows_put(&rows.epochs, &rows.keys).await
    }

    /// Writes a change, provided that the table is still in the state it was made from; 0 when it is not, and
    /// nothing was written.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_change(&mut self, change: &KeyChange) -> Result<u64, StoreError> {
        self.key_rows_replace(&change.made_from, (&change.epochs, &change.keys)).await
    }

    /// Writes these rows over those that have their numbers and names, provided that the table is still in this state; 0 when it
    /// is not, and nothing was written.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_rows_replace(
        &mut self,
        made_from: &KeyTableState,
        (epochs, keys): (&[EpochRow], &[KeyRow]),
    ) -> Result<u64, StoreError> {
        // The writer's lock is held from the beginning of the transaction: nobody else writes the table meanwhile.
        let row = self
            .row(
                "SELECT (SELECT COALESCE(MAX(number), 0) FROM epoch_key) AS newest, (SELECT COUNT(*) FROM owner_key) AS many",
                binds![],
            )
            .await?
            .ok_or(StoreError::Column { column: "epoch_key.number" })?;
        let found = KeyTableState {
            epoch_newest: u32::try_from(row.int("newest")?)
                .map_err(|_| StoreError::Column { column: "epoch_key.number" })?,
            key_rows: row.count("many")?,
        };
        if found != *made_from {
            return Ok(0);
        }
        self.key_rows_put(epochs, keys).await?;
        Ok(1)
    }

    /// The half of a destroyed epoch is gone.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn half_gone(&mut self, epoch: u32, half: HalfName) -> Result<u64, StoreError> {
        self.run(
            "UPDATE epoch_key SET half = NULL WHERE number = $1 AND half = $2 AND wrapped IS NULL",
            binds![epoch, half.to_string()],
        )
        .await
    }

    /// A change of the epoch begins, with this fact and what is to be told at its end. 0 when an earlier one has not ended.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn epoch_due_begin(&mut self, fact: &str, told: &str) -> Result<u64, StoreError> {
        self.run("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", binds![fact, told])
            .await
    }

    /// It has ended. 0 when somebody else has ended it, or when the half of an epoch that was destroyed since is still due.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn epoch_due_end(&mut self, fact: &str) -> Result<u64, StoreError> {
        self.run(
            "DELETE FROM meta WHERE name = $1 \
             AND NOT EXISTS (SELECT 1 FROM epoch_key WHERE wrapped IS NULL AND half IS NOT NULL)",
            binds![fact],
        )
        .await
    }

    async fn key_rows_put(&mut self, epochs: &[EpochRow], keys: &[KeyRow]) -> Result<(), StoreError> {
        for row in epochs {
            self.run(
                "INSERT INTO epoch_key (number, wrapped, half, created_at, destroyed_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (number) DO UPDATE \
                 SET wrapped = excluded.wrapped, half = excluded.half, destroyed_at = excluded.destroyed_at",
                binds![
                    row.number,
                    row.wrapped.as_ref().map(WrappedKey::to_bytes),
                    row.half.map(|half| half.to_string()),
                    row.created_at,
                    row.destroyed_at
                ],
            )
            .await?;
        }
        for row in keys {
            self.run(
                "INSERT INTO owner_key (name, wrapped, created_at, destroyed_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (name) DO UPDATE SET wrapped = excluded.wrapped, destroyed_at = excluded.destroyed_at",
                binds![
                    row.name.to_string(),
                    row.wrapped.as_ref().map(WrappedKey::to_bytes),
                    row.created_at,
                    row.destroyed_at
                ],
            )
            .await?;
        }
        Ok(())
    }
}
