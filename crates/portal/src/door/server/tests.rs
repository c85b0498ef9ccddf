//! The server over real sockets: TLS, slowness, draining.

use super::{Floor, Patience, ServeError, Server, ServerConfig, ServerTls, TlsError, TlsFiles, TlsFrom};
use crate::door::address::PublicUrl;
use crate::door::server::tls::Pinned;
use crate::door::testing::{CANARY, Certificate, SECRET, TOKEN, door};
use axum::body::Body;
use axum::http::{Request, Response};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

/// Small enough for tests; none of them measures a time.
fn quick() -> Patience {
    Patience {
        head: Duration::from_millis(300),
        floor: Floor { stall_max: Duration::from_millis(300), bytes_per_sec_min: 1024 },
        idle: Duration::from_millis(400),
        age: Duration::from_secs(60),
        requests_max: 3,
        drain: Duration::from_secs(5),
    }
}

struct Running {
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    stop: Option<oneshot::Sender<()>>,
    done: tokio::task::JoinHandle<()>,
}

async fn start<A: super::App>(app: A, tls: Option<TlsFiles>, patience: Patience) -> Running {
    let public = if tls.is_some() { "https://portal.test" } else { "http://localhost" };
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), PublicUrl::parse(public).expect("a good one"));
    (config.tls, config.patience) = (tls.map(TlsFrom::Files), patience);
    let server = Server::bind(config).await.expect("a free port");
    let (address, tls) = (server.local_addr(), server.tls());
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn(server.run(app, async {
        let _ = stopped.await;
    }));
    Running { address, tls, stop: Some(stop), done }
}

/// Answers with the size of the body, after reading all of it.
fn sink() -> impl super::App {
    tower::service_fn(|request: Request<Body>| async move {
        let read = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        let text = read.map_or_else(|error| format!("failed: {error}"), |bytes| format!("read {}", bytes.len()));
        Ok::<_, Infallible>(Response::new(Body::from(text)))
    })
}

async fn rest(io: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), io.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the server never ended the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn say(io: &mut (impl AsyncWrite + Unpin), text: &str) {
    io.write_all(text.as_bytes()).await.expect("the server listens");
    io.flush().await.expect("the server listens");
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_refused() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:127.0.0.1]:0"] {
        let public = PublicUrl::parse("https://portal.test").expect("a good one");
        let config = ServerConfig::new(listen.parse().expect("an address"), public);
        let error = Server::bind(config).await.expect_err("refused");
        assert!(matches!(error, ServeError::PlainBeyondLoopback(_)), "{listen}: {error}");
    }
}

#[tokio::test]
async fn tls_with_a_plain_public_address_or_wrong_files_is_refused() {
    let (one, two) = (Certificate::new("portal.test"), Certificate::new("portal.test"));
    let bind = |public: &str, files: TlsFiles| {
        let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), PublicUrl::parse(public).expect("a good one"));
        config.tls = Some(TlsFrom::Files(files));
        Server::bind(config)
    };
    assert!(matches!(bind("http://localhost", one.files()).await, Err(ServeError::PublicUrlIsPlain)));
    let mixed = TlsFiles { key: two.files().key, ..one.files() };
    assert!(matches!(bind("https://portal.test", mixed).await, Err(ServeError::Tls(TlsError::Key(_)))));
    let swapped = TlsFiles { certificate: one.files().key, key: one.files().key };
    assert!(matches!(bind("https://portal.test", swapped).await, Err(ServeError::Tls(_))));
    let missing = TlsFiles { certificate: "/nonexistent".into(), key: "/nonexistent".into() };
    assert!(matches!(bind("https://portal.test", missing).await, Err(ServeError::Tls(TlsError::File(..)))));
}

async fn over_tls(running: &Running) -> tokio_rustls::client::TlsStream<TcpStream> {
    let tls = running.tls.as_ref().expect("TLS");
    let connector = TlsConnector::from(Arc::new(Pinned::client_config(&tls.certificate().expect("it was read"))));
    let stream = TcpStream::connect(running.address).await.expect("the server listens");
    connector.connect("portal.test".try_into().expect("a name"), stream).await.expect("our own certificate")
}

