//! Backups: sealed, incremental, verified, made without the root key (docs/FORMATS-backup.md).
//!
//! What must always hold: a backup opens nothing, with the root key or without it, unless the escrow of epoch keys
//! is there too; nothing that opens anything ever touches the backup's medium, not even for a moment; a set counts
//! only with its manifest, which is written last; what is there already is never written again.

pub(crate) mod escrow;
mod manifest;
mod restore;
mod sealing;

pub use manifest::{BackupVerified, backup_verify};
pub use restore::{DrillOrder, DrillReport, RestoreOrder, RestoreReport, restore};

use crate::ask::Question;
use crate::keys::EPOCH_ESCROW;
use crate::{Custody, CustodyError, Desk};
use ledger::{Head, Verifier};
use manifest::{Manifest, OBJECTS, Part, known_objects};
use record::digest::Hasher;
use record::{Intent, ObjectId, Outcome, Purpose, Sha256, Timestamp, act};
use sealing::{ManifestSigner, Seal};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use store::{DatabaseCopy, HouseCheck, HouseCheckKind, Objects, StoreError};
use vault::KeyRing;
use zeroize::Zeroizing;

const MARKER: &str = "strongroom-backup";
const MARKER_LINE: &str = "strongroom backup v1";
/// Folder in the data folder where the copy of the database lies until it is sealed.
const WORK: &str = "backup-work";
/// Bytes that are moved at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// Room that is left free beside the copy of the database, bytes: the ledger must be able to write meanwhile.
const ROOM_LEFT_BYTES: u64 = 64 * 1024 * 1024;
/// Versions read at once.
const PAGE: u32 = 1000;

/// Why there is no backup, or none that can be used. Names no record and no person.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file could not be read or written.
    #[error("could not {doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file is not of the form it should have.
    #[error("{0} is not of the form that it should have")]
    Form(&'static str),
    /// The sealed database does not open, or could not be sealed.
    #[error("the sealed database does not open: it is damaged, or the keys are those of another house")]
    Seal,
    /// It belongs to another house.
    #[error("this folder or file belongs to another strongroom")]
    OtherHouse,
    /// A place that cannot be used.
    #[error("{0}")]
    Place(&'static str),
    /// There is no finished set in the folder.
    #[error("there is no finished backup in this folder")]
    NoSet,
    /// The backup is not whole.
    #[error("the backup is not whole: {}", .0.join("; "))]
    NotWhole(Vec<String>),
    /// The store could not.
    #[error("the store could not: {0}")]
    Store(#[from] StoreError),
}

impl BackupError {
    fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl From<BackupError> for CustodyError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Place(what) => Self::State(what),
            BackupError::Store(error) => Self::Store(error),
            error => Self::Broken(error.to_string()),
        }
    }
}

/// Where a backup goes.
#[derive(Debug, Clone)]
pub struct BackupSettings {
    /// The folder that only ever grows.
    pub to: PathBuf,
    /// Where the escrow of epoch keys lies, apart from it; none where it was last.
    pub epoch_escrow: Option<PathBuf>,
}

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// The set's name.
    pub set: String,
    /// Entries of the ledger in it.
    pub entries: u64,
    /// Objects that its database names.
    pub objects: u64,
    /// Of these, copied now.
    pub objects_copied: u64,
    /// Bytes of them.
    pub bytes_copied: u64,
    /// Objects that are missing or no longer what they were; they are not in the backup.
    pub damaged: Vec<String>,
    /// The public key of its manifest: keep it outside.
    pub key: String,
}

/// Creates a file that only its owner may read, with all of `bytes`, on the disk.
fn create_private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let io = || BackupError::io("write a file");
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(io())?;
    file.write_all(bytes).map_err(io())?;
    file.sync_all().map_err(io())
}

/// Flushes the folder that holds `path`.
fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let io = || BackupError::io("flush a folder");
    File::open(folder).map_err(io())?.sync_all().map_err(io())
}

fn private_folder(path: &Path) -> Result<(), BackupError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(BackupError::io("make a folder"))
}

/// Reads a whole file that may not be larger than `most`.
fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, BackupError> {
    let io = || BackupError::io("read a file");
    let file = File::open(path).map_err(io())?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(io())?;
    if bytes.len() as u64 > most { Err(BackupError::Form("a file of the backup")) } else { Ok(bytes) }
}

/// A part of a set on its way.
struct PartWriter {
    name: &'static str,
    file: BufWriter<File>,
    hasher: Hasher,
    bytes: u64,
}

