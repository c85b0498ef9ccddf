//! What a handler may answer with: a page, a redirect on this site, JSON, or a stream of bytes to keep.
//!
//! There is no way to set headers freely: the security headers, the cookie and the name of a download are
//! made here, so that no handler can make them wrong.

use super::address::SafePath;
use super::cookie;
use super::problem::{FHIR_JSON, Problem};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Frame, SizeHint};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Says to programs which entry of the ledger their request became.
pub(crate) const ENTRY_HEADER: &str = "strongroom-entry";

/// An answer in the making.
#[derive(Debug)]
#[must_use]
pub struct Reply(Response<Body>);

/// RFC 5987 `attr-char`: what need not be encoded in a file name.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Reply {
    fn with(status: StatusCode, kind: &'static str, body: Body) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Self(response)
    }

    /// A page, 200.
    pub fn html(page: String) -> Self {
        Self::with(StatusCode::OK, "text/html; charset=utf-8", Body::from(page))
    }

    /// Plain text, 200.
    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::with(StatusCode::OK, "text/plain; charset=utf-8", Body::from(text.into()))
    }

    /// On to another page of this site, by GET (303).
    pub fn see_other(path: &SafePath) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let value = HeaderValue::from_str(path.as_str()).expect("a safe path is printable ASCII");
        response.headers_mut().insert(header::LOCATION, value);
        Self(response)
    }

    /// JSON, 200.
    ///
    /// # Errors
    /// [`Problem::Broken`] when the value cannot be written as JSON.
    pub fn json<T: Serialize>(value: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|_| Problem::Broken)?;
        Ok(Self::with(StatusCode::OK, "application/json", Body::from(body)))
    }

    /// A file to keep: always an attachment, never shown inside the browser; `size_bytes` where it is known.
    /// An error inside the stream breaks the connection off, so that a cut file is never taken for a whole one.
    pub fn attachment<S, E>(file_name: &str, size_bytes: Option<u64>, bytes: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let mut reply = Self::with(StatusCode::OK, "application/octet-stream", Body::from_stream(bytes));
        let headers = reply.0.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, disposition(file_name));
        // RFC 9110 says sandboxed when a browser ignores the attachment and shows it all the same.
        headers.insert("x-download-options", HeaderValue::from_static("noopen"));
        if let Some(size) = size_bytes {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
        }
        reply
    }

    /// A part of it may be asked for.
    pub(crate) fn accepts_ranges(mut self) -> Self {
        self.0.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        self
    }

    /// The same, as one range of a file of `whole` bytes: 206 (RFC 9110).
    pub(crate) fn partial(mut self, range: &std::ops::Range<u64>, whole: u64) -> Self {
        *self.0.status_mut() = StatusCode::PARTIAL_CONTENT;
        let value = format!("bytes {}-{}/{whole}", range.start, range.end.saturating_sub(1));
        let value = HeaderValue::from_str(&value).expect("digits and a few signs are a header value");
        self.0.headers_mut().insert(header::CONTENT_RANGE, value);
        self
    }

    /// Bytes of a constant of this binary, with their content type.
    pub(crate) fn constant(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self::with(StatusCode::OK, content_type, Body::from(Bytes::from_static(bytes)))
    }

    /// JSON that was written before, 200.
    pub(crate) fn json_text(text: String) -> Self {
        Self::with(StatusCode::OK, "application/json", Body::from(text))
    }

    /// A FHIR resource, 200.
    pub(crate) fn fhir(resource: &serde_json::Value) -> Self {
        Self::with(StatusCode::OK, FHIR_JSON, Body::from(resource.to_string()))
    }

    /// A FHIR resource that is written as it goes out, 200.
    pub(crate) fn fhir_stream<S, E>(pieces: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        Self::with(StatusCode::OK, FHIR_JSON, Body::from_stream(pieces))
    }

    /// What the bytes of an attachment are, for programs: no browser shows an attachment, and none is let guess.
    ///
    /// # Errors
    /// [`Problem::Broken`] when it is no header value.
    pub(crate) fn media(mut self, media: &str) -> Result<Self, Problem> {
        let value = HeaderValue::from_str(media).map_err(|_| Problem::Broken)?;
        self.0.headers_mut().insert(header::CONTENT_TYPE, value);
        Ok(self)
    }

    /// What comes depends on what the caller said it reads.
    pub(crate) fn varies(mut self) -> Self {
        self.0.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        self
    }

    /// Where it is that was made: a path of ours.
    ///
    /// # Errors
    /// [`Problem::Broken`] when it is no header value.
    pub(crate) fn located(mut self, path: &str) -> Result<Self, Problem> {
        let value = HeaderValue::from_str(path).map_err(|_| Problem::Broken)?;
        self.0.headers_mut().insert(header::LOCATION, value);
        Ok(self)
    }

    /// It is done, and there is nothing to say: 204.
    pub(crate) fn nothing() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self(response)
    }

    /// What the caller has already is what is here: 304, without a body.
    pub(crate) fn not_modified() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        Self(response)
    }

    /// The place in the ledger of the entry of this very answer.
    pub(crate) fn entry(mut self, index: u64) -> Self {
        self.0.headers_mut().insert(HeaderName::from_static(ENTRY_HEADER), HeaderValue::from(index));
        self
    }

    /// What names these very bytes, for programs (elsewhere the door takes it off).
    ///
    /// # Errors
    /// [`Problem::Broken`] when it is no word of letters, digits and `-`.
    pub(crate) fn tag(mut self, tag: &str) -> Result<Self, Problem> {
        let plain = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let value = HeaderValue::from_str(&format!("\"{tag}\"")).ok().filter(|_| plain).ok_or(Problem::Broken)?;
        self.0.headers_mut().insert(header::ETAG, value);
        Ok(self)
    }

    /// The same, with another status: 201 for what was made, 422 for a form that comes back with its errors.
    pub fn status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// Gives the browser this session. The secret must be 16–128 letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`Problem::Broken`] when it is not of that form.
    pub fn session(mut self, secret: &str) -> Result<Self, Problem> {
        let value = cookie::session_set(secret).ok_or(Problem::Broken)?;
        self.0.headers_mut().append(header::SET_COOKIE, value);
        Ok(self)
    }

    /// Takes the session from the browser.
    pub fn session_over(mut self) -> Self {
        self.0.headers_mut().append(header::SET_COOKIE, cookie::session_clear());
        self
    }

    /// The same, cut off where this process may not go by what it knows any more: nothing of it, or no more of it.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] when that is so already.
    pub(crate) fn while_it_holds(self, truth: custody::Visit) -> Result<Self, Problem> {
        if !truth.holds() {
            return Err(Problem::Unavailable);
        }
        if truth.is_alone() {
            return Ok(self);
        }
        Ok(Self(self.0.map(|body| Body::new(WhileItHolds { body, truth }))))
    }

    pub(crate) const fn from_response(response: Response<Body>) -> Self {
        Self(response)
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        self.0
    }
}

