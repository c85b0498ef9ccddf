//! The real `strongroom` binary as a child process, and a browser's half of HTTP/1.1 to talk to it.
//!
//! What must always hold: the child is killed when its handle goes; every secret it prints stays in memory; the
//! client sends what a browser would send (cookie, origin, fetch metadata, token), and a test can send anything else.

use crate::ground::Ground;
use crate::house::Folder;
use record::{Clock as _, SystemClock};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// How long anything may take before a test says that it hangs.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often is looked again.
const LOOK: Duration = Duration::from_millis(10);

/// The binary, built once for each process of tests; `STRONGROOM` names another one.
pub fn strongroom() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(named) = std::env::var_os("STRONGROOM") {
            return PathBuf::from(named);
        }
        // A test program lies in <target>/<profile>/deps.
        let own = std::env::current_exe().expect("a running program has a path");
        let profile = own.parent().and_then(Path::parent).expect("test programs lie in deps");
        let binary = profile.join("strongroom");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            // Of the whole workspace, so that other crates are built with the same features as for the tests, and once.
            .args(["build", "--quiet", "--locked", "--offline", "--workspace", "--bin", "strongroom"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in the target folder"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.status().expect("cargo runs");
        assert!(built.success() && binary.exists(), "the binary could not be built");
        binary
    })
}

/// Waits until `look` finds something.
///
/// # Panics
/// When it finds nothing within the patience of a test.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = SystemClock.now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        let waited = SystemClock.now().millis_since(began);
        assert!(waited < i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX), "waited in vain until {what}");
        std::thread::sleep(LOOK);
    }
}

/// A folder of a test's own, closed to others, removed at the end.
pub fn folder(name: &str) -> Folder {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = Folder::new(name);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.path()).expect("a folder can be made");
    folder
}

/// Every file below a folder.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                // A socket holds nothing.
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A running demo.
pub struct Demo {
    child: Child,
    ground: Ground,
    // The pipe stays open: a child that writes to a closed one would end.
    _stdout: BufReader<std::process::ChildStdout>,
    host: String,
    people: Vec<Value>,
    stderr: Said,
}

/// What a process says on standard error: whoever holds this in a test that fails shows the end of it.
#[derive(Debug, Clone)]
pub struct Said(PathBuf);

impl Drop for Said {
    #[expect(clippy::print_stderr, reason = "a test that fails shows what the process said")]
    fn drop(&mut self) {
        // Enough for one act and what it stumbled over.
        const LINES: usize = 60;
        if std::thread::panicking() {
            let said = std::fs::read_to_string(&self.0).unwrap_or_default();
            let heard: Vec<&str> =
                said.lines().filter(|line| !line.contains(" DEBUG ") || line.contains("status=5")).collect();
            eprintln!("the process said at last:\n{}", heard[heard.len().saturating_sub(LINES)..].join("\n"));
        }
    }
}

impl std::fmt::Debug for Demo {
    /// Without the sign-in links.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Demo({})", self.host)
    }
}

impl Demo {
    /// Starts it over `dir`; its standard error is appended to `log`. Returns once the gate is open.
    pub fn start(dir: &Path, log: &Path) -> Self {
        Self::start_by(Command::new(strongroom()), dir, log)
    }

    /// Starts it by a command that becomes the binary, such as a shell that sets a limit first.
    pub fn start_by(command: Command, dir: &Path, log: &Path) -> Self {
        Self::start_at(command, (dir, Ground::of(dir)), log, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same on a ground, and at an address, of one's own.
    pub fn start_at(command: Command, place: (&Path, Ground), log: &Path, listen: SocketAddr) -> Self {
        Self::start_with(command, place, log, listen, 0)
    }

    /// The same with a practice of so many stand-ins beside those that the demo always has.
    pub fn start_with(
        mut command: Command,
        (dir, ground): (&Path, Ground),
        log: &Path,
        listen: SocketAddr,
        stand_ins: u32,
    ) -> Self {
        let stderr = File::options().create(true).append(true).open(log).expect("the log can be opened");
        command.args(["--log", "debug", "demo", "--json", "--listen", &listen.to_string()]);
        command.args(["--stand-ins", &stand_ins.to_string(), "--dir"]).arg(dir);
        command.args(ground.demo_arguments());
        ground.credentials(&mut command);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its standard output can be read");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            drop(child.kill());
            panic!("the demo did not start: {}", std::fs::read_to_string(log).unwrap_or_default())
        });
        let host =
            told["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("it tells its address").to_owned();
        let people = told["people"].as_array().cloned().unwrap_or_default();
        let demo = Self { child, ground, _stdout: stdout, host, people, stderr: Said(log.to_path_buf()) };
        let stranger = demo.stranger();
        until("the gate is open", || stranger.get("/readyz").ok().filter(|answer| answer.status == 200));
        demo
    }

    /// What it stands on.
    pub fn ground(&self) -> Ground {
        self.ground.clone()
    }

    /// Where it is: `host:port`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Browser {
        Browser::at(&self.host)
    }

