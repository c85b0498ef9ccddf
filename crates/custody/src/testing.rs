//! A house for tests: real SQLite in a folder of its own, a clock moved by hand, seeded entropy, and a passkey in
//! software that answers as an authenticator with user verification does (`WebAuthn` level 2, ES256, "none" attestation).

use crate::{
    AtEnd, ContactBody, Custody, Desk, Device, DirectoryBody, Enrolled, Invited, NewAgreement, NoticesBy, OpenHouse,
    Settings, SignedIn, SignedInNow,
};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use record::civil::Day;
use record::{Act, CustomerId, ManualClock, PersonId, Role, SeededEntropy, Sha256, act};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use store::{BucketPlace, Store};
use vault::{KeyRows, RootKey};

/// 2026-11-21T15:00:00Z: a Saturday morning in New York.
const BEGIN_MILLIS: i64 = 1_795_273_200_000;
const ORIGIN: &str = "https://portal.example";
const RP_ID: &str = "portal.example";
pub(crate) const MINUTE_MILLIS: i64 = 60_000;
pub(crate) const HOUR_MILLIS: i64 = 60 * MINUTE_MILLIS;

/// A folder that goes with the test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("strongroom-custody-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
        drop(std::fs::remove_file(self.0.with_extension("keys")));
    }
}

/// A house that has just begun: nobody is there yet.
pub(crate) struct House {
    pub(crate) custody: Custody,
    pub(crate) clock: Arc<ManualClock>,
    // After `custody`, so that the folder goes last.
    #[expect(dead_code, reason = "held for its Drop")]
    dir: TempDir,
}

/// Somebody enrolled and signed in.
pub(crate) struct Someone {
    pub(crate) person: PersonId,
    /// The cookie's secret.
    pub(crate) secret: String,
    pub(crate) key: SoftKey,
    pub(crate) codes: Vec<String>,
}

pub(crate) async fn house() -> House {
    house_with(|_| ()).await
}

/// The bucket of the server for tests, when objects are to lie there instead of in the folder.
fn bucket_elsewhere(dir: &Path) -> Option<BucketPlace> {
    Some(bucket_at(store::trial::bucket_server()?, dir))
}

/// A bucket on this server, for the house in this folder alone.
pub(crate) fn bucket_at(endpoint: String, dir: &Path) -> BucketPlace {
    store::trial::bucket_at(endpoint, dir, (fake_bucket::BUCKET, fake_bucket::KEY_ID, fake_bucket::SECRET))
}

/// The same with other settings.
pub(crate) async fn house_with(change: impl FnOnce(&mut Settings)) -> House {
    house_in(bucket_elsewhere, change).await
}

/// The same with its objects in a bucket, or in its folder.
pub(crate) async fn house_in(
    bucket: impl FnOnce(&Path) -> Option<BucketPlace>,
    change: impl FnOnce(&mut Settings),
) -> House {
    house_after(bucket, change, async |_, _| ()).await
}

/// A house as an earlier version has carried one to a server: its epoch has no half until it is opened.
pub(crate) async fn house_without_half(change: impl FnOnce(&mut Settings)) -> House {
    let whole = async |store: &Store, root: &RootKey| {
        let now = record::Timestamp::from_unix_millis(BEGIN_MILLIS);
        let rows = KeyRows::begin(root, crate::settings::year_of(now), now, &SeededEntropy::new(21));
        let mut tx = store.begin("keys of an earlier version").await.unwrap();
        tx.key_rows_begin(&rows).await.unwrap();
        tx.commit().await.unwrap();
    };
    house_after(|_| None, change, whole).await
}

async fn house_after(
    bucket: impl FnOnce(&Path) -> Option<BucketPlace>,
    change: impl FnOnce(&mut Settings),
    begun: impl AsyncFnOnce(&Store, &RootKey),
) -> House {
    let dir = TempDir::new();
    let clock = Arc::new(ManualClock::at_unix_millis(BEGIN_MILLIS));
    let entropy = Arc::new(SeededEntropy::new(7));
    let mut settings = Settings::new("Harbor Transcription", ORIGIN.parse().unwrap());
    change(&mut settings);
    let store = store::trial::open(dir.path()).await;
    let store = match bucket(dir.path()) {
        Some(place) => store.with_bucket(&place).unwrap(),
        None => store,
    };
    let root = RootKey::generate(entropy.as_ref());
    Custody::begin(&store, &settings, &root, clock.as_ref(), entropy.as_ref()).await.unwrap();
    begun(&store, &root).await;
    let custody =
        Custody::open(OpenHouse { store, settings, root, clock: Arc::clone(&clock) as _, entropy }).await.unwrap();
    House { custody, clock, dir }
}

/// An entry of the directory; the address comes from the name.
pub(crate) fn entry(name: &str) -> DirectoryBody {
    let local = name.to_lowercase().replace(' ', ".");
    DirectoryBody { name: name.to_owned(), email: format!("{local}@example.org"), telephone: "555-010-2030".to_owned() }
}

