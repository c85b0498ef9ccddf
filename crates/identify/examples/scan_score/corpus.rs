//! Labelled texts as others and we ourselves keep them, told by what a folder holds.
//!
//! What must always hold: places are bytes; a label whose kind is no identifier of ours, or may be one or not, is neither
//! asked for nor held against a finding.
//!
//! What it refuses to know: what is found.

use crate::Options;
use serde_json::Value;
use std::error::Error;
use std::path::{Path, PathBuf};
use strongroom_identify::Identifier;

/// Names, numbers and birth dates of the patients of one practice.
pub(crate) struct Values(Vec<String>);

/// One labelled value.
pub(crate) struct Label {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// None where either answer is right.
    pub(crate) kind: Option<Identifier>,
}

/// One text or file.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// None where nobody has labelled anything.
    pub(crate) labels: Option<Vec<Label>>,
}

/// A structured file with values of the people it names.
pub(crate) struct Structured {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) values: std::rc::Rc<Values>,
}

/// What a folder holds.
#[derive(Default)]
pub(crate) struct Corpus {
    pub(crate) documents: Vec<Document>,
    pub(crate) structured: Vec<Structured>,
}

type Failure = Box<dyn Error>;

/// Reads a folder, in the order of its names.
pub(crate) fn read(folder: &str, options: &Options) -> Result<Corpus, Failure> {
    let mut files = Vec::new();
    walk(Path::new(folder), &mut files)?;
    files.sort();
    let mut corpus = Corpus::default();
    let practices: Vec<PathBuf> = files
        .iter()
        .filter(|file| file.ends_with("truth/spans.ndjson"))
        .filter_map(|file| Some(file.parent()?.parent()?.to_owned()))
        .collect();
    for practice in &practices {
        stand_ins(practice, &files, &mut corpus)?;
    }
    for file in files.iter().filter(|file| !practices.iter().any(|practice| file.starts_with(practice))) {
        other(file, options, &mut corpus)?;
    }
    Ok(corpus)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if folder.is_file() {
        files.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        walk(&entry?.path(), files)?;
    }
    Ok(())
}

/// One practice of `strongroom standin`: documents with their truth, and files in which structure names the patients.
fn stand_ins(practice: &Path, files: &[PathBuf], corpus: &mut Corpus) -> Result<(), Failure> {
    let mut labels: std::collections::BTreeMap<String, Vec<Label>> = std::collections::BTreeMap::new();
    for line in std::fs::read_to_string(practice.join("truth/spans.ndjson"))?.lines() {
        let span: Value = serde_json::from_str(line)?;
        let kind = span["kind"].as_str().unwrap_or_default().parse().ok();
        let path = span["path"].as_str().unwrap_or_default().to_owned();
        labels.entry(path).or_default().push(Label {
            start: number(&span["start"])?,
            end: number(&span["end"])?,
            kind,
        });
    }
    let mut values = Vec::new();
    for line in std::fs::read_to_string(practice.join("truth/patients.ndjson"))?.lines() {
        let patient: Value = serde_json::from_str(line)?;
        for key in ["mrn", "family", "given", "birth_date"] {
            let value = patient[key].as_str().unwrap_or_default();
            values.push(value.to_owned());
            values.push(value.replace('-', ""));
        }
    }
    // Shorter ones are syllables of other words.
    values.retain(|value| value.chars().count() >= 4);
    values.sort();
    values.dedup();
    let values = std::rc::Rc::new(Values(values));
    for file in files {
        let Ok(inner) = file.strip_prefix(practice) else { continue };
        let name = inner.to_string_lossy().into_owned();
        let bytes = std::fs::read(file)?;
        if name.starts_with("text") {
            let labels = Some(labels.remove(&name).unwrap_or_default());
            corpus.documents.push(Document { name, bytes, labels });
        } else if !name.starts_with("truth") && !name.ends_with(".docx") && !name.ends_with(".pdf") {
            corpus.structured.push(Structured { name, bytes, values: values.clone() });
        }
    }
    Ok(())
}

