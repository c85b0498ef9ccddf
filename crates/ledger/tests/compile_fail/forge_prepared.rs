//! A batch that is prepared is not a batch that is durable.
fn prepared(expected: strongroom_ledger::Head) -> strongroom_ledger::Prepared {
    strongroom_ledger::Prepared { expected, new_head: expected, entries: Vec::new(), tiles: Vec::new() }
}

fn main() {
    let _ = prepared;
}
