//! Two nodes of one house on a database server. Where there is none (bin/test starts one), there is nothing to try.

use super::{NodeHandle, SharedCounts};
use crate::filled::{Filled, filled_with, reads, root, upload};
use crate::testing::{TempDir, agreement, house};
use crate::{Custody, CustodyError, Desk, OpenHouse};
use record::{Outcome, Principal, SeededEntropy, act};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use store::{Counted, LEASE, PULSE, Shared, Spent, StoreError};

/// A house with a second node. Both have their pulse.
struct Two {
    filled: Filled,
    second: Custody,
    handles: Vec<NodeHandle>,
    _dir: TempDir,
}

fn on_a_server() -> bool {
    store::trial::server_place().is_some()
}

/// Opens a second node beside the first; the objects lie in one place for both.
async fn beside(filled: &Filled) -> (Custody, TempDir) {
    use std::os::unix::fs::DirBuilderExt as _;
    let dir = TempDir::new();
    std::fs::DirBuilder::new().mode(0o700).create(dir.path()).unwrap();
    std::os::unix::fs::symlink(filled.dir().join("objects"), dir.path().join("objects")).unwrap();
    let store = store::trial::open_beside(&filled.dir(), dir.path()).await;
    let (settings, clock) = (filled.custody().settings().clone(), Arc::clone(&filled.house.clock) as _);
    let entropy = Arc::new(SeededEntropy::new(8));
    let custody = Custody::open(OpenHouse { store, settings, root: root(), clock, entropy }).await.unwrap();
    (custody, dir)
}

async fn two() -> Option<Two> {
    two_of(|_| ()).await
}

async fn two_of(change: impl FnOnce(&mut crate::Settings)) -> Option<Two> {
    if !on_a_server() {
        return None;
    }
    let filled = filled_with(|settings| {
        settings.retention_days = 0;
        change(settings);
    });
    let filled = filled.await;
    let (second, dir) = beside(&filled).await;
    let handles = vec![filled.custody().node_join().await.unwrap(), second.node_join().await.unwrap()];
    Some(Two { filled, second, handles, _dir: dir })
}

impl Two {
    fn first(&self) -> &Custody {
        self.filled.custody()
    }

    async fn leave(self) {
        for handle in self.handles {
            handle.leave().await;
        }
    }
}

