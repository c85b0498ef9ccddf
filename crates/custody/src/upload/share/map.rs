//! The map of a share: how paths and first lines say author, patient, date and kind (docs/FORMATS-import.md).

use super::super::about::name_key;
use crate::{Custody, CustodyError, directory};
use identify::{FileNameFields, HeaderLabels, PathTemplate};
use record::document::DocumentKind;
use record::{CustomerId, PersonId, Role};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Largest file that is taken from a share, bytes: what is read for its text as a whole. Larger ones go through the portal.
pub(super) const FILE_BYTES_MAX: u64 = 32 << 20;
/// Rules of one map.
const RULES_MAX: usize = 64;

/// What is written about a share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMap {
    /// Whose documents these are.
    pub customer: CustomerId,
    /// Their own name as well, so that a slip in the id is noticed.
    pub customer_name: String,
    /// As what they come in.
    #[serde(default)]
    pub state: ArrivesAs,
    /// What becomes of a document whose patient is not known with certainty.
    #[serde(default)]
    pub unmatched: Otherwise,
    /// What becomes of a document whose author is not known.
    #[serde(default)]
    pub unknown_author: Otherwise,
    /// The largest file, bytes; at most 32 MiB.
    #[serde(default)]
    pub file_bytes_max: Option<u64>,
    /// Rules, tried in their order.
    pub rule: Vec<ImportRule>,
    /// The share's words for authors, and their e-mail addresses here.
    #[serde(default)]
    pub authors: BTreeMap<String, String>,
    /// The share's words for what a document is, and what it is here.
    #[serde(default)]
    pub types: BTreeMap<String, ImportType>,
    /// Labels of header lines beside the usual ones, by field.
    #[serde(default)]
    pub header: BTreeMap<String, Vec<String>>,
}

/// As what documents come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivesAs {
    /// The practice has had them long ago: in its charts, and in nobody's inbox.
    #[default]
    Delivered,
    /// Work that is to be edited and delivered.
    Transcribed,
}

/// What becomes of what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It comes in all the same; without a patient it waits on the list of unmatched documents.
    #[default]
    Keep,
    /// It stays outside and is named in the list of rejects.
    Reject,
}

/// One way in which paths are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRule {
    /// The template.
    pub path: String,
    /// The e-mail address of the author of all these.
    #[serde(default)]
    pub author: Option<String>,
    /// What all these are.
    #[serde(default)]
    pub kind: Option<DocumentKind>,
    /// What all these are called, where nothing else says so.
    #[serde(default)]
    pub title: Option<String>,
}

/// What a word of the share for a type means here.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum ImportType {
    /// A transcript of this title.
    Title(String),
    /// A document of this kind and title.
    Kind {
        /// The title.
        title: String,
        /// What it is.
        kind: DocumentKind,
    },
}

/// The map says something that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MapError(String);

/// A rule that was read.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) path: PathTemplate,
    pub(super) author: Option<PersonId>,
    pub(super) kind: Option<DocumentKind>,
    pub(super) title: Option<String>,
}

/// The map as files are held against it.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) state: ArrivesAs,
    pub(super) unmatched: Otherwise,
    pub(super) unknown_author: Otherwise,
    pub(super) file_bytes_max: u64,
    pub(super) rules: Vec<Rule>,
    pub(super) labels: HeaderLabels,
    types: BTreeMap<String, (String, DocumentKind)>,
    authors: BTreeMap<String, PersonId>,
    /// By how a name is compared; none when two are called so.
    names: BTreeMap<String, Option<PersonId>>,
}

impl ImportMap {
    /// Is everything in it of a form that can be meant. Whom it names is looked up later, by whoever may.
    ///
    /// # Errors
    /// [`MapError`] says what is wrong and where.
    pub fn check(&self) -> Result<(), MapError> {
        self.rules().map(|_| ())?;
        self.labels().map(|_| ())?;
        if self.file_bytes_max.is_some_and(|most| most == 0 || most > FILE_BYTES_MAX) {
            return Err(MapError(format!("file_bytes_max takes a number from 1 to {FILE_BYTES_MAX}")));
        }
        Ok(())
    }

