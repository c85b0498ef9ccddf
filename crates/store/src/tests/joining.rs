//! A customer that joins another: each step once and for its own joining, and no text that reaches another's rows.

use super::customers::two_customers;
use super::{NOW, a_document, a_guardian, a_patient, customer, document_id, patient_id, person, store};
use crate::{Arriving, ArrivingAt, Joining, JoiningState, Membership, Patient, PatientMerge, SplitMuch, Store};
use record::merge::{MergeCause, MergeState};
use record::{BreakGlassId, MembershipId, MergeId, PatientId, PersonId, RelatedPersonId, Role, Timestamp};

fn joining(prepared_by: PersonId) -> Joining {
    Joining {
        customer: customer(1),
        into: customer(2),
        prefix: "L-".to_owned(),
        state: JoiningState::Prepared,
        prepared_by,
        prepared_at: NOW,
        given_by: None,
        given_at: None,
        agreed_by: None,
        agreed_at: None,
        people: Vec::new(),
        moving_at: None,
        joined_at: None,
        chosen: None,
        authors: Vec::new(),
        given_seen: None,
        agreed_seen: None,
        gone: SplitMuch::default(),
        run: 0,
    }
}

fn at(secs: i64) -> Timestamp {
    NOW.plus_secs(secs)
}

async fn agreed(store: &Store) {
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_prepare(&joining(person(9))).await.unwrap(), 1);
    assert_eq!(tx.joining_give(customer(1), NOW, (person(1), at(1))).await.unwrap(), 1);
    assert_eq!(tx.joining_agree(customer(1), at(1), (person(2), at(2)), &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// All that the first customer had has left.
async fn emptied(store: &Store) {
    let here = customer(1);
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.depart_documents(here, &[(document_id(1), 0)]).await.unwrap(), 1);
    assert_eq!(tx.depart_glasses(here, &[BreakGlassId::from_bytes([17; 16])]).await.unwrap(), 1);
    for n in [11, 1] {
        assert_eq!(tx.depart_patients(here, &[(patient_id(n), 0)]).await.unwrap(), 1);
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_step_of_a_joining_counts_once_and_only_from_the_one_before_it() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_give(here, NOW, (person(1), NOW)).await.unwrap(), 0, "nobody prepared it");
    assert_eq!(tx.joining_prepare(&joining(person(9))).await.unwrap(), 1);
    assert_eq!(tx.joining_prepare(&joining(person(8))).await.unwrap(), 0, "once");
    assert_eq!(tx.joining_agree(here, NOW, (person(2), NOW), &[]).await.unwrap(), 0, "the one that joins is first");
    assert_eq!(tx.joining_give(here, at(5), (person(1), NOW)).await.unwrap(), 0, "prepared at another time");
    assert_eq!(tx.joining_give(there, NOW, (person(1), NOW)).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.joining_give(here, NOW, (person(1), at(1))).await.unwrap(), 1);
    assert_eq!(tx.joining_move(here, at(1), NOW).await.unwrap(), 0, "one word is not two");
    let taken = [MembershipId::from_bytes([1; 16]), MembershipId::from_bytes([2; 16])];
    assert_eq!(tx.joining_agree(here, at(1), (person(2), at(2)), &taken).await.unwrap(), 1);
    assert_eq!(tx.joining_end((here, there), NOW).await.unwrap(), 0, "not carried out");
    assert_eq!(tx.joining_move(here, at(9), NOW).await.unwrap(), 0, "agreed at another time");
    let run = u64::try_from(NOW.unix_millis()).unwrap();
    assert!(!tx.joining_holds(here, run).await.unwrap());
    assert_eq!(tx.joining_move(here, at(2), at(3)).await.unwrap(), 1);
    assert!(tx.joining_holds(here, run).await.unwrap() && !tx.joining_holds(there, run).await.unwrap());
    assert_eq!(tx.joining_withdraw(here).await.unwrap(), 0, "it is being carried out");
    tx.commit().await.unwrap();
    let row = store.joining_fetch(here).await.unwrap().unwrap();
    assert_eq!((row.state, row.people.as_slice()), (JoiningState::Moving, taken.as_slice()));
    assert!(store.joining_fetch(there).await.unwrap().is_none());
    assert_eq!(store.joining_list_into(there).await.unwrap(), [row]);
    assert!(
        store.joining_list_into(here).await.unwrap().is_empty()
            && store.joining_list_moving().await.unwrap().len() == 1
    );
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_end((here, there), at(4)).await.unwrap(), 0, "something has not left");
    drop(tx);
    emptied(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_end((here, there), at(4)).await.unwrap(), 1);
    assert_eq!(tx.joining_end((here, there), at(5)).await.unwrap(), 0, "once");
    tx.commit().await.unwrap();
    let held = [store.joining_counts(here).await.unwrap().bytes, store.joining_counts(there).await.unwrap().bytes];
    assert_eq!(held, [0, 300], "what the one held is counted with the other");
    assert!(store.customer_fetch(here).await.unwrap().unwrap().closed_at == Some(at(4)));
    assert!(store.customer_fetch(there).await.unwrap().unwrap().closed_at.is_none());
    assert!(store.agreement_list(there).await.unwrap().iter().all(|one| one.ended_at.is_none()));
}

