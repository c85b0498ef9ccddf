//! What somebody who can write rows, a volume that is away, and a copy that was put back do to halves and escrow: nothing.

use crate::backup::escrow;
use crate::filled::{Filled, filled, reads, root};
use crate::keys::{EPOCH_DUE, EPOCH_ESCROW, EPOCH_ESCROW_LEFT};
use crate::testing::{TempDir, bucket_at, house_in};
use crate::{Custody, CustodyError, OpenHouse, ShredStanding};
use fake_bucket::FakeBucket;
use record::{SeededEntropy, Timestamp, act};
use std::sync::Arc;
use vault::{EpochRow, KeyRow, KeyRows, Owner};

async fn filled_on_a_server() -> Option<Filled> {
    store::trial::server_place()?;
    Some(filled().await)
}

async fn fact_set(custody: &Custody, name: &str, value: &str) {
    let mut tx = custody.store().begin("set a fact").await.unwrap();
    tx.meta_set(name, value).await.unwrap();
    tx.commit().await.unwrap();
}

async fn rows_put(custody: &Custody, rows: &KeyRows) {
    let mut tx = custody.store().begin("write rows").await.unwrap();
    tx.key_rows_begin(rows).await.unwrap();
    tx.commit().await.unwrap();
}

fn at_hand(filled: &Filled, seed: u64) -> OpenHouse {
    OpenHouse {
        store: filled.custody().store().clone(),
        settings: filled.custody().settings().clone(),
        root: root(),
        clock: Arc::clone(&filled.house.clock) as _,
        entropy: Arc::new(SeededEntropy::new(seed)),
    }
}

#[tokio::test]
async fn whoever_writes_rows_gets_neither_the_newest_half_destroyed_nor_the_escrow_overwritten() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let rows = custody.store().key_rows().await.unwrap();
    let (half, kept) = (rows.halves_needed()[0], std::fs::read(filled.escrow()).unwrap());
    // The newest epoch is said to be destroyed, and its half to be due.
    let mut forged = rows.clone();
    let newest = forged.epochs.last_mut().unwrap();
    (newest.wrapped, newest.destroyed_at) = (None, Some(Timestamp::from_unix_millis(1)));
    rows_put(custody, &forged).await;
    fact_set(custody, EPOCH_DUE, "").await;
    assert!(custody.keys_tend().await.is_err());
    assert!(custody.halves_destroy().await.is_err(), "whatever became of the escrow");
    assert!(custody.store().objects().half_read(half).await.unwrap().is_some());
    assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some());
    assert_eq!(custody.alert_counts().get("escrow_kept"), Some(&1));
    // Keys are said to be destroyed, while their epoch lives: the same.
    rows_put(custody, &rows).await;
    let mut forged = rows.clone();
    forged.keys.iter_mut().for_each(|row| row.wrapped = None);
    rows_put(custody, &forged).await;
    assert!(custody.escrow_write().await.is_err() && custody.keys_tend().await.is_err());
    assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    rows_put(custody, &rows).await;
    custody.keys_tend().await.unwrap();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
    assert!(custody.store().objects().half_read(half).await.unwrap().is_some());
    // And what a row names as an earlier escrow is not wiped, unless it is one of ours.
    let other = filled.outside.path().join("a-letter");
    std::fs::write(&other, b"Dear Sir").unwrap();
    fact_set(custody, EPOCH_ESCROW_LEFT, other.to_str().unwrap()).await;
    assert!(custody.escrow_write().await.is_err());
    assert_eq!(std::fs::read(&other).unwrap(), b"Dear Sir");
}

/// The same in a bucket, with a root key that the node can read again.
async fn in_bucket_with_its_root_key() -> Option<(FakeBucket, TempDir, Filled)> {
    store::trial::server_place()?;
    let keys = TempDir::new();
    std::fs::create_dir_all(keys.path()).unwrap();
    let file = keys.path().join("root.key");
    std::fs::write(&file, root().to_file_line().as_bytes()).unwrap();
    let fake = FakeBucket::start();
    let endpoint = fake.endpoint();
    let house = house_in(
        |dir| Some(bucket_at(endpoint, dir)),
        |settings| {
            settings.retention_days = 0;
            settings.root_key_file = Some(file);
        },
    );
    let filled = crate::filled::fill(house.await).await;
    Some((fake, keys, filled))
}

