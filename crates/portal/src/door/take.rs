//! What a handler may take out of a request, each thing read once, checked, and mapped to one problem.
//!
//! A handler's first argument is its desk; what follows implements [`Take`]: [`Path`], [`Path2`], [`Query`],
//! [`Form`], [`Fields`], [`Json`], [`RawBody`], [`Parts`], [`Headers`], [`Caller`]. The lock has checked
//! session, origin and token before any of them runs.

use super::faces::RenderLanding;
use super::pattern::Params;
use super::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use axum::http::{HeaderMap, Method, Request, Uri, header};
use futures_util::{Stream, StreamExt};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};

/// The body of a request as the lock leaves it.
pub(crate) enum Incoming {
    /// There is none, or it was taken.
    None,
    /// A small form, read by the lock to check its token.
    Form(Bytes),
    /// Not read yet; limited in size.
    Raw(Body),
    /// A multipart form whose first field, the token, was read and checked.
    Parts(Box<multer::Multipart<'static>>),
}

/// One request on its way to a handler.
pub struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) params: Params,
    pub(crate) body: Incoming,
    pub(crate) client: IpAddr,
    pub(crate) nearby: bool,
    pub(crate) landing: RenderLanding,
}

/// Something a handler can ask for.
pub trait Take: Sized + Send {
    /// Takes it out of the call.
    fn take(call: &mut Call) -> impl Future<Output = Result<Self, Problem>> + Send;
}

/// The only parameter of the path. A text that is no such id is answered like an id that is not there.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The two parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path2<A, B>(pub A, pub B);

fn param<T: FromStr>(call: &Call, at: usize) -> Result<T, Problem> {
    call.params.get(at).and_then(|(_, text)| text.parse().ok()).ok_or(Problem::NotHere)
}

impl<T: FromStr + Send> Take for Path<T> {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        param(call, 0).map(Self)
    }
}

impl<A: FromStr + Send, B: FromStr + Send> Take for Path2<A, B> {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        Ok(Self(param(call, 0)?, param(call, 1)?))
    }
}

/// The query, read into a type.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> Take for Query<T> {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&call.uri).map_err(|_| Problem::Malformed)?;
        Ok(Self(query.0))
    }
}

/// The fields of a form, read into a type. Unknown fields (such as `csrf`) are the type's to refuse or ignore.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + Send> Take for Form<T> {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let bytes = take_form(call)?;
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(bytes))
            .map_err(|_| Problem::Broken)?;
        let form = axum::Form::<T>::from_request(request, &()).await.map_err(|_| Problem::Malformed)?;
        Ok(Self(form.0))
    }
}

/// The fields of a form as they came, for forms with lists.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of this name.
    #[must_use]
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// All values of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Take for Fields {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let bytes = take_form(call)?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

fn take_form(call: &mut Call) -> Result<Bytes, Problem> {
    match std::mem::replace(&mut call.body, Incoming::None) {
        // What is no UTF-8 would come through with its letters silently replaced: a name that nobody typed.
        Incoming::Form(bytes) if is_utf8(&bytes) => Ok(bytes),
        Incoming::Form(_) => Err(Problem::Malformed),
        _ => Err(Problem::WrongKind),
    }
}

/// Is a form's text UTF-8 once its percent signs are read. `&`, `=` and `+` are ASCII, so the whole tells of each part.
pub(crate) fn is_utf8(form: &[u8]) -> bool {
    percent_encoding::percent_decode(form).decode_utf8().is_ok()
}

/// A JSON body, at most as large as a form may be.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + Send> Take for Json<T> {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let kind = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::WrongKind);
        }
        let Incoming::Raw(body) = std::mem::replace(&mut call.body, Incoming::None) else {
            return Err(Problem::WrongKind);
        };
        let bytes = gather(body).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| Problem::Malformed)
    }
}

/// All bytes of a body that the lock has limited.
pub(crate) async fn gather(body: Body) -> Result<Bytes, Problem> {
    // The limit stands on the body itself (see the lock), so there is none here.
    axum::body::to_bytes(body, usize::MAX).await.map_err(|error| body_problem(&error))
}

