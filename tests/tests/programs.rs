//! Every route of the programs' part × nobody, garbage, a person's cookie, each right alone, all rights elsewhere, a token
//! that is over and a program that was stopped × own, foreign and absent things, over a real socket.
//!
//! The door's own table is what is walked: a route without a line in [`how`] fails.

#[path = "programs/fhir.rs"]
mod fhir;

use portal::door::ProgramRow;
use record::{Entry, Outcome, Principal, ProgramId, Right, act};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strongroom_tests::{Answer, Ask, House, Program, Visitor, bare, carrying};

/// What stands in paths and bodies, by name.
type Things = BTreeMap<&'static str, String>;

struct World {
    house: House,
    visitor: Visitor,
    own: Things,
    foreign: Things,
    absent: Things,
    program: Program,
    other: Program,
}

fn all() -> String {
    Right::ALL.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(" ")
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

impl World {
    async fn begin() -> Self {
        let house = House::start().await.expect("a house");
        let visitor = house.stranger();
        let mut programs = Vec::new();
        for one in house.custody.demo_programs().await.expect("programs of the demo") {
            programs.push(Program::new(one.id.to_string(), &one.private_jwk, &house.place.origin).expect("a key"));
        }
        let (program, other) = (programs.remove(0), programs.remove(0));
        let (own, foreign) = (things(&house, &visitor, &program).await, things(&house, &visitor, &other).await);
        assert_ne!(own["doc"], foreign["doc"]);
        let mut absent = own.clone();
        absent.insert("doc", format!("doc_{}", "0".repeat(26)));
        absent.insert("pat", format!("pat_{}", "0".repeat(26)));
        absent.insert("binary", format!("doc_{}.1", "0".repeat(26)));
        absent.insert("index", "99999999".to_owned());
        Self { house, visitor, own, foreign, absent, program, other }
    }

    async fn token(&self, program: &Program, scope: &str) -> String {
        program.token(&self.visitor, scope, self.house.now()).await.expect("a token")
    }

    async fn call(&self, row: &ProgramRow, things: &Things, token: &str) -> (Answer, Vec<Entry>) {
        let from = self.house.ledger_size();
        let answer = self.visitor.send(carrying(request(row, things), token)).await.expect("an answer");
        (answer, self.house.entries_since(from).await.expect("entries"))
    }
}

/// Something of each kind that the program may see.
async fn things(house: &House, visitor: &Visitor, program: &Program) -> Things {
    let token = program.token(visitor, &all(), house.now()).await.expect("a token");
    let get = async |path: &str| {
        let answer = visitor.send(carrying(Ask::get(path), &token)).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    };
    let page = get("/api/v1/documents?limit=500").await;
    let listed = body(&page);
    let mut with_text = listed["documents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["patient"].is_object() && one["kind"] == "transcript");
    let one = with_text.next_back().expect("a practice of the demo has a delivered transcript");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Things::from([
        ("doc", text(&one["id"])),
        ("pat", text(&one["patient"]["id"])),
        ("family", text(&one["patient"]["family"])),
        ("number", text(&one["patient"]["record_number"])),
        ("version", "1".to_owned()),
        ("binary", text(&one["id"]) + ".1"),
        ("index", page.header("strongroom-entry").expect("an entry").to_owned()),
    ])
}

/// How a route of FHIR is called: query and form.
fn how_fhir(row: &ProgramRow) -> (&'static str, &'static str) {
    match (row.method.as_str(), row.path) {
        ("GET", "/fhir/R4/DocumentReference") => ("?patient={pat}&_count=5", ""),
        ("POST", "/fhir/R4/DocumentReference/_search") => ("", "patient=Patient/{pat}"),
        ("GET", "/fhir/R4/Patient") => ("?_id={pat}", ""),
        ("POST", "/fhir/R4/Patient/_search") => ("", "family={family}&identifier={number}"),
        ("GET", "/fhir/R4/AuditEvent") => ("?entity=DocumentReference/{doc}", ""),
        ("POST", "/fhir/R4/AuditEvent/_search") => ("", "patient={pat}&action=R"),
        (
            "GET",
            "/fhir/R4/DocumentReference/{doc}"
            | "/fhir/R4/Patient/{pat}"
            | "/fhir/R4/Binary/{binary}"
            | "/fhir/R4/AuditEvent/{index}",
        ) => ("", ""),
        other => panic!("nobody has tried {other:?}; say in `how_fhir` how it is called"),
    }
}

fn request_fhir(row: &ProgramRow, things: &Things) -> Ask {
    // FHIR's ids have no underscore.
    let things: Things = things.iter().map(|(name, value)| (*name, value.replace('_', "-"))).collect();
    let (query, form) = how_fhir(row);
    let path = filled(row.path, &things) + &filled(query, &things);
    if row.method == "GET" {
        return Ask::get(&path);
    }
    Ask::post(&path, "application/x-www-form-urlencoded", filled(form, &things).into())
}

/// How a route is called: query and body. A route that is not here is a route that nobody has tried.
fn how(row: &ProgramRow) -> (&'static str, Option<Value>) {
    match (row.method.as_str(), row.path) {
        ("GET", "/api/v1/documents" | "/api/v1/deliveries") => ("?limit=5", None),
        ("GET", "/api/v1/documents/{doc}" | "/api/v1/documents/{doc}/content" | "/api/v1/documents/{doc}/text") => {
            ("", None)
        }
        (
            "GET",
            "/api/v1/documents/{doc}/versions/{version}/content" | "/api/v1/documents/{doc}/versions/{version}/text",
        ) => ("", None),
        ("POST", "/api/v1/documents") => ("?kind=letter", None),
        ("POST", "/api/v1/documents/{doc}/acknowledgement") => ("", Some(json!({}))),
        ("POST", "/api/v1/patients/search") => ("", Some(json!({"record_number": "{number}", "family": "{family}"}))),
        ("POST", "/api/v1/patients") => ("", Some(json!({"family": "Newcomer", "given": "Nora"}))),
        ("GET", "/api/v1/patients/{pat}") => ("", None),
        ("PUT", "/api/v1/patients/{pat}") => {
            ("", Some(json!({"revision": 1_000_000, "patient": {"family": "Changed", "given": "Name"}})))
        }
        ("GET", "/api/v1/agreements" | "/api/v1/people" | "/api/v1/ledger/entries/{index}") => ("", None),
        other => panic!("nobody has tried {other:?}; say in `how` how it is called"),
    }
}

fn filled(text: &str, things: &Things) -> String {
    things.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn request(row: &ProgramRow, things: &Things) -> Ask {
    if row.path.starts_with("/fhir/") {
        return request_fhir(row, things);
    }
    static KEY: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let (query, body) = how(row);
    let path = filled(row.path, things) + query;
    let mut ask = match body {
        Some(body) => Ask::post(&path, "application/json", filled(&body.to_string(), things).into()),
        None if row.method == "POST" => {
            let key = KEY.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
            Ask::post(&path, "application/octet-stream", format!("A letter of nobody, {key}.\n").into())
                .with("x-file-name", "letter.txt")
                .with("idempotency-key", &key)
        }
        None => Ask::get(&path),
    };
    ask.method = row.method.clone();
    ask
}

/// Does the path hold something that can be another's.
fn names_things(row: &ProgramRow) -> bool {
    ["{doc}", "{pat}", "{index}", "{binary}"].iter().any(|name| row.path.contains(name))
}

fn without_ids(answer: &Answer, things: &Things) -> (u16, Vec<(String, String)>, String) {
    let text = ["doc", "pat"].iter().fold(answer.text(), |text, name| {
        text.replace(&things[name], "…").replace(&things[name].replace('_', "-"), "…")
    });
    (answer.status, answer.headers.clone(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_does_what_its_rights_stand_for_at_its_own_customer_and_nothing_else() {
    let world = World::begin().await;
    let mine: ProgramId = world.program.client_id.parse().expect("an id");
    assert!(world.house.programs.len() >= 26);
    for row in world.house.programs.clone() {
        // A minute on, so that no refusal is only counted; a token lasts for five.
        world.house.clock.forward_secs(61);
        let elsewhere = world.token(&world.other, &all()).await;
        let right = Right::of(row.action).expect("a right stands for each route");
        for held in Right::ALL {
            let token = &world.token(&world.program, held.as_str()).await;
            let (own, entries) = world.call(&row, &world.own, token).await;
            assert!(row.statuses().contains(&own.status), "{row:?}: {} is not described", own.status);
            if *held == right {
                // A correction of a change that was never seen is refused as such, and not as a stranger's.
                let wanted = if row.method == "PUT" { 409..=409 } else { 200..=204 };
                assert!(wanted.contains(&own.status), "{row:?} with {held}: {} {}", own.status, own.text());
                let permitted = entries.iter().any(|entry| {
                    entry.principal == Principal::Program(mine)
                        && entry.action == row.action
                        && entry.outcome == Outcome::Permitted
                });
                assert!(permitted, "{row:?}: {entries:?}");
                assert!(own.status == 409 || own.header("strongroom-entry").is_some(), "{row:?} has no entry");
                if names_things(&row) {
                    let (foreign, _) = world.call(&row, &world.foreign, token).await;
                    let (absent, _) = world.call(&row, &world.absent, token).await;
                    assert_eq!(foreign.status, 404, "{row:?}");
                    assert_eq!(without_ids(&foreign, &world.foreign), without_ids(&absent, &world.absent), "{row:?}");
                }
            } else {
                let (absent, refused) = world.call(&row, &world.absent, token).await;
                assert_eq!(own.status, 404, "{row:?} with {held} alone: {}", own.text());
                assert_eq!(without_ids(&own, &world.own), without_ids(&absent, &world.absent), "{row:?} with {held}");
                assert!(refused.iter().all(|entry| entry.outcome != Outcome::Permitted), "{refused:?}");
                assert!(!own.text().contains(&world.own["family"]), "{row:?} with {held} shows a name");
            }
        }
        if names_things(&row) {
            let (answer, _) = world.call(&row, &world.own, &elsewhere).await;
            assert_eq!(answer.status, 404, "{row:?} by another practice's program");
        }
    }
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_live_token_is_told_one_thing_whatever_is_asked() {
    let world = World::begin().await;
    let over = world.token(&world.program, &all()).await;
    world.house.clock.forward_secs(300);
    let stopped = world.token(&world.other, &all()).await;
    let id: ProgramId = world.other.client_id.parse().expect("an id");
    let officer =
        world.house.people.iter().find(|one| one.role == record::Role::PrivacyOfficer).expect("an officer").id;
    let customer = world.house.store.program_fetch(id).await.expect("a row").expect("a program").customer;
    world.house.desk::<act::ProgramRevoke>(officer).program_revoke(customer, id).await.expect("an officer stops it");
    let person = world.house.sign_in(officer).await.expect("the officer signs in");
    let nowhere = world.visitor.send(bare(Ask::get("/api/v1/no-such-room"))).await.expect("an answer");
    let no_resource = world.visitor.send(bare(Ask::get("/fhir/R4/NoSuchResource"))).await.expect("an answer");
    assert_eq!(body(&no_resource)["issue"][0]["code"], "login");
    for nowhere in [&nowhere, &no_resource] {
        assert_eq!((nowhere.status, nowhere.header("www-authenticate")), (401, Some("Bearer")));
    }
    for row in world.house.programs.clone() {
        let ask = || request(&row, &world.own);
        for (how, ask) in [
            ("nothing", bare(ask())),
            ("garbage", carrying(ask(), &"A".repeat(43))),
            ("a token that is over", carrying(ask(), &over)),
            ("a stopped program's", carrying(ask(), &stopped)),
            ("another scheme", bare(ask()).with("authorization", "Basic YTpi")),
            ("a session's secret", carrying(ask(), person.secret.as_deref().expect("a session"))),
        ] {
            let answer = world.visitor.send(ask).await.expect("an answer");
            let wanted = if row.path.starts_with("/fhir/") { &no_resource } else { &nowhere };
            assert_eq!(&answer, wanted, "{row:?} with {how}");
        }
        // A person's session is nothing here, so that no page of any site can use it.
        let answer = person.send(ask().with("origin", &world.house.place.origin)).await.expect("an answer");
        assert_eq!(answer.status, 401, "{row:?} with a cookie");
    }
    // And a token is nothing where people go.
    let fresh = world.token(&world.program, &all()).await;
    for row in world.house.table.iter().filter(|row| row.method == "GET" && !row.path.contains('{')) {
        let answer = world.visitor.send(carrying(Ask::get(row.path), &fresh)).await.expect("an answer");
        assert_eq!(answer.status, 401, "{} with a token", row.path);
    }
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_tags_ranges_and_keys_do_what_they_say() {
    let world = World::begin().await;
    // What came just now is said to come again; that is tried in custody's own tests.
    world.house.clock.forward_secs(11);
    let (token, other) = (world.token(&world.program, &all()).await, world.token(&world.other, &all()).await);
    let get = async |path: &str, token: &str, headers: &[(&str, &str)]| {
        let ask = headers.iter().fold(carrying(Ask::get(path), token), |ask, (name, value)| ask.with(name, value));
        world.visitor.send(ask).await.expect("an answer")
    };
    // Page by page, everything once and in order; then from the last place on, nothing is left out.
    let whole = body(&get("/api/v1/documents?limit=500", &token, &[]).await);
    let (mut seen, mut since) = (Vec::new(), String::new());
    loop {
        let page = body(&get(&format!("/api/v1/documents?limit=3{since}"), &token, &[]).await);
        seen.extend(page["documents"].as_array().expect("a list").clone());
        since = format!("&since={}", page["next"].as_str().expect("a place"));
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(Value::Array(seen), whole["documents"]);
    let foreign = get(&format!("/api/v1/documents?limit=3{since}"), &other, &[]).await;
    assert_eq!(foreign.status, 422, "a place is worth nothing to another program");
    for wrong in ["limit=0", "limit=501", "since=AAAA", &format!("since={}", "A".repeat(75))] {
        assert_eq!(get(&format!("/api/v1/documents?{wrong}"), &token, &[]).await.status, 422, "{wrong}");
    }
    for wrong in ["limit=x", "limit=-1", "other=1"] {
        assert_eq!(get(&format!("/api/v1/documents?{wrong}"), &token, &[]).await.status, 400, "{wrong}");
    }
    // The bytes of a version have a name.
    let path = filled("/api/v1/documents/{doc}/content", &world.own);
    let all_of_it = get(&path, &token, &[]).await;
    let tag = all_of_it.header("etag").expect("a tag").to_owned();
    let part = get(&path, &token, &[("range", "bytes=2-5")]).await;
    assert_eq!((part.status, &part.body[..]), (206, &all_of_it.body[2..6]));
    let same = get(&path, &token, &[("if-none-match", &format!("\"x\", {tag}"))]).await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(tag.as_str())));
    assert!(same.header("strongroom-entry").is_some());
    assert_eq!(get(&path, &token, &[("range", "bytes=99999999-")]).await.status, 416);
    // What is asked once is done once.
    let bring = async |key: &str, text: &str| {
        let ask = Ask::post("/api/v1/documents?kind=letter", "application/octet-stream", text.to_owned().into());
        let ask = carrying(ask, &token).with("x-file-name", "letter%20one.txt").with("idempotency-key", key);
        world.visitor.send(ask).await.expect("an answer")
    };
    let first = bring("one", "A letter about nobody.\n").await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = bring("one", "A letter about nobody.\n").await;
    assert_eq!((again.status, body(&again)), (201, body(&first)));
    assert_eq!(bring("one", "Another letter.\n").await.status, 422);
    assert_ne!(body(&bring("two", "A letter about nobody.\n").await)["id"], body(&first)["id"]);
    assert_eq!(bring("", "A letter.\n").await.status, 422);
    // What it brought it can look at until somebody takes it on.
    let id = body(&first)["id"].as_str().expect("an id").to_owned();
    assert_eq!(get(&format!("/api/v1/documents/{id}/text"), &token, &[]).await.text(), "A letter about nobody.\n");
    assert_eq!(get(&format!("/api/v1/documents/{id}"), &other, &[]).await.status, 404);
    // Acknowledged is out of the deliveries.
    let waiting = body(&get("/api/v1/deliveries?limit=500", &token, &[]).await);
    let waits = waiting["documents"][0]["id"].as_str().expect("something waits").to_owned();
    let ask = Ask::post(&format!("/api/v1/documents/{waits}/acknowledgement"), "application/json", "".into());
    assert_eq!(world.visitor.send(carrying(ask, &token)).await.expect("an answer").status, 204);
    let still = body(&get("/api/v1/deliveries?limit=500", &token, &[]).await);
    assert!(!still["documents"].to_string().contains(&waits));
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_described_is_what_there_is() {
    let world = World::begin().await;
    let described = body(&world.visitor.send(bare(Ask::get("/api/v1/openapi.json"))).await.expect("an answer"));
    assert_eq!(described["openapi"], "3.1.0");
    let mut many = 0;
    for row in &world.house.programs {
        let operation = &described["paths"][row.path][row.method.as_str().to_ascii_lowercase()];
        assert!(operation["summary"].is_string(), "{row:?} is not described");
        for status in row.statuses() {
            assert!(operation["responses"][status.to_string()].is_object(), "{row:?}: {status}");
        }
        many += 1;
    }
    let paths = described["paths"].as_object().expect("paths");
    assert_eq!(paths.values().map(|path| path.as_object().expect("a path").len()).sum::<usize>(), many);
    let smart = body(&world.visitor.send(bare(Ask::get("/.well-known/smart-configuration"))).await.expect("an answer"));
    assert_eq!(smart["token_endpoint"], world.program.token_url);
    assert_eq!(smart["scopes_supported"].as_array().map(Vec::len), Some(Right::ALL.len()));
    world.house.stop().await;
}
