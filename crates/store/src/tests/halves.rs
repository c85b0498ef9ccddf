//! Halves of epoch keys: laid once, found again, destroyed in every version and looked for afterwards; in a folder as in a
//! bucket: in the process, and of the server that `STRONGROOM_TEST_S3` names.

use super::objects::{Kept, everywhere, in_a_bucket, object, place, write};
use super::{TempDir, store};
use crate::{Objects, StoreError};
use fake_bucket::{FakeBucket, Fault, Keeps, Op};
use record::{SeededEntropy, Timestamp};
use vault::{Half, KeyRows, RootKey};

fn half(seed: u64) -> Half {
    let entropy = SeededEntropy::new(seed);
    let root = RootKey::generate(&entropy);
    KeyRows::begin_halved(&root, 2026, Timestamp::from_unix_millis(0), &entropy).1.unwrap()
}

#[tokio::test]
async fn a_half_is_laid_once_found_again_and_destroyed_wherever_it_lies() {
    for Kept { objects, .. } in &everywhere() {
        let (one, other) = (half(1), half(2));
        assert_eq!(objects.half_read(one.name).await.unwrap(), None);
        objects.half_put(&one).await.unwrap();
        objects.half_put(&one).await.unwrap();
        objects.half_put(&other).await.unwrap();
        let forged = Half { name: one.name, ..other.clone() };
        assert!(matches!(objects.half_put(&forged).await, Err(StoreError::ObjectExists)), "never overwritten");
        assert_eq!(objects.half_read(one.name).await.unwrap(), Some(one.clone()));
        assert!(objects.list().await.unwrap().is_empty(), "it is none of the objects");
        assert_eq!(objects.halves_hindered([7; 32]).await.unwrap(), "");
        objects.half_destroy(one.name).await.unwrap();
        objects.half_destroy(one.name).await.unwrap();
        assert_eq!(objects.half_read(one.name).await.unwrap(), None);
        assert_eq!(objects.half_read(other.name).await.unwrap(), Some(other.clone()));
        objects.half_destroy(other.name).await.unwrap();
    }
}

#[tokio::test]
async fn in_a_folder_a_half_is_overwritten_and_what_was_on_its_way_goes_with_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, store) = store().await;
    let Some(root) = store.objects().root() else { return };
    let half = half(1);
    store.objects().half_put(&half).await.unwrap();
    let path = root.join("halves").join(half.name.to_string());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Whoever has it open sees what becomes of its bytes.
    let mut open = std::fs::File::open(&path).unwrap();
    std::fs::write(path.with_extension("new"), b"on its way").unwrap();
    store.objects().half_destroy(half.name).await.unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut open, &mut bytes).unwrap();
    assert!(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0));
    assert_eq!(std::fs::read_dir(root.join("halves")).unwrap().count(), 0);
    drop(dir);
}

#[tokio::test]
async fn in_a_bucket_with_versions_every_one_goes_and_one_that_stays_is_an_error() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    fake.keep(Keeps::Versions);
    let half = half(1);
    objects.half_put(&half).await.unwrap();
    let key = fake.keys().remove(0);
    assert!(key.contains("halves/hlf_"), "{key}");
    for status in [403, 500, 503] {
        fake.fail_next(Op::Versions, Fault::Status(501));
        fake.fail_next(Op::About, Fault::Status(status));
        assert!(objects.half_destroy(half.name).await.is_err(), "{status}: it did not say whether it keeps versions");
        assert!(objects.half_read(half.name).await.unwrap().is_some());
    }
    fake.fail_next(Op::Versions, Fault::Status(501));
    assert!(matches!(objects.half_destroy(half.name).await, Err(StoreError::Stays)), "versions that are not listed");
    // As whoever removed it by hand, and put it back.
    let bytes = fake.object(&key).unwrap();
    fake.remove(&key);
    fake.overwrite(&key, bytes);
    assert!(fake.earlier() > 0);
    objects.half_destroy(half.name).await.unwrap();
    assert!(fake.keys().is_empty() && fake.earlier() == 0);
    objects.half_put(&half).await.unwrap();
    fake.keep(Keeps::Everything);
    assert!(matches!(objects.half_destroy(half.name).await, Err(StoreError::Stays)));
    fake.keep(Keeps::Versions);
    for status in [403, 500] {
        fake.fail_next(Op::Versions, Fault::Status(status));
        assert!(objects.half_destroy(half.name).await.is_err(), "{status}: whoever cannot look does not know");
    }
    // What is too long to be one is damaged, and goes as one.
    fake.overwrite(&key, bytes::Bytes::from(vec![0; 5000]));
    assert!(matches!(objects.half_read(half.name).await, Err(StoreError::Column { .. })));
    objects.half_destroy(half.name).await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_would_keep_a_half_says_so_before_one_is_laid_there() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    let hindered = async || objects.halves_hindered([7; 32]).await.unwrap();
    assert_eq!(hindered().await, "");
    fake.keep(Keeps::Retained);
    assert!(hindered().await.contains("default retention") && fake.keys().is_empty(), "no probe is laid there");
    fake.keep(Keeps::Everything);
    assert!(hindered().await.contains("s3:DeleteObjectVersion"));
    fake.keep(Keeps::Versions);
    assert_eq!(hindered().await, "", "and the probe that stayed goes with this one");
    assert!(fake.keys().is_empty() && fake.earlier() == 0);
    fake.copy_below("");
    assert!(hindered().await.contains("replicated"));
    fake.fail_next(Op::About, Fault::Status(501));
    fake.fail_next(Op::About, Fault::Status(403));
    assert!(hindered().await.contains("GetReplicationConfiguration"));
}

