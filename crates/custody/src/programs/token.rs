//! How a program gets a token, and whose token one is (RFC 6749, 4.4; RFC 7523).
//!
//! What must always hold: who cannot prove who they are is told one word, whatever was wrong, and it is written down once; a
//! signed request counts once, on whichever node; a token is kept as its hash only, lasts five minutes, and is looked up
//! with its program at each request, so that whoever stops the program stops the token.

use super::assertion::Assertion;
use super::keys::NamedKey;
use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, Witnessed, secret};
use policy::{PrincipalFacts, ProgramFact};
use record::{
    CustomerId, Entry, Intent, Outcome, Principal, ProgramId, Purpose, ResourceId, Resources, Right, SessionId, Sha256,
    Timestamp, act, rights_read, rights_written,
};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use store::{Program, ProgramToken};

/// How long a token lasts, seconds (SMART App Launch 2.2, backend services: at most five minutes).
pub const TOKEN_SECS: i64 = 5 * 60;
/// How a request for a token proves who it is from.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What somebody says who wants a token: the fields of the form.
#[derive(Debug, Clone, Default)]
pub struct TokenAsked {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `client_assertion_type`.
    pub assertion_type: Option<String>,
    /// `client_assertion`.
    pub assertion: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `client_id`, which need not be said; when it is, it must be the one that signed.
    pub client_id: Option<String>,
}

/// A token, for the program alone.
pub struct TokenGiven {
    /// The secret.
    pub secret: String,
    /// How long it lasts, seconds.
    pub expires_in_secs: i64,
    /// What it carries.
    pub scope: String,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Why there is no token, in OAuth's words (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    /// Something is missing or said twice.
    InvalidRequest,
    /// Another way of asking than ours.
    UnsupportedGrantType,
    /// Whatever was wrong with who asks.
    InvalidClient,
    /// More than was granted, or nothing we know.
    InvalidScope,
}

impl TokenRefused {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidClient => "invalid_client",
            Self::InvalidScope => "invalid_scope",
        }
    }
}

/// A program with a live token.
#[derive(Debug, Clone)]
pub struct ProgramIn {
    /// Which.
    pub program: ProgramId,
    /// The token's name in the ledger.
    pub session: SessionId,
    /// For whom it works.
    pub customer: CustomerId,
    /// What the token carries of what the program has.
    pub rights: BTreeSet<Right>,
    from: Timestamp,
    to: Timestamp,
}

impl ProgramIn {
    fn of(program: &Program, session: SessionId, asked: &BTreeSet<Right>) -> Self {
        Self {
            program: program.id,
            session,
            customer: program.customer,
            rights: asked.intersection(&program.rights).copied().collect(),
            from: program.created_at,
            to: program.over_at(),
        }
    }

    /// What policy is told of it.
    pub(crate) fn facts(&self) -> PrincipalFacts {
        let fact = ProgramFact { customer: self.customer, rights: self.rights.clone(), from: self.from, to: self.to };
        PrincipalFacts { program: Some(fact), ..PrincipalFacts::default() }
    }

    /// As who it acts.
    pub(crate) const fn who(&self) -> (Principal, Option<SessionId>) {
        (Principal::Program(self.program), Some(self.session))
    }
}

/// Signed requests that are being looked at in this moment: of two at once the second is refused before anything is
/// written of it. On other nodes the table's key refuses it.
#[derive(Debug, Default)]
pub(crate) struct InHand(Mutex<HashSet<(ProgramId, Sha256)>>);

struct Held<'h>(&'h InHand, (ProgramId, Sha256));

