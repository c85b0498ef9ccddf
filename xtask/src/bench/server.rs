//! What is measured upon a database on a server: the same search as on the embedded engine, what row-level security costs, what
//! several nodes bear, and what they bear for a long time under faults. The server is the benchmark's own ([`super::postgres`]), on the
//! same machine and the same processor.

use super::Section;
use super::postgres::Postgres;
use super::program::{DATA, SEARCH, bench, read};
use super::served::{Folder, release_binary};
use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where the benchmarks and the tests look for a server.
pub(super) const SERVER: &str = "STRONGROOM_TEST_POSTGRES";

/// Both, over the same data. What `STRONGROOM_BENCH_DATA` names is kept, with the server's own folder beside it.
pub(super) fn measure(top: &Path, folder: &Path, rounds: u32) -> Result<Vec<Section>> {
    let kept = std::env::var_os(DATA).map(PathBuf::from);
    let data = kept.clone().unwrap_or_else(|| folder.join(format!("bench_server_{}", std::process::id())));
    let server = Postgres::start(&beside(&data))?;
    let run = |name: &str| {
        let more = [(DATA, data.as_os_str()), (SERVER, server.socket.as_os_str())];
        bench(top, folder, rounds, name, &more)
    };
    let measured = run("city").and_then(|_| Ok((run(SEARCH.bench)?, run("walls")?)));
    drop(server);
    if kept.is_none() {
        for folder in [data.clone(), beside(&data)].iter().filter(|folder| folder.exists()) {
            std::fs::remove_dir_all(folder).context("removing the data that was measured")?;
        }
    }
    let (searched, walls) = measured?;
    let section = |name, heading, said: &str| {
        let body = read(said);
        ensure!(!body.trim().is_empty(), "the benchmark {name} said nothing");
        Ok(Section { name, heading, body })
    };
    Ok(vec![
        section("search-server", "The same search on PostgreSQL", &searched)?,
        section("walls", "What row-level security costs", &walls)?,
    ])
}

/// How long a siege lasts, and how many requests a second are made meanwhile.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Siege {
    /// How many minutes
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// Requests a second
    #[arg(long, default_value_t = 100)]
    rate: u32,
}

/// Nodes of the released binary over a server of their own.
fn nodes_bench(top: &Path, folder: &Path, rounds: u32, name: &str, more: &[(&str, &str)]) -> Result<String> {
    let binary = release_binary(top)?;
    let folder = Folder::new(folder, name)?;
    let server = Postgres::start(&beside(&folder.0))?;
    let mut all = vec![(SERVER, server.socket.as_os_str()), ("STRONGROOM", binary.as_os_str())];
    all.extend(more.iter().map(|(name, value)| (*name, OsStr::new(*value))));
    let said = bench(top, &folder.0, rounds, name, &all);
    drop(server);
    std::fs::remove_dir_all(beside(&folder.0)).context("removing the database")?;
    said
}

/// The server's user may not enter the folder itself.
fn beside(folder: &Path) -> PathBuf {
    folder.with_extension("postgres")
}

/// One, two and three nodes.
pub(super) fn nodes(top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
    let body = read(&nodes_bench(top, folder, rounds, "nodes", &[])?);
    Ok(Section { name: "nodes", heading: "One, two and three nodes on one machine", body })
}

/// Three nodes at a steady rate, under faults.
pub(super) fn siege(top: &Path, folder: &Path, siege: Siege) -> Result<Section> {
    let (minutes, rate) = (siege.minutes.to_string(), siege.rate.to_string());
    let more = [("STRONGROOM_SIEGE_MINUTES", minutes.as_str()), ("STRONGROOM_SIEGE_RATE", rate.as_str())];
    let body = read(&nodes_bench(top, folder, 1, "siege", &more)?);
    Ok(Section { name: "siege", heading: "Three nodes under load and faults, for a long time", body })
}
