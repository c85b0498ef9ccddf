//! Two records that become one, and two again: proposals, what a merge moved, and messages that were applied.
//!
//! What must always hold: what a merge moves is written down in the transaction that moves it; taking it back moves
//! that and nothing else, and nothing that somebody has moved elsewhere since; what is kept of both records
//! (`kept.rs`) is renewed with it; no text here is about two customers.

use crate::binds::{Row, Value, binds};
use crate::scope::Condition;
use crate::{Store, StoreError, Tx};
use record::merge::{MergeCause, MergeState};
use record::{CustomerId, MergeId, PatientId, PersonId, Timestamp};
use std::collections::BTreeSet;

/// Two records that are said to be one patient's.
#[derive(Debug, Clone)]
pub struct PatientMerge {
    /// Which.
    pub id: MergeId,
    /// Whose patients.
    pub customer: CustomerId,
    /// The record that goes into the other.
    pub prior: PatientId,
    /// The record that stays.
    pub survivor: PatientId,
    /// What speaks for it.
    pub cause: MergeCause,
    /// Where it stands.
    pub state: MergeState,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// By a person, or by what read a message.
    pub proposed_by: String,
    /// When somebody confirmed or refused it.
    pub decided_at: Option<Timestamp>,
    /// Who.
    pub decided_by: Option<PersonId>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// Who.
    pub undone_by: Option<PersonId>,
}

/// What taking a merge back moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MovedBack {
    /// Documents that are the prior record's again.
    pub documents: u64,
    /// Guardians and guarantors.
    pub related: u64,
}

pub(crate) const MERGE: &str = "merge_id, customer_id, prior_id, survivor_id, cause, state, proposed_at, proposed_by, decided_at, \
    decided_by, undone_at, undone_by";

pub(crate) fn merge(row: &Row) -> Result<PatientMerge, StoreError> {
    Ok(PatientMerge {
        id: row.word("merge_id")?,
        customer: row.word("customer_id")?,
        prior: row.word("prior_id")?,
        survivor: row.word("survivor_id")?,
        cause: row.word("cause")?,
        state: row.word("state")?,
        proposed_at: row.at("proposed_at")?,
        proposed_by: row.text("proposed_by")?,
        decided_at: row.maybe_at("decided_at")?,
        decided_by: row.maybe_word("decided_by")?,
        undone_at: row.maybe_at("undone_at")?,
        undone_by: row.maybe_word("undone_by")?,
    })
}

impl PatientMerge {
    pub(crate) fn values(&self) -> Vec<Value> {
        binds![
            self.id,
            self.customer,
            self.prior,
            self.survivor,
            self.cause.as_str(),
            self.state.as_str(),
            self.proposed_at,
            self.proposed_by.as_str(),
            self.decided_at,
            self.decided_by,
            self.undone_at,
            self.undone_by
        ]
    }
}

/// What this merge (customer, merge and survivor in the first three places) moved, and no later one brought to the same
/// record once more: that came from where somebody had put it meanwhile, and is that one's to give back.
const STILL_THERE: &str = "SELECT moved.thing_id FROM merge_moved moved WHERE moved.customer_id = $1 AND moved.merge_id = $2 \
     AND NOT EXISTS (SELECT 1 FROM merge_moved later JOIN patient_merge by_it \
         ON by_it.customer_id = later.customer_id AND by_it.merge_id = later.merge_id \
         WHERE later.customer_id = $1 AND later.thing_id = moved.thing_id AND later.merge_id <> $2 \
         AND by_it.survivor_id = $3 AND by_it.state = 'merged' \
         AND by_it.decided_at >= (SELECT decided_at FROM patient_merge WHERE customer_id = $1 AND merge_id = $2))";

