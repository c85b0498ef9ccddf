//! Three nodes of one house, by the real binary, over one PostgreSQL and one bucket, under load, while faults are injected: killed,
//! stopped, cut off from the database, with clocks five minutes off. What was acknowledged is there, nobody reads what is not theirs, and
//! there is one ledger. Runs where `STRONGROOM_TEST_POSTGRES` names a server's socket folder (bin/test starts one); `STRONGROOM_NODES_ROUNDS`
//! makes it longer: some 17 s each.

use fake_bucket::FakeBucket;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use strongroom_tests::binary::{Browser, folder, strongroom, until};
use strongroom_tests::work::WorkHouse;

/// Stands in every transcript of the demo, and on no other page.
const CANARY: &str = "Made up for the demo";
/// Longer than a lease (5 s), seconds.
const OUT_OF_REACH_SECS: u64 = 7;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn psql(place: &str, database: &str, sql: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args(["-h", place, "-U", "postgres", "-d", database, "-Atqc", sql]);
    let output = psql.output().expect("the program psql is installed (package postgresql-client)");
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// The way to the database for one node, which can be cut: nothing arrives and nothing is refused.
struct Way {
    dir: PathBuf,
    cut: Arc<AtomicBool>,
}

impl Way {
    fn make(all: &Path, number: usize, place: &str) -> Self {
        let dir = all.join(format!("w{number}"));
        std::fs::create_dir(&dir).expect("a folder can be made");
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("a socket can be bound");
        let cut = Arc::new(AtomicBool::new(false));
        let (told, to) = (Arc::clone(&cut), Path::new(place).join(".s.PGSQL.5432"));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = UnixStream::connect(&to) else { continue };
                let copies = near.try_clone().and_then(|near| Ok((near, far.try_clone()?)));
                let Ok((near_too, far_too)) = copies else { continue };
                let (there, back) = (Arc::clone(&told), Arc::clone(&told));
                std::thread::spawn(move || carry(near, far, &there));
                std::thread::spawn(move || carry(far_too, near_too, &back));
            }
        });
        Self { dir, cut }
    }

    fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream, cut: &AtomicBool) {
    let mut bytes = [0; 16 << 10];
    while let Ok(many @ 1..) = from.read(&mut bytes) {
        while cut.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if to.write_all(&bytes[..many]).is_err() {
            break;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Both));
}

