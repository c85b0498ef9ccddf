//! `Locked`: the one registry of routes. What is not in its table is not served.
//!
//! What must always hold: a locked route's handler takes a [`Desk`] for one act as its first argument (it does
//! not compile otherwise) and the act stands in the table; an open route is one of [`OPEN_ROUTES`], with its
//! reason, and its handler can only be given the desks that strangers need.
//!
//! What it refuses to know: who may do what. A desk is no permission; every method of it asks policy.

use super::about::{About, ProgramRow};
use super::landing;
use super::pattern::{Pattern, PatternError};
use super::problem::{Answer, Problem};
use super::programs;
use super::service::{Door, House, Setting, Tables};
use super::take::{Call, Take};
use axum::http::Method;
use custody::{Custody, Desk, ProgramIn, SignedIn};
use futures_util::future::BoxFuture;
use record::{Act, Action, Right, act};
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

/// What comes in and goes out at a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A page, by GET; no body.
    Page,
    /// A form of at most 64 KiB, by POST, with the field or header of the session's token.
    Form,
    /// Bytes: a download by GET, or an upload by POST (raw with the token as a header, or multipart with the
    /// token as its first field).
    Stream,
    /// JSON for scripts, at most 256 KiB; the token as a header where it changes something.
    Json,
    /// A form of at most 64 KiB, by POST, from a program that proves inside it who it is. No cookie counts here, and nothing
    /// that comes from a page of another site is read.
    Proof,
}

/// One locked route, as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// The method; GET stands for HEAD too.
    pub method: Method,
    /// The path with its parameters; a parameter is named after the id's prefix (`{doc}`, `{pat}`) where it is an id.
    pub path: &'static str,
    /// The act that its desk is for.
    pub action: Action,
    /// What comes in and goes out.
    pub kind: Kind,
    /// As people read it.
    pub label: &'static str,
    /// Its place in the menu, from the left, if it has one.
    pub menu: Option<u16>,
}

/// One open route, as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRow {
    /// The method; GET stands for HEAD too.
    pub method: Method,
    /// The path with its parameters.
    pub path: &'static str,
    /// Why it is open.
    pub reason: &'static str,
    /// What comes in and goes out.
    pub kind: Kind,
}

/// One line of [`OPEN_ROUTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRoute {
    /// The method's name.
    pub method: &'static str,
    /// The path with its parameters.
    pub path: &'static str,
    /// Why it is open.
    pub reason: &'static str,
}

const fn open(method: &'static str, path: &'static str, reason: &'static str) -> OpenRoute {
    OpenRoute { method, path, reason }
}

/// How many open routes there may be (docs/decisions/0010-fhir.md).
pub const OPEN_ROUTES_MAX: usize = 16;

/// Every route that answers somebody who is not signed in. At most [`OPEN_ROUTES_MAX`]; each with its reason.
pub const OPEN_ROUTES: &[OpenRoute] = &[
    open("GET", "/static/{file}", "style, scripts and icons of this binary, from a constant table; no data"),
    open("GET", "/robots.txt", "asks search engines to stay away; a constant"),
    open("GET", "/healthz", "says that the process runs, to the machine that watches it; a constant"),
    open("GET", "/readyz", "says whether the gate is open, to the machine that sends people here; two constants"),
    open("GET", "/go", "lets a link from a mail arrive with its session; shows the path it was given, no data"),
    open("GET", "/sign-in", "where people sign in"),
    open(
        "POST",
        "/sign-in/{*step}",
        "start and finish of signing in, or of a first passkey after an invitation was used",
    ),
    open("GET", "/invitation/{secret}", "where an invitation's link arrives; shows a button, uses nothing up"),
    open(
        "POST",
        "/invitation/{way}",
        "uses an invitation with its second secret, or a recovery code, which opens only a new enrolment",
    ),
    open("GET", "/ledger/{*rest}", "the ledger's public part: the newest signed checkpoint and hash tiles, no entry"),
    open(
        "GET",
        "/.well-known/{file}",
        "whom to tell of a hole (RFC 9116) and where programs ask for tokens (SMART); constant words and what the operator configured",
    ),
    open(
        "GET",
        "/api/v1/openapi.json",
        "describes what programs can ask for (OpenAPI); the same for everybody, no data",
    ),
    open(
        "GET",
        "/fhir/R4/metadata",
        "says what of FHIR is done here, which clients read before they have a token; the same for everybody, no data",
    ),
    open(
        "GET",
        "/fhir/R4/.well-known/smart-configuration",
        "where programs ask for tokens (SMART), below the address at which FHIR clients look for it; constant words",
    ),
    open(
        "POST",
        "/oauth2/token",
        "where programs prove who they are and get a token for five minutes; opens nothing by itself",
    ),
    open(
        "GET",
        "/metrics",
        "numbers without names, to a peer on this machine's loopback that no proxy speaks for; to everybody else as if it were not there",
    ),
];

