//! Inviting: how an invitation comes to be, is confirmed, and how the role behind it begins.

use super::{Form, NOT_YET, asked_by, person_facts, question_at};
use crate::{ContactBody, Custody, CustodyError, Desk, DirectoryBody, INVITATION_HOURS, Witnessed, directory, secret};
use record::{Act, CustomerId, InvitationId, MembershipId, PersonId, Role, Timestamp, act};
use store::{Invitation, Membership, Person, PersonState, Tx};

/// Wrong second secrets that end an invitation.
const WRONG_TRIES_MAX: u32 = 5;

/// What is to be told after inviting somebody. It has no `Debug`: it carries secrets, shown once.
#[must_use]
pub struct Invited {
    /// Who.
    pub person: PersonId,
    /// Their name and telephone, as the one who invites typed them.
    pub entry: DirectoryBody,
    /// The invitation; `None` when the role holds from now on.
    pub invitation: Option<InvitationId>,
    /// The link's secret. `None` for somebody who has a passkey here already: the same passkey opens this place too.
    pub link_secret: Option<String>,
    /// The words to tell by telephone. `None` without a link, and while a second person has to confirm: that person
    /// gets them, so that nobody holds both.
    pub spoken: Option<String>,
    /// Until when the invitation can be used.
    pub expires_at: Option<Timestamp>,
    /// A second person has to confirm before anything holds.
    pub waits_for_second: bool,
    /// Who has to be told that this was asked for.
    pub tell: Vec<ContactBody>,
    /// What the ledger witnessed; the system's own act when nobody asked.
    pub witnessed: Witnessed,
}

/// What is to be told after confirming. No `Debug`, for the same reason.
#[must_use]
pub struct Confirmed {
    /// For whom.
    pub person: PersonId,
    /// Whom to call.
    pub entry: DirectoryBody,
    /// The words to tell them by telephone; `None` when their passkey opens the place from now on.
    pub spoken: Option<String>,
    /// Until when the invitation can be used.
    pub expires_at: Timestamp,
    /// What the ledger witnessed.
    pub witnessed: Witnessed,
}

/// Must a second person confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Second {
    /// No.
    NotNeeded,
    /// Yes.
    Needed,
    /// Yes, but the asker is the house's only officer and this is to be the second one. It is told in an alert.
    NobodyThere,
}

/// Who is wanted as what.
pub(crate) struct Wanted {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) role: Role,
    pub(crate) until: Option<Timestamp>,
    pub(crate) body: DirectoryBody,
}

/// Can it still be used, apart from a confirmation it may lack.
pub(crate) fn is_open(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.used_at.is_none() && now < invitation.expires_at && invitation.wrong_tries < WRONG_TRIES_MAX
}

/// The memberships among these that wait for this invitation.
pub(crate) fn places_waiting<'m>(
    invitation: &Invitation,
    held: &'m [Membership],
    now: Timestamp,
) -> impl Iterator<Item = &'m Membership> {
    let (name, person) = (invitation.id.to_string(), invitation.person);
    held.iter().filter(move |one| {
        one.person == person && one.from_at == NOT_YET && one.granted_by == name && one.to_at.is_none_or(|to| now < to)
    })
}

/// The waiting roles begin.
pub(crate) async fn places_begin(
    custody: &Custody,
    tx: &mut Tx,
    waiting: &[Membership],
    granted_by: &str,
) -> Result<(), CustodyError> {
    let now = custody.now();
    for one in waiting {
        if tx.membership_end(one.customer, one.id, now).await? == 0 {
            return Err(CustodyError::NotProven);
        }
        let begun = Membership {
            id: MembershipId::mint(custody.clock(), custody.entropy()),
            from_at: now,
            granted_by: granted_by.to_owned(),
            ..one.clone()
        };
        tx.membership_insert(&begun).await?;
    }
    Ok(())
}

