//! An opened export's records once more as FHIR R4: made from the rows that were verified, and from nothing else.
//!
//! `fhir/Patient.ndjson`, `fhir/DocumentReference.ndjson` (one resource for each version; an older one is superseded by the
//! next) and `fhir/AuditEvent.ndjson`. Bytes are where the attachment says, below the opened export's folder.

use super::held::Told;
use super::rows::{DocumentRow, Manifest, VersionRow, path_of};
use super::{LeavingError, folder::create};
use crate::EntryLine;
use crate::fhir::{Attached, Known, Logical, Place, audit_event, document_of, patient_of, reference, replaced_by};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

/// The folder, beside the tables.
pub(super) const FOLDER: &str = "fhir";

/// The resources, on their way to their files.
pub(super) struct Resources {
    out: PathBuf,
    place: Place,
    files: BTreeMap<String, BufWriter<File>>,
}

impl Resources {
    pub(super) fn new(out: PathBuf, manifest: &Manifest) -> Self {
        // The house's own address is the one that signs its ledger.
        let origin = manifest.checkpoint.lines().next().unwrap_or_default();
        let host = origin.split('/').next().unwrap_or_default();
        let base = format!("https://{host}/fhir/R4");
        let place = Place { base, operator: manifest.operator.clone(), customer: manifest.customer_name.clone() };
        Self { out, place, files: BTreeMap::new() }
    }

    /// A row that was verified.
    pub(super) fn told(&mut self, told: &Told) -> Result<(), LeavingError> {
        match told {
            Told::Patient(row) => {
                let resource = patient_of(&self.place, row.id, &row.body);
                match row.linked_to {
                    Some(other) => self.write(&replaced_by(resource, other)),
                    None => self.write(&resource),
                }
            }
            Told::Document(row) => {
                for version in &row.versions {
                    let resource = self.document(row, version);
                    self.write(&resource)?;
                }
                Ok(())
            }
            Told::Entry(index, entry) => {
                let resource = audit_event(&self.place, &EntryLine::unnamed(*index, entry));
                self.write(&resource)
            }
            Told::Person(_) | Told::Related(_) | Told::Original | Told::Index | Told::LedgerHead(_) => Ok(()),
        }
    }

    fn document(&self, row: &DocumentRow, version: &VersionRow) -> Value {
        let known = Known {
            id: row.id,
            kind: row.kind,
            state: row.state,
            confidentiality: row.confidentiality,
            title: &row.title,
            visit: row.visit,
            patient: row.patient,
            author: row.author.as_ref().map(|one| (one.id.clone(), one.name.as_str())),
            uploaded_at: row.uploaded_at,
            delivered_at: row.delivered_at,
            signed_at: row.signed_at,
        };
        let attached = Attached {
            version: version.version,
            media: &version.media,
            size_bytes: version.bytes,
            made_at: version.made_at,
            file_name: Some(&version.file_name),
            url: path_of(row.id, version.version, &version.media),
        };
        let mut resource = document_of(&self.place, &known, attached);
        let newest = row.versions.last().map(|one| one.version);
        if newest != Some(version.version) {
            resource["id"] = format!("{}.{}", Logical(row.id), version.version).into();
            resource["status"] = "superseded".into();
        }
        if version.version > 1 {
            let before = format!("{}.{}", Logical(row.id), version.version - 1);
            resource["relatesTo"] = json!([{"code": "replaces", "target": reference("DocumentReference", before)}]);
        }
        resource
    }

    fn write(&mut self, resource: &Value) -> Result<(), LeavingError> {
        let kind = resource["resourceType"].as_str().unwrap_or_default().to_owned();
        let file = match self.files.entry(kind) {
            std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                let path = self.out.join(format!("{}.ndjson", new.key()));
                new.insert(BufWriter::new(create(&path)?))
            }
        };
        let failed = LeavingError::io("write the opened export");
        serde_json::to_writer(&mut *file, resource).map_err(|error| failed(error.into()))?;
        file.write_all(b"\n").map_err(failed)
    }

    /// Its files, to be flushed like every other.
    pub(super) fn files(self) -> impl Iterator<Item = BufWriter<File>> {
        self.files.into_values()
    }
}
