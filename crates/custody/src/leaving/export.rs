//! Everything that is held of a practice, into a sealed export: part by part, each an act of at most a thousand things.
//!
//! What must always hold: nothing is opened but against permit and receipt of its own act, in the name of the manager
//! whose session lives; no plaintext touches the disk; what is written is held against itself as it is written; a
//! part that has its name is whole, so that an export that was stopped goes on behind it; records that change
//! meanwhile make it no export.
//!
//! Steps, and what is true if the process dies there: 1. the row names the export and its sealed secret: nothing of it lies
//! anywhere yet; 2. parts are on the disk: whole under their names, or removed by the next run; 3. the manifest is there and
//! the row says "exporting": the next run writes it anew; 4. the row says "exported".

mod parts;
mod writer;

use super::folder::{self, Lies, create, publish};
use super::held::Held;
use super::rows::{Manifest, PartLine, part_name};
use super::sealed::{ExportSecret, SealedWriter};
use super::{CHANGED, LeavingError, MANIFEST, README};
use crate::ask::Question;
use crate::{Custody, CustodyError, Desk};
use record::{CustomerId, Intent, IntentId, Outcome, Purpose, Sha256, act};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Leaving, LeavingState};

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeavingMeasure {
    /// Documents that are in whole parts.
    pub documents: u64,
    /// Of how many.
    pub documents_all: u64,
    /// Bytes of their originals.
    pub bytes: u64,
    /// Of how many.
    pub bytes_all: u64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    People,
    Patients,
    Documents,
    Ledger,
    Manifest,
}

/// An export on its way.
pub struct PracticeExport {
    custody: Custody,
    customer: CustomerId,
    customer_name: String,
    out: PathBuf,
    id: IntentId,
    secret: Arc<ExportSecret>,
    standing: String,
    intent: Intent,
    held: Held,
    parts: Vec<PartLine>,
    step: Step,
    all: (u64, u64),
    /// What was exported, when it is whole.
    done: Option<(Sha256, super::LeavingCounts)>,
}

impl std::fmt::Debug for PracticeExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PracticeExport").field("customer", &self.customer).field("id", &self.id).finish_non_exhaustive()
    }
}

impl PracticeExport {
    /// How far it is.
    #[must_use]
    pub const fn measure(&self) -> LeavingMeasure {
        let (counts, (documents_all, bytes_all)) = (self.held.counts(), self.all);
        LeavingMeasure { documents: counts.documents, documents_all, bytes: counts.bytes, bytes_all }
    }

    /// Which export it is.
    #[must_use]
    pub const fn id(&self) -> IntentId {
        self.id
    }

    /// The manifest's digest and what is in it, once all of it is there.
    #[must_use]
    pub const fn done(&self) -> Option<(Sha256, super::LeavingCounts)> {
        self.done
    }

    /// Says that it ended before all was there.
    pub async fn stop(self) {
        self.custody.told(&self.intent, Outcome::Failed, "stopped", None).await;
    }
}

fn readme(name: &str, id: IntentId) -> String {
    format!(
        "PHI – {name}\n\nA sealed export ({id}) of everything that was held of {name}. It opens with the secret that was shown to the\n\
         practice's manager, and with nothing else:\n\n    strongroom customer leave open FOLDER --out NEW-FOLDER\n\n\
         In another house it is taken in with:\n\n    strongroom import practice FOLDER --customer cus_… --dir /srv/strongroom\n"
    )
}

impl Desk<act::CustomerExport> {
    /// Begins an export of a practice that leaves, or goes on with the one that lies in this folder. Nothing is opened yet.
    ///
    /// # Errors
    /// [`CustodyError::State`] when the practice does not leave, or has confirmed an export; [`CustodyError::Export`].
    pub async fn export_begin(&self, customer: CustomerId, out: &Path) -> Result<PracticeExport, CustodyError> {
        let custody = &self.custody;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let words = "an export of everything was begun, or goes on";
        let granted = self.ask(Question::of(customer, Purpose::Administration).saying(words)).await?;
        let intent = granted.intent().clone();
        drop(granted);
        let begun = self.export_open(customer, (&known.name, out), &intent).await;
        if begun.is_err() {
            custody.told(&intent, Outcome::Failed, "not_begun", None).await;
        }
        begun
    }

