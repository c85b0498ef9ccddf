//! What happens without anybody asking: checkpoints to the witness, stale uploads swept, audit keys for the new
//! year, what waited in the reserve, refusals that were only counted, what is kept for lists looked over.
//!
//! What must always hold: a job that fails is an alert and never the end of the others; stopping waits for what is
//! under way, hands over a last checkpoint, and leaves a mark from which the next start looks for orphans.

use crate::ask::Question;
use crate::{Custody, CustodyError};
use record::{Purpose, Timestamp, act};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Checkpoints are handed to the witness at most this often.
const WITNESS_EVERY: Duration = Duration::from_secs(10);
/// New entries are handed to the configured feed.
const FEED_EVERY: Duration = Duration::from_secs(5);
/// What waits in the reserve, and whether the ledger writes.
const RESERVE_EVERY: Duration = Duration::from_secs(10);
/// Waiting alerts, counted refusals.
const MINUTE: Duration = Duration::from_secs(60);
/// Stale uploads.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);
/// Audit keys, and the mark for orphans.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// What is kept for lists.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Patients looked over by one question; the writer is held for those who are mended only.
const KEPT_AT_ONCE: u32 = 500;
/// Is a backup due.
const BACKUP_LOOKED_FOR_EVERY: Duration = Duration::from_secs(5 * 60);
/// An upload without a sign of life for this long is given up, seconds. Uploads give one each minute.
const UPLOAD_STALE_SECS: i64 = 60 * 60;

/// The running jobs.
#[must_use = "dropping it lets the jobs run without an end"]
pub struct JobsHandle {
    custody: Custody,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for JobsHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobsHandle({} jobs)", self.tasks.len())
    }
}

impl JobsHandle {
    /// Waits for what is under way, hands the last checkpoint over, and leaves the mark of a clean stop.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            drop(task.await);
        }
        let custody = self.custody;
        custody.reserve_tick().await;
        custody.alerts_flush().await;
        custody.refusals_summary().await;
        for (what, done) in [
            ("the mark for orphans", custody.orphans_mark().await),
            ("the witness", custody.witness_send().await.map(drop)),
            ("the last checkpoint", custody.checkpoint_now().await),
        ] {
            if let Err(error) = done {
                tracing::error!(%error, "a clean stop failed at {what}");
            }
        }
        // If we die before this: the next start looks a little further back.
    }
}

/// Runs `job` now and then until the stop. Its first failure in a row is an alert.
fn every<F, J>(
    custody: &Custody,
    stop: &CancellationToken,
    (each, name): (Duration, &'static str),
    job: J,
) -> JoinHandle<()>
where
    J: Fn(Custody) -> F + Send + 'static,
    F: Future<Output = Result<(), CustodyError>> + Send,
{
    let (custody, stop) = (custody.clone(), stop.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(each);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            // Outside of the select: what has begun is not cut off by the stop.
            match job(custody.clone()).await {
                Ok(()) => {
                    custody.0.tally.job(name, Some(custody.now()));
                    failing = false;
                }
                Err(error) => {
                    custody.0.tally.job(name, None);
                    tracing::error!(%error, job = name, "a job failed");
                    if !std::mem::replace(&mut failing, true) {
                        custody.alert("job_failed", &format!("The job \"{name}\" fails: {error}.")).await;
                    }
                }
            }
        }
    })
}

impl Custody {
    /// What a start owes before anybody is served: an epoch let go of, orphans closed, the unwrapping of keys written
    /// down.
    ///
    /// # Errors
    /// When one of them cannot be done: then nobody is to be served.
    pub async fn start_settle(&self) -> Result<u64, CustodyError> {
        let customers = self.ring().customers().count();
        let by = self
            .settings()
            .keyholder
            .as_ref()
            .map_or_else(String::new, |keyholder| format!("; the root key was unwrapped by {keyholder}"));
        let words = format!("the keys of {customers} customers were unwrapped into memory at the start{by}");
        drop(self.ask_job::<act::KeyUnwrap>(Question::house(Purpose::Administration).saying(&words)).await?);
        self.key_work_finish().await?;
        let closed = self.orphans_close().await?;
        // Sign-ins and alerts that the last process could only keep in the reserve.
        self.reserve_replay().await?;
        // Entries that a crash left behind the last kept checkpoint would look forged to an offline verifier.
        self.checkpoint_now().await?;
        Ok(closed)
    }

