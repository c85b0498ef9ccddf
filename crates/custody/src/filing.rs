//! What happens to a document after it came in: matched, edited, delivered, signed, held, withdrawn, moved.
//!
//! What must always hold: the ledger has the act and its reason before the row changes; a row changes only
//! from the state in which policy was asked about it; a withdrawn document is out of every inbox in the same
//! transaction.

use crate::ask::Question;
use crate::documents::{body_open, patient_open, purpose_of};
use crate::reading::Found;
use crate::{Custody, CustodyError, Desk, DocumentBody, OpenedDocument, OpenedPatient, PatientBody, Shown, Witnessed};
use policy::{PatientFacts, ResourceFacts};
use record::document::{DocumentState, Step};
use record::{Act, CustomerId, DocumentId, PatientId, PersonId, act};
use store::{Document, Patient};
use vault::{Column, Field, PatientTokens};

/// The longest reason a person may write, characters.
pub const REASON_CHARS_MAX: usize = 500;
/// How many patients are proposed for a document.
const PROPOSALS_MAX: u32 = 8;

/// A patient that a document may be about, and what speaks for it.
pub struct Proposal {
    /// Who.
    pub id: PatientId,
    /// As the index knows them.
    pub patient: OpenedPatient,
    /// Not yet linked to a known one.
    pub provisional: bool,
    /// Surname agrees, given name agrees, birth date agrees, record number agrees.
    pub agrees: [bool; 4],
}

/// What a person needs to say whose document it is.
pub struct MatchDesk {
    /// Which.
    pub id: DocumentId,
    /// Whose PHI.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// Where it stands.
    pub state: DocumentState,
    /// Of which change this is; the match says it, so that it overwrites nothing unseen.
    pub revision: u64,
    /// What the document says of its patient and author.
    pub body: OpenedDocument,
    /// Who spoke it, by name.
    pub author_name: String,
    /// Who it may be, best first; the patient it is matched to already is among them.
    pub proposals: Vec<Proposal>,
    /// To whom it is matched already.
    pub matched: Option<PatientId>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchTo {
    /// This known patient.
    Patient(PatientId),
    /// Somebody who is not in the index yet: a provisional patient is made from what the document says.
    Provisional,
}

/// Reads a reason that a person wrote.
pub(crate) fn reason_read(text: &str) -> Result<&str, CustodyError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CustodyError::field("reason", "Write why, in a few words"));
    }
    if text.chars().count() > REASON_CHARS_MAX || text.chars().any(|one| one.is_control() && one != '\n') {
        return Err(CustodyError::field("reason", "Write at most 500 characters"));
    }
    Ok(text)
}

impl Custody {
    pub(crate) fn document_seal(
        &self,
        id: DocumentId,
        customer: CustomerId,
        body: &DocumentBody,
    ) -> Result<Vec<u8>, CustodyError> {
        let json = serde_json::to_vec(body).map_err(CustodyError::seal)?;
        self.ring().seal_column(customer, id, Column::DocumentBody, &json).map_err(CustodyError::seal)
    }

    fn reason_seal(&self, document: &Document, reason: &str) -> Result<Vec<u8>, CustodyError> {
        let column = Column::DocumentEventBody { event: 1 };
        self.ring().seal_column(document.customer, document.id, column, reason.as_bytes()).map_err(CustodyError::seal)
    }

    /// Blind tokens of what a document says of its patient.
    pub(crate) fn patient_tokens(
        &self,
        customer: CustomerId,
        body: &PatientBody,
    ) -> Result<Vec<(String, Vec<u8>)>, CustodyError> {
        let number = body.record_number.trim();
        let given = format!("{} {}", body.first, body.middle);
        let tokens = PatientTokens {
            given: given.trim(),
            surname: &body.last,
            birth: body.born,
            record_number: (!number.is_empty()).then_some(number),
        };
        let ring = self.ring();
        tokens
            .tokens()
            .iter()
            .map(|token| {
                let mac = ring.blind(customer, token.field, &token.word).map_err(CustodyError::seal)?;
                Ok((token.field.as_str().to_owned(), mac.to_vec()))
            })
            .collect()
    }
}

fn agreement(said: &PatientBody, known: &PatientBody) -> [bool; 4] {
    let same = |one: &str, other: &str| !one.trim().is_empty() && vault::normalised(one) == vault::normalised(other);
    [
        same(&said.last, &known.last),
        same(&said.first, &known.first),
        said.born.is_some() && said.born == known.born,
        same(&said.record_number, &known.record_number),
    ]
}

