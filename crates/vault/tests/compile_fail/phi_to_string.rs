//! PHI does not become text by itself.
use strongroom_vault::Phi;

fn attack(name: Phi<String>) -> String {
    name.to_string()
}

fn main() {}
