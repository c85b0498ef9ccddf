//! Some hundred files on their way: passed by if they came before, read for their words, matched, asked about, kept.

use super::super::about::split_name;
use super::super::intake::{self, FileRead, read_file};
use super::look::{Found, Looked};
use super::map::{ArrivesAs, Otherwise};
use super::report::{ImportReject, ImportTally};
use super::{DOCUMENTS_AT_ONCE, ImportMode, ShareImport};
use crate::ask::Question;
use crate::confidentiality::restrict;
use crate::documents::{patient_open, purpose_of};
use crate::manifest::Doubt;
use crate::whose::ByNumber;
use crate::{Custody, CustodyError, Desk, DocumentBody, Granted, OpenedPatient, PatientBody, VersionBody};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use identify::HeaderFields;
use policy::{DocumentFacts, ResourceFacts};
use record::digest::Hasher;
use record::document::{Confidentiality, DocumentKind, DocumentState, Step};
use record::{CustomerId, DocumentId, ObjectId, PatientId, PersonId, UploadId, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Document, DocumentVersion, IncomingDocument, Patient, ShareFile, Upload};
use vault::{Column, Rendition, RenditionKind, WrappedKey};

/// Files whose text is waited for at once; the readers themselves are fewer.
const WAITING_AT_ONCE: usize = 8;

/// A file that is to come in.
pub(super) struct Coming {
    file: ShareFile,
    found: Found,
    text: Option<String>,
    opaque: Option<&'static str>,
    holds: VersionBody,
    scanned: bool,
    body: DocumentBody,
    kind: DocumentKind,
    author: Option<PersonId>,
    patient: Option<PatientId>,
    /// Why it waits for a person; known once it may be compared with its patient.
    doubt: Option<Doubt>,
}

/// What is to come in together.
pub(super) struct Batch {
    coming: Vec<Coming>,
}

/// A batch that was permitted and witnessed.
pub(super) struct Ready {
    customer: CustomerId,
    person: PersonId,
    state: ArrivesAs,
    coming: Vec<(DocumentId, Coming)>,
    kept: Kept,
}

/// What is counted when a batch is there.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<KeptLine>);

/// One document as it is counted.
#[derive(Debug)]
struct KeptLine {
    bytes: u64,
    rule: usize,
    matched: bool,
    names_others: bool,
    unread: bool,
    author: Option<PersonId>,
    year: Option<i16>,
}

impl Kept {
    fn of<'a>(coming: impl Iterator<Item = &'a Coming>) -> Self {
        let line = |one: &Coming| KeptLine {
            bytes: one.found.bytes.len() as u64,
            rule: one.found.rule,
            matched: one.patient.is_some(),
            names_others: matches!(one.doubt, Some(Doubt::NamesOthers(_))),
            unread: one.doubt == Some(Doubt::Unread),
            author: one.author,
            year: one.body.visit.map(record::civil::Day::year),
        };
        Self(coming.map(line).collect())
    }

    pub(super) fn count(&self, tally: &mut ImportTally) {
        for KeptLine { bytes, rule, matched, names_others, unread, author, year } in &self.0 {
            tally.taken += 1;
            tally.taken_bytes += bytes;
            *(if *matched { &mut tally.matched } else { &mut tally.unmatched }) += 1;
            tally.names_others += u64::from(*names_others);
            tally.unread += u64::from(*unread);
            *tally.by_rule.entry(rule + 1).or_default() += 1;
            match author {
                Some(person) => *tally.by_author.entry(*person).or_default() += 1,
                None => tally.without_author += 1,
            }
            if let Some(year) = year {
                *tally.by_year.entry(*year).or_default() += 1;
            }
        }
    }
}

impl Batch {
    /// As a look counts it, which opens nobody's record and so compares nothing.
    pub(super) fn kept(&self) -> Kept {
        Kept::of(self.coming.iter())
    }
}