#[tokio::test]
async fn the_table_refuses_two_words_of_one_person() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    tx.joining_prepare(&joining(person(9))).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.joining_give(customer(1), NOW, (person(9), NOW)).await.is_err(), "who prepared it");
    drop(tx);
    let mut tx = store.begin("test").await.unwrap();
    tx.joining_give(customer(1), NOW, (person(1), at(1))).await.unwrap();
    tx.commit().await.unwrap();
    for one in [1, 9] {
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.joining_agree(customer(1), at(1), (person(one), NOW), &[]).await.is_err());
    }
}

#[tokio::test]
async fn everybodys_place_at_the_one_ends_and_nobodys_at_another() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    agreed(&store).await;
    let (here, there) = (customer(1), customer(2));
    let new = |role| Membership {
        id: MembershipId::from_bytes([7; 16]),
        person: person(1),
        customer: Some(there),
        role,
        from_at: at(3),
        to_at: None,
        granted_by: person(2).to_string(),
    };
    let mut tx = store.begin("test").await.unwrap();
    tx.joining_close(here, at(3), "x").await.unwrap();
    assert_eq!(tx.joining_take_over(&[new(Role::Clinician)]).await.unwrap(), 0, "has that place already");
    assert_eq!(tx.joining_take_over(&[new(Role::RecordsStaff)]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let live = |rows: Vec<Membership>| rows.iter().filter(|one| one.in_force(at(4))).count();
    assert_eq!(live(store.membership_list_at(Some(here)).await.unwrap()), 0);
    assert_eq!(live(store.membership_list_at(Some(there)).await.unwrap()), 2);
    assert!(store.assignment_list_at(here).await.unwrap().iter().all(|one| one.to_at.is_some()));
    assert!(store.assignment_list_at(there).await.unwrap().iter().all(|one| one.to_at.is_none()));
    assert_eq!(store.upload_list_stale(at(9)).await.unwrap().len(), 2);
    let mut tx = store.begin("test").await.unwrap();
    let commit = |n: u8| record::UploadId::from_bytes([n; 16]);
    assert_eq!(tx.upload_commit(commit(1), NOW).await.unwrap(), 0, "the sweeper has it");
    assert_eq!(tx.upload_commit(commit(2), NOW).await.unwrap(), 1);
}

#[tokio::test]
async fn rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let (patient, gone, document) = (patient_id(1), patient_id(11), document_id(1));
    // A record that another one went into, and one that a document is about, cannot leave yet.
    assert!(store.arriving_patient_page(there, None, 10).await.unwrap().iter().all(|one| one.customer == there));
    let page = store.arriving_patient_page(here, None, 10).await.unwrap();
    assert_eq!(page.iter().map(|one| one.id).collect::<Vec<_>>(), [gone]);
    assert!(!store.arriving_has_token(there, ("record_number", &[3; 32])).await.unwrap());
    let left = [store.arriving_left(here).await.unwrap(), store.arriving_left(there).await.unwrap()];
    let mut moved = a_document(document, there);
    moved.patient = Some(patient);
    let mut linked = a_patient(gone, there);
    linked.linked_to = Some(patient);
    let mut rows = vec![Arriving::document(&moved)];
    rows.extend(Arriving::patient(&linked));
    rows.extend(Arriving::patient(&a_patient(patient, there)));
    rows.extend(Arriving::patient_tokens(gone, &[("record_number".to_owned(), vec![3; 32])]));
    let mut tx = store.begin("test").await.unwrap();
    tx.arriving_put(there, &rows).await.unwrap();
    tx.arriving_put(there, &rows).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.arriving_has_token(there, ("record_number", &[3; 32])).await.unwrap());
    assert!(!store.arriving_has_token(here, ("record_number", &[3; 32])).await.unwrap());
    assert_eq!(store.arriving_count(here).await.unwrap(), 0);
    assert_eq!(store.arriving_count(there).await.unwrap(), 5, "twice is once");
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.depart_documents(there, &[(document, 0)]).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.depart_documents(here, &[(document, 7)]).await.unwrap(), 0, "changed since it was read");
    assert_eq!(tx.depart_documents(here, &[(document, 0)]).await.unwrap(), 1);
    assert_eq!(tx.depart_merges(here, &[]).await.unwrap(), 0);
    let glass = BreakGlassId::from_bytes([17; 16]);
    assert_eq!(tx.depart_glasses(there, &[glass]).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.depart_glasses(here, &[glass]).await.unwrap(), 1);
    assert_eq!(tx.depart_patients(there, &[(gone, 0)]).await.unwrap(), 0, "of another customer");
    assert_eq!(tx.depart_patients(here, &[(gone, 0)]).await.unwrap(), 1);
    assert_eq!(tx.depart_patients(here, &[(patient, 0)]).await.unwrap(), 1);
    tx.depart_known(here).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_left(here).await.unwrap(), 0);
    assert!(store.arriving_merge_page(here, None, 10).await.unwrap().is_empty());
    assert_eq!(store.arriving_left(there).await.unwrap(), left[1]);
    let first = ArrivingAt::default();
    assert_eq!(store.arriving_next(there, &first).await.unwrap().len(), 3);
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.arriving_come(here, &first).await.unwrap(), (0, None), "nothing waits for the one");
    let (many, last) = tx.arriving_come(there, &first).await.unwrap();
    assert_eq!(many, 5);
    assert_eq!(tx.arriving_come(there, &last.unwrap()).await.unwrap(), (0, None));
    assert_eq!(tx.arriving_come(there, &first).await.unwrap(), (0, None));
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_left(there).await.unwrap(), left[0] + left[1] - 1, "the glass was not put");
    assert_eq!(store.patient_fetch(gone).await.unwrap().unwrap().linked_to, Some(patient));
    let numbered = store.patients_with_token(there, ("record_number", &[3; 32]), 9).await.unwrap();
    assert_eq!(numbered, [patient, gone], "found by the number that went into it");
    assert_eq!(store.document_fetch(document).await.unwrap().unwrap().customer, there);
}

