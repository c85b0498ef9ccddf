//! Benchmarks that a crate of ours runs itself, because only it may touch what is measured (a cipher, SQL): they are
//! run here, and what they say is read.
//!
//! Such a benchmark takes its turns itself. It is asked for so many rounds and to print one JSON object a line:
//! `{"row": "seal 64 KiB segments", "side": "limit" | "peer" | "we", "who": "…", "unit": "GB/s", "value": 7.3}`.
//! Lines that are no such object are shown as they are.

use super::Section;
use super::report::table;
use super::rounds::{Sample, rows};
use super::server::SERVER;
use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that tells a benchmark how many rounds to measure.
const ROUNDS: &str = "STRONGROOM_BENCH_ROUNDS";
/// And the one that tells it below which folder to write; it leaves nothing there.
const FOLDER: &str = "STRONGROOM_BENCH_DIR";

/// And the one that names a folder of made-up data, which is laid down once and measured by another crate.
pub(super) const DATA: &str = "STRONGROOM_BENCH_DATA";

/// A benchmark of a crate.
pub(super) struct Program {
    /// For the markers.
    pub name: &'static str,
    /// `benches/*.rs` of some crate; no two crates have one of the same name.
    pub(super) bench: &'static str,
    /// The one that lays down its data.
    data: Option<&'static str>,
    heading: &'static str,
}

pub(super) const VAULT: Program = Program {
    name: "vault",
    bench: "seal",
    data: None,
    heading: "Sealing and opening, from memory to memory, one core",
};
pub(super) const RECEIPTS: Program = Program {
    name: "receipts",
    bench: "receipts",
    data: None,
    heading: "Receipts: an entry in the ledger, durable and under a signed checkpoint",
};
pub(super) const SEARCH: Program = Program {
    name: "search",
    bench: "search",
    data: Some("city"),
    heading: "Search over a million documents of 100 customers, one with half of them, 8 clients, a page of 50",
};

impl Program {
    /// Runs it and makes a section of what it says.
    pub(super) fn measure(&self, top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
        let body = read(&self.run(top, folder, rounds)?);
        ensure!(!body.trim().is_empty(), "the benchmark {} said nothing", self.name);
        Ok(Section { name: self.name, heading: self.heading, body })
    }

    /// What it says, run by `cargo bench`, writing below `folder`. Data that `STRONGROOM_BENCH_DATA` names is kept and used again.
    pub(super) fn run(&self, top: &Path, folder: &Path, rounds: u32) -> Result<String> {
        let kept = std::env::var_os(DATA).map(PathBuf::from);
        let data = kept.clone().unwrap_or_else(|| folder.join(format!("bench-{}-{}", self.name, std::process::id())));
        let run = |name: &str| bench(top, folder, rounds, name, &[(DATA, data.as_os_str())]);
        let said = self.data.map_or(Ok(String::new()), run).and_then(|_| run(self.bench));
        if kept.is_none() && data.exists() {
            std::fs::remove_dir_all(&data).context("removing the data that was measured")?;
        }
        said
    }
}

/// What one benchmark says, run by `cargo bench` with these variables, writing below `folder`.
pub(super) fn bench(top: &Path, folder: &Path, rounds: u32, name: &str, more: &[(&str, &OsStr)]) -> Result<String> {
    let output = Command::new("cargo")
        // With the features of the whole workspace, so that what is measured is what is built and shipped.
        .args(["bench", "--quiet", "--workspace", "--bench", name])
        .current_dir(top)
        .env(ROUNDS, rounds.to_string())
        .env(FOLDER, folder)
        .env_remove(SERVER)
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo bench")?;
    ensure!(output.status.success(), "the benchmark {name} failed");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The numbers among what a benchmark said.
pub(super) fn samples(said: &str) -> Vec<Sample> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// As Markdown: numbers as a table, other lines as they are.
pub(super) fn read(said: &str) -> String {
    let (samples, words): (Vec<_>, Vec<_>) =
        said.lines().map(|line| serde_json::from_str::<Sample>(line).map_err(|_| line)).partition(Result::is_ok);
    let samples: Vec<Sample> = samples.into_iter().flatten().collect();
    let words: Vec<&str> = words.into_iter().filter_map(Result::err).filter(|line| !line.trim().is_empty()).collect();
    let mut body = if samples.is_empty() { String::new() } else { table(&rows(&samples)) };
    if !words.is_empty() {
        body.push_str(&format!("\n```text\n{}\n```\n", words.join("\n")));
    }
    body
}

#[cfg(test)]
mod tests {
    #[test]
    fn objects_become_a_table_and_other_lines_stay_words() {
        let said = "warming up\n{\"row\":\"seal\",\"side\":\"limit\",\"who\":\"AES\",\"unit\":\"GB/s\",\"value\":8.0}\n{\"row\":\"seal\",\"side\":\"we\",\"unit\":\"GB/s\",\"value\":7.6}\n";
        let body = super::read(said);
        assert!(body.contains("| seal | GB/s | AES: **8.00**") && body.contains("| 0.95 |"), "{body}");
        assert!(body.contains("```text\nwarming up\n```"), "{body}");
    }
}
