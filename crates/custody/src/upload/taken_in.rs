//! Another house's export of a practice comes in: verified whole before anything of it is kept, then part by part.
//!
//! What must always hold: whoever takes it in is the practice's own manager here, asked for every part in an act that names
//! what is made; nothing of the other house's ids becomes an id of this one, so that an export names nobody's things here;
//! patients are mapped only where record number and surname agree with exactly one, and proposed otherwise; a thing comes
//! in once however often it is stopped and begun again, because what it is known by is kept in its own transaction.
//!
//! Steps of each document, and what is true if the process dies there: as with an upload (`upload.rs`).

mod documents;
mod history;
mod patients;

use super::Custody;
use crate::ask::Question;
use crate::leaving::{Event, ExportFolder, ExportOpen, LeavingError, Told, key_holds};
use crate::{CustodyError, Desk, directory};
use documents::DocumentIn;
use history::{HistoryIn, misplaced};
use patients::PatientIn;
use record::{CustomerId, Intent, Outcome, PatientId, PersonId, Purpose, act};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use vault::Field;

/// Events that wait for a slow disk: rows, and pieces of at most 64 KiB.
const EVENTS_WAITING: usize = 8;

/// What is to be taken in.
#[derive(Debug)]
pub struct TakeInOrder {
    /// The export, its secret, and what is known of it from elsewhere.
    pub export: ExportOpen,
    /// For whom.
    pub customer: CustomerId,
    /// Their own name as well, so that a slip in the id is noticed.
    pub customer_name: String,
}

/// What came in so far. Counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TakeInTally {
    /// New documents.
    pub documents: u64,
    /// With so many versions.
    pub versions: u64,
    /// And so many bytes of originals.
    pub bytes: u64,
    /// New patients.
    pub patients: u64,
    /// Patients who were here already, by record number and surname.
    pub patients_matched: u64,
    /// Patients whose record number is another's here: they are provisional, until a person says who they are.
    pub patients_proposed: u64,
    /// Guardians and guarantors.
    pub related: u64,
    /// Documents and patients that came in by an earlier run.
    pub came_before: u64,
    /// Entries of the other house's ledger, kept with their proofs.
    pub entries: u64,
    /// What stays outside, as ids there: a document of a kind that is not taken here, or not clean; whatever came in before
    /// and is another in this export; and, as ids here, patients who could not be linked as they were there.
    pub outside: Vec<String>,
}

/// An export on its way in.
pub struct TakeIn {
    custody: Custody,
    customer: CustomerId,
    intent: Intent,
    folder: Arc<ExportFolder>,
    events: mpsc::Receiver<Event>,
    walk: Option<JoinHandle<Result<(), LeavingError>>>,
    tally: TakeInTally,
    /// People there, and who they are here: by id there.
    people: BTreeMap<String, (String, Option<PersonId>)>,
    /// Patients who were linked there to somebody who has not come yet.
    links: Vec<(PatientId, PatientId)>,
}

impl std::fmt::Debug for TakeIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakeIn").field("customer", &self.customer).finish_non_exhaustive()
    }
}

impl TakeIn {
    /// What came in so far.
    #[must_use]
    pub const fn tally(&self) -> &TakeInTally {
        &self.tally
    }

    /// Documents and bytes of the whole export.
    #[must_use]
    pub fn all(&self) -> (u64, u64) {
        (self.folder.manifest.counts.documents, self.folder.manifest.counts.bytes)
    }

    /// Documents and bytes that were gone through.
    #[must_use]
    pub const fn gone_through(&self) -> (u64, u64) {
        (self.tally.documents + self.tally.came_before + self.tally.outside.len() as u64, self.tally.bytes)
    }

    /// The manifest's digest.
    #[must_use]
    pub fn digest(&self) -> record::Sha256 {
        self.folder.digest
    }

    /// By what a thing of the other house is known here.
    fn token(&self, thing: &str) -> Result<Vec<u8>, CustodyError> {
        // No path of a share holds the sign in front.
        let known = format!("\0export/{}/{thing}", self.folder.manifest.customer);
        let mac = self.custody.ring().blind(self.customer, Field::SharePath, &known).map_err(CustodyError::seal)?;
        Ok(mac.to_vec())
    }

    /// The same, and by what this very state of it is known.
    fn tokens(&self, thing: &str, row: &impl serde::Serialize) -> Result<[Vec<u8>; 2], CustodyError> {
        let bytes = zeroize::Zeroizing::new(serde_json::to_vec(row).map_err(CustodyError::seal)?);
        Ok([self.token(thing)?, self.token(&format!("{thing}/{}", record::Sha256::of(&bytes)))?])
    }

