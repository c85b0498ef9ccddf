//! Signature Version 4 of AWS, as far as a POST without a query needs it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use record::Sha256;
use zeroize::Zeroizing;

/// What proves the caller.
pub(super) struct Credentials {
    pub(super) id: Zeroizing<String>,
    pub(super) secret: Zeroizing<String>,
    /// Of a session that ends.
    pub(super) token: Option<Zeroizing<String>>,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub(super) method: &'static str,
    /// As it is sent; of plain letters.
    pub(super) path: &'a str,
    /// Lower-case names in ascending order, each once; values without spaces around them.
    pub(super) headers: &'a [(&'static str, Zeroizing<String>)],
    pub(super) body: &'a [u8],
}

fn mac(key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec())
}

/// The value of the `authorization` header; `at` as `20150830T123600Z`.
pub(super) fn signature(
    signed: &Signed<'_>,
    credentials: &Credentials,
    (at, region, service): (&str, &str, &str),
) -> String {
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut asked = Zeroizing::new(format!("{}\n{}\n\n", signed.method, signed.path));
    for (name, value) in signed.headers {
        asked.push_str(&format!("{name}:{}\n", value.as_str()));
    }
    asked.push_str(&format!("\n{names}\n{}", Sha256::of(signed.body)));
    let day = at.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", Sha256::of(asked.as_bytes()));
    let first = Zeroizing::new(format!("AWS4{}", credentials.secret.as_str()));
    let mut key = mac(first.as_bytes(), day.as_bytes());
    for part in [region, service, "aws4_request"] {
        key = mac(&key, part.as_bytes());
    }
    let signature = HEXLOWER.encode(&mac(&key, text.as_bytes()));
    let id = credentials.id.as_str();
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Signed, signature};

    /// AWS's published test suite for Signature Version 4: its key, its time, its service.
    fn signed(method: &'static str, headers: &[(&'static str, &str)], body: &[u8]) -> String {
        let credentials = Credentials {
            id: "AKIDEXAMPLE".to_owned().into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned().into(),
            token: None,
        };
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned().into())).collect();
        let what = Signed { method, path: "/", headers: &headers, body };
        signature(&what, &credentials, ("20150830T123600Z", "us-east-1", "service"))
    }

    #[test]
    fn the_published_vectors_come_out() {
        let (host, date) = (("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z"));
        // get-vanilla
        assert_eq!(
            signed("GET", &[host, date], b""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        // post-vanilla
        assert!(
            signed("POST", &[host, date], b"")
                .ends_with("Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
        );
        // post-x-www-form-urlencoded
        let content = ("content-type", "application/x-www-form-urlencoded");
        assert!(
            signed("POST", &[content, host, date], b"Param1=value1")
                .ends_with("Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
        );
    }
}
