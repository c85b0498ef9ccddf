//! No text becomes a receipt.
fn main() {
    let _receipt: strongroom_ledger::Receipt = serde_json::from_str("{}").unwrap();
}
