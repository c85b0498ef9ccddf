//! Connections to the embedded database, handed from one question to the next without a word to the engine.
//!
//! The library's own pool asks every connection after every use whether it is still there. For an engine inside this
//! process the question costs a wake-up of its thread and a task of the runtime, as much as most of our own questions,
//! and a page asks twenty. What the pool is asked for besides is done here: so many at once and no more, first come
//! first served, and a connection that cannot be trusted any more is closed and replaced.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long somebody waits for a connection that others have. Longer than the engine waits for a lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections of one kind.
pub(crate) struct Lanes {
    options: SqliteConnectOptions,
    room: Arc<Semaphore>,
    many: u32,
    free: Mutex<Vec<SqliteConnection>>,
}

/// One of them, for as long as it is held.
pub(crate) struct Lane {
    lanes: Arc<Lanes>,
    /// Taken out only when the lane ends.
    connection: Option<SqliteConnection>,
    spoilt: bool,
    /// Something was asked and its answer has not been seen.
    asked: bool,
    // Released after the connection is back.
    _room: OwnedSemaphorePermit,
}

impl Lanes {
    /// Opens the first one, so that what is wrong shows now; the others are opened when they are needed.
    pub(crate) async fn open(options: SqliteConnectOptions, many: u32) -> Result<Arc<Self>, sqlx::Error> {
        let first = options.connect().await?;
        let room = Arc::new(Semaphore::new(many as usize));
        Ok(Arc::new(Self { options, room, many, free: Mutex::new(vec![first]) }))
    }

    fn free(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are held now, and how many there may be.
    pub(crate) fn held(&self) -> (u32, u32) {
        let free = u32::try_from(self.room.available_permits()).unwrap_or(u32::MAX);
        (self.many.saturating_sub(free), self.many)
    }

    /// Waits for a turn.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Lane, sqlx::Error> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.room).acquire_owned()).await;
        let room = turn.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let known = self.free().pop();
        let connection = match known {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Lane { lanes: Arc::clone(self), connection: Some(connection), spoilt: false, asked: false, _room: room })
    }

    /// Waits until all are back, and closes them. Nobody gets one afterwards.
    pub(crate) async fn close(&self) {
        let all = self.room.acquire_many(self.many).await;
        self.room.close();
        drop(all);
        let connections = std::mem::take(&mut *self.free());
        for connection in connections {
            drop(connection.close().await);
        }
    }
}

impl Lane {
    /// Passes an answer on. After one that says that the connection's thread has gone, the connection goes, too.
    pub(crate) fn seen<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.spoilt |= matches!(answer, Err(sqlx::Error::WorkerCrashed));
        self.asked = false;
        answer
    }

    /// A few words without values: begin, commit, take back.
    pub(crate) async fn word(&mut self, word: &'static str) -> Result<(), sqlx::Error> {
        let done = sqlx::query(word).execute(&mut **self).await;
        self.seen(done).map(|_| ())
    }

    /// Takes back whatever is under way, and only then lets go. Where that cannot be done the connection is closed, which
    /// takes it back as well.
    pub(crate) fn roll_back(mut self) {
        self.spoilt = true;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut lane = self;
        runtime.spawn(async move {
            // An error: the engine has taken it back by itself (a full disk), or it cannot. Nobody needs to know which.
            let done = lane.word("ROLLBACK").await;
            lane.spoilt = done.is_err();
            drop(lane);
        });
    }
}

impl Deref for Lane {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("a lane has its connection until it ends")
    }
}

impl DerefMut for Lane {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.asked = true;
        self.connection.as_mut().expect("a lane has its connection until it ends")
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A question that was given up half way leaves nothing behind: its thread stops at the next row, before it takes
        // the next question. Until that row comes it keeps whoever is next waiting, so it is lent last.
        let Some(connection) = self.connection.take().filter(|_| !self.spoilt) else { return };
        let mut free = self.lanes.free();
        let place = if self.asked { 0 } else { free.len() };
        free.insert(place, connection);
    }
}
