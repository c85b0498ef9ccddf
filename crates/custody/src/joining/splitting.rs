//! Some patients of a practice go to another one, as both managers have agreed: chart by chart, while the practice goes on.
//!
//! What must always hold: a chart (a patient, whoever went into that one, their documents, those around them, their merges and
//! broken glasses) is with the one practice or with the other, whole, and on its way for a moment only; it leaves as it was read,
//! or not now; nobody leaves who is not in the list that both have said yes to; what does not open, what is held, and what is
//! tied to somebody who stays, stays where it can be read. What is carried, and how, is a joining's: `carrying.rs`.

use super::carrying::{Moving, OBJECTS_AT_ONCE, Progress, Run, WithRelated, WithVersions};
use super::choosing::{held_back, list_digest};
use crate::documents::patient_open;
use crate::{CustodyError, Shown};
use policy::ResourceFacts;
use record::merge::MergeState;
use record::{DocumentId, Outcome, PatientId, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use store::{
    Arriving, ArrivingAt, BreakGlass, Document, JoiningState, PatientMerge, SplitCharts, SplitFate, SplitStand,
    SplitTie, StoreError,
};

/// Patients that leave with one transaction, unless more of them are tied together.
const PATIENTS_AT_ONCE: usize = 20;
/// Patients that leave together because something was once said of them.
const REMEMBERED_MAX: usize = 200;
/// Times that a run comes back to charts that somebody was changing.
const PASSES_MAX: u32 = 3;

/// What came of some charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// They have left.
    Gone,
    /// Somebody changed something meanwhile, or ties them to somebody who stays.
    NotNow,
    /// Something does not open.
    Broken,
}

/// Charts under the other practice's keys, and the acts by which they came there.
#[derive(Default)]
struct Carried {
    rows: Vec<Arriving>,
    acts: Vec<Moving>,
    proposed: u64,
    prefixed: u64,
    /// Something does not open: nothing of it leaves.
    is_broken: bool,
}

/// Patients that have to do with each other, together: those go at once, so that what was once said of two goes along with both.
/// Where very many hang together by memories alone, only those go at once who have to.
fn groups_of(ties: &[SplitTie], moves: &BTreeSet<PatientId>) -> Vec<Vec<PatientId>> {
    let mut groups = Vec::new();
    for group in grouped(ties, moves) {
        if group.len() <= REMEMBERED_MAX {
            groups.push(group);
        } else {
            groups.extend(grouped(&holding(ties), &group.into_iter().collect()));
        }
    }
    groups
}

/// Ties without memories.
fn holding(ties: &[SplitTie]) -> Vec<SplitTie> {
    ties.iter().copied().filter(SplitTie::holds).collect()
}

fn grouped(ties: &[SplitTie], moves: &BTreeSet<PatientId>) -> Vec<Vec<PatientId>> {
    let mut near: BTreeMap<PatientId, Vec<PatientId>> = BTreeMap::new();
    for tie in ties {
        near.entry(tie.one).or_default().push(tie.other);
        near.entry(tie.other).or_default().push(tie.one);
    }
    let (mut groups, mut seen) = (Vec::new(), BTreeSet::new());
    for first in moves {
        if !seen.insert(*first) {
            continue;
        }
        let (mut group, mut at) = (vec![*first], 0);
        while let Some(one) = group.get(at).copied() {
            at += 1;
            for other in near.get(&one).into_iter().flatten() {
                if moves.contains(other) && seen.insert(*other) {
                    group.push(*other);
                }
            }
        }
        groups.push(group);
    }
    groups
}

/// Is a merge more than a memory: it waits for somebody, or stands.
fn ties(merge: &PatientMerge) -> bool {
    matches!(merge.state, MergeState::Proposed | MergeState::Merged)
}

/// Does nothing of these charts name anybody beside these patients.
fn is_closed(charts: &SplitCharts, ids: &BTreeSet<PatientId>) -> bool {
    let here = |id: &Option<PatientId>| id.is_none_or(|id| ids.contains(&id));
    charts.patients.len() == ids.len()
        && charts.patients.iter().all(|one| ids.contains(&one.id) && here(&one.linked_to))
        && charts.documents.iter().all(|one| one.patient.is_some() && here(&one.patient))
        && charts.merges.iter().filter(|one| ties(one)).all(|one| here(&Some(one.prior)) && here(&Some(one.survivor)))
}

