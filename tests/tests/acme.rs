//! Certificates that the house orders by itself, by the real binary and from a real authority's program (pebble): the first
//! one, its successor, and what is served while the authority is gone or nobody vouches for it.

#[path = "acme/pebble.rs"]
mod pebble;

use pebble::{Pebble, Visitor, free_port};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use strongroom_tests::Ground;
use strongroom_tests::binary::{entries, files_below, folder, run, strongroom, until};

const NAME: &str = "portal.test";
/// Not more often than a stranger may.
const KNOCK: Duration = Duration::from_secs(1);

/// A house of nobody's, served at a port of this machine.
struct Served {
    dir: PathBuf,
    config: PathBuf,
    log: PathBuf,
    port: u16,
    child: Option<Child>,
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

impl Served {
    fn make(all: &Path, port: u16, acme: &str) -> Self {
        let (dir, key) = (all.join("house"), all.join("root.key"));
        let url = format!("https://{NAME}:{port}");
        let made = run(&[
            "init",
            "--dir",
            text(&dir),
            "--operator",
            "Prairie",
            "--officer",
            "kim@example.org",
            "--root-key",
            text(&key),
            "--public-url",
            &url,
            "--json",
        ]);
        assert!(made.status.success(), "{}", said(&made));
        let config = all.join("acme.toml");
        let words = format!(
            "dir = {dir:?}\noperator = \"Prairie\"\npublic_url = {url:?}\nlisten = \"127.0.0.1:{port}\"\n\
             root_key_file = {key:?}\n[acme]\nagree_to_terms = true\ncontact = \"mailto:ops@example.org\"\n{acme}"
        );
        std::fs::write(&config, words).expect("a file of this test");
        Self { dir, config, log: all.join("stderr.log"), port, child: None }
    }

    fn start(&mut self) {
        let stderr = File::options().create(true).append(true).open(&self.log).expect("the log can be opened");
        let mut command = Command::new(strongroom());
        command.args(["--log", "info", "serve", "--config"]).arg(&self.config);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn();
        self.child = Some(started.expect("the binary starts"));
    }

    fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let status = until("it has ended", || child.try_wait().ok().flatten());
        assert!(status.success(), "it did not end well: {status}\n{}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn ready(&self) -> Output {
        run(&["ready", "--config", text(&self.config)])
    }

