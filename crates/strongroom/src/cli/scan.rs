//! What `scan` can be told.

use clap::{Args, ValueEnum};
use identify::Identifier;
use std::path::PathBuf;

/// PHI in files, found on this machine alone.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = ScanFormat::Text)]
    pub(crate) format: ScanFormat,
    /// Only these kinds, with commas between them: name, date, age, phone, fax, email, ssn, mrn, health_plan, account, license,
    /// vehicle, device, url, ip, address, place, zip, organization, biometric, photo, other_id.
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub(crate) kinds: Vec<Identifier>,
    /// From which certainty on the exit code is 1: any finding, or only those of 0.80 and more.
    #[arg(long, value_enum, default_value_t = FailOn::Any)]
    pub(crate) fail_on: FailOn,
    /// Print what was found too. It is PHI: see where it goes.
    #[arg(long)]
    pub(crate) show_text: bool,
    /// Say what each rule that found something goes by.
    #[arg(long)]
    pub(crate) explain: bool,
    /// What is not told: a TOML file of `[[ignore]]` with `path`, `kinds`, `reason` and `until`.
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore: Option<PathBuf>,
    /// What is known already: only files with more findings of a kind than stand there are told.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found as a baseline, counts by file and kind and no text, and end with 0.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Remember in this file, by digest, in which files nothing was found at all, and do not search them again while they and this
    /// program are the same.
    #[arg(long, value_name = "FILE")]
    pub(crate) cache: Option<PathBuf>,
    /// How many files are read at the same time; as many as there are processors, if not given.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
}

/// How findings are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanFormat {
    /// A line for each, for people.
    Text,
    /// One object a line, then a summary.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// What each file holds: of how many people, which identifiers and which kinds of health data. One object a line.
    Manifest,
}

/// From which certainty on a finding fails the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Every finding.
    Any,
    /// Findings of 0.80 and more.
    High,
}
