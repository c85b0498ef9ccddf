//! One request and what is answered.

use crate::{BUCKET, Fault, KEY_ID, Keeps, Op, State, Upload};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_NONE_MATCH, LOCATION, RANGE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use std::collections::BTreeMap;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// Names on one page of a list: few, so that there is more than one page.
const PAGE: usize = 16;
/// What all parts but the last have at least.
const PART_BYTES_MIN: usize = 5 * 1024 * 1024;

type Answer = Response<Told>;

/// A body that may end before its end.
pub(crate) struct Told {
    bytes: Bytes,
    then: Then,
}

enum Then {
    End,
    BreakOff,
    Hang,
}

impl Body for Told {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            Then::BreakOff => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
            Then::Hang => Poll::Pending,
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self.then {
            Then::End => hyper::body::SizeHint::with_exact(self.bytes.len() as u64),
            _ => hyper::body::SizeHint::default(),
        }
    }
}

fn told(status: u16, bytes: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Told { bytes: bytes.into(), then: Then::End });
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer
}

fn error(status: u16, code: &str) -> Answer {
    // What real servers repeat in their answers, so that a test can find out whether it gets into our logs.
    told(
        status,
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"),
    )
}

/// What was asked, taken apart.
struct Asked {
    op: Op,
    key: String,
    query: BTreeMap<String, String>,
    parts: Parts,
}

fn taken_apart(parts: Parts) -> Option<Asked> {
    let path = percent_encoding::percent_decode_str(parts.uri.path()).decode_utf8().ok()?.into_owned();
    let rest = path.strip_prefix('/')?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket != BUCKET {
        return None;
    }
    let query = parts.uri.query().unwrap_or_default();
    let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let has = |name: &str| query.contains_key(name);
    let op = match parts.method {
        Method::GET if key.is_empty() && has("uploads") => Op::Uploads,
        Method::GET if key.is_empty() && has("list-type") => Op::List,
        Method::GET if key.is_empty() && has("versions") => Op::Versions,
        _ if key.is_empty() => Op::About,
        Method::GET => Op::Get,
        Method::HEAD => Op::Head,
        Method::PUT if has("partNumber") => Op::Part,
        Method::PUT => Op::Put,
        Method::POST if has("uploads") => Op::Begin,
        Method::POST => Op::Complete,
        Method::DELETE if has("uploadId") => Op::Abort,
        Method::DELETE => Op::Delete,
        _ => return None,
    };
    Some(Asked { op, key: key.to_owned(), query, parts })
}

pub(crate) async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Answer, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?.to_bytes();
    let Some(asked) = taken_apart(parts) else { return Ok(error(404, "NoSuchBucket")) };
    if let Some(no) = refused(&asked, &body) {
        return Ok(no);
    }
    let fault = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.said.push(asked.op);
        let at = state.faults.iter().position(|(op, _)| *op == asked.op);
        at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault)
    };
    let done = || done(&mut state.lock().unwrap_or_else(PoisonError::into_inner), &asked, &body);
    Ok(match fault {
        None => done(),
        Some(Fault::Status(status)) => error(status, "InternalError"),
        Some(Fault::DoneAndStatus(status)) => {
            drop(done());
            error(status, "InternalError")
        }
        Some(Fault::SentTo(status)) => {
            let elsewhere = state.lock().unwrap_or_else(PoisonError::into_inner).elsewhere.clone();
            let mut answer = error(status, "TemporaryRedirect");
            let place = format!("{elsewhere}{}", asked.parts.uri.path());
            answer.headers_mut().insert(LOCATION, place.parse().expect("an address is a header's value"));
            answer
        }
        Some(Fault::Stall) => std::future::pending().await,
        Some(Fault::Cut(bytes)) => shortened(done(), bytes, Then::BreakOff),
        Some(Fault::Hang(bytes)) => shortened(done(), bytes, Then::Hang),
    })
}

fn shortened(mut answer: Answer, bytes: usize, then: Then) -> Answer {
    let whole = answer.body().bytes.len();
    answer.headers_mut().insert(CONTENT_LENGTH, whole.into());
    answer.map(|body| Told { bytes: body.bytes.slice(..bytes.min(whole)), then })
}

