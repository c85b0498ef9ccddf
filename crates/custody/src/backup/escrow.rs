//! The escrow of epoch keys: one file, newest only, apart from every backup (docs/FORMATS-backup.md).
//!
//! What must always hold: at each step of writing a whole escrow has the name; what it replaces is overwritten
//! before it is let go.

use super::BackupError;
use crate::CustodyError;
use data_encoding::BASE64;
use record::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vault::{EpochRow, Half, HalfName, KeyRow, KeyRows, WrappedKey};

const FORMAT: &str = "strongroom epoch escrow";
/// Versions: of epochs that the root key opens, and of those that have a half elsewhere.
const V_WHOLE: u8 = 1;
const V_HALVED: u8 = 2;
/// The largest escrow that is read, bytes: some hundred thousand keys.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How often a folder that somebody else holds is looked at, and how long after each time.
const LOCK_TRIES: u32 = 200;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// An epoch's row as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochLine {
    number: u32,
    wrapped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    half: Option<String>,
    created_at: Timestamp,
    destroyed_at: Option<Timestamp>,
}

/// A key's row as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyLine {
    name: String,
    wrapped: Option<String>,
    created_at: Timestamp,
    destroyed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    v: u8,
    house: String,
    written_at: Timestamp,
    epochs: Vec<EpochLine>,
    keys: Vec<KeyLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    halves: Vec<HalfLine>,
}

/// A half as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HalfLine {
    name: String,
    sealed: String,
}

/// An escrow as read.
#[derive(Debug, Clone)]
pub(crate) struct Escrow {
    /// Of which house.
    pub(crate) house: String,
    /// The key table as it stood.
    pub(crate) rows: KeyRows,
    /// The halves that it needs.
    pub(crate) halves: Vec<Half>,
}

fn half_named(text: &str) -> Result<HalfName, BackupError> {
    text.parse().map_err(|_| BackupError::Form("the name of a half"))
}

fn text_of(wrapped: Option<&WrappedKey>) -> Option<String> {
    wrapped.map(|key| BASE64.encode(&key.to_bytes()))
}

fn key_of(text: Option<&String>) -> Result<Option<WrappedKey>, BackupError> {
    let read = |text: &String| {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| BackupError::Form("a wrapped key"))?;
        WrappedKey::from_bytes(&bytes).map_err(|_| BackupError::Form("a wrapped key"))
    };
    text.map(read).transpose()
}

/// Rows of owners' keys as lines.
pub(super) fn lines_of(keys: &[KeyRow]) -> Vec<KeyLine> {
    let line = |row: &KeyRow| KeyLine {
        name: row.name.to_string(),
        wrapped: text_of(row.wrapped.as_ref()),
        created_at: row.created_at,
        destroyed_at: row.destroyed_at,
    };
    keys.iter().map(line).collect()
}

/// Lines back into rows.
pub(super) fn rows_of(lines: &[KeyLine]) -> Result<Vec<KeyRow>, BackupError> {
    let row = |line: &KeyLine| {
        Ok(KeyRow {
            name: line.name.parse().map_err(|_| BackupError::Form("the name of a key"))?,
            wrapped: key_of(line.wrapped.as_ref())?,
            created_at: line.created_at,
            destroyed_at: line.destroyed_at,
        })
    };
    lines.iter().map(row).collect()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, ToOwned::to_owned);
    name.push(suffix);
    path.with_file_name(name)
}

/// The path as it is kept among the facts: absolute, so that another working folder finds it. Not a name that the writing of an
/// escrow beside it uses and wipes.
pub(crate) fn path_text(path: &Path) -> Result<String, CustodyError> {
    if path.extension().is_some_and(|last| last == "new" || last == "old") {
        return Err(CustodyError::State(
            "An escrow's name may not end in .new or .old: what has such a name is wiped.",
        ));
    }
    let absolute =
        std::path::absolute(path).map_err(|_| CustodyError::State("this path of an escrow cannot be used"))?;
    absolute.to_str().map(ToOwned::to_owned).ok_or(CustodyError::State("the path of the escrow is not UTF-8"))
}

/// Held while an escrow is written: nobody else on this machine writes one in its folder.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub(crate) struct Writing(#[expect(dead_code, reason = "its lock is what it is held for")] std::fs::File);

impl Writing {
    /// Waits for whoever writes there, for ten seconds.
    pub(crate) fn begin(path: &Path) -> Result<Self, BackupError> {
        Self::within(path, LOCK_TRIES)
    }