/// Too large, too slow, or broken off.
pub(crate) fn body_problem(error: &(dyn std::error::Error + 'static)) -> Problem {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<LengthLimitError>() {
            return Problem::TooLarge;
        }
        if error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
            return Problem::TooSlow;
        }
        next = error.source();
    }
    Problem::Malformed
}

/// The bytes of the body as they come, limited in size and, by the server, in slowness.
pub struct RawBody {
    stream: Pin<Box<dyn Stream<Item = Result<Bytes, Problem>> + Send>>,
    size_bytes: Option<u64>,
}

impl RawBody {
    /// The size that the sender announced; it may lie.
    #[must_use]
    pub const fn announced_bytes(&self) -> Option<u64> {
        self.size_bytes
    }
}

impl Stream for RawBody {
    type Item = Result<Bytes, Problem>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

impl Take for RawBody {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let Incoming::Raw(body) = std::mem::replace(&mut call.body, Incoming::None) else {
            return Err(Problem::WrongKind);
        };
        let stream = body.into_data_stream().map(|item| item.map_err(|error| body_problem(&error)));
        Ok(Self { stream: Box::pin(stream), size_bytes: announced(&call.headers) })
    }
}

/// The `Content-Length` of a request.
pub(crate) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A multipart form, field by field. Its first field was the token, which the lock has checked and kept.
pub struct Parts(Box<multer::Multipart<'static>>);

/// One field or file of a multipart form.
pub struct Part(multer::Field<'static>);

impl Parts {
    /// The next field or file; the one before it must have been read.
    ///
    /// # Errors
    /// When the form is malformed, too large or broken off.
    pub async fn next(&mut self) -> Result<Option<Part>, Problem> {
        Ok(self.0.next_field().await.map_err(|error| body_problem(&error))?.map(Part))
    }
}

impl Part {
    /// The field's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }
    /// The file's name, as the sender says. It may be PHI and hostile.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.0.file_name()
    }
    /// The next bytes.
    ///
    /// # Errors
    /// When the form is malformed, too large or broken off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        self.0.chunk().await.map_err(|error| body_problem(&error))
    }
    /// The whole field as text, at most 64 KiB of UTF-8.
    ///
    /// # Errors
    /// When it is longer, no UTF-8, malformed or broken off.
    pub async fn text(mut self) -> Result<String, Problem> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
            if all.len() > 64 * 1024 {
                return Err(Problem::TooLarge);
            }
        }
        String::from_utf8(all).map_err(|_| Problem::Malformed)
    }
}

impl Take for Parts {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        match std::mem::replace(&mut call.body, Incoming::None) {
            Incoming::Parts(parts) => Ok(Self(parts)),
            _ => Err(Problem::WrongKind),
        }
    }
}

/// The request's headers without cookies.
#[derive(Debug, Clone)]
pub struct Headers(HeaderMap);

impl Headers {
    /// The value of this header, if it is there once and is printable ASCII.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.get_all(name).iter();
        let first = all.next()?.to_str().ok()?;
        all.next().is_none().then_some(first)
    }
}

impl Take for Headers {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let mut headers = call.headers.clone();
        headers.remove(header::COOKIE);
        Ok(Self(headers))
    }
}

/// The caller's address, for limits.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub IpAddr);

impl Take for Caller {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        Ok(Self(call.client))
    }
}

/// GET or HEAD.
impl Take for Method {
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        Ok(call.method.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::is_utf8;

    #[test]
    fn a_form_is_text_or_it_is_refused() {
        for form in [&b"family=N%C3%BA%C3%B1ez&given=%2B+a"[..], "family=ú".as_bytes(), b"100%", b""] {
            assert!(is_utf8(form), "{form:?}");
        }
        for form in [&b"family=%ff"[..], b"family=\xff", b"family=%C3&given=%BA", b"family=%ED%A0%80"] {
            assert!(!is_utf8(form), "{form:?}");
        }
    }
}
