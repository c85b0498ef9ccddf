//! What is kept for a certificate, whose turn it is, and what is told of its end.

use super::{AcmeKept, AcmeTaken, AcmeTurn, CertificateSpan, failure_told};
use crate::testing::{HOUR_MILLIS, MINUTE_MILLIS, house};
use crate::{Custody, Verdict};

const NAMES: [&str; 1] = ["portal.example"];

fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

/// Good for so many seconds from now on.
fn taken(custody: &Custody, secs: i64) -> AcmeTaken<'static> {
    let now = custody.now();
    let span = CertificateSpan { from: now, until: now.plus_secs(secs) };
    AcmeTaken { certificate: b"the certificate", span, words: "one was taken" }
}

#[tokio::test]
async fn what_is_kept_for_a_certificate_is_sealed_and_opens_at_its_own_place_alone() {
    let house = house().await;
    let custody = &house.custody;
    assert_eq!(custody.acme_look(AcmeKept::Certificate).await.unwrap(), None);
    custody.acme_keep(AcmeKept::Certificate, b"-----BEGIN PRIVATE KEY-----").await.unwrap();
    custody.acme_keep(AcmeKept::Challenge, b"an answer").await.unwrap();
    let kept = custody.acme_look(AcmeKept::Certificate).await.unwrap().unwrap();
    assert!(!kept.contains("PRIVATE"), "it lies there in clear");
    assert_eq!(custody.acme_open(AcmeKept::Certificate, &kept).unwrap().as_slice(), b"-----BEGIN PRIVATE KEY-----");
    // Whoever may write rows and has no key carries one to another place, or writes an answer of their own.
    let carried = custody.acme_look(AcmeKept::Challenge).await.unwrap().unwrap();
    assert!(custody.acme_open(AcmeKept::Certificate, &carried).is_err());
    for forged in ["", "W10=", "[[\"portal.example\",\"AAAA\"]]", &kept[4..]] {
        assert!(custody.acme_open(AcmeKept::Challenge, forged).is_err(), "{forged}");
    }
    custody.acme_forget(AcmeKept::Challenge).await.unwrap();
    assert_eq!(custody.acme_look(AcmeKept::Challenge).await.unwrap(), None);
}

#[tokio::test]
async fn a_try_is_counted_before_it_is_made_and_tries_that_fail_come_ever_more_rarely() {
    let house = house().await;
    let custody = &house.custody;
    let mut turn = custody.acme_begin(None, &names()).await.unwrap().expect("nobody has tried yet");
    let mut minutes = Vec::new();
    for round in 0..5 {
        if round % 2 == 0 {
            custody.acme_failed(turn, "nobody answers").await;
        } else {
            // The process died: nobody said how it ended.
            let _died = turn;
        }
        let mut waited = 0;
        turn = loop {
            if let Some(turn) = custody.acme_begin(None, &names()).await.unwrap() {
                break turn;
            }
            house.later(MINUTE_MILLIS);
            waited += 1;
            assert!(waited < 1000);
        };
        minutes.push(waited);
    }
    let _died = turn;
    assert!(minutes.windows(2).all(|pair| pair[0] <= pair[1]), "{minutes:?}");
    assert!(minutes[0] >= 1 && *minutes.last().unwrap() >= 360, "{minutes:?}");
    custody.acme_try_again().await.unwrap();
    assert!(custody.acme_begin(None, &names()).await.unwrap().is_some(), "told that it is mended");
}

#[tokio::test]
async fn a_certificate_that_another_node_took_meanwhile_is_not_ordered_again() {
    let house = house().await;
    let custody = &house.custody;
    let turn = custody.acme_begin(None, &names()).await.unwrap().expect("the first");
    assert!(custody.acme_done(turn, taken(custody, 90 * 24 * 3600)).await.unwrap());
    assert!(custody.acme_begin(None, &names()).await.unwrap().is_none(), "whoever still sees none orders none");
    let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
    assert!(custody.acme_begin(seen.as_deref(), &names()).await.unwrap().is_none(), "one was taken a moment ago");
    house.later(HOUR_MILLIS);
    assert!(custody.acme_begin(None, &names()).await.unwrap().is_none(), "whoever still sees none orders none");
    let turn = custody.acme_begin(seen.as_deref(), &names()).await.unwrap().expect("no try has failed");
    custody.acme_failed(turn, "nobody answers").await;
    assert_eq!(custody.acme_look(AcmeKept::Certificate).await.unwrap(), seen, "the old one stays");
    assert_eq!(custody.alert_counts().get("certificate_order_failed"), Some(&1));
}