/// Passes by what came before, reads the words of the rest, and finds out about whom and by whom each is. What stays
/// outside is counted and listed.
pub(super) async fn read(import: &mut ShareImport, looked: Vec<Looked>) -> Result<Batch, CustodyError> {
    let mut fresh = Vec::with_capacity(looked.len());
    let known = known(import, &looked).await?;
    let mut now = BTreeSet::new();
    for Looked { file, found } in looked {
        import.tally.files += 1;
        import.tally.bytes += file.size_bytes;
        match found {
            Err(why) => reject(import, &file, why)?,
            Ok(found) => {
                let by_path = known.paths.get(&found.path_token);
                let has_gone = known.gone_originals.contains(&found.known_by);
                match (known.originals.get(&found.known_by), by_path) {
                    // This very file, by an earlier run.
                    (Some(_), Some(_)) => import.tally.came_before += 1,
                    // It came in, and went to another practice with its patient: it is that one's now.
                    _ if has_gone && known.gone_paths.contains(&found.path_token) => import.tally.went += 1,
                    // The same bytes at another path may be a standard letter about somebody else: a person looks at it.
                    (None, None) if has_gone => reject(import, &file, ImportReject::Same)?,
                    (Some(_), None) => reject(import, &file, ImportReject::Same)?,
                    (None, Some(_)) => reject(import, &file, ImportReject::Replaced)?,
                    (None, None) if known.gone_paths.contains(&found.path_token) => {
                        reject(import, &file, ImportReject::Replaced)?;
                    }
                    (None, None) if import.on_the_way.contains(&found.known_by) => {
                        reject(import, &file, ImportReject::Same)?;
                    }
                    (None, None) if !now.insert(found.known_by.clone()) => reject(import, &file, ImportReject::Same)?,
                    (None, None) => fresh.push((file, found)),
                }
            }
        }
    }
    let coming = worded(import, fresh).await?;
    let coming = matched(import, coming).await?;
    let now = coming.iter().map(|one| one.found.known_by.clone());
    match import.mode {
        // Nothing is kept that a later file could be held against.
        ImportMode::Look => import.on_the_way.extend(now),
        ImportMode::Take => import.on_the_way = now.collect(),
    }
    Ok(Batch { coming })
}

fn reject(import: &mut ShareImport, file: &ShareFile, why: ImportReject) -> Result<(), CustodyError> {
    import.tally.reject(why);
    import.rejects.add(&file.path, why)
}

async fn known(import: &ShareImport, looked: &[Looked]) -> Result<store::IncomingKnown, CustodyError> {
    let found = || looked.iter().filter_map(|one| one.found.as_ref().ok());
    let originals: Vec<Vec<u8>> = found().map(|one| one.known_by.clone()).collect();
    let paths: Vec<Vec<u8>> = found().map(|one| one.path_token.clone()).collect();
    Ok(import.custody.store().incoming_known(import.customer, &originals, &paths).await?)
}

/// The words of one file, with what they say in their first lines.
type Worded = (ShareFile, Found, Result<(FileRead, bool), ImportReject>);

/// Reads the words of some files, several at once and in their order.
async fn worded(import: &mut ShareImport, fresh: Vec<(ShareFile, Found)>) -> Result<Vec<Coming>, CustodyError> {
    let custody = import.custody.clone();
    let words = stream::iter(fresh).map(|(file, found)| words_of(&custody, file, found)).buffered(WAITING_AT_ONCE);
    let words: Vec<Worded> = words.try_collect().await?;
    let mut coming = Vec::with_capacity(words.len());
    for (file, found, words) in words {
        match words {
            Err(why) => reject(import, &file, why)?,
            Ok((read, scanned)) => {
                let one = said(import, (file, found), read, scanned);
                if one.author.is_none() && import.reading.unknown_author == Otherwise::Reject {
                    reject(import, &one.file, ImportReject::NoAuthor)?;
                } else {
                    coming.push(one);
                }
            }
        }
    }
    Ok(coming)
}

async fn words_of(custody: &Custody, file: ShareFile, found: Found) -> Result<Worded, CustodyError> {
    let scanned = match intake::scanned(custody, &found.bytes).await {
        Ok(scanned) => scanned,
        // A scanner that cannot be started is no finding about the file: nothing comes in at all.
        Err(error @ CustodyError::Broken(_)) => return Err(error),
        Err(_) => return Ok((file, found, Err(ImportReject::NotClean))),
    };
    let bytes = if found.kind.is_audio() { None } else { Some(found.bytes.clone()) };
    let words = match read_file(found.kind, bytes, &found.name).await {
        Ok(read) => Ok((read, scanned)),
        Err(CustodyError::File(_)) => Err(ImportReject::Damaged),
        Err(error) => return Err(error),
    };
    Ok((file, found, words))
}

