//! A batch that is prepared is not a batch that is durable.
fn prepared(expected: strongroom_ledger::Head) -> strongroom_ledger::Prepared {
    let edge = strongroom_ledger::Edge::default();
    strongroom_ledger::Prepared { expected, new_head: expected, entries: Vec::new(), tiles: Vec::new(), edge }
}

fn main() {
    let _ = prepared;
}
