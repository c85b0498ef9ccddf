//! De-identification (45 CFR 164.514): the same file without what says who somebody is.
//!
//! A file is read and searched, what was found is replaced, and what was written is read and searched again. Structure stays: a message
//! stays a message, a resource a resource, and every byte that is not replaced is the byte that it was.
//!
//! What must always hold: fail closed. A part that nobody can read, a part that cannot be written back, a second pass that finds
//! something still, an output that does not read as it was meant: each is an error, and no bytes come out. Reports, errors and `Debug`
//! hold nothing out of the file. The same bytes and the same surrogates give the same bytes.
//!
//! What it refuses to know: where files lie, keys, and whether a person has reviewed the free text. It says that nobody has.

mod dates;
mod dicom;
mod doubts;
mod elders;
mod numbers;
mod people;
mod report;
mod rewrite;
mod second;
mod surrogate;
mod zip;

pub use doubts::{Decided, Doubt, Spot};
pub use report::{RULES, Report};
pub use surrogate::{Drawn, Keyed, Line, Surrogate, Surrogates};

use crate::find::Finder;
use crate::names::{Known, Names};
use crate::phi::{Finding, Identifier};
use crate::read::{self, EditError, Edits, Opaque, Part, Portion, ReadError, ReadLimits, Summary, What};
use crate::search::{Before, Roster, Search};
use elders::Elders;
use numbers::Numbers;
use people::{Families, FileFamilies};
use record::civil::Day;
use rewrite::{Change, Rewriting};
use second::{Look, Meant};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// How often what the second pass found is replaced too before the file is refused. Tokens change what stands beside them, and with it
/// what a model sees in the neighbours; over the sample data that ends within these rounds in 315 of 321 runs.
const ROUNDS_MAX: usize = 8;
/// How often more, with words for our tokens that tell nothing.
const PLAIN_ROUNDS_MAX: usize = 8;
/// Words in a row, outside of any known place, that make a text a free one.
const FREE_WORDS_MIN: usize = 4;

/// What is done about what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// All eighteen kinds go (164.514(b)(2)): of dates the year stays, of ZIP codes three digits, of ages those to 89.
    SafeHarbor,
    /// Direct identifiers go (164.514(e)): dates, ages, towns, states and ZIP codes stay.
    Limited,
    /// As Safe Harbor, but dates are moved by days that a family shares: for a determination by an expert (164.514(b)(1)).
    Pseudonym,
}

impl Method {
    /// The name that scripts rely on.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SafeHarbor => "safe-harbor",
            Self::Limited => "limited",
            Self::Pseudonym => "pseudonym",
        }
    }

    /// Does every identifier of this kind stay; of places, counties do not.
    const fn keeps(self, kind: Identifier) -> bool {
        let stays = matches!(kind, Identifier::Date | Identifier::Age | Identifier::Zip | Identifier::Place);
        matches!(self, Self::Limited) && stays
    }
}

/// Why nothing comes out. Nothing out of the file is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeidentifyError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] ReadError),
    /// Nobody knows what is in a part of it.
    #[error("{count} parts of the file cannot be searched, so nobody knows whom they name; of the first one: {why}")]
    Opaque {
        /// How many parts.
        count: u64,
        /// Why the first one.
        why: Opaque,
    },
    /// Its text cannot be written back.
    #[error("this kind of file can be searched but not be changed")]
    NotEditable,
    /// A part's own name says who somebody is, or may.
    #[error("the name of a part inside the file may say who somebody is; unpack it and rename that part")]
    PartName,
    /// A change cannot be written.
    #[error("a change cannot be written in this format")]
    Edit(#[from] EditError),
    /// What was written does not read as it was meant.
    #[error("what was written does not read back as it was meant")]
    ReadsOtherwise,
    /// Something is left.
    #[error("the second pass found {count} identifiers still")]
    Missed {
        /// How many.
        count: u64,
        /// Of which kinds.
        kinds: Vec<Identifier>,
    },
}

