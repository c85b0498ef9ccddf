//! Charts on their way: is all of a chart there that was put, is it still with the one, and to which record it comes.
//!
//! What must always hold: nothing leaves the one customer of which not each row waits for the other, as it was put; nothing is
//! let go of that has left; and no document, and nobody around a patient, comes in to a record that has gone into another one.

use crate::arriving::{Arriving, DOCUMENTS, PATIENTS, RELATED, among, number, text};
use crate::binds::{Value, binds};
use crate::scope::Condition;
use crate::{StoreError, Tx};
use record::{CustomerId, PatientId};
use std::collections::{BTreeMap, BTreeSet};

/// Things that one text asks about.
const ASKED_AT_ONCE: usize = 500;
/// How many records may have gone into one another in a row; more is damage.
const CHAIN_MAX: usize = 64;

impl Tx {
    /// Do exactly these rows wait for this customer, each as it was put.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_is(&mut self, customer: CustomerId, rows: &[Arriving]) -> Result<bool, StoreError> {
        let sql = "SELECT step, thing, content FROM arriving WHERE customer_id = $1";
        let mut waits = BTreeMap::new();
        for row in self.rows(sql, binds![customer]).await? {
            waits.insert((row.int("step")?, row.text("thing")?), row.bytes("content")?);
        }
        // Of two about the same thing the last was put.
        let put = rows.iter().map(|row| ((number(row.step as u64), row.thing.clone()), row.content()));
        let put: BTreeMap<(i64, String), Vec<u8>> = put.collect();
        Ok(waits == put)
    }

    /// Do all of these rows wait for this customer, whatever waits beside them.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_has(&mut self, customer: CustomerId, rows: &[Arriving]) -> Result<bool, StoreError> {
        for some in rows.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let customer = condition.place(customer);
            let places: Vec<String> = some.iter().map(|row| condition.place(row.thing.as_str())).collect();
            let sql = format!(
                "SELECT step, thing FROM arriving WHERE customer_id = {customer} AND thing IN ({})",
                places.join(", ")
            );
            let mut waits = BTreeSet::new();
            for row in self.rows(sql, condition.values).await? {
                waits.insert((row.int("step")?, row.text("thing")?));
            }
            if !some.iter().all(|row| waits.contains(&(number(row.step as u64), row.thing.clone()))) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Is all that waits for the one still the other's. Charts are put with all of their patients, and leave and come in with
    /// one transaction: so it is all of them, or none.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_is_still(&mut self, (from, into): (CustomerId, CustomerId)) -> Result<bool, StoreError> {
        let sql = "SELECT thing FROM arriving WHERE customer_id = $1 AND step = $2 ORDER BY thing";
        let rows = self.rows(sql, binds![into, number(PATIENTS as u64)]).await?;
        let waits: Vec<PatientId> = rows.iter().map(|row| row.word("thing")).collect::<Result<_, _>>()?;
        if waits.is_empty() {
            // What waits without its patient has come in with the rest of a chart, as far as it could.
            let sql = "SELECT thing FROM arriving WHERE customer_id = $1 LIMIT 1";
            return Ok(self.row(sql, binds![into]).await?.is_none());
        }
        for some in waits.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(from, some);
            let sql = format!("SELECT patient_id FROM patient WHERE customer_id = $1 AND patient_id {among}");
            if self.rows(sql, values).await?.len() != some.len() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets go of all that waits for the one, if all of it still is the other's; else of nothing, and says so.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_let_go(&mut self, (from, into): (CustomerId, CustomerId)) -> Result<bool, StoreError> {
        if !self.arriving_is_still((from, into)).await? {
            return Ok(false);
        }
        self.run("DELETE FROM arriving WHERE customer_id = $1", binds![into]).await?;
        Ok(true)
    }

    /// A row as it comes in: a document, or somebody around a patient, whose record has meanwhile gone into another one belongs
    /// to that one, as if it had been there when the two became one; taking that back gives it back. Where records went into one
    /// another without an end it comes in where it points: a joining that waited for that would wait for whoever did it.
    pub(crate) async fn arriving_placed(
        &mut self,
        customer: CustomerId,
        (at, thing): (usize, &str),
        mut values: Vec<Value>,
    ) -> Result<Vec<Value>, StoreError> {
        let damaged = || StoreError::Column { column: "arriving.content" };
        let patient = text(values.get(1)).filter(|_| matches!(at, RELATED | DOCUMENTS));
        let Some(patient) = patient.map(|id| id.parse::<PatientId>().map_err(|_| damaged())).transpose()? else {
            return Ok(values);
        };
        let Some(chain) = self.arriving_chain(customer, patient).await? else { return Ok(values) };
        for (prior, survivor) in chain.iter().zip(chain.iter().skip(1)) {
            self.run(
                "INSERT INTO merge_moved (customer_id, merge_id, thing_id) SELECT customer_id, merge_id, $4 FROM patient_merge \
                 WHERE customer_id = $1 AND prior_id = $2 AND survivor_id = $3 AND state = 'merged' \
                 ON CONFLICT (customer_id, merge_id, thing_id) DO NOTHING",
                binds![customer, *prior, *survivor, thing],
            )
            .await?;
            if at == RELATED {
                self.guardian_tokens_add(customer, *prior, *survivor).await?;
            }
        }
        if let (Some(to), Some(place)) = (chain.last().filter(|to| **to != patient), values.get_mut(1)) {
            *place = Value::Text(to.to_string());
        }
        Ok(values)
    }

    /// This record, the one that it went into, and so on to one that stands; none when that has no end.
    pub(crate) async fn arriving_chain(
        &mut self,
        customer: CustomerId,
        from: PatientId,
    ) -> Result<Option<Vec<PatientId>>, StoreError> {
        let (mut chain, mut at) = (vec![from], from);
        while chain.len() < CHAIN_MAX {
            let sql = "SELECT linked_to FROM patient WHERE customer_id = $1 AND patient_id = $2";
            let row = self.row(sql, binds![customer, at]).await?;
            match row.map_or(Ok(None), |row| row.maybe_word("linked_to"))? {
                None => return Ok(Some(chain)),
                Some(next) if chain.contains(&next) => return Ok(None),
                Some(next) => {
                    chain.push(next);
                    at = next;
                }
            }
        }
        Ok(None)
    }
}
