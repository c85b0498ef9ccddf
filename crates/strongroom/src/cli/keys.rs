//! The command line of keys that are recovered.

use super::At;
use clap::Args;
use std::path::PathBuf;

/// Keys from their escrow.
#[derive(Debug, Args)]
pub(crate) struct KeyRecover {
    #[command(flatten)]
    pub(crate) at: At,
    /// The escrow of epoch keys, the newest one.
    #[arg(long, value_name = "FILE")]
    pub(crate) epoch_escrow: PathBuf,
}
