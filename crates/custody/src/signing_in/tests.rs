//! Signing in, stepping up, locking: whole, with a passkey in software.

use crate::testing::{HOUR_MILLIS, House, MINUTE_MILLIS, Manner, SoftKey, Someone, house, house_with};
use crate::{CustodyError, Desk, Device};
use policy::Why;
use record::{Outcome, Role, act};
use store::PersonState;

async fn officer(house: &House) -> Someone {
    house.two_officers().await.0
}

async fn try_in(house: &House, key: &SoftKey, manner: Manner) -> Result<String, CustodyError> {
    let desk = house.stranger::<act::SessionStart>();
    let started = desk.sign_in_start().await.unwrap();
    let answer = key.touch_in(&started.challenge, manner);
    Ok(desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await?.session_secret)
}

async fn suspend(house: &House, who: &Someone) {
    let mut tx = house.custody.store().begin("suspend").await.unwrap();
    tx.person_set_state(who.person, PersonState::Suspended).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_passkey_signs_in_without_an_address_and_the_last_sign_in_is_told() {
    let house = house().await;
    let who = officer(&house).await;
    house.later(HOUR_MILLIS);
    let desk = house.stranger::<act::SessionStart>();
    let started = desk.sign_in_start().await.unwrap();
    let answer = who.key.touch(&started.challenge);
    let now = desk.sign_in_finish(&started.ceremony, &answer, Device::Shared).await.unwrap();
    assert_eq!(now.person, who.person);
    assert_eq!(house.custody.now().millis_since(now.last_sign_in.unwrap()), HOUR_MILLIS);
    let signed_in = house.session(&now.session_secret).await.unwrap();
    assert!(signed_in.shared && !signed_in.locked);
    assert_eq!(signed_in.csrf, now.csrf);
    let me = house.custody.who(&signed_in).await.unwrap();
    assert_eq!((me.name.as_str(), me.passkeys, me.needs_second_passkey), ("First Officer", 2, false));
    assert!(me.places.iter().any(|place| place.customer.is_none() && place.role == Role::PrivacyOfficer));
    // The same answer does not sign in twice.
    assert!(matches!(desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await, Err(CustodyError::NotProven)));
}

#[tokio::test]
async fn an_answer_without_verification_from_elsewhere_or_by_a_stranger_is_not_taken() {
    let house = house().await;
    let who = officer(&house).await;
    for wrong in [
        Manner { verified: false, ..Manner::default() },
        Manner { origin: "https://portal.example.evil.test", ..Manner::default() },
        Manner { origin: "http://portal.example", ..Manner::default() },
    ] {
        assert!(matches!(try_in(&house, &who.key, wrong).await, Err(CustodyError::NotProven)));
    }
    let other = crate::testing::house().await;
    let elsewhere = officer(&other).await;
    assert!(matches!(try_in(&house, &elsewhere.key, Manner::default()).await, Err(CustodyError::NotProven)));
    let desk = house.stranger::<act::SessionStart>();
    for garbage in ["", "{}", "null", "[1]", &"x".repeat(70_000)] {
        let started = desk.sign_in_start().await.unwrap();
        let answer = desk.sign_in_finish(&started.ceremony, garbage, Device::Own).await;
        assert!(matches!(answer, Err(CustodyError::NotProven)));
    }
    assert!(matches!(desk.sign_in_finish("short", "{}", Device::Own).await, Err(CustodyError::NotProven)));
    assert!(try_in(&house, &who.key, Manner::default()).await.is_ok());
}

#[tokio::test]
async fn a_challenge_is_over_after_five_minutes() {
    let house = house().await;
    let who = officer(&house).await;
    let desk = house.stranger::<act::SessionStart>();
    let started = desk.sign_in_start().await.unwrap();
    let answer = who.key.touch(&started.challenge);
    house.later(5 * MINUTE_MILLIS);
    let late = desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await;
    assert!(matches!(late, Err(CustodyError::NotProven)));
}

#[tokio::test]
async fn a_copied_passkey_is_not_taken_and_alarms() {
    let house = house().await;
    let who = officer(&house).await;
    let copied = try_in(&house, &who.key, Manner { step: 0, ..Manner::default() }).await;
    assert!(matches!(copied, Err(CustodyError::NotProven)));
    let alerts = house.custody.store().alert_list().await.unwrap();
    assert!(alerts.iter().any(|alert| alert.kind == "passkey"));
    assert!(try_in(&house, &who.key, Manner::default()).await.is_ok());
}

#[tokio::test]
async fn after_ten_failures_the_right_passkey_waits_for_the_window_to_pass() {
    let house = house().await;
    let who = officer(&house).await;
    for _ in 0..10 {
        let wrong = Manner { verified: false, ..Manner::default() };
        assert!(try_in(&house, &who.key, wrong).await.is_err());
    }
    assert!(matches!(try_in(&house, &who.key, Manner::default()).await, Err(CustodyError::NotProven)));
    house.later(15 * MINUTE_MILLIS);
    assert!(try_in(&house, &who.key, Manner::default()).await.is_ok());
}

#[tokio::test]
async fn a_suspended_person_cannot_sign_in_and_sees_what_everybody_sees() {
    let house = house().await;
    let who = officer(&house).await;
    suspend(&house, &who).await;
    assert!(matches!(try_in(&house, &who.key, Manner::default()).await, Err(CustodyError::NotProven)));
    // And a session that was there has no rights from the next request on.
    let answer = house.desk::<act::StaffList>(&who).await.staff_list().await;
    assert!(matches!(answer, Err(CustodyError::Refused(Why::Suspended))));
}

#[tokio::test]
async fn sign_ins_are_in_the_ledger_and_failures_too() {
    let house = house().await;
    let who = officer(&house).await;
    house.later(MINUTE_MILLIS);
    let wrong = Manner { verified: false, ..Manner::default() };
    assert!(try_in(&house, &who.key, wrong).await.is_err());
    assert!(try_in(&house, &who.key, Manner::default()).await.is_ok());
    let told = async |outcome: Outcome| {
        let filter = store::EntryFilter {
            actions: vec!["session.start".to_owned()],
            outcomes: vec![outcome.as_str().to_owned()],
            from: Some(house.custody.now()),
            ..store::EntryFilter::default()
        };
        house.custody.store().entry_list(&filter, 20).await.unwrap().len()
    };
    assert_eq!((told(Outcome::Permitted).await, told(Outcome::Refused).await), (1, 1));
}

#[tokio::test]
async fn a_session_ends_when_idle_after_twelve_hours_and_when_revoked() {
    let house = house().await;
    let who = officer(&house).await;
    house.later(15 * MINUTE_MILLIS - 1);
    assert!(house.session(&who.secret).await.is_some());
    // That was a touch: the idle clock began anew.
    house.later(15 * MINUTE_MILLIS - 1);
    assert!(house.session(&who.secret).await.is_some());
    house.later(15 * MINUTE_MILLIS);
    assert!(house.session(&who.secret).await.is_none());

    let secret = house.sign_in(&who.key, Device::Own).await.unwrap();
    for _ in 0..71 {
        house.later(10 * MINUTE_MILLIS);
        assert!(house.session(&secret).await.is_some());
    }
    house.later(10 * MINUTE_MILLIS);
    assert!(house.session(&secret).await.is_none(), "twelve hours are over");

    let secret = house.sign_in(&who.key, Device::Own).await.unwrap();
    let desk = Desk::<act::SessionEnd>::at(house.custody.clone(), house.session(&secret).await);
    desk.sign_out().await.unwrap();
    assert!(house.session(&secret).await.is_none());
    for garbage in ["", "x", &"A".repeat(43), &"é".repeat(43)] {
        assert!(house.session(garbage).await.is_none());
    }
}

#[tokio::test]
async fn a_locked_session_comes_back_by_a_touch_of_the_same_person_only() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    house.custody.session_lock(&house.session(&who.secret).await.unwrap()).await.unwrap();
    let locked = house.session(&who.secret).await.unwrap();
    assert!(locked.locked && locked.step_up_at.is_none());
    let desk = house.desk::<act::SessionStepUp>(&who).await;
    let started = desk.step_up_start().await.unwrap();
    let wrong = desk.step_up_finish(&started.ceremony, &other.key.touch(&started.challenge)).await;
    assert!(matches!(wrong, Err(CustodyError::NotProven)));
    assert!(house.session(&who.secret).await.unwrap().locked);
    house.step_up(&who).await.unwrap();
    let back = house.session(&who.secret).await.unwrap();
    assert!(!back.locked && back.step_up_at.is_some());
    assert_eq!(back.session, locked.session, "page and draft are still this session's");
}

