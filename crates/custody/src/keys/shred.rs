//! Destroying a customer's keys: one officer asks, another one does it, and each step stands in the table before the
//! next begins (45 CFR 164.504(e)(2)(ii)(J): return or destroy).
//!
//! What must always hold: nobody does what they asked for themselves; nothing is destroyed while an agreement is in
//! force, while records may still be asked back, or while a document is held; what was approved is carried out by
//! the next start if this one dies; the certificate is in the table in the very transaction in which the keys leave it.

use super::halves::{SAY_COPIES, SAY_COPIES_ANEW};
use super::{EPOCH_DUE, key_error};
use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, FieldError, Witnessed};
use record::civil::Day;
use record::{CustomerId, Intent, Outcome, PersonId, Purpose, Timestamp, act};
use store::{KeyShred, KeyShredState};
use vault::{DirectoryColumn, PassphraseParams, RootKey};

/// Longest reason, characters.
const REASON_CHARS_MAX: usize = 500;
const DAY_SECS: i64 = 24 * 3600;
/// Salt and cost of a passphrase, in the data folder; no secret.
const PASSPHRASE_PARAMS: &str = "passphrase";

/// What one officer asks for.
#[derive(Debug, Clone)]
pub struct ShredOrder {
    /// Whose keys.
    pub customer: CustomerId,
    /// The customer's own name, typed by the officer: nobody destroys the wrong one by a slip.
    pub name: String,
    /// Why, in the officer's words. No PHI.
    pub reason: String,
    /// The day at whose end (UTC) the last copy of the data volume expires that holds an old epoch key (snapshots of
    /// the whole disk; our own backups hold none); `None` when there is no such copy.
    pub copies_expire_on: Option<Day>,
}

/// What the second officer decides, and by what they know that it is what they mean.
#[derive(Debug, Clone)]
pub struct ShredDecided {
    /// Whose keys.
    pub customer: CustomerId,
    /// What they have seen.
    pub what: ShredSeen,
}

/// What the second officer has seen of it.
#[derive(Debug, Clone)]
pub enum ShredSeen {
    /// The page of what was asked at this moment, with its reason.
    Asked(Timestamp),
    /// The customer's own name, in the words of the order that they confirmed.
    Name(String),
}

/// What was destroyed.
#[derive(Debug, Clone)]
pub struct Shredded {
    /// The certificate, as it stands sealed in the ledger.
    pub text: String,
    /// The entry that holds it; none when the ledger could not write it any more: keep the text.
    pub entry: Option<u64>,
}

/// What came of an approval.
#[derive(Debug, Clone)]
pub enum Approved {
    /// The keys are gone.
    Shredded(Shredded),
    /// The root key cannot be read by this process: whoever holds it finishes with `strongroom key shred finish`.
    NeedsRootKey,
}

/// How far a destruction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShredStanding {
    /// It waits for a second officer.
    Asked,
    /// It waits for the root key.
    Approved,
    /// The keys are out of the table, and an old epoch is still to be let go of: in log or escrow, or its half.
    Finishing,
    /// Nothing is left.
    Destroyed,
}

impl ShredStanding {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Finishing => "finishing",
            Self::Destroyed => "destroyed",
        }
    }
}

/// The destruction of a customer's keys, for those who may see the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct ShredView {
    /// Whose.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// How far; `None` when nobody has asked.
    pub standing: Option<ShredStanding>,
    /// Why, in an officer's words.
    pub reason: String,
    /// Who asked, by name, and when.
    pub asked: Option<(PersonId, String, Timestamp)>,
    /// Who approved, by name, and when.
    pub approved: Option<(PersonId, String, Timestamp)>,
    /// When the last copy of the volume expires that holds an old epoch key.
    pub copies_expire_at: Option<Timestamp>,
    /// What was destroyed and when.
    pub certificate: Option<String>,
    /// When the keys left the table.
    pub destroyed_at: Option<Timestamp>,
    /// What stands in the way now, in words; empty when nothing does.
    pub hindered: &'static str,
    /// The entry of looking.
    pub witnessed: Witnessed,
}

