//! A PostgreSQL transaction at SERIALIZABLE that repeats itself when the engine turns it back.
//!
//! A serializable engine answers 40001 (or 40P01, a deadlock) when it cannot place a transaction before or after the
//! others; the transaction is over then and has left nothing. Whoever runs the use case has by then acted on the answers that
//! it got. So the texts run so far are kept with what they answered, and are run again from the first one: when every
//! answer is the same, the caller cannot tell the difference and goes on; when one differs, the caller's reading was
//! overtaken and it is told so ([`StoreError::Overtaken`]).
//!
//! Long transactions lose against short ones, again and again, and those that come again at the same moment lose against each
//! other. So they pause for times that differ, and whoever was turned back a few times gets a turn: while it lasts this process
//! begins nothing else. Against the transactions of other nodes that is no promise; there are fewer of those.
//!
//! What it refuses to know: what the texts mean. Nothing that must happen once happens between them
//! (docs/decisions/0004): ids are minted, values sealed and the ledger asked before `begin`.

use crate::binds::{Row, Statement, Wall};
use crate::{StoreError, walls};
use record::{Entropy as _, SystemEntropy};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Postgres, Row as _, ValueRef as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// How often a transaction is begun before whoever waits is told to come again.
const ATTEMPTS_MAX: u32 = 40;
/// After so many it gets a turn.
const ATTEMPTS_BESIDE_OTHERS: u32 = 3;
/// How long a turn is waited for. What is under way needs milliseconds.
const TURN_WAIT: Duration = Duration::from_secs(2);
/// How long others leave a turn to whoever has it; that one may stand still, and nobody is to stand still with them.
const COURTESY: Duration = Duration::from_millis(200);
/// The first pause before it is begun again; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// How it begins.
const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// Whose turn it is among those of this process that were turned back again and again.
pub(crate) type Turn = Arc<RwLock<()>>;

/// Among the others of this process, held until it is over.
enum Place {
    Beside { _others: Option<OwnedRwLockReadGuard<()>> },
    Turn { _mine: OwnedRwLockWriteGuard<()> },
}

impl Place {
    async fn beside(turn: &Turn) -> Self {
        Self::Beside { _others: tokio::time::timeout(COURTESY, Arc::clone(turn).read_owned()).await.ok() }
    }

    /// Whoever waits in vain goes on beside the others.
    async fn turn(&mut self, turn: &Turn) {
        // What it holds itself would keep it waiting.
        *self = Self::Beside { _others: None };
        if let Ok(mine) = tokio::time::timeout(TURN_WAIT, Arc::clone(turn).write_owned()).await {
            *self = Self::Turn { _mine: mine };
        }
    }
}

/// A transaction, and what it was asked and answered so far.
pub(crate) struct Repeated {
    pool: PgPool,
    turn: Turn,
    place: Place,
    doing: &'static str,
    tx: Option<sqlx::Transaction<'static, Postgres>>,
    said: Vec<(Statement, Answer)>,
    /// Whose rows the engine shows now.
    shown: Option<Shown>,
    attempts: u32,
}

/// Whose rows are shown: a customer's by name, or by one of their things.
#[derive(PartialEq, Eq)]
enum Shown {
    Of(String),
    Whose(String),
    Nobody,
}

impl Shown {
    fn of(wall: Wall<'_>) -> Self {
        match wall {
            Wall::Of(id) => Self::Of(id.to_owned()),
            Wall::Whose(id) => Self::Whose(id.to_owned()),
            Wall::Nobody => Self::Nobody,
        }
    }
}

fn shown(now: Option<&Shown>, wall: Wall<'_>) -> bool {
    now.is_some_and(|now| *now == Shown::of(wall))
}

/// What a text answered, to be compared.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// So many rows changed.
    Changed(u64),
    /// The first row's values as they came, if there was one.
    First(Option<Vec<Option<Vec<u8>>>>),
    /// The values of all rows.
    All(Vec<Vec<Option<Vec<u8>>>>),
}

/// May the same go well when it is tried again: serialization_failure and deadlock_detected (PostgreSQL, Appendix A).
fn turned_back(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "40001" || code == "40P01")
}

fn values(row: &PgRow) -> Vec<Option<Vec<u8>>> {
    let value = |at| {
        let value = row.try_get_raw(at).ok()?;
        if value.is_null() { None } else { value.as_bytes().ok().map(<[u8]>::to_vec) }
    };
    (0..row.len()).map(value).collect()
}

/// How long until it is begun again; never the same for two that lost to each other.
fn pause(attempts: u32) -> Duration {
    let mut dice = [0_u8];
    SystemEntropy.fill(&mut dice);
    let longest = PAUSE.saturating_mul(1 << attempts.min(10)).min(PAUSE_MAX);
    longest.mul_f64(f64::from(dice[0]) / 255.0)
}

