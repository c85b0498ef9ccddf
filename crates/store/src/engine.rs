//! The two engines: SQLite in a file of ours, PostgreSQL somewhere else. Everything above says its texts to this
//! file's two types and never learns which one answers.
//!
//! What must always hold: a writing transaction sees and leaves what it would alone (SQLite: one writer; PostgreSQL:
//! SERIALIZABLE, repeated by [`Repeated`] when the engine turns it back). What is said to the server stands in boxes of its
//! own: every use case holds the state of its questions, and policy refuses to decide where little of the stack is left.

use crate::binds::{Row, Statement};
use crate::lanes::{Lane, Lanes};
use crate::repeated::{Repeated, Turn};
use crate::{StoreError, dialect, walls};
use sqlx::Executor as _;
use sqlx::postgres::{PgPool, PgRow};
use std::sync::Arc;

/// Connections to the database.
pub(crate) enum Engine {
    /// One connection writes, a few read.
    Sqlite { writer: Arc<Lanes>, readers: Arc<Lanes> },
    /// Any of them reads or writes.
    Postgres { pool: PgPool, turn: Turn },
}

/// A writing transaction on one of them.
pub(crate) enum Open {
    Sqlite(Alone),
    Postgres(Box<Repeated>),
}

/// The rows of a text, within the walls of whom it is about.
async fn server_rows(pool: &PgPool, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
    match walls::reading(pool, &statement).await? {
        Some(mut tx) => statement.query().fetch_all(&mut *tx).await,
        None => statement.query().fetch_all(pool).await,
    }
}

/// A transaction of the embedded engine's one writer. Dropped, it is taken back.
pub(crate) struct Alone {
    /// Taken out when it is over: committed, or never begun.
    lane: Option<Lane>,
}

impl Alone {
    async fn begin(writer: &Arc<Lanes>) -> Result<Self, sqlx::Error> {
        // Made before it has begun: given up while the answer is on its way, it is taken back.
        let mut tx = Self { lane: Some(writer.take().await?) };
        let begun = tx.lane().word(dialect::BEGIN_WRITE).await;
        if begun.is_err() {
            tx.lane = None;
        }
        begun.map(|()| tx)
    }

    async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.lane().word("COMMIT").await?;
        self.lane = None;
        Ok(())
    }

    fn lane(&mut self) -> &mut Lane {
        self.lane.as_mut().expect("a transaction has its connection until it is over")
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            lane.roll_back();
        }
    }
}

impl Engine {
    pub(crate) async fn begin(&self, doing: &'static str) -> Result<Open, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Alone::begin(writer).await.map(Open::Sqlite).map_err(StoreError::database(doing))
            }
            Self::Postgres { pool, turn } => {
                let begun = Box::pin(Repeated::begin(pool.clone(), Turn::clone(turn), doing)).await?;
                Ok(Open::Postgres(Box::new(begun)))
            }
        }
    }

    /// How many connections for reading are held now, and how many there may be.
    pub(crate) fn connections(&self) -> (u32, u32) {
        match self {
            Self::Sqlite { readers, .. } => readers.held(),
            Self::Postgres { pool, .. } => {
                let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
                (pool.size().saturating_sub(idle), pool.options().get_max_connections())
            }
        }
    }

    pub(crate) async fn rows(&self, doing: &'static str, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let error = StoreError::database(doing);
        match self {
            Self::Sqlite { readers, .. } => {
                let mut lane = readers.take().await.map_err(StoreError::database(doing))?;
                let rows = statement.query().fetch_all(&mut *lane).await;
                Ok(lane.seen(rows).map_err(error)?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres { pool, .. } => {
                let rows = Box::pin(server_rows(pool, statement)).await.map_err(error)?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(crate) async fn row(&self, doing: &'static str, statement: Statement) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => {
                let mut lane = readers.take().await.map_err(StoreError::database(doing))?;
                let row = statement.query().fetch_optional(&mut *lane).await;
                Ok(lane.seen(row).map_err(StoreError::database(doing))?.map(Row::Sqlite))
            }
            Self::Postgres { .. } => Ok(Box::pin(self.rows(doing, statement)).await?.into_iter().next()),
        }
    }

    /// The first row of a text that only the writer may run, outside a transaction.
    pub(crate) async fn write_row(&self, doing: &'static str, statement: Statement) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut lane = writer.take().await.map_err(StoreError::database(doing))?;
                let row = statement.query().fetch_optional(&mut *lane).await;
                Ok(lane.seen(row).map_err(StoreError::database(doing))?.map(Row::Sqlite))
            }
            Self::Postgres { .. } => {
                Box::pin(async {
                    let mut tx = self.begin(doing).await?;
                    let row = tx.row(doing, statement).await?;
                    tx.commit(doing).await?;
                    Ok(row)
                })
                .await
            }
        }
    }

    /// Leaves nothing of deleted rows in a log beside the database, as far as that is ours to say: on PostgreSQL the
    /// write-ahead log and its archive belong to whoever runs it.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let doing = "empty the write-ahead log";
                let mut lane = writer.take().await.map_err(StoreError::database(doing))?;
                let done = lane.execute(dialect::CHECKPOINT).await;
                lane.seen(done).map(|_| ()).map_err(StoreError::database(doing))
            }
            Self::Postgres { .. } => Ok(()),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }
}

impl Open {
    pub(crate) async fn run(&mut self, doing: &'static str, statement: Statement) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let done = statement.query().execute(&mut **tx.lane()).await;
                Ok(tx.lane().seen(done).map_err(StoreError::database(doing))?.rows_affected())
            }
            Self::Postgres(tx) => Box::pin(tx.run(statement)).await,
        }
    }

    pub(crate) async fn row(&mut self, doing: &'static str, statement: Statement) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let row = statement.query().fetch_optional(&mut **tx.lane()).await;
                Ok(tx.lane().seen(row).map_err(StoreError::database(doing))?.map(Row::Sqlite))
            }
            Self::Postgres(tx) => Box::pin(tx.row(statement)).await,
        }
    }

    pub(crate) async fn rows(&mut self, doing: &'static str, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let rows = statement.query().fetch_all(&mut **tx.lane()).await;
                let rows = tx.lane().seen(rows).map_err(StoreError::database(doing))?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => Box::pin(tx.rows(statement)).await,
        }
    }

    pub(crate) async fn commit(self, doing: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(StoreError::database(doing)),
            Self::Postgres(tx) => Box::pin(tx.commit()).await,
        }
    }
}
