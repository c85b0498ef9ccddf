//! Finding documents and patients. Searching is a POST: names do not belong into addresses.

use super::Chrome;
use super::parts::{Choice, DateParts, DocumentRow, Errors, Pager, PatientRow};
use askama::Template;

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The one box: a name, a birth date, a record number, in any order. Field `q`.
    pub words: String,
    /// Family name, or its first three letters and more. Field `family`.
    pub family: String,
    /// Given name. Field `given`.
    pub given: String,
    /// Birth date. Fields `born_month`, `born_day`, `born_year`.
    pub born: DateParts,
    /// Record number. Field `record_number`.
    pub record_number: String,
    /// Family name of a parent or guardian. Field `guardian`.
    pub guardian: String,
    /// Author's name. Field `author`.
    pub author: String,
    /// Visits from this day on. Fields `from_month`, …
    pub visit_from: DateParts,
    /// Visits up to this day. Fields `to_month`, …
    pub visit_to: DateParts,
}

impl SearchQuery {
    /// Is anything typed in the boxes under "More ways to search".
    #[must_use]
    pub fn has_more(&self) -> bool {
        let empty = DateParts::default();
        [&self.family, &self.given, &self.record_number, &self.guardian, &self.author]
            .iter()
            .any(|text| !text.is_empty())
            || [&self.born, &self.visit_from, &self.visit_to].iter().any(|date| **date != empty)
    }
}

/// The search page, and its results when there was a search.
#[derive(Debug, Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    /// The frame.
    pub chrome: Chrome,
    /// What was typed.
    pub query: SearchQuery,
    /// Customers to search at; not shown with fewer than two. Field `customer`.
    pub customers: Vec<Choice>,
    /// What is wrong with it.
    pub errors: Errors,
    /// What was found; `None` before a search.
    pub found: Option<Found>,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// How many and where, in words, such as "12 documents of 3 patients".
    pub said: String,
    /// Patients.
    pub patients: Vec<PatientRow>,
    /// Documents.
    pub rows: Vec<DocumentRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// The person may break the glass when they do not find a patient of their own practice.
    pub break_glass_href: Option<String>,
}
