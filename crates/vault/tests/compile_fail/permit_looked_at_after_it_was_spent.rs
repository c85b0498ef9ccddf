//! What was spent is gone, for looking at too.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(permit: Permit<act::DocumentRead>, receipt: Receipt, ring: &KeyRing) {
    let _ = open(permit, receipt, ring);
    let _ = permit.intent();
}

fn main() {}
