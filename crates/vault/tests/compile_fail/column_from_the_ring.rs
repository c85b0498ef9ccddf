//! The ring seals columns and opens none.
use record::{CustomerId, DocumentId};
use strongroom_vault::{Column, KeyRing};

fn attack(ring: &KeyRing, customer: CustomerId, document: DocumentId, sealed: &[u8]) {
    let _ = ring.column_open(customer, document, Column::DocumentTitle, sealed);
}

fn main() {}
