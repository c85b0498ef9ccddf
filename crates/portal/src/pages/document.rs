//! One document: read it, print it, and what can be done to it.

use super::Chrome;
use super::parts::{
    Choice, DateParts, DocumentBrief, Errors, Fact, How, Link, Moment, OpenedRow, PageAction, Proposal, TextBlock,
    Tone, Weight,
};
use askama::Template;
use record::document::{DocumentKind, DocumentState};
use record::tag::Tag;

/// What can be shown of the document.
#[derive(Debug, Clone)]
pub enum Body {
    /// Its text, extracted.
    Text(Vec<TextBlock>),
    /// There is no text to show: a recording, a picture. The original can be downloaded.
    OriginalOnly {
        /// What it is and how big, such as "Recording, 4.2 MB".
        what: String,
    },
    /// It was withdrawn or entered in error and this person may not read it any more.
    Closed {
        /// What to do now, in words.
        why: String,
    },
}

/// One version.
#[derive(Debug, Clone, Default)]
pub struct VersionRow {
    /// Counted from 1.
    pub number: u32,
    /// Who brought it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// What changed, or what it is.
    pub what: String,
    /// Its page.
    pub href: String,
    /// It is the one shown.
    pub current: bool,
}

/// A line about this document that must not be missed.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    /// How grave.
    pub tone: Tone,
    /// In words.
    pub text: String,
    /// Where to read more.
    pub link: Option<Link>,
}

/// The page of one document.
#[derive(Debug, Template)]
#[template(path = "document.html")]
pub struct DocumentPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// The patient's name, or "No patient yet".
    pub patient: String,
    /// The patient's page; `None` when there is none to see.
    pub patient_href: Option<String>,
    /// At least birth date and record number, where known; then visit date, author and so on.
    pub facts: Vec<Fact>,
    /// What must not be missed: withdrawn, moved, not scanned.
    pub notices: Vec<Notice>,
    /// Seen because the glass was broken; until when.
    pub broken_glass_until: Option<Moment>,
    /// What can be done. The first primary one is the next thing to do.
    pub actions: Vec<PageAction>,
    /// The text.
    pub body: Body,
    /// The version shown, counted from 1.
    pub version: u32,
    /// SHA-256 of its sealed original, in hex.
    pub digest: String,
    /// All versions, newest first.
    pub versions: Vec<VersionRow>,
    /// Who opened it, newest first.
    pub opened: Vec<OpenedRow>,
}

impl DocumentPage {
    /// Those that stand in the title row, the next thing to do first.
    #[must_use]
    pub fn main_actions(&self) -> Vec<&PageAction> {
        let mut list: Vec<&PageAction> = self.actions.iter().filter(|one| one.weight != Weight::Danger).collect();
        list.sort_by_key(|one| one.weight != Weight::Primary);
        list
    }
    /// Those that stand apart at the end.
    #[must_use]
    pub fn grave_actions(&self) -> Vec<&PageAction> {
        self.actions.iter().filter(|action| action.weight == Weight::Danger).collect()
    }
}

/// The document on paper. Paper is PHI too: the tag and who printed it stand on each sheet.
#[derive(Debug, Template)]
#[template(path = "document_print.html")]
pub struct DocumentPrintPage {
    /// The frame; only its operator and witness are printed.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// The patient's name.
    pub patient: String,
    /// Birth date, record number, visit date, author.
    pub facts: Vec<Fact>,
    /// The version printed, counted from 1.
    pub version: u32,
    /// SHA-256 of its sealed original, in hex.
    pub digest: String,
    /// The text.
    pub text: Vec<TextBlock>,
    /// Who signed it and when, in words; empty when nobody did.
    pub signed: String,
    /// Who prints it.
    pub printed_by: String,
    /// When.
    pub printed_at: Moment,
    /// Back to the document.
    pub back: String,
}

