//! Documents that come in by the hundred.

use super::{a_document, a_patient, a_version, customer, document_id, patient_id, peopled, person, store};
use crate::{IncomingDocument, KeptPage, Store};
use record::document::DocumentState;
use std::collections::BTreeSet;

const SURNAME: &str = "surname";
const NUMBER: &str = "record_number";

async fn world(store: &Store) {
    peopled(store).await;
    let mut tx = store.begin("make patients").await.unwrap();
    for (n, whose) in [(1, 1), (2, 1), (3, 2)] {
        tx.patient_insert(&a_patient(patient_id(n), customer(whose))).await.unwrap();
        // The same number and the same name with both customers.
        let tokens = [(NUMBER.to_owned(), vec![n.max(2); 32]), (SURNAME.to_owned(), vec![0x40 + n; 32])];
        tx.patient_tokens_set(customer(whose), patient_id(n), &tokens).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// What the place of a file is known by.
fn place(n: u8) -> Vec<u8> {
    [vec![n; 31], vec![0xff]].concat()
}

fn incoming(n: u8, whose: u8, about: Option<u8>) -> IncomingDocument {
    let mut document = a_document(document_id(n), customer(whose));
    document.patient = about.map(patient_id);
    document.author = Some(person(1));
    if about.is_none() {
        (document.state, document.delivered_at) = (DocumentState::Unmatched, None);
    }
    IncomingDocument {
        version: a_version(document.id, 1, 100),
        document,
        known_by: vec![n; 32],
        path_token: place(n),
        tokens: vec![("visit_day".to_owned(), vec![7; 32])],
    }
}

#[tokio::test]
async fn documents_that_come_in_together_are_found_as_if_each_had_come_alone() {
    let (_dir, store) = store().await;
    world(&store).await;
    let new: Vec<_> = (1..=150).map(|n| incoming(n, 1, (n % 3 != 0).then_some(1 + n % 2))).collect();
    let mut tx = store.begin("keep").await.unwrap();
    assert!(!tx.incoming_any_known(customer(1), &[vec![1; 32]]).await.unwrap());
    tx.incoming_insert(customer(1), &new).await.unwrap();
    tx.commit().await.unwrap();
    for whose in [1, 2] {
        let page = store.kept_check(customer(whose), None, 100).await.unwrap();
        assert_eq!(page, KeptPage { last: page.last, wrong: BTreeSet::new() }, "what is kept for lists is so");
    }
    assert!(store.in_care(customer(1), patient_id(1), person(1)).await.unwrap());
    assert_eq!(store.customer_bytes(customer(1)).await.unwrap(), 15_000);
    let one = store.document_fetch(document_id(149)).await.unwrap().unwrap();
    assert_eq!((one.patient, one.state), (Some(patient_id(2)), DocumentState::Delivered));
    assert_eq!(store.version_list(document_id(149)).await.unwrap().len(), 1);
    assert!(store.recipient_list(document_id(149)).await.unwrap().is_empty(), "in nobody's inbox");
    // By bytes and by place, and another customer's are not told.
    let (bytes, paths) = ([vec![1; 32], vec![200; 32]], [place(1), vec![2; 32]]);
    let known = store.incoming_known(customer(1), &bytes, &paths).await.unwrap();
    assert_eq!(known.originals.keys().collect::<Vec<_>>(), [&vec![1; 32]]);
    assert_eq!(known.paths.values().collect::<Vec<_>>(), [&document_id(1)]);
    let known = store.incoming_known(customer(2), &bytes, &paths).await.unwrap();
    assert!(known.originals.is_empty() && known.paths.is_empty());
    let mut tx = store.begin("look").await.unwrap();
    assert!(tx.incoming_any_known(customer(1), &[vec![9; 32], vec![77; 32]]).await.unwrap());
    assert!(!tx.incoming_any_known(customer(2), &[vec![9; 32], vec![77; 32]]).await.unwrap());
}

#[tokio::test]
async fn what_came_in_from_a_place_comes_from_there_once_and_a_batch_is_whole_or_not_there() {
    let (_dir, store) = store().await;
    world(&store).await;
    let mut tx = store.begin("keep").await.unwrap();
    tx.incoming_insert(customer(1), &[incoming(1, 1, Some(1))]).await.unwrap();
    tx.commit().await.unwrap();
    let mut again = incoming(3, 1, None);
    again.path_token = place(1);
    let mut tx = store.begin("keep again").await.unwrap();
    assert!(tx.incoming_insert(customer(1), &[incoming(2, 1, None), again]).await.is_err());
    drop(tx);
    assert!(store.document_fetch(document_id(2)).await.unwrap().is_none());
    // Nor does one customer's batch hold another's document, or name another's patient.
    for wrong in [incoming(4, 2, None), incoming(5, 1, Some(3))] {
        let mut tx = store.begin("keep").await.unwrap();
        assert!(tx.incoming_insert(customer(1), &[wrong]).await.is_err());
    }
}

#[tokio::test]
async fn patients_are_found_by_number_with_the_tokens_of_their_surname_and_within_their_customer() {
    let (_dir, store) = store().await;
    world(&store).await;
    let find = |whose, numbers: Vec<Vec<u8>>| {
        let store = store.clone();
        async move { store.patients_by_number(customer(whose), (NUMBER, &numbers), SURNAME).await.unwrap() }
    };
    let found = find(1, vec![vec![2; 32], vec![3; 32]]).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), [&vec![2; 32]]);
    let both = &found[&vec![2; 32]];
    assert_eq!(both.keys().collect::<Vec<_>>(), [&patient_id(1), &patient_id(2)], "two have that number");
    assert_eq!(both[&patient_id(1)], BTreeSet::from([vec![0x41; 32]]));
    assert_eq!(find(2, vec![vec![3; 32]]).await[&vec![3; 32]].keys().collect::<Vec<_>>(), [&patient_id(3)]);
    assert!(find(2, vec![vec![2; 32]]).await.is_empty() && find(1, Vec::new()).await.is_empty());
}