/// A row of an epoch as whoever writes rows would have it: destroyed, with this half still to be destroyed.
fn destroyed(number: u32, half: Option<vault::HalfName>) -> EpochRow {
    let at = Timestamp::from_unix_millis(1);
    EpochRow { number, wrapped: None, half, created_at: at, destroyed_at: Some(at) }
}

/// The clinic is destroyed, and the old half stays in the bucket: the rows of before and of now, and the escrow of before.
async fn shredded_with_the_half_held(fake: &FakeBucket, filled: &Filled) -> (KeyRows, KeyRows, Vec<u8>) {
    let store = filled.custody().store();
    let before = store.key_rows().await.unwrap();
    filled.asked().await;
    let kept = std::fs::read(filled.escrow()).unwrap();
    let half = before.halves_needed()[0].to_string();
    let held = fake.keys().into_iter().find(|key| key.ends_with(&half)).unwrap();
    fake.hold(Some(&held));
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(desk.key_shred_approve(&filled.decided(), Some(root())).await.is_err());
    (before, store.key_rows().await.unwrap(), kept)
}

#[tokio::test]
async fn an_older_epoch_that_is_put_back_while_its_half_is_there_is_not_followed_and_costs_nothing() {
    let Some((fake, _keys, filled)) = in_bucket_with_its_root_key().await else { return };
    let custody = filled.custody();
    let (before, now, kept_before) = shredded_with_the_half_held(&fake, &filled).await;
    let (old, new) = (before.halves_needed()[0], now.halves_needed()[0]);
    let kept = std::fs::read(filled.escrow()).unwrap();
    let unharmed = async |escrow: &[u8]| {
        assert_eq!(std::fs::read(filled.escrow()).unwrap(), escrow);
        assert!(custody.store().objects().half_read(new).await.unwrap().is_some());
        assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some(), "nobody is told that it has ended");
    };
    // Beside the newest one, and in its place, with a row more, so that nodes look.
    rows_put(custody, &before).await;
    assert!(custody.keys_tend().await.is_err());
    unharmed(&kept).await;
    let mut forged = before.clone();
    forged.epochs.push(destroyed(2, Some(new)));
    forged.keys.push(KeyRow {
        name: format!("records/{}/9", filled.clinic).parse().unwrap(),
        wrapped: None,
        ..forged.keys[0].clone()
    });
    rows_put(custody, &forged).await;
    fake.hold(None);
    assert!(custody.keys_follow().await.is_err() && custody.keys_tend().await.is_err());
    assert!(custody.halves_destroy().await.is_err());
    assert!(!reads(custody, &filled.typist, filled.documents[0]).await, "what was destroyed stays so");
    unharmed(&kept).await;
    // A node that starts remembers nothing; the escrow does.
    let started = Custody::open(at_hand(&filled, 24)).await.unwrap();
    assert!(started.keys_tend().await.is_err());
    unharmed(&kept).await;
    assert_eq!(started.alert_counts().get("escrow_kept"), Some(&1));
    // Nor is the newest half destroyed where the escrow was away when the epoch was changed, whatever number a row gives it.
    std::fs::write(filled.escrow(), &kept_before).unwrap();
    assert!(started.keys_tend().await.is_err());
    assert!(custody.store().objects().half_read(new).await.unwrap().is_some());
    rows_put(custody, &KeyRows { epochs: vec![destroyed(0, Some(new)), destroyed(2, None)], keys: Vec::new() }).await;
    assert!(started.keys_tend().await.is_err() && started.halves_destroy().await.is_err());
    assert!(custody.store().objects().half_read(new).await.unwrap().is_some());
    // The rows are put right again, and it ends.
    rows_put(custody, &KeyRows { epochs: vec![destroyed(0, None)], keys: Vec::new() }).await;
    rows_put(custody, &now).await;
    custody.keys_tend().await.unwrap();
    assert!(custody.store().objects().half_read(old).await.unwrap().is_none());
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_customers_keys_that_are_emptied_by_hand_stay_in_the_escrow_after_a_start_too() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let (rows, kept) = (custody.store().key_rows().await.unwrap(), std::fs::read(filled.escrow()).unwrap());
    let kept_rows = escrow::read(&filled.escrow()).unwrap().rows;
    let mut forged = rows.clone();
    let clinics = |row: &&mut KeyRow| row.name.owner == Owner::Customer(filled.clinic);
    forged.keys.iter_mut().filter(clinics).for_each(|row| row.wrapped = None);
    // Another day on the epoch's row is no new epoch.
    let mut later = forged.clone();
    later.epochs[0].created_at = later.epochs[0].created_at.plus_secs(1);
    assert!(custody.escrow_openable(&later, &KeyRows::default()).await.is_err(), "by what the node has");
    rows_put(custody, &forged).await;
    fact_set(custody, EPOCH_DUE, "").await;
    let started = Custody::open(at_hand(&filled, 25)).await.unwrap();
    assert!(started.escrow_openable(&later, &KeyRows::default()).await.is_ok(), "the control: it remembers nothing");
    assert!(started.escrow_openable(&later, &kept_rows).await.is_err());
    for _ in 0..3 {
        assert!(started.keys_tend().await.is_err());
    }
    assert_eq!(started.alert_counts().get("escrow_kept"), Some(&1), "said once, and not every minute");
    assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    assert!(started.key_rekey(&root(), None, None).await.is_err(), "and nothing begins");
    rows_put(custody, &rows).await;
    started.keys_tend().await.unwrap();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_half_is_left_alone_by_a_node_whose_own_keys_still_need_it() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let change = custody.ring().rekey(&root(), custody.now(), custody.entropy()).unwrap();
    custody.store().objects().half_put(change.half.as_ref().unwrap()).await.unwrap();
    let old = custody.ring().rows().halves_needed()[0];
    let mut tx = custody.store().begin("change the epoch elsewhere").await.unwrap();
    assert_eq!(tx.key_change(&change).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(custody.halves_destroy().await, Err(CustodyError::State(_))));
    assert!(custody.store().objects().half_read(old).await.unwrap().is_some());
    custody.ring_replace(super::unlocked(custody.store(), &root()).await.unwrap());
    assert_eq!(custody.halves_destroy().await.unwrap(), [(1, old)]);
    assert!(custody.store().objects().half_read(old).await.unwrap().is_none());
}

