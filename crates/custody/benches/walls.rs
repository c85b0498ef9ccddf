//! What row-level security costs on a server: the same searches and lists over the same million documents, with the walls up
//! and with the walls down, in turns within one run. Down, a text is planned and run without its policy; the customer is set
//! as ever. What setting it costs is measured at a single row, fetched with and without it.
//!
//! `cargo xtask bench server`, which lets the store lay the data into `STRONGROOM_BENCH_DATA` first. The goal is at most a tenth.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

extern crate store as strongroom_store;

#[path = "support/asking.rs"]
mod asking;
#[path = "../../store/benches/support/turns.rs"]
#[expect(dead_code, reason = "shared with the store's benchmarks, which make folders and receipts")]
mod turns;

use asking::{CLIENTS, TURN, asks, open, turn};
use std::path::PathBuf;
use store::trial::{Walls, walls_set};
use turns::{rounds, say};

/// Kinds of pages that stand for all: along everything, along names, patient by patient, by one patient's number.
const ROWS: [&str; 5] = [
    "commonest surname, records staff",
    "record number, records staff",
    "common names, least busy clinician",
    "no hit, records staff",
    "list of all, least busy clinician",
];

#[tokio::main]
async fn main() {
    let dir = std::env::var_os("STRONGROOM_BENCH_DATA").map(PathBuf::from).unwrap();
    let (_store, custody) = open(dir.clone()).await;
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        for (row, person, what, least) in asks().into_iter().filter(|one| ROWS.contains(&one.0)) {
            // Who goes first is drawn by turns, so that a machine that slows down slows both.
            let order = if round % 2 == 0 { [Walls::Up, Walls::Down] } else { [Walls::Down, Walls::Up] };
            for walls in order {
                walls_set(&dir, walls).await;
                let many = turn(&custody, person, what, least, round).await.len();
                let each = TURN.as_secs_f64() * 1e3 * CLIENTS as f64 / many as f64;
                match walls {
                    _ if round == 0 => {}
                    Walls::Up => say(row, "we", "", "ms", each),
                    Walls::Down => say(row, "peer", "walls down", "ms", each),
                }
            }
        }
    }
    walls_set(&dir, Walls::Up).await;
    custody.close().await;
}