impl InHand {
    fn take(&self, which: (ProgramId, Sha256)) -> Option<Held<'_>> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(which);
        taken.then_some(Held(self, which))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// A program that has proven who it is.
struct Proven {
    program: Program,
    jti: Sha256,
    forget_at: Timestamp,
}

impl Desk<act::SessionStart> {
    /// A program asks for a token.
    ///
    /// # Errors
    /// When store or ledger cannot; never for what was said.
    pub async fn token_ask(&self, asked: &TokenAsked) -> Result<Result<TokenGiven, TokenRefused>, CustodyError> {
        let custody = &self.custody;
        let assertion = match said(asked) {
            Ok(assertion) => assertion,
            Err(refused) => return custody.token_refused(None, refused).await,
        };
        let read = Assertion::read(assertion).ok();
        let claimed = read.as_ref().map(|read| read.program);
        let named = asked.client_id.as_ref().is_none_or(|id| claimed.is_some_and(|claimed| *id == claimed.to_string()));
        let proven = match &read {
            Some(read) if named => custody.token_prove(read).await?,
            _ => None,
        };
        let Some(proven) = proven else { return custody.token_refused(claimed, TokenRefused::InvalidClient).await };
        let id = proven.program.id;
        let Some(_held) = custody.0.programs_in_hand.take((id, proven.jti)) else {
            return custody.token_refused(Some(id), TokenRefused::InvalidClient).await;
        };
        if custody.store().program_assertion_is_used(id, proven.jti.as_bytes()).await? {
            return custody.token_refused(Some(id), TokenRefused::InvalidClient).await;
        }
        let rights = asked.scope.as_deref().and_then(|scope| rights_read(scope).ok());
        let Some(rights) = rights.filter(|rights| rights.is_subset(&proven.program.rights)) else {
            return custody.token_refused(Some(id), TokenRefused::InvalidScope).await;
        };
        custody.token_give(proven, rights).await
    }
}

/// The signed request, when the rest of the form is what it has to be.
fn said(asked: &TokenAsked) -> Result<&str, TokenRefused> {
    match asked.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(TokenRefused::UnsupportedGrantType),
        None => return Err(TokenRefused::InvalidRequest),
    }
    match (asked.assertion_type.as_deref(), asked.assertion.as_deref()) {
        (Some(ASSERTION_TYPE), Some(assertion)) => Ok(assertion),
        // No proof at all, or another kind of proof: nobody has shown who they are.
        _ => Err(TokenRefused::InvalidClient),
    }
}

impl Custody {
    /// Where programs ask for tokens: what their requests must be addressed to.
    #[must_use]
    pub fn token_address(&self) -> String {
        format!("{}/oauth2/token", self.settings().public_url.as_str().trim_end_matches('/'))
    }

    /// The program that signed it, if it is one of ours, in force, and has signed it for here and now.
    async fn token_prove(&self, read: &Assertion<'_>) -> Result<Option<Proven>, CustodyError> {
        let now = self.now();
        let program = self.store().program_fetch(read.program).await?;
        let key = match &program {
            Some(program) => self.program_key_named(program, &read.kid, now).await?,
            None => None,
        };
        // Whoever is nobody waits as long for it.
        let (key, known) = key.map_or_else(|| (NamedKey::of_nobody(), false), |key| (key, true));
        let good = read.is_signed_by(&key) && known && read.is_for(&self.token_address(), now);
        let program = program.filter(|program| good && program.created_at <= now && now < program.over_at());
        Ok(program.map(|program| Proven {
            jti: Sha256::of(read.jti().as_bytes()),
            forget_at: read.forget_at(),
            program,
        }))
    }

