//! The destruction of a customer's keys, step by step: asked for, approved by another, done.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{CustomerId, PersonId, Timestamp};
use std::str::FromStr;

/// How far a destruction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyShredState {
    /// One officer has asked.
    Asked,
    /// Another one has approved; the keys are still there.
    Approved,
    /// The keys are gone from the table.
    Destroyed,
}

impl KeyShredState {
    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Destroyed => "destroyed",
        }
    }
}

impl FromStr for KeyShredState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "asked" => Ok(Self::Asked),
            "approved" => Ok(Self::Approved),
            "destroyed" => Ok(Self::Destroyed),
            _ => Err(()),
        }
    }
}

/// The destruction of one customer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShred {
    /// Whose keys.
    pub customer: CustomerId,
    /// How far it is.
    pub state: KeyShredState,
    /// Directory: why.
    pub reason: Vec<u8>,
    /// Who asked.
    pub asked_by: PersonId,
    /// When.
    pub asked_at: Timestamp,
    /// When the last copy of the volume expires that holds an old epoch key.
    pub copies_expire_at: Option<Timestamp>,
    /// Who approved, another person.
    pub approved_by: Option<PersonId>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// What was destroyed and when.
    pub certificate: Option<String>,
    /// When the keys left the table.
    pub destroyed_at: Option<Timestamp>,
}

const SHRED: &str = "customer_id, state, reason, asked_by, asked_at, copies_expire_at, approved_by, approved_at, \
    certificate, destroyed_at";

fn shred(row: &Row) -> Result<KeyShred, StoreError> {
    let state = row.text("state")?.parse().map_err(|()| StoreError::Column { column: "state" })?;
    Ok(KeyShred {
        customer: row.word("customer_id")?,
        state,
        reason: row.bytes("reason")?,
        asked_by: row.word("asked_by")?,
        asked_at: row.at("asked_at")?,
        copies_expire_at: row.maybe_at("copies_expire_at")?,
        approved_by: row.maybe_word("approved_by")?,
        approved_at: row.maybe_at("approved_at")?,
        certificate: row.maybe_text("certificate")?,
        destroyed_at: row.maybe_at("destroyed_at")?,
    })
}

impl Store {
    /// The destruction of this customer's keys, if anybody ever asked for it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_shred_fetch(&self, customer: CustomerId) -> Result<Option<KeyShred>, StoreError> {
        let sql = format!("SELECT {SHRED} FROM key_shred WHERE customer_id = $1");
        self.row("fetch a destruction", sql, binds![customer]).await?.as_ref().map(shred).transpose()
    }

    /// All of them, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_shred_list(&self) -> Result<Vec<KeyShred>, StoreError> {
        let sql = format!("SELECT {SHRED} FROM key_shred ORDER BY asked_at DESC, customer_id");
        self.rows("list destructions", sql, binds![]).await?.iter().map(shred).collect()
    }

    /// How many documents of a customer are held back: they are waited for.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn documents_held_count(&self, customer: CustomerId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM document WHERE customer_id = $1 AND state = 'held'";
        let row = self.row("count held documents", sql, binds![customer]).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }
}

impl Tx {
    /// Somebody asks. 0 when it was asked before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_shred_insert(&mut self, new: &KeyShred) -> Result<u64, StoreError> {
        self.run(
            "INSERT INTO key_shred (customer_id, state, reason, asked_by, asked_at, copies_expire_at) \
             VALUES ($1, 'asked', $2, $3, $4, $5) ON CONFLICT (customer_id) DO NOTHING",
            binds![new.customer, new.reason.as_slice(), new.asked_by, new.asked_at, new.copies_expire_at],
        )
        .await
    }

    /// What was asked or approved is taken back. 0 when the keys are gone, or it was never asked.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_shred_withdraw(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        self.run("DELETE FROM key_shred WHERE customer_id = $1 AND state <> 'destroyed'", binds![customer]).await
    }

    /// Another officer approves exactly what was asked at `asked_at`. 0 when it stands otherwise by now.
    ///
    /// # Errors
    /// When the database cannot, or when it is the one who asked.
    pub async fn key_shred_approve(
        &mut self,
        customer: CustomerId,
        asked_at: Timestamp,
        by: PersonId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE key_shred SET state = 'approved', approved_by = $3, approved_at = $4 \
             WHERE customer_id = $1 AND asked_at = $2 AND state = 'asked'",
            binds![customer, asked_at, by, at],
        )
        .await
    }

    /// The keys leave the table in this very transaction. 0 when nobody has approved it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn key_shred_certify(
        &mut self,
        customer: CustomerId,
        certificate: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE key_shred SET state = 'destroyed', certificate = $2, destroyed_at = $3 \
             WHERE customer_id = $1 AND state = 'approved'",
            binds![customer, certificate, at],
        )
        .await
    }
}
