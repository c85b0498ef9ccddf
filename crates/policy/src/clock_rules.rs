//! The rules about time, each in one place. All spans are in milliseconds.

use crate::{BrokenGlassFact, MembershipFact, ProgramFact, RequestFact, SignInFact};
use record::Timestamp;

/// A touch of the passkey counts as fresh for five minutes.
pub const STEP_UP_MILLIS_MAX: i64 = 5 * 60 * 1000;
/// A session counts for twelve hours at most.
pub const SESSION_MILLIS_MAX: i64 = 12 * 60 * 60 * 1000;
/// A broken glass counts for four hours at most.
pub const GLASS_MILLIS_MAX: i64 = 4 * 60 * 60 * 1000;
/// A numbered request counts for one working day, eight hours, at most.
pub const REQUEST_MILLIS_MAX: i64 = 8 * 60 * 60 * 1000;
/// A delivery can be taken back for ten minutes.
pub const UNDO_MILLIS_MAX: i64 = 10 * 60 * 1000;
/// How far ahead of the asker's another node's clock may be before what it wrote is disbelieved. A time further in
/// the future is no proof of anything.
pub const SKEW_MILLIS_MAX: i64 = 5 * 1000;

/// Between `then` and `now` lie at most `millis_max`, and `then` is not in the future beyond the skew.
fn within(then: Timestamp, now: Timestamp, millis_max: i64) -> bool {
    (-SKEW_MILLIS_MAX..=millis_max).contains(&now.millis_since(then))
}

/// From is inclusive, to is exclusive: at the very moment of its end a membership is over.
pub(crate) fn membership_is_live(fact: &MembershipFact, now: Timestamp) -> bool {
    fact.from <= now && fact.to.is_none_or(|to| now < to)
}

pub(crate) fn session_is_live(fact: SignInFact, now: Timestamp) -> bool {
    within(fact.at, now, SESSION_MILLIS_MAX)
}

pub(crate) fn touch_is_fresh(fact: SignInFact, now: Timestamp) -> bool {
    fact.step_up_at.is_some_and(|at| within(at, now, STEP_UP_MILLIS_MAX))
}

pub(crate) fn glass_is_broken(fact: &BrokenGlassFact, now: Timestamp) -> bool {
    fact.from <= now && now < fact.to && now < fact.from.plus_millis(GLASS_MILLIS_MAX)
}

pub(crate) fn request_is_open(fact: &RequestFact, now: Timestamp) -> bool {
    fact.from <= now && now < fact.to && now < fact.from.plus_millis(REQUEST_MILLIS_MAX)
}

pub(crate) fn program_is_in_force(fact: &ProgramFact, now: Timestamp) -> bool {
    fact.from <= now && now < fact.to
}

pub(crate) fn delivery_can_be_undone(delivered_at: Timestamp, now: Timestamp) -> bool {
    within(delivered_at, now, UNDO_MILLIS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

    #[test]
    fn a_touch_is_fresh_for_five_minutes_to_the_millisecond_and_never_from_the_future() {
        let touched =
            |millis: i64| touch_is_fresh(SignInFact { at: NOW, step_up_at: Some(NOW.plus_millis(-millis)) }, NOW);
        assert!(touched(0) && touched(STEP_UP_MILLIS_MAX) && touched(-SKEW_MILLIS_MAX));
        assert!(!touched(STEP_UP_MILLIS_MAX + 1) && !touched(-SKEW_MILLIS_MAX - 1));
        assert!(!touched(i64::MAX) && !touched(i64::MIN + 1));
        assert!(!touch_is_fresh(SignInFact { at: NOW, step_up_at: None }, NOW));
    }

    #[test]
    fn a_membership_counts_from_its_first_moment_and_not_at_its_last() {
        let live = |from: i64, to: Option<i64>| {
            let fact = MembershipFact {
                customer: None,
                role: record::Role::Auditor,
                from: NOW.plus_millis(from),
                to: to.map(|to| NOW.plus_millis(to)),
            };
            membership_is_live(&fact, NOW)
        };
        assert!(live(0, None) && live(-1, Some(1)) && live(0, Some(1)));
        assert!(!live(1, None) && !live(-1, Some(0)) && !live(1, Some(2)) && !live(0, Some(0)));
    }

    #[test]
    fn a_broken_glass_counts_for_four_hours_whatever_is_written_down() {
        let glass = |from: i64, to: i64| {
            let fact = BrokenGlassFact {
                customer: record::CustomerId::from_bytes([1; 16]),
                patient: record::PatientId::from_bytes([2; 16]),
                from: NOW.plus_millis(from),
                to: NOW.plus_millis(to),
            };
            glass_is_broken(&fact, NOW)
        };
        assert!(glass(0, 1) && glass(-GLASS_MILLIS_MAX + 1, i64::MAX));
        assert!(!glass(-GLASS_MILLIS_MAX, i64::MAX) && !glass(0, 0) && !glass(1, 2));
    }

    #[test]
    fn a_numbered_request_counts_for_eight_hours_whatever_is_written_down() {
        let request = |from: i64, to: i64| {
            let customer = record::CustomerId::from_bytes([1; 16]);
            request_is_open(&RequestFact { customer, from: NOW.plus_millis(from), to: NOW.plus_millis(to) }, NOW)
        };
        assert!(request(0, 1) && request(-REQUEST_MILLIS_MAX + 1, i64::MAX));
        assert!(!request(-REQUEST_MILLIS_MAX, i64::MAX) && !request(0, 0) && !request(1, 2));
    }

    #[test]
    fn a_session_and_a_delivery_have_their_ends() {
        let session = |age: i64| session_is_live(SignInFact { at: NOW.plus_millis(-age), step_up_at: None }, NOW);
        assert!(session(0) && session(SESSION_MILLIS_MAX) && !session(SESSION_MILLIS_MAX + 1) && !session(-60_000));
        let undo = |age: i64| delivery_can_be_undone(NOW.plus_millis(-age), NOW);
        assert!(undo(0) && undo(UNDO_MILLIS_MAX) && !undo(UNDO_MILLIS_MAX + 1) && !undo(-60_000));
    }
}
