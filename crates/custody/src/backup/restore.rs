//! Restoring into an empty folder, and the drill that shows it can be done (docs/FORMATS-backup.md).
//!
//! What must always hold: nothing is restored from a backup that is not whole; the ledger goes on under a new name
//! and key, so that nothing signed after the loss contradicts what was signed before it; what is lost is said in
//! its first entry; nothing is served before the doors have been walked from outside.

use super::manifest::{DATABASE, Manifest, keys_read, objects_read, verify_now};
use super::{BackupError, CHUNK_BYTES, copy_object, escrow, private_folder, seal, sync_folder};
use crate::ask::Question;
use crate::keys::EPOCH_ESCROW;
use crate::ledger_desk::verify_dir;
use crate::{Custody, CustodyError, OpenHouse, Settings};
use ledger::{Finding, SignedCheckpoint, Verifier};
use record::{Clock, CustomerId, Entropy, Outcome, Purpose, Timestamp, act};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{GATE_CLOSED, HouseCheckKind, Objects, Store, StoreOptions};
use vault::{Half, KeyRing, KeyRows, Rendition, RenditionKind, RootKey, WrappedKey};

/// Fact: why the gate is shut until the doors have been walked.
/// Fact: keys and last checkpoints of this ledger under its earlier names.
const LEDGER_BEFORE: &str = "ledger_before";
/// What the database is called until it is whole.
const INCOMING: &str = "strongroom.db.incoming";
/// Versions read at once.
const PAGE: u32 = 1000;

