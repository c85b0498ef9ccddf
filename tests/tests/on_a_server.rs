//! A house whose rows lie in a PostgreSQL: carried over from the demo by the command, served by the real binary as a role that
//! owns nothing. Runs where `STRONGROOM_TEST_POSTGRES` names a server's socket folder (bin/test starts one).

use std::path::Path;
use std::process::{Command, Output};
use strongroom_tests::binary::{Browser, Demo, folder, run, strongroom};
use strongroom_tests::work::WorkHouse;

/// Stands in every transcript of the demo, and on no other page.
const CANARY: &str = "Made up for the demo";

fn psql(place: &str, database: &str, sql: &str) -> Output {
    let mut psql = Command::new("psql");
    psql.args(["-h", place, "-U", "postgres", "-d", database, "-Atqc", sql]);
    psql.output().expect("the program psql is installed (package postgresql-client)")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// An empty database of this test's own.
fn database(place: &str, all: &Path) -> String {
    let name = all.file_name().and_then(|name| name.to_str()).expect("a folder of ours has a name");
    let name: String =
        name.to_lowercase().chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
    for role in ["strongroom_owner", "strongroom_node"] {
        // Another test may have made it.
        drop(psql(place, "postgres", &format!("CREATE ROLE {role} LOGIN")));
    }
    let made = psql(place, "postgres", &format!("CREATE DATABASE {name} OWNER strongroom_owner"));
    assert!(made.status.success(), "{}", said(&made));
    name
}

fn a_document_of(browser: &Browser) -> String {
    let page = browser.get("/inbox").expect("the portal answers").text();
    let piece = page.split("\"/documents/doc_").nth(1).expect("the demo has delivered something");
    format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default())
}

#[test]
fn a_house_that_was_carried_over_goes_on_where_it_was_and_as_nobody_mighty() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let all = folder("server");
    let dir = all.path().join("data");
    let people = |demo: &Demo| {
        let ana = demo.sign_in("ana.reyes");
        let read = a_document_of(&ana);
        let tess = demo.sign_in("tess.bauer");
        let places = tess.get("/upload").expect("the portal answers").text();
        let lakeside =
            places.split("value=\"cus_").skip(1).find(|piece| piece.contains(">Lakeside")).expect("a practice");
        let query = format!("customer=cus_{}", lakeside.split('"').next().unwrap_or_default());
        (ana, demo.sign_in("dina.paz"), demo.sign_in("mara.quist"), (tess, query), read)
    };
    let (house, (ana, dina, mara, (tess, query), read)) = WorkHouse::make_embedded(all.path(), &dir, "", people);
    let invitation = house.invite_officer();
    let name = database(&place, all.path());
    let address = |role: &str| format!("postgres:///{name}?host={place}&user={role}");
    let migrate = |role: &str| {
        let mut command = house.command();
        command.args(["migrate", "--role", "strongroom_node", "--json", "--to"]).arg(address(role));
        command.arg("--from").arg(&dir).arg("--config").arg(&house.config).output().expect("the binary starts")
    };
    let moved = migrate("strongroom_owner");
    assert!(moved.status.success(), "{}", said(&moved));
    assert!(said(&moved).contains("\"table\":\"document\"") && !dir.join("strongroom.db").exists());
    // As anything mighty it does not start.
    let config = std::fs::read_to_string(&house.config).expect("the configuration can be read");
    let with = |role: &str| std::fs::write(&house.config, format!("database = {:?}\n{config}", address(role)));
    for mighty in ["postgres", "strongroom_owner"] {
        with(mighty).expect("the configuration can be written");
        let refused = house.run(&["serve"]);
        assert!(refused.status.code() == Some(4) && said(&refused).contains("must own nothing"), "{}", said(&refused));
    }
    with("strongroom_node").expect("the configuration can be written");
    // The file that stays behind counts as a copy, and is named.
    let until = psql(&place, &name, "SELECT value FROM meta WHERE name = 'epoch_unhalved_until'");
    assert!(said(&until).trim().parse::<i64>().is_ok(), "{}", said(&until));
    assert!(said(&house.run(&["doctor"])).contains("strongroom.db.carried-over"));
    let served = house.serve();
    // Sessions, documents, lists and what was opened are where they were.
    let opened = ana.get(&read).expect("the portal answers");
    assert!(opened.status == 200 && opened.text().contains(CANARY), "{}", opened.text());
    for page in ["/inbox", "/documents", "/patients", "/me/accesses", "/help"] {
        let answer = ana.get(page).expect("the portal answers");
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
    }
    let file = ana.get(&format!("{read}/file")).expect("the portal answers");
    assert!(file.status == 200 && file.text().contains(CANARY));
    for page in ["/accesses", "/break-glass", "/me/accesses"] {
        let mut answer = mara.get(page).expect("the portal answers");
        if let Some(next) = answer.header("location").map(ToOwned::to_owned) {
            answer = mara.get(&next).expect("the portal answers");
        }
        assert_eq!(answer.status, 200, "{page}: {:?} {}", answer.header("location"), answer.text());
    }
    // Somebody of another practice learns nothing.
    let foreign = dina.get(&read).expect("the portal answers");
    assert!(foreign.status == 404 && !foreign.text().contains(CANARY), "{}", foreign.status);
    // What is new is written there: documents, a passkey, a session.
    let text = b"Patient: Nobody, Known\nOne line that came in on the server.\n";
    let taken = tess.upload(&query, "new.txt", "", text).expect("the portal answers");
    assert_eq!(taken.status, 201, "{}", taken.text());
    let path = taken.json()["href"].as_str().expect("an upload has an address").to_owned();
    assert_eq!(tess.get(&format!("{path}/file")).expect("the portal answers").body, text);
    assert_eq!(tess.upload(&query, "again.txt", "", text).expect("the portal answers").status, 409, "the same bytes");
    let key = served.enrol(&invitation);
    assert_eq!(served.sign_in(&key).0.status, 200);
    served.stop();
    // Wrapped anew: with another half, and the one before is gone from where it lay.
    let halves = || {
        let found = std::fs::read_dir(dir.join("objects/halves")).expect("halves lie beside the objects");
        found.map(|file| file.expect("a file").file_name()).collect::<Vec<_>>()
    };
    let before = halves();
    let without = house.run(&["key", "rekey"]);
    assert!(!without.status.success() && said(&without).contains("--epoch-escrow"), "{}", said(&without));
    let escrow = all.path().join("escrow");
    let rekeyed = house.run(&["key", "rekey", "--epoch-escrow", escrow.to_str().expect("a path in UTF-8")]);
    assert!(rekeyed.status.success(), "{}", said(&rekeyed));
    let after = halves();
    assert!(before.len() == 1 && after.len() == 1 && before != after, "{before:?} {after:?}");
    let again = house.serve();
    assert_eq!(again.sign_in(&key).0.status, 200, "it starts again, with its keys wrapped anew");
    again.stop();
    let rows = psql(&place, &name, "SELECT COUNT(*) FROM document");
    assert!(said(&rows).trim().parse::<u32>().is_ok_and(|many| many > 10), "{}", said(&rows));
    // No name of anybody is readable there.
    let dump = Command::new("pg_dump").args(["-h", &place, "-U", "postgres", &name]).output().expect("pg_dump runs");
    let dump = said(&dump);
    assert!(dump.len() > 100_000 && !dump.contains(CANARY) && !dump.contains("Ibarra") && !dump.contains("Okafor"));
}

