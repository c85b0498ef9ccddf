//! The scopes: which documents or patients of a customer a list or search may touch, as plain data that store
//! turns into SQL. Held equal to the policies by a property test.

use crate::{DocumentFacts, PatientFacts, PrincipalFacts};
use record::document::DocumentState;
use record::{Action, CustomerId, PatientId, PersonId, Principal, Timestamp};

/// Which documents of one customer; empty is none. A document is in it when any clause holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentScope {
    /// The clauses.
    pub any_of: Vec<DocumentClause>,
}

/// One way for a document to be in scope: it stands in one of these states, and is so related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentClause {
    /// In one of these states.
    pub states: Vec<DocumentState>,
    /// And so related to the asker.
    pub who: Relation,
}

/// How a document is related to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Any document of the customer.
    Anyone,
    /// This person is its author.
    AuthorIs(PersonId),
    /// This person is among its recipients.
    RecipientIs(PersonId),
    /// This person brought it in.
    UploaderIs(PersonId),
    /// Its patient is in the care of this person: author or recipient of some delivered or signed document of the patient here.
    PatientInCareOf(PersonId),
    /// It is about this patient (the glass is broken).
    PatientIs(PatientId),
}

/// Which patients of one customer; empty is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatientScope {
    /// A patient is in it when any of these holds.
    pub any_of: Vec<PatientRelation>,
}

/// How a patient is related to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatientRelation {
    /// Any patient of the customer.
    Anyone,
    /// In the care of this person.
    InCareOf(PersonId),
    /// This patient (the glass is broken).
    Is(PatientId),
}

impl DocumentScope {
    /// Is this document in scope; `principal` is whom `in_care` of the facts was worked out for.
    #[must_use]
    pub fn holds(&self, document: &DocumentFacts, principal: Principal) -> bool {
        self.any_of.iter().any(|clause| {
            clause.states.contains(&document.state)
                && match clause.who {
                    Relation::Anyone => true,
                    Relation::AuthorIs(person) => document.author == Some(person),
                    Relation::RecipientIs(person) => document.recipients.contains(&person),
                    Relation::UploaderIs(person) => document.uploader == Some(person),
                    Relation::PatientInCareOf(person) => {
                        principal == Principal::Person(person) && document.in_care && document.patient.is_some()
                    }
                    Relation::PatientIs(patient) => document.patient == Some(patient),
                }
        })
    }
}

impl PatientScope {
    /// Is this patient in scope; `principal` is whom `in_care` of the facts was worked out for.
    #[must_use]
    pub fn holds(&self, patient: &PatientFacts, principal: Principal) -> bool {
        self.any_of.iter().any(|relation| match *relation {
            PatientRelation::Anyone => true,
            PatientRelation::InCareOf(person) => principal == Principal::Person(person) && patient.in_care,
            PatientRelation::Is(id) => patient.id == id,
        })
    }
}

/// The documents of `customer` that `action` (`document.list`, `document.search`, `document.status`,
/// `access.list`, `access.review`) may touch at `at`. Any other action has an empty scope.
#[must_use]
pub fn document_scope(
    action: Action,
    facts: &PrincipalFacts,
    principal: Principal,
    customer: CustomerId,
    at: Timestamp,
) -> DocumentScope {
    let _ = (action, facts, principal, customer, at);
    DocumentScope::default()
}

/// The patients of `customer` that `action` (`patient.search`, `patient.show`, `access.list`) may touch at `at`.
/// Any other action has an empty scope.
#[must_use]
pub fn patient_scope(
    action: Action,
    facts: &PrincipalFacts,
    principal: Principal,
    customer: CustomerId,
    at: Timestamp,
) -> PatientScope {
    let _ = (action, facts, principal, customer, at);
    PatientScope::default()
}
