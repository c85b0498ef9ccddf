//! The manifest of a set, and how a backup is checked without any secret key (docs/FORMATS-backup.md).

use super::escrow::{KeyLine, lines_of, rows_of};
use super::{BackupError, read_bounded};
use data_encoding::BASE64;
use ledger::{Edge, Head, Note, SignedCheckpoint, Verifier};
use record::digest::Hasher;
use record::{ObjectId, Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use store::Objects;
use vault::KeyRow;

/// The manifest's own name.
pub(super) const FILE: &str = "manifest";
/// Names of a set's parts.
pub(super) const DATABASE: &str = "database.sealed";
pub(super) const KEYS: &str = "keys.json";
pub(super) const OBJECTS: &str = "objects.txt";
pub(super) const TILES: &str = "tiles";
const PARTS: [&str; 4] = [DATABASE, KEYS, OBJECTS, TILES];
const FIRST_LINE: &str = "strongroom backup v1";
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
const KEYS_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Problems that are told one by one.
const PROBLEMS_MAX: usize = 100;

/// One part of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) digest: Sha256,
}

/// What a set says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) house: String,
    pub(super) set: String,
    pub(super) made_at: Timestamp,
    pub(super) signed_by: String,
    pub(super) ledger_key: String,
    pub(super) head: Head,
    pub(super) checkpoint: String,
    pub(super) parts: Vec<Part>,
    pub(super) objects: u64,
    pub(super) object_bytes: u64,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nhouse {}\nset {}\nmade_at {}", self.house, self.set, self.made_at.unix_millis())?;
        writeln!(f, "signed_by {}\nledger_key {}", self.signed_by, self.ledger_key)?;
        writeln!(f, "head {} {}", self.head.size, BASE64.encode(self.head.root.as_bytes()))?;
        writeln!(f, "checkpoint {}", BASE64.encode(self.checkpoint.as_bytes()))?;
        for part in &self.parts {
            writeln!(f, "part {} {} {}", part.name, part.bytes, part.digest)?;
        }
        writeln!(f, "objects {} {}", self.objects, self.object_bytes)
    }
}

impl Manifest {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let house = field("house")?.to_owned();
        let set = field("set")?.to_owned();
        let made_at = Timestamp::from_unix_millis(field("made_at")?.parse().ok()?);
        let signed_by = field("signed_by")?.to_owned();
        let ledger_key = field("ledger_key")?.to_owned();
        let (size, root) = field("head")?.split_once(' ')?;
        let root = Sha256::from_bytes(BASE64.decode(root.as_bytes()).ok()?.try_into().ok()?);
        let head = Head { size: size.parse().ok()?, root };
        let checkpoint = String::from_utf8(BASE64.decode(field("checkpoint")?.as_bytes()).ok()?).ok()?;
        let mut parts = Vec::new();
        for name in PARTS {
            let mut words = field("part")?.split(' ');
            let (found, bytes, digest) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            if found != name || words.next().is_some() {
                return None;
            }
            parts.push(Part { name: found.to_owned(), bytes, digest });
        }
        let (objects, object_bytes) = field("objects")?.split_once(' ')?;
        let (objects, object_bytes) = (objects.parse().ok()?, object_bytes.parse().ok()?);
        let manifest =
            Self { house, set, made_at, signed_by, ledger_key, head, checkpoint, parts, objects, object_bytes };
        // One text for one manifest.
        (lines.next().is_none() && manifest.to_string() == text).then_some(manifest)
    }

    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

/// `keys.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    v: u8,
    keys: Vec<KeyLine>,
}

