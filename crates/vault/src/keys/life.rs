//! How keys begin, are renewed and end. Each function gives rows to write in one transaction, and changes nothing.
//!
//! Shredding, step by step, and what is true if the process dies there:
//! 1. the change is computed: nothing has happened yet;
//! 2. the store writes it in one transaction (new epoch, survivors wrapped anew, the shredded and the old epochs
//!    without bytes): before its commit nothing is shredded, after it everything is, but for copies of old rows
//!    in the write-ahead log, free pages, the escrow of epoch keys and older backups;
//! 3. the caller truncates the log or, on a database server, destroys the old epoch's half, replaces the escrow by the new
//!    epoch row, and puts the new ring in place. Run again after a death here, this step alone is repeated;
//! 4. the certificate goes into the ledger and says when the last older backup expires.

use super::half::{Half, HalfName};
use super::ring::KeyRing;
use super::row::{EpochRow, KeyChange, KeyClass, KeyError, KeyName, KeyRow, KeyRows, Owner};
use crate::primitives::SealKey;
use crate::secret::{RootKey, Secret};
use record::{CustomerId, Entropy, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

impl KeyRows {
    /// The first rows: epoch 1, the operator's directory key and its audit key for this year (UTC).
    #[must_use]
    pub fn begin(root: &RootKey, year: i16, now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self::begin_as(Epoch::Whole, root, (year, now), entropy).0
    }

    /// The same where the rows will lie on a database server: with the half of epoch 1, which has to lie in its place before
    /// the rows are written.
    #[must_use]
    pub fn begin_halved(root: &RootKey, year: i16, now: Timestamp, entropy: &dyn Entropy) -> (Self, Option<Half>) {
        Self::begin_as(Epoch::Halved, root, (year, now), entropy)
    }

    fn begin_as(
        kind: Epoch,
        root: &RootKey,
        (year, now): (i16, Timestamp),
        entropy: &dyn Entropy,
    ) -> (Self, Option<Half>) {
        let epoch = Secret::random(entropy);
        let with = SealKey::new(&epoch);
        let row = |class| {
            let name = KeyName { owner: Owner::Operator, class, version: 1 };
            KeyRow::wrap((1, &with), name, &Secret::random(entropy), now)
        };
        let keys = vec![row(KeyClass::Audit { year }), row(KeyClass::Directory)];
        let (epoch, half) = kind.wrap(root, (1, &epoch), now, entropy);
        (Self { epochs: vec![epoch], keys }, half)
    }
}

/// What opens an epoch.
#[derive(Clone, Copy)]
enum Epoch {
    /// The root key.
    Whole,
    /// The root key and a half that lies elsewhere.
    Halved,
}

impl Epoch {
    fn wrap(
        self,
        root: &RootKey,
        (number, epoch): (u32, &Secret),
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> (EpochRow, Option<Half>) {
        match self {
            Self::Whole => (EpochRow::wrap(root, number, epoch, now), None),
            Self::Halved => {
                let (name, half) = (HalfName::mint(entropy), Secret::random(entropy));
                let row = EpochRow::wrap_halved(root, (name, &half), number, epoch, now);
                (row, Some(Half::seal(root, name, &half)))
            }
        }
    }
}

impl KeyRing {
    fn change(&self, keys: Vec<KeyRow>) -> KeyChange {
        KeyChange { made_from: self.rows().state(), epochs: Vec::new(), keys, half: None }
    }

    /// Keys of a new customer: records, index, and audit for this year.
    ///
    /// # Errors
    /// [`KeyError::Exists`] when it has or had keys: what was shredded does not come back under its old name.
    pub fn customer_begin(
        &self,
        customer: CustomerId,
        year: i16,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<KeyChange, KeyError> {
        let owner = Owner::Customer(customer);
        if self.rows().keys.iter().any(|row| row.name.owner == owner) {
            return Err(KeyError::Exists(customer));
        }
        let (number, with) = self.epoch()?;
        let row = |class| {
            let name = KeyName { owner, class, version: 1 };
            KeyRow::wrap((number, &with), name, &Secret::random(entropy), now)
        };
        Ok(self.change([KeyClass::Records, KeyClass::Index, KeyClass::Audit { year }].map(row).into()))
    }

    /// Audit keys for a year, for the operator and every customer that has none yet: run before the year begins.
    ///
    /// # Errors
    /// [`KeyError::Missing`].
    pub fn audit_year_begin(&self, year: i16, now: Timestamp, entropy: &dyn Entropy) -> Result<KeyChange, KeyError> {
        let (number, with) = self.epoch()?;
        let mut owners: Vec<Owner> = self.rows().keys.iter().map(|row| row.name.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        let class = KeyClass::Audit { year };
        let known =
            |owner: &Owner| self.rows().keys.iter().any(|row| row.name.owner == *owner && row.name.class == class);
        owners.retain(|owner| !known(owner));
        let row =
            |owner| KeyRow::wrap((number, &with), KeyName { owner, class, version: 1 }, &Secret::random(entropy), now);
        Ok(self.change(owners.into_iter().map(row).collect()))
    }

    /// A new version of a customer's records key. From the next ring on it seals; older versions still open, until
    /// each object key was moved by [`KeyRing::rewrap_object_key`] and each column by [`KeyRing::reseal_column`].
    ///
    /// # Errors
    /// [`KeyError::NoCustomer`] when it has no live key.
    pub fn rotate(&self, customer: CustomerId, now: Timestamp, entropy: &dyn Entropy) -> Result<KeyChange, KeyError> {
        let owner = Owner::Customer(customer);
        let of = |row: &&KeyRow| row.name.owner == owner && row.name.class == KeyClass::Records;
        let rows = || self.rows().keys.iter().filter(of);
        if !rows().any(KeyRow::is_live) {
            return Err(KeyError::NoCustomer(customer));
        }
        // Counted over destroyed versions too, so that a version's number never comes twice.
        let version = rows().map(|row| row.name.version).max().unwrap_or(0) + 1;
        let (number, with) = self.epoch()?;
        let name = KeyName { owner, class: KeyClass::Records, version };
        Ok(self.change(vec![KeyRow::wrap((number, &with), name, &Secret::random(entropy), now)]))
    }

    /// Everything wrapped anew: a new epoch under `root` (the same root key or another one), all live keys wrapped
    /// by it, the old epochs destroyed. No object and no column is touched.
    ///
    /// # Errors
    /// [`KeyError`] when a row does not unwrap.
    pub fn rekey(&self, root: &RootKey, now: Timestamp, entropy: &dyn Entropy) -> Result<KeyChange, KeyError> {
        self.new_epoch((root, self.kind()), now, entropy, &|_| false)
    }

    /// The same, and from then on the epoch has a half elsewhere.
    ///
    /// # Errors
    /// [`KeyError`] when a row does not unwrap.
    pub fn halve(&self, root: &RootKey, now: Timestamp, entropy: &dyn Entropy) -> Result<KeyChange, KeyError> {
        self.new_epoch((root, Epoch::Halved), now, entropy, &|_| false)
    }

    fn kind(&self) -> Epoch {
        if self.rows().is_halved() { Epoch::Halved } else { Epoch::Whole }
    }

    /// Destroys a customer's records and index keys. Its audit keys stay: they keep their own six years.
    ///
    /// # Errors
    /// [`KeyError::NoCustomer`] when there is nothing to destroy.
    pub fn shred_customer(
        &self,
        customer: CustomerId,
        root: &RootKey,
        (now, backups_expire_at): (Timestamp, Option<Timestamp>),
        entropy: &dyn Entropy,
    ) -> Result<(KeyChange, ShredCertificate), KeyError> {
        let shredded = |name: &KeyName| {
            name.owner == Owner::Customer(customer) && matches!(name.class, KeyClass::Records | KeyClass::Index)
        };
        self.shred(root, (now, backups_expire_at), entropy, &shredded)?.ok_or(KeyError::NoCustomer(customer))
    }

    /// Destroys one version of a customer's records key that is no longer the newest. Whatever was still wrapped
    /// or sealed by it is gone; the caller has made sure that nothing is.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] when it is not there, or is the newest.
    pub fn shred_version(
        &self,
        (customer, version): (CustomerId, u32),
        root: &RootKey,
        (now, backups_expire_at): (Timestamp, Option<Timestamp>),
        entropy: &dyn Entropy,
    ) -> Result<(KeyChange, ShredCertificate), KeyError> {
        let name = KeyName { owner: Owner::Customer(customer), class: KeyClass::Records, version };
        let newer = |row: &KeyRow| {
            row.is_live() && row.name.owner == name.owner && row.name.class == name.class && row.name.version > version
        };
        if !self.rows().keys.iter().any(newer) {
            return Err(KeyError::NoKey(name.to_string()));
        }
        let done = self.shred(root, (now, backups_expire_at), entropy, &|other| *other == name)?;
        done.ok_or_else(|| KeyError::NoKey(name.to_string()))
    }

    fn shred(
        &self,
        root: &RootKey,
        (now, backups_expire_at): (Timestamp, Option<Timestamp>),
        entropy: &dyn Entropy,
        shredded: &dyn Fn(&KeyName) -> bool,
    ) -> Result<Option<(KeyChange, ShredCertificate)>, KeyError> {
        let live = self.rows().keys.iter().filter(|row| row.is_live());
        let destroyed: Vec<String> = live.filter(|row| shredded(&row.name)).map(|row| row.name.to_string()).collect();
        if destroyed.is_empty() {
            return Ok(None);
        }
        let change = self.new_epoch((root, self.kind()), now, entropy, shredded)?;
        let gone = || change.epochs.iter().filter(|row| row.wrapped.is_none());
        let certificate = ShredCertificate {
            v: 1,
            at: now,
            keys: destroyed,
            epochs_destroyed: gone().map(|row| row.number).collect(),
            halves_destroyed: gone().filter_map(|row| row.half).map(|half| half.to_string()).collect(),
            epoch_new: change.made_from.epoch_newest + 1,
            survivors: change.keys.iter().filter(|row| row.is_live()).count() as u64,
            backups_expire_at,
        };
        Ok(Some((change, certificate)))
    }

    /// A new epoch under `root`; live keys wrapped by it, but for those that `shredded` names, which lose their
    /// bytes; every older epoch loses its bytes.
    fn new_epoch(
        &self,
        (root, kind): (&RootKey, Epoch),
        now: Timestamp,
        entropy: &dyn Entropy,
        shredded: &dyn Fn(&KeyName) -> bool,
    ) -> Result<KeyChange, KeyError> {
        let made_from = self.rows().state();
        let number = made_from.epoch_newest + 1;
        let epoch = Secret::random(entropy);
        let with = SealKey::new(&epoch);
        let mut keys = Vec::new();
        for row in &self.rows().keys {
            if row.is_live() && !shredded(&row.name) {
                let secret = self.row_secret(row)?;
                keys.push(KeyRow::wrap((number, &with), row.name, &secret, row.created_at));
            } else if row.wrapped.is_some() {
                keys.push(row.destroyed(now));
            }
        }
        let old = self.rows().epochs.iter().filter(|row| row.wrapped.is_some());
        let mut epochs: Vec<EpochRow> = old.map(|row| row.destroyed(now)).collect();
        let (row, half) = kind.wrap(root, (number, &epoch), now, entropy);
        epochs.push(row);
        Ok(KeyChange { made_from, epochs, keys, half })
    }
}

/// What was destroyed, when, and until when an older backup could still undo it. For the ledger and for whoever
/// asked for the destruction. Holds no PHI and no key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShredCertificate {
    /// Format, 1.
    pub v: u8,
    /// When.
    pub at: Timestamp,
    /// Names of the destroyed keys, with their versions.
    pub keys: Vec<String>,
    /// The epochs destroyed with them.
    pub epochs_destroyed: Vec<u32>,
    /// Names of the other halves of what wrapped them, which lay apart from the database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub halves_destroyed: Vec<String>,
    /// The epoch that wraps what survived.
    pub epoch_new: u32,
    /// How many keys survived and were wrapped anew.
    pub survivors: u64,
    /// When the last backup that still holds an old epoch key expires; `None` when there is no such backup.
    pub backups_expire_at: Option<Timestamp>,
}

impl fmt::Display for ShredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Certificate of destruction of keys")?;
        writeln!(f, "at: {}", self.at)?;
        for key in &self.keys {
            writeln!(f, "destroyed: {key}")?;
        }
        for epoch in &self.epochs_destroyed {
            writeln!(f, "destroyed: epoch/{epoch}")?;
        }
        for half in &self.halves_destroyed {
            writeln!(f, "destroyed: {half}, the half of that epoch's key which lay apart from the database")?;
        }
        writeln!(f, "survivors: {} keys, wrapped anew by epoch/{}", self.survivors, self.epoch_new)?;
        match self.backups_expire_at {
            Some(at) => writeln!(f, "older backups that could undo this expire by: {at}"),
            None => writeln!(f, "no older backup holds a key that could undo this"),
        }
    }
}
