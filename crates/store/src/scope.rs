//! Policy's scopes as SQL. The clauses are policy's; only their spelling is here, and a test holds it to
//! `DocumentScope::holds` over generated worlds.

use crate::binds::Value;
use policy::scope::{DocumentScope, PatientRelation, PatientScope, Relation};
use record::PersonId;
use record::document::DocumentState;

/// A condition and its values, numbered as they are added.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    /// The next place, holding this value.
    pub(crate) fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Adds `AND (…)`.
    pub(crate) fn and(&mut self, sql: &str) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push('(');
        self.sql.push_str(sql);
        self.sql.push(')');
    }

    /// `column IN (…)` over states.
    pub(crate) fn words(&mut self, column: &str, states: &[DocumentState]) -> String {
        let places: Vec<String> = states.iter().map(|state| self.place(state.as_str())).collect();
        if places.is_empty() { "1 = 0".to_owned() } else { format!("{column} IN ({})", places.join(", ")) }
    }

    /// Has the patient in `patient` one of these blind tokens (field, MAC) of the customer in place `customer`.
    pub(crate) fn named(&mut self, customer: &str, group: &[(String, Vec<u8>)], patient: &str) -> String {
        let any: Vec<String> = group
            .iter()
            .map(|(field, token)| {
                let (field, token) = (self.place(field), self.place(token.clone()));
                // Not EXISTS: that becomes a join, which the engine looks at after every other condition, the dear ones too.
                format!(
                    "(SELECT 1 FROM patient_token says WHERE says.customer_id = {customer} AND says.field = {field} \
                     AND says.token = {token} AND says.patient_id = {patient}) IS NOT NULL"
                )
            })
            .collect();
        if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }
    }
}

/// A text column as a condition for whose sake no index is chosen: it narrows rows that were found by another.
pub(crate) fn unindexed(column: &str) -> String {
    format!("({column} || '')")
}

/// Is the patient in `column` in the care of this person: author or recipient of some delivered or signed document.
pub(crate) fn in_care(condition: &mut Condition, person: PersonId, patient: &str, customer: &str) -> String {
    let who = condition.place(person);
    let (whose, state) = (unindexed("care.customer_id"), unindexed("care.state"));
    format!(
        "EXISTS (SELECT 1 FROM document care WHERE care.patient_id = {patient} AND {whose} = {customer} \
         AND {state} IN ('delivered', 'signed') AND (care.author_id = {who} OR EXISTS \
         (SELECT 1 FROM recipient lies WHERE lies.document_id = care.document_id AND lies.person_id = {who})))"
    )
}

/// Adds a document scope to a condition over `document`.
pub(crate) fn documents(condition: &mut Condition, scope: &DocumentScope) {
    let clauses: Vec<String> = scope
        .any_of
        .iter()
        .map(|clause| {
            let states = condition.words(&unindexed("document.state"), &clause.states);
            let who = match clause.who {
                Relation::Anyone => "1 = 1".to_owned(),
                Relation::AuthorIs(person) => format!("{} = {}", unindexed("document.author_id"), condition.place(person)),
                Relation::RecipientIs(person) => format!(
                    "EXISTS (SELECT 1 FROM recipient mine WHERE mine.document_id = document.document_id AND mine.person_id = {})",
                    condition.place(person)
                ),
                Relation::UploaderIs(person) => format!("{} = {}", unindexed("document.uploader_id"), condition.place(person)),
                Relation::PatientInCareOf(person) => {
                    in_care(condition, person, "document.patient_id", "document.customer_id")
                }
                Relation::PatientIs(patient) => format!("{} = {}", unindexed("document.patient_id"), condition.place(patient)),
            };
            format!("{states} AND {who}")
        })
        .map(|clause| format!("({clause})"))
        .collect();
    let any = if clauses.is_empty() { "1 = 0".to_owned() } else { clauses.join(" OR ") };
    condition.and(&any);
}

/// Adds a patient scope to a condition over `patient`.
pub(crate) fn patients(condition: &mut Condition, scope: &PatientScope) {
    let clauses: Vec<String> = scope
        .any_of
        .iter()
        .map(|relation| match *relation {
            PatientRelation::Anyone => "1 = 1".to_owned(),
            PatientRelation::InCareOf(person) => {
                in_care(condition, person, "patient.patient_id", "patient.customer_id")
            }
            PatientRelation::Is(patient) => format!("patient.patient_id = {}", condition.place(patient)),
        })
        .collect();
    let any = if clauses.is_empty() { "1 = 0".to_owned() } else { clauses.join(" OR ") };
    condition.and(&any);
}
