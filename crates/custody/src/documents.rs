//! Documents in lists: what may be listed, found and counted, one act for each customer.
//!
//! What must always hold: rows are chosen by policy's scope before anything is opened; what is opened is
//! exactly what is shown; each customer's rows are one act with one entry.

use crate::ask::Question;
use crate::reading::to_carers;
use crate::{Custody, CustodyError, Desk, DocumentBody, OpenedDocument, OpenedPatient, PatientBody, Shown, Witnessed};
use policy::scope::{DocumentScope, document_scope};
use policy::{DocumentFacts, PatientFacts, PrincipalFacts, ResourceFacts};
use record::action::OpensNames;
use record::civil::Day;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{Action, CustomerId, DocumentId, PatientId, PersonId, Principal, Purpose, Role, Timestamp, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Document, DocumentFilter, Patient};
use vault::{Column, Field, Match, Opening, PatientTokens, Query};

/// Rows of a page.
pub const PAGE_ROWS: usize = 50;
/// Days of visits in one search: each is looked up by itself in the blind index.
const VISIT_DAYS_MAX: usize = 62;
/// Counts in menus stop here.
const COUNT_MAX: u32 = 1000;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentView {
    /// In my inbox, not read by me.
    Unread,
    /// In my inbox.
    Inbox,
    /// In my inbox, picked up by the practice.
    PickedUp,
    /// Delivered and not yet picked up by the practice.
    ToPrint,
    /// Everything in scope.
    All,
    /// In work at the operator.
    InWork,
    /// Brought by me, in work.
    MineInWork,
    /// Nobody knows yet whose they are.
    Unmatched,
    /// Kept back.
    Held,
    /// Ready to go: edited or typed, matched.
    Ready,
}

/// What is looked for. Everything that is given must agree.
#[derive(Clone, Default)]
pub struct DocumentSearch {
    /// Words in any order: names, a record number, a birth date.
    pub text: String,
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Birth date; only together with a surname.
    pub born: Option<Day>,
    /// Record number.
    pub record_number: String,
    /// Surname of a guardian of the patient.
    pub guardian: String,
    /// Author, by name or a part of it.
    pub author: String,
    /// The first day of the visit.
    pub visit_from: Option<Day>,
    /// The last day of the visit; the first one, if not given.
    pub visit_to: Option<Day>,
    /// Surnames that sound alike as well.
    pub alike: bool,
}

impl DocumentSearch {
    /// The days of the visit, each one; none when the search names none.
    fn visit_days(&self) -> Result<Vec<Day>, CustodyError> {
        let (Some(first), last) = (self.visit_from.or(self.visit_to), self.visit_to) else { return Ok(Vec::new()) };
        let last = last.unwrap_or(first);
        let mut days = Vec::new();
        let mut next = Some(first);
        while let Some(day) = next.filter(|day| *day <= last) {
            if days.len() == VISIT_DAYS_MAX {
                return Err(CustodyError::field("visit_to", "Choose at most two months of visits"));
            }
            days.push(day);
            next = day.tomorrow();
        }
        if days.is_empty() {
            Err(CustodyError::field("visit_to", "The last day lies before the first"))
        } else {
            Ok(days)
        }
    }
}

/// One document in a list.
pub struct DocumentLine {
    /// Which.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// Who of the practice may see it.
    pub confidentiality: Confidentiality,
    /// What is known of it.
    pub body: OpenedDocument,
    /// About whom, where matched.
    pub patient: Option<(PatientId, OpenedPatient)>,
    /// The patient is not yet linked to a known one.
    pub provisional: bool,
    /// Who spoke it.
    pub author: Option<PersonId>,
    /// Their name.
    pub author_name: String,
    /// When it came in.
    pub uploaded_at: Timestamp,
    /// When the practice got it.
    pub delivered_at: Option<Timestamp>,
    /// When its author signed.
    pub signed_at: Option<Timestamp>,
    /// The newest version.
    pub version: u32,
    /// In my inbox and not read by me.
    pub unread: bool,
    /// Who of the practice picked it up, and when.
    pub picked_up: Option<(String, Timestamp)>,
    /// Seen only because the glass is broken.
    pub broken_glass: bool,
    /// It lay in another chart before it was moved.
    pub moved: bool,
}

