//! Bringing documents in: one or sixty at a time.

use super::Chrome;
use super::parts::{Choice, Errors, Tone};
use askama::Template;
use record::tag::Tag;

/// The upload page. Without JavaScript it is a plain form for many files; with it each file is a row of its own.
#[derive(Debug, Template)]
#[template(path = "upload.html")]
pub struct UploadPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI it will be. Field `customer`. Only those with an agreement in force.
    pub customers: Vec<Choice>,
    /// What the files are. Field `kind`.
    pub kinds: Vec<Choice>,
    /// Who said it, when all files have one author. Field `author`.
    pub authors: Vec<Choice>,
    /// How file names are read, such as `{author}_{last}_{first}_{date}`. Field `template`.
    pub template: String,
    /// The files are a new version of this document. Field `version_of`; empty otherwise.
    pub version_of: String,
    /// What is done with a file that came in before. Field `same`.
    pub same: Vec<Choice>,
    /// The largest file taken, in bytes.
    pub max_bytes: u64,
    /// The same in words, such as "4 GB".
    pub max_text: String,
    /// Why nothing can be uploaded just now, such as no agreement in force; the form is not shown.
    pub closed: Option<String>,
    /// What is wrong.
    pub errors: Errors,
}

/// What became of one file.
#[derive(Debug, Clone)]
pub struct UploadResult {
    /// The file's name.
    pub name: String,
    /// Its size in words.
    pub size: String,
    /// What became of it, such as "Matched", "Unmatched", "Not taken".
    pub outcome: String,
    /// How that is meant.
    pub tone: Tone,
    /// A sentence more: what to do about it.
    pub message: String,
    /// The document; `None` when none was made.
    pub href: Option<String>,
    /// Whose PHI; `None` when nothing was stored.
    pub tag: Option<Tag>,
    /// It came in before, and can be sent again as a new version of that document.
    pub version_href: Option<String>,
}

/// What became of an upload that was sent without JavaScript.
#[derive(Debug, Template)]
#[template(path = "uploaded.html")]
pub struct UploadedPage {
    /// The frame.
    pub chrome: Chrome,
    /// How many went well and how many did not, in words.
    pub said: String,
    /// Each file.
    pub results: Vec<UploadResult>,
    /// Where more can be sent.
    pub more_href: String,
}

/// What a clinician sent before, without a name or a word of it.
#[derive(Debug, Clone)]
pub struct SentRow {
    /// What it is.
    pub kind: String,
    /// To which practice's charts.
    pub customer: String,
    /// Where it stands.
    pub state: record::document::DocumentState,
    /// When it was sent.
    pub at: super::parts::Moment,
}

/// A clinician's own page: a dictation or a letter on its way to be typed.
#[derive(Debug, Template)]
#[template(path = "dictate.html")]
pub struct DictatePage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI it will be. Field `customer`. Only those with an agreement in force.
    pub customers: Vec<Choice>,
    /// What the newest sent are.
    pub sent: Vec<SentRow>,
    /// The largest file taken, in words.
    pub max_text: String,
    /// Why nothing can be sent just now.
    pub closed: Option<String>,
    /// What is wrong.
    pub errors: Errors,
}
