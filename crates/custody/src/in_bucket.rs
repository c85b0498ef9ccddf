//! A house whose objects lie in a bucket: what comes in, is read, backed up and swept; and what somebody achieves who
//! can read or write the bucket, which is nothing but harm that is noticed.

use crate::filled::{Filled, PLANTED_NAME, PLANTED_TEXT, fill, root};
use crate::testing::{HOUR_MILLIS, bucket_at, house_in};
use crate::{CustodyError, NewUpload, UploadCut, Wanted};
use bytes::Bytes;
use fake_bucket::{FakeBucket, Fault, Op};
use record::{DocumentId, ObjectId, SeededEntropy, UploadId, act};
use std::sync::Arc;
use store::{Objects, Upload};

/// Some segments of 64 KiB, so that a range lies in the middle.
const LARGE_BYTES: usize = 400_000;

async fn in_bucket() -> (FakeBucket, Filled) {
    let fake = FakeBucket::start();
    let endpoint = fake.endpoint();
    let house = house_in(|dir| Some(bucket_at(endpoint, dir)), |settings| settings.retention_days = 0).await;
    (fake, fill(house).await)
}

fn large(letter: &str) -> String {
    format!("Patient: {PLANTED_NAME}, Nora\n{}", letter.repeat(LARGE_BYTES))
}

async fn send(filled: &Filled, text: String) -> Result<DocumentId, CustodyError> {
    let new = NewUpload { customer: Some(filled.clinic), file_name: "large.txt".to_owned(), ..NewUpload::default() };
    let pieces: Vec<_> =
        text.as_bytes().chunks(64 << 10).map(|piece| Ok::<_, UploadCut>(Bytes::copy_from_slice(piece))).collect();
    let desk = filled.house.desk::<act::DocumentUpload>(&filled.typist).await;
    desk.document_upload(new, futures_util::stream::iter(pieces)).await.map(|taken| taken.id)
}

