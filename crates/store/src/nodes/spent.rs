//! What a node let pass of limits that the house has once: said to the others with its pulse, and heard from them.
//!
//! What must always hold: whose tries they were stands there as a keyed hash and in no other way; however many knock, what is said
//! has a largest size, and no request waits for any of it; what one node says is counted once by each of the others; what
//! cannot be read counts as nothing said.

use super::{LEASE, NOW, PATIENCE, Pulse};
use crate::StoreError;
use record::Clock as _;
use sqlx::Row as _;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The form that is written (docs/FORMATS.md).
const VERSION: u8 = 1;
/// How many of its tries a node says in one pulse, at most. What is left over is said later.
pub const SPENT_MOST: usize = 160;
/// How long it is said. Whoever hears nothing for longer goes by what it counts itself.
const SAID: Duration = Duration::from_secs(2);
/// And how many turns at most, however the database's clock is set meanwhile.
const TURNS_MOST: usize = 8;
/// Of one: limit, whose, how many.
const SPENT_BYTES: usize = 1 + 32 + 4;

/// Which limit it is. The numbers are never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Tries with an account.
    Account = 1,
    /// Tries with a passkey.
    Credential = 2,
    /// Requests of a stranger, by address.
    Stranger = 3,
    /// A stranger's tries to sign in, by address.
    Attempt = 4,
    /// Requests of a program.
    Program = 5,
    /// Refusals of a principal that were written one by one.
    Refusal = 6,
    /// Refused tokens that were written one by one.
    TokenRefusal = 7,
}

impl Counted {
    const ALL: [Self; 7] = [
        Self::Account,
        Self::Credential,
        Self::Stranger,
        Self::Attempt,
        Self::Program,
        Self::Refusal,
        Self::TokenRefusal,
    ];

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| *one as u8 == number)
    }
}

/// So many of one limit were let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Of which.
    pub limit: Counted,
    /// Whose tries they were: a keyed hash.
    pub whose: [u8; 32],
    /// How many.
    pub count: u32,
}

/// What the other nodes let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What was not heard before.
    pub spent: Vec<Spent>,
    /// How many other nodes are there.
    pub others: usize,
}

/// What was let pass between two pulses, and when it was said: one node's times only go up.
type Turn = (i64, Vec<Spent>);

/// Is this longer ago.
fn is_over(said_at: i64, now: i64, kept: Duration) -> bool {
    u128::from(now.saturating_sub(said_at).max(0).unsigned_abs()) > kept.as_millis()
}

fn encoded<'t>(turns: impl Iterator<Item = &'t Turn>) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for (at, spent) in turns {
        bytes.extend(at.to_be_bytes());
        bytes.extend(u16::try_from(spent.len()).unwrap_or(u16::MAX).to_be_bytes());
        for one in spent.iter().take(usize::from(u16::MAX)) {
            bytes.push(one.limit as u8);
            bytes.extend(one.whose);
            bytes.extend(one.count.to_be_bytes());
        }
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Option<Vec<Turn>> {
    let mut rest = bytes.strip_prefix(&[VERSION])?;
    let mut turns = Vec::new();
    while let Some((at, after)) = rest.split_first_chunk::<8>() {
        let (many, after) = after.split_first_chunk::<2>()?;
        let (all, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*many)) * SPENT_BYTES)?;
        let mut spent = Vec::new();
        for one in all.chunks_exact(SPENT_BYTES) {
            let (limit, one) = one.split_first()?;
            let (whose, count) = one.split_first_chunk::<32>()?;
            let count = u32::from_be_bytes(*count.first_chunk()?);
            // A newer node may count what this one does not know of.
            spent.extend(Counted::of(*limit).map(|limit| Spent { limit, whose: *whose, count }));
        }
        turns.push((i64::from_be_bytes(*at), spent));
        rest = after;
    }
    rest.is_empty().then_some(turns)
}

/// What this node has said, and up to where it has heard the others.
#[derive(Debug, Default)]
pub(super) struct Telling {
    turns: VecDeque<Turn>,
    /// The time of the newest turn there was.
    newest: i64,
    /// Is it otherwise than it stands in the database.
    changed: bool,
    /// The newest turn that was heard of each node.
    heard: HashMap<String, i64>,
}

