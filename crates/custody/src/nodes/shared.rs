//! Limits that a house has once, however many nodes it has: what each lets pass is said to the others with its pulse.
//!
//! What must always hold: nobody who knocks waits for it, and nothing is written for a single request; a name that is said is a
//! keyed hash; a node that hears nothing goes by what it counts itself; between two pulses a node gives a stranger no more than
//! its share of what there is, so that all together do not give it away several times before they have heard of each other.

use crate::Custody;
use record::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use store::{Counted, Pulse, SPENT_MOST, Shared, Spent};

/// Of which the refusals of principals, and refused tokens, may take so many each.
const REFUSALS_MOST: usize = 24;

/// What is counted by each node of a house that has one limit.
pub trait SharedCounts: Send + Sync + 'static {
    /// What was let pass here and was not said yet; at most so many, the most first. They are said now.
    fn said(&self, most: usize) -> Vec<Spent>;
    /// What the others let pass, and how many others there are; the time is the house's.
    fn heard(&self, shared: &Shared, now: Timestamp);
    /// Nothing could be said or heard: until that is otherwise, this node goes by what it counts itself.
    fn unheard(&self);
}

/// How many one of so many nodes may give between two pulses of what all give: a half of its share, because what it gives may
/// be heard only with the pulse after the next.
#[must_use]
pub fn share_of(most: u32, others: usize) -> u32 {
    match u32::try_from(others) {
        Ok(0) => u32::MAX,
        Ok(others) => (most / (others.saturating_add(1).saturating_mul(2))).max(1),
        Err(_) => 1,
    }
}

/// What was let pass here and is not said yet.
#[derive(Debug, Default)]
pub struct Unsaid(HashMap<(Counted, [u8; 32]), u32>);

/// Names that are kept at once; more are counted here and not said.
const UNSAID_MAX: usize = 100_000;

impl Unsaid {
    /// One more.
    pub fn add(&mut self, limit: Counted, whose: [u8; 32]) {
        if self.0.len() < UNSAID_MAX || self.0.contains_key(&(limit, whose)) {
            let count = self.0.entry((limit, whose)).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// The most first, at most so many. What is left over grows until it is among the most.
    #[must_use]
    pub fn take(&mut self, most: usize) -> Vec<Spent> {
        let mut all: Vec<Spent> = self
            .0
            .iter()
            .map(|((limit, whose), count)| Spent { limit: *limit, whose: *whose, count: *count })
            .collect();
        if all.len() > most {
            all.select_nth_unstable_by(most, |one, other| other.count.cmp(&one.count));
            all.truncate(most);
        }
        for one in &all {
            self.0.remove(&(one.limit, one.whose));
        }
        all
    }

    /// Nobody is there to hear it.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Custody {
    /// How somebody is named who is counted: nobody learns from it who that is without this house's keys.
    #[must_use]
    pub fn counted_name(&self, limit: Counted, whose: &str) -> [u8; 32] {
        self.ring().directory_blind("counted", &format!("{}/{whose}", limit as u8))
    }

    /// The door counts too, as long as it is there.
    pub fn counts_shared_with(&self, counts: Weak<dyn SharedCounts>) {
        drop(self.0.together.counts.set(counts));
    }

    /// Says and hears what was let pass, by a pulse that has just been answered; by none, everybody goes by themselves.
    pub(super) async fn counts_share(&self, pulse: Option<&mut Pulse>) {
        let door: Option<Arc<dyn SharedCounts>> = self.0.together.counts.get().and_then(Weak::upgrade);
        let own: [&dyn SharedCounts; 2] = [&self.0.refusals, &self.0.token_refusals];
        let all = || own.into_iter().chain(door.as_deref());
        let Some(pulse) = pulse else {
            all().for_each(|counts| counts.unheard());
            return;
        };
        let mut spent: Vec<Spent> = own.iter().flat_map(|counts| counts.said(REFUSALS_MOST)).collect();
        spent.extend(door.iter().flat_map(|counts| counts.said(SPENT_MOST - own.len() * REFUSALS_MOST)));
        match pulse.share(spent).await {
            Ok(shared) => all().for_each(|counts| counts.heard(&shared, self.now())),
            Err(error) => {
                tracing::warn!(%error, "limits are not shared with the other nodes just now");
                all().for_each(|counts| counts.unheard());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Unsaid, share_of};

    #[test]
    fn what_is_left_over_grows_until_it_is_said() {
        let mut unsaid = Unsaid::default();
        for whose in 0..10_u8 {
            for _ in 0..=whose {
                unsaid.add(Counted::Stranger, [whose; 32]);
            }
        }
        let mut first: Vec<u32> = unsaid.take(3).iter().map(|one| one.count).collect();
        first.sort_unstable();
        assert_eq!(first, [8, 9, 10], "the most first");
        for _ in 0..20 {
            unsaid.add(Counted::Stranger, [0; 32]);
        }
        unsaid.add(Counted::Attempt, [0; 32]);
        let next = unsaid.take(1);
        assert_eq!((next[0].whose, next[0].count), ([0; 32], 21), "nothing was forgotten, and each limit is its own");
        assert_eq!(unsaid.take(100).iter().map(|one| one.count).sum::<u32>(), 2 + 3 + 4 + 5 + 6 + 7 + 1);
        assert!(unsaid.take(100).is_empty());
    }

    #[test]
    fn alone_all_is_given_and_together_a_share_that_is_never_nothing() {
        assert_eq!(share_of(120, 0), u32::MAX);
        assert_eq!(share_of(120, 2), 20);
        assert_eq!(share_of(1, 2), 1);
        assert_eq!(share_of(120, usize::MAX), 1);
    }
}