impl std::fmt::Debug for ShredView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShredView").field("customer", &self.customer).field("standing", &self.standing).finish()
    }
}

fn reason_checked(reason: &str) -> Option<&str> {
    let reason = reason.trim();
    let fits =
        !reason.is_empty() && reason.chars().count() <= REASON_CHARS_MAX && !reason.chars().any(char::is_control);
    fits.then_some(reason)
}

/// The end of a day, in UTC.
pub(super) fn end_of(day: Day) -> Result<Timestamp, CustodyError> {
    let wrong = |_| CustodyError::field("copies", "Write a day as month, day and year");
    let date: jiff::civil::Date = day.to_string().parse().map_err(wrong)?;
    let next = date.tomorrow().and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC)).map_err(wrong)?;
    Ok(Timestamp::from_unix_millis(next.timestamp().as_millisecond() - 1))
}

impl Custody {
    /// What stands in the way of destroying this customer's keys now; empty when nothing does.
    async fn shred_hindered(&self, customer: CustomerId) -> Result<&'static str, CustodyError> {
        match self.epoch_hindered_by_rows() {
            "" => {}
            hindered => return Ok(hindered),
        }
        if !self.ring().customers().any(|one| one == customer) {
            return Ok("This customer has no keys here: they were destroyed, or never made.");
        }
        let today = self.settings().day_of(self.now());
        let kept_until = self.now().plus_secs(-i64::from(self.settings().retention_days) * DAY_SECS);
        let oldest = self.settings().day_of(kept_until);
        for one in self.store().agreement_list(customer).await? {
            if one.in_force(&today) || (one.ended_at.is_none() && one.from_day > today) {
                return Ok("An agreement is in force or to come. End it first.");
            }
            let recent = match one.ended_at {
                Some(at) => kept_until < at,
                None => one.to_day.is_none_or(|last| oldest <= last),
            };
            if recent {
                return Ok("The last agreement ended too short a time ago: the records may still be asked back.");
            }
        }
        if self.copies_unsaid(customer).await? {
            return Ok(SAY_COPIES_ANEW);
        }
        for hindered in [self.leaving_hindered(customer).await?, self.joining_hindered(customer).await?] {
            if !hindered.is_empty() {
                return Ok(hindered);
            }
        }
        // What was the other's lies in older backups under the other's keys.
        if self.joined_has_keys(customer).await? {
            return Ok(
                "A practice has joined this one, or one from which patients came here, and its keys are still here. Destroy those \
                 first.",
            );
        }
        if self.store().documents_held_count(customer).await? > 0 {
            return Ok("Documents of this customer are held. Release or withdraw them first.");
        }
        Ok("")
    }

    /// Was it asked for without a word on copies that there may be: such as before the rows came to a server, which left one more.
    async fn copies_unsaid(&self, customer: CustomerId) -> Result<bool, CustodyError> {
        let Some(row) = self.store().key_shred_fetch(customer).await? else { return Ok(false) };
        if row.state == KeyShredState::Destroyed || !self.was_unhalved(self.records_since(customer).await?).await? {
            return Ok(false);
        }
        Ok(row.copies_expire_at.is_none() || self.was_unhalved(row.asked_at).await?)
    }

    /// When the first of what is the customer's may have been kept: also under another's name, who joined them since.
    pub(crate) async fn records_since(&self, customer: CustomerId) -> Result<Timestamp, CustodyError> {
        let mut since = self.now();
        for one in self.customer_and_joined(customer).await? {
            since = self.store().customer_fetch(one).await?.map_or(since, |known| since.min(known.created_at));
        }
        Ok(since)
    }

    fn shred_reason(&self, row: &KeyShred) -> Result<String, CustodyError> {
        let opened = self.ring().directory_open(row.customer, DirectoryColumn::ShredReason, &row.reason);
        String::from_utf8(opened.map_err(CustodyError::seal)?)
            .map_err(|_| CustodyError::Broken("a reason cannot be read".to_owned()))
    }

    /// The root key again, from where the configuration says it is; `None` when this process cannot read it.
    pub(super) async fn root_key_read(&self) -> Result<Option<RootKey>, CustodyError> {
        let unread = |_| CustodyError::State("The root key's file cannot be read. See to its volume, then try again.");
        if let Some(file) = &self.settings().root_key_file {
            let bytes = zeroize::Zeroizing::new(std::fs::read(file).map_err(unread)?);
            return RootKey::from_file_bytes(&bytes).map(Some).map_err(CustodyError::seal);
        }
        let Some(file) = &self.settings().passphrase_file else { return Ok(None) };
        let phrase = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(unread)?);
        let params = std::fs::read_to_string(self.store().dir().join(PASSPHRASE_PARAMS)).map_err(unread)?;
        let params: PassphraseParams = params.trim().parse().map_err(CustodyError::seal)?;
        let derived = tokio::task::spawn_blocking(move || {
            RootKey::from_passphrase(phrase.trim_end_matches(['\r', '\n']), &params)
        });
        let root = derived.await.map_err(|_| CustodyError::Broken("deriving the root key was stopped".to_owned()))?;
        root.map(Some).map_err(CustodyError::seal)
    }

    async fn shred_told(
        &self,
        intent: &Intent,
        customer: CustomerId,
        root: &RootKey,
    ) -> Result<Shredded, CustodyError> {
        match self.shred_run(customer, root).await {
            Ok(text) => {
                // If we die here: the keys are gone and the act is closed as unknown; the table has the certificate.
                let entry = self.told_words(intent, Outcome::Done, "shredded", &text).await.ok();
                if entry.is_none() {
                    let sentence = format!("The keys of {customer} were destroyed and the ledger could not say so.");
                    self.alert("shred_unwitnessed", &sentence).await;
                }
                Ok(Shredded { text, entry })
            }
            Err(error) => {
                drop(self.told_words(intent, Outcome::Failed, "broken", "").await);
                Err(error)
            }
        }
    }

    async fn shred_run(&self, customer: CustomerId, root: &RootKey) -> Result<String, CustodyError> {
        let row = self.store().key_shred_fetch(customer).await?;
        let row = row.filter(|row| row.state == KeyShredState::Approved).ok_or(CustodyError::State(NOT_ASKED))?;
        self.root_check(root).await?;
        self.epoch_destroyable(None).await?;
        // The certificate of an earlier one goes into the ledger before this one takes its place.
        self.epoch_finish_told().await?;
        let when = (self.now(), self.copies_gone_at(&row).await?);
        let (change, certificate) =
            self.ring().shred_customer(customer, root, when, self.entropy()).map_err(key_error)?;
        // If we die before the transaction commits: nothing is destroyed, and the row says approved.
        let (returned, came) = (self.leaving_certified(customer).await?, self.split_certified(customer).await?);
        let text = format!("{certificate}{returned}{came}");
        self.epoch_change(&change, root, None, Some((customer, &text))).await?;
        Ok(text)
    }

    /// Carries out what two officers have decided and what could not be done then: by whoever holds the root key, or
    /// (`None`) by the next start, if it can read the key. How many were done.
    ///
    /// # Errors
    /// [`CustodyError`]; what was not done is found again by the next run.
    pub async fn key_shred_finish(&self, root: Option<RootKey>) -> Result<Vec<Shredded>, CustodyError> {
        let all = self.store().key_shred_list().await?;
        let due: Vec<KeyShred> = all.into_iter().filter(|row| row.state == KeyShredState::Approved).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let Some(root) = (match root {
            Some(root) => Some(root),
            None => self.root_key_read().await?,
        }) else {
            return Ok(Vec::new());
        };
        let mut done = Vec::with_capacity(due.len());
        for row in due {
            // Decided is not done: whatever would have hindered the decision hinders the deed, too.
            let hindered = self.shred_hindered(row.customer).await?;
            if !hindered.is_empty() {
                let sentence = format!("The keys of {} were to be destroyed and are kept: {hindered}", row.customer);
                self.alert("shred_hindered", &sentence).await;
                continue;
            }
            let certificate = self.shred_run(row.customer, &root).await?;
            let why = "shredded_after_all";
            let entry = self.note::<act::KeyShred>(why, &certificate, Some(row.customer), []).await.ok();
            done.push(Shredded { text: certificate, entry });
        }
        Ok(done)
    }
}

