//! How fast names are found: megabytes a second of one thread over a file, best and median of five.
//!
//! What must always hold: the text is read before the clock starts; the clock is the processor's time of this process.
//!
//! What it refuses to know: whether that is fast enough.
#![expect(clippy::print_stdout, reason = "it reports on stdout")]

use std::process::ExitCode;
use strongroom_identify::names::{Known, Names};

/// Processor time of this process in seconds, by Linux's accounting in hundredths.
fn processor_seconds() -> Option<f64> {
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after = line.rsplit_once(')')?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u32>().ok()? + fields.get(12)?.parse::<u32>().ok()?;
    Some(f64::from(ticks) / 100.0)
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        println!("usage: names_speed FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            println!("{path}: {error}");
            return ExitCode::from(4);
        }
    };
    let names = Names::new();
    let mut rates = Vec::new();
    let mut found = Vec::new();
    // As many turns as make twenty megabytes, so that hundredths of a second are fine enough.
    let turns = (20_000_000 / text.len().max(1)).max(1);
    for _ in 0..5 {
        let Some(before) = processor_seconds() else { return ExitCode::from(4) };
        for _ in 0..turns {
            found.clear();
            names.find(&text, &Known::default(), &mut found);
        }
        let Some(after) = processor_seconds() else { return ExitCode::from(4) };
        let bytes = u32::try_from(text.len() / 1_000 * turns).unwrap_or(u32::MAX);
        rates.push(f64::from(bytes) / 1_000.0 / (after - before).max(0.01));
    }
    rates.sort_by(f64::total_cmp);
    println!("{} findings, best {:.1} MB/s, median {:.1} MB/s", found.len(), rates[4], rates[2]);
    ExitCode::SUCCESS
}
