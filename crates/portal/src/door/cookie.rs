//! The session cookie: one name, one form, read strictly.

use axum::http::{HeaderMap, HeaderValue, header};

/// Its name. `__Host-` makes the browser insist on `Secure`, `Path=/` and no domain (RFC 6265bis 4.1.3.2);
/// Chromium and Firefox take it on `http://localhost` too.
pub const SESSION_COOKIE: &str = "__Host-strongroom";

/// How long a session secret may be, in bytes.
const SECRET_BYTES_MAX: usize = 128;

/// The session secret of this request. Nothing when there is none, when it is not of our form, or when two
/// different ones come (somebody planted one beside ours, so neither is believed).
#[must_use]
pub fn session_secret(headers: &HeaderMap) -> Option<&str> {
    let mut found: Option<&str> = None;
    for value in headers.get_all(header::COOKIE) {
        let text = value.to_str().ok()?;
        for pair in text.split(';') {
            let Some((name, secret)) = pair.trim().split_once('=') else { continue };
            if name != SESSION_COOKIE {
                continue;
            }
            if !is_secret(secret) || found.is_some_and(|earlier| earlier != secret) {
                return None;
            }
            found = Some(secret);
        }
    }
    found
}

fn is_secret(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (16..=SECRET_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// The header that gives the browser its session. `None` when the secret is not of our form
/// (16–128 letters, digits, `-` and `_`).
pub(crate) fn session_set(secret: &str) -> Option<HeaderValue> {
    if !is_secret(secret) {
        return None;
    }
    let mut value =
        HeaderValue::from_str(&format!("{SESSION_COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes the session from the browser.
pub(crate) fn session_clear() -> HeaderValue {
    HeaderValue::from_static("__Host-strongroom=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::{session_clear, session_secret, session_set};
    use axum::http::{HeaderMap, HeaderValue, header};

    const SECRET: &str = "0123456789abcdefXYZ-_";

    fn read(cookies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for text in cookies {
            headers.append(header::COOKIE, HeaderValue::from_str(text).expect("a header value"));
        }
        session_secret(&headers).map(str::to_owned)
    }

    #[test]
    fn the_secret_is_found_among_others_and_across_headers() {
        let ours = format!("__Host-strongroom={SECRET}");
        assert_eq!(read(&[&ours]), Some(SECRET.to_owned()));
        assert_eq!(read(&[&format!("a=b; {ours};c=d")]), Some(SECRET.to_owned()));
        assert_eq!(read(&["a=b", &ours]), Some(SECRET.to_owned()));
        assert_eq!(read(&[&format!("{ours}; {ours}")]), Some(SECRET.to_owned()));
    }

    #[test]
    fn a_cookie_of_another_form_is_no_session() {
        for text in [
            "strongroom=0123456789abcdef",
            "__host-strongroom=0123456789abcdef",
            "__Host-strongroom=",
            "__Host-strongroom=short",
            "__Host-strongroom=\"0123456789abcdef\"",
            "__Host-strongroom=0123456789abcdef%00",
            "__Host-strongroom",
        ] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&[&format!("__Host-strongroom={}", "a".repeat(129))]), None);
    }

    #[test]
    fn a_second_different_cookie_makes_both_worthless() {
        let planted = "__Host-strongroom=fedcba9876543210";
        assert_eq!(read(&[&format!("__Host-strongroom={SECRET}; {planted}")]), None);
        assert_eq!(read(&[planted, &format!("__Host-strongroom={SECRET}")]), None);
    }

    #[test]
    fn the_cookie_is_host_bound_and_strict() {
        let value = session_set(SECRET).expect("of our form");
        let text = value.to_str().expect("ascii");
        for part in ["__Host-strongroom=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("Domain") && value.is_sensitive());
        assert!(session_clear().to_str().expect("ascii").contains("Max-Age=0"));
        assert!(session_set("x; Domain=evil.org; aaaaaaaaa").is_none());
    }
}