/// What lets a program see another time (Debian's package faketime), where it is there.
fn other_time() -> Option<PathBuf> {
    let found = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    found.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

/// One process of the house.
struct Node {
    config: PathBuf,
    log: PathBuf,
    port: u16,
    /// By how much its clock is wrong.
    skew: Option<&'static str>,
    child: Mutex<Child>,
}

impl Node {
    fn start(config: PathBuf, log: PathBuf, port: u16, skew: Option<&'static str>) -> Self {
        let child = Mutex::new(Self::spawn(&config, &log, skew));
        Self { config, log, port, skew, child }
    }

    fn spawn(config: &Path, log: &Path, skew: Option<&'static str>) -> Child {
        let mut command = Command::new(strongroom());
        if let (Some(skew), Some(library)) = (skew, other_time()) {
            // Only the clock that can be set: the other one is the machine's own.
            command.env("LD_PRELOAD", library).env("FAKETIME", skew).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let stderr = File::options().create(true).append(true).open(log).expect("the log can be opened");
        command.args(["--log", "info", "serve", "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().expect("the binary starts")
    }

    fn pid(&self) -> u32 {
        self.child.lock().expect("no panic").id()
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.pid().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    fn kill(&self) {
        let mut child = self.child.lock().expect("no panic");
        child.kill().expect("a child can be killed");
        drop(child.wait());
    }

    fn start_again(&self) {
        *self.child.lock().expect("no panic") = Self::spawn(&self.config, &self.log, self.skew);
    }

    fn stop(&self) {
        self.signal("-TERM");
        let status = until("it has ended", || self.child.lock().expect("no panic").try_wait().ok().flatten());
        assert!(status.success(), "it did not end well: {status}\n{}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

struct House {
    nodes: Vec<Node>,
    ways: Vec<Way>,
    name: String,
    place: String,
    fake: FakeBucket,
    work: WorkHouse,
    /// A clinician of Lakeside, and what she may read.
    ana: Browser,
    read: String,
    /// Somebody of another practice.
    dina: Browser,
    /// Whose session is to be ended.
    ended: Browser,
    tess: Browser,
    query: String,
    // Last: the folder goes when all is over.
    all: strongroom_tests::house::Folder,
}

/// A database of this test's own.
fn database(place: &str, all: &Path) -> String {
    let name = all.file_name().and_then(|name| name.to_str()).expect("a folder of ours has a name");
    let name: String =
        name.to_lowercase().chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
    for role in ["strongroom_owner", "strongroom_node"] {
        let mut psql = Command::new("psql");
        psql.args(["-h", place, "-U", "postgres", "-d", "postgres", "-Atqc", &format!("CREATE ROLE {role} LOGIN")]);
        // Another test may have made it.
        drop(psql.output());
    }
    psql(place, "postgres", &format!("CREATE DATABASE {name} OWNER strongroom_owner"));
    name
}

fn a_document_of(browser: &Browser) -> String {
    let page = browser.get("/inbox").expect("the portal answers").text();
    let piece = page.split("\"/documents/doc_").nth(1).expect("the demo has delivered something");
    format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default())
}

fn free_port() -> u16 {
    let probe = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("there is a free port");
    probe.local_addr().expect("it has an address").port()
}

impl House {
    fn make(place: &str) -> Self {
        let all = folder("nodes");
        let fake = FakeBucket::start();
        let keys = all.path().join("bucket-keys");
        let file = File::options().write(true).create_new(true).mode(0o600).open(&keys);
        let text =
            format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", fake_bucket::KEY_ID, fake_bucket::SECRET);
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the file can be written");
        let more = format!("objects_endpoint = {:?}\nobjects_key_file = {keys:?}\n", fake.endpoint());
        let dir = all.path().join("data");
        let (work, (ana, read, dina, ended, tess, query)) = WorkHouse::make(all.path(), (&dir, &[]), &more, |demo| {
            let (ana, tess) = (demo.sign_in("ana.reyes"), demo.sign_in("tess.bauer"));
            let customers = tess.customers();
            let (_, id) = customers.iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there");
            let read = a_document_of(&ana);
            (ana, read, demo.sign_in("dina.paz"), demo.sign_in("mara.quist"), tess, format!("customer={id}"))
        });
        let prefix = all.path().file_name().and_then(|name| name.to_str()).expect("a folder of ours has a name");
        let bucket = format!("s3://{}/{prefix}", fake_bucket::BUCKET);
        let moved = work.run(&["migrate", "--objects-to", &bucket, "--json"]);
        assert!(moved.status.success(), "{}", said(&moved));
        let name = database(place, all.path());
        let address = |place: &str, role: &str| format!("postgres:///{name}?host={place}&user={role}");
        let mut migrate = work.command();
        migrate
            .args(["migrate", "--role", "strongroom_node", "--json", "--to"])
            .arg(address(place, "strongroom_owner"));
        let moved = migrate.arg("--from").arg(&dir).output().expect("the binary starts");
        assert!(moved.status.success(), "{}", said(&moved));
        let base = std::fs::read_to_string(&work.config).expect("the configuration can be read");
        let mut nodes = Vec::new();
        let mut ways = Vec::new();
        for (number, skew) in [(0, None), (1, Some("+300s")), (2, Some("-300s"))] {
            let way = Way::make(all.path(), number, place);
            let port = free_port();
            let own = all.path().join(format!("n{number}"));
            std::fs::DirBuilder::new().mode(0o700).create(&own).expect("a folder can be made");
            let database = address(way.dir.to_str().expect("a path in UTF-8"), "strongroom_node");
            let kept = base.lines().filter(|line| !line.starts_with("dir =") && !line.starts_with("listen ="));
            let text = format!(
                "dir = {own:?}\nlisten = \"127.0.0.1:{port}\"\ndatabase = {database:?}\nobjects = {bucket:?}\n{}\n",
                kept.collect::<Vec<_>>().join("\n")
            );
            let config = all.path().join(format!("n{number}.toml"));
            std::fs::write(&config, text).expect("the configuration can be written");
            let log = all.path().join(format!("n{number}.log"));
            nodes.push(Node::start(config, log, port, skew));
            ways.push(way);
        }
        let place = place.to_owned();
        let house = Self { nodes, ways, name, place, fake, work, ana, read, dina, ended, tess, query, all };
        for node in &house.nodes {
            house.ready(node);
        }
        house
    }

    fn ready(&self, node: &Node) {
        let stranger = Browser::at(&self.work.place.host).led_to(node.port);
        until("the gate is open", || {
            let ended = node.child.lock().expect("no panic").try_wait().ok().flatten();
            assert!(ended.is_none(), "it ended: {}", node.said());
            stranger.get("/readyz").ok().filter(|answer| answer.status == 200)
        });
    }
}

/// What the load has seen.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<Vec<(String, Vec<u8>)>>,
    answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    wrong: Mutex<Vec<String>>,
    over: AtomicBool,
    number: AtomicU64,
}

impl Seen {
    fn count(&self, what: &'static str, status: u16) {
        *self.answers.lock().expect("no panic").entry((what, status)).or_default() += 1;
    }
    fn wrong(&self, what: String) {
        self.wrong.lock().expect("no panic").push(what);
    }
    fn many(&self, what: &'static str, status: u16) -> u64 {
        self.answers.lock().expect("no panic").get(&(what, status)).copied().unwrap_or_default()
    }
}

/// Ends the load, also when what is done meanwhile fails.
struct Over<'s>(&'s Seen);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// One after the other, each by the next node: reads, tries to read what is another practice's, sends.
fn load(house: &House, seen: &Seen, first: usize) {
    let mut turn = first;
    while !seen.over.load(Ordering::SeqCst) {
        turn += 1;
        let port = house.nodes[turn % house.nodes.len()].port;
        match turn % 5 {
            0 | 1 => {
                let Ok(answer) = house.ana.led_to(port).get(&house.read) else { continue };
                seen.count("own", answer.status);
                if answer.status == 200 && !answer.text().contains(CANARY) || !matches!(answer.status, 200 | 503) {
                    seen.wrong(format!("own document: {} {}", answer.status, answer.text()));
                }
            }
            2 | 3 => {
                let Ok(answer) = house.dina.led_to(port).get(&house.read) else { continue };
                seen.count("foreign", answer.status);
                if answer.text().contains(CANARY) || !matches!(answer.status, 404 | 503) {
                    seen.wrong(format!("foreign document: {}", answer.status));
                }
            }
            _ => {
                let number = seen.number.fetch_add(1, Ordering::SeqCst);
                let text = format!("Patient: Nobody, Known\nLine {number} of what came in under load.\n").into_bytes();
                let name = format!("load-{number}.txt");
                let Ok(answer) = house.tess.led_to(port).upload(&house.query, &name, "", &text) else { continue };
                seen.count("sent", answer.status);
                match answer.status {
                    201 => {
                        let href = answer.json()["href"].as_str().unwrap_or_default().to_owned();
                        seen.acknowledged.lock().expect("no panic").push((href, text));
                    }
                    503 => {}
                    status => seen.wrong(format!("an upload: {status} {}", answer.text())),
                }
            }
        }
    }
}

/// Each fault once a round.
fn faults(house: &House, rounds: u32) {
    let out_of_reach = Duration::from_secs(OUT_OF_REACH_SECS);
    for _ in 0..rounds {
        house.nodes[1].kill();
        house.nodes[1].start_again();
        house.nodes[2].signal("-STOP");
        std::thread::sleep(out_of_reach);
        house.nodes[2].signal("-CONT");
        house.ways[0].cut(true);
        std::thread::sleep(out_of_reach);
        // Cut off for longer than its lease, it says that it is not ready, and answers nothing.
        let stranger = Browser::at(&house.work.place.host).led_to(house.nodes[0].port);
        let answer = stranger.get("/readyz").expect("it listens");
        assert_eq!(answer.status, 503, "cut off, it goes on");
        house.ways[0].cut(false);
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn three_nodes_that_are_killed_stopped_cut_off_and_off_in_time_lose_nothing_and_show_nothing() {
    let Some(place) = std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty()) else { return };
    let house = House::make(&place);
    let seen = Seen::default();
    let rounds = std::env::var("STRONGROOM_NODES_ROUNDS").ok().and_then(|many| many.parse().ok()).unwrap_or(1);
    std::thread::scope(|scope| {
        for first in 0..12 {
            let (house, seen) = (&house, &seen);
            scope.spawn(move || load(house, seen, first));
        }
        let over = Over(&seen);
        faults(&house, rounds);
        for node in &house.nodes {
            house.ready(node);
        }
        // Whoever signs out at one node is out at every other one by the next request.
        let out = house.ended.led_to(house.nodes[0].port);
        assert_eq!(out.get("/me/accesses").expect("it answers").status, 200);
        let gone = out.post("/sign-out", &[]).expect("it answers");
        assert_eq!(gone.status, 303, "{}", house.nodes[0].said().lines().rev().take(12).collect::<Vec<_>>().join("\n"));
        for node in &house.nodes {
            let answer = house.ended.led_to(node.port).get("/me/accesses").expect("it answers");
            assert!(matches!(answer.status, 303 | 401), "signed out and still there: {}", answer.status);
        }
        drop(over);
    });
    let wrong = seen.wrong.lock().expect("no panic");
    assert!(wrong.is_empty(), "{} things went wrong, first: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
    let acknowledged = seen.acknowledged.lock().expect("no panic");
    #[expect(clippy::print_stdout, reason = "what a long run has shown")]
    {
        println!("{} acknowledged; answers: {:?}", acknowledged.len(), seen.answers.lock().expect("no panic"));
    }
    assert!(acknowledged.len() > 5 && seen.many("own", 200) > 10 && seen.many("foreign", 404) > 10, "there was a load");
    // What was acknowledged is there, row and bytes.
    let rows = psql(&house.place, &house.name, "SELECT document_id FROM document");
    for (href, _) in acknowledged.iter() {
        let id = href.rsplit('/').next().unwrap_or_default();
        assert!(rows.lines().any(|row| row == id), "{href} was acknowledged and is not there");
    }
    let objects = house.fake.keys().len();
    assert!(objects >= 2 * acknowledged.len(), "{objects} objects");
    for (href, text) in acknowledged.iter().step_by(acknowledged.len().div_ceil(20)) {
        let file = house.tess.led_to(house.nodes[0].port).get(&format!("{href}/file")).expect("it answers");
        assert!(file.status == 200 && &file.body == text, "{href}: {}", file.status);
    }
    for node in &house.nodes {
        node.stop();
        assert!(!node.said().contains("panicked"), "{}", node.said());
    }
    // One ledger, whole, that somebody outside can verify.
    let export = house.all.path().join("ledger.export");
    let mut command = house.work.command();
    command.args(["ledger", "export", "--out"]).arg(&export).arg("--config").arg(&house.nodes[0].config);
    let exported = command.output().expect("the binary starts");
    assert!(exported.status.success(), "{}", said(&exported));
    let mut command = house.work.command();
    command.args(["ledger", "verify", "--export"]).arg(&export).arg("--key").arg(export.with_extension("pub"));
    let verified = command.output().expect("the binary starts");
    assert!(verified.status.success(), "{}", said(&verified));
}
