//! Alerts: what the system itself has to say. Into the ledger, into the list that officers close with a word, to
//! stderr, to the operator's command, and into a count for `/metrics`.
//!
//! What must always hold: an alert is said on stderr and handed to the command even when neither ledger nor
//! database can write; what could not be written lies in the reserve (in memory, when that is full) and is written when
//! they can again. A sentence holds no PHI and no name of a patient.

use crate::ask::Question;
use crate::settings::year_of;
use crate::{Custody, CustodyError, Desk, Witnessed};
use record::{Act, AlertId, CustomerId, Entry, Intent, Outcome, Purpose, ResourceId, Resources, Timestamp, act};
use std::collections::{BTreeMap, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Alert, EntryFilter};
use tokio::io::AsyncWriteExt as _;
use vault::Owner;

/// How long the operator's command may take.
const COMMAND_TIME: Duration = Duration::from_secs(10);
/// How long a stop waits for alerts that are being written. What is not written by then is in the reserve or was said
/// on stderr and to the command.
const CLOSING_TIME: Duration = Duration::from_secs(10);
/// Alerts that wait in memory when the reserve takes no more. Beyond that the oldest is let go; it was said on stderr.
const MEMORY_MAX: usize = 256;
/// Longest sentence and longest closing word, characters.
const SENTENCE_CHARS_MAX: usize = 500;

/// What commands of the operator's find in their environment (docs/operating/install.md).
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// The environment of the operator's commands.
pub(crate) fn passed_on() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    PASSED_ON.into_iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)))
}

/// What is counted and what waits to be written.
#[derive(Debug, Default)]
pub(crate) struct AlarmState {
    counts: Mutex<BTreeMap<&'static str, u64>>,
    memory: Mutex<VecDeque<(Alert, Entry)>>,
    /// Held for reading by each alert that is being written.
    writing: Arc<tokio::sync::RwLock<()>>,
}

/// One alert, for those who answer it.
#[derive(Debug, Clone)]
pub struct AlertLine {
    /// Its id.
    pub id: AlertId,
    /// When.
    pub at: Timestamp,
    /// A fixed word.
    pub kind: String,
    /// One sentence, no PHI.
    pub sentence: String,
    /// The ledger entry that says it; none when the ledger could not write then.
    pub entry: Option<u64>,
    /// When, by whom and with which word it was closed.
    pub closed: Option<AlertClosed>,
}

/// How an alert was closed.
#[derive(Debug, Clone)]
pub struct AlertClosed {
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub by: String,
    /// With which word.
    pub word: String,
}

/// The alerts, open ones first.
#[derive(Debug)]
pub struct Alerts {
    /// At most 200.
    pub lines: Vec<AlertLine>,
    /// The entry of looking at them.
    pub witnessed: Witnessed,
}

/// A command of the operator's did not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("no command is set")]
    Empty,
    #[error("the command could not be started")]
    Start,
    #[error("the command did not end in time")]
    Late,
    #[error("the command ended with an error")]
    Failed,
}

/// Runs a command with `input` on its standard input. Of our environment it gets what [`PASSED_ON`] names and nothing
/// else: a passphrase or a credential may be in it.
pub(crate) async fn hand_over(argv: &[String], input: &str, within: Duration) -> Result<(), CommandError> {
    let (program, arguments) = argv.split_first().ok_or(CommandError::Empty)?;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.env_clear().envs(passed_on());
    let mut child = command.spawn().map_err(|_| CommandError::Start)?;
    let mut stdin = child.stdin.take();
    let run = async {
        if let Some(stdin) = stdin.as_mut() {
            // A command that does not read its input may still do its part: what counts is how it ends.
            drop(stdin.write_all(input.as_bytes()).await);
            drop(stdin.shutdown().await);
        }
        drop(stdin);
        child.wait().await
    };
    match tokio::time::timeout(within, run).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(_) => Err(CommandError::Failed),
        Err(_) => Err(CommandError::Late),
    }
}

/// One line, of bounded length, without controls: an alert goes into terminals and mails.
pub(crate) fn plain(sentence: &str) -> String {
    sentence.chars().map(|one| if one.is_control() { ' ' } else { one }).take(SENTENCE_CHARS_MAX).collect()
}

