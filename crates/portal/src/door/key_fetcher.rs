//! Fetches the public keys that a program keeps at an address of its own.
//!
//! The address was typed by somebody at a practice, so it is a stranger's wish that this machine should call somewhere.
//! What must always hold: https to a public address only, and the connection goes to the very address that was looked at
//! (a name that answers otherwise a moment later reaches nothing inside); no redirect is followed; nothing of ours is
//! sent; the answer is short, quick, and 200.

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use custody::{FetchKeys, FetchKeysError, Fetching};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How long looking up, connecting and reading may take together.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest list of keys, bytes.
const BYTES_MAX: usize = 64 * 1024;
const HTTPS_PORT: u16 = 443;

/// Fetches keys. Cheap to clone.
#[derive(Clone)]
pub struct KeyFetcher {
    tls: Arc<ClientConfig>,
    may_reach: fn(IpAddr) -> bool,
}

impl Default for KeyFetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyFetcher {
    /// One that believes the public certificate authorities and reaches public addresses.
    #[must_use]
    pub fn new() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::with(roots, is_public)
    }

    fn with(roots: RootCertStore, may_reach: fn(IpAddr) -> bool) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: Arc::new(tls), may_reach }
    }

    async fn fetched(self, url: Url) -> Result<Vec<u8>, FetchKeysError> {
        let (address, name) = self.looked_up(&url).await?;
        let stream = TcpStream::connect(address).await.map_err(|_| FetchKeysError::Unanswered)?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = stream.map_err(|_| FetchKeysError::Unanswered)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| FetchKeysError::Unanswered)?;
        let speaking = tokio::spawn(async move {
            // The end of the connection shows at the answer.
            drop(connection.await);
        });
        let answer = sender.send_request(request(&url)?).await;
        let read = async {
            let response = answer.map_err(|_| FetchKeysError::Unanswered)?;
            if response.status() != StatusCode::OK {
                return Err(FetchKeysError::Unanswered);
            }
            let too_long = |error: &(dyn std::error::Error + Send + Sync + 'static)| error.is::<LengthLimitError>();
            let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
            let body = body.map_err(|error| {
                if too_long(error.as_ref()) { FetchKeysError::TooLong } else { FetchKeysError::Unanswered }
            })?;
            Ok(body.to_bytes().to_vec())
        }
        .await;
        speaking.abort();
        read
    }

    /// The address behind the name, when every address that it has may be reached, and the name for the certificate.
    async fn looked_up(&self, url: &Url) -> Result<(SocketAddr, ServerName<'static>), FetchKeysError> {
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(FetchKeysError::Address);
        }
        let port = url.port().unwrap_or(HTTPS_PORT);
        let (found, name) = match url.host().ok_or(FetchKeysError::Address)? {
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name, port)).await.map_err(|_| FetchKeysError::Unanswered)?;
                (found.collect::<Vec<_>>(), ServerName::try_from(name.to_owned()))
            }
            Host::Ipv4(ip) => (vec![SocketAddr::new(ip.into(), port)], Ok(ServerName::from(IpAddr::from(ip)))),
            Host::Ipv6(ip) => (vec![SocketAddr::new(ip.into(), port)], Ok(ServerName::from(IpAddr::from(ip)))),
        };
        let name = name.map_err(|_| FetchKeysError::Address)?;
        if !found.iter().all(|one| (self.may_reach)(one.ip().to_canonical())) {
            return Err(FetchKeysError::Private);
        }
        Ok((*found.first().ok_or(FetchKeysError::Unanswered)?, name))
    }
}

fn request(url: &Url) -> Result<Request<Body>, FetchKeysError> {
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().ok_or(FetchKeysError::Address)?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().map_err(|_| FetchKeysError::Address)?;
    let host = HeaderValue::from_str(&host).map_err(|_| FetchKeysError::Address)?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}

impl FetchKeys for KeyFetcher {
    fn fetch(&self, address: &Url) -> Fetching {
        let (fetcher, url) = (self.clone(), address.clone());
        Box::pin(async move {
            tokio::time::timeout(PATIENCE, fetcher.fetched(url)).await.unwrap_or(Err(FetchKeysError::Unanswered))
        })
    }
}

/// Is it an address of the public network: none of this machine's own, of a private or shared network, of a link, a
/// documentation, a test or a translation range (IANA's special-purpose registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || a >= 224
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3; within it Teredo and other protocols' own (2001::/23), documentation and 6to4.
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x2002 && a != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::{KeyFetcher, is_public};
    use crate::door::testing::Certificate;
    use custody::{FetchKeys as _, FetchKeysError};
    use rustls::RootCertStore;
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn no_private_network_is_public() {
        for private in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "100::1",
            "fec0::1",
        ] {
            let ip: IpAddr = private.parse().expect("an address");
            assert!(!is_public(ip.to_canonical()), "{private}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[tokio::test]
    async fn addresses_that_lead_inside_are_not_called() {
        let fetcher = KeyFetcher::new();
        for (address, why) in [
            ("https://127.0.0.1/keys", FetchKeysError::Private),
            ("https://localhost/keys", FetchKeysError::Private),
            ("https://[::1]/keys", FetchKeysError::Private),
            ("https://[::ffff:10.0.0.1]/keys", FetchKeysError::Private),
            ("https://169.254.169.254/latest/meta-data", FetchKeysError::Private),
            ("https://2130706433/keys", FetchKeysError::Private),
            ("https://0x7f.1/keys", FetchKeysError::Private),
            ("http://127.0.0.1/keys", FetchKeysError::Address),
            ("https://user@example.org/keys", FetchKeysError::Address),
        ] {
            let url = address.parse().expect("an address");
            assert_eq!(fetcher.fetch(&url).await.err(), Some(why), "{address}");
        }
    }

    /// A server that answers everything with these bytes, and how often it was called.
    async fn answering(answer: Vec<u8>) -> (KeyFetcher, String) {
        let certificate = Certificate::new("localhost");
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der()).expect("our own certificate");
        let files = certificate.files();
        let tls = Arc::new(crate::door::server::tls::ServerTls::load(files).expect("our own files"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls.server_config()));
        tokio::spawn(async move {
            let _certificate = certificate;
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut head = [0_u8; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        });
        (KeyFetcher::with(roots, |ip| ip.is_loopback()), format!("https://localhost:{port}/keys"))
    }

    #[tokio::test]
    async fn a_short_answer_is_read_and_redirects_errors_and_long_ones_are_not() {
        let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n{}", "x".repeat(70_000));
        for (answer, wanted) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}".to_owned(), Ok(b"{\"keys\":[]}".to_vec())),
            (
                "HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1/x\r\ncontent-length: 0\r\n\r\n".to_owned(),
                Err(FetchKeysError::Unanswered),
            ),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), Err(FetchKeysError::Unanswered)),
            (huge, Err(FetchKeysError::TooLong)),
            ("no HTTP at all".to_owned(), Err(FetchKeysError::Unanswered)),
        ] {
            let (fetcher, address) = answering(answer.into_bytes()).await;
            let url = address.parse().expect("an address");
            assert_eq!(fetcher.fetch(&url).await, wanted);
        }
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_no_answer() {
        let (fetcher, address) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
        let url = address.parse().expect("an address");
        let strict = KeyFetcher { tls: Arc::clone(&KeyFetcher::new().tls), ..fetcher };
        assert_eq!(strict.fetch(&url).await.err(), Some(FetchKeysError::Unanswered));
    }
}