#[tokio::test]
async fn the_door_answers_over_tls_with_its_headers_and_no_server_name() {
    let certificate = Certificate::new("portal.test");
    let running = start(door(), Some(certificate.files()), quick()).await;
    let mut io = over_tls(&running).await;
    say(&mut io, &format!("GET /ledger HTTP/1.1\r\nHost: portal.test\r\nCookie: __Host-strongroom={SECRET}\r\nConnection: close\r\n\r\n")).await;
    let text = rest(&mut io).await.to_lowercase();
    assert!(text.starts_with("http/1.1 200 ok") && text.contains(&CANARY.to_lowercase()));
    assert!(text.contains("strict-transport-security:") && !text.contains("\r\nserver:"));
    // Plain http at the TLS port gets nothing at all.
    let mut plain = TcpStream::connect(running.address).await.expect("the server listens");
    say(&mut plain, "GET / HTTP/1.1\r\nHost: portal.test\r\n\r\n").await;
    assert!(!rest(&mut plain).await.contains("HTTP/1.1"));
}

#[tokio::test]
async fn a_pin_believes_no_other_certificate_and_a_new_one_is_read_anew() {
    let (one, two) = (Certificate::new("portal.test"), Certificate::new("portal.test"));
    let running = start(door(), Some(one.files()), quick()).await;
    let tls = running.tls.clone().expect("TLS");
    let connector = TlsConnector::from(Arc::new(Pinned::client_config(&two.der())));
    let stream = TcpStream::connect(running.address).await.expect("the server listens");
    assert!(connector.connect("portal.test".try_into().expect("a name"), stream).await.is_err());
    two.write_over(&one);
    tls.reload().expect("good files");
    assert_eq!(tls.certificate(), Some(two.der()));
    over_tls(&running).await;
    std::fs::write(one.files().key, "nonsense").expect("a file of this test");
    assert!(tls.reload().is_err());
    assert_eq!(tls.certificate(), Some(two.der()), "the old one stays");
}

