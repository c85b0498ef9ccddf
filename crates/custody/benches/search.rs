//! Searching a million documents of a hundred customers, one of which has half of them, by 8 clients at once, a page
//! of 50: what a search takes at the desk, from the typed words to the opened page. That is all that a request does but
//! the session's cookie and the making of HTML: facts about the asker, blind tokens, documents in policy's scope, facts
//! about each, `decide`, a receipt from the ledger by group commit, every column on the page opened, authors' names. Bare
//! fdatasync takes its turns in the same run; on a server so does the smallest question there is, by as many clients.
//!
//! `cargo xtask bench search` and `cargo xtask bench server`, which let the store lay the data into `STRONGROOM_BENCH_DATA` first.
//! The goal is p99 of at most 50 ms, or 3 × the p99 of fdatasync + 20 ms.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

extern crate store as strongroom_store;

#[path = "support/asking.rs"]
mod asking;
#[path = "../../store/benches/support/turns.rs"]
#[expect(dead_code, reason = "shared with the store's benchmarks, which make folders and receipts")]
mod turns;

use asking::{CLIENTS, asks, open, turn};
use std::path::PathBuf;
use std::time::Duration;
use store::{Store, trial};
use turns::{fdatasync, now, quantile, rounds, say};

/// How long the smallest question is asked in each turn.
const BARE: Duration = Duration::from_millis(500);

/// `SELECT 1` by as many clients as ask for pages; milliseconds, sorted.
async fn nothing(store: &Store) -> Vec<f64> {
    let start = now();
    let running: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while start.elapsed() < BARE {
                    let before = now();
                    trial::ask_nothing(&store).await;
                    times.push(before.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for one in running {
        times.extend(one.await.unwrap());
    }
    times.sort_by(f64::total_cmp);
    times
}

#[tokio::main]
async fn main() {
    let dir = std::env::var_os("STRONGROOM_BENCH_DATA").map(PathBuf::from).unwrap();
    let (store, custody) = open(dir.clone()).await;
    let only = std::env::var("STRONGROOM_BENCH_ROW").unwrap_or_default();
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        for (row, person, what, least) in asks() {
            if !row.contains(&only) {
                continue;
            }
            let bare = fdatasync(&dir, BARE);
            let peer = if store.is_on_server() { Some(nothing(&store).await) } else { None };
            let times = turn(&custody, person, what, least, round).await;
            if round == 0 {
                continue;
            }
            for (name, share) in [("p99", 0.99), ("p50", 0.5)] {
                let row = format!("{row}: {name}");
                say(&row, "limit", "fdatasync", "ms", quantile(&bare, share));
                if let Some(peer) = &peer {
                    say(&row, "peer", "SELECT 1", "ms", quantile(peer, share));
                }
                say(&row, "we", "", "ms", quantile(&times, share));
            }
        }
    }
    custody.close().await;
}
