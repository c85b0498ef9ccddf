//! How the house is: alerts, the gate, health, the first day, help.

use super::Chrome;
use super::parts::{Empty, Errors, Fact, Link, Moment, PageAction, PostLink, Tone, ViewTab};
use askama::Template;

/// One alert.
#[derive(Debug, Clone, Default)]
pub struct AlertRow {
    /// Its id, part of its fields' names.
    pub id: String,
    /// When.
    pub at: Moment,
    /// What a detector says, in one sentence. No PHI.
    pub text: String,
    /// How grave.
    pub tone: Tone,
    /// Which detector.
    pub detector: String,
    /// What was done at once, such as "route closed"; empty for nothing.
    pub contained: String,
    /// The ledger entry as people read it.
    pub entry: String,
    /// Its proof; empty when not to be seen.
    pub href: String,
    /// Where closing it posts, with field `word`; `None` when closed, or not this person's to close.
    pub close_action: Option<String>,
    /// How it was closed, by whom and with which word; empty while it is open.
    pub closed: String,
}

/// The alerts.
#[derive(Debug, Template)]
#[template(path = "alerts.html")]
pub struct AlertsPage {
    /// The frame.
    pub chrome: Chrome,
    /// "Open", "Closed".
    pub tabs: Vec<ViewTab>,
    /// They, newest first.
    pub rows: Vec<AlertRow>,
    /// What to say when there are none.
    pub empty: Empty,
    /// What is wrong: field `word-` and the alert's id.
    pub errors: Errors,
}

/// What the probe closed: a route, or the whole portal.
#[derive(Debug, Clone, Default)]
pub struct ClosedRoute {
    /// Such as "GET /documents/{id}".
    pub route: String,
    /// What the probe saw, in words.
    pub why: String,
    /// A walk has passed since, so that it can be opened again.
    pub passed: bool,
}

/// The gate: what the probe closed, and how to open it again.
#[derive(Debug, Template)]
#[template(path = "gate.html")]
pub struct GatePage {
    /// The frame.
    pub chrome: Chrome,
    /// The whole portal is closed, and not just some routes.
    pub shut: bool,
    /// What is closed.
    pub routes: Vec<ClosedRoute>,
    /// The last walk, in words, such as "74 routes, all locked".
    pub last_walk: String,
    /// When it was.
    pub last_walk_at: Option<Moment>,
    /// The last walk found nothing wrong: only then can the gate be opened again.
    pub passed: bool,
    /// Open again, after a touch; `None` when this person may not or nothing is closed.
    pub reopen: Option<PostLink>,
    /// Walk now; `None` when this person may not.
    pub walk: Option<PostLink>,
}

/// One check of the system's health.
#[derive(Debug, Clone, Default)]
pub struct HealthRow {
    /// What is looked at, such as "Last backup".
    pub name: String,
    /// What was found, such as "today 02:10, verified".
    pub value: String,
    /// How that is meant.
    pub tone: Tone,
    /// What the tone says in a word, such as "good", "late".
    pub word: String,
    /// What to do about it; empty when nothing.
    pub advice: String,
    /// When it was looked at; `None` for now.
    pub at: Option<Moment>,
    /// How full, 0 to 100, where that says something, such as a disk.
    pub filled: Option<u8>,
}

/// How the system is, for administrators. No PHI.
#[derive(Debug, Template)]
#[template(path = "health.html")]
pub struct HealthPage {
    /// The frame.
    pub chrome: Chrome,
    /// In one sentence.
    pub said: String,
    /// How that is meant.
    pub tone: Tone,
    /// The checks, worst first.
    pub rows: Vec<HealthRow>,
    /// Version, data folder's size and so on.
    pub facts: Vec<Fact>,
    /// What can be done, such as "Back up now".
    pub actions: Vec<PageAction>,
}

/// One step of the first day.
#[derive(Debug, Clone, Default)]
pub struct FirstStep {
    /// What to do.
    pub title: String,
    /// Why, and how.
    pub text: String,
    /// Where to do it; `None` when it is done on the machine or by somebody else.
    pub action: Option<Link>,
    /// It is done.
    pub done: bool,
}

/// The checklist of a new operator, which ticks itself off.
#[derive(Debug, Template)]
#[template(path = "first_day.html")]
pub struct FirstDayPage {
    /// The frame.
    pub chrome: Chrome,
    /// The steps, in order.
    pub steps: Vec<FirstStep>,
}

impl FirstDayPage {
    /// How many are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.done).count()
    }
    /// Is this the step to do next.
    #[must_use]
    pub fn is_next(&self, place: &usize) -> bool {
        self.steps.iter().position(|step| !step.done) == Some(*place)
    }
}

/// Help: the keys, and whom to call.
#[derive(Debug, Template)]
#[template(path = "help.html")]
pub struct HelpPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whom to write to for access, such as the practice's managers.
    pub ask: Vec<Fact>,
}

/// What a command that waits would do.
#[derive(Debug, Clone)]
pub struct TerminalAsks {
    /// In words.
    pub words: String,
    /// Since when it waits.
    pub since: Moment,
    /// Its code, typed once.
    pub code: String,
}

/// Where a person lets one command at the machine act in their name.
#[derive(Debug, Template)]
#[template(path = "terminal.html")]
pub struct TerminalPage {
    /// The frame.
    pub chrome: Chrome,
    /// What would be done, once the code was typed.
    pub asks: Option<TerminalAsks>,
    /// What is wrong: field `code`.
    pub errors: Errors,
}
