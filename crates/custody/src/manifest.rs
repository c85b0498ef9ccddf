//! What a version of a document holds: kinds of data, what nobody could read, and whom its heading names.
//!
//! Made while the file is still in memory and kept in the same transaction as the file, so that nothing is acknowledged, and nothing
//! delivered, whose manifest is still to come.
//!
//! What must always hold: a manifest that cannot be made says that anything may be in the file, never that nothing is; what is kept is
//! sealed as the file is, because whom a heading names is PHI; a reader that panics on a hostile file takes nothing with it.
//!
//! What it refuses to know: who may see what was found.

use crate::words::PatientBody;
use crate::{Custody, CustodyError, Shown};
use identify::HealthData;
use identify::kinds::is_sensitive;
use identify::manifest::{Manifest, Seen, SomebodyElse, names_somebody_else};
use identify::read::ReadLimits;
use identify::resolve::{PersonRecord, Word};
use identify::search::Search;
use record::action::OpensNames;
use record::civil::Day;
use record::{CustomerId, DocumentId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use store::DocumentVersion;
use vault::{Column, Opening, Phi};
use zeroize::Zeroizing;

/// Lists and weights are laid out once.
static SEARCH: LazyLock<Search> = LazyLock::new(Search::new);
/// People whom one document's heading names: more are counted in its manifest and not asked about.
const SEEN_MAX: usize = 64;

/// What one version holds. PHI, because of whom it names.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct VersionBody {
    manifest: Told,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<Named>,
}

/// A manifest as docs/FORMATS.md has it. Kinds and rules of a newer program are passed by.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Told {
    /// By which rules; 0: nobody could look into the file.
    rules: u16,
    #[serde(default)]
    format: String,
    #[serde(default)]
    text_bytes: u64,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    opaque: BTreeMap<String, u64>,
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default)]
    unassigned: Counts,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Person {
    ordinal: u32,
    records: u32,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Counts {
    #[serde(default)]
    identifiers: BTreeMap<String, u64>,
    #[serde(default)]
    health_data: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Somebody in a place for the patient's name.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(skip_serializing_if = "String::is_empty")]
    family: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    given: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    middle: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    written: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    born: Option<Day>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    numbers: Vec<String>,
}

impl From<&Seen> for Named {
    fn from(seen: &Seen) -> Self {
        let (record, text) = (&seen.record, |word: &Word| word.as_str().to_owned());
        Self {
            family: text(&record.family),
            given: text(&record.given),
            middle: text(&record.middle),
            written: text(&seen.written),
            born: record.born,
            numbers: record.numbers.iter().map(text).collect(),
        }
    }
}

impl From<&Named> for Seen {
    fn from(named: &Named) -> Self {
        let record = PersonRecord {
            middle: word(&named.middle),
            numbers: named.numbers.iter().map(|number| word(number)).collect(),
            ..PersonRecord::named(&named.family, &named.given, named.born)
        };
        Self { record, written: word(&named.written), ..Self::default() }
    }
}

fn word(text: &str) -> Word {
    Zeroizing::new(text.to_owned())
}

/// What a version holds, for whoever may read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    /// Kinds of health data.
    pub kinds: BTreeSet<HealthData>,
    /// Those of them that are sensitive.
    pub sensitive: BTreeSet<HealthData>,
    /// How many people its headings and records are about.
    pub people: usize,
    /// What was not read, in words, and how often.
    pub opaque: Vec<(&'static str, u64)>,
    /// Nobody could look into it: anything may be there.
    pub anything: bool,
}

impl VersionBody {
    /// Of a file that is in memory. Takes its time: 1 MB of notes a tenth of a second.
    pub(crate) fn of(bytes: &[u8], name: &str) -> Self {
        match Manifest::of(&SEARCH, bytes, name, &ReadLimits::default()) {
            Ok((manifest, seen)) => {
                let seen = seen.iter().take(SEEN_MAX).map(Named::from).collect();
                // What it writes, it is tested to write as this reads it.
                serde_json::from_str(&manifest.json())
                    .map_or_else(|_| Self::closed("damaged"), |manifest| Self { manifest, seen })
            }
            Err(_) => Self::closed("damaged"),
        }
    }

    /// Of a file that nobody looked into: why, as manifests name it.
    pub(crate) fn closed(why: &str) -> Self {
        let opaque = BTreeMap::from([(why.to_owned(), 1)]);
        Self { manifest: Told { opaque, ..Told::default() }, seen: Vec::new() }
    }

    /// Of a file in memory, on a thread that may take its time.
    pub(crate) async fn read(bytes: std::sync::Arc<Zeroizing<Vec<u8>>>, name: String) -> Self {
        let read = tokio::task::spawn_blocking(move || Self::of(&bytes, &name)).await;
        read.unwrap_or_else(|_| Self::closed("damaged"))
    }

    /// What it holds.
    #[must_use]
    pub fn holds(&self) -> Holds {
        let told = &self.manifest;
        let all = told.people.iter().map(|person| &person.counts).chain([&told.unassigned]);
        let kinds: BTreeSet<HealthData> =
            all.flat_map(|counts| counts.health_data.keys()).filter_map(|kind| kind.parse().ok()).collect();
        Holds {
            sensitive: kinds.iter().copied().filter(|kind| is_sensitive(*kind)).collect(),
            kinds,
            people: told.people.len(),
            opaque: told.opaque.iter().map(|(why, count)| (opaque_in_words(why), *count)).collect(),
            anything: told.rules == 0,
        }
    }

    /// Does its text name somebody else than this patient; whom, as it is written.
    #[must_use]
    pub fn somebody_else(&self, patient: &PatientBody) -> Option<(SomebodyElse, Vec<String>)> {
        let seen: Vec<Seen> = self.seen.iter().map(Seen::from).collect();
        let record = PersonRecord {
            middle: word(&patient.middle),
            numbers: if patient.record_number.is_empty() { Vec::new() } else { vec![word(&patient.record_number)] },
            ..PersonRecord::named(&patient.last, &patient.first, patient.born)
        };
        let found = names_somebody_else(&seen, &record)?;
        let others = self.seen.iter().filter(|one| names_somebody_else(&[Seen::from(*one)], &record).is_some());
        Some((found, others.map(Named::shown).filter(|name| !name.is_empty()).collect()))
    }
}

impl Named {
    fn shown(&self) -> String {
        match (self.family.is_empty(), self.given.is_empty()) {
            (false, false) => format!("{}, {}", self.family, self.given),
            (false, true) => self.family.clone(),
            _ => self.written.clone(),
        }
    }
}

/// Why a part was not read.
fn opaque_in_words(why: &str) -> &'static str {
    match why {
        "image" => "a picture",
        "audio" => "a recording",
        "video" => "a video",
        "encrypted" => "something that needs a password",
        "no_text_layer" => "pages without text, which may be scans",
        "too_large" => "something too large to look into",
        "packing" | "too_deep" => "something packed",
        _ => "something that cannot be read here",
    }
}