#[tokio::test]
async fn what_points_to_a_row_that_is_not_there_waits_and_all_others_come_in() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    agreed(&store).await;
    let (here, there) = (customer(1), customer(2));
    let about = |n: u8, patient| {
        let mut row = a_document(document_id(n), there);
        row.patient = Some(patient);
        Arriving::document(&row)
    };
    // The first one's patient stays where he is; the other's comes along.
    let mut rows = vec![about(71, patient_id(1)), about(72, patient_id(51))];
    rows.extend(Arriving::patient(&a_patient(patient_id(51), there)));
    rows.extend(Arriving::document_tokens(document_id(71), &[("visit".to_owned(), vec![1; 32])]));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_move(here, at(2), at(3)).await.unwrap(), 1);
    tx.arriving_put(there, &rows).await.unwrap();
    assert_eq!(tx.arriving_come(there, &ArrivingAt::default()).await.unwrap().0, 2);
    tx.commit().await.unwrap();
    assert!(store.document_fetch(document_id(71)).await.unwrap().is_none());
    assert_eq!(store.document_fetch(document_id(72)).await.unwrap().unwrap().patient, Some(patient_id(51)));
    assert_eq!(store.arriving_count(there).await.unwrap(), 2);
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_end((here, there), at(4)).await.unwrap(), 0, "something waits");
}

fn numbered(id: PatientId, token: u8) -> Vec<Arriving> {
    Arriving::patient_tokens(id, &[("record_number".to_owned(), vec![token; 32])])
}

