//! What two practices have agreed upon is carried out: everybody's place at the one ends, its rows leave, page by page, and
//! come in to the other.
//!
//! What must always hold: no key and no value is handed out by the vault but names and visit days, which are needed to find
//! things again under the other practice's index, and they stay in here; what left the one lies with the other before it is
//! taken out of the one; each page is one act that names what is on it; whatever step dies, the next run goes on there.

use super::Question;
use super::checking::NAMED_MAX;
use crate::documents::{body_open, patient_open};
use crate::related::{facts_of, related_open};
use crate::words::PatientBody;
use crate::{Custody, CustodyError, Desk, Shown};
use policy::{BreakGlassFacts, PatientFacts, ResourceFacts};
use record::intent::RESOURCES_LISTED_MAX;
use record::merge::{MergeCause, MergeState};
use record::{CustomerId, DocumentId, Intent, MembershipId, MergeId, Outcome, PatientId, Purpose, act};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;
use store::{
    Arriving, BreakGlass, Document, DocumentVersion, Joining, JoiningState, Membership, Patient, PatientMerge,
    Recipient, RelatedPerson, Token,
};
use vault::{Column, Field, KeyRing, Opening, PatientTokens, Rendition, RenditionKind, WrappedKey};

/// Documents of one act.
const DOCUMENTS_AT_ONCE: u32 = 200;
/// Sealed objects of one act, at most, unless one document alone has more.
pub(super) const OBJECTS_AT_ONCE: usize = 1000;
/// Patients of one act; those around them go along.
pub(super) const PATIENTS_AT_ONCE: u32 = 200;
/// Merges that are looked at together.
const MERGES_AT_ONCE: u32 = 200;
/// Broken glasses of one act.
pub(super) const GLASSES_AT_ONCE: u32 = 200;
/// Counts behind a number with the prefix that are tried.
const NUMBERS_TRIED: u32 = 32;
/// One node carries joinings out at a time.
pub(super) const JOB: &str = "joining";
/// Records with one number, or one surname and birth date, that are looked at.
const CANDIDATES_MAX: u32 = 16;

/// How far a joining has come in this run, and how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JoiningMoved {
    /// Documents that have left.
    pub documents: u64,
    /// Of them, those that there were when the run began.
    pub documents_all: u64,
    /// Patients that have left.
    pub patients: u64,
    /// Of them, those that there were when the run began.
    pub patients_all: u64,
    /// Rows that have come in.
    pub arrived: u64,
    /// Pairs of patients that a person is asked about.
    pub proposed: u64,
    /// Record numbers that both had, and that have the prefix now.
    pub prefixed: u64,
    /// Places of people that were taken over.
    pub taken_over: u64,
    /// Things that do not open, and stay where they are.
    pub damaged: u64,
    /// Patients who were to move with a split and stay, as it was found in this run.
    pub stayed: u64,
    /// All of it is there.
    pub finished: bool,
}

/// Is told how far it is; `Break` stops it between two transactions, and the next run goes on there.
pub(super) type Progress<'p> = &'p mut (dyn FnMut(&JoiningMoved) -> ControlFlow<()> + Send);

/// A joining that is carried out.
pub(super) struct Run {
    pub(super) custody: Custody,
    pub(super) row: Joining,
    pub(super) moved: JoiningMoved,
    /// Ids of the first things that the check could not open.
    pub(super) damaged: Vec<String>,
    /// Of a split: whom both have said yes to, by the list's digest. Nobody else moves.
    pub(super) listed: BTreeSet<PatientId>,
}

pub(super) type Moving = Opening<act::CustomerJoinRun>;
pub(super) type WithVersions = (Document, Vec<DocumentVersion>);
pub(super) type WithRelated = (Patient, Vec<RelatedPerson>);

