//! The token is not copied for later.
use strongroom_vault::Shown;

fn attack(shown: &Shown) -> Shown {
    shown.clone()
}

fn main() {}
