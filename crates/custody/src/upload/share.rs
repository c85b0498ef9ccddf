//! A share with years of documents comes in: looked at, matched, and kept by the hundred, each hundred whole or not at all.
//!
//! What must always hold: whoever imports may bring in and hand over each of these documents one by one as well (policy is
//! asked about every one, in acts of at most so many); an act is witnessed before anything of it is kept; a file comes in
//! once however often the import is stopped and begun again, because what it is known by is kept with it, in the same
//! transaction; names of files are in the list of rejects and nowhere else.
//!
//! Steps of each hundred, and what is true if the process dies there:
//! 1. the ledger has the intents: entries without an outcome, closed later as `unknown`;
//! 2. one upload row is open and names all objects: the sweeper will find them;
//! 3. objects are durable: ciphertext without a row; the sweeper removes them;
//! 4. one transaction commits the upload row and all documents with what they are known by: a later run passes them by.

mod batch;
mod look;
mod map;
mod report;

use crate::ask::Question;
use crate::documents::purpose_of;
use crate::{Custody, CustodyError, Desk};
use batch::Kept;
use look::Looked;
use map::Reading;
use record::{CustomerId, Intent, Outcome, act};
use report::Rejects;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use store::{Share, ShareFile};
use tokio::task::JoinHandle;

pub use map::{ArrivesAs, ImportMap, ImportRule, ImportType, MapError, Otherwise};
pub use report::{ImportReject, ImportTally};

/// Documents of one act: each has two objects, the original and the text in it, and one act touches at most a thousand.
const DOCUMENTS_AT_ONCE: usize = 500;
/// Plaintext that is in memory for one act, bytes.
const BYTES_AT_ONCE: u64 = 64 << 20;

/// What is to be imported.
#[derive(Debug, Clone)]
pub struct ShareOrder {
    /// The folder.
    pub share: PathBuf,
    /// How it is to be read.
    pub map: ImportMap,
    /// Does anything come in.
    pub mode: ImportMode,
    /// Where the names of what stays outside are written: a new file, outside the share.
    pub rejects: Option<PathBuf>,
}

/// Does anything come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Nothing is changed; what would be is told.
    Look,
    /// It comes in.
    Take,
}

/// An import on its way.
pub struct ShareImport {
    custody: Custody,
    customer: CustomerId,
    mode: ImportMode,
    intent: Intent,
    share: Arc<Share>,
    reading: Arc<Reading>,
    files: Vec<ShareFile>,
    /// The first file that nobody has begun to read.
    next: usize,
    /// Files that are being read meanwhile.
    ahead: Option<JoinHandle<Result<Vec<Looked>, CustodyError>>>,
    /// Documents that are being kept meanwhile.
    keeping: Option<JoinHandle<Result<Kept, CustodyError>>>,
    /// What the documents that are being kept are known by, and those before them.
    on_the_way: BTreeSet<Vec<u8>>,
    rejects: Rejects,
    tally: ImportTally,
    /// What the whole share holds.
    all: (u64, u64),
}

impl std::fmt::Debug for ShareImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShareImport").field("customer", &self.customer).finish_non_exhaustive()
    }
}

impl ShareImport {
    /// What was done so far.
    #[must_use]
    pub const fn tally(&self) -> &ImportTally {
        &self.tally
    }

    /// Files and bytes of the whole share.
    #[must_use]
    pub const fn all(&self) -> (u64, u64) {
        self.all
    }

    /// Says that all of it is done.
    pub async fn finish(self) -> ImportTally {
        let why = if self.mode == ImportMode::Look { "looked_at" } else { "imported" };
        self.custody.told(&self.intent, Outcome::Done, why, None).await;
        self.tally
    }

    /// Says that it ended before all was done.
    pub async fn stop(mut self) {
        // What is being kept is kept whole.
        drop(self.kept().await);
        drop(self.rejects.flush());
        self.custody.told(&self.intent, Outcome::Failed, "stopped", None).await;
    }

    /// Begins to read the next files on a thread, if there are any.
    fn read_ahead(&mut self) {
        let (from, mut bytes) = (self.next, 0);
        let fits = |file: &&ShareFile| {
            bytes += file.size_bytes.min(self.reading.file_bytes_max);
            bytes <= BYTES_AT_ONCE
        };
        // At least one: a single file is never larger than what is taken at once.
        let many = self.files[from..].iter().take(DOCUMENTS_AT_ONCE).take_while(fits).count();
        self.next = from + many.max(1).min(self.files.len() - from);
        if self.next == from {
            return;
        }
        let (share, reading) = (Arc::clone(&self.share), Arc::clone(&self.reading));
        let (custody, customer) = (self.custody.clone(), self.customer);
        let files = self.files[from..self.next].to_vec();
        self.ahead = Some(tokio::task::spawn_blocking(move || {
            files.into_iter().map(|file| look::look(&custody, customer, (&share, &reading), file)).collect()
        }));
    }

