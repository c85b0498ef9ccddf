//! Invitations, passkeys and recovery codes: whole, with a passkey in software.

use crate::testing::{HOUR_MILLIS, House, MINUTE_MILLIS, Manner, SoftKey, Someone, entry, house};
use crate::{CustodyError, Invited, secret};
use policy::Why;
use record::{CustomerId, Role, act};
use store::PersonState;

fn not_proven<T>(answer: Result<T, CustodyError>) -> bool {
    matches!(answer, Err(CustodyError::NotProven))
}

struct Practice {
    house: House,
    officers: (Someone, Someone),
    customer: CustomerId,
    manager: Someone,
}

async fn practice() -> Practice {
    let house = house().await;
    let officers = house.two_officers().await;
    let customer = house.customer(&officers.0, "Lakeside Pediatrics").await;
    let manager = house.manager((&officers.0, &officers.1), customer, "Mary Manager").await;
    Practice { house, officers, customer, manager }
}

fn secrets(invited: &Invited) -> (&str, &str) {
    (invited.link_secret.as_deref().unwrap(), invited.spoken.as_deref().unwrap())
}

#[tokio::test]
async fn an_invitation_is_used_once() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    assert!(house.custody.invitation_look(link).await.unwrap());
    // Two browsers have begun with the same invitation; one is faster.
    let desk = house.stranger::<act::PersonEnrol>();
    let (one, two) = (desk.enrol_start(link, spoken).await.unwrap(), desk.enrol_start(link, spoken).await.unwrap());
    assert_eq!((one.name.as_str(), one.passkeys_needed), ("Dora Doctor", 1));
    assert_eq!(one.places, [(Role::Clinician, "Lakeside Pediatrics".to_owned())]);
    let ((_, first), (_, second)) = (SoftKey::make(&one.challenge), SoftKey::make(&two.challenge));
    let enrolled = desk.enrol_finish(&one.ticket, &first, "phone").await.unwrap();
    assert_eq!(enrolled.recovery_codes.len(), 8);
    assert!(!enrolled.needs_second_passkey);
    assert!(house.session(&enrolled.signed_in.session_secret).await.is_some());
    assert!(not_proven(desk.enrol_finish(&two.ticket, &second, "phone").await));
    assert!(not_proven(desk.enrol_finish(&one.ticket, &first, "phone").await));
    assert!(not_proven(desk.enrol_start(link, spoken).await));
    assert!(!house.custody.invitation_look(link).await.unwrap());
    assert_eq!(house.custody.store().credential_list(invited.person).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_words_are_read_however_they_are_typed() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    let typed = format!(" {} ", spoken.to_lowercase().replace('-', " "));
    assert!(house.stranger::<act::PersonEnrol>().enrol_start(link, &typed).await.is_ok());
}

#[tokio::test]
async fn an_invitation_is_over_after_72_hours() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    let desk = house.stranger::<act::PersonEnrol>();
    house.later(72 * HOUR_MILLIS - 1);
    let started = desk.enrol_start(link, spoken).await.unwrap();
    house.later(1);
    let (_, answer) = SoftKey::make(&started.challenge);
    assert!(not_proven(desk.enrol_finish(&started.ticket, &answer, "phone").await));
    assert!(not_proven(desk.enrol_start(link, spoken).await));
    assert!(!house.custody.invitation_look(link).await.unwrap());
}

#[tokio::test]
async fn the_fifth_wrong_word_ends_an_invitation_even_when_all_are_tried_at_once() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    let desk = house.stranger::<act::PersonEnrol>();
    for _ in 0..4 {
        assert!(not_proven(desk.enrol_start(link, "WRON-GONE").await));
    }
    assert!(desk.enrol_start(link, spoken).await.is_ok(), "four leave it open");
    let (one, two) = tokio::join!(desk.enrol_start(link, "WRON-GONE"), desk.enrol_start(link, "WRON-GTWO"));
    assert!(not_proven(one) && not_proven(two));
    assert!(not_proven(desk.enrol_start(link, spoken).await), "the right word comes too late");
    assert!(!house.custody.invitation_look(link).await.unwrap());
}