/// Open routes that exist in the demo's router only.
pub const DEMO_ROUTES: &[OpenRoute] = &[open(
    "GET",
    "/demo/sign-in/{secret}",
    "signs a made-up person in by a one-time link; the demo has no passkeys yet",
)];

/// Which open routes may exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// Those of [`OPEN_ROUTES`].
    Serve,
    /// Those of [`DEMO_ROUTES`] too.
    Demo,
}

/// The registry cannot become a door.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// A path is no pattern.
    #[error("a route's path is malformed")]
    Pattern(#[from] PatternError),
    /// Two routes would answer the same requests.
    #[error("the route {0} {1} is registered twice")]
    Twice(Method, &'static str),
    /// Pages are got, forms are posted.
    #[error("the method of {0} {1} does not fit what comes in there")]
    Method(Method, &'static str),
    /// An open route that is not in the list, or with another reason.
    #[error("the open route {0} {1} does not stand in the list of open routes with that reason")]
    NotListed(Method, &'static str),
    /// A route without a word for people.
    #[error("the route {0} {1} has no label")]
    NoLabel(Method, &'static str),
}

/// How a route presents itself.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Opts {
    kind: Kind,
    label: &'static str,
    menu: Option<u16>,
}

impl Opts {
    /// A page of this name.
    pub const fn page(label: &'static str) -> Self {
        Self { kind: Kind::Page, label, menu: None }
    }
    /// A form of this name.
    pub const fn form(label: &'static str) -> Self {
        Self { kind: Kind::Form, label, menu: None }
    }
    /// A download or upload of this name.
    pub const fn stream(label: &'static str) -> Self {
        Self { kind: Kind::Stream, label, menu: None }
    }
    /// An endpoint for scripts of this name.
    pub const fn json(label: &'static str) -> Self {
        Self { kind: Kind::Json, label, menu: None }
    }
    /// In the menu, at this place from the left.
    pub const fn menu(mut self, place: u16) -> Self {
        self.menu = Some(place);
        self
    }
}

/// A handler of a locked route: an async function whose first argument is a [`Desk`] for one act.
#[diagnostic::on_unimplemented(
    message = "a locked route needs a handler whose first argument is a `Desk` for one act",
    label = "not a handler of a locked route",
    note = "write `async fn name(desk: Desk<act::DocumentRead>, …) -> Answer`; what follows implements `Take`"
)]
pub trait DeskHandler<A: Act, T>: Clone + Send + Sync + 'static {
    /// Takes its arguments and answers.
    fn call(self, desk: Desk<A>, call: Call) -> impl Future<Output = Answer> + Send;
}

/// A handler of an open route: an async function whose first argument a stranger may be given.
#[diagnostic::on_unimplemented(
    message = "an open route needs a handler whose first argument is `Hall` or a desk that strangers may stand at",
    label = "not a handler of an open route"
)]
pub trait OpenHandler<D: Threshold, T>: Clone + Send + Sync + 'static {
    /// Takes its arguments and answers.
    fn call(self, threshold: D, call: Call) -> impl Future<Output = Answer> + Send;
}