impl Telling {
    fn say(&mut self, spent: Vec<Spent>, now: i64) {
        let before = self.turns.len();
        while self.turns.front().is_some_and(|(at, _)| is_over(*at, now, SAID)) {
            self.turns.pop_front();
        }
        self.changed |= self.turns.len() != before || !spent.is_empty();
        if !spent.is_empty() {
            self.newest = now.max(self.newest.saturating_add(1));
            self.turns.push_back((self.newest, spent));
        }
        // A clock that was set back would keep them until it has caught up.
        while self.turns.len() > TURNS_MOST {
            self.turns.pop_front();
        }
    }

    /// What another node says that was not heard before.
    fn hear(&mut self, node: &str, bytes: &[u8], now: i64) -> Vec<Spent> {
        let Some(turns) = decoded(bytes) else {
            tracing::warn!(node, "what this node let pass cannot be read");
            return Vec::new();
        };
        let heard = self.heard.entry(node.to_owned()).or_insert(i64::MIN);
        let mut news = Vec::new();
        for (at, spent) in turns {
            if at > *heard && !is_over(at, now, LEASE) {
                *heard = at;
                news.extend(spent);
            }
        }
        news
    }
}

impl Pulse {
    /// Says what was let pass here since it was last said, and hears what the others let pass since they were last heard. To be
    /// asked after a beat that was answered.
    ///
    /// # Errors
    /// When the database does not answer in time. What was to be said is said the next time.
    pub async fn share(&mut self, spent: Vec<Spent>) -> Result<Shared, StoreError> {
        let doing = "say what was let pass here";
        let now = self.clock.now().unix_millis();
        self.telling.say(spent, now);
        let said = (!self.telling.turns.is_empty()).then(|| encoded(self.telling.turns.iter()));
        let late = || StoreError::Database { doing, source: sqlx::Error::PoolTimedOut };
        let Some(connection) = &mut self.connection else { return Err(late()) };
        // One text, one way there and back; where nothing is new, nothing is written. What a node that was killed had said is
        // taken away by whoever sees it first; nobody waits for another one's lock.
        let sql = format!(
            "WITH said AS (UPDATE node SET spent = $2 WHERE node_id = $1 AND $3), \
             gone AS (UPDATE node SET spent = NULL WHERE node_id IN (SELECT node_id FROM node WHERE node_id <> $1 \
             AND spent IS NOT NULL AND seen_until < {NOW} - $4 FOR UPDATE SKIP LOCKED)) \
             SELECT node_id, spent FROM node WHERE node_id <> $1 AND seen_until > {NOW}"
        );
        let asked = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.node.to_string())
            .bind(said)
            .bind(self.telling.changed)
            .bind(i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX))
            .fetch_all(connection);
        let answered = tokio::time::timeout(PATIENCE, asked).await.map_err(|_| late());
        let rows = answered.and_then(|rows| rows.map_err(StoreError::database(doing)));
        let rows = rows.inspect_err(|_| self.connection = None)?;
        self.telling.changed = false;
        let mut shared = Shared { spent: Vec::new(), others: rows.len() };
        let mut there = Vec::new();
        for row in rows {
            let node: String = row.try_get("node_id").map_err(|_| StoreError::Column { column: "node_id" })?;
            let said: Option<Vec<u8>> = row.try_get("spent").map_err(|_| StoreError::Column { column: "spent" })?;
            shared.spent.extend(said.map(|bytes| self.telling.hear(&node, &bytes, now)).unwrap_or_default());
            there.push(node);
        }
        self.telling.heard.retain(|node, _| there.contains(node));
        Ok(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, SPENT_BYTES, SPENT_MOST, Spent, TURNS_MOST, Telling, decoded, encoded};

    fn spent(limit: Counted, whose: u8, count: u32) -> Spent {
        Spent { limit, whose: [whose; 32], count }
    }

    #[test]
    fn what_is_said_has_the_bytes_that_are_written_down() {
        let turns = [
            (1_700_000_000_000, vec![spent(Counted::Stranger, 0xab, 7), spent(Counted::Refusal, 1, 65_536)]),
            (1_700_000_000_400, Vec::new()),
        ];
        let bytes = encoded(turns.iter());
        let whose = |byte: &str| byte.repeat(32);
        let text = format!(
            "01 0000018bcfe56800 0002 03{}00000007 06{}00010000 0000018bcfe56990 0000",
            whose("ab"),
            whose("01")
        );
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), text.replace(' ', ""));
        assert_eq!(decoded(&bytes), Some(turns.to_vec()));
    }

    #[test]
    fn what_is_no_such_thing_counts_as_nothing_said() {
        let whole = encoded([(5, vec![spent(Counted::Attempt, 9, 1), spent(Counted::Attempt, 8, 2)])].iter());
        for cut in 0..whole.len() {
            let left = decoded(&whole[..cut]);
            assert!(left.is_none() || cut == 1, "cut off after {cut}: {left:?}");
        }
        assert_eq!(decoded(&[&whole[..], &[0]].concat()), None);
        assert_eq!(decoded(&[&[2], &whole[1..]].concat()), None, "another version");
        // A limit that only a newer node knows is passed by, and the others count.
        let mut newer = whole.clone();
        newer[11] = 200;
        assert_eq!(decoded(&newer), Some(vec![(5, vec![spent(Counted::Attempt, 8, 2)])]));
        // More is announced than there is.
        let mut long = whole;
        long[9] = 0xff;
        assert_eq!(decoded(&long), None);
    }

    #[test]
    fn what_one_node_says_is_counted_once_and_forgotten_with_its_lease() {
        let (mut first, mut second) = (Telling::default(), Telling::default());
        let one = |count| vec![spent(Counted::Stranger, 1, count)];
        let said = |first: &Telling| encoded(first.turns.iter());
        first.say(one(3), 10_000);
        assert_eq!(second.hear("first", &said(&first), 10_100), one(3));
        assert!(second.hear("first", &said(&first), 10_200).is_empty(), "it was heard before");
        // Two turns in the same millisecond, and the clock goes back: still two turns.
        first.say(one(4), 10_000);
        first.say(one(5), 9_000);
        first.say(Vec::new(), 10_300);
        assert_eq!(second.hear("first", &said(&first), 10_300), [one(4), one(5)].concat());
        // Whoever comes later hears what is not over, and nothing of yesterday.
        assert_eq!(Telling::default().hear("first", &said(&first), 14_000).len(), 3);
        assert!(Telling::default().hear("first", &said(&first), 90_000).is_empty());
        assert!(first.changed);
        first.changed = false;
        first.say(Vec::new(), 12_000);
        assert!(!first.changed && !first.turns.is_empty(), "nothing is new, so nothing is written");
        first.say(Vec::new(), 90_000);
        assert!(first.changed && first.turns.is_empty(), "what is over is taken back");
    }

    #[test]
    fn however_many_knock_what_is_said_has_a_largest_size() {
        let mut first = Telling::default();
        for pulse in 0..100 {
            first.say(vec![spent(Counted::Stranger, 1, 1); SPENT_MOST], pulse * 400);
        }
        let bytes = |first: &Telling| encoded(first.turns.iter()).len();
        let most = TURNS_MOST * (10 + SPENT_MOST * SPENT_BYTES) + 1;
        assert!(bytes(&first) <= most && most < 48_000, "{}", bytes(&first));
    }

    #[test]
    fn a_database_clock_that_is_set_back_makes_what_is_said_no_longer() {
        let (mut first, mut second) = (Telling::default(), Telling::default());
        first.say(vec![spent(Counted::Stranger, 1, 1)], 3_600_000);
        let mut heard = second.hear("first", &encoded(first.turns.iter()), 3_600_000).len();
        // An hour back, and so it goes on for longer than it would be said.
        for pulse in 0..100 {
            first.say(vec![spent(Counted::Stranger, 1, 1)], pulse * 400);
            assert!(first.turns.len() <= TURNS_MOST, "{} turns", first.turns.len());
            heard += second.hear("first", &encoded(first.turns.iter()), pulse * 400).len();
        }
        assert_eq!(heard, 101, "each is heard once all the same");
    }
}
