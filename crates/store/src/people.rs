//! People, their memberships, assignments, passkeys, invitations and recovery codes.

use crate::binds::{Row, binds};
use crate::scope::Condition;
use crate::{Store, StoreError, Tx};
use record::{CredentialId, CustomerId, InvitationId, MembershipId, PersonId, Role, Timestamp};
use std::collections::BTreeSet;
use std::str::FromStr;

/// May a person sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonState {
    /// Has not enrolled yet.
    Invited,
    /// May sign in.
    Active,
    /// May do nothing.
    Suspended,
}

impl PersonState {
    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for PersonState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "invited" => Ok(Self::Invited),
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err(()),
        }
    }
}

/// A person who acts.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Directory: name, e-mail, telephone.
    pub directory: Vec<u8>,
    /// Keyed MAC of the e-mail.
    pub email_index: Vec<u8>,
    /// 16 random bytes that passkeys carry as the account's handle.
    pub passkey_owner: Vec<u8>,
    /// May they sign in.
    pub state: PersonState,
    /// When.
    pub created_at: Timestamp,
}

/// A person's role somewhere, from–to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Who.
    pub person: PersonId,
    /// Where; none = at the operator.
    pub customer: Option<CustomerId>,
    /// As what.
    pub role: Role,
    /// From.
    pub from_at: Timestamp,
    /// Until; none = open.
    pub to_at: Option<Timestamp>,
    /// By whom.
    pub granted_by: String,
}

impl Membership {
    /// Does it count at this time.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from_at <= at && self.to_at.is_none_or(|to| at < to)
    }
}

/// One of the operator's staff works for this customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// For whom.
    pub customer: CustomerId,
    /// Who.
    pub person: PersonId,
    /// From.
    pub from_at: Timestamp,
    /// Until.
    pub to_at: Option<Timestamp>,
    /// By whom.
    pub granted_by: String,
}

/// A passkey.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id here.
    pub id: CredentialId,
    /// Whose.
    pub person: PersonId,
    /// The credential id of WebAuthn.
    pub handle: Vec<u8>,
    /// Public key and counter, as the library writes them.
    pub passkey: String,
    /// What its owner calls it.
    pub label: String,
    /// When.
    pub created_at: Timestamp,
    /// Last touch.
    pub used_at: Option<Timestamp>,
    /// When it was taken away.
    pub removed_at: Option<Timestamp>,
}

/// An invitation to enrol, one time.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// For whom.
    pub person: PersonId,
    /// A new enrolment of somebody who had one.
    pub re_enrol: bool,
    /// SHA-256 of the link's secret.
    pub secret_hash: Vec<u8>,
    /// Keyed MAC of the second secret.
    pub spoken_hash: Vec<u8>,
    /// Who asked for it.
    pub asked_by: String,
    /// Must a second person confirm.
    pub needs_second: bool,
    /// Who did.
    pub confirmed_by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// Wrong second secrets so far.
    pub wrong_tries: u32,
}

const PERSON: &str = "person_id, directory, email_index, passkey_owner, state, created_at";
const MEMBERSHIP: &str = "membership_id, person_id, customer_id, role, from_at, to_at, granted_by";
const CREDENTIAL: &str = "credential_id, person_id, handle, passkey, label, created_at, used_at, removed_at";
const INVITATION: &str = "invitation_id, person_id, kind, secret_hash, spoken_hash, asked_by, needs_second, confirmed_by, \
    created_at, expires_at, used_at, wrong_tries";

fn person(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.word("person_id")?,
        directory: row.bytes("directory")?,
        email_index: row.bytes("email_index")?,
        passkey_owner: row.bytes("passkey_owner")?,
        state: row.word("state")?,
        created_at: row.at("created_at")?,
    })
}

fn membership(row: &Row) -> Result<Membership, StoreError> {
    Ok(Membership {
        id: row.word("membership_id")?,
        person: row.word("person_id")?,
        customer: row.maybe_word("customer_id")?,
        role: row.word("role")?,
        from_at: row.at("from_at")?,
        to_at: row.maybe_at("to_at")?,
        granted_by: row.text("granted_by")?,
    })
}

fn assignment(row: &Row) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        customer: row.word("customer_id")?,
        person: row.word("person_id")?,
        from_at: row.at("from_at")?,
        to_at: row.maybe_at("to_at")?,
        granted_by: row.text("granted_by")?,
    })
}