    /// Waits for what is being kept, and counts it.
    async fn kept(&mut self) -> Result<(), CustodyError> {
        let Some(keeping) = self.keeping.take() else { return Ok(()) };
        let kept = keeping.await.map_err(|_| CustodyError::Broken("the import was stopped".to_owned()))??;
        kept.count(&mut self.tally);
        Ok(())
    }
}

impl Desk<act::DocumentUpload> {
    /// Begins an import: asked for, witnessed, the share walked. Nothing is read yet.
    ///
    /// # Errors
    /// [`CustodyError`]; [`CustodyError::Map`] says what is wrong with the map.
    pub async fn share_begin(&self, order: ShareOrder) -> Result<ShareImport, CustodyError> {
        self.person()?;
        let (custody, customer) = (self.custody.clone(), order.map.customer);
        let asker = self.facts().await?;
        let words = match order.mode {
            ImportMode::Look => "a share was looked at for an import; nothing was changed",
            ImportMode::Take => "the import of a share began",
        };
        let question = Question::of(customer, purpose_of(&asker, customer)).saying(words);
        let granted = self.ask_as_importer(asker, question).await?;
        let intent = granted.intent().clone();
        drop(granted);
        let begun = self.share_open(order, intent.clone()).await;
        if begun.is_err() {
            custody.told(&intent, Outcome::Failed, "not_begun", None).await;
        }
        begun
    }

    async fn ask_as_importer(
        &self,
        asker: policy::PrincipalFacts,
        question: Question,
    ) -> Result<crate::Granted<act::DocumentUpload>, CustodyError> {
        self.custody.ask_as::<act::DocumentUpload>(self.who(), asker, question).await
    }

    async fn share_open(&self, order: ShareOrder, intent: Intent) -> Result<ShareImport, CustodyError> {
        let (custody, customer) = (self.custody.clone(), order.map.customer);
        // Asked after policy: what a customer is called is told to nobody who may not bring anything in.
        if custody.customer_name(customer).await? != order.map.customer_name {
            return Err(CustodyError::State("the map's customer_name is not the name of the customer with that id"));
        }
        let reading = Arc::new(custody.import_reading(&order.map).await?);
        let rejects = Rejects::create(order.rejects.as_deref(), &order.share)?;
        let opened = tokio::task::spawn_blocking(move || {
            let share = Share::open(&order.share)?;
            let listing = share.list()?;
            Ok::<_, store::StoreError>((share, listing))
        });
        let opened = opened.await.map_err(|_| CustodyError::Broken("the share's walk was stopped".to_owned()))?;
        let (share, listing) = opened?;
        let bytes = listing.files.iter().map(|file| file.size_bytes).sum();
        let mut import = ShareImport {
            custody,
            customer,
            mode: order.mode,
            intent,
            share: Arc::new(share),
            reading,
            all: ((listing.files.len() + listing.odd.len()) as u64, bytes),
            files: listing.files,
            next: 0,
            ahead: None,
            keeping: None,
            on_the_way: BTreeSet::new(),
            rejects,
            tally: ImportTally::default(),
        };
        for (file, why) in listing.odd {
            import.tally.files += 1;
            import.tally.reject(why.into());
            import.rejects.add(&file.path, why.into())?;
        }
        import.read_ahead();
        Ok(import)
    }

    /// Takes the next files in, in the name of whoever is at this desk now; false when there were none any more.
    ///
    /// # Errors
    /// [`CustodyError`]; what was kept so far stays, and a later import goes on behind it.
    pub async fn share_next(&self, import: &mut ShareImport) -> Result<bool, CustodyError> {
        let Some(ahead) = import.ahead.take() else {
            import.kept().await?;
            import.rejects.flush()?;
            return Ok(false);
        };
        let looked = ahead.await.map_err(|_| CustodyError::Broken("the import was stopped".to_owned()))??;
        import.read_ahead();
        let batch = batch::read(import, looked).await?;
        match import.mode {
            ImportMode::Look => batch.kept().count(&mut import.tally),
            ImportMode::Take => {
                let ready = self.share_ask(import, batch).await?;
                // The batch before it has to be there in full; only one is on its way at a time.
                import.kept().await?;
                let custody = import.custody.clone();
                import.keeping = ready.map(|ready| tokio::spawn(async move { custody.batch_keep(ready).await }));
            }
        }
        import.rejects.flush()?;
        Ok(true)
    }
}
