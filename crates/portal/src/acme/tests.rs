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
    // The fact is taken away, or a name comes to it: another one, by the same account, which all take over.
    house.0.acme_forget(AcmeKept::Certificate).await.unwrap();
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
        Lie::NoCertificate,
        Lie::NoEnd,
        Lie::PlainHttp,
        Lie::OnlyHttp01,
    ] {
        let authority = Authority::start(lie).await;
        let mut acme = ordering(&house, &authority).await;
        let error = order::ordered(&acme).await.err().unwrap_or_else(|| panic!("{lie:?} was believed"));
        let known = match lie {
            Lie::AnotherNameToShow => matches!(error, AcmeError::NotOurs),
            Lie::AnotherKey | Lie::NoCertificate => matches!(error, AcmeError::Tls(_)),
            Lie::AnotherName | Lie::LongAgo => matches!(error, AcmeError::NotAsOrdered),
            Lie::NoEnd => error.to_string().contains("too long"),
            Lie::PlainHttp => error.to_string().contains("https://"),
            Lie::OnlyHttp01 => matches!(error, AcmeError::NoChallenge),
            Lie::None => false,
        };
        assert!(known, "{lie:?}: {error}");
        acme.look().await.unwrap();
        assert_eq!(acme.tls.certificate(), None);
        assert_eq!(house.0.acme_look(AcmeKept::Certificate).await.unwrap(), None, "{lie:?}");
        house.0.acme_try_again().await.unwrap();
    }
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
