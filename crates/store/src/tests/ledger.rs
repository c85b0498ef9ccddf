//! The ledger over the real database: receipts, rivals, failures, and a process that is killed at any moment.

use super::{NOW, TempDir, customer, document_id, person};
use crate::{EntryFilter, LedgerLog, Store, StoreError, Walk};
use ledger::leaf::{bundle, decode};
use ledger::{
    CommitError, Committed, Draft, DurableLog as _, Head, Part, Signer, TileSet, commit, export, sign_head,
    verify_export,
};
use record::{
    Act, Action, CustomerId, Entry, Intent, IntentId, ManualClock, Outcome, Principal, Purpose, ResourceId, Resources,
    SystemEntropy, act,
};
use sqlx::Executor as _;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

fn signer() -> Signer {
    Signer::from_seed("store.example/ledger", [9; 32].into()).unwrap()
}

fn entry<A: Act>(who: u8, whose: Option<CustomerId>, things: &[ResourceId], outcome: Outcome, at: i64) -> Entry {
    let clock = ManualClock::at_unix_millis(NOW.unix_millis() + at);
    let resources = Resources::of(things.iter().copied());
    let who = (Principal::Person(person(who)), None);
    Entry::of(&Intent::to::<A>(&clock, &SystemEntropy, who, whose, resources, Purpose::Treatment), outcome, "")
}

fn draft(n: u8) -> Draft {
    let thing = document_id(n).into();
    let entry =
        entry::<act::DocumentRead>(n % 3, Some(customer(1 + n % 2)), &[thing], Outcome::Permitted, i64::from(n));
    Draft { entry, sealed_body: vec![n; 20] }
}

/// As a busy sequencer does: a rival that is always a moment faster is no failure, only a reason to try again.
async fn commit_among_rivals(drafts: impl Fn() -> Vec<Draft>, log: &LedgerLog, signer: &Signer) -> Committed {
    loop {
        match commit(drafts(), log, signer, &SystemEntropy).await {
            Err(CommitError::Contended) => {}
            done => return done.unwrap(),
        }
    }
}

async fn begun(dir: &TempDir) -> Store {
    let store = dir.open().await;
    let mut tx = store.begin("begin the ledger").await.unwrap();
    tx.ledger_begin().await.unwrap();
    tx.commit().await.unwrap();
    store
}

/// The whole ledger as an outsider verifies it, against checkpoints that were kept elsewhere.
async fn verifies(store: &Store, trusted: &[&str]) {
    let (signer, log) = (signer(), LedgerLog::new(store.clone()));
    let head = log.head().await.unwrap();
    let newest = sign_head(&log, &signer).await.unwrap().to_string();
    let leaves = store.entry_range(0, u32::MAX).await.unwrap();
    assert_eq!(leaves.len() as u64, head.size);
    assert!(leaves.iter().zip(0..).all(|(leaf, index)| leaf.index == index), "no gap");
    let tiles: TileSet = store.tile_list().await.unwrap().into_iter().collect();
    let mut bytes = export::start("store.example/ledger", head.size);
    bytes.extend(export::checkpoint(&newest));
    for part in export::plan(head.size) {
        let content = match part {
            Part::Tile { id, width } => tiles.tile(id).unwrap().prefix(width).unwrap().to_bytes(),
            Part::Entries { index, width } => {
                let from = usize::try_from(index * 256).unwrap();
                bundle(leaves[from..from + usize::from(width)].iter().map(|leaf| leaf.leaf.as_slice())).unwrap()
            }
        };
        bytes.extend(export::part(&part, &content));
    }
    bytes.extend(export::end(head.size));
    let report = verify_export(bytes.as_slice(), &signer.verifier(), trusted).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[tokio::test]
async fn receipts_are_in_order_and_what_is_written_verifies() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let mut next = 0_u64;
    let mut notes = Vec::new();
    // Sizes that end before, at and behind the edges of tiles.
    for many in [1, 1, 3, 250, 1, 1, 255, 256, 2, 130] {
        let drafts: Vec<Draft> = (0..many).map(|n: u32| draft(n as u8)).collect();
        let intents: Vec<IntentId> = drafts.iter().map(|draft| draft.entry.intent).collect();
        let committed = commit(drafts, &log, &signer, &SystemEntropy).await.unwrap();
        for (receipt, intent) in committed.receipts.iter().zip(intents) {
            assert_eq!((receipt.index(), receipt.intent()), (next, intent));
            next += 1;
        }
        notes.push(committed.checkpoint.to_string());
    }
    assert_eq!(store.ledger_size().await.unwrap(), next);
    let trusted: Vec<&str> = notes.iter().map(String::as_str).collect();
    verifies(&store, &trusted).await;
    // Tiles were put over narrower ones of the same place.
    let tiles = store.tile_list().await.unwrap();
    assert_eq!(tiles.iter().filter(|tile| tile.id().level == 0).count() as u64, next.div_ceil(256));
    store.close().await;
    drop((store, log));
    verifies(&dir.open().await, &trusted).await;
}

