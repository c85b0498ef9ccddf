//! When a certificate is due, which names one is ordered for, and what an authority that lies is believed; the whole way with a
//! real one is in `tests/tests/acme.rs`.

mod liar;

use super::{Acme, AcmeError, AcmeOptions, binding_key, due_at, names, order, show};
use crate::door::PublicUrl;
use crate::door::server::tls::{ServerTls, TlsFrom};
use crate::door::server::validity::Validity;
use crate::door::testing::Certificate;
use custody::{AcmeKept, CertificateSpan, Custody, OpenHouse, RootKey, Settings};
use liar::{Authority, Lie};
use record::{SeededEntropy, SystemClock, Timestamp};
use rustls::pki_types::CertificateDer;
use std::path::PathBuf;
use std::sync::Arc;

/// A house, and the folder that goes with it.
struct House(Custody, PathBuf);

impl Drop for House {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.1));
    }
}

async fn house(name: &str) -> House {
    let dir = std::env::temp_dir().join(format!("strongroom-acme-{}-{name}", std::process::id()));
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SeededEntropy::new(19)));
    let settings = Settings::new("Prairie Transcription", "https://portal.test".parse().unwrap());
    let store = custody::trial_store(&dir).await;
    let root = RootKey::generate(entropy.as_ref());
    Custody::begin(&store, &settings, &root, clock.as_ref(), entropy.as_ref()).await.unwrap();
    House(Custody::open(OpenHouse { store, settings, root, clock, entropy }).await.unwrap(), dir)
}

async fn ordering(house: &House, authority: &Authority) -> Acme {
    let options = AcmeOptions {
        directory: authority.directory.clone(),
        contact: vec!["mailto:ops@portal.test".to_owned()],
        ca_file: Some(authority.ca_file.clone()),
        binding: None,
        dir: house.1.clone(),
        names: vec!["portal.test".to_owned()],
    };
    let tls = Arc::new(ServerTls::of(TlsFrom::Ordered).unwrap());
    Acme::begin(house.0.clone(), tls, options).await.unwrap()
}

#[tokio::test]
async fn what_was_ordered_is_kept_served_and_found_again_by_the_next_node_or_start() {
    let (house, authority) = (house("whole").await, Authority::start(Lie::None).await);
    let mut acme = ordering(&house, &authority).await;
    assert_eq!(acme.tls.certificate(), None);
    acme.look().await.unwrap();
    let served = acme.tls.certificate().expect("a certificate");
    assert!(Validity::of(&served).unwrap().covers(&acme.options.names));
    assert_eq!(house.0.acme_look(AcmeKept::Challenge).await.unwrap(), None, "nothing is answered any more");
    assert!(std::fs::read_to_string(house.1.join(super::SHOWN)).unwrap().starts_with("-----BEGIN CERTIFICATE"));
    let orders = || authority.asked.lock().unwrap().iter().filter(|path| *path == "/order").count();
    let accounts = || authority.asked.lock().unwrap().iter().filter(|path| *path == "/account").count();
    acme.look().await.unwrap();
    assert_eq!(orders(), 1, "it is not due");
    let mut other = ordering(&house, &authority).await;
    assert_eq!(other.tls.certificate(), Some(served.clone()));
    other.look().await.unwrap();
    assert_eq!(orders(), 1);
    // The fact is taken away: another one, when the brake is taken away too, by the same account, which all take over.
    house.0.acme_forget(AcmeKept::Certificate).await.unwrap();
    other.look().await.unwrap();
    assert_eq!(orders(), 1, "one was taken a moment ago");
    house.0.acme_try_again().await.unwrap();
    other.look().await.unwrap();
    let next = other.tls.certificate().expect("another one");
    assert!(next != served && orders() == 2 && accounts() == 1);
    acme.look().await.unwrap();
    assert_eq!(acme.tls.certificate(), Some(next.clone()));
    // What another hand wrote there is not taken, and what is served stays.
    other.custody.acme_keep(AcmeKept::Certificate, b"nonsense").await.unwrap();
    acme.follow().await.unwrap();
    assert_eq!(acme.tls.certificate(), Some(next));
    acme.options.names.push("second.test".to_owned());
    assert!(acme.is_due());
}

#[tokio::test]
async fn an_authority_that_lies_is_believed_in_nothing() {
    let house = house("lies").await;
    for lie in [
        Lie::AnotherNameToShow,
        Lie::AnotherKey,
        Lie::AnotherName,
        Lie::LongAgo,
        Lie::NotYet,
        Lie::NearlyOver,
        Lie::AccountClosed,
        Lie::NoCertificate,
        Lie::NoEnd,
        Lie::PlainHttp,
        Lie::OnlyHttp01,
    ] {
        let authority = Authority::start(lie).await;
        let mut acme = ordering(&house, &authority).await;
        let turn = house.0.acme_begin(None, &acme.options.names).await.unwrap().expect("nobody else orders");
        let error = order::ordered(&acme, &turn).await.err().unwrap_or_else(|| panic!("{lie:?} was believed"));
        let known = match lie {
            Lie::AnotherNameToShow => matches!(error, AcmeError::NotOurs),
            Lie::AnotherKey | Lie::NoCertificate => matches!(error, AcmeError::Tls(_)),
            Lie::AnotherName | Lie::LongAgo | Lie::NotYet | Lie::NearlyOver => matches!(error, AcmeError::NotAsOrdered),
            Lie::AccountClosed => error.to_string().contains("closed"),
            Lie::NoEnd => error.to_string().contains("too long"),
            Lie::PlainHttp => error.to_string().contains("https://"),
            Lie::OnlyHttp01 => matches!(error, AcmeError::NoChallenge),
            Lie::None | Lie::RetryNever => false,
        };
        assert!(known, "{lie:?}: {error}");
        house.0.acme_failed(turn, &error.to_string()).await;
        house.0.acme_try_again().await.unwrap();
        acme.look().await.unwrap();
        assert_eq!(acme.tls.certificate(), None);
        assert_eq!(house.0.acme_look(AcmeKept::Certificate).await.unwrap(), None, "{lie:?}");
        house.0.acme_try_again().await.unwrap();
    }
}

