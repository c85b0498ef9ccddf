//! Unwrapped keys in memory, and what may be done with them without asking: sealing, blinding, moving wrapped keys
//! to newer versions, and the operator's own directory and audit bodies. Opening a customer's data is not here.

use super::half::Half;
use super::row::{
    EPOCH_ID, EpochRow, KeyChange, KeyClass, KeyError, KeyName, KeyRow, KeyRows, ObjectKey, Owner, WrappedKey,
};
use crate::blind::Field;
use crate::floe::{PLAIN_SEGMENT_LEN, Sealer};
use crate::place::{Column, DirectoryColumn, Rendition, column_place, directory_place, object_key_place, object_place};
use crate::primitives::{BlockKey, MacKey, MacTag, OpenKey, Place, SealKey, derive, label};
use crate::sealed::{column_pad, column_unpad, envelope, envelope_read};
use crate::secret::{RootKey, Secret};
use record::{CustomerId, DocumentId, Entropy, ResourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Something cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The customer has no live keys: shredded, or never there.
    #[error("{0} has no keys here")]
    NoCustomer(CustomerId),
    /// No such row has such a column.
    #[error("rows of this kind have no such column")]
    Column,
    /// A column's value is over [`crate::COLUMN_LEN_MAX`] bytes.
    #[error("the value is too long for a column")]
    TooLong,
}

/// Both directions of AES-256-GCM under one key.
pub(crate) struct AeadKey {
    pub(crate) seal: SealKey,
    pub(crate) open: OpenKey,
}

impl AeadKey {
    fn new(key: &Secret) -> Self {
        Self { seal: SealKey::new(key), open: OpenKey::new(key) }
    }
}

/// One version of a customer's records key, as the two keys derived from it.
pub(crate) struct RecordsVersion {
    pub(crate) wrap: AeadKey,
    pub(crate) column: AeadKey,
}

/// What is held for one customer.
pub(crate) struct CustomerKeys {
    pub(crate) customer: CustomerId,
    versions: BTreeMap<u32, RecordsVersion>,
    /// Seals by this version while others do not know a newer one yet.
    held_at: Option<u32>,
    index: Option<IndexKeys>,
}

impl CustomerKeys {
    pub(crate) fn records(&self, version: u32) -> Option<&RecordsVersion> {
        self.versions.get(&version)
    }

    fn current(&self) -> Option<(u32, &RecordsVersion)> {
        let held = self.held_at.and_then(|version| self.versions.get_key_value(&version));
        held.or_else(|| self.versions.last_key_value()).map(|(version, keys)| (*version, keys))
    }

    /// The name of the records key, as wrapped object keys have it.
    pub(crate) fn records_id(&self) -> String {
        KeyName { owner: Owner::Customer(self.customer), class: KeyClass::Records, version: 1 }.id()
    }

    /// The key of an object, for this customer and this place only, and for whom the object was sealed: that is the row's own
    /// word, under this customer's key.
    pub(crate) fn object_key(
        &self,
        document: DocumentId,
        rendition: Rendition,
        wrapped: &WrappedKey,
    ) -> Result<ObjectKey, KeyError> {
        let name = format!("{}/{}", wrapped.key_id, wrapped.version);
        if wrapped.key_id != self.records_id() {
            return Err(KeyError::Orphan { name });
        }
        let keys = self.records(wrapped.version).ok_or_else(|| KeyError::NoKey(name.clone()))?;
        let place = object_key_place(self.customer, document, rendition, (&wrapped.key_id, wrapped.version));
        wrapped.unwrap_object(&keys.wrap.open, &place).map_err(|source| KeyError::Damaged { name, source })
    }

    /// A sealed column of this customer, unpadded.
    pub(crate) fn column_open(
        &self,
        row: &ResourceId,
        column: Column,
        sealed: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyError> {
        let (version, body) = envelope_read(sealed)?;
        let keys = self.records(version).ok_or_else(|| KeyError::NoKey(format!("{}/{version}", self.records_id())))?;
        let padded = keys.column.open.open(&column_place(self.customer, row, column, version), body)?;
        Ok(column_unpad(padded)?)
    }
}

struct DirectoryVersion {
    column: AeadKey,
    blind: MacKey,
}

/// Who knows the newest keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// This process; others may not yet.
    ByUs,
    /// Everybody who works with them.
    ByAll,
}

