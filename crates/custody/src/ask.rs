//! Asking: intent → facts → policy → ledger. Every act of every person and program passes here.
//!
//! What must always hold: a permit is handed on only together with the receipt of its entry; a refusal is
//! written too, within a rate, so that noise cannot fill the ledger; strangers' refusals are counted and
//! become one entry a minute.

mod could;
mod nowhere;
mod refusals;

pub(crate) use refusals::RefusalMeter;

use crate::settings::year_of;
use crate::{Answered, Custody, CustodyError, Desk, Witnessed};
use ledger::Receipt;
use policy::{
    BrokenGlassFact, CustomerFacts, Decision, Facts, JoiningFacts, MembershipFact, Permit, PrincipalFacts, RequestFact,
    ResourceFacts, SignInFact, Why,
};
use record::action::OpensNames;
use record::{
    Act, Action, CustomerId, Entry, Intent, Outcome, PersonId, Principal, Purpose, ResourceId, Resources, SessionId,
};
use store::{PersonState, Visit};
use vault::{KeyRing, Opening, Owner, Shown};

/// Permitted and witnessed. Spent by opening, or by doing what was asked.
#[must_use]
pub struct Granted<A: Act> {
    permit: Permit<A>,
    receipt: Receipt,
    /// Begun before the asking: what was permitted by what this node knew is worth nothing once it may not go by that.
    visit: Visit,
}

impl<A: Act> Granted<A> {
    /// For the line at the foot of the page.
    #[must_use]
    pub fn witnessed(&self) -> Witnessed {
        Witnessed { index: self.receipt.index(), at: self.permit.intent().at() }
    }

    /// What was asked, for a later word on it.
    pub(crate) const fn intent(&self) -> &Intent {
        self.permit.intent()
    }
}

impl<A: OpensNames> Granted<A> {
    /// Spends both tokens.
    pub(crate) fn open(self, ring: &KeyRing) -> Result<(Opening<A>, Shown), CustodyError> {
        if !self.visit.holds() {
            return Err(CustodyError::Unwitnessed);
        }
        vault::open(self.permit, self.receipt, ring).map_err(CustodyError::seal)
    }
}

/// What is asked, beside who asks and the act.
pub(crate) struct Question {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) resources: Vec<ResourceFacts>,
    /// Named in the intent without facts of their own: invitations, alerts, keys.
    pub(crate) also: Vec<ResourceId>,
    pub(crate) purpose: Purpose,
    /// Words that belong to the act (a reason), sealed into the entry under the audit key.
    pub(crate) words: String,
    /// Who asked for what is now to be done, where policy wants two people.
    pub(crate) asked_by: Option<PersonId>,
}

impl Question {
    /// About a customer's things.
    pub(crate) fn of(customer: CustomerId, purpose: Purpose) -> Self {
        Self { customer: Some(customer), ..Self::house(purpose) }
    }
    /// About oneself or the system as a whole.
    pub(crate) fn house(purpose: Purpose) -> Self {
        let (resources, also) = (Vec::new(), Vec::new());
        Self { customer: None, resources, also, purpose, words: String::new(), asked_by: None }
    }
    pub(crate) fn with(mut self, facts: ResourceFacts) -> Self {
        self.resources.push(facts);
        self
    }
    pub(crate) fn with_all(mut self, facts: impl IntoIterator<Item = ResourceFacts>) -> Self {
        self.resources.extend(facts);
        self
    }
    pub(crate) fn also(mut self, id: impl Into<ResourceId>) -> Self {
        self.also.push(id.into());
        self
    }
    pub(crate) fn asked_by(mut self, person: Option<PersonId>) -> Self {
        self.asked_by = person;
        self
    }
    pub(crate) fn saying(mut self, words: &str) -> Self {
        words.clone_into(&mut self.words);
        self
    }
}

