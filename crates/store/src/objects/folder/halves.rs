//! Halves of epoch keys in the folder of objects: overwritten before they are removed.

use super::{Folder, on_thread, sync_folder};
use crate::StoreError;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

impl Folder {
    fn halves(&self) -> PathBuf {
        self.root.join("halves")
    }

    /// Lays it in its place; an error when the name is taken.
    pub(in crate::objects) async fn half_create(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let (folder, root, path) = (self.halves(), self.root.clone(), self.halves().join(name));
        on_thread(move || {
            let doing = "lay a half in its place";
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(StoreError::object(doing))?;
            sync_folder(&root)?;
            if path.exists() {
                return Err(StoreError::ObjectExists);
            }
            // Left over from a time that was stopped in the middle of it: no row names it.
            let new = path.with_extension("new");
            wiped(&new)?;
            let mut options = std::fs::OpenOptions::new();
            let opened = options.write(true).create_new(true).mode(0o600).open(&new);
            let mut file = opened.map_err(StoreError::object(doing))?;
            file.write_all(&bytes).map_err(StoreError::object(doing))?;
            file.sync_all().map_err(|_| StoreError::FlushFailed)?;
            // If we die here: half of a name, which whoever destroys that half wipes too.
            std::fs::rename(&new, &path).map_err(StoreError::object(doing))?;
            sync_folder(&folder)
        })
        .await
    }

    /// All of it; `None` when it is not there.
    pub(in crate::objects) async fn half_fetch(
        &self,
        name: &str,
        bytes_max: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.halves().join(name);
        on_thread(move || {
            let doing = "read a half";
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(StoreError::Object { doing, source }),
            };
            let mut bytes = Vec::new();
            file.take(bytes_max).read_to_end(&mut bytes).map_err(StoreError::object(doing))?;
            Ok(Some(bytes))
        })
        .await
    }

    /// Overwrites it, removes it, and looks whether it is gone.
    pub(in crate::objects) async fn half_purge(&self, name: &str) -> Result<(), StoreError> {
        let (folder, path) = (self.halves(), self.halves().join(name));
        on_thread(move || {
            for path in [path.with_extension("new"), path.clone()] {
                wiped(&path)?;
            }
            if !folder.is_dir() {
                return Ok(());
            }
            sync_folder(&folder)?;
            if path.symlink_metadata().is_ok() { Err(StoreError::Stays) } else { Ok(()) }
        })
        .await
    }
}

/// Zeros over all of it, on the disk, then its name goes. Absent is fine.
fn wiped(path: &Path) -> Result<(), StoreError> {
    let doing = "destroy a half";
    let mut file = match std::fs::OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreError::Object { doing, source }),
    };
    let length = usize::try_from(file.metadata().map_err(StoreError::object(doing))?.len()).unwrap_or(usize::MAX);
    file.write_all(&vec![0_u8; length]).map_err(StoreError::object(doing))?;
    file.sync_all().map_err(|_| StoreError::FlushFailed)?;
    // If we die here: zeros under its name, and the next time goes on.
    std::fs::remove_file(path).map_err(StoreError::object(doing))
}
