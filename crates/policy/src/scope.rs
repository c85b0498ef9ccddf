//! The scopes: which documents or patients of a customer a list or search may touch, as plain data that store
//! turns into SQL.
//!
//! A scope is written by hand beside its policies, because a database cannot ask Cedar about a million rows. It
//! is an aid to find rows, and no permission: what it finds is named in the intent and decided upon as ever. What
//! must always hold: a row is in the scope if and only if `decide` permits it; a property test over made-up
//! worlds holds the two equal, and a mutation test shows that it would notice any change in either.

pub(crate) mod rules;

use crate::question::Asker;
use crate::{DocumentFacts, PatientFacts, PrincipalFacts, clock_rules, question};
use record::action::StepUp;
use record::document::{Confidentiality, DocumentState};
use record::{Action, CustomerId, PatientId, PersonId, Principal, Role, Side, Timestamp};
use rules::Holder;
use std::collections::BTreeSet;

/// Which documents of one customer; empty is none. A document is in it when any clause holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentScope {
    /// The clauses.
    pub any_of: Vec<DocumentClause>,
}

/// One way for a document to be in scope: it stands in one of these states, is no more confidential than this, and is so related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentClause {
    /// In one of these states.
    pub states: Vec<DocumentState>,
    /// Up to this confidentiality.
    pub most: Confidentiality,
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
    /// This person or program brought it in.
    UploaderIs(Principal),
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
                && document.confidentiality <= clause.most
                && match clause.who {
                    Relation::Anyone => true,
                    Relation::AuthorIs(person) => document.author == Some(person),
                    Relation::RecipientIs(person) => document.recipients.contains(&person),
                    Relation::UploaderIs(whoever) => document.uploader == Some(whoever),
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
///
/// The scope says nothing about the customer: store's query names it beside the scope, always.
#[must_use]
pub fn document_scope(
    action: Action,
    facts: &PrincipalFacts,
    principal: Principal,
    customer: CustomerId,
    at: Timestamp,
) -> DocumentScope {
    let asking = Asking { action, facts, principal, customer, at };
    asking.documents(&rules::DOCUMENTS.iter().collect::<Vec<_>>())
}

/// The patients of `customer` that `action` (`patient.search`, `patient.show`, `access.list`) may touch at `at`.
/// Any other action has an empty scope. The same holds for the customer as in [`document_scope`].
#[must_use]
pub fn patient_scope(
    action: Action,
    facts: &PrincipalFacts,
    principal: Principal,
    customer: CustomerId,
    at: Timestamp,
) -> PatientScope {
    let asking = Asking { action, facts, principal, customer, at };
    asking.patients(&rules::PATIENTS.iter().collect::<Vec<_>>())
}

/// For whom a scope is worked out.
pub(crate) struct Asking<'f> {
    pub(crate) action: Action,
    pub(crate) facts: &'f PrincipalFacts,
    pub(crate) principal: Principal,
    pub(crate) customer: CustomerId,
    pub(crate) at: Timestamp,
}

impl Asking<'_> {
    /// Who asks, or nobody: the same forbids as in `never.cedar`.
    fn asker(&self) -> Option<(Option<PersonId>, BTreeSet<Holder>)> {
        match self.principal {
            Principal::Person(_) => {
                self.person().map(|(person, roles)| (Some(person), roles.into_iter().map(Holder::Role).collect()))
            }
            Principal::Program(_) => self.program().then(|| (None, BTreeSet::from([Holder::Program]))),
            Principal::Stranger => None,
        }
    }

    /// Is it a program that may do this here at all. None of the system's own jobs lists anything.
    fn program(&self) -> bool {
        let asker = question::asker_of(self.principal, self.facts, Some(self.customer), self.at, self.action);
        asker == Asker::Program { in_force: true, at_home: true, granted: true }
    }

    /// The person and the roles that count.
    fn person(&self) -> Option<(PersonId, BTreeSet<Role>)> {
        let Principal::Person(person) = self.principal else { return None };
        let session = self.facts.signed_in.filter(|session| clock_rules::session_is_live(*session, self.at))?;
        let roles = question::roles_at(self.facts, Some(self.customer), self.at);
        let refused = self.facts.suspended
            || (self.facts.passkeys < 2 && roles.iter().any(|role| role.is_officer()))
            || (self.action.step_up() == StepUp::Fresh && !clock_rules::touch_is_fresh(session, self.at));
        (!refused).then_some((person, roles))
    }

    /// Does a rule for `holder` count: only for whom it is, and for a worker of the operator only where assigned.
    fn counts(&self, holders: &BTreeSet<Holder>, actions: &[Action], holder: Holder) -> bool {
        let free = match holder {
            Holder::Role(role) => role.side() == Side::Customer || role.is_officer(),
            Holder::Program => true,
        };
        actions.contains(&self.action)
            && holders.contains(&holder)
            && (free || self.facts.assigned.contains(&self.customer))
    }

    fn glass(&self) -> BTreeSet<PatientId> {
        question::glass_at(self.principal, self.facts, self.customer, self.at)
    }

    pub(crate) fn documents(&self, rules: &[&rules::DocumentRule]) -> DocumentScope {
        let Some((person, holders)) = self.asker() else { return DocumentScope::default() };
        let mut scope = DocumentScope::default();
        for rule in rules.iter().filter(|rule| self.counts(&holders, rule.actions, rule.holder)) {
            let who = match rule.who {
                rules::Who::Anyone => vec![Relation::Anyone],
                rules::Who::Author => person.map(Relation::AuthorIs).into_iter().collect(),
                rules::Who::Recipient => person.map(Relation::RecipientIs).into_iter().collect(),
                rules::Who::Uploader => vec![Relation::UploaderIs(self.principal)],
                rules::Who::InCare => person.map(Relation::PatientInCareOf).into_iter().collect(),
                rules::Who::GlassBroken => self.glass().into_iter().map(Relation::PatientIs).collect(),
            };
            for who in who {
                scope.any_of.push(DocumentClause { states: rule.states.to_vec(), most: rule.most, who });
            }
        }
        scope
    }

    pub(crate) fn patients(&self, rules: &[&rules::PatientRule]) -> PatientScope {
        let Some((person, holders)) = self.asker() else { return PatientScope::default() };
        let mut scope = PatientScope::default();
        for rule in rules.iter().filter(|rule| self.counts(&holders, rule.actions, rule.holder)) {
            match rule.who {
                rules::PatientWho::Anyone => scope.any_of.push(PatientRelation::Anyone),
                rules::PatientWho::InCare => scope.any_of.extend(person.map(PatientRelation::InCareOf)),
                rules::PatientWho::InRequest => {
                    let open = question::request_at(self.facts, self.customer, self.at);
                    scope.any_of.extend(open.then_some(PatientRelation::Anyone));
                }
                rules::PatientWho::GlassBroken => {
                    scope.any_of.extend(self.glass().into_iter().map(PatientRelation::Is));
                }
            }
        }
        scope
    }
}
