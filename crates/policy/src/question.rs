//! From an intent and its facts to the few words that policies are written in.
//!
//! Here it is decided whether facts and intent speak of the same things of the same customer, which memberships
//! live now, and how the asker is related to each thing. What comes out holds no ids, so that fifty rows that
//! are alike to policy are one question. What must always hold: every doubt is a [`Why`], and nothing that the
//! intent names is left out of the question unless no right can hang on it.

use crate::{DocumentFacts, Facts, MembershipFact, PrincipalFacts, ResourceFacts, Why, clock_rules};
use record::action::{Opens, Subject};
use record::document::{Confidentiality, DocumentState};
use record::{Action, CustomerId, Intent, PatientId, Principal, ResourceId, Resources, Right, Role, Side, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Who asks, in policy's words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    Person {
        signed_in: bool,
        suspended: bool,
        passkeys: u32,
        assigned: bool,
        has_place: bool,
        /// A numbered request of the asker is open at the customer.
        in_request: bool,
        /// The roles that count for this intent.
        roles: BTreeSet<Role>,
    },
    /// A customer's program.
    Program {
        /// It has begun, and its end has not come.
        in_force: bool,
        /// The intent is about its own customer.
        at_home: bool,
        /// It was granted a right that stands for this act.
        granted: bool,
    },
    /// One of the system's own jobs.
    Job,
    Stranger,
}

/// One thing asked for, in policy's words. Equal views are one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum View {
    Document {
        state: DocumentState,
        confidentiality: Confidentiality,
        by_asker: bool,
        to_asker: bool,
        uploaded_by_asker: bool,
        in_care: bool,
        glass_broken: bool,
        read_by_practice: bool,
        delivered_just_now: bool,
    },
    Patient {
        in_care: bool,
        glass_broken: bool,
        named_by_document: bool,
    },
    BreakGlass {
        by_asker: bool,
    },
    Customer {
        agreement_in_force: bool,
        home_of_asker: bool,
        assigned_to_asker: bool,
        request_known: bool,
        requested_by_asker: bool,
        /// What would be moved goes where both managers have agreed.
        joining_agreed: bool,
    },
    Membership {
        at_operator: bool,
        is_asker: bool,
        request_known: bool,
        requested_by_asker: bool,
    },
    EmptyPage,
    Myself,
    System,
}

impl View {
    /// The entity type's name in the schema.
    pub(crate) const fn type_name(self) -> &'static str {
        match self {
            Self::Document { .. } => "Document",
            Self::Patient { .. } => "Patient",
            Self::BreakGlass { .. } => "BreakGlass",
            Self::Customer { .. } => "Customer",
            Self::Membership { .. } => "Membership",
            Self::EmptyPage => "EmptyPage",
            Self::Myself => "Myself",
            Self::System => "System",
        }
    }
}

/// Everything that is put to the policies for one intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) asker: Asker,
    /// Each once, never empty.
    pub(crate) views: BTreeSet<View>,
    pub(crate) touched: bool,
}

/// The roles that count at `at`: those at the operator, and those at this customer. A role on the wrong side counts
/// for nothing.
pub(crate) fn roles_at(facts: &PrincipalFacts, customer: Option<CustomerId>, at: Timestamp) -> BTreeSet<Role> {
    let counts = |membership: &&MembershipFact| {
        clock_rules::membership_is_live(membership, at)
            && match membership.customer {
                None => membership.role.side() == Side::Operator,
                Some(there) => membership.role.side() == Side::Customer && customer == Some(there),
            }
    };
    facts.memberships.iter().filter(counts).map(|membership| membership.role).collect()
}

/// Has the person a live membership at this customer; with `None`, anywhere at all.
fn has_place(facts: &PrincipalFacts, customer: Option<CustomerId>, at: Timestamp) -> bool {
    facts.memberships.iter().any(|membership| {
        let side = if membership.customer.is_some() { Side::Customer } else { Side::Operator };
        clock_rules::membership_is_live(membership, at)
            && membership.role.side() == side
            && (customer.is_none() || membership.customer == customer)
    })
}

fn has_staff_role(facts: &PrincipalFacts, at: Timestamp) -> bool {
    !roles_at(facts, None, at).is_empty()
}

