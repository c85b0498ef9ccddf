//! Some patients of a practice go to another one: who decides, who goes and who stays, and that no moment of dying tears a chart.

use super::{Left, Run};
use crate::filled::{Filled, PLANTED_TEXT, filled, root};
use crate::testing::Someone;
use crate::{
    Approved, CustodyError, DocumentText, JoinTo, JoinYes, JoiningMoved, JoiningStep, JoiningView, NewUpload,
    PatientBody, ShredDecided, ShredOrder, ShredSeen, SplitBy, SplitFate, SplitLines, SplitPrepared, SplitTo,
    UploadCut,
};
use bytes::Bytes;
use record::document::DocumentState;
use record::{BreakGlassId, CustomerId, DocumentId, MembershipId, PatientId, Role, act};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use store::{Arriving, JoiningState, SealedColumn};
use vault::Column;

mod asked;
mod ended;
mod imported;
mod runs;

/// More than the rows that come in at once.
const GLASSES: usize = 510;

/// A clinic with three patients and two who write: Ann's documents are all Ada's, Ben's are of both, Cid's are Bea's.
struct Scene {
    filled: Filled,
    /// The manager of the other practice.
    olaf: Someone,
    ada: Someone,
    bea: Someone,
    ann: PatientId,
    ben: PatientId,
    cid: PatientId,
    /// Ann's two, Ben's two, Cid's one.
    documents: Vec<DocumentId>,
}

async fn written(filled: &Filled, patient: PatientId, author: &Someone, number: usize) -> DocumentId {
    let text = format!("Note {number}. {PLANTED_TEXT}.\n");
    let new = NewUpload {
        customer: Some(filled.clinic),
        file_name: format!("note-{number}.txt"),
        patient: Some(patient),
        author: Some(author.person),
        ..NewUpload::default()
    };
    let bytes = futures_util::stream::iter([Ok::<Bytes, UploadCut>(Bytes::from(text))]);
    let desk = filled.house.desk::<act::DocumentUpload>(&filled.typist).await;
    desk.document_upload(new, bytes).await.unwrap_or_else(|error| panic!("uploading: {error:?}")).id
}

async fn scene() -> Scene {
    let filled = filled().await;
    let olaf = filled.house.manager((&filled.first, &filled.second), filled.other, "Olaf Other").await;
    let ada = filled.house.member(&filled.manager, filled.clinic, Role::Clinician, "Ada Author").await;
    let bea = filled.house.member(&filled.manager, filled.clinic, Role::Clinician, "Bea Beside").await;
    let patient = async |first: &str, number: &str| {
        let body = PatientBody {
            last: "Quillfeather".to_owned(),
            first: first.to_owned(),
            record_number: number.to_owned(),
            ..PatientBody::default()
        };
        let desk = filled.house.desk::<act::PatientCreate>(&filled.records).await;
        desk.patient_create(filled.clinic, &body).await.unwrap()
    };
    let (ann, ben, cid) = (patient("Ann", "A-1").await, patient("Ben", "B-2").await, patient("Cid", "C-3").await);
    let mut documents = Vec::new();
    for (whom, who) in [(ann, &ada), (ann, &ada), (ben, &ada), (ben, &bea), (cid, &bea)] {
        documents.push(written(&filled, whom, who, documents.len()).await);
    }
    Scene { filled, olaf, ada, bea, ann, ben, cid, documents }
}

fn numbers(all: &[&str]) -> SplitBy {
    SplitBy::Numbers(all.iter().enumerate().map(|(at, one)| (at + 2, (*one).to_owned())).collect())
}

impl Scene {
    async fn prepare(&self, by: SplitBy) -> Result<SplitPrepared, CustodyError> {
        self.filled.house.step_up(&self.filled.first).await.unwrap();
        let desk = self.filled.house.desk::<act::CustomerJoinPrepare>(&self.filled.first).await;
        let (from, into) = (self.filled.clinic, self.filled.other);
        desk.split_prepare(&SplitTo { from, into, prefix: "L-".to_owned(), by }).await
    }

