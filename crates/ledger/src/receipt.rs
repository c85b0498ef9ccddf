//! Receipts: what the vault takes before it opens, and what a customer keeps.

use crate::commit::PreparedEntry;
use crate::tree::Head;
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
