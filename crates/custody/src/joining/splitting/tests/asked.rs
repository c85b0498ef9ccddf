//! What was asked for, and nothing else: who wrote meanwhile, how much was shown, and what is only remembered of two patients.

use super::{Scene, numbers, scene, written};
use crate::joining::JoinSeen;
use crate::{CustodyError, JoinYes, NewUpload, PatientBody, SplitBy, SplitFate, SplitPrepared, UploadCut};
use bytes::Bytes;
use record::civil::Day;
use record::merge::MergeState;
use record::{PatientId, act};
use std::ops::ControlFlow;
use store::SplitMuch;

async fn patient(scene: &Scene, first: &str, number: &str) -> PatientId {
    // Ids go by the time.
    scene.filled.house.later(1);
    let body = PatientBody {
        last: "Ravensworth".to_owned(),
        first: first.to_owned(),
        born: Day::new(2016, 5, 4),
        record_number: number.to_owned(),
        ..PatientBody::default()
    };
    let desk = scene.filled.house.desk::<act::PatientCreate>(&scene.filled.records).await;
    desk.patient_create(scene.filled.clinic, &body).await.unwrap()
}

impl Scene {
    async fn alerts(&self, kind: &str) -> Vec<String> {
        let all = self.filled.custody().store().alert_list().await.unwrap();
        all.into_iter().filter(|one| one.kind == kind).map(|one| one.sentence).collect()
    }
}

#[tokio::test]
async fn whoever_others_have_written_about_since_both_words_stays_and_is_listed() {
    let scene_one = scene().await;
    scene_one.agreed(SplitBy::Authors(vec![scene_one.ada.person])).await;
    let row = scene_one.filled.custody().store().joining_fetch(scene_one.filled.clinic).await.unwrap().unwrap();
    assert_eq!(row.authors, [scene_one.ada.person]);
    let new = written(&scene_one.filled, scene_one.ann, &scene_one.bea, 9).await;
    let moved = scene_one.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.patients == 0 && moved.stayed == 1, "{moved:?}");
    let mut expected = vec![(scene_one.ann, SplitFate::Others), (scene_one.ben, SplitFate::Others)];
    expected.sort();
    assert_eq!(scene_one.fates().await, expected);
    assert_eq!(scene_one.whose(new).await, scene_one.filled.clinic);
    scene_one.is_whole().await;
    // Nor does a chart go in which others have written since the run looked who goes.
    let scene = super::scene().await;
    scene.agreed(SplitBy::Authors(vec![scene.ada.person])).await;
    let mut run = scene.begun().await;
    assert_eq!(run.groups().await.unwrap(), [[scene.ann]]);
    written(&scene.filled, scene.ann, &scene.bea, 9).await;
    let left = run.charts_leave(&[scene.ann], &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!(left, ControlFlow::Continue(super::Left::NotNow));
    assert!(run.groups().await.unwrap().is_empty());
    drop(run);
    scene.is_whole().await;
    // Who was chosen by a number goes with whatever anybody writes.
    let scene = super::scene().await;
    scene.agreed(numbers(&["A-1"])).await;
    let new = written(&scene.filled, scene.ann, &scene.bea, 9).await;
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    assert_eq!(scene.whose(new).await, scene.filled.other);
}

#[tokio::test]
async fn a_yes_is_to_so_much_and_more_than_that_does_not_go_untold() {
    let scene = scene().await;
    let filled = &scene.filled;
    let store = filled.custody().store();
    assert!(matches!(scene.prepare(numbers(&["A-1"])).await.unwrap(), SplitPrepared::Prepared { .. }));
    let seen = scene.view(filled.clinic, &filled.manager).await.seen;
    let much = seen.much.unwrap();
    assert_eq!(much.documents, 2);
    filled.house.step_up(&filled.manager).await.unwrap();
    let nothing = JoinSeen { much: None, ..seen };
    let yes = JoinYes { customer: filled.clinic, joins: filled.clinic, seen: nothing, people: Vec::new() };
    let desk = filled.house.desk::<act::CustomerJoin>(&filled.manager).await;
    assert!(matches!(desk.join_yes(&yes).await, Err(CustodyError::Changed)), "they were shown nothing");
    scene.yes(&filled.manager, filled.clinic, Vec::new()).await.unwrap();
    assert_eq!(scene.view(filled.other, &scene.olaf).await.seen.much, Some(much), "the other one sees the same counts");
    scene.yes(&scene.olaf, filled.other, Vec::new()).await.unwrap();
    let row = store.joining_fetch(filled.clinic).await.unwrap().unwrap();
    assert_eq!((row.given_seen, row.agreed_seen), (Some(much), Some(much)));
    // After both words the clinic puts more into these charts.
    written(filled, scene.ann, &scene.ada, 9).await;
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    let grew = scene.alerts("joining_grew").await;
    assert!(grew.len() == 1 && grew[0].contains("3 documents") && grew[0].contains("not 2 of"), "{grew:?}");
    let done = scene.alerts("joining_done").await;
    assert!(done[0].contains("3 documents") && done[0].contains("more than the 2 documents"), "{done:?}");
    let kept = store.split_list_from(filled.clinic).await.unwrap();
    assert_eq!((kept[0].patients, kept[0].much.documents), (1, 3));
    let view = scene.view(filled.other, &scene.olaf).await.split.unwrap();
    assert_eq!(view.went, Some(kept[0].much));
    // As much as was shown is told nobody.
    let scene = super::scene().await;
    scene.agreed(numbers(&["A-1", "C-3"])).await;
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    assert!(scene.alerts("joining_grew").await.is_empty());
    assert!(!scene.alerts("joining_done").await[0].contains("more than"));
    let kept = scene.filled.custody().store().split_list_from(scene.filled.clinic).await.unwrap();
    assert!(matches!(kept[0].much, SplitMuch { documents: 3, bytes } if bytes > 0));
}

