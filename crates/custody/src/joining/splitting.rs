//! Some patients of a practice go to another one, as both managers have agreed: chart by chart, while the practice goes on.
//!
//! What must always hold: a chart (a patient, whoever went into that one, their documents, those around them, their merges and
//! broken glasses) is with the one practice or with the other, whole, and on its way for a moment only; it leaves as it was read,
//! or not now; nobody leaves who is not in the list that both have said yes to; what does not open or is damaged, what is held,
//! and what is tied to somebody who stays, stays where it can be read, and keeps nobody else. What is carried, and how, is a
//! joining's: `carrying.rs`.

use super::carrying::{Moving, OBJECTS_AT_ONCE, Progress, Run, WithRelated, WithVersions};
use super::choosing::{held_back, list_digest};
use crate::documents::patient_open;
use crate::{CustodyError, Shown};
use policy::ResourceFacts;
use record::document::DocumentState;
use record::merge::MergeState;
use record::{DocumentId, Outcome, PatientId, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use store::{
    Arriving, BreakGlass, Document, JoiningState, PatientMerge, SplitCharts, SplitFate, SplitStand, SplitTie,
    StoreError,
};

/// Patients that leave with one transaction, unless more of them are tied together.
const PATIENTS_AT_ONCE: usize = 20;
/// And about how many rows of their charts, unless one chart, or charts that are tied together, have more. A page is held in
/// memory, and is one transaction each to put, to leave and to come in.
const ROWS_AT_ONCE: u64 = 500;
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
    /// Something does not open, or is damaged.
    Broken,
}

const OTHER_LIST: &str = "The list is not the one that both managers have said yes to. Nobody moves by it.";

