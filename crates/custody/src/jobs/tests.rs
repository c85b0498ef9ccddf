//! What happens without anybody asking: the witness, alerts, the sweeper, summaries, health and the gate's word.

use crate::filled::{filled, filled_with};
use crate::testing::{HOUR_MILLIS, MINUTE_MILLIS, house, house_with};
use crate::{CustodyError, Verdict, WitnessSink, checkpoints_read};
use ledger::SignedCheckpoint;
use record::{AlertId, Entry, Intent, Outcome, Purpose, Resources, UploadId, act};
use store::{EntryFilter, Upload};

fn said(command: &str) -> Option<WitnessSink> {
    Some(WitnessSink::Command(vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()]))
}

/// The line of the alert command's file that tells of `sentence`. The command runs beside the act that alerted, and other
/// alerts of the house may be told before or after.
async fn told_in_time(path: &std::path::Path, sentence: &str) -> String {
    for _ in 0..1000 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        match text.split_inclusive('\n').find(|line| line.ends_with('\n') && line.contains(sentence)) {
            Some(line) => return line.to_owned(),
            None => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
    panic!("the command was not told within ten seconds");
}

#[tokio::test]
async fn a_witness_that_fails_is_an_alert_once_and_gets_the_next_checkpoint_all_the_same() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let (gate, kept) = (outside.path().join("up"), outside.path().join("kept"));
    let command = format!("test -e {} && cat > {}", gate.display(), kept.display());
    let house = house_with(|settings| settings.witness = said(&command)).await;
    let custody = &house.custody;
    for _ in 0..3 {
        let run = custody.witness_send().await.unwrap().unwrap();
        assert!(!run.ok);
        house.later(MINUTE_MILLIS);
    }
    assert_eq!(custody.alert_counts().get("witness_failed"), Some(&1));
    let alerts = custody.store().alert_list().await.unwrap();
    assert!(alerts[0].kind == "witness_failed" && alerts[0].sentence.contains("did not take the checkpoint"));
    std::fs::write(&gate, b"").unwrap();
    let run = custody.witness_send().await.unwrap().unwrap();
    assert!(run.ok);
    let note = std::fs::read_to_string(&kept).unwrap();
    let signed = SignedCheckpoint::open(&note, &custody.ledger_verifier()).unwrap();
    assert_eq!(signed.head().size, run.size);
    assert!(custody.witness_send().await.unwrap().is_none(), "nothing new, nothing sent");
}

#[tokio::test]
async fn checkpoints_are_appended_to_a_file_and_read_back_from_it() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let path = outside.path().join("witness");
    let house = house_with(|settings| settings.witness = Some(WitnessSink::Append(path.clone()))).await;
    let custody = &house.custody;
    for round in 0..3 {
        custody.note::<act::HealthShow>("round", "", None, []).await.unwrap();
        house.later(MINUTE_MILLIS);
        assert!(custody.witness_send().await.unwrap().unwrap().ok, "{round}");
    }
    let notes = checkpoints_read(&std::fs::read_to_string(&path).unwrap());
    let sizes: Vec<u64> = notes
        .iter()
        .map(|note| SignedCheckpoint::open(note, &custody.ledger_verifier()).unwrap().head().size)
        .collect();
    assert_eq!(sizes, [1, 2, 3]);
    let broken = format!("noise\n\n{}\nhalf a note\n", notes[1]);
    let found = checkpoints_read(&broken);
    assert!(found.len() <= 1 || SignedCheckpoint::open(&found[0], &custody.ledger_verifier()).is_err());
}