impl<A: Act> Desk<A> {
    /// Takes a step with a document that was found and for which the act was granted.
    async fn step(
        &self,
        found: Found,
        step: Step,
        copies: &[PersonId],
        change: impl FnOnce(&mut Document),
    ) -> Result<DocumentState, CustodyError> {
        let was = found.document.state;
        let mut document = found.document;
        document.state =
            was.after(step).map_err(|_| CustodyError::State("the document does not stand where this can be done"))?;
        let chart = document.patient;
        change(&mut document);
        let mut tx = self.custody.store().begin("change a document").await?;
        let moves: Vec<PatientId> = document.patient.filter(|to| chart != Some(*to)).into_iter().collect();
        if !tx.patients_stand(document.customer, &moves).await? {
            return Err(CustodyError::Changed);
        }
        if tx.document_update(&document, was).await? == 0 {
            return Err(CustodyError::State("somebody else has changed this document meanwhile; look at it again"));
        }
        match step {
            Step::Withdraw | Step::UndoDelivery | Step::EnterInError => {
                tx.recipient_clear(document.id).await?;
            }
            Step::Deliver => {
                if let Some(author) = document.author {
                    tx.recipient_add(document.id, author, true).await?;
                }
                for person in copies {
                    tx.recipient_add(document.id, *person, false).await?;
                }
            }
            _ => {}
        }
        tx.commit().await?;
        Ok(document.state)
    }

    async fn plain_step(&self, id: DocumentId, step: Step) -> Result<DocumentState, CustodyError> {
        let found = self.document_only(id).await?;
        drop(self.document_ask(&found, "").await?);
        self.step(found, step, &[], |_| {}).await
    }

    async fn reasoned_step(&self, id: DocumentId, step: Step, reason: &str) -> Result<DocumentState, CustodyError> {
        let reason = reason_read(reason)?;
        let found = self.document_only(id).await?;
        let sealed = self.custody.reason_seal(&found.document, reason)?;
        drop(self.document_ask(&found, reason).await?);
        let now = self.custody.now();
        self.step(found, step, &[], |document| {
            document.reason = Some(sealed);
            if step == Step::Withdraw {
                document.withdrawn_at = Some(now);
            }
        })
        .await
    }

    /// Finds a document for an act that is about the document alone.
    async fn document_only(&self, id: DocumentId) -> Result<Found, CustodyError> {
        let mut found = self.document_find(id).await?;
        found.resources.truncate(1);
        Ok(found)
    }
}

/// A document upon which something could be done: where it stands and whose it is, and nothing that is sealed.
pub struct CouldBe {
    /// Where it stands.
    pub state: DocumentState,
    /// Whose PHI.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
}

impl<A: Act> Desk<A> {
    /// For the form before an act: could it be done with this document, once the passkey was touched. It permits nothing
    /// and opens nothing, so the ledger does not hear of it; the act itself is asked for when the form is sent.
    ///
    /// # Errors
    /// [`CustodyError::Absent`] for what is not there and for what could not be done alike.
    pub async fn document_could(&self, id: DocumentId) -> Result<CouldBe, CustodyError> {
        let me = self.person()?;
        let facts = self.facts().await?;
        let store = self.custody.store();
        let document = store.document_fetch(id).await?.ok_or(CustodyError::Absent)?;
        let only = [ResourceFacts::Document(store.document_facts(&document, Some(me)).await?)];
        if !self.custody.would_permit::<A>(self.who(), &facts, document.customer, &only) {
            return Err(CustodyError::Absent);
        }
        let customer_name = self.custody.customer_name(document.customer).await?;
        Ok(CouldBe { state: document.state, customer: document.customer, customer_name })
    }
}

impl Desk<act::DocumentAdvance> {
    /// Puts a document forward: a dictation was typed, or a typed one was edited.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_advance(&self, id: DocumentId) -> Result<DocumentState, CustodyError> {
        let found = self.document_only(id).await?;
        let step = if found.document.state == DocumentState::Dictated { Step::Transcribe } else { Step::Edit };
        drop(self.document_ask(&found, "").await?);
        self.step(found, step, &[], |_| {}).await
    }
}

impl Desk<act::DocumentDeliver> {
    /// Gives a document to the practice: to its author, and copies to whom it names.
    ///
    /// # Errors
    /// [`CustodyError::State`] when no patient is matched, or nobody would get it.
    pub async fn document_deliver(&self, id: DocumentId, copies: &[PersonId]) -> Result<DocumentState, CustodyError> {
        let found = self.document_only(id).await?;
        // Asked first: how a document stands is told only to those who may deliver it.
        drop(self.document_ask(&found, "").await?);
        if found.document.patient.is_none() {
            return Err(CustodyError::State("match the document to a patient first"));
        }
        if found.document.author.is_none() && copies.is_empty() {
            return Err(CustodyError::State("name the author first: nobody would get this document"));
        }
        let customer = found.document.customer;
        for person in copies {
            let at = self.custody.store().membership_list_by_person(*person).await?;
            let now = self.custody.now();
            if !at.iter().any(|one| one.customer == Some(customer) && one.in_force(now)) {
                return Err(CustodyError::field("copies", "Choose people of this practice"));
            }
        }
        let now = self.custody.now();
        self.step(found, Step::Deliver, copies, |document| document.delivered_at = Some(now)).await
    }
}

