//! The folder of an export: made closed to others, looked at before anything is written into it, read and held against its manifest.

use super::frames::{Frame, FrameReader, Table};
use super::held::{Held, Told};
use super::rows::{Manifest, part_name};
use super::sealed::{ExportSecret, SealedReader, export_of};
use super::{LeavingError, MANIFEST, README};
use record::digest::Hasher;
use record::{DocumentId, IntentId, Sha256};
use rustix::fs::OFlags;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest name of a house or a practice, characters.
const NAME_CHARS_MAX: usize = 400;
/// The largest manifest, bytes: two hundred for each of some hundred thousand parts.
const MANIFEST_BYTES_MAX: usize = 64 << 20;
const BUFFER_BYTES: usize = 256 * 1024;
/// How the name of a file ends that is not whole yet.
const ON_ITS_WAY: &str = ".sealed.new";

/// What lies in a folder before an export goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lies {
    /// Nothing, or nothing but the note in clear.
    Nothing,
    /// So many whole parts of this export, from the first on.
    Parts(IntentId, usize),
}

/// Makes the folder if it is not there, and says what lies in it. Nothing of what lies there is changed: it may be another
/// export.
pub(super) fn look(dir: &Path) -> Result<Lies, LeavingError> {
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => return Ok(Lies::Nothing),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(LeavingError::io("make the export's folder")(error)),
    }
    let io = || LeavingError::io("look into the export's folder");
    let (mut parts, mut has_manifest) = (Vec::new(), false);
    for entry in std::fs::read_dir(dir).map_err(io())? {
        let name = entry.map_err(io())?.file_name();
        let name = name.to_str().ok_or(LeavingError::NotEmpty)?;
        let part = name.starts_with("part-") && name.ends_with(".sealed");
        if part {
            parts.push(name.to_owned());
        } else if name == MANIFEST {
            has_manifest = true;
        } else if name != README && !name.ends_with(ON_ITS_WAY) {
            return Err(LeavingError::NotEmpty);
        }
    }
    if has_manifest && parts.is_empty() {
        return Err(LeavingError::NotEmpty);
    }
    parts.sort();
    let in_order = parts.iter().enumerate().all(|(at, name)| *name == part_name(at + 1));
    let Some(first) = parts.first().filter(|_| in_order) else {
        return if parts.is_empty() { Ok(Lies::Nothing) } else { Err(LeavingError::NotEmpty) };
    };
    let mut file = open(dir, first)?;
    Ok(Lies::Parts(export_of(&mut file, first)?, parts.len()))
}

/// Removes what was on its way when this export was stopped: a part, and a manifest whose end nobody has heard of.
pub(super) fn clear(dir: &Path) -> Result<(), LeavingError> {
    let io = || LeavingError::io("clear what was on its way into the export's folder");
    for entry in std::fs::read_dir(dir).map_err(io())? {
        let name = entry.map_err(io())?.file_name();
        if name.to_str().is_some_and(|name| name == MANIFEST || name.ends_with(ON_ITS_WAY)) {
            std::fs::remove_file(dir.join(name)).map_err(io())?;
        }
    }
    Ok(())
}

/// A sealed file of the folder, for reading. Whoever made the medium may have put a link or a pipe there: neither is followed
/// nor waited for.
fn open(dir: &Path, name: &str) -> Result<File, LeavingError> {
    let flags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(dir.join(name)).map_err(|error| {
        let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        match error.kind() {
            std::io::ErrorKind::NotFound if name == MANIFEST => LeavingError::Unfinished,
            std::io::ErrorKind::NotFound => LeavingError::Missing(name.to_owned()),
            _ if is_link => LeavingError::Changed(name.to_owned()),
            _ => LeavingError::io("read the export")(error),
        }
    })?;
    let plain = opened.metadata().map_err(LeavingError::io("read the export"))?.is_file();
    if plain { Ok(opened) } else { Err(LeavingError::Changed(name.to_owned())) }
}

/// A new file in the folder, closed to others.
pub(super) fn create(path: &Path) -> Result<File, LeavingError> {
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(LeavingError::io("make a file of the export"))
}

/// Makes what was written durable under its name.
pub(super) fn publish(file: File, (dir, name): (&Path, &str)) -> Result<(), LeavingError> {
    let io = || LeavingError::io("write the export");
    file.sync_all().map_err(io())?;
    drop(file);
    // If we die here: a file that is on its way, and removed by the next run.
    std::fs::rename(dir.join(format!("{name}.new")), dir.join(name)).map_err(io())?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io())
}

