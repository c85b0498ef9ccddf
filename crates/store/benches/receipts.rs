//! Receipts a second by 1, 8 and 64 clients: `ledger::commit` over the database, batched as custody's scribe does;
//! beside it the same engine taking rows of the same size, with the same batching, without tree, tiles and signature;
//! and what the disk does by itself. All take turns within one run.
//!
//! `cargo xtask bench receipts`. The goal is 0.8 of the same engine.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "support/turns.rs"]
#[expect(dead_code, reason = "the search benchmark needs more of it")]
mod turns;

use record::{
    CustomerId, DocumentId, Entry, Intent, Outcome, PersonId, Principal, Purpose, Resources, SystemClock,
    SystemEntropy, act,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strongroom_store::{LedgerLog, Store, StoreOptions};
use tokio::sync::{mpsc, oneshot};
use turns::{Scribe, TempDir, fdatasync, now, rounds, say};

/// Short, and taken many times: this disk changes its mind every few seconds.
const TURN: Duration = Duration::from_millis(300);
/// Turns of each side that are added up to one round.
const TURNS: usize = 5;
/// Entries made beforehand, as are the rows of the other side.
const READY: usize = 4096;
const BATCH_MAX: usize = 512;
/// As in the store: rows in one INSERT.
const ROWS_AT_ONCE: usize = 64;

fn entry(number: u64) -> Entry {
    let intent = Intent::to::<act::DocumentRead>(
        &SystemClock,
        &SystemEntropy,
        (Principal::Person(PersonId::from_bytes([(number % 50) as u8; 16])), None),
        Some(CustomerId::from_bytes([(number % 100) as u8; 16])),
        Resources::of([DocumentId::from_bytes(u128::from(number % 10_000).to_be_bytes()).into()]),
        Purpose::Treatment,
    );
    Entry::of(&intent, Outcome::Permitted, "")
}

/// Lets so many clients write one after the other for one turn; how many a second were acknowledged.
async fn turn<F, W>(clients: usize, write: F) -> f64
where
    F: Fn(u64) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = ()> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let start = now();
    let running: Vec<_> = (0..clients)
        .map(|_| {
            let (write, done) = (write.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while start.elapsed() < TURN {
                    write(done.load(Ordering::Relaxed)).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// A row as the ledger would store it, ready made.
#[derive(Clone)]
struct Plain {
    leaf: Vec<u8>,
    principal: String,
    customer: String,
    resource: String,
}

#[derive(Clone)]
struct PlainRows(mpsc::Sender<(Plain, oneshot::Sender<()>)>);

impl PlainRows {
    async fn start(database: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(database)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("cache_size", "-32768")
            .pragma("wal_autocheckpoint", "8192")
            .statement_cache_capacity(256);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let (lines, mut queue) = mpsc::channel(4096);
        tokio::spawn(async move {
            let (mut batch, mut next) = (Vec::with_capacity(BATCH_MAX), 0_i64);
            while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
                let (rows, answers): (Vec<Plain>, Vec<oneshot::Sender<()>>) =
                    std::mem::take(&mut batch).into_iter().unzip();
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                for some in rows.chunks(ROWS_AT_ONCE) {
                    insert(&mut connection, next, some).await;
                    next += some.len() as i64;
                }
                connection.execute("COMMIT").await.unwrap();
                for answer in answers {
                    answer.send(()).unwrap_or_default();
                }
            }
        });
        Self(lines)
    }

    async fn write(&self, row: Plain) {
        let (answer, waiting) = oneshot::channel();
        self.0.send((row, answer)).await.unwrap_or_else(|_| panic!("the writer has gone"));
        waiting.await.unwrap();
    }
}

fn places(rows: usize, columns: usize) -> String {
    let row = |at: usize| {
        let list: Vec<String> = (1..=columns).map(|column| format!("${}", at * columns + column)).collect();
        format!("({})", list.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

async fn insert(connection: &mut SqliteConnection, first: i64, rows: &[Plain]) {
    let sql = format!(
        "INSERT INTO ledger_entry (idx, leaf, at, principal, customer_id, action, outcome) VALUES {}",
        places(rows.len(), 7)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (at, row) in (first..).zip(rows) {
        query = query.bind(at).bind(row.leaf.clone()).bind(1_i64).bind(row.principal.clone());
        query = query.bind(row.customer.clone()).bind("document.read").bind("permitted");
    }
    query.execute(&mut *connection).await.unwrap();
    let sql = format!("INSERT INTO ledger_touch (resource_id, idx) VALUES {}", places(rows.len(), 2));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (at, row) in (first..).zip(rows) {
        query = query.bind(row.resource.clone()).bind(at);
    }
    query.execute(&mut *connection).await.unwrap();
}

async fn store(dir: &Path) -> Store {
    let store = Store::open(StoreOptions { dir: dir.to_owned(), create: true }).await.unwrap();
    let mut tx = store.begin("begin the ledger").await.unwrap();
    tx.ledger_begin().await.unwrap();
    tx.commit().await.unwrap();
    store
}

/// As long as the leaf of [`entry`], which takes a salt of 32 bytes.
fn plain(number: u64, leaf_bytes: usize) -> Plain {
    Plain {
        leaf: vec![(number % 251) as u8; leaf_bytes],
        principal: PersonId::from_bytes([(number % 50) as u8; 16]).to_string(),
        customer: CustomerId::from_bytes([(number % 100) as u8; 16]).to_string(),
        resource: DocumentId::from_bytes(u128::from(number % 10_000).to_be_bytes()).to_string(),
    }
}

#[tokio::main]
async fn main() {
    let (ours, theirs) = (TempDir::new("receipts"), TempDir::new("rows"));
    let store_ours = store(&ours.0).await;
    store(&theirs.0).await.close().await;
    let scribe = Scribe::start(LedgerLog::new(store_ours.clone()));
    let rows = PlainRows::start(&theirs.0.join("strongroom.db")).await;
    let _ = scribe.write(entry(0), Vec::new()).await;
    let leaf_bytes = store_ours.entry_range(0, 1).await.unwrap()[0].leaf.len();
    let entries: Arc<Vec<Entry>> = Arc::new((0..READY as u64).map(entry).collect());
    let plain: Arc<Vec<Plain>> = Arc::new((0..READY as u64).map(|number| plain(number, leaf_bytes)).collect());
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        let bare = fdatasync(&ours.0, TURN * TURNS as u32);
        if round > 0 {
            let rate = bare.len() as f64 / (bare.iter().sum::<f64>() / 1e3);
            say("4 KiB written and durable", "limit", "fdatasync", "writes/s", rate);
        }
        for clients in [1, 8, 64] {
            let (mut peer, mut we) = (0.0, 0.0);
            for _ in 0..TURNS {
                let (to, ready) = (rows.clone(), Arc::clone(&plain));
                let write = move |number: u64| {
                    let (to, row) = (to.clone(), ready[number as usize % READY].clone());
                    async move { to.write(row).await }
                };
                peer += turn(clients, write).await / TURNS as f64;
                let (to, ready) = (scribe.clone(), Arc::clone(&entries));
                let write = move |number: u64| {
                    let (to, entry) = (to.clone(), ready[number as usize % READY].clone());
                    async move { drop(to.write(entry, Vec::new()).await) }
                };
                we += turn(clients, write).await / TURNS as f64;
            }
            if round > 0 {
                let row = format!("receipts, {clients} clients");
                say(&row, "peer", "same rows, bare", "/s", peer);
                say(&row, "we", "", "/s", we);
            }
        }
    }
}
