//! Broken glasses and their reviews.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{BreakGlassId, CustomerId, PatientId, PersonId, Timestamp};

/// An act of breaking the glass.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    /// Its id.
    pub id: BreakGlassId,
    /// Where.
    pub customer: CustomerId,
    /// Who.
    pub person: PersonId,
    /// For whom.
    pub patient: PatientId,
    /// Sealed: why.
    pub reason: Vec<u8>,
    /// From.
    pub from_at: Timestamp,
    /// Until.
    pub to_at: Timestamp,
    /// When the review was closed.
    pub reviewed_at: Option<Timestamp>,
    /// By whom.
    pub reviewed_by: Option<PersonId>,
    /// `justified` or `not_justified`.
    pub verdict: Option<String>,
    /// Sealed: the reviewer's words.
    pub note: Option<Vec<u8>>,
}

pub(crate) const BREAK_GLASS: &str = "break_glass_id, customer_id, person_id, patient_id, reason, from_at, to_at, reviewed_at, reviewed_by, verdict, note";

pub(crate) fn break_glass(row: &Row) -> Result<BreakGlass, StoreError> {
    Ok(BreakGlass {
        id: row.word("break_glass_id")?,
        customer: row.word("customer_id")?,
        person: row.word("person_id")?,
        patient: row.word("patient_id")?,
        reason: row.bytes("reason")?,
        from_at: row.at("from_at")?,
        to_at: row.at("to_at")?,
        reviewed_at: row.maybe_at("reviewed_at")?,
        reviewed_by: row.maybe_word("reviewed_by")?,
        verdict: row.maybe_text("verdict")?,
        note: row.maybe_bytes("note")?,
    })
}

impl Store {
    /// Glasses a person has broken that are not over at `now`.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_open(&self, person: PersonId, now: Timestamp) -> Result<Vec<BreakGlass>, StoreError> {
        let sql = format!(
            "SELECT {BREAK_GLASS} FROM break_glass WHERE person_id = $1 AND to_at > $2 ORDER BY break_glass_id"
        );
        self.rows("list open glasses", sql, binds![person, now]).await?.iter().map(break_glass).collect()
    }

    /// Glasses broken at a customer, newest first, at most 200.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_list(&self, customer: CustomerId) -> Result<Vec<BreakGlass>, StoreError> {
        let sql = format!(
            "SELECT {BREAK_GLASS} FROM break_glass WHERE customer_id = $1 ORDER BY break_glass_id DESC LIMIT 200"
        );
        self.rows("list broken glasses", sql, binds![customer]).await?.iter().map(break_glass).collect()
    }

    /// Glasses broken at a customer after a given one, in the order of their ids.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_page(
        &self,
        customer: CustomerId,
        after: Option<BreakGlassId>,
        limit: u32,
    ) -> Result<Vec<BreakGlass>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let sql = format!(
            "SELECT {BREAK_GLASS} FROM break_glass WHERE customer_id = $1 AND break_glass_id > $2 \
             ORDER BY break_glass_id LIMIT $3"
        );
        self.rows("page through broken glasses", sql, binds![customer, after, limit])
            .await?
            .iter()
            .map(break_glass)
            .collect()
    }

    /// One broken glass.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_fetch(&self, id: BreakGlassId) -> Result<Option<BreakGlass>, StoreError> {
        let sql = format!("SELECT {BREAK_GLASS} FROM break_glass WHERE break_glass_id = $1");
        self.row("fetch a broken glass", sql, binds![id]).await?.as_ref().map(break_glass).transpose()
    }
}

impl Tx {
    /// A glass is broken.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_insert(&mut self, new: &BreakGlass) -> Result<(), StoreError> {
        let sql =
            format!("INSERT INTO break_glass ({BREAK_GLASS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
        self.run(
            sql,
            binds![
                new.id,
                new.customer,
                new.person,
                new.patient,
                new.reason.clone(),
                new.from_at,
                new.to_at,
                new.reviewed_at,
                new.reviewed_by,
                new.verdict.clone(),
                new.note.clone()
            ],
        )
        .await
        .map(|_| ())
    }

    /// Closes a review of this customer's, once.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn break_glass_review(
        &mut self,
        (customer, id): (CustomerId, BreakGlassId),
        by: PersonId,
        at: Timestamp,
        verdict: &str,
        note: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE break_glass SET reviewed_at = $3, reviewed_by = $2, verdict = $4, note = $5, \
             to_at = CASE WHEN to_at > $3 AND $4 = 'not_justified' THEN $3 ELSE to_at END \
             WHERE break_glass_id = $1 AND customer_id = $6 AND reviewed_at IS NULL",
            binds![id, by, at, verdict, note, customer],
        )
        .await
    }
}
