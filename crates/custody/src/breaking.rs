//! Breaking the glass: a practice's own people, for one patient, with a reason and a clock, and a review after.

use crate::ask::Question;
use crate::filing::reason_read;
use crate::{AccessLine, Custody, CustodyError, Desk, Phi, Shown, Witnessed};
use policy::{BreakGlassFacts, ResourceFacts};
use record::{BreakGlassId, CustomerId, PatientId, PersonId, Purpose, Timestamp, act};
use store::BreakGlass;
use vault::Column;

/// One broken glass.
pub struct GlassLine {
    /// Which.
    pub id: BreakGlassId,
    /// Who, by name.
    pub who: String,
    /// Whether it is the asker's own, who then may not review it.
    pub own: bool,
    /// For whom.
    pub patient: PatientId,
    /// Why.
    pub reason: Phi<String>,
    /// From.
    pub from_at: Timestamp,
    /// Until.
    pub to_at: Timestamp,
    /// When and by whom the review was closed, and how.
    pub review: Option<(Timestamp, String, String)>,
    /// What was opened of this patient meanwhile, newest first.
    pub opened: Vec<AccessLine>,
}

/// The broken glasses of one customer: one act.
pub struct GlassLines {
    /// Whose.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// Newest first.
    pub lines: Vec<GlassLine>,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Desk<act::BreakGlassStart> {
    /// Breaks the glass for one patient for one to four hours.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn break_glass_start(
        &self,
        patient: PatientId,
        reason: &str,
        hours: i64,
    ) -> Result<BreakGlassId, CustodyError> {
        let reason = reason_read(reason)?;
        if !(1..=4).contains(&hours) {
            return Err(CustodyError::field("hours", "Choose one to four hours"));
        }
        let me = self.person()?;
        let custody = &self.custody;
        let Some(row) = custody.store().patient_fetch(patient).await? else { return self.absent(patient).await };
        let id = BreakGlassId::mint(custody.clock(), custody.entropy());
        let question = Question::of(row.customer, Purpose::Emergency)
            .with(ResourceFacts::Patient(custody.patient_facts(&row, Some(me)).await?))
            .with(ResourceFacts::BreakGlass(BreakGlassFacts { id, customer: row.customer, person: me }))
            .saying(reason);
        drop(self.ask(question).await?);
        let sealed = custody
            .ring()
            .seal_column(row.customer, id, Column::BreakGlassReason, reason.as_bytes())
            .map_err(CustodyError::seal)?;
        // Manager and officer are told before it is open, and an alert stands until the review is closed. If we die below:
        // there is an alert of a glass that was never broken.
        let name = custody.customer_name(row.customer).await?;
        custody
            .alert("break_glass", &format!("The glass was broken at {name} for {hours} h; the review must be closed"))
            .await;
        let now = custody.now();
        let mut tx = custody.store().begin("break a glass").await?;
        tx.break_glass_insert(&BreakGlass {
            id,
            customer: row.customer,
            person: me,
            patient,
            reason: sealed,
            from_at: now,
            to_at: now.plus_secs(hours * 3600),
            reviewed_at: None,
            reviewed_by: None,
            verdict: None,
            note: None,
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }
}

impl Desk<act::BreakGlassList> {
    /// Which glasses were broken at a customer.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn break_glass_list(&self, customer: CustomerId) -> Result<GlassLines, CustodyError> {
        let me = self.person()?;
        let custody = &self.custody;
        let rows = custody.store().break_glass_list(customer).await?;
        let facts = rows
            .iter()
            .map(|row| ResourceFacts::BreakGlass(BreakGlassFacts { id: row.id, customer, person: row.person }));
        let granted = self.ask(Question::of(customer, Purpose::Operations).with_all(facts)).await?;
        let witnessed = granted.witnessed();
        let (opening, shown) = granted.open(&custody.ring())?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let name = |id: Option<PersonId>| async move { custody.name_of_person(id).await };
            lines.push(GlassLine {
                opened: self.opened_under_glass(&row).await?,
                id: row.id,
                who: name(Some(row.person)).await?,
                own: row.person == me,
                patient: row.patient,
                reason: opening.column(row.id, Column::BreakGlassReason, &row.reason).map_err(CustodyError::seal)?,
                from_at: row.from_at,
                to_at: row.to_at,
                review: match (row.reviewed_at, row.verdict) {
                    (Some(at), Some(verdict)) => Some((at, name(row.reviewed_by).await?, verdict)),
                    _ => None,
                },
            });
        }
        Ok(GlassLines { customer, customer_name: custody.customer_name(customer).await?, shown, lines, witnessed })
    }
}

impl Desk<act::BreakGlassReview> {
    /// Closes the review of a broken glass. Nobody closes their own. Not justified ends it at once.
    ///
    /// # Errors
    /// [`CustodyError`]; absent and refused look alike.
    pub async fn break_glass_review(&self, id: BreakGlassId, justified: bool, note: &str) -> Result<(), CustodyError> {
        let note = reason_read(note)?;
        let me = self.person()?;
        let custody = &self.custody;
        let Some(row) = custody.store().break_glass_fetch(id).await? else { return self.absent(id).await };
        let facts = BreakGlassFacts { id, customer: row.customer, person: row.person };
        let question =
            Question::of(row.customer, Purpose::Operations).with(ResourceFacts::BreakGlass(facts)).saying(note);
        drop(self.ask(question).await?);
        let sealed = custody
            .ring()
            .seal_column(row.customer, id, Column::BreakGlassReview, note.as_bytes())
            .map_err(CustodyError::seal)?;
        let verdict = if justified { "justified" } else { "not_justified" };
        let mut tx = custody.store().begin("close a review").await?;
        if tx.break_glass_review((row.customer, id), me, custody.now(), verdict, sealed).await? == 0 {
            return Err(CustodyError::State("this review is closed already"));
        }
        tx.commit().await?;
        if !justified {
            let name = custody.customer_name(row.customer).await?;
            custody
                .alert("break_glass_not_justified", &format!("A broken glass at {name} was found not justified"))
                .await;
        }
        Ok(())
    }
}

impl Custody {
    pub(crate) async fn name_of_person(&self, id: Option<PersonId>) -> Result<String, CustodyError> {
        match id {
            Some(id) => Ok(self.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default()),
            None => Ok(String::new()),
        }
    }
}

#[cfg(test)]
mod tests;
