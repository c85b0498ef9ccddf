//! One process among several on one database server: its lease of truth, and work that only one of them may do at a time.
//!
//! What must always hold: a node that has not heard from the database within [`LEASE`] answers nothing, however it came
//! about (stopped, cut off, starved), until everything that was under way then has ended; whether that time has passed is
//! measured by this machine's clock that goes on while a process is stopped and that nobody can set; who is there, and
//! until when, is told by the database's clock alone. The ledger does not rest on any of this: its head is compared and
//! swapped.

mod spent;

pub use spent::{Counted, SPENT_MOST, Shared, Spent};

use crate::binds::{Row, binds};
use crate::{Server, Store, StoreError};
use record::{Clock, NodeId, Timestamp};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vault::KeyTableState;

/// How long a node goes by what it last heard.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often it asks. What the house decided elsewhere is followed within twice this.
pub const PULSE: Duration = Duration::from_millis(400);
/// After a loss, how long it waits at most for what was under way. Whatever writes has failed or ended long before.
const QUIET_MOST: Duration = Duration::from_secs(30);
/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Fact: why the portal is closed. Every node follows it.
pub const GATE_CLOSED: &str = "gate_closed_reason";
/// The database's own clock, milliseconds since 1970.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// This machine's clock since its start, milliseconds: it goes on in a stopped process and in a sleeping machine.
fn machine_millis() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}

/// Until when this process may go by what it knows.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// When the last question that was answered had been asked, by [`machine_millis`].
    asked_at: AtomicU64,
    /// It ran out once, and has not begun anew.
    lost: AtomicBool,
    /// When it was lost.
    lost_at: AtomicU64,
    /// Counts up at each loss: what began before one never holds again.
    turn: AtomicU64,
    under_way: AtomicU64,
}

impl Lease {
    fn is_fresh(&self) -> bool {
        let millis = machine_millis().saturating_sub(self.asked_at.load(Ordering::SeqCst));
        u128::from(millis) < LEASE.as_millis()
    }

    fn holds(&self) -> bool {
        if self.lost.load(Ordering::SeqCst) {
            return false;
        }
        if !self.is_fresh() {
            // Whoever sees it first says so for all, and it stays said however soon an answer comes now.
            self.lose();
            return false;
        }
        true
    }

