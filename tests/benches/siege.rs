//! Three nodes at a steady rate for `STRONGROOM_SIEGE_MINUTES`, while one after the other is killed, stopped, cut off from the database,
//! put on a slow way to it and to the bucket, with two clocks five minutes off; and after every round of faults, while the load goes
//! on, somebody leaves at one node. In the end everything that was acknowledged is there, nobody was shown what is not theirs,
//! and one ledger verifies offline. It fails when one of these does not hold.
//!
//! `cargo xtask bench siege`, which builds the binary as it is released and starts a PostgreSQL.

#[path = "support/saying.rs"]
#[expect(dead_code, reason = "shared with the benchmark that counts rounds")]
mod saying;

use saying::{say, server};
use std::time::Duration;
use strongroom_tests::nodes::NodesHouse;
use strongroom_tests::nodes::leaving::{Left, leave};
use strongroom_tests::nodes::load::{Load, Mix, Over, Pace, Seen};

use strongroom_tests::nodes::processor::Spent;
use strongroom_tests::nodes::siege::{Fault, round};
use tokio::time::Instant;

/// Clients for each request a second: what comes must not wait for what stands still for seconds.
const CLIENTS_EACH: f64 = 4.0;
/// Each has a thread and a connection to every node.
const CLIENTS_MOST: f64 = 2_000.0;
/// Time without faults at the beginning, over which answers are timed as well.
const CALM: Duration = Duration::from_secs(20);

fn number(variable: &str, else_number: f64) -> f64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(else_number)
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(((times.len().saturating_sub(1)) as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// What was seen, in words for the page.
fn report(house: &NodesHouse, seen: &Seen, left: &[Left], (calm, seconds): (u64, f64)) {
    say("answered before the first fault", "/s", calm as f64 / CALM.as_secs_f64());
    let answers = seen.answers.lock().expect("no panic");
    let of = |wanted: &dyn Fn(u16) -> bool| -> u64 {
        answers.iter().filter(|((_, status), _)| wanted(*status)).map(|(_, many)| many).sum()
    };
    let most = |one: fn(&Left) -> f64| left.iter().map(one).fold(0.0, f64::max);
    say("asked", "/s", of(&|_| true) as f64 / seconds);
    say("answered as ever (200, 201, 404)", "/s", of(&|status| matches!(status, 200 | 201 | 404)) as f64 / seconds);
    say("told to come again (503)", "of all", of(&|status| status == 503) as f64);
    say("not answered: the node was killed, stopped or cut off", "of all", of(&|status| status == 0) as f64);
    let mut times = seen.times.lock().expect("no panic").clone();
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        say(&format!("answered after, {name}, faults and all"), "ms", quantile(&mut times, share));
    }
    say("sent and acknowledged", "of all", seen.acknowledged.lock().expect("no panic").len() as f64);
    say("acknowledged and not there", "of all", 0.0);
    say("shown to somebody of another practice", "of all", 0.0);
    say("people who left under load", "of all", left.len() as f64);
    say("had left and was still let in somewhere, at most", "ms", most(|one| one.let_in_millis));
    say("until every node had refused them, at most", "ms", most(|one| one.refused_millis));
    say("entries of the one ledger, which verifies", "of all", house.check_ledger() as f64);
}

fn main() {
    let minutes = number("STRONGROOM_SIEGE_MINUTES", 10.0);
    let rate = number("STRONGROOM_SIEGE_RATE", 100.0);
    let house = NodesHouse::make(&server(), &[None, Some("+300s"), Some("-300s")]);
    let (seen, mut left) = (Seen::default(), Vec::new());
    let load = Load::new(&house, &seen, Mix::Everything, house.nodes.len());
    let (before, start) = (Spent::now(&house), Instant::now());
    let (clients, mut calm) = ((rate * CLIENTS_EACH).min(CLIENTS_MOST) as usize, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| load.run(clients, Pace::Steady(rate)));
        let over = Over(&seen);
        std::thread::sleep(CALM);
        calm = seen.answers.lock().expect("no panic").values().sum();
        while start.elapsed().as_secs_f64() < minutes * 60.0 {
            round(&house, &Fault::ALL);
            if let Some(who) = house.leaving.get(left.len()) {
                left.push(leave(&house, who, left.len() % house.nodes.len()));
            }
        }
        drop(over);
    });
    let (seconds, spent) = (start.elapsed().as_secs_f64(), Spent::now(&house).since(before));
    seen.check();
    house.check_acknowledged(&seen.acknowledged.lock().expect("no panic"));
    for node in &house.nodes {
        node.stop();
    }
    say("it lasted", "s", seconds);
    say("share of the machine that others had", "%", spent.others(seconds) * 100.0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
    for (whose, time) in [("nodes", spent.nodes), ("the database", spent.database), ("load and bucket", spent.here)] {
        say(&format!("share of the machine that went to: {whose}"), "%", time / (seconds * cores) * 100.0);
    }
    report(&house, &seen, &left, (calm, seconds));
    house.forget();
}
