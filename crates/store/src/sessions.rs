//! Sessions and the ceremonies that begin them.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{PersonId, SessionId, Timestamp};

/// A session as it is kept. Its secret is nowhere.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Its name in the ledger.
    pub id: SessionId,
    /// SHA-256 of the cookie's secret.
    pub secret_hash: Vec<u8>,
    /// Who.
    pub person: PersonId,
    /// What its forms carry.
    pub csrf: String,
    /// When.
    pub created_at: Timestamp,
    /// Last touch of the passkey.
    pub step_up_at: Option<Timestamp>,
    /// Ends then if nothing is done.
    pub idle_until: Timestamp,
    /// Ends then in any case.
    pub ends_at: Timestamp,
    /// Ended by hand.
    pub revoked_at: Option<Timestamp>,
    /// On a device that several people use.
    pub shared: bool,
    /// Idle lock: one touch brings it back.
    pub locked_at: Option<Timestamp>,
}

/// A challenge given and not yet answered.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// SHA-256 of the cookie or link that began it.
    pub hash: Vec<u8>,
    /// `sign_in`, `enrol`, `step_up`.
    pub kind: String,
    /// For whom, when known.
    pub person: Option<PersonId>,
    /// What the library wants back.
    pub state: String,
    /// Until.
    pub expires_at: Timestamp,
}

const SESSION: &str = "session_id, secret_hash, person_id, csrf, created_at, step_up_at, idle_until, ends_at, revoked_at, shared, locked_at";

fn session(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: row.word("session_id")?,
        secret_hash: row.bytes("secret_hash")?,
        person: row.word("person_id")?,
        csrf: row.text("csrf")?,
        created_at: row.at("created_at")?,
        step_up_at: row.maybe_at("step_up_at")?,
        idle_until: row.at("idle_until")?,
        ends_at: row.at("ends_at")?,
        revoked_at: row.maybe_at("revoked_at")?,
        shared: row.yes("shared")?,
        locked_at: row.maybe_at("locked_at")?,
    })
}

impl Store {
    /// One session by its name.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_fetch(&self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        let sql = format!("SELECT {SESSION} FROM session WHERE session_id = $1");
        self.row("fetch a session", sql, binds![id]).await?.as_ref().map(session).transpose()
    }

    /// The session with this secret, whatever its state.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_by_secret(&self, secret_hash: &[u8]) -> Result<Option<SessionRow>, StoreError> {
        let sql = format!("SELECT {SESSION} FROM session WHERE secret_hash = $1");
        self.row("find a session", sql, binds![secret_hash]).await?.as_ref().map(session).transpose()
    }

    /// When this person's last session before `this` began.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_before(&self, person: PersonId, this: SessionId) -> Result<Option<Timestamp>, StoreError> {
        let row = self
            .row(
                "find the last sign-in",
                "SELECT created_at FROM session WHERE person_id = $1 AND session_id < $2 ORDER BY session_id DESC LIMIT 1",
                binds![person, this],
            )
            .await?;
        row.map(|row| row.at("created_at")).transpose()
    }

    /// How many sessions live.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_count(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM session WHERE revoked_at IS NULL AND idle_until > $1 AND ends_at > $1";
        let row = self.row("count sessions", sql, binds![now]).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }
}

impl Tx {
    /// A new session.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_insert(&mut self, new: &SessionRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO session ({SESSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
        self.run(
            sql,
            binds![
                new.id,
                new.secret_hash.clone(),
                new.person,
                &new.csrf,
                new.created_at,
                new.step_up_at,
                new.idle_until,
                new.ends_at,
                new.revoked_at,
                new.shared,
                new.locked_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Something was done: the idle clock starts anew.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_touch(&mut self, id: SessionId, idle_until: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE session SET idle_until = $2 WHERE session_id = $1 AND revoked_at IS NULL AND locked_at IS NULL",
            binds![id, idle_until],
        )
        .await
    }

    /// The passkey was touched: step-up is fresh, a lock is off, the idle clock starts anew.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_step_up(
        &mut self,
        id: SessionId,
        at: Timestamp,
        idle_until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE session SET step_up_at = $2, idle_until = $3, locked_at = NULL WHERE session_id = $1 AND revoked_at IS NULL AND ends_at > $2",
            binds![id, at, idle_until],
        )
        .await
    }

    /// Locks a session until the next touch.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_lock(&mut self, id: SessionId, at: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE session SET locked_at = $2, step_up_at = NULL WHERE session_id = $1 AND locked_at IS NULL",
            binds![id, at],
        )
        .await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_revoke(&mut self, id: SessionId, at: Timestamp) -> Result<u64, StoreError> {
        self.run("UPDATE session SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL", binds![id, at])
            .await
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn session_revoke_all(&mut self, person: PersonId, at: Timestamp) -> Result<u64, StoreError> {
        self.run("UPDATE session SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL", binds![person, at])
            .await
    }

    /// Keeps a ceremony, in place of an older one of the same hash; forgets those that are over.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn ceremony_keep(&mut self, new: &Ceremony, now: Timestamp) -> Result<(), StoreError> {
        self.run("DELETE FROM ceremony WHERE expires_at <= $1", binds![now]).await?;
        self.run(
            "INSERT INTO ceremony (ceremony_hash, kind, person_id, state, expires_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (ceremony_hash) DO UPDATE SET kind = excluded.kind, person_id = excluded.person_id, \
             state = excluded.state, expires_at = excluded.expires_at",
            binds![new.hash.clone(), &new.kind, new.person, &new.state, new.expires_at],
        )
        .await
        .map(|_| ())
    }

    /// Takes a ceremony out: it can be answered once.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn ceremony_take(
        &mut self,
        hash: &[u8],
        kind: &str,
        now: Timestamp,
    ) -> Result<Option<Ceremony>, StoreError> {
        let row = self
            .row(
                "DELETE FROM ceremony WHERE ceremony_hash = $1 AND kind = $2 AND expires_at > $3 \
                 RETURNING ceremony_hash, kind, person_id, state, expires_at",
                binds![hash, kind, now],
            )
            .await?;
        row.map(|row| {
            Ok(Ceremony {
                hash: row.bytes("ceremony_hash")?,
                kind: row.text("kind")?,
                person: row.maybe_word("person_id")?,
                state: row.text("state")?,
                expires_at: row.at("expires_at")?,
            })
        })
        .transpose()
    }
}
