//! No benchmark of its own: lays the million documents that custody's search is measured over into the folder
//! `STRONGROOM_BENCH_DATA`, unless they are there. `STRONGROOM_BENCH_DOCUMENTS` says how many.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "support/city.rs"]
mod city;
#[path = "support/names.rs"]
mod names;
#[path = "support/turns.rs"]
#[expect(dead_code, reason = "shared with the benchmark of receipts, which measures")]
mod turns;

use std::path::PathBuf;
use strongroom_store::{Store, StoreOptions};

async fn open(dir: PathBuf) -> Store {
    Store::open(StoreOptions { dir, create: true }).await.unwrap()
}

#[tokio::main]
async fn main() {
    let many = std::env::var("STRONGROOM_BENCH_DOCUMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let dir = std::env::var_os("STRONGROOM_BENCH_DATA").map(PathBuf::from).unwrap();
    let done = dir.join("done");
    if done.exists() {
        return;
    }
    let store = open(dir.clone()).await;
    let ring = city::begin(&store).await;
    store.close().await;
    drop(store);
    city::build(&dir.join("strongroom.db"), &ring, many).await;
    std::fs::write(done, b"").unwrap();
}