/// Were all these documents written by those by whom they were chosen, when they were.
fn is_as_chosen(charts: &SplitCharts, authors: &[PersonId]) -> bool {
    let theirs = |one: &Document| one.author.is_some_and(|author| authors.contains(&author));
    authors.is_empty() || charts.documents.iter().all(theirs)
}

impl Run {
    pub(super) async fn split(&mut self, progress: Progress<'_>) -> Result<(), CustodyError> {
        self.list_check().await?;
        if self.row.state == JoiningState::Agreed {
            self.moved.taken_over = self.custody.joining_begin(&self.row).await?;
        }
        self.custody.split_grown_tell(&self.row).await?;
        // If we die from here on: the row says "moving", and the next run goes on.
        if self.settle(&mut *progress).await?.is_break() {
            return Ok(());
        }
        for _ in 0..PASSES_MAX {
            let groups = self.groups().await?;
            if groups.is_empty() {
                return self.split_end().await;
            }
            if self.groups_leave(groups, &mut *progress).await?.is_break() {
                return Ok(());
            }
        }
        // Somebody goes on changing some of them: another run takes those.
        if self.groups().await?.is_empty() { self.split_end().await } else { Ok(()) }
    }

    /// Is the list that is to be carried out the one that both have said yes to.
    async fn list_check(&self) -> Result<(), CustodyError> {
        let all = self.custody.store().split_patients(self.row.customer).await?;
        let listed = all.iter().filter(|one| one.listed).map(|one| one.patient);
        let digest = list_digest(self.sides(), listed);
        if self.row.chosen.as_deref() == Some(digest.as_bytes().as_slice()) {
            return Ok(());
        }
        Err(CustodyError::State("The list is not the one that both managers have said yes to. Nothing was moved."))
    }

    /// What a run had put for the other practice when it died: had its charts left, they come in; had they not, it is let go of
    /// and put anew.
    async fn settle(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        let (from, into) = self.sides();
        let store = self.custody.store();
        if store.arriving_count(into).await? == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        // Patients are put with the rest of their charts and come in before it: while one of them waits, all of it does.
        let waits = store.arriving_next(into, &ArrivingAt::default()).await?;
        let first = waits.iter().find_map(|facts| match facts {
            ResourceFacts::Patient(patient) => Some(patient.id),
            _ => None,
        });
        let is_here = match first {
            Some(id) => store.patient_fetch(id).await?.is_some_and(|row| row.customer == from),
            None => false,
        };
        if is_here {
            self.forget().await?;
            return Ok(ControlFlow::Continue(()));
        }
        self.all_come_in(progress).await
    }

