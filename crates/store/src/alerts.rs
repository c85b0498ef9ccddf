//! What detectors, the probe and the system said.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{AlertId, Timestamp};

/// One alert: one sentence, no PHI.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// When.
    pub at: Timestamp,
    /// A fixed word.
    pub kind: String,
    /// One sentence.
    pub sentence: String,
    /// When somebody closed it.
    pub closed_at: Option<Timestamp>,
    /// Who.
    pub closed_by: Option<String>,
    /// With which word.
    pub word: Option<String>,
}

fn alert(row: &Row) -> Result<Alert, StoreError> {
    Ok(Alert {
        id: row.word("alert_id")?,
        at: row.at("at")?,
        kind: row.text("kind")?,
        sentence: row.text("sentence")?,
        closed_at: row.maybe_at("closed_at")?,
        closed_by: row.maybe_text("closed_by")?,
        word: row.maybe_text("word")?,
    })
}

impl Store {
    /// The newest 200 alerts, open ones first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn alert_list(&self) -> Result<Vec<Alert>, StoreError> {
        let sql = "SELECT alert_id, at, kind, sentence, closed_at, closed_by, word FROM alert \
                   ORDER BY CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END, alert_id DESC LIMIT 200";
        self.rows("list alerts", sql, binds![]).await?.iter().map(alert).collect()
    }

    /// One alert.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn alert_fetch(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        let sql = "SELECT alert_id, at, kind, sentence, closed_at, closed_by, word FROM alert WHERE alert_id = $1";
        self.row("fetch an alert", sql, binds![id]).await?.as_ref().map(alert).transpose()
    }
}

impl Tx {
    /// A new alert.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn alert_insert(&mut self, new: &Alert) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO alert (alert_id, at, kind, sentence, closed_at, closed_by, word) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            binds![new.id, new.at, &new.kind, &new.sentence, new.closed_at, new.closed_by.clone(), new.word.clone()],
        )
        .await
        .map(|_| ())
    }

    /// Closes an alert, once.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn alert_close(&mut self, id: AlertId, by: &str, at: Timestamp, word: &str) -> Result<u64, StoreError> {
        self.run(
            "UPDATE alert SET closed_at = $3, closed_by = $2, word = $4 WHERE alert_id = $1 AND closed_at IS NULL",
            binds![id, by, at, word],
        )
        .await
    }
}