/// What a stranger may stand at.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not for strangers",
    note = "an open route is given `Hall`, `PublicLedger`, `Desk<act::SessionStart>` or `Desk<act::PersonEnrol>`"
)]
pub trait Threshold: Send + 'static {
    /// Made from what the door knows.
    fn at(custody: Custody, signed_in: Option<SignedIn>, client: IpAddr) -> Self;
}

impl Threshold for Desk<act::SessionStart> {
    fn at(custody: Custody, signed_in: Option<SignedIn>, _client: IpAddr) -> Self {
        Self::at(custody, signed_in)
    }
}

impl Threshold for Desk<act::PersonEnrol> {
    fn at(custody: Custody, signed_in: Option<SignedIn>, _client: IpAddr) -> Self {
        Self::at(custody, signed_in)
    }
}

/// Before any desk: no custody, no data, nobody's name.
#[derive(Debug, Clone, Copy)]
pub struct Hall {
    /// The caller's address.
    pub client: IpAddr,
}

impl Threshold for Hall {
    fn at(_custody: Custody, _signed_in: Option<SignedIn>, client: IpAddr) -> Self {
        Self { client }
    }
}

/// The public part of the ledger and nothing else of custody.
#[derive(Debug, Clone)]
pub struct PublicLedger {
    custody: Custody,
    nobody: bool,
}

impl Threshold for PublicLedger {
    fn at(custody: Custody, signed_in: Option<SignedIn>, _client: IpAddr) -> Self {
        Self { custody, nobody: signed_in.is_none() }
    }
}

impl PublicLedger {
    /// The newest signed checkpoint: how many entries there are, and nothing of them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn checkpoint(&self) -> Result<String, Problem> {
        Ok(self.custody.checkpoint().await?)
    }

    /// The hash tile at this path below `/ledger/`, such as `tile/0/x001/067`; nothing when there is none. Bundles of
    /// entries are never given.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        match path.parse::<custody::TilePath>() {
            Ok(path) => Ok(self.custody.tile(&path).await?),
            Err(_) => Ok(None),
        }
    }

    /// What is not public is answered as if there were no such route: to a stranger as every path is, to somebody who
    /// is signed in as what is not theirs.
    #[must_use]
    pub const fn not_here(&self) -> Problem {
        if self.nobody { Problem::WhoAreYou } else { Problem::NotHere }
    }
}

