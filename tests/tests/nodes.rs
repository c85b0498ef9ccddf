//! Three nodes of one house, by the real binary, over one PostgreSQL and one bucket, under load, while faults are injected: killed,
//! stopped, cut off from the database, on a slow way to the database or to the bucket, with clocks five minutes off. What was
//! acknowledged is there, nobody reads what is not theirs, whoever leaves is out everywhere, there is one ledger, and one limit for
//! whoever knocks. Runs where
//! `STRONGROOM_TEST_POSTGRES` names a server's socket folder (bin/test starts one); `STRONGROOM_NODES_ROUNDS` makes it longer: some 40 s
//! each. `cargo xtask bench siege` does the same at a steady rate for as long as one likes.

use portal::door::limits::Rates;
use record::{Clock as _, SystemClock};
use std::time::Duration;
use strongroom_tests::nodes::leaving::leave;
use strongroom_tests::nodes::load::{Load, Mix, Over, Pace, Seen};
use strongroom_tests::nodes::siege::{Fault, round};
use strongroom_tests::nodes::{CANARY, Node, NodesHouse};

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

/// Tries of each node, and how long each waits.
const TRIES: (u32, Duration) = (1000, Duration::from_millis(20));

#[test]
fn a_stranger_who_knocks_at_three_nodes_is_let_pass_as_often_as_at_one() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let house = NodesHouse::make(&place, &[None, None, None]);
    let began = SystemClock.now();
    let passed: u32 = std::thread::scope(|scope| {
        let knock = |node: &Node| {
            let stranger = house.stranger(node);
            move || {
                let (mut passed, (tries, wait)) = (0, TRIES);
                for _ in 0..tries {
                    let status = stranger.get("/inbox").expect("it answers").status;
                    assert!([303, 429].contains(&status), "{status}");
                    passed += u32::from(status == 303);
                    std::thread::sleep(wait);
                }
                passed
            }
        };
        let knocking: Vec<_> = house.nodes.iter().map(|node| scope.spawn(knock(node))).collect();
        knocking.into_iter().map(|one| one.join().expect("no panic")).sum()
    });
    let secs = Duration::from_millis(SystemClock.now().millis_since(began).unsigned_abs()).as_secs_f64();
    // What one node gives (portal/src/door/limits.rs): so many at once, and so many more each second.
    let one = Rates::default().stranger;
    let allowed = f64::from(one.burst) + secs * one.per_sec;
    let told = format!("{passed} of {} within {secs} s, and one node gives {allowed}", 3 * TRIES.0);
    assert!(f64::from(3 * TRIES.0) > 1.3 * allowed, "too slow to show anything: {told}");
    assert!(f64::from(passed) < 1.2 * allowed, "{told}");
    #[expect(clippy::print_stdout, reason = "what it has shown")]
    {
        println!("{told}");
    }
    // Waiting for the nodes to be ready has taken some.
    assert!(f64::from(passed) > 0.6 * allowed, "{told}");
    // Whoever is signed in is never slowed for a stranger's sake.
    let file = house.ana.led_to(house.nodes[2].port).get(&house.read).expect("it answers");
    assert!(file.status == 200 && file.text().contains(CANARY), "{}", file.status);
    for node in &house.nodes {
        node.stop();
    }
    house.check_ledger();
    house.forget();
}
