//! `cargo xtask bench`: what this machine can do at most, what a peer does, and what we do, side by side.
//!
//! What must always hold: the sides of one row are measured in turns within one run (limit, peer, we, limit,
//! peer, we, …), and what is reported is the median of each side and of the ratio within a round, so that
//! whatever else the machine is doing slows all of them. Numbers are written to `docs/PERFORMANCE.md` between
//! markers; what stands outside the markers is left alone.
//!
//! What it refuses to know: whether a number is good enough. The targets stand in the document.

mod disk;
mod identify;
mod import;
mod machine;
mod opens;
mod postgres;
mod program;
mod report;
mod rounds;
mod seal;
mod served;
mod server;
mod upload;

use crate::{Verdict, tree};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
    /// Print the tables and leave docs/PERFORMANCE.md as it is
    #[arg(long, global = true)]
    no_write: bool,
    /// How many turns each side gets; the median counts
    #[arg(long, global = true, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// The folder on whose disk to write; by default the target folder's
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Sealing and opening in memory, against AES-256-GCM alone
    Vault,
    /// What the disk allows: durable writes a second, sequential writing
    Disk,
    /// Receipts by 1, 8 and 64 clients, against the same engine without tree and signature
    Receipts,
    /// Search over a million documents, with policy, receipt and decryption; takes minutes
    Search,
    /// The same search on PostgreSQL, and what row-level security costs there; takes half an hour
    Server,
    /// One, two and three nodes over one PostgreSQL and a bucket: requests a second, and whose processor time they take
    Nodes,
    /// Three nodes at a steady rate while they are killed, stopped, cut off and slowed down; fails when anything is lost or shown
    Siege(server::Siege),
    /// Opens of a transcript over TLS, against receipts and against nginx; needs wrk, nginx, openssl and curl
    Opens,
    /// Uploads of half a gigabyte, and of four: how fast, and how much memory
    Upload,
    /// A share of small files by `strongroom import`, against the disk and restic
    Import,
    /// Processor time of sealing a gigabyte, against age, borg and restic
    Seal,
    /// Processor time of finding PHI in made-up notes, against Hyperscan, ripgrep and others that bin/bench-peers installs
    Identify(identify::Options),
    /// Everything there is, but for server, nodes, siege and identify
    All,
}

/// One benchmark: a name for its markers, a heading, and what it measured as Markdown.
struct Section {
    name: &'static str,
    heading: &'static str,
    body: String,
}

/// Runs what was asked for and writes the tables.
pub(crate) fn run(options: &Options) -> Result<Verdict> {
    let top = tree::top()?;
    let folder = options.dir.clone().unwrap_or_else(|| target_folder(&top));
    std::fs::create_dir_all(&folder).context("making the folder to measure in")?;
    let run = |program: &program::Program| program.measure(&top, &folder, options.rounds);
    let sections = match options.what {
        What::Vault => vec![run(&program::VAULT)?],
        What::Disk => vec![disk::measure(&folder, options.rounds)?],
        What::Receipts => vec![run(&program::RECEIPTS)?],
        What::Search => vec![run(&program::SEARCH)?],
        What::Server => server::measure(&top, &folder, options.rounds)?,
        What::Nodes => vec![server::nodes(&top, &folder, options.rounds)?],
        What::Siege(siege) => vec![server::siege(&top, &folder, siege)?],
        What::Opens => vec![opens::measure(&top, &folder, options.rounds)?],
        What::Upload => vec![upload::measure(&top, &folder, options.rounds)?],
        What::Import => vec![import::measure(&top, &folder, options.rounds)?],
        What::Seal => vec![seal::measure(&top, &folder, options.rounds)?],
        What::Identify(more) => vec![identify::measure(&top, &folder, options.rounds, more)?],
        What::All => vec![
            run(&program::VAULT)?,
            disk::measure(&folder, options.rounds)?,
            run(&program::RECEIPTS)?,
            run(&program::SEARCH)?,
            opens::measure(&top, &folder, options.rounds)?,
            upload::measure(&top, &folder, options.rounds)?,
            import::measure(&top, &folder, options.rounds)?,
            seal::measure(&top, &folder, options.rounds)?,
        ],
    };
    let machine = machine::describe(&top, &folder);
    for section in &sections {
        println!("## {}\n\n{}\n\n{machine}\n", section.heading, section.body.trim_end());
    }
    if options.no_write {
        return Ok(Verdict::Clean);
    }
    let page = top.join("docs/PERFORMANCE.md");
    let mut text = std::fs::read_to_string(&page).unwrap_or_else(|_| report::EMPTY_PAGE.to_owned());
    for section in &sections {
        text = report::replace(&text, section, &machine);
    }
    std::fs::write(&page, text).context("writing docs/PERFORMANCE.md")?;
    println!("written to docs/PERFORMANCE.md");
    Ok(Verdict::Clean)
}

fn target_folder(top: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from)
}
