//! PHI has no Serialize.
use strongroom_vault::Phi;

fn attack(name: Phi<String>) -> Option<String> {
    serde_json::to_string(&name).ok()
}

fn main() {}
