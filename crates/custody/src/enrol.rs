//! Enrolling: an invitation's link and the words told by telephone become a passkey; recovery codes become a new
//! invitation and nothing else.
//!
//! What must always hold: an invitation is used once, within 72 hours, with both secrets, and after its confirmation
//! where it needs one; the fifth wrong word ends it; every way of being wrong has one answer; looking at an invitation
//! uses nothing up and tells nothing of whom it is for. All that enrolling changes happens in one transaction: before
//! its commit nobody has enrolled, after it the person has a passkey, the role, recovery codes and a session.

mod codes;
mod recovery;

use crate::ask::Question;
use crate::passkeys::{CeremonyKind, credential_of};
use crate::people::{Form, is_open, places_begin, places_waiting};
use crate::signing_in::{Device, SignedInNow};
use crate::{Custody, CustodyError, Desk, Witnessed, directory, secret};
use policy::{PrincipalFacts, Why};
use record::{Act, CredentialId, CustomerId, InvitationId, PersonId, Principal, Purpose, Role, Timestamp, act};
pub use recovery::Recovering;
use serde::{Deserialize, Serialize};
use store::{Credential, Invitation, Membership, Person, PersonState};
use webauthn_rs::prelude::PasskeyRegistration;

/// Recovery codes given at an enrolment.
const CODES: usize = 8;
/// Passkeys that officers hold at least.
const OFFICER_PASSKEYS: usize = 2;

/// Enrolment has begun: the browser is to make a passkey. No `Debug`: it carries a secret.
#[must_use]
pub struct EnrolStarted {
    /// The secret by which the answer is brought, once, within five minutes.
    pub ticket: String,
    /// What `navigator.credentials.create` is given, as JSON.
    pub challenge: String,
    /// Who is enrolling.
    pub name: String,
    /// As what and where: the customer's or the operator's name.
    pub places: Vec<(Role, String)>,
    /// How many passkeys are needed.
    pub passkeys_needed: usize,
}

/// Enrolled and signed in. No `Debug`: it carries secrets, shown once.
#[must_use]
pub struct Enrolled {
    /// The session that has begun.
    pub signed_in: SignedInNow,
    /// Shown once. They open a new enrolment and nothing else.
    pub recovery_codes: Vec<String>,
    /// An officer, who can do nothing before there is a second passkey.
    pub needs_second_passkey: bool,
}

/// A passkey of one's own is being added. No `Debug`: it carries a secret.
#[must_use]
pub struct AddStarted {
    /// The secret by which the answer is brought, once, within five minutes.
    pub ticket: String,
    /// What `navigator.credentials.create` is given, as JSON.
    pub challenge: String,
}

/// One of one's own passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyLine {
    /// By which it is taken away.
    pub id: CredentialId,
    /// What its owner calls it.
    pub label: String,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// Last touch.
    pub used_at: Option<Timestamp>,
    /// Not the last one, nor one of an officer's last two.
    pub removable: bool,
}

#[derive(Serialize, Deserialize)]
struct EnrolState {
    invitation: InvitationId,
    registration: PasskeyRegistration,
}

#[derive(Serialize, Deserialize)]
struct AddState {
    session: record::SessionId,
    registration: PasskeyRegistration,
}

/// What is known of an invitation whose both secrets were right.
struct Proven {
    invitation: Invitation,
    person: Person,
    held: Vec<Membership>,
    waiting: Vec<Membership>,
}

