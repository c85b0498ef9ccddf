//! What goes on while the ledger cannot write: signing in and out, and alerts, from the reserve.
//!
//! What must always hold: nothing that is sealed opens this way (only the two acts of [`Reservable`] may ask, and they
//! get no receipt); a record is on the disk before its session begins; everything is carried into the ledger in its
//! order as soon as that writes again, once, with its own time and marked as late; a reserve that is full or cannot be
//! written refuses the sign-in. What is only held in memory takes away or dies with the process, and never gives.
//!
//! docs/decisions/0009-signing-in-from-a-reserve.md says why it is so, docs/FORMATS.md what the bytes are.

mod held;
mod replay;

pub(crate) use held::Held;

use crate::ask::Question;
use crate::settings::year_of;
use crate::{Custody, CustodyError, Witnessed};
use policy::PrincipalFacts;
use record::{Act, AlertId, CredentialId, Entry, Outcome, Principal, SessionId, Timestamp, act};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};
use store::{Alert, Reserve, ReserveClass, ReserveFound};
use vault::Owner;

/// Fact: when this house's reserve was made. With it, a file that is gone is missed.
pub(crate) const MADE: &str = "reserve_made";
/// What the name of a record's seal begins with; its number follows.
const SEAL_NAME: &[u8] = b"reserve";
/// Marks an entry that was carried over; a word of its own follows where there was one.
const LATE: &str = "late";

/// Acts that may be kept in the reserve when the ledger cannot write. They open nothing.
pub(crate) trait Reservable: Act {}
impl Reservable for act::SessionStart {}
impl Reservable for act::SessionEnd {}

/// The reserve and what is held beside it.
#[derive(Default)]
pub(crate) struct Standby {
    reserve: Option<Reserve>,
    held: Mutex<Held>,
    /// One at a time carries records over.
    turn: tokio::sync::Mutex<()>,
}

/// How an act of [`Reservable`] was witnessed.
pub(crate) enum Kept {
    /// By the ledger, as everything else.
    Ledger(Witnessed),
    /// By the reserve; the ledger follows.
    Reserve,
}

/// A record as it is sealed. No PHI: ids, a passkey's public part, an alert's sentence.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u8,
    entry: Entry,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    passkey: Option<TouchedPasskey>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    alert: Option<AlertRecord>,
}

/// The passkey that signed in, with its new counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TouchedPasskey {
    pub(crate) id: CredentialId,
    pub(crate) passkey: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertRecord {
    id: AlertId,
    at: Timestamp,
    kind: String,
    sentence: String,
}

impl AlertRecord {
    fn of(alert: &Alert) -> Self {
        let Alert { id, at, kind, sentence, .. } = alert;
        Self { id: *id, at: *at, kind: kind.clone(), sentence: sentence.clone() }
    }
    fn alert(self) -> Alert {
        let Self { id, at, kind, sentence } = self;
        Alert { id, at, kind, sentence, closed_at: None, closed_by: None, word: None }
    }
}

/// How the reserve stands, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReserveStanding {
    /// Is there one.
    pub(crate) there: bool,
    /// Sign-ins and sign-outs that wait.
    pub(crate) sessions: usize,
    /// Alerts that wait.
    pub(crate) alerts: usize,
}

impl Standby {
    pub(crate) fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self) -> ReserveStanding {
        let waiting = |class| self.reserve.as_ref().map_or(0, |reserve| reserve.waiting(class));
        ReserveStanding {
            there: self.reserve.is_some(),
            sessions: waiting(ReserveClass::Session),
            alerts: waiting(ReserveClass::Alert),
        }
    }

    /// Opens the reserve of a data folder. A house that has none for want of room works without one, and says so.
    pub(crate) async fn open(dir: std::path::PathBuf) -> (Self, Option<ReserveFound>) {
        let opened = tokio::task::spawn_blocking(move || Reserve::open(&dir)).await;
        match opened {
            Ok(Ok((reserve, found))) => (Self { reserve: Some(reserve), ..Self::default() }, Some(found)),
            Ok(Err(error)) => {
                tracing::error!(%error, "there is no reserve: nobody can sign in while the ledger cannot write");
                (Self::default(), None)
            }
            Err(_) => (Self::default(), None),
        }
    }
}

impl Custody {
    pub(crate) fn standby(&self) -> &Standby {
        &self.0.standby
    }

