//! The commands: each parses, calls custody, reports.

mod carry;
mod deidentify;
mod demo;
mod files;
pub(crate) mod house;
mod incident;
mod init;
mod leaving;
mod orders;
mod scan;
mod serve;
mod standin;

pub(crate) use init::write_private;

use crate::cli::{Cli, Command, ConfigCommand};
use crate::config::Config;
use crate::outcome::{say, say_json};
use clap::CommandFactory as _;
use std::future::Future;
use std::path::Path;

/// Runs one command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Init(args) => block_on(init::run(args)),
        Command::Serve(args) => block_on(serve::run(args)),
        Command::Customer(args) => block_on(orders::customer(args)),
        Command::Person(args) => block_on(orders::person(args)),
        Command::Program(args) => block_on(orders::program(args)),
        Command::Key(args) => block_on(orders::key(args)),
        Command::Import(args) => block_on(orders::import(args)),
        Command::Scan(args) => scan::scan(&args),
        Command::Deidentify(args) => deidentify::deidentify(&args),
        Command::Standin(args) => standin::standin(&args),
        Command::Incident(args) => incident::incident(&args),
        Command::Gate(args) => block_on(orders::gate(args)),
        Command::Ledger(args) => block_on(house::ledger(args)),
        Command::Backup(args) => block_on(house::backup(args)),
        Command::Restore(args) => block_on(house::restore(args)),
        Command::Migrate(args) => block_on(house::migrate(args)),
        Command::Ready(at) => block_on(serve::ready(at)),
        Command::Doctor(at) => block_on(house::doctor(at)),
        Command::Config(ConfigCommand::Check { file }) => {
            let config = Config::read(&file)?;
            if let Some(place) = config.bucket()? {
                // What a bucket does cannot be read from a file.
                block_on(async move {
                    house::told_checks(&custody::doctor_bucket(&place, &record::SystemEntropy).await, false)
                })?;
            }
            say("The configuration is in order.")
        }
        Command::Version { json } => version(json),
        Command::Man { out } => man(&out),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "strongroom", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// Of each worker, four times what threads have by default; only what is touched takes memory.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    // Policy's engine refuses to decide where little of the stack is left, which shuts the door and is nobody's fault.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.thread_stack_size(STACK_BYTES).enable_all().build()?.block_on(work)
}

fn version(json: bool) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        let module = crate::module::words();
        say_json(&serde_json::json!({
            "name": "strongroom", "version": version, "module": module, "fips": crate::module::is_fips(),
        }))
    } else {
        say(&format!("strongroom {version}\n{}", crate::module::words()))
    }
}

/// One page for each command.
fn man(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    clap_mangen::generate_to(Cli::command(), out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_in_order() {
        Cli::command().debug_assert();
    }

    fn leaves(command: &clap::Command, found: &mut Vec<clap::Command>) {
        if command.has_subcommands() {
            command.get_subcommands().filter(|one| !one.is_hide_set()).for_each(|one| leaves(one, found));
        } else {
            found.push(command.clone());
        }
    }

    #[test]
    fn every_command_says_in_its_help_how_it_is_used() {
        let mut found = Vec::new();
        leaves(&Cli::command(), &mut found);
        assert!(found.len() >= 30, "{} commands", found.len());
        for one in found {
            let help = one.get_after_help().map(ToString::to_string).unwrap_or_default();
            let name = one.get_name();
            assert!(help.contains("Example:") && help.contains("strongroom "), "{name} has no example");
            assert!(one.get_about().is_some(), "{name} says not what it does");
        }
    }
}