impl Custody {
    /// Sealed, as it is kept beside its version.
    pub(crate) fn version_body_seal(
        &self,
        (customer, document, version): (CustomerId, DocumentId, u32),
        body: &VersionBody,
    ) -> Result<Vec<u8>, CustodyError> {
        let json = Zeroizing::new(serde_json::to_vec(body).map_err(CustodyError::seal)?);
        let column = Column::DocumentVersionBody { version };
        self.ring().seal_column(customer, document, column, &json).map_err(CustodyError::seal)
    }
}

/// What a version holds, if somebody looked when it came in.
pub(crate) fn version_body_open<A: OpensNames>(
    opening: &Opening<A>,
    shown: &Shown,
    row: &DocumentVersion,
) -> Result<Option<Phi<VersionBody>>, CustodyError> {
    let Some(sealed) = &row.body else { return Ok(None) };
    let column = Column::DocumentVersionBody { version: row.version };
    let json = opening.column(row.document, column, sealed).map_err(CustodyError::seal)?;
    let body = json.map(shown, |text| serde_json::from_str::<VersionBody>(&text)).transpose();
    body.map(Some).map_err(|_| CustodyError::Broken("what a version holds cannot be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::VersionBody;
    use crate::PatientBody;
    use identify::HealthData;

    const NOTE: &str = "Patient: Underway, Lacey\nDOB: 02/27/2015\nMRN: K020411\n\nMEDICATIONS: sertraline 50 mg daily for depression.\n\
                        She has asthma and uses albuterol.\n";

    fn patient(last: &str, first: &str, born: &str, number: &str) -> PatientBody {
        PatientBody {
            last: last.to_owned(),
            first: first.to_owned(),
            born: born.parse().ok(),
            record_number: number.to_owned(),
            ..PatientBody::default()
        }
    }

    #[test]
    fn a_note_says_what_it_holds_and_comes_back_as_it_was_kept() {
        let body = VersionBody::of(NOTE.as_bytes(), "note.txt");
        let kept: VersionBody = serde_json::from_slice(&serde_json::to_vec(&body).unwrap()).unwrap();
        let holds = kept.holds();
        assert_eq!(holds, body.holds());
        assert!(holds.kinds.contains(&HealthData::Medication), "{holds:?}");
        assert!(holds.sensitive.contains(&HealthData::MentalHealth), "{holds:?}");
        assert_eq!((holds.people, holds.anything), (1, false));
    }

    #[test]
    fn a_note_about_its_patient_asks_nothing_and_a_twins_does() {
        let body = VersionBody::of(NOTE.as_bytes(), "note.txt");
        assert!(body.somebody_else(&patient("Underway", "Lacey", "2015-02-27", "K020411")).is_none());
        assert!(body.somebody_else(&patient("UNDERWAY", "Lacy", "2015-02-27", "")).is_none(), "one letter is a slip");
        let (_, named) = body.somebody_else(&patient("Underway", "Basil", "2015-02-27", "K020412")).unwrap();
        assert_eq!(named, ["Underway, Lacey"]);
    }

    #[test]
    fn what_nobody_could_look_into_may_hold_anything() {
        let holds = VersionBody::closed("audio").holds();
        assert!(holds.anything);
        assert_eq!(holds.opaque, [("a recording", 1)]);
        // A picture is looked at and not read.
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".as_slice();
        assert_eq!(VersionBody::of(png, "scan.png").holds().opaque, [("a picture", 1)]);
    }
}