    /// Did the ledger's last batch fail. Then signing in does not wait for the next one to fail too.
    pub(crate) fn is_ledger_failing(&self) -> bool {
        self.0.scribe.is_failing()
    }

    /// A reserve that was made just now although there had been one: what lay in it was taken away.
    pub(crate) async fn reserve_found(&self, found: Option<ReserveFound>) -> Result<(), CustodyError> {
        // Nodes of a house come and go with their folders; only the folder of one that is alone is missed.
        let known = !self.store().is_on_server() && self.store().meta_fetch(MADE).await?.is_some();
        if found == Some(ReserveFound::Made) && known {
            let sentence =
                "The reserve's file was gone and was made anew: sign-ins and alerts that waited in it are lost.";
            self.alert("reserve_gone", sentence).await;
        }
        if found.is_none() && known {
            let sentence = "The reserve's file cannot be used: somebody has changed it, or there is no room. Sign-ins and alerts that waited in it are not carried over. Keep the file, and look who can write to the data folder.";
            self.alert("reserve_unusable", sentence).await;
        }
        if found.is_some() && !known && !self.store().is_on_server() {
            let mut tx = self.store().begin("remember the reserve").await?;
            tx.meta_set(MADE, &self.now().to_string()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Asks for an act that opens nothing: witnessed by the ledger, or, while that cannot write, by the reserve.
    pub(crate) async fn ask_or_reserve<A: Reservable>(
        &self,
        who: (Principal, Option<SessionId>),
        facts: PrincipalFacts,
        (question, touched): (Question, Option<TouchedPasskey>),
    ) -> Result<Kept, CustodyError> {
        let (permit, body) = self.decide_as::<A>(who, facts, question).await?;
        let entry = Entry::of(permit.intent(), Outcome::Permitted, "");
        if !self.is_ledger_failing()
            && let Ok(receipt) = self.0.scribe.write(entry.clone(), body).await
        {
            return Ok(Kept::Ledger(Witnessed { index: receipt.index(), at: permit.intent().at() }));
        }
        // If we die here: the ledger may have it after all. Carrying it over looks for the intent first.
        self.reserve_keep(ReserveClass::Session, Record { v: 1, entry, passkey: touched, alert: None }).await?;
        Ok(Kept::Reserve)
    }

    /// Keeps an alert with the entry that the ledger did not take.
    pub(crate) async fn reserve_alert(&self, alert: &Alert, entry: Entry) -> Result<(), CustodyError> {
        let record = Record { v: 1, entry, passkey: None, alert: Some(AlertRecord::of(alert)) };
        self.reserve_keep(ReserveClass::Alert, record).await
    }

    /// Seals a record and waits until it is on the disk.
    async fn reserve_keep(&self, class: ReserveClass, record: Record) -> Result<(), CustodyError> {
        let Some(reserve) = self.standby().reserve.clone() else { return Err(CustodyError::Unwitnessed) };
        let (ring, year) = (self.ring(), year_of(record.entry.at));
        let bytes = serde_json::to_vec(&record).map_err(CustodyError::seal)?;
        let kept = tokio::task::spawn_blocking(move || {
            let mut failed = None;
            let seal = |number: u64| match ring.audit_seal(Owner::Operator, year, &seal_name(number), &bytes) {
                Ok(sealed) => [year.to_be_bytes().as_slice(), &sealed].concat(),
                Err(error) => {
                    failed = Some(error);
                    // Longer than any slot: nothing is written.
                    vec![0; store::RESERVE_RECORD_BYTES_MAX + 1]
                }
            };
            let kept = reserve.append(class, seal);
            match failed {
                Some(error) => Err(CustodyError::seal(error)),
                None => kept.map_err(|error| {
                    tracing::error!(%error, "the reserve did not take a record");
                    CustodyError::Unwitnessed
                }),
            }
        });
        kept.await.map_err(|_| CustodyError::Unwitnessed)?
    }

    /// Ends every session of a person that only memory knows: after the database was told to end all of theirs.
    pub(crate) fn sessions_held_end(&self, person: record::PersonId) {
        let now = self.now();
        self.standby().held().end_person(person, now);
    }
}

fn seal_name(number: u64) -> Vec<u8> {
    [SEAL_NAME, &number.to_be_bytes()].concat()
}

/// The word of an entry that was carried over.
fn late(why: &str) -> String {
    if why.is_empty() { LATE.to_owned() } else { format!("{LATE}_{why}") }
}

#[cfg(test)]
mod tests;
