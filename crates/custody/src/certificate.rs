//! The certificate by which the portal is known: what a house keeps of those that it orders by itself (ACME), and until
//! when the one that is served is good. The rows are one for all nodes.
//!
//! What must always hold: account, certificate key and answers lie sealed under the directory key at their own place, so
//! that whoever may write into the database and has no key can neither read one nor have this house answer for an order
//! of theirs; one node at a time orders, and one whose turn is over changes nothing; a try is written down before it is made,
//! and a certificate that was taken brakes the next order, so that no restart and no two nodes that disagree hammer the
//! authority.
//!
//! What it refuses to know: ACME and TLS, which are the portal's.

use crate::{Custody, CustodyError, HealthLine, Verdict};
use data_encoding::BASE64;
use record::{Timestamp, act};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vault::DirectoryColumn;
use zeroize::Zeroizing;

/// The work that one node at a time does.
const JOB: &str = "certificate";
/// Fact: how many tries have failed, and when the last one began; after a certificate was taken, none, when it was, and for
/// how many seconds no other is ordered.
const TRIES: &str = "acme_tries";
/// Minutes from the start of a try that failed to the next one. Let's Encrypt takes five failed answers an hour for a name.
const WAITS_MINUTES: [i64; 5] = [1, 5, 25, 120, 360];
/// The first failure is told, and then each fourth: within hours, and then daily.
const TOLD_EVERY: u32 = 4;
/// For so long after a certificate was taken no other is ordered; of one that lives for less than three hours, a third.
const WAIT_TAKEN_SECS: i64 = 3600;
/// A certificate may begin so much later than our clock says: clocks differ.
pub const CLOCKS_DIFFER_SECS: i64 = 300;
const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;
/// With less than this left, it is told each day; of one that lives shorter, with less than a sixth.
const ENDING_MILLIS: i64 = 14 * DAY_MILLIS;

/// What is kept for all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcmeKept {
    /// The account at the authority, with its key.
    Account,
    /// The certificate, with its key.
    Certificate,
    /// What the authority is answered while it looks whether a name is ours.
    Challenge,
}

impl AcmeKept {
    const fn column(self) -> DirectoryColumn {
        match self {
            Self::Account => DirectoryColumn::AcmeAccount,
            Self::Certificate => DirectoryColumn::AcmeCertificate,
            Self::Challenge => DirectoryColumn::AcmeChallenge,
        }
    }

    /// The fact's name.
    const fn name(self) -> &'static str {
        self.column().name().1
    }
}

/// This node's turn to order. It has to be ended.
#[derive(Debug)]
#[must_use = "the other nodes wait until it is ended"]
pub struct AcmeTurn {
    failures: u32,
    /// What was written down at its beginning: as long as it stands there, the turn is ours.
    tries: String,
}

/// What is known of the orders before.
#[derive(Debug, Default, Clone, Copy)]
struct Tries {
    failures: u32,
    last: Option<Timestamp>,
    wait_secs: i64,
}

impl Tries {
    fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let failures = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let last = words.next().and_then(|word| word.parse().ok()).map(Timestamp::from_unix_millis);
        let wait = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { failures, last, wait_secs: i64::clamp(wait, 0, WAIT_TAKEN_SECS) }
    }

    /// When the next try may be made; none when at once.
    fn next(&self) -> Option<Timestamp> {
        let last = self.last?;
        Some(if self.failures == 0 { last.plus_secs(self.wait_secs) } else { next_try(self.failures, last) })
    }

    fn wait(&self, now: Timestamp) -> bool {
        self.next().is_some_and(|next| now < next)
    }
}

/// What an order brought.
#[derive(Debug, Clone, Copy)]
pub struct AcmeTaken<'a> {
    /// The certificate with its key, as it is to be kept.
    pub certificate: &'a [u8],
    /// From when to when it is good.
    pub span: CertificateSpan,
    /// What the ledger says of it.
    pub words: &'a str,
}