#[tokio::test]
async fn onto_an_empty_folder_where_the_volume_of_the_escrow_should_be_nothing_is_written_and_nothing_is_told() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    filled.asked().await;
    let aside = TempDir::new();
    std::fs::create_dir_all(aside.path()).unwrap();
    let there = aside.path().join("escrow");
    // As another node sees it: it has decided where the volume was, and finishes where it is away.
    let change = custody.ring().rekey(&root(), custody.now(), custody.entropy()).unwrap();
    custody.store().objects().half_put(change.half.as_ref().unwrap()).await.unwrap();
    let old = custody.ring().rows().halves_needed()[0];
    let mut tx = custody.store().begin("change the epoch").await.unwrap();
    assert_eq!(tx.key_change(&change).await.unwrap(), 1);
    tx.meta_set(EPOCH_DUE, "").await.unwrap();
    tx.commit().await.unwrap();
    custody.ring_replace(super::unlocked(custody.store(), &root()).await.unwrap());
    std::fs::rename(filled.escrow(), &there).unwrap();
    assert!(custody.keys_tend().await.is_err());
    assert!(!filled.escrow().exists(), "an empty folder stays empty");
    assert!(custody.store().objects().half_read(old).await.unwrap().is_some());
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some());
    // Nor over another house's.
    let text = std::fs::read_to_string(&there).unwrap();
    let other = text.replacen(&custody.program().to_string(), "prg_00000000000000000000000001", 1);
    std::fs::write(filled.escrow(), &other).unwrap();
    assert!(custody.keys_tend().await.is_err());
    assert_eq!(std::fs::read_to_string(filled.escrow()).unwrap(), other);
    std::fs::remove_file(filled.escrow()).unwrap();
    std::fs::rename(&there, filled.escrow()).unwrap();
    custody.keys_tend().await.unwrap();
    assert!(custody.store().objects().half_read(old).await.unwrap().is_none());
    let kept = escrow::read(&filled.escrow()).unwrap();
    assert_eq!(kept.rows.halves_needed(), custody.store().key_rows().await.unwrap().halves_needed());
}