#[tokio::test]
async fn entries_are_found_by_what_their_headers_say() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let twice: ResourceId = document_id(77).into();
    let mut entries: Vec<Entry> = (0..60).map(|n| draft(n).entry).collect();
    entries.push(entry::<act::DocumentList>(
        5,
        Some(customer(2)),
        &[twice, document_id(3).into()],
        Outcome::Refused,
        500,
    ));
    entries.push(entry::<act::LedgerList>(5, None, &[], Outcome::Permitted, 501));
    entries.push(entry::<act::DocumentPrint>(6, Some(customer(1)), &[twice], Outcome::Done, 502));
    let drafts = entries.iter().map(|entry| Draft { entry: entry.clone(), sealed_body: Vec::new() }).collect();
    let _ = commit(drafts, &log, &signer, &SystemEntropy).await.unwrap();
    let all = EntryFilter::default();
    let filters = [
        all.clone(),
        EntryFilter { principal: Some(person(2).to_string()), ..all.clone() },
        EntryFilter { customer: Some(customer(1)), ..all.clone() },
        EntryFilter { resource: Some(twice), ..all.clone() },
        EntryFilter { resource: Some(document_id(3).into()), customer: Some(customer(2)), ..all.clone() },
        EntryFilter { actions: vec!["document.list".into(), "ledger.list".into()], ..all.clone() },
        EntryFilter { outcomes: vec!["refused".into(), "done".into()], ..all.clone() },
        EntryFilter { from: Some(NOW.plus_millis(40)), before: Some(50), ..all.clone() },
        EntryFilter { actions: vec!["no.such".into()], ..all.clone() },
    ];
    for filter in filters {
        let of = |index: &u64| wanted(&filter, *index, &entries[*index as usize]);
        let expected: Vec<u64> = (0..entries.len() as u64).rev().filter(of).collect();
        let found = store.entry_list(&filter, 1000).await.unwrap();
        assert_eq!(found.iter().map(|one| one.index).collect::<Vec<_>>(), expected, "{filter:?}");
        for one in &found {
            assert_eq!(decode(&one.leaf).unwrap().entry.intent, entries[one.index as usize].intent);
        }
        let few = store.entry_list(&filter, 2).await.unwrap();
        assert_eq!(few.len(), expected.len().min(2), "{filter:?}");
    }
}

fn wanted(filter: &EntryFilter, index: u64, entry: &Entry) -> bool {
    let among = |words: &[String], word: &str| words.is_empty() || words.iter().any(|one| one == word);
    filter.principal.as_ref().is_none_or(|one| *one == entry.principal.to_string())
        && filter.customer.is_none_or(|one| Some(one) == entry.customer)
        && filter.resource.is_none_or(|one| entry.resources.as_slice().contains(&one))
        && among(&filter.actions, entry.action.as_str())
        && among(&filter.outcomes, entry.outcome.as_str())
        && filter.from.is_none_or(|from| entry.at >= from)
        && filter.before.is_none_or(|before| index < before)
}

