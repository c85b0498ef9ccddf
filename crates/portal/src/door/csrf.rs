//! Where a request comes from: `Origin`, `Sec-Fetch-Site` and the session's own token.

use axum::http::{HeaderMap, Method, header};
use subtle::ConstantTimeEq;

/// What the browser says about the page that made the request (W3C Fetch Metadata).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// One of our own pages.
    Ours,
    /// No page: typed, a bookmark, another program.
    None,
    /// Another site, or another host of the same domain, or a word we do not know.
    Foreign,
    /// An old browser, or no browser.
    Unsaid,
}

impl Site {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut all = headers.get_all("sec-fetch-site").iter();
        match (all.next().map(axum::http::HeaderValue::as_bytes), all.next()) {
            (None, _) => Self::Unsaid,
            (Some(b"same-origin"), None) => Self::Ours,
            (Some(b"none"), None) => Self::None,
            _ => Self::Foreign,
        }
    }
}

/// Is it a person going somewhere, and not a page fetching a part.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-mode") {
        Some(mode) => mode.as_bytes() == b"navigate",
        None => headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html")),
    }
}

/// Does the method only look.
pub(crate) fn only_looks(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

/// May a request that changes something come from there. The origin must be ours. Where it is absent or `null`
/// (browsers write `null` for forms of a page with `Referrer-Policy: no-referrer`, Fetch 3.2), the browser's
/// `Sec-Fetch-Site`, which no page can set, must say `same-origin`.
pub(crate) fn comes_from_us(headers: &HeaderMap, our_origin: &str) -> bool {
    let site = Site::of(headers);
    if matches!(site, Site::Foreign | Site::None) {
        return false;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next().map(axum::http::HeaderValue::as_bytes), origins.next()) {
        (None | Some(b"null"), None) => site == Site::Ours,
        (Some(origin), None) => origin == our_origin.as_bytes(),
        (_, Some(_)) => false,
    }
}

/// Is it this session's token. Takes the same time wherever they differ.
pub(crate) fn token_matches(given: Option<&[u8]>, expected: &str) -> bool {
    !expected.is_empty() && given.is_some_and(|given| bool::from(given.ct_eq(expected.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::{comes_from_us, token_matches};
    use axum::http::{HeaderMap, HeaderValue};

    fn ask(origins: &[&'static str], site: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append("origin", HeaderValue::from_static(origin));
        }
        if let Some(site) = site {
            headers.append("sec-fetch-site", HeaderValue::from_static(site));
        }
        comes_from_us(&headers, "https://a.org")
    }

    #[test]
    fn origin_and_fetch_metadata_make_one_matrix() {
        let ours = "https://a.org";
        let others =
            ["https://b.org", "https://a.org:8443", "http://a.org", "https://a.org.b.org", "https://A.org", ""];
        for site in [None, Some("same-origin")] {
            assert!(ask(&[ours], site), "{site:?}");
        }
        for site in ["same-site", "cross-site", "none", "nonsense"] {
            assert!(!ask(&[ours], Some(site)) && !ask(&[], Some(site)) && !ask(&["null"], Some(site)), "{site}");
        }
        for origin in others {
            for site in [None, Some("same-origin"), Some("cross-site")] {
                assert!(!ask(&[origin], site), "{origin} {site:?}");
            }
        }
        assert!(ask(&[], Some("same-origin")) && ask(&["null"], Some("same-origin")));
        assert!(!ask(&[], None) && !ask(&["null"], None));
        assert!(!ask(&[ours, ours], None) && !ask(&[ours, "https://b.org"], Some("same-origin")));
    }

    #[test]
    fn only_the_whole_token_matches_and_an_empty_one_never() {
        assert!(token_matches(Some(b"abc"), "abc"));
        for given in [None, Some(&b""[..]), Some(b"ab"), Some(b"abcd"), Some(b"abd")] {
            assert!(!token_matches(given, "abc"));
        }
        assert!(!token_matches(Some(b""), ""));
    }
}
