//! Rows of the key table as plain data: which key, for whom, wrapped by which, since when, destroyed when.

use super::half::{self, Half, HalfName};
use crate::primitives::{KEY_LEN, NONCE_LEN, NotAuthentic, OpenKey, Place, SealKey, TAG_LEN, label};
use crate::secret::Secret;
use record::{CustomerId, Timestamp};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What a key is for. A key of one class opens nothing of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyClass {
    /// A customer's documents and columns.
    Records,
    /// A customer's blind index.
    Index,
    /// Bodies of ledger entries of one year. Kept six years (45 CFR 164.316(b)(2)), untouched by shredding records.
    Audit {
        /// The calendar year, UTC.
        year: i16,
    },
    /// Names and addresses of staff and of customers' people; the operator's own.
    Directory,
}

/// Whose key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A customer's.
    Customer(CustomerId),
    /// The operator's own.
    Operator,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => fmt::Display::fmt(id, f),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// One key: whose, for what, which version. Text form: `records/cus_…/2`, `audit-2026/operator/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// Whose.
    pub owner: Owner,
    /// For what.
    pub class: KeyClass,
    /// Counted from 1.
    pub version: u32,
}

/// The text is no key's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a key")]
pub struct KeyNameError;

impl KeyName {
    /// The name without its version, as [`WrappedKey::key_id`] has it.
    #[must_use]
    pub fn id(&self) -> String {
        match self.class {
            KeyClass::Records => format!("records/{}", self.owner),
            KeyClass::Index => format!("index/{}", self.owner),
            KeyClass::Audit { year } => format!("audit-{year}/{}", self.owner),
            KeyClass::Directory => format!("directory/{}", self.owner),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id(), self.version)
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;
    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let parts: Vec<&str> = text.split('/').collect();
        let [class, owner, version] = parts.as_slice() else {
            return Err(KeyNameError);
        };
        let class = match *class {
            "records" => KeyClass::Records,
            "index" => KeyClass::Index,
            "directory" => KeyClass::Directory,
            other => {
                let year = other.strip_prefix("audit-").and_then(|year| year.parse().ok());
                KeyClass::Audit { year: year.ok_or(KeyNameError)? }
            }
        };
        let owner = match *owner {
            "operator" => Owner::Operator,
            id => Owner::Customer(id.parse().map_err(|_| KeyNameError)?),
        };
        let name = Self { owner, class, version: version.parse().map_err(|_| KeyNameError)? };
        // One text for one key: `records/…/01` is not `records/…/1`.
        if name.to_string() == text && name.version > 0 { Ok(name) } else { Err(KeyNameError) }
    }
}

/// How a key is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-256-GCM: nonce (12), ciphertext (32), tag (16).
    Aes256Gcm,
    /// AES-256-GCM over the key and the customer for whom its object was sealed: nonce (12), ciphertext (48), tag (16). Of an
    /// object whose customer has joined another one.
    Aes256GcmFrom,
}

impl Algorithm {
    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Aes256GcmFrom => "aes-256-gcm-from",
        }
    }
    const fn byte(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::Aes256GcmFrom => 2,
        }
    }
    const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Aes256Gcm),
            2 => Some(Self::Aes256GcmFrom),
            _ => None,
        }
    }
    /// Bytes of nonce, ciphertext and tag.
    const fn len(self) -> usize {
        match self {
            Self::Aes256Gcm => NONCE_LEN + KEY_LEN + TAG_LEN,
            Self::Aes256GcmFrom => NONCE_LEN + KEY_LEN + CUSTOMER_LEN + TAG_LEN,
        }
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "aes-256-gcm" => Ok(Self::Aes256Gcm),
            "aes-256-gcm-from" => Ok(Self::Aes256GcmFrom),
            _ => Err(KeyError::Form),
        }
    }
}

