//! Keys: rotated, wrapped anew, destroyed. Each is an act with an outcome of its own, and each can be killed at any
//! step and run again.
//!
//! What must always hold: no plaintext is seen; an old key stays until nothing uses it; what is wrapped by a new
//! epoch was opened by it before the old one was let go; a destroyed key is gone from the table, from the
//! write-ahead log (on a database server: the half of its epoch, without which no copy opens) and from the escrow before
//! anybody is told that it is.

pub(crate) mod halves;
mod lost;
mod recover;
mod shred;

pub use recover::{KeysRecovered, keys_recover};
pub use shred::{Approved, ShredDecided, ShredOrder, ShredSeen, ShredStanding, ShredView, Shredded};

use crate::ask::Question;
use crate::backup::escrow;
use crate::{Custody, CustodyError, Desk};
use record::civil::Day;
use record::{CustomerId, Intent, Outcome, Purpose, ResourceId, act};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use store::{DocumentVersion, SealedColumn, SealedRow, Store, StoreError, Tx};
use vault::{Column, KeyChange, KeyError, KeyRing, KeyRows, Known, Rendition, RenditionKind, RootKey, WrappedKey};

/// Rows that are moved in one transaction.
const PAGE: u32 = 500;
/// An upload that began before the rotation may commit during it: the rows are gone through until nothing is left,
/// and at most this often.
const PASSES_MAX: u32 = 8;
/// Fact: an epoch was changed, and log and escrow may still hold the old one.
pub(crate) const EPOCH_DUE: &str = store::EPOCH_DUE;
/// Fact: where the escrow of epoch keys lies.
pub(crate) const EPOCH_ESCROW: &str = "epoch_escrow";
const STILL_DUE: &str = "An earlier change of the epoch is not finished yet: its escrow, or its half, is still to be let go of. See to that, \
    then try again.";
/// Where it was kept before and is still to be wiped.
const EPOCH_ESCROW_LEFT: &str = "epoch_escrow_left";

/// How far a rotation has come, and how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRotated {
    /// The version that everything is moved to.
    pub version: u32,
    /// Versions of documents whose object keys were wrapped by it so far, in this run.
    pub versions: u64,
    /// Columns sealed by it so far, in this run.
    pub columns: u64,
    /// Values that do not open under any version and stay as they are.
    pub damaged: u64,
    /// Nothing is left under an older version (but for what is damaged).
    pub finished: bool,
}

/// What wrapping anew did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rekeyed {
    /// The new epoch.
    pub epoch: u32,
    /// How many keys it wraps.
    pub keys: u64,
}

/// Where the escrow of epoch keys lies from now on, if that changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct EscrowChange<'p> {
    /// The new place.
    pub to: Option<&'p Path>,
    /// The one before, or one before that which is still to be wiped, is lost, and nobody can wipe it: the day at whose end (UTC) the
    /// last copy of it is known to be gone.
    pub lost_until: Option<Day>,
}

fn key_error(error: KeyError) -> CustodyError {
    match error {
        KeyError::NoCustomer(_) => {
            CustodyError::State("this customer has no keys here: they were destroyed, or never made")
        }
        KeyError::Stale => CustodyError::State("the keys were changed by somebody else meanwhile; try again"),
        error => CustodyError::seal(error),
    }
}

/// The escrow is kept at this place from now on. What lies at the one before is wiped by the next writing.
async fn escrow_move(store: &Store, tx: &mut Tx, to: &Path) -> Result<(), CustodyError> {
    let to = escrow::path_text(to)?;
    let before = store.meta_fetch(EPOCH_ESCROW).await?;
    if let Some(before) = before.filter(|before| *before != to) {
        // Who goes back to the one that was left leaves the one before instead.
        if store.meta_fetch(EPOCH_ESCROW_LEFT).await?.is_some_and(|left| left != to) {
            return Err(CustodyError::State(
                "An earlier escrow is still to be wiped. See to its volume, then try again.",
            ));
        }
        tx.meta_set(EPOCH_ESCROW_LEFT, &before).await?;
    }
    tx.meta_set(EPOCH_ESCROW, &to).await?;
    Ok(())
}

