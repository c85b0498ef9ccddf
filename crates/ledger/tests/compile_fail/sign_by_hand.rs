//! Nobody signs a head but the ledger, which has read it back.
fn sign(signer: &strongroom_ledger::Signer, head: strongroom_ledger::Head) {
    let _ = signer.sign(head);
    let _ = signer.sign_again(head);
}

fn main() {
    let _ = sign;
}
