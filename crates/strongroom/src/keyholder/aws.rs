//! AWS KMS: `Encrypt` and `Decrypt` with an encryption context.

use super::sigv4::{Credentials, Signed, signature};
use super::web::Service;
use super::{BOUND_TO, HeldAt, Keyholder, KeyholderError, is_plain, wrong};
use data_encoding::BASE64;
use record::{Clock as _, SystemClock};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

const CONTENT: &str = "application/x-amz-json-1.1";

pub(super) struct Kms {
    service: Service,
    region: String,
    key: String,
    credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unwrapped {
    plaintext: Zeroizing<String>,
}

impl Kms {
    pub(super) fn of(at: &HeldAt) -> anyhow::Result<Self> {
        let region = at.region.clone().ok_or_else(|| wrong("[root_key] needs the region of aws-kms"))?;
        if !is_plain(&region) || region.contains('/') || !is_plain(&at.key) || at.mount.is_some() {
            return Err(wrong("[root_key] takes a region and a key, and no mount, for aws-kms"));
        }
        let text = at.credentials()?;
        let mut lines = text.lines().map(|line| Zeroizing::new(line.trim().to_owned()));
        let (Some(id), Some(secret), token, None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(wrong("credentials_file of [root_key] holds an access key's id, its secret, perhaps a token"));
        };
        let own = format!("https://kms.{region}.amazonaws.com");
        let service = Service::of(at.address.as_deref().unwrap_or(&own), at)?;
        Ok(Self { service, region, key: at.key.clone(), credentials: Credentials { id, secret, token } })
    }

    async fn ask(&self, verb: &str, mut body: serde_json::Value) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        // KMS refuses a ciphertext under another context, as it refuses one that was changed.
        body["EncryptionContext"] = json!({"purpose": BOUND_TO});
        body["KeyId"] = json!(self.key);
        let body = Zeroizing::new(body.to_string());
        let at = stamp();
        let target = format!("TrentService.{verb}");
        let mut headers: Vec<(&'static str, Zeroizing<String>)> = vec![
            ("content-type", CONTENT.to_owned().into()),
            ("host", self.service.authority.clone().into()),
            ("x-amz-date", at.clone().into()),
        ];
        if let Some(token) = &self.credentials.token {
            headers.push(("x-amz-security-token", token.clone()));
        }
        headers.push(("x-amz-target", target.into()));
        let signed = Signed { method: "POST", path: "/", headers: &headers, body: body.as_bytes() };
        let authorization = signature(&signed, &self.credentials, (&at, &self.region, "kms"));
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", authorization.into()));
        self.service.post("/", &headers, body.as_bytes()).await
    }

    fn other(&self) -> KeyholderError {
        KeyholderError::Answer(self.service.authority.clone())
    }
}

/// Now, as `20150830T123600Z`.
fn stamp() -> String {
    let now = SystemClock.now().to_string();
    let digits: String = now.chars().filter(|one| one.is_ascii_digit() || *one == 'T').take(15).collect();
    format!("{digits}Z")
}

impl Keyholder for Kms {
    const NAME: &'static str = "aws-kms";

    async fn wrap(&self, line: &Zeroizing<String>) -> Result<String, KeyholderError> {
        let answer = self.ask("Encrypt", json!({"Plaintext": BASE64.encode(line.as_bytes())})).await?;
        let answer: Wrapped = serde_json::from_slice(&answer).map_err(|_| self.other())?;
        match BASE64.decode(answer.ciphertext_blob.as_bytes()) {
            Ok(bytes) if !bytes.is_empty() => Ok(answer.ciphertext_blob),
            _ => Err(self.other()),
        }
    }

    async fn unwrap_line(&self, held: &str) -> Result<Zeroizing<Vec<u8>>, KeyholderError> {
        let answer = self.ask("Decrypt", json!({"CiphertextBlob": held})).await?;
        let answer: Unwrapped = serde_json::from_slice(&answer).map_err(|_| self.other())?;
        BASE64.decode(answer.plaintext.as_bytes()).map(Zeroizing::new).map_err(|_| self.other())
    }
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn the_time_is_written_as_signatures_want_it() {
        let now = stamp();
        assert!(now.len() == 16 && &now[8..9] == "T" && now.ends_with('Z') && now.starts_with("20"), "{now}");
    }
}
