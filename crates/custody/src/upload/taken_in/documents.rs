//! Documents of another house with all their versions: sealed anew as they come, under ids and keys of this house.

use super::super::intake::{FileRead, UNREADABLE};
use super::super::{Coming, HEAD_BYTES, Intake, Taken, read_file, sniffed};
use super::{Custody, TakeIn};
use crate::leaving::{DocumentRow, LeavingError, Who};
use crate::words::{CameFrom, CameVersion};
use crate::{CustodyError, Desk, DocumentBody, VersionBody};
use policy::{DocumentFacts, ResourceFacts};
use record::document::Confidentiality;
use record::{CustomerId, DocumentId, ObjectId, PatientId, PersonId, Principal, UploadId, act};
use std::collections::BTreeMap;
use store::{Document, DocumentVersion, Upload};
use vault::{Column, Rendition, RenditionKind, WrappedKey};
use zeroize::Zeroizing;

/// The longest title, name of an author or reason, characters.
const WORDS_CHARS_MAX: usize = 2000;
/// Versions of one document, at most.
const VERSIONS_MAX: usize = 1000;

/// A document as it comes.
pub(super) struct DocumentIn {
    row: DocumentRow,
}

impl DocumentIn {
    pub(super) const fn new(row: DocumentRow) -> Self {
        Self { row }
    }
}

/// What becomes of one.
struct Place {
    row: DocumentRow,
    tokens: [Vec<u8>; 2],
    id: DocumentId,
    patient: Option<PatientId>,
    moved_from: Option<PatientId>,
    author: Option<PersonId>,
}

/// A version that is sealed and not yet kept.
struct Sealed {
    version: DocumentVersion,
    /// By this practice's rule.
    kept: Confidentiality,
    known_by: [u8; 32],
}

/// A document whose files are coming.
struct Open {
    place: Place,
    upload: Upload,
    sealed: Vec<Sealed>,
}

/// A file that is coming.
struct File {
    coming: Coming,
    name: String,
    /// Its beginning, until it is known what it is.
    head: Zeroizing<Vec<u8>>,
    intake: Option<(Intake, WrappedKey)>,
}

/// Whether the bytes that come are kept.
enum Bytes {
    None,
    /// Of a document that came before, or stays outside.
    Passed,
    Taken(Box<File>),
}

/// The documents of a part.
pub(super) struct DocumentsIn {
    rows: Vec<DocumentRow>,
    /// Asked about, by id there; none before the first file comes.
    places: Option<BTreeMap<DocumentId, Place>>,
    open: Option<Open>,
    bytes: Bytes,
}

impl Default for DocumentsIn {
    fn default() -> Self {
        Self { rows: Vec::new(), places: None, open: None, bytes: Bytes::None }
    }
}

impl DocumentsIn {
    pub(super) fn row(&mut self, document: DocumentIn) {
        self.rows.push(document.row);
    }

    /// No file of the part has begun.
    pub(super) const fn takes_rows(&self) -> bool {
        self.places.is_none()
    }

    /// More bytes of the file.
    pub(super) async fn piece(
        &mut self,
        custody: &Custody,
        customer: CustomerId,
        piece: &[u8],
    ) -> Result<(), CustodyError> {
        let Bytes::Taken(file) = &mut self.bytes else { return Ok(()) };
        if let Some((intake, _)) = &mut file.intake {
            return intake.take(piece).await;
        }
        file.head.extend_from_slice(piece);
        if file.head.len() < HEAD_BYTES {
            return Ok(());
        }
        let begun = file.begin(custody, customer).await;
        self.passed_if_not_taken(begun)
    }

    /// A kind that is not taken here stays outside with its document; everything else is an error.
    fn passed_if_not_taken(&mut self, begun: Result<(), CustodyError>) -> Result<(), CustodyError> {
        match begun {
            Err(CustodyError::File(_)) => {
                self.bytes = Bytes::Passed;
                Ok(())
            }
            other => other,
        }
    }

    /// Removes what was on its way.
    pub(super) async fn undo(self: Box<Self>, custody: &Custody) {
        if let Some(open) = self.open
            && let Err(error) = custody.upload_undone(open.upload.id, &open.upload.objects).await
        {
            tracing::warn!(%error, "what was on its way in is removed by the sweeper");
        }
    }
}

