//! Numbers for a machine that watches: counts, ages and states. No names, no ids, no PHI, and only labels of which
//! there are few.

mod tally;

pub(crate) use tally::Tally;
pub use tally::{AgreementTally, Answered, Durations, JobTally};

use crate::{Custody, CustodyError};
use record::Action;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use store::HouseCheckKind;

/// How long ago something that is done from time to time was done last, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoneLast {
    /// Seconds.
    pub age_secs: i64,
    /// Did it pass.
    pub ok: bool,
    /// Seconds since it passed last; none when it never did.
    pub passed_age_secs: Option<i64>,
}

/// One job, and how long ago it went well, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLine {
    /// Its fixed name.
    pub name: &'static str,
    /// How often it ran and failed.
    pub tally: JobTally,
    /// Seconds since it went well last.
    pub passed_age_secs: Option<i64>,
}

/// Everything that is told of the house as a whole.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Alerts that nobody has closed, by the fixed word of their detector.
    pub alerts_open: BTreeMap<String, u64>,
    /// Alerts said since the start, by the same.
    pub alerts_said: BTreeMap<&'static str, u64>,
    /// Alerts that wait to be written: more than none means that ledger or database cannot write.
    pub alerts_waiting: usize,
    /// A finding keeps the gate shut over restarts.
    pub gate_kept_shut: bool,
    /// Entries of the ledger.
    pub ledger_entries: u64,
    /// Acts that wait to be written into it.
    pub ledger_queue: usize,
    /// How long the ledger's commits took.
    pub ledger_commits: Durations,
    /// Commits of the ledger that failed.
    pub ledger_commit_failures: u64,
    /// Acts by how policy answered, since the start.
    pub acts: BTreeMap<(Action, Answered), u64>,
    /// The jobs that have run.
    pub jobs: Vec<JobLine>,
    /// Sessions that live.
    pub sessions: u64,
    /// Connections to the database: held now, and the most.
    pub connections: (u32, u32),
    /// Customers by how their agreement stands.
    pub agreements: AgreementTally,
    /// Entries that the receiver of the feed has not taken; none without a feed.
    pub feed_behind: Option<u64>,
    /// Acts without a later word when they were counted last, at the start and then each hour.
    pub orphans: u64,
    /// Database with its write-ahead log.
    pub database_bytes: u64,
    /// Seconds until the certificate that this process serves ends; none where it serves none.
    pub certificate_left_secs: Option<i64>,
    /// The last hand-over to the witness.
    pub witness: Option<DoneLast>,
    /// The last backup.
    pub backup: Option<DoneLast>,
    /// The last restore drill.
    pub drill: Option<DoneLast>,
    /// The last walk of the outside probe.
    pub probe: Option<DoneLast>,
}

impl Custody {
    /// The numbers as they are now. No act: nothing of anybody is in them; the door gives them to this machine alone.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn metrics(&self) -> Result<Metrics, CustodyError> {
        let (store, now) = (self.store(), self.now());
        let mut alerts_open = BTreeMap::new();
        for alert in store.alert_list().await?.into_iter().filter(|alert| alert.closed_at.is_none()) {
            *alerts_open.entry(alert.kind).or_insert(0) += 1;
        }
        let age = |at: record::Timestamp| now.millis_since(at) / 1000;
        let taken = store.witness_last_taken().await?.map(age);
        let witness = store.witness_last().await?.map(|run| DoneLast {
            age_secs: age(run.at),
            ok: run.ok,
            passed_age_secs: taken,
        });
        let ledger_entries = self.ledger_head().map_or(0, |head| head.size);
        let feed_behind = match &self.settings().feed {
            Some(_) => Some(ledger_entries.saturating_sub(self.feed_next().await?)),
            None => None,
        };
        let jobs = self.0.tally.jobs().into_iter().map(|(name, tally)| JobLine {
            name,
            tally,
            passed_age_secs: tally.passed_at.map(age),
        });
        let (ledger_commits, ledger_commit_failures) = self.0.scribe.commits();
        Ok(Metrics {
            alerts_open,
            alerts_said: self.alert_counts(),
            alerts_waiting: self.alerts_waiting(),
            gate_kept_shut: self.gate_closed_reason().await?.is_some(),
            ledger_entries,
            ledger_commits,
            ledger_commit_failures,
            acts: self.0.tally.acts(),
            jobs: jobs.collect(),
            sessions: store.session_count(now).await?,
            connections: store.connections(),
            agreements: self.0.tally.agreements(),
            feed_behind,
            ledger_queue: self.0.scribe.waiting(),
            orphans: self.0.orphans.load(Ordering::Relaxed),
            database_bytes: store.database_bytes(),
            certificate_left_secs: self.certificate_left_secs(),
            witness,
            backup: self.done_last(HouseCheckKind::Backup).await?,
            drill: self.done_last(HouseCheckKind::RestoreDrill).await?,
            probe: self.done_last(HouseCheckKind::Probe).await?,
        })
    }

    async fn done_last(&self, kind: HouseCheckKind) -> Result<Option<DoneLast>, CustodyError> {
        let Some(last) = self.store().house_check_last(kind).await? else { return Ok(None) };
        let passed = self.store().house_check_last_passed(kind).await?;
        let age = |at: record::Timestamp| self.now().millis_since(at) / 1000;
        Ok(Some(DoneLast { age_secs: age(last.at), ok: last.ok, passed_age_secs: passed.map(age) }))
    }

    /// Counts the customers whose agreement has ended or will.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn agreements_count(&self) -> Result<(), CustodyError> {
        let day = |days: i64| self.settings().day_of(self.now().plus_secs(days * 24 * 60 * 60));
        let (today, in_30, in_90) = (day(0), day(30), day(90));
        let mut counted = AgreementTally::default();
        for customer in self.store().customer_list().await?.into_iter().filter(|one| one.closed_at.is_none()) {
            let all = self.store().agreement_list(customer.id).await?;
            let none_on = |day: &str| u64::from(!all.iter().any(|agreement| agreement.in_force(day)));
            if none_on(&today) == 1 {
                counted.none += 1;
                continue;
            }
            counted.ends_30_days += none_on(&in_30);
            counted.ends_90_days += none_on(&in_90);
        }
        self.0.tally.agreements_set(counted);
        Ok(())
    }
}
