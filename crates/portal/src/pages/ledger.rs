//! The ledger, for those whom it concerns: entries, proofs, checkpoints. No PHI stands here.

use super::Chrome;
use super::parts::{Choice, Fact, Moment, Pager, Tone};
use askama::Template;

/// One entry.
#[derive(Debug, Clone, Default)]
pub struct EntryRow {
    /// Its proof page.
    pub href: String,
    /// Its index, as people read it, such as "48,213".
    pub index: String,
    /// When.
    pub at: Moment,
    /// Who: a person, a program, a stranger.
    pub principal: String,
    /// What, such as "document.read".
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// How that is meant.
    pub tone: Tone,
    /// At which customer; empty when at none.
    pub customer: String,
    /// With which things, in ids, such as "doc_01k… and 49 more".
    pub resources: String,
    /// The fixed word that explains it; empty for none.
    pub why: String,
}

/// Whether somebody outside keeps our checkpoints.
#[derive(Debug, Clone, Default)]
pub struct WitnessState {
    /// In words, such as "kept elsewhere 4 minutes ago by witness.example".
    pub text: String,
    /// How that is meant.
    pub tone: Tone,
}

/// A page of the ledger.
#[derive(Debug, Template)]
#[template(path = "ledger.html")]
pub struct LedgerPage {
    /// The frame.
    pub chrome: Chrome,
    /// How many entries there are, as people read it.
    pub size: String,
    /// Whether somebody outside keeps our checkpoints.
    pub witness_state: WitnessState,
    /// Acts to look at. Field `action`, by GET; holds no PHI.
    pub actions: Vec<Choice>,
    /// Outcomes to look at. Field `outcome`.
    pub outcomes: Vec<Choice>,
    /// An entry's index or an id. Field `about`.
    pub about: String,
    /// They, newest first.
    pub rows: Vec<EntryRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// Where the export posts, after a touch; `None` when this person may not.
    pub export_action: Option<String>,
    /// The checkpoints' page.
    pub checkpoints_href: String,
}

/// One entry and the proof that it is in the ledger.
#[derive(Debug, Template)]
#[template(path = "entry.html")]
pub struct EntryPage {
    /// The frame.
    pub chrome: Chrome,
    /// The entry.
    pub entry: EntryRow,
    /// The rest of its clear header.
    pub facts: Vec<Fact>,
    /// The leaf's hash, in hex.
    pub leaf: String,
    /// The hashes from the leaf up to the root, in hex.
    pub path: Vec<String>,
    /// The signed checkpoint that the path leads to, as text.
    pub checkpoint: String,
    /// The proof was computed again just now and holds.
    pub verified: bool,
    /// The public key against which the proof is checked, offline.
    pub key: String,
    /// The proof as a file.
    pub download_href: String,
}

/// One checkpoint.
#[derive(Debug, Clone, Default)]
pub struct CheckpointRow {
    /// How many entries it covers.
    pub size: String,
    /// When it was signed.
    pub at: Moment,
    /// The root, in base64.
    pub root: String,
    /// Who outside keeps it; empty for nobody.
    pub kept_by: String,
    /// How that is meant.
    pub tone: Tone,
}

/// The checkpoints, and who keeps them.
#[derive(Debug, Template)]
#[template(path = "checkpoints.html")]
pub struct CheckpointsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whether somebody outside keeps them.
    pub witness_state: WitnessState,
    /// They, newest first.
    pub rows: Vec<CheckpointRow>,
    /// The public key, as text.
    pub public_key: String,
    /// Turning pages.
    pub pager: Option<Pager>,
}
