//! One request to one service: HTTP over TLS, or plain to this machine's own loopback.

use super::{HeldAt, KeyholderError, wrong};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use zeroize::Zeroizing;

/// How long one request may take, all in all.
const PATIENCE: Duration = Duration::from_secs(15);
/// No answer of a keyholder's is longer, bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where a keyholder is.
pub(super) struct Service {
    host: String,
    port: u16,
    /// As the header says it, and as we speak of it.
    pub(super) authority: String,
    tls: Option<(ServerName<'static>, TlsConnector)>,
}

impl Service {
    /// By its address, believing the authority in `ca_file` alone, or else the public ones.
    pub(super) fn of(address: &str, at: &HeldAt) -> anyhow::Result<Self> {
        let bad = || wrong("address of [root_key] is https://host:port, or http:// on this machine's loopback");
        let url = Url::parse(address).map_err(|_| bad())?;
        let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
        let (Some(host), Some(port), true) = (url.host(), url.port_or_known_default(), plain) else {
            return Err(bad());
        };
        let near = match &host {
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
            Host::Domain(_) => false,
        };
        let name = host.to_string();
        let tls = match url.scheme() {
            "https" => {
                let inside = name.trim_start_matches('[').trim_end_matches(']').to_owned();
                Some((ServerName::try_from(inside).map_err(|_| bad())?, connector(at)?))
            }
            "http" if near => None,
            _ => return Err(bad()),
        };
        let authority = url.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        Ok(Self { host: name.trim_start_matches('[').trim_end_matches(']').to_owned(), port, authority, tls })
    }

    /// Posts, and gives what came back with 200.
    pub(super) async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, Zeroizing<String>)],
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        let unreached = |why| KeyholderError::Unreached(self.authority.clone(), why);
        tokio::time::timeout(PATIENCE, self.post_patiently(path, headers, body))
            .await
            .unwrap_or_else(|_| Err(unreached("no answer in time")))
    }

    async fn post_patiently(
        &self,
        path: &str,
        headers: &[(&'static str, Zeroizing<String>)],
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        let unreached = |why| KeyholderError::Unreached(self.authority.clone(), why);
        let mut sender = self.connect().await?;
        let mut request = Request::post(path).header(header::HOST, &self.authority);
        for (name, value) in headers {
            let mut value = hyper::header::HeaderValue::from_str(value).map_err(|_| unreached("a header is wrong"))?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        let body = Full::new(Bytes::copy_from_slice(body));
        let request = request.body(body).map_err(|_| unreached("the request is wrong"))?;
        let response = sender.send_request(request).await.map_err(|_| unreached("the connection broke"))?;
        let status = response.status().as_u16();
        let answer = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        if status != 200 {
            return Err(KeyholderError::Refused(self.authority.clone(), status));
        }
        let answer = answer.map_err(|_| KeyholderError::Answer(self.authority.clone()))?;
        Ok(Zeroizing::new(answer.to_bytes().to_vec()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, KeyholderError> {
        let unreached = |why| KeyholderError::Unreached(self.authority.clone(), why);
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|_| unreached("nobody listens there"))?;
        match &self.tls {
            None => speak(TokioIo::new(stream)).await,
            Some((name, connector)) => {
                let stream = connector.connect(name.clone(), stream).await;
                speak(TokioIo::new(stream.map_err(|_| unreached("its certificate is not believed"))?)).await
            }
        }
        .ok_or_else(|| unreached("it speaks no HTTP"))
    }
}

async fn speak<T>(io: T) -> Option<SendRequest<Full<Bytes>>>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(io).await.ok()?;
    tokio::spawn(async move {
        // Its end shows in the answer.
        let _ = connection.await;
    });
    Some(sender)
}

fn connector(at: &HeldAt) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    match at.public(&at.ca_file)? {
        Some(pem) => {
            for one in CertificateDer::pem_slice_iter(&pem) {
                let one = one.map_err(|_| wrong("ca_file of [root_key] holds no certificate"))?;
                roots.add(one).map_err(|_| wrong("ca_file of [root_key] holds no certificate of an authority"))?;
            }
            if roots.is_empty() {
                return Err(wrong("ca_file of [root_key] holds no certificate"));
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
