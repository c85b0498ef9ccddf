//! PHI has no Display.
use strongroom_vault::Phi;

fn attack(name: Phi<String>) -> String {
    format!("{name}")
}

fn main() {}
