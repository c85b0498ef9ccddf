//! The first officer, the second, and the last one lost: the three moments at which two people cannot be had.
//!
//! The first is made by `init`, offline, with the root key. The second is invited by the first alone, once, and an
//! alert says so. When the last is lost, whoever holds the root key makes a new one, offline; the old officers' passkeys
//! and sessions end, and all pages show it for thirty days.

use super::invite::Wanted;
use super::{Form, Invited, NOT_YET, places_waiting, question_at};
use crate::{Custody, CustodyError, DirectoryBody, directory};
use record::{InvitationId, PersonId, Role, Timestamp, act};
use store::PersonState;

/// How long all pages show that an officer was recovered.
const SHOWN_MILLIS: i64 = 30 * 24 * 60 * 60_000;
const RECOVERY_FACT: &str = "officer_recovery_at";

impl Custody {
    /// Is this person the house's only officer, with no other one invited by an invitation that needs no second.
    pub(super) async fn is_first_second_officer(&self, asker: PersonId) -> Result<bool, CustodyError> {
        let officers = self.officers_live().await?;
        if officers.iter().any(|(person, _)| person.id != asker) {
            return Ok(false);
        }
        let now = self.now();
        let all = self.store().membership_list_at(None).await?;
        let open = self.store().invitation_list_open(now).await?;
        let is_out = open
            .iter()
            .filter(|one| !one.needs_second && one.person != asker)
            .any(|one| places_waiting(one, &all, now).any(|waiting| waiting.role.is_officer()));
        Ok(!is_out)
    }

    /// The first privacy officer of a new house: an offline act with the root key. As long as nobody has enrolled it
    /// can be repeated, and a newer invitation ends the older ones.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `email`; [`CustodyError::State`] when there is a privacy officer.
    pub async fn first_officer(&self, email: &str, name: &str) -> Result<Invited, CustodyError> {
        let mut form = Form::default();
        let body = form.officer(email, name);
        form.done()?;
        let now = self.now();
        let held = self.store().membership_list_at(None).await?;
        if held.iter().any(|one| one.role == Role::PrivacyOfficer && one.in_force(now)) {
            return Err(CustodyError::State("This house has a privacy officer already."));
        }
        self.officer_make(body, Made::First).await
    }

    /// The last officer is lost: an offline act with the root key. The passkeys, recovery codes, sessions and open
    /// invitations of every officer there was end at once.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `email`; [`CustodyError::State`] when there never was an officer.
    pub async fn officer_recover(&self, email: &str, name: &str) -> Result<Invited, CustodyError> {
        let mut form = Form::default();
        let body = form.officer(email, name);
        form.done()?;
        let now = self.now();
        let held = self.store().membership_list_at(None).await?;
        if !held.iter().any(|one| one.role == Role::PrivacyOfficer && one.from_at <= now) {
            return Err(CustodyError::State("This house never had an officer. Use init to invite the first one."));
        }
        self.officer_make(body, Made::Recovered).await
    }

    /// When an officer was recovered, for as long as all pages have to show it.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn officer_recovery_shown(&self) -> Result<Option<Timestamp>, CustodyError> {
        let at = self.store().meta_fetch(RECOVERY_FACT).await?.and_then(|text| text.parse().ok());
        Ok(at.map(Timestamp::from_unix_millis).filter(|at| self.now().millis_since(*at) < SHOWN_MILLIS))
    }

    async fn officer_make(&self, body: DirectoryBody, made: Made) -> Result<Invited, CustodyError> {
        let now = self.now();
        let index = directory::email_index(&self.ring(), &body.email);
        let known = self.store().person_by_email(&index).await?;
        if known.as_ref().is_some_and(|one| one.state == PersonState::Suspended) {
            return Err(CustodyError::field("email", "This person is suspended. Choose somebody else."));
        }
        let person = known.as_ref().map_or_else(|| PersonId::mint(self.clock(), self.entropy()), |one| one.id);
        let id = InvitationId::mint(self.clock(), self.entropy());
        let question = question_at(None).also(person).also(id).saying(made.words());
        let witnessed = self.ask_job::<act::OfficerRecover>(question).await?.witnessed();
        let held = self.store().membership_list_at(None).await?;
        let is_officer =
            held.iter().any(|one| one.person == person && one.role == Role::PrivacyOfficer && one.in_force(now));
        // Somebody who had passkeys enrols anew: the old ones end when the invitation is used.
        let re_enrol = known.as_ref().is_some_and(|one| one.state == PersonState::Active);
        let (invitation, link, spoken) = self.invitation_of(id, person, (re_enrol, false), self.program().to_string());
        let mut tx = self.store().begin("make an officer").await?;
        // Whoever was or was to be an officer: their way in ends first, and older invitations with it.
        for one in held.iter().filter(|one| one.role.is_officer()) {
            let waits = one.from_at == NOT_YET;
            if (waits && one.to_at.is_none_or(|to| now < to)) || made == Made::Recovered {
                tx.invitation_end_all(one.person, now).await?;
            }
            if made == Made::Recovered && one.in_force(now) {
                tx.credential_remove_all(one.person, now).await?;
                tx.session_revoke_all(one.person, now).await?;
            }
        }
        if known.is_none() {
            tx.person_insert(&self.person_of(person, &body)?).await?;
        }
        tx.invitation_insert(&invitation).await?;
        if !is_officer {
            let wanted = Wanted { customer: None, role: Role::PrivacyOfficer, until: None, body: body.clone() };
            tx.membership_insert(&self.membership_of(person, &wanted, NOT_YET, id.to_string())).await?;
        }
        if made == Made::Recovered {
            tx.meta_set(RECOVERY_FACT, &now.unix_millis().to_string()).await?;
        }
        tx.commit().await?;
        if made == Made::Recovered {
            held.iter().filter(|one| one.role.is_officer()).for_each(|one| self.sessions_held_end(one.person));
            let sentence =
                "A privacy officer was recovered with the root key; the earlier officers' passkeys have ended.";
            self.alert("officer_recovery", sentence).await;
        }
        Ok(Invited {
            person,
            entry: body,
            invitation: Some(id),
            link_secret: Some(link),
            spoken,
            expires_at: Some(invitation.expires_at),
            waits_for_second: false,
            tell: Vec::new(),
            witnessed,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    First,
    Recovered,
}

impl Made {
    /// As it is sealed into the entry.
    const fn words(self) -> &'static str {
        match self {
            Self::First => "the first officer of a new house",
            Self::Recovered => "the last officer was lost",
        }
    }
}
