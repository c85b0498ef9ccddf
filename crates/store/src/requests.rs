//! Numbered requests, inside which a privacy officer sees names.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{CustomerId, PersonId, RequestId, Timestamp};

/// A numbered request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// At which customer.
    pub customer: CustomerId,
    /// Who opened it.
    pub person: PersonId,
    /// Number and reason, under the customer's audit key of the year it begins in.
    pub body: Vec<u8>,
    /// From.
    pub from_at: Timestamp,
    /// Until.
    pub to_at: Timestamp,
    /// When it was closed by hand.
    pub closed_at: Option<Timestamp>,
}

const REQUEST: &str = "request_id, customer_id, person_id, body, from_at, to_at, closed_at";

fn request(row: &Row) -> Result<Request, StoreError> {
    Ok(Request {
        id: row.word("request_id")?,
        customer: row.word("customer_id")?,
        person: row.word("person_id")?,
        body: row.bytes("body")?,
        from_at: row.at("from_at")?,
        to_at: row.at("to_at")?,
        closed_at: row.maybe_at("closed_at")?,
    })
}

impl Store {
    /// A person's requests that are not over at `now`, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn request_open(&self, person: PersonId, now: Timestamp) -> Result<Vec<Request>, StoreError> {
        let sql = format!("SELECT {REQUEST} FROM request WHERE person_id = $1 AND to_at > $2 ORDER BY request_id DESC");
        self.rows("list open requests", sql, binds![person, now]).await?.iter().map(request).collect()
    }

    /// Requests of everybody, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn request_list(&self, limit: u32) -> Result<Vec<Request>, StoreError> {
        let sql = format!("SELECT {REQUEST} FROM request ORDER BY request_id DESC LIMIT $1");
        self.rows("list requests", sql, binds![limit]).await?.iter().map(request).collect()
    }

    /// One request.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn request_fetch(&self, id: RequestId) -> Result<Option<Request>, StoreError> {
        let sql = format!("SELECT {REQUEST} FROM request WHERE request_id = $1");
        self.row("fetch a request", sql, binds![id]).await?.as_ref().map(request).transpose()
    }
}

impl Tx {
    /// A request is opened.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn request_insert(&mut self, new: &Request) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO request ({REQUEST}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        let values = binds![new.id, new.customer, new.person, new.body.clone(), new.from_at, new.to_at, new.closed_at];
        self.run(sql, values).await.map(|_| ())
    }

    /// Closes a request of this person that is open; zero when there is none.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn request_close(&mut self, id: RequestId, by: PersonId, at: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE request SET to_at = $3, closed_at = $3 WHERE request_id = $1 AND person_id = $2 AND to_at > $3",
            binds![id, by, at],
        )
        .await
    }
}
