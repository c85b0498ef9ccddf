//! What somebody who can write rows, a volume that is away, and a copy that was put back do to halves and escrow: nothing.

use crate::backup::escrow;
use crate::filled::{Filled, filled, root};
use crate::keys::{EPOCH_DUE, EPOCH_ESCROW, EPOCH_ESCROW_LEFT};
use crate::testing::TempDir;
use crate::{Custody, CustodyError, OpenHouse, ShredStanding};
use record::{SeededEntropy, Timestamp, act};
use std::sync::Arc;
use vault::KeyRows;

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
    filled.asked().await;
    // As the carrying writes it down: the customer's keys are in the file that stayed behind.
    fact_set(custody, super::UNHALVED_UNTIL, &custody.now().plus_secs(60).unix_millis().to_string()).await;
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    let approved = desk.key_shred_approve(&filled.decided(), Some(root())).await;
    assert!(approved.is_err_and(|error| error.to_string().contains("ask anew")));
    assert!(filled.reads(filled.documents[0]).await);
    filled.house.step_up(&filled.first).await.unwrap();
    let ask = filled.house.desk::<act::KeyShredAsk>(&filled.first).await;
    ask.key_shred_withdraw(filled.clinic).await.unwrap();
    let day = record::civil::Day::new(2027, 3, 31).unwrap();
    let order = crate::ShredOrder { copies_expire_on: Some(day), ..filled.order() };
    filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&order).await.unwrap();
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    let done = desk.key_shred_approve(&filled.decided(), Some(root())).await.unwrap();
    assert!(matches!(done, crate::Approved::Shredded(done) if done.text.contains("2027-03-31")));
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
