//! The ledger, for those whom it concerns: pages of entries, proofs, the export, checkpoints and tiles.
//!
//! What must always hold: reading entries, proving one and exporting all are acts; only hash tiles and
//! checkpoints are public; words that were sealed into an entry are shown to privacy and security officers alone.

mod checkpoints;
mod orphans;
mod own;
mod verify;

pub use checkpoints::{CheckpointLine, Checkpoints};
pub use verify::{LedgerReport, VerifyFailed, ledger_key_of, verify_dir, verify_file};

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, Witnessed};
use bytes::Bytes;
use ledger::{DurableLog as _, Head, KeptReceipt, Part, TileId, TileKind, TilePath};
use record::{
    Act, Action, CustomerId, Entry, Intent, IntentId, Outcome, PersonId, Principal, ProgramId, Purpose, ResourceId,
    Resources, Role, Sha256, Timestamp, act,
};
use std::collections::BTreeMap;
use store::{EntryFilter, StoredEntry};
use tokio::sync::mpsc;

/// Entries on one page.
const PAGE_ENTRIES: u32 = 50;
/// Checkpoints read at once for an export.
const CHECKPOINTS_AT_ONCE: u32 = 1000;
/// Frames of an export that wait for their receiver: bounds memory to a few bundles.
const FRAMES_WAITING: usize = 4;

/// Which entries are wanted; newest first.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// Only by this person.
    pub person: Option<PersonId>,
    /// Only about this customer.
    pub customer: Option<CustomerId>,
    /// Only those that name this thing.
    pub about: Option<ResourceId>,
    /// Only these actions, when not empty.
    pub actions: Vec<Action>,
    /// Only these outcomes, when not empty.
    pub outcomes: Vec<Outcome>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
}

impl LedgerFilter {
    fn rows(&self, before: Option<u64>) -> EntryFilter {
        EntryFilter {
            principal: self.person.map(|person| person.to_string()),
            customer: self.customer,
            resource: self.about,
            actions: self.actions.iter().map(|action| action.as_str().to_owned()).collect(),
            outcomes: self.outcomes.iter().map(|outcome| outcome.as_str().to_owned()).collect(),
            from: self.from,
            before,
        }
    }
}

/// One entry: its clear header, with the names of our own people and customers. No PHI.
#[derive(Debug, Clone)]
pub struct EntryLine {
    /// Its place, from 0.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Of which act: all entries of one act have the same. None when it cannot be read.
    pub intent: Option<IntentId>,
    /// Who.
    pub principal: Principal,
    /// Who, by name; empty for strangers and the system's own jobs.
    pub name: String,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// At which customer.
    pub customer: Option<CustomerId>,
    /// That customer's name; empty for none.
    pub customer_name: String,
    /// With which things; empty when there were over 500.
    pub resources: Vec<ResourceId>,
    /// With how many.
    pub resources_count: u64,
    /// Why.
    pub purpose: Purpose,
    /// The fixed word that explains the outcome.
    pub why: String,
    /// How many bytes left.
    pub bytes_out: Option<u64>,
    /// The words sealed into it, for privacy and security officers.
    pub words: Option<String>,
    /// It cannot be read: it was changed, or a later program wrote it.
    pub unreadable: bool,
}

/// A page of the ledger.
#[derive(Debug)]
pub struct LedgerPage {
    /// Newest first.
    pub lines: Vec<EntryLine>,
    /// For the next page; none at the end.
    pub before: Option<u64>,
    /// Entries in all.
    pub size: u64,
    /// The entry of looking.
    pub witnessed: Witnessed,
}

/// The proof that one entry is in the ledger.
#[derive(Debug)]
pub struct LedgerProof {
    /// The entry.
    pub line: EntryLine,
    /// The whole proof as one text (C2SP tlog-proof), checked before it was given.
    pub text: String,
    /// The leaf's hash.
    pub leaf_hash: Sha256,
    /// The hashes from the leaf up to the root.
    pub path: Vec<Sha256>,
    /// The signed checkpoint that the path leads to.
    pub checkpoint: String,
    /// The ledger's public key.
    pub key: String,
    /// The entry of asking for it.
    pub witnessed: Witnessed,
}

