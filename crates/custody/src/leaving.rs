//! A practice leaves: its manager decides it, everything goes with it in a sealed export, the manager confirms what was
//! exported, and only after a hold may two officers destroy what is left here (45 CFR 164.504(e)(2)(ii)(J)).
//!
//! What must always hold: nobody at the operator begins, confirms or takes back anything of it; until the keys are gone
//! the practice reads as before, and the manager can take it back; whatever changes after an export is in none, so
//! that a confirmation counts only for records that stand as they were; the export's secret is shown once, to the
//! manager, and is kept here no longer.
//!
//! What it refuses to know: whether a bill was paid.

mod export;
mod fhir;
mod folder;
mod frames;
mod held;
mod opening;
mod rows;
mod sealed;

pub use export::{LeavingMeasure, PracticeExport};
pub(crate) use folder::{Event, ExportFolder};
pub(crate) use held::Told;
pub(crate) use opening::key_holds;
pub use opening::{ExportOpen, ExportOpened, HistoryVerified, export_open, history_verify, is_history};
pub use rows::LeavingCounts;
pub(crate) use rows::{DocumentRow, LedgerHead, PatientRow, RelatedRow, Who};
pub use sealed::ExportSecret;

use crate::ask::Question;
use crate::settings::year_of;
use crate::{Custody, CustodyError, Desk, Witnessed};
use record::{CustomerId, IntentId, PersonId, Purpose, Sha256, Timestamp, act};
use store::{Leaving, LeavingState};
use vault::Owner;
use zeroize::Zeroizing;

const DAY_SECS: i64 = 24 * 3600;
/// What lies in an export beside its parts.
const MANIFEST: &str = "manifest.sealed";
const MANIFEST_OPENED: &str = "manifest.json";
const README: &str = "README.txt";

/// What is wrong with an export, or with reading or writing one. No words of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum LeavingError {
    /// A secret has 52 letters and digits.
    #[error("the secret has 13 groups of four letters and digits")]
    SecretForm,
    /// The manifest does not open.
    #[error("the secret is not this export's, or its manifest was changed")]
    WrongSecret,
    /// There is no manifest.
    #[error("there is no manifest: this is no export, or it was never finished")]
    Unfinished,
    /// A sealed file is not what was written.
    #[error("{0} was changed, cut short, or is another file")]
    Changed(String),
    /// A sealed file is of another export.
    #[error("{0} belongs to another export")]
    OtherExport(String),
    /// A sealed file is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// What was opened does not agree with itself.
    #[error("the export does not agree with itself: {0}")]
    Inside(&'static str),
    /// An entry is not proven.
    #[error("entry {0} is not the one that the ledger's checkpoint covers: it was changed")]
    Entry(u64),
    /// The manifest is another one than is expected.
    #[error("the manifest's digest is another one than was expected")]
    Digest,
    /// The ledger is another one than is expected.
    #[error("the export's ledger is not the one of the given key")]
    OtherLedger,
    /// The folder has something else in it.
    #[error("the export's folder holds something else: name an empty one, or the one of this export")]
    NotEmpty,
    /// A row or path is longer than the format has room for.
    #[error("a row is too long for the export")]
    TooLong,
    /// Sealing failed.
    #[error("the export could not be sealed")]
    Sealing,
    /// Whoever read or wrote was stopped.
    #[error("the work on the export was stopped")]
    Stopped,
    /// The system could not.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl LeavingError {
    pub(super) fn io(doing: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    /// Is the export itself at fault, and not who reads it or where it lies.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::Changed(_)
                | Self::OtherExport(_)
                | Self::Missing(_)
                | Self::Inside(_)
                | Self::Entry(_)
                | Self::Digest
                | Self::OtherLedger
        )
    }
}