#[tokio::test]
async fn after_a_certificate_was_taken_no_other_is_ordered_for_a_while_and_who_wants_one_is_told_of() {
    let house = house().await;
    let custody = &house.custody;
    for (secs, waits_secs) in [(90 * 24 * 3600, 3600), (40, 13)] {
        let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
        let turn = custody.acme_begin(seen.as_deref(), &names()).await.unwrap().expect("nothing hinders it");
        custody.acme_done(turn, taken(custody, secs)).await.unwrap();
        let before = custody.alert_counts().get("certificate_due_again").copied().unwrap_or(0);
        assert!(custody.acme_begin(seen.as_deref(), &names()).await.unwrap().is_none());
        assert_eq!(
            custody.alert_counts().get("certificate_due_again").copied().unwrap_or(0),
            before,
            "it saw the old one"
        );
        let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
        house.later(waits_secs * 1000 - 1);
        for _ in 0..2 {
            assert!(custody.acme_begin(seen.as_deref(), &names()).await.unwrap().is_none());
            assert_eq!(custody.alert_counts().get("certificate_due_again"), Some(&(before + 1)));
        }
        house.later(1);
    }
    let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
    let turn = custody.acme_begin(seen.as_deref(), &names()).await.unwrap().expect("the time is over");
    custody.acme_done(turn, taken(custody, 90 * 24 * 3600)).await.unwrap();
    custody.acme_try_again().await.unwrap();
    let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
    assert!(custody.acme_begin(seen.as_deref(), &names()).await.unwrap().is_some(), "somebody said so");
}

#[tokio::test]
async fn whoever_comes_after_the_turn_is_over_changes_nothing() {
    let house = house().await;
    let custody = &house.custody;
    let stalled = custody.acme_begin(None, &names()).await.unwrap().expect("the first");
    let stalled_too = AcmeTurn { failures: stalled.failures, tries: stalled.tries.clone() };
    house.later(10 * MINUTE_MILLIS);
    let turn = custody.acme_begin(None, &names()).await.unwrap().expect("another node's");
    assert!(custody.acme_answer(&turn, b"the answer").await.unwrap());
    let answer = custody.acme_look(AcmeKept::Challenge).await.unwrap();
    assert!(answer.is_some());
    assert!(!custody.acme_answer(&stalled, b"another answer").await.unwrap());
    custody.acme_failed(stalled, "it took longer than ten minutes").await;
    assert!(!custody.acme_done(stalled_too, taken(custody, 40)).await.unwrap());
    assert_eq!(custody.acme_look(AcmeKept::Challenge).await.unwrap(), answer, "the other one's answer stands");
    assert_eq!(custody.acme_look(AcmeKept::Certificate).await.unwrap(), None);
    assert!(custody.acme_done(turn, taken(custody, 40)).await.unwrap());
    assert_eq!(custody.acme_look(AcmeKept::Challenge).await.unwrap(), None);
}

#[test]
fn what_an_authority_says_is_told_in_one_line() {
    let told = failure_told(2, "the authority: no\n2026-11-22 ERROR a line of theirs\u{1b}[2J");
    assert!(told.contains("a line of theirs") && !told.contains(char::is_control), "{told:?}");
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_once_a_day_and_seen_in_health_and_numbers() {
    let house = house().await;
    let custody = &house.custody;
    assert_eq!(custody.metrics().await.unwrap().certificate_left_secs, None);
    let now = custody.now();
    let day = 24 * 3600;
    custody.certificate_served(CertificateSpan { from: now.plus_secs(-75 * day), until: now.plus_secs(15 * day) });
    custody.certificate_tell().await;
    assert_eq!(custody.alert_counts().get("certificate_ends"), None);
    assert_eq!(custody.metrics().await.unwrap().certificate_left_secs, Some(15 * day));
    for days in 1..=3 {
        house.later(24 * HOUR_MILLIS + 1);
        custody.certificate_tell().await;
        custody.certificate_tell().await;
        assert_eq!(custody.alert_counts().get("certificate_ends"), Some(&days));
    }
    let line = custody.certificate_line().unwrap();
    assert!(line.verdict == Verdict::Late && line.sentence.contains("11 days"), "{}", line.sentence);
    house.later(12 * 24 * HOUR_MILLIS);
    assert_eq!(custody.certificate_line().unwrap().verdict, Verdict::Bad);
    // One that is not good yet is as bad as one that ended; a few minutes between two clocks are not meant.
    let now = custody.now();
    for (begins_secs, verdict) in [(299, Verdict::Good), (301, Verdict::Bad)] {
        let span = CertificateSpan { from: now.plus_secs(begins_secs), until: now.plus_secs(90 * day) };
        assert_eq!(span.judged(now).0, verdict);
    }
    // One that lives for six days is not about to end on its third.
    let now = custody.now();
    custody.certificate_served(CertificateSpan { from: now.plus_secs(-3 * day), until: now.plus_secs(3 * day) });
    assert_eq!(custody.certificate_line().unwrap().verdict, Verdict::Good);
}
