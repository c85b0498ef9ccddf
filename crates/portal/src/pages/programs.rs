//! The programs of a practice, and the form that lets one in.

use super::Chrome;
use super::parts::{Choice, Empty, Errors, Moment, Tone};
use askama::Template;

/// One program in the list.
#[derive(Debug, Clone)]
pub struct ProgramRow {
    /// What it is called here.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// What it may do, in plain words.
    pub rights: Vec<&'static str>,
    /// Its keys: names, or the address where they are.
    pub keys: String,
    /// When it last got a token.
    pub last_used: Option<Moment>,
    /// Until when.
    pub ends: Moment,
    /// How it stands, in a word.
    pub state: String,
    /// And how that is shown.
    pub tone: Tone,
    /// Where stopping it posts; none when it cannot be stopped, or not by this person.
    pub revoke_action: Option<String>,
}

/// The programs, and for the manager the form that lets one in.
#[derive(Debug, Template)]
#[template(path = "programs.html")]
pub struct ProgramsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The practice's own name.
    pub customer: String,
    /// Newest first.
    pub rows: Vec<ProgramRow>,
    /// What to say when there are none.
    pub empty: Empty,
    /// This person may let one in.
    pub may_register: bool,
    /// Where the form posts.
    pub action: String,
    /// Back to the practice.
    pub back: String,
    /// Field `name`.
    pub name: String,
    /// Boxes `rights`.
    pub rights: Vec<Choice>,
    /// Field `key`.
    pub key: String,
    /// Field `jwks_url`.
    pub jwks_url: String,
    /// Field `days`.
    pub days: String,
    /// What is wrong.
    pub errors: Errors,
}