/// Documents of one customer: one act.
pub struct DocumentLines {
    /// Whose.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// The documents, newest first.
    pub lines: Vec<DocumentLine>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// A page over one or several customers.
pub struct DocumentsFound {
    /// One for each customer with something on this page.
    pub customers: Vec<DocumentLines>,
    /// Where the next page begins.
    pub next: Option<DocumentId>,
}

/// Alternatives of which one must agree: field and MAC.
pub(crate) type TokenGroup = Vec<(String, Vec<u8>)>;

impl Custody {
    /// Customers at which this person has any role in force, or for whom they are assigned; a program's own.
    pub(crate) fn customers_of(&self, facts: &PrincipalFacts) -> Vec<CustomerId> {
        let now = self.now();
        let member = facts
            .memberships
            .iter()
            .filter(|one| one.from <= now && one.to.is_none_or(|to| now < to))
            .filter_map(|one| one.customer);
        // Where a numbered request is open, too: what may be looked for there, policy's scope says.
        let requested = facts.requests.iter().filter(|one| one.from <= now && now < one.to).map(|one| one.customer);
        let works_for = facts.program.iter().map(|fact| fact.customer);
        let found: BTreeSet<CustomerId> =
            member.chain(facts.assigned.iter().copied()).chain(requested).chain(works_for).collect();
        found.into_iter().collect()
    }

    /// The patients whom these documents of a customer are about, with their facts. A patient is in the asker's care
    /// exactly when a document about them says so.
    pub(crate) async fn patients_of(
        &self,
        customer: CustomerId,
        told: &[DocumentFacts],
    ) -> Result<Vec<(Patient, ResourceFacts)>, CustodyError> {
        let about: BTreeMap<PatientId, bool> =
            told.iter().filter_map(|facts| Some((facts.patient?, facts.in_care))).collect();
        let ids: Vec<PatientId> = about.keys().copied().collect();
        let facts = |patient: &Patient| {
            ResourceFacts::Patient(PatientFacts {
                id: patient.id,
                customer: patient.customer,
                in_care: about.get(&patient.id).is_some_and(|in_care| *in_care),
                provisional: patient.provisional,
            })
        };
        let found = self.store().patient_fetch_many(customer, &ids).await?;
        Ok(found.into_iter().map(|patient| (patient.clone(), facts(&patient))).collect())
    }

    pub(crate) async fn patient_facts(
        &self,
        patient: &Patient,
        asker: Option<PersonId>,
    ) -> Result<PatientFacts, CustodyError> {
        let in_care = match asker {
            // Whoever cares for the record that this one went into cares for this one: its documents lie there.
            Some(person) => {
                let of = if patient.linked_to.is_some() {
                    self.patient_survivor(patient.clone()).await?.id
                } else {
                    patient.id
                };
                self.store().in_care(patient.customer, of, person).await?
            }
            None => false,
        };
        Ok(PatientFacts { id: patient.id, customer: patient.customer, in_care, provisional: patient.provisional })
    }

    /// Blind tokens of a query, group by group.
    pub(crate) fn groups(&self, customer: CustomerId, query: &Query) -> Result<Vec<TokenGroup>, CustodyError> {
        let ring = self.ring();
        query
            .all_of
            .iter()
            .map(|group| {
                group
                    .iter()
                    .map(|token| {
                        let mac = ring.blind(customer, token.field, &token.word).map_err(CustodyError::seal)?;
                        Ok((token.field.as_str().to_owned(), mac.to_vec()))
                    })
                    .collect()
            })
            .collect()
    }

    /// Clinicians of a practice whose names hold every word of this text.
    async fn authors_called(&self, customer: CustomerId, text: &str) -> Result<Vec<PersonId>, CustodyError> {
        let words: Vec<String> =
            text.split_whitespace().map(vault::normalised).filter(|word| !word.is_empty()).collect();
        let now = self.now();
        let here = self.store().membership_list_at(Some(customer)).await?;
        let here = here.iter().filter(|one| one.role == Role::Clinician && one.in_force(now)).map(|one| one.person);
        let names = crate::directory::names(self, here.collect()).await?;
        let called = |name: &String| {
            let name = vault::normalised(name);
            words.iter().all(|word| name.contains(word.as_str()))
        };
        Ok(names.into_iter().filter(|(_, name)| called(name)).map(|(id, _)| id).collect())
    }