#[tokio::test]
async fn every_wrong_secret_has_the_same_answer() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    let desk = house.stranger::<act::PersonEnrol>();
    let nowhere = "A".repeat(43);
    let long = "A".repeat(100_000);
    for (link, spoken) in
        [(nowhere.as_str(), spoken), ("", spoken), (&long, spoken), (link, ""), (link, &long), (link, "\u{0}")]
    {
        assert!(not_proven(desk.enrol_start(link, spoken).await));
    }
    assert!(!house.custody.invitation_look(&nowhere).await.unwrap());
}

#[tokio::test]
async fn a_passkey_without_verification_does_not_enrol_and_uses_nothing_up() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&invited);
    let desk = house.stranger::<act::PersonEnrol>();
    let started = desk.enrol_start(link, spoken).await.unwrap();
    let (_, answer) = SoftKey::make_in(&started.challenge, Manner { verified: false, ..Manner::default() });
    assert!(not_proven(desk.enrol_finish(&started.ticket, &answer, "phone").await));
    let started = desk.enrol_start(link, spoken).await.unwrap();
    let elsewhere = Manner { origin: "https://evil.test", ..Manner::default() };
    let (_, answer) = SoftKey::make_in(&started.challenge, elsewhere);
    assert!(not_proven(desk.enrol_finish(&started.ticket, &answer, "phone").await));
    let person = house.custody.store().person_fetch(invited.person).await.unwrap().unwrap();
    assert_eq!(person.state, PersonState::Invited);
    house.enrol_invited(&invited).await;
}

#[tokio::test]
async fn what_is_not_confirmed_does_not_enrol_and_nobody_confirms_their_own() {
    let Practice { house, officers: (first, second), customer, manager, .. } = practice().await;
    let desk = house.desk::<act::ManagerInvite>(&first).await;
    let invited = desk.manager_invite(customer, &entry("Nora Next")).await.unwrap();
    assert!(invited.waits_for_second && invited.spoken.is_none(), "the asker holds the link only");
    assert_eq!(invited.tell.len(), 3, "two contacts and the manager there is");
    let id = invited.invitation.unwrap();
    let link = invited.link_secret.as_deref().unwrap();
    // Even with the right words it is nothing yet.
    let spoken = secret::second_of_confirmed(&house.custody.ring(), id);
    let started = house.stranger::<act::PersonEnrol>().enrol_start(link, &spoken).await;
    assert!(not_proven(started), "not even whose it is");
    let own = house.desk::<act::InvitationConfirm>(&first).await.invitation_confirm(id).await;
    assert!(matches!(own, Err(CustodyError::Refused(Why::OwnAct))));
    let manager = house.desk::<act::InvitationConfirm>(&manager).await.invitation_confirm(id).await;
    assert!(matches!(manager, Err(CustodyError::Refused(_))));
    assert!(not_proven(house.enrol(link, &spoken).await.map(|_| ())));
    let desk = house.desk::<act::InvitationConfirm>(&second).await;
    let confirmed = desk.invitation_confirm(id).await.unwrap();
    assert!(matches!(desk.invitation_confirm(id).await, Err(CustodyError::State(_))));
    let nora = house.enrol(link, &confirmed.spoken.unwrap()).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(house.desk::<act::PersonList>(&nora).await.person_list(customer).await.is_ok());
}

