//! Numbers of patients on their way, and rows on their way that have not left after all.
//!
//! What must always hold: nobody comes in under a record number that somebody has got meanwhile; what is still the one
//! customer's does not come in to the other.

use crate::arriving::{Arriving, LINKS, TOKENS, number, text, values_of};
use crate::binds::{Value, binds};
use crate::{Store, StoreError, Tx};
use record::{CustomerId, PatientId};
use vault::Field;

/// Whose number it is, and its token; none for a token of another kind.
pub(crate) fn number_of(values: &[Value]) -> Option<(PatientId, &[u8])> {
    let Some(Value::Bytes(token)) = values.get(1) else { return None };
    if text(values.first())? != Field::RecordNumber.as_str() {
        return None;
    }
    Some((text(values.get(2))?.parse().ok()?, token.as_slice()))
}

impl Store {
    /// Record numbers that wait for this customer, and whose they are. After everything has come in that can: those that
    /// somebody else has by now.
    ///
    /// # Errors
    /// When the database cannot, or a row that waits is damaged.
    pub async fn arriving_numbers(&self, customer: CustomerId) -> Result<Vec<(PatientId, Vec<u8>)>, StoreError> {
        let sql = "SELECT content FROM arriving WHERE customer_id = $1 AND step = $2 ORDER BY thing";
        let mut found = Vec::new();
        for row in self.rows("look for numbers that wait", sql, binds![customer, number(TOKENS as u64)]).await? {
            let values = values_of(&row.bytes("content")?).ok_or(StoreError::Column { column: "arriving.content" })?;
            found.extend(number_of(&values).map(|(patient, token)| (patient, token.to_vec())));
        }
        Ok(found)
    }

    /// What is still this customer's: ids of documents, patients and those around them, merges and broken glasses.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_stayed(&self, customer: CustomerId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT document_id AS thing FROM document WHERE customer_id = $1 \
                   UNION ALL SELECT patient_id AS thing FROM patient WHERE customer_id = $1 \
                   UNION ALL SELECT related_id AS thing FROM related_person WHERE customer_id = $1 \
                   UNION ALL SELECT merge_id AS thing FROM patient_merge WHERE customer_id = $1 \
                   UNION ALL SELECT break_glass_id AS thing FROM break_glass WHERE customer_id = $1";
        let rows = self.rows("list what has not left", sql, binds![customer]).await?;
        rows.iter().map(|row| row.text("thing")).collect()
    }
}

impl Tx {
    /// Lets go of what waits for this customer of some things, and of what is each one's own.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_forget(&mut self, customer: CustomerId, things: &[String]) -> Result<(), StoreError> {
        for thing in things {
            let sql = "DELETE FROM arriving WHERE customer_id = $1 AND (thing = $2 OR thing LIKE $3)";
            self.run(sql, binds![customer, thing, format!("{thing}/%")]).await?;
        }
        Ok(())
    }

    /// Lets go of a number that waits for this customer: the patient has another one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_number_forget(
        &mut self,
        customer: CustomerId,
        (patient, token): (PatientId, &[u8]),
    ) -> Result<(), StoreError> {
        let one = (Field::RecordNumber.as_str().to_owned(), token.to_vec());
        for row in Arriving::patient_tokens(patient, &[one]) {
            let sql = "DELETE FROM arriving WHERE customer_id = $1 AND step = $2 AND thing = $3";
            self.run(sql, binds![customer, number(row.step as u64), row.thing]).await?;
        }
        Ok(())
    }

    /// Has somebody got this number since the moving began. Whoever came with the one that joins was last changed before that,
    /// when its door closed; of one that is split somebody may have come who was changed since, and then the second with that
    /// number gets another one. What has gone into another record may have a number that this one has, too.
    pub(crate) async fn arriving_number_is_taken(
        &mut self,
        customer: CustomerId,
        (patient, token): (PatientId, &[u8]),
    ) -> Result<bool, StoreError> {
        let sql = "SELECT patient_id FROM patient WHERE customer_id = $1 AND patient_id = $2 AND linked_to IS NOT NULL \
                   UNION ALL SELECT thing AS patient_id FROM arriving WHERE customer_id = $1 AND step = $3 AND thing = $2";
        if self.row(sql, binds![customer, patient, number(LINKS as u64)]).await?.is_some() {
            return Ok(false);
        }
        let sql = "SELECT had.patient_id AS patient_id FROM patient_token had CROSS JOIN patient \
                   WHERE had.customer_id = $1 AND had.field = $2 AND had.token = $3 AND had.patient_id <> $4 \
                   AND patient.customer_id = $1 AND patient.patient_id = had.patient_id AND patient.changed_at > \
                   (SELECT moving_at FROM customer_joining WHERE into_id = $5 AND state = 'moving') LIMIT 1";
        let (field, into) = (Field::RecordNumber.as_str(), customer.to_string());
        Ok(self.row(sql, binds![customer, field, token, patient, into]).await?.is_some())
    }
}