    /// Signs a made-up person in by their one-time link. Once for each start.
    pub fn sign_in(&self, who: &str) -> Browser {
        let link = self.people.iter().find(|one| one["email"].as_str().is_some_and(|email| email.starts_with(who)));
        let link = link.and_then(|one| one["sign_in_url"].as_str()).expect("everybody of the demo has a link");
        let path = link.split_once(&self.host).expect("the link is at the demo's address").1.to_owned();
        let mut browser = self.stranger();
        browser.sign_in_by(&path);
        browser
    }

    /// Addresses of everybody with this role.
    pub fn addresses(&self, role: &str) -> Vec<&str> {
        self.people.iter().filter(|one| one["role"] == role).filter_map(|one| one["email"].as_str()).collect()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr.0).unwrap_or_default()
    }

    /// For those who work with it while it is killed: what it said is shown when their test fails.
    pub fn witness(&self) -> Said {
        self.stderr.clone()
    }

    /// Is it still there.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a child can be waited for");
        assert_eq!(status.signal(), Some(9), "it had ended before it was killed: {status}");
        self.ground.leases_end();
    }

    /// The same, and its lease goes on: whoever starts at once finds a node that has not said that it is gone.
    pub fn kill_within_its_lease(mut self) {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a child can be waited for");
        assert_eq!(status.signal(), Some(9), "it had ended before it was killed: {status}");
    }

    /// SIGTERM, and waits for its clean end.
    pub fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let status = until("it has ended", || self.child.try_wait().ok().flatten());
        assert!(status.success(), "it did not end well: {status}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs one command to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(strongroom()).args(arguments).stdin(Stdio::null()).output().expect("the binary starts")
}

/// As [`run`], with these answers on its standard input.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run_answered(arguments: &[&str], answers: &str) -> Output {
    use std::io::Write as _;
    let piped = Stdio::piped;
    let mut command = Command::new(strongroom());
    let mut child =
        command.args(arguments).stdin(piped()).stdout(piped()).stderr(piped()).spawn().expect("the binary starts");
    // A program that has ended before it has read all of them is not our concern.
    drop(child.stdin.take().expect("a pipe").write_all(answers.as_bytes()));
    child.wait_with_output().expect("the binary ends")
}

/// Another program's connection to the database: rows of one statement, columns divided by `|`.
///
/// # Panics
/// When the statement fails, or the sqlite3 program is not there.
pub fn sql(database: &Path, statement: &str) -> Vec<String> {
    sql_by(Command::new("sqlite3"), database, statement)
}

/// The same from within the mount namespace of a process.
///
/// # Panics
/// As [`sql`].
pub fn sql_within(pid: u32, database: &Path, statement: &str) -> Vec<String> {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &pid.to_string(), "sqlite3"]);
    sql_by(command, database, statement)
}

fn sql_by(mut sqlite: Command, database: &Path, statement: &str) -> Vec<String> {
    let output = sqlite
        .args(["-batch", "-cmd", ".timeout 20000"])
        .arg(database)
        .arg(statement)
        .output()
        .expect("the program sqlite3 is installed (package sqlite3)");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A browser: one cookie, one token. A clone is another tab.
#[derive(Clone)]
pub struct Browser {
    host: String,
    /// The port that it is led to, where a balancer leads elsewhere than the address says.
    port: Option<u16>,
    cookie: String,
    csrf: String,
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Browser({})", self.host)
    }
}

fn broken(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned())
}

/// The text between two others, from the first place where they stand.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// Fields as a form sends them.
pub fn form(fields: &[(&str, &str)]) -> String {
    let quoted = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    };
    fields.iter().map(|(key, value)| format!("{}={}", quoted(key), quoted(value))).collect::<Vec<_>>().join("&")
}

impl Browser {
    /// Nobody yet, at `host:port`.
    pub fn at(host: &str) -> Self {
        Self { host: host.to_owned(), port: None, cookie: String::new(), csrf: String::new() }
    }

    /// The same browser, led to another process of the house.
    #[must_use]
    pub fn led_to(&self, port: u16) -> Self {
        Self { port: Some(port), ..self.clone() }
    }

    /// Signs in by the path of a demo's link, and takes the token from a page.
    ///
    /// # Panics
    /// When the link does not sign in.
    pub fn sign_in_by(&mut self, path: &str) {
        let answer = self.get(path).expect("the demo answers");
        assert_eq!(answer.status, 303, "the link signs in: {}", answer.text());
        let cookie = answer.header("set-cookie").and_then(|set| set.split(';').next()).expect("a session's cookie");
        cookie.clone_into(&mut self.cookie);
        let help = self.get("/help").expect("the demo answers").text();
        self.csrf = between(&help, "name=\"csrf\" value=\"", "\"").expect("a token on the page").to_owned();
    }

