//! What backups, restores, key rotation and the ledger's verifier ask of the rows.
//!
//! What must always hold: a copy of the database that goes into a backup holds no key row when it is handed on;
//! a sealed column is put in the place of exactly the one that was read, or not at all.

use crate::binds::{Row, Statement, Value, binds};
use crate::ledger_log::StoredEntry;
use crate::scope::Condition;
use crate::{Store, StoreError, Tx, dialect};
use ledger::Head;
use record::{
    BreakGlassId, CustomerId, DocumentId, ObjectId, PatientId, RelatedPersonId, ResourceId, Sha256, Timestamp,
};
use sqlx::Executor as _;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use std::path::Path;

/// Named touches that are looked for by one text.
const TOUCHES_AT_ONCE: usize = 64;

/// A copy that [`Store::copy_database`] wrote, before it is sealed into a backup. Not for work.
pub struct DatabaseCopy {
    pool: SqlitePool,
}

impl std::fmt::Debug for DatabaseCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseCopy(..)")
    }
}

/// Objects that one version names.
#[derive(Debug, Clone)]
pub struct VersionObjects {
    /// Where the next page goes on.
    pub place: (DocumentId, u32),
    /// The file as it came.
    pub original: ObjectId,
    /// SHA-256 of its ciphertext, as the version's row has it.
    pub original_digest: Vec<u8>,
    /// The text found in it.
    pub text: Option<ObjectId>,
}

impl DatabaseCopy {
    /// Opens a copy. Nothing is written beside it: its journal is kept in memory.
    ///
    /// # Errors
    /// When it is not there or is no database.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(dialect::sqlite_copy(path))
            .await
            .map_err(StoreError::database("open a copy of the database"))?;
        Ok(Self { pool })
    }

    async fn rows(&self, doing: &'static str, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = Statement::new(doing, sql.to_owned(), values)?
            .query()
            .fetch_all(&self.pool)
            .await
            .map_err(StoreError::database(doing))?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    /// Takes every key row out, and what only lives for hours: sessions, tokens and ceremonies. Deleted bytes are
    /// overwritten with zeros (`secure_delete`).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn strip(&self) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM epoch_key",
            "DELETE FROM owner_key",
            "DELETE FROM session",
            "DELETE FROM ceremony",
            "DELETE FROM program_token",
        ] {
            self.pool.execute(sql).await.map_err(StoreError::database("take the keys out of a copy"))?;
        }
        Ok(())
    }

    /// The ledger's head in this copy.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn ledger_head(&self) -> Result<Head, StoreError> {
        let doing = "read the copy's ledger";
        let rows = self.rows(doing, "SELECT size, root FROM ledger_head WHERE ledger = 'main'", binds![]).await?;
        let row = rows.first().ok_or(StoreError::Column { column: "ledger_head.size" })?;
        let root = row.bytes("root")?.try_into().map_err(|_| StoreError::Column { column: "root" })?;
        Ok(Head { size: row.count("size")?, root: Sha256::from_bytes(root) })
    }

    /// The hashes of one lowest tile, one after the other; empty when there is none.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaf_tile(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        let n = i64::try_from(index).unwrap_or(i64::MAX);
        let sql = "SELECT hashes FROM ledger_tile WHERE level = 0 AND n = $1";
        let rows = self.rows("read the copy's tiles", sql, binds![n]).await?;
        rows.first().map_or_else(|| Ok(Vec::new()), |row| row.bytes("hashes"))
    }

    /// A page of versions with the objects they name, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn object_page(
        &self,
        after: Option<(DocumentId, u32)>,
        limit: u32,
    ) -> Result<Vec<VersionObjects>, StoreError> {
        let (sql, values) = object_page_sql(after, limit);
        self.rows("page through the copy's objects", sql, values).await?.iter().map(version_objects).collect()
    }

    /// Closes it, all written.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

