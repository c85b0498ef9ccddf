//! Opens of a transcript of 4 KiB a second, over TLS, by clients that keep their connections: the real binary, a real
//! session, policy, two entries (that it was permitted, that it left), the object opened. Beside it, in turns within one
//! run: receipts a second by as many clients, and nginx handing out a static file of the same size over TLS.
//!
//! `cargo xtask bench opens`. The goal is half of the receipts. Needs wrk, nginx, openssl and curl.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

extern crate store as strongroom_store;

#[path = "support/served.rs"]
#[expect(dead_code, reason = "the upload's benchmark needs more of it")]
mod served;
#[path = "../../crates/store/benches/support/turns.rs"]
#[expect(dead_code, reason = "the search benchmark needs more of it")]
mod turns;

use record::{
    CustomerId, DocumentId, Entry, Intent, Outcome, PersonId, Principal, Purpose, Resources, SystemClock, SystemEntropy,
    act,
};
use served::{Crew, Folder, Running, certificate, cpu_seconds, free_port, said, serve_tls};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{LedgerLog, Store, StoreOptions};
use strongroom_tests::binary::Demo;
use turns::{Scribe, now, rounds, say};

const BYTES: usize = 4096;
/// One turn of receipts; wrk counts in whole seconds.
const TURN: Duration = Duration::from_secs(1);
const CLIENTS: [u32; 3] = [1, 8, 64];

fn entry(number: u64) -> Entry {
    let intent = Intent::to::<act::DocumentRead>(
        &SystemClock,
        &SystemEntropy,
        (Principal::Person(PersonId::from_bytes([(number % 50) as u8; 16])), None),
        Some(CustomerId::from_bytes([(number % 100) as u8; 16])),
        Resources::of([DocumentId::from_bytes(u128::from(number % 10_000).to_be_bytes()).into()]),
        Purpose::Treatment,
    );
    Entry::of(&intent, Outcome::Permitted, "")
}

/// A ledger of its own, with a scribe as custody's.
async fn ledger(dir: &Path) -> Scribe {
    let store = Store::open(StoreOptions { dir: dir.to_owned(), create: true }).await.unwrap();
    let mut tx = store.begin("begin the ledger").await.unwrap();
    tx.ledger_begin().await.unwrap();
    tx.commit().await.unwrap();
    Scribe::start(LedgerLog::new(store))
}

async fn receipts(scribe: &Scribe, clients: u32) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let start = now();
    let running: Vec<_> = (0..clients)
        .map(|_| {
            let (scribe, done) = (scribe.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while start.elapsed() < TURN {
                    drop(scribe.write(entry(done.fetch_add(1, Ordering::Relaxed)), Vec::new()).await);
                }
            })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

fn nginx(folder: &Path, (certificate, key): &(PathBuf, PathBuf), port: u16) -> Running {
    std::fs::write(folder.join("static.txt"), vec![b'x'; BYTES]).unwrap();
    let text = format!(
        "daemon off; master_process on; worker_processes auto; pid {0}/nginx.pid; error_log {0}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; keepalive_requests 10000;\n\
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {1}; ssl_certificate_key {2}; root {0}; }} }}\n",
        folder.display(),
        certificate.display(),
        key.display()
    );
    std::fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn();
    Running(child.unwrap_or_else(|_| panic!("nginx is not installed here (Debian package nginx-light); nothing was measured")))
}

/// Requests a second by wrk. An answer that is no 2xx fails the benchmark: a refusal is quick.
fn wrk(url: &str, cookie: &str, clients: u32) -> f64 {
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{clients}"), "-d2s", "--timeout", "20s", "-H", &format!("Cookie: {cookie}"), url]);
    let text = said(&mut command, "wrk");
    assert!(!text.contains("Non-2xx"), "{url}: {text}");
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

fn main() {
    let folder = Folder::new("opens");
    let data = folder.0.join("data");
    let demo = Demo::start(&data, &folder.0.join("demo.log"));
    let crew = Crew::of(&demo);
    let path = crew.delivered(BYTES);
    let (cookie, _) = (crew.ana.cookie().to_owned(), demo.stop());
    let pair = certificate(&folder.0);
    let (port, nginx_port) = (free_port(), free_port());
    let served = serve_tls(&folder.0, &data, &pair, port);
    let cookie = format!("__Host-strongroom={}", cookie.split_once('=').unwrap().1);
    let _nginx = nginx(&folder.0, &pair, nginx_port);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scribe = runtime.block_on(ledger(&folder.0.join("ledger")));
    let fixed = format!("https://localhost:{nginx_port}/static.txt");
    let ways = [("4 KiB file", format!("https://localhost:{port}{path}/file")), ("page", format!("https://localhost:{port}{path}"))];
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        for clients in CLIENTS {
            let peer = runtime.block_on(receipts(&scribe, clients));
            let limit = wrk(&fixed, "", clients);
            for (what, url) in &ways {
                let before = cpu_seconds(served.0.id());
                let we = wrk(url, &cookie, clients);
                let cpu_micros = (cpu_seconds(served.0.id()) - before) / (we * 2.0) * 1e6;
                if round > 0 {
                    let row = format!("opens of a {what}, {clients} clients");
                    say(&row, "limit", "nginx, static", "/s", limit);
                    say(&row, "peer", "receipts", "/s", peer);
                    say(&row, "we", "", "/s", we);
                    say(&format!("processor time of one, {what}, {clients} clients"), "we", "", "µs", cpu_micros);
                }
            }
        }
    }
}