#[tokio::test]
async fn a_number_that_somebody_has_got_meanwhile_waits_and_comes_in_under_no_second_patient() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    agreed(&store).await;
    let (here, there) = (customer(1), customer(2));
    let (taken, alike, stands, went) = (patient_id(51), patient_id(52), patient_id(53), patient_id(54));
    let mut rows = Vec::new();
    for id in [taken, alike, stands, went] {
        let linked_to = (id == went).then_some(stands);
        rows.extend(Arriving::patient(&Patient { linked_to, ..a_patient(id, there) }));
    }
    // Two of the one had the same number, and a record that went into another had one that somebody has by now.
    for (id, token) in [(taken, 3), (alike, 4), (stands, 4), (went, 5)] {
        rows.extend(numbered(id, token));
    }
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_move(here, at(2), at(3)).await.unwrap(), 1);
    tx.arriving_put(there, &rows).await.unwrap();
    // The other's own: one since then, and one from before.
    for (n, token, changed_at) in [(61, 3, at(5)), (62, 5, at(5)), (63, 4, at(1))] {
        tx.patient_insert(&Patient { changed_at, ..a_patient(patient_id(n), there) }).await.unwrap();
        let token = ("record_number".to_owned(), vec![token; 32]);
        tx.patient_tokens_set(there, patient_id(n), &[token]).await.unwrap();
    }
    assert_eq!(tx.arriving_come(there, &ArrivingAt::default()).await.unwrap().0, 8);
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_numbers(there).await.unwrap(), [(taken, vec![3_u8; 32])]);
    assert!(store.arriving_numbers(here).await.unwrap().is_empty());
    let found = async |token: u8| store.patients_with_token(there, ("record_number", &[token; 32]), 9).await.unwrap();
    assert_eq!(found(3).await, [patient_id(61)]);
    assert_eq!(found(4).await, [alike, stands, patient_id(63)]);
    assert_eq!(found(5).await, [stands, went, patient_id(62)], "it finds the record that it went into");
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.arriving_come(there, &ArrivingAt::default()).await.unwrap().0, 0, "it goes on waiting");
    tx.arriving_number_forget(here, (taken, &[3; 32])).await.unwrap();
    tx.arriving_number_forget(there, (alike, &[3; 32])).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 1, "of another customer, or another's");
    let mut tx = store.begin("test").await.unwrap();
    tx.arriving_number_forget(there, (taken, &[3; 32])).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_put_anew_leaves_nothing_of_the_first_time_and_what_has_not_left_can_be_let_go_of() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let (patient, document) = (patient_id(51), document_id(71));
    let rows = |token: u8, day: u8| {
        let mut rows = vec![Arriving::document(&a_document(document, there))];
        rows.extend(Arriving::document_tokens(document, &[("visit".to_owned(), vec![day; 32])]));
        rows.extend(Arriving::patient(&a_patient(patient, there)));
        rows.extend(numbered(patient, token));
        rows
    };
    for (token, day) in [(3, 1), (4, 2)] {
        let mut tx = store.begin("test").await.unwrap();
        tx.arriving_put(there, &rows(token, day)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.arriving_count(there).await.unwrap(), 4);
        assert_eq!(store.arriving_numbers(there).await.unwrap(), [(patient, vec![token; 32])]);
    }
    let stayed = store.arriving_stayed(here).await.unwrap();
    let has = |id: &str| stayed.iter().any(|one| one == id);
    assert_eq!(stayed.len(), 5, "{stayed:?}");
    assert!(has(&document_id(1).to_string()) && has(&patient_id(11).to_string()) && !has(&patient_id(2).to_string()));
    let mut tx = store.begin("test").await.unwrap();
    tx.arriving_forget(here, &[patient.to_string()]).await.unwrap();
    tx.arriving_forget(there, &stayed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 4, "of another customer, or about other things");
    let mut tx = store.begin("test").await.unwrap();
    tx.arriving_forget(there, &[patient.to_string()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 2, "with the number, and nothing of the document");
}

