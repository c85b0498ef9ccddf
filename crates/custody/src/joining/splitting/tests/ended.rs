//! A split that was stopped: what waits for it, what stands in its way by then, and who ends it half way.

use super::super::Left;
use super::{Scene, numbers, said, scene};
use crate::{CustodyError, SplitFate, TakenBack};
use record::{PatientId, act};
use store::JoiningState;

/// Ann has moved, and it was stopped; Ben and Cid are still to move.
async fn stopped() -> Scene {
    let scene = scene().await;
    scene.heavy(scene.ann).await;
    scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
    let moved = scene.run(1).await.unwrap();
    assert!(!moved.finished && moved.patients == 1, "{moved:?}");
    scene
}

/// Ann's chart has left and has not come in; whoever did that is still about.
async fn on_its_way(scene: &Scene, patient: PatientId) -> super::Run {
    let run = scene.another_run().await;
    let (stand, charts) = run.charts_read(&[patient]).await.unwrap();
    let carried = run.charts_carried(&charts).await.unwrap();
    assert_eq!(run.charts_go(&[patient], (&stand, &charts), &carried).await.unwrap(), Left::Gone);
    run
}

async fn agreements_end(scene: &Scene) {
    let filled = &scene.filled;
    filled.house.step_up(&filled.first).await.unwrap();
    for one in filled.custody().store().agreement_list(filled.other).await.unwrap() {
        let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
        desk.agreement_end(filled.other, one.id).await.unwrap();
    }
}

#[tokio::test]
async fn a_backup_waits_only_while_something_is_on_its_way() {
    let scene = stopped().await;
    let custody = scene.filled.custody();
    if custody.store().is_on_server() {
        return;
    }
    let backup = async || {
        // Sets are named after their time.
        scene.filled.house.later(1000);
        custody.backup_create(&scene.filled.backup()).await.map(|_| ())
    };
    assert_eq!(scene.row().await.state, JoiningState::Moving);
    backup().await.unwrap();
    // What was put and has not left is all with the one still.
    let run = scene.another_run().await;
    let (_, charts) = run.charts_read(&[scene.ben]).await.unwrap();
    run.charts_put(&run.charts_carried(&charts).await.unwrap().rows).await.unwrap();
    backup().await.unwrap();
    assert!(run.let_go().await.unwrap());
    drop(run);
    drop(on_its_way(&scene, scene.ben).await);
    assert!(said(backup().await).contains("on their way"));
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    backup().await.unwrap();
}

#[tokio::test]
async fn an_agreement_that_has_ended_since_moves_nobody_and_a_manager_ends_it_half_way() {
    let scene = stopped().await;
    let filled = &scene.filled;
    let (clinic, other) = (filled.clinic, filled.other);
    agreements_end(&scene).await;
    assert!(said(scene.run(usize::MAX).await).contains("agreement"));
    let mut expected =
        vec![(scene.ann, SplitFate::Moved), (scene.ben, SplitFate::Moves), (scene.cid, SplitFate::Moves)];
    expected.sort();
    assert_eq!(scene.fates().await, expected);
    assert!(scene.view(clinic, &filled.manager).await.hindered.contains("agreement"));
    assert!(!filled.custody().joining_hindered(clinic).await.unwrap().is_empty());
    filled.house.step_up(&filled.manager).await.unwrap();
    let desk = filled.house.desk::<act::CustomerJoin>(&filled.manager).await;
    assert_eq!(desk.join_no(clinic, clinic).await.unwrap(), TakenBack::HalfWay);
    // What moved stays moved, nobody else does, and nothing waits for it any more.
    let mut expected = vec![(scene.ben, SplitFate::Stays), (scene.cid, SplitFate::Stays)];
    expected.sort();
    assert_eq!(scene.fates().await, expected);
    for (at, whose) in [(0, other), (1, other), (2, clinic), (3, clinic), (4, clinic)] {
        assert_eq!(scene.whose(scene.documents[at]).await, whose);
    }
    for (whose, by, stays) in [(clinic, &filled.manager, Some(2)), (other, &scene.olaf, None)] {
        let view = scene.view(whose, by).await;
        let split = view.split.unwrap();
        assert_eq!((view.state, split.moved, split.stays), (JoiningState::Joined, Some(1), stays));
        assert_eq!(split.ended.as_deref(), Some("Mona Manager"));
        assert_eq!(filled.custody().joining_hindered(whose).await.unwrap(), "");
    }
    let lines = scene.list(&filled.manager, clinic).await.unwrap();
    assert!(lines.lines.iter().all(|line| line.fate == SplitFate::Stays) && lines.lines.len() == 2);
    let alerts = filled.custody().store().alert_list().await.unwrap();
    assert!(alerts.iter().any(|one| one.kind == "joining_taken_back" && one.sentence.contains("ended half way")));
    assert!(said(scene.run(usize::MAX).await).contains("No split"));
}

#[tokio::test]
async fn an_end_half_way_brings_in_what_has_left_and_stops_whatever_run_is_about() {
    let scene = scene().await;
    let filled = &scene.filled;
    let (clinic, other) = (filled.clinic, filled.other);
    scene.agreed(numbers(&["A-1", "B-2"])).await;
    let officer = async || {
        filled.house.step_up(&filled.first).await.unwrap();
        filled.house.desk::<act::CustomerJoinPrepare>(&filled.first).await
    };
    assert!(said(officer().await.split_end(clinic).await).contains("No split"), "it can be taken back");
    drop(scene.begun().await);
    let run = on_its_way(&scene, scene.ann).await;
    assert!(said(officer().await.join_unprepare(clinic).await).contains("split end"));
    // Even when no agreement is in force any more: she is nowhere else.
    agreements_end(&scene).await;
    officer().await.split_end(clinic).await.unwrap();
    assert_eq!(scene.fates().await, [(scene.ben, SplitFate::Stays)]);
    assert_eq!(filled.custody().store().patient_fetch(scene.ann).await.unwrap().unwrap().customer, other);
    assert_eq!((scene.whose(scene.documents[1]).await, scene.whose(scene.documents[2]).await), (other, clinic));
    let (_, charts) = run.charts_read(&[scene.ben]).await.unwrap();
    let carried = run.charts_carried(&charts).await;
    assert!(carried.is_err(), "nothing is agreed upon any more");
    assert!(matches!(run.charts_put(&[]).await, Err(CustodyError::Changed)));
    assert!(scene.reads(scene.documents[2]).await);
}

#[tokio::test]
async fn what_was_put_and_did_not_leave_is_let_go_of_by_an_end_half_way() {
    let scene = scene().await;
    let filled = &scene.filled;
    scene.agreed(numbers(&["A-1"])).await;
    let run = scene.begun().await;
    let (stand, charts) = run.charts_read(&[scene.ann]).await.unwrap();
    let carried = run.charts_carried(&charts).await.unwrap();
    run.charts_put(&carried.rows).await.unwrap();
    filled.house.step_up(&scene.olaf).await.unwrap();
    let desk = filled.house.desk::<act::CustomerJoin>(&scene.olaf).await;
    assert_eq!(desk.join_no(filled.other, filled.clinic).await.unwrap(), TakenBack::HalfWay);
    assert_eq!(filled.custody().store().arriving_count(filled.other).await.unwrap(), 0);
    let leaves = run.charts_depart(&[scene.ann], (&stand, &charts), &carried.rows).await;
    assert!(!leaves.unwrap(), "it was ended");
    scene.is_whole().await;
    assert_eq!(scene.whose(scene.documents[0]).await, filled.clinic);
    assert_eq!(scene.fates().await, [(scene.ann, SplitFate::Stays)]);
}