/// Keys cannot be read, unwrapped or changed. Names keys, never their bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not those of a wrapped key.
    #[error("the bytes are not those of a wrapped key")]
    Form,
    /// The rows were wrapped by another root key.
    #[error("this is not the root key that the keys were wrapped with")]
    WrongRoot,
    /// A row is damaged or was moved here from elsewhere.
    #[error("key {name} does not unwrap: it is damaged or was moved here")]
    Damaged {
        /// Its name.
        name: String,
        /// What the primitive said.
        #[source]
        source: NotAuthentic,
    },
    /// What wraps the epoch has a half that was not found where it should lie.
    #[error("key {name} has its other half elsewhere, and that was not found there")]
    NoHalf {
        /// The epoch's name.
        name: String,
    },
    /// A key's wrapping key is not here.
    #[error("key {name} is wrapped by a key that is not here")]
    Orphan {
        /// Its name.
        name: String,
    },
    /// Two rows for one key, or two for one epoch.
    #[error("there are two rows for {name}")]
    Twice {
        /// Its name.
        name: String,
    },
    /// No live epoch, or the operator has no directory key: these are not the rows of a whole key table.
    #[error("the key table is not whole: {0} is missing")]
    Missing(&'static str),
    /// The customer has keys already.
    #[error("{0} has keys already")]
    Exists(CustomerId),
    /// The customer has no live keys: shredded, or never there.
    #[error("{0} has no keys here")]
    NoCustomer(CustomerId),
    /// This key is not here: another year, or destroyed.
    #[error("key {0} is not here")]
    NoKey(String),
    /// The change brings a new epoch, so the root key is needed to follow it.
    #[error("a new epoch can only be followed with the root key")]
    NeedsRoot,
    /// The change was made from another state of the key table: make it anew.
    #[error("the keys were changed meanwhile; the change must be made anew")]
    Stale,
    /// The sealed bytes do not open.
    #[error("a sealed value does not open")]
    Sealed(#[from] NotAuthentic),
}

/// A key, sealed by another key. Safe to store; worthless without the other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key that wraps it, without its version: `root/…`, `epoch`, `records/cus_…`.
    pub key_id: String,
    /// The version of the key that wraps it; for `epoch` its number.
    pub version: u32,
    /// How.
    pub algorithm: Algorithm,
    /// Nonce, ciphertext and tag: 60 bytes, or 76 with the customer.
    pub bytes: Vec<u8>,
}

const WRAPPED_FORMAT: u8 = 1;
/// A customer's id, bytes.
const CUSTOMER_LEN: usize = 16;

/// The key of an object, and for whom the object was sealed: that customer stands in its AAD for ever.
pub(crate) struct ObjectKey {
    pub(crate) secret: Secret,
    /// None: for the customer whose key wraps it.
    pub(crate) sealed_for: Option<CustomerId>,
}

impl WrappedKey {
    pub(crate) fn wrap(key_id: String, version: u32, with: &SealKey, place: &[u8], key: &Secret) -> Self {
        let mut bytes = Vec::with_capacity(Algorithm::Aes256Gcm.len());
        with.seal_to(place, key.expose(), &mut bytes);
        Self { key_id, version, algorithm: Algorithm::Aes256Gcm, bytes }
    }

    /// The key of an object; with it goes for whom the object was sealed, where that is another customer.
    pub(crate) fn wrap_object(key_id: String, version: u32, with: &SealKey, place: &[u8], key: &ObjectKey) -> Self {
        let Some(customer) = key.sealed_for else { return Self::wrap(key_id, version, with, place, &key.secret) };
        let algorithm = Algorithm::Aes256GcmFrom;
        let plain = Zeroizing::new([&key.secret.expose()[..], &customer.to_bytes()].concat());
        let mut bytes = Vec::with_capacity(algorithm.len());
        with.seal_to(place, &plain, &mut bytes);
        Self { key_id, version, algorithm, bytes }
    }

    pub(crate) fn unwrap_with(&self, with: &OpenKey, place: &[u8]) -> Result<Secret, NotAuthentic> {
        if self.algorithm != Algorithm::Aes256Gcm || self.bytes.len() != self.algorithm.len() {
            return Err(NotAuthentic);
        }
        let opened = with.open(place, &self.bytes)?;
        Secret::from_slice(&opened).ok_or(NotAuthentic)
    }

