//! What both benchmarks need: a folder that goes away, dice, time, a scribe as custody's, and lines for `cargo xtask bench`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking, helpers beside it too")]

use ledger::{Draft, Receipt, Signer};
use record::{Entry, SystemEntropy};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strongroom_store::LedgerLog;
use tokio::sync::{mpsc, oneshot};

/// As custody's scribe has it.
const BATCH_MAX: usize = 512;

/// A folder that goes with the benchmark, on the disk of the target folder.
pub(crate) struct TempDir(pub(crate) PathBuf);

impl TempDir {
    pub(crate) fn new(name: &str) -> Self {
        let below = std::env::var_os("STRONGROOM_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = below.join(format!("strongroom-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How many rounds count.
pub(crate) fn rounds() -> u32 {
    std::env::var("STRONGROOM_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// One measured number, as `cargo xtask bench` reads it.
#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
pub(crate) fn say(row: &str, side: &str, who: &str, unit: &str, value: f64) {
    println!("{}", serde_json::json!({"row": row, "side": side, "who": who, "unit": unit, "value": value}));
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same world.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }
    /// Between 0 and 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Bare durable writes of 4 KiB for this long; how long each took, in milliseconds, sorted.
pub(crate) fn fdatasync(dir: &Path, turn: Duration) -> Vec<f64> {
    let path = dir.join("fdatasync");
    let mut file = File::create(&path).unwrap();
    let (page, start, mut times) = ([0x5a_u8; 4096], now(), Vec::new());
    while start.elapsed() < turn {
        let before = now();
        file.write_all(&page).unwrap();
        file.sync_data().unwrap();
        times.push(before.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(path).unwrap();
    times.sort_by(f64::total_cmp);
    times
}

/// The value below which this share of the sorted values lies.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// What waits for its receipt.
pub(crate) type Line = (Draft, oneshot::Sender<Receipt>);

/// Commits what queued while the last commit was on its way as one batch, without a timer, as custody's scribe does.
#[derive(Clone)]
pub(crate) struct Scribe(mpsc::Sender<Line>);

impl Scribe {
    pub(crate) fn start(log: LedgerLog) -> Self {
        let signer = Arc::new(Signer::from_seed("bench.example/ledger", [7; 32].into()).unwrap());
        let (lines, mut queue) = mpsc::channel::<Line>(4096);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
                let (drafts, answers): (Vec<Draft>, Vec<_>) = std::mem::take(&mut batch).into_iter().unzip();
                let committed = ledger::commit(drafts, &log, &signer, &SystemEntropy).await.unwrap();
                for (receipt, answer) in committed.receipts.into_iter().zip(answers) {
                    drop(answer.send(receipt));
                }
            }
        });
        Self(lines)
    }

    pub(crate) async fn write(&self, entry: Entry, sealed_body: Vec<u8>) -> Receipt {
        let (answer, waiting) = oneshot::channel();
        self.0.send((Draft { entry, sealed_body }, answer)).await.unwrap_or_else(|_| panic!("the scribe has gone"));
        waiting.await.unwrap()
    }
}