#[tokio::test]
async fn an_escrow_begins_without_a_key_and_waits_for_whoever_writes_in_its_folder() {
    let dir = TempDir::new();
    std::fs::create_dir_all(dir.path()).unwrap();
    let (path, now) = (dir.path().join("escrow"), Timestamp::from_unix_millis(5));
    escrow::begin(&path, "prg_one", now).unwrap();
    let begun = escrow::read(&path).unwrap();
    assert!(begun.house == "prg_one" && begun.rows == KeyRows::default() && begun.halves.is_empty());
    let bytes = std::fs::read(&path).unwrap();
    escrow::begin(&path, "prg_one", Timestamp::from_unix_millis(6)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "one that is there stays");
    assert!(escrow::begin(&path, "prg_two", now).is_err());
    let held = escrow::Writing::begin(&path).unwrap();
    let folder = std::fs::File::open(dir.path()).unwrap();
    assert!(folder.try_lock().is_err());
    drop(held);
    folder.try_lock().unwrap();
}

#[tokio::test]
async fn a_recovery_goes_on_with_the_halves_that_were_still_to_be_destroyed() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let older = custody.store().key_rows().await.unwrap();
    let half = custody.store().halves_of(&older).await.unwrap().remove(0);
    filled.escrow_kept().await;
    // A copy of before was put back, with its bucket: all that was destroyed is there again.
    custody.store().objects().half_put(&half).await.unwrap();
    rows_put(custody, &older).await;
    let (recovered, _) = crate::keys_recover(at_hand(&filled, 21), &filled.escrow()).await.unwrap();
    let rows = recovered.store().key_rows().await.unwrap();
    assert_eq!(rows.halves_due(), [(1, half.name)]);
    assert!(recovered.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some());
    recovered.start_settle().await.unwrap();
    assert!(recovered.store().objects().half_read(half.name).await.unwrap().is_none(), "and goes once more");
    assert!(recovered.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_recovery_drops_no_live_key_and_runs_beside_no_node() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let before = custody.store().key_rows().await.unwrap();
    // A key that the escrow does not know, of an epoch that is none of its live ones.
    let mut kept = escrow::read(&filled.escrow()).unwrap();
    let gone = kept.rows.keys.pop().unwrap();
    kept.rows.epochs[0].number = 2;
    let stale = filled.outside.path().join("stale");
    let house = custody.program().to_string();
    escrow::prepare(&stale, (&kept.rows, &kept.halves), &house, custody.now()).unwrap();
    escrow::take_over(&stale).unwrap();
    let refused = crate::keys_recover(at_hand(&filled, 22), &stale).await;
    assert!(matches!(refused, Err(CustodyError::State(_))), "{} would be lost", gone.name);
    assert_eq!(custody.store().key_rows().await.unwrap(), before);
    let dir = TempDir::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(dir.path()).unwrap();
    let store = store::trial::open_beside(&filled.dir(), dir.path()).await;
    let node = custody.node_join().await.unwrap();
    let beside = crate::keys_recover(OpenHouse { store, ..at_hand(&filled, 23) }, &filled.escrow()).await;
    assert!(beside.is_err_and(|error| error.to_string().contains("Another node")));
    node.leave().await;
}

