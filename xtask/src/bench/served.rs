//! The real binary with a made-up house, and people signed in to it, for benchmarks that speak HTTP.

use super::target_folder;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A folder that goes with the benchmark.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(below: &Path, name: &str) -> Result<Self> {
        let path = below.join(format!("strongroom-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).context("making the folder to measure in")?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing more can be done about a folder that will not go.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary as it is released.
pub(super) fn release_binary(top: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--package", "strongroom"]).current_dir(top);
    ensure!(cargo.status().context("running cargo")?.success(), "the binary could not be built");
    Ok(target_folder(top).join("release/strongroom"))
}

/// A filled house that answers over plain HTTP on loopback.
pub(super) struct Demo {
    running: Running,
    // Held open, as a terminal would be.
    _stdout: BufReader<ChildStdout>,
    url: String,
    people: Vec<Value>,
}

impl Demo {
    pub(super) fn start(binary: &Path, folder: &Folder) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["--log", "error", "demo", "--stand-ins", "0", "--listen", "127.0.0.1:0", "--json", "--dir"])
            .arg(folder.0.join("data"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("starting the demo")?;
        let mut stdout = BufReader::new(child.stdout.take().context("it was piped")?);
        let running = Running(child);
        let mut line = String::new();
        stdout.read_line(&mut line).context("reading what the demo says")?;
        let told: Value = serde_json::from_str(&line).context("the demo did not start")?;
        let url = told["url"].as_str().context("its address")?.to_owned();
        let people = told["people"].as_array().cloned().unwrap_or_default();
        until_ready(&url)?;
        Ok(Self { running, _stdout: stdout, url, people })
    }

    pub(super) fn pid(&self) -> u32 {
        self.running.0.id()
    }

    /// SIGTERM, and waits for its clean end.
    pub(super) fn stop(mut self) -> Result<()> {
        said(Command::new("kill").args(["-TERM", &self.pid().to_string()]), "procps")?;
        ensure!(self.running.0.wait()?.success(), "the demo did not end well");
        Ok(())
    }

    /// Signs a made-up person in by their one-time link.
    fn sign_in(&self, who: &str) -> Result<Browser> {
        let link = self.people.iter().find(|one| one["email"].as_str().is_some_and(|email| email.starts_with(who)));
        let link = link.and_then(|one| one["sign_in_url"].as_str()).context("everybody of the demo has a link")?;
        let answer = said(curl().args(["-i", link]), "curl")?;
        let cookie = between(&answer.replace("Set-Cookie", "set-cookie"), "set-cookie: ", ";").map(ToOwned::to_owned);
        let mut browser =
            Browser { url: self.url.clone(), cookie: cookie.context("a session's cookie")?, csrf: String::new() };
        let help = browser.get("/help")?;
        browser.csrf = between(&help, "name=\"csrf\" value=\"", "\"").context("a token on the page")?.to_owned();
        Ok(browser)
    }
}

/// A browser's half of HTTP, by curl.
pub(super) struct Browser {
    url: String,
    cookie: String,
    csrf: String,
}

fn curl() -> Command {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "600", "-H", "Accept: text/html,*/*;q=0.8", "-H", "Sec-Fetch-Mode: navigate"]);
    curl
}

impl Browser {
    fn as_me(&self, posts: bool) -> Command {
        let mut curl = curl();
        curl.args(["-H", &format!("Cookie: {}", self.cookie)]);
        if posts {
            curl.args(["-X", "POST", "-H", &format!("Origin: {}", self.url), "-H", "Sec-Fetch-Site: same-origin"]);
            curl.args(["-H", &format!("X-Csrf: {}", self.csrf)]);
        }
        curl
    }

    /// The secret of the session.
    pub(super) fn secret(&self) -> Result<&str> {
        Ok(self.cookie.split_once('=').context("a cookie has a name")?.1)
    }

    fn get(&self, path: &str) -> Result<String> {
        said(self.as_me(false).arg("-f").arg(format!("{}{path}", self.url)), "curl")
    }

    /// A form without fields; the status.
    fn post(&self, path: &str) -> Result<String> {
        let mut curl = self.as_me(true);
        curl.args(["-o", "/dev/null", "-w", "%{http_code}", "--data-urlencode"]).arg(format!("csrf={}", self.csrf));
        said(curl.arg(format!("{}{path}", self.url)), "curl")
    }

    /// One file as the upload page's script sends it; what the script is told.
    /// The same from memory and over a bare connection, so that the sender takes little of the processor that both share:
    /// `head`, then zeros up to `size` bytes.
    pub(super) fn send(&self, query: &str, name: &str, head: &[u8], size: u64) -> Result<Value> {
        let host = self.url.strip_prefix("http://").context("the demo is served without TLS")?;
        let mut stream = TcpStream::connect(host).context("reaching the demo")?;
        write!(
            stream,
            "POST /upload/file?{query} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nOrigin: {}\r\nSec-Fetch-Site: same-origin\r\n\
             X-Csrf: {}\r\nX-File-Name: {name}\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\
             Accept: application/json\r\nConnection: close\r\n\r\n",
            self.cookie, self.url, self.csrf
        )?;
        stream.write_all(head)?;
        let zeros = vec![0_u8; 1 << 20];
        let mut left = size - head.len() as u64;
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
            stream.write_all(&zeros[..piece]).context("sending")?;
            left -= piece as u64;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("reading what became of an upload")?;
        let (line, _) = answer.split_once("\r\n").context("an answer has a first line")?;
        ensure!(line.contains(" 20"), "the upload was not taken: {line}");
        let at = answer.find('{').context("an upload is told as JSON")?;
        serde_json::from_str(&answer[at..]).context("reading what became of an upload")
    }

    pub(super) fn upload(&self, query: &str, name: &str, file: &Path) -> Result<Value> {
        let mut curl = self.as_me(true);
        // Without the wait for "100 Continue" before the body.
        curl.args(["-f", "-H", "Expect:", "-H", "Content-Type: application/octet-stream", "-H"]);
        curl.arg(format!("X-File-Name: {name}")).arg("-T").arg(file).arg(format!("{}/upload/file?{query}", self.url));
        serde_json::from_str(&said(&mut curl, "curl")?).context("reading what became of an upload")
    }
}

/// The text between two others, from the first place where they stand.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// Who brings documents, who delivers them, who reads them.
pub(super) struct Crew {
    pub(super) tess: Browser,
    quinn: Browser,
    pub(super) ana: Browser,
    /// For the upload's address.
    pub(super) query: String,
    /// First lines of a transcript about a patient who is known here.
    header: String,
}

impl Crew {
    pub(super) fn of(demo: &Demo) -> Result<Self> {
        let (tess, quinn, ana) =
            (demo.sign_in("tess.bauer")?, demo.sign_in("quinn.ferrara")?, demo.sign_in("ana.reyes")?);
        let places = tess.get("/upload")?;
        let lakeside = places.split("value=\"cus_").skip(1).find(|piece| piece.contains(">Lakeside"));
        let lakeside = lakeside.and_then(|piece| piece.split('"').next()).context("the demo's practice")?;
        let inbox = ana.get("/inbox")?;
        let header = inbox.split("\"/documents/doc_").skip(1).find_map(|piece| {
            let text = ana.get(&format!("/documents/doc_{}/file", piece.split('"').next()?)).ok()?;
            let is_plain = text.starts_with("Patient: ") && text.contains("MRN: LP");
            is_plain.then(|| text.split("\n\n").next().unwrap_or_default().to_owned())
        });
        let header = header.context("the demo has delivered a text")?;
        Ok(Self { query: format!("customer=cus_{lakeside}"), header, tess, quinn, ana })
    }

    /// A transcript of so many bytes, brought and delivered: its path.
    pub(super) fn delivered(&self, folder: &Folder, bytes: usize) -> Result<String> {
        let mut text = format!("{}\n\n", self.header);
        while text.len() < bytes {
            text.push_str("One more line like every other line of a long dictation.\n");
        }
        text.truncate(bytes);
        let file = folder.0.join("opened.txt");
        std::fs::write(&file, text).context("writing a transcript")?;
        let told = self.tess.upload(&self.query, "opened.txt", &file)?;
        ensure!(told["outcome"] == "Matched", "the upload was not matched: {told}");
        let path = told["href"].as_str().context("an upload has an address")?.to_owned();
        let status = self.quinn.post(&format!("{path}/deliver"))?;
        ensure!(status == "303", "it was not delivered: {status}");
        Ok(path)
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?.port())
}

/// Runs a program and gives what it says. A program that is not there is named with the package that has it.
pub(super) fn said(command: &mut Command, package: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{name} is not installed here (Debian package {package})"))?;
    ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A process that ends with the benchmark.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Certificate and key.
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// For `localhost`, by the openssl program.
pub(super) fn certificate(folder: &Path) -> Result<Pair> {
    let pair = Pair { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out"]).arg(&pair.certificate);
    said(openssl.arg("-keyout").arg(&pair.key), "openssl")?;
    Ok(pair)
}

/// `strongroom serve` over TLS upon the folder that a demo has left; its root key is moved away from the data first.
pub(super) fn serve_tls(binary: &Path, folder: &Folder, pair: &Pair, port: u16) -> Result<Running> {
    let (data, root) = (folder.0.join("data"), folder.0.join("root.key"));
    std::fs::rename(data.join("demo-root.key"), &root).context("moving the root key")?;
    // `serve` refuses a demo's folder, rightly; this one holds a benchmark's house and nothing else.
    let unmark = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
        db.execute(\"UPDATE meta SET value = 'work' WHERE name = 'made_for'\"); db.commit()";
    let mut python = Command::new("python3");
    said(python.arg("-c").arg(unmark).arg(data.join("strongroom.db")), "python3")?;
    let text = format!(
        "dir = {data:?}\noperator = \"Bench\"\npublic_url = \"https://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
         root_key_file = {root:?}\n[tls]\ncertificate_file = {:?}\nkey_file = {:?}\n",
        pair.certificate, pair.key
    );
    let config = folder.0.join("strongroom.toml");
    std::fs::write(&config, text).context("writing the configuration")?;
    let mut serve = Command::new(binary);
    serve.args(["--log", "error", "serve", "--config"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running(serve.spawn().context("starting the binary")?);
    until_ready(&format!("https://localhost:{port}"))?;
    Ok(running)
}

/// Waits until the gate is open.
fn until_ready(url: &str) -> Result<()> {
    for _ in 0..1200 {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "-o", "/dev/null", "-w", "%{http_code}", &format!("{url}/readyz")]).stdin(Stdio::null());
        let output = curl.output().context("curl is not installed here (Debian package curl)")?;
        if output.stdout == b"200" {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("the gate did not open within two minutes")
}

/// The most memory that a process ever had (`VmHWM`), megabytes (10⁶). The kernel counts in units of 1,024 bytes.
pub(super) fn most_memory(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("reading the process's memory")?;
    let most = between(&status, "VmHWM:", "kB").context("the process's memory")?;
    Ok(most.trim().parse::<f64>()? * 1024.0 / 1e6)
}

/// Processor time of a process until now, user and system, seconds. The kernel counts in hundredths (`USER_HZ`).
pub(super) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("reading the process's times")?;
    ticks(&stat).map(|ticks| ticks / 100.0).context("the process's times")
}

/// The name, in brackets, may hold anything; user and system time are the twelfth and thirteenth field after it.
fn ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_found_behind_a_name_that_looks_like_fields() {
        let stat = "7 (a) b 1 2) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1";
        assert_eq!(super::ticks(stat), Some(300.0));
        assert_eq!(super::ticks("7 (a) S 1"), None);
    }
}
