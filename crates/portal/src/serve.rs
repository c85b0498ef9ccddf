//! Serving: the door, its gate, the probe and the jobs, put together and taken apart again in order.

use crate::acme::{self, Acme, AcmeError, AcmeOptions};
use crate::door::gate::{GateStart, ReopenError};
use crate::door::probe::{OnAlert, Probe, ProbeAlert, Target};
use crate::door::server::{Server, ServerConfig, ServerTls, TlsFiles, TlsFrom, Validity};
use crate::door::traces::Traces;
use crate::door::{Faces, Gate, KeyFetcher, Locked, PublicUrl, Setting, Setup};
use crate::rooms::{self, Handles};
use custody::Custody;
use record::{Entropy, SystemClock, SystemEntropy};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether this node's doors were walked, once an officer has opened the gate elsewhere.
const REOPEN_LOOK: Duration = Duration::from_millis(500);

/// By which certificate people are served.
#[derive(Debug, Clone)]
pub enum ServedBy {
    /// Certificate and key, PEM.
    Files(PathBuf, PathBuf),
    /// One that is ordered.
    Acme(AcmeOptions),
}

/// Where and how to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The address and port.
    pub listen: SocketAddr,
    /// With TLS.
    pub tls: Option<ServedBy>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Hosts that are ours besides the public one.
    pub extra_hosts: Vec<String>,
    /// Is the public address reached by another way than our own socket, so that the probe walks there too.
    pub probe_public: bool,
    /// The demo's links exist.
    pub demo: bool,
    /// A collector of traces on this machine's loopback.
    pub traces: Option<SocketAddr>,
}

