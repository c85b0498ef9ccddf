//! The function that grants it is the vault's own.
use strongroom_vault::Shown;

fn main() {
    let _ = Shown::granted();
}
