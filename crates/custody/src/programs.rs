//! Programs of a customer: who lets them in, what they were granted, and how they are stopped.
//!
//! What must always hold: a program works for one customer, and only that customer's own manager says with which rights;
//! nobody at the operator can give software a right to records, and officers can only stop it; what it was granted ends on a
//! day; a key that is not the program's own half of a pair comes nowhere; from the moment it is stopped it does nothing.
//! Each of these is an act, and the customer's list shows it; that a program came or got another key is also said by an
//! alert, as it is when people's ways in change.

mod assertion;
mod fetched;
mod keys;
mod once;
mod places;
mod reading;
#[cfg(test)]
mod tests;
mod token;
mod trail;

use crate::ask::Question;
use crate::patients::is_fit;
use crate::people::question_at;
use crate::{Custody, CustodyError, Desk, FieldError, Witnessed};
pub(crate) use fetched::FetchedKeys;
pub use fetched::{FetchKeys, FetchKeysError, Fetching};
use keys::{KEYS_MAX, NamedKey};
pub use once::UploadedOnce;
pub use reading::{DocumentFed, DocumentSheet, Feed, NewestVersion, PersonNamed};
use record::{CustomerId, Principal, ProgramId, Purpose, Right, Timestamp, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{KeysEnded, Program, ProgramKey};
pub(crate) use token::InHand;
pub use token::{ProgramIn, TOKEN_SECS, TokenAsked, TokenGiven, TokenRefused};
pub use trail::{Trail, TrailAsked};

/// The longest a program may be let in for, days: somebody looks at it once a year.
pub const PROGRAM_DAYS_MAX: u32 = 366;
/// How long an old key may go on beside a new one, hours.
pub const KEY_OVERLAP_HOURS_MAX: u32 = 7 * 24;
/// The longest address of keys, characters.
const ADDRESS_CHARS_MAX: usize = 500;
const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

/// Where a program's public keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramKeys {
    /// One key, pasted: a JSON web key, or a set that holds one.
    Pasted(String),
    /// Fetched from this https address.
    At(String),
}

impl ProgramKeys {
    /// Whether what was pasted is a public key and nothing else, so that it may be shown again beside another mistake.
    #[must_use]
    pub fn may_show(pasted: &str) -> bool {
        NamedKey::read(pasted).is_ok()
    }
}

/// A program to be let in.
#[derive(Debug, Clone)]
pub struct NewProgram {
    /// For whom it will work.
    pub customer: CustomerId,
    /// What it is called here.
    pub name: String,
    /// What it is granted.
    pub rights: BTreeSet<Right>,
    /// Its keys.
    pub keys: ProgramKeys,
    /// For how many days.
    pub days: u32,
}

/// What is done with a program's keys.
#[derive(Debug, Clone)]
pub enum KeyChange {
    /// Another one beside those that are there.
    Add(String),
    /// Another one; those that are there end after so many hours.
    Rotate(String, u32),
    /// The one of this name ends now.
    End(String),
}

/// How a program stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramStanding {
    /// May work.
    InForce,
    /// Its last day is over.
    Ended,
    /// Somebody stopped it.
    Revoked,
}

/// One program, for those who may see it.
#[derive(Debug, Clone)]
pub struct ProgramLine {
    /// Which: its client id.
    pub id: ProgramId,
    /// What it is called here.
    pub name: String,
    /// How it stands.
    pub standing: ProgramStanding,
    /// What it was granted.
    pub rights: BTreeSet<Right>,
    /// Names of the keys that count now; none when they are fetched.
    pub kids: Vec<String>,
    /// Where its keys are fetched.
    pub jwks_url: Option<String>,
    /// When it was let in, and by whom.
    pub created: (Timestamp, String),
    /// Until when.
    pub ends_at: Timestamp,
    /// When it was stopped, and by whom.
    pub revoked: Option<(Timestamp, String)>,
    /// When it last got a token.
    pub last_used_at: Option<Timestamp>,
    /// Of which change this is; a change says it, so that it overwrites nothing unseen.
    pub revision: u64,
}

/// A customer's programs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// They, newest first.
    pub lines: Vec<ProgramLine>,
    /// The entry.
    pub witnessed: Witnessed,
}

fn name_read(text: &str) -> Result<String, FieldError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || !is_fit(&name) {
        return Err(FieldError { field: "name", say: "Write what the program is called, in at most 120 characters" });
    }
    Ok(name)
}

