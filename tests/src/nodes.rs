//! Several nodes of one house, by the real binary, over one PostgreSQL and one bucket, with a way of its own from each node to
//! either: to kill, stop, cut off and slow down, while [`load`] asks them for what people ask for.
//!
//! What must always hold: what a visitor is told is kept, so that in the end it can be held against what is there.

pub mod leaving;
pub mod load;
pub mod processor;
pub mod siege;
pub mod way;

use crate::binary::{Browser, folder, strongroom, until};
use crate::house::{Folder, free_port};
use crate::work::WorkHouse;
use fake_bucket::FakeBucket;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use way::Way;

/// Stands in every transcript of the demo, and on no other page.
pub const CANARY: &str = "Made up for the demo";

/// People of the demo who leave one after the other. No officers: outside the demo those are let in with two passkeys only.
const LEAVING: [&str; 12] = [
    "mara.quist",
    "ben.cho",
    "frida.holm",
    "quinn.ferrara",
    "cora.whitfield",
    "jon.aziz",
    "omar.haddad",
    "nell.pruitt",
    "ivo.brandt",
    "hugo.lang",
    "grace.tully",
    "leo.grant",
];

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What lets a program see another time (Debian's package faketime), where it is there.
fn other_time() -> Option<PathBuf> {
    let found = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    found.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

/// One process of the house.
#[derive(Debug)]
pub struct Node {
    config: PathBuf,
    log: PathBuf,
    /// Where it listens.
    pub port: u16,
    /// By how much its clock is wrong.
    skew: Option<&'static str>,
    /// To the database.
    pub database: Way,
    /// To the bucket.
    pub bucket: Way,
    child: Mutex<Child>,
}

impl Node {
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

    /// Its process.
    ///
    /// # Panics
    /// When a thread panicked that had it.
    pub fn pid(&self) -> u32 {
        self.child.lock().expect("no panic").id()
    }

    /// Sends a signal: `-STOP`, `-CONT`.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.pid().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    /// SIGKILL.
    ///
    /// # Panics
    /// When it had ended before.
    pub fn kill(&self) {
        let mut child = self.child.lock().expect("no panic");
        child.kill().expect("a child can be killed");
        drop(child.wait());
    }

    /// After it was killed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        *self.child.lock().expect("no panic") = Self::spawn(&self.config, &self.log, self.skew);
    }

    /// SIGTERM, and waits for its clean end.
    ///
    /// # Panics
    /// When it does not end well, or had panicked.
    pub fn stop(&self) {
        self.signal("-TERM");
        let status = until("it has ended", || self.child.lock().expect("no panic").try_wait().ok().flatten());
        assert!(status.success(), "it did not end well: {status}\n{}", self.said());
        assert!(!self.said().contains("panicked"), "{}", self.said());
    }

    fn ended(&self) -> bool {
        self.child.lock().expect("no panic").try_wait().ok().flatten().is_some()
    }

    /// What it has said on standard error.
    #[must_use]
    pub fn said(&self) -> String {
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

/// A house of several nodes, at work.
#[derive(Debug)]
pub struct NodesHouse {
    /// The nodes, in the order of their clocks' errors.
    pub nodes: Vec<Node>,
    name: String,
    place: String,
    fake: FakeBucket,
    /// How it is administered.
    pub work: WorkHouse,
    /// A clinician of Lakeside.
    pub ana: Browser,
    /// What she may read.
    pub read: String,
    /// Somebody of another practice.
    pub dina: Browser,
    /// Whose sessions are to be ended, one after the other.
    pub leaving: Vec<Browser>,
    /// Who brings documents.
    pub tess: Browser,
    /// For the upload's address.
    pub query: String,
    // Last: the folder goes when all is over.
    all: Folder,
}

fn a_document_of(browser: &Browser) -> String {
    let page = browser.get("/inbox").expect("the portal answers").text();
    let piece = page.split("\"/documents/doc_").nth(1).expect("the demo has delivered something");
    format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default())
}

/// A text to a database of the server for tests, as the one who runs it.
///
/// # Panics
/// When it fails.
pub fn psql(place: &str, database: &str, sql: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args(["-h", place, "-U", "postgres", "-d", database, "-Atqc", sql]);
    let output = psql.output().expect("the program psql is installed (package postgresql-client)");
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// A database of this house's own.
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

/// The bucket's credentials, in a file that others cannot read.
fn keys_of_bucket(all: &Path) -> PathBuf {
    let keys = all.join("bucket-keys");
    let file = File::options().write(true).create_new(true).mode(0o600).open(&keys);
    let text =
        format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", fake_bucket::KEY_ID, fake_bucket::SECRET);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the file can be written");
    keys
}

impl NodesHouse {
    /// The demo's house, carried over to a database of the server whose socket lies in `place` and to a bucket in this process,
    /// served by as many nodes as there are clocks.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn make(place: &str, skews: &[Option<&'static str>]) -> Self {
        let all = folder("nodes");
        let fake = FakeBucket::start();
        let endpoint = |at: &str| format!("objects_endpoint = {at:?}\n");
        let more = format!("{}objects_key_file = {:?}\n", endpoint(&fake.endpoint()), keys_of_bucket(all.path()));
        let dir = all.path().join("data");
        let (work, (ana, read, dina, leaving, tess, query)) =
            WorkHouse::make_embedded(all.path(), &dir, &more, |demo| {
                let (ana, tess) = (demo.sign_in("ana.reyes"), demo.sign_in("tess.bauer"));
                let customers = tess.customers();
                let (_, id) = customers.iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there");
                let read = a_document_of(&ana);
                let leaving = LEAVING.iter().map(|name| demo.sign_in(name)).collect::<Vec<_>>();
                (ana, read, demo.sign_in("dina.paz"), leaving, tess, format!("customer={id}"))
            });
        let prefix = all.path().file_name().and_then(|name| name.to_str()).expect("a folder of ours has a name");
        let bucket = format!("s3://{}/{prefix}", fake_bucket::BUCKET);
        let moved = work.run(&["migrate", "--objects-to", &bucket, "--json"]);
        assert!(moved.status.success(), "{}", said(&moved));
        let name = database(place, all.path());
        let address = |place: &str, role: &str| format!("postgres:///{name}?host={place}&user={role}");
        let base = std::fs::read_to_string(&work.config).expect("the configuration can be read");
        std::fs::write(&work.config, format!("objects = {bucket:?}\n{base}"))
            .expect("the configuration can be written");
        let mut migrate = work.command();
        migrate
            .args(["migrate", "--role", "strongroom_node", "--json", "--to"])
            .arg(address(place, "strongroom_owner"));
        let moved =
            migrate.arg("--from").arg(&dir).arg("--config").arg(&work.config).output().expect("the binary starts");
        assert!(moved.status.success(), "{}", said(&moved));
        let bucket_port = fake.endpoint().rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse().ok());
        let mut nodes = Vec::new();
        for (number, skew) in skews.iter().copied().enumerate() {
            let way = Way::to_database(all.path(), number, place);
            let to_bucket = Way::to_port(bucket_port.expect("the bucket is at a port"));
            let port = free_port().expect("there is a free port").port();
            let own = all.path().join(format!("n{number}"));
            std::fs::DirBuilder::new().mode(0o700).create(&own).expect("a folder can be made");
            let database = address(way.begins.to_str().expect("a path in UTF-8"), "strongroom_node");
            let left_out = ["dir =", "listen =", "objects =", "objects_endpoint ="];
            let kept = base.lines().filter(|line| !left_out.iter().any(|start| line.starts_with(start)));
            // Whoever comes, comes by the balancer.
            let text = format!(
                "dir = {own:?}\nlisten = \"127.0.0.1:{port}\"\ntrusted_proxies = [\"127.0.0.1\"]\ndatabase = {database:?}\nobjects = {bucket:?}\n{}{}\n",
                endpoint(&format!("http://{}", to_bucket.begins.display())),
                kept.collect::<Vec<_>>().join("\n")
            );
            let config = all.path().join(format!("n{number}.toml"));
            std::fs::write(&config, text).expect("the configuration can be written");
            let log = all.path().join(format!("n{number}.log"));
            let child = Mutex::new(Node::spawn(&config, &log, skew));
            nodes.push(Node { config, log, port, skew, database: way, bucket: to_bucket, child });
        }
        let place = place.to_owned();
        let house = Self { nodes, name, place, fake, work, ana, read, dina, leaving, tess, query, all };
        for node in &house.nodes {
            house.ready(node);
        }
        house
    }

    /// Waits until this node answers.
    ///
    /// # Panics
    /// When it has ended.
    pub fn ready(&self, node: &Node) {
        let stranger = self.stranger(node);
        until("the gate is open", || {
            assert!(!node.ended(), "it ended: {}", node.said());
            stranger.get("/readyz").ok().filter(|answer| answer.status == 200)
        });
    }

    /// Somebody who has not signed in, led to this node.
    #[must_use]
    pub fn stranger(&self, node: &Node) -> Browser {
        Browser::at(&self.work.place.host).led_to(node.port)
    }

    /// Holds what was acknowledged against what is there: each row, and the bytes of some of them.
    ///
    /// # Panics
    /// When something is not there.
    pub fn check_acknowledged(&self, acknowledged: &[(String, Vec<u8>)]) {
        let rows = psql(&self.place, &self.name, "SELECT document_id FROM document");
        let rows: std::collections::BTreeSet<&str> = rows.lines().collect();
        for (href, _) in acknowledged {
            let id = href.rsplit('/').next().unwrap_or_default();
            assert!(rows.contains(id), "{href} was acknowledged and is not there");
        }
        let objects = self.fake.keys().len();
        assert!(objects >= 2 * acknowledged.len(), "{objects} objects");
        for (href, text) in acknowledged.iter().step_by(acknowledged.len().div_ceil(200).max(1)) {
            let file = self.tess.led_to(self.nodes[0].port).get(&format!("{href}/file")).expect("it answers");
            assert!(file.status == 200 && &file.body == text, "{href}: {}", file.status);
        }
    }

    /// One ledger, whole, that somebody outside can verify: how many entries it has. Every node has been stopped.
    ///
    /// # Panics
    /// When it does not verify.
    pub fn check_ledger(&self) -> u64 {
        let export = self.all.path().join("ledger.export");
        let mut command = self.work.command();
        command.args(["ledger", "export", "--out"]).arg(&export).arg("--config").arg(&self.nodes[0].config);
        let exported = command.output().expect("the binary starts");
        assert!(exported.status.success(), "{}", said(&exported));
        let mut command = self.work.command();
        command.args(["ledger", "verify", "--export"]).arg(&export).arg("--key").arg(export.with_extension("pub"));
        let verified = command.output().expect("the binary starts");
        assert!(verified.status.success(), "{}", said(&verified));
        let size = psql(&self.place, &self.name, "SELECT size FROM ledger_head");
        size.trim().parse().expect("a size")
    }

    /// Lets the database go.
    pub fn forget(&self) {
        psql(&self.place, "postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