/// A file without identifiers.
#[derive(Clone, PartialEq, Eq)]
pub struct Deidentified {
    /// The file.
    pub bytes: Vec<u8>,
    /// What was done.
    pub report: Report,
}

impl fmt::Debug for Deidentified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deidentified({} bytes, {:?})", self.bytes.len(), self.report)
    }
}

/// Parts, each with what stands in it.
type Searched = Vec<(Part, Vec<Finding>)>;

/// Takes out of files what says who somebody is.
pub struct Deidentifier {
    search: Search,
    method: Method,
    reference: Day,
    limits: ReadLimits,
    families: Families,
    numbers: Numbers,
    roster: Roster,
}

impl fmt::Debug for Deidentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deidentifier({}, {:?})", self.method.as_str(), self.families)
    }
}

impl Deidentifier {
    /// By this method. `reference` is the day at which people's ages are counted.
    #[must_use]
    pub fn new(method: Method, reference: Day) -> Self {
        let (search, limits) = (Search::new(), ReadLimits::default());
        let (families, numbers, roster) = (Families::default(), Numbers::default(), Roster::default());
        Self { search, method, reference, limits, families, numbers, roster }
    }

    /// With other limits for reading.
    #[must_use]
    pub fn with_limits(self, limits: ReadLimits) -> Self {
        Self { limits, ..self }
    }

