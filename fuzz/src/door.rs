//! Keys, the reserve, and what a request says before anybody is known.

use hyper::Uri;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use portal::door::address::{Hosts, client_address};
use portal::door::cookie::session_secret;
use portal::door::{PublicUrl, SafePath};
use std::net::{IpAddr, Ipv4Addr};
use vault::{KeyName, PassphraseParams, RootKey, WrappedKey};

/// A parser by its name, which is that of its folder of seeds.
pub(crate) type Parser = (&'static str, fn(&[u8]));

/// Every target of this file.
pub(crate) const TARGETS: &[Parser] = &[
    ("wrapped_key", wrapped_key),
    ("key_name", key_name),
    ("root_key", root_key),
    ("reserve", reserve),
    ("cookie", cookie),
    ("host", host),
    ("address", address),
    ("landing", landing),
    ("public_url", public_url),
];

/// A wrapped key has one encoding.
fn wrapped_key(bytes: &[u8]) {
    if let Ok(key) = WrappedKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), bytes);
    }
}

fn key_name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(name.to_string(), text);
    }
}

fn root_key(bytes: &[u8]) {
    let _ = RootKey::from_file_bytes(bytes);
    let _ = String::from_utf8_lossy(bytes).parse::<PassphraseParams>();
}

fn reserve(bytes: &[u8]) {
    // Most of a slot is padding: what is given is its beginning.
    let mut slot = bytes.to_vec();
    slot.resize(4096, 0);
    let _ = store::reserve_slot_decode(bytes);
    let _ = store::reserve_slot_decode(&slot);
    let digest = record::Sha256::of(&slot[..4064]);
    slot[4064..].copy_from_slice(digest.as_bytes());
    if let Some(Some((_, _, found))) = store::reserve_slot_decode(&slot) {
        assert!(found.len() <= store::RESERVE_RECORD_BYTES_MAX);
    }
}

fn headers(name: HeaderName, bytes: &[u8]) -> HeaderMap {
    let values = bytes.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| (name.clone(), value)).collect()
}

fn cookie(bytes: &[u8]) {
    if let Some(secret) = session_secret(&headers(header::COOKIE, bytes)) {
        assert!(!secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}

/// Another host is not ours, however it is spelt.
fn host(bytes: &[u8]) {
    let public = PublicUrl::parse("https://portal.example.org").expect("an address");
    let hosts = Hosts::new(&public, &[]);
    let headers = headers(header::HOST, bytes);
    if hosts.admit(&Uri::from_static("/"), &headers) {
        let named: Vec<_> = headers.get_all(header::HOST).iter().collect();
        assert!(named.len() == 1);
        let text = named[0].to_str().unwrap_or_default().to_ascii_lowercase();
        assert!(text.starts_with("portal.example.org"), "{text}");
    }
}

/// Without a proxy that is trusted the peer is the caller, whatever its headers say.
fn address(bytes: &[u8]) {
    let (peer, proxy) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let headers = headers(HeaderName::from_static("x-forwarded-for"), bytes);
    assert_eq!(client_address(peer, &[], &headers), peer);
    assert_eq!(client_address(peer, &[proxy], &headers), peer);
    let _ = client_address(proxy, &[proxy], &headers);
}

/// A redirect never leaves the site.
fn landing(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(path) = SafePath::new(text) {
        let path = path.as_str();
        assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']));
    }
}

fn public_url(bytes: &[u8]) {
    if let Ok(url) = PublicUrl::parse(&String::from_utf8_lossy(bytes)) {
        assert!(url.host().parse::<IpAddr>().is_err(), "an address cannot be a passkey's origin");
        assert!(url.origin().starts_with("http"));
    }
}
