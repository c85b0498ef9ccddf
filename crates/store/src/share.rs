//! A folder of somebody else's, read for an import: a share with years of files, some of which were put there to harm.
//!
//! What must always hold: nothing outside the share is read, because no link is followed on the way, neither a folder's
//! nor a file's; nothing but plain files is opened for their bytes, and opening waits for nobody (a pipe that no one
//! writes to); a file that changes while it is read is noticed; nothing is written here, and no name of a file gets into
//! an error.

use crate::StoreError;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Folders within folders, at most.
const DEPTH_MAX: usize = 64;
/// Files of one share, at most: each takes about a hundred bytes of memory while it is imported.
const FILES_MAX: usize = 5_000_000;
/// How a folder of the share is opened.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The folder, held open: what somebody puts in its place meanwhile is another folder.
#[derive(Debug)]
pub struct Share {
    root: OwnedFd,
}

/// A file of the share. Its path is PHI more often than not.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareFile {
    /// Below the share, parts divided by `/`, as the file system has it.
    pub path: Box<[u8]>,
    /// Its size when the share was walked.
    pub size_bytes: u64,
}

impl std::fmt::Debug for ShareFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShareFile({} bytes)", self.size_bytes)
    }
}

/// What there is on a share.
#[derive(Debug, Default)]
pub struct ShareListing {
    /// Plain files, in the order of their names within each folder.
    pub files: Vec<ShareFile>,
    /// What is no file that is read: its path and why.
    pub odd: Vec<(ShareFile, ShareError)>,
}

/// Why something of a share is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// It is a link.
    #[error("a link; links are not followed")]
    Link,
    /// It is neither a file nor a folder.
    #[error("no plain file: a pipe, a socket or a device")]
    Special,
    /// The system does not let us.
    #[error("it cannot be read")]
    Unreadable,
    /// Folders within folders without end.
    #[error("it lies more than 64 folders deep")]
    Deep,
    /// It is larger than is taken.
    #[error("it is larger than is taken from a share")]
    Large,
    /// It was another file when it had been read.
    #[error("it changed while it was read")]
    Changed,
}

impl Share {
    /// Opens the folder.
    ///
    /// # Errors
    /// When it is not there or is no folder.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        // The folder itself may be named by a link: whoever runs the import says which folder it is.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(dir, flags, Mode::empty());
        let root = root.map_err(|error| StoreError::object("open the share")(error.into()))?;
        Ok(Self { root })
    }

    /// All that is there.
    ///
    /// # Errors
    /// When the share itself cannot be read, or holds more than five million files.
    pub fn list(&self) -> Result<ShareListing, StoreError> {
        let mut listing = ShareListing::default();
        let again = rustix::fs::openat(&self.root, c".", FOLDER, Mode::empty());
        let root = again.map_err(|error| StoreError::object("read the share")(error.into()))?;
        self.list_below(root, &mut Vec::new(), 0, &mut listing)?;
        Ok(listing)
    }

    fn list_below(
        &self,
        folder: OwnedFd,
        path: &mut Vec<u8>,
        depth: usize,
        listing: &mut ShareListing,
    ) -> Result<(), StoreError> {
        let odd = |path: &[u8], why| (ShareFile { path: path.into(), size_bytes: 0 }, why);
        let mut names: Vec<CString> = Vec::new();
        let entries = Dir::read_from(&folder).map(|dir| dir.collect::<Result<Vec<_>, _>>());
        let Ok(Ok(entries)) = entries else {
            listing.odd.push(odd(path, ShareError::Unreadable));
            return Ok(());
        };
        for entry in entries {
            let name = entry.file_name();
            if name != c"." && name != c".." {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        for name in names {
            let before = path.len();
            if before > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name.to_bytes());
            match self.entry(&folder, &name, depth) {
                Ok(Found::File(size_bytes)) => {
                    listing.files.push(ShareFile { path: path.as_slice().into(), size_bytes });
                }
                Ok(Found::Folder(below)) => self.list_below(below, path, depth + 1, listing)?,
                Err(why) => listing.odd.push(odd(path, why)),
            }
            if listing.files.len() + listing.odd.len() > FILES_MAX {
                return Err(StoreError::Folder("the share holds more than five million files".to_owned()));
            }
            path.truncate(before);
        }
        Ok(())
    }

    fn entry(&self, folder: &OwnedFd, name: &CString, depth: usize) -> Result<Found, ShareError> {
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| ShareError::Unreadable)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Found::File(size(&stat))),
            FileType::Directory if depth == DEPTH_MAX => Err(ShareError::Deep),
            FileType::Directory => rustix::fs::openat(folder, name, FOLDER, Mode::empty())
                .map(Found::Folder)
                .map_err(|_| ShareError::Unreadable),
            FileType::Symlink => Err(ShareError::Link),
            _ => Err(ShareError::Special),
        }
    }

    /// All bytes of a file, which must be a plain one still.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn read(&self, path: &[u8], bytes_max: u64) -> Result<Vec<u8>, ShareError> {
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        let mut below: Option<OwnedFd> = None;
        let file = loop {
            let part = parts.next().filter(|part| !part.is_empty() && *part != b"..");
            let part = OsStr::from_bytes(part.ok_or(ShareError::Unreadable)?);
            let folder = below.as_ref().unwrap_or(&self.root);
            if parts.peek().is_some() {
                let next = rustix::fs::openat(folder, part, FOLDER, Mode::empty()).map_err(why)?;
                below = Some(next);
            } else {
                // A pipe that nobody writes to, or a device, must not keep us waiting.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
                break rustix::fs::openat(folder, part, flags, Mode::empty()).map_err(why)?;
            }
        };
        let before = rustix::fs::fstat(&file).map_err(|_| ShareError::Unreadable)?;
        if FileType::from_raw_mode(before.st_mode) != FileType::RegularFile {
            return Err(ShareError::Special);
        }
        if size(&before) > bytes_max {
            return Err(ShareError::Large);
        }
        // Reserved as a whole: a buffer that grows would leave copies of the words behind.
        let room = usize::try_from(size(&before)).map_err(|_| ShareError::Large)?;
        let mut bytes = Vec::with_capacity(room + 1);
        let file = File::from(file);
        (&file).take(size(&before) + 1).read_to_end(&mut bytes).map_err(|_| ShareError::Unreadable)?;
        let after = rustix::fs::fstat(&file).map_err(|_| ShareError::Unreadable)?;
        if bytes.len() != room || times(&before) != times(&after) || size(&before) != size(&after) {
            return Err(ShareError::Changed);
        }
        Ok(bytes)
    }
}

enum Found {
    File(u64),
    Folder(OwnedFd),
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(u64::MAX)
}

/// When its bytes, and when anything of it, changed last.
fn times(stat: &Stat) -> [i128; 4] {
    [stat.st_mtime.into(), stat.st_mtime_nsec.into(), stat.st_ctime.into(), stat.st_ctime_nsec.into()]
}

fn why(error: rustix::io::Errno) -> ShareError {
    match error {
        // What was a folder or a file when the share was walked is a link now.
        rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => ShareError::Link,
        // A socket, or a device that is not there.
        rustix::io::Errno::NXIO => ShareError::Special,
        _ => ShareError::Unreadable,
    }
}

#[cfg(test)]
mod tests;