impl Custody {
    /// What policy is told about a person.
    pub(crate) async fn person_facts(
        &self,
        person: PersonId,
        signed_in: Option<SignInFact>,
    ) -> Result<PrincipalFacts, CustodyError> {
        let store = self.store();
        let now = self.now();
        // Asked all at once: none of these questions waits for another's answer.
        let (row, memberships, assigned, glasses, requests, passkeys) = tokio::try_join!(
            store.person_fetch(person),
            store.membership_list_by_person(person),
            store.assignment_list_by_person(person),
            store.break_glass_open(person, now),
            store.request_open(person, now),
            store.credential_list(person),
        )?;
        let Some(row) = row else { return Ok(PrincipalFacts::default()) };
        let passkeys = passkeys.len();
        Ok(PrincipalFacts {
            memberships: memberships
                .into_iter()
                .map(|one| MembershipFact { customer: one.customer, role: one.role, from: one.from_at, to: one.to_at })
                .collect(),
            assigned: assigned
                .into_iter()
                .filter(|one| one.from_at <= now && one.to_at.is_none_or(|to| now < to))
                .map(|one| one.customer)
                .collect(),
            signed_in,
            // Nobody of the demo has passkeys; its officers are shown at work all the same.
            passkeys: if self.settings().demo { 2 } else { u32::try_from(passkeys).unwrap_or(u32::MAX) },
            suspended: row.state != PersonState::Active,
            broken_glass: glasses
                .into_iter()
                .map(|one| BrokenGlassFact {
                    customer: one.customer,
                    patient: one.patient,
                    from: one.from_at,
                    to: one.to_at,
                })
                .collect(),
            requests: requests
                .into_iter()
                .map(|one| RequestFact { customer: one.customer, from: one.from_at, to: one.to_at })
                .collect(),
            system_job: false,
            program: None,
        })
    }

    async fn customer_facts(&self, id: CustomerId) -> Result<Option<CustomerFacts>, CustodyError> {
        let (customer, agreements) =
            tokio::try_join!(self.store().customer_fetch(id), self.store().agreement_list(id))?;
        let Some(customer) = customer else { return Ok(None) };
        let today = self.settings().day_of(self.now());
        let agreement_in_force =
            customer.closed_at.is_none() && agreements.iter().any(|agreement| agreement.in_force(&today));
        Ok(Some(CustomerFacts { id, agreement_in_force, requested_by: None, joining: JoiningFacts::default() }))
    }

    /// States the intent, asks policy, has the ledger witness the answer.
    pub(crate) async fn ask_as<A: Act>(
        &self,
        who: (Principal, Option<SessionId>),
        principal: PrincipalFacts,
        question: Question,
    ) -> Result<Granted<A>, CustodyError> {
        let visit = self.visit().ok_or(CustodyError::Unwitnessed)?;
        let (permit, body) = self.decide_as::<A>(who, principal, question).await?;
        let entry = Entry::of(permit.intent(), Outcome::Permitted, "");
        let receipt = self.0.scribe.write(entry, body).await.map_err(|_| CustodyError::Unwitnessed)?;
        Ok(Granted { permit, receipt, visit })
    }

    /// States the intent and asks policy: the permit, and the words for its entry, sealed. A refusal is written down. A
    /// permit alone opens nothing.
    pub(crate) async fn decide_as<A: Act>(
        &self,
        who: (Principal, Option<SessionId>),
        principal: PrincipalFacts,
        question: Question,
    ) -> Result<(Permit<A>, Vec<u8>), CustodyError> {
        let Question { customer, resources, also, purpose, words, asked_by } = question;
        let named = Resources::of(resources.iter().map(ResourceFacts::id).chain(also));
        let intent = Intent::to::<A>(self.clock(), self.entropy(), who, customer, named, purpose);
        // What two practices have agreed upon is what the store has of it, whoever asks; it is looked up for the one act.
        let joining = match customer.filter(|_| A::ACTION == Action::CustomerJoinRun) {
            Some(id) => self.joining_facts(id).await?,
            None => JoiningFacts::default(),
        };
        let told = |facts: CustomerFacts| CustomerFacts { requested_by: asked_by, joining, ..facts };
        let customer_facts = match customer {
            Some(id) => self.customer_facts(id).await?.map(told),
            None => None,
        };
        let facts = Facts { principal, resources, customer: customer_facts };
        match self.0.policy.decide::<A>(intent, &facts) {
            Decision::Permit(permit) => {
                let body = self.words_seal(permit.intent(), &words)?;
                self.0.tally.act(A::ACTION, Answered::Permitted);
                Ok((permit, body))
            }
            Decision::Refusal(refusal) => {
                let (who, at) = (refusal.intent().principal(), refusal.intent().at());
                self.0.tally.act(A::ACTION, Answered::Refused);
                if refusal.why() == Why::PolicyError {
                    tracing::error!(action = A::ACTION.as_str(), "a policy failed while it was evaluated; refused");
                }
                if self.0.refusals.is_written(self, who, at) {
                    let entry = Entry::of(refusal.intent(), Outcome::Refused, refusal.why().as_str());
                    // A refusal stands whether or not it could be written down.
                    drop(self.0.scribe.write(entry, Vec::new()).await);
                }
                Err(refusal.into())
            }
        }
    }

