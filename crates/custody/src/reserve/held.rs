//! What is held in memory while the database cannot write: challenges that were given, sessions that began, what was
//! touched, locked and ended.
//!
//! What must always hold: bounded; what ends or locks a session counts at once; a session that began here is as live
//! as its row would be and no longer; when the process dies, its people sign in again.

use record::{CredentialId, PersonId, SessionId, Timestamp};
use std::collections::{HashMap, VecDeque};
use store::{Ceremony, Credential, SessionRow};

/// Challenges that wait for their answer, about 1 KiB each. Beyond that the oldest one goes: were the newest refused, a
/// few strangers could shut everybody out by asking often.
const CEREMONIES_MAX: usize = 16_384;
/// Marks on sessions, failures: beyond that the oldest say goes to the database or nowhere.
const MARKS_MAX: usize = 10_000;
/// Sessions of one person that begin here.
const SESSIONS_OF_ONE_MAX: usize = 8;

/// What is held in memory. No `Debug`: it knows secrets' hashes.
#[derive(Default)]
pub(crate) struct Held {
    ceremonies: HashMap<Vec<u8>, Ceremony>,
    /// In the order in which they came, which is the order in which they expire.
    ceremonies_order: VecDeque<Vec<u8>>,
    failures: HashMap<String, (Timestamp, u64)>,
    begun: HashMap<Vec<u8>, SessionRow>,
    idle: HashMap<SessionId, Timestamp>,
    locked: HashMap<SessionId, Timestamp>,
    ended: HashMap<SessionId, Timestamp>,
    passkeys: HashMap<CredentialId, String>,
    /// The outage was told as an alert.
    pub(super) is_told: bool,
}

/// What the database has not been told of its own sessions.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) idle: Vec<(SessionId, Timestamp)>,
    pub(super) locked: Vec<(SessionId, Timestamp)>,
    pub(super) ended: Vec<(SessionId, Timestamp)>,
}

impl Held {
    /// Keeps a challenge.
    pub(crate) fn ceremony_keep(&mut self, ceremony: Ceremony, now: Timestamp) {
        while let Some(oldest) = self.ceremonies_order.front() {
            let waits = self.ceremonies.get(oldest).is_some_and(|one| one.expires_at > now);
            if waits && self.ceremonies.len() < CEREMONIES_MAX {
                break;
            }
            self.ceremonies.remove(oldest);
            self.ceremonies_order.pop_front();
        }
        self.ceremonies_order.push_back(ceremony.hash.clone());
        self.ceremonies.insert(ceremony.hash.clone(), ceremony);
    }

    /// Takes a challenge out: it is answered once.
    pub(crate) fn ceremony_take(&mut self, hash: &[u8], kind: &str, now: Timestamp) -> Option<Ceremony> {
        if self.ceremonies.get(hash)?.kind != kind {
            return None;
        }
        self.ceremonies.remove(hash).filter(|one| one.expires_at > now)
    }

    /// Counts a failure that the database could not.
    pub(crate) fn failure_count(&mut self, subject: &str, window: Timestamp) {
        if self.failures.len() >= MARKS_MAX {
            self.failures.retain(|_, (at, _)| *at == window);
        }
        let (at, count) = self.failures.entry(subject.to_owned()).or_insert((window, 0));
        if *at != window {
            (*at, *count) = (window, 0);
        }
        *count += 1;
    }

    /// How many failures of a window were counted here.
    pub(crate) fn failures(&self, subject: &str, window: Timestamp) -> u64 {
        self.failures.get(subject).filter(|(at, _)| *at == window).map_or(0, |(_, count)| *count)
    }

    /// A session begins here.
    pub(crate) fn session_begin(&mut self, row: SessionRow) {
        self.begun.insert(row.secret_hash.clone(), row);
    }

    /// Has this person as many sessions here as one may have: the reserve is there for everybody.
    pub(crate) fn has_enough(&self, person: PersonId) -> bool {
        self.begun.values().filter(|row| row.person == person).count() >= SESSIONS_OF_ONE_MAX
    }

    /// The session with this secret that began here.
    pub(crate) fn session_by_secret(&self, hash: &[u8]) -> Option<SessionRow> {
        self.begun.get(hash).cloned()
    }

