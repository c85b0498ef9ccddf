//! The other house's own entries: kept as a document, with the checkpoint and the proofs, so that `ledger verify` verifies
//! them here as well as there; and in words, so that they are read on a page.

use super::super::{Coming, Intake, Taken};
use super::{Custody, TakeIn};
use crate::leaving::{LeavingError, LedgerHead};
use crate::{CustodyError, Desk, DocumentBody, VersionBody};
use identify::Kind;
use identify::sniff::Charset;
use policy::{DocumentFacts, ResourceFacts};
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{DocumentId, Entry, ObjectId, PersonId, Principal, UploadId, act};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Document, DocumentVersion, Upload};
use vault::{Column, Rendition, RenditionKind, WrappedKey};
use zeroize::Zeroizing;

/// The longest text in words, bytes; the file itself has all of it.
const WORDS_BYTES_MAX: usize = 4 << 20;
/// What it is called when it is downloaded.
const FILE_NAME: &str = "ledger-of-the-other-house.txt";

/// The other house's entries on their way in.
pub(super) struct HistoryIn {
    token: Vec<u8>,
    title: String,
    upload: Upload,
    coming: Coming,
    intake: Intake,
    key: WrappedKey,
    words: Zeroizing<String>,
}

fn facts(take: &TakeIn, id: DocumentId, me: Principal) -> ResourceFacts {
    ResourceFacts::Document(DocumentFacts {
        id,
        customer: take.customer,
        state: DocumentState::Delivered,
        kind: DocumentKind::Letter,
        confidentiality: Confidentiality::Normal,
        author: None,
        uploader: Some(me),
        recipients: Vec::new(),
        patient: None,
        in_care: false,
        read_by_practice: false,
        delivered_at: Some(take.custody.now()),
    })
}

impl Desk<act::CustomerTakeIn> {
    /// Asks about it, and begins to keep it; none when it came in before.
    pub(super) async fn history_begin(
        &self,
        take: &mut TakeIn,
        head: &LedgerHead,
    ) -> Result<Option<Box<HistoryIn>>, CustodyError> {
        let (custody, customer) = (take.custody.clone(), take.customer);
        let token = take.token(&format!("ledger/{}", take.folder.manifest.export))?;
        if !custody.store().taken_in_known(customer, std::slice::from_ref(&token)).await?.is_empty() {
            return Ok(None);
        }
        let (clock, entropy) = (custody.clock(), custody.entropy());
        let me = Principal::Person(self.person()?);
        let coming = Coming {
            upload: UploadId::mint(clock, entropy),
            customer,
            document: DocumentId::mint(clock, entropy),
            version: 1,
            existing: None,
            original: ObjectId::mint(clock, entropy),
            text: ObjectId::mint(clock, entropy),
            by_author: false,
        };
        drop(self.take_in_ask(take, vec![facts(take, coming.document, me)]).await?);
        let objects = vec![coming.original, coming.text];
        let upload = Upload { id: coming.upload, customer, person: me, objects, started_at: custody.now() };
        let mut tx = custody.store().begin("begin to take a ledger in").await?;
        tx.upload_insert(&upload).await?;
        tx.commit().await?;
        let rendition = Rendition { version: 1, kind: RenditionKind::Original };
        let sealed = custody.ring().seal_object(customer, coming.document, rendition, custody.entropy());
        let (sealer, key) = sealed.map_err(CustodyError::seal)?;
        let max_bytes = custody.room_left(customer).await?.min(custody.settings().file_bytes_max);
        let kind = Kind::Text(Charset::Utf8);
        let intake = Intake::begin(&custody, &coming, sealer, kind, max_bytes).await?;
        let title = format!("Ledger of {} at {}", head.customer_name, head.operator);
        let words = format!("{title}\nKey: {}\nCheckpoint:\n{}\n", head.key, head.checkpoint);
        Ok(Some(Box::new(HistoryIn { token, title, upload, coming, intake, key, words: Zeroizing::new(words) })))
    }