#[tokio::test]
async fn with_the_objects_a_half_is_moved_and_goes_where_it_lay_in_every_version() {
    let (_dir, house) = store().await;
    let (fake, keys) = (FakeBucket::start(), TempDir::new());
    let place = place(fake.endpoint(), &keys).hasty();
    let entropy = SeededEntropy::new(5);
    let (root, now) = (RootKey::generate(&entropy), Timestamp::from_unix_millis(0));
    let (rows, half) = KeyRows::begin_halved(&root, 2026, now, &entropy);
    let half = half.unwrap();
    house.objects().half_put(&half).await.unwrap();
    write(house.objects(), object(1), b"an object").await.unwrap();
    let mut tx = house.begin("test").await.unwrap();
    tx.key_rows_begin(&rows).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.key_rows().await.unwrap(), rows);
    // Not into a bucket in which it could never be destroyed.
    fake.keep(Keeps::Retained);
    assert!(house.objects_carry(None, Some(&place), |_| ()).await.is_err());
    assert!(house.objects().half_read(half.name).await.unwrap().is_some() && fake.keys().is_empty());
    fake.keep(Keeps::Versions);
    house.objects_carry(None, Some(&place), |_| ()).await.unwrap();
    assert_eq!(house.objects().half_read(half.name).await.unwrap(), None, "not where it lay");
    assert_eq!(house.objects().list().await.unwrap(), [object(1)], "where an object stays");
    let there = Objects::bucket(&place).unwrap();
    assert_eq!(there.half_read(half.name).await.unwrap(), Some(half.clone()));
    // As if it had died before the house knew the new place.
    let mut tx = house.begin("test").await.unwrap();
    tx.meta_remove(crate::OBJECTS_AT).await.unwrap();
    tx.commit().await.unwrap();
    // What a removal that died left of it goes, too.
    let left = house.objects().root().map(|root| root.join("halves"));
    let left = left.map(|folder| [folder.join(format!("{}.new", half.name)), folder.join(half.name.to_string())]);
    left.iter().flatten().for_each(|left| std::fs::write(left, [0; 140]).unwrap());
    house.objects_carry(None, Some(&place), |_| ()).await.unwrap();
    assert!(left.iter().flatten().all(|left| !left.exists()));
    house.objects_carry(Some(&place), None, |_| ()).await.unwrap();
    assert_eq!(house.objects().half_read(half.name).await.unwrap(), Some(half));
    assert_eq!((fake.keys().len(), fake.earlier()), (1, 0), "the object, and no version of a half or a probe");
}

#[tokio::test]
async fn while_a_half_is_still_to_be_destroyed_no_object_is_carried_anywhere() {
    let (_dir, house) = store().await;
    let (fake, keys) = (FakeBucket::start(), TempDir::new());
    let place = place(fake.endpoint(), &keys).hasty();
    let entropy = SeededEntropy::new(5);
    let (root, now) = (RootKey::generate(&entropy), Timestamp::from_unix_millis(0));
    let (rows, half) = KeyRows::begin_halved(&root, 2026, now, &entropy);
    house.objects().half_put(&half.unwrap()).await.unwrap();
    let (mut due, old) = (rows, self::half(9));
    house.objects().half_put(&old).await.unwrap();
    due.epochs[0].number = 2;
    due.epochs.insert(
        0,
        vault::EpochRow { number: 1, wrapped: None, half: Some(old.name), created_at: now, destroyed_at: Some(now) },
    );
    let mut tx = house.begin("test").await.unwrap();
    tx.key_rows_begin(&due).await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.objects_carry(None, Some(&place), |_| ()).await.is_err());
    assert!(house.objects().half_read(old.name).await.unwrap().is_some() && fake.keys().is_empty());
    house.objects().half_destroy(old.name).await.unwrap();
    let mut tx = house.begin("test").await.unwrap();
    assert_eq!(tx.half_gone(1, old.name).await.unwrap(), 1);
    tx.meta_set(crate::EPOCH_DUE, "").await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.objects_carry(None, Some(&place), |_| ()).await.is_err(), "the change has not ended");
    let mut tx = house.begin("test").await.unwrap();
    assert_eq!(tx.epoch_due_end(crate::EPOCH_DUE).await.unwrap(), 1);
    tx.commit().await.unwrap();
    house.objects_carry(None, Some(&place), |_| ()).await.unwrap();
}
