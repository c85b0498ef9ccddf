//! Before a practice's door closes: everything that is to move is opened once.
//!
//! What must always hold: nothing is changed by it; what it opens is what a run would carry, under acts of the same kind that
//! name the same things; what it makes is let go of at once.

use super::carrying::{GLASSES_AT_ONCE, Moving, PATIENTS_AT_ONCE, Progress, Run, WithRelated, WithVersions};
use crate::documents::patient_open;
use crate::{CustodyError, Shown};
use policy::ResourceFacts;
use record::Intent;
use std::ops::ControlFlow;
use store::{BreakGlass, Document};
use vault::Column;

/// Things that an alert names.
pub(super) const NAMED_MAX: u8 = 5;

impl Run {
    /// Opens everything. `Break` when somebody stopped it, or when something does not open: then nothing has begun.
    pub(super) async fn check(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        if self.documents_check(&mut *progress).await?.is_break()
            || self.patients_check(&mut *progress).await?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        self.glasses_check().await?;
        let damaged = self.moved.damaged;
        if damaged == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let (one, other) =
            (self.custody.customer_name(self.row.customer).await?, self.custody.customer_name(self.row.into).await?);
        // Ids are no PHI.
        let some = self.damaged.join(" ");
        let say = format!("{one} does not join {other} yet: {damaged} things do not open ({some}). Nothing was moved.");
        self.custody.alert("joining_damaged", &say).await;
        Ok(ControlFlow::Break(()))
    }

    /// The end of a page's act; what did not open on it is remembered by its id, as far as an alert names it.
    async fn checked(&mut self, intent: &Intent, damaged: Vec<String>) -> Result<(), CustodyError> {
        self.told(intent, "checked", Ok(())).await?;
        self.moved.damaged += damaged.len() as u64;
        self.damaged.extend(damaged);
        self.damaged.truncate(NAMED_MAX.into());
        Ok(())
    }

    async fn documents_check(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let mut after = None;
        loop {
            let some = self.documents_after(after).await?;
            let Some((last, _)) = some.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some(last.id);
            let documents: Vec<Document> = some.iter().map(|(document, _)| document.clone()).collect();
            let told = self.custody.store().document_facts_many(self.row.customer, &documents, None).await?;
            let (opening, shown) = self.ask(self.row.customer, told.into_iter().map(ResourceFacts::Document)).await?;
            let opens = |(document, versions): &&WithVersions| {
                self.document_carried((&opening, &shown), (document, versions)).is_err()
            };
            let damaged = some.iter().filter(opens).map(|(document, _)| document.id.to_string()).collect();
            self.checked(opening.intent(), damaged).await?;
            if progress(&self.moved).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    async fn patients_check(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let mut after = None;
        loop {
            let page = self.custody.store().patient_page_of(self.row.customer, after, PATIENTS_AT_ONCE).await?;
            let some = self.patients_with(page).await?;
            let Some((last, _)) = some.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some(last.id);
            let (opening, shown) = self.patients_ask(&some).await?;
            let opens = |one: &&WithRelated| self.patient_opens((&opening, &shown), one).is_err();
            let damaged = some.iter().filter(opens).map(|(patient, _)| patient.id.to_string()).collect();
            self.checked(opening.intent(), damaged).await?;
            if progress(&self.moved).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    fn patient_opens(
        &self,
        (opening, shown): (&Moving, &Shown),
        (patient, around): &WithRelated,
    ) -> Result<(), CustodyError> {
        drop(patient_open(opening, shown, patient)?);
        let ring = self.custody.ring();
        let to = (opening, &*ring);
        self.custody.carried(to, (patient.id, Column::PatientBody), &patient.body)?;
        self.related_carried((opening, shown), around).map(drop)
    }

    async fn glasses_check(&mut self) -> Result<(), CustodyError> {
        let mut after = None;
        loop {
            let some = self.custody.store().break_glass_page(self.row.customer, after, GLASSES_AT_ONCE).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = Some(last.id);
            let opening = self.glasses_ask(&some).await?;
            let opens = |one: &&BreakGlass| self.glass_carried(&opening, one).is_err();
            let damaged = some.iter().filter(opens).map(|one| one.id.to_string()).collect();
            self.checked(opening.intent(), damaged).await?;
        }
    }
}