    fn lose(&self) {
        if !self.lost.swap(true, Ordering::SeqCst) {
            self.lost_at.store(machine_millis(), Ordering::SeqCst);
            self.turn.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// May a lease that was lost begin anew: what was under way has ended, or has had time to. What has not ended by then
    /// waits for a receiver that takes nothing; it never holds again.
    fn is_quiet(&self) -> bool {
        let millis = machine_millis().saturating_sub(self.lost_at.load(Ordering::SeqCst));
        self.under_way.load(Ordering::SeqCst) == 0 || u128::from(millis) > QUIET_MOST.as_millis()
    }

    fn resume(&self) {
        if self.is_fresh() && self.is_quiet() {
            self.lost.store(false, Ordering::SeqCst);
        }
    }
}

/// Something that is under way on this node. What began before a loss of the lease never holds again, and nothing new begins
/// until it has ended.
#[derive(Debug)]
#[must_use]
pub struct Visit(Option<(Arc<Lease>, u64)>);

impl Visit {
    /// One that never ends early: there is no other node.
    pub const fn alone() -> Self {
        Self(None)
    }

    /// Is there no lease that could end.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    /// May it go on.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.0.as_ref().is_none_or(|(lease, turn)| lease.holds() && lease.turn.load(Ordering::SeqCst) == *turn)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some((lease, _)) = &self.0 {
            lease.under_way.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The time as the database has it, carried on by this machine's clock between two answers: nodes whose own clocks are
/// wrong end sessions at the same moment all the same.
#[derive(Debug, Default)]
pub struct ServerClock {
    /// The database's time minus [`machine_millis`].
    ahead: AtomicI64,
}

impl ServerClock {
    fn set(&self, at: i64, machine: u64) {
        self.ahead.store(at.saturating_sub(i64::try_from(machine).unwrap_or(i64::MAX)), Ordering::SeqCst);
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let machine = i64::try_from(machine_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_millis(self.ahead.load(Ordering::SeqCst).saturating_add(machine))
    }
}

/// What the store knows of its being one node among several; nothing of this on the embedded engine.
pub(crate) struct Nodes {
    server: Server,
    clock: Arc<ServerClock>,
    joined: OnceLock<(NodeId, Arc<Lease>)>,
}

impl Nodes {
    /// Asks the server for its time.
    pub(crate) async fn of(server: &Server) -> Result<Self, StoreError> {
        let doing = "ask the database for the time";
        let mut connection = server.pulse().await?;
        let before = machine_millis();
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {NOW} AS at")))
            .fetch_one(&mut connection)
            .await
            .map_err(StoreError::database(doing))?;
        let clock = ServerClock::default();
        clock.set(row.try_get("at").map_err(|_| StoreError::Column { column: "at" })?, before);
        connection.close().await.map_err(StoreError::database(doing))?;
        Ok(Self { server: server.clone(), clock: Arc::new(clock), joined: OnceLock::new() })
    }

    /// May this process go by what it knows. A command that serves nobody has no lease and needs none.
    pub(crate) fn holds(&self) -> bool {
        self.joined.get().is_none_or(|(_, lease)| lease.holds())
    }
}

/// What an answer of the database said of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The state of the key table.
    pub keys: KeyTableState,
    /// Why the portal is closed, if it is.
    pub gate_closed: Option<String>,
}

/// The one that asks, again and again. It has a connection of its own: nobody else's waiting delays it.
pub struct Pulse {
    server: Server,
    connection: Option<PgConnection>,
    node: NodeId,
    lease: Arc<Lease>,
    clock: Arc<ServerClock>,
    telling: spent::Telling,
    /// It knows the keys of an epoch that has ended, and no newer ones.
    behind: bool,
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pulse({})", self.node)
    }
}

fn seen(keys: &KeyTableState) -> String {
    format!("{}/{}", keys.epoch_newest, keys.key_rows)
}

fn heard(row: &sqlx::postgres::PgRow) -> Result<(i64, Heard), StoreError> {
    fn value<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
        row: &'r sqlx::postgres::PgRow,
        column: &'static str,
    ) -> Result<T, StoreError> {
        row.try_get(column).map_err(|_| StoreError::Column { column })
    }
    let keys = KeyTableState {
        epoch_newest: u32::try_from(value::<i64>(row, "newest")?)
            .map_err(|_| StoreError::Column { column: "newest" })?,
        key_rows: u64::try_from(value::<i64>(row, "many")?).map_err(|_| StoreError::Column { column: "many" })?,
    };
    Ok((value(row, "at")?, Heard { keys, gate_closed: value(row, "gate")? }))
}

impl Pulse {
    /// Asks once: says that this node is there and which keys it knows, and hears what the house decided elsewhere. `None` when the
    /// lease was lost and something is still under way that began before. A lease that was lost stays so until [`Self::resume`].
    ///
    /// # Errors
    /// When the database does not answer in time. Nothing is to be done but to ask again.
    pub async fn beat(&mut self, keys: &KeyTableState) -> Result<Option<Heard>, StoreError> {
        let anew = !self.lease.holds();
        if anew && !self.lease.is_quiet() {
            return Ok(None);
        }
        let doing = "say that this node is there";
        let late = || StoreError::Database { doing, source: sqlx::Error::PoolTimedOut };
        let answered = tokio::time::timeout(PATIENCE, self.ask(keys, anew)).await.unwrap_or_else(|_| Err(late()));
        let (row, asked_at) = answered.inspect_err(|_| self.connection = None)?;
        let Some(row) = row else {
            // The database's clock says that it is over, so others may have gone on without this node.
            self.lease.lose();
            return Ok(None);
        };
        let (at, heard) = heard(&row)?;
        self.clock.set(at, asked_at);
        self.lease.asked_at.store(asked_at, Ordering::SeqCst);
        Ok(Some(heard))
    }

    /// After what was heard is followed: a lease that was lost begins anew, unless something is under way that began before.
    pub fn resume(&self) {
        self.lease.resume();
    }

    /// This node cannot follow the keys: from now on it answers nothing and nobody waits for it, until it has.
    pub fn fall_behind(&mut self) {
        self.lease.lose();
        self.behind = true;
    }