/// What to restore, from where, to where.
#[derive(Debug, Clone)]
pub struct RestoreOrder {
    /// The backup's folder.
    pub from: PathBuf,
    /// Which set; none for the newest.
    pub set: Option<String>,
    /// An empty folder, or one that is not there.
    pub into: PathBuf,
    /// The escrow of epoch keys.
    pub epoch_escrow: PathBuf,
    /// The public key of this house's backups, when it was kept outside.
    pub key: Option<Verifier>,
    /// Checkpoints that a witness holds (signed notes). The largest says what was lost.
    pub outside: Vec<String>,
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct RestoreReport {
    /// From which set.
    pub set: String,
    /// When that was made.
    pub made_at: Timestamp,
    /// Entries that came back.
    pub entries: u64,
    /// What the ledger was called.
    pub origin_before: String,
    /// What it is called from now on.
    pub origin: String,
    /// The largest checkpoint that was given from outside: entries it covers.
    pub outside: Option<u64>,
    /// Objects that came back.
    pub objects: u64,
    /// Objects that the database names and the backup does not have.
    pub missing: Vec<String>,
    /// The gap in one sentence, as the first entry says it.
    pub gap: String,
    /// That first entry.
    pub entry: u64,
}

/// Restores a house. It is opened, and its gate is shut until the doors have been walked.
///
/// # Errors
/// [`CustodyError`]; then the folder holds nothing that could be served. Empty it before the next try.
pub async fn restore(
    order: &RestoreOrder,
    settings: Settings,
    root: RootKey,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<(Custody, RestoreReport), CustodyError> {
    let manifest = check(order).await?;
    let (rows, halves) = key_rows(order, &manifest)?;
    let ring = KeyRing::unlock_halved(&root, &rows, &halves).map_err(CustodyError::seal)?;
    empty_folder(&order.into)?;
    let objects = restore_objects(order).await?;
    restore_database(order, &manifest, &ring).await?;
    drop(ring);
    // From before the house was carried to a server; its escrow is of now.
    for half in &halves {
        Objects::open(order.into.join("objects"))?.half_put(half).await?;
    }
    // If we die before this: a folder without a database. After it: one without keys, which nobody can open.
    let store = Store::open(StoreOptions { dir: order.into.clone(), create: false }).await?;
    let outside = ledger_check(&store, &manifest, order).await?;
    let origin_before = store.meta_fetch("origin").await?.unwrap_or_default();
    let origin = next_origin(&origin_before);
    begin_anew(&store, (&manifest, &rows), (&origin, &order.epoch_escrow), clock.now()).await?;
    // If we die here: the house is whole, its gate shut; opened by hand, its first entry does not yet say the gap.
    let missing = missing_objects(&store).await?;
    let gap = gap_sentence(&manifest, &origin_before, &origin, outside, missing.len());
    let custody = Custody::open(OpenHouse { store, settings, root, clock, entropy }).await?;
    let question = Question::house(Purpose::Administration).saying(&gap);
    let granted = custody.ask_job::<act::BackupRestore>(question).await?;
    let entry = granted.witnessed().index;
    drop(custody.told_words(granted.intent(), Outcome::Done, "restored", &gap).await);
    custody.house_check(HouseCheckKind::Restore, missing.is_empty(), &gap).await?;
    custody.alert("restored", &gap).await;
    let report = RestoreReport {
        set: manifest.set,
        made_at: manifest.made_at,
        entries: manifest.head.size,
        origin_before,
        origin,
        outside,
        objects,
        missing,
        gap,
        entry,
    };
    Ok((custody, report))
}

/// The whole backup is checked before a byte is written.
async fn check(order: &RestoreOrder) -> Result<Manifest, CustodyError> {
    let asked = order.clone();
    let task = tokio::task::spawn_blocking(move || verify_now(&asked.from, asked.set.as_deref(), asked.key.as_ref()));
    let (manifest, verified) = task.await.map_err(|_| CustodyError::State("the check was stopped"))??;
    if verified.is_sound() { Ok(manifest) } else { Err(BackupError::NotWhole(verified.problems).into()) }
}

fn key_rows(order: &RestoreOrder, manifest: &Manifest) -> Result<(KeyRows, Vec<Half>), CustodyError> {
    let kept = escrow::read(&order.epoch_escrow)?;
    if kept.house != manifest.house {
        return Err(BackupError::OtherHouse.into());
    }
    let set = order.from.join("sets").join(&manifest.set);
    Ok((escrow::merge(&kept.rows, &keys_read(&set)?), kept.halves))
}

fn empty_folder(into: &Path) -> Result<(), BackupError> {
    private_folder(into)?;
    let mut found = std::fs::read_dir(into).map_err(BackupError::io("look into the folder to restore into"))?;
    if found.next().is_some() {
        return Err(BackupError::Place("the folder to restore into is not empty"));
    }
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(into, mode).map_err(BackupError::io("close the folder to others"))
}

/// Copies every object of the set; each is measured again as it is written.
async fn restore_objects(order: &RestoreOrder) -> Result<u64, CustodyError> {
    let set = super::manifest::set_of(&order.from, order.set.as_deref())?;
    let from = Objects::open(order.from.join("objects"))?;
    let to = Objects::open(order.into.join("objects"))?;
    let mut copied = 0;
    for (id, (_, digest)) in objects_read(&set)? {
        match copy_object(&from, &to, id, Some(digest.as_bytes())).await? {
            Some(_) => copied += 1,
            None => return Err(BackupError::NotWhole(vec![format!("object {id} is not what it was")]).into()),
        }
    }
    Ok(copied)
}

async fn restore_database(order: &RestoreOrder, manifest: &Manifest, ring: &KeyRing) -> Result<(), CustodyError> {
    let with = seal(ring, &manifest.set, &manifest.house)?;
    let sealed = order.from.join("sets").join(&manifest.set).join(DATABASE);
    let into = order.into.clone();
    let task = tokio::task::spawn_blocking(move || {
        let io = || BackupError::io("write the database");
        let incoming = into.join(INCOMING);
        let mut from = BufReader::with_capacity(CHUNK_BYTES, File::open(sealed).map_err(io())?);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&incoming).map_err(io())?;
        let mut to = BufWriter::new(file);
        with.open(&mut from, &mut to)?;
        to.into_inner().map_err(|error| io()(error.into_error()))?.sync_all().map_err(io())?;
        let named = into.join("strongroom.db");
        // Only a database that came out whole gets its name.
        std::fs::rename(&incoming, &named).map_err(io())?;
        sync_folder(&named)
    });
    Ok(task.await.map_err(|_| CustodyError::State("the restore was stopped"))??)
}

/// Holds the restored ledger against its own checkpoints and those from outside. Gives the largest one from outside.
async fn ledger_check(store: &Store, manifest: &Manifest, order: &RestoreOrder) -> Result<Option<u64>, CustodyError> {
    let broken = |what: &str| CustodyError::Broken(format!("the ledger in the backup: {what}"));
    let key: Verifier = manifest.ledger_key.parse().map_err(|_| broken("its key cannot be read"))?;
    let mut largest = None;
    let mut trusted = vec![manifest.checkpoint.clone()];
    for note in &order.outside {
        let signed = SignedCheckpoint::open(note, &key)
            .map_err(|_| broken("a checkpoint given from outside is not one of this ledger"))?;
        largest = largest.max(Some(signed.head().size));
        // A larger one cannot be held against a ledger that ends before it: what is between them is the gap.
        if signed.head().size <= manifest.head.size {
            trusted.push(note.clone());
        }
    }
    let report = verify_dir(store, &key, &trusted).await.map_err(|error| broken(&error.to_string()))?;
    // Entries after the last checkpoint in the copy are under the manifest's signed head instead.
    let unsigned_only = report.ledger.findings.iter().all(|finding| matches!(finding, Finding::Unsigned { .. }));
    let sound = unsigned_only
        && report.ledger.unlisted == 0
        && report.columns_wrong.is_empty()
        && report.touches_surplus == 0
        && report.earlier_wrong.is_empty()
        && report.ledger.root == manifest.head.root
        && report.ledger.entries == manifest.head.size;
    if sound { Ok(largest) } else { Err(broken(&report.to_string())) }
}

/// `…/strongroom` becomes `…/strongroom/2`, that becomes `…/strongroom/3`.
fn next_origin(origin: &str) -> String {
    match origin.rsplit_once('/') {
        Some((name, number)) if number.parse::<u32>().is_ok() => {
            format!("{name}/{}", number.parse::<u32>().unwrap_or(1).saturating_add(1))
        }
        _ => format!("{origin}/2"),
    }
}

/// One transaction that makes the copy a house: keys in, what must not come back out, gate shut, new name.
async fn begin_anew(
    store: &Store,
    (manifest, rows): (&Manifest, &KeyRows),
    (origin, epoch_escrow): (&str, &Path),
    now: Timestamp,
) -> Result<(), CustodyError> {
    let before = store.meta_fetch(LEDGER_BEFORE).await?;
    let last = format!("{}\n{}", manifest.ledger_key, manifest.checkpoint);
    let before = before.map_or_else(|| last.clone(), |before| format!("{before}\n---\n{last}"));
    let mut tx = store.begin("begin anew after a restore").await?;
    tx.key_rows_begin(rows).await?;
    tx.restored_clear(now).await?;
    for (name, value) in [
        ("origin", origin),
        (LEDGER_BEFORE, before.as_str()),
        (GATE_CLOSED, "restored from a backup; the doors have not been walked since"),
        (EPOCH_ESCROW, escrow::path_text(epoch_escrow)?.as_str()),
    ] {
        tx.meta_set(name, value).await?;
    }
    // The reserve of the house that was lost is no part of a backup: this one has none yet.
    // And its objects came back into the folder, wherever they lay before.
    for name in ["ledger_key", crate::keys::EPOCH_DUE, crate::reserve::MADE, store::OBJECTS_AT] {
        tx.meta_remove(name).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Objects that rows name and that did not come back.
async fn missing_objects(store: &Store) -> Result<Vec<String>, CustodyError> {
    let mut missing = Vec::new();
    let mut after = None;
    loop {
        let page = store.object_page(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(missing) };
        after = Some(last.place);
        for row in page {
            for id in [Some(row.original), row.text].into_iter().flatten() {
                if store.objects().size_bytes(id).await?.is_none() {
                    missing.push(id.to_string());
                }
            }
        }
    }
}

fn gap_sentence(
    manifest: &Manifest,
    origin_before: &str,
    origin: &str,
    outside: Option<u64>,
    missing: usize,
) -> String {
    let held = manifest.head.size;
    let lost = match outside {
        Some(outside) if outside > held => format!(
            "a checkpoint kept outside covers {outside}, so entries {held} to {} are lost, and whatever came after them",
            outside - 1
        ),
        Some(outside) => format!(
            "the largest checkpoint given from outside covers {outside}; what came after entry {held} is not known"
        ),
        None => format!("no checkpoint from outside was given; what came after entry {held} is not known"),
    };
    let objects = if missing == 0 { String::new() } else { format!(" {missing} objects are missing.") };
    format!(
        "Restored from set {} of {}. The ledger {origin_before} ends here with {held} entries: {lost}. It goes on as {origin}.{objects} \
         Rights that were ended after {} stand again, and documents delivered after it are to be delivered again: look through both.",
        manifest.set, manifest.made_at, manifest.made_at
    )
}

/// Where the drill takes the backup from, and an empty folder in which it may restore. The folder is removed.
#[derive(Debug, Clone)]
pub struct DrillOrder {
    /// The backup's folder.
    pub from: PathBuf,
    /// An empty folder, or one that is not there.
    pub into: PathBuf,
    /// The escrow of epoch keys.
    pub epoch_escrow: PathBuf,
}

/// What the drill found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillReport {
    /// Everything came back and opens.
    pub ok: bool,
    /// From which set.
    pub set: String,
    /// Entries of the ledger that came back and hold.
    pub entries: u64,
    /// Objects that came back as they were.
    pub objects: u64,
    /// Object keys that unwrapped. Nothing was opened with them.
    pub keys_opened: u64,
    /// What did not come back, in sentences.
    pub problems: Vec<String>,
}

impl Custody {
    /// Restores the newest backup into an empty folder, looks whether everything is there and its keys unwrap, removes
    /// the folder, and writes the result into the ledger. Nothing is served from it, and nobody is alerted by it.
    ///
    /// # Errors
    /// [`CustodyError`]; a drill that failed is in the ledger too.
    pub async fn restore_drill(&self, order: &DrillOrder, root: RootKey) -> Result<DrillReport, CustodyError> {
        let question = Question::house(Purpose::Administration).saying("a drill: restore into an empty folder");
        let granted = self.ask_job::<act::BackupRestore>(question).await?;
        let done = self.drill_run(order, root).await;
        let (outcome, why, sentence) = match &done {
            Ok(report) if report.ok => {
                let DrillReport { set, entries, objects, keys_opened, .. } = report;
                let sentence = format!(
                    "Set {set} came back whole: {entries} entries, {objects} objects, {keys_opened} keys unwrap."
                );
                (Outcome::Done, "drill_passed", sentence)
            }
            Ok(report) => {
                let sentence = format!("Set {} did not come back whole: {}.", report.set, report.problems.join("; "));
                (Outcome::Failed, "drill_failed", sentence)
            }
            Err(error) => (Outcome::Failed, "drill_failed", format!("The drill failed: {error}.")),
        };
        drop(self.told_words(granted.intent(), outcome, why, &sentence).await);
        let ok = outcome == Outcome::Done;
        self.house_check(HouseCheckKind::RestoreDrill, ok, &sentence).await?;
        if !ok {
            self.alert("drill_failed", &sentence).await;
        }
        done
    }

    async fn drill_run(&self, order: &DrillOrder, root: RootKey) -> Result<DrillReport, CustodyError> {
        let empty =
            !order.into.exists() || std::fs::read_dir(&order.into).is_ok_and(|mut found| found.next().is_none());
        if !empty {
            return Err(CustodyError::State("the folder to restore into is not empty"));
        }
        // The copy tells nobody anything: neither the witness nor the alert command is its.
        let settings = Settings { alert_command: None, witness: None, ..self.settings().clone() };
        let restored = RestoreOrder {
            from: order.from.clone(),
            set: None,
            into: order.into.clone(),
            epoch_escrow: order.epoch_escrow.clone(),
            key: Some(self.backup_key()?),
            outside: Vec::new(),
        };
        let (clock, entropy) = (Arc::clone(&self.0.clock), Arc::clone(&self.0.entropy));
        let found = match restore(&restored, settings, root, clock, entropy).await {
            Ok((copy, report)) => copy.drill_look(report).await,
            Err(error) => Err(error),
        };
        drop(std::fs::remove_dir_all(&order.into));
        found
    }

    /// Looks through a restored copy.
    async fn drill_look(&self, report: RestoreReport) -> Result<DrillReport, CustodyError> {
        let mut problems: Vec<String> = report.missing.iter().map(|id| format!("object {id} is missing")).collect();
        let mut keys_opened = 0;
        for customer in self.store().customer_list().await? {
            self.drill_customer(customer.id, &mut keys_opened, &mut problems).await?;
        }
        problems.truncate(20);
        let (set, entries, objects) = (report.set, report.entries, report.objects);
        Ok(DrillReport { ok: problems.is_empty(), set, entries, objects, keys_opened, problems })
    }

    /// Unwraps the key of each object: whoever can do that can open it, and nothing is opened.
    async fn drill_customer(
        &self,
        customer: CustomerId,
        keys_opened: &mut u64,
        problems: &mut Vec<String>,
    ) -> Result<(), CustodyError> {
        let ring = self.ring();
        if !ring.customers().any(|one| one == customer) {
            // Shredded: nothing of it opens, and nothing should.
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.store().version_page(customer, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.document, last.version));
            for row in &page {
                let original = (RenditionKind::Original, Some(&row.original_key));
                for (kind, key) in [original, (RenditionKind::Text, row.text_key.as_ref())] {
                    let Some(key) = key else { continue };
                    let rendition = Rendition { version: row.version, kind };
                    let opened = WrappedKey::from_bytes(key)
                        .and_then(|key| ring.rewrap_object_key(customer, row.document, rendition, &key));
                    match opened {
                        Ok(_) => *keys_opened += 1,
                        Err(_) => problems.push(format!("the key of {} does not unwrap", row.document)),
                    }
                }
            }
        }
    }
}
