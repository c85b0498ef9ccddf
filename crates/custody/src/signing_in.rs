//! Signing in, touching again, locking, signing out.
//!
//! What must always hold: nobody is asked for an address, so none can be tried out; the challenge is answered once; a
//! suspended person, one who has not enrolled, a wrong, removed or copied passkey and too many failures have one
//! answer; the session's secret is kept as a hash only; the sign-in is in the ledger before the session is there, or in
//! the reserve while the ledger cannot write (`crate::reserve`).

use crate::ask::Question;
use crate::passkeys::{CeremonyKind, Touched, Untouched, failure_subjects};
use crate::reserve::{Kept, TouchedPasskey};
use crate::{Custody, CustodyError, Desk, IDLE_MINUTES, SESSION_HOURS, SignedIn, Witnessed, secret};
use policy::PrincipalFacts;
use record::{CustomerId, PersonId, Principal, Purpose, Role, SessionId, Timestamp, act};
use serde::{Deserialize, Serialize};
use store::{Credential, SessionRow};
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyAuthentication};

/// On what somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// Their own.
    Own,
    /// One that several people use: it locks early, and no passkey is left on it.
    Shared,
}

/// The browser is to answer with a passkey. No `Debug`: it carries a secret.
#[must_use]
pub struct SignInStarted {
    /// The secret by which the answer is brought, once, within five minutes.
    pub ceremony: String,
    /// What `navigator.credentials.get` is given, as JSON.
    pub challenge: String,
}

/// Signed in. No `Debug`: it carries the cookie's secret.
#[must_use]
pub struct SignedInNow {
    /// For the cookie, and nowhere else.
    pub session_secret: String,
    /// The session's name in the ledger.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// What forms of this session carry.
    pub csrf: String,
    /// The sign-in before this one.
    pub last_sign_in: Option<Timestamp>,
    /// What the ledger witnessed; none when it could not write and the reserve did.
    pub witnessed: Option<Witnessed>,
}

/// A role somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceLine {
    /// At which customer, by id and name; `None` at the operator.
    pub customer: Option<(CustomerId, String)>,
    /// As what.
    pub role: Role,
}

/// Who is signed in, for the frame of the page. `Debug` tells no name.
#[derive(Clone, PartialEq, Eq)]
pub struct WhoAmI {
    /// Who.
    pub person: PersonId,
    /// As they write it.
    pub name: String,
    /// Roles in force.
    pub places: Vec<PlaceLine>,
    /// The sign-in before this one.
    pub last_sign_in: Option<Timestamp>,
    /// How many passkeys.
    pub passkeys: usize,
    /// An officer, who can do nothing before there is a second passkey.
    pub needs_second_passkey: bool,
}

impl std::fmt::Debug for WhoAmI {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhoAmI").field("person", &self.person).field("places", &self.places).finish_non_exhaustive()
    }
}

/// A session that is witnessed and not yet there.
pub(crate) struct Begun {
    pub(crate) row: SessionRow,
    secret: String,
    witnessed: Option<Witnessed>,
}

/// Who asks for a session, and what: the session is named, so that its entry is found again by it.
fn session_question(person: PersonId, id: SessionId) -> ((Principal, Option<SessionId>), Question) {
    ((Principal::Person(person), Some(id)), Question::house(Purpose::Administration).also(id))
}

#[derive(Serialize, Deserialize)]
struct TouchState {
    session: SessionId,
    authentication: PasskeyAuthentication,
}

impl Custody {
    /// Has the ledger witness that this person signs in; the row is written by the caller, in its own transaction.
    pub(crate) async fn session_ask(
        &self,
        person: PersonId,
        facts: PrincipalFacts,
        device: Device,
    ) -> Result<Begun, CustodyError> {
        let id = SessionId::mint(self.clock(), self.entropy());
        let (who, question) = session_question(person, id);
        let witnessed = self.ask_as::<act::SessionStart>(who, facts, question).await?.witnessed();
        Ok(self.session_make((person, id), device, Some(witnessed)))
    }

