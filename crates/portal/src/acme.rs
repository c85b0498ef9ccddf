//! Certificates that the house orders by itself (ACME, RFC 8555), and that all its nodes serve.
//!
//! What must always hold: nobody who comes to the door causes an order; a certificate is ordered when there is none, when it
//! does not name what it has to, or when two thirds of its time are over, by one node at a time and ever more rarely while it
//! fails, and not right after another one was taken; until another one is there the old one is served, and before the first one nobody is served at all.
//!
//! What it refuses to know: where account, key and answers are kept, and who else answers (`custody`).

mod order;
mod web;

use crate::door::PublicUrl;
use crate::door::server::ServerTls;
use crate::door::server::challenge::ChallengeAnswer;
use crate::door::server::tls::{TlsError, certified_from_pem};
use crate::door::server::validity::Validity;
use custody::{AcmeKept, AcmeTaken, AcmeTurn, CertificateSpan, Custody, CustodyError};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use futures_util::FutureExt as _;
use record::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use zeroize::{Zeroize as _, Zeroizing};

/// How often it is looked what other nodes have put down, and whether a certificate is due.
const LOOK: Duration = Duration::from_secs(2);
/// An order that takes longer has failed.
const ORDER_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// The certificate that is served, without its key, for whoever watches on the same machine.
pub const SHOWN: &str = "certificate.pem";

/// Where certificates are ordered, and for whom.
#[derive(Debug, Clone)]
pub struct AcmeOptions {
    /// The authority's directory, `https://…`.
    pub directory: String,
    /// Whom the authority may write to, `mailto:…`.
    pub contact: Vec<String>,
    /// The authorities that vouch for the directory's own certificate, PEM; none for the public ones.
    pub ca_file: Option<PathBuf>,
    /// What binds the account to one that the authority has already: its id, and a file with its key in base64url.
    pub binding: Option<(String, PathBuf)>,
    /// The folder in which [`SHOWN`] is put down.
    pub dir: PathBuf,
    /// The names that the certificate is for.
    pub names: Vec<String>,
}

