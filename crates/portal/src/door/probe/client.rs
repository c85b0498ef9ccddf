//! The probe's own little HTTP client: one connection, no cookies, no redirects followed, no proxy.

use super::judge::Seen;
use crate::door::address::PublicUrl;
use crate::door::server::tls::{Pinned, ServerTls};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long connecting, or one answer, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any constant body; an answer that is longer is cut and so unknown.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The target of a probe cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The public host is no name that TLS can ask for.
    #[error("the public host cannot be a TLS server name")]
    Name,
}

/// Where the probe knocks.
#[derive(Clone)]
pub struct Target {
    address: Address,
    host: HeaderValue,
    tls: Option<(ServerName<'static>, Pin)>,
}

/// The one certificate that is believed.
#[derive(Clone)]
enum Pin {
    /// Whichever is served now.
    Served(Arc<ServerTls>),
    /// This one.
    Known(CertificateDer<'static>),
}

impl Pin {
    fn certificate(&self) -> Option<CertificateDer<'static>> {
        match self {
            Self::Served(tls) => tls.certificate(),
            Self::Known(certificate) => Some(certificate.clone()),
        }
    }
}

#[derive(Clone)]
enum Address {
    Socket(SocketAddr),
    Name(String, u16),
}

impl Target {
    /// Our own listening socket: with TLS, the public host as server name, and our own certificate as the only
    /// one believed.
    ///
    /// # Errors
    /// When the public host cannot be a TLS server name.
    pub fn own_socket(
        listening: SocketAddr,
        public: &PublicUrl,
        tls: Option<Arc<ServerTls>>,
    ) -> Result<Self, TargetError> {
        Self::socket(listening, public, tls.map(Pin::Served))
    }

    /// The socket of another process on this machine, by the certificate that it is known to have.
    ///
    /// # Errors
    /// When the public host cannot be a TLS server name.
    pub fn known_socket(
        listening: SocketAddr,
        public: &PublicUrl,
        certificate: Option<CertificateDer<'static>>,
    ) -> Result<Self, TargetError> {
        Self::socket(listening, public, certificate.map(Pin::Known))
    }

    fn socket(listening: SocketAddr, public: &PublicUrl, pin: Option<Pin>) -> Result<Self, TargetError> {
        let ip = match listening.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        Self::new(Address::Socket(SocketAddr::new(ip, listening.port())), public, pin)
    }

    /// The public address, by its name: what strangers knock at. With TLS only where the certificate there is our own.
    ///
    /// # Errors
    /// When the public host cannot be a TLS server name.
    pub fn public(public: &PublicUrl, tls: Option<Arc<ServerTls>>) -> Result<Self, TargetError> {
        Self::new(Address::Name(public.host().to_owned(), public.port()), public, tls.map(Pin::Served))
    }

    fn new(address: Address, public: &PublicUrl, pin: Option<Pin>) -> Result<Self, TargetError> {
        let host = HeaderValue::from_str(&public.authority()).map_err(|_| TargetError::Name)?;
        let name = ServerName::try_from(public.host().to_owned()).map_err(|_| TargetError::Name)?;
        Ok(Self { address, host, tls: pin.map(|pin| (name, pin)) })
    }

    /// Does `/readyz` answer 200.
    pub(crate) async fn is_ready(&self) -> Result<bool, String> {
        let seen = Client::new(self).ask(&Method::GET, "/readyz", &HeaderMap::new()).await?;
        Ok(seen.status.is_success())
    }

    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let stream = match &self.address {
            Address::Socket(address) => TcpStream::connect(address).await,
            Address::Name(host, port) => TcpStream::connect((host.as_str(), *port)).await,
        };
        let stream = stream.map_err(|error| format!("cannot connect: {}", error.kind()))?;
        match &self.tls {
            None => speak(TokioIo::new(stream)).await,
            Some((name, pin)) => {
                let certificate = pin.certificate().ok_or_else(|| "there is no certificate yet".to_owned())?;
                let connector = TlsConnector::from(Arc::new(Pinned::client_config(&certificate)));
                let stream = connector.connect(name.clone(), stream).await;
                speak(TokioIo::new(stream.map_err(|_| "the TLS handshake failed".to_owned())?)).await
            }
        }
    }
}

async fn speak<T>(io: T) -> Result<SendRequest<Body>, String>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(io).await.map_err(|_| "HTTP could not begin".to_owned())?;
    tokio::spawn(async move {
        // The end of the connection shows at the next request.
        let _ = connection.await;
    });
    Ok(sender)
}

/// A connection that comes back when it was lost.
pub(crate) struct Client<'a> {
    target: &'a Target,
    sender: Option<SendRequest<Body>>,
}

impl<'a> Client<'a> {
    pub(crate) const fn new(target: &'a Target) -> Self {
        Self { target, sender: None }
    }

    /// Asks once.
    pub(crate) async fn ask(&mut self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Seen, String> {
        let answer = tokio::time::timeout(PATIENCE, self.ask_patiently(method, path, headers)).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn ask_patiently(&mut self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Seen, String> {
        let ready = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !ready {
            self.sender = Some(self.target.connect().await?);
        }
        let sender = self.sender.as_mut().ok_or_else(|| "no connection".to_owned())?;
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().map_err(|_| "the path cannot be asked for".to_owned())?;
        *request.headers_mut() = headers.clone();
        request.headers_mut().insert(header::HOST, self.target.host.clone());
        let response = sender.send_request(request).await.map_err(|_| "the connection broke".to_owned())?;
        let (parts, body) = response.into_parts();
        let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            // Too long to be one of ours, or broken off: either way no constant body.
            Err(_) => {
                self.sender = None;
                bytes::Bytes::from_static(b"(cut)")
            }
        };
        Ok(Seen { status: parts.status, headers: parts.headers, body })
    }
}
