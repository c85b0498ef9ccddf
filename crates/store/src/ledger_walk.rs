//! A walk back through the entries that concern a customer: a step passes so many rows and no more, whatever is wanted of
//! them, so that nobody's search holds the database for as long as the ledger is.

use crate::binds::Value;
use crate::ledger_log::stored;
use crate::scope::Condition;
use crate::{Store, StoreError, StoredEntry};
use record::{Action, CustomerId, Outcome, ResourceId, Timestamp};

/// Which entries are passed, and which of them are wanted.
#[derive(Debug, Clone)]
pub struct Walk {
    /// Passed: those that concern this customer.
    pub customer: CustomerId,
    /// Passed: only those that name this thing.
    pub about: Option<ResourceId>,
    /// Passed: only those before this index.
    pub before: Option<u64>,
    /// Wanted: these acts; all when there is no list.
    pub actions: Option<Vec<Action>>,
    /// Wanted: these outcomes; all when there is no list.
    pub outcomes: Option<Vec<Outcome>>,
    /// Wanted: from this time on.
    pub from: Option<Timestamp>,
    /// Wanted: before this time.
    pub until: Option<Timestamp>,
}

/// An entry that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Its place.
    pub index: u64,
    /// The time of its act.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// It is wanted.
    pub wanted: bool,
}

impl Store {
    /// The next rows of a walk, the newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entry_walk(&self, walk: &Walk, rows: u32) -> Result<Vec<Passed>, StoreError> {
        let mut condition = Condition::default();
        let customer = condition.place(walk.customer);
        condition.and(&format!("customer_id = {customer}"));
        let (from, idx) = match walk.about {
            Some(about) => {
                let about = condition.place(about);
                condition.and(&format!("ledger_entry.idx = ledger_touch.idx AND ledger_touch.resource_id = {about}"));
                ("ledger_touch CROSS JOIN ledger_entry", "ledger_touch.idx")
            }
            None => ("ledger_entry", "ledger_entry.idx"),
        };
        if let Some(before) = walk.before {
            let before = condition.place(Value::from(i64::try_from(before).unwrap_or(i64::MAX)));
            condition.and(&format!("{idx} < {before}"));
        }
        let mut wanted = vec!["1 = 1".to_owned()];
        for (column, words) in [
            ("action", walk.actions.as_ref().map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>())),
            ("outcome", walk.outcomes.as_ref().map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>())),
        ] {
            if let Some(words) = words {
                let places: Vec<String> = words.into_iter().map(|word| condition.place(word)).collect();
                wanted.push(if places.is_empty() {
                    "1 = 0".to_owned()
                } else {
                    format!("{column} IN ({})", places.join(", "))
                });
            }
        }
        for (sign, at) in [(">=", walk.from), ("<", walk.until)] {
            if let Some(at) = at {
                let at = condition.place(at);
                wanted.push(format!("at {sign} {at}"));
            }
        }
        let (wanted, most) = (wanted.join(" AND "), condition.place(rows));
        let sql = format!(
            "SELECT {idx} AS idx, at, outcome, CAST(CASE WHEN {wanted} THEN 1 ELSE 0 END AS BIGINT) AS wanted \
             FROM {from} WHERE {} ORDER BY {idx} DESC LIMIT {most}",
            condition.sql
        );
        let rows = self.rows("walk through entries", sql, condition.values).await?;
        let passed = rows.iter().map(|row| {
            Ok(Passed {
                index: row.count("idx")?,
                at: row.at("at")?,
                outcome: row.text("outcome").map(|word| outcome(&word))?,
                wanted: row.int("wanted")? == 1,
            })
        });
        passed.collect()
    }

    /// These entries, the newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entry_fetch_many(&self, indexes: &[u64]) -> Result<Vec<StoredEntry>, StoreError> {
        if indexes.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let places: Vec<String> = indexes
            .iter()
            .map(|index| condition.place(Value::from(i64::try_from(*index).unwrap_or(i64::MAX))))
            .collect();
        let sql = format!("SELECT idx, leaf FROM ledger_entry WHERE idx IN ({}) ORDER BY idx DESC", places.join(", "));
        self.rows("read these entries", sql, condition.values).await?.iter().map(stored).collect()
    }
}

/// A word that no program knows is as an end that nobody knows.
fn outcome(word: &str) -> Outcome {
    Outcome::ALL.iter().copied().find(|one| one.as_str() == word).unwrap_or(Outcome::Unknown)
}
