//! Letting programs in, proving who one is, and every wrong way of doing so: refused, with one entry each.

use super::{
    Feed, FetchKeys, FetchKeysError, Fetching, KeyChange, NewProgram, ProgramKeys, ProgramStanding, TokenAsked,
    TokenGiven, TokenRefused, TrailAsked,
};
use crate::ledger_desk::EntryLine;
use crate::testing::{House, MINUTE_MILLIS, Someone, house};
use crate::{CustodyError, Desk};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use record::document::{Confidentiality, DocumentState};
use record::{CustomerId, DocumentId, Entry, Outcome, Principal, ProgramId, ResourceId, Right, Role, Timestamp, act};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const TOKEN_URL: &str = "https://portal.example/oauth2/token";
const SCOPE: &str = "system/DocumentReference.rs";

/// The private half of a program's key.
enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Pair {
    fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }
    fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }
    fn jwk(&self, kid: &str) -> String {
        match self {
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
                json!({"kty": "EC", "crv": "P-384", "kid": kid, "x": text(x), "y": text(y)}).to_string()
            }
            Self::Rsa(pair) => {
                // PKCS#1: a sequence of the modulus, 257 bytes with its leading zero, and 65537.
                let der = pair.public_key().as_ref();
                assert_eq!((der.len(), &der[..9], &der[265..267]), (270, &hex("3082010a0282010100")[..], &[2, 3][..]));
                let (n, e) = (&der[9..265], &der[267..]);
                json!({"kty": "RSA", "kid": kid, "n": text(n), "e": text(e)}).to_string()
            }
        }
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => rsa_signed(pair, &RSA_PKCS1_SHA384, message),
        }
    }
    const fn alg(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES384",
            Self::Rsa(_) => "RS384",
        }
    }
}

fn rsa_signed(pair: &RsaKeyPair, how: &'static dyn aws_lc_rs::signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(how, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn token(head: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", text(head.to_string().as_bytes()), text(claims.to_string().as_bytes()));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", text(&signature))
}

fn form(assertion: &str, scope: &str) -> TokenAsked {
    TokenAsked {
        grant_type: Some("client_credentials".to_owned()),
        assertion_type: Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
        assertion: Some(assertion.to_owned()),
        scope: Some(scope.to_owned()),
        client_id: None,
    }
}

struct Practice {
    house: House,
    officer: Someone,
    customer: CustomerId,
    manager: Someone,
    jti: AtomicUsize,
}

impl Practice {
    async fn begin() -> Self {
        let house = house().await;
        let (first, second) = house.two_officers().await;
        let customer = house.customer(&first, "Lakeside Pediatrics").await;
        let manager = house.manager((&first, &second), customer, "Mary Manager").await;
        Self { house, officer: first, customer, manager, jti: AtomicUsize::new(0) }
    }

    fn wanted(&self, keys: ProgramKeys) -> NewProgram {
        let rights = BTreeSet::from([Right::DocumentsRead, Right::PatientsRead]);
        NewProgram { customer: self.customer, name: "Lakeside EMR".to_owned(), rights, keys, days: 90 }
    }

    async fn registered(&self, pair: &Pair) -> ProgramId {
        let new = self.wanted(ProgramKeys::Pasted(pair.jwk("one")));
        self.house.desk::<act::ProgramRegister>(&self.manager).await.program_register(&new).await.unwrap().0
    }

    fn claims(&self, id: ProgramId) -> Value {
        let now = self.house.custody.now().unix_millis() / 1000;
        let jti = self.jti.fetch_add(1, Ordering::Relaxed);
        json!({"iss": id.to_string(), "sub": id.to_string(), "aud": TOKEN_URL, "exp": now + 240, "jti": format!("jti-{jti}")})
    }

    fn good(&self, id: ProgramId, pair: &Pair) -> String {
        let head = json!({"alg": pair.alg(), "kid": "one", "typ": "JWT"});
        token(&head, &self.claims(id), |message| pair.sign(message))
    }

    async fn ask(&self, asked: &TokenAsked) -> Result<TokenGiven, TokenRefused> {
        self.house.stranger::<act::SessionStart>().token_ask(asked).await.unwrap()
    }