fn days_read(days: u32) -> Result<i64, FieldError> {
    if (1..=PROGRAM_DAYS_MAX).contains(&days) {
        Ok(i64::from(days) * DAY_SECS)
    } else {
        Err(FieldError { field: "days", say: "Choose from 1 to 366 days" })
    }
}

fn rights_fit(rights: &BTreeSet<Right>) -> Result<(), FieldError> {
    if rights.is_empty() {
        return Err(FieldError { field: "rights", say: "Tick at least one thing that it may do" });
    }
    Ok(())
}

/// An address that keys may be fetched from: https, a host, and nothing that is kept secret in it.
fn address_read(text: &str) -> Result<String, CustodyError> {
    const SAY: &str = "Give an https address without a name or password in it, such as https://example.org/keys.json";
    let url = url::Url::parse(text.trim()).ok().filter(|url| {
        url.scheme() == "https"
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.as_str().len() <= ADDRESS_CHARS_MAX
    });
    url.map(String::from).ok_or_else(|| CustodyError::field("jwks_url", SAY))
}

impl<A: record::Act> Desk<A> {
    /// The program of this customer with this id, as it is now.
    async fn program_here(&self, customer: CustomerId, id: ProgramId) -> Result<Program, CustodyError> {
        let found = self.custody.store().program_fetch(id).await?;
        match found.filter(|found| found.customer == customer) {
            Some(found) => Ok(found),
            None => self.absent(id).await,
        }
    }

    async fn program_told(&self, customer: CustomerId, what: &str) -> Result<(), CustodyError> {
        let name = self.custody.customer_name(customer).await?;
        self.custody.alert("program", &format!("{what} at {name}")).await;
        Ok(())
    }
}

impl Custody {
    /// What customers' programs among these are called. The system's own jobs have no name.
    pub(crate) async fn program_names(
        &self,
        principals: impl Iterator<Item = Principal> + Send,
    ) -> Result<BTreeMap<ProgramId, String>, CustodyError> {
        let ids: BTreeSet<ProgramId> =
            principals.filter_map(|one| if let Principal::Program(id) = one { Some(id) } else { None }).collect();
        let mut names = BTreeMap::new();
        for id in ids {
            if let Some(program) = self.store().program_fetch(id).await? {
                names.insert(id, program.name);
            }
        }
        Ok(names)
    }
}

impl Desk<act::ProgramList> {
    /// A customer's programs, ended ones too.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn program_list(&self, customer: CustomerId) -> Result<Programs, CustodyError> {
        let custody = &self.custody;
        if custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let witnessed = self.ask(question_at(Some(customer))).await?.witnessed();
        let now = custody.now();
        let mut lines = Vec::new();
        for one in custody.store().program_list(customer).await? {
            let keys = custody.store().program_keys(one.id).await?;
            let counts = keys.into_iter().filter(|key| key.ends_at.is_none_or(|end| now < end));
            let standing = match &one.revoked {
                Some(_) => ProgramStanding::Revoked,
                None if one.ends_at <= now => ProgramStanding::Ended,
                None => ProgramStanding::InForce,
            };
            let revoked = match one.revoked {
                Some((at, by)) => Some((at, custody.principal_name(&by).await?)),
                None => None,
            };
            lines.push(ProgramLine {
                id: one.id,
                name: one.name,
                standing,
                rights: one.rights,
                kids: counts.map(|key| key.kid).collect(),
                jwks_url: one.jwks_url,
                created: (one.created_at, custody.principal_name(&one.created_by).await?),
                ends_at: one.ends_at,
                revoked,
                last_used_at: one.last_used_at,
                revision: one.revision,
            });
        }
        Ok(Programs { lines, witnessed })
    }
}