impl File {
    async fn begin(&mut self, custody: &Custody, customer: CustomerId) -> Result<(), CustodyError> {
        let kind = sniffed(&self.head, &self.name)?;
        let rendition = Rendition { version: self.coming.version, kind: RenditionKind::Original };
        let (sealer, key) = custody
            .ring()
            .seal_object(customer, self.coming.document, rendition, custody.entropy())
            .map_err(CustodyError::seal)?;
        let max_bytes = custody.room_left(customer).await?.min(custody.settings().file_bytes_max);
        let mut intake = Intake::begin(custody, &self.coming, sealer, kind, max_bytes).await?;
        intake.take(&self.head).await?;
        self.head.clear();
        self.intake = Some((intake, key));
        Ok(())
    }
}

impl Desk<act::CustomerTakeIn> {
    /// Asks about the part's documents before the first of their files is kept.
    async fn places_ask(&self, take: &mut TakeIn, documents: &mut DocumentsIn) -> Result<(), CustodyError> {
        let rows = std::mem::take(&mut documents.rows);
        let tokens: Vec<[Vec<u8>; 2]> =
            rows.iter().map(|row| take.tokens(&row.id.to_string(), row)).collect::<Result<_, _>>()?;
        let known = take.custody.store().taken_in_known(take.customer, &tokens.concat()).await?;
        let mut places = BTreeMap::new();
        for (row, tokens) in rows.into_iter().zip(tokens) {
            if known.contains_key(&tokens[0]) {
                take.came_before(&row.id.to_string(), known.contains_key(&tokens[1]));
                continue;
            }
            let place = take.place(row, tokens).await?;
            places.insert(place.row.id, place);
        }
        let me = Principal::Person(self.person()?);
        let facts = |place: &Place| {
            ResourceFacts::Document(DocumentFacts {
                id: place.id,
                customer: take.customer,
                state: place.row.state,
                kind: place.row.kind,
                confidentiality: place.row.confidentiality,
                author: place.author,
                uploader: Some(me),
                recipients: Vec::new(),
                patient: place.patient,
                in_care: false,
                read_by_practice: false,
                delivered_at: place.row.delivered_at,
            })
        };
        let facts: Vec<ResourceFacts> = places.values().map(facts).collect();
        if !facts.is_empty() {
            // If we die behind it: an entry without an end, closed as unknown.
            drop(self.take_in_ask(take, facts).await?);
        }
        documents.places = Some(places);
        Ok(())
    }

    /// A file begins.
    pub(super) async fn file_begin(
        &self,
        take: &mut TakeIn,
        documents: &mut DocumentsIn,
        (document, version): (DocumentId, u32),
    ) -> Result<(), CustodyError> {
        if documents.places.is_none() {
            self.places_ask(take, documents).await?;
        }
        let custody = &take.custody;
        if documents.open.as_ref().is_some_and(|open| open.place.row.id != document) {
            return Err(LeavingError::Inside("files of two documents are mixed").into());
        }
        if documents.open.is_none() {
            let place = documents.places.as_mut().and_then(|places| places.remove(&document));
            let Some(place) = place else {
                documents.bytes = Bytes::Passed;
                return Ok(());
            };
            let objects = (0..place.row.versions.len() * 2).map(|_| ObjectId::mint(custody.clock(), custody.entropy()));
            let upload = Upload {
                id: UploadId::mint(custody.clock(), custody.entropy()),
                customer: take.customer,
                person: Principal::Person(self.person()?),
                objects: objects.collect(),
                started_at: custody.now(),
            };
            let mut tx = custody.store().begin("begin to take a document in").await?;
            tx.upload_insert(&upload).await?;
            tx.commit().await?;
            documents.open = Some(Open { place, upload, sealed: Vec::new() });
        }
        let Some(open) = &documents.open else { return Ok(()) };
        let at = usize::try_from(version.saturating_sub(1)).unwrap_or(usize::MAX);
        let row = open.place.row.versions.get(at).filter(|_| open.sealed.len() == at);
        let row = row.ok_or(LeavingError::Inside("versions of a document are not in their order"))?;
        let coming = Coming {
            upload: open.upload.id,
            customer: take.customer,
            document: open.place.id,
            version,
            existing: None,
            original: open.upload.objects[at * 2],
            text: open.upload.objects[at * 2 + 1],
            by_author: false,
        };
        let file = File { coming, name: row.file_name.clone(), head: Zeroizing::new(Vec::new()), intake: None };
        documents.bytes = Bytes::Taken(Box::new(file));
        Ok(())
    }