impl Custody {
    pub(crate) fn membership_of(&self, person: PersonId, wanted: &Wanted, from: Timestamp, by: String) -> Membership {
        Membership {
            id: MembershipId::mint(self.clock(), self.entropy()),
            person,
            customer: wanted.customer,
            role: wanted.role,
            from_at: from,
            to_at: wanted.until,
            granted_by: by,
        }
    }

    /// A person nobody has seen yet: may do nothing before enrolling.
    pub(crate) fn person_of(&self, id: PersonId, body: &DirectoryBody) -> Result<Person, CustodyError> {
        let ring = self.ring();
        let mut passkey_owner = vec![0; 16];
        self.entropy().fill(&mut passkey_owner);
        Ok(Person {
            id,
            directory: directory::seal(&ring, id, body)?,
            email_index: directory::email_index(&ring, &body.email),
            passkey_owner,
            state: PersonState::Invited,
            created_at: self.now(),
        })
    }

    /// A new invitation, the link's secret, and the second secret if it is told to the asker.
    pub(crate) fn invitation_of(
        &self,
        id: InvitationId,
        person: PersonId,
        (re_enrol, needs_second): (bool, bool),
        asked_by: String,
    ) -> (Invitation, String, Option<String>) {
        let (ring, now) = (self.ring(), self.now());
        let link = secret::secret(self.entropy());
        let (spoken, told) = if needs_second {
            (secret::second_of_confirmed(&ring, id), None)
        } else {
            let spoken = secret::second_new(self.entropy());
            (spoken.clone(), Some(spoken))
        };
        let invitation = Invitation {
            id,
            person,
            re_enrol,
            secret_hash: secret::hash(&link),
            spoken_hash: secret::second_mac(&ring, id, &spoken),
            asked_by,
            needs_second,
            confirmed_by: None,
            created_at: now,
            expires_at: now.plus_secs(INVITATION_HOURS * 3600),
            used_at: None,
            wrong_tries: 0,
        };
        (invitation, link, told)
    }

    /// Are all invitations of this person that are out for this one place. Then a newer one replaces them; another
    /// place's invitations are left alone.
    pub(crate) async fn only_invited_to(
        &self,
        person: PersonId,
        place: Option<CustomerId>,
    ) -> Result<bool, CustodyError> {
        let now = self.now();
        let held = self.store().membership_list_by_person(person).await?;
        let open = self.store().invitation_list_open(now).await?;
        Ok(open
            .iter()
            .filter(|one| one.person == person)
            .flat_map(|one| places_waiting(one, &held, now))
            .all(|waiting| waiting.customer == place))
    }

    /// Everybody who has to hear of a weighty invitation at a customer: the agreement's contacts and the managers.
    async fn tell_at(&self, place: Option<CustomerId>) -> Result<Vec<ContactBody>, CustodyError> {
        let Some(customer) = place else { return Ok(Vec::new()) };
        let now = self.now();
        let mut tell = self.contacts_of(customer).await?;
        for held in self.store().membership_list_at(place).await? {
            if held.role != Role::PracticeManager || !held.in_force(now) {
                continue;
            }
            let Some(entry) = self.directory_entry(held.person).await? else { continue };
            let DirectoryBody { name, email, telephone } = entry;
            tell.push(ContactBody { name, email, telephone });
        }
        Ok(tell)
    }

    async fn place_name(&self, place: Option<CustomerId>) -> Result<String, CustodyError> {
        match place {
            Some(customer) => self.customer_name(customer).await,
            None => Ok(self.settings().operator.clone()),
        }
    }
}

async fn holds_already(custody: &Custody, person: &Person, wanted: &Wanted) -> Result<bool, CustodyError> {
    let now = custody.now();
    let held = custody.store().membership_list_by_person(person.id).await?;
    Ok(held.iter().any(|one| one.customer == wanted.customer && one.role == wanted.role && one.in_force(now)))
}

