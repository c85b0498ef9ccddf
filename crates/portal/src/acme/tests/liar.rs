//! An authority in this process that signs whatever it is asked to, or lies in one way. It looks at no signature and at no answer.

use crate::door::server::tls::ServerTls;
use crate::door::testing::Certificate;
use data_encoding::BASE64URL_NOPAD;
use rcgen::{CertificateParams, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use record::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::FromDer as _;

/// In what it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    None,
    /// It wants to see an answer for a name that nobody ordered.
    AnotherNameToShow,
    AnotherKey,
    AnotherName,
    LongAgo,
    /// What it signs is good from tomorrow on.
    NotYet,
    /// What it signs is good now, and due again at once.
    NearlyOver,
    /// It signs, and says that whoever asks for it has to wait for longer than any clock goes.
    RetryNever,
    /// It says of the account that it was closed.
    AccountClosed,
    NoCertificate,
    NoEnd,
    PlainHttp,
    OnlyHttp01,
}

/// One that listens.
pub(super) struct Authority {
    pub(super) directory: String,
    pub(super) ca_file: std::path::PathBuf,
    /// The paths that were asked for.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    _certificate: Certificate,
}

/// A public key out of a request.
struct Asked(Vec<u8>);

impl PublicKeyData for Asked {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// What it signs for a request (RFC 8555 7.4: JWS in JSON, in it the request in base64url).
fn signed(body: &[u8], lie: Lie) -> String {
    let jws: Value = serde_json::from_slice(body).expect("a JWS");
    let decode = |value: &Value| BASE64URL_NOPAD.decode(value.as_str().expect("text").as_bytes()).expect("base64url");
    let payload: Value = serde_json::from_slice(&decode(&jws["payload"])).expect("JSON");
    let request = decode(&payload["csr"]);
    let (_, request) =
        x509_parser::certification_request::X509CertificationRequest::from_der(&request).expect("a request");
    let mut key = request.certification_request_info.subject_pki.subject_public_key.data.to_vec();
    if lie == Lie::AnotherKey {
        key = KeyPair::generate().expect("a key").public_key_raw().to_vec();
    }
    let name = if lie == Lie::AnotherName { "evil.test" } else { "portal.test" };
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    if lie == Lie::LongAgo {
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(2001, 1, 1), rcgen::date_time_ymd(2001, 4, 1));
    }
    let millis = u64::try_from(SystemClock.now().unix_millis()).expect("a time of today");
    let (now, day) = (UNIX_EPOCH + Duration::from_millis(millis), Duration::from_secs(24 * 3600));
    if lie == Lie::NotYet {
        (params.not_before, params.not_after) = ((now + day).into(), (now + 90 * day).into());
    }
    if lie == Lie::NearlyOver {
        (params.not_before, params.not_after) = ((now - 89 * day).into(), (now + day).into());
    }
    let authority = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(CertificateParams::new(Vec::<String>::new()).expect("no name"), authority);
    params.signed_by(&Asked(key), &issuer).expect("it can be signed").pem()
}

async fn request(io: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|piece| piece == b"\r\n\r\n") {
            break at + 4;
        }
        if io.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let len = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
    while read.len() < head + len {
        if io.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    Some((text.split(' ').nth(1)?.to_owned(), read[head..].to_vec()))
}

/// Status, further headers, body.
fn answer(base: &str, path: &str, body: &[u8], (lie, kept): (Lie, &Mutex<String>)) -> (u16, String, String) {
    let at = |path: &str| format!("{base}{path}");
    let order = |status: &str| {
        json!({"status": status, "authorizations": [at("/authz")], "finalize": at("/finalize"), "certificate": at("/cert"),
            "identifiers": [{"type": "dns", "value": "portal.test"}]})
    };
    match path {
        "/dir" => {
            let order = if lie == Lie::PlainHttp { at("/order").replace("https", "http") } else { at("/order") };
            let dir = json!({"newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": order,
                "revokeCert": at("/no"), "keyChange": at("/no")});
            (200, String::new(), dir.to_string())
        }
        "/account" => (201, format!("Location: {}\r\n", at("/me")), json!({"status": "valid"}).to_string()),
        "/order" if lie == Lie::AccountClosed => {
            let problem = json!({"type": "urn:ietf:params:acme:error:unauthorized", "detail": "closed\nin two lines"});
            (403, String::new(), problem.to_string())
        }
        "/order" => {
            kept.lock().expect("no panic").clear();
            (201, format!("Location: {}\r\n", at("/one")), order("pending").to_string())
        }
        "/authz" => {
            let name = if lie == Lie::AnotherNameToShow { "evil.test" } else { "portal.test" };
            let kind = if lie == Lie::OnlyHttp01 { "http-01" } else { "tls-alpn-01" };
            let challenge = json!({"type": kind, "url": at("/show"), "token": "t0ken", "status": "pending"});
            let authz =
                json!({"identifier": {"type": "dns", "value": name}, "status": "pending", "challenges": [challenge]});
            (200, String::new(), authz.to_string())
        }
        "/show" => {
            let shown = json!({"type": "tls-alpn-01", "url": at("/show"), "token": "t0ken", "status": "valid"});
            (200, String::new(), shown.to_string())
        }
        "/finalize" => {
            *kept.lock().expect("no panic") = signed(body, lie);
            (200, String::new(), order("valid").to_string())
        }
        "/one" => {
            let status = if kept.lock().expect("no panic").is_empty() { "ready" } else { "valid" };
            let never = if lie == Lie::RetryNever { format!("Retry-After: {}\r\n", u64::MAX) } else { String::new() };
            (200, never, order(status).to_string())
        }
        "/cert" => match lie {
            Lie::NoCertificate => (200, String::new(), "<html>".to_owned()),
            Lie::NoEnd => (200, String::new(), "x".repeat(1 << 20)),
            _ => (200, String::new(), kept.lock().expect("no panic").clone()),
        },
        _ => (200, String::new(), String::new()),
    }
}

impl Authority {
    pub(super) async fn start(lie: Lie) -> Self {
        let certificate = Certificate::new("localhost");
        let tls = Arc::new(ServerTls::load(certificate.files()).expect("our own files"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let acceptor = TlsAcceptor::from(Arc::new(tls.server_config()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (at, seen) = (base.clone(), Arc::clone(&asked));
        tokio::spawn(async move {
            let kept = Mutex::new(String::new());
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let Some((path, body)) = request(&mut stream).await else { continue };
                let (status, headers, text) = answer(&at, &path, &body, (lie, &kept));
                seen.lock().expect("no panic").push(path.clone());
                let len = text.len();
                let text = if path == "/nonce" { String::new() } else { text };
                let whole = format!(
                    "HTTP/1.1 {status} OK\r\n{headers}Replay-Nonce: n0nce\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{text}"
                );
                let _ = stream.write_all(whole.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        let ca_file = certificate.files().certificate;
        Self { directory: format!("{base}/dir"), ca_file, asked, _certificate: certificate }
    }
}