impl Desk<act::ProgramRegister> {
    /// Lets a program work for a customer.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with what to mend; [`CustodyError::Refused`].
    pub async fn program_register(&self, new: &NewProgram) -> Result<(ProgramId, Witnessed), CustodyError> {
        let custody = &self.custody;
        // Whoever may not is told of no mistakes.
        if !self.could(Some(new.customer)).await? {
            return self.program_refuse(new.customer).await;
        }
        let mistakes: Vec<FieldError> =
            [name_read(&new.name).err(), days_read(new.days).err(), rights_fit(&new.rights).err()]
                .into_iter()
                .flatten()
                .collect();
        if !mistakes.is_empty() {
            return Err(CustodyError::Input(mistakes));
        }
        let (name, secs) = (name_read(&new.name).unwrap_or_default(), days_read(new.days).unwrap_or_default());
        let (key, jwks_url) = match &new.keys {
            ProgramKeys::Pasted(text) => (Some(NamedKey::read(text)?), None),
            ProgramKeys::At(address) => (None, Some(address_read(address)?)),
        };
        let id = ProgramId::mint(custody.clock(), custody.entropy());
        let words = format!("{name}: {}", record::rights_written(&new.rights));
        let question = Question::of(new.customer, Purpose::Administration).also(id).saying(&words);
        let granted = self.ask(question).await?;
        if let Some(address) = &jwks_url {
            self.keys_are_there(address).await?;
        }
        let now = custody.now();
        let program = Program {
            id,
            customer: new.customer,
            name,
            rights: new.rights.clone(),
            jwks_url,
            created_at: now,
            created_by: self.who().0.to_string(),
            ends_at: now.plus_secs(secs),
            revoked: None,
            last_used_at: None,
            revision: 0,
        };
        // Said before it is there. If we die here or below: an entry and an alert of a program that never was.
        self.program_told(new.customer, "A program was let in").await?;
        let mut tx = custody.store().begin("let a program in").await?;
        tx.program_insert(&program).await?;
        if let Some(key) = key {
            let row = ProgramKey { kid: key.kid.clone(), jwk: key.written(), created_at: now, ends_at: None };
            tx.program_key_insert(id, &row).await?;
        }
        tx.commit().await?;
        Ok((id, granted.witnessed()))
    }

    /// Refuses and writes it down, whatever was typed: what is not there and what is not theirs alike.
    ///
    /// # Errors
    /// Always.
    pub async fn program_refuse<T>(&self, customer: CustomerId) -> Result<T, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        drop(self.ask(Question::of(customer, Purpose::Administration)).await?);
        Err(CustodyError::Absent)
    }

    /// The address answers with keys of ours: whoever types it is told at once, and not the program in the night.
    async fn keys_are_there(&self, address: &str) -> Result<(), CustodyError> {
        let say = match self.custody.0.programs_keys.fetched(address).await {
            Ok(keys) if !keys.is_empty() => return Ok(()),
            Ok(_) => "There is no key at this address that is taken here: RSA from 2048 bits, or P-384",
            Err(FetchKeysError::Address) => "Keys are not fetched from this address",
            Err(FetchKeysError::Private) => "This address leads into a private network; paste the key instead",
            Err(FetchKeysError::Unanswered) => "This address does not answer with a set of keys",
            Err(FetchKeysError::TooLong) => "What lies at this address is too long for a set of keys",
        };
        Err(CustodyError::field("jwks_url", say))
    }
}