    /// The token of this session.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Opens a connection. The name `localhost` may stand for two addresses; the demo listens on the older one.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(&self) -> std::io::Result<TcpStream> {
        let named = || self.host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port = self.port.or_else(named).unwrap_or(80);
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// The head of a request as this browser sends it, without the empty line at its end.
    pub fn head(&self, method: &str, path: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        head.push_str("Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\n");
        if !self.cookie.is_empty() {
            head.push_str(&format!("Cookie: {}\r\n", self.cookie));
        }
        if method != "GET" && method != "HEAD" {
            head.push_str(&format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", self.host));
        }
        head
    }

    /// Sends one request and reads its whole answer. An answer that breaks off is an error, never a short answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
        let mut head = self.head(method, path);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut stream = self.connect()?;
        stream.write_all(head.as_bytes())?;
        // A server that refuses early may close its half while the body is on its way: its answer still counts.
        let sent = stream.write_all(body);
        match read_answer(&mut stream, method == "HEAD") {
            Ok(answer) => Ok(answer),
            Err(error) => Err(sent.err().unwrap_or(error)),
        }
    }

    /// GET.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn get(&self, path: &str) -> std::io::Result<Answer> {
        self.send("GET", path, &[], &[])
    }

    /// A form, with this session's token.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> std::io::Result<Answer> {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        self.send("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], form(&all).as_bytes())
    }

    /// A script of ours sends JSON.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn json(&self, path: &str, value: &Value) -> std::io::Result<Answer> {
        let headers = [("Content-Type", "application/json"), ("X-Csrf", self.csrf.as_str())];
        let headers = if self.csrf.is_empty() { &headers[..1] } else { &headers[..] };
        self.send("POST", path, headers, value.to_string().as_bytes())
    }

    /// Keeps the session that the last step of a ceremony gave, if it gave one.
    pub fn take_session(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.header("set-cookie").and_then(|set| set.split(';').next()) {
            cookie.clone_into(&mut self.cookie);
            answer.json()["csrf"].as_str().unwrap_or_default().clone_into(&mut self.csrf);
        }
    }

    /// One file as the upload page's script sends it.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn upload(&self, query: &str, file_name: &str, fields: &str, bytes: &[u8]) -> std::io::Result<Answer> {
        let name = form(&[("", file_name)]);
        let headers = [
            ("X-Csrf", self.csrf.as_str()),
            ("X-File-Name", name.trim_start_matches('=')),
            ("X-Fields", fields),
            ("Content-Type", "application/octet-stream"),
        ];
        self.send("POST", &format!("/upload/file?{query}"), &headers, bytes)
    }

    /// The practices on this person's upload page: name and id.
    ///
    /// # Panics
    /// When the page cannot be read.
    pub fn customers(&self) -> Vec<(String, String)> {
        let page = self.get("/upload").expect("the portal answers").text();
        let mut found = Vec::new();
        for piece in page.split("value=\"cus_").skip(1) {
            let Some((id, rest)) = piece.split_once('"') else { continue };
            let name = between(rest, ">", "<").unwrap_or_default().trim().to_owned();
            found.push((name, format!("cus_{id}")));
        }
        found
    }
}

/// Reads one answer to its end.
///
/// # Errors
/// When it is no answer, or breaks off.
pub fn read_answer(stream: &mut TcpStream, is_head: bool) -> std::io::Result<Answer> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(|| broken("no status line"))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(broken("the head breaks off"));
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if is_head {
        return Ok(answer);
    }
    if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(|_| broken("a chunk without a size"))?;
            let mut chunk = vec![0_u8; size + 2];
            reader.read_exact(&mut chunk)?;
            if size == 0 {
                return Ok(answer);
            }
            answer.body.extend_from_slice(&chunk[..size]);
        }
    }
    match answer.header("content-length").and_then(|text| text.parse::<usize>().ok()) {
        Some(size) => {
            answer.body = vec![0_u8; size];
            reader.read_exact(&mut answer.body)?;
        }
        None => drop(reader.read_to_end(&mut answer.body)?),
    }
    Ok(answer)
}

/// Every entry of the ledger, in its order.
///
/// # Panics
///
/// Where the store does not answer or an entry cannot be read.
pub async fn entries_of(store: &store::Store) -> Vec<record::Entry> {
    let mut entries = Vec::new();
    loop {
        let page = store.entry_range(entries.len() as u64, 1000).await.expect("entries can be read");
        if page.is_empty() {
            return entries;
        }
        entries.extend(page.iter().map(|stored| ledger::leaf::decode(&stored.leaf).expect("a leaf").entry));
    }
}

/// The same of a stopped house.
///
/// # Panics
///
/// Where it does not open or an entry cannot be read.
#[must_use]
pub fn entries(ground: &Ground) -> Vec<record::Entry> {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let store = ground.store().await.expect("it opens");
        let entries = entries_of(&store).await;
        store.close().await;
        entries
    })
}
