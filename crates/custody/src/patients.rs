//! The patient index of a practice: by hand, from a file, found, shown, corrected, linked.

mod import;

pub use import::ImportReport;

use crate::ask::Question;
use crate::documents::{patient_open, purpose_of, query_of};
use crate::merges::Pair;
use crate::people::typed::is_hidden;
use crate::reading::glass_until;
use crate::related::{self, RelatedLine};
use crate::{
    Custody, CustodyError, Desk, DocumentSearch, FieldError, OpenedPatient, PatientBody, RelatedBody, Shown, Witnessed,
};
use policy::scope::{document_scope, patient_scope};
use policy::{PatientFacts, ResourceFacts};
use record::merge::MergeCause;
use record::{Action, CustomerId, MergeId, PatientId, Purpose, RelatedKind, Timestamp, act};
use std::collections::BTreeSet;
use store::Patient;
use vault::{Column, Field};

/// Rows of a page.
const PAGE_ROWS: u32 = 50;
/// Documents of a patient are counted so far.
const COUNT_MAX: u32 = 100;
/// The longest name or number, characters.
const FIELD_CHARS_MAX: usize = 120;

/// One patient in a list.
pub struct PatientLine {
    /// Who.
    pub id: PatientId,
    /// As the index knows them.
    pub patient: OpenedPatient,
    /// Not yet linked to a known one.
    pub provisional: bool,
    /// The asker has them in care.
    pub in_care: bool,
    /// The glass is broken for them, until then.
    pub broken_glass_until: Option<Timestamp>,
    /// How many documents about them the asker may list, counted up to a hundred.
    pub documents: u64,
}

/// Patients of one customer: one act.
pub struct PatientLines {
    /// Whose.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// The patients.
    pub lines: Vec<PatientLine>,
    /// There are more than these.
    pub more: bool,
    /// The entry.
    pub witnessed: Witnessed,
}

/// One patient's page.
pub struct PatientPage {
    /// The patient.
    pub line: PatientLine,
    /// Whose patient.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// Guardians and guarantors, ended ones too.
    pub related: Vec<RelatedLine>,
    /// The record that this one went into.
    pub went_into: Option<PatientId>,
    /// Merges that stand, of this record into another and of others into it, newest first.
    pub merges: Vec<MergeId>,
    /// Of which change this is; a correction says it, so that it overwrites nothing unseen.
    pub revision: u64,
    /// The acts that policy would permit this person now.
    pub may: Vec<Action>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Short enough, and without controls and marks that make one name look like another.
pub(crate) fn is_fit(text: &str) -> bool {
    text.chars().count() <= FIELD_CHARS_MAX && !text.chars().any(is_hidden)
}

fn checked(body: &PatientBody) -> Result<PatientBody, CustodyError> {
    let mut errors = Vec::new();
    let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let body = PatientBody {
        last: clean(&body.last),
        first: clean(&body.first),
        middle: clean(&body.middle),
        born: body.born,
        record_number: clean(&body.record_number),
        sex: clean(&body.sex),
    };
    if body.last.is_empty() {
        errors.push(FieldError { field: "family", say: "Write the surname" });
    }
    if body.first.is_empty() {
        errors.push(FieldError { field: "given", say: "Write the given name, or Baby for a newborn" });
    }
    for (field, text) in [
        ("family", &body.last),
        ("given", &body.first),
        ("middle", &body.middle),
        ("record_number", &body.record_number),
        ("sex", &body.sex),
    ] {
        if !is_fit(text) {
            errors.push(FieldError { field, say: "Write at most 120 characters, and no hidden ones" });
        }
    }
    if errors.is_empty() { Ok(body) } else { Err(CustodyError::Input(errors)) }
}

impl Custody {
    pub(crate) fn patient_blank(&self, customer: CustomerId) -> Patient {
        let now = self.now();
        Patient {
            id: PatientId::mint(self.clock(), self.entropy()),
            customer,
            body: Vec::new(),
            provisional: true,
            linked_to: None,
            created_at: now,
            changed_at: now,
            revision: 0,
        }
    }

