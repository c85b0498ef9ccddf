//! Signing in and alerts while the ledger cannot write, and how all of it comes into the ledger afterwards.

use crate::testing::{House, MINUTE_MILLIS, Someone, house};
use crate::{CustodyError, Desk, Device};
use record::{Action, Entry, Outcome, Principal, act};
use std::os::unix::fs::FileExt as _;
use store::{EntryFilter, RESERVE_FILE};

async fn entries(house: &House) -> Vec<Entry> {
    let stored = house.custody.store().entry_range(0, 1000).await.unwrap();
    stored.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect()
}

fn ledger_fails(house: &House, fails: bool) {
    house.custody.0.scribe.failing_set(fails);
}

async fn sign_out(house: &House, secret: &str) -> Result<(), CustodyError> {
    Desk::<act::SessionEnd>::at(house.custody.clone(), house.session(secret).await).sign_out().await
}

fn is_start_of(entry: &Entry, who: &Someone) -> bool {
    entry.action == Action::SessionStart && entry.principal == Principal::Person(who.person)
}

fn reserve_file(house: &House) -> std::fs::File {
    let path = house.custody.store().dir().join(RESERVE_FILE);
    std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap()
}

#[tokio::test]
async fn a_sign_in_while_the_ledger_cannot_write_is_in_the_ledger_afterwards_once_late_and_with_its_own_time() {
    let house = house().await;
    let (who, _) = house.two_officers().await;
    let before = entries(&house).await.len();
    ledger_fails(&house, true);
    let began = house.custody.now();
    let secret = house.sign_in(&who.key, Device::Own).await.unwrap();
    assert_eq!(house.session(&secret).await.unwrap().person, who.person);
    assert_eq!(entries(&house).await.len(), before, "nothing was written into the ledger");
    assert!(house.custody.store().session_by_secret(&crate::secret::hash(&secret)).await.unwrap().is_none());

    // The session lives by its own clock meanwhile.
    house.later(10 * MINUTE_MILLIS);
    assert!(house.session(&secret).await.is_some());
    house.later(10 * MINUTE_MILLIS);
    assert!(house.session(&secret).await.is_some(), "something was done in between");

    ledger_fails(&house, false);
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 1);
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 0, "once");
    let all = entries(&house).await;
    let late: Vec<&Entry> = all[before..].iter().filter(|entry| is_start_of(entry, &who)).collect();
    let [late] = late.as_slice() else { panic!("one entry, not {late:?}") };
    assert_eq!((late.outcome, late.why.as_str(), late.at), (Outcome::Permitted, "late", began));
    assert!(house.custody.store().session_by_secret(&crate::secret::hash(&secret)).await.unwrap().is_some());
    assert_eq!(house.session(&secret).await.unwrap().person, who.person, "the same session goes on");
    house.later(14 * MINUTE_MILLIS);
    assert!(house.session(&secret).await.is_some(), "with the idle clock that it had");
}

#[tokio::test]
async fn the_same_records_carried_over_twice_change_nothing() {
    let house = house().await;
    let (who, _) = house.two_officers().await;
    ledger_fails(&house, true);
    drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    house.custody.alert("tried_out", "Said while nothing could be written.").await;
    let mut kept = vec![0; 4 * 4096];
    reserve_file(&house).read_exact_at(&mut kept, 0).unwrap();
    ledger_fails(&house, false);
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 2);
    let (once, alerts) = (entries(&house).await, house.custody.store().alert_list().await.unwrap().len());
    // As if the process had died after the ledger's commit and before the slots were cleared; or as if somebody put an
    // old copy of the file back.
    reserve_file(&house).write_all_at(&kept, 0).unwrap();
    let (again, _) = super::Standby::open(house.custody.store().dir().to_owned()).await;
    assert_eq!(again.standing().sessions + again.standing().alerts, 2);
    house.custody.standby().reserve.as_ref().unwrap().contents().unwrap();
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 2);
    assert_eq!(entries(&house).await, once);
    assert_eq!(house.custody.store().alert_list().await.unwrap().len(), alerts);
    let said = once.iter().filter(|entry| entry.why == "late_tried_out").count();
    assert_eq!(said, 1);
}

#[tokio::test]
async fn records_are_carried_over_in_the_order_in_which_they_were_kept() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let before = entries(&house).await.len();
    ledger_fails(&house, true);
    let one = house.sign_in(&first.key, Device::Own).await.unwrap();
    house.custody.alert("in_between", "Said in between.").await;
    let other = house.sign_in(&second.key, Device::Own).await.unwrap();
    sign_out(&house, &one).await.unwrap();
    assert!(house.session(&one).await.is_none(), "who signs out is out at once");
    assert!(house.session(&other).await.is_some());
    ledger_fails(&house, false);
    house.custody.reserve_replay().await.unwrap();
    let late: Vec<String> = entries(&house).await[before..]
        .iter()
        .filter(|entry| entry.why.starts_with("late"))
        .map(|entry| format!("{} {}", entry.action.as_str(), entry.why))
        .collect();
    assert_eq!(late, ["session.start late", "alert.list late_in_between", "session.start late", "session.end late"]);
    assert!(house.session(&one).await.is_none() && house.session(&other).await.is_some());
}

