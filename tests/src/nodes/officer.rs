//! An officer with a passkey in software, who hires people and ends their work: how long that takes to hold on every node.

use super::{Node, NodesHouse};
use crate::binary::{Answer, Browser, between};
use crate::passkey::SoftKey;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether somebody is still let in.
const LOOK: Duration = Duration::from_millis(10);
/// When a node that still lets them in has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page that only an office lets see.
const PAGE: &str = "/ledger";

/// The officer.
pub struct Officer {
    key: SoftKey,
    hired: u32,
}

/// How long somebody was still let in by each node, from the moment at which their end was confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Revoked {
    /// The longest of all nodes: until the last answer that let them in had come, milliseconds; 0 when none did.
    pub let_in_millis: f64,
    /// Until every node had refused them, milliseconds. This holds the time of the asking.
    pub refused_millis: f64,
}

/// Asks again as long as it is told to come again: nothing was done then.
fn insist(mut ask: impl FnMut() -> std::io::Result<Answer>) -> Answer {
    let since = Instant::now();
    loop {
        let answer = ask().expect("it answers");
        if answer.status != 503 || since.elapsed() > PATIENCE {
            return answer;
        }
        std::thread::sleep(LOOK);
    }
}

fn enrol(house: &NodesHouse, node: &Node, (token, words): (&str, &str)) -> SoftKey {
    let browser = house.stranger(node);
    let asked = insist(|| browser.json("/sign-in/enrol/start", &json!({ "token": token, "words": words })));
    assert_eq!(asked.status, 200, "{}", asked.text());
    let (key, credential) =
        SoftKey::create(&house.work.place, &asked.json()["publicKey"]).expect("a question for a passkey");
    let finish = json!({ "ceremony": asked.json()["ceremony"], "credential": credential, "label": "soft" });
    let enrolled = insist(|| browser.json("/sign-in/enrol/finish", &finish));
    assert_eq!(enrolled.status, 200, "{}", enrolled.text());
    key
}

fn sign_in(house: &NodesHouse, node: &Node, key: &SoftKey) -> Browser {
    let mut browser = house.stranger(node);
    let asked = insist(|| browser.json("/sign-in/start", &json!({})));
    assert_eq!(asked.status, 200, "{}", asked.text());
    let credential = key.touch(&asked.json()["publicKey"]).expect("it signs");
    let finish = json!({ "ceremony": asked.json()["ceremony"], "credential": credential });
    let answer = insist(|| browser.json("/sign-in/finish", &finish));
    assert_eq!(answer.status, 200, "{}", answer.text());
    browser.take_session(&answer);
    browser
}

impl Officer {
    /// Enrols by the house's invitation.
    ///
    /// # Panics
    /// When that does not lead there.
    #[must_use]
    pub fn enrol(house: &NodesHouse) -> Self {
        let (token, words) = &house.invitation;
        Self { key: enrol(house, &house.nodes[0], (token, words)), hired: 0 }
    }

    /// Hires somebody at one node, who begins to work at the others, and ends their work at that node again.
    ///
    /// # Panics
    /// When one of the steps is not done, or a node lets them in for ever.
    pub fn hire_and_end(&mut self, house: &NodesHouse, at: usize) -> Revoked {
        self.hired += 1;
        let node = &house.nodes[at];
        let officer = sign_in(house, node, &self.key);
        let name = format!("Nora West{}", self.hired);
        let email = format!("nora{}@example.org", self.hired);
        let fields =
            [("name", name.as_str()), ("email", &email), ("phone", "555-010-2211"), ("role", "security_officer")];
        let invited = insist(|| officer.post("/staff/invite", &fields));
        let page = invited.text();
        let token = between(&page, "/invitation/", "<").map(ToOwned::to_owned);
        let words = between(&page, "<p class=\"secret words\"><b>", "<").map(ToOwned::to_owned);
        let (Some(token), Some(words)) = (token, words) else { panic!("{} {page}", invited.status) };
        let hired = sign_in(house, node, &enrol(house, node, (&token, &words)));
        for node in &house.nodes {
            let answer = insist(|| hired.led_to(node.port).get(PAGE));
            assert!(answer.status == 200 && answer.text().contains("<h1"), "hired and not let in: {}", answer.status);
        }
        let list = insist(|| officer.get("/staff")).text();
        let before = list.find(&name).expect("who was hired is on the list");
        let person = list[..before].rfind("/staff/per_").expect("with a page of their own");
        let path = list[person..].split('"').next().unwrap_or_default();
        let page = insist(|| officer.get(path)).text();
        let end = page.split("\"/staff/mem_").nth(1).and_then(|rest| rest.split('"').next()).expect("a way to end it");
        let ended = insist(|| officer.post(&format!("/staff/mem_{end}"), &[]));
        assert_eq!(ended.status, 303, "{}", ended.text());
        Self::until_refused(house, &hired)
    }

    /// Every node is asked at once, each again and again.
    fn until_refused(house: &NodesHouse, gone: &Browser) -> Revoked {
        let since = Instant::now();
        let mut found = Revoked { let_in_millis: 0.0, refused_millis: 0.0 };
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
                                // A node that cannot be asked, or says that it cannot answer, lets nobody in, and may yet.
                                Ok(503) | Err(_) => {}
                                Ok(_) => return (let_in, now),
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
}
