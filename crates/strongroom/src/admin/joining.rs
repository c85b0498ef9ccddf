//! A practice that joins another: prepared and carried out in the name of the privacy officer who confirmed it.

use super::perform::Caller;
use crate::outcome::Refused;
use custody::{JoinTo, JoiningMoved, JoiningView, SplitMuch};
use record::{CustomerId, act};
use serde_json::{Value, json};
use std::ops::ControlFlow;

fn much(much: Option<SplitMuch>) -> Option<Value> {
    much.map(|much| json!({"documents": much.documents, "bytes": much.bytes}))
}

fn view(one: &JoiningView) -> Value {
    let who = |one: &Option<(String, record::Timestamp)>| {
        one.as_ref().map(|(name, at)| json!({"by": name, "at": at.to_string()}))
    };
    json!({
        "joins": one.joins.id, "joins_name": one.joins.name, "into": one.into.id, "into_name": one.into.name,
        "state": one.state.as_str(), "prefix": one.prefix, "prepared_by": one.prepared.0,
        "prepared_at": one.prepared.1.to_string(), "yes_of_joins": who(&one.given), "yes_of_into": who(&one.agreed),
        "people": one.taken_over, "hindered": one.hindered, "joined_at": one.joined_at.map(|at| at.to_string()),
        "what": if one.split.is_some() { "some" } else { "all" },
        "list": one.split.as_ref().map(|split| &split.list), "stay": one.split.as_ref().and_then(|split| split.stays),
        "moved": one.split.as_ref().and_then(|split| split.moved),
        "went": much(one.split.as_ref().and_then(|split| split.went)),
        "shown_to_joins": much(one.split.as_ref().and_then(|split| split.given)),
        "shown_to_into": much(one.split.as_ref().and_then(|split| split.agreed)),
        "ended_half_way_by": one.split.as_ref().and_then(|split| split.ended.as_ref()),
        "counts": one.counts.map(|counts| json!({
            "documents": counts.documents, "patients": counts.patients, "bytes": counts.bytes,
        })),
    })
}

impl Caller {
    /// That one practice joins another, if both want it.
    pub(super) async fn join_prepare(
        &self,
        joins: CustomerId,
        into: CustomerId,
        prefix: String,
    ) -> anyhow::Result<Value> {
        let order = JoinTo { joins, into, prefix };
        self.desk::<act::CustomerJoinPrepare>().await?.join_prepare(&order).await?;
        Ok(json!({"joins": joins, "into": into}))
    }

    /// How far the joinings of a practice are.
    pub(super) async fn join_show(&self, customer: CustomerId) -> anyhow::Result<Value> {
        let page = self.desk::<act::CustomerJoinShow>().await?.joining_show(customer).await?;
        let joinings: Vec<Value> = page.joinings.iter().map(view).collect();
        Ok(json!({"customer_id": customer, "name": page.name, "joinings": joinings}))
    }

    /// Carries out what both have said yes to. Whoever goes away from the terminal stops it between two transactions.
    pub(super) async fn join_run(&self, joins: CustomerId) -> anyhow::Result<Value> {
        let desk = self.desk::<act::CustomerJoinPrepare>().await?;
        let mut stopped = None;
        let mut told = |so_far: &JoiningMoved| {
            if so_far.arrived == 0 {
                // Bytes stay where they are.
                let done = so_far.documents + so_far.patients;
                self.measure((done, 0), (so_far.documents_all + so_far.patients_all, 0));
            } else {
                self.tell(format!("All that can has left; {} rows are there", so_far.arrived));
            }
            match self.goes_on() {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    stopped = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let done = desk.join_run(joins, &mut told).await?;
        if let Some(error) = stopped {
            return Err(error);
        }
        if !done.finished && done.damaged == 0 {
            return Err(Refused("something was still being changed there; run it again".to_owned()).into());
        }
        Ok(json!({
            "joins": joins, "documents": done.documents, "patients": done.patients, "rows": done.arrived,
            "proposed": done.proposed, "prefixed": done.prefixed, "people": done.taken_over, "damaged": done.damaged,
            "finished": done.finished,
        }))
    }
}

fn number(out: &Value, name: &str) -> u64 {
    out[name].as_u64().unwrap_or_default()
}

/// How far the joinings of a practice are, in lines.
pub(super) fn shown(out: &Value) -> Vec<String> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let all = out["joinings"].as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return vec![format!(
            "{} joins no other practice, and none joins it; and no patients move between it and another.",
            text(out, "name")
        )];
    }
    let line = |one: &Value| {
        let hindered = text(one, "hindered");
        let hindered = if hindered.is_empty() { hindered } else { format!(". {hindered}") };
        let (joins, into) = (text(one, "joins_name"), text(one, "into_name"));
        let (id, state) = (text(one, "joins"), text(one, "state"));
        if one["what"] == "some" {
            let stay = number(one, "stay");
            let stay = if stay > 0 { format!(", {stay} who were chosen stay") } else { String::new() };
            let ended = text(one, "ended_half_way_by");
            let ended = if ended.is_empty() { ended } else { format!(", ended half way by {ended}") };
            return format!("Some patients of {joins} ({id}) move to {into}: {state}{ended}{stay}{hindered}");
        }
        format!("{joins} ({id}) joins {into}: {state}{hindered}")
    };
    all.iter().map(line).collect()
}

/// What was moved, in lines.
pub(super) fn moved(out: &Value) -> Vec<String> {
    let n = |name: &str| number(out, name);
    vec![
        format!(
            "{} documents and {} patients moved in this run ({} rows); {} record numbers have the prefix now, {} pairs of patients \
             are proposed as the same.",
            n("documents"),
            n("patients"),
            n("rows"),
            n("prefixed"),
            n("proposed")
        ),
        if out["finished"] == json!(true) { "All of it is there." } else { "It is not done." }.to_owned(),
    ]
}

/// What does not open makes the command end with 1.
pub(super) fn damaged(out: &Value) -> Option<String> {
    let many = number(out, "damaged");
    (many > 0).then(|| {
        format!(
            "{many} things do not open and stay where they are: an alert names them. Restore them, and run it again"
        )
    })
}
