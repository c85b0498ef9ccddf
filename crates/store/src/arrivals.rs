//! Documents in the order in which they came to the practice, or were signed there: what programs follow.

use crate::documents::{DOCUMENT, document};
use crate::scope::{self, Condition, Rows};
use crate::{Document, Page, Store, StoreError};
use policy::scope::DocumentScope;
use record::{CustomerId, DocumentId, Timestamp};

/// When it arrived; a document that is signed arrives again.
const AT: &str = "COALESCE(document.signed_at, document.delivered_at)";

/// Which documents.
#[derive(Debug, Clone)]
pub struct ArrivedFilter {
    /// Whose.
    pub customer: CustomerId,
    /// What the asker may have listed.
    pub scope: DocumentScope,
    /// Only after this one.
    pub after: Option<(Timestamp, DocumentId)>,
    /// Only what nobody at the practice has picked up.
    pub waiting: bool,
}

/// A document, and when it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// When.
    pub at: Timestamp,
    /// It.
    pub document: Document,
}

impl Store {
    /// A page of them, the earliest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_arrived(&self, filter: &ArrivedFilter, limit: u32) -> Result<Page<Arrived>, StoreError> {
        let mut condition = Condition::default();
        let customer = condition.place(filter.customer);
        condition.and(&format!("document.customer_id = {customer}"));
        if let Some((at, id)) = filter.after {
            let (at, id) = (condition.place(at), condition.place(id.to_string()));
            condition.and(&format!("({AT}, document.document_id) > ({at}, {id})"));
        } else {
            condition.and(&format!("{AT} IS NOT NULL"));
        }
        if filter.waiting {
            condition.and("document.picked_up_at IS NULL");
        }
        scope::documents(&mut condition, &filter.scope, Rows::Many);
        let most = condition.place(limit.saturating_add(1));
        let sql = format!(
            "SELECT {DOCUMENT}, {AT} AS arrived_at FROM document WHERE {} ORDER BY {AT}, document.document_id LIMIT {most}",
            condition.sql
        );
        let rows = self.rows("list what arrived", sql, condition.values).await?;
        let more = rows.len() > limit as usize;
        let arrived = |row| {
            Ok::<_, StoreError>(Arrived { at: crate::binds::Row::at(row, "arrived_at")?, document: document(row)? })
        };
        let items = rows.iter().take(limit as usize).map(arrived).collect::<Result<_, _>>()?;
        Ok(Page { items, more })
    }
}