/// What path, rule and first lines say together; the path first, as its template was written by a person.
fn said(
    import: &ShareImport,
    (file, found): (ShareFile, Found),
    FileRead { text, opaque, holds }: FileRead,
    scanned: bool,
) -> Coming {
    let reading = &import.reading;
    let header = |text: &String| identify::header_fields_with(text, &reading.labels);
    let header: HeaderFields = text.as_ref().map(header).unwrap_or_default();
    let rule = &reading.rules[found.rule];
    let says = &found.says;
    let (last, first) = split_name(header.patient_name.as_deref().unwrap_or_default());
    let typed = says.document_type.as_deref().or(header.document_type.as_deref());
    let means = typed.and_then(|code| reading.type_of(code));
    let title = means.map(|(title, _)| title.clone()).or_else(|| typed.map(ToOwned::to_owned));
    let by_content = if found.kind.is_audio() { DocumentKind::Dictation } else { DocumentKind::Transcript };
    let author = reading.author_of(found.rule, says.author.as_deref(), header.author.as_deref());
    let body = DocumentBody {
        title: title.or_else(|| rule.title.clone()).unwrap_or_default(),
        visit: says.visit_date.or(header.visit_date),
        said: PatientBody {
            last: says.patient_last.clone().unwrap_or(last),
            first: says.patient_first.clone().unwrap_or(first),
            middle: says.patient_middle.clone().unwrap_or_default(),
            born: says.birth_date.or(header.birth_date),
            record_number: says.record_number.clone().or(header.record_number.clone()).unwrap_or_default(),
            sex: String::new(),
        },
        said_author: says.author.clone().or(header.author.clone()).unwrap_or_default(),
        came_from: None,
    };
    let kind = rule.kind.or(means.map(|(_, kind)| *kind)).unwrap_or(by_content);
    let mut one = Coming { file, found, text, opaque, holds, scanned, body, kind, author, patient: None, doubt: None };
    if contradicts(&one.found.says, &header) {
        // Path and words speak of two people: nobody is named, and a person finds out who is meant.
        one.body.said.record_number.clear();
    }
    one
}

/// Do path and first lines name two record numbers, or a surname that stands nowhere in the name of the first lines.
fn contradicts(says: &identify::FileNameFields, header: &HeaderFields) -> bool {
    let differ = |one: &str, other: &str| vault::normalised(one) != vault::normalised(other);
    let numbers = says.record_number.as_deref().zip(header.record_number.as_deref());
    let names = says.patient_last.as_deref().zip(header.patient_name.as_deref());
    numbers.is_some_and(|(one, other)| differ(one, other))
        || names.is_some_and(|(last, name)| {
            let last = vault::normalised(last);
            !vault::normalised(name).contains(last.as_str())
        })
}

/// Names the patients who are certain by number and name; everything else is for a person to say.
async fn matched(import: &mut ShareImport, mut coming: Vec<Coming>) -> Result<Vec<Coming>, CustodyError> {
    let said = coming.iter().map(|one| &one.body.said);
    let whose = import.custody.patients_certain(import.customer, said).await?;
    for (one, whose) in coming.iter_mut().zip(whose) {
        if let ByNumber::One(id) = whose {
            one.patient = Some(id);
        }
    }
    if import.reading.unmatched == Otherwise::Keep {
        return Ok(coming);
    }
    let (inside, outside): (Vec<_>, Vec<_>) = coming.into_iter().partition(|one| one.patient.is_some());
    for one in outside {
        reject(import, &one.file, ImportReject::NoPatient)?;
    }
    Ok(inside)
}

impl Coming {
    /// How it stands when it is brought in, before it is handed over.
    fn state(&self) -> DocumentState {
        match (self.kind, self.patient) {
            (DocumentKind::Dictation, _) => DocumentState::Dictated,
            (_, Some(_)) => DocumentState::Transcribed,
            (_, None) => DocumentState::Unmatched,
        }
    }

    /// Is it handed over to the practice as it comes in. One whose text names somebody else than its patient, or which nobody could
    /// look into, waits for a person.
    fn delivered(&self, state: ArrivesAs) -> bool {
        state == ArrivesAs::Delivered && self.state() == DocumentState::Transcribed && self.doubt.is_none()
    }
}

