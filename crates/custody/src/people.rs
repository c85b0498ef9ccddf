//! People: who has which role where, who is invited, who works for whom, and how that ends.
//!
//! What must always hold: roles at a customer are granted by that customer's manager; a first manager, an officer, an
//! administrator, an auditor and every new enrolment need two people, and nobody is their own second; whoever asks for
//! such an invitation gets its link, the second person gets the words to tell by telephone, so that neither of them
//! can enrol alone. A person who is invited has no right anywhere until the passkey is enrolled.
//!
//! A membership that waits for its invitation is a row whose beginning lies beyond all time ([`NOT_YET`]) and whose
//! `granted_by` names the invitation. It never counts, for policy compares its beginning with the clock. Once the
//! invitation is used the row is ended (it never held) and another one begins at that moment. To people who have
//! enrolled already a role is given at once, unless a second person has to confirm it.

mod first_day;
mod import;
mod invite;
mod officers;
pub(crate) mod typed;
mod waiting;

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, DirectoryBody, Witnessed, directory};
pub use first_day::FirstDay;
pub use import::{PeopleLine, PeopleReject, people_read};
pub use invite::{Confirmed, Invited};
pub(crate) use invite::{Second, is_open, places_begin, places_waiting};
use policy::PersonFacts;
use record::{Act, CustomerId, InvitationId, MembershipId, PersonId, Purpose, Role, SessionId, Side, Timestamp, act};
use std::collections::BTreeMap;
use store::{Invitation, Membership, Person, PersonState};
pub(crate) use typed::Form;

/// The beginning of a membership that waits for its invitation.
pub(crate) const NOT_YET: Timestamp = Timestamp::from_unix_millis(i64::MAX);

/// A role that somebody holds at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleLine {
    /// By which it is ended.
    pub membership: MembershipId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub from: Timestamp,
    /// Until when, if that is settled.
    pub to: Option<Timestamp>,
}

/// One person at one place. `Debug` tells ids only.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonLine {
    /// Who.
    pub person: PersonId,
    /// As they write it, and where they are reached.
    pub entry: DirectoryBody,
    /// Roles in force here; at least one.
    pub roles: Vec<RoleLine>,
    /// Last sign-in. For people who work elsewhere too this is none of the asker's business: `None`.
    pub last_sign_in: Option<Timestamp>,
    /// How many passkeys; `None` like the last sign-in.
    pub passkeys: Option<u32>,
    /// An officer with one passkey, who can do nothing until there is a second.
    pub needs_second_passkey: bool,
    /// May do nothing.
    pub suspended: bool,
    /// For whom they work, by name: the operator's people only.
    pub assigned: Vec<(CustomerId, String, Timestamp)>,
}

impl std::fmt::Debug for PersonLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonLine").field("person", &self.person).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// One invitation that is out.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationLine {
    /// By which it is confirmed.
    pub invitation: InvitationId,
    /// For whom.
    pub person: PersonId,
    /// As they write it, and where they are reached.
    pub entry: DirectoryBody,
    /// As what; `None` for a new enrolment.
    pub role: Option<Role>,
    /// The waiting membership, by which the invitation is withdrawn.
    pub membership: Option<MembershipId>,
    /// Who asked for it, by name; the system itself has none.
    pub asked_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// Waits for a second person.
    pub waits_for_second: bool,
    /// The one who looks at this list may be that second person.
    pub may_confirm: bool,
}

impl std::fmt::Debug for InvitationLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvitationLine").field("invitation", &self.invitation).finish_non_exhaustive()
    }
}

/// People and invitations at one place.
#[derive(Debug, Clone)]
pub struct People {
    /// They.
    pub people: Vec<PersonLine>,
    /// What is out.
    pub invitations: Vec<InvitationLine>,
    /// What the ledger witnessed.
    pub witnessed: Witnessed,
}

/// Facts about a person's place, for acts upon persons.
pub(crate) const fn person_facts(
    id: PersonId,
    customer: Option<CustomerId>,
    requested_by: Option<PersonId>,
) -> policy::ResourceFacts {
    policy::ResourceFacts::Person(PersonFacts { id, customer, requested_by })
}

/// A question about a place: a customer, or the operator.
pub(crate) fn question_at(place: Option<CustomerId>) -> Question {
    place.map_or_else(
        || Question::house(Purpose::Administration),
        |customer| Question::of(customer, Purpose::Administration),
    )
}

impl Custody {
    /// Does this person hold a role at this place now.
    pub(crate) async fn has_place_at(&self, person: PersonId, place: Option<CustomerId>) -> Result<bool, CustodyError> {
        let now = self.now();
        let held = self.store().membership_list_by_person(person).await?;
        Ok(held.iter().any(|one| one.customer == place && one.in_force(now)))
    }

