//! The parts of an export: one writer each, one act each.

use super::super::frames::Table;
use super::super::rows::{
    DocumentRow, INDEX_HEAD, LEDGER_WHAT, LedgerHead, LedgerRow, OriginalRow, PatientRow, PersonRow, RelatedRow,
    RoleRow, VersionRow, Who, index_line, path_of,
};
use super::PracticeExport;
use super::writer::PartWriter;
use crate::ask::Question;
use crate::documents::{body_open, patient_open};
use crate::related::{facts_of, related_open};
use crate::words::PatientBody;
use crate::{CustodyError, Desk, Shown, directory};
use bytes::Bytes;
use data_encoding::BASE64;
use policy::{PatientFacts, ResourceFacts};
use record::digest::Hasher;
use record::{DocumentId, Intent, Outcome, PatientId, PersonId, Purpose, Sha256, act};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{Document, DocumentVersion, Patient, RelatedPerson};
use vault::{Column, Opening, Rendition, RenditionKind, WrappedKey, floe};
use zeroize::Zeroizing;

/// Things of one act, at most: patients with the people around them, documents with their versions.
const THINGS_AT_ONCE: usize = 1000;
/// Rows that are looked at for one part.
const ROWS_AT_ONCE: u32 = 300;
/// Originals of one part, bytes, unless one alone is larger: what is done again when an export is stopped.
const BYTES_AT_ONCE: u64 = 256 << 20;
/// Entries that are read at once.
const ENTRIES_AT_ONCE: u32 = 500;

fn json(row: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
    // The error would be about the form, never about what is in it.
    serde_json::to_vec(row).map(Zeroizing::new).map_err(CustodyError::seal)
}

/// A document with all its versions.
type WithVersions = (Document, Vec<DocumentVersion>);

/// A part on its way, with what is counted of it.
struct Part<'e> {
    export: &'e mut PracticeExport,
    writer: PartWriter,
    bytes_out: u64,
}

impl<'e> Part<'e> {
    fn begin(export: &'e mut PracticeExport) -> Self {
        let writer = PartWriter::begin(export);
        Self { export, writer, bytes_out: 0 }
    }

    async fn row(&mut self, table: Table, row: Zeroizing<Vec<u8>>) -> Result<(), CustodyError> {
        self.export.held.row(table, &row)?;
        self.bytes_out += row.len() as u64;
        self.writer.row(table, row).await
    }

    /// The part is whole, and its act has ended.
    async fn finish(self, intent: &Intent) -> Result<(), CustodyError> {
        self.export.held.part_end()?;
        let line = self.writer.finish().await?;
        self.export.parts.push(line);
        // If we die here: the part is there, and the act is closed as unknown.
        self.export.custody.told(intent, Outcome::Done, "exported", Some(self.bytes_out)).await;
        Ok(())
    }
}

impl Desk<act::CustomerExport> {
    /// Asks about what goes into a part.
    async fn part_ask(
        &self,
        export: &PracticeExport,
        facts: Vec<ResourceFacts>,
    ) -> Result<(Opening<act::CustomerExport>, Shown), CustodyError> {
        let question = Question::of(export.customer, Purpose::Administration).with_all(facts);
        self.ask(question).await?.open(&self.custody.ring())
    }

    /// What was begun and not ended is said to have failed.
    async fn part_told(&self, intent: &Intent, done: Result<(), CustodyError>) -> Result<(), CustodyError> {
        if done.is_err() {
            self.custody.told(intent, Outcome::Failed, "not_exported", None).await;
        }
        done
    }

    pub(super) async fn people_part(&self, export: &mut PracticeExport) -> Result<(), CustodyError> {
        let (opening, _) = self.part_ask(export, Vec::new()).await?;
        let done = self.people_write(export, opening.intent()).await;
        self.part_told(opening.intent(), done).await
    }

