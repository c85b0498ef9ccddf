//! There is no receipt for nothing.
fn main() {
    let _receipt: strongroom_ledger::Receipt = Default::default();
}