/// A body that ends in an error once this process may not go by what it knows.
struct WhileItHolds {
    body: Body,
    truth: custody::Visit,
}

impl hyper::body::Body for WhileItHolds {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.truth.holds() {
            return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(
                std::io::ErrorKind::ConnectionAborted,
            )))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// RFC 6266: an ASCII name for old readers and the true one encoded. Path tricks and control characters go.
fn disposition(file_name: &str) -> HeaderValue {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '/' | '\\' | ':' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String = file_name.chars().filter(|letter| !hidden(*letter)).take(120).collect();
    let clean = clean.trim_matches(|letter: char| letter == '.' || letter.is_whitespace());
    let clean = if clean.is_empty() { "document" } else { clean };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.');
    let ascii: String = clean.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    let encoded = utf8_percent_encode(clean, ATTR_CHAR);
    HeaderValue::from_str(&format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}"))
        .expect("letters, digits and percent signs are a header value")
}

#[cfg(test)]
mod tests {
    use super::{Reply, disposition};
    use axum::http::header;

    fn text(name: &str) -> String {
        disposition(name).to_str().expect("ascii").to_owned()
    }

    #[test]
    fn a_file_name_is_given_in_ascii_and_in_full() {
        assert_eq!(text("Häuser 1.pdf"), "attachment; filename=\"H_user 1.pdf\"; filename*=UTF-8''H%C3%A4user%201.pdf");
    }

    #[test]
    fn tricks_in_a_file_name_do_not_survive() {
        assert!(text("../../etc/passwd").starts_with("attachment; filename=\"etcpasswd\""));
        assert!(text("a\"; filename=\"b.exe").contains("filename=\"a__ filename__b.exe\""));
        assert!(text("x\r\nSet-Cookie: a=b").contains("xSet-Cookie a_b"));
        assert!(text("cod\u{202e}fdp.exe").contains("codfdp.exe"));
        assert!(text("...").contains("\"document\""));
    }

    #[test]
    fn a_download_is_never_shown_inline_and_a_bad_secret_makes_no_cookie() {
        let none = futures_util::stream::empty::<Result<bytes::Bytes, std::io::Error>>();
        let response = Reply::attachment("a.html", Some(0), none).into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/octet-stream");
        assert!(response.headers()[header::CONTENT_DISPOSITION].to_str().expect("ascii").starts_with("attachment"));
        assert!(Reply::text("x").session("bad;secret bad;secret").is_err());
    }
}
