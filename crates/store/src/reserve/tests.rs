use super::{
    ALERT_SLOTS, RESERVE_FILE, RESERVE_RECORD_BYTES_MAX, Reserve, ReserveClass, ReserveFound, SLOT_BYTES, SLOTS,
};
use crate::StoreError;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("strongroom-reserve-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
    fn open(&self) -> Reserve {
        Reserve::open(&self.0).unwrap().0
    }
    fn file(&self) -> std::fs::File {
        std::fs::OpenOptions::new().read(true).write(true).open(self.0.join(RESERVE_FILE)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn append(reserve: &Reserve, class: ReserveClass, text: &str) {
    reserve.append(class, |_| text.as_bytes().to_vec()).unwrap();
}

fn texts(reserve: &Reserve) -> Vec<String> {
    let records = reserve.contents().unwrap().records;
    records.into_iter().map(|one| String::from_utf8(one.bytes).unwrap()).collect()
}

#[test]
fn what_was_kept_is_there_in_order_when_the_file_is_opened_again() {
    let folder = Folder::new();
    let (reserve, found) = Reserve::open(&folder.0).unwrap();
    assert_eq!(found, ReserveFound::Made);
    assert_eq!(std::fs::metadata(folder.0.join(RESERVE_FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    append(&reserve, ReserveClass::Session, "one");
    append(&reserve, ReserveClass::Alert, "two");
    append(&reserve, ReserveClass::Session, "three");
    drop(reserve);
    let (reserve, found) = Reserve::open(&folder.0).unwrap();
    assert_eq!(
        (found, texts(&reserve).as_slice()),
        (ReserveFound::There, &["one", "two", "three"].map(str::to_owned)[..])
    );
    // A slot that is free again is used again, and its record still comes last.
    reserve.clear(reserve.contents().unwrap().records[0].slot).unwrap();
    append(&reserve, ReserveClass::Session, "four");
    assert_eq!(texts(&folder.open()), ["two", "three", "four"]);
    assert_eq!((reserve.waiting(ReserveClass::Session), reserve.waiting(ReserveClass::Alert)), (2, 1));
}

#[test]
fn each_class_has_its_own_room_and_the_file_never_grows() {
    let folder = Folder::new();
    let reserve = folder.open();
    for _ in 0..ALERT_SLOTS {
        append(&reserve, ReserveClass::Alert, "noise");
    }
    let full = reserve.append(ReserveClass::Alert, |_| Vec::new());
    assert!(matches!(full, Err(StoreError::ReserveFull)));
    for _ in ALERT_SLOTS..SLOTS {
        append(&reserve, ReserveClass::Session, "somebody");
    }
    assert!(matches!(reserve.append(ReserveClass::Session, |_| Vec::new()), Err(StoreError::ReserveFull)));
    assert_eq!(folder.file().metadata().unwrap().len(), (SLOTS * SLOT_BYTES) as u64);
    assert_eq!(folder.open().contents().unwrap().records.len(), SLOTS);
}

#[test]
fn a_record_that_is_too_long_is_refused_and_takes_no_slot() {
    let folder = Folder::new();
    let reserve = folder.open();
    let long = |bytes: usize| reserve.append(ReserveClass::Session, |_| vec![1; bytes]);
    assert!(matches!(long(RESERVE_RECORD_BYTES_MAX + 1), Err(StoreError::ReserveFull)));
    assert_eq!(reserve.waiting(ReserveClass::Session), 0);
    long(RESERVE_RECORD_BYTES_MAX).unwrap();
}

#[test]
fn a_torn_or_changed_record_is_told_and_the_others_are_read() {
    let folder = Folder::new();
    let reserve = folder.open();
    for text in ["one", "two", "three"] {
        append(&reserve, ReserveClass::Session, text);
    }
    // Half of the last page arrived.
    folder.file().write_all_at(&[0; SLOT_BYTES / 2], (2 * SLOT_BYTES + SLOT_BYTES / 2) as u64).unwrap();
    let found = folder.open().contents().unwrap();
    assert_eq!((found.records.len(), found.damaged.as_slice(), found.missing), (2, &[2][..], 0));
    for at in [0, 5, 12, 13, 15, 16, 18, 2000, SLOT_BYTES - 1] {
        let at = (SLOT_BYTES + at) as u64;
        let mut byte = [0];
        folder.file().read_exact_at(&mut byte, at).unwrap();
        folder.file().write_all_at(&[byte[0] ^ 0x40], at).unwrap();
        let found = folder.open().contents().unwrap();
        assert_eq!((found.records.len(), found.damaged.as_slice()), (1, &[1, 2][..]), "byte {at}");
        folder.file().write_all_at(&byte, at).unwrap();
    }
}

#[test]
fn a_record_that_was_taken_out_of_the_middle_is_missed() {
    let folder = Folder::new();
    let reserve = folder.open();
    for text in ["one", "two", "three"] {
        append(&reserve, ReserveClass::Session, text);
    }
    folder.file().write_all_at(&[0; SLOT_BYTES], SLOT_BYTES as u64).unwrap();
    let found = folder.open().contents().unwrap();
    assert_eq!((found.records.len(), found.damaged.len(), found.missing), (2, 0, 1));
}

#[test]
fn a_file_of_another_size_is_not_a_reserve() {
    let folder = Folder::new();
    drop(folder.open());
    folder.file().set_len(SLOT_BYTES as u64).unwrap();
    assert!(matches!(Reserve::open(&folder.0), Err(StoreError::Folder(_))));
}

#[test]
fn the_oldest_record_is_missed_by_the_process_that_wrote_it() {
    let folder = Folder::new();
    let reserve = folder.open();
    for text in ["one", "two", "three"] {
        append(&reserve, ReserveClass::Session, text);
    }
    folder.file().write_all_at(&[0; SLOT_BYTES], 0).unwrap();
    let found = reserve.contents().unwrap();
    assert_eq!((found.records.len(), found.damaged.len(), found.missing), (2, 0, 1));
    assert_eq!(reserve.contents().unwrap().missing, 0, "told once");
    reserve.clear(1).unwrap();
    assert_eq!(reserve.contents().unwrap().missing, 0, "what was carried over is not missed");
}