    /// All that waits comes in, under numbers that are nobody's: nothing waits when the next charts are put.
    async fn all_come_in(&mut self, progress: Progress<'_>) -> Result<ControlFlow<()>, CustodyError> {
        if self.come_in(progress).await?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.numbers_settle().await?;
        // Somebody at the other practice was faster each time: the next run goes on there.
        if self.custody.store().arriving_count(self.row.into).await? > 0 {
            return Err(CustodyError::Changed);
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn forget(&self) -> Result<(), CustodyError> {
        let mut tx = self.custody.store().begin("let go of what did not leave").await?;
        if !tx.joining_holds(self.row.customer).await? {
            return Err(CustodyError::Changed);
        }
        tx.arriving_forget_all(self.row.into).await?;
        Ok(tx.commit().await?)
    }

    /// Who is still to move, those together who are tied together; whoever has to stay by now is written down as that.
    async fn groups(&mut self) -> Result<Vec<Vec<PatientId>>, CustodyError> {
        let (from, _) = self.sides();
        let store = self.custody.store();
        let all = store.split_patients(from).await?;
        let mut moves: BTreeSet<PatientId> =
            all.into_iter().filter(|one| one.fate == SplitFate::Moves).map(|one| one.patient).collect();
        if moves.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<PatientId> = moves.iter().copied().collect();
        let mut here = BTreeSet::new();
        for some in ids.chunks(500) {
            here.extend(store.patient_fetch_many(from, some).await?.into_iter().map(|one| one.id));
        }
        let gone: Vec<PatientId> = ids.into_iter().filter(|one| !here.contains(one)).collect();
        moves.retain(|one| here.contains(one));
        let held = store.split_held(from).await?;
        let held: Vec<PatientId> = held.into_iter().filter(|one| moves.remove(one)).collect();
        let ties = store.split_ties(from).await?;
        let others = self.custody.split_others_now(&self.row, (&ties, &moves)).await?;
        for one in &others {
            moves.remove(one);
        }
        let back: Vec<PatientId> = held_back(&ties, &mut moves).into_iter().collect();
        let stay = [
            (gone, SplitFate::Gone),
            (held, SplitFate::Held),
            (others, SplitFate::Others),
            (back, SplitFate::Connected),
        ];
        for (ids, fate) in stay {
            self.stay(&ids, fate).await?;
        }
        Ok(groups_of(&ties, &moves))
    }

    async fn stay(&mut self, ids: &[PatientId], fate: SplitFate) -> Result<(), CustodyError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut tx = self.custody.store().begin("write down who stays").await?;
        self.moved.stayed += tx.split_fate(self.row.customer, ids, fate).await?;
        Ok(tx.commit().await?)
    }

    /// Several groups at once, and each by itself when something is the matter with one of them.
    async fn groups_leave(
        &mut self,
        groups: Vec<Vec<PatientId>>,
        progress: Progress<'_>,
    ) -> Result<ControlFlow<()>, CustodyError> {
        let mut pages: Vec<Vec<Vec<PatientId>>> = Vec::new();
        for group in groups {
            match pages.last_mut() {
                Some(page) if page.iter().map(Vec::len).sum::<usize>() + group.len() <= PATIENTS_AT_ONCE => {
                    page.push(group)
                }
                _ => pages.push(vec![group]),
            }
        }
        for page in pages {
            if page.len() > 1 {
                match self.charts_leave(&page.concat(), &mut *progress).await? {
                    ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
                    ControlFlow::Continue(Left::Gone) => continue,
                    ControlFlow::Continue(Left::NotNow | Left::Broken) => {}
                }
            }
            for group in page {
                if self.group_leaves(group, &mut *progress).await?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// One group by itself. What was once said of two keeps nobody beside somebody whose chart does not open: then those go at once
    /// who have to, and the memory ends.
    async fn group_leaves(
        &mut self,
        group: Vec<PatientId>,
        progress: Progress<'_>,
    ) -> Result<ControlFlow<()>, CustodyError> {
        let left = match self.charts_leave(&group, &mut *progress).await? {
            ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            ControlFlow::Continue(left) => left,
        };
        let parts = if left == Left::Broken && group.len() > 1 {
            let ties = holding(&self.custody.store().split_ties(self.row.customer).await?);
            grouped(&ties, &group.iter().copied().collect())
        } else {
            Vec::new()
        };
        if parts.len() < 2 {
            self.written_down(left, &group).await?;
            return Ok(ControlFlow::Continue(()));
        }
        for part in parts {
            match self.charts_leave(&part, &mut *progress).await? {
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
                ControlFlow::Continue(left) => self.written_down(left, &part).await?,
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What does not open stays, and is told as that.
    async fn written_down(&mut self, left: Left, ids: &[PatientId]) -> Result<(), CustodyError> {
        if left != Left::Broken {
            return Ok(());
        }
        self.moved.damaged += ids.len() as u64;
        self.damaged.extend(ids.iter().map(ToString::to_string));
        self.damaged.truncate(super::checking::NAMED_MAX.into());
        self.stay(ids, SplitFate::Broken).await
    }

    /// These charts leave whole and come in, or stay as they are. `Break` when somebody stopped it between two transactions.
    async fn charts_leave(
        &mut self,
        ids: &[PatientId],
        progress: Progress<'_>,
    ) -> Result<ControlFlow<(), Left>, CustodyError> {
        let (from, _) = self.sides();
        let store = self.custody.store();
        // Looked at before it is read, and again when it leaves: what is the same then has not changed between.
        let stand = store.split_stand(from, ids).await?;
        let charts = store.split_charts(from, ids).await?;
        if !is_closed(&charts, &ids.iter().copied().collect()) || !is_as_chosen(&charts, &self.row.authors) {
            return Ok(ControlFlow::Continue(Left::NotNow));
        }
        let carried = self.charts_carried(&charts).await?;
        let left =
            if carried.is_broken { Left::Broken } else { self.charts_go(ids, (&stand, &charts), &carried).await? };
        let (outcome, why) = match left {
            Left::Gone => (Outcome::Done, "moved"),
            Left::NotNow => (Outcome::Failed, "changed"),
            Left::Broken => (Outcome::Failed, "broken"),
        };
        for one in &carried.acts {
            self.custody.told(one.intent(), outcome, why, None).await;
        }
        if left != Left::Gone {
            return Ok(ControlFlow::Continue(left));
        }
        self.moved.documents += charts.documents.len() as u64;
        self.moved.patients += charts.patients.len() as u64;
        self.moved.proposed += carried.proposed;
        self.moved.prefixed += carried.prefixed;
        if self.all_come_in(&mut *progress).await?.is_break() || progress(&self.moved).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(Left::Gone))
    }

    /// The charts are put where they wait for the other practice, and leave the one.
    async fn charts_go(
        &self,
        ids: &[PatientId],
        (stand, charts): (&SplitStand, &SplitCharts),
        carried: &Carried,
    ) -> Result<Left, CustodyError> {
        self.put(&carried.rows).await?;
        // If we die here: they wait with the other and still are with the one, and the next run lets go of them and puts them anew.
        match self.charts_depart(ids, (stand, charts)).await {
            Ok(true) => Ok(Left::Gone),
            Ok(false) | Err(StoreError::Overtaken { .. }) => {
                self.forget().await?;
                Ok(Left::NotNow)
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn charts_depart(
        &self,
        ids: &[PatientId],
        (stand, charts): (&SplitStand, &SplitCharts),
    ) -> Result<bool, StoreError> {
        let (from, into) = self.sides();
        let mut tx = self.custody.store().begin("take charts out of a practice that is split").await?;
        let stands = tx.joining_holds(from).await?
            && tx.split_stand(from, ids).await? == *stand
            && tx.split_depart((from, into), charts).await?;
        if !stands {
            return Ok(false);
        }
        tx.split_fate(from, ids, SplitFate::Moved).await?;
        tx.commit().await?;
        // If we die here: they wait with the other, and nowhere else; the next run has them come in.
        Ok(true)
    }

    async fn charts_carried(&self, charts: &SplitCharts) -> Result<Carried, CustodyError> {
        let mut carried = Carried::default();
        // In whose chart a document lay by mistake is known to the other practice when both are its patients.
        let goes: BTreeSet<PatientId> = charts.patients.iter().map(|one| one.id).collect();
        let was = |one: &Document| one.moved_from.filter(|was| goes.contains(was));
        let documents: Vec<Document> =
            charts.documents.iter().map(|one| Document { moved_from: was(one), ..one.clone() }).collect();
        self.documents_into(&mut carried, &documents).await?;
        self.glasses_into(&mut carried, &charts.glasses).await?;
        self.merges_into(&mut carried, &charts.merges, charts).await?;
        self.patients_into(&mut carried, charts).await?;
        Ok(carried)
    }

    async fn documents_into(&self, carried: &mut Carried, documents: &[Document]) -> Result<(), CustodyError> {
        let (from, _) = self.sides();
        let store = self.custody.store();
        let ids: Vec<DocumentId> = documents.iter().map(|one| one.id).collect();
        let mut versions = store.versions_of(from, &ids).await?;
        let mut lie = BTreeMap::new();
        for some in ids.chunks(500) {
            lie.extend(store.recipient_list_many(from, some).await?);
        }
        let (mut pages, mut objects): (Vec<Vec<WithVersions>>, usize) = (Vec::new(), 0);
        for document in documents {
            let of = versions.remove(&document.id).unwrap_or_default();
            objects += 2 * of.len();
            match pages.last_mut() {
                Some(page) if objects <= OBJECTS_AT_ONCE => page.push((document.clone(), of)),
                _ => {
                    objects = 2 * of.len();
                    pages.push(vec![(document.clone(), of)]);
                }
            }
        }
        for page in pages {
            let documents: Vec<Document> = page.iter().map(|(document, _)| document.clone()).collect();
            let told = store.document_facts_many(from, &documents, None).await?;
            let (opening, shown) = self.ask(from, told.into_iter().map(ResourceFacts::Document)).await?;
            for (document, versions) in &page {
                match self.document_carried((&opening, &shown), (document, versions)) {
                    Ok(rows) => carried.rows.extend(rows),
                    Err(_) => carried.is_broken = true,
                }
                carried.rows.extend(lie.get(&document.id).into_iter().flatten().map(Arriving::recipient));
            }
            carried.acts.push(opening);
        }
        Ok(())
    }

    /// A glass that is broken now ends with the move: whoever broke it has no place at the other practice by that.
    async fn glasses_into(&self, carried: &mut Carried, glasses: &[BreakGlass]) -> Result<(), CustodyError> {
        if glasses.is_empty() {
            return Ok(());
        }
        let now = self.custody.now();
        let opening = self.glasses_ask(glasses).await?;
        for one in glasses {
            match self.glass_carried(&opening, &BreakGlass { to_at: one.to_at.min(now), ..one.clone() }) {
                Ok(row) => carried.rows.push(row),
                Err(_) => carried.is_broken = true,
            }
        }
        carried.acts.push(opening);
        Ok(())
    }

    /// Merges between two who move. What was refused or taken back between somebody who moves and somebody who stays is about
    /// nothing any more, and ends; the ledger keeps it.
    async fn merges_into(
        &self,
        carried: &mut Carried,
        merges: &[PatientMerge],
        charts: &SplitCharts,
    ) -> Result<(), CustodyError> {
        let (from, _) = self.sides();
        let moves: BTreeSet<PatientId> = charts.patients.iter().map(|one| one.id).collect();
        let between = merges.iter().filter(|one| moves.contains(&one.prior) && moves.contains(&one.survivor));
        let between: Vec<&PatientMerge> = between.collect();
        if between.is_empty() {
            return Ok(());
        }
        let (opening, _) = self.ask(from, []).await?;
        for one in between {
            let things = self.custody.store().split_merge_moved(from, one.id).await?;
            carried.rows.push(Arriving::merge(one, &one.id.to_string()));
            carried.rows.extend(Arriving::merge_moved(one.id, &things));
        }
        carried.acts.push(opening);
        Ok(())
    }

    async fn patients_into(&self, carried: &mut Carried, charts: &SplitCharts) -> Result<(), CustodyError> {
        let store = self.custody.store();
        let some = self.patients_with(charts.patients.clone()).await?;
        let (opening, shown) = self.patients_ask(&some).await?;
        for one in &some {
            if !self.patient_into(carried, (&opening, &shown), one).await? {
                carried.is_broken = true;
                break;
            }
            let patient = &one.0;
            if let Some(at) = store.adt_said_at(patient.customer, patient.id).await? {
                carried.rows.push(Arriving::said_at(patient.id, at));
            }
        }
        carried.acts.push(opening);
        Ok(())
    }

    /// A patient with those around; false when something of it does not open.
    async fn patient_into(
        &self,
        carried: &mut Carried,
        (opening, shown): (&Moving, &Shown),
        (patient, around): &WithRelated,
    ) -> Result<bool, CustodyError> {
        let (Ok(body), Ok(beside)) =
            (patient_open(opening, shown, patient), self.related_carried((opening, shown), around))
        else {
            return Ok(false);
        };
        let (rows, prefixed, proposed) = self.patient_carried(opening, patient, body.into_shown(shown)).await?;
        carried.rows.extend(rows);
        carried.rows.extend(beside);
        carried.prefixed += u64::from(prefixed);
        carried.proposed += proposed;
        Ok(true)
    }

    /// All who could have moved. Whoever stayed stays listed for their manager.
    async fn split_end(&mut self) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let mut tx = custody.store().begin("end a split").await?;
        if tx.split_end(self.sides(), custody.now()).await? == 0 {
            return Err(CustodyError::Changed);
        }
        // If we die before: nobody is left to move, and the next run ends it.
        tx.commit().await?;
        let (one, other) =
            (custody.customer_name(self.row.customer).await?, custody.customer_name(self.row.into).await?);
        let stay = custody.split_stay_count(self.row.customer).await?;
        let broken = if self.damaged.is_empty() {
            String::new()
        } else {
            // Ids are no PHI.
            format!(" Of some, something does not open ({}).", self.damaged.join(" "))
        };
        let done = custody.store().split_list_from(self.row.customer).await?.into_iter().next();
        let went = done.map_or_else(String::new, |done| format!(": {}", super::said::went_words(&self.row, &done)));
        let say = format!(
            "The patients of {one} who were to move to {other} are there{went}. {stay} who were chosen stay: the manager's page \
             lists them.{broken}"
        );
        custody.alert("joining_done", &say).await;
        self.moved.finished = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
