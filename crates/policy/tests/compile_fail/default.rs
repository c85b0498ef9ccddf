//! Nothing is permitted by default.
use record::act;
use strongroom_policy::Permit;

fn nothing() -> Permit<act::DocumentRead> {
    Default::default()
}

fn main() {}
