//! What programs read beside what people read: documents in the order of their arrival, one document's line, agreements,
//! names and roles, and proofs of what was done.
//!
//! What must always hold: everything is of the program's own customer, whom its token names and no request does; a place in
//! a list is worth something to the program it was given to and to nobody else; nothing that has arrived is passed over.

use super::ProgramIn;
use super::places::PlaceIn;
use crate::ask::Question;
use crate::documents::{DocumentLines, body_open, patient_open};
use crate::people::question_at;
use crate::reading::Found;
use crate::{AgreementLine, Custody, CustodyError, Desk, DocumentLine, LedgerProof, Shown, VersionLine, Witnessed};
use policy::scope::document_scope;
use record::action::OpensNames;
use record::document::DocumentKind;
use record::{Act, Action, CustomerId, DocumentId, PatientId, PersonId, Purpose, Role, Timestamp, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Arrived, ArrivedFilter, DocumentVersion};
use vault::{Column, Opening};

/// Rows that one request may ask for.
const LIMIT_MAX: u32 = 500;
/// What arrives gets its time before it is committed, so that a later one may be there first. A place to follow from never
/// lies nearer to now: what came just then may come twice, and is never left out.
const SETTLED_MILLIS: i64 = 10_000;

/// Which documents are asked for.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    /// From this place on; from the beginning when there is none.
    pub since: Option<String>,
    /// At most so many.
    pub limit: u32,
    /// Only what nobody at the practice has acknowledged.
    pub unacknowledged: bool,
    /// Only about this patient.
    pub about: Option<PatientId>,
    /// Only these kinds; none of them when it is empty.
    pub kinds: Option<Vec<DocumentKind>>,
    /// Only what arrived, or was signed, from then on and before then.
    pub arrived: (Option<Timestamp>, Option<Timestamp>),
    /// Only what was delivered from then on and before then.
    pub delivered: (Option<Timestamp>, Option<Timestamp>),
}

/// What the newest version of a document is, as far as it can be told without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestVersion {
    /// Counted from 1.
    pub version: u32,
    /// What the bytes are.
    pub media: String,
    /// Size of the original, bytes.
    pub size_bytes: u64,
    /// When it came in.
    pub made_at: Timestamp,
}

/// Documents in the order of their arrival.
pub struct DocumentFed {
    /// They.
    pub lines: DocumentLines,
    /// Their newest versions.
    pub newest: BTreeMap<DocumentId, NewestVersion>,
    /// Where the next request goes on, for whoever follows what arrives.
    pub next: String,
    /// There are more already.
    pub more: bool,
    /// Behind the last of these, when there are more: for whoever wants all that is there now, and does not follow.
    pub rest: Option<String>,
}

/// What is known of one document, without its text.
pub struct DocumentSheet {
    /// Whose, for the tag.
    pub customer_name: String,
    /// Its line.
    pub line: DocumentLine,
    /// All versions, newest first.
    pub versions: Vec<VersionLine>,
    /// What was opened for whom.
    pub shown: Shown,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Somebody who works at the practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonNamed {
    /// Who.
    pub person: PersonId,
    /// As they write it.
    pub name: String,
    /// As what.
    pub roles: BTreeSet<Role>,
}

impl<A: Act> Desk<A> {
    /// The program at the desk, for those acts that have no sense without one.
    pub(crate) fn program_there(&self) -> Result<&ProgramIn, CustodyError> {
        self.program.as_ref().ok_or(CustodyError::Refused(policy::Why::NotSignedIn))
    }

    fn place_write(&self, program: &ProgramIn, (at, id): (Timestamp, DocumentId)) -> String {
        let mut place = at.unix_millis().to_be_bytes().to_vec();
        place.extend(id.to_bytes());
        PlaceIn::Documents.write(&self.custody, program, &place)
    }

