//! Opening the database, its migrations, its transactions.
//!
//! One connection writes and a few read. A writing transaction takes the lock when it begins; a reading
//! one never waits for it (write-ahead log). `DIR/lock` keeps a second process out.

use crate::binds::{Row, Value, query};
use crate::lanes::{Lane, Lanes};
use crate::{Objects, StoreError, dialect};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Migrations go forward only; each has one purpose and says why in its first line. Their numbers count up.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/0001_initial.sql")),
    (2, include_str!("../migrations/0002_kept_lists.sql")),
    (3, include_str!("../migrations/0003_key_shred.sql")),
    (5, include_str!("../migrations/0005_family.sql")),
    (6, include_str!("../migrations/0006_requests_and_equal_files.sql")),
];

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
    writer: Arc<Lanes>,
    readers: Arc<Lanes>,
    objects: Objects,
    dir: PathBuf,
    broken: Arc<AtomicBool>,
    asked: AtomicU64,
    // Held for as long as the store is open; the system lets go of it when the process dies.
    _lock: File,
}

/// A writing transaction. Dropped without `commit`, it leaves nothing.
pub struct Tx {
    /// Taken out when it is over: committed, or never begun.
    lane: Option<Lane>,
    doing: &'static str,
    broken: Arc<AtomicBool>,
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
        .mode(0o600)
        .open(dir.join("lock"))
        .map_err(StoreError::object("open the lock"))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Locked),
        // A file system that has no locks, for one: saying "locked" would send somebody looking for a process.
        Err(error) => Err(StoreError::Object { doing: "take the lock", source: error.into() }),
    }
}

