//! The binary: command line, configuration, composition.
//!
//! What must always hold: exit codes are those of docs/COMMANDS (0 done, 1 a check found something, 2 wrong use,
//! 3 refused by policy, 4 the system could not); one clear sentence on standard error; no PHI anywhere but in
//! the portal's own answers; core dumps are off before a key is in memory.

mod acme;
mod admin;
mod cli;
mod commands;
mod config;
mod keyholder;
mod module;
mod outcome;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    start_telling(&cli);
    quiet_panics();
    no_core_dumps();
    match module::check().map_err(anyhow::Error::from).and_then(|()| commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            outcome::tell(&error);
            ExitCode::from(outcome::code_of(&error))
        }
    }
}

/// Structured lines to standard error.
fn start_telling(cli: &cli::Cli) {
    let filter =
        tracing_subscriber::EnvFilter::try_new(&cli.log).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).with_target(false);
    if cli.log_json {
        lines.json().init();
    } else {
        lines.with_ansi(false).init();
    }
}

/// What a panic says may hold data: only its place is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        tracing::error!(place, "a part of the program stopped");
    }));
}

/// A core dump holds keys and plaintext: there is none. A system that refuses this is told of by `doctor`.
fn no_core_dumps() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    if rustix::process::setrlimit(rustix::process::Resource::Core, none).is_err() {
        tracing::warn!("core dumps could not be switched off");
    }
}
