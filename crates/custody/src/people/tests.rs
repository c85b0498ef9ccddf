//! Roles: who gives them, who does not, and how they end.

use crate::testing::{HOUR_MILLIS, MINUTE_MILLIS, agreement, entry, house};
use crate::{AgreementStanding, CustodyError, Device};
use policy::Why;
use record::civil::Day;
use record::{CustomerId, PersonId, Role, act};

fn refused<T>(answer: Result<T, CustodyError>) -> bool {
    matches!(answer, Err(CustodyError::Refused(_)))
}

#[tokio::test]
async fn an_ended_membership_loses_its_rights_at_the_next_request() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), customer, "Mary Manager").await;
    let other = house.member(&manager, customer, Role::PracticeManager, "Otto Other").await;
    let desk = house.desk::<act::PersonList>(&other).await;
    let list = desk.person_list(customer).await.unwrap();
    let role = list.people.iter().find(|line| line.person == other.person).unwrap().roles[0].membership;
    house.desk::<act::MembershipEnd>(&manager).await.membership_end(customer, role).await.unwrap();
    assert!(refused(desk.person_list(customer).await), "the desk is the same; the answer is not");
    assert!(
        house.session(&other.secret).await.is_some(),
        "the session stays: other clinics are none of this one's business"
    );
    let again = house.desk::<act::MembershipEnd>(&manager).await.membership_end(customer, role).await;
    assert!(matches!(again, Err(CustodyError::State(_))));
}

#[tokio::test]
async fn the_last_manager_and_the_last_privacy_officer_stay() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), customer, "Mary Manager").await;
    let list = house.desk::<act::PersonList>(&manager).await.person_list(customer).await.unwrap();
    let desk = house.desk::<act::MembershipEnd>(&manager).await;
    let last = desk.membership_end(customer, list.people[0].roles[0].membership).await;
    assert!(matches!(last, Err(CustodyError::State(_))));
    let staff = house.desk::<act::StaffList>(&second).await.staff_list().await.unwrap();
    let line = staff.people.iter().find(|line| line.person == first.person).unwrap();
    let desk = house.desk::<act::StaffEnd>(&second).await;
    assert!(matches!(desk.staff_end(line.roles[0].membership).await, Err(CustodyError::State(_))));
    assert!(house.desk::<act::StaffList>(&first).await.staff_list().await.is_ok());
}

#[tokio::test]
async fn roles_at_a_practice_are_given_by_its_own_manager_only() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let elsewhere = house.customer(&first, "Harbor Clinic").await;
    let manager = house.manager((&first, &second), customer, "Mary Manager").await;
    let clerk = house.member(&manager, customer, Role::RecordsStaff, "Cleo Clerk").await;
    for (who, at) in [(&first, customer), (&second, customer), (&clerk, customer), (&manager, elsewhere)] {
        let desk = house.desk::<act::PersonInvite>(who).await;
        assert!(refused(desk.person_invite(at, Role::Clinician, &entry("Ivy Intruder")).await));
    }
    let desk = house.desk::<act::PersonInvite>(&manager).await;
    for role in [Role::PrivacyOfficer, Role::Transcriptionist] {
        let answer = desk.person_invite(customer, role, &entry("Ivy Intruder")).await;
        assert!(matches!(answer, Err(CustodyError::Input(_))));
    }
    let nowhere = CustomerId::from_bytes([9; 16]);
    let answer = desk.person_invite(nowhere, Role::Clinician, &entry("Ivy Intruder")).await;
    assert!(matches!(answer, Err(CustodyError::Absent)));
    let index = crate::directory::email_index(&house.custody.ring(), "ivy.intruder@example.org");
    assert!(house.custody.store().person_by_email(&index).await.unwrap().is_none(), "a refusal leaves nobody behind");
    // And a manager cannot invite to the operator.
    let desk = house.desk::<act::StaffInvite>(&manager).await;
    assert!(refused(desk.staff_invite(Role::Administrator, &entry("Ivy Intruder"), None).await));
}