#[test]
fn a_renewed_certificate_is_taken_without_being_told_and_half_a_one_is_not() {
    let (one, two) = (Certificate::new("portal.test"), Certificate::new("portal.test"));
    let tls = ServerTls::load(one.files()).expect("good files");
    assert!(!tls.renew().expect("good files"), "the same is no other");
    std::fs::copy(two.files().certificate, one.files().certificate).expect("files of this test");
    assert!(tls.renew().is_err(), "the certificate is there and its key is not yet");
    assert_ne!(tls.certificate(), Some(two.der()), "the old one stays");
    two.write_over(&one);
    assert!(tls.renew().expect("good files"));
    assert_eq!(tls.certificate(), Some(two.der()));
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_half_a_head_is_cut() {
    let certificate = Certificate::new("portal.test");
    let plain = start(sink(), None, quick()).await;
    let tls = start(sink(), Some(certificate.files()), quick()).await;
    let mut silent = TcpStream::connect(plain.address).await.expect("the server listens");
    assert!(!rest(&mut silent).await.contains("200"));
    let mut half = TcpStream::connect(plain.address).await.expect("the server listens");
    say(&mut half, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(!rest(&mut half).await.contains("200"));
    let mut no_handshake = TcpStream::connect(tls.address).await.expect("the server listens");
    assert_eq!(rest(&mut no_handshake).await, "");
    let mut after_handshake = over_tls(&tls).await;
    assert!(!rest(&mut after_handshake).await.contains("200"));
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_although_it_never_stalls() {
    let running = start(sink(), None, quick()).await;
    let stream = TcpStream::connect(running.address).await.expect("the server listens");
    let (mut read, mut write) = stream.into_split();
    let trickle = tokio::spawn(async move {
        let mut sent = 0_u32;
        say(&mut write, "GET / HTTP/1.1\r\n").await;
        while write.write_all(b"X-A: b\r\n").await.is_ok() && sent < 1000 {
            sent += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        sent
    });
    assert!(!rest(&mut read).await.contains("200"));
    assert!(trickle.await.expect("no panic") < 1000);
}

#[tokio::test]
async fn a_body_that_stalls_or_trickles_is_told_so_and_a_steady_one_is_read() {
    let running = start(sink(), None, quick()).await;
    let head =
        |size: usize| format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n");
    let mut stalls = TcpStream::connect(running.address).await.expect("the server listens");
    say(&mut stalls, &(head(10) + "abc")).await;
    assert!(rest(&mut stalls).await.contains("failed: the peer is too slow"));
    // One byte every 20 ms never stalls for long, but is far below the floor.
    let stream = TcpStream::connect(running.address).await.expect("the server listens");
    let (mut read, mut write) = stream.into_split();
    tokio::spawn(async move {
        say(&mut write, &head(10_000)).await;
        while write.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(rest(&mut read).await.contains("failed: the peer is too slow"));
    let mut steady = TcpStream::connect(running.address).await.expect("the server listens");
    say(
        &mut steady,
        &format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", 8 * 512),
    )
    .await;
    for _ in 0..8 {
        say(&mut steady, &"a".repeat(512)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(rest(&mut steady).await.contains("read 4096"));
}

#[tokio::test]
async fn the_door_answers_408_to_a_form_that_comes_too_slowly() {
    let certificate = Certificate::new("portal.test");
    let running = start(door(), Some(certificate.files()), quick()).await;
    let mut io = over_tls(&running).await;
    let head = format!(
        "POST /documents/doc_01arz3ndektsv4rrffq69g5fav/sign HTTP/1.1\r\nHost: portal.test\r\nOrigin: https://portal.test\r\n\
         Cookie: __Host-strongroom={SECRET}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncsrf={TOKEN}"
    );
    say(&mut io, &head).await;
    assert!(rest(&mut io).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut() {
    let endless = tower::service_fn(|_request: Request<Body>| async {
        let bytes = bytes::Bytes::from(vec![b'a'; 1 << 20]);
        let stream = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(bytes.clone()));
        Ok::<_, Infallible>(Response::new(Body::from_stream(stream)))
    });
    let mut running = start(endless, None, quick()).await;
    let mut io = TcpStream::connect(running.address).await.expect("the server listens");
    say(&mut io, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    // The server has given it up by itself: shutting down waits for nobody.
    running.stop.take().map(|stop| stop.send(()));
    let ended = tokio::time::timeout(Duration::from_millis(1500), running.done).await;
    assert!(ended.is_ok(), "the connection was still held");
    drop(io);
}

#[tokio::test]
async fn one_connection_has_so_many_requests_and_then_ends() {
    let running = start(sink(), None, quick()).await;
    let mut io = TcpStream::connect(running.address).await.expect("the server listens");
    for _ in 0..10 {
        if io.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let answers = rest(&mut io).await.matches("200 OK").count();
    assert!((3..10).contains(&answers), "{answers}");
}

#[tokio::test]
async fn a_shutdown_lets_what_is_under_way_end_and_takes_nothing_new() {
    let slow = tower::service_fn(|_request: Request<Body>| async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        Ok::<_, Infallible>(Response::new(Body::from("finished")))
    });
    let mut running = start(slow, None, Patience { idle: Duration::from_secs(5), ..quick() }).await;
    let mut io = TcpStream::connect(running.address).await.expect("the server listens");
    say(&mut io, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.stop.take().map(|stop| stop.send(()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(running.address).await.is_err());
    assert!(rest(&mut io).await.contains("finished"));
    running.done.await.expect("no panic");
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_a_full_server_waits() {
    let public = PublicUrl::parse("http://localhost").expect("a good one");
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), public);
    config.connections_per_address_max = 2;
    let server = Server::bind(config).await.expect("a free port");
    let address = server.local_addr();
    tokio::spawn(server.run(sink(), std::future::pending()));
    let one = TcpStream::connect(address).await.expect("the server listens");
    let _two = TcpStream::connect(address).await.expect("the server listens");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut three = TcpStream::connect(address).await.expect("the server listens");
    assert_eq!(rest(&mut three).await, "", "a third is closed at once");
    drop(one);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut four = TcpStream::connect(address).await.expect("the server listens");
    say(&mut four, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(rest(&mut four).await.contains("200 OK"));
}

#[tokio::test]
async fn http2_names_its_host_in_the_authority_and_gets_the_same_answers() {
    let certificate = Certificate::new("portal.test");
    let running = start(door(), Some(certificate.files()), Patience { requests_max: 100, ..quick() }).await;
    let mut config = Pinned::client_config(&certificate.der());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(running.address).await.expect("the server listens");
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect("portal.test".try_into().expect("a name"), stream).await.expect("our certificate");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
    tokio::spawn(connection);
    for (uri, host, cookie, status) in [
        ("https://portal.test/ledger", None, Some(SECRET), 200),
        ("https://portal.test/ledger", None, None, 401),
        ("https://evil.test/ledger", None, Some(SECRET), 421),
        ("https://portal.test/ledger", Some("evil.test"), Some(SECRET), 421),
    ] {
        let mut request = Request::get(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", format!("__Host-strongroom={cookie}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{uri} {host:?}");
        let fault = crate::door::headers::first_fault(response.headers(), crate::door::headers::Transport::Https);
        assert_eq!(fault, None);
    }
}

/// A client that takes whatever certificate it is shown, and says which.
#[derive(Debug)]
struct TakesAny(std::sync::Mutex<Option<rustls::pki_types::CertificateDer<'static>>>);

impl rustls::client::danger::ServerCertVerifier for TakesAny {
    fn verify_server_cert(
        &self,
        end_entity: &rustls::pki_types::CertificateDer<'_>,
        _intermediates: &[rustls::pki_types::CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        *self.0.lock().expect("no panic") = Some(end_entity.clone().into_owned());
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &rustls::pki_types::CertificateDer<'_>,
        _signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &rustls::pki_types::CertificateDer<'_>,
        _signed: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What somebody gets who asks for `name` by these protocols: the certificate, and what HTTP they hear.
async fn shown(
    address: SocketAddr,
    name: &str,
    protocols: &[&str],
) -> Option<(rustls::pki_types::CertificateDer<'static>, String)> {
    let takes = Arc::new(TakesAny(std::sync::Mutex::new(None)));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("both versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&takes) as _)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|one| one.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let name = name.to_owned().try_into().expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    // Whoever was sent away cannot be written to.
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: portal.test\r\nConnection: close\r\n\r\n").await;
    let mut heard = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard)).await;
    let certificate = takes.0.lock().expect("no panic").clone()?;
    Some((certificate, String::from_utf8_lossy(&heard).into_owned()))
}

#[tokio::test]
async fn before_there_is_a_certificate_nobody_is_served_and_a_challenge_never_speaks_http() {
    let mut config =
        ServerConfig::new(([127, 0, 0, 1], 0).into(), PublicUrl::parse("https://portal.test").expect("one"));
    (config.tls, config.patience) = (Some(TlsFrom::Ordered), quick());
    let server = Server::bind(config).await.expect("a free port");
    let (address, tls) = (server.local_addr(), server.tls().expect("TLS"));
    tokio::spawn(server.run(sink(), std::future::pending()));
    // A flood of those who ask for challenges causes nothing and gets nothing.
    for protocols in [&["acme-tls/1"][..], &["h2", "http/1.1"], &["http/1.1"], &[], &["h2", "acme-tls/1"]] {
        assert_eq!(shown(address, "portal.test", protocols).await, None, "{protocols:?}");
    }
    let answer = super::challenge::ChallengeAnswer { name: "portal.test".to_owned(), digest: [7; 32] };
    tls.challenges().set(std::slice::from_ref(&answer)).expect("it can be made");
    let (challenge, heard) = shown(address, "portal.test", &["acme-tls/1"]).await.expect("an answer");
    assert!(challenge.windows(34).any(|piece| piece[..2] == [4, 32] && piece[2..] == [7; 32]), "the digest is in it");
    assert_eq!(heard, "", "it spoke HTTP");
    assert_eq!(
        shown(address, "other.test", &["acme-tls/1"]).await,
        None,
        "no answer for a name that is not asked about"
    );
    assert_eq!(shown(address, "portal.test", &["http/1.1"]).await, None, "still nobody is served");
    // With a certificate people get it, and nothing of the challenge's.
    let ordered = Certificate::new("portal.test");
    let read = |file| std::fs::read(file).expect("a file of this test");
    let files = ordered.files();
    let certified = super::tls::certified_from_pem(&read(files.certificate), &read(files.key)).expect("a good one");
    tls.take(certified);
    let (certificate, heard) = shown(address, "portal.test", &["http/1.1"]).await.expect("people are served");
    assert!(certificate == ordered.der() && heard.contains("200 OK"), "{heard}");
    for protocols in [&["acme-tls/1"][..], &["http/1.1", "acme-tls/1"]] {
        let (certificate, heard) = shown(address, "portal.test", protocols).await.expect("an answer");
        assert!(certificate == challenge && heard.is_empty(), "{protocols:?}: {heard}");
    }
    tls.challenges().set(&[]).expect("none");
    assert_eq!(shown(address, "portal.test", &["acme-tls/1"]).await, None);
}
