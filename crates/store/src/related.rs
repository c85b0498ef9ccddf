//! People around a patient: guardians and guarantors. Rows are ended by a date in their sealed words, never deleted.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{CustomerId, PatientId, RelatedKind, RelatedPersonId, Timestamp};
use vault::Field;

/// A guardian or guarantor as kept.
#[derive(Debug, Clone)]
pub struct RelatedPerson {
    /// Who.
    pub id: RelatedPersonId,
    /// Whose.
    pub customer: CustomerId,
    /// Around whom.
    pub patient: PatientId,
    /// What they are to the patient.
    pub kind: RelatedKind,
    /// Sealed: name, relation, telephone, address, authority, court order, dates.
    pub body: Vec<u8>,
    /// When.
    pub created_at: Timestamp,
    /// Last change.
    pub changed_at: Timestamp,
    /// Counts every change; an update names the one it was made from.
    pub revision: u64,
}

pub(crate) const RELATED: &str = "related_id, customer_id, patient_id, kind, body, created_at, changed_at, revision";

pub(crate) fn related(row: &Row) -> Result<RelatedPerson, StoreError> {
    Ok(RelatedPerson {
        id: row.word("related_id")?,
        customer: row.word("customer_id")?,
        patient: row.word("patient_id")?,
        kind: row.word("kind")?,
        body: row.bytes("body")?,
        created_at: row.at("created_at")?,
        changed_at: row.at("changed_at")?,
        revision: row.count("revision")?,
    })
}

impl Store {
    /// The people around a patient, ended ones too, in the order in which they came.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_list(
        &self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<Vec<RelatedPerson>, StoreError> {
        let sql = format!(
            "SELECT {RELATED} FROM related_person WHERE customer_id = $1 AND patient_id = $2 ORDER BY related_id"
        );
        self.rows("list people around a patient", sql, binds![customer, patient]).await?.iter().map(related).collect()
    }
}

impl Tx {
    /// A new guardian or guarantor; how many the patient has now, and 0 when the patient is none of this customer's or was
    /// linked to another record meanwhile: nothing is written then.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_insert(&mut self, new: &RelatedPerson) -> Result<u64, StoreError> {
        let written = self
            .run(
                format!(
                    "INSERT INTO related_person ({RELATED}) SELECT $1, $2, $3, $4, $5, $6, $7, 0 FROM patient \
                 WHERE customer_id = $2 AND patient_id = $3 AND linked_to IS NULL"
                ),
                binds![
                    new.id,
                    new.customer,
                    new.patient,
                    new.kind.as_str(),
                    new.body.clone(),
                    new.created_at,
                    new.changed_at
                ],
            )
            .await?;
        if written == 0 {
            return Ok(0);
        }
        self.related_count(new.customer, new.patient, None).await
    }

    /// Writes a guardian's or guarantor's words anew; how many rows (0 when somebody has changed them since).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_update(&mut self, now: &RelatedPerson) -> Result<u64, StoreError> {
        self.run(
            "UPDATE related_person SET body = $3, changed_at = $4, revision = revision + 1 \
             WHERE customer_id = $1 AND related_id = $2 AND revision = $5",
            binds![
                now.customer,
                now.id,
                now.body.clone(),
                now.changed_at,
                i64::try_from(now.revision).unwrap_or(i64::MAX)
            ],
        )
        .await
    }

    /// How many people are around a patient, and how many changes they have seen together: what an index made from
    /// all of them was made from.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_standing(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<(u64, u64), StoreError> {
        let sql = "SELECT COUNT(*) AS many, CAST(COALESCE(SUM(revision), 0) AS BIGINT) AS changes FROM related_person \
                   WHERE customer_id = $1 AND patient_id = $2";
        let row = self.row(sql, binds![customer, patient]).await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.count("many")?, row.count("changes")?)))
    }

    /// How many people of this kind, or of any, a patient has.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_count(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
        kind: Option<RelatedKind>,
    ) -> Result<u64, StoreError> {
        let kind = kind.map(|kind| kind.as_str().to_owned());
        let sql = "SELECT COUNT(*) AS many FROM related_person \
                   WHERE customer_id = $1 AND patient_id = $2 AND kind = COALESCE($3, kind)";
        let row = self.row(sql, binds![customer, patient, kind]).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }

    /// Sets the blind tokens of a patient's guardians, in place of those there were; the patient's own stay.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn related_tokens_set(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
        tokens: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM patient_token WHERE (customer_id || '') = $1 AND patient_id = $2 AND field = $3",
            binds![customer, patient, Field::GuardianSurname.as_str()],
        )
        .await?;
        self.patient_tokens_add(customer, patient, tokens).await
    }

    /// A provisional patient turned out to be a known one: the people around the one are around the other.
    ///
    /// # Errors
    /// When the database cannot, or the known one is another customer's.
    pub async fn related_relink(
        &mut self,
        customer: CustomerId,
        from: PatientId,
        to: PatientId,
    ) -> Result<u64, StoreError> {
        self.guardian_tokens_add(customer, from, to).await?;
        self.run(
            "UPDATE related_person SET patient_id = $3, revision = revision + 1 \
             WHERE customer_id = $1 AND patient_id = $2",
            binds![customer, from, to],
        )
        .await
    }

    /// By the surnames of those around the one record the other is found, too.
    pub(crate) async fn guardian_tokens_add(
        &mut self,
        customer: CustomerId,
        from: PatientId,
        to: PatientId,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO patient_token (customer_id, field, token, patient_id) \
             SELECT customer_id, field, token, $3 FROM patient_token \
             WHERE (customer_id || '') = $1 AND patient_id = $2 AND field = $4 \
             ON CONFLICT (customer_id, field, token, patient_id) DO NOTHING",
            binds![customer, from, to, Field::GuardianSurname.as_str()],
        )
        .await
        .map(|_| ())
    }
}
