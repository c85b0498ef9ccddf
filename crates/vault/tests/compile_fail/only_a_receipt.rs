//! A receipt alone opens nothing: nobody has said that they may.
use ledger::Receipt;
use strongroom_vault::{KeyRing, open};

fn attack(receipt: Receipt, ring: &KeyRing) {
    let _ = open::<record::act::DocumentRead>(receipt, ring);
}

fn main() {}
