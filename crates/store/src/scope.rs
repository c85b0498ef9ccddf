//! Policy's scopes as SQL. The clauses are policy's; only their spelling is here, and a test holds it to
//! `DocumentScope::holds` over generated worlds.

use crate::binds::Value;
use policy::scope::{DocumentClause, DocumentScope, PatientRelation, PatientScope, Relation};
use record::PersonId;
use record::document::{Confidentiality, DocumentState};

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

    /// Has the document in `document` one of these names.
    pub(crate) fn named_document(&mut self, group: &[(String, Vec<u8>)], document: &str) -> String {
        let any: Vec<String> = group
            .iter()
            .map(|(_, token)| {
                format!(
                    "(SELECT 1 FROM document_name says WHERE says.token = {} AND says.document_id = {document}) IS NOT NULL",
                    self.place(token.clone())
                )
            })
            .collect();
        if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }
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

/// Does `who` care for `patient` of `customer`, all three SQL: author or recipient of some delivered or signed document.
/// Worked out from the documents: this is what policy is told.
pub(crate) fn caring(who: &str, patient: &str, customer: &str) -> String {
    let (whose, state) = (unindexed("cared.customer_id"), unindexed("cared.state"));
    format!(
        "EXISTS (SELECT 1 FROM document cared WHERE cared.patient_id = {patient} AND {whose} = {customer} \
         AND {state} IN ('delivered', 'signed') AND (cared.author_id = {who} OR EXISTS \
         (SELECT 1 FROM recipient lies WHERE lies.document_id = cared.document_id AND lies.person_id = {who})))"
    )
}

/// The same as it is kept, for finding rows.
fn kept_care(who: &str, patient: &str, customer: &str) -> String {
    // Not EXISTS: that becomes a join, which the engine looks at after every other condition.
    format!(
        "(SELECT 1 FROM care WHERE care.person_id = {who} AND care.patient_id = {patient} \
         AND care.customer_id = {customer}) IS NOT NULL"
    )
}

/// A person whose list it is, when a scope holds only what is theirs: written by them, sent to them, or of patients in
/// their care or under their broken glass.
pub(crate) fn whose_list(scope: &DocumentScope) -> Option<PersonId> {
    let mut person = None;
    for clause in &scope.any_of {
        match clause.who {
            Relation::Anyone | Relation::UploaderIs(_) => return None,
            Relation::PatientIs(_) => {}
            Relation::AuthorIs(one) | Relation::RecipientIs(one) | Relation::PatientInCareOf(one) => {
                if person.is_some_and(|known| known != one) {
                    return None;
                }
                person = Some(one);
            }
        }
    }
    person
}

/// Is every matched document of this clause in the scope by another clause as well: whoever has a patient's delivered
/// document in their inbox has that patient in their care.
fn is_care(clause: &DocumentClause, scope: &DocumentScope) -> bool {
    let Relation::RecipientIs(person) = clause.who else { return false };
    scope.any_of.iter().any(|care| {
        care.who == Relation::PatientInCareOf(person)
            && care.most >= clause.most
            && clause.states.iter().all(|state| state.is_with_practice() && care.states.contains(state))
    })
}

/// How many rows a scope is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those of the asker: each clause is looked at.
    Own,
    /// Those that many may see, most of whom are nothing to the asker: what another clause says as well is left out.
    Many,
}

/// Upon a document: is it no more confidential than this. Words of ours, none of them from outside.
fn up_to(most: Confidentiality) -> String {
    let words: Vec<String> =
        Confidentiality::ALL.iter().filter(|one| **one <= most).map(|one| format!("'{one}'")).collect();
    if words.len() == Confidentiality::ALL.len() {
        return String::new();
    }
    format!(" AND document.confidentiality IN ({})", words.join(", "))
}

/// Adds a document scope to a condition over `document`.
pub(crate) fn documents(condition: &mut Condition, scope: &DocumentScope, rows: Rows) {
    let clauses: Vec<String> = scope
        .any_of
        .iter()
        .map(|clause| {
            let states = condition.words(&unindexed("document.state"), &clause.states);
            let kept = up_to(clause.most);
            let who = match clause.who {
                Relation::Anyone => "1 = 1".to_owned(),
                Relation::AuthorIs(person) => {
                    format!("{} = {}", unindexed("document.author_id"), condition.place(person))
                }
                Relation::RecipientIs(person) => {
                    let unmatched = if rows == Rows::Many && is_care(clause, scope) {
                        "document.patient_id IS NULL AND "
                    } else {
                        ""
                    };
                    format!(
                        "{unmatched}EXISTS (SELECT 1 FROM recipient mine WHERE mine.document_id = document.document_id \
                         AND mine.person_id = {})",
                        condition.place(person)
                    )
                }
                Relation::UploaderIs(whoever) => {
                    format!("{} = {}", unindexed("document.uploader_id"), condition.place(whoever.to_string()))
                }
                Relation::PatientInCareOf(person) => {
                    kept_care(&condition.place(person), "document.patient_id", "document.customer_id")
                }
                Relation::PatientIs(patient) => {
                    format!("{} = {}", unindexed("document.patient_id"), condition.place(patient))
                }
            };
            format!("{states}{kept} AND {who}")
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
                kept_care(&condition.place(person), "patient.patient_id", "patient.customer_id")
            }
            PatientRelation::Is(patient) => format!("patient.patient_id = {}", condition.place(patient)),
        })
        .collect();
    let any = if clauses.is_empty() { "1 = 0".to_owned() } else { clauses.join(" OR ") };
    condition.and(&any);
}
