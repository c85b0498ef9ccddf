//! What others write while a practice is being moved.

use super::{begun, body, number, spoilt, two};
use crate::joining::carrying::Run;
use crate::{CustodyError, JoiningMoved};
use record::merge::{MergeCause, MergeState};
use record::{ResourceId, Role, act};
use std::collections::BTreeSet;
use store::{Arriving, ArrivingAt, Document, JoiningState, SealedColumn};

#[tokio::test]
async fn a_number_that_the_other_gives_out_while_it_moves_is_not_two_patients() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    let oda = filled.house.member(&two.olaf, filled.other, Role::RecordsStaff, "Oda Records").await;
    let joining = two.found(&filled.records, number("LP-778812")).await[0];
    two.agreed(&[]).await;
    // Looked at, begun, and all of it has left: nothing has come in yet.
    two.run(4).await.unwrap();
    assert_eq!((store.arriving_left(filled.clinic).await.unwrap(), two.row().await.state), (0, JoiningState::Moving));
    filled.house.later(1000);
    let own = two.patient(&oda, filled.other, body("Someone", "Else", "LP-778812")).await;
    let prefixed = two.patient(&oda, filled.other, body("Somebody", "Other", "L-LP-778812")).await;
    let moved = two.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.prefixed == 1 && moved.proposed == 1, "{moved:?}");
    assert_eq!(two.found(&oda, number("LP-778812")).await, [own]);
    assert_eq!(two.found(&oda, number("L-LP-778812")).await, [prefixed]);
    assert_eq!(two.found(&oda, number("L-LP-778812-x2")).await, [joining]);
    let waiting = store.merge_list(filled.other, MergeState::Proposed, None, 10).await.unwrap();
    let pairs: Vec<_> = waiting.iter().map(|one| (one.prior, one.survivor, one.cause)).collect();
    assert_eq!(pairs, [(joining, own, MergeCause::SameNumber)]);
    let kept = store.kept_check(filled.other, None, 100).await.unwrap();
    assert!(kept.wrong.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_number_that_somebody_has_corrected_meanwhile_is_left_as_it_is() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    let oda = filled.house.member(&two.olaf, filled.other, Role::RecordsStaff, "Oda Records").await;
    let joining = two.found(&filled.records, number("LP-778812")).await[0];
    two.agreed(&[]).await;
    two.run(4).await.unwrap();
    filled.house.later(1000);
    two.patient(&oda, filled.other, body("Someone", "Else", "LP-778812")).await;
    // All that can come in comes in; before the number is settled somebody corrects the patient.
    let mut tx = store.begin("come in").await.unwrap();
    tx.arriving_come(filled.other, &ArrivingAt::default()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_numbers(filled.other).await.unwrap().len(), 1);
    let revision = store.patient_fetch(joining).await.unwrap().unwrap().revision;
    let desk = filled.house.desk::<act::PatientChange>(&oda).await;
    desk.patient_change(joining, &body("Quillfeather", "Nora", "HC-9"), revision).await.unwrap();
    let moved = two.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.prefixed == 0, "{moved:?}");
    assert_eq!(two.found(&oda, number("HC-9")).await, [joining]);
}

#[tokio::test]
async fn what_was_put_and_stays_after_all_does_not_come_in_beside_itself() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    two.agreed(&[]).await;
    begun(&two).await;
    // As if it had died after each was put and before any left, and one does not open any more since.
    let rows = store.document_page_of(filled.clinic, None, 10).await.unwrap();
    let mut tx = store.begin("died in between").await.unwrap();
    for row in &rows {
        let put = Arriving::document(&Document { customer: filled.other, patient: None, ..row.clone() });
        tx.arriving_put(filled.other, &[put]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let was = spoilt(&two, SealedColumn::DocumentBody, None).await;
    assert!(!two.run(usize::MAX).await.unwrap().finished);
    let stays = store.document_page_of(filled.clinic, None, 10).await.unwrap();
    assert_eq!(stays.len(), 1);
    let id = ResourceId::from(stays[0].id);
    let waits = store.arriving_next(filled.other, &ArrivingAt::default()).await.unwrap();
    assert!(waits.iter().all(|one| one.id() != id), "neither waits");
    let there = store.document_page_of(filled.other, None, 10).await.unwrap();
    assert!(there.iter().all(|one| one.id != stays[0].id), "nor is there");
    spoilt(&two, SealedColumn::DocumentBody, Some(was)).await;
    assert!(two.run(usize::MAX).await.unwrap().finished);
    for id in &filled.documents {
        assert!(two.reads(*id).await);
    }
}

#[tokio::test]
async fn a_run_that_stood_still_puts_and_takes_nothing_when_another_has_begun() {
    let two = two().await;
    let filled = &two.filled;
    let (custody, store) = (filled.custody(), filled.custody().store());
    two.agreed(&[]).await;
    begun(&two).await;
    let run = |row: store::Joining| Run {
        custody: custody.clone(),
        row,
        moved: JoiningMoved::default(),
        damaged: Vec::new(),
        listed: BTreeSet::new(),
    };
    let late = run(two.row().await);
    let now = run(custody.joining_run_begin(&late.row).await.unwrap());
    let row = store.document_page_of(filled.clinic, None, 1).await.unwrap().remove(0);
    let rows = [Arriving::document(&Document { customer: filled.other, patient: None, ..row })];
    assert!(matches!(late.put(&rows).await, Err(CustodyError::Changed)));
    assert!(matches!(now.departing("take out", &rows).await.map(drop), Err(CustodyError::Changed)), "it does not wait");
    now.put(&rows).await.unwrap();
    assert!(matches!(late.departing("take out", &rows).await.map(drop), Err(CustodyError::Changed)));
    now.departing("take out", &rows).await.map(drop).unwrap();
    assert!(two.run(usize::MAX).await.unwrap().finished);
    for id in &filled.documents {
        assert!(two.reads(*id).await);
    }
}
