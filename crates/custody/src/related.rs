//! People around a patient: guardians, who speak for one, and guarantors, who pay; with authority, court orders, dates.
//!
//! What must always hold: whoever may not see the patient's page sees nobody around the patient; an act names the
//! patient and everybody around whom it opens; nobody is deleted, an end is a day; a guardian's surname finds the
//! patient and opens nothing by itself.
//!
//! What it refuses to know: what the law of a state says about minors. The practice writes down who may do what.

use crate::ask::Question;
use crate::documents::patient_open;
use crate::people::Form;
use crate::people::typed::is_hidden;
use crate::{Custody, CustodyError, Desk, OpenedRelated, PatientBody, RelatedBody, Shown, Witnessed};
use policy::{PatientFacts, RelatedFacts, ResourceFacts};
use record::action::OpensNames;
use record::{Act, CustomerId, PatientId, Purpose, RelatedKind, RelatedPersonId, act};
use store::{Patient, RelatedPerson};
use vault::{Column, Opening, guardian_tokens};

/// The most people around one patient: a hostile table does not make a thousand rows.
pub(crate) const RELATED_MAX: u64 = 20;
/// The longest line, characters.
const LINE_CHARS_MAX: usize = 120;
/// The longest note on a court order, characters.
const ORDER_CHARS_MAX: usize = 500;

/// One guardian or guarantor of a patient.
pub struct RelatedLine {
    /// Who.
    pub id: RelatedPersonId,
    /// What they are to the patient.
    pub kind: RelatedKind,
    /// Name, authority, court order, dates.
    pub body: OpenedRelated,
    /// Does it hold today.
    pub in_force: bool,
    /// Of which change this is; a correction says it, so that it overwrites nothing unseen.
    pub revision: u64,
}

/// The form for somebody around a patient.
pub struct RelatedForm {
    /// Whose PHI.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// Around whom.
    pub patient: crate::OpenedPatient,
    /// Everybody there is.
    pub related: Vec<RelatedLine>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// What policy is told of the people around a patient: the patient's own facts.
pub(crate) fn facts_of(related: &[RelatedPerson], patient: PatientFacts) -> impl Iterator<Item = ResourceFacts> + '_ {
    related.iter().map(move |one| ResourceFacts::Related(RelatedFacts { id: one.id, patient }))
}

fn one_line(form: &mut Form, field: &'static str, text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > LINE_CHARS_MAX || text.chars().any(is_hidden) {
        form.mistake(field, "Write at most 120 characters, and no hidden ones");
    }
    text
}

pub(crate) fn checked(kind: RelatedKind, body: &RelatedBody) -> Result<RelatedBody, CustodyError> {
    let mut form = Form::default();
    let clean = RelatedBody {
        last: one_line(&mut form, "family", &body.last),
        first: one_line(&mut form, "given", &body.first),
        relation: one_line(&mut form, "relation", &body.relation),
        telephone: one_line(&mut form, "phone", &body.telephone),
        address: one_line(&mut form, "address", &body.address),
        // Paying gives no say: authority is a guardian's.
        may_consent: body.may_consent && kind == RelatedKind::Guardian,
        may_pick_up: body.may_pick_up && kind == RelatedKind::Guardian,
        court_order: body.court_order.trim().replace("\r\n", "\n"),
        from: body.from,
        to: body.to,
    };
    if clean.last.is_empty() {
        form.mistake("family", "Write the family name");
    }
    let order = &clean.court_order;
    if order.chars().count() > ORDER_CHARS_MAX || order.chars().any(|sign| is_hidden(sign) && sign != '\n') {
        form.mistake("court_order", "Write at most 500 characters, and no hidden ones");
    }
    if matches!((clean.from, clean.to), (Some(from), Some(to)) if to < from) {
        form.mistake("to", "The last day lies before the first");
    }
    form.done()?;
    Ok(clean)
}

