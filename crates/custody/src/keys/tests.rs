//! Rotating, rekeying and shredding, stopped half way and taken up again; what is gone is looked for on the disk.

use crate::filled::{Filled, files, filled, holds, root};
use crate::keys::EPOCH_DUE;
use crate::testing::{bucket_at, house_in, house_without_half};
use crate::{CustodyError, ShredStanding, ShredView, verify_dir};
use fake_bucket::{FakeBucket, Keeps};

use policy::Why;
use record::document::DocumentState;
use record::{Outcome, SeededEntropy, act};
use std::ops::ControlFlow;
use store::SealedColumn;
use vault::{KeyError, KeyName, KeyRing, KeyRows, Rendition, RenditionKind, RootKey, WrappedKey};

/// A ring that has lost one version of the clinic's records key: what still needs it does not open.
async fn ring_without(filled: &Filled, version: u32) -> KeyRing {
    let mut rows = filled.custody().store().key_rows().await.unwrap();
    let name: KeyName = format!("records/{}/{version}", filled.clinic).parse().unwrap();
    rows.keys.iter_mut().filter(|row| row.name == name).for_each(|row| row.wrapped = None);
    filled.unlocked(&root(), &rows).await.unwrap()
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
    filled.escrow_kept().await;
    let old = custody.store().key_rows().await.unwrap();
    let old_bytes = filled.epoch_bytes().await;
    let on_server = custody.store().is_on_server();
    if !on_server {
        custody.store().flush_surely().await.unwrap();
    }
    let on_disk = || files(&filled.dir()).iter().filter(|(_, bytes)| holds(bytes, &old_bytes)).count();
    assert!(on_disk() > 0, "the control: the epoch's row, or its half, is on the disk before");
    let new_root = RootKey::generate(&SeededEntropy::new(99));
    let wrong = RootKey::generate(&SeededEntropy::new(98));
    assert!(custody.key_rekey(&wrong, Some(&new_root), None).await.is_err(), "the current root has to be given");
    let done = custody.key_rekey(&root(), Some(&new_root), None).await.unwrap();
    assert_eq!((done.epoch, usize::try_from(done.keys).unwrap()), (old.state().epoch_newest + 1, old.keys.len()));
    let rows = custody.store().key_rows().await.unwrap();
    assert!(filled.unlocked(&root(), &rows).await.is_err() && filled.unlocked(&new_root, &rows).await.is_ok());
    assert_eq!(on_disk(), 0, "not in the database, not in the log, not beside the objects");
    let escrow = crate::backup::escrow::read(&filled.escrow()).unwrap();
    assert_eq!(escrow.rows, rows, "the escrow followed");
    let beside = std::fs::read_dir(filled.outside.path()).unwrap().count();
    assert_eq!(beside, if on_server { 1 } else { 2 }, "escrow and backup, and no old escrow beside them");
    assert!(filled.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn after_shredding_nothing_of_that_customer_opens_and_the_ledger_still_verifies() {
    let filled = filled().await;
    let custody = filled.custody();
    filled.escrow_kept().await;
    let old = custody.store().key_rows().await.unwrap();
    let records = format!("records/{}/1", filled.clinic);
    let row = old.keys.iter().find(|row| row.name.to_string() == records).unwrap();
    let epoch = filled.epoch_bytes().await;
    // What a server has is not on this disk, and need not be gone.
    let on_server = custody.store().is_on_server();
    let destroyed = if on_server { epoch.clone() } else { row.wrapped.as_ref().unwrap().to_bytes() };
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

#[tokio::test]
async fn nothing_that_the_server_keeps_opens_a_destroyed_customers_key_with_the_root_key_in_hand() {
    let filled = filled().await;
    let store = filled.custody().store();
    if !store.is_on_server() {
        return;
    }
    let kept = store.key_rows().await.unwrap();
    assert!(kept.is_halved() && filled.unlocked(&root(), &kept).await.is_ok(), "the control: they open before");
    assert!(matches!(KeyRing::unlock(&root(), &kept), Err(KeyError::NoHalf { .. })), "and never by themselves");
    filled.shredded().await;
    // An archive, a standby, a dump: every row is put back as it was.
    let after = store.key_rows().await.unwrap();
    let mut tx = store.begin("put an older copy back").await.unwrap();
    tx.key_rows_begin(&kept).await.unwrap();
    tx.commit().await.unwrap();
    let back = store.key_rows().await.unwrap();
    assert_eq!(back.epochs[0], kept.epochs[0]);
    assert!(matches!(filled.unlocked(&root(), &back).await, Err(KeyError::NoHalf { .. })));
    assert!(matches!(filled.unlocked(&root(), &kept).await, Err(KeyError::NoHalf { .. })));
    // Old rows under the epoch of now: what wraps them is not there.
    let mixed = KeyRows { epochs: after.epochs, keys: kept.keys };
    assert!(matches!(filled.unlocked(&root(), &mixed).await, Err(KeyError::Orphan { .. })));
}

/// A house whose rows lie on a server and whose objects in a bucket; where there is no server for tests, there is nothing to try.
async fn in_bucket_on_a_server() -> Option<(FakeBucket, Filled)> {
    store::trial::server_place()?;
    let fake = FakeBucket::start();
    let endpoint = fake.endpoint();
    let house = house_in(|dir| Some(bucket_at(endpoint, dir)), |settings| settings.retention_days = 0).await;
    Some((fake, crate::filled::fill(house).await))
}

fn halves_in(fake: &FakeBucket) -> Vec<String> {
    fake.keys().into_iter().filter(|key| key.contains(".halves/")).collect()
}

#[tokio::test]
async fn a_half_goes_in_every_version_before_anybody_is_told_that_keys_are_destroyed() {
    let Some((fake, filled)) = in_bucket_on_a_server().await else { return };
    fake.keep(Keeps::Versions);
    let before = halves_in(&fake);
    assert_eq!(before.len(), 1);
    // Somebody has removed it and put it back: a version and a mark of deletion more.
    let bytes = fake.object(&before[0]).unwrap();
    fake.remove(&before[0]);
    fake.overwrite(&before[0], bytes);
    let done = filled.shredded().await;
    assert!(done.text.contains(before[0].rsplit('/').next().unwrap()), "{}", done.text);
    let after = halves_in(&fake);
    assert!(after.len() == 1 && after != before, "{after:?}");
    assert_eq!(fake.earlier(), 0, "no version and no mark of deletion is left, of probes neither");
    assert!(!filled.reads(filled.documents[0]).await && filled.reads(filled.foreign).await);
}

#[tokio::test]
async fn where_a_half_could_not_be_destroyed_nothing_is_decided_and_it_is_said_why() {
    let Some((fake, filled)) = in_bucket_on_a_server().await else { return };
    filled.left().await;
    let ask = async || {
        filled.house.step_up(&filled.first).await.unwrap();
        let desk = filled.house.desk::<act::KeyShredAsk>(&filled.first).await;
        desk.key_shred_ask(&filled.order()).await.map(drop).map_err(|error| error.to_string())
    };
    for (keeps, said) in [(Keeps::Retained, "default retention"), (Keeps::Everything, "stays there")] {
        fake.keep(keeps);
        assert!(ask().await.unwrap_err().contains(said), "{keeps:?}");
        let rekeyed = filled.custody().key_rekey(&root(), None, None).await;
        assert!(matches!(rekeyed, Err(CustodyError::State(_))), "{keeps:?}");
    }
    fake.keep(Keeps::Nothing);
    fake.copy_below("");
    assert!(ask().await.unwrap_err().contains("replicated"));
    fake.copy_below("elsewhere/");
    ask().await.unwrap();
    // It was asked for; by the time somebody decides, the bucket keeps everything.
    fake.keep(Keeps::Retained);
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(matches!(desk.key_shred_approve(&filled.decided(), Some(root())).await, Err(CustodyError::State(_))));
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Asked));
    assert!(filled.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn a_shredding_whose_half_could_not_be_removed_is_finished_later_and_told_only_then() {
    let Some((fake, filled)) = in_bucket_on_a_server().await else { return };
    let old = halves_in(&fake).remove(0);
    filled.asked().await;
    fake.hold(Some(&old));
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(desk.key_shred_approve(&filled.decided(), Some(root())).await.is_err());
    let custody = filled.custody();
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_some(), "the mark says what is due");
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Finishing));
    assert_eq!(custody.store().key_rows().await.unwrap().halves_due().len(), 1, "and the row which half");
    // A start does not wait for it, and a second change does not begin over it.
    custody.start_settle().await.unwrap();
    assert!(fake.keys().contains(&old) && last_words(&filled, "shredded_after_all").await.is_none());
    assert!(custody.key_rekey(&root(), None, None).await.is_err());
    fake.hold(None);
    custody.keys_tend().await.unwrap();
    assert!(!fake.keys().contains(&old));
    assert!(custody.store().meta_fetch(EPOCH_DUE).await.unwrap().is_none());
    assert!(custody.store().key_rows().await.unwrap().halves_due().is_empty());
    assert!(last_words(&filled, "shredded_after_all").await.unwrap().contains("Certificate of destruction"));
    assert_eq!(shown(&filled).await.standing, Some(ShredStanding::Destroyed));
}