    async fn entries_from(&self, from: u64) -> Vec<Entry> {
        let stored = self.house.custody.store().entry_range(from, 1_000).await.unwrap();
        stored.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect()
    }

    fn size(&self) -> u64 {
        self.house.custody.ledger_head().unwrap().size
    }

    /// Refused with this word, by exactly one entry, which is nobody's act and names the program that was claimed.
    async fn is_refused(&self, what: &str, asked: &TokenAsked, (word, claimed): (TokenRefused, Option<ProgramId>)) {
        let from = self.size();
        assert_eq!(self.ask(asked).await.err(), Some(word), "{what}");
        let entries = self.entries_from(from).await;
        assert_eq!(entries.len(), 1, "{what}: {entries:?}");
        let entry = &entries[0];
        assert_eq!(
            (entry.principal, entry.outcome, entry.why.as_str()),
            (Principal::Stranger, Outcome::Refused, word.as_str()),
            "{what}"
        );
        if let Some(claimed) = claimed {
            assert!(entry.names(&claimed.into()), "{what}");
        }
        // A minute on, so that no refusal of nobody is only counted.
        self.house.later(MINUTE_MILLIS);
    }
}

#[tokio::test]
async fn a_program_proves_who_it_is_by_either_kind_of_key_and_gets_a_token_for_five_minutes() {
    let practice = Practice::begin().await;
    for pair in [Pair::ec(), Pair::rsa()] {
        let id = practice.registered(&pair).await;
        let from = practice.size();
        let given = practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.unwrap();
        assert_eq!((given.scope.as_str(), given.expires_in_secs), (SCOPE, 300));
        let entries = practice.entries_from(from).await;
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].principal, entries[0].outcome), (Principal::Program(id), Outcome::Permitted));
        let custody = &practice.house.custody;
        let there = custody.token_resolve(&given.secret).await.unwrap().unwrap();
        assert_eq!((there.program, there.customer), (id, practice.customer));
        assert_eq!(there.rights, BTreeSet::from([Right::DocumentsRead]), "what was asked for, and not all it has");
        assert!(custody.token_resolve(&"A".repeat(43)).await.unwrap().is_none());
        practice.house.later(5 * MINUTE_MILLIS - 1);
        assert!(custody.token_resolve(&given.secret).await.unwrap().is_some());
        practice.house.later(1);
        assert!(custody.token_resolve(&given.secret).await.unwrap().is_none(), "over");
    }
}