impl PartWriter {
    fn create(set: &Path, name: &'static str) -> Result<Self, BackupError> {
        let file = File::options().write(true).create_new(true).mode(0o600).open(set.join(name));
        let file = BufWriter::new(file.map_err(BackupError::io("begin a part of the backup"))?);
        Ok(Self { name, file, hasher: Hasher::default(), bytes: 0 })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.file.write_all(bytes).map_err(BackupError::io("write a part of the backup"))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(self) -> Result<Part, BackupError> {
        let io = || BackupError::io("finish a part of the backup");
        let file = self.file.into_inner().map_err(|error| io()(error.into_error()))?;
        file.sync_all().map_err(io())?;
        Ok(Part { name: self.name.to_owned(), bytes: self.bytes, digest: self.hasher.finish() })
    }
}

/// The folder that only ever grows, locked for one writer.
struct Target {
    root: PathBuf,
    objects: Objects,
    // Let go of when the process dies.
    _lock: File,
}

impl Target {
    fn open(root: &Path, house: &str) -> Result<Self, BackupError> {
        private_folder(root)?;
        let io = || BackupError::io("lock the backup's folder");
        let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(root.join("lock"));
        let lock = lock.map_err(io())?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| BackupError::Place("another backup is being written to this folder"))?;
        let marker = root.join(MARKER);
        if marker.exists() {
            if house_of(root)? != house {
                return Err(BackupError::OtherHouse);
            }
        } else {
            create_private(&marker, format!("{MARKER_LINE}\n{house}\n").as_bytes())?;
            sync_folder(&marker)?;
        }
        private_folder(&root.join("sets"))?;
        Ok(Self { root: root.to_owned(), objects: Objects::open(root.join("objects"))?, _lock: lock })
    }

    /// A new set. Sets that were never finished are removed, where the medium lets them be.
    fn set_begin(&self, name: &str) -> Result<PathBuf, BackupError> {
        let sets = self.root.join("sets");
        for other in std::fs::read_dir(&sets).map_err(BackupError::io("list the sets"))? {
            let other = other.map_err(BackupError::io("list the sets"))?.path();
            if !other.join(manifest::FILE).exists() {
                drop(std::fs::remove_dir_all(other));
            }
        }
        let set = sets.join(name);
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700).create(&set).map_err(BackupError::io("begin a set"))?;
        sync_folder(&set)?;
        Ok(set)
    }
}

/// Which house a backup folder belongs to.
fn house_of(root: &Path) -> Result<String, BackupError> {
    let text =
        String::from_utf8(read_bounded(&root.join(MARKER), 1024)?).map_err(|_| BackupError::Form("the marker"))?;
    match text
        .strip_prefix(MARKER_LINE)
        .and_then(|rest| rest.strip_prefix('\n'))
        .and_then(|rest| rest.strip_suffix('\n'))
    {
        Some(house) if !house.contains('\n') => Ok(house.to_owned()),
        _ => Err(BackupError::Form("the marker")),
    }
}

/// `inner` lies in `outer`, or is it, as far as the file system knows them.
fn lies_in(inner: &Path, outer: &Path) -> bool {
    let known = |path: &Path| {
        // The nearest folder above that exists, with the rest of the names after it.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        absolute.ancestors().find_map(|above| {
            let real = above.canonicalize().ok()?;
            absolute.strip_prefix(above).ok().map(|rest| real.join(rest))
        })
    };
    match (known(inner), known(outer)) {
        (Some(inner), Some(outer)) => inner.starts_with(outer),
        _ => false,
    }
}

fn signer(ring: &KeyRing, house: &str) -> Result<ManifestSigner, BackupError> {
    let name = format!("{house}/backup");
    let seed = Zeroizing::new(ring.directory_blind("backup-signer", &name));
    ManifestSigner::new(&name, &seed)
}

fn seal(ring: &KeyRing, set: &str, house: &str) -> Result<Seal, BackupError> {
    Seal::new(&Zeroizing::new(ring.directory_blind("backup-database", set)), set, house)
}

/// The copied objects, and what is wrong with others.
#[derive(Default)]
struct Gathered {
    /// All that the database names and that are in the backup.
    lines: BTreeMap<ObjectId, (u64, Sha256)>,
    copied: u64,
    bytes_copied: u64,
    damaged: Vec<String>,
}

/// When the newest set was made, milliseconds since 1970, whether or not everything in it was sound.
const SET_MADE: &str = "backup_set_made";

