//! The feed into files and commands: everything at least once, in order, and no name of anybody.

use super::{FeedPlan, FeedSink, FeedWanted};
use crate::filled::{Filled, PLANTED_NAME, PLANTED_TEXT, filled, filled_with};
use crate::testing::{HOUR_MILLIS, MINUTE_MILLIS};
use crate::{CustodyError, FeedFormat};
use record::act;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn places(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["index"].as_u64().unwrap()).collect()
}

/// A house that feeds a file on another volume, as it were.
async fn fed() -> (Filled, PathBuf) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let name = format!("feed-{}-{}", std::process::id(), NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let sink = FeedSink::Append(path.clone());
    let filled = filled_with(|settings| settings.feed = Some(FeedPlan { format: FeedFormat::Json, sink })).await;
    (filled, path)
}

/// Hands over until nothing is new.
async fn all(filled: &Filled) {
    while filled.custody().feed_send().await.unwrap() > 0 {}
}

#[tokio::test]
async fn every_entry_comes_once_in_order_and_names_nobody() {
    let (filled, path) = fed().await;
    all(&filled).await;
    filled.custody().note::<act::HealthShow>("later", "", None, []).await.unwrap();
    all(&filled).await;
    let size = filled.custody().ledger_head().unwrap().size;
    assert_eq!(places(&path), (0..size).collect::<Vec<_>>());
    let text = std::fs::read_to_string(&path).unwrap();
    for never in [PLANTED_NAME, PLANTED_TEXT, "Tessa", "Lakeside", "Nora", "@example.org"] {
        assert!(!text.contains(never), "{never}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn each_line_is_proven_by_the_ledger() {
    let (filled, path) = fed().await;
    all(&filled).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let line: Value = serde_json::from_str(text.lines().nth(5).unwrap()).unwrap();
    let proof = filled.house.desk::<act::LedgerProve>(&filled.first).await.ledger_prove(5).await.unwrap();
    assert_eq!(line["leaf_hash"], proof.leaf_hash.to_string());
    assert_eq!(line["checkpoint"]["origin"], proof.checkpoint.lines().next().unwrap());
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn after_a_crash_the_last_lines_come_again_and_half_a_line_runs_into_none() {
    let (filled, path) = fed().await;
    all(&filled).await;
    let size = filled.custody().ledger_head().unwrap().size;
    // The process died while it appended: half of the last line is there, and the cursor stands before it.
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    let mut tx = filled.custody().store().begin("test").await.unwrap();
    tx.meta_set(super::CURSOR, &(size - 1).to_string()).await.unwrap();
    tx.commit().await.unwrap();
    all(&filled).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let good: Vec<u64> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| line["index"].as_u64().unwrap())
        .collect();
    assert_eq!(good, (0..size).collect::<Vec<_>>(), "whole lines only, none missing");
    assert_eq!(text.lines().count(), good.len() + 1, "the half one stands alone");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_gets_everything_later_and_holds_up_nobody() {
    let outside = crate::testing::TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let (gate, kept) = (outside.path().join("up"), outside.path().join("kept"));
    let command = format!("test -e {} && cat >> {}", gate.display(), kept.display());
    let sink = FeedSink::Command(vec!["sh".to_owned(), "-c".to_owned(), command]);
    let filled = filled_with(|settings| settings.feed = Some(FeedPlan { format: FeedFormat::Json, sink })).await;
    for _ in 0..3 {
        let error = filled.custody().feed_send().await.unwrap_err();
        assert!(error.to_string().contains("did not take"), "{error}");
        filled.custody().note::<act::HealthShow>("work_goes_on", "", None, []).await.unwrap();
    }
    std::fs::write(&gate, b"").unwrap();
    all(&filled).await;
    let size = filled.custody().ledger_head().unwrap().size;
    assert_eq!(places(&kept), (0..size).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_job_is_an_entry_an_hour_and_not_one_a_line() {
    let (filled, path) = fed().await;
    all(&filled).await;
    let before = filled.custody().ledger_head().unwrap().size;
    for _ in 0..10 {
        filled.custody().note::<act::HealthShow>("work", "", None, []).await.unwrap();
        filled.house.later(MINUTE_MILLIS);
        all(&filled).await;
    }
    assert_eq!(filled.custody().ledger_head().unwrap().size, before + 10);
    filled.house.later(HOUR_MILLIS);
    filled.custody().note::<act::HealthShow>("work", "", None, []).await.unwrap();
    all(&filled).await;
    assert_eq!(filled.custody().ledger_head().unwrap().size, before + 12, "the work, and the job's own entry");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_ledger_that_is_shorter_than_what_was_sent_is_said() {
    let (filled, path) = fed().await;
    all(&filled).await;
    let mut tx = filled.custody().store().begin("test").await.unwrap();
    tx.meta_set(super::CURSOR, "1000000").await.unwrap();
    tx.commit().await.unwrap();
    let error = filled.custody().feed_send().await.unwrap_err();
    assert!(error.to_string().contains("rolled back"), "{error}");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn lines_into_a_file_are_for_those_who_may_export_and_overwrite_nothing() {
    let filled = filled().await;
    let out = filled.outside.path().join("lines");
    let wanted = FeedWanted { format: FeedFormat::Json, since: 3, out: out.clone() };
    let typist = filled.house.desk::<act::LedgerExport>(&filled.typist).await;
    assert!(matches!(typist.ledger_feed(&wanted).await, Err(CustodyError::Refused(_))));
    assert!(!out.exists(), "nothing is made for somebody who may not");
    filled.house.step_up(&filled.first).await.unwrap();
    let officer = filled.house.desk::<act::LedgerExport>(&filled.first).await;
    let done = officer.ledger_feed(&wanted).await.unwrap();
    assert_eq!(places(&out), (3..done.next).collect::<Vec<_>>());
    assert!(done.witnessed.index < done.next, "the act itself is among them");
    assert!(officer.ledger_feed(&wanted).await.is_err(), "a file that is there stays as it is");
    let later = FeedWanted { since: 1_000_000, out: filled.outside.path().join("none"), ..wanted };
    assert!(matches!(officer.ledger_feed(&later).await, Err(CustodyError::Input(_))));
}