/// Whose document is it: proposals, a person confirms.
#[derive(Debug, Template)]
#[template(path = "document_match.html")]
pub struct MatchPage {
    /// The frame.
    pub chrome: Chrome,
    /// The document.
    pub document: DocumentBrief,
    /// What the document itself says: name, birth date, visit, author.
    pub says: Vec<Fact>,
    /// Who it may be, best first. Field `patient`.
    pub proposals: Vec<Proposal>,
    /// Where the confirmation posts.
    pub action: String,
    /// Of which change of the document this page speaks. Field `revision`.
    pub revision: u64,
    /// Looking for somebody else among the practice's patients: fields `family`, `given`, `born_*`, `record_number`;
    /// posts to this address.
    pub look_action: String,
    /// What was typed there.
    pub family: String,
    /// What was typed there.
    pub given: String,
    /// What was typed there.
    pub born: DateParts,
    /// What was typed there.
    pub record_number: String,
    /// Where "Make a provisional patient" posts; `None` when this person may not.
    pub provisional_action: Option<String>,
    /// What is wrong.
    pub errors: Errors,
}

/// The acts on a document that need a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonedAct {
    /// Out of every inbox, at once.
    Withdraw,
    /// It was never true.
    EnterInError,
    /// Kept back.
    Hold,
    /// Delivery taken back while nobody has read it.
    UndoDelivery,
}

impl ReasonedAct {
    /// The page's title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Withdraw => "Withdraw this document",
            Self::EnterInError => "Mark as entered in error",
            Self::Hold => "Hold this document",
            Self::UndoDelivery => "Take the delivery back",
        }
    }
    /// What it does, in one sentence.
    #[must_use]
    pub const fn explains(self) -> &'static str {
        match self {
            Self::Withdraw => {
                "It leaves every inbox at once. It is not deleted: you can move it to the right patient or practice afterwards."
            }
            Self::EnterInError => {
                "It stays in the chart, marked as never true, and is not shown as true again. This cannot be undone."
            }
            Self::Hold => "Nobody at the practice sees it until somebody lets it go.",
            Self::UndoDelivery => "Nobody at the practice has read it yet. It goes back to the editors.",
        }
    }
    /// The button: a verb.
    #[must_use]
    pub const fn button(self) -> &'static str {
        match self {
            Self::Withdraw => "Withdraw now",
            Self::EnterInError => "Mark as entered in error",
            Self::Hold => "Hold it",
            Self::UndoDelivery => "Take it back",
        }
    }
    /// Does it need a fresh touch of the passkey.
    #[must_use]
    pub const fn needs_touch(self) -> bool {
        matches!(self, Self::EnterInError)
    }
    /// Is it red.
    #[must_use]
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Withdraw | Self::EnterInError)
    }
}

/// Why: the form before withdrawing, holding, entering in error.
#[derive(Debug, Template)]
#[template(path = "document_reason.html")]
pub struct ReasonPage {
    /// The frame.
    pub chrome: Chrome,
    /// Which act.
    pub act: ReasonedAct,
    /// The document.
    pub document: DocumentBrief,
    /// Ready reasons. Field `reason`.
    pub reasons: Vec<Choice>,
    /// A word more, as typed. Field `word`.
    pub word: String,
    /// Who has opened it so far.
    pub opened: Vec<OpenedRow>,
    /// Where it posts.
    pub action: String,
    /// What is wrong.
    pub errors: Errors,
}

/// To the right patient or practice.
#[derive(Debug, Template)]
#[template(path = "document_move.html")]
pub struct MovePage {
    /// The frame.
    pub chrome: Chrome,
    /// The document.
    pub document: DocumentBrief,
    /// Practices it can go to. Field `customer`.
    pub customers: Vec<Choice>,
    /// Patients found there. Field `patient`.
    pub proposals: Vec<Proposal>,
    /// What was typed to find one: fields `family`, `given`, `born_*`, `record_number`.
    pub family: String,
    /// What was typed there.
    pub given: String,
    /// What was typed there.
    pub born: DateParts,
    /// What was typed there.
    pub record_number: String,
    /// Why. Field `reason`.
    pub reason: String,
    /// Who has opened it where it was.
    pub opened: Vec<OpenedRow>,
    /// Where it posts; the button's name `do` says `find` or `move`.
    pub action: String,
    /// What is wrong.
    pub errors: Errors,
}
