//! What programs read beside what people read: documents in the order of their arrival, one document's line, agreements,
//! names and roles, and proofs of what was done.
//!
//! What must always hold: everything is of the program's own customer, whom its token names and no request does; a place in
//! a list is worth something to the program it was given to and to nobody else; nothing that has arrived is passed over.

use super::ProgramIn;
use crate::ask::Question;
use crate::documents::{DocumentLines, body_open, patient_open};
use crate::people::question_at;
use crate::reading::Found;
use crate::{AgreementLine, Custody, CustodyError, Desk, DocumentLine, LedgerProof, Shown, VersionLine, Witnessed};
use data_encoding::BASE64URL_NOPAD;
use policy::scope::document_scope;
use record::action::OpensNames;
use record::{Act, Action, CustomerId, DocumentId, PersonId, Purpose, Role, Timestamp, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Arrived, ArrivedFilter};
use vault::{Column, Opening};

/// Rows that one request may ask for.
const LIMIT_MAX: u32 = 500;
/// What arrives gets its time before it is committed, so that a later one may be there first. A place is never given
/// that lies nearer to now, when there was nothing more: what came just then may come twice, and is never left out.
const SETTLED_MILLIS: i64 = 10_000;
/// Bytes of a place: a time, an id, and what vouches for both.
const PLACE_BYTES: usize = 8 + 16 + 32;

/// Which documents are asked for.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    /// From this place on; from the beginning when there is none.
    pub since: Option<String>,
    /// At most so many.
    pub limit: u32,
    /// Only what nobody at the practice has acknowledged.
    pub unacknowledged: bool,
}

/// Documents in the order of their arrival.
pub struct DocumentFed {
    /// They.
    pub lines: DocumentLines,
    /// Where the next request goes on.
    pub next: String,
    /// There are more already.
    pub more: bool,
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

    fn place_mac(&self, program: &ProgramIn, place: &[u8]) -> [u8; 32] {
        let said = format!("{}:{}:{}", program.program, program.customer, BASE64URL_NOPAD.encode(place));
        self.custody.ring().directory_blind("program-place", &said)
    }

    fn place_write(&self, program: &ProgramIn, (at, id): (Timestamp, DocumentId)) -> String {
        let mut place = at.unix_millis().to_be_bytes().to_vec();
        place.extend(id.to_bytes());
        let mac = self.place_mac(program, &place);
        place.extend(mac);
        BASE64URL_NOPAD.encode(&place)
    }

    fn place_read(&self, program: &ProgramIn, text: &str) -> Result<(Timestamp, DocumentId), CustodyError> {
        const SAY: &str = "Give a place as it was given to this program, or none";
        let wrong = || CustodyError::field("since", SAY);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong())?;
        let (at, rest) = bytes.split_first_chunk::<8>().filter(|_| bytes.len() == PLACE_BYTES).ok_or_else(wrong)?;
        let (id, mac) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
        if !crate::secret::same(mac, &self.place_mac(program, &bytes[..24])) {
            return Err(wrong());
        }
        Ok((Timestamp::from_unix_millis(i64::from_be_bytes(*at)), DocumentId::from_bytes(*id)))
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
        let filter = ArrivedFilter {
            customer: program.customer,
            scope: document_scope(Action::DocumentList, &facts, self.who().0, program.customer, now),
            after: since,
            waiting: asked.unacknowledged,
        };
        let page = self.custody.store().document_arrived(&filter, asked.limit).await?;
        let last = page.items.last().map(|one: &Arrived| (one.at, one.document.id));
        let documents = page.items.into_iter().map(|one| one.document).collect();
        let lines = self.open_lines(&facts, program.customer, documents).await?;
        let settled = (now.plus_millis(-SETTLED_MILLIS), DocumentId::from_bytes([0; 16]));
        let begin = since.unwrap_or((Timestamp::from_unix_millis(0), DocumentId::from_bytes([0; 16])));
        let next = match last {
            // BUG: a walk that goes on within the last ten seconds passes over what is committed late with an earlier time.
            Some(last) if page.more => last,
            Some(last) => last.min(settled).max(begin),
            None => begin,
        };
        Ok(DocumentFed { lines, next: self.place_write(program, next), more: page.more })
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
    /// The proof of one entry that concerns the program's customer. Another's entry and none look alike.
    ///
    /// # Errors
    /// [`CustodyError::Absent`]; [`CustodyError::Refused`]; [`CustodyError::Broken`] when the ledger does not prove it.
    pub async fn ledger_receipt(&self, index: u64) -> Result<LedgerProof, CustodyError> {
        let (program, customer): (_, CustomerId) = (self.program_there()?.program, self.program_there()?.customer);
        let found = self.custody.entry_at(index).await?.filter(|stored| {
            ledger::leaf::decode(&stored.leaf).is_ok_and(|leaf| leaf.entry.customer == Some(customer))
        });
        let Some(stored) = found else { return self.absent(program).await };
        let question = Question::of(customer, Purpose::Operations).also(program);
        let witnessed = self.ask(question).await?.witnessed();
        self.custody.proof_of(&stored, false, witnessed).await
    }
}
