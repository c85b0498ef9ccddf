//! Traces: each call as one span of OpenTelemetry, to a collector on this machine (OTLP over HTTP, in its JSON form).
//!
//! What must always hold: a span holds the route's pattern, the act, the status, the time and a random name, and nothing
//! that anybody sent; no call waits for a trace; what the collector does not take is let go of, and said once.
//!
//! What it refuses to know: TLS. The collector is on this machine's loopback, and speaks to the rest of the world itself.

use super::call::CallName;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use record::{Action, Timestamp};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Calls that wait for the collector; beyond that they are let go of.
const WAITING_MAX: usize = 4096;
/// Calls in one message.
const AT_ONCE: usize = 512;
/// How long the first of a message waits for others.
const GATHER: Duration = Duration::from_secs(2);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: CallName,
    /// Method and pattern, when the table has the address.
    pub(crate) route: Option<(Method, &'static str)>,
    /// The act that its desk is for, when it has one.
    pub(crate) action: Option<Action>,
    pub(crate) status: StatusCode,
    /// When it was answered.
    pub(crate) at: Timestamp,
    pub(crate) took: Duration,
}

/// Where calls are told; cheap to clone. Tells nobody unless a collector is configured.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<mpsc::Sender<Told>>);

impl Traces {
    /// Hands calls to the collector at this address of this machine, until the handle is aborted.
    #[must_use]
    pub fn start(collector: SocketAddr) -> (Self, JoinHandle<()>) {
        let (tell, mut told) = mpsc::channel(WAITING_MAX);
        let sending = tokio::spawn(async move {
            let mut failing = false;
            while let Some(first) = told.recv().await {
                tokio::time::sleep(GATHER).await;
                let mut batch = vec![first];
                while batch.len() < AT_ONCE {
                    let Ok(next) = told.try_recv() else { break };
                    batch.push(next);
                }
                let sent = tokio::time::timeout(PATIENCE, send(collector, &batch)).await;
                let failed = !matches!(sent, Ok(Ok(())));
                if failed && !failing {
                    tracing::warn!("the collector does not take traces; they are let go of until it does");
                }
                failing = failed;
            }
        });
        (Self(Some(tell)), sending)
    }

    pub(crate) fn tell(&self, told: Told) {
        if let Some(tell) = &self.0 {
            // A collector that is slow or gone holds up nobody.
            drop(tell.try_send(told));
        }
    }
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn span(told: &Told) -> Value {
    let name = told.name.to_string();
    let (method, pattern) = told.route.as_ref().map_or(("", "none"), |(method, pattern)| (method.as_str(), *pattern));
    let end = i128::from(told.at.unix_millis()) * 1_000_000;
    let begin = end - i128::try_from(told.took.as_nanos()).unwrap_or(0);
    let mut attributes = vec![
        text("http.request.method", if method.is_empty() { "_OTHER" } else { method }),
        text("http.route", pattern),
        json!({"key": "http.response.status_code", "value": {"intValue": told.status.as_u16().to_string()}}),
    ];
    attributes.extend(told.action.map(|action| text("strongroom.action", action.as_str())));
    json!({
        "traceId": name,
        // One span a trace: half of its name is as random as the whole.
        "spanId": &name[..16],
        "name": format!("{method} {pattern}").trim_start(),
        "kind": 2,
        "startTimeUnixNano": begin.to_string(),
        "endTimeUnixNano": end.to_string(),
        "attributes": attributes,
        "status": if told.status.is_server_error() { json!({"code": 2}) } else { json!({}) },
    })
}

fn message(batch: &[Told]) -> Value {
    let about = [text("service.name", "strongroom"), text("service.version", env!("CARGO_PKG_VERSION"))];
    let spans: Vec<Value> = batch.iter().map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": about},
        "scopeSpans": [{"scope": {"name": "strongroom.door"}, "spans": spans}],
    }]})
}

/// The collector did not take it. What it said is nobody's concern.
struct NotTaken;

async fn send(collector: SocketAddr, batch: &[Told]) -> Result<(), NotTaken> {
    let stream = TcpStream::connect(collector).await.map_err(|_| NotTaken)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| NotTaken)?;
    let speaking = tokio::spawn(connection);
    let mut request = Request::new(Body::from(message(batch).to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = axum::http::Uri::from_static("/v1/traces");
    let host = HeaderValue::from_str(&collector.to_string()).map_err(|_| NotTaken)?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let answered = sender.send_request(request).await;
    speaking.abort();
    match answered {
        Ok(response) if response.status().is_success() => Ok(()),
        _ => Err(NotTaken),
    }
}

#[cfg(test)]
mod tests {
    use super::Traces;
    use crate::door::service::Setting;
    use crate::door::testing::{SECRET, door_with};
    use axum::body::Body;
    use axum::http::{Method, Request};
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tower::ServiceExt as _;

    /// A collector that takes one message and gives its words.
    async fn one_message(listener: TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let mut all = Vec::new();
        let mut piece = [0_u8; 4096];
        loop {
            let read = stream.read(&mut piece).await.expect("bytes");
            all.extend_from_slice(&piece[..read]);
            let said = String::from_utf8_lossy(&all).into_owned();
            let Some((head, body)) = said.split_once("\r\n\r\n") else { continue };
            let length = head.to_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() >= length.trim().parse().expect("a number") {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("an answer");
                return said;
            }
        }
    }

    #[tokio::test]
    async fn a_trace_holds_patterns_and_times_and_nothing_that_was_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (traces, sending) = Traces::start(listener.local_addr().expect("an address"));
        let receiving = tokio::spawn(one_message(listener));
        let door = door_with(Setting { traces, ..Setting::for_tests() });
        for path in ["/documents/doc_01arz3ndektsv4rrffq69g5fav?name=Oakes", "/nowhere/Margaret", "/panics"] {
            let request = Request::builder()
                .method(Method::GET)
                .uri(path)
                .header("host", "portal.test")
                .header("user-agent", "Oakes")
                .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .header("cookie", format!("__Host-strongroom={SECRET}"));
            drop(door.clone().oneshot(request.body(Body::empty()).expect("a request")).await);
        }
        let said = receiving.await.expect("no panic");
        sending.abort();
        assert!(said.starts_with("POST /v1/traces HTTP/1.1"), "{said}");
        for never in ["Oakes", "Margaret", "01arz3", "b7ad6b", SECRET, "per_", "ses_"] {
            assert!(!said.contains(never), "{never}");
        }
        let body = said.split_once("\r\n\r\n").expect("a body").1;
        let message: Value = serde_json::from_str(body).expect("JSON");
        let spans = message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
        let names: Vec<&str> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
        assert_eq!(names, ["GET /documents/{doc}", "none", "GET /panics"]);
        for span in &spans {
            assert_eq!(span["traceId"].as_str().map(str::len), Some(32));
            assert_eq!(span["spanId"].as_str().map(str::len), Some(16));
        }
        assert_eq!(spans[0]["attributes"][3]["value"]["stringValue"], "document.read");
        assert_eq!(spans[2]["status"]["code"], 2);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_collector_that_is_not_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (traces, sending) = Traces::start(listener.local_addr().expect("an address"));
        drop(listener);
        let door = door_with(Setting { traces, ..Setting::for_tests() });
        for _ in 0..5000 {
            let request = Request::builder().uri("/healthz").header("host", "portal.test").body(Body::empty());
            drop(door.clone().oneshot(request.expect("a request")).await);
        }
        sending.abort();
    }
}
