//! The door as one service: every request passes the same checks in the same order, whatever its path.
//!
//! panic caught → headers put on → host → gate → stranger's rate → open route, or session → foreign page →
//! route → token → body → handler. A stranger is answered before the table is asked, alike for every path and
//! method that is not open, so that nobody outside can map the routes or learn which ids exist.

use super::about::ProgramRow;
use super::address::{Hosts, PublicUrl, SafePath};
use super::call::{CALL_HEADER, CallName};
use super::cookie::session_secret;
use super::counts::RequestCounts;
use super::csrf::{Site, comes_from_us, is_navigation, only_looks, token_matches};
use super::faces::Faces;
use super::gate::{Gate, PROBE_HEADER};
use super::headers::{Transport, harden};
use super::limits::{LimitKey, Limits};
use super::locked::{Comer, Entry, Kind, Lock, OpenRow, RouteRow};
use super::pattern::Params;
use super::problem::{Problem, Problems, Reader};
use super::programs::{self, RoomsOfPrograms};
use super::reply::Reply;
use super::take::{Call, Incoming, announced, body_problem, gather};
use super::traces::{Told, Traces};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, request};
use custody::{Custody, CustodyError, ProgramIn, SignedIn};
use futures_util::FutureExt;
use http_body_util::Limited;
use record::{Action, Clock, Entropy, ProgramId, SystemEntropy};
use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

/// Largest form, in bytes.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// Largest JSON body, in bytes.
pub const JSON_BYTES_MAX: usize = 256 * 1024;
/// One program may have this share of all requests that are answered at once.
const PROGRAM_SHARE: usize = 8;
/// All that a session under its idle lock reaches: the lock's own page, the touch, the lock again, the way out.
const UNDER_THE_LOCK: &[&str] = &["/locked", "/step-up/{step}", "/lock", "/sign-out"];
/// All that answers while the gate is closed by a finding and a walk has passed since: what an officer needs to
/// sign in and open it again.
const WAY_TO_THE_GATE: &[&str] = &[
    "/static/{file}",
    "/sign-in",
    "/sign-in/{*step}",
    "/sign-out",
    "/step-up",
    "/step-up/{step}",
    "/lock",
    "/locked",
    "/gate",
    "/gate/reopen",
];
/// The field and the header that carry the session's token.
pub const TOKEN_FIELD: &str = "csrf";
/// See [`TOKEN_FIELD`].
pub const TOKEN_HEADER: &str = "x-csrf";

/// Who knows whose session a secret is. [`Custody`] does; tests have their own.
pub trait House: Clone + Send + Sync + 'static {
    /// Begins an answer; `None` when nothing may be answered now by what is known here.
    fn visit(&self) -> Option<custody::Visit>;

    /// Whose session this secret is, if anybody's.
    fn session_resolve(&self, secret: &str) -> impl Future<Output = Result<Option<SignedIn>, CustodyError>> + Send;

    /// Which program's token this is, if any's.
    fn token_resolve(&self, secret: &str) -> impl Future<Output = Result<Option<ProgramIn>, CustodyError>> + Send;
}

impl House for Custody {
    fn visit(&self) -> Option<custody::Visit> {
        Self::visit(self)
    }

    async fn session_resolve(&self, secret: &str) -> Result<Option<SignedIn>, CustodyError> {
        Self::session_resolve(self, secret).await
    }

    async fn token_resolve(&self, secret: &str) -> Result<Option<ProgramIn>, CustodyError> {
        Self::token_resolve(self, secret).await
    }
}

/// The caller's address, as the server found it. An extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// The caller is on this machine itself, as the server found it. An extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct Nearby(pub(crate) ());

