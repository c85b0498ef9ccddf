//! Programs of customers: what they were granted, their keys, their tokens, and what they have used up.
//!
//! What must always hold: a signed request for a token counts once, by the table's own key and in the transaction that makes
//! the token; secrets are kept as hashes only; there is no PHI here but by way of ids.

use crate::binds::{Row, binds};
use crate::{Store, StoreError, Tx};
use record::{CustomerId, ProgramId, Right, SessionId, Timestamp, rights_read, rights_written};
use std::collections::BTreeSet;

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Which.
    pub id: ProgramId,
    /// For whom it works.
    pub customer: CustomerId,
    /// What its manager calls it.
    pub name: String,
    /// What it was granted.
    pub rights: BTreeSet<Right>,
    /// Where its keys are fetched; none when they are registered.
    pub jwks_url: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Does nothing from then on.
    pub ends_at: Timestamp,
    /// When somebody stopped it, and who.
    pub revoked: Option<(Timestamp, String)>,
    /// When it last got a token.
    pub last_used_at: Option<Timestamp>,
    /// Counts changes.
    pub revision: u64,
}

impl Program {
    /// Until when it may act: its end; one that was stopped, never: whether it was does not depend on anybody's clock.
    #[must_use]
    pub fn over_at(&self) -> Timestamp {
        self.revoked.as_ref().map_or(self.ends_at, |_| self.created_at.min(self.ends_at))
    }
}

/// A registered public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramKey {
    /// Its name.
    pub kid: String,
    /// The key, JSON.
    pub jwk: String,
    /// Since when it counts.
    pub created_at: Timestamp,
    /// Until when; none = until the program ends.
    pub ends_at: Option<Timestamp>,
}

/// A token. Its secret is nowhere.
#[derive(Debug, Clone)]
pub struct ProgramToken {
    /// SHA-256 of the secret.
    pub secret_hash: Vec<u8>,
    /// Its name in the ledger.
    pub session: SessionId,
    /// Whose.
    pub program: ProgramId,
    /// What it carries.
    pub rights: BTreeSet<Right>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
}

/// What is known of a request that carried a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What was asked with it; none while it is being done.
    pub asked: Option<Vec<u8>>,
    /// What was answered; none while it is being done.
    pub answer: Option<String>,
}

const PROGRAM: &str = "program_id, customer_id, name, rights, jwks_url, created_at, created_by, ends_at, revoked_at, revoked_by, last_used_at, revision";
const TOKEN: &str = "secret_hash, session_id, program_id, rights, created_at, ends_at";

fn rights(row: &Row) -> Result<BTreeSet<Right>, StoreError> {
    let text = row.text("rights")?;
    // A token is never without rights, and a program may be, so that they can all be taken from it.
    if text.is_empty() {
        return Ok(BTreeSet::new());
    }
    rights_read(&text).map_err(|_| StoreError::Column { column: "rights" })
}

fn program(row: &Row) -> Result<Program, StoreError> {
    Ok(Program {
        id: row.word("program_id")?,
        customer: row.word("customer_id")?,
        name: row.text("name")?,
        rights: rights(row)?,
        jwks_url: row.maybe_text("jwks_url")?,
        created_at: row.at("created_at")?,
        created_by: row.text("created_by")?,
        ends_at: row.at("ends_at")?,
        revoked: row.maybe_at("revoked_at")?.zip(row.maybe_text("revoked_by")?),
        last_used_at: row.maybe_at("last_used_at")?,
        revision: row.count("revision")?,
    })
}

fn token(row: &Row) -> Result<ProgramToken, StoreError> {
    Ok(ProgramToken {
        secret_hash: row.bytes("secret_hash")?,
        session: row.word("session_id")?,
        program: row.word("program_id")?,
        rights: rights(row)?,
        created_at: row.at("created_at")?,
        ends_at: row.at("ends_at")?,
    })
}

