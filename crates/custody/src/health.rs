//! How the house is: for administrators and the security officer. No PHI, no names of patients.

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, Witnessed};
use record::{Purpose, Timestamp, act};
use store::{GATE_CLOSED, HouseCheckKind};

/// Milliseconds in an hour.
const HOUR_MILLIS: i64 = 3_600_000;
/// A backup older than this is late, hours.
const BACKUP_LATE_HOURS: i64 = 26;
/// A restore drill older than this is late, hours: a quarter of a year.
const DRILL_LATE_HOURS: i64 = 24 * 92;
/// A checkpoint that the witness has had for longer than this, while the ledger went on, is late, hours.
const WITNESS_LATE_HOURS: i64 = 1;
/// Less free room than this is bad, in hundredths of the volume.
const ROOM_BAD_PERCENT: u64 = 5;
/// Less than this is late.
const ROOM_LATE_PERCENT: u64 = 15;

/// How something that was looked at is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// To be seen to.
    Late,
    /// Wrong: to be seen to now.
    Bad,
}

impl Verdict {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Late => "warn",
            Self::Bad => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct HealthLine {
    /// What.
    pub name: &'static str,
    /// How it is meant.
    pub verdict: Verdict,
    /// What was found, in one sentence.
    pub sentence: String,
    /// What to do about it; empty when nothing.
    pub advice: &'static str,
    /// When it happened that was found; none for now.
    pub at: Option<Timestamp>,
    /// How full, 0 to 100, for a volume.
    pub filled_percent: Option<u8>,
}

/// How the house is.
#[derive(Debug)]
pub struct Health {
    /// Worst first.
    pub lines: Vec<HealthLine>,
    /// Version of the program.
    pub version: &'static str,
    /// Entries of the ledger.
    pub ledger_entries: u64,
    /// Size of the database with its write-ahead log, bytes.
    pub database_bytes: u64,
    /// Alerts that nobody has closed.
    pub alerts_open: u64,
    /// The entry of looking.
    pub witnessed: Option<Witnessed>,
}

impl Health {
    /// The worst of all.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.lines.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Good)
    }
}

/// Free and all bytes of the volume that holds `path`.
pub(crate) fn room_bytes(path: &std::path::Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some((found.f_bavail.saturating_mul(found.f_frsize), found.f_blocks.saturating_mul(found.f_frsize)))
}

/// How free room is meant, with how full the volume is.
pub(crate) fn room_verdict((free, all): (u64, u64)) -> (Verdict, u8) {
    let free_percent = free.saturating_mul(100).checked_div(all).unwrap_or(0).min(100);
    let verdict = match free_percent {
        percent if percent < ROOM_BAD_PERCENT => Verdict::Bad,
        percent if percent < ROOM_LATE_PERCENT => Verdict::Late,
        _ => Verdict::Good,
    };
    (verdict, 100 - u8::try_from(free_percent).unwrap_or(100))
}

/// `3 hours`, `2 days`: how long ago.
pub(crate) fn ago(now: Timestamp, at: Timestamp) -> String {
    let hours = now.millis_since(at) / HOUR_MILLIS;
    match hours {
        ..1 => "less than an hour ago".to_owned(),
        1 => "an hour ago".to_owned(),
        2..48 => format!("{hours} hours ago"),
        _ => format!("{} days ago", hours / 24),
    }
}