    /// Learns what all files of a run tell of each other, before the first [`Deidentifier::file`]: numbers that structure says are
    /// somebody's, which stand elsewhere without a label; patients to whom other files point; and for [`Method::Pseudonym`] which of them belong to which family, so that a
    /// family's dates move together, whatever form the files have.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn learn(&mut self, bytes: &[u8], name: &str) -> Result<(), ReadError> {
        let Self { families, numbers, roster, method, .. } = self;
        read::read(bytes, name, &self.limits, &mut |portion| {
            if let Portion::Text(part) = portion {
                numbers.learn(&part);
                roster.learn(&part);
                if *method == Method::Pseudonym {
                    families.learn(&part);
                }
            }
        })?;
        Ok(())
    }

    /// The file without identifiers. `name` is a hint at its format. Memory: about five times the file's text.
    ///
    /// # Errors
    /// [`DeidentifyError`], and nothing comes out.
    pub fn file(
        &self,
        bytes: &[u8],
        name: &str,
        surrogates: &mut dyn Surrogates,
    ) -> Result<Deidentified, DeidentifyError> {
        self.run((bytes, name), surrogates, None).map(|(done, _)| done)
    }

    /// As [`Deidentifier::file`], with what a person has decided about places of this very file, and with what is still to be decided:
    /// the first ten thousand places that stayed and might say who somebody is.
    ///
    /// # Errors
    /// [`DeidentifyError`], and nothing comes out.
    pub fn file_reviewed(
        &self,
        bytes: &[u8],
        name: &str,
        surrogates: &mut dyn Surrogates,
        decided: &[Decided],
    ) -> Result<(Deidentified, Vec<Doubt>), DeidentifyError> {
        self.run((bytes, name), surrogates, Some(decided))
    }

    fn run(
        &self,
        (bytes, name): (&[u8], &str),
        surrogates: &mut dyn Surrogates,
        decided: Option<&[Decided]>,
    ) -> Result<(Deidentified, Vec<Doubt>), DeidentifyError> {
        let (summary, mut parts, pictures) = self.parts(bytes, name)?;
        doubts::let_go(&mut parts, decided.unwrap_or_default());
        let all = || parts.iter().map(|(part, _)| part);
        let elders = Elders::of(self.reference, all());
        let file = FileFamilies::of(&self.families, all());
        let free_texts = all().map(free_texts).sum();
        let mut late = 0;
        let (mut given, mut before) = (HashMap::new(), Before::default());
        for round in 0..ROUNDS_MAX + PLAIN_ROUNDS_MAX {
            let mut report = Report {
                format: summary.format,
                files: 1,
                bytes_in: bytes.len() as u64,
                records: summary.records,
                found_late: late,
                free_texts,
                pictures,
                cuts_inside: summary.cuts_inside,
                ..Report::default()
            };
            let mut rewriting = Rewriting {
                method: self.method,
                this_year: i32::from(self.reference.year()),
                elders: &elders,
                families: &self.families,
                file: &file,
                surrogates: &mut *surrogates,
                report: &mut report,
                given: std::mem::take(&mut given),
            };
            let changes: Vec<Vec<Change>> =
                parts.iter().map(|(part, findings)| rewriting.part(part, findings)).collect();
            given = std::mem::take(&mut rewriting.given);
            let output = written(bytes, &parts, &changes)?;
            let meant: Vec<Meant> =
                parts.iter().zip(&changes).map(|((part, _), changes)| Meant::of(part, changes)).collect();
            let look = self.look(round >= ROUNDS_MAX);
            let mut seen = second::look(&look, (&output, name), &meant, &mut before)?;
            // What is found across a label and a value that has been replaced comes down to the label.
            seen.late.retain(|(index, found)| !parts.get(*index).is_some_and(|(part, _)| part.is_label(found.range())));
            // A dump that reads as plain text by now would be no dump to whoever gets it.
            if seen.format != summary.format {
                return Err(DeidentifyError::ReadsOtherwise);
            }
            if seen.missed_count > 0 {
                return Err(DeidentifyError::Missed {
                    count: seen.missed_count,
                    kinds: seen.missed.into_iter().collect(),
                });
            }
            if seen.late.is_empty() {
                report.bytes_out = output.len() as u64;
                let doubts = decided.map_or_else(Vec::new, |decided| report.reviewed(&parts, &changes, decided));
                return Ok((Deidentified { bytes: output, report }, doubts));
            }
            late += seen.late.len() as u64;
            take_in(&mut parts, seen.late);
        }
        let kinds: BTreeSet<Identifier> =
            parts.iter().flat_map(|(_, findings)| findings).map(|found| found.kind).collect();
        Err(DeidentifyError::Missed { count: late, kinds: kinds.into_iter().collect() })
    }

    fn look(&self, plain: bool) -> Look<'_> {
        Look { search: &self.search, limits: &self.limits, method: self.method, plain }
    }

    /// All parts with what stands in them, and how many pictures stay as they are.
    fn parts(&self, bytes: &[u8], name: &str) -> Result<(Summary, Searched, u64), DeidentifyError> {
        let mut parts = Vec::new();
        let mut pictures = 0;
        let (mut opaque, mut first) = (0, None);
        let (mut not_editable, mut named) = (false, false);
        let mut names_seen: BTreeSet<Option<String>> = BTreeSet::new();
        let summary = read::read(bytes, name, &self.limits, &mut |portion| match portion {
            Portion::Opaque { why, .. } if why.is_told_alone() => pictures += u64::from(why == Opaque::Seen),
            Portion::Opaque { why, .. } => {
                opaque += 1;
                first.get_or_insert(why);
            }
            Portion::Text(part) => {
                not_editable |= !part.is_editable();
                if !names_seen.contains(&part.name) {
                    named |= part.name.as_deref().is_some_and(|name| !is_plain_part(name) && self.tells(name));
                    names_seen.insert(part.name.clone());
                }
                parts.push(part);
            }
        })?;
        match first {
            Some(why) => Err(DeidentifyError::Opaque { count: opaque, why }),
            None if not_editable => Err(DeidentifyError::NotEditable),
            None if named => Err(DeidentifyError::PartName),
            None => Ok((summary, self.searched(parts), pictures)),
        }
    }

    /// Parts with what stands in them; each may point to people of whom a later one tells.
    fn searched(&self, parts: Vec<Part>) -> Searched {
        let (mut own, mut numbers) = (Roster::default(), Numbers::default());
        for part in &parts {
            own.learn(part);
            numbers.learn(part);
        }
        let search = |part: Part| {
            let mut findings = self.search.part_of(&part, &part.text, &[&own, &self.roster], None);
            // A number stands alone where nothing says what it is, too.
            numbers.add_to(&part, &mut findings);
            self.numbers.add_to(&part, &mut findings);
            (part, findings)
        };
        parts.into_iter().map(search).collect()
    }

    /// May a file keep its name: nothing is found in it, and it has no four digits in a row, which may be anybody's number.
    #[must_use]
    pub fn keeps_name(&self, name: &str) -> bool {
        let digits = name.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
        !digits && !self.tells(name)
    }

    /// Does a name of a file say who somebody is.
    fn tells(&self, name: &str) -> bool {
        // What kind of file it is names nobody.
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let spaced: String = name.chars().map(|one| if one.is_alphanumeric() { one } else { ' ' }).collect();
        // Names of files are often in small letters, in which names are hard to see.
        let mut titled = String::with_capacity(spaced.len());
        for one in spaced.chars() {
            let begins = titled.ends_with(' ') || titled.is_empty();
            if begins { titled.extend(one.to_uppercase()) } else { titled.push(one) }
        }
        // Words may begin with a capital instead of a blank.
        let mut humped = String::with_capacity(spaced.len() + 8);
        for one in spaced.chars() {
            if one.is_uppercase() && humped.ends_with(char::is_lowercase) {
                humped.push(' ');
            }
            humped.push(one);
        }
        let (finder, names) = (Finder::default(), Names::new());
        [name, &spaced, &titled, &humped].into_iter().any(|form| {
            let mut found = Vec::new();
            finder.find(form.as_bytes(), &mut found);
            names.find(form, &Known::default(), &mut found);
            found.iter().any(|finding| {
                // Words written as one look like a strange name, `CareTeam` as much as `JohnSmith`: these are judged one by one.
                let is_glued = finding.kind == Identifier::Name && form.get(finding.range()).is_some_and(is_humped);
                !is_glued && (finding.kind != Identifier::Organization || form == name)
            })
        })
    }
}

