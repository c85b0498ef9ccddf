//! Two records that are said to be one patient's: the list of what waits, both side by side, and saying so by hand.

use super::Chrome;
use super::parts::{Choice, Empty, Errors, Fact, Hidden, Moment, Proposal};
use askama::Template;
use record::tag::Tag;

/// One that waits.
#[derive(Debug, Clone, Default)]
pub struct MergeRow {
    /// Where both are looked at.
    pub href: String,
    /// The record that would go: name, birth date and record number.
    pub prior: String,
    /// The record that would stay.
    pub survivor: String,
    /// What speaks for it.
    pub why: String,
    /// Since when it waits.
    pub since: Moment,
}

/// What waits at one practice.
#[derive(Debug, Clone)]
pub struct MergePlace {
    /// Whose PHI.
    pub tag: Tag,
    /// What waits.
    pub rows: Vec<MergeRow>,
    /// There is more.
    pub more: bool,
}

/// What waits.
#[derive(Debug, Template)]
#[template(path = "merge_list.html")]
pub struct MergeListPage {
    /// The frame.
    pub chrome: Chrome,
    /// By practice.
    pub places: Vec<MergePlace>,
    /// What to say when nothing waits.
    pub empty: Empty,
}

/// One line of the comparison.
#[derive(Debug, Clone, Default)]
pub struct PairRow {
    /// What it is.
    pub name: String,
    /// As the one record has it.
    pub left: String,
    /// As the other has it.
    pub right: String,
    /// They are not the same.
    pub differs: bool,
}

/// What can be done with both.
#[derive(Debug, Clone)]
pub enum MergeStep {
    /// A person decides.
    Decide {
        /// Which record stays. Field `keep`.
        keep: Vec<Choice>,
        /// What the person was shown.
        seen: Vec<Hidden>,
    },
    /// They are merged, and it can be taken back.
    Undo {
        /// What would go back, in words.
        said: String,
    },
    /// Nothing, and why.
    Nothing {
        /// In words.
        said: String,
    },
}

/// Both side by side.
#[derive(Debug, Template)]
#[template(path = "merge.html")]
pub struct MergePage {
    /// The frame.
    pub chrome: Chrome,
    /// The question, or what became of it.
    pub heading: &'static str,
    /// Whose PHI.
    pub tag: Tag,
    /// What speaks for it, and where it stands.
    pub facts: Vec<Fact>,
    /// What the left column is: "This record goes", or "Went".
    pub left: String,
    /// What the right one is.
    pub right: String,
    /// Where the left record's page is.
    pub left_href: String,
    /// Where the right record's page is.
    pub right_href: String,
    /// What is compared.
    pub rows: Vec<PairRow>,
    /// How many lines differ, in words.
    pub said: String,
    /// What can be done.
    pub step: MergeStep,
    /// Where the forms post: this and `/confirm`, `/refuse`, `/undo`.
    pub action: String,
    /// What is wrong.
    pub errors: Errors,
}

/// Saying by hand that two records are one patient's.
#[derive(Debug, Template)]
#[template(path = "merge_new.html")]
pub struct MergeNewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// The one record's name.
    pub name: String,
    /// What is known.
    pub facts: Vec<Fact>,
    /// The other record's number, as typed. Field `record_number`.
    pub record_number: String,
    /// Who it may be. Field `patient`.
    pub proposals: Vec<Proposal>,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}