#[tokio::test]
async fn an_authority_that_says_to_wait_for_ever_stops_nobody() {
    let (house, authority) = (house("never").await, Authority::start(Lie::RetryNever).await);
    let mut acme = ordering(&house, &authority).await;
    acme.look().await.unwrap();
    assert!(acme.tls.certificate().is_some());
}

#[tokio::test]
async fn nodes_that_ask_for_different_names_do_not_order_against_each_other() {
    let (house, authority) = (house("different").await, Authority::start(Lie::None).await);
    let (mut one, mut other) = (ordering(&house, &authority).await, ordering(&house, &authority).await);
    other.options.names.push("second.test".to_owned());
    for _ in 0..5 {
        one.look().await.unwrap();
        other.look().await.unwrap();
        assert!(other.is_due());
    }
    let orders = authority.asked.lock().unwrap().iter().filter(|path| *path == "/order").count();
    assert_eq!(orders, 1);
    assert_eq!(house.0.alert_counts().get("certificate_due_again"), Some(&1), "it is told, and once");
}

#[tokio::test]
async fn an_account_that_the_authority_closed_is_followed_by_another() {
    let (house, authority) = (house("closed").await, Authority::start(Lie::AccountClosed).await);
    let mut acme = ordering(&house, &authority).await;
    for accounts in 1..=2 {
        acme.look().await.unwrap();
        assert_eq!(house.0.acme_look(AcmeKept::Account).await.unwrap(), None);
        assert_eq!(authority.asked.lock().unwrap().iter().filter(|path| *path == "/account").count(), accounts);
        house.0.acme_try_again().await.unwrap();
    }
}

#[tokio::test]
async fn an_order_whose_turn_is_over_answers_nothing() {
    let (house, authority) = (house("over").await, Authority::start(Lie::None).await);
    let acme = ordering(&house, &authority).await;
    let late = house.0.acme_begin(None, &acme.options.names).await.unwrap().expect("nobody else orders");
    house.0.acme_try_again().await.unwrap();
    let error = order::ordered(&acme, &late).await.err().expect("its turn is over");
    assert!(matches!(error, AcmeError::TurnOver), "{error}");
    assert_eq!(house.0.acme_look(AcmeKept::Challenge).await.unwrap(), None);
}

#[test]
fn a_certificate_is_due_after_two_thirds_of_its_time_or_a_little_earlier_by_its_own_last_byte() {
    let from = Timestamp::from_unix_millis(1_795_273_200_000);
    let day = 24 * 3600;
    let validity = Validity { span: CertificateSpan { from, until: from.plus_secs(90 * day) }, names: Vec::new() };
    assert_eq!(due_at(&CertificateDer::from(vec![0]), &validity), from.plus_secs(60 * day));
    assert_eq!(due_at(&CertificateDer::from(vec![255]), &validity), from.plus_secs(57 * day));
}

#[test]
fn a_certificate_is_read_and_what_is_none_is_not() {
    let certificate = Certificate::new("portal.test");
    let validity = Validity::of(&certificate.der()).expect("a certificate");
    assert!(validity.covers(&["PORTAL.test".to_owned()]) && !validity.covers(&["other.test".to_owned()]));
    assert!(validity.span.from < validity.span.until);
    let mut longer = certificate.der().to_vec();
    longer.push(0);
    for hostile in [Vec::new(), vec![0x30], vec![0x30, 0x84, 255, 255, 255, 255], vec![0; 4096], longer] {
        assert_eq!(Validity::of(&CertificateDer::from(hostile)), None);
    }
    let whole = certificate.der().to_vec();
    for at in 0..whole.len() {
        assert_eq!(Validity::of(&CertificateDer::from(whole[..at].to_vec())), None);
        let mut other = whole.clone();
        other[at] ^= 0x41;
        // Read or not, and never a panic.
        drop(Validity::of(&CertificateDer::from(other)));
    }
}

#[test]
fn hosts_that_nobody_can_look_up_are_not_ordered_for() {
    let public = PublicUrl::parse("https://portal.test:8443").expect("a good one");
    let extra = ["127.0.0.1:8443", "[::1]:443", "localhost", "a.localhost:1", "node1:80", "Two.test:443", "two.test"];
    assert_eq!(names(&public, &extra.map(str::to_owned)), ["portal.test", "two.test"]);
}

#[test]
fn a_key_that_binds_an_account_is_read_and_anything_else_is_a_sentence() {
    let folder = std::env::temp_dir().join(format!("strongroom-acme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder of this test");
    let file = folder.join("key");
    for (text, good) in [("c2VjcmV0\n", true), ("c2VjcmV0LQ==", true), ("not base64!", false)] {
        std::fs::write(&file, text).expect("a file of this test");
        assert_eq!(binding_key(&file).is_ok(), good, "{text}");
    }
    assert!(binding_key(&folder.join("none")).is_err());
    show(&folder, "one").expect("it can be written");
    show(&folder, "two").expect("and again");
    let shown = folder.join(super::SHOWN);
    assert_eq!(std::fs::read_to_string(&shown).expect("it is there"), "two");
    drop(std::fs::remove_dir_all(&folder));
}