/// Does a capital follow a small letter.
fn is_humped(text: &str) -> bool {
    text.chars().zip(text.chars().skip(1)).any(|(one, next)| one.is_lowercase() && next.is_uppercase())
}

/// Folders of Office files (ECMA-376, and what Microsoft's programs add), without numbers at their ends.
const OFFICE_FOLDERS: &[&str] = &[
    "word",
    "xl",
    "ppt",
    "docProps",
    "_rels",
    "customXml",
    "worksheets",
    "chartsheets",
    "dialogsheets",
    "theme",
    "media",
    "embeddings",
    "drawings",
    "charts",
    "diagrams",
    "comments",
    "threadedComments",
    "persons",
    "pivotCache",
    "pivotTables",
    "tables",
    "queryTables",
    "externalLinks",
    "slicers",
    "slicerCaches",
    "timelines",
    "timelineCaches",
    "printerSettings",
    "ctrlProps",
    "activeX",
    "model",
    "slides",
    "slideLayouts",
    "slideMasters",
    "notesSlides",
    "notesMasters",
    "handoutMasters",
    "tags",
    "commentAuthors",
    "glossary",
    "richData",
    "webextensions",
    "docMetadata",
    "revisions",
    "macrosheets",
    "ink",
    "fonts",
    "changesInfos",
];

/// Names that the readers give, and those that office programs do.
fn is_plain_part(name: &str) -> bool {
    name.split('/').all(|piece| {
        let numbered = ["page ", "attachment ", "part "].iter().any(|word| {
            piece.strip_prefix(word).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        });
        numbered
            || matches!(piece, "title" | "unpacked")
            || OFFICE_FOLDERS.contains(&piece)
            || piece.ends_with(".rels")
            || piece.strip_suffix(".xml").is_some_and(is_plain_stem)
    })
}