const NOT_ASKED: &str = "Nobody has asked for this, or it is done already.";

impl Desk<act::KeyShredShow> {
    /// How far the destruction of this customer's keys is, with the certificate when it is done.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn key_shred_show(&self, customer: CustomerId) -> Result<ShredView, CustodyError> {
        let custody = &self.custody;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let witnessed = self.ask(Question::of(customer, Purpose::Administration)).await?.witnessed();
        let row = custody.store().key_shred_fetch(customer).await?;
        let finishing = custody.store().meta_fetch(EPOCH_DUE).await?.is_some();
        let mut view = ShredView {
            customer,
            name: known.name,
            standing: row.as_ref().map(|row| match row.state {
                KeyShredState::Asked => ShredStanding::Asked,
                KeyShredState::Approved => ShredStanding::Approved,
                KeyShredState::Destroyed if finishing => ShredStanding::Finishing,
                KeyShredState::Destroyed => ShredStanding::Destroyed,
            }),
            reason: String::new(),
            asked: None,
            approved: None,
            copies_expire_at: None,
            certificate: None,
            destroyed_at: None,
            hindered: custody.shred_hindered(customer).await?,
            witnessed,
        };
        if let Some(row) = row {
            view.reason = custody.shred_reason(&row)?;
            view.asked = Some((row.asked_by, custody.name_of_person(Some(row.asked_by)).await?, row.asked_at));
            if let (Some(by), Some(at)) = (row.approved_by, row.approved_at) {
                view.approved = Some((by, custody.name_of_person(Some(by)).await?, at));
            }
            view.copies_expire_at = row.copies_expire_at;
            // Nobody is told before nothing is left: until then the old half may open what the certificate says is gone.
            view.certificate = row.certificate.filter(|_| !finishing);
            view.destroyed_at = row.destroyed_at.filter(|_| !finishing);
        }
        Ok(view)
    }
}

