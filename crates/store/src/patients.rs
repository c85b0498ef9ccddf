//! Patients and the blind index over them.

use crate::binds::{Row, binds};
use crate::scope::Condition;
use crate::{Page, Store, StoreError, Tx, scope};
use policy::scope::PatientScope;
use record::{CustomerId, PatientId, Timestamp};

/// A patient as kept.
#[derive(Debug, Clone)]
pub struct Patient {
    /// Who.
    pub id: PatientId,
    /// Whose patient.
    pub customer: CustomerId,
    /// Sealed: name, birth date, record number, sex.
    pub body: Vec<u8>,
    /// Not yet sure who this is.
    pub provisional: bool,
    /// The known patient this one turned out to be.
    pub linked_to: Option<PatientId>,
    /// When.
    pub created_at: Timestamp,
    /// Last change.
    pub changed_at: Timestamp,
}

/// A patient that some tokens speak for.
#[derive(Debug, Clone)]
pub struct PatientMatch {
    /// Who.
    pub patient: Patient,
    /// How many of the tokens agree.
    pub agreeing: u64,
}

const PATIENT: &str = "patient.patient_id, patient.customer_id, patient.body, patient.provisional, patient.linked_to, \
    patient.created_at, patient.changed_at";

fn patient(row: &Row) -> Result<Patient, StoreError> {
    Ok(Patient {
        id: row.word("patient_id")?,
        customer: row.word("customer_id")?,
        body: row.bytes("body")?,
        provisional: row.yes("provisional")?,
        linked_to: row.maybe_word("linked_to")?,
        created_at: row.at("created_at")?,
        changed_at: row.at("changed_at")?,
    })
}

impl Store {
    /// One patient.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_fetch(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let sql = format!("SELECT {PATIENT} FROM patient WHERE patient_id = $1");
        self.row("fetch a patient", sql, binds![id]).await?.as_ref().map(patient).transpose()
    }

    /// Several patients of one customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_fetch_many(
        &self,
        customer: CustomerId,
        ids: &[PatientId],
    ) -> Result<Vec<Patient>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let place = condition.place(customer);
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "SELECT {PATIENT} FROM patient WHERE customer_id = {place} AND patient_id IN ({})",
            places.join(", ")
        );
        self.rows("fetch patients", sql, condition.values).await?.iter().map(patient).collect()
    }

    /// Patients in scope who have every group's token: each group is a set of alternatives (field, MAC) of which one
    /// must agree. Newest patients first; linked ones are left out. No groups: all in scope.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_search(
        &self,
        customer: CustomerId,
        patients_in: &PatientScope,
        groups: &[Vec<(String, Vec<u8>)>],
        before: Option<PatientId>,
        limit: u32,
    ) -> Result<Page<Patient>, StoreError> {
        let mut condition = Condition::default();
        let place = condition.place(customer);
        condition.and(&format!("patient.customer_id = {place} AND patient.linked_to IS NULL"));
        scope::patients(&mut condition, patients_in);
        for group in groups {
            let any: Vec<String> = group
                .iter()
                .map(|(field, token)| {
                    let (field, token) = (condition.place(field), condition.place(token.clone()));
                    format!(
                        "EXISTS (SELECT 1 FROM patient_token said WHERE said.customer_id = {place} AND said.field = {field} \
                         AND said.token = {token} AND said.patient_id = patient.patient_id)"
                    )
                })
                .collect();
            let any = if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") };
            condition.and(&any);
        }
        if let Some(before) = before {
            let before = condition.place(before);
            condition.and(&format!("patient.patient_id < {before}"));
        }
        let limit_place = condition.place(limit.saturating_add(1));
        let sql = format!(
            "SELECT {PATIENT} FROM patient WHERE {} ORDER BY patient.patient_id DESC LIMIT {limit_place}",
            condition.sql
        );
        let rows = self.rows("search patients", sql, condition.values).await?;
        let more = rows.len() > limit as usize;
        let items = rows.iter().take(limit as usize).map(patient).collect::<Result<_, _>>()?;
        Ok(Page { items, more })
    }

    /// Patients of a customer for whom any of these tokens speaks, those with most agreeing first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_propose(
        &self,
        customer: CustomerId,
        tokens: &[(String, Vec<u8>)],
        limit: u32,
    ) -> Result<Vec<PatientMatch>, StoreError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let place = condition.place(customer);
        let any: Vec<String> = tokens
            .iter()
            .map(|(field, token)| {
                let (field, token) = (condition.place(field), condition.place(token.clone()));
                format!("(field = {field} AND token = {token})")
            })
            .collect();
        let limit_place = condition.place(limit);
        let sql = format!(
            "SELECT {PATIENT}, agreed.many AS many FROM patient JOIN (SELECT patient_id, COUNT(*) AS many FROM patient_token \
             WHERE customer_id = {place} AND ({}) GROUP BY patient_id) AS agreed \
             ON agreed.patient_id = patient.patient_id WHERE patient.customer_id = {place} AND patient.linked_to IS NULL \
             ORDER BY agreed.many DESC, patient.patient_id LIMIT {limit_place}",
            any.join(" OR ")
        );
        let rows = self.rows("propose patients", sql, condition.values).await?;
        rows.iter().map(|row| Ok(PatientMatch { patient: patient(row)?, agreeing: row.count("many")? })).collect()
    }

    /// Patients that were linked to this one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_linked(&self, customer: CustomerId, id: PatientId) -> Result<Vec<PatientId>, StoreError> {
        let rows = self
            .rows(
                "list linked patients",
                "SELECT patient_id FROM patient WHERE customer_id = $1 AND linked_to = $2 ORDER BY patient_id",
                binds![customer, id],
            )
            .await?;
        rows.iter().map(|row| row.word("patient_id")).collect()
    }
}

