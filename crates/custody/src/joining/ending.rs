//! A joining that is taken back before anything has moved, and a split that is ended half way.
//!
//! What must always hold: whoever has moved stays where they are, under the keys and the agreement that they came under; nobody
//! moves after the end; and what is on its way comes in before it.

use super::carrying::{JOB, Run};
use crate::{Custody, CustodyError, Desk, JoiningMoved, Witnessed};
use record::{CustomerId, PersonId, act};
use std::collections::BTreeSet;
use std::time::Duration;
use store::{Joining, JoiningState};

/// Times that what is on its way is brought in before an end.
const TRIES: usize = 3;
const ON_ITS_WAY: &str = "Some charts are on their way at this moment. Try again when they are there.";

/// What taking back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// Nothing had begun, and nothing moves.
    Before,
    /// Some patients may have moved, and stay where they are; nobody else moves.
    HalfWay,
}

/// Is it a split that was begun: it can be ended half way.
pub(super) fn is_endable(row: &Joining) -> bool {
    row.chosen.is_some() && row.state == JoiningState::Moving
}

/// What is done, for the sealed words of an entry.
pub(super) fn back_words(row: Option<&Joining>, joins: CustomerId) -> String {
    if row.is_some_and(is_endable) {
        format!("the split of {joins} is ended half way: who has moved stays there, and nobody else moves")
    } else {
        format!("it is taken back that {joins} joins another")
    }
}

impl Custody {
    /// It is taken back, or ended half way, by somebody who was asked before about the row as they saw it.
    pub(super) async fn joining_back(&self, row: &Joining, by: PersonId) -> Result<TakenBack, CustodyError> {
        if is_endable(row) {
            self.split_stop(row, by).await?;
            return Ok(TakenBack::HalfWay);
        }
        let mut tx = self.store().begin("take a joining back").await?;
        if tx.joining_withdraw(row.customer).await? == 0 {
            return Err(CustodyError::State("It is being carried out, or done: it cannot be taken back any more."));
        }
        if row.chosen.is_some() {
            // A joining has no list; what an earlier split left is still shown.
            tx.split_forget(row.customer).await?;
        }
        tx.commit().await?;
        // Names that stand on every tag; no PHI.
        let name = self.customer_name(row.customer).await?;
        let say = format!("That {name} joins another practice, or is split, was taken back.");
        self.alert("joining_taken_back", &say).await;
        Ok(TakenBack::Before)
    }

    async fn split_stop(&self, row: &Joining, by: PersonId) -> Result<(), CustodyError> {
        for _ in 0..TRIES {
            if self.split_stopped(row, by).await? {
                return self.split_stop_said(row).await;
            }
            self.split_settle(row).await?;
        }
        Err(CustodyError::State(ON_ITS_WAY))
    }

    /// False when something has left and has not come in: then nothing is ended.
    async fn split_stopped(&self, row: &Joining, by: PersonId) -> Result<bool, CustodyError> {
        let sides = (row.customer, row.into);
        let mut tx = self.store().begin("end a split half way").await?;
        // Whatever run is about does nothing from here on.
        let now = tx.joining_run(row.customer).await?.filter(|now| now.prepared_at == row.prepared_at);
        if !now.is_some_and(|now| is_endable(&now)) {
            return Err(CustodyError::Changed);
        }
        if !tx.arriving_let_go(sides).await? {
            return Ok(false);
        }
        if tx.split_stop(sides, (by, self.now())).await? == 0 {
            return Err(CustodyError::Changed);
        }
        // If we die before: it goes on as it was, and may be run again.
        tx.commit().await?;
        Ok(true)
    }

    async fn split_stop_said(&self, row: &Joining) -> Result<(), CustodyError> {
        let done = self.store().split_list_from(row.customer).await?;
        let moved = done.first().map_or(0, |done| done.patients);
        let stay = self.split_stay_count(row.customer).await?;
        let (one, other) = (self.customer_name(row.customer).await?, self.customer_name(row.into).await?);
        let say = format!(
            "The split of {one} was ended half way: {moved} patients have moved to {other} and stay there, {stay} who were chosen \
             stay at {one}: the manager's page lists them."
        );
        self.alert("joining_taken_back", &say).await;
        Ok(())
    }

    /// What has left comes in, as in a run of its own.
    async fn split_settle(&self, row: &Joining) -> Result<(), CustodyError> {
        let _alone = self.0.backing_up.try_lock().map_err(|_| CustodyError::State(ON_ITS_WAY))?;
        if !self.store().job_take(JOB).await? {
            return Err(CustodyError::State(ON_ITS_WAY));
        }
        let done = self.split_settle_taken(row).await;
        // If we die before: another node takes it up when the lease of this one has ended.
        self.store().job_end(JOB, Duration::ZERO).await?;
        done
    }

    async fn split_settle_taken(&self, row: &Joining) -> Result<(), CustodyError> {
        let row = self.joining_run_begin(row).await?;
        let (moved, damaged, listed) = (JoiningMoved::default(), Vec::new(), BTreeSet::new());
        let mut run = Run { custody: self.clone(), row, moved, damaged, listed };
        run.settle().await
    }
}

impl Desk<act::CustomerJoinPrepare> {
    /// What was prepared is taken back, as long as it is not carried out.
    ///
    /// # Errors
    /// [`CustodyError::State`] when there is nothing to take back.
    pub async fn join_unprepare(&self, joins: CustomerId) -> Result<Witnessed, CustodyError> {
        let witnessed = self.prepare_ask(joins, "the joining is taken back").await?;
        let row = self.custody.store().joining_fetch(joins).await?;
        let row = row.ok_or(CustodyError::State("Nothing is prepared that could be taken back."))?;
        if is_endable(&row) {
            return Err(CustodyError::State(
                "It is being carried out: it cannot be taken back any more. End it half way with: strongroom customer split end.",
            ));
        }
        self.custody.joining_back(&row, self.person()?).await?;
        Ok(witnessed)
    }

    /// A split that is being carried out, or was stopped, is ended half way: who has moved stays there, and nobody else moves.
    ///
    /// # Errors
    /// [`CustodyError::State`] when none is being carried out, or something is on its way at this moment.
    pub async fn split_end(&self, from: CustomerId) -> Result<Witnessed, CustodyError> {
        let row = self.custody.store().joining_fetch(from).await?.filter(is_endable);
        let witnessed = self.prepare_ask(from, &back_words(row.as_ref(), from)).await?;
        let row = row.ok_or(CustodyError::State("No split of this practice is being carried out."))?;
        self.custody.joining_back(&row, self.person()?).await?;
        Ok(witnessed)
    }
}
