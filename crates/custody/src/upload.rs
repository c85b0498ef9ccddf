//! A file comes in: looked at, sealed while it streams, read for its text, matched, and only then acknowledged.
//!
//! What must always hold: memory stays constant whatever the size; no plaintext touches the disk; a file that
//! is refused, cut short or not clean leaves nothing; what is acknowledged is durable. Everything that is
//! written on the way is ciphertext that no row names yet, and the sweeper knows its names.
//!
//! Steps, and what is true if the process dies there:
//! 1. the ledger has the intent: an entry without an outcome, closed later as `unknown`;
//! 2. the upload row is open: the sweeper will find it and its objects;
//! 3. objects are durable: ciphertext without a row; the sweeper removes them;
//! 4. one transaction commits the upload row, the document, the version, the index, the inbox: acknowledged.

mod about;
mod intake;
mod same;
mod share;
mod taken_in;
#[cfg(test)]
mod tests;

use crate::ask::Question;
use crate::confidentiality::restrict;
use crate::documents::purpose_of;
use crate::patients::is_fit;
use crate::{Custody, CustodyError, Desk, DocumentBody, PatientBody, VersionBody, Witnessed};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use identify::Kind;
use intake::{FileRead, HEAD_BYTES, Intake, Taken, read_file, sniffed};
use policy::{DocumentFacts, MembershipFact, PrincipalFacts, ResourceFacts};
use record::civil::Day;
use record::document::{Confidentiality, DocumentKind, DocumentState, Step};
use record::{
    CustomerId, DocumentId, ObjectId, Outcome, PatientId, PersonId, Principal, Role, Timestamp, UploadId, act,
};
use std::collections::BTreeSet;
use store::{Document, DocumentVersion, Tx, Upload};
use vault::{Column, Rendition, RenditionKind, WrappedKey};

pub use same::{SameBytes, SameFile, SameNames};
pub use share::{
    ArrivesAs, ImportMap, ImportMode, ImportReject, ImportRule, ImportTally, ImportType, MapError, Otherwise,
    ShareImport, ShareOrder,
};
pub use taken_in::{TakeIn, TakeInOrder, TakeInTally};

/// Signs of life of a slow upload are written down this often, milliseconds.
const TOUCH_MILLIS: i64 = 60_000;
/// The longest file name that is kept, characters.
const NAME_CHARS_MAX: usize = 255;

/// What the uploader says of a file.
#[derive(Clone, Default)]
pub struct NewUpload {
    /// For whom.
    pub customer: Option<CustomerId>,
    /// What the file is called.
    pub file_name: String,
    /// What it is, when the uploader says so; else by its content.
    pub kind: Option<DocumentKind>,
    /// Who spoke it.
    pub author: Option<PersonId>,
    /// About whom, when the uploader knows.
    pub patient: Option<PatientId>,
    /// The day of the visit.
    pub visit: Option<Day>,
    /// How file names are made here, such as `{author}_{patient_last}_{visit_date}`.
    pub template: String,
    /// What the uploader typed of the patient; stronger than what the name or the file says.
    pub said: PatientBody,
    /// It is a new version of this document.
    pub version_of: Option<DocumentId>,
    /// What is done when the same bytes came in before.
    pub same: SameBytes,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The document.
    pub id: DocumentId,
    /// Its version.
    pub version: u32,
    /// Where it stands.
    pub state: DocumentState,
    /// Was a patient named with certainty.
    pub matched: bool,
    /// Was text found in it.
    pub readable: bool,
    /// Did a malware scanner look at it.
    pub scanned: bool,
    /// Size, bytes.
    pub size_bytes: u64,
    /// The entry.
    pub witnessed: Witnessed,
}

/// The body broke off: the connection, or the reader's patience.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the upload broke off")]
pub struct UploadCut;

/// What is known of the file before its bytes: kept together through the steps.
struct Coming {
    upload: UploadId,
    customer: CustomerId,
    document: DocumentId,
    version: u32,
    existing: Option<Document>,
    original: ObjectId,
    text: ObjectId,
    /// Brought by a clinician of the practice, in their own name: it waits to be typed, whatever it is.
    by_author: bool,
}