#[tokio::test]
async fn a_patient_for_whom_a_glass_was_broken_does_not_leave_before_it() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, document) = (customer(1), document_id(1));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.depart_documents(here, &[(document, 0)]).await.unwrap(), 1);
    assert_eq!(tx.depart_patients(here, &[(patient_id(11), 0)]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(store.arriving_patient_page(here, None, 10).await.unwrap().is_empty());
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.depart_glasses(here, &[BreakGlassId::from_bytes([17; 16])]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_patient_page(here, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_place_for_a_time_is_taken_over_for_that_time() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let there = customer(2);
    let new = Membership {
        id: MembershipId::from_bytes([7; 16]),
        person: person(1),
        customer: Some(there),
        role: Role::RecordsStaff,
        from_at: at(3),
        to_at: Some(at(9)),
        granted_by: person(2).to_string(),
    };
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_take_over(std::slice::from_ref(&new)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let places = store.membership_list_at(Some(there)).await.unwrap();
    assert_eq!(places.iter().find(|one| one.id == new.id).unwrap().to_at, Some(at(9)));
}

#[tokio::test]
async fn of_two_runs_the_one_that_was_begun_last_holds_a_joining() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.joining_run(here).await.unwrap().is_none(), "nobody has agreed");
    drop(tx);
    agreed(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.joining_run(there).await.unwrap().is_none(), "of another customer");
    let first = tx.joining_run(here).await.unwrap().unwrap();
    let run = u64::try_from(NOW.unix_millis()).unwrap() + 1;
    assert_eq!((first.run, first.state), (run, JoiningState::Agreed));
    assert!(!tx.joining_holds(here, run).await.unwrap(), "it is not being carried out");
    assert_eq!(tx.joining_move(here, at(2), at(3)).await.unwrap(), 1);
    assert!(tx.joining_holds(here, run).await.unwrap() && !tx.joining_holds(here, run - 1).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.joining_run(here).await.unwrap().unwrap().run, run + 1);
    tx.commit().await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert!(!tx.joining_holds(here, run).await.unwrap() && tx.joining_holds(here, run + 1).await.unwrap());
    assert_eq!(store.joining_list_moving().await.unwrap()[0].run, run + 1);
}

#[tokio::test]
async fn what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut rows: Vec<Arriving> =
        [1, 11].iter().flat_map(|n| Arriving::patient(&a_patient(patient_id(*n), there))).collect();
    rows.push(Arriving::document(&a_document(document_id(1), there)));
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.arriving_is(there, &[]).await.unwrap() && !tx.arriving_is(there, &rows).await.unwrap());
    tx.arriving_put(there, &rows).await.unwrap();
    assert!(tx.arriving_is(there, &rows).await.unwrap() && !tx.arriving_is(here, &rows).await.unwrap());
    assert!(!tx.arriving_is(there, &rows[1..]).await.unwrap(), "and no other");
    assert!(tx.arriving_has(there, &rows[1..]).await.unwrap() && !tx.arriving_has(here, &rows).await.unwrap());
    let other = [Arriving::document(&a_document(document_id(9), there))];
    assert!(!tx.arriving_has(there, &other).await.unwrap());
    let mut changed = rows.clone();
    changed[2] = Arriving::document(&crate::Document { body: vec![9; 64], ..a_document(document_id(1), there) });
    assert!(!tx.arriving_is(there, &changed).await.unwrap(), "each as it was put");
    assert!(tx.arriving_is_still((here, there)).await.unwrap());
    tx.commit().await.unwrap();
    let (facts, last) = store.arriving_page(there, &ArrivingAt::default()).await.unwrap();
    assert_eq!(facts.len(), 3);
    assert_eq!(store.arriving_page(there, &last.unwrap()).await.unwrap().1, None);
    assert!(store.arriving_page(here, &ArrivingAt::default()).await.unwrap().0.is_empty());
    // One of them has left: nothing is let go of.
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.depart_patients(here, &[(patient_id(11), 0)]).await.unwrap(), 1);
    assert!(!tx.arriving_let_go((here, there)).await.unwrap());
    assert!(tx.arriving_is(there, &rows).await.unwrap());
    drop(tx);
    // A document waits whose patient has come in.
    let mut tx = store.begin("test").await.unwrap();
    tx.arriving_forget(there, &[patient_id(1).to_string(), patient_id(11).to_string()]).await.unwrap();
    assert!(!tx.arriving_let_go((here, there)).await.unwrap());
    drop(tx);
    let mut tx = store.begin("test").await.unwrap();
    assert!(tx.arriving_let_go((here, there)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 0);
}

