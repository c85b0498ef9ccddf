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
