//! Rotating, rekeying and shredding, stopped half way and taken up again; what is gone is looked for on the disk.

use crate::filled::{Filled, files, filled, holds, root};
use crate::keys::EPOCH_DUE;
use crate::{CustodyError, ShredStanding, ShredView, verify_dir};

use policy::Why;
use record::document::DocumentState;
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

#[tokio::test]
async fn after_shredding_nothing_of_that_customer_opens_and_the_ledger_still_verifies() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let old = custody.store().key_rows().await.unwrap();
    let records = format!("records/{}/1", filled.clinic);
    let row = old.keys.iter().find(|row| row.name.to_string() == records).unwrap();
    let destroyed = row.wrapped.as_ref().unwrap().to_bytes();
    let epoch = old.epochs[0].wrapped.as_ref().unwrap().to_bytes();
    let lies = |wanted: &[u8]| {
        let places = [filled.dir(), filled.outside.path().to_owned()];
        let all = places.iter().flat_map(|place| files(place));
        // An older backup holds the wrapped row; what wraps it is gone.
        all.filter(|(path, bytes)| holds(bytes, wanted) && !path.starts_with(filled.target())).count()
    };
    assert!(lies(&destroyed) > 0 && lies(&epoch) > 0, "the control: they are on the disk before");
    let shredded = filled.shredded().await;
    assert_eq!((lies(&destroyed), lies(&epoch)), (0, 0), "not in the database, not in its log, not in the escrow");
    assert!(shredded.text.contains(&records), "{}", shredded.text);
    for id in &filled.documents {
        assert!(!filled.reads(*id).await);
    }
    assert!(filled.reads(filled.foreign).await, "the other customer's opens");
    // The ledger has the certificate under the customer's audit key, which lives on.
    let entry = custody.store().entry_range(shredded.entry.unwrap(), 1).await.unwrap().remove(0);
    let leaf = ledger::leaf::decode(&entry.leaf).unwrap();
    assert_eq!((leaf.entry.outcome, leaf.entry.why.as_str()), (Outcome::Done, "shredded"));
    assert_eq!(custody.words_open(&leaf.entry, &leaf.sealed_body).as_deref(), Some(shredded.text.as_str()));
    filled.signed().await;
    let report = verify_dir(custody.store(), &custody.ledger_verifier(), &[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    let shown = shown(&filled).await;
    assert_eq!(shown.certificate.as_deref(), Some(shredded.text.as_str()));
    assert_eq!(shown.standing, Some(ShredStanding::Destroyed));
    assert_eq!(shown.reason, filled.order().reason);
    let again = filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&filled.order()).await;
    assert!(matches!(again, Err(CustodyError::State(_))), "once is for good");
}

async fn shown(filled: &Filled) -> ShredView {
    filled.house.desk::<act::KeyShredShow>(&filled.first).await.key_shred_show(filled.clinic).await.unwrap()
}

