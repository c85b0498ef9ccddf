//! No benchmark of its own: lays the million documents that custody's search is measured over into the folder
//! `STRONGROOM_BENCH_DATA`, or into its database on the server that `STRONGROOM_TEST_POSTGRES` names, unless they are there.
//! `STRONGROOM_BENCH_DOCUMENTS` and `STRONGROOM_BENCH_PATIENTS` say how many.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::PathBuf;
use strongroom_store::trial;
use strongroom_store::trial::city::{self, Size};

fn many(variable: &str, else_many: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(else_many)
}

#[tokio::main]
async fn main() {
    let size = Size {
        documents: many("STRONGROOM_BENCH_DOCUMENTS", 1_000_000),
        patients: many("STRONGROOM_BENCH_PATIENTS", 300_000),
    };
    let dir = std::env::var_os("STRONGROOM_BENCH_DATA").map(PathBuf::from).unwrap();
    let done = dir.join("done");
    if done.exists() {
        return;
    }
    let store = trial::open(&dir).await;
    let ring = city::begin(&store).await;
    store.close().await;
    drop(store);
    city::build(&dir, &ring, size).await;
    std::fs::write(done, b"").unwrap();
}