    /// The blind token of a visit day.
    pub(crate) fn visit_token(&self, customer: CustomerId, day: Day) -> Result<(String, Vec<u8>), CustodyError> {
        let mac = self.ring().blind(customer, Field::VisitDay, &day.to_string()).map_err(CustodyError::seal)?;
        Ok((Field::VisitDay.as_str().to_owned(), mac.to_vec()))
    }
}

/// Opens a document's words.
pub(crate) fn body_open<A: OpensNames>(
    opening: &Opening<A>,
    shown: &Shown,
    document: &Document,
) -> Result<OpenedDocument, CustodyError> {
    let json = opening.column(document.id, Column::DocumentBody, &document.body).map_err(CustodyError::seal)?;
    json.map(shown, |text| serde_json::from_str::<DocumentBody>(&text))
        .transpose()
        .map_err(|_| CustodyError::Broken("a document's words cannot be read".to_owned()))
}

/// Opens a patient's words.
pub(crate) fn patient_open<A: OpensNames>(
    opening: &Opening<A>,
    shown: &Shown,
    patient: &Patient,
) -> Result<OpenedPatient, CustodyError> {
    let json = opening.column(patient.id, Column::PatientBody, &patient.body).map_err(CustodyError::seal)?;
    json.map(shown, |text| serde_json::from_str::<PatientBody>(&text))
        .transpose()
        .map_err(|_| CustodyError::Broken("a patient's words cannot be read".to_owned()))
}

/// Which purpose a person's reading has: treatment at a practice, operations at the operator, and inside a numbered request
/// that a privacy officer has open here, that request.
pub(crate) fn purpose_of(facts: &PrincipalFacts, customer: CustomerId) -> Purpose {
    let holds =
        |at: Option<CustomerId>, role: Role| facts.memberships.iter().any(|one| one.customer == at && one.role == role);
    let requested = || facts.requests.iter().any(|one| one.customer == customer);
    if holds(Some(customer), Role::Clinician) {
        Purpose::Treatment
    } else if holds(None, Role::PrivacyOfficer) && requested() {
        Purpose::Incident
    } else {
        Purpose::Operations
    }
}

fn filter_of(view: DocumentView, customer: CustomerId, scope: DocumentScope, me: PersonId) -> DocumentFilter {
    use DocumentState as S;
    let mut filter = DocumentFilter::all(customer, scope);
    match view {
        DocumentView::Unread => filter.unread_by = Some(me),
        DocumentView::Inbox => filter.inbox_of = Some(me),
        DocumentView::PickedUp => {
            filter.inbox_of = Some(me);
            filter.picked_up = true;
        }
        DocumentView::ToPrint => {
            filter.states = vec![S::Delivered, S::Signed];
            filter.waiting_for_pick_up = true;
        }
        DocumentView::All => {}
        DocumentView::InWork => filter.states = vec![S::Dictated, S::Transcribed, S::Edited, S::Held, S::Unmatched],
        DocumentView::MineInWork => {
            filter.states = vec![S::Transcribed, S::Edited, S::Held, S::Unmatched];
            filter.uploader = Some(me);
        }
        DocumentView::Unmatched => filter.states = vec![S::Unmatched],
        DocumentView::Held => filter.states = vec![S::Held],
        DocumentView::Ready => filter.states = vec![S::Transcribed, S::Edited],
    }
    filter
}

impl<A: OpensNames> Desk<A> {
    /// Documents by filter, over several customers: chosen unopened, then opened with one act for each customer.
    async fn find(&self, facts: &PrincipalFacts, filters: Vec<DocumentFilter>) -> Result<DocumentsFound, CustodyError> {
        let mut rows: Vec<Document> = Vec::new();
        let mut more = false;
        for filter in &filters {
            let page = self.custody.store().document_list(filter, u32::try_from(PAGE_ROWS).unwrap_or(50)).await?;
            more |= page.more;
            rows.extend(page.items);
        }
        rows.sort_unstable_by_key(|document| std::cmp::Reverse(document.id));
        more |= rows.len() > PAGE_ROWS;
        rows.truncate(PAGE_ROWS);
        let next = if more { rows.last().map(|document| document.id) } else { None };
        let mut by_customer: BTreeMap<CustomerId, Vec<Document>> = BTreeMap::new();
        for document in rows {
            by_customer.entry(document.customer).or_default().push(document);
        }
        // A list that finds nothing is an act as well, and says at which customer nothing was found.
        if by_customer.is_empty() {
            for filter in filters.iter().filter(|filter| !filter.scope.any_of.is_empty()) {
                by_customer.insert(filter.customer, Vec::new());
            }
        }
        let mut customers = Vec::with_capacity(by_customer.len());
        for (customer, documents) in by_customer {
            customers.push(self.open_lines(facts, customer, documents).await?);
        }
        Ok(DocumentsFound { customers, next })
    }