/// What the door needs to know besides its routes.
#[derive(Clone)]
pub struct Setting {
    /// Where people find the portal.
    pub public_url: PublicUrl,
    /// Hosts that are ours besides the public one, each `host` or `host:port`.
    pub extra_hosts: Vec<String>,
    /// The door's own pages.
    pub faces: Faces,
    /// Largest upload, in bytes.
    pub stream_bytes_max: u64,
    /// How many requests may be under way at once.
    pub requests_max: usize,
    /// The gate.
    pub gate: Gate,
    /// How often.
    pub limits: Limits,
    /// How many requests there were, and how they ended.
    pub counts: RequestCounts,
    /// What calls get their names from.
    pub entropy: Arc<dyn Entropy>,
    /// Time, for the traces.
    pub clock: Arc<dyn Clock>,
    /// Whom calls are told.
    pub traces: Traces,
}

impl Setting {
    /// Defaults: plain pages, uploads of at most 4 GiB, 1,024 requests at once.
    #[must_use]
    pub fn new(public_url: PublicUrl, gate: Gate, clock: Arc<dyn Clock>) -> Self {
        Self {
            public_url,
            extra_hosts: Vec::new(),
            faces: Faces::plain(None),
            stream_bytes_max: 4 << 30,
            requests_max: 1024,
            gate,
            limits: Limits::new(super::limits::Rates::default(), Arc::clone(&clock)),
            counts: RequestCounts::default(),
            entropy: Arc::new(SystemEntropy),
            clock,
            traces: Traces::default(),
        }
    }
}

/// What is registered, for whoever lists it.
pub(crate) struct Tables {
    pub(crate) rows: Vec<RouteRow>,
    pub(crate) open: Vec<OpenRow>,
    pub(crate) programs: Vec<ProgramRow>,
}

pub(super) struct Inner<C> {
    pub(super) house: C,
    entries: Vec<Entry<C>>,
    tables: Tables,
    hosts: Hosts,
    pub(super) origin: String,
    transport: Transport,
    problems: Problems,
    pub(super) setting: Setting,
    room: Arc<Semaphore>,
    pub(super) rooms_of_programs: RoomsOfPrograms,
}

/// The door. Cheap to clone.
pub struct Door<C = Custody>(pub(super) Arc<Inner<C>>);

impl<C> Clone for Door<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What is known of a call whose route is known.
#[derive(Default)]
struct Counted {
    route: Option<(Method, &'static str)>,
    action: Option<Action>,
}

/// What the table says about a path and method.
pub(super) enum Found<'a, C> {
    Route(&'a Entry<C>, Params),
    OtherMethod,
    Nothing,
}

impl<C: House> Door<C> {
    pub(crate) fn new(house: C, setting: Setting, entries: Vec<Entry<C>>, tables: Tables) -> Self {
        let transport = if setting.public_url.is_https() { Transport::Https } else { Transport::PlainLoopback };
        Self(Arc::new(Inner {
            house,
            entries,
            tables,
            hosts: Hosts::new(&setting.public_url, &setting.extra_hosts),
            origin: setting.public_url.origin(),
            transport,
            problems: Problems::new(Arc::clone(&setting.faces.error)),
            room: Arc::new(Semaphore::new(setting.requests_max)),
            rooms_of_programs: RoomsOfPrograms::new(setting.requests_max / PROGRAM_SHARE),
            setting,
        }))
    }

    /// The locked routes.
    #[must_use]
    pub fn table(&self) -> &[RouteRow] {
        &self.0.tables.rows
    }

    /// The open routes.
    #[must_use]
    pub fn open_table(&self) -> &[OpenRow] {
        &self.0.tables.open
    }

    /// The programs' routes.
    #[must_use]
    pub fn program_table(&self) -> &[ProgramRow] {
        &self.0.tables.programs
    }

    /// The gate.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.0.setting.gate
    }

    pub(crate) fn transport(&self) -> Transport {
        self.0.transport
    }