/// The names that a certificate can be ordered for: the public host, and those hosts besides that are names of the network.
#[must_use]
pub fn names(public_url: &PublicUrl, extra_hosts: &[String]) -> Vec<String> {
    let extra = extra_hosts.iter().map(|host| host.trim().to_ascii_lowercase());
    let extra = extra.map(|host| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|one| one.is_ascii_digit()) => name.to_owned(),
        _ => host,
    });
    let mut names = vec![public_url.host().to_owned()];
    for name in extra.filter(|name| is_of_the_network(name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn is_of_the_network(name: &str) -> bool {
    let is_number = name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok();
    !is_number && name.contains('.') && !name.ends_with(".localhost") && !name.contains(':')
}

/// No certificate could be ordered.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// A file of the configuration.
    #[error("[acme]: {0}")]
    Configured(&'static str),
    /// The authority said no, said something else, or was not reached.
    #[error("the authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// It does not offer what we can answer.
    #[error("the authority offers no tls-alpn-01")]
    NoChallenge,
    /// It asked for another name than was ordered.
    #[error("the authority asked for a name that is not ours")]
    NotOurs,
    /// It did not find our answer, or did not like it.
    #[error("the authority did not find the answer at port 443 of the name")]
    Refused,
    /// What came is for another key, other names, or another time.
    #[error("what the authority signed is not what was ordered")]
    NotAsOrdered,
    /// The certificate and its key.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] TlsError),
    /// The house.
    #[error("{0}")]
    Custody(#[from] CustodyError),
    /// Something of our own could not be made or read.
    #[error("a key, a request or what was kept could not be made or read")]
    Own,
    /// Another order has begun, or somebody said that it is to be tried again.
    #[error("the turn to order was over before the order")]
    TurnOver,
    /// It took too long.
    #[error("it took longer than ten minutes")]
    Late,
}

/// What was ordered, as it is kept.
#[derive(Serialize, Deserialize)]
struct Ordered {
    directory: String,
    chain: String,
    key: String,
}

impl Drop for Ordered {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// What this node has last seen of what is kept, as it lay there.
#[derive(Default)]
struct Seen {
    certificate: Option<String>,
    directory: Option<String>,
    answers: Option<String>,
}

/// Orders, and follows what other nodes have ordered.
pub(crate) struct Acme {
    custody: Custody,
    tls: Arc<ServerTls>,
    options: AcmeOptions,
    binding: Option<(String, Zeroizing<Vec<u8>>)>,
    web: web::Web,
    seen: Seen,
}

/// When a certificate is to be followed by another: after two thirds of its time, and up to a thirtieth earlier, by its own
/// last byte, which is as good as random and the same for every node.
fn due_at(certificate: &CertificateDer<'_>, validity: &Validity) -> Timestamp {
    let secs = validity.span.until.millis_since(validity.span.from) / 1000;
    let byte = i64::from(certificate.last().copied().unwrap_or_default());
    validity.span.from.plus_secs(secs * 2 / 3 - secs / 30 * byte / 255)
}

impl Acme {
    /// Reads what the configuration names, and takes the certificate that is kept, if one is.
    ///
    /// # Errors
    /// When the configuration names what cannot be read, or what is kept cannot be opened.
    pub(crate) async fn begin(custody: Custody, tls: Arc<ServerTls>, options: AcmeOptions) -> Result<Self, AcmeError> {
        let web = web::Web::believing(options.ca_file.as_deref())?;
        let binding = match &options.binding {
            Some((id, file)) => Some((id.clone(), binding_key(file)?)),
            None => None,
        };
        let mut acme = Self { custody, tls, options, binding, web, seen: Seen::default() };
        acme.follow().await?;
        Ok(acme)
    }

    /// Follows and orders, for as long as it is let. A failure is told and tried again.
    pub(crate) async fn run(mut self) {
        let Ok(mut hangups) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else { return };
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            let looked = tokio::select! {
                _ = hangups.recv() => self.custody.acme_try_again().await.map_err(AcmeError::from),
                _ = looks.tick() => self.look().await,
            };
            match looked {
                Ok(()) => failing = false,
                // Said once: while the database does not answer, every look fails alike.
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(%error, "the certificate could not be looked after");
                    }
                }
            }
        }
    }

    async fn look(&mut self) -> Result<(), AcmeError> {
        self.follow().await?;
        if !self.is_due() {
            return Ok(());
        }
        let seen = self.seen.certificate.as_deref();
        let Some(turn) = self.custody.acme_begin(seen, &self.options.names).await? else { return Ok(()) };
        // What an authority says goes through libraries: if one of them panics, this order has failed, and nothing else.
        let ordering = AssertUnwindSafe(self.ordered(&turn)).catch_unwind();
        let ordered = tokio::time::timeout(ORDER_PATIENCE, ordering).await;
        let (kept, span) = match ordered.unwrap_or(Ok(Err(AcmeError::Late))).unwrap_or(Err(AcmeError::Own)) {
            Ok(ordered) => ordered,
            Err(error) => {
                let unanswered = self.tls.challenges().set(&[]);
                order::forgotten_if_gone(self, &error).await;
                self.custody.acme_failed(turn, &error.to_string()).await;
                return Ok(unanswered?);
            }
        };
        let words = format!("a certificate was taken for {}", self.options.names.join(", "));
        self.custody.acme_done(turn, AcmeTaken { certificate: &kept, span, words: &words }).await?;
        self.tls.challenges().set(&[])?;
        // If we die here: it is kept, and whoever starts next serves it.
        self.follow().await
    }

    /// What was ordered, as it is to be kept, and from when to when it is good.
    async fn ordered(&self, turn: &AcmeTurn) -> Result<(Zeroizing<Vec<u8>>, CertificateSpan), AcmeError> {
        let (ordered, span) = order::ordered(self, turn).await?;
        Ok((Zeroizing::new(serde_json::to_vec(&ordered).map_err(|_| AcmeError::Own)?), span))
    }

    /// Is there none, none any more, or one that does not name what it has to, is another authority's, or grows old.
    fn is_due(&self) -> bool {
        let Some(certificate) = self.tls.certificate() else { return true };
        let Some(validity) = Validity::of(&certificate) else { return true };
        // Whoever takes the fact away wants another key.
        self.seen.certificate.is_none()
            || !validity.covers(&self.options.names)
            || self.seen.directory.as_deref() != Some(self.options.directory.as_str())
            || self.custody.now() >= due_at(&certificate, &validity)
    }

    /// Takes what is kept, where it is another than was seen last: the certificate, and what is to be answered.
    async fn follow(&mut self) -> Result<(), AcmeError> {
        let answers = self.custody.acme_look(AcmeKept::Challenge).await?;
        if answers != self.seen.answers {
            // Another hand than a node's wrote what does not open: it is answered to nobody.
            let read = answers.as_deref().map_or(Ok(Vec::new()), |sealed| self.answers_read(sealed));
            let read = read.inspect_err(|error| tracing::error!(%error, "answers to an authority were not taken"));
            self.tls.challenges().set(&read.unwrap_or_default())?;
            self.seen.answers = answers;
        }
        let certificate = self.custody.acme_look(AcmeKept::Certificate).await?;
        if certificate != self.seen.certificate {
            if let Some(sealed) = &certificate
                && let Err(error) = self.certificate_take(sealed)
            {
                tracing::error!(%error, "the certificate that is kept cannot be used; the one of before stays");
            }
            self.seen.certificate = certificate;
        }
        Ok(())
    }

    fn certificate_take(&mut self, sealed: &str) -> Result<(), AcmeError> {
        let opened = self.custody.acme_open(AcmeKept::Certificate, sealed)?;
        let ordered: Ordered = serde_json::from_slice(&opened).map_err(|_| AcmeError::Own)?;
        self.tls.take(certified_from_pem(ordered.chain.as_bytes(), ordered.key.as_bytes())?);
        self.seen.directory = Some(ordered.directory.clone());
        if show(&self.options.dir, &ordered.chain).is_err() {
            tracing::warn!("the certificate could not be put down in the data folder; `strongroom ready` will fail");
        }
        tracing::info!("a certificate that was ordered is served");
        Ok(())
    }

    fn answers_read(&self, sealed: &str) -> Result<Vec<ChallengeAnswer>, AcmeError> {
        let opened = self.custody.acme_open(AcmeKept::Challenge, sealed)?;
        let read: Vec<(String, String)> = serde_json::from_slice(&opened).map_err(|_| AcmeError::Own)?;
        let answers = read.into_iter().map(|(name, digest)| {
            let digest = BASE64.decode(digest.as_bytes()).ok().and_then(|digest| digest.try_into().ok());
            Ok(ChallengeAnswer { name, digest: digest.ok_or(AcmeError::Own)? })
        });
        answers.collect()
    }

    /// Puts answers where every node finds them, and waits until each has looked.
    async fn answers_put(&self, turn: &AcmeTurn, answers: &[ChallengeAnswer]) -> Result<(), AcmeError> {
        let words: Vec<_> = answers.iter().map(|one| (&one.name, BASE64.encode(&one.digest))).collect();
        let words = serde_json::to_vec(&words).map_err(|_| AcmeError::Own)?;
        if !self.custody.acme_answer(turn, &words).await? {
            return Err(AcmeError::TurnOver);
        }
        self.tls.challenges().set(answers)?;
        if self.custody.has_other_nodes() {
            // A node that does not look within three looks has lost its lease and answers nobody.
            tokio::time::sleep(LOOK * 3).await;
        }
        Ok(())
    }
}

/// The key that binds the account: base64url, in a file that nobody else reads.
fn binding_key(file: &Path) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let text = std::fs::read_to_string(file).map_err(|_| AcmeError::Configured("eab_key_file cannot be read"))?;
    let text = Zeroizing::new(text);
    let plain = text.trim().trim_end_matches('=');
    let key = BASE64URL_NOPAD.decode(plain.as_bytes());
    key.map(Zeroizing::new).map_err(|_| AcmeError::Configured("eab_key_file holds no key in base64url"))
}

/// Puts the certificate down, whole or not at all.
fn show(dir: &Path, chain: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let part = dir.join(format!("{SHOWN}.part"));
    let mut file = std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    file.write_all(chain.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(part, dir.join(SHOWN))
}

#[cfg(test)]
mod tests;
