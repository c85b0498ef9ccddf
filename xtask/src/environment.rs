//! `cargo xtask env`: what the tests and benchmarks need, and whether this machine has it.

use crate::Verdict;
use std::process::Command;

/// How much depends on a tool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing is built or tested without it.
    Build,
    /// The browser tests need it.
    Browser,
    /// Makes something quicker, or one optional check possible.
    Optional,
}

struct Tool {
    /// Any of these will do; the first found is used.
    programs: &'static [&'static str],
    need: Need,
    why: &'static str,
    /// How to get it on Debian; empty when it is no system package.
    debian: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { programs: &["cargo"], need: Need::Build, why: "builds everything", debian: "" },
    Tool {
        programs: &["rustfmt"],
        need: Need::Build,
        why: "layout of the code (rustup component add rustfmt)",
        debian: "",
    },
    Tool { programs: &["cargo-clippy"], need: Need::Build, why: "lints (rustup component add clippy)", debian: "" },
    Tool {
        programs: &["cc", "gcc", "clang"],
        need: Need::Build,
        why: "compiles AWS-LC and SQLite",
        debian: "gcc libc6-dev",
    },
    Tool { programs: &["g++", "c++", "clang++"], need: Need::Build, why: "compiles parts of AWS-LC", debian: "g++" },
    Tool { programs: &["make"], need: Need::Build, why: "build scripts of C libraries", debian: "make" },
    Tool { programs: &["pkg-config"], need: Need::Build, why: "finds C libraries", debian: "pkg-config" },
    Tool { programs: &["perl"], need: Need::Build, why: "build scripts of C libraries", debian: "perl" },
    Tool { programs: &["sqlite3"], need: Need::Build, why: "a second connection, in tests", debian: "sqlite3" },
    Tool {
        programs: &["strace"],
        need: Need::Build,
        why: "kills the program at its steps, in tests",
        debian: "strace",
    },
    Tool { programs: &["pebble"], need: Need::Build, why: "an authority for certificates, in tests", debian: "pebble" },
    Tool {
        programs: &["node"],
        need: Need::Browser,
        why: "runs the browser tests (version 18 or later)",
        debian: "nodejs",
    },
    Tool {
        programs: &["npm"],
        need: Need::Browser,
        why: "fetches playwright-core and axe-core by their lock file",
        debian: "npm",
    },
    Tool {
        programs: &["chromium", "chromium-browser", "google-chrome"],
        need: Need::Browser,
        why: "the real browser",
        debian: "chromium",
    },
    Tool { programs: &["cargo-nextest"], need: Need::Optional, why: "runs tests side by side", debian: "" },
    Tool {
        programs: &["cargo-deny"],
        need: Need::Optional,
        why: "advisories; tidy checks licences and bans without it",
        debian: "",
    },
    Tool { programs: &["cmake", "go"], need: Need::Optional, why: "the FIPS build", debian: "cmake golang-go" },
    Tool {
        programs: &["nginx"],
        need: Need::Optional,
        why: "static files beside ours in the opens benchmark",
        debian: "nginx-light",
    },
    Tool { programs: &["age"], need: Need::Optional, why: "peer in the sealing benchmark", debian: "age" },
    Tool { programs: &["borg"], need: Need::Optional, why: "peer in the sealing benchmark", debian: "borgbackup" },
    Tool { programs: &["restic"], need: Need::Optional, why: "peer in the sealing benchmark", debian: "restic" },
    Tool { programs: &["nmap"], need: Need::Optional, why: "a stranger's tool against the demo", debian: "nmap" },
    Tool {
        programs: &["sslyze", "testssl"],
        need: Need::Optional,
        why: "a stranger's tool against the demo",
        debian: "testssl.sh",
    },
];

/// Prints a line for each tool; something needed and missing is a finding.
pub(crate) fn run() -> Verdict {
    let mut missing = Vec::new();
    for tool in TOOLS {
        let found = tool.programs.iter().find_map(|program| version(program).map(|said| (program, said)));
        match found {
            Some((program, said)) => println!("  have    {program:<14} {said}"),
            None if tool.need == Need::Optional => println!("  without {:<14} {}", tool.programs[0], tool.why),
            None => {
                println!("  MISSING {:<14} {}", tool.programs[0], tool.why);
                missing.push(tool);
            }
        }
    }
    if missing.is_empty() {
        println!("everything that bin/test needs is here");
        return Verdict::Clean;
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.debian).filter(|name| !name.is_empty()).collect();
    if !packages.is_empty() {
        println!("on Debian: apt-get install --no-install-recommends {}", packages.join(" "));
    }
    if missing.iter().all(|tool| tool.need == Need::Browser) {
        println!("bin/test --fast runs without a browser");
    }
    Verdict::Found
}

/// The first words that a program says about its version; `None` when there is no such program.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    let said = String::from_utf8_lossy(&said);
    Some(said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_program_that_is_not_there_has_no_version() {
        assert!(version("strongroom-no-such-program").is_none());
        assert!(version("cargo").is_some_and(|said| said.starts_with("cargo")));
    }
}