#[tokio::test]
async fn a_locked_session_ends_like_any_other_when_nobody_comes_back() {
    let house = house().await;
    let who = officer(&house).await;
    house.custody.session_lock(&house.session(&who.secret).await.unwrap()).await.unwrap();
    house.later(10 * MINUTE_MILLIS);
    assert!(house.session(&who.secret).await.unwrap().locked, "looking at it does not keep it alive");
    house.later(5 * MINUTE_MILLIS);
    assert!(house.session(&who.secret).await.is_none());
}

#[tokio::test]
async fn acts_of_weight_need_a_touch_within_five_minutes() {
    let house = house().await;
    let who = officer(&house).await;
    house.later(5 * MINUTE_MILLIS + 1);
    let stale = house.desk::<act::CustomerCreate>(&who).await.customer_create("Lakeside", "555-010-2030").await;
    assert!(matches!(stale, Err(CustodyError::Refused(Why::StepUp))));
    assert!(house.custody.store().customer_list().await.unwrap().is_empty(), "a refusal changes nothing");
    house.step_up(&who).await.unwrap();
    house.desk::<act::CustomerCreate>(&who).await.customer_create("Lakeside", "555-010-2030").await.unwrap();
}

#[tokio::test]
async fn a_touch_belongs_to_the_session_that_asked_for_it() {
    let house = house().await;
    let who = officer(&house).await;
    let other = house.sign_in(&who.key, Device::Own).await.unwrap();
    let desk = house.desk::<act::SessionStepUp>(&who).await;
    let started = desk.step_up_start().await.unwrap();
    let answer = who.key.touch(&started.challenge);
    let elsewhere = Desk::<act::SessionStepUp>::at(house.custody.clone(), house.session(&other).await);
    let moved = elsewhere.step_up_finish(&started.ceremony, &answer).await;
    assert!(matches!(moved, Err(CustodyError::NotProven)));
    // And an answer to a touch is no answer to a sign-in.
    let started = desk.step_up_start().await.unwrap();
    let answer = who.key.touch(&started.challenge);
    let signed_in = house.stranger::<act::SessionStart>().sign_in_finish(&started.ceremony, &answer, Device::Own).await;
    assert!(matches!(signed_in, Err(CustodyError::NotProven)));
}

#[tokio::test]
async fn signing_in_without_a_passkey_exists_in_the_demo_only() {
    let work = house().await;
    let who = officer(&work).await;
    assert!(matches!(work.custody.demo_sign_in(who.person).await, Err(CustodyError::State(_))));
    let demo = house_with(|settings| settings.demo = true).await;
    let who = officer(&demo).await;
    let now = demo.custody.demo_sign_in(who.person).await.unwrap();
    assert_eq!(demo.session(&now.session_secret).await.unwrap().person, who.person);
}
