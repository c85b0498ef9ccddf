//! Runs beside each other, charts of many rows, and what keeps one chart and no other.

use super::super::{Left, ROWS_AT_ONCE, pages_of};
use super::{GLASSES, numbers, said, scene};
use crate::{CustodyError, JoiningMoved, SplitFate};
use record::{PatientId, act};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use store::{Arriving, Patient, SplitPatient};

#[test]
fn a_page_is_at_most_twenty_patients_or_about_five_hundred_rows_and_one_group_at_least() {
    let pat = |n: u8| PatientId::from_bytes([n; 16]);
    let lengths = |groups: Vec<Vec<PatientId>>, sizes: &BTreeMap<PatientId, u64>| {
        let pages = pages_of(groups, sizes);
        pages.iter().map(|page| page.concat().len()).collect::<Vec<_>>()
    };
    let alone = |many: u8| (0..many).map(|n| vec![pat(n)]).collect::<Vec<_>>();
    assert_eq!(lengths(alone(45), &BTreeMap::new()), [20, 20, 5]);
    let sizes: BTreeMap<PatientId, u64> = (0..45).map(|n| (pat(n), 99)).collect();
    assert_eq!(lengths(alone(12), &sizes), [5, 5, 2]);
    let big = BTreeMap::from([(pat(1), 10 * ROWS_AT_ONCE)]);
    assert_eq!(lengths(alone(4), &big), [1, 1, 2]);
    let tied = (0..30).map(pat).collect::<Vec<_>>();
    assert_eq!(lengths(vec![tied, vec![pat(40)]], &BTreeMap::new()), [30, 1]);
    assert!(lengths(Vec::new(), &big).is_empty());
}

#[tokio::test]
async fn of_two_runs_at_once_the_one_that_was_begun_last_moves_and_no_chart_is_lost() {
    let scene = scene().await;
    let (clinic, other) = (scene.filled.clinic, scene.filled.other);
    let store = scene.filled.custody().store();
    scene.agreed(numbers(&["A-1"])).await;
    let ids = [scene.ann];
    let first = scene.begun().await;
    let read = first.charts_read(&ids).await.unwrap();
    let read = (&read.0, &read.1);
    let carried = first.charts_carried(read.1).await.unwrap();
    first.charts_put(&carried.rows).await.unwrap();
    // It stands still, and another one takes it up, which lets go of what did not leave.
    let mut second = scene.another_run().await;
    second.settle().await.unwrap();
    assert_eq!(store.arriving_count(other).await.unwrap(), 0);
    assert!(!first.charts_depart(&ids, read, &carried.rows).await.unwrap());
    assert!(matches!(first.charts_go(&ids, read, &carried).await, Err(CustodyError::Changed)));
    scene.is_whole().await;
    // What the second has put is not the first one's to take out, nor to let go of.
    let carried_anew = second.charts_carried(read.1).await.unwrap();
    second.charts_put(&carried_anew.rows).await.unwrap();
    assert!(!first.charts_depart(&ids, read, &carried_anew.rows).await.unwrap());
    assert!(matches!(first.let_go().await, Err(CustodyError::Changed)));
    // Nor does it leave unless exactly that waits.
    assert!(!second.charts_depart(&ids, read, &carried_anew.rows[1..]).await.unwrap());
    assert!(second.charts_depart(&ids, read, &carried_anew.rows).await.unwrap());
    // It has left: nobody lets go of it, and who was overtaken takes nothing in.
    let mut third = scene.another_run().await;
    assert!(!third.let_go().await.unwrap());
    assert!(matches!(second.let_go().await, Err(CustodyError::Changed)));
    assert!(matches!(second.charts_come_in().await, Err(CustodyError::Changed)));
    assert!(matches!(second.split_end().await, Err(CustodyError::Changed)));
    third.settle().await.unwrap();
    scene.is_whole().await;
    drop((first, second, third));
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    assert_eq!((scene.whose(scene.documents[0]).await, scene.whose(scene.documents[2]).await), (other, clinic));
}

#[tokio::test]
async fn a_chart_of_more_than_five_hundred_rows_comes_in_whole_wherever_it_is_stopped() {
    for words in 1..9 {
        let scene = scene().await;
        let (clinic, other) = (scene.filled.clinic, scene.filled.other);
        scene.heavy(scene.ann).await;
        scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
        let moved = scene.run(words).await.unwrap();
        scene.is_whole().await;
        assert_eq!((scene.glasses(clinic).await, scene.glasses(other).await), (0, GLASSES), "with the first page");
        assert_eq!(scene.filled.custody().store().arriving_count(other).await.unwrap(), 0);
        if moved.finished {
            assert!(words > 2, "her chart is a page by itself");
            return;
        }
        assert!(scene.run(usize::MAX).await.unwrap().finished);
        scene.is_whole().await;
        assert_eq!(scene.whose(scene.documents[4]).await, other);
    }
    panic!("it never ended");
}

