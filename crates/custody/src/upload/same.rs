//! The same bytes once more: noticed before anything is kept, so that nothing is filed, typed or delivered twice unseen.
//!
//! What must always hold: what a file is known by tells nobody without the customer's key what is in it, and whether it is
//! here; who brings a file is shown the names of the earlier one only where they might list it.

use crate::ask::Question;
use crate::documents::{body_open, patient_open, purpose_of};
use crate::{CustodyError, Desk, OpenedDocument, OpenedPatient, Phi, Shown, Witnessed};
use policy::{CustomerFacts, Decision, Facts, JoiningFacts, PrincipalFacts, ResourceFacts};
use record::document::{DocumentKind, DocumentState};
use record::{DocumentId, Intent, Resources, Timestamp, act};
use store::Document;
use vault::Column;

/// What is done when the same bytes came in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SameBytes {
    /// Nothing is kept, and whoever brings it is told.
    #[default]
    Ask,
    /// It is kept all the same, as a document of its own or as the version it is said to be.
    Keep,
}

/// The document as which the same bytes came in before.
pub struct SameFile {
    /// Which.
    pub document: DocumentId,
    /// As which version of it.
    pub version: u32,
    /// When it came in.
    pub uploaded_at: Timestamp,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// As what it is known and for whom it is filed, for those who might list it.
    pub names: Option<SameNames>,
    /// It might be kept as a new version of that document.
    pub may_be_version: bool,
}

impl std::fmt::Debug for SameFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SameFile(..)")
    }
}

/// Its names, opened.
pub struct SameNames {
    /// What was opened for whom.
    pub shown: Shown,
    /// What the file was called.
    pub file_name: Phi<String>,
    /// What is known of it.
    pub body: OpenedDocument,
    /// For whom it is filed.
    pub patient: Option<OpenedPatient>,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Desk<act::DocumentUpload> {
    /// What may be told of the document that has the same bytes.
    pub(super) async fn same_file(
        &self,
        asker: &PrincipalFacts,
        id: DocumentId,
        version: u32,
    ) -> Result<SameFile, CustodyError> {
        let document = self.custody.store().document_fetch(id).await?;
        let document = document.ok_or_else(|| CustodyError::Broken("an original has no document".to_owned()))?;
        let me = self.reader()?;
        let facts = self.custody.store().document_facts(&document, me).await?;
        let may_be_version = self.may_take_version(asker, &document, ResourceFacts::Document(facts.clone())).await?;
        let patients = self.custody.patients_of(document.customer, std::slice::from_ref(&facts)).await?;
        let mut resources = vec![ResourceFacts::Document(facts)];
        resources.extend(patients.iter().map(|(_, facts)| facts.clone()));
        let listed = self.custody.would_permit::<act::DocumentList>(self.who(), asker, document.customer, &resources);
        let mut names = None;
        if listed {
            let question = Question::of(document.customer, purpose_of(asker, document.customer)).with_all(resources);
            let granted = self.custody.ask_as::<act::DocumentList>(self.who(), asker.clone(), question).await?;
            let witnessed = granted.witnessed();
            let (opening, shown) = granted.open(&self.custody.ring())?;
            let versions = self.custody.store().version_list(id).await?;
            let row = versions.iter().find(|row| row.version == version);
            let row = row.ok_or_else(|| CustodyError::Broken("an original has no version".to_owned()))?;
            let column = Column::DocumentVersionFileName { version };
            names = Some(SameNames {
                file_name: opening.column(id, column, &row.file_name).map_err(CustodyError::seal)?,
                body: body_open(&opening, &shown, &document)?,
                patient: patients.first().map(|(row, _)| patient_open(&opening, &shown, row)).transpose()?,
                shown,
                witnessed,
            });
        }
        Ok(SameFile {
            document: id,
            version,
            uploaded_at: document.uploaded_at,
            kind: document.kind,
            state: document.state,
            names,
            may_be_version,
        })
    }

    /// For the choice only: the version itself is asked for, and witnessed, when it comes.
    async fn may_take_version(
        &self,
        asker: &PrincipalFacts,
        document: &Document,
        facts: ResourceFacts,
    ) -> Result<bool, CustodyError> {
        let custody = &self.custody;
        let customer = document.customer;
        let named = Resources::of([document.id.into()]);
        let purpose = purpose_of(asker, customer);
        let intent = Intent::to::<act::DocumentUpload>(
            custody.clock(),
            custody.entropy(),
            self.who(),
            Some(customer),
            named,
            purpose,
        );
        // An agreement is in force: the upload that was just permitted needed one.
        let known = Some(CustomerFacts {
            id: customer,
            agreement_in_force: true,
            requested_by: None,
            joining: JoiningFacts::default(),
        });
        let facts = Facts { principal: asker.clone(), resources: vec![facts], customer: known };
        Ok(matches!(custody.0.policy.decide::<act::DocumentUpload>(intent, &facts), Decision::Permit(_)))
    }
}
