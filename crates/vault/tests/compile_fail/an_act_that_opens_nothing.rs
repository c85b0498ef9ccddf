//! An act that opens nothing has no opening.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(permit: Permit<act::HealthShow>, receipt: Receipt, ring: &KeyRing) {
    let _ = open(permit, receipt, ring);
}

fn main() {}
