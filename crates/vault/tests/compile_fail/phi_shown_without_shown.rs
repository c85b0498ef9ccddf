//! The way out asks for the token.
use strongroom_vault::Phi;

fn attack(name: &Phi<String>) -> &str {
    name.show()
}

fn main() {}