    /// Has it fallen behind.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        self.behind
    }

    /// It knows the newest keys; whether it had fallen behind. Then the others have not waited for it, and its next beat has to
    /// hear that they are the newest still.
    pub fn caught_up(&mut self) -> bool {
        std::mem::take(&mut self.behind)
    }

    /// The answer, if this node is there by the database's clock, and when it was asked: not before there is a connection,
    /// or the time that took would be added to the database's.
    async fn ask(
        &mut self,
        keys: &KeyTableState,
        anew: bool,
    ) -> Result<(Option<sqlx::postgres::PgRow>, u64), StoreError> {
        let doing = "say that this node is there";
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.server.pulse().await?),
        };
        let asked_at = machine_millis();
        // One text, one way there and back. Not in a serializable transaction: it must not be turned back by anybody.
        let sql = format!(
            "INSERT INTO node (node_id, started_at, seen_until, keys_seen, program) \
             VALUES ($1, {NOW}, {NOW} + $2, $3, $4) ON CONFLICT (node_id) DO UPDATE \
             SET seen_until = excluded.seen_until, keys_seen = excluded.keys_seen WHERE $5 OR node.seen_until > {NOW} \
             RETURNING {NOW} AS at, (SELECT COALESCE(MAX(number), 0) FROM epoch_key) AS newest, \
             (SELECT COUNT(*) FROM owner_key) AS many, (SELECT value FROM meta WHERE name = '{GATE_CLOSED}') AS gate"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.node.to_string())
            .bind(if self.behind { 0 } else { i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX) })
            .bind(seen(keys))
            .bind(env!("CARGO_PKG_VERSION"))
            .bind(anew)
            .fetch_optional(connection)
            .await
            .map(|row| (row, asked_at))
            .map_err(StoreError::database(doing))
    }

    /// Says that this node is gone, so that nobody waits for its lease to end.
    pub async fn leave(mut self) {
        self.lease.lose();
        if let Some(connection) = &mut self.connection {
            let gone =
                sqlx::query("DELETE FROM node WHERE node_id = $1").bind(self.node.to_string()).execute(connection);
            drop(tokio::time::timeout(PATIENCE, gone).await);
        }
    }
}