/// Is it one of the names that office programs give to parts, with a number behind.
fn is_plain_stem(stem: &str) -> bool {
    let bare = stem.trim_end_matches(|one: char| one.is_ascii_digit());
    bare.is_empty() || OFFICE_PARTS.contains(&bare) || bare.starts_with("rdrich") || bare.starts_with("rdRich")
}

/// What office programs call parts, without the number.
const OFFICE_PARTS: &[&str] = &[
    "document",
    "settings",
    "styles",
    "stylesWithEffects",
    "footnotes",
    "endnotes",
    "comments",
    "commentsExtended",
    "commentsExtensible",
    "commentsIds",
    "people",
    "header",
    "footer",
    "numbering",
    "fontTable",
    "webSettings",
    "theme",
    "workbook",
    "sharedStrings",
    "sheet",
    "table",
    "calcChain",
    "connections",
    "core",
    "app",
    "custom",
    "item",
    "itemProps",
    "drawing",
    "vmlDrawing",
    "chart",
    "chartex",
    "colors",
    "style",
    "data",
    "layout",
    "quickStyle",
    "presentation",
    "presProps",
    "viewProps",
    "tableStyles",
    "slide",
    "slideLayout",
    "slideMaster",
    "notesSlide",
    "notesMaster",
    "handoutMaster",
    "tag",
    "commentAuthors",
    "comment",
    "authors",
    "person",
    "threadedComment",
    "pivotTable",
    "pivotCacheDefinition",
    "pivotCacheRecords",
    "queryTable",
    "externalLink",
    "slicer",
    "slicerCache",
    "timeline",
    "timelineCache",
    "ctrlProp",
    "metadata",
    "control",
    "activeX",
    "LabelInfo",
    "volatileDependencies",
    "xmlMaps",
    "revisionHeaders",
    "revisionLog",
    "userNames",
    "Types",
    "singleXmlCells",
    "webextension",
    "taskpanes",
    "ink",
    "customization",
    "customUI",
    "attachedToolbars",
    "keyMapCustomizations",
    "changesInfo",
    "recipients",
    "dialogsheet",
    "[Content_Types]",
];

/// The file with all changes made.
fn written(bytes: &[u8], parts: &[(Part, Vec<Finding>)], changes: &[Vec<Change>]) -> Result<Vec<u8>, EditError> {
    let texts: Vec<Vec<(std::ops::Range<usize>, &str)>> = changes
        .iter()
        .map(|changes| changes.iter().map(|change| (change.range.clone(), change.new.as_str())).collect())
        .collect();
    let edits: Vec<(&Part, Edits<'_>)> =
        parts.iter().zip(&texts).map(|((part, _), edits)| (part, edits.as_slice())).collect();
    read::edit(bytes, &edits)
}

/// Adds what was found late to what was found.
fn take_in(parts: &mut [(Part, Vec<Finding>)], late: Vec<(usize, Finding)>) {
    let mut touched = BTreeSet::new();
    for (index, finding) in late {
        parts[index].1.push(finding);
        touched.insert(index);
    }
    for index in touched {
        parts[index].1.sort_by_key(|finding| (finding.start, finding.end));
    }
}

/// How many texts of a part people wrote in their own words: values that are words, and words outside of values.
fn free_texts(part: &Part) -> u64 {
    let is_free = |range: std::ops::Range<usize>| {
        let words = part.text.get(range).unwrap_or_default().split_whitespace();
        words.filter(|word| word.chars().any(char::is_alphabetic)).take(FREE_WORDS_MIN).count() == FREE_WORDS_MIN
    };
    let (mut count, mut at) = (0, 0);
    for field in &part.fields {
        let open = matches!(field.meaning.what, What::FreeText | What::Unknown);
        count += u64::from(open && is_free(field.range())) + u64::from(is_free(at..field.start as usize));
        at = field.end as usize;
    }
    count + u64::from(is_free(at..part.text.len()))
}

#[cfg(test)]
mod tests;
