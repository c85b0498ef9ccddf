//! What is known already: how many findings of each kind a file had.
//!
//! What must always hold: a baseline holds counts and no text, and no digest of a text either, because a birth date or a
//! number of nine digits is soon guessed from its digest; a file that has more of a kind than it had is told with all of that
//! kind, since which of them is the new one nobody can say from a count.

use crate::outcome::WrongUse;
use identify::Finding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The newest form of the file.
const VERSION: u32 = 1;

/// Counts by file and kind.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    version: u32,
    files: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Baseline {
    /// One that knows nothing.
    pub(super) fn new() -> Self {
        Self { version: VERSION, files: BTreeMap::new() }
    }

    /// Reads such a file.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let wrong = |why: &str| WrongUse(format!("{}: {why}", file.display()));
        let text = std::fs::read(file).map_err(|_| wrong("cannot be read"))?;
        let read: Self = serde_json::from_slice(&text).map_err(|_| wrong("is no baseline of strongroom scan"))?;
        if read.version != VERSION {
            return Err(wrong("is a baseline of another version; write it anew").into());
        }
        Ok(read)
    }

    /// Takes in what a file has.
    pub(super) fn note(&mut self, path: &str, findings: &[Finding]) {
        for finding in findings {
            let counts = self.files.entry(path.to_owned()).or_default();
            *counts.entry(finding.kind.as_str().to_owned()).or_default() += 1;
        }
    }

    /// Takes out what is known. `counts` are those of the whole file.
    pub(super) fn knows(&self, path: &str, finding: &Finding, counts: &BTreeMap<&'static str, u64>) -> bool {
        let kind = finding.kind.as_str();
        let had = self.files.get(path).and_then(|kinds| kinds.get(kind)).copied().unwrap_or(0);
        counts.get(kind).copied().unwrap_or(0) <= had
    }

    /// Writes it.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        std::fs::write(file, text).map_err(|error| anyhow::Error::new(error).context("the baseline cannot be written"))
    }
}