impl Store {
    /// Joins the nodes of this house; none on the embedded engine, where there is one process. From here on nothing is asked of the
    /// database without a lease.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn node_join(&self, node: NodeId, keys: &KeyTableState) -> Result<Option<Pulse>, StoreError> {
        let Some(nodes) = self.nodes() else { return Ok(None) };
        let (_, lease) = nodes.joined.get_or_init(|| (node, Arc::new(Lease::default())));
        let (lease, clock) = (Arc::clone(lease), Arc::clone(&nodes.clock));
        lease.lose();
        let mut pulse = Pulse {
            server: nodes.server.clone(),
            connection: None,
            node,
            lease,
            clock,
            telling: spent::Telling::default(),
            behind: false,
        };
        let beat = pulse.beat(keys).await?;
        if beat.is_none() {
            return Err(StoreError::Server("this node could not join the others; try again".to_owned()));
        }
        // Those that went away without a word are forgotten after a day.
        let sql = format!("DELETE FROM node WHERE seen_until < {NOW} - 86400000");
        if let Some(connection) = &mut pulse.connection {
            let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(connection).await;
            done.map_err(StoreError::database("forget nodes that went away"))?;
        }
        Ok(Some(pulse))
    }

    /// Begins something that ends at the latest when the lease does; `None` when this node may answer nothing now.
    #[must_use]
    pub fn visit(&self) -> Option<Visit> {
        let Some((_, lease)) = self.nodes().and_then(|nodes| nodes.joined.get()) else {
            return Some(Visit::alone());
        };
        // Counted first: a lease that begins anew must see it, or it must see the lease lost.
        lease.under_way.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(Some((Arc::clone(lease), lease.turn.load(Ordering::SeqCst))));
        visit.holds().then_some(visit)
    }

    /// The database's time, where several nodes go by it.
    #[must_use]
    pub fn server_clock(&self) -> Option<Arc<ServerClock>> {
        self.nodes().map(|nodes| Arc::clone(&nodes.clock))
    }

    fn node(&self) -> Option<NodeId> {
        self.nodes().and_then(|nodes| nodes.joined.get()).map(|(node, _)| *node)
    }

    /// How many other nodes are there now.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn nodes_beside(&self) -> Result<u64, StoreError> {
        if self.nodes().is_none() {
            return Ok(0);
        }
        let doing = "count the other nodes";
        let row = match self.node() {
            Some(node) => {
                let sql = format!("SELECT COUNT(*) AS many FROM node WHERE node_id <> $1 AND seen_until > {NOW}");
                self.row(doing, sql, binds![node]).await?
            }
            // Whoever has not joined is none of them.
            None => {
                self.row(doing, format!("SELECT COUNT(*) AS many FROM node WHERE seen_until > {NOW}"), binds![]).await?
            }
        };
        row.map_or(Ok(0), |row| row.count("many"))
    }

    /// Does every node that may answer anything know these keys.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn nodes_know(&self, keys: &KeyTableState) -> Result<bool, StoreError> {
        if self.nodes().is_none() {
            return Ok(true);
        }
        // A command that has not joined is asked for as well: whoever serves must know.
        let sql =
            format!("SELECT COUNT(*) AS many FROM node WHERE node_id <> $1 AND seen_until > {NOW} AND keys_seen <> $2");
        let own = self.node().map_or_else(String::new, |node| node.to_string());
        let row = self.row("ask which keys the nodes know", sql, binds![own, seen(keys)]).await?;
        row.map_or(Ok(false), |row: Row| Ok(row.count("many")? == 0))
    }

    /// Takes work that one node at a time does; whether it is ours now and due. Within a process the same work is done one after the
    /// other, so what is still ours could not be put down. On the embedded engine it always is.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn job_take(&self, name: &'static str) -> Result<bool, StoreError> {
        let Some(node) = self.node() else { return Ok(true) };
        let doing = "take a job";
        let mut tx = self.begin(doing).await?;
        tx.run("INSERT INTO job (name, due_at) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING", binds![name]).await?;
        // Whoever is there already is passed by and not waited for. What a node holds is free when its lease has ended.
        let sql = format!(
            "UPDATE job SET node_id = $1 WHERE name = (SELECT name FROM job WHERE name = $2 AND due_at <= {NOW} \
             AND NOT EXISTS (SELECT 1 FROM node WHERE node.node_id = job.node_id AND node.node_id <> $1 AND seen_until > {NOW}) \
             FOR UPDATE SKIP LOCKED)"
        );
        let taken = tx.run(sql, binds![node, name]).await? == 1;
        tx.commit().await?;
        Ok(taken)
    }

    /// Puts work down again; it is due after this time.
    ///
    /// # Errors
    /// When the database cannot; then it is free when this node's lease ends.
    pub async fn job_end(&self, name: &'static str, due_after: Duration) -> Result<(), StoreError> {
        let Some(node) = self.node() else { return Ok(()) };
        let mut tx = self.begin("end a job").await?;
        let millis = i64::try_from(due_after.as_millis()).unwrap_or(i64::MAX);
        let sql = format!("UPDATE job SET node_id = NULL, due_at = {NOW} + $3 WHERE name = $1 AND node_id = $2");
        tx.run(sql, binds![name, node, millis]).await?;
        tx.commit().await
    }
}

/// For tests: time that has passed.
#[cfg(any(test, feature = "trial"))]
impl Store {
    /// As if this process had stood still for longer than its lease.
    pub fn stood_still(&self) {
        if let Some((_, lease)) = self.nodes().and_then(|nodes| nodes.joined.get()) {
            lease.asked_at.store(0, Ordering::SeqCst);
        }
    }

    /// As if the other nodes had not been heard of for longer than their leases.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn others_unheard(&self) -> Result<(), StoreError> {
        let Some(node) = self.node() else { return Ok(()) };
        let mut tx = self.begin("let leases end").await?;
        tx.run("UPDATE node SET seen_until = 0 WHERE node_id <> $1", binds![node]).await?;
        tx.commit().await
    }

    /// Of how many nodes it stands in the database what they let pass.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn nodes_telling(&self) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM node WHERE spent IS NOT NULL";
        let row = self.row("ask what the nodes let pass", sql, Vec::new()).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }
}
