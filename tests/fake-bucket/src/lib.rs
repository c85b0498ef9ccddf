//! A bucket in the process, for tests: keeps everything in memory, and fails when it is told to.
//!
//! It checks what S3 checks and our own code relies on: the key id, that the signed SHA-256 is that of the body,
//! `If-None-Match: *` on puts and on the completion of parts, that all parts but the last have five megabytes, ranges.
//! It checks no signature: whoever knows the key id gets in. docs/operating/s3.md says what else it does otherwise.

mod answer;

use answer::answer;
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_rustls::TlsAcceptor;

/// The only bucket there is.
pub const BUCKET: &str = "records";
/// The key id that is let in.
pub const KEY_ID: &str = "AKIASTRONGROOMTEST";
/// A secret to go with it. Nothing checks it, and no test may find it anywhere.
pub const SECRET: &str = "kept-secret-SfT2hQ9dLw";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// An object is put whole.
    Put,
    /// An object in parts begins.
    Begin,
    /// A part comes.
    Part,
    /// The parts become an object.
    Complete,
    /// An object in parts is given up.
    Abort,
    /// An object is read.
    Get,
    /// An object is looked at.
    Head,
    /// An object is removed.
    Delete,
    /// Objects are listed.
    List,
    /// Objects in parts are listed.
    Uploads,
    /// Versions are listed.
    Versions,
    /// Something about the bucket itself.
    About,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This status, and nothing is done.
    Status(u16),
    /// It is done, and then this status is told.
    DoneAndStatus(u16),
    /// This status, and another address ([`FakeBucket::send_to`]).
    SentTo(u16),
    /// No answer ever comes.
    Stall,
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The body stops coming after so many bytes.
    Hang(usize),
}

/// An object in parts on its way.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) parts: BTreeMap<u32, Bytes>,
}

/// Everything that is there.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Bytes>,
    /// What was overwritten or removed, by name and number; a mark of deletion has no bytes.
    pub(crate) earlier: BTreeMap<(String, u64), Option<Bytes>>,
    pub(crate) versions_made: u64,
    pub(crate) keeps: Keeps,
    pub(crate) copies_below: Option<String>,
    pub(crate) held: Option<String>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) uploads_begun: u64,
    pub(crate) faults: VecDeque<(Op, Fault)>,
    pub(crate) forgets_conditions: bool,
    pub(crate) elsewhere: String,
    pub(crate) is_public: bool,
    pub(crate) said: Vec<Op>,
}

/// What a bucket keeps of what is removed from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing, and it knows no versions.
    #[default]
    Nothing,
    /// Every version, until it is removed by its number.
    Versions,
    /// Every version, whoever asks for its removal.
    Everything,
    /// The same by a default retention, which it says of itself.
    Retained,
}

/// A bucket that is served as long as this is held.
#[derive(Debug)]
pub struct FakeBucket {
    endpoint: String,
    state: Arc<Mutex<State>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl FakeBucket {
    /// Starts one, on a thread and a port of its own.
    ///
    /// # Panics
    /// When this machine gives it no port.
    #[must_use]
    pub fn start() -> Self {
        Self::begin(None)
    }

    /// The same over TLS, for the name `localhost`; and the only certificate that vouches for it, PEM.
    ///
    /// # Panics
    /// When this machine gives it no port.
    #[must_use]
    pub fn start_over_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_der().try_into().expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate and its key");
        (Self::begin(Some(TlsAcceptor::from(Arc::new(config)))), made.cert.pem())
    }

    fn begin(tls: Option<TlsAcceptor>) -> Self {
        let scheme = if tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let state: Arc<Mutex<State>> = Arc::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port on this machine");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let port = listener.local_addr().expect("a listener has an address").port();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = serve(listener, tls, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { endpoint: format!("{scheme}:{port}"), state, stop: Some(stop) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its server's address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// The next time that this is asked for, it goes wrong. Several wait for their turn.
    pub fn fail_next(&self, op: Op, fault: Fault) {
        self.state().faults.push_back((op, fault));
    }

    /// Nothing goes wrong any more.
    pub fn forget_faults(&self) {
        self.state().faults.clear();
    }

    /// From now on it knows no `If-None-Match`, as older servers do not.
    pub fn forget_conditions(&self) {
        self.state().forgets_conditions = true;
    }

    /// From now on it keeps this of what is removed.
    pub fn keep(&self, keeps: Keeps) {
        self.state().keeps = keeps;
    }

    /// From now on it says that what lies below this prefix is copied to another bucket.
    pub fn copy_below(&self, prefix: &str) {
        self.state().copies_below = Some(prefix.to_owned());
    }

    /// From now on it refuses to remove what has this name, as under a legal hold; or (`None`) nothing any more.
    pub fn hold(&self, key: Option<&str>) {
        self.state().held = key.map(str::to_owned);
    }

    /// How many versions of anything it still has that are not the newest, marks of deletion too.
    #[must_use]
    pub fn earlier(&self) -> usize {
        self.state().earlier.len()
    }

    /// Where it sends whoever is sent elsewhere.
    pub fn send_to(&self, endpoint: &str) {
        endpoint.clone_into(&mut self.state().elsewhere);
    }

    /// From now on it says that anybody may read it.
    pub fn open_to_public(&self) {
        self.state().is_public = true;
    }

    /// All names.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// What lies under a name.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Bytes> {
        self.state().objects.get(key).cloned()
    }

    /// What somebody does who can write the bucket, whatever we do.
    pub fn overwrite(&self, key: &str, bytes: Bytes) {
        self.state().objects.insert(key.to_owned(), bytes);
    }

    /// The same of whoever removes something.
    pub fn remove(&self, key: &str) {
        answer::remove(&mut self.state(), key);
    }

    /// The names of objects in parts that nobody finished.
    #[must_use]
    pub fn on_way(&self) -> Vec<String> {
        self.state().uploads.values().map(|upload| upload.key.clone()).collect()
    }

    /// Bytes of all parts that nobody finished.
    #[must_use]
    pub fn on_way_bytes(&self) -> usize {
        self.state().uploads.values().flat_map(|upload| upload.parts.values()).map(Bytes::len).sum()
    }

    /// How often something was asked for.
    #[must_use]
    pub fn asked(&self, op: Op) -> usize {
        self.state().said.iter().filter(|one| **one == op).count()
    }
}

impl Drop for FakeBucket {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()).ok());
    }
}

async fn serve(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        drop(stream.set_nodelay(true));
        let (state, tls) = (Arc::clone(&state), tls.clone());
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        // A connection that ends in the middle is what a fault may ask for.
        tokio::spawn(async move {
            let http = http1::Builder::new();
            match tls {
                None => drop(http.serve_connection(TokioIo::new(stream), service).await),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(http.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            }
        });
    }
}
