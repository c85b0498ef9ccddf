//! Rotating, rekeying and shredding, stopped half way and taken up again; what is gone is looked for on the disk.

use crate::filled::{Filled, files, filled, holds, root};
use crate::keys::EPOCH_DUE;
use crate::{CustodyError, ShredOrder, verify_dir};
use record::{Outcome, SeededEntropy, act};
use std::ops::ControlFlow;
use store::SealedColumn;
use vault::{KeyName, KeyRing, Rendition, RenditionKind, RootKey, WrappedKey};

/// A ring that has lost one version of the clinic's records key: what still needs it does not open.
async fn ring_without(filled: &Filled, version: u32) -> KeyRing {
    let mut rows = filled.custody().store().key_rows().await.unwrap();
    let name: KeyName = format!("records/{}/{version}", filled.clinic).parse().unwrap();
    rows.keys.iter_mut().filter(|row| row.name == name).for_each(|row| row.wrapped = None);
    KeyRing::unlock(&root(), &rows).unwrap()
}

/// How many keys and columns of the clinic open with this ring, and how many there are.
async fn opens(filled: &Filled, ring: &KeyRing) -> (usize, usize) {
    let store = filled.custody().store();
    let (mut open, mut all) = (0, 0);
    for row in store.version_page(filled.clinic, None, 100).await.unwrap() {
        let keys = [(RenditionKind::Original, Some(row.original_key)), (RenditionKind::Text, row.text_key)];
        for (kind, key) in keys.into_iter().filter_map(|(kind, key)| Some((kind, key?))) {
            let key = WrappedKey::from_bytes(&key).unwrap();
            let rendition = Rendition { version: row.version, kind };
            all += 1;
            open += usize::from(ring.rewrap_object_key(filled.clinic, row.document, rendition, &key).is_ok());
        }
    }
    for column in SealedColumn::ALL {
        for row in store.sealed_page(filled.clinic, *column, None, 100).await.unwrap() {
            let place = super::vault_column(*column, row.number);
            all += 1;
            open += usize::from(ring.reseal_column(filled.clinic, row.id, place, &row.sealed).is_ok());
        }
    }
    (open, all)
}

