//! One connection: how long, how many requests, and how it ends.

use super::Patience;
use super::pace::{PacedBody, PacedIo};
use crate::door::address::{client_address, is_nearby};
use crate::door::service::{ClientAddress, Nearby};
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

/// What answers requests.
pub trait App:
    tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<T> App for T where
    T: tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// What the connections of one server share.
pub(super) struct Shared {
    pub(super) patience: Patience,
    pub(super) trusted_proxies: Vec<IpAddr>,
}

/// Which HTTP the handshake agreed on. Plain connections speak HTTP/1.1 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Http1,
    Http2,
}

#[derive(Default)]
struct Activity {
    under_way: AtomicUsize,
    served: AtomicU32,
}

/// Counts one request as under way until its answer has left.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.under_way.fetch_add(1, Ordering::SeqCst);
        activity.served.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(activity))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An answer's body that keeps its request counted as under way.
struct Counted {
    body: Body,
    _under_way: UnderWay,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[derive(Clone)]
struct Answering<A> {
    app: A,
    peer: IpAddr,
    shared: Arc<Shared>,
    activity: Arc<Activity>,
}

impl<A: App> hyper::service::Service<Request<Incoming>> for Answering<A> {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Counted>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let under_way = UnderWay::begin(&self.activity);
        let client = client_address(self.peer, &self.shared.trusted_proxies, request.headers());
        let nearby = is_nearby(self.peer, &self.shared.trusted_proxies, request.headers());
        let floor = self.shared.patience.floor;
        let mut request = request.map(|body| Body::new(PacedBody::new(body, floor)));
        request.extensions_mut().insert(ClientAddress(client));
        if nearby {
            request.extensions_mut().insert(Nearby(()));
        }
        let mut app = self.app.clone();
        Box::pin(async move {
            std::future::poll_fn(|cx| app.poll_ready(cx)).await?;
            let response = app.call(request).await?;
            Ok(response.map(|body| Counted { body, _under_way: under_way }))
        })
    }
}

/// Serves one connection until it ends, is idle or old for too long, or the server drains.
pub(super) async fn serve<A: App, T>(
    io: T,
    speech: Speech,
    peer: IpAddr,
    app: A,
    shared: Arc<Shared>,
    draining: watch::Receiver<bool>,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let patience = shared.patience;
    let activity = Arc::new(Activity::default());
    let io = TokioIo::new(PacedIo::new(io, patience.floor));
    let service = Answering { app, peer, shared, activity: Arc::clone(&activity) };
    match speech {
        Speech::Http1 => {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience.head)
                .max_headers(100)
                .max_buf_size(64 * 1024)
                .half_close(false)
                .serve_connection(io, service);
            tend(connection, patience, activity, draining).await;
        }
        Speech::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(patience.head)
                .keep_alive_timeout(patience.head)
                .max_concurrent_streams(100)
                .max_header_list_size(32 * 1024)
                .max_pending_accept_reset_streams(20)
                .max_local_error_reset_streams(100)
                .max_send_buf_size(256 * 1024)
                .serve_connection(io, service);
            tend(connection, patience, activity, draining).await;
        }
    }
}

/// Polls a connection and looks after it once in a while. Ended from here, it may finish what is under way.
async fn tend<G: GracefulConnection>(
    connection: G,
    patience: Patience,
    activity: Arc<Activity>,
    mut draining: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    let began = Instant::now();
    let mut quiet_since = began;
    let mut served_before = 0;
    let mut ending: Option<Instant> = None;
    let mut look = tokio::time::interval(patience.head.min(patience.idle).div_f64(4.0).max(Duration::from_millis(20)));
    loop {
        let drain = tokio::select! {
            // How it ended is the peer's affair: cut lines and malformed bytes are no events of ours.
            _ = connection.as_mut() => return,
            _ = look.tick() => false,
            drain = draining.wait_for(|draining| *draining), if ending.is_none() => drain.is_ok(),
        };
        let served = activity.served.load(Ordering::SeqCst);
        let busy = activity.under_way.load(Ordering::SeqCst) > 0;
        if busy || served != served_before {
            (quiet_since, served_before) = (Instant::now(), served);
        }
        let over = drain
            || served >= patience.requests_max
            || began.elapsed() >= patience.age
            || quiet_since.elapsed() >= patience.idle;
        if over && ending.is_none() {
            connection.as_mut().graceful_shutdown();
            ending = Some(Instant::now());
        }
        // Who was asked to go and has nothing under way is not waited for.
        if ending.is_some_and(|since| !busy && since.elapsed() >= patience.head) {
            return;
        }
    }
}