impl Custody {
    /// Is the form for the second secret to be shown. Says nothing else: mail scanners follow links.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn invitation_look(&self, link_secret: &str) -> Result<bool, CustodyError> {
        if link_secret.len() != secret::SECRET_CHARS {
            return Ok(false);
        }
        let found = self.store().invitation_by_secret(&secret::hash(link_secret)).await?;
        Ok(found.is_some_and(|one| is_open(&one, self.now())))
    }

    /// The invitation behind both secrets, if it can be used now.
    async fn invitation_prove(&self, link_secret: &str, spoken: &str) -> Result<Invitation, CustodyError> {
        if link_secret.len() != secret::SECRET_CHARS || spoken.len() > secret::SECRET_CHARS {
            return Err(CustodyError::NotProven);
        }
        let hash = secret::hash(link_secret);
        if self.store().invitation_by_secret(&hash).await?.is_none() {
            return Err(CustodyError::NotProven);
        }
        // Read again while nobody else can write: guesses sent at once are counted one after the other.
        let mut tx = self.store().begin("try an invitation").await?;
        let found = self.store().invitation_by_secret(&hash).await?.ok_or(CustodyError::NotProven)?;
        let right = secret::same(&secret::second_mac(&self.ring(), found.id, spoken), &found.spoken_hash);
        if !right {
            tx.invitation_wrong(found.id).await?;
            tx.commit().await?;
            return Err(CustodyError::NotProven);
        }
        drop(tx);
        let confirmed = !found.needs_second || found.confirmed_by.is_some();
        if confirmed && is_open(&found, self.now()) { Ok(found) } else { Err(CustodyError::NotProven) }
    }

    /// What an invitation leads to: one's first enrolment, or a new one.
    async fn invitation_leads(&self, invitation: Invitation) -> Result<Proven, CustodyError> {
        let person = self.store().person_fetch(invitation.person).await?.ok_or(CustodyError::NotProven)?;
        let held = self.store().membership_list_by_person(person.id).await?;
        let waiting: Vec<Membership> = places_waiting(&invitation, &held, self.now()).cloned().collect();
        let fits = match person.state {
            PersonState::Suspended => false,
            PersonState::Active => invitation.re_enrol,
            // An invitation whose role was withdrawn leads nowhere.
            PersonState::Invited => !invitation.re_enrol && !waiting.is_empty(),
        };
        if fits { Ok(Proven { invitation, person, held, waiting }) } else { Err(CustodyError::NotProven) }
    }

    /// Has this person an officer's role that is in force.
    pub(crate) fn holds_office(&self, held: &[Membership]) -> bool {
        let now = self.now();
        held.iter().any(|one| one.customer.is_none() && one.role.is_officer() && one.in_force(now))
    }

    async fn place_words(&self, place: Option<CustomerId>) -> Result<String, CustodyError> {
        match place {
            Some(customer) => self.customer_name(customer).await,
            None => Ok(self.settings().operator.clone()),
        }
    }

    /// New recovery codes: to be shown, and as they are kept.
    fn codes_new(&self, person: PersonId) -> (Vec<String>, Vec<Vec<u8>>) {
        let ring = self.ring();
        let codes: Vec<String> = (0..CODES).map(|_| secret::code_new(self.entropy())).collect();
        let macs = codes.iter().map(|code| secret::code_mac(&ring, person, code)).collect();
        (codes, macs)
    }
}

impl Proven {
    /// The roles that this enrolment leads to, those in force and those that begin.
    fn places(&self, now: Timestamp) -> impl Iterator<Item = &Membership> {
        let standing = self.held.iter().filter(move |one| self.invitation.re_enrol && one.in_force(now));
        standing.chain(&self.waiting)
    }

    fn is_office(&self, now: Timestamp) -> bool {
        self.places(now).any(|one| one.customer.is_none() && one.role.is_officer())
    }
}

impl<A: Act> Desk<A> {
    /// A secret was wrong: counted and written like every refusal of a stranger, and answered alike always.
    pub(crate) async fn not_proven<T>(&self, named: record::ResourceId) -> Result<T, CustodyError> {
        drop(self.absent::<T>(named).await);
        Err(CustodyError::NotProven)
    }
}

impl Desk<act::PersonEnrol> {
    /// Both secrets are right: the browser may make a passkey. Uses nothing up yet.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`], one word for every way of being wrong.
    pub async fn enrol_start(&self, link_secret: &str, spoken: &str) -> Result<EnrolStarted, CustodyError> {
        let (custody, now) = (&self.custody, self.custody.now());
        let proven = match self.proven(link_secret, spoken).await? {
            Ok(proven) => proven,
            Err(named) => return self.not_proven(named).await,
        };
        let entry = directory::open(&custody.ring(), &proven.person)?;
        let (challenge, registration) =
            custody.passkeys().register_start(&proven.person, (&entry.email, &entry.name), &[])?;
        let state = EnrolState { invitation: proven.invitation.id, registration };
        let ticket = custody.ceremony_begin(CeremonyKind::Enrol, Some(proven.person.id), &state).await?;
        let mut places = Vec::new();
        for one in proven.places(now) {
            places.push((one.role, custody.place_words(one.customer).await?));
        }
        let passkeys_needed = if proven.is_office(now) { OFFICER_PASSKEYS } else { 1 };
        Ok(EnrolStarted { ticket, challenge, name: entry.name, places, passkeys_needed })
    }

