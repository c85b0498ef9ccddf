//! The feed: entries as lines for a machine that collects logs (a SIEM), in three forms (docs/FORMATS-export.md).
//!
//! What must always hold: one entry is one line, whatever stands in it; a line is printable ASCII and its end, so that
//! no reader, whichever signs it takes for the end of a line, sees two; only the clear header leaves, never the sealed
//! body; each line says its place, its leaf's hash and a checkpoint over it, so that `ledger prove` can prove it.
//!
//! What it refuses to know: files, sockets, time, and how much was sent already.

mod escape;
mod kinds;
mod ocsf;
mod plain;
mod syslog;

use crate::tree::{Head, leaf_hash};
use record::{Entry, Resources, Sha256};
use std::fmt;
use std::str::FromStr;

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
    /// RFC 5424, one message a line.
    Syslog,
    /// The header as it stands in the ledger, one JSON object a line.
    Json,
}

impl Format {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Ocsf, Self::Syslog, Self::Json];

    /// As it is written on the command line and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ocsf => "ocsf",
            Self::Syslog => "syslog",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a feed is ocsf, syslog or json")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.iter().copied().find(|format| format.as_str() == text).ok_or(UnknownFormat)
    }
}

/// Whose lines they are, and under which checkpoint.
#[derive(Debug, Clone)]
pub struct Feed {
    /// In which form.
    pub format: Format,
    /// The ledger's name, as in its checkpoints.
    pub origin: String,
    /// The portal's host name.
    pub host: String,
    /// The program's version.
    pub version: String,
    /// A signed head over every entry that is written.
    pub head: Head,
}

/// One entry, read as far as it can be.
struct Line<'a> {
    feed: &'a Feed,
    index: u64,
    leaf_hash: Sha256,
    /// None when the leaf cannot be read: it was changed, or a later program wrote it.
    entry: Option<Entry>,
}

impl Line<'_> {
    /// With how many things, and which of them are listed.
    fn resources(&self) -> (u64, &[record::ResourceId]) {
        match self.entry.as_ref().map(|entry| &entry.resources) {
            Some(Resources::Listed(list)) => (list.len() as u64, list),
            Some(Resources::Counted { count, .. }) => (*count, &[]),
            None => (0, &[]),
        }
    }
}

impl Feed {
    /// The line of one entry, with the line feed at its end. A leaf that cannot be read has its line too: a hole would
    /// hide it.
    #[must_use]
    pub fn line(&self, index: u64, leaf: &[u8]) -> String {
        let entry = crate::leaf::decode(leaf).ok().map(|leaf| leaf.entry);
        let line = Line { feed: self, index, leaf_hash: leaf_hash(leaf), entry };
        let mut text = match self.format {
            Format::Ocsf => escape::json(&ocsf::event(&line)),
            Format::Syslog => syslog::message(&line),
            Format::Json => escape::json(&plain::object(&line)),
        };
        text.push('\n');
        text
    }
}