/// The whole ledger as one stream of bytes, in constant memory.
#[derive(Debug)]
pub struct LedgerExport {
    /// Frames one after the other; an error cuts the stream, and what came is not the whole.
    pub bytes: mpsc::Receiver<Result<Bytes, CustodyError>>,
    /// Entries in it.
    pub size: u64,
    /// The entry of asking for it.
    pub witnessed: Witnessed,
}

impl EntryLine {
    /// An entry as it stands, without anybody's name.
    pub(crate) fn unnamed(index: u64, entry: &Entry) -> Self {
        Self {
            index,
            at: entry.at,
            intent: Some(entry.intent),
            principal: entry.principal,
            name: String::new(),
            action: entry.action,
            outcome: entry.outcome,
            customer: entry.customer,
            customer_name: String::new(),
            resources_count: match &entry.resources {
                Resources::Listed(list) => list.len() as u64,
                Resources::Counted { count, .. } => *count,
            },
            resources: entry.resources.as_slice().to_vec(),
            purpose: entry.purpose,
            why: entry.why.clone(),
            bytes_out: entry.bytes_out,
            words: None,
            unreadable: false,
        }
    }
}

/// Sees entries with names, and with words for those who may.
struct Reader<'c> {
    custody: &'c Custody,
    words: bool,
    people: BTreeMap<PersonId, String>,
    programs: BTreeMap<ProgramId, String>,
    customers: BTreeMap<CustomerId, String>,
}

impl Reader<'_> {
    async fn line(&mut self, stored: &StoredEntry) -> Result<EntryLine, CustodyError> {
        let Ok(leaf) = ledger::leaf::decode(&stored.leaf) else { return Ok(unreadable(stored.index)) };
        let entry = leaf.entry;
        let name = match entry.principal {
            Principal::Person(id) => self.person(id).await?,
            Principal::Program(id) => self.program(id).await?,
            Principal::Stranger => String::new(),
        };
        let customer_name = match entry.customer {
            Some(id) => self.customer(id).await?,
            None => String::new(),
        };
        let words = if self.words { self.custody.words_open(&entry, &leaf.sealed_body) } else { None };
        Ok(EntryLine { name, customer_name, words, ..EntryLine::unnamed(stored.index, &entry) })
    }

    async fn person(&mut self, id: PersonId) -> Result<String, CustodyError> {
        if let Some(name) = self.people.get(&id) {
            return Ok(name.clone());
        }
        let name = self.custody.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default();
        self.people.insert(id, name.clone());
        Ok(name)
    }

    async fn program(&mut self, id: ProgramId) -> Result<String, CustodyError> {
        if let Some(name) = self.programs.get(&id) {
            return Ok(name.clone());
        }
        // The system's own jobs have no row, and no name.
        let name = self.custody.store().program_fetch(id).await?.map(|program| program.name).unwrap_or_default();
        self.programs.insert(id, name.clone());
        Ok(name)
    }

    async fn customer(&mut self, id: CustomerId) -> Result<String, CustodyError> {
        if let Some(name) = self.customers.get(&id) {
            return Ok(name.clone());
        }
        let name = self.custody.customer_name(id).await?;
        self.customers.insert(id, name.clone());
        Ok(name)
    }
}

/// A place whose leaf cannot be read still has its line: a hole in the page would hide it.
fn unreadable(index: u64) -> EntryLine {
    EntryLine {
        index,
        at: Timestamp::from_unix_millis(0),
        intent: None,
        principal: Principal::Stranger,
        name: String::new(),
        action: Action::LedgerList,
        outcome: Outcome::Unknown,
        customer: None,
        customer_name: String::new(),
        resources: Vec::new(),
        resources_count: 0,
        purpose: Purpose::Administration,
        why: "unreadable".to_owned(),
        bytes_out: None,
        words: None,
        unreadable: true,
    }
}

impl Custody {
    /// Entries in words, for those whom they concern; nothing that was sealed into them.
    pub(crate) async fn entry_lines(&self, stored: &[StoredEntry]) -> Result<Vec<EntryLine>, CustodyError> {
        let mut reader = self.ledger_reader(false);
        let mut lines = Vec::with_capacity(stored.len());
        for one in stored {
            lines.push(reader.line(one).await?);
        }
        Ok(lines)
    }

