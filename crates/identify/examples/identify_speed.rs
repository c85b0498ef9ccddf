//! What it costs to find and take out PHI, one way of working at a time: `cargo xtask bench identify` starts it for each.
//!
//!     cargo run --release -p strongroom-identify --example identify_speed -- corpus FILE MEGABYTES
//!     cargo run --release -p strongroom-identify --example identify_speed -- read|finder|stream|scan|deidentify|latency FILE
//!
//! `corpus` writes made-up notes, a form feed between them; the other ways read such a file and print one JSON object:
//! `{"bytes": …, "seconds": …, "findings": …, "refused": …, "memory_mb": …}`, seconds of processor time; for `latency`, which
//! asks how long somebody waits for one note, `{"scan_p50_ms": …, …}` by the clock.
//!
//! What must always hold: the file is in memory before anything is measured; one thread; the same size gives the same corpus.
//!
//! What it refuses to know: what others do, and whether it is fast enough.

use record::civil::Day;
use record::{Entropy, SystemEntropy};
use standin::{Formats, OutError, Plan, make};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};
use strongroom_identify::deidentify::Drawn;
use strongroom_identify::read::ReadLimits;
use strongroom_identify::search::{Said, Search};
use strongroom_identify::{Deidentifier, DeidentifyError, FindStream, Finder, Method};

type Failure = Box<dyn Error>;

/// Between two notes, as between two pages.
const BETWEEN: u8 = 0x0c;
/// Chunks in which a stream comes.
const CHUNK_BYTES: usize = 64 << 10;
/// A patient has 1.4 KB of notes in the middle; so many more than are needed are asked for, and making stops when it is enough.
const PATIENTS_PER_MEGABYTE: u32 = 1_500;
const PATIENTS_PER_PRACTICE: u32 = 250;
/// The size of note for which somebody waits, and how many of them are tried.
const NOTE_BYTES: usize = 10_000;
const NOTES_MAX: usize = 500;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let line = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["corpus", path, megabytes] => return corpus(path, megabytes.parse()?),
        [way, path] => {
            let text = std::fs::read(path)?;
            if way == "latency" { latency(&text)? } else { measured(way, &text)? }
        }
        _ => return Err("usage: identify_speed corpus FILE MEGABYTES, or: identify_speed WAY FILE".into()),
    };
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Notes one after the other, until there are enough of them.
struct Notes<W> {
    to: W,
    left: usize,
}

impl<W: Write> standin::Out for Notes<W> {
    fn file(&mut self, _path: &str, bytes: &[u8]) -> Result<(), OutError> {
        if self.left == 0 {
            return Err(OutError::new("there are enough"));
        }
        self.left = self.left.saturating_sub(bytes.len() + 1);
        self.to.write_all(bytes).and_then(|()| self.to.write_all(&[BETWEEN])).map_err(OutError::new)
    }

    fn more(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.file(path, bytes)
    }
}

fn corpus(path: &str, megabytes: u32) -> Result<(), Failure> {
    let day = Day::new(2026, 6, 1).ok_or("a day of the calendar")?;
    let patients = megabytes.max(1) * PATIENTS_PER_MEGABYTE;
    let formats = "text".parse::<Formats>()?;
    let plan = Plan { formats, ..Plan::new(patients.div_ceil(PATIENTS_PER_PRACTICE), patients, 1, day) };
    let mut notes = Notes { to: BufWriter::new(File::create(path)?), left: usize::try_from(megabytes)? * 1_000_000 };
    let made = make(&plan, &mut notes);
    // Making ends with an error when there are enough, which is how it ought to end.
    if notes.left > 0 {
        made?;
        return Err("too few notes were made".into());
    }
    Ok(notes.to.flush()?)
}

/// What one way of working took.
#[derive(Default)]
struct Measured {
    findings: u64,
    refused: u64,
}

fn measured(way: &str, text: &[u8]) -> Result<String, Failure> {
    let mut begin = None;
    let before = seconds(&mut begin);
    let Measured { findings, refused } = match way {
        "read" => read(text),
        "finder" => whole(text),
        "stream" => stream(text),
        "scan" => Measured { findings: scan(&Search::new(), text)?, refused: 0 },
        "deidentify" => deidentify(text)?,
        _ => return Err("the ways are read, finder, stream, scan, deidentify and latency".into()),
    };
    let (seconds, bytes, memory) = (seconds(&mut begin) - before, text.len(), most_memory());
    Ok(format!(
        r#"{{"bytes":{bytes},"seconds":{seconds},"findings":{findings},"refused":{refused},"memory_mb":{memory:.1}}}"#
    ))
}

/// The limit: each byte is looked at once.
fn read(text: &[u8]) -> Measured {
    black_box(text.iter().map(|byte| u64::from(*byte)).sum::<u64>());
    Measured::default()
}

