//! Numbered requests of a privacy officer, and who saw a patient.

use super::Chrome;
use super::parts::{AccessRow, Choice, Empty, Errors, Fact, Moment};
use askama::Template;
use record::document::DocumentState;
use record::tag::Tag;

/// One request in the list.
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// Its page.
    pub href: String,
    /// Its number.
    pub number: String,
    /// Why.
    pub reason: String,
    /// Who opened it.
    pub who: String,
    /// At which practice.
    pub customer: String,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// Its time is not over.
    pub open: bool,
}

/// The requests, and the form that opens one.
#[derive(Debug, Template)]
#[template(path = "requests.html")]
pub struct RequestsPage {
    /// The frame.
    pub chrome: Chrome,
    /// At which practice. Field `customer`.
    pub customers: Vec<Choice>,
    /// Field `number`.
    pub number: String,
    /// Field `reason`.
    pub reason: String,
    /// Newest first.
    pub rows: Vec<RequestRow>,
    /// What to say when there are none.
    pub empty: Empty,
    /// What is wrong.
    pub errors: Errors,
}

/// One patient who was found.
#[derive(Debug, Clone)]
pub struct FoundRow {
    /// Who saw them.
    pub href: String,
    /// Name.
    pub name: String,
    /// Birth date.
    pub born: String,
    /// The practice's own number.
    pub record_number: String,
    /// Not yet linked to a known one.
    pub provisional: bool,
}

/// One request: the search inside it.
#[derive(Debug, Template)]
#[template(path = "request.html")]
pub struct RequestPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// Which.
    pub request: RequestRow,
    /// It is the asker's own and open.
    pub may_look: bool,
    /// Field `family`.
    pub family: String,
    /// Field `given`.
    pub given: String,
    /// Field `record_number`.
    pub record_number: String,
    /// Where the search posts.
    pub action: String,
    /// Where closing posts.
    pub close_action: String,
    /// Who was found.
    pub rows: Vec<FoundRow>,
    /// What is wrong.
    pub errors: Errors,
}

/// One document of the patient: no word of it.
#[derive(Debug, Clone)]
pub struct TracedDocument {
    /// Kind and visit.
    pub title: String,
    /// The line by which it is found in lists.
    pub file: String,
    /// Who spoke it.
    pub author: String,
    /// Where it stands.
    pub state: DocumentState,
    /// When it came in.
    pub arrived: Moment,
    /// The form that withdraws it.
    pub withdraw_href: Option<String>,
    /// The form that moves it.
    pub move_href: Option<String>,
    /// The form that marks it as never true.
    pub error_href: Option<String>,
}

/// Who saw a patient within a year.
#[derive(Debug, Template)]
#[template(path = "trace.html")]
pub struct TracePage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// The patient's name.
    pub name: String,
    /// The second identifier.
    pub identifier: String,
    /// What else is known.
    pub facts: Vec<Fact>,
    /// The request's number.
    pub request: String,
    /// Back to the request.
    pub back: String,
    /// How many openings by how many people.
    pub said: String,
    /// From when on.
    pub from: Moment,
    /// There is more than is shown.
    pub more: bool,
    /// Who opened something, newest first.
    pub seen: Vec<AccessRow>,
    /// Where the patient was named among others, refused, or changed.
    pub named: Vec<AccessRow>,
    /// Their documents.
    pub documents: Vec<TracedDocument>,
    /// The same as a table for a spreadsheet.
    pub csv_href: String,
}