impl Desk<act::ProgramChange> {
    /// Adds a key, changes keys, or ends one.
    ///
    /// # Errors
    /// [`CustodyError::Input`]; [`CustodyError::State`] when the name is taken, or its keys are fetched;
    /// [`CustodyError::Absent`], [`CustodyError::Refused`].
    pub async fn program_key_change(
        &self,
        customer: CustomerId,
        id: ProgramId,
        change: &KeyChange,
    ) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let new = match change {
            KeyChange::Add(text) | KeyChange::Rotate(text, _) => Some(NamedKey::read(text)?),
            KeyChange::End(_) => None,
        };
        let overlap = match change {
            KeyChange::Rotate(_, hours) if *hours > KEY_OVERLAP_HOURS_MAX => {
                return Err(CustodyError::field("overlap", "The old keys can go on for at most 168 hours"));
            }
            KeyChange::Rotate(_, hours) => i64::from(*hours) * HOUR_SECS,
            KeyChange::Add(_) | KeyChange::End(_) => 0,
        };
        let program = self.program_here(customer, id).await?;
        let granted = self.ask(Question::of(customer, Purpose::Administration).also(id)).await?;
        let now = custody.now();
        changeable(&program, now)?;
        if program.jwks_url.is_some() {
            return Err(CustodyError::State("Its keys are fetched from an address. Change them there."));
        }
        if let Some(new) = &new
            && custody.store().program_keys(id).await?.len() >= KEYS_MAX
        {
            tracing::debug!(kid = new.kid, "too many keys");
            return Err(CustodyError::State("It has had too many keys. Stop it, and let it in anew."));
        }
        if new.is_some() {
            self.program_told(customer, "A program got another key").await?;
        }
        let mut tx = custody.store().begin("change a program's keys").await?;
        match (&new, change) {
            (Some(new), _) => {
                let row = ProgramKey { kid: new.kid.clone(), jwk: new.written(), created_at: now, ends_at: None };
                if tx.program_key_insert(id, &row).await? == 0 {
                    return Err(CustodyError::State(
                        "It has, or had, a key of that name. Give the new one another kid.",
                    ));
                }
                if matches!(change, KeyChange::Rotate(..)) {
                    tx.program_keys_end(id, KeysEnded::AllBut(&new.kid), now.plus_secs(overlap)).await?;
                    if overlap == 0 {
                        tx.program_tokens_end(id).await?;
                    }
                }
            }
            (None, KeyChange::End(kid)) => {
                if tx.program_keys_end(id, KeysEnded::Only(kid), now).await? == 0 {
                    return Err(CustodyError::State("It has no key of that name, or it has ended already."));
                }
                // Whoever had the key may have got one with it a moment ago.
                tx.program_tokens_end(id).await?;
            }
            (None, KeyChange::Add(_) | KeyChange::Rotate(..)) => {}
        }
        tx.commit().await?;
        Ok(granted.witnessed())
    }

    /// Gives it these rights and no others, as it was at `revision`.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when somebody has changed it since; [`CustodyError::Absent`], [`CustodyError::Refused`].
    pub async fn program_rights_set(
        &self,
        customer: CustomerId,
        id: ProgramId,
        (rights, revision): (&BTreeSet<Right>, u64),
    ) -> Result<Witnessed, CustodyError> {
        rights_fit(rights).map_err(|mistake| CustodyError::Input(vec![mistake]))?;
        self.program_change(customer, id, |program| {
            (program.rights, program.revision) = (rights.clone(), revision);
            record::rights_written(rights)
        })
        .await
    }

    /// Lets it work for so many days from now.
    ///
    /// # Errors
    /// As with [`Self::program_rights_set`].
    pub async fn program_end_set(
        &self,
        customer: CustomerId,
        id: ProgramId,
        (days, revision): (u32, u64),
    ) -> Result<Witnessed, CustodyError> {
        let secs = days_read(days).map_err(|mistake| CustodyError::Input(vec![mistake]))?;
        let ends_at = self.custody.now().plus_secs(secs);
        self.program_change(customer, id, |program| {
            (program.ends_at, program.revision) = (ends_at, revision);
            format!("{days} days from now")
        })
        .await
    }

    async fn program_change(
        &self,
        customer: CustomerId,
        id: ProgramId,
        change: impl FnOnce(&mut Program) -> String + Send,
    ) -> Result<Witnessed, CustodyError> {
        let was = self.program_here(customer, id).await?;
        let mut program = was.clone();
        let words = change(&mut program);
        let question = Question::of(customer, Purpose::Administration).also(id).saying(&words);
        let granted = self.ask(question).await?;
        // An ended one can be let work again; a stopped one cannot.
        if was.revoked.is_some() {
            return Err(CustodyError::State("It was stopped, and stays so. Let it in anew."));
        }
        let mut tx = self.custody.store().begin("change a program").await?;
        if tx.program_update(&program).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.commit().await?;
        Ok(granted.witnessed())
    }
}

fn changeable(program: &Program, now: Timestamp) -> Result<(), CustodyError> {
    if program.revoked.is_some() || program.ends_at <= now {
        return Err(CustodyError::State("It has ended, or was stopped."));
    }
    Ok(())
}

impl Desk<act::ProgramRevoke> {
    /// Stops a program at once and for good: its tokens and its streams too.
    ///
    /// # Errors
    /// [`CustodyError::State`] when it was stopped before; [`CustodyError::Absent`], [`CustodyError::Refused`].
    pub async fn program_revoke(&self, customer: CustomerId, id: ProgramId) -> Result<Witnessed, CustodyError> {
        drop(self.program_here(customer, id).await?);
        let granted = self.ask(Question::of(customer, Purpose::Administration).also(id)).await?;
        let mut tx = self.custody.store().begin("stop a program").await?;
        let by = self.who().0.to_string();
        if tx.program_revoke(customer, id, self.custody.now(), &by).await? == 0 {
            return Err(CustodyError::State("It was stopped before."));
        }
        tx.commit().await?;
        Ok(granted.witnessed())
    }
}
