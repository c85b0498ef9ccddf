//! Addresses: the public one, the hosts that are ours, same-site paths, and who is calling.
//!
//! What must always hold: a redirect never leaves the site; an unknown host gets one constant answer; the
//! caller's address comes from a header only when a trusted proxy wrote it.

use axum::http::{HeaderMap, Uri, header};
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// The public address is not one that passkeys and this door can work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// Not a URL at all.
    #[error("public_url is not a URL such as https://portal.example.org")]
    NotAUrl,
    /// Neither https nor http.
    #[error("public_url must begin with https:// (or http:// for localhost)")]
    Scheme,
    /// A passkey belongs to a name, never to a number.
    #[error(
        "public_url names an IP address; passkeys need a host name, write http://localhost:8080 or https://portal.example.org"
    )]
    IpAddress,
    /// Plain http leaves this machine.
    #[error("public_url is http:// for a host that is not localhost; use https://")]
    Plain,
    /// More than scheme, host and port.
    #[error("public_url must be scheme, host and port only, without a path, query, fragment or password")]
    TooMuch,
}

/// Where people find the portal: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    host: String,
    port: u16,
}

impl PublicUrl {
    /// Reads `https://portal.example.org` or `http://localhost:8080`.
    ///
    /// # Errors
    /// [`PublicUrlError`], one clear sentence for the person who wrote the configuration.
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| PublicUrlError::NotAUrl)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(PublicUrlError::Scheme),
        };
        let host = match url.host() {
            Some(Host::Domain(domain)) if !domain.ends_with('.') => domain.to_owned(),
            Some(Host::Domain(_)) | None => return Err(PublicUrlError::NotAUrl),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(PublicUrlError::IpAddress),
        };
        if !https && host != "localhost" && !host.ends_with(".localhost") {
            return Err(PublicUrlError::Plain);
        }
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(PublicUrlError::TooMuch);
        }
        let port = url.port_or_known_default().ok_or(PublicUrlError::Scheme)?;
        Ok(Self { https, host, port })
    }

    /// Is it https.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }
    /// The host name, lower case: what passkeys are bound to.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
    /// The port, the scheme's own where none was written.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
    /// Host, and the port where it is not the scheme's own: as it stands in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == if self.https { 443 } else { 80 } {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
    /// As it stands in an `Origin` header.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// The hosts that are ours: that of the public address and those that were named besides.
#[derive(Debug, Clone)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The public host and `extra` ones, each `host` or `host:port`.
    #[must_use]
    pub fn new(public: &PublicUrl, extra: &[String]) -> Self {
        let mut all: Vec<String> = extra.iter().map(|host| host.trim().to_ascii_lowercase()).collect();
        all.push(public.authority());
        all.push(format!("{}:{}", public.host(), public.port()));
        Self(all)
    }

    /// Does the request name one of them, once. HTTP/2 names it in `:authority`, HTTP/1 in `Host`; both must agree.
    #[must_use]
    pub fn admit(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named: Vec<&str> = Vec::new();
        for value in headers.get_all(header::HOST) {
            match value.to_str() {
                Ok(text) => named.push(text),
                Err(_) => return false,
            }
        }
        if named.len() > 1 {
            return false;
        }
        named.extend(uri.authority().map(axum::http::uri::Authority::as_str));
        let Some(first) = named.first() else { return false };
        named.iter().all(|name| name.eq_ignore_ascii_case(first))
            && self.0.iter().any(|ours| ours.eq_ignore_ascii_case(first))
    }
}

/// A path on this site that a redirect may go to: begins with one slash, printable ASCII, at most 512 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafePath(String);

impl SafePath {
    /// The path, if a browser cannot read it as another site's.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'#');
        let local = bytes.first() == Some(&b'/') && bytes.get(1) != Some(&b'/');
        (local && bytes.len() <= 512 && bytes.iter().all(plain)).then(|| Self(text.to_owned()))
    }
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The path as a value inside a query: everything but letters, digits and a few marks encoded.
    #[must_use]
    pub fn as_query_value(&self) -> String {
        percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC).to_string()
    }
}

impl fmt::Display for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is calling, for limits and logs only: the connection's address, or what the last trusted proxy saw.
#[must_use]
pub fn client_address(peer: IpAddr, trusted: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(&peer) {
        return peer;
    }
    let values: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut seen = peer;
    // Each proxy appends the address it saw, so the true one is found from the right, past our own proxies.
    for text in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        match text.trim().parse::<IpAddr>() {
            Ok(address) if trusted.contains(&address.to_canonical()) => seen = address.to_canonical(),
            Ok(address) => return address.to_canonical(),
            Err(_) => return seen,
        }
    }
    seen
}

/// Headers by which a proxy says that it speaks for somebody else.
const FORWARDING: &[&str] = &[
    "forwarded",
    "via",
    "x-forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
];