    pub(crate) fn patient_seal(
        &self,
        customer: CustomerId,
        id: PatientId,
        body: &PatientBody,
    ) -> Result<Vec<u8>, CustodyError> {
        let json = serde_json::to_vec(body).map_err(CustodyError::seal)?;
        self.ring().seal_column(customer, id, Column::PatientBody, &json).map_err(CustodyError::seal)
    }

    /// Writes a new patient with its tokens.
    pub(crate) async fn patient_insert_in_tx(
        &self,
        tx: &mut store::Tx,
        patient: &Patient,
        body: &PatientBody,
    ) -> Result<(), CustodyError> {
        let sealed = self.patient_seal(patient.customer, patient.id, body)?;
        tx.patient_insert(&Patient { body: sealed, ..patient.clone() }).await?;
        let tokens = self.patient_tokens(patient.customer, body)?;
        tx.patient_tokens_set(patient.customer, patient.id, &tokens).await?;
        Ok(())
    }
}

impl Desk<act::PatientSearch> {
    /// Patients of a practice by name, birth date or record number: names only.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn patient_search(
        &self,
        search: &DocumentSearch,
        only: Option<CustomerId>,
    ) -> Result<Vec<PatientLines>, CustodyError> {
        let facts = self.facts().await?;
        let (me, who) = (self.reader()?, self.who().0);
        let query = query_of(search);
        if query.all_of.is_empty() {
            return Err(CustodyError::field(
                "text",
                "Write a surname, or a record number; a birth date needs a surname beside it",
            ));
        }
        let mut found = Vec::new();
        for customer in self.custody.customers_of(&facts) {
            if only.is_some_and(|only| only != customer) {
                continue;
            }
            let scope = patient_scope(Action::PatientSearch, &facts, who, customer, self.custody.now());
            if scope.any_of.is_empty() {
                continue;
            }
            let groups = self.custody.groups(customer, &query)?;
            let page = self.custody.store().patient_search(customer, &scope, &groups, None, PAGE_ROWS).await?;
            let ids: BTreeSet<PatientId> = page.items.iter().map(|patient| patient.id).collect();
            let in_care = match me {
                Some(me) => self.custody.store().in_care_many(customer, &ids, me).await?,
                None => BTreeSet::new(),
            };
            let told = page.items.iter().map(|patient| PatientFacts {
                id: patient.id,
                customer: patient.customer,
                in_care: in_care.contains(&patient.id),
                provisional: patient.provisional,
            });
            let question =
                Question::of(customer, purpose_of(&facts, customer)).with_all(told.map(ResourceFacts::Patient));
            let granted = self.custody.ask_as::<act::PatientSearch>(self.who(), facts.clone(), question).await?;
            let witnessed = granted.witnessed();
            let (opening, shown) = granted.open(&self.custody.ring())?;
            let mut lines = Vec::with_capacity(page.items.len());
            let listed = document_scope(Action::DocumentList, &facts, who, customer, self.custody.now());
            let ids: Vec<PatientId> = ids.into_iter().collect();
            let many = self.custody.store().document_count_many(customer, &listed, &ids, COUNT_MAX).await?;
            for patient in &page.items {
                lines.push(PatientLine {
                    id: patient.id,
                    patient: patient_open(&opening, &shown, patient)?,
                    provisional: patient.provisional,
                    in_care: in_care.contains(&patient.id),
                    broken_glass_until: glass_until(&facts, patient.id, in_care.contains(&patient.id)),
                    documents: many.get(&patient.id).copied().unwrap_or_default(),
                });
            }
            let customer_name = self.custody.customer_name(customer).await?;
            found.push(PatientLines { customer, customer_name, shown, lines, more: page.more, witnessed });
        }
        if found.is_empty() {
            // Nowhere to look: asked all the same, so that it is refused and written.
            drop(self.ask(Question::house(Purpose::Operations)).await?);
        }
        Ok(found)
    }
}