#[tokio::test]
async fn wherever_a_new_epoch_dies_on_a_server_the_next_start_goes_on() {
    let filled = filled().await;
    let custody = filled.custody();
    let store = custody.store();
    if !store.is_on_server() {
        return;
    }
    let halves = || std::fs::read_dir(filled.dir().join("objects/halves")).unwrap().count();
    let open_again = async || {
        let house = crate::OpenHouse {
            store: store.clone(),
            settings: custody.settings().clone(),
            root: root(),
            clock: std::sync::Arc::clone(&filled.house.clock) as _,
            entropy: std::sync::Arc::new(SeededEntropy::new(31)),
        };
        let again = crate::Custody::open(house).await.unwrap();
        again.start_settle().await.unwrap();
        assert!(crate::filled::reads(&again, &filled.typist, filled.documents[0]).await);
    };
    // Dead after the half was laid: nothing has changed, and a half that nobody names stays.
    let change = custody.ring().rekey(&root(), custody.now(), custody.entropy()).unwrap();
    store.objects().half_put(change.half.as_ref().unwrap()).await.unwrap();
    open_again().await;
    assert_eq!((store.key_rows().await.unwrap().state(), halves()), (change.made_from, 2));
    // Dead after the transaction: the old half goes with the next start.
    let mut tx = store.begin("change the epoch").await.unwrap();
    assert_eq!(tx.key_change(&change).await.unwrap(), 1);
    tx.meta_set(EPOCH_DUE, "").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.key_rows().await.unwrap().halves_due().len(), 1);
    open_again().await;
    assert!(store.key_rows().await.unwrap().halves_due().is_empty());
    assert_eq!((store.meta_fetch(EPOCH_DUE).await.unwrap(), halves()), (None, 1));
    // Dead after the half was destroyed and before the mark went: it is looked for once more.
    let mut tx = store.begin("the mark is still there").await.unwrap();
    tx.meta_set(EPOCH_DUE, "").await.unwrap();
    tx.commit().await.unwrap();
    open_again().await;
    assert_eq!((store.meta_fetch(EPOCH_DUE).await.unwrap(), halves()), (None, 1));
}