/// Charts under the other practice's keys, and the acts by which they came there.
#[derive(Default)]
struct Carried {
    rows: Vec<Arriving>,
    acts: Vec<Moving>,
    proposed: u64,
    prefixed: u64,
    /// Something does not open, or is damaged: nothing of it leaves.
    is_broken: bool,
    /// How many documents, broken glasses and patients have all their rows.
    whole: [usize; 3],
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

/// Is it the matter of a chart, and not of the house: it would end each run at the same place.
fn is_of_chart(error: &CustodyError) -> bool {
    match error {
        CustodyError::Broken(_) | CustodyError::Seal(_) => true,
        CustodyError::Store(error) => error.is_of_rows(),
        _ => false,
    }
}

/// Groups that leave together: at most so many patients and about so many rows, and one group at least.
fn pages_of(groups: Vec<Vec<PatientId>>, sizes: &BTreeMap<PatientId, u64>) -> Vec<Vec<Vec<PatientId>>> {
    let (mut pages, mut patients, mut rows): (Vec<Vec<Vec<PatientId>>>, usize, u64) = (Vec::new(), 0, 0);
    for group in groups {
        let more: u64 = group.iter().map(|one| 1 + sizes.get(one).copied().unwrap_or_default()).sum();
        (patients, rows) = (patients + group.len(), rows + more);
        match pages.last_mut() {
            Some(page) if patients <= PATIENTS_AT_ONCE && rows <= ROWS_AT_ONCE => page.push(group),
            _ => {
                (patients, rows) = (group.len(), more);
                pages.push(vec![group]);
            }
        }
    }
    pages
}

/// Does nothing of these charts name anybody beside these patients, and is no document held.
fn is_closed(charts: &SplitCharts, ids: &BTreeSet<PatientId>) -> bool {
    let here = |id: &Option<PatientId>| id.is_none_or(|id| ids.contains(&id));
    charts.patients.len() == ids.len()
        && charts.patients.iter().all(|one| ids.contains(&one.id) && here(&one.linked_to))
        && charts.documents.iter().all(|one| one.patient.is_some() && here(&one.patient))
        && charts.documents.iter().all(|one| one.state != DocumentState::Held)
        && charts.merges.iter().filter(|one| ties(one)).all(|one| here(&Some(one.prior)) && here(&Some(one.survivor)))
}

/// Were all these documents written by those by whom they were chosen, when they were.
fn is_as_chosen(charts: &SplitCharts, authors: &[PersonId]) -> bool {
    let theirs = |one: &Document| one.author.is_some_and(|author| authors.contains(&author));
    authors.is_empty() || charts.documents.iter().all(theirs)
}

impl Run {
    pub(super) async fn split(&mut self, progress: Progress<'_>) -> Result<(), CustodyError> {
        // What has left is with nobody until it has come in: that is done whatever stands in the way of others.
        if self.row.state == JoiningState::Moving {
            self.settle().await?;
        }
        self.listed = self.list_checked().await?;
        if self.row.state == JoiningState::Agreed {
            self.moved.taken_over = self.custody.joining_begin(&self.row).await?;
        }
        self.custody.split_grown_tell(&self.row).await?;
        // If we die from here on: the row says "moving", and the next run goes on.
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

    /// Who is in the list, if it is the one that both have said yes to.
    pub(super) async fn list_checked(&self) -> Result<BTreeSet<PatientId>, CustodyError> {
        let all = self.custody.store().split_patients(self.row.customer).await?;
        let listed: BTreeSet<PatientId> = all.iter().filter(|one| one.listed).map(|one| one.patient).collect();
        let digest = list_digest(self.sides(), listed.iter().copied());
        if self.row.chosen.as_deref() == Some(digest.as_bytes().as_slice()) {
            return Ok(listed);
        }
        Err(CustodyError::State(OTHER_LIST))
    }

    /// What a run had put for the other practice when it died: had its charts left, they come in; had they not, it is let go of
    /// and put anew.
    pub(super) async fn settle(&mut self) -> Result<(), CustodyError> {
        if self.custody.store().arriving_count(self.row.into).await? == 0 || self.let_go().await? {
            return Ok(());
        }
        self.all_come_in().await
    }

    /// All that waits comes in, under numbers that are nobody's: nothing waits when the next charts are put.
    async fn all_come_in(&mut self) -> Result<(), CustodyError> {
        self.charts_come_in().await?;
        self.numbers_settle().await?;
        // Somebody at the other practice was faster each time: the next run goes on there.
        if self.custody.store().arriving_count(self.row.into).await? > 0 {
            return Err(CustodyError::Changed);
        }
        Ok(())
    }

    /// Lets go of what was put and has not left. False when something of it has left.
    async fn let_go(&self) -> Result<bool, CustodyError> {
        let mut tx = self.custody.store().begin("let go of what did not leave").await?;
        self.holds(&mut tx).await?;
        if !tx.arriving_let_go(self.sides()).await? {
            return Ok(false);
        }
        // If we die before: it waits, and the next run asks again.
        tx.commit().await?;
        Ok(true)
    }

    /// Who is still to move, those together who are tied together; whoever has to stay by now is written down as that.
    async fn groups(&mut self) -> Result<Vec<Vec<PatientId>>, CustodyError> {
        let (from, _) = self.sides();
        let store = self.custody.store();
        let all = store.split_patients(from).await?;
        // Only whom both have said yes to: what was written beside the list since is nobody's word.
        let moves = all.into_iter().filter(|one| one.fate == SplitFate::Moves && self.listed.contains(&one.patient));
        let mut moves: BTreeSet<PatientId> = moves.map(|one| one.patient).collect();
        if moves.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<PatientId> = moves.iter().copied().collect();
        let here = store.split_here(from, &ids).await?;
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
        self.holds(&mut tx).await?;
        self.moved.stayed += tx.split_fate(self.row.customer, ids, fate).await?;
        Ok(tx.commit().await?)
    }

    /// Several groups at once, and each by itself when something is the matter with one of them.
    async fn groups_leave(
        &mut self,
        groups: Vec<Vec<PatientId>>,
        progress: Progress<'_>,
    ) -> Result<ControlFlow<()>, CustodyError> {
        let sizes = self.custody.store().split_sizes(self.row.customer, &groups.concat()).await?;
        for page in pages_of(groups, &sizes) {
            // An agreement that has ended since, or a practice that is closed: nobody else moves.
            match self.custody.join_hindered(&self.row).await? {
                "" => {}
                hindered => return Err(CustodyError::State(hindered)),
            }
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

    /// What does not open, or is damaged, stays, and is told as that.
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
        if !ids.iter().all(|id| self.listed.contains(id)) {
            return Err(CustodyError::State(OTHER_LIST));
        }
        let (stand, charts) = match self.charts_read(ids).await {
            Ok(read) => read,
            Err(error) if is_of_chart(&error) => return Ok(ControlFlow::Continue(Left::Broken)),
            Err(error) => return Err(error),
        };
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
        self.all_come_in().await?;
        Ok(if progress(&self.moved).is_break() { ControlFlow::Break(()) } else { ControlFlow::Continue(Left::Gone) })
    }

    /// Looked at before it is read, and again when it leaves: what is the same then has not changed between.
    async fn charts_read(&self, ids: &[PatientId]) -> Result<(SplitStand, SplitCharts), CustodyError> {
        let store = self.custody.store();
        let stand = store.split_stand(self.row.customer, ids).await?;
        Ok((stand, store.split_charts(self.row.customer, ids).await?))
    }

    /// The charts are put where they wait for the other practice, and leave the one.
    async fn charts_go(
        &self,
        ids: &[PatientId],
        (stand, charts): (&SplitStand, &SplitCharts),
        carried: &Carried,
    ) -> Result<Left, CustodyError> {
        self.charts_put(&carried.rows).await?;
        // If we die here: they wait with the other and still are with the one, and the next run lets go of them and puts them anew.
        let left = match self.charts_depart(ids, (stand, charts), &carried.rows).await {
            Ok(true) => return Ok(Left::Gone),
            Ok(false) | Err(StoreError::Overtaken { .. }) => Left::NotNow,
            Err(error) if error.is_of_rows() => Left::Broken,
            Err(other) => return Err(other.into()),
        };
        // Of what another run has put, or has taken out, nothing is let go of.
        if !self.let_go().await? {
            return Err(CustodyError::Changed);
        }
        // A document that came in about them at this very moment breaks a rule of the rows too, and is no damage.
        let is_as_read = self.custody.store().split_stand(self.row.customer, ids).await? == *stand;
        Ok(if is_as_read { left } else { Left::NotNow })
    }

    /// Puts charts where they wait for the other practice; nothing else waits there then.
    async fn charts_put(&self, rows: &[Arriving]) -> Result<(), CustodyError> {
        let mut tx = self.custody.store().begin("put charts where they wait to come in").await?;
        self.holds(&mut tx).await?;
        if !tx.arriving_is(self.row.into, &[]).await? {
            return Err(CustodyError::Changed);
        }
        tx.arriving_put(self.row.into, rows).await?;
        Ok(tx.commit().await?)
    }

    async fn charts_depart(
        &self,
        ids: &[PatientId],
        (stand, charts): (&SplitStand, &SplitCharts),
        rows: &[Arriving],
    ) -> Result<bool, StoreError> {
        let (from, into) = self.sides();
        let mut tx = self.custody.store().begin("take charts out of a practice that is split").await?;
        let stands = tx.joining_holds(from, self.row.run).await?
            && tx.arriving_is(into, rows).await?
            && tx.split_stand(from, ids).await? == *stand
            && tx.split_depart((from, into), charts).await?;
        if !stands {
            return Ok(false);
        }
        // Whoever is not among those who move by what the table says now goes nowhere.
        if tx.split_fate(from, ids, SplitFate::Moved).await? != ids.len() as u64 {
            return Ok(false);
        }
        tx.commit().await?;
        // If we die here: they wait with the other, and nowhere else; the next run has them come in.
        Ok(true)
    }

    async fn charts_carried(&self, charts: &SplitCharts) -> Result<Carried, CustodyError> {
        let mut carried = Carried::default();
        match self.charts_into(&mut carried, charts).await {
            // Such as records at the other practice that went into one another without an end.
            Err(error) if is_of_chart(&error) => carried.is_broken = true,
            done => done?,
        }
        // What is not carried does not leave.
        let all = [charts.documents.len(), charts.glasses.len(), charts.patients.len()];
        carried.is_broken |= carried.whole != all;
        Ok(carried)
    }

    async fn charts_into(&self, carried: &mut Carried, charts: &SplitCharts) -> Result<(), CustodyError> {
        // In whose chart a document lay by mistake is known to the other practice when both are its patients.
        let goes: BTreeSet<PatientId> = charts.patients.iter().map(|one| one.id).collect();
        let was = |one: &Document| one.moved_from.filter(|was| goes.contains(was));
        let documents: Vec<Document> =
            charts.documents.iter().map(|one| Document { moved_from: was(one), ..one.clone() }).collect();
        self.documents_into(carried, &documents).await?;
        self.glasses_into(carried, &charts.glasses).await?;
        self.merges_into(carried, &charts.merges, charts).await?;
        self.patients_into(carried, charts).await
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
                    Ok(rows) => {
                        carried.rows.extend(rows);
                        carried.whole[0] += 1;
                    }
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
                Ok(row) => {
                    carried.rows.push(row);
                    carried.whole[1] += 1;
                }
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
        let mut rest = charts.patients.clone();
        // As many as one act names; a page may have more around them.
        while !rest.is_empty() {
            let some = self.patients_with(rest.clone()).await?;
            rest.drain(..some.len());
            let (opening, shown) = self.patients_ask(&some).await?;
            let done = self.patients_each(carried, (&opening, &shown), &some).await;
            carried.acts.push(opening);
            done?;
        }
        Ok(())
    }

    async fn patients_each(
        &self,
        carried: &mut Carried,
        (opening, shown): (&Moving, &Shown),
        some: &[WithRelated],
    ) -> Result<(), CustodyError> {
        for one in some {
            if !self.patient_into(carried, (opening, shown), one).await? {
                carried.is_broken = true;
                break;
            }
            let patient = &one.0;
            if let Some(at) = self.custody.store().adt_said_at(patient.customer, patient.id).await? {
                carried.rows.push(Arriving::said_at(patient.id, at));
            }
        }
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
        let (rows, prefixed, proposed) =
            self.patient_carried(opening, (patient, body.into_shown(shown)), &carried.rows).await?;
        carried.rows.extend(rows);
        carried.rows.extend(beside);
        carried.prefixed += u64::from(prefixed);
        carried.proposed += proposed;
        carried.whole[2] += 1;
        Ok(true)
    }

    /// All who could have moved. Whoever stayed stays listed for their manager.
    async fn split_end(&mut self) -> Result<(), CustodyError> {
        let custody = &self.custody;
        // Whoever was written beside the list since does not move, and it does not end as if nobody had been.
        self.list_checked().await?;
        let mut tx = custody.store().begin("end a split").await?;
        self.holds(&mut tx).await?;
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
            format!(" Of some, something does not open or is damaged ({}).", self.damaged.join(" "))
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