    pub(crate) fn unwrap_object(&self, with: &OpenKey, place: &[u8]) -> Result<ObjectKey, NotAuthentic> {
        if self.algorithm == Algorithm::Aes256Gcm {
            return Ok(ObjectKey { secret: self.unwrap_with(with, place)?, sealed_for: None });
        }
        if self.bytes.len() != self.algorithm.len() {
            return Err(NotAuthentic);
        }
        let opened = Zeroizing::new(with.open(place, &self.bytes)?);
        let (key, customer) = opened.split_at_checked(KEY_LEN).ok_or(NotAuthentic)?;
        let customer = <[u8; CUSTOMER_LEN]>::try_from(customer).map_err(|_| NotAuthentic)?;
        let secret = Secret::from_slice(key).ok_or(NotAuthentic)?;
        Ok(ObjectKey { secret, sealed_for: Some(CustomerId::from_bytes(customer)) })
    }

    /// One row's bytes (docs/FORMATS-vault.md): format, algorithm, version, key id, wrapped bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let id_len = u16::try_from(self.key_id.len()).expect("the name of a key is under 100 bytes");
        let mut bytes = vec![WRAPPED_FORMAT, self.algorithm.byte()];
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&id_len.to_be_bytes());
        bytes.extend_from_slice(self.key_id.as_bytes());
        bytes.extend_from_slice(&self.bytes);
        bytes
    }

    /// Reads [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`KeyError::Form`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (head, rest) = bytes.split_first_chunk::<8>().ok_or(KeyError::Form)?;
        let [format, algorithm, v0, v1, v2, v3, l0, l1] = *head;
        let algorithm = Algorithm::of_byte(algorithm).filter(|_| format == WRAPPED_FORMAT).ok_or(KeyError::Form)?;
        let id_len = usize::from(u16::from_be_bytes([l0, l1]));
        let (id, wrapped) = rest.split_at_checked(id_len).ok_or(KeyError::Form)?;
        let key_id = str::from_utf8(id).map_err(|_| KeyError::Form)?.to_owned();
        if key_id.is_empty() || wrapped.len() != algorithm.len() {
            return Err(KeyError::Form);
        }
        let version = u32::from_be_bytes([v0, v1, v2, v3]);
        Ok(Self { key_id, version, algorithm, bytes: wrapped.to_vec() })
    }
}

/// The row of an epoch key. Kept apart from backups of the data, newest only: an old one undoes shredding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRow {
    /// Counted from 1; never used again.
    pub number: u32,
    /// Wrapped by the root key, or by that and a half together; `None` once destroyed.
    pub wrapped: Option<WrappedKey>,
    /// Which half, if it has one. A destroyed epoch keeps the name until its half is known to be gone.
    pub half: Option<HalfName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

impl EpochRow {
    pub(crate) fn wrap(root: &crate::RootKey, number: u32, key: &Secret, created_at: Timestamp) -> Self {
        let place = Self::place(root.name(), number);
        let with = SealKey::new(&root.secret);
        let wrapped = WrappedKey::wrap(root.name().to_owned(), 1, &with, &place, key);
        Self { number, wrapped: Some(wrapped), half: None, created_at, destroyed_at: None }
    }

    /// The same by root key and half together.
    pub(crate) fn wrap_halved(
        root: &crate::RootKey,
        (name, half): (HalfName, &Secret),
        number: u32,
        key: &Secret,
        created_at: Timestamp,
    ) -> Self {
        let place = Self::place_halved(root.name(), number, name);
        let with = SealKey::new(&half::both(root, half));
        let wrapped = WrappedKey::wrap(root.name().to_owned(), 1, &with, &place, key);
        Self { number, wrapped: Some(wrapped), half: Some(name), created_at, destroyed_at: None }
    }

    fn place(root_name: &str, number: u32) -> Vec<u8> {
        Place::new(label::PLACE_EPOCH).field(root_name.as_bytes()).number(number).into_bytes()
    }

