//! Two records that are said to be one patient's: proposed, looked at side by side, confirmed or refused by a person,
//! and taken back exactly.
//!
//! What must always hold: nothing merges by itself; whoever confirms has seen both records as they are (the form says
//! which change of each it showed); both belong to one customer; each step is one entry that names both. The record
//! that went resolves to the one it went into. Who may read what is asked of the documents as ever: a merge moves them
//! into the other chart, and whoever could not read that chart cannot read them there.
//!
//! What it refuses to know: how alike two names are; an import says that, and a person decides.

mod deciding;

pub use deciding::Undone;

use crate::ask::Question;
use crate::documents::{patient_open, purpose_of};
use crate::related::facts_of;
use crate::{Custody, CustodyError, Desk, OpenedPatient, RelatedLine, Shown, Witnessed};
use policy::scope::document_scope;
use policy::{PatientFacts, PrincipalFacts, ResourceFacts};
use record::merge::{MergeCause, MergeState};
use record::{Act, Action, CustomerId, MergeId, PatientId, PersonId, Purpose, Timestamp, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Patient, PatientMerge, RelatedPerson};

/// Rows of a page.
const PAGE_ROWS: u32 = 50;
/// Documents of a patient are counted so far.
const COUNT_MAX: u32 = 1000;
/// How many records may have gone into one another in a row; more is damage.
const CHAIN_MAX: usize = 64;

/// One record of the two.
pub struct MergeSide {
    /// Which.
    pub id: PatientId,
    /// As the index knows it.
    pub patient: OpenedPatient,
    /// Not yet sure who this is.
    pub provisional: bool,
    /// Documents the asker may list, counted up to a thousand.
    pub documents: u64,
    /// Guardians and guarantors.
    pub related: Vec<RelatedLine>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// Of which change this is; a confirmation says it, so that nobody merges what they have not seen.
    pub revision: u64,
}

/// What a person needs to say whether two records are one patient's.
pub struct MergeDesk {
    /// Which.
    pub id: MergeId,
    /// Whose patients.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// What speaks for it.
    pub cause: MergeCause,
    /// Where it stands.
    pub state: MergeState,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who decided, and when.
    pub decided: Option<(String, Timestamp)>,
    /// Who took it back, and when.
    pub undone: Option<(String, Timestamp)>,
    /// The record that would go, or went.
    pub prior: MergeSide,
    /// The record that stays.
    pub survivor: MergeSide,
    /// Both are one record already, by merges that came since.
    pub is_one_already: bool,
    /// Documents that the merge moved and that would go back.
    pub would_go_back: u64,
    /// The acts that policy would permit this person now.
    pub may: Vec<Action>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// One record, for whoever says which other is the same patient's.
pub struct MergeLook {
    /// Whose patient.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// As the index knows it.
    pub patient: OpenedPatient,
    /// The entry.
    pub witnessed: Witnessed,
}

/// One line of the list.
pub struct MergeLine {
    /// Which.
    pub id: MergeId,
    /// What speaks for it.
    pub cause: MergeCause,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// The record that would go.
    pub prior: OpenedPatient,
    /// The record that stays.
    pub survivor: OpenedPatient,
}

/// What waits at one customer: one act.
pub struct MergeLines {
    /// Whose patients.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// What waits, oldest first.
    pub lines: Vec<MergeLine>,
    /// There is more than this.
    pub more: bool,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Two records and the proposal, as they are now.
pub(crate) struct Pair {
    pub(crate) merge: PatientMerge,
    pub(crate) prior: Patient,
    pub(crate) survivor: Patient,
}

impl Pair {
    fn records(&self) -> [&Patient; 2] {
        [&self.prior, &self.survivor]
    }
}

impl Custody {
    /// The record that this one went into at last; itself, when it went into none.
    pub(crate) async fn patient_survivor(&self, from: Patient) -> Result<Patient, CustodyError> {
        let mut at = from;
        for _ in 0..CHAIN_MAX {
            let Some(next) = at.linked_to else { return Ok(at) };
            let next = self.store().patient_fetch(next).await?;
            at = next
                .filter(|next| next.customer == at.customer)
                .ok_or_else(|| CustodyError::Broken("a record went into one that is not there".to_owned()))?;
        }
        Err(CustodyError::Broken("records went into one another without an end".to_owned()))
    }