/// Unwrapped keys. Share it behind an `Arc`; when rows change, put a new one in its place.
pub struct KeyRing {
    rows: KeyRows,
    epochs: BTreeMap<u32, Arc<Secret>>,
    customers: BTreeMap<CustomerId, Arc<CustomerKeys>>,
    audit: BTreeMap<(Owner, i16), BTreeMap<u32, AeadKey>>,
    directory: BTreeMap<u32, DirectoryVersion>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

impl KeyRing {
    /// Unwraps all that is live. Destroyed rows are kept as rows and hold no key.
    ///
    /// # Errors
    /// [`KeyError`]: another root key, a damaged or moved row, two rows for one key, a table that is not whole.
    pub fn unlock(root: &RootKey, rows: &KeyRows) -> Result<Self, KeyError> {
        Self::unlock_halved(root, rows, &[])
    }

    /// The same where epochs have halves elsewhere; those that live rows need are among `halves`.
    ///
    /// # Errors
    /// [`KeyError::NoHalf`] when one is not, and as [`Self::unlock`].
    pub fn unlock_halved(root: &RootKey, rows: &KeyRows, halves: &[Half]) -> Result<Self, KeyError> {
        let mut epochs = BTreeMap::new();
        for row in &rows.epochs {
            let Some(secret) = row.secret(root, halves)? else { continue };
            if epochs.insert(row.number, Arc::new(secret)).is_some() {
                return Err(KeyError::Twice { name: format!("{EPOCH_ID}/{}", row.number) });
            }
        }
        Self::build(epochs, rows.clone())
    }

    /// The ring after a change that brought no new epoch; the root key is not needed.
    ///
    /// # Errors
    /// [`KeyError::NeedsRoot`] when it did, [`KeyError::Stale`] when the change was made from another state.
    pub fn after(&self, change: &KeyChange) -> Result<Self, KeyError> {
        if !change.epochs.is_empty() {
            return Err(KeyError::NeedsRoot);
        }
        let mut rows = self.rows.clone();
        rows.apply(change)?;
        Self::build(self.epochs.clone(), rows)
    }

    /// The ring of a table that somebody else has changed, where this one has all that is new but the root key. As long as
    /// not everybody knows a new version of a customer's key (`Known::ByUs`), it opens and does not seal: whoever does not know it
    /// could not read what was sealed by it.
    ///
    /// # Errors
    /// [`KeyError::NeedsRoot`] when there is a new epoch.
    pub fn follow(&self, rows: KeyRows, known: Known) -> Result<Self, KeyError> {
        let live = |rows: &KeyRows| -> Vec<EpochRow> {
            rows.epochs.iter().filter(|row| row.live().is_some()).cloned().collect()
        };
        if live(&rows) != live(&self.rows) {
            return Err(KeyError::NeedsRoot);
        }
        // Keys are destroyed with their epoch and never without it: a table that has lost one was not written by us.
        let kept: BTreeSet<KeyName> = rows.keys.iter().filter(|row| row.is_live()).map(|row| row.name).collect();
        if self.rows.keys.iter().any(|row| row.is_live() && !kept.contains(&row.name)) {
            return Err(KeyError::Missing("a key that was here before"));
        }
        Ok(Self::build(self.epochs.clone(), rows)?.held_back(self, known))
    }

    /// The same with a new epoch, which the root key opens.
    ///
    /// # Errors
    /// As [`Self::unlock_halved`].
    pub fn follow_with(
        &self,
        root: &RootKey,
        (rows, halves): (&KeyRows, &[Half]),
        known: Known,
    ) -> Result<Self, KeyError> {
        Ok(Self::unlock_halved(root, rows, halves)?.held_back(self, known))
    }

    /// Seals by what the ring before it sealed by, as long as others do not know more.
    fn held_back(mut self, before: &Self, known: Known) -> Self {
        if known == Known::ByUs {
            for (id, keys) in &mut self.customers {
                let version = before.customers.get(id).and_then(|keys| keys.current()).map(|(version, _)| version);
                Arc::get_mut(keys).expect("a ring that was just made is nobody else's").held_at = version;
            }
        }
        self
    }