fn whole(text: &[u8]) -> Measured {
    let mut found = Vec::new();
    Finder::default().find(text, &mut found);
    Measured { findings: found.len() as u64, refused: 0 }
}

fn stream(text: &[u8]) -> Measured {
    let mut findings = 0;
    let mut stream = FindStream::default();
    for chunk in text.chunks(CHUNK_BYTES) {
        stream.push(chunk, |_| findings += 1);
    }
    stream.finish(|_| findings += 1);
    Measured { findings, refused: 0 }
}

/// As `strongroom scan` does it: read, find, names, and what the witnesses agree on.
fn scan(search: &Search, text: &[u8]) -> Result<u64, Failure> {
    let mut count = 0;
    search.file(text, "notes.txt", &ReadLimits::default(), &mut |said| {
        if let Said::Part { findings, .. } = said {
            count += findings.len() as u64;
        }
    })?;
    Ok(count)
}

/// Note by note, as files come, by Safe Harbor, with what is searched again afterwards. A note that is refused counts as refused.
fn deidentify(text: &[u8]) -> Result<Measured, Failure> {
    let deidentifier = deidentifier()?;
    let mut measured = Measured::default();
    for note in notes(text) {
        match one_deidentified(&deidentifier, &SystemEntropy, note) {
            Ok(replaced) => measured.findings += replaced,
            Err(_) => measured.refused += 1,
        }
    }
    Ok(measured)
}

fn deidentifier() -> Result<Deidentifier, Failure> {
    Ok(Deidentifier::new(Method::SafeHarbor, Day::new(2026, 6, 1).ok_or("a day of the calendar")?))
}

/// How many bytes came out differently is nobody's question here; how many identifiers were replaced is.
fn one_deidentified(with: &Deidentifier, entropy: &dyn Entropy, note: &[u8]) -> Result<u64, DeidentifyError> {
    let mut drawn = Drawn::new(entropy, []);
    let done = with.file(note, "note.txt", &mut drawn)?;
    Ok(black_box(done).report.replaced.values().sum())
}

fn notes(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == BETWEEN).filter(|note| !note.is_empty())
}

/// Notes of ten kilobytes: how long each takes, in milliseconds of the clock, since somebody waits for it.
fn latency(text: &[u8]) -> Result<String, Failure> {
    let (search, deidentifier) = (Search::new(), deidentifier()?);
    let long: Vec<Vec<u8>> = long_notes(text);
    let finder = each(&long, |note| Ok(whole(note).findings))?;
    let scanned = each(&long, |note| scan(&search, note))?;
    // A refusal is an answer too, and whoever asked has waited for it.
    let taken_out = each(&long, |note| Ok(one_deidentified(&deidentifier, &SystemEntropy, note).unwrap_or(0)))?;
    let all = [("finder", finder), ("scan", scanned), ("deidentify", taken_out)];
    let said: Vec<String> = all
        .iter()
        .map(|(way, times)| {
            let at = |hundredths: usize| times[(times.len() - 1) * hundredths / 100];
            format!(r#""{way}_p50_ms":{:.4},"{way}_p99_ms":{:.4}"#, at(50), at(99))
        })
        .collect();
    Ok(format!(r#"{{"notes":{},{}}}"#, long.len(), said.join(",")))
}

/// Notes put together until they are as long as asked for.
fn long_notes(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut long, mut next) = (Vec::new(), Vec::new());
    for note in notes(text) {
        next.extend_from_slice(note);
        if next.len() >= NOTE_BYTES {
            long.push(std::mem::take(&mut next));
            if long.len() == NOTES_MAX {
                break;
            }
        }
    }
    long
}

/// Milliseconds, sorted.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn each(notes: &[Vec<u8>], work: impl Fn(&[u8]) -> Result<u64, Failure>) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::with_capacity(notes.len());
    for note in notes {
        let begin = Instant::now();
        black_box(work(note)?);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    if times.is_empty() { Err("the file is too short for a note of ten kilobytes".into()) } else { Ok(times) }
}

/// Seconds that this thread has run, where the system tells it (Linux), and by the clock elsewhere.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn seconds(begin: &mut Option<Instant>) -> f64 {
    // The system adds up what a thread has run when it stops running, and else only every few milliseconds.
    std::thread::sleep(Duration::from_micros(1));
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()) {
        Some(nanos) => nanos / 1e9,
        None => begin.get_or_insert_with(Instant::now).elapsed().as_secs_f64(),
    }
}

/// The most memory that this process ever had, megabytes (10⁶), the file included; 0 where the system does not tell.
fn most_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    kibibytes.and_then(|count| count.trim().parse::<f64>().ok()).map_or(0.0, |count| count * 1024.0 / 1e6)
}
