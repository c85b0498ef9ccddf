//! One receipt opens once.
fn twice(receipt: &strongroom_ledger::Receipt) -> strongroom_ledger::Receipt {
    receipt.clone()
}

fn main() {
    let _ = twice as fn(&strongroom_ledger::Receipt) -> strongroom_ledger::Receipt;
}