#[tokio::test]
async fn without_an_escrow_nothing_is_destroyed_on_a_server() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let mut tx = custody.store().begin("forget the escrow").await.unwrap();
    tx.meta_remove(EPOCH_ESCROW).await.unwrap();
    tx.commit().await.unwrap();
    std::fs::remove_file(filled.escrow()).unwrap();
    let said = custody.key_rekey(&root(), None, None).await.unwrap_err().to_string();
    assert!(said.contains("--epoch-escrow"), "{said}");
    filled.left().await;
    let desk = filled.house.desk::<act::KeyShredAsk>(&filled.first).await;
    let asked = desk.key_shred_ask(&filled.order()).await;
    assert!(asked.is_err_and(|error| error.to_string().contains("--epoch-escrow")));
    custody.key_rekey(&root(), None, Some(&filled.escrow())).await.unwrap();
    filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&filled.order()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_handed_out_by_nobody_before_nothing_is_left() {
    let filled = filled().await;
    filled.shredded().await;
    let shown = async || {
        let desk = filled.house.desk::<act::KeyShredShow>(&filled.first).await;
        desk.key_shred_show(filled.clinic).await.unwrap()
    };
    let done = shown().await;
    assert!(done.certificate.is_some() && done.destroyed_at.is_some());
    fact_set(filled.custody(), EPOCH_DUE, "").await;
    let waits = shown().await;
    assert_eq!((waits.standing, waits.certificate, waits.destroyed_at), (Some(ShredStanding::Finishing), None, None));
}

#[tokio::test]
async fn an_order_of_before_the_rows_came_to_a_server_has_to_be_given_anew_with_a_day() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let day = record::civil::Day::new(2027, 3, 31).unwrap();
    let with_day = crate::ShredOrder { copies_expire_on: Some(day), ..filled.order() };
    let ask = async |order: &crate::ShredOrder| {
        filled.house.step_up(&filled.first).await.unwrap();
        filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(order).await.unwrap();
    };
    let approve = async || {
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
        desk.key_shred_approve(&filled.decided(), Some(root())).await
    };
    let is_to_be_asked_anew = async || {
        assert!(approve().await.is_err_and(|error| error.to_string().contains("ask anew")));
        assert!(filled.reads(filled.documents[0]).await);
        let desk = filled.house.desk::<act::KeyShredAsk>(&filled.first).await;
        desk.key_shred_withdraw(filled.clinic).await.unwrap();
    };
    // Asked for in a folder, with a day or without; then, as the carrying writes it down, the customer's keys are in the file
    // that stayed behind, of which nobody knew on that day.
    filled.asked().await;
    let carried = custody.now().plus_secs(60).unix_millis().to_string();
    fact_set(custody, super::UNHALVED_UNTIL, &carried).await;
    is_to_be_asked_anew().await;
    fact_set(custody, super::UNHALVED_UNTIL, "0").await;
    ask(&with_day).await;
    fact_set(custody, super::UNHALVED_UNTIL, &carried).await;
    is_to_be_asked_anew().await;
    filled.house.clock.advance_millis(61_000);
    ask(&with_day).await;
    let done = approve().await.unwrap();
    assert!(matches!(done, crate::Approved::Shredded(done) if done.text.contains("2027-03-31")));
}

#[tokio::test]
async fn an_earlier_escrow_that_is_not_where_it_was_keeps_the_destruction_waiting() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    // Its volume is away: the folder is there and empty.
    let away = filled.outside.path().join("unplugged");
    std::fs::create_dir(&away).unwrap();
    let left = away.join("escrow");
    fact_set(custody, EPOCH_ESCROW_LEFT, left.to_str().unwrap()).await;
    fact_set(custody, EPOCH_DUE, "").await;
    assert!(custody.keys_tend().await.is_err());
    for fact in [EPOCH_ESCROW_LEFT, EPOCH_DUE] {
        assert!(custody.store().meta_fetch(fact).await.unwrap().is_some(), "{fact}");
    }
    // It comes back: what lay there is overwritten, and then nothing of it is left.
    std::fs::copy(filled.escrow(), &left).unwrap();
    custody.keys_tend().await.unwrap();
    for fact in [EPOCH_ESCROW_LEFT, EPOCH_DUE] {
        assert!(custody.store().meta_fetch(fact).await.unwrap().is_none(), "{fact}");
    }
    assert!(!left.exists());
}