impl Store {
    /// One of them.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_fetch(&self, id: MergeId) -> Result<Option<PatientMerge>, StoreError> {
        let sql = format!("SELECT {MERGE} FROM patient_merge WHERE merge_id = $1");
        self.row("fetch a merge", sql, binds![id]).await?.as_ref().map(merge).transpose()
    }

    /// Those of a customer that stand so, oldest first, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_list(
        &self,
        customer: CustomerId,
        state: MergeState,
        after: Option<MergeId>,
        limit: u32,
    ) -> Result<Vec<PatientMerge>, StoreError> {
        let sql = format!(
            "SELECT {MERGE} FROM patient_merge WHERE customer_id = $1 AND state = $2 AND merge_id > $3 \
             ORDER BY merge_id LIMIT $4"
        );
        let after = after.map_or_else(String::new, |id| id.to_string());
        let values = binds![customer, state.as_str(), after.as_str(), limit];
        self.rows("list merges", sql, values).await?.iter().map(merge).collect()
    }

    /// All of a customer, after a given one.
    pub(crate) async fn merge_page(
        &self,
        customer: CustomerId,
        after: Option<MergeId>,
        limit: u32,
    ) -> Result<Vec<PatientMerge>, StoreError> {
        let sql = format!(
            "SELECT {MERGE} FROM patient_merge WHERE customer_id = $1 AND merge_id > $2 ORDER BY merge_id LIMIT $3"
        );
        let after = after.map_or_else(String::new, |id| id.to_string());
        self.rows("page through merges", sql, binds![customer, after, limit]).await?.iter().map(merge).collect()
    }

    /// How many of a customer wait for a person.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_count(&self, customer: CustomerId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM patient_merge WHERE customer_id = $1 AND state = 'proposed'";
        self.row("count merges", sql, binds![customer]).await?.map_or(Ok(0), |row| row.count("many"))
    }

    /// What was merged into this record, or this one into another, and stands: newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_list_of(
        &self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<Vec<PatientMerge>, StoreError> {
        let sql = format!(
            "SELECT {MERGE} FROM patient_merge WHERE customer_id = $1 AND state = 'merged' \
             AND (prior_id = $2 OR survivor_id = $2) ORDER BY merge_id DESC LIMIT 100"
        );
        self.rows("list merges of a patient", sql, binds![customer, patient]).await?.iter().map(merge).collect()
    }

    /// Documents that a merge moved and that are still where it moved them.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_documents_count(&self, of: &PatientMerge) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT COUNT(*) AS many FROM document WHERE customer_id = $1 AND patient_id = $3 AND document_id IN ({STILL_THERE})"
        );
        let values = binds![of.customer, of.id, of.survivor];
        self.row("count what a merge moved", sql, values).await?.map_or(Ok(0), |row| row.count("many"))
    }

    /// Those around a patient who came with a merge.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_related(&self, of: &PatientMerge) -> Result<Vec<record::RelatedPersonId>, StoreError> {
        let sql = format!(
            "SELECT related_id FROM related_person WHERE customer_id = $1 AND patient_id = $3 AND related_id IN ({STILL_THERE}) \
             ORDER BY related_id"
        );
        let rows = self.rows("list who came with a merge", sql, binds![of.customer, of.id, of.survivor]).await?;
        rows.iter().map(|row| row.word("related_id")).collect()
    }

    /// Was this message applied before: what its content is known by.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn adt_message_find(&self, customer: CustomerId, token: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT content FROM adt_message WHERE customer_id = $1 AND token = $2";
        let row = self.row("look for a message that came before", sql, binds![customer, token]).await?;
        row.map(|row| row.bytes("content")).transpose()
    }

    /// When the newest message that was applied to a patient happened.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn adt_said_at(&self, customer: CustomerId, patient: PatientId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT said_at FROM adt_patient WHERE customer_id = $1 AND patient_id = $2";
        let row = self.row("look how new a patient's message is", sql, binds![customer, patient]).await?;
        row.map(|row| row.at("said_at")).transpose()
    }

    /// Patients of a customer who have this token, those that went into another record too, oldest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patients_with_token(
        &self,
        customer: CustomerId,
        (field, token): (&str, &[u8]),
        limit: u32,
    ) -> Result<Vec<PatientId>, StoreError> {
        let sql = "SELECT patient_id FROM patient_token WHERE customer_id = $1 AND field = $2 AND token = $3 \
                   ORDER BY patient_id LIMIT $4";
        let rows = self.rows("look for a token's patients", sql, binds![customer, field, token, limit]).await?;
        rows.iter().map(|row| row.word("patient_id")).collect()
    }
}

/// Is there a row that says so already. What an import thinks is asked once; what a message or a person says, as often
/// as it is said.
fn known(cause: MergeCause, [customer, prior, survivor]: [&str; 3]) -> String {
    let open = match cause {
        MergeCause::SameName | MergeCause::SameNumber => "",
        MergeCause::Message | MergeCause::Person | MergeCause::Link => " AND known.state = 'proposed'",
    };
    format!(
        "EXISTS (SELECT 1 FROM patient_merge known WHERE known.customer_id = {customer} \
         AND (known.prior_id = {prior} AND known.survivor_id = {survivor} \
         OR known.prior_id = {survivor} AND known.survivor_id = {prior}){open})"
    )
}

impl Store {
    /// Would proposing this say nothing new.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_is_known(&self, new: &PatientMerge) -> Result<bool, StoreError> {
        let known = known(new.cause, ["$1", "$2", "$3"]);
        let sql = format!("SELECT customer_id FROM customer WHERE customer_id = $1 AND {known}");
        let row = self.row("look for a proposal", sql, binds![new.customer, new.prior, new.survivor]).await?;
        Ok(row.is_some())
    }
}

impl Tx {
    /// Writes that two records are said to be one patient's; 0 when the same is proposed already, or, unless somebody
    /// says so anew, when it was decided before.
    ///
    /// # Errors
    /// When the database cannot, or one of the two is another customer's.
    pub async fn merge_propose(&mut self, new: &PatientMerge) -> Result<u64, StoreError> {
        let known = known(new.cause, ["$2", "$3", "$4"]);
        let sql = format!(
            "INSERT INTO patient_merge ({MERGE}) SELECT $1, customer.customer_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 \
             FROM customer WHERE customer.customer_id = $2 AND NOT {known}"
        );
        self.run(sql, new.values()).await
    }