    /// The officers who could act now: enrolled, not suspended, with a passkey.
    pub(crate) async fn officers_live(&self) -> Result<Vec<(Person, Vec<Membership>)>, CustodyError> {
        let now = self.now();
        let mut by_person: BTreeMap<PersonId, Vec<Membership>> = BTreeMap::new();
        for one in self.store().membership_list_at(None).await? {
            if one.in_force(now) && one.role.is_officer() {
                by_person.entry(one.person).or_default().push(one);
            }
        }
        let mut officers = Vec::new();
        for (id, held) in by_person {
            let Some(person) = self.store().person_fetch(id).await? else { continue };
            if person.state == PersonState::Active && !self.store().credential_list(id).await?.is_empty() {
                officers.push((person, held));
            }
        }
        Ok(officers)
    }

    /// Who is at a place, for somebody who was permitted to know.
    pub(crate) async fn people_at(
        &self,
        place: Option<CustomerId>,
        asker: PersonId,
    ) -> Result<(Vec<PersonLine>, Vec<InvitationLine>), CustodyError> {
        let now = self.now();
        let all = self.store().membership_list_at(place).await?;
        let mut roles: BTreeMap<PersonId, Vec<RoleLine>> = BTreeMap::new();
        for one in all.iter().filter(|one| one.in_force(now)) {
            let line = RoleLine { membership: one.id, role: one.role, from: one.from_at, to: one.to_at };
            roles.entry(one.person).or_default().push(line);
        }
        let asker_is_officer = self.is_officer(asker).await?;
        let mut people = Vec::with_capacity(roles.len());
        for (person, held) in roles {
            if let Some(line) = self.person_line(person, held, place, asker_is_officer).await? {
                people.push(line);
            }
        }
        people.sort_by_key(|line| line.entry.name.to_lowercase());
        let invitations = self.invitations_at(place, &all, (asker, asker_is_officer)).await?;
        Ok((people, invitations))
    }

    async fn is_officer(&self, person: PersonId) -> Result<bool, CustodyError> {
        let now = self.now();
        let held = self.store().membership_list_by_person(person).await?;
        Ok(held.iter().any(|one| one.customer.is_none() && one.role.is_officer() && one.in_force(now)))
    }

    async fn person_line(
        &self,
        id: PersonId,
        roles: Vec<RoleLine>,
        place: Option<CustomerId>,
        asker_is_officer: bool,
    ) -> Result<Option<PersonLine>, CustodyError> {
        let Some(person) = self.store().person_fetch(id).await? else { return Ok(None) };
        let now = self.now();
        let held = self.store().membership_list_by_person(id).await?;
        let only_here = held.iter().filter(|one| one.in_force(now)).all(|one| one.customer == place);
        let tells = only_here || asker_is_officer;
        let passkeys = u32::try_from(self.store().credential_list(id).await?.len()).unwrap_or(u32::MAX);
        let officer = roles.iter().any(|line| line.role.is_officer());
        Ok(Some(PersonLine {
            person: id,
            entry: directory::open(&self.ring(), &person)?,
            last_sign_in: if tells { self.session_last(id).await? } else { None },
            passkeys: tells.then_some(passkeys),
            needs_second_passkey: officer && passkeys < 2,
            suspended: person.state == PersonState::Suspended,
            assigned: if place.is_none() { self.assigned_to(id).await? } else { Vec::new() },
            roles,
        }))
    }

    async fn assigned_to(&self, person: PersonId) -> Result<Vec<(CustomerId, String, Timestamp)>, CustodyError> {
        let now = self.now();
        let mut found = Vec::new();
        for one in self.store().assignment_list_by_person(person).await? {
            if one.from_at <= now && one.to_at.is_none_or(|to| now < to) {
                found.push((one.customer, self.customer_name(one.customer).await?, one.from_at));
            }
        }
        Ok(found)
    }

    /// When this person last signed in.
    pub(crate) async fn session_last(&self, person: PersonId) -> Result<Option<Timestamp>, CustodyError> {
        // No session's id is as late as this one.
        Ok(self.store().session_before(person, SessionId::from_bytes([0xff; 16])).await?)
    }