impl Desk<act::CustomerJoinPrepare> {
    /// Has a joining carried out that both managers have agreed upon, or goes on with one that was stopped.
    ///
    /// # Errors
    /// [`CustodyError::State`] when it is not agreed, or something stands in the way.
    pub async fn join_run(&self, joins: CustomerId, progress: Progress<'_>) -> Result<JoiningMoved, CustodyError> {
        self.prepare_ask(joins, "the joining is carried out").await?;
        let row = self.custody.store().joining_fetch(joins).await?;
        let row = row.filter(|row| row.chosen.is_none());
        let row = row.ok_or(CustodyError::State("Nobody has prepared that this practice joins another."))?;
        self.row_run(row, progress).await
    }

    /// Has a split carried out that both managers have agreed upon, or goes on with one that was stopped.
    ///
    /// # Errors
    /// [`CustodyError::State`] when it is not agreed, or something stands in the way.
    pub async fn split_run(&self, from: CustomerId, progress: Progress<'_>) -> Result<JoiningMoved, CustodyError> {
        self.prepare_ask(from, "the split is carried out").await?;
        let row = self.custody.store().joining_fetch(from).await?;
        let row = row.filter(|row| row.chosen.is_some());
        let row = row.ok_or(CustodyError::State("No split of this practice is prepared."))?;
        self.row_run(row, progress).await
    }

    async fn row_run(&self, row: Joining, progress: Progress<'_>) -> Result<JoiningMoved, CustodyError> {
        match row.state {
            JoiningState::Prepared | JoiningState::Given => {
                return Err(CustodyError::State("Both managers say yes first."));
            }
            JoiningState::Agreed | JoiningState::Moving => {}
            JoiningState::Joined => return Ok(JoiningMoved { finished: true, ..JoiningMoved::default() }),
        }
        // No backup is made meanwhile, and no second run of this process goes beside it; nor one of another node.
        let at_once = "A backup is being made, or a joining carried out. Try again when it is done.";
        let _alone = self.custody.0.backing_up.try_lock().map_err(|_| CustodyError::State(at_once))?;
        if !self.custody.store().job_take(JOB).await? {
            return Err(CustodyError::State(at_once));
        }
        let done = self.row_taken(&row, progress).await;
        // If we die before: another node takes it up when the lease of this one has ended.
        self.custody.store().job_end(JOB, Duration::ZERO).await?;
        done
    }

    /// Nobody else has the job; whoever had it and does not know yet that it is gone changes nothing any more.
    async fn row_taken(&self, row: &Joining, progress: Progress<'_>) -> Result<JoiningMoved, CustodyError> {
        let (custody, mut moved) = (self.custody.clone(), JoiningMoved::default());
        let row = custody.joining_run_begin(row).await?;
        let counts = match &row.chosen {
            None => custody.store().joining_counts(row.customer).await?,
            Some(_) => custody.store().split_counts(row.customer).await?,
        };
        (moved.documents_all, moved.patients_all) = (counts.documents, counts.patients);
        let mut run = Run { custody, row, moved, damaged: Vec::new(), listed: BTreeSet::new() };
        run.whole(progress).await?;
        Ok(run.moved)
    }
}

impl Custody {
    /// Everybody's place at the practice that joins ends, unless it is split and goes on, and those who were taken over have theirs
    /// at the other: one transaction, over who works where. How many were taken over.
    pub(super) async fn joining_begin(&self, row: &Joining) -> Result<u64, CustodyError> {
        match self.join_hindered(row).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let (Some(agreed_by), Some(agreed_at)) = (row.agreed_by, row.agreed_at) else {
            return Err(CustodyError::State("Both managers say yes first."));
        };
        self.words_stand(row).await?;
        let now = self.now();
        let mut places = self.joining_places(row.customer).await?;
        places.retain(|one| row.people.contains(&one.id) && one.person != agreed_by);
        // Who is there until a day is with the other until that day.
        let new: Vec<Membership> = places
            .into_iter()
            .map(|one| Membership {
                id: MembershipId::mint(self.clock(), self.entropy()),
                customer: Some(row.into),
                from_at: now,
                granted_by: agreed_by.to_string(),
                ..one
            })
            .collect();
        let mut tx = self.store().begin("begin to carry a joining out").await?;
        if tx.joining_move(row.customer, agreed_at, now).await? == 0 || !tx.joining_holds(row.customer, row.run).await?
        {
            return Err(CustodyError::Changed);
        }
        if row.chosen.is_none() {
            tx.joining_close(row.customer, now, &agreed_by.to_string()).await?;
        }
        let taken_over = tx.joining_take_over(&new).await?;
        // If we die before: nothing has changed.
        tx.commit().await?;
        let (one, other) = (self.customer_name(row.customer).await?, self.customer_name(row.into).await?);
        let say = match &row.chosen {
            None => {
                format!("{one} joins {other}: its records are being moved, and cannot be read until they are there.")
            }
            Some(_) => format!("Some patients of {one} move to {other}: chart by chart, and {one} goes on working."),
        };
        self.alert("joining_moves", &say).await;
        Ok(taken_over)
    }