fn credential(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        id: row.word("credential_id")?,
        person: row.word("person_id")?,
        handle: row.bytes("handle")?,
        passkey: row.text("passkey")?,
        label: row.text("label")?,
        created_at: row.at("created_at")?,
        used_at: row.maybe_at("used_at")?,
        removed_at: row.maybe_at("removed_at")?,
    })
}

fn invitation(row: &Row) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.word("invitation_id")?,
        person: row.word("person_id")?,
        re_enrol: row.text("kind")? == "re_enrol",
        secret_hash: row.bytes("secret_hash")?,
        spoken_hash: row.bytes("spoken_hash")?,
        asked_by: row.text("asked_by")?,
        needs_second: row.yes("needs_second")?,
        confirmed_by: row.maybe_text("confirmed_by")?,
        created_at: row.at("created_at")?,
        expires_at: row.at("expires_at")?,
        used_at: row.maybe_at("used_at")?,
        wrong_tries: u32::try_from(row.int("wrong_tries")?).unwrap_or(u32::MAX),
    })
}

impl Store {
    /// One person.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_fetch(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        let sql = format!("SELECT {PERSON} FROM person WHERE person_id = $1");
        self.row("fetch a person", sql, binds![id]).await?.as_ref().map(person).transpose()
    }

    /// Several people: one question, however many they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_fetch_many(&self, ids: &BTreeSet<PersonId>) -> Result<Vec<Person>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!("SELECT {PERSON} FROM person WHERE person_id IN ({})", places.join(", "));
        self.rows("fetch people", sql, condition.values).await?.iter().map(person).collect()
    }

    /// The person with this keyed MAC of an e-mail.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_by_email(&self, email_index: &[u8]) -> Result<Option<Person>, StoreError> {
        let sql = format!("SELECT {PERSON} FROM person WHERE email_index = $1");
        self.row("find a person", sql, binds![email_index]).await?.as_ref().map(person).transpose()
    }

    /// The person whose passkeys carry this handle.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_by_passkey_owner(&self, handle: &[u8]) -> Result<Option<Person>, StoreError> {
        let sql = format!("SELECT {PERSON} FROM person WHERE passkey_owner = $1");
        self.row("find a person by passkey", sql, binds![handle]).await?.as_ref().map(person).transpose()
    }

    /// All people, for the operator's own lists and for directory names.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_list(&self) -> Result<Vec<Person>, StoreError> {
        let sql = format!("SELECT {PERSON} FROM person ORDER BY person_id");
        self.rows("list people", sql, binds![]).await?.iter().map(person).collect()
    }

    /// All memberships of a person, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_list_by_person(&self, id: PersonId) -> Result<Vec<Membership>, StoreError> {
        let sql = format!("SELECT {MEMBERSHIP} FROM membership WHERE person_id = $1 ORDER BY membership_id");
        self.rows("list a person's memberships", sql, binds![id]).await?.iter().map(membership).collect()
    }

    /// All memberships of several people, ended ones too: one question, however many they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_list_by_people(&self, ids: &BTreeSet<PersonId>) -> Result<Vec<Membership>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "SELECT {MEMBERSHIP} FROM membership WHERE person_id IN ({}) ORDER BY membership_id",
            places.join(", ")
        );
        self.rows("list people's memberships", sql, condition.values).await?.iter().map(membership).collect()
    }

    /// All memberships at a customer, or at the operator, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_list_at(&self, customer: Option<CustomerId>) -> Result<Vec<Membership>, StoreError> {
        let doing = "list memberships";
        let rows = match customer {
            Some(id) => {
                let sql = format!("SELECT {MEMBERSHIP} FROM membership WHERE customer_id = $1 ORDER BY membership_id");
                self.rows(doing, sql, binds![id]).await?
            }
            None => {
                let sql =
                    format!("SELECT {MEMBERSHIP} FROM membership WHERE customer_id IS NULL ORDER BY membership_id");
                self.rows(doing, sql, binds![]).await?
            }
        };
        rows.iter().map(membership).collect()
    }

    /// One membership.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_fetch(&self, id: MembershipId) -> Result<Option<Membership>, StoreError> {
        let sql = format!("SELECT {MEMBERSHIP} FROM membership WHERE membership_id = $1");
        self.row("fetch a membership", sql, binds![id]).await?.as_ref().map(membership).transpose()
    }

    /// All assignments of a person, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn assignment_list_by_person(&self, id: PersonId) -> Result<Vec<Assignment>, StoreError> {
        let sql = "SELECT customer_id, person_id, from_at, to_at, granted_by FROM assignment WHERE person_id = $1 ORDER BY from_at";
        self.rows("list a person's assignments", sql, binds![id]).await?.iter().map(assignment).collect()
    }

    /// All assignments to a customer, ended ones too.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn assignment_list_at(&self, id: CustomerId) -> Result<Vec<Assignment>, StoreError> {
        let sql = "SELECT customer_id, person_id, from_at, to_at, granted_by FROM assignment WHERE customer_id = $1 ORDER BY from_at";
        self.rows("list assignments", sql, binds![id]).await?.iter().map(assignment).collect()
    }

    /// A person's passkeys in use.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn credential_list(&self, id: PersonId) -> Result<Vec<Credential>, StoreError> {
        let sql = format!(
            "SELECT {CREDENTIAL} FROM credential WHERE person_id = $1 AND removed_at IS NULL ORDER BY credential_id"
        );
        self.rows("list passkeys", sql, binds![id]).await?.iter().map(credential).collect()
    }

    /// The invitation with this link, whatever its state.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_by_secret(&self, secret_hash: &[u8]) -> Result<Option<Invitation>, StoreError> {
        let sql = format!("SELECT {INVITATION} FROM invitation WHERE secret_hash = $1");
        self.row("find an invitation", sql, binds![secret_hash]).await?.as_ref().map(invitation).transpose()
    }

    /// One invitation.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_fetch(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        let sql = format!("SELECT {INVITATION} FROM invitation WHERE invitation_id = $1");
        self.row("fetch an invitation", sql, binds![id]).await?.as_ref().map(invitation).transpose()
    }

    /// How many recovery codes of a person were not used.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recovery_codes_left(&self, id: PersonId) -> Result<usize, StoreError> {
        let sql = "SELECT code_hash FROM recovery_code WHERE person_id = $1 AND used_at IS NULL";
        Ok(self.rows("count recovery codes", sql, binds![id]).await?.len())
    }

    /// Invitations that were not used yet and have not expired.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_list_open(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        let sql = format!(
            "SELECT {INVITATION} FROM invitation WHERE used_at IS NULL AND expires_at > $1 AND wrong_tries < 5 ORDER BY invitation_id"
        );
        self.rows("list invitations", sql, binds![now]).await?.iter().map(invitation).collect()
    }
}