#[tokio::test]
async fn an_alert_is_in_the_ledger_in_the_list_and_with_the_command_and_is_closed_with_a_word() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let told = outside.path().join("told");
    let argv = ["sh", "-c", &format!("cat >> {}", told.display())].map(ToOwned::to_owned).to_vec();
    let filled = filled_with(|settings| settings.alert_command = Some(argv)).await;
    let custody = filled.custody();
    custody.alert("tried_out", "One sentence\nwith a line break.").await;
    assert!(told_in_time(&told, "One sentence").await.ends_with("tried_out: One sentence with a line break.\n"));
    let desk = filled.house.desk::<act::AlertList>(&filled.first).await;
    let line = desk.alert_list().await.unwrap().lines.into_iter().find(|line| line.kind == "tried_out").unwrap();
    let entry = custody.store().entry_range(line.entry.unwrap(), 1).await.unwrap().remove(0);
    let leaf = ledger::leaf::decode(&entry.leaf).unwrap();
    assert_eq!((leaf.entry.outcome, leaf.entry.why.as_str()), (Outcome::Noted, "tried_out"));
    let close = filled.house.desk::<act::AlertClose>(&filled.second).await;
    assert!(matches!(close.alert_close(line.id, "  ").await, Err(CustodyError::Input(_))));
    assert!(matches!(close.alert_close(AlertId::from_bytes([1; 16]), "x").await, Err(CustodyError::Absent)));
    close.alert_close(line.id, "it was a test").await.unwrap();
    assert!(matches!(close.alert_close(line.id, "again").await, Err(CustodyError::State(_))));
    let typist = filled.house.desk::<act::AlertClose>(&filled.typist).await;
    assert!(matches!(typist.alert_close(line.id, "me").await, Err(CustodyError::Refused(_))));
    let desk = filled.house.desk::<act::AlertList>(&filled.first).await;
    let line = desk.alert_list().await.unwrap().lines.into_iter().find(|line| line.kind == "tried_out").unwrap();
    let closed = line.closed.unwrap();
    assert_eq!((closed.by.as_str(), closed.word.as_str()), ("Second Officer", "it was a test"));
}

#[tokio::test]
async fn an_alert_that_cannot_be_written_is_told_by_the_command_and_waits() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let told = outside.path().join("told");
    let argv = ["sh", "-c", &format!("cat >> {}", told.display())].map(ToOwned::to_owned).to_vec();
    let house = house_with(|settings| settings.alert_command = Some(argv)).await;
    let custody = &house.custody;
    // Neither ledger nor list can be written any more.
    custody.store().close().await;
    custody.alert("closed", "The database is closed.").await;
    told_in_time(&told, "The database is closed.").await;
    assert_eq!((custody.alerts_waiting(), custody.alert_counts().get("closed")), (1, Some(&1)));
    custody.alerts_flush().await;
    assert_eq!(custody.alerts_waiting(), 1, "it waits on");
}