impl Desk<act::DocumentUpload> {
    /// Asks about every document: may they be brought in, and may those be handed over that go into charts. None: there
    /// was nothing to ask about.
    pub(super) async fn share_ask(&self, import: &ShareImport, batch: Batch) -> Result<Option<Ready>, CustodyError> {
        let (custody, person, customer) = (&import.custody, self.person()?, import.customer);
        let state = import.reading.state;
        if batch.coming.is_empty() {
            return Ok(None);
        }
        debug_assert!(batch.coming.len() <= DOCUMENTS_AT_ONCE);
        let bytes: u64 = batch.coming.iter().map(|one| one.found.bytes.len() as u64).sum();
        let room = custody.room_left(customer).await?;
        if bytes > room {
            return Err(CustodyError::TooLarge { max_bytes: room });
        }
        let mut coming: Vec<(DocumentId, Coming)> =
            batch.coming.into_iter().map(|one| (DocumentId::mint(custody.clock(), custody.entropy()), one)).collect();
        let facts = |(id, one): &(DocumentId, Coming)| DocumentFacts {
            id: *id,
            customer,
            state: one.state(),
            kind: one.kind,
            confidentiality: Confidentiality::Normal,
            author: one.author,
            uploader: Some(record::Principal::Person(person)),
            recipients: Vec::new(),
            patient: one.patient,
            in_care: false,
            read_by_practice: false,
            delivered_at: None,
        };
        let asker = self.facts().await?;
        let purpose = purpose_of(&asker, customer);
        let documents = coming.iter().map(facts).map(ResourceFacts::Document);
        let bring = Question::of(customer, purpose).with_all(documents);
        let handed: Vec<DocumentFacts> = coming.iter().filter(|(_, one)| one.delivered(state)).map(facts).collect();
        let about = custody.patients_of(customer, &handed).await?;
        let bring = custody.ask_as::<act::DocumentUpload>(self.who(), asker.clone(), bring);
        let hand = async {
            if handed.is_empty() {
                return Ok(None);
            }
            let hand = Question::of(customer, purpose)
                .with_all(handed.into_iter().map(ResourceFacts::Document))
                .with_all(about.iter().map(|(_, facts)| facts.clone()));
            custody.ask_as::<act::DocumentDeliver>(self.who(), asker.clone(), hand).await.map(Some)
        };
        // Both stand in the ledger before anything of it is kept.
        let (bring, hand) = tokio::try_join!(bring, hand)?;
        drop(bring);
        if let Some(hand) = hand {
            custody.names_compare(hand, about.into_iter().map(|(patient, _)| patient), &mut coming)?;
        }
        let kept = Kept::of(coming.iter().map(|(_, one)| one));
        Ok(Some(Ready { customer, person, state, coming, kept }))
    }
}

/// A document with its sealed objects.
type Sealed = (IncomingDocument, Vec<(ObjectId, Vec<u8>)>);

impl Custody {
    /// Marks what a person has to look at before it is delivered into the chart of its patient.
    fn names_compare(
        &self,
        granted: Granted<act::DocumentDeliver>,
        patients: impl Iterator<Item = Patient>,
        coming: &mut [(DocumentId, Coming)],
    ) -> Result<(), CustodyError> {
        let (opening, shown) = granted.open(&self.ring())?;
        let patients: Result<BTreeMap<PatientId, OpenedPatient>, CustodyError> =
            patients.map(|one| Ok((one.id, patient_open(&opening, &shown, &one)?))).collect();
        let patients = patients?;
        for (_, one) in coming {
            let patient = one.patient.and_then(|id| patients.get(&id));
            one.doubt = patient.and_then(|body| one.holds.doubt(body.show(&shown)));
        }
        Ok(())
    }

    /// Seals and keeps a batch: all of it or nothing.
    pub(super) async fn batch_keep(&self, ready: Ready) -> Result<Kept, CustodyError> {
        let (custody, clock_now) = (self.clone(), self.now());
        let (customer, person) = (ready.customer, ready.person);
        let restricts = self.restricts(customer).await?;
        let sealing = tokio::task::spawn_blocking(move || {
            let sealed: Result<Vec<Sealed>, CustodyError> = ready
                .coming
                .iter()
                .map(|(id, one)| {
                    let (mut incoming, objects) = custody.coming_seal((customer, person), *id, one, ready.state)?;
                    restrict(&mut incoming.document, &restricts, &one.holds);
                    Ok((incoming, objects))
                })
                .collect();
            (sealed, ready.kept)
        });
        let (sealed, kept) =
            sealing.await.map_err(|_| CustodyError::Broken("the sealing of an import was stopped".to_owned()))?;
        let (documents, objects): (Vec<IncomingDocument>, Vec<_>) = sealed?.into_iter().unzip();
        let objects: Vec<(ObjectId, Vec<u8>)> = objects.into_iter().flatten().collect();
        let upload = Upload {
            id: UploadId::mint(self.clock(), self.entropy()),
            customer,
            person: record::Principal::Person(person),
            objects: objects.iter().map(|(id, _)| *id).collect(),
            started_at: clock_now,
        };
        let mut tx = self.store().begin("begin to keep files of a share").await?;
        tx.upload_insert(&upload).await?;
        tx.commit().await?;
        // If we die here: the sweeper knows the names of what may be there in part.
        let done = self.batch_write(&upload, objects, &documents).await;
        if done.is_err()
            && let Err(error) = self.upload_undone(upload.id, &upload.objects).await
        {
            tracing::warn!(%error, "what an import left is removed by the sweeper");
        }
        done.map(|()| kept)
    }

