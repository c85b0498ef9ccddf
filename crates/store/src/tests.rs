//! Tests of the store over real SQLite, each in a folder of its own.

mod bucket;
mod by_id;
mod customers;
mod documents;
mod halves;
mod incoming;
mod joining;
mod kept;
mod leaving;
mod ledger;
mod names;
mod objects;
mod open;
mod plans;
mod programs;
mod schema;
mod scope;
mod server;
mod splitting;
mod uploads;

use crate::{Customer, Document, DocumentVersion, Patient, Person, PersonState, RelatedPerson, Store};
use record::document::DocumentState;
use record::{CustomerId, DocumentId, ObjectId, PatientId, PersonId, RelatedKind, RelatedPersonId, Timestamp};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// A folder that goes with the test.
pub(crate) struct TempDir(pub(crate) PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("strongroom-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
    pub(crate) async fn open(&self) -> Store {
        crate::trial::open(&self.0).await
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(crate) async fn store() -> (TempDir, Store) {
    let dir = TempDir::new();
    let store = dir.open().await;
    (dir, store)
}

pub(crate) fn customer(n: u8) -> CustomerId {
    CustomerId::from_bytes([n; 16])
}
pub(crate) fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}
pub(crate) fn patient_id(n: u8) -> PatientId {
    PatientId::from_bytes([n; 16])
}
pub(crate) fn document_id(n: u8) -> DocumentId {
    DocumentId::from_bytes([n; 16])
}

pub(crate) fn a_customer(id: CustomerId) -> Customer {
    Customer {
        id,
        name: format!("Practice {id}"),
        telephone: "555-010-0000".to_owned(),
        created_at: NOW,
        closed_at: None,
    }
}

pub(crate) fn a_person(id: PersonId) -> Person {
    let bytes = id.to_bytes().to_vec();
    Person {
        id,
        directory: vec![1; 40],
        email_index: bytes.clone(),
        passkey_owner: bytes,
        state: PersonState::Active,
        created_at: NOW,
    }
}

pub(crate) fn a_patient(id: PatientId, customer: CustomerId) -> Patient {
    let (created_at, changed_at) = (NOW, NOW);
    Patient {
        id,
        customer,
        body: vec![2; 64],
        provisional: false,
        linked_to: None,
        created_at,
        changed_at,
        revision: 0,
    }
}

pub(crate) fn a_guardian(id: RelatedPersonId, patient: PatientId, customer: CustomerId) -> RelatedPerson {
    let (created_at, changed_at) = (NOW, NOW);
    let kind = RelatedKind::Guardian;
    RelatedPerson { id, customer, patient, kind, body: vec![7; 64], created_at, changed_at, revision: 0 }
}

pub(crate) fn a_document(id: DocumentId, customer: CustomerId) -> Document {
    Document {
        uploader: person(9).to_string(),
        state: DocumentState::Delivered,
        body: vec![3; 64],
        delivered_at: Some(NOW),
        ..Document::blank(id, customer, NOW)
    }
}

pub(crate) fn a_version(document: DocumentId, version: u32, original_bytes: u64) -> DocumentVersion {
    DocumentVersion {
        document,
        version,
        media: "text/plain".to_owned(),
        file_name: vec![4; 32],
        original_object: ObjectId::from_bytes(document.to_bytes()),
        original_key: vec![5; 80],
        original_bytes,
        original_digest: vec![6; 32],
        text_object: None,
        text_key: None,
        opaque: None,
        scan: "clean".to_owned(),
        made_at: NOW,
        made_by: person(9).to_string(),
        body: Some(vec![7; 32]),
    }
}

/// Customers 1 to 3 and people 0 to 9.
pub(crate) async fn peopled(store: &Store) {
    let mut tx = store.begin("people a test").await.unwrap();
    for n in 1..=3 {
        tx.customer_insert(&a_customer(customer(n))).await.unwrap();
    }
    for n in 0..=9 {
        tx.person_insert(&a_person(person(n))).await.unwrap();
    }
    tx.commit().await.unwrap();
}
