//! Numbered requests: a patient, an authority or a practice asks, the privacy officer writes number and reason down, and
//! only then, for one working day and at that one practice, are patients found by name.
//!
//! What must always hold: the number and the reason are in the ledger before anything is shown; a request counts for
//! whoever opened it, and for nobody else; that it was opened is told to the other officers by an alert.

use crate::ask::Question;
use crate::filing::reason_read;
use crate::settings::year_of;
use crate::{Custody, CustodyError, Desk, DocumentSearch, PatientLines, Witnessed};
use policy::REQUEST_MILLIS_MAX;
use record::{CustomerId, Purpose, RequestId, Timestamp, act};
use serde::{Deserialize, Serialize};
use store::Request;
use vault::Owner;

/// The longest number of a request, characters.
const NUMBER_CHARS_MAX: usize = 32;
/// Requests that are listed.
const LISTED_MAX: u32 = 100;

/// What is written down of a request. It may name a person, so it is sealed; six years, as the ledger's words are.
#[derive(Serialize, Deserialize, Default)]
struct Body {
    number: String,
    reason: String,
}

/// One numbered request.
pub struct RequestLine {
    /// Which.
    pub id: RequestId,
    /// At which customer.
    pub customer: CustomerId,
    /// Their name.
    pub customer_name: String,
    /// Who opened it, by name.
    pub who: String,
    /// The asker opened it: it counts for nobody else.
    pub own: bool,
    /// Its number, as the officer keeps it.
    pub number: String,
    /// Why.
    pub reason: String,
    /// From.
    pub from_at: Timestamp,
    /// Until.
    pub to_at: Timestamp,
    /// Its time is not over.
    pub open: bool,
}

/// Reads a request's number: what an officer writes on a folder, and no sentence.
fn number_read(text: &str) -> Result<&str, CustodyError> {
    let text = text.trim();
    let fits = |one: char| one.is_ascii_alphanumeric() || "-/.#".contains(one);
    let good = text.chars().count() <= NUMBER_CHARS_MAX && text.chars().all(fits) && text.contains(char::is_numeric);
    if good { Ok(text) } else { Err(CustodyError::field("number", "Write the request's number, such as R-2026-014")) }
}

impl Custody {
    fn request_seal(
        &self,
        id: RequestId,
        customer: CustomerId,
        at: Timestamp,
        body: &Body,
    ) -> Result<Vec<u8>, CustodyError> {
        let json = serde_json::to_vec(body).map_err(CustodyError::seal)?;
        self.ring()
            .audit_seal(Owner::Customer(customer), year_of(at), &id.to_bytes(), &json)
            .map_err(CustodyError::seal)
    }

    fn request_body(&self, row: &Request) -> Body {
        let owner = Owner::Customer(row.customer);
        let opened = self.ring().audit_open(owner, year_of(row.from_at), &row.id.to_bytes(), &row.body).ok();
        opened.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    /// The number of a request, for those who act inside it.
    pub(crate) fn request_number(&self, row: &Request) -> String {
        self.request_body(row).number
    }
}

impl Desk<act::RequestOpen> {
    /// Opens a numbered request at a customer for eight hours.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn request_open(
        &self,
        customer: CustomerId,
        number: &str,
        reason: &str,
    ) -> Result<RequestId, CustodyError> {
        let body = Body { number: number_read(number)?.to_owned(), reason: reason_read(reason)?.to_owned() };
        let me = self.person()?;
        let custody = &self.custody;
        let id = RequestId::mint(custody.clock(), custody.entropy());
        let words = format!("{}: {}", body.number, body.reason);
        drop(self.ask(Question::of(customer, Purpose::Operations).also(id).saying(&words)).await?);
        // The others are told before it is open. If we die here or below: the ledger and an alert have a request that
        // was never open.
        let name = custody.customer_name(customer).await?;
        custody.alert("request_opened", &format!("A privacy officer opened a numbered request at {name}")).await;
        let now = custody.now();
        let mut tx = custody.store().begin("open a request").await?;
        tx.request_insert(&Request {
            id,
            customer,
            person: me,
            body: custody.request_seal(id, customer, now, &body)?,
            from_at: now,
            to_at: now.plus_millis(REQUEST_MILLIS_MAX),
            closed_at: None,
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }
}

impl Desk<act::PatientSearch> {
    /// Finds patients inside a request of one's own, at the customer that it is about.
    ///
    /// # Errors
    /// [`CustodyError`]; absent, closed, and somebody else's look alike.
    pub async fn patient_search_requested(
        &self,
        id: RequestId,
        search: &DocumentSearch,
    ) -> Result<Vec<PatientLines>, CustodyError> {
        let me = self.person()?;
        let row = self.custody.store().request_fetch(id).await?;
        let Some(row) = row.filter(|row| row.person == me && self.custody.now() < row.to_at) else {
            return self.absent(id).await;
        };
        self.patient_search(search, Some(row.customer)).await
    }
}

impl Desk<act::RequestClose> {
    /// Closes a request of one's own: nothing more is shown under it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn request_close(&self, id: RequestId) -> Result<(), CustodyError> {
        let me = self.person()?;
        let custody = &self.custody;
        let Some(row) = custody.store().request_fetch(id).await? else { return self.absent(id).await };
        drop(self.ask(Question::of(row.customer, Purpose::Operations).also(id)).await?);
        let mut tx = custody.store().begin("close a request").await?;
        if tx.request_close(id, me, custody.now()).await? == 0 {
            return Err(CustodyError::State("this request is closed already, or somebody else's"));
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Desk<act::RequestList> {
    /// The numbered requests of all privacy officers, newest first, at most a hundred.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn request_list(&self) -> Result<(Vec<RequestLine>, Witnessed), CustodyError> {
        let witnessed = self.ask(Question::house(Purpose::Operations)).await?.witnessed();
        let mut lines = Vec::new();
        for row in self.custody.store().request_list(LISTED_MAX).await? {
            lines.push(self.line(row).await?);
        }
        Ok((lines, witnessed))
    }

    /// One of them.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn request_show(&self, id: RequestId) -> Result<(RequestLine, Witnessed), CustodyError> {
        let row = self.custody.store().request_fetch(id).await?;
        let witnessed = self.ask(Question::house(Purpose::Operations).also(id)).await?.witnessed();
        let row = row.ok_or(CustodyError::Absent)?;
        Ok((self.line(row).await?, witnessed))
    }

    async fn line(&self, row: Request) -> Result<RequestLine, CustodyError> {
        let (custody, me) = (&self.custody, self.person()?);
        let Body { number, reason } = custody.request_body(&row);
        Ok(RequestLine {
            id: row.id,
            customer: row.customer,
            customer_name: custody.customer_name(row.customer).await?,
            who: custody.name_of_person(Some(row.person)).await?,
            own: row.person == me,
            number,
            reason,
            from_at: row.from_at,
            to_at: row.to_at,
            open: custody.now() < row.to_at,
        })
    }
}

#[cfg(test)]
#[path = "requests/tests.rs"]
mod tests;
