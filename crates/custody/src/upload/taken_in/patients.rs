//! Patients of another house, with the people around them.

use super::super::Custody;
use super::TakeIn;
use crate::leaving::{LeavingError, PatientRow, RelatedRow};
use crate::patients::is_fit;
use crate::related::checked;
use crate::whose::ByNumber;
use crate::{CustodyError, Desk, PatientBody};
use policy::{PatientFacts, RelatedFacts, ResourceFacts};
use record::{CustomerId, PatientId, RelatedKind, act};
use std::collections::BTreeSet;
use store::{Patient, RelatedPerson};

/// A patient as they come, with those around them.
pub(super) struct PatientIn {
    pub(super) row: PatientRow,
    pub(super) related: Vec<RelatedRow>,
}

impl PatientIn {
    pub(super) const fn new(row: PatientRow) -> Self {
        Self { row, related: Vec::new() }
    }
}

/// Somebody around a patient as they will be, with the tokens by which they find the patient.
type Beside = (RelatedPerson, Vec<(String, Vec<u8>)>);

/// What becomes of a patient.
struct Coming {
    tokens: [Vec<u8>; 2],
    patient: Patient,
    body: PatientBody,
    /// Known here already: nothing of them is written.
    is_known: bool,
    related: Vec<Beside>,
    linked_to: Option<PatientId>,
}

impl Coming {
    fn facts(&self) -> PatientFacts {
        let (id, customer) = (self.patient.id, self.patient.customer);
        PatientFacts { id, customer, in_care: false, provisional: self.patient.provisional }
    }
}

impl Desk<act::CustomerTakeIn> {
    /// Asks about the patients of a part, and keeps them: all or none.
    pub(super) async fn patients_keep(&self, take: &mut TakeIn, some: Vec<PatientIn>) -> Result<(), CustodyError> {
        let custody = take.custody.clone();
        let customer = take.customer;
        let tokens: Vec<[Vec<u8>; 2]> = some
            .iter()
            .map(|one| take.tokens(&one.row.id.to_string(), &(&one.row, &one.related)))
            .collect::<Result<_, _>>()?;
        let known = custody.store().taken_in_known(customer, &tokens.concat()).await?;
        let mut coming = Vec::with_capacity(some.len());
        for (one, tokens) in some.into_iter().zip(tokens) {
            if let Some(here) = known.get(&tokens[0]) {
                // A run that was stopped before everybody was linked does it in the end.
                let here: Option<PatientId> = here.parse().ok();
                take.links.extend(here.zip(one.row.linked_to));
                take.came_before(&one.row.id.to_string(), known.contains_key(&tokens[1]));
                continue;
            }
            coming.push(custody.patient_coming(customer, one, tokens).await?);
        }
        if coming.is_empty() {
            return Ok(());
        }
        let mut facts = Vec::new();
        let mut named = BTreeSet::new();
        for one in &coming {
            // Two patients of the other house may be one here.
            if named.insert(one.patient.id) {
                facts.push(ResourceFacts::Patient(one.facts()));
            }
            let beside = |(related, _): &Beside| RelatedFacts { id: related.id, patient: one.facts() };
            facts.extend(one.related.iter().map(|one| ResourceFacts::Related(beside(one))));
        }
        drop(self.take_in_ask(take, facts).await?);
        // If we die here: an entry without an end, closed as unknown; nothing was kept.
        let mut tx = custody.store().begin("take patients in").await?;
        for one in &coming {
            if !one.is_known {
                custody.patient_insert_in_tx(&mut tx, &one.patient, &one.body).await?;
            }
            for (related, tokens) in &one.related {
                if tx.related_insert(related).await? > 0 {
                    tx.patient_tokens_add(customer, one.patient.id, tokens).await?;
                }
            }
        }
        let taken: Vec<(Vec<u8>, String)> =
            coming.iter().flat_map(|one| one.tokens.clone().map(|token| (token, one.patient.id.to_string()))).collect();
        tx.taken_in_insert(customer, &taken).await?;
        tx.commit().await?;
        for one in coming {
            *(match (one.is_known, one.patient.provisional && !one.body.record_number.is_empty()) {
                (true, _) => &mut take.tally.patients_matched,
                (false, true) => &mut take.tally.patients_proposed,
                (false, false) => &mut take.tally.patients,
            }) += 1;
            take.tally.related += one.related.len() as u64;
            take.links.extend(one.linked_to.filter(|_| !one.is_known).map(|to| (one.patient.id, to)));
        }
        Ok(())
    }
}