/// What is told while a part is read.
pub(crate) enum Event {
    /// A row, as it lies there and as it was read.
    Row(Table, Zeroizing<Vec<u8>>, Told),
    /// An original begins.
    File { document: DocumentId, version: u32, path: String },
    /// Bytes of it.
    Piece(Zeroizing<Vec<u8>>),
    /// It was whole.
    FileEnd,
    /// The part was whole, and everything in it agreed.
    PartEnd,
}

/// Who is told.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Event) -> Result<(), LeavingError>;

/// Reads one part to its end: size and digest of the sealed file.
pub(super) fn part_read(
    dir: &Path,
    name: &str,
    (secret, export): (&ExportSecret, IntentId),
    held: &mut Held,
    sink: Sink<'_>,
) -> Result<(u64, Sha256), LeavingError> {
    let file = open(dir, name)?;
    let sealed = SealedReader::new(BufReader::with_capacity(BUFFER_BYTES, file), secret, export, name)?;
    let mut frames = FrameReader::new(sealed);
    loop {
        match frames.next()? {
            Frame::End => break,
            Frame::Row(table, row) => {
                let told = held.row(table, &row)?;
                sink(Event::Row(table, row, told))?;
            }
            Frame::File { path, size } => {
                let (document, version) = held.file(&path, size)?;
                sink(Event::File { document, version, path })?;
                let mut hasher = Hasher::default();
                while let Some(piece) = frames.piece()? {
                    hasher.update(&piece);
                    sink(Event::Piece(piece))?;
                }
                held.file_end(hasher.finish())?;
                sink(Event::FileEnd)?;
            }
        }
    }
    held.part_end()?;
    let whole = frames.finish().finish()?;
    sink(Event::PartEnd)?;
    Ok(whole)
}

/// An export whose manifest was opened.
pub(crate) struct ExportFolder {
    dir: PathBuf,
    secret: ExportSecret,
    pub(crate) manifest: Manifest,
    /// SHA-256 of the manifest.
    pub(crate) digest: Sha256,
}

impl ExportFolder {
    /// Opens the manifest.
    ///
    /// # Errors
    /// [`LeavingError`].
    pub(crate) fn open(dir: &Path, secret: ExportSecret) -> Result<Self, LeavingError> {
        let export = export_of(&mut open(dir, MANIFEST)?, MANIFEST)?;
        let file = open(dir, MANIFEST)?;
        let opened = SealedReader::new(BufReader::new(file), &secret, export, MANIFEST).and_then(|mut sealed| {
            let text = sealed.rest(MANIFEST_BYTES_MAX)?;
            sealed.finish()?;
            Ok(text)
        });
        let text = opened.map_err(|error| match error {
            // The first thing that is opened: a wrong secret shows here.
            LeavingError::Changed(_) => LeavingError::WrongSecret,
            other => other,
        })?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|_| LeavingError::Inside("the manifest is of another form"))?;
        if manifest.v != 1 || manifest.export != export {
            return Err(LeavingError::Inside("the manifest is of another version or export"));
        }
        // They are written beside every document that is taken in.
        if [&manifest.operator, &manifest.customer_name].into_iter().any(|name| name.chars().count() > NAME_CHARS_MAX) {
            return Err(LeavingError::Inside("a name in the manifest is longer than any"));
        }
        Ok(Self { dir: dir.to_owned(), secret, manifest, digest: Sha256::of(&text) })
    }

    /// Reads all of it and holds it against the manifest.
    ///
    /// # Errors
    /// [`LeavingError`]; what was told before it is not to be relied upon.
    pub(crate) fn walk(&self, sink: Sink<'_>) -> Result<Held, LeavingError> {
        let manifest = &self.manifest;
        let mut held = Held::new(manifest.customer);
        for (at, part) in manifest.parts.iter().enumerate() {
            if part.name != part_name(at + 1) {
                return Err(LeavingError::Inside("the manifest names no part of an export"));
            }
            let key = (&self.secret, manifest.export);
            let (bytes, sha256) = part_read(&self.dir, &part.name, key, &mut held, sink)?;
            if (bytes, sha256) != (part.bytes, part.sha256) {
                return Err(LeavingError::Changed(part.name.clone()));
            }
        }
        if *held.counts() != manifest.counts || held.tables() != manifest.tables {
            return Err(LeavingError::Inside("there is not as much in it as its manifest says"));
        }
        if held.ledger().is_none_or(|head| head.checkpoint != manifest.checkpoint) {
            return Err(LeavingError::Inside("its ledger is not under the manifest's checkpoint"));
        }
        Ok(held)
    }
}