pub(super) fn keys_bytes(keys: &[KeyRow]) -> Result<Vec<u8>, BackupError> {
    let mut bytes =
        serde_json::to_vec(&Keys { v: 1, keys: lines_of(keys) }).map_err(|_| BackupError::Form("the keys"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn keys_read(set: &Path) -> Result<Vec<KeyRow>, BackupError> {
    let bytes = read_bounded(&set.join(KEYS), KEYS_BYTES_MAX)?;
    let keys: Keys = serde_json::from_slice(&bytes).map_err(|_| BackupError::Form("the keys"))?;
    if keys.v == 1 { rows_of(&keys.keys) } else { Err(BackupError::Form("the keys")) }
}

/// The newest finished set, or the one of this name.
pub(super) fn set_of(from: &Path, name: Option<&str>) -> Result<PathBuf, BackupError> {
    let sets = from.join("sets");
    if let Some(name) = name {
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let set = sets.join(name);
        return if plain && name != ".." && set.join(FILE).exists() { Ok(set) } else { Err(BackupError::NoSet) };
    }
    let mut newest: Option<PathBuf> = None;
    for set in std::fs::read_dir(&sets).map_err(BackupError::io("list the sets"))? {
        let set = set.map_err(BackupError::io("list the sets"))?.path();
        if set.join(FILE).exists() && newest.as_ref().is_none_or(|newest| *newest < set) {
            newest = Some(set);
        }
    }
    newest.ok_or(BackupError::NoSet)
}

/// The manifest, once its signature is seen to be good: by the key given, else by the one it names itself.
pub(super) fn manifest_read(set: &Path, key: Option<&Verifier>) -> Result<Manifest, BackupError> {
    let bytes = read_bounded(&set.join(FILE), MANIFEST_BYTES_MAX)?;
    let form = || BackupError::Form("the manifest");
    let text = String::from_utf8(bytes).map_err(|_| form())?;
    let note: Note = text.parse().map_err(|_| form())?;
    let manifest = Manifest::parse(note.unverified_text()).ok_or_else(form)?;
    let own: Verifier = manifest.signed_by.parse().map_err(|_| form())?;
    let signed = key.unwrap_or(&own).verified_text(&note).is_ok();
    let named = key.is_none_or(|key| key.to_string() == manifest.signed_by);
    let name = own.name() == format!("{}/backup", manifest.house);
    let place = set.file_name().is_some_and(|name| name.to_str() == Some(manifest.set.as_str()));
    if signed && named && name && place {
        Ok(manifest)
    } else {
        Err(BackupError::NotWhole(vec!["the manifest is not signed by the key of this house's backups".to_owned()]))
    }
}

/// Objects that the newest finished set knows; none when there is no such set or it does not hold.
pub(super) fn known_objects(from: &Path, key: &Verifier) -> BTreeMap<ObjectId, (u64, Sha256)> {
    let read = || {
        let set = set_of(from, None).ok()?;
        let manifest = manifest_read(&set, Some(key)).ok()?;
        let (bytes, digest) = measured(&set.join(OBJECTS)).ok()?;
        let part = manifest.part(OBJECTS)?;
        (part.bytes == bytes && part.digest == digest).then(|| objects_read(&set).ok())?
    };
    read().unwrap_or_default()
}

/// `objects.txt`.
pub(super) fn objects_read(set: &Path) -> Result<BTreeMap<ObjectId, (u64, Sha256)>, BackupError> {
    let file = File::open(set.join(OBJECTS)).map_err(BackupError::io("read the list of objects"))?;
    let mut found = BTreeMap::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(BackupError::io("read the list of objects"))?;
        let form = || BackupError::Form("the list of objects");
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or_else(form);
        let id = word()?.parse().map_err(|_| form())?;
        let bytes = word()?.parse().map_err(|_| form())?;
        let digest = word()?.parse().map_err(|_| form())?;
        found.insert(id, (bytes, digest));
    }
    Ok(found)
}

/// Size and digest of a file.
pub(super) fn measured(path: &Path) -> Result<(u64, Sha256), BackupError> {
    let io = || BackupError::io("read a part of the backup");
    let mut file = File::open(path).map_err(io())?;
    let (mut hasher, mut bytes, mut buffer) = (Hasher::default(), 0_u64, vec![0_u8; super::CHUNK_BYTES]);
    loop {
        let read = file.read(&mut buffer).map_err(io())?;
        if read == 0 {
            return Ok((bytes, hasher.finish()));
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// What was checked of a backup, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct BackupVerified {
    /// The set's name.
    pub set: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Entries of the ledger in it.
    pub entries: u64,
    /// Objects in it.
    pub objects: u64,
    /// Bytes of them.
    pub object_bytes: u64,
    /// The public key of its manifest.
    pub key: String,
    /// The key was given from outside. If not, the backup is whole, but may be a whole forgery.
    pub key_was_given: bool,
    /// What is wrong, in sentences; at most 100.
    pub problems: Vec<String>,
}

impl BackupVerified {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks a backup without any secret: the newest finished set, or the one of this name; against the public key of
/// its house when that is given.
///
/// # Errors
/// [`BackupError`] when there is nothing to check or the manifest itself does not hold; the rest is in `problems`.
pub async fn backup_verify(
    from: &Path,
    set: Option<&str>,
    key: Option<&Verifier>,
) -> Result<BackupVerified, BackupError> {
    let (from, set, key) = (from.to_owned(), set.map(ToOwned::to_owned), key.cloned());
    let task = tokio::task::spawn_blocking(move || verify_now(&from, set.as_deref(), key.as_ref()));
    task.await.map_err(|_| BackupError::Place("the check was stopped"))?.map(|(_, verified)| verified)
}

pub(super) fn verify_now(
    from: &Path,
    set: Option<&str>,
    key: Option<&Verifier>,
) -> Result<(Manifest, BackupVerified), BackupError> {
    let set = set_of(from, set)?;
    let manifest = manifest_read(&set, key)?;
    let mut problems = Vec::new();
    for part in &manifest.parts {
        match measured(&set.join(&part.name)) {
            Ok(found) if found == (part.bytes, part.digest) => {}
            Ok(_) => problems.push(format!("{} is not what the manifest says", part.name)),
            Err(_) => problems.push(format!("{} cannot be read", part.name)),
        }
    }
    problems.extend(ledger_problem(&set, &manifest).err());
    match objects_read(&set) {
        Ok(objects) => problems.extend(object_problems(from, &manifest, &objects)),
        Err(error) => problems.push(error.to_string()),
    }
    problems.truncate(PROBLEMS_MAX);
    let verified = BackupVerified {
        set: manifest.set.clone(),
        made_at: manifest.made_at,
        entries: manifest.head.size,
        objects: manifest.objects,
        object_bytes: manifest.object_bytes,
        key: manifest.signed_by.clone(),
        key_was_given: key.is_some(),
        problems,
    };
    Ok((manifest, verified))
}

/// The tiles make the head and begin with the signed checkpoint.
fn ledger_problem(set: &Path, manifest: &Manifest) -> Result<(), String> {
    let key: Verifier = manifest.ledger_key.parse().map_err(|_| "the ledger's key cannot be read".to_owned())?;
    let signed = SignedCheckpoint::open(&manifest.checkpoint, &key)
        .map_err(|_| "the ledger's checkpoint is not signed by its key".to_owned())?;
    let unreadable = |_| "the ledger's tiles cannot be read".to_owned();
    let mut tiles = BufReader::new(File::open(set.join(TILES)).map_err(unreadable)?);
    let mut tree = Edge::default();
    let mut hash = [0_u8; 32];
    let mut holds = *signed.head() == Head::empty();
    for _ in 0..manifest.head.size {
        tiles.read_exact(&mut hash).map_err(unreadable)?;
        tree.push(Sha256::from_bytes(hash), |_| {});
        holds |= tree.size() == signed.head().size && tree.head() == *signed.head();
    }
    if tree.head() != manifest.head {
        return Err("the ledger's tiles do not make its head".to_owned());
    }
    if holds { Ok(()) } else { Err("the ledger does not contain its signed checkpoint".to_owned()) }
}

fn object_problems(from: &Path, manifest: &Manifest, objects: &BTreeMap<ObjectId, (u64, Sha256)>) -> Vec<String> {
    let mut problems = Vec::new();
    let bytes: u64 = objects.values().map(|(bytes, _)| bytes).sum();
    if (objects.len() as u64, bytes) != (manifest.objects, manifest.object_bytes) {
        problems.push("the list of objects is not the one that the manifest counts".to_owned());
    }
    for (id, line) in objects {
        match measured(&from.join("objects").join(Objects::relative_path(*id))) {
            Ok(found) if found == *line => {}
            Ok(_) => problems.push(format!("object {id} is not what it was")),
            Err(_) => problems.push(format!("object {id} is missing")),
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutated_manifest_is_refused_or_says_the_same_in_the_same_words() {
        let part = |name: &str| Part { name: name.to_owned(), bytes: 7, digest: Sha256::of(name.as_bytes()) };
        let whole = Manifest {
            house: "portal.example.org/strongroom".to_owned(),
            set: "20261122T020000Z".to_owned(),
            made_at: Timestamp::from_unix_millis(1_790_000_000_000),
            signed_by: "portal.example.org/strongroom/backup+1+AQ".to_owned(),
            ledger_key: "portal.example.org/strongroom+1+AQ".to_owned(),
            head: Head { size: 9, root: Sha256::of(b"root") },
            checkpoint: "portal.example.org/strongroom\n9\n".to_owned(),
            parts: PARTS.map(part).to_vec(),
            objects: 3,
            object_bytes: 12_000,
        };
        let mut read = 0;
        crate::mutations::replay("manifest", &[whole.to_string().into_bytes()], |bytes| {
            let Ok(text) = str::from_utf8(bytes) else { return };
            let Some(manifest) = Manifest::parse(text) else { return };
            read += 1;
            assert_eq!(manifest.to_string(), text);
            assert!(manifest.parts.iter().map(|part| part.name.as_str()).eq(PARTS));
        });
        assert!(read > 1, "the seed itself, and what differs in a number alone");
    }

    #[test]
    fn mutated_keys_are_rows_or_an_error() {
        let line = r#"{"v":1,"keys":[{"name":"epoch/1","wrapped":null,"created_at":1,"destroyed_at":null}]}"#;
        let mut read = 0;
        crate::mutations::replay("keys", &[line.as_bytes().to_vec()], |bytes| {
            if let Ok(keys) = serde_json::from_slice::<Keys>(bytes) {
                let _ = rows_of(&keys.keys);
                read += 1;
            }
        });
        assert!(read > 0, "the seed itself is read");
    }
}
