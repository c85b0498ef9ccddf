//! Opening one document: on screen, on paper, as a file; and who has opened it.
//!
//! What must always hold: each request that yields bytes is one act; a long stream asks policy again every
//! 30 seconds and is cut on refusal; its outcome entry says how many bytes left, or that nobody knows.

mod wanted;

pub use wanted::{Span, Wanted};

use crate::ask::Question;
use crate::documents::{body_open, patient_open, purpose_of};
use crate::manifest::version_body_open;
use crate::{Custody, CustodyError, Desk, OpenedDocument, OpenedPatient, OpenedVersion, Phi, Shown, Witnessed};
use bytes::Bytes;
use policy::{Decision, DocumentFacts, Facts, PrincipalFacts, ResourceFacts};
use record::action::{OpensContent, OpensNames};
use record::document::{Confidentiality, DocumentState};
use record::{
    Act, Action, CustomerId, DocumentId, Entry, Intent, Outcome, PatientId, PersonId, Principal, Purpose, Resources,
    SessionId, Timestamp, act,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use store::{Document, DocumentVersion, EntryFilter, Visit};
use tokio::sync::mpsc;
use vault::{Column, Opening, Rendition, RenditionKind, WrappedKey, floe};

/// The largest text that is shown on a page, bytes. `identify` stops earlier.
const TEXT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How long a stream runs before policy is asked again, milliseconds.
const ASK_AGAIN_MILLIS: i64 = 30_000;
/// Pieces of a stream that wait for a slow reader: with segments of 64 KiB, half a megabyte.
const PIECES_WAITING: usize = 8;
/// Entries of a document's history that are looked at, the newest.
const HISTORY_MAX: u32 = 100;

/// One version, for the list beside the text.
pub struct VersionLine {
    /// Counted from 1.
    pub version: u32,
    /// What the bytes are.
    pub media: String,
    /// Size of the original, bytes.
    pub size_bytes: u64,
    /// SHA-256 of the sealed original, hex.
    pub digest: String,
    /// What the uploader called it.
    pub file_name: Phi<String>,
    /// Who brought it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// A malware scanner has found it clean; otherwise it was not scanned.
    pub scanned: bool,
    /// Why there is no text, in fixed words.
    pub opaque: Option<String>,
}

/// What can be read of it on screen.
pub enum DocumentText {
    /// Its text.
    Text(Phi<String>),
    /// There is none, and why, in fixed words.
    Opaque(String),
}

/// A document, opened.
pub struct OpenDocument {
    /// Which.
    pub id: DocumentId,
    /// Whose PHI.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What it is.
    pub kind: record::document::DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// Of which change this is.
    pub revision: u64,
    /// Who of the practice may see it.
    pub confidentiality: Confidentiality,
    /// A person said so, and not the practice's rule.
    pub restricted_by_hand: bool,
    /// What was opened for whom.
    pub shown: Shown,
    /// What is known of it.
    pub body: OpenedDocument,
    /// About whom.
    pub patient: Option<(PatientId, OpenedPatient)>,
    /// Who spoke it, by name.
    pub author_name: String,
    /// Who signed it, by name, and when.
    pub signed: Option<(String, Timestamp)>,
    /// Who picked it up, by name, and when.
    pub picked_up: Option<(String, Timestamp)>,
    /// When the practice got it.
    pub delivered_at: Option<Timestamp>,
    /// It lay in another chart before it was moved.
    pub moved: bool,
    /// The version that is shown.
    pub version: u32,
    /// All versions, newest first.
    pub versions: Vec<VersionLine>,
    /// What can be read on screen.
    pub text: DocumentText,
    /// Until when it is seen only because the glass is broken.
    pub broken_glass_until: Option<Timestamp>,
    /// The acts on it that policy would permit this person now.
    pub may: Vec<Action>,
    /// What the version that is shown holds; none for what came in before anybody looked.
    pub holds: Option<OpenedVersion>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Who opened it, or what happened to it.
pub struct HistoryLine {
    /// The entry's place.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: a person's name, or "the system".
    pub who: String,
    /// Their role there, in words.
    pub role: String,
    /// It was an emergency: the glass was broken.
    pub broken_glass: bool,
}

/// A file on its way out.
pub struct Download {
    /// What it is called: a safe name.
    pub file_name: String,
    /// Its media type, found by looking at it.
    pub media: String,
    /// Size of the whole plaintext, bytes.
    pub size_bytes: u64,
    /// Which bytes are coming, when not all.
    pub range: Option<Range<u64>>,
    /// Names these very bytes: version and digest of what is sealed.
    pub tag: String,
    /// The bytes. An error cuts the stream: the receiver must not take what came for the whole.
    pub bytes: mpsc::Receiver<Result<Bytes, CustodyError>>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// What came of asking for a file that may be there already.
pub enum Fetched {
    /// What is there already is what is here. Nothing was opened.
    Same {
        /// Which of the names it was.
        tag: String,
        /// The entry.
        witnessed: Witnessed,
    },
    /// A file on its way out.
    Bytes(Download),
}

/// A document with all that is asked about it.
pub(crate) struct Found {
    pub(crate) document: Document,
    pub(crate) facts: PrincipalFacts,
    pub(crate) resources: Vec<ResourceFacts>,
    pub(crate) patient: Option<store::Patient>,
}

impl<A: Act> Desk<A> {
    /// Finds a document and gathers the facts about it; nothing is opened.
    pub(crate) async fn document_find(&self, id: DocumentId) -> Result<Found, CustodyError> {
        let me = self.reader()?;
        let store = self.custody.store();
        let found = async { Ok(store.document_fetch(id).await?) };
        let (facts, document) = tokio::try_join!(self.facts(), found)?;
        let Some(document) = document else { return self.document_absent(id, &facts).await };
        let told = store.document_facts(&document, me).await?;
        let about = self.custody.patients_of(document.customer, std::slice::from_ref(&told)).await?.pop();
        let mut resources = vec![ResourceFacts::Document(told)];
        let mut patient = None;
        if let Some((row, row_facts)) = about {
            resources.push(row_facts);
            patient = Some(row);
        }
        Ok(Found { document, facts, resources, patient })
    }

    /// Asks about a document that was found.
    pub(crate) async fn document_ask(&self, found: &Found, words: &str) -> Result<crate::Granted<A>, CustodyError> {
        let question = Question::of(found.document.customer, found.purpose(self.reader()?))
            .with_all(found.resources.iter().cloned())
            .saying(words);
        self.custody.ask_as::<A>(self.who(), found.facts.clone(), question).await
    }
}

impl Custody {
    /// Would policy permit it: for buttons only. The answer opens nothing, because there is no receipt.
    pub(crate) fn would_permit<A: Act>(
        &self,
        who: (Principal, Option<SessionId>),
        facts: &PrincipalFacts,
        customer: CustomerId,
        resources: &[ResourceFacts],
    ) -> bool {
        let named = Resources::of(resources.iter().map(ResourceFacts::id));
        let purpose = purpose_of(facts, customer);
        let intent = Intent::to::<A>(self.clock(), self.entropy(), who, Some(customer), named, purpose);
        // A button that needs a fresh touch is shown all the same: the touch is asked for when it is pressed.
        let mut facts = facts.clone();
        if let Some(signed_in) = &mut facts.signed_in {
            signed_in.step_up_at = Some(self.now());
        }
        let facts = Facts { principal: facts, resources: resources.to_vec(), customer: None };
        matches!(self.0.policy.decide::<A>(intent, &facts), Decision::Permit(_))
    }

    fn may_on(&self, who: (Principal, Option<SessionId>), found: &Found) -> Vec<Action> {
        let customer = found.document.customer;
        // Acts that change a document are asked about the document alone.
        let only: Vec<ResourceFacts> = found.resources[..1].to_vec();
        let mut may = Vec::new();
        macro_rules! ask {
            ($($name:ident),*) => { $(
                if self.would_permit::<act::$name>(who, &found.facts, customer, &only) { may.push(Action::$name); }
            )* };
        }
        ask!(
            DocumentDownload,
            DocumentPrint,
            DocumentHistory,
            DocumentAdvance,
            DocumentMatch,
            DocumentDeliver,
            DocumentUndoDelivery,
            DocumentPickUp,
            DocumentSign,
            DocumentHold,
            DocumentRelease,
            DocumentWithdraw,
            DocumentMove,
            DocumentEnterInError,
            DocumentRestrict,
            DocumentUpload
        );
        may
    }

    async fn sealed_text<A: OpensContent>(
        &self,
        opening: &Opening<A>,
        version: &DocumentVersion,
    ) -> Result<Option<Phi<Vec<u8>>>, CustodyError> {
        let (Some(object), Some(key)) = (version.text_object, &version.text_key) else { return Ok(None) };
        let wrapped = WrappedKey::from_bytes(key).map_err(CustodyError::seal)?;
        let Some(whole) = self.store().objects().read_all(object, TEXT_BYTES_MAX).await? else {
            return Err(CustodyError::Broken("a text object is larger than any text".to_owned()));
        };
        let (header, sealed) = whole.split_at(whole.len().min(floe::HEADER_LEN));
        let rendition = Rendition { version: version.version, kind: RenditionKind::Text };
        let mut unsealer = opening.object(version.document, rendition, &wrapped, header).map_err(CustodyError::seal)?;
        let text = unsealer.push(sealed).map_err(CustodyError::seal)?;
        unsealer.finish().map_err(CustodyError::seal)?;
        Ok(Some(text))
    }

    /// What of a version can be read on screen.
    async fn text_of<A: OpensContent>(
        &self,
        opening: &Opening<A>,
        shown: &Shown,
        row: &DocumentVersion,
    ) -> Result<DocumentText, CustodyError> {
        let Some(bytes) = self.sealed_text(opening, row).await? else {
            return Ok(DocumentText::Opaque(row.opaque.clone().unwrap_or_else(|| "no text".to_owned())));
        };
        let text = bytes.map(shown, String::from_utf8).transpose();
        Ok(DocumentText::Text(text.map_err(|_| CustodyError::Broken("a text is not UTF-8".to_owned()))?))
    }

    fn version_line<A: OpensNames>(
        &self,
        opening: &Opening<A>,
        row: &DocumentVersion,
        made_by: String,
    ) -> Result<VersionLine, CustodyError> {
        let column = Column::DocumentVersionFileName { version: row.version };
        Ok(VersionLine {
            version: row.version,
            media: row.media.clone(),
            size_bytes: row.original_bytes,
            digest: data_encoding::HEXLOWER.encode(&row.original_digest),
            file_name: opening.column(row.document, column, &row.file_name).map_err(CustodyError::seal)?,
            made_by,
            made_at: row.made_at,
            scanned: row.scan == "clean",
            opaque: row.opaque.clone(),
        })
    }

    async fn name_of(&self, id: Option<PersonId>) -> Result<String, CustodyError> {
        match id {
            Some(id) => Ok(self.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default()),
            None => Ok(String::new()),
        }
    }
}

impl<A: OpensContent> Desk<A> {
    /// Opens a document for reading: names, versions, text of one version (the newest when none is named).
    async fn document_open(&self, id: DocumentId, version: Option<u32>) -> Result<OpenDocument, CustodyError> {
        let found = self.document_find(id).await?;
        self.limit_opens(&found).await?;
        let granted = self.document_ask(&found, "").await?;
        let witnessed = granted.witnessed();
        let custody = &self.custody;
        let (opening, shown) = granted.open(&custody.ring())?;
        let document = &found.document;
        let versions = custody.store().version_list(id).await?;
        let wanted = version.unwrap_or(document.current_version);
        let row = versions.iter().find(|row| row.version == wanted).ok_or(CustodyError::Absent)?;
        let text = custody.text_of(&opening, &shown, row).await?;
        let mut lines = Vec::with_capacity(versions.len());
        for row in &versions {
            let made_by = custody.name_of(row.made_by.parse().ok()).await?;
            lines.push(custody.version_line(&opening, row, made_by)?);
        }
        let me = self.reader()?;
        let patient = match &found.patient {
            Some(patient) => Some((patient.id, patient_open(&opening, &shown, patient)?)),
            None => None,
        };
        let body = body_open(&opening, &shown, document)?;
        let holds = version_body_open(&opening, &shown, row)?;
        // Signed in a house that this practice has left: by whom, that house says.
        let elsewhere = body.show(&shown).came_from.as_deref();
        let elsewhere =
            elsewhere.map(|from| (from.signed_by.clone(), from.picked_up_by.clone(), from.operator.clone()));
        let said_there = |name: fn(&(String, String, String)) -> &String, at| {
            let from = elsewhere.as_ref()?;
            (!name(from).is_empty()).then(|| (format!("{} (as {} says)", name(from), from.2), at))
        };
        let opened = OpenDocument {
            id,
            customer: document.customer,
            customer_name: custody.customer_name(document.customer).await?,
            kind: document.kind,
            state: document.state,
            revision: document.revision,
            confidentiality: document.confidentiality,
            restricted_by_hand: document.restricted_by.is_some(),
            body,
            shown,
            patient,
            author_name: custody.name_of(document.author).await?,
            signed: match (document.signed_by, document.signed_at) {
                (Some(by), Some(at)) => Some((custody.name_of(Some(by)).await?, at)),
                (None, Some(at)) => said_there(|from| &from.0, at),
                _ => None,
            },
            picked_up: match (document.picked_up_by, document.picked_up_at) {
                (Some(by), Some(at)) => Some((custody.name_of(Some(by)).await?, at)),
                (None, Some(at)) => said_there(|from| &from.1, at),
                _ => None,
            },
            delivered_at: document.delivered_at,
            moved: document.moved_from.is_some(),
            version: wanted,
            versions: lines,
            text,
            broken_glass_until: found.glass_until(me),
            may: custody.may_on(self.who(), &found),
            holds,
            witnessed,
        };
        if let Some(me) = me {
            self.remember_read(document, me).await?;
        }
        Ok(opened)
    }

    /// The first time one opens what lies in one's inbox is kept beside it. The ledger has every time.
    async fn remember_read(&self, document: &Document, me: PersonId) -> Result<(), CustodyError> {
        let recipients = self.custody.store().recipient_list(document.id).await?;
        if recipients.iter().any(|one| one.person == me && one.read_at.is_none()) {
            let mut tx = self.custody.store().begin("remember a reading").await?;
            tx.recipient_read(document.id, me, self.custody.now()).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl<A: Act> Desk<A> {
    /// The operator's own people are held to a number of documents an hour. A practice's reading is not: care comes first.
    async fn limit_opens(&self, found: &Found) -> Result<(), CustodyError> {
        // A program is held to a rate at the door.
        let at_practice = found.facts.program.is_some()
            || found.facts.memberships.iter().any(|one| one.customer == Some(found.document.customer));
        if at_practice {
            return Ok(());
        }
        // What will be refused is not counted: one more write, or "too often" in place of "not there", would tell
        // somebody from elsewhere that there is such a document.
        if !self.custody.would_permit::<A>(self.who(), &found.facts, found.document.customer, &found.resources) {
            return Ok(());
        }
        let now = self.custody.now();
        let hour = Timestamp::from_unix_millis(now.unix_millis().div_euclid(3_600_000) * 3_600_000);
        let mut tx = self.custody.store().begin("count openings").await?;
        let count = tx.limit_count(&format!("opens:{}", self.who().0), hour, now.plus_secs(-86_400)).await?;
        tx.commit().await?;
        if count > self.custody.settings().opens_per_hour_max { Err(CustodyError::TooOften) } else { Ok(()) }
    }
}

impl Found {
    /// Until when it is read under a broken glass, where nothing else would open it.
    fn glass_until(&self, me: Option<PersonId>) -> Option<Timestamp> {
        let (Some(ResourceFacts::Document(facts)), Some(me)) = (self.resources.first(), me) else { return None };
        if facts.author == Some(me) || to_carers(facts) && facts.recipients.contains(&me) {
            return None;
        }
        glass_until(&self.facts, facts.patient?, to_carers(facts) && facts.in_care)
    }

    /// What for: an emergency, where the broken glass is what lets it be opened.
    fn purpose(&self, me: Option<PersonId>) -> Purpose {
        let usual = purpose_of(&self.facts, self.document.customer);
        if self.glass_until(me).is_some() { Purpose::Emergency } else { usual }
    }
}

/// Do those in whose care the patient is see it without breaking the glass.
pub(crate) fn to_carers(facts: &DocumentFacts) -> bool {
    facts.confidentiality < Confidentiality::VeryRestricted
}

/// Until when a broken glass lets this principal at a patient who is not in their care.
pub(crate) fn glass_until(facts: &PrincipalFacts, patient: PatientId, in_care: bool) -> Option<Timestamp> {
    let glasses = facts.broken_glass.iter().filter(|glass| !in_care && glass.patient == patient);
    glasses.map(|glass| glass.to).max()
}

impl Desk<act::DocumentRead> {
    /// Reads one document on screen.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn document_read(&self, id: DocumentId, version: Option<u32>) -> Result<OpenDocument, CustodyError> {
        self.document_open(id, version).await
    }
}

impl Desk<act::DocumentPrint> {
    /// Opens one document for paper.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn document_print(&self, id: DocumentId, version: Option<u32>) -> Result<OpenDocument, CustodyError> {
        self.document_open(id, version).await
    }
}

impl Desk<act::DocumentHistory> {
    /// Who opened it, and what happened to it, newest first.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn document_history(&self, id: DocumentId) -> Result<Vec<HistoryLine>, CustodyError> {
        let mut found = self.document_find(id).await?;
        // Who opened it names no patient, so nobody is asked about one: managers and officers may see this list.
        found.resources.truncate(1);
        drop(self.document_ask(&found, "").await?);
        self.custody.history(id, Some(found.document.customer)).await
    }
}

impl Custody {
    /// The entries that name a thing, in words: those of the customer whose it is, and of those that have joined that one.
    pub(crate) async fn history(
        &self,
        id: impl Into<record::ResourceId>,
        customer: Option<CustomerId>,
    ) -> Result<Vec<HistoryLine>, CustodyError> {
        let resource = Some(id.into());
        let whose = match customer {
            Some(customer) => self.customer_and_joined(customer).await?.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let mut found = BTreeMap::new();
        for customer in whose {
            let filter = EntryFilter { resource, customer, ..EntryFilter::default() };
            let page = self.store().entry_list(&filter, HISTORY_MAX).await?;
            found.extend(page.into_iter().map(|stored| (stored.index, stored.leaf)));
        }
        let mut entries = Vec::new();
        for (index, leaf) in found.into_iter().rev().take(HISTORY_MAX as usize) {
            let Ok(leaf) = ledger::leaf::decode(&leaf) else { continue };
            // Lists name fifty at a time and searches pass over many; what is told here are acts on this very thing.
            if matches!(leaf.entry.action, Action::DocumentList | Action::DocumentSearch | Action::AccessList)
                || !matches!(leaf.entry.outcome, Outcome::Permitted)
            {
                continue;
            }
            entries.push((index, leaf.entry));
        }
        self.history_lines(&entries).await
    }

    /// Entries in words, in their order. Who acted is looked up for all of them at once.
    pub(crate) async fn history_lines(&self, entries: &[(u64, Entry)]) -> Result<Vec<HistoryLine>, CustodyError> {
        let people: BTreeSet<PersonId> = entries
            .iter()
            .filter_map(|(_, entry)| match entry.principal {
                Principal::Person(person) => Some(person),
                _ => None,
            })
            .collect();
        let names = crate::directory::names(self, people.iter().copied().collect()).await?;
        let memberships = self.store().membership_list_by_people(&people).await?;
        let programs = self.program_names(entries.iter().map(|(_, entry)| entry.principal)).await?;
        let role_words = |person: PersonId, at: Option<CustomerId>| {
            let there = memberships
                .iter()
                .filter(|one| one.person == person && (one.customer == at || one.customer.is_none()))
                .map(|one| one.role.label());
            there.collect::<Vec<_>>().join(", ")
        };
        let line = |(index, entry): &(u64, Entry)| {
            let (who, role) = match entry.principal {
                Principal::Person(person) => {
                    (names.get(&person).cloned().unwrap_or_default(), role_words(person, entry.customer))
                }
                Principal::Program(id) => {
                    (programs.get(&id).cloned().unwrap_or_else(|| "the system".to_owned()), "program".to_owned())
                }
                Principal::Stranger => ("nobody we know".to_owned(), String::new()),
            };
            HistoryLine {
                index: *index,
                at: entry.at,
                action: entry.action,
                outcome: entry.outcome,
                who,
                role,
                broken_glass: entry.purpose == record::Purpose::Emergency,
            }
        };
        Ok(entries.iter().map(line).collect())
    }
}

impl Desk<act::DocumentDownload> {
    /// Takes the original file, whole or a range of it (bytes of plaintext).
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike. [`CustodyError::Range`] when no byte of what is wanted is there.
    pub async fn document_download(
        &self,
        id: DocumentId,
        version: Option<u32>,
        wanted_bytes: Wanted,
    ) -> Result<Download, CustodyError> {
        match self.document_fetch(id, version, (wanted_bytes, &[])).await? {
            Fetched::Bytes(file) => Ok(file),
            Fetched::Same { .. } => Err(CustodyError::Absent),
        }
    }

    /// The same, unless one of these names (or `*`) is that of what would come. It is asked and witnessed all the same.
    ///
    /// # Errors
    /// As with [`Self::document_download`].
    pub async fn document_fetch(
        &self,
        id: DocumentId,
        version: Option<u32>,
        (wanted_bytes, known): (Wanted, &[String]),
    ) -> Result<Fetched, CustodyError> {
        let found = self.document_find(id).await?;
        self.limit_opens(&found).await?;
        let versions = self.custody.store().version_list(id).await?;
        let wanted = version.unwrap_or(found.document.current_version);
        let granted = self.document_ask(&found, "").await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&self.custody.ring())?;
        let Some(row) = versions.into_iter().find(|row| row.version == wanted) else {
            self.custody.told(opening.intent(), Outcome::Failed, "no_such_version", Some(0)).await;
            return Err(CustodyError::Absent);
        };
        let tag = format!("{}-{}", row.version, data_encoding::HEXLOWER.encode(&row.original_digest));
        if known.iter().any(|one| *one == tag || one == "*") {
            self.custody.told(opening.intent(), Outcome::Done, "same", Some(0)).await;
            return Ok(Fetched::Same { tag, witnessed });
        }
        let Ok(range) = wanted_bytes.of(row.original_bytes) else {
            self.custody.told(opening.intent(), Outcome::Failed, "no_such_range", Some(0)).await;
            return Err(CustodyError::Range { size_bytes: row.original_bytes });
        };
        let column = Column::DocumentVersionFileName { version: row.version };
        let name = opening.column(id, column, &row.file_name).map_err(CustodyError::seal)?;
        let file_name = identify::safe_file_name(name.show(&shown));
        let (size_bytes, media) = (row.original_bytes, row.media.clone());
        let (pieces, bytes) = mpsc::channel(PIECES_WAITING);
        let visit = self.custody.visit().ok_or(CustodyError::Unwitnessed)?;
        let stream = Stream {
            custody: self.custody.clone(),
            who: self.who(),
            intent: opening.intent().clone(),
            document: id,
            row,
            range: range.clone(),
            pieces,
            left: 0,
            asked_at: self.custody.now(),
            visit,
        };
        tokio::spawn(stream.run(opening, shown));
        Ok(Fetched::Bytes(Download { file_name, media, size_bytes, range, tag, bytes, witnessed }))
    }
}

/// A download on its way.
struct Stream {
    custody: Custody,
    who: (Principal, Option<SessionId>),
    intent: Intent,
    document: DocumentId,
    row: DocumentVersion,
    range: Option<Range<u64>>,
    pieces: mpsc::Sender<Result<Bytes, CustodyError>>,
    left: u64,
    asked_at: Timestamp,
    visit: Visit,
}

/// Why a stream ended early.
enum Cut {
    /// The receiver went away: how much arrived nobody can say.
    Gone,
    /// Policy says no by now, or something broke.
    Error(CustodyError),
}

impl Stream {
    async fn run(mut self, opening: Opening<act::DocumentDownload>, shown: Shown) {
        let done = match self.range.clone() {
            None => self.whole(&opening, &shown).await,
            Some(range) => self.part(&opening, &shown, range).await,
        };
        // If we die before this: the permitted entry stands alone, and is closed as unknown.
        let (outcome, why) = match done {
            Ok(()) => (Outcome::Done, ""),
            Err(Cut::Gone) => (Outcome::Unknown, "connection_gone"),
            Err(Cut::Error(error)) => {
                let why = if matches!(error, CustodyError::Refused(_)) { "cut_by_policy" } else { "broken" };
                drop(self.pieces.send(Err(error)).await);
                (Outcome::Failed, why)
            }
        };
        let Self { custody, intent, left, pieces, .. } = self;
        // Nothing more comes: whoever reads need not wait for the last word to be durable, only the ledger has to have it.
        drop(pieces);
        custody.told(&intent, outcome, why, Some(left)).await;
    }

    async fn send(&mut self, piece: Bytes) -> Result<(), Cut> {
        if piece.is_empty() {
            return Ok(());
        }
        // Before the piece: however long this process stood still, nothing goes out on an old answer.
        let now = self.custody.now();
        if now.millis_since(self.asked_at) >= ASK_AGAIN_MILLIS {
            self.asked_at = now;
            self.ask_again().await.map_err(Cut::Error)?;
        }
        if !self.visit.holds() {
            return Err(Cut::Error(CustodyError::Unwitnessed));
        }
        let length = piece.len() as u64;
        self.pieces.send(Ok(piece)).await.map_err(|_| Cut::Gone)?;
        self.left += length;
        Ok(())
    }

    /// The same person or program, as session or token are by now.
    async fn desk_again(&self) -> Result<Desk<act::DocumentDownload>, CustodyError> {
        let over = || CustodyError::Refused(policy::Why::NotSignedIn);
        let custody = self.custody.clone();
        match self.who {
            (Principal::Person(_), Some(session)) => {
                let signed_in = custody.session_live(session).await?.ok_or_else(over)?;
                Ok(Desk::at(custody, Some(signed_in)))
            }
            (Principal::Program(_), Some(session)) => {
                let program = custody.token_live(session).await?.ok_or_else(over)?;
                Ok(Desk::of_program(custody, program))
            }
            _ => Err(CustodyError::Absent),
        }
    }

    /// Is it still permitted: membership, session and document as they are by now.
    async fn ask_again(&self) -> Result<(), CustodyError> {
        let desk = self.desk_again().await?;
        let found = desk.document_find(self.document).await?;
        let purpose = found.purpose(desk.reader()?);
        let facts = Facts { principal: found.facts, resources: found.resources, customer: None };
        let named = Resources::of(facts.resources.iter().map(ResourceFacts::id));
        let customer = Some(found.document.customer);
        let who = desk.who();
        let intent = Intent::to::<act::DocumentDownload>(
            self.custody.clock(),
            self.custody.entropy(),
            who,
            customer,
            named,
            purpose,
        );
        match self.custody.0.policy.decide::<act::DocumentDownload>(intent, &facts) {
            Decision::Permit(_) => Ok(()),
            Decision::Refusal(refusal) => Err(refusal.into()),
        }
    }

    fn rendition(&self) -> Rendition {
        Rendition { version: self.row.version, kind: RenditionKind::Original }
    }

    fn wrapped(&self) -> Result<WrappedKey, Cut> {
        WrappedKey::from_bytes(&self.row.original_key).map_err(|error| Cut::Error(CustodyError::seal(error)))
    }

    async fn whole(&mut self, opening: &Opening<act::DocumentDownload>, shown: &Shown) -> Result<(), Cut> {
        let store = self.custody.store().clone();
        let broken = |error: store::StoreError| Cut::Error(error.into());
        let sealed = |error: floe::FloeError| Cut::Error(CustodyError::seal(error));
        let object = self.row.original_object;
        let pieces = store.objects().pieces(object, floe::HEADER_LEN, floe::SEGMENT_LEN).await;
        let (header, mut segments) = pieces.map_err(broken)?;
        let mut unsealer = opening
            .object(self.document, self.rendition(), &self.wrapped()?, &header)
            .map_err(|error| Cut::Error(CustodyError::seal(error)))?;
        while let Some(segment) = segments.next().await.map_err(broken)? {
            // Opened where it lies, and sent from there.
            let plain = unsealer.segment(segment).map_err(sealed)?;
            self.send(Bytes::from_owner(plain.into_shown(shown))).await?;
        }
        unsealer.finish().map_err(sealed)
    }

    async fn part(
        &mut self,
        opening: &Opening<act::DocumentDownload>,
        shown: &Shown,
        range: Range<u64>,
    ) -> Result<(), Cut> {
        let store = self.custody.store().clone();
        let object = self.row.original_object;
        let broken = |error: store::StoreError| Cut::Error(error.into());
        let sealed = |error: floe::FloeError| Cut::Error(CustodyError::seal(error));
        let size = store.objects().size_bytes(object).await.map_err(broken)?;
        let size = size.ok_or(Cut::Error(store::StoreError::ObjectMissing.into()))?;
        let header = read_range(&store, object, 0..floe::HEADER_LEN as u64).await.map_err(broken)?;
        let last = read_range(&store, object, floe::last_segment_at(size).map_err(sealed)?).await.map_err(broken)?;
        let mut ranges = opening
            .object_ranges(self.document, self.rendition(), &self.wrapped()?, &header, (size, &last))
            .map_err(|error| Cut::Error(CustodyError::seal(error)))?;
        let mut from = range.start;
        while from < range.end {
            // A long range is cut into pieces of whole segments, so that memory stays small.
            let to = range.end.min(from + 4 * floe::PLAIN_SEGMENT_LEN as u64);
            let bytes = read_range(&store, object, ranges.sealed_range(&(from..to)).map_err(sealed)?).await;
            let plain = ranges.open(&(from..to), &bytes.map_err(broken)?).map_err(sealed)?;
            self.send(Bytes::from(plain.into_shown(shown))).await?;
            from = to;
        }
        Ok(())
    }
}

async fn read_range(
    store: &store::Store,
    object: record::ObjectId,
    range: Range<u64>,
) -> Result<Vec<u8>, store::StoreError> {
    store.objects().read_range(object, range).await
}

#[cfg(test)]
mod tests;
