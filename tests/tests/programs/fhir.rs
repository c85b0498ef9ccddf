//! FHIR over a real socket: what is read, what is searched, and that no search finds more than its words ask for.

use super::{World, all, body, filled};
use serde_json::Value;
use std::collections::BTreeSet;
use strongroom_tests::{Answer, Ask, bare, carrying};

impl World {
    async fn get(&self, path: &str, token: &str) -> Answer {
        self.visitor.send(carrying(Ask::get(path), token)).await.expect("an answer")
    }

    async fn search(&self, kind: &str, form: &str, token: &str) -> Answer {
        let path = format!("/fhir/R4/{kind}/_search");
        let ask = Ask::post(&path, "application/x-www-form-urlencoded", form.to_owned().into());
        self.visitor.send(carrying(ask, token)).await.expect("an answer")
    }
}

/// Ids of what a search found.
fn ids(bundle: &Value) -> Vec<String> {
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&"Bundle".into(), &"searchset".into()), "{bundle}");
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let matches = entries.iter().filter(|one| one["search"]["mode"] == "match");
    matches.map(|one| one["resource"]["id"].as_str().expect("an id").to_owned()).collect()
}

/// The address of the rest, below the portal's.
fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array().expect("links");
    let url = links.iter().find(|one| one["relation"] == "next")?["url"].as_str()?.to_owned();
    Some(url[url.find("/fhir/").expect("our own path")..].to_owned())
}

