//! The reserve: a file whose room was taken from the disk beforehand, for what must be kept while the database cannot
//! write (a full disk, a lock that somebody holds).
//!
//! What must always hold: an appended record is on the disk before anybody is told so; nothing is ever written outside
//! of the room that the file has had since it was made; a slot that is not whole is told and never guessed at
//! (docs/FORMATS.md). What a record says is sealed by whoever appends it: this file holds bytes.

use crate::StoreError;
use record::Sha256;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Its name in the data folder.
pub const RESERVE_FILE: &str = "reserve";
/// One record has one slot: a page of the disk, so that a torn write harms no neighbour.
const SLOT_BYTES: usize = 4096;
/// All slots: 2 MiB.
const SLOTS: usize = 512;
/// Slots that alerts may take; the others are for signing in. Neither can crowd the other out.
const ALERT_SLOTS: usize = 128;
/// Mark and version.
const MARK: [u8; 4] = *b"SRR\x01";
/// Mark, number, class, a zero, length.
const HEAD_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;
const DIGEST_AT: usize = SLOT_BYTES - DIGEST_BYTES;
/// The longest record, in bytes.
pub const RESERVE_RECORD_BYTES_MAX: usize = DIGEST_AT - HEAD_BYTES;

/// What a record is about: each class has room of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReserveClass {
    /// Signing in and out.
    Session,
    /// What the system says itself.
    Alert,
}

impl ReserveClass {
    const fn byte(self) -> u8 {
        match self {
            Self::Session => 1,
            Self::Alert => 2,
        }
    }
    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Session),
            2 => Some(Self::Alert),
            _ => None,
        }
    }
    const fn slots(self) -> usize {
        match self {
            Self::Session => SLOTS - ALERT_SLOTS,
            Self::Alert => ALERT_SLOTS,
        }
    }
}

/// A record that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Where it lies.
    pub slot: usize,
    /// Counts up by one with each record.
    pub number: u64,
    /// What it is about.
    pub class: ReserveClass,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// Everything that lies in the reserve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReserveContents {
    /// In the order in which they were appended.
    pub records: Vec<Reserved>,
    /// Slots that hold something which is no whole record: a write that a crash tore, or somebody's hand.
    pub damaged: Vec<usize>,
    /// Numbers between the first and the last record that are nowhere: somebody took them out.
    pub missing: u64,
}

/// The file; cheap to clone. Calls wait for the disk and belong on a thread that may.
#[derive(Clone)]
pub struct Reserve(Arc<Mutex<Inner>>);

struct Inner {
    file: File,
    taken: Vec<Option<ReserveClass>>,
    /// Which record lies in each slot, as far as this process has written or read it.
    numbers: Vec<Option<u64>>,
    next: u64,
    /// A flush failed once: nothing more is taken until the file is opened anew.
    broken: bool,
}

impl std::fmt::Debug for Reserve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reserve(..)")
    }
}

/// Was the file there, or was it made just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReserveFound {
    /// It was there.
    There,
    /// It was not, and is there now, empty.
    Made,
}

fn slot_encode(number: u64, class: ReserveClass, bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > RESERVE_RECORD_BYTES_MAX {
        return None;
    }
    let length = u16::try_from(bytes.len()).ok()?;
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend_from_slice(&MARK);
    slot.extend_from_slice(&number.to_be_bytes());
    slot.extend_from_slice(&[class.byte(), 0]);
    slot.extend_from_slice(&length.to_be_bytes());
    slot.extend_from_slice(bytes);
    slot.resize(DIGEST_AT, 0);
    let digest = Sha256::of(&slot);
    slot.extend_from_slice(digest.as_bytes());
    Some(slot)
}

/// Reads one slot: nothing, a record's number, class and bytes, or `None` for what is no whole record. Total over all
/// bytes.
#[must_use]
pub fn reserve_slot_decode(slot: &[u8]) -> Option<Option<(u64, ReserveClass, Vec<u8>)>> {
    if slot.len() != SLOT_BYTES {
        return None;
    }
    if slot.iter().all(|byte| *byte == 0) {
        return Some(None);
    }
    let (body, digest) = slot.split_at(DIGEST_AT);
    if Sha256::of(body).as_bytes() != digest {
        return None;
    }
    let (mark, rest) = body.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let ([class, zero, high, low], rest) = rest.split_first_chunk::<4>()?;
    let (bytes, padding) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
    let class = ReserveClass::of(*class)?;
    if mark != &MARK || *zero != 0 || padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(Some((u64::from_be_bytes(*number), class, bytes.to_vec())))
}

