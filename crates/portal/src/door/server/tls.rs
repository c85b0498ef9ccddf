//! TLS: a certificate in, from files or as it was ordered, a server configuration out; one certificate at a time, which can
//! be followed by another.
//!
//! What must always hold: without a certificate nobody is served; one that does not fit its key is never taken, and the one
//! of before stays.

use super::challenge::Challenges;
use super::validity::Validity;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Where certificate and key lie, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFrom {
    /// Somebody puts it into files.
    Files(TlsFiles),
    /// It is ordered while we listen; until it is there, nobody is served.
    Ordered,
}

/// TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no such thing.
    #[error("the TLS {0} file cannot be read as PEM")]
    File(&'static str, #[source] rustls::pki_types::pem::Error),
    /// No certificate in the file.
    #[error("the TLS certificate file holds no certificate")]
    NoCertificate,
    /// The two do not belong together, or are of a kind that is not offered.
    #[error("the TLS key does not fit the certificate")]
    Key(#[source] rustls::Error),
    /// A key or certificate of our own could not be made.
    #[error("a key or a certificate could not be made")]
    Made(#[source] rcgen::Error),
}

/// The server's side of TLS 1.2 and 1.3. Keeps the certificate that new connections get.
pub struct ServerTls {
    files: Option<TlsFiles>,
    current: watch::Sender<Option<Arc<CertifiedKey>>>,
    challenges: Arc<Challenges>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls(..)")
    }
}

/// Makes aws-lc-rs the one provider of this process. Called first thing; a second call changes nothing.
pub fn install_provider() {
    // An error says that one is installed already, which is then the same one or the binary's own choice.
    let _ = aws_lc_rs::default_provider().install_default();
}

impl ServerTls {
    /// With the certificate of these files, or with none yet.
    ///
    /// # Errors
    /// [`TlsError`] when files cannot be read or do not belong together.
    pub fn of(from: TlsFrom) -> Result<Self, TlsError> {
        install_provider();
        let (files, current) = match from {
            TlsFrom::Files(files) => {
                let read = read(&files)?;
                (Some(files), Some(Arc::new(read)))
            }
            TlsFrom::Ordered => (None, None),
        };
        Ok(Self { files, current: watch::Sender::new(current), challenges: Arc::default() })
    }

    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be read or do not belong together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        Self::of(TlsFrom::Files(files))
    }

    /// Reads both files anew; connections that stand keep what they have. Nothing where there are no files.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate of before stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        if let Some(files) = &self.files {
            self.current.send_replace(Some(Arc::new(read(files)?)));
        }
        Ok(())
    }

    /// Reads both files and takes them when there is another certificate in them; whether there was.
    ///
    /// # Errors
    /// [`TlsError`], while a file is half written, say; the certificate of before stays in use.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let Some(files) = &self.files else { return Ok(false) };
        let fresh = Arc::new(read(files)?);
        Ok(self.current.send_if_modified(|current| {
            let other = current.as_ref().is_none_or(|current| current.cert != fresh.cert);
            if other {
                *current = Some(fresh);
            }
            other
        }))
    }

    /// Takes a certificate that was ordered.
    pub(crate) fn take(&self, ordered: CertifiedKey) {
        self.current.send_replace(Some(Arc::new(ordered)));
    }

    /// Does somebody else than a person with files see to the certificate.
    pub(crate) const fn is_ordered(&self) -> bool {
        self.files.is_none()
    }

    /// What an authority is shown that asks whether a name is ours.
    pub(crate) const fn challenges(&self) -> &Arc<Challenges> {
        &self.challenges
    }

    /// The certificate that new connections get, as DER; none while none is there.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        leaf(&self.current.borrow())
    }

    /// Waits until there is a certificate.
    pub(crate) async fn until_served(&self) {
        // It ends only with `self`, which is borrowed.
        drop(self.current.subscribe().wait_for(Option::is_some).await);
    }

    /// Tells from when to when each certificate is good: that of now, and each that follows it. Never ends.
    pub(crate) async fn follow(&self, told: impl Fn(Validity) + Send) {
        let mut current = self.current.subscribe();
        loop {
            let seen = leaf(&current.borrow_and_update()).as_ref().and_then(Validity::of);
            if let Some(seen) = seen {
                told(seen);
            }
            if current.changed().await.is_err() {
                return;
            }
        }
    }

    /// The server configuration: TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1, no session data kept.
    pub(crate) fn server_config(self: &Arc<Self>) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.max_early_data_size = 0;
        config
    }
}

impl ResolvesServerCert for ServerTls {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.borrow().clone()
    }
}

fn leaf(current: &Option<Arc<CertifiedKey>>) -> Option<CertificateDer<'static>> {
    current.as_ref().and_then(|current| current.cert.first().cloned())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let certificates = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let certificates = certificates.map_err(|error| TlsError::File("certificate", error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::File("key", error))?;
    certified(certificates, key)
}

/// Certificate chain and key as PEM texts.
pub(crate) fn certified_from_pem(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>();
    let certificates = certificates.map_err(|error| TlsError::File("certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::File("key", error))?;
    certified(certificates, key)
}

fn certified(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, TlsError> {
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let certified = CertifiedKey::from_der(certificates, key, &aws_lc_rs::default_provider()).map_err(TlsError::Key)?;
    certified.keys_match().map_err(TlsError::Key)?;
    Ok(certified)
}

/// Believes one certificate and no other, whatever name, date or signer it has.
#[derive(Debug)]
pub(crate) struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    /// A client that believes this certificate alone.
    pub(crate) fn client_config(certificate: &CertificateDer<'static>) -> ClientConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pinned = Self { certificate: certificate.clone(), provider: Arc::clone(&provider) };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.certificate.as_ref() {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