/// Whoever has no key, and whoever sends other bytes than were signed.
fn refused(asked: &Asked, body: &Bytes) -> Option<Answer> {
    let header = |name: &str| asked.parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header("authorization").contains(&format!("Credential={KEY_ID}/")) {
        return Some(error(403, "InvalidAccessKeyId"));
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    let digest = data_encoding::HEXLOWER.encode(digest.as_ref());
    (header("x-amz-content-sha256") != digest).then(|| error(400, "XAmzContentSHA256Mismatch"))
}

fn done(state: &mut State, asked: &Asked, body: &Bytes) -> Answer {
    let taken = |state: &State| {
        let only_new = asked.parts.headers.get(IF_NONE_MATCH).is_some_and(|value| value == "*");
        only_new && !state.forgets_conditions && state.objects.contains_key(&asked.key)
    };
    match asked.op {
        Op::Put if taken(state) => error(412, "PreconditionFailed"),
        Op::Put => {
            let before = state.objects.insert(asked.key.clone(), body.clone());
            keep(state, &asked.key, before);
            with_tag(told(200, Bytes::new()), body)
        }
        Op::Begin => {
            state.uploads_begun += 1;
            let id = format!("upload-{}", state.uploads_begun);
            state.uploads.insert(id.clone(), Upload { key: asked.key.clone(), parts: BTreeMap::new() });
            told(
                200,
                format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"),
            )
        }
        Op::Part => {
            let number = asked.query.get("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
            match asked.query.get("uploadId").and_then(|id| state.uploads.get_mut(id)) {
                Some(upload) => {
                    upload.parts.insert(number, body.clone());
                    with_tag(told(200, Bytes::new()), body)
                }
                None => error(404, "NoSuchUpload"),
            }
        }
        Op::Complete if taken(state) => error(412, "PreconditionFailed"),
        Op::Complete => completed(state, asked),
        Op::Abort => match asked.query.get("uploadId").and_then(|id| state.uploads.remove(id)) {
            Some(_) => told(204, Bytes::new()),
            None => error(404, "NoSuchUpload"),
        },
        Op::Get | Op::Head => read(state, asked),
        Op::Delete => deleted(state, asked),
        Op::Versions => versions(state, asked),
        Op::List => listed(state, asked),
        Op::Uploads => uploads(state, asked),
        Op::About => about(state, asked),
    }
}

/// What was there is kept as an earlier version.
fn keep(state: &mut State, key: &str, before: Option<Bytes>) {
    if state.keeps != Keeps::Nothing && before.is_some() {
        state.versions_made += 1;
        state.earlier.insert((key.to_owned(), state.versions_made), before);
    }
}

/// It goes; where versions are kept, it becomes one, below a mark of deletion.
pub(crate) fn remove(state: &mut State, key: &str) {
    let before = state.objects.remove(key);
    if before.is_some() {
        keep(state, key, before);
        if state.keeps != Keeps::Nothing {
            state.versions_made += 1;
            state.earlier.insert((key.to_owned(), state.versions_made), None);
        }
    }
}

fn deleted(state: &mut State, asked: &Asked) -> Answer {
    if state.held.as_ref() == Some(&asked.key) {
        return error(403, "AccessDenied");
    }
    let Some(version) = asked.query.get("versionId") else {
        remove(state, &asked.key);
        return told(204, Bytes::new());
    };
    if matches!(state.keeps, Keeps::Everything | Keeps::Retained) {
        return error(403, "AccessDenied");
    }
    if version == "newest" {
        state.objects.remove(&asked.key);
    } else if let Ok(number) = version.parse() {
        state.earlier.remove(&(asked.key.clone(), number));
    }
    told(204, Bytes::new())
}

fn versions(state: &State, asked: &Asked) -> Answer {
    if state.keeps == Keeps::Nothing {
        return error(501, "NotImplemented");
    }
    let prefix = asked.query.get("prefix").map(String::as_str).unwrap_or_default();
    let mut xml = "<ListVersionsResult>".to_owned();
    for key in state.objects.keys().filter(|key| key.starts_with(prefix)) {
        xml.push_str(&format!("<Version><Key>{key}</Key><VersionId>newest</VersionId></Version>"));
    }
    for ((key, number), bytes) in state.earlier.iter().filter(|((key, _), _)| key.starts_with(prefix)) {
        let kind = if bytes.is_some() { "Version" } else { "DeleteMarker" };
        xml.push_str(&format!("<{kind}><Key>{key}</Key><VersionId>{number}</VersionId></{kind}>"));
    }
    told(200, xml + "</ListVersionsResult>")
}

fn with_tag(mut answer: Answer, bytes: &Bytes) -> Answer {
    // Any word that is another one for other bytes; a digest of megabytes for each read would be the slowest of all.
    let ends = (bytes.len(), bytes.first(), bytes.last(), bytes.get(bytes.len() / 2));
    let tag = format!("\"{}\"", data_encoding::HEXLOWER.encode(format!("{ends:?}").as_bytes()));
    answer.headers_mut().insert(ETAG, tag.parse().expect("hexadecimal digits are a header's value"));
    answer
}

fn completed(state: &mut State, asked: &Asked) -> Answer {
    let id = asked.query.get("uploadId").cloned().unwrap_or_default();
    let Some(upload) = state.uploads.get(&id) else { return error(404, "NoSuchUpload") };
    let last = upload.parts.keys().last().copied();
    if upload.parts.iter().any(|(number, bytes)| Some(*number) != last && bytes.len() < PART_BYTES_MIN) {
        return error(400, "EntityTooSmall");
    }
    let mut whole = BytesMut::new();
    for bytes in upload.parts.values() {
        whole.extend_from_slice(bytes);
    }
    state.objects.insert(asked.key.clone(), whole.freeze());
    state.uploads.remove(&id);
    told(200, "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>")
}

/// `bytes=3-` and `bytes=3-8`; `None` when no byte of it is there.
fn range(said: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = said.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let to = if to.is_empty() { size } else { to.parse::<u64>().ok()?.checked_add(1)?.min(size) };
    (from < to).then_some(from..to)
}

fn read(state: &State, asked: &Asked) -> Answer {
    let Some(whole) = state.objects.get(&asked.key) else { return error(404, "NoSuchKey") };
    let size = whole.len() as u64;
    let answer = match asked.parts.headers.get(RANGE).and_then(|value| value.to_str().ok()) {
        None => told(200, whole.clone()),
        Some(said) => match range(said, size) {
            None => return error(416, "InvalidRange"),
            Some(range) => {
                let bytes =
                    whole.slice(usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0));
                let mut answer = told(206, bytes);
                let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
                answer.headers_mut().insert(CONTENT_RANGE, place.parse().expect("numbers are a header's value"));
                answer
            }
        },
    };
    let mut answer = with_tag(answer, whole);
    if asked.op == Op::Head {
        answer.headers_mut().insert(CONTENT_LENGTH, size.into());
        answer = answer.map(|_| Told { bytes: Bytes::new(), then: Then::End });
    }
    answer
}

fn listed(state: &State, asked: &Asked) -> Answer {
    let text = |name: &str| asked.query.get(name).map(String::as_str).unwrap_or_default();
    let (prefix, after) = (text("prefix"), text("continuation-token"));
    let mut names = state.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let page: Vec<_> = names.by_ref().take(PAGE).collect();
    let more = names.next().is_some();
    let mut xml = format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>");
    if let Some((last, _)) = page.last().filter(|_| more) {
        xml.push_str(&format!("<NextContinuationToken>{last}</NextContinuationToken>"));
    }
    for (key, bytes) in page {
        xml.push_str(&format!(
            "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-11-22T00:00:00.000Z</LastModified><ETag>\"x\"</ETag></Contents>",
            bytes.len()
        ));
    }
    told(200, xml + "</ListBucketResult>")
}

fn uploads(state: &State, asked: &Asked) -> Answer {
    let prefix = asked.query.get("prefix").map(String::as_str).unwrap_or_default();
    let mut xml = "<ListMultipartUploadsResult>".to_owned();
    for (id, upload) in state.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix)) {
        xml.push_str(&format!("<Upload><Key>{}</Key><UploadId>{id}</UploadId></Upload>", upload.key));
    }
    told(200, xml + "</ListMultipartUploadsResult>")
}

fn about(state: &State, asked: &Asked) -> Answer {
    let has = |name: &str| asked.query.contains_key(name);
    if has("versioning") {
        let status = if state.keeps == Keeps::Nothing { "" } else { "<Status>Enabled</Status>" };
        told(200, format!("<VersioningConfiguration>{status}</VersioningConfiguration>"))
    } else if has("object-lock") && state.keeps == Keeps::Retained {
        told(
            200,
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
             <Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
        )
    } else if let (true, Some(prefix)) = (has("replication"), &state.copies_below) {
        told(
            200,
            format!(
                "<ReplicationConfiguration><Rule><Status>Enabled</Status><Filter><Prefix>{prefix}</Prefix></Filter>\
                 </Rule></ReplicationConfiguration>"
            ),
        )
    } else if has("policyStatus") {
        told(200, format!("<PolicyStatus><IsPublic>{}</IsPublic></PolicyStatus>", state.is_public))
    } else {
        error(404, "ObjectLockConfigurationNotFoundError")
    }
}