/// It cannot be served; one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum ServeFailure {
    /// The public address.
    #[error("{0}")]
    PublicUrl(#[from] crate::door::address::PublicUrlError),
    /// The routes.
    #[error("the table of routes is not in order: {0}")]
    Routes(#[from] crate::door::locked::DoorError),
    /// Custody could not say how the gate stands.
    #[error("{0}")]
    House(#[source] custody::CustodyError),
    /// The socket or TLS.
    #[error("{0}")]
    Server(#[from] crate::door::server::ServeError),
    /// Certificates that are to be ordered.
    #[error("{0}")]
    Acme(#[from] AcmeError),
    /// The probe's target.
    #[error("the outside probe cannot reach the portal: {0}")]
    Probe(#[from] crate::door::probe::TargetError),
}

/// A portal that has its address and does not answer yet.
pub struct Portal {
    custody: Custody,
    door: crate::door::Door,
    server: Server,
    probe: Probe,
    handles: Handles,
    /// Orders certificates.
    acme: Option<Acme>,
    /// Hands traces to the collector.
    tracing: Option<tokio::task::JoinHandle<()>>,
}

impl std::fmt::Debug for Portal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Portal(..)")
    }
}

impl Portal {
    /// Takes the address, builds the door. The gate is closed.
    ///
    /// # Errors
    /// [`ServeFailure`].
    pub async fn bind(custody: Custody, options: ServeOptions) -> Result<Self, ServeFailure> {
        custody.keys_fetched_by(Arc::new(KeyFetcher::new()));
        let settings = custody.settings().clone();
        let public_url = PublicUrl::parse(settings.public_url.as_str())?;
        // What a finding closed stays closed over a restart; after a restore a pass is enough.
        let start = match custody.gate_closed_reason().await {
            Ok(None) => GateStart::Fresh,
            Ok(Some(reason)) if custody::is_restore_reason(&reason) => GateStart::Fresh,
            Ok(Some(_)) => GateStart::AfterFinding,
            Err(error) => return Err(ServeFailure::House(error)),
        };
        let gate = Gate::new(start);
        let clock = Arc::new(SystemClock);
        let mut setting = Setting::new(public_url.clone(), gate.clone(), clock);
        let naming = custody.clone();
        setting.limits = setting.limits.named_by(move |limit, whose| naming.counted_name(limit, whose));
        custody.counts_shared_with(setting.limits.shared());
        setting.faces = Faces::of_pages(&settings.operator, &settings.telephone);
        setting.extra_hosts = options.extra_hosts;
        setting.stream_bytes_max = settings.file_bytes_max;
        let handles = Handles::new(gate.clone(), options.demo);
        setting.counts = handles.counts.clone();
        let mut tracing = None;
        if let Some(collector) = options.traces {
            let (traces, sending) = Traces::start(collector);
            setting.traces = traces;
            tracing = Some(sending);
        }
        let setup = if options.demo { Setup::Demo } else { Setup::Serve };
        let door = rooms::all(Locked::new(setup), &handles).into_service(custody.clone(), setting)?;
        let mut config = ServerConfig::new(options.listen, public_url.clone());
        let (from, ordering) = match options.tls {
            None => (None, None),
            Some(ServedBy::Files(certificate, key)) => (Some(TlsFrom::Files(TlsFiles { certificate, key })), None),
            Some(ServedBy::Acme(ordering)) => (Some(TlsFrom::Ordered), Some(ordering)),
        };
        config.tls = from;
        config.trusted_proxies = options.trusted_proxies;
        let server = Server::bind(config).await?;
        let acme = match (ordering, server.tls()) {
            (Some(ordering), Some(tls)) => Some(Acme::begin(custody.clone(), tls, ordering).await?),
            _ => None,
        };
        let own = Target::own_socket(server.local_addr(), &public_url, server.tls())?;
        let public = if options.probe_public { Some(Target::public(&public_url, server.tls())?) } else { None };
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let probe = Probe::new(&door, own, public, entropy);
        Ok(Self { custody, door, server, probe, handles, acme, tracing })
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// The registered routes, for whoever lists or tests them.
    #[must_use]
    pub const fn door(&self) -> &crate::door::Door {
        &self.door
    }

    /// What a demo signs people in by.
    #[must_use]
    pub const fn handles(&self) -> &Handles {
        &self.handles
    }

    /// Serves until `shutdown`. The gate opens once the probe has walked the whole table from outside.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let Self { custody, door, server, probe, acme, tracing, .. } = self;
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let told = custody.clone();
        let on_alert: OnAlert = Arc::new(move |alert| {
            let custody = told.clone();
            // The probe's own task must not wait for the disk.
            tokio::spawn(async move { tell(&custody, alert).await });
        });
        let served = server.tls();
        let walking = tokio::spawn(async move {
            // Before there is a certificate nobody is served, and a walk would find what everybody else finds.
            if let Some(tls) = served {
                tokio::select! {
                    () = tls.until_served() => {}
                    _ = stopped.changed() => return,
                }
            }
            probe.run(on_alert, async move { drop(stopped.changed().await) }).await;
        });
        let mut beside = vec![tokio::spawn(follow(custody.clone(), door.gate().clone()))];
        beside.extend(server.tls().map(|tls| tokio::spawn(tell_certificate(custody, tls))));
        // If it is let go of while it orders: the try counts as one that failed.
        beside.extend(acme.map(|acme| tokio::spawn(acme.run())));
        server.run(door, shutdown).await;
        for one in beside {
            one.abort();
        }
        // Nobody listens any more when the probe has ended by itself.
        let _ = stop.send(true);
        drop(walking.await);
        if let Some(tracing) = tracing {
            tracing.abort();
        }
    }
}

/// Closes and opens this node's gate as the house says, whichever node it was said to.
async fn follow(custody: Custody, gate: Gate) {
    let mut said = custody.gate_watch();
    while said.changed().await.is_ok() {
        let closed = said.borrow_and_update().clone();
        match closed {
            Some(why) => gate.close_as_told(&why),
            // An officer has opened it, where the doors had been walked. Here they may not have been walked yet.
            None => {
                while gate.reopen() == Err(ReopenError::NotPassed) && said.has_changed().is_ok_and(|news| !news) {
                    tokio::time::sleep(REOPEN_LOOK).await;
                }
            }
        }
    }
}

/// Tells the house until when its certificate is good, for its health and its alerts. Never ends.
async fn tell_certificate(custody: Custody, tls: Arc<ServerTls>) {
    tls.follow(|validity| custody.certificate_served(validity.span)).await;
}

/// Where the certificate lies by which the portal is served, without its key.
#[must_use]
pub fn certificate_file(served_by: &ServedBy) -> PathBuf {
    match served_by {
        ServedBy::Files(certificate, _) => certificate.clone(),
        ServedBy::Acme(options) => options.dir.join(acme::SHOWN),
    }
}

fn certificate_in(file: &Path) -> Result<CertificateDer<'static>, String> {
    CertificateDer::from_pem_file(file).map_err(|_| "its certificate is not there yet, or cannot be read".to_owned())
}

/// From when to when the certificate in this file is good.
///
/// # Errors
/// One sentence that says why that is not known.
pub fn certificate_span(file: &Path) -> Result<custody::CertificateSpan, String> {
    let certificate = certificate_in(file)?;
    Validity::of(&certificate).map(|validity| validity.span).ok_or_else(|| "its certificate cannot be read".to_owned())
}

/// Does the portal that listens here say that visitors may be sent to it: for whoever watches it on the same machine. The
/// certificate in this file alone is believed.
///
/// # Errors
/// One sentence that says why that cannot be asked.
pub async fn is_ready(public_url: &str, listen: SocketAddr, certificate: Option<&Path>) -> Result<bool, String> {
    let public_url = PublicUrl::parse(public_url).map_err(|error| error.to_string())?;
    crate::door::server::tls::install_provider();
    let certificate = certificate.map(certificate_in).transpose()?;
    let target = Target::known_socket(listen, &public_url, certificate).map_err(|error| error.to_string())?;
    target.is_ready().await
}

async fn tell(custody: &Custody, alert: ProbeAlert) {
    let kept = match alert {
        ProbeAlert::Found(finding) => {
            let sentence = format!("The outside probe found an open door: {finding}");
            custody.alert("open_door", &sentence).await;
            custody.gate_closed_keep(&sentence).await
        }
        ProbeAlert::Unreachable(many, first) => {
            let sentence = format!(
                "The outside probe could not make {many} of its requests, first {} {}: {}",
                first.how, first.route, first.error
            );
            custody.alert("probe_unreachable", &sentence).await;
            Ok(())
        }
        ProbeAlert::Passed => {
            custody.alert("probe_passed", "The outside probe has passed again; an officer may reopen").await;
            Ok(())
        }
        ProbeAlert::Walked(requests, true) => {
            custody.probe_passed(&format!("{requests} requests, every door was shut")).await
        }
        ProbeAlert::Walked(requests, false) => {
            custody.probe_keep(false, &format!("{requests} requests, not every door was shut or could be asked")).await
        }
    };
    if let Err(error) = kept {
        tracing::error!(error = %error, "what the outside probe found could not be kept");
    }
}