    fn place_read(&self, program: &ProgramIn, text: &str) -> Result<(Timestamp, DocumentId), CustodyError> {
        let place = PlaceIn::Documents.read::<{ 8 + 16 }>(&self.custody, program, text)?;
        let (mut at, mut id) = ([0; 8], [0; 16]);
        at.copy_from_slice(&place[..8]);
        id.copy_from_slice(&place[8..]);
        Ok((Timestamp::from_unix_millis(i64::from_be_bytes(at)), DocumentId::from_bytes(id)))
    }
}

impl Desk<act::DocumentList> {
    /// Documents of the program's customer in the order in which they arrived or were signed.
    ///
    /// # Errors
    /// [`CustodyError::Input`] for a place that was not given to this program; [`CustodyError::Refused`].
    pub async fn document_feed(&self, asked: &Feed) -> Result<DocumentFed, CustodyError> {
        let program = self.program_there()?;
        if asked.limit == 0 || asked.limit > LIMIT_MAX {
            return Err(CustodyError::field("limit", "Ask for 1 to 500 at a time"));
        }
        let since = asked.since.as_deref().map(|text| self.place_read(program, text)).transpose()?;
        let (facts, now) = (self.facts().await?, self.custody.now());
        let scope = document_scope(Action::DocumentList, &facts, self.who().0, program.customer, now);
        let filter = ArrivedFilter {
            after: since,
            waiting: asked.unacknowledged,
            about: asked.about,
            kinds: asked.kinds.clone(),
            arrived: asked.arrived,
            delivered: asked.delivered,
            ..ArrivedFilter::all(program.customer, scope)
        };
        let store = self.custody.store();
        let page = store.document_arrived(&filter, asked.limit).await?;
        let last = page.items.last().map(|one: &Arrived| (one.at, one.document.id));
        let documents: Vec<_> = page.items.into_iter().map(|one| one.document).collect();
        let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
        let lines = self.open_lines(&facts, program.customer, documents).await?;
        let newest = store.version_newest_many(program.customer, &ids).await?.into_iter().map(|row| {
            let DocumentVersion { document, version, media, original_bytes: size_bytes, made_at, .. } = row;
            (document, NewestVersion { version, media, size_bytes, made_at })
        });
        let settled = (now.plus_millis(-SETTLED_MILLIS), DocumentId::from_bytes([0; 16]));
        let begin = since.unwrap_or((Timestamp::from_unix_millis(0), DocumentId::from_bytes([0; 16])));
        let next = last.map_or(begin, |last| last.min(settled).max(begin));
        Ok(DocumentFed {
            lines,
            newest: newest.collect(),
            next: self.place_write(program, next),
            // When the page ends in what came just now, there is nothing to be had by asking again at once.
            more: page.more && last == Some(next),
            rest: last.filter(|_| page.more).map(|last| self.place_write(program, last)),
        })
    }

    /// What is known of one document, and its versions; no text.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn document_sheet(&self, id: DocumentId) -> Result<DocumentSheet, CustodyError> {
        let found = self.document_find(id).await?;
        let custody = &self.custody;
        let rows = custody.store().version_list(id).await?;
        let granted = self.document_ask(&found, "").await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let mut versions = Vec::with_capacity(rows.len());
        for row in &rows {
            let column = Column::DocumentVersionFileName { version: row.version };
            versions.push(VersionLine {
                version: row.version,
                media: row.media.clone(),
                size_bytes: row.original_bytes,
                digest: data_encoding::HEXLOWER.encode(&row.original_digest),
                file_name: opening.column(id, column, &row.file_name).map_err(CustodyError::seal)?,
                made_by: row.made_by.clone(),
                made_at: row.made_at,
                scanned: row.scan == "clean",
                opaque: row.opaque.clone(),
            });
        }
        let customer_name = custody.customer_name(found.document.customer).await?;
        let line = custody.line_of(&opening, &shown, found).await?;
        Ok(DocumentSheet { customer_name, line, versions, shown, witnessed })
    }
}