#[tokio::test]
async fn a_recovery_from_a_copy_wipes_the_escrow_that_was_known() {
    let Some(filled) = filled_on_a_server().await else { return };
    let copy = filled.outside.path().join("copy");
    std::fs::copy(filled.escrow(), &copy).unwrap();
    let half = filled.custody().store().key_rows().await.unwrap().halves_needed()[0];
    filled.custody().store().objects().half_destroy(half).await.unwrap();
    let (custody, done) = crate::keys_recover(at_hand(&filled, 77), &copy).await.unwrap();
    assert_eq!(done.halves, 1);
    custody.escrow_write().await.unwrap();
    assert!(!filled.escrow().exists(), "what lay there had the keys as they are");
    assert!(escrow::read(&copy).is_ok());
}

#[tokio::test]
async fn an_escrow_that_is_lost_is_given_up_with_a_day_that_every_certificate_repeats() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let (old, to) = (filled.escrow(), filled.outside.path().join("another"));
    let day = record::civil::Day::new(2027, 5, 1).unwrap();
    let lost = async |to: &std::path::Path| {
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyRekey>(&filled.second).await;
        let change = crate::EscrowChange { to: Some(to), lost_until: Some(day) };
        desk.key_rekey(&root(), None, &change).await.map_err(|error| error.to_string())
    };
    let readable = lost(&to).await.unwrap_err();
    assert!(readable.contains("not lost"), "{readable}");
    // Its disk is gone in the middle of a change, which nothing could end any more.
    fact_set(custody, EPOCH_DUE, "").await;
    std::fs::remove_file(&old).unwrap();
    assert!(custody.keys_tend().await.is_err());
    assert!(custody.key_rekey(&root(), None, Some(&to)).await.unwrap_err().to_string().contains("--epoch-escrow-lost"));
    assert!(lost(&old).await.is_err(), "not where it was");
    lost(&to).await.unwrap();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
    let kept = escrow::read(&to).unwrap();
    assert_eq!(kept.rows.halves_needed(), custody.store().key_rows().await.unwrap().halves_needed());
    assert!(!old.exists());
    let done = filled.shredded().await;
    assert!(done.text.contains("expire by: 2027-05-01"), "{}", done.text);
}

#[tokio::test]
async fn an_earlier_escrow_that_is_lost_before_it_was_wiped_is_given_up_by_itself() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let (old, to) = (filled.escrow(), filled.outside.path().join("another"));
    let disk = filled.outside.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let at_first = disk.join("escrow");
    custody.key_rekey(&root(), None, Some(&at_first)).await.unwrap();
    // It is moved, and what could not be wiped there is lost with its disk, before the change has ended.
    custody.key_rekey(&root(), None, Some(&to)).await.unwrap();
    fact_set(custody, EPOCH_ESCROW_LEFT, at_first.to_str().unwrap()).await;
    fact_set(custody, EPOCH_DUE, "").await;
    std::fs::remove_dir_all(&disk).unwrap();
    assert!(custody.keys_tend().await.is_err());
    // Nothing begins that could not end.
    filled.left().await;
    let asked = filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&filled.order()).await;
    assert!(asked.is_err_and(|error| error.to_string().contains("--epoch-escrow-lost")));
    assert!(custody.key_rekey(&root(), None, None).await.unwrap_err().to_string().contains("--epoch-escrow-lost"));
    let day = record::civil::Day::new(2027, 6, 1).unwrap();
    let lost = async |to: Option<&std::path::Path>| {
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyRekey>(&filled.second).await;
        let change = crate::EscrowChange { to, lost_until: Some(day) };
        desk.key_rekey(&root(), None, &change).await.map_err(|error| error.to_string())
    };
    assert!(lost(Some(&at_first)).await.is_err(), "not to where it was lost");
    lost(None).await.unwrap();
    for fact in [EPOCH_DUE, EPOCH_ESCROW_LEFT] {
        assert!(custody.store().meta_fetch(fact).await.unwrap().is_none(), "{fact}");
    }
    assert_eq!(custody.store().meta_fetch(EPOCH_ESCROW).await.unwrap().as_deref(), to.to_str());
    assert!(lost(None).await.unwrap_err().contains("not lost"));
    // The other way round: the one that is known is lost, the one before can be wiped, and is.
    escrow::begin(&old, &custody.program().to_string(), custody.now()).unwrap();
    fact_set(custody, EPOCH_ESCROW_LEFT, old.to_str().unwrap()).await;
    std::fs::remove_file(&to).unwrap();
    assert!(lost(None).await.unwrap_err().contains("--epoch-escrow"), "a new place is needed");
    let third = filled.outside.path().join("third");
    lost(Some(&third)).await.unwrap();
    assert!(third.exists() && !old.exists());
    assert!(custody.store().meta_fetch(EPOCH_ESCROW_LEFT).await.unwrap().is_none());
    filled.house.step_up(&filled.first).await.unwrap();
    filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&filled.order()).await.unwrap();
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    let done = desk.key_shred_approve(&filled.decided(), Some(root())).await.unwrap();
    assert!(matches!(done, crate::Approved::Shredded(done) if done.text.contains("expire by: 2027-06-01")));
}