#[tokio::test]
async fn every_wrong_request_for_a_token_is_refused_alike_with_one_entry() {
    let practice = Practice::begin().await;
    let (pair, rsa, other) = (Pair::ec(), Pair::rsa(), Pair::ec());
    let (id, rsa_id) = (practice.registered(&pair).await, practice.registered(&rsa).await);
    let Pair::Rsa(rsa_pair) = &rsa else { unreachable!() };
    let head = json!({"alg": "ES384", "kid": "one"});
    let with = |change: Value| {
        let mut claims = practice.claims(id);
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    };
    let hmac = |key: &[u8], message: &[u8]| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
        aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
    };
    let heads = |change: Value| {
        let mut head = head.clone();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                head.as_object_mut().unwrap().remove(name);
            } else {
                head[name] = value.clone();
            }
        }
        head
    };
    // Each is made when its turn comes: the clock moves on in between.
    type Wrong<'w> = (&'static str, Box<dyn Fn() -> String + 'w>);
    let sign = |head: Value, claims: Value| token(&head, &claims, |message| pair.sign(message));
    let own_jwk: Value = serde_json::from_str(&other.jwk("one")).unwrap();
    let small = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let now = || practice.house.custody.now().unix_millis() / 1000;
    let wrong: Vec<Wrong<'_>> = vec![
        ("alg none", Box::new(|| token(&heads(json!({"alg": "none"})), &practice.claims(id), |_| Vec::new()))),
        ("alg none, signed", Box::new(|| sign(heads(json!({"alg": "none"})), practice.claims(id)))),
        (
            "HS256 with the public key",
            Box::new(|| {
                token(&heads(json!({"alg": "HS256"})), &practice.claims(id), |message| {
                    hmac(pair.jwk("one").as_bytes(), message)
                })
            }),
        ),
        ("HS384 said, EC signed", Box::new(|| sign(heads(json!({"alg": "HS384"})), practice.claims(id)))),
        (
            "RS384 said for an EC key",
            Box::new(|| token(&heads(json!({"alg": "RS384"})), &practice.claims(id), |message| rsa.sign(message))),
        ),
        ("ES384 said for an RSA key", Box::new(|| sign(head.clone(), practice.claims(rsa_id)))),
        (
            "RS256",
            Box::new(|| {
                token(&json!({"alg": "RS256", "kid": "one"}), &practice.claims(rsa_id), |message| {
                    rsa_signed(rsa_pair, &RSA_PKCS1_SHA256, message)
                })
            }),
        ),
        (
            "RS384 said, RS256 signed",
            Box::new(|| {
                token(&json!({"alg": "RS384", "kid": "one"}), &practice.claims(rsa_id), |message| {
                    rsa_signed(rsa_pair, &RSA_PKCS1_SHA256, message)
                })
            }),
        ),
        (
            "a key on another curve",
            Box::new(|| {
                token(&head, &practice.claims(id), |message| {
                    small.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
                })
            }),
        ),
        ("another key", Box::new(|| token(&head, &practice.claims(id), |message| other.sign(message)))),
        (
            "another key that it brings along",
            Box::new(|| {
                token(
                    &heads(
                        json!({"jwk": own_jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x"}),
                    ),
                    &practice.claims(id),
                    |message| other.sign(message),
                )
            }),
        ),
        ("no kid", Box::new(|| sign(heads(json!({"kid": null})), practice.claims(id)))),
        ("an unknown kid", Box::new(|| sign(heads(json!({"kid": "two"})), practice.claims(id)))),
        ("a kid that is a path", Box::new(|| sign(heads(json!({"kid": "../../dev/null"})), practice.claims(id)))),
        (
            "a kid that is an address",
            Box::new(|| sign(heads(json!({"kid": "https://evil.example/k"})), practice.claims(id))),
        ),
        ("a kid that is a statement", Box::new(|| sign(heads(json!({"kid": "one' OR '1'='1"})), practice.claims(id)))),
        ("a kid that is a list", Box::new(|| sign(heads(json!({"kid": ["one"]})), practice.claims(id)))),
        ("another kind of token", Box::new(|| sign(heads(json!({"typ": "at+jwt"})), practice.claims(id)))),
        ("something critical", Box::new(|| sign(heads(json!({"crit": ["exp"]})), practice.claims(id)))),
        ("an unencoded body", Box::new(|| sign(heads(json!({"b64": false})), practice.claims(id)))),
        (
            "another audience",
            Box::new(|| sign(head.clone(), with(json!({"aud": "https://other.example/oauth2/token"})))),
        ),
        ("a wider audience", Box::new(|| sign(head.clone(), with(json!({"aud": "https://portal.example/"}))))),
        ("two audiences", Box::new(|| sign(head.clone(), with(json!({"aud": [TOKEN_URL, "https://other.example"]}))))),
        ("no audience", Box::new(|| sign(head.clone(), with(json!({"aud": null}))))),
        ("an end far ahead", Box::new(|| sign(head.clone(), with(json!({"exp": now() + 361}))))),
        ("no end", Box::new(|| sign(head.clone(), with(json!({"exp": null}))))),
        ("an end that is text", Box::new(|| sign(head.clone(), with(json!({"exp": "soon"}))))),
        ("an end that is enormous", Box::new(|| sign(head.clone(), with(json!({"exp": i64::MAX}))))),
        ("over", Box::new(|| sign(head.clone(), with(json!({"exp": now() - 60}))))),
        ("not before later", Box::new(|| sign(head.clone(), with(json!({"nbf": now() + 61}))))),
        ("issued later", Box::new(|| sign(head.clone(), with(json!({"iat": now() + 61}))))),
        ("no one-time name", Box::new(|| sign(head.clone(), with(json!({"jti": null}))))),
        ("an empty one-time name", Box::new(|| sign(head.clone(), with(json!({"jti": ""}))))),
        ("issued by another", Box::new(|| sign(head.clone(), with(json!({"iss": rsa_id.to_string()}))))),
        (
            "about another",
            Box::new(|| sign(head.clone(), with(json!({"iss": rsa_id.to_string(), "sub": rsa_id.to_string()})))),
        ),
        (
            "about nobody",
            Box::new(|| {
                let nobody = ProgramId::from_bytes([7; 16]).to_string();
                sign(head.clone(), with(json!({"iss": nobody, "sub": nobody})))
            }),
        ),
        (
            "about a person",
            Box::new(|| {
                let person = practice.manager.person.to_string();
                sign(head.clone(), with(json!({"iss": person, "sub": person})))
            }),
        ),
        ("cut", Box::new(|| practice.good(id, &pair)[..60].to_owned())),
        (
            "a letter changed",
            Box::new(|| {
                let good = practice.good(id, &pair);
                let at = good.find('.').unwrap() + 9;
                format!("{}{}{}", &good[..at], if &good[at..=at] == "A" { "B" } else { "A" }, &good[at + 1..])
            }),
        ),
        ("a fourth part", Box::new(|| format!("{}.AAAA", practice.good(id, &pair)))),
        ("padded", Box::new(|| format!("{}=", practice.good(id, &pair)))),
        ("a megabyte", Box::new(|| "A".repeat(1_000_000))),
        ("nothing", Box::new(String::new)),
    ];
    for (what, make) in &wrong {
        practice.is_refused(what, &form(&make(), SCOPE), (TokenRefused::InvalidClient, None)).await;
    }
    // All those tries have changed nothing.
    assert!(practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.is_ok());
    assert!(practice.ask(&form(&practice.good(rsa_id, &rsa), SCOPE)).await.is_ok());
    // The audience as a list of one, and times within the skew, are as good.
    for change in [
        json!({"aud": [TOKEN_URL]}),
        json!({"exp": now() + 360}),
        json!({"exp": now() - 59}),
        json!({"nbf": now() + 60}),
    ] {
        assert!(practice.ask(&form(&sign(head.clone(), with(change)), SCOPE)).await.is_ok());
    }
}

