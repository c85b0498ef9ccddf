//! `strongroom deidentify`: files without what says who somebody is, made on this machine alone.
//!
//! What must always hold: all or nothing. Every file is read, changed and read again before anything lies where it was asked for; what
//! was written on the way lies in a folder beside it that nobody else may read, and goes when something fails. Nothing out of a file is
//! printed or stands in the report.

mod queue;
mod table;

use super::files::{self, Named};
use crate::cli::{DeidentifyArgs, DeidentifyMethod};
use crate::commands::write_private;
use crate::outcome::{Finding, WrongUse, say, say_json};
use anyhow::Context as _;
use aws_lc_rs::hmac;
use identify::deidentify::{Drawn, Keyed, RULES, Report, Surrogates};
use identify::{Deidentified, Deidentifier, DeidentifyError, Method};
use queue::Queue;
use record::civil::Day;
use record::{Clock as _, SystemClock, SystemEntropy};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is read, in bytes: it is held in memory.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// Largest key file that is read, in bytes; what is longer is no key.
const KEY_FILE_BYTES_MAX: u64 = 1 << 20;

/// Runs it.
pub(crate) fn deidentify(args: &DeidentifyArgs) -> anyhow::Result<()> {
    let secret = args.key_file.as_deref().map(secret).transpose()?;
    check(args, secret.is_some())?;
    let inputs = inputs(&args.input)?;
    let method = args.method.method();
    let mut run = Deidentifier::new(method, args.reference_date.unwrap_or_else(today));
    if inputs.len() > 1 || method == Method::Pseudonym {
        for input in &inputs {
            // What cannot be read teaches nothing, and is refused or left out when its turn comes.
            let _ = run.learn(&bytes_of(input)?, &name_of(input));
        }
    }
    let mut queue = args.review.as_deref().map(Queue::read).transpose()?;
    let waiting = Waiting::beside(&args.out)?;
    let entropy = SystemEntropy;
    let (report, left_out) = match (args.method, &secret) {
        (DeidentifyMethod::Pseudonym, Some(secret)) => {
            let key = table::key_for(secret, "strongroom deidentify pseudonym v1");
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key[..]);
            let mut keyed = Keyed::new(|message: &[u8]| {
                let mut digest = [0_u8; 32];
                digest.copy_from_slice(hmac::sign(&key, message).as_ref());
                digest
            });
            all_through(args, &run, &inputs, &waiting, (&mut keyed, queue.as_mut()))?
        }
        _ => {
            let lines = known(args.table.as_deref(), secret.as_deref())?;
            let mut drawn = Drawn::new(&entropy, lines);
            let done = all_through(args, &run, &inputs, &waiting, (&mut drawn, queue.as_mut()))?;
            // If this dies behind the table and before the output is in its place, the table knows more than it has to: no harm.
            if let (Some(path), Some(secret)) = (&args.table, &secret) {
                replace_private(path, &table::sealed(secret, &drawn.lines()))?;
            }
            done
        }
    };
    if let Some(queue) = &queue {
        queue.keep()?;
    }
    waiting.done(&args.out, args.input.is_dir())?;
    tell(args, &report, left_out)
}

/// What is wrong with what was asked, before anything is read.
fn check(args: &DeidentifyArgs, has_key: bool) -> anyhow::Result<()> {
    let wrong = |why: &str| Err(WrongUse(why.to_owned()).into());
    if args.method == DeidentifyMethod::Pseudonym && !has_key {
        return wrong("pseudonym needs --key-file: surrogates and shifts follow from it");
    }
    if args.method == DeidentifyMethod::Pseudonym && args.table.is_some() {
        return wrong("pseudonym needs no --table: the same key gives the same surrogates");
    }
    let is_empty = || fs::read_dir(&args.out).is_ok_and(|mut inside| inside.next().is_none());
    if fs::symlink_metadata(&args.out).is_ok() && !(args.input.is_dir() && is_empty()) {
        return wrong("the output is there already; nothing is written over");
    }
    for place in [&args.out, &args.input].into_iter().filter(|place| place.is_dir()) {
        let queue = args.review.as_deref().and_then(|path| parent_of(path).canonicalize().ok());
        if let (Some(queue), Ok(place)) = (queue, place.canonicalize())
            && queue.starts_with(place)
        {
            return wrong("the queue shows words out of the files: keep it apart from the input and from the output");
        }
    }
    if args.input.is_dir()
        && let (Ok(input), Ok(parent)) = (args.input.canonicalize(), parent_of(&args.out).canonicalize())
        && parent.starts_with(input)
    {
        return wrong("the output lies within the input");
    }
    Ok(())
}

