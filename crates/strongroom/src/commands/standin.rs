//! `strongroom standin`: made-up practices, families and records in every format, from a seed, for whoever would otherwise ask
//! for production data.
//!
//! What must always hold: what lies in the folder already is never touched; the folder has its name only when everything is in
//! it, so a run that was stopped leaves nothing that looks whole; how many work at the same time changes no byte.

use crate::cli::StandinArgs;
use crate::outcome::{WrongUse, say, say_json};
use anyhow::Context as _;
use standin::{Counts, Dirt, Factor, Made, MakeError, Out, OutError, Plan};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes them.
pub(crate) fn standin(args: &StandinArgs) -> anyhow::Result<()> {
    let mut plan = Plan {
        formats: args.formats,
        dirt: Dirt::at(args.dirt),
        visits_per_patient: args.visits,
        documents_per_patient: args.documents,
        ..Plan::new(args.practices, args.patients, args.seed, args.reference_date)
    };
    if let Some(path) = &args.like {
        plan = plan.like(counted(path)?.times(args.factor.unwrap_or(Factor::ONE)));
    }
    plan.check().map_err(|error| WrongUse(error.to_string()))?;
    let half = half_made(&args.out)?;
    let made = all(&plan, args, &half).inspect_err(|_| {
        // What is left of it has no name that anybody would take for a whole one.
        drop(fs::remove_dir_all(&half));
    })?;
    fs::rename(&half, &args.out).with_context(|| format!("{} cannot get its name", args.out.display()))?;
    tell(args, made)
}

/// What a file counts.
fn counted(path: &Path) -> anyhow::Result<Counts> {
    let wrong = || WrongUse(format!("{}: is no object of JSON with a number of patients", path.display()));
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let counts: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    let number = |name: &str| counts.get(name).and_then(serde_json::Value::as_u64);
    let small = |number: u64| u32::try_from(number).map_err(|_| wrong());
    Ok(Counts {
        practices: small(number("practices").unwrap_or(1))?,
        patients: small(number("patients").ok_or_else(wrong)?)?,
        visits: number("visits"),
        documents: number("documents"),
    })
}

/// Where files stand until all are there. Beside the folder itself, so that it gets its name in one step.
fn half_made(out: &Path) -> anyhow::Result<PathBuf> {
    let wrong = |why: &str| WrongUse(format!("{}: {why}", out.display()));
    match fs::read_dir(out) {
        Ok(mut inside) => {
            if inside.next().is_some() {
                return Err(wrong("is not empty; name a folder that is not there yet").into());
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(_) => return Err(wrong("is no folder that can be written to").into()),
    }
    let name = out.file_name().ok_or_else(|| wrong("has no name of its own"))?;
    let mut half = std::ffi::OsString::from(".");
    half.push(name);
    half.push(format!(".{}.part", std::process::id()));
    let half = out.with_file_name(half);
    fs::create_dir_all(&half).with_context(|| format!("{} cannot be written", half.display()))?;
    Ok(half)
}

/// All practices, several at the same time.
fn all(plan: &Plan, args: &StandinArgs, folder: &Path) -> anyhow::Result<Made> {
    let jobs = args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let next = AtomicU32::new(0);
    let together: Mutex<(Made, Option<MakeError>)> = Mutex::default();
    let shows_progress = std::io::stderr().is_terminal();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(plan.practices as usize) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= plan.practices {
                        break;
                    }
                    let made = standin::practice(plan, index, &mut Folder::new(folder));
                    let mut together = together.lock().expect("no practice panics");
                    match made {
                        Ok(made) => together.0 = together.0.and(made),
                        Err(error) => {
                            together.1 = Some(error);
                            next.store(plan.practices, Ordering::Relaxed);
                        }
                    }
                    if shows_progress {
                        let (practices, patients) = (together.0.practices, together.0.patients);
                        let of = plan.practices;
                        drop(write!(std::io::stderr(), "\r\x1b[K{practices} of {of} practices, {patients} patients"));
                    }
                }
            });
        }
    });
    if shows_progress {
        drop(writeln!(std::io::stderr()));
    }
    match together.into_inner().expect("no practice panics") {
        (made, None) => Ok(made),
        (_, Some(error)) => Err(error.into()),
    }
}

/// Files below a folder.
struct Folder<'a> {
    top: &'a Path,
    /// Files that still grow.
    growing: HashMap<String, File>,
}

impl<'a> Folder<'a> {
    fn new(top: &'a Path) -> Self {
        Self { top, growing: HashMap::new() }
    }

    /// A new file; what its path has of folders is made.
    fn begin(&self, path: &str) -> Result<File, OutError> {
        let path = self.top.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(OutError::new)?;
        }
        File::create_new(path).map_err(OutError::new)
    }
}

impl Out for Folder<'_> {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        self.begin(path)?.write_all(bytes).map_err(OutError::new)
    }

    fn more(&mut self, path: &str, bytes: &[u8]) -> Result<(), OutError> {
        if !self.growing.contains_key(path) {
            let file = self.begin(path)?;
            self.growing.insert(path.to_owned(), file);
        }
        match self.growing.get_mut(path) {
            Some(file) => file.write_all(bytes).map_err(OutError::new),
            None => Ok(()),
        }
    }
}

fn tell(args: &StandinArgs, made: Made) -> anyhow::Result<()> {
    let Made { practices, households, patients, visits, documents, files, bytes } = made;
    if args.json {
        return say_json(&serde_json::json!({
            "out": args.out, "practices": practices, "households": households, "patients": patients, "visits": visits,
            "documents": documents, "files": files, "bytes": bytes, "seed": args.seed,
            "reference_date": args.reference_date.to_string(),
        }));
    }
    say(&format!(
        "{practices} practices, {households} households, {patients} patients, {visits} visits, {documents} documents: {files} files, \
         {:.1} MB in {}.\nAll of it is made up; seed {}, records taken on {}.",
        bytes as f64 / 1e6,
        args.out.display(),
        args.seed,
        args.reference_date,
    ))
}
