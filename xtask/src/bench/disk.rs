//! What the disk allows: the ceiling over receipts and uploads.

use super::Section;
use super::report::table;
use super::rounds::{Contender, Side, in_turns, rows};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One durable write: a page of SQLite, a batch of ledger entries.
const PAGE_BYTES: usize = 4096;
/// How much one sequential turn writes.
const SEQUENTIAL_BYTES: usize = 256 << 20;
/// In pieces of this size.
const PIECE_BYTES: usize = 1 << 20;
/// How long one turn of durable writes lasts.
const TURN: Duration = Duration::from_millis(500);

/// Measures in `folder`, and leaves nothing there.
pub(super) fn measure(folder: &Path, rounds: u32) -> Result<Section> {
    std::fs::create_dir_all(folder).context("making the folder to measure in")?;
    let place = Place(folder.join(format!("strongroom-bench-{}", std::process::id())));
    let mut contenders = [
        Contender {
            row: "4 KiB written and durable",
            side: Side::Limit,
            who: "fdatasync",
            unit: "writes/s",
            once: Box::new(|| durable_writes(&place.0)),
        },
        Contender {
            row: "256 MiB in sequence, then durable",
            side: Side::Limit,
            who: "write",
            unit: "MB/s",
            once: Box::new(|| sequential(&place.0)),
        },
    ];
    let samples = in_turns(rounds, &mut contenders)?;
    Ok(Section { name: "disk", heading: "What the disk allows", body: table(&rows(&samples)) })
}

/// The file that is written, removed when the measuring ends however it ends.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing more can be done about a file that will not go.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Appends pages, each durable before the next, as a log does. Writes per second.
fn durable_writes(path: &Path) -> Result<f64> {
    let mut file = File::create(path).context("making the file")?;
    let page = [0x5a_u8; PAGE_BYTES];
    let (start, mut count) = (now(), 0_u32);
    while start.elapsed() < TURN {
        file.write_all(&page).context("writing")?;
        file.sync_data().context("making durable")?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// Writes one large file over and makes it durable at the end. Megabytes (10⁶) per second.
fn sequential(path: &Path) -> Result<f64> {
    let mut file = File::create(path).context("making the file")?;
    let piece = vec![0xa5_u8; PIECE_BYTES];
    let start = now();
    for _ in 0..SEQUENTIAL_BYTES / PIECE_BYTES {
        file.write_all(&piece).context("writing")?;
    }
    file.sync_data().context("making durable")?;
    let seconds = start.elapsed().as_secs_f64();
    file.seek(SeekFrom::Start(0)).context("going back")?;
    file.set_len(0).context("emptying the file")?;
    Ok(SEQUENTIAL_BYTES as f64 / 1e6 / seconds)
}
