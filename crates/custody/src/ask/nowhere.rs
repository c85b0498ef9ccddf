//! What is not there costs what somebody else's costs: the same questions to the database, the same question to policy, the
//! same refusal in the ledger. Otherwise a clock would tell the two apart.
//!
//! It makes up a thing of a customer that does not exist; whatever comes of it is thrown away.

use crate::documents::purpose_of;
use crate::{CustodyError, Desk};
use policy::{CustomerFacts, Facts, JoiningFacts, PatientFacts, PrincipalFacts, ResourceFacts};
use record::action::Opens;
use record::document::DocumentState;
use record::{Act, CustomerId, DocumentId, Intent, PatientId, PersonId, Resources, Timestamp};
use store::Document;

/// Ids that nobody is ever given: they carry the year 1970.
const NOWHERE: [u8; 16] = [0; 16];

fn document_nowhere(id: DocumentId) -> Document {
    Document {
        patient: Some(PatientId::from_bytes(NOWHERE)),
        state: DocumentState::Delivered,
        ..Document::blank(id, CustomerId::from_bytes(NOWHERE), Timestamp::from_unix_millis(0))
    }
}

impl<A: Act> Desk<A> {
    /// A document that is not there: refused and written as if it were not the asker's, and as slowly.
    pub(crate) async fn document_absent<T>(&self, id: DocumentId, facts: &PrincipalFacts) -> Result<T, CustodyError> {
        let me = self.reader()?;
        let store = self.custody.store();
        let document = document_nowhere(id);
        let patient = PatientId::from_bytes(NOWHERE);
        let told = store.document_facts(&document, me).await?;
        let _ = store.patient_fetch_many(document.customer, &[patient]).await?;
        let about =
            PatientFacts { id: patient, customer: document.customer, in_care: told.in_care, provisional: false };
        let resources = vec![ResourceFacts::Document(told), ResourceFacts::Patient(about)];
        if A::ACTION.opens() == Opens::Content {
            // Before an opening is counted it is looked whether it would be permitted.
            self.decided_in_vain(facts, resources.clone()).await?;
        }
        self.decided_in_vain(facts, resources).await?;
        self.absent(id).await
    }

    /// The same for a patient.
    pub(crate) async fn patient_absent<T>(&self, id: PatientId, facts: &PrincipalFacts) -> Result<T, CustodyError> {
        let me = self.reader()?;
        let resources = vec![self.patient_nowhere(id, me).await?];
        self.decided_in_vain(facts, resources).await?;
        self.absent(id).await
    }

    async fn patient_nowhere(&self, id: PatientId, me: Option<PersonId>) -> Result<ResourceFacts, CustodyError> {
        let customer = CustomerId::from_bytes(NOWHERE);
        let in_care = match me {
            Some(me) => self.custody.store().in_care(customer, id, me).await?,
            None => false,
        };
        Ok(ResourceFacts::Patient(PatientFacts { id, customer, in_care, provisional: false }))
    }

    async fn decided_in_vain(&self, facts: &PrincipalFacts, resources: Vec<ResourceFacts>) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let customer = CustomerId::from_bytes(NOWHERE);
        let _ = custody.store().customer_fetch(customer).await?;
        let _ = custody.store().agreement_list(customer).await?;
        let named = Resources::of(resources.iter().map(ResourceFacts::id));
        let purpose = purpose_of(facts, customer);
        let intent = Intent::to::<A>(custody.clock(), custody.entropy(), self.who(), Some(customer), named, purpose);
        let known = Some(CustomerFacts {
            id: customer,
            agreement_in_force: false,
            requested_by: None,
            joining: JoiningFacts::default(),
        });
        let facts = Facts { principal: facts.clone(), resources, customer: known };
        // Whatever policy says to it: a permit for what does not exist is dropped here, without a receipt.
        drop(custody.0.policy.decide::<A>(intent, &facts));
        Ok(())
    }
}