fn rotating(customer: CustomerId) -> String {
    format!("rotating/{customer}")
}

/// Which vault column a stored one is.
fn vault_column(column: SealedColumn, number: u32) -> Column {
    match column {
        SealedColumn::PatientBody => Column::PatientBody,
        SealedColumn::RelatedBody => Column::RelatedPersonBody,
        SealedColumn::DocumentBody => Column::DocumentBody,
        SealedColumn::DocumentReason => Column::DocumentEventBody { event: 1 },
        SealedColumn::VersionFileName => Column::DocumentVersionFileName { version: number },
        SealedColumn::VersionBody => Column::DocumentVersionBody { version: number },
        SealedColumn::BreakGlassReason => Column::BreakGlassReason,
        SealedColumn::BreakGlassNote => Column::BreakGlassReview,
    }
}

/// The wrapped keys of a version: of the original, and of the text if there is one.
type VersionKeys = (Vec<u8>, Option<Vec<u8>>);

/// A version with both its keys wrapped anew; `None` when both are already.
fn rewrapped(ring: &KeyRing, customer: CustomerId, row: &DocumentVersion) -> Result<Option<VersionKeys>, KeyError> {
    let one = |kind, bytes: &[u8]| {
        let rendition = Rendition { version: row.version, kind };
        ring.rewrap_object_key(customer, row.document, rendition, &WrappedKey::from_bytes(bytes)?)
    };
    let original = one(RenditionKind::Original, &row.original_key)?;
    let text = row.text_key.as_ref().map(|key| one(RenditionKind::Text, key)).transpose()?.flatten();
    if original.is_none() && text.is_none() {
        return Ok(None);
    }
    let original = original.map_or_else(|| row.original_key.clone(), |key| key.to_bytes());
    Ok(Some((original, text.map(|key| key.to_bytes()).or_else(|| row.text_key.clone()))))
}

/// Is told how far it is; `Break` stops it between two transactions, and the next run goes on there.
pub type Progress<'p> = &'p mut (dyn FnMut(&KeyRotated) -> ControlFlow<()> + Send);