    fn ledger_reader(&self, words: bool) -> Reader<'_> {
        Reader { custody: self, words, people: BTreeMap::new(), programs: BTreeMap::new(), customers: BTreeMap::new() }
    }

    /// Who a principal's text names: a person by name, else the text.
    pub(crate) async fn principal_name(&self, text: &str) -> Result<String, CustodyError> {
        match text.parse::<PersonId>() {
            Ok(id) => Ok(self.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default()),
            Err(_) => Ok(text.to_owned()),
        }
    }

    /// The bytes of a hash tile under the largest head that was signed; `None` when there is none of that width.
    /// Public. Entry bundles are never given here: reading entries is an act.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, CustodyError> {
        let TileKind::Hashes { level } = path.kind else { return Ok(None) };
        let id = TileId { level, index: path.index };
        let size = self.ledger_head().map_or(0, |head| head.size);
        if path.width == 0 || path.width > id.width_at(size) {
            return Ok(None);
        }
        let found = self.0.log.tiles(&[id]).await?;
        Ok(found.first().and_then(|tile| tile.prefix(path.width)).map(|tile| tile.to_bytes()))
    }

    /// All entries for an offline verifier, asked for by the command line.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn ledger_export(&self) -> Result<LedgerExport, CustodyError> {
        let granted = self.ask_job::<act::LedgerExport>(Question::house(Purpose::Administration)).await?;
        self.export_start((self.program(), None), granted.witnessed()).await
    }

    async fn export_start(
        &self,
        who: (Principal, Option<record::SessionId>),
        witnessed: Witnessed,
    ) -> Result<LedgerExport, CustodyError> {
        let signed = ledger::sign_head(&self.0.log, &self.0.signer)
            .await
            .map_err(|error| CustodyError::Broken(format!("the ledger: {error}")))?;
        let (head, note) = (*signed.head(), signed.to_string());
        let (frames, bytes) = mpsc::channel(FRAMES_WAITING);
        let custody = self.clone();
        tokio::spawn(async move {
            let mut left = 0_u64;
            let done = custody.export_run(&head, &note, &frames, &mut left).await;
            let (outcome, why) = match done {
                Ok(true) => (Outcome::Done, ""),
                Ok(false) => (Outcome::Unknown, "connection_gone"),
                Err(error) => {
                    drop(frames.send(Err(error)).await);
                    (Outcome::Failed, "broken")
                }
            };
            custody.export_told(who, witnessed, outcome, (why, left)).await;
        });
        Ok(LedgerExport { bytes, size: head.size, witnessed })
    }

    /// The end of an export is an entry of its own that names the first by its place.
    async fn export_told(
        &self,
        who: (Principal, Option<record::SessionId>),
        asked: Witnessed,
        outcome: Outcome,
        (why, left): (&str, u64),
    ) {
        let named = Resources::none();
        let intent =
            Intent::to::<act::LedgerExport>(self.clock(), self.entropy(), who, None, named, Purpose::Administration);
        let words = format!("the export asked for in entry {} ended; {left} bytes left", asked.index);
        if self.told_words(&intent, outcome, why, &words).await.is_err() {
            tracing::error!("the end of a ledger export could not be written down");
        }
    }

    /// Writes the frames; false when the receiver went away.
    async fn export_run(
        &self,
        head: &Head,
        note: &str,
        frames: &mpsc::Sender<Result<Bytes, CustodyError>>,
        left: &mut u64,
    ) -> Result<bool, CustodyError> {
        let mut send = async |frame: Vec<u8>| {
            let length = frame.len() as u64;
            let there = frames.send(Ok(Bytes::from(frame))).await.is_ok();
            if there {
                *left += length;
            }
            there
        };
        if !send(ledger::export::start(self.0.signer.name(), head.size)).await {
            return Ok(false);
        }
        let mut after = None;
        loop {
            let page = self.store().checkpoint_page(after, CHECKPOINTS_AT_ONCE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (size, kept) in page {
                if size < head.size && !send(ledger::export::checkpoint(&kept)).await {
                    return Ok(false);
                }
            }
        }
        if !send(ledger::export::checkpoint(note)).await {
            return Ok(false);
        }
        for part in ledger::export::plan(head.size) {
            let bytes = self.part_bytes(&part).await?;
            if !send(ledger::export::part(&part, &bytes)).await {
                return Ok(false);
            }
        }
        Ok(send(ledger::export::end(head.size)).await)
    }

    async fn part_bytes(&self, part: &Part) -> Result<Vec<u8>, CustodyError> {
        let missing = || CustodyError::Broken("a tile of the ledger is missing".to_owned());
        match *part {
            Part::Tile { id, width } => {
                let tiles = self.0.log.tiles(&[id]).await?;
                let tile = tiles.first().and_then(|tile| tile.prefix(width)).ok_or_else(missing)?;
                Ok(tile.to_bytes())
            }
            Part::Entries { index, width } => {
                let first = index * u64::from(ledger::tile::TILE_WIDTH);
                let entries = self.store().entry_range(first, u32::from(width)).await?;
                ledger::leaf::bundle(entries.iter().map(|entry| entry.leaf.as_slice())).map_err(CustodyError::seal)
            }
        }
    }
}