    async fn batch_write(
        &self,
        upload: &Upload,
        objects: Vec<(ObjectId, Vec<u8>)>,
        documents: &[IncomingDocument],
    ) -> Result<(), CustodyError> {
        self.store().objects().keep_many(objects).await?;
        // If we die here: the objects are there in full, and no row names them but the open upload.
        let mut tx = self.store().begin("keep files of a share").await?;
        if tx.upload_commit(upload.id, self.now()).await? == 0 {
            return Err(CustodyError::State("the import stood still too long and was given up; run it again"));
        }
        let originals: Vec<Vec<u8>> = documents.iter().map(|one| one.known_by.clone()).collect();
        if tx.incoming_any_known(upload.customer, &originals).await? {
            return Err(CustodyError::State(
                "some of these files came in by another way, or went, meanwhile; run it again",
            ));
        }
        let charts: Vec<PatientId> = documents.iter().filter_map(|one| one.document.patient).collect();
        if !tx.patients_stand(upload.customer, &charts).await? {
            return Err(CustodyError::State("patients' records were merged, or went, meanwhile; run it again"));
        }
        tx.incoming_insert(upload.customer, documents).await?;
        tx.commit().await?;
        Ok(())
    }

    fn coming_seal(
        &self,
        (customer, person): (CustomerId, PersonId),
        id: DocumentId,
        one: &Coming,
        state: ArrivesAs,
    ) -> Result<Sealed, CustodyError> {
        let now = self.now();
        let seal = |kind, plaintext: &[u8]| -> Result<(ObjectId, Vec<u8>, WrappedKey), CustodyError> {
            let rendition = Rendition { version: 1, kind };
            let (mut sealer, key) =
                self.ring().seal_object(customer, id, rendition, self.entropy()).map_err(CustodyError::seal)?;
            let mut sealed = sealer.header().to_vec();
            sealer.push(plaintext, &mut sealed).map_err(CustodyError::seal)?;
            sealer.finish(&mut sealed).map_err(CustodyError::seal)?;
            Ok((ObjectId::mint(self.clock(), self.entropy()), sealed, key))
        };
        let (original, original_bytes, original_key) = seal(RenditionKind::Original, &one.found.bytes)?;
        let mut digest = Hasher::default();
        digest.update(&original_bytes);
        let text = one.text.as_ref().map(|text| seal(RenditionKind::Text, text.as_bytes())).transpose()?;
        let delivered = one.delivered(state);
        let state = if delivered { one.state().after(Step::Deliver) } else { Ok(one.state()) };
        let document = Document {
            patient: one.patient,
            author: one.author,
            uploader: person.to_string(),
            kind: one.kind,
            state: state.map_err(|_| CustodyError::State("no document can come in so"))?,
            body: self.document_seal(id, customer, &one.body)?,
            delivered_at: delivered.then_some(now),
            ..Document::blank(id, customer, now)
        };
        let column = Column::DocumentVersionFileName { version: 1 };
        let name = identify::safe_file_name(&one.found.name);
        let version = DocumentVersion {
            document: id,
            version: 1,
            media: one.found.kind.media_type().to_owned(),
            file_name: self.ring().seal_column(customer, id, column, name.as_bytes()).map_err(CustodyError::seal)?,
            original_object: original,
            original_key: original_key.to_bytes(),
            original_bytes: one.found.bytes.len() as u64,
            original_digest: digest.finish().as_bytes().to_vec(),
            text_object: text.as_ref().map(|(object, ..)| *object),
            text_key: text.as_ref().map(|(.., key)| key.to_bytes()),
            opaque: one.opaque.map(ToOwned::to_owned),
            scan: if one.scanned { "clean" } else { "not_scanned" }.to_owned(),
            made_at: now,
            made_by: person.to_string(),
            body: Some(self.version_body_seal((customer, id, 1), &one.holds)?),
        };
        let tokens = one.body.visit.map(|day| self.visit_token(customer, day)).transpose()?.into_iter().collect();
        let (known_by, path_token) = (one.found.known_by.clone(), one.found.path_token.clone());
        let mut objects = vec![(original, original_bytes)];
        objects.extend(text.map(|(object, bytes, _)| (object, bytes)));
        Ok((IncomingDocument { document, version, known_by, path_token, tokens }, objects))
    }
}
