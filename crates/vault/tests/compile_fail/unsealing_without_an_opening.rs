//! The reader of sealed objects is reached through an opening only.
use strongroom_vault::floe::Unsealer;

fn main() {
    let _ = Unsealer::begin;
}
