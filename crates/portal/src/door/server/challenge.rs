//! What an authority is shown that asks whether a name is ours: tls-alpn-01 (RFC 8737), on the port where people are served,
//! so that no other one is ever open.
//!
//! What must always hold: whoever asks by `acme-tls/1` is shown an answer that was put here, for the name that they ask for,
//! and is then sent away: such a connection never speaks HTTP, and nothing of it is remembered for another one. Whoever asks
//! without there being an answer gets none, and causes nothing.

use super::tls::TlsError;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The protocol's name in ALPN.
const ACME_TLS: &[u8] = b"acme-tls/1";

/// An answer: a name, and SHA-256 of what proves the account that ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChallengeAnswer {
    pub(crate) name: String,
    pub(crate) digest: [u8; 32],
}

/// The answers of now; none nearly always.
#[derive(Default)]
pub(crate) struct Challenges(RwLock<Vec<(String, Arc<CertifiedKey>)>>);

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges(..)")
    }
}

/// Is this somebody who asks by `acme-tls/1`, alone or beside other protocols.
pub(crate) fn asks_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut protocols| protocols.any(|one| one == ACME_TLS))
}

/// A certificate of its own, of the form that RFC 8737 3 wants: the name, and the digest in a critical extension.
fn certificate_of(answer: &ChallengeAnswer) -> Result<CertifiedKey, TlsError> {
    let key = KeyPair::generate().map_err(TlsError::Made)?;
    let mut params = CertificateParams::new(vec![answer.name.clone()]).map_err(TlsError::Made)?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&answer.digest)];
    let made = params.self_signed(&key).map_err(TlsError::Made)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not by `from_der`, which refuses a critical extension that it does not know, as everybody shall but the authority.
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key).map_err(TlsError::Key)?;
    Ok(CertifiedKey::new(vec![made.der().clone()], key))
}

impl Challenges {
    /// Takes these answers in the place of those before.
    pub(crate) fn set(&self, answers: &[ChallengeAnswer]) -> Result<(), TlsError> {
        let made = answers.iter().map(|answer| Ok((answer.name.clone(), Arc::new(certificate_of(answer)?))));
        let made = made.collect::<Result<Vec<_>, TlsError>>()?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = made;
        Ok(())
    }

    /// How those who ask are spoken to: by this protocol alone, and nothing is remembered of them.
    pub(crate) fn server_config(self: &Arc<Self>) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![ACME_TLS.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        config
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name()?;
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        answers.iter().find(|(name, _)| name.eq_ignore_ascii_case(asked)).map(|(_, key)| Arc::clone(key))
    }
}
