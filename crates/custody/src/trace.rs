//! Who saw her: everything that opened or named one patient within a year, for a privacy officer inside a numbered request.
//!
//! What must always hold: the patient and every document that is shown are named in the one intent; what was opened
//! before a document came into the right chart is found too; nothing is cut off without saying so.

use crate::ask::Question;
use crate::documents::{body_open, patient_open, purpose_of};
use crate::{Custody, CustodyError, Desk, HistoryLine, OpenedDocument, OpenedPatient, Shown, Witnessed};
use policy::scope::{DocumentClause, DocumentScope, Relation};
use policy::{PrincipalFacts, ResourceFacts};
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, CustomerId, DocumentId, Entry, Outcome, PatientId, Principal, RequestId, ResourceId, Timestamp, act,
};
use std::collections::BTreeMap;
use store::{BreakGlass, Document, DocumentFilter, EntryFilter, Patient};

/// How far back is looked: a year, and the day that a leap year has more.
const YEAR_DAYS: i64 = 366;
const DAY_SECS: i64 = 86_400;
/// Entries of one trace.
const LINES_MAX: usize = 5_000;
/// Documents of one patient whose accesses are followed.
const DOCUMENTS_MAX: u32 = 400;

/// One entry that concerns the patient.
pub struct TraceLine {
    /// Who did what, and when.
    pub line: HistoryLine,
    /// The one document it was about, where it was about one.
    pub document: Option<DocumentId>,
}

impl TraceLine {
    /// Was something of this patient opened, and not only named among others.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        matches!(
            self.line.action,
            Action::DocumentRead
                | Action::DocumentPrint
                | Action::DocumentDownload
                | Action::PatientShow
                | Action::PatientChange
                | Action::RelatedCreate
                | Action::RelatedChange
                | Action::DocumentMatch
                | Action::BreakGlassStart
        )
    }
}

/// One document of the patient: its line, no text.
pub struct TraceDocument {
    /// Which.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// What is known of it.
    pub body: OpenedDocument,
    /// Who spoke it, by name.
    pub author_name: String,
    /// When it came in.
    pub uploaded_at: Timestamp,
    /// What policy would permit the asker with it now.
    pub may: Vec<Action>,
}

/// What becomes of it; the ledger tells one from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceForm {
    /// Shown on a page.
    Page,
    /// Taken away as a table.
    Table,
}

/// A patient's year.
pub struct Trace {
    /// Whose PHI.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// Inside which request: its id and number.
    pub request: Option<(RequestId, String)>,
    /// What was opened for whom.
    pub shown: Shown,
    /// Who.
    pub patient: OpenedPatient,
    /// Their documents, newest first.
    pub documents: Vec<TraceDocument>,
    /// Who opened or named them, newest first.
    pub lines: Vec<TraceLine>,
    /// From when on.
    pub from: Timestamp,
    /// There is more than is shown.
    pub more: bool,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Desk<act::PatientTrace> {
    /// Who opened or named this patient within a year.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn patient_trace(&self, id: PatientId, form: TraceForm) -> Result<Trace, CustodyError> {
        let me = self.person()?;
        let facts = self.facts().await?;
        let custody = &self.custody;
        let Some(patient) = custody.store().patient_fetch(id).await? else {
            return self.patient_absent(id, &facts).await;
        };
        let customer = patient.customer;
        let purpose = purpose_of(&facts, customer);
        let about = ResourceFacts::Patient(custody.patient_facts(&patient, Some(me)).await?);
        let named = std::slice::from_ref(&about);
        if !custody.would_permit::<act::PatientTrace>(self.who(), &facts, customer, named) {
            // Refused before anything is looked up about the patient: it takes as long as for one who is not there.
            let question = Question::of(customer, purpose).with(about);
            drop(custody.ask_as::<act::PatientTrace>(self.who(), facts, question).await?);
            return self.absent(id).await;
        }
        let same = custody.same_patient(&patient).await?;
        let (documents, more_documents) = custody.documents_about(customer, &same).await?;
        let told = custody.store().document_facts_many(customer, &documents, Some(me)).await?;
        let mut question =
            Question::of(customer, purpose).with(about).with_all(told.into_iter().map(ResourceFacts::Document));
        if form == TraceForm::Table {
            question = question.saying("taken as a table");
        }
        let granted = custody.ask_as::<act::PatientTrace>(self.who(), facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let mut told = Vec::with_capacity(documents.len());
        for document in &documents {
            told.push(TraceDocument {
                id: document.id,
                kind: document.kind,
                state: document.state,
                body: body_open(&opening, &shown, document)?,
                author_name: custody.name_of_person(document.author).await?,
                uploaded_at: document.uploaded_at,
                may: self.may_mend(&facts, document).await?,
            });
        }
        let from = custody.now().plus_secs(-YEAR_DAYS * DAY_SECS);
        let named = same.iter().map(|id| ResourceId::from(*id));
        let named = named.chain(documents.iter().map(|document| document.id.into())).collect();
        let mut glasses = custody.store().break_glass_list(customer).await?;
        glasses.retain(|glass| same.contains(&glass.patient));
        let (lines, more_lines) = custody.trace_lines(named, (customer, from), &glasses).await?;
        let open = custody.store().request_open(me, custody.now()).await?;
        let request = open.iter().find(|one| one.customer == customer);
        Ok(Trace {
            customer,
            customer_name: custody.customer_name(customer).await?,
            request: request.map(|row| (row.id, custody.request_number(row))),
            patient: patient_open(&opening, &shown, &patient)?,
            shown,
            documents: told,
            lines,
            from,
            more: more_documents || more_lines,
            witnessed,
        })
    }

    async fn may_mend(&self, facts: &PrincipalFacts, document: &Document) -> Result<Vec<Action>, CustodyError> {
        let only = [ResourceFacts::Document(self.custody.store().document_facts(document, self.person().ok()).await?)];
        let mut may = Vec::new();
        macro_rules! ask {
            ($($name:ident),*) => { $(
                if self.custody.would_permit::<act::$name>(self.who(), facts, document.customer, &only) {
                    may.push(Action::$name);
                }
            )* };
        }
        ask!(DocumentWithdraw, DocumentMove, DocumentEnterInError);
        Ok(may)
    }
}

impl Custody {
    /// The patient, and the provisional ones who turned out to be this one, over however many links.
    async fn same_patient(&self, patient: &Patient) -> Result<Vec<PatientId>, CustodyError> {
        let mut same = vec![patient.id];
        let mut at = 0;
        while let Some(id) = same.get(at).copied() {
            for linked in self.store().patient_linked(patient.customer, id).await? {
                if !same.contains(&linked) {
                    same.push(linked);
                }
            }
            at += 1;
        }
        Ok(same)
    }