impl Custody {
    /// The system says something itself. `kind` is a fixed word, `sentence` one sentence without PHI. Never fails:
    /// what cannot be written now is said on stderr and by the command, and written later.
    pub async fn alert(&self, kind: &'static str, sentence: &str) {
        let (alert, entry) = self.alert_say(kind, sentence);
        // Whoever says it may be stopped at any await; what was said is written to its end all the same, and the house
        // waits for it before it closes.
        let writing = Arc::clone(&self.0.alarm.writing).read_owned().await;
        let custody = self.clone();
        let written = tokio::spawn(async move {
            if custody.is_ledger_failing() || custody.alert_write(&alert, &entry).await.is_err() {
                custody.alert_keep(alert, entry).await;
            }
            drop(writing);
        });
        drop(written.await);
    }

    /// Waits until every alert that was said is written or kept, for as long as a patient stop may take.
    pub(crate) async fn alerts_written(&self) {
        drop(tokio::time::timeout(CLOSING_TIME, self.0.alarm.writing.write()).await);
    }

    /// The same for what must be in the ledger before anything else is done.
    pub(crate) async fn alert_now(&self, kind: &'static str, sentence: &str) -> Result<(), CustodyError> {
        let (alert, entry) = self.alert_say(kind, sentence);
        self.alert_write(&alert, &entry).await
    }

    /// On stderr, to the command, into the counts; and what is to be written.
    fn alert_say(&self, kind: &'static str, sentence: &str) -> (Alert, Entry) {
        let alert = Alert {
            id: AlertId::mint(self.clock(), self.entropy()),
            at: self.now(),
            kind: kind.to_owned(),
            sentence: plain(sentence),
            closed_at: None,
            closed_by: None,
            word: None,
        };
        tracing::error!(alert = kind, id = %alert.id, "{}", alert.sentence);
        *self.0.alarm.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_insert(0) += 1;
        if let Some(argv) = self.settings().alert_command.clone() {
            let line = format!("{kind}: {}\n", alert.sentence);
            // Whoever breaks a glass does not wait for the operator's command.
            tokio::spawn(async move {
                if let Err(error) = hand_over(&argv, &line, COMMAND_TIME).await {
                    tracing::error!(%error, "an alert could not be handed to the alert command");
                }
            });
        }
        let entry = Entry::of(&self.note_intent::<act::AlertList>(None, [alert.id.into()]), Outcome::Noted, kind);
        (alert, entry)
    }

    /// Keeps an alert in the reserve, or else in memory, until it can be written.
    pub(crate) async fn alert_keep(&self, alert: Alert, entry: Entry) {
        // If we die before: it was said on stderr and by the command.
        if self.reserve_alert(&alert, entry.clone()).await.is_ok() {
            return;
        }
        let mut memory = self.0.alarm.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() == MEMORY_MAX {
            memory.pop_front();
        }
        memory.push_back((alert, entry));
    }

    async fn alert_write(&self, alert: &Alert, entry: &Entry) -> Result<(), CustodyError> {
        self.entry_words(entry.clone(), &alert.sentence).await?;
        // If we die here: the ledger has the alert, the list does not. It was said on stderr and in the ledger.
        self.alert_row_ensure(alert).await
    }