    fn within(path: &Path, tries: u32) -> Result<Self, BackupError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::File::open(folder).map_err(BackupError::io("open the folder of the escrow"))?;
        let failed = |source| BackupError::Io { doing: "wait for the folder of the escrow", source };
        for _ in 0..tries {
            match folder.try_lock() {
                Ok(()) => return Ok(Self(folder)),
                // Whoever has it may stand still: then this fails aloud instead of waiting with everything behind it.
                Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
                // A file system without locks: there the others in this process are kept away, and what changed is seen before the end.
                Err(std::fs::TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                    return Ok(Self(folder));
                }
                Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(failed(std::io::ErrorKind::TimedOut.into()))
    }
}

/// Begins an escrow at a new place, with no key in it: from then on the place is known by what lies there. One of this house that
/// is there already stays as it is.
pub(crate) fn begin(path: &Path, house: &str, now: Timestamp) -> Result<(), BackupError> {
    let _writing = Writing::begin(path)?;
    if path.exists() && !is_zeros(path)? {
        return if read(path)?.house == house { Ok(()) } else { Err(BackupError::OtherHouse) };
    }
    prepare(path, (&KeyRows::default(), &[]), house, now)?;
    take_over(path)
}

/// Writes the escrow anew beside the one that has the name.
pub(crate) fn prepare(
    path: &Path,
    (rows, halves): (&KeyRows, &[Half]),
    house: &str,
    now: Timestamp,
) -> Result<(), BackupError> {
    let file = File {
        format: FORMAT.to_owned(),
        v: if halves.is_empty() { V_WHOLE } else { V_HALVED },
        house: house.to_owned(),
        written_at: now,
        epochs: rows
            .epochs
            .iter()
            .map(|row| EpochLine {
                number: row.number,
                wrapped: text_of(row.wrapped.as_ref()),
                // Of a destroyed one there is nothing left that it could name.
                half: row.live().and(row.half).map(|half| half.to_string()),
                created_at: row.created_at,
                destroyed_at: row.destroyed_at,
            })
            .collect(),
        keys: lines_of(&rows.keys),
        halves: halves
            .iter()
            .map(|half| HalfLine { name: half.name.to_string(), sealed: BASE64.encode(&half.sealed.to_bytes()) })
            .collect(),
    };
    let mut bytes = serde_json::to_vec(&file).map_err(|_| BackupError::Form("the escrow"))?;
    bytes.push(b'\n');
    if path.exists() && !is_zeros(path)? && read(path)?.house != house {
        return Err(BackupError::OtherHouse);
    }
    let (new, old) = (beside(path, ".new"), beside(path, ".old"));
    if is_same_file(path, &old) {
        // Somebody died on the way to another name for it: what would be wiped is the escrow itself.
        std::fs::remove_file(&old).map_err(BackupError::io("let go of a second name of the escrow"))?;
    } else {
        wipe(&old)?;
    }
    wipe(&new)?;
    // If we die after this: the old escrow has the name; the new one is wiped or written again.
    super::create_private(&new, &bytes)
}

/// Gives what was prepared its name; what it replaces is wiped.
pub(crate) fn take_over(path: &Path) -> Result<(), BackupError> {
    let (new, old) = (beside(path, ".new"), beside(path, ".old"));
    if path.exists() {
        std::fs::hard_link(path, &old).map_err(BackupError::io("keep the old escrow aside"))?;
    }
    std::fs::rename(&new, path).map_err(BackupError::io("give the escrow its name"))?;
    super::sync_folder(path)?;
    // If we die here: the new escrow has the name and is on the disk; the old one is wiped by the next writing.
    wipe(&old)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let file = |path: &Path| std::fs::metadata(path).ok().map(|known| (known.dev(), known.ino()));
    file(one).is_some_and(|one| file(other) == Some(one))
}

/// Overwrites an escrow that another place has taken over from; its name stays until [`left`]. A file that is not there is an
/// error, also where its folder is: an empty folder is where a volume was, and what lies on that would open again what was
/// destroyed.
pub(crate) fn leave(old: &Path, new: &Path, house: &str) -> Result<(), CustodyError> {
    if old.canonicalize().is_ok_and(|old| new.canonicalize().is_ok_and(|new| old == new)) {
        return Ok(());
    }
    if !old.parent().is_some_and(Path::is_dir) {
        return Err(CustodyError::State(
            "The folder of the earlier escrow of epoch keys is not there, so it could not be wiped. Bring its volume back.",
        ));
    }
    // The place is named by a row: nothing is wiped there but an escrow of this house, or what a wiping left half way; and nothing
    // beside it where it is not there itself.
    let is_away = || {
        CustodyError::State(
            "The earlier escrow of epoch keys is not where it was, so it could not be wiped. Bring its volume back.",
        )
    };
    if !old.exists() {
        return Err(is_away());
    }
    if !is_zeros(old)? && read(old)?.house != house {
        return Err(BackupError::OtherHouse.into());
    }
    for path in [beside(old, ".old"), beside(old, ".new")] {
        wipe(&path)?;
    }
    if overwrite(old)? { Ok(()) } else { Err(is_away()) }
}

/// Has the escrow at the new place all that the earlier one has, or a newer epoch. One that cannot be read says nothing.
pub(crate) fn takes_over(new: &Path, old: &Path) -> Result<(), CustodyError> {
    let Ok(before) = read(old) else { return Ok(()) };
    read(new)?.rows.comes_after(&before.rows).map_err(|_| {
        CustodyError::State(
            "The earlier escrow of epoch keys has keys that the new one has not, and was not wiped. Stop the server, and take the table of keys \
             from the earlier one: strongroom key recover.",
        )
    })
}

/// Was this file overwritten as [`leave`] does it.
pub(crate) fn is_wiped(path: &Path) -> bool {
    is_zeros(path).unwrap_or(false)
}

/// Nobody asks for the earlier escrow any more: what [`leave`] made of it goes.
pub(crate) fn left(old: &Path) -> Result<(), BackupError> {
    if old.exists() && is_zeros(old)? { wipe(old) } else { Ok(()) }
}

fn is_zeros(path: &Path) -> Result<bool, BackupError> {
    let bytes = super::read_bounded(path, BYTES_MAX)?;
    Ok(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0))
}

