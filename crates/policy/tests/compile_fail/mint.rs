//! Nor by calling what mints it.
use record::{Intent, act};
use strongroom_policy::Permit;

fn mint(intent: Intent) -> Permit<act::DocumentRead> {
    Permit::mint(intent)
}

fn main() {}