/// Who asks, for an intent about `customer` at `at`. Rights of persons count for persons, of jobs for programs.
pub(crate) fn asker_of(
    principal: Principal,
    facts: &PrincipalFacts,
    customer: Option<CustomerId>,
    at: Timestamp,
    action: Action,
) -> Asker {
    match principal {
        Principal::Person(_) => Asker::Person {
            signed_in: facts.signed_in.is_some_and(|fact| clock_rules::session_is_live(fact, at)),
            suspended: facts.suspended,
            passkeys: facts.passkeys,
            assigned: customer.is_some_and(|customer| facts.assigned.contains(&customer)),
            has_place: has_place(facts, None, at),
            in_request: customer.is_some_and(|customer| request_at(facts, customer, at)),
            roles: roles_at(facts, customer, at),
        },
        Principal::Program(_) if facts.system_job => Asker::Job,
        Principal::Program(_) => {
            let program = facts.program.as_ref();
            Asker::Program {
                in_force: program.is_some_and(|fact| clock_rules::program_is_in_force(fact, at)),
                at_home: program.is_some_and(|fact| customer == Some(fact.customer)),
                granted: Right::of(action)
                    .is_some_and(|right| program.is_some_and(|fact| fact.rights.contains(&right))),
            }
        }
        Principal::Stranger => Asker::Stranger,
    }
}

/// Is a numbered request of this person open at this customer.
pub(crate) fn request_at(facts: &PrincipalFacts, customer: CustomerId, at: Timestamp) -> bool {
    facts.requests.iter().any(|fact| fact.customer == customer && clock_rules::request_is_open(fact, at))
}

/// The patients of this customer for whom this person's broken glass counts at `at`.
pub(crate) fn glass_at(
    principal: Principal,
    facts: &PrincipalFacts,
    customer: CustomerId,
    at: Timestamp,
) -> BTreeSet<PatientId> {
    if !matches!(principal, Principal::Person(_)) {
        return BTreeSet::new();
    }
    let counts = |fact: &&crate::BrokenGlassFact| fact.customer == customer && clock_rules::glass_is_broken(fact, at);
    facts.broken_glass.iter().filter(counts).map(|fact| fact.patient).collect()
}

/// Puts the question, or says why it cannot be put.
pub(crate) fn put(action: Action, intent: &Intent, facts: &Facts) -> Result<Question, Why> {
    let named = named(intent.resources())?;
    let by_id = facts_by_id(facts, named)?;
    let asking = Asking { action, intent, facts, by_id };
    asking.check_customer()?;
    let mut views = BTreeSet::new();
    for id in named {
        if let Some(view) = asking.view(id)? {
            views.insert(view);
        }
    }
    asking.add_subject(&mut views, named)?;
    Ok(Question {
        asker: asker_of(intent.principal(), &facts.principal, intent.customer(), intent.at(), action),
        views,
        touched: facts.principal.signed_in.is_some_and(|fact| clock_rules::touch_is_fresh(fact, intent.at())),
    })
}

/// The intent's list, if it is in the one form that its digest and the vault rely on: sorted, each once, and all
/// of it there although only its count and digest are written down.
fn named(resources: &Resources) -> Result<&[ResourceId], Why> {
    let list = resources.as_slice();
    let sound = match resources {
        Resources::Listed(_) => {
            list.len() <= record::intent::RESOURCES_LISTED_MAX && list.windows(2).all(|pair| pair[0] < pair[1])
        }
        Resources::Counted { .. } => Resources::of(list.iter().copied()) == *resources,
    };
    if sound { Ok(list) } else { Err(Why::FactsMismatch) }
}

fn facts_by_id<'f>(facts: &'f Facts, named: &[ResourceId]) -> Result<BTreeMap<ResourceId, &'f ResourceFacts>, Why> {
    let mut by_id = BTreeMap::new();
    for fact in &facts.resources {
        let id = fact.id();
        if named.binary_search(&id).is_err() || by_id.insert(id, fact).is_some() {
            return Err(Why::FactsMismatch);
        }
    }
    Ok(by_id)
}

struct Asking<'f> {
    action: Action,
    intent: &'f Intent,
    facts: &'f Facts,
    by_id: BTreeMap<ResourceId, &'f ResourceFacts>,
}