/// All files, in order; anything else that lies there is wrong input, because it would be missing in silence.
fn inputs(input: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for named in files::named(&[input.to_owned()]) {
        match named {
            Named::File(path) => found.push(path),
            Named::Input => {
                return Err(WrongUse("standard input has no name; give a file or a folder".to_owned()).into());
            }
            Named::Not(_, why) => return Err(WrongUse(format!("something in the input is {why}")).into()),
        }
    }
    Ok(found)
}

/// Every file into the waiting folder; where somebody is to be asked, only when they were.
fn all_through(
    args: &DeidentifyArgs,
    run: &Deidentifier,
    inputs: &[PathBuf],
    waiting: &Waiting,
    (surrogates, mut queue): (&mut dyn Surrogates, Option<&mut Queue>),
) -> anyhow::Result<(Report, u64)> {
    if let Some(queue) = queue.as_deref_mut().filter(|_| args.ask) {
        for (number, input) in inputs.iter().enumerate() {
            let bytes = bytes_of(input)?;
            let decided = queue.decided(number, &bytes);
            // What is refused is told when its turn comes.
            if let Ok((_, doubts)) = run.file_reviewed(&bytes, &name_of(input), surrogates, &decided) {
                queue.put(number, &bytes, doubts);
            }
        }
        queue.ask(&mut std::io::stdin().lock(), &mut std::io::stderr().lock()).context("asking")?;
        // Whatever becomes of the output, nobody has to decide twice.
        queue.keep()?;
    }
    files_through(args, run, inputs, waiting, (surrogates, queue))
}

/// Every file, one after the other, into the waiting folder; what was done, and how many files were left out.
fn files_through(
    args: &DeidentifyArgs,
    run: &Deidentifier,
    inputs: &[PathBuf],
    waiting: &Waiting,
    (surrogates, mut queue): (&mut dyn Surrogates, Option<&mut Queue>),
) -> anyhow::Result<(Report, u64)> {
    let is_folder = args.input.is_dir();
    let (mut sum, mut left_out) = (Report::default(), 0);
    let mut taken = HashSet::new();
    let mut progress = Progress::over(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let bytes = bytes_of(input)?;
        let done = match through(run, (index, &bytes, &name_of(input)), surrogates, queue.as_deref_mut()) {
            Err(DeidentifyError::Opaque { .. } | DeidentifyError::NotEditable) if args.leave_out && is_folder => {
                left_out += 1;
                progress.step();
                continue;
            }
            done => done.map_err(|error| refused(input, (index + 1, inputs.len()), &error))?,
        };
        sum.add(&done.report);
        let name = if is_folder { output_name(run, input, index + 1, &mut taken) } else { "file".to_owned() };
        write_private(&waiting.0.join(name), &done.bytes).context("writing the output")?;
        progress.step();
    }
    Ok((sum, left_out))
}

/// One file, with what was decided about it.
fn through(
    run: &Deidentifier,
    (number, bytes, name): (usize, &[u8], &str),
    surrogates: &mut dyn Surrogates,
    queue: Option<&mut Queue>,
) -> Result<Deidentified, DeidentifyError> {
    let Some(queue) = queue else { return run.file(bytes, name, surrogates) };
    let (done, doubts) = run.file_reviewed(bytes, name, surrogates, &queue.decided(number, bytes))?;
    queue.put(number, bytes, doubts);
    Ok(done)
}

/// How many files are done, for whoever watches; nothing where nobody does.
struct Progress {
    all: usize,
    done: usize,
    is_watched: bool,
}

impl Progress {
    /// Fewer files are done before anybody looks.
    const FILES_MIN: usize = 20;

    fn over(all: usize) -> Self {
        Self { all, done: 0, is_watched: all >= Self::FILES_MIN && std::io::stderr().is_terminal() }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.is_watched {
            // Whoever watches may have gone.
            drop(write!(std::io::stderr(), "\r{} of {} files", self.done, self.all));
            if self.done == self.all {
                drop(writeln!(std::io::stderr()));
            }
        }
    }
}

/// Which file it was is told by its number, as its path may say who somebody is; at a terminal, whoever named the folder may read it.
fn refused(input: &Path, (number, all): (usize, usize), error: &DeidentifyError) -> anyhow::Error {
    let path = if std::io::stderr().is_terminal() { format!(" ({})", input.display()) } else { String::new() };
    let said = format!("file {number} of {all}, in the order of their names{path}: {error}; nothing was written");
    match error {
        DeidentifyError::Missed { .. } | DeidentifyError::ReadsOtherwise => Finding(said).into(),
        DeidentifyError::Opaque { .. } | DeidentifyError::NotEditable if all > 1 => {
            WrongUse(format!("{said}. With --leave-out such files are left out and counted")).into()
        }
        _ => WrongUse(said).into(),
    }
}