    /// Proves both secrets; when they are wrong, what is to be named in the ledger.
    async fn proven(
        &self,
        link_secret: &str,
        spoken: &str,
    ) -> Result<Result<Proven, record::ResourceId>, CustodyError> {
        let custody = &self.custody;
        let proven = match custody.invitation_prove(link_secret, spoken).await {
            Ok(invitation) => custody.invitation_leads(invitation).await,
            Err(error) => Err(error),
        };
        match proven {
            Ok(proven) => Ok(Ok(proven)),
            Err(CustodyError::NotProven) => {
                let known = custody.store().invitation_by_secret(&secret::hash(link_secret)).await?;
                // A link that leads nowhere is named by an invitation that is not there.
                let none = || InvitationId::mint(custody.clock(), custody.entropy());
                Ok(Err(known.map_or_else(none, |one| one.id).into()))
            }
            Err(other) => Err(other),
        }
    }

    /// The passkey was made: the person is enrolled and signed in. For a new enrolment the old passkeys, recovery codes
    /// and sessions end in the same moment.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`]; [`CustodyError::Input`] with field `label`; [`CustodyError::Unwitnessed`]: then
    /// nothing has happened, and the invitation can be used again.
    pub async fn enrol_finish(&self, ticket: &str, answer: &str, label: &str) -> Result<Enrolled, CustodyError> {
        let (custody, now) = (&self.custody, self.custody.now());
        let mut form = Form::default();
        let label = form.label("label", label);
        form.done()?;
        let (_, state): (_, EnrolState) = custody.ceremony_end(CeremonyKind::Enrol, ticket).await?;
        let Ok(passkey) = custody.passkeys().register_finish(&state.registration, answer) else {
            return self.not_proven(state.invitation.into()).await;
        };
        let found = custody.store().invitation_fetch(state.invitation).await?;
        let found = found.filter(|one| is_open(one, now)).ok_or(CustodyError::NotProven)?;
        let proven = custody.invitation_leads(found).await?;
        let (id, person) = (proven.invitation.id, proven.person.id);
        let credential = credential_of(custody, person, &passkey, &label)?;
        let question = Question::house(Purpose::Administration).also(id);
        let who = (Principal::Stranger, None);
        let _granted = custody.ask_as::<act::PersonEnrol>(who, PrincipalFacts::default(), question).await?;
        // The sign-in that comes with it is witnessed as the person's own, by the facts as they are about to be.
        let mut facts = custody.person_facts(person, None).await?;
        facts.suspended = false;
        let begun = custody.session_ask(person, facts, Device::Own).await?;
        let (recovery_codes, macs) = custody.codes_new(person);
        let mut tx = custody.store().begin("enrol a person").await?;
        if tx.invitation_use(id, now).await? == 0 {
            return Err(CustodyError::NotProven);
        }
        if proven.invitation.re_enrol {
            tx.credential_remove_all(person, now).await?;
            tx.session_revoke_all(person, now).await?;
            // Another new enrolment that was asked for is not needed any more, and must not undo this one.
            tx.invitation_end_all(person, now).await?;
        }
        tx.credential_insert(&credential).await?;
        tx.recovery_codes_insert(person, &macs).await?;
        tx.person_set_state(person, PersonState::Active).await?;
        places_begin(custody, &mut tx, &proven.waiting, &proven.invitation.asked_by).await?;
        tx.session_insert(&begun.row).await?;
        tx.commit().await?;
        if proven.invitation.re_enrol {
            custody.sessions_held_end(person);
        }
        let signed_in = custody.session_begun(begun).await?;
        Ok(Enrolled { signed_in, recovery_codes, needs_second_passkey: proven.is_office(now) })
    }

