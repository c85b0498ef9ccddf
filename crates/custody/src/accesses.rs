//! Who opened what: one's own last accesses, and a practice's review of its people and ours.

use crate::ask::Question;
use crate::documents::{patient_open, purpose_of};
use crate::reading::HistoryLine;
use crate::{CustodyError, Desk, OpenedPatient, Shown, Witnessed};
use policy::ResourceFacts;
use record::{
    Action, CustomerId, DocumentId, Entry, Outcome, PatientId, PersonId, Principal, Purpose, ResourceId, act,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{BreakGlass, Document, EntryFilter};

/// Lines of the list of one's own accesses.
const MINE_MAX: u32 = 50;
/// Lines of a page of the review.
const REVIEW_MAX: u32 = 100;
/// Openings that are shown of one broken glass.
const GLASS_MAX: u32 = 500;

/// One access.
pub struct AccessLine {
    /// What, when, who, how.
    pub line: HistoryLine,
    /// The document it was about, where it was about one.
    pub document: Option<DocumentId>,
    /// How many things it named.
    pub named: usize,
    /// Whose PHI.
    pub customer: Option<(CustomerId, String)>,
    /// The patient, where the reader may see the name: key into the page's patients.
    pub patient: Option<PatientId>,
}

impl AccessLine {
    /// A refusal, as whoever was refused may see it: what is somebody else's looks like what is not there, so it does
    /// not say whose it was, in which role, nor how many things belonged to it.
    fn tells_nothing(&mut self) {
        self.customer = None;
        self.named = self.named.min(1);
        self.line.role.clear();
        self.line.broken_glass = false;
    }
}

/// Patients of one customer that a list of accesses names: one act.
pub struct NamedPatients {
    /// Whose.
    pub customer: CustomerId,
    /// What was opened for whom.
    pub shown: Shown,
    /// The patients.
    pub patients: BTreeMap<PatientId, OpenedPatient>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// A list of accesses and the names in it.
pub struct Accesses {
    /// Newest first.
    pub lines: Vec<AccessLine>,
    /// Names, for each customer.
    pub names: Vec<NamedPatients>,
    /// Where the next page begins: before this entry.
    pub next: Option<u64>,
    /// The entry of looking at this.
    pub witnessed: Option<Witnessed>,
}

pub(crate) fn document_of(entry: &Entry) -> Option<DocumentId> {
    let mut documents = entry.resources.as_slice().iter().filter_map(|id| match id {
        ResourceId::DocumentId(id) => Some(*id),
        _ => None,
    });
    // A list names fifty; only an act on one document is about a document.
    match (documents.next(), documents.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

impl Desk<act::AccessList> {
    /// My last fifty accesses. Names appear where I may still see them.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn access_list(&self) -> Result<Accesses, CustodyError> {
        let me = self.person()?;
        let facts = self.facts().await?;
        let custody = &self.custody;
        let witnessed = self.ask(Question::house(Purpose::Operations)).await?.witnessed();
        let filter = EntryFilter { principal: Some(Principal::Person(me).to_string()), ..EntryFilter::default() };
        let (mut lines, documents) = self.access_lines(&filter, MINE_MAX).await?;
        lines.iter_mut().filter(|line| line.line.outcome == Outcome::Refused).for_each(AccessLine::tells_nothing);
        let mut names = Vec::new();
        for (customer, documents) in documents {
            let mut allowed = custody.store().document_facts_many(customer, &documents, Some(me)).await?;
            allowed.retain(|told| {
                let one = [ResourceFacts::Document(told.clone())];
                custody.would_permit::<act::AccessList>(self.who(), &facts, customer, &one)
            });
            if allowed.is_empty() {
                continue;
            }
            let patients = custody.patients_of(customer, &allowed).await?;
            let question = Question::of(customer, purpose_of(&facts, customer))
                .with_all(allowed.into_iter().map(ResourceFacts::Document))
                .with_all(patients.iter().map(|(_, facts)| facts.clone()));
            let granted = custody.ask_as::<act::AccessList>(self.who(), facts.clone(), question).await?;
            let witnessed = granted.witnessed();
            let (opening, shown) = granted.open(&custody.ring())?;
            let mut opened = BTreeMap::new();
            for (patient, _) in &patients {
                opened.insert(patient.id, patient_open(&opening, &shown, patient)?);
            }
            names.push(NamedPatients { customer, shown, patients: opened, witnessed });
        }
        Ok(Accesses { lines, names, next: None, witnessed: Some(witnessed) })
    }
}

impl Desk<act::AccessReview> {
    /// Who opened what of a practice: its own people and the operator's, or one of them. No patient is named. With it
    /// everybody whose accesses can be asked for.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn access_review(
        &self,
        customer: CustomerId,
        person: Option<PersonId>,
        before: Option<u64>,
    ) -> Result<(Accesses, Vec<(PersonId, String)>), CustodyError> {
        let witnessed = self.ask(Question::of(customer, Purpose::Operations)).await?.witnessed();
        let principal = person.map(|id| Principal::Person(id).to_string());
        let filter = EntryFilter { customer: Some(customer), principal, before, ..EntryFilter::default() };
        let (mut lines, _) = self.access_lines(&filter, REVIEW_MAX).await?;
        for line in &mut lines {
            line.patient = None;
        }
        let next = if lines.len() >= REVIEW_MAX as usize { lines.last().map(|line| line.line.index) } else { None };
        let store = self.custody.store();
        let here = store.membership_list_at(Some(customer)).await?.into_iter().map(|one| one.person);
        let assigned = store.assignment_list_at(customer).await?.into_iter().map(|one| one.person);
        let mut people: Vec<_> =
            crate::directory::names(&self.custody, here.chain(assigned).collect()).await?.into_iter().collect();
        people.sort_by(|one, other| one.1.cmp(&other.1));
        Ok((Accesses { lines, names: Vec::new(), next, witnessed: Some(witnessed) }, people))
    }
}

type DocumentsByCustomer = BTreeMap<CustomerId, Vec<Document>>;

impl<A: record::Act> Desk<A> {
    /// What somebody opened of a patient while their glass was broken, newest first: its review judges by this.
    pub(crate) async fn opened_under_glass(&self, glass: &BreakGlass) -> Result<Vec<AccessLine>, CustodyError> {
        const OPENINGS: [Action; 4] =
            [Action::PatientShow, Action::DocumentRead, Action::DocumentPrint, Action::DocumentDownload];
        let filter = |customer| EntryFilter {
            principal: Some(Principal::Person(glass.person).to_string()),
            customer: Some(customer),
            resource: Some(ResourceId::from(glass.patient)),
            actions: OPENINGS.iter().map(|action| action.as_str().to_owned()).collect(),
            from: Some(glass.from_at),
            ..EntryFilter::default()
        };
        // What was opened before that practice joined another one is written with the one it was.
        let mut lines = Vec::new();
        for customer in self.custody.customer_and_joined(glass.customer).await? {
            lines.extend(self.access_lines(&filter(customer), GLASS_MAX).await?.0);
        }
        lines.sort_by_key(|one| std::cmp::Reverse(one.line.index));
        lines.truncate(GLASS_MAX as usize);
        lines.retain(|line| line.line.at <= glass.to_at && line.line.outcome == Outcome::Permitted);
        for line in &mut lines {
            line.patient = None;
        }
        Ok(lines)
    }

    async fn access_lines(
        &self,
        filter: &EntryFilter,
        limit: u32,
    ) -> Result<(Vec<AccessLine>, DocumentsByCustomer), CustodyError> {
        let custody = &self.custody;
        let mut entries = Vec::new();
        for stored in custody.store().entry_list(filter, limit).await? {
            let Ok(leaf) = ledger::leaf::decode(&stored.leaf) else { continue };
            if !matches!(leaf.entry.action, Action::AccessList) && leaf.entry.outcome != Outcome::Done {
                entries.push((stored.index, leaf.entry));
            }
        }
        let about: BTreeSet<DocumentId> = entries.iter().filter_map(|(_, entry)| document_of(entry)).collect();
        let rows = custody.store().document_fetch_many(&about).await?;
        let patients: BTreeMap<DocumentId, Option<PatientId>> = rows.iter().map(|row| (row.id, row.patient)).collect();
        let mut customers: BTreeMap<CustomerId, String> = BTreeMap::new();
        for id in entries.iter().filter_map(|(_, entry)| entry.customer).collect::<BTreeSet<_>>() {
            customers.insert(id, custody.customer_name(id).await?);
        }
        let told = custody.history_lines(&entries).await?;
        let line = |(line, (_, entry)): (HistoryLine, &(u64, Entry))| {
            let document = document_of(entry);
            AccessLine {
                line,
                document,
                named: entry.resources.as_slice().len(),
                customer: entry.customer.map(|id| (id, customers.get(&id).cloned().unwrap_or_default())),
                patient: document.and_then(|id| patients.get(&id).copied().flatten()),
            }
        };
        let lines = told.into_iter().zip(&entries).map(line).collect();
        let mut documents: DocumentsByCustomer = BTreeMap::new();
        for row in rows {
            documents.entry(row.customer).or_default().push(row);
        }
        Ok((lines, documents))
    }
}