impl Custody {
    /// A new version of a customer's records key, and everything moved to it; or an interrupted rotation taken up
    /// again. By the command line.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn key_rotate(&self, customer: CustomerId, progress: Progress<'_>) -> Result<KeyRotated, CustodyError> {
        let question = Question::house(Purpose::Administration).saying(&format!("rotate the keys of {customer}"));
        let granted = self.ask_job::<act::KeyRotate>(question).await?;
        self.key_rotate_told(granted.intent(), customer, (PAGE, progress)).await
    }

    async fn key_rotate_told(
        &self,
        intent: &Intent,
        customer: CustomerId,
        (page, progress): (u32, Progress<'_>),
    ) -> Result<KeyRotated, CustodyError> {
        let done = self.key_rotate_run(customer, page, progress).await;
        let (outcome, why) = match &done {
            Ok(done) if done.finished => (Outcome::Done, "rotated"),
            Ok(_) => (Outcome::Done, "stopped_half_way"),
            Err(_) => (Outcome::Failed, "broken"),
        };
        let words = done.as_ref().map_or_else(
            |_| String::new(),
            |done| {
                format!("{customer} key version {}: {} versions, {} columns", done.version, done.versions, done.columns)
            },
        );
        // If we die before this: the act has no later word, and is closed as unknown at the next start.
        drop(self.told_words(intent, outcome, why, &words).await);
        if let Ok(KeyRotated { damaged, version, .. }) = done
            && damaged > 0
        {
            let sentence =
                format!("{damaged} values of {customer} do not open and could not be moved to key version {version}.");
            self.alert("key_damaged", &sentence).await;
        }
        done
    }

    /// With pages of a size that a test can choose.
    pub(crate) async fn key_rotate_run(
        &self,
        customer: CustomerId,
        page: u32,
        progress: Progress<'_>,
    ) -> Result<KeyRotated, CustodyError> {
        let mut done = KeyRotated { version: self.rotate_begin(customer).await?, ..KeyRotated::default() };
        for _ in 0..PASSES_MAX {
            let before = (done.versions, done.columns);
            done.damaged = 0;
            if self.objects_rewrap(customer, page, &mut done, &mut *progress).await?.is_break() {
                return Ok(done);
            }
            for column in SealedColumn::ALL {
                if self.columns_reseal((customer, *column), page, &mut done, &mut *progress).await?.is_break() {
                    return Ok(done);
                }
            }
            if (done.versions, done.columns) == before {
                done.finished = true;
                break;
            }
        }
        if done.finished {
            let mut tx = self.store().begin("end a rotation").await?;
            tx.meta_remove(&rotating(customer)).await?;
            tx.commit().await?;
        }
        Ok(done)
    }

    /// Was a rotation of this customer's keys begun and not ended.
    pub(crate) async fn key_rotation_is_open(&self, customer: CustomerId) -> Result<bool, CustodyError> {
        Ok(self.store().meta_fetch(&rotating(customer)).await?.is_some())
    }

    /// The version to move to: a new one, or that of the run that was interrupted.
    async fn rotate_begin(&self, customer: CustomerId) -> Result<u32, CustodyError> {
        if let Some(text) = self.store().meta_fetch(&rotating(customer)).await? {
            let version = text.parse();
            let version =
                version.map_err(|_| CustodyError::Broken("a rotation's version cannot be read".to_owned()))?;
            // As long as another node does not know it, this one holds it back, and would move nothing.
            self.keys_known().await?;
            return Ok(version);
        }
        match self.joining_hindered(customer).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let ring = self.ring();
        let change = ring.rotate(customer, self.now(), self.entropy()).map_err(key_error)?;
        let next = ring.after(&change).map_err(key_error)?;
        let version = change.keys.iter().map(|row| row.name.version).max().unwrap_or(0);
        // If we die before the commit: nothing has happened.
        let mut tx = self.store().begin("begin a rotation").await?;
        if tx.key_change(&change).await? == 0 {
            return Err(key_error(KeyError::Stale));
        }
        tx.meta_set(&rotating(customer), &version.to_string()).await?;
        tx.commit().await?;
        // If we die here: the version is there and nothing is moved; the next run finds the mark and goes on with it.
        self.keys_changed(next).await?;
        Ok(version)
    }

    async fn objects_rewrap(
        &self,
        customer: CustomerId,
        page: u32,
        done: &mut KeyRotated,
        progress: Progress<'_>,
    ) -> Result<ControlFlow<()>, CustodyError> {
        let mut after = None;
        loop {
            let rows = self.store().version_page(customer, after, page).await?;
            let Some(last) = rows.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some((last.document, last.version));
            let ring = self.ring();
            let mut moves = Vec::new();
            for row in &rows {
                match rewrapped(&ring, customer, row) {
                    Ok(Some(keys)) => moves.push((row, keys)),
                    Ok(None) => {}
                    Err(_) => done.damaged += 1,
                }
            }
            if moves.is_empty() {
                continue;
            }
            let mut tx = self.store().begin("wrap object keys anew").await?;
            for (row, (original, text)) in moves {
                done.versions += tx.version_rewrap(row, &original, text).await?;
            }
            tx.commit().await?;
            // If we die here: this page is moved, later ones are not; both versions open, and the next run goes on.
            if progress(done).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    async fn columns_reseal(
        &self,
        (customer, column): (CustomerId, SealedColumn),
        page: u32,
        done: &mut KeyRotated,
        progress: Progress<'_>,
    ) -> Result<ControlFlow<()>, CustodyError> {
        let mut after: Option<(ResourceId, u32)> = None;
        loop {
            let rows = self.store().sealed_page(customer, column, after, page).await?;
            let Some(last) = rows.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some((last.id, last.number));
            let ring = self.ring();
            let mut moves: Vec<(&SealedRow, Vec<u8>)> = Vec::new();
            for row in &rows {
                match ring.reseal_column(customer, row.id, vault_column(column, row.number), &row.sealed) {
                    Ok(Some(sealed)) => moves.push((row, sealed)),
                    Ok(None) => {}
                    Err(_) => done.damaged += 1,
                }
            }
            if moves.is_empty() {
                continue;
            }
            let mut tx = self.store().begin("seal columns anew").await?;
            for (row, sealed) in moves {
                // 0 when somebody has written the row meanwhile: then it is under the newest key already.
                done.columns += tx.sealed_replace(column, row, sealed).await?;
            }
            tx.commit().await?;
            // If we die here: the same as with object keys.
            if progress(done).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    /// Everything wrapped anew under a new epoch, and under `new_root` if there is one. By the command line, which
    /// has made sure that a new root key is kept before this is called: afterwards the old one opens nothing.
    ///
    /// # Errors
    /// [`CustodyError`]; the current root key has to be given again.
    pub async fn key_rekey(
        &self,
        current: &RootKey,
        new_root: Option<&RootKey>,
        epoch_escrow: Option<&Path>,
    ) -> Result<Rekeyed, CustodyError> {
        let granted = self.ask_job::<act::KeyRekey>(Question::house(Purpose::Administration)).await?;
        let escrow = EscrowChange { to: epoch_escrow, lost_until: None };
        self.key_rekey_told(granted.intent(), (current, new_root), &escrow).await
    }

    async fn key_rekey_told(
        &self,
        intent: &Intent,
        roots: (&RootKey, Option<&RootKey>),
        escrow: &EscrowChange<'_>,
    ) -> Result<Rekeyed, CustodyError> {
        let done = match self.escrow_lost(roots.0, escrow).await {
            Ok(()) => self.key_rekey_run(roots, escrow.to).await,
            Err(error) => Err(error),
        };
        let (outcome, why) = if done.is_ok() { (Outcome::Done, "rekeyed") } else { (Outcome::Failed, "broken") };
        drop(self.told_words(intent, outcome, why, "").await);
        done
    }

    async fn key_rekey_run(
        &self,
        (current, new_root): (&RootKey, Option<&RootKey>),
        epoch_escrow: Option<&Path>,
    ) -> Result<Rekeyed, CustodyError> {
        self.root_check(current).await?;
        self.epoch_destroyable(epoch_escrow).await?;
        self.epoch_finish_told().await?;
        let root = new_root.unwrap_or(current);
        let change = self.ring().rekey(root, self.now(), self.entropy()).map_err(key_error)?;
        let done = Rekeyed { epoch: change.made_from.epoch_newest + 1, keys: change.keys.len() as u64 };
        self.epoch_change(&change, root, epoch_escrow, None).await?;
        Ok(done)
    }

    /// Is this the root key that the keys are wrapped with.
    async fn root_check(&self, root: &RootKey) -> Result<(), CustodyError> {
        let rows = self.store().key_rows().await?;
        KeyRing::unlock_halved(root, &rows, &self.store().halves_of(&rows).await?).map(drop).map_err(key_error)
    }

    /// Writes a change that brings a new epoch, follows it, and lets go of the old one everywhere.
    async fn epoch_change(
        &self,
        change: &KeyChange,
        root: &RootKey,
        epoch_escrow: Option<&Path>,
        shredded: Option<(CustomerId, &str)>,
    ) -> Result<(), CustodyError> {
        let mut rows = self.ring().rows().clone();
        rows.apply(change).map_err(key_error)?;
        if let Some(path) = epoch_escrow {
            self.escrow_begin(path).await?;
        }
        if let Some(half) = &change.half {
            self.store().objects().half_put(half).await?;
        }
        // If we die here: a half that no row names. It opens nothing, and nobody looks for it.
        // What is about to be written is opened before, by what lies there: a table that does not open is never written.
        let next = KeyRing::unlock_halved(root, &rows, &self.store().halves_of(&rows).await?).map_err(key_error)?;
        let written = match self.epoch_write(change, epoch_escrow, shredded).await {
            Ok(tx) => {
                // Nobody puts the ring of a table back that was read before.
                let following = self.keys_following().await;
                let done = tx.commit().await;
                if done.is_ok() {
                    self.ring_replace(next);
                }
                drop(following);
                done.map_err(CustodyError::from)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // What is known not to be written names no half. After a commit without an answer it may be needed.
            let unsure = matches!(&error, CustodyError::Store(error) if !matches!(error, StoreError::Overtaken { .. }));
            if let (Some(half), false) = (&change.half, unsure) {
                drop(self.store().objects().half_destroy(half.name).await);
            }
            return Err(error);
        }
        // If we die here: the new epoch stands, the old one is out of the table; log and escrow may still hold it, and on a server
        // its half is still there. The mark says so, and the next start, backup or key act takes them on from here.
        // Whatever the mark says by now: this epoch is let go of before anybody is told.
        self.epoch_let_go().await.map(drop)
    }

    /// All that has to be in one transaction with a new epoch, not committed yet.
    async fn epoch_write(
        &self,
        change: &KeyChange,
        epoch_escrow: Option<&Path>,
        shredded: Option<(CustomerId, &str)>,
    ) -> Result<Tx, CustodyError> {
        let mut tx = self.store().begin("change the epoch").await?;
        if tx.key_change(change).await? == 0 {
            return Err(key_error(KeyError::Stale));
        }
        if let Some((customer, certificate)) = shredded
            && tx.key_shred_certify(customer, certificate, self.now()).await? == 0
        {
            return Err(CustodyError::State("two officers have not decided this"));
        }
        if tx.epoch_due_begin(EPOCH_DUE, shredded.map_or("", |(_, certificate)| certificate)).await? == 0 {
            return Err(CustodyError::State(STILL_DUE));
        }
        if let Some(path) = epoch_escrow {
            self.escrow_move_in_tx(&mut tx, path).await?;
        }
        Ok(tx)
    }

    /// Lets the old epoch go from the write-ahead log (on a server: its half) and from the escrow, if that is still due. Gives
    /// the certificate that was waiting for it; an empty one when nothing was shredded.
    pub(crate) async fn epoch_finish(&self) -> Result<Option<String>, CustodyError> {
        let Some(certificate) = self.store().meta_fetch(EPOCH_DUE).await? else { return Ok(None) };
        // Where two finish it, one of them has something to tell.
        Ok(self.epoch_let_go().await?.then_some(certificate))
    }

    /// The steps of [`Self::epoch_finish`]; whether it was this run that ended the change.
    async fn epoch_let_go(&self) -> Result<bool, CustodyError> {
        if !self.store().is_on_server() {
            self.store().flush_surely().await?;
        }
        // If we die here: the log is clean, the escrow is not; the mark is still there.
        // Another node may have changed the epoch this very second: what it did is followed before it is finished.
        self.keys_follow().await?;
        self.escrow_write().await?;
        // The old half goes after the escrow has the new one: were the server to lose its last word, there is a way back.
        let gone = self.halves_destroy().await?;
        // Another node may still open by what it has in memory, until it has followed or its lease has ended.
        self.keys_known().await?;
        // If we die here: all is done but for the mark; doing it again changes nothing.
        let mut tx = self.store().begin("end a change of the epoch").await?;
        for (epoch, half) in gone {
            tx.half_gone(epoch, half).await?;
        }
        let ended = tx.epoch_due_end(EPOCH_DUE).await?;
        tx.commit().await?;
        Ok(ended > 0)
    }

    /// The same, and the certificate goes into the ledger.
    pub(super) async fn epoch_finish_told(&self) -> Result<(), CustodyError> {
        if let Some(certificate) = self.epoch_finish().await?.filter(|text| !text.is_empty()) {
            self.note::<act::KeyShred>("shredded_after_all", &certificate, None, []).await?;
        }
        Ok(())
    }

    /// The escrow is kept at this place from now on. What lies at the one before is wiped by the next writing.
    pub(crate) async fn escrow_move_in_tx(&self, tx: &mut Tx, to: &Path) -> Result<(), CustodyError> {
        escrow_move(self.store(), tx, to).await
    }

    /// Writes the escrow as the keys are now, where it is known to lie; whether it is known.
    pub(crate) async fn escrow_write(&self) -> Result<bool, CustodyError> {
        // One at a time in this process, and, by the folder's lock, on this machine: an older table never takes a newer one's place.
        let _one = self.0.together.escrow_writing.lock().await;
        let Some(path) = self.store().meta_fetch(EPOCH_ESCROW).await?.map(PathBuf::from) else { return Ok(false) };
        let left = self.store().meta_fetch(EPOCH_ESCROW_LEFT).await?.map(PathBuf::from);
        let writing = self.escrow_held(&path).await?;
        self.escrow_replace(&path).await?;
        if let Some(left) = left {
            let house = self.program().to_string();
            let stopped = |_| CustodyError::Broken("wiping an escrow was stopped".to_owned());
            // If we die before the mark is gone: zeros are written over zeros.
            let (old, on_server) = (left.clone(), self.store().is_on_server());
            let leave = move || {
                // Which one is left is a row's word: one that has more than the new one stays.
                if on_server {
                    escrow::takes_over(&path, &old)?;
                }
                escrow::leave(&old, &path, &house)
            };
            tokio::task::spawn_blocking(leave).await.map_err(stopped)??;
            let mut tx = self.store().begin("forget an earlier escrow").await?;
            tx.meta_remove(EPOCH_ESCROW_LEFT).await?;
            tx.commit().await?;
            // If we die here: a file of zeros that nobody looks for.
            tokio::task::spawn_blocking(move || escrow::left(&left)).await.map_err(stopped)??;
        }
        drop(writing);
        Ok(true)
    }

    /// The folder of the escrow, held. On a server the escrow has to be there already: an empty folder is a volume that is away.
    async fn escrow_held(&self, path: &Path) -> Result<escrow::Writing, CustodyError> {
        let (path, house, on_server) = (path.to_owned(), self.program().to_string(), self.store().is_on_server());
        let held = tokio::task::spawn_blocking(move || {
            let writing = escrow::Writing::begin(&path)?;
            if on_server && escrow::read(&path)?.house != house {
                return Err(crate::BackupError::OtherHouse);
            }
            Ok(writing)
        });
        Ok(held.await.map_err(|_| CustodyError::Broken("waiting for the escrow was stopped".to_owned()))??)
    }

    async fn escrow_replace(&self, path: &Path) -> Result<(), CustodyError> {
        for _ in 0..PASSES_MAX {
            // Before the rows: what another machine writes there meanwhile is never newer than they.
            let kept = self.escrow_rows(path).await?;
            let rows = self.store().key_rows().await?;
            self.escrow_openable(&rows, &kept).await?;
            let halves = self.store().halves_of(&rows).await?;
            let (state, to, house, now) = (rows.state(), path.to_owned(), self.program().to_string(), self.now());
            tokio::task::spawn_blocking(move || escrow::prepare(&to, (&rows, &halves), &house, now))
                .await
                .map_err(|_| CustodyError::Broken("writing the escrow was stopped".to_owned()))??;
            // Another node may have changed the keys meanwhile, and even written its escrow here from another machine.
            if self.store().key_rows().await?.state() == state {
                let to = path.to_owned();
                return Ok(tokio::task::spawn_blocking(move || escrow::take_over(&to))
                    .await
                    .map_err(|_| CustodyError::Broken("writing the escrow was stopped".to_owned()))??);
            }
        }
        Err(CustodyError::State("The keys are changed by somebody else all the time; the escrow is as it was."))
    }

    /// On a server: the table that the escrow has now. It remembers it across starts.
    async fn escrow_rows(&self, path: &Path) -> Result<KeyRows, CustodyError> {
        if !self.store().is_on_server() {
            return Ok(KeyRows::default());
        }
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || escrow::read(&path));
        Ok(read.await.map_err(|_| CustodyError::Broken("reading the escrow was stopped".to_owned()))??.rows)
    }

    /// On a server: the table that is about to replace an escrow opens, and is no older than this node's and the escrow's own. Whoever
    /// can write rows gets no escrow overwritten by them.
    async fn escrow_openable(&self, rows: &KeyRows, kept: &KeyRows) -> Result<(), CustodyError> {
        if !self.store().is_on_server() {
            return Ok(());
        }
        let followed = rows.comes_after(kept).and_then(|()| self.ring().follow(rows.clone(), Known::ByAll));
        let opened = match followed {
            Err(KeyError::NeedsRoot) => self.ring_by_root(rows, Known::ByAll).await.map(drop),
            done => done.map(drop).map_err(CustodyError::seal),
        };
        let sentence = opened.as_ref().err().map(|error| {
            format!(
                "The escrow of epoch keys was not replaced, for the table of keys does not open here or is older than the escrow: {error}."
            )
        });
        let said = std::mem::replace(
            &mut *self.0.together.escrow_kept.lock().unwrap_or_else(PoisonError::into_inner),
            sentence.clone(),
        );
        // Once, and not every minute, until it changes.
        if let Some(sentence) = sentence.filter(|sentence| said.as_ref() != Some(sentence)) {
            self.alert("escrow_kept", &sentence).await;
        }
        opened
    }

    /// Begins an escrow at a place that is new, before anything names it.
    async fn escrow_begin(&self, to: &Path) -> Result<(), CustodyError> {
        let known = self.store().meta_fetch(EPOCH_ESCROW).await?;
        let to = escrow::path_text(to)?;
        if !self.store().is_on_server() || known.as_ref() == Some(&to) {
            return Ok(());
        }
        let (house, now) = (self.program().to_string(), self.now());
        // If we die after this: an escrow without a key that nobody looks for.
        tokio::task::spawn_blocking(move || escrow::begin(Path::new(&to), &house, now))
            .await
            .map_err(|_| CustodyError::Broken("beginning an escrow was stopped".to_owned()))?
            .map_err(CustodyError::from)
    }

    /// What a start takes on: an epoch that was changed and not let go of everywhere.
    ///
    /// # Errors
    /// When store or escrow cannot be written.
    pub async fn key_work_finish(&self) -> Result<(), CustodyError> {
        match self.epoch_finish_told().await {
            // Another node may be the one that can; this one looks again every minute.
            Err(error) if self.store().is_on_server() => {
                let sentence = format!("An old epoch of the keys could not be let go of everywhere yet: {error}.");
                self.alert("shred_waits", &sentence).await;
            }
            done => done?,
        }
        // The keys of an approved destruction are still there and still sealed: that it waits stops nobody's work.
        if let Err(error) = self.key_shred_finish(None).await {
            let sentence =
                format!("A destruction of keys that two officers decided could not be carried out: {error}.");
            self.alert("shred_waits", &sentence).await;
        }
        Ok(())
    }
}

impl Desk<act::KeyRotate> {
    /// A new version of a customer's records key, and everything moved to it; or an interrupted rotation taken up
    /// again.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn key_rotate(&self, customer: CustomerId, progress: Progress<'_>) -> Result<KeyRotated, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let question = Question::house(Purpose::Administration).saying(&format!("rotate the keys of {customer}"));
        let granted = self.ask(question).await?;
        self.custody.key_rotate_told(granted.intent(), customer, (PAGE, progress)).await
    }
}

impl Desk<act::KeyRekey> {
    /// Everything wrapped anew under a new epoch; see [`Custody::key_rekey`].
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn key_rekey(
        &self,
        current: &RootKey,
        new_root: Option<&RootKey>,
        escrow: &EscrowChange<'_>,
    ) -> Result<Rekeyed, CustodyError> {
        let words = escrow.lost_words();
        let granted = self.ask(Question::house(Purpose::Administration).saying(&words)).await?;
        self.custody.key_rekey_told(granted.intent(), (current, new_root), escrow).await
    }

    /// The same with the current root key read again from where the configuration says it is.
    ///
    /// # Errors
    /// [`CustodyError::State`] when this process cannot read it.
    pub async fn key_rekey_here(
        &self,
        new_root: Option<&RootKey>,
        escrow: &EscrowChange<'_>,
    ) -> Result<Rekeyed, CustodyError> {
        let current = self.custody.root_key_read().await?;
        let current = current.ok_or(CustodyError::State(
            "The server cannot read the root key by itself: stop it, and run this with the root key in hand.",
        ))?;
        self.key_rekey(&current, new_root, escrow).await
    }
}

#[cfg(test)]
mod tests;
