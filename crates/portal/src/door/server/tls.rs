//! TLS: files in, a server configuration out; one certificate at a time, which can be read anew.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// Where certificate and key lie, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
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
}

/// The server's side of TLS 1.2 and 1.3. Keeps the certificate that new connections get.
pub struct ServerTls {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
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
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be read or do not belong together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        install_provider();
        let current = RwLock::new(Arc::new(read(&files)?));
        Ok(Self { files, current })
    }

    /// Reads both files anew; connections that stand keep what they have.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate of before stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Reads both files and takes them when there is another certificate in them; whether there was.
    ///
    /// # Errors
    /// [`TlsError`], while a file is half written, say; the certificate of before stays in use.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let other = fresh.cert != current.cert;
        if other {
            *current = fresh;
        }
        Ok(other)
    }

    /// The certificate that new connections get, as DER.
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.cert.first().cloned().expect("a certified key has a certificate, see `read`")
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
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::File("certificate", error))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::File("key", error))?;
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
