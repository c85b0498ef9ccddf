//! The probe against real servers: one that is sound, and ones with a planted hole each.

use super::{OnAlert, Probe, ProbeAlert, ProbeReport, Reach, Target, What};
use crate::door::Door;
use crate::door::address::PublicUrl;
use crate::door::gate::{Gate, GateStart, Standing};
use crate::door::server::{App, Server, ServerConfig, ServerTls, TlsFrom};
use crate::door::service::Setting;
use crate::door::testing::{CANARY, Certificate, FakeHouse, door_with};
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use record::SeededEntropy;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

struct Scene {
    door: Door<FakeHouse>,
    gate: Gate,
    public: PublicUrl,
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    _certificate: Certificate,
}

/// A real server that answers with `hole` where it has an answer, and with the door everywhere else.
async fn scene(hole: impl Fn(&Request<Body>) -> Option<Response<Body>> + Clone + Send + Sync + 'static) -> Scene {
    let certificate = Certificate::new("portal.test");
    let gate = Gate::new(GateStart::Fresh);
    let mut setting = Setting::for_tests();
    setting.gate = gate.clone();
    let door = door_with(setting);
    let inner = door.clone();
    let app = tower::service_fn(move |request: Request<Body>| {
        let (hole, inner) = (hole.clone(), inner.clone());
        async move {
            match hole(&request) {
                Some(response) => Ok::<_, Infallible>(response),
                None => inner.oneshot(request).await,
            }
        }
    });
    let (address, tls) = serve(app, &certificate).await;
    let public = PublicUrl::parse("https://portal.test").expect("a good one");
    Scene { door, gate, public, address, tls, _certificate: certificate }
}

async fn serve(app: impl App, certificate: &Certificate) -> (SocketAddr, Option<Arc<ServerTls>>) {
    let public = PublicUrl::parse("https://portal.test").expect("a good one");
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), public);
    config.tls = Some(TlsFrom::Files(certificate.files()));
    let server = Server::bind(config).await.expect("a free port");
    let found = (server.local_addr(), server.tls());
    tokio::spawn(server.run(app, std::future::pending()));
    found
}

impl Scene {
    fn probe(&self) -> Probe {
        let target = Target::own_socket(self.address, &self.public, self.tls.clone()).expect("a good name");
        Probe::new(&self.door, target, None, Arc::new(SeededEntropy::new(7)))
    }

    async fn walk(&self) -> ProbeReport {
        let report = self.probe().walk().await;
        self.gate.record(&report);
        report
    }
}

/// The door's own answer with something changed.
async fn changed(
    door: &Door<FakeHouse>,
    request: Request<Body>,
    change: impl FnOnce(&mut Response<Body>),
) -> Response<Body> {
    let mut response = door.handle(request).await;
    change(&mut response);
    response
}

fn hardened(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    crate::door::headers::harden(response.headers_mut(), crate::door::headers::Transport::Https);
    response
}

fn at(request: &Request<Body>, method: &Method, start: &str) -> bool {
    request.method() == method && request.uri().path().starts_with(start)
}

#[tokio::test]
async fn a_sound_door_passes_and_opens_its_gate() {
    let scene = scene(|_| None).await;
    assert_eq!(scene.gate.standing(), Standing::Starting);
    let report = scene.walk().await;
    assert!(report.has_passed(), "{report:?}");
    // Nine locked rows, the door's five open ones and an address that is not there, in at least five ways each.
    assert!(report.requests > 100, "{}", report.requests);
    assert!(scene.gate.is_open());
    assert!(scene.walk().await.has_passed(), "and again through the open gate");
}

#[tokio::test]
async fn a_route_without_its_lock_closes_the_whole_portal_when_it_opens_phi() {
    let scene =
        scene(|request| at(request, &Method::GET, "/documents/").then(|| hardened(StatusCode::OK, CANARY))).await;
    let report = scene.walk().await;
    assert!(report.findings.iter().any(|finding| finding.what == What::Opened(StatusCode::OK)));
    assert!(report.findings.iter().all(|finding| !finding.to_string().contains("Margaret")));
    assert!(matches!(scene.gate.standing(), Standing::Closed { passed_since: false, .. }));
}

