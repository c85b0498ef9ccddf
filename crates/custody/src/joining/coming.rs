//! What runs share: which run may go on, what is put where it waits, and what comes in.
//!
//! What must always hold: of two runs that are about at once (a node that stood still wakes) only the one that was begun last
//! changes anything: each transaction of a run asks for its number, and holds it; nothing is taken out of the one practice that
//! does not wait for the other; the charts of a split come in with one transaction, as they left.

use super::carrying::{Moving, Progress, Run};
use crate::{Custody, CustodyError};
use record::Outcome;
use std::ops::ControlFlow;
use store::{Arriving, ArrivingAt, Joining, Tx};

impl Custody {
    /// Another run of it begins; whatever run still is about does nothing from here on.
    pub(super) async fn joining_run_begin(&self, row: &Joining) -> Result<Joining, CustodyError> {
        let mut tx = self.store().begin("begin a run of a joining").await?;
        let now = tx.joining_run(row.customer).await?.filter(|now| now.prepared_at == row.prepared_at);
        let now = now.filter(|now| now.chosen == row.chosen).ok_or(CustodyError::Changed)?;
        // If we die here, or later: the next run has another number.
        tx.commit().await?;
        Ok(now)
    }

    /// Has something left the one practice that has not come in to the other.
    pub(crate) async fn joining_is_on_its_way(&self, row: &Joining) -> Result<bool, CustodyError> {
        if self.store().arriving_count(row.into).await? == 0 {
            return Ok(false);
        }
        // Of charts that were put and have not left every row still is the one's. Of a joining this is not looked at.
        let mut tx = self.store().begin("look what is on its way").await?;
        Ok(row.chosen.is_none() || !tx.arriving_is_still((row.customer, row.into)).await?)
    }
}

impl Run {
    /// Is this the run that carries it out; no other begins, and nobody ends it, before this transaction is over.
    pub(super) async fn holds(&self, tx: &mut Tx) -> Result<(), CustodyError> {
        if tx.joining_holds(self.row.customer, self.row.run).await? { Ok(()) } else { Err(CustodyError::Changed) }
    }

    /// Puts rows where they wait for the other practice. What is put there twice is there once.
    pub(super) async fn put(&self, rows: &[Arriving]) -> Result<(), CustodyError> {
        let mut tx = self.custody.store().begin("put rows where they wait to come in").await?;
        self.holds(&mut tx).await?;
        tx.arriving_put(self.row.into, rows).await?;
        Ok(tx.commit().await?)
    }

    /// Begins to take out of the one practice what was put for the other, and waits there.
    pub(super) async fn departing(&self, doing: &'static str, rows: &[Arriving]) -> Result<Tx, CustodyError> {
        let mut tx = self.custody.store().begin(doing).await?;
        self.holds(&mut tx).await?;
        if tx.arriving_has(self.row.into, rows).await? { Ok(tx) } else { Err(CustodyError::Changed) }
    }

    /// What waits comes in, in the order in which rows point to each other; what points to something that stayed waits on.
    pub(super) async fn come_in(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let into = self.row.into;
        let mut at = ArrivingAt::default();
        while self.custody.store().arriving_count(into).await? > 0 {
            let facts = self.custody.store().arriving_next(into, &at).await?;
            let (opening, _) = self.ask(into, facts).await?;
            let done = self.page_comes(&at).await;
            let (many, last) = self.told(opening.intent(), "arrived", done).await?;
            self.moved.arrived += many;
            let Some(last) = last else { break };
            at = last;
            if progress(&self.moved).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn page_comes(&self, at: &ArrivingAt) -> Result<(u64, Option<ArrivingAt>), CustodyError> {
        let mut tx = self.custody.store().begin("take in what arrives").await?;
        self.holds(&mut tx).await?;
        let come = tx.arriving_come(self.row.into, at).await?;
        // If we die before: all of the page still waits. After: it is there, and waits no more.
        tx.commit().await?;
        Ok(come)
    }

    /// All charts that wait come in at once: nobody at the other practice ever sees a part of one. As many acts as it takes to
    /// name what comes, and one transaction.
    pub(super) async fn charts_come_in(&mut self) -> Result<(), CustodyError> {
        let into = self.row.into;
        let (mut acts, mut at): (Vec<Moving>, ArrivingAt) = Default::default();
        loop {
            let (facts, last) = self.custody.store().arriving_page(into, &at).await?;
            let Some(last) = last else { break };
            let (opening, _) = self.ask(into, facts).await?;
            acts.push(opening);
            at = last;
        }
        let done = self.charts_come().await;
        let (outcome, why) = if done.is_ok() { (Outcome::Done, "arrived") } else { (Outcome::Failed, "broken") };
        for one in &acts {
            self.custody.told(one.intent(), outcome, why, None).await;
        }
        self.moved.arrived += done?;
        Ok(())
    }

    async fn charts_come(&self) -> Result<u64, CustodyError> {
        let mut tx = self.custody.store().begin("take in charts").await?;
        self.holds(&mut tx).await?;
        let (mut many, mut at) = (0, ArrivingAt::default());
        loop {
            let (come, last) = tx.arriving_come(self.row.into, &at).await?;
            many += come;
            let Some(last) = last else { break };
            at = last;
        }
        // If we die before: all of it still waits. After: it is there, and waits no more.
        tx.commit().await?;
        Ok(many)
    }
}