    async fn invitations_at(
        &self,
        place: Option<CustomerId>,
        memberships: &[Membership],
        (asker, asker_is_officer): (PersonId, bool),
    ) -> Result<Vec<InvitationLine>, CustodyError> {
        let now = self.now();
        let mut lines = Vec::new();
        for one in self.store().invitation_list_open(now).await? {
            let waits = places_waiting(&one, memberships, now).next();
            let is_here = if one.re_enrol {
                memberships.iter().any(|held| held.person == one.person && held.in_force(now))
            } else {
                waits.is_some()
            };
            let Some(person) = (if is_here { self.store().person_fetch(one.person).await? } else { None }) else {
                continue;
            };
            debug_assert!(waits.is_none_or(|held| held.customer == place), "a list of one place holds that place only");
            let waits_for_second = one.needs_second && one.confirmed_by.is_none();
            let own = asked_by(&one) == Some(asker) || one.person == asker;
            lines.push(InvitationLine {
                invitation: one.id,
                person: one.person,
                entry: directory::open(&self.ring(), &person)?,
                role: waits.map(|held| held.role),
                membership: waits.map(|held| held.id),
                asked_by: match asked_by(&one) {
                    Some(id) => self.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default(),
                    None => String::new(),
                },
                created_at: one.created_at,
                expires_at: one.expires_at,
                waits_for_second,
                may_confirm: waits_for_second && asker_is_officer && !own && asked_by(&one).is_some(),
            });
        }
        Ok(lines)
    }
}

/// The person who asked for an invitation; the system's own have none.
pub(crate) fn asked_by(invitation: &Invitation) -> Option<PersonId> {
    invitation.asked_by.parse().ok()
}

impl Desk<act::PersonList> {
    /// The people of a customer, and what is out.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn person_list(&self, customer: CustomerId) -> Result<People, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let witnessed = self.ask(question_at(Some(customer))).await?.witnessed();
        let (people, invitations) = self.custody.people_at(Some(customer), self.person()?).await?;
        Ok(People { people, invitations, witnessed })
    }
}

impl Desk<act::StaffList> {
    /// The operator's own people, for whom they work, and what is out.
    ///
    /// # Errors
    /// [`CustodyError::Refused`].
    pub async fn staff_list(&self) -> Result<People, CustodyError> {
        let witnessed = self.ask(question_at(None)).await?.witnessed();
        let (people, invitations) = self.custody.people_at(None, self.person()?).await?;
        Ok(People { people, invitations, witnessed })
    }
}

/// The only one here who holds this role now.
async fn is_last(custody: &Custody, ended: &Membership) -> Result<bool, CustodyError> {
    let now = custody.now();
    let held = custody.store().membership_list_at(ended.customer).await?;
    Ok(ended.in_force(now) && !held.iter().any(|one| one.id != ended.id && one.role == ended.role && one.in_force(now)))
}

