//! A scanner that hangs keeps the file out, and texts are read two at a time.

use super::{READERS, Scanner, read_file};
use crate::CustodyError;
use identify::Kind;
use std::time::Duration;

/// Patience of these tests: a scanner that never answers uses all of it.
const PATIENCE: Duration = Duration::from_millis(200);

fn command(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(ToOwned::to_owned).to_vec()
}

fn is_late<T>(done: Result<T, CustodyError>) -> bool {
    matches!(done, Err(CustodyError::File(say)) if say.contains("did not answer in time"))
}

#[tokio::test]
async fn a_scanner_that_hangs_at_the_end_is_not_waited_for_for_ever_and_nothing_comes_in() {
    let mut scanner = Scanner::start(&command("cat >/dev/null; exec sleep 60"), PATIENCE).unwrap();
    scanner.feed(b"All is well.\n").await.unwrap();
    assert!(is_late(scanner.finish().await));
}

#[tokio::test]
async fn a_scanner_that_stops_reading_is_not_waited_for_for_ever_and_nothing_comes_in() {
    let mut scanner = Scanner::start(&command("exec sleep 60"), PATIENCE).unwrap();
    // More than a pipe holds.
    assert!(is_late(scanner.feed(&vec![b'a'; 8 << 20]).await));
}

#[tokio::test]
async fn a_scanner_finds_nothing_of_our_environment_but_what_is_written_down() {
    // Cargo and the tests' runner have put much into our own environment.
    assert!(std::env::vars_os().count() > 6);
    let asked = "test \"$(env | cut -d= -f1 | grep -vxE 'PATH|HOME|LANG|LC_ALL|TZ|PWD|OLDPWD|SHLVL|_' | wc -l)\" = 0";
    let scanner = Scanner::start(&command(asked), Duration::from_secs(60)).unwrap();
    scanner.finish().await.unwrap();
}

#[tokio::test]
async fn an_empty_scanner_takes_nothing_in() {
    assert!(matches!(Scanner::start(&[], PATIENCE).map(drop), Err(CustodyError::Broken(_))));
}

#[tokio::test]
async fn a_third_text_waits_until_one_of_two_was_read() {
    let first = READERS.acquire().await.unwrap();
    let second = READERS.acquire().await.unwrap();
    let bytes = || Some(zeroize::Zeroizing::new(b"All is well.\n".to_vec()));
    let third = tokio::spawn(read_file(Kind::Text(identify::Charset::Utf8), bytes(), "a.txt"));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!third.is_finished(), "it waits");
    drop(first);
    assert_eq!(third.await.unwrap().unwrap().text.as_deref().map(str::trim), Some("All is well."));
    drop(second);
}
