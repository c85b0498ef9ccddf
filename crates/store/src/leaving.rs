//! A customer that leaves, what is read of it for its export, and what came in from another house's.
//!
//! What must always hold: every text names the customer; a step counts for the one export that it was taken for; pages go
//! by id, so that an export that was stopped goes on where it was.

use crate::binds::{Row, binds};
use crate::documents::{DOCUMENT, VERSION, document, version};
use crate::ledger_log::{StoredEntry, insert_many, number, stored};
use crate::patients::{PATIENT, patient};
use crate::related::{RELATED, related};
use crate::scope::Condition;
use crate::{Document, DocumentVersion, Patient, RelatedPerson, Store, StoreError, Tx};
use record::{CustomerId, DocumentId, IntentId, PatientId, PersonId, Timestamp};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Things that one text asks about.
const ASKED_AT_ONCE: usize = 500;

/// How far a leaving is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeavingState {
    /// The manager has decided it.
    Begun,
    /// An export was begun and is not whole.
    Exporting,
    /// An export is whole and waits for the manager's word.
    Exported,
    /// The manager has confirmed it; the hold runs, or has run.
    Confirmed,
}

impl LeavingState {
    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Exporting => "exporting",
            Self::Exported => "exported",
            Self::Confirmed => "confirmed",
        }
    }
}

impl FromStr for LeavingState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Begun, Self::Exporting, Self::Exported, Self::Confirmed]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(())
    }
}

/// A customer's leaving as kept.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// Who leaves.
    pub customer: CustomerId,
    /// How far it is.
    pub state: LeavingState,
    /// The manager who decided it.
    pub begun_by: PersonId,
    /// When.
    pub begun_at: Timestamp,
    /// The export that counts.
    pub export: Option<IntentId>,
    /// When it was begun.
    pub export_begun_at: Option<Timestamp>,
    /// Its secret, sealed; none once the manager has taken it.
    pub secret: Option<Vec<u8>>,
    /// What was there when it was begun.
    pub standing: Option<String>,
    /// When it was whole.
    pub exported_at: Option<Timestamp>,
    /// SHA-256 of its manifest.
    pub manifest_digest: Option<Vec<u8>>,
    /// What is in it, JSON.
    pub counts: Option<String>,
    /// When the manager took the secret.
    pub secret_taken_at: Option<Timestamp>,
    /// Who confirmed what was exported.
    pub confirmed_by: Option<PersonId>,
    /// When.
    pub confirmed_at: Option<Timestamp>,
    /// Nothing is destroyed before then.
    pub hold_until: Option<Timestamp>,
}

const LEAVING: &str = "customer_id, state, begun_by, begun_at, export_id, export_begun_at, secret, standing, exported_at, \
    manifest_digest, counts, secret_taken_at, confirmed_by, confirmed_at, hold_until";

fn leaving(row: &Row) -> Result<Leaving, StoreError> {
    Ok(Leaving {
        customer: row.word("customer_id")?,
        state: row.text("state")?.parse().map_err(|()| StoreError::Column { column: "state" })?,
        begun_by: row.word("begun_by")?,
        begun_at: row.at("begun_at")?,
        export: row.maybe_word("export_id")?,
        export_begun_at: row.maybe_at("export_begun_at")?,
        secret: row.maybe_bytes("secret")?,
        standing: row.maybe_text("standing")?,
        exported_at: row.maybe_at("exported_at")?,
        manifest_digest: row.maybe_bytes("manifest_digest")?,
        counts: row.maybe_text("counts")?,
        secret_taken_at: row.maybe_at("secret_taken_at")?,
        confirmed_by: row.maybe_word("confirmed_by")?,
        confirmed_at: row.maybe_at("confirmed_at")?,
        hold_until: row.maybe_at("hold_until")?,
    })
}