#[tokio::test]
async fn nobody_destroys_keys_alone_without_a_touch_or_with_the_wrong_root_key() {
    let filled = filled().await;
    let house = &filled.house;
    let approve = async |who: &crate::testing::Someone, root| {
        house.desk::<act::KeyShred>(who).await.key_shred_approve(&filled.decided(), Some(root)).await
    };
    // Nobody has asked: not even officers.
    assert!(matches!(approve(&filled.second, root()).await, Err(CustodyError::Refused(Why::OwnAct))));
    filled.asked().await;
    assert_eq!(filled.custody().alert_counts().get("shred_asked"), Some(&1));
    assert!(matches!(approve(&filled.first, root()).await, Err(CustodyError::Refused(Why::OwnAct))), "one's own");
    assert!(matches!(approve(&filled.typist, root()).await, Err(CustodyError::Refused(_))), "no officer");
    house.later(6 * crate::testing::MINUTE_MILLIS);
    assert!(matches!(approve(&filled.second, root()).await, Err(CustodyError::Refused(Why::StepUp))), "no touch");
    house.step_up(&filled.second).await.unwrap();
    let wrong = RootKey::generate(&SeededEntropy::new(5));
    assert!(approve(&filled.second, wrong).await.is_err());
    assert!(filled.reads(filled.documents[0]).await, "nothing has happened yet");
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Asked));
    let back = house.desk::<act::KeyShredAsk>(&filled.second).await.key_shred_withdraw(filled.clinic).await;
    assert!(back.is_ok(), "any officer takes it back");
    assert!(approve(&filled.second, root()).await.is_err() && filled.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn an_agreement_a_waiting_time_a_held_document_and_a_wrong_name_stand_in_the_way() {
    let filled = crate::filled::filled_with(|settings| settings.retention_days = 30).await;
    let house = &filled.house;
    house.step_up(&filled.first).await.unwrap();
    let ask = async |order: &crate::ShredOrder| {
        house.step_up(&filled.first).await.unwrap();
        house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(order).await
    };
    let wrong = crate::ShredOrder { name: "Lakeside".to_owned(), reason: " ".to_owned(), ..filled.order() };
    assert!(matches!(ask(&wrong).await, Err(CustodyError::Input(fields)) if fields.len() == 2));
    let said = |result: Result<crate::Witnessed, CustodyError>| result.unwrap_err().to_string();
    assert!(said(ask(&filled.order()).await).contains("agreement is in force"));
    filled.left().await;
    assert!(said(ask(&filled.order()).await).contains("too short a time"));
    // Another one left a month ago, and one document of theirs is held.
    let store = filled.custody().store();
    let mut tx = store.begin("let a month pass").await.unwrap();
    let long_ago = filled.custody().now().plus_secs(-31 * 24 * 3600);
    for one in store.agreement_list(filled.other).await.unwrap() {
        assert_eq!(tx.agreement_end(filled.other, one.id, long_ago).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    let mut document = store.document_fetch(filled.foreign).await.unwrap().unwrap();
    let was = std::mem::replace(&mut document.state, DocumentState::Held);
    let mut tx = store.begin("hold").await.unwrap();
    assert_eq!(tx.document_update(&document, was).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let other = crate::ShredOrder { customer: filled.other, name: "Hill Cardiology".to_owned(), ..filled.order() };
    assert!(said(ask(&other).await).contains("are held"));
    document.revision += 1;
    document.state = was;
    let mut tx = store.begin("release").await.unwrap();
    assert_eq!(tx.document_update(&document, DocumentState::Held).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(ask(&other).await.is_ok(), "then nothing stands in the way");
}

#[tokio::test]
async fn a_shredding_that_dies_before_the_escrow_was_replaced_is_finished_by_the_next_start() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let before = std::fs::read(filled.escrow()).unwrap();
    filled.asked().await;
    // The escrow's place is away when it is to be written.
    let away = filled.outside.path().join("away");
    let mut tx = custody.store().begin("move the escrow").await.unwrap();
    tx.meta_set(crate::keys::EPOCH_ESCROW, away.join("escrow").to_str().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(desk.key_shred_approve(&filled.decided(), Some(root())).await.is_err());
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some(), "the mark says what is due");
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Finishing));
    std::fs::create_dir(&away).unwrap();
    std::fs::write(away.join("escrow"), &before).unwrap();
    custody.start_settle().await.unwrap();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
    let rows = crate::backup::escrow::read(&away.join("escrow")).unwrap().rows;
    assert_eq!(rows, custody.store().key_rows().await.unwrap());
    let words = last_words(&filled, "shredded_after_all").await.unwrap();
    assert!(words.contains("Certificate of destruction"), "{words}");
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Destroyed));
}

#[tokio::test]
async fn what_two_officers_decided_waits_for_the_root_key_and_is_carried_out_by_the_next_start_that_has_it() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let file = outside.path().join("root.key");
    let path = file.clone();
    let filled = crate::filled::filled_with(move |settings| settings.root_key_file = Some(path)).await;
    filled.asked().await;
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    // Its volume is away: nothing is decided, so that the officer can try again.
    assert!(matches!(desk.key_shred_approve(&filled.decided(), None).await, Err(CustodyError::State(_))));
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Asked));
    // As if the process had died between the decision and the act.
    let store = filled.custody().store();
    let row = store.key_shred_fetch(filled.clinic).await.unwrap().unwrap();
    let mut tx = store.begin("decide").await.unwrap();
    let (by, at) = (filled.second.person, filled.custody().now());
    assert_eq!(tx.key_shred_approve(filled.clinic, row.asked_at, by, at).await.unwrap(), 1);
    tx.commit().await.unwrap();
    filled.custody().start_settle().await.unwrap();
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Approved), "without the key it waits");
    assert_eq!(filled.custody().alert_counts().get("shred_waits"), Some(&1));
    std::fs::write(&file, root().to_file_line().as_bytes()).unwrap();
    filled.custody().start_settle().await.unwrap();
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Destroyed));
    assert!(!filled.reads(filled.documents[0]).await && filled.reads(filled.foreign).await);
    let mut tx = store.begin("one person in both places").await.unwrap();
    let own = tx.key_shred_approve(filled.clinic, row.asked_at, row.asked_by, at).await;
    assert!(own.is_err() || own.is_ok_and(|many| many == 0));
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

