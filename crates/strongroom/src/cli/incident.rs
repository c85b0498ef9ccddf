//! What `incident` can be told.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A breach, or what may be one.
#[derive(Debug, Args)]
pub(crate) struct IncidentArgs {
    #[command(subcommand)]
    pub(crate) command: IncidentCommand,
}

/// What is done about it.
#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// Who must be told what by when, from a file of facts: offline, without a server.
    #[command(
        after_help = "Example:\n  strongroom incident obligations --example > facts.toml\n  strongroom incident obligations facts.toml\n  strongroom incident obligations facts.toml --changed-since facts-monday.toml\n  strongroom incident obligations facts.toml --calendar deadlines.ics --json\n\nFacts hold numbers and days, and nobody's name but the customers'. This is decision support and not legal advice: no rule has been\nreviewed by counsel. What facts contradict or leave open is said first."
    )]
    Obligations(ObligationsArgs),
}

/// From facts to obligations.
#[derive(Debug, Args)]
pub(crate) struct ObligationsArgs {
    /// A TOML file: discovery, customers, how many of their people live where.
    #[arg(value_name = "FACTS", required_unless_present = "example")]
    pub(crate) facts: Option<PathBuf>,
    /// What changed since an earlier file of facts.
    #[arg(long, value_name = "FACTS")]
    pub(crate) changed_since: Option<PathBuf>,
    /// Also what is not reached, does not bind, or is no law yet.
    #[arg(long)]
    pub(crate) all: bool,
    /// Writes the deadlines as a calendar, RFC 5545. A file that is not there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) calendar: Option<PathBuf>,
    /// Prints a file of facts to begin with.
    #[arg(long, exclusive = true)]
    pub(crate) example: bool,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}