#[tokio::test]
async fn a_rotation_killed_half_way_is_taken_up_again_and_then_nothing_needs_the_old_key() {
    let filled = filled().await;
    let custody = filled.custody();
    let mut steps = 0;
    // Stopped between two transactions of one row each, as a kill would.
    let stopped = custody
        .key_rotate_run(filled.clinic, 1, &mut |_| {
            steps += 1;
            if steps == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await
        .unwrap();
    assert!(!stopped.finished && stopped.version == 2 && stopped.versions == 2, "{stopped:?}");
    let (open, all) = opens(&filled, &ring_without(&filled, 1).await).await;
    assert!(open > 0 && open < all, "half way: {open} of {all}");
    assert!(filled.reads(filled.documents[0]).await && filled.reads(filled.documents[2]).await, "both versions open");
    let done = custody.key_rotate(filled.clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert!(done.finished && done.version == 2 && done.damaged == 0, "no second new version: {done:?}");
    let (open, all) = opens(&filled, &ring_without(&filled, 1).await).await;
    assert_eq!(open, all, "nothing needs version 1");
    assert_eq!(opens(&filled, &ring_without(&filled, 2).await).await.0, 0, "everything needs version 2");
    for id in &filled.documents {
        assert!(filled.reads(*id).await);
    }
    let again = custody.key_rotate(filled.clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!(again.version, 3, "a finished one begins anew");
    assert!(filled.reads(filled.foreign).await);
}

#[tokio::test]
async fn a_value_that_does_not_open_stops_no_rotation_and_is_said() {
    let filled = filled().await;
    let store = filled.custody().store();
    let page = store.sealed_page(filled.clinic, SealedColumn::DocumentBody, None, 1).await.unwrap();
    let mut changed = page[0].sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut tx = store.begin("damage").await.unwrap();
    assert_eq!(tx.sealed_replace(SealedColumn::DocumentBody, &page[0], changed).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let done = filled.custody().key_rotate(filled.clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert!(done.finished && done.damaged == 1, "{done:?}");
    assert_eq!(filled.custody().alert_counts().get("key_damaged"), Some(&1));
}

#[tokio::test]
async fn rekeying_under_a_new_root_shuts_the_old_one_out_and_lets_the_old_epoch_go_everywhere() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let old = custody.store().key_rows().await.unwrap();
    let old_bytes = old.epochs[0].wrapped.as_ref().unwrap().to_bytes();
    custody.store().flush_surely().await.unwrap();
    let on_disk = || files(&filled.dir()).iter().filter(|(_, bytes)| holds(bytes, &old_bytes)).count();
    assert!(on_disk() > 0, "the control: the epoch's row is on the disk before");
    let new_root = RootKey::generate(&SeededEntropy::new(99));
    let wrong = RootKey::generate(&SeededEntropy::new(98));
    assert!(custody.key_rekey(&wrong, Some(&new_root), None).await.is_err(), "the current root has to be given");
    let done = custody.key_rekey(&root(), Some(&new_root), None).await.unwrap();
    assert_eq!((done.epoch, usize::try_from(done.keys).unwrap()), (2, old.keys.len()));
    let rows = custody.store().key_rows().await.unwrap();
    assert!(KeyRing::unlock(&root(), &rows).is_err() && KeyRing::unlock(&new_root, &rows).is_ok());
    assert_eq!(on_disk(), 0, "not in the database, not in the log");
    let escrow = crate::backup::escrow::read(&filled.escrow()).unwrap();
    assert_eq!(escrow.rows, rows, "the escrow followed");
    let beside = std::fs::read_dir(filled.outside.path()).unwrap().count();
    assert_eq!(beside, 2, "escrow and backup, and no old escrow beside them");
    assert!(filled.reads(filled.documents[0]).await);
}

fn order(filled: &Filled) -> ShredOrder {
    ShredOrder {
        customer: filled.clinic,
        reason: "The customer has left and has everything.".to_owned(),
        epoch_escrow: Some(filled.escrow()),
        copies_expire_at: None,
    }
}

#[tokio::test]
async fn after_shredding_nothing_of_that_customer_opens_and_the_ledger_still_verifies() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let old = custody.store().key_rows().await.unwrap();
    let records = format!("records/{}/1", filled.clinic);
    let row = old.keys.iter().find(|row| row.name.to_string() == records).unwrap();
    let destroyed = row.wrapped.as_ref().unwrap().to_bytes();
    // Not by an administrator's machine alone, not without the root key, not without a fresh touch.
    filled.house.later(6 * crate::testing::MINUTE_MILLIS);
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(matches!(desk.key_shred(&order(&filled), &root()).await, Err(CustodyError::Refused(_))));
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    let wrong = RootKey::generate(&SeededEntropy::new(5));
    assert!(desk.key_shred(&order(&filled), &wrong).await.is_err());
    assert!(filled.reads(filled.documents[0]).await, "nothing has happened yet");
    let shredded = desk.key_shred(&order(&filled), &root()).await.unwrap();
    assert!(shredded.text.contains(&records), "{}", shredded.text);
    for id in &filled.documents {
        assert!(!filled.reads(*id).await);
    }
    assert!(filled.reads(filled.foreign).await, "the other customer's opens");
    custody.store().flush_surely().await.unwrap();
    for place in [filled.dir(), filled.outside.path().to_owned()] {
        let still = files(&place).into_iter().filter(|(path, bytes)| {
            // An older backup holds the wrapped row; what wraps it is gone.
            holds(bytes, &destroyed) && !path.starts_with(filled.target())
        });
        assert_eq!(still.count(), 0, "the destroyed row is nowhere in {place:?}");
    }
    // The ledger has the certificate under the customer's audit key, which lives on.
    let entry = custody.store().entry_range(shredded.entry.unwrap(), 1).await.unwrap().remove(0);
    let leaf = ledger::leaf::decode(&entry.leaf).unwrap();
    assert_eq!((leaf.entry.outcome, leaf.entry.why.as_str()), (Outcome::Done, "shredded"));
    assert_eq!(custody.words_open(&leaf.entry, &leaf.sealed_body).as_deref(), Some(shredded.text.as_str()));
    filled.signed().await;
    let report = verify_dir(custody.store(), &custody.ledger_verifier(), &[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    let again = desk.key_shred(&order(&filled), &root()).await;
    assert!(matches!(again, Err(CustodyError::State(_))));
}

#[tokio::test]
async fn a_shredding_that_dies_before_the_escrow_was_replaced_is_finished_by_the_next_start() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let before = std::fs::read(filled.escrow()).unwrap();
    // The escrow's place is away when it is to be written.
    let away = filled.outside.path().join("away");
    let gone = ShredOrder { epoch_escrow: Some(away.join("escrow")), ..order(&filled) };
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(desk.key_shred(&gone, &root()).await.is_err());
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some(), "the mark says what is due");
    std::fs::create_dir(&away).unwrap();
    std::fs::write(away.join("escrow"), &before).unwrap();
    custody.start_settle().await.unwrap();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
    let rows = crate::backup::escrow::read(&away.join("escrow")).unwrap().rows;
    assert_eq!(rows, custody.store().key_rows().await.unwrap());
    let words = last_words(&filled, "shredded_after_all").await.unwrap();
    assert!(words.contains("Certificate of destruction"), "{words}");
}

async fn last_words(filled: &Filled, why: &str) -> Option<String> {
    let custody = filled.custody();
    for stored in custody.store().entry_list(&store::EntryFilter::default(), 50).await.unwrap() {
        let leaf = ledger::leaf::decode(&stored.leaf).unwrap();
        if leaf.entry.why == why {
            return custody.words_open(&leaf.entry, &leaf.sealed_body);
        }
    }
    None
}
