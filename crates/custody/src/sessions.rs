//! Sessions: opaque secrets, kept as hashes, idle after 15 minutes, over after 12 hours, revoked on the next request.

use crate::{Custody, CustodyError, IDLE_MINUTES, SignedIn};
use record::Sha256;

/// The idle clock is written down at most this often, so that reading a page is no write.
const TOUCH_MILLIS: i64 = 60_000;

impl Custody {
    /// Whose session this secret is; `None` when it is nobody's, or over.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn session_resolve(&self, secret: &str) -> Result<Option<SignedIn>, CustodyError> {
        if secret.len() != crate::secret::SECRET_CHARS {
            return Ok(None);
        }
        let hash = Sha256::of(secret.as_bytes());
        let held = self.standby().held().session_by_secret(hash.as_bytes());
        let (row, begun_here) = match held {
            Some(row) => (row, true),
            None => match self.store().session_by_secret(hash.as_bytes()).await? {
                Some(row) => (row, false),
                None => return Ok(None),
            },
        };
        let row = self.standby().held().applied(row);
        let now = self.now();
        if row.revoked_at.is_some() || row.ends_at <= now || row.idle_until <= now {
            return Ok(None);
        }
        let idle_until = now.plus_secs(IDLE_MINUTES * 60);
        if row.locked_at.is_none() && idle_until.millis_since(row.idle_until) > TOUCH_MILLIS {
            // A database that cannot write ends nobody's session: the clock is then kept in memory.
            if begun_here || self.is_ledger_failing() || self.session_touch(row.id, idle_until).await.is_err() {
                self.standby().held().session_touch(row.id, idle_until);
            }
        }
        Ok(Some(SignedIn {
            person: row.person,
            session: row.id,
            csrf: row.csrf,
            started_at: row.created_at,
            step_up_at: row.step_up_at,
            idle_until,
            locked: row.locked_at.is_some(),
            shared: row.shared,
        }))
    }
}

impl Custody {
    async fn session_touch(&self, id: record::SessionId, idle_until: record::Timestamp) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("touch a session").await?;
        tx.session_touch(id, idle_until).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The session by its name, when it is still live: for streams that ask again.
    pub(crate) async fn session_live(&self, id: record::SessionId) -> Result<Option<SignedIn>, CustodyError> {
        let held = self.standby().held().session_by_id(id);
        let row = match held {
            Some(row) => Some(row),
            None => self.store().session_fetch(id).await?,
        };
        let Some(row) = row else { return Ok(None) };
        let row = self.standby().held().applied(row);
        let now = self.now();
        // A stream is something being done: the idle clock does not cut it, the lock and the end of the session do.
        if row.revoked_at.is_some() || row.ends_at <= now || row.locked_at.is_some() {
            return Ok(None);
        }
        Ok(Some(SignedIn {
            person: row.person,
            session: row.id,
            csrf: row.csrf,
            started_at: row.created_at,
            step_up_at: row.step_up_at,
            idle_until: row.idle_until,
            locked: false,
            shared: row.shared,
        }))
    }
}