impl Desk<act::DocumentUndoDelivery> {
    /// Takes a delivery back within ten minutes while nobody has read it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_undo_delivery(&self, id: DocumentId) -> Result<DocumentState, CustodyError> {
        let found = self.document_only(id).await?;
        drop(self.document_ask(&found, "").await?);
        self.step(found, Step::UndoDelivery, &[], |document| document.delivered_at = None).await
    }
}

impl Desk<act::DocumentPickUp> {
    /// Marks a document as picked up by the practice.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_pick_up(&self, id: DocumentId) -> Result<Witnessed, CustodyError> {
        // A program acknowledges in nobody's name: then only the ledger says who did.
        let me = self.reader()?;
        let found = self.document_only(id).await?;
        let witnessed = self.document_ask(&found, "").await?.witnessed();
        let was = found.document.state;
        let mut document = found.document;
        if document.picked_up_at.is_none() {
            document.picked_up_at = Some(self.custody.now());
            document.picked_up_by = me;
            let mut tx = self.custody.store().begin("pick up a document").await?;
            if tx.document_update(&document, was).await? == 0 {
                return Err(CustodyError::State("somebody else has changed this document meanwhile; look at it again"));
            }
            tx.commit().await?;
        }
        Ok(witnessed)
    }
}

impl Desk<act::DocumentSign> {
    /// The author signs.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_sign(&self, id: DocumentId) -> Result<DocumentState, CustodyError> {
        let me = self.person()?;
        let found = self.document_only(id).await?;
        drop(self.document_ask(&found, "").await?);
        let now = self.custody.now();
        self.step(found, Step::Sign, &[], |document| {
            document.signed_at = Some(now);
            document.signed_by = Some(me);
        })
        .await
    }
}

impl Desk<act::DocumentHold> {
    /// Keeps a document back, with a reason.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_hold(&self, id: DocumentId, reason: &str) -> Result<DocumentState, CustodyError> {
        self.reasoned_step(id, Step::Hold, reason).await
    }
}

impl Desk<act::DocumentRelease> {
    /// Lets a held document go on.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_release(&self, id: DocumentId) -> Result<DocumentState, CustodyError> {
        self.plain_step(id, Step::Release).await
    }
}

impl Desk<act::DocumentWithdraw> {
    /// Takes a document out of every inbox at once, with a reason.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_withdraw(&self, id: DocumentId, reason: &str) -> Result<DocumentState, CustodyError> {
        self.reasoned_step(id, Step::Withdraw, reason).await
    }
}

impl Desk<act::DocumentEnterInError> {
    /// Marks a document as never true, with a reason.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_enter_in_error(&self, id: DocumentId, reason: &str) -> Result<DocumentState, CustodyError> {
        self.reasoned_step(id, Step::EnterInError, reason).await
    }
}