impl Store {
    /// One program.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_fetch(&self, id: ProgramId) -> Result<Option<Program>, StoreError> {
        let sql = format!("SELECT {PROGRAM} FROM program WHERE program_id = $1");
        self.row("fetch a program", sql, binds![id]).await?.as_ref().map(program).transpose()
    }

    /// A customer's programs, the newest first, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_list(&self, customer: CustomerId) -> Result<Vec<Program>, StoreError> {
        let sql = format!("SELECT {PROGRAM} FROM program WHERE customer_id = $1 ORDER BY program_id DESC");
        self.rows("list programs", sql, binds![customer]).await?.iter().map(program).collect()
    }

    /// A program's registered keys, the oldest first, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_keys(&self, id: ProgramId) -> Result<Vec<ProgramKey>, StoreError> {
        let sql =
            "SELECT kid, jwk, created_at, ends_at FROM program_key WHERE program_id = $1 ORDER BY created_at, kid";
        let key = |row: &Row| {
            Ok(ProgramKey {
                kid: row.text("kid")?,
                jwk: row.text("jwk")?,
                created_at: row.at("created_at")?,
                ends_at: row.maybe_at("ends_at")?,
            })
        };
        self.rows("list a program's keys", sql, binds![id]).await?.iter().map(key).collect()
    }

    /// Was this signed request used before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_assertion_is_used(&self, id: ProgramId, jti_hash: &[u8]) -> Result<bool, StoreError> {
        let sql = "SELECT forget_at FROM program_assertion WHERE program_id = $1 AND jti_hash = $2";
        Ok(self.row("look for a used request", sql, binds![id, jti_hash]).await?.is_some())
    }

    /// The token with this secret, whatever its age.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_token_by_secret(&self, secret_hash: &[u8]) -> Result<Option<ProgramToken>, StoreError> {
        let sql = format!("SELECT {TOKEN} FROM program_token WHERE secret_hash = $1");
        self.row("find a token", sql, binds![secret_hash]).await?.as_ref().map(token).transpose()
    }

    /// The token by its name in the ledger, for streams that ask again.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_token_by_session(&self, session: SessionId) -> Result<Option<ProgramToken>, StoreError> {
        let sql = format!("SELECT {TOKEN} FROM program_token WHERE session_id = $1");
        self.row("find a token", sql, binds![session]).await?.as_ref().map(token).transpose()
    }
}

