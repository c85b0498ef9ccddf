//! From which practices a practice's things came, over however many steps: whose entries tell of them, and whose keys open what
//! older backups hold of them.
//!
//! What must always hold: whoever's keys open a backup with something of this practice's in it is asked for first, when it went
//! into another one as a whole and has nothing left, or is named in the certificate; a step counts only when it began before what
//! it brought could go further.
//!
//! What it refuses to know: who of those that came in one step went on in the next.

use crate::{Custody, CustodyError};
use record::{CustomerId, Timestamp};
use std::collections::BTreeMap;

/// One step by which things came from one practice to another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Came {
    from: CustomerId,
    into: CustomerId,
    /// How many patients; none when it was all of a practice, which is closed.
    patients: Option<u64>,
    began_at: Timestamp,
    /// None while it is carried out.
    ended_at: Option<Timestamp>,
}

impl Custody {
    /// What came to this practice in one step.
    async fn came_into(&self, into: CustomerId) -> Result<Vec<Came>, CustodyError> {
        let mut all = Vec::new();
        for row in self.store().joining_list_into(into).await? {
            let Some(began_at) = row.moving_at else { continue };
            let patients = row.chosen.is_some().then_some(0);
            all.push(Came { from: row.customer, into, patients, began_at, ended_at: row.joined_at });
        }
        for done in self.store().split_list_into(into).await? {
            let (patients, ended_at) = (Some(done.patients), Some(done.split_at));
            all.push(Came { from: done.customer, into, patients, began_at: done.moving_at, ended_at });
        }
        Ok(all)
    }

    /// All steps by which something came here, the nearest first.
    async fn came(&self, customer: CustomerId) -> Result<Vec<Came>, CustodyError> {
        let (mut all, mut at) = (Vec::new(), 0);
        let mut looked: BTreeMap<CustomerId, Timestamp> = BTreeMap::new();
        let mut next = vec![(customer, Timestamp::from_unix_millis(i64::MAX))];
        while let Some((into, until)) = next.get(at).copied() {
            at += 1;
            if looked.get(&into).is_some_and(|before| *before >= until) {
                continue;
            }
            looked.insert(into, until);
            for one in self.came_into(into).await? {
                // What came there after the last of it had gone on did not come along.
                if one.began_at <= until {
                    next.push((one.from, one.ended_at.map_or(until, |ended| ended.min(until))));
                    if !all.contains(&one) {
                        all.push(one);
                    }
                }
            }
        }
        Ok(all)
    }

    /// This customer, and those from which something came to it, directly or by others: whose entries tell of its things.
    pub(crate) async fn customer_and_joined(&self, customer: CustomerId) -> Result<Vec<CustomerId>, CustodyError> {
        let mut all = vec![customer];
        for one in self.came(customer).await? {
            if !all.contains(&one.from) {
                all.push(one.from);
            }
        }
        Ok(all)
    }

    /// Is there a practice that went into this one as a whole, or into one from which something came here, and whose keys still are
    /// here. Copies of before open with them, and nothing else needs them.
    pub(crate) async fn joined_has_keys(&self, customer: CustomerId) -> Result<bool, CustodyError> {
        let came = self.came(customer).await?;
        let ring = self.ring();
        let whole = |one: &&Came| one.patients.is_none() && one.from != customer;
        Ok(came.iter().filter(whole).any(|one| ring.customers().any(|live| live == one.from)))
    }

    /// What the certificate says of what came from other practices: who lives on keeps their keys, and older backups open with
    /// those.
    pub(crate) async fn split_certified(&self, customer: CustomerId) -> Result<String, CustodyError> {
        let mut text = String::new();
        for one in self.came(customer).await? {
            if one.from == customer {
                continue;
            }
            let (from, into, at) = (one.from, one.into, one.ended_at.unwrap_or(one.began_at));
            let what = match (one.patients, into == customer) {
                (Some(many), true) => format!("came from: {many} patients from {from} at {at}"),
                (None, true) => format!("came from: all of {from} at {at}"),
                (Some(many), false) => {
                    format!(
                        "before that: {many} patients from {from} to {into} at {at}, of whom some may have come along"
                    )
                }
                (None, false) => {
                    format!("before that: all of {from} to {into} at {at}, of which some may have come along")
                }
            };
            let keys = if self.ring().customers().any(|live| live == from) {
                format!(
                    "backups made before that open them with the keys of {from} until those backups expire, for these keys are \
                     not destroyed"
                )
            } else {
                let row = self.store().key_shred_fetch(from).await?;
                match row.and_then(|row| row.destroyed_at) {
                    Some(when) => format!("the keys of {from} were destroyed at {when}, as their own certificate says"),
                    None => format!("keys of {from} are not here"),
                }
            };
            text.push_str(&format!("{what}; {keys}\n"));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
