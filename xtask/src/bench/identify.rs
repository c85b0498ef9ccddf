//! What it costs to find PHI in notes, in processor time of one thread: ours and others, in turns, over the same made-up notes.
//!
//! What must always hold: who cannot be measured is named, with what to do; nothing is fetched here (`bin/bench-peers` does that);
//! a ratio is one of rates within a round; whoever reads less than all of the notes has that said in its row.
//!
//! What it refuses to know: whether what was found is right. Who finds more is not better by that, and the page says so.

mod contender;

use super::Section;
use super::report::{short, table};
use super::rounds::{Sample, Side, rows};
use super::served::Folder;
use anyhow::{Context, Result, ensure};
use clap::Args;
use contender::{Contender, Given, HYPERSCAN, Place, Told};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// How much text there is.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Options {
    /// How many megabytes of made-up notes are searched; slow peers get the first few of them
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    megabytes: u32,
}

/// Between two notes.
const BETWEEN: u8 = 0x0c;
/// So many starts make one turn, since one takes a few milliseconds only.
const STARTS: u32 = 20;

/// Measures below `folder`, and leaves nothing there but what cargo builds.
pub(super) fn measure(top: &Path, folder: &Path, rounds: u32, options: Options) -> Result<Section> {
    let scratch = Folder::new(folder, "identify")?;
    let place = Place::new(top, &scratch.0, example(top)?);
    place.run(&["corpus", "notes-all.txt", &options.megabytes.to_string()])?;
    std::fs::write(scratch.0.join("empty.txt"), "").context("making an empty file")?;
    let (present, missing) = contender::all(&place);
    for contender in &present {
        if let Some(megabytes) = contender.megabytes_max {
            cut(&scratch.0, megabytes)?;
        }
        if contender.given == Given::FileForEachNote {
            split(&scratch.0, contender.megabytes_max)?;
        }
    }
    let (mut told, mut waits) = (vec![Vec::new(); present.len()], Vec::new());
    // The first round warms up and does not count.
    for round in 0..=rounds {
        for (contender, told) in present.iter().zip(&mut told) {
            let once = contender.once(&place).with_context(|| format!("measuring {}", contender.name))?;
            if round > 0 {
                told.push(once);
            }
        }
        let waited = waits_once(&place)?;
        if round > 0 {
            waits.extend(waited);
        }
    }
    let lines: Vec<(&Contender, Vec<Told>)> = present.iter().copied().zip(told).collect();
    let mut body = format!("{}\n{}\n{}", rates(&lines), WORDS, table(&rows(&waits)));
    for sentence in missing {
        // Writing to a String cannot fail.
        let _ = write!(body, "\nNot measured: {sentence}.\n");
    }
    let heading = "Finding PHI in made-up notes, processor time, one thread";
    Ok(Section { name: "identify", heading, body })
}

/// What a reader of the table has to know.
const WORDS: &str = "A rate is of processor time, user and system. Loading, and compiling patterns, is left out, but for ripgrep and redact-cli, \
which are timed from start to end. Hyperscan and ripgrep search for the same patterns at once (`xtask/src/bench/identify/patterns.txt`). Hyperscan \
tells a match for each of its ends, ripgrep counts lines, de-identification counts replacements: findings show that work was done, not who is right. \
Presidio has no model for names here. Memory is the most that the process had, less the file.\n\n\
Below, what somebody waits for, by the clock: notes of 10 KB in a program that runs, and that program's start and end with an empty file. p99 is of 500 notes, or of as many as there are.\n";

/// The example of ours that works in each way.
fn example(top: &Path) -> Result<std::path::PathBuf> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "strongroom-identify", "--example", "identify_speed"])
        .current_dir(top)
        .status()
        .context("running cargo")?;
    ensure!(built.success(), "the example identify_speed could not be built");
    // Programs are started in another folder.
    let example = super::target_folder(top).join("release/examples/identify_speed");
    example.canonicalize().context("finding the example identify_speed")
}

/// The first megabytes of all notes, to the end of a note, for those who are slow; once for each size.
fn cut(folder: &Path, megabytes: u32) -> Result<()> {
    let to = folder.join(contender::notes(Some(megabytes)));
    if to.exists() {
        return Ok(());
    }
    let all = File::open(folder.join(contender::notes(None))).context("opening the notes")?;
    let mut all = BufReader::new(all);
    let mut first = vec![];
    all.by_ref().take(u64::from(megabytes) * 1_000_000).read_to_end(&mut first).context("reading the notes")?;
    all.read_until(BETWEEN, &mut first).context("reading the notes")?;
    File::create(to).and_then(|mut file| file.write_all(&first)).context("writing the first notes")
}

