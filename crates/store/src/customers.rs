//! Customers and their agreements.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::document::Confidentiality;
use record::{AgreementId, CustomerId, Timestamp};
use std::collections::BTreeMap;

/// Whose PHI is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its own name, as the tag says it.
    pub name: String,
    /// Whom a closed door names.
    pub telephone: String,
    /// When it came.
    pub created_at: Timestamp,
    /// When it left.
    pub closed_at: Option<Timestamp>,
}

/// A business associate agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// With whom.
    pub customer: CustomerId,
    /// First day in force, `YYYY-MM-DD`.
    pub from_day: String,
    /// Last day in force; none = open.
    pub to_day: Option<String>,
    /// Days we have to tell them.
    pub reporting_days: u32,
    /// `customer` or `operator`: who writes to the people affected.
    pub notices_by: String,
    /// May work be done abroad.
    pub offshore: bool,
    /// May we de-identify.
    pub deidentify: bool,
    /// `return` or `destroy`: what happens to the records at its end.
    pub at_end: String,
    /// Directory: two people reachable day and night.
    pub contacts: Vec<u8>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When somebody ended it early.
    pub ended_at: Option<Timestamp>,
}

impl Agreement {
    /// Is it in force on this day (`YYYY-MM-DD`, compared as text).
    #[must_use]
    pub fn in_force(&self, day: &str) -> bool {
        self.ended_at.is_none()
            && self.from_day.as_str() <= day
            && self.to_day.as_deref().is_none_or(|last| day <= last)
    }
}

const CUSTOMER: &str = "customer_id, name, telephone, created_at, closed_at";
const AGREEMENT: &str = "agreement_id, customer_id, from_day, to_day, reporting_days, notices_by, offshore, \
    deidentify, at_end, contacts, created_at, created_by, ended_at";

fn customer(row: &Row) -> Result<Customer, StoreError> {
    Ok(Customer {
        id: row.word("customer_id")?,
        name: row.text("name")?,
        telephone: row.text("telephone")?,
        created_at: row.at("created_at")?,
        closed_at: row.maybe_at("closed_at")?,
    })
}

fn agreement(row: &Row) -> Result<Agreement, StoreError> {
    Ok(Agreement {
        id: row.word("agreement_id")?,
        customer: row.word("customer_id")?,
        from_day: row.text("from_day")?,
        to_day: row.maybe_text("to_day")?,
        reporting_days: u32::try_from(row.int("reporting_days")?)
            .map_err(|_| StoreError::Column { column: "reporting_days" })?,
        notices_by: row.text("notices_by")?,
        offshore: row.yes("offshore")?,
        deidentify: row.yes("deidentify")?,
        at_end: row.text("at_end")?,
        contacts: row.bytes("contacts")?,
        created_at: row.at("created_at")?,
        created_by: row.text("created_by")?,
        ended_at: row.maybe_at("ended_at")?,
    })
}

impl Store {
    /// One customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn customer_fetch(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let sql = format!("SELECT {CUSTOMER} FROM customer WHERE customer_id = $1");
        self.row("fetch a customer", sql, binds![id]).await?.as_ref().map(customer).transpose()
    }

    /// What a customer keeps to those who treat: kinds of data, as words, and how far. Empty for one that is not there.
    ///
    /// # Errors
    /// When the database cannot, or holds no such rule.
    pub async fn customer_restricts(&self, id: CustomerId) -> Result<BTreeMap<String, Confidentiality>, StoreError> {
        let sql = "SELECT restricts FROM customer WHERE customer_id = $1";
        let Some(row) = self.row("fetch what a customer restricts", sql, binds![id]).await? else {
            return Ok(BTreeMap::new());
        };
        let broken = || StoreError::Column { column: "restricts" };
        let rule = |word: &str| {
            let (kind, kept) = word.split_once('=').ok_or_else(broken)?;
            Ok((kind.to_owned(), kept.parse().map_err(|_| broken())?))
        };
        row.text("restricts")?.split_ascii_whitespace().map(rule).collect()
    }

    /// All customers, by name.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn customer_list(&self) -> Result<Vec<Customer>, StoreError> {
        let sql = format!("SELECT {CUSTOMER} FROM customer ORDER BY name, customer_id");
        self.rows("list customers", sql, binds![]).await?.iter().map(customer).collect()
    }

    /// A customer's agreements, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn agreement_list(&self, id: CustomerId) -> Result<Vec<Agreement>, StoreError> {
        let sql = format!(
            "SELECT {AGREEMENT} FROM agreement WHERE customer_id = $1 ORDER BY from_day DESC, agreement_id DESC"
        );
        self.rows("list agreements", sql, binds![id]).await?.iter().map(agreement).collect()
    }
}

impl Tx {
    /// A new customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn customer_insert(&mut self, new: &Customer) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO customer (customer_id, name, telephone, created_at, closed_at, held_bytes) VALUES ($1, $2, $3, $4, $5, 0)",
            binds![new.id, &new.name, &new.telephone, new.created_at, new.closed_at],
        )
        .await
        .map(|_| ())
    }

    /// Sets what a customer keeps to those who treat: kinds of data, words without spaces, and how far.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn customer_restrict(
        &mut self,
        id: CustomerId,
        restricts: &BTreeMap<String, Confidentiality>,
    ) -> Result<u64, StoreError> {
        let rules: Vec<String> = restricts.iter().map(|(kind, kept)| format!("{kind}={kept}")).collect();
        self.run("UPDATE customer SET restricts = $2 WHERE customer_id = $1", binds![id, rules.join(" ")]).await
    }

    /// A new agreement.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn agreement_insert(&mut self, new: &Agreement) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO agreement ({AGREEMENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        self.run(
            sql,
            binds![
                new.id,
                new.customer,
                &new.from_day,
                new.to_day.clone(),
                new.reporting_days,
                &new.notices_by,
                new.offshore,
                new.deidentify,
                &new.at_end,
                new.contacts.clone(),
                new.created_at,
                &new.created_by,
                new.ended_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Ends an agreement now; how many rows (0 when it is not this customer's, or ended already).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn agreement_end(
        &mut self,
        customer: CustomerId,
        id: AgreementId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE agreement SET ended_at = $3 WHERE customer_id = $1 AND agreement_id = $2 AND ended_at IS NULL",
            binds![customer, id, at],
        )
        .await
    }
}