    /// The same, by the reserve while the ledger cannot write. Then the row is nowhere: it is held in memory.
    async fn session_ask_or_reserve(
        &self,
        person: PersonId,
        device: Device,
        touched: Option<TouchedPasskey>,
    ) -> Result<Begun, CustodyError> {
        if self.is_ledger_failing() && self.standby().held().has_enough(person) {
            return Err(CustodyError::TooOften);
        }
        let id = SessionId::mint(self.clock(), self.entropy());
        let facts = self.person_facts(person, None).await?;
        let (who, question) = session_question(person, id);
        // A suspended person is refused by policy, which is written down; outside it looks like everything else.
        match self.ask_or_reserve::<act::SessionStart>(who, facts, (question, touched)).await {
            Ok(Kept::Ledger(witnessed)) => Ok(self.session_make((person, id), device, Some(witnessed))),
            Ok(Kept::Reserve) => Ok(self.session_make((person, id), device, None)),
            Err(CustodyError::Refused(_)) => Err(CustodyError::NotProven),
            Err(other) => Err(other),
        }
    }

    /// The row of a session that was witnessed just now.
    fn session_make(&self, (person, id): (PersonId, SessionId), device: Device, witnessed: Option<Witnessed>) -> Begun {
        let (secret, now) = (secret::secret(self.entropy()), self.now());
        let row = SessionRow {
            id,
            secret_hash: secret::hash(&secret),
            person,
            csrf: secret::secret(self.entropy()),
            created_at: now,
            // Signing in is a touch.
            step_up_at: Some(now),
            idle_until: now.plus_secs(IDLE_MINUTES * 60),
            ends_at: now.plus_secs(SESSION_HOURS * 3600),
            revoked_at: None,
            shared: device == Device::Shared,
            locked_at: None,
        };
        Begun { row, secret, witnessed }
    }

    /// Keeps the row of a session: in the database, with what the passkey says of itself, or in memory when the ledger
    /// could not write.
    async fn session_keep(&self, begun: &Begun, touched: Option<&TouchedPasskey>) -> Result<(), CustodyError> {
        if begun.witnessed.is_none() {
            let mut held = self.standby().held();
            held.session_begin(begun.row.clone());
            if let Some(touched) = touched {
                held.passkey_touch(touched.id, &touched.passkey);
            }
            return Ok(());
        }
        let mut tx = self.store().begin("sign in").await?;
        if let Some(touched) = touched
            && tx.credential_touch(touched.id, &touched.passkey, self.now()).await? == 0
        {
            return Err(CustodyError::NotProven);
        }
        tx.session_insert(&begun.row).await?;
        tx.commit().await?;
        if let Some(touched) = touched {
            self.standby().held().passkey_written(touched.id);
        }
        Ok(())
    }

    /// The row is there: what the person is told.
    pub(crate) async fn session_begun(&self, begun: Begun) -> Result<SignedInNow, CustodyError> {
        let Begun { row, secret, witnessed } = begun;
        Ok(SignedInNow {
            session_secret: secret,
            session: row.id,
            last_sign_in: self.store().session_before(row.person, row.id).await?,
            person: row.person,
            csrf: row.csrf,
            witnessed,
        })
    }

    /// A person's passkeys, as they were last seen: in the database, or in memory while that could not write.
    async fn passkeys_last_seen(&self, person: PersonId) -> Result<Vec<Credential>, CustodyError> {
        let kept = self.store().credential_list(person).await?;
        let held = self.standby().held();
        Ok(kept.into_iter().map(|one| held.passkey_applied(one)).collect())
    }

    /// A touch that was not taken: counted for account and passkey; a copied passkey alarms.
    async fn touch_failed(&self, credential: &Credential, how: &Untouched) -> Result<(), CustodyError> {
        self.failure_count(&failure_subjects(credential)).await?;
        if matches!(how, Untouched::Copied) {
            let sentence =
                format!("The passkey {} answered with an old counter: there may be a copy of it.", credential.id);
            self.alert("passkey", &sentence).await;
        }
        Ok(())
    }

