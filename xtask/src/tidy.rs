//! `cargo xtask tidy`: the laws of the house that a program can check.
//!
//! What must always hold: a check reads and never writes, and needs no network once packages are fetched; a finding names file, line, law and what to do;
//! every check has a test that shows it finding something, so that a check which fell asleep is noticed.
//!
//! What it refuses to know: whether the code is right. Compiler, clippy and the tests say that.

mod arrows;
mod exceptions;
mod licences;
mod manifest;
mod names;
mod rust;
mod sizes;
mod templates;
mod words;

use crate::Verdict;
use crate::tree::{self, Source};
use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use std::fmt;
use std::path::Path;
use std::process::Command;

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// File or crate.
    pub place: String,
    /// Line, counted from 1; 0 when it is about the whole file.
    pub line: usize,
    /// The law's short name.
    pub law: &'static str,
    /// What is so, and what to do.
    pub what: String,
}

impl Finding {
    /// A finding about a whole file or crate.
    pub(crate) fn whole(place: &str, law: &'static str, what: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line: 0, law, what: what.into() }
    }
    /// A finding at a line, counted from 1.
    pub(crate) fn at(place: &str, line: usize, law: &'static str, what: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line, law, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}: {}", self.place, self.law, self.what)
        } else {
            write!(f, "{}:{}: {}: {}", self.place, self.line, self.law, self.what)
        }
    }
}

/// What all checks together say.
#[derive(Default)]
pub(crate) struct Report {
    /// What must be mended.
    pub findings: Vec<Finding>,
    /// What is growing; no failure.
    pub warnings: Vec<Finding>,
    /// What was looked at, for `--verbose`.
    pub looked_at: Vec<String>,
}

/// Runs every check over the checkout at `top`.
pub(crate) fn check(top: &Path) -> Result<Report> {
    let sources = tree::read(top)?;
    let mut report = Report::default();
    report.looked_at.push(format!("{} files", sources.len()));
    let packages = packages(top)?;
    arrows::check(&packages, &mut report);
    licences::check(top, &packages, &mut report)?;
    manifest::check(&sources, &mut report)?;
    for source in &sources {
        check_one(source, &mut report);
    }
    report.findings.sort();
    report.warnings.sort();
    Ok(report)
}

/// Our crates and all that they are built from, for this machine's platform: what only others need may not be here.
fn packages(top: &Path) -> Result<Metadata> {
    let version = Command::new("rustc").arg("-vV").output().context("asking rustc for its platform")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no platform")?;
    let ask = |more: &[&str]| {
        let options = [&["--locked", "--filter-platform", host], more].concat().into_iter().map(str::to_owned);
        MetadataCommand::new().current_dir(top).other_options(options.collect::<Vec<_>>()).exec()
    };
    let offline = ask(&["--offline"]);
    offline.or_else(|_| ask(&[])).context("asking cargo metadata for all packages; try `cargo fetch --locked`")
}

/// The checks that need one file only.
fn check_one(source: &Source, report: &mut Report) {
    names::check(source, report);
    words::check(source, report);
    exceptions::check(source, report);
    sizes::check(source, report);
    templates::check(source, report);
}

/// The command: prints findings, one a line, and says how many.
pub(crate) fn run(verbose: bool) -> Result<Verdict> {
    let report = check(&tree::top()?)?;
    if verbose {
        for line in &report.looked_at {
            println!("looked at {line}");
        }
    }
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for finding in &report.findings {
        println!("{finding}");
    }
    println!("tidy: {} to mend, {} to keep an eye on", report.findings.len(), report.warnings.len());
    Ok(if report.findings.is_empty() { Verdict::Clean } else { Verdict::Found })
}

#[cfg(test)]
mod tests {
    use crate::tree;

    #[test]
    fn this_checkout_is_tidy() {
        let report = super::check(&tree::top().expect("a checkout")).expect("tidy could look");
        let lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }
}