    /// Something came in before. As it is in this export it may not have been: then it stays outside, and is told of.
    fn came_before(&mut self, thing: &str, is_same: bool) {
        if is_same {
            self.tally.came_before += 1;
        } else {
            self.tally.outside.push(thing.to_owned());
        }
    }

    async fn next(&mut self) -> Result<Option<Event>, CustodyError> {
        if let Some(event) = self.events.recv().await {
            return Ok(Some(event));
        }
        if let Some(walk) = self.walk.take() {
            walk.await.map_err(|_| LeavingError::Stopped)??;
        }
        Ok(None)
    }

    /// Says that it ended before all was done.
    pub async fn stop(self) {
        self.custody.told(&self.intent, Outcome::Failed, "stopped", None).await;
    }

    /// Says that all of it is done.
    pub async fn finish(self) -> TakeInTally {
        let counts = serde_json::to_string(&self.tally).unwrap_or_default();
        let words = format!(
            "export {} of {} by {}, manifest sha256:{}: {counts}",
            self.folder.manifest.export,
            self.folder.manifest.customer,
            self.folder.manifest.operator,
            self.folder.digest
        );
        drop(self.custody.told_words(&self.intent, Outcome::Done, "taken_in", &words).await);
        self.tally
    }
}

/// What a part has brought so far.
enum Gathered {
    Nothing,
    Patients(Vec<PatientIn>),
    Documents(Box<documents::DocumentsIn>),
    /// None: it came in before.
    History(Option<Box<HistoryIn>>),
}

impl Desk<act::CustomerTakeIn> {
    /// Asks about what a part brings in.
    async fn take_in_ask(
        &self,
        take: &TakeIn,
        facts: Vec<policy::ResourceFacts>,
    ) -> Result<crate::Granted<act::CustomerTakeIn>, CustodyError> {
        self.ask(Question::of(take.customer, Purpose::Administration).with_all(facts)).await
    }

    /// Begins: asked for, witnessed, and the whole export verified. Nothing of it is kept yet.
    ///
    /// # Errors
    /// [`CustodyError::Export`] says what is wrong with it.
    pub async fn take_in_begin(&self, order: TakeInOrder) -> Result<TakeIn, CustodyError> {
        self.person()?;
        let (custody, customer) = (self.custody.clone(), order.customer);
        if custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let words = "another house's export of a practice is taken in";
        let granted = self.ask(Question::of(customer, Purpose::Administration).saying(words)).await?;
        let intent = granted.intent().clone();
        drop(granted);
        let begun = take_in_open(&custody, order, &intent).await;
        if begun.is_err() {
            custody.told(&intent, Outcome::Failed, "not_begun", None).await;
        }
        begun
    }

    /// Takes the next part in, in the name of whoever is at this desk now; false when there was none any more.
    ///
    /// # Errors
    /// [`CustodyError`]; what was kept so far stays, and a later run goes on behind it.
    pub async fn take_in_next(&self, take: &mut TakeIn) -> Result<bool, CustodyError> {
        let mut gathered = Gathered::Nothing;
        let done = self.part_take(take, &mut gathered).await;
        if done.is_err() {
            match gathered {
                Gathered::Documents(documents) => documents.undo(&take.custody).await,
                Gathered::History(Some(history)) => history.undo(&take.custody).await,
                Gathered::History(None) | Gathered::Patients(_) | Gathered::Nothing => {}
            }
        }
        done
    }

    async fn part_take(&self, take: &mut TakeIn, gathered: &mut Gathered) -> Result<bool, CustodyError> {
        while let Some(event) = take.next().await? {
            match event {
                Event::PartEnd => {
                    match std::mem::replace(gathered, Gathered::Nothing) {
                        Gathered::Patients(patients) => self.patients_keep(take, patients).await?,
                        Gathered::History(Some(history)) => self.history_keep(take, *history).await?,
                        Gathered::History(None) => take.tally.came_before += 1,
                        Gathered::Documents(_) | Gathered::Nothing => {}
                    }
                    return Ok(true);
                }
                Event::Row(_, row, told) => self.row_take(take, gathered, (&row, told)).await?,
                Event::File { document, version, .. } => {
                    let Gathered::Documents(documents) = gathered else { return Err(misplaced()) };
                    self.file_begin(take, documents, (document, version)).await?;
                }
                Event::Piece(piece) => {
                    let Gathered::Documents(documents) = gathered else { return Err(misplaced()) };
                    documents.piece(&take.custody, take.customer, &piece).await?;
                }
                Event::FileEnd => {
                    let Gathered::Documents(documents) = gathered else { return Err(misplaced()) };
                    self.file_end(take, documents).await?;
                }
            }
        }
        take.link_all().await?;
        Ok(false)
    }