    /// Locks a session until its person touches the passkey again. It only takes away, so nobody is asked.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn session_lock(&self, signed_in: &SignedIn) -> Result<(), CustodyError> {
        let (id, now) = (signed_in.session, self.now());
        let begun_here = self.standby().held().session_by_id(id).is_some();
        if begun_here || self.is_ledger_failing() || self.session_lock_write(id, now).await.is_err() {
            self.standby().held().session_lock(id, now);
        }
        Ok(())
    }

    async fn session_lock_write(&self, id: SessionId, now: Timestamp) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("lock a session").await?;
        tx.session_lock(id, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who is signed in, for the frame of the page.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn who(&self, signed_in: &SignedIn) -> Result<WhoAmI, CustodyError> {
        let now = self.now();
        let held = self.store().membership_list_by_person(signed_in.person).await?;
        let passkeys = self.store().credential_list(signed_in.person).await?.len();
        let needs_second_passkey = self.holds_office(&held) && passkeys < 2;
        let mut places = Vec::new();
        for one in held.iter().filter(|one| one.in_force(now)) {
            let customer = match one.customer {
                Some(id) => Some((id, self.customer_name(id).await?)),
                None => None,
            };
            places.push(PlaceLine { customer, role: one.role });
        }
        Ok(WhoAmI {
            person: signed_in.person,
            name: self.directory_entry(signed_in.person).await?.map(|entry| entry.name).unwrap_or_default(),
            places,
            last_sign_in: self.store().session_before(signed_in.person, signed_in.session).await?,
            passkeys,
            needs_second_passkey,
        })
    }

    /// Signs a made-up person in without a passkey. In the demo only.
    ///
    /// # Errors
    /// [`CustodyError::State`] anywhere but in the demo.
    pub async fn demo_sign_in(&self, person: PersonId) -> Result<SignedInNow, CustodyError> {
        if !self.settings().demo {
            return Err(CustodyError::State("Signing in without a passkey exists in the demo only."));
        }
        if self.store().person_fetch(person).await?.is_none() {
            return Err(CustodyError::NotProven);
        }
        let begun = self.session_ask_or_reserve(person, Device::Own, None).await?;
        self.session_keep(&begun, None).await?;
        self.session_begun(begun).await
    }
}

impl Desk<act::SessionStart> {
    /// Begins a sign-in. Nothing is known of anybody yet, and nothing is written into the ledger.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn sign_in_start(&self) -> Result<SignInStarted, CustodyError> {
        let (challenge, state) = self.custody.passkeys().sign_in_start()?;
        let ceremony = self.custody.ceremony_begin(CeremonyKind::SignIn, None, &state).await?;
        Ok(SignInStarted { ceremony, challenge })
    }

    /// A passkey answered.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`], one word for every way of being wrong; [`CustodyError::Unwitnessed`].
    pub async fn sign_in_finish(
        &self,
        ceremony: &str,
        answer: &str,
        device: Device,
    ) -> Result<SignedInNow, CustodyError> {
        let custody = &self.custody;
        let (_, state): (_, DiscoverableAuthentication) = custody.ceremony_end(CeremonyKind::SignIn, ceremony).await?;
        let Some(credential) = self.claimant(answer).await? else {
            // Named by the session that did not begin: a failure is written down even when it is nobody's.
            let none = SessionId::mint(custody.clock(), custody.entropy());
            return self.not_proven(none.into()).await;
        };
        let person = credential.person;
        let touched = self.touched(state, answer, credential).await?;
        let touched = TouchedPasskey { id: touched.credential.id, passkey: touched.passkey };
        let begun = custody.session_ask_or_reserve(person, device, Some(touched.clone())).await?;
        // If we die here: the sign-in is written down, and there is no session.
        custody.session_keep(&begun, Some(&touched)).await?;
        custody.session_begun(begun).await
    }

    /// The passkey that an answer claims to come from. Nothing is proven yet.
    async fn claimant(&self, answer: &str) -> Result<Option<Credential>, CustodyError> {
        let Ok((owner, handle)) = self.custody.passkeys().claimed(answer) else { return Ok(None) };
        let Some(person) = self.custody.store().person_by_passkey_owner(&owner).await? else { return Ok(None) };
        let has = self.custody.store().credential_list(person.id).await?;
        let found = has.into_iter().find(|one| one.handle == handle);
        Ok(found.map(|one| self.custody.standby().held().passkey_applied(one)))
    }

    async fn touched(
        &self,
        state: DiscoverableAuthentication,
        answer: &str,
        credential: Credential,
    ) -> Result<Touched, CustodyError> {
        let custody = &self.custody;
        let too_often = custody.is_failing(&failure_subjects(&credential)).await?;
        let named = credential.clone();
        match custody.passkeys().sign_in_finish(state, answer, credential)? {
            Ok(touched) if !too_often => Ok(touched),
            // Not counted: whoever has the right passkey is let in again when the window is over.
            Ok(_) => self.not_proven(named.id.into()).await,
            Err(how) => {
                custody.touch_failed(&named, &how).await?;
                self.not_proven(named.id.into()).await
            }
        }
    }
}

