//! An opening is not copied for later.
use record::act;
use strongroom_vault::Opening;

fn attack(opening: &Opening<act::DocumentRead>) -> Opening<act::DocumentRead> {
    opening.clone()
}

fn main() {}