    /// The alert's line in the list, once.
    pub(crate) async fn alert_row_ensure(&self, alert: &Alert) -> Result<(), CustodyError> {
        if self.store().alert_fetch(alert.id).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.store().begin("keep an alert").await?;
        tx.alert_insert(alert).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes the alerts for which there was no room in the reserve either.
    pub(crate) async fn alerts_flush(&self) {
        loop {
            let next = self.0.alarm.memory.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((alert, entry)) = next else { return };
            if self.alert_carry(&alert, &entry).await.is_err() {
                self.0.alarm.memory.lock().unwrap_or_else(PoisonError::into_inner).push_front((alert, entry));
                return;
            }
        }
    }

    /// How many alerts of each kind since the start, for `/metrics`.
    #[must_use]
    pub fn alert_counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.alarm.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Alerts that wait to be written, for `/metrics`. More than none means that ledger or database cannot write.
    #[must_use]
    pub fn alerts_waiting(&self) -> usize {
        let memory = self.0.alarm.memory.lock().unwrap_or_else(PoisonError::into_inner).len();
        memory + self.standby().standing().alerts
    }

    /// The system writes an entry of its own (`noted`): an alert, a drill, a summary. It permits nothing. Its place.
    pub(crate) async fn note<A: Act>(
        &self,
        why: &str,
        words: &str,
        customer: Option<CustomerId>,
        about: impl IntoIterator<Item = ResourceId>,
    ) -> Result<u64, CustodyError> {
        let intent = self.note_intent::<A>(customer, about);
        self.told_words(&intent, Outcome::Noted, why, words).await
    }

    fn note_intent<A: Act>(&self, customer: Option<CustomerId>, about: impl IntoIterator<Item = ResourceId>) -> Intent {
        let who = (self.program(), None);
        Intent::to::<A>(self.clock(), self.entropy(), who, customer, Resources::of(about), Purpose::Administration)
    }

    /// A later word on an act, with words of its own sealed under the audit key.
    pub(crate) async fn told_words(
        &self,
        intent: &Intent,
        outcome: Outcome,
        why: &str,
        words: &str,
    ) -> Result<u64, CustodyError> {
        let mut entry = Entry::of(intent, outcome, why);
        entry.at = self.now();
        self.entry_words(entry, words).await
    }

    /// Writes an entry with words of its own. Its place.
    pub(crate) async fn entry_words(&self, entry: Entry, words: &str) -> Result<u64, CustodyError> {
        let owner = entry.customer.map_or(Owner::Operator, Owner::Customer);
        let body = if words.is_empty() {
            Vec::new()
        } else {
            let (year, name) = (year_of(entry.at), entry.intent.to_bytes());
            self.ring().audit_seal(owner, year, &name, words.as_bytes()).map_err(CustodyError::seal)?
        };
        let receipt = self.0.scribe.write(entry, body).await.map_err(|_| CustodyError::Unwitnessed)?;
        Ok(receipt.index())
    }
}

impl Desk<act::AlertList> {
    /// What detectors, the probe and the system said; open ones first.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn alert_list(&self) -> Result<Alerts, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        let custody = &self.custody;
        let mut lines = Vec::new();
        for alert in custody.store().alert_list().await? {
            let filter = EntryFilter { resource: Some(alert.id.into()), ..EntryFilter::default() };
            // The oldest entry that names it said it; later ones closed it.
            let entry = custody.store().entry_list(&filter, 16).await?.last().map(|entry| entry.index);
            let closed = match (alert.closed_at, alert.closed_by) {
                (Some(at), Some(by)) => {
                    let name = custody.principal_name(&by).await?;
                    Some(AlertClosed { at, by: name, word: alert.word.unwrap_or_default() })
                }
                _ => None,
            };
            let (id, at, kind, sentence) = (alert.id, alert.at, alert.kind, alert.sentence);
            lines.push(AlertLine { id, at, kind, sentence, entry, closed });
        }
        Ok(Alerts { lines, witnessed: granted.witnessed() })
    }
}

impl Desk<act::AlertClose> {
    /// Closes an alert with a word.
    ///
    /// # Errors
    /// [`CustodyError::Input`] without a word; [`CustodyError::Absent`]; [`CustodyError::State`] when it is closed.
    pub async fn alert_close(&self, id: AlertId, word: &str) -> Result<Witnessed, CustodyError> {
        let word = word.trim();
        if word.is_empty() || word.chars().count() > SENTENCE_CHARS_MAX || word.chars().any(char::is_control) {
            return Err(CustodyError::field("word", "Say in at most 500 characters what it was"));
        }
        let Some(alert) = self.custody.store().alert_fetch(id).await? else { return self.absent(id).await };
        let granted = self.ask(Question::house(Purpose::Administration).also(id).saying(word)).await?;
        if alert.closed_at.is_some() {
            return Err(CustodyError::State("this alert is closed already"));
        }
        let mut tx = self.custody.store().begin("close an alert").await?;
        if tx.alert_close(id, &self.who().0.to_string(), self.custody.now(), word).await? == 0 {
            return Err(CustodyError::State("this alert is closed already"));
        }
        tx.commit().await?;
        Ok(granted.witnessed())
    }
}
