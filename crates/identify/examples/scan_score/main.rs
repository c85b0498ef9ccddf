//! How much of what is known to stand in labelled files a scan finds, and how much it finds where nothing stands.
//!
//!     cargo run --release -p strongroom-identify --example scan_score -- [--json] [--half even|odd] [--show N]
//!         [--kind KIND] [--real FILE] FOLDER…
//!
//! For each folder: recall by kind (every letter and digit of a labelled value lies in findings), precision (findings
//! that touch a label), documents without a leak, findings in a thousand words where nothing is labelled, and values of
//! structured people that were left in the files of a practice of stand-ins. `--real` names a file with the words, one
//! a line, that are known to be names in texts without labels. `--show` prints so many misses and false findings; then
//! the output holds the texts, which are to be made up or public.
//!
//! What must always hold: files are read through [`strongroom_identify::search::Search`], as `strongroom scan` reads them;
//! a value that is found in part is missed.
//!
//! What it refuses to know: how anything is found.
#![expect(clippy::print_stdout, reason = "it reports on stdout")]
#![expect(clippy::cast_precision_loss, reason = "counts of some thousands")]

mod corpus;

use corpus::{Corpus, Document, Label};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use strongroom_identify::Identifier;
use strongroom_identify::read::ReadLimits;
use strongroom_identify::search::{Found, Said, Search};

/// What is asked for.
#[derive(Default)]
pub(crate) struct Options {
    json: bool,
    show: usize,
    kind: Option<Identifier>,
    /// Words that are names in texts without labels, in small letters.
    real: BTreeSet<String>,
    /// Of labelled samples in one file, those with an even or an odd number.
    pub(crate) half: Option<usize>,
    folders: Vec<String>,
}

#[derive(Default)]
struct Tally {
    labels: usize,
    covered: usize,
}

/// What was counted in one folder.
#[derive(Default)]
struct Score {
    kinds: BTreeMap<&'static str, Tally>,
    /// Findings in labelled texts, and those of them that touch a label.
    findings: usize,
    right: usize,
    documents: usize,
    without_leak: usize,
    /// Texts in which nothing is labelled.
    plain_words: usize,
    plain_findings: BTreeMap<&'static str, usize>,
    /// Values of structured people: how many stand in the files, and how many of those were left.
    structured: usize,
    structured_left: usize,
    shown: [usize; 3],
}

/// Findings of one part.
struct Part {
    text: String,
    findings: Vec<Found>,
    packed: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) if !options.folders.is_empty() => options,
        Ok(_) => return failed("give folders"),
        Err(error) => return failed(&error),
    };
    let search = Search::new();
    let mut all = Score::default();
    for folder in &options.folders {
        let mut score = Score::default();
        match corpus::read(folder, &options) {
            Ok(corpus) => run(&search, &corpus, &options, &mut score),
            Err(error) => return failed(&format!("{folder}: {error}")),
        }
        report(folder, &score, &options);
        all.add(&score);
    }
    if options.folders.len() > 1 {
        report("all", &all, &options);
    }
    ExitCode::SUCCESS
}

fn failed(why: &str) -> ExitCode {
    println!("scan_score: {why}");
    ExitCode::from(2)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--json" => options.json = true,
            "--show" => options.show = value()?.parse().map_err(|_| "--show needs a number")?,
            "--kind" => options.kind = Some(value()?.parse().map_err(|_| "no such kind")?),
            "--half" => options.half = Some(usize::from(value()? == "odd")),
            "--real" => {
                let words = std::fs::read_to_string(value()?).map_err(|error| error.to_string())?;
                options.real = words.lines().map(str::to_lowercase).collect();
            }
            _ => options.folders.push(argument),
        }
    }
    Ok(options)
}

fn run(search: &Search, corpus: &Corpus, options: &Options, score: &mut Score) {
    for document in &corpus.documents {
        let parts = parts(search, &document.name, &document.bytes);
        match &document.labels {
            Some(labels) => labelled(document, labels, &parts, options, score),
            None => plain(document, &parts, options, score),
        }
    }
    for file in &corpus.structured {
        structured(file, &parts(search, &file.name, &file.bytes), options, score);
    }
}

fn parts(search: &Search, name: &str, bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut said = |said: Said<'_>| {
        if let Said::Part { part, findings } = said {
            parts.push(Part { text: part.text.clone(), findings: findings.to_vec(), packed: part.name.is_some() });
        }
    };
    if let Err(error) = search.file(bytes, name, &ReadLimits::default(), &mut said) {
        println!("{name}: {error}");
    }
    parts
}

fn labelled(document: &Document, labels: &[Label], parts: &[Part], options: &Options, score: &mut Score) {
    let findings: Vec<&Found> = parts.iter().filter(|part| !part.packed).flat_map(|part| &part.findings).collect();
    score.documents += 1;
    let mut leaks = false;
    for label in labels {
        let Some(kind) = label.kind else { continue };
        let covered = is_covered(&document.bytes, (label.start, label.end), &findings);
        let tally = score.kinds.entry(kind.as_str()).or_default();
        tally.labels += 1;
        tally.covered += usize::from(covered);
        leaks |= !covered;
        if !covered && score.may_show(0, kind, options) {
            println!("missed {kind} {}", document.around(label.start, label.end));
        }
    }
    score.without_leak += usize::from(!leaks);
    for found in findings {
        let (start, end, kind) = (found.finding.start, found.finding.end, found.finding.kind);
        let right = labels.iter().any(|label| label.start < end && start < label.end);
        score.findings += 1;
        score.right += usize::from(right);
        if !right && score.may_show(1, kind, options) {
            let sure = found.finding.confidence.hundredths();
            println!("false {kind} {} {sure} {}", found.finding.rule, document.around(start, end));
        }
    }
}

