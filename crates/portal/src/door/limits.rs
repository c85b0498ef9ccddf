//! How often: token buckets in memory, by account, credential or a stranger's address.
//!
//! A whole clinic sits behind one address, so an address is only ever slowed where nobody is signed in.

use record::{Clock, ProgramId, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Whose tries are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// An account: a person's id, or what a stranger says it is.
    Account(String),
    /// A passkey.
    Credential(Vec<u8>),
    /// Any request of a stranger from this address.
    Stranger(IpAddr),
    /// A stranger's try to sign in, enrol or recover from this address.
    Attempt(IpAddr),
    /// Any request of a program.
    Program(ProgramId),
}

/// How many at once, and how fast they come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many in one go.
    pub burst: u32,
    /// How many more each second.
    pub per_sec: f64,
}

/// One rate a kind of key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// For [`LimitKey::Account`].
    pub account: Rate,
    /// For [`LimitKey::Credential`].
    pub credential: Rate,
    /// For [`LimitKey::Stranger`].
    pub stranger: Rate,
    /// For [`LimitKey::Attempt`].
    pub attempt: Rate,
    /// For [`LimitKey::Program`].
    pub program: Rate,
}

impl Default for Rates {
    /// Ten tries an account, then one in thirty seconds; a clinic of sixty signing in at once from one address passes.
    fn default() -> Self {
        Self {
            account: Rate { burst: 10, per_sec: 1.0 / 30.0 },
            credential: Rate { burst: 10, per_sec: 1.0 / 30.0 },
            stranger: Rate { burst: 1200, per_sec: 20.0 },
            attempt: Rate { burst: 120, per_sec: 2.0 },
            // A first copy of a year's documents takes its time; the people at their desks come first.
            program: Rate { burst: 600, per_sec: 50.0 },
        }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Too many; the next may come after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many at once; again in {after_secs} s")]
pub struct TooMany {
    /// At least 1.
    pub after_secs: u32,
}

/// How many keys are remembered. Full buckets are forgotten first; a flood of new keys beyond it is refused
/// rather than let through uncounted.
const KEYS_MAX: usize = 100_000;

/// All buckets of this process. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    rates: Rates,
    clock: Arc<dyn Clock>,
    buckets: Arc<Mutex<HashMap<LimitKey, Bucket>>>,
}

impl Limits {
    /// All buckets full.
    #[must_use]
    pub fn new(rates: Rates, clock: Arc<dyn Clock>) -> Self {
        Self { rates, clock, buckets: Arc::default() }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// [`TooMany`] when none is left.
    pub fn take(&self, key: LimitKey) -> Result<(), TooMany> {
        let key = narrowed(key);
        let (rates, now) = (self.rates, self.clock.now());
        let rate = rates.of(&key);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|key, bucket| !is_full(filled(*bucket, rates.of(key), now), rates.of(key)));
            if buckets.len() >= KEYS_MAX {
                return Err(TooMany { after_secs: 60 });
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: f64::from(rate.burst), at: now });
        *bucket = filled(*bucket, rate, now);
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let secs = ((1.0 - bucket.left) / rate.per_sec).ceil().clamp(1.0, 3600.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 3600")]
        Err(TooMany { after_secs: secs as u32 })
    }

    /// Forgets what was counted: a good sign-in clears the account's tries.
    pub fn forgive(&self, key: LimitKey) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).remove(&narrowed(key));
    }
}

impl Rates {
    const fn of(&self, key: &LimitKey) -> Rate {
        match key {
            LimitKey::Account(_) => self.account,
            LimitKey::Credential(_) => self.credential,
            LimitKey::Stranger(_) => self.stranger,
            LimitKey::Attempt(_) => self.attempt,
            LimitKey::Program(_) => self.program,
        }
    }
}

fn filled(bucket: Bucket, rate: Rate, now: Timestamp) -> Bucket {
    let secs = std::time::Duration::from_millis(now.millis_since(bucket.at).max(0).unsigned_abs()).as_secs_f64();
    Bucket { left: (bucket.left + secs * rate.per_sec).min(f64::from(rate.burst)), at: now }
}

fn is_full(bucket: Bucket, rate: Rate) -> bool {
    bucket.left >= f64::from(rate.burst)
}

/// One household or firm holds a whole IPv6 /64, so that is one address here.
fn narrowed(key: LimitKey) -> LimitKey {
    let narrow = |address: IpAddr| match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        four @ IpAddr::V4(_) => four,
    };
    match key {
        LimitKey::Stranger(address) => LimitKey::Stranger(narrow(address)),
        LimitKey::Attempt(address) => LimitKey::Attempt(narrow(address)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, LimitKey, Limits, Rates, TooMany};
    use record::ManualClock;
    use std::sync::Arc;

    fn limits() -> (Limits, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at_unix_millis(0));
        (Limits::new(Rates::default(), clock.clone()), clock)
    }

    #[test]
    fn the_eleventh_try_waits_and_time_brings_one_back() {
        let (limits, clock) = limits();
        let key = || LimitKey::Account("one".to_owned());
        for _ in 0..10 {
            assert_eq!(limits.take(key()), Ok(()));
        }
        assert_eq!(limits.take(key()), Err(TooMany { after_secs: 30 }));
        assert_eq!(limits.take(LimitKey::Account("two".to_owned())), Ok(()));
        clock.advance_millis(30_000);
        assert_eq!(limits.take(key()), Ok(()));
        assert!(limits.take(key()).is_err());
        limits.forgive(key());
        assert_eq!(limits.take(key()), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_for_free() {
        let (limits, clock) = limits();
        let key = || LimitKey::Credential(vec![1]);
        for _ in 0..10 {
            assert_eq!(limits.take(key()), Ok(()));
        }
        clock.advance_millis(-60_000);
        assert!(limits.take(key()).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_stranger() {
        let (limits, _clock) = limits();
        let burst = Rates::default().attempt.burst;
        for n in 0..burst {
            let address = format!("2001:db8::{n:x}").parse().expect("an address");
            assert_eq!(limits.take(LimitKey::Attempt(address)), Ok(()));
        }
        assert!(limits.take(LimitKey::Attempt("2001:db8::ffff".parse().expect("an address"))).is_err());
        assert!(limits.take(LimitKey::Attempt("2001:db8:1::1".parse().expect("an address"))).is_ok());
    }

    #[test]
    fn a_flood_of_new_keys_is_refused_and_forgotten_when_full_again() {
        let (limits, clock) = limits();
        for n in 0..KEYS_MAX {
            assert_eq!(limits.take(LimitKey::Account(n.to_string())), Ok(()));
        }
        assert!(limits.take(LimitKey::Account("new".to_owned())).is_err());
        clock.advance_millis(31_000);
        assert!(limits.take(LimitKey::Account("new".to_owned())).is_ok());
    }
}