pub(crate) fn agreement() -> NewAgreement {
    let contact = |name: &str| {
        let DirectoryBody { name, email, telephone } = entry(name);
        ContactBody { name, email, telephone }
    };
    NewAgreement {
        from: Day::new(2026, 1, 1).unwrap(),
        to: None,
        reporting_days: 10,
        notices_by: NoticesBy::Customer,
        offshore: false,
        deidentify: false,
        at_end: AtEnd::Return,
        contacts: [contact("Day Contact"), contact("Night Contact")],
    }
}

impl House {
    pub(crate) fn later(&self, millis: i64) {
        self.clock.advance_millis(millis);
    }

    /// A desk where nobody is signed in.
    pub(crate) fn stranger<A: Act>(&self) -> Desk<A> {
        Desk::at(self.custody.clone(), None)
    }

    /// The session behind a cookie, as each request finds it anew.
    pub(crate) async fn session(&self, secret: &str) -> Option<SignedIn> {
        self.custody.session_resolve(secret).await.unwrap()
    }

    /// A desk as the next request of somebody finds it.
    pub(crate) async fn desk<A: Act>(&self, who: &Someone) -> Desk<A> {
        Desk::at(self.custody.clone(), self.session(&who.secret).await)
    }

    /// Takes an invitation up with a new passkey; `spoken` from the invitation, or from whoever confirmed it.
    pub(crate) async fn enrol(&self, link: &str, spoken: &str) -> Result<Someone, crate::CustodyError> {
        let desk = self.stranger::<act::PersonEnrol>();
        let started = desk.enrol_start(link, spoken).await?;
        let (key, answer) = SoftKey::make(&started.challenge);
        let Enrolled { signed_in, recovery_codes, .. } =
            desk.enrol_finish(&started.ticket, &answer, "test key").await?;
        let SignedInNow { session_secret, person, .. } = signed_in;
        Ok(Someone { person, secret: session_secret, key, codes: recovery_codes })
    }

    pub(crate) async fn enrol_invited(&self, invited: &Invited) -> Someone {
        let (link, spoken) = (invited.link_secret.as_deref().unwrap(), invited.spoken.as_deref().unwrap());
        self.enrol(link, spoken).await.unwrap_or_else(|error| panic!("enrolling: {error:?}"))
    }

    /// Signs in anew; the session's secret.
    pub(crate) async fn sign_in(&self, key: &SoftKey, device: Device) -> Result<String, crate::CustodyError> {
        let desk = self.stranger::<act::SessionStart>();
        let started = desk.sign_in_start().await?;
        let answer = key.touch(&started.challenge);
        Ok(desk.sign_in_finish(&started.ceremony, &answer, device).await?.session_secret)
    }

    /// A fresh touch in somebody's session.
    pub(crate) async fn step_up(&self, who: &Someone) -> Result<(), crate::CustodyError> {
        let desk = self.desk::<act::SessionStepUp>(who).await;
        let started = desk.step_up_start().await?;
        let answer = who.key.touch(&started.challenge);
        desk.step_up_finish(&started.ceremony, &answer).await.map(|_| ())
    }

    /// Adds a second passkey, as officers must.
    pub(crate) async fn second_passkey(&self, who: &Someone) -> SoftKey {
        let desk = self.desk::<act::CredentialAdd>(who).await;
        let started = desk.add_start().await.unwrap();
        let (key, answer) = SoftKey::make(&started.challenge);
        desk.add_finish(&started.ticket, &answer, "spare key").await.unwrap();
        key
    }

    /// The first privacy officer and the security officer whom they invite, both with two passkeys.
    pub(crate) async fn two_officers(&self) -> (Someone, Someone) {
        let first = self.custody.first_officer("first@example.org", "First Officer").await.unwrap();
        let first = self.enrol_invited(&first).await;
        self.second_passkey(&first).await;
        let second = self.staff_invited(&first, Role::SecurityOfficer, "Second Officer").await;
        let second = self.enrol_invited(&second).await;
        self.second_passkey(&second).await;
        (first, second)
    }

    pub(crate) async fn staff_invited(&self, officer: &Someone, role: Role, name: &str) -> Invited {
        let desk = self.desk::<act::StaffInvite>(officer).await;
        desk.staff_invite(role, &entry(name), None).await.unwrap_or_else(|error| panic!("inviting: {error:?}"))
    }

    /// One of the operator's people in a role that one officer may give alone.
    pub(crate) async fn staff(&self, officer: &Someone, role: Role, name: &str) -> Someone {
        let invited = self.staff_invited(officer, role, name).await;
        self.enrol_invited(&invited).await
    }

