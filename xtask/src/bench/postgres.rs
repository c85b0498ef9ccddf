//! A PostgreSQL of the benchmark's own: durable as a real one is, in a folder on the disk that is measured, on a socket and no
//! port. Its programs refuse root, so as root it runs as the user whom its package made.

use super::served::said;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What differs from a server as it is installed, and why: as much memory as a server of this size is given, and a log that is
/// long enough not to be written twice while data is laid down.
const SETTINGS: &[&str] = &[
    "listen_addresses=''",
    "shared_buffers=2GB",
    "effective_cache_size=8GB",
    "random_page_cost=1.1",
    "max_wal_size=8GB",
    "max_connections=200",
];

/// It runs until this goes; what it keeps stays.
pub(super) struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    /// Where its socket is, with a short name: a socket's has at most 107 letters.
    pub(super) socket: PathBuf,
}

fn programs() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().context("PostgreSQL is not installed here (Debian package postgresql)")
}

/// A program as the user who may run it.
fn as_its_user(program: &Path) -> Result<Command> {
    if said(Command::new("id").arg("-u"), "coreutils")?.trim() != "0" {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    Ok(command)
}

/// A folder that this user may write.
fn folder_of_its_user(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).context("making a folder for PostgreSQL")?;
    if said(Command::new("id").arg("-u"), "coreutils")?.trim() == "0" {
        said(Command::new("chown").arg("postgres").arg(folder), "coreutils")?;
    }
    let entered = as_its_user(Path::new("test"))?.arg("-w").arg(folder).stdin(Stdio::null()).status();
    let why = "PostgreSQL's user may not enter this folder, because of one above it; name another one by --dir";
    anyhow::ensure!(entered.context("trying a folder")?.success(), "{}: {why}", folder.display());
    Ok(())
}

impl Postgres {
    /// Starts the one that keeps its data in this folder, which is made when it is not there.
    pub(super) fn start(data: &Path) -> Result<Self> {
        let programs = programs()?;
        let socket = PathBuf::from(said(Command::new("mktemp").arg("-d").env_remove("TMPDIR"), "coreutils")?.trim());
        folder_of_its_user(&socket)?;
        if !data.join("PG_VERSION").exists() {
            folder_of_its_user(data)?;
            let mut initdb = as_its_user(&programs.join("initdb"))?;
            initdb.arg("-D").arg(data).args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
            said(&mut initdb, "postgresql")?;
        }
        let mut options = format!("-k {}", socket.display());
        for setting in SETTINGS {
            options.push_str(&format!(" -c {setting}"));
        }
        let mut start = as_its_user(&programs.join("pg_ctl"))?;
        start.arg("-D").arg(data).args(["-w", "-s", "-t", "120", "-l"]).arg(socket.join("log"));
        start.args(["-o", &options, "start"]).stdin(Stdio::null()).stdout(Stdio::null());
        anyhow::ensure!(start.status().context("starting PostgreSQL")?.success(), "PostgreSQL did not start");
        Ok(Self { programs, data: data.to_owned(), socket })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nothing more can be done about a server that will not stop.
        if let Ok(mut stop) = as_its_user(&self.programs.join("pg_ctl")) {
            let _ = stop.arg("-D").arg(&self.data).args(["-m", "fast", "-s", "stop"]).stdin(Stdio::null()).status();
        }
        let _ = std::fs::remove_dir_all(&self.socket);
    }
}