macro_rules! handlers {
    ($($take:ident),*) => {
        impl<F, Fut, A, $($take,)*> DeskHandler<A, ($($take,)*)> for F
        where
            A: Act,
            F: Fn(Desk<A>, $($take,)*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Answer> + Send,
            $($take: Take,)*
        {
            #[allow(non_snake_case, unused_mut, unused_variables, reason = "one name for the type and its value in this macro")]
            async fn call(self, desk: Desk<A>, mut call: Call) -> Answer {
                $(let $take = $take::take(&mut call).await?;)*
                self(desk, $($take,)*).await
            }
        }

        impl<F, Fut, D, $($take,)*> OpenHandler<D, ($($take,)*)> for F
        where
            D: Threshold,
            F: Fn(D, $($take,)*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Answer> + Send,
            $($take: Take,)*
        {
            #[allow(non_snake_case, unused_mut, unused_variables, reason = "one name for the type and its value in this macro")]
            async fn call(self, threshold: D, mut call: Call) -> Answer {
                $(let $take = $take::take(&mut call).await?;)*
                self(threshold, $($take,)*).await
            }
        }
    };
}

handlers!();
handlers!(T1);
handlers!(T1, T2);
handlers!(T1, T2, T3);
handlers!(T1, T2, T3, T4);

/// Who comes, as the lock found it.
pub(crate) enum Comer {
    /// Nobody that we know.
    Nobody,
    /// A person with a live session.
    Person(SignedIn),
    /// A program with a live token.
    Program(ProgramIn),
}

impl Comer {
    /// The person, if it is one.
    pub(crate) fn person(self) -> Option<SignedIn> {
        match self {
            Self::Person(one) => Some(one),
            Self::Nobody | Self::Program(_) => None,
        }
    }

    fn desk<A: Act>(self, custody: Custody) -> Desk<A> {
        match self {
            Self::Nobody => Desk::at(custody, None),
            Self::Person(one) => Desk::at(custody, Some(one)),
            Self::Program(program) => Desk::of_program(custody, program),
        }
    }
}

/// A handler with its types gone.
pub(crate) type Run<C> = Arc<dyn Fn(C, Comer, Call) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Whether a route is locked or open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Somebody must be signed in; their desk is for this act.
    Locked(Action),
    /// A program must have a live token; its desk is for this act. No session counts here.
    Program(Action),
    /// Strangers are answered.
    Open,
}

/// One route with its handler.
pub(crate) struct Entry<C> {
    pub(crate) method: Method,
    pub(crate) pattern: Pattern,
    pub(crate) lock: Lock,
    pub(crate) kind: Kind,
    pub(crate) run: Run<C>,
}

/// The registry of routes.
#[must_use]
pub struct Locked<C = Custody> {
    entries: Vec<Entry<C>>,
    rows: Vec<RouteRow>,
    open: Vec<OpenRow>,
    programs: Vec<ProgramRow>,
    setup: Setup,
    fault: Option<DoorError>,
}

impl Locked<Custody> {
    /// A registry with the door's own open routes (static files, robots, health, landing) and no other.
    pub fn new(setup: Setup) -> Self {
        Self::with_own_routes(setup)
    }

    /// A locked route. The handler's first argument is the [`Desk`] for the act that the table will show.
    pub fn route<A, T, H>(self, method: Method, path: &'static str, opts: Opts, handler: H) -> Self
    where
        A: Act,
        T: 'static,
        H: DeskHandler<A, T>,
    {
        let run: Run<Custody> = Arc::new(move |custody, comer, call| {
            let handler = handler.clone();
            Box::pin(async move { handler.call(comer.desk(custody), call).await })
        });
        self.locked_run(method, path, opts, A::ACTION, run)
    }

    /// A route of the programs' part: the same desks, for whoever has a live token.
    pub(crate) fn program_route<A, T, H>(mut self, method: Method, path: &'static str, about: About, handler: H) -> Self
    where
        A: Act,
        T: 'static,
        H: DeskHandler<A, T>,
    {
        let run: Run<Custody> = Arc::new(move |custody, comer, call| {
            let handler = handler.clone();
            Box::pin(async move { handler.call(comer.desk(custody), call).await })
        });
        if about.summary.is_empty() {
            self.fail(DoorError::NoLabel(method.clone(), path));
        }
        // Elsewhere no token is looked at, and nobody could ever come in; and no program without a right to come with.
        if !programs::is_theirs(path) || Right::of(A::ACTION).is_none() {
            self.fail(DoorError::NotListed(method.clone(), path));
        }
        let kind = about.kind;
        self.programs.push(ProgramRow { method: method.clone(), path, action: A::ACTION, about });
        self.push(method, path, Lock::Program(A::ACTION), kind, run);
        self
    }

    /// An open route: it must stand in [`OPEN_ROUTES`] with this very reason.
    pub fn open<D, T, H>(self, method: Method, path: &'static str, reason: &'static str, kind: Kind, handler: H) -> Self
    where
        D: Threshold,
        T: 'static,
        H: OpenHandler<D, T>,
    {
        let run: Run<Custody> = Arc::new(move |custody, comer, call| {
            let handler = handler.clone();
            Box::pin(async move { handler.call(D::at(custody, comer.person(), call.client), call).await })
        });
        self.open_run(method, path, reason, kind, run)
    }
}

impl<C: House> Locked<C> {
    pub(crate) fn with_own_routes(setup: Setup) -> Self {
        let empty =
            Self { entries: Vec::new(), rows: Vec::new(), open: Vec::new(), programs: Vec::new(), setup, fault: None };
        landing::own_routes(empty)
    }

    pub(crate) fn locked_run(
        mut self,
        method: Method,
        path: &'static str,
        opts: Opts,
        action: Action,
        run: Run<C>,
    ) -> Self {
        if opts.label.is_empty() {
            self.fail(DoorError::NoLabel(method.clone(), path));
        }
        self.rows.push(RouteRow {
            method: method.clone(),
            path,
            action,
            kind: opts.kind,
            label: opts.label,
            menu: opts.menu,
        });
        self.push(method, path, Lock::Locked(action), opts.kind, run);
        self
    }

    pub(crate) fn open_run(
        mut self,
        method: Method,
        path: &'static str,
        reason: &'static str,
        kind: Kind,
        run: Run<C>,
    ) -> Self {
        let listed =
            |route: &OpenRoute| route.method == method.as_str() && route.path == path && route.reason == reason;
        let in_demo = self.setup == Setup::Demo && DEMO_ROUTES.iter().any(listed);
        if !in_demo && !OPEN_ROUTES.iter().any(listed) {
            self.fail(DoorError::NotListed(method.clone(), path));
        }
        self.open.push(OpenRow { method: method.clone(), path, reason, kind });
        self.push(method, path, Lock::Open, kind, run);
        self
    }

    fn push(&mut self, method: Method, path: &'static str, lock: Lock, kind: Kind, run: Run<C>) {
        let pattern = match Pattern::parse(path) {
            Ok(pattern) => pattern,
            Err(error) => return self.fail(error.into()),
        };
        let fits = match kind {
            Kind::Page => method == Method::GET,
            Kind::Form | Kind::Proof => method == Method::POST,
            Kind::Stream => method == Method::GET || method == Method::POST || method == Method::PUT,
            Kind::Json => [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&method),
        };
        if !fits {
            return self.fail(DoorError::Method(method, path));
        }
        if self.entries.iter().any(|entry| entry.method == method && entry.pattern.same_shape(&pattern)) {
            return self.fail(DoorError::Twice(method, path));
        }
        self.entries.push(Entry { method, pattern, lock, kind, run });
    }

    /// The first fault is the one that is told.
    fn fail(&mut self, error: DoorError) {
        self.fault.get_or_insert(error);
    }

    /// The locked routes, in the order of registration.
    #[must_use]
    pub fn table(&self) -> &[RouteRow] {
        &self.rows
    }

    /// The programs' routes, in the order of registration.
    #[must_use]
    pub fn program_table(&self) -> &[ProgramRow] {
        &self.programs
    }

    /// The open routes, in the order of registration.
    #[must_use]
    pub fn open_table(&self) -> &[OpenRow] {
        &self.open
    }

    /// The door: one service that answers every request.
    ///
    /// # Errors
    /// [`DoorError`]: the first route that cannot be one.
    pub fn into_service(mut self, house: C, setting: Setting) -> Result<Door<C>, DoorError> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        self.entries.sort_by(|one, two| one.pattern.precedence(&two.pattern));
        Ok(Door::new(
            house,
            setting,
            self.entries,
            Tables { rows: self.rows, open: self.open, programs: self.programs },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEMO_ROUTES, DoorError, Hall, Kind, Locked, OPEN_ROUTES, OPEN_ROUTES_MAX, Opts, Setup};
    use crate::door::problem::Answer;
    use crate::door::reply::Reply;
    use crate::door::service::Setting;
    use crate::door::take::{Path, RawBody};
    use crate::door::testing::FakeHouse;
    use axum::http::Method;
    use custody::Desk;
    use record::{Action, DocumentId, act};

    async fn read(_desk: Desk<act::DocumentRead>, _id: Path<DocumentId>) -> Answer {
        Ok(Reply::text("x"))
    }
    async fn upload(_desk: Desk<act::DocumentUpload>, _body: RawBody) -> Answer {
        Ok(Reply::text("x"))
    }
    async fn sign_in(_desk: Desk<act::SessionStart>) -> Answer {
        Ok(Reply::text("x"))
    }

    #[test]
    fn the_table_shows_the_act_of_each_desk() {
        let locked = Locked::new(Setup::Serve)
            .route(Method::GET, "/documents/{doc}", Opts::page("Document").menu(2), read)
            .route(Method::POST, "/upload/file", Opts::stream("Upload a file"), upload);
        let acts: Vec<_> = locked.table().iter().map(|row| (row.path, row.action, row.menu)).collect();
        assert_eq!(
            acts,
            [("/documents/{doc}", Action::DocumentRead, Some(2)), ("/upload/file", Action::DocumentUpload, None)]
        );
    }

    #[test]
    fn the_list_of_open_routes_is_short_and_each_has_its_reason() {
        assert!(OPEN_ROUTES.len() <= OPEN_ROUTES_MAX);
        for route in OPEN_ROUTES.iter().chain(DEMO_ROUTES) {
            assert!(route.reason.len() > 15, "{}", route.path);
        }
        let locked = Locked::new(Setup::Serve);
        for row in locked.open_table() {
            assert!(OPEN_ROUTES.iter().any(|listed| listed.path == row.path && listed.reason == row.reason));
        }
    }

    fn fault(locked: Locked<FakeHouse>) -> Option<DoorError> {
        locked.into_service(FakeHouse, Setting::for_tests()).err()
    }

    #[test]
    fn an_open_route_that_is_not_listed_with_its_reason_makes_no_door() {
        let run = || crate::door::testing::constant_run("x");
        let new = || Locked::<FakeHouse>::with_own_routes(Setup::Serve);
        let listed = OPEN_ROUTES[5];
        assert_eq!(fault(new().open_run(Method::GET, listed.path, listed.reason, Kind::Page, run())), None);
        let not_listed = |path| Some(DoorError::NotListed(Method::GET, path));
        assert_eq!(
            fault(new().open_run(Method::GET, listed.path, "why not", Kind::Page, run())),
            not_listed(listed.path)
        );
        assert_eq!(fault(new().open_run(Method::GET, "/debug", "handy", Kind::Page, run())), not_listed("/debug"));
        let demo = DEMO_ROUTES[0];
        assert_eq!(
            fault(new().open_run(Method::GET, demo.path, demo.reason, Kind::Page, run())),
            not_listed(demo.path)
        );
        let demo_door = Locked::<FakeHouse>::with_own_routes(Setup::Demo);
        assert_eq!(fault(demo_door.open_run(Method::GET, demo.path, demo.reason, Kind::Page, run())), None);
    }

    #[test]
    fn routes_that_answer_the_same_requests_or_do_not_fit_make_no_door() {
        let run = || crate::door::testing::constant_run("x");
        let new = || Locked::<FakeHouse>::with_own_routes(Setup::Serve);
        let add = |locked: Locked<FakeHouse>, method, path, opts| {
            locked.locked_run(method, path, opts, Action::DocumentRead, run())
        };
        let once = add(new(), Method::GET, "/a/{x}", Opts::page("A"));
        assert_eq!(
            fault(add(once, Method::GET, "/a/{y}", Opts::page("B"))),
            Some(DoorError::Twice(Method::GET, "/a/{y}"))
        );
        for (method, opts) in [
            (Method::POST, Opts::page("A")),
            (Method::GET, Opts::form("A")),
            (Method::HEAD, Opts::page("A")),
            (Method::OPTIONS, Opts::json("A")),
            (Method::TRACE, Opts::stream("A")),
        ] {
            assert_eq!(fault(add(new(), method.clone(), "/a", opts)), Some(DoorError::Method(method, "/a")));
        }
        assert_eq!(fault(add(new(), Method::GET, "/a", Opts::page(""))), Some(DoorError::NoLabel(Method::GET, "/a")));
        assert!(matches!(fault(add(new(), Method::GET, "a", Opts::page("A"))), Some(DoorError::Pattern(_))));
    }

    #[test]
    fn open_handlers_take_the_hall_or_a_strangers_desk() {
        async fn hall(hall: Hall) -> Answer {
            Ok(Reply::text(hall.client.to_string()))
        }
        let (one, two) = (OPEN_ROUTES[5], OPEN_ROUTES[7]);
        let locked = Locked::new(Setup::Serve).open(Method::GET, one.path, one.reason, Kind::Page, sign_in).open(
            Method::GET,
            two.path,
            two.reason,
            Kind::Page,
            hall,
        );
        assert!(locked.fault.is_none());
    }
}