    fn build(epochs: BTreeMap<u32, Arc<Secret>>, rows: KeyRows) -> Result<Self, KeyError> {
        if epochs.is_empty() {
            return Err(KeyError::Missing("a live epoch key"));
        }
        let openers: BTreeMap<u32, OpenKey> = epochs.iter().map(|(number, key)| (*number, OpenKey::new(key))).collect();
        let mut names: Vec<KeyName> = rows.keys.iter().map(|row| row.name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(KeyError::Twice { name: pair[0].to_string() });
        }
        let mut customers: BTreeMap<CustomerId, CustomerKeys> = BTreeMap::new();
        let mut index_versions: BTreeMap<CustomerId, u32> = BTreeMap::new();
        let mut audit: BTreeMap<(Owner, i16), BTreeMap<u32, AeadKey>> = BTreeMap::new();
        let mut directory = BTreeMap::new();
        for row in rows.keys.iter().filter(|row| row.is_live()) {
            let secret = Self::unwrap_row(&openers, row)?;
            let version = row.name.version;
            match (row.name.class, row.name.owner) {
                (KeyClass::Records, Owner::Customer(id)) => {
                    let keys = RecordsVersion {
                        wrap: AeadKey::new(&derive(&secret, label::OBJECT_WRAP, b"")),
                        column: AeadKey::new(&derive(&secret, label::COLUMN, b"")),
                    };
                    Self::customer_entry(&mut customers, id).versions.insert(version, keys);
                }
                (KeyClass::Index, Owner::Customer(id)) => {
                    // The newest version is the index; an older one waits for its rows to be written anew.
                    if index_versions.get(&id).is_none_or(|newest| *newest < version) {
                        index_versions.insert(id, version);
                        Self::customer_entry(&mut customers, id).index = Some(index_keys(&secret));
                    }
                }
                (KeyClass::Audit { year }, owner) => {
                    let key = AeadKey::new(&derive(&secret, label::AUDIT, b""));
                    audit.entry((owner, year)).or_default().insert(version, key);
                }
                (KeyClass::Directory, Owner::Operator) => {
                    let keys = DirectoryVersion {
                        column: AeadKey::new(&derive(&secret, label::DIRECTORY, b"")),
                        blind: MacKey::new(&derive(&secret, label::DIRECTORY_BLIND, b"")),
                    };
                    directory.insert(version, keys);
                }
                (KeyClass::Records | KeyClass::Index, Owner::Operator) | (KeyClass::Directory, Owner::Customer(_)) => {
                    return Err(KeyError::Form);
                }
            }
        }
        if directory.is_empty() {
            return Err(KeyError::Missing("the operator's directory key"));
        }
        let customers = customers.into_iter().map(|(id, keys)| (id, Arc::new(keys))).collect();
        Ok(Self { rows, epochs, customers, audit, directory })
    }

    fn customer_entry(customers: &mut BTreeMap<CustomerId, CustomerKeys>, id: CustomerId) -> &mut CustomerKeys {
        let empty = || CustomerKeys { customer: id, versions: BTreeMap::new(), held_at: None, index: None };
        customers.entry(id).or_insert_with(empty)
    }

    fn unwrap_row(openers: &BTreeMap<u32, OpenKey>, row: &KeyRow) -> Result<Secret, KeyError> {
        let name = row.name.to_string();
        let orphan = || KeyError::Orphan { name: name.clone() };
        let wrapped = row.wrapped.as_ref().ok_or_else(orphan)?;
        if wrapped.key_id != EPOCH_ID {
            return Err(orphan());
        }
        let opener = openers.get(&wrapped.version).ok_or_else(orphan)?;
        wrapped
            .unwrap_with(opener, &KeyRow::place(wrapped.version, &row.name))
            .map_err(|source| KeyError::Damaged { name: name.clone(), source })
    }

