//! How findings are told: lines for people, one object a line for programs, and a number for each at the end.
//!
//! What must always hold: what was found is printed only when it was asked for; whatever else is printed comes from us or is a
//! path, with what could move a terminal's cursor taken out of it.

use identify::Finding;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// One finding, with its place.
#[derive(Debug)]
pub(super) struct Told {
    /// The part of a packed file.
    pub(super) part: Option<String>,
    /// Where it is, as docs/COMMANDS.md says of offsets.
    pub(super) finding: Finding,
    /// Counted from one; lines as they lie in the file or the part's text.
    pub(super) line: usize,
    /// Counted from one, in bytes.
    pub(super) column: usize,
    /// What was found, if it was asked for.
    pub(super) text: Option<String>,
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) told: Vec<Told>,
    /// Part, and why it was not read.
    pub(super) opaque: Vec<(Option<String>, String)>,
    /// The file could not be read, or not to its end.
    pub(super) broken: Option<String>,
    /// How many findings are ignored.
    pub(super) ignored: u64,
    /// How many are known.
    pub(super) known: u64,
    /// Nothing was found in it before, and nothing has changed since.
    pub(super) is_cached: bool,
    /// What it holds, if that was asked for.
    pub(super) manifest: Option<String>,
}

/// What all files add up to.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) kinds: BTreeMap<&'static str, u64>,
    pub(super) rules: BTreeMap<&'static str, u64>,
    pub(super) findings: u64,
    pub(super) high: u64,
    pub(super) opaque: u64,
    pub(super) broken: u64,
    pub(super) ignored: u64,
    pub(super) known: u64,
    pub(super) cached: u64,
}

impl Sum {
    pub(super) fn add(&mut self, file: &File) {
        self.files += 1;
        self.bytes += file.bytes;
        self.opaque += file.opaque.len() as u64;
        self.broken += u64::from(file.broken.is_some());
        self.ignored += file.ignored;
        self.known += file.known;
        self.cached += u64::from(file.is_cached);
        for told in &file.told {
            *self.kinds.entry(told.finding.kind.as_str()).or_default() += 1;
            *self.rules.entry(told.finding.rule).or_default() += 1;
            self.findings += 1;
            self.high += u64::from(told.finding.confidence >= identify::Confidence::HIGH);
        }
    }
}

/// A path or a part's name, without what a terminal would obey.
pub(super) fn plain(name: &str) -> String {
    name.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
}

/// A share of one, to two places.
pub(super) fn confidence(finding: &Finding) -> f64 {
    f64::from(finding.confidence.hundredths()) / 100.0
}

/// One file's lines for people.
pub(super) fn text(out: &mut impl Write, file: &File) -> io::Result<()> {
    let path = plain(&file.path);
    let place =
        |part: &Option<String>| part.as_ref().map_or_else(|| path.clone(), |part| format!("{path}!{}", plain(part)));
    for told in &file.told {
        let Told { part, finding, line, column, text } = told;
        write!(out, "{}:{line}:{column}: {} {:.2} {}", place(part), finding.kind, confidence(finding), finding.rule)?;
        match text {
            Some(text) => writeln!(out, " {:?}", plain(text))?,
            None => writeln!(out)?,
        }
    }
    for (part, why) in &file.opaque {
        writeln!(out, "{}: not read: {why}", place(part))?;
    }
    match &file.broken {
        Some(why) => writeln!(out, "{path}: not read to its end: {why}"),
        None => Ok(()),
    }
}

/// One file's objects, one a line.
pub(super) fn json(out: &mut impl Write, file: &File) -> io::Result<()> {
    let object = |part: &Option<String>| {
        let mut object = Map::new();
        object.insert("path".to_owned(), json!(file.path));
        if let Some(part) = part {
            object.insert("part".to_owned(), json!(part));
        }
        object
    };
    for told in &file.told {
        let mut one = object(&told.part);
        let finding = &told.finding;
        one.insert("start".to_owned(), json!(finding.start));
        one.insert("end".to_owned(), json!(finding.end));
        one.insert("kind".to_owned(), json!(finding.kind.as_str()));
        one.insert("confidence".to_owned(), json!(confidence(finding)));
        one.insert("rule".to_owned(), json!(finding.rule));
        if let Some(text) = &told.text {
            one.insert("text".to_owned(), json!(text));
        }
        writeln!(out, "{}", Value::Object(one))?;
    }
    for (part, why) in &file.opaque {
        let mut one = object(part);
        one.insert("opaque".to_owned(), json!(why));
        writeln!(out, "{}", Value::Object(one))?;
    }
    if let Some(why) = &file.broken {
        let mut one = object(&None);
        one.insert("error".to_owned(), json!(why));
        writeln!(out, "{}", Value::Object(one))?;
    }
    Ok(())
}

/// What one file holds, on one line; docs/FORMATS.md says what stands in a manifest.
pub(super) fn manifest(out: &mut impl Write, file: &File) -> io::Result<()> {
    match &file.manifest {
        // It is JSON already.
        Some(manifest) => writeln!(out, "{{\"path\":{},\"manifest\":{manifest}}}", json!(file.path)),
        None => {
            let why = file.broken.as_deref().unwrap_or_default();
            writeln!(out, "{}", json!({"path": file.path, "error": why}))
        }
    }
}

/// The last object.
pub(super) fn json_sum(out: &mut impl Write, sum: &Sum) -> io::Result<()> {
    let summary = json!({"summary": {
        "version": env!("CARGO_PKG_VERSION"), "files": sum.files, "bytes": sum.bytes, "findings": sum.findings, "high": sum.high,
        "kinds": sum.kinds, "rules": sum.rules, "opaque": sum.opaque, "errors": sum.broken, "ignored": sum.ignored,
        "known": sum.known, "cached": sum.cached,
    }});
    writeln!(out, "{summary}")
}

/// The last lines for people.
pub(super) fn text_sum(out: &mut impl Write, sum: &Sum) -> io::Result<()> {
    let kinds: Vec<String> = sum.kinds.iter().map(|(kind, many)| format!("{many} {kind}")).collect();
    let found = if kinds.is_empty() { "nothing found".to_owned() } else { kinds.join(", ") };
    writeln!(out, "{} in {}: {found}", counted(sum.files, "file"), size(sum.bytes))?;
    for (many, what) in [
        (sum.opaque, "could not be read (pictures, recordings, locked files): nothing is known of what they hold"),
        (sum.broken, "damaged, or not read to the end"),
        (sum.ignored, "ignored, by the file of what is ignored"),
        (sum.known, "known, by the baseline"),
        (sum.cached, "clean when they were searched before, and the same since"),
    ] {
        if many > 0 {
            writeln!(out, "{many} {what}")?;
        }
    }
    Ok(())
}

fn counted(many: u64, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
}

/// Bytes as people say them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
