//! Keys that a program keeps at an address of its own (JWKS URL): fetched, kept for a while, fetched again.
//!
//! The fetching itself is the door's ([`FetchKeys`]); what is known here is how often. What must always hold: a stranger who
//! names keys that are not there makes us ask no more often than once a minute; an answer that cannot be had leaves the
//! keys as they were for a while, and never lets anything in that was not there.

use super::keys::NamedKey;
use record::{ProgramId, Timestamp};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Keys are fetched again after ten minutes, so that one that was taken out counts no longer than that.
const FRESH_MILLIS: i64 = 10 * 60 * 1000;
/// And for a name that is not among them, once a minute.
const AGAIN_MILLIS: i64 = 60 * 1000;
/// Programs whose keys are kept at once; beyond it all are forgotten and fetched anew.
const PROGRAMS_MAX: usize = 4096;

/// Why keys could not be fetched, in fixed words: for the person who registers the address, and for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchKeysError {
    /// Not an https address with a host of its own.
    #[error("the address is not one that keys are fetched from")]
    Address,
    /// The name leads to this machine or into a private network.
    #[error("the address leads to a private network")]
    Private,
    /// Nobody answered, or not in time, or not with 200.
    #[error("the address does not answer with keys")]
    Unanswered,
    /// Longer than any list of keys.
    #[error("the answer is too long")]
    TooLong,
}

/// What is fetched: the bytes of the answer.
pub type Fetching = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchKeysError>> + Send>>;

/// Whoever fetches. It follows no redirect, sends nothing of ours, and reaches no private network.
pub trait FetchKeys: Send + Sync + 'static {
    /// Fetches what lies at an address.
    fn fetch(&self, address: &url::Url) -> Fetching;
}

struct Kept {
    address: String,
    keys: Vec<NamedKey>,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What is known of a key.
enum Known {
    /// It, or that there is none.
    Answer(Option<NamedKey>),
    /// It has to be asked for, by one at a time.
    Ask(Arc<tokio::sync::Mutex<()>>),
}

impl Kept {
    fn nothing(address: &str) -> Self {
        Self { address: address.to_owned(), keys: Vec::new(), fetched_at: None, asked_at: None, turn: Arc::default() }
    }

    fn named(&self, kid: &str) -> Option<NamedKey> {
        self.keys.iter().find(|key| key.kid == kid).cloned()
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched_at.is_some_and(|at| now.millis_since(at) < FRESH_MILLIS)
    }
}

/// Keys that were fetched, and who fetches. In this process's memory.
#[derive(Default)]
pub(crate) struct FetchedKeys {
    fetcher: OnceLock<Arc<dyn FetchKeys>>,
    kept: Mutex<HashMap<ProgramId, Kept>>,
}

impl FetchedKeys {
    pub(crate) fn fetcher_set(&self, fetcher: Arc<dyn FetchKeys>) {
        // The first one stays: a process has one door.
        drop(self.fetcher.set(fetcher));
    }

    /// The key of this name at the program's address, as it is there now or was a while ago.
    pub(super) async fn find(&self, program: ProgramId, address: &str, kid: &str, now: Timestamp) -> Option<NamedKey> {
        let turn = match self.known(program, address, kid, now) {
            Known::Answer(found) => return found,
            Known::Ask(turn) => turn,
        };
        // One asks; whoever came meanwhile waits, and then takes what came of it.
        let _mine = turn.lock().await;
        if let Known::Answer(found) = self.known(program, address, kid, now) {
            return found;
        }
        let fetched = self.fetched(address).await;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.entry(program).or_insert_with(|| Kept::nothing(address));
        if one.address != address {
            *one = Kept::nothing(address);
        }
        one.asked_at = Some(now);
        match fetched {
            Ok(keys) => (one.keys, one.fetched_at) = (keys, Some(now)),
            Err(error) => tracing::warn!(%program, %error, "a program's keys could not be fetched"),
        }
        if one.is_fresh(now) { one.named(kid) } else { None }
    }

    /// What is known without asking, or whose turn it is to ask.
    fn known(&self, program: ProgramId, address: &str, kid: &str, now: Timestamp) -> Known {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= PROGRAMS_MAX && !kept.contains_key(&program) {
            kept.clear();
        }
        let one = kept.entry(program).or_insert_with(|| Kept::nothing(address));
        if one.address != address {
            *one = Kept::nothing(address);
        }
        let found = if one.is_fresh(now) { one.named(kid) } else { None };
        let just_asked = one.asked_at.is_some_and(|at| now.millis_since(at) < AGAIN_MILLIS);
        if found.is_some() || just_asked { Known::Answer(found) } else { Known::Ask(Arc::clone(&one.turn)) }
    }

    /// Fetches and reads a list.
    pub(super) async fn fetched(&self, address: &str) -> Result<Vec<NamedKey>, FetchKeysError> {
        let url = url::Url::parse(address).map_err(|_| FetchKeysError::Address)?;
        let fetcher = self.fetcher.get().ok_or(FetchKeysError::Unanswered)?;
        let bytes = fetcher.fetch(&url).await?;
        NamedKey::read_set(&bytes).map_err(|_| FetchKeysError::Unanswered)
    }
}
