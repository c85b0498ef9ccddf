//! Passkeys: the library's part of enrolling, signing in and stepping up.
//!
//! What must always hold: user verification is required in every ceremony; a challenge is answered once, within
//! five minutes, by whoever holds the secret of its ceremony; what the library says about a wrong answer goes no
//! further than `NotProven`. Its state lies in the store and never at the browser.

use crate::{Custody, CustodyError, Settings, secret};
use record::{PersonId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Ceremony, Credential, Person};
use uuid::Uuid;
use webauthn_rs::prelude::{
    CreationChallengeResponse, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey,
    PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Seconds within which a challenge is answered: the browser's own time for it.
const CEREMONY_SECS: i64 = 300;
/// The longest answer that is read, in bytes; real ones are below 8 KiB even with an attestation.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Sign-ins and touches of one account or passkey that may fail within the window.
const FAILURES_MAX: u64 = 10;
const FAILURE_WINDOW_MILLIS: i64 = 15 * 60_000;
/// Counts of all kinds share a table; none with a longer window than a day may be forgotten here.
const FORGET_MILLIS: i64 = 24 * 60 * 60_000;

/// The relying party of this house.
pub(crate) struct Passkeys {
    webauthn: Webauthn,
}

/// What a ceremony is for, as it stands in SQL: an answer to one is no answer to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CeremonyKind {
    Enrol,
    SignIn,
    StepUp,
    Add,
}

impl CeremonyKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::SignIn => "sign_in",
            Self::StepUp => "step_up",
            Self::Add => "add",
        }
    }
}

/// A touch that was proven, and what is to be kept of it.
pub(crate) struct Touched {
    pub(crate) credential: Credential,
    /// With the new counter and backup state.
    pub(crate) passkey: String,
}

/// Why a touch was not taken.
pub(crate) enum Untouched {
    /// Its counter ran backwards: there may be two copies of the key.
    Copied,
    /// Anything else.
    Wrong,
}

impl From<WebauthnError> for Untouched {
    fn from(error: WebauthnError) -> Self {
        if matches!(error, WebauthnError::CredentialPossibleCompromise) { Self::Copied } else { Self::Wrong }
    }
}

