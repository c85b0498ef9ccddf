//! The doctor: looks at an installation from the machine's side and says in plain sentences what is wrong with it.
//!
//! It opens nothing and changes nothing. What must always hold: a check that could not be made is never `ok`.

use crate::health::{Verdict, ago, room_bytes, room_verdict};
use crate::{CertificateSpan, Settings, WitnessSink};
use record::{Clock, Entropy, Timestamp};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use store::{BucketPlace, HouseCheckKind, Objects, Store, StoreError, StoreOptions};

/// 2026-01-01T00:00:00Z: before this program was written, so a clock that says so is wrong.
const CLOCK_EARLIEST_MILLIS: i64 = 1_767_225_600_000;
/// A clock that jumps this far ahead of the last entry is looked at, milliseconds: a year.
const CLOCK_JUMP_MILLIS: i64 = 366 * 24 * 3_600_000;
const HOUR_MILLIS: i64 = 3_600_000;
const BACKUP_LATE_HOURS: i64 = 26;
/// Patients looked over by one question.
const KEPT_AT_ONCE: u32 = 500;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is meant.
    pub verdict: Verdict,
    /// What was found, and what to do about it.
    pub sentence: String,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Examined<'a> {
    /// The data folder.
    pub dir: &'a Path,
    /// What the operator decided.
    pub settings: &'a Settings,
    /// The address to listen at.
    pub listen: Option<SocketAddr>,
    /// Is TLS served by this process.
    pub tls: bool,
}

fn good(name: &'static str, sentence: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Good, sentence: sentence.into() }
}
fn late(name: &'static str, sentence: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Late, sentence: sentence.into() }
}
fn bad(name: &'static str, sentence: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Bad, sentence: sentence.into() }
}

/// Looks at everything. `store` when the caller has it open; else it is opened, unless a server has it.
pub async fn doctor(examined: &Examined<'_>, store: Option<&Store>, clock: &dyn Clock) -> Vec<Check> {
    let Examined { dir, settings, .. } = examined;
    let mut checks = vec![root_key(dir, settings), witness(dir, settings), modes(dir), core_dumps(), room(dir)];
    checks.extend(address(examined));
    let now = clock.now();
    let opened = match store {
        Some(store) => Ok(store.clone()),
        None => Store::open(StoreOptions { dir: dir.to_path_buf(), create: false }).await,
    };
    match opened {
        Ok(store) => checks.extend(inside(&store, settings, now).await),
        Err(StoreError::Locked) => {
            checks.push(late("Database", "A server is using it, so it was not looked into. Ask the running server."));
        }
        Err(error) => checks.push(bad("Database", format!("It cannot be opened: {error}."))),
    }
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    checks
}

/// The device that holds a path, or the nearest folder above it that exists.
fn device(path: &Path) -> Option<u64> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find_map(|above| above.metadata().ok()).map(|meta| meta.dev())
}

fn root_key(dir: &Path, settings: &Settings) -> Check {
    let name = "Root key";
    if settings.keyholder.is_some() {
        return good(name, "A keyholder outside has it wrapped; it lies in no file here.");
    }
    let Some(file) = &settings.root_key_file else {
        return good(name, "It is a passphrase, or was given by hand, and lies in no file here.");
    };
    let Ok(meta) = file.metadata() else {
        return bad(name, "Its file cannot be read. Without it the next start opens nothing.");
    };
    let shared = device(file).is_none() || device(file) == device(dir);
    if shared && settings.demo {
        return late(name, "It lies on the same volume as the data. That is for a demo only.");
    }
    if shared {
        return bad(
            name,
            "It lies on the same volume as the data: whoever takes the disk takes both. Move it to another volume.",
        );
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return bad(name, "Others than its owner may read its file. Close it: chmod 0400.");
    }
    good(name, "It lies on another volume, and only its owner may read it.")
}

fn witness(dir: &Path, settings: &Settings) -> Check {
    let name = "Witness";
    match &settings.witness {
        None if settings.demo => late(name, "There is none. That is for a demo only."),
        None => bad(name, "There is none: nobody outside could show that the ledger was rolled back. Set one."),
        Some(WitnessSink::Command(argv)) if argv.is_empty() => bad(name, "Its command is empty."),
        Some(WitnessSink::Command(_)) => good(name, "Checkpoints are handed to a command."),
        Some(WitnessSink::Append(path)) => {
            let folder = path.parent().unwrap_or(path);
            if device(folder).is_none() || device(folder) == device(dir) {
                late(name, "Its file lies on the same volume as the data: whoever rolls back one rolls back both.")
            } else {
                good(name, "Checkpoints are appended to a file on another volume.")
            }
        }
    }
}

