//! What could be asked for: so that a page offers no button that would be refused, and shows no empty form to
//! somebody who may not send it. It permits nothing and opens nothing, so the ledger does not hear of it; the act
//! itself is asked for, and witnessed, when it is done.

use crate::people::person_facts;
use crate::{CustodyError, Desk};
use policy::{Decision, Facts, PrincipalFacts, ResourceFacts};
use record::{Act, CustomerId, Intent, PersonId, Purpose, Resources};
use std::collections::BTreeSet;

impl<A: Act> Desk<A> {
    /// Would this act be permitted at this customer (`None`: at the operator, or for the system as a whole), once the
    /// passkey was touched.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn could(&self, customer: Option<CustomerId>) -> Result<bool, CustodyError> {
        let facts = self.facts_touched().await?;
        self.would(&facts, customer, Vec::new()).await
    }

    /// Upon whom of these people, each with a place there, it would be permitted.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn could_upon(
        &self,
        customer: Option<CustomerId>,
        people: impl IntoIterator<Item = PersonId> + Send,
    ) -> Result<BTreeSet<PersonId>, CustodyError> {
        let people: BTreeSet<PersonId> = people.into_iter().collect();
        let facts = self.facts_touched().await?;
        let mut found = BTreeSet::new();
        for person in people {
            if self.would(&facts, customer, vec![person_facts(person, customer, None)]).await? {
                found.insert(person);
            }
        }
        Ok(found)
    }

    /// A button that needs a fresh touch is shown all the same: the touch is asked for when it is pressed.
    async fn facts_touched(&self) -> Result<PrincipalFacts, CustodyError> {
        let mut facts = self.facts().await?;
        if let Some(signed_in) = &mut facts.signed_in {
            signed_in.step_up_at = Some(self.custody.now());
        }
        Ok(facts)
    }

    async fn would(
        &self,
        principal: &PrincipalFacts,
        customer: Option<CustomerId>,
        resources: Vec<ResourceFacts>,
    ) -> Result<bool, CustodyError> {
        let custody = &self.custody;
        let known = match customer {
            Some(id) => custody.customer_facts(id).await?,
            None => None,
        };
        if known.is_none() && customer.is_some() {
            return Ok(false);
        }
        let named = Resources::of(resources.iter().map(ResourceFacts::id));
        let purpose = Purpose::Administration;
        let intent = Intent::to::<A>(custody.clock(), custody.entropy(), self.who(), customer, named, purpose);
        let facts = Facts { principal: principal.clone(), resources, customer: known };
        Ok(matches!(custody.0.policy.decide::<A>(intent, &facts), Decision::Permit(_)))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{HOUR_MILLIS, house};
    use record::{CustomerId, PersonId, Role, act};

    #[tokio::test]
    async fn what_could_be_done_is_what_is_permitted_after_a_touch() {
        let house = house().await;
        let (first, second) = house.two_officers().await;
        let customer = house.customer(&first, "Lakeside Pediatrics").await;
        let manager = house.manager((&first, &second), customer, "Mary Manager").await;
        house.later(HOUR_MILLIS / 6);
        let manager_invites = house.desk::<act::PersonInvite>(&manager).await;
        assert!(manager_invites.could(Some(customer)).await.unwrap(), "the touch is over, and is asked for later");
        assert!(!manager_invites.could(Some(CustomerId::from_bytes([9; 16]))).await.unwrap());
        assert!(!house.desk::<act::PersonInvite>(&first).await.could(Some(customer)).await.unwrap());
        assert!(house.desk::<act::CustomerCreate>(&first).await.could(None).await.unwrap());
        assert!(!house.desk::<act::CustomerCreate>(&manager).await.could(None).await.unwrap());
        assert!(!house.stranger::<act::CustomerCreate>().could(None).await.unwrap());
    }

    #[tokio::test]
    async fn upon_whom_it_could_be_done_leaves_out_those_of_another_place() {
        let house = house().await;
        let (first, second) = house.two_officers().await;
        let customer = house.customer(&first, "Lakeside Pediatrics").await;
        let other = house.customer(&first, "Harbor Clinic").await;
        let manager = house.manager((&first, &second), customer, "Mary Manager").await;
        let clinician = house.member(&manager, customer, Role::Clinician, "Carl Clinician").await;
        let ends = house.desk::<act::MembershipEnd>(&manager).await;
        assert!(ends.could_upon(Some(customer), [clinician.person]).await.unwrap().contains(&clinician.person));
        assert!(ends.could_upon(Some(other), [clinician.person]).await.unwrap().is_empty());
        assert!(ends.could_upon(None, [first.person]).await.unwrap().is_empty());
        let nobody: [PersonId; 0] = [];
        assert!(ends.could_upon(Some(customer), nobody).await.unwrap().is_empty());
    }
}
