//! Opening an export offline: all of it is verified before anything of it is written in clear.

use super::fhir::{FOLDER, Resources};
use super::folder::{Event, ExportFolder, create};
use super::frames::Table;
use super::held::entry;
use super::rows::LeavingCounts;
use super::sealed::ExportSecret;
use super::{LeavingError, MANIFEST_OPENED};
use ledger::Verifier;
use record::{CustomerId, Sha256, Timestamp};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufWriter, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The longest line of `ledger.ndjson`, bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// By what an export is opened and held.
#[derive(Debug)]
pub struct ExportOpen {
    /// Its folder.
    pub from: PathBuf,
    /// Its secret.
    pub secret: ExportSecret,
    /// The ledger's public key, if it is known from elsewhere.
    pub key: Option<Verifier>,
    /// The manifest's digest, if it is known from elsewhere: the portal's page, or the certificate.
    pub digest: Option<Sha256>,
}

/// An export that was verified.
#[derive(Debug, Clone)]
pub struct ExportOpened {
    /// Whose.
    pub customer: CustomerId,
    /// Their name.
    pub customer_name: String,
    /// By which house.
    pub operator: String,
    /// When it was whole.
    pub made_at: Timestamp,
    /// SHA-256 of its manifest.
    pub digest: Sha256,
    /// What is in it.
    pub counts: LeavingCounts,
}

impl ExportOpen {
    /// Opens the manifest, and holds it against what is known from elsewhere.
    pub(crate) fn folder(self) -> Result<ExportFolder, LeavingError> {
        let folder = ExportFolder::open(&self.from, self.secret)?;
        if self.digest.is_some_and(|digest| digest != folder.digest) {
            return Err(LeavingError::Digest);
        }
        Ok(folder)
    }
}

fn told(folder: &ExportFolder) -> ExportOpened {
    let manifest = &folder.manifest;
    ExportOpened {
        customer: manifest.customer,
        customer_name: manifest.customer_name.clone(),
        operator: manifest.operator.clone(),
        made_at: manifest.made_at,
        digest: folder.digest,
        counts: manifest.counts,
    }
}

/// Verifies everything in an export; with a folder, writes it there in clear afterwards, closed to others.
///
/// # Errors
/// [`LeavingError`]; where the export is at fault, nothing was written.
pub fn export_open(order: ExportOpen, out: Option<&Path>) -> Result<ExportOpened, LeavingError> {
    let key = order.key.clone();
    let folder = order.folder()?;
    key_holds(&folder.walk(&mut |_| Ok(()))?, key.as_ref())?;
    if let Some(out) = out {
        let mut clear = Clear::begin(out, &folder)?;
        // Held against the manifest once more: what lies there may have changed meanwhile.
        folder.walk(&mut |event| clear.take(event))?;
        clear.finish(&folder)?;
    }
    Ok(told(&folder))
}

/// Is the export's ledger the one of this key.
pub(crate) fn key_holds(held: &super::held::Held, key: Option<&Verifier>) -> Result<(), LeavingError> {
    let own = held.ledger().map(|head| head.key.clone()).unwrap_or_default();
    if key.is_none_or(|key| key.to_string() == own) { Ok(()) } else { Err(LeavingError::OtherLedger) }
}

/// An export in clear.
struct Clear {
    out: PathBuf,
    tables: BTreeMap<Table, BufWriter<File>>,
    resources: Resources,
    file: Option<BufWriter<File>>,
}

fn unwritten() -> impl Fn(std::io::Error) -> LeavingError {
    LeavingError::io("write the opened export")
}

fn folder_new(path: &Path) -> Result<(), LeavingError> {
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(LeavingError::io("make a folder for the opened export"))
}

impl Clear {
    fn begin(out: &Path, folder: &ExportFolder) -> Result<Self, LeavingError> {
        folder_new(out)?;
        folder_new(&out.join("originals"))?;
        folder_new(&out.join(FOLDER))?;
        let resources = Resources::new(out.join(FOLDER), &folder.manifest);
        Ok(Self { out: out.to_owned(), tables: BTreeMap::new(), resources, file: None })
    }

