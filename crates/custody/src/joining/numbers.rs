//! What is settled before a joining ends: rows on their way that have not left after all, and record numbers that somebody at
//! the other practice has got meanwhile.
//!
//! What must always hold: nothing comes in that is still the one practice's; no number is two patients' by a joining; whose
//! number somebody has is proposed as the same, and never merged.

use super::carrying::{Moving, PATIENTS_AT_ONCE, Run};
use crate::documents::patient_open;
use crate::words::PatientBody;
use crate::{CustodyError, Shown};
use policy::{PatientFacts, ResourceFacts};
use record::PatientId;
use record::merge::MergeCause;
use store::{Patient, PatientMerge};
use vault::Field;

/// Things that one transaction lets go of.
const FORGOTTEN_AT_ONCE: usize = 200;
/// How often a number is looked for when somebody at the other practice is faster; then the next run does it.
const TRIES: usize = 4;

/// A patient who has come in, and the token of the number that waits because somebody else has it.
type Waiting = (PatientId, Vec<u8>);

impl Run {
    /// What waits for the other practice and is still the one's, because somebody wrote to it at the last moment or it does not
    /// open any more, is let go of. It is all with the one, and is put anew when it leaves.
    pub(super) async fn stayed_forget(&self) -> Result<(), CustodyError> {
        let ((joins, into), store) = (self.sides(), self.custody.store());
        if store.arriving_left(joins).await? == 0 {
            return Ok(());
        }
        for some in store.arriving_stayed(joins).await?.chunks(FORGOTTEN_AT_ONCE) {
            let mut tx = store.begin("let go of what has not left").await?;
            self.holds(&mut tx).await?;
            tx.arriving_forget(into, some).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Patients who came in without their number, because somebody has got it meanwhile, get one that is nobody's.
    pub(super) async fn numbers_settle(&mut self) -> Result<(), CustodyError> {
        for _ in 0..TRIES {
            let waiting = self.custody.store().arriving_numbers(self.row.into).await?;
            if waiting.is_empty() {
                break;
            }
            for some in waiting.chunks(PATIENTS_AT_ONCE as usize) {
                self.numbers_page(some).await?;
            }
        }
        Ok(())
    }

    async fn numbers_page(&mut self, some: &[Waiting]) -> Result<(), CustodyError> {
        let into = self.row.into;
        let ids: Vec<PatientId> = some.iter().map(|(id, _)| *id).collect();
        let patients = self.custody.store().patient_fetch_many(into, &ids).await?;
        // The number of somebody who waits as well is looked at when they come.
        if patients.is_empty() {
            return Ok(());
        }
        let told = patients.iter().map(|one| PatientFacts {
            id: one.id,
            customer: into,
            in_care: false,
            provisional: one.provisional,
        });
        let (opening, shown) = self.ask(into, told.map(ResourceFacts::Patient)).await?;
        let done = self.numbers_give((&opening, &shown), &patients, some).await;
        let (prefixed, proposed) = self.told(opening.intent(), "numbered", done).await?;
        self.moved.prefixed += prefixed;
        self.moved.proposed += proposed;
        Ok(())
    }

    /// How many have another number now, and how many pairs are proposed.
    async fn numbers_give(
        &self,
        (opening, shown): (&Moving, &Shown),
        patients: &[Patient],
        some: &[Waiting],
    ) -> Result<(u64, u64), CustodyError> {
        let (mut prefixed, mut proposed) = (0, 0);
        for patient in patients {
            for (_, token) in some.iter().filter(|(id, _)| *id == patient.id) {
                let body = patient_open(opening, shown, patient)?.into_shown(shown);
                if self.custody.number_token(self.row.into, &body.record_number)?.as_ref() == Some(token) {
                    let pairs = self.number_give(patient, body, token).await?;
                    prefixed += u64::from(pairs.is_some());
                    proposed += pairs.unwrap_or_default();
                } else {
                    // Somebody of the other practice has given them another number already.
                    self.number_forget(patient.id, token).await?;
                }
            }
        }
        Ok((prefixed, proposed))
    }

    async fn number_forget(&self, patient: PatientId, token: &[u8]) -> Result<(), CustodyError> {
        let mut tx = self.custody.store().begin("let go of a number that waits").await?;
        self.holds(&mut tx).await?;
        tx.arriving_number_forget(self.row.into, (patient, token)).await?;
        Ok(tx.commit().await?)
    }

    /// Proposals that this patient is whoever has the number.
    async fn number_proposals(&self, patient: &Patient, number: &str) -> Result<Vec<PatientMerge>, CustodyError> {
        let custody = &self.custody;
        let same: Vec<PatientId> = self.by_number(number).await?.into_iter().filter(|id| *id != patient.id).collect();
        let (by, others) =
            (custody.program().to_string(), custody.store().patient_fetch_many(self.row.into, &same).await?);
        Ok(others.iter().map(|other| custody.merge_new((patient, other), MergeCause::SameNumber, &by)).collect())
    }

    /// Gives a patient a number that is free, in place of one that waits. How many pairs are proposed; none when somebody was
    /// faster, with the patient or with that number: then it goes on waiting.
    async fn number_give(
        &self,
        patient: &Patient,
        body: PatientBody,
        token: &[u8],
    ) -> Result<Option<u64>, CustodyError> {
        let (custody, into) = (&self.custody, self.row.into);
        let proposals = self.number_proposals(patient, &body.record_number).await?;
        // A number that has the prefix already does not get it twice.
        let bare = body.record_number.strip_prefix(&self.row.prefix).unwrap_or(&body.record_number);
        let record_number = self.number_free(bare, patient.id, &[]).await?;
        let body = PatientBody { record_number, ..body };
        let (tokens, sealed) = (custody.patient_tokens(into, &body)?, custody.patient_seal(into, patient.id, &body)?);
        let now = Patient { body: sealed, changed_at: custody.now(), ..patient.clone() };
        let field = Field::RecordNumber.as_str();
        let mut tx = custody.store().begin("give a patient who has come in a number that is free").await?;
        self.holds(&mut tx).await?;
        for (_, number) in tokens.iter().filter(|(one, _)| one == field) {
            if tx.patient_by_token(into, field, number).await?.is_some() {
                return Ok(None);
            }
        }
        if tx.patient_update(&now).await? == 0 {
            return Ok(None);
        }
        tx.patient_tokens_set(into, patient.id, &tokens).await?;
        let mut proposed = 0;
        for one in &proposals {
            proposed += tx.merge_propose(one).await?;
        }
        tx.arriving_number_forget(into, (patient.id, token)).await?;
        // If we die before: the number goes on waiting, and the next run does it.
        tx.commit().await?;
        Ok(Some(proposed))
    }
}
