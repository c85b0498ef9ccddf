//! A permit is spent once.
use record::act;
use strongroom_policy::Permit;

fn twice(permit: &Permit<act::DocumentRead>) -> Permit<act::DocumentRead> {
    permit.clone()
}

fn main() {}