    pub(crate) fn origin_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0.origin).expect("an origin is printable ASCII")
    }

    pub(crate) fn problems(&self) -> &Problems {
        &self.0.problems
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let reader = Reader::of(request.uri().path(), request.headers());
        let head = *request.method() == Method::HEAD;
        let programs_answer = programs::is_theirs(request.uri().path());
        let mut counted = Counted::default();
        let began = tokio::time::Instant::now();
        let name = CallName::mint(self.0.setting.entropy.as_ref());
        // Whatever is said while it is answered carries the name, at whichever level; the route is put in when the table
        // has it.
        let span = tracing::error_span!("call", %name, route = tracing::field::Empty);
        let answering = self.answer(request, &mut counted).instrument(span.clone());
        let answered = AssertUnwindSafe(answering).catch_unwind().await;
        let _within = span.entered();
        let failed = matches!(answered, Err(_) | Ok(Err(Problem::Broken | Problem::Unavailable)));
        let mut response = match answered {
            Ok(Ok(reply)) => reply.into_response(),
            Ok(Err(Problem::StepUp(Some(next)))) if reader == Reader::Person => see("/step-up", &next).into_response(),
            Ok(Err(problem)) => self.0.problems.answer(&problem, reader),
            Err(_panic) => {
                // What the panic said may hold data, so it is not written down here; see `quiet_panics`.
                tracing::error!("a handler panicked");
                self.0.problems.answer(&Problem::Broken, reader)
            }
        };
        self.told(counted, name, response.status(), began.elapsed());
        let tag = programs_answer.then(|| response.headers().get(header::ETAG).cloned()).flatten();
        harden(response.headers_mut(), self.0.transport);
        if failed {
            // Refusals carry nothing: they are alike to the byte. Our own fault has a name, found again in the log.
            response.headers_mut().insert(CALL_HEADER, name.header());
        }
        if programs_answer {
            programs::say(&mut response, tag);
        }
        if head {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Into the counts, the log and the traces.
    fn told(&self, counted: Counted, name: CallName, status: StatusCode, took: Duration) {
        let setting = &self.0.setting;
        setting.counts.count(counted.route.as_ref(), status, took);
        tracing::debug!(status = status.as_u16(), micros = took.as_micros(), "answered");
        let Counted { route, action } = counted;
        setting.traces.tell(Told { name, route, action, status, at: setting.clock.now(), took });
    }

    async fn answer(&self, request: Request<Body>, counted: &mut Counted) -> Result<Reply, Problem> {
        let inner = &*self.0;
        let (mut parts, body) = request.into_parts();
        if !inner.hosts.admit(&parts.uri, &parts.headers) {
            return Err(Problem::WrongHost);
        }
        let probing = inner.setting.gate.is_probe(&parts.headers);
        parts.headers.remove(PROBE_HEADER);
        if !probing && !inner.setting.gate.is_open() && !self.answers_while_closed(&parts) {
            return Err(Problem::Closed);
        }
        let Some(truth) = inner.house.visit().or_else(|| says_only_that_it_runs(&parts).then(custody::Visit::alone))
        else {
            return Err(Problem::Unavailable);
        };
        let place = Arc::clone(&inner.room).try_acquire_owned().map_err(|_| Problem::Overloaded)?;
        let client = parts.extensions.get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |known| known.0);
        let nearby = parts.extensions.get::<Nearby>().is_some();
        let visit = Visit { client, probing, nearby, place, of_program: None };
        let found = self.find(&parts.method, parts.uri.path());
        if let Found::Route(entry, _) = &found {
            counted.route = Some((entry.method.clone(), entry.pattern.text()));
            if let Lock::Locked(action) = entry.lock {
                counted.action = Some(action);
            }
            tracing::Span::current().record("route", entry.pattern.text());
        }
        let answer = match found {
            Found::Route(entry, params) if entry.lock == Lock::Open => {
                self.open(entry, params, parts, body, visit).await?
            }
            found if programs::is_theirs(parts.uri.path()) => self.program(found, parts, body, visit).await?,
            found => self.locked(found, parts, body, visit).await?,
        };
        // Between the asking and here this process may have stood still, however long.
        answer.while_it_holds(truth)
    }

    /// While the gate is closed. Before a walk has passed, the process says that it runs, and nothing else.
    fn answers_while_closed(&self, parts: &request::Parts) -> bool {
        let path = parts.uri.path();
        let to_the_gate = |found: Found<'_, C>| match found {
            // Officers sign in; nobody enrols through a portal that a finding has shut.
            Found::Route(entry, _) => {
                WAY_TO_THE_GATE.contains(&entry.pattern.text()) && !path.starts_with("/sign-in/enrol")
            }
            Found::OtherMethod | Found::Nothing => false,
        };
        says_only_that_it_runs(parts)
            || self.0.setting.gate.has_passed_since() && to_the_gate(self.find(&parts.method, path))
    }

    fn find(&self, method: &Method, path: &str) -> Found<'_, C> {
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        let mut other = false;
        for entry in &self.0.entries {
            if let Some(params) = entry.pattern.matches(path) {
                if entry.method == *wanted {
                    return Found::Route(entry, params);
                }
                other = true;
            }
        }
        if other { Found::OtherMethod } else { Found::Nothing }
    }

    async fn open(
        &self,
        entry: &Entry<C>,
        params: Params,
        parts: request::Parts,
        body: Body,
        visit: Visit,
    ) -> Result<Reply, Problem> {
        let inner = &*self.0;
        let looks = only_looks(&parts.method);
        if looks {
            visit.take(&inner.setting.limits, &LimitKey::Stranger(visit.client))?;
        } else {
            // A program is no browser and says no origin; where one is said, the same holds as for pages.
            let from_program = entry.kind == Kind::Proof && !parts.headers.contains_key(header::ORIGIN);
            if !from_program && !comes_from_us(&parts.headers, &inner.origin) {
                return Err(Problem::CrossSite);
            }
            // Before anything of it is read, and so before any signature is looked at.
            visit.take(&inner.setting.limits, &LimitKey::Attempt(visit.client))?;
        }
        let foreign = Site::of(&parts.headers) == Site::Foreign;
        if foreign && !is_navigation(&parts.headers) {
            return Err(Problem::CrossSite);
        }
        self.not_closed(entry, &visit)?;
        let signed_in = match session_secret(&parts.headers) {
            Some(secret) if !foreign && entry.kind != Kind::Proof && !programs::is_theirs(parts.uri.path()) => {
                inner.house.session_resolve(secret).await.unwrap_or_default()
            }
            _ => None,
        };
        // Whoever finds a locked session in a browser is a stranger at the open routes too.
        let signed_in = signed_in.filter(|one| !one.locked);
        // What an open route does not know is answered to a stranger as if there were no such route.
        let nobody = signed_in.is_none().then(|| who_are_you(&parts));
        let body = read_body(entry.kind, &parts, body, inner.setting.stream_bytes_max).await?.0;
        let comer = signed_in.map_or(Comer::Nobody, Comer::Person);
        match (self.run(entry, params, parts, body, visit, comer).await, nobody) {
            (Err(Problem::WhoAreYou), Some(answer)) => answer,
            (answer, _) => answer,
        }
    }

    async fn locked(
        &self,
        found: Found<'_, C>,
        parts: request::Parts,
        body: Body,
        visit: Visit,
    ) -> Result<Reply, Problem> {
        let inner = &*self.0;
        let signed_in = match session_secret(&parts.headers) {
            Some(secret) => inner.house.session_resolve(secret).await?,
            None => None,
        };
        let Some(signed_in) = signed_in else {
            visit.take(&inner.setting.limits, &LimitKey::Stranger(visit.client))?;
            return who_are_you(&parts);
        };
        let looks = only_looks(&parts.method);
        let foreign = Site::of(&parts.headers) == Site::Foreign;
        if looks && foreign && parts.uri.path() != "/" || !looks && !comes_from_us(&parts.headers, &inner.origin) {
            return Err(Problem::CrossSite);
        }
        let (entry, params) = match found {
            Found::Route(entry, params) => (entry, params),
            Found::OtherMethod => return Err(Problem::WrongMethod),
            Found::Nothing => return Err(Problem::NotHere),
        };
        if signed_in.locked && !UNDER_THE_LOCK.contains(&entry.pattern.text()) {
            return under_idle_lock(&parts);
        }
        self.not_closed(entry, &visit)?;
        let mut given = parts.headers.get(TOKEN_HEADER).map(|value| value.as_bytes().to_vec());
        if !looks && given.is_some() && !token_matches(given.as_deref(), &signed_in.csrf) {
            return Err(Problem::CrossSite);
        }
        // A raw upload or JSON has its token in the header, so that its body is not touched without one.
        if !looks && given.is_none() && !carries_token_inside(entry.kind, &parts.headers) {
            return Err(Problem::CrossSite);
        }
        let (body, inside) = read_body(entry.kind, &parts, body, inner.setting.stream_bytes_max).await?;
        given = given.or(inside);
        if !looks && !token_matches(given.as_deref(), &signed_in.csrf) {
            return Err(Problem::CrossSite);
        }
        self.run(entry, params, parts, body, visit, Comer::Person(signed_in)).await
    }

    pub(super) fn not_closed(&self, entry: &Entry<C>, visit: &Visit) -> Result<(), Problem> {
        let closed = self.0.setting.gate.is_route_closed(&entry.method, entry.pattern.text());
        if closed && !visit.probing { Err(Problem::Closed) } else { Ok(()) }
    }

    pub(super) async fn run(
        &self,
        entry: &Entry<C>,
        params: Params,
        parts: request::Parts,
        body: Incoming,
        visit: Visit,
        comer: Comer,
    ) -> Result<Reply, Problem> {
        let path = SafePath::new(parts.uri.path());
        let looks = only_looks(&parts.method);
        let request::Parts { method, uri, headers, .. } = parts;
        let landing = Arc::clone(&self.0.setting.faces.landing);
        let Visit { client, nearby, place, of_program, .. } = visit;
        let call = Call { method, uri, headers, params, body, client, nearby, landing };
        let answer = (entry.run)(self.0.house.clone(), comer, call);
        let answered = if looks {
            answer.await
        } else {
            // On a task of its own: what changes something and has begun is finished, although nobody waits for the answer
            // any more. Otherwise whoever hangs up at the right moment would leave an act half done.
            let working = async move {
                let _places = (place, of_program);
                answer.await
            };
            match tokio::spawn(working.in_current_span()).await {
                Ok(answer) => answer,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        };
        match answered {
            // After the touch, a page that was looked at is shown; what was posted must be posted again.
            Err(Problem::StepUp(None)) if looks => Err(Problem::StepUp(path)),
            answer => answer,
        }
    }
}

