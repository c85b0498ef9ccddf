//! The memory of what was signed is one.
fn twice(signer: &strongroom_ledger::Signer) -> strongroom_ledger::Signer {
    signer.clone()
}

fn main() {
    let _ = twice as fn(&strongroom_ledger::Signer) -> strongroom_ledger::Signer;
}
