//! Documents that come in by the hundred, from a share: few texts for many rows.
//!
//! What must always hold: every text names the one customer whose rows these are; what is kept for lists is renewed in
//! the same transaction; the documents are new, so that nothing of theirs is there before.

use crate::binds::{Value, binds};
use crate::documents::{DOCUMENT, VERSION};
use crate::ledger_log::insert_many;
use crate::scope::Condition;
use crate::{Document, DocumentVersion, Store, StoreError, Tx};
use record::{CustomerId, DocumentId, PatientId};
use std::collections::{BTreeMap, BTreeSet};

/// Things that one text asks about.
const ASKED_AT_ONCE: usize = 500;

/// A document as it comes in, with its first version and what both are found by.
#[derive(Debug, Clone)]
pub struct IncomingDocument {
    /// The document.
    pub document: Document,
    /// Its first version.
    pub version: DocumentVersion,
    /// What its original is known by.
    pub known_by: Vec<u8>,
    /// What its place on the share is known by.
    pub path_token: Vec<u8>,
    /// Blind tokens of the document: field and token.
    pub tokens: Vec<(String, Vec<u8>)>,
}

/// What came in before: by the bytes, and by the place on a share.
#[derive(Debug, Clone, Default)]
pub struct IncomingKnown {
    /// The newest document with these bytes.
    pub originals: BTreeMap<Vec<u8>, DocumentId>,
    /// The document that came from this place.
    pub paths: BTreeMap<Vec<u8>, DocumentId>,
    /// Bytes whose document has gone to another customer with its patient.
    pub gone_originals: BTreeSet<Vec<u8>>,
    /// Places whose document has.
    pub gone_paths: BTreeSet<Vec<u8>>,
}

/// The text that finds which of these tokens are of what has gone: `kind` as in the table.
fn gone_by_tokens(kind: &'static str, customer: CustomerId, tokens: &[Vec<u8>]) -> (String, Vec<Value>) {
    let mut condition = Condition::default();
    let customer = condition.place(customer);
    let places: Vec<String> = tokens.iter().map(|token| condition.place(token.clone())).collect();
    let sql = format!(
        "SELECT token FROM gone_token WHERE customer_id = {customer} AND kind = '{kind}' AND token IN ({})",
        places.join(", ")
    );
    (sql, condition.values)
}

/// The text that finds rows of one table by their tokens.
fn by_tokens(table: &str, customer: CustomerId, tokens: &[Vec<u8>]) -> (String, Vec<Value>) {
    let mut condition = Condition::default();
    let customer = condition.place(customer);
    let places: Vec<String> = tokens.iter().map(|token| condition.place(token.clone())).collect();
    let sql = format!(
        "SELECT token, document_id FROM {table} WHERE customer_id = {customer} AND token IN ({}) ORDER BY document_id",
        places.join(", ")
    );
    (sql, condition.values)
}

impl Store {
    /// What of these came in before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn incoming_known(
        &self,
        customer: CustomerId,
        originals: &[Vec<u8>],
        paths: &[Vec<u8>],
    ) -> Result<IncomingKnown, StoreError> {
        let mut known = IncomingKnown::default();
        for (table, tokens, found) in
            [("original_token", originals, &mut known.originals), ("imported_file", paths, &mut known.paths)]
        {
            for some in tokens.chunks(ASKED_AT_ONCE) {
                let (sql, values) = by_tokens(table, customer, some);
                for row in self.rows("look for files that came in before", sql, values).await? {
                    found.insert(row.bytes("token")?, row.word("document_id")?);
                }
            }
        }
        // Looked at after those: what leaves meanwhile is found there, or here.
        for (kind, tokens, found) in
            [("original", originals, &mut known.gone_originals), ("path", paths, &mut known.gone_paths)]
        {
            for some in tokens.chunks(ASKED_AT_ONCE) {
                let (sql, values) = gone_by_tokens(kind, customer, some);
                for row in self.rows("look for files whose documents have gone", sql, values).await? {
                    found.insert(row.bytes("token")?);
                }
            }
        }
        Ok(known)
    }

    /// The patients of a customer, linked ones left out, who have one of these record numbers, each with the tokens of
    /// one field of their name: by the token of the number.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patients_by_number(
        &self,
        customer: CustomerId,
        (number_field, numbers): (&str, &[Vec<u8>]),
        name_field: &str,
    ) -> Result<BTreeMap<Vec<u8>, BTreeMap<PatientId, BTreeSet<Vec<u8>>>>, StoreError> {
        let mut found: BTreeMap<Vec<u8>, BTreeMap<PatientId, BTreeSet<Vec<u8>>>> = BTreeMap::new();
        for some in numbers.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let (customer, number_field) = (condition.place(customer), condition.place(number_field));
            let name_field = condition.place(name_field);
            let places: Vec<String> = some.iter().map(|token| condition.place(token.clone())).collect();
            let sql = format!(
                "SELECT said.token AS number, said.patient_id AS patient_id, named.token AS name FROM patient_token said \
                 JOIN patient ON patient.patient_id = said.patient_id AND (patient.customer_id || '') = {customer} \
                 AND patient.linked_to IS NULL \
                 JOIN patient_token named ON named.customer_id = {customer} AND named.patient_id = said.patient_id \
                 AND named.field = {name_field} \
                 WHERE said.customer_id = {customer} AND said.field = {number_field} AND said.token IN ({})",
                places.join(", ")
            );
            for row in self.rows("look for patients by number", sql, condition.values).await? {
                let of_number = found.entry(row.bytes("number")?).or_default();
                of_number.entry(row.word("patient_id")?).or_default().insert(row.bytes("name")?);
            }
        }
        Ok(found)
    }
}

