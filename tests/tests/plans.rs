//! How PostgreSQL goes about every text that the house sends it while every page and every route of the programs' part is asked
//! for, in a house of some size: the plan that it chose by itself for what it really ran, as the role of the nodes, behind
//! row-level security. No table that grows is read from end to end. Runs where `STRONGROOM_TEST_POSTGRES` names a server's socket
//! folder whose log lies in it (bin/test starts one).

#[path = "routes/call.rs"]
#[expect(dead_code, reason = "the tests of routes compare answers; here only questions count")]
mod call;
#[path = "routes/rows.rs"]
mod rows;
#[path = "routes/world.rs"]
#[expect(dead_code, reason = "as above")]
mod world;

use call::{Manner, say};
use rows::{OWN, rows_here};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::trial::{crowd, watching};
use strongroom_tests::grown::Grown;
use strongroom_tests::{Ask, Program, bare, carrying};
use world::World;

/// Tables that stay short, each with its reason.
const SEQ_SCANNED: &str = include_str!("../seq_scanned.txt");
/// A table of fewer rows says nothing about how it would be read if it were long.
const ROWS_MIN: i64 = 2000;

fn listed() -> BTreeSet<&'static str> {
    let lines = SEQ_SCANNED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once("  ").expect("two spaces before the reason").0).collect()
}

/// Every locked page and form, by everybody who may.
async fn pages(world: &World) {
    for row in rows_here() {
        world.house.clock.forward_secs(61);
        for name in row.by.clone() {
            let visitor = world.visitor(name).await;
            let made = world.make(0, row.thing).await;
            let tried = call::call(world, (name, &visitor), &row, &made, Manner::Plain).await;
            let status = tried.answer.status;
            assert!(
                tried.answer.is_given() || row.conflict && status == 409,
                "{name} {}: {}",
                row.title(),
                tried.short()
            );
        }
    }
    // And those that concern nobody but who is signed in.
    for name in ["ana.reyes", "ben.cho", "mara.quist", "tess.bauer", "ruth.okafor", "sam.idris"] {
        let visitor = world.visitor(name).await;
        for (_, path) in OWN.iter().filter(|(method, path)| *method == "GET" && !path.contains('{')) {
            let answer = visitor.get(path).await.expect("an answer");
            assert!(answer.status < 500, "{name} {path}: {}", answer.text());
        }
    }
}

/// Lists of which the first page is not the last, by those for whom they are put together in different ways.
async fn further_pages(world: &World) {
    for name in
        ["ana.reyes", "ben.cho", "frida.holm", "mara.quist", "tess.bauer", "quinn.ferrara", "ruth.okafor", "theo.marsh"]
    {
        let visitor = world.visitor(name).await;
        for path in [
            "/inbox?view=all",
            "/inbox",
            "/documents",
            "/me/accesses",
            "/accesses",
            "/ledger",
            "/alerts",
            "/queue",
            "/status",
        ] {
            let mut path = path.to_owned();
            for _ in 0..3 {
                let answer = visitor.get(&path).await.expect("an answer");
                assert!(answer.status < 500, "{name} {path}: {}", answer.text());
                let text = answer.text();
                let next = text.split("href=\"").skip(1).filter_map(|piece| piece.split('"').next());
                let next = next.filter(|href| href.contains("before=") || href.contains("after=")).last();
                let Some(next) = next else { break };
                path = next.replace("&amp;", "&").replace("&#38;", "&");
            }
        }
        for words in ["keson", "loson baa", "MRN100", "1980-02-07", "nobody12x", "baso"] {
            let answer = visitor.form("/search", &[("q", words)]).await.expect("an answer");
            assert!(answer.status < 500, "{name} {words}: {}", answer.text());
        }
    }
}

