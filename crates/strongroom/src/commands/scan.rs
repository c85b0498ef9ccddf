//! `strongroom scan`: PHI in files, found on this machine alone, without a server, a house or a configuration.
//!
//! What must always hold: nothing is written but what was asked for; what was found is not printed unless that was asked for;
//! a file that cannot be read is told and makes the exit code 2, unless findings make it 1; what nobody can read (a picture) is
//! told as not read and never as clean.

mod baseline;
mod cache;
mod ignored;
mod report;
mod sarif;

use super::files::{self, Named};
use crate::cli::{FailOn, ScanArgs, ScanFormat};
use crate::outcome::{self, WrongUse};
use baseline::Baseline;
use cache::Cache;
use identify::manifest::ManifestBuilder;
use identify::read::{Opaque, Part, ReadLimits};
use identify::search::{Found, Said, Search};
use identify::{Finding, Identifier};
use ignored::Ignored;
use record::civil::Day;
use record::{Clock as _, SystemClock};
use report::{File, Sum, Told};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Largest file that is read, in bytes: it is held in memory.
const FILE_BYTES_MAX: u64 = 2 << 30;
/// Files that are read ahead of the one whose lines are printed next, for each that is read at the same time.
const AHEAD: usize = 4;

/// What every file is searched with.
struct Scan {
    search: Search,
    kinds: Vec<Identifier>,
    shows_text: bool,
    ignored: Ignored,
    baseline: Baseline,
    cache: Option<Cache>,
    /// What each file holds is told, and not what was found where.
    manifests: bool,
    limits: ReadLimits,
}

/// Runs it.
pub(crate) fn scan(args: &ScanArgs) -> anyhow::Result<()> {
    let today = today();
    let scan = Scan {
        search: Search::new(),
        kinds: args.kinds.clone(),
        shows_text: args.show_text,
        ignored: args.ignore.as_deref().map(|file| Ignored::read(file, today)).transpose()?.unwrap_or_default(),
        baseline: args.baseline.as_deref().map(Baseline::read).transpose()?.unwrap_or_else(Baseline::new),
        cache: args.cache.as_deref().map(Cache::open).transpose()?,
        manifests: args.format == ScanFormat::Manifest,
        limits: ReadLimits::default(),
    };
    let named = files::named(&args.paths);
    let jobs = args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let mut telling = Telling::new(args, named.len());
    in_order(&scan, &named, jobs, |file| telling.file(file))?;
    if scan.ignored.expired > 0 {
        tracing::warn!(lines = scan.ignored.expired, "lines of what is ignored are past their day, and ignore nothing");
    }
    scan.cache.map(Cache::write).transpose()?;
    telling.end()
}

/// Reads files at the same time, and hands them over in order.
fn in_order(
    scan: &Scan,
    named: &[Named],
    jobs: usize,
    mut each: impl FnMut(File) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::sync_channel::<(usize, File)>(jobs * AHEAD);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(named.len()) {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = named.get(at) else { break };
                    // Nobody listens any more once telling has failed.
                    if tell.send((at, scan.one(one))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let (mut waiting, mut due) = (BTreeMap::new(), 0);
        for (at, file) in told {
            waiting.insert(at, file);
            while let Some(file) = waiting.remove(&due) {
                each(file)?;
                due += 1;
            }
        }
        Ok(())
    })
}

impl Scan {
    /// What one file holds.
    fn one(&self, named: &Named) -> File {
        match named {
            Named::Not(path, why) => File { path: said(path), broken: Some((*why).to_owned()), ..File::default() },
            Named::Input => self.bytes("-".to_owned(), |bytes| std::io::stdin().lock().read_to_end(bytes)),
            Named::File(path) => self.bytes(said(path), |bytes| {
                std::fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(bytes))
            }),
        }
    }

    fn bytes(&self, path: String, read: impl FnOnce(&mut Vec<u8>) -> std::io::Result<usize>) -> File {
        let mut file = File { path, ..File::default() };
        let mut bytes = Vec::new();
        if read(&mut bytes).is_err() {
            file.broken = Some("it cannot be read".to_owned());
            return file;
        }
        file.bytes = bytes.len() as u64;
        if file.bytes > FILE_BYTES_MAX {
            file.broken = Some("it is larger than 2 GiB".to_owned());
            return file;
        }
        let name =
            Path::new(&file.path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = self.cache.as_ref().map(|cache| (cache, Cache::key(&name, &bytes)));
        if key.as_ref().is_some_and(|(cache, key)| !self.manifests && cache.knows(key)) {
            file.is_cached = true;
            return file;
        }
        let found = self.search(&mut file, &bytes, &name);
        if let Some((cache, key)) = key
            && found.is_empty()
            && file.opaque.is_empty()
            && file.broken.is_none()
        {
            cache.note(key);
        }
        self.keep(&mut file, found);
        file
    }

    /// Everything that stands in a file, whether it was asked for or not.
    fn search(&self, file: &mut File, bytes: &[u8], name: &str) -> Vec<Told> {
        let (mut found, mut opaque, mut lines) = (Vec::new(), Vec::new(), Lines::default());
        let mut manifest = self.manifests.then(ManifestBuilder::new);
        let ended = self.search.file(bytes, name, &self.limits, &mut |said| {
            if let Some(manifest) = &mut manifest {
                manifest.take(&said);
            }
            match said {
                Said::Part { part, findings } => {
                    found.extend(findings.iter().map(|one| self.told(part, one, bytes, &mut lines)));
                }
                Said::Opaque { part: None, why: why @ Opaque::Damaged(_) } => file.broken = Some(why.to_string()),
                Said::Opaque { part, why } => opaque.push((part, why.to_string())),
            }
        });
        file.opaque = opaque;
        match ended {
            // Whom the file names is left here: a manifest holds no word of it.
            Ok(summary) => file.manifest = manifest.map(|builder| builder.finish(&summary).0.json()),
            Err(error) => file.broken = Some(error.to_string()),
        }
        found
    }

    /// With its line, which is that of the file, or of the part's text where the file is packed.
    fn told(&self, part: &Part, one: &Found, bytes: &[u8], lines: &mut Lines) -> Told {
        let (line, column) = match part.name {
            None => lines.of(bytes, one.finding.start),
            Some(_) => Lines::default().of(part.text.as_bytes(), one.text.start),
        };
        let text = self.shows_text.then(|| part.text.get(one.text.clone()).unwrap_or_default().to_owned());
        Told { part: part.name.clone(), finding: one.finding, line, column, text }
    }

    /// What was asked for, and is neither ignored nor known.
    fn keep(&self, file: &mut File, mut found: Vec<Told>) {
        found.retain(|told| self.kinds.is_empty() || self.kinds.contains(&told.finding.kind));
        let mut counts = BTreeMap::new();
        for told in &found {
            *counts.entry(told.finding.kind.as_str()).or_insert(0_u64) += 1;
        }
        for told in found {
            if self.ignored.covers(&file.path, &told.finding) {
                file.ignored += 1;
            } else if self.baseline.knows(&file.path, &told.finding, &counts) {
                file.known += 1;
            } else {
                file.told.push(told);
            }
        }
    }
}