impl Desk<act::MembershipEnd> {
    /// Ends a role at a customer, from the next request on; a waiting one is withdrawn.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when it had ended, or when it is
    /// the practice's last manager: somebody must be there to let people in.
    pub async fn membership_end(&self, customer: CustomerId, id: MembershipId) -> Result<Witnessed, CustodyError> {
        let found = self.custody.store().membership_fetch(id).await?;
        let Some(found) = found.filter(|one| one.customer == Some(customer)) else { return self.absent(id).await };
        let question = question_at(Some(customer)).with(person_facts(found.person, Some(customer), None)).also(id);
        let witnessed = self.ask(question).await?.witnessed();
        if found.role == Role::PracticeManager && is_last(&self.custody, &found).await? {
            return Err(CustodyError::State("This is the practice's last manager. Invite another one first."));
        }
        let mut tx = self.custody.store().begin("end a membership").await?;
        if tx.membership_end(Some(customer), id, self.custody.now()).await? == 0 {
            return Err(CustodyError::State("This role has ended already."));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::StaffEnd> {
    /// Ends a role at the operator and every session of the person. With the last role the assignments end too, so
    /// that they do not come back with a later role.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when it had ended, or when it is
    /// the last privacy officer.
    pub async fn staff_end(&self, id: MembershipId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let found = custody.store().membership_fetch(id).await?;
        let Some(found) = found.filter(|one| one.customer.is_none()) else { return self.absent(id).await };
        let question = question_at(None).with(person_facts(found.person, None, None)).also(id);
        let witnessed = self.ask(question).await?.witnessed();
        if found.role == Role::PrivacyOfficer && is_last(custody, &found).await? {
            return Err(CustodyError::State("This is the last privacy officer. Invite another one first."));
        }
        let now = custody.now();
        let held = custody.store().membership_list_by_person(found.person).await?;
        let stays = held.iter().any(|one| one.id != id && one.customer.is_none() && one.in_force(now));
        let mut tx = custody.store().begin("end a role at the operator").await?;
        if tx.membership_end(None, id, now).await? == 0 {
            return Err(CustodyError::State("This role has ended already."));
        }
        tx.session_revoke_all(found.person, now).await?;
        if !stays {
            for one in custody.store().assignment_list_by_person(found.person).await? {
                tx.assignment_end(one.customer, found.person, now).await?;
            }
        }
        tx.commit().await?;
        custody.sessions_held_end(found.person);
        Ok(witnessed)
    }
}

impl Desk<act::SessionRevoke> {
    /// Ends every session of somebody who has a place at this customer (`None`: at the operator).
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`].
    pub async fn session_revoke(
        &self,
        customer: Option<CustomerId>,
        person: PersonId,
    ) -> Result<Witnessed, CustodyError> {
        if !self.custody.has_place_at(person, customer).await? {
            return self.absent(person).await;
        }
        let question = question_at(customer).with(person_facts(person, customer, None));
        let witnessed = self.ask(question).await?.witnessed();
        let mut tx = self.custody.store().begin("end a person's sessions").await?;
        tx.session_revoke_all(person, self.custody.now()).await?;
        tx.commit().await?;
        self.custody.sessions_held_end(person);
        Ok(witnessed)
    }
}

impl Desk<act::PersonInvite> {
    /// A practice manager invites somebody to a role at the practice.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `email`, `phone`, `role`; [`CustodyError::Refused`].
    pub async fn person_invite(
        &self,
        customer: CustomerId,
        role: Role,
        body: &DirectoryBody,
    ) -> Result<Invited, CustodyError> {
        let mut form = Form::default();
        let body = form.person(body);
        if role.side() != Side::Customer {
            form.mistake("role", "Choose a role at the practice.");
        }
        form.done()?;
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        invite::invite(self, invite::Wanted { customer: Some(customer), role, until: None, body }, Second::NotNeeded)
            .await
    }
}

impl Desk<act::ManagerInvite> {
    /// An officer invites a customer's first manager, or another one when the last is lost. Another officer has to
    /// confirm, and all known contacts are to be told: they are listed in what comes back, and an alert says so.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `email`, `phone`; [`CustodyError::Refused`].
    pub async fn manager_invite(&self, customer: CustomerId, body: &DirectoryBody) -> Result<Invited, CustodyError> {
        let mut form = Form::default();
        let body = form.person(body);
        form.done()?;
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let wanted = invite::Wanted { customer: Some(customer), role: Role::PracticeManager, until: None, body };
        invite::invite(self, wanted, Second::Needed).await
    }
}

impl Desk<act::StaffInvite> {
    /// An officer invites somebody to a role at the operator. Officers, administrators and auditors need a second
    /// person, and so does anybody who enrolled at a practice; an auditor's role may have an end.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `email`, `phone`, `role`, `until`; [`CustodyError::Refused`].
    pub async fn staff_invite(
        &self,
        role: Role,
        body: &DirectoryBody,
        until: Option<Timestamp>,
    ) -> Result<Invited, CustodyError> {
        let mut form = Form::default();
        let body = form.person(body);
        if role.side() != Side::Operator {
            form.mistake("role", "Choose a role at the operator.");
        }
        if until.is_some_and(|until| until <= self.custody.now()) {
            form.mistake("until", "Choose a day to come.");
        }
        form.done()?;
        let second = self.staff_second(role, &body).await?;
        invite::invite(self, invite::Wanted { customer: None, role, until, body }, second).await
    }

    async fn staff_second(&self, role: Role, body: &DirectoryBody) -> Result<Second, CustodyError> {
        let custody = &self.custody;
        let weighty = role.is_officer() || matches!(role, Role::Administrator | Role::Auditor);
        if !weighty {
            // Whoever enrolled by a practice's invitation was looked at by that practice and by nobody here.
            let index = directory::email_index(&custody.ring(), &body.email);
            let known = custody.store().person_by_email(&index).await?;
            return match known {
                Some(person) if !custody.has_place_at(person.id, None).await? => Ok(Second::Needed),
                _ => Ok(Second::NotNeeded),
            };
        }
        if role.is_officer() && custody.is_first_second_officer(self.person()?).await? {
            return Ok(Second::NobodyThere);
        }
        Ok(Second::Needed)
    }
}

impl Desk<act::PersonReEnrol> {
    /// Somebody lost every passkey: a new enrolment, once an officer has confirmed it. When it is used, the old
    /// passkeys, recovery codes and sessions end; until then nothing does, so that a mistake locks nobody out.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] for somebody who never enrolled.
    pub async fn person_re_enrol(
        &self,
        customer: Option<CustomerId>,
        person: PersonId,
    ) -> Result<Invited, CustodyError> {
        if !self.custody.has_place_at(person, customer).await? {
            return self.absent(person).await;
        }
        invite::re_enrol(self, customer, person).await
    }
}

impl Desk<act::InvitationConfirm> {
    /// An officer confirms what somebody else asked for, and gets the words to tell the person by telephone.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`] when it is over, used or not there;
    /// [`CustodyError::State`] when there is nothing to confirm.
    pub async fn invitation_confirm(&self, id: InvitationId) -> Result<Confirmed, CustodyError> {
        invite::confirm(self, id).await
    }
}

impl<A: Act> Desk<A> {
    /// Who asks, as a row keeps it.
    pub(crate) fn asker(&self) -> String {
        self.who().0.to_string()
    }
}

#[cfg(test)]
mod tests;
