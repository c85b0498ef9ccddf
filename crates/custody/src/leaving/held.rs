//! What is in an export, held against itself: by whoever writes one, opens one, or takes one in.
//!
//! What must always hold: every row is of the one customer; ids ascend, so that nothing is there twice; each version of a
//! document has exactly one file, of the size and digest that its rows say; each entry of the ledger names the customer
//! and is proven to the one checkpoint; what a table holds is counted and digested in its order.

use super::LeavingError;
use super::frames::Table;
use super::rows::{
    DocumentRow, INDEX_HEAD, LEDGER_WHAT, LeavingCounts, LedgerHead, LedgerRow, OriginalRow, PatientRow, PersonRow,
    RelatedRow, TableLine, VersionRow, index_line, path_of,
};
use data_encoding::BASE64;
use ledger::proof::inclusion_holds;
use ledger::{Head, SignedCheckpoint, Verifier};
use record::digest::Hasher;
use record::{CustomerId, DocumentId, Entry, PatientId, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A row that was read and agrees with what came before it.
pub(crate) enum Told {
    Person(PersonRow),
    Patient(Box<PatientRow>),
    Related(Box<RelatedRow>),
    Document(Box<DocumentRow>),
    /// What an original's file is.
    Original,
    /// A line of `index.csv`.
    Index,
    LedgerHead(LedgerHead),
    Entry(u64, Box<Entry>),
}

#[derive(Default)]
struct Rows {
    many: u64,
    hasher: Hasher,
}

/// An original whose rows say that it is there.
struct Expected {
    row: VersionRow,
    path: String,
    /// What its file was, until its rows have said the same.
    came: Option<(u64, Sha256)>,
}

/// Rows of one part that are in memory together, at most: twice what a writer puts there.
const ROWS_MAX: usize = 2000;
/// Their bytes together, at most.
const ROWS_BYTES_MAX: usize = 256 << 20;
/// People of one practice, at most.
const PEOPLE_MAX: u64 = 100_000;

/// What an export has said so far.
pub(crate) struct Held {
    customer: CustomerId,
    /// Rows of patients, people around them and documents in the part that is being read, and their bytes.
    rows: usize,
    rows_bytes: usize,
    tables: BTreeMap<Table, Rows>,
    counts: LeavingCounts,
    patients: BTreeSet<PatientId>,
    last_patient: Option<PatientId>,
    last_document: Option<DocumentId>,
    /// Of the part that is being read: files that are still to come, with their rows.
    expected: BTreeMap<(DocumentId, u32), Expected>,
    /// The file whose rows come next.
    open: Option<(DocumentId, u32)>,
    /// The line of the index that comes next begins so.
    index_next: Option<Vec<u8>>,
    ledger: Option<(LedgerHead, Head)>,
    last_entry: Option<u64>,
}

fn inside<T>(what: &'static str) -> Result<T, LeavingError> {
    Err(LeavingError::Inside(what))
}

/// Rows are what their form says and nothing else.
fn read<'r, T: serde::Deserialize<'r>>(row: &'r [u8]) -> Result<T, LeavingError> {
    // The error would quote the row.
    serde_json::from_slice(row).map_err(|_| LeavingError::Inside("a row is not of its table's form"))
}

impl Held {
    pub(crate) fn new(customer: CustomerId) -> Self {
        Self {
            customer,
            rows: 0,
            rows_bytes: 0,
            tables: BTreeMap::new(),
            counts: LeavingCounts::default(),
            patients: BTreeSet::new(),
            last_patient: None,
            last_document: None,
            expected: BTreeMap::new(),
            open: None,
            index_next: None,
            ledger: None,
            last_entry: None,
        }
    }

    pub(crate) const fn counts(&self) -> &LeavingCounts {
        &self.counts
    }

    pub(super) const fn last_patient(&self) -> Option<PatientId> {
        self.last_patient
    }

    pub(super) const fn last_document(&self) -> Option<DocumentId> {
        self.last_document
    }

    pub(super) const fn ledger(&self) -> Option<&LedgerHead> {
        match &self.ledger {
            Some((head, _)) => Some(head),
            None => None,
        }
    }

    /// What the tables hold, for the manifest.
    pub(super) fn tables(&self) -> BTreeMap<String, TableLine> {
        let line = |rows: &Rows| TableLine { rows: rows.many, sha256: rows.hasher.clone().finish() };
        self.tables.iter().map(|(table, rows)| (table.name().to_owned(), line(rows))).collect()
    }

    /// A row comes.
    pub(super) fn row(&mut self, table: Table, row: &[u8]) -> Result<Told, LeavingError> {
        if self.open.is_some() && !matches!(table, Table::Originals) {
            return inside("a file has no row behind it");
        }
        if self.index_next.is_some() && !matches!(table, Table::Index) {
            return inside("a file is missing from index.csv");
        }
        if matches!(table, Table::Patients | Table::Related | Table::Documents) {
            self.rows += 1;
            self.rows_bytes += row.len();
        }
        if self.rows > ROWS_MAX || self.rows_bytes > ROWS_BYTES_MAX || self.counts.people > PEOPLE_MAX {
            return inside("a part holds more than any part");
        }
        let told = match table {
            Table::People => Told::Person(self.person(row)?),
            Table::Patients => Told::Patient(Box::new(self.patient(row)?)),
            Table::Related => Told::Related(Box::new(self.related(row)?)),
            Table::Documents => Told::Document(Box::new(self.document(row)?)),
            Table::Originals => {
                self.original(row)?;
                Told::Original
            }
            Table::Index => {
                self.index(row)?;
                Told::Index
            }
            Table::Ledger if self.ledger.is_none() => Told::LedgerHead(self.ledger_head(row)?),
            Table::Ledger => self.entry(row)?,
        };
        let rows = self.tables.entry(table).or_default();
        rows.many += 1;
        let length = u32::try_from(row.len()).map_err(|_| LeavingError::TooLong)?;
        rows.hasher.update(&length.to_be_bytes());
        rows.hasher.update(row);
        Ok(told)
    }

    fn own(&self, customer: CustomerId) -> Result<(), LeavingError> {
        if customer == self.customer { Ok(()) } else { inside("a row is of another customer") }
    }

    fn person(&mut self, row: &[u8]) -> Result<PersonRow, LeavingError> {
        self.counts.people += 1;
        read(row)
    }

    fn patient(&mut self, row: &[u8]) -> Result<PatientRow, LeavingError> {
        let patient: PatientRow = read(row)?;
        self.own(patient.customer)?;
        if self.last_patient.is_some_and(|last| last >= patient.id) {
            return inside("patients are not in their order, or one is there twice");
        }
        self.last_patient = Some(patient.id);
        self.patients.insert(patient.id);
        self.counts.patients += 1;
        Ok(patient)
    }

    fn related(&mut self, row: &[u8]) -> Result<RelatedRow, LeavingError> {
        let related: RelatedRow = read(row)?;
        self.own(related.customer)?;
        if !self.patients.contains(&related.patient) {
            return inside("somebody stands beside a patient who is not there");
        }
        if related.kind.parse::<record::RelatedKind>().is_err() {
            return inside("somebody around a patient is of no known kind");
        }
        self.counts.related += 1;
        Ok(related)
    }

    fn document(&mut self, row: &[u8]) -> Result<DocumentRow, LeavingError> {
        let document: DocumentRow = read(row)?;
        self.own(document.customer)?;
        if self.last_document.is_some_and(|last| last >= document.id) {
            return inside("documents are not in their order, or one is there twice");
        }
        let about = document.patient.iter().chain(&document.moved_from);
        if about.into_iter().any(|patient| !self.patients.contains(patient)) {
            return inside("a document is about a patient who is not there");
        }
        let numbers = document.versions.iter().map(|one| one.version);
        if document.versions.is_empty() || !numbers.eq(1..=u32::try_from(document.versions.len()).unwrap_or(0)) {
            return inside("versions of a document are missing");
        }
        for row in &document.versions {
            let path = path_of(document.id, row.version, &row.media);
            self.expected.insert((document.id, row.version), Expected { row: row.clone(), path, came: None });
        }
        self.last_document = Some(document.id);
        self.counts.documents += 1;
        Ok(document)
    }

    /// A file begins: of which document and version.
    pub(super) fn file(&mut self, path: &str, size: u64) -> Result<(DocumentId, u32), LeavingError> {
        if self.open.is_some() {
            return inside("a file has no row behind it");
        }
        if self.index_next.is_some() {
            return inside("a file is missing from index.csv");
        }
        let found = self.expected.iter().find(|(_, one)| one.path == path && one.came.is_none());
        let Some((id, one)) = found else { return inside("it holds a file that no row names") };
        if one.row.bytes != size {
            return inside("a file is not of the size that its row says");
        }
        let id = *id;
        self.open = Some(id);
        Ok(id)
    }

    /// Its bytes have come.
    pub(super) fn file_end(&mut self, sha256: Sha256) -> Result<(), LeavingError> {
        let one = self.open.and_then(|id| self.expected.get_mut(&id));
        let one = one.ok_or(LeavingError::Inside("it holds a file that no row names"))?;
        one.came = Some((one.row.bytes, sha256));
        self.counts.versions += 1;
        self.counts.bytes += one.row.bytes;
        Ok(())
    }

    fn original(&mut self, row: &[u8]) -> Result<(), LeavingError> {
        let original: OriginalRow = read(row)?;
        let id = (original.document, original.version);
        if self.open.take() != Some(id) {
            return inside("a file's row is not behind it");
        }
        let one = self.expected.remove(&id).ok_or(LeavingError::Inside("it holds a file that no row names"))?;
        if one.came != Some((original.bytes, original.sha256)) {
            return inside("a file is not the one that its row names: its bytes were changed");
        }
        if one.path != original.path || one.row.sealed_sha256 != original.sealed_sha256 {
            return inside("the rows of a file do not agree");
        }
        let (version, bytes) = (original.version.to_string(), original.bytes.to_string());
        let (document, sha256) = (original.document.to_string(), original.sha256.to_string());
        let mut begins = index_line(&[&document, &version, &original.path, &bytes, &sha256]);
        begins.push(b',');
        self.index_next = Some(begins);
        Ok(())
    }

    fn index(&mut self, row: &[u8]) -> Result<(), LeavingError> {
        if !self.tables.contains_key(&Table::Index) {
            let head = row == index_line(&INDEX_HEAD);
            return if head { Ok(()) } else { inside("index.csv has another heading") };
        }
        match self.index_next.take() {
            Some(begins) if row.starts_with(&begins) => Ok(()),
            _ => inside("a line of index.csv does not agree with its file"),
        }
    }

    fn ledger_head(&mut self, row: &[u8]) -> Result<LedgerHead, LeavingError> {
        let (head, signed) = ledger_head(row)?;
        self.own(head.customer)?;
        self.ledger = Some((head.clone(), *signed.head()));
        Ok(head)
    }

    fn entry(&mut self, row: &[u8]) -> Result<Told, LeavingError> {
        let Some((_, head)) = &self.ledger else { return inside("entries come before their checkpoint") };
        let (index, entry) = entry(row, (self.customer, head))?;
        if self.last_entry.is_some_and(|last| last >= index) {
            return inside("entries are not in their order, or one is there twice");
        }
        self.last_entry = Some(index);
        self.counts.entries += 1;
        Ok(Told::Entry(index, Box::new(entry)))
    }

    /// A part ends: nothing that its rows named is missing.
    pub(super) fn part_end(&mut self) -> Result<(), LeavingError> {
        if self.index_next.is_some() {
            return inside("a file is missing from index.csv");
        }
        if self.open.is_some() || !self.expected.is_empty() {
            return inside("a file that a row names is missing");
        }
        (self.rows, self.rows_bytes) = (0, 0);
        Ok(())
    }
}

/// The first line of `ledger.ndjson`, with the checkpoint, whose signature by the key beside it was checked.
pub(super) fn ledger_head(row: &[u8]) -> Result<(LedgerHead, SignedCheckpoint), LeavingError> {
    let head: LedgerHead = read(row)?;
    if head.v != 1 || head.what != LEDGER_WHAT {
        return inside("its ledger is of another version");
    }
    let key: Verifier = head.key.parse().map_err(|_| LeavingError::Inside("the ledger's key is none"))?;
    let signed = SignedCheckpoint::open(&head.checkpoint, &key)
        .map_err(|_| LeavingError::Inside("the ledger's checkpoint is not signed by its key"))?;
    Ok((head, signed))
}

/// An entry that is proven to be in the ledger under this head, and names this customer.
pub(super) fn entry(row: &[u8], (customer, head): (CustomerId, &Head)) -> Result<(u64, Entry), LeavingError> {
    let row: LedgerRow = read(row)?;
    let changed = || LeavingError::Entry(row.index);
    let leaf = BASE64.decode(row.leaf.as_bytes()).map_err(|_| changed())?;
    let hash = |text: &String| {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Sha256::from_bytes)
    };
    let proof: Option<Vec<Sha256>> = row.proof.iter().map(hash).collect();
    let proof = proof.ok_or_else(changed)?;
    if !inclusion_holds(row.index, &ledger::tree::leaf_hash(&leaf), head, &proof) {
        return Err(changed());
    }
    let entry = ledger::leaf::decode(&leaf).map_err(|_| changed())?.entry;
    if entry.customer == Some(customer) { Ok((row.index, entry)) } else { inside("an entry is of another customer") }
}