/// The same notes, each in a file of its own, in a folder beside them.
fn split(folder: &Path, megabytes: Option<u32>) -> Result<()> {
    let name = contender::notes(megabytes);
    let to = folder.join(format!("{name}.d"));
    if to.exists() {
        return Ok(());
    }
    std::fs::create_dir(&to).context("making a folder for notes")?;
    let all = std::fs::read(folder.join(name)).context("reading the notes")?;
    for (at, note) in all.split(|byte| *byte == BETWEEN).filter(|note| !note.is_empty()).enumerate() {
        std::fs::write(to.join(format!("{at}.txt")), note).context("writing a note")?;
    }
    Ok(())
}

/// One line for each contender, with its rate, and that as a multiple of Hyperscan's.
fn rates(lines: &[(&Contender, Vec<Told>)]) -> String {
    let peer = lines.iter().find(|(contender, _)| contender.name == HYPERSCAN).map(|(_, told)| told);
    let mut samples = Vec::new();
    for (contender, told) in lines {
        let sample = |side, told: &Told| Sample {
            row: contender.name.to_owned(),
            side,
            who: String::new(),
            unit: "MB/s".to_owned(),
            value: told.rate(),
        };
        samples.extend(told.iter().map(|told| sample(Side::We, told)));
        samples.extend(peer.into_iter().flatten().map(|told| sample(Side::Peer, told)));
    }
    let mut out = String::from(
        "| who | what | MB/s/core | ÷ Hyperscan | over, MB | findings | memory, MB |\n|---|---|---|---|---|---|---|\n",
    );
    for (row, (contender, told)) in rows(&samples).iter().zip(lines) {
        let (Some(we), Some(last)) = (&row.sides[2], told.last()) else { continue };
        let (median, lowest, highest) = (small(we.median), small(we.lowest), small(we.highest));
        let findings = match (last.findings, last.refused) {
            (None, _) => "–".to_owned(),
            (Some(many), 0) => many.to_string(),
            (Some(many), refused) => format!("{many}; notes refused: {refused}"),
        };
        let memory = told.iter().filter_map(Told::memory_beside).reduce(f64::max);
        let memory = memory.map_or_else(|| "–".to_owned(), short);
        let over = short(last.megabytes());
        let _ = writeln!(
            out,
            "| {} | {} | **{median}** ({lowest}–{highest}) | {} | {over} | {findings} | {memory} |",
            contender.name,
            contender.what,
            row.of_peer.map_or_else(|| "–".to_owned(), small),
        );
    }
    out
}

/// As elsewhere, but of what is far below one, two digits that say something: the slowest are a thousand times slower.
fn small(value: f64) -> String {
    match value {
        value if value >= 0.1 || value <= 0.0 => short(value),
        value if value >= 0.01 => format!("{value:.3}"),
        value if value >= 0.001 => format!("{value:.4}"),
        value => format!("{value:.5}"),
    }
}

/// How long somebody waits: for a note, and for a start.
fn waits_once(place: &Place) -> Result<Vec<Sample>> {
    let said = place.run(&["latency", &contender::notes(None)])?;
    let mut samples = waits(&said).context("the example said no times")?;
    let begin = now();
    for _ in 0..STARTS {
        place.run(&["scan", "empty.txt"])?;
    }
    let value = begin.elapsed().as_secs_f64() * 1e3 / f64::from(STARTS);
    samples.push(wait("start and end, an empty file", value));
    Ok(samples)
}

/// What the example says about notes of 10 KB.
fn waits(said: &str) -> Option<Vec<Sample>> {
    let said: Value = serde_json::from_str(said).ok()?;
    let mut samples = Vec::new();
    for (key, what) in
        [("finder", "identifiers found"), ("scan", "scanned with names"), ("deidentify", "de-identified")]
    {
        for percentile in ["p50", "p99"] {
            let value = said.get(format!("{key}_{percentile}_ms"))?.as_f64()?;
            samples.push(wait(&format!("a note of 10 KB {what}: {percentile}"), value));
        }
    }
    Some(samples)
}

fn wait(row: &str, value: f64) -> Sample {
    Sample { row: row.to_owned(), side: Side::We, who: String::new(), unit: "ms".to_owned(), value }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
