//! The root key is not copied.
use strongroom_vault::RootKey;

fn attack(root: &RootKey) -> RootKey {
    root.clone()
}

fn main() {}
