//! The places where sealed bytes lie. Each place has a name of its own, which is the AAD of what is sealed there,
//! so that a ciphertext carried to another row, column, customer or document does not open.
//!
//! The registry of columns is append-only: a name, once given, is never given to another column.

use crate::primitives::{Place, label};
use record::{CustomerId, DocumentId, ResourceId};

/// Which bytes of a document's version an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RenditionKind {
    /// As it was uploaded.
    Original,
    /// The text that was read out of it.
    Text,
}

impl RenditionKind {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Original, Self::Text];

    /// As it stands in SQL and in AAD.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Text => "text",
        }
    }
}

/// One sealed object of a document: its version, counted from 1, and which bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rendition {
    /// Counted from 1.
    pub version: u32,
    /// Which bytes.
    pub kind: RenditionKind,
}

/// A sealed column of a customer's rows. What is sealed in one opens in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Names, birth date, record number of a patient, as JSON.
    PatientBody,
    /// What the patient's row was before it was changed, by the number of the change.
    PatientHistoryBody {
        /// Counted from 1.
        change: u32,
    },
    /// Name, relation, authority, court order and dates of a person around a patient, as JSON.
    RelatedPersonBody,
    /// The line by which a document is found in a list.
    DocumentTitle,
    /// What is known of a document beside its text, as JSON.
    DocumentBody,
    /// Why a document was held, withdrawn, moved or entered in error, by the number of the event.
    DocumentEventBody {
        /// Counted from 1.
        event: u32,
    },
    /// The name of the file as it was uploaded.
    DocumentVersionFileName {
        /// Counted from 1.
        version: u32,
    },
    /// What is known of a version beside its bytes, as JSON.
    DocumentVersionBody {
        /// Counted from 1.
        version: u32,
    },
    /// Which patients a document may belong to, as JSON.
    DocumentProposals,
    /// Why the glass was broken.
    BreakGlassReason,
    /// What the review of a broken glass found.
    BreakGlassReview,
    /// What an upload on its way in is called and said to be, as JSON.
    UploadBody,
    /// An alert that names a record.
    AlertBody,
    /// The sorted list of an intent that names more resources than its entry lists.
    IntentResources,
}

impl Column {
    /// Table, column and the number that tells rows of one resource apart (0 where there is one row).
    #[must_use]
    pub const fn name(self) -> (&'static str, &'static str, u32) {
        match self {
            Self::PatientBody => ("patient", "body", 0),
            Self::PatientHistoryBody { change } => ("patient_history", "body", change),
            Self::RelatedPersonBody => ("related_person", "body", 0),
            Self::DocumentTitle => ("document", "title", 0),
            Self::DocumentBody => ("document", "body", 0),
            Self::DocumentEventBody { event } => ("document_event", "body", event),
            Self::DocumentVersionFileName { version } => ("document_version", "file_name", version),
            Self::DocumentVersionBody { version } => ("document_version", "body", version),
            Self::DocumentProposals => ("document", "proposals", 0),
            Self::BreakGlassReason => ("break_glass", "reason", 0),
            Self::BreakGlassReview => ("break_glass", "review", 0),
            Self::UploadBody => ("upload", "body", 0),
            Self::AlertBody => ("alert", "body", 0),
            Self::IntentResources => ("intent", "resources", 0),
        }
    }

    /// Does a row of this kind of thing have such a column.
    #[must_use]
    pub const fn belongs_to(self, resource: &ResourceId) -> bool {
        match self {
            Self::PatientBody | Self::PatientHistoryBody { .. } => matches!(resource, ResourceId::PatientId(_)),
            Self::RelatedPersonBody => matches!(resource, ResourceId::RelatedPersonId(_)),
            Self::DocumentTitle
            | Self::DocumentBody
            | Self::DocumentEventBody { .. }
            | Self::DocumentVersionFileName { .. }
            | Self::DocumentVersionBody { .. }
            | Self::DocumentProposals => matches!(resource, ResourceId::DocumentId(_)),
            Self::BreakGlassReason | Self::BreakGlassReview => matches!(resource, ResourceId::BreakGlassId(_)),
            Self::UploadBody => matches!(resource, ResourceId::UploadId(_)),
            Self::AlertBody => matches!(resource, ResourceId::AlertId(_)),
            Self::IntentResources => matches!(resource, ResourceId::IntentId(_)),
        }
    }
}

