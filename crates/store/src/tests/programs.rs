//! Programs, their keys and tokens, and what they have used up; documents in the order of their arrival.

use super::{NOW, a_document, customer, document_id, peopled, store};
use crate::{ArrivedFilter, KeysEnded, Program, ProgramKey, ProgramToken, Store};
use policy::scope::{DocumentClause, DocumentScope, Relation};
use record::document::{Confidentiality, DocumentState};
use record::{ProgramId, Right, SessionId};

const PROGRAM: ProgramId = ProgramId::from_bytes([1; 16]);

async fn one_program(store: &Store) -> Program {
    peopled(store).await;
    let program = Program {
        id: PROGRAM,
        customer: customer(1),
        name: "Lakeside EMR".to_owned(),
        rights: [Right::DocumentsRead, Right::PatientsRead].into(),
        jwks_url: None,
        created_at: NOW,
        created_by: "per_somebody".to_owned(),
        ends_at: NOW.plus_secs(1_000),
        revoked: None,
        last_used_at: None,
        revision: 0,
    };
    let key = ProgramKey { kid: "one".to_owned(), jwk: "{}".to_owned(), created_at: NOW, ends_at: None };
    let mut tx = store.begin("test").await.unwrap();
    tx.program_insert(&program).await.unwrap();
    assert_eq!(tx.program_key_insert(PROGRAM, &key).await.unwrap(), 1);
    assert_eq!(tx.program_key_insert(PROGRAM, &key).await.unwrap(), 0, "a name is given once");
    tx.commit().await.unwrap();
    program
}

#[tokio::test]
async fn a_program_is_changed_over_what_was_read_and_stopped_once_with_its_tokens() {
    let (_dir, store) = store().await;
    let program = one_program(&store).await;
    assert_eq!(store.program_list(customer(1)).await.unwrap(), vec![program.clone()]);
    assert!(store.program_list(customer(2)).await.unwrap().is_empty());
    let fewer = Program { rights: [Right::PatientsRead].into(), ..program };
    let token = ProgramToken {
        secret_hash: vec![7; 32],
        session: SessionId::from_bytes([2; 16]),
        program: PROGRAM,
        rights: fewer.rights.clone(),
        created_at: NOW,
        ends_at: NOW.plus_secs(300),
    };
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.program_update(&fewer).await.unwrap(), 1);
    assert_eq!(tx.program_update(&fewer).await.unwrap(), 0, "it was changed since");
    tx.program_token_insert(&token).await.unwrap();
    assert_eq!(tx.program_keys_end(PROGRAM, KeysEnded::AllBut("two"), NOW).await.unwrap(), 1);
    assert_eq!(tx.program_keys_end(PROGRAM, KeysEnded::Only("one"), NOW).await.unwrap(), 0, "ended already");
    tx.commit().await.unwrap();
    let found = store.program_token_by_secret(&[7; 32]).await.unwrap().unwrap();
    assert_eq!((found.session, found.rights), (token.session, fewer.rights));
    assert!(store.program_token_by_session(token.session).await.unwrap().is_some());
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.program_revoke(customer(2), PROGRAM, NOW, "per_x").await.unwrap(), 0, "another customer's");
    assert_eq!(tx.program_revoke(customer(1), PROGRAM, NOW, "per_x").await.unwrap(), 1);
    assert_eq!(tx.program_revoke(customer(1), PROGRAM, NOW, "per_x").await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert!(store.program_token_by_secret(&[7; 32]).await.unwrap().is_none());
    let now = store.program_fetch(PROGRAM).await.unwrap().unwrap();
    assert_eq!((now.over_at(), now.last_used_at), (now.created_at, Some(NOW)), "it was never in force");
}

#[tokio::test]
async fn what_is_used_up_is_known_until_it_would_be_too_old_anyway() {
    let (_dir, store) = store().await;
    one_program(&store).await;
    let (later, much_later) = (NOW.plus_secs(300), NOW.plus_secs(301));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.program_assertion_use(PROGRAM, vec![1; 32], (later, NOW)).await.unwrap(), 1);
    assert_eq!(tx.program_assertion_use(PROGRAM, vec![1; 32], (later, NOW)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert!(store.program_assertion_is_used(PROGRAM, &[1; 32]).await.unwrap());
    let place = (customer(1), PROGRAM);
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.program_assertion_use(PROGRAM, vec![1; 32], (much_later, later)).await.unwrap(), 1, "forgotten");
    assert_eq!(tx.program_answer_begin(place, vec![2; 32], (NOW, later)).await.unwrap(), None);
    let known = tx.program_answer_begin(place, vec![2; 32], (NOW, later)).await.unwrap().unwrap();
    assert_eq!((known.asked, known.answer), (None, None), "under way");
    tx.program_answer_end(place, vec![2; 32], Some((vec![3; 32], "{}"))).await.unwrap();
    tx.program_answer_end(place, vec![2; 32], None).await.unwrap();
    let known = tx.program_answer_begin(place, vec![2; 32], (NOW, later)).await.unwrap().unwrap();
    assert_eq!((known.asked, known.answer.as_deref()), (Some(vec![3; 32]), Some("{}")));
    assert_eq!(tx.program_answer_begin(place, vec![2; 32], (later, much_later)).await.unwrap(), None, "forgotten");
    tx.commit().await.unwrap();
    // The same key is nothing at another customer, and its end there ends nothing here.
    let elsewhere = (customer(2), PROGRAM);
    let mut tx = store.begin("test").await.unwrap();
    tx.program_answer_end(elsewhere, vec![2; 32], None).await.unwrap();
    assert_eq!(tx.program_answer_begin(elsewhere, vec![2; 32], (later, much_later)).await.unwrap(), None);
    tx.commit().await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.program_answer_begin(place, vec![2; 32], (later, much_later)).await.unwrap().is_some());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn documents_come_in_the_order_of_their_arrival_each_once() {
    let (_dir, store) = store().await;
    peopled(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    for (n, secs) in [(1, 30), (2, 10), (3, 10), (4, 20)] {
        let mut document = a_document(document_id(n), customer(1));
        document.delivered_at = Some(NOW.plus_secs(secs));
        tx.document_insert(&document).await.unwrap();
    }
    tx.document_insert(&a_document(document_id(9), customer(2))).await.unwrap();
    tx.commit().await.unwrap();
    let clause = DocumentClause {
        states: vec![DocumentState::Delivered],
        most: Confidentiality::VeryRestricted,
        who: Relation::Anyone,
    };
    let scope = DocumentScope { any_of: vec![clause] };
    let mut filter = ArrivedFilter { waiting: true, ..ArrivedFilter::all(customer(1), scope) };
    let mut seen = Vec::new();
    loop {
        let page = store.document_arrived(&filter, 1).await.unwrap();
        filter.after = page.items.last().map(|one| (one.at, one.document.id));
        seen.extend(page.items.into_iter().map(|one| one.document.id));
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, [2, 3, 4, 1].map(document_id));
    let nothing = ArrivedFilter { scope: DocumentScope::default(), after: None, ..filter };
    assert!(store.document_arrived(&nothing, 10).await.unwrap().items.is_empty());
}
