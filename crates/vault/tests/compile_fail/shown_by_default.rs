//! There is none by default.
use strongroom_vault::Shown;

fn main() {
    let _: Shown = Default::default();
}
