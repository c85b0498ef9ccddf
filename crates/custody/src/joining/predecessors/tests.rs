//! Whose keys stand in the way, and who is named, over two steps of every kind.

use crate::filled::{Filled, filled, root};
use crate::{Approved, ShredDecided, ShredOrder, ShredSeen};
use record::{CustomerId, PersonId, Timestamp, act};
use store::{Joining, JoiningState, SplitMuch};

/// A house with practices that have nothing, which came to each other as the tests say.
struct Chain {
    filled: Filled,
    start: Timestamp,
}

impl Chain {
    async fn new() -> Self {
        let filled = filled().await;
        // An hour ago: what has ended then may be destroyed now.
        let start = filled.custody().now().plus_secs(-3600);
        Self { filled, start }
    }

    async fn practice(&self, name: &str) -> CustomerId {
        self.filled.house.step_up(&self.filled.first).await.unwrap();
        self.filled.house.customer(&self.filled.first, name).await
    }

    fn at(&self, secs: i64) -> Timestamp {
        self.start.plus_secs(secs)
    }

    /// Both words, and that it is being carried out, in the rows alone.
    async fn begun(&self, (from, into): (CustomerId, CustomerId), chosen: Option<Vec<u8>>, secs: i64) {
        let person = |n: u8| PersonId::from_bytes([n; 16]);
        let row = Joining {
            customer: from,
            into,
            prefix: "L-".to_owned(),
            state: JoiningState::Prepared,
            prepared_by: person(1),
            prepared_at: self.at(secs),
            given_by: None,
            given_at: None,
            agreed_by: None,
            agreed_at: None,
            people: Vec::new(),
            moving_at: None,
            joined_at: None,
            chosen,
            authors: Vec::new(),
            given_seen: None,
            agreed_seen: None,
            gone: SplitMuch::default(),
            run: 0,
        };
        let at = self.at(secs);
        let mut tx = self.filled.custody().store().begin("by the rows").await.unwrap();
        assert_eq!(tx.joining_prepare(&row).await.unwrap(), 1);
        assert_eq!(tx.joining_give(from, at, (person(2), at)).await.unwrap(), 1);
        assert_eq!(tx.joining_agree(from, at, (person(3), at), &[]).await.unwrap(), 1);
        assert_eq!(tx.joining_move(from, at, at).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn joins(&self, from: CustomerId, into: CustomerId, secs: i64) {
        self.begun((from, into), None, secs).await;
        let mut tx = self.filled.custody().store().begin("by the rows").await.unwrap();
        assert_eq!(tx.joining_end((from, into), self.at(secs + 1)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn splits(&self, from: CustomerId, into: CustomerId, secs: i64) {
        self.begun((from, into), Some(vec![7; 32]), secs).await;
        let mut tx = self.filled.custody().store().begin("by the rows").await.unwrap();
        assert_eq!(tx.split_end((from, into), self.at(secs + 1)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn has_keys(&self, customer: CustomerId) -> bool {
        self.filled.custody().joined_has_keys(customer).await.unwrap()
    }

    async fn text(&self, customer: CustomerId) -> String {
        self.filled.custody().split_certified(customer).await.unwrap()
    }

    async fn whose(&self, customer: CustomerId) -> Vec<CustomerId> {
        self.filled.custody().customer_and_joined(customer).await.unwrap()
    }

    async fn shredded(&self, customer: CustomerId, name: &str) -> String {
        let filled = &self.filled;
        filled.house.step_up(&filled.first).await.unwrap();
        for one in filled.custody().store().agreement_list(customer).await.unwrap() {
            let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
            drop(desk.agreement_end(customer, one.id).await);
        }
        let reason = "They have left.".to_owned();
        let order = ShredOrder { customer, name: name.to_owned(), reason, copies_expire_on: None };
        filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&order).await.unwrap();
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
        let decided = ShredDecided { customer, what: ShredSeen::Name(name.to_owned()) };
        match desk.key_shred_approve(&decided, Some(root())).await.unwrap() {
            Approved::Shredded(done) => done.text,
            Approved::NeedsRootKey => panic!("the root key was given"),
        }
    }
}

#[tokio::test]
async fn a_split_after_a_split_names_both_from_whom_patients_may_have_come() {
    let chain = Chain::new().await;
    let (a, b, c) =
        (chain.practice("Practice A").await, chain.practice("Practice B").await, chain.practice("Practice C").await);
    let late = chain.practice("Practice Late").await;
    chain.splits(b, a, 10).await;
    chain.splits(a, c, 20).await;
    // What came to A after that did not go on to C.
    chain.splits(late, a, 30).await;
    let text = chain.text(c).await;
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(&format!("came from: 0 patients from {a} at {}", chain.at(21))), "{text}");
    assert!(text.contains(&format!("before that: 0 patients from {b} to {a} at {}", chain.at(11))), "{text}");
    assert!(text.contains(&format!("with the keys of {a} ")) && text.contains(&format!("with the keys of {b} ")));
    assert!(!chain.has_keys(c).await, "who lives on is not asked to go first");
    assert_eq!(chain.whose(c).await, [c, a, b]);
    assert_eq!(chain.whose(a).await.len(), 3);
    // Some go back: nobody is named to themselves.
    chain.splits(c, a, 40).await;
    assert!(!chain.text(a).await.contains(&format!("from {a}")));
    assert!(chain.text(a).await.contains(&format!("from {c}")));
}

#[tokio::test]
async fn a_split_after_a_joining_asks_for_the_keys_of_whoever_joined_first() {
    let chain = Chain::new().await;
    let (a, c, e) =
        (chain.practice("Practice A").await, chain.practice("Practice C").await, chain.practice("Practice E").await);
    chain.joins(e, a, 10).await;
    chain.splits(a, c, 20).await;
    assert!(chain.has_keys(c).await && chain.has_keys(a).await, "E's keys open what C has in older backups");
    let text = chain.text(c).await;
    assert!(text.contains(&format!("before that: all of {e} to {a} at {}", chain.at(11))), "{text}");
    if chain.filled.custody().store().is_on_server() {
        return;
    }
    // On the way it is refused, and when those keys are gone it is done, and says so.
    let desk = chain.filled.house.desk::<act::KeyShredShow>(&chain.filled.first).await;
    for one in chain.filled.custody().store().agreement_list(c).await.unwrap() {
        let desk = chain.filled.house.desk::<act::AgreementEnd>(&chain.filled.first).await;
        desk.agreement_end(c, one.id).await.unwrap();
    }
    assert!(desk.key_shred_show(c).await.unwrap().hindered.contains("Destroy those first"));
    assert!(!chain.shredded(e, "Practice E").await.contains("came from"));
    assert!(!chain.has_keys(c).await && !chain.has_keys(a).await);
    let text = chain.shredded(c, "Practice C").await;
    assert!(text.contains(&format!("the keys of {e} were destroyed at")), "{text}");
    assert!(text.contains(&format!("with the keys of {a} until those backups expire")), "{text}");
}

#[tokio::test]
async fn a_joining_after_a_split_names_whoever_lives_on_and_asks_for_whoever_joined() {
    let chain = Chain::new().await;
    let (a, b, d) =
        (chain.practice("Practice A").await, chain.practice("Practice B").await, chain.practice("Practice D").await);
    chain.splits(d, a, 10).await;
    chain.joins(a, b, 20).await;
    assert!(chain.has_keys(b).await && !chain.has_keys(a).await);
    let text = chain.text(b).await;
    assert!(text.contains(&format!("before that: 0 patients from {d} to {a}")), "{text}");
    assert!(text.contains(&format!("open them with the keys of {d} until")), "{text}");
    assert_eq!(chain.whose(b).await, [b, a, d]);
}

#[tokio::test]
async fn a_joining_after_a_joining_asks_for_the_keys_of_both() {
    let chain = Chain::new().await;
    let (a, b, e) =
        (chain.practice("Practice A").await, chain.practice("Practice B").await, chain.practice("Practice E").await);
    chain.joins(e, a, 10).await;
    chain.joins(a, b, 20).await;
    assert!(chain.has_keys(b).await && chain.has_keys(a).await && !chain.has_keys(e).await);
    assert_eq!(chain.whose(b).await, [b, a, e]);
    if chain.filled.custody().store().is_on_server() {
        return;
    }
    chain.shredded(e, "Practice E").await;
    assert!(!chain.has_keys(a).await && chain.has_keys(b).await, "A's own are still here");
    chain.shredded(a, "Practice A").await;
    assert!(!chain.has_keys(b).await);
    let text = chain.text(b).await;
    assert!(text.contains(&format!("came from: all of {a}")) && text.contains(&format!("before that: all of {e}")));
    assert!(!text.contains("until those backups expire"), "{text}");
}
