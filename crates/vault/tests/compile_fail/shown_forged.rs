//! Nobody makes the token by hand.
use strongroom_vault::Shown;

fn main() {
    let _ = Shown(());
}