    async fn people_write(&self, export: &mut PracticeExport, intent: &Intent) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let mut roles: BTreeMap<PersonId, Vec<RoleRow>> = BTreeMap::new();
        for one in custody.store().membership_list_at(Some(export.customer)).await? {
            let role = RoleRow { role: one.role, from: one.from_at, to: one.to_at };
            roles.entry(one.person).or_default().push(role);
        }
        let mut part = Part::begin(export);
        part.row(Table::Index, Zeroizing::new(index_line(&INDEX_HEAD))).await?;
        for (id, roles) in roles {
            let entry = custody.directory_entry(id).await?.unwrap_or_default();
            part.row(Table::People, json(&PersonRow { id, name: entry.name, email: entry.email, roles })?).await?;
        }
        part.finish(intent).await
    }

    /// The next patients with the people around them; false when there are none.
    pub(super) async fn patients_part(&self, export: &mut PracticeExport) -> Result<bool, CustodyError> {
        let store = self.custody.store();
        let page = store.patient_page_of(export.customer, export.held.last_patient(), ROWS_AT_ONCE).await?;
        if page.is_empty() {
            return Ok(false);
        }
        let ids: Vec<PatientId> = page.iter().map(|patient| patient.id).collect();
        let mut around: BTreeMap<PatientId, Vec<RelatedPerson>> = BTreeMap::new();
        for one in store.related_of(export.customer, &ids).await? {
            around.entry(one.patient).or_default().push(one);
        }
        let (mut things, mut some) = (0, Vec::new());
        for patient in page {
            let related = around.remove(&patient.id).unwrap_or_default();
            things += 1 + related.len();
            if things > THINGS_AT_ONCE && !some.is_empty() {
                break;
            }
            some.push((patient, related));
        }
        let mut facts = Vec::with_capacity(things);
        for (patient, related) in &some {
            let (id, customer, provisional) = (patient.id, patient.customer, patient.provisional);
            let told = PatientFacts { id, customer, in_care: false, provisional };
            facts.push(ResourceFacts::Patient(told));
            facts.extend(facts_of(related, told));
        }
        let (opening, shown) = self.part_ask(export, facts).await?;
        let done = self.patients_write(export, (&opening, &shown), some).await;
        self.part_told(opening.intent(), done).await.map(|()| true)
    }

    async fn patients_write(
        &self,
        export: &mut PracticeExport,
        (opening, shown): (&Opening<act::CustomerExport>, &Shown),
        some: Vec<(Patient, Vec<RelatedPerson>)>,
    ) -> Result<(), CustodyError> {
        let mut part = Part::begin(export);
        for (patient, related) in some {
            let body = patient_open(opening, shown, &patient)?;
            let row = PatientRow {
                id: patient.id,
                customer: patient.customer,
                body: body.into_shown(shown),
                provisional: patient.provisional,
                linked_to: patient.linked_to,
                created_at: patient.created_at,
                changed_at: patient.changed_at,
            };
            part.row(Table::Patients, json(&row)?).await?;
            for one in related {
                let body = related_open(opening, shown, &one)?;
                let row = RelatedRow {
                    id: one.id,
                    customer: one.customer,
                    patient: one.patient,
                    kind: one.kind.as_str().to_owned(),
                    body: body.into_shown(shown),
                    created_at: one.created_at,
                    changed_at: one.changed_at,
                };
                part.row(Table::Related, json(&row)?).await?;
            }
        }
        part.finish(opening.intent()).await
    }

    /// The next documents with all their versions; false when there are none.
    pub(super) async fn documents_part(&self, export: &mut PracticeExport) -> Result<bool, CustodyError> {
        let (store, customer) = (self.custody.store(), export.customer);
        let page = store.document_page_of(customer, export.held.last_document(), ROWS_AT_ONCE).await?;
        if page.is_empty() {
            return Ok(false);
        }
        let ids: Vec<DocumentId> = page.iter().map(|document| document.id).collect();
        let mut versions = store.versions_of(customer, &ids).await?;
        let (mut things, mut bytes, mut some) = (0, 0, Vec::new());
        for document in page {
            let versions = versions.remove(&document.id).unwrap_or_default();
            things += 1 + versions.len();
            bytes += versions.iter().map(|one| one.original_bytes).sum::<u64>();
            if (things > THINGS_AT_ONCE || bytes > BYTES_AT_ONCE) && !some.is_empty() {
                break;
            }
            some.push((document, versions));
        }
        let documents: Vec<Document> = some.iter().map(|(document, _)| document.clone()).collect();
        let told = store.document_facts_many(customer, &documents, None).await?;
        // A document's patient is named beside it: what stands in the index is theirs.
        let patients = self.custody.patients_of(customer, &told).await?;
        let mut facts: Vec<ResourceFacts> = told.into_iter().map(ResourceFacts::Document).collect();
        facts.extend(patients.iter().map(|(_, facts)| facts.clone()));
        let (opening, shown) = self.part_ask(export, facts).await?;
        let patients = patients.into_iter().map(|(row, _)| (row.id, row)).collect();
        let done = self.documents_write(export, (&opening, &shown), (some, patients)).await;
        self.part_told(opening.intent(), done).await.map(|()| true)
    }

    async fn documents_write(
        &self,
        export: &mut PracticeExport,
        (opening, shown): (&Opening<act::CustomerExport>, &Shown),
        (some, patients): (Vec<WithVersions>, BTreeMap<PatientId, Patient>),
    ) -> Result<(), CustodyError> {
        let names = self.names_in(&some).await?;
        let mut bodies: BTreeMap<PatientId, PatientBody> = BTreeMap::new();
        for (id, row) in &patients {
            bodies.insert(*id, patient_open(opening, shown, row)?.into_shown(shown));
        }
        let mut part = Part::begin(export);
        let mut rows = Vec::with_capacity(some.len());
        for (document, versions) in &some {
            let row = document_row((opening, shown), (document, versions), &names)?;
            part.row(Table::Documents, json(&row)?).await?;
            rows.push(row);
        }
        for ((document, versions), row) in some.iter().zip(&rows) {
            let nobody = PatientBody::default();
            let patient = document.patient.and_then(|id| bodies.get(&id)).unwrap_or(&nobody);
            for (version, told) in versions.iter().zip(&row.versions) {
                let original = self.original_write(&mut part, (opening, shown), version).await?;
                part.row(Table::Originals, json(&original)?).await?;
                part.row(Table::Index, Zeroizing::new(index_of(row, told, &original, patient))).await?;
            }
        }
        part.finish(opening.intent()).await
    }

    /// Opens one original piece by piece, and holds what is sealed against what its row says of it.
    async fn original_write(
        &self,
        part: &mut Part<'_>,
        (opening, shown): (&Opening<act::CustomerExport>, &Shown),
        version: &DocumentVersion,
    ) -> Result<OriginalRow, CustodyError> {
        let custody = &self.custody;
        let visit = custody.visit().ok_or(CustodyError::Unwitnessed)?;
        let path = path_of(version.document, version.version, &version.media);
        part.export.held.file(&path, version.original_bytes)?;
        part.writer.file(&path, version.original_bytes).await?;
        let objects = custody.store().objects();
        let (header, mut segments) =
            objects.pieces(version.original_object, floe::HEADER_LEN, floe::SEGMENT_LEN).await?;
        let wrapped = WrappedKey::from_bytes(&version.original_key).map_err(CustodyError::seal)?;
        let rendition = Rendition { version: version.version, kind: RenditionKind::Original };
        let mut unsealer =
            opening.object(version.document, rendition, &wrapped, &header).map_err(CustodyError::seal)?;
        let (mut sealed_sha256, mut sha256, mut bytes) = (Hasher::default(), Hasher::default(), 0_u64);
        sealed_sha256.update(&header);
        while let Some(segment) = segments.next().await? {
            if !visit.holds() {
                return Err(CustodyError::Unwitnessed);
            }
            sealed_sha256.update(&segment);
            let plain = unsealer.segment(segment).map_err(CustodyError::seal)?.into_shown(shown);
            sha256.update(&plain);
            bytes += plain.len() as u64;
            if !plain.is_empty() {
                part.writer.piece(Bytes::from_owner(plain)).await?;
            }
        }
        unsealer.finish().map_err(CustodyError::seal)?;
        let (sealed_sha256, sha256) = (sealed_sha256.finish(), sha256.finish());
        if sealed_sha256.as_bytes()[..] != version.original_digest[..] || bytes != version.original_bytes {
            let what = format!("a sealed original of {} is not the one that its version names", version.document);
            return Err(CustodyError::Broken(what));
        }
        part.export.held.file_end(sha256)?;
        part.bytes_out += bytes;
        let (document, version) = (version.document, version.version);
        Ok(OriginalRow { document, version, path, bytes, sha256, sealed_sha256 })
    }

    /// The names of everybody who did something to these documents.
    async fn names_in(&self, some: &[WithVersions]) -> Result<BTreeMap<PersonId, String>, CustodyError> {
        let mut people = BTreeSet::new();
        for (document, versions) in some {
            people.extend([document.author, document.signed_by, document.picked_up_by].into_iter().flatten());
            let made = versions.iter().map(|one| &one.made_by).chain([&document.uploader]);
            people.extend(made.filter_map(|id| id.parse::<PersonId>().ok()));
        }
        directory::names(&self.custody, people.into_iter().collect()).await
    }

    pub(super) async fn ledger_part(&self, export: &mut PracticeExport) -> Result<(), CustodyError> {
        let (opening, _) = self.part_ask(export, Vec::new()).await?;
        let done = self.ledger_write(export, opening.intent()).await;
        self.part_told(opening.intent(), done).await
    }

    /// The practice's own entries, each proven to one checkpoint.
    async fn ledger_write(&self, export: &mut PracticeExport, intent: &Intent) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let broken = |what: String| CustodyError::Broken(format!("the ledger: {what}"));
        let (log, signer) = (&custody.0.log, &custody.0.signer);
        let signed = ledger::sign_head(log, signer).await.map_err(|error| broken(error.to_string()))?;
        let customer = export.customer;
        let head = LedgerHead {
            v: 1,
            what: LEDGER_WHAT.to_owned(),
            customer,
            customer_name: export.customer_name.clone(),
            operator: custody.settings().operator.clone(),
            key: custody.ledger_verifier().to_string(),
            checkpoint: signed.to_string(),
        };
        let mut part = Part::begin(export);
        part.row(Table::Ledger, json(&head)?).await?;
        let mut from = 0;
        loop {
            let page = custody.store().entries_of(customer, (from, signed.head().size), ENTRIES_AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            from = last.index + 1;
            for stored in &page {
                let proof = ledger::prove_inclusion(log, stored.index, signed.head()).await;
                let proof = proof.map_err(|error| broken(error.to_string()))?;
                let proof = proof.iter().map(|hash| BASE64.encode(hash.as_bytes())).collect();
                let row = LedgerRow { index: stored.index, leaf: BASE64.encode(&stored.leaf), proof };
                part.row(Table::Ledger, json(&row)?).await?;
            }
        }
        part.finish(intent).await
    }
}