impl Reserve {
    /// Opens the file in a data folder, or makes it with all its room.
    ///
    /// # Errors
    /// When the system refuses, or there is no room for it.
    pub fn open(dir: &Path) -> Result<(Self, ReserveFound), StoreError> {
        let path = dir.join(RESERVE_FILE);
        let found = if path.exists() { ReserveFound::There } else { make(dir, &path)? };
        let opened = std::fs::OpenOptions::new().read(true).write(true).open(&path);
        let file = opened.map_err(StoreError::object("open the reserve"))?;
        let size = file.metadata().map_err(StoreError::object("look at the reserve"))?.len();
        if size != (SLOTS * SLOT_BYTES) as u64 {
            return Err(StoreError::Folder(format!("the file {RESERVE_FILE} does not have the size it was made with")));
        }
        let reserve = Self(Arc::new(Mutex::new(Inner {
            file,
            taken: vec![None; SLOTS],
            numbers: vec![None; SLOTS],
            next: 1,
            broken: false,
        })));
        reserve.contents()?;
        Ok((reserve, found))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a record and waits until it is on the disk. `seal` is told the record's number and gives its bytes.
    ///
    /// # Errors
    /// [`StoreError::ReserveFull`] when its class has no slot left or the record is too long;
    /// [`StoreError::FlushFailed`] when the disk refused.
    pub fn append(&self, class: ReserveClass, seal: impl FnOnce(u64) -> Vec<u8>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if inner.broken {
            return Err(StoreError::FlushFailed);
        }
        let held = inner.taken.iter().filter(|one| **one == Some(class)).count();
        let free = inner.taken.iter().position(Option::is_none).filter(|_| held < class.slots());
        let slot = free.ok_or(StoreError::ReserveFull)?;
        let number = inner.next;
        let bytes = slot_encode(number, class, &seal(number)).ok_or(StoreError::ReserveFull)?;
        // If we die here or within the write: the slot is empty or not whole, and nobody was told that it was kept.
        inner.write(slot, &bytes)?;
        // If we die after: it is there, and the next start carries it into the ledger.
        inner.taken[slot] = Some(class);
        inner.numbers[slot] = Some(number);
        inner.next = number + 1;
        Ok(())
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn contents(&self) -> Result<ReserveContents, StoreError> {
        let mut inner = self.inner();
        let mut bytes = vec![0; SLOTS * SLOT_BYTES];
        inner.file.read_exact_at(&mut bytes, 0).map_err(StoreError::object("read the reserve"))?;
        let mut found = ReserveContents::default();
        for (slot, bytes) in bytes.chunks_exact(SLOT_BYTES).enumerate() {
            inner.taken[slot] = None;
            match reserve_slot_decode(bytes) {
                Some(None) => {}
                Some(Some((number, class, bytes))) => {
                    inner.taken[slot] = Some(class);
                    found.records.push(Reserved { slot, number, class, bytes });
                }
                None => {
                    // It takes up a place until somebody has said so and clears it.
                    inner.taken[slot] = Some(ReserveClass::Session);
                    found.damaged.push(slot);
                }
            }
        }
        found.records.sort_by_key(|one| one.number);
        let (first, last) = match found.records.as_slice() {
            [first, .., last] => (first.number, last.number),
            [one] => (one.number, one.number),
            [] => (1, 0),
        };
        let between = last.saturating_add(1).saturating_sub(first);
        found.missing = between.saturating_sub(found.records.len() as u64);
        // What this process wrote is missed outside of these, too. The oldest and the newest of an earlier process can
        // vanish without a trace.
        for slot in 0..SLOTS {
            let now = found.records.iter().find(|one| one.slot == slot).map(|one| one.number);
            let before = std::mem::replace(&mut inner.numbers[slot], now).filter(|before| now != Some(*before));
            let counted = before.is_none_or(|before| (first..=last).contains(&before)) || found.damaged.contains(&slot);
            found.missing += u64::from(!counted);
        }
        inner.next = inner.next.max(last.saturating_add(1));
        Ok(found)
    }

    /// Empties a slot whose record is in the ledger.
    ///
    /// # Errors
    /// [`StoreError::FlushFailed`] when the disk refused; the record is then carried over once more, which changes
    /// nothing.
    pub fn clear(&self, slot: usize) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if slot >= SLOTS {
            return Ok(());
        }
        inner.write(slot, &[0; SLOT_BYTES])?;
        inner.taken[slot] = None;
        inner.numbers[slot] = None;
        Ok(())
    }

    /// How many records of a class wait.
    #[must_use]
    pub fn waiting(&self, class: ReserveClass) -> usize {
        self.inner().taken.iter().filter(|one| **one == Some(class)).count()
    }
}

impl Inner {
    fn write(&mut self, slot: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.write_all_at(bytes, (slot * SLOT_BYTES) as u64);
        written.map_err(StoreError::object("write into the reserve"))?;
        self.file.sync_data().map_err(|_| {
            self.broken = true;
            StoreError::FlushFailed
        })
    }
}

/// Written in full and not merely made long: a file system gives the room when bytes arrive. Under another name first,
/// so that half a reserve is never taken for one.
fn make(dir: &Path, path: &Path) -> Result<ReserveFound, StoreError> {
    let doing = "make the reserve";
    let coming = dir.join("reserve.new");
    let made = std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&coming);
    let file = made.map_err(StoreError::object(doing))?;
    let written = file.write_all_at(&vec![0; SLOTS * SLOT_BYTES], 0).and_then(|()| file.sync_all());
    if let Err(source) = written {
        // Half of it would keep room from others and help nobody.
        drop(std::fs::remove_file(&coming));
        return Err(StoreError::Object { doing, source });
    }
    // If we die here: a file that nobody reads; the next start writes over it.
    std::fs::rename(&coming, path).map_err(StoreError::object(doing))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::object(doing))?;
    Ok(ReserveFound::Made)
}

#[cfg(test)]
mod tests;
