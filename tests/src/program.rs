//! A program: a key, signed requests for tokens, and requests that carry them.

use crate::visitor::{Answer, Ask, Visitor};
use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use record::Timestamp;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A program of the demo.
pub struct Program {
    /// Its client id.
    pub client_id: String,
    /// Where it asks for tokens.
    pub token_url: String,
    pair: EcdsaKeyPair,
    kid: String,
}

impl Program {
    /// From its private key (a JSON web key).
    ///
    /// # Errors
    /// When it is none for ES384.
    pub fn new(client_id: String, private_jwk: &str, origin: &str) -> anyhow::Result<Self> {
        let jwk: Value = serde_json::from_str(private_jwk)?;
        let part = |name: &str| -> anyhow::Result<Vec<u8>> {
            Ok(BASE64URL_NOPAD.decode(jwk[name].as_str().context("a part of the key")?.as_bytes())?)
        };
        let point = [vec![4], part("x")?, part("y")?].concat();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P384_SHA384_FIXED_SIGNING, &part("d")?, &point)?;
        let kid = jwk["kid"].as_str().unwrap_or_default().to_owned();
        Ok(Self { client_id, token_url: format!("{origin}/oauth2/token"), pair, kid })
    }

    /// A signed request for a token, good for four minutes.
    ///
    /// # Errors
    /// When signing fails.
    pub fn assertion(&self, now: Timestamp) -> anyhow::Result<String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let jti = format!("jti-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let head = json!({"alg": "ES384", "kid": self.kid, "typ": "JWT"});
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.token_url, "exp": now.unix_millis() / 1000 + 240, "jti": jti,
        });
        let text = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", text(&head), text(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }

    /// Asks for a token with this scope.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn ask(&self, at: &Visitor, scope: &str, now: Timestamp) -> anyhow::Result<Answer> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &self.assertion(now)?),
            ("scope", scope),
        ];
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        at.send(bare(Ask::form("/oauth2/token", &fields))).await
    }

    /// A token with this scope.
    ///
    /// # Errors
    /// When there is none.
    pub async fn token(&self, at: &Visitor, scope: &str, now: Timestamp) -> anyhow::Result<String> {
        let answer = self.ask(at, scope, now).await?;
        let said: Value = serde_json::from_slice(&answer.body)?;
        Ok(said["access_token"].as_str().with_context(|| format!("no token: {said}"))?.to_owned())
    }
}

/// Without what only browsers say.
#[must_use]
pub fn bare(ask: Ask) -> Ask {
    let ask = ["sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site"].iter().fold(ask, |ask, name| ask.with(name, ""));
    ask.with("accept", "application/json")
}

/// With this token.
#[must_use]
pub fn carrying(ask: Ask, token: &str) -> Ask {
    bare(ask).with("authorization", &format!("Bearer {token}"))
}