fn to_json(value: &impl Serialize) -> Result<String, CustodyError> {
    serde_json::to_string(value).map_err(|_| CustodyError::Broken("a passkey cannot be written down".to_owned()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, CustodyError> {
    serde_json::from_str(text).map_err(|_| CustodyError::Broken("a stored passkey cannot be read".to_owned()))
}

/// Something that a browser sent.
fn answer<T: DeserializeOwned>(json: &str) -> Result<T, CustodyError> {
    if json.len() > ANSWER_BYTES_MAX {
        return Err(CustodyError::NotProven);
    }
    serde_json::from_str(json).map_err(|_| CustodyError::NotProven)
}

impl Passkeys {
    /// From the public address: its host is the relying party, its origin the only one taken.
    ///
    /// # Errors
    /// When the address cannot be one: an IP address cannot be a passkey's origin.
    pub(crate) fn new(settings: &Settings) -> Result<Self, CustodyError> {
        let url = &settings.public_url;
        let host = url.domain().ok_or_else(|| {
            CustodyError::Broken("public_url needs a host name; an IP address cannot be a passkey's origin".to_owned())
        })?;
        let webauthn = WebauthnBuilder::new(host, url)
            .and_then(|builder| builder.rp_name(&settings.operator).build())
            .map_err(|error| CustodyError::Broken(format!("public_url cannot be a passkey's origin: {error}")))?;
        Ok(Self { webauthn })
    }

    /// Begins the making of a passkey: what the browser is told, and what the library wants back.
    pub(crate) fn register_start(
        &self,
        person: &Person,
        (email, name): (&str, &str),
        has: &[Credential],
    ) -> Result<(String, PasskeyRegistration), CustodyError> {
        let owner = Uuid::from_slice(&person.passkey_owner)
            .map_err(|_| CustodyError::Broken("a person's passkey handle is not 16 bytes".to_owned()))?;
        let known: Vec<CredentialID> = has.iter().map(|one| one.handle.clone()).collect();
        let (challenge, state) = self
            .webauthn
            .start_passkey_registration(owner, email, name, Some(known))
            .map_err(|error| CustodyError::Broken(format!("a passkey cannot be begun: {error}")))?;
        Ok((found_without_email(&challenge)?, state))
    }

    /// The passkey that was made.
    pub(crate) fn register_finish(&self, state: &PasskeyRegistration, json: &str) -> Result<Passkey, CustodyError> {
        let made: RegisterPublicKeyCredential = answer(json)?;
        self.webauthn.finish_passkey_registration(&made, state).map_err(|_| CustodyError::NotProven)
    }

    /// Begins a sign-in by whichever passkey the person has for this house: no e-mail address is asked for, so that
    /// none can be tried out.
    pub(crate) fn sign_in_start(&self) -> Result<(String, DiscoverableAuthentication), CustodyError> {
        let (challenge, state) = self
            .webauthn
            .start_discoverable_authentication()
            .map_err(|error| CustodyError::Broken(format!("a sign-in cannot be begun: {error}")))?;
        Ok((to_json(&challenge)?, state))
    }

    /// Whose passkey the answer claims to come from: the person's handle, and the passkey's. Proves nothing yet.
    pub(crate) fn claimed(&self, json: &str) -> Result<([u8; 16], Vec<u8>), CustodyError> {
        let given: PublicKeyCredential = answer(json)?;
        let (owner, handle) =
            self.webauthn.identify_discoverable_authentication(&given).map_err(|_| CustodyError::NotProven)?;
        Ok((*owner.as_bytes(), handle.to_vec()))
    }

    /// Is it so.
    pub(crate) fn sign_in_finish(
        &self,
        state: DiscoverableAuthentication,
        json: &str,
        credential: Credential,
    ) -> Result<Result<Touched, Untouched>, CustodyError> {
        let given: PublicKeyCredential = answer(json)?;
        let mut passkey: Passkey = from_json(&credential.passkey)?;
        let proven =
            self.webauthn.finish_discoverable_authentication_v2(&given, state, DiscoverableKey::from(&passkey));
        let proven = match proven {
            Ok(proven) if proven.user_verified() => proven,
            Ok(_) => return Ok(Err(Untouched::Wrong)),
            Err(error) => return Ok(Err(error.into())),
        };
        passkey.update_credential(&proven);
        Ok(Ok(Touched { passkey: to_json(&passkey)?, credential }))
    }

    /// Begins a touch by somebody who is signed in.
    pub(crate) fn touch_start(&self, has: &[Credential]) -> Result<(String, PasskeyAuthentication), CustodyError> {
        let passkeys = has.iter().map(|one| from_json(&one.passkey)).collect::<Result<Vec<Passkey>, _>>()?;
        let (challenge, state) =
            self.webauthn.start_passkey_authentication(&passkeys).map_err(|_| CustodyError::NotProven)?;
        Ok((challenge_json(&challenge)?, state))
    }

    /// Was it touched, and which of them.
    pub(crate) fn touch_finish(
        &self,
        state: &PasskeyAuthentication,
        json: &str,
        has: Vec<Credential>,
    ) -> Result<Result<Touched, Untouched>, CustodyError> {
        let given: PublicKeyCredential = answer(json)?;
        let proven = match self.webauthn.finish_passkey_authentication(&given, state) {
            Ok(proven) if proven.user_verified() => proven,
            Ok(_) => return Ok(Err(Untouched::Wrong)),
            Err(error) => return Ok(Err(error.into())),
        };
        let handle: &[u8] = proven.cred_id().as_ref();
        // Taken away meanwhile is as good as never there.
        let Some(credential) = has.into_iter().find(|one| one.handle == handle) else {
            return Ok(Err(Untouched::Wrong));
        };
        let mut passkey: Passkey = from_json(&credential.passkey)?;
        passkey.update_credential(&proven);
        Ok(Ok(Touched { passkey: to_json(&passkey)?, credential }))
    }
}

fn challenge_json(challenge: &RequestChallengeResponse) -> Result<String, CustodyError> {
    to_json(challenge)
}

/// Asks for a passkey that can be found without an e-mail address (a discoverable credential): signing in knows no
/// other. The library leaves that to the authenticator by default.
fn found_without_email(challenge: &CreationChallengeResponse) -> Result<String, CustodyError> {
    let mut json = serde_json::to_value(challenge).map_err(CustodyError::seal)?;
    let wanted = &mut json["publicKey"]["authenticatorSelection"];
    wanted["residentKey"] = "required".into();
    wanted["requireResidentKey"] = true.into();
    wanted["userVerification"] = "required".into();
    to_json(&json)
}

/// The passkey's row.
pub(crate) fn credential_of(
    custody: &Custody,
    person: PersonId,
    passkey: &Passkey,
    label: &str,
) -> Result<Credential, CustodyError> {
    let now = custody.now();
    Ok(Credential {
        id: record::CredentialId::mint(custody.clock(), custody.entropy()),
        person,
        handle: passkey.cred_id().to_vec(),
        passkey: to_json(passkey)?,
        label: label.to_owned(),
        created_at: now,
        used_at: Some(now),
        removed_at: None,
    })
}

impl Custody {
    pub(crate) fn passkeys(&self) -> &Passkeys {
        &self.0.passkeys
    }

    /// Keeps a ceremony; the secret by which it is answered.
    pub(crate) async fn ceremony_begin(
        &self,
        kind: CeremonyKind,
        person: Option<PersonId>,
        state: &(impl Serialize + Sync),
    ) -> Result<String, CustodyError> {
        let (secret, now) = (secret::secret(self.entropy()), self.now());
        let ceremony = Ceremony {
            hash: secret::hash(&secret),
            kind: kind.as_str().to_owned(),
            person,
            state: to_json(state)?,
            expires_at: now.plus_secs(CEREMONY_SECS),
        };
        // Only signing in goes on while the database cannot write.
        let held = kind == CeremonyKind::SignIn;
        if held && self.is_ledger_failing() {
            self.standby().held().ceremony_keep(ceremony, now);
            return Ok(secret);
        }
        match self.ceremony_write(&ceremony).await {
            Ok(()) => Ok(secret),
            Err(error) if held => {
                tracing::warn!(%error, "a challenge is held in memory");
                self.standby().held().ceremony_keep(ceremony, now);
                Ok(secret)
            }
            Err(error) => Err(error),
        }
    }

    async fn ceremony_write(&self, ceremony: &Ceremony) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("begin a ceremony").await?;
        tx.ceremony_keep(ceremony, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a ceremony out, whatever becomes of it: the same challenge is never answered twice.
    pub(crate) async fn ceremony_end<T: DeserializeOwned>(
        &self,
        kind: CeremonyKind,
        secret: &str,
    ) -> Result<(Option<PersonId>, T), CustodyError> {
        if secret.len() != secret::SECRET_CHARS {
            return Err(CustodyError::NotProven);
        }
        let (hash, now) = (secret::hash(secret), self.now());
        let held = self.standby().held().ceremony_take(&hash, kind.as_str(), now);
        let taken = match held {
            Some(taken) => taken,
            None => {
                let mut tx = self.store().begin("end a ceremony").await?;
                let taken = tx.ceremony_take(&hash, kind.as_str(), now).await?;
                tx.commit().await?;
                taken.ok_or(CustodyError::NotProven)?
            }
        };
        Ok((taken.person, from_json(&taken.state)?))
    }

    fn failure_window(&self) -> Timestamp {
        let now = self.now().unix_millis();
        Timestamp::from_unix_millis(now - now.rem_euclid(FAILURE_WINDOW_MILLIS))
    }

    /// Counts a failure for each of these subjects; in memory when the database cannot.
    pub(crate) async fn failure_count(&self, subjects: &[String]) -> Result<(), CustodyError> {
        let window = self.failure_window();
        let counted = if self.is_ledger_failing() { false } else { self.failure_write(subjects, window).await.is_ok() };
        if !counted {
            let mut held = self.standby().held();
            subjects.iter().for_each(|subject| held.failure_count(subject, window));
        }
        Ok(())
    }

    async fn failure_write(&self, subjects: &[String], window: Timestamp) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("count a failure").await?;
        for subject in subjects {
            tx.limit_count(subject, window, window.plus_millis(-FORGET_MILLIS)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Has one of these subjects failed too often lately.
    pub(crate) async fn is_failing(&self, subjects: &[String]) -> Result<bool, CustodyError> {
        let window = self.failure_window();
        for subject in subjects {
            let held = self.standby().held().failures(subject, window);
            if self.store().limit_look(subject, window).await? + held >= FAILURES_MAX {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What failures of signing in and touching are counted by.
pub(crate) fn failure_subjects(credential: &Credential) -> [String; 2] {
    [format!("touch/{}", credential.person), format!("touch/{}", credential.id)]
}
