//! Backups made, checked, stolen, damaged, restored and drilled, on real SQLite and real files.

use crate::filled::{Filled, PLANTED_NAME, PLANTED_TEXT, files, filled, holds, reads, root, upload};
use crate::testing::MINUTE_MILLIS;
use crate::{CustodyError, DrillOrder, RestoreOrder, backup_verify, ledger_key_of, restore, verify_dir};
use record::{SeededEntropy, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::HouseCheckKind;
use vault::{KeyRing, RootKey};

fn restore_order(filled: &Filled, into: &str) -> RestoreOrder {
    RestoreOrder {
        from: filled.target(),
        set: None,
        into: filled.outside.path().join(into),
        epoch_escrow: filled.escrow(),
        key: None,
        outside: Vec::new(),
    }
}

async fn restored(
    filled: &Filled,
    order: &RestoreOrder,
    root: RootKey,
) -> Result<(crate::Custody, crate::RestoreReport), CustodyError> {
    let (settings, clock) = (filled.custody().settings().clone(), Arc::clone(&filled.house.clock));
    restore(order, settings, root, clock, Arc::new(SeededEntropy::new(11))).await
}

/// Digests of all objects under a folder, by name.
fn digests(objects: &Path) -> BTreeMap<String, Sha256> {
    files(objects)
        .into_iter()
        .map(|(path, bytes)| (path.file_name().unwrap().to_str().unwrap().to_owned(), Sha256::of(&bytes)))
        .collect()
}

#[tokio::test]
async fn a_backup_comes_back_whole_in_a_drill_and_the_ledger_says_so() {
    let filled = filled().await;
    let custody = filled.custody();
    let made = custody.backup_create(&filled.backup()).await.unwrap();
    assert_eq!((made.objects, made.objects_copied, made.damaged.len()), (8, 8, 0), "four texts, sealed twice each");
    assert_eq!(digests(&filled.dir().join("objects")), digests(&filled.target().join("objects")));
    let verified = backup_verify(&filled.target(), None, Some(&custody.backup_key().unwrap())).await.unwrap();
    assert!(verified.is_sound() && verified.key_was_given, "{verified:?}");
    let into = filled.outside.path().join("drill");
    let order = DrillOrder { from: filled.target(), into: into.clone(), epoch_escrow: filled.escrow() };
    let report = custody.restore_drill(&order, root()).await.unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!((report.objects, report.keys_opened, report.entries), (8, 8, made.entries));
    assert!(!into.exists(), "nothing stays of a drill");
    let check = custody.store().house_check_last(HouseCheckKind::RestoreDrill).await.unwrap().unwrap();
    assert!(check.ok && check.sentence.contains("came back whole"), "{}", check.sentence);
    assert!(custody.store().house_check_last(HouseCheckKind::Backup).await.unwrap().unwrap().ok);
    filled.signed().await;
    let ledger = verify_dir(custody.store(), &custody.ledger_verifier(), &[]).await.unwrap();
    assert!(ledger.is_sound(), "{ledger}");
}

#[tokio::test]
async fn a_drill_with_the_wrong_root_key_fails_and_that_is_in_the_ledger_too() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let into = filled.outside.path().join("drill");
    let order = DrillOrder { from: filled.target(), into: into.clone(), epoch_escrow: filled.escrow() };
    let wrong = RootKey::generate(&SeededEntropy::new(1234));
    assert!(custody.restore_drill(&order, wrong).await.is_err());
    assert!(!custody.store().house_check_last(HouseCheckKind::RestoreDrill).await.unwrap().unwrap().ok);
    assert_eq!(custody.alert_counts().get("drill_failed"), Some(&1));
    assert!(!into.exists());
}

#[tokio::test]
async fn a_second_backup_copies_only_what_is_new() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let first = digests(&filled.target().join("objects"));
    filled.house.later(MINUTE_MILLIS);
    upload(&filled.house, &filled.typist, filled.clinic, 77).await;
    let second = custody.backup_create(&filled.backup()).await.unwrap();
    assert_eq!((second.objects, second.objects_copied), (10, 2));
    let now = digests(&filled.target().join("objects"));
    assert!(first.iter().all(|(name, digest)| now.get(name) == Some(digest)), "what was there is as it was");
    assert!(backup_verify(&filled.target(), None, None).await.unwrap().is_sound());
    let sets = std::fs::read_dir(filled.target().join("sets")).unwrap().count();
    assert_eq!(sets, 2);
}