    fn place_halved(root_name: &str, number: u32, half: HalfName) -> Vec<u8> {
        let place = Place::new(label::PLACE_EPOCH_JOINED).field(root_name.as_bytes()).number(number);
        place.field(half.as_bytes()).into_bytes()
    }

    /// The epoch key of a live row; `None` of a destroyed one.
    pub(crate) fn secret(&self, root: &crate::RootKey, halves: &[Half]) -> Result<Option<Secret>, KeyError> {
        let Some(wrapped) = self.live() else { return Ok(None) };
        if wrapped.key_id != root.name() {
            return Err(KeyError::WrongRoot);
        }
        let name = || format!("{EPOCH_ID}/{}", self.number);
        let secret = match self.half {
            None => wrapped.unwrap_with(&OpenKey::new(&root.secret), &Self::place(root.name(), self.number)),
            Some(half) => {
                let found = halves.iter().find(|one| one.name == half);
                let opened = found.ok_or_else(|| KeyError::NoHalf { name: name() })?.open(root)?;
                let place = Self::place_halved(root.name(), self.number, half);
                wrapped.unwrap_with(&OpenKey::new(&half::both(root, &opened)), &place)
            }
        };
        secret.map(Some).map_err(|source| KeyError::Damaged { name: name(), source })
    }

    /// Its wrapped key, if it is live: neither destroyed nor empty.
    #[must_use]
    pub fn live(&self) -> Option<&WrappedKey> {
        self.wrapped.as_ref().filter(|_| self.destroyed_at.is_none())
    }

    pub(crate) fn destroyed(&self, at: Timestamp) -> Self {
        Self { wrapped: None, destroyed_at: Some(self.destroyed_at.unwrap_or(at)), ..self.clone() }
    }
}

/// The row of a key of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Which key.
    pub name: KeyName,
    /// Wrapped by an epoch key; `None` once destroyed.
    pub wrapped: Option<WrappedKey>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// How [`WrappedKey::key_id`] names an epoch key.
pub(crate) const EPOCH_ID: &str = "epoch";

impl KeyRow {
    pub(crate) fn wrap(epoch: (u32, &SealKey), name: KeyName, key: &Secret, created_at: Timestamp) -> Self {
        let place = Self::place(epoch.0, &name);
        let wrapped = WrappedKey::wrap(EPOCH_ID.to_owned(), epoch.0, epoch.1, &place, key);
        Self { name, wrapped: Some(wrapped), created_at, destroyed_at: None }
    }

    pub(crate) fn place(epoch: u32, name: &KeyName) -> Vec<u8> {
        Place::new(label::PLACE_KEY).number(epoch).field(name.to_string().as_bytes()).into_bytes()
    }

    pub(crate) fn destroyed(&self, at: Timestamp) -> Self {
        Self { wrapped: None, destroyed_at: Some(self.destroyed_at.unwrap_or(at)), ..self.clone() }
    }

    /// Is it live: neither destroyed nor empty.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.wrapped.is_some() && self.destroyed_at.is_none()
    }
}

/// The whole key table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRows {
    /// Epochs, destroyed ones too.
    pub epochs: Vec<EpochRow>,
    /// Keys, destroyed ones too.
    pub keys: Vec<KeyRow>,
}

/// Which state of the key table a change was made from. Rows are added and changed, never removed, and each change
/// adds a row, so these two numbers name a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTableState {
    /// The newest epoch's number, 0 when there is none.
    pub epoch_newest: u32,
    /// How many rows of keys there are, destroyed ones too.
    pub key_rows: u64,
}

/// Rows to write in one transaction: each replaces the row of the same number or name, or is new.
///
/// The transaction must find the table in the state [`Self::made_from`], and nobody else may write the table until
/// it commits; else it writes nothing and the change is made anew. Two changes from one state would lose a key: a
/// new customer's, wrapped by the epoch that the other change destroys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct KeyChange {
    /// The state that must be found.
    pub made_from: KeyTableState,
    /// Epochs.
    pub epochs: Vec<EpochRow>,
    /// Keys.
    pub keys: Vec<KeyRow>,
    /// The half of a new epoch. It has to lie in its place, and be read back there, before the rows are written.
    pub half: Option<Half>,
}

