//! What keeps the house in order: `cargo xtask tidy`, `cargo xtask bench`, `cargo xtask fuzz`, `cargo xtask train`,
//! `cargo xtask env`.
//!
//! What must always hold: `tidy` reads and never writes, needs no network, and runs as a test too;
//! `bench` measures limit, peer and us in turns within one run, so that a busy machine slows all of them.
//!
//! What it refuses to know: the product. It depends on no crate of ours.

#![expect(clippy::print_stdout, reason = "these commands report on stdout")]

mod bench;
mod environment;
mod fuzz;
mod tidy;
mod train;
mod tree;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tidy, benchmarks, test environment")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check arrows between crates, sizes, names, words and licences; exit 1 on a finding
    Tidy {
        /// Say what was checked, and the files that are growing large
        #[arg(long)]
        verbose: bool,
    },
    /// Measure against the limit and a peer, in turns, and write docs/PERFORMANCE.md
    Bench(bench::Options),
    /// Run the fuzz targets, guided by coverage; exit 1 when something broke
    Fuzz(fuzz::Options),
    /// Make the lists and weights of the name finder, or check them
    Train(train::Options),
    /// What the tests need, and whether this machine has it
    Env,
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Tidy { verbose } => tidy::run(verbose),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Train(options) => train::run(&options),
        Command::Env => Ok(environment::run()),
    };
    match outcome {
        Ok(Verdict::Clean) => ExitCode::SUCCESS,
        Ok(Verdict::Found) => ExitCode::from(1),
        Err(error) => {
            println!("xtask could not finish: {error:#}");
            ExitCode::from(4)
        }
    }
}

/// What a check has to say for itself; the exit codes are those of the product's own commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing found: exit code 0.
    Clean,
    /// Something found: exit code 1.
    Found,
}