impl Store {
    /// Opens the folder, takes its lock, brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it; [`StoreError::Folder`] when it is not there and may not
    /// be made, is readable by others, or was written by a newer program.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let dir = options.dir;
        let path = dir.join("strongroom.db");
        if !path.exists() {
            if !options.create {
                return Err(StoreError::Folder("there is no strongroom in this folder; run init first".to_owned()));
            }
            private_folder(&dir)?;
        }
        closed_to_others(&dir)?;
        let lock = lock(&dir)?;
        // Made here and not by the engine, so that neither it nor the log beside it is ever open to others.
        private_file(&path)?;
        let connect = dialect::sqlite(&path);
        let writer = Lanes::open(connect.clone(), 1).await.map_err(StoreError::database("open the database"))?;
        let mut lane = writer.take().await.map_err(StoreError::database("open the database"))?;
        migrate(&mut lane, MIGRATIONS).await?;
        drop(lane);
        let readers = Lanes::open(connect.pragma("query_only", "ON"), READERS)
            .await
            .map_err(StoreError::database("open the database for reading"))?;
        let objects = Objects::open(dir.join("objects"))?;
        // The lock is ours, so whatever was on its way when the last process ended will never arrive.
        objects.incoming_clear()?;
        let broken = Arc::default();
        let asked = AtomicU64::new(0);
        Ok(Self { inner: Arc::new(Inner { writer, readers, objects, dir, broken, asked, _lock: lock }) })
    }

    /// Has a commit failed in a way that leaves open what the disk holds. Stays so until the store is opened anew.
    pub(crate) fn is_broken(&self) -> bool {
        self.inner.broken.load(Ordering::SeqCst)
    }

    /// How many questions were put to the database outside of transactions since it was opened: for tests, which hold
    /// that a long page asks no more of them than a short one.
    #[must_use]
    pub fn questions_asked(&self) -> u64 {
        self.inner.asked.load(Ordering::Relaxed)
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
        let lane = self.inner.writer.take().await.map_err(StoreError::database(doing))?;
        // Made before it has begun: given up while the answer is on its way, it is taken back.
        let mut tx = Tx { lane: Some(lane), doing, broken: Arc::clone(&self.inner.broken) };
        match tx.lane().word(dialect::BEGIN_WRITE).await {
            Ok(()) => Ok(tx),
            Err(source) => {
                tx.lane = None;
                Err(StoreError::Database { doing, source })
            }
        }
    }

    /// Rows, read outside any writing transaction.
    pub(crate) async fn rows(
        &self,
        doing: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.inner.asked.fetch_add(1, Ordering::Relaxed);
        let query = query(doing, sql.into(), values)?;
        let mut lane = self.inner.readers.take().await.map_err(StoreError::database(doing))?;
        let rows = query.fetch_all(&mut *lane).await;
        let rows = lane.seen(rows).map_err(StoreError::database(doing))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// How the engine goes about a text, for tests.
    #[cfg(test)]
    pub(crate) async fn explain(&self, sql: &str, values: Vec<Value>) -> Vec<String> {
        let rows = self.rows("explain", format!("EXPLAIN QUERY PLAN {sql}"), values).await.unwrap();
        rows.iter().map(|row| row.text("detail").unwrap()).collect()
    }

    /// The first row, if any.
    pub(crate) async fn row(
        &self,
        doing: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        self.inner.asked.fetch_add(1, Ordering::Relaxed);
        let query = query(doing, sql.into(), values)?;
        let mut lane = self.inner.readers.take().await.map_err(StoreError::database(doing))?;
        let row = query.fetch_optional(&mut *lane).await;
        Ok(lane.seen(row).map_err(StoreError::database(doing))?.map(Row))
    }

    /// The first row of a text that only the writer may run, outside a transaction.
    pub(crate) async fn write_row(
        &self,
        doing: &'static str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        let query = query(doing, sql.to_owned(), values)?;
        let mut lane = self.inner.writer.take().await.map_err(StoreError::database(doing))?;
        let row = query.fetch_optional(&mut *lane).await;
        Ok(lane.seen(row).map_err(StoreError::database(doing))?.map(Row))
    }

    /// Empties the write-ahead log, after keys were destroyed or before a copy of the file is taken.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let doing = "empty the write-ahead log";
        let mut lane = self.inner.writer.take().await.map_err(StoreError::database(doing))?;
        let done = lane.execute(dialect::CHECKPOINT).await;
        lane.seen(done).map(|_| ()).map_err(StoreError::database(doing))
    }

    /// Lets the database write a consistent copy of itself to `path` (which must not exist), readable by nobody else.
    /// The copy has a connection of its own: the ledger goes on writing meanwhile, however long it takes.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn copy_database(&self, path: &Path) -> Result<(), StoreError> {
        let doing = "copy the database";
        let text = path.to_str().ok_or_else(|| StoreError::Folder("the path is not UTF-8".to_owned()))?;
        // The engine writes into a file that is there already when it is empty.
        let made = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
        made.map_err(StoreError::object("make the copy's file"))?;
        let source = dialect::sqlite(&self.inner.dir.join("strongroom.db"));
        let mut connection = source.connect().await.map_err(StoreError::database(doing))?;
        query(doing, "VACUUM INTO $1".to_owned(), vec![Value::from(text)])?
            .execute(&mut connection)
            .await
            .map_err(StoreError::database(doing))?;
        connection.close().await.map_err(StoreError::database(doing))
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
    /// When the database cannot; then whether it happened must be read back. Unless the disk was merely full, the
    /// ledger answers nothing more until the store is opened anew: after a flush that failed, what was read may be
    /// what only the cache remembers (fsyncgate).
    pub async fn commit(self) -> Result<(), StoreError> {
        let doing = self.doing;
        // On a task of its own: whoever asked may go before the answer comes, and a flush that failed must be seen.
        let done = tokio::spawn(self.commit_here()).await;
        done.unwrap_or_else(|_| Err(StoreError::Database { doing, source: sqlx::Error::WorkerCrashed }))
    }

    /// The same for a caller who does not go away before it is done.
    pub(crate) async fn commit_here(mut self) -> Result<(), StoreError> {
        let committed = self.lane().word("COMMIT").await;
        committed.map_err(|source| {
            if !dialect::is_full(&source) {
                self.broken.store(true, Ordering::SeqCst);
            }
            StoreError::Database { doing: self.doing, source }
        })?;
        self.lane = None;
        Ok(())
    }

    fn lane(&mut self) -> &mut Lane {
        self.lane.as_mut().expect("a transaction has its connection until it is over")
    }

    /// Runs a text; how many rows it changed.
    pub(crate) async fn run(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<u64, StoreError> {
        let done = query(self.doing, sql.into(), values)?.execute(&mut **self.lane()).await;
        Ok(self.lane().seen(done).map_err(StoreError::database(self.doing))?.rows_affected())
    }

    /// All rows, as this transaction sees them.
    pub(crate) async fn rows(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = query(self.doing, sql.into(), values)?.fetch_all(&mut **self.lane()).await;
        let rows = self.lane().seen(rows).map_err(StoreError::database(self.doing))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The first row, as this transaction sees it.
    pub(crate) async fn row(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        let row = query(self.doing, sql.into(), values)?.fetch_optional(&mut **self.lane()).await;
        Ok(self.lane().seen(row).map_err(StoreError::database(self.doing))?.map(Row))
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            lane.roll_back();
        }
    }
}