    async fn view(&self, customer: CustomerId, by: &Someone) -> JoiningView {
        let desk = self.filled.house.desk::<act::CustomerJoinShow>(by).await;
        desk.joining_show(customer).await.unwrap().joinings.remove(0)
    }

    async fn yes(&self, by: &Someone, customer: CustomerId, people: Vec<MembershipId>) -> Result<(), CustodyError> {
        let seen = self.view(customer, by).await.seen;
        self.filled.house.step_up(by).await.unwrap();
        let yes = JoinYes { customer, joins: self.filled.clinic, seen, people };
        self.filled.house.desk::<act::CustomerJoin>(by).await.join_yes(&yes).await.map(|_| ())
    }

    /// Prepared, and both have said yes; Ada works at the other practice, too.
    async fn agreed(&self, by: SplitBy) {
        assert!(matches!(self.prepare(by).await.unwrap(), SplitPrepared::Prepared { .. }));
        self.yes(&self.filled.manager, self.filled.clinic, Vec::new()).await.unwrap();
        let places = self.filled.custody().store().membership_list_at(Some(self.filled.clinic)).await.unwrap();
        let now = self.filled.custody().now();
        let ada = places.iter().filter(|one| one.in_force(now) && one.person == self.ada.person).map(|one| one.id);
        self.yes(&self.olaf, self.filled.other, ada.collect()).await.unwrap();
    }