#[tokio::test]
async fn a_route_without_its_lock_is_closed_alone_when_it_opens_no_phi() {
    let scene =
        scene(|request| at(request, &Method::GET, "/ledger").then(|| hardened(StatusCode::OK, "entries"))).await;
    let report = scene.walk().await;
    assert!(report.findings.iter().all(|finding| finding.route.path == "/ledger" && finding.reach == Reach::Route));
    assert!(scene.gate.is_open() && scene.gate.is_route_closed(&Method::GET, "/ledger"));
}

#[tokio::test]
async fn every_kind_of_hole_is_found() {
    type Hole = fn(&Request<Body>) -> Option<Response<Body>>;
    let holes: &[(&str, Hole)] = &[
        ("only HEAD is open", |request| at(request, &Method::HEAD, "/ledger").then(|| hardened(StatusCode::OK, ""))),
        ("only an unregistered method is open", |request| {
            at(request, &Method::PUT, "/ledger").then(|| hardened(StatusCode::NO_CONTENT, ""))
        }),
        ("a garbage cookie is believed", |request| {
            (at(request, &Method::GET, "/ledger") && request.headers().contains_key("cookie"))
                .then(|| hardened(StatusCode::OK, "x"))
        }),
        ("a range is answered", |request| {
            (at(request, &Method::GET, "/ledger") && request.headers().contains_key("range"))
                .then(|| hardened(StatusCode::PARTIAL_CONTENT, "x"))
        }),
        ("a conditional request is answered", |request| {
            (at(request, &Method::GET, "/ledger") && request.headers().contains_key("if-none-match"))
                .then(|| hardened(StatusCode::NOT_MODIFIED, ""))
        }),
        ("the patient stands in the refusal", |request| {
            at(request, &Method::GET, "/ledger").then(|| hardened(StatusCode::UNAUTHORIZED, CANARY))
        }),
        ("an error page tells more than it should", |request| {
            at(request, &Method::GET, "/ledger").then(|| hardened(StatusCode::INTERNAL_SERVER_ERROR, CANARY))
        }),
        ("the lock is passed before the refusal", |request| {
            at(request, &Method::GET, "/ledger").then(|| hardened(StatusCode::NOT_FOUND, ""))
        }),
        ("the token is asked before the session", |request| {
            at(request, &Method::POST, "/upload").then(|| hardened(StatusCode::FORBIDDEN, ""))
        }),
        ("the way in is on another site", |request| {
            at(request, &Method::GET, "/ledger").then(|| {
                let mut response = hardened(StatusCode::SEE_OTHER, "");
                response
                    .headers_mut()
                    .insert("location", HeaderValue::from_static("https://evil.test/sign-in?next=%2F"));
                response
            })
        }),
        ("the way in has a body", |request| {
            at(request, &Method::GET, "/ledger").then(|| {
                let mut response = hardened(StatusCode::SEE_OTHER, CANARY);
                response.headers_mut().insert("location", HeaderValue::from_static("/sign-in"));
                response
            })
        }),
        ("an open page leads elsewhere", |request| {
            at(request, &Method::GET, "/go").then(|| {
                let mut response = hardened(StatusCode::FOUND, "");
                response.headers_mut().insert("location", HeaderValue::from_static("//evil.test"));
                response
            })
        }),
        ("a header is missing", |request| {
            at(request, &Method::GET, "/ledger").then(|| {
                let mut response = hardened(StatusCode::UNAUTHORIZED, "");
                response.headers_mut().remove("content-security-policy");
                response
            })
        }),
        ("a static file may be kept", |request| {
            at(request, &Method::GET, "/static/").then(|| {
                let mut response = hardened(StatusCode::OK, "css");
                response.headers_mut().insert("cache-control", HeaderValue::from_static("public"));
                response
            })
        }),
        ("paths that nobody registered are open", |request| {
            at(request, &Method::GET, "/nowhere").then(|| hardened(StatusCode::OK, "listing"))
        }),
    ];
    for (name, hole) in holes {
        let scene = scene(*hole).await;
        let report = scene.walk().await;
        assert!(!report.findings.is_empty(), "not found: {name}");
    }
}

