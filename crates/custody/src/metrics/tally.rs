//! What is counted while the house works, for `/metrics`: acts, jobs, how long things took.
//!
//! What must always hold: a label is an action, an outcome or the fixed name of a job, so there are as many lines as
//! this program has of those, whoever asks for whatever.

use record::{Action, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long things took, in few classes: each counts what took no longer than its bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    counts: [u64; Self::BOUNDS_MILLIS.len() + 1],
    micros: u64,
}

impl Durations {
    /// The bounds: a page, a page that waited for the disk, one that people notice, one that they complain of, one that
    /// they give up.
    pub const BOUNDS_MILLIS: [u64; 5] = [5, 25, 100, 500, 2500];

    /// One more.
    pub fn add(&mut self, took: Duration) {
        let class = Self::BOUNDS_MILLIS.iter().position(|bound| took <= Duration::from_millis(*bound));
        self.counts[class.unwrap_or(Self::BOUNDS_MILLIS.len())] += 1;
        self.micros = self.micros.saturating_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many took no longer than each bound; how many there were; seconds in all.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a sum of microseconds is exact for 285 years")]
    pub fn read(&self) -> ([u64; Self::BOUNDS_MILLIS.len()], u64, f64) {
        let mut sum = 0;
        let below = std::array::from_fn(|class| {
            sum += self.counts[class];
            sum
        });
        (below, self.counts.iter().sum(), self.micros as f64 / 1e6)
    }
}

/// How policy answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    /// Permitted, and witnessed or in the reserve.
    Permitted,
    /// Refused, or of a thing that is not there; written or only counted.
    Refused,
}

impl Answered {
    /// As the ledger has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Refused => "refused",
        }
    }
}

/// What one job has done since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobTally {
    /// How often it ran.
    pub runs: u64,
    /// How often it failed.
    pub failures: u64,
    /// When it went well last.
    pub passed_at: Option<Timestamp>,
}

/// Customers by how their agreement stands; counted each hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgreementTally {
    /// None is in force.
    pub none: u64,
    /// None will be in force in thirty days.
    pub ends_30_days: u64,
    /// None will be in force in ninety days; those of thirty are among them.
    pub ends_90_days: u64,
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    acts: Mutex<BTreeMap<(Action, Answered), u64>>,
    jobs: Mutex<BTreeMap<&'static str, JobTally>>,
    agreements: Mutex<AgreementTally>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub(crate) fn act(&self, action: Action, answered: Answered) {
        *held(&self.acts).entry((action, answered)).or_default() += 1;
    }

    pub(crate) fn acts(&self) -> BTreeMap<(Action, Answered), u64> {
        held(&self.acts).clone()
    }

    /// A job ended; `passed_at` when it went well.
    pub(crate) fn job(&self, name: &'static str, passed_at: Option<Timestamp>) {
        let mut jobs = held(&self.jobs);
        let job = jobs.entry(name).or_default();
        job.runs += 1;
        match passed_at {
            Some(at) => job.passed_at = Some(at),
            None => job.failures += 1,
        }
    }

    pub(crate) fn jobs(&self) -> BTreeMap<&'static str, JobTally> {
        held(&self.jobs).clone()
    }

    pub(crate) fn agreements_set(&self, counted: AgreementTally) {
        *held(&self.agreements) = counted;
    }

    pub(crate) fn agreements(&self) -> AgreementTally {
        *held(&self.agreements)
    }
}

#[cfg(test)]
mod tests {
    use super::Durations;
    use std::time::Duration;

    #[test]
    fn each_bound_counts_what_took_no_longer_and_the_last_class_everything_else() {
        let mut took = Durations::default();
        for millis in [0, 5, 6, 25, 2500, 2501, 90_000] {
            took.add(Duration::from_millis(millis));
        }
        assert_eq!(took.read(), ([2, 4, 4, 4, 5], 7, 95.037));
    }
}
