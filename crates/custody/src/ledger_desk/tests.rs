//! The ledger attacked in its file, held against checkpoints kept outside, exported and proved; who may read it.

use crate::filled::{Filled, files, filled, filled_with};
use crate::testing::Someone;
use crate::{
    Custody, CustodyError, Desk, LedgerFilter, LedgerReport, OpenHouse, ledger_key_of, verify_dir, verify_file,
};
use ledger::{KeptReceipt, TilePath};
use record::{Act, Action, Outcome, Role, SeededEntropy, act};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreOptions};

/// Closes the house and gives its folder to the test, as a thief or a careless administrator has it.
struct Closed {
    filled: Filled,
    dir: PathBuf,
}

async fn closed(filled: Filled) -> Closed {
    filled.custody().store().flush_surely().await.unwrap();
    let dir = filled.outside.path().join("copy");
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::copy(filled.dir().join("strongroom.db"), dir.join("strongroom.db")).unwrap();
    Closed { filled, dir }
}

impl Closed {
    /// Changes bytes that stand in the database file behind each other, wherever they do.
    fn change(&self, from: &[u8], to: &[u8]) {
        assert_eq!(from.len(), to.len());
        let path = self.dir.join("strongroom.db");
        let mut bytes = std::fs::read(&path).unwrap();
        let at: Vec<usize> = (0..bytes.len() - from.len()).filter(|at| bytes[*at..*at + from.len()] == *from).collect();
        assert!(!at.is_empty(), "the bytes to change are there");
        for at in at {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
        std::fs::write(path, bytes).unwrap();
    }

    async fn verify(&self, since: &[String]) -> LedgerReport {
        let store = Store::open(StoreOptions { dir: self.dir.clone(), create: false }).await.unwrap();
        let key = self.filled.custody().ledger_verifier();
        let report = verify_dir(&store, &key, since).await.unwrap();
        store.close().await;
        report
    }
}

async fn leaf_of(filled: &Filled, wanted: Action) -> (u64, Vec<u8>) {
    for stored in filled.custody().store().entry_range(0, 500).await.unwrap() {
        if ledger::leaf::decode(&stored.leaf).unwrap().entry.action == wanted {
            return (stored.index, stored.leaf);
        }
    }
    panic!("no such entry");
}

#[tokio::test]
async fn a_ledger_left_alone_is_sound_in_its_folder_without_any_secret_key() {
    let filled = filled().await;
    let note = filled.signed().await;
    let closed = closed(filled).await;
    let report = closed.verify(&[note]).await;
    assert!(report.is_sound() && report.ledger.kept_elsewhere == 1, "{report}");
    let store = Store::open(StoreOptions { dir: closed.dir.clone(), create: false }).await.unwrap();
    let kept = ledger_key_of(&store).await.unwrap().unwrap();
    assert_eq!(kept.to_string(), closed.filled.custody().ledger_verifier().to_string());
}

#[tokio::test]
async fn an_edited_entry_is_named() {
    let filled = filled().await;
    filled.signed().await;
    let (index, leaf) = leaf_of(&filled, Action::CustomerCreate).await;
    let closed = closed(filled).await;
    let mut edited = leaf.clone();
    let place = edited.len() - 5;
    edited[place] ^= 1;
    closed.change(&leaf, &edited);
    let report = closed.verify(&[]).await;
    assert!(!report.is_sound());
    assert_eq!(report.first_bad_entry(), Some(index), "{report}");
}

#[tokio::test]
async fn an_entry_that_was_hidden_from_searches_is_named_although_the_tree_is_sound() {
    let filled = filled().await;
    filled.signed().await;
    let (index, leaf) = leaf_of(&filled, Action::DocumentUpload).await;
    let person = filled.typist.person.to_string();
    let mut other = person.clone().into_bytes();
    let last = other.len() - 1;
    other[last] = if other[last] == b'0' { b'1' } else { b'0' };
    let closed = closed(filled).await;
    // The row holds the leaf, six bytes of time, and the principal as it is searched for.
    let bytes = std::fs::read(closed.dir.join("strongroom.db")).unwrap();
    let at = (0..bytes.len() - leaf.len()).find(|at| bytes[*at..*at + leaf.len()] == leaf[..]).unwrap();
    let row = &bytes[at..at + leaf.len() + 6 + person.len()];
    assert!(row.ends_with(person.as_bytes()), "the row is laid out as told");
    let mut changed = row.to_vec();
    changed.truncate(leaf.len() + 6);
    changed.extend_from_slice(&other);
    closed.change(row, &changed);
    let report = closed.verify(&[]).await;
    assert!(report.ledger.is_sound(), "the tree itself is as signed");
    assert_eq!(report.columns_wrong, [index], "{report}");
    assert_eq!(report.first_bad_entry(), Some(index));
}

#[tokio::test]
async fn a_thing_taken_out_of_the_index_of_what_entries_name_is_found() {
    let filled = filled().await;
    filled.signed().await;
    let document = filled.documents[0].to_string();
    let closed = closed(filled).await;
    // Every line that names the document outside of the leaves themselves: the index alone has them without quotes.
    let path = closed.dir.join("strongroom.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let mut changed = 0;
    for at in 1..bytes.len() - document.len() {
        let here = &bytes[at..at + document.len()];
        // In the index's own pages the id is followed by the entry's number, in leaves by a quote.
        if here == document.as_bytes() && bytes[at - 1] < 0x20 && bytes[at + document.len()] < 0x20 {
            bytes[at + document.len() - 1] = if bytes[at + document.len() - 1] == b'0' { b'1' } else { b'0' };
            changed += 1;
        }
    }
    assert!(changed > 0);
    std::fs::write(path, bytes).unwrap();
    let report = closed.verify(&[]).await;
    assert!(!report.columns_wrong.is_empty(), "{report}");
}

#[tokio::test]
async fn a_rollback_is_seen_against_a_checkpoint_kept_outside_and_only_then() {
    let filled = filled().await;
    filled.signed().await;
    let closed = closed(filled).await;
    // The copy stands still; the house goes on.
    assert!(closed.filled.reads(closed.filled.documents[0]).await);
    let outside = closed.filled.signed().await;
    assert!(closed.verify(&[]).await.is_sound(), "by itself it looks whole");
    let report = closed.verify(&[outside]).await;
    assert!(
        report.ledger.findings.iter().any(|finding| matches!(finding, ledger::Finding::Truncated { .. })),
        "{report}"
    );
}

#[tokio::test]
async fn a_checkpoint_of_another_ledger_is_no_trusted_one() {
    let filled = filled().await;
    let note = filled.signed().await.replace("portal.example", "elsewhere.example");
    let key = filled.custody().ledger_verifier();
    assert!(verify_dir(filled.custody().store(), &key, &[note]).await.is_err());
}

async fn desk<A: Act>(filled: &Filled, who: &Someone) -> Desk<A> {
    filled.house.desk::<A>(who).await
}

async fn export(filled: &Filled) -> Vec<u8> {
    filled.house.step_up(&filled.first).await.unwrap();
    let mut export = desk::<act::LedgerExport>(filled, &filled.first).await.ledger_export().await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = export.bytes.recv().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes
}

async fn verified(filled: &Filled, path: &Path, since: &[String]) -> ledger::VerifyReport {
    verify_file(path, &filled.custody().ledger_verifier(), since).await.unwrap()
}

#[tokio::test]
async fn an_export_verifies_offline_and_a_changed_one_does_not() {
    let filled = filled().await;
    let before = filled.signed().await;
    let bytes = export(&filled).await;
    let path = filled.outside.path().join("export");
    std::fs::write(&path, &bytes).unwrap();
    let report = verified(&filled, &path, std::slice::from_ref(&before)).await;
    assert!(report.is_sound() && report.checkpoints >= 2, "{report}");
    let mut changed = bytes.clone();
    let place = changed.len() / 2;
    changed[place] ^= 1;
    std::fs::write(&path, changed).unwrap();
    assert!(!verified(&filled, &path, &[before]).await.is_sound());
    // Its end is an entry too.
    for _ in 0..100 {
        let newest = filled.custody().store().entry_list(&store::EntryFilter::default(), 1).await.unwrap().remove(0);
        let entry = ledger::leaf::decode(&newest.leaf).unwrap().entry;
        if (entry.action, entry.outcome) == (Action::LedgerExport, Outcome::Done) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the export never ended in the ledger");
}

#[tokio::test]
async fn an_entry_is_proved_to_anybody_who_has_the_public_key() {
    let filled = filled().await;
    let desk = desk::<act::LedgerProve>(&filled, &filled.first).await;
    let proof = desk.ledger_prove(3).await.unwrap();
    let kept = KeptReceipt::verify(&proof.text, &filled.custody().ledger_verifier()).unwrap();
    assert_eq!((kept.index(), kept.leaf().unwrap().entry.action), (3, proof.line.action));
    assert!(!proof.path.is_empty() && proof.text.contains(&proof.checkpoint));
    assert!(matches!(desk.ledger_prove(u64::MAX).await, Err(CustodyError::Absent)));
    assert!(matches!(desk.ledger_prove(1_000_000).await, Err(CustodyError::Absent)));
    let typist = filled.house.desk::<act::LedgerProve>(&filled.typist).await;
    assert!(matches!(typist.ledger_prove(3).await, Err(CustodyError::Refused(_))));
}

#[tokio::test]
async fn officers_read_the_words_of_entries_and_auditors_do_not() {
    let filled = filled().await;
    let (first, second) = (&filled.first, &filled.second);
    let invited = filled.house.staff_invited(first, Role::Auditor, "Otto Auditor").await;
    let desk = filled.house.desk::<act::InvitationConfirm>(second).await;
    let confirmed = desk.invitation_confirm(invited.invitation.unwrap()).await.unwrap();
    let (link, spoken) = (invited.link_secret.unwrap(), confirmed.spoken.unwrap());
    let auditor = filled.house.enrol(&link, &spoken).await.unwrap_or_else(|error| panic!("{error:?}"));
    filled.custody().alert("tried_out", "Something was tried out.").await;
    let filter = LedgerFilter { actions: vec![Action::AlertList], ..LedgerFilter::default() };
    let wanted = |page: crate::LedgerPage| {
        page.lines.into_iter().find(|line| line.why == "tried_out").expect("the alert's entry")
    };
    let desk = filled.house.desk::<act::LedgerList>(first).await;
    let line = wanted(desk.ledger_list(&filter, None).await.unwrap());
    assert_eq!(line.words.as_deref(), Some("Something was tried out."));
    let desk = filled.house.desk::<act::LedgerList>(&auditor).await;
    let line = wanted(desk.ledger_list(&filter, None).await.unwrap());
    assert_eq!((line.words, line.outcome), (None, Outcome::Noted));
    let mine = LedgerFilter { person: Some(filled.typist.person), ..LedgerFilter::default() };
    let page = desk.ledger_list(&mine, None).await.unwrap();
    assert!(page.lines.iter().all(|line| line.name == "Tessa Typist") && page.lines.len() >= 4);
    let nobody = filled.house.stranger::<act::LedgerList>();
    assert!(matches!(nobody.ledger_list(&mine, None).await, Err(CustodyError::Refused(_))));
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let filled = filled().await;
    for _ in 0..60 {
        filled.custody().note::<act::HealthShow>("filler", "", None, []).await.unwrap();
    }
    let desk = desk::<act::LedgerList>(&filled, &filled.first).await;
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = desk.ledger_list(&LedgerFilter::default(), before).await.unwrap();
        seen.extend(page.lines.iter().map(|line| line.index));
        before = page.before;
        if before.is_none() {
            break;
        }
    }
    let newest = seen[0];
    assert!(newest >= 60);
    let mut expected: Vec<u64> = (0..=newest).rev().collect();
    // Each page is an entry of its own, written after the one before was read.
    expected.retain(|index| seen.contains(index));
    seen.dedup();
    assert_eq!(seen, expected);
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1] + 1), "{seen:?}");
}

