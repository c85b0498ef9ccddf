//! Opens of a transcript of 4 KiB a second, over TLS, by clients that keep their connections: the released binary, a
//! real session, policy, witness, the object opened, and for a file a second entry that says how many bytes left.
//! Beside it, in turns within one run: receipts a second by as many clients, and nginx handing out a static file of the
//! same size over TLS. The load comes from wrk, which takes its share of the same processor.

use super::Section;
use super::program::{RECEIPTS, samples};
use super::report::table;
use super::rounds::{Sample, Side, rows};
use super::served::{
    Crew, Demo, Folder, Pair, Running, certificate, cpu_seconds, free_port, release_binary, said, serve_tls,
};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

const BYTES: usize = 4096;
const CLIENTS: [u32; 3] = [1, 8, 64];
const TURN_SECONDS: u32 = 2;

pub(super) fn measure(top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
    // Asked for first, so that a tool that is missing is said before anything is built.
    for (tool, argument, package) in [("nginx", "-v", "nginx-light"), ("openssl", "version", "openssl")] {
        said(Command::new(tool).arg(argument), package)?;
    }
    Command::new("wrk").arg("-v").output().context("wrk is not installed here (Debian package wrk)")?;
    let binary = release_binary(top)?;
    let folder = Folder::new(folder, "opens")?;
    let demo = Demo::start(&binary, &folder)?;
    let crew = Crew::of(&demo)?;
    let path = crew.delivered(&folder, BYTES)?;
    let cookie = format!("__Host-strongroom={}", crew.ana.secret()?);
    demo.stop()?;
    let pair = certificate(&folder.0)?;
    let (port, static_port) = (free_port()?, free_port()?);
    let served = serve_tls(&binary, &folder, &pair, port)?;
    let _nginx = nginx(&folder.0, &pair, static_port)?;
    let ways =
        [("file", format!("https://localhost:{port}{path}/file")), ("page", format!("https://localhost:{port}{path}"))];
    let fixed = format!("https://localhost:{static_port}/static.txt");
    let mut all = Vec::new();
    // The first round warms up and does not count.
    for round in 0..=rounds {
        let receipts = samples(&RECEIPTS.run(top, &folder.0, 1)?);
        for clients in CLIENTS {
            let limit = wrk(&fixed, "", clients)?;
            let peer = receipts_of(&receipts, clients)?;
            for (what, url) in &ways {
                let before = cpu_seconds(served.0.id())?;
                let we = wrk(url, &cookie, clients)?;
                let spent = (cpu_seconds(served.0.id())? - before) / (we * f64::from(TURN_SECONDS)) * 1e6;
                if round > 0 {
                    let row = format!("opens of 4 KiB as a {what}, {clients} clients");
                    let sample = |row: &str, side, who: &str, unit: &str, value| Sample {
                        row: row.to_owned(),
                        side,
                        who: who.to_owned(),
                        unit: unit.to_owned(),
                        value,
                    };
                    all.push(sample(&row, Side::Limit, "nginx, static", "/s", limit));
                    all.push(sample(&row, Side::Peer, "receipts", "/s", peer));
                    all.push(sample(&row, Side::We, "", "/s", we));
                    all.push(sample(&format!("{row}: processor time of one"), Side::We, "", "µs", spent));
                }
            }
        }
    }
    let heading = "Opens of a transcript of 4 KiB, over TLS, on connections that are kept";
    Ok(Section { name: "opens", heading, body: table(&rows(&all)) })
}

fn receipts_of(samples: &[Sample], clients: u32) -> Result<f64> {
    let row = format!("receipts, {clients} clients");
    let found = samples.iter().find(|sample| sample.row == row && sample.side == Side::We);
    Ok(found.with_context(|| format!("the benchmark of receipts has no row: {row}"))?.value)
}

fn nginx(folder: &Path, pair: &Pair, port: u16) -> Result<Running> {
    std::fs::write(folder.join("static.txt"), vec![b'x'; BYTES])?;
    // Its workers run as whoever measures, whose folders others may not enter.
    let name = said(Command::new("id").arg("-un"), "coreutils")?;
    let text = format!(
        "user {3}; daemon off; worker_processes auto; pid {0}/nginx.pid; error_log {0}/nginx.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; keepalive_requests 10000;\n\
         client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0}; scgi_temp_path {0};\n\
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {1}; ssl_certificate_key {2}; root {0}; }} }}\n",
        folder.display(),
        pair.certificate.display(),
        pair.key.display(),
        name.trim()
    );
    std::fs::write(folder.join("nginx.conf"), text)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
    Ok(Running(command.spawn().context("starting nginx")?))
}

/// Requests a second. An answer that is no 2xx fails the benchmark: a refusal is quick.
fn wrk(url: &str, cookie: &str, clients: u32) -> Result<f64> {
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{clients}"), &format!("-d{TURN_SECONDS}s"), "--timeout", "20s"]);
    let text = said(command.args(["-H", &format!("Cookie: {cookie}"), url]), "wrk")?;
    ensure!(!text.contains("Non-2xx"), "{url}: {text}");
    rate(&text).with_context(|| format!("wrk said no rate: {text}"))
}

fn rate(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rate_is_read_from_what_wrk_says() {
        assert_eq!(super::rate("  10 requests in 2.00s, 1.00MB read\nRequests/sec:   1234.56\n"), Some(1234.56));
        assert_eq!(super::rate("unable to connect"), None);
    }
}
