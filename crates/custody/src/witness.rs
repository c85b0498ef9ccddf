//! The witness: somebody outside who keeps our checkpoints, so that a rollback or a fork by ourselves shows.
//!
//! What must always hold: what is handed over is signed, and kept here too; a hand-over counts only when the
//! command ended well or the file is on its disk; a failure is an alert, once for each time it begins to fail.

use crate::alerts::hand_over;
use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, WitnessSink};
use record::{CustomerId, Purpose, Timestamp, act};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{EntryFilter, WitnessRun};

/// How long the witness's command may take.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// A checkpoint is kept here at most this often for those who merely look at it, milliseconds.
const KEEP_MILLIS: i64 = 60_000;

/// What a customer keeps of the ledger: enough to hold us to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCheckpoint {
    /// Entries under the checkpoint.
    pub size: u64,
    /// The newest entry about this customer; none when there is none.
    pub entry: Option<u64>,
    /// When it was asked for.
    pub at: Timestamp,
    /// The signed note.
    pub note: String,
}

impl std::fmt::Display for CustomerCheckpoint {
    /// One line to append to a file: time, size, root, newest entry.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let root = self.note.lines().nth(2).unwrap_or_default();
        let entry = self.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        write!(f, "{} {} {root} {entry}", self.at, self.size)
    }
}

impl Custody {
    /// The newest signed checkpoint. Public: it says how many entries there are, and nothing of them.
    ///
    /// # Errors
    /// When the ledger cannot be read or no longer holds what was signed.
    pub async fn checkpoint(&self) -> Result<String, CustodyError> {
        let (_, note) = self.checkpoint_signed().await?;
        Ok(note)
    }

    /// Signs the head as it is, and keeps it here when the last one was kept a while ago.
    pub(crate) async fn checkpoint_signed(&self) -> Result<(u64, String), CustodyError> {
        let signed = ledger::sign_head(&self.0.log, &self.0.signer)
            .await
            .map_err(|error| CustodyError::Broken(format!("the ledger: {error}")))?;
        let (size, note) = (signed.head().size, signed.to_string());
        let kept = self.store().checkpoint_last_at().await?;
        if kept.is_none_or(|at| self.now().millis_since(at) >= KEEP_MILLIS) {
            self.checkpoint_keep(size, &note).await?;
        }
        Ok((size, note))
    }

    /// Signs the head as it is and keeps it here in any case: at a start and at a stop.
    pub(crate) async fn checkpoint_now(&self) -> Result<(), CustodyError> {
        let (size, note) = self.checkpoint_signed().await?;
        self.checkpoint_keep(size, &note).await
    }

    /// Keeps the head as it is now unless it is kept already. At the very end: an alert of the last moment may stand
    /// behind the checkpoint of the clean stop, and an offline verifier would call it forged.
    pub(crate) async fn checkpoint_last_keep(&self) -> Result<(), CustodyError> {
        let (size, note) = self.checkpoint_signed().await?;
        let kept = self.store().checkpoint_last().await?;
        if kept.is_none_or(|(kept, _)| kept < size) { self.checkpoint_keep(size, &note).await } else { Ok(()) }
    }

    /// Keeps a checkpoint of ours in the database, and the ledger's public key beside it.
    pub(crate) async fn checkpoint_keep(&self, size: u64, note: &str) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("keep a checkpoint").await?;
        tx.checkpoint_insert(size, note, self.now()).await?;
        tx.meta_set("ledger_key", &self.ledger_verifier().to_string()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Hands the newest checkpoint to the witness, unless it has it. `None` when there is no witness or nothing new.
    ///
    /// # Errors
    /// When ledger or store cannot; a witness that does not take it is no error here but an alert.
    pub async fn witness_send(&self) -> Result<Option<WitnessRun>, CustodyError> {
        let Some(sink) = &self.settings().witness else { return Ok(None) };
        let last = self.store().witness_last().await?;
        let (size, note) = self.checkpoint_signed().await?;
        if last.as_ref().is_some_and(|run| run.ok && run.size >= size) {
            return Ok(None);
        }
        self.checkpoint_keep(size, &note).await?;
        // If we die here: the witness may have it and our row does not say so; it gets the next one all the same.
        let outcome = match sink {
            WitnessSink::Command(argv) => hand_over(argv, &note, COMMAND_TIME).await.map_err(|error| error.to_string()),
            WitnessSink::Append(path) => append(path.clone(), note).await,
        };
        let run = WitnessRun {
            size,
            at: self.now(),
            ok: outcome.is_ok(),
            sentence: outcome.err().unwrap_or_else(|| "kept".to_owned()),
        };
        let mut tx = self.store().begin("keep a witness run").await?;
        tx.witness_insert(&run).await?;
        tx.commit().await?;
        if !run.ok && last.is_none_or(|run| run.ok) {
            let sentence = format!(
                "The witness did not take the checkpoint at {size} entries ({}). Until it does, nobody outside could show that the ledger was rolled back.",
                run.sentence
            );
            self.alert("witness_failed", &sentence).await;
        }
        Ok(Some(run))
    }

    pub(crate) async fn customer_checkpoint(&self, customer: CustomerId) -> Result<CustomerCheckpoint, CustodyError> {
        let filter = EntryFilter { customer: Some(customer), ..EntryFilter::default() };
        let entry = self.store().entry_list(&filter, 1).await?.first().map(|entry| entry.index);
        let (size, note) = self.checkpoint_signed().await?;
        Ok(CustomerCheckpoint { size, entry, at: self.now(), note })
    }
}

impl Desk<act::CustomerShow> {
    /// The newest checkpoint with the customer's newest entry: what a customer keeps, to hold us to it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn customer_checkpoint(&self, customer: CustomerId) -> Result<CustomerCheckpoint, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let granted = self.ask(Question::of(customer, Purpose::Operations)).await?;
        drop(granted);
        self.custody.customer_checkpoint(customer).await
    }
}

/// Appends a note to a file on another volume, and waits until it is on its disk.
async fn append(path: PathBuf, note: String) -> Result<(), String> {
    let done = tokio::task::spawn_blocking(move || append_now(&path, &note)).await;
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("the witness file cannot be written: {}", error.kind())),
        Err(_) => Err("the hand-over was stopped".to_owned()),
    }
}

fn append_now(path: &Path, note: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let new = !path.exists();
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    // One write, so that two processes do not write into each other; an empty line ends a note.
    file.write_all(format!("{note}\n").as_bytes())?;
    file.sync_all()?;
    if new && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The notes in a file that a witness appended to, oldest first. What is no note is left out.
#[must_use]
pub fn checkpoints_read(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = String::new();
    let mut signed = false;
    for line in text.lines() {
        let signature = line.starts_with("— ");
        if signed && !signature {
            notes.push(std::mem::take(&mut note));
            signed = false;
        }
        if note.is_empty() && line.is_empty() {
            continue;
        }
        note.push_str(line);
        note.push('\n');
        signed = signature;
    }
    if signed {
        notes.push(note);
    }
    notes
}