#[tokio::test]
async fn the_first_officer_invites_the_second_alone_and_nobody_of_weight_after_that() {
    let house = house().await;
    let invited = house.custody.first_officer("first@example.org", "First Officer").await.unwrap();
    let first = house.enrol_invited(&invited).await;
    house.second_passkey(&first).await;
    let admin = house.staff_invited(&first, Role::Administrator, "Ada Admin").await;
    assert!(admin.waits_for_second, "an administrator waits until there is a second officer");
    let second = house.staff_invited(&first, Role::SecurityOfficer, "Second Officer").await;
    assert!(!second.waits_for_second);
    let third = house.staff_invited(&first, Role::PrivacyOfficer, "Third Officer").await;
    assert!(third.waits_for_second, "one is out already");
    let alerts = house.custody.store().alert_list().await.unwrap();
    assert!(alerts.iter().any(|alert| alert.sentence.contains("only officer")));
    assert!(alerts.iter().all(|alert| !alert.sentence.contains('@') && !alert.sentence.contains("Second")));
    let second = house.enrol_invited(&second).await;
    let early = house.desk::<act::InvitationConfirm>(&second).await.invitation_confirm(admin.invitation.unwrap()).await;
    assert!(matches!(early, Err(CustodyError::Refused(Why::SecondPasskey))));
    house.second_passkey(&second).await;
    let desk = house.desk::<act::InvitationConfirm>(&second).await;
    let confirmed = desk.invitation_confirm(admin.invitation.unwrap()).await.unwrap();
    let admin = house.enrol(&admin.link_secret.unwrap(), &confirmed.spoken.unwrap()).await;
    let admin = admin.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(house.desk::<act::StaffList>(&admin).await.staff_list().await.is_ok());
}

#[tokio::test]
async fn somebody_enrolled_by_a_practice_joins_the_operator_only_with_a_second_officer() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), customer, "Mary Manager").await;
    let clerk = house.member(&manager, customer, Role::RecordsStaff, "Cleo Clerk").await;
    let invited = house.staff_invited(&first, Role::Transcriptionist, "Cleo Clerk").await;
    assert!(invited.waits_for_second && invited.spoken.is_none());
    let link = invited.link_secret.clone().unwrap();
    assert!(!house.custody.has_place_at(clerk.person, None).await.unwrap());
    let desk = house.desk::<act::InvitationConfirm>(&second).await;
    let confirmed = desk.invitation_confirm(invited.invitation.unwrap()).await.unwrap();
    let spoken = confirmed.spoken.unwrap();
    assert!(!house.custody.has_place_at(clerk.person, None).await.unwrap(), "whoever invited them first may be them");
    house.desk::<act::PersonEnrol>(&clerk).await.invitation_accept(&link, &spoken).await.unwrap();
    assert!(house.custody.has_place_at(clerk.person, None).await.unwrap());
    // One more role for somebody who works here needs nobody else.
    let more = house.staff_invited(&first, Role::QaEditor, "Cleo Clerk").await;
    assert!(!more.waits_for_second && more.invitation.is_none());
}

#[tokio::test]
async fn an_auditors_role_ends_by_itself() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let until = house.custody.now().plus_millis(2 * HOUR_MILLIS);
    let desk = house.desk::<act::StaffInvite>(&first).await;
    let late = desk.staff_invite(Role::Auditor, &entry("Alex Auditor"), Some(house.custody.now())).await;
    assert!(matches!(late, Err(CustodyError::Input(mistakes)) if mistakes[0].field == "until"));
    let invited = desk.staff_invite(Role::Auditor, &entry("Alex Auditor"), Some(until)).await.unwrap();
    let confirmed = house
        .desk::<act::InvitationConfirm>(&second)
        .await
        .invitation_confirm(invited.invitation.unwrap())
        .await
        .unwrap();
    let auditor = house.enrol(&invited.link_secret.unwrap(), &confirmed.spoken.unwrap()).await;
    let auditor = auditor.unwrap_or_else(|error| panic!("{error:?}"));
    let me = house.custody.who(&house.session(&auditor.secret).await.unwrap()).await.unwrap();
    assert_eq!(me.places.len(), 1);
    house.later(2 * HOUR_MILLIS);
    let secret = house.sign_in(&auditor.key, Device::Own).await.unwrap();
    let me = house.custody.who(&house.session(&secret).await.unwrap()).await.unwrap();
    assert!(me.places.is_empty());
}

