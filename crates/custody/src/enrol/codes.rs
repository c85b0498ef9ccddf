//! New recovery codes for somebody who is enrolled: the old ones end in the same moment.

use crate::ask::Question;
use crate::{CustodyError, Desk};
use record::{Purpose, act};

impl Desk<act::CredentialAdd> {
    /// How many of one's own recovery codes are unused.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] when nobody is signed in.
    pub async fn recovery_codes_left(&self) -> Result<usize, CustodyError> {
        Ok(self.custody.store().recovery_codes_left(self.person()?).await?)
    }

    /// New recovery codes, to be shown once; the old ones open nothing any more.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], which says when a fresh touch is missing.
    pub async fn recovery_codes_new(&self) -> Result<Vec<String>, CustodyError> {
        let custody = &self.custody;
        let person = self.person()?;
        let question = Question::house(Purpose::Administration).saying("new recovery codes");
        let _granted = self.ask(question).await?;
        let (codes, macs) = custody.codes_new(person);
        let mut tx = custody.store().begin("make new recovery codes").await?;
        tx.recovery_codes_end(person, custody.now()).await?;
        tx.recovery_codes_insert(person, &macs).await?;
        tx.commit().await?;
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{HOUR_MILLIS, house};
    use record::act;

    #[tokio::test]
    async fn new_codes_put_an_end_to_the_old_ones_and_need_a_touch() {
        let house = house().await;
        let (first, _) = house.two_officers().await;
        let desk = house.desk::<act::CredentialAdd>(&first).await;
        assert_eq!(desk.recovery_codes_left().await.unwrap(), 8);
        let codes = desk.recovery_codes_new().await.unwrap();
        assert_eq!((codes.len(), desk.recovery_codes_left().await.unwrap()), (8, 8));
        assert!(first.codes.iter().all(|old| !codes.contains(old)));
        let old = house.custody.recover("first@example.org", &first.codes[0]).await.unwrap();
        assert!(!house.custody.invitation_look(&old.link_secret).await.unwrap(), "an old code opens nothing");
        let new = house.custody.recover("first@example.org", &codes[0]).await.unwrap();
        assert!(house.custody.invitation_look(&new.link_secret).await.unwrap());
        assert_eq!(desk.recovery_codes_left().await.unwrap(), 7);
        house.later(HOUR_MILLIS / 6);
        assert!(house.desk::<act::CredentialAdd>(&first).await.recovery_codes_new().await.is_err());
        assert!(house.stranger::<act::CredentialAdd>().recovery_codes_left().await.is_err());
    }
}