/// From when to when the certificate that is served is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateSpan {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

impl CertificateSpan {
    /// How it is meant that so much of it is left, and one sentence about it.
    #[must_use]
    pub fn judged(&self, now: Timestamp) -> (Verdict, String) {
        let left = self.until.millis_since(now);
        let ending = ENDING_MILLIS.min(self.until.millis_since(self.from) / 6);
        let in_words = match left / HOUR_MILLIS {
            hours @ ..48 => format!("{} hours", hours.max(0)),
            hours => format!("{} days", hours / 24),
        };
        match left {
            ..=0 => (Verdict::Bad, format!("The TLS certificate ended at {}.", self.until)),
            _ if self.from.millis_since(now) > CLOCKS_DIFFER_SECS * 1000 => {
                (Verdict::Bad, format!("The TLS certificate is good only from {} on.", self.from))
            }
            left if left < ending => (Verdict::Late, format!("The TLS certificate ends in {in_words}.")),
            _ => (Verdict::Good, format!("It is good for {in_words} more.")),
        }
    }
}

/// What is known of the certificate that this process serves.
#[derive(Debug, Default)]
pub(crate) struct Served(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    span: Option<CertificateSpan>,
    /// When it was last told that it ends.
    told: Option<Timestamp>,
    /// Of which certificate it was told that it is due again too soon: when that was taken.
    told_again: Option<Timestamp>,
}