    fn rules(&self) -> Result<Vec<PathTemplate>, MapError> {
        if self.rule.is_empty() || self.rule.len() > RULES_MAX {
            return Err(MapError(format!("the map needs one to {RULES_MAX} rules")));
        }
        let read = |(at, rule): (usize, &ImportRule)| {
            PathTemplate::parse(&rule.path).map_err(|error| MapError(format!("rule {}, {error}", at + 1)))
        };
        self.rule.iter().enumerate().map(read).collect()
    }

    fn labels(&self) -> Result<HeaderLabels, MapError> {
        let mut labels = HeaderLabels::default();
        for (field, words) in &self.header {
            for word in words {
                labels.add(field, word).map_err(|why| MapError(format!("header: {why}")))?;
            }
        }
        Ok(labels)
    }
}

/// How a word of the share is compared.
fn word(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Custody {
    /// Reads a map for a customer: its authors must be clinicians there, now or once.
    pub(super) async fn import_reading(&self, map: &ImportMap) -> Result<Reading, CustodyError> {
        let wrong = |error: MapError| CustodyError::Map(error);
        map.check().map_err(wrong)?;
        let (paths, labels) = (map.rules().map_err(wrong)?, map.labels().map_err(wrong)?);
        let at = self.store().membership_list_at(Some(map.customer)).await?;
        let clinicians: BTreeSet<PersonId> =
            at.iter().filter(|one| one.role == Role::Clinician).map(|one| one.person).collect();
        let (ring, mut by_email, mut names) = (self.ring(), BTreeMap::new(), BTreeMap::new());
        for person in self.store().person_fetch_many(&clinicians).await? {
            let entry = directory::open(&ring, &person)?;
            by_email.insert(word(&entry.email), person.id);
            let key = name_key(&entry.name);
            names.entry(key).and_modify(|one| *one = None).or_insert(Some(person.id));
        }
        let find = |what: &str, email: &str| {
            let found = by_email.get(&word(email)).copied();
            found.ok_or_else(|| wrong(MapError(format!("{what}: no clinician of this customer has that address"))))
        };
        let mut rules = Vec::with_capacity(paths.len());
        for (at, (rule, path)) in map.rule.iter().zip(paths).enumerate() {
            let author = rule.author.as_deref().map(|email| find(&format!("rule {}", at + 1), email)).transpose()?;
            rules.push(Rule { path, author, kind: rule.kind, title: rule.title.clone() });
        }
        let mut authors = BTreeMap::new();
        for (code, email) in &map.authors {
            authors.insert(word(code), find(&format!("authors, {code}"), email)?);
        }
        let types = map.types.iter().map(|(code, means)| {
            let (title, kind) = match means {
                ImportType::Title(title) => (title, DocumentKind::Transcript),
                ImportType::Kind { title, kind } => (title, *kind),
            };
            (word(code), (title.clone(), kind))
        });
        Ok(Reading {
            state: map.state,
            unmatched: map.unmatched,
            unknown_author: map.unknown_author,
            file_bytes_max: map.file_bytes_max.unwrap_or(FILE_BYTES_MAX),
            rules,
            labels,
            types: types.collect(),
            authors,
            names,
        })
    }
}

impl Reading {
    /// The first rule that a path follows, and what it says.
    pub(super) fn rule_of(&self, path: &str) -> Option<(usize, FileNameFields)> {
        self.rules.iter().enumerate().find_map(|(at, rule)| Some((at, rule.path.fields(path)?)))
    }

    /// The author: whom the path says, then whom the rule says, then whom the file says.
    pub(super) fn author_of(&self, rule: usize, path: Option<&str>, header: Option<&str>) -> Option<PersonId> {
        let named = |text: &str| self.names.get(&name_key(text)).copied().flatten();
        let coded = |text: &str| self.authors.get(&word(text)).copied();
        let of_rule = self.rules.get(rule).and_then(|rule| rule.author);
        let by_path = path.and_then(|text| coded(text).or_else(|| named(text)));
        by_path.or(of_rule).or_else(|| header.and_then(|text| coded(text).or_else(|| named(text))))
    }

    /// Title and kind that a word of the share stands for.
    pub(super) fn type_of(&self, code: &str) -> Option<&(String, DocumentKind)> {
        self.types.get(&word(code))
    }
}