    async fn run(&self, words: usize) -> Result<JoiningMoved, CustodyError> {
        self.filled.house.step_up(&self.filled.first).await.unwrap();
        let mut heard = 0;
        let mut progress = |_: &JoiningMoved| {
            heard += 1;
            if heard >= words { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let desk = self.filled.house.desk::<act::CustomerJoinPrepare>(&self.filled.first).await;
        desk.split_run(self.filled.clinic, &mut progress).await
    }

    async fn list(&self, by: &Someone, customer: CustomerId) -> Result<SplitLines, CustodyError> {
        self.filled.house.desk::<act::CustomerSplitList>(by).await.split_list(customer, None).await
    }

    async fn fates(&self) -> Vec<(PatientId, SplitFate)> {
        let all = self.filled.custody().store().split_patients(self.filled.clinic).await.unwrap();
        all.iter().map(|one| (one.patient, one.fate)).collect()
    }

    async fn whose(&self, id: DocumentId) -> CustomerId {
        self.filled.custody().store().document_fetch(id).await.unwrap().unwrap().customer
    }

    async fn reads(&self, id: DocumentId) -> bool {
        let open = self.filled.house.desk::<act::DocumentRead>(&self.filled.typist).await.document_read(id, None).await;
        open.is_ok_and(|open| match &open.text {
            DocumentText::Text(text) => text.show(&open.shown).contains(PLANTED_TEXT),
            DocumentText::Opaque(_) => false,
        })
    }

    /// Every chart is with one of the two, whole, and can be read there.
    async fn is_whole(&self) {
        let store = self.filled.custody().store();
        for (patient, documents) in [(self.ann, 0..2), (self.ben, 2..4), (self.cid, 4..5)] {
            let whose = store.patient_fetch(patient).await.unwrap().unwrap().customer;
            for id in &self.documents[documents] {
                assert_eq!(self.whose(*id).await, whose);
                assert!(self.reads(*id).await);
            }
        }
    }

    async fn row(&self) -> store::Joining {
        self.filled.custody().store().joining_fetch(self.filled.clinic).await.unwrap().unwrap()
    }

    /// As one run of it, begun, for what a whole run does in one breath.
    async fn begun(&self) -> Run {
        let row = self.row().await;
        self.filled.custody().joining_begin(&row).await.unwrap();
        self.run_of(store::Joining { state: JoiningState::Moving, ..row }).await
    }

    /// As another node that takes it up.
    async fn another_run(&self) -> Run {
        let row = self.filled.custody().joining_run_begin(&self.row().await).await.unwrap();
        self.run_of(row).await
    }

    async fn run_of(&self, row: store::Joining) -> Run {
        let (custody, moved, damaged) = (self.filled.custody().clone(), JoiningMoved::default(), Vec::new());
        let mut run = Run { custody, row, moved, damaged, listed: BTreeSet::new() };
        run.listed = run.list_checked().await.unwrap();
        run
    }

    /// So many broken glasses that this patient's chart is a page by itself, and comes in with more than five hundred rows.
    async fn heavy(&self, patient: PatientId) {
        let (custody, clinic) = (self.filled.custody(), self.filled.clinic);
        let now = custody.now();
        let mut tx = custody.store().begin("glasses").await.unwrap();
        for _ in 0..GLASSES {
            let id = BreakGlassId::mint(custody.clock(), custody.entropy());
            let reason = custody.ring().seal_column(clinic, id, Column::BreakGlassReason, b"an emergency").unwrap();
            let glass = store::BreakGlass {
                id,
                customer: clinic,
                person: self.filled.records.person,
                patient,
                reason,
                from_at: now,
                to_at: now,
                reviewed_at: None,
                reviewed_by: None,
                verdict: None,
                note: None,
            };
            tx.break_glass_insert(&glass).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn glasses(&self, customer: CustomerId) -> usize {
        self.filled.custody().store().break_glass_page(customer, None, 2000).await.unwrap().len()
    }

    /// Records staff of the other practice.
    async fn oda(&self) -> Someone {
        self.filled.house.member(&self.olaf, self.filled.other, Role::RecordsStaff, "Oda Records").await
    }

    async fn patient(&self, by: &Someone, customer: CustomerId, (first, number): (&str, &str)) -> PatientId {
        let body = PatientBody {
            last: "Quillfeather".to_owned(),
            first: first.to_owned(),
            record_number: number.to_owned(),
            ..PatientBody::default()
        };
        self.filled.house.desk::<act::PatientCreate>(by).await.patient_create(customer, &body).await.unwrap()
    }

    /// This document of the clinic is held.
    async fn hold(&self, id: DocumentId) {
        let store = self.filled.custody().store();
        let mut held = store.document_fetch(id).await.unwrap().unwrap();
        let was = std::mem::replace(&mut held.state, DocumentState::Held);
        let mut tx = store.begin("hold").await.unwrap();
        assert_eq!(tx.document_update(&held, was).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
}

fn said<T>(done: Result<T, CustodyError>) -> &'static str {
    match done {
        Err(CustodyError::State(said)) => said,
        Err(other) => panic!("refused otherwise: {other:?}"),
        Ok(_) => panic!("nothing stood in the way"),
    }
}

#[tokio::test]
async fn some_patients_move_whole_under_the_others_keys_and_the_practice_goes_on() {
    let scene = scene().await;
    let filled = &scene.filled;
    let (clinic, other) = (filled.clinic, filled.other);
    let store = filled.custody().store();
    let history = async || {
        let desk = filled.house.desk::<act::DocumentHistory>(&filled.first).await;
        desk.document_history(scene.documents[0]).await.unwrap().len()
    };
    for _ in 0..3 {
        assert!(scene.reads(scene.documents[0]).await);
    }
    let seen_before = history().await;
    let bytes = async |whose| store.customer_bytes(whose).await.unwrap();
    let held = (bytes(clinic).await, bytes(other).await);
    scene.agreed(numbers(&["A-1", "C-3"])).await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.damaged == 0 && moved.stayed == 0, "{moved:?}");
    assert_eq!((moved.documents, moved.patients, moved.taken_over), (3, 2, 1));
    scene.is_whole().await;
    for (at, whose) in [(0, other), (1, other), (2, clinic), (3, clinic), (4, other)] {
        assert_eq!(scene.whose(scene.documents[at]).await, whose);
    }
    // Who opened it at the one is known at the other.
    assert!(seen_before > 3 && history().await > seen_before);
    let after = (bytes(clinic).await, bytes(other).await);
    assert!(after.0 < held.0 && after.0 + after.1 == held.0 + held.1);
    for whose in [clinic, other] {
        let kept = store.kept_check(whose, None, 100).await.unwrap();
        assert!(kept.wrong.is_empty(), "{kept:?}");
    }
    // Nobody's place at the one has ended, and who was ticked has one at the other.
    let now = filled.custody().now();
    let live = async |whose: CustomerId, who: &Someone| {
        let places = store.membership_list_at(Some(whose)).await.unwrap();
        places.iter().any(|one| one.person == who.person && one.in_force(now))
    };
    assert!(live(clinic, &scene.ada).await && live(clinic, &filled.records).await && live(other, &scene.ada).await);
    assert!(!live(other, &scene.bea).await && !live(other, &filled.manager).await);
    assert!(store.customer_fetch(clinic).await.unwrap().unwrap().closed_at.is_none());
    assert!(store.agreement_list(clinic).await.unwrap().iter().all(|one| one.ended_at.is_none()));
    // It is kept as done on both sides, and another one may be prepared.
    for (whose, by) in [(clinic, &filled.manager), (other, &scene.olaf)] {
        let view = scene.view(whose, by).await;
        assert_eq!((view.state, view.split.unwrap().moved), (JoiningState::Joined, Some(2)));
    }
    assert!(said(scene.run(usize::MAX).await).contains("No split"));
    assert!(matches!(scene.prepare(numbers(&["B-2"])).await.unwrap(), SplitPrepared::Prepared { patients: 1, .. }));
}

#[tokio::test]
async fn only_the_own_manager_sees_names_and_the_other_sees_counts_after_the_first_yes() {
    let scene = scene().await;
    let filled = &scene.filled;
    let (clinic, other) = (filled.clinic, filled.other);
    assert!(said(scene.list(&filled.manager, clinic).await.map(|_| ())).contains("Nobody"));
    let SplitPrepared::Prepared { patients, stay, list } = scene.prepare(numbers(&["A-1"])).await.unwrap() else {
        panic!("everybody is known")
    };
    assert_eq!((patients, stay), (1, 0));
    let lines = scene.list(&filled.manager, clinic).await.unwrap();
    let patient = lines.lines[0].patient.as_ref().unwrap().show(&lines.shown);
    assert_eq!((lines.lines.len(), patient.first.as_str(), lines.lines[0].fate), (1, "Ann", SplitFate::Moves));
    for one in [&scene.olaf, &filled.first, &filled.second, &filled.records, &scene.ada, &filled.typist] {
        assert!(matches!(scene.list(one, clinic).await, Err(CustodyError::Refused(_))));
    }
    assert!(said(scene.list(&scene.olaf, other).await.map(|_| ())).contains("Nobody"), "of his own, nobody");
    let view = scene.view(other, &scene.olaf).await;
    assert_eq!((view.counts, view.people.len(), view.step), (None, 0, JoiningStep::Wait));
    scene.yes(&filled.manager, clinic, Vec::new()).await.unwrap();
    let view = scene.view(other, &scene.olaf).await;
    let counts = view.counts.unwrap();
    assert_eq!((counts.documents, counts.patients, view.step), (2, 1, JoiningStep::Yes));
    let split = view.split.unwrap();
    assert_eq!((split.list, split.stays), (list, None));
    // Two words are needed, and either takes it back: then nobody is listed any more.
    assert!(said(scene.run(usize::MAX).await).contains("Both managers"));
    filled.house.step_up(&scene.olaf).await.unwrap();
    filled.house.desk::<act::CustomerJoin>(&scene.olaf).await.join_no(other, clinic).await.unwrap();
    assert!(scene.fates().await.is_empty());
}

#[tokio::test]
async fn numbers_of_nobody_are_told_by_their_line_and_nothing_is_prepared() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    let SplitPrepared::Unknown(lines) = scene.prepare(numbers(&["A-1", "Z-9", "--", "c3"])).await.unwrap() else {
        panic!("two name nobody")
    };
    assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
    assert!(store.joining_fetch(scene.filled.clinic).await.unwrap().is_none() && scene.fates().await.is_empty());
    assert!(said(scene.prepare(numbers(&[])).await).contains("Nobody would move"));
    let stranger = SplitBy::Authors(vec![scene.olaf.person]);
    assert!(matches!(scene.prepare(stranger).await, Err(CustodyError::Input(fields)) if fields[0].field == "author"));
    // Nobody but an officer prepares, and the two words are of two things.
    let desk = scene.filled.house.desk::<act::CustomerJoinPrepare>(&scene.filled.manager).await;
    let (from, into, prefix) = (scene.filled.other, scene.filled.clinic, "X-".to_owned());
    let order = SplitTo { from, into, prefix, by: numbers(&["A-1"]) };
    assert!(matches!(desk.split_prepare(&order).await, Err(CustodyError::Refused(_))));
}

#[tokio::test]
async fn by_who_wrote_those_with_documents_of_others_are_listed_and_stay() {
    let scene = scene().await;
    scene.agreed(SplitBy::Authors(vec![scene.ada.person])).await;
    let mut expected = vec![(scene.ann, SplitFate::Moves), (scene.ben, SplitFate::Others)];
    expected.sort();
    assert_eq!(scene.fates().await, expected);
    let view = scene.view(scene.filled.clinic, &scene.filled.manager).await;
    assert_eq!(view.split.unwrap().stays, Some(1));
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.patients == 1);
    scene.is_whole().await;
    assert_eq!(scene.whose(scene.documents[2]).await, scene.filled.clinic);
    // Whoever stayed stays listed for the manager.
    let lines = scene.list(&scene.filled.manager, scene.filled.clinic).await.unwrap();
    assert_eq!((lines.lines.len(), lines.lines[0].id, lines.lines[0].fate), (1, scene.ben, SplitFate::Others));
}

#[tokio::test]
async fn whoever_is_tied_to_somebody_who_stays_or_has_a_document_held_stays_and_is_listed() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
    // Meanwhile Ann is said to be one with the clinic's own Nora, who stays, and a document of Cid's is held.
    let all = store.patient_page_of(scene.filled.clinic, None, 10).await.unwrap();
    let nora = all.iter().map(|one| one.id).find(|id| ![scene.ann, scene.ben, scene.cid].contains(id)).unwrap();
    let mut row = store.patient_fetch(scene.ann).await.unwrap().unwrap();
    row.linked_to = Some(nora);
    let mut held = store.document_fetch(scene.documents[4]).await.unwrap().unwrap();
    let was = std::mem::replace(&mut held.state, DocumentState::Held);
    let mut tx = store.begin("meanwhile").await.unwrap();
    assert_eq!(tx.patient_update(&row).await.unwrap(), 1);
    assert_eq!(tx.document_update(&held, was).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished, "{moved:?}");
    assert_eq!((moved.patients, moved.stayed, moved.damaged), (1, 2, 0));
    assert_eq!(scene.whose(scene.documents[2]).await, scene.filled.other);
    assert_eq!(scene.whose(scene.documents[0]).await, scene.filled.clinic);
    let mut expected = vec![(scene.ann, SplitFate::Connected), (scene.cid, SplitFate::Held)];
    expected.sort();
    assert_eq!(scene.fates().await, expected);
}

#[tokio::test]
async fn stopped_at_any_word_every_chart_is_whole_with_one_of_the_two() {
    for words in 1..20 {
        let scene = scene().await;
        scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
        let moved = scene.run(words).await.unwrap();
        scene.is_whole().await;
        if moved.finished {
            assert!(words > 1);
            return;
        }
        let again = scene.run(usize::MAX).await.unwrap();
        assert!(again.finished, "{words}: {again:?}");
        scene.is_whole().await;
        assert_eq!(scene.whose(scene.documents[4]).await, scene.filled.other);
    }
    panic!("it never ended");
}

#[tokio::test]
async fn a_run_that_dies_between_two_transactions_is_gone_on_with() {
    // After the charts were put, and before they left: what was put is let go of.
    let scene_one = scene().await;
    let store = scene_one.filled.custody().store();
    scene_one.agreed(numbers(&["A-1"])).await;
    drop(scene_one.begun().await);
    let mut row = store.patient_fetch(scene_one.ann).await.unwrap().unwrap();
    row.body = vec![0; 40];
    let mut tx = store.begin("died in between").await.unwrap();
    tx.arriving_put(scene_one.filled.other, &Arriving::patient(&row)).await.unwrap();
    tx.commit().await.unwrap();
    scene_one.is_whole().await;
    assert!(scene_one.run(usize::MAX).await.unwrap().finished);
    scene_one.is_whole().await;
    assert_eq!(scene_one.whose(scene_one.documents[0]).await, scene_one.filled.other);
    // After they left, and before they came in.
    let scene = scene().await;
    scene.heavy(scene.ann).await;
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1"])).await;
    let run = scene.begun().await;
    let ids = [scene.ann];
    let stand = store.split_stand(scene.filled.clinic, &ids).await.unwrap();
    let charts = store.split_charts(scene.filled.clinic, &ids).await.unwrap();
    let carried = run.charts_carried(&charts).await.unwrap();
    assert_eq!(run.charts_go(&ids, (&stand, &charts), &carried).await.unwrap(), Left::Gone);
    drop((run, carried));
    assert!(!scene.reads(scene.documents[0]).await, "it is on its way");
    assert!(store.patient_fetch(scene.ann).await.unwrap().is_none());
    assert!(scene.reads(scene.documents[2]).await, "and nobody else is");
    assert_eq!((scene.glasses(scene.filled.clinic).await, scene.glasses(scene.filled.other).await), (0, 0));
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    assert_eq!(scene.glasses(scene.filled.other).await, GLASSES);
    scene.is_whole().await;
    assert_eq!(scene.whose(scene.documents[0]).await, scene.filled.other);
}

#[tokio::test]
async fn a_chart_that_somebody_changes_while_it_is_carried_does_not_leave_as_it_was() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1"])).await;
    let run = scene.begun().await;
    let ids = [scene.ann];
    let stand = store.split_stand(scene.filled.clinic, &ids).await.unwrap();
    let charts = store.split_charts(scene.filled.clinic, &ids).await.unwrap();
    let carried = run.charts_carried(&charts).await.unwrap();
    let new = written(&scene.filled, scene.ann, &scene.ada, 9).await;
    assert_eq!(run.charts_go(&ids, (&stand, &charts), &carried).await.unwrap(), Left::NotNow);
    drop((run, carried));
    assert_eq!(store.arriving_count(scene.filled.other).await.unwrap(), 0);
    scene.is_whole().await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.documents == 3, "{moved:?}");
    assert!(scene.reads(new).await);
    assert_eq!(scene.whose(new).await, scene.filled.other);
}