    /// A later word on an act: how it ended, how many bytes left.
    pub(crate) async fn told(&self, intent: &Intent, outcome: Outcome, why: &str, bytes_out: Option<u64>) {
        let mut entry = Entry::of(intent, outcome, why);
        entry.at = self.now();
        entry.bytes_out = bytes_out;
        if self.0.scribe.write(entry, Vec::new()).await.is_err() {
            tracing::error!(intent = %intent.id(), "the end of an act could not be written down");
        }
    }

    fn words_seal(&self, intent: &Intent, words: &str) -> Result<Vec<u8>, CustodyError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let owner = intent.customer().map_or(Owner::Operator, Owner::Customer);
        self.ring()
            .audit_seal(owner, year_of(intent.at()), &intent.id().to_bytes(), words.as_bytes())
            .map_err(CustodyError::seal)
    }

    /// The words that were sealed into an entry, for those who may read them.
    pub(crate) fn words_open(&self, entry: &Entry, sealed: &[u8]) -> Option<String> {
        if sealed.is_empty() {
            return None;
        }
        let owner = entry.customer.map_or(Owner::Operator, Owner::Customer);
        let opened = self.ring().audit_open(owner, year_of(entry.at), &entry.intent.to_bytes(), sealed).ok()?;
        String::from_utf8(opened).ok()
    }

    /// One of the system's own jobs acts.
    pub(crate) async fn ask_job<A: Act>(&self, question: Question) -> Result<Granted<A>, CustodyError> {
        let facts = PrincipalFacts { system_job: true, ..PrincipalFacts::default() };
        self.ask_as((self.program(), None), facts, question).await
    }
}

impl<A: Act> Desk<A> {
    /// Who is calling, for the intent.
    pub(crate) fn who(&self) -> (Principal, Option<SessionId>) {
        if self.job {
            return (self.custody.program(), None);
        }
        if let Some(program) = &self.program {
            return program.who();
        }
        self.signed_in
            .as_ref()
            .map_or((Principal::Stranger, None), |one| (Principal::Person(one.person), Some(one.session)))
    }

    /// The person at the desk, for those acts that have no sense without one.
    pub(crate) fn person(&self) -> Result<PersonId, CustodyError> {
        self.signed_in.as_ref().map(|one| one.person).ok_or(CustodyError::Refused(Why::NotSignedIn))
    }

    /// The person at the desk; none for a program, which is nobody's author, recipient or colleague.
    pub(crate) fn reader(&self) -> Result<Option<PersonId>, CustodyError> {
        if self.program.is_some() { Ok(None) } else { self.person().map(Some) }
    }

    /// What policy is told about the person at the desk.
    pub(crate) async fn facts(&self) -> Result<PrincipalFacts, CustodyError> {
        if let Some(program) = &self.program {
            return Ok(program.facts());
        }
        match &self.signed_in {
            None => Ok(PrincipalFacts { system_job: self.job, ..PrincipalFacts::default() }),
            Some(one) => {
                // A locked session is nobody's until the passkey was touched; the door says so first, and this second.
                let unlocks = matches!(A::ACTION, Action::SessionStart | Action::SessionEnd | Action::SessionStepUp);
                let fact = SignInFact { at: one.started_at, step_up_at: one.step_up_at };
                self.custody.person_facts(one.person, (!one.locked || unlocks).then_some(fact)).await
            }
        }
    }

    /// Asks for what this desk is for.
    pub(crate) async fn ask(&self, question: Question) -> Result<Granted<A>, CustodyError> {
        let facts = self.facts().await?;
        self.custody.ask_as(self.who(), facts, question).await
    }

    /// Something was named that is not there: refused and written exactly as if it were not the asker's.
    pub(crate) async fn absent<T>(&self, named: impl Into<ResourceId>) -> Result<T, CustodyError> {
        let intent = Intent::to::<A>(
            self.custody.clock(),
            self.custody.entropy(),
            self.who(),
            None,
            Resources::of([named.into()]),
            Purpose::Operations,
        );
        self.custody.0.tally.act(A::ACTION, Answered::Refused);
        if self.custody.0.refusals.is_written(&self.custody, intent.principal(), intent.at()) {
            let entry = Entry::of(&intent, Outcome::Refused, Why::NotPermitted.as_str());
            drop(self.custody.0.scribe.write(entry, Vec::new()).await);
        }
        Err(CustodyError::Absent)
    }
}
