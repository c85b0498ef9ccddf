//! Which refusals are written one by one: so many a minute of one principal, on all nodes together.

use crate::Custody;
use crate::nodes::{SharedCounts, Unsaid};
use record::{Principal, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{Counted, Shared, Spent};

/// Refusals of one principal that are written one by one, each minute.
const REFUSALS_A_MINUTE: u32 = 30;
/// And of strangers: the first one stands for all.
const OF_STRANGERS: u32 = 1;
const MINUTE_MILLIS: i64 = 60_000;
/// Principals that are remembered beyond their minute.
const KEPT: usize = 10_000;

/// Counts refusals, so that noise cannot fill the ledger.
#[derive(Debug)]
pub(crate) struct RefusalMeter {
    limit: Counted,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    written: HashMap<[u8; 32], Written>,
    unsaid: Unsaid,
    /// Is there another node that writes.
    has_others: bool,
    /// Were only counted.
    unwritten: u64,
}

/// How many were written of somebody's within a minute, on all nodes.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// When it was counted: what was counted in an earlier minute is of no interest any more.
    minute: i64,
    count: u32,
}

const fn minute_of(at: Timestamp) -> i64 {
    at.unix_millis().div_euclid(MINUTE_MILLIS)
}

impl Counts {
    /// What is counted under a name of somebody in a minute.
    fn of(&mut self, whose: [u8; 32], at: Timestamp) -> &mut Written {
        let minute = minute_of(at);
        if self.written.len() > KEPT {
            self.written.retain(|_, written| written.minute == minute);
        }
        self.written.entry(whose).or_insert(Written { minute, count: 0 })
    }
}

impl RefusalMeter {
    /// Nothing was refused yet.
    pub(crate) fn of(limit: Counted) -> Self {
        Self { limit, counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is this refusal written, or only counted. A stranger's first one in a minute is written and stands for all.
    pub(crate) fn is_written(&self, custody: &Custody, principal: Principal, at: Timestamp) -> bool {
        // The minute is in the name, so that what is heard of the last one is not counted in this one.
        let whose = custody.counted_name(self.limit, &format!("{principal}/{}", minute_of(at)));
        let most = if principal == Principal::Stranger { OF_STRANGERS } else { REFUSALS_A_MINUTE };
        let mut counts = self.counts();
        let written = counts.of(whose, at);
        // Not by a share of it: rather a few too many between two pulses than a refusal that nobody can look up.
        if written.count >= most {
            counts.unwritten += 1;
            return false;
        }
        written.count += 1;
        if counts.has_others {
            counts.unsaid.add(self.limit, whose);
        }
        true
    }

    /// How many refusals were only counted since this was last asked.
    pub(crate) fn unwritten_take(&self) -> u64 {
        std::mem::take(&mut self.counts().unwritten)
    }
}

impl SharedCounts for RefusalMeter {
    fn said(&self, most: usize) -> Vec<Spent> {
        self.counts().unsaid.take(most)
    }

    fn heard(&self, shared: &Shared, now: Timestamp) {
        let mut counts = self.counts();
        counts.has_others = shared.others > 0;
        if !counts.has_others {
            counts.unsaid.clear();
        }
        for one in shared.spent.iter().filter(|one| one.limit == self.limit) {
            let written = counts.of(one.whose, now);
            written.count = written.count.saturating_add(one.count);
        }
    }

    fn unheard(&self) {}
}