impl Tx {
    /// A new program.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_insert(&mut self, new: &Program) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO program ({PROGRAM}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
        let (revoked_at, revoked_by) = new.revoked.clone().unzip();
        let values = binds![
            new.id,
            new.customer,
            &new.name,
            rights_written(&new.rights),
            new.jwks_url.clone(),
            new.created_at,
            &new.created_by,
            new.ends_at,
            revoked_at,
            revoked_by,
            new.last_used_at,
            i64::try_from(new.revision).unwrap_or(i64::MAX)
        ];
        self.run(sql, values).await.map(|_| ())
    }

    /// Writes rights, end and where the keys are, if nobody has changed the program since it was read and it was not stopped.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_update(&mut self, changed: &Program) -> Result<u64, StoreError> {
        let sql = "UPDATE program SET rights = $3, ends_at = $4, jwks_url = $5, revision = revision + 1 \
                   WHERE customer_id = $1 AND program_id = $2 AND revision = $6 AND revoked_at IS NULL";
        let values = binds![
            changed.customer,
            changed.id,
            rights_written(&changed.rights),
            changed.ends_at,
            changed.jwks_url.clone(),
            i64::try_from(changed.revision).unwrap_or(i64::MAX)
        ];
        self.run(sql, values).await
    }

    /// Stops a program; zero when it was stopped before. Its tokens go too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_revoke(
        &mut self,
        customer: CustomerId,
        id: ProgramId,
        at: Timestamp,
        by: &str,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE program SET revoked_at = $3, revoked_by = $4, revision = revision + 1 \
                   WHERE customer_id = $1 AND program_id = $2 AND revoked_at IS NULL";
        let done = self.run(sql, binds![customer, id, at, by]).await?;
        self.run("DELETE FROM program_token WHERE program_id = $1", binds![id]).await?;
        Ok(done)
    }

    /// Registers a key, or the same name anew.
    ///
    /// # Errors
    /// When the database cannot, or the program has a key of that name.
    pub async fn program_key_insert(&mut self, id: ProgramId, key: &ProgramKey) -> Result<u64, StoreError> {
        let sql = "INSERT INTO program_key (program_id, kid, jwk, created_at, ends_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (program_id, kid) DO NOTHING";
        self.run(sql, binds![id, &key.kid, &key.jwk, key.created_at, key.ends_at]).await
    }

    /// Ends the keys of a program that count at `at`, all but one, or that one only.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_keys_end(
        &mut self,
        id: ProgramId,
        which: KeysEnded<'_>,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let (sign, kid) = match which {
            KeysEnded::AllBut(kid) => ("<>", kid),
            KeysEnded::Only(kid) => ("=", kid),
        };
        let sql = format!(
            "UPDATE program_key SET ends_at = $3 WHERE program_id = $1 AND kid {sign} $2 AND (ends_at IS NULL OR ends_at > $3)"
        );
        self.run(sql, binds![id, kid, at]).await
    }

    /// Ends every token of a program: the next request needs a new one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_tokens_end(&mut self, id: ProgramId) -> Result<u64, StoreError> {
        self.run("DELETE FROM program_token WHERE program_id = $1", binds![id]).await
    }

    /// Uses up a signed request; zero when it was used before. What is too old to be used again is forgotten.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_assertion_use(
        &mut self,
        id: ProgramId,
        jti_hash: Vec<u8>,
        (forget_at, now): (Timestamp, Timestamp),
    ) -> Result<u64, StoreError> {
        self.run("DELETE FROM program_assertion WHERE forget_at <= $1", binds![now]).await?;
        let sql = "INSERT INTO program_assertion (program_id, jti_hash, forget_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (program_id, jti_hash) DO NOTHING";
        self.run(sql, binds![id, jti_hash, forget_at]).await
    }

    /// A new token; old ones of everybody are forgotten.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_token_insert(&mut self, new: &ProgramToken) -> Result<(), StoreError> {
        // An hour longer than they last, so that a stream that began with one still knows whose it was.
        let forget = new.created_at.plus_secs(-3_600);
        self.run("DELETE FROM program_token WHERE ends_at < $1", binds![forget]).await?;
        let sql = format!("INSERT INTO program_token ({TOKEN}) VALUES ($1, $2, $3, $4, $5, $6)");
        let values = binds![
            new.secret_hash.clone(),
            new.session,
            new.program,
            rights_written(&new.rights),
            new.created_at,
            new.ends_at
        ];
        self.run(sql, values).await?;
        let sql = "UPDATE program SET last_used_at = $2 WHERE program_id = $1";
        self.run(sql, binds![new.program, new.created_at]).await.map(|_| ())
    }

    /// Begins to answer a request with a key; what is known of it when there was one before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_answer_begin(
        &mut self,
        (customer, program): (CustomerId, ProgramId),
        key_hash: Vec<u8>,
        (now, forget_at): (Timestamp, Timestamp),
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let forget = "DELETE FROM program_answer WHERE customer_id = $1 AND forget_at <= $2";
        self.run(forget, binds![customer, now]).await?;
        let sql = "INSERT INTO program_answer (customer_id, program_id, key_hash, asked, answer, forget_at) \
                   VALUES ($1, $2, $3, NULL, NULL, $4) ON CONFLICT (customer_id, program_id, key_hash) DO NOTHING";
        if self.run(sql, binds![customer, program, key_hash.clone(), forget_at]).await? > 0 {
            return Ok(None);
        }
        let sql =
            "SELECT asked, answer FROM program_answer WHERE customer_id = $1 AND program_id = $2 AND key_hash = $3";
        let row = self.row(sql, binds![customer, program, key_hash]).await?;
        row.map(|row| Ok(KeptAnswer { asked: row.maybe_bytes("asked")?, answer: row.maybe_text("answer")? }))
            .transpose()
    }

    /// Keeps what was asked and the answer; or forgets the request, so that it can be made again.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn program_answer_end(
        &mut self,
        (customer, program): (CustomerId, ProgramId),
        key_hash: Vec<u8>,
        answered: Option<(Vec<u8>, &str)>,
    ) -> Result<(), StoreError> {
        let place = "customer_id = $1 AND program_id = $2 AND key_hash = $3";
        match answered {
            Some((asked, answer)) => {
                let sql = format!("UPDATE program_answer SET asked = $4, answer = $5 WHERE {place}");
                self.run(sql, binds![customer, program, key_hash, asked, answer]).await?
            }
            None => {
                let sql = format!("DELETE FROM program_answer WHERE {place} AND answer IS NULL");
                self.run(sql, binds![customer, program, key_hash]).await?
            }
        };
        Ok(())
    }
}

/// Which keys of a program end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysEnded<'a> {
    /// All but this one.
    AllBut(&'a str),
    /// This one.
    Only(&'a str),
}
