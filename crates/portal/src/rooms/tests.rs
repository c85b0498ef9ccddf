//! The rooms over a demo house, asked in process through the whole door: who sees which page, what forms say back,
//! what a lock and a missing touch do.

use super::{Handles, all};
use crate::door::gate::{Gate, GateStart};
use crate::door::probe::ProbeReport;
use crate::door::{Door, Faces, Locked, PublicUrl, Setting, Setup};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use custody::{Custody, DemoPerson, OpenHouse, RootKey, Settings};
use record::{ManualClock, SeededEntropy};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tower::ServiceExt as _;

const ORIGIN: &str = "http://localhost:8080";
/// 2026-11-21T15:00:00Z.
const BEGIN_MILLIS: i64 = 1_795_273_200_000;

struct House {
    door: Door,
    handles: Handles,
    clock: Arc<ManualClock>,
    people: Vec<DemoPerson>,
    custody: Custody,
    dir: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// Somebody's browser.
#[derive(Clone)]
struct Browser {
    cookie: String,
    csrf: String,
}

struct Got {
    status: StatusCode,
    to: String,
    body: String,
    cookie: Option<String>,
}

async fn house() -> House {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("strongroom-rooms-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let dir = std::env::temp_dir().join(name);
    let clock = Arc::new(ManualClock::at_unix_millis(BEGIN_MILLIS));
    let entropy = Arc::new(SeededEntropy::new(11));
    let mut settings = Settings::new("Prairie Transcription", ORIGIN.parse().unwrap());
    settings.demo = true;
    settings.telephone = "+1 555 010 0100".to_owned();
    settings.security_contact = Some("mailto:security@prairie.example".to_owned());
    let store = custody::trial_store(&dir).await;
    let root = RootKey::generate(entropy.as_ref());
    Custody::begin(&store, &settings, &root, clock.as_ref(), entropy.as_ref()).await.unwrap();
    let custody = Custody::open(OpenHouse { store, settings, root, clock: clock.clone(), entropy }).await.unwrap();
    let people = custody.demo_fill(7, &[]).await.unwrap();
    let gate = Gate::new(GateStart::Fresh);
    gate.record(&ProbeReport::default());
    let mut setting = Setting::new(PublicUrl::parse(ORIGIN).unwrap(), gate.clone(), clock.clone());
    setting.faces = Faces::of_pages("Prairie Transcription", "+1 555 010 0100");
    let handles = Handles::new(gate, true);
    setting.counts = handles.counts.clone();
    let door = all(Locked::new(Setup::Demo), &handles).into_service(custody.clone(), setting).unwrap();
    House { door, handles, clock, people, custody, dir }
}

impl House {
    async fn send(&self, method: Method, path: &str, cookie: &str, form: Option<&str>) -> Got {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "localhost:8080").header("accept", "text/html");
        if !cookie.is_empty() {
            request = request.header("cookie", format!("__Host-strongroom={cookie}"));
        }
        if form.is_some() {
            let kind = if form.is_some_and(|text| text.starts_with('{')) {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            request = request.header("origin", ORIGIN).header("content-type", kind);
        }
        let body = Body::from(form.unwrap_or_default().to_owned());
        let response = self.door.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        Got {
            status: parts.status,
            to: text(header::LOCATION).unwrap_or_default(),
            cookie: text(header::SET_COOKIE),
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, who: &Browser, path: &str) -> Got {
        self.send(Method::GET, path, &who.cookie, None).await
    }

    async fn post(&self, who: &Browser, path: &str, fields: &str) -> Got {
        let form = format!("csrf={}&{fields}", who.csrf);
        self.send(Method::POST, path, &who.cookie, Some(&form)).await
    }

    fn person(&self, name: &str) -> &DemoPerson {
        self.people.iter().find(|one| one.email.starts_with(name)).unwrap()
    }

    /// Signs in by the demo's one-time link.
    async fn sign_in(&self, name: &str) -> Browser {
        let secret = self.handles.demo().unwrap().link(self.person(name).id, &record::SystemEntropy);
        let got = self.send(Method::GET, &format!("/demo/sign-in/{secret}"), "", None).await;
        assert_eq!((got.status, got.to.as_str()), (StatusCode::SEE_OTHER, "/"), "{name}");
        let cookie = got.cookie.unwrap();
        let cookie = cookie.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
        let signed_in = self.custody.session_resolve(&cookie).await.unwrap().unwrap();
        Browser { cookie, csrf: signed_in.csrf }
    }
}

fn has_customer(people: &[DemoPerson]) -> String {
    people.iter().find_map(|one| one.customer.clone()).unwrap()
}

/// The part of a page between two texts.
fn between<'b>(body: &'b str, before: &str, after: &str) -> &'b str {
    let start = body.find(before).unwrap_or_else(|| panic!("no {before}")) + before.len();
    let length = body[start..].find(after).unwrap();
    &body[start..start + length]
}

#[tokio::test]
async fn each_page_is_for_those_whose_office_it_is_and_for_nobody_else() {
    let house = house().await;
    let mut browsers = Vec::new();
    for name in ["ruth", "sam", "alma", "theo", "tess", "ana", "frida", "mara"] {
        browsers.push((name, house.sign_in(name).await));
    }
    // An entry that is nobody's own but an officer's.
    let seen = house.get(&browsers[0].1, "/staff").await;
    let entry = format!("/ledger/entries/{}", between(&seen.body, "href=\"/ledger/entries/", "\""));
    let proof = format!("{entry}/proof");
    let pages: &[(&str, &[&str])] = &[
        ("/people", &["mara"]),
        ("/people/invite", &["mara"]),
        ("/staff", &["ruth", "sam", "alma"]),
        ("/staff/invite", &["ruth"]),
        ("/customers/new", &["ruth"]),
        ("/ledger", &["ruth", "sam", "theo"]),
        ("/ledger/checkpoints", &["ruth", "sam", "theo"]),
        (&entry, &["ruth", "sam", "theo"]),
        (&proof, &["ruth", "sam", "theo"]),
        ("/alerts", &["ruth", "sam", "theo"]),
        ("/gate", &["ruth", "sam", "theo"]),
        ("/health", &["sam", "alma"]),
        ("/me/passkeys", &["ruth", "sam", "alma", "theo", "tess", "ana", "frida", "mara"]),
        ("/step-up", &["ruth", "sam", "alma", "theo", "tess", "ana", "frida", "mara"]),
    ];
    for (path, allowed) in pages {
        for (name, browser) in &browsers {
            let got = house.get(browser, path).await;
            let wanted = if allowed.contains(name) { StatusCode::OK } else { StatusCode::NOT_FOUND };
            assert_eq!(got.status, wanted, "{path} as {name}");
            if got.status == StatusCode::NOT_FOUND {
                assert!(!got.body.contains(&has_customer(&house.people)), "{path} as {name}");
            }
        }
        let got = house.send(Method::GET, path, "", None).await;
        let way_in = got.to.starts_with("/sign-in?next=%2F") && got.body.is_empty();
        assert!(got.status == StatusCode::SEE_OTHER && way_in, "{path} as nobody");
    }
    let ruth = &browsers[0].1;
    let list = house.get(ruth, "/customers").await;
    let customer = between(&list.body, "href=\"/customers/cus_", "\"");
    let page = house.get(ruth, &format!("/customers/cus_{customer}")).await;
    assert!(page.status == StatusCode::OK && page.body.contains("in force"));
    let other = house.get(&browsers[4].1, "/customers/cus_00000000000000000000000000").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_invitation_is_made_shown_once_and_led_to_a_passkey() {
    let house = house().await;
    let mara = house.sign_in("mara").await;
    let form = house.get(&mara, "/people/invite").await;
    let action = between(&form.body, "<form method=\"post\" action=\"/people/invite", "\"").to_owned();
    let action = format!("/people/invite{action}");
    let wrong = house.post(&mara, &action, "name=Pilar+Sandoval&email=pilar&phone=1&role=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("value=\"Pilar Sandoval\"") && wrong.body.contains("Choose a role"));
    let fields = "name=Pilar+Sandoval&email=pilar%40example.org&phone=555-010-2211&role=clinician";
    let wrong = house.post(&mara, &action, &fields.replace("%40", "-")).await;
    assert!(wrong.body.contains("Write an e-mail address") && wrong.status == StatusCode::UNPROCESSABLE_ENTITY);
    let made = house.post(&mara, &action, fields).await;
    assert_eq!(made.status, StatusCode::OK);
    let secret = between(&made.body, "http://localhost:8080/invitation/", "<").to_owned();
    let words = between(&made.body, "<p class=\"secret words\"><b>", "<").to_owned();
    let list = house.get(&mara, "/people").await;
    assert!(list.body.contains("Pilar Sandoval") && !list.body.contains(&words) && !list.body.contains(&secret));

    let landing = house.send(Method::GET, &format!("/invitation/{secret}"), "", None).await;
    assert!(landing.body.contains("You have been invited") && !landing.body.contains("Pilar"));
    let none = house.send(Method::GET, "/invitation/nothing", "", None).await;
    assert!(none.body.contains("This invitation is over"));
    let guess = house.send(Method::POST, "/invitation/use", "", Some(&format!("token={secret}&words=AAAA-BBBB"))).await;
    assert_eq!((guess.status, guess.body.contains("Pilar")), (StatusCode::UNPROCESSABLE_ENTITY, false));
    let right = house.send(Method::POST, "/invitation/use", "", Some(&format!("token={secret}&words={words}"))).await;
    assert!(
        right.status == StatusCode::OK && right.body.contains("Pilar Sandoval") && right.body.contains("Clinician at")
    );
    let start = format!("{{\"token\":\"{secret}\",\"words\":\"{words}\",\"label\":\"phone\"}}");
    let start = house.send(Method::POST, "/sign-in/enrol/start", "", Some(&start)).await;
    assert!(start.body.contains("\"publicKey\"") && start.body.contains("\"ceremony\""), "{}", start.body);
    let finish = "{\"ceremony\":\"x\",\"credential\":{}}";
    assert_eq!(house.send(Method::POST, "/sign-in/enrol/finish", "", Some(finish)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.send(Method::POST, "/sign-in/enrol/else", "", Some(finish)).await.status, StatusCode::NOT_FOUND);
    // Somebody who is signed in and for whom it is not: no word of whom it is for.
    let ana = house.sign_in("ana").await;
    let other = house.post(&ana, "/invitation/use", &format!("token={secret}&words={words}")).await;
    assert!(other.status == StatusCode::UNPROCESSABLE_ENTITY && !other.body.contains("Pilar"));

    let membership = between(&list.body[list.body.find("Invitations that are out").unwrap()..], "/people/mem_", "\"");
    let back = house.post(&mara, &format!("/people/mem_{membership}").replace("&#38;", "&"), "").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let gone = house.send(Method::POST, "/invitation/use", "", Some(&format!("token={secret}&words={words}"))).await;
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY, "an invitation that was taken back leads nowhere");
}

#[tokio::test]
async fn a_lock_a_lost_touch_and_leaving_do_what_they_say() {
    let house = house().await;
    let ruth = house.sign_in("ruth").await;
    house.clock.advance_millis(6 * 60_000);
    let fields = "name=Nora+West&email=nora%40example.org&phone=555-010-2211&role=coordinator";
    let touch = house.post(&ruth, "/staff/invite", fields).await;
    assert_eq!((touch.status, touch.to.as_str()), (StatusCode::SEE_OTHER, "/step-up?next=%2Fstaff%2Finvite"));
    let page = house.get(&ruth, &touch.to).await;
    assert!(page.body.contains("data-passkey=\"step-up\"") && page.body.contains("value=\"/staff/invite\""));
    let export = house.post(&ruth, "/ledger/export", "").await;
    assert_eq!((export.status, export.to.as_str()), (StatusCode::SEE_OTHER, "/step-up?next=%2Fledger"));
    assert_eq!(house.post(&ruth, "/alive", "").await.status, StatusCode::OK);

    let locked = house.post(&ruth, "/lock", "").await;
    assert_eq!((locked.status, locked.to.as_str()), (StatusCode::SEE_OTHER, "/locked"));
    for path in ["/", "/help", "/staff", "/ledger", "/me/passkeys", "/step-up"] {
        let got = house.get(&ruth, path).await;
        assert!(got.status == StatusCode::SEE_OTHER && got.to.starts_with("/locked?next="), "{path}");
    }
    assert_eq!(house.post(&ruth, "/alive", "").await.status, StatusCode::UNAUTHORIZED);
    let page = house.get(&ruth, "/locked?next=%2Fstaff").await;
    assert!(
        page.body.contains("Ruth Okafor")
            && page.body.contains("value=\"/staff\"")
            && !page.body.contains("Ledger</a>")
    );

    let out = house.post(&ruth, "/sign-out", "").await;
    assert_eq!((out.status, out.to.as_str()), (StatusCode::SEE_OTHER, "/sign-in?out=1"));
    assert!(out.cookie.unwrap().contains("Max-Age=0"));
    assert_eq!(house.get(&ruth, "/staff").await.to, "/sign-in?next=%2Fstaff");
    let page = house.send(Method::GET, &out.to, "", None).await;
    assert!(page.body.contains("You are signed out") && page.body.contains("action=\"/invitation/recover\""));
    let [one, two] = [
        house
            .send(Method::POST, "/invitation/recover", "", Some("email=ruth.okafor%40nowhere.example&code=AAAA"))
            .await,
        house.send(Method::POST, "/invitation/recover", "", Some("email=&code=")).await,
    ];
    let without_link = |got: &Got| got.body.replace(between(&got.body, "/invitation/", "<"), "");
    assert_eq!((one.status, without_link(&one)), (two.status, without_link(&two)));

    let secret = house.handles.demo().unwrap().link(house.person("ruth").id, &record::SystemEntropy);
    let link = format!("/demo/sign-in/{secret}");
    assert_eq!(house.send(Method::HEAD, &link, "", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.send(Method::GET, &link, "", None).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.send(Method::GET, &link, "", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_ledger_shows_everybody_their_own_proof_and_strangers_only_its_outside() {
    let house = house().await;
    let (ruth, ana, ben) = (house.sign_in("ruth").await, house.sign_in("ana").await, house.sign_in("ben").await);
    let inbox = house.get(&ana, "/inbox").await;
    let entry = format!("/ledger/entries/{}", between(&inbox.body, "href=\"/ledger/entries/", "\""));
    let own = house.get(&ana, &entry).await;
    assert!(own.status == StatusCode::OK && own.body.contains("Verified just now"), "{}", own.body);
    assert!(house.get(&ana, &format!("{entry}/proof")).await.body.contains("/strongroom\n"));
    for path in [entry.clone(), format!("{entry}/proof"), "/ledger/entries/99999999".to_owned()] {
        assert_eq!(house.get(&ben, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.get(&ruth, &entry).await.status, StatusCode::OK);
    let found = house.get(&ruth, "/ledger?action=session.start&outcome=permitted").await;
    assert!(found.body.contains("session.start</code>") && !found.body.contains("document.upload</code>"));
    let number = house.get(&ruth, "/ledger?about=12").await;
    assert_eq!((number.status, number.to.as_str()), (StatusCode::SEE_OTHER, "/ledger/entries/12"));
    let export = house.post(&ruth, "/ledger/export", "").await;
    assert!(export.status == StatusCode::OK && export.body.len() > 10_000);

    let checkpoint = house.send(Method::GET, "/ledger/checkpoint", "", None).await;
    assert!(checkpoint.status == StatusCode::OK && checkpoint.body.starts_with("localhost/strongroom\n"));
    let size: u64 = checkpoint.body.lines().nth(1).unwrap().parse().unwrap();
    let tile = if size >= 256 { "/ledger/tile/0/000".to_owned() } else { format!("/ledger/tile/0/000.p/{size}") };
    assert_eq!(house.send(Method::GET, &tile, "", None).await.status, StatusCode::OK);
    let nowhere = house.send(Method::GET, "/nowhere", "", None).await;
    for path in
        ["/ledger/tile/entries/000", "/ledger/entries/0", "/ledger/tile/9/999", "/ledger/else", "/ledger/export"]
    {
        let got = house.send(Method::GET, path, "", None).await;
        assert_eq!((got.status, &got.body), (nowhere.status, &nowhere.body), "{path}");
        assert!(got.to.starts_with("/sign-in?next=%2Fledger"), "{path}");
        let got = house.get(&ben, path).await;
        assert!(matches!(got.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED), "{path} {}", got.status);
    }
}

#[tokio::test]
async fn alerts_are_closed_with_a_word_and_the_gate_is_opened_by_an_officer_after_a_pass() {
    use crate::door::gate::RouteKey;
    use crate::door::probe::{Finding, Reach, What};
    let house = house().await;
    let (ruth, theo) = (house.sign_in("ruth").await, house.sign_in("theo").await);
    house.custody.alert("witness_failed", "The witness did not answer.").await;
    let list = house.get(&ruth, "/alerts").await;
    let at = list.body.find("The witness did not answer.").unwrap();
    let close = format!("/alerts/alr_{}", between(&list.body[at..], "action=\"/alerts/alr_", "\""));
    let id = between(&close, "/alerts/", "/close").to_owned();
    let wrong = house.post(&ruth, &close, &format!("word-{id}=")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("Say in at most 500"));
    assert_eq!(house.post(&theo, &close, &format!("word-{id}=no")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.post(&ruth, &close, &format!("word-{id}=cable")).await.to, "/alerts?done=closed");
    let closed = house.get(&ruth, "/alerts?view=closed").await;
    assert!(closed.body.contains("Closed by Ruth Okafor") && closed.body.contains("cable"));

    assert_eq!(house.post(&ruth, "/gate/reopen", "").await.status, StatusCode::CONFLICT, "nothing is shut");
    let gate = house.handles.gate.clone();
    let finding = |reach| Finding {
        route: RouteKey::new(&Method::GET, "/ledger"),
        reach,
        how: "no cookie",
        what: What::Opened(StatusCode::OK),
    };
    gate.record(&ProbeReport { requests: 1, findings: vec![finding(Reach::Whole)], errors: Vec::new() });
    assert_eq!(house.get(&ruth, "/gate").await.status, StatusCode::SERVICE_UNAVAILABLE);
    house.custody.probe_keep(true, "every door was shut").await.unwrap();
    gate.record(&ProbeReport::default());
    let page = house.get(&ruth, "/gate").await;
    assert!(page.body.contains("The whole portal is shut") && page.body.contains("/gate/reopen"), "{}", page.body);
    assert_eq!(house.post(&theo, "/gate/reopen", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(&ruth, "/staff").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.post(&ruth, "/gate/reopen", "").await.to, "/gate?done=reopened");
    assert_eq!(house.get(&ruth, "/staff").await.status, StatusCode::OK);
}

#[tokio::test]
async fn customers_agreements_and_assignments_are_kept_by_their_forms() {
    let house = house().await;
    let (ruth, peter) = (house.sign_in("ruth").await, house.sign_in("peter").await);
    let wrong = house.post(&ruth, "/customers/new", "name=&phone=12").await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("value=\"12\""));
    let made = house.post(&ruth, "/customers/new", "name=Stony+Creek&phone=555-010-0000").await;
    assert!(made.to.starts_with("/customers/cus_"), "{} {}", made.status, made.body);
    let path = made.to.trim_end_matches("?done=saved").to_owned();
    assert!(house.get(&ruth, &path).await.body.contains("There is no agreement yet"));
    let agreement = "from_month=1&from_day=1&from_year=2026&reporting_days=20&notices=customer&offshore=no&deidentify=no\
        &at_end=return&contact1_name=Day&contact1_email=day%40example.org&contact1_phone=555-010-0001\
        &contact2_name=Night&contact2_email=night%40example.org&contact2_phone=555-010-0002";
    let form = format!("{path}/agreements/new");
    let wrong = house.post(&ruth, &form, &agreement.replace("reporting_days=20", "reporting_days=90")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("At most 60 days"));
    assert!(wrong.body.contains("value=\"90\"") && wrong.body.contains("value=\"Night\""));
    assert_eq!(house.post(&ruth, &form, agreement).await.to, format!("{path}?done=saved"));
    let page = house.get(&ruth, &path).await;
    assert!(page.body.contains("in force") && page.body.contains("555-010-0002"));

    let person = "name=Mina+Boss&email=mina%40example.org&phone=555-010-0009";
    let invited = house.post(&ruth, &format!("{path}/manager"), person).await;
    assert!(invited.body.contains("A second officer confirms") && !invited.body.contains("class=\"secret words\""));
    assert!(invited.body.contains("day@example.org"), "the contacts are to be told");
    let page = house.get(&peter, &path).await;
    let confirm = format!("/invitations/inv_{}", between(&page.body, "action=\"/invitations/inv_", "\""));
    assert!(!house.get(&ruth, &path).await.body.contains(&confirm), "nobody confirms their own");
    let sam = house.sign_in("sam").await;
    let waits = house.get(&sam, "/staff").await;
    assert!(waits.body.contains(&confirm) && waits.body.contains("Practice manager at Stony Creek"));
    assert!(!house.get(&sam, "/customers").await.body.contains("href=\"/customers/cus_"), "no link into a refusal");
    assert!(!house.get(&ruth, "/staff").await.body.contains(&confirm));
    let own = house.post(&ruth, &confirm, "").await;
    assert_ne!(own.status, StatusCode::OK);
    let confirmed = house.post(&peter, &confirm, "").await;
    assert!(confirmed.status == StatusCode::OK && confirmed.body.contains("class=\"secret words\""));

    let tess = house.person("tess").id;
    let customer = path.trim_start_matches("/customers/");
    let staff = format!("/staff/{tess}");
    assert!(house.get(&ruth, &staff).await.body.contains(&format!("{customer}/assignments/{tess}\"")));
    let grant = house.post(&ruth, &format!("{path}/assignments/{tess}"), "").await;
    assert_eq!(grant.to, format!("{staff}?done=assigned"));
    assert!(house.get(&ruth, &path).await.body.contains("Tess Bauer"));
    let end = house.post(&ruth, &format!("{path}/assignments/{tess}/end"), "").await;
    assert_eq!(end.to, format!("{staff}?done=ended"));
    let kept = house.get(&ruth, &format!("{path}/checkpoint")).await;
    assert!(kept.status == StatusCode::OK && kept.body.contains("localhost/strongroom"));
}

#[tokio::test]
async fn metrics_are_told_to_this_machine_alone_and_name_nobody() {
    let house = house().await;
    let ruth = house.sign_in("ruth").await;
    house.custody.alert("test", "This alert is a test").await;
    drop(house.get(&ruth, "/customers").await);
    let outside = house.send(Method::GET, "/metrics", "", None).await;
    let nowhere = house.send(Method::GET, "/nowhere", "", None).await;
    assert_eq!((outside.status, &outside.body), (nowhere.status, &nowhere.body), "as if it were not there");
    assert_eq!(house.get(&ruth, "/metrics").await.status, StatusCode::NOT_FOUND, "nor to an officer from outside");
    let request = Request::builder().uri("/metrics").header("host", "localhost:8080");
    let request = request.extension(crate::door::service::Nearby(())).body(Body::empty()).unwrap();
    let response = house.door.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let text = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    for wanted in [
        "strongroom_gate_open 1\n",
        "strongroom_alerts_open{kind=\"test\"} 1\n",
        "strongroom_ledger_queue 0\n",
        "strongroom_requests_total{method=\"GET\",route=\"/customers\",status=\"2xx\"} 1\n",
        "strongroom_requests_total{method=\"\",route=\"none\",status=\"3xx\"} 1\n",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }
    for never in ["cus_", "per_", "doc_", "Lakeside", "Ruth", "nowhere", "This alert"] {
        assert!(!text.contains(never), "{never}");
    }
    let names = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(['{', ' ']).next().unwrap());
    for name in names {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let types = [format!("# TYPE {name} "), format!("# TYPE {family} histogram")];
        assert!(types.iter().any(|one| text.contains(one)), "{name} has no type");
    }
}

/// The series that a machine which watches would keep.
async fn series(house: &House) -> std::collections::BTreeSet<String> {
    let request = Request::builder().uri("/metrics").header("host", "localhost:8080");
    let request = request.extension(crate::door::service::Nearby(())).body(Body::empty()).unwrap();
    let response = house.door.clone().oneshot(request).await.unwrap();
    let text = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn whatever_strangers_and_people_ask_for_makes_no_more_series() {
    let house = house().await;
    let ruth = house.sign_in("ruth").await;
    let ask = async |round: u32| {
        for who in [None, Some(&ruth)] {
            for path in [
                format!("/nowhere/{round}"),
                format!("/documents/doc_{round:026}"),
                format!("/documents/doc_{round:026}?q=%22%7D%0A{round}"),
                format!("/patients/{round}%0Aevil_total%201"),
                format!("/customers/cus_{round:026}/checkpoint"),
            ] {
                for method in [Method::GET, Method::DELETE, Method::from_bytes(format!("M{round}").as_bytes()).unwrap()]
                {
                    let cookie = who.map_or("", |one: &Browser| one.cookie.as_str());
                    drop(house.send(method, &path, cookie, None).await);
                }
            }
        }
    };
    ask(0).await;
    let before = series(&house).await;
    for round in 1..20 {
        ask(round).await;
    }
    let after = series(&house).await;
    let new: Vec<_> = after.difference(&before).collect();
    // The first scrape is a request itself.
    assert!(new.iter().all(|one| one.contains("route=\"/metrics\"")), "{new:?}");
    assert!(after.len() < 1000, "{}", after.len());
    assert!(after.iter().all(|one| !one.contains("evil") && !one.contains('%')));
}

#[tokio::test]
async fn whom_to_tell_of_a_hole_is_told_to_everybody() {
    let house = house().await;
    let got = house.send(Method::GET, "/.well-known/security.txt", "", None).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.body.starts_with("Contact: mailto:security@prairie.example\nExpires: 20"), "{}", got.body);
}
