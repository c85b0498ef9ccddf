//! The headers that stand on everything, errors and static files included.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What a page may do: nothing, but for our own styles, scripts, pictures, requests and forms.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Two years, as browsers' preload lists ask for.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Every feature a browser could lend to a page; only passkeys stay on.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
     display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
     publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), \
     xr-spatial-tracking=()";

/// Name and value of each header that every answer carries; the probe asks for exactly these.
pub const ALWAYS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cache-control", "no-store"),
    ("x-robots-tag", "noindex, nofollow, noarchive"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", PERMISSIONS),
];

/// Over https only (RFC 6797 7.2 forbids it on plain http).
pub const OVER_HTTPS: (&str, &str) = ("strict-transport-security", HSTS);

/// What no answer carries: who made it, and what would let a cache answer "not modified" without asking policy.
pub const NEVER: &[&str] = &["server", "etag", "last-modified", "content-encoding", "x-powered-by"];

/// Whether people reach the portal by https.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TLS, here or at a proxy before us.
    Https,
    /// Plain http on this machine's loopback.
    PlainLoopback,
}

/// Puts all of them on, in place of whatever a handler may have set.
pub fn harden(headers: &mut HeaderMap, transport: Transport) {
    for name in NEVER {
        headers.remove(*name);
    }
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let (name, value) = OVER_HTTPS;
    match transport {
        Transport::Https => headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value)),
        Transport::PlainLoopback => headers.remove(name),
    };
}

/// The first header that is missing, different, doubled, or should not be there.
#[must_use]
pub fn first_fault(headers: &HeaderMap, transport: Transport) -> Option<&'static str> {
    let once = |name: &str, value: &str| {
        let mut all = headers.get_all(name).iter();
        all.next().is_some_and(|found| found.as_bytes() == value.as_bytes()) && all.next().is_none()
    };
    if let Some((name, _)) = ALWAYS.iter().find(|(name, value)| !once(name, value)) {
        return Some(name);
    }
    if transport == Transport::Https && !once(OVER_HTTPS.0, OVER_HTTPS.1) {
        return Some(OVER_HTTPS.0);
    }
    NEVER.iter().find(|name| headers.contains_key(**name)).copied()
}

#[cfg(test)]
mod tests {
    use super::{ALWAYS, Transport, first_fault, harden};
    use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

    #[test]
    fn hardened_headers_have_no_fault_and_each_one_missing_is_a_fault() {
        let mut headers = HeaderMap::new();
        headers.insert(header::SERVER, HeaderValue::from_static("x"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        harden(&mut headers, Transport::Https);
        assert_eq!(first_fault(&headers, Transport::Https), None);
        for (name, _) in ALWAYS {
            let mut without = headers.clone();
            without.remove(*name);
            assert_eq!(first_fault(&without, Transport::Https), Some(*name));
            let mut doubled = headers.clone();
            doubled.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
            assert_eq!(first_fault(&doubled, Transport::Https), Some(*name));
        }
        headers.insert(header::ETAG, HeaderValue::from_static("x"));
        assert_eq!(first_fault(&headers, Transport::Https), Some("etag"));
    }

    #[test]
    fn strict_transport_is_said_over_https_only() {
        let mut headers = HeaderMap::new();
        harden(&mut headers, Transport::PlainLoopback);
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(first_fault(&headers, Transport::Https), Some("strict-transport-security"));
    }
}
