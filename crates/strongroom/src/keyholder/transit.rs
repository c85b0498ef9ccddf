//! OpenBao's and Vault's transit engine: `encrypt` and `decrypt` with associated data.

use super::web::Service;
use super::{BOUND_TO, HeldAt, Keyholder, KeyholderError, is_plain, wrong};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

pub(super) struct Transit {
    service: Service,
    mount: String,
    key: String,
    token: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Wrapped {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Unwrapped {
    plaintext: Zeroizing<String>,
}

impl Transit {
    pub(super) fn of(at: &HeldAt) -> anyhow::Result<Self> {
        let address = at.address.as_deref().ok_or_else(|| wrong("[root_key] needs the address of transit"))?;
        let mount = at.mount.clone().unwrap_or_else(|| "transit".to_owned());
        if !is_plain(&mount) || !is_plain(&at.key) || at.key.contains('/') || at.region.is_some() {
            return Err(wrong("[root_key] takes the names of a mount and of a key, and no region, for transit"));
        }
        let token = Zeroizing::new(at.credentials()?.trim().to_owned());
        if token.contains(char::is_whitespace) {
            return Err(wrong("credentials_file of [root_key] holds one token for transit"));
        }
        Ok(Self { service: Service::of(address, at)?, mount, key: at.key.clone(), token })
    }

    async fn ask(&self, verb: &str, mut body: serde_json::Value) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        // Transit refuses a ciphertext with other associated data, as it refuses one that was changed.
        body["associated_data"] = json!(BASE64.encode(BOUND_TO.as_bytes()));
        let body = Zeroizing::new(body.to_string());
        let headers = [("x-vault-token", self.token.clone()), ("content-type", "application/json".to_owned().into())];
        self.service.post(&format!("/v1/{}/{verb}/{}", self.mount, self.key), &headers, body.as_bytes()).await
    }

    fn other(&self) -> KeyholderError {
        KeyholderError::Answer(self.service.authority.clone())
    }
}

impl Keyholder for Transit {
    const NAME: &'static str = "transit";

    async fn wrap(&self, line: &Zeroizing<String>) -> Result<String, KeyholderError> {
        let answer = self.ask("encrypt", json!({"plaintext": BASE64.encode(line.as_bytes())})).await?;
        let answer: Answer<Wrapped> = serde_json::from_slice(&answer).map_err(|_| self.other())?;
        let held = answer.data.ciphertext;
        if held.bytes().all(|one| one.is_ascii_graphic()) && !held.is_empty() { Ok(held) } else { Err(self.other()) }
    }

    async fn unwrap_line(&self, held: &str) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        let answer = self.ask("decrypt", json!({"ciphertext": held})).await?;
        let answer: Answer<Unwrapped> = serde_json::from_slice(&answer).map_err(|_| self.other())?;
        BASE64.decode(answer.data.plaintext.as_bytes()).map(Zeroizing::new).map_err(|_| self.other())
    }
}
