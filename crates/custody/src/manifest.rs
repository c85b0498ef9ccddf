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
use crate::{Custody, CustodyError, OpenedVersion, Shown};
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
use vault::{Column, Opening};
use zeroize::Zeroizing;

/// Lists and weights are laid out once.
static SEARCH: LazyLock<Search> = LazyLock::new(Search::new);
/// People whom one document's heading names: more are counted in its manifest and not asked about.
const SEEN_MAX: usize = 64;
/// People who are told apart in what is kept beside one document; the counts of more are kept with what belongs to nobody, so that a
/// hostile file does not make a row of a hundred megabytes that every opening of its document must read.
const PEOPLE_KEPT: usize = 1_000;
/// What a packed file may unpack to while somebody waits for its upload, bytes; the rest is said to be too large to look into.
const UNPACKED_MAX: usize = 32 << 20;

/// Bounds for looking into a document while its upload waits: one hostile file must not keep the readers from all others.
fn limits() -> ReadLimits {
    ReadLimits {
        decoded_bytes_max: UNPACKED_MAX,
        packed_depth_max: 2,
        packed_entries_max: 4_096,
        packed_member_bytes_max: UNPACKED_MAX,
        packed_bytes_max: UNPACKED_MAX as u64,
        ..ReadLimits::default()
    }
}

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

impl Told {
    /// As much of it as is kept.
    fn bounded(mut self) -> Self {
        if self.people.len() > PEOPLE_KEPT {
            for person in self.people.split_off(PEOPLE_KEPT) {
                self.unassigned.add(person.counts);
            }
            self.truncated = true;
        }
        self
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        for (kind, count) in other.identifiers {
            *self.identifiers.entry(kind).or_default() += count;
        }
        for (kind, evidence) in other.health_data {
            let all = self.health_data.entry(kind).or_default();
            for (rule, count) in evidence {
                *all.entry(rule).or_default() += count;
            }
        }
    }
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
    /// How many people its headings and records are about; at least as many, when `more` is set.
    pub people: usize,
    /// There are more people than were told apart.
    pub more: bool,
    /// What was not read, in words, and how often.
    pub opaque: Vec<(&'static str, u64)>,
    /// Nobody could look into it: anything may be there.
    pub anything: bool,
}

/// Why somebody has to look at a document before it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Its text names somebody else than its patient: whom, as it is written.
    NamesOthers(Vec<String>),
    /// Nobody could look into it, so nobody knows whom it names.
    Unread,
}

impl VersionBody {
    /// Of a file that is in memory. Takes its time: 1 MB of notes a tenth of a second.
    pub(crate) fn of(bytes: &[u8], name: &str) -> Self {
        match Manifest::of(&SEARCH, bytes, name, &limits()) {
            Ok((manifest, seen)) => {
                let seen = seen.iter().take(SEEN_MAX).map(Named::from).collect();
                // What it writes, it is tested to write as this reads it.
                let told = serde_json::from_str::<Told>(&manifest.json());
                told.map_or_else(|_| Self::closed("damaged"), |told| Self { manifest: told.bounded(), seen })
            }
            Err(_) => Self::closed("damaged"),
        }
    }

