//! How fast kinds of health data are told: megabytes a second of one thread over a file that was read already, best and median of
//! five runs; the search for
//! identifiers, and the whole manifest, which is both, beside it.
//!
//!     cargo run --release -p strongroom-identify --example kinds_speed -- FILE
//!
//! What must always hold: the file is read before the clock starts; the clock is the processor's time of this thread (Linux).
//!
//! What it refuses to know: whether that is fast enough.
#![expect(clippy::print_stdout, reason = "it reports on stdout")]

use std::process::ExitCode;
use strongroom_identify::health_data;
use strongroom_identify::manifest::Manifest;
use strongroom_identify::read::{Part, Portion, ReadLimits, read};
use strongroom_identify::search::Search;

const RUNS: usize = 5;

/// Seconds that this thread has run.
fn seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}

fn measure(bytes: usize, mut work: impl FnMut()) -> Option<Vec<f64>> {
    let mut speeds = Vec::new();
    for _ in 0..RUNS {
        let before = seconds()?;
        work();
        speeds.push(bytes as f64 / 1e6 / (seconds()? - before).max(1e-9));
    }
    speeds.sort_by(f64::total_cmp);
    Some(speeds)
}

fn main() -> ExitCode {
    let Some(bytes) = std::env::args_os().nth(1).and_then(|path| std::fs::read(path).ok()) else {
        println!("usage: kinds_speed FILE");
        return ExitCode::from(2);
    };
    let mut parts: Vec<Part> = Vec::new();
    let keep = &mut |portion| {
        if let Portion::Text(part) = portion {
            parts.push(part);
        }
    };
    if read(&bytes, "", &ReadLimits::default(), keep).is_err() {
        return ExitCode::from(4);
    }
    let text: usize = parts.iter().map(|part| part.text.len()).sum();
    let mut rules = 0;
    let kinds = measure(text, || rules = health_data(&parts, None).evidence().len());
    let search = Search::new();
    let alone = measure(text, || {
        let _ = search.file(&bytes, "", &ReadLimits::default(), &mut |_| {});
    });
    let mut people = 0;
    let whole = measure(text, || {
        people = Manifest::of(&search, &bytes, "", &ReadLimits::default()).map_or(0, |found| found.0.people.len());
    });
    if let (Some(kinds), Some(alone), Some(whole)) = (kinds, alone, whole) {
        println!("kinds: {rules} rules, best {:.0} MB/s, median {:.0} MB/s", kinds[RUNS - 1], kinds[RUNS / 2]);
        println!("search alone: best {:.1} MB/s, median {:.1} MB/s", alone[RUNS - 1], alone[RUNS / 2]);
        println!("manifest: {people} people, best {:.1} MB/s, median {:.1} MB/s", whole[RUNS - 1], whole[RUNS / 2]);
    }
    ExitCode::SUCCESS
}