    /// Somebody who is enrolled and signed in takes up one more role with both secrets: two practices invited them
    /// before they had enrolled with either.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`]; [`CustodyError::Refused`] when nobody is signed in.
    pub async fn invitation_accept(&self, link_secret: &str, spoken: &str) -> Result<Witnessed, CustodyError> {
        let (custody, now) = (&self.custody, self.custody.now());
        let person = self.person()?;
        let Ok(found) = custody.invitation_prove(link_secret, spoken).await else {
            return self.not_proven(person.into()).await;
        };
        let held = custody.store().membership_list_by_person(person).await?;
        let waiting: Vec<Membership> = places_waiting(&found, &held, now).cloned().collect();
        if found.person != person || found.re_enrol || waiting.is_empty() {
            return self.not_proven(person.into()).await;
        }
        let witnessed = self.ask(Question::house(Purpose::Administration).also(found.id)).await?.witnessed();
        let mut tx = custody.store().begin("take up an invitation").await?;
        if tx.invitation_use(found.id, now).await? == 0 {
            return Err(CustodyError::NotProven);
        }
        places_begin(custody, &mut tx, &waiting, &found.asked_by).await?;
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::CredentialAdd> {
    /// One's own passkeys, for the page that adds and removes them.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in.
    pub async fn passkey_list(&self) -> Result<Vec<PasskeyLine>, CustodyError> {
        self.custody.passkeys_of(self.person()?).await
    }

    /// Begins another passkey of one's own.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], which says when a fresh touch is missing.
    pub async fn add_start(&self) -> Result<AddStarted, CustodyError> {
        let custody = &self.custody;
        let person = self.person()?;
        let _granted = self.ask(Question::house(Purpose::Administration)).await?;
        let row = custody.store().person_fetch(person).await?.ok_or(CustodyError::Absent)?;
        let entry = directory::open(&custody.ring(), &row)?;
        let has = custody.store().credential_list(person).await?;
        let (challenge, registration) = custody.passkeys().register_start(&row, (&entry.email, &entry.name), &has)?;
        let session = self.session()?;
        let state = AddState { session, registration };
        let ticket = custody.ceremony_begin(CeremonyKind::Add, Some(person), &state).await?;
        Ok(AddStarted { ticket, challenge })
    }

    /// The passkey was made.
    ///
    /// # Errors
    /// [`CustodyError::NotProven`], [`CustodyError::Refused`]; [`CustodyError::Input`] with field `label`.
    pub async fn add_finish(&self, ticket: &str, answer: &str, label: &str) -> Result<PasskeyLine, CustodyError> {
        let custody = &self.custody;
        let person = self.person()?;
        let mut form = Form::default();
        let label = form.label("label", label);
        form.done()?;
        let (whose, state): (_, AddState) = custody.ceremony_end(CeremonyKind::Add, ticket).await?;
        if whose != Some(person) || state.session != self.session()? {
            return Err(CustodyError::NotProven);
        }
        let passkey = custody.passkeys().register_finish(&state.registration, answer)?;
        let credential = credential_of(custody, person, &passkey, &label)?;
        // An authenticator that was told which passkeys there are and made the same one again.
        let has = custody.store().credential_list(person).await?;
        if has.iter().any(|one| one.handle == credential.handle) {
            return Err(CustodyError::NotProven);
        }
        let _granted = self.ask(Question::house(Purpose::Administration).also(credential.id)).await?;
        let mut tx = custody.store().begin("add a passkey").await?;
        tx.credential_insert(&credential).await?;
        tx.commit().await?;
        Ok(passkey_line(credential, true))
    }
}

impl Desk<act::CredentialRemove> {
    /// Takes one of one's own passkeys away: never the last one, and officers keep two.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when too few would be left.
    pub async fn credential_remove(&self, id: CredentialId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let person = self.person()?;
        if !custody.store().credential_list(person).await?.iter().any(|one| one.id == id) {
            return self.absent(id).await;
        }
        let witnessed = self.ask(Question::house(Purpose::Administration).also(id)).await?.witnessed();
        let held = custody.store().membership_list_by_person(person).await?;
        let least = custody.passkeys_least(&held);
        let mut tx = custody.store().begin("take a passkey away").await?;
        // Counted while nobody else can write: two at once must not take the last two away.
        if custody.store().credential_list(person).await?.len() <= least {
            return Err(CustodyError::State("Add another passkey before you take this one away."));
        }
        if tx.credential_remove(person, id, custody.now()).await? == 0 {
            return Err(CustodyError::State("This passkey was taken away already."));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}

fn passkey_line(credential: Credential, removable: bool) -> PasskeyLine {
    let Credential { id, label, created_at, used_at, .. } = credential;
    PasskeyLine { id, label, created_at, used_at, removable }
}

impl Custody {
    /// How many passkeys have to stay.
    fn passkeys_least(&self, held: &[Membership]) -> usize {
        if self.holds_office(held) { OFFICER_PASSKEYS } else { 1 }
    }

    async fn passkeys_of(&self, person: PersonId) -> Result<Vec<PasskeyLine>, CustodyError> {
        let held = self.store().membership_list_by_person(person).await?;
        let has = self.store().credential_list(person).await?;
        let removable = has.len() > self.passkeys_least(&held);
        Ok(has.into_iter().map(|one| passkey_line(one, removable)).collect())
    }
}

impl<A: Act> Desk<A> {
    /// The session at the desk.
    pub(crate) fn session(&self) -> Result<record::SessionId, CustodyError> {
        self.signed_in.as_ref().map(|one| one.session).ok_or(CustodyError::Refused(Why::NotSignedIn))
    }
}

#[cfg(test)]
mod tests;