impl Custody {
    /// The line of one document that was opened.
    async fn line_of<A: OpensNames>(
        &self,
        opening: &Opening<A>,
        shown: &Shown,
        found: Found,
    ) -> Result<DocumentLine, CustodyError> {
        let Found { document, patient, .. } = found;
        let people = [document.author, document.picked_up_by].into_iter().flatten().collect();
        let names = crate::directory::names(self, people).await?;
        let name_of = |id: Option<PersonId>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
        let opened = match &patient {
            Some(patient) => Some((patient.id, patient_open(opening, shown, patient)?)),
            None => None,
        };
        Ok(DocumentLine {
            id: document.id,
            kind: document.kind,
            state: document.state,
            confidentiality: document.confidentiality,
            body: body_open(opening, shown, &document)?,
            patient: opened,
            provisional: patient.is_some_and(|patient| patient.provisional),
            author: document.author,
            author_name: name_of(document.author),
            uploaded_at: document.uploaded_at,
            delivered_at: document.delivered_at,
            signed_at: document.signed_at,
            version: document.current_version,
            unread: false,
            picked_up: document.picked_up_at.map(|at| (name_of(document.picked_up_by), at)),
            broken_glass: false,
            moved: document.moved_from.is_some(),
        })
    }
}

impl Desk<act::PatientSearch> {
    /// A search of which it is known beforehand that it finds nobody: asked about and written like any other.
    ///
    /// # Errors
    /// [`CustodyError::Refused`].
    pub async fn patient_nobody(&self) -> Result<Witnessed, CustodyError> {
        let customer = self.program_there()?.customer;
        Ok(self.ask(Question::of(customer, Purpose::Operations)).await?.witnessed())
    }
}

impl Desk<act::CustomerShow> {
    /// The agreements of the program's customer, without the people in them.
    ///
    /// # Errors
    /// [`CustodyError::Refused`].
    pub async fn agreement_list(&self) -> Result<(Vec<AgreementLine>, Witnessed), CustodyError> {
        let customer = self.program_there()?.customer;
        let witnessed = self.ask(question_at(Some(customer))).await?.witnessed();
        let mut lines = self.custody.agreement_lines(customer).await?;
        for line in &mut lines {
            line.contacts.clear();
        }
        Ok((lines, witnessed))
    }
}

impl Desk<act::PersonList> {
    /// Who works at the program's customer, and as what. Nothing else of them.
    ///
    /// # Errors
    /// [`CustodyError::Refused`].
    pub async fn person_names(&self) -> Result<(Vec<PersonNamed>, Witnessed), CustodyError> {
        let customer = self.program_there()?.customer;
        let witnessed = self.ask(question_at(Some(customer))).await?.witnessed();
        let now = self.custody.now();
        let mut roles: BTreeMap<PersonId, BTreeSet<Role>> = BTreeMap::new();
        for one in self.custody.store().membership_list_at(Some(customer)).await? {
            if one.in_force(now) {
                roles.entry(one.person).or_default().insert(one.role);
            }
        }
        let mut names = crate::directory::names(&self.custody, roles.keys().copied().collect()).await?;
        let named = roles.into_iter().map(|(person, roles)| PersonNamed {
            person,
            name: names.remove(&person).unwrap_or_default(),
            roles,
        });
        Ok((named.collect(), witnessed))
    }
}

impl Desk<act::LedgerReceipt> {
    /// The proof of one entry that concerns the program's customer. Another's entry, one that names a document that is kept from
    /// programs, which a proof cannot leave out, and none look alike.
    ///
    /// # Errors
    /// [`CustodyError::Absent`]; [`CustodyError::Refused`]; [`CustodyError::Broken`] when the ledger does not prove it.
    pub async fn ledger_receipt(&self, index: u64) -> Result<LedgerProof, CustodyError> {
        let (program, customer): (_, CustomerId) = (self.program_there()?.program, self.program_there()?.customer);
        let found = self.custody.entry_at(index).await?.filter(|stored| {
            ledger::leaf::decode(&stored.leaf).is_ok_and(|leaf| leaf.entry.customer == Some(customer))
        });
        let Some(stored) = found else { return self.absent(program).await };
        if let Ok(leaf) = ledger::leaf::decode(&stored.leaf)
            && !self.custody.restricted_among(leaf.entry.resources.as_slice().iter()).await?.is_empty()
        {
            return self.absent(program).await;
        }
        let question = Question::of(customer, Purpose::Operations).also(program);
        let witnessed = self.ask(question).await?.witnessed();
        let mut proof = self.custody.proof_of(&stored, false, witnessed).await?;
        self.custody.strangers_unnamed(customer, std::slice::from_mut(&mut proof.line)).await?;
        Ok(proof)
    }
}
