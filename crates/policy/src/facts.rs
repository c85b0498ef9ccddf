//! What policy is told. Plain data, gathered by custody from the store, in the same transaction where that matters.
//!
//! A fact that is missing never helps the asker: no membership is no role, no sign-in is nobody, no facts about
//! a thing that the intent names is a refusal. For a thing that the act is about to make, the facts say what it
//! will be.

use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    BreakGlassId, CustomerId, DocumentId, PatientId, PersonId, Principal, RelatedPersonId, ResourceId, Right, Role,
    Timestamp,
};
use std::collections::BTreeSet;

/// Everything that policy is told about one intent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// About who asks.
    pub principal: PrincipalFacts,
    /// About each document, patient, person around a patient and broken glass that the intent names, and each person in an act upon
    /// persons; none may be missing, none may be there that the intent does not name.
    pub resources: Vec<ResourceFacts>,
    /// About the intent's customer; needed for every act upon a customer except `customer.list`.
    pub customer: Option<CustomerFacts>,
}

/// About who asks. `Default` is somebody with no rights at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrincipalFacts {
    /// Every membership, ended ones too: policy itself looks at from and to. Counts for persons only.
    pub memberships: Vec<MembershipFact>,
    /// The customers for whom the operator has assigned this member of its staff.
    pub assigned: Vec<CustomerId>,
    /// The session, if there is one.
    pub signed_in: Option<SignInFact>,
    /// How many passkeys the person has enrolled.
    pub passkeys: u32,
    /// Suspended: nothing is permitted.
    pub suspended: bool,
    /// The glasses this person has broken; policy itself looks at from and to.
    pub broken_glass: Vec<BrokenGlassFact>,
    /// The numbered requests that this person has opened; policy itself looks at from and to.
    pub requests: Vec<RequestFact>,
    /// One of the system's own jobs. Counts for programs only.
    pub system_job: bool,
    /// For whom a program works and what it was granted; policy itself looks at from and to. Counts for programs only.
    pub program: Option<ProgramFact>,
}

/// What a program was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFact {
    /// At which customer, and nowhere else.
    pub customer: CustomerId,
    /// Which rights: those of its token that it still has.
    pub rights: BTreeSet<Right>,
    /// From then on, inclusive.
    pub from: Timestamp,
    /// Until then, exclusive: its end, or when it was revoked.
    pub to: Timestamp,
}

/// A role that a person holds somewhere, for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipFact {
    /// At which customer; `None` is at the operator. A role on the wrong side counts for nothing.
    pub customer: Option<CustomerId>,
    /// As what.
    pub role: Role,
    /// From then on, inclusive.
    pub from: Timestamp,
    /// Until then, exclusive; `None` is until further notice.
    pub to: Option<Timestamp>,
}

/// A live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFact {
    /// When it began.
    pub at: Timestamp,
    /// The last touch of the passkey.
    pub step_up_at: Option<Timestamp>,
}

/// A glass that the asker has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenGlassFact {
    /// At which customer.
    pub customer: CustomerId,
    /// For which patient.
    pub patient: PatientId,
    /// From then on, inclusive.
    pub from: Timestamp,
    /// Until then, exclusive; never counts for longer than four hours.
    pub to: Timestamp,
}

/// A numbered request that the asker has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFact {
    /// At which customer.
    pub customer: CustomerId,
    /// From then on, inclusive.
    pub from: Timestamp,
    /// Until then, exclusive; never counts for longer than eight hours.
    pub to: Timestamp,
}

/// About one thing that the intent names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceFacts {
    /// A document.
    Document(DocumentFacts),
    /// A patient.
    Patient(PatientFacts),
    /// A person around a patient.
    Related(RelatedFacts),
    /// A person, by the membership in question.
    Person(PersonFacts),
    /// A broken glass.
    BreakGlass(BreakGlassFacts),
}

impl ResourceFacts {
    /// The id of what these facts are about.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        match self {
            Self::Document(facts) => facts.id.into(),
            Self::Patient(facts) => facts.id.into(),
            Self::Related(facts) => facts.id.into(),
            Self::Person(facts) => facts.id.into(),
            Self::BreakGlass(facts) => facts.id.into(),
        }
    }
}

/// About a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Which.
    pub id: DocumentId,
    /// Whose PHI.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: DocumentState,
    /// What it is.
    pub kind: DocumentKind,
    /// Who of the practice may see it.
    pub confidentiality: Confidentiality,
    /// Who dictated or wrote it.
    pub author: Option<PersonId>,
    /// Who or what brought it in.
    pub uploader: Option<Principal>,
    /// To whom it goes beside its author.
    pub recipients: Vec<PersonId>,
    /// About whom.
    pub patient: Option<PatientId>,
    /// The asker is author or recipient of some delivered or signed document of this patient at this customer.
    pub in_care: bool,
    /// Somebody at the practice has opened it.
    pub read_by_practice: bool,
    /// When it was last delivered.
    pub delivered_at: Option<Timestamp>,
}

/// About a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatientFacts {
    /// Which.
    pub id: PatientId,
    /// Of which customer.
    pub customer: CustomerId,
    /// The asker is author or recipient of some delivered or signed document of this patient here.
    pub in_care: bool,
    /// Not yet linked to a known patient.
    pub provisional: bool,
}

/// About a guardian or guarantor: the facts of the patient around whom they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelatedFacts {
    /// Which.
    pub id: RelatedPersonId,
    /// Around whom.
    pub patient: PatientFacts,
}

/// About a person upon whom somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonFacts {
    /// Who.
    pub id: PersonId,
    /// Where the membership in question is; `None` is at the operator.
    pub customer: Option<CustomerId>,
    /// For confirmations: who asked for what is to be confirmed.
    pub requested_by: Option<PersonId>,
}

/// About a broken glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakGlassFacts {
    /// Which.
    pub id: BreakGlassId,
    /// At which customer.
    pub customer: CustomerId,
    /// Who broke it.
    pub person: PersonId,
}

/// About the intent's customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Which.
    pub id: CustomerId,
    /// An agreement is in force now (45 CFR 164.502(e)).
    pub agreement_in_force: bool,
    /// For the destruction of its keys, and for a yes to a joining: who asked for it, or said the word before.
    pub requested_by: Option<PersonId>,
    /// For the moving of what joins: what is agreed upon, as the store has it.
    pub joining: JoiningFacts,
}

/// What the managers of two practices have agreed upon and what is not over yet. `Default` is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JoiningFacts {
    /// Whom the customer joins, by the word of both.
    pub agreed_into: Option<CustomerId>,
    /// Somebody who joins the customer, by the word of both, is being moved.
    pub comes_in: bool,
}