#[tokio::test]
async fn a_stolen_backup_says_nothing_and_opens_nothing_without_escrow_or_root_key() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    custody.store().flush_surely().await.unwrap();
    let epoch = custody.store().key_rows().await.unwrap().epochs[0].wrapped.as_ref().unwrap().to_bytes();
    let stolen = files(&filled.target());
    for planted in [PLANTED_TEXT, PLANTED_NAME, "Lakeside Pediatrics", "Tessa", "LP-778812"] {
        assert!(!stolen.iter().any(|(_, bytes)| holds(bytes, planted.as_bytes())), "{planted}");
    }
    let base64 = data_encoding::BASE64.encode(&epoch);
    assert!(!stolen.iter().any(|(_, bytes)| holds(bytes, &epoch) || holds(bytes, base64.as_bytes())), "no epoch key");
    // The controls: the same search finds what is in clear in the live database, and the epoch in the escrow.
    assert!(files(&filled.dir()).iter().any(|(_, bytes)| holds(bytes, b"Lakeside Pediatrics") && holds(bytes, &epoch)));
    assert!(holds(&std::fs::read(filled.escrow()).unwrap(), base64.as_bytes()));
    // With the root key and without the escrow; with the escrow and another root key.
    let no_escrow = RestoreOrder { epoch_escrow: filled.outside.path().join("none"), ..restore_order(&filled, "a") };
    assert!(restored(&filled, &no_escrow, root()).await.is_err());
    let wrong = RootKey::generate(&SeededEntropy::new(4321));
    assert!(restored(&filled, &restore_order(&filled, "b"), wrong).await.is_err());
    for name in ["a", "b"] {
        assert!(!filled.outside.path().join(name).join("strongroom.db").exists());
    }
    // The rows in the backup alone make no ring, whatever root key is tried.
    let set = super::manifest::set_of(&filled.target(), None).unwrap();
    let rows = vault::KeyRows { epochs: Vec::new(), keys: super::manifest::keys_read(&set).unwrap() };
    assert!(!rows.keys.is_empty() && KeyRing::unlock(&root(), &rows).is_err());
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn whatever_is_changed_in_a_backup_is_named_without_any_secret_key() {
    let filled = filled().await;
    let key = filled.custody().backup_key().unwrap();
    filled.custody().backup_create(&filled.backup()).await.unwrap();
    let set = super::manifest::set_of(&filled.target(), None).unwrap();
    let object = files(&filled.target().join("objects"))[0].0.clone();
    let named = object.file_name().unwrap().to_str().unwrap().to_owned();
    let cases: [(PathBuf, &str); 5] = [
        (set.join("database.sealed"), "database.sealed"),
        (set.join("keys.json"), "keys.json"),
        (set.join("objects.txt"), "objects.txt"),
        (set.join("tiles"), "tiles"),
        (object.clone(), &named),
    ];
    for (path, named) in &cases {
        flip(path, 40);
        let found = backup_verify(&filled.target(), None, Some(&key)).await.unwrap();
        assert!(found.problems.iter().any(|problem| problem.contains(named)), "{named}: {:?}", found.problems);
        assert!(restored(&filled, &restore_order(&filled, "never"), root()).await.is_err());
        flip(path, 40);
    }
    let manifest = set.join("manifest");
    flip(&manifest, 60);
    assert!(backup_verify(&filled.target(), None, None).await.is_err());
    flip(&manifest, 60);
    std::fs::remove_file(object).unwrap();
    let found = backup_verify(&filled.target(), None, Some(&key)).await.unwrap();
    assert_eq!(found.problems, [format!("object {named} is missing")]);
}