#[tokio::test]
async fn the_end_of_a_role_at_the_operator_ends_sessions_and_assignments() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let typist = house.staff(&first, Role::Transcriptionist, "Tia Typist").await;
    let grant = house.desk::<act::AssignmentGrant>(&first).await;
    grant.assignment_grant(customer, typist.person).await.unwrap();
    assert!(matches!(grant.assignment_grant(customer, typist.person).await, Err(CustodyError::State(_))));
    assert!(matches!(grant.assignment_grant(customer, PersonId::from_bytes([3; 16])).await, Err(CustodyError::Absent)));
    let lines = house.desk::<act::CustomerList>(&typist).await.customer_list().await.unwrap().lines;
    assert_eq!(lines.len(), 1);
    let staff = house.desk::<act::StaffList>(&second).await.staff_list().await.unwrap();
    let line = staff.people.iter().find(|line| line.person == typist.person).unwrap();
    assert_eq!(line.assigned[0].1, "Lakeside Pediatrics");
    house.desk::<act::StaffEnd>(&second).await.staff_end(line.roles[0].membership).await.unwrap();
    assert!(house.session(&typist.secret).await.is_none());
    house.later(MINUTE_MILLIS);
    // Back in another role, nobody works for a customer by an assignment of before.
    assert!(house.staff_invited(&first, Role::QaEditor, "Tia Typist").await.waits_for_second);
    let live = house.custody.store().assignment_list_by_person(typist.person).await.unwrap();
    assert!(live.iter().all(|one| one.to_at.is_some()));
}

#[tokio::test]
async fn revoked_sessions_are_over_and_only_for_those_with_a_place_here() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), customer, "Mary Manager").await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let desk = house.desk::<act::SessionRevoke>(&manager).await;
    let elsewhere = desk.session_revoke(Some(customer), first.person).await;
    assert!(matches!(elsewhere, Err(CustodyError::Absent)));
    assert!(refused(desk.session_revoke(None, first.person).await));
    let stranger = house.desk::<act::SessionRevoke>(&doctor).await;
    assert!(refused(stranger.session_revoke(Some(customer), manager.person).await));
    desk.session_revoke(Some(customer), doctor.person).await.unwrap();
    assert!(house.session(&doctor.secret).await.is_none());
    assert!(house.sign_in(&doctor.key, Device::Own).await.is_ok(), "the passkey is not taken away");
}

#[tokio::test]
async fn the_last_officer_lost_is_recovered_and_all_pages_know() {
    let house = house().await;
    let never = house.custody.officer_recover("new@example.org", "New Officer").await;
    assert!(matches!(never, Err(CustodyError::State(_))));
    let (first, second) = house.two_officers().await;
    assert!(matches!(house.custody.first_officer("x@example.org", "X").await, Err(CustodyError::State(_))));
    assert!(house.custody.officer_recovery_shown().await.unwrap().is_none());
    let invited = house.custody.officer_recover("new@example.org", "New Officer").await.unwrap();
    for old in [&first, &second] {
        assert!(house.session(&old.secret).await.is_none());
        assert!(house.sign_in(&old.key, Device::Own).await.is_err());
    }
    let fresh = house.enrol_invited(&invited).await;
    house.second_passkey(&fresh).await;
    assert!(house.desk::<act::StaffList>(&fresh).await.staff_list().await.is_ok());
    house.later(29 * 24 * HOUR_MILLIS);
    assert!(house.custody.officer_recovery_shown().await.unwrap().is_some());
    house.later(24 * HOUR_MILLIS);
    assert!(house.custody.officer_recovery_shown().await.unwrap().is_none());
    let filter = store::EntryFilter { actions: vec!["officer.recover".to_owned()], ..store::EntryFilter::default() };
    assert_eq!(house.custody.store().entry_list(&filter, 9).await.unwrap().len(), 2, "the first and the recovery");
}