    /// The session of this name that began here.
    pub(crate) fn session_by_id(&self, id: SessionId) -> Option<SessionRow> {
        self.begun.values().find(|row| row.id == id).cloned()
    }

    /// A row, with everything that was said of the session since.
    pub(crate) fn applied(&self, mut row: SessionRow) -> SessionRow {
        if let Some(until) = self.idle.get(&row.id) {
            row.idle_until = row.idle_until.max(*until);
        }
        if let Some(at) = self.locked.get(&row.id) {
            (row.locked_at, row.step_up_at) = (Some(*at), None);
        }
        row.revoked_at = row.revoked_at.or_else(|| self.ended.get(&row.id).copied());
        row
    }

    /// Something was done in it.
    pub(crate) fn session_touch(&mut self, id: SessionId, until: Timestamp) {
        // Beyond the bound the session ends when its row says so.
        if self.idle.len() < MARKS_MAX {
            self.idle.insert(id, until);
        }
    }

    /// It is locked until the next touch.
    pub(crate) fn session_lock(&mut self, id: SessionId, at: Timestamp) {
        self.locked.insert(id, at);
    }

    /// The lock is off, and the database knows.
    pub(crate) fn session_unlocked(&mut self, id: SessionId) {
        self.locked.remove(&id);
    }

    /// It is over. Was it not before.
    pub(crate) fn session_end(&mut self, id: SessionId, at: Timestamp) -> bool {
        self.ended.insert(id, at).is_none()
    }

    /// The database knows that it is over; of one that began here it will know when it has the row.
    pub(crate) fn session_end_written(&mut self, id: SessionId) {
        if self.session_by_id(id).is_none() {
            self.ended.remove(&id);
        }
    }

    /// All of a person's sessions that began here are over.
    pub(crate) fn end_person(&mut self, person: PersonId, at: Timestamp) {
        let over: Vec<SessionId> = self.begun.values().filter(|row| row.person == person).map(|row| row.id).collect();
        over.into_iter().for_each(|id| {
            self.session_end(id, at);
        });
    }

    /// The passkey signed in: its counter went on.
    pub(crate) fn passkey_touch(&mut self, id: CredentialId, passkey: &str) {
        self.passkeys.insert(id, passkey.to_owned());
    }

    /// The database has seen it sign in since.
    pub(crate) fn passkey_written(&mut self, id: CredentialId) {
        self.passkeys.remove(&id);
    }

    /// A passkey as it was last seen, so that a copy with an old counter is noticed here too.
    pub(crate) fn passkey_applied(&self, mut credential: Credential) -> Credential {
        if let Some(passkey) = self.passkeys.get(&credential.id) {
            credential.passkey.clone_from(passkey);
        }
        credential
    }

    /// The row of a session is in the database, its passkey with it.
    pub(super) fn written(&mut self, session: SessionId, passkey: Option<&super::TouchedPasskey>) {
        self.begun.retain(|_, row| row.id != session);
        if let Some(touched) = passkey
            && self.passkeys.get(&touched.id) == Some(&touched.passkey)
        {
            self.passkeys.remove(&touched.id);
        }
    }

    /// What the database is to be told of its sessions; of those that began here only once they are there.
    pub(super) fn marks(&self) -> Marks {
        let list = |map: &HashMap<SessionId, Timestamp>| {
            let known = map.iter().filter(|(id, _)| !self.begun.values().any(|row| row.id == **id));
            known.map(|(id, at)| (*id, *at)).collect::<Vec<_>>()
        };
        Marks { idle: list(&self.idle), locked: list(&self.locked), ended: list(&self.ended) }
    }

    /// The database was told.
    pub(super) fn marks_written(&mut self, marks: &Marks) {
        let forget = |map: &mut HashMap<SessionId, Timestamp>, told: &[(SessionId, Timestamp)]| {
            for (id, at) in told {
                if map.get(id) == Some(at) {
                    map.remove(id);
                }
            }
        };
        forget(&mut self.idle, &marks.idle);
        forget(&mut self.locked, &marks.locked);
        forget(&mut self.ended, &marks.ended);
    }
}
