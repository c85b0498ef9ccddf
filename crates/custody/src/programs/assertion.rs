//! The signed request for a token: a JSON web token of a few kilobytes, read strictly (RFC 7515, 7519, 7523).
//!
//! What must always hold: nothing in its head says where a key is or which signature is good enough; the kind of the
//! registered key does. Names that could say so (`jku`, `jwk`, `x5u`, `x5c`) are not even read. What is not understood
//! but marked as critical is refused.

use super::keys::{Algorithm, NamedKey};
use data_encoding::BASE64URL_NOPAD;
use record::{ProgramId, Timestamp};
use serde::Deserialize;

/// The longest request, characters: an RSA signature of 8,192 bits and some claims.
const CHARS_MAX: usize = 8 * 1024;
/// How far clocks may differ, seconds (RFC 7523 leaves it to us; SMART suggests little).
const SKEW_SECS: i64 = 60;
/// How far ahead its end may lie, seconds (SMART App Launch 2.2, backend services: five minutes).
const AHEAD_SECS: i64 = 5 * 60;
/// The longest one-time name, characters.
const JTI_CHARS_MAX: usize = 255;

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: String,
    typ: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
    b64: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Some(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
    nbf: Option<i64>,
    iat: Option<i64>,
}

/// A request as it was read; nothing is proven yet.
pub(super) struct Assertion<'t> {
    /// Which program it claims to be.
    pub(super) program: ProgramId,
    /// Under which key's name.
    pub(super) kid: String,
    algorithm: Algorithm,
    signed: &'t str,
    signature: Vec<u8>,
    claims: Claims,
}

/// One word for every way of being wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unproven;

impl<'t> Assertion<'t> {
    /// Reads it.
    pub(super) fn read(text: &'t str) -> Result<Self, Unproven> {
        if text.len() > CHARS_MAX {
            return Err(Unproven);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Unproven)?;
        let (head, claims) = signed.split_once('.').ok_or(Unproven)?;
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Unproven);
        let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| Unproven)?;
        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| Unproven)?;
        if head.crit.is_some() || head.b64.is_some() || head.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(Unproven);
        }
        let algorithm = match head.alg.as_str() {
            "RS384" => Algorithm::Rs384,
            "ES384" => Algorithm::Es384,
            _ => return Err(Unproven),
        };
        if claims.iss != claims.sub || claims.jti.is_empty() || claims.jti.chars().count() > JTI_CHARS_MAX {
            return Err(Unproven);
        }
        let program = claims.sub.parse().map_err(|_| Unproven)?;
        Ok(Self { program, kid: head.kid, algorithm, signed, signature: decode(signature)?, claims })
    }

    /// Has this key signed it.
    pub(super) fn is_signed_by(&self, key: &NamedKey) -> bool {
        // Both are looked at in any case, so that a wrong kind takes as long as a wrong signature.
        let signed = key.has_signed(self.signed.as_bytes(), &self.signature);
        signed && key.algorithm() == self.algorithm && key.kid == self.kid
    }

    /// Is it for this address and for now.
    pub(super) fn is_for(&self, address: &str, now: Timestamp) -> bool {
        let now = now.unix_millis().div_euclid(1000);
        let here = match &self.claims.aud {
            Audience::One(one) => one == address,
            Audience::Some(list) => matches!(list.as_slice(), [one] if one == address),
        };
        let begun = |at: Option<i64>| at.is_none_or(|at| at <= now.saturating_add(SKEW_SECS));
        here && self.claims.exp > now.saturating_sub(SKEW_SECS)
            && self.claims.exp <= now.saturating_add(AHEAD_SECS + SKEW_SECS)
            && begun(self.claims.nbf)
            && begun(self.claims.iat)
    }

    /// Its one-time name.
    pub(super) fn jti(&self) -> &str {
        &self.claims.jti
    }

    /// From when on it would be refused for its age, so that its name need not be known any more.
    pub(super) fn forget_at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.claims.exp.saturating_add(SKEW_SECS + 1).saturating_mul(1000))
    }
}