fn who(id: Option<PersonId>, names: &BTreeMap<PersonId, String>) -> Option<Who> {
    id.map(|id| Who { id: id.to_string(), name: names.get(&id).cloned().unwrap_or_default() })
}

/// A person by name; a program or a job by its id alone.
fn who_made(id: &str, names: &BTreeMap<PersonId, String>) -> Who {
    let name = id.parse::<PersonId>().ok().and_then(|id| names.get(&id).cloned());
    Who { id: id.to_owned(), name: name.unwrap_or_default() }
}

fn document_row(
    (opening, shown): (&Opening<act::CustomerExport>, &Shown),
    (document, versions): (&Document, &[DocumentVersion]),
    names: &BTreeMap<PersonId, String>,
) -> Result<DocumentRow, CustodyError> {
    let body = body_open(opening, shown, document)?.into_shown(shown);
    let reason = match &document.reason {
        Some(sealed) => {
            let column = Column::DocumentEventBody { event: 1 };
            let opened = opening.column(document.id, column, sealed).map_err(CustodyError::seal)?;
            Some(opened.into_shown(shown))
        }
        None => None,
    };
    let mut rows = Vec::with_capacity(versions.len());
    for one in versions {
        let column = Column::DocumentVersionFileName { version: one.version };
        let name = opening.column(document.id, column, &one.file_name).map_err(CustodyError::seal)?;
        let digest: Option<[u8; 32]> = one.original_digest.as_slice().try_into().ok();
        rows.push(VersionRow {
            version: one.version,
            media: one.media.clone(),
            file_name: name.into_shown(shown),
            bytes: one.original_bytes,
            sealed_sha256: digest
                .map(Sha256::from_bytes)
                .ok_or_else(|| CustodyError::Broken("a version's digest cannot be read".to_owned()))?,
            scan: one.scan.clone(),
            opaque: one.opaque.clone(),
            made_at: one.made_at,
            made_by: who_made(&one.made_by, names),
        });
    }
    Ok(DocumentRow {
        id: document.id,
        customer: document.customer,
        patient: document.patient,
        author: who(document.author, names),
        uploader: who_made(&document.uploader, names),
        kind: document.kind,
        state: document.state,
        title: body.title,
        visit: body.visit,
        said: body.said,
        said_author: body.said_author,
        uploaded_at: document.uploaded_at,
        delivered_at: document.delivered_at,
        signed_at: document.signed_at,
        signed_by: who(document.signed_by, names),
        picked_up_at: document.picked_up_at,
        picked_up_by: who(document.picked_up_by, names),
        withdrawn_at: document.withdrawn_at,
        reason,
        moved_from: document.moved_from,
        confidentiality: document.confidentiality,
        versions: rows,
    })
}

fn index_of(row: &DocumentRow, version: &VersionRow, original: &OriginalRow, patient: &PatientBody) -> Vec<u8> {
    let day = row.visit.map(|day| day.to_string()).unwrap_or_default();
    let at = row.delivered_at.map(|at| at.to_string()).unwrap_or_default();
    let id = row.patient.map(|id| id.to_string()).unwrap_or_default();
    index_line(&[
        &original.document.to_string(),
        &original.version.to_string(),
        &original.path,
        &original.bytes.to_string(),
        &original.sha256.to_string(),
        row.kind.as_str(),
        row.state.as_str(),
        &row.title,
        &day,
        &id,
        &patient.last,
        &patient.first,
        &patient.record_number,
        row.author.as_ref().map_or(row.said_author.as_str(), |who| who.name.as_str()),
        &at,
        &version.file_name,
    ])
}