impl Desk<act::PatientShow> {
    /// One patient's page.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn patient_show(&self, id: PatientId) -> Result<PatientPage, CustodyError> {
        let facts = self.facts().await?;
        let me = self.reader()?;
        let Some(patient) = self.custody.store().patient_fetch(id).await? else {
            return self.patient_absent(id, &facts).await;
        };
        let row_facts = self.custody.patient_facts(&patient, me).await?;
        let customer = patient.customer;
        let related = self.custody.store().related_list(customer, id).await?;
        let mut resources = vec![ResourceFacts::Patient(row_facts)];
        resources.extend(related::facts_of(&related, row_facts));
        let glass = glass_until(&facts, id, row_facts.in_care);
        let purpose = if glass.is_some() { Purpose::Emergency } else { purpose_of(&facts, customer) };
        let question = Question::of(customer, purpose).with_all(resources.iter().cloned());
        let granted = self.custody.ask_as::<act::PatientShow>(self.who(), facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&self.custody.ring())?;
        // The other acts are asked about the patient alone.
        resources.truncate(1);
        let mut may = Vec::new();
        if self.custody.would_permit::<act::PatientChange>(self.who(), &facts, customer, &resources) {
            may.push(Action::PatientChange);
        }
        if self.custody.would_permit::<act::PatientLink>(self.who(), &facts, customer, &resources) {
            may.push(Action::PatientLink);
        }
        if self.custody.would_permit::<act::PatientMergeShow>(self.who(), &facts, customer, &resources) {
            may.push(Action::PatientMergeShow);
        }
        if self.custody.would_permit::<act::PatientMergePropose>(self.who(), &facts, customer, &resources) {
            may.push(Action::PatientMergePropose);
        }
        if self.custody.would_permit::<act::RelatedCreate>(self.who(), &facts, customer, &resources) {
            may.push(Action::RelatedCreate);
        }
        if self.custody.would_permit::<act::RelatedChange>(self.who(), &facts, customer, &resources) {
            may.push(Action::RelatedChange);
        }
        let related = self.custody.related_lines((&opening, &shown), &related)?;
        Ok(PatientPage {
            line: PatientLine {
                id,
                patient: patient_open(&opening, &shown, &patient)?,
                provisional: patient.provisional,
                in_care: row_facts.in_care,
                broken_glass_until: glass,
                documents: 0,
            },
            customer,
            customer_name: self.custody.customer_name(customer).await?,
            shown,
            related,
            went_into: match patient.linked_to {
                Some(_) => Some(self.custody.patient_survivor(patient.clone()).await?.id),
                None => None,
            },
            merges: self.custody.store().merge_list_of(customer, id).await?.iter().map(|one| one.id).collect(),
            revision: patient.revision,
            may,
            witnessed,
        })
    }
}

impl Desk<act::PatientCreate> {
    /// A new patient by hand.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with what to mend.
    pub async fn patient_create(&self, customer: CustomerId, body: &PatientBody) -> Result<PatientId, CustodyError> {
        Ok(self.patient_make(customer, body).await?.0)
    }

    /// The same, with its entry.
    ///
    /// # Errors
    /// As with [`Self::patient_create`].
    pub async fn patient_make(
        &self,
        customer: CustomerId,
        body: &PatientBody,
    ) -> Result<(PatientId, Witnessed), CustodyError> {
        let body = checked(body)?;
        let provisional = body.record_number.is_empty();
        let patient = Patient { provisional, ..self.custody.patient_blank(customer) };
        let facts = PatientFacts { id: patient.id, customer, in_care: false, provisional };
        let question = Question::of(customer, Purpose::Operations).with(ResourceFacts::Patient(facts));
        let witnessed = self.ask(question).await?.witnessed();
        let token = self.custody.number_token(customer, &body.record_number)?;
        // Looked for and written in one transaction: of two who give a number out at once, one does.
        let mut tx = self.custody.store().begin("make a patient").await?;
        if let Some(mac) = token
            && tx.patient_by_token(customer, Field::RecordNumber.as_str(), &mac).await?.is_some()
        {
            return Err(CustodyError::field("record_number", "Another patient of this practice has this number"));
        }
        self.custody.patient_insert_in_tx(&mut tx, &patient, &body).await?;
        tx.commit().await?;
        Ok((patient.id, witnessed))
    }
}