#[tokio::test]
async fn one_passkey_opens_several_clinics_and_the_second_manager_learns_nothing_more() {
    let Practice { house, officers, customer, manager } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    house.step_up(&officers.0).await.unwrap();
    house.step_up(&officers.1).await.unwrap();
    let other = house.customer(&officers.0, "Harbor Clinic").await;
    let there = house.manager((&officers.0, &officers.1), other, "Hugo Harbor").await;
    let mut typed = entry("Dora Doctor");
    typed.name = "D. Doctor".to_owned();
    typed.email = "DORA.Doctor@Example.org ".to_owned();
    let desk = house.desk::<act::PersonInvite>(&there).await;
    let invited = desk.person_invite(other, Role::Clinician, &typed).await.unwrap();
    assert_eq!(invited.person, doctor.person);
    assert!(!invited.waits_for_second, "as with anybody: the asker does not learn who is known here");
    assert_eq!(invited.entry.name, "D. Doctor", "what was typed comes back, and not what is known");
    assert!(!house.custody.has_place_at(doctor.person, Some(other)).await.unwrap(), "not before she accepts herself");
    let (link, spoken) = (invited.link_secret.unwrap(), invited.spoken.unwrap());
    house.desk::<act::PersonEnrol>(&doctor).await.invitation_accept(&link, &spoken).await.unwrap();
    let mine = house.desk::<act::CustomerList>(&doctor).await.customer_list().await.unwrap();
    assert_eq!(
        mine.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(),
        ["Harbor Clinic", "Lakeside Pediatrics"]
    );
    let people = house.desk::<act::PersonList>(&there).await.person_list(other).await.unwrap().people;
    let line = people.iter().find(|line| line.person == doctor.person).unwrap();
    assert!(line.last_sign_in.is_none() && line.passkeys.is_none());
    assert_eq!(line.roles.len(), 1);
    let again = house.desk::<act::PersonInvite>(&there).await.person_invite(other, Role::Clinician, &typed).await;
    assert!(matches!(again, Err(CustodyError::Input(mistakes)) if mistakes[0].field == "email"));
}

#[tokio::test]
async fn two_practices_invite_the_same_person_and_neither_link_opens_the_other_practice() {
    let Practice { house, officers, customer, manager } = practice().await;
    let other = house.customer(&officers.0, "Harbor Clinic").await;
    let there = house.manager((&officers.0, &officers.1), other, "Hugo Harbor").await;
    let here = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let also = house.invited(&there, other, Role::Clinician, "Dora Doctor").await;
    assert_eq!(here.person, also.person);
    let doctor = house.enrol_invited(&here).await;
    let names = async || -> Vec<String> {
        let lines = house.desk::<act::CustomerList>(&doctor).await.customer_list().await.unwrap().lines;
        lines.into_iter().map(|line| line.name).collect()
    };
    assert_eq!(names().await, ["Lakeside Pediatrics"]);
    // The second link makes no second passkey: whoever holds it must be signed in as this person.
    let (link, spoken) = secrets(&also);
    assert!(not_proven(house.enrol(link, spoken).await.map(|_| ())));
    let desk = house.desk::<act::PersonEnrol>(&there).await;
    assert!(not_proven(desk.invitation_accept(link, spoken).await), "somebody else's");
    let desk = house.desk::<act::PersonEnrol>(&doctor).await;
    assert!(not_proven(desk.invitation_accept(link, "WRON-GONE").await));
    desk.invitation_accept(link, spoken).await.unwrap();
    assert_eq!(names().await, ["Harbor Clinic", "Lakeside Pediatrics"]);
    assert!(not_proven(desk.invitation_accept(link, spoken).await));
}

#[tokio::test]
async fn a_withdrawn_invitation_enrols_nobody() {
    let Practice { house, customer, manager, .. } = practice().await;
    let invited = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let list = house.desk::<act::PersonList>(&manager).await.person_list(customer).await.unwrap();
    let line = list.invitations.iter().find(|line| line.person == invited.person).unwrap();
    assert_eq!((line.role, line.asked_by.as_str()), (Some(Role::Clinician), "Mary Manager"));
    assert!(list.people.iter().all(|line| line.person != invited.person), "an invited person is nobody yet");
    let desk = house.desk::<act::MembershipEnd>(&manager).await;
    desk.membership_end(customer, line.membership.unwrap()).await.unwrap();
    let (link, spoken) = secrets(&invited);
    assert!(not_proven(house.enrol(link, spoken).await.map(|_| ())));
    let list = house.desk::<act::PersonList>(&manager).await.person_list(customer).await.unwrap();
    assert!(list.invitations.is_empty());
}