/// A sealed column of the operator's own rows: names and addresses of staff and of customers' people. Not PHI, and
/// sealed under a key that opens nothing of a customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirectoryColumn {
    /// Name, e-mail address and telephone number of a person, as JSON.
    PersonBody,
    /// A customer's own name, as JSON with what else is told of it.
    CustomerBody,
    /// A contact of a customer who can be reached day and night, as JSON.
    ContactBody,
    /// An agreement's words, as JSON.
    AgreementBody,
    /// Whom an invitation is for, as JSON.
    InvitationBody,
    /// A passkey, as JSON.
    CredentialBody,
    /// Where a session was begun, as JSON.
    SessionBody,
    /// An alert that names people and no record.
    AlertBody,
    /// Why a customer's keys are to be destroyed.
    ShredReason,
    /// The account at an authority that signs certificates by ACME, with its key, as JSON. A fact of the house.
    AcmeAccount,
    /// The certificate that was ordered there, with its key, as JSON. A fact of the house.
    AcmeCertificate,
    /// What that authority is answered for some minutes, as JSON. A fact of the house.
    AcmeChallenge,
}

impl DirectoryColumn {
    /// Table and column.
    #[must_use]
    pub const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::PersonBody => ("person", "body"),
            Self::CustomerBody => ("customer", "body"),
            Self::ContactBody => ("contact", "body"),
            Self::AgreementBody => ("agreement", "body"),
            Self::InvitationBody => ("invitation", "body"),
            Self::CredentialBody => ("credential", "body"),
            Self::SessionBody => ("session", "body"),
            Self::AlertBody => ("alert", "directory_body"),
            Self::ShredReason => ("key_shred", "reason"),
            Self::AcmeAccount => ("meta", "acme_account"),
            Self::AcmeCertificate => ("meta", "acme_certificate"),
            Self::AcmeChallenge => ("meta", "acme_challenge"),
        }
    }
}

fn resource(place: Place, id: &ResourceId) -> Place {
    place.field(id.prefix().as_bytes()).field(&id.to_bytes())
}

pub(crate) fn column_place(customer: CustomerId, row: &ResourceId, column: Column, key_version: u32) -> Vec<u8> {
    let (table, name, number) = column.name();
    let place = Place::new(label::PLACE_COLUMN).field(&customer.to_bytes()).field(table.as_bytes());
    resource(place, row).number(number).field(name.as_bytes()).number(key_version).into_bytes()
}

pub(crate) fn directory_place(row: &ResourceId, column: DirectoryColumn, key_version: u32) -> Vec<u8> {
    let (table, name) = column.name();
    let place = Place::new(label::PLACE_DIRECTORY).field(table.as_bytes());
    resource(place, row).field(name.as_bytes()).number(key_version).into_bytes()
}

pub(crate) fn object_place(customer: CustomerId, document: DocumentId, rendition: Rendition) -> Vec<u8> {
    rendition_fields(Place::new(label::PLACE_OBJECT), customer, document, rendition).into_bytes()
}

pub(crate) fn object_key_place(
    customer: CustomerId,
    document: DocumentId,
    rendition: Rendition,
    wrapping: (&str, u32),
) -> Vec<u8> {
    let place = Place::new(label::PLACE_OBJECT_KEY).field(wrapping.0.as_bytes()).number(wrapping.1);
    rendition_fields(place, customer, document, rendition).into_bytes()
}

fn rendition_fields(place: Place, customer: CustomerId, document: DocumentId, rendition: Rendition) -> Place {
    place
        .field(&customer.to_bytes())
        .field(rendition.kind.as_str().as_bytes())
        .field(&document.to_bytes())
        .number(rendition.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::PatientId;

    #[test]
    fn every_difference_of_place_is_a_difference_of_bytes() {
        let one = CustomerId::from_bytes([1; 16]);
        let two = CustomerId::from_bytes([2; 16]);
        let document: ResourceId = DocumentId::from_bytes([3; 16]).into();
        let patient: ResourceId = PatientId::from_bytes([3; 16]).into();
        let places = [
            column_place(one, &document, Column::DocumentTitle, 1),
            column_place(two, &document, Column::DocumentTitle, 1),
            column_place(one, &patient, Column::DocumentTitle, 1),
            column_place(one, &document, Column::DocumentBody, 1),
            column_place(one, &document, Column::DocumentTitle, 2),
            column_place(one, &document, Column::DocumentVersionBody { version: 1 }, 1),
            column_place(one, &document, Column::DocumentVersionBody { version: 2 }, 1),
            directory_place(&document, DirectoryColumn::PersonBody, 1),
        ];
        for (at, place) in places.iter().enumerate() {
            assert!(!places[..at].contains(place), "{at}");
        }
    }
}