#[tokio::test]
async fn a_whole_forgery_is_sound_by_itself_and_not_against_the_key_kept_outside() {
    let filled = filled().await;
    let key = filled.custody().backup_key().unwrap();
    filled.custody().backup_create(&filled.backup()).await.unwrap();
    let set = super::manifest::set_of(&filled.target(), None).unwrap();
    let mut manifest = super::manifest::manifest_read(&set, Some(&key)).unwrap();
    let forger = super::sealing::ManifestSigner::new(key.name(), &zeroize::Zeroizing::new([66; 32])).unwrap();
    manifest.signed_by = forger.vkey();
    std::fs::write(set.join("manifest"), forger.sign(&manifest.to_string())).unwrap();
    let found = backup_verify(&filled.target(), None, None).await.unwrap();
    assert!(found.is_sound() && !found.key_was_given);
    assert!(backup_verify(&filled.target(), None, Some(&key)).await.is_err());
}

#[tokio::test]
async fn a_restored_house_goes_on_under_a_new_name_and_says_what_is_lost() {
    let filled = filled().await;
    let custody = filled.custody();
    let made = custody.backup_create(&filled.backup()).await.unwrap();
    let lost = upload(&filled.house, &filled.typist, filled.clinic, 50).await;
    let outside = filled.signed().await;
    let order = RestoreOrder {
        outside: vec![outside.clone()],
        key: Some(custody.backup_key().unwrap()),
        ..restore_order(&filled, "anew")
    };
    let (again, report) = restored(&filled, &order, root()).await.unwrap();
    let old = custody.ledger_verifier();
    assert_eq!(report.entries, made.entries);
    let covered = report.outside.unwrap();
    assert!(covered > made.entries && report.missing.is_empty());
    assert!(report.gap.contains(&format!("entries {} to {} are lost", made.entries, covered - 1)), "{}", report.gap);
    assert_eq!((report.entry, report.origin), (made.entries, format!("{}/2", old.name())));
    // The first entry after the old ones says it.
    let entry = again.store().entry_range(report.entry, 1).await.unwrap().remove(0);
    let leaf = ledger::leaf::decode(&entry.leaf).unwrap();
    assert_eq!(again.words_open(&leaf.entry, &leaf.sealed_body).as_deref(), Some(report.gap.as_str()));
    assert!(again.gate_closed_reason().await.unwrap().is_some(), "nothing is served yet");
    assert!(again.session_resolve(&filled.typist.secret).await.unwrap().is_none(), "old sessions are over");
    assert!(again.store().document_fetch(lost).await.unwrap().is_none());
    assert!(again.store().document_fetch(filled.documents[0]).await.unwrap().is_some());
    // A new key; the tree is sound under it and still begins with what was signed before.
    let key = again.ledger_verifier();
    assert_ne!(key.to_string(), old.to_string());
    let (size, note) = again.checkpoint_signed().await.unwrap();
    again.checkpoint_keep(size, &note).await.unwrap();
    assert_eq!(ledger_key_of(again.store()).await.unwrap().unwrap().to_string(), key.to_string());
    let ledger = verify_dir(again.store(), &key, &[note]).await.unwrap();
    assert!(ledger.is_sound(), "{ledger}");
    let mut tx = again.store().begin("pretend another past").await.unwrap();
    tx.meta_set("ledger_before", &format!("{old}\n{outside}")).await.unwrap();
    tx.commit().await.unwrap();
    let ledger = verify_dir(again.store(), &key, &[]).await.unwrap();
    assert_eq!(ledger.earlier_wrong, [old.name().to_owned()], "what it does not contain is said");
}

#[tokio::test]
async fn what_was_shredded_does_not_come_back_from_an_older_backup() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let old_escrow = std::fs::read(filled.escrow()).unwrap();
    filled.shredded().await;
    // Older than the shredding, restored with the newest escrow: survivors open, the shredded customer does not.
    let (again, report) = restored(&filled, &restore_order(&filled, "later"), root()).await.unwrap();
    assert_eq!(report.objects, 8);
    let customers: Vec<_> = again.ring().customers().collect();
    assert_eq!(customers, [filled.other]);
    drop(again);
    // The control: with the escrow of that time it would have come back, which is why there is only the newest.
    std::fs::write(filled.escrow(), old_escrow).unwrap();
    let (again, _) = restored(&filled, &restore_order(&filled, "control"), root()).await.unwrap();
    assert_eq!(again.ring().customers().count(), 2);
}

