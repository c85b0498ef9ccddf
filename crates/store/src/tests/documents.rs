//! What is read at one revision is written only over that one; what a customer holds is counted.

use super::{NOW, a_document, a_patient, a_version, customer, document_id, patient_id, peopled, person, store};
use crate::{DocumentFilter, SealedColumn, Store};
use policy::scope::{DocumentClause, DocumentScope, Relation};
use record::document::{Confidentiality, DocumentState};

async fn one_document(store: &Store) {
    peopled(store).await;
    let mut tx = store.begin("test").await.unwrap();
    tx.patient_insert(&a_patient(patient_id(1), customer(1))).await.unwrap();
    tx.document_insert(&a_document(document_id(1), customer(1))).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn two_who_read_the_same_document_do_not_overwrite_each_other() {
    let (_dir, store) = store().await;
    one_document(&store).await;
    let mut first = store.document_fetch(document_id(1)).await.unwrap().unwrap();
    let mut second = first.clone();
    first.patient = Some(patient_id(1));
    second.picked_up_at = Some(NOW);
    // Neither changes the state, so the state alone would not notice.
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.document_update(&first, DocumentState::Delivered).await.unwrap(), 1);
    assert_eq!(tx.document_update(&second, DocumentState::Delivered).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let mut now = store.document_fetch(document_id(1)).await.unwrap().unwrap();
    assert_eq!((now.patient, now.picked_up_at), (Some(patient_id(1)), None));
    now.picked_up_at = Some(NOW);
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.document_update(&now, DocumentState::Edited).await.unwrap(), 0, "another state");
    assert_eq!(tx.document_update(&now, DocumentState::Delivered).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_column_sealed_anew_is_not_brought_back_by_whoever_read_before() {
    let (_dir, store) = store().await;
    one_document(&store).await;
    let before = store.document_fetch(document_id(1)).await.unwrap().unwrap();
    let rows = store.sealed_page(customer(1), SealedColumn::DocumentBody, None, 10).await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.sealed_replace(SealedColumn::DocumentBody, &rows[0], vec![9; 64]).await.unwrap(), 1);
    assert_eq!(tx.document_update(&before, DocumentState::Delivered).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(store.document_fetch(document_id(1)).await.unwrap().unwrap().body, vec![9; 64]);
}

#[tokio::test]
async fn what_a_customer_holds_is_the_sum_of_its_versions() {
    let (_dir, store) = store().await;
    one_document(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    tx.document_insert(&a_document(document_id(2), customer(2))).await.unwrap();
    for (n, version, bytes) in [(1, 1, 1000), (1, 2, 234), (2, 1, 7)] {
        tx.version_insert(&a_version(document_id(n), version, bytes)).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (n, bytes) in [(1, 1234), (2, 7), (3, 0)] {
        assert_eq!(store.customer_bytes(customer(n)).await.unwrap(), bytes, "customer {n}");
    }
    // A version that does not come in is not counted.
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.version_insert(&a_version(document_id(1), 2, 5)).await.is_err(), "the number is taken");
    drop(tx);
    let mut tx = store.begin("test").await.unwrap();
    tx.version_insert(&a_version(document_id(1), 3, 5)).await.unwrap();
    drop(tx);
    assert_eq!(store.customer_bytes(customer(1)).await.unwrap(), 1234);
}

#[tokio::test]
async fn linked_patients_do_not_crowd_out_the_one_who_is_meant() {
    let (_dir, store) = store().await;
    peopled(&store).await;
    let token = |n: u8| ("surname".to_owned(), vec![n; 32]);
    let mut tx = store.begin("test").await.unwrap();
    tx.patient_insert(&a_patient(patient_id(50), customer(1))).await.unwrap();
    tx.patient_tokens_set(customer(1), patient_id(50), &[token(1)]).await.unwrap();
    for n in 1..=5 {
        let mut linked = a_patient(patient_id(n), customer(1));
        linked.linked_to = Some(patient_id(50));
        tx.patient_insert(&linked).await.unwrap();
        tx.patient_tokens_set(customer(1), patient_id(n), &[token(1), token(2)]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let found = store.patient_propose(customer(1), &[token(1), token(2)], 3).await.unwrap();
    assert_eq!(found.iter().map(|one| one.patient.id).collect::<Vec<_>>(), [patient_id(50)]);
    assert_eq!(store.patient_linked(customer(1), patient_id(50)).await.unwrap().len(), 5);
}

#[tokio::test]
async fn an_inbox_holds_what_lies_in_it_and_pages_through_it() {
    let (_dir, store) = store().await;
    peopled(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    for n in 1..=30 {
        tx.document_insert(&a_document(document_id(n), customer(1 + n % 2))).await.unwrap();
        if n % 3 != 0 {
            tx.recipient_add(document_id(n), person(1), false).await.unwrap();
        }
        if n % 5 == 0 {
            tx.recipient_add(document_id(n), person(2), true).await.unwrap();
            tx.recipient_read(document_id(n), person(1), NOW).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let all = DocumentState::ALL.to_vec();
    let scope = DocumentScope {
        any_of: vec![DocumentClause { states: all, most: Confidentiality::VeryRestricted, who: Relation::Anyone }],
    };
    for (unread, expected) in [
        (false, (1..=30).rev().filter(|n| n % 2 == 0 && n % 3 != 0).collect::<Vec<u8>>()),
        (true, (1..=30).rev().filter(|n| n % 2 == 0 && n % 3 != 0 && n % 5 != 0).collect()),
    ] {
        let mut filter = DocumentFilter::all(customer(1), scope.clone());
        *(if unread { &mut filter.unread_by } else { &mut filter.inbox_of }) = Some(person(1));
        assert_eq!(store.document_count(&filter, 1000).await.unwrap(), expected.len() as u64);
        let mut found = Vec::new();
        loop {
            let page = store.document_list(&filter, 4).await.unwrap();
            found.extend(page.items.iter().map(|document| document.id.to_bytes()[0]));
            filter.before = page.items.last().map(|document| document.id);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, expected, "unread: {unread}");
    }
}