    /// A column of the customer whom the act is about, for the one to whom things go by that act.
    pub(super) fn carried(
        &self,
        (opening, ring): (&Moving, &KeyRing),
        (id, column): (impl Into<record::ResourceId>, Column),
        sealed: &[u8],
    ) -> Result<Vec<u8>, CustodyError> {
        opening.column_carry(ring, id, column, sealed).map_err(CustodyError::seal)
    }
}

impl Run {
    pub(super) const fn sides(&self) -> (CustomerId, CustomerId) {
        (self.row.customer, self.row.into)
    }

    /// Nothing begins, and nobody's place ends, before everything was opened once: what does not open is mended while the
    /// practice still can be read.
    async fn whole(&mut self, progress: Progress<'_>) -> Result<(), CustodyError> {
        if self.row.chosen.is_some() {
            return self.split(progress).await;
        }
        if self.row.state == JoiningState::Agreed {
            match self.custody.join_hindered(&self.row).await? {
                "" => {}
                hindered => return Err(CustodyError::State(hindered)),
            }
            self.custody.words_stand(&self.row).await?;
            if self.check(&mut *progress).await?.is_break() {
                return Ok(());
            }
            self.moved.taken_over = self.custody.joining_begin(&self.row).await?;
        }
        // If we die from here on: the row says "moving", and the next run goes on.
        self.all(progress).await
    }

    async fn all(&mut self, progress: Progress<'_>) -> Result<(), CustodyError> {
        let left = self.documents_leave(&mut *progress).await?.is_break()
            || self.glasses_leave().await?.is_break()
            || self.merges_leave(&mut *progress).await?.is_break()
            || self.patients_leave(&mut *progress).await?.is_break();
        if left {
            return Ok(());
        }
        self.stayed_forget().await?;
        if self.come_in(&mut *progress).await?.is_break() {
            return Ok(());
        }
        self.numbers_settle().await?;
        self.end().await
    }

    /// Asks for one page, as the system's job. Where things go from the one that joins is said in the act itself: policy looks
    /// whether both managers have agreed upon that, the ledger has it, and the vault goes by it.
    pub(super) async fn ask(
        &self,
        customer: CustomerId,
        facts: impl IntoIterator<Item = ResourceFacts>,
    ) -> Result<(Moving, Shown), CustodyError> {
        let (joins, into) = self.sides();
        let words = super::list_words(&self.row);
        let mut question = Question::of(customer, Purpose::Administration).saying(&words).with_all(facts);
        if customer == joins {
            question = question.also(into);
        }
        self.custody.ask_job::<act::CustomerJoinRun>(question).await?.open(&self.custody.ring())
    }

    /// The end of a page's act.
    pub(super) async fn told<T>(
        &self,
        intent: &Intent,
        why: &'static str,
        done: Result<T, CustodyError>,
    ) -> Result<T, CustodyError> {
        let (outcome, why) = if done.is_ok() { (Outcome::Done, why) } else { (Outcome::Failed, "broken") };
        self.custody.told(intent, outcome, why, None).await;
        done
    }

