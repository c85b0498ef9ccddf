//! A practice leaves: how far it is, and what its manager can do next.

use super::Chrome;
use super::parts::{Fact, Tone};
use askama::Template;

/// What this person can do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeavingStep {
    /// Nothing.
    None,
    /// Say that the practice leaves.
    Begin,
    /// Have everything exported, by a command at the operator's machine.
    Export,
    /// Take the export's secret.
    Secret,
    /// Confirm what was exported.
    Confirm,
    /// Wait until the hold is over.
    Hold,
}

/// How far a practice's leaving is.
#[derive(Debug, Template)]
#[template(path = "leaving.html")]
pub struct LeavingPage {
    /// The frame.
    pub chrome: Chrome,
    /// The practice's name.
    pub name: String,
    /// Its id, for the command.
    pub customer: String,
    /// How far it is, in words.
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// Who began and confirmed it, and when.
    pub facts: Vec<Fact>,
    /// What was exported; empty before.
    pub counts: Vec<Fact>,
    /// The records have changed since the export.
    pub outdated: bool,
    /// What can be done.
    pub step: LeavingStep,
    /// It can be taken back.
    pub may_withdraw: bool,
    /// Which export was looked at: what is confirmed is that one.
    pub export: String,
    /// The secret, on the one page that shows it; empty otherwise.
    pub secret: String,
    /// How long the hold is, days.
    pub hold_days: u32,
    /// Where the forms post.
    pub action: String,
    /// The practice's page.
    pub back: String,
}