#[tokio::test]
async fn an_alert_that_waited_is_written_once_when_writing_works_again() {
    let house = house().await;
    let custody = &house.custody;
    let alert = store::Alert {
        id: AlertId::mint(custody.clock(), custody.entropy()),
        at: custody.now(),
        kind: "waited".to_owned(),
        sentence: "It waited.".to_owned(),
        closed_at: None,
        closed_by: None,
        word: None,
    };
    let intent = Intent::to::<act::AlertList>(
        custody.clock(),
        custody.entropy(),
        (custody.program(), None),
        None,
        Resources::of([alert.id.into()]),
        Purpose::Administration,
    );
    let entry = Entry::of(&intent, Outcome::Noted, "waited");
    custody.alert_keep(alert, entry).await;
    assert_eq!(custody.alerts_waiting(), 1);
    for _ in 0..2 {
        custody.reserve_replay().await.unwrap();
        custody.alerts_flush().await;
    }
    assert_eq!(custody.alerts_waiting(), 0);
    let kinds: Vec<_> = custody.store().alert_list().await.unwrap().into_iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, ["waited"]);
    assert_eq!(custody.store().entry_list(&EntryFilter::default(), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_that_hangs_is_given_up_and_gets_none_of_our_variables() {
    let argv = |text: &str| ["sh", "-c", text].map(ToOwned::to_owned).to_vec();
    let within = std::time::Duration::from_millis(200);
    let run = |text: &str| {
        let argv = argv(text);
        async move { crate::alerts::hand_over(&argv, "x", within).await }
    };
    assert!(run("exit 0").await.is_ok() && run("exit 3").await.is_err());
    assert_eq!(run("sleep 30").await, Err(crate::alerts::CommandError::Late));
    assert_eq!(crate::alerts::hand_over(&[], "x", within).await, Err(crate::alerts::CommandError::Empty));
    let long = "y".repeat(1_000_000);
    assert!(crate::alerts::hand_over(&argv("exit 0"), &long, within).await.is_ok(), "input that nobody reads");
}

#[tokio::test]
async fn stale_uploads_are_swept_and_live_ones_are_not() {
    let filled = filled().await;
    let custody = filled.custody();
    let store = custody.store();
    let mint = || {
        (UploadId::mint(custody.clock(), custody.entropy()), record::ObjectId::mint(custody.clock(), custody.entropy()))
    };
    let mut begun = Vec::new();
    for _ in 0..2 {
        let (id, object) = mint();
        let mut writer = store.objects().create(object).await.unwrap();
        writer.write(b"ciphertext").await.unwrap();
        writer.finish().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        let (customer, person) = (filled.clinic, filled.typist.person);
        tx.upload_insert(&Upload {
            id,
            customer,
            person: record::Principal::Person(person),
            objects: vec![object],
            started_at: custody.now(),
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
        begun.push((id, object));
    }
    assert_eq!(custody.upload_sweep().await.unwrap(), 0);
    filled.house.later(2 * HOUR_MILLIS);
    let mut tx = store.begin("a sign of life").await.unwrap();
    assert_eq!(tx.upload_touch(begun[1].0, custody.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let before = store.objects().list().await.unwrap().len();
    assert_eq!(custody.upload_sweep().await.unwrap(), 1);
    assert_eq!(store.objects().list().await.unwrap().len(), before - 1);
    assert!(store.objects().size_bytes(begun[0].1).await.unwrap().is_none());
    assert!(store.objects().size_bytes(begun[1].1).await.unwrap().is_some());
    let mut tx = store.begin("commit after the sweep").await.unwrap();
    assert_eq!(tx.upload_commit(begun[0].0, custody.now()).await.unwrap(), 0, "what was swept is never acknowledged");
}

#[tokio::test]
async fn refusals_that_were_only_counted_become_one_entry() {
    let house = house().await;
    let nobody = house.stranger::<act::LedgerList>();
    for _ in 0..25 {
        assert!(nobody.ledger_list(&crate::LedgerFilter::default(), None).await.is_err());
    }
    let written = || async { house.custody.store().entry_list(&EntryFilter::default(), 100).await.unwrap() };
    assert_eq!(written().await.len(), 1, "one stands for all");
    house.custody.refusals_summary().await;
    house.custody.refusals_summary().await;
    let entries = written().await;
    assert_eq!(entries.len(), 2);
    let leaf = ledger::leaf::decode(&entries[0].leaf).unwrap();
    assert_eq!(leaf.entry.why, "refusals_counted");
    let words = house.custody.words_open(&leaf.entry, &leaf.sealed_body).unwrap();
    assert!(words.starts_with("24 more refusals"), "{words}");
}

#[tokio::test]
async fn jobs_stop_when_they_are_told_and_hand_the_last_checkpoint_over() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let path = outside.path().join("witness");
    let house = house_with(|settings| settings.witness = Some(WitnessSink::Append(path.clone()))).await;
    house.custody.start_settle().await.unwrap();
    let jobs = house.custody.clone().jobs_start();
    house.custody.note::<act::HealthShow>("last", "", None, []).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(60), jobs.stop()).await.unwrap();
    let notes = checkpoints_read(&std::fs::read_to_string(&path).unwrap());
    let last = SignedCheckpoint::open(notes.last().unwrap(), &house.custody.ledger_verifier()).unwrap();
    assert_eq!(last.head().size, house.custody.ledger_head().unwrap().size);
    let mark = house.custody.store().meta_fetch("orphans_until").await.unwrap();
    assert_eq!(mark, Some(last.head().size.to_string()));
}

#[tokio::test]
async fn health_says_what_is_missing_and_then_that_it_is_there() {
    let filled = filled().await;
    let custody = filled.custody();
    let verdict = |health: &crate::Health, name: &str| {
        health.lines.iter().find(|line| line.name == name).map(|line| line.verdict)
    };
    let health = custody.health().await.unwrap();
    assert_eq!(health.verdict(), Verdict::Bad);
    assert_eq!(verdict(&health, "Last backup"), Some(Verdict::Bad));
    assert_eq!(verdict(&health, "Witness"), Some(Verdict::Bad));
    assert!(health.lines.is_sorted_by(|one, other| one.verdict >= other.verdict), "worst first");
    custody.backup_create(&filled.backup()).await.unwrap();
    custody.gate_closed_keep("a door stood open").await.unwrap();
    let health = custody.health().await.unwrap();
    assert_eq!(verdict(&health, "Last backup"), Some(Verdict::Good));
    assert_eq!(verdict(&health, "Gate"), Some(Verdict::Bad));
    filled.house.later(27 * HOUR_MILLIS);
    let health = custody.health().await.unwrap();
    assert_eq!(verdict(&health, "Last backup"), Some(Verdict::Late));
    let typist = filled.house.stranger::<act::HealthShow>();
    assert!(matches!(typist.health().await, Err(CustodyError::Refused(_))));
}

#[tokio::test]
async fn the_gate_opens_by_an_officers_act_and_only_after_a_walk_that_passed() {
    let filled = filled().await;
    let custody = filled.custody();
    custody.gate_closed_keep("a door stood open").await.unwrap();
    let desk = filled.house.desk::<act::GateReopen>(&filled.first).await;
    assert!(matches!(desk.gate_reopen().await, Err(CustodyError::State(_))));
    custody.probe_keep(false, "GET /people answered a stranger").await.unwrap();
    assert!(matches!(desk.gate_reopen().await, Err(CustodyError::State(_))));
    filled.house.later(MINUTE_MILLIS);
    custody.probe_keep(true, "74 routes, all locked").await.unwrap();
    desk.gate_reopen().await.unwrap();
    assert_eq!(custody.gate_closed_reason().await.unwrap(), None);
}

#[tokio::test]
async fn a_customer_can_keep_a_line_that_holds_us_to_the_ledger() {
    let filled = filled().await;
    let desk = filled.house.desk::<act::CustomerShow>(&filled.first).await;
    let kept = desk.customer_checkpoint(filled.clinic).await.unwrap();
    let signed = SignedCheckpoint::open(&kept.note, &filled.custody().ledger_verifier()).unwrap();
    assert_eq!(signed.head().size, kept.size);
    assert!(kept.entry.unwrap() < kept.size);
    assert_eq!(kept.to_string().split(' ').count(), 4);
    let typist = filled.house.stranger::<act::CustomerShow>();
    assert!(typist.customer_checkpoint(filled.clinic).await.is_err());
}

#[tokio::test]
async fn a_planned_backup_is_made_when_it_is_due_and_tried_again_sooner_when_it_failed() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let plan = crate::BackupPlan {
        to: outside.path().join("backup"),
        epoch_escrow: Some(outside.path().join("escrow")),
        every_hours: 12,
    };
    let filled = crate::filled::filled_with(move |settings| settings.backup = Some(plan)).await;
    let custody = filled.custody();
    assert!(custody.backup_when_due().await.unwrap() && !custody.backup_when_due().await.unwrap());
    let verified = crate::backup_verify(&outside.path().join("backup"), None, None).await.unwrap();
    assert!(verified.problems.is_empty(), "{:?}", verified.problems);
    filled.house.later(11 * HOUR_MILLIS);
    assert!(!custody.backup_when_due().await.unwrap());
    // A set in which an object is damaged is a set: the next one is due when it would be, and not each hour.
    let version = &custody.store().version_list(filled.documents[0]).await.unwrap()[0];
    let object = filled.dir().join("objects").join(store::Objects::relative_path(version.original_object));
    let whole = std::fs::read(&object).unwrap();
    std::fs::write(&object, &whole[..whole.len() - 1]).unwrap();
    std::fs::remove_dir_all(outside.path().join("backup")).unwrap();
    filled.house.later(HOUR_MILLIS);
    assert!(custody.backup_when_due().await.unwrap());
    assert_eq!(custody.alert_counts().get("backup_failed"), Some(&1));
    std::fs::write(&object, whole).unwrap();
    filled.house.later(11 * HOUR_MILLIS);
    assert!(!custody.backup_when_due().await.unwrap());
    // The place is away: it fails, is an alert, and is due again after an hour.
    std::fs::remove_dir_all(outside.path().join("backup")).unwrap();
    std::fs::write(outside.path().join("backup"), b"in the way").unwrap();
    filled.house.later(2 * HOUR_MILLIS);
    assert!(custody.backup_when_due().await.unwrap());
    assert_eq!(custody.alert_counts().get("backup_failed"), Some(&2));
    assert!(!custody.backup_when_due().await.unwrap());
    filled.house.later(HOUR_MILLIS);
    std::fs::remove_file(outside.path().join("backup")).unwrap();
    assert!(custody.backup_when_due().await.unwrap());
    assert!(!custody.backup_when_due().await.unwrap());
}

#[tokio::test]
async fn the_alert_command_finds_nothing_of_our_environment_but_what_is_written_down() {
    assert!(std::env::vars_os().count() > 6, "the runner of tests has put much into ours");
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let told = outside.path().join("told");
    let argv = ["sh", "-c", &format!("(env; echo TOLD=1) > {0}.part; mv {0}.part {0}", told.display())]
        .map(ToOwned::to_owned)
        .to_vec();
    let house = house_with(|settings| settings.alert_command = Some(argv)).await;
    house.custody.alert("tried_out", "A sentence.").await;
    told_in_time(&told, "TOLD=1").await;
    let found = std::fs::read_to_string(&told).unwrap();
    for line in found.lines() {
        let name = line.split('=').next().unwrap_or_default();
        // The last ones are the shell's and the test's own.
        let known = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "PWD", "OLDPWD", "SHLVL", "_", "TOLD"];
        assert!(known.contains(&name), "{name}");
    }
}
