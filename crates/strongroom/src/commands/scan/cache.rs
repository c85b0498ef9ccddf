//! Files in which nothing was found, by their digest, so that they are not searched again while they and the program are the same.
//!
//! What must always hold: only a file that was read to its end, without a finding of any kind (also one that was not asked for) and
//! without a part that nobody can read, is remembered; a file with a finding is searched each time, so that no digest of it is kept
//! from which a short one could be guessed; what one build of the program remembers counts for that build alone.

use anyhow::Context as _;
use record::digest::Hasher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The newest form of the file.
const VERSION: u32 = 1;
/// With more than this many, only those of the last run are kept.
const CLEAN_MAX: usize = 500_000;

/// As it lies on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    /// Digest of the program that found nothing.
    program: String,
    clean: BTreeSet<String>,
}

/// What is known to be clean.
#[derive(Debug)]
pub(super) struct Cache {
    file: PathBuf,
    kept: Kept,
    /// Clean in this run.
    seen: Mutex<BTreeSet<String>>,
}

impl Cache {
    /// Of this file. One that is not there, is damaged, or is of another program, knows nothing.
    ///
    /// # Errors
    /// When the program cannot read itself.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let program = program().context("the program cannot read itself, so that nothing can be remembered of it")?;
        let kept = std::fs::read(file).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        let kept = kept.filter(|kept| kept.version == VERSION && kept.program == program);
        let kept = kept.unwrap_or_else(|| Kept { version: VERSION, program, clean: BTreeSet::new() });
        Ok(Self { file: file.to_owned(), kept, seen: Mutex::default() })
    }

    /// By what a file is known: its name is a hint at what it is, so it counts.
    pub(super) fn key(name: &str, bytes: &[u8]) -> String {
        let mut hasher = Hasher::default();
        hasher.update_framed(name.as_bytes());
        hasher.update_framed(bytes);
        hasher.finish().to_string()
    }

    /// Was nothing found in it before; then it stays remembered.
    pub(super) fn knows(&self, key: &str) -> bool {
        let known = self.kept.clean.contains(key);
        if known {
            self.note(key.to_owned());
        }
        known
    }

    /// Nothing was found in it.
    pub(super) fn note(&self, key: String) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Writes it: beside its place first, so that whoever stops in between leaves the old one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(self) -> anyhow::Result<()> {
        let Self { file, mut kept, seen } = self;
        let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        kept.clean.append(&mut seen.clone());
        if kept.clean.len() > CLEAN_MAX {
            std::mem::swap(&mut kept.clean, &mut seen);
        }
        let beside = file.with_extension("new");
        let written = serde_json::to_vec(&kept).map_err(std::io::Error::from);
        written
            .and_then(|text| std::fs::write(&beside, text))
            .and_then(|()| std::fs::rename(&beside, &file))
            .context("what is known to be clean cannot be written")
    }
}

/// The digest of this program: another build may find more.
fn program() -> std::io::Result<String> {
    let mut file = std::fs::File::open(std::env::current_exe()?)?;
    let (mut hasher, mut some) = (Hasher::default(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut some)? {
            0 => return Ok(hasher.finish().to_string()),
            long => hasher.update(&some[..long]),
        }
    }
}
