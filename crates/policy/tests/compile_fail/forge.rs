//! A permit cannot be made up outside policy.
use record::{Intent, act};
use strongroom_policy::Permit;

fn forge(intent: Intent) -> Permit<act::DocumentRead> {
    Permit { intent, act: std::marker::PhantomData }
}

fn main() {}
