//! What the operator decides, once, in the configuration. Safe as it stands.

use std::path::PathBuf;
use url::Url;

/// Hours an invitation lives.
pub const INVITATION_HOURS: i64 = 72;
/// Minutes without a touch after which a session ends.
pub const IDLE_MINUTES: i64 = 15;
/// Hours after which a session ends in any case.
pub const SESSION_HOURS: i64 = 12;
/// Minutes within which a delivery nobody has read can be taken back.
pub const UNDO_MINUTES: i64 = 10;

/// Where checkpoints go, so that somebody outside can show a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessSink {
    /// A command that reads the signed checkpoint on its standard input and exits 0 once it is kept.
    Command(Vec<String>),
    /// A file on another volume, appended to.
    Append(PathBuf),
}

/// A backup that the server makes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlan {
    /// The folder that only ever grows.
    pub to: PathBuf,
    /// Where the escrow of epoch keys lies; none where it was last.
    pub epoch_escrow: Option<PathBuf>,
    /// Hours from one to the next, at least one.
    pub every_hours: u32,
}

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The operator's own name, on every screen.
    pub operator: String,
    /// The address people type. Its host is the passkeys' origin.
    pub public_url: Url,
    /// Whom a closed door names.
    pub telephone: String,
    /// Whom strangers tell of a hole: a `mailto:`, `https:` or `tel:` address; none, and there is no security.txt.
    pub security_contact: Option<String>,
    /// The zone in which times are shown and days begin, as in the time zone database.
    pub time_zone: String,
    /// The largest file, in bytes.
    pub file_bytes_max: u64,
    /// The most that one customer may hold, in bytes of plaintext.
    pub customer_bytes_max: u64,
    /// Documents one person may open in an hour before being asked to call.
    pub opens_per_hour_max: u64,
    /// A malware scanner that reads the file on standard input and exits 0 when it is clean. When set and failing, nothing comes in.
    pub scan_command: Option<Vec<String>>,
    /// Is told each alert's sentence on its standard input.
    pub alert_command: Option<Vec<String>>,
    /// Where checkpoints go.
    pub witness: Option<WitnessSink>,
    /// The lines for a log collector that the server keeps up by itself.
    pub feed: Option<crate::FeedPlan>,
    /// The backup that the server makes by itself; none when it is made by hand or by a timer.
    pub backup: Option<BackupPlan>,
    /// Where the root key's file lies, for `doctor`; none with a passphrase.
    pub root_key_file: Option<PathBuf>,
    /// A file with the passphrase, if the root key comes from one.
    pub passphrase_file: Option<PathBuf>,
    /// The keyholder outside that has the root key wrapped, if one has; for the ledger and `doctor`.
    pub keyholder: Option<String>,
    /// Days after an agreement's end in which nobody's keys are destroyed: the records may still be asked back.
    pub retention_days: u32,
    /// Days after a leaving practice has confirmed its export in which nobody's keys are destroyed.
    pub leaving_hold_days: u32,
    /// Everything in it is made up, and the root key may lie beside the data.
    pub demo: bool,
}

impl Settings {
    /// Settings as they are when nothing else is said.
    #[must_use]
    pub fn new(operator: &str, public_url: Url) -> Self {
        Self {
            operator: operator.to_owned(),
            public_url,
            telephone: String::new(),
            security_contact: None,
            time_zone: "America/New_York".to_owned(),
            file_bytes_max: 4 * 1024 * 1024 * 1024,
            customer_bytes_max: 1024 * 1024 * 1024 * 1024,
            opens_per_hour_max: 600,
            scan_command: None,
            alert_command: None,
            witness: None,
            feed: None,
            backup: None,
            root_key_file: None,
            passphrase_file: None,
            keyholder: None,
            retention_days: 30,
            leaving_hold_days: 30,
            demo: false,
        }
    }

    /// The day it is in the operator's zone, `YYYY-MM-DD`.
    #[must_use]
    pub fn day_of(&self, at: record::Timestamp) -> String {
        self.zoned(at).map_or_else(|| "0000-00-00".to_owned(), |zoned| zoned.date().to_string())
    }

    /// A time as people read it in the operator's zone: `2026-11-21 14:03 EST`.
    #[must_use]
    pub fn time_of(&self, at: record::Timestamp) -> String {
        self.zoned(at).map_or_else(|| at.to_string(), |zoned| zoned.strftime("%Y-%m-%d %H:%M %Z").to_string())
    }

    fn zoned(&self, at: record::Timestamp) -> Option<jiff::Zoned> {
        let instant = jiff::Timestamp::from_millisecond(at.unix_millis()).ok()?;
        instant.in_tz(&self.time_zone).ok()
    }
}

/// The calendar year in UTC, for audit keys.
#[must_use]
pub(crate) fn year_of(at: record::Timestamp) -> i16 {
    jiff::Timestamp::from_millisecond(at.unix_millis())
        .map_or(0, |instant| instant.to_zoned(jiff::tz::TimeZone::UTC).year())
}
