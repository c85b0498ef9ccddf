//! A receipt cannot be written down.
use strongroom_ledger::Receipt;

fn forge(intent: record::IntentId, digest: record::Sha256) -> Receipt {
    Receipt {
        index: 0,
        intent,
        intent_digest: digest,
        outcome: record::Outcome::Permitted,
        leaf_hash: digest,
        tree_size: 1,
    }
}

fn main() {
    let _ = forge;
}