#[tokio::test]
async fn what_comes_for_a_record_that_has_gone_into_another_meanwhile_comes_to_that_one_and_goes_back_with_it() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let there = customer(2);
    let (came, own) = (patient_id(51), patient_id(2));
    let mut tx = store.begin("the patient comes in").await.unwrap();
    tx.arriving_put(there, &Arriving::patient(&a_patient(came, there))).await.unwrap();
    tx.arriving_put(there, &Arriving::patient_tokens(came, &[("guardian_surname".to_owned(), vec![5; 32])]))
        .await
        .unwrap();
    tx.arriving_come(there, &ArrivingAt::default()).await.unwrap();
    tx.commit().await.unwrap();
    // Somebody puts the two together before the rest has come.
    let mut merge = PatientMerge {
        id: MergeId::from_bytes([5; 16]),
        customer: there,
        prior: came,
        survivor: own,
        cause: MergeCause::Person,
        state: MergeState::Proposed,
        proposed_at: NOW,
        proposed_by: "x".to_owned(),
        decided_at: None,
        decided_by: None,
        undone_at: None,
        undone_by: None,
    };
    let mut tx = store.begin("merge").await.unwrap();
    assert_eq!(tx.merge_propose(&merge).await.unwrap(), 1);
    (merge.state, merge.decided_at, merge.decided_by) = (MergeState::Merged, Some(at(1)), Some(person(1)));
    assert_eq!(tx.merge_decide(&merge).await.unwrap(), 1);
    let linked = Patient { linked_to: Some(own), ..a_patient(came, there) };
    assert_eq!(tx.patient_update(&linked).await.unwrap(), 1);
    tx.merge_move(&merge).await.unwrap();
    tx.commit().await.unwrap();
    let mut late = a_document(document_id(71), there);
    late.patient = Some(came);
    let around = RelatedPersonId::from_bytes([51; 16]);
    // And the other way round it was said, too: that does not hide both.
    let back = Arriving::patient(&Patient { linked_to: Some(came), ..a_patient(own, there) });
    let mut tx = store.begin("the rest comes in").await.unwrap();
    let rows = [Arriving::document(&late), Arriving::related(&a_guardian(around, came, there))];
    tx.arriving_put(there, &rows).await.unwrap();
    tx.arriving_put(there, &back).await.unwrap();
    tx.arriving_come(there, &ArrivingAt::default()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.arriving_count(there).await.unwrap(), 0);
    let whose = async |id| store.document_fetch(id).await.unwrap().unwrap().patient;
    assert_eq!(whose(document_id(71)).await, Some(own));
    assert!(store.related_list(there, own).await.unwrap().iter().any(|one| one.id == around));
    let found = store.patients_with_token(there, ("guardian_surname", &[5; 32]), 9).await.unwrap();
    assert!(found.contains(&own));
    assert_eq!(store.patient_fetch(own).await.unwrap().unwrap().linked_to, None);
    // Taken back, it is the one's again, as if it had been there from the beginning.
    (merge.state, merge.undone_at, merge.undone_by) = (MergeState::Undone, Some(at(2)), Some(person(1)));
    let mut tx = store.begin("take it back").await.unwrap();
    let moved = tx.merge_take_back(&merge).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!((moved.documents, moved.related), (1, 1));
    assert_eq!(whose(document_id(71)).await, Some(came));
}

#[tokio::test]
async fn a_run_of_an_earlier_joining_is_no_run_of_the_next() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let here = customer(1);
    let mut runs = Vec::new();
    for prepared_at in [NOW, at(60)] {
        let mut tx = store.begin("test").await.unwrap();
        tx.joining_prepare(&Joining { prepared_at, ..joining(person(9)) }).await.unwrap();
        tx.joining_give(here, prepared_at, (person(1), at(61))).await.unwrap();
        tx.joining_agree(here, at(61), (person(2), at(62)), &[]).await.unwrap();
        let run = tx.joining_run(here).await.unwrap().unwrap().run;
        assert_eq!(tx.joining_move(here, at(62), at(63)).await.unwrap(), 1);
        assert!(tx.joining_holds(here, run).await.unwrap());
        for earlier in &runs {
            assert!(!tx.joining_holds(here, *earlier).await.unwrap(), "{earlier} of {run}");
        }
        runs.push(run);
        // As an end takes the row away.
        tx.run("DELETE FROM customer_joining WHERE customer_id = $1", crate::binds::binds![here]).await.unwrap();
        tx.commit().await.unwrap();
    }
}
