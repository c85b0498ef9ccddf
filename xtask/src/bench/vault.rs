//! Sealing and opening in memory: runs the vault's own benchmark, which knows both sides, and reads what it says.
//!
//! The benchmark takes its turns itself, because only the vault may touch a cipher. It is asked for
//! [`ROUNDS`] rounds and to print one JSON object a line:
//! `{"row": "seal 64 KiB segments", "side": "limit" | "peer" | "we", "who": "…", "unit": "GB/s", "value": 7.3}`.
//! Lines that are no such object are shown as they are.

use super::Section;
use super::report::table;
use super::rounds::{Sample, rows};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

/// The variable that tells a benchmark how many rounds to measure, and that JSON lines are wanted.
const ROUNDS: &str = "STRONGROOM_BENCH_ROUNDS";

/// Runs `cargo bench` for the vault.
pub(super) fn measure(top: &Path, rounds: u32) -> Result<Section> {
    ensure!(
        top.join("crates/vault/benches/seal.rs").is_file(),
        "the vault has no benchmark crates/vault/benches/seal.rs yet"
    );
    let output = Command::new("cargo")
        .args(["bench", "--quiet", "--package", "strongroom-vault", "--bench", "seal"])
        .current_dir(top)
        .env(ROUNDS, rounds.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo bench")?;
    ensure!(output.status.success(), "the vault's benchmark failed");
    let body = read(&String::from_utf8_lossy(&output.stdout));
    ensure!(!body.trim().is_empty(), "the vault's benchmark said nothing");
    Ok(Section { name: "vault", heading: "Sealing and opening, from memory to memory, one core", body })
}

fn read(said: &str) -> String {
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