impl Custody {
    /// The entry at a place.
    pub(crate) async fn entry_at(&self, index: u64) -> Result<Option<StoredEntry>, CustodyError> {
        Ok(self.store().entry_range(index, 1).await?.into_iter().find(|entry| entry.index == index))
    }

    /// The proof of an entry, for somebody who was permitted to have it; checked before it is given.
    pub(crate) async fn proof_of(
        &self,
        stored: &StoredEntry,
        words: bool,
        witnessed: Witnessed,
    ) -> Result<LedgerProof, CustodyError> {
        let broken = |what: String| CustodyError::Broken(format!("the ledger: {what}"));
        let (log, signer, index) = (&self.0.log, &self.0.signer, stored.index);
        let signed = ledger::sign_head(log, signer).await.map_err(|error| broken(error.to_string()))?;
        let path =
            ledger::prove_inclusion(log, index, signed.head()).await.map_err(|error| broken(error.to_string()))?;
        let leaf_hash = ledger::tree::leaf_hash(&stored.leaf);
        let checkpoint = signed.to_string();
        let kept = KeptReceipt::new(index, stored.leaf.clone(), path.clone(), signed)
            .map_err(|error| broken(error.to_string()))?;
        let line = self.ledger_reader(words).line(stored).await?;
        let (text, key) = (kept.to_string(), self.ledger_verifier().to_string());
        Ok(LedgerProof { line, text, leaf_hash, path, checkpoint, key, witnessed })
    }
}

impl<A: Act> Desk<A> {
    /// Does this person hold an office in which the sealed words of entries may be read.
    async fn reads_words(&self) -> Result<bool, CustodyError> {
        let now = self.custody.now();
        let facts = self.facts().await?;
        Ok(facts.memberships.iter().any(|one| {
            one.customer.is_none()
                && matches!(one.role, Role::PrivacyOfficer | Role::SecurityOfficer)
                && one.from <= now
                && one.to.is_none_or(|to| now < to)
        }))
    }
}

impl Desk<act::LedgerList> {
    /// A page of entries, newest first, before a given place.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn ledger_list(&self, filter: &LedgerFilter, before: Option<u64>) -> Result<LedgerPage, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        let entries = self.custody.store().entry_list(&filter.rows(before), PAGE_ENTRIES).await?;
        let mut reader = self.custody.ledger_reader(self.reads_words().await?);
        let mut lines = Vec::with_capacity(entries.len());
        for entry in &entries {
            lines.push(reader.line(entry).await?);
        }
        let full = entries.len() == PAGE_ENTRIES as usize;
        Ok(LedgerPage {
            lines,
            before: entries.last().filter(|_| full).map(|entry| entry.index),
            size: self.custody.ledger_head().map_or(0, |head| head.size),
            witnessed: granted.witnessed(),
        })
    }
}

impl Desk<act::LedgerProve> {
    /// The proof that entry `index` is in the ledger, checked before it is given.
    ///
    /// # Errors
    /// [`CustodyError::Absent`] when there is no such entry; [`CustodyError::Broken`] when the ledger does not prove it.
    pub async fn ledger_prove(&self, index: u64) -> Result<LedgerProof, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        let stored = self.custody.entry_at(index).await?.ok_or(CustodyError::Absent)?;
        let words = self.reads_words().await?;
        self.custody.proof_of(&stored, words, granted.witnessed()).await
    }
}

impl Desk<act::LedgerExport> {
    /// All entries, for an offline verifier.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn ledger_export(&self) -> Result<LedgerExport, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        self.custody.export_start(self.who(), granted.witnessed()).await
    }
}

#[cfg(test)]
mod tests;
