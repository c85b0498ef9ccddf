//! The rows of an export's tables, and its manifest (docs/FORMATS-leaving.md).

use crate::words::{PatientBody, RelatedBody};
use record::civil::Day;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{CustomerId, DocumentId, IntentId, PatientId, PersonId, RelatedPersonId, Role, Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who did something, as the practice sees them: an id of the house, and a name where it is a person's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Who {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Somebody with a place at the practice.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonRow {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<RoleRow>,
}

/// One of their roles.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleRow {
    pub(crate) role: Role,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

/// A patient.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatientRow {
    pub(crate) id: PatientId,
    pub(crate) customer: CustomerId,
    pub(crate) body: PatientBody,
    pub(crate) provisional: bool,
    pub(crate) linked_to: Option<PatientId>,
    pub(crate) created_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}

/// A guardian or guarantor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelatedRow {
    pub(crate) id: RelatedPersonId,
    pub(crate) customer: CustomerId,
    pub(crate) patient: PatientId,
    pub(crate) kind: String,
    pub(crate) body: RelatedBody,
    pub(crate) created_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}

/// A document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRow {
    pub(crate) id: DocumentId,
    pub(crate) customer: CustomerId,
    pub(crate) patient: Option<PatientId>,
    pub(crate) author: Option<Who>,
    pub(crate) uploader: Who,
    pub(crate) kind: DocumentKind,
    pub(crate) state: DocumentState,
    pub(crate) title: String,
    pub(crate) visit: Option<Day>,
    pub(crate) said: PatientBody,
    pub(crate) said_author: String,
    pub(crate) uploaded_at: Timestamp,
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) signed_at: Option<Timestamp>,
    pub(crate) signed_by: Option<Who>,
    pub(crate) picked_up_at: Option<Timestamp>,
    pub(crate) picked_up_by: Option<Who>,
    pub(crate) withdrawn_at: Option<Timestamp>,
    pub(crate) reason: Option<String>,
    pub(crate) moved_from: Option<PatientId>,
    /// Exports from before there was any say nothing, and mean normal.
    #[serde(default = "normal")]
    pub(crate) confidentiality: Confidentiality,
    pub(crate) versions: Vec<VersionRow>,
}

const fn normal() -> Confidentiality {
    Confidentiality::Normal
}

/// One version of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionRow {
    pub(crate) version: u32,
    pub(crate) media: String,
    pub(crate) file_name: String,
    pub(crate) bytes: u64,
    pub(crate) sealed_sha256: Sha256,
    pub(crate) scan: String,
    pub(crate) opaque: Option<String>,
    pub(crate) made_at: Timestamp,
    pub(crate) made_by: Who,
}

/// What an original's file is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginalRow {
    pub(crate) document: DocumentId,
    pub(crate) version: u32,
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
    pub(crate) sealed_sha256: Sha256,
}

/// What stands first in `ledger.ndjson`.
pub(crate) const LEDGER_WHAT: &str = "strongroom practice ledger";

/// The first line of `ledger.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerHead {
    pub(crate) v: u8,
    pub(crate) what: String,
    pub(crate) customer: CustomerId,
    pub(crate) customer_name: String,
    pub(crate) operator: String,
    pub(crate) key: String,
    pub(crate) checkpoint: String,
}

/// An entry of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerRow {
    pub(crate) index: u64,
    pub(crate) leaf: String,
    pub(crate) proof: Vec<String>,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeavingCounts {
    /// Documents.
    pub documents: u64,
    /// Their versions.
    pub versions: u64,
    /// Bytes of all originals.
    pub bytes: u64,
    /// Patients.
    pub patients: u64,
    /// Guardians and guarantors.
    pub related: u64,
    /// People with a place at the practice.
    pub people: u64,
    /// Entries of the ledger.
    pub entries: u64,
}

impl std::fmt::Display for LeavingCounts {
    /// As people read it: on a certificate, and where an export was opened.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { documents, versions, bytes, patients, related, entries, .. } = self;
        write!(
            f,
            "{documents} documents in {versions} versions ({bytes} bytes), {patients} patients, {related} people around them, \
             {entries} entries of the ledger"
        )
    }
}

/// A table in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableLine {
    pub(crate) rows: u64,
    pub(crate) sha256: Sha256,
}

/// A part in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartLine {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
}

/// What all of it is held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) v: u8,
    pub(crate) export: IntentId,
    pub(crate) customer: CustomerId,
    pub(crate) customer_name: String,
    pub(crate) operator: String,
    pub(crate) made_at: Timestamp,
    pub(crate) checkpoint: String,
    pub(crate) counts: LeavingCounts,
    pub(crate) tables: BTreeMap<String, TableLine>,
    pub(crate) parts: Vec<PartLine>,
}

/// The name of a part, counted from 1.
pub(super) fn part_name(number: usize) -> String {
    format!("part-{number:05}.sealed")
}

/// Where an original lies in an opened export: made of ids and fixed words, whatever anybody called it.
pub(crate) fn path_of(document: DocumentId, version: u32, media: &str) -> String {
    let ending = match media {
        "text/plain" => ".txt",
        "application/pdf" => ".pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => ".docx",
        "application/rtf" => ".rtf",
        "audio/wav" => ".wav",
        "audio/mpeg" => ".mp3",
        "audio/mp4" => ".m4a",
        "audio/ogg" => ".ogg",
        "audio/flac" => ".flac",
        "audio/amr" => ".amr",
        "image/tiff" => ".tif",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        _ => "",
    };
    format!("originals/{document}/{version}{ending}")
}

/// The heading of `index.csv`.
pub(super) const INDEX_HEAD: [&str; 16] = [
    "document",
    "version",
    "path",
    "bytes",
    "sha256",
    "kind",
    "state",
    "title",
    "visit",
    "patient",
    "patient_last",
    "patient_first",
    "record_number",
    "author",
    "delivered_at",
    "file_name",
];

/// A line of `index.csv` without its end (RFC 4180). A field that a spreadsheet would take for a formula is made text.
pub(super) fn index_line(fields: &[&str]) -> Vec<u8> {
    let field = |text: &&str| {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if formula { format!("'{text}") } else { (*text).to_owned() };
        if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{index_line, path_of};
    use record::DocumentId;

    #[test]
    fn a_line_of_the_index_is_no_formula_and_holds_together() {
        let line = index_line(&["=1+1", "a,b", "say \"x\"", "-2", "two\nlines", "plain"]);
        assert_eq!(String::from_utf8(line).unwrap(), "'=1+1,\"a,b\",\"say \"\"x\"\"\",'-2,\"two\nlines\",plain");
    }

    #[test]
    fn a_path_follows_from_the_row_and_from_nothing_that_anybody_wrote() {
        let id = DocumentId::from_bytes([1; 16]);
        assert_eq!(path_of(id, 2, "application/pdf"), format!("originals/{id}/2.pdf"));
        assert_eq!(path_of(id, 2, "../../etc"), format!("originals/{id}/2"));
    }
}
