//! Writes down everything that is found in files, one finding a line, and what de-identification made of each file, so that two
//! versions of this crate can be compared: whoever makes it faster shows with `cmp` that it finds what it found.
//!
//!     cargo run --release -p strongroom-identify --example findings_dump -- FILE_OR_FOLDER… > before
//!
//! What must always hold: the same files and the same version make the same bytes; nothing is drawn, codes follow from a fixed key.
//!
//! What it refuses to know: what is right. Its output has places and kinds, no text; a file's name may still tell something.

use record::civil::Day;
use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use strongroom_identify::deidentify::Keyed;
use strongroom_identify::names::{Known, Names};
use strongroom_identify::read::ReadLimits;
use strongroom_identify::search::{Said, Search};
use strongroom_identify::{Deidentifier, FindStream, Finder, Finding, Method};

/// Larger files are searched and not de-identified: rounds over them take long.
const DEIDENTIFY_BYTES_MAX: usize = 1 << 20;
/// Chunks of a stream: odd, so that words are cut.
const CHUNK_BYTES: usize = 7_919;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    for named in std::env::args_os().skip(1) {
        below(Path::new(&named), &mut files)?;
    }
    let (search, names) = (Search::new(), Names::new());
    let day = Day::new(2026, 6, 1).ok_or("a day of the calendar")?;
    let methods = [Method::SafeHarbor, Method::Limited, Method::Pseudonym].map(|method| Deidentifier::new(method, day));
    let mut to = BufWriter::new(std::io::stdout().lock());
    for path in files {
        let bytes = std::fs::read(&path)?;
        writeln!(to, "file {}", path.display())?;
        let mut found = Vec::new();
        Finder::default().find(&bytes, &mut found);
        lines(&mut to, "finder", &found)?;
        found.clear();
        let mut stream = FindStream::default();
        bytes.chunks(CHUNK_BYTES).for_each(|chunk| stream.push(chunk, |one| found.push(one)));
        stream.finish(|one| found.push(one));
        lines(&mut to, "stream", &found)?;
        found.clear();
        names.find(&String::from_utf8_lossy(&bytes), &Known::default(), &mut found);
        lines(&mut to, "names", &found)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut parts: Vec<Vec<Finding>> = Vec::new();
        search.file(&bytes, &name, &ReadLimits::default(), &mut |said| {
            if let Said::Part { findings, .. } = said {
                parts.push(findings.iter().map(|one| one.finding).collect());
            }
        })?;
        for part in &parts {
            lines(&mut to, "scan", part)?;
        }
        if bytes.len() <= DEIDENTIFY_BYTES_MAX {
            deidentified(&mut to, &methods, &bytes, &name)?;
        }
    }
    Ok(to.flush()?)
}

/// What each method made of a file: how long it is, a digest of it, and how much was found late; or why nothing came out.
fn deidentified(to: &mut impl Write, methods: &[Deidentifier], bytes: &[u8], name: &str) -> std::io::Result<()> {
    for method in methods {
        match method.file(bytes, name, &mut Keyed::new(digest)) {
            Ok(done) => {
                let (long, late) = (done.bytes.len(), done.report.found_late);
                writeln!(
                    to,
                    "{method:?} {long} {:?} late {late} {:?}",
                    digest(&done.bytes)[0..8].to_vec(),
                    done.report
                )?;
            }
            Err(error) => writeln!(to, "{method:?} {error:?}")?,
        }
    }
    Ok(())
}

/// No cryptography: it need only be the same every time, and differ.
fn digest(bytes: &[u8]) -> [u8; 32] {
    std::array::from_fn(|at| {
        let mut hasher = DefaultHasher::new();
        (at / 8, bytes).hash(&mut hasher);
        hasher.finish().to_le_bytes()[at % 8]
    })
}

fn lines(to: &mut impl Write, way: &str, found: &[Finding]) -> std::io::Result<()> {
    for one in found {
        writeln!(to, "{way} {} {} {} {} {}", one.start, one.end, one.kind, one.confidence.hundredths(), one.rule)?;
    }
    Ok(())
}

/// All files below, in an order that is the same every time.
fn below(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
        entries.push(entry?.path());
    }
    entries.sort();
    entries.iter().try_for_each(|entry| below(entry, files))
}