#[tokio::test]
async fn a_session_of_the_database_ends_and_locks_at_once_although_nothing_can_be_written() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    ledger_fails(&house, true);
    house.custody.session_lock(&house.session(&who.secret).await.unwrap()).await.unwrap();
    assert!(house.session(&who.secret).await.unwrap().locked);
    sign_out(&house, &other.secret).await.unwrap();
    assert!(house.session(&other.secret).await.is_none());
    ledger_fails(&house, false);
    house.custody.reserve_replay().await.unwrap();
    let row = |secret: &str| crate::secret::hash(secret);
    let locked = house.custody.store().session_by_secret(&row(&who.secret)).await.unwrap().unwrap();
    let ended = house.custody.store().session_by_secret(&row(&other.secret)).await.unwrap().unwrap();
    assert!(locked.locked_at.is_some() && ended.revoked_at.is_some());
    house.step_up(&who).await.unwrap();
    assert!(!house.session(&who.secret).await.unwrap().locked, "a touch takes the lock off as always");
}

#[tokio::test]
async fn wrong_passkeys_are_counted_and_a_copied_one_is_noticed_while_nothing_can_be_written() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    ledger_fails(&house, true);
    drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    // The counter of the sign-in before is known although no row has it.
    let desk = house.stranger::<act::SessionStart>();
    let started = desk.sign_in_start().await.unwrap();
    let copied = crate::testing::Manner { step: 0, ..crate::testing::Manner::default() };
    let answer = who.key.touch_in(&started.challenge, copied);
    let refused = desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await;
    assert!(matches!(refused, Err(CustodyError::NotProven)));
    assert_eq!(house.custody.alert_counts().get("passkey"), Some(&1));

    for _ in 0..10 {
        let started = desk.sign_in_start().await.unwrap();
        let unverified = crate::testing::Manner { verified: false, ..crate::testing::Manner::default() };
        let answer = other.key.touch_in(&started.challenge, unverified);
        assert!(desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await.is_err());
    }
    let right = house.sign_in(&other.key, Device::Own).await;
    assert!(matches!(right, Err(CustodyError::NotProven)), "too many failures are too many in memory as well");
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_within_five_minutes_in_memory_as_well() {
    let house = house().await;
    let (who, _) = house.two_officers().await;
    ledger_fails(&house, true);
    let desk = house.stranger::<act::SessionStart>();
    let started = desk.sign_in_start().await.unwrap();
    let answer = who.key.touch(&started.challenge);
    drop(desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await.unwrap());
    assert!(desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await.is_err());
    let started = desk.sign_in_start().await.unwrap();
    house.later(5 * MINUTE_MILLIS + 1);
    let answer = who.key.touch(&started.challenge);
    let late = desk.sign_in_finish(&started.ceremony, &answer, Device::Own).await;
    assert!(matches!(late, Err(CustodyError::NotProven)));
}

#[tokio::test]
async fn a_full_reserve_refuses_the_sign_in_and_nothing_else_passes_through_it() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    ledger_fails(&house, true);
    let reserve = house.custody.standby().reserve.clone().unwrap();
    while reserve.append(store::ReserveClass::Session, |_| vec![1]).is_ok() {}
    let refused = house.sign_in(&who.key, Device::Own).await;
    assert!(matches!(refused, Err(CustodyError::Unwitnessed)));
    // Signing out only takes away: it counts although nobody could write it down, and the answer says so.
    assert!(matches!(sign_out(&house, &other.secret).await, Err(CustodyError::Unwitnessed)));
    assert!(house.session(&other.secret).await.is_none());
    house.custody.alert("has_room", "Alerts have room of their own.").await;
    assert_eq!(house.custody.standby().standing().alerts, 1);
}