/// Is the caller on this machine itself: the connection comes from loopback, from none of our proxies, and nothing in
/// it says that somebody else is behind. For what is told to this machine alone.
#[must_use]
pub fn is_nearby(peer: IpAddr, trusted: &[IpAddr], headers: &HeaderMap) -> bool {
    let peer = peer.to_canonical();
    peer.is_loopback() && !trusted.contains(&peer) && !FORWARDING.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::{Hosts, PublicUrl, PublicUrlError, SafePath, client_address};
    use axum::http::{HeaderMap, HeaderValue, Uri};
    use std::net::IpAddr;

    #[test]
    fn only_a_peer_on_loopback_for_whom_no_proxy_speaks_is_nearby() {
        let (here, v6, mapped) = ("127.0.0.1", "::1", "::ffff:127.0.0.1");
        let is = |peer: &str, trusted: &[&str], header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("127.0.0.1"));
            }
            let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().expect("an address")).collect();
            super::is_nearby(peer.parse().expect("an address"), &trusted, &headers)
        };
        assert!(is(here, &[], None) && is(v6, &[], None) && is(mapped, &[], None) && is("127.9.9.9", &[here], None));
        assert!(!is("10.0.0.1", &[], None) && !is("::ffff:10.0.0.1", &[], None));
        assert!(!is(here, &[here], None) && !is(mapped, &[here], None), "a proxy of ours speaks for others");
        for name in super::FORWARDING {
            assert!(!is(here, &[], Some(name)), "{name}");
        }
    }

    #[test]
    fn an_ip_address_cannot_be_the_public_address() {
        for text in ["http://127.0.0.1:8080", "https://[::1]", "https://10.0.0.1", "https://0x7f000001"] {
            assert_eq!(PublicUrl::parse(text), Err(PublicUrlError::IpAddress), "{text}");
        }
    }

    #[test]
    fn the_public_address_is_scheme_host_and_port_and_nothing_more() {
        let url = PublicUrl::parse("https://Portal.Example.org").expect("a good one");
        assert_eq!((url.origin().as_str(), url.host()), ("https://portal.example.org", "portal.example.org"));
        assert_eq!(PublicUrl::parse("http://localhost:8080").expect("a good one").origin(), "http://localhost:8080");
        assert_eq!(PublicUrl::parse("http://portal.example.org"), Err(PublicUrlError::Plain));
        assert_eq!(PublicUrl::parse("http://evil-localhost"), Err(PublicUrlError::Plain));
        assert_eq!(PublicUrl::parse("ftp://portal.example.org"), Err(PublicUrlError::Scheme));
        assert_eq!(PublicUrl::parse("portal"), Err(PublicUrlError::NotAUrl));
        for text in ["https://a.org/x", "https://a.org?x", "https://a.org/#x", "https://u@a.org", "https://u:p@a.org"] {
            assert_eq!(PublicUrl::parse(text), Err(PublicUrlError::TooMuch), "{text}");
        }
    }

    fn hosts_admit(uri: &str, names: &[&str]) -> bool {
        let public = PublicUrl::parse("https://a.org").expect("a good one");
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append("host", HeaderValue::from_str(name).expect("a header value"));
        }
        Hosts::new(&public, &["b.org:8443".to_owned()]).admit(&uri.parse::<Uri>().expect("a target"), &headers)
    }

    #[test]
    fn only_our_own_hosts_are_admitted_and_all_that_name_one_agree() {
        for (uri, names) in
            [("/", &["a.org"][..]), ("/", &["A.org:443"]), ("/", &["b.org:8443"]), ("https://a.org/", &[])]
        {
            assert!(hosts_admit(uri, names), "{uri} {names:?}");
        }
        for (uri, names) in [
            ("/", &["evil.org"][..]),
            ("/", &[]),
            ("/", &["a.org", "a.org"]),
            ("https://a.org/", &["evil.org"]),
            ("/", &["a.org.evil.org"]),
            ("/", &["a.org:80"]),
            ("/", &["b.org"]),
            ("/", &[" a.org"]),
        ] {
            assert!(!hosts_admit(uri, names), "{uri} {names:?}");
        }
    }

    #[test]
    fn a_redirect_stays_on_the_site() {
        assert!(SafePath::new("/documents/doc_0?page=2").is_some());
        for text in
            ["", "x", "//evil", "/\\evil", "\\\\evil", "https://evil", "/a\nb", "/a b", "/é", "/\"x", "/\t/evil"]
        {
            assert_eq!(SafePath::new(text), None, "{text:?}");
        }
        assert_eq!(SafePath::new(&format!("/{}", "a".repeat(512))), None);
    }

    #[test]
    fn the_callers_address_is_what_the_last_trusted_proxy_saw() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 1.2.3.4, 10.0.0.2"));
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(client_address(ip("9.9.9.9"), &trusted, &headers), ip("9.9.9.9"));
        assert_eq!(client_address(ip("10.0.0.1"), &trusted, &headers), ip("1.2.3.4"));
        assert_eq!(client_address(ip("::ffff:10.0.0.1"), &trusted, &headers), ip("1.2.3.4"));
        headers.append("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(client_address(ip("10.0.0.1"), &trusted, &headers), ip("10.0.0.1"));
    }
}
