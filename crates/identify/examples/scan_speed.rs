//! How fast the finder reads: megabytes a second of one thread over a file, best and median of five runs.
//!
//!     cargo run --release -p strongroom-identify --example scan_speed -- FILE
//!
//! It measures the processor's time of the thread where the system tells it (Linux), and the clock's elsewhere.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;
use strongroom_identify::{FindStream, Finder, Finding};

const RUNS: usize = 5;

/// Seconds that this thread has run.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn seconds(begin: &mut Option<Instant>) -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()) {
        Some(nanos) => nanos / 1e9,
        None => begin.get_or_insert_with(Instant::now).elapsed().as_secs_f64(),
    }
}

/// Megabytes (10^6) a second, sorted, and how many findings there were.
fn measure(bytes: usize, mut work: impl FnMut(&mut Vec<Finding>)) -> (Vec<f64>, usize) {
    let (mut speeds, mut found, mut begin) = (Vec::new(), Vec::new(), None);
    for _ in 0..RUNS {
        found.clear();
        let before = seconds(&mut begin);
        work(&mut found);
        speeds.push(bytes as f64 / 1e6 / (seconds(&mut begin) - before).max(1e-9));
    }
    speeds.sort_by(f64::total_cmp);
    (speeds, found.len())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("give the file to read")?;
    let text = std::fs::read(path)?;
    let mut out = std::io::stdout();
    let finder = Finder::default();
    let whole = measure(text.len(), |found| finder.find(&text, found));
    let stream = measure(text.len(), |found| {
        let mut stream = FindStream::default();
        for chunk in text.chunks(64 << 10) {
            stream.push(chunk, |finding| found.push(finding));
        }
        stream.finish(|finding| found.push(finding));
    });
    for (name, (speeds, found)) in [("whole", whole), ("stream", stream)] {
        let (best, median) = (speeds[RUNS - 1], speeds[RUNS / 2]);
        writeln!(out, "{name}: best {best:.1} MB/s, median {median:.1} MB/s, {found} findings, {} bytes", text.len())?;
    }
    Ok(())
}