/// Waits for what another node follows; a node that has not followed within a lease never will.
async fn in_time(mut done: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..LEASE.as_millis() / 50 {
        if done().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_on_one_node_holds_on_the_other() {
    let Some(two) = two().await else { return };
    let Filled { house, typist, first, documents, .. } = &two.filled;
    // Whoever is signed in is so everywhere, and reads there.
    assert!(reads(&two.second, typist, documents[0]).await);
    // A customer is there for both when the act returns, with keys that both can open by.
    let made = house.customer(first, "Bay Dermatology").await;
    let key = |custody: &Custody| custody.ring().customers().any(|id| id == made);
    assert!(key(two.first()) && key(&two.second));
    let desk = Desk::<act::AgreementCreate>::at(two.second.clone(), house.session(&first.secret).await);
    desk.agreement_create(made, &agreement()).await.unwrap();
    // Whoever is shut out on one node is shut out on the other by the next thing they ask for.
    assert!(two.second.session_resolve(&typist.secret).await.unwrap().is_some());
    house.desk::<act::SessionEnd>(typist).await.sign_out().await.unwrap();
    assert!(two.second.session_resolve(&typist.secret).await.unwrap().is_none());
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_seals_only_when_every_node_can_open_by_it() {
    let Some(two) = two().await else { return };
    let Filled { house, typist, clinic, documents, .. } = &two.filled;
    // While the keys are turned over, each node goes on with what the other has sealed.
    let rotated = two.first().key_rotate(*clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert!(rotated.finished && rotated.version == 2);
    assert!(reads(&two.second, typist, documents[0]).await);
    let new = upload(house, typist, *clinic, 77).await;
    assert!(reads(&two.second, typist, new).await);
    // A node that does not follow would be left behind: the change waits for it, or for its lease to end.
    two.second.store().stood_still();
    two.first().store().others_unheard().await.unwrap();
    let again = two.first().key_rotate(*clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!(again.version, 3);
    assert!(in_time(async || two.second.visit().is_some()).await, "it comes back by itself");
    assert!(in_time(async || reads(&two.second, typist, documents[0]).await).await, "and knows the keys by then");
    two.leave().await;
}

/// A root key that every node can read again, outside of all folders.
fn root_file() -> TempDir {
    let outside = TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    std::fs::write(outside.path().join("root.key"), root().to_file_line().as_bytes()).unwrap();
    outside
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_one_node_destroys_are_gone_on_the_other_before_anybody_is_told() {
    let outside = root_file();
    let path = outside.path().join("root.key");
    let Some(two) = two_of(|settings| settings.root_key_file = Some(path)).await else { return };
    let Filled { typist, documents, foreign, .. } = &two.filled;
    assert!(reads(&two.second, typist, documents[0]).await, "the control: it is read there before");
    two.filled.shredded().await;
    assert!(!reads(&two.second, typist, documents[0]).await && !reads(two.first(), typist, documents[0]).await);
    assert!(reads(&two.second, typist, *foreign).await, "and it goes on with what is left");
    assert_eq!(two.second.ring().rows().state(), two.first().ring().rows().state());
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_follow_a_new_epoch_answers_nothing_and_nobody_waits_for_it() {
    let Some(two) = two().await else { return };
    let Filled { typist, documents, foreign, .. } = &two.filled;
    assert!(reads(&two.second, typist, documents[0]).await);
    two.filled.shredded().await;
    assert!(two.second.visit().is_none(), "what it has in memory opens what is destroyed");
    assert!(!reads(&two.second, typist, documents[0]).await && !reads(&two.second, typist, *foreign).await);
    let written = two.second.store().begin("write something").await;
    assert!(matches!(written, Err(StoreError::Alone)));
    assert!(reads(two.first(), typist, *foreign).await);
    // It stays so, however often it hears from the database.
    tokio::time::sleep(4 * PULSE).await;
    assert!(two.second.visit().is_none());
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_wrap_anew_at_once_no_half_is_left_behind_and_no_key_is_lost() {
    let outside = root_file();
    let path = outside.path().join("root.key");
    let Some(two) = two_of(|settings| settings.root_key_file = Some(path)).await else { return };
    let before = two.first().ring().rows().state().epoch_newest;
    let (root, other) = (root(), root());
    let done = tokio::join!(two.first().key_rekey(&root, None, None), two.second.key_rekey(&other, None, None));
    let many = u32::from(done.0.is_ok()) + u32::from(done.1.is_ok());
    assert!(many >= 1, "{done:?}");
    let rows = two.first().store().key_rows().await.unwrap();
    assert_eq!(rows.state().epoch_newest, before + many);
    let halves: Vec<_> = std::fs::read_dir(two.filled.dir().join("objects/halves")).unwrap().collect();
    assert_eq!(halves.len(), 1, "{halves:?}");
    assert!(in_time(async || reads(&two.second, &two.filled.typist, two.filled.documents[0]).await).await);
    assert!(reads(two.first(), &two.filled.typist, two.filled.documents[0]).await);
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stood_still_answers_nothing_until_what_was_under_way_has_ended() {
    let Some(two) = two().await else { return };
    let Filled { typist, documents, .. } = &two.filled;
    let under_way = two.second.visit().expect("it answers");
    two.second.store().stood_still();
    assert!(!under_way.holds(), "what began before is worth nothing now");
    assert!(!reads(&two.second, typist, documents[0]).await && two.second.visit().is_none());
    let written = two.second.store().begin("write something").await;
    assert!(matches!(written, Err(StoreError::Alone)));
    // The database answers again, but as long as something old is under way nothing new begins.
    tokio::time::sleep(3 * PULSE).await;
    assert!(two.second.visit().is_none() && !under_way.holds());
    // The other goes on meanwhile.
    assert!(reads(two.first(), typist, documents[0]).await);
    drop(under_way);
    assert!(in_time(async || reads(&two.second, typist, documents[0]).await).await);
    let told = async || {
        let alerts = two.first().store().alert_list().await.unwrap();
        alerts.iter().any(|alert| alert.kind == "node_alone")
    };
    assert!(in_time(told).await, "and it is said that it was so");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_one_node_closes_is_closed_and_opened_on_the_other() {
    let Some(two) = two().await else { return };
    let mut watch = two.second.gate_watch();
    two.first().gate_closed_keep("a door stood open").await.unwrap();
    let closed = tokio::time::timeout(LEASE, watch.wait_for(|why| why.as_deref() == Some("a door stood open"))).await;
    drop(closed.expect("within a lease").unwrap());
    two.first().gate_closed_forget().await.unwrap();
    drop(tokio::time::timeout(LEASE, watch.wait_for(Option::is_none)).await.expect("within a lease").unwrap());
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_done_by_one_node_and_taken_over_from_one_that_is_gone() {
    let Some(two) = two().await else { return };
    let (first, second) = (two.first().store(), two.second.store());
    assert!(first.job_take("sweep").await.unwrap());
    assert!(!second.job_take("sweep").await.unwrap(), "somebody has it");
    second.others_unheard().await.unwrap();
    assert!(second.job_take("sweep").await.unwrap(), "whoever had it is gone");
    first.job_end("sweep", Duration::ZERO).await.unwrap();
    assert!(!first.job_take("sweep").await.unwrap(), "it is not the first one's to put down any more");
    second.job_end("sweep", Duration::from_secs(3600)).await.unwrap();
    assert!(!first.job_take("sweep").await.unwrap(), "it is not due");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_leaves_alone_what_another_has_under_way() {
    let Some(two) = two().await else { return };
    let filled = &two.filled;
    // A download of which nothing more was heard, as if its stream were still running on the first node.
    let desk = filled.house.desk::<act::DocumentDownload>(&filled.typist).await;
    let found = desk.document_find(filled.documents[0]).await.unwrap();
    let granted = desk.document_ask(&found, "").await.unwrap();
    let intent = granted.intent().id();
    let closed = async |custody: &Custody| {
        custody.orphans_close().await.unwrap();
        let entries = custody.store().entry_range(0, 500).await.unwrap();
        let leaves = entries.iter().filter_map(|stored| ledger::leaf::decode(&stored.leaf).ok());
        leaves.filter(|leaf| leaf.entry.intent == intent).any(|leaf| leaf.entry.outcome == Outcome::Unknown)
    };
    assert!(!closed(&two.second).await, "the first node is there and may still be sending");
    drop(granted);
    two.second.store().others_unheard().await.unwrap();
    assert!(closed(&two.second).await, "nobody else is there");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_write_one_ledger_and_years_turn_once() {
    let Some(two) = two().await else { return };
    let filled = &two.filled;
    let read = async |custody: &Custody| {
        for _ in 0..15 {
            assert!(reads(custody, &filled.typist, filled.documents[0]).await);
        }
    };
    tokio::join!(read(two.first()), read(&two.second), read(two.first()), read(&two.second));
    let verifier = two.first().ledger_verifier();
    assert_eq!(verifier.to_string(), two.second.ledger_verifier().to_string());
    two.second.checkpoint_now().await.unwrap();
    let report = crate::verify_dir(two.second.store(), &verifier, &[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    filled.house.later(400 * 24 * crate::testing::HOUR_MILLIS);
    let (one, other) = tokio::join!(two.first().audit_year_ensure(), two.second.audit_year_ensure());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    two.leave().await;
}

/// Counts as the door does, by hand.
#[derive(Default)]
struct Counting {
    unsaid: Mutex<Vec<Spent>>,
    heard: Mutex<Vec<Spent>>,
    others: Mutex<usize>,
}

impl SharedCounts for Counting {
    fn said(&self, most: usize) -> Vec<Spent> {
        assert!(most > 100);
        std::mem::take(&mut self.unsaid.lock().unwrap())
    }
    fn heard(&self, shared: &Shared, _: record::Timestamp) {
        self.heard.lock().unwrap().extend(&shared.spent);
        *self.others.lock().unwrap() = shared.others;
    }
    fn unheard(&self) {
        *self.others.lock().unwrap() = 0;
    }
}

impl Counting {
    fn of(custody: &Custody) -> Arc<Self> {
        let counting = Arc::new(Self::default());
        let weak: Weak<Self> = Arc::downgrade(&counting);
        custody.counts_shared_with(weak);
        counting
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_lets_pass_is_heard_once_by_the_other_and_names_nobody() {
    let Some(two) = two().await else { return };
    let (first, second) = (Counting::of(two.first()), Counting::of(&two.second));
    let whose = two.first().counted_name(Counted::Stranger, "192.0.2.7");
    assert_eq!(whose, two.second.counted_name(Counted::Stranger, "192.0.2.7"), "all nodes have one name for them");
    assert_ne!(whose, two.first().counted_name(Counted::Attempt, "192.0.2.7"));
    let spent = |count| Spent { limit: Counted::Stranger, whose, count };
    assert!(in_time(async || *second.others.lock().unwrap() == 1).await, "they know of each other");
    first.unsaid.lock().unwrap().push(spent(7));
    assert!(in_time(async || *second.heard.lock().unwrap() == [spent(7)]).await);
    first.unsaid.lock().unwrap().push(spent(2));
    assert!(in_time(async || *second.heard.lock().unwrap() == [spent(7), spent(2)]).await);
    tokio::time::sleep(4 * PULSE).await;
    assert_eq!(*second.heard.lock().unwrap(), [spent(7), spent(2)], "once");
    assert!(first.heard.lock().unwrap().is_empty(), "its own is not told to it");
    // A node that has lost its lease says and hears nothing.
    let under_way = two.second.visit().unwrap();
    two.second.store().stood_still();
    assert!(in_time(async || *second.others.lock().unwrap() == 0).await);
    drop(under_way);
    assert!(in_time(async || *second.others.lock().unwrap() == 1).await, "and does again when it is back");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_are_written_one_by_one_are_so_many_on_all_nodes_together() {
    let Some(two) = two().await else { return };
    let refused = async |custody: &Custody| {
        let desk = Desk::<act::LedgerList>::at(custody.clone(), None);
        assert!(desk.ledger_list(&crate::LedgerFilter::default(), None).await.is_err());
        custody.0.refusals.unwritten_take() == 0
    };
    let apart = Counting::of(two.first());
    assert!(in_time(async || *apart.others.lock().unwrap() == 1).await, "they know of each other");
    assert!(refused(two.first()).await, "a stranger's first one is written");
    tokio::time::sleep(3 * PULSE).await;
    assert!(!refused(&two.second).await, "and stands for all, wherever they knock");
    assert!(!refused(two.first()).await);
    two.filled.house.later(60_000);
    assert!(refused(&two.second).await, "until the next minute");
    // What was written at the end of a minute and is heard in the next one is not counted there.
    two.filled.house.later(60_000);
    assert!(refused(two.first()).await);
    two.filled.house.later(60_000);
    tokio::time::sleep(3 * PULSE).await;
    assert!(refused(&two.second).await, "what is heard late stands for its own minute");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principals_refusals_are_named_at_one_node_of_several_as_many_as_at_the_only_one() {
    let Some(two) = two().await else { return };
    let apart = Counting::of(two.first());
    assert!(in_time(async || *apart.others.lock().unwrap() == 1).await, "they know of each other");
    let somebody = Principal::Program("prg_00000000000000000000000001".parse().unwrap());
    let at = two.first().now();
    let written = |custody: &Custody| (0..100).filter(|_| custody.0.refusals.is_written(custody, somebody, at)).count();
    assert_eq!(written(two.first()), 30, "between two pulses");
    tokio::time::sleep(3 * PULSE).await;
    assert_eq!(written(&two.second), 0, "and no more on the other, which has heard of them");
    two.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_let_pass_does_not_stay_in_the_database() {
    let Some(two) = two().await else { return };
    let Two { filled, second, mut handles, _dir } = two;
    let counting = Counting::of(&second);
    assert!(in_time(async || *counting.others.lock().unwrap() == 1).await, "they know of each other");
    let whose = second.counted_name(Counted::Stranger, "192.0.2.7");
    let left = async || second.store().nodes_telling().await.unwrap();
    counting.unsaid.lock().unwrap().push(Spent { limit: Counted::Stranger, whose, count: 7 });
    assert!(in_time(async || left().await == 1).await, "it is said");
    // Its pulse ends without a word, as if it was killed long ago.
    let (_, task) = handles.pop().and_then(|mut handle| handle.0.take()).unwrap();
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    filled.custody().store().others_unheard().await.unwrap();
    assert!(in_time(async || left().await == 0).await, "the other has taken it away");
    for handle in handles {
        handle.leave().await;
    }
    drop(filled);
}

#[tokio::test]
async fn a_house_with_its_own_database_has_one_node_and_no_lease() {
    if on_a_server() {
        return;
    }
    let house = house().await;
    house.custody.node_join().await.unwrap().leave().await;
    house.custody.store().stood_still();
    assert!(house.custody.visit().is_some_and(|visit| visit.holds() && visit.is_alone()));
    assert!(house.custody.store().job_take("sweep").await.unwrap());
    let done = house.custody.alone_at("sweep", Duration::ZERO, async { Err(CustodyError::TooOften) }).await;
    assert!(matches!(done, Err(CustodyError::TooOften)), "the work's own word is passed on");
}
