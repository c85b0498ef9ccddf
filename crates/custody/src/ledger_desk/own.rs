//! The proof of one's own act: what stands at the foot of every page is for everybody, not only for auditors.

use super::LedgerProof;
use crate::ask::Question;
use crate::{CustodyError, Desk};
use record::{Outcome, Principal, Purpose, act};

impl Desk<act::AccessList> {
    /// The proof that an act of one's own is in the ledger. Another's entry, one's own refusal and none look alike.
    ///
    /// # Errors
    /// [`CustodyError::Absent`] when there is no such entry or it is somebody else's; [`CustodyError::Broken`] when the
    /// ledger does not prove it.
    pub async fn entry_own_prove(&self, index: u64) -> Result<LedgerProof, CustodyError> {
        let (custody, me) = (&self.custody, self.person()?);
        let found = custody.entry_at(index).await?;
        let own = found.filter(|stored| {
            // A refusal is no act of theirs, and its entry says whose the thing was.
            ledger::leaf::decode(&stored.leaf).is_ok_and(|leaf| {
                leaf.entry.principal == Principal::Person(me) && leaf.entry.outcome != Outcome::Refused
            })
        });
        let Some(stored) = own else { return self.absent(me).await };
        let witnessed = self.ask(Question::house(Purpose::Operations)).await?.witnessed();
        custody.proof_of(&stored, false, witnessed).await
    }
}

#[cfg(test)]
mod tests {
    use crate::CustodyError;
    use crate::testing::house;
    use record::act;

    #[tokio::test]
    async fn everybody_can_prove_their_own_acts_and_nobody_anothers() {
        let house = house().await;
        let (first, second) = house.two_officers().await;
        let seen = house.desk::<act::StaffList>(&first).await.staff_list().await.unwrap().witnessed;
        let proof = house.desk::<act::AccessList>(&first).await.entry_own_prove(seen.index).await.unwrap();
        assert_eq!((proof.line.index, proof.line.words), (seen.index, None));
        let desk = house.desk::<act::AccessList>(&second).await;
        for index in [seen.index, 1_000_000, u64::MAX] {
            assert!(matches!(desk.entry_own_prove(index).await, Err(CustodyError::Absent)), "{index}");
        }
        // One's own refusal tells whose the thing was; it is no act of one's own.
        let refused =
            house.desk::<act::CustomerCreate>(&second).await.customer_create("Lakeside", "555-010-0001").await;
        assert!(refused.is_err());
        let last = house.custody.ledger_head().unwrap().size - 1;
        assert!(matches!(desk.entry_own_prove(last).await, Err(CustodyError::Absent)));
        let stranger = house.stranger::<act::AccessList>();
        assert!(stranger.entry_own_prove(seen.index).await.is_err());
    }
}