/// What a machine that watches asks of this process, and not of the house.
fn says_only_that_it_runs(parts: &request::Parts) -> bool {
    let path = parts.uri.path();
    path == "/healthz" || path == "/metrics" && parts.extensions.get::<Nearby>().is_some()
}

pub(super) struct Visit {
    pub(super) client: IpAddr,
    probing: bool,
    nearby: bool,
    /// Among the requests that may be answered at once; let go of when nothing works for this one any more.
    place: OwnedSemaphorePermit,
    /// And among those of one program.
    of_program: Option<OwnedSemaphorePermit>,
}

impl Visit {
    /// Takes a place among those of its program, so that no program holds all places there are.
    pub(super) fn of_program(mut self, rooms: &RoomsOfPrograms, program: ProgramId) -> Result<Self, Problem> {
        self.of_program = Some(rooms.take(program)?);
        Ok(self)
    }

    pub(super) fn take(&self, limits: &Limits, key: &LimitKey) -> Result<(), Problem> {
        if self.probing {
            return Ok(());
        }
        limits.take(key).map_err(|_| Problem::SlowDown(60))
    }
}

/// The one answer that a stranger gets for everything that is not open: people on their way to a page are shown
/// the way in, everything else gets 401. The query stays behind: it may hold what does not belong in a log.
fn who_are_you(parts: &request::Parts) -> Result<Reply, Problem> {
    let person = Reader::of(parts.uri.path(), &parts.headers) == Reader::Person;
    if !(person && only_looks(&parts.method) && is_navigation(&parts.headers)) {
        return Err(Problem::WhoAreYou);
    }
    let next = SafePath::new(parts.uri.path()).filter(|path| path.as_str() != "/");
    Ok(match (Site::of(&parts.headers), next) {
        // The browser keeps a strict cookie back on a link from elsewhere; the landing page fetches it.
        (Site::Foreign, Some(path)) => redirect(&format!("/go?to={}", path.as_query_value())),
        (Site::Foreign, None) => redirect("/go?to=%2F"),
        (_, Some(path)) => see("/sign-in", &path),
        (_, None) => redirect("/sign-in"),
    })
}

