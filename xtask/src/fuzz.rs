//! `cargo xtask fuzz`: long, coverage-guided runs over our own parsers, with libFuzzer on the ordinary toolchain.
//!
//! The instrumentation is asked of the compiler by flags that the stable toolchain takes; our code holds no `unsafe`,
//! so no sanitizer is needed beside it. What a run finds new stays out of the repository, in the target folder; an input
//! that broke something is named at the end and belongs into the corpus, with a name that says what it is.

use crate::Verdict;
use crate::tree::top;
use anyhow::Context as _;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What libFuzzer needs of the compiler: counters at each edge, and what was compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Targets that are built quickly.
const PARSERS: &[&str] = &[
    "leaf",
    "bundle",
    "note",
    "receipt",
    "tile_path",
    "export",
    "id",
    "day",
    "entry",
    "sniff",
    "rtf",
    "pdf",
    "docx",
    "table",
    "header",
    "template",
    "hl7",
];
/// Readers of files and whatever is looked for in them; their seeds lie beside the crate.
const FILES: &[&str] = &[
    "read_plain",
    "read_delimited",
    "read_xlsx",
    "read_json",
    "read_fhir",
    "read_hl7",
    "read_xml",
    "read_html",
    "read_docx",
    "read_rtf",
    "read_pdf",
    "read_mail",
    "read_sql",
    "read_packed",
    "read_dicom",
    "deidentify",
    "find",
    "manifest",
    "heading",
    "kinds",
    "resolve",
];
/// Targets that need the store and the door.
const DOOR: &[&str] =
    &["wrapped_key", "key_name", "root_key", "reserve", "cookie", "host", "address", "landing", "public_url"];

#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 600, value_name = "N")]
    seconds: u32,
    /// Which ones; all, if none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// What a run of one target came to.
struct Run {
    target: String,
    executions: String,
    edges: String,
    broke: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Verdict> {
    let known: Vec<&str> = PARSERS.iter().chain(FILES).chain(DOOR).copied().collect();
    if let Some(unknown) = options.targets.iter().find(|name| !known.contains(&name.as_str())) {
        anyhow::bail!("there is no target {unknown}; there are {}", known.join(", "));
    }
    let chosen: Vec<String> = if options.targets.is_empty() {
        known.iter().map(|name| (*name).to_owned()).collect()
    } else {
        options.targets.clone()
    };
    let top = top()?;
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), PathBuf::from).join("fuzz");
    let program = build(&top, &folder, chosen.iter().any(|name| DOOR.contains(&name.as_str())))?;
    let mut runs = Vec::new();
    for target in &chosen {
        runs.push(fuzz(&top, &folder, &program, target, options.seconds)?);
    }
    println!("{:<16} {:>12} {:>8}  outcome", "target", "executions", "edges");
    for run in &runs {
        let outcome = if run.broke { "BROKE" } else { "nothing found" };
        println!("{:<16} {:>12} {:>8}  {outcome}", run.target, run.executions, run.edges);
    }
    Ok(if runs.iter().any(|run| run.broke) { Verdict::Found } else { Verdict::Clean })
}

fn build(top: &Path, folder: &Path, with_door: bool) -> anyhow::Result<PathBuf> {
    let host = host()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // A target of its own, named: the flags then do not touch build scripts.
    cargo.args(["build", "--release", "--target", &host, "--manifest-path"]).arg(top.join("fuzz/Cargo.toml"));
    if with_door {
        cargo.args(["--features", "door"]);
    }
    let built = cargo.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", folder).status().context("running cargo")?;
    anyhow::ensure!(built.success(), "the fuzz targets could not be built; a C++ compiler is needed (Debian: g++)");
    Ok(folder.join(host).join("release/fuzz"))
}

fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("running rustc")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names its host")?;
    Ok(host.to_owned())
}

/// Where the seeds of a target lie.
fn seeds(top: &Path, target: &str) -> PathBuf {
    let identify = top.join("crates/identify/tests/corpus");
    match target {
        "docx" => identify.join("xml"),
        "read_pdf" => identify.join("pdf"),
        _ if FILES.contains(&target) => identify.join(target),
        "sniff" | "rtf" | "pdf" | "table" | "header" | "template" | "hl7" => identify.join(target),
        _ => top.join("fuzz/corpus").join(target),
    }
}

fn fuzz(top: &Path, folder: &Path, program: &Path, target: &str, seconds: u32) -> anyhow::Result<Run> {
    let (found, broken) = (folder.join("found").join(target), folder.join("broken").join(target));
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&broken)?;
    println!("{target}: {seconds} s");
    let mut command = Command::new(program);
    command.env("STRONGROOM_FUZZ_TARGET", target);
    command.arg(&found).arg(seeds(top, target)).arg(format!("-artifact_prefix={}/", broken.display()));
    command.arg(format!("-max_total_time={seconds}"));
    command.args(["-max_len=65536", "-rss_limit_mb=1024", "-timeout=20", "-print_final_stats=1", "-verbosity=1"]);
    let output = command.output().with_context(|| format!("running {target}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        let tail: Vec<&str> = said.lines().rev().take(25).collect();
        println!("{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        println!("what broke it lies in {}", broken.display());
    }
    let after = |mark: &str| said.lines().rev().find_map(|line| line.split_once(mark).map(|(_, rest)| rest.trim()));
    let executions = after("stat::number_of_executed_units:").unwrap_or("?").to_owned();
    let edges = after(" cov: ").and_then(|rest| rest.split_whitespace().next()).unwrap_or("?").to_owned();
    Ok(Run { target: target.to_owned(), executions, edges, broke: !output.status.success() })
}
