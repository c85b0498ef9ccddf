//! What one, two and three nodes bear on one machine, by the real binary over one PostgreSQL and a bucket in this process, and what
//! limits it: the processor time of one request, of the nodes, of the database, and of the load itself, which are all on the same
//! cores.
//!
//! `cargo xtask bench nodes`, which builds the binary as it is released and starts a PostgreSQL.

#[path = "support/saying.rs"]
mod saying;

use saying::{rounds, say, server};
use std::time::Duration;
use strongroom_tests::nodes::NodesHouse;
use strongroom_tests::nodes::load::{Load, Mix, Over, Pace, Seen};
use strongroom_tests::nodes::processor::Spent;
use tokio::time::Instant;

const TURN: Duration = Duration::from_secs(6);
const CLIENTS: usize = 16;

/// One turn of the load upon the first so many nodes.
fn turn(house: &NodesHouse, (name, mix): (&str, Mix), nodes: usize, counts: bool) {
    let seen = Seen::default();
    let load = Load::new(house, &seen, mix, nodes);
    let (before, start) = (Spent::now(house), Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| load.run(CLIENTS, Pace::Answered));
        let over = Over(&seen);
        std::thread::sleep(TURN);
        drop(over);
    });
    let (seconds, spent) = (start.elapsed().as_secs_f64(), Spent::now(house).since(before));
    let wrong = seen.wrong.lock().expect("no panic");
    assert!(wrong.is_empty(), "{:#?}", wrong.first());
    let many = seen.times.lock().expect("no panic").len() as f64;
    if !counts {
        return;
    }
    let row = format!("{name}, {nodes} {}", if nodes == 1 { "node" } else { "nodes" });
    say(&row, "/s", many / seconds);
    for (whose, time) in
        [("of nodes", spent.nodes), ("of the database", spent.database), ("of the load and the bucket", spent.here)]
    {
        say(&format!("{row}: processor time {whose}, one request"), "µs", time / many * 1e6);
    }
    say(&format!("{row}: share of the machine that others had"), "%", spent.others(seconds) * 100.0);
}

fn main() {
    let house = NodesHouse::make(&server(), &[None, None, None]);
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        for what in [("files of 1 KiB", Mix::Files), ("everything", Mix::Everything)] {
            for nodes in 1..=house.nodes.len() {
                turn(&house, what, nodes, round > 0);
            }
        }
    }
    for node in &house.nodes {
        node.stop();
    }
    house.check_ledger();
    house.forget();
}
