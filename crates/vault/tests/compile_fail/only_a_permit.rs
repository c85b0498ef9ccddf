//! A permit alone opens nothing: nobody has witnessed it.
use policy::Permit;
use record::act;
use strongroom_vault::{KeyRing, open};

fn attack(permit: Permit<act::DocumentRead>, ring: &KeyRing) {
    let _ = open(permit, ring);
}

fn main() {}