pub(crate) fn related_open<A: OpensNames>(
    opening: &Opening<A>,
    shown: &Shown,
    row: &RelatedPerson,
) -> Result<OpenedRelated, CustodyError> {
    let json = opening.column(row.id, Column::RelatedPersonBody, &row.body).map_err(CustodyError::seal)?;
    json.map(shown, |text| serde_json::from_str::<RelatedBody>(&text))
        .transpose()
        .map_err(|_| CustodyError::Broken("what is known of somebody around a patient cannot be read".to_owned()))
}

impl Custody {
    pub(crate) fn related_seal(
        &self,
        customer: CustomerId,
        id: RelatedPersonId,
        body: &RelatedBody,
    ) -> Result<Vec<u8>, CustodyError> {
        let json = serde_json::to_vec(body).map_err(CustodyError::seal)?;
        self.ring().seal_column(customer, id, Column::RelatedPersonBody, &json).map_err(CustodyError::seal)
    }

    /// A row for somebody new, sealed.
    pub(crate) fn related_new(
        &self,
        patient: (CustomerId, PatientId),
        kind: RelatedKind,
        body: &RelatedBody,
    ) -> Result<RelatedPerson, CustodyError> {
        let (id, now) = (RelatedPersonId::mint(self.clock(), self.entropy()), self.now());
        let (customer, patient) = patient;
        let body = self.related_seal(customer, id, body)?;
        Ok(RelatedPerson { id, customer, patient, kind, body, created_at: now, changed_at: now, revision: 0 })
    }

    /// The blind tokens by which a guardian's surname finds the patient; a guarantor's finds nobody.
    pub(crate) fn related_tokens(
        &self,
        customer: CustomerId,
        kind: RelatedKind,
        body: &RelatedBody,
    ) -> Result<Vec<(String, Vec<u8>)>, CustodyError> {
        if kind == RelatedKind::Guarantor {
            return Ok(Vec::new());
        }
        let ring = self.ring();
        let blinded = guardian_tokens(&body.last).into_iter().map(|token| {
            let mac = ring.blind(customer, token.field, &token.word).map_err(CustodyError::seal)?;
            Ok((token.field.as_str().to_owned(), mac.to_vec()))
        });
        blinded.collect()
    }

    /// The people around a patient, opened; the act named them.
    pub(crate) fn related_lines<A: OpensNames>(
        &self,
        (opening, shown): (&Opening<A>, &Shown),
        rows: &[RelatedPerson],
    ) -> Result<Vec<RelatedLine>, CustodyError> {
        let today = self.settings().day_of(self.now());
        let line = |row: &RelatedPerson| {
            let body = related_open(opening, shown, row)?;
            let in_force = body.show(shown).in_force(&today);
            Ok(RelatedLine { id: row.id, kind: row.kind, body, in_force, revision: row.revision })
        };
        rows.iter().map(line).collect()
    }
}

impl<A: Act> Desk<A> {
    /// The patient, who is around them, and the question that names all of these.
    async fn around(
        &self,
        id: PatientId,
    ) -> Result<Option<(Patient, PatientFacts, Vec<RelatedPerson>, Question)>, CustodyError> {
        let store = self.custody.store();
        let Some(patient) = store.patient_fetch(id).await? else { return Ok(None) };
        let facts = self.custody.patient_facts(&patient, self.person().ok()).await?;
        let related = store.related_list(patient.customer, id).await?;
        let question = Question::of(patient.customer, Purpose::Operations)
            .with(ResourceFacts::Patient(facts))
            .with_all(facts_of(&related, facts));
        Ok(Some((patient, facts, related, question)))
    }
}