impl Custody {
    async fn patient_coming(
        &self,
        customer: CustomerId,
        one: PatientIn,
        tokens: [Vec<u8>; 2],
    ) -> Result<Coming, CustodyError> {
        let (row, body) = (&one.row, one.row.body.clone());
        let texts = [&body.last, &body.first, &body.middle, &body.record_number, &body.sex];
        if !texts.into_iter().all(|text| is_fit(text)) {
            return Err(LeavingError::Inside("a name or number of a patient is longer than any").into());
        }
        // Whoever was linked there is nobody's match: their chart lies with the one they are linked to.
        let standing = Some(&body).filter(|_| row.linked_to.is_none());
        let matched = self.patients_certain(customer, standing.into_iter()).await?.pop().unwrap_or(ByNumber::Nobody);
        let mut patient = Patient {
            provisional: row.provisional || matched == ByNumber::Somebody,
            created_at: row.created_at,
            changed_at: row.changed_at,
            ..self.patient_blank(customer)
        };
        let is_known = if let ByNumber::One(id) = matched {
            (patient.id, patient.provisional) = (id, false);
            true
        } else {
            false
        };
        let mut related = Vec::new();
        // What a practice has written down here of somebody it knows is not mixed with what another house had.
        for one in one.related.iter().filter(|_| !is_known) {
            let kind: RelatedKind =
                one.kind.parse().map_err(|_| LeavingError::Inside("somebody around a patient is of no known kind"))?;
            let body = checked(kind, &one.body)
                .map_err(|_| LeavingError::Inside("what is known of somebody around a patient is longer than any"))?;
            let new = self.related_new((customer, patient.id), kind, &body)?;
            let new = RelatedPerson { created_at: one.created_at, changed_at: one.changed_at, ..new };
            related.push((new, self.related_tokens(customer, kind, &body)?));
        }
        Ok(Coming { tokens, linked_to: row.linked_to, patient, body, is_known, related })
    }
}

impl TakeIn {
    /// Who somebody of the other house is here. Who went into another record since is that one.
    pub(super) async fn patient_here(&self, there: PatientId) -> Result<Option<PatientId>, CustodyError> {
        let token = self.token(&there.to_string())?;
        let found = self.custody.store().taken_in_known(self.customer, std::slice::from_ref(&token)).await?;
        let Some(id) = found.get(&token).and_then(|id| id.parse::<PatientId>().ok()) else { return Ok(None) };
        let Some(row) = self.custody.store().patient_fetch(id).await? else { return Ok(None) };
        Ok(Some(self.custody.patient_survivor(row).await?.id))
    }

    /// Those who were linked there are linked here, now that everybody is; whoever cannot be any more, because people here
    /// have merged the records otherwise meanwhile, is told of.
    pub(super) async fn link_all(&mut self) -> Result<(), CustodyError> {
        for (patient, to) in std::mem::take(&mut self.links) {
            let Some(to) = self.patient_here(to).await? else { continue };
            let mut tx = self.custody.store().begin("link a patient who was taken in").await?;
            let linked = tx.taken_in_link(self.customer, patient, to).await?;
            tx.commit().await?;
            let row = if linked == 0 { self.custody.store().patient_fetch(patient).await? } else { None };
            if row.is_some_and(|row| row.linked_to.is_none() && row.id != to) {
                self.tally.outside.push(patient.to_string());
            }
        }
        Ok(())
    }
}