#[tokio::test]
async fn what_does_not_open_stays_where_it_is_and_all_others_move() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
    let rows = store.sealed_page(scene.filled.clinic, SealedColumn::PatientBody, None, 10).await.unwrap();
    let row = rows.into_iter().find(|row| row.id.to_bytes() == scene.ben.to_bytes()).unwrap();
    let mut tx = store.begin("damage").await.unwrap();
    assert_eq!(tx.sealed_replace(SealedColumn::PatientBody, &row, vec![1; 60]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished, "{moved:?}");
    assert_eq!((moved.patients, moved.damaged, moved.stayed), (2, 1, 1));
    assert_eq!(scene.fates().await, [(scene.ben, SplitFate::Broken)]);
    assert_eq!(scene.whose(scene.documents[2]).await, scene.filled.clinic);
    assert!(scene.reads(scene.documents[0]).await && scene.reads(scene.documents[4]).await);
    let alerts = scene.filled.custody().store().alert_list().await.unwrap();
    assert!(alerts.iter().any(|one| one.kind == "joining_done" && one.sentence.contains(&scene.ben.to_string())));
}

#[tokio::test]
async fn a_list_that_was_changed_after_the_words_moves_nobody_and_a_split_is_no_joining() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1"])).await;
    // The command for everything does nothing with it.
    let desk = scene.filled.house.desk::<act::CustomerJoinPrepare>(&scene.filled.first).await;
    let whole = desk.join_run(scene.filled.clinic, &mut |_| ControlFlow::Continue(())).await;
    assert!(said(whole).contains("Nobody has prepared"));
    let joins = JoinTo { joins: scene.filled.clinic, into: scene.filled.other, prefix: "L-".to_owned() };
    assert!(said(desk.join_prepare(&joins).await).contains("already"));
    let more =
        [scene.ann, scene.cid].map(|patient| store::SplitPatient { patient, listed: true, fate: SplitFate::Moves });
    let mut tx = store.begin("one more than both have seen").await.unwrap();
    tx.split_choose(scene.filled.clinic, &more).await.unwrap();
    tx.commit().await.unwrap();
    assert!(said(scene.run(usize::MAX).await).contains("not the one"));
    scene.is_whole().await;
    assert_eq!(store.joining_fetch(scene.filled.clinic).await.unwrap().unwrap().state, JoiningState::Agreed);
    // Whoever is not in the list at all is not even written down as somebody who moves.
    let beside = store::SplitPatient { patient: scene.cid, listed: false, fate: SplitFate::Moves };
    let mut tx = store.begin("beside the list").await.unwrap();
    assert!(tx.split_choose(scene.filled.clinic, &[beside]).await.is_err());
}