/// Every letter and digit of the value lies in some finding.
fn is_covered(bytes: &[u8], span: (usize, usize), findings: &[&Found]) -> bool {
    let counts = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    (span.0..span.1).all(|at| !counts(bytes[at]) || findings.iter().any(|found| found.finding.range().contains(&at)))
}

fn plain(document: &Document, parts: &[Part], options: &Options, score: &mut Score) {
    for part in parts {
        score.plain_words += part.text.split_whitespace().count();
        for found in &part.findings {
            let text = part.text.get(found.text.clone()).unwrap_or_default();
            if options.real.contains(&text.to_lowercase()) {
                continue;
            }
            let kind = found.finding.kind;
            *score.plain_findings.entry(kind.as_str()).or_default() += 1;
            if score.may_show(1, kind, options) {
                let shown = corpus::around(&part.text, found.text.start, found.text.end);
                let sure = found.finding.confidence.hundredths();
                println!("false {kind} {} {sure} {}: {shown}", found.finding.rule, document.name);
            }
        }
    }
}

/// Values of people whom the file's structure names, wherever else they stand in it.
fn structured(file: &corpus::Structured, parts: &[Part], options: &Options, score: &mut Score) {
    for part in parts {
        let findings: Vec<(usize, usize)> =
            part.findings.iter().map(|found| (found.text.start, found.text.end)).collect();
        for (at, length) in file.values.places(&part.text) {
            score.structured += 1;
            let next = findings.partition_point(|finding| finding.1 <= at);
            // Several findings side by side may cover one value.
            let mut reached = at;
            for finding in &findings[next..] {
                if finding.0 > reached + 1 {
                    break;
                }
                reached = finding.1;
            }
            let left = reached < at + length;
            score.structured_left += usize::from(left);
            if left && score.may_show(2, Identifier::Name, options) {
                println!("left {}: {}", file.name, corpus::around(&part.text, at, at + length));
            }
        }
    }
}

impl Score {
    fn may_show(&mut self, which: usize, kind: Identifier, options: &Options) -> bool {
        let wanted = options.kind.is_none_or(|only| only == kind) && self.shown[which] < options.show;
        self.shown[which] += usize::from(wanted);
        wanted
    }

    fn add(&mut self, other: &Self) {
        for (kind, tally) in &other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.labels += tally.labels;
            sum.covered += tally.covered;
        }
        for (kind, count) in &other.plain_findings {
            *self.plain_findings.entry(kind).or_default() += count;
        }
        self.findings += other.findings;
        self.right += other.right;
        self.documents += other.documents;
        self.without_leak += other.without_leak;
        self.plain_words += other.plain_words;
        self.structured += other.structured;
        self.structured_left += other.structured_left;
    }

    fn overall(&self) -> Tally {
        let sum = |of: fn(&Tally) -> usize| self.kinds.values().map(of).sum();
        Tally { labels: sum(|tally| tally.labels), covered: sum(|tally| tally.covered) }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn report(title: &str, score: &Score, options: &Options) {
    let overall = score.overall();
    let plain: usize = score.plain_findings.values().sum();
    let per_thousand = plain as f64 * 1_000.0 / score.plain_words.max(1) as f64;
    if options.json {
        let kinds: BTreeMap<_, _> = score
            .kinds
            .iter()
            .map(|(kind, tally)| {
                let recall = share(tally.covered, tally.labels);
                (kind, serde_json::json!({"labels": tally.labels, "recall": recall}))
            })
            .collect();
        let said = serde_json::json!({
            "corpus": title, "kinds": kinds, "labels": overall.labels,
            "recall": share(overall.covered, overall.labels),
            "precision": share(score.right, score.findings), "findings": score.findings,
            "documents": score.documents, "without_leak": share(score.without_leak, score.documents),
            "plain_words": score.plain_words, "plain_findings": score.plain_findings,
            "false_per_1000_words": per_thousand,
            "structured_values": score.structured, "structured_left": score.structured_left,
        });
        println!("{said}");
        return;
    }
    println!("{title}");
    for (kind, tally) in &score.kinds {
        println!("  {kind:<14}{:>6} {:.4}", tally.labels, share(tally.covered, tally.labels));
    }
    if overall.labels > 0 {
        println!("  {:<14}{:>6} {:.4}", "overall", overall.labels, share(overall.covered, overall.labels));
        println!("  precision     {:>6} {:.4}", score.findings, share(score.right, score.findings));
        println!("  without leak  {:>6} {:.4}", score.documents, share(score.without_leak, score.documents));
    }
    if score.plain_words > 0 {
        println!("  unlabelled    {:>6} words, {plain} findings, {per_thousand:.3} in 1,000 words", score.plain_words);
        println!("                {:?}", score.plain_findings);
    }
    if score.structured > 0 {
        println!("  structured    {:>6} values, {} left", score.structured, score.structured_left);
    }
}