#[tokio::test]
async fn a_newer_invitation_to_the_same_place_ends_the_older_one() {
    let Practice { house, customer, manager, .. } = practice().await;
    let older = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let newer = house.invited(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let (link, spoken) = secrets(&older);
    assert!(not_proven(house.enrol(link, spoken).await.map(|_| ())));
    house.enrol_invited(&newer).await;
}

#[tokio::test]
async fn a_new_enrolment_ends_the_old_passkeys_codes_and_sessions_and_not_before() {
    let Practice { house, officers, customer, manager } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let desk = house.desk::<act::PersonReEnrol>(&manager).await;
    let own = desk.person_re_enrol(Some(customer), manager.person).await;
    assert!(matches!(own, Err(CustodyError::Refused(Why::OwnAct))));
    let asked = desk.person_re_enrol(Some(customer), doctor.person).await.unwrap();
    let desk = house.desk::<act::InvitationConfirm>(&officers.0).await;
    let confirmed = desk.invitation_confirm(asked.invitation.unwrap()).await.unwrap();
    assert!(house.session(&doctor.secret).await.is_some(), "a mistake locks nobody out");
    let again = house
        .enrol(asked.link_secret.as_deref().unwrap(), confirmed.spoken.as_deref().unwrap())
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(again.person, doctor.person);
    assert!(house.session(&doctor.secret).await.is_none());
    assert!(house.sign_in(&doctor.key, crate::Device::Own).await.is_err());
    assert!(house.sign_in(&again.key, crate::Device::Own).await.is_ok());
    // The old codes are dead too: nothing new waits for an officer.
    let before = house.custody.store().invitation_list_open(house.custody.now()).await.unwrap().len();
    let _ = house.custody.recover("dora.doctor@example.org", &doctor.codes[0]).await.unwrap();
    assert_eq!(house.custody.store().invitation_list_open(house.custody.now()).await.unwrap().len(), before);
}

#[tokio::test]
async fn recovery_answers_alike_for_everybody_and_opens_a_new_enrolment_only_after_an_officer() {
    let Practice { house, officers: (first, _), customer, manager } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let open = async || house.custody.store().invitation_list_open(house.custody.now()).await.unwrap();
    let email = "dora.doctor@example.org";
    let long = "x".repeat(10_000);
    for (email, code) in [
        ("nobody@example.org", doctor.codes[0].as_str()),
        ("mary.manager@example.org", &doctor.codes[0]),
        (email, "2222-2222-2222-2222"),
        (email, ""),
        ("", ""),
        (&long, &long),
    ] {
        let answer = house.custody.recover(email, code).await.unwrap();
        assert_eq!(answer.link_secret.len(), 43);
        assert!(answer.expires_at.millis_since(house.custody.now()) == 72 * HOUR_MILLIS);
        assert!(open().await.is_empty());
    }
    let answer = house.custody.recover(email, &doctor.codes[0].to_lowercase()).await.unwrap();
    let waits = open().await;
    assert_eq!(waits.len(), 1);
    let id = waits[0].id;
    let spoken = secret::second_of_confirmed(&house.custody.ring(), id);
    assert!(not_proven(house.enrol(&answer.link_secret, &spoken).await.map(|_| ())), "not without an officer");
    let confirmed = house.desk::<act::InvitationConfirm>(&first).await.invitation_confirm(id).await.unwrap();
    assert_eq!(confirmed.entry.name, "Dora Doctor", "whom to call");
    let again = house.enrol(&answer.link_secret, &confirmed.spoken.unwrap()).await;
    assert_eq!(again.unwrap_or_else(|error| panic!("{error:?}")).person, doctor.person);
    // A code is used once.
    let _ = house.custody.recover(email, &doctor.codes[0]).await.unwrap();
    assert!(open().await.is_empty());
}

#[tokio::test]
async fn a_recovery_code_tried_too_often_waits_and_says_nothing_of_it() {
    let Practice { house, customer, manager, .. } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let email = "dora.doctor@example.org";
    for _ in 0..10 {
        let _ = house.custody.recover(email, "2222-2222-2222-2222").await.unwrap();
    }
    let _ = house.custody.recover(email, &doctor.codes[0]).await.unwrap();
    let open = async || house.custody.store().invitation_list_open(house.custody.now()).await.unwrap().len();
    assert_eq!(open().await, 0);
    house.later(15 * MINUTE_MILLIS);
    let _ = house.custody.recover(email, &doctor.codes[0]).await.unwrap();
    assert_eq!(open().await, 1, "the code was not used up by being refused");
}

#[tokio::test]
async fn officers_do_nothing_before_their_second_passkey_and_keep_two() {
    let house = house().await;
    let invited = house.custody.first_officer("first@example.org", "First Officer").await.unwrap();
    let (link, spoken) = secrets(&invited);
    let started = house.stranger::<act::PersonEnrol>().enrol_start(link, spoken).await.unwrap();
    assert_eq!(started.passkeys_needed, 2);
    let first = house.enrol_invited(&invited).await;
    let early = house.desk::<act::CustomerCreate>(&first).await.customer_create("Lakeside", "555-010-2030").await;
    assert!(matches!(early, Err(CustodyError::Refused(Why::SecondPasskey))));
    let spare = house.second_passkey(&first).await;
    house.desk::<act::CustomerCreate>(&first).await.customer_create("Lakeside", "555-010-2030").await.unwrap();
    assert!(house.sign_in(&spare, crate::Device::Own).await.is_ok());
    let desk = house.desk::<act::CredentialAdd>(&first).await;
    let mine = desk.passkey_list().await.unwrap();
    assert!(mine.len() == 2 && mine.iter().all(|one| !one.removable));
    let remove = house.desk::<act::CredentialRemove>(&first).await;
    assert!(matches!(remove.credential_remove(mine[0].id).await, Err(CustodyError::State(_))));
    house.second_passkey(&first).await;
    remove.credential_remove(mine[1].id).await.unwrap();
    assert!(house.sign_in(&spare, crate::Device::Own).await.is_err());
    assert!(matches!(remove.credential_remove(mine[1].id).await, Err(CustodyError::Absent)));
}

#[tokio::test]
async fn the_last_passkey_stays_and_nobody_takes_away_anothers() {
    let Practice { house, customer, manager, .. } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let own = house.desk::<act::CredentialAdd>(&doctor).await.passkey_list().await.unwrap();
    let remove = house.desk::<act::CredentialRemove>(&doctor).await;
    assert!(matches!(remove.credential_remove(own[0].id).await, Err(CustodyError::State(_))));
    let remove = house.desk::<act::CredentialRemove>(&manager).await;
    assert!(matches!(remove.credential_remove(own[0].id).await, Err(CustodyError::Absent)));
}

#[tokio::test]
async fn a_passkey_is_added_by_the_session_that_began_it() {
    let Practice { house, customer, manager, .. } = practice().await;
    let doctor = house.member(&manager, customer, Role::Clinician, "Dora Doctor").await;
    let started = house.desk::<act::CredentialAdd>(&doctor).await.add_start().await.unwrap();
    let (_, answer) = SoftKey::make(&started.challenge);
    let thief = house.desk::<act::CredentialAdd>(&manager).await;
    assert!(not_proven(thief.add_finish(&started.ticket, &answer, "mine").await));
    let stranger = house.stranger::<act::CredentialAdd>();
    assert!(matches!(stranger.add_start().await, Err(CustodyError::Refused(Why::NotSignedIn))));
}