/// Nobody but the owner may enter the folder or read what is in it.
fn modes(dir: &Path) -> Check {
    let name = "File modes";
    let mut open: Vec<String> = Vec::new();
    let mut looked = 0;
    for part in ["", "strongroom.db", "strongroom.db-wal", "strongroom.db-shm", "objects", "objects/incoming", "lock"] {
        let Ok(meta) = std::fs::symlink_metadata(dir.join(part)) else { continue };
        looked += 1;
        // Inside a folder that nobody else may enter, the log and the lock need no mode of their own.
        let counts = part.is_empty() || part == "strongroom.db" || part.starts_with("objects");
        if counts && meta.permissions().mode() & 0o077 != 0 {
            open.push(if part.is_empty() { "the data folder".to_owned() } else { part.to_owned() });
        }
    }
    if looked == 0 {
        bad(name, "The data folder is not there.")
    } else if open.is_empty() {
        good(name, "Only the owner may enter the data folder.")
    } else {
        bad(name, format!("Others may get at {}. Close them: chmod 0700 for folders, 0600 for files.", open.join(", ")))
    }
}

fn core_dumps() -> Check {
    let name = "Core dumps";
    let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
    if limit.current == Some(0) {
        good(name, "They are off for this process.")
    } else {
        late(name, "They are on for this process: a crash would write keys and records to the disk. Set LimitCORE=0.")
    }
}

fn room(dir: &Path) -> Check {
    let name = "Free room";
    let Some(room) = room_bytes(dir) else { return bad(name, "It cannot be asked for.") };
    let (verdict, filled) = room_verdict(room);
    Check { name, verdict, sentence: format!("The volume is {filled} % full; {} MB are free.", room.0 / 1_000_000) }
}

fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// What people type, and where we listen.
fn address(examined: &Examined<'_>) -> Vec<Check> {
    let name = "Address";
    let url = &examined.settings.public_url;
    let host = url.host_str().unwrap_or_default();
    let mut checks = Vec::new();
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        checks.push(bad(name, "The public address is a number; passkeys need a name."));
    }
    if url.scheme() != "https" && !is_here(host) {
        checks.push(bad(name, "The public address is not https; browsers give no passkeys there."));
    }
    if let Some(listen) = examined.listen {
        if !listen.ip().is_loopback() && !examined.tls {
            checks.push(bad(name, "It listens to the network without TLS; serve will refuse that."));
        }
        if !listen.ip().is_loopback() && is_here(host) {
            checks.push(late(
                name,
                "It listens to the network, and the public address is this machine's own name for itself.",
            ));
        }
    }
    if checks.is_empty() {
        checks.push(good(name, format!("People type {}.", url.origin().ascii_serialization())));
    }
    checks
}

/// What only the database knows.
async fn inside(store: &Store, settings: &Settings, now: Timestamp) -> Vec<Check> {
    let mut checks = Vec::new();
    if store.is_on_server() {
        let say = "The rows are on a database server: what it keeps of deleted ones, and its backups, are its operator's to see to.";
        checks.push(late("Database server", say));
        checks.extend(carried_over(store.dir()));
    }
    checks.push(match store.deletes_securely().await {
        _ if store.is_on_server() => good("Deleted rows", "As the database server has them."),
        Ok(true) => good("Deleted rows", "They are overwritten."),
        Ok(false) => bad("Deleted rows", "They are not overwritten: destroyed keys would stay on the disk."),
        Err(_) => bad("Deleted rows", "The database did not say whether they are overwritten."),
    });
    checks.extend(half(store).await);
    checks.push(clock_check(store, now).await);
    let name = "Last backup";
    checks.push(match store.house_check_last(HouseCheckKind::Backup).await {
        Ok(Some(check)) if !check.ok => bad(name, format!("It failed {}: {}", ago(now, check.at), check.sentence)),
        Ok(Some(check)) if now.millis_since(check.at) > BACKUP_LATE_HOURS * HOUR_MILLIS => {
            late(name, format!("It was made {}.", ago(now, check.at)))
        }
        Ok(Some(check)) => good(name, format!("It was made {}.", ago(now, check.at))),
        Ok(_) if store.is_on_server() => good(name, "By the database server's own tools."),
        Ok(None) if settings.demo => good(name, "There is none, and a demo needs none."),
        Ok(None) => bad(name, "There is none. A disk that dies now takes everything with it."),
        Err(_) => bad(name, "The database did not say."),
    });
    checks.push(escrow(store, settings).await);
    checks.push(kept_lists(store).await);
    if settings.witness.is_some() {
        checks.push(match store.witness_last().await {
            Ok(Some(run)) if run.ok => {
                good("Witnessed", format!("Checkpoint at {} entries, {}.", run.size, ago(now, run.at)))
            }
            Ok(Some(run)) => {
                bad("Witnessed", format!("The last hand-over failed {}: {}.", ago(now, run.at), run.sentence))
            }
            Ok(None) => late("Witnessed", "No checkpoint was handed over yet."),
            Err(_) => bad("Witnessed", "The database did not say."),
        });
    }
    checks
}

