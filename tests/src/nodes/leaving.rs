//! Somebody who leaves at one node, under load: how long any other node still lets them in.

use super::NodesHouse;
use crate::binary::Browser;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether somebody is still let in.
const LOOK: Duration = Duration::from_millis(10);
/// When a node that still lets them in has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page of everybody's own.
const PAGE: &str = "/me/accesses";

/// How long somebody was still let in by each node, from the moment at which their end was confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// The longest of all nodes: until the last answer that let them in had come, milliseconds; 0 when none did.
    pub let_in_millis: f64,
    /// Until every node had refused them, milliseconds. This holds the time of the asking.
    pub refused_millis: f64,
}

/// Ends a session at one node, and asks every node at once, each again and again, until it refuses.
///
/// # Panics
/// When the session was none, does not end, or a node lets it in for ever.
#[must_use]
pub fn leave(house: &NodesHouse, who: &Browser, at: usize) -> Left {
    let here = who.led_to(house.nodes[at].port);
    let (since, mut answers) = (Instant::now(), BTreeMap::<u16, u32>::new());
    loop {
        // A node that does not listen at this moment counts as one that does not answer.
        let status = here.get(PAGE).map_or(0, |answer| answer.status);
        if status == 200 {
            break;
        }
        *answers.entry(status).or_default() += 1;
        assert!(since.elapsed() < PATIENCE, "signed in and not let in by node {at}: {answers:?}");
        std::thread::sleep(LOOK);
    }
    while here.post("/sign-out", &[]).expect("it answers").status == 503 {
        assert!(since.elapsed() < PATIENCE, "told to come again for ever");
    }
    until_refused(house, who)
}

fn until_refused(house: &NodesHouse, gone: &Browser) -> Left {
    let since = Instant::now();
    let mut found = Left { let_in_millis: 0.0, refused_millis: 0.0 };
    std::thread::scope(|scope| {
        let asking: Vec<_> = house
            .nodes
            .iter()
            .map(|node| {
                let browser = gone.led_to(node.port);
                scope.spawn(move || {
                    let mut let_in: f64 = 0.0;
                    loop {
                        let answer = browser.get(PAGE);
                        let now = since.elapsed().as_secs_f64() * 1e3;
                        match answer.map(|answer| answer.status) {
                            Ok(200) => let_in = now,
                            Ok(303 | 401) => return (let_in, now),
                            // A node that cannot be asked, or says that it cannot answer, lets nobody in, and may yet.
                            _ => {}
                        }
                        assert!(since.elapsed() < PATIENCE, "still let in, or not answered");
                        std::thread::sleep(LOOK);
                    }
                })
            })
            .collect();
        for one in asking {
            let (let_in, refused) = one.join().expect("no panic");
            found.let_in_millis = found.let_in_millis.max(let_in);
            found.refused_millis = found.refused_millis.max(refused);
        }
    });
    found
}