async fn renewed(filled: &Filled) -> Result<record::AgreementId, CustodyError> {
    let desk = filled.house.desk::<act::AgreementCreate>(&filled.first).await;
    desk.agreement_create(filled.clinic, &crate::testing::agreement()).await
}

/// As if the process had died between the decision and the deed.
async fn decided_and_not_done(filled: &Filled) {
    filled.asked().await;
    let store = filled.custody().store();
    let row = store.key_shred_fetch(filled.clinic).await.unwrap().unwrap();
    let mut tx = store.begin("decide").await.unwrap();
    tx.key_shred_approve(filled.clinic, row.asked_at, filled.second.person, filled.custody().now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_decision_that_waited_is_looked_at_again_before_it_is_carried_out_and_can_be_taken_back() {
    let filled = filled().await;
    decided_and_not_done(&filled).await;
    // The customer comes back: not while its keys are to be destroyed.
    filled.house.step_up(&filled.first).await.unwrap();
    assert!(matches!(renewed(&filled).await, Err(CustodyError::State(_))));
    let held = filled.custody().store().document_fetch(filled.documents[0]).await.unwrap().unwrap();
    let mut tx = filled.custody().store().begin("hold").await.unwrap();
    let before = held.state;
    tx.document_update(&store::Document { state: DocumentState::Held, ..held }, before).await.unwrap();
    tx.commit().await.unwrap();
    assert!(filled.custody().key_shred_finish(Some(root())).await.unwrap().is_empty());
    assert_eq!(filled.custody().alert_counts().get("shred_hindered"), Some(&1));
    assert!(filled.reads(filled.documents[1]).await, "the keys are there");
    let desk = filled.house.desk::<act::KeyShredAsk>(&filled.second).await;
    filled.house.step_up(&filled.second).await.unwrap();
    desk.key_shred_withdraw(filled.clinic).await.unwrap();
    assert_eq!(shown(&filled).await.standing, None);
    renewed(&filled).await.unwrap();
}

#[tokio::test]
async fn the_second_officer_decides_what_they_looked_at_and_nothing_else() {
    let filled = filled().await;
    filled.asked().await;
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    let decided = |what| crate::ShredDecided { customer: filled.clinic, what };
    let other = decided(crate::ShredSeen::Name("Hill Cardiology".to_owned()));
    assert!(matches!(desk.key_shred_approve(&other, Some(root())).await, Err(CustodyError::Input(_))));
    let earlier = decided(crate::ShredSeen::Asked(filled.custody().now().plus_secs(-60)));
    assert!(matches!(desk.key_shred_approve(&earlier, Some(root())).await, Err(CustodyError::Changed)));
    assert!(filled.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn an_escrow_that_moves_leaves_nothing_behind_and_a_place_that_is_refused_is_not_remembered() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.backup_create(&filled.backup()).await.unwrap();
    let inside = crate::BackupSettings { to: filled.target(), epoch_escrow: Some(filled.target().join("escrow")) };
    assert!(matches!(custody.backup_create(&inside).await, Err(CustodyError::State(_))));
    let known = async || custody.store().meta_fetch(crate::keys::EPOCH_ESCROW).await.unwrap().unwrap();
    assert_eq!(known().await, filled.escrow().to_str().unwrap());
    let second = filled.outside.path().join("second-escrow");
    let moved = crate::BackupSettings { to: filled.target(), epoch_escrow: Some(second.clone()) };
    filled.house.later(1);
    custody.backup_create(&moved).await.unwrap();
    assert!(second.exists() && !filled.escrow().exists(), "the old place is wiped");
    // Its volume is away when it moves once more: that is said, and it is wiped when the volume is back.
    let (third, away) = (filled.outside.path().join("keys/third"), filled.outside.path().join("away"));
    std::fs::create_dir(third.parent().unwrap()).unwrap();
    filled.house.later(1);
    custody
        .backup_create(&crate::BackupSettings { to: filled.target(), epoch_escrow: Some(third.clone()) })
        .await
        .unwrap();
    std::fs::rename(third.parent().unwrap(), &away).unwrap();
    let back = crate::BackupSettings { to: filled.target(), epoch_escrow: Some(second.clone()) };
    filled.house.later(1);
    assert!(matches!(custody.backup_create(&back).await, Err(CustodyError::State(_))));
    std::fs::rename(&away, third.parent().unwrap()).unwrap();
    filled.house.later(1);
    custody.backup_create(&back).await.unwrap();
    assert!(second.exists() && !third.exists());
}
