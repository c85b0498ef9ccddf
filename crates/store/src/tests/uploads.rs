//! The sweeper and the commit of an upload: exactly one of them wins.

use super::{NOW, TempDir, customer, peopled, person};
use crate::{Store, StoreError, Upload};
use record::{ObjectId, Timestamp, UploadId};
use sqlx::Executor as _;

fn upload(n: u8) -> Upload {
    Upload {
        id: UploadId::from_bytes([n; 16]),
        customer: customer(1),
        person: record::Principal::Person(person(1)),
        objects: vec![ObjectId::from_bytes([n; 16]), ObjectId::from_bytes([n + 100; 16])],
        started_at: NOW,
    }
}

async fn begun(store: &Store, n: u8) -> UploadId {
    let mut tx = store.begin("test").await.unwrap();
    tx.upload_insert(&upload(n)).await.unwrap();
    tx.commit().await.unwrap();
    UploadId::from_bytes([n; 16])
}

async fn commit(store: Store, id: UploadId) -> u64 {
    let mut tx = store.begin("commit").await.unwrap();
    let won = tx.upload_commit(id, later()).await.unwrap();
    tx.commit().await.unwrap();
    won
}

async fn abandon(store: Store, id: UploadId) -> u64 {
    let mut tx = store.begin("sweep").await.unwrap();
    let won = tx.upload_abandon(id, later()).await.unwrap();
    tx.commit().await.unwrap();
    won
}

fn later() -> Timestamp {
    NOW.plus_secs(3600)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_commit_and_sweeper_exactly_one_wins() {
    let dir = TempDir::new();
    let store = dir.open().await;
    peopled(&store).await;
    let (mut committed, mut abandoned) = (0, 0);
    for n in 0..60 {
        let id = begun(&store, n).await;
        // Whoever is spawned first is ahead more often than not, so they take turns.
        let one = if n % 2 == 0 {
            let first = tokio::spawn(commit(store.clone(), id));
            let second = tokio::spawn(abandon(store.clone(), id));
            (first.await.unwrap(), second.await.unwrap())
        } else {
            let second = tokio::spawn(abandon(store.clone(), id));
            let first = tokio::spawn(commit(store.clone(), id));
            (first.await.unwrap(), second.await.unwrap())
        };
        assert_eq!(one.0 + one.1, 1, "upload {n}");
        committed += one.0;
        abandoned += one.1;
    }
    assert!(committed > 0 && abandoned > 0, "both were seen to win: {committed} and {abandoned}");
    // What the sweeper took and did not finish with is found again; what was committed never is.
    let left = store.upload_list_stale(later()).await.unwrap();
    assert_eq!(left.len() as u64, abandoned);
    assert!(left.iter().all(|upload| upload.objects.len() == 2));
}

#[tokio::test]
async fn a_sign_of_life_keeps_the_sweeper_away_and_does_not_raise_the_dead() {
    let dir = TempDir::new();
    let store = dir.open().await;
    peopled(&store).await;
    let id = begun(&store, 1).await;
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.upload_touch(id, later()).await.unwrap(), 1);
    assert_eq!(tx.upload_abandon(id, later()).await.unwrap(), 0, "it moved at that very time");
    assert_eq!(tx.upload_forget(id).await.unwrap(), 0, "an open upload is not forgotten");
    assert_eq!(tx.upload_abandon(id, later().plus_secs(1)).await.unwrap(), 1);
    assert_eq!(tx.upload_touch(id, later()).await.unwrap(), 0);
    assert_eq!(tx.upload_commit(id, later()).await.unwrap(), 0);
    assert_eq!(tx.upload_forget(id).await.unwrap(), 1);
    assert_eq!(tx.upload_commit(id, later()).await.unwrap(), 0);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_upload_whose_objects_cannot_be_read_is_an_error_and_not_forgotten() {
    let dir = TempDir::new();
    let store = dir.open().await;
    peopled(&store).await;
    begun(&store, 1).await;
    store.writer().await.execute("UPDATE upload SET objects = 'obj_damaged'").await.unwrap();
    assert!(matches!(store.upload_list_stale(later()).await, Err(StoreError::Column { column: "objects" })));
}