#[tokio::test]
async fn a_walk_passes_so_many_rows_and_no_more_and_misses_nothing() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let _ = commit((0..60).map(draft).collect(), &log, &signer, &SystemEntropy).await.unwrap();
    let all = Walk {
        customer: customer(1),
        about: None,
        before: None,
        actions: None,
        outcomes: None,
        from: None,
        until: None,
    };
    for (walk, wanted) in [
        (all.clone(), (0..60).rev().filter(|n| n % 2 == 0).collect::<Vec<u64>>()),
        (Walk { customer: customer(3), ..all.clone() }, vec![]),
        (Walk { about: Some(document_id(8).into()), ..all.clone() }, vec![8]),
        (Walk { about: Some(document_id(9).into()), ..all.clone() }, vec![]),
        (Walk { actions: Some(vec![Action::DocumentList]), ..all.clone() }, vec![]),
        (Walk { actions: Some(vec![]), ..all.clone() }, vec![]),
        (Walk { outcomes: Some(vec![Outcome::Permitted]), before: Some(5), ..all.clone() }, vec![4, 2, 0]),
        (Walk { from: Some(NOW.plus_millis(10)), until: Some(NOW.plus_millis(15)), ..all.clone() }, vec![14, 12, 10]),
    ] {
        let (mut seen, mut next) = (Vec::new(), walk);
        loop {
            let passed = store.entry_walk(&next, 7).await.unwrap();
            assert!(passed.len() <= 7);
            seen.extend(passed.iter().filter(|one| one.wanted).map(|one| one.index));
            assert!(passed.iter().all(|one| one.at == NOW.plus_millis(i64::try_from(one.index).unwrap())));
            match passed.last() {
                Some(last) if passed.len() == 7 => next.before = Some(last.index),
                _ => break,
            }
        }
        assert_eq!(seen, wanted, "{next:?}");
        let found = store.entry_fetch_many(&seen).await.unwrap();
        assert_eq!(found.into_iter().map(|one| one.index).collect::<Vec<_>>(), wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rivals_on_one_database_never_contradict_each_other() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let rival = |from: u8| {
        // Two handles with a signer each, as two processes would have.
        let (log, store) = (LedgerLog::new(store.clone()), store.clone());
        tokio::spawn(async move {
            let _store = store;
            let signer = signer();
            let (mut indices, mut notes) = (Vec::new(), Vec::new());
            for n in 0..40_u8 {
                let drafts = || (0..1 + n % 4).map(|more| draft(from + n + more)).collect();
                let committed = commit_among_rivals(drafts, &log, &signer).await;
                indices.extend(committed.receipts.iter().map(ledger::Receipt::index));
                notes.push(committed.checkpoint.to_string());
            }
            (indices, notes)
        })
    };
    let (one, other) = (rival(0), rival(100));
    let ((one, mut notes), (other, more)) = (one.await.unwrap(), other.await.unwrap());
    let both: BTreeSet<u64> = one.iter().chain(&other).copied().collect();
    assert_eq!(both.len(), one.len() + other.len(), "no index was given twice");
    assert_eq!(both, (0..both.len() as u64).collect(), "and none was left out");
    notes.extend(more);
    verifies(&store, &notes.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_head_that_a_rival_moved_is_not_written_over() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (mine, other, signer) = (LedgerLog::new(store.clone()), LedgerLog::new(store.clone()), signer());
    for n in 0..6 {
        let log = if n % 2 == 0 { &mine } else { &other };
        let _ = commit(vec![draft(n)], log, &signer, &SystemEntropy).await.unwrap();
        // What this handle remembers of its last append is worth nothing once the other has written.
        assert_eq!(mine.head().await.unwrap(), other.head().await.unwrap());
    }
    // A sequencer that was stopped after it had prepared, and goes on behind a rival's back.
    let stale = mine.head().await.unwrap();
    let _ = commit(vec![draft(50)], &other, &signer, &SystemEntropy).await.unwrap();
    let sql = "UPDATE ledger_head SET size = size WHERE ledger = 'main' AND size = $1";
    let row = sqlx::query(sql).bind(stale.size as i64).execute(&mut *store.writer().await).await.unwrap();
    assert_eq!(row.rows_affected(), 0);
    let _ = commit(vec![draft(51)], &mine, &signer, &SystemEntropy).await.unwrap();
    verifies(&store, &[]).await;
}

/// Nothing of it is there.
async fn untouched(store: &Store, head: Head) {
    let log = LedgerLog::new(store.clone());
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(store.entry_range(head.size, 10).await.unwrap().len(), 0);
    assert_eq!(store.touches_count(u64::MAX).await.unwrap(), head.size);
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_and_opens_nothing_until_there_is_room() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let _ = commit((0..10).map(draft).collect(), &log, &signer, &SystemEntropy).await.unwrap();
    let head = log.head().await.unwrap();
    store.writer().await.execute("PRAGMA max_page_count = 1").await.unwrap();
    for round in 0..3 {
        let drafts = (0..200).map(draft).collect();
        let refused = commit(drafts, &log, &signer, &SystemEntropy).await;
        assert!(matches!(refused, Err(CommitError::Append(_))), "{round}");
        untouched(&store, head).await;
    }
    store.writer().await.execute("PRAGMA max_page_count = 1000000").await.unwrap();
    let committed = commit((0..200).map(draft).collect(), &log, &signer, &SystemEntropy).await.unwrap();
    assert_eq!(committed.receipts[0].index(), 10);
    verifies(&store, &[]).await;
}

#[tokio::test]
async fn a_locked_database_gives_no_receipts_and_goes_on_when_it_is_free() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let _ = commit(vec![draft(1)], &log, &signer, &SystemEntropy).await.unwrap();
    let head = log.head().await.unwrap();
    let options = crate::dialect::sqlite(&dir.0.join("strongroom.db"));
    let other = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let holding = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(matches!(commit(vec![draft(2)], &log, &signer, &SystemEntropy).await, Err(CommitError::Append(_))));
    untouched(&store, head).await;
    holding.rollback().await.unwrap();
    assert_eq!(commit(vec![draft(3)], &log, &signer, &SystemEntropy).await.unwrap().receipts[0].index(), 1);
    verifies(&store, &[]).await;
}

#[tokio::test]
async fn a_commit_that_failed_shuts_the_ledger_until_the_store_is_opened_anew() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let (log, signer) = (LedgerLog::new(store.clone()), signer());
    let note = commit(vec![draft(1)], &log, &signer, &SystemEntropy).await.unwrap().checkpoint.to_string();
    // A foreign key that is looked at when the transaction commits, so that it is the commit itself that fails.
    for sql in [
        "CREATE TABLE above (id BIGINT PRIMARY KEY)",
        "CREATE TABLE below (id BIGINT REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER break_the_commit AFTER INSERT ON ledger_entry BEGIN INSERT INTO below VALUES (404); END",
    ] {
        store.writer().await.execute(sql).await.unwrap();
    }
    assert!(matches!(commit(vec![draft(2)], &log, &signer, &SystemEntropy).await, Err(CommitError::Append(_))));
    store.writer().await.execute("DROP TRIGGER break_the_commit").await.unwrap();
    // Another handle of the same store knows it, too.
    let other = LedgerLog::new(store.clone());
    for log in [&log, &other] {
        assert!(matches!(log.head().await, Err(StoreError::FlushFailed)));
        assert!(matches!(log.tiles(&[]).await, Err(StoreError::FlushFailed)));
        assert!(matches!(commit(vec![draft(3)], log, &signer, &SystemEntropy).await, Err(CommitError::Read(_))));
    }
    assert_eq!(store.entry_range(0, 10).await.unwrap().len(), 1, "nothing of it was written");
    store.close().await;
    drop((store, log, other));
    let store = dir.open().await;
    verifies(&store, &[&note]).await;
    let log = LedgerLog::new(store.clone());
    assert_eq!(commit(vec![draft(4)], &log, &signer, &SystemEntropy).await.unwrap().receipts[0].index(), 1);
}

