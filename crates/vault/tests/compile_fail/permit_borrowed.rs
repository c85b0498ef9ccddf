//! A permit that is kept for later is not spent.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(permit: &Permit<act::DocumentRead>, receipt: Receipt, ring: &KeyRing) {
    let _ = open(permit, receipt, ring);
}

fn main() {}
