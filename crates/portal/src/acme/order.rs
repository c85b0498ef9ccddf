//! One order, from the account to the certificate (RFC 8555 7.4), by tls-alpn-01.
//!
//! What must always hold: an answer is given for our own names and no other, whatever the authority asks; what it gives is
//! held against the key that we made and the names that we asked for before anybody sees it.

use super::{Acme, AcmeError, Ordered, due_at};
use crate::door::server::challenge::ChallengeAnswer;
use crate::door::server::tls::certified_from_pem;
use crate::door::server::validity::Validity;
use custody::{AcmeKept, AcmeTurn, CLOCKS_DIFFER_SECS, CertificateSpan};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, ExternalAccountKey, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long the authority may take to look at our answers, and then to sign.
const AUTHORITY_PATIENCE: Duration = Duration::from_secs(120);
/// How soon it is asked whether it has, and then ever more rarely.
const ASKED_EVERY: Duration = Duration::from_millis(300);
/// What an authority says of an account that it does not have (RFC 8555 6.7).
const ACCOUNT_GONE: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// What it says of one that was closed, to whoever orders (RFC 8555 7.3.6).
const UNAUTHORIZED: &str = "urn:ietf:params:acme:error:unauthorized";

fn patience() -> RetryPolicy {
    RetryPolicy::new().initial_delay(ASKED_EVERY).backoff(1.4).timeout(AUTHORITY_PATIENCE)
}

/// Orders a certificate for our names, and gives it when it is as it was ordered, with the time that it is good for.
pub(super) async fn ordered(acme: &Acme, turn: &AcmeTurn) -> Result<(Ordered, CertificateSpan), AcmeError> {
    let account = account(acme).await?;
    let names: Vec<_> = acme.options.names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = match account.new_order(&NewOrder::new(&names)).await {
        Ok(order) => order,
        Err(error) => {
            if says(&error, UNAUTHORIZED) {
                acme.custody.acme_forget(AcmeKept::Account).await?;
            }
            return Err(error.into());
        }
    };
    answered(acme, turn, &mut order).await?;
    match order.poll_ready(&patience()).await? {
        OrderStatus::Ready => {}
        _ => return Err(AcmeError::Refused),
    }
    let key = KeyPair::generate().map_err(|_| AcmeError::Own)?;
    let mut params = CertificateParams::new(acme.options.names.clone()).map_err(|_| AcmeError::Own)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(|_| AcmeError::Own)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&patience()).await?;
    let ordered = Ordered { directory: acme.options.directory.clone(), chain, key: key.serialize_pem() };
    let span = as_ordered(acme, &ordered)?;
    Ok((ordered, span))
}

/// Is it for our key, for all our names, good now, and not due again at once.
fn as_ordered(acme: &Acme, ordered: &Ordered) -> Result<CertificateSpan, AcmeError> {
    let certified = certified_from_pem(ordered.chain.as_bytes(), ordered.key.as_bytes())?;
    let leaf = certified.cert.first().ok_or(AcmeError::NotAsOrdered)?;
    let validity = Validity::of(leaf).ok_or(AcmeError::NotAsOrdered)?;
    let (now, span) = (acme.custody.now(), validity.span);
    let is_good = span.from <= now.plus_secs(CLOCKS_DIFFER_SECS) && span.from < span.until;
    if validity.covers(&acme.options.names) && is_good && now < due_at(leaf, &validity) {
        Ok(span)
    } else {
        Err(AcmeError::NotAsOrdered)
    }
}

/// The account that is kept for this directory, or a new one.
async fn account(acme: &Acme) -> Result<Account, AcmeError> {
    let builder = || Account::builder_with_http(Box::new(acme.web.clone()));
    if let Some(sealed) = acme.custody.acme_look(AcmeKept::Account).await? {
        match account_read(acme, &sealed) {
            Ok((directory, kept)) if directory == acme.options.directory => {
                return Ok(builder().from_credentials(kept).await?);
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the account that is kept cannot be used; another one is made"),
        }
    }
    let contact: Vec<&str> = acme.options.contact.iter().map(String::as_str).collect();
    let asked = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let binding = acme.binding.as_ref().map(|(id, key)| ExternalAccountKey::new(id.clone(), key));
    let directory = acme.options.directory.clone();
    let (account, made) = builder().create(&asked, directory.clone(), binding.as_ref()).await?;
    let kept = Zeroizing::new(serde_json::to_vec(&(directory, made)).map_err(|_| AcmeError::Own)?);
    // If we die before: the authority has an account that nobody has the key of, and the next try makes another one.
    acme.custody.acme_keep(AcmeKept::Account, &kept).await?;
    Ok(account)
}

fn account_read(acme: &Acme, sealed: &str) -> Result<(String, AccountCredentials), AcmeError> {
    let opened = acme.custody.acme_open(AcmeKept::Account, sealed)?;
    serde_json::from_slice(&opened).map_err(|_| AcmeError::Own)
}

/// An account that the authority does not know is forgotten, so that the next try makes another one.
pub(super) async fn forgotten_if_gone(acme: &Acme, why: &AcmeError) {
    if matches!(why, AcmeError::Authority(error) if says(error, ACCOUNT_GONE)) {
        drop(acme.custody.acme_forget(AcmeKept::Account).await);
    }
}

fn says(error: &Error, kind: &str) -> bool {
    matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(kind))
}

/// Answers for each of our names that the authority wants to see.
async fn answered(acme: &Acme, turn: &AcmeTurn, order: &mut Order) -> Result<(), AcmeError> {
    let mut answers = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(one) = authorizations.next().await {
        let mut one = one?;
        match one.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            _ => return Err(AcmeError::Refused),
        }
        let Identifier::Dns(name) = one.identifier().identifier.clone() else { return Err(AcmeError::NotOurs) };
        if !acme.options.names.iter().any(|ours| ours.eq_ignore_ascii_case(&name)) {
            return Err(AcmeError::NotOurs);
        }
        let challenge = one.challenge(ChallengeType::TlsAlpn01).ok_or(AcmeError::NoChallenge)?;
        let digest = challenge.key_authorization().digest().as_ref().try_into().map_err(|_| AcmeError::Own)?;
        answers.push(ChallengeAnswer { name, digest });
    }
    if answers.is_empty() {
        return Ok(());
    }
    acme.answers_put(turn, &answers).await?;
    let mut authorizations = order.authorizations();
    while let Some(one) = authorizations.next().await {
        let mut one = one?;
        if one.status == AuthorizationStatus::Pending {
            let mut challenge = one.challenge(ChallengeType::TlsAlpn01).ok_or(AcmeError::NoChallenge)?;
            challenge.set_ready().await?;
        }
    }
    Ok(())
}