impl Desk<act::KeyShredAsk> {
    /// One officer asks. Nothing is destroyed by it.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `reason`; [`CustodyError::State`] when something stands in the way.
    pub async fn key_shred_ask(&self, order: &ShredOrder) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let customer = order.customer;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let mut mistakes = Vec::new();
        if order.name.trim() != known.name {
            mistakes.push(FieldError { field: "name", say: "Type the customer's name exactly as it stands above" });
        }
        let reason = reason_checked(&order.reason).unwrap_or_default();
        if reason.is_empty() {
            let say = "Say in at most 500 characters why the keys are destroyed, and name no patient";
            mistakes.push(FieldError { field: "reason", say });
        }
        let granted = self.ask(Question::of(customer, Purpose::Administration).saying(reason)).await?;
        if order.copies_expire_on.is_none() && custody.was_unhalved(custody.records_since(customer).await?).await? {
            mistakes.push(FieldError { field: "copies", say: SAY_COPIES });
        }
        if !mistakes.is_empty() {
            return Err(CustodyError::Input(mistakes));
        }
        match custody.shred_hindered(customer).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        custody.epoch_destroyable(None).await?;
        let sealed = custody.ring().directory_seal(customer, DirectoryColumn::ShredReason, reason.as_bytes());
        let row = KeyShred {
            customer,
            state: KeyShredState::Asked,
            reason: sealed.map_err(CustodyError::seal)?,
            asked_by: self.person()?,
            asked_at: custody.now(),
            copies_expire_at: order.copies_expire_on.map(end_of).transpose()?,
            approved_by: None,
            approved_at: None,
            certificate: None,
            destroyed_at: None,
        };
        let mut tx = custody.store().begin("ask for a destruction").await?;
        if tx.key_shred_insert(&row).await? == 0 {
            return Err(CustodyError::State("Somebody has asked for this already."));
        }
        tx.commit().await?;
        // A name that stands on every tag; no PHI.
        let sentence = format!("An officer has asked to destroy the keys of {}. A second one decides.", known.name);
        custody.alert("shred_asked", &sentence).await;
        Ok(granted.witnessed())
    }

    /// Any officer takes back what was asked or decided, as long as the keys are there.
    ///
    /// # Errors
    /// [`CustodyError::State`] when there is nothing to take back.
    pub async fn key_shred_withdraw(&self, customer: CustomerId) -> Result<Witnessed, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let granted = self.ask(Question::of(customer, Purpose::Administration).saying("taken back")).await?;
        let mut tx = self.custody.store().begin("take a destruction back").await?;
        if tx.key_shred_withdraw(customer).await? == 0 {
            return Err(CustodyError::State(NOT_ASKED));
        }
        tx.commit().await?;
        Ok(granted.witnessed())
    }
}

