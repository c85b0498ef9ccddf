//! What it costs to seal one large file, as an upload does it, in processor time: ours, age, borg and restic, in turns.
//!
//! Processor time of user and system together, as the shell's `time` counts it for the program and all that it started.
//! A tool that is not installed is said to be missing, and its row is left out.

use super::Section;
use super::report::table;
use super::rounds::{Sample, Side, rows};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// As the claim says it: a gigabyte.
const FILE_BYTES: u64 = 1_000_000_000;

/// One way of sealing the file.
struct Way {
    name: &'static str,
    /// The shell's line, run in the folder; `input` is the file, `out` whatever it likes, removed before each turn.
    line: &'static str,
    /// What has to be there before, not measured.
    before: &'static str,
    needs: &'static [&'static str],
}

const OURS: Way = Way { name: "", line: "./seal_file input out", before: "", needs: &[] };
const OTHERS: &[Way] = &[
    Way {
        name: "age",
        line: "age -r \"$(age-keygen -y key)\" -o out input",
        before: "test -e key || age-keygen -o key 2>/dev/null",
        needs: &["age", "age-keygen"],
    },
    Way {
        name: "borg, not compressed",
        line: "borg create --compression none out::one input",
        before: "borg init --encryption repokey-blake2 out",
        needs: &["borg"],
    },
    Way {
        name: "restic, not compressed",
        line: "restic --quiet --no-cache --compression off -r out backup input",
        before: "restic --quiet --no-cache -r out init",
        needs: &["restic"],
    },
];

/// Measures below `folder`, and leaves nothing there.
pub(super) fn measure(top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
    let place = Place(folder.join(format!("strongroom-bench-seal-{}", std::process::id())));
    std::fs::create_dir_all(&place.0).context("making the folder to measure in")?;
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "strongroom-vault", "--example", "seal_file"])
        .current_dir(top)
        .status()
        .context("running cargo")?;
    ensure!(built.success(), "the example seal_file could not be built");
    let example = super::target_folder(top).join("release/examples/seal_file");
    std::fs::copy(&example, place.0.join("seal_file")).context("taking the example")?;
    random_file(&place.0.join("input"))?;
    let (present, missing): (Vec<&Way>, Vec<&Way>) =
        OTHERS.iter().partition(|way| way.needs.iter().all(|tool| is_installed(tool)));
    let mut samples = Vec::new();
    for round in 0..=rounds {
        let ours = turn(&place.0, &OURS)?;
        for way in &present {
            let theirs = turn(&place.0, way)?;
            if round > 0 {
                let sample = |side, who: &str, value| Sample {
                    row: format!("1 GB sealed, beside {}", way.name),
                    side,
                    who: who.to_owned(),
                    unit: "CPU s".to_owned(),
                    value,
                };
                samples.push(sample(Side::Peer, way.name, theirs));
                samples.push(sample(Side::We, "", ours));
            }
        }
    }
    let mut body = table(&rows(&samples));
    for way in missing {
        body.push_str(&format!("\nNot installed here, and not measured: {}.\n", way.needs.join(", ")));
    }
    Ok(Section { name: "seal", heading: "Processor time of sealing a file of 1 GB", body })
}

struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing more can be done about a folder that will not go.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Random, so that nobody saves work by finding it alike.
fn random_file(path: &Path) -> Result<()> {
    let mut random = File::open("/dev/urandom").context("opening the system's randomness")?;
    let mut file = File::create(path).context("making the file to seal")?;
    let mut piece = vec![0_u8; 1_000_000];
    for _ in 0..FILE_BYTES / 1_000_000 {
        random.read_exact(&mut piece).context("reading randomness")?;
        file.write_all(&piece).context("writing the file to seal")?;
    }
    file.sync_all().context("writing the file to seal")
}

pub(super) fn is_installed(tool: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", tool]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-ec", line]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    // The passphrases of throw-away repositories, and nothing of theirs outside the folder.
    for (name, value) in [("BORG_PASSPHRASE", "bench"), ("RESTIC_PASSWORD", "bench"), ("TIMEFORMAT", "%U %S")] {
        command.env(name, value);
    }
    command.env("BORG_BASE_DIR", folder.join("borg-home"));
    command
}

/// One turn; processor seconds.
fn turn(folder: &Path, way: &Way) -> Result<f64> {
    for line in ["rm -rf out", way.before] {
        let done = shell(folder, line).stderr(Stdio::null()).status().context("running bash")?;
        ensure!(done.success(), "{line} failed");
    }
    let output = shell(folder, &format!("time {{ {}; }}", way.line)).output().context("running bash")?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{} failed: {words}", way.line);
    seconds(&words).with_context(|| format!("{} was not timed: {words}", way.line))
}

/// The last line that the shell wrote: user and system seconds.
pub(super) fn seconds(words: &str) -> Option<f64> {
    let (user, system) = words.trim_end().lines().last()?.split_once(' ')?;
    Some(user.parse::<f64>().ok()? + system.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shell_s_last_line_counts_whatever_a_program_said_before() {
        assert_eq!(super::seconds("a warning\n0.250 0.500\n"), Some(0.75));
        assert_eq!(super::seconds("only a warning\n"), None);
        assert_eq!(super::seconds(""), None);
    }
}