impl Desk<act::RelatedCreate> {
    /// What the empty form shows: the patient, and who is there already.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn related_look(&self, patient: PatientId) -> Result<RelatedForm, CustodyError> {
        look(self, patient).await
    }

    /// Puts a guardian or guarantor beside a patient.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with what to mend; [`CustodyError::State`] when the patient was linked to another.
    pub async fn related_create(
        &self,
        patient: PatientId,
        kind: RelatedKind,
        body: &RelatedBody,
    ) -> Result<RelatedPersonId, CustodyError> {
        let body = checked(kind, body)?;
        let custody = &self.custody;
        let Some((patient, facts, _, question)) = self.around(patient).await? else {
            return self.absent(patient).await;
        };
        let new = custody.related_new((patient.customer, patient.id), kind, &body)?;
        let named = ResourceFacts::Related(RelatedFacts { id: new.id, patient: facts });
        drop(self.ask(question.with(named).saying(&format!("{kind} added"))).await?);
        if patient.linked_to.is_some() {
            return Err(CustodyError::State("This patient is known under another record now; write it down there."));
        }
        let mut tx = custody.store().begin("put somebody beside a patient").await?;
        let many = tx.related_insert(&new).await?;
        if many == 0 {
            return Err(CustodyError::Changed);
        }
        if many > RELATED_MAX {
            return Err(CustodyError::State("There are twenty people around this patient already."));
        }
        let tokens = custody.related_tokens(patient.customer, kind, &body)?;
        tx.patient_tokens_add(patient.customer, patient.id, &tokens).await?;
        tx.commit().await?;
        Ok(new.id)
    }
}

impl Desk<act::RelatedChange> {
    /// What the form shows: the patient, and everybody around them as they are.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn related_look(&self, patient: PatientId) -> Result<RelatedForm, CustodyError> {
        look(self, patient).await
    }

    /// Corrects a guardian or guarantor as they were at `revision`, or ends them on a day.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when somebody has changed them, or who else is around the patient, since.
    pub async fn related_change(
        &self,
        patient: PatientId,
        id: RelatedPersonId,
        body: &RelatedBody,
        revision: u64,
    ) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let Some((patient, _, related, question)) = self.around(patient).await? else {
            return self.absent(patient).await;
        };
        let Some(row) = related.iter().find(|one| one.id == id).cloned() else { return self.absent(id).await };
        let body = checked(row.kind, body)?;
        let what = body.to.map_or_else(|| format!("{} changed", row.kind), |day| format!("{} until {day}", row.kind));
        let granted = self.ask(question.saying(&what)).await?;
        if row.revision != revision {
            return Err(CustodyError::Changed);
        }
        let (opening, shown) = granted.open(&custody.ring())?;
        // The index holds the surnames of all guardians together, so all of them are needed to set it anew.
        let mut tokens = custody.related_tokens(patient.customer, row.kind, &body)?;
        for other in related.iter().filter(|other| other.id != id) {
            let known = related_open(&opening, &shown, other)?;
            tokens.extend(custody.related_tokens(patient.customer, other.kind, known.show(&shown))?);
        }
        let sealed = custody.related_seal(patient.customer, id, &body)?;
        let mut tx = custody.store().begin("correct somebody around a patient").await?;
        // What the index is set from must still be what stands there.
        let seen = (related.len() as u64, related.iter().map(|one| one.revision).sum::<u64>());
        if tx.related_standing(patient.customer, patient.id).await? != seen {
            return Err(CustodyError::Changed);
        }
        if tx.related_update(&RelatedPerson { body: sealed, changed_at: custody.now(), ..row }).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.related_tokens_set(patient.customer, patient.id, &tokens).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn look<A: OpensNames>(desk: &Desk<A>, patient: PatientId) -> Result<RelatedForm, CustodyError> {
    let custody = &desk.custody;
    let Some((row, _, related, question)) = desk.around(patient).await? else { return desk.absent(patient).await };
    let granted = desk.ask(question).await?;
    let witnessed = granted.witnessed();
    let (opening, shown) = granted.open(&custody.ring())?;
    let patient: vault::Phi<PatientBody> = patient_open(&opening, &shown, &row)?;
    let related = custody.related_lines((&opening, &shown), &related)?;
    Ok(RelatedForm { customer_name: custody.customer_name(row.customer).await?, shown, patient, related, witnessed })
}

#[cfg(test)]
mod tests;
