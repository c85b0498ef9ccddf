//! How often: token buckets in memory, by account, credential or a stranger's address.
//!
//! A whole clinic sits behind one address, so an address is only ever slowed where nobody is signed in. A house has one limit,
//! however many nodes it has: what one lets pass is taken from the buckets of the others as soon as they hear of it, below nothing
//! if need be, so that all together give no more in the long run than one. What must always hold: nobody waits for another
//! node, one that hears nothing goes by its own buckets, and nobody is shut out for longer than it takes to pay back a few
//! seconds of the rate.

use custody::{Counted, Shared, SharedCounts, Spent, Unsaid, share_of};
use record::{Clock, ProgramId, Sha256, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
    /// Ten tries an account, then one in thirty seconds; a clinic of sixty signing in at once from one address passes. Where there are several nodes,
    /// each gives its share between two pulses, so one node of three takes a second or two over the sixty.
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
    /// Less than nothing, when other nodes gave what was not there.
    left: f64,
    at: Timestamp,
    /// Since which pulse so many were given here.
    turn: u64,
    here: u32,
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

/// For how long what other nodes gave too much is owed.
const OWED_SECS: f64 = 5.0;

/// Whose bucket it is: which limit, and a hash of whose tries.
type Name = (Counted, [u8; 32]);
/// What makes the hash.
type Naming = Arc<dyn Fn(Counted, &str) -> [u8; 32] + Send + Sync>;

/// All buckets of this process. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    naming: Naming,
    kept: Arc<Kept>,
}

struct Kept {
    rates: Rates,
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    buckets: HashMap<Name, Bucket>,
    unsaid: Unsaid,
    /// How many other nodes there are.
    others: usize,
    /// Counts the pulses.
    turn: u64,
}

impl Limits {
    /// All buckets full.
    #[must_use]
    pub fn new(rates: Rates, clock: Arc<dyn Clock>) -> Self {
        let naming: Naming = Arc::new(|limit: Counted, whose: &str| {
            *Sha256::of(format!("{}/{whose}", limit as u8).as_bytes()).as_bytes()
        });
        Self { naming, kept: Arc::new(Kept { rates, clock, counts: Mutex::default() }) }
    }

    /// The same, naming whoever is counted as all nodes of a house do, which nobody can follow who has not its keys.
    #[must_use]
    pub fn named_by(self, naming: impl Fn(Counted, &str) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self { naming: Arc::new(naming), ..self }
    }

    /// What the pulse of a node tells the others of, as long as this is there.
    #[must_use]
    pub fn shared(&self) -> Weak<dyn SharedCounts> {
        let kept: Weak<Kept> = Arc::downgrade(&self.kept);
        kept
    }

    fn name(&self, key: &LimitKey) -> Name {
        let (limit, whose) = narrowed(key);
        (limit, (self.naming)(limit, &whose))
    }

    /// Takes one token.
    ///
    /// # Errors
    /// [`TooMany`] when none is left.
    pub fn take(&self, key: &LimitKey) -> Result<(), TooMany> {
        let (name, now) = (self.name(key), self.kept.clock.now());
        let rate = self.kept.rates.of(name.0);
        let mut counts = self.kept.counts();
        let (turn, others) = (counts.turn, counts.others);
        let Some(bucket) = self.kept.bucket(&mut counts, name, now) else { return Err(TooMany { after_secs: 60 }) };
        if bucket.turn != turn {
            (bucket.turn, bucket.here) = (turn, 0);
        }
        if bucket.here >= share_of(rate.burst, others) {
            return Err(TooMany { after_secs: 1 });
        }
        if bucket.left < 1.0 {
            let secs = ((1.0 - bucket.left) / rate.per_sec).ceil().clamp(1.0, 3600.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 3600")]
            return Err(TooMany { after_secs: secs as u32 });
        }
        bucket.left -= 1.0;
        bucket.here = bucket.here.saturating_add(1);
        if others > 0 {
            counts.unsaid.add(name.0, name.1);
        }
        Ok(())
    }

    /// Forgets what was counted here: a good sign-in clears the account's tries.
    pub fn forgive(&self, key: &LimitKey) {
        let name = self.name(key);
        self.kept.counts().buckets.remove(&name);
    }
}

impl Kept {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket of this name with what has come back by now; none where there is no room for a new one.
    fn bucket<'c>(&self, counts: &'c mut Counts, name: Name, now: Timestamp) -> Option<&'c mut Bucket> {
        let (rates, turn) = (self.rates, counts.turn);
        let buckets = &mut counts.buckets;
        if buckets.len() >= KEYS_MAX && !buckets.contains_key(&name) {
            buckets.retain(|(limit, _), bucket| {
                let rate = rates.of(*limit);
                !is_full(filled(*bucket, rate, now), rate)
            });
            if buckets.len() >= KEYS_MAX {
                return None;
            }
        }
        let rate = rates.of(name.0);
        let new = Bucket { left: f64::from(rate.burst), at: now, turn, here: 0 };
        let bucket = buckets.entry(name).or_insert(new);
        *bucket = filled(*bucket, rate, now);
        Some(bucket)
    }
}