#[tokio::test]
async fn the_same_officer_who_lost_the_keys_is_recovered_with_one_role() {
    let house = house().await;
    let (first, _) = house.two_officers().await;
    let invited = house.custody.officer_recover("first@example.org", "First Officer").await.unwrap();
    assert_eq!(invited.person, first.person);
    let again = house.enrol_invited(&invited).await;
    let me = house.custody.who(&house.session(&again.secret).await.unwrap()).await.unwrap();
    assert_eq!((me.places.len(), me.passkeys), (1, 1));
}

#[tokio::test]
async fn a_first_officer_invited_anew_makes_the_older_link_worthless() {
    let house = house().await;
    let older = house.custody.first_officer("tpyo@example.org", "First Officer").await.unwrap();
    let newer = house.custody.first_officer("first@example.org", "First Officer").await.unwrap();
    let answer = house.enrol(&older.link_secret.unwrap(), &older.spoken.unwrap()).await;
    assert!(matches!(answer, Err(CustodyError::NotProven)));
    house.enrol_invited(&newer).await;
}

#[tokio::test]
async fn customers_are_known_to_those_who_may_know_them() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let here = house.customer(&first, "Lakeside Pediatrics").await;
    let there = house.customer(&first, "Harbor Clinic").await;
    let manager = house.manager((&first, &second), here, "Mary Manager").await;
    let typist = house.staff(&first, Role::Transcriptionist, "Tia Typist").await;
    for (who, count) in [(&first, 2), (&second, 2), (&manager, 1), (&typist, 0)] {
        let lines = house.desk::<act::CustomerList>(who).await.customer_list().await.unwrap().lines;
        assert_eq!(lines.len(), count);
    }
    let view = house.desk::<act::CustomerShow>(&manager).await.customer_show(here).await.unwrap();
    assert_eq!(view.agreements[0].standing, AgreementStanding::InForce);
    assert_eq!(view.agreements[0].contacts[1].name, "Night Contact");
    assert_eq!(view.people.len(), 1);
    let desk = house.desk::<act::CustomerShow>(&manager).await;
    assert!(refused(desk.customer_show(there).await));
    assert!(matches!(desk.customer_show(CustomerId::from_bytes([9; 16])).await, Err(CustodyError::Absent)));
    assert!(refused(house.desk::<act::CustomerShow>(&typist).await.customer_show(here).await));
    let twice =
        house.desk::<act::CustomerCreate>(&first).await.customer_create("LAKESIDE pediatrics", "555-010-2030").await;
    assert!(matches!(twice, Err(CustodyError::Input(_))));
}

#[tokio::test]
async fn agreements_are_checked_kept_and_ended() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let here = house.customer(&first, "Lakeside Pediatrics").await;
    let there = house.customer(&first, "Harbor Clinic").await;
    let mut wrong = agreement();
    wrong.to = Day::new(2025, 12, 31);
    wrong.reporting_days = 61;
    wrong.contacts[1] = wrong.contacts[0].clone();
    wrong.contacts[1].telephone = "none".to_owned();
    let desk = house.desk::<act::AgreementCreate>(&first).await;
    let Err(CustodyError::Input(mistakes)) = desk.agreement_create(here, &wrong).await else { panic!("taken") };
    let fields: Vec<_> = mistakes.iter().map(|one| one.field).collect();
    assert_eq!(fields, ["to", "reporting_days", "contact2_phone", "contact2_email"]);
    assert!(refused(house.desk::<act::AgreementCreate>(&second).await.agreement_create(here, &agreement()).await));
    let id = house.custody.store().agreement_list(here).await.unwrap()[0].id;
    let end = house.desk::<act::AgreementEnd>(&first).await;
    assert!(matches!(end.agreement_end(there, id).await, Err(CustodyError::Absent)), "another customer's");
    end.agreement_end(here, id).await.unwrap();
    assert!(matches!(end.agreement_end(here, id).await, Err(CustodyError::State(_))));
    let view = house.desk::<act::CustomerShow>(&first).await.customer_show(here).await.unwrap();
    assert_eq!(view.agreements[0].standing, AgreementStanding::Ended);
}
