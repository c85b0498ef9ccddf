//! Facts about this installation, what was checked of it, and counts within windows.

use crate::binds::binds;
use crate::{Store, StoreError, Tx};
use record::Timestamp;

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HouseCheckKind {
    /// The outside probe.
    Probe,
    /// A backup.
    Backup,
    /// A restore into an empty folder, as a drill.
    RestoreDrill,
    /// A restore.
    Restore,
}

impl HouseCheckKind {
    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Backup => "backup",
            Self::RestoreDrill => "restore_drill",
            Self::Restore => "restore",
        }
    }
}

/// One check and how it went.
#[derive(Debug, Clone)]
pub struct HouseCheck {
    /// When.
    pub at: Timestamp,
    /// Did it pass.
    pub ok: bool,
    /// What was found, without PHI.
    pub sentence: String,
}

/// One hand-over to the witness outside.
#[derive(Debug, Clone)]
pub struct WitnessRun {
    /// Tree size.
    pub size: u64,
    /// When.
    pub at: Timestamp,
    /// Did it arrive.
    pub ok: bool,
    /// What was said.
    pub sentence: String,
}

impl Store {
    /// A fact about this installation.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn meta_fetch(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = self.row("fetch a fact", "SELECT value FROM meta WHERE name = $1", binds![name]).await?;
        row.map(|row| row.text("value")).transpose()
    }

    /// How much was counted within a window so far. Counts nothing, and needs no room.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn limit_look(&self, subject: &str, window_at: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count FROM limit_window WHERE subject = $1 AND window_at = $2";
        let row = self.row("look at a count", sql, binds![subject, window_at]).await?;
        row.map_or(Ok(0), |row| row.count("count"))
    }

    /// The newest check of a kind.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn house_check_last(&self, kind: HouseCheckKind) -> Result<Option<HouseCheck>, StoreError> {
        let row = self
            .row(
                "find the last check",
                "SELECT at, ok, sentence FROM house_check WHERE kind = $1 ORDER BY at DESC LIMIT 1",
                binds![kind.as_str()],
            )
            .await?;
        row.map(|row| Ok(HouseCheck { at: row.at("at")?, ok: row.yes("ok")?, sentence: row.text("sentence")? }))
            .transpose()
    }

    /// The newest check of a kind that passed.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn house_check_last_passed(&self, kind: HouseCheckKind) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM house_check WHERE kind = $1 AND ok = $2 ORDER BY at DESC LIMIT 1";
        let row = self.row("find the last check that passed", sql, binds![kind.as_str(), true]).await?;
        row.map(|row| row.at("at")).transpose()
    }

    /// When the witness took a checkpoint last.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn witness_last_taken(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM witness_run WHERE ok = $1 ORDER BY at DESC LIMIT 1";
        let row = self.row("find when the witness took a checkpoint last", sql, binds![true]).await?;
        row.map(|row| row.at("at")).transpose()
    }

    /// The newest hand-over to the witness.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn witness_last(&self) -> Result<Option<WitnessRun>, StoreError> {
        let row = self
            .row(
                "find the last witness run",
                "SELECT size, at, ok, sentence FROM witness_run ORDER BY at DESC LIMIT 1",
                binds![],
            )
            .await?;
        row.map(|row| {
            Ok(WitnessRun {
                size: row.count("size")?,
                at: row.at("at")?,
                ok: row.yes("ok")?,
                sentence: row.text("sentence")?,
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Sets a fact.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn meta_set(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            binds![name, value],
        )
        .await
        .map(|_| ())
    }

    /// Changes a fact that is still as it was; says whether it was.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn meta_change(&mut self, name: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE meta SET value = $3 WHERE name = $1 AND value = $2";
        Ok(self.run(sql, binds![name, from, to]).await? == 1)
    }

    /// Keeps the result of a check.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn house_check_insert(&mut self, kind: HouseCheckKind, check: &HouseCheck) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO house_check (at, kind, ok, sentence) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (at, kind) DO UPDATE SET ok = excluded.ok, sentence = excluded.sentence",
            binds![check.at, kind.as_str(), check.ok, &check.sentence],
        )
        .await
        .map(|_| ())
    }

    /// Keeps the result of a hand-over to the witness.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn witness_insert(&mut self, run: &WitnessRun) -> Result<(), StoreError> {
        let size = i64::try_from(run.size).unwrap_or(i64::MAX);
        self.run(
            "INSERT INTO witness_run (size, at, ok, sentence) VALUES ($1, $2, $3, $4) ON CONFLICT (at, size) DO NOTHING",
            binds![size, run.at, run.ok, &run.sentence],
        )
        .await
        .map(|_| ())
    }

    /// Counts one more within the window; the count so far, this one included.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn limit_count(
        &mut self,
        subject: &str,
        window_at: Timestamp,
        forget_before: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run("DELETE FROM limit_window WHERE window_at < $1", binds![forget_before]).await?;
        let row = self
            .row(
                "INSERT INTO limit_window (subject, window_at, count) VALUES ($1, $2, 1) \
                 ON CONFLICT (subject, window_at) DO UPDATE SET count = limit_window.count + 1 RETURNING count",
                binds![subject, window_at],
            )
            .await?;
        row.map_or(Ok(0), |row| row.count("count"))
    }
}
