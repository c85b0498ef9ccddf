//! Some patients of a practice go to another: prepared and carried out in the name of the privacy officer who confirmed it.

use super::perform::Caller;
use crate::outcome::Refused;
use custody::{JoiningMoved, LinesTold, SplitBy, SplitPrepared, SplitTo, split_numbers_read};
use record::{CustomerId, PersonId, act};
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// Which lines were not taken; nothing is prepared then.
fn rejected(lines: &LinesTold) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(line, say)| json!({"line": line, "say": say})).collect();
    json!({"prepared": false, "rejected": lines})
}

impl Caller {
    /// That some patients of a practice go to another, if both want it.
    pub(super) async fn split_prepare(
        &self,
        (from, into, prefix): (CustomerId, CustomerId, String),
        authors: Vec<PersonId>,
        file: &[u8],
    ) -> anyhow::Result<Value> {
        let desk = self.desk::<act::CustomerJoinPrepare>().await?;
        let by = if authors.is_empty() {
            match split_numbers_read(file)? {
                Ok(numbers) => SplitBy::Numbers(numbers),
                Err(lines) => return Ok(rejected(&lines)),
            }
        } else {
            SplitBy::Authors(authors)
        };
        Ok(match desk.split_prepare(&SplitTo { from, into, prefix, by }).await? {
            SplitPrepared::Unknown(lines) => rejected(&lines),
            SplitPrepared::Prepared { patients, stay, list } => {
                json!({"prepared": true, "from": from, "into": into, "patients": patients, "stay": stay, "list": list})
            }
        })
    }

    /// Carries out what both have said yes to. Whoever goes away from the terminal stops it between two transactions.
    pub(super) async fn split_run(&self, from: CustomerId) -> anyhow::Result<Value> {
        let desk = self.desk::<act::CustomerJoinPrepare>().await?;
        let mut stopped = None;
        let mut told = |so_far: &JoiningMoved| {
            // Bytes stay where they are.
            let done = so_far.documents + so_far.patients;
            self.measure((done, 0), (so_far.documents_all + so_far.patients_all, 0));
            match self.goes_on() {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    stopped = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let done = desk.split_run(from, &mut told).await?;
        if let Some(error) = stopped {
            return Err(error);
        }
        if !done.finished {
            return Err(Refused("some charts were still being changed; run it again".to_owned()).into());
        }
        Ok(json!({
            "from": from, "documents": done.documents, "patients": done.patients, "rows": done.arrived,
            "proposed": done.proposed, "prefixed": done.prefixed, "people": done.taken_over, "damaged": done.damaged,
            "stayed": done.stayed, "finished": done.finished,
        }))
    }

    /// Ends one half way that is being carried out, or was stopped.
    pub(super) async fn split_end(&self, from: CustomerId) -> anyhow::Result<Value> {
        self.desk::<act::CustomerJoinPrepare>().await?.split_end(from).await?;
        Ok(json!({"ended": from}))
    }
}

fn number(out: &Value, name: &str) -> u64 {
    out[name].as_u64().unwrap_or_default()
}

/// What was prepared, in lines.
pub(super) fn prepared(out: &Value) -> Vec<String> {
    if out["prepared"] != json!(true) {
        return vec!["Nothing is prepared.".to_owned()];
    }
    vec![
        format!(
            "Prepared: {} patients would move, {} who were chosen stay. The managers of both practices decide in the portal.",
            number(out, "patients"),
            number(out, "stay")
        ),
        format!("The list that both say yes to: sha256:{}", out["list"].as_str().unwrap_or_default()),
    ]
}

/// What was moved, in lines.
pub(super) fn moved(out: &Value) -> Vec<String> {
    let n = |name: &str| number(out, name);
    vec![format!(
        "{} documents and {} patients moved in this run ({} rows); {} record numbers have the prefix now, {} pairs of patients are \
         proposed as the same, {} patients stay. It is done.",
        n("documents"),
        n("patients"),
        n("rows"),
        n("prefixed"),
        n("proposed"),
        n("stayed")
    )]
}

/// What does not open makes the command end with 1.
pub(super) fn damaged(out: &Value) -> Option<String> {
    let many = number(out, "damaged");
    (many > 0).then(|| {
        format!(
            "{many} patients stay because something does not open or is damaged: an alert names them. Restore it, and prepare another \
             split"
        )
    })
}