/// Makes a folder that only its owner may enter, or closes an empty one that is there.
fn private_folder(dir: &Path) -> Result<(), StoreError> {
    let doing = "make the data folder";
    if dir.is_dir() {
        // Somebody may have made it with the system's usual mode. A folder with something in it is not ours to close.
        if std::fs::read_dir(dir).map_err(StoreError::object(doing))?.next().is_none() {
            let mode = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(dir, mode).map_err(StoreError::object(doing))?;
        }
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(StoreError::object(doing))?;
    // The name of the folder itself must outlast a crash, too.
    match dir.canonicalize().ok().as_deref().and_then(Path::parent) {
        Some(above) => File::open(above).and_then(|above| above.sync_all()).map_err(StoreError::object(doing)),
        None => Ok(()),
    }
}

fn closed_to_others(dir: &Path) -> Result<(), StoreError> {
    let mode = std::fs::metadata(dir).map_err(StoreError::object("look at the data folder"))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(StoreError::Folder("the data folder is open to others; close it first: chmod 700".to_owned()))
}

fn private_file(path: &Path) -> Result<(), StoreError> {
    let doing = "make the database file";
    let made = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let file = made.map_err(StoreError::object(doing))?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(StoreError::object(doing))
}

async fn migrate(connection: &mut SqliteConnection, migrations: &[(i64, &'static str)]) -> Result<(), StoreError> {
    let doing = "bring the schema up to date";
    connection
        .execute("CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)")
        .await
        .map_err(StoreError::database(doing))?;
    let newest = query(doing, "SELECT COALESCE(MAX(number), 0) AS number FROM migration".to_owned(), Vec::new())?
        .fetch_one(&mut *connection)
        .await
        .map_err(StoreError::database(doing))?;
    // An older program would leave out what a newer one relies upon, without a word.
    if MIGRATIONS.last().is_some_and(|(last, _)| Row(newest).int("number").is_ok_and(|there| there > *last)) {
        return Err(StoreError::Folder("this folder was written by a newer strongroom; use that one".to_owned()));
    }
    for (number, sql) in migrations {
        let mut tx = connection.begin_with(dialect::BEGIN_WRITE).await.map_err(StoreError::database(doing))?;
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

/// For tests: the writer and the readers as they are, and the schema brought up to a number.
#[cfg(test)]
impl Store {
    pub(crate) async fn writer(&self) -> Lane {
        self.inner.writer.take().await.unwrap()
    }
    pub(crate) async fn reader(&self) -> Lane {
        self.inner.readers.take().await.unwrap()
    }
    pub(crate) async fn migrate_to(connection: &mut SqliteConnection, number: i64) -> Result<(), StoreError> {
        let some = MIGRATIONS.iter().take_while(|(one, _)| *one <= number);
        migrate(connection, &some.copied().collect::<Vec<_>>()).await
    }
    pub(crate) fn migrations() -> &'static [(i64, &'static str)] {
        MIGRATIONS
    }
}
