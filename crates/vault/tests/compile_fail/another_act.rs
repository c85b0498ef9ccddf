//! A permit to list is not a permit to read.
use ledger::Receipt;
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, Opening, open};

fn attack(permit: Permit<act::DocumentList>, receipt: Receipt, ring: &KeyRing) -> Option<Opening<act::DocumentRead>> {
    let (opening, _) = open(permit, receipt, ring).ok()?;
    Some(opening)
}

fn main() {}