    fn anybody(&self) -> Visitor {
        Visitor { port: self.port, name: NAME, believes: None }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[test]
fn a_house_orders_its_certificate_renews_it_and_keeps_the_old_one_when_the_authority_is_gone() {
    let all = folder("acme");
    let port = free_port();
    let authority = Pebble::start(all.path(), port, 40);
    let acme = format!("directory = {:?}\nca_file = {:?}\n", authority.directory, authority.ca_file);
    let mut house = Served::make(all.path(), port, &acme);
    house.start();
    // The first one: signed by this authority, for this name, and then the doors are walked and the gate opens.
    let visitor = Visitor { believes: Some(authority.roots()), ..house.anybody() };
    let first = until("the portal is served by a certificate that was ordered", || {
        std::thread::sleep(KNOCK);
        let (answer, shown) = visitor.get("/readyz").ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(shown)
    });
    let ready = house.ready();
    assert!(ready.status.success(), "{}", said(&ready));
    // Its successor comes before its time is over, and nobody who visits notices.
    let second = until("another certificate is served", || {
        std::thread::sleep(KNOCK);
        let (answer, shown) = visitor.get("/readyz").expect("a visitor is served all the time");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        (shown != first).then_some(shown)
    });
    // The authority goes: what is there stays, somebody is told, and a start finds it.
    let log = authority.said();
    drop(authority);
    until("somebody is told", || house.said().contains("certificate_order_failed").then_some(()));
    assert!(house.said().contains("nobody listens there"), "{}", house.said());
    let (answer, shown) = house.anybody().get("/readyz").expect("people are served");
    assert!(answer.starts_with("HTTP/1.1 200") && shown == second, "{answer}");
    house.stop();
    house.start();
    let again = until("it is served again", || {
        std::thread::sleep(KNOCK);
        let (answer, shown) = house.anybody().get("/readyz").ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(shown)
    });
    assert!(again == second, "a start serves what is kept");
    house.stop();
    // Keys lie sealed, in the log there is none, and each order is in the ledger.
    for file in files_below(&house.dir).into_iter().chain([house.log.clone()]) {
        let bytes = std::fs::read(&file).expect("a file of this test");
        for word in ["PRIVATE KEY", "key_pkcs8"] {
            let found = bytes.windows(word.len()).any(|piece| piece == word.as_bytes());
            assert!(!found, "{word} in {}", file.display());
        }
    }
    let whys: Vec<String> = entries(&Ground::embedded(&house.dir)).into_iter().map(|entry| entry.why).collect();
    let many = |word: &str| whys.iter().filter(|why| *why == word).count();
    assert_eq!(many("certificate_taken"), 2, "{whys:?}\n{log}");
    assert!(many("certificate_ordered") >= 3, "{whys:?}");
}

#[test]
fn an_authority_that_nobody_vouches_for_is_given_nothing_and_nobody_is_served_until_there_is_a_certificate() {
    let all = folder("acme-unknown");
    let port = free_port();
    let authority = Pebble::start(all.path(), port, 3600);
    // The public authorities do not vouch for it.
    let mut house = Served::make(all.path(), port, &format!("directory = {:?}\n", authority.directory));
    house.start();
    until("somebody is told", || house.said().contains("certificate_order_failed").then_some(()));
    assert!(house.said().contains("its own certificate is not believed"), "{}", house.said());
    assert!(!authority.said().contains("sign-me-up"), "{}", authority.said());
    assert!(house.anybody().get("/healthz").is_err(), "somebody was served");
    let ready = house.ready();
    assert_eq!(ready.status.code(), Some(1), "{}", said(&ready));
    house.stop();
}

/// The program psql, to its end.
fn psql(place: &str, database: &str, sql: &str) -> Output {
    let mut psql = Command::new("psql");
    psql.args(["-h", place, "-U", "postgres", "-d", database, "-Atqc", sql]);
    psql.output().expect("the program psql is installed (package postgresql-client)")
}

#[test]
fn nodes_of_one_house_serve_one_certificate_and_each_answers_the_authority() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let all = folder("acme-nodes");
    let (port, other_port) = (free_port(), free_port());
    // It looks at the second node; the first one is there sooner, and orders.
    let authority = Pebble::start(all.path(), other_port, 3600);
    let acme = format!("directory = {:?}\nca_file = {:?}\n", authority.directory, authority.ca_file);
    let mut house = Served::make(all.path(), port, &acme);
    let name = format!("acme_{}_{port}", std::process::id());
    for role in ["strongroom_owner", "strongroom_node"] {
        // Another test may have made it.
        drop(psql(&place, "postgres", &format!("CREATE ROLE {role} LOGIN")));
    }
    let made = psql(&place, "postgres", &format!("CREATE DATABASE {name} OWNER strongroom_owner"));
    assert!(made.status.success(), "{}", said(&made));
    let address = |role: &str| format!("postgres:///{name}?host={place}&user={role}");
    let moved = run(&[
        "migrate",
        "--from",
        text(&house.dir),
        "--to",
        &address("strongroom_owner"),
        "--role",
        "strongroom_node",
    ]);
    assert!(moved.status.success(), "{}", said(&moved));
    let base = std::fs::read_to_string(&house.config).expect("a file of this test");
    let with = format!("database = {:?}\n{base}", address("strongroom_node"));
    std::fs::write(&house.config, &with).expect("a file of this test");
    let other_dir = all.path().join("other");
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&other_dir).expect("made");
    let other_config = all.path().join("other.toml");
    let own = [format!("dir = {:?}", house.dir), format!("listen = \"127.0.0.1:{port}\"")];
    let others = [format!("dir = {other_dir:?}"), format!("listen = \"127.0.0.1:{other_port}\"")];
    let text_of_other = with.replace(&own[0], &others[0]).replace(&own[1], &others[1]);
    std::fs::write(&other_config, text_of_other).expect("a file of this test");
    let log = all.path().join("other.log");
    let mut other = Served { dir: other_dir, config: other_config, log, port: other_port, child: None };
    house.start();
    other.start();
    let roots = authority.roots();
    let served = [port, other_port].map(|at| {
        until("the node is served by what one of them ordered", || {
            // Both go by the one public address.
            let visitor = Visitor { port: at, name: NAME, believes: Some(roots.clone()) };
            visitor
                .get_of(port, "/healthz")
                .ok()
                .filter(|(answer, _)| answer.starts_with("HTTP/1.1 200"))
                .map(|found| found.1)
        })
    });
    assert!(served[0] == served[1], "two certificates");
    house.stop();
    other.stop();
    let dropped = psql(&place, "postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    assert!(dropped.status.success(), "{}", said(&dropped));
}