/// A session that is idle-locked can be unlocked or ended, and nothing else; the page is shown again afterwards.
fn under_idle_lock(parts: &request::Parts) -> Result<Reply, Problem> {
    let person = Reader::of(parts.uri.path(), &parts.headers) == Reader::Person;
    match SafePath::new(parts.uri.path()) {
        Some(path) if person && only_looks(&parts.method) => Ok(see("/locked", &path)),
        _ => Err(Problem::WhoAreYou),
    }
}

/// On to a page of the door's own that afterwards goes on to `next`.
fn see(page: &str, next: &SafePath) -> Reply {
    redirect(&format!("{page}?next={}", next.as_query_value()))
}

fn redirect(way: &str) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(way).expect("our own paths and percent-encoded ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    Reply::from_response(response)
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn is_multipart(headers: &HeaderMap) -> bool {
    content_type(headers).eq_ignore_ascii_case("multipart/form-data")
}

fn carries_token_inside(kind: Kind, headers: &HeaderMap) -> bool {
    kind == Kind::Form || kind == Kind::Stream && is_multipart(headers)
}

/// Limits the body by the route's kind, and reads as much of it as holds the token: a whole small form, or the
/// first field of a multipart form.
pub(super) async fn read_body(
    kind: Kind,
    parts: &request::Parts,
    body: Body,
    stream_bytes_max: u64,
) -> Result<(Incoming, Option<Vec<u8>>), Problem> {
    if only_looks(&parts.method) {
        return Ok((Incoming::None, None));
    }
    let most = match kind {
        Kind::Page => 0,
        Kind::Form | Kind::Proof => FORM_BYTES_MAX as u64,
        Kind::Json => JSON_BYTES_MAX as u64,
        Kind::Stream => stream_bytes_max,
    };
    if announced(&parts.headers).is_some_and(|size| size > most) {
        return Err(Problem::TooLarge);
    }
    let body = Body::new(Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX)));
    match kind {
        Kind::Form | Kind::Proof => {
            if !content_type(&parts.headers).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return Err(Problem::WrongKind);
            }
            let bytes = gather(body).await?;
            let mut tokens = url::form_urlencoded::parse(&bytes).filter(|(key, _)| key == TOKEN_FIELD);
            let token = tokens.next().map(|(_, value)| value.into_owned().into_bytes());
            let token = if tokens.next().is_some() { None } else { token };
            Ok((Incoming::Form(bytes), token))
        }
        Kind::Stream if is_multipart(&parts.headers) => read_first_part(&parts.headers, body).await,
        Kind::Page | Kind::Json | Kind::Stream => Ok((Incoming::Raw(body), None)),
    }
}

async fn read_first_part(headers: &HeaderMap, body: Body) -> Result<(Incoming, Option<Vec<u8>>), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(value).map_err(|_| Problem::Malformed)?;
    let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
    let mut token = Vec::new();
    {
        let first = form.next_field().await.map_err(|error| body_problem(&error))?;
        let Some(mut field) = first.filter(|field| field.name() == Some(TOKEN_FIELD)) else {
            return Err(Problem::CrossSite);
        };
        while let Some(bytes) = field.chunk().await.map_err(|error| body_problem(&error))? {
            token.extend_from_slice(&bytes);
            if token.len() > 256 {
                return Err(Problem::CrossSite);
            }
        }
    }
    Ok((Incoming::Parts(Box::new(form)), Some(token)))
}

impl<C: House> tower::Service<Request<Body>> for Door<C> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok(door.handle(request).await) })
    }
}

/// Panics say where they happened and nothing else: their words may hold data. Called once, first thing in main.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}

#[cfg(test)]
mod tests;