#[tokio::test]
async fn destroying_the_keys_of_the_one_touches_nothing_that_moved_and_the_others_certificate_says_what_older_backups_hold()
 {
    let scene = scene().await;
    let filled = &scene.filled;
    if filled.custody().store().is_on_server() {
        return;
    }
    scene.agreed(numbers(&["A-1"])).await;
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    let shred = async |customer: CustomerId, name: &str| {
        filled.house.step_up(&filled.first).await.unwrap();
        for one in filled.custody().store().agreement_list(customer).await.unwrap() {
            let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
            drop(desk.agreement_end(customer, one.id).await);
        }
        let reason = "They have left.".to_owned();
        let order = ShredOrder { customer, name: name.to_owned(), reason, copies_expire_on: None };
        filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&order).await.unwrap();
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
        let decided = ShredDecided { customer, what: ShredSeen::Name(name.to_owned()) };
        match desk.key_shred_approve(&decided, Some(root())).await.unwrap() {
            Approved::Shredded(done) => done.text,
            Approved::NeedsRootKey => panic!("the root key was given"),
        }
    };
    // The practice that was split lives: its keys do not stand in the other's way, and are not needed for what moved.
    let text = shred(filled.clinic, "Lakeside Pediatrics").await;
    assert!(!text.contains("came from"), "{text}");
    assert!(scene.reads(scene.documents[0]).await && !scene.reads(scene.documents[2]).await);
    let text = shred(filled.other, "Hill Cardiology").await;
    assert!(text.contains(&format!("came from: 1 patients from {}", filled.clinic)), "{text}");
    assert!(!scene.reads(scene.documents[0]).await);
}
