//! PHI does not pass where text is asked for.
use strongroom_vault::Phi;

fn takes(_: &str) {}

fn attack(name: &Phi<String>) {
    takes(name);
}

fn main() {}