#[tokio::test]
async fn hash_tiles_are_public_up_to_the_signed_head_and_entries_never() {
    let filled = filled().await;
    let custody = filled.custody();
    let size = custody.ledger_head().unwrap().size;
    assert!((10..256).contains(&size));
    let tile = |text: String| async move { custody.tile(&text.parse::<TilePath>().unwrap()).await.unwrap() };
    let whole = tile(format!("tile/0/000.p/{size}")).await.unwrap();
    assert_eq!(whole.len() as u64, size * 32);
    assert_eq!(tile("tile/0/000.p/5".to_owned()).await.unwrap(), whole[..160]);
    assert!(tile(format!("tile/0/000.p/{}", size + 1)).await.is_none());
    assert!(tile("tile/0/000".to_owned()).await.is_none() && tile("tile/0/001.p/1".to_owned()).await.is_none());
    assert!(tile(format!("tile/entries/000.p/{size}")).await.is_none());
    let note = custody.checkpoint().await.unwrap();
    assert!(ledger::SignedCheckpoint::open(&note, &custody.ledger_verifier()).is_ok());
}

#[tokio::test]
async fn an_act_that_never_ended_is_closed_as_unknown_once_and_one_that_did_is_left_alone() {
    let filled = filled().await;
    let custody = filled.custody();
    // Uploads whose versions are there are settled.
    assert_eq!(custody.orphans_close().await.unwrap(), 0);
    let granted = custody
        .ask_job::<act::BackupCreate>(crate::ask::Question::house(record::Purpose::Administration))
        .await
        .unwrap();
    let index = granted.witnessed().index;
    // Meanwhile the mark waits for it.
    custody.orphans_mark().await.unwrap();
    assert_eq!(custody.store().meta_fetch("orphans_until").await.unwrap(), Some(index.to_string()));
    assert_eq!(custody.orphans_close().await.unwrap(), 1);
    assert_eq!(custody.orphans_close().await.unwrap(), 0);
    let newest = custody.store().entry_list(&store::EntryFilter::default(), 1).await.unwrap().remove(0);
    let entry = ledger::leaf::decode(&newest.leaf).unwrap().entry;
    assert_eq!((entry.outcome, entry.intent), (Outcome::Unknown, granted.intent().id()));
}

#[tokio::test]
async fn a_house_opened_again_signs_with_the_same_key_and_goes_on() {
    let filled = filled_with(|settings| settings.operator = "Harbor".to_owned()).await;
    let note = filled.signed().await;
    let key = filled.custody().ledger_verifier();
    let settings = filled.custody().settings().clone();
    let closed = closed(filled).await;
    let store = Store::open(StoreOptions { dir: closed.dir.clone(), create: false }).await.unwrap();
    let clock = Arc::clone(&closed.filled.house.clock);
    let root = crate::filled::root();
    let entropy = Arc::new(SeededEntropy::new(3));
    let again = Custody::open(OpenHouse { store, settings, root, clock, entropy }).await.unwrap();
    assert_eq!(again.ledger_verifier().to_string(), key.to_string());
    again.start_settle().await.unwrap();
    let (size, newer) = again.checkpoint_signed().await.unwrap();
    again.checkpoint_keep(size, &newer).await.unwrap();
    let report = verify_dir(again.store(), &key, &[note, newer]).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert!(files(&closed.dir).iter().any(|(path, _)| path.ends_with("lock")));
}