#[tokio::test]
async fn whom_the_other_practice_merges_between_two_pages_is_found_there_with_everything() {
    let scene = scene().await;
    let (store, other) = (scene.filled.custody().store(), scene.filled.other);
    let oda = scene.oda().await;
    let own = scene.patient(&oda, other, ("Anna", "O-1")).await;
    scene.heavy(scene.ann).await;
    scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
    assert!(!scene.run(1).await.unwrap().finished);
    let merge = scene.filled.house.desk::<act::PatientMergePropose>(&oda).await.merge_propose(scene.ann, own).await;
    let mut seen = Vec::new();
    for id in [scene.ann, own] {
        seen.push((id, store.patient_fetch(id).await.unwrap().unwrap().revision));
    }
    let desk = scene.filled.house.desk::<act::PatientMergeConfirm>(&oda).await;
    desk.merge_confirm(merge.unwrap(), own, [seen[0], seen[1]]).await.unwrap();
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    for (id, patient) in scene.documents.iter().zip([own, own, scene.ben, scene.ben, scene.cid]) {
        let row = store.document_fetch(*id).await.unwrap().unwrap();
        assert_eq!((row.customer, row.patient), (other, Some(patient)));
        assert!(scene.reads(*id).await);
    }
    let kept = store.kept_check(other, None, 100).await.unwrap();
    assert!(kept.wrong.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn numbers_that_are_all_taken_keep_nobody_and_a_damaged_row_keeps_its_own_chart() {
    let scene = scene().await;
    let (store, other) = (scene.filled.custody().store(), scene.filled.other);
    let oda = scene.oda().await;
    scene.patient(&oda, other, ("Own", "A-1")).await;
    scene.patient(&oda, other, ("Own", "L-A-1")).await;
    for count in 2..=32 {
        scene.patient(&oda, other, ("Own", &format!("L-A-1-x{count}"))).await;
    }
    // Whoever has Ben's number at the other practice went into somebody who went into them.
    let circle = [scene.patient(&oda, other, ("One", "B-2")).await, scene.patient(&oda, other, ("Two", "B-22")).await];
    let mut tx = store.begin("damage").await.unwrap();
    for (id, to) in [(circle[0], circle[1]), (circle[1], circle[0])] {
        let row = store.patient_fetch(id).await.unwrap().unwrap();
        assert_eq!(tx.patient_update(&Patient { linked_to: Some(to), ..row }).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
    scene.agreed(numbers(&["A-1", "B-2", "C-3"])).await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished, "{moved:?}");
    assert_eq!((moved.patients, moved.damaged, moved.stayed, moved.prefixed), (2, 1, 1, 1));
    assert_eq!(scene.fates().await, [(scene.ben, SplitFate::Broken)]);
    scene.is_whole().await;
    assert_eq!((scene.whose(scene.documents[0]).await, scene.whose(scene.documents[4]).await), (other, other));
    assert!(scene.reads(scene.documents[2]).await, "where it was");
}

#[tokio::test]
async fn two_who_come_together_do_not_get_one_number() {
    let scene = scene().await;
    scene.agreed(numbers(&["A-1"])).await;
    let run = scene.begun().await;
    let one = run.number_free("Z-9", scene.ann, &[]).await.unwrap();
    let token = scene.filled.custody().number_token(scene.filled.other, &one).unwrap().unwrap();
    let beside = Arriving::patient_tokens(scene.ann, &[("record_number".to_owned(), token)]);
    let two = run.number_free("Z-9", scene.ben, &beside).await.unwrap();
    assert_eq!((one.as_str(), two.as_str()), ("L-Z-9", "L-Z-9-x2"));
}

#[tokio::test]
async fn a_document_that_is_held_when_its_chart_is_about_to_leave_keeps_it() {
    let scene = scene().await;
    scene.agreed(numbers(&["A-1", "B-2"])).await;
    let mut run = scene.begun().await;
    assert_eq!(run.groups().await.unwrap().len(), 2);
    scene.hold(scene.documents[0]).await;
    let mut goes_on = |_: &JoiningMoved| ControlFlow::Continue(());
    let left = run.charts_leave(&[scene.ann], &mut goes_on).await.unwrap();
    assert_eq!(left, ControlFlow::Continue(Left::NotNow));
    drop(run);
    assert!(scene.run(usize::MAX).await.unwrap().finished);
    assert_eq!(scene.fates().await, [(scene.ann, SplitFate::Held)]);
    let whose = (scene.whose(scene.documents[1]).await, scene.whose(scene.documents[2]).await);
    assert_eq!(whose, (scene.filled.clinic, scene.filled.other));
}

#[tokio::test]
async fn whoever_is_written_beside_the_list_while_it_is_carried_out_does_not_move() {
    let scene = scene().await;
    let (store, clinic) = (scene.filled.custody().store(), scene.filled.clinic);
    scene.agreed(numbers(&["A-1"])).await;
    let mut run = scene.begun().await;
    let planted = [scene.ann, scene.cid].map(|patient| SplitPatient { patient, listed: true, fate: SplitFate::Moves });
    let mut tx = store.begin("one more between two pages").await.unwrap();
    tx.split_choose(clinic, &planted).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(run.groups().await.unwrap(), [[scene.ann]]);
    let mut goes_on = |_: &JoiningMoved| ControlFlow::Continue(());
    assert!(said(run.charts_leave(&[scene.cid], &mut goes_on).await).contains("not the one"));
    let left = run.charts_leave(&[scene.ann], &mut goes_on).await.unwrap();
    assert_eq!(left, ControlFlow::Continue(Left::Gone));
    assert!(said(run.split_end().await).contains("not the one"), "it is no end of what was agreed");
    drop(run);
    assert!(said(scene.run(usize::MAX).await).contains("not the one"));
    scene.is_whole().await;
    assert_eq!(scene.whose(scene.documents[4]).await, clinic);
}