impl Tx {
    /// A new person.
    ///
    /// # Errors
    /// When the database cannot, or the e-mail is known already.
    pub async fn person_insert(&mut self, new: &Person) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO person ({PERSON}) VALUES ($1, $2, $3, $4, $5, $6)");
        self.run(
            sql,
            binds![
                new.id,
                new.directory.clone(),
                new.email_index.clone(),
                new.passkey_owner.clone(),
                new.state.as_str(),
                new.created_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Changes whether a person may sign in.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn person_set_state(&mut self, id: PersonId, state: PersonState) -> Result<u64, StoreError> {
        self.run("UPDATE person SET state = $2 WHERE person_id = $1", binds![id, state.as_str()]).await
    }

    /// A new membership.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_insert(&mut self, new: &Membership) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO membership ({MEMBERSHIP}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        self.run(
            sql,
            binds![new.id, new.person, new.customer, new.role.as_str(), new.from_at, new.to_at, &new.granted_by],
        )
        .await
        .map(|_| ())
    }

    /// Ends a membership at this customer, or at the operator; how many rows (0 when it is elsewhere, or had ended).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn membership_end(
        &mut self,
        customer: Option<CustomerId>,
        id: MembershipId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE membership SET to_at = $2 WHERE membership_id = $1 AND COALESCE(customer_id, '') = COALESCE($3, '') \
             AND (to_at IS NULL OR to_at > $2)",
            binds![id, at, customer],
        )
        .await
    }

    /// A new assignment.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn assignment_insert(&mut self, new: &Assignment) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO assignment (customer_id, person_id, from_at, to_at, granted_by) VALUES ($1, $2, $3, $4, $5)",
            binds![new.customer, new.person, new.from_at, new.to_at, &new.granted_by],
        )
        .await
        .map(|_| ())
    }

    /// Ends a person's assignments to a customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn assignment_end(
        &mut self,
        customer: CustomerId,
        person: PersonId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE assignment SET to_at = $3 WHERE customer_id = $1 AND person_id = $2 AND (to_at IS NULL OR to_at > $3)",
            binds![customer, person, at],
        )
        .await
    }

    /// A new passkey.
    ///
    /// # Errors
    /// When the database cannot, or the passkey is known already.
    pub async fn credential_insert(&mut self, new: &Credential) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO credential ({CREDENTIAL}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
        self.run(
            sql,
            binds![
                new.id,
                new.person,
                new.handle.clone(),
                &new.passkey,
                &new.label,
                new.created_at,
                new.used_at,
                new.removed_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Keeps a passkey's new counter and the time of its last touch.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn credential_touch(
        &mut self,
        id: CredentialId,
        passkey: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE credential SET passkey = $2, used_at = $3 WHERE credential_id = $1 AND removed_at IS NULL",
            binds![id, passkey, at],
        )
        .await
    }

    /// The same for a touch that is told late: what the row has from a later one stays. 0 rows is an answer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn credential_touch_late(
        &mut self,
        id: CredentialId,
        passkey: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE credential SET passkey = $2, used_at = $3 \
             WHERE credential_id = $1 AND removed_at IS NULL AND (used_at IS NULL OR used_at < $3)",
            binds![id, passkey, at],
        )
        .await
    }

    /// Takes a passkey away.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn credential_remove(
        &mut self,
        person: PersonId,
        id: CredentialId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE credential SET removed_at = $3 WHERE person_id = $1 AND credential_id = $2 AND removed_at IS NULL",
            binds![person, id, at],
        )
        .await
    }

    /// Takes all of a person's passkeys and recovery codes away, before a new enrolment.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn credential_remove_all(&mut self, person: PersonId, at: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE credential SET removed_at = $2 WHERE person_id = $1 AND removed_at IS NULL",
            binds![person, at],
        )
        .await?;
        self.run("UPDATE recovery_code SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL", binds![person, at])
            .await?;
        Ok(())
    }

    /// A new invitation.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_insert(&mut self, new: &Invitation) -> Result<(), StoreError> {
        let sql =
            format!("INSERT INTO invitation ({INVITATION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
        let kind = if new.re_enrol { "re_enrol" } else { "enrol" };
        self.run(
            sql,
            binds![
                new.id,
                new.person,
                kind,
                new.secret_hash.clone(),
                new.spoken_hash.clone(),
                &new.asked_by,
                new.needs_second,
                new.confirmed_by.clone(),
                new.created_at,
                new.expires_at,
                new.used_at,
                new.wrong_tries
            ],
        )
        .await
        .map(|_| ())
    }

    /// A second person confirms; 0 when there is nothing to confirm.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_confirm(&mut self, id: InvitationId, by: &str) -> Result<u64, StoreError> {
        self.run(
            "UPDATE invitation SET confirmed_by = $2 WHERE invitation_id = $1 AND confirmed_by IS NULL AND needs_second = 1 AND used_at IS NULL",
            binds![id, by],
        )
        .await
    }

    /// Counts a wrong second secret.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_wrong(&mut self, id: InvitationId) -> Result<u64, StoreError> {
        self.run("UPDATE invitation SET wrong_tries = wrong_tries + 1 WHERE invitation_id = $1", binds![id]).await
    }

    /// Uses an invitation up; 0 when somebody was faster or it is over.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_use(&mut self, id: InvitationId, now: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE invitation SET used_at = $2 WHERE invitation_id = $1 AND used_at IS NULL AND expires_at > $2 AND wrong_tries < 5 \
             AND (needs_second = 0 OR confirmed_by IS NOT NULL)",
            binds![id, now],
        )
        .await
    }

    /// Ends every open invitation of a person.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn invitation_end_all(&mut self, person: PersonId, now: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE invitation SET expires_at = $2 WHERE person_id = $1 AND used_at IS NULL AND expires_at > $2",
            binds![person, now],
        )
        .await
    }

    /// Keeps the keyed MACs of new recovery codes.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recovery_codes_insert(&mut self, person: PersonId, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
        for hash in hashes {
            self.run(
                "INSERT INTO recovery_code (person_id, code_hash, used_at) VALUES ($1, $2, NULL)",
                binds![person, hash.clone()],
            )
            .await?;
        }
        Ok(())
    }

    /// Ends all recovery codes of a person that were not used.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recovery_codes_end(&mut self, person: PersonId, at: Timestamp) -> Result<u64, StoreError> {
        let sql = "UPDATE recovery_code SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL";
        self.run(sql, binds![person, at]).await
    }

    /// Uses a recovery code up; 0 when it is none or was used.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recovery_code_use(&mut self, person: PersonId, hash: &[u8], at: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL",
            binds![person, hash, at],
        )
        .await
    }
}