#[tokio::test]
async fn an_earlier_escrow_that_is_wiped_already_is_not_lost_and_is_away_for_nobody() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let left = filled.outside.path().join("left");
    let lost = async || {
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyRekey>(&filled.second).await;
        let day = record::civil::Day::new(2027, 6, 1).unwrap();
        let change = crate::EscrowChange { to: None, lost_until: Some(day) };
        desk.key_rekey(&root(), None, &change).await.map_err(|error| error.to_string())
    };
    fact_set(custody, EPOCH_ESCROW_LEFT, left.to_str().unwrap()).await;
    assert!(custody.escrow_is_away().await.unwrap(), "nothing is there: a volume that is away");
    // Somebody died when it was wiped and not forgotten yet.
    std::fs::write(&left, [0_u8; 4096]).unwrap();
    assert!(!custody.escrow_is_away().await.unwrap());
    assert!(lost().await.unwrap_err().contains("not lost"));
    assert!(custody.store().meta_fetch(EPOCH_ESCROW_LEFT).await.unwrap().is_some());
    // It is in nobody's way: what begins next forgets it first, and no certificate speaks of it.
    let done = filled.shredded().await;
    assert!(!left.exists() && custody.store().meta_fetch(EPOCH_ESCROW_LEFT).await.unwrap().is_none());
    assert!(done.text.contains("no older backup holds a key"), "{}", done.text);
    // A file without a byte was never an escrow, and proves nothing.
    std::fs::write(&left, b"").unwrap();
    fact_set(custody, EPOCH_ESCROW_LEFT, left.to_str().unwrap()).await;
    assert!(custody.escrow_is_away().await.unwrap() && custody.keys_tend().await.is_err());
    assert!(lost().await.is_ok());
}

#[tokio::test]
async fn an_earlier_escrow_that_has_more_than_the_new_one_is_not_wiped_whatever_rows_say() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    // An older copy lies where the node can read it.
    let copy = filled.outside.path().join("copy");
    std::fs::copy(filled.escrow(), &copy).unwrap();
    custody.key_rekey(&root(), None, None).await.unwrap();
    let (rows, kept) = (custody.store().key_rows().await.unwrap(), std::fs::read(filled.escrow()).unwrap());
    // Rows say that the copy is the escrow and the escrow is what was left; and a customer's keys are emptied.
    let mut forged = rows.clone();
    let clinics = |row: &&mut KeyRow| row.name.owner == Owner::Customer(filled.clinic);
    forged.keys.iter_mut().filter(clinics).for_each(|row| row.wrapped = None);
    rows_put(custody, &forged).await;
    fact_set(custody, EPOCH_ESCROW, copy.to_str().unwrap()).await;
    fact_set(custody, EPOCH_ESCROW_LEFT, filled.escrow().to_str().unwrap()).await;
    fact_set(custody, EPOCH_DUE, "").await;
    let started = Custody::open(at_hand(&filled, 26)).await.unwrap();
    let said = started.keys_tend().await.unwrap_err().to_string();
    assert!(said.contains("was not wiped"), "{said}");
    assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    assert!(started.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some());
    // From it all comes back, and then what is left is the copy.
    let (recovered, _) = crate::keys_recover(at_hand(&filled, 27), &filled.escrow()).await.unwrap();
    assert_eq!(recovered.store().key_rows().await.unwrap(), rows);
    recovered.start_settle().await.unwrap();
    assert!(!copy.exists() && filled.escrow().exists());
    assert!(reads(&recovered, &filled.typist, filled.documents[0]).await);
    // Nor does anybody recover from a copy that has less than the escrow that is known.
    std::fs::copy(filled.escrow(), &copy).unwrap();
    let bay = filled.house.customer(&filled.first, "Bay Dermatology").await;
    custody.escrow_write().await.unwrap();
    let mut forged = custody.store().key_rows().await.unwrap();
    let bays = |row: &&mut KeyRow| row.name.owner == Owner::Customer(bay);
    forged.keys.iter_mut().filter(bays).for_each(|row| row.wrapped = None);
    rows_put(custody, &forged).await;
    let refused = crate::keys_recover(at_hand(&filled, 28), &copy).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("Recover from that one"), "{refused}");
    let (recovered, _) = crate::keys_recover(at_hand(&filled, 29), &filled.escrow()).await.unwrap();
    assert!(recovered.ring().customers().any(|one| one == bay));
}

