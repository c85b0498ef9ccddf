//! Opening the database, its migrations, its transactions.
//!
//! One connection writes and a few read. A writing transaction takes the lock when it begins; a reading
//! one never waits for it (write-ahead log). `DIR/lock` keeps a second process out.

use crate::binds::{Row, Value, query};
use crate::{Objects, StoreError, dialect};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Executor as _, Sqlite};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Migrations go forward only; each has one purpose and says why in its first line.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../migrations/0001_initial.sql"))];

/// Readers at once. More do not help on two cores.
const READERS: u32 = 6;

/// Where the store lies.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The data folder: `strongroom.db`, `objects/`, `lock`.
    pub dir: PathBuf,
    /// May it be made when it is not there.
    pub create: bool,
}

/// The database and the objects; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: SqlitePool,
    readers: SqlitePool,
    objects: Objects,
    dir: PathBuf,
    // Held for as long as the store is open; the system lets go of it when the process dies.
    _lock: File,
}

/// A writing transaction. Dropped without `commit`, it leaves nothing.
pub struct Tx {
    tx: sqlx::Transaction<'static, Sqlite>,
    doing: &'static str,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join("lock"))
        .map_err(StoreError::object("open the lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| StoreError::Locked)?;
    Ok(file)
}

impl Store {
    /// Opens the folder, takes its lock, brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it; [`StoreError::Folder`] when it is not there and may not
    /// be made, or is readable by others.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let dir = options.dir;
        if !dir.join("strongroom.db").exists() {
            if !options.create {
                return Err(StoreError::Folder("there is no strongroom in this folder; run init first".to_owned()));
            }
            private_folder(&dir)?;
        }
        let lock = lock(&dir)?;
        let path = dir.join("strongroom.db");
        let connect = dialect::sqlite(&path);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(connect.clone())
            .await
            .map_err(StoreError::database("open the database"))?;
        close_to_others(&path)?;
        migrate(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(connect.pragma("query_only", "ON"))
            .await
            .map_err(StoreError::database("open the database for reading"))?;
        let objects = Objects::open(dir.join("objects"))?;
        Ok(Self { inner: Arc::new(Inner { writer, readers, objects, dir, _lock: lock }) })
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// The sealed objects.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.inner.objects
    }

    /// Begins a writing transaction. `doing` names it in errors.
    ///
    /// # Errors
    /// When the writer cannot be had within the busy time.
    pub async fn begin(&self, doing: &'static str) -> Result<Tx, StoreError> {
        let tx = self.inner.writer.begin_with(dialect::BEGIN_WRITE).await.map_err(StoreError::database(doing))?;
        Ok(Tx { tx, doing })
    }

    /// Rows, read outside any writing transaction.
    pub(crate) async fn rows(
        &self,
        doing: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = query(doing, sql.into(), values)?
            .fetch_all(&self.inner.readers)
            .await
            .map_err(StoreError::database(doing))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The first row, if any.
    pub(crate) async fn row(
        &self,
        doing: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        let row = query(doing, sql.into(), values)?
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(StoreError::database(doing))?;
        Ok(row.map(Row))
    }

    /// The first row of a text that only the writer may run, outside a transaction.
    pub(crate) async fn write_row(
        &self,
        doing: &'static str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        let row = query(doing, sql.to_owned(), values)?
            .fetch_optional(&self.inner.writer)
            .await
            .map_err(StoreError::database(doing))?;
        Ok(row.map(Row))
    }

    /// Empties the write-ahead log, after keys were destroyed or before a copy of the file is taken.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.inner
            .writer
            .execute(dialect::CHECKPOINT)
            .await
            .map(|_| ())
            .map_err(StoreError::database("empty the write-ahead log"))
    }

    /// Lets the database write a consistent copy of itself to `path` (which must not exist).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn copy_database(&self, path: &Path) -> Result<(), StoreError> {
        let doing = "copy the database";
        let text = path.to_str().ok_or_else(|| StoreError::Folder("the path is not UTF-8".to_owned()))?;
        query(doing, "VACUUM INTO $1".to_owned(), vec![Value::from(text)])?
            .execute(&self.inner.writer)
            .await
            .map(|_| ())
            .map_err(StoreError::database(doing))
    }

    /// Closes all connections. Called once at the end; nothing is lost without it.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }
}

impl Tx {
    /// Makes all of it durable, or none.
    ///
    /// # Errors
    /// When the database cannot; then whether it happened must be read back.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(StoreError::database(self.doing))
    }

    /// Runs a text; how many rows it changed.
    pub(crate) async fn run(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<u64, StoreError> {
        let done = query(self.doing, sql.into(), values)?
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::database(self.doing))?;
        Ok(done.rows_affected())
    }

    /// Rows, as this transaction sees them.
    pub(crate) async fn rows(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = query(self.doing, sql.into(), values)?
            .fetch_all(&mut *self.tx)
            .await
            .map_err(StoreError::database(self.doing))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The first row, as this transaction sees it.
    pub(crate) async fn row(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        let row = query(self.doing, sql.into(), values)?
            .fetch_optional(&mut *self.tx)
            .await
            .map_err(StoreError::database(self.doing))?;
        Ok(row.map(Row))
    }
}

/// A folder that only its owner may enter.
fn private_folder(dir: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(StoreError::object("make the data folder"))
}

fn close_to_others(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(StoreError::object("close the database file to others"))
}

async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let doing = "bring the schema up to date";
    pool.execute("CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)")
        .await
        .map_err(StoreError::database(doing))?;
    for (number, sql) in MIGRATIONS {
        let mut tx = pool.begin_with(dialect::BEGIN_WRITE).await.map_err(StoreError::database(doing))?;
        let there = sqlx::query("SELECT number FROM migration WHERE number = $1")
            .bind(number)
            .fetch_optional(&mut *tx)
            .await
            .map_err(StoreError::database(doing))?;
        if there.is_none() {
            sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(StoreError::database(doing))?;
            sqlx::query("INSERT INTO migration (number) VALUES ($1)")
                .bind(number)
                .execute(&mut *tx)
                .await
                .map_err(StoreError::database(doing))?;
        }
        tx.commit().await.map_err(StoreError::database(doing))?;
    }
    Ok(())
}