impl Desk<act::PatientChange> {
    /// Corrects a patient as they were at `revision`.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when somebody has corrected them since.
    pub async fn patient_change(
        &self,
        id: PatientId,
        body: &PatientBody,
        revision: u64,
    ) -> Result<Witnessed, CustodyError> {
        let body = checked(body)?;
        let Some(mut patient) = self.custody.store().patient_fetch(id).await? else { return self.absent(id).await };
        let facts = self.custody.patient_facts(&patient, self.person().ok()).await?;
        let question = Question::of(patient.customer, Purpose::Operations).with(ResourceFacts::Patient(facts));
        let witnessed = self.ask(question).await?.witnessed();
        // Asked after policy, so that nobody learns how often a patient of others was changed.
        if patient.linked_to.is_some() {
            return Err(CustodyError::State("This patient is known under another record now; correct that one."));
        }
        if patient.revision != revision {
            return Err(CustodyError::Changed);
        }
        patient.body = self.custody.patient_seal(patient.customer, id, &body)?;
        patient.provisional = patient.provisional && body.record_number.is_empty();
        patient.changed_at = self.custody.now();
        let tokens = self.custody.patient_tokens(patient.customer, &body)?;
        let mut tx = self.custody.store().begin("correct a patient").await?;
        if tx.patient_update(&patient).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.patient_tokens_set(patient.customer, id, &tokens).await?;
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::PatientLink> {
    /// A provisional patient is this known one: documents move over, and the link can be seen.
    ///
    /// # Errors
    /// [`CustodyError::State`] when the first is not provisional or they are one.
    pub async fn patient_link(&self, provisional: PatientId, known: PatientId) -> Result<(), CustodyError> {
        let store = self.custody.store();
        let (Some(from), Some(to)) = (store.patient_fetch(provisional).await?, store.patient_fetch(known).await?)
        else {
            return self.absent(provisional).await;
        };
        if from.customer != to.customer {
            return self.absent(known).await;
        }
        let me = self.person().ok();
        let question = Question::of(from.customer, Purpose::Operations)
            .with(ResourceFacts::Patient(self.custody.patient_facts(&from, me).await?))
            .with(ResourceFacts::Patient(self.custody.patient_facts(&to, me).await?));
        drop(self.ask(question).await?);
        if !from.provisional || from.linked_to.is_some() || from.id == to.id || to.linked_to.is_some() {
            return Err(CustodyError::State("only a provisional patient can be linked, and only to a known one"));
        }
        let merge = self.custody.merge_new((&from, &to), MergeCause::Link, &self.who().0.to_string());
        let pair = Pair { merge, prior: from, survivor: to };
        let mut tx = store.begin("link a patient").await?;
        if tx.merge_propose(&pair.merge).await? == 0 {
            return Err(CustodyError::State(
                "That these are one is proposed already: decide it on the list of merges.",
            ));
        }
        self.custody.merge_in_tx(&mut tx, &pair, me).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Custody {
    /// Puts the people of a table's line beside a patient who has none of their kind yet.
    pub(crate) async fn import_related_in_tx(
        &self,
        tx: &mut store::Tx,
        (customer, patient): (CustomerId, PatientId),
        around: &[(RelatedKind, RelatedBody)],
        report: &mut ImportReport,
    ) -> Result<(), CustodyError> {
        for kind in RelatedKind::ALL {
            let some: Vec<_> = around.iter().filter(|(one, _)| one == kind).collect();
            if some.is_empty() {
                continue;
            }
            if tx.related_count(customer, patient, Some(*kind)).await? > 0 {
                report.related_kept += some.len();
                continue;
            }
            for (_, body) in some {
                if tx.related_insert(&self.related_new((customer, patient), *kind, body)?).await? == 0 {
                    report.related_kept += 1;
                    continue;
                }
                let tokens = self.related_tokens(customer, *kind, body)?;
                tx.patient_tokens_add(customer, patient, &tokens).await?;
                report.related += 1;
            }
        }
        Ok(())
    }
}