impl Desk<act::DocumentMatch> {
    /// What is needed to say whose document it is: what it says, and who it may be.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_match_look(&self, id: DocumentId) -> Result<MatchDesk, CustodyError> {
        let found = self.document_find(id).await?;
        let customer = found.document.customer;
        // What the document says is sealed: it opens under a first act that names the document alone.
        let first = self.document_ask(&found, "").await?;
        let (opening, shown) = first.open(&self.custody.ring())?;
        let body = body_open(&opening, &shown, &found.document)?;
        let tokens = self.custody.patient_tokens(customer, &body.show(&shown).said)?;
        // Parts of names agree by chance; what is asked is the name, the date with it, and the number.
        let telling = |field: &str| field != Field::SurnamePrefix.as_str() && field != Field::Given.as_str();
        let tokens: Vec<_> = tokens.into_iter().filter(|(field, _)| telling(field)).collect();
        let mut proposed = self.custody.store().patient_propose(customer, &tokens, PROPOSALS_MAX).await?;
        let matched = found.document.patient.filter(|id| proposed.iter().all(|one| one.patient.id != *id));
        let matched = self.custody.store().patient_fetch_many(customer, matched.as_slice()).await?;
        proposed.extend(matched.into_iter().map(|patient| store::PatientMatch { patient, agreeing: 0 }));
        // Who it may be opens under a second one that names the patients.
        let mut question = Question::of(customer, purpose_of(&found.facts, customer))
            .with_all(found.resources.iter().take(1).cloned());
        for one in &proposed {
            let facts = self.custody.patient_facts(&one.patient, None).await?;
            question = question.with(ResourceFacts::Patient(facts));
        }
        let granted = self.custody.ask_as::<act::DocumentMatch>(self.who(), found.facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&self.custody.ring())?;
        let mut proposals = Vec::with_capacity(proposed.len());
        for one in &proposed {
            let patient = patient_open(&opening, &shown, &one.patient)?;
            let agrees = agreement(&body.show(&shown).said, patient.show(&shown));
            proposals.push(Proposal { id: one.patient.id, patient, provisional: one.patient.provisional, agrees });
        }
        proposals.sort_by_key(|one| std::cmp::Reverse(one.agrees.iter().filter(|yes| **yes).count()));
        let author_name = match found.document.author {
            Some(id) => self.custody.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default(),
            None => String::new(),
        };
        Ok(MatchDesk {
            id,
            customer,
            customer_name: self.custody.customer_name(customer).await?,
            shown,
            state: found.document.state,
            revision: found.document.revision,
            body,
            author_name,
            proposals,
            matched: found.document.patient,
            witnessed,
        })
    }

    /// A person says whose document it is, and perhaps who spoke it, as it stood at `revision`.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when somebody has matched or moved it since.
    pub async fn document_match(
        &self,
        id: DocumentId,
        to: MatchTo,
        author: Option<PersonId>,
        revision: u64,
    ) -> Result<PatientId, CustodyError> {
        let mut found = self.document_find(id).await?;
        found.resources.truncate(1);
        let customer = found.document.customer;
        let custody = &self.custody;
        let (patient, new) = match to {
            MatchTo::Patient(patient) => match custody.store().patient_fetch(patient).await? {
                Some(row) if row.customer == customer && row.linked_to.is_none() => (row, false),
                _ => return self.absent(patient).await,
            },
            MatchTo::Provisional => (custody.patient_blank(customer), true),
        };
        let facts = PatientFacts { id: patient.id, customer, in_care: false, provisional: patient.provisional };
        found.resources.push(ResourceFacts::Patient(facts));
        let granted = self.document_ask(&found, "").await?;
        if found.document.revision != revision {
            return Err(CustodyError::Changed);
        }
        if let Some(author) = author {
            custody.check_author(customer, author).await?;
        }
        let (opening, shown) = granted.open(&custody.ring())?;
        let said = body_open(&opening, &shown, &found.document)?.into_shown(&shown).said;
        let was = found.document.state;
        let mut document = found.document;
        if was == DocumentState::Unmatched {
            document.state =
                was.after(Step::Match).map_err(|_| CustodyError::State("the document is matched already"))?;
        }
        document.patient = Some(patient.id);
        document.author = author.or(document.author);
        let mut tx = custody.store().begin("match a document").await?;
        if new {
            let body = custody.patient_seal(customer, patient.id, &said)?;
            tx.patient_insert(&Patient { body, ..patient.clone() }).await?;
            tx.patient_tokens_set(customer, patient.id, &custody.patient_tokens(customer, &said)?).await?;
        }
        let stands = tx.patients_stand(customer, &[patient.id]).await?;
        if !stands || tx.document_update(&document, was).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.commit().await?;
        Ok(patient.id)
    }
}

impl Desk<act::DocumentMove> {
    /// Moves a withdrawn document into the right chart, with a reason. Both charts show it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_move(
        &self,
        id: DocumentId,
        to: PatientId,
        reason: &str,
    ) -> Result<DocumentState, CustodyError> {
        let reason = reason_read(reason)?;
        let mut found = self.document_find(id).await?;
        found.resources.truncate(1);
        let custody = &self.custody;
        let customer = found.document.customer;
        let patient = match custody.store().patient_fetch(to).await? {
            Some(row) if row.customer == customer && row.linked_to.is_none() => row,
            _ => return self.absent(to).await,
        };
        found.resources.push(ResourceFacts::Patient(custody.patient_facts(&patient, None).await?));
        let sealed = custody.reason_seal(&found.document, reason)?;
        drop(self.document_ask(&found, reason).await?);
        self.step(found, Step::Move, &[], |document| {
            document.moved_from = document.patient.filter(|was| *was != to);
            document.patient = Some(to);
            document.reason = Some(sealed);
            document.withdrawn_at = None;
            document.delivered_at = None;
        })
        .await
    }
}

impl Custody {
    /// An author is a person with a role at this customer.
    pub(crate) async fn check_author(&self, customer: CustomerId, author: PersonId) -> Result<(), CustodyError> {
        let at = self.store().membership_list_by_person(author).await?;
        let now = self.now();
        if at.iter().any(|one| one.customer == Some(customer) && one.in_force(now)) {
            Ok(())
        } else {
            Err(CustodyError::field("author", "Choose an author of this practice"))
        }
    }
}