/// How a practice's leaving stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingView {
    /// Whose.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// How far; none when nobody has begun.
    pub state: Option<LeavingState>,
    /// Who began it, by name, and when.
    pub begun: Option<(String, Timestamp)>,
    /// The export that counts, when it is whole.
    pub export: Option<LeavingExport>,
    /// When an export was begun that is not whole.
    pub exporting_since: Option<Timestamp>,
    /// Who confirmed it, by name, and when.
    pub confirmed: Option<(String, Timestamp)>,
    /// Nothing is destroyed before then.
    pub hold_until: Option<Timestamp>,
    /// The entry of looking.
    pub witnessed: Witnessed,
}

/// An export that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingExport {
    /// Which: what is confirmed is what was looked at.
    pub id: IntentId,
    /// When it was whole.
    pub at: Timestamp,
    /// SHA-256 of its manifest.
    pub digest: String,
    /// What is in it.
    pub counts: LeavingCounts,
    /// The manager has the secret.
    pub secret_taken_at: Option<Timestamp>,
    /// Something has changed since it was begun: it is not everything any more.
    pub outdated: bool,
}

const CHANGED: &str =
    "The records have changed since this export was begun. Export them again: nothing may be missing.";

/// Where an export's secret is sealed for. Not the place of an entry's words, which is an intent's id alone: carried there, it
/// would open on a page of the ledger.
fn secret_place(export: IntentId) -> Vec<u8> {
    [b"the secret of an export".as_slice(), &export.to_bytes()].concat()
}

impl Custody {
    async fn leaving_export_of(&self, row: &Leaving) -> Result<Option<LeavingExport>, CustodyError> {
        let (Some(id), Some(at), Some(digest), Some(counts)) =
            (row.export, row.exported_at, &row.manifest_digest, &row.counts)
        else {
            return Ok(None);
        };
        let counts = serde_json::from_str(counts)
            .map_err(|_| CustodyError::Broken("an export's counts cannot be read".to_owned()))?;
        let standing = self.store().standing_of(row.customer).await?;
        Ok(Some(LeavingExport {
            id,
            at,
            digest: data_encoding::HEXLOWER.encode(digest),
            counts,
            secret_taken_at: row.secret_taken_at,
            outdated: row.standing.as_ref() != Some(&standing),
        }))
    }

    /// The secret of an export, until the manager has taken it.
    fn leaving_secret(&self, row: &Leaving) -> Result<ExportSecret, CustodyError> {
        let (Some(sealed), Some(export), Some(at)) = (&row.secret, row.export, row.export_begun_at) else {
            return Err(CustodyError::State("The secret was taken before. Export again for another one."));
        };
        let owner = Owner::Customer(row.customer);
        let opened = self.ring().audit_open(owner, year_of(at), &secret_place(export), sealed);
        let opened = Zeroizing::new(opened.map_err(CustodyError::seal)?);
        let text = str::from_utf8(&opened).map_err(CustodyError::seal)?;
        Ok(ExportSecret::read(text)?)
    }

    fn leaving_secret_seal(
        &self,
        customer: CustomerId,
        (export, at): (IntentId, Timestamp),
        secret: &ExportSecret,
    ) -> Result<Vec<u8>, CustodyError> {
        let owner = Owner::Customer(customer);
        let sealed = self.ring().audit_seal(owner, year_of(at), &secret_place(export), secret.normal());
        sealed.map_err(CustodyError::seal)
    }