/// A demo on this database until it says who is there.
fn begun_and_stopped(dir: &Path, address: &str) {
    use std::io::BufRead as _;
    let mut demo = Command::new(strongroom());
    demo.args(["demo", "--json", "--listen", "127.0.0.1:0", "--database", address, "--dir"]).arg(dir);
    let mut child = demo.stdout(std::process::Stdio::piped()).spawn().expect("the binary starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it was piped");
    std::io::BufReader::new(stdout).read_line(&mut line).expect("it says so");
    assert!(line.contains("sign_in_url"), "{line}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs").success());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_demo_fills_only_a_database_that_was_made_for_it() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let all = folder("demo-server");
    let name = database(&place, all.path());
    let address = |role: &str| format!("postgres:///{name}?host={place}&user={role}");
    let demo = |dir: &str, more: &[&str]| {
        let mut demo = Command::new(strongroom());
        demo.args(["demo", "--json", "--listen", "127.0.0.1:0", "--dir"]).arg(all.path().join(dir));
        demo.args(["--database", &address("strongroom_node")]).args(more).output().expect("the binary starts")
    };
    let refused = |output: &Output, code: i32, why: &str| {
        assert!(output.status.code() == Some(code) && said(output).contains(why), "{}", said(output));
    };
    refused(&demo("early", &[]), 4, "run strongroom migrate");
    refused(&demo("nowhere", &["--objects", "folder"]), 2, "s3://name");
    let migrate = ["migrate", "--role", "strongroom_node", "--to", &address("strongroom_owner")];
    assert!(run(&migrate).status.success());
    // In a folder that has a demo of its own, nothing begins.
    let (own, log) = (all.path().join("own"), all.path().join("log"));
    Demo::start_at(
        Command::new(strongroom()),
        (&own, strongroom_tests::Ground::embedded(&own)),
        &log,
        std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
    )
    .stop();
    refused(&demo("own", &[]), 2, "a database of its own");
    // In the folder of a node of another house neither: its reserve is as it was.
    let node = all.path().join("node");
    std::fs::create_dir(&node).expect("a folder can be made");
    std::fs::write(node.join(store::RESERVE_FILE), [7; 4096]).expect("a file can be written");
    refused(&demo("node", &[]), 2, "was not made by the demo");
    assert_eq!(std::fs::read(node.join(store::RESERVE_FILE)).expect("it is there"), [7; 4096]);
    assert_eq!(std::fs::read_dir(&node).expect("it is there").count(), 1, "nothing was laid beside it");
    assert_eq!(said(&psql(&place, &name, "SELECT COUNT(*) FROM meta")).trim(), "0", "nothing was written");
    // It begins, and goes on in the same folder; in no other, because nobody else has its key.
    let first = || begun_and_stopped(&all.path().join("first"), &address("strongroom_node"));
    first();
    refused(&demo("second", &[]), 2, "was not made for this folder's demo");
    let rows = said(&psql(&place, &name, "SELECT COUNT(*) FROM document"));
    assert!(rows.trim().parse::<u32>().is_ok_and(|many| many > 10), "{rows}");
    first();
    assert_eq!(said(&psql(&place, &name, "SELECT COUNT(*) FROM document")), rows, "it is filled once");
    // And nobody works with it.
    let config = all.path().join("strongroom.toml");
    let text = format!(
        "dir = {:?}\noperator = \"Prairie\"\npublic_url = \"http://localhost:1\"\nroot_key_file = {:?}\ndatabase = {:?}\n",
        all.path().join("first"),
        all.path().join("first/demo-root.key"),
        address("strongroom_node")
    );
    std::fs::write(&config, text).expect("the configuration can be written");
    let served = run(&["serve", "--config", config.to_str().expect("a path in UTF-8")]);
    assert!(!served.status.success() && said(&served).contains("made for demo"), "{}", said(&served));
}