impl Desk<act::KeyShred> {
    /// Another officer, with a fresh touch: the keys are destroyed, and nobody can undo it. With the root key in hand,
    /// or (`None`) read again from where the configuration says it is.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] for whoever asked; [`CustodyError::State`] when something stands in the way. Nothing
    /// is destroyed then, unless the error came while the old epoch was being let go: the next start finishes that.
    pub async fn key_shred_approve(
        &self,
        decided: &ShredDecided,
        root: Option<RootKey>,
    ) -> Result<Approved, CustodyError> {
        let custody = &self.custody;
        let customer = decided.customer;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let row = custody.store().key_shred_fetch(customer).await?;
        let asked_by = row.as_ref().map(|row| row.asked_by);
        let granted = self.ask(Question::of(customer, Purpose::Administration).asked_by(asked_by)).await?;
        let row = row.filter(|row| row.state == KeyShredState::Asked).ok_or(CustodyError::State(NOT_ASKED))?;
        match &decided.what {
            ShredSeen::Name(name) if name.trim() != known.name => {
                return Err(CustodyError::field("name", "This is not the customer's name"));
            }
            // Taken back and asked anew while somebody looked: what they saw is not what stands there.
            ShredSeen::Asked(at) if *at != row.asked_at => return Err(CustodyError::Changed),
            _ => {}
        }
        match custody.shred_hindered(customer).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        custody.epoch_destroyable(None).await?;
        let root = match root {
            Some(root) => Some(root),
            None => custody.root_key_read().await?,
        };
        if let Some(root) = &root {
            // A wrong key is told before anything is decided.
            custody.root_check(root).await?;
        }
        let mut tx = custody.store().begin("approve a destruction").await?;
        if tx.key_shred_approve(customer, row.asked_at, self.person()?, custody.now()).await? == 0 {
            return Err(CustodyError::State(NOT_ASKED));
        }
        tx.commit().await?;
        // If we die here: two officers have decided and the keys are still there; the next start destroys them.
        match root {
            Some(root) => Ok(Approved::Shredded(custody.shred_told(granted.intent(), customer, &root).await?)),
            None => {
                drop(custody.told_words(granted.intent(), Outcome::Done, "waits_for_root_key", "").await);
                Ok(Approved::NeedsRootKey)
            }
        }
    }
}