impl KeyChange {
    /// Does it change nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.epochs.is_empty() && self.keys.is_empty()
    }
}

impl KeyRows {
    /// The names of the halves that live epochs need.
    #[must_use]
    pub fn halves_needed(&self) -> Vec<HalfName> {
        self.epochs.iter().filter(|row| row.live().is_some()).filter_map(|row| row.half).collect()
    }

    /// The halves of destroyed epochs that are not known to be gone yet, each with its epoch's number.
    #[must_use]
    pub fn halves_due(&self) -> Vec<(u32, HalfName)> {
        let gone = self.epochs.iter().filter(|row| row.live().is_none());
        gone.filter_map(|row| Some((row.number, row.half?))).collect()
    }

    /// Does every live epoch have a half elsewhere.
    #[must_use]
    pub fn is_halved(&self) -> bool {
        self.epochs.iter().filter(|row| row.live().is_some()).all(|row| row.half.is_some())
    }

    /// The state of the table.
    #[must_use]
    pub fn state(&self) -> KeyTableState {
        let epoch_newest = self.epochs.iter().map(|row| row.number).max().unwrap_or(0);
        KeyTableState { epoch_newest, key_rows: self.keys.len() as u64 }
    }

    /// The table after a change. What the store does in SQL, in one transaction.
    ///
    /// # Errors
    /// [`KeyError::Stale`] when the change was made from another state.
    pub fn apply(&mut self, change: &KeyChange) -> Result<(), KeyError> {
        if change.made_from != self.state() {
            return Err(KeyError::Stale);
        }
        for row in &change.epochs {
            self.epochs.retain(|old| old.number != row.number);
            self.epochs.push(row.clone());
        }
        for row in &change.keys {
            self.keys.retain(|old| old.name != row.name);
            self.keys.push(row.clone());
        }
        self.epochs.sort_by_key(|row| row.number);
        self.keys.sort_by_key(|row| row.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::SeededEntropy;

    #[test]
    fn a_key_name_round_trips_and_nothing_else_is_one() {
        let customer = Owner::Customer(CustomerId::from_bytes([1; 16]));
        for name in [
            KeyName { owner: customer, class: KeyClass::Records, version: 1 },
            KeyName { owner: customer, class: KeyClass::Index, version: 2 },
            KeyName { owner: Owner::Operator, class: KeyClass::Audit { year: 2026 }, version: 1 },
            KeyName { owner: Owner::Operator, class: KeyClass::Directory, version: 7 },
        ] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for wrong in
            ["", "records/operator", "records/operator/0", "records/operator/01", "audit-/operator/1", "x/operator/1"]
        {
            assert_eq!(wrong.parse::<KeyName>(), Err(KeyNameError), "{wrong}");
        }
    }

    #[test]
    fn a_wrapped_key_round_trips_and_hostile_bytes_are_refused() {
        let entropy = SeededEntropy::new(1);
        let with = SealKey::new(&Secret::random(&entropy));
        let wrapped = WrappedKey::wrap("epoch".into(), 3, &with, b"place", &Secret::random(&entropy));
        let bytes = wrapped.to_bytes();
        assert_eq!(WrappedKey::from_bytes(&bytes), Ok(wrapped));
        for cut in 0..bytes.len() {
            assert_eq!(WrappedKey::from_bytes(&bytes[..cut]), Err(KeyError::Form), "{cut}");
        }
        for place in [0, 1, 6, 7] {
            let mut changed = bytes.clone();
            changed[place] = 0xff;
            assert_eq!(WrappedKey::from_bytes(&changed), Err(KeyError::Form), "{place}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(WrappedKey::from_bytes(&longer), Err(KeyError::Form));
    }
}