    /// All of it has come.
    pub(super) async fn history_keep(&self, take: &TakeIn, history: HistoryIn) -> Result<(), CustodyError> {
        let upload = history.upload.clone();
        let kept = take.custody.history_write(self.person()?, history).await;
        if kept.is_err() {
            undo(&take.custody, &upload).await;
        }
        kept
    }
}

async fn undo(custody: &Custody, upload: &Upload) {
    if let Err(error) = custody.upload_undone(upload.id, &upload.objects).await {
        tracing::warn!(%error, "what was on its way in is removed by the sweeper");
    }
}

impl HistoryIn {
    /// A line of it, as it lies in the export, and in words where it is an entry.
    pub(super) async fn row(
        &mut self,
        row: &[u8],
        entry: Option<(u64, &Entry)>,
        people: &BTreeMap<String, (String, Option<PersonId>)>,
    ) -> Result<(), CustodyError> {
        self.intake.take(row).await?;
        self.intake.take(b"\n").await?;
        let Some((index, entry)) = entry else { return Ok(()) };
        let who = entry.principal.to_string();
        let who = people.get(&who).map_or(who.as_str(), |(name, _)| name.as_str());
        let line = format!("{index}  {}  {who}  {}  {}\n", entry.at, entry.action, entry.outcome.as_str());
        if self.words.len() + line.len() <= WORDS_BYTES_MAX {
            self.words.push_str(&line);
        } else if !self.words.ends_with("here.\n") {
            self.words.push_str("More than is shown here.\n");
        }
        Ok(())
    }

    /// Removes what was on its way.
    pub(super) async fn undo(self: Box<Self>, custody: &Custody) {
        undo(custody, &self.upload).await;
    }
}

impl Custody {
    async fn history_write(&self, me: PersonId, history: HistoryIn) -> Result<(), CustodyError> {
        let HistoryIn { token, title, upload, coming, intake, key, words } = history;
        let Taken { size_bytes, digest, known_by, kind, scanned, .. } = intake.finish().await?;
        let text_key = self.seal_text(&coming, words.as_bytes()).await?;
        let words = Zeroizing::new(words.as_bytes().to_vec());
        let holds = VersionBody::read(Arc::new(words), FILE_NAME.to_owned()).await;
        let (customer, id, now) = (coming.customer, coming.document, self.now());
        let column = Column::DocumentVersionFileName { version: 1 };
        let file_name = self.ring().seal_column(customer, id, column, FILE_NAME.as_bytes());
        let body = DocumentBody { title, ..DocumentBody::default() };
        let document = Document {
            uploader: me.to_string(),
            kind: DocumentKind::Letter,
            state: DocumentState::Delivered,
            body: self.document_seal(id, customer, &body)?,
            delivered_at: Some(now),
            ..Document::blank(id, customer, now)
        };
        let version = DocumentVersion {
            document: id,
            version: 1,
            media: kind.media_type().to_owned(),
            file_name: file_name.map_err(CustodyError::seal)?,
            original_object: coming.original,
            original_key: key.to_bytes(),
            original_bytes: size_bytes,
            original_digest: digest,
            text_object: Some(coming.text),
            text_key: Some(text_key.to_bytes()),
            opaque: None,
            scan: if scanned { "clean" } else { "not_scanned" }.to_owned(),
            made_at: now,
            made_by: me.to_string(),
            body: Some(self.version_body_seal((customer, id, 1), &holds)?),
        };
        let mut tx = self.store().begin("keep a ledger that is taken in").await?;
        if tx.upload_commit(upload.id, now).await? == 0 {
            return Err(CustodyError::State("it stood still too long and was given up; run it again"));
        }
        tx.document_insert(&document).await?;
        tx.version_insert(&version).await?;
        tx.original_insert(customer, &known_by, id, 1).await?;
        tx.taken_in_insert(customer, &[(token, id.to_string())]).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What is out of its order.
pub(super) fn misplaced() -> CustodyError {
    LeavingError::Inside("its parts are not in their order").into()
}