fn object_page_sql(after: Option<(DocumentId, u32)>, limit: u32) -> (&'static str, Vec<Value>) {
    let (document, version) = after.map_or((String::new(), 0), |(id, version)| (id.to_string(), i64::from(version)));
    let sql = "SELECT document_id, version, original_object, original_digest, text_object FROM document_version \
               WHERE document_id > $1 OR (document_id = $1 AND version > $2) ORDER BY document_id, version LIMIT $3";
    (sql, binds![document, version, limit])
}

fn version_objects(row: &Row) -> Result<VersionObjects, StoreError> {
    let version = u32::try_from(row.int("version")?).map_err(|_| StoreError::Column { column: "version" })?;
    Ok(VersionObjects {
        place: (row.word("document_id")?, version),
        original: row.word("original_object")?,
        original_digest: row.bytes("original_digest")?,
        text: row.maybe_word("text_object")?,
    })
}

/// A column that is sealed under a customer's records key and not beside a version's wrapped keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealedColumn {
    /// A patient's name and numbers.
    PatientBody,
    /// What is known of a guardian or guarantor.
    RelatedBody,
    /// What is known of a document.
    DocumentBody,
    /// Why a document is held, withdrawn or moved.
    DocumentReason,
    /// What a file was called.
    VersionFileName,
    /// What was found in a file: the manifest.
    VersionBody,
    /// Why a glass was broken.
    BreakGlassReason,
    /// What its review found.
    BreakGlassNote,
}

impl SealedColumn {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::PatientBody,
        Self::RelatedBody,
        Self::DocumentBody,
        Self::DocumentReason,
        Self::VersionFileName,
        Self::VersionBody,
        Self::BreakGlassReason,
        Self::BreakGlassNote,
    ];

    /// Table, column, the row's id, and its number within the id where there is one.
    const fn place(self) -> (&'static str, &'static str, &'static str, Option<&'static str>) {
        match self {
            Self::PatientBody => ("patient", "body", "patient_id", None),
            Self::RelatedBody => ("related_person", "body", "related_id", None),
            Self::DocumentBody => ("document", "body", "document_id", None),
            Self::DocumentReason => ("document", "reason", "document_id", None),
            Self::VersionFileName => ("document_version", "file_name", "document_id", Some("version")),
            Self::VersionBody => ("document_version", "body", "document_id", Some("version")),
            Self::BreakGlassReason => ("break_glass", "reason", "break_glass_id", None),
            Self::BreakGlassNote => ("break_glass", "note", "break_glass_id", None),
        }
    }
}

/// One sealed value and where it stands.
#[derive(Debug, Clone)]
pub struct SealedRow {
    /// Whose row.
    pub id: ResourceId,
    /// Which of them; 0 where there is one.
    pub number: u32,
    /// As it is sealed.
    pub sealed: Vec<u8>,
}

fn sealed_id(column: SealedColumn, text: &str) -> Result<ResourceId, StoreError> {
    let wrong = || StoreError::Column { column: column.place().2 };
    Ok(match column {
        SealedColumn::PatientBody => text.parse::<PatientId>().map_err(|_| wrong())?.into(),
        SealedColumn::RelatedBody => text.parse::<RelatedPersonId>().map_err(|_| wrong())?.into(),
        SealedColumn::BreakGlassReason | SealedColumn::BreakGlassNote => {
            text.parse::<BreakGlassId>().map_err(|_| wrong())?.into()
        }
        _ => text.parse::<DocumentId>().map_err(|_| wrong())?.into(),
    })
}