    /// Why the keys of a customer that leaves are not destroyed yet; empty when nothing of its leaving stands in the way, or
    /// when it never said that it leaves.
    pub(crate) async fn leaving_hindered(&self, customer: CustomerId) -> Result<&'static str, CustodyError> {
        let Some(row) = self.store().leaving_fetch(customer).await? else { return Ok("") };
        if row.state != LeavingState::Confirmed {
            return Ok("This customer leaves, and its manager has not confirmed what was exported.");
        }
        if row.hold_until.is_none_or(|until| self.now() < until) {
            return Ok("This customer leaves, and the hold after its confirmation runs.");
        }
        let standing = self.store().standing_of(customer).await?;
        if row.standing.as_ref() != Some(&standing) {
            return Ok("The customer's records have changed since the export that its manager confirmed.");
        }
        Ok("")
    }

    /// What the certificate of destruction says of the export that went before; empty when the customer never said that it
    /// leaves.
    pub(crate) async fn leaving_certified(&self, customer: CustomerId) -> Result<String, CustodyError> {
        let Some(row) = self.store().leaving_fetch(customer).await? else { return Ok(String::new()) };
        let Some(export) = self.leaving_export_of(&row).await? else { return Ok(String::new()) };
        let (Some(by), Some(confirmed_at)) = (row.confirmed_by, row.confirmed_at) else { return Ok(String::new()) };
        let (id, at, digest, counts) = (export.id, export.at, &export.digest, &export.counts);
        Ok(format!(
            "returned: export {id} of {at}, manifest sha256:{digest}\nreturned: {counts}\nconfirmed by: {by} of the practice at {confirmed_at}\n"
        ))
    }
}

impl Desk<act::CustomerLeaveShow> {
    /// How a practice's leaving stands.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn leaving_show(&self, customer: CustomerId) -> Result<LeavingView, CustodyError> {
        let custody = &self.custody;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let witnessed = self.ask(Question::of(customer, Purpose::Administration)).await?.witnessed();
        let row = custody.store().leaving_fetch(customer).await?;
        let mut view = LeavingView {
            customer,
            name: known.name,
            state: row.as_ref().map(|row| row.state),
            begun: None,
            export: None,
            exporting_since: None,
            confirmed: None,
            hold_until: None,
            witnessed,
        };
        let Some(row) = row else { return Ok(view) };
        view.begun = Some((custody.name_of_person(Some(row.begun_by)).await?, row.begun_at));
        view.export = custody.leaving_export_of(&row).await?;
        view.exporting_since = row.export_begun_at.filter(|_| row.state == LeavingState::Exporting);
        if let (Some(by), Some(at)) = (row.confirmed_by, row.confirmed_at) {
            view.confirmed = Some((custody.name_of_person(Some(by)).await?, at));
        }
        view.hold_until = row.hold_until;
        Ok(view)
    }
}