#[tokio::test]
async fn an_escrow_that_is_not_to_be_read_from_here_stops_a_destruction_on_a_server_before_it_is_decided() {
    let filled = filled().await;
    if !filled.custody().store().is_on_server() {
        return;
    }
    filled.escrow_kept().await;
    let aside = filled.outside.path().join("aside");
    std::fs::rename(filled.escrow(), &aside).unwrap();
    assert!(matches!(filled.custody().key_rekey(&root(), None, None).await, Err(CustodyError::State(_))));
    std::fs::rename(&aside, filled.escrow()).unwrap();
    filled.shredded().await;
    let kept = crate::backup::escrow::read(&filled.escrow()).unwrap();
    assert_eq!(kept.rows, filled.custody().store().key_rows().await.unwrap());
    assert_eq!(kept.halves.len(), 1, "the newest half and no other");
    // What comes later is in it, too, without anybody asking.
    filled.house.step_up(&filled.first).await.unwrap();
    filled.house.customer(&filled.first, "Bay Dermatology").await;
    filled.custody().keys_tend().await.unwrap();
    let kept = crate::backup::escrow::read(&filled.escrow()).unwrap();
    assert_eq!(kept.rows, filled.custody().store().key_rows().await.unwrap());
}

#[tokio::test]
async fn a_house_without_a_half_gets_one_at_a_start_and_a_destruction_says_until_when_copies_open() {
    if store::trial::server_place().is_none() {
        return;
    }
    let filled = crate::filled::fill(house_without_half(|settings| settings.retention_days = 0).await).await;
    let rows = filled.custody().store().key_rows().await.unwrap();
    assert!(rows.is_halved() && rows.state().epoch_newest == 2 && rows.epochs[0].wrapped.is_none());
    filled.left().await;
    // Theirs were made under the half: no copy of before has them.
    let ask = async |order: &crate::ShredOrder| {
        filled.house.step_up(&filled.first).await.unwrap();
        filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(order).await
    };
    let mut tx = filled.custody().store().begin("as if they had been there before").await.unwrap();
    let until = filled.custody().now().plus_secs(60).unix_millis().to_string();
    tx.meta_set(super::halves::UNHALVED_UNTIL, &until).await.unwrap();
    tx.commit().await.unwrap();
    let refused = ask(&filled.order()).await;
    assert!(matches!(refused, Err(CustodyError::Input(fields)) if fields[0].field == "copies"));
    let day = record::civil::Day::new(2027, 3, 31).unwrap();
    ask(&crate::ShredOrder { copies_expire_on: Some(day), ..filled.order() }).await.unwrap();
}