impl Values {
    /// Where whole values stand: first byte and length.
    pub(crate) fn places(&self, text: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for value in &self.0 {
            let is_apart =
                |letter: Option<char>| letter.is_none_or(|one| !one.is_alphanumeric() && one != '-' && one != '/');
            places.extend(text.match_indices(value.as_str()).map(|(at, found)| (at, found.len())).filter(
                |(at, length)| {
                    is_apart(text[..*at].chars().next_back()) && is_apart(text[at + length..].chars().next())
                },
            ));
        }
        places
    }
}

/// A file of other people's labels, or texts without any.
fn other(file: &Path, options: &Options, corpus: &mut Corpus) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
    // Descriptions and licences name their authors; some texts hold people and have no labels.
    let holds_people = is("canary.txt") || is("semantics_40.csv") || is("singleton.csv") || name == "clinical_note.txt";
    if is("metadata.csv") || is(".md") || is("license.txt") || holds_people {
        return Ok(());
    }
    let bytes = std::fs::read(file)?;
    if is(".json") {
        let Ok(Value::Array(samples)) = serde_json::from_slice(&bytes) else { return Ok(()) };
        let texts = samples.iter().enumerate().filter(|(index, _)| options.half.is_none_or(|half| index % 2 == half));
        corpus.documents.extend(texts.filter_map(|(index, sample)| presidio(sample, &format!("{name}-{index}.txt"))));
    } else if is(".jsonl") {
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let clinical = file.components().any(|part| part.as_os_str() == "clinical");
        let of = |(index, line): (usize, Value)| openmed(&line, clinical, &format!("{name}-{index}.txt"));
        corpus.documents.extend(lines.enumerate().filter_map(of));
    } else if is(".txt") && bytes.starts_with(b"=== ") {
        written(&String::from_utf8_lossy(&bytes), &name, &mut corpus.documents);
    } else if is(".csv") || is(".txt") {
        corpus.documents.push(Document { name, bytes, labels: None });
    }
    Ok(())
}

/// Our own short texts, in which what is to be found stands as `[[kind:value]]` and `=== ` opens a text.
fn written(file: &str, name: &str, documents: &mut Vec<Document>) {
    for (index, piece) in file.split("=== ").skip(1).enumerate() {
        let (style, body) = piece.split_once('\n').unwrap_or_default();
        let (mut text, mut labels) = (String::new(), Vec::new());
        let mut rest = body.trim_end();
        while let Some((before, (mark, behind))) =
            rest.split_once("[[").and_then(|(before, after)| Some((before, after.split_once("]]")?)))
        {
            let (kind, value) = mark.split_once(':').unwrap_or_default();
            text.push_str(before);
            let start = text.len();
            text.push_str(value);
            labels.push(Label { start, end: text.len(), kind: kind.parse().ok() });
            rest = behind;
        }
        text.push_str(rest);
        let name = format!("{name}-{index}-{}.txt", style.replace([' ', '/', '.'], "-"));
        documents.push(Document { name, bytes: text.into_bytes(), labels: Some(labels) });
    }
}

fn number(value: &Value) -> Result<usize, Failure> {
    Ok(usize::try_from(value.as_u64().ok_or("a place is no number")?)?)
}

/// One sample with places in characters.
fn presidio(sample: &Value, name: &str) -> Option<Document> {
    let text = sample["full_text"].as_str()?;
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let place = |value: &Value| places.get(number(value).ok()?).copied();
    let mut labels = Vec::new();
    for span in sample["spans"].as_array()? {
        let value = span["entity_value"].as_str()?;
        let kind = match span["entity_type"].as_str()? {
            // A title that is labelled as a person.
            "PERSON" if value.ends_with('.') && value.len() < 5 => None,
            "LOCATION" if is_region(value) => None,
            label => kind_of(label),
        };
        let (start, end) = (place(&span["start_position"])?, place(&span["end_position"])?);
        match kind {
            Some(Identifier::Name) => labels.push(without_title(text, start, end)),
            Some(Identifier::Address) => lines_of_address(text, start, end, &mut labels),
            _ => labels.push(Label { start, end, kind }),
        }
    }
    Some(Document { name: name.to_owned(), bytes: text.as_bytes().to_vec(), labels: Some(labels) })
}