/// What a download gives until it ends, and how it ends.
async fn download(filled: &Filled, id: DocumentId, wanted: Wanted) -> (Vec<u8>, Result<(), CustodyError>) {
    let desk = filled.house.desk::<act::DocumentDownload>(&filled.typist).await;
    let mut download = match desk.document_download(id, None, wanted).await {
        Ok(download) => download,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut came = Vec::new();
    while let Some(piece) = download.bytes.recv().await {
        match piece {
            Ok(bytes) => came.extend(bytes),
            Err(error) => return (came, Err(error)),
        }
    }
    (came, Ok(()))
}

fn span(first: u64, last: u64) -> Wanted {
    Wanted::Spans(vec![crate::Span::From(first, Some(last))])
}

async fn original(filled: &Filled, id: DocumentId) -> ObjectId {
    filled.custody().store().version_list(id).await.unwrap()[0].original_object
}

fn name_of(fake: &FakeBucket, id: ObjectId) -> String {
    let end = Objects::relative_path(id).display().to_string();
    fake.keys().into_iter().find(|key| key.ends_with(&end)).unwrap()
}

#[tokio::test]
async fn what_comes_in_lies_in_the_bucket_sealed_and_is_read_whole_and_in_ranges() {
    let (fake, filled) = in_bucket().await;
    let text = large("a");
    let id = send(&filled, text.clone()).await.unwrap();
    let (came, ended) = download(&filled, id, Wanted::Whole).await;
    assert!(ended.is_ok() && came == text.as_bytes(), "{ended:?}");
    let (came, ended) = download(&filled, id, span(70_000, 199_999)).await;
    assert!(ended.is_ok() && came == text.as_bytes()[70_000..200_000], "{ended:?}");
    assert!(filled.custody().store().objects().root().is_none());
    let planted = [PLANTED_NAME, PLANTED_TEXT, "Lakeside", "Patient:", "aaaaaaaa"];
    for key in fake.keys() {
        let bytes = fake.object(&key).unwrap();
        for word in planted {
            assert!(
                !key.contains(word) && !bytes.windows(word.len()).any(|window| window == word.as_bytes()),
                "{word} in {key}"
            );
        }
    }
    // With the rows on a server, the half of the epoch key lies beside them.
    let objects = fake.keys().into_iter().filter(|key| !key.contains(".halves/")).count();
    assert_eq!(objects, 10, "five originals and their texts");
}

#[tokio::test]
async fn whoever_swaps_cuts_or_replays_objects_in_the_bucket_is_found_out_and_no_byte_of_it_is_shown() {
    let (fake, filled) = in_bucket().await;
    let (one, other) = (send(&filled, large("a")).await.unwrap(), send(&filled, large("b")).await.unwrap());
    let (one_key, other_key) =
        (name_of(&fake, original(&filled, one).await), name_of(&fake, original(&filled, other).await));
    let (mine, theirs) = (fake.object(&one_key).unwrap(), fake.object(&other_key).unwrap());
    let flipped = |at: usize| {
        let mut bytes = mine.to_vec();
        bytes[at] ^= 1;
        Bytes::from(bytes)
    };
    let segments_swapped = {
        let mut bytes = mine.to_vec();
        let (head, segment) = (vault::floe::HEADER_LEN, vault::floe::SEGMENT_LEN);
        let (first, second) = bytes[head..].split_at_mut(segment);
        first.swap_with_slice(&mut second[..segment]);
        Bytes::from(bytes)
    };
    let cut_at_a_segment = mine.slice(..vault::floe::HEADER_LEN + 3 * vault::floe::SEGMENT_LEN);
    for (what, bytes) in [
        ("another document's object", theirs.clone()),
        ("its end is gone", cut_at_a_segment),
        ("its last byte is gone", mine.slice(..mine.len() - 1)),
        ("something follows", Bytes::from([&mine[..], &theirs[..100]].concat())),
        ("one bit in its middle", flipped(200_000)),
        ("one bit in its header", flipped(3)),
        ("two segments in the other's place", segments_swapped),
        ("nothing", Bytes::new()),
    ] {
        fake.overwrite(&one_key, bytes);
        let (came, ended) = download(&filled, one, Wanted::Whole).await;
        assert!(ended.is_err() && large("a").as_bytes().starts_with(&came), "{what}: {} bytes came", came.len());
        let (came, ended) = download(&filled, one, span(199_900, 200_100)).await;
        // A range is what it says or an error: what is outside of it may be damaged.
        assert!(ended.is_err() || came == large("a").as_bytes()[199_900..200_101], "{what}: {} bytes came", came.len());
    }
    fake.overwrite(&one_key, mine);
    let (came, ended) = download(&filled, one, Wanted::Whole).await;
    assert!(ended.is_ok() && came == large("a").as_bytes());
    // An older object under its own name is the object itself: none is ever written twice. Another version's is not it.
    assert_ne!(one_key, other_key);
}

#[tokio::test]
async fn a_bucket_that_fails_while_something_comes_in_leaves_nothing_acknowledged_and_the_sweeper_takes_the_rest() {
    let (fake, filled) = in_bucket().await;
    let before = fake.keys();
    fake.fail_next(Op::Put, Fault::Status(403));
    assert!(send(&filled, large("c")).await.is_err());
    assert_eq!(fake.keys(), before, "nothing stays of what was refused");
    let custody = filled.custody();
    // As a node that was killed while an object went up in parts: its row is there, and half of the object.
    let object = ObjectId::mint(custody.clock(), custody.entropy());
    let id = UploadId::mint(custody.clock(), custody.entropy());
    let mut tx = custody.store().begin("test").await.unwrap();
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
    let mut writer = custody.store().objects().create(object).await.unwrap();
    writer.write(&vec![7; 9_000_000]).await.unwrap();
    std::mem::forget(writer);
    assert_eq!(fake.on_way().len(), 1);
    assert_eq!(custody.upload_sweep().await.unwrap(), 0, "it may live yet");
    filled.house.later(2 * HOUR_MILLIS);
    // And what was refused is looked for once more: a bucket may have taken it after all.
    assert_eq!(custody.upload_sweep().await.unwrap(), 2);
    assert!(fake.on_way().is_empty() && fake.keys() == before);
}

#[tokio::test]
async fn a_backup_holds_what_lies_in_the_bucket_and_comes_back_into_a_folder() {
    let (fake, filled) = in_bucket().await;
    let id = send(&filled, large("d")).await.unwrap();
    let report = filled.custody().backup_create(&filled.backup()).await.unwrap();
    assert!(report.damaged.is_empty(), "{:?}", report.damaged);
    assert_eq!(report.objects_copied as usize, fake.keys().len());
    let verified = crate::backup_verify(&filled.target(), None, None).await.unwrap();
    assert!(verified.problems.is_empty(), "{:?}", verified.problems);
    let order = crate::RestoreOrder {
        from: filled.target(),
        set: None,
        into: filled.outside.path().join("restored"),
        epoch_escrow: filled.escrow(),
        key: None,
        outside: Vec::new(),
    };
    let (settings, clock) = (filled.custody().settings().clone(), Arc::clone(&filled.house.clock));
    let restored = crate::restore(&order, settings, root(), clock, Arc::new(SeededEntropy::new(11))).await;
    let (restored, _) = restored.unwrap();
    let store = restored.store();
    assert!(store.objects().root().is_some() && store.objects_at().await.unwrap().is_none());
    let object = store.version_list(id).await.unwrap()[0].original_object;
    let back = store.objects().read_all(object, u64::MAX).await.unwrap().unwrap();
    assert_eq!(back, fake.object(&name_of(&fake, object)).unwrap());
    // What is damaged in the bucket is said, and is in no set.
    let name = name_of(&fake, original(&filled, filled.documents[0]).await);
    fake.overwrite(&name, Bytes::from_static(b"not what it was"));
    std::fs::remove_dir_all(filled.target()).unwrap();
    let report = filled.custody().backup_create(&filled.backup()).await.unwrap();
    assert_eq!(report.damaged.len(), 1);
}