impl Repeated {
    pub(crate) async fn begin(pool: PgPool, turn: Turn, doing: &'static str) -> Result<Self, StoreError> {
        let place = Place::beside(&turn).await;
        let tx = pool.begin_with(BEGIN).await.map_err(StoreError::database(doing))?;
        Ok(Self { pool, turn, place, doing, tx: Some(tx), said: Vec::new(), shown: None, attempts: 1 })
    }

    fn tx(&mut self) -> Result<&mut sqlx::Transaction<'static, Postgres>, StoreError> {
        // None only after a repetition failed: the transaction is over, and whatever is asked of it fails.
        self.tx.as_mut().ok_or(StoreError::Overtaken { doing: self.doing })
    }

    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        loop {
            if let Err(error) = self.show(&statement).await? {
                self.again(error).await?;
                continue;
            }
            let tx = self.tx()?;
            match statement.clone().query().execute(&mut **tx).await {
                Ok(done) => {
                    self.said.push((statement, Answer::Changed(done.rows_affected())));
                    return Ok(done.rows_affected());
                }
                Err(error) => self.again(error).await?,
            }
        }
    }

    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        loop {
            if let Err(error) = self.show(&statement).await? {
                self.again(error).await?;
                continue;
            }
            let tx = self.tx()?;
            match statement.clone().query().fetch_optional(&mut **tx).await {
                Ok(row) => {
                    self.said.push((statement, Answer::First(row.as_ref().map(values))));
                    return Ok(row.map(Row::Postgres));
                }
                Err(error) => self.again(error).await?,
            }
        }
    }

    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        loop {
            if let Err(error) = self.show(&statement).await? {
                self.again(error).await?;
                continue;
            }
            let tx = self.tx()?;
            match statement.clone().query().fetch_all(&mut **tx).await {
                Ok(rows) => {
                    self.said.push((statement, Answer::All(rows.iter().map(values).collect())));
                    return Ok(rows.into_iter().map(Row::Postgres).collect());
                }
                Err(error) => self.again(error).await?,
            }
        }
    }

    /// Sets the customer that the next text names. A text that names none runs under the one before it, which is the
    /// narrower wall: it reaches no other customer's rows.
    async fn show(&mut self, statement: &Statement) -> Result<Result<(), sqlx::Error>, StoreError> {
        let Some(wall) = statement.wall().filter(|wall| !shown(self.shown.as_ref(), *wall)) else { return Ok(Ok(())) };
        if let Err(error) = walls::set(self.tx()?, wall).await {
            return Ok(Err(error));
        }
        self.shown = Some(Shown::of(wall));
        Ok(Ok(()))
    }

    /// If the answer to a commit is lost, whether it happened is not known; that is an error and never repeated.
    pub(crate) async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        loop {
            let tx = self.tx.take().ok_or(StoreError::Overtaken { doing: self.doing })?;
            match tx.commit().await {
                Ok(()) => return Ok(()),
                Err(error) => self.again(error).await?,
            }
        }
    }

    /// Begins anew after the engine turned the transaction back, and says everything again.
    async fn again(&mut self, error: sqlx::Error) -> Result<(), StoreError> {
        let mut error = error;
        loop {
            if !turned_back(&error) {
                // It is over for the server, which would answer a commit as if all were well.
                self.tx = None;
                return Err(StoreError::Database { doing: self.doing, source: error });
            }
            self.tx = None;
            if self.attempts == ATTEMPTS_MAX {
                return Err(StoreError::Overtaken { doing: self.doing });
            }
            tokio::time::sleep(pause(self.attempts)).await;
            if self.attempts >= ATTEMPTS_BESIDE_OTHERS && matches!(self.place, Place::Beside { .. }) {
                self.place.turn(&self.turn).await;
            }
            self.attempts += 1;
            match self.repeat().await {
                Ok(()) => return Ok(()),
                Err(StoreError::Database { source, .. }) => error = source,
                Err(other) => return Err(other),
            }
        }
    }

    async fn repeat(&mut self) -> Result<(), StoreError> {
        let doing = self.doing;
        let mut tx = self.pool.begin_with(BEGIN).await.map_err(StoreError::database(doing))?;
        self.shown = None;
        for (statement, answer) in &self.said {
            if let Some(wall) = statement.wall().filter(|wall| !shown(self.shown.as_ref(), *wall)) {
                walls::set(&mut tx, wall).await.map_err(StoreError::database(doing))?;
                self.shown = Some(Shown::of(wall));
            }
            let query = statement.clone().query();
            let now = match answer {
                Answer::Changed(_) => {
                    Answer::Changed(query.execute(&mut *tx).await.map_err(StoreError::database(doing))?.rows_affected())
                }
                Answer::First(_) => {
                    let row = query.fetch_optional(&mut *tx).await.map_err(StoreError::database(doing))?;
                    Answer::First(row.as_ref().map(values))
                }
                Answer::All(_) => {
                    let rows = query.fetch_all(&mut *tx).await.map_err(StoreError::database(doing))?;
                    Answer::All(rows.iter().map(values).collect())
                }
            };
            if now != *answer {
                return Err(StoreError::Overtaken { doing });
            }
        }
        self.tx = Some(tx);
        Ok(())
    }
}
