//! A passkey in software: ES256, user verified, discoverable, without attestation (W3C Web Authentication, level 2).

use crate::visitor::Place;
use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use record::{Entropy as _, Sha256, SystemEntropy};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const PRESENT_AND_VERIFIED: u8 = 0x05;
const WITH_KEY: u8 = 0x40;

/// A passkey in software.
pub struct SoftKey {
    pair: EcdsaKeyPair,
    id: [u8; 32],
    owner: String,
    origin: String,
    touches: AtomicU32,
}

fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// SHA-256 of the relying party's name, the flags, the counter.
fn authenticator_data(flags: u8, count: u32) -> Vec<u8> {
    [Sha256::of(b"localhost").as_bytes().as_slice(), &[flags], &count.to_be_bytes()].concat()
}

impl SoftKey {
    /// Answers what `…/start` asked (`publicKey` of a creation); the credential is for `…/finish`.
    ///
    /// # Errors
    /// When the question is not one for a passkey.
    pub fn create(place: &Place, asked: &Value) -> anyhow::Result<(Self, Value)> {
        let owner = asked["user"]["id"].as_str().context("whose passkey")?.to_owned();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let mut id = [0; 32];
        SystemEntropy.fill(&mut id);
        let key = Self { pair, id, owner, origin: place.origin.clone(), touches: AtomicU32::new(0) };
        // CBOR by hand (RFC 8949): a COSE key (RFC 9052) is {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let point = key.pair.public_key().as_ref();
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..65]]
            .concat();
        let data =
            [authenticator_data(PRESENT_AND_VERIFIED | WITH_KEY, 0), vec![0; 16], vec![0, 32], id.to_vec(), cose]
                .concat();
        let length = u8::try_from(data.len()).context("authenticator data of one length byte")?;
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        let client = key.client_data("webauthn.create", asked);
        let response = json!({ "attestationObject": b64(&object), "clientDataJSON": b64(&client) });
        let credential = key.credential(&response);
        Ok((key, credential))
    }

    /// Answers what `…/start` asked (`publicKey` of a request) by a touch.
    ///
    /// # Errors
    /// When it cannot sign.
    pub fn touch(&self, asked: &Value) -> anyhow::Result<Value> {
        let count = self.touches.fetch_add(1, Ordering::Relaxed) + 1;
        let data = authenticator_data(PRESENT_AND_VERIFIED, count);
        let client = self.client_data("webauthn.get", asked);
        let signed = [data.as_slice(), Sha256::of(&client).as_bytes()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed)?;
        Ok(self.credential(&json!({
            "authenticatorData": b64(&data), "clientDataJSON": b64(&client),
            "signature": b64(signature.as_ref()), "userHandle": self.owner,
        })))
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        let data =
            json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn credential(&self, response: &Value) -> Value {
        json!({ "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "extensions": {}, "response": response })
    }
}