    /// A file's bytes were all; behind the last one its document is kept.
    pub(super) async fn file_end(&self, take: &mut TakeIn, documents: &mut DocumentsIn) -> Result<(), CustodyError> {
        let custody = take.custody.clone();
        if let Bytes::Taken(file) = &mut documents.bytes
            && file.intake.is_none()
        {
            let begun = file.begin(&custody, take.customer).await;
            documents.passed_if_not_taken(begun)?;
        }
        let Some(mut open) = documents.open.take() else { return Ok(()) };
        let Bytes::Taken(file) = std::mem::replace(&mut documents.bytes, Bytes::Passed) else {
            // All of it or nothing: the other versions stay outside with this one.
            custody.upload_undone(open.upload.id, &open.upload.objects).await?;
            take.tally.outside.push(open.place.row.id.to_string());
            return Ok(());
        };
        let sealed = custody.version_take(self.person()?, &open, *file).await;
        match sealed {
            Ok(sealed) => open.sealed.push(sealed),
            Err(CustodyError::File(_)) => {
                custody.upload_undone(open.upload.id, &open.upload.objects).await?;
                take.tally.outside.push(open.place.row.id.to_string());
                return Ok(());
            }
            Err(error) => {
                documents.open = Some(open);
                return Err(error);
            }
        }
        if open.sealed.len() < open.place.row.versions.len() {
            documents.open = Some(open);
            return Ok(());
        }
        let (versions, bytes) =
            (open.sealed.len(), open.sealed.iter().map(|one| one.version.original_bytes).sum::<u64>());
        if let Err(error) = take.document_keep(self.person()?, &open).await {
            documents.open = Some(open);
            return Err(error);
        }
        take.tally.documents += 1;
        take.tally.versions += versions as u64;
        take.tally.bytes += bytes;
        Ok(())
    }
}

impl Custody {
    /// The end of a file: its text is read, and its row made.
    async fn version_take(&self, me: PersonId, open: &Open, file: File) -> Result<Sealed, CustodyError> {
        let File { coming, name, intake, .. } = file;
        let (intake, key) = intake.ok_or(LeavingError::Inside("a file is empty"))?;
        let Taken { size_bytes, digest, known_by, kind, text_of, scanned } = intake.finish().await?;
        // What its house kept is kept: a text that cannot be read here is no reason to lose the original.
        let FileRead { text, opaque, holds } = match read_file(kind, text_of, &name).await {
            Err(CustodyError::File(_)) => {
                FileRead { text: None, opaque: Some(UNREADABLE), holds: VersionBody::closed("damaged") }
            }
            read => read?,
        };
        let text_key = match &text {
            Some(text) => Some(self.seal_text(&coming, text.as_bytes()).await?),
            None => None,
        };
        let column = Column::DocumentVersionFileName { version: coming.version };
        let safe = identify::safe_file_name(&name);
        let file_name = self.ring().seal_column(coming.customer, coming.document, column, safe.as_bytes());
        let row = &open.place.row.versions[open.sealed.len()];
        let version = DocumentVersion {
            document: coming.document,
            version: coming.version,
            media: kind.media_type().to_owned(),
            file_name: file_name.map_err(CustodyError::seal)?,
            original_object: coming.original,
            original_key: key.to_bytes(),
            original_bytes: size_bytes,
            original_digest: digest,
            text_object: text_key.as_ref().map(|_| coming.text),
            text_key: text_key.as_ref().map(WrappedKey::to_bytes),
            opaque: opaque.map(ToOwned::to_owned),
            scan: if scanned { "clean" } else { "not_scanned" }.to_owned(),
            made_at: row.made_at,
            made_by: me.to_string(),
            body: Some(self.version_body_seal((coming.customer, coming.document, coming.version), &holds)?),
        };
        let kept = self.restricts(coming.customer).await?.for_what_holds(&holds);
        Ok(Sealed { version, known_by, kept })
    }
}

fn said(who: Option<&Who>) -> String {
    who.map(|who| if who.name.is_empty() { who.id.clone() } else { who.name.clone() }).unwrap_or_default()
}

