//! A receipt for one act is not turned into one for another.
fn turn(mut receipt: strongroom_ledger::Receipt, digest: record::Sha256) -> strongroom_ledger::Receipt {
    receipt.intent_digest = digest;
    receipt
}

fn main() {
    let _ = turn;
}