impl SharedCounts for Kept {
    fn said(&self, most: usize) -> Vec<Spent> {
        self.counts().unsaid.take(most)
    }

    fn heard(&self, shared: &Shared, _: Timestamp) {
        // The door's own clock, by which the buckets are filled.
        let now = self.clock.now();
        let mut counts = self.counts();
        counts.turn += 1;
        counts.others = shared.others;
        if shared.others == 0 {
            counts.unsaid.clear();
        }
        for one in shared.spent.iter().filter(|one| is_of_the_door(one.limit)) {
            let least = least_left(self.rates.of(one.limit), shared.others);
            if let Some(bucket) = self.bucket(&mut counts, (one.limit, one.whose), now) {
                bucket.left = (bucket.left - f64::from(one.count)).max(least);
            }
        }
    }

    fn unheard(&self) {
        self.counts().turn += 1;
    }
}

/// How little may be left. What was too much is owed for a few seconds and the rest is let go, or many who sit behind one
/// address would be shut out for minutes by one of them. But each of the others may have given one more, which is always owed:
/// a limit with a slow rate would else be each node's own.
fn least_left(rate: Rate, others: usize) -> f64 {
    let one_each = f64::from(u32::try_from(others).unwrap_or(u32::MAX));
    -(OWED_SECS * rate.per_sec).max(one_each)
}

const fn is_of_the_door(limit: Counted) -> bool {
    !matches!(limit, Counted::Refusal | Counted::TokenRefusal)
}

impl Rates {
    const fn of(&self, limit: Counted) -> Rate {
        match limit {
            Counted::Account | Counted::Refusal | Counted::TokenRefusal => self.account,
            Counted::Credential => self.credential,
            Counted::Stranger => self.stranger,
            Counted::Attempt => self.attempt,
            Counted::Program => self.program,
        }
    }
}

fn filled(bucket: Bucket, rate: Rate, now: Timestamp) -> Bucket {
    let secs = std::time::Duration::from_millis(now.millis_since(bucket.at).max(0).unsigned_abs()).as_secs_f64();
    Bucket { left: (bucket.left + secs * rate.per_sec).min(f64::from(rate.burst)), at: now, ..bucket }
}

fn is_full(bucket: Bucket, rate: Rate) -> bool {
    bucket.left >= f64::from(rate.burst)
}