#[tokio::test]
async fn what_was_refused_between_two_who_go_is_refused_there_and_proposed_to_nobody_anew() {
    let scene = scene().await;
    let filled = &scene.filled;
    let store = filled.custody().store();
    // Father and son of one name, whom somebody has told apart; and by their ids more than one page between them.
    let father = patient(&scene, "Rufus", "F-0").await;
    let mut listed = vec!["F-0".to_owned(), "F-99".to_owned()];
    for between in 1..23_u8 {
        let name = format!("Other{}", char::from(b'a' + between));
        patient(&scene, &name, &format!("F-{between}")).await;
        listed.push(format!("F-{between}"));
    }
    let son = patient(&scene, "Rufus", "F-99").await;
    let desk = filled.house.desk::<act::PatientMergePropose>(&filled.records).await;
    let proposed = desk.merge_propose(son, father).await.unwrap();
    let desk = filled.house.desk::<act::PatientMergeRefuse>(&filled.records).await;
    desk.merge_refuse(proposed).await.unwrap();
    // And one who stays, of whom the same was said about the father: that ends, and holds nobody back.
    let stays = patient(&scene, "Rufina", "F-100").await;
    let desk = filled.house.desk::<act::PatientMergePropose>(&filled.records).await;
    let crossing = desk.merge_propose(stays, father).await.unwrap();
    let desk = filled.house.desk::<act::PatientMergeRefuse>(&filled.records).await;
    desk.merge_refuse(crossing).await.unwrap();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    scene.agreed(numbers(&listed)).await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.patients == 24 && moved.stayed == 0, "{moved:?}");
    let refused = store.merge_list(filled.other, MergeState::Refused, None, 10).await.unwrap();
    assert_eq!(
        refused.iter().map(|one| (one.id, one.prior, one.survivor)).collect::<Vec<_>>(),
        [(proposed, son, father)]
    );
    assert!(store.merge_list(filled.other, MergeState::Proposed, None, 10).await.unwrap().is_empty());
    assert!(store.merge_list(filled.clinic, MergeState::Refused, None, 10).await.unwrap().is_empty());
    assert_eq!(store.patient_fetch(stays).await.unwrap().unwrap().customer, filled.clinic);
}

#[tokio::test]
async fn a_misfiled_document_that_was_put_right_keeps_neither_patient() {
    let scene = scene().await;
    let store = scene.filled.custody().store();
    // Ann's first lay in Cid's chart, Cid's in Ann's, and Ben's first in Ann's. Cid stays.
    let mut tx = store.begin("put right").await.unwrap();
    for (at, lay_with) in [(0, scene.cid), (4, scene.ann), (2, scene.ann)] {
        let mut row = store.document_fetch(scene.documents[at]).await.unwrap().unwrap();
        row.moved_from = Some(lay_with);
        assert_eq!(tx.document_update(&row, row.state).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    scene.agreed(numbers(&["A-1", "B-2"])).await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.patients == 2 && moved.stayed == 0, "{moved:?}");
    scene.is_whole().await;
    let (clinic, other) = (scene.filled.clinic, scene.filled.other);
    for (at, whose, lay_with) in [(0, other, None), (2, other, Some(scene.ann)), (4, clinic, None)] {
        let row = store.document_fetch(scene.documents[at]).await.unwrap().unwrap();
        assert_eq!((row.customer, row.moved_from), (whose, lay_with), "{at}");
    }
}

#[tokio::test]
async fn what_comes_in_for_somebody_who_left_meanwhile_is_refused_in_words() {
    let scene = scene().await;
    let filled = &scene.filled;
    scene.agreed(numbers(&["A-1"])).await;
    let new = NewUpload {
        customer: Some(filled.clinic),
        file_name: "late.txt".to_owned(),
        patient: Some(scene.ann),
        author: Some(scene.ada.person),
        ..NewUpload::default()
    };
    let bytes = Box::pin(futures_util::stream::once(async {
        assert!(scene.run(usize::MAX).await.unwrap().finished);
        Ok::<Bytes, UploadCut>(Bytes::from_static(b"Words that come late.\n"))
    }));
    let desk = filled.house.desk::<act::DocumentUpload>(&filled.typist).await;
    let done = desk.document_upload(new, bytes).await.map(|done| done.id);
    assert!(matches!(&done, Err(CustodyError::Input(wrong)) if wrong[0].field == "patient"), "{done:?}");
    scene.is_whole().await;
}
