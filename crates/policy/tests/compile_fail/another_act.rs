//! A permit for one act is no permit for another.
use record::act;
use strongroom_policy::Permit;

fn other(permit: Permit<act::DocumentList>) -> Permit<act::DocumentRead> {
    permit
}

fn main() {}
