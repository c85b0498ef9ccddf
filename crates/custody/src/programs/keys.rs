//! Public keys of programs: JSON web keys (RFC 7517), of the two kinds that SMART's backend services ask for.
//!
//! What must always hold: RSA of 2,048 to 8,192 bits for RS384, P-384 for ES384, and nothing else is a key; the kind of the
//! key says which signature is tried, never the request that is signed; a private key that somebody pastes is refused and
//! kept nowhere.

use crate::CustodyError;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA384, RsaPublicKeyComponents,
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// Most keys of one program, or of one fetched list.
pub(super) const KEYS_MAX: usize = 16;
/// The longest name of a key, characters.
const KID_CHARS_MAX: usize = 128;
/// Bytes of a coordinate of P-384.
const COORDINATE_BYTES: usize = 48;
/// Bytes of the smallest and the largest RSA modulus.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of the longest public exponent.
const EXPONENT_BYTES_MAX: usize = 5;

/// With which signature a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs384,
    Es384,
}

/// A public key under its name.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NamedKey {
    pub(super) kid: String,
    key: PublicKey,
}

#[derive(Clone, PartialEq, Eq)]
enum PublicKey {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed.
    P384(Vec<u8>),
}

/// A key as JSON. Members that are not here are of no concern; the private ones are, so that they are noticed.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
    p: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

/// As a key is kept.
#[derive(Serialize)]
struct Kept<'a> {
    kty: &'a str,
    kid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// Why something is no key of ours, for the person who pasted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoKey(pub(super) &'static str);

impl From<NoKey> for CustodyError {
    fn from(why: NoKey) -> Self {
        Self::field("key", why.0)
    }
}

const NOT_JSON: NoKey = NoKey("Paste one JSON web key (JWK), or a set with one key in it");
const PRIVATE: NoKey =
    NoKey("This is a private key, and nobody may have it but the program. Make a new pair, and paste its public half");
const NO_NAME: NoKey = NoKey("The key needs a name: a kid of at most 128 letters, digits and signs");
const KIND: NoKey = NoKey("Only RSA keys of at least 2048 bits (RS384) and P-384 keys (ES384) are taken");

fn bytes(text: Option<&String>) -> Result<Vec<u8>, NoKey> {
    BASE64URL_NOPAD.decode(text.ok_or(KIND)?.as_bytes()).map_err(|_| KIND)
}

impl TryFrom<Jwk> for NamedKey {
    type Error = NoKey;

    fn try_from(jwk: Jwk) -> Result<Self, NoKey> {
        if jwk.d.is_some() || jwk.k.is_some() || jwk.p.is_some() {
            return Err(PRIVATE);
        }
        let kid = jwk.kid.filter(|kid| kid_is_fit(kid)).ok_or(NO_NAME)?;
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KIND);
        }
        let (key, alg) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("EC", Some("P-384")) => (p384(&bytes(jwk.x.as_ref())?, &bytes(jwk.y.as_ref())?)?, "ES384"),
            ("RSA", None) => (rsa(bytes(jwk.n.as_ref())?, bytes(jwk.e.as_ref())?)?, "RS384"),
            _ => return Err(KIND),
        };
        if jwk.alg.is_some_and(|said| said != alg) {
            return Err(KIND);
        }
        Ok(Self { kid, key })
    }
}

fn p384(x: &[u8], y: &[u8]) -> Result<PublicKey, NoKey> {
    if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
        return Err(KIND);
    }
    let point = [&[0x04], x, y].concat();
    // A point that is not on the curve is no key.
    ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &point).map_err(|_| KIND)?;
    Ok(PublicKey::P384(point))
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<PublicKey, NoKey> {
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let sound = MODULUS_BYTES.contains(&n.len())
        && n.first().is_some_and(|first| first & 0x80 != 0)
        && e.len() <= EXPONENT_BYTES_MAX
        && e.first().is_some_and(|first| *first != 0)
        && e != [1]
        && odd(&n)
        && odd(&e);
    if sound { Ok(PublicKey::Rsa { n, e }) } else { Err(KIND) }
}

fn kid_is_fit(kid: &str) -> bool {
    !kid.is_empty() && kid.len() <= KID_CHARS_MAX && kid.bytes().all(|byte| byte.is_ascii_graphic())
}

impl NamedKey {
    /// Reads what a person pastes: one key, or a set that holds one.
    pub(super) fn read(text: &str) -> Result<Self, NoKey> {
        if text.contains("PRIVATE KEY") {
            return Err(PRIVATE);
        }
        if let Ok(JwkSet { mut keys }) = serde_json::from_str::<JwkSet>(text) {
            let only = keys.pop().filter(|_| keys.is_empty()).ok_or(NOT_JSON)?;
            return serde_json::from_value::<Jwk>(only).map_err(|_| NOT_JSON)?.try_into();
        }
        serde_json::from_str::<Jwk>(text).map_err(|_| NOT_JSON)?.try_into()
    }