/// How taking a file in ended, when nothing went wrong.
enum Taking {
    Done(Uploaded),
    /// The same bytes came in before, as this version of this document; nothing was kept.
    Same(DocumentId, u32),
}

/// Does this person write here themselves: a clinician of the practice, and nobody whom the operator has assigned to it.
fn speaks_at(asker: &PrincipalFacts, customer: CustomerId, now: Timestamp) -> bool {
    let live = |one: &MembershipFact| one.from <= now && one.to.is_none_or(|to| now < to);
    !asker.assigned.contains(&customer)
        && asker
            .memberships
            .iter()
            .any(|one| one.role == Role::Clinician && one.customer == Some(customer) && live(one))
}

/// Where one may bring files, and who speaks there.
#[derive(Debug, Clone)]
pub struct UploadPlace {
    /// For whom.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// Their clinicians, by name.
    pub authors: Vec<(PersonId, String)>,
}

impl Desk<act::DocumentUpload> {
    /// The customers one is assigned to and that have an agreement in force, with their clinicians; a clinician's own
    /// practices, with nobody but themselves.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn upload_places(&self) -> Result<Vec<UploadPlace>, CustodyError> {
        let facts = self.facts().await?;
        let custody = &self.custody;
        let now = custody.now();
        let today = custody.settings().day_of(now);
        let mut places = Vec::new();
        let me = self.person()?;
        let own = custody.customers_of(&facts).into_iter().filter(|customer| speaks_at(&facts, *customer, now));
        for customer in &facts.assigned.iter().copied().chain(own).collect::<BTreeSet<_>>() {
            let agreements = custody.store().agreement_list(*customer).await?;
            if !agreements.iter().any(|agreement| agreement.in_force(&today)) {
                continue;
            }
            let at = custody.store().membership_list_at(Some(*customer)).await?;
            let clinicians = at
                .iter()
                .filter(|one| one.role == Role::Clinician && one.in_force(now))
                .filter(|one| !speaks_at(&facts, *customer, now) || one.person == me)
                .map(|one| one.person)
                .collect();
            let names = crate::directory::names(custody, clinicians).await?;
            let name = custody.customer_name(*customer).await?;
            places.push(UploadPlace { customer: *customer, name, authors: names.into_iter().collect() });
        }
        places.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(places)
    }

    /// Takes a file in.
    ///
    /// # Errors
    /// [`CustodyError`]; nothing is kept then.
    pub async fn document_upload(
        &self,
        new: NewUpload,
        bytes: impl Stream<Item = Result<Bytes, UploadCut>> + Unpin + Send,
    ) -> Result<Uploaded, CustodyError> {
        let me = self.uploader()?;
        let asker = self.facts().await?;
        let (mut new, coming) = self.upload_begin(new, &asker).await?;
        let mut named = None;
        if let Some(id) = new.patient {
            // A patient whom the uploader names stands in the intent beside the document. What is for a record that went
            // into another one is for that one.
            let patient = self.custody.store().patient_fetch(id).await?;
            let Some(patient) = patient.filter(|patient| patient.customer == coming.customer) else {
                return self.absent(id).await;
            };
            let patient = self.custody.patient_survivor(patient).await?;
            new.patient = Some(patient.id);
            named = Some(ResourceFacts::Patient(self.custody.patient_facts(&patient, None).await?));
        }
        let facts = self.upload_facts(&coming, &new, me);
        let question = Question::of(coming.customer, purpose_of(&asker, coming.customer))
            .with(ResourceFacts::Document(facts))
            .with_all(named);
        let granted = self.ask(question).await?;
        let witnessed = granted.witnessed();
        let intent = granted.intent().clone();
        let done = self.upload_granted(me, &new, &coming, bytes, witnessed).await;
        // It is known how this ended; only what the process did not live to say is closed as unknown.
        match done {
            Ok(Taking::Done(done)) => Ok(done),
            Ok(Taking::Same(document, version)) => {
                self.custody.told(&intent, Outcome::Failed, "came_before", None).await;
                Err(CustodyError::Same(Box::new(self.same_file(&asker, document, version).await?)))
            }
            Err(error) => {
                self.custody.told(&intent, Outcome::Failed, "not_taken", None).await;
                Err(error)
            }
        }
    }

    /// Permitted and witnessed: takes the file in, or leaves nothing.
    async fn upload_granted(
        &self,
        me: Principal,
        new: &NewUpload,
        coming: &Coming,
        bytes: impl Stream<Item = Result<Bytes, UploadCut>> + Unpin + Send,
        witnessed: Witnessed,
    ) -> Result<Taking, CustodyError> {
        if let Some(author) = new.author {
            self.custody.check_author(coming.customer, author).await?;
        }
        let custody = &self.custody;
        let mut tx = custody.store().begin("begin an upload").await?;
        tx.upload_insert(&Upload {
            id: coming.upload,
            customer: coming.customer,
            person: me,
            objects: vec![coming.original, coming.text],
            started_at: custody.now(),
        })
        .await?;
        tx.commit().await?;
        let done = match custody.upload_take(new, coming, bytes).await {
            Ok((taken, key)) => match self.still_let_in().await {
                Ok(()) => custody.upload_finish(me, new, coming, taken, key, witnessed).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if !matches!(done, Ok(Taking::Done(_))) {
            custody.upload_undo(coming).await;
        }
        done
    }

    /// A file may come in for hours: a program that was stopped meanwhile, or has lost the right, brings nothing in.
    async fn still_let_in(&self) -> Result<(), CustodyError> {
        let Some(at_desk) = &self.program else { return Ok(()) };
        let (now, right) = (self.custody.now(), record::Right::DocumentsCreate);
        let row = self.custody.store().program_fetch(at_desk.program).await?;
        let is_in = row.is_some_and(|row| now < row.over_at() && row.rights.contains(&right));
        if is_in && at_desk.rights.contains(&right) {
            Ok(())
        } else {
            Err(CustodyError::Refused(policy::Why::NotPermitted))
        }
    }

    /// Who brings it in.
    fn uploader(&self) -> Result<Principal, CustodyError> {
        match &self.program {
            Some(program) => Ok(Principal::Program(program.program)),
            None => self.person().map(Principal::Person),
        }
    }

    async fn upload_begin(
        &self,
        mut new: NewUpload,
        asker: &PrincipalFacts,
    ) -> Result<(NewUpload, Coming), CustodyError> {
        let custody = &self.custody;
        let (clock, entropy) = (custody.clock(), custody.entropy());
        if new.file_name.trim().is_empty() || new.file_name.chars().count() > NAME_CHARS_MAX {
            return Err(CustodyError::field("file", "Give the file a name of at most 255 characters"));
        }
        if ![&new.said.last, &new.said.first, &new.said.record_number].into_iter().all(|text| is_fit(text)) {
            return Err(CustodyError::field(
                "patient",
                "Write names and numbers of at most 120 characters, and no hidden ones",
            ));
        }
        let existing = match new.version_of {
            None => None,
            Some(id) => match custody.store().document_fetch(id).await? {
                Some(document) => Some(document),
                None => return self.absent(id).await,
            },
        };
        let customer = existing.as_ref().map(|document| document.customer).or(new.customer);
        let customer = customer.ok_or_else(|| CustodyError::field("customer", "Choose the practice first"))?;
        // What a program of the practice brings waits to be typed, too: nobody at the operator has looked at it.
        let by_author = asker.program.is_some() || speaks_at(asker, customer, custody.now());
        if by_author && new.author.is_none() {
            // A program is nobody's author; who spoke is said, or not known yet.
            new.author = self.person().ok();
        }
        let coming = Coming {
            upload: UploadId::mint(clock, entropy),
            customer,
            document: existing.as_ref().map_or_else(|| DocumentId::mint(clock, entropy), |document| document.id),
            version: existing.as_ref().map_or(1, |document| document.current_version + 1),
            existing,
            original: ObjectId::mint(clock, entropy),
            text: ObjectId::mint(clock, entropy),
            by_author,
        };
        Ok((new, coming))
    }

    /// What the document is, or what it will be.
    fn upload_facts(&self, coming: &Coming, new: &NewUpload, me: Principal) -> DocumentFacts {
        let kind = new.kind.unwrap_or(DocumentKind::Transcript);
        let waits = coming.by_author || kind == DocumentKind::Dictation;
        let fresh = if waits { DocumentState::Dictated } else { DocumentState::Transcribed };
        let existing = coming.existing.as_ref();
        DocumentFacts {
            id: coming.document,
            customer: coming.customer,
            state: existing.map_or(fresh, |document| document.state),
            kind: existing.map_or(kind, |document| document.kind),
            confidentiality: existing.map_or(Confidentiality::Normal, |document| document.confidentiality),
            author: existing.map_or(new.author, |document| document.author),
            uploader: existing.map_or(Some(me), |document| document.uploader.parse().ok()),
            recipients: Vec::new(),
            patient: existing.and_then(|document| document.patient),
            in_care: false,
            read_by_practice: false,
            delivered_at: existing.and_then(|document| document.delivered_at),
        }
    }
}

impl Coming {
    /// The document's own row, new or as its newest version leaves it.
    async fn document_keep_in_tx(&self, tx: &mut Tx, document: &Document) -> Result<(), CustodyError> {
        let Some(existing) = &self.existing else {
            // Whose chart it is was found out before the bytes came in.
            if !tx.patients_stand(document.customer, document.patient.as_slice()).await? {
                return Err(CustodyError::Changed);
            }
            return Ok(tx.document_insert(document).await?);
        };
        if tx.document_update(document, existing.state).await? == 0 {
            return Err(CustodyError::State("somebody else has changed this document meanwhile; look at it again"));
        }
        Ok(())
    }
}

impl Custody {
    /// Takes the bytes: looks at their beginning, seals them, hands them to the scanner.
    async fn upload_take(
        &self,
        new: &NewUpload,
        coming: &Coming,
        mut bytes: impl Stream<Item = Result<Bytes, UploadCut>> + Unpin + Send,
    ) -> Result<(Taken, WrappedKey), CustodyError> {
        let rendition = Rendition { version: coming.version, kind: RenditionKind::Original };
        let (sealer, key) = self
            .ring()
            .seal_object(coming.customer, coming.document, rendition, self.entropy())
            .map_err(CustodyError::seal)?;
        let max_bytes = self.room_left(coming.customer).await?.min(self.settings().file_bytes_max);
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let mut ended = false;
        while head.len() < HEAD_BYTES {
            match bytes.next().await {
                Some(piece) => head.extend_from_slice(
                    &piece.map_err(|_| CustodyError::File("the upload broke off; send the file again"))?,
                ),
                None => {
                    ended = true;
                    break;
                }
            }
        }
        let kind = sniffed(&head, &new.file_name)?;
        let mut intake = Intake::begin(self, coming, sealer, kind, max_bytes).await?;
        intake.take(&head).await?;
        let mut touched_at = self.now();
        while !ended {
            match bytes.next().await {
                None => ended = true,
                Some(piece) => {
                    intake
                        .take(&piece.map_err(|_| CustodyError::File("the upload broke off; send the file again"))?)
                        .await?
                }
            }
            let now = self.now();
            if now.millis_since(touched_at) > TOUCH_MILLIS {
                touched_at = now;
                let mut tx = self.store().begin("keep an upload alive").await?;
                tx.upload_touch(coming.upload, now).await?;
                tx.commit().await?;
            }
        }
        Ok((intake.finish().await?, key))
    }

    async fn room_left(&self, customer: CustomerId) -> Result<u64, CustodyError> {
        let used = self.store().customer_bytes(customer).await?;
        Ok(self.settings().customer_bytes_max.saturating_sub(used))
    }

    /// Removes what a refused upload left. What cannot be removed now, the sweeper finds.
    async fn upload_undo(&self, coming: &Coming) {
        if let Err(error) = self.upload_undone(coming.upload, &[coming.original, coming.text]).await {
            tracing::warn!(%error, "what a refused upload left is removed by the sweeper");
        }
    }

    /// The row is given up first, as the sweeper does it: a commit whose answer was lost may have happened after all,
    /// and then nothing of it is removed.
    async fn upload_undone(&self, upload: UploadId, objects: &[ObjectId]) -> Result<(), CustodyError> {
        let mut tx = self.store().begin("give up an upload").await?;
        let given_up = tx.upload_abandon(upload, self.now().plus_secs(1)).await?;
        tx.commit().await?;
        if given_up == 0 {
            return Ok(());
        }
        for object in objects {
            self.store().objects().remove_orphan(*object).await?;
        }
        if self.store().objects().bucket_name().is_some() {
            // What was on its way when it was given up may still arrive there. The row stays, so that the sweeper looks again.
            return Ok(());
        }
        let mut tx = self.store().begin("forget an upload").await?;
        tx.upload_forget(upload).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Reads the text, seals it, finds out about whom it is, and commits.
    async fn upload_finish(
        &self,
        me: Principal,
        new: &NewUpload,
        coming: &Coming,
        taken: Taken,
        key: WrappedKey,
        witnessed: Witnessed,
    ) -> Result<Taking, CustodyError> {
        let FileRead { text, opaque, holds } = read_file(taken.kind, taken.text_of, &new.file_name).await?;
        let header = text.as_deref().map(identify::header_fields).unwrap_or_default();
        let mut text_key = None;
        if let Some(text) = &text {
            text_key = Some(self.seal_text(coming, text.as_bytes()).await?);
        }
        let body = self.body_of(new, coming, &header);
        let matched = self.match_certain(new, coming.customer, &body).await?;
        let author = match new.author {
            Some(author) => Some(author),
            None => self.author_named(coming.customer, &body.said_author).await?,
        };
        let kind = new.kind.unwrap_or(match (taken.kind.is_audio(), coming.by_author) {
            (true, _) => DocumentKind::Dictation,
            (false, true) => DocumentKind::Letter,
            (false, false) => DocumentKind::Transcript,
        });
        let mut document = self.document_of(me, coming, &body, (matched, author, kind))?;
        restrict(&mut document, &self.restricts(coming.customer).await?, &holds);
        let row = self.version_of(
            me,
            new,
            coming,
            (&taken.kind, taken.size_bytes, &taken.digest, taken.scanned),
            (&key, text_key.as_ref(), opaque, &holds),
        )?;
        let mut tokens = Vec::new();
        if let Some(day) = body.visit {
            tokens.push(self.visit_token(coming.customer, day)?);
        }
        let mut tx = self.store().begin("keep an upload").await?;
        if tx.upload_commit(coming.upload, self.now()).await? == 0 {
            return Err(CustodyError::State("the upload took too long and was given up; send the file again"));
        }
        coming.document_keep_in_tx(&mut tx, &document).await?;
        tx.version_insert(&row).await?;
        // Looked for behind the customer's own row, which is written just above: two uploads of the same bytes at once meet here.
        if new.same == SameBytes::Ask
            && let Some((document, version)) = tx.original_find(coming.customer, &taken.known_by).await?
        {
            return Ok(Taking::Same(document, version));
        }
        tx.original_insert(coming.customer, &taken.known_by, document.id, coming.version).await?;
        tx.document_tokens_set(coming.customer, document.id, &tokens).await?;
        if let (DocumentState::Unmatched, Some(author)) = (document.state, document.author) {
            // Nobody knows the patient yet, and still its author gets it.
            tx.recipient_add(document.id, author, true).await?;
        }
        tx.commit().await?;
        Ok(Taking::Done(Uploaded {
            id: document.id,
            version: coming.version,
            state: document.state,
            matched: document.patient.is_some(),
            readable: text.is_some(),
            scanned: taken.scanned,
            size_bytes: taken.size_bytes,
            witnessed,
        }))
    }

    async fn seal_text(&self, coming: &Coming, text: &[u8]) -> Result<WrappedKey, CustodyError> {
        let rendition = Rendition { version: coming.version, kind: RenditionKind::Text };
        let (mut sealer, key) = self
            .ring()
            .seal_object(coming.customer, coming.document, rendition, self.entropy())
            .map_err(CustodyError::seal)?;
        let mut sealed = sealer.header().to_vec();
        sealer.push(text, &mut sealed).map_err(CustodyError::seal)?;
        sealer.finish(&mut sealed).map_err(CustodyError::seal)?;
        let mut writer = self.store().objects().create(coming.text).await?;
        writer.write(&sealed).await?;
        writer.finish().await?;
        Ok(key)
    }

    fn document_of(
        &self,
        me: Principal,
        coming: &Coming,
        body: &DocumentBody,
        (patient, author, kind): (Option<PatientId>, Option<PersonId>, DocumentKind),
    ) -> Result<Document, CustodyError> {
        let sealed = self.document_seal(coming.document, coming.customer, body)?;
        if let Some(existing) = &coming.existing {
            // A dictation that is spoken anew is not typed by that.
            let spoken = coming.by_author || kind == DocumentKind::Dictation;
            let state = match existing.state {
                DocumentState::Dictated if spoken => Ok(DocumentState::Dictated),
                DocumentState::Dictated => existing.state.after(Step::Transcribe),
                DocumentState::Transcribed | DocumentState::Edited => existing.state.after(Step::Edit),
                other => Ok(other),
            };
            let state = state.map_err(|_| CustodyError::State("no new version can come in as the document stands"))?;
            let (patient, author) = (existing.patient.or(patient), existing.author.or(author));
            return Ok(Document {
                body: sealed,
                state,
                patient,
                author,
                current_version: coming.version,
                ..existing.clone()
            });
        }
        let state = match (kind, patient) {
            _ if coming.by_author => DocumentState::Dictated,
            (DocumentKind::Dictation, _) => DocumentState::Dictated,
            (_, Some(_)) => DocumentState::Transcribed,
            (_, None) => DocumentState::Unmatched,
        };
        Ok(Document {
            patient,
            author,
            uploader: me.to_string(),
            kind,
            state,
            body: sealed,
            ..Document::blank(coming.document, coming.customer, self.now())
        })
    }

    fn version_of(
        &self,
        me: Principal,
        new: &NewUpload,
        coming: &Coming,
        (kind, size_bytes, digest, scanned): (&Kind, u64, &[u8], bool),
        (key, text_key, opaque, holds): (&WrappedKey, Option<&WrappedKey>, Option<&'static str>, &VersionBody),
    ) -> Result<DocumentVersion, CustodyError> {
        let column = Column::DocumentVersionFileName { version: coming.version };
        let file_name = self
            .ring()
            .seal_column(coming.customer, coming.document, column, identify::safe_file_name(&new.file_name).as_bytes())
            .map_err(CustodyError::seal)?;
        Ok(DocumentVersion {
            document: coming.document,
            version: coming.version,
            media: kind.media_type().to_owned(),
            file_name,
            original_object: coming.original,
            original_key: key.to_bytes(),
            original_bytes: size_bytes,
            original_digest: digest.to_vec(),
            text_object: text_key.map(|_| coming.text),
            text_key: text_key.map(WrappedKey::to_bytes),
            opaque: opaque.map(ToOwned::to_owned),
            scan: if scanned { "clean" } else { "not_scanned" }.to_owned(),
            made_at: self.now(),
            made_by: me.to_string(),
            body: Some(self.version_body_seal((coming.customer, coming.document, coming.version), holds)?),
        })
    }
}
