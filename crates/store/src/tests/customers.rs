//! One customer never meets another's: every function that takes a customer gives nothing of another, and no row
//! points into another customer's.

use super::{
    NOW, a_document, a_guardian, a_patient, a_version, customer, document_id, patient_id, peopled, person, store,
};
use crate::{
    Agreement, Assignment, BreakGlass, DocumentFilter, EntryFilter, IncomingDocument, KeyShred, KeyShredState,
    LedgerLog, Membership, PatientMerge, SealedColumn, Store, Upload,
};
use ledger::{Draft, Signer, commit};
use policy::scope::{DocumentClause, DocumentScope, PatientRelation, PatientScope, Relation};
use record::document::{Confidentiality, DocumentState};
use record::merge::{MergeCause, MergeState};
use record::{
    AgreementId, BreakGlassId, Entry, Intent, ManualClock, MembershipId, MergeId, ObjectId, Outcome, Principal,
    Purpose, RelatedPersonId, Resources, Role, SystemEntropy, UploadId, act,
};
use std::collections::{BTreeMap, BTreeSet};

/// Functions that take a customer, and by which of the tests below each is shown to keep to it.
const COVERED: &[(&str, &str)] = &[
    ("adt_message_find", "merges"),
    ("adt_message_insert", "merges"),
    ("adt_said_at", "merges"),
    ("adt_said_set", "merges"),
    ("document_count_of", "merges"),
    ("merge_count", "merges"),
    ("merge_list", "merges"),
    ("merge_list_of", "merges"),
    ("patients_stand", "merges"),
    ("patients_with_token", "merges"),
    ("agreement_end", "change"),
    ("agreement_list", "ask"),
    ("assignment_end", "change"),
    ("assignment_list_at", "ask"),
    ("break_glass_list", "ask"),
    ("break_glass_page", "ask"),
    ("break_glass_review", "change"),
    ("customer_bytes", "ask"),
    ("customer_fetch", "ask"),
    ("customer_restrict", "change"),
    ("customer_restricts", "change"),
    ("document_count_many", "ask"),
    ("document_facts_many", "ask"),
    ("document_tokens_set", "change"),
    ("documents_relink", "change"),
    ("documents_held_count", "ask"),
    ("in_care", "ask"),
    ("in_care_many", "ask"),
    ("incoming_any_known", "change"),
    ("incoming_insert", "point"),
    ("incoming_known", "ask"),
    ("kept_check", "ask"),
    ("kept_renew", "change"),
    ("key_shred_approve", "change"),
    ("key_shred_certify", "change"),
    ("key_shred_fetch", "ask"),
    ("key_shred_withdraw", "change"),
    ("membership_list_at", "ask"),
    ("membership_end", "change"),
    ("original_find", "change"),
    ("original_insert", "change"),
    ("patient_by_token", "change"),
    ("patient_fetch_many", "ask"),
    ("patient_linked", "ask"),
    ("patient_propose", "ask"),
    ("patient_search", "ask"),
    ("patient_tokens_add", "point"),
    ("patient_tokens_set", "change"),
    ("patients_by_number", "ask"),
    ("recipient_list_many", "ask"),
    ("related_count", "change"),
    ("related_list", "ask"),
    ("related_relink", "change"),
    ("related_standing", "change"),
    ("related_tokens_set", "change"),
    ("sealed_page", "ask"),
    ("version_newest_many", "ask"),
    ("version_page", "ask"),
    ("leaving_begin", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_confirm", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_export_begin", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_export_end", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_fetch", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_secret_taken", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("leaving_withdraw", "each_step_of_a_leaving_counts_once_for_its_own_export_and_its_own_customer"),
    ("document_page_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("versions_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("patient_page_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("related_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("entries_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("standing_of", "what_is_paged_through_for_an_export_is_one_customers_and_every_change_changes_what_stands"),
    ("taken_in_known", "what_was_taken_in_is_known_to_its_own_customer_and_linked_within_it"),
    ("taken_in_insert", "what_was_taken_in_is_known_to_its_own_customer_and_linked_within_it"),
    ("taken_in_link", "what_was_taken_in_is_known_to_its_own_customer_and_linked_within_it"),
    ("joining_fetch", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_list_into", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_counts", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_give", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_agree", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_withdraw", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_holds", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_move", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_end", "each_step_of_a_joining_counts_once_and_only_from_the_one_before_it"),
    ("joining_close", "everybodys_place_at_the_one_ends_and_nobodys_at_another"),
    ("arriving_patient_page", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_merge_page", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_count", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_left", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_has_token", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_next", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_put", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_come", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("arriving_numbers", "a_number_that_somebody_has_got_meanwhile_waits_and_comes_in_under_no_second_patient"),
    ("arriving_number_forget", "a_number_that_somebody_has_got_meanwhile_waits_and_comes_in_under_no_second_patient"),
    ("arriving_stayed", "what_is_put_anew_leaves_nothing_of_the_first_time_and_what_has_not_left_can_be_let_go_of"),
    ("arriving_forget", "what_is_put_anew_leaves_nothing_of_the_first_time_and_what_has_not_left_can_be_let_go_of"),
    ("depart_documents", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("depart_patients", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("depart_merges", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("depart_glasses", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("depart_known", "rows_leave_one_customer_as_they_were_read_and_come_in_to_another_once"),
    ("program_answer_begin", "what_is_used_up_is_known_until_it_would_be_too_old_anyway"),
    ("program_answer_end", "what_is_used_up_is_known_until_it_would_be_too_old_anyway"),
    ("split_patients", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_page", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_counts", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_ties", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_held", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_written", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_charts", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_merge_moved", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_choose", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_stand", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_list_from", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_list_into", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_forget", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_seen", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_fate", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_depart", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("split_end", "a_chart_leaves_whole_and_as_it_was_read_and_the_split_is_kept_when_all_are_there"),
    ("arriving_is", "what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones"),
    ("arriving_has", "what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones"),
    ("arriving_is_still", "what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones"),
    ("arriving_let_go", "what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones"),
    ("arriving_page", "what_waits_is_let_go_of_only_while_all_of_it_is_still_the_ones"),
    ("joining_run", "of_two_runs_the_one_that_was_begun_last_holds_a_joining"),
    ("split_here", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_sizes", "who_is_chosen_and_what_ties_them_is_told_of_one_customer_and_never_of_another"),
    ("split_stop", "a_split_that_is_ended_half_way_keeps_who_ended_it_and_who_stays"),
    ("program_list", "a_program_is_changed_over_what_was_read_and_stopped_once_with_its_tokens"),
    ("program_revoke", "a_program_is_changed_over_what_was_read_and_stopped_once_with_its_tokens"),
];

fn token() -> (String, Vec<u8>) {
    ("surname".to_owned(), vec![7; 32])
}

fn guardian_token() -> (String, Vec<u8>) {
    ("guardian_surname".to_owned(), vec![8; 32])
}

/// Customers 1 and 2 with one thing of each kind; everything of customer n has the number n, the people are the same.
pub(crate) async fn two_customers(store: &Store) {
    peopled(store).await;
    let mut tx = store.begin("test").await.unwrap();
    for n in 1..=2 {
        let (here, patient, document) = (customer(n), patient_id(n), document_id(n));
        tx.patient_insert(&a_patient(patient, here)).await.unwrap();
        tx.patient_tokens_set(here, patient, &[token()]).await.unwrap();
        tx.related_insert(&a_guardian(RelatedPersonId::from_bytes([n; 16]), patient, here)).await.unwrap();
        tx.related_tokens_set(here, patient, &[guardian_token()]).await.unwrap();
        let mut linked = a_patient(patient_id(n + 10), here);
        linked.linked_to = Some(patient);
        tx.patient_insert(&linked).await.unwrap();
        let mut new = a_document(document, here);
        (new.patient, new.author, new.uploader) = (Some(patient), Some(person(1)), person(2).to_string());
        new.reason = Some(vec![1; 64]);
        tx.document_insert(&new).await.unwrap();
        tx.document_tokens_set(here, document, &[token()]).await.unwrap();
        tx.version_insert(&a_version(document, 1, 100 * u64::from(n))).await.unwrap();
        tx.recipient_add(document, person(3), false).await.unwrap();
        tx.agreement_insert(&agreement(n)).await.unwrap();
        let (from_at, granted_by) = (NOW, person(9).to_string());
        let place = Some(here);
        let id = MembershipId::from_bytes([n; 16]);
        let role = Role::Clinician;
        let granted = granted_by.clone();
        tx.membership_insert(&Membership {
            id,
            person: person(1),
            customer: place,
            role,
            from_at,
            to_at: None,
            granted_by: granted,
        })
        .await
        .unwrap();
        tx.assignment_insert(&Assignment { customer: here, person: person(4), from_at, to_at: None, granted_by })
            .await
            .unwrap();
        tx.break_glass_insert(&glass(n, n)).await.unwrap();
        let objects = vec![ObjectId::from_bytes([n; 16])];
        let id = UploadId::from_bytes([n; 16]);
        tx.upload_insert(&Upload {
            id,
            customer: here,
            person: record::Principal::Person(person(1)),
            objects,
            started_at: NOW,
        })
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Somebody asks that a customer's keys be destroyed.
fn an_end(n: u8) -> KeyShred {
    KeyShred {
        customer: customer(n),
        state: KeyShredState::Asked,
        reason: vec![1; 40],
        asked_by: person(5),
        asked_at: NOW,
        copies_expire_at: None,
        approved_by: None,
        approved_at: None,
        certificate: None,
        destroyed_at: None,
    }
}

fn agreement(n: u8) -> Agreement {
    Agreement {
        id: AgreementId::from_bytes([n; 16]),
        customer: customer(n),
        from_day: "2026-01-01".to_owned(),
        to_day: None,
        reporting_days: 10,
        notices_by: "customer".to_owned(),
        offshore: false,
        deidentify: false,
        at_end: "return".to_owned(),
        contacts: vec![1; 40],
        created_at: NOW,
        created_by: person(9).to_string(),
        ended_at: None,
    }
}

fn glass(whose: u8, of: u8) -> BreakGlass {
    BreakGlass {
        id: BreakGlassId::from_bytes([whose * 16 + of; 16]),
        customer: customer(whose),
        person: person(1),
        patient: patient_id(of),
        reason: vec![1; 64],
        from_at: NOW,
        to_at: NOW.plus_secs(3600),
        reviewed_at: None,
        reviewed_by: None,
        verdict: None,
        note: Some(vec![2; 64]),
    }
}

fn all_documents() -> DocumentScope {
    DocumentScope {
        any_of: vec![DocumentClause {
            states: DocumentState::ALL.to_vec(),
            most: Confidentiality::VeryRestricted,
            who: Relation::Anyone,
        }],
    }
}

#[tokio::test]
async fn a_list_of_one_customer_holds_nothing_of_another_whatever_the_filter_asks() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let base = || DocumentFilter::all(customer(1), all_documents());
    let theirs = [
        DocumentFilter { patients: Some(vec![patient_id(2)]), ..base() },
        DocumentFilter { chart_of: Some(patient_id(2)), ..base() },
    ];
    for filter in theirs {
        assert!(store.document_list(&filter, 50).await.unwrap().items.is_empty(), "{filter:?}");
        assert_eq!(store.document_count(&filter, 50).await.unwrap(), 0);
    }
    // Things that both customers share: people, and blind tokens that happen to be the same bytes.
    let shared = [
        base(),
        DocumentFilter { patients: Some(vec![patient_id(1), patient_id(2)]), ..base() },
        DocumentFilter { author: Some(person(1)), ..base() },
        DocumentFilter { uploader: Some(person(2)), ..base() },
        DocumentFilter { inbox_of: Some(person(3)), ..base() },
        DocumentFilter { unread_by: Some(person(3)), ..base() },
        DocumentFilter { token: Some(token()), ..base() },
        DocumentFilter { patient_groups: vec![vec![token()]], ..base() },
        DocumentFilter { waiting_for_pick_up: true, ..base() },
    ];
    let relations = [
        Relation::Anyone,
        Relation::AuthorIs(person(1)),
        Relation::UploaderIs(record::Principal::Person(person(2))),
        Relation::RecipientIs(person(3)),
        Relation::PatientInCareOf(person(3)),
        Relation::PatientIs(patient_id(1)),
    ];
    for filter in shared {
        for who in relations {
            let clause =
                DocumentClause { states: DocumentState::ALL.to_vec(), most: Confidentiality::VeryRestricted, who };
            let filter = DocumentFilter { scope: DocumentScope { any_of: vec![clause] }, ..filter.clone() };
            let found = store.document_list(&filter, 50).await.unwrap().items;
            assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [document_id(1)], "{filter:?}");
            assert_eq!(store.document_count(&filter, 50).await.unwrap(), 1);
        }
        let who = Relation::PatientIs(patient_id(2));
        let scope = DocumentScope {
            any_of: vec![DocumentClause {
                states: DocumentState::ALL.to_vec(),
                most: Confidentiality::VeryRestricted,
                who,
            }],
        };
        assert!(store.document_list(&DocumentFilter { scope, ..filter }, 50).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn asking_about_one_customer_tells_nothing_of_another() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let here = customer(1);
    let anyone = PatientScope { any_of: vec![PatientRelation::Anyone] };
    let both = [patient_id(1), patient_id(2)];
    let mine = |ids: Vec<record::PatientId>| assert_eq!(ids, [patient_id(1)]);
    mine(store.patient_fetch_many(here, &both).await.unwrap().iter().map(|one| one.id).collect());
    for groups in [vec![], vec![vec![token()]], vec![vec![token()], vec![token(), ("given".to_owned(), vec![1])]]] {
        let page = store.patient_search(here, &anyone, &groups, None, 50).await.unwrap();
        mine(page.items.iter().map(|one| one.id).collect());
    }
    for scope in [PatientRelation::InCareOf(person(1)), PatientRelation::Is(patient_id(1))] {
        let page = store.patient_search(here, &PatientScope { any_of: vec![scope] }, &[], None, 50).await.unwrap();
        mine(page.items.iter().map(|one| one.id).collect());
    }
    let other = PatientScope { any_of: vec![PatientRelation::Is(patient_id(2))] };
    assert!(store.patient_search(here, &other, &[], None, 50).await.unwrap().items.is_empty());
    mine(store.patient_propose(here, &[token()], 50).await.unwrap().iter().map(|one| one.patient.id).collect());
    assert!(store.patient_linked(here, patient_id(2)).await.unwrap().is_empty());
    assert_eq!(store.patient_linked(here, patient_id(1)).await.unwrap(), [patient_id(11)]);
    assert!(store.related_list(here, patient_id(2)).await.unwrap().is_empty());
    let around = store.related_list(here, patient_id(1)).await.unwrap();
    assert_eq!(around.iter().map(|one| one.patient).collect::<Vec<_>>(), [patient_id(1)]);
    mine(
        store.patient_propose(here, &[guardian_token()], 50).await.unwrap().iter().map(|one| one.patient.id).collect(),
    );
    assert!(!store.in_care(here, patient_id(2), person(3)).await.unwrap());
    assert!(store.in_care(here, patient_id(1), person(3)).await.unwrap());
    let (same, none) = ([token().1], []);
    let known = store.incoming_known(here, &same, &none).await.unwrap();
    assert!(known.originals.is_empty() && known.paths.is_empty());
    let named = store.patients_by_number(here, ("surname", &same[..]), "surname").await.unwrap();
    assert_eq!(named[&same[0]].keys().collect::<Vec<_>>(), [&patient_id(1)]);
    let cared = store.in_care_many(here, &both.into_iter().collect(), person(3)).await.unwrap();
    mine(cared.into_iter().collect());
    let documents = [
        store.document_fetch(document_id(1)).await.unwrap().unwrap(),
        store.document_fetch(document_id(2)).await.unwrap().unwrap(),
    ];
    let facts = store.document_facts_many(here, &documents, Some(person(3))).await.unwrap();
    assert_eq!(facts.iter().map(|one| one.id).collect::<Vec<_>>(), [document_id(1)]);
    let inboxes = store.recipient_list_many(here, &[document_id(1), document_id(2)]).await.unwrap();
    assert_eq!(inboxes.keys().copied().collect::<Vec<_>>(), [document_id(1)]);
    let counted = store.document_count_many(here, &all_documents(), &both, 50).await.unwrap();
    assert_eq!(counted.into_iter().collect::<Vec<_>>(), [(patient_id(1), 1)]);
    let mut tx = store.begin("test").await.unwrap();
    let damage = "DELETE FROM care WHERE customer_id = $1";
    for customer in [here, customer(2)] {
        assert!(tx.run(damage, crate::binds::binds![customer]).await.unwrap() >= 1);
    }
    tx.commit().await.unwrap();
    mine(store.kept_check(here, None, 50).await.unwrap().wrong.into_iter().collect());
    let newest = store.version_newest_many(here, &[document_id(1), document_id(2)]).await.unwrap();
    assert_eq!(newest.iter().map(|one| one.document).collect::<Vec<_>>(), [document_id(1)]);
    let versions = store.version_page(here, None, 50).await.unwrap();
    assert_eq!(versions.iter().map(|one| one.document).collect::<Vec<_>>(), [document_id(1)]);
    assert_eq!(store.customer_bytes(here).await.unwrap(), 100);
    for column in SealedColumn::ALL {
        let rows = store.sealed_page(here, *column, None, 50).await.unwrap();
        let of: BTreeSet<[u8; 16]> = rows.iter().map(|row| row.id.to_bytes()).collect();
        let own: BTreeSet<[u8; 16]> = [[1; 16], [11; 16], [17; 16]].into();
        assert!(!of.is_empty() && of.is_subset(&own), "{column:?}");
    }
    let mut tx = store.begin("hold another's document, and ask for another's end").await.unwrap();
    let mut held = a_document(document_id(44), customer(2));
    held.state = DocumentState::Held;
    tx.document_insert(&held).await.unwrap();
    assert_eq!(tx.key_shred_insert(&an_end(2)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.documents_held_count(here).await.unwrap(), 0);
    assert_eq!(store.documents_held_count(customer(2)).await.unwrap(), 1);
    assert_eq!(store.key_shred_fetch(here).await.unwrap(), None);
    assert!(store.key_shred_fetch(customer(2)).await.unwrap().is_some());
    assert_eq!(store.customer_fetch(here).await.unwrap().unwrap().id, here);
    assert!(store.agreement_list(here).await.unwrap().iter().all(|one| one.customer == here));
    assert!(store.membership_list_at(Some(here)).await.unwrap().iter().all(|one| one.customer == Some(here)));
    assert!(store.membership_list_at(None).await.unwrap().is_empty(), "nobody here is at the operator");
    assert!(store.assignment_list_at(here).await.unwrap().iter().all(|one| one.customer == here));
    let glasses = store.break_glass_list(here).await.unwrap();
    assert_eq!(glasses.iter().map(|one| one.patient).collect::<Vec<_>>(), [patient_id(1)]);
    let page = store.break_glass_page(here, None, 10).await.unwrap();
    assert_eq!(page.iter().map(|one| one.id).collect::<Vec<_>>(), [glasses[0].id]);
    assert!(store.break_glass_page(here, Some(glasses[0].id), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_ledger_of_one_customer_holds_nothing_of_another() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    tx.ledger_begin().await.unwrap();
    tx.commit().await.unwrap();
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    let entry = |whose| {
        let (who, named) = ((Principal::Person(person(1)), None), Resources::of([person(2).into()]));
        let intent = Intent::to::<act::DocumentList>(&clock, &SystemEntropy, who, whose, named, Purpose::Treatment);
        Draft { entry: Entry::of(&intent, Outcome::Permitted, ""), sealed_body: Vec::new() }
    };
    let drafts = vec![entry(Some(customer(1))), entry(Some(customer(2))), entry(None)];
    let signer = Signer::from_seed("store.example/ledger", [9; 32].into()).unwrap();
    let _ = commit(drafts, &LedgerLog::new(store.clone()), &signer, &SystemEntropy).await.unwrap();
    let filter =
        EntryFilter { customer: Some(customer(1)), resource: Some(person(2).into()), ..EntryFilter::default() };
    let found = store.entry_list(&filter, 50).await.unwrap();
    assert_eq!(found.iter().map(|one| one.index).collect::<Vec<_>>(), [0]);
}

#[tokio::test]
async fn changing_another_customers_things_changes_nothing() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, theirs) = (customer(1), patient_id(2));
    let mut tx = store.begin("test").await.unwrap();
    let mut patient = a_patient(theirs, here);
    patient.body = vec![66; 64];
    assert_eq!(tx.patient_update(&patient).await.unwrap(), 0);
    assert_eq!(tx.documents_relink(here, theirs, patient_id(1)).await.unwrap(), 0);
    assert_eq!(tx.kept_renew(here, theirs).await.unwrap(), 0);
    assert_eq!(tx.key_shred_insert(&an_end(2)).await.unwrap(), 1);
    assert_eq!(tx.key_shred_withdraw(here).await.unwrap(), 0);
    assert_eq!(tx.key_shred_approve(here, NOW, person(6), NOW).await.unwrap(), 0);
    assert_eq!(tx.key_shred_approve(customer(2), NOW, person(6), NOW).await.unwrap(), 1);
    assert_eq!(tx.key_shred_certify(here, "gone", NOW).await.unwrap(), 0);
    let place = MembershipId::from_bytes([2; 16]);
    assert_eq!(tx.membership_end(Some(here), place, NOW.plus_secs(1)).await.unwrap(), 0);
    assert_eq!(tx.membership_end(None, place, NOW.plus_secs(1)).await.unwrap(), 0, "nor is it the operator's");
    let closed = tx.break_glass_review((here, glass(2, 2).id), person(5), NOW, "justified", vec![1; 64]).await;
    assert_eq!(closed.unwrap(), 0);
    let guardian = RelatedPersonId::from_bytes([2; 16]);
    assert_eq!(tx.related_update(&a_guardian(guardian, theirs, here)).await.unwrap(), 0);
    assert_eq!(tx.related_relink(here, theirs, patient_id(1)).await.unwrap(), 0);
    assert_eq!(tx.related_count(here, theirs, None).await.unwrap(), 0);
    assert_eq!(tx.related_standing(here, theirs).await.unwrap(), (0, 0));
    tx.related_tokens_set(here, theirs, &[]).await.unwrap();
    assert_eq!(tx.patient_by_token(here, "surname", &token().1).await.unwrap(), Some(patient_id(1)));
    assert_eq!(tx.agreement_end(here, AgreementId::from_bytes([2; 16]), NOW).await.unwrap(), 0);
    let mut document = a_document(document_id(2), here);
    document.body = vec![66; 64];
    assert_eq!(tx.document_update(&document, DocumentState::Delivered).await.unwrap(), 0);
    assert_eq!(tx.assignment_end(here, person(4), NOW.plus_secs(1)).await.unwrap(), 1);
    tx.original_insert(customer(2), &[5; 32], document_id(2), 1).await.unwrap();
    assert_eq!(tx.original_find(here, &[5; 32]).await.unwrap(), None, "an equal file of another's");
    assert_eq!(tx.original_find(customer(2), &[5; 32]).await.unwrap(), Some((document_id(2), 1)));
    assert!(!tx.incoming_any_known(here, &[vec![5; 32]]).await.unwrap());
    assert!(tx.incoming_any_known(customer(2), &[vec![5; 32]]).await.unwrap());
    // With nothing to write, the tokens of the other's things must stay, too.
    tx.patient_tokens_set(here, theirs, &[]).await.unwrap();
    tx.document_tokens_set(here, document_id(2), &[]).await.unwrap();
    let rule = BTreeMap::from([("hiv".to_owned(), Confidentiality::Restricted)]);
    assert_eq!(tx.customer_restrict(here, &rule).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let there = customer(2);
    assert_eq!(store.customer_restricts(here).await.unwrap(), rule);
    assert!(store.customer_restricts(there).await.unwrap().is_empty());
    assert!(store.assignment_list_at(there).await.unwrap().iter().all(|one| one.to_at.is_none()));
    assert_eq!(store.patient_propose(there, &[token()], 5).await.unwrap().len(), 1);
    let filter = DocumentFilter { token: Some(token()), ..DocumentFilter::all(there, all_documents()) };
    assert_eq!(store.document_list(&filter, 5).await.unwrap().items.len(), 1);
    assert_eq!(store.patient_propose(there, &[guardian_token()], 5).await.unwrap().len(), 1);
    assert_eq!(store.related_list(there, theirs).await.unwrap()[0].revision, 0);
    assert_eq!(store.patient_fetch(theirs).await.unwrap().unwrap().body, vec![2; 64]);
}

/// The proposal that customer n's records 10 + n and n are one patient's.
fn a_merge(n: u8) -> PatientMerge {
    PatientMerge {
        id: MergeId::from_bytes([n; 16]),
        customer: customer(n),
        prior: patient_id(n + 20),
        survivor: patient_id(n),
        cause: MergeCause::Message,
        state: MergeState::Proposed,
        proposed_at: NOW,
        proposed_by: person(1).to_string(),
        decided_at: None,
        decided_by: None,
        undone_at: None,
        undone_by: None,
    }
}

#[tokio::test]
async fn merges_and_messages_of_one_customer_tell_and_move_nothing_of_another() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let (here, there) = (customer(1), customer(2));
    let mut tx = store.begin("test").await.unwrap();
    for n in 1..=2 {
        tx.patient_insert(&a_patient(patient_id(n + 20), customer(n))).await.unwrap();
        assert_eq!(tx.merge_propose(&a_merge(n)).await.unwrap(), 1);
        assert_eq!(
            tx.merge_propose(&PatientMerge { id: MergeId::from_bytes([9; 16]), ..a_merge(n) }).await.unwrap(),
            0
        );
        assert_eq!(tx.adt_message_insert(customer(n), &[n; 32], &[n; 32]).await.unwrap(), 1);
        assert_eq!(tx.adt_message_insert(customer(n), &[n; 32], &[n; 32]).await.unwrap(), 0);
        tx.adt_said_set(customer(n), patient_id(n), NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert!(store.merge_is_known(&a_merge(1)).await.unwrap());
    assert!(!store.merge_is_known(&PatientMerge { customer: there, ..a_merge(1) }).await.unwrap());
    assert_eq!(store.merge_count(here).await.unwrap(), 1);
    let waiting = store.merge_list(here, MergeState::Proposed, None, 50).await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.id).collect::<Vec<_>>(), [a_merge(1).id]);
    assert!(store.merge_list(here, MergeState::Proposed, Some(a_merge(1).id), 50).await.unwrap().is_empty());
    assert_eq!(store.adt_message_find(here, &[2; 32]).await.unwrap(), None);
    assert_eq!(store.adt_message_find(there, &[2; 32]).await.unwrap(), Some(vec![2; 32]));
    assert_eq!(store.adt_said_at(here, patient_id(2)).await.unwrap(), None);
    assert_eq!(store.adt_said_at(there, patient_id(2)).await.unwrap(), Some(NOW));
    let (field, mac) = token();
    assert_eq!(store.patients_with_token(here, (&field, &mac), 5).await.unwrap(), [patient_id(1)]);
    let mut tx = store.begin("test").await.unwrap();
    let (decided_at, decided_by) = (Some(NOW), Some(person(1)));
    let stolen = PatientMerge { customer: here, state: MergeState::Merged, decided_at, decided_by, ..a_merge(2) };
    assert_eq!(tx.merge_decide(&stolen).await.unwrap(), 0, "another's proposal");
    assert_eq!(tx.document_count_of(here, patient_id(2)).await.unwrap(), 0);
    assert_eq!(tx.document_count_of(there, patient_id(2)).await.unwrap(), 1);
    // The same two records, said to be merged the other way round: what is here moves, and nothing of the other's.
    let merged = PatientMerge { state: MergeState::Merged, decided_at, decided_by, ..a_merge(1) };
    let merged = PatientMerge { prior: merged.survivor, survivor: merged.prior, ..merged };
    assert_eq!(tx.merge_decide(&merged).await.unwrap(), 1);
    tx.merge_move(&merged).await.unwrap();
    assert!(tx.patients_stand(here, &[patient_id(1), patient_id(1)]).await.unwrap());
    assert!(!tx.patients_stand(here, &[patient_id(1), patient_id(11)]).await.unwrap(), "one went into another");
    assert!(!tx.patients_stand(here, &[patient_id(1), patient_id(2)]).await.unwrap(), "another's stands nowhere here");
    assert_eq!(tx.document_count_of(here, merged.survivor).await.unwrap(), 1);
    assert_eq!(tx.document_count_of(there, patient_id(2)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.merge_list_of(here, merged.prior).await.unwrap().len(), 1);
    assert!(store.merge_list_of(there, merged.prior).await.unwrap().is_empty());
    assert_eq!(store.merge_documents_count(&merged).await.unwrap(), 1);
    assert_eq!(store.merge_documents_count(&PatientMerge { customer: there, ..merged.clone() }).await.unwrap(), 0);
    assert_eq!(store.merge_related(&merged).await.unwrap().len(), 1);
    assert!(store.merge_related(&PatientMerge { customer: there, ..merged.clone() }).await.unwrap().is_empty());
    let undone = PatientMerge { undone_at: Some(NOW), undone_by: Some(person(1)), ..merged };
    let mut tx = store.begin("test").await.unwrap();
    let by_another = PatientMerge { customer: there, ..undone.clone() };
    assert_eq!(tx.merge_take_back(&by_another).await.unwrap(), None);
    let back = tx.merge_take_back(&undone).await.unwrap().unwrap();
    assert_eq!((back.documents, back.related), (1, 1));
    assert_eq!(tx.merge_take_back(&undone).await.unwrap(), None, "it is taken back once");
    tx.commit().await.unwrap();
    assert!(store.kept_check(here, None, 50).await.unwrap().wrong.is_empty());
    let mut tx = store.begin("test").await.unwrap();
    let across = PatientMerge { id: MergeId::from_bytes([7; 16]), prior: patient_id(2), ..a_merge(1) };
    assert!(tx.merge_propose(&across).await.is_err(), "a record of another's");
}

#[tokio::test]
async fn no_row_points_into_another_customers() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let here = customer(1);
    let mut tx = store.begin("test").await.unwrap();
    let mut about = a_document(document_id(40), here);
    about.patient = Some(patient_id(2));
    assert!(tx.document_insert(&about).await.is_err(), "a document about another's patient");
    let mut moved = a_document(document_id(41), here);
    moved.moved_from = Some(patient_id(2));
    assert!(tx.document_insert(&moved).await.is_err(), "a document from another's chart");
    let mut own = a_document(document_id(1), here);
    own.patient = Some(patient_id(2));
    assert!(tx.document_update(&own, DocumentState::Delivered).await.is_err(), "a document moved into another's chart");
    assert!(tx.documents_relink(here, patient_id(1), patient_id(2)).await.is_err(), "all of them moved");
    let mut linked = a_patient(patient_id(40), here);
    linked.linked_to = Some(patient_id(2));
    assert!(tx.patient_insert(&linked).await.is_err(), "a patient linked to another's");
    assert!(tx.patient_tokens_set(here, patient_id(2), &[token()]).await.is_err(), "a token for another's patient");
    assert!(tx.document_tokens_set(here, document_id(2), &[token()]).await.is_err(), "and for another's document");
    assert!(
        tx.patient_tokens_add(here, patient_id(2), &[token()]).await.is_err(),
        "one token more for another's patient"
    );
    // On a server a transaction in which a text has failed does nothing more.
    drop(tx);
    let mut tx = store.begin("test").await.unwrap();
    let stranger = a_guardian(RelatedPersonId::from_bytes([40; 16]), patient_id(2), here);
    assert_eq!(tx.related_insert(&stranger).await.unwrap(), 0, "a guardian of another's patient");
    assert!(
        tx.related_relink(here, patient_id(1), patient_id(2)).await.is_err(),
        "guardians moved to another's patient"
    );
    assert!(tx.original_insert(here, &[5; 32], document_id(2), 1).await.is_err(), "a file of another's document");
    assert!(tx.break_glass_insert(&glass(1, 2)).await.is_err(), "a glass broken for another's patient");
    let theirs = a_document(document_id(42), customer(2));
    let (version, known_by) = (a_version(theirs.id, 1, 1), vec![42; 32]);
    let (path_token, tokens) = (known_by.clone(), Vec::new());
    let theirs = IncomingDocument { document: theirs, version, known_by, path_token, tokens };
    assert!(tx.incoming_insert(here, &[theirs]).await.is_err(), "another's document among one's own");
}

#[test]
fn every_function_that_takes_a_customer_is_tested_here() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for part in text.split("pub async fn ").skip(1) {
            let name = &part[..part.find(['(', '<']).unwrap()];
            let head = &part[..part.find("->").unwrap_or(part.len())];
            if head.contains("CustomerId") {
                found.insert(name.to_owned());
            }
        }
    }
    let covered: BTreeSet<String> = COVERED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, covered, "a new function needs its line here, and its call in the test that the line names");
}

#[tokio::test]
async fn a_change_made_from_an_older_one_changes_nothing() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let here = customer(1);
    let mut tx = store.begin("test").await.unwrap();
    let mut patient = a_patient(patient_id(1), here);
    patient.body = vec![66; 64];
    assert_eq!(tx.patient_update(&patient).await.unwrap(), 1);
    assert_eq!(tx.patient_update(&patient).await.unwrap(), 0, "made from revision 0, which is no more");
    patient.revision = 1;
    assert_eq!(tx.patient_update(&patient).await.unwrap(), 1);
    let id = RelatedPersonId::from_bytes([1; 16]);
    let mut guardian = a_guardian(id, patient_id(1), here);
    assert_eq!(tx.related_update(&guardian).await.unwrap(), 1);
    assert_eq!(tx.related_update(&guardian).await.unwrap(), 0);
    assert_eq!(tx.related_standing(here, patient_id(1)).await.unwrap(), (1, 1));
    guardian.revision = 1;
    assert_eq!(tx.related_update(&guardian).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.patient_fetch(patient_id(1)).await.unwrap().unwrap().revision, 2);
}

#[tokio::test]
async fn a_patients_own_tokens_and_the_guardians_do_not_take_each_other_away() {
    let (_dir, store) = store().await;
    two_customers(&store).await;
    let here = customer(1);
    let finds = async |token: (String, Vec<u8>)| !store.patient_propose(here, &[token], 5).await.unwrap().is_empty();
    let mut tx = store.begin("test").await.unwrap();
    tx.patient_tokens_set(here, patient_id(1), &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!finds(token()).await && finds(guardian_token()).await);
    let mut tx = store.begin("test").await.unwrap();
    tx.patient_tokens_set(here, patient_id(1), &[token()]).await.unwrap();
    tx.related_tokens_set(here, patient_id(1), &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(finds(token()).await && !finds(guardian_token()).await);
}
