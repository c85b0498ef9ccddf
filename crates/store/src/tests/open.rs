//! How the folder and the database are opened: alone, closed to others, durable, and whole again after a full disk.

use super::{TempDir, a_customer, customer, store};
use crate::{Store, StoreError, StoreOptions};
use sqlx::{Executor as _, Row as _};
use std::os::unix::fs::PermissionsExt as _;

async fn number(connection: &mut sqlx::SqliteConnection, pragma: &'static str) -> String {
    let row = connection.fetch_one(pragma).await.unwrap();
    row.try_get::<i64, _>(0).map(|value| value.to_string()).or_else(|_| row.try_get::<String, _>(0)).unwrap()
}

#[tokio::test]
async fn every_connection_is_durable_overwrites_what_it_deletes_and_readers_only_read() {
    let (_dir, store) = store().await;
    for (mut lane, query_only) in [(store.writer().await, "0"), (store.reader().await, "1")] {
        for (pragma, expected) in [
            ("PRAGMA journal_mode", "wal"),
            // 2 is FULL.
            ("PRAGMA synchronous", "2"),
            ("PRAGMA secure_delete", "1"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA trusted_schema", "0"),
            ("PRAGMA cell_size_check", "1"),
            ("PRAGMA query_only", query_only),
        ] {
            assert_eq!(number(&mut lane, pragma).await, expected, "{pragma}");
        }
    }
    assert!(store.reader().await.execute("DELETE FROM customer").await.is_err());
}

#[tokio::test]
async fn a_second_opening_of_the_same_folder_is_told_that_it_is_locked() {
    let (dir, first) = store().await;
    let again = || Store::open(StoreOptions { dir: dir.0.clone(), create: false });
    assert!(matches!(again().await, Err(StoreError::Locked)));
    let clone = first.clone();
    drop(first);
    assert!(matches!(again().await, Err(StoreError::Locked)), "a clone still has it");
    clone.close().await;
    drop(clone);
    again().await.unwrap();
}

#[tokio::test]
async fn a_folder_without_a_strongroom_is_not_made_into_one_unasked() {
    let dir = TempDir::new();
    let opened = Store::open(StoreOptions { dir: dir.0.clone(), create: false }).await;
    assert!(matches!(opened, Err(StoreError::Folder(_))));
    assert!(!dir.0.exists());
}

#[tokio::test]
async fn a_folder_that_others_may_enter_is_refused_and_an_empty_one_is_closed() {
    let dir = TempDir::new();
    std::fs::create_dir(&dir.0).unwrap();
    let open_to = |mode: u32| std::fs::set_permissions(&dir.0, std::fs::Permissions::from_mode(mode)).unwrap();
    open_to(0o755);
    let store = dir.open().await;
    assert_eq!(std::fs::metadata(&dir.0).unwrap().permissions().mode() & 0o777, 0o700);
    store.close().await;
    drop(store);
    for mode in [0o750, 0o701, 0o777] {
        open_to(mode);
        let opened = Store::open(StoreOptions { dir: dir.0.clone(), create: true }).await;
        assert!(matches!(opened, Err(StoreError::Folder(_))), "{mode:o}");
    }
    open_to(0o700);
    dir.open().await;
}

#[tokio::test]
async fn no_file_is_open_to_others_while_the_database_is_in_use() {
    let (dir, store) = store().await;
    let mut tx = store.begin("test").await.unwrap();
    tx.customer_insert(&a_customer(customer(1))).await.unwrap();
    tx.commit().await.unwrap();
    let copy = dir.0.join("copy.db");
    store.copy_database(&copy).await.unwrap();
    for name in ["strongroom.db", "strongroom.db-wal", "strongroom.db-shm", "lock", "copy.db"] {
        let mode = std::fs::metadata(dir.0.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name} has mode {mode:o}");
    }
    assert!(store.copy_database(&copy).await.is_err(), "a copy is never written over another");
}

#[tokio::test]
async fn a_copy_does_not_keep_the_ledger_from_writing() {
    let (dir, store) = store().await;
    // A transaction holds the only writer, and still the copy is made.
    let mut tx = store.begin("test").await.unwrap();
    tx.customer_insert(&a_customer(customer(1))).await.unwrap();
    store.copy_database(&dir.0.join("copy.db")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.customer_fetch(customer(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_deleted_is_nowhere_in_the_files() {
    let (dir, store) = store().await;
    let secret = "a-wrapped-key-that-must-not-come-back";
    let bytes_with_it = || {
        let read = |name: &str| std::fs::read(dir.0.join(name)).unwrap_or_default();
        let files = [read("strongroom.db"), read("strongroom.db-wal")];
        files.iter().filter(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes())).count()
    };
    let mut tx = store.begin("test").await.unwrap();
    tx.meta_set("key", secret).await.unwrap();
    tx.commit().await.unwrap();
    assert!(bytes_with_it() > 0, "the control is found");
    let mut tx = store.begin("test").await.unwrap();
    tx.meta_remove("key").await.unwrap();
    tx.commit().await.unwrap();
    store.flush_surely().await.unwrap();
    assert_eq!(bytes_with_it(), 0);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_and_the_next_one_begins_clean() {
    let (_dir, store) = store().await;
    for n in 0..20 {
        let mut tx = store.begin("test").await.unwrap();
        tx.customer_insert(&a_customer(customer(n))).await.unwrap();
        drop(tx);
    }
    assert!(store.customer_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_disk_fails_what_is_written_then_and_heals_without_a_restart() {
    let (_dir, store) = store().await;
    let pages: i64 = number(&mut *store.writer().await, "PRAGMA page_count").await.parse().unwrap();
    let limit = format!("PRAGMA max_page_count = {}", pages + 2);
    let full = async || store.writer().await.execute(sqlx::AssertSqlSafe(limit.clone())).await.unwrap();
    let write = async |n: u8, bytes: usize| {
        let mut tx = store.begin("test").await?;
        tx.customer_insert(&a_customer(customer(n))).await?;
        tx.meta_set("filler", &"x".repeat(bytes)).await?;
        tx.commit().await
    };
    for n in 0..5 {
        // The engine gives the transaction up by itself, the connection is replaced, and the new one has no limit yet.
        full().await;
        assert!(write(n, 100_000).await.is_err(), "{n}");
        assert!(store.customer_list().await.unwrap().is_empty(), "the first half of it is not there either");
    }
    store.writer().await.execute("PRAGMA max_page_count = 1000000").await.unwrap();
    write(9, 100_000).await.unwrap();
    assert_eq!(store.customer_list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_never_says_what_was_being_stored() {
    let (_dir, store) = store().await;
    let mut one = a_customer(customer(1));
    one.name = "Jane Q. Roe".to_owned();
    let mut tx = store.begin("keep a customer").await.unwrap();
    tx.customer_insert(&one).await.unwrap();
    let error = tx.customer_insert(&one).await.unwrap_err();
    let mut said = format!("{error} {error:?}");
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(cause) = source {
        said.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    assert!(!said.contains("Jane") && !said.contains("Roe") && said.contains("keep a customer"), "{said}");
}