#[tokio::test]
async fn a_failed_commit_of_anything_else_shuts_the_ledger_as_well() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    let log = LedgerLog::new(store.clone());
    for sql in [
        "CREATE TABLE above (id BIGINT PRIMARY KEY)",
        "CREATE TABLE below (id BIGINT REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER break_the_commit AFTER INSERT ON meta BEGIN INSERT INTO below VALUES (404); END",
    ] {
        store.writer().await.execute(sql).await.unwrap();
    }
    let mut tx = store.begin("test").await.unwrap();
    tx.meta_set("a", "b").await.unwrap();
    assert!(tx.commit().await.is_err());
    assert!(matches!(log.head().await, Err(StoreError::FlushFailed)));
    assert_eq!(store.meta_fetch("a").await.unwrap(), None);
}

const CHILD: &str = "STRONGROOM_STORE_KILLED_CHILD";

/// The process that is killed: two rivals append in a loop, and say each index as soon as it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let store = Store::open(crate::StoreOptions { dir: dir.into(), create: false }).await.unwrap();
    let rivals: Vec<_> = [0_u8, 128]
        .into_iter()
        .map(|from| {
            let log = LedgerLog::new(store.clone());
            tokio::spawn(async move {
                let signer = signer();
                for n in 0..=u8::MAX {
                    let drafts = || (0..1 + n % 7).map(|more| draft(from.wrapping_add(n).wrapping_add(more))).collect();
                    let committed = commit_among_rivals(drafts, &log, &signer).await;
                    let mut said = String::new();
                    for receipt in &committed.receipts {
                        said.push_str(&format!("receipt {} {}\n", receipt.index(), receipt.intent()));
                    }
                    let note = committed.checkpoint.to_string();
                    said.push_str(&format!("checkpoint {}\n", data_encoding::BASE64.encode(note.as_bytes())));
                    std::io::stdout().lock().write_all(said.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    for one in rivals {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_before_a_kill_is_there_after_it() {
    let dir = TempDir::new();
    let store = begun(&dir).await;
    store.close().await;
    drop(store);
    let mut acknowledged: Vec<(u64, IntentId)> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    let mut dice = 0x5eed_u64;
    for kill in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::ledger::killed_child", "--nocapture"])
            .env(CHILD, &dir.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lines = 1 + (dice >> 33) % 120;
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let (mut text, mut said) = (String::new(), 0);
        while reader.read_line(&mut text).unwrap() > 0 {
            // SIGKILL at whatever moment the child has reached meanwhile; what it still says is read to the end.
            said += u64::from(text.starts_with("receipt"));
            if said == lines {
                child.kill().unwrap();
            }
            let whole = text.ends_with('\n');
            match text.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["receipt", index, intent] if whole => {
                    acknowledged.push((index.parse().unwrap(), intent.parse().unwrap()));
                }
                ["checkpoint", note] if whole => {
                    notes.push(String::from_utf8(data_encoding::BASE64.decode(note.as_bytes()).unwrap()).unwrap());
                }
                _ => {}
            }
            text.clear();
        }
        assert!(!child.wait().unwrap().success() && said >= lines, "kill {kill}: {said} of {lines}");
        let store = dir.open().await;
        let leaves = store.entry_range(0, u32::MAX).await.unwrap();
        for (index, intent) in &acknowledged {
            let leaf = leaves.get(*index as usize).unwrap_or_else(|| panic!("entry {index} is missing"));
            assert_eq!(decode(&leaf.leaf).unwrap().entry.intent, *intent, "entry {index}");
        }
        verifies(&store, &notes.iter().map(String::as_str).collect::<Vec<_>>()).await;
        store.close().await;
    }
    let different: BTreeSet<u64> = acknowledged.iter().map(|(index, _)| *index).collect();
    assert_eq!(different.len(), acknowledged.len(), "no index was acknowledged twice");
}
