//! The constructor is the ledger's own.
fn forge(entry: &strongroom_ledger::PreparedEntry, head: &strongroom_ledger::Head) -> strongroom_ledger::Receipt {
    strongroom_ledger::Receipt::mint(entry, head)
}

fn main() {
    let _ = forge;
}