/// One line about something that is done from time to time.
fn done_line(
    name: &'static str,
    found: Option<store::HouseCheck>,
    (now, late_hours): (Timestamp, i64),
    (never, advice): (Verdict, &'static str),
) -> HealthLine {
    let Some(check) = found else {
        return HealthLine {
            name,
            verdict: never,
            sentence: "Never.".to_owned(),
            advice,
            at: None,
            filled_percent: None,
        };
    };
    let late = now.millis_since(check.at) > late_hours * HOUR_MILLIS;
    let verdict = match (check.ok, late) {
        (false, _) => Verdict::Bad,
        (true, true) => Verdict::Late,
        (true, false) => Verdict::Good,
    };
    let sentence = format!("{}: {}", ago(now, check.at), check.sentence);
    let advice = if verdict == Verdict::Good { "" } else { advice };
    HealthLine { name, verdict, sentence, advice, at: Some(check.at), filled_percent: None }
}

impl Custody {
    /// Backup, drill, probe, witness, room. What it says is for those who asked before, or for the machine itself.
    pub(crate) async fn health_lines(&self) -> Result<Vec<HealthLine>, CustodyError> {
        let (store, now) = (self.store(), self.now());
        let mut lines = vec![
            done_line(
                "Last backup",
                store.house_check_last(HouseCheckKind::Backup).await?,
                (now, BACKUP_LATE_HOURS),
                (Verdict::Bad, "Run strongroom backup every night, to another place."),
            ),
            done_line(
                "Last restore drill",
                store.house_check_last(HouseCheckKind::RestoreDrill).await?,
                (now, DRILL_LATE_HOURS),
                (Verdict::Late, "Restore a backup into an empty folder every quarter: strongroom restore --drill."),
            ),
            done_line(
                "Outside probe",
                store.house_check_last(HouseCheckKind::Probe).await?,
                (now, 1),
                (Verdict::Late, "The doors are walked every 15 minutes while the server runs; look at the alerts."),
            ),
        ];
        lines.push(self.witness_line().await?);
        if let Some(room) = room_bytes(store.dir()) {
            let (verdict, filled) = room_verdict(room);
            lines.push(HealthLine {
                name: "Free room",
                verdict,
                sentence: format!("{} GB free of {} GB.", room.0 / 1_000_000_000, room.1 / 1_000_000_000),
                advice: if verdict == Verdict::Good {
                    ""
                } else {
                    "Make room: when the ledger cannot write, nothing opens."
                },
                at: None,
                filled_percent: Some(filled),
            });
        }
        if let Some(reason) = self.gate_closed_reason().await? {
            lines.push(HealthLine {
                name: "Gate",
                verdict: Verdict::Bad,
                sentence: format!("Shut: {reason}."),
                advice: "It opens after the probe has passed and an officer has opened it.",
                at: None,
                filled_percent: None,
            });
        }
        if store.meta_fetch(crate::keys::EPOCH_DUE).await?.is_some() {
            lines.push(HealthLine {
                name: "Keys",
                verdict: Verdict::Bad,
                sentence: "An old epoch key has been replaced and not yet been let go of everywhere.".to_owned(),
                advice: "See that the escrow's place can be written, then restart.",
                at: None,
                filled_percent: None,
            });
        }
        lines.extend(self.certificate_line());
        lines.push(self.reserve_line());
        lines.sort_by_key(|line| std::cmp::Reverse(line.verdict));
        Ok(lines)
    }

    /// What waits for the ledger, and whether there is anything for it to wait in.
    fn reserve_line(&self) -> HealthLine {
        let standing = self.standby().standing();
        let (verdict, sentence, advice) = if !standing.there {
            let advice = "Make room on the disk and restart: without it nobody signs in while the ledger cannot write.";
            (Verdict::Late, "There is none.".to_owned(), advice)
        } else if standing.sessions + standing.alerts > 0 {
            let sentence =
                format!("{} sign-ins and {} alerts wait for the ledger.", standing.sessions, standing.alerts);
            (Verdict::Bad, sentence, "The ledger could not write: look at the disk and at who holds the database.")
        } else {
            (Verdict::Good, "Nothing waits for the ledger.".to_owned(), "")
        };
        HealthLine { name: "Reserve", verdict, sentence, advice, at: None, filled_percent: None }
    }

    async fn witness_line(&self) -> Result<HealthLine, CustodyError> {
        let name = "Witness";
        let (now, size) = (self.now(), self.ledger_head().map_or(0, |head| head.size));
        let line = |verdict, sentence: String, advice, at| HealthLine {
            name,
            verdict,
            sentence,
            advice,
            at,
            filled_percent: None,
        };
        if self.settings().witness.is_none() {
            let sentence = "Nobody outside keeps our checkpoints.".to_owned();
            return Ok(line(Verdict::Bad, sentence, "Set a witness: without one a rollback cannot be shown.", None));
        }
        let Some(run) = self.store().witness_last().await? else {
            return Ok(line(
                Verdict::Late,
                "Has not been given a checkpoint yet.".to_owned(),
                "Look again in a minute.",
                None,
            ));
        };
        let late = run.size < size && now.millis_since(run.at) > WITNESS_LATE_HOURS * HOUR_MILLIS;
        let verdict = match (run.ok, late) {
            (false, _) => Verdict::Bad,
            (true, true) => Verdict::Late,
            (true, false) => Verdict::Good,
        };
        let what = if run.ok { "kept" } else { "not taken" };
        let sentence = format!("Checkpoint at {} entries {what} {}.", run.size, ago(now, run.at));
        let advice =
            if verdict == Verdict::Good { "" } else { "See that the witness can be reached and takes checkpoints." };
        Ok(line(verdict, sentence, advice, Some(run.at)))
    }

    async fn health_now(&self, witnessed: Option<Witnessed>) -> Result<Health, CustodyError> {
        let alerts = self.store().alert_list().await?;
        Ok(Health {
            lines: self.health_lines().await?,
            version: env!("CARGO_PKG_VERSION"),
            ledger_entries: self.ledger_head().map_or(0, |head| head.size),
            database_bytes: self.store().database_bytes(),
            alerts_open: alerts.iter().filter(|alert| alert.closed_at.is_none()).count() as u64,
            witnessed,
        })
    }

    /// How the house is, for the command line.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn health(&self) -> Result<Health, CustodyError> {
        let granted = self.ask_job::<act::HealthShow>(Question::house(Purpose::Administration)).await?;
        self.health_now(Some(granted.witnessed())).await
    }

    /// Why the gate stays shut until the doors were walked and an officer opened it; none when nothing keeps it shut.
    ///
    /// # Errors
    /// When the store cannot: then it is to stay shut.
    pub async fn gate_closed_reason(&self) -> Result<Option<String>, CustodyError> {
        Ok(self.store().meta_fetch(GATE_CLOSED).await?)
    }

    /// Remembers over restarts that a finding closed the gate.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn gate_closed_keep(&self, reason: &str) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("remember why the gate is shut").await?;
        tx.meta_set(GATE_CLOSED, reason).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn gate_closed_forget(&self) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("forget why the gate was shut").await?;
        tx.meta_remove(GATE_CLOSED).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps how the outside probe went.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn probe_keep(&self, ok: bool, sentence: &str) -> Result<(), CustodyError> {
        self.house_check(HouseCheckKind::Probe, ok, sentence).await
    }
}

impl Desk<act::HealthShow> {
    /// How the house is.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn health(&self) -> Result<Health, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        self.custody.health_now(Some(granted.witnessed())).await
    }
}

impl Desk<act::GateReopen> {
    /// An officer's word that the gate may open: the caller opens it, and only when the last probe has passed.
    ///
    /// # Errors
    /// [`CustodyError::State`] when the last probe has not passed.
    pub async fn gate_reopen(&self) -> Result<Witnessed, CustodyError> {
        let granted = self.ask(Question::house(Purpose::Administration)).await?;
        let store = self.custody.store();
        if !store.house_check_last(HouseCheckKind::Probe).await?.is_some_and(|check| check.ok) {
            return Err(CustodyError::State("the last walk around the doors has not passed; the gate stays shut"));
        }
        let mut tx = store.begin("open the gate").await?;
        tx.meta_remove(GATE_CLOSED).await?;
        tx.commit().await?;
        Ok(granted.witnessed())
    }
}