#[tokio::test]
async fn from_its_escrow_a_house_on_a_server_gets_back_a_lost_half_and_the_keys_of_an_older_copy() {
    let filled = filled().await;
    let custody = filled.custody();
    if !custody.store().is_on_server() {
        return;
    }
    let older = custody.store().key_rows().await.unwrap();
    let older_escrow = filled.outside.path().join("older");
    filled.escrow_kept().await;
    std::fs::copy(filled.escrow(), &older_escrow).unwrap();
    filled.escrow_kept().await;
    let newest = custody.store().key_rows().await.unwrap();
    let half = newest.halves_needed()[0];
    // The bucket is lost, and what was put back of the database is a copy of before.
    custody.store().objects().half_destroy(half).await.unwrap();
    let mut tx = custody.store().begin("put an older copy back").await.unwrap();
    tx.key_rows_begin(&older).await.unwrap();
    tx.commit().await.unwrap();
    let at_hand = || crate::OpenHouse {
        store: custody.store().clone(),
        settings: custody.settings().clone(),
        root: root(),
        clock: std::sync::Arc::clone(&filled.house.clock) as _,
        entropy: std::sync::Arc::new(SeededEntropy::new(12)),
    };
    assert!(crate::Custody::open(at_hand()).await.is_err(), "nothing opens");
    let stale = crate::keys_recover(at_hand(), &older_escrow).await;
    assert!(matches!(stale, Err(CustodyError::State(_) | CustodyError::Seal(_))), "an older escrow is of no use");
    let (recovered, done) = crate::keys_recover(at_hand(), &filled.escrow()).await.unwrap();
    assert_eq!((done.epoch, done.halves), (newest.state().epoch_newest, 1));
    recovered.start_settle().await.unwrap();
    assert_eq!(recovered.store().key_rows().await.unwrap(), newest);
    assert!(crate::filled::reads(&recovered, &filled.typist, filled.documents[0]).await);
    // What was lost can be lost by one who has another house's escrow, too.
    let text = std::fs::read_to_string(filled.escrow()).unwrap();
    let other = text.replacen(&custody.program().to_string(), "prg_00000000000000000000000001", 1);
    std::fs::write(&older_escrow, other).unwrap();
    assert!(crate::keys_recover(at_hand(), &older_escrow).await.is_err());
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
    // Beside it lie the names that its writing uses, and wipes.
    for last in ["new", "old"] {
        let beside = filled.escrow().with_added_extension(last);
        let beside = crate::BackupSettings { to: filled.target(), epoch_escrow: Some(beside) };
        assert!(matches!(custody.backup_create(&beside).await, Err(CustodyError::State(_))));
        assert_eq!(known().await, filled.escrow().to_str().unwrap());
        assert!(filled.escrow().exists());
    }
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