/// The day, by the clock of this machine, in UTC.
fn today() -> Day {
    let now = SystemClock.now().to_string();
    now.get(..10).and_then(|day| day.parse().ok()).expect("a moment begins with its day")
}

fn said(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Counts lines up to offsets that mostly grow.
#[derive(Default)]
struct Lines {
    at: usize,
    line: usize,
    start: usize,
}

impl Lines {
    /// Line and column of an offset, both from one.
    fn of(&mut self, bytes: &[u8], offset: usize) -> (usize, usize) {
        let offset = offset.min(bytes.len());
        if offset < self.at {
            *self = Self::default();
        }
        for (at, byte) in bytes.iter().enumerate().take(offset).skip(self.at) {
            if *byte == b'\n' {
                self.line += 1;
                self.start = at + 1;
            }
        }
        self.at = offset;
        (self.line + 1, offset - self.start + 1)
    }
}

/// Says what was found as it comes, and how it ends.
struct Telling<'a> {
    args: &'a ScanArgs,
    sum: Sum,
    all: usize,
    /// Kept for SARIF, which is one document.
    files: Vec<File>,
    found: Baseline,
    shows_progress: bool,
}

impl<'a> Telling<'a> {
    fn new(args: &'a ScanArgs, all: usize) -> Self {
        let shows_progress = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        Self { args, sum: Sum::default(), all, files: Vec::new(), found: Baseline::new(), shows_progress }
    }

    fn file(&mut self, file: File) -> anyhow::Result<()> {
        self.sum.add(&file);
        let findings: Vec<Finding> = file.told.iter().map(|told| told.finding).collect();
        self.found.note(&file.path, &findings);
        let out = &mut std::io::stdout().lock();
        match self.args.format {
            ScanFormat::Text => report::text(out, &file)?,
            ScanFormat::Json => report::json(out, &file)?,
            ScanFormat::Sarif => self.files.push(file),
            ScanFormat::Manifest => report::manifest(out, &file)?,
        }
        self.progress()
    }

    /// One line on a terminal's standard error, written over again.
    fn progress(&self) -> anyhow::Result<()> {
        if self.shows_progress {
            let (files, all, size) = (self.sum.files, self.all, report::size(self.sum.bytes));
            write!(std::io::stderr(), "\r\x1b[K{files} of {all} files, {size}, {} found", self.sum.findings)?;
            if files == all as u64 {
                writeln!(std::io::stderr())?;
            }
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        let out = &mut std::io::stdout().lock();
        match self.args.format {
            ScanFormat::Text => {
                if self.args.explain {
                    for rule in self.sum.rules.keys() {
                        writeln!(out, "{rule}: {}", identify::search::explained(rule))?;
                    }
                }
                report::text_sum(out, &self.sum)?;
            }
            ScanFormat::Json | ScanFormat::Manifest => report::json_sum(out, &self.sum)?,
            ScanFormat::Sarif => {
                writeln!(out, "{}", sarif::document(&self.files, identify::search::explained))?;
            }
        }
        if let Some(file) = &self.args.write_baseline {
            self.found.write(file)?;
        } else if self.sum.high > 0 || (self.args.fail_on == FailOn::Any && self.sum.findings > 0) {
            return Err(outcome::Finding(format!("{} findings in {} files", self.sum.findings, self.sum.files)).into());
        }
        if self.sum.broken > 0 {
            return Err(WrongUse(format!("{} could not be read to the end", self.sum.broken)).into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_and_columns_are_counted_from_one_also_when_offsets_go_back() {
        let mut lines = Lines::default();
        let text = b"ab\ncd\n\nef";
        assert_eq!(lines.of(text, 0), (1, 1));
        assert_eq!(lines.of(text, 4), (2, 2));
        assert_eq!(lines.of(text, 7), (4, 1));
        assert_eq!(lines.of(text, 1), (1, 2));
        assert_eq!(lines.of(text, 99), (4, 3));
    }
}