/// The programs' part.
async fn programs(world: &World) {
    let house = &world.house;
    let visitor = house.stranger();
    let one = house.custody.demo_programs().await.expect("programs of the demo").remove(0);
    let program = Program::new(one.id.to_string(), &one.private_jwk, &house.place.origin).expect("a key");
    let scope = record::Right::ALL.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(" ");
    let token = program.token(&visitor, &scope, house.now()).await.expect("a token");
    let list = visitor.send(carrying(Ask::get("/api/v1/documents?limit=500"), &token)).await.expect("an answer");
    let listed: Value = serde_json::from_slice(&list.body).expect("a list");
    let has_patient = |one: &&Value| one["patient"].is_object() && one["kind"] == "transcript";
    let document = listed["documents"].as_array().expect("a list").iter().rfind(has_patient).expect("a document");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let things = BTreeMap::from([
        ("doc", text(&document["id"])),
        ("pat", text(&document["patient"]["id"])),
        ("version", "1".to_owned()),
        ("index", list.header("strongroom-entry").expect("an entry").to_owned()),
    ]);
    let fhir = |text: &str| {
        let text =
            things.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        text.replace("{binary}", &format!("{}.1", things["doc"])).replace('_', "-")
    };
    for row in house.programs.iter().filter(|row| row.path.starts_with("/fhir/")) {
        let path = fhir(row.path).replace("/-search", "/_search");
        let searches: &[&str] = match row.path.split('/').nth(3) {
            Some("DocumentReference") => &["patient={pat}", "date=ge2020-01-01", "type=letter"],
            Some("Patient") if row.method == "GET" => &["_id={pat}"],
            Some("Patient") => &["family=Keson", "name=loson baa"],
            Some("AuditEvent") => &["patient={pat}", "entity=DocumentReference/{doc}", "date=ge2020-01-01&action=R"],
            _ => &[""],
        };
        for search in if row.path.contains('{') { &[""][..] } else { searches } {
            let search = fhir(search).replace("-id=", "_id=");
            let ask = if row.method == "GET" {
                Ask::get(&format!("{path}?{search}"))
            } else {
                Ask::post(&path, "application/x-www-form-urlencoded", search.into())
            };
            let answer = visitor.send(carrying(ask, &token)).await.expect("an answer");
            assert_eq!(answer.status, 200, "{row:?}: {}", answer.text());
        }
    }
    for (number, row) in house.programs.iter().filter(|row| !row.path.starts_with("/fhir/")).enumerate() {
        house.clock.forward_secs(1);
        let path =
            things.iter().fold(row.path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let body = match row.path {
            "/api/v1/patients/search" => r#"{"family":"Keson"}"#,
            "/api/v1/patients" => r#"{"family":"Newcomer","given":"Nora"}"#,
            _ => "{}",
        };
        let mut ask = match (row.method.as_str(), row.path) {
            ("GET", _) => Ask::get(&path),
            (_, "/api/v1/documents") => {
                let letter = format!("A letter of nobody, {number}.\n");
                Ask::post(&format!("{path}?kind=letter"), "application/octet-stream", letter.into())
                    .with("x-file-name", "letter.txt")
                    .with("idempotency-key", "plans")
            }
            _ => Ask::post(&path, "application/json", body.to_owned().into()),
        };
        ask.method = row.method.clone();
        let answer = visitor.send(carrying(ask, &token)).await.expect("an answer");
        assert!(answer.status < 500 && answer.status != 401, "{row:?}: {} {}", answer.status, answer.text());
    }
    let feed = listed["next"].as_str().unwrap_or_default();
    for path in [format!("/api/v1/documents?limit=50&since={feed}"), "/api/v1/deliveries?limit=50".to_owned()] {
        let answer = visitor.send(carrying(Ask::get(&path), &token)).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let open = visitor.send(bare(Ask::get("/api/v1/openapi.json"))).await.expect("an answer");
    assert_eq!(open.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_reads_a_table_that_grows_from_end_to_end() {
    if store::trial::server_place().is_none() {
        return;
    }
    let Grown { house, dir, from } = Grown::start().await.expect("a house of some size");
    let small = listed();
    let rows = crowd::rows(&dir).await;
    for (table, many) in rows.iter().filter(|(table, _)| !small.contains(table.as_str())) {
        assert!(
            *many >= ROWS_MIN,
            "{table} has {many} rows, which says nothing: fill it in trial/crowd.rs, or list it with a reason"
        );
    }
    let unknown: Vec<_> = small.iter().filter(|table| !rows.contains_key(**table)).collect();
    assert!(unknown.is_empty(), "seq_scanned.txt names no table: {unknown:?}");
    let world = World::over(house).await;
    pages(&world).await;
    further_pages(&world).await;
    programs(&world).await;
    world.house.stop().await;
    let watched = watching::since(&dir, from).await;
    store::trial::database_drop(&dir).await;
    say(&format!("{} texts, {} plans by an index", watched.texts.len(), watched.by_index));
    // Nothing is learned from a log that was not written.
    assert!(watched.texts.len() > 150 && watched.by_index > 1500, "{} texts", watched.texts.len());
    let found: Vec<String> = watched
        .whole
        .iter()
        // The server's own tables tell what there is, not what is in it.
        .filter(|(table, _, _)| !small.contains(table.as_str()) && !table.starts_with("pg_"))
        .map(|(table, text, filter)| format!("{table} is read from end to end, filter {filter}: {text}"))
        .collect();
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n\n"));
}