impl Desk<act::CustomerLeave> {
    /// Asks, about a customer that is there.
    async fn leave_ask(&self, customer: CustomerId, words: &str) -> Result<(Witnessed, PersonId), CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let question = Question::of(customer, Purpose::Administration).saying(words);
        let witnessed = self.ask(question).await?.witnessed();
        Ok((witnessed, self.person()?))
    }

    /// The practice leaves. Nothing changes by it: the portal stays open, and it can be taken back. Once more is nothing.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`].
    pub async fn leave_begin(&self, customer: CustomerId) -> Result<Witnessed, CustodyError> {
        let (witnessed, me) = self.leave_ask(customer, "the practice leaves").await?;
        let custody = &self.custody;
        match custody.joining_hindered(customer).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let mut tx = custody.store().begin("begin to leave").await?;
        let begun = tx.leaving_begin(customer, me, custody.now()).await?;
        tx.commit().await?;
        if begun > 0 {
            // A name that stands on every tag; no PHI.
            let name = custody.customer_name(customer).await?;
            custody.alert("customer_leaves", &format!("{name} leaves, by its manager's word.")).await;
        }
        Ok(witnessed)
    }

    /// It is taken back, as long as the keys are there: nothing will be destroyed by it. What was exported is with the
    /// practice.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`].
    pub async fn leave_withdraw(&self, customer: CustomerId) -> Result<Witnessed, CustodyError> {
        let (witnessed, _) = self.leave_ask(customer, "the practice stays").await?;
        let custody = &self.custody;
        if !custody.ring().customers().any(|one| one == customer) {
            return Err(CustodyError::State("The keys are destroyed: there is nothing to take back."));
        }
        let mut tx = custody.store().begin("take a leaving back").await?;
        let gone = tx.leaving_withdraw(customer).await?;
        // Whatever officers asked for or approved meanwhile was about a practice that leaves.
        tx.key_shred_withdraw(customer).await?;
        tx.commit().await?;
        if gone > 0 {
            let name = custody.customer_name(customer).await?;
            custody.alert("customer_stays", &format!("{name} stays: its manager took the leaving back.")).await;
        }
        Ok(witnessed)
    }

    /// The export's secret, once: it is kept here no longer.
    ///
    /// # Errors
    /// [`CustodyError::State`] when no export is whole, or when it was taken before.
    pub async fn leave_secret(&self, customer: CustomerId) -> Result<(Zeroizing<String>, LeavingView), CustodyError> {
        let (witnessed, _) = self.leave_ask(customer, "the secret of the export was taken").await?;
        let custody = &self.custody;
        let row = custody.store().leaving_fetch(customer).await?;
        let row = row.filter(|row| row.state == LeavingState::Exported);
        let row = row.ok_or(CustodyError::State("There is no whole export whose secret waits."))?;
        let secret = custody.leaving_secret(&row)?;
        let export = row.export.ok_or(CustodyError::State("There is no whole export whose secret waits."))?;
        let mut tx = custody.store().begin("hand over an export's secret").await?;
        if tx.leaving_secret_taken(customer, export, custody.now()).await? == 0 {
            return Err(CustodyError::State("The secret was taken before. Export again for another one."));
        }
        tx.commit().await?;
        // If we die here: the secret is gone and nobody has it; the manager has the export made again.
        let view = self.beside::<act::CustomerLeaveShow>().leaving_show(customer).await?;
        Ok((secret.show(), LeavingView { witnessed, ..view }))
    }

    /// The practice confirms that it has what was exported, as it looked at it. The hold begins.
    ///
    /// # Errors
    /// [`CustodyError::State`] when the export is not whole, its secret not taken, or the records have changed since;
    /// [`CustodyError::Changed`] when another export was made since the page was opened.
    pub async fn leave_confirm(&self, customer: CustomerId, seen: IntentId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let row = custody.store().leaving_fetch(customer).await?;
        let export = match &row {
            Some(row) => custody.leaving_export_of(row).await?,
            None => None,
        };
        let digest = export.as_ref().map(|one| one.digest.as_str()).unwrap_or_default();
        let words = format!("the practice confirms the export with the manifest sha256:{digest}");
        let (witnessed, me) = self.leave_ask(customer, &words).await?;
        let row = row.filter(|row| row.state == LeavingState::Exported);
        let (Some(row), Some(export)) = (row, export) else {
            return Err(CustodyError::State("There is no whole export to confirm, or it was confirmed before."));
        };
        if export.id != seen {
            return Err(CustodyError::Changed);
        }
        if row.secret.is_some() {
            return Err(CustodyError::State("Take the secret first: without it the export opens for nobody."));
        }
        if export.outdated {
            return Err(CustodyError::State(CHANGED));
        }
        let now = custody.now();
        let hold_until = now.plus_secs(i64::from(custody.settings().leaving_hold_days) * DAY_SECS);
        let mut tx = custody.store().begin("confirm an export").await?;
        if tx.leaving_confirm(customer, export.id, (me, now), hold_until).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.commit().await?;
        let name = custody.customer_name(customer).await?;
        custody.alert("leaving_confirmed", &format!("{name} has confirmed what was exported. The hold runs.")).await;
        Ok(witnessed)
    }
}

/// A digest as hex, in its one spelling.
///
/// # Errors
/// [`LeavingError::Digest`].
pub fn digest_read(text: &str) -> Result<Sha256, LeavingError> {
    let text = text.trim().trim_start_matches("sha256:");
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| LeavingError::Digest)?;
    <[u8; 32]>::try_from(bytes.as_slice()).map(Sha256::from_bytes).map_err(|_| LeavingError::Digest)
}

#[cfg(test)]
pub(crate) mod tests;
