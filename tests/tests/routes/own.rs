//! What concerns nobody but the person who is signed in, what is open to strangers, and what refusals leave behind.

use crate::call::{self, Manner, say};
use crate::rows::{OWN, Row, rows, rows_here};
use crate::world::{EVERYBODY, Made, SURNAMES, Thing, WORDS, World, is_allowed_elsewhere};
use record::action::StepUp;
use record::{Action, Outcome};
use serde_json::{Value, json};
use strongroom_tests::{Answer, Ask, House, SoftKey, Visitor};

fn asked(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON comes back")
}

/// One passkey more for whoever has just touched one, as the page's script does it.
async fn passkey_added(house: &House, visitor: &Visitor) -> SoftKey {
    let started = visitor.json("/me/passkeys/start", &json!({})).await.expect("an answer");
    assert_eq!(started.status, 200, "{}", started.text());
    let started = asked(&started);
    let (key, credential) = SoftKey::create(&house.place, &started["publicKey"]).expect("a passkey is made");
    let said = json!({"ceremony": started["ceremony"], "credential": credential, "label": "Blue key"});
    let finished = visitor.json("/me/passkeys/finish", &said).await.expect("an answer");
    assert_eq!(finished.status, 200, "{}", finished.text());
    key
}

async fn passkey_ids(house: &House, person: record::PersonId) -> Vec<String> {
    let credentials = house.store.credential_list(person).await.expect("passkeys");
    credentials.iter().map(|one| one.id.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_keeps_their_own_passkeys_and_reaches_nobody_elses() {
    let house = House::start().await.expect("a house");
    let (ana, ben) = (house.person("ana.reyes").id, house.person("ben.cho").id);
    let (visitor, other) = (house.sign_in(ana).await.expect("ana"), house.sign_in(ben).await.expect("ben"));
    let from = house.ledger_size();
    let key = passkey_added(&house, &visitor).await;
    passkey_added(&house, &visitor).await;
    passkey_added(&house, &other).await;
    assert!(house.acts_since(from, ana).await.expect("entries").iter().any(|one| one.action == Action::CredentialAdd));
    let page = visitor.get("/me/passkeys").await.expect("an answer");
    assert!(page.status == 200 && page.text().contains("Blue key"), "{}", page.text());

    // Somebody else's passkey is answered like one that is not there, and stays.
    let theirs = passkey_ids(&house, ben).await.pop().expect("ben's passkey");
    let absent = record::CredentialId::mint(house.clock.as_ref(), &record::SystemEntropy).to_string();
    let mut answers = Vec::new();
    for id in [&theirs, &absent] {
        let from = house.ledger_size();
        let answer = visitor.form(&format!("/me/passkeys/{id}/remove"), &[]).await.expect("an answer");
        let refused = house.acts_since(from, ana).await.expect("entries");
        answers.push((answer, refused.iter().map(|one| one.outcome).collect::<Vec<_>>()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0.status, 404);
    assert_eq!(passkey_ids(&house, ben).await, [theirs]);

    // A touch, by the passkey; not by one of somebody else's.
    house.clock.forward_secs(6 * 60);
    let started = asked(&visitor.json("/step-up/start", &json!({})).await.expect("an answer"));
    let touched = key.touch(&started["publicKey"]).expect("a touch");
    let said = json!({"ceremony": started["ceremony"], "credential": touched, "next": "/inbox"});
    let stolen = other.json("/step-up/finish", &said).await.expect("an answer");
    assert_eq!(stolen.status, 403, "another's ceremony: {}", stolen.text());
    let started = asked(&visitor.json("/step-up/start", &json!({})).await.expect("an answer"));
    let touched = key.touch(&started["publicKey"]).expect("a touch");
    let from = house.ledger_size();
    let said = json!({"ceremony": started["ceremony"], "credential": touched, "next": "/inbox"});
    let finished = visitor.json("/step-up/finish", &said).await.expect("an answer");
    assert_eq!((finished.status, asked(&finished)["next"].as_str()), (200, Some("/inbox")), "{}", finished.text());
    assert!(house.acts_since(from, ana).await.expect("entries").iter().any(|one| one.action == Action::SessionStepUp));

    // And in by it, from a browser that knows nobody.
    let stranger = house.stranger();
    let started = asked(&stranger.json("/sign-in/start", &json!({})).await.expect("an answer"));
    let touched = key.touch(&started["publicKey"]).expect("a touch");
    let said = json!({"ceremony": started["ceremony"], "credential": touched, "next": "/inbox"});
    let finished = stranger.json("/sign-in/finish", &said).await.expect("an answer");
    assert!(finished.status == 200 && finished.header("set-cookie").is_some(), "{}", finished.text());
    // The same answer is worth nothing a second time.
    let again = stranger.json("/sign-in/finish", &said).await.expect("an answer");
    assert!(again.status >= 400 && again.header("set-cookie").is_none(), "{}", again.text());

    let codes = visitor.form("/me/recovery-codes", &[]).await.expect("an answer");
    assert_eq!(codes.status, 200);
    let one = passkey_ids(&house, ana).await.pop().expect("ana's passkey");
    let removed = visitor.form(&format!("/me/passkeys/{one}/remove"), &[]).await.expect("an answer");
    assert_eq!(removed.status, 303, "{}", removed.text());
    house.stop().await;
}

fn concrete(path: &str) -> String {
    path.replace("{step}", "start").replace("{key}", "key_01m809xpwx8kkf9k0hhhccdcpa")
}

async fn own_call(visitor: &Visitor, method: &str, path: &str) -> Answer {
    let path = concrete(path);
    let answer = match method {
        "GET" => visitor.get(&path).await,
        _ if path.ends_with("/start") => visitor.json(&path, &json!({})).await,
        _ => visitor.form(&path, &[]).await,
    };
    answer.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_rooms_are_closed_to_whoever_is_nobody_and_to_the_lock() {
    let house = House::start().await.expect("a house");
    let ana = house.person("ana.reyes").id;
    let garbage = Visitor::with_secret(&house.place, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for (method, path) in OWN {
        let mut answers = Vec::new();
        for visitor in [&house.stranger(), &garbage] {
            let from = house.ledger_size();
            let answer = own_call(visitor, method, path).await;
            assert!(!answer.is_given(), "{method} {path} to a stranger: {}", answer.status);
            assert_eq!(house.ledger_size(), from, "{method} {path}: a stranger made an entry");
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    // Under the lock: the lock's own page, the touch, the lock again, the way out.
    let visitor = house.sign_in(ana).await.expect("ana");
    passkey_added(&house, &visitor).await;
    assert_eq!(own_call(&visitor, "POST", "/lock").await.location(), "/locked");
    for (method, path) in OWN.iter().filter(|(_, path)| *path != "/sign-out") {
        let answer = own_call(&visitor, method, path).await;
        let reached = answer.status == 200 || answer.location() == "/locked";
        let may = ["/locked", "/lock", "/step-up/{step}"].contains(path);
        assert_eq!(reached, may, "{method} {path} under the lock: {} {}", answer.status, answer.location());
    }
    let out = own_call(&visitor, "POST", "/sign-out").await;
    assert_eq!((out.status, out.location()), (303, "/sign-in?out=1"));
    // And each of them is there for whoever is signed in.
    let visitor = house.sign_in(ana).await.expect("ana");
    passkey_added(&house, &visitor).await;
    for (method, path) in OWN.iter().filter(|(_, path)| !["/sign-out", "/lock"].contains(path)) {
        let answer = own_call(&visitor, method, path).await;
        if path.contains("{key}") {
            assert_eq!(answer.status, 404, "no such passkey");
        } else if *method == "POST" && path.starts_with("/terminal") {
            assert!(answer.status == 422 && answer.text().contains("No command waits"), "{}", answer.status);
        } else {
            let given = (200..400).contains(&answer.status) && !answer.location().starts_with("/sign-in");
            assert!(given, "{method} {path}: {} {}", answer.status, answer.text());
        }
    }
    house.stop().await;
}

/// The newest line of the list of one's own accesses, without its time and its number.
async fn newest_access(visitor: &Visitor) -> String {
    let page = visitor.get("/me/accesses").await.expect("an answer").text();
    let body = page.split_once("<tbody").map(|(_, rest)| rest).expect("a table");
    let row = body.split("</tr>").next().expect("a row");
    let mut out = String::new();
    // What stands between tags, without digits: times and numbers are each request's own.
    for piece in row.split('<').skip(1) {
        let text = piece.split_once('>').map_or("", |(_, text)| text).trim();
        if !text.is_empty() {
            out.push_str(&text.chars().filter(|one| !one.is_ascii_digit()).collect::<String>());
            out.push('|');
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_leaves_nothing_behind_that_tells_whose_it_was() {
    let world = World::begin().await;
    let tries: &[(&'static str, &str, &str, Thing)] = &[
        ("ben.cho", "GET", "/documents/{doc}", Thing::Delivered),
        ("ben.cho", "POST", "/documents/{doc}/sign", Thing::Delivered),
        ("ben.cho", "POST", "/documents/{doc}/pick-up", Thing::Delivered),
        ("ana.reyes", "GET", "/documents/{doc}/file", Thing::Transcribed),
        ("ben.cho", "GET", "/patients/{pat}", Thing::Patient),
        ("tess.bauer", "POST", "/patients/{pat}/break-glass", Thing::Patient),
        ("ben.cho", "POST", "/patients/{pat}/link", Thing::Provisional),
        ("tess.bauer", "POST", "/documents/{doc}/deliver", Thing::Edited),
        ("ben.cho", "GET", "/customers/{cus}", Thing::Customer),
        ("hugo.lang", "POST", "/people/{mem}/end", Thing::Member),
    ];
    let all = rows();
    for (name, method, path, thing) in tries {
        let row: &Row = all.iter().find(|row| row.method == *method && row.path == *path).expect("a row for it");
        let (own, foreign) = (world.make(0, *thing).await, world.make(1, *thing).await);
        let absent = world.absent(&own);
        let mut seen: Vec<(String, Answer)> = Vec::new();
        for made in [&absent, &own, &foreign] {
            if std::ptr::eq(made, &foreign) && is_allowed_elsewhere(&row.by, name) {
                continue;
            }
            world.house.clock.forward_secs(61);
            let visitor = world.visitor(name).await;
            let from = world.house.ledger_size();
            let tried = call::call(&world, (name, &visitor), row, made, Manner::Plain).await;
            assert_eq!(tried.refusals(), 1, "{name} {method} {path}: {}", tried.short());
            let place =
                tried.acts.iter().position(|entry| entry.outcome == Outcome::Refused).expect("a refusal") as u64;
            // The entry of a refusal is not proven to whoever was refused.
            let proof = visitor.get(&format!("/ledger/entries/{}", from + place)).await.expect("an answer");
            assert_eq!(proof.status, 404, "{name} {method} {path}: an own refusal is shown: {}", proof.text());
            // Looking for the proof was refused too and stands above it, alike for all three.
            let line = newest_access(&visitor).await;
            assert!(!line.contains("Lakeside") && !line.contains("Northfield"), "{name} {method} {path}: {line}");
            let page = visitor.get("/me/accesses").await.expect("an answer").text();
            let second = page.split_once("<tbody").and_then(|(_, rest)| rest.split("</tr>").nth(1)).unwrap_or_default();
            assert!(!second.contains("Lakeside") && !second.contains("Northfield"), "{name} {method} {path}: {second}");
            let plain: String = plain_text(second);
            seen.push((plain, proof));
        }
        for (line, proof) in &seen[1..] {
            assert_eq!(line, &seen[0].0, "{name} {method} {path}: one's own accesses tell what is there");
            assert_eq!(proof, &seen[0].1);
        }
    }
    world.house.stop().await;
}

fn plain_text(row: &str) -> String {
    let pieces = row.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim());
    let pieces = pieces.filter(|text| !text.is_empty());
    pieces.map(|text| text.chars().filter(|one| !one.is_ascii_digit()).collect::<String>() + "|").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_a_document_stands_is_told_to_nobody_who_may_not_ask() {
    use Thing::{Delivered, Edited, Held, Transcribed, Unmatched, Withdrawn};
    let world = World::begin().await;
    let of_documents: Vec<Row> =
        rows().into_iter().filter(|row| row.path.starts_with("/documents/{doc}") && !row.for_all).collect();
    let mut found: Vec<String> = Vec::new();
    for state in [Transcribed, Edited, Delivered, Held, Unmatched, Withdrawn] {
        let own = world.make(0, state).await;
        let absent = world.absent(&own);
        // A colleague, the same role elsewhere, and three whom no document of the practice concerns in any state.
        for name in ["ben.cho", "grace.tully", "jon.aziz", "theo.marsh", "former.clinician"] {
            world.house.clock.forward_secs(61);
            let visitor = world.visitor(name).await;
            for (place, row) in of_documents.iter().enumerate() {
                if place % 12 == 11 {
                    world.house.clock.forward_secs(61);
                }
                let here = call::call(&world, (name, &visitor), row, &own, Manner::Plain).await;
                let nowhere = call::call(&world, (name, &visitor), row, &absent, Manner::Plain).await;
                if !here.alike(&nowhere) || here.refusals() != nowhere.refusals() {
                    found.push(format!("{} of a {state:?} one by {name}: {}", row.title(), here.differs(&nowhere)));
                }
            }
        }
    }
    world.house.stop().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_on_openings_holds_our_own_people_and_tells_nobody_what_is_there() {
    const LIMIT: u64 = 3;
    let house = House::start_with(|settings| settings.opens_per_hour_max = LIMIT).await.expect("a house");
    let quinn = house.sign_in(house.person("quinn.ferrara").id).await.expect("quinn");
    let customers = house.store.customer_list().await.expect("customers");
    let lakeside = customers.iter().find(|one| one.name.starts_with("Lakeside")).expect("a practice of the demo").id;
    let queue = quinn.get(&format!("/queue?customer={lakeside}")).await.expect("an answer").text();
    let id = queue.split("/documents/doc_").nth(1).and_then(|rest| rest.get(..26)).expect("a document in work");
    let path = format!("/documents/doc_{id}");
    // Somebody of another practice, more often than the limit: never "too often", because nothing is there for them.
    let grace = house.sign_in(house.person("grace.tully").id).await.expect("grace");
    let jon = house.sign_in(house.person("jon.aziz").id).await.expect("jon");
    for visitor in [&grace, &jon] {
        for _ in 0..LIMIT + 2 {
            assert_eq!(visitor.get(&path).await.expect("an answer").status, 404);
        }
    }
    let mut statuses = Vec::new();
    for _ in 0..LIMIT + 1 {
        statuses.push(quinn.get(&path).await.expect("an answer").status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_touch_that_is_over_is_asked_for_again_and_tells_nobody_what_is_there() {
    let world = World::begin().await;
    let fresh = |row: &Row| {
        let known = world.house.table.iter().find(|one| one.method.as_str() == row.method && one.path == row.path);
        row.method == "POST" && known.is_some_and(|one| one.action.step_up() == StepUp::Fresh)
    };
    let mut found: Vec<String> = Vec::new();
    for row in rows_here().iter().filter(|row| fresh(row) && !row.conflict) {
        let (own, foreign) = (world.make(0, row.thing).await, world.make(1, row.thing).await);
        let absent = world.absent(&own);
        let mut visitors: Vec<(&'static str, Visitor)> = Vec::new();
        for name in EVERYBODY {
            visitors.push((*name, world.visitor(name).await));
        }
        world.house.clock.forward_secs(6 * 60);
        for (name, visitor) in &visitors {
            let tries = [&own, &absent, &foreign];
            let mut tried = Vec::new();
            for made in tries {
                tried.push(call::call(&world, (name, visitor), row, made, Manner::Plain).await);
            }
            let (own, absent, foreign) = (&tried[0], &tried[1], &tried[2]);
            let title = row.title();
            if tried.iter().any(|one| {
                one.answer.is_given()
                    || one
                        .acts
                        .iter()
                        .any(|entry| entry.outcome == Outcome::Permitted && entry.action.step_up() == StepUp::Fresh)
            }) {
                found.push(format!("{title}: {name} did it without a touch"));
            }
            let may = row.by.contains(name);
            let told_apart = row.but.contains(name);
            if may && !own.answer.location().starts_with("/step-up") && own.answer.status != 403 {
                found.push(format!("{title}: {name} is not asked for a touch but gets {}", own.short()));
            }
            if !may && !told_apart && !own.alike(absent) {
                found.push(format!("{title}: {name} can tell what is there: {}", own.differs(absent)));
            }
            if !told_apart && !is_allowed_elsewhere(&row.by, name) && !foreign.alike(absent) {
                found.push(format!("{title}: {name} can tell what is elsewhere: {}", foreign.differs(absent)));
            }
        }
    }
    world.house.stop().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_yours_takes_as_long_as_not_there() {
    const TRIES: usize = 40;
    let world = World::begin().await;
    let mut told = vec![format!(
        "{:<44} {:>18} {:>18} {:>18}   median (tenths) of {TRIES}, ms",
        "route, by somebody who may not", "here", "elsewhere", "nowhere"
    )];
    let all = rows();
    for (path, name) in [
        ("/documents/{doc}", "ben.cho"),
        ("/documents/{doc}/print", "ben.cho"),
        ("/documents/{doc}/file", "ben.cho"),
        ("/documents/{doc}/match", "ben.cho"),
        ("/patients/{pat}/edit", "ben.cho"),
        ("/documents/{doc}", "jon.aziz"),
        ("/customers/{cus}", "ben.cho"),
        ("/customers/{cus}/break-glass/{brk}", "ben.cho"),
    ] {
        let row: &Row = all.iter().find(|row| row.method == "GET" && row.path == path).expect("a row for it");
        let (own, foreign) = (world.make(0, row.thing).await, world.make(1, row.thing).await);
        let mut times: [Vec<f64>; 3] = Default::default();
        world.house.clock.forward_secs(61);
        let mut visitor = world.visitor(name).await;
        for round in 0..TRIES {
            if round % 8 == 0 {
                // At most thirty refusals a minute are written down one by one.
                world.house.clock.forward_secs(61);
                visitor = world.visitor(name).await;
            }
            let absent = world.absent(&own);
            for (place, made) in [&own, &foreign, &absent].into_iter().enumerate() {
                let begun = tokio::time::Instant::now();
                let tried = call::call(&world, (name, &visitor), row, made, Manner::Plain).await;
                times[place].push(begun.elapsed().as_secs_f64() * 1000.0);
                // What the time class rests on, and what can be asserted: each of them is one refusal in the ledger.
                assert_eq!((tried.refusals(), tried.entries), (1, 1), "{path} by {name}: {}", tried.short());
            }
        }
        let spread = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            let at = |tenth: usize| times[(times.len() - 1) * tenth / 10];
            format!("{:.1} ({:.1}–{:.1})", at(5), at(1), at(9))
        };
        let [one, two, three] = &mut times;
        let (one, two, three) = (spread(one), spread(two), spread(three));
        told.push(format!("GET {path:<32} {name:<8} {one:>18} {two:>18} {three:>18}"));
    }
    say(&told.join("\n"));
    world.house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_holds_nothing_of_anybody() {
    let world = World::begin().await;
    let made: Made = world.make(0, Thing::Delivered).await;
    drop(made);
    let house = &world.house;
    let stranger = house.stranger();
    let nowhere = stranger.get("/no-such-room").await.expect("an answer").status;
    for row in &house.open {
        let path = row
            .path
            .replace("{file}", "passkey.js")
            .replace("{step}", "start")
            .replace("{secret}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let path = path.replace("{*rest}", "checkpoint");
        let path = if path == "/go" { "/go?to=%2Finbox".to_owned() } else { path };
        for visitor in [&stranger, &world.visitor("ana.reyes").await] {
            for head in [false, true] {
                let answer = match row.method.as_str() {
                    "GET" if head => visitor.send(Ask::head(&path)).await,
                    "GET" => visitor.get(&path).await,
                    _ if row.path.contains("{step}") => visitor.json(&path, &json!({"token": "x", "words": "x"})).await,
                    _ => {
                        visitor
                            .form(
                                &path,
                                &[("token", "x"), ("words", "x"), ("email", "nobody@demo.example"), ("code", "x")],
                            )
                            .await
                    }
                };
                let answer = answer.expect("an answer");
                let text = answer.text();
                for word in SURNAMES.iter().chain(&WORDS).chain(&["Lakeside", "Northfield", "Ben Cho"]) {
                    assert!(!text.contains(word), "{} {} holds {word}", row.method, row.path);
                }
                assert!(answer.status < 500, "{} {}: {}", row.method, row.path, answer.status);
            }
        }
    }
    // Entries are no part of the ledger's public part, and look like any room that is not there.
    for path in
        ["/ledger/tile/entries/000", "/ledger/entries/1", "/ledger/entries/1/proof", "/ledger/tile/9/000", "/ledger"]
    {
        let answer = stranger.get(path).await.expect("an answer");
        assert_eq!((answer.status, answer.is_given()), (nowhere, false), "{path}");
    }
    // Looking at a one-time link uses nothing up; following it does.
    let person = world.person("ana.reyes");
    let path = house.link(person);
    assert!(!stranger.send(Ask::head(&path)).await.expect("an answer").is_given());
    assert_eq!(stranger.get(&path).await.expect("an answer").status, 303);
    let again = stranger.get(&path).await.expect("an answer");
    assert!(again.header("set-cookie").is_none() && !again.is_given(), "{}", again.status);
    // A code for somebody who is there and one for nobody are answered by pages of one form.
    let mut pages = Vec::new();
    for email in ["ana.reyes@demo.example", "nobody@demo.example"] {
        let answer = stranger
            .form("/invitation/recover", &[("email", email), ("code", "AAAA-BBBB-CCCC-DDDD")])
            .await
            .expect("an answer");
        pages.push((answer.status, answer.body.len()));
    }
    assert_eq!(pages[0], pages[1], "recovery tells who is here");
    world.house.stop().await;
}