    /// Reads a fetched set. What is none of our keys is passed over: a set may serve others too.
    pub(super) fn read_set(text: &[u8]) -> Result<Vec<Self>, NoKey> {
        let set: JwkSet = serde_json::from_slice(text).map_err(|_| NOT_JSON)?;
        let keys = set.keys.into_iter().filter_map(|one| serde_json::from_value::<Jwk>(one).ok()?.try_into().ok());
        Ok(keys.take(KEYS_MAX).collect())
    }

    /// As it is kept: the public members, in one order.
    pub(super) fn written(&self) -> String {
        let text = |bytes: &[u8]| Some(BASE64URL_NOPAD.encode(bytes));
        let none = Kept { kty: "", kid: &self.kid, crv: None, x: None, y: None, n: None, e: None };
        let kept = match &self.key {
            PublicKey::Rsa { n, e } => Kept { kty: "RSA", n: text(n), e: text(e), ..none },
            PublicKey::P384(point) => {
                let (x, y) = point[1..].split_at(COORDINATE_BYTES);
                Kept { kty: "EC", crv: Some("P-384"), x: text(x), y: text(y), ..none }
            }
        };
        serde_json::to_string(&kept).expect("texts are always JSON")
    }

    /// With which signature it signs.
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self.key {
            PublicKey::Rsa { .. } => Algorithm::Rs384,
            PublicKey::P384(_) => Algorithm::Es384,
        }
    }

    /// Is this the key's signature over these bytes.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA384, message, signature).is_ok()
            }
            PublicKey::P384(point) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
        }
    }

    /// A key that is nobody's: what a stranger's signature is held against, so that it takes as long. The curve's own base
    /// point (FIPS 186-4, D.1.2.4), whose private half is 1; a signature that fits it is still nobody's.
    pub(super) fn of_nobody() -> Self {
        const BASE: [&str; 2] = [
            "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
            "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
        ];
        let mut point = vec![0x04];
        for half in BASE {
            point.extend(data_encoding::HEXUPPER.decode(half.as_bytes()).unwrap_or_default());
        }
        Self { kid: String::new(), key: PublicKey::P384(point) }
    }
}

#[cfg(test)]
mod tests {
    use super::{KIND, NO_NAME, NOT_JSON, NamedKey, PRIVATE};

    fn es384(change: &str, to: &str) -> String {
        NamedKey { kid: "one".to_owned(), key: NamedKey::of_nobody().key }.written().replace(change, to)
    }

    #[test]
    fn a_key_is_kept_as_it_was_and_a_set_of_one_is_that_one() {
        let text = es384("", "");
        let key = NamedKey::read(&text).unwrap();
        assert_eq!(
            (key.written(), NamedKey::read(&format!("{{\"keys\":[{text}]}}")).unwrap().written()),
            (text.clone(), text)
        );
    }

    #[test]
    fn what_is_no_public_key_of_ours_is_refused_and_says_why() {
        let good = es384("", "");
        for (text, why) in [
            (String::new(), NOT_JSON),
            ("[]".to_owned(), NOT_JSON),
            (format!("{{\"keys\":[{good},{good}]}}"), NOT_JSON),
            (es384("\"kid\":\"one\"", "\"kid\":\"one\",\"d\":\"AAAA\""), PRIVATE),
            ("-----BEGIN PRIVATE KEY-----".to_owned(), PRIVATE),
            (es384("\"kid\":\"one\",", ""), NO_NAME),
            (es384("\"one\"", "\"\""), NO_NAME),
            (es384("\"one\"", "\"a b\""), NO_NAME),
            (es384("\"one\"", &format!("\"{}\"", "k".repeat(129))), NO_NAME),
            (es384("P-384", "P-256"), KIND),
            (es384("\"EC\"", "\"oct\""), KIND),
            (es384("\"kid\":\"one\"", "\"kid\":\"one\",\"alg\":\"ES256\""), KIND),
            (es384("\"kid\":\"one\"", "\"kid\":\"one\",\"use\":\"enc\""), KIND),
            // Not on the curve.
            (es384("\"x\":\"q", "\"x\":\"r"), KIND),
            (r#"{"kty":"RSA","kid":"one","n":"AQAB","e":"AQAB"}"#.to_owned(), KIND),
            (r#"{"kty":"oct","kid":"one","k":"AAAA"}"#.to_owned(), PRIVATE),
        ] {
            assert_eq!(NamedKey::read(&text).err(), Some(why), "{text}");
        }
    }

    #[test]
    fn a_fetched_set_keeps_what_is_ours_and_no_more_than_a_few() {
        let one = es384("", "");
        let list = format!("{{\"keys\":[{{\"kty\":\"oct\"}},7,{}]}}", vec![one; 40].join(","));
        assert_eq!(NamedKey::read_set(list.as_bytes()).unwrap().len(), super::KEYS_MAX);
        assert!(NamedKey::read_set(b"<html>").is_err());
    }
}