    /// As it was kept.
    fn kept(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|_| Self::closed("damaged"))
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
            more: told.truncated,
            opaque: told.opaque.iter().map(|(why, count)| (opaque_in_words(why), *count)).collect(),
            anything: told.rules == 0,
        }
    }

    /// Whom its heading names, at most so many, as records that are held against patients.
    pub(crate) fn named(&self, most: usize) -> Vec<PersonRecord> {
        self.seen.iter().take(most).map(|one| Seen::from(one).named()).collect()
    }

    /// The same, as their names are written.
    #[must_use]
    pub fn names(&self, most: usize) -> Vec<String> {
        self.seen.iter().take(most).map(Named::shown).filter(|name| !name.is_empty()).collect()
    }

    /// Why somebody has to look at it before it goes out as this patient's: because it names somebody else, or because nothing of it
    /// could be read though it should have been. Recordings and pictures are never read, so asking about each would teach people to
    /// press on; who types them, or looks at them, sees whom they name.
    #[must_use]
    pub fn doubt(&self, patient: &PatientBody) -> Option<Doubt> {
        let told = &self.manifest;
        let is_never_read = |why: &String| matches!(why.as_str(), "audio" | "video" | "image" | "no_text_layer");
        let is_shut = told.opaque.is_empty() && told.rules == 0 || told.opaque.keys().any(|why| !is_never_read(why));
        if is_shut && told.text_bytes == 0 {
            return Some(Doubt::Unread);
        }
        self.somebody_else(patient).map(|(_, names)| Doubt::NamesOthers(names))
    }

    /// Does its text name somebody else than this patient; whom, as it is written.
    #[must_use]
    pub fn somebody_else(&self, patient: &PatientBody) -> Option<(SomebodyElse, Vec<String>)> {
        let seen: Vec<Seen> = self.seen.iter().map(Seen::from).collect();
        let record = patient.record();
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
///
/// # Errors
/// [`CustodyError::Seal`] for bytes that were changed. What was sealed as it is and is no manifest that this program reads says that
/// anything may be in the document, and does not keep it from those who care for the patient.
pub(crate) fn version_body_open<A: OpensNames>(
    opening: &Opening<A>,
    shown: &Shown,
    row: &DocumentVersion,
) -> Result<Option<OpenedVersion>, CustodyError> {
    let Some(sealed) = &row.body else { return Ok(None) };
    let column = Column::DocumentVersionBody { version: row.version };
    let json = opening.column(row.document, column, sealed).map_err(CustodyError::seal)?;
    Ok(Some(json.map(shown, |text| VersionBody::kept(&text))))
}

#[cfg(test)]
mod tests {
    use super::{Doubt, VersionBody};
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
    fn what_nobody_could_look_into_is_asked_about_but_for_recordings_and_scans() {
        let lacey = patient("Underway", "Lacey", "2015-02-27", "K020411");
        for why in ["damaged", "too_large", "a reason of later programs"] {
            assert_eq!(VersionBody::closed(why).doubt(&lacey), Some(Doubt::Unread), "{why}");
        }
        assert_eq!(VersionBody::kept("{}").doubt(&lacey), Some(Doubt::Unread));
        for why in ["audio", "no_text_layer"] {
            assert_eq!(VersionBody::closed(why).doubt(&lacey), None, "{why}");
        }
        assert_eq!(VersionBody::of(b"\x7fELF\x02\x01\x01\0\0\0\0\0", "note.doc").doubt(&lacey), Some(Doubt::Unread));
        let note = VersionBody::of(NOTE.as_bytes(), "note.txt");
        assert_eq!(note.doubt(&lacey), None);
        let basil = patient("Underway", "Basil", "2015-02-27", "K020412");
        assert_eq!(note.doubt(&basil), Some(Doubt::NamesOthers(vec!["Underway, Lacey".to_owned()])));
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
    #[test]
    fn more_people_than_are_kept_are_counted_and_none_of_their_data_is_lost() {
        let rows: String =
            (0..1_500).map(|row| format!("K{row:06},Underway{row},Lacey,02/27/2015,F32.9 depression\n")).collect();
        let table = format!("mrn,last_name,first_name,dob,diagnosis\n{rows}");
        let body = VersionBody::of(table.as_bytes(), "people.csv");
        let holds = body.holds();
        assert_eq!((holds.people, holds.more), (1_000, true));
        let born = |counts: &super::Counts| counts.identifiers.get("date").copied().unwrap_or_default();
        let people: u64 = body.manifest.people.iter().map(|person| born(&person.counts)).sum();
        assert_eq!(people + born(&body.manifest.unassigned), 1_500, "{:?}", body.manifest.unassigned.identifiers);
        let small = VersionBody::of(
            format!("mrn,last_name,first_name,dob\n{}", "K1,Underway,Lacey,02/27/2015\n").as_bytes(),
            "one.csv",
        );
        assert!(!small.holds().more);
    }

    #[test]
    fn a_packed_file_that_unpacks_to_far_more_is_said_to_be_too_large() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for _ in 0..48 << 10 {
            packer.write_all(&[b'a'; 1024]).unwrap();
        }
        let holds = VersionBody::of(&packer.finish().unwrap(), "long.txt.gz").holds();
        assert_eq!(holds.opaque, [("something too large to look into", 1)]);
    }

    #[test]
    fn what_is_no_manifest_says_that_anything_may_be_there() {
        for json in ["", "{}", "[]", "{\"manifest\":{\"rules\":70000}}"] {
            assert!(VersionBody::kept(json).holds().anything, "{json}");
        }
    }
}