impl Store {
    /// A customer's leaving, if it has begun.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_fetch(&self, customer: CustomerId) -> Result<Option<Leaving>, StoreError> {
        let sql = format!("SELECT {LEAVING} FROM customer_leaving WHERE customer_id = $1");
        self.row("fetch a leaving", sql, binds![customer]).await?.as_ref().map(leaving).transpose()
    }

    /// How many rows a customer has and how many changes these have seen, in a text: the same text, the same records.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn standing_of(&self, customer: CustomerId) -> Result<String, StoreError> {
        let changes = "CAST(COALESCE(SUM(revision), 0) AS BIGINT)";
        let mut parts = Vec::new();
        for (table, sum) in [
            ("document", changes),
            ("document_version", "CAST(COALESCE(SUM(original_bytes), 0) AS BIGINT)"),
            ("patient", changes),
            ("related_person", changes),
        ] {
            let sql = format!("SELECT COUNT(*) AS many, {sum} AS changes FROM {table} WHERE customer_id = $1");
            let row = self.row("count a customer's rows", sql, binds![customer]).await?;
            let row = row.ok_or(StoreError::Column { column: "many" })?;
            parts.push(format!("{table} {} {}", row.count("many")?, row.count("changes")?));
        }
        Ok(parts.join(", "))
    }

    /// A customer's documents by id, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_page_of(
        &self,
        customer: CustomerId,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let sql = format!(
            "SELECT {DOCUMENT} FROM document WHERE customer_id = $1 AND document_id > $2 ORDER BY document_id LIMIT $3"
        );
        self.rows("page through documents", sql, binds![customer, after, limit]).await?.iter().map(document).collect()
    }

    /// All versions of these documents of one customer, each document's from 1 on.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn versions_of(
        &self,
        customer: CustomerId,
        documents: &[DocumentId],
    ) -> Result<BTreeMap<DocumentId, Vec<DocumentVersion>>, StoreError> {
        let mut found: BTreeMap<DocumentId, Vec<DocumentVersion>> = BTreeMap::new();
        for some in documents.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let place = condition.place(customer);
            let places: Vec<String> = some.iter().map(|id| condition.place(*id)).collect();
            let sql = format!(
                "SELECT {VERSION} FROM document_version WHERE customer_id = {place} AND document_id IN ({}) \
                 ORDER BY document_id, version",
                places.join(", ")
            );
            for row in self.rows("list versions of documents", sql, condition.values).await? {
                let one = version(&row)?;
                found.entry(one.document).or_default().push(one);
            }
        }
        Ok(found)
    }

    /// A customer's patients by id, linked ones too, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_page_of(
        &self,
        customer: CustomerId,
        after: Option<PatientId>,
        limit: u32,
    ) -> Result<Vec<Patient>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let sql = format!(
            "SELECT {PATIENT} FROM patient WHERE customer_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3"
        );
        self.rows("page through patients", sql, binds![customer, after, limit]).await?.iter().map(patient).collect()
    }

    /// The people around these patients of one customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_of(
        &self,
        customer: CustomerId,
        patients: &[PatientId],
    ) -> Result<Vec<RelatedPerson>, StoreError> {
        let mut found = Vec::new();
        for some in patients.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let place = condition.place(customer);
            let places: Vec<String> = some.iter().map(|id| condition.place(*id)).collect();
            let sql = format!(
                "SELECT {RELATED} FROM related_person WHERE customer_id = {place} AND patient_id IN ({}) \
                 ORDER BY patient_id, related_id",
                places.join(", ")
            );
            for row in self.rows("list people around patients", sql, condition.values).await? {
                found.push(related(&row)?);
            }
        }
        Ok(found)
    }

    /// Entries of the ledger that concern a customer, oldest first, from one index on and below another.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entries_of(
        &self,
        customer: CustomerId,
        (from, below): (u64, u64),
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let sql = "SELECT idx, leaf FROM ledger_entry WHERE customer_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx LIMIT $4";
        let values = vec![customer.into(), number(from), number(below), limit.into()];
        self.rows("page through a customer's entries", sql, values).await?.iter().map(stored).collect()
    }

    /// What these are here that came in from another house: by token.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn taken_in_known(
        &self,
        customer: CustomerId,
        tokens: &[Vec<u8>],
    ) -> Result<BTreeMap<Vec<u8>, String>, StoreError> {
        let mut found = BTreeMap::new();
        for some in tokens.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let place = condition.place(customer);
            let places: Vec<String> = some.iter().map(|token| condition.place(token.clone())).collect();
            let sql = format!(
                "SELECT token, thing FROM taken_in WHERE customer_id = {place} AND token IN ({})",
                places.join(", ")
            );
            for row in self.rows("look for what was taken in", sql, condition.values).await? {
                found.insert(row.bytes("token")?, row.text("thing")?);
            }
        }
        Ok(found)
    }
}

