//! What the verifier says: what was checked, what was found, and where it begins.
//!
//! What must always hold: a report that names nothing is one of a ledger that holds; every finding names an entry or an
//! interval between two trusted checkpoints; no word of an entry is in it. It knows nothing of how it was found.

use record::Sha256;
use serde::Serialize;
use std::fmt;

/// Which of the two was changed, as far as a signed head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The tiles make the signed head: the entry was changed.
    Entry,
    /// The entries make the signed head: the tile was changed.
    Tile,
    /// Neither makes it, or no signed head covers them.
    Unknown,
}

/// One thing that is wrong. Entries are numbered from 0; `until` is the first number behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The first entry that disagrees with its tile.
    Entry {
        /// Which.
        entry: u64,
        /// Which of the two was changed.
        blame: Blame,
    },
    /// Entries and tiles agree with each other and not with a signed head: the first change lies in here.
    Interval {
        /// The last trusted checkpoint that holds (entries before it are unchanged).
        after: u64,
        /// The first checkpoint that does not hold.
        until: u64,
    },
    /// Two signed heads contradict each other: somebody with the key has signed two histories.
    Fork {
        /// Entries under the one.
        one: u64,
        /// Entries under the other.
        other: u64,
    },
    /// Fewer entries than are signed: cut off or rolled back.
    Truncated {
        /// How many there are.
        entries: u64,
        /// How many the largest signed head covers.
        signed: u64,
    },
    /// Entries that no signed head covers.
    Unsigned {
        /// The first of them.
        from: u64,
        /// Behind the last.
        until: u64,
    },
    /// A tile is missing, unreadable, or not made of the tiles below it.
    Tile {
        /// Its level.
        level: u8,
        /// Its index.
        index: u64,
    },
    /// A checkpoint in the ledger is not signed by its key.
    Checkpoint {
        /// Its place, from 0.
        position: u64,
    },
    /// An entry that is no entry of a version known here.
    Unreadable {
        /// Which.
        entry: u64,
    },
    /// The export names another ledger than the key does.
    Origin,
    /// The export cannot be read on.
    Malformed {
        /// Bytes read before.
        at: u64,
        /// What is wrong, in fixed words.
        what: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { entry, blame } => {
                write!(f, "entry {entry} is the first that disagrees with its tile; ")?;
                f.write_str(match blame {
                    Blame::Entry => "the tile is as signed, the entry was changed",
                    Blame::Tile => "the entry is as signed, the tile was changed",
                    Blame::Unknown => "no signed checkpoint tells which of them was changed",
                })
            }
            Self::Interval { after, until } => {
                write!(f, "the first change lies in entries {after} to {}: ", until.saturating_sub(1))?;
                write!(f, "the checkpoint at {after} holds, the checkpoint at {until} does not")
            }
            Self::Fork { one, other } => {
                write!(f, "fork: the signed checkpoints at {one} and at {other} entries contradict each other")
            }
            Self::Truncated { entries, signed } => {
                write!(f, "{signed} entries are signed, only {entries} are here: cut off or rolled back")
            }
            Self::Unsigned { from, until } => {
                write!(f, "entries {from} to {} are under no signed checkpoint", until.saturating_sub(1))
            }
            Self::Tile { level, index } => {
                write!(f, "tile {index} of level {level} is missing or does not follow from what lies below it")
            }
            Self::Checkpoint { position } => {
                write!(f, "checkpoint number {position} of the ledger is not signed by its key")
            }
            Self::Unreadable { entry } => write!(f, "entry {entry} is not in a form that this program knows"),
            Self::Origin => f.write_str("the export names another ledger than the key"),
            Self::Malformed { at, what } => write!(f, "the export is malformed at byte {at}: {what}"),
        }
    }
}

/// What was verified, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The ledger's name, by the key.
    pub origin: String,
    /// Entries read.
    pub entries: u64,
    /// The root over the tiles.
    pub root: Sha256,
    /// Checkpoints of the ledger itself that carry its signature.
    pub checkpoints: u64,
    /// Checkpoints kept elsewhere that it was held against.
    pub kept_elsewhere: u64,
    /// What is wrong, most telling first.
    pub findings: Vec<Finding>,
    /// Further findings that are not listed.
    pub unlisted: u64,
}

impl VerifyReport {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.unlisted == 0
    }

    /// The first entry that disagrees with its tile.
    #[must_use]
    pub fn first_bad_entry(&self) -> Option<u64> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Entry { entry, .. } => Some(*entry),
            _ => None,
        })
    }

    /// Where the first change lies, when entries and tiles were changed together: from, and behind the last.
    #[must_use]
    pub fn interval(&self) -> Option<(u64, u64)> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Interval { after, until } => Some((*after, *until)),
            _ => None,
        })
    }
}

impl fmt::Display for VerifyReport {
    /// For people: one sentence a line, without a last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} entries, {} checkpoints, {} kept elsewhere: {}",
            self.origin,
            self.entries,
            self.checkpoints,
            self.kept_elsewhere,
            if self.is_sound() { "sound" } else { "broken" }
        )?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))?;
        if self.unlisted > 0 { write!(f, "\nand {} more", self.unlisted) } else { Ok(()) }
    }
}
