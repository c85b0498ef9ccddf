//! What is inside is not a public field.
use strongroom_vault::Phi;

fn attack(name: Phi<String>) -> String {
    name.0
}

fn main() {}
