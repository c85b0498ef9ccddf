//! What waits for a second officer, wherever it was asked for: an officer who may confirm a practice's first manager
//! need not be one who may look into that practice.

use super::{InvitationLine, asked_by, places_waiting};
use crate::{CustodyError, Desk, directory};
use record::{CustomerId, act};

impl Desk<act::StaffList> {
    /// The invitations that this officer may confirm, each with the place it is for by name; empty for everybody else.
    /// Belongs to the list of the operator's people, which was asked for and witnessed before.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in; when the store cannot.
    pub async fn invitations_to_confirm(&self) -> Result<Vec<(InvitationLine, String)>, CustodyError> {
        let (custody, me) = (&self.custody, self.person()?);
        let mut found = Vec::new();
        if !custody.is_officer(me).await? {
            return Ok(found);
        }
        let now = custody.now();
        for one in custody.store().invitation_list_open(now).await? {
            let asker = asked_by(&one);
            let waits = one.needs_second && one.confirmed_by.is_none();
            // Nobody confirms their own, and what nobody is known to have asked for is confirmed by nobody.
            if !waits || one.person == me || asker.is_none_or(|asker| asker == me) {
                continue;
            }
            let Some(person) = custody.store().person_fetch(one.person).await? else { continue };
            let held = custody.store().membership_list_by_person(one.person).await?;
            let place = places_waiting(&one, &held, now).next();
            let current = held.iter().find(|held| held.in_force(now));
            let Some(at) = place.or(current) else { continue };
            let entry = directory::open(&custody.ring(), &person)?;
            let line = InvitationLine {
                invitation: one.id,
                person: one.person,
                entry,
                role: place.map(|held| held.role),
                membership: None,
                asked_by: custody.name_of_person(asker).await?,
                created_at: one.created_at,
                expires_at: one.expires_at,
                waits_for_second: true,
                may_confirm: true,
            };
            found.push((line, self.place_name(at.customer).await?));
        }
        Ok(found)
    }

    async fn place_name(&self, place: Option<CustomerId>) -> Result<String, CustodyError> {
        match place {
            Some(customer) => self.custody.customer_name(customer).await,
            None => Ok(self.custody.settings().operator.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{entry, house};
    use record::{Role, act};

    #[tokio::test]
    async fn what_waits_is_shown_to_the_other_officers_and_to_nobody_else() {
        let house = house().await;
        let (first, second) = house.two_officers().await;
        let typist = house.staff(&first, Role::Transcriptionist, "Tim Typist").await;
        let customer = house.customer(&first, "Lakeside Pediatrics").await;
        let asked = house.desk::<act::ManagerInvite>(&first).await;
        let invited = asked.manager_invite(customer, &entry("Mary Manager")).await.unwrap();
        let theirs = house.desk::<act::StaffList>(&second).await.invitations_to_confirm().await.unwrap();
        let [(line, place)] = theirs.as_slice() else { panic!("one waits") };
        assert_eq!((Some(line.invitation), place.as_str()), (invited.invitation, "Lakeside Pediatrics"));
        assert_eq!(line.role, Some(Role::PracticeManager));
        for own in [&first, &typist] {
            assert!(house.desk::<act::StaffList>(own).await.invitations_to_confirm().await.unwrap().is_empty());
        }
        let desk = house.desk::<act::InvitationConfirm>(&second).await;
        drop(desk.invitation_confirm(line.invitation).await.unwrap_or_else(|error| panic!("{error:?}")));
        assert!(house.desk::<act::StaffList>(&second).await.invitations_to_confirm().await.unwrap().is_empty());
    }
}