    /// A decision upon a proposal; 0 when somebody has decided meanwhile.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_decide(&mut self, now: &PatientMerge) -> Result<u64, StoreError> {
        self.run(
            "UPDATE patient_merge SET prior_id = $3, survivor_id = $4, state = $5, decided_at = $6, decided_by = $7 \
             WHERE customer_id = $1 AND merge_id = $2 AND state = 'proposed'",
            binds![now.customer, now.id, now.prior, now.survivor, now.state.as_str(), now.decided_at, now.decided_by],
        )
        .await
    }

    /// Do all these records stand: each is this customer's, and none has gone into another one, as this transaction sees it.
    /// Asked by whatever puts a document into a chart, so that none lands in a chart that a merge has just emptied, or that has
    /// just left for another customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patients_stand(&mut self, customer: CustomerId, ids: &[PatientId]) -> Result<bool, StoreError> {
        let ids: BTreeSet<PatientId> = ids.iter().copied().collect();
        if ids.is_empty() {
            return Ok(true);
        }
        let mut condition = Condition::default();
        let customer = condition.place(customer);
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "SELECT COUNT(*) AS many FROM patient WHERE (customer_id || '') = {customer} AND patient_id IN ({}) \
             AND linked_to IS NULL",
            places.join(", ")
        );
        let many = self.row(sql, condition.values).await?.map_or(Ok(0), |row| row.count("many"))?;
        Ok(many == ids.len() as u64)
    }

    /// Moves what is the prior record's to the survivor and writes down what it was.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_move(&mut self, of: &PatientMerge) -> Result<(), StoreError> {
        for (table, id) in [("document", "document_id"), ("related_person", "related_id")] {
            let sql = format!(
                "INSERT INTO merge_moved (customer_id, merge_id, thing_id) SELECT customer_id, $2, {id} FROM {table} \
                 WHERE customer_id = $1 AND patient_id = $3"
            );
            self.run(sql, binds![of.customer, of.id, of.prior]).await?;
        }
        self.documents_relink(of.customer, of.prior, of.survivor).await?;
        self.related_relink(of.customer, of.prior, of.survivor).await?;
        // By the number that goes, and those that went into it before, the survivor is found from now on.
        self.former_numbers_add(of.customer, of.survivor).await
    }

    /// Adds the record numbers of all that went into this record to those by which it is found.
    pub(crate) async fn former_numbers_add(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO patient_token (customer_id, field, token, patient_id) \
             SELECT DISTINCT had.customer_id, had.field, had.token, $2 FROM patient gone CROSS JOIN patient_token had \
             WHERE (gone.customer_id || '') = $1 AND gone.linked_to = $2 AND had.customer_id = $1 \
             AND had.patient_id = gone.patient_id AND had.field = $3 \
             ON CONFLICT (customer_id, field, token, patient_id) DO NOTHING",
            binds![customer, patient, vault::Field::RecordNumber.as_str()],
        )
        .await
        .map(|_| ())
    }

    /// Gives back what a merge moved, as far as it is still where the merge moved it; 0 rows and nothing moved when it
    /// does not stand.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn merge_take_back(&mut self, now: &PatientMerge) -> Result<Option<MovedBack>, StoreError> {
        let undone = self
            .run(
                "UPDATE patient_merge SET state = 'undone', undone_at = $3, undone_by = $4 \
                 WHERE customer_id = $1 AND merge_id = $2 AND state = 'merged'",
                binds![now.customer, now.id, now.undone_at, now.undone_by],
            )
            .await?;
        if undone == 0 {
            return Ok(None);
        }
        let mut moved = MovedBack::default();
        for (table, id, many) in
            [("document", "document_id", &mut moved.documents), ("related_person", "related_id", &mut moved.related)]
        {
            let sql = format!(
                "UPDATE {table} SET patient_id = $4, revision = revision + 1 WHERE customer_id = $1 AND patient_id = $3 \
                 AND {id} IN ({STILL_THERE})"
            );
            *many = self.run(sql, binds![now.customer, now.id, now.survivor, now.prior]).await?;
        }
        self.kept_renew(now.customer, now.prior).await?;
        self.kept_renew(now.customer, now.survivor).await?;
        Ok(Some(moved))
    }

    /// How many documents lie in a record's chart, as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_count_of(&mut self, customer: CustomerId, patient: PatientId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM document WHERE customer_id = $1 AND patient_id = $2";
        self.row(sql, binds![customer, patient]).await?.map_or(Ok(0), |row| row.count("many"))
    }

    /// Keeps that a message was applied; 0 when it was before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn adt_message_insert(
        &mut self,
        customer: CustomerId,
        token: &[u8],
        content: &[u8],
    ) -> Result<u64, StoreError> {
        let sql = "INSERT INTO adt_message (customer_id, token, content) VALUES ($1, $2, $3) \
                   ON CONFLICT (customer_id, token) DO NOTHING";
        self.run(sql, binds![customer, token, content]).await
    }

    /// Keeps how new the newest message about a patient is.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn adt_said_set(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO adt_patient (customer_id, patient_id, said_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (customer_id, patient_id) DO UPDATE SET said_at = $3";
        self.run(sql, binds![customer, patient, at]).await.map(|_| ())
    }
}