/// An entry with the columns that repeat its clear header.
#[derive(Debug, Clone)]
pub struct EntryColumns {
    /// Place and leaf.
    pub stored: StoredEntry,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: String,
    /// Whose PHI.
    pub customer: Option<CustomerId>,
    /// What.
    pub action: String,
    /// How it ended.
    pub outcome: String,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Store {
    /// A page of a sealed column of one customer, after a given row.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn sealed_page(
        &self,
        customer: CustomerId,
        column: SealedColumn,
        after: Option<(ResourceId, u32)>,
        limit: u32,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let (table, name, id, numbered) = column.place();
        let (after_id, after_number) =
            after.map_or((String::new(), 0), |(id, number)| (id.to_string(), i64::from(number)));
        let (from, place, whose) = match numbered {
            Some(_) => (
                "document_version JOIN document ON document.document_id = document_version.document_id",
                "document_version.version",
                "document.customer_id",
            ),
            None => (table, "0", "customer_id"),
        };
        let sql = format!(
            "SELECT {table}.{id} AS id, {place} AS number, {table}.{name} AS sealed FROM {from} \
             WHERE {whose} = $1 AND {table}.{name} IS NOT NULL \
             AND ({table}.{id} > $2 OR ({table}.{id} = $2 AND {place} > $3)) ORDER BY id, number LIMIT $4"
        );
        let rows =
            self.rows("page through a sealed column", sql, binds![customer, after_id, after_number, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(SealedRow {
                    id: sealed_id(column, &row.text("id")?)?,
                    number: u32::try_from(row.int("number")?).map_err(|_| StoreError::Column { column: "version" })?,
                    sealed: row.bytes("sealed")?,
                })
            })
            .collect()
    }

    /// A page of all versions with the objects they name, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn object_page(
        &self,
        after: Option<(DocumentId, u32)>,
        limit: u32,
    ) -> Result<Vec<VersionObjects>, StoreError> {
        let (sql, values) = object_page_sql(after, limit);
        self.rows("page through objects", sql, values).await?.iter().map(version_objects).collect()
    }

    /// Entries from an index on, with the columns that repeat their headers: for the verifier.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entry_columns(&self, from: u64, limit: u32) -> Result<Vec<EntryColumns>, StoreError> {
        let sql = "SELECT idx, leaf, at, principal, customer_id, action, outcome FROM ledger_entry \
                   WHERE idx >= $1 ORDER BY idx LIMIT $2";
        let rows = self.rows("read entries to verify", sql, binds![number(from), limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(EntryColumns {
                    stored: StoredEntry { index: row.count("idx")?, leaf: row.bytes("leaf")? },
                    at: row.at("at")?,
                    principal: row.text("principal")?,
                    // A word that is no customer's id is a disagreement like any other, and no reason to stop reading.
                    customer: row.maybe_text("customer_id")?.and_then(|text| text.parse().ok()),
                    action: row.text("action")?,
                    outcome: row.text("outcome")?,
                })
            })
            .collect()
    }

    /// How many of these (thing, entry) pairs the index "which entries name which thing" holds.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn touches_found(&self, touches: &[(ResourceId, u64)]) -> Result<u64, StoreError> {
        let mut found = 0;
        for some in touches.chunks(TOUCHES_AT_ONCE) {
            let mut condition = Condition::default();
            let pairs: Vec<String> = some
                .iter()
                .map(|(id, index)| {
                    let id = condition.place(*id);
                    let index = condition.place(number(*index));
                    format!("({id}, {index})")
                })
                .collect();
            let sql = format!(
                "SELECT COUNT(*) AS many FROM ledger_touch WHERE (resource_id, idx) IN (VALUES {})",
                pairs.join(", ")
            );
            let row = self.row("find what entries name", sql, condition.values).await?;
            found += row.map_or(Ok(0), |row| row.count("many"))?;
        }
        Ok(found)
    }

    /// How many (thing, entry) pairs there are for entries before `size`.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn touches_count(&self, size: u64) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM ledger_touch WHERE idx < $1";
        let row = self.row("count what entries name", sql, binds![number(size)]).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }

    /// How many entries the ledger's head states.
    ///
    /// # Errors
    /// When the database cannot, or there is no ledger.
    pub async fn ledger_size(&self) -> Result<u64, StoreError> {
        let sql = "SELECT size FROM ledger_head WHERE ledger = 'main'";
        let row = self.row("read the ledger's size", sql, binds![]).await?;
        row.map_or_else(|| Err(StoreError::Column { column: "ledger_head.size" }), |row| row.count("size"))
    }

    /// The bytes of one hash tile as they are stored, whatever they are: for the verifier.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn tile_bytes(&self, id: ledger::TileId) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT hashes FROM ledger_tile WHERE level = $1 AND n = $2";
        let row = self.row("read a tile", sql, binds![u32::from(id.level), number(id.index)]).await?;
        row.map(|row| row.bytes("hashes")).transpose()
    }

    /// A page of kept checkpoints, smallest first, after a given size.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_page(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
        let after = after.map_or(-1, number);
        let sql = "SELECT size, note FROM ledger_checkpoint WHERE size > $1 ORDER BY size LIMIT $2";
        let rows = self.rows("page through checkpoints", sql, binds![after, limit]).await?;
        rows.iter().map(|row| Ok((row.count("size")?, row.text("note")?))).collect()
    }

    /// When the newest kept checkpoint was kept.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_last_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1";
        let row = self.row("find when a checkpoint was kept", sql, binds![]).await?;
        row.map(|row| row.at("at")).transpose()
    }

    /// Are deleted rows overwritten.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn deletes_securely(&self) -> Result<bool, StoreError> {
        let row = self.row("ask how rows are deleted", dialect::SECURE_DELETE, binds![]).await?;
        row.map_or(Ok(false), |row| Ok(row.int("secure_delete")? == 1))
    }

    /// Empties the write-ahead log, and is an error when a reader kept it in use: then old pages are still in it.
    ///
    /// # Errors
    /// When the database cannot, or not within the busy time.
    pub async fn flush_surely(&self) -> Result<(), StoreError> {
        // The first column says whether somebody was in the way.
        let row = self.write_row("empty the write-ahead log", dialect::CHECKPOINT, binds![]).await?;
        match row.map(|row| row.int("busy")).transpose()? {
            Some(0) => Ok(()),
            _ => Err(StoreError::Folder("the write-ahead log is in use; try again in a moment".to_owned())),
        }
    }

    /// Size of the database with its write-ahead log, bytes.
    #[must_use]
    pub fn database_bytes(&self) -> u64 {
        let of = |name: &str| std::fs::metadata(self.dir().join(name)).map_or(0, |meta| meta.len());
        of("strongroom.db") + of("strongroom.db-wal")
    }

    /// Size of the write-ahead log, bytes. 0 after it was emptied.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.dir().join("strongroom.db-wal")).map_or(0, |meta| meta.len())
    }
}