    pub(crate) async fn customer(&self, officer: &Someone, name: &str) -> CustomerId {
        let desk = self.desk::<act::CustomerCreate>(officer).await;
        let id = desk.customer_create(name, "555-010-0000").await.unwrap();
        self.desk::<act::AgreementCreate>(officer).await.agreement_create(id, &agreement()).await.unwrap();
        id
    }

    /// A customer's first manager: one officer asks, the other confirms.
    pub(crate) async fn manager(&self, officers: (&Someone, &Someone), customer: CustomerId, name: &str) -> Someone {
        let desk = self.desk::<act::ManagerInvite>(officers.0).await;
        let invited = desk.manager_invite(customer, &entry(name)).await.unwrap();
        let desk = self.desk::<act::InvitationConfirm>(officers.1).await;
        let confirmed = desk.invitation_confirm(invited.invitation.unwrap()).await.unwrap();
        self.enrol(&invited.link_secret.unwrap(), &confirmed.spoken.unwrap())
            .await
            .unwrap_or_else(|error| panic!("enrolling a manager: {error:?}"))
    }

    pub(crate) async fn invited(&self, manager: &Someone, customer: CustomerId, role: Role, name: &str) -> Invited {
        let desk = self.desk::<act::PersonInvite>(manager).await;
        desk.person_invite(customer, role, &entry(name)).await.unwrap_or_else(|error| panic!("inviting: {error:?}"))
    }

    /// Somebody at a practice, invited by its manager.
    pub(crate) async fn member(&self, manager: &Someone, customer: CustomerId, role: Role, name: &str) -> Someone {
        let invited = self.invited(manager, customer, role, name).await;
        self.enrol_invited(&invited).await
    }
}

/// A passkey in software.
pub(crate) struct SoftKey {
    pair: EcdsaKeyPair,
    handle: Vec<u8>,
    owner: Vec<u8>,
    counter: AtomicU32,
}

/// What an authenticator says of a touch.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) verified: bool,
    pub(crate) origin: &'static str,
    /// Added to the counter before it answers; 0 answers with the old one, as a copy would.
    pub(crate) step: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self { verified: true, origin: ORIGIN, step: 1 }
    }
}

fn head(flags: u8, counter: u32) -> Vec<u8> {
    let mut data = Sha256::of(RP_ID.as_bytes()).as_bytes().to_vec();
    data.push(flags);
    data.extend(counter.to_be_bytes());
    data
}

fn flags(manner: Manner) -> u8 {
    // User present, user verified.
    0x01 | if manner.verified { 0x04 } else { 0 }
}

fn client_data(kind: &str, challenge: &Value, manner: Manner) -> Vec<u8> {
    let data = json!({"type": kind, "challenge": challenge, "origin": manner.origin, "crossOrigin": false});
    serde_json::to_vec(&data).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl SoftKey {
    /// Answers a challenge to make a passkey.
    pub(crate) fn make(challenge: &str) -> (Self, String) {
        Self::make_in(challenge, Manner::default())
    }

    pub(crate) fn make_in(challenge: &str, manner: Manner) -> (Self, String) {
        let asked: Value = serde_json::from_str(challenge).unwrap();
        let asked = &asked["publicKey"];
        assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        let owner = BASE64URL_NOPAD.decode(asked["user"]["id"].as_str().unwrap().as_bytes()).unwrap();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let mut handle = vec![0; 32];
        aws_lc_rs::rand::fill(&mut handle).unwrap();
        let mut data = head(flags(manner) | 0x40, 1);
        data.extend([0_u8; 16]);
        data.extend(32_u16.to_be_bytes());
        data.extend(&handle);
        // COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}.
        let point = pair.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": bytes}.
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        let client = client_data("webauthn.create", &asked["challenge"], manner);
        let answer = json!({
            "id": text(&handle), "rawId": text(&handle), "type": "public-key", "extensions": {},
            "response": {"attestationObject": text(&object), "clientDataJSON": text(&client)},
        });
        (Self { pair, handle, owner, counter: AtomicU32::new(1) }, answer.to_string())
    }

    /// Answers a challenge by a touch.
    pub(crate) fn touch(&self, challenge: &str) -> String {
        self.touch_in(challenge, Manner::default())
    }

    pub(crate) fn touch_in(&self, challenge: &str, manner: Manner) -> String {
        let asked: Value = serde_json::from_str(challenge).unwrap();
        let asked = &asked["publicKey"];
        assert_eq!(asked["userVerification"], "required");
        let counter = self.counter.fetch_add(manner.step, Ordering::Relaxed) + manner.step;
        let data = head(flags(manner), counter);
        let client = client_data("webauthn.get", &asked["challenge"], manner);
        let mut signed = data.clone();
        signed.extend(Sha256::of(&client).as_bytes());
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(&self.handle), "rawId": text(&self.handle), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": text(&data), "clientDataJSON": text(&client),
                "signature": text(signature.as_ref()), "userHandle": text(&self.owner),
            },
        })
        .to_string()
    }
}