impl Tx {
    /// Has any of these bytes come in meanwhile, or gone to another customer with its patient.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn incoming_any_known(
        &mut self,
        customer: CustomerId,
        originals: &[Vec<u8>],
    ) -> Result<bool, StoreError> {
        for some in originals.chunks(ASKED_AT_ONCE) {
            let (sql, values) = by_tokens("original_token", customer, some);
            if self.row(format!("{sql} LIMIT 1"), values).await?.is_some() {
                return Ok(true);
            }
            let (sql, values) = gone_by_tokens("original", customer, some);
            if self.row(format!("{sql} LIMIT 1"), values).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// New documents with all that belongs to them, counted into what their customer holds. They lie in nobody's inbox.
    ///
    /// # Errors
    /// When the database cannot, or one of them is another customer's.
    pub async fn incoming_insert(&mut self, customer: CustomerId, new: &[IncomingDocument]) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        // Written behind the customer's own row: two imports of the same bytes at once meet here.
        let size_bytes: u64 = new.iter().map(|one| one.version.original_bytes).sum();
        let size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
        let held = "UPDATE customer SET held_bytes = held_bytes + $2 WHERE customer_id = $1";
        self.run(held, binds![customer, size_bytes]).await?;
        let columns = DOCUMENT.replace("document.", "");
        let start = format!("INSERT INTO document ({columns})");
        insert_many(self, &start, "", 21, new.iter().map(|one| one.document.values()).collect()).await?;
        let start = format!("INSERT INTO document_version (customer_id, {VERSION})");
        let versions = new.iter().map(|one| {
            let mut values = binds![customer];
            values.extend(one.version.values());
            values
        });
        insert_many(self, &start, "", 16, versions.collect()).await?;
        let start = "INSERT INTO original_token (customer_id, token, document_id, version)";
        let originals =
            new.iter().map(|one| binds![customer, one.known_by.clone(), one.document.id, one.version.version]);
        insert_many(self, start, "", 4, originals.collect()).await?;
        let start = "INSERT INTO imported_file (customer_id, token, document_id)";
        let paths = new.iter().map(|one| binds![customer, one.path_token.clone(), one.document.id]);
        insert_many(self, start, "", 3, paths.collect()).await?;
        let start = "INSERT INTO document_token (customer_id, field, token, document_id)";
        let tokens = new.iter().flat_map(|one| {
            one.tokens.iter().map(|(field, token)| binds![customer, field, token.clone(), one.document.id])
        });
        insert_many(self, start, "", 4, tokens.collect()).await?;
        self.kept_come_in_tx(customer, new).await
    }

    /// What is kept for lists of documents that are new: the names of their patients, and who cares for these.
    async fn kept_come_in_tx(&mut self, customer: CustomerId, new: &[IncomingDocument]) -> Result<(), StoreError> {
        let matched: Vec<DocumentId> =
            new.iter().filter(|one| one.document.patient.is_some()).map(|one| one.document.id).collect();
        for some in matched.chunks(ASKED_AT_ONCE) {
            self.document_names_come_in_tx(customer, some).await?;
            self.care_comes_of_authors_in_tx(customer, some).await?;
        }
        Ok(())
    }
}