impl Custody {
    /// When the newest set was made here; `None` when there is none.
    pub(crate) async fn backup_set_made(&self) -> Result<Option<Timestamp>, CustodyError> {
        let made = self.store().meta_fetch(SET_MADE).await?;
        Ok(made.and_then(|text| text.parse().ok()).map(Timestamp::from_unix_millis))
    }

    /// The public key of this house's backups. Keep it outside: a manifest vouches for itself only against it.
    ///
    /// # Errors
    /// Never, with sound keys.
    pub fn backup_key(&self) -> Result<Verifier, CustodyError> {
        let vkey = signer(&self.ring(), &self.program().to_string())?.vkey();
        vkey.parse().map_err(CustodyError::seal)
    }

    /// A sealed copy of everything that is not there yet. By the command line or a timer.
    ///
    /// # Errors
    /// [`CustodyError`]; there is no new set then.
    pub async fn backup_create(&self, settings: &BackupSettings) -> Result<BackupReport, CustodyError> {
        let granted = self.ask_job::<act::BackupCreate>(Question::house(Purpose::Administration)).await?;
        self.backup_told(granted.intent(), settings).await
    }

    async fn backup_told(&self, intent: &Intent, settings: &BackupSettings) -> Result<BackupReport, CustodyError> {
        let done = self.backup_run(settings).await;
        // If we die before the next lines: the set is whole, and the act is closed as unknown at the next start.
        let (outcome, why, ok, sentence) = match &done {
            Ok(report) if report.damaged.is_empty() => {
                let sentence = format!(
                    "Set {}: {} entries, {} objects, {} of them new.",
                    report.set, report.entries, report.objects, report.objects_copied
                );
                (Outcome::Done, "backed_up", true, sentence)
            }
            Ok(report) => {
                let sentence = format!(
                    "Set {} is there, but {} objects are missing or damaged here.",
                    report.set,
                    report.damaged.len()
                );
                (Outcome::Done, "backed_up_with_damage", false, sentence)
            }
            Err(error) => (Outcome::Failed, "broken", false, format!("The backup failed: {error}.")),
        };
        drop(self.told_words(intent, outcome, why, &sentence).await);
        drop(self.house_check(HouseCheckKind::Backup, ok, &sentence).await);
        if !ok {
            self.alert("backup_failed", &sentence).await;
        }
        done
    }

    /// Keeps what was checked of the house.
    pub(crate) async fn house_check(&self, kind: HouseCheckKind, ok: bool, sentence: &str) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("keep a check of the house").await?;
        let check = HouseCheck { at: self.now(), ok, sentence: sentence.to_owned() };
        tx.house_check_insert(kind, &check).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn backup_run(&self, settings: &BackupSettings) -> Result<BackupReport, CustodyError> {
        if self.store().is_on_server() {
            return Err(CustodyError::State(
                "The rows are on a database server and are backed up by its own tools: docs/operating/postgresql.md.",
            ));
        }
        // The copy of the database has one place in the data folder, whichever folder the backup goes to.
        let at_once = "Another backup is being made, or one practice is joining another.";
        let _alone = self.0.backing_up.try_lock().map_err(|_| CustodyError::State(at_once))?;
        // A backup takes the objects that versions name, and those of rows on their way are named by none. Looked at when no
        // joining can begin any more. One that was stopped with nothing on its way is in nobody's way.
        for row in self.store().joining_list_moving().await? {
            if self.joining_is_on_its_way(&row).await? {
                return Err(CustodyError::State(
                    "Records are on their way from one practice to another. Have that run again, then back up.",
                ));
            }
        }
        self.backup_places(settings).await?;
        let house = self.program().to_string();
        // A changed epoch is let go of first, and the escrow is as new as the keys before anything relies on it.
        self.epoch_finish().await?;
        self.escrow_write().await?;
        let target = Target::open(&settings.to, &house)?;
        let now = self.now();
        let name = now.to_string().replace(':', "-");
        // What the newest finished set knows of objects spares hashing them again.
        let key = self.backup_key()?;
        let known = known_objects(&settings.to, &key);
        let set = target.set_begin(&name)?;
        let (checkpoint_size, checkpoint) = self.checkpoint_signed().await?;
        self.checkpoint_keep(checkpoint_size, &checkpoint).await?;
        let work = self.store().dir().join(WORK);
        let copied = self.backup_database(&work, &set, (&name, &house)).await;
        drop(std::fs::remove_dir_all(&work));
        // If we die before the copy is removed: it is as sealed as the database beside it, and the next run removes it.
        let (head, mut parts, wanted) = copied?;
        let gathered = self.backup_objects(&target, wanted, &known).await?;
        let mut objects = PartWriter::create(&set, OBJECTS)?;
        for (id, (bytes, digest)) in &gathered.lines {
            objects.put(format!("{id} {bytes} {digest}\n").as_bytes())?;
        }
        parts.push(objects.finish()?);
        parts.sort_by(|one, other| one.name.cmp(&other.name));
        let signer = signer(&self.ring(), &house)?;
        let manifest = Manifest {
            house,
            set: name.clone(),
            made_at: now,
            signed_by: signer.vkey(),
            ledger_key: self.ledger_verifier().to_string(),
            head,
            checkpoint,
            parts,
            objects: gathered.lines.len() as u64,
            object_bytes: gathered.lines.values().map(|(bytes, _)| bytes).sum(),
        };
        sync_folder(&set.join(manifest::FILE))?;
        // If we die here: a set without a manifest, which is no backup; the next run removes it.
        create_private(&set.join(manifest::FILE), signer.sign(&manifest.to_string()).as_bytes())?;
        sync_folder(&set.join(manifest::FILE))?;
        let mut tx = self.store().begin("remember when a set was made").await?;
        tx.meta_set(SET_MADE, &now.unix_millis().to_string()).await?;
        tx.commit().await?;
        Ok(BackupReport {
            set: name,
            entries: head.size,
            objects: manifest.objects,
            objects_copied: gathered.copied,
            bytes_copied: gathered.bytes_copied,
            damaged: gathered.damaged,
            key: manifest.signed_by,
        })
    }