#[tokio::test]
async fn a_customer_who_came_after_the_escrow_was_written_comes_back_too() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let older = std::fs::read(filled.escrow()).unwrap();
    filled.house.later(MINUTE_MILLIS);
    let newest = filled.house.customer(&filled.first, "New Practice").await;
    custody.backup_create(&filled.backup()).await.unwrap();
    std::fs::write(filled.escrow(), older).unwrap();
    let (again, _) = restored(&filled, &restore_order(&filled, "with"), root()).await.unwrap();
    assert!(again.ring().customers().any(|id| id == newest));
    assert!(!reads(&again, &filled.typist, filled.documents[0]).await, "sessions are over");
}

#[tokio::test]
async fn a_set_that_was_never_finished_is_no_backup_and_is_cleared_away() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let whole = super::manifest::set_of(&filled.target(), None).unwrap();
    let begun = filled.target().join("sets").join("2999-01-01T00-00-00.000Z");
    std::fs::create_dir(&begun).unwrap();
    std::fs::write(begun.join("database.sealed"), b"half").unwrap();
    assert_eq!(super::manifest::set_of(&filled.target(), None).unwrap(), whole);
    // An object that was being copied when the process died, and the copy of the database beside the live one.
    let object = files(&filled.target().join("objects"))[0].0.clone();
    let name = object.file_name().unwrap().to_owned();
    std::fs::write(filled.target().join("objects/incoming").join(&name), b"half").unwrap();
    std::fs::remove_file(&object).unwrap();
    let work = filled.dir().join("backup-work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("copy.db"), b"half").unwrap();
    filled.house.later(MINUTE_MILLIS);
    let again = custody.backup_create(&filled.backup()).await.unwrap();
    assert_eq!(again.objects_copied, 1, "what was lost there is copied again");
    assert!(!begun.exists() && !work.exists());
    assert!(backup_verify(&filled.target(), None, None).await.unwrap().is_sound());
}

#[tokio::test]
async fn a_damaged_object_is_not_backed_up_as_if_it_were_whole() {
    let filled = filled().await;
    let custody = filled.custody();
    let versions = custody.store().version_list(filled.documents[0]).await.unwrap();
    let id = versions[0].original_object;
    flip(&filled.dir().join("objects").join(store::Objects::relative_path(id)), 80);
    let made = custody.backup_create(&filled.backup()).await.unwrap();
    assert_eq!(made.damaged, [id.to_string()]);
    assert_eq!(custody.alert_counts().get("backup_failed"), Some(&1));
    let (_, report) = restored(&filled, &restore_order(&filled, "with"), root()).await.unwrap();
    assert_eq!(report.missing, [id.to_string()]);
}

#[tokio::test]
async fn places_that_would_undo_the_backup_are_refused() {
    let filled = filled().await;
    let custody = filled.custody();
    let refused = |to: PathBuf, escrow: Option<PathBuf>| async move {
        let settings = crate::BackupSettings { to, epoch_escrow: escrow };
        matches!(custody.backup_create(&settings).await, Err(CustodyError::State(_)))
    };
    assert!(refused(filled.target(), None).await, "no escrow is known");
    assert!(refused(filled.dir().join("inside"), Some(filled.escrow())).await);
    assert!(refused(filled.dir().parent().unwrap().to_owned(), Some(filled.escrow())).await);
    assert!(refused(filled.target(), Some(filled.target().join("escrow"))).await);
    assert!(!filled.target().exists());
}

#[tokio::test]
async fn two_backups_at_once_do_not_share_one_copy_of_the_database() {
    let filled = filled().await;
    let custody = filled.custody();
    let elsewhere = crate::BackupSettings { to: filled.outside.path().join("other"), ..filled.backup() };
    let (one, two) = (filled.backup(), elsewhere.clone());
    let (one, two) = tokio::join!(custody.backup_create(&one), custody.backup_create(&two));
    let refused = [&one, &two].into_iter().filter(|done| matches!(done, Err(CustodyError::State(_)))).count();
    assert!(refused == 1 && (one.is_ok() || two.is_ok()), "{one:?} {two:?}");
    filled.house.later(1);
    custody.backup_create(&elsewhere).await.unwrap();
}
