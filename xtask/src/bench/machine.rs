//! On what it was measured, in one line, without a name or path of the machine.

use std::path::Path;
use std::process::Command;

/// Processor, cores, memory, file system, kernel, compiler and commit.
pub(super) fn describe(top: &Path, folder: &Path) -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = memory_gib().map_or_else(|| "unknown memory".to_owned(), |gib| format!("{gib} GiB"));
    let system = said(Command::new("uname").args(["-sr"]));
    let disk = said(Command::new("stat").args(["-f", "-c", "%T"]).arg(folder));
    let compiler = said(Command::new("rustc").arg("--version"));
    let commit = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(top));
    let day = said(Command::new("date").args(["-u", "+%Y-%m-%d"]));
    format!("Measured {day} at {commit}: {processor}, {cores} cores, {memory}, {disk}, {system}, {compiler}.")
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// `/proc/meminfo` counts in units of 1,024 bytes, whatever it calls them.
fn memory_gib() -> Option<u64> {
    let total = field("/proc/meminfo", "MemTotal")?;
    let kibibytes: u64 = total.split_whitespace().next()?.parse().ok()?;
    Some((kibibytes + (1 << 19)) >> 20)
}

fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