    fn take(&mut self, event: Event) -> Result<(), LeavingError> {
        match event {
            Event::Row(table, row, told) => {
                self.resources.told(&told)?;
                let file = match self.tables.entry(table) {
                    std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        new.insert(BufWriter::new(create(&self.out.join(table.file()))?))
                    }
                };
                file.write_all(&row).map_err(unwritten())?;
                file.write_all(table.line_end()).map_err(unwritten())
            }
            Event::File { document, version, path } => {
                if version == 1 {
                    folder_new(&self.out.join("originals").join(document.to_string()))?;
                }
                // The path was compared with the one that follows from the row: ids and fixed words.
                self.file = Some(BufWriter::new(create(&self.out.join(path))?));
                Ok(())
            }
            Event::Piece(piece) => match &mut self.file {
                Some(file) => file.write_all(&piece).map_err(unwritten()),
                None => Err(LeavingError::Inside("bytes of no file")),
            },
            Event::FileEnd => match self.file.take() {
                Some(file) => synced(file),
                None => Err(LeavingError::Inside("bytes of no file")),
            },
            Event::PartEnd => Ok(()),
        }
    }

    fn finish(self, folder: &ExportFolder) -> Result<(), LeavingError> {
        for file in self.tables.into_values().chain(self.resources.files()) {
            synced(file)?;
        }
        let mut file = BufWriter::new(create(&self.out.join(MANIFEST_OPENED))?);
        let text = serde_json::to_vec(&folder.manifest).map_err(|_| LeavingError::TooLong)?;
        file.write_all(&text).map_err(unwritten())?;
        synced(file)
    }
}

fn synced(file: BufWriter<File>) -> Result<(), LeavingError> {
    let file = file.into_inner().map_err(|error| unwritten()(error.into_error()))?;
    file.sync_all().map_err(unwritten())
}

/// What a practice's own ledger was found to be.
#[derive(Debug, Clone)]
pub struct HistoryVerified {
    /// Whose entries.
    pub customer: CustomerId,
    /// The ledger's public key, as the file says it or as it was given.
    pub key: String,
    /// How many entries, each proven to the checkpoint.
    pub entries: u64,
    /// How many there are in the ledger under that checkpoint, everybody's.
    pub ledger_size: u64,
}

/// Is this a practice's own ledger (`ledger.ndjson`), and no export of a whole one.
///
/// # Errors
/// When it cannot be read.
pub fn is_history(path: &Path) -> Result<bool, LeavingError> {
    let mut begin = Vec::new();
    let file = File::open(path).map_err(LeavingError::io("read the ledger"))?;
    file.take(7).read_to_end(&mut begin).map_err(LeavingError::io("read the ledger"))?;
    Ok(begin == b"{\"v\":1,")
}

/// Verifies a practice's own ledger, by the key that is in it or by one that is known from elsewhere.
///
/// # Errors
/// [`LeavingError::Entry`] names the first entry that is not proven.
pub fn history_verify(path: &Path, key: Option<&Verifier>) -> Result<HistoryVerified, LeavingError> {
    let file = File::open(path).map_err(LeavingError::io("read the ledger"))?;
    let mut from = std::io::BufReader::new(file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let read = (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', line);
        read.map_err(LeavingError::io("read the ledger"))?;
        match line.pop() {
            None => Ok(false),
            Some(b'\n') => Ok(true),
            Some(_) => Err(LeavingError::Inside("the ledger is cut short")),
        }
    };
    if !next(&mut line)? {
        return Err(LeavingError::Inside("the ledger is empty"));
    }
    let (head, signed) = super::held::ledger_head(&line)?;
    if key.is_some_and(|key| key.to_string() != head.key) {
        return Err(LeavingError::OtherLedger);
    }
    let (mut entries, mut last) = (0, None);
    while next(&mut line)? {
        let (index, _) = entry(&line, (head.customer, signed.head()))?;
        if last.is_some_and(|last| last >= index) {
            return Err(LeavingError::Inside("entries are not in their order, or one is there twice"));
        }
        (entries, last) = (entries + 1, Some(index));
    }
    Ok(HistoryVerified { customer: head.customer, key: head.key, entries, ledger_size: signed.head().size })
}