    /// A proposal with both records. One that waits is about whatever the two have gone into since.
    pub(crate) async fn merge_pair(&self, id: MergeId) -> Result<Option<Pair>, CustodyError> {
        let Some(merge) = self.store().merge_fetch(id).await? else { return Ok(None) };
        let both = self.store().patient_fetch_many(merge.customer, &[merge.prior, merge.survivor]).await?;
        let find = |id: PatientId| {
            let found = both.iter().find(|one| one.id == id).cloned();
            found.ok_or_else(|| CustodyError::Broken("a merge names a record that is not there".to_owned()))
        };
        let (mut prior, mut survivor) = (find(merge.prior)?, find(merge.survivor)?);
        if merge.state == MergeState::Proposed {
            prior = self.patient_survivor(prior).await?;
            survivor = self.patient_survivor(survivor).await?;
        }
        Ok(Some(Pair { merge, prior, survivor }))
    }

    /// What policy is told of both.
    pub(crate) async fn merge_facts(
        &self,
        pair: &Pair,
        asker: Option<PersonId>,
    ) -> Result<Vec<PatientFacts>, CustodyError> {
        let mut told: Vec<PatientFacts> = Vec::new();
        for patient in pair.records() {
            // When both are one by now, it is named once.
            if told.iter().all(|one| one.id != patient.id) {
                told.push(self.patient_facts(patient, asker).await?);
            }
        }
        Ok(told)
    }

    async fn person_name(&self, id: Option<PersonId>) -> Result<String, CustodyError> {
        match id {
            Some(id) => Ok(self.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default()),
            None => Ok(String::new()),
        }
    }
}

impl<A: Act> Desk<A> {
    /// How many proposals wait where this person may look at them. A number, which is of no patient; the ledger does not
    /// hear of it.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn merges_waiting(&self) -> Result<u64, CustodyError> {
        let facts = self.facts().await?;
        let mut many = 0;
        for customer in self.merge_customers(&facts) {
            many += self.custody.store().merge_count(customer).await?;
        }
        Ok(many)
    }

    fn merge_customers(&self, facts: &PrincipalFacts) -> Vec<CustomerId> {
        let may = |customer: &CustomerId| {
            self.custody.would_permit::<act::PatientMergeShow>(self.who(), facts, *customer, &[])
        };
        self.custody.customers_of(facts).into_iter().filter(may).collect()
    }
}

impl Desk<act::PatientMergeShow> {
    /// What waits for a person, over all practices of theirs: each is one act that names its patients.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn merge_list(&self) -> Result<Vec<MergeLines>, CustodyError> {
        let facts = self.facts().await?;
        let mut found = Vec::new();
        for customer in self.merge_customers(&facts) {
            found.push(self.merge_list_at(&facts, customer).await?);
        }
        if found.is_empty() {
            // Nowhere to look: asked all the same, so that it is refused and written.
            drop(self.ask(Question::house(Purpose::Operations)).await?);
        }
        Ok(found)
    }

