//! HTTP to a bucket: hyper over rustls with aws-lc-rs, where `object_store` would bring a client of its own.
//!
//! What must always hold: certificates are checked; plain HTTP goes to this machine only (`place.rs` has seen to it);
//! nothing is waited for without an end; no redirection is followed, for it would take the signature elsewhere; an
//! answer that reports an error is read to a bound.

use crate::StoreError;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// What an answer that reports an error may say, bytes.
const ERROR_BYTES_MAX: u64 = 64 * 1024;

/// How long a bucket is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a connection.
    pub(crate) connect: Duration,
    /// From the first byte of a request to the beginning of its answer: a part of eight megabytes over a slow line.
    pub(crate) answer: Duration,
    /// From one piece of an answer to the next.
    pub(crate) piece: Duration,
    /// For one thing with all its repetitions; after that no further one begins.
    pub(crate) all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(60),
            piece: Duration::from_secs(30),
            all: Duration::from_secs(60),
        }
    }
}

/// The one client of a bucket; its connections are kept.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: Client<HttpsConnector<HttpConnector>, HttpRequestBody>,
    patience: Patience,
}

/// The authorities that may vouch for the server: those of a file, or the public ones.
fn roots(file: Option<&Path>) -> Result<rustls::RootCertStore, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    let Some(file) = file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let wrong = || StoreError::Server("the file of the bucket's certificate authorities cannot be read".to_owned());
    for one in CertificateDer::pem_file_iter(file).map_err(|_| wrong())? {
        roots.add(one.map_err(|_| wrong())?).map_err(|_| wrong())?;
    }
    if roots.is_empty() { Err(wrong()) } else { Ok(roots) }
}

impl Wire {
    /// A client. `plain` when the server is on this machine and speaks HTTP.
    pub(super) fn new(plain: bool, authorities: Option<&Path>, patience: Patience) -> Result<Self, StoreError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| StoreError::Server("this build cannot speak TLS".to_owned()))?
            .with_root_certificates(roots(authorities)?)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(patience.connect));
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls);
        let connector = if plain { tls.https_or_http() } else { tls.https_only() }.enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(Self { client, patience })
    }

    async fn said(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(self.patience.answer, self.client.request(request)).await;
        let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
            HttpError::new(kind, error)
        })?;
        let bytes_left = if answer.status().is_success() { u64::MAX } else { ERROR_BYTES_MAX };
        Ok(answer
            .map(|body| HttpResponseBody::new(Watched { body, piece: self.patience.piece, waiting: None, bytes_left })))
    }

    /// An answer that must be small, as text.
    pub(super) async fn text(&self, request: HttpRequest, bytes_max: usize) -> Result<(u16, String), HttpError> {
        let answer = self.said(request).await?;
        let status = answer.status().as_u16();
        let body = http_body_util::Limited::new(answer.into_body(), bytes_max).collect().await;
        let bytes = body.map_err(|error| HttpError::new(HttpErrorKind::Decode, Unread(error)))?.to_bytes();
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// A body that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be read")]
struct Unread(#[source] Box<dyn std::error::Error + Send + Sync>);

// Written out what `async_trait` would write, for one function.
impl HttpService for Wire {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.said(request))
    }
}

impl object_store::client::HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// A body whose pieces must keep coming.
struct Watched {
    body: Incoming,
    piece: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    bytes_left: u64,
}

/// It said more than was to be read.
#[derive(Debug, thiserror::Error)]
#[error("the answer is longer than was to be read")]
struct TooLong;

/// It said nothing more for too long.
#[derive(Debug, thiserror::Error)]
#[error("the answer stopped in the middle")]
struct Stopped;

impl Body for Watched {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = None;
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                Poll::Ready(Some(match self.bytes_left.checked_sub(bytes) {
                    Some(left) => {
                        self.bytes_left = left;
                        Ok(frame)
                    }
                    None => Err(HttpError::new(HttpErrorKind::Decode, TooLong)),
                }))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(HttpError::new(HttpErrorKind::Interrupted, error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let piece = self.piece;
                let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(piece)));
                match waiting.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(HttpError::new(HttpErrorKind::Timeout, Stopped)))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