    pub(super) fn row_secret(&self, row: &KeyRow) -> Result<Secret, KeyError> {
        let openers = self.epochs.iter().map(|(number, key)| (*number, OpenKey::new(key))).collect();
        Self::unwrap_row(&openers, row)
    }

    /// The newest epoch, to wrap with.
    pub(super) fn epoch(&self) -> Result<(u32, SealKey), KeyError> {
        let (number, key) = self.epochs.last_key_value().ok_or(KeyError::Missing("a live epoch key"))?;
        Ok((*number, SealKey::new(key)))
    }

    /// The rows this ring was made from: no secret in them that is not wrapped.
    #[must_use]
    pub const fn rows(&self) -> &KeyRows {
        &self.rows
    }

    /// Customers with live records keys.
    pub fn customers(&self) -> impl Iterator<Item = CustomerId> + '_ {
        self.customers.iter().filter(|(_, keys)| keys.current().is_some()).map(|(id, _)| *id)
    }

    pub(crate) fn customer(&self, id: CustomerId) -> Option<&Arc<CustomerKeys>> {
        self.customers.get(&id).filter(|keys| keys.current().is_some())
    }

    fn current(&self, id: CustomerId) -> Result<(&CustomerKeys, u32, &RecordsVersion), SealError> {
        let keys = self.customers.get(&id).ok_or(SealError::NoCustomer(id))?;
        let (version, records) = keys.current().ok_or(SealError::NoCustomer(id))?;
        Ok((keys, version, records))
    }

    /// Begins to seal an object: a sealer for its bytes and its wrapped key, to be stored beside it.
    ///
    /// # Errors
    /// [`SealError::NoCustomer`].
    pub fn seal_object(
        &self,
        customer: CustomerId,
        document: DocumentId,
        rendition: Rendition,
        entropy: &dyn Entropy,
    ) -> Result<(Sealer, WrappedKey), SealError> {
        let (keys, version, records) = self.current(customer)?;
        let key = Secret::random(entropy);
        let mut iv = [0_u8; 32];
        entropy.fill(&mut iv);
        let key_id = keys.records_id();
        let place = object_key_place(customer, document, rendition, (&key_id, version));
        let wrapped = WrappedKey::wrap(key_id, version, &records.wrap.seal, &place, &key);
        Ok((Sealer::begin(&key, object_place(customer, document, rendition), iv), wrapped))
    }