impl Tx {
    /// A customer begins to leave. 0 when it has begun before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_begin(
        &mut self,
        customer: CustomerId,
        by: PersonId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "INSERT INTO customer_leaving (customer_id, state, begun_by, begun_at) VALUES ($1, 'begun', $2, $3) \
             ON CONFLICT (customer_id) DO NOTHING",
            binds![customer, by, at],
        )
        .await
    }

    /// It is taken back.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_withdraw(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        self.run("DELETE FROM customer_leaving WHERE customer_id = $1", binds![customer]).await
    }

    /// An export is begun, in the place of one there was. 0 when nobody leaves.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_export_begin(
        &mut self,
        customer: CustomerId,
        (export, at): (IntentId, Timestamp),
        secret: Vec<u8>,
        standing: &str,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_leaving SET state = 'exporting', export_id = $2, export_begun_at = $3, secret = $4, standing = $5, \
             exported_at = NULL, manifest_digest = NULL, counts = NULL, secret_taken_at = NULL, confirmed_by = NULL, \
             confirmed_at = NULL, hold_until = NULL WHERE customer_id = $1",
            binds![customer, export.to_string(), at, secret, standing],
        )
        .await
    }

    /// An export is whole. 0 when it is not the one that counts any more.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_export_end(
        &mut self,
        customer: CustomerId,
        (export, at): (IntentId, Timestamp),
        manifest_digest: &[u8],
        counts: &str,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_leaving SET state = 'exported', exported_at = $3, manifest_digest = $4, counts = $5 \
             WHERE customer_id = $1 AND export_id = $2 AND state = 'exporting'",
            binds![customer, export.to_string(), at, manifest_digest, counts],
        )
        .await
    }

    /// The manager has the secret: it is kept here no longer. 0 when it was taken before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_secret_taken(
        &mut self,
        customer: CustomerId,
        export: IntentId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_leaving SET secret = NULL, secret_taken_at = $3 \
             WHERE customer_id = $1 AND export_id = $2 AND state = 'exported' AND secret IS NOT NULL",
            binds![customer, export.to_string(), at],
        )
        .await
    }

    /// The manager has confirmed what was exported. 0 when that export does not count any more, or was confirmed before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn leaving_confirm(
        &mut self,
        customer: CustomerId,
        export: IntentId,
        (by, at): (PersonId, Timestamp),
        hold_until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE customer_leaving SET state = 'confirmed', confirmed_by = $3, confirmed_at = $4, hold_until = $5 \
             WHERE customer_id = $1 AND export_id = $2 AND state = 'exported' AND secret IS NULL",
            binds![customer, export.to_string(), by, at, hold_until],
        )
        .await
    }

    /// What came in from another house, and what it is here.
    ///
    /// # Errors
    /// When the database cannot, or one of them came in before.
    pub async fn taken_in_insert(
        &mut self,
        customer: CustomerId,
        taken: &[(Vec<u8>, String)],
    ) -> Result<(), StoreError> {
        let rows = taken.iter().map(|(token, thing)| binds![customer, token.clone(), thing]);
        insert_many(self, "INSERT INTO taken_in (customer_id, token, thing)", "", 3, rows.collect()).await
    }

    /// A patient who was linked in the house where they come from is linked here, too: as long as the record that stays
    /// still stands, and nothing has come into the one that goes. 0 rows otherwise.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn taken_in_link(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
        to: PatientId,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE patient SET linked_to = $3, revision = revision + 1 \
             WHERE customer_id = $1 AND patient_id = $2 AND linked_to IS NULL AND $2 <> $3 \
             AND EXISTS (SELECT 1 FROM patient stays WHERE stays.customer_id = $1 AND stays.patient_id = $3 AND stays.linked_to IS NULL) \
             AND NOT EXISTS (SELECT 1 FROM patient went WHERE went.customer_id = $1 AND went.linked_to = $2) \
             AND NOT EXISTS (SELECT 1 FROM document WHERE document.customer_id = $1 AND document.patient_id = $2)",
            binds![customer, patient, to],
        )
        .await
    }
}
