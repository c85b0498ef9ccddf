//! A customer's leaving: one step after the other, each for the one export that it was taken for, and for nobody else.

use super::customers::two_customers;
use super::{NOW, customer, document_id, patient_id, person, store};
use crate::LeavingState;
use record::IntentId;

fn export(n: u8) -> IntentId {
    IntentId::from_bytes([n; 16])
}

#[tokio::test]
async fn each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.leaving_export_begin(here, (export(1), NOW), vec![1], "x").await.unwrap(), 0, "nobody leaves");
    assert_eq!(tx.leaving_begin(here, person(1), NOW).await.unwrap(), 1);
    assert_eq!(tx.leaving_begin(here, person(2), NOW).await.unwrap(), 0, "once");
    assert_eq!(tx.leaving_begin(there, person(1), NOW).await.unwrap(), 1);
    assert_eq!(tx.leaving_export_begin(here, (export(1), NOW), vec![1], "x").await.unwrap(), 1);
    assert_eq!(tx.leaving_export_end(here, (export(2), NOW), &[7; 32], "{}").await.unwrap(), 0, "of another export");
    assert_eq!(tx.leaving_confirm(here, export(1), (person(1), NOW), NOW).await.unwrap(), 0, "not whole");
    assert_eq!(tx.leaving_export_end(here, (export(1), NOW), &[7; 32], "{}").await.unwrap(), 1);
    assert_eq!(tx.leaving_confirm(here, export(1), (person(1), NOW), NOW).await.unwrap(), 0, "the secret waits");
    assert_eq!(tx.leaving_secret_taken(here, export(1), NOW).await.unwrap(), 1);
    assert_eq!(tx.leaving_secret_taken(here, export(1), NOW).await.unwrap(), 0, "once");
    assert_eq!(tx.leaving_confirm(here, export(2), (person(1), NOW), NOW).await.unwrap(), 0);
    assert_eq!(tx.leaving_confirm(here, export(1), (person(1), NOW), NOW).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let row = store.leaving_fetch(here).await.unwrap().unwrap();
    assert_eq!((row.state, row.secret, row.confirmed_by), (LeavingState::Confirmed, None, Some(person(1))));
    assert_eq!(store.leaving_fetch(there).await.unwrap().unwrap().state, LeavingState::Begun);
    // Another export begins: nothing of the first one counts any more.
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.leaving_export_begin(here, (export(3), NOW), vec![2], "y").await.unwrap(), 1);
    tx.commit().await.unwrap();
    let row = store.leaving_fetch(here).await.unwrap().unwrap();
    assert_eq!((row.state, row.hold_until, row.manifest_digest), (LeavingState::Exporting, None, None));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.leaving_withdraw(here).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(store.leaving_fetch(here).await.unwrap().is_none());
    assert!(store.leaving_fetch(there).await.unwrap().is_some(), "another's stays");
}

#[tokio::test]
async fn what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, own, foreign) = (customer(1), document_id(1), document_id(2));
    let documents = store.document_page_of(here, None, 10).await.unwrap();
    assert_eq!(documents.iter().map(|one| one.id).collect::<Vec<_>>(), [own]);
    assert!(store.document_page_of(here, Some(own), 10).await.unwrap().is_empty());
    let versions = store.versions_of(here, &[own, foreign]).await.unwrap();
    assert_eq!(versions.keys().copied().collect::<Vec<_>>(), [own]);
    let patients = store.patient_page_of(here, None, 10).await.unwrap();
    assert_eq!(patients.iter().map(|one| one.id).collect::<Vec<_>>(), [patient_id(1), patient_id(11)]);
    let related = store.related_of(here, &[patient_id(1), patient_id(2)]).await.unwrap();
    assert!(related.len() == 1 && related[0].customer == here);
    assert!(store.entries_of(here, (0, 100), 10).await.unwrap().is_empty());
    let standing = store.standing_of(here).await.unwrap();
    assert_eq!(standing, "document 1 0, document_version 1 100, patient 2 0, related_person 1 0");
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.document_update(&documents[0], documents[0].state).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_ne!(store.standing_of(here).await.unwrap(), standing);
    assert!(store.standing_of(customer(2)).await.unwrap().contains("document_version 1 200"));
}

#[tokio::test]
async fn what_was_taken_in_is_known_to_its_own_customer_and_linked_within_it() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("test").await.unwrap();
    tx.taken_in_insert(here, &[(vec![1; 32], patient_id(1).to_string())]).await.unwrap();
    assert_eq!(tx.taken_in_link(there, patient_id(1), patient_id(2)).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.taken_in_link(here, patient_id(1), patient_id(1)).await.unwrap(), 0, "to nobody but another");
    tx.commit().await.unwrap();
    let tokens = [vec![1; 32], vec![2; 32]];
    assert_eq!(store.taken_in_known(here, &tokens).await.unwrap().len(), 1);
    assert!(store.taken_in_known(there, &tokens).await.unwrap().is_empty());
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.taken_in_insert(here, &[(vec![1; 32], patient_id(3).to_string())]).await.is_err(), "once");
}