fn fhir(id: &str) -> String {
    id.replace('_', "-")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_found_read_and_its_bytes_are_the_same_by_every_way() {
    let world = World::begin().await;
    let token = world.token(&world.program, &all()).await;
    let (doc, pat) = (fhir(&world.own["doc"]), fhir(&world.own["pat"]));
    let found = body(&world.get(&format!("/fhir/R4/DocumentReference?patient={pat}"), &token).await);
    assert!(ids(&found).contains(&doc), "{found}");
    let one = body(&world.get(&format!("/fhir/R4/DocumentReference/{doc}"), &token).await);
    assert_eq!(one["subject"]["reference"], format!("Patient/{pat}"));
    assert!(one["meta"]["tag"][0]["display"].as_str().is_some_and(|tag| tag.starts_with("PHI – ")), "{one}");
    let url = one["content"][0]["attachment"]["url"].as_str().expect("an address");
    let binary = &url[url.find("/fhir/").expect("our own path")..];
    let bytes = world.get(binary, &token).await;
    assert_eq!(bytes.header("content-type"), one["content"][0]["attachment"]["contentType"].as_str());
    assert!(bytes.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    let plain = world.get(&filled("/api/v1/documents/{doc}/content", &world.own), &token).await;
    assert_eq!((bytes.status, &bytes.body), (200, &plain.body));
    let ask = carrying(Ask::get(binary), &token).with("accept", "application/fhir+json");
    let resource = body(&world.visitor.send(ask).await.expect("an answer"));
    let data = resource["data"].as_str().expect("data");
    assert_eq!(data_encoding::BASE64.decode(data.as_bytes()).expect("base64"), plain.body);
    assert_eq!(resource["securityContext"]["reference"], format!("DocumentReference/{doc}"));
    let ask = carrying(Ask::get(binary), &token).with("range", "bytes=1-3");
    let part = world.visitor.send(ask).await.expect("an answer");
    assert_eq!((part.status, &part.body[..]), (206, &plain.body[1..4]));
    // Who has the bytes does not have the resource.
    let tag = bytes.header("etag").expect("a tag").to_owned();
    let same = carrying(Ask::get(binary), &token).with("if-none-match", &tag);
    assert_eq!(world.visitor.send(same).await.expect("an answer").status, 304);
    let other = carrying(Ask::get(binary), &token).with("if-none-match", &tag).with("accept", "application/fhir+json");
    assert_eq!(world.visitor.send(other).await.expect("an answer").status, 200);
    // The patient, by each way; none of them by a name in an address.
    let patient = body(&world.get(&format!("/fhir/R4/Patient/{pat}"), &token).await);
    assert_eq!(patient["name"][0]["family"], world.own["family"].as_str());
    let by_name = filled("family={family}&identifier={number}", &world.own);
    let by_number = filled("identifier=|{number}", &world.own);
    for form in [by_name, by_number, filled("name={family}", &world.own)] {
        let answer = world.search("Patient", &form, &token).await;
        assert!(ids(&body(&answer)).contains(&pat), "{form}: {}", answer.text());
        assert!(!body(&answer)["link"].to_string().contains(&world.own["family"]), "a name in an address");
    }
    let elsewhere =
        world.search("Patient", &filled("identifier=urn:other:hospital|{number}", &world.own), &token).await;
    assert!(ids(&body(&elsewhere)).is_empty(), "another hospital's number is another number");
    let beside = filled("/fhir/R4/Patient/_search?family={family}", &world.own);
    let ask = carrying(Ask::post(&beside, "application/x-www-form-urlencoded", "".into()), &token);
    assert_eq!(world.visitor.send(ask).await.expect("an answer").status, 400, "a name in an address is not searched");
    let family = filled("/fhir/R4/Patient?family={family}", &world.own);
    assert_eq!(world.get(&family, &token).await.status, 400, "a name in an address is not searched");
    // What was done is in the trail, and only what concerns the practice.
    let trail = body(&world.get(&format!("/fhir/R4/AuditEvent?entity=DocumentReference/{doc}&action=R"), &token).await);
    let event = &trail["entry"][0]["resource"];
    assert_eq!(event["agent"][0]["who"]["identifier"]["value"], world.program.client_id.as_str(), "{event}");
    let index = event["id"].as_str().expect("an index");
    assert_eq!(world.get(&format!("/api/v1/ledger/entries/{index}"), &token).await.status, 200);
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_search_finds_what_is_somebody_elses_or_more_than_its_words_ask_for() {
    let world = World::begin().await;
    let token = world.token(&world.program, &all()).await;
    let every = body(&world.get("/fhir/R4/DocumentReference?_count=500", &token).await);
    let mine: BTreeSet<String> = ids(&every).into_iter().collect();
    let (doc, pat, theirs) = (fhir(&world.own["doc"]), fhir(&world.own["pat"]), fhir(&world.foreign["pat"]));
    assert!(mine.contains(&doc) && !mine.contains(&fhir(&world.foreign["doc"])));
    // Somebody else's is answered as nobody's, to the byte but for the id itself.
    for (kind, name, thing) in [
        ("DocumentReference", "patient", "pat"),
        ("DocumentReference", "subject", "pat"),
        ("DocumentReference", "_id", "doc"),
        ("Patient", "_id", "pat"),
        ("AuditEvent", "patient", "pat"),
    ] {
        let at = async |things: &super::Things| {
            let path = format!("/fhir/R4/{kind}?{name}={}", fhir(&things[thing]));
            let answer = world.get(&path, &token).await;
            (answer.status, answer.text().replace(&fhir(&things[thing]), "…"))
        };
        let (foreign, absent) = (at(&world.foreign).await, at(&world.absent).await);
        assert_eq!(foreign, absent, "{kind}?{name}");
        assert_eq!(foreign.0, 200);
        assert!(ids(&serde_json::from_str(&foreign.1).expect("a bundle")).is_empty(), "{kind}?{name}: {}", foreign.1);
    }
    // Everything by which a search is made to reach further is refused, and not passed over.
    for wider in [
        format!("patient={pat},{theirs}"),
        format!("patient={pat}&patient={theirs}"),
        format!("patient={pat}&subject={theirs}"),
        format!("_id={doc}&patient={theirs}"),
        "_include=DocumentReference:subject".to_owned(),
        "_include:iterate=*".to_owned(),
        format!("patient={pat}&_revinclude=AuditEvent:entity"),
        format!("subject:Patient.family={}", world.own["family"]),
        "patient.name=Q".to_owned(),
        "patient:missing=true".to_owned(),
        "_has:AuditEvent:entity:action=R".to_owned(),
        "custodian=Organization/1".to_owned(),
        "_list=1".to_owned(),
        "_filter=status eq current".replace(' ', "%20"),
    ] {
        let answer = world.get(&format!("/fhir/R4/DocumentReference?{wider}"), &token).await;
        let reach = if answer.status == 200 { ids(&body(&answer)) } else { Vec::new() };
        assert_eq!(answer.status, 400, "{wider}: {} {reach:?}", answer.text());
    }
    // However often a code is said, it is one.
    for (kind, query) in [("AuditEvent", "action=E"), ("AuditEvent", "outcome=0"), ("DocumentReference", "type=scan")] {
        let (name, code) = query.split_once('=').expect("a parameter");
        let many = format!("{name}={}&_count=1", vec![code; 9_000].join(","));
        let answer = world.search(kind, &many, &token).await;
        assert_eq!(answer.status, 200, "{kind} {query}: {}", answer.text());
    }
    // A count makes pages shorter and nothing longer; all pages together are what there is, each once.
    let (mut seen, mut path) = (Vec::new(), "/fhir/R4/DocumentReference?_count=3".to_owned());
    let mut pages = Vec::new();
    loop {
        let page = body(&world.get(&path, &token).await);
        assert!(ids(&page).len() <= 3);
        seen.extend(ids(&page));
        let Some(further) = next(&page) else { break };
        pages.push(further.clone());
        path = further;
    }
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (mine.len(), mine));
    let many = body(&world.get("/fhir/R4/AuditEvent?_count=1000000", &token).await);
    assert!(ids(&many).len() <= 200);
    // A place in a list is worth nothing to another program, in another list or when it was changed.
    let other = world.token(&world.other, &all()).await;
    let place = pages.first().expect("several pages").rsplit("_page=").next().expect("a place").to_owned();
    assert_eq!(world.get(&pages[0], &other).await.status, 400);
    assert_eq!(world.get(&format!("/fhir/R4/AuditEvent?_page={place}"), &token).await.status, 400);
    let trail = next(&body(&world.get("/fhir/R4/AuditEvent?_count=1", &token).await)).expect("more than one entry");
    assert_eq!((world.get(&trail, &token).await.status, world.get(&trail, &other).await.status), (200, 400));
    let changed = format!("{}A", &trail[..trail.len() - 1]);
    assert!(changed == trail || world.get(&changed, &token).await.status == 400);
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_holds_the_practices_entries_and_nobody_elses() {
    let world = World::begin().await;
    let (token, other) = (world.token(&world.program, &all()).await, world.token(&world.other, &all()).await);
    for row in ["/fhir/R4/DocumentReference", "/fhir/R4/Patient/pat-x"] {
        world.get(row, &other).await;
    }
    let walk = async |token: &str| {
        let (mut seen, mut path) = (Vec::new(), "/fhir/R4/AuditEvent?_count=200".to_owned());
        loop {
            let page = body(&world.get(&path, token).await);
            seen.extend(ids(&page).into_iter().map(|id| id.parse::<u64>().expect("an index")));
            match next(&page) {
                Some(further) => path = further,
                None => return seen,
            }
        }
    };
    let (mine, theirs) = (walk(&token).await, walk(&other).await);
    assert!(!mine.is_empty() && !theirs.is_empty() && mine.is_sorted_by(|one, two| one > two));
    assert!(mine.iter().all(|index| !theirs.contains(index)), "an entry concerns two practices");
    let only = theirs.first().expect("an entry");
    assert_eq!(world.get(&format!("/fhir/R4/AuditEvent/{only}"), &token).await.status, 404);
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_statement_lists_is_what_is_done() {
    let world = World::begin().await;
    let told = world.visitor.send(bare(Ask::get("/fhir/R4/metadata"))).await.expect("an answer");
    assert_eq!((told.status, told.header("content-type")), (200, Some("application/fhir+json; charset=utf-8")));
    let statement = body(&told);
    assert_eq!((&statement["fhirVersion"], &statement["kind"]), (&"4.0.1".into(), &"instance".into()));
    let smart =
        world.visitor.send(bare(Ask::get("/fhir/R4/.well-known/smart-configuration"))).await.expect("an answer");
    assert_eq!(body(&smart)["token_endpoint"], world.program.token_url);
    let token = world.token(&world.program, &all()).await;
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        let kind = resource["type"].as_str().expect("a type");
        for param in resource["searchParam"].as_array().into_iter().flatten() {
            let name = param["name"].as_str().expect("a name");
            let value = match param["type"].as_str().expect("a type") {
                "date" => "2020-01-01",
                "reference" => "Patient/pat-00000000000000000000000000",
                "token" if name == "_id" => "pat-00000000000000000000000000",
                _ => "x",
            };
            // Beside a surname, since a birth date and a given name alone find nobody.
            let beside = if kind == "Patient" && ["given", "birthdate"].contains(&name) { "&family=Q" } else { "" };
            let answer = match (kind, name) {
                ("Patient", "_id") => world.get(&format!("/fhir/R4/{kind}?{name}={value}"), &token).await,
                _ => world.search(kind, &format!("{name}={value}{beside}"), &token).await,
            };
            assert_eq!(answer.status, 200, "{kind} by {name}: {}", answer.text());
        }
    }
    world.house.stop().await;
}