impl Tx {
    /// A new patient.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_insert(&mut self, new: &Patient) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO patient (patient_id, customer_id, body, provisional, linked_to, created_at, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            binds![
                new.id,
                new.customer,
                new.body.clone(),
                new.provisional,
                new.linked_to,
                new.created_at,
                new.changed_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Writes a patient's changed fields.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_update(&mut self, now: &Patient) -> Result<u64, StoreError> {
        self.run(
            "UPDATE patient SET body = $3, provisional = $4, linked_to = $5, changed_at = $6 WHERE customer_id = $1 AND patient_id = $2",
            binds![now.customer, now.id, now.body.clone(), now.provisional, now.linked_to, now.changed_at],
        )
        .await
    }

    /// Writes a known patient's words anew; it is no longer provisional.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_rewrite(
        &mut self,
        customer: CustomerId,
        id: PatientId,
        body: Vec<u8>,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE patient SET body = $3, provisional = 0, changed_at = $4 WHERE customer_id = $1 AND patient_id = $2",
            binds![customer, id, body, at],
        )
        .await
    }

    /// Sets the blind tokens of a patient, in place of those it had.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_tokens_set(
        &mut self,
        customer: CustomerId,
        id: PatientId,
        tokens: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.run("DELETE FROM patient_token WHERE customer_id = $1 AND patient_id = $2", binds![customer, id]).await?;
        for (field, token) in tokens {
            self.run(
                "INSERT INTO patient_token (customer_id, field, token, patient_id) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (customer_id, field, token, patient_id) DO NOTHING",
                binds![customer, field, token.clone(), id],
            )
            .await?;
        }
        Ok(())
    }

    /// Which patient has this token; for imports, inside the transaction.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_by_token(
        &mut self,
        customer: CustomerId,
        field: &str,
        token: &[u8],
    ) -> Result<Option<PatientId>, StoreError> {
        let row = self
            .row(
                "SELECT patient_id FROM patient_token WHERE customer_id = $1 AND field = $2 AND token = $3 ORDER BY patient_id LIMIT 1",
                binds![customer, field, token],
            )
            .await?;
        row.map(|row| row.word("patient_id")).transpose()
    }

    /// Moves a provisional patient's documents to the known one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn documents_relink(
        &mut self,
        customer: CustomerId,
        from: PatientId,
        to: PatientId,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE document SET patient_id = $3, revision = revision + 1 WHERE customer_id = $1 AND patient_id = $2",
            binds![customer, from, to],
        )
        .await
    }
}
