//! Many small objects at once: written under their names, and made durable by one flush of the whole file system.
//!
//! What must always hold: nothing is said to be there before all of it is on the disk. If the process or the machine dies
//! before the flush, some objects may be there in part under their names; no row names them but the open upload, and the
//! sweeper removes what an upload that was not committed names. A flush is trusted only where the system is known to
//! report a write that failed meanwhile; everywhere else each object and each folder is flushed by itself.

use super::{DurableFolders, Folder, on_thread, sync_folder};
use crate::StoreError;
use record::ObjectId;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Folder {
    /// Keeps whole objects under their names, durable when this returns.
    pub(in crate::objects) async fn keep_many(&self, objects: Vec<(ObjectId, Vec<u8>)>) -> Result<(), StoreError> {
        let (root, durable) = (self.root.clone(), Arc::clone(&self.durable));
        let named: Vec<(PathBuf, Vec<u8>)> = objects.into_iter().map(|(id, bytes)| (self.path(id), bytes)).collect();
        on_thread(move || keep_here(&root, &durable, &named)).await
    }
}

fn keep_here(root: &Path, durable: &DurableFolders, named: &[(PathBuf, Vec<u8>)]) -> Result<(), StoreError> {
    // Opened before the first byte is written: what goes wrong from here on is reported to this handle.
    let whole = File::open(root).map_err(StoreError::object("open the object folder"))?;
    let one_flush = flushes_whole(&whole);
    let mut folders = BTreeSet::new();
    for (path, bytes) in named {
        let folder = path.parent().expect("an object's path has a folder");
        if folders.insert(folder) {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(StoreError::object("make an object's folder"))?;
        }
        let mut options = std::fs::OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = made.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => StoreError::ObjectExists,
            _ => StoreError::Object { doing: "begin an object", source },
        })?;
        file.write_all(bytes).map_err(StoreError::object("write an object"))?;
        if !one_flush {
            file.sync_all().map_err(|_| StoreError::FlushFailed)?;
        }
    }
    if one_flush {
        flush_whole(&whole)?;
    } else {
        folders.iter().try_for_each(|folder| sync_folder(folder))?;
        sync_folder(root)?;
    }
    // Their own names are on the disk now, too.
    let mut known = durable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.extend(folders.into_iter().map(Path::to_owned));
    Ok(())
}

/// File systems on a disk of this machine, whose whole flush is a flush: ext4 and its elders, XFS, Btrfs, F2FS, ZFS, and
/// the one in memory, which has nothing to flush (statfs(2)).
#[cfg(target_os = "linux")]
const FLUSHED: [u64; 6] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1, 0x0102_1994];

/// Is one flush of the whole file system enough: Linux reports failed writes to it since 5.8 (syncfs(2)).
#[cfg(target_os = "linux")]
fn flushes_whole(whole: &File) -> bool {
    let Ok(about) = rustix::fs::fstatfs(whole) else { return false };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    u64::try_from(about.f_type).is_ok_and(|kind| FLUSHED.contains(&kind)) && reports_failed_writes(&release)
}

#[cfg(target_os = "linux")]
fn reports_failed_writes(release: &str) -> bool {
    let mut numbers = release.split('.').map_while(|one| one.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    (major, minor) >= (5, 8)
}

#[cfg(target_os = "linux")]
fn flush_whole(whole: &File) -> Result<(), StoreError> {
    rustix::fs::syncfs(whole).map_err(|_| StoreError::FlushFailed)
}

#[cfg(not(target_os = "linux"))]
fn flushes_whole(_: &File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn flush_whole(_: &File) -> Result<(), StoreError> {
    Err(StoreError::FlushFailed)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::reports_failed_writes;
    use crate::tests::TempDir;
    use crate::{Objects, StoreError};
    use record::ObjectId;

    #[test]
    fn a_kernel_that_hides_failed_writes_is_not_trusted_with_one_flush() {
        for (release, trusted) in [
            ("6.18.44-fc", true),
            ("5.8.0", true),
            ("5.7.19-generic", false),
            ("4.19", false),
            ("", false),
            ("x", false),
        ] {
            assert_eq!(reports_failed_writes(release), trusted, "{release}");
        }
    }

    #[tokio::test]
    async fn many_objects_are_kept_whole_and_none_over_another() {
        let dir = TempDir::new();
        let objects = Objects::open(dir.0.clone()).unwrap();
        let id = |number: u8| ObjectId::from_bytes([number; 16]);
        let some: Vec<_> = (0..40).map(|number| (id(number), vec![number; usize::from(number) * 100])).collect();
        objects.keep_many(some).await.unwrap();
        for number in 0..40 {
            let bytes = objects.read_all(id(number), 1 << 20).await.unwrap().unwrap();
            assert_eq!(bytes, vec![number; usize::from(number) * 100]);
        }
        let again = objects.keep_many(vec![(id(50), vec![1]), (id(7), vec![2])]).await;
        assert!(matches!(again, Err(StoreError::ObjectExists)));
        assert_eq!(objects.read_all(id(7), 1 << 20).await.unwrap().unwrap(), vec![7; 700]);
    }
}
