//! Who is measured, how each is started, and what it says of its work.
//!
//! What must always hold: nobody gets a second thread to work with; a contender that is not installed is told in a sentence that
//! says how to install it; one that is installed and fails, fails the benchmark.
//!
//! What it refuses to know: rounds and tables.

use super::super::seal::{is_installed, seconds};
use super::super::target_folder;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one that all others are held against.
pub(super) const HYPERSCAN: &str = "Hyperscan";

/// One way of searching the notes.
pub(super) struct Contender {
    /// Who, and in which way.
    pub(super) name: &'static str,
    /// What it does, in a few words.
    pub(super) what: &'static str,
    /// It gets the first megabytes only; all when `None`.
    pub(super) megabytes_max: Option<u32>,
    pub(super) given: Given,
    how: How,
    needs: Needs,
}

/// As what it gets the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// One file, `$notes`; whoever works note by note divides it.
    OneFile,
    /// Files in the folder `$notes.d`: it takes a file as one text, and longer than in proportion for a long one.
    FileForEachNote,
}

/// How it is started, in the scratch folder. `$notes` is the file.
enum How {
    /// It measures itself and prints an object: the shell's line.
    Says(&'static str),
    /// The shell measures it; what it prints is counted so.
    Timed(&'static str, fn(&str) -> Option<u64>),
}

/// What has to be there.
enum Needs {
    Nothing,
    /// The program compiled from C.
    Hyperscan,
    /// A program, and the Debian package that brings it.
    Tool(&'static str, &'static str),
    /// A module in the environment of `bin/bench-peers`.
    Module(&'static str),
    /// A program in the folder of `bin/bench-peers`.
    Peer(&'static str),
}

/// In the order of the table, which is that of the turns.
pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "limit",
        what: "each byte looked at once",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("\"$ours\" read \"$notes\""),
        needs: Needs::Nothing,
    },
    Contender {
        name: "we, finder",
        what: "identifiers without names, whole file",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("\"$ours\" finder \"$notes\""),
        needs: Needs::Nothing,
    },
    Contender {
        name: "we, streamed",
        what: "the same, in chunks of 64 KiB",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("\"$ours\" stream \"$notes\""),
        needs: Needs::Nothing,
    },
    Contender {
        name: "we, scan",
        what: "identifiers and names",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("\"$ours\" scan \"$notes\""),
        needs: Needs::Nothing,
    },
    Contender {
        name: "we, de-identified",
        what: "note by note by Safe Harbor, and searched again",
        megabytes_max: Some(20),
        given: Given::OneFile,
        how: How::Says("\"$ours\" deidentify \"$notes\""),
        needs: Needs::Nothing,
    },
    Contender {
        name: HYPERSCAN,
        what: "32 patterns, where matches end",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("./hyperscan \"$patterns\" \"$notes\" ends"),
        needs: Needs::Hyperscan,
    },
    Contender {
        name: "Hyperscan, places",
        what: "32 patterns, where matches begin and end",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Says("./hyperscan \"$patterns\" \"$notes\" places"),
        needs: Needs::Hyperscan,
    },
    Contender {
        name: "ripgrep",
        what: "32 patterns, lines that match",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Timed("rg --no-config --no-unicode --threads 1 --count --file \"$patterns\" \"$notes\"", number),
        needs: Needs::Tool("rg", "ripgrep"),
    },
    // The regex crate is what ripgrep searches with; here it gives each place where a match begins and ends.
    Contender {
        name: "ripgrep, places",
        what: "32 patterns, every match (the regex crate)",
        megabytes_max: None,
        given: Given::OneFile,
        how: How::Timed(
            "rg --no-config --no-unicode --threads 1 --count-matches --file \"$patterns\" \"$notes\"",
            number,
        ),
        needs: Needs::Tool("rg", "ripgrep"),
    },
    Contender {
        name: "Presidio",
        what: "its recognisers, note by note, no model",
        megabytes_max: Some(1),
        given: Given::OneFile,
        how: How::Says("\"$peers/python/bin/python\" \"$scripts/presidio.py\" \"$notes\""),
        needs: Needs::Module("presidio_analyzer"),
    },
    Contender {
        name: "scrubadub",
        what: "its usual detectors, note by note",
        megabytes_max: Some(2),
        given: Given::OneFile,
        how: How::Says("\"$peers/python/bin/python\" \"$scripts/scrubadub.py\" \"$notes\""),
        needs: Needs::Module("scrubadub"),
    },
    Contender {
        name: "redact-cli",
        what: "its patterns, note by note",
        megabytes_max: Some(4),
        given: Given::FileForEachNote,
        how: How::Timed("\"$peers/bin/redact\" --format json analyze --file \"$notes.d\"/*", kinds),
        needs: Needs::Peer("redact"),
    },
];

/// Where everything lies.
pub(super) struct Place {
    scratch: PathBuf,
    ours: PathBuf,
    scripts: PathBuf,
    pub(super) peers: PathBuf,
}

impl Place {
    /// `scratch` is the folder to work in, `ours` the example.
    pub(super) fn new(top: &Path, scratch: &Path, ours: PathBuf) -> Self {
        let peers = target_folder(top).join("bench-peers");
        // Programs are started in the scratch folder. Where nobody has been installed, nobody is found there.
        let peers = peers.canonicalize().unwrap_or(peers);
        Self { scratch: scratch.to_owned(), ours, scripts: top.join("xtask/src/bench/identify"), peers }
    }

    /// What our example says, asked for this in the scratch folder.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.ours);
        let output = command.args(arguments).current_dir(&self.scratch).output().context("running identify_speed")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "identify_speed {} failed: {complaint}", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn shell(&self, line: &str, megabytes: Option<u32>) -> Command {
        let mut command = Command::new("bash");
        command.args(["-ec", line]).current_dir(&self.scratch).stdin(Stdio::null());
        for (name, path) in [("ours", &self.ours), ("scripts", &self.scripts), ("peers", &self.peers)] {
            command.env(name, path);
        }
        command.env("patterns", self.scripts.join("patterns.txt")).env("notes", notes(megabytes));
        // Seconds to a thousandth; and libraries that would use more threads are told not to.
        command.env("TIMEFORMAT", "%3U %3S").env("LC_ALL", "C.UTF-8");
        for threads in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(threads, "1");
        }
        command
    }

    /// Whether this can be done here; nothing of what it says is shown.
    fn can(&self, line: &str) -> bool {
        let mut command = self.shell(line, None);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// The file with so many megabytes of notes, or with all.
pub(super) fn notes(megabytes: Option<u32>) -> String {
    megabytes.map_or_else(|| "notes-all.txt".to_owned(), |megabytes| format!("notes-{megabytes}.txt"))
}

/// Those who can be measured here, and of the others a sentence each.
pub(super) fn all(place: &Place) -> (Vec<&'static Contender>, Vec<String>) {
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    // Both of Hyperscan's ways are the same program.
    let hyperscan = place.can("cc -O2 -o hyperscan \"$scripts/hyperscan.c\" -lhs");
    for contender in ALL {
        let lack = match contender.needs {
            Needs::Nothing => None,
            Needs::Hyperscan => (!hyperscan).then(|| "Debian packages gcc and libhyperscan-dev".to_owned()),
            Needs::Tool(tool, package) => (!is_installed(tool)).then(|| format!("Debian package {package}")),
            Needs::Module(module) => {
                let asked = format!("\"$peers/python/bin/python\" -c 'import {module}'");
                (!place.can(&asked)).then(|| format!("Python module {module}"))
            }
            Needs::Peer(name) => (!place.peers.join("bin").join(name).exists()).then(|| format!("program {name}")),
        };
        match lack {
            None => present.push(contender),
            Some(lack) => {
                missing.push(format!("{}, for want of the {lack}; bin/bench-peers installs it", contender.name))
            }
        }
    }
    (present, missing)
}

/// What one turn came to.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub(super) struct Told {
    bytes: u64,
    seconds: f64,
    #[serde(default)]
    pub(super) findings: Option<u64>,
    /// Notes that we would not de-identify.
    #[serde(default)]
    pub(super) refused: u64,
    /// The most the process had, the file included.
    #[serde(default)]
    memory_mb: Option<f64>,
}

impl Told {
    /// Millions of bytes that were read.
    pub(super) fn megabytes(&self) -> f64 {
        // A corpus has fewer bytes than a float has whole numbers.
        #[expect(clippy::cast_precision_loss, reason = "at most two thousand million")]
        let bytes = self.bytes as f64;
        bytes / 1e6
    }

    /// Megabytes a second of processor time; what is quicker than the clock can tell counts as a microsecond.
    pub(super) fn rate(&self) -> f64 {
        self.megabytes() / self.seconds.max(1e-6)
    }

    /// What memory it took beside the file.
    pub(super) fn memory_beside(&self) -> Option<f64> {
        Some((self.memory_mb? - self.megabytes()).max(0.0))
    }
}

impl Contender {
    /// One turn.
    pub(super) fn once(&self, place: &Place) -> Result<Told> {
        let (How::Says(line) | How::Timed(line, _)) = self.how;
        let line = if matches!(self.how, How::Timed(..)) { format!("time {{ {line}; }}") } else { line.to_owned() };
        let output = place.shell(&line, self.megabytes_max).output().context("running bash")?;
        let (said, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "{} failed: {words}", self.name);
        match self.how {
            How::Says(_) => told(&said).with_context(|| format!("{} did not say what it took", self.name)),
            How::Timed(_, count) => {
                let seconds = seconds(&words).with_context(|| format!("{} was not timed", self.name))?;
                let file = place.scratch.join(notes(self.megabytes_max));
                let bytes = file.metadata().context("looking at the notes")?.len();
                Ok(Told { bytes, seconds, findings: count(&said), refused: 0, memory_mb: None })
            }
        }
    }
}

/// The object that somebody says at the end, whatever a library said before.
pub(super) fn told(said: &str) -> Option<Told> {
    serde_json::from_str(said.trim_end().lines().last()?).ok()
}

/// redact-cli tells each finding with its kind.
fn kinds(said: &str) -> Option<u64> {
    u64::try_from(said.matches("\"entity_type\"").count()).ok()
}

/// What was printed is a number.
fn number(said: &str) -> Option<u64> {
    said.trim().parse().ok()
}
