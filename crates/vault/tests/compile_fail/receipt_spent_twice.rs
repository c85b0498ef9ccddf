//! One receipt is one act.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(first: Permit<act::DocumentRead>, second: Permit<act::DocumentRead>, receipt: Receipt, ring: &KeyRing) {
    let _ = open(first, receipt, ring);
    let _ = open(second, receipt, ring);
}

fn main() {}
