//! What a new operator has still to do, looked up each time, so that the list ticks itself off.

use crate::ask::Question;
use crate::{CustodyError, Desk, Witnessed};
use record::{Purpose, Role, act};
use store::HouseCheckKind;

/// What is done of a first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstDay {
    /// This officer has a second passkey.
    pub second_passkey: bool,
    /// There is a second officer at work.
    pub second_officer: bool,
    /// Somebody outside keeps checkpoints.
    pub witness: bool,
    /// A backup was made, and it was sound.
    pub backup: bool,
    /// A customer has an agreement in force.
    pub customer: bool,
    /// A practice has its manager.
    pub manager: bool,
    /// Somebody types or edits.
    pub staff: bool,
    /// And works for a customer.
    pub assigned: bool,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Desk<act::StaffList> {
    /// What is done of a first day at this operator. No names.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn first_day(&self) -> Result<FirstDay, CustodyError> {
        let me = self.person()?;
        let witnessed = self.ask(Question::house(Purpose::Administration)).await?.witnessed();
        let custody = &self.custody;
        let (store, now) = (custody.store(), custody.now());
        let today = custody.settings().day_of(now);
        let at_operator = store.membership_list_at(None).await?;
        let works = |roles: &[Role]| at_operator.iter().any(|one| roles.contains(&one.role) && one.in_force(now));
        let officers = [Role::PrivacyOfficer, Role::SecurityOfficer];
        let (mut customer, mut manager, mut assigned) = (false, false, false);
        for one in store.customer_list().await? {
            customer |= store.agreement_list(one.id).await?.iter().any(|agreement| agreement.in_force(&today));
            let here = store.membership_list_at(Some(one.id)).await?;
            manager |= here.iter().any(|held| held.role == Role::PracticeManager && held.in_force(now));
            let open = |held: &store::Assignment| held.from_at <= now && held.to_at.is_none_or(|to| now < to);
            assigned |= store.assignment_list_at(one.id).await?.iter().any(open);
        }
        Ok(FirstDay {
            second_passkey: store.credential_list(me).await?.len() >= 2,
            second_officer: at_operator
                .iter()
                .any(|one| officers.contains(&one.role) && one.in_force(now) && one.person != me),
            witness: store.witness_kept_size().await?.is_some(),
            backup: store.house_check_last(HouseCheckKind::Backup).await?.is_some_and(|check| check.ok),
            customer,
            manager,
            staff: works(&[Role::Transcriptionist, Role::QaEditor]),
            assigned,
            witnessed,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::house;
    use record::{Role, act};

    #[tokio::test]
    async fn the_list_of_the_first_day_ticks_itself_off() {
        let house = house().await;
        let first = house.custody.first_officer("first@example.org", "First Officer").await.unwrap();
        let first = house.enrol_invited(&first).await;
        house.second_passkey(&first).await;
        let day = house.desk::<act::StaffList>(&first).await.first_day().await.unwrap();
        let done = |day: &super::FirstDay| {
            [day.second_passkey, day.second_officer, day.customer, day.manager, day.staff, day.assigned]
        };
        assert_eq!(done(&day), [true, false, false, false, false, false]);
        assert!(!day.witness && !day.backup);
        let second = house.staff_invited(&first, Role::SecurityOfficer, "Second Officer").await;
        let second = house.enrol_invited(&second).await;
        house.second_passkey(&second).await;
        let customer = house.customer(&first, "Lakeside Pediatrics").await;
        house.manager((&first, &second), customer, "Mary Manager").await;
        let typist = house.staff(&first, Role::Transcriptionist, "Tim Typist").await;
        let day = house.desk::<act::StaffList>(&first).await.first_day().await.unwrap();
        assert_eq!(done(&day), [true, true, true, true, true, false]);
        house.desk::<act::AssignmentGrant>(&first).await.assignment_grant(customer, typist.person).await.unwrap();
        let day = house.desk::<act::StaffList>(&first).await.first_day().await.unwrap();
        assert_eq!(done(&day), [true; 6]);
        assert!(house.desk::<act::StaffList>(&typist).await.first_day().await.is_err());
    }
}