impl Asking<'_> {
    fn check_customer(&self) -> Result<(), Why> {
        let about_one = match self.action.subject() {
            Subject::Document | Subject::Patient | Subject::BreakGlass => true,
            Subject::Customer => self.action != Action::CustomerList,
            Subject::Person | Subject::Myself | Subject::System => false,
        };
        match (self.intent.customer(), &self.facts.customer) {
            (None, Some(_)) => Err(Why::OtherCustomer),
            (Some(asked), Some(told)) if asked != told.id => Err(Why::OtherCustomer),
            (None, None) if about_one => Err(Why::NothingNamed),
            (Some(_), None) if about_one && self.action.subject() == Subject::Customer => Err(Why::FactsMissing),
            _ => Ok(()),
        }
    }

    fn is_asker(&self, person: record::PersonId) -> bool {
        self.intent.principal() == Principal::Person(person)
    }

    fn same_customer(&self, customer: CustomerId) -> Result<(), Why> {
        if self.intent.customer() == Some(customer) { Ok(()) } else { Err(Why::OtherCustomer) }
    }

    /// What policy is asked about one named thing; `None` for a mere mention, on which no right hangs.
    fn view(&self, id: &ResourceId) -> Result<Option<View>, Why> {
        match (self.by_id.get(id), id) {
            (Some(ResourceFacts::Document(document)), _) => {
                self.same_customer(document.customer)?;
                Ok(Some(self.document(document)))
            }
            (Some(ResourceFacts::Patient(patient)), _) => {
                self.same_customer(patient.customer)?;
                Ok(Some(View::Patient {
                    in_care: patient.in_care,
                    glass_broken: self.glass_broken(Some(patient.id)),
                    named_by_document: self.names_patient(patient.id),
                }))
            }
            (Some(ResourceFacts::Related(related)), _) => self.related(related).map(Some),
            (Some(ResourceFacts::BreakGlass(glass)), _) => {
                self.same_customer(glass.customer)?;
                Ok(Some(View::BreakGlass { by_asker: self.is_asker(glass.person) }))
            }
            (Some(ResourceFacts::Person(person)), _) => self.person(person),
            (
                None,
                ResourceId::DocumentId(_)
                | ResourceId::PatientId(_)
                | ResourceId::RelatedPersonId(_)
                | ResourceId::BreakGlassId(_),
            ) => Err(Why::FactsMissing),
            (None, ResourceId::PersonId(person)) => match self.action.subject() {
                Subject::Person => Err(Why::FactsMissing),
                Subject::Myself if !self.is_asker(*person) => Err(Why::OutOfPlace),
                _ => Ok(None),
            },
            (None, ResourceId::CustomerId(customer)) => self.customer(*customer),
            // Nothing is known about such a thing, so nothing may be opened by naming it.
            (None, _) if self.action.opens() != Opens::Nothing => Err(Why::OutOfPlace),
            (None, _) => Ok(None),
        }
    }

    /// Who is around a patient is a right upon that patient, in the acts that know such people, and beside the
    /// patient only: with a document goes its patient's name, and nobody else's.
    fn related(&self, related: &crate::RelatedFacts) -> Result<View, Why> {
        self.same_customer(related.patient.customer)?;
        let known = matches!(
            self.action,
            Action::PatientShow
                | Action::PatientMergeShow
                | Action::PatientMergeUndo
                | Action::RelatedCreate
                | Action::RelatedChange
                | Action::CustomerExport
                | Action::CustomerTakeIn
                | Action::CustomerJoinRun
        );
        if !known {
            return Err(Why::OutOfPlace);
        }
        match self.by_id.get(&related.patient.id.into()) {
            Some(ResourceFacts::Patient(patient)) if *patient == related.patient => Ok(View::Patient {
                in_care: patient.in_care,
                glass_broken: self.glass_broken(Some(patient.id)),
                named_by_document: self.names_patient(patient.id),
            }),
            _ => Err(Why::FactsMismatch),
        }
    }

    fn document(&self, document: &DocumentFacts) -> View {
        let undoing = self.action == Action::DocumentUndoDelivery;
        View::Document {
            state: document.state,
            confidentiality: document.confidentiality,
            by_asker: document.author.is_some_and(|person| self.is_asker(person)),
            to_asker: document.recipients.iter().any(|person| self.is_asker(*person)),
            uploaded_by_asker: document.uploader == Some(self.intent.principal()),
            in_care: document.in_care && document.patient.is_some(),
            glass_broken: self.glass_broken(document.patient),
            // Told for the one act that asks for them, so that rows of a page do not differ by them.
            read_by_practice: undoing && document.read_by_practice,
            delivered_just_now: undoing
                && document.delivered_at.is_some_and(|at| clock_rules::delivery_can_be_undone(at, self.intent.at())),
        }
    }

    fn glass_broken(&self, patient: Option<PatientId>) -> bool {
        let (Some(patient), Some(customer)) = (patient, self.intent.customer()) else { return false };
        glass_at(self.intent.principal(), &self.facts.principal, customer, self.intent.at()).contains(&patient)
    }

    /// Is a document of the same intent about this patient. If that document is refused, so is the whole intent.
    fn names_patient(&self, patient: PatientId) -> bool {
        self.by_id
            .values()
            .any(|fact| matches!(fact, ResourceFacts::Document(document) if document.patient == Some(patient)))
    }

    fn person(&self, person: &crate::PersonFacts) -> Result<Option<View>, Why> {
        match self.action.subject() {
            Subject::Person if person.customer != self.intent.customer() => Err(Why::OtherCustomer),
            Subject::Person => Ok(Some(View::Membership {
                at_operator: person.customer.is_none(),
                is_asker: self.is_asker(person.id),
                request_known: person.requested_by.is_some(),
                requested_by_asker: person.requested_by.is_some_and(|by| self.is_asker(by)),
            })),
            Subject::Myself if !self.is_asker(person.id) => Err(Why::OutOfPlace),
            _ if person.customer.is_some() && person.customer != self.intent.customer() => Err(Why::OtherCustomer),
            _ => Ok(None),
        }
    }

    fn customer(&self, customer: CustomerId) -> Result<Option<View>, Why> {
        if self.action == Action::CustomerList {
            return Ok(Some(self.customer_view(customer, false, None)));
        }
        // A new customer is named before it exists; it is nobody's yet.
        if self.action == Action::CustomerCreate && self.intent.customer().is_none() {
            return Ok(None);
        }
        // Where things go that join; whether both have agreed upon that is asked of the customer that they leave.
        if self.action == Action::CustomerJoinRun {
            return Ok(None);
        }
        self.same_customer(customer)?;
        Ok(None)
    }

    fn customer_view(
        &self,
        customer: CustomerId,
        agreement_in_force: bool,
        requested_by: Option<record::PersonId>,
    ) -> View {
        let (facts, at) = (&self.facts.principal, self.intent.at());
        View::Customer {
            agreement_in_force,
            home_of_asker: has_place(facts, Some(customer), at),
            assigned_to_asker: facts.assigned.contains(&customer) && has_staff_role(facts, at),
            request_known: requested_by.is_some(),
            requested_by_asker: requested_by.is_some_and(|by| self.is_asker(by)),
            joining_agreed: self.action == Action::CustomerJoinRun && self.joining_agreed(),
        }
    }

    /// Is what would be moved what two practices have agreed upon: away from the intent's customer to the one other that it
    /// names, or in to the intent's customer when it names no other.
    fn joining_agreed(&self) -> bool {
        let Some(told) = &self.facts.customer else { return false };
        let mut beside = self.intent.customers_beside();
        match (beside.next(), beside.next()) {
            (None, _) => told.joining.comes_in,
            (Some(into), None) => told.joining.agreed_into == Some(into),
            (Some(_), Some(_)) => false,
        }
    }

    /// What the act is about besides the named things: the customer, the system, oneself, or an empty page.
    fn add_subject(&self, views: &mut BTreeSet<View>, named: &[ResourceId]) -> Result<(), Why> {
        let names = |prefix: &str| named.iter().any(|id| id.prefix() == prefix);
        let about_things = match self.action.subject() {
            Subject::Myself => return insert(views, View::Myself),
            Subject::System => return insert(views, View::System),
            Subject::Customer if self.action != Action::CustomerList => {
                let (Some(customer), Some(told)) = (self.intent.customer(), &self.facts.customer) else {
                    return Err(Why::FactsMissing);
                };
                // Told for those acts that need somebody else's word.
                let two = matches!(self.action, Action::KeyShred | Action::CustomerJoin);
                let by = if two { told.requested_by } else { None };
                return insert(views, self.customer_view(customer, told.agreement_in_force, by));
            }
            Subject::Customer => names(CustomerId::PREFIX),
            Subject::Document => names(record::DocumentId::PREFIX),
            Subject::Patient => names(PatientId::PREFIX),
            Subject::Person => names(record::PersonId::PREFIX),
            Subject::BreakGlass => names(record::BreakGlassId::PREFIX),
        };
        match (about_things, self.action) {
            (true, _) => Ok(()),
            (
                false,
                Action::DocumentList
                | Action::DocumentSearch
                | Action::DocumentStatus
                | Action::PatientSearch
                | Action::PatientMergeShow
                | Action::CustomerList,
            ) => insert(views, View::EmptyPage),
            (false, _) => Err(Why::NothingNamed),
        }
    }
}

fn insert(views: &mut BTreeSet<View>, view: View) -> Result<(), Why> {
    views.insert(view);
    Ok(())
}
