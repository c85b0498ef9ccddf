//! People around a patient: the form for a guardian or guarantor, and their rows on the patient's page.

use super::Chrome;
use super::parts::{Choice, DateParts, Errors, Fact};
use askama::Template;
use record::tag::Tag;

/// A guardian or guarantor on the patient's page.
#[derive(Debug, Clone, Default)]
pub struct RelatedRow {
    /// Name as people write it.
    pub name: String,
    /// "Guardian" or "Guarantor".
    pub kind: String,
    /// What they are to the patient, such as "mother".
    pub relation: String,
    /// Where they are reached.
    pub phone: String,
    /// Where letters and bills go.
    pub address: String,
    /// What they may, such as "may consent, may pick up records"; empty for a guarantor.
    pub authority: String,
    /// What a court has ordered; empty for nothing.
    pub court_order: String,
    /// From when to when, such as "until 03/09/2027"; empty for no dates.
    pub dates: String,
    /// Not yet, or no longer.
    pub not_in_force: bool,
    /// Where they are corrected or ended; empty when this person may not.
    pub change_href: String,
}

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct RelatedTyped {
    /// Family name. Field `family`.
    pub family: String,
    /// Given names. Field `given`.
    pub given: String,
    /// What they are to the patient. Field `relation`.
    pub relation: String,
    /// Telephone. Field `phone`.
    pub phone: String,
    /// Address. Field `address`.
    pub address: String,
    /// May consent to treatment. Field `may_consent`.
    pub may_consent: bool,
    /// May pick up records. Field `may_pick_up`.
    pub may_pick_up: bool,
    /// What a court has ordered. Field `court_order`.
    pub court_order: String,
    /// The first day. Fields `from_month`, `from_day`, `from_year`.
    pub from: DateParts,
    /// The last day. Fields `to_month`, `to_day`, `to_year`.
    pub to: DateParts,
}

/// Somebody new around a patient, or a correction.
#[derive(Debug, Template)]
#[template(path = "related_form.html")]
pub struct RelatedFormPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// Around whom, as people write it.
    pub patient: String,
    /// Birth date and record number, so that it is the right patient.
    pub facts: Vec<Fact>,
    /// Guardian or guarantor. Field `kind`; empty when somebody who is there is corrected.
    pub kinds: Vec<Choice>,
    /// What was typed.
    pub form: RelatedTyped,
    /// Has a say: the boxes for authority and court orders are shown.
    pub has_say: bool,
    /// What is kept now, when somebody else has changed it since the form was opened; empty otherwise.
    pub kept: Vec<Fact>,
    /// Of which change this form speaks. Field `revision`.
    pub revision: u64,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}