    /// Seals a value for its column. Short values are padded, so that their lengths do not tell names apart.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal_column(
        &self,
        customer: CustomerId,
        resource: impl Into<ResourceId>,
        column: Column,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let resource = resource.into();
        if !column.belongs_to(&resource) {
            return Err(SealError::Column);
        }
        let (_, version, records) = self.current(customer)?;
        let padded = column_pad(plaintext).ok_or(SealError::TooLong)?;
        let place = column_place(customer, &resource, column, version);
        Ok(envelope(version, |out| records.column.seal.seal_to(&place, &padded, out)))
    }

    /// The object key wrapped by the newest version; `None` when it is already. No plaintext is seen, so nothing
    /// is asked; a stopped run is begun again and finds what is left.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rewrap_object_key(
        &self,
        customer: CustomerId,
        document: DocumentId,
        rendition: Rendition,
        wrapped: &WrappedKey,
    ) -> Result<Option<WrappedKey>, KeyError> {
        let (keys, version, records) = self.current(customer).map_err(|_| KeyError::NoCustomer(customer))?;
        let key = keys.object_key(document, rendition, wrapped)?;
        if wrapped.version == version {
            return Ok(None);
        }
        let key_id = keys.records_id();
        let place = object_key_place(customer, document, rendition, (&key_id, version));
        Ok(Some(WrappedKey::wrap_object(key_id, version, &records.wrap.seal, &place, &key)))
    }

    /// The key of another customer's object under this customer's own key; the object stays as it is, and goes on naming for
    /// whom it was sealed. Only against the tokens of a joining: [`crate::Opening::object_key_carry`].
    pub(crate) fn object_key_take(
        &self,
        to: CustomerId,
        document: DocumentId,
        rendition: Rendition,
        (from, key): (CustomerId, ObjectKey),
    ) -> Result<WrappedKey, SealError> {
        let (keys, version, records) = self.current(to)?;
        let key = ObjectKey { sealed_for: Some(key.sealed_for.unwrap_or(from)), ..key };
        let key_id = keys.records_id();
        let place = object_key_place(to, document, rendition, (&key_id, version));
        Ok(WrappedKey::wrap_object(key_id, version, &records.wrap.seal, &place, &key))
    }

    /// A sealed column under the newest version; `None` when it is already. The value never leaves this function.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn reseal_column(
        &self,
        customer: CustomerId,
        resource: impl Into<ResourceId>,
        column: Column,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, KeyError> {
        let resource = resource.into();
        let (keys, version, _) = self.current(customer).map_err(|_| KeyError::NoCustomer(customer))?;
        let value = keys.column_open(&resource, column, sealed)?;
        if envelope_read(sealed)?.0 == version {
            return Ok(None);
        }
        self.seal_column(customer, resource, column, &value).map(Some).map_err(|_| KeyError::Form)
    }

    /// The blind form of a normalised token (see [`crate::PatientTokens`]): HMAC-SHA-256 under the customer's key
    /// for this field.
    ///
    /// # Errors
    /// [`SealError::NoCustomer`].
    pub fn blind(&self, customer: CustomerId, field: Field, token: &str) -> Result<[u8; 32], SealError> {
        let keys = self.customers.get(&customer).ok_or(SealError::NoCustomer(customer))?;
        let index = &keys.index.as_ref().ok_or(SealError::NoCustomer(customer))?.fields;
        let key = index.get(&field).ok_or(SealError::NoCustomer(customer))?;
        Ok(key.tag(&[field.as_str().as_bytes(), token.as_bytes()]))
    }

    /// The same for the bytes of a whole file, as they come.
    ///
    /// # Errors
    /// [`SealError::NoCustomer`].
    pub fn blind_file(&self, customer: CustomerId) -> Result<BlindFile, SealError> {
        let keys = self.customers.get(&customer).ok_or(SealError::NoCustomer(customer))?;
        let index = keys.index.as_ref().ok_or(SealError::NoCustomer(customer))?;
        let mut tag = index.fields.get(&Field::Original).ok_or(SealError::NoCustomer(customer))?.begin();
        tag.framed(Field::Original.as_str().as_bytes());
        Ok(BlindFile {
            tag,
            blocks: Arc::clone(&index.blocks),
            waiting: Zeroizing::new(Vec::new()),
            place: 0,
            bytes: 0,
        })
    }

    /// Seals a value of the operator's own directory.
    ///
    /// # Errors
    /// [`SealError::TooLong`].
    pub fn directory_seal(
        &self,
        row: impl Into<ResourceId>,
        column: DirectoryColumn,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let (version, keys) = self.directory.last_key_value().expect("a ring is not made without a directory key");
        let padded = column_pad(plaintext).ok_or(SealError::TooLong)?;
        let place = directory_place(&row.into(), column, *version);
        Ok(envelope(*version, |out| keys.column.seal.seal_to(&place, &padded, out)))
    }

    /// Opens a value of the operator's own directory. No permit is asked for: it is not PHI, and this key opens
    /// nothing of a customer's.
    ///
    /// # Errors
    /// [`KeyError::NoKey`], [`KeyError::Sealed`].
    pub fn directory_open(
        &self,
        row: impl Into<ResourceId>,
        column: DirectoryColumn,
        sealed: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let (version, body) = envelope_read(sealed)?;
        let keys = self.directory.get(&version).ok_or_else(|| KeyError::NoKey(format!("directory/{version}")))?;
        let padded = keys.column.open.open(&directory_place(&row.into(), column, version), body)?;
        Ok(column_unpad(padded)?.to_vec())
    }

    /// The blind form of a directory value (an e-mail address, lower case and trimmed by the caller). `field` is a
    /// fixed word.
    #[must_use]
    pub fn directory_blind(&self, field: &'static str, token: &str) -> [u8; 32] {
        // The oldest version: a newer one must not change what rows already hold.
        let (_, keys) = self.directory.first_key_value().expect("a ring is not made without a directory key");
        keys.blind.tag(&[field.as_bytes(), token.as_bytes()])
    }

    /// Seals the body of a ledger entry. `entry` names the entry (its intent's id and outcome, say).
    ///
    /// # Errors
    /// [`KeyError::NoKey`] when this owner has no audit key for this year yet: see [`Self::audit_year_begin`].
    pub fn audit_seal(&self, owner: Owner, year: i16, entry: &[u8], body: &[u8]) -> Result<Vec<u8>, KeyError> {
        let none = || KeyError::NoKey(format!("audit-{year}/{owner}"));
        let versions = self.audit.get(&(owner, year)).ok_or_else(none)?;
        let (version, key) = versions.last_key_value().ok_or_else(none)?;
        let place = audit_place(owner, year, entry, *version);
        Ok(envelope(*version, |out| key.seal.seal_to(&place, body, out)))
    }

    /// Opens the body of a ledger entry. It holds no record content.
    ///
    /// # Errors
    /// [`KeyError::NoKey`], [`KeyError::Sealed`].
    pub fn audit_open(&self, owner: Owner, year: i16, entry: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (version, body) = envelope_read(sealed)?;
        let key = self.audit.get(&(owner, year)).and_then(|versions| versions.get(&version));
        let key = key.ok_or_else(|| KeyError::NoKey(format!("audit-{year}/{owner}/{version}")))?;
        Ok(key.open.open(&audit_place(owner, year, entry, version), body)?.to_vec())
    }

    /// Has this owner an audit key for this year.
    #[must_use]
    pub fn has_audit_year(&self, owner: Owner, year: i16) -> bool {
        self.audit.contains_key(&(owner, year))
    }
}