/// Invites somebody, or gives somebody who is known already one more role.
pub(super) async fn invite<A: Act>(desk: &Desk<A>, wanted: Wanted, second: Second) -> Result<Invited, CustodyError> {
    let custody = &desk.custody;
    let index = directory::email_index(&custody.ring(), &wanted.body.email);
    let known = custody.store().person_by_email(&index).await?;
    let person = known.as_ref().map_or_else(|| PersonId::mint(custody.clock(), custody.entropy()), |one| one.id);
    let enrolled = known.as_ref().is_some_and(|one| one.state == PersonState::Active);
    // Only somebody who works at this very place already gets a further role at once. Across places they accept it
    // themselves: whoever invited them first, elsewhere, may have enrolled in their stead.
    let works_here = match &known {
        Some(known) => custody
            .store()
            .membership_list_by_person(known.id)
            .await?
            .iter()
            .any(|held| held.customer == wanted.customer && held.in_force(custody.now())),
        None => false,
    };
    let at_once = enrolled && works_here && second == Second::NotNeeded;
    let id = InvitationId::mint(custody.clock(), custody.entropy());
    let mut question = question_at(wanted.customer).also(person).saying(wanted.role.as_str());
    if !at_once {
        question = question.also(id);
    }
    let witnessed = desk.ask(question).await?.witnessed();
    if let Some(known) = &known {
        if known.state == PersonState::Suspended {
            return Err(CustodyError::field("email", "This address cannot be invited now. Call an officer."));
        }
        if holds_already(custody, known, &wanted).await? {
            return Err(CustodyError::field("email", "This person has that role here already."));
        }
    }
    let tell = if second == Second::Needed { custody.tell_at(wanted.customer).await? } else { Vec::new() };
    let place = custody.place_name(wanted.customer).await?;
    let replaces = match &known {
        Some(known) => custody.only_invited_to(known.id, wanted.customer).await?,
        None => false,
    };
    let (invitation, link, spoken) = custody.invitation_of(id, person, (false, second == Second::Needed), desk.asker());
    let expires_at = invitation.expires_at;
    let mut tx = custody.store().begin("invite a person").await?;
    if known.is_none() {
        tx.person_insert(&custody.person_of(person, &wanted.body)?).await?;
    }
    if at_once {
        // They prove themselves by the passkey they have: the role holds from now on.
        tx.membership_insert(&custody.membership_of(person, &wanted, custody.now(), desk.asker())).await?;
    } else {
        if replaces {
            tx.invitation_end_all(person, custody.now()).await?;
        }
        tx.invitation_insert(&invitation).await?;
        tx.membership_insert(&custody.membership_of(person, &wanted, NOT_YET, id.to_string())).await?;
    }
    tx.commit().await?;
    // If we die here: the invitation is out and in the ledger, and the officers' list shows it; nobody was alarmed.
    if let Some(sentence) = sentence(second, wanted.role, &place, tell.len()) {
        custody.alert("invitation", &sentence).await;
    }
    Ok(Invited {
        person,
        entry: wanted.body,
        invitation: (!at_once).then_some(id),
        link_secret: (!at_once).then_some(link),
        spoken: if at_once { None } else { spoken },
        expires_at: (!at_once).then_some(expires_at),
        waits_for_second: second == Second::Needed,
        tell,
        witnessed,
    })
}

/// What the alert says. A customer's name is a business name and no PHI; people are not named.
fn sentence(second: Second, role: Role, place: &str, contacts: usize) -> Option<String> {
    let label = role.label().to_lowercase();
    match second {
        Second::NotNeeded => None,
        Second::Needed => Some(format!(
            "Somebody was invited as {label} at {place}; a second person has to confirm it, and {contacts} known contacts have to be told."
        )),
        Second::NobodyThere => Some(format!(
            "Somebody was invited as {label} at {place} by the only officer there is, so nobody could confirm it."
        )),
    }
}

