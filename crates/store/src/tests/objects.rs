//! Objects: created once, whole or not at all, named by ids only, closed to others.

use super::{TempDir, store};
use crate::{Objects, StoreError};
use record::ObjectId;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn object(n: u8) -> ObjectId {
    ObjectId::from_bytes([n; 16])
}

async fn write(objects: &Objects, id: ObjectId, bytes: &[u8]) -> Result<(), StoreError> {
    let mut writer = objects.create(id).await?;
    for piece in bytes.chunks(1000) {
        writer.write(piece).await?;
    }
    writer.finish().await
}

async fn read(objects: &Objects, id: ObjectId, offset: u64) -> Vec<u8> {
    let mut reader = objects.read(id, offset).await.unwrap();
    let (mut out, mut buffer) = (Vec::new(), vec![0; 700]);
    loop {
        match reader.read(&mut buffer).await.unwrap() {
            0 => return out,
            many => out.extend(&buffer[..many]),
        }
    }
}

fn everything_below(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_below(&path));
        }
        found.push(path);
    }
    found
}

fn files_below(path: &Path) -> Vec<PathBuf> {
    everything_below(path).into_iter().filter(|path| path.is_file()).collect()
}

#[tokio::test]
async fn an_object_is_created_once_and_never_overwritten() {
    let (_dir, store) = store().await;
    let objects = store.objects();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    write(objects, object(1), &bytes).await.unwrap();
    assert!(matches!(write(objects, object(1), b"other").await, Err(StoreError::ObjectExists)));
    assert_eq!(read(objects, object(1), 0).await, bytes);
    assert_eq!(read(objects, object(1), 99_990).await, bytes[99_990..]);
    assert!(read(objects, object(1), 200_000).await.is_empty());
    assert_eq!(objects.size_bytes(object(1)).await.unwrap(), Some(100_000));
    assert_eq!(objects.size_bytes(object(2)).await.unwrap(), None);
    assert!(matches!(objects.read(object(2), 0).await, Err(StoreError::ObjectMissing)));
    assert_eq!(files_below(objects.root()).len(), 1, "the refused one left nothing");
}

#[tokio::test]
async fn of_two_writers_of_one_object_one_wins_whole() {
    let (_dir, store) = store().await;
    let objects = store.objects();
    let first = objects.create(object(1)).await.unwrap();
    assert!(matches!(objects.create(object(1)).await, Err(StoreError::Object { .. })), "one at a time");
    drop(first);
    write(objects, object(1), b"after the first gave up").await.unwrap();
    assert_eq!(read(objects, object(1), 0).await, b"after the first gave up");
}

#[tokio::test]
async fn a_writer_that_dies_leaves_no_named_object_and_the_next_start_clears_what_is_left() {
    let dir = TempDir::new();
    let store = dir.open().await;
    let mut writer = store.objects().create(object(1)).await.unwrap();
    writer.write(b"half of it").await.unwrap();
    // As a killed process does: no destructor runs.
    std::mem::forget(writer);
    write(store.objects(), object(2), b"whole").await.unwrap();
    // As a process killed between the link and the removal of the first name.
    let incoming = store.objects().root().join("incoming").join(object(2).to_string());
    std::fs::hard_link(store.objects().root().join(Objects::relative_path(object(2))), &incoming).unwrap();
    assert_eq!(store.objects().list().unwrap(), [object(2)]);
    assert_eq!(store.objects().size_bytes(object(1)).await.unwrap(), None);
    store.close().await;
    drop(store);
    let store = dir.open().await;
    assert_eq!(files_below(store.objects().root()).len(), 1);
    assert_eq!(read(store.objects(), object(2), 0).await, b"whole");
    write(store.objects(), object(1), b"the same name again").await.unwrap();
    assert_eq!(store.objects().list().unwrap(), [object(1), object(2)]);
}

#[tokio::test]
async fn a_writer_that_gives_up_leaves_nothing() {
    let (_dir, store) = store().await;
    let mut writer = store.objects().create(object(1)).await.unwrap();
    writer.write(&[1; 5000]).await.unwrap();
    drop(writer);
    assert!(files_below(store.objects().root()).is_empty());
}

#[tokio::test]
async fn an_orphan_is_removed_wherever_it_lies_and_absent_is_fine() {
    let (_dir, store) = store().await;
    let objects = store.objects();
    write(objects, object(1), b"named").await.unwrap();
    std::mem::forget(objects.create(object(2)).await.unwrap());
    for n in 1..=3 {
        objects.remove_orphan(object(n)).await.unwrap();
    }
    assert!(files_below(objects.root()).is_empty());
    assert!(objects.list().unwrap().is_empty());
}

#[tokio::test]
async fn names_are_ids_only_and_nobody_else_may_look() {
    let dir = TempDir::new();
    let store = dir.open().await;
    for n in 1..=40 {
        write(store.objects(), object(n), &[n]).await.unwrap();
    }
    let path = store.objects().root().join(Objects::relative_path(object(7)));
    assert!(path.is_file());
    for path in everything_below(&dir.0).into_iter().chain([dir.0.clone()]) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{} has mode {mode:o}", path.display());
    }
    for file in files_below(store.objects().root()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let id: ObjectId = name.parse().unwrap();
        assert_eq!(file, store.objects().root().join(Objects::relative_path(id)));
    }
    assert_eq!(store.objects().list().unwrap().len(), 40);
}
