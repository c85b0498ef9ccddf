//! `cargo xtask train`: makes the lists and weights of the name finder, or checks that they are what training makes.
//!
//! What must always hold: with `--check` nothing is written; the work is done by the product's own code, in an example of
//! `strongroom-identify`, so that this crate depends on none of ours.
//!
//! What it refuses to know: how anything is learnt.

use crate::{Verdict, tree};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// Write nothing; exit 1 when the committed files are not what training makes
    #[arg(long)]
    check: bool,
}

/// Trains, or checks. The lists that names are drawn from are found by `STRONGROOM_SHARED`, else beside the checkout.
pub(crate) fn run(options: &Options) -> Result<Verdict> {
    let mut command = Command::new("cargo");
    command.current_dir(tree::top()?).args(["run", "--release", "--quiet", "-p", "strongroom-identify"]);
    command.args(["--example", "names_train"]);
    if options.check {
        command.args(["--", "--check"]);
    }
    let status = command.status().context("running the example names_train")?;
    match status.code() {
        Some(0) => Ok(Verdict::Clean),
        Some(1) => Ok(Verdict::Found),
        _ => bail!("training did not finish: {status}"),
    }
}