    /// Are these places that a backup and an escrow may be in. The escrow's is remembered then.
    async fn backup_places(&self, settings: &BackupSettings) -> Result<(), CustodyError> {
        let dir = self.store().dir();
        if lies_in(&settings.to, dir) || lies_in(dir, &settings.to) {
            return Err(CustodyError::State("a backup into the data folder itself is none; choose another place"));
        }
        let known = self.store().meta_fetch(EPOCH_ESCROW).await?.map(PathBuf::from);
        let escrow = settings.epoch_escrow.clone().or(known).ok_or(CustodyError::State(
            "say where the escrow of epoch keys is kept, apart from backups: without it no backup can be restored",
        ))?;
        if lies_in(&escrow, &settings.to) {
            return Err(CustodyError::State("the escrow of epoch keys may not lie in the backup's folder"));
        }
        let root_key = self.settings().root_key_file.as_ref();
        if root_key.is_some_and(|file| lies_in(file, &settings.to)) {
            return Err(CustodyError::State("the root key may not lie in the backup's folder"));
        }
        // A place that is refused is not remembered either.
        if let Some(path) = &settings.epoch_escrow {
            let mut tx = self.store().begin("remember the escrow").await?;
            self.escrow_move_in_tx(&mut tx, path).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Copies the database, takes the keys out of the copy, seals it into the set. Gives the ledger's head in it and
    /// the objects that it names.
    async fn backup_database(
        &self,
        work: &Path,
        set: &Path,
        (name, house): (&str, &str),
    ) -> Result<(Head, Vec<Part>, BTreeMap<ObjectId, Option<Vec<u8>>>), CustodyError> {
        drop(std::fs::remove_dir_all(work));
        let room = rustix::fs::statvfs(self.store().dir())
            .map_err(|_| CustodyError::State("the free room cannot be asked for"))?;
        if room.f_bavail.saturating_mul(room.f_frsize) < self.store().database_bytes().saturating_add(ROOM_LEFT_BYTES) {
            return Err(CustodyError::State("there is not enough free room beside the database for a copy of it"));
        }
        private_folder(work)?;
        let path = work.join("copy.db");
        self.store().copy_database(&path).await?;
        let copy = DatabaseCopy::open(&path).await?;
        copy.strip().await?;
        let head = copy.ledger_head().await?;
        let mut tiles = PartWriter::create(set, manifest::TILES)?;
        for index in 0..head.size.div_ceil(u64::from(ledger::tile::TILE_WIDTH)) {
            let id = ledger::TileId { level: 0, index };
            let bytes = copy.leaf_tile(index).await?;
            let wide = usize::from(id.width_at(head.size)) * 32;
            let whole =
                bytes.get(..wide).ok_or_else(|| CustodyError::Broken("a tile of the ledger is missing".to_owned()))?;
            tiles.put(whole)?;
        }
        let mut wanted = BTreeMap::new();
        let mut after = None;
        loop {
            let page = copy.object_page(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            for row in page {
                wanted.insert(row.original, Some(row.original_digest));
                wanted.extend(row.text.map(|text| (text, None)));
            }
        }
        copy.close().await;
        let mut parts = vec![tiles.finish()?];
        // The key table is read after the copy was made: it may know more keys than the copy needs, never fewer.
        let rows = self.store().key_rows().await?;
        let mut keys = PartWriter::create(set, manifest::KEYS)?;
        keys.put(&manifest::keys_bytes(&rows.keys)?)?;
        parts.push(keys.finish()?);
        let with = seal(&self.ring(), name, house)?;
        let target = set.join(manifest::DATABASE);
        let sealed = tokio::task::spawn_blocking(move || seal_file(&with, &path, &target)).await;
        parts.push(sealed.map_err(|_| CustodyError::Broken("sealing the database was stopped".to_owned()))??);
        Ok((head, parts, wanted))
    }

    async fn backup_objects(
        &self,
        target: &Target,
        wanted: BTreeMap<ObjectId, Option<Vec<u8>>>,
        known: &BTreeMap<ObjectId, (u64, Sha256)>,
    ) -> Result<Gathered, CustodyError> {
        let mut gathered = Gathered::default();
        for (id, expected) in wanted {
            let there = target.objects.size_bytes(id).await?;
            let line = match (there, known.get(&id)) {
                (Some(size), Some(line)) if line.0 == size => Some(*line),
                (Some(_), _) => {
                    // It came with a set that was never finished: it is read, and must be what it is here.
                    let line = measure(&target.objects, id).await?;
                    expected.as_ref().is_none_or(|digest| digest == line.1.as_bytes()).then_some(line)
                }
                (None, _) => {
                    let line = copy_object(self.store().objects(), &target.objects, id, expected.as_deref()).await?;
                    if let Some((bytes, _)) = line {
                        gathered.copied += 1;
                        gathered.bytes_copied += bytes;
                    }
                    line
                }
            };
            match line {
                Some(line) => drop(gathered.lines.insert(id, line)),
                None => gathered.damaged.push(id.to_string()),
            }
        }
        Ok(gathered)
    }
}

fn seal_file(with: &Seal, path: &Path, target: &Path) -> Result<Part, BackupError> {
    let io = || BackupError::io("seal the database");
    let mut from = std::io::BufReader::new(File::open(path).map_err(io())?);
    let file = File::options().write(true).create_new(true).mode(0o600).open(target).map_err(io())?;
    let mut to = BufWriter::new(file);
    let (bytes, digest) = with.seal(&mut from, &mut to)?;
    to.into_inner().map_err(|error| io()(error.into_error()))?.sync_all().map_err(io())?;
    Ok(Part { name: manifest::DATABASE.to_owned(), bytes, digest })
}

/// Size and digest of an object.
async fn measure(objects: &Objects, id: ObjectId) -> Result<(u64, Sha256), BackupError> {
    let mut reader = objects.read(id, 0).await?;
    let (mut hasher, mut bytes, mut buffer) = (Hasher::default(), 0_u64, vec![0_u8; CHUNK_BYTES]);
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            return Ok((bytes, hasher.finish()));
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// Copies an object, once; `None` when it is missing or not what it should be, and then nothing has its name there.
async fn copy_object(
    from: &Objects,
    to: &Objects,
    id: ObjectId,
    expected: Option<&[u8]>,
) -> Result<Option<(u64, Sha256)>, BackupError> {
    let mut reader = match from.read(id, 0).await {
        Ok(reader) => reader,
        Err(StoreError::ObjectMissing) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Left over from a run that died while it was copied; nothing has the name yet.
    to.remove_orphan(id).await?;
    let mut writer = to.create(id).await?;
    let (mut hasher, mut bytes, mut buffer) = (Hasher::default(), 0_u64, vec![0_u8; CHUNK_BYTES]);
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
        writer.write(&buffer[..read]).await?;
    }
    let digest = hasher.finish();
    if expected.is_some_and(|expected| expected != digest.as_bytes()) {
        return Ok(None);
    }
    // If we die here: a nameless file, which the next run removes. After it: the object is there for good.
    writer.finish().await?;
    Ok(Some((bytes, digest)))
}

impl Desk<act::BackupCreate> {
    /// A sealed copy of everything that is not there yet.
    ///
    /// # Errors
    /// [`CustodyError`]; there is no new set then.
    pub async fn backup_create(&self, settings: &BackupSettings) -> Result<BackupReport, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        self.custody.backup_told(granted.intent(), settings).await
    }
}

#[cfg(test)]
mod tests;