    /// Opens these documents' lines: one act.
    pub(crate) async fn open_lines(
        &self,
        facts: &PrincipalFacts,
        customer: CustomerId,
        documents: Vec<Document>,
    ) -> Result<DocumentLines, CustodyError> {
        let me = self.reader()?;
        let store = self.custody.store();
        let mut question = Question::of(customer, purpose_of(facts, customer));
        let told = store.document_facts_many(customer, &documents, me).await?;
        let patients: BTreeMap<PatientId, (Patient, ResourceFacts)> =
            self.custody.patients_of(customer, &told).await?.into_iter().map(|one| (one.0.id, one)).collect();
        question = question
            .with_all(told.iter().cloned().map(ResourceFacts::Document))
            .with_all(patients.values().map(|(_, facts)| facts.clone()));
        let known: BTreeMap<DocumentId, DocumentFacts> = told.into_iter().map(|facts| (facts.id, facts)).collect();
        let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
        let inboxes = store.recipient_list_many(customer, &ids).await?;
        let granted = self.custody.ask_as::<A>(self.who(), facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&self.custody.ring())?;
        let people = documents.iter().flat_map(|document| [document.author, document.picked_up_by]).flatten().collect();
        let names = crate::directory::names(&self.custody, people).await?;
        let name_of = |id: Option<PersonId>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
        let mut lines = Vec::with_capacity(documents.len());
        for document in documents {
            let patient = document.patient.and_then(|id| patients.get(&id));
            let opened = patient
                .map(|(patient, _)| Ok::<_, CustodyError>((patient.id, patient_open(&opening, &shown, patient)?)))
                .transpose()?;
            let known = known.get(&document.id);
            let mine = me.is_some_and(|me| {
                known
                    .is_some_and(|known| known.author == Some(me) || to_carers(known) && known.recipients.contains(&me))
            });
            let cared = known.is_some_and(|known| to_carers(known) && known.in_care);
            let glass = facts.broken_glass.iter().any(|glass| Some(glass.patient) == document.patient);
            let in_mine = inboxes.get(&document.id).into_iter().flatten().find(|one| Some(one.person) == me);
            lines.push(DocumentLine {
                id: document.id,
                kind: document.kind,
                state: document.state,
                confidentiality: document.confidentiality,
                body: body_open(&opening, &shown, &document)?,
                patient: opened,
                provisional: patient.is_some_and(|(patient, _)| patient.provisional),
                author: document.author,
                author_name: name_of(document.author),
                uploaded_at: document.uploaded_at,
                delivered_at: document.delivered_at,
                signed_at: document.signed_at,
                version: document.current_version,
                unread: in_mine.is_some_and(|one| one.read_at.is_none()),
                picked_up: document.picked_up_at.map(|at| (name_of(document.picked_up_by), at)),
                broken_glass: glass && !mine && !cared,
                moved: document.moved_from.is_some(),
            });
        }
        let customer_name = self.custody.customer_name(customer).await?;
        Ok(DocumentLines { customer, customer_name, shown, lines, witnessed })
    }

    /// At which customers this person may list or search, narrowed by the filter that was chosen.
    fn at_customers(&self, facts: &PrincipalFacts, only: Option<CustomerId>) -> Result<Vec<CustomerId>, CustodyError> {
        let all = self.custody.customers_of(facts);
        match only {
            None => Ok(all),
            Some(one) if all.contains(&one) => Ok(vec![one]),
            Some(_) => Err(CustodyError::Absent),
        }
    }
}

impl Desk<act::DocumentList> {
    /// A page of a list, over all my customers or one.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_list(
        &self,
        view: DocumentView,
        only: Option<CustomerId>,
        before: Option<DocumentId>,
    ) -> Result<DocumentsFound, CustodyError> {
        let facts = self.facts().await?;
        let me = self.person()?;
        let filters = self
            .at_customers(&facts, only)?
            .into_iter()
            .map(|customer| {
                let scope =
                    document_scope(Action::DocumentList, &facts, Principal::Person(me), customer, self.custody.now());
                DocumentFilter { before, ..filter_of(view, customer, scope, me) }
            })
            .filter(|filter| !filter.scope.any_of.is_empty())
            .collect::<Vec<_>>();
        if filters.is_empty() {
            return self.nowhere().await;
        }
        self.find(&facts, filters).await
    }