#[tokio::test]
async fn a_table_whose_keys_are_emptied_is_said_within_a_minute_though_nothing_is_due() {
    let Some(filled) = filled_on_a_server().await else { return };
    let custody = filled.custody();
    let (rows, kept) = (custody.store().key_rows().await.unwrap(), std::fs::read(filled.escrow()).unwrap());
    custody.keys_tend().await.unwrap();
    let mut forged = rows.clone();
    let clinics = |row: &&mut KeyRow| row.name.owner == Owner::Customer(filled.clinic);
    forged.keys.iter_mut().filter(clinics).for_each(|row| row.destroyed_at = Some(Timestamp::from_unix_millis(1)));
    rows_put(custody, &forged).await;
    assert!(custody.keys_tend().await.is_err());
    assert_eq!(custody.alert_counts().get("escrow_kept"), Some(&1));
    assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    // What is in memory mends nothing and harms nothing: no new epoch is made of the one or over the other.
    assert!(custody.key_rekey(&root(), None, None).await.unwrap_err().to_string().contains("key recover"));
    rows_put(custody, &rows).await;
    custody.key_rekey(&root(), None, None).await.unwrap();
}

#[tokio::test]
async fn rows_of_before_a_house_had_halves_get_no_new_epoch_at_a_start_that_the_escrow_would_follow() {
    if store::trial::server_place().is_none() {
        return;
    }
    let house = crate::testing::house_without_half(|settings| settings.retention_days = 0).await;
    let filled = crate::filled::fill(house).await;
    let custody = filled.custody();
    let (rows, kept) = (custody.store().key_rows().await.unwrap(), std::fs::read(filled.escrow()).unwrap());
    let half = rows.halves_needed()[0];
    // As it came over from an earlier version: the server's archive has it, and the root key opens it.
    let at = rows.epochs[0].created_at;
    let before = KeyRows::begin(&root(), crate::settings::year_of(at), at, &SeededEntropy::new(21));
    let mut forged = rows.clone();
    forged.epochs[0] = before.epochs[0].clone();
    forged.epochs[1] = EpochRow { wrapped: None, half: None, destroyed_at: Some(at), ..rows.epochs[1].clone() };
    for row in &mut forged.keys {
        row.wrapped = before.keys.iter().find(|one| one.name == row.name).and_then(|one| one.wrapped.clone());
    }
    rows_put(custody, &forged).await;
    let aside = filled.outside.path().join("aside");
    for is_away in [true, false] {
        if is_away {
            std::fs::rename(filled.escrow(), &aside).unwrap();
        }
        let started = Custody::open(at_hand(&filled, 30)).await.unwrap();
        assert_eq!(started.store().key_rows().await.unwrap(), forged, "no epoch is made of it");
        if is_away {
            std::fs::rename(&aside, filled.escrow()).unwrap();
        }
        assert!(started.keys_tend().await.is_err());
        assert_eq!(std::fs::read(filled.escrow()).unwrap(), kept);
    }
    assert!(custody.store().objects().half_read(half).await.unwrap().is_some());
    let (recovered, _) = crate::keys_recover(at_hand(&filled, 31), &filled.escrow()).await.unwrap();
    assert!(reads(&recovered, &filled.typist, filled.documents[0]).await);
}
