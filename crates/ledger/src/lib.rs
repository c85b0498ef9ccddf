//! Answered for: entries, the Merkle tree over them, signed checkpoints, proofs, and the offline verifier.
//!
//! The bytes are those of RFC 6962, C2SP tlog-tiles, signed-note, tlog-checkpoint and tlog-proof, so that public
//! tools read them; what is our own (the leaf, the export) stands in `docs/FORMATS-ledger.md`, and the
//! lines for a log collector in `docs/FORMATS-export.md`.
//!
//! What must always hold: a [`Receipt`] exists only for an entry that is durable and under a signed checkpoint; no
//! two checkpoints that contradict each other are ever signed; the public parts say nothing about an entry.
//!
//! What it refuses to know: files, SQL, threads, time. It does no I/O of its own: [`DurableLog`] is implemented in
//! `store`, and the verifier reads what it is handed.

pub mod checkpoint;
pub mod commit;
pub mod export;
pub mod feed;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod tree;
pub mod verify;

pub use checkpoint::{Checkpoint, SignError, SignedCheckpoint, Signer, Witness, witness_request};
pub use commit::{
    Appended, CommitError, Committed, DurableLog, Prepared, PreparedEntry, commit, prove_consistency, prove_inclusion,
    sign_head,
};
pub use export::Part;
pub use feed::{Feed, Format, UnknownFormat};
pub use leaf::{Draft, Leaf, LeafError};
pub use note::{Note, NoteError, Verifier};
pub use receipt::{KeptReceipt, Receipt, ReceiptError};
pub use tile::{Tile, TileId, TileKind, TilePath, TileSet};
pub use tree::{Edge, Head};
pub use verify::{Archive, Finding, VerifyReport, verify, verify_export};
