//! Objects: created once, whole or not at all, named by ids only, closed to others. What holds of a folder holds of a
//! bucket: in the process, and of the server that `STRONGROOM_TEST_S3` names.

use super::TempDir;
use crate::{BucketOptions, BucketPlace, Objects, StoreError};
use fake_bucket::FakeBucket;
use record::ObjectId;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

pub(super) fn object(n: u8) -> ObjectId {
    ObjectId::from_bytes([n; 16])
}

/// Bytes of which no two parts are alike.
pub(super) fn some_bytes(many: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()
    };
    std::iter::repeat_with(next).flatten().take(many).collect()
}

pub(super) async fn write(objects: &Objects, id: ObjectId, bytes: &[u8]) -> Result<(), StoreError> {
    let mut writer = objects.create(id).await?;
    for piece in bytes.chunks(1000) {
        writer.write(piece).await?;
    }
    writer.finish().await
}

pub(super) async fn read(objects: &Objects, id: ObjectId, offset: u64) -> Vec<u8> {
    let mut reader = objects.read(id, offset).await.unwrap();
    let (mut out, mut buffer) = (Vec::new(), vec![0; 700]);
    loop {
        match reader.read(&mut buffer).await.unwrap() {
            0 => return out,
            many => out.extend(&buffer[..many]),
        }
    }
}

/// A place for objects that goes with the test.
pub(super) struct Kept {
    pub(super) objects: Objects,
    pub(super) fake: Option<FakeBucket>,
    dir: TempDir,
}

/// The credentials of a fake, in a file as it must be.
pub(super) fn key_file(dir: &TempDir) -> PathBuf {
    use std::io::Write as _;
    std::fs::create_dir_all(&dir.0).unwrap();
    let path = dir.0.join("keys");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    let (id, secret) = (fake_bucket::KEY_ID, fake_bucket::SECRET);
    writeln!(file, "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}").unwrap();
    path
}

/// A bucket on a server; no two tests share a prefix.
pub(super) fn place(endpoint: String, dir: &TempDir) -> BucketPlace {
    let prefix = dir.0.file_name().unwrap().to_str().unwrap();
    let options = BucketOptions { endpoint: Some(endpoint), key_file: Some(key_file(dir)), ..BucketOptions::default() };
    BucketPlace::parse(&format!("s3://{}/{prefix}", fake_bucket::BUCKET), &options).unwrap()
}

pub(super) fn in_a_bucket() -> Kept {
    let (dir, fake) = (TempDir::new(), FakeBucket::start());
    let objects = Objects::bucket(&place(fake.endpoint(), &dir).hasty()).unwrap();
    Kept { objects, fake: Some(fake), dir }
}

fn in_a_folder() -> Kept {
    let dir = TempDir::new();
    Kept { objects: Objects::open(dir.0.join("objects")).unwrap(), fake: None, dir }
}