    async fn row_take(
        &self,
        take: &mut TakeIn,
        gathered: &mut Gathered,
        (row, told): (&[u8], Told),
    ) -> Result<(), CustodyError> {
        match (told, &mut *gathered) {
            (Told::Person(person), _) => {
                let here = take.custody.person_here(take.customer, &person.email).await?;
                take.people.insert(person.id.to_string(), (person.name, here));
            }
            (Told::Patient(patient), Gathered::Patients(patients)) => patients.push(PatientIn::new(*patient)),
            (Told::Patient(patient), Gathered::Nothing) => {
                *gathered = Gathered::Patients(vec![PatientIn::new(*patient)]);
            }
            (Told::Related(related), Gathered::Patients(patients)) => {
                let beside = patients.iter_mut().find(|one| one.row.id == related.patient);
                beside.ok_or_else(misplaced)?.related.push(*related);
            }
            // Rows come before the first file, when their places are asked for: a later one would be passed over.
            (Told::Document(document), Gathered::Documents(documents)) if documents.takes_rows() => {
                documents.row(DocumentIn::new(*document));
            }
            (Told::Document(document), Gathered::Nothing) => {
                let mut documents = documents::DocumentsIn::default();
                documents.row(DocumentIn::new(*document));
                *gathered = Gathered::Documents(Box::new(documents));
            }
            (Told::LedgerHead(head), Gathered::Nothing) => {
                let mut history = self.history_begin(take, &head).await?;
                if let Some(history) = &mut history {
                    history.row(row, None, &take.people).await?;
                }
                *gathered = Gathered::History(history);
            }
            (Told::Entry(index, entry), Gathered::History(history)) => {
                if let Some(history) = history {
                    history.row(row, Some((index, &entry)), &take.people).await?;
                    take.tally.entries += 1;
                }
            }
            (Told::Original | Told::Index, _) => {}
            _ => return Err(misplaced()),
        }
        Ok(())
    }
}

async fn take_in_open(custody: &Custody, order: TakeInOrder, intent: &Intent) -> Result<TakeIn, CustodyError> {
    let customer = order.customer;
    // Asked after policy: what a customer is called is told to nobody who may not bring anything in.
    if custody.customer_name(customer).await? != order.customer_name {
        return Err(CustodyError::State("this is not the name of the customer with that id"));
    }
    let key = order.export.key.clone();
    let verified = tokio::task::spawn_blocking(move || {
        let folder = order.export.folder()?;
        key_holds(&folder.walk(&mut |_| Ok(()))?, key.as_ref())?;
        Ok::<_, LeavingError>(folder)
    });
    let folder = Arc::new(verified.await.map_err(|_| LeavingError::Stopped)??);
    let room = custody.room_left(customer).await?;
    if folder.manifest.counts.bytes > room {
        return Err(CustodyError::TooLarge { max_bytes: room });
    }
    let (sender, events) = mpsc::channel(EVENTS_WAITING);
    let reading = Arc::clone(&folder);
    // Held against the manifest once more as it is read: what lies there may change meanwhile.
    let walk = tokio::task::spawn_blocking(move || {
        reading.walk(&mut |event| sender.blocking_send(event).map_err(|_| LeavingError::Stopped)).map(drop)
    });
    Ok(TakeIn {
        custody: custody.clone(),
        customer,
        intent: intent.clone(),
        folder,
        events,
        walk: Some(walk),
        tally: TakeInTally::default(),
        people: BTreeMap::new(),
        links: Vec::new(),
    })
}

impl Custody {
    /// Somebody of this practice who has this address here, too.
    async fn person_here(&self, customer: CustomerId, email: &str) -> Result<Option<PersonId>, CustodyError> {
        let index = directory::email_index(&self.ring(), email);
        let Some(person) = self.store().person_by_email(&index).await? else { return Ok(None) };
        let now = self.now();
        let places = self.store().membership_list_by_person(person.id).await?;
        let here = places.iter().any(|one| one.customer == Some(customer) && one.in_force(now));
        Ok(here.then_some(person.id))
    }
}

#[cfg(test)]
mod tests;
