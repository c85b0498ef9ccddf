//! What both benchmarks need: the real binary with a made-up house, and people signed in to it.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking, helpers beside it too")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use strongroom_tests::binary::{Browser, Demo, between, strongroom};

/// A folder that goes with the benchmark.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let below = std::env::var_os("STRONGROOM_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = below.join(format!("strongroom-bench-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Who brings documents, who delivers them, who reads them.
pub(crate) struct Crew {
    pub(crate) tess: Browser,
    pub(crate) quinn: Browser,
    pub(crate) ana: Browser,
    /// For the upload's address.
    pub(crate) query: String,
    /// First lines of a transcript about a patient who is known here.
    pub(crate) header: String,
}

impl Crew {
    pub(crate) fn of(demo: &Demo) -> Self {
        let [tess, quinn, ana] = ["tess.bauer", "quinn.ferrara", "ana.reyes"].map(|who| demo.sign_in(who));
        let customers = tess.customers();
        let lakeside = &customers.iter().find(|(name, _)| name.contains("Lakeside")).unwrap().1;
        let inbox = ana.get("/inbox").unwrap().text();
        let header = inbox.split("\"/documents/doc_").skip(1).find_map(|piece| {
            let path = format!("/documents/doc_{}/file", piece.split('"').next()?);
            let text = ana.get(&path).ok()?.text();
            let is_plain = text.starts_with("Patient: ") && text.contains("MRN: LP");
            is_plain.then(|| text.split("\n\n").next().unwrap_or_default().to_owned())
        });
        Self { query: format!("customer={lakeside}"), header: header.unwrap(), tess, quinn, ana }
    }

    /// A transcript of so many bytes, brought and delivered: its path.
    pub(crate) fn delivered(&self, bytes: usize) -> String {
        let mut text = format!("{}\n\n", self.header);
        while text.len() < bytes {
            text.push_str("One more line like every other line of a long dictation.\n");
        }
        text.truncate(bytes);
        let answer = self.tess.upload(&self.query, "opened.txt", "", text.as_bytes()).unwrap();
        assert_eq!(answer.json()["outcome"], "Matched", "{}", answer.text());
        let path = answer.json()["href"].as_str().unwrap().to_owned();
        let delivered = self.quinn.post(&format!("{path}/deliver"), &[]).unwrap();
        assert_eq!(delivered.status, 303, "{}", delivered.text());
        path
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap().local_addr().unwrap().port()
}

/// Runs a program and gives what it says; a benchmark without the program it compares with says so, and ends.
pub(crate) fn said(command: &mut Command, package: &str) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|_| panic!("{name} is not installed here (Debian package {package}); nothing was measured"));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A process that ends with the benchmark.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Certificate and key for `localhost`, by the openssl program.
pub(crate) fn certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out"]).arg(&certificate);
    said(openssl.arg("-keyout").arg(&key), "openssl");
    (certificate, key)
}

/// `strongroom serve` over TLS upon the folder that a demo has left; its root key is moved away from the data first.
pub(crate) fn serve_tls(folder: &Path, data: &Path, (certificate, key): &(PathBuf, PathBuf), port: u16) -> Running {
    let root = folder.join("root.key");
    std::fs::rename(data.join("demo-root.key"), &root).unwrap();
    let config = folder.join("strongroom.toml");
    let show = |path: &Path| path.to_str().unwrap().to_owned();
    let text = format!(
        "dir = {:?}\noperator = \"Bench\"\npublic_url = \"https://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
         root_key_file = {:?}\n[tls]\ncertificate_file = {:?}\nkey_file = {:?}\n",
        show(data),
        show(&root),
        show(certificate),
        show(key)
    );
    std::fs::write(&config, text).unwrap();
    let mut serve = Command::new(strongroom());
    serve.args(["--log", "error", "serve", "--config"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running(serve.spawn().unwrap());
    let ready = format!("https://localhost:{port}/readyz");
    for _ in 0..600 {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "-o", "/dev/null", "-w", "%{http_code}", &ready]).stdin(Stdio::null());
        let output = curl.output().unwrap_or_else(|_| panic!("curl is not installed here; nothing was measured"));
        if output.stdout == b"200" {
            return running;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the gate did not open within a minute")
}

/// A number of `/proc/PID/status`, in KiB.
pub(crate) fn status_kib(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = between(&status, &format!("{field}:"), "kB").unwrap();
    value.trim().parse().unwrap()
}

/// Processor time of a process until now, user and system, seconds. The kernel counts in hundredths (`USER_HZ`).
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}