impl Tx {
    /// Puts a sealed value in the place of exactly the one that was read; 0 when it has changed meanwhile.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn sealed_replace(
        &mut self,
        column: SealedColumn,
        was: &SealedRow,
        now: Vec<u8>,
    ) -> Result<u64, StoreError> {
        let (table, name, id, numbered) = column.place();
        let which = numbered.map_or_else(|| "$4 = 0".to_owned(), |number| format!("{number} = $4"));
        // Whoever read the document before and writes it after must not bring the old value back.
        let counted = if table == "document" { ", revision = revision + 1" } else { "" };
        let sql = format!("UPDATE {table} SET {name} = $1{counted} WHERE {id} = $2 AND {name} = $3 AND {which}");
        let whose = Value::Whose(was.id.to_string());
        self.run(sql, vec![now.into(), whose, was.sealed.clone().into(), was.number.into()]).await
    }

    /// Forgets a fact about this installation.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn meta_remove(&mut self, name: &str) -> Result<u64, StoreError> {
        self.run("DELETE FROM meta WHERE name = $1", binds![name]).await
    }

    /// What must not come back to life with a restored database: sessions, ceremonies, open invitations, and the
    /// checkpoints of the ledger under its old name.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn restored_clear(&mut self, now: Timestamp) -> Result<(), StoreError> {
        for sql in ["DELETE FROM session", "DELETE FROM ceremony", "DELETE FROM ledger_checkpoint"] {
            self.run(sql, binds![]).await?;
        }
        let sql = "UPDATE invitation SET expires_at = $1 WHERE used_at IS NULL AND expires_at > $1";
        self.run(sql, binds![now]).await.map(|_| ())
    }
}