    async fn documents_about(
        &self,
        customer: CustomerId,
        patients: &[PatientId],
    ) -> Result<(Vec<Document>, bool), CustodyError> {
        // Every state: a withdrawn document is the one that is asked about. Policy is asked about each of them.
        let every = DocumentClause {
            states: DocumentState::ALL.to_vec(),
            most: Confidentiality::VeryRestricted,
            who: Relation::Anyone,
        };
        let scope = DocumentScope { any_of: vec![every] };
        let filter = DocumentFilter { patients: Some(patients.to_vec()), ..DocumentFilter::all(customer, scope) };
        let page = self.store().document_list(&filter, DOCUMENTS_MAX).await?;
        Ok((page.items, page.more))
    }

    /// Entries since `from` that name any of these things, newest first.
    async fn trace_lines(
        &self,
        named: Vec<ResourceId>,
        (customer, from): (CustomerId, Timestamp),
        glasses: &[BreakGlass],
    ) -> Result<(Vec<TraceLine>, bool), CustodyError> {
        let outcomes = [Outcome::Permitted, Outcome::Refused].map(|one| one.as_str().to_owned()).to_vec();
        let mut found = BTreeMap::new();
        let limit = u32::try_from(LINES_MAX).unwrap_or(u32::MAX).saturating_add(1);
        // What was done where it was before that practice joined this one, too.
        let whose = self.customer_and_joined(customer).await?;
        let pairs: Vec<(ResourceId, CustomerId)> =
            named.into_iter().flat_map(|id| whose.iter().map(move |one| (id, *one))).collect();
        for (id, customer) in pairs {
            let filter = EntryFilter {
                customer: Some(customer),
                resource: Some(id),
                from: Some(from),
                outcomes: outcomes.clone(),
                ..EntryFilter::default()
            };
            for stored in self.store().entry_list(&filter, limit).await? {
                found.insert(stored.index, stored.leaf);
            }
        }
        let more = found.len() > LINES_MAX;
        let mut entries = Vec::with_capacity(found.len().min(LINES_MAX));
        for (index, leaf) in found.into_iter().rev().take(LINES_MAX) {
            let leaf = ledger::leaf::decode(&leaf)
                .map_err(|_| CustodyError::Broken("an entry of the ledger cannot be read".to_owned()))?;
            entries.push((index, leaf.entry));
        }
        let told = self.history_lines(&entries).await?;
        let line = |((_, entry), told): (&(u64, Entry), HistoryLine)| {
            let under_glass = |glass: &BreakGlass| {
                Principal::Person(glass.person) == entry.principal
                    && (glass.from_at <= entry.at && entry.at < glass.to_at)
            };
            // Whatever somebody did while the glass was broken is marked, not only what nothing else would have opened.
            let broken_glass = told.broken_glass || glasses.iter().any(under_glass);
            TraceLine { line: HistoryLine { broken_glass, ..told }, document: crate::accesses::document_of(entry) }
        };
        let lines = entries.iter().zip(told).map(line).collect();
        Ok((lines, more))
    }
}