#[tokio::test]
async fn a_form_that_is_not_what_it_has_to_be_is_refused_with_one_entry() {
    let practice = Practice::begin().await;
    let pair = Pair::ec();
    let id = practice.registered(&pair).await;
    let good = || form(&practice.good(id, &pair), SCOPE);
    let none = None;
    practice
        .is_refused(
            "no grant",
            &TokenAsked { grant_type: none.clone(), ..good() },
            (TokenRefused::InvalidRequest, None),
        )
        .await;
    for grant in ["password", "authorization_code", "refresh_token", ""] {
        let asked = TokenAsked { grant_type: Some(grant.to_owned()), ..good() };
        practice.is_refused(grant, &asked, (TokenRefused::UnsupportedGrantType, None)).await;
    }
    for asked in [
        TokenAsked { assertion: none.clone(), ..good() },
        TokenAsked { assertion_type: none.clone(), ..good() },
        TokenAsked {
            assertion_type: Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer".to_owned()),
            ..good()
        },
        TokenAsked { client_id: Some(ProgramId::from_bytes([9; 16]).to_string()), ..good() },
    ] {
        practice.is_refused("a form", &asked, (TokenRefused::InvalidClient, None)).await;
    }
    for scope in [
        "",
        "system/Patient.cruds",
        "system/DocumentReference.c",
        "system/*.rs",
        "openid",
        "system/Patient.rs system/Binary.r",
    ] {
        practice
            .is_refused(scope, &form(&practice.good(id, &pair), scope), (TokenRefused::InvalidScope, Some(id)))
            .await;
    }
    practice
        .is_refused("no scope", &TokenAsked { scope: none, ..good() }, (TokenRefused::InvalidScope, Some(id)))
        .await;
}