    /// Starts the jobs. Orphans are closed first by [`Self::start_settle`].
    pub fn jobs_start(self) -> JobsHandle {
        let stop = CancellationToken::new();
        let tasks = vec![
            every(&self, &stop, (WITNESS_EVERY, "witness"), |custody| async move {
                custody.alone_at("witness", WITNESS_EVERY / 2, async { custody.witness_send().await.map(drop) }).await
            }),
            every(&self, &stop, (FEED_EVERY, "feed"), |custody| async move {
                custody.alone_at("feed", FEED_EVERY / 2, async { custody.feed_send().await.map(drop) }).await
            }),
            every(&self, &stop, (RESERVE_EVERY, "reserve"), |custody| async move {
                custody.reserve_tick().await;
                Ok(())
            }),
            // Each node's own: what it counted and could not write.
            every(&self, &stop, (MINUTE, "summary"), |custody| async move {
                custody.alerts_flush().await;
                custody.refusals_summary().await;
                custody.certificate_tell().await;
                custody.checkpoint().await.map(drop)
            }),
            // Each node's own, too: the escrow of epoch keys may lie with one of them alone.
            every(&self, &stop, (MINUTE, "keys"), |custody| async move { custody.keys_tend().await }),
            every(&self, &stop, (SWEEP_EVERY, "sweep"), |custody| async move {
                custody.alone_at("sweep", SWEEP_EVERY / 2, async { custody.upload_sweep().await.map(drop) }).await
            }),
            every(&self, &stop, (HOUR, "years"), |custody| async move {
                custody.audit_year_ensure().await?;
                custody.agreements_count().await?;
                custody.alone_at("orphans", HOUR / 2, custody.orphans_tend()).await
            }),
            every(&self, &stop, (DAY, "kept lists"), |custody| async move {
                custody.alone_at("kept lists", DAY / 2, async { custody.kept_mend().await.map(drop) }).await
            }),
            every(&self, &stop, (BACKUP_LOOKED_FOR_EVERY, "backup"), |custody| async move {
                custody.backup_when_due().await.map(drop)
            }),
        ];
        JobsHandle { custody: self, stop, tasks }
    }

    /// The backup that the configuration plans, when the last one is as old as that; whether there was one to make.
    /// One that failed is tried again after an hour.
    ///
    /// # Errors
    /// [`CustodyError`]; an alert has said so already.
    pub async fn backup_when_due(&self) -> Result<bool, CustodyError> {
        let Some(plan) = self.settings().backup.clone() else { return Ok(false) };
        let waits = |since: Option<Timestamp>, hours: i64| {
            since.is_some_and(|since| self.now().millis_since(since) < hours * 60 * 60 * 1000)
        };
        // A set with a damaged object is a set: were it made anew each hour, the medium would be full and hold none at all.
        let last = self.store().house_check_last(store::HouseCheckKind::Backup).await?.map(|check| check.at);
        if waits(self.backup_set_made().await?, i64::from(plan.every_hours.max(1))) || waits(last, 1) {
            return Ok(false);
        }
        let settings = crate::BackupSettings { to: plan.to, epoch_escrow: plan.epoch_escrow };
        // Its failure is an alert of its own.
        drop(self.backup_create(&settings).await);
        Ok(true)
    }

    /// Gives up uploads that gave no sign of life, and removes what they left. How many.
    ///
    /// # Errors
    /// When the store cannot; what is left is found by the next sweep.
    pub async fn upload_sweep(&self) -> Result<u64, CustodyError> {
        let before = self.now().plus_secs(-UPLOAD_STALE_SECS);
        let mut swept = 0;
        for upload in self.store().upload_list_stale(before).await? {
            let mut tx = self.store().begin("give up an upload").await?;
            if tx.upload_abandon(upload.id, before).await? == 0 {
                // It lives after all.
                continue;
            }
            tx.commit().await?;
            // If we die here: the row says abandoned, so it cannot commit any more, and the next sweep goes on.
            for object in &upload.objects {
                self.store().objects().remove_orphan(*object).await?;
            }
            // If we die here: the objects are gone and the row is not; the next sweep removes nothing and forgets it.
            let mut tx = self.store().begin("forget an upload").await?;
            tx.upload_forget(upload.id).await?;
            tx.commit().await?;
            swept += 1;
        }
        Ok(swept)
    }

    /// Looks over what is kept for lists (who cares for whom, names by document) and mends what is not so: for how many
    /// patients. Nothing of ours leaves it wrong, so whatever is found is an alert.
    ///
    /// # Errors
    /// When the store cannot; the next day begins anew.
    pub async fn kept_mend(&self) -> Result<usize, CustodyError> {
        let mut mended = 0;
        for customer in self.store().customer_list().await? {
            let mut after = None;
            loop {
                let page = self.store().kept_check(customer.id, after, KEPT_AT_ONCE).await?;
                for patient in &page.wrong {
                    let mut tx = self.store().begin("mend what is kept of a patient").await?;
                    tx.kept_renew(customer.id, *patient).await?;
                    tx.commit().await?;
                    mended += 1;
                }
                after = page.last;
                if after.is_none() {
                    break;
                }
            }
        }
        if mended > 0 {
            let sentence = format!(
                "What is kept for lists was wrong for {mended} patients and was mended: the database was changed by another hand."
            );
            self.alert("kept_lists_wrong", &sentence).await;
        }
        Ok(mended)
    }

    /// One entry for the refusals that were only counted.
    pub(crate) async fn refusals_summary(&self) {
        let counted = self.0.refusals.unwritten_take() + self.0.token_refusals.unwritten_take();
        if counted == 0 {
            return;
        }
        let words = format!("{counted} more refusals were counted and not written one by one");
        if self.note::<act::AlertList>("refusals_counted", &words, None, []).await.is_err() {
            tracing::error!(counted, "counted refusals could not be written down");
        }
    }
}

#[cfg(test)]
mod tests;