/// Who cares for whom, and names by document, are as the documents say.
async fn kept_lists(store: &Store) -> Check {
    let name = "Kept lists";
    match kept_wrong(store).await {
        Ok(0) => good(name, "They say what the documents say."),
        Ok(wrong) => bad(
            name,
            format!(
                "They are wrong for {wrong} patients: documents may be missing from lists. A server mends them when it starts."
            ),
        ),
        Err(_) => bad(name, "The database did not say whether they are right."),
    }
}

async fn kept_wrong(store: &Store) -> Result<usize, StoreError> {
    let mut wrong = 0;
    for customer in store.customer_list().await? {
        let mut after = None;
        loop {
            let page = store.kept_check(customer.id, after, KEPT_AT_ONCE).await?;
            wrong += page.wrong.len();
            after = page.last;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(wrong)
}

async fn clock_check(store: &Store, now: Timestamp) -> Check {
    let name = "Clock";
    if now.unix_millis() < CLOCK_EARLIEST_MILLIS {
        return bad(name, format!("It says {now}, which is before this program was written."));
    }
    let last = match store.ledger_size().await {
        Ok(0) => return good(name, format!("It says {now}.")),
        Ok(size) => store.entry_columns(size - 1, 1).await.ok().and_then(|page| page.first().map(|row| row.at)),
        Err(_) => None,
    };
    match last {
        None => late(name, format!("It says {now}; the ledger did not say when its last entry was written.")),
        Some(at) if at.millis_since(now) > HOUR_MILLIS => {
            bad(name, format!("It says {now}, and the ledger's last entry is from {at}: it was put back."))
        }
        Some(at) if now.millis_since(at) > CLOCK_JUMP_MILLIS => {
            late(name, format!("It says {now}, over a year after the ledger's last entry of {at}."))
        }
        Some(_) => good(name, format!("It says {now}.")),
    }
}

/// The embedded database of a house whose rows were carried to a server.
fn carried_over(dir: &Path) -> Option<Check> {
    let say = "strongroom.db.carried-over still lies in the folder, and the root key alone opens it: what is destroyed on the server is \
        not in it. Overwrite and remove it once the server is proven.";
    dir.join("strongroom.db.carried-over").exists().then(|| late("Carried-over database", say))
}

/// On a server: what wraps the epoch key has a half that lies elsewhere and is there.
async fn half(store: &Store) -> Option<Check> {
    if !store.is_on_server() {
        return None;
    }
    let name = "Epoch key's half";
    let Ok(rows) = store.key_rows().await else {
        return Some(bad(name, "The database did not say whether the epoch key has one."));
    };
    if !rows.is_halved() {
        let say = "There is none: the server's log and copies keep what is destroyed. A start makes one where the objects lie, if it \
            could be destroyed there.";
        return Some(late(name, say));
    }
    if !rows.halves_due().is_empty() {
        return Some(bad(
            name,
            "That of an older epoch is still to be destroyed. The running server tries every minute.",
        ));
    }
    let path = store.meta_fetch(crate::keys::EPOCH_ESCROW).await.ok().flatten();
    let kept = path.and_then(|path| crate::backup::escrow::read(&PathBuf::from(path)).ok());
    let kept = kept.map(|kept| kept.halves).unwrap_or_default();
    Some(match store.halves_of(&rows).await {
        // Who has no root key cannot open it; the escrow has it as it was laid.
        Ok(halves) if halves.iter().any(|half| kept_otherwise(half, &kept)) => {
            bad(name, "It is not what the escrow has of it: the next start opens nothing. Run strongroom key recover.")
        }
        Ok(halves) if halves.len() == rows.halves_needed().len() => {
            good(name, "It lies beside the objects and not in the database: keys can be destroyed for good.")
        }
        Ok(_) => bad(name, "It is not where it should lie: the next start opens nothing. Run strongroom key recover."),
        Err(error) => bad(name, format!("It cannot be read: {error}. Run strongroom key recover if it is damaged.")),
    })
}

fn kept_otherwise(half: &vault::Half, kept: &[vault::Half]) -> bool {
    kept.iter().any(|one| one.name == half.name && one != half)
}

const ESCROW_NONE: &str = "There is none: a lost half would be the loss of everything, and no keys can be destroyed. Run strongroom key \
    rekey --epoch-escrow, on a volume of its own.";
const ESCROW_UNREAD: &str = "It cannot be read from here, and keys can be destroyed only where it can. See that its place is mounted, here or on \
    the machine that has it.";

/// The escrow is there, apart from the data, and holds the epoch that the keys are wrapped by.
async fn escrow(store: &Store, settings: &Settings) -> Check {
    let name = "Escrow of epoch keys";
    let Ok(path) = store.meta_fetch(crate::keys::EPOCH_ESCROW).await else {
        return bad(name, "The database did not say where it lies.");
    };
    let Some(path) = path.map(PathBuf::from) else {
        if store.is_on_server() && !settings.demo {
            return bad(name, ESCROW_NONE);
        }
        let sentence =
            "There is none: no backup could be restored. The first strongroom backup asks where it shall lie.";
        return if settings.demo { good(name, "There is none, and a demo needs none.") } else { late(name, sentence) };
    };
    let Ok(kept) = crate::backup::escrow::read(&path) else {
        if store.is_on_server() {
            return bad(name, ESCROW_UNREAD);
        }
        return bad(name, "It cannot be read: no backup can be restored. See that its place is mounted, then back up.");
    };
    let newest =
        |rows: &vault::KeyRows| rows.epochs.iter().filter(|row| row.wrapped.is_some()).map(|row| row.number).max();
    match store.key_rows().await {
        Ok(rows) if newest(&rows) != newest(&kept.rows) => {
            let server = "It holds another epoch than the keys are wrapped by. The server that runs where it lies mends that within a minute.";
            let say = "It holds another epoch than the keys are wrapped by. Run strongroom backup.";
            bad(name, if store.is_on_server() { server } else { say })
        }
        Ok(_) if device(&path) == device(store.dir()) && !settings.demo => {
            late(name, "It lies on the same volume as the data: a disk that dies takes both.")
        }
        Ok(_) => good(name, "It holds the epoch that the keys are wrapped by."),
        Err(_) => bad(name, "The database did not say which epoch the keys are wrapped by."),
    }
}

/// Looks at the certificate that people are served: from when to when it is good, or why that is not known.
#[must_use]
pub fn doctor_certificate(span: Result<CertificateSpan, String>, now: Timestamp) -> Check {
    let name = "TLS certificate";
    match span {
        Ok(span) => {
            let (verdict, sentence) = span.judged(now);
            Check { name, verdict, sentence }
        }
        Err(why) => bad(name, why),
    }
}

/// Tries the bucket with the sealed objects: can we create, can nothing be overwritten, who else may read it.
pub async fn doctor_bucket(place: &BucketPlace, entropy: &dyn Entropy) -> Vec<Check> {
    let name = "Bucket";
    let mut probe = [0; 32];
    entropy.fill(&mut probe);
    let looked = async { Objects::bucket(place)?.bucket_look(probe).await }.await;
    let hindered = async { Objects::bucket(place)?.halves_hindered(probe).await }.await;
    let seen = match looked {
        Ok(Some(seen)) => seen,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![bad(name, format!("It cannot be used: {error}."))],
    };
    let mut checks = vec![
        match (seen.put_creates_only, seen.parts_create_only) {
            (true, true) => good(name, "What is created there is never overwritten by us."),
            (true, false) => late(
                name,
                "It takes no condition when parts are completed: large objects are only looked for before they are named.",
            ),
            (false, _) => {
                bad(name, "It lets an object be overwritten: its server does not know If-None-Match. Use another one.")
            }
        },
        match seen.is_public {
            Some(false) => good("Bucket's public", "Its policy lets nobody in from the public."),
            Some(true) => bad(
                "Bucket's public",
                "Its policy lets the public in. Close it; what lies there is sealed, and still nobody's to have.",
            ),
            None => late("Bucket's public", "It did not say whether its policy lets the public in. Look there."),
        },
        match (seen.versioned, seen.locks) {
            (_, Some(true)) => good("Bucket's versions", "It keeps objects from being removed for a time."),
            (Some(true), _) => good(
                "Bucket's versions",
                "It keeps what is overwritten or removed. See that a rule removes old versions in the end.",
            ),
            (Some(false), _) => late(
                "Bucket's versions",
                "It keeps nothing of what is removed: whoever has our credentials can destroy it all.",
            ),
            (None, _) => late("Bucket's versions", "It did not say whether it keeps what is removed. Look there."),
        },
    ];
    checks.push(match hindered {
        Ok("") => good("Halves of keys", "With rows on a database server, keys can be destroyed for good here."),
        Ok(hindered) => {
            late("Halves of keys", format!("With rows on a database server, nothing is destroyed: {hindered}"))
        }
        Err(error) => {
            late("Halves of keys", format!("Whether they could be destroyed here was not found out: {error}."))
        }
    });
    if !seen.reads_back {
        checks.push(bad(name, "What was put there did not come back as it was."));
    }
    checks
}

#[cfg(test)]
mod tests;