/// Everywhere that objects may lie.
pub(super) fn everywhere() -> Vec<Kept> {
    let mut all = vec![in_a_folder(), in_a_bucket()];
    if let Some(endpoint) = std::env::var("STRONGROOM_TEST_S3").ok().filter(|endpoint| !endpoint.is_empty()) {
        let dir = TempDir::new();
        all.push(Kept { objects: Objects::bucket(&place(endpoint, &dir)).unwrap(), fake: None, dir });
    }
    all
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

/// Nothing is left that nobody asked for.
fn leftovers(kept: &Kept, named: usize) {
    if let Some(root) = kept.objects.root() {
        assert_eq!(files_below(root).len(), named);
    }
    if let Some(fake) = &kept.fake {
        assert_eq!((fake.keys().len(), fake.on_way().len()), (named, 0));
    }
}

#[tokio::test]
async fn an_object_is_created_once_and_never_overwritten() {
    for kept in everywhere() {
        let objects = &kept.objects;
        let bytes = some_bytes(100_000);
        write(objects, object(1), &bytes).await.unwrap();
        assert!(matches!(write(objects, object(1), b"other").await, Err(StoreError::ObjectExists)));
        assert_eq!(read(objects, object(1), 0).await, bytes);
        assert_eq!(read(objects, object(1), 99_990).await, bytes[99_990..]);
        assert!(read(objects, object(1), 200_000).await.is_empty());
        assert_eq!(objects.size_bytes(object(1)).await.unwrap(), Some(100_000));
        assert_eq!(objects.size_bytes(object(2)).await.unwrap(), None);
        assert!(matches!(objects.read(object(2), 0).await, Err(StoreError::ObjectMissing)));
        assert!(matches!(objects.read(object(2), 5).await, Err(StoreError::ObjectMissing)));
        leftovers(&kept, 1);
    }
}

#[tokio::test]
async fn an_object_is_read_whole_in_pieces_and_out_of_its_middle() {
    for kept in everywhere() {
        let objects = &kept.objects;
        let bytes = some_bytes(300_001);
        write(objects, object(1), &bytes).await.unwrap();
        write(objects, object(2), b"").await.unwrap();
        for (range, expected) in [
            (0..5, &bytes[..5]),
            (70_000..140_000, &bytes[70_000..140_000]),
            (299_999..400_000, &bytes[299_999..]),
            (300_001..300_002, &[]),
            (500_000..500_005, &[]),
            (7..7, &[]),
        ] {
            assert_eq!(objects.read_range(object(1), range.clone()).await.unwrap(), expected, "{range:?}");
        }
        assert_eq!(objects.read_all(object(1), 300_001).await.unwrap().unwrap(), bytes);
        assert_eq!(objects.read_all(object(1), 300_000).await.unwrap(), None, "too large to be read at once");
        assert_eq!(objects.read_all(object(2), 10).await.unwrap().unwrap(), b"");
        let (head, mut pieces) = objects.pieces(object(1), 40, 65_536).await.unwrap();
        let (mut whole, mut lengths) = (head, Vec::new());
        while let Some(piece) = pieces.next().await.unwrap() {
            lengths.push(piece.len());
            whole.extend(piece);
        }
        assert_eq!((whole, lengths), (bytes, vec![65_536, 65_536, 65_536, 65_536, 37_817]));
        let missing = |result| matches!(result, Err(StoreError::ObjectMissing));
        assert!(missing(objects.read_range(object(3), 0..5).await.map(drop)));
        assert!(missing(objects.read_all(object(3), 5).await.map(drop)));
        assert!(missing(objects.pieces(object(3), 5, 5).await.map(drop)));
    }
}

#[tokio::test]
async fn of_two_writers_of_one_object_one_wins_whole() {
    for kept in everywhere() {
        let objects = &kept.objects;
        let mut first = objects.create(object(1)).await.unwrap();
        first.write(b"the first").await.unwrap();
        match objects.create(object(1)).await {
            // In a folder there is one at a time.
            Err(StoreError::Object { .. }) => assert!(objects.root().is_some()),
            Err(error) => panic!("{error}"),
            Ok(mut second) => {
                second.write(b"the second").await.unwrap();
                second.finish().await.unwrap();
                assert!(matches!(first.finish().await, Err(StoreError::ObjectExists)));
                assert_eq!(read(objects, object(1), 0).await, b"the second");
                continue;
            }
        }
        drop(first);
        write(objects, object(1), b"after the first gave up").await.unwrap();
        assert_eq!(read(objects, object(1), 0).await, b"after the first gave up");
    }
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
    let root = store.objects().root().unwrap().to_owned();
    let incoming = root.join("incoming").join(object(2).to_string());
    std::fs::hard_link(root.join(Objects::relative_path(object(2))), &incoming).unwrap();
    assert_eq!(store.objects().list().await.unwrap(), [object(2)]);
    assert_eq!(store.objects().size_bytes(object(1)).await.unwrap(), None);
    store.close().await;
    drop(store);
    let store = dir.open().await;
    assert_eq!(files_below(&root).len(), 1);
    assert_eq!(read(store.objects(), object(2), 0).await, b"whole");
    write(store.objects(), object(1), b"the same name again").await.unwrap();
    assert_eq!(store.objects().list().await.unwrap(), [object(1), object(2)]);
}

#[tokio::test]
async fn a_writer_that_gives_up_leaves_nothing() {
    for kept in everywhere() {
        let mut writer = kept.objects.create(object(1)).await.unwrap();
        writer.write(&[1; 5000]).await.unwrap();
        drop(writer);
        leftovers(&kept, 0);
    }
}

#[tokio::test]
async fn an_orphan_is_removed_wherever_it_lies_and_absent_is_fine() {
    for kept in everywhere() {
        let objects = &kept.objects;
        write(objects, object(1), b"named").await.unwrap();
        let mut writer = objects.create(object(2)).await.unwrap();
        writer.write(&some_bytes(9_000_000)).await.unwrap();
        std::mem::forget(writer);
        for n in 1..=3 {
            objects.remove_orphan(object(n)).await.unwrap();
        }
        assert!(objects.list().await.unwrap().is_empty());
        leftovers(&kept, 0);
    }
}

#[tokio::test]
async fn names_are_ids_only_and_nobody_else_may_look() {
    for kept in everywhere() {
        for n in 1..=40 {
            write(&kept.objects, object(n), &[n]).await.unwrap();
        }
        let all: Vec<ObjectId> = (1..=40).map(object).collect();
        assert_eq!(kept.objects.list().await.unwrap(), all);
        if let Some(fake) = &kept.fake {
            let prefix = kept.dir.0.file_name().unwrap().to_str().unwrap();
            let named = |id| format!("{prefix}/{}", Objects::relative_path(id).display());
            let mut expected: Vec<String> = all.iter().copied().map(named).collect();
            expected.sort();
            assert_eq!(fake.keys(), expected);
        }
        let Some(root) = kept.objects.root() else { continue };
        for path in everything_below(root).into_iter().chain([root.to_owned()]) {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{} has mode {mode:o}", path.display());
        }
        for file in files_below(root) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let id: ObjectId = name.parse().unwrap();
            assert_eq!(file, root.join(Objects::relative_path(id)));
        }
    }
}

#[tokio::test]
async fn an_object_of_many_parts_is_created_once_and_comes_back_as_it_was() {
    for kept in everywhere() {
        let objects = &kept.objects;
        let bytes = some_bytes(20_000_003);
        let mut writer = objects.create(object(1)).await.unwrap();
        // As an upload does it: from a thread that may wait.
        let sent = bytes.clone();
        let writing = tokio::task::spawn_blocking(move || {
            for piece in sent.chunks(524_288) {
                writer.write_here(piece)?;
            }
            Ok::<_, StoreError>(writer)
        });
        writing.await.unwrap().unwrap().finish().await.unwrap();
        assert_eq!(objects.size_bytes(object(1)).await.unwrap(), Some(20_000_003));
        assert_eq!(objects.read_all(object(1), u64::MAX).await.unwrap().unwrap(), bytes);
        assert_eq!(objects.read_range(object(1), 8_388_600..8_388_620).await.unwrap(), bytes[8_388_600..8_388_620]);
        let again = write(objects, object(1), &some_bytes(17_000_000)).await;
        assert!(matches!(again, Err(StoreError::ObjectExists)));
        assert_eq!(read(objects, object(1), 19_999_990).await, bytes[19_999_990..]);
    }
}