    async fn program_key_named(
        &self,
        program: &Program,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<NamedKey>, CustodyError> {
        if let Some(address) = &program.jwks_url {
            return Ok(self.0.programs_keys.find(program.id, address, kid, now).await);
        }
        let counts = |key: &store::ProgramKey| key.created_at <= now && key.ends_at.is_none_or(|end| now < end);
        let keys = self.store().program_keys(program.id).await?;
        let found = keys.into_iter().find(|key| key.kid == kid && counts(key));
        Ok(found.and_then(|key| NamedKey::read(&key.jwk).ok()))
    }

    /// Writes down that there was no token, once, and says why in OAuth's word. What was asked in a program's name is counted
    /// under that name, so that noise about one hides nothing about another; it was nobody's act all the same.
    async fn token_refused(
        &self,
        claimed: Option<ProgramId>,
        refused: TokenRefused,
    ) -> Result<Result<TokenGiven, TokenRefused>, CustodyError> {
        let known = match claimed {
            Some(id) => self.store().program_fetch(id).await?.map(|program| program.id),
            None => None,
        };
        let (counted, named): (Principal, ResourceId) = match known {
            Some(id) => (Principal::Program(id), id.into()),
            None => (Principal::Stranger, SessionId::mint(self.clock(), self.entropy()).into()),
        };
        let who = (Principal::Stranger, None);
        let named = Resources::of([named]);
        let intent =
            Intent::to::<act::SessionStart>(self.clock(), self.entropy(), who, None, named, Purpose::Operations);
        if self.0.token_refusals.is_written(self, counted, intent.at()) {
            let entry = Entry::of(&intent, Outcome::Refused, refused.as_str());
            // A refusal stands whether or not it could be written down.
            drop(self.0.scribe.write(entry, Vec::new()).await);
        }
        Ok(Err(refused))
    }

    async fn token_give(
        &self,
        proven: Proven,
        rights: BTreeSet<Right>,
    ) -> Result<Result<TokenGiven, TokenRefused>, CustodyError> {
        let now = self.now();
        let session = SessionId::mint(self.clock(), self.entropy());
        let program = ProgramIn::of(&proven.program, session, &rights);
        let question = Question::house(Purpose::Operations).also(program.program).also(session);
        let granted = self.ask_as::<act::SessionStart>(program.who(), program.facts(), question).await?;
        // If we die here: an entry, and no token.
        let secret = secret::secret(self.entropy());
        let token = ProgramToken {
            secret_hash: secret::hash(&secret),
            session,
            program: program.program,
            rights,
            created_at: now,
            ends_at: now.plus_secs(TOKEN_SECS),
        };
        let mut tx = self.store().begin("give a token").await?;
        let jti = proven.jti.as_bytes().to_vec();
        if tx.program_assertion_use(program.program, jti, (proven.forget_at, now)).await? == 0 {
            // On another node at the very same moment.
            drop(tx);
            self.told(granted.intent(), Outcome::Failed, "used_before", None).await;
            return Ok(Err(TokenRefused::InvalidClient));
        }
        tx.program_token_insert(&token).await?;
        tx.commit().await?;
        Ok(Ok(TokenGiven {
            secret,
            expires_in_secs: TOKEN_SECS,
            scope: rights_written(&token.rights),
            witnessed: granted.witnessed(),
        }))
    }

    /// Whose token this is; `None` when it is nobody's, or over, or its program is.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn token_resolve(&self, secret: &str) -> Result<Option<ProgramIn>, CustodyError> {
        if secret.len() != secret::SECRET_CHARS {
            return Ok(None);
        }
        let token = self.store().program_token_by_secret(&secret::hash(secret)).await?;
        match token.filter(|token| self.now() < token.ends_at) {
            Some(token) => self.token_program(&token).await,
            None => Ok(None),
        }
    }

    /// The program behind a token's name, when it is still in force: for streams that ask again. A stream that began while
    /// the token was good outlasts it, as a download outlasts an idle session.
    pub(crate) async fn token_live(&self, session: SessionId) -> Result<Option<ProgramIn>, CustodyError> {
        match self.store().program_token_by_session(session).await? {
            Some(token) => self.token_program(&token).await,
            None => Ok(None),
        }
    }

    async fn token_program(&self, token: &ProgramToken) -> Result<Option<ProgramIn>, CustodyError> {
        let now = self.now();
        let program = self.store().program_fetch(token.program).await?;
        let program = program.filter(|program| program.created_at <= now && now < program.over_at());
        Ok(program.map(|program| ProgramIn::of(&program, token.session, &token.rights)))
    }
}