impl TakeIn {
    async fn place(&self, row: DocumentRow, tokens: [Vec<u8>; 2]) -> Result<Place, CustodyError> {
        let mut here = [None, None];
        for (here, there) in here.iter_mut().zip([row.patient, row.moved_from]) {
            if let Some(there) = there {
                let found = self.patient_here(there).await?;
                *here = Some(found.ok_or(LeavingError::Inside("a document is about a patient who is not there"))?);
            }
        }
        let [patient, moved_from] = here;
        let words = [&row.title, &row.said_author, row.reason.as_ref().unwrap_or(&row.title)];
        if words.into_iter().any(|text| text.chars().count() > WORDS_CHARS_MAX) || row.versions.len() > VERSIONS_MAX {
            return Err(LeavingError::Inside("what is said of a document is longer than any").into());
        }
        let author = self.person_of(row.author.as_ref());
        let id = DocumentId::mint(self.custody.clock(), self.custody.entropy());
        Ok(Place { row, tokens, id, patient, moved_from, author })
    }

    /// Who somebody there is here.
    fn person_of(&self, who: Option<&Who>) -> Option<PersonId> {
        who.and_then(|who| self.people.get(&who.id)).and_then(|(_, here)| *here)
    }

    fn body_of(&self, place: &Place) -> DocumentBody {
        let row = &place.row;
        let author = said(row.author.as_ref());
        let versions = row
            .versions
            .iter()
            .map(|one| CameVersion { made_by: said(Some(&one.made_by)), sealed_sha256: one.sealed_sha256.to_string() });
        DocumentBody {
            title: row.title.clone(),
            visit: row.visit,
            said: row.said.clone(),
            said_author: if row.author.is_some() { author.clone() } else { row.said_author.clone() },
            came_from: Some(Box::new(CameFrom {
                operator: self.folder.manifest.operator.clone(),
                document: row.id.to_string(),
                author,
                uploader: said(Some(&row.uploader)),
                signed_by: said(row.signed_by.as_ref()),
                picked_up_by: said(row.picked_up_by.as_ref()),
                versions: versions.collect(),
            })),
        }
    }

    /// One transaction: the upload row, the document with its versions, and what it is known by.
    async fn document_keep(&self, me: PersonId, open: &Open) -> Result<(), CustodyError> {
        let (custody, place) = (&self.custody, &open.place);
        let row = &place.row;
        let column = Column::DocumentEventBody { event: 1 };
        let reason = row.reason.as_ref().map(|text| {
            custody.ring().seal_column(self.customer, place.id, column, text.as_bytes()).map_err(CustodyError::seal)
        });
        let document = Document {
            patient: place.patient,
            author: place.author,
            uploader: me.to_string(),
            kind: row.kind,
            state: row.state,
            body: custody.document_seal(place.id, self.customer, &self.body_of(place))?,
            current_version: u32::try_from(open.sealed.len()).unwrap_or(u32::MAX),
            uploaded_at: row.uploaded_at,
            delivered_at: row.delivered_at,
            signed_at: row.signed_at,
            // Nobody signs for anybody: what another house says of a signature stands in its own words, and names nobody here.
            signed_by: None,
            picked_up_at: row.picked_up_at,
            picked_up_by: None,
            withdrawn_at: row.withdrawn_at,
            reason: reason.transpose()?,
            moved_from: place.moved_from,
            confidentiality: open.sealed.iter().map(|one| one.kept).fold(row.confidentiality, Confidentiality::max),
            ..Document::blank(place.id, self.customer, row.uploaded_at)
        };
        let tokens: Vec<(String, Vec<u8>)> =
            row.visit.map(|day| custody.visit_token(self.customer, day)).transpose()?.into_iter().collect();
        let mut tx = custody.store().begin("keep a document that is taken in").await?;
        if tx.upload_commit(open.upload.id, custody.now()).await? == 0 {
            return Err(CustodyError::State("it stood still too long and was given up; run it again"));
        }
        let about: Vec<PatientId> = document.patient.into_iter().collect();
        if !tx.patients_stand(self.customer, &about).await? {
            return Err(CustodyError::State("a patient's record went into another, or away, meanwhile; run it again"));
        }
        tx.document_insert(&document).await?;
        for one in &open.sealed {
            tx.version_insert(&one.version).await?;
            tx.original_insert(self.customer, &one.known_by, place.id, one.version.version).await?;
        }
        tx.document_tokens_set(self.customer, place.id, &tokens).await?;
        let taken = place.tokens.clone().map(|token| (token, place.id.to_string()));
        tx.taken_in_insert(self.customer, &taken).await?;
        tx.commit().await?;
        Ok(())
    }
}
