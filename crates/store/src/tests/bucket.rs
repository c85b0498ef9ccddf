//! A bucket that fails: every failure ends in time, says what it was without any name, and leaves an object in full or
//! not at all.

use super::objects::{in_a_bucket, object, place, read, some_bytes, write};
use super::{TempDir, store};
use crate::{BucketFault, Objects, StoreError};
use bytes::Bytes;
use fake_bucket::{FakeBucket, Fault, Op};

fn fault(error: &StoreError) -> BucketFault {
    match error {
        StoreError::Bucket { fault, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_stumbles_is_asked_again_and_one_that_lies_down_is_given_up() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    for status in [500, 503, 429] {
        fake.fail_next(Op::Put, Fault::Status(status));
    }
    write(objects, object(1), b"in the end").await.unwrap();
    assert_eq!((read(objects, object(1), 0).await, fake.asked(Op::Put)), (b"in the end".to_vec(), 4));
    for _ in 0..50 {
        fake.fail_next(Op::Put, Fault::Status(503));
    }
    let error = write(objects, object(2), b"never").await.unwrap_err();
    assert_eq!(fault(&error), BucketFault::Status(503));
    assert!(fake.asked(Op::Put) <= 10, "bounded: {}", fake.asked(Op::Put));
    assert_eq!(objects.size_bytes(object(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_bucket_that_refuses_us_is_not_asked_again_and_no_error_names_a_key_or_an_address() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    write(objects, object(1), b"there").await.unwrap();
    for (op, n) in [(Op::Put, 2), (Op::Get, 1), (Op::Head, 1), (Op::Delete, 1), (Op::List, 1), (Op::Uploads, 1)] {
        fake.fail_next(op, Fault::Status(403));
        let before = fake.asked(op);
        let id = object(n);
        let error = match op {
            Op::Put => write(objects, id, b"x").await.unwrap_err(),
            Op::Get => objects.read(id, 0).await.map(drop).unwrap_err(),
            Op::Head => objects.size_bytes(id).await.map(drop).unwrap_err(),
            Op::List => objects.list().await.map(drop).unwrap_err(),
            _ => objects.remove_orphan(id).await.unwrap_err(),
        };
        assert_eq!((fault(&error), fake.asked(op)), (BucketFault::Refused, before + 1), "{op:?}");
        let said = format!("{error} {error:?}");
        for secret in [fake_bucket::KEY_ID, fake_bucket::SECRET, fake_bucket::BUCKET, "127.0.0.1", &id.to_string()] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    assert_eq!(read(objects, object(1), 0).await, b"there");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_waited_for_and_no_longer() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    write(objects, object(1), &some_bytes(100_000)).await.unwrap();
    // What is put only once may have been put: it is not tried again.
    fake.fail_next(Op::Put, Fault::Stall);
    assert_eq!(fault(&write(objects, object(2), b"x").await.unwrap_err()), BucketFault::Silent);
    for _ in 0..50 {
        fake.fail_next(Op::Head, Fault::Stall);
    }
    assert_eq!(fault(&objects.size_bytes(object(1)).await.unwrap_err()), BucketFault::Silent);
    let nobody = TempDir::new();
    let place = place("http://127.0.0.1:1".to_owned(), &nobody).hasty();
    let gone = Objects::bucket(&place).unwrap();
    assert_eq!(fault(&gone.size_bytes(object(1)).await.unwrap_err()), BucketFault::Unreached);
    let options = crate::BucketOptions {
        key_file: Some(super::objects::key_file(&nobody)),
        endpoint: Some(fake.endpoint()),
        ..Default::default()
    };
    let other = Objects::bucket(&crate::BucketPlace::parse("s3://another", &options).unwrap()).unwrap();
    assert_eq!(fault(&write(&other, object(1), b"x").await.unwrap_err()), BucketFault::NoBucket);
}

#[tokio::test]
async fn an_answer_cut_short_is_fetched_on_from_there_or_is_an_error_and_never_a_short_object() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    let bytes = some_bytes(400_000);
    write(objects, object(1), &bytes).await.unwrap();
    for fault in [Fault::Cut(150_000), Fault::Hang(70_000), Fault::Cut(0)] {
        fake.fail_next(Op::Get, fault);
        assert_eq!(objects.read_all(object(1), 400_000).await.unwrap().unwrap(), bytes, "{fault:?}");
        fake.fail_next(Op::Get, fault);
        assert_eq!(objects.read_range(object(1), 10..300_010).await.unwrap(), bytes[10..300_010], "{fault:?}");
    }
    for _ in 0..50 {
        fake.fail_next(Op::Get, Fault::Cut(10));
    }
    // Whether the head of an answer still came is the network's affair.
    let whole = async {
        let mut reader = objects.read(object(1), 0).await?;
        reader.read(&mut vec![0; 400_000]).await
    };
    assert!(matches!(fault(&whole.await.unwrap_err()), BucketFault::BrokenOff));
}

#[tokio::test]
async fn an_acknowledgement_that_was_lost_is_an_error_and_the_object_is_there_in_full_or_not_at_all() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    fake.fail_next(Op::Put, Fault::DoneAndStatus(500));
    assert!(write(objects, object(1), b"was it taken").await.is_err());
    assert_eq!(read(objects, object(1), 0).await, b"was it taken");
    let bytes = some_bytes(18_000_000);
    fake.fail_next(Op::Complete, Fault::DoneAndStatus(500));
    assert!(write(objects, object(2), &bytes).await.is_err());
    assert_eq!(objects.read_all(object(2), u64::MAX).await.unwrap().unwrap(), bytes);
    for n in [1, 2] {
        objects.remove_orphan(object(n)).await.unwrap();
    }
    assert!(fake.keys().is_empty() && fake.on_way().is_empty());
}

#[tokio::test]
async fn a_part_that_fails_fails_the_object_and_what_came_before_it_goes() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    fake.fail_next(Op::Part, Fault::Status(500));
    let bytes = some_bytes(18_000_000);
    write(objects, object(1), &bytes).await.unwrap();
    assert_eq!(objects.read_all(object(1), u64::MAX).await.unwrap().unwrap(), bytes, "one stumble is made good");
    fake.fail_next(Op::Part, Fault::Status(403));
    assert_eq!(fault(&write(objects, object(2), &bytes).await.unwrap_err()), BucketFault::Refused);
    let mut given_up = objects.create(object(3)).await.unwrap();
    given_up.write(&bytes).await.unwrap();
    drop(given_up);
    // They go behind the writer's back; nothing here waits for longer than they take.
    let gone = async {
        while !fake.on_way().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.unwrap();
    assert_eq!(fake.keys().len(), 1);
}

#[tokio::test]
async fn while_an_object_comes_in_only_its_last_parts_are_kept_in_memory() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    let mut writer = objects.create(object(1)).await.unwrap();
    let piece = some_bytes(1_048_576);
    for megabytes in 1..=64_usize {
        writer.write(&piece).await.unwrap();
        // One part fills and two are on their way: what is not there yet is at most three parts of eight megabytes.
        assert!(megabytes * 1_048_576 - fake.on_way_bytes() <= 3 * 8_388_608, "after {megabytes} MB");
    }
    writer.finish().await.unwrap();
    assert_eq!(objects.size_bytes(object(1)).await.unwrap(), Some(64 * 1_048_576));
}

#[tokio::test]
async fn a_server_that_knows_no_conditions_is_found_out() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    let seen = objects.bucket_look([7; 32]).await.unwrap().unwrap();
    assert!(seen.put_creates_only && seen.parts_create_only && seen.reads_back);
    assert_eq!((seen.versioned, seen.locks, seen.is_public), (Some(false), Some(false), Some(false)));
    fake.open_to_public();
    fake.forget_conditions();
    let seen = objects.bucket_look([8; 32]).await.unwrap().unwrap();
    assert!(!seen.put_creates_only && !seen.parts_create_only);
    assert_eq!(seen.is_public, Some(true));
    assert!(fake.keys().is_empty() && fake.on_way().is_empty(), "the probe is gone");
    // Even there, what is large is looked for before it is named.
    let bytes = some_bytes(17_000_000);
    write(objects, object(1), &bytes).await.unwrap();
    assert!(matches!(write(objects, object(1), &some_bytes(18_000_000)).await, Err(StoreError::ObjectExists)));
    assert_eq!(objects.size_bytes(object(1)).await.unwrap(), Some(17_000_000));
    assert!(Objects::open(TempDir::new().0.join("x")).unwrap().bucket_look([0; 32]).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_not_named_as_an_object_of_ours_is_not_listed_as_one() {
    let kept = in_a_bucket();
    let (objects, fake) = (&kept.objects, kept.fake.as_ref().unwrap());
    write(objects, object(1), b"ours").await.unwrap();
    let name = fake.keys().remove(0);
    for other in [
        format!("elsewhere/{}", object(2)),
        name.replace("/obj_", "/x/obj_"),
        format!("{name}.bak"),
        format!("{name}/x"),
    ] {
        fake.overwrite(&other, Bytes::from_static(b"somebody else's"));
    }
    assert_eq!(objects.list().await.unwrap(), [object(1)]);
}

#[tokio::test]
async fn a_house_is_opened_only_where_its_objects_lie() {
    let (dir, at_home) = store().await;
    let fake = FakeBucket::start();
    at_home.objects_settle().await.unwrap();
    at_home.close().await;
    drop(at_home);
    let keys = TempDir::new();
    let place = place(fake.endpoint(), &keys);
    let in_bucket = dir.open().await.with_bucket(&place).unwrap();
    in_bucket.objects_settle().await.unwrap();
    write(in_bucket.objects(), object(1), b"in the bucket").await.unwrap();
    in_bucket.objects_settle().await.unwrap();
    in_bucket.close().await;
    drop(in_bucket);
    let forgotten = dir.open().await;
    assert!(
        matches!(forgotten.objects_settle().await, Err(StoreError::Server(_))),
        "the folder, and it lies in a bucket"
    );
    forgotten.close().await;
    drop(forgotten);
    let other = crate::BucketPlace::parse(
        "s3://records/other",
        &crate::BucketOptions {
            endpoint: Some(fake.endpoint()),
            key_file: Some(super::objects::key_file(&keys)),
            ..Default::default()
        },
    );
    let elsewhere = dir.open().await.with_bucket(&other.unwrap()).unwrap();
    assert!(matches!(elsewhere.objects_settle().await, Err(StoreError::Server(_))), "another bucket");
    // A house that has objects in its folder does not begin in a bucket.
    let (_full_dir, full) = store().await;
    write(full.objects(), object(1), b"in the folder").await.unwrap();
    let full = full.with_bucket(&place).unwrap();
    assert!(matches!(full.objects_settle().await, Err(StoreError::Server(_))));
}

#[tokio::test]
async fn objects_are_carried_into_a_bucket_and_back_compared_one_by_one_and_nothing_goes_where_it_was() {
    let (dir, house) = store().await;
    let (fake, keys) = (FakeBucket::start(), TempDir::new());
    let place = place(fake.endpoint(), &keys).hasty();
    let large = some_bytes(9_000_000);
    for n in 1..=20 {
        write(house.objects(), object(n), &[n; 1000]).await.unwrap();
    }
    write(house.objects(), object(21), &large).await.unwrap();
    // It is stopped in the middle: some are there, one is half there.
    for _ in 0..50 {
        fake.fail_next(Op::Complete, Fault::Status(403));
    }
    assert_eq!(fault(&house.objects_carry(None, Some(&place), |_| ()).await.unwrap_err()), BucketFault::Refused);
    assert_eq!(house.objects_at().await.unwrap(), None, "the house stays where it was");
    let there = Objects::bucket(&place).unwrap();
    std::mem::forget({
        let mut writer = there.create(object(21)).await.unwrap();
        writer.write(&large).await.unwrap();
        writer
    });
    fake.forget_faults();
    let before = there.list().await.unwrap().len() as u64;
    let mut heard = 0;
    let carried = house.objects_carry(None, Some(&place), |_| heard += 1).await.unwrap();
    assert_eq!((carried.all, carried.done, carried.copied, heard), (21, 21, 21 - before, 21));
    assert_eq!(carried.bytes, 20_000 + 9_000_000);
    assert_eq!(house.objects().list().await.unwrap(), there.list().await.unwrap());
    assert!(fake.on_way().is_empty());
    assert!(house.objects_carry(None, Some(&place), |_| ()).await.is_err(), "they lie there already");
    // What lies there otherwise is neither overwritten nor believed.
    let name = fake.keys().remove(3);
    let whole = fake.object(&name).unwrap();
    fake.overwrite(&name, Bytes::from_static(b"something else"));
    house.objects_carry(Some(&place), None, |_| ()).await.unwrap_err();
    fake.overwrite(&name, whole);
    write(&there, object(22), b"came in while it lay in the bucket").await.unwrap();
    house.objects_carry(None, None, |_| ()).await.unwrap_err();
    let back = house.objects_carry(Some(&place), None, |_| ()).await.unwrap();
    assert_eq!((back.all, back.copied), (22, 1));
    assert_eq!(house.objects_at().await.unwrap(), None);
    assert_eq!(read(house.objects(), object(22), 0).await, b"came in while it lay in the bucket");
    assert_eq!(fake.keys().len(), 22);
    drop(dir);
}

#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_that_was_vouched_for_and_nothing_is_followed_elsewhere() {
    let (fake, authority) = FakeBucket::start_over_tls();
    let dir = TempDir::new();
    let plain = place(fake.endpoint(), &dir).hasty();
    let error = write(&Objects::bucket(&plain).unwrap(), object(1), b"x").await.unwrap_err();
    assert_eq!(fault(&error), BucketFault::Unreached);
    let file = dir.0.join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let with = |endpoint: String| {
        let (key_file, ca_file) = (Some(super::objects::key_file(&dir)), Some(file.clone()));
        let options = crate::BucketOptions { endpoint: Some(endpoint), key_file, ca_file, ..Default::default() };
        Objects::bucket(&crate::BucketPlace::parse("s3://records/house", &options).unwrap().hasty()).unwrap()
    };
    let objects = with(fake.endpoint());
    write(&objects, object(1), b"over TLS").await.unwrap();
    assert_eq!(read(&objects, object(1), 0).await, b"over TLS");
    // The same server under a name that is not on its certificate.
    let error = write(&with(fake.endpoint().replace("localhost", "127.0.0.1")), object(2), b"x").await.unwrap_err();
    assert_eq!(fault(&error), BucketFault::Unreached);
    let other = FakeBucket::start();
    fake.fail_next(Op::Head, Fault::SentTo(307));
    fake.send_to(&other.endpoint());
    assert!(objects.size_bytes(object(1)).await.is_err());
    assert_eq!(other.asked(Op::Head), 0, "our signature went nowhere else");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(
        Objects::bucket(
            &crate::BucketPlace::parse(
                "s3://records",
                &crate::BucketOptions { ca_file: Some(file), ..Default::default() }
            )
            .unwrap()
        )
        .is_err()
    );
}
