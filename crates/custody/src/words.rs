//! What the sealed columns say, once opened. Written as JSON; a field that is added later has a default.

use identify::resolve::{PersonRecord, Word, sex_of};
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

    /// As records are held against each other.
    #[must_use]
    pub fn record(&self) -> PersonRecord {
        let word = |text: &str| Word::new(text.trim().to_owned());
        let numbers = if self.record_number.trim().is_empty() { Vec::new() } else { vec![word(&self.record_number)] };
        PersonRecord {
            middle: word(&self.middle),
            sex: sex_of(&self.sex),
            numbers,
            ..PersonRecord::named(&self.last, &self.first, self.born)
        }
    }
}

/// A guardian or guarantor as the practice knows one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct RelatedBody {
    /// Surname.
    pub last: String,
    /// Given names.
    #[serde(default)]
    pub first: String,
    /// What they are to the patient, as people say it: mother, foster parent, employer.
    #[serde(default)]
    pub relation: String,
    /// Where they are reached.
    #[serde(default)]
    pub telephone: String,
    /// Where letters and bills go.
    #[serde(default)]
    pub address: String,
    /// A guardian may consent to treatment.
    #[serde(default)]
    pub may_consent: bool,
    /// A guardian may have, and pick up, records (45 CFR 164.502(g)(3)).
    #[serde(default)]
    pub may_pick_up: bool,
    /// What a court has ordered, as the practice needs to know it.
    #[serde(default)]
    pub court_order: String,
    /// The first day on which it holds; none = always.
    #[serde(default)]
    pub from: Option<Day>,
    /// The last day on which it holds; none = open.
    #[serde(default)]
    pub to: Option<Day>,
}

impl RelatedBody {
    /// `Last, First`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.first.is_empty() { self.last.clone() } else { format!("{}, {}", self.last, self.first) }
    }

    /// Does it hold on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn in_force(&self, today: &str) -> bool {
        self.from.is_none_or(|day| day.to_string().as_str() <= today)
            && self.to.is_none_or(|day| today <= day.to_string().as_str())
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
    /// What another house had written down of it, when it was taken in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_from: Option<Box<CameFrom>>,
}

/// What another house had written down of a document. Names of people who need not be known here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct CameFrom {
    /// The house's own name.
    pub operator: String,
    /// Its id there.
    pub document: String,
    /// Who spoke it.
    pub author: String,
    /// Who brought it.
    pub uploader: String,
    /// Who signed it.
    #[serde(default)]
    pub signed_by: String,
    /// Who picked it up.
    #[serde(default)]
    pub picked_up_by: String,
    /// Its versions, from 1 on.
    pub versions: Vec<CameVersion>,
}

/// What another house had written down of a version.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct CameVersion {
    /// Who brought it.
    pub made_by: String,
    /// SHA-256 of what was sealed there, as that house showed it.
    pub sealed_sha256: String,
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
/// A guardian's or guarantor's words, opened.
pub type OpenedRelated = Phi<RelatedBody>;
/// A document's words, opened.
pub type OpenedDocument = Phi<DocumentBody>;
/// What a version of a document holds and whom its heading names, opened.
pub type OpenedVersion = Phi<crate::VersionBody>;

/// What the ledger witnessed: for the line at the foot of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed {
    /// The entry's place.
    pub index: u64,
    /// When it was asked.
    pub at: record::Timestamp,
}