#[tokio::test]
async fn a_signed_request_counts_once_also_when_it_comes_twice_at_once() {
    let practice = Practice::begin().await;
    let pair = Pair::ec();
    let id = practice.registered(&pair).await;
    let asked = form(&practice.good(id, &pair), SCOPE);
    assert!(practice.ask(&asked).await.is_ok());
    practice.house.later(1);
    let from = practice.size();
    assert_eq!(practice.ask(&asked).await.err(), Some(TokenRefused::InvalidClient));
    assert_eq!(practice.entries_from(from).await.len(), 1);
    for _ in 0..8 {
        let asked = form(&practice.good(id, &pair), SCOPE);
        let from = practice.size();
        let (one, two) = tokio::join!(practice.ask(&asked), practice.ask(&asked));
        assert!(one.is_ok() != two.is_ok(), "one of them, and not both");
        let outcomes: Vec<Outcome> = practice.entries_from(from).await.iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes.len(), 2, "{outcomes:?}");
        assert!(outcomes.contains(&Outcome::Permitted) && outcomes.contains(&Outcome::Refused), "{outcomes:?}");
    }
}

#[tokio::test]
async fn what_is_stopped_ended_or_taken_away_holds_from_the_next_request_on() {
    let practice = Practice::begin().await;
    let pair = Pair::ec();
    let (house, customer) = (&practice.house, practice.customer);
    let id = practice.registered(&pair).await;
    let given =
        practice.ask(&form(&practice.good(id, &pair), "system/DocumentReference.rs system/Patient.rs")).await.unwrap();
    let resolve = async |given: &TokenGiven| house.custody.token_resolve(&given.secret).await.unwrap();
    // A right that is taken away is gone from the tokens that are out.
    let change = house.desk::<act::ProgramChange>(&practice.manager).await;
    let fewer = BTreeSet::from([Right::PatientsRead]);
    change.program_rights_set(customer, id, (&fewer, 0)).await.unwrap();
    assert_eq!(resolve(&given).await.unwrap().rights, fewer);
    assert!(matches!(change.program_rights_set(customer, id, (&fewer, 0)).await, Err(CustodyError::Changed)));
    // Stopped by an officer, who could not have let it in.
    let stops = house.desk::<act::ProgramRevoke>(&practice.officer).await;
    stops.program_revoke(customer, id).await.unwrap();
    assert!(resolve(&given).await.is_none());
    practice
        .is_refused("stopped", &form(&practice.good(id, &pair), SCOPE), (TokenRefused::InvalidClient, Some(id)))
        .await;
    house.step_up(&practice.manager).await.unwrap();
    let change = house.desk::<act::ProgramChange>(&practice.manager).await;
    assert!(matches!(change.program_end_set(customer, id, (10, 2)).await, Err(CustodyError::State(_))));
    // Its last day.
    let id = practice.registered(&pair).await;
    let given = practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.unwrap();
    let change = house.desk::<act::ProgramChange>(&practice.manager).await;
    change.program_end_set(customer, id, (1, 0)).await.unwrap();
    assert!(resolve(&given).await.is_some());
    house.later(24 * 60 * MINUTE_MILLIS);
    practice
        .is_refused("ended", &form(&practice.good(id, &pair), SCOPE), (TokenRefused::InvalidClient, Some(id)))
        .await;
}

