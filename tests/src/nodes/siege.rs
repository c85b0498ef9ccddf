//! What is done to nodes under load, one fault after the other.

use super::NodesHouse;
use std::time::Duration;

/// Longer than a lease (5 s).
const OUT_OF_REACH: Duration = Duration::from_secs(7);
/// What each piece on a slow way takes longer; a question and its answer are two.
const SLOW: Duration = Duration::from_millis(1500);
/// How long a way is slow.
const SLOW_FOR: Duration = Duration::from_secs(8);
/// Between two faults.
const CALM: Duration = Duration::from_secs(1);

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A process is killed (SIGKILL) and started again.
    Killed,
    /// A process stands still (SIGSTOP), wakes up later and thinks that no time has passed.
    Stopped,
    /// Nothing arrives on the way to the database, and nothing is refused.
    CutOff,
    /// The way to the database is slow.
    SlowDatabase,
    /// The way to the bucket is slow, for all nodes.
    SlowBucket,
}

impl Fault {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Killed, Self::Stopped, Self::CutOff, Self::SlowDatabase, Self::SlowBucket];
}

/// Does each of these once, and waits until every node is ready again.
///
/// # Panics
/// When a node does what it must not.
pub fn round(house: &NodesHouse, faults: &[Fault]) {
    for fault in faults {
        inject(house, *fault);
        std::thread::sleep(CALM);
    }
    for node in &house.nodes {
        house.ready(node);
    }
}

fn inject(house: &NodesHouse, fault: Fault) {
    let [first, second, third] = house.nodes.as_slice() else { panic!("there are three nodes") };
    match fault {
        Fault::Killed => {
            second.kill();
            second.start_again();
        }
        Fault::Stopped => {
            third.signal("-STOP");
            std::thread::sleep(OUT_OF_REACH);
            third.signal("-CONT");
        }
        Fault::CutOff => {
            first.database.cut();
            std::thread::sleep(OUT_OF_REACH);
            // Cut off for longer than its lease, it says that it is not ready, and answers nothing.
            let answer = house.stranger(first).get("/readyz").expect("it listens");
            assert_eq!(answer.status, 503, "cut off, it goes on");
            first.database.mend();
        }
        Fault::SlowDatabase => {
            second.database.slow(SLOW);
            std::thread::sleep(SLOW_FOR);
            second.database.mend();
        }
        Fault::SlowBucket => {
            for node in &house.nodes {
                node.bucket.slow(SLOW);
            }
            std::thread::sleep(SLOW_FOR);
            for node in &house.nodes {
                node.bucket.mend();
            }
        }
    }
}
