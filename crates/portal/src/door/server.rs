//! The server: sockets, TLS, and patience with limits.
//!
//! What must always hold: no plain http beyond loopback; whoever sends or reads too slowly is cut off; a
//! shutdown lets what is under way end, within a time.
//!
//! Plain connections speak HTTP/1.1; TLS speaks what ALPN agreed on. There is no guessing from the first bytes,
//! which would be a wait without a limit.

pub(crate) mod challenge;
mod connection;
pub(crate) mod pace;
pub mod tls;
pub mod validity;

pub use connection::App;
pub use pace::Floor;
pub use tls::{ServerTls, TlsError, TlsFiles, TlsFrom};
pub use validity::Validity;

use super::address::PublicUrl;
use challenge::asks_challenge;
use connection::{Shared, Speech};
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

/// How long is waited for a peer, and how much one connection may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the TLS handshake, for a request's head, and for a connection that was asked to end.
    pub head: Duration,
    /// For bodies that come and answers that go.
    pub floor: Floor,
    /// For the next request on a quiet connection.
    pub idle: Duration,
    /// For a connection altogether; a request that is under way then is finished.
    pub age: Duration,
    /// How many requests one connection may make.
    pub requests_max: u32,
    /// For all that is under way when the server shuts down.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            floor: Floor { stall_max: Duration::from_secs(30), bytes_per_sec_min: 2 * 1024 },
            idle: Duration::from_secs(60),
            age: Duration::from_secs(3600),
            requests_max: 10_000,
            drain: Duration::from_secs(25),
        }
    }
}

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where certificate and key come from; without them only a loopback address is taken.
    pub tls: Option<TlsFrom>,
    /// Where people find the portal.
    pub public_url: PublicUrl,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long is waited.
    pub patience: Patience,
    /// How many connections at once.
    pub connections_max: usize,
    /// How many connections at once from one address that is no trusted proxy.
    pub connections_per_address_max: usize,
}

impl ServerConfig {
    /// Defaults: no TLS, no proxies, 4,096 connections, 512 of them from one address (a whole hospital's).
    #[must_use]
    pub fn new(listen: SocketAddr, public_url: PublicUrl) -> Self {
        Self {
            listen,
            tls: None,
            public_url,
            trusted_proxies: Vec::new(),
            patience: Patience::default(),
            connections_max: 4096,
            connections_per_address_max: 512,
        }
    }
}

/// How often is looked whether a renewed certificate lies in the files.
const LOOK_FOR_CERTIFICATE: Duration = Duration::from_secs(60);

/// The server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Plain http would leave this machine.
    #[error("{0} is not a loopback address and there is no TLS; configure [tls] or [acme], or listen on 127.0.0.1")]
    PlainBeyondLoopback(SocketAddr),
    /// TLS here, yet people are sent to plain http.
    #[error("there is TLS, but public_url begins with http://; write https://")]
    PublicUrlIsPlain,
    /// Certificate or key.
    #[error("TLS cannot be offered")]
    Tls(#[from] TlsError),
    /// The address.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
}

impl Server {
    /// Checks the configuration and takes the address.
    ///
    /// # Errors
    /// [`ServeError`], one clear sentence.
    pub async fn bind(config: ServerConfig) -> Result<Self, ServeError> {
        tls::install_provider();
        if config.tls.is_none() && !config.listen.ip().is_loopback() {
            return Err(ServeError::PlainBeyondLoopback(config.listen));
        }
        if config.tls.is_some() && !config.public_url.is_https() {
            return Err(ServeError::PublicUrlIsPlain);
        }
        let tls = config.tls.clone().map(ServerTls::of).transpose()?.map(Arc::new);
        let failed = |error| ServeError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { config, listener, address, tls })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its TLS, for the probe to pin and for reading the certificate anew.
    #[must_use]
    pub fn tls(&self) -> Option<Arc<ServerTls>> {
        self.tls.clone()
    }