#[tokio::test]
async fn a_busy_or_broken_server_is_an_error_and_not_a_finding() {
    let certificate = Certificate::new("portal.test");
    let scene = scene(|_| None).await;
    let busy = {
        let door = scene.door.clone();
        tower::service_fn(move |mut request: Request<Body>| {
            let door = door.clone();
            async move {
                request.headers_mut().remove("x-strongroom-probe");
                Ok::<_, Infallible>(changed(&door, request, |_| {}).await)
            }
        })
    };
    let (address, tls) = serve(busy, &certificate).await;
    let target = Target::own_socket(address, &scene.public, tls).expect("a good name");
    let report = Probe::new(&scene.door, target, None, Arc::new(SeededEntropy::new(7))).walk().await;
    assert!(report.findings.is_empty() && !report.errors.is_empty(), "{report:?}");
    scene.gate.record(&report);
    assert_eq!(scene.gate.standing(), Standing::Starting);
}

#[tokio::test]
async fn nobody_there_or_another_certificate_is_an_error() {
    let scene = scene(|_| None).await;
    let other = Certificate::new("portal.test");
    let (address, _) = serve(scene.door.clone(), &other).await;
    let entropy = || Arc::new(SeededEntropy::new(7));
    let wrong_pin = Target::own_socket(address, &scene.public, scene.tls.clone()).expect("a good name");
    let report = Probe::new(&scene.door, wrong_pin, None, entropy()).walk().await;
    assert!(report.requests == 0 && report.errors.iter().all(|error| error.error == "the TLS handshake failed"));
    let gone =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let nobody = Target::own_socket(gone, &scene.public, scene.tls.clone()).expect("a good name");
    let report = Probe::new(&scene.door, nobody, None, entropy()).walk().await;
    assert!(report.requests == 0 && !report.errors.is_empty());
}

#[tokio::test]
async fn the_public_address_is_walked_as_a_stranger_once_the_gate_is_open() {
    // At the public address a proxy stands that forgets the lock on one page; the own socket is sound.
    let scene = scene(|_| None).await;
    let certificate = Certificate::new("portal.test");
    let (door, seen_key) = (scene.door.clone(), Arc::new(Mutex::new(false)));
    let seen = Arc::clone(&seen_key);
    let proxy = tower::service_fn(move |request: Request<Body>| {
        let (door, seen) = (door.clone(), Arc::clone(&seen));
        async move {
            *seen.lock().expect("no panic") |= request.headers().contains_key("x-strongroom-probe");
            let open = at(&request, &Method::GET, "/documents/");
            Ok::<_, Infallible>(if open { hardened(StatusCode::OK, CANARY) } else { door.handle(request).await })
        }
    });
    let (address, tls) = serve(proxy, &certificate).await;
    let own = Target::own_socket(scene.address, &scene.public, scene.tls.clone()).expect("a good name");
    let public = Target::own_socket(address, &scene.public, tls).expect("a good name");
    let probe = Probe::new(&scene.door, own, Some(public), Arc::new(SeededEntropy::new(7)));
    let told: Arc<Mutex<Vec<ProbeAlert>>> = Arc::default();
    let list = Arc::clone(&told);
    let on_alert: OnAlert = Arc::new(move |alert| list.lock().expect("no panic").push(alert));
    probe.walk_and_record(&on_alert).await;
    assert!(matches!(scene.gate.standing(), Standing::Closed { .. }));
    assert!(told.lock().expect("no panic").iter().any(|alert| matches!(alert, ProbeAlert::Found(_))));
    assert!(!*seen_key.lock().expect("no panic"), "the key was sent to a proxy");
}