    async fn merge_list_at(&self, facts: &PrincipalFacts, customer: CustomerId) -> Result<MergeLines, CustodyError> {
        let (custody, store) = (&self.custody, self.custody.store());
        let mut rows = store.merge_list(customer, MergeState::Proposed, None, PAGE_ROWS + 1).await?;
        let more = rows.len() > PAGE_ROWS as usize;
        rows.truncate(PAGE_ROWS as usize);
        let named: BTreeSet<PatientId> = rows.iter().flat_map(|row| [row.prior, row.survivor]).collect();
        let named: Vec<PatientId> = named.into_iter().collect();
        let mut patients = BTreeMap::new();
        for patient in store.patient_fetch_many(customer, &named).await? {
            let told = custody.patient_facts(&patient, None).await?;
            patients.insert(patient.id, (patient, told));
        }
        let question = Question::of(customer, purpose_of(facts, customer))
            .with_all(patients.values().map(|(_, told)| ResourceFacts::Patient(*told)));
        let granted = custody.ask_as::<act::PatientMergeShow>(self.who(), facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in &rows {
            let (Some((prior, _)), Some((survivor, _))) = (patients.get(&row.prior), patients.get(&row.survivor))
            else {
                continue;
            };
            lines.push(MergeLine {
                id: row.id,
                cause: row.cause,
                proposed_at: row.proposed_at,
                prior: patient_open(&opening, &shown, prior)?,
                survivor: patient_open(&opening, &shown, survivor)?,
            });
        }
        let customer_name = custody.customer_name(customer).await?;
        Ok(MergeLines { customer, customer_name, shown, lines, more, witnessed })
    }

    /// One record, for the form that names the other.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn merge_look(&self, id: PatientId) -> Result<MergeLook, CustodyError> {
        let custody = &self.custody;
        let Some(patient) = custody.store().patient_fetch(id).await? else { return self.absent(id).await };
        let (customer, told) = (patient.customer, custody.patient_facts(&patient, self.person().ok()).await?);
        let question = Question::of(customer, Purpose::Operations).with(ResourceFacts::Patient(told));
        let granted = self.ask(question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let customer_name = custody.customer_name(customer).await?;
        let patient = patient_open(&opening, &shown, &patient)?;
        Ok(MergeLook { customer, customer_name, shown, patient, witnessed })
    }

    /// Both records side by side.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn merge_show(&self, id: MergeId) -> Result<MergeDesk, CustodyError> {
        let (custody, store) = (&self.custody, self.custody.store());
        let facts = self.facts().await?;
        let Some(pair) = custody.merge_pair(id).await? else { return self.absent(id).await };
        let (merge, customer) = (&pair.merge, pair.merge.customer);
        let told = custody.merge_facts(&pair, self.person().ok()).await?;
        let mut question =
            Question::of(customer, Purpose::Operations).with_all(told.iter().copied().map(ResourceFacts::Patient));
        let mut around: Vec<Vec<RelatedPerson>> = Vec::new();
        for one in &told {
            let related = store.related_list(customer, one.id).await?;
            question = question.with_all(facts_of(&related, *one));
            around.push(related);
        }
        let granted = custody.ask_as::<act::PatientMergeShow>(self.who(), facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let ids: Vec<PatientId> = told.iter().map(|one| one.id).collect();
        let scope = document_scope(Action::DocumentList, &facts, self.who().0, customer, custody.now());
        let many = store.document_count_many(customer, &scope, &ids, COUNT_MAX).await?;
        let side = |patient: &Patient| -> Result<MergeSide, CustodyError> {
            let place = ids.iter().position(|id| *id == patient.id).unwrap_or_default();
            let related = around.get(place).map_or(&[][..], Vec::as_slice);
            Ok(MergeSide {
                id: patient.id,
                patient: patient_open(&opening, &shown, patient)?,
                provisional: patient.provisional,
                documents: many.get(&patient.id).copied().unwrap_or_default(),
                related: custody.related_lines((&opening, &shown), related)?,
                created_at: patient.created_at,
                revision: patient.revision,
            })
        };
        let named = |who: String, at: Option<Timestamp>| at.map(|at| (who, at));
        Ok(MergeDesk {
            id,
            customer,
            customer_name: custody.customer_name(customer).await?,
            cause: merge.cause,
            state: merge.state,
            proposed_at: merge.proposed_at,
            decided: named(custody.person_name(merge.decided_by).await?, merge.decided_at),
            undone: named(custody.person_name(merge.undone_by).await?, merge.undone_at),
            prior: side(&pair.prior)?,
            survivor: side(&pair.survivor)?,
            is_one_already: pair.prior.id == pair.survivor.id,
            would_go_back: store.merge_documents_count(merge).await?,
            may: self.merge_may(&facts, customer, &told),
            witnessed,
            shown,
        })
    }

    /// What this person could do with two records.
    fn merge_may(&self, facts: &PrincipalFacts, customer: CustomerId, told: &[PatientFacts]) -> Vec<Action> {
        let both: Vec<ResourceFacts> = told.iter().copied().map(ResourceFacts::Patient).collect();
        let (custody, who) = (&self.custody, self.who());
        [
            (
                Action::PatientMergeConfirm,
                custody.would_permit::<act::PatientMergeConfirm>(who, facts, customer, &both),
            ),
            (Action::PatientMergeRefuse, custody.would_permit::<act::PatientMergeRefuse>(who, facts, customer, &both)),
            (Action::PatientMergeUndo, custody.would_permit::<act::PatientMergeUndo>(who, facts, customer, &both)),
        ]
        .into_iter()
        .filter_map(|(action, yes)| yes.then_some(action))
        .collect()
    }
}

#[cfg(test)]
mod tests;