/// A name alone: what somebody studied or is called by is no identifier.
fn without_title(text: &str, start: usize, end: usize) -> Label {
    let value = &text[start..end];
    let titles = ["Mr. ", "Mrs. ", "Ms. ", "Miss ", "Dr. ", "Mr ", "Mrs ", "Ms ", "Dr "];
    let front = titles.iter().find(|title| value.starts_with(**title)).map_or(0, |title| title.len());
    let degrees = [" MD", " PhD", " DDS", " DVM"];
    let back = degrees.iter().find(|degree| value.ends_with(**degree)).map_or(0, |degree| degree.len());
    Label { start: start + front, end: end - back, kind: Some(Identifier::Name) }
}

/// Of an address what is smaller than a state, line by line.
fn lines_of_address(text: &str, start: usize, end: usize, labels: &mut Vec<Label>) {
    let mut at = start;
    for piece in text[start..end].split_inclusive(['\n', ',']) {
        let shown = piece.trim_matches(|one: char| !one.is_alphanumeric());
        let first = at + piece.find(shown).unwrap_or(0);
        let kind = (!shown.is_empty() && !is_region(shown)).then_some(Identifier::Address);
        labels.push(Label { start: first, end: first + shown.len(), kind });
        at += piece.len();
    }
}

/// A text with the values themselves, or with places in characters; clinical ones hold nothing that is anybody's.
fn openmed(line: &Value, clinical: bool, name: &str) -> Option<Document> {
    let text = line["text"].as_str()?;
    let spans = line["spans"].as_array().or_else(|| line["gold_spans"].as_array());
    let language = line["language"].as_str().unwrap_or("en");
    if language != "en" || spans.is_none() && !clinical {
        return None;
    }
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut labels = Vec::new();
    for span in spans.into_iter().flatten() {
        let kind = kind_of(span["label"].as_str()?);
        let found = span["text"].as_str().and_then(|value| Some((text.find(value)?, value.len())));
        let (start, end) = match found {
            Some((at, length)) => (at, at + length),
            None => (*places.get(number(&span["start"]).ok()?)?, *places.get(number(&span["end"]).ok()?)?),
        };
        labels.push(Label { start, end, kind });
    }
    let labels = spans.is_some().then_some(labels);
    Some(Document { name: name.to_owned(), bytes: text.as_bytes().to_vec(), labels })
}

fn kind_of(label: &str) -> Option<Identifier> {
    Some(match label {
        "PERSON" => Identifier::Name,
        "LOCATION" => Identifier::Place,
        "ORGANIZATION" => Identifier::Organization,
        "ADDRESS" => Identifier::Address,
        "CREDIT_CARD" | "IBAN_CODE" => Identifier::Account,
        "PHONE_NUMBER" | "PHONE" => Identifier::Phone,
        "EMAIL_ADDRESS" | "EMAIL" => Identifier::Email,
        "US_SSN" | "SSN" => Identifier::Ssn,
        "US_DRIVER_LICENSE" => Identifier::License,
        "DOMAIN_NAME" => Identifier::Url,
        "IP_ADDRESS" => Identifier::Ip,
        "ID" | "MRN" | "ID_NUM" => Identifier::Mrn,
        _ => return None,
    })
}

/// States and countries are no identifiers.
fn is_region(value: &str) -> bool {
    let own = include_str!("../../data/names/words.txt");
    let section = own.split("[region]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
    section.split_whitespace().any(|word| word.replace('_', " ").eq_ignore_ascii_case(value))
}

impl Document {
    /// A value with some words on both sides.
    pub(crate) fn around(&self, start: usize, end: usize) -> String {
        format!("{}: {}", self.name, around(&String::from_utf8_lossy(&self.bytes), start, end))
    }
}

/// The same in a text.
pub(crate) fn around(text: &str, start: usize, end: usize) -> String {
    let before: Vec<char> = text.get(..start).unwrap_or_default().chars().rev().take(50).collect();
    let before: String = before.into_iter().rev().collect();
    let after: String = text.get(end..).unwrap_or_default().chars().take(40).collect();
    format!("{before}«{}»{after}", text.get(start..end).unwrap_or_default()).replace('\n', "⏎")
}