impl Desk<act::SessionEnd> {
    /// Signs out. A locked session can be left like any other.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in.
    pub async fn sign_out(&self) -> Result<(), CustodyError> {
        let (custody, session) = (&self.custody, self.session()?);
        let question = Question::house(Purpose::Administration).also(session);
        let now = custody.now();
        // It only takes away: for whoever holds the cookie it is over in any case and at once, whoever could witness it.
        // Whoever comes second finds it over, and takes up no room in the reserve.
        if !custody.standby().held().session_end(session, now) {
            return Ok(());
        }
        let facts = self.facts().await?;
        if let Kept::Ledger(_) = custody.ask_or_reserve::<act::SessionEnd>(self.who(), facts, (question, None)).await? {
            let mut tx = custody.store().begin("sign out").await?;
            tx.session_revoke(session, now).await?;
            tx.commit().await?;
            custody.standby().held().session_end_written(session);
        }
        Ok(())
    }

    /// Signs out everywhere: after a passkey or a device was lost.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in.
    pub async fn sign_out_everywhere(&self) -> Result<(), CustodyError> {
        let person = self.person()?;
        let _granted = self.ask(Question::house(Purpose::Administration)).await?;
        let mut tx = self.custody.store().begin("sign out everywhere").await?;
        tx.session_revoke_all(person, self.custody.now()).await?;
        tx.commit().await?;
        self.custody.sessions_held_end(person);
        Ok(())
    }
}

impl Desk<act::SessionStepUp> {
    /// Asks for a touch: before an act of weight, or to take the lock off.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in; [`CustodyError::NotProven`] without any passkey.
    pub async fn step_up_start(&self) -> Result<SignInStarted, CustodyError> {
        let custody = &self.custody;
        let person = self.person()?;
        let has = custody.passkeys_last_seen(person).await?;
        if has.is_empty() {
            return Err(CustodyError::NotProven);
        }
        let (challenge, authentication) = custody.passkeys().touch_start(&has)?;
        let state = TouchState { session: self.session()?, authentication };
        let ceremony = custody.ceremony_begin(CeremonyKind::StepUp, Some(person), &state).await?;
        Ok(SignInStarted { ceremony, challenge })
    }

    /// The passkey was touched: acts of weight can follow for five minutes, and a lock is off.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`], [`CustodyError::Refused`].
    pub async fn step_up_finish(&self, ceremony: &str, answer: &str) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let (person, session) = (self.person()?, self.session()?);
        let begun_in_memory = custody.standby().held().session_by_id(session).is_some();
        if begun_in_memory {
            // Its row has to be there to be touched.
            custody.reserve_replay().await?;
        }
        let (whose, state): (_, TouchState) = custody.ceremony_end(CeremonyKind::StepUp, ceremony).await?;
        if whose != Some(person) || state.session != session {
            return Err(CustodyError::NotProven);
        }
        let has = custody.passkeys_last_seen(person).await?;
        let subject = [format!("touch/{person}")];
        let too_often = custody.is_failing(&subject).await?;
        let touched = match custody.passkeys().touch_finish(&state.authentication, answer, has)? {
            Ok(touched) if !too_often => touched,
            Ok(_) => return self.not_proven(person.into()).await,
            Err(_) => {
                custody.failure_count(&subject).await?;
                return self.not_proven(person.into()).await;
            }
        };
        let witnessed = self.ask(Question::house(Purpose::Administration)).await?.witnessed();
        let now = custody.now();
        let mut tx = custody.store().begin("step up").await?;
        let kept = tx.credential_touch(touched.credential.id, &touched.passkey, now).await?;
        let fresh = tx.session_step_up(session, now, now.plus_secs(IDLE_MINUTES * 60)).await?;
        if kept == 0 || fresh == 0 {
            return Err(CustodyError::NotProven);
        }
        tx.commit().await?;
        custody.standby().held().session_unlocked(session);
        Ok(witnessed)
    }
}

#[cfg(test)]
mod tests;
