//! What the sealed columns say, once opened. Written as JSON; a field that is added later has a default.

use record::civil::Day;
use serde::{Deserialize, Serialize};
use vault::Phi;

/// A patient as people know one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PatientBody {
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Middle names or initial.
    #[serde(default)]
    pub middle: String,
    /// Birth date.
    #[serde(default)]
    pub born: Option<Day>,
    /// The practice's own number.
    #[serde(default)]
    pub record_number: String,
    /// As the practice writes it.
    #[serde(default)]
    pub sex: String,
}

impl PatientBody {
    /// `Last, First Middle`.
    #[must_use]
    pub fn name(&self) -> String {
        let given = [self.first.as_str(), self.middle.as_str()];
        let given = given.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        match (self.last.is_empty(), given.is_empty()) {
            (false, false) => format!("{}, {given}", self.last),
            (false, true) => self.last.clone(),
            _ => given,
        }
    }
}

/// What is known of a document beside its text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct DocumentBody {
    /// The line by which it is found in a list.
    pub title: String,
    /// Visit date.
    #[serde(default)]
    pub visit: Option<Day>,
    /// What the file, its name or its uploader said of the patient, while no patient is matched.
    #[serde(default)]
    pub said: PatientBody,
    /// What the file said of its author.
    #[serde(default)]
    pub said_author: String,
}

/// A person's own entry in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct DirectoryBody {
    /// As they write it.
    pub name: String,
    /// Where links go.
    pub email: String,
    /// Where the second secret is told.
    #[serde(default)]
    pub telephone: String,
}

/// Somebody at a customer who can be reached day and night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ContactBody {
    /// As they write it.
    pub name: String,
    /// Where.
    pub email: String,
    /// Where, at night.
    pub telephone: String,
}

/// A patient, opened: shown only against the `Shown` that came with it.
pub type OpenedPatient = Phi<PatientBody>;
/// A document's words, opened.
pub type OpenedDocument = Phi<DocumentBody>;

/// What the ledger witnessed: for the line at the foot of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed {
    /// The entry's place.
    pub index: u64,
    /// When it was asked.
    pub at: record::Timestamp,
}