/// A name for the output: its own if it says nothing and no other file has it, else a number. Folders are not kept: their names say
/// as much as files'.
fn output_name(run: &Deidentifier, input: &Path, number: usize, taken: &mut HashSet<String>) -> String {
    let name = name_of(input);
    if run.keeps_name(&name) && !name.starts_with("file-") && taken.insert(name.clone()) {
        return name;
    }
    let extension = Path::new(&name).extension().and_then(|ending| ending.to_str());
    let plain = extension.filter(|ending| ending.len() <= 5 && ending.bytes().all(|byte| byte.is_ascii_alphabetic()));
    plain.map_or_else(|| format!("file-{number:06}"), |ending| format!("file-{number:06}.{ending}"))
}

fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|_| WrongUse("a file of the input cannot be read".to_owned()))?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).context("reading the input")?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(WrongUse("a file of the input is larger than 2 GiB".to_owned()).into());
    }
    Ok(bytes)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn secret(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = fs::File::open(path).map_err(|_| WrongUse("the key file cannot be read".to_owned()))?;
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes).context("reading the key file")?;
    if bytes.len() < table::KEY_BYTES_MIN {
        return Err(WrongUse("the key file holds less than 32 bytes".to_owned()).into());
    }
    Ok(bytes)
}

/// The lines of an earlier run.
fn known(path: Option<&Path>, secret: Option<&Vec<u8>>) -> anyhow::Result<Vec<identify::deidentify::Line>> {
    let (Some(path), Some(secret)) = (path, secret) else { return Ok(Vec::new()) };
    match fs::read(path) {
        Ok(bytes) => table::opened(secret, &bytes)
            .ok_or_else(|| WrongUse("the table is no table, or the key file is not its own".to_owned()).into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).context("reading the table"),
    }
}

/// A new private file in the place of an old one: whole or not at all.
fn replace_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    write_private(&beside, bytes).context("writing the table")?;
    fs::rename(&beside, path).context("putting the table in its place")
}

/// Where the output grows.
struct Waiting(PathBuf);

impl Waiting {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = parent_of(out).join(format!(".strongroom-deidentify-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).context("making a folder beside the output")?;
        Ok(Self(path))
    }

    /// All is in order: one rename puts it into its place.
    fn done(&self, out: &Path, is_folder: bool) -> anyhow::Result<()> {
        let from = if is_folder { self.0.clone() } else { self.0.join("file") };
        fs::rename(from, out).context("putting the output in its place")
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Gone already if it was renamed.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The day, by the clock of this machine, in UTC.
fn today() -> Day {
    let now = SystemClock.now().to_string();
    now.get(..10).and_then(|day| day.parse().ok()).expect("a moment begins with its day")
}

/// The report: to a file, to standard output.
fn tell(args: &DeidentifyArgs, report: &Report, left_out: u64) -> anyhow::Result<()> {
    let object = object(args.method.method(), report, left_out);
    if let Some(path) = &args.report {
        fs::write(path, format!("{object:#}\n")).context("writing the report")?;
    }
    if args.json {
        return say_json(&object);
    }
    let counts: Vec<String> = report.replaced.iter().map(|(kind, many)| format!("{many} {kind}")).collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    let files = if report.files == 1 { "1 file".to_owned() } else { format!("{} files", report.files) };
    say(&format!("{files}. Replaced: {counts}."))?;
    if left_out > 0 {
        say(&format!("Left out: {left_out}, which nobody here can read or change. They are not in the output."))?;
    }
    if args.review.is_some() {
        let (goes, stays, open) = (report.decided_to_go, report.decided_to_stay, report.undecided);
        say(&format!("Decided by a person: {goes} go, {stays} stay. Still to be decided: {open}."))?;
    }
    say(&format!("This is {}.", report.label(args.method.method())))?;
    report.residual(args.method.method()).into_iter().try_for_each(say)
}

fn object(method: Method, report: &Report, left_out: u64) -> Value {
    let counts = |of: &std::collections::BTreeMap<identify::Identifier, u64>| -> Value {
        of.iter().map(|(kind, many)| (kind.as_str().to_owned(), json!(many))).collect::<serde_json::Map<_, _>>().into()
    };
    json!({
        "method": method.as_str(), "rules": RULES, "label": report.label(method), "files": report.files,
        "bytes_in": report.bytes_in, "bytes_out": report.bytes_out, "records": report.records,
        "replaced": counts(&report.replaced), "kept": counts(&report.kept), "kept_because": Report::kept_because(method),
        "dates": {"to_year": report.dates_to_year, "shifted": report.dates_shifted, "removed": report.dates_without_year},
        "over_89": report.over_89, "zips_restricted": report.zips_restricted, "found_late": report.found_late,
        "decided": {"go": report.decided_to_go, "stay": report.decided_to_stay, "open": report.undecided},
        "free_texts": report.free_texts, "pictures": report.pictures, "emptied": report.emptied,
        "left_out": left_out, "cuts_inside": report.cuts_inside, "residual": report.residual(method),
    })
}
