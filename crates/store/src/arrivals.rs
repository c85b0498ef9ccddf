//! Documents in the order in which they came to the practice, or were signed there: what programs follow.

use crate::documents::{DOCUMENT, document};
use crate::scope::{self, Condition, Rows};
use crate::{Document, Page, Store, StoreError};
use policy::scope::DocumentScope;
use record::document::DocumentKind;
use record::{CustomerId, DocumentId, PatientId, Timestamp};

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
    /// Only about this patient.
    pub about: Option<PatientId>,
    /// Only these kinds; none of them when it is empty.
    pub kinds: Option<Vec<DocumentKind>>,
    /// Only what arrived, or was signed, from then on and before then.
    pub arrived: (Option<Timestamp>, Option<Timestamp>),
    /// Only what was delivered from then on and before then.
    pub delivered: (Option<Timestamp>, Option<Timestamp>),
}

/// A document, and when it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// When.
    pub at: Timestamp,
    /// It.
    pub document: Document,
}

impl ArrivedFilter {
    /// All of a customer's that may be listed, from the beginning.
    #[must_use]
    pub const fn all(customer: CustomerId, scope: DocumentScope) -> Self {
        Self {
            customer,
            scope,
            after: None,
            waiting: false,
            about: None,
            kinds: None,
            arrived: (None, None),
            delivered: (None, None),
        }
    }
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
        if let Some(patient) = filter.about {
            let patient = condition.place(patient);
            condition.and(&format!("document.patient_id = {patient}"));
        }
        if let Some(kinds) = &filter.kinds {
            // A list of none is no SQL that both engines read.
            let places: Vec<String> = kinds.iter().map(|kind| condition.place(kind.as_str())).collect();
            condition.and(&match places.as_slice() {
                [] => "1 = 0".to_owned(),
                places => format!("document.kind IN ({})", places.join(", ")),
            });
        }
        // Nothing is signed before it is delivered, so the order of arrival begins no earlier.
        let arrived = (filter.arrived.0.max(filter.delivered.0), filter.arrived.1);
        for (column, (from, before)) in [(AT, arrived), ("document.delivered_at", filter.delivered)] {
            for (sign, at) in [(">=", from), ("<", before)] {
                if let Some(at) = at {
                    let at = condition.place(at);
                    condition.and(&format!("{column} {sign} {at}"));
                }
            }
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
