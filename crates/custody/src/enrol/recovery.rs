//! Recovery codes: the way back for somebody who lost every passkey, and the way in that a thief would try.
//!
//! A code opens a new enrolment and nothing else, and even that waits for an officer, who calls the person and tells
//! the second secret. The answer is the same whether the address is known, the code right, or tried too often.

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, INVITATION_HOURS, directory, secret};
use data_encoding::HEXLOWER;
use policy::PrincipalFacts;
use record::{InvitationId, PersonId, Principal, Purpose, Timestamp, act};
use store::{Person, PersonState};

/// A longer address or code than any real one is not looked at.
const TYPED_BYTES_MAX: usize = 320;

/// What comes back, whatever was typed. No `Debug`: it carries a secret.
#[must_use]
pub struct Recovering {
    /// The link under which to go on once an officer has called. It leads nowhere if the address or code was wrong.
    pub link_secret: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Custody {
    /// Somebody lost every passkey and has a recovery code. An officer is told by an alert and has to confirm.
    ///
    /// # Errors
    /// When store or ledger cannot; never for what was typed.
    pub async fn recover(&self, email: &str, code: &str) -> Result<Recovering, CustodyError> {
        let nothing = Recovering {
            link_secret: secret::secret(self.entropy()),
            expires_at: self.now().plus_secs(INVITATION_HOURS * 3600),
        };
        if email.len() > TYPED_BYTES_MAX || code.len() > TYPED_BYTES_MAX {
            return Ok(nothing);
        }
        let index = directory::email_index(&self.ring(), email);
        let subject = [format!("recover/{}", HEXLOWER.encode(&index))];
        let known = self.store().person_by_email(&index).await?;
        let id = known.as_ref().map_or_else(|| PersonId::mint(self.clock(), self.entropy()), |one| one.id);
        let mac = secret::code_mac(&self.ring(), id, code);
        let too_often = self.is_failing(&subject).await?;
        // Tried in a transaction that is dropped: nothing is used up before the ledger has witnessed it. An address that
        // nobody has goes the same way, and finds nothing.
        let mut tx = self.store().begin("try a recovery code").await?;
        let right = tx.recovery_code_use(id, &mac, self.now()).await? == 1;
        drop(tx);
        let may = known.filter(|one| right && !too_often && one.state == PersonState::Active);
        let Some(person) = may else {
            self.failure_count(&subject).await?;
            let desk = Desk::<act::PersonEnrol>::at(self.clone(), None);
            drop(desk.not_proven::<()>(id.into()).await);
            return Ok(nothing);
        };
        self.recovery_begin(&person, &mac).await
    }

    async fn recovery_begin(&self, person: &Person, mac: &[u8]) -> Result<Recovering, CustodyError> {
        let id = InvitationId::mint(self.clock(), self.entropy());
        let question = Question::house(Purpose::Administration).also(id).saying("by a recovery code");
        let who = (Principal::Stranger, None);
        let _granted = self.ask_as::<act::PersonEnrol>(who, PrincipalFacts::default(), question).await?;
        // Asked for by the person: so it is known who asked, and that it is nobody's own to confirm.
        let (invitation, link_secret, _) = self.invitation_of(id, person.id, (true, true), person.id.to_string());
        let mut tx = self.store().begin("use a recovery code").await?;
        if tx.recovery_code_use(person.id, mac, self.now()).await? == 1 {
            tx.invitation_insert(&invitation).await?;
            tx.commit().await?;
            let sentence =
                "A recovery code was used; the new enrolment waits for an officer, who calls the person first.";
            self.alert("recovery", sentence).await;
        }
        Ok(Recovering { link_secret, expires_at: invitation.expires_at })
    }
}