/// Asks for a new enrolment of somebody with a place here.
pub(super) async fn re_enrol(
    desk: &Desk<act::PersonReEnrol>,
    place: Option<CustomerId>,
    person: PersonId,
) -> Result<Invited, CustodyError> {
    let custody = &desk.custody;
    let id = InvitationId::mint(custody.clock(), custody.entropy());
    let question = question_at(place).with(person_facts(person, place, None)).also(id);
    let witnessed = desk.ask(question).await?.witnessed();
    let known = custody.store().person_fetch(person).await?.ok_or(CustodyError::Absent)?;
    if known.state != PersonState::Active {
        return Err(CustodyError::State("This person has not enrolled yet. Invite them again."));
    }
    let entry = directory::open(&custody.ring(), &known)?;
    let tell = custody.tell_at(place).await?;
    let sentence = format!(
        "A new enrolment was asked for at {}; an officer has to confirm it, and {} known contacts have to be told.",
        custody.place_name(place).await?,
        tell.len()
    );
    let (invitation, link, spoken) = custody.invitation_of(id, person, (true, true), desk.asker());
    let mut tx = custody.store().begin("ask for a new enrolment").await?;
    tx.invitation_insert(&invitation).await?;
    tx.commit().await?;
    custody.alert("invitation", &sentence).await;
    Ok(Invited {
        person,
        entry,
        invitation: Some(id),
        link_secret: Some(link),
        spoken,
        expires_at: Some(invitation.expires_at),
        waits_for_second: true,
        tell,
        witnessed,
    })
}

/// A second person confirms.
pub(super) async fn confirm(desk: &Desk<act::InvitationConfirm>, id: InvitationId) -> Result<Confirmed, CustodyError> {
    let (custody, now) = (&desk.custody, desk.custody.now());
    let found = custody.store().invitation_fetch(id).await?.filter(|one| is_open(one, now));
    let Some(found) = found else { return desk.absent(id).await };
    let held = custody.store().membership_list_by_person(found.person).await?;
    let waiting: Vec<Membership> = places_waiting(&found, &held, now).cloned().collect();
    let place = if found.re_enrol {
        // Of somebody with several places, the operator's own weighs most.
        held.iter().filter(|one| one.in_force(now)).map(|one| one.customer).min()
    } else {
        waiting.first().map(|one| one.customer)
    };
    let (Some(place), Some(person)) = (place, custody.store().person_fetch(found.person).await?) else {
        return desk.absent(id).await;
    };
    let question = question_at(place).with(person_facts(found.person, place, asked_by(&found))).also(id);
    let witnessed = desk.ask(question).await?.witnessed();
    // As with an invitation that needs no second: across places the person accepts it with their own passkey.
    let works_here = custody.has_place_at(found.person, place).await?;
    let at_once = !found.re_enrol && person.state == PersonState::Active && works_here;
    let mut tx = custody.store().begin("confirm an invitation").await?;
    if tx.invitation_confirm(id, &desk.asker()).await? == 0 {
        return Err(CustodyError::State("There is nothing to confirm: somebody did, or it needs no second person."));
    }
    if at_once {
        // Enrolled already: nothing is left to prove but what was just confirmed.
        if tx.invitation_use(id, now).await? == 0 {
            return Err(CustodyError::State("This invitation is over."));
        }
        places_begin(custody, &mut tx, &waiting, &found.asked_by).await?;
    }
    tx.commit().await?;
    let ring = custody.ring();
    Ok(Confirmed {
        person: found.person,
        entry: directory::open(&ring, &person)?,
        spoken: (!at_once).then(|| secret::second_of_confirmed(&ring, id)),
        expires_at: found.expires_at,
        witnessed,
    })
}

impl Form {
    /// Only a name and an e-mail address, for the first officer: who sits at the machine needs no telephone.
    pub(super) fn officer(&mut self, email: &str, name: &str) -> DirectoryBody {
        DirectoryBody { name: self.name("name", name), email: self.email("email", email), telephone: String::new() }
    }
}