    async fn export_open(
        &self,
        customer: CustomerId,
        (name, out): (&str, &Path),
        intent: &Intent,
    ) -> Result<PracticeExport, CustodyError> {
        let custody = &self.custody;
        let row = custody.store().leaving_fetch(customer).await?;
        let row = row.ok_or(CustodyError::State(
            "the practice has not said that it leaves: its manager does so in the portal, on the practice's page",
        ))?;
        if row.state == LeavingState::Confirmed {
            return Err(CustodyError::State("an export was confirmed: take the leaving back to begin another one"));
        }
        let looked = out.to_owned();
        let lies = blocking(move || folder::look(&looked)).await?;
        let standing = custody.store().standing_of(customer).await?;
        let (id, secret) = match lies {
            Lies::Nothing => custody.export_new(customer, intent, &standing).await?,
            Lies::Parts(id, _) => (id, custody.export_again(&row, id, &standing)?),
        };
        // From here on it is known that what lies there is this export's, or nothing.
        let place = out.to_owned();
        blocking(move || folder::clear(&place)).await?;
        let all = custody.leaving_size(customer, &standing)?;
        let mut export = PracticeExport {
            custody: custody.clone(),
            customer,
            customer_name: name.to_owned(),
            out: out.to_owned(),
            id,
            secret: Arc::new(secret),
            standing,
            intent: intent.clone(),
            held: Held::new(customer),
            parts: Vec::new(),
            step: Step::People,
            all,
            done: None,
        };
        if let Lies::Parts(_, many) = lies {
            export.go_on(many).await?;
        } else {
            let (text, place) = (readme(name, id), out.join(README));
            blocking(move || {
                drop(std::fs::remove_file(&place));
                let mut file = create(&place)?;
                file.write_all(text.as_bytes()).map_err(LeavingError::io("write the export"))
            })
            .await?;
        }
        Ok(export)
    }

    /// Writes the next part, in the name of whoever is at this desk now; false when all of it is there.
    ///
    /// # Errors
    /// [`CustodyError`]; parts that are whole stay, and a later run goes on behind them.
    pub async fn export_next(&self, export: &mut PracticeExport) -> Result<bool, CustodyError> {
        self.person()?;
        match export.step {
            Step::People => {
                self.people_part(export).await?;
                export.step = Step::Patients;
            }
            Step::Patients => {
                if !self.patients_part(export).await? {
                    export.step = Step::Documents;
                }
            }
            Step::Documents => {
                if !self.documents_part(export).await? {
                    export.step = Step::Ledger;
                }
            }
            Step::Ledger => {
                self.ledger_part(export).await?;
                export.step = Step::Manifest;
            }
            Step::Manifest => {
                export.finish().await?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Custody {
    async fn export_new(
        &self,
        customer: CustomerId,
        intent: &Intent,
        standing: &str,
    ) -> Result<(IntentId, ExportSecret), CustodyError> {
        let secret = ExportSecret::new(self.entropy());
        let at = self.now();
        let sealed = self.leaving_secret_seal(customer, (intent.id(), at), &secret)?;
        let mut tx = self.store().begin("begin an export").await?;
        if tx.leaving_export_begin(customer, (intent.id(), at), sealed, standing).await? == 0 {
            return Err(CustodyError::State("the leaving was taken back meanwhile"));
        }
        tx.commit().await?;
        Ok((intent.id(), secret))
    }

    /// Goes on with an export that was stopped.
    fn export_again(&self, row: &Leaving, id: IntentId, standing: &str) -> Result<ExportSecret, CustodyError> {
        if row.export != Some(id) {
            return Err(LeavingError::NotEmpty.into());
        }
        if row.state != LeavingState::Exporting {
            return Err(CustodyError::State("this export is whole; name an empty folder to make another one"));
        }
        if row.standing.as_deref() != Some(standing) {
            return Err(CustodyError::State(CHANGED));
        }
        self.leaving_secret(row)
    }

    /// Documents and bytes, from what stands in the text of what there is.
    fn leaving_size(&self, customer: CustomerId, standing: &str) -> Result<(u64, u64), CustodyError> {
        let number = |table: &str, at: usize| {
            let part = standing.split(", ").find(|part| part.split(' ').next() == Some(table))?;
            part.split(' ').nth(at)?.parse().ok()
        };
        let broken = || CustodyError::Broken(format!("what is held of {customer} cannot be counted"));
        Ok((number("document", 1).ok_or_else(broken)?, number("document_version", 2).ok_or_else(broken)?))
    }
}

/// Work that waits for a disk, on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LeavingError> + Send + 'static,
) -> Result<T, CustodyError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| LeavingError::Stopped)?;
    Ok(done?)
}

impl PracticeExport {
    /// Reads the parts that are there already: what they hold is counted, and every byte of them is opened once more.
    async fn go_on(&mut self, many: usize) -> Result<(), CustodyError> {
        let (dir, secret, id) = (self.out.clone(), Arc::clone(&self.secret), self.id);
        let mut held = Held::new(self.customer);
        let read = blocking(move || {
            let mut parts = Vec::with_capacity(many);
            for name in (1..=many).map(part_name) {
                let key = (secret.as_ref(), id);
                let (bytes, sha256) = folder::part_read(&dir, &name, key, &mut held, &mut |_| Ok(()))?;
                parts.push(PartLine { name, bytes, sha256 });
            }
            Ok((held, parts))
        });
        (self.held, self.parts) = read.await?;
        self.step = if self.held.ledger().is_some() {
            Step::Manifest
        } else if self.held.last_document().is_some() {
            Step::Documents
        } else {
            Step::Patients
        };
        Ok(())
    }

