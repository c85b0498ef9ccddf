//! One permit is one act.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(permit: Permit<act::DocumentRead>, first: Receipt, second: Receipt, ring: &KeyRing) {
    let _ = open(permit, first, ring);
    let _ = open(permit, second, ring);
}

fn main() {}