    async fn documents_leave(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        loop {
            let (mut after, before) = (None, self.moved.documents);
            self.moved.damaged = 0;
            loop {
                let some = self.documents_after(after).await?;
                let Some((last, _)) = some.last() else { break };
                after = Some(last.id);
                self.documents_page(some).await?;
                if progress(&self.moved).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            // What somebody has changed meanwhile is left, and taken by another pass.
            if self.moved.documents == before {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// The next documents with their versions: as many as one act may name.
    pub(super) async fn documents_after(&self, after: Option<DocumentId>) -> Result<Vec<WithVersions>, CustodyError> {
        let (joins, _) = self.sides();
        let store = self.custody.store();
        let page = store.document_page_of(joins, after, DOCUMENTS_AT_ONCE).await?;
        let ids: Vec<DocumentId> = page.iter().map(|one| one.id).collect();
        let mut versions = store.versions_of(joins, &ids).await?;
        let (mut objects, mut some) = (0, Vec::new());
        for document in page {
            let versions = versions.remove(&document.id).unwrap_or_default();
            objects += 2 * versions.len();
            if objects > OBJECTS_AT_ONCE && !some.is_empty() {
                break;
            }
            some.push((document, versions));
        }
        Ok(some)
    }

    async fn documents_page(&mut self, some: Vec<WithVersions>) -> Result<(), CustodyError> {
        let (joins, _) = self.sides();
        let documents: Vec<Document> = some.iter().map(|(document, _)| document.clone()).collect();
        let ids: Vec<DocumentId> = documents.iter().map(|one| one.id).collect();
        let told = self.custody.store().document_facts_many(joins, &documents, None).await?;
        let lie = self.custody.store().recipient_list_many(joins, &ids).await?;
        let (opening, shown) = self.ask(joins, told.into_iter().map(ResourceFacts::Document)).await?;
        let done = self.documents_carry((&opening, &shown), &some, &lie).await;
        let (gone, damaged) = self.told(opening.intent(), "moved", done).await?;
        self.moved.documents += gone;
        self.moved.damaged += damaged;
        Ok(())
    }

    async fn documents_carry(
        &self,
        (opening, shown): (&Moving, &Shown),
        some: &[WithVersions],
        lie: &BTreeMap<DocumentId, Vec<Recipient>>,
    ) -> Result<(u64, u64), CustodyError> {
        let (mut rows, mut read, mut damaged) = (Vec::new(), Vec::new(), 0);
        for (document, versions) in some {
            let Ok(carried) = self.document_carried((opening, shown), (document, versions)) else {
                damaged += 1;
                continue;
            };
            rows.extend(carried);
            rows.extend(lie.get(&document.id).into_iter().flatten().map(Arriving::recipient));
            read.push((document.id, document.revision));
        }
        self.put(&rows).await?;
        // If we die here: the page waits with the other and still is with the one; the next run puts it anew.
        let mut tx = self.departing("take documents out of a practice that joins another", &rows).await?;
        let gone = tx.depart_documents(self.row.customer, &read).await?;
        tx.commit().await?;
        // If we die here: the page waits with the other, and nowhere else.
        Ok((gone, damaged))
    }

    pub(super) fn document_carried(
        &self,
        (opening, shown): (&Moving, &Shown),
        (document, versions): (&Document, &[DocumentVersion]),
    ) -> Result<Vec<Arriving>, CustodyError> {
        let (custody, ring, into) = (&self.custody, self.custody.ring(), self.row.into);
        let to = (opening, &*ring);
        let visit = body_open(opening, shown, document)?.into_shown(shown).visit;
        let days: Vec<Token> = visit.map(|day| custody.visit_token(into, day)).transpose()?.into_iter().collect();
        let reason = document.reason.as_deref();
        let reason =
            reason.map(|sealed| custody.carried(to, (document.id, Column::DocumentEventBody { event: 1 }), sealed));
        let mut rows = vec![Arriving::document(&Document {
            customer: into,
            body: custody.carried(to, (document.id, Column::DocumentBody), &document.body)?,
            reason: reason.transpose()?,
            ..document.clone()
        })];
        for one in versions {
            let column = Column::DocumentVersionFileName { version: one.version };
            let key = |kind: RenditionKind, bytes: &[u8]| {
                let wrapped = WrappedKey::from_bytes(bytes).map_err(CustodyError::seal)?;
                let rendition = Rendition { version: one.version, kind };
                let carried = opening.object_key_carry(&ring, one.document, rendition, &wrapped);
                Ok::<_, CustodyError>(carried.map_err(CustodyError::seal)?.to_bytes())
            };
            let body = one.body.as_deref().map(|sealed| {
                custody.carried(to, (document.id, Column::DocumentVersionBody { version: one.version }), sealed)
            });
            rows.push(Arriving::version(&DocumentVersion {
                file_name: custody.carried(to, (document.id, column), &one.file_name)?,
                body: body.transpose()?,
                original_key: key(RenditionKind::Original, &one.original_key)?,
                text_key: one.text_key.as_deref().map(|bytes| key(RenditionKind::Text, bytes)).transpose()?,
                ..one.clone()
            }));
        }
        rows.extend(Arriving::document_tokens(document.id, &days));
        Ok(rows)
    }

    async fn glasses_leave(&mut self) -> Result<ControlFlow<()>, CustodyError> {
        let (joins, _) = self.sides();
        let mut after = None;
        loop {
            let some = self.custody.store().break_glass_page(joins, after, GLASSES_AT_ONCE).await?;
            let Some(last) = some.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some(last.id);
            let opening = self.glasses_ask(&some).await?;
            let (mut rows, mut ids) = (Vec::new(), Vec::new());
            for one in &some {
                match self.glass_carried(&opening, one) {
                    Ok(row) => {
                        rows.push(row);
                        ids.push(one.id);
                    }
                    Err(_) => self.moved.damaged += 1,
                }
            }
            let done = self.glasses_move(&rows, &ids).await;
            self.told(opening.intent(), "moved", done).await?;
        }
    }

    pub(super) async fn glasses_ask(&self, some: &[BreakGlass]) -> Result<Moving, CustodyError> {
        let (joins, _) = self.sides();
        let facts = |one: &BreakGlass| BreakGlassFacts { id: one.id, customer: joins, person: one.person };
        let (opening, _) = self.ask(joins, some.iter().map(|one| ResourceFacts::BreakGlass(facts(one)))).await?;
        Ok(opening)
    }

    pub(super) fn glass_carried(&self, opening: &Moving, one: &BreakGlass) -> Result<Arriving, CustodyError> {
        let (custody, ring, into) = (&self.custody, self.custody.ring(), self.row.into);
        let to = (opening, &*ring);
        let reason = custody.carried(to, (one.id, Column::BreakGlassReason), &one.reason)?;
        let note = one.note.as_deref();
        let note = note.map(|note| custody.carried(to, (one.id, Column::BreakGlassReview), note)).transpose()?;
        Ok(Arriving::break_glass(&BreakGlass { customer: into, reason, note, ..one.clone() }))
    }

    async fn glasses_move(&self, rows: &[Arriving], ids: &[record::BreakGlassId]) -> Result<(), CustodyError> {
        self.put(rows).await?;
        // If we die here, or below: as with documents.
        let mut tx = self.departing("take broken glasses out of a practice that joins another", rows).await?;
        tx.depart_glasses(self.row.customer, ids).await?;
        Ok(tx.commit().await?)
    }

    /// Merges hold ids only: nothing is opened, and nothing is asked but once a page.
    async fn merges_leave(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let (joins, _) = self.sides();
        let mut after = None;
        loop {
            let page = self.custody.store().arriving_merge_page(joins, after, MERGES_AT_ONCE).await?;
            let Some((last, _)) = page.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some(last.id);
            let (opening, _) = self.ask(joins, []).await?;
            let mut rows = Vec::new();
            for (merge, things) in &page {
                rows.push(Arriving::merge(merge, &merge.id.to_string()));
                rows.extend(Arriving::merge_moved(merge.id, things));
            }
            let ids: Vec<MergeId> = page.iter().map(|(merge, _)| merge.id).collect();
            let done = self.merges_move(&rows, &ids).await;
            self.told(opening.intent(), "moved", done).await?;
            if progress(&self.moved).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    async fn merges_move(&self, rows: &[Arriving], ids: &[MergeId]) -> Result<(), CustodyError> {
        self.put(rows).await?;
        // If we die here, or below: as with documents.
        let mut tx = self.departing("take merges out of a practice that joins another", rows).await?;
        tx.depart_merges(self.row.customer, ids).await?;
        Ok(tx.commit().await?)
    }

    /// Records that went into others leave before those.
    async fn patients_leave(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let (joins, _) = self.sides();
        let damaged = self.moved.damaged;
        loop {
            let (mut after, before) = (None, self.moved.patients);
            self.moved.damaged = damaged;
            loop {
                let store = self.custody.store();
                let page = store.arriving_patient_page(joins, after, PATIENTS_AT_ONCE).await?;
                let some = self.patients_with(page).await?;
                let Some((last, _)) = some.last() else { break };
                after = Some(last.id);
                self.patients_page(some).await?;
                if progress(&self.moved).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if self.moved.patients == before {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// With those around them: as many as one act names one by one, and where they go, unless one alone has more around them.
    pub(super) async fn patients_with(&self, page: Vec<Patient>) -> Result<Vec<WithRelated>, CustodyError> {
        let ids: Vec<PatientId> = page.iter().map(|one| one.id).collect();
        let mut around: BTreeMap<PatientId, Vec<RelatedPerson>> = BTreeMap::new();
        for one in self.custody.store().related_of(self.row.customer, &ids).await? {
            around.entry(one.patient).or_default().push(one);
        }
        let (mut named, mut some) = (1, Vec::new());
        for one in page {
            let around = around.remove(&one.id).unwrap_or_default();
            named += 1 + around.len();
            if named > RESOURCES_LISTED_MAX && !some.is_empty() {
                break;
            }
            some.push((one, around));
        }
        Ok(some)
    }

    pub(super) async fn patients_ask(&self, some: &[WithRelated]) -> Result<(Moving, Shown), CustodyError> {
        let mut facts = Vec::new();
        for (one, around) in some {
            let told =
                PatientFacts { id: one.id, customer: one.customer, in_care: false, provisional: one.provisional };
            facts.push(ResourceFacts::Patient(told));
            facts.extend(facts_of(around, told));
        }
        self.ask(self.row.customer, facts).await
    }

    async fn patients_page(&mut self, some: Vec<WithRelated>) -> Result<(), CustodyError> {
        let (opening, shown) = self.patients_ask(&some).await?;
        let done = self.patients_carry((&opening, &shown), &some).await;
        let moved = self.told(opening.intent(), "moved", done).await?;
        self.moved.patients += moved.patients;
        self.moved.proposed += moved.proposed;
        self.moved.prefixed += moved.prefixed;
        self.moved.damaged += moved.damaged;
        Ok(())
    }

    async fn patients_carry(
        &self,
        (opening, shown): (&Moving, &Shown),
        some: &[WithRelated],
    ) -> Result<JoiningMoved, CustodyError> {
        let store = self.custody.store();
        let (mut rows, mut read, mut moved) = (Vec::new(), Vec::new(), JoiningMoved::default());
        for (patient, around) in some {
            // What does not open stays; what the store or the index cannot, ends the page.
            let Ok(body) = patient_open(opening, shown, patient) else {
                moved.damaged += 1;
                continue;
            };
            let Ok(beside) = self.related_carried((opening, shown), around) else {
                moved.damaged += 1;
                continue;
            };
            let (mut carried, prefixed, proposed) =
                self.patient_carried(opening, (patient, body.into_shown(shown)), &rows).await?;
            if let Some(at) = store.adt_said_at(patient.customer, patient.id).await? {
                carried.push(Arriving::said_at(patient.id, at));
            }
            moved.prefixed += u64::from(prefixed);
            moved.proposed += proposed;
            rows.extend(carried);
            rows.extend(beside);
            read.push((patient.id, patient.revision));
        }
        self.put(&rows).await?;
        // If we die here, or below: as with documents.
        let mut tx = self.departing("take patients out of a practice that joins another", &rows).await?;
        moved.patients = tx.depart_patients(self.row.customer, &read).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Those around a patient, and how their surnames find the patient.
    pub(super) fn related_carried(
        &self,
        (opening, shown): (&Moving, &Shown),
        around: &[RelatedPerson],
    ) -> Result<Vec<Arriving>, CustodyError> {
        let (custody, ring, into) = (&self.custody, self.custody.ring(), self.row.into);
        let mut rows = Vec::new();
        for one in around {
            let body = related_open(opening, shown, one)?.into_shown(shown);
            let tokens = custody.related_tokens(into, one.kind, &body)?;
            let sealed = custody.carried((opening, &*ring), (one.id, Column::RelatedPersonBody), &one.body)?;
            rows.push(Arriving::related(&RelatedPerson { customer: into, body: sealed, ..one.clone() }));
            rows.extend(Arriving::patient_tokens(one.patient, &tokens));
        }
        Ok(rows)
    }

    /// A patient for the other practice: under a number that nobody has there, found by its index, and proposed as the same
    /// where somebody there has the number, or the name and birth date. Says whether the number has the prefix now, and how
    /// many proposals there are. `beside`: what is put together with this one.
    pub(super) async fn patient_carried(
        &self,
        opening: &Moving,
        (patient, body): (&Patient, PatientBody),
        beside: &[Arriving],
    ) -> Result<(Vec<Arriving>, bool, u64), CustodyError> {
        let (custody, ring, into) = (&self.custody, self.custody.ring(), self.row.into);
        let same_number = self.by_number(&body.record_number).await?;
        let is_taken = !same_number.is_empty();
        let same_name = self.by_name(&body).await?;
        let (sealed, body) = if is_taken {
            let number = self.number_free(&body.record_number, patient.id, beside).await?;
            let body = PatientBody { record_number: number, ..body };
            (custody.patient_seal(into, patient.id, &body)?, body)
        } else {
            let sealed = custody.carried((opening, &*ring), (patient.id, Column::PatientBody), &patient.body)?;
            (sealed, body)
        };
        let mut rows = Arriving::patient(&Patient { customer: into, body: sealed, ..patient.clone() });
        rows.extend(Arriving::patient_tokens(patient.id, &custody.patient_tokens(into, &body)?));
        // A record that went into another is proposed by that one.
        let mut proposed = 0;
        let pairs = same_number.union(&same_name).filter(|_| patient.linked_to.is_none());
        for other in pairs {
            let cause = if same_name.contains(other) { MergeCause::SameName } else { MergeCause::SameNumber };
            let new = PatientMerge {
                id: MergeId::mint(custody.clock(), custody.entropy()),
                customer: into,
                prior: patient.id,
                survivor: *other,
                cause,
                state: MergeState::Proposed,
                proposed_at: custody.now(),
                proposed_by: custody.program().to_string(),
                decided_at: None,
                decided_by: None,
                undone_at: None,
                undone_by: None,
            };
            rows.push(Arriving::merge(&new, &format!("{}/{other}", patient.id)));
            proposed += 1;
        }
        Ok((rows, is_taken, proposed))
    }

    /// A number that neither practice has, nor anybody who waits to come in, or is put `beside` this one: with the prefix, and behind it a count if need be;
    /// where all of those are somebody's, with the patient's own id, which is nobody else's.
    pub(super) async fn number_free(
        &self,
        number: &str,
        patient: PatientId,
        beside: &[Arriving],
    ) -> Result<String, CustodyError> {
        let (custody, (joins, into)) = (&self.custody, self.sides());
        let field = Field::RecordNumber.as_str();
        let first = format!("{}{}", self.row.prefix, number.trim());
        for count in 1..=NUMBERS_TRIED {
            let number = if count == 1 { first.clone() } else { format!("{first}-x{count}") };
            let (here, there) = (custody.number_token(joins, &number)?, custody.number_token(into, &number)?);
            let (Some(here), Some(there)) = (here, there) else { return Ok(number) };
            let store = custody.store();
            let is_free = !beside.iter().any(|row| row.is_token((field, &there)))
                && store.patients_with_token(joins, (field, &here), 1).await?.is_empty()
                && store.patients_with_token(into, (field, &there), 1).await?.is_empty()
                && !store.arriving_has_token(into, (field, &there)).await?;
            if is_free {
                return Ok(number);
            }
        }
        Ok(format!("{}{patient}", self.row.prefix))
    }

    /// Who has this record number at the other practice; whoever went into another record is that one.
    pub(super) async fn by_number(&self, number: &str) -> Result<BTreeSet<PatientId>, CustodyError> {
        let (custody, into) = (&self.custody, self.row.into);
        let Some(token) = custody.number_token(into, number.trim())? else { return Ok(BTreeSet::new()) };
        let field = Field::RecordNumber.as_str();
        let ids = custody.store().patients_with_token(into, (field, &token), CANDIDATES_MAX).await?;
        let mut found = BTreeSet::new();
        for patient in custody.store().patient_fetch_many(into, &ids).await? {
            found.insert(custody.patient_survivor(patient).await?.id);
        }
        Ok(found)
    }

    /// Who has this surname, given name and birth date at the other practice. Twins have one given name each.
    async fn by_name(&self, body: &PatientBody) -> Result<BTreeSet<PatientId>, CustodyError> {
        let (custody, into) = (&self.custody, self.row.into);
        let tokens = PatientTokens { given: &body.first, surname: &body.last, birth: body.born, record_number: None };
        let ring = custody.ring();
        let mut born = Vec::new();
        let mut given = BTreeSet::new();
        for token in tokens.tokens() {
            if matches!(token.field, Field::SurnameBirth | Field::Given) {
                let mac = ring.blind(into, token.field, &token.word).map_err(CustodyError::seal)?.to_vec();
                if token.field == Field::Given {
                    given.insert(mac);
                } else {
                    born.push(mac);
                }
            }
        }
        let fields = (Field::SurnameBirth.as_str(), born.as_slice());
        let found = custody.store().patients_by_number(into, fields, Field::Given.as_str()).await?;
        let same = found.into_values().flatten().filter(|(_, theirs)| !given.is_empty() && given.is_subset(theirs));
        Ok(same.map(|(id, _)| id).take(CANDIDATES_MAX as usize).collect())
    }

    /// All of it is there, unless something does not open.
    async fn end(&mut self) -> Result<(), CustodyError> {
        let (joins, into) = self.sides();
        let custody = &self.custody;
        let left = custody.store().arriving_left(joins).await?;
        let (one, other) = (custody.customer_name(joins).await?, custody.customer_name(into).await?);
        let waits = custody.store().arriving_count(into).await?;
        if left > 0 || waits > 0 {
            // Nothing keeps a document back but itself. Ids are no PHI.
            let some = custody.store().document_page_of(joins, None, NAMED_MAX.into()).await?;
            let some: Vec<String> = some.iter().map(|one| one.id.to_string()).collect();
            let say = format!(
                "{one} joins {other}: {left} things stay, because they do not open or something points to them ({}), and \
                 {waits} rows wait for those.",
                some.join(" ")
            );
            custody.alert("joining_damaged", &say).await;
            return Ok(());
        }
        let mut tx = custody.store().begin("end a joining").await?;
        self.holds(&mut tx).await?;
        tx.depart_known(joins).await?;
        // Whoever was let in while it moved has no place at a practice that is closed.
        tx.joining_close(joins, custody.now(), &custody.program().to_string()).await?;
        if tx.joining_end((joins, into), custody.now()).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.commit().await?;
        self.moved.finished = true;
        custody.alert("joining_done", &format!("{one} has joined {other}: all of its records are there.")).await;
        Ok(())
    }
}