#[tokio::test]
async fn keys_are_changed_with_a_time_in_which_both_count() {
    let practice = Practice::begin().await;
    let (old, new) = (Pair::ec(), Pair::rsa());
    let id = practice.registered(&old).await;
    let (house, customer) = (&practice.house, practice.customer);
    let signed = |pair: &Pair, kid: &str| {
        let head = json!({"alg": pair.alg(), "kid": kid});
        form(&token(&head, &practice.claims(id), |message| pair.sign(message)), SCOPE)
    };
    let change = house.desk::<act::ProgramChange>(&practice.manager).await;
    let same_name = KeyChange::Rotate(new.jwk("one"), 1);
    assert!(matches!(change.program_key_change(customer, id, &same_name).await, Err(CustodyError::State(_))));
    change.program_key_change(customer, id, &KeyChange::Rotate(new.jwk("two"), 1)).await.unwrap();
    assert!(practice.ask(&signed(&old, "one")).await.is_ok());
    assert!(practice.ask(&signed(&new, "two")).await.is_ok());
    house.later(60 * MINUTE_MILLIS);
    assert!(practice.ask(&signed(&old, "one")).await.is_err(), "its hour is over");
    assert!(practice.ask(&signed(&new, "two")).await.is_ok());
    let manager = house.sign_in(&practice.manager.key, crate::Device::Own).await.unwrap();
    let desk = Desk::<act::ProgramChange>::at(house.custody.clone(), house.session(&manager).await);
    desk.program_key_change(customer, id, &KeyChange::End("two".to_owned())).await.unwrap();
    assert!(practice.ask(&signed(&new, "two")).await.is_err());
}