#[test]
fn a_dump_comes_back_with_the_escrow_into_a_fresh_database_and_a_document_opens() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let all = folder("drill");
    let dir = all.path().join("data");
    let people = |demo: &Demo| {
        let ana = demo.sign_in("ana.reyes");
        let read = a_document_of(&ana);
        (ana, read)
    };
    let (house, (ana, read)) = WorkHouse::make(all.path(), (&dir, &[]), "", people);
    let name = database(&place, all.path());
    let address = |role: &str, name: &str| format!("postgres:///{name}?host={place}&user={role}");
    let moved = house.run(&[
        "migrate",
        "--role",
        "strongroom_node",
        "--to",
        &address("strongroom_owner", &name),
        "--from",
        dir.to_str().expect("a path in UTF-8"),
    ]);
    assert!(moved.status.success(), "{}", said(&moved));
    let config = std::fs::read_to_string(&house.config).expect("the configuration can be read");
    let with = |name: &str| {
        let text = format!("database = {:?}\n{config}", address("strongroom_node", name));
        std::fs::write(&house.config, text).expect("the configuration can be written");
    };
    with(&name);
    let escrow = all.path().join("escrow");
    let rekey = |more: &[&str]| {
        let done = house.run(&[&["key", "rekey"], more].concat());
        assert!(done.status.success(), "{}", said(&done));
    };
    rekey(&["--epoch-escrow", escrow.to_str().expect("a path in UTF-8")]);
    let dump = all.path().join("dump.sql");
    let dumped = Command::new("pg_dump").args(["-h", &place, "-U", "postgres", "-f"]).arg(&dump).arg(&name).output();
    assert!(dumped.expect("pg_dump runs").status.success());
    // The epoch of the dump ends, and then all of it is lost: the server, and where the half of the new one lay.
    rekey(&[]);
    let fresh = format!("{name}_again");
    let made = psql(&place, "postgres", &format!("CREATE DATABASE {fresh} OWNER strongroom_owner"));
    assert!(made.status.success(), "{}", said(&made));
    let mut back = Command::new("psql");
    back.args(["-h", &place, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-q", "-d", &fresh, "-f"]).arg(&dump);
    let back = back.output().expect("psql runs");
    assert!(back.status.success(), "{}", said(&back));
    std::fs::remove_dir_all(dir.join("objects/halves")).expect("halves lie there");
    with(&fresh);
    let shut = house.run(&["serve"]);
    assert!(shut.status.code() == Some(4), "without its half nothing opens: {}", said(&shut));
    let recovered = house.run(&["key", "recover", "--epoch-escrow", escrow.to_str().expect("a path in UTF-8")]);
    assert!(recovered.status.success(), "{}", said(&recovered));
    let served = house.serve();
    let opened = ana.get(&read).expect("the portal answers");
    assert!(opened.status == 200 && opened.text().contains(CANARY), "{}", opened.text());
    served.stop();
}
