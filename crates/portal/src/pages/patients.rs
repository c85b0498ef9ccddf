//! Patients: one's page, by hand, from a file, and linking a provisional one.

use super::Chrome;
use super::parts::{
    Choice, DateParts, DocumentRow, Empty, Errors, Fact, Hidden, Link, Moment, PageAction, Pager, PatientRow, Proposal,
};
use super::related::RelatedRow;
use askama::Template;
use record::tag::Tag;

/// The patients one may see.
#[derive(Debug, Template)]
#[template(path = "patient_list.html")]
pub struct PatientListPage {
    /// The frame.
    pub chrome: Chrome,
    /// They.
    pub rows: Vec<PatientRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// What to say when there are none.
    pub empty: Empty,
    /// What can be done: a new one, an import.
    pub actions: Vec<PageAction>,
}

/// Somebody who cares for the patient.
#[derive(Debug, Clone, Default)]
pub struct CareRow {
    /// Name.
    pub who: String,
    /// Role.
    pub role: String,
    /// Why they are in this patient's care, such as "author of 3 documents".
    pub why: String,
}

/// One patient's page.
#[derive(Debug, Template)]
#[template(path = "patient.html")]
pub struct PatientPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// Name as people write it.
    pub name: String,
    /// Birth date, record number and what else is known.
    pub facts: Vec<Fact>,
    /// Why it is not sure who this is, such as "provisional: no record number yet"; empty when it is.
    pub provisional: &'static str,
    /// Where the record is that this one went into.
    pub went_into: Option<String>,
    /// Merges of which this record is a part.
    pub merges: Vec<Link>,
    /// Guardians and guarantors.
    pub related: Vec<RelatedRow>,
    /// Where one is put beside the patient; `None` when this person may not.
    pub related_new_href: Option<String>,
    /// What can be done: correct, link, break the glass.
    pub actions: Vec<PageAction>,
    /// The documents one may see.
    pub documents: Vec<DocumentRow>,
    /// What to say when there are none.
    pub empty: Empty,
    /// Who cares for the patient.
    pub care: Vec<CareRow>,
    /// The glass is broken until then, by me.
    pub broken_glass_until: Option<Moment>,
}

/// What was typed about a patient.
#[derive(Debug, Clone, Default)]
pub struct PatientForm {
    /// Family name. Field `family`.
    pub family: String,
    /// Given names. Field `given`.
    pub given: String,
    /// Birth date. Fields `born_month`, `born_day`, `born_year`.
    pub born: DateParts,
    /// Record number; may stay empty for a provisional patient. Field `record_number`.
    pub record_number: String,
    /// Where the patient belongs. Field `customer`; not shown with fewer than two.
    pub customers: Vec<Choice>,
}

/// A new patient, or a correction.
#[derive(Debug, Template)]
#[template(path = "patient_form.html")]
pub struct PatientFormPage {
    /// The frame.
    pub chrome: Chrome,
    /// `Some` when an existing patient is corrected: whose PHI.
    pub tag: Option<Tag>,
    /// What was typed.
    pub form: PatientForm,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Of which change of the patient this form speaks. Field `revision`.
    pub revision: u64,
    /// What is kept now, when somebody else has corrected the patient since the form was opened; empty otherwise.
    pub kept: Vec<Fact>,
    /// Patients who look the same, to be looked at before a new one is made.
    pub alike: Vec<PatientRow>,
    /// What is wrong.
    pub errors: Errors,
}

/// One row of the file, read.
#[derive(Debug, Clone, Default)]
pub struct ImportRow {
    /// Line in the file, counted from 1.
    pub line: u32,
    /// Family name.
    pub family: String,
    /// Given names.
    pub given: String,
    /// Birth date.
    pub born: String,
    /// Record number.
    pub record_number: String,
    /// What will happen: "new", "changes", "the same".
    pub what: String,
    /// What is wrong with it; empty when nothing is.
    pub error: String,
}

/// Where an import stands.
#[derive(Debug, Clone)]
pub enum ImportStep {
    /// Choose a file.
    Choose,
    /// Look at what was read before anything is kept.
    Preview {
        /// How many are new, change or are wrong, in words.
        said: String,
        /// The rows, wrong ones first.
        rows: Vec<ImportRow>,
        /// How many rows are wrong.
        wrong: u32,
        /// What the second form sends back, such as the upload's id.
        hidden: Vec<Hidden>,
        /// Whose PHI.
        tag: Tag,
    },
    /// It is done.
    Done {
        /// How many came in, in words.
        said: String,
        /// Where they are.
        href: String,
    },
}

/// Many patients from a CSV file.
#[derive(Debug, Template)]
#[template(path = "patient_import.html")]
pub struct PatientImportPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where it stands.
    pub step: ImportStep,
    /// Where the form posts.
    pub action: String,
    /// At which customer. Field `customer`.
    pub customers: Vec<Choice>,
    /// What is wrong.
    pub errors: Errors,
}

/// A provisional patient is this known one.
#[derive(Debug, Template)]
#[template(path = "patient_link.html")]
pub struct PatientLinkPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// The provisional patient's name.
    pub name: String,
    /// What is known.
    pub facts: Vec<Fact>,
    /// Who it may be. Field `patient`.
    pub proposals: Vec<Proposal>,
    /// Where it posts, after a touch.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}
