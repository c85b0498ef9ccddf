//! Some patients of a customer who go to another one: whole charts, as they were read, and no text that reaches another's rows.

use super::customers::two_customers;
use super::{NOW, a_document, a_patient, customer, document_id, patient_id, person, store};
use crate::{
    Joining, JoiningState, PatientMerge, SplitCharts, SplitFate, SplitMuch, SplitPatient, SplitStand, SplitTie,
    SplitTied, SplitWritten, Store,
};
use record::document::DocumentState;
use record::merge::{MergeCause, MergeState};
use record::{MergeId, Timestamp};

fn at(secs: i64) -> Timestamp {
    NOW.plus_secs(secs)
}

fn chosen(n: u8, listed: bool, fate: SplitFate) -> SplitPatient {
    SplitPatient { patient: patient_id(n), listed, fate }
}

/// Customer 1 is to give patients 1 and 11 to customer 2, both managers have said yes, and it is being carried out. Patient 31
/// stays, because a document is held.
async fn moving(store: &Store) {
    two_customers(store).await;
    let (here, there) = (customer(1), customer(2));
    let row = Joining {
        customer: here,
        into: there,
        prefix: "L-".to_owned(),
        state: JoiningState::Prepared,
        prepared_by: person(9),
        prepared_at: NOW,
        given_by: None,
        given_at: None,
        agreed_by: None,
        agreed_at: None,
        people: Vec::new(),
        moving_at: None,
        joined_at: None,
        chosen: Some(vec![7; 32]),
        authors: Vec::new(),
        given_seen: None,
        agreed_seen: None,
        gone: SplitMuch::default(),
        run: 0,
    };
    let mut held = a_document(document_id(31), here);
    (held.patient, held.author, held.state) = (Some(patient_id(31)), Some(person(2)), DocumentState::Held);
    let mut tx = store.begin("test").await.unwrap();
    tx.patient_insert(&a_patient(patient_id(31), here)).await.unwrap();
    tx.document_insert(&held).await.unwrap();
    let all =
        [chosen(1, true, SplitFate::Moves), chosen(11, true, SplitFate::Moves), chosen(31, false, SplitFate::Held)];
    assert_eq!(tx.joining_prepare(&row).await.unwrap(), 1);
    tx.split_choose(here, &[chosen(9, true, SplitFate::Moves)]).await.unwrap();
    tx.split_choose(here, &all).await.unwrap();
    assert_eq!(tx.joining_give(here, NOW, (person(1), at(1))).await.unwrap(), 1);
    assert_eq!(tx.joining_agree(here, at(1), (person(2), at(2)), &[]).await.unwrap(), 1);
    assert_eq!(tx.joining_move(here, at(2), at(3)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.split_patients(here).await.unwrap(), all, "in place of whoever was chosen before");
}

#[tokio::test]
async fn who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let (here, there) = (customer(1), customer(2));
    let tie = |n| SplitTie { one: patient_id(n + 10), other: patient_id(n), tied: SplitTied::Link };
    assert_eq!(store.split_ties(here).await.unwrap(), [tie(1)]);
    assert_eq!(store.split_ties(there).await.unwrap(), [tie(2)]);
    // How much was shown is written for whoever has just said yes, and to their own split.
    let seen = SplitMuch { documents: 5, bytes: 600 };
    let mut tx = store.begin("seen").await.unwrap();
    assert_eq!(tx.split_seen(there, JoiningState::Moving, seen).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.split_seen(here, JoiningState::Given, seen).await.unwrap(), 0, "it is further");
    tx.commit().await.unwrap();
    assert_eq!(store.split_held(here).await.unwrap(), [patient_id(31)]);
    assert!(store.split_held(there).await.unwrap().is_empty());
    let written = |n, yes| SplitWritten { patient: patient_id(n), some: yes, all: yes };
    assert_eq!(store.split_written(here, &[person(1)]).await.unwrap(), [written(1, true), written(31, false)]);
    assert_eq!(store.split_written(there, &[person(1)]).await.unwrap(), [written(2, true)]);
    assert!(store.split_patients(there).await.unwrap().is_empty());
    let page = store.split_page(here, Some(patient_id(1)), 1).await.unwrap();
    assert_eq!(page, [chosen(11, true, SplitFate::Moves)]);
    assert!(store.split_page(there, None, 9).await.unwrap().is_empty());
    let all = [patient_id(1), patient_id(2), patient_id(11)];
    assert_eq!(store.split_here(here, &all).await.unwrap(), [patient_id(1), patient_id(11)].into());
    // A document, its version, one inbox, a guardian and a broken glass.
    assert_eq!(store.split_sizes(here, &all).await.unwrap(), [(patient_id(1), 5)].into());
    assert_eq!(store.split_sizes(there, &all).await.unwrap(), [(patient_id(2), 5)].into());
    let counts = store.split_counts(here).await.unwrap();
    assert_eq!((counts.patients, counts.documents, counts.bytes), (2, 1, 100));
    assert_eq!(store.split_counts(there).await.unwrap(), crate::JoiningCounts::default());
    let ids = [patient_id(1), patient_id(11)];
    assert_eq!(store.split_stand(there, &ids).await.unwrap(), SplitStand::default());
    let theirs = store.split_charts(there, &ids).await.unwrap();
    assert!(theirs.patients.is_empty() && theirs.documents.is_empty() && theirs.glasses.is_empty());
    assert!(store.split_merge_moved(here, MergeId::from_bytes([1; 16])).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let (here, there) = (customer(1), customer(2));
    let ids = [patient_id(1), patient_id(11)];
    let stand = store.split_stand(here, &ids).await.unwrap();
    let charts = store.split_charts(here, &ids).await.unwrap();
    let lengths = |charts: &SplitCharts| [charts.patients.len(), charts.documents.len(), charts.glasses.len()];
    assert_eq!(lengths(&charts), [2, 1, 1]);
    let mut tx = store.begin("another's").await.unwrap();
    assert!(!tx.split_depart((there, here), &charts).await.unwrap(), "nothing of that is the other's");
    drop(tx);
    // Somebody opens the document: who has read what is part of a chart, and nothing else has changed.
    let mut tx = store.begin("read meanwhile").await.unwrap();
    tx.recipient_read(document_id(1), person(3), at(4)).await.unwrap();
    assert_ne!(tx.split_stand(here, &ids).await.unwrap(), stand);
    tx.commit().await.unwrap();
    let stand = store.split_stand(here, &ids).await.unwrap();
    let charts = store.split_charts(here, &ids).await.unwrap();
    let mut tx = store.begin("too early").await.unwrap();
    assert_eq!(tx.split_end((here, there), at(5)).await.unwrap(), 0, "somebody is still to move");
    drop(tx);
    let mut tx = store.begin("leave").await.unwrap();
    assert_eq!(tx.split_stand(here, &ids).await.unwrap(), stand);
    assert!(tx.split_depart((here, there), &charts).await.unwrap());
    assert_eq!(tx.split_fate(there, &ids, SplitFate::Moved).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.split_fate(here, &ids, SplitFate::Moved).await.unwrap(), 2);
    assert_eq!(tx.split_fate(here, &ids, SplitFate::Broken).await.unwrap(), 0, "they are not to move any more");
    tx.commit().await.unwrap();
    assert_eq!([store.customer_bytes(here).await.unwrap(), store.customer_bytes(there).await.unwrap()], [0, 300]);
    let mut tx = store.begin("end").await.unwrap();
    assert_eq!(tx.split_end((there, here), at(5)).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.split_end((here, there), at(5)).await.unwrap(), 1);
    assert_eq!(tx.split_end((here, there), at(6)).await.unwrap(), 0, "once");
    tx.commit().await.unwrap();
    assert!(store.joining_fetch(here).await.unwrap().is_none(), "it may be split again, or join another");
    let done = store.split_list_from(here).await.unwrap();
    assert_eq!((done[0].patients, done[0].into, done[0].split_at, done[0].given.0), (2, there, at(5), person(1)));
    assert_eq!(store.split_list_into(there).await.unwrap(), done);
    assert!(store.split_list_from(there).await.unwrap().is_empty());
    assert!(store.split_list_into(here).await.unwrap().is_empty());
    // Whoever stayed stays listed, and the practice goes on.
    assert_eq!(store.split_patients(here).await.unwrap(), [chosen(31, false, SplitFate::Held)]);
    assert!(store.customer_fetch(here).await.unwrap().unwrap().closed_at.is_none());
    let mut tx = store.begin("forget").await.unwrap();
    assert_eq!(tx.split_forget(there).await.unwrap(), 0);
    assert_eq!(tx.split_forget(here).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_only_remembered_of_who_stays_ends_and_what_files_are_known_by_is_kept_without_a_document() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let (here, there) = (customer(1), customer(2));
    // A document of 31, who stays, lay in the chart of 1; and somebody has said that 1 and 31 are two.
    let mut lay = a_document(document_id(32), here);
    (lay.patient, lay.moved_from) = (Some(patient_id(31)), Some(patient_id(1)));
    let refused = PatientMerge {
        id: MergeId::from_bytes([9; 16]),
        customer: here,
        prior: patient_id(1),
        survivor: patient_id(31),
        cause: MergeCause::SameName,
        state: MergeState::Proposed,
        proposed_at: NOW,
        proposed_by: "x".to_owned(),
        decided_at: None,
        decided_by: None,
        undone_at: None,
        undone_by: None,
    };
    let mut tx = store.begin("memories").await.unwrap();
    tx.document_insert(&lay).await.unwrap();
    tx.original_insert(here, &[5; 32], document_id(1), 1).await.unwrap();
    tx.original_insert(here, &[6; 32], document_id(32), 1).await.unwrap();
    assert_eq!(tx.merge_propose(&refused).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let said = |tied| SplitTie { one: patient_id(1), other: patient_id(31), tied };
    let ties = store.split_ties(here).await.unwrap();
    assert!(ties.contains(&said(SplitTied::Said)) && ties.contains(&said(SplitTied::Memory)), "{ties:?}");
    let mut tx = store.begin("two").await.unwrap();
    let (decided_at, decided_by) = (Some(at(4)), Some(person(1)));
    let refused = PatientMerge { state: MergeState::Refused, decided_at, decided_by, ..refused };
    assert_eq!(tx.merge_decide(&refused).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(!store.split_ties(here).await.unwrap().contains(&said(SplitTied::Said)), "nobody is held back by it");
    let ids = [patient_id(1), patient_id(11)];
    let charts = store.split_charts(here, &ids).await.unwrap();
    assert_eq!(charts.documents.iter().map(|one| one.id).collect::<Vec<_>>(), [document_id(1)]);
    let mut tx = store.begin("leave").await.unwrap();
    assert!(tx.split_depart((here, there), &charts).await.unwrap());
    tx.commit().await.unwrap();
    let stayed = store.document_fetch(document_id(32)).await.unwrap().unwrap();
    assert_eq!((stayed.patient, stayed.moved_from, stayed.revision), (Some(patient_id(31)), None, lay.revision + 1));
    assert!(store.merge_fetch(refused.id).await.unwrap().is_none());
    let row = store.joining_fetch(here).await.unwrap().unwrap();
    assert_eq!(row.gone, SplitMuch { documents: 1, bytes: 100 });
    let bytes = [vec![5; 32], vec![6; 32]];
    let known = store.incoming_known(here, &bytes, &[]).await.unwrap();
    assert_eq!(known.originals.keys().collect::<Vec<_>>(), [&vec![6; 32]]);
    assert_eq!(known.gone_originals.iter().collect::<Vec<_>>(), [&vec![5; 32]]);
    let theirs = store.incoming_known(there, &bytes, &bytes).await.unwrap();
    assert!(theirs.gone_originals.is_empty() && theirs.gone_paths.is_empty(), "another's is not told");
    let mut tx = store.begin("look").await.unwrap();
    assert!(tx.incoming_any_known(here, &bytes[..1]).await.unwrap());
    assert!(!tx.incoming_any_known(there, &bytes).await.unwrap());
}

#[tokio::test]
async fn a_mark_is_of_every_column_and_no_sum_of_them() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let ids = [patient_id(1), patient_id(11)];
    let before = store.split_stand(customer(1), &ids).await.unwrap();
    // The glass is reviewed one second after its beginning, and ends as much earlier.
    let glass = store.split_charts(customer(1), &ids).await.unwrap().glasses.remove(0);
    let mut tx = store.begin("two changes that cancel each other out").await.unwrap();
    let sql =
        "UPDATE break_glass SET to_at = to_at - $2, reviewed_at = $2 WHERE break_glass_id = $1 AND customer_id = $3";
    assert_eq!(tx.run(sql, crate::binds::binds![glass.id, 1_i64, customer(1)]).await.unwrap(), 1);
    assert_ne!(tx.split_stand(customer(1), &ids).await.unwrap(), before);
}

#[tokio::test]
async fn a_chart_does_not_leave_while_something_new_names_it() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let (here, there) = (customer(1), customer(2));
    let ids = [patient_id(1), patient_id(11)];
    let charts = store.split_charts(here, &ids).await.unwrap();
    let mut new = a_document(document_id(51), here);
    new.patient = Some(patient_id(11));
    let mut tx = store.begin("a new document").await.unwrap();
    tx.document_insert(&new).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin("leave").await.unwrap();
    let refused = tx.split_depart((here, there), &charts).await.unwrap_err();
    assert!(refused.is_of_rows(), "a document would name nobody: {refused:?}");
    drop(tx);
    assert_eq!(store.split_charts(here, &ids).await.unwrap().documents.len(), 2);
    assert_eq!(store.patient_fetch(patient_id(1)).await.unwrap().unwrap().customer, here);
}

#[tokio::test]
async fn nobody_moves_who_is_not_in_the_list() {
    let (_dir, store) = store().await;
    moving(&store).await;
    for fate in [SplitFate::Moves, SplitFate::Moved] {
        let mut tx = store.begin("beside the list").await.unwrap();
        let refused = tx.split_choose(customer(1), &[chosen(1, false, fate)]).await.unwrap_err();
        assert!(refused.is_of_rows(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_split_that_is_ended_half_way_keeps_who_ended_it_and_who_stays() {
    let (_dir, store) = store().await;
    moving(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("one has moved").await.unwrap();
    assert_eq!(tx.split_fate(here, &[patient_id(1)], SplitFate::Moved).await.unwrap(), 1);
    assert_eq!(tx.split_stop((there, here), (person(9), at(5))).await.unwrap(), 0, "of another customer");
    tx.arriving_put(there, &crate::Arriving::patient(&a_patient(patient_id(1), there))).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin("end").await.unwrap();
    assert_eq!(tx.split_stop((here, there), (person(9), at(5))).await.unwrap(), 0, "something is on its way");
    drop(tx);
    let mut tx = store.begin("end").await.unwrap();
    assert!(tx.arriving_let_go((here, there)).await.unwrap());
    assert_eq!(tx.split_stop((here, there), (person(9), at(5))).await.unwrap(), 1);
    assert_eq!(tx.split_stop((here, there), (person(9), at(5))).await.unwrap(), 0, "once");
    tx.commit().await.unwrap();
    let done = store.split_list_from(here).await.unwrap();
    assert_eq!((done[0].patients, done[0].ended_by, done[0].split_at), (1, Some(person(9)), at(5)));
    let stay = [chosen(11, true, SplitFate::Stays), chosen(31, false, SplitFate::Held)];
    assert_eq!(store.split_patients(here).await.unwrap(), stay);
    assert!(store.joining_fetch(here).await.unwrap().is_none());
}