#[tokio::test]
async fn what_cannot_be_opened_in_the_reserve_is_told_and_the_others_go_on() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    let before = entries(&house).await.len();
    ledger_fails(&house, true);
    for who in [&who, &other, &who] {
        drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    }
    // A whole slot that nobody sealed, as somebody would write it who knows the format and has no key.
    let file = reserve_file(&house);
    let mut slot = vec![0; 4096];
    file.read_exact_at(&mut slot, 4096).unwrap();
    slot[40] ^= 1;
    let digest = record::Sha256::of(&slot[..4064]);
    slot[4064..].copy_from_slice(digest.as_bytes());
    file.write_all_at(&slot, 4096).unwrap();
    ledger_fails(&house, false);
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 2);
    let after = entries(&house).await;
    assert_eq!(after[before..].iter().filter(|entry| entry.why == "late").count(), 2);
    assert!(after.iter().any(|entry| entry.why == "reserve_damaged"));
    assert_eq!(house.custody.reserve_replay().await.unwrap(), 0, "it is told once");
}

#[tokio::test]
async fn an_outage_is_told_once_when_it_begins_and_once_when_it_is_over() {
    let house = house().await;
    let counts = || house.custody.alert_counts();
    ledger_fails(&house, true);
    house.custody.reserve_tick().await;
    assert_eq!(counts().get("ledger_cannot_write"), Some(&1));
    // Carrying the alert over is the first write that works.
    assert!(!house.custody.is_ledger_failing());
    assert_eq!(counts().get("ledger_writes_again"), Some(&1));
    house.custody.reserve_tick().await;
    assert_eq!((counts().get("ledger_cannot_write"), counts().get("ledger_writes_again")), (Some(&1), Some(&1)));
    let said = house.custody.store().entry_list(&EntryFilter::default(), 10).await.unwrap();
    assert_eq!(said.len(), 2);
}

#[tokio::test]
async fn the_file_says_nothing_to_whoever_has_no_key() {
    let house = house().await;
    let (who, _) = house.two_officers().await;
    ledger_fails(&house, true);
    drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    house.custody.alert("plain_word", "A sentence that would be read.").await;
    let bytes = std::fs::read(house.custody.store().dir().join(RESERVE_FILE)).unwrap();
    for word in ["A sentence", "plain_word", &who.person.to_string(), "session.start", "cred", "per_"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
}

#[tokio::test]
async fn a_passkeys_counter_never_runs_backwards_when_a_late_sign_in_is_carried_over() {
    let house = house().await;
    let (who, _) = house.two_officers().await;
    ledger_fails(&house, true);
    drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    // The ledger writes again, and before anything is carried over they sign in once more.
    ledger_fails(&house, false);
    house.later(1_000);
    drop(house.sign_in(&who.key, Device::Own).await.unwrap());
    let row = async || house.custody.store().credential_list(who.person).await.unwrap();
    let newest: Vec<_> = row().await.into_iter().map(|one| (one.passkey, one.used_at)).collect();
    house.custody.reserve_replay().await.unwrap();
    let after: Vec<_> = row().await.into_iter().map(|one| (one.passkey, one.used_at)).collect();
    assert_eq!(after, newest);
}

#[tokio::test]
async fn one_person_does_not_fill_the_reserve() {
    let house = house().await;
    let (who, other) = house.two_officers().await;
    ledger_fails(&house, true);
    let mut last = None;
    for _ in 0..8 {
        last = Some(house.sign_in(&who.key, Device::Own).await.unwrap());
    }
    assert!(matches!(house.sign_in(&who.key, Device::Own).await, Err(CustodyError::TooOften)));
    // Signing out twice takes one place.
    let secret = last.unwrap();
    let session = house.session(&secret).await.unwrap();
    let before = house.custody.standby().standing().sessions;
    for _ in 0..3 {
        let desk = crate::Desk::<act::SessionEnd>::at(house.custody.clone(), Some(session.clone()));
        desk.sign_out().await.unwrap();
    }
    assert_eq!(house.custody.standby().standing().sessions, before + 1);
    drop(house.sign_in(&other.key, Device::Own).await.unwrap());
}

#[test]
fn when_many_ask_for_a_challenge_the_oldest_goes_and_nobody_is_refused() {
    let mut held = super::held::Held::default();
    let now = record::Timestamp::from_unix_millis(1_000_000);
    let one = |n: u32| store::Ceremony {
        hash: n.to_be_bytes().to_vec(),
        kind: "sign_in".to_owned(),
        person: None,
        state: "{}".to_owned(),
        expires_at: now.plus_secs(300),
    };
    for n in 0..20_000 {
        held.ceremony_keep(one(n), now);
    }
    assert!(held.ceremony_take(&0_u32.to_be_bytes(), "sign_in", now).is_none());
    assert!(held.ceremony_take(&19_999_u32.to_be_bytes(), "sign_in", now).is_some());
    assert!(held.ceremony_take(&10_000_u32.to_be_bytes(), "sign_in", now).is_some());
    held.ceremony_keep(one(30_000), now.plus_secs(301));
    assert!(held.ceremony_take(&19_998_u32.to_be_bytes(), "sign_in", now).is_none(), "what has expired is gone");
}