    /// The chart of one patient: documents about them, and those moved away.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_chart(
        &self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<DocumentsFound, CustodyError> {
        let facts = self.facts().await?;
        let me = self.person()?;
        let scope = document_scope(Action::DocumentList, &facts, Principal::Person(me), customer, self.custody.now());
        if scope.any_of.is_empty() {
            return Ok(DocumentsFound { customers: Vec::new(), next: None });
        }
        let filter = DocumentFilter { chart_of: Some(patient), ..DocumentFilter::all(customer, scope) };
        self.find(&facts, vec![filter]).await
    }

    /// Somebody with no list anywhere asks for one: refused, and written.
    async fn nowhere(&self) -> Result<DocumentsFound, CustodyError> {
        match self.ask(Question::house(Purpose::Operations)).await {
            Ok(_) => Ok(DocumentsFound { customers: Vec::new(), next: None }),
            Err(error) => Err(error),
        }
    }
}

impl Desk<act::DocumentSearch> {
    /// Documents of patients who are found, by author, by visit day.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_search(
        &self,
        search: &DocumentSearch,
        only: Option<CustomerId>,
        before: Option<DocumentId>,
    ) -> Result<DocumentsFound, CustodyError> {
        let facts = self.facts().await?;
        let me = self.person()?;
        let days = search.visit_days()?;
        let mut filters = Vec::new();
        let mut is_asked = false;
        for customer in self.at_customers(&facts, only)? {
            let now = self.custody.now();
            let scope = document_scope(Action::DocumentSearch, &facts, Principal::Person(me), customer, now);
            if scope.any_of.is_empty() {
                continue;
            }
            let mut filter = DocumentFilter { before, ..DocumentFilter::all(customer, scope) };
            is_asked |= self.by_patient(search, customer, &mut filter)? || !days.is_empty();
            let authors = match search.author.trim() {
                "" => vec![None],
                name => {
                    is_asked = true;
                    self.custody.authors_called(customer, name).await?.into_iter().map(Some).collect()
                }
            };
            // The index knows single days, so a span of them is asked for day by day.
            let tokens = match days.as_slice() {
                [] => vec![None],
                days => days
                    .iter()
                    .map(|day| self.custody.visit_token(customer, *day).map(Some))
                    .collect::<Result<_, _>>()?,
            };
            if authors.is_empty() {
                // Nobody of that name writes here: an answer, and an act like any other.
                filters.push(DocumentFilter { patients: Some(Vec::new()), ..filter.clone() });
            }
            for author in authors {
                let with = |token: &Option<(String, Vec<u8>)>| DocumentFilter {
                    author,
                    token: token.clone(),
                    ..filter.clone()
                };
                filters.extend(tokens.iter().map(with));
            }
        }
        if filters.is_empty() {
            // Nowhere to look: asked all the same, so that it is refused and written.
            drop(self.ask(Question::house(Purpose::Operations)).await?);
        }
        if !is_asked {
            filters.clear();
        }
        if filters.is_empty() {
            return Err(CustodyError::field("text", "Write a name, a record number or a visit date"));
        }
        self.find(&facts, filters).await
    }

    /// Narrows a filter to the patients that are looked for. False when no patient was asked for.
    fn by_patient(
        &self,
        search: &DocumentSearch,
        customer: CustomerId,
        filter: &mut DocumentFilter,
    ) -> Result<bool, CustodyError> {
        let query = query_of(search);
        if query.all_of.is_empty() {
            return Ok(false);
        }
        filter.patient_groups = self.custody.groups(customer, &query)?;
        Ok(true)
    }
}

/// What the index is asked for.
pub(crate) fn query_of(search: &DocumentSearch) -> Query {
    let near = if search.alike { Match::Alike } else { Match::Exact };
    let query = if search.text.trim().is_empty() {
        let number = search.record_number.trim();
        let tokens = PatientTokens {
            given: &search.first,
            surname: &search.last,
            birth: search.born,
            record_number: (!number.is_empty()).then_some(number),
        };
        Query::of_fields(&tokens, near)
    } else {
        Query::of_text(&search.text, near)
    };
    query.with_guardian(&search.guardian)
}