#[tokio::test]
async fn only_the_practices_own_manager_lets_programs_in() {
    let practice = Practice::begin().await;
    let (house, customer) = (&practice.house, practice.customer);
    let new = practice.wanted(ProgramKeys::Pasted(Pair::ec().jwk("one")));
    let from = practice.size();
    assert!(house.desk::<act::ProgramRegister>(&practice.officer).await.program_register(&new).await.is_err());
    assert!(house.stranger::<act::ProgramRegister>().program_register(&new).await.is_err());
    let other = house.customer(&practice.officer, "Harbor Clinic").await;
    let elsewhere = NewProgram { customer: other, ..new.clone() };
    let managers = house.desk::<act::ProgramRegister>(&practice.manager).await;
    assert!(managers.program_register(&elsewhere).await.is_err());
    let refused =
        practice.entries_from(from).await.into_iter().filter(|entry| entry.outcome == Outcome::Refused).count();
    assert_eq!(refused, 3);
    let (id, _) = managers.program_register(&new).await.unwrap();
    let seen = house.desk::<act::ProgramList>(&practice.officer).await.program_list(customer).await.unwrap();
    assert_eq!(
        (seen.lines[0].id, seen.lines[0].standing, seen.lines[0].kids.as_slice()),
        (id, ProgramStanding::InForce, &["one".to_owned()][..])
    );
    // Under another customer's address it is as if it were not there.
    let stops = house.desk::<act::ProgramRevoke>(&practice.officer).await;
    assert!(matches!(stops.program_revoke(other, id).await, Err(CustodyError::Absent)));
    for (mistake, field) in [
        (NewProgram { name: " ".to_owned(), ..new.clone() }, "name"),
        (NewProgram { days: 0, ..new.clone() }, "days"),
        (NewProgram { days: 367, ..new.clone() }, "days"),
        (NewProgram { rights: BTreeSet::new(), ..new.clone() }, "rights"),
        (NewProgram { keys: ProgramKeys::Pasted("{}".to_owned()), ..new.clone() }, "key"),
        (NewProgram { keys: ProgramKeys::At("http://example.org/keys".to_owned()), ..new.clone() }, "jwks_url"),
        (
            NewProgram { keys: ProgramKeys::At("https://user:pass@example.org/keys".to_owned()), ..new.clone() },
            "jwks_url",
        ),
        (NewProgram { keys: ProgramKeys::At("file:///etc/passwd".to_owned()), ..new.clone() }, "jwks_url"),
    ] {
        match managers.program_register(&mistake).await {
            Err(CustodyError::Input(fields)) => assert_eq!(fields[0].field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

/// Gives what it is told to give, and counts.
struct Shelf {
    keys: std::sync::Mutex<Result<String, FetchKeysError>>,
    asked: AtomicUsize,
}

impl FetchKeys for Arc<Shelf> {
    fn fetch(&self, _address: &url::Url) -> Fetching {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.keys.lock().unwrap().clone().map(String::into_bytes);
        Box::pin(async move {
            // Long enough for others to come meanwhile.
            tokio::task::yield_now().await;
            answer
        })
    }
}

#[tokio::test]
async fn keys_at_an_address_are_fetched_seldom_and_what_cannot_be_fetched_lets_nobody_in() {
    let practice = Practice::begin().await;
    let pair = Pair::ec();
    let set = |pair: &Pair| format!("{{\"keys\":[{}]}}", pair.jwk("one"));
    let shelf = Arc::new(Shelf { keys: std::sync::Mutex::new(Ok(set(&pair))), asked: AtomicUsize::new(0) });
    practice.house.custody.keys_fetched_by(Arc::new(Arc::clone(&shelf)));
    let new = practice.wanted(ProgramKeys::At("https://emr.example/jwks.json".to_owned()));
    let desk = practice.house.desk::<act::ProgramRegister>(&practice.manager).await;
    for wrong in [
        Err(FetchKeysError::Private),
        Err(FetchKeysError::TooLong),
        Ok("{\"keys\":[]}".to_owned()),
        Ok("<html>".to_owned()),
    ] {
        *shelf.keys.lock().unwrap() = wrong;
        assert!(matches!(desk.program_register(&new).await, Err(CustodyError::Input(_))));
    }
    *shelf.keys.lock().unwrap() = Ok(set(&pair));
    let (id, _) = desk.program_register(&new).await.unwrap();
    let asked = || shelf.asked.load(Ordering::Relaxed);
    let before = asked();
    // Several at once ask once, and all of them get what came of it.
    let forms: Vec<_> = (0..4).map(|_| form(&practice.good(id, &pair), SCOPE)).collect();
    let given = futures_util::future::join_all(forms.iter().map(|form| practice.ask(form))).await;
    assert!(given.iter().all(Result::is_ok));
    assert_eq!(asked(), before + 1);
    // Names that are not there: once a minute, however often somebody asks.
    let stranger = token(&json!({"alg": "ES384", "kid": "two"}), &practice.claims(id), |message| pair.sign(message));
    practice.house.later(MINUTE_MILLIS);
    for _ in 0..5 {
        assert!(practice.ask(&form(&stranger, SCOPE)).await.is_err());
    }
    assert_eq!(asked(), before + 2);
    // What is gone from there counts ten minutes longer and no more.
    *shelf.keys.lock().unwrap() = Err(FetchKeysError::Unanswered);
    assert!(practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.is_ok());
    practice.house.later(10 * MINUTE_MILLIS);
    assert!(practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.is_err());
}

/// Delivered at that time, in one go, as by another node whose transaction took its time.
async fn delivered(practice: &Practice, id: DocumentId, at: Timestamp) {
    let store = practice.house.custody.store();
    let mut row = store.document_fetch(id).await.unwrap().unwrap();
    let was = row.state;
    (row.state, row.delivered_at) = (DocumentState::Delivered, Some(at));
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.document_update(&row, was).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_committed_late_is_not_passed_over_by_whoever_follows_what_arrives() {
    let practice = Practice::begin().await;
    let (house, pair) = (&practice.house, Pair::ec());
    let id = practice.registered(&pair).await;
    let typist = house.staff(&practice.officer, Role::Transcriptionist, "Tessa Typist").await;
    let grant = house.desk::<act::AssignmentGrant>(&practice.officer).await;
    grant.assignment_grant(practice.customer, typist.person).await.unwrap();
    let mut documents = Vec::new();
    for number in 0..4 {
        documents.push(crate::filled::upload(house, &typist, practice.customer, number).await);
    }
    let given = practice.ask(&form(&practice.good(id, &pair), SCOPE)).await.unwrap();
    let program = house.custody.token_resolve(&given.secret).await.unwrap().unwrap();
    let desk = Desk::<act::DocumentList>::of_program(house.custody.clone(), program);
    let follow = async |since: Option<String>| {
        let fed = desk.document_feed(&Feed { since, limit: 2, ..Feed::default() }).await.unwrap();
        let ids: Vec<DocumentId> = fed.lines.lines.iter().map(|line| line.id).collect();
        (ids, fed)
    };
    let now = house.custody.now();
    for (document, millis) in [(0, -60_000), (1, -900), (2, -300)] {
        delivered(&practice, documents[document], now.plus_millis(millis)).await;
    }
    let (first, fed) = follow(None).await;
    assert_eq!((first, fed.more, fed.rest.is_some()), (vec![documents[0], documents[1]], false, true));
    // Earlier by its time than what was given already, and there only now.
    delivered(&practice, documents[3], now.plus_millis(-950)).await;
    let (second, again) = follow(Some(fed.next.clone())).await;
    assert_eq!(second, [documents[3], documents[1]], "what came just now comes again, and nothing is left out");
    // Once it is settled the walk goes on.
    house.clock.advance_millis(11_000);
    let (third, settled) = follow(Some(again.next)).await;
    assert_eq!((third, settled.more), (vec![documents[3], documents[1]], true));
    let (last, end) = follow(Some(settled.next)).await;
    assert_eq!((last, end.more, end.rest), (vec![documents[2]], false, None));
    // Whoever wants what is there now, and does not follow, walks by the other place.
    let (rest, _) = follow(fed.rest).await;
    assert_eq!(rest, [documents[2]]);
}

#[tokio::test]
async fn a_program_that_reads_the_trail_is_not_told_which_documents_are_kept_from_it() {
    let practice = Practice::begin().await;
    let (house, pair) = (&practice.house, Pair::ec());
    let rights = BTreeSet::from([Right::LedgerRead]);
    let new = NewProgram { rights, ..practice.wanted(ProgramKeys::Pasted(pair.jwk("one"))) };
    let register = house.desk::<act::ProgramRegister>(&practice.manager).await;
    let id = register.program_register(&new).await.unwrap().0;
    let typist = house.staff(&practice.officer, Role::Transcriptionist, "Tessa Typist").await;
    let grant = house.desk::<act::AssignmentGrant>(&practice.officer).await;
    grant.assignment_grant(practice.customer, typist.person).await.unwrap();
    let open = crate::filled::upload(house, &typist, practice.customer, 0).await;
    let kept = crate::filled::upload(house, &typist, practice.customer, 1).await;
    let given = practice.ask(&form(&practice.good(id, &pair), "system/AuditEvent.rs")).await.unwrap();
    let program = house.custody.token_resolve(&given.secret).await.unwrap().unwrap();
    let trail = Desk::<act::LedgerTrail>::of_program(house.custody.clone(), program.clone());
    let proofs = Desk::<act::LedgerReceipt>::of_program(house.custody.clone(), program);
    let told = async |about: Option<DocumentId>| {
        let asked = TrailAsked { about: about.map(ResourceId::DocumentId), limit: 200, ..TrailAsked::default() };
        trail.ledger_trail(&asked).await.unwrap().lines
    };
    let names = |lines: &[EntryLine], id: DocumentId| {
        lines.iter().filter(|line| line.resources.contains(&ResourceId::DocumentId(id))).count()
    };
    let before = told(None).await;
    assert!(names(&before, open) > 0 && names(&before, kept) > 0);
    let [of_open, of_kept] = [open, kept].map(|id| {
        let named = before.iter().find(|line| line.resources.contains(&ResourceId::DocumentId(id)));
        named.unwrap().index
    });
    proofs.ledger_receipt(of_kept).await.unwrap();
    let store = house.custody.store();
    let mut row = store.document_fetch(kept).await.unwrap().unwrap();
    let was = row.state;
    row.confidentiality = Confidentiality::Restricted;
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(tx.document_update(&row, was).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let after = told(None).await;
    assert_eq!(names(&after, kept), 0, "which document it was is not told");
    let line = after.iter().find(|line| line.index == of_kept).unwrap();
    assert_eq!(line.resources_count, line.resources.len() as u64, "that something was done is");
    assert_eq!(names(&after, open), names(&before, open));
    assert!(told(Some(kept)).await.is_empty() && !told(Some(open)).await.is_empty());
    // A proof cannot leave out what stands in its entry.
    assert!(matches!(proofs.ledger_receipt(of_kept).await, Err(CustodyError::Absent)));
    proofs.ledger_receipt(of_open).await.unwrap();
}
