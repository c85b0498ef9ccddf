//! Three nodes of one house, by the real binary, over one PostgreSQL and one bucket, under load, while faults are injected: killed,
//! stopped, cut off from the database, on a slow way to the database or to the bucket, with clocks five minutes off. What was
//! acknowledged is there, nobody reads what is not theirs, whoever leaves is out everywhere, and there is one ledger. Runs where
//! `STRONGROOM_TEST_POSTGRES` names a server's socket folder (bin/test starts one); `STRONGROOM_NODES_ROUNDS` makes it longer: some 40 s
//! each. `cargo xtask bench siege` does the same at a steady rate for as long as one likes.

use std::time::Duration;
use strongroom_tests::nodes::leaving::leave;
use strongroom_tests::nodes::load::{Load, Mix, Over, Pace, Seen};
use strongroom_tests::nodes::siege::{Fault, round};
use strongroom_tests::nodes::{CANARY, NodesHouse};

/// In how long whoever leaves is out everywhere (docs/operating/nodes.md), here with room for a debug build.
const OUT_MILLIS: f64 = 5000.0;

#[test]
fn three_nodes_that_are_killed_stopped_cut_off_and_off_in_time_lose_nothing_and_show_nothing() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let house = NodesHouse::make(&place, &[None, Some("+300s"), Some("-300s")]);
    let seen = Seen::default();
    let rounds = std::env::var("STRONGROOM_NODES_ROUNDS").ok().and_then(|many| many.parse().ok()).unwrap_or(1);
    let load = Load::new(&house, &seen, Mix::Everything, house.nodes.len());
    std::thread::scope(|scope| {
        scope.spawn(|| load.run(12, Pace::Answered));
        let over = Over(&seen);
        for _ in 0..rounds {
            round(&house, &Fault::ALL);
        }
        // Whoever signs out at one node is out at every other one.
        let left = leave(&house, &house.leaving[0], 0);
        assert!(left.let_in_millis < OUT_MILLIS, "{left:?}");
        drop(over);
    });
    seen.check();
    let acknowledged = seen.acknowledged.lock().expect("no panic");
    #[expect(clippy::print_stdout, reason = "what a long run has shown")]
    {
        println!("{} acknowledged; answers: {:?}", acknowledged.len(), seen.answers.lock().expect("no panic"));
    }
    house.check_acknowledged(&acknowledged);
    let file = house.ana.led_to(house.nodes[1].port).get(&house.read).expect("it answers");
    assert!(file.status == 200 && file.text().contains(CANARY), "all is as it was");
    for node in &house.nodes {
        node.stop();
    }
    assert!(house.check_ledger() > acknowledged.len() as u64);
    house.forget();
}

#[test]
fn a_slow_way_is_no_way_around_the_lease() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let house = NodesHouse::make(&place, &[None, None]);
    let (slow, other) = (&house.nodes[0], &house.nodes[1]);
    // Slower than a lease is long: what it hears is older than it may go by.
    slow.database.slow(Duration::from_secs(6));
    std::thread::sleep(Duration::from_secs(8));
    let answer = house.stranger(slow).get("/readyz").expect("it listens");
    assert_eq!(answer.status, 503, "what it knows is older than its lease");
    let answer = house.ana.led_to(other.port).get(&house.read).expect("it answers");
    assert!(answer.status == 200 && answer.text().contains(CANARY), "the other goes on");
    slow.database.mend();
    house.ready(slow);
    let answer = house.ana.led_to(slow.port).get(&house.read).expect("it answers");
    assert!(answer.status == 200 && answer.text().contains(CANARY), "and so does this one, when its way is mended");
    for node in &house.nodes {
        node.stop();
    }
    house.check_ledger();
    house.forget();
}
