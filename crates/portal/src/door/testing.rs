//! A house with made-up sessions, and doors over it, for the tests of this room.

use super::address::PublicUrl;
use super::faces::Faces;
use super::gate::{Gate, GateStart};
use super::locked::{Locked, Opts, Run, Setup};
use super::probe::ProbeReport;
use super::problem::Problem;
use super::reply::Reply;
use super::service::{Door, House, Setting};
use axum::http::Method;
use custody::{CustodyError, ProgramIn, SignedIn};
use record::{Action, ManualClock, PersonId, SessionId, Timestamp};
use std::sync::Arc;

/// The secret of the one live session.
pub(crate) const SECRET: &str = "live-session-secret-0001";
/// The secret of a session that is idle-locked.
pub(crate) const IDLE_SECRET: &str = "idle-session-secret-0002";
/// Their token.
pub(crate) const TOKEN: &str = "token-of-the-live-session";
/// What no stranger may ever see.
pub(crate) const CANARY: &str = "CANARY Margaret Oakes 1961-02-03";

/// A house with one live session.
#[derive(Clone, Default)]
pub(crate) struct FakeHouse;

impl House for FakeHouse {
    fn visit(&self) -> Option<custody::Visit> {
        Some(custody::Visit::alone())
    }

    async fn session_resolve(&self, secret: &str) -> Result<Option<SignedIn>, CustodyError> {
        Ok([SECRET, IDLE_SECRET].contains(&secret).then(|| SignedIn {
            person: PersonId::from_bytes([1; 16]),
            session: SessionId::from_bytes([2; 16]),
            csrf: TOKEN.to_owned(),
            started_at: Timestamp::from_unix_millis(0),
            step_up_at: None,
            idle_until: Timestamp::from_unix_millis(1),
            locked: secret == IDLE_SECRET,
            shared: false,
        }))
    }

    async fn token_resolve(&self, _secret: &str) -> Result<Option<ProgramIn>, CustodyError> {
        Ok(None)
    }
}

/// Whatever was logged.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<std::sync::Mutex<Vec<u8>>>);

impl Said {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }
}

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Setting {
    pub(crate) fn for_tests() -> Self {
        let public = PublicUrl::parse("https://portal.test").expect("a good one");
        let mut setting = Self::new(public, open_gate(), Arc::new(ManualClock::at_unix_millis(0)));
        setting.faces = Faces::of_pages("Prairie Transcription", "+1 555 0100");
        setting.stream_bytes_max = 1 << 20;
        setting
    }
}

pub(crate) fn open_gate() -> Gate {
    let gate = Gate::new(GateStart::Fresh);
    gate.record(&ProbeReport::default());
    gate
}

pub(crate) fn constant_run<C: House>(text: &'static str) -> Run<C> {
    Arc::new(move |_house, _signed_in, _call| Box::pin(async move { Ok(Reply::text(text)) }))
}

/// Routes of every kind, each with the canary.
pub(crate) fn routes() -> Locked<FakeHouse> {
    let panics: Run<FakeHouse> = Arc::new(|_, _, _| Box::pin(async { panic!("{CANARY}") }));
    let missing: Run<FakeHouse> = Arc::new(|_, _, _| Box::pin(async { Err(Problem::NotHere) }));
    let canary = || constant_run(CANARY);
    Locked::with_own_routes(Setup::Serve)
        .locked_run(Method::GET, "/", Opts::page("Inbox").menu(1), Action::DocumentList, canary())
        .locked_run(Method::GET, "/documents/{doc}", Opts::page("Document"), Action::DocumentRead, canary())
        .locked_run(Method::POST, "/documents/{doc}/sign", Opts::form("Sign"), Action::DocumentSign, canary())
        .locked_run(
            Method::GET,
            "/documents/{doc}/original",
            Opts::stream("Download"),
            Action::DocumentDownload,
            canary(),
        )
        .locked_run(Method::POST, "/upload/file", Opts::stream("Upload"), Action::DocumentUpload, canary())
        .locked_run(Method::POST, "/step-up/{step}", Opts::json("Step up"), Action::SessionStepUp, canary())
        .locked_run(Method::GET, "/ledger", Opts::page("Ledger"), Action::LedgerList, canary())
        .locked_run(Method::GET, "/panics", Opts::page("Panics"), Action::HealthShow, panics)
        .locked_run(Method::GET, "/missing/{doc}", Opts::page("Missing"), Action::DocumentRead, missing)
}

pub(crate) fn door_with(setting: Setting) -> Door<FakeHouse> {
    routes().into_service(FakeHouse, setting).expect("routes of this test")
}

pub(crate) fn door() -> Door<FakeHouse> {
    door_with(Setting::for_tests())
}

/// A certificate of its own, in files of its own.
pub(crate) struct Certificate {
    folder: std::path::PathBuf,
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Certificate {
    pub(crate) fn new(host: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("strongroom-door-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder of this test");
        let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).expect("a certificate");
        std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("a file of this test");
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("a file of this test");
        Self { folder, der: made.cert.der().clone() }
    }

    pub(crate) fn files(&self) -> super::server::TlsFiles {
        super::server::TlsFiles { certificate: self.folder.join("cert.pem"), key: self.folder.join("key.pem") }
    }

    pub(crate) fn der(&self) -> rustls::pki_types::CertificateDer<'static> {
        self.der.clone()
    }

    /// Puts this one's files in the place of the other's.
    pub(crate) fn write_over(&self, other: &Self) {
        for name in ["cert.pem", "key.pem"] {
            std::fs::copy(self.folder.join(name), other.folder.join(name)).expect("files of this test");
        }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
