//! Which refusals are written one by one: so many a minute of one principal, on all nodes together.

use crate::Custody;
use crate::nodes::{SharedCounts, Unsaid, share_of};
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
    /// How many other nodes write.
    others: usize,
    /// Counts the pulses.
    turn: u64,
    /// Were only counted.
    unwritten: u64,
}

/// How many were written of somebody's, on all nodes within a minute, and here since the last pulse.
#[derive(Debug, Clone, Copy)]
struct Written {
    minute: i64,
    count: u32,
    turn: u64,
    here: u32,
}

impl Counts {
    /// What is counted of somebody in this minute.
    fn of(&mut self, whose: [u8; 32], at: Timestamp) -> &mut Written {
        let (minute, turn) = (at.unix_millis().div_euclid(MINUTE_MILLIS), self.turn);
        if self.written.len() > KEPT {
            self.written.retain(|_, written| written.minute == minute);
        }
        let written = self.written.entry(whose).or_insert(Written { minute, count: 0, turn, here: 0 });
        if written.minute != minute {
            (written.minute, written.count) = (minute, 0);
        }
        if written.turn != turn {
            (written.turn, written.here) = (turn, 0);
        }
        written
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
        let whose = custody.counted_name(self.limit, &principal.to_string());
        let most = if principal == Principal::Stranger { OF_STRANGERS } else { REFUSALS_A_MINUTE };
        let mut counts = self.counts();
        let others = counts.others;
        let written = counts.of(whose, at);
        if written.count >= most || written.here >= share_of(most, others) {
            counts.unwritten += 1;
            return false;
        }
        written.count += 1;
        written.here += 1;
        if others > 0 {
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
        counts.turn += 1;
        counts.others = shared.others;
        if shared.others == 0 {
            counts.unsaid.clear();
        }
        for one in shared.spent.iter().filter(|one| one.limit == self.limit) {
            let written = counts.of(one.whose, now);
            written.count = written.count.saturating_add(one.count);
        }
    }

    fn unheard(&self) {
        self.counts().turn += 1;
    }
}
