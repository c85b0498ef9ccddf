//! What happens to a document after it came in: edited, delivered, signed, held, withdrawn, moved.
//!
//! What must always hold: the ledger has the act and its reason before the row changes; a row changes only
//! from the state in which policy was asked about it; a withdrawn document is out of every inbox in the same
//! transaction.

use crate::documents::patient_open;
use crate::manifest::{Doubt, version_body_open};
use crate::reading::Found;
use crate::{Custody, CustodyError, Desk, DocumentBody, PatientBody, Witnessed};
use policy::ResourceFacts;
use record::document::{Confidentiality, DocumentState, Step};
use record::{Act, CustomerId, DocumentId, PatientId, PersonId, act};
use store::Document;
use vault::{Column, PatientTokens};

/// The longest reason a person may write, characters.
pub const REASON_CHARS_MAX: usize = 500;

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
    pub(crate) async fn document_only(&self, id: DocumentId) -> Result<Found, CustodyError> {
        let mut found = self.document_find(id).await?;
        found.resources.truncate(1);
        Ok(found)
    }
}

/// What is to happen when the text of a document that is to be delivered names somebody else than its patient, or nobody could read
/// whom it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamesOthers {
    /// It stays, and a person is asked.
    Ask,
    /// A person was asked, and said that it is about its patient all the same, as it stood at this revision: what was said of one
    /// patient or of one text is not said of the next.
    DeliverAt(u64),
}

impl NamesOthers {
    /// As the entry says it.
    const fn words(self) -> &'static str {
        match self {
            Self::Ask => "",
            Self::DeliverAt(_) => "Deliver anyway was chosen",
        }
    }
}

/// A document upon which something could be done: where it stands and whose it is, and nothing that is sealed.
pub struct CouldBe {
    /// Where it stands.
    pub state: DocumentState,
    /// Who of the practice may see it.
    pub confidentiality: Confidentiality,
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
        Ok(CouldBe {
            state: document.state,
            confidentiality: document.confidentiality,
            customer: document.customer,
            customer_name,
        })
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
    /// [`CustodyError::State`] when no patient is matched, when nobody would get it, or when its text names somebody else and
    /// nobody was asked.
    pub async fn document_deliver(
        &self,
        id: DocumentId,
        copies: &[PersonId],
        names: NamesOthers,
    ) -> Result<DocumentState, CustodyError> {
        let found = self.document_find(id).await?;
        // Asked first: how a document stands is told only to those who may deliver it.
        let granted = self.document_ask(&found, names.words()).await?;
        if found.document.patient.is_none() {
            return Err(CustodyError::State("match the document to a patient first"));
        }
        if found.document.author.is_none() && copies.is_empty() {
            return Err(CustodyError::State("name the author first: nobody would get this document"));
        }
        let doubt = self.doubt(&found, granted).await?;
        if let Some(doubt) = doubt.filter(|_| names != NamesOthers::DeliverAt(found.document.revision)) {
            return Err(CustodyError::State(match doubt {
                Doubt::NamesOthers(_) => {
                    "the text of this document names somebody else: look at its page, and match or deliver it there"
                }
                Doubt::Unread => {
                    "nobody could look into this document, so nobody knows whom it names: look at it, and deliver it on its page"
                }
            }));
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

    /// Why somebody has to look at what would go out before it lies in its patient's chart.
    async fn doubt(
        &self,
        found: &Found,
        granted: crate::Granted<act::DocumentDeliver>,
    ) -> Result<Option<Doubt>, CustodyError> {
        let Some(patient) = &found.patient else { return Ok(None) };
        let newest = self.custody.store().version_newest_many(found.document.customer, &[found.document.id]).await?;
        let (opening, shown) = granted.open(&self.custody.ring())?;
        let patient = patient_open(&opening, &shown, patient)?;
        for row in &newest {
            // What came in before anybody looked was not looked into.
            let doubt = match version_body_open(&opening, &shown, row)? {
                Some(body) => body.show(&shown).doubt(patient.show(&shown)),
                None => Some(Doubt::Unread),
            };
            if doubt.is_some() {
                return Ok(doubt);
            }
        }
        Ok(None)
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