    /// Answers until `shutdown`, then lets what is under way end. A certificate that was renewed is read anew.
    pub async fn run<A: App>(self, app: A, shutdown: impl Future<Output = ()> + Send) {
        let Self { config, listener, tls, .. } = self;
        let greeter = tls.as_ref().map(Greeter::of).map(Arc::new);
        let shared = Arc::new(Shared { patience: config.patience, trusted_proxies: config.trusted_proxies.clone() });
        let room = Arc::new(Semaphore::new(config.connections_max));
        let callers = Callers::new(config.connections_per_address_max, config.trusted_proxies);
        let (drain, draining) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        let reloading = tls.filter(|tls| !tls.is_ordered()).map(|tls| tokio::spawn(reload_certificate(tls)));
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_owned() => permit,
                () = &mut shutdown => break,
            };
            let Ok(permit) = permit else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut shutdown => break,
            };
            while connections.try_join_next().is_some() {}
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or a peer that was gone at once: neither ends the server.
                    tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(place) = callers.enter(peer.ip().to_canonical()) else { continue };
            let (app, shared, draining, greeter) =
                (app.clone(), Arc::clone(&shared), draining.clone(), greeter.clone());
            connections.spawn(async move {
                let _held = (permit, place);
                one((stream, peer.ip()), greeter, app, shared, draining).await;
            });
        }
        drop(listener);
        let _ = drain.send(true);
        let all_gone = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(config.patience.drain, all_gone).await.is_err() {
            tracing::warn!("connections were cut at the end of the drain");
        }
        if let Some(reloading) = reloading {
            reloading.abort();
        }
    }
}

/// Begins TLS with whoever came.
struct Greeter {
    pages: Arc<rustls::ServerConfig>,
    /// Where certificates are ordered: for the authority that looks whether a name is ours.
    challenge: Option<Arc<rustls::ServerConfig>>,
}

impl Greeter {
    fn of(tls: &Arc<ServerTls>) -> Self {
        let challenge = tls.is_ordered().then(|| Arc::new(tls.challenges().server_config()));
        Self { pages: Arc::new(tls.server_config()), challenge }
    }

    /// Somebody who came for pages; none when they came for a challenge, and have what they came for.
    async fn greet(&self, stream: TcpStream) -> std::io::Result<Option<TlsStream<TcpStream>>> {
        let Some(challenge) = &self.challenge else {
            return TlsAcceptor::from(Arc::clone(&self.pages)).accept(stream).await.map(Some);
        };
        let begun = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        if !asks_challenge(&begun.client_hello()) {
            return begun.into_stream(Arc::clone(&self.pages)).await.map(Some);
        }
        // RFC 8737 3: the handshake is all there is to it.
        let mut stream = begun.into_stream(Arc::clone(challenge)).await?;
        stream.shutdown().await?;
        Ok(None)
    }
}

async fn one<A: App>(
    (stream, peer): (TcpStream, IpAddr),
    greeter: Option<Arc<Greeter>>,
    app: A,
    shared: Arc<Shared>,
    draining: watch::Receiver<bool>,
) {
    // Without it small answers wait for the peer's acknowledgement; a socket that cannot is no reason to refuse.
    let _ = stream.set_nodelay(true);
    let Some(greeter) = greeter else {
        return connection::serve(stream, Speech::Http1, peer, app, shared, draining).await;
    };
    let shaken = tokio::time::timeout(shared.patience.head, greeter.greet(stream)).await;
    let Ok(Ok(Some(stream))) = shaken else { return };
    let speech = if stream.get_ref().1.alpn_protocol() == Some(b"h2") { Speech::Http2 } else { Speech::Http1 };
    connection::serve(stream, speech, peer, app, shared, draining).await;
}

/// On SIGHUP, and when a renewed certificate lies in the files: whoever renews it need not know of this process.
async fn reload_certificate(tls: Arc<ServerTls>) {
    let Ok(mut hangups) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else { return };
    let mut looks = tokio::time::interval(LOOK_FOR_CERTIFICATE);
    let mut failing = false;
    loop {
        let asked = tokio::select! {
            _ = hangups.recv() => true,
            _ = looks.tick() => false,
        };
        match if asked { tls.reload().map(|()| true) } else { tls.renew() } {
            Ok(taken) => {
                failing = false;
                if taken {
                    tracing::info!("the TLS certificate was read anew");
                }
            }
            // Said once: a file that is half written now is whole at the next look.
            Err(error) => {
                if asked || !std::mem::replace(&mut failing, true) {
                    tracing::error!(error = %error, "the TLS certificate could not be read anew; the old one stays");
                }
            }
        }
    }
}

/// How many connections each address has.
#[derive(Clone)]
struct Callers {
    max: usize,
    trusted: Arc<Vec<IpAddr>>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Callers {
    fn new(max: usize, trusted: Vec<IpAddr>) -> Self {
        Self { max, trusted: Arc::new(trusted), counts: Arc::default() }
    }

    fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= self.max && !self.trusted.contains(&address) {
            return None;
        }
        *count += 1;
        Some(Place { callers: self.clone(), address })
    }
}

struct Place {
    callers: Callers,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.callers.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
