//! Who of a practice may see what is sensitive: of one document, and the practice's rule.

use super::Chrome;
use super::parts::{Choice, Errors};
use askama::Template;
use record::tag::Tag;

/// One kind of sensitive data.
#[derive(Debug, Clone)]
pub struct KindRow {
    /// The form's field.
    pub field: String,
    /// As people say it.
    pub label: String,
    /// To whom it is kept now, in words.
    pub kept: String,
    /// To whom it can be kept.
    pub choices: Vec<Choice>,
}

/// The form for one document, or the practice's rule.
#[derive(Debug, Template)]
#[template(path = "confidentiality.html")]
pub struct ConfidentialityPage {
    /// The frame.
    pub chrome: Chrome,
    /// The page's title.
    pub title: String,
    /// Whose PHI; none on the page of the rule, which shows none.
    pub tag: Option<Tag>,
    /// The answers for one document. Field `kept`. Empty on the page of the rule.
    pub choices: Vec<Choice>,
    /// The rule, kind by kind. Empty on the page of a document.
    pub kinds: Vec<KindRow>,
    /// This person may change it.
    pub may: bool,
    /// Where it posts.
    pub action: String,
    /// Where one came from.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}