/// Keys of a customer's blind index.
struct IndexKeys {
    fields: BTreeMap<Field, MacKey>,
    blocks: Arc<BlockKey>,
}

/// What a file is known by under its customer's index key, while its bytes come. Prints nothing.
#[must_use]
pub struct BlindFile {
    tag: MacTag,
    blocks: Arc<BlockKey>,
    /// Bytes of a block that is not whole yet.
    waiting: Zeroizing<Vec<u8>>,
    place: u64,
    bytes: u64,
}

impl BlindFile {
    /// More bytes of the file, in pieces of any size; whole segments at the right places are read where they lie.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.waiting.is_empty()
                && let Some((block, rest)) = bytes.split_at_checked(PLAIN_SEGMENT_LEN)
            {
                self.block(block);
                bytes = rest;
                continue;
            }
            // Reserved as a whole: a buffer that grows would leave copies behind.
            let room = PLAIN_SEGMENT_LEN - self.waiting.len();
            self.waiting.reserve_exact(room);
            let (piece, rest) = bytes.split_at(bytes.len().min(room));
            self.waiting.extend_from_slice(piece);
            bytes = rest;
            if self.waiting.len() == PLAIN_SEGMENT_LEN {
                let mut waiting = std::mem::take(&mut self.waiting);
                self.block(&waiting);
                waiting.clear();
                self.waiting = waiting;
            }
        }
    }

    fn block(&mut self, block: &[u8]) {
        let fingerprint = self.blocks.fingerprint(self.place, block);
        self.tag.update(&fingerprint);
        self.place += 1;
    }

    /// All of them have come.
    #[must_use]
    pub fn finish(mut self) -> [u8; 32] {
        if !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.block(&waiting);
        }
        self.tag.update(&self.bytes.to_be_bytes());
        self.tag.finish()
    }
}

fn index_keys(secret: &Secret) -> IndexKeys {
    let key = |field: &Field| MacKey::new(&derive(secret, label::BLIND, field.as_str().as_bytes()));
    let fields = Field::ALL.iter().map(|field| (*field, key(field))).collect();
    IndexKeys { fields, blocks: Arc::new(BlockKey::new(&derive(secret, label::BLIND_BLOCKS, b""))) }
}

fn audit_place(owner: Owner, year: i16, entry: &[u8], version: u32) -> Vec<u8> {
    Place::new(label::PLACE_AUDIT)
        .field(owner.to_string().as_bytes())
        .field(&year.to_be_bytes())
        .field(entry)
        .number(version)
        .into_bytes()
}
