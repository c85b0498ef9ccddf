//! Receipts: what the vault takes before it opens, and what a customer keeps.
//!
//! What must always hold: a [`Receipt`] comes from [`crate::commit`] and from nowhere else, and is spent once; a
//! [`KeptReceipt`] is text, proves an entry to anybody, and opens nothing.

use crate::checkpoint::{SignedCheckpoint, parse_decimal, parse_hash};
use crate::commit::PreparedEntry;
use crate::leaf::{Leaf, LeafError, decode};
use crate::note::{NoteError, Verifier};
use crate::proof::inclusion_holds;
use crate::tree::{Head, leaf_hash};
use data_encoding::BASE64;
use record::{IntentId, Outcome, Sha256};
use std::fmt;

/// An entry is durable and under a signed checkpoint. Minted by [`crate::commit`] alone, spent by use.
///
/// Not `Clone`, not `Default`, not `Deserialize`; it has no public constructor.
#[must_use = "a receipt is what the vault opens against"]
pub struct Receipt {
    index: u64,
    intent: IntentId,
    intent_digest: Sha256,
    outcome: Outcome,
    leaf_hash: Sha256,
    tree_size: u64,
}

impl Receipt {
    pub(crate) fn mint(entry: &PreparedEntry, head: &Head) -> Self {
        Self {
            index: entry.index,
            intent: entry.entry.intent,
            intent_digest: entry.entry.intent_digest,
            outcome: entry.entry.outcome,
            leaf_hash: entry.leaf_hash,
            tree_size: head.size,
        }
    }

    /// The entry's place in the ledger, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }
    /// The digest of the whole intent, as the entry carries it.
    #[must_use]
    pub const fn intent_digest(&self) -> &Sha256 {
        &self.intent_digest
    }
    /// Which intent.
    #[must_use]
    pub const fn intent(&self) -> IntentId {
        self.intent
    }
    /// What the entry says about it.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }
    /// RFC 6962 leaf hash of the salted entry: what an inclusion proof starts from.
    #[must_use]
    pub const fn leaf_hash(&self) -> &Sha256 {
        &self.leaf_hash
    }
    /// Entries under the signed checkpoint that covers this one.
    #[must_use]
    pub const fn tree_size(&self) -> u64 {
        self.tree_size
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({} of {}, {})", self.index, self.tree_size, self.outcome.as_str())
    }
}

/// The first line of a receipt that is kept (C2SP tlog-proof).
const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The longest text that is read: a leaf in base64, a note, 64 hashes.
const TEXT_BYTES_MAX: usize = 512 * 1024;

/// Why a kept receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not of the form that C2SP tlog-proof gives, or without the entry.
    #[error("not a receipt of this ledger")]
    Form,
    /// Its checkpoint is not one of this ledger.
    #[error("the receipt's checkpoint is not one of this ledger")]
    Checkpoint(#[source] NoteError),
    /// The proof does not lead from the entry to the checkpoint.
    #[error("the receipt does not prove its entry")]
    Proof,
    /// The entry is in the ledger, and not in a form that this program knows.
    #[error("the receipt's entry cannot be read")]
    Entry(#[source] LeafError),
}

/// A receipt that a customer keeps: entry, inclusion proof and checkpoint in one text, verified offline with the
/// ledger's public key alone. Text form: C2SP tlog-proof, with the salted entry as its extra line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceipt {
    index: u64,
    leaf: Vec<u8>,
    proof: Vec<Sha256>,
    checkpoint: SignedCheckpoint,
}

impl KeptReceipt {
    /// From the entry's bytes as stored and a proof of [`crate::prove_inclusion`].
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] when the proof does not lead from the entry to the checkpoint.
    pub fn new(
        index: u64,
        leaf: Vec<u8>,
        proof: Vec<Sha256>,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, ReceiptError> {
        if inclusion_holds(index, &leaf_hash(&leaf), checkpoint.head(), &proof) {
            Ok(Self { index, leaf, proof, checkpoint })
        } else {
            Err(ReceiptError::Proof)
        }
    }

    /// Reads a kept receipt and checks all of it: the ledger's signature, then the proof from the entry to the head.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(text: &str, key: &Verifier) -> Result<Self, ReceiptError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(ReceiptError::Form);
        }
        let (head, note) = text.split_once("\n\n").ok_or(ReceiptError::Form)?;
        let mut lines = head.split('\n');
        let mut field = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).ok_or(ReceiptError::Form);
        if !field(PROOF_HEADER)?.is_empty() {
            return Err(ReceiptError::Form);
        }
        let leaf = BASE64.decode(field("extra ")?.as_bytes()).map_err(|_| ReceiptError::Form)?;
        let index = parse_decimal(field("index ")?).ok_or(ReceiptError::Form)?;
        let proof: Option<Vec<Sha256>> = lines.map(parse_hash).collect();
        let checkpoint = SignedCheckpoint::open(note, key).map_err(ReceiptError::Checkpoint)?;
        Self::new(index, leaf, proof.ok_or(ReceiptError::Form)?, checkpoint)
    }

    /// The entry's place in the ledger, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }
    /// The checkpoint that covers it; a witness's cosignatures are in its note.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
    /// The entry itself.
    ///
    /// # Errors
    /// [`ReceiptError::Entry`] for a version that is not known here.
    pub fn leaf(&self) -> Result<Leaf, ReceiptError> {
        decode(&self.leaf).map_err(ReceiptError::Entry)
    }
}

impl fmt::Display for KeptReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF_HEADER}\nextra {}\nindex {}", BASE64.encode(&self.leaf), self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