/// Overwrites a file with zeros and removes it. Absent is fine.
fn wipe(path: &Path) -> Result<(), BackupError> {
    if !overwrite(path)? {
        return Ok(());
    }
    std::fs::remove_file(path).map_err(BackupError::io("wipe an old escrow"))?;
    super::sync_folder(path)
}

/// Overwrites a file with zeros, durably; whether there was one.
fn overwrite(path: &Path) -> Result<bool, BackupError> {
    let mut file = match std::fs::OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(BackupError::Io { doing: "wipe an old escrow", source: error }),
    };
    let io = || BackupError::io("wipe an old escrow");
    let length = file.metadata().map_err(io())?.len();
    file.rewind().map_err(io())?;
    let zeros = vec![0_u8; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
        file.write_all(&zeros[..now]).map_err(io())?;
        left -= now as u64;
    }
    file.sync_all().map_err(io())?;
    Ok(true)
}

/// Reads an escrow.
pub(crate) fn read(path: &Path) -> Result<Escrow, BackupError> {
    let bytes = super::read_bounded(path, BYTES_MAX)?;
    let file: File = serde_json::from_slice(&bytes).map_err(|_| BackupError::Form("the escrow"))?;
    let v = if file.halves.is_empty() { V_WHOLE } else { V_HALVED };
    if file.format != FORMAT || file.v != v {
        return Err(BackupError::Form("the escrow"));
    }
    let epoch = |line: &EpochLine| {
        Ok(EpochRow {
            number: line.number,
            wrapped: key_of(line.wrapped.as_ref())?,
            half: line.half.as_deref().map(half_named).transpose()?,
            created_at: line.created_at,
            destroyed_at: line.destroyed_at,
        })
    };
    let half = |line: &HalfLine| {
        let sealed = key_of(Some(&line.sealed))?.ok_or(BackupError::Form("a half"))?;
        Ok(Half { name: half_named(&line.name)?, sealed })
    };
    let halves = file.halves.iter().map(half).collect::<Result<Vec<_>, BackupError>>()?;
    let epochs = file.epochs.iter().map(epoch).collect::<Result<Vec<_>, BackupError>>()?;
    Ok(Escrow { house: file.house, rows: KeyRows { epochs, keys: rows_of(&file.keys)? }, halves })
}

/// The key table for a restore: the escrow's, and those keys of the backup that the escrow does not know and whose
/// epoch is live in it. What the escrow has as destroyed stays destroyed.
pub(crate) fn merge(escrow: &KeyRows, of_backup: &[KeyRow]) -> KeyRows {
    let live: BTreeSet<u32> = escrow
        .epochs
        .iter()
        .filter(|row| row.wrapped.is_some() && row.destroyed_at.is_none())
        .map(|row| row.number)
        .collect();
    let known: BTreeSet<_> = escrow.keys.iter().map(|row| row.name).collect();
    let mut rows = escrow.clone();
    for row in of_backup {
        let opens = row.wrapped.as_ref().is_some_and(|key| key.key_id == "epoch" && live.contains(&key.version));
        if !known.contains(&row.name) && opens && row.is_live() {
            rows.keys.push(row.clone());
        }
    }
    rows.keys.sort_by_key(|row| row.name);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    fn begun() -> (TempDir, PathBuf) {
        let folder = TempDir::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        let path = folder.path().join("epochs");
        begin(&path, "house", Timestamp::from_unix_millis(0)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_death_between_two_names_of_an_escrow_loses_nothing() {
        let (_folder, path) = begun();
        // Taken over, and dead before the new one had the name; then the disk takes nothing new.
        std::fs::hard_link(&path, beside(&path, ".old")).unwrap();
        std::fs::create_dir(beside(&path, ".new")).unwrap();
        assert!(prepare(&path, (&KeyRows::default(), &[]), "house", Timestamp::from_unix_millis(1)).is_err());
        assert_eq!(read(&path).unwrap().house, "house");
        std::fs::remove_dir(beside(&path, ".new")).unwrap();
        prepare(&path, (&KeyRows::default(), &[]), "house", Timestamp::from_unix_millis(1)).unwrap();
        take_over(&path).unwrap();
        assert!(read(&path).is_ok() && !beside(&path, ".old").exists());
    }

    #[test]
    fn a_folder_that_somebody_holds_is_not_waited_for_for_ever() {
        let (_folder, path) = begun();
        let held = Writing::begin(&path).unwrap();
        assert!(matches!(Writing::within(&path, 2), Err(BackupError::Io { .. })));
        drop(held);
        drop(Writing::within(&path, 1).unwrap());
    }
}
