//! What is kept for a certificate, whose turn it is, and what is told of its end.

use super::{AcmeKept, CertificateSpan};
use crate::Verdict;
use crate::testing::{HOUR_MILLIS, MINUTE_MILLIS, house};

const NAMES: [&str; 1] = ["portal.example"];

fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
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
    custody.acme_done(turn, b"the certificate", "one was taken").await.unwrap();
    assert!(custody.acme_begin(None, &names()).await.unwrap().is_none(), "whoever still sees none orders none");
    let seen = custody.acme_look(AcmeKept::Certificate).await.unwrap();
    let turn = custody.acme_begin(seen.as_deref(), &names()).await.unwrap().expect("no try has failed");
    custody.acme_failed(turn, "nobody answers").await;
    assert_eq!(custody.acme_look(AcmeKept::Certificate).await.unwrap(), seen, "the old one stays");
    assert_eq!(custody.alert_counts().get("certificate_order_failed"), Some(&1));
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
    // One that lives for six days is not about to end on its third.
    let now = custody.now();
    custody.certificate_served(CertificateSpan { from: now.plus_secs(-3 * day), until: now.plus_secs(3 * day) });
    assert_eq!(custody.certificate_line().unwrap().verdict, Verdict::Good);
}