    /// The manifest, and with it the export is whole.
    async fn finish(&mut self) -> Result<(), CustodyError> {
        let custody = self.custody.clone();
        if custody.store().standing_of(self.customer).await? != self.standing {
            return Err(CustodyError::State(CHANGED));
        }
        let checkpoint = self.held.ledger().map(|head| head.checkpoint.clone());
        let manifest = Manifest {
            v: 1,
            export: self.id,
            customer: self.customer,
            customer_name: self.customer_name.clone(),
            operator: custody.settings().operator.clone(),
            made_at: custody.now(),
            checkpoint: checkpoint.ok_or(LeavingError::Inside("it has no ledger"))?,
            counts: *self.held.counts(),
            tables: self.held.tables(),
            parts: self.parts.clone(),
        };
        let text = serde_json::to_vec(&manifest).map_err(CustodyError::seal)?;
        let digest = Sha256::of(&text);
        let (dir, secret, id) = (self.out.clone(), Arc::clone(&self.secret), self.id);
        blocking(move || {
            let file = create(&dir.join(format!("{MANIFEST}.new")))?;
            let mut sealed = SealedWriter::new(BufWriter::new(file), &secret, id, MANIFEST)?;
            sealed.push(&text)?;
            let (file, ..) = sealed.finish()?;
            publish(flushed(file)?, (&dir, MANIFEST))
        })
        .await?;
        // If we die here: the row says "exporting"; the next run writes the manifest anew.
        let counts = serde_json::to_string(self.held.counts()).map_err(CustodyError::seal)?;
        let mut tx = custody.store().begin("end an export").await?;
        let at = (self.id, custody.now());
        if tx.leaving_export_end(self.customer, at, digest.as_bytes(), &counts).await? == 0 {
            return Err(CustodyError::State("the leaving was taken back meanwhile, or another export begun"));
        }
        tx.commit().await?;
        // If we die here: the row has it all, and the act is closed as unknown; the manager's own act names the digest.
        let words = format!("export {} is whole, manifest sha256:{digest}, {counts}", self.id);
        drop(custody.told_words(&self.intent, Outcome::Done, "exported", &words).await);
        self.done = Some((digest, *self.held.counts()));
        Ok(())
    }
}

fn flushed(file: BufWriter<File>) -> Result<File, LeavingError> {
    file.into_inner().map_err(|error| LeavingError::io("write the export")(error.into_error()))
}
