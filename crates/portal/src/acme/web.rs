//! How an authority is spoken to: HTTP/1.1 over TLS, one connection for each request, short answers in good time.
//!
//! What must always hold: https only, whatever address the authority's own directory names; its certificate is believed by
//! the public authorities, or by those that the configuration names and no others.

use super::AcmeError;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long one request may take, all in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// No answer of an authority's is longer, bytes: a chain of certificates is the longest.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Whoever is to wait for longer is not told how long: nobody waits for it here, and a clock has an end.
const RETRY_SECS_MAX: u64 = 24 * 3600;
const HTTPS_PORT: u16 = 443;

/// The authority could not be asked.
#[derive(Debug, thiserror::Error)]
enum WebError {
    #[error("it named an address that does not begin with https://")]
    Address,
    #[error("nobody listens there")]
    Unreached,
    #[error("its own certificate is not believed")]
    NotBelieved,
    #[error("the connection broke, or it speaks no HTTP")]
    Broken,
    #[error("its answer is too long")]
    TooLong,
    #[error("it did not answer in time")]
    Late,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(super) struct Web(Arc<ClientConfig>);

impl Web {
    /// One that believes the authorities in this file, or else the public ones.
    pub(super) fn believing(ca_file: Option<&Path>) -> Result<Self, AcmeError> {
        let mut roots = RootCertStore::empty();
        match ca_file {
            Some(file) => {
                let unread = |_| AcmeError::Configured("ca_file holds no certificates that can be read");
                for one in CertificateDer::pem_file_iter(file).map_err(unread)? {
                    let one = one.map_err(unread)?;
                    roots.add(one).map_err(|_| AcmeError::Configured("ca_file holds what no authority has"))?;
                }
                if roots.is_empty() {
                    return Err(AcmeError::Configured("ca_file holds no certificate"));
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// Leaves out how long is to be waited, where that is nothing that anybody would.
fn retry_bounded(headers: &mut HeaderMap) {
    let waits = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    if waits.is_some_and(|secs| secs > RETRY_SECS_MAX) {
        headers.remove(RETRY_AFTER);
    }
}

async fn asked(tls: Arc<ClientConfig>, mut request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, WebError> {
    let uri = request.uri().clone();
    let (Some("https"), Some(host)) = (uri.scheme_str(), uri.host()) else { return Err(WebError::Address) };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(HTTPS_PORT);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| WebError::Address)?;
    let stream = TcpStream::connect((host, port)).await.map_err(|_| WebError::Unreached)?;
    let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(|_| WebError::NotBelieved)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| WebError::Broken)?;
    let speaking = tokio::spawn(async move {
        // Its end shows in the answer.
        drop(connection.await);
    });
    let authority = uri.authority().map(hyper::http::uri::Authority::as_str).unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let authority = HeaderValue::from_str(authority).map_err(|_| WebError::Address)?;
    request.headers_mut().insert(HOST, authority);
    let path = uri.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
    *request.uri_mut() = path.parse().map_err(|_| WebError::Address)?;
    let read = async {
        let (mut parts, body) = sender.send_request(request).await.map_err(|_| WebError::Broken)?.into_parts();
        retry_bounded(&mut parts.headers);
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| WebError::TooLong)?;
        Ok(BytesResponse::from(Response::from_parts(parts, Full::new(body.to_bytes()))))
    }
    .await;
    speaking.abort();
    read
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let tls = Arc::clone(&self.0);
        Box::pin(async move {
            let answer = tokio::time::timeout(PATIENCE, asked(tls, request)).await;
            answer.unwrap_or(Err(WebError::Late)).map_err(|error| Error::Other(Box::new(error)))
        })
    }
}