/// Which limit, and whose: one household or firm holds a whole IPv6 /64, so that is one address here.
fn narrowed(key: &LimitKey) -> (Counted, String) {
    let narrow = |address: &IpAddr| match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0]).to_string()
        }
        four @ IpAddr::V4(_) => four.to_string(),
    };
    match key {
        LimitKey::Account(account) => (Counted::Account, account.clone()),
        LimitKey::Credential(id) => (Counted::Credential, data_encoding::HEXLOWER.encode(id)),
        LimitKey::Stranger(address) => (Counted::Stranger, narrow(address)),
        LimitKey::Attempt(address) => (Counted::Attempt, narrow(address)),
        LimitKey::Program(program) => (Counted::Program, program.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, LimitKey, Limits, Rates, TooMany};
    use custody::{Shared, SharedCounts as _, Spent};
    use record::{Clock as _, ManualClock};
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
            assert_eq!(limits.take(&key()), Ok(()));
        }
        assert_eq!(limits.take(&key()), Err(TooMany { after_secs: 30 }));
        assert_eq!(limits.take(&LimitKey::Account("two".to_owned())), Ok(()));
        clock.advance_millis(30_000);
        assert_eq!(limits.take(&key()), Ok(()));
        assert!(limits.take(&key()).is_err());
        limits.forgive(&key());
        assert_eq!(limits.take(&key()), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_for_free() {
        let (limits, clock) = limits();
        let key = || LimitKey::Credential(vec![1]);
        for _ in 0..10 {
            assert_eq!(limits.take(&key()), Ok(()));
        }
        clock.advance_millis(-60_000);
        assert!(limits.take(&key()).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_stranger() {
        let (limits, _clock) = limits();
        let burst = Rates::default().attempt.burst;
        for n in 0..burst {
            let address = format!("2001:db8::{n:x}").parse().expect("an address");
            assert_eq!(limits.take(&LimitKey::Attempt(address)), Ok(()));
        }
        assert!(limits.take(&LimitKey::Attempt("2001:db8::ffff".parse().expect("an address"))).is_err());
        assert!(limits.take(&LimitKey::Attempt("2001:db8:1::1".parse().expect("an address"))).is_ok());
    }

    #[test]
    fn a_flood_of_new_keys_is_refused_and_forgotten_when_full_again() {
        let (limits, clock) = limits();
        for n in 0..KEYS_MAX {
            assert_eq!(limits.take(&LimitKey::Account(n.to_string())), Ok(()));
        }
        assert!(limits.take(&LimitKey::Account("new".to_owned())).is_err());
        clock.advance_millis(31_000);
        assert!(limits.take(&LimitKey::Account("new".to_owned())).is_ok());
    }

    /// Nodes of one house, and how often they tell each other.
    struct House {
        nodes: Vec<Limits>,
        clock: Arc<ManualClock>,
        /// What each said, until the others' next pulses: the slowest way there is.
        said: Vec<Vec<Spent>>,
    }

    /// Each asks its database every 400 ms, one after the other.
    const PULSE_MILLIS: i64 = 400;
    const STEP_MILLIS: i64 = 10;

    impl House {
        fn of(many: usize) -> Self {
            let clock = Arc::new(ManualClock::at_unix_millis(0));
            let nodes: Vec<Limits> = (0..many).map(|_| Limits::new(Rates::default(), clock.clone())).collect();
            let house = Self { said: vec![Vec::new(); many], nodes, clock };
            for node in &house.nodes {
                house.tell(node, Vec::new());
            }
            house
        }

        fn tell(&self, node: &Limits, spent: Vec<Spent>) {
            node.kept.heard(&Shared { spent, others: self.nodes.len() - 1 }, self.clock.now());
        }

        /// Everybody hears what the others said a pulse ago, and says what it gave since.
        fn pulse(&mut self) {
            let said: Vec<Vec<Spent>> = self.nodes.iter().map(|node| node.kept.said(112)).collect();
            for (own, node) in self.nodes.iter().enumerate() {
                let others = self.said.iter().enumerate().filter(|(other, _)| *other != own);
                self.tell(node, others.flat_map(|(_, spent)| spent.clone()).collect());
            }
            self.said = said;
        }

        /// How many of so many tries a second, spread over all nodes, are let pass within so many seconds.
        fn let_pass(&mut self, key: &LimitKey, tries_per_sec: f64, secs: i64) -> Passed {
            let (mut passed, mut due, mut next) = (0, 0.0, 0);
            let (mut last, mut dark_millis) = (0, 0);
            for at in (0..secs * 1000).step_by(usize::try_from(STEP_MILLIS).expect("small")) {
                due += tries_per_sec * 0.01;
                while due >= 1.0 {
                    due -= 1.0;
                    next += 1;
                    if self.nodes[next % self.nodes.len()].take(key).is_ok() {
                        passed += 1;
                        dark_millis = dark_millis.max(at - last);
                        last = at;
                    }
                }
                self.clock.advance_millis(STEP_MILLIS);
                if at % PULSE_MILLIS == 0 {
                    self.pulse();
                }
            }
            Passed { many: f64::from(passed), dark_millis: dark_millis.max(secs * 1000 - last) }
        }
    }

    struct Passed {
        many: f64,
        /// The longest time in which nobody passed.
        dark_millis: i64,
    }

    fn stranger() -> LimitKey {
        LimitKey::Stranger("192.0.2.7".parse().expect("an address"))
    }

    #[test]
    fn three_nodes_give_a_stranger_at_any_rate_what_one_gives() {
        for tries_per_sec in [15.0, 25.0, 60.0, 100.0, 300.0, 1000.0, 5000.0] {
            // In the first seconds of a flood they have not heard of each other yet; of what was too much a part is owed afterwards.
            for (secs, most) in [(10, 1.5), (60, 1.25)] {
                let one = House::of(1).let_pass(&stranger(), tries_per_sec, secs).many;
                let three = House::of(3).let_pass(&stranger(), tries_per_sec, secs).many;
                let told = format!("{tries_per_sec} a second for {secs} s: {three} of three nodes, {one} of one");
                assert!(three <= one * most, "{told}");
                assert!(three >= one * 0.9, "and nobody gets less because there are several: {told}");
            }
        }
    }

    #[test]
    fn nobody_is_shut_out_for_longer_than_a_few_seconds_because_there_are_several_nodes() {
        let program = LimitKey::Program("prg_00000000000000000000000001".parse().expect("an id"));
        let attempt = LimitKey::Attempt("192.0.2.7".parse().expect("an address"));
        for key in [program, stranger(), attempt] {
            for tries_per_sec in [30.0, 100.0, 300.0, 1000.0, 5000.0] {
                let one = House::of(1).let_pass(&key, tries_per_sec, 60);
                let three = House::of(3).let_pass(&key, tries_per_sec, 60);
                let told = format!("{key:?}, {tries_per_sec} a second: {} of three, {} of one", three.many, one.many);
                assert!(three.dark_millis <= 6500, "{told}; nobody for {} ms", three.dark_millis);
                assert!(three.many >= one.many * 0.9 && three.many <= one.many * 1.4, "{told}");
            }
        }
    }

    #[test]
    fn three_nodes_give_an_account_no_more_tries_in_the_long_run_than_one() {
        let account = LimitKey::Account("one".to_owned());
        for tries_per_sec in [1.0, 10.0, 300.0] {
            let one = House::of(1).let_pass(&account, tries_per_sec, 1800).many;
            let three = House::of(3).let_pass(&account, tries_per_sec, 1800).many;
            assert!(
                three <= one * 1.15 && three >= one * 0.75,
                "{tries_per_sec} a second: {three} of three, {one} of one"
            );
        }
    }

    #[test]
    fn what_was_given_elsewhere_is_owed_here_for_a_few_seconds_whatever_was_said() {
        let mut house = House::of(2);
        for _ in 0..100 {
            assert_eq!(house.nodes[0].take(&stranger()), Ok(()));
        }
        let before = house.nodes[1].kept.counts().buckets.len();
        house.pulse();
        house.pulse();
        assert_eq!(
            (before, house.nodes[1].kept.counts().buckets.len()),
            (0, 1),
            "it is heard where nobody has knocked"
        );
        let said = |count| Spent { count, ..house.said_once() };
        house.tell(&house.nodes[1], vec![said(u32::MAX)]);
        assert!(house.nodes[1].take(&stranger()).is_err());
        // Five seconds are owed, and the one that is given then.
        house.clock.advance_millis(4_900);
        assert!(house.nodes[1].take(&stranger()).is_err());
        house.clock.advance_millis(200);
        assert_eq!(house.nodes[1].take(&stranger()), Ok(()));
    }

    impl House {
        fn said_once(&self) -> Spent {
            assert_eq!(self.nodes[0].take(&stranger()), Ok(()));
            self.nodes[0].kept.said(1)[0]
        }
    }

    #[test]
    fn whoever_hears_nothing_goes_by_its_own_buckets() {
        let house = House::of(3);
        let (alone, burst) = (&house.nodes[0], Rates::default().stranger.burst);
        let mut passed = 0;
        for _ in 0..20 {
            alone.kept.unheard();
            passed += (0..1000).filter(|_| alone.take(&stranger()).is_ok()).count();
        }
        assert_eq!(passed, burst as usize, "all of its own, and no more");
        // When the others are gone, nothing is held back for them, and nothing is kept to be said.
        alone.kept.heard(&Shared { spent: Vec::new(), others: 0 }, house.clock.now());
        house.clock.advance_millis(60_000);
        assert_eq!((0..2000).filter(|_| alone.take(&stranger()).is_ok()).count(), burst as usize);
        assert!(alone.kept.said(10).is_empty());
    }
}
