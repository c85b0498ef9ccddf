//! An opening for names opens no texts.
use record::{DocumentId, act};
use strongroom_vault::{Opening, Rendition, WrappedKey};

fn attack(opening: Opening<act::DocumentList>, document: DocumentId, place: Rendition, wrapped: &WrappedKey) {
    let _ = opening.object(document, place, wrapped, &[]);
}

fn main() {}