impl Custody {
    /// How many unread documents lie in a person's inboxes, for the menu. A number of one's own work is no act.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn unread_count(&self, person: PersonId) -> Result<u64, CustodyError> {
        self.view_count(person, DocumentView::Unread).await
    }

    /// How many documents a view holds for this person, up to a thousand.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn view_count(&self, person: PersonId, view: DocumentView) -> Result<u64, CustodyError> {
        // A number in the menu of somebody who is signed in; what it counts is opened by an act of its own.
        let now = self.now();
        let facts = self.person_facts(person, Some(policy::SignInFact { at: now, step_up_at: None })).await?;
        let mut many = 0;
        for customer in self.customers_of(&facts) {
            let scope = document_scope(Action::DocumentList, &facts, Principal::Person(person), customer, now);
            if !scope.any_of.is_empty() {
                let filter = filter_of(view, customer, scope, person);
                many += self.store().document_count(&filter, COUNT_MAX).await?;
            }
        }
        Ok(many)
    }
}

/// Where a job stands, without a name or a word of it.
pub struct StatusLine {
    /// Which.
    pub id: DocumentId,
    /// Whose.
    pub customer_name: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// Who spoke it.
    pub author_name: String,
    /// When it came in.
    pub uploaded_at: Timestamp,
    /// When the practice got it.
    pub delivered_at: Option<Timestamp>,
}

impl Desk<act::DocumentStatus> {
    /// Jobs of the customers one is assigned to, newest first: status and nothing that is sealed.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_status(
        &self,
        before: Option<DocumentId>,
    ) -> Result<(Vec<StatusLine>, Option<DocumentId>, Option<Witnessed>), CustodyError> {
        let facts = self.facts().await?;
        let me = self.person()?;
        let store = self.custody.store();
        let mut rows = Vec::new();
        let mut more = false;
        for customer in self.custody.customers_of(&facts) {
            let scope =
                document_scope(Action::DocumentStatus, &facts, Principal::Person(me), customer, self.custody.now());
            if scope.any_of.is_empty() {
                continue;
            }
            let filter = DocumentFilter { before, ..DocumentFilter::all(customer, scope) };
            let page = store.document_list(&filter, u32::try_from(PAGE_ROWS).unwrap_or(50)).await?;
            more |= page.more;
            rows.extend(page.items);
        }
        if rows.is_empty() {
            drop(self.ask(Question::house(Purpose::Operations)).await);
        }
        rows.sort_unstable_by_key(|document| std::cmp::Reverse(document.id));
        more |= rows.len() > PAGE_ROWS;
        rows.truncate(PAGE_ROWS);
        let next = if more { rows.last().map(|document| document.id) } else { None };
        let mut witnessed = None;
        let mut lines = Vec::with_capacity(rows.len());
        let mut by_customer: BTreeMap<CustomerId, Vec<Document>> = BTreeMap::new();
        for document in rows {
            by_customer.entry(document.customer).or_default().push(document);
        }
        for (customer, documents) in by_customer {
            let mut question = Question::of(customer, purpose_of(&facts, customer));
            let told = store.document_facts_many(customer, &documents, Some(me)).await?;
            question = question.with_all(told.into_iter().map(ResourceFacts::Document));
            let granted = self.custody.ask_as::<act::DocumentStatus>(self.who(), facts.clone(), question).await?;
            witnessed = Some(granted.witnessed());
            let authors = documents.iter().filter_map(|document| document.author).collect();
            let names = crate::directory::names(&self.custody, authors).await?;
            let customer_name = self.custody.customer_name(customer).await?;
            lines.extend(documents.into_iter().map(|document| StatusLine {
                id: document.id,
                customer_name: customer_name.clone(),
                kind: document.kind,
                state: document.state,
                author_name: document.author.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
                uploaded_at: document.uploaded_at,
                delivered_at: document.delivered_at,
            }));
        }
        lines.sort_unstable_by_key(|line| std::cmp::Reverse(line.id));
        Ok((lines, next, witnessed))
    }
}

#[cfg(test)]
mod tests;
