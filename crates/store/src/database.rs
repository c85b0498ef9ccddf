//! Opening the database, its migrations, its transactions.
//!
//! One connection writes and a few read. A writing transaction takes the lock when it begins; a reading
//! one never waits for it (write-ahead log). `DIR/lock` keeps a second process out.

use crate::binds::{Row, Statement, Value};
use crate::engine::{Engine, Open};
#[cfg(test)]
use crate::lanes::Lane;
use crate::lanes::Lanes;
use crate::migrations::{self, MIGRATIONS};
use crate::nodes::Nodes;
use crate::{BucketPlace, Objects, Server, StoreError, dialect, server};
#[cfg(test)]
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Connection as _};
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Readers at once. More do not help on two cores.
const READERS: u32 = 6;
/// Under which name the database keeps which bucket has the objects; nothing is there when the folder has them.
pub const OBJECTS_AT: &str = "objects_at";

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
    engine: Engine,
    objects: Objects,
    dir: PathBuf,
    broken: Arc<AtomicBool>,
    asked: AtomicU64,
    /// On a server: one node among several.
    nodes: Option<Nodes>,
    // Held for as long as the store is open; the system lets go of it when the process dies. On a server many nodes
    // work at once, each in a folder of its own.
    _lock: File,
}

/// A writing transaction. Dropped without `commit`, it leaves nothing.
pub struct Tx {
    tx: Open,
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
        migrations::bring(&mut lane, MIGRATIONS).await?;
        drop(lane);
        let readers = Lanes::open(connect.pragma("query_only", "ON"), READERS)
            .await
            .map_err(StoreError::database("open the database for reading"))?;
        let objects = Objects::open(dir.join("objects"))?;
        // The lock is ours, so whatever was on its way when the last process ended will never arrive.
        objects.incoming_clear()?;
        Ok(Self::of(Engine::Sqlite { writer, readers }, None, (objects, dir, lock)))
    }

    fn of(engine: Engine, nodes: Option<Nodes>, (objects, dir, lock): (Objects, PathBuf, File)) -> Self {
        let (broken, asked) = (Arc::default(), AtomicU64::new(0));
        Self { inner: Arc::new(Inner { engine, objects, dir, broken, asked, nodes, _lock: lock }) }
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

    /// How many connections to the database are held now, and how many there may be.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        self.inner.engine.connections()
    }

    /// Do the rows lie on a server that somebody else runs.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        matches!(self.inner.engine, Engine::Postgres { .. })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn nodes(&self) -> Option<&Nodes> {
        self.inner.nodes.as_ref()
    }

    /// May this process go by what it knows: always on the embedded engine, and on a server while its lease lasts.
    #[must_use]
    pub fn truth_holds(&self) -> bool {
        self.nodes().is_none_or(Nodes::holds)
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

    /// The same store, with its objects in a bucket. Before anything else has it.
    ///
    /// # Errors
    /// [`StoreError::Server`] when there are no credentials for the bucket.
    pub fn with_bucket(self, place: &BucketPlace) -> Result<Self, StoreError> {
        let objects = Objects::bucket(place)?;
        let in_use = || StoreError::Folder("the store is in use already".to_owned());
        let inner = Inner { objects, ..Arc::into_inner(self.inner).ok_or_else(in_use)? };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Holds that the objects lie where this house has them, and keeps where that is. A house whose objects lie in a
    /// bucket is never opened on its empty folder, nor the other way round: what is there would seem to be lost, and what
    /// comes in would lie where nobody looks for it.
    ///
    /// # Errors
    /// [`StoreError::Server`] when they lie elsewhere.
    pub async fn objects_settle(&self) -> Result<(), StoreError> {
        let kept = self.objects_at().await?;
        let here = self.objects().bucket_name();
        match (kept, here) {
            (None, None) => Ok(()),
            (Some(kept), Some(here)) if kept == here => Ok(()),
            (Some(_), None) => Err(StoreError::Server(
                "the objects of this house lie in a bucket: say which, by objects in the configuration or by --objects"
                    .to_owned(),
            )),
            (Some(kept), Some(_)) => Err(StoreError::Server(format!(
                "the objects of this house lie in {kept}; carry them over first: strongroom migrate --objects-to"
            ))),
            (None, Some(here)) => {
                if !Objects::open(self.dir().join("objects"))?.list().await?.is_empty() {
                    return Err(StoreError::Server(
                        "there are objects in the folder of this house; carry them over first: strongroom migrate --objects-to"
                            .to_owned(),
                    ));
                }
                self.objects_moved_to(Some(&here)).await
            }
        }
    }

    /// Keeps where the objects lie from now on: in a bucket, or (`None`) in the folder.
    pub(crate) async fn objects_moved_to(&self, bucket: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.begin("keep where the objects lie").await?;
        match bucket {
            Some(name) => tx.meta_set(OBJECTS_AT, name).await?,
            None => tx.meta_remove(OBJECTS_AT).await.map(|_| ())?,
        }
        tx.commit().await
    }

    /// Opens a node: its own folder for what is on its way, and a database server that many nodes share.
    ///
    /// # Errors
    /// [`StoreError::Server`] when the role is too mighty or the schema is not this program's;
    /// [`StoreError::Locked`] when another process has the folder.
    pub async fn open_server(server: &Server, options: StoreOptions) -> Result<Self, StoreError> {
        let dir = options.dir;
        private_folder(&dir)?;
        closed_to_others(&dir)?;
        let lock = lock(&dir)?;
        let pool = server.connect().await?;
        migrations::check(&pool).await?;
        let objects = Objects::open(dir.join("objects"))?;
        objects.incoming_clear()?;
        let nodes = Nodes::of(server).await?;
        Ok(Self::of(
            Engine::Postgres { pool, turn: crate::repeated::Turn::default() },
            Some(nodes),
            (objects, dir, lock),
        ))
    }

    /// Makes or changes the schema on a server, as its owner, and lets `role` work there.
    ///
    /// # Errors
    /// [`StoreError::Server`] when the schema was made by a newer program.
    pub async fn server_migrate(owner: &Server, role: &str) -> Result<(), StoreError> {
        let mut connection = owner.owner().await?;
        migrations::bring_server(&mut connection).await?;
        server::grant(&mut connection, role).await?;
        connection.close().await.map_err(StoreError::database("close the owner's connection"))
    }

    /// Begins a writing transaction. `doing` names it in errors.
    ///
    /// # Errors
    /// When the writer cannot be had within the busy time; [`StoreError::Alone`] when this node has lost its lease: whatever is
    /// to be written now was permitted by what was known before.
    pub async fn begin(&self, doing: &'static str) -> Result<Tx, StoreError> {
        if !self.truth_holds() {
            return Err(StoreError::Alone);
        }
        let tx = self.inner.engine.begin(doing).await?;
        Ok(Tx { tx, doing, broken: Arc::clone(&self.inner.broken) })
    }

    /// Rows, read outside any writing transaction.
    pub(crate) async fn rows(
        &self,
        doing: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.inner.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.engine.rows(doing, Statement::new(doing, sql.into(), values)?).await
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
        self.inner.engine.row(doing, Statement::new(doing, sql.into(), values)?).await
    }

    /// The first row of a text that only the writer may run, outside a transaction.
    pub(crate) async fn write_row(
        &self,
        doing: &'static str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        self.inner.engine.write_row(doing, Statement::new(doing, sql.to_owned(), values)?).await
    }

    /// Empties the write-ahead log, after keys were destroyed or before a copy of the file is taken.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.inner.engine.flush().await
    }

    /// Lets the database write a consistent copy of itself to `path` (which must not exist), readable by nobody else.
    /// The copy has a connection of its own: the ledger goes on writing meanwhile, however long it takes.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn copy_database(&self, path: &Path) -> Result<(), StoreError> {
        let doing = "copy the database";
        if matches!(self.inner.engine, Engine::Postgres { .. }) {
            let why = "the rows of a house on a server are backed up by the server's own tools; see docs/operating/postgresql.md";
            return Err(StoreError::Server(why.to_owned()));
        }
        let text = path.to_str().ok_or_else(|| StoreError::Folder("the path is not UTF-8".to_owned()))?;
        // The engine writes into a file that is there already when it is empty.
        let made = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
        made.map_err(StoreError::object("make the copy's file"))?;
        let source = dialect::sqlite(&self.inner.dir.join("strongroom.db"));
        let mut connection = source.connect().await.map_err(StoreError::database(doing))?;
        Statement::new(doing, "VACUUM INTO $1".to_owned(), vec![Value::from(text)])?
            .query()
            .execute(&mut connection)
            .await
            .map_err(StoreError::database(doing))?;
        connection.close().await.map_err(StoreError::database(doing))
    }

    /// Closes all connections. Called once at the end; nothing is lost without it.
    pub async fn close(&self) {
        self.inner.engine.close().await;
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
    pub(crate) async fn commit_here(self) -> Result<(), StoreError> {
        let Self { tx, doing, broken } = self;
        // PostgreSQL stops by itself after a flush that failed, and reads its log anew.
        let ours = matches!(tx, Open::Sqlite(_));
        tx.commit(doing).await.inspect_err(|error| {
            if ours && !dialect::is_full(error) {
                broken.store(true, Ordering::SeqCst);
            }
        })
    }

    /// Runs a text; how many rows it changed.
    pub(crate) async fn run(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<u64, StoreError> {
        self.tx.run(self.doing, Statement::new(self.doing, sql.into(), values)?).await
    }

    /// All rows, as this transaction sees them.
    pub(crate) async fn rows(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.tx.rows(self.doing, Statement::new(self.doing, sql.into(), values)?).await
    }

    /// The first row, as this transaction sees it.
    pub(crate) async fn row(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        self.tx.row(self.doing, Statement::new(self.doing, sql.into(), values)?).await
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

/// For tests: the writer and the readers as they are, and the schema brought up to a number.
#[cfg(test)]
impl Store {
    pub(crate) async fn writer(&self) -> Lane {
        match &self.inner.engine {
            Engine::Sqlite { writer, .. } => writer.take().await.unwrap(),
            Engine::Postgres { .. } => panic!("this test is about SQLite"),
        }
    }
    pub(crate) async fn reader(&self) -> Lane {
        match &self.inner.engine {
            Engine::Sqlite { readers, .. } => readers.take().await.unwrap(),
            Engine::Postgres { .. } => panic!("this test is about SQLite"),
        }
    }
    pub(crate) async fn migrate_to(connection: &mut SqliteConnection, number: i64) -> Result<(), StoreError> {
        let some = MIGRATIONS.iter().take_while(|(one, _)| *one <= number);
        migrations::bring(connection, &some.copied().collect::<Vec<_>>()).await
    }
    pub(crate) fn migrations() -> &'static [(i64, &'static str)] {
        MIGRATIONS
    }
}
