//! Nobody brings their own policies.
use strongroom_policy::Policy;

fn main() {
    let _ = Policy::load("", &[]);
}