impl Served {
    fn held(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line, whatever words an authority has for it.
fn failure_told(failures: u32, why: &str) -> String {
    crate::alerts::plain(&format!("No certificate could be ordered ({failures} tries): {why}."))
}

/// When the next try may be made, after so many that failed; a few more seconds, so that houses that failed together do
/// not all come back together.
fn next_try(failures: u32, last: Timestamp) -> Timestamp {
    let Some(at) = failures.checked_sub(1) else { return last };
    let minutes = WAITS_MINUTES[usize::try_from(at).unwrap_or(usize::MAX).min(WAITS_MINUTES.len() - 1)];
    let secs = minutes * 60;
    last.plus_secs(secs + secs * last.unix_millis().rem_euclid(256) / 1024)
}

impl Custody {
    /// A kept thing as it lies, sealed: it changes whenever the thing does.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn acme_look(&self, what: AcmeKept) -> Result<Option<String>, CustodyError> {
        Ok(self.store().meta_fetch(what.name()).await?)
    }

    /// Opens what [`Self::acme_look`] found. It is the house's own and nobody's PHI: no permit is asked for.
    ///
    /// # Errors
    /// When it was not sealed by this house for this place.
    pub fn acme_open(&self, what: AcmeKept, sealed: &str) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let damaged = || CustodyError::Broken(format!("what is kept as {} is damaged", what.name()));
        let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| damaged())?;
        self.ring().directory_open(self.0.program, what.column(), &sealed).map(Zeroizing::new).map_err(|_| damaged())
    }

    /// Keeps what the authority is answered, for all nodes; says whether the turn is still ours: else nothing is kept.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn acme_answer(&self, turn: &AcmeTurn, answers: &[u8]) -> Result<bool, CustodyError> {
        let sealed = self.acme_sealed(AcmeKept::Challenge, answers)?;
        let mut tx = self.store().begin("keep what an authority is answered").await?;
        let is_ours = tx.meta_change(TRIES, &turn.tries, &turn.tries).await?;
        if is_ours {
            tx.meta_set(AcmeKept::Challenge.name(), &sealed).await?;
        }
        tx.commit().await?;
        Ok(is_ours)
    }

    /// Keeps a thing for all nodes, in the place of the one before.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn acme_keep(&self, what: AcmeKept, bytes: &[u8]) -> Result<(), CustodyError> {
        let sealed = self.acme_sealed(what, bytes)?;
        let mut tx = self.store().begin("keep what belongs to the certificate").await?;
        tx.meta_set(what.name(), &sealed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a thing.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn acme_forget(&self, what: AcmeKept) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("forget what belonged to the certificate").await?;
        tx.meta_remove(what.name()).await?;
        tx.commit().await?;
        Ok(())
    }

    fn acme_sealed(&self, what: AcmeKept, bytes: &[u8]) -> Result<String, CustodyError> {
        let sealed = self.ring().directory_seal(self.0.program, what.column(), bytes).map_err(CustodyError::seal)?;
        Ok(BASE64.encode(&sealed))
    }

    /// May other processes answer for this house, who have to hear of an answer before the authority asks for it.
    #[must_use]
    pub fn has_other_nodes(&self) -> bool {
        self.store().is_on_server()
    }

    /// Begins an order for these names, when no other node is at it, the tries before allow one, and the certificate is
    /// still the one that was found due (`seen`, as it lies). Written into the ledger first.
    ///
    /// # Errors
    /// When the store or the ledger cannot: then nothing is ordered.
    pub async fn acme_begin(&self, seen: Option<&str>, names: &[String]) -> Result<Option<AcmeTurn>, CustodyError> {
        let tries = self.acme_tries().await?;
        if tries.wait(self.now()) {
            self.acme_tell_again(tries, seen).await?;
            return Ok(None);
        }
        if !self.store().job_take(JOB).await? {
            return Ok(None);
        }
        let begun = self.acme_begin_alone(seen, names).await;
        if !matches!(begun, Ok(Some(_))) {
            self.store().job_end(JOB, Duration::ZERO).await?;
        }
        begun
    }

    async fn acme_begin_alone(&self, seen: Option<&str>, names: &[String]) -> Result<Option<AcmeTurn>, CustodyError> {
        // While we waited for our turn, another node may have had its own.
        let tries = self.acme_tries().await?;
        if tries.wait(self.now()) || self.acme_look(AcmeKept::Certificate).await?.as_deref() != seen {
            return Ok(None);
        }
        let words = format!("a certificate is ordered for {}", names.join(", "));
        self.note::<act::AlertList>("certificate_ordered", &words, None, []).await?;
        let failures = tries.failures.saturating_add(1);
        let tries = format!("{failures} {}", self.now().unix_millis());
        let mut tx = self.store().begin("count a try to order a certificate").await?;
        tx.meta_set(TRIES, &tries).await?;
        tx.commit().await?;
        // If we die here, or anywhere until the end: the try counts as one that failed.
        Ok(Some(AcmeTurn { failures, tries }))
    }

    /// Says once of a certificate that it is due again right after it was taken: two nodes ask for different ones.
    async fn acme_tell_again(&self, tries: Tries, seen: Option<&str>) -> Result<(), CustodyError> {
        let (0, Some(taken), Some(next)) = (tries.failures, tries.last, tries.next()) else { return Ok(()) };
        // A node that has not yet seen what another one took is not meant.
        if self.acme_look(AcmeKept::Certificate).await?.as_deref() != seen {
            return Ok(());
        }
        if self.0.certificate.held().told_again.replace(taken) == Some(taken) {
            return Ok(());
        }
        let sentence = format!(
            "The TLS certificate that was taken at {taken} is to be followed by another already, which is ordered at {next}: \
             [acme] and extra_hosts have to be alike on all nodes."
        );
        self.alert("certificate_due_again", &sentence).await;
        Ok(())
    }

    /// Ends an order well: the new certificate is kept for all nodes, and what was answered is forgotten. Says whether the turn
    /// was still ours: else the certificate of another order stays.
    ///
    /// # Errors
    /// When the store cannot: the certificate of before stays.
    pub async fn acme_done(&self, turn: AcmeTurn, taken: AcmeTaken<'_>) -> Result<bool, CustodyError> {
        let kept = self.acme_taken(&turn, &taken).await;
        self.store().job_end(JOB, Duration::ZERO).await?;
        if kept? {
            self.note::<act::AlertList>("certificate_taken", taken.words, None, []).await?;
            return Ok(true);
        }
        tracing::warn!("a certificate came when the turn to order was over; it is not taken");
        Ok(false)
    }

    async fn acme_taken(&self, turn: &AcmeTurn, taken: &AcmeTaken<'_>) -> Result<bool, CustodyError> {
        let sealed = self.acme_sealed(AcmeKept::Certificate, taken.certificate)?;
        let lives_secs = taken.span.until.millis_since(taken.span.from) / 1000;
        let waits = format!("0 {} {}", self.now().unix_millis(), WAIT_TAKEN_SECS.min(lives_secs / 3));
        let mut tx = self.store().begin("take a certificate").await?;
        let is_ours = tx.meta_change(TRIES, &turn.tries, &waits).await?;
        if is_ours {
            tx.meta_set(AcmeKept::Certificate.name(), &sealed).await?;
            tx.meta_remove(AcmeKept::Challenge.name()).await?;
        }
        tx.commit().await?;
        Ok(is_ours)
    }

    /// Ends an order that failed: the certificate of before stays, and somebody is told.
    pub async fn acme_failed(&self, turn: AcmeTurn, why: &str) {
        let forgotten = self.acme_unanswered(&turn).await;
        let ended = self.store().job_end(JOB, Duration::ZERO).await;
        let sentence = failure_told(turn.failures, why);
        if turn.failures == 1 || turn.failures.is_multiple_of(TOLD_EVERY) {
            self.alert("certificate_order_failed", &sentence).await;
        } else {
            tracing::warn!("{sentence}");
        }
        // What is left of it is answered to nobody who does not ask for just that, and is replaced at the next try.
        if forgotten.is_err() || ended.is_err() {
            tracing::warn!("the end of an order could not be written down");
        }
    }

    /// Forgets what was answered in this turn, and nothing of another one's.
    async fn acme_unanswered(&self, turn: &AcmeTurn) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("forget what an authority was answered").await?;
        if tx.meta_change(TRIES, &turn.tries, &turn.tries).await? {
            tx.meta_remove(AcmeKept::Challenge.name()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Somebody says that what hindered the tries is mended: the next one is made at once.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn acme_try_again(&self) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("forget tries to order a certificate").await?;
        tx.meta_remove(TRIES).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn acme_tries(&self) -> Result<Tries, CustodyError> {
        Ok(self.store().meta_fetch(TRIES).await?.map(|text| Tries::read(&text)).unwrap_or_default())
    }

    /// The portal says which certificate it serves, at the start and whenever it is another.
    pub fn certificate_served(&self, span: CertificateSpan) {
        let mut held = self.0.certificate.held();
        (held.span, held.told) = (Some(span), None);
    }

    /// Seconds until the certificate that is served ends, for `/metrics`; none where none is served.
    pub(crate) fn certificate_left_secs(&self) -> Option<i64> {
        self.0.certificate.held().span.map(|span| span.until.millis_since(self.now()) / 1000)
    }

    /// Tells once a day that the certificate ends soon, whoever is to renew it.
    pub(crate) async fn certificate_tell(&self) {
        let now = self.now();
        let sentence = {
            let mut held = self.0.certificate.held();
            let Some((verdict, sentence)) = held.span.map(|span| span.judged(now)) else { return };
            if verdict == Verdict::Good || held.told.is_some_and(|told| now.millis_since(told) < DAY_MILLIS) {
                return;
            }
            held.told = Some(now);
            sentence
        };
        self.alert("certificate_ends", &sentence).await;
    }

    pub(crate) fn certificate_line(&self) -> Option<HealthLine> {
        let span = self.0.certificate.held().span?;
        let (verdict, sentence) = span.judged(self.now());
        let advice = if verdict == Verdict::Good { "" } else { "Renew it; docs/operating/certificates.md." };
        Some(HealthLine { name: "TLS certificate", verdict, sentence, advice, at: None, filled_percent: None })
    }
}

#[cfg(test)]
mod tests;
