//! The gate: closed until the outside probe has passed, and closed again when it finds a door open.
//!
//! What must always hold: a new process serves nothing before its first pass; what a finding closed opens
//! again only after a later pass and an officer's act; the probe's key lets a request through the closed
//! gate to the real router and gives no other right.

use super::probe::{ProbeReport, Reach};
use axum::http::{HeaderMap, HeaderValue, Method};
use data_encoding::HEXLOWER;
use record::Entropy;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq;

/// The header that carries the probe's key.
pub const PROBE_HEADER: &str = "x-strongroom-probe";

/// One route, as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteKey {
    /// The method's name.
    pub method: String,
    /// The path with its parameters' names.
    pub path: &'static str,
}

impl RouteKey {
    /// The key of this method and path.
    #[must_use]
    pub fn new(method: &Method, path: &'static str) -> Self {
        Self { method: method.as_str().to_owned(), path }
    }
}

impl std::fmt::Display for RouteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// How a process begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateStart {
    /// The first pass opens it.
    Fresh,
    /// The process before this one was closed by a finding: a pass and an officer's act open it.
    AfterFinding,
}

/// How the gate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The first pass is awaited.
    Starting,
    /// Open, but for these routes.
    Open {
        /// Closed alone, each by a finding.
        closed_routes: Vec<RouteKey>,
    },
    /// Closed by a finding; the sentence names it.
    Closed {
        /// What was found.
        why: String,
        /// Has a probe passed since, so that an officer may open it.
        passed_since: bool,
    },
}

/// What a finding has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The route; `None` for the portal as a whole.
    pub route: Option<RouteKey>,
    /// What was found.
    pub why: String,
    /// Has a walk passed since, so that an officer may open it.
    pub passed_since: bool,
}

/// An officer's act that opened nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReopenError {
    /// Nothing was closed by a finding.
    #[error("nothing is closed by a finding of the probe")]
    NothingClosed,
    /// No probe has passed since.
    #[error("the probe has not passed since the finding")]
    NotPassed,
}

#[derive(Debug, Clone)]
struct Closing {
    why: String,
    passed_since: bool,
}

#[derive(Debug)]
enum Whole {
    Starting,
    Open,
    Closed(Closing),
}

struct Inner {
    state: RwLock<(Whole, BTreeMap<RouteKey, Closing>)>,
    key: RwLock<Option<String>>,
    /// Somebody asked for a walk before its time.
    walk: tokio::sync::Notify,
}

/// The gate. Cheap to clone; all clones are one gate.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new(start: GateStart) -> Self {
        let whole = match start {
            GateStart::Fresh => Whole::Starting,
            GateStart::AfterFinding => {
                Whole::Closed(Closing { why: "closed by a finding before the restart".to_owned(), passed_since: false })
            }
        };
        Self(Arc::new(Inner {
            state: RwLock::new((whole, BTreeMap::new())),
            key: RwLock::new(None),
            walk: tokio::sync::Notify::new(),
        }))
    }

    /// Asks the probe to walk now; several who ask at once are one walk.
    pub(crate) fn walk_ask(&self) {
        self.0.walk.notify_one();
    }

    /// Ends when somebody has asked for a walk.
    pub(crate) async fn walk_asked(&self) {
        self.0.walk.notified().await;
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        match &state.0 {
            Whole::Starting => Standing::Starting,
            Whole::Open => Standing::Open { closed_routes: state.1.keys().cloned().collect() },
            Whole::Closed(closing) => Standing::Closed { why: closing.why.clone(), passed_since: closing.passed_since },
        }
    }

    /// Is the portal open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.0.state.read().unwrap_or_else(PoisonError::into_inner).0, Whole::Open)
    }

    /// Is the portal closed by a finding, and a walk has passed since, so that an officer may open it.
    #[must_use]
    pub(crate) fn has_passed_since(&self) -> bool {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        matches!(&state.0, Whole::Closed(closing) if closing.passed_since)
    }

    /// All that a finding has closed, the portal as a whole first.
    #[must_use]
    pub fn closings(&self) -> Vec<Closed> {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        let closed = |route: Option<&RouteKey>, closing: &Closing| Closed {
            route: route.cloned(),
            why: closing.why.clone(),
            passed_since: closing.passed_since,
        };
        let whole = match &state.0 {
            Whole::Closed(closing) => Some(closed(None, closing)),
            Whole::Starting | Whole::Open => None,
        };
        whole.into_iter().chain(state.1.iter().map(|(route, closing)| closed(Some(route), closing))).collect()
    }

    /// Is this one route closed.
    #[must_use]
    pub(crate) fn is_route_closed(&self, method: &Method, path: &str) -> bool {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        !state.1.is_empty() && state.1.keys().any(|key| key.path == path && key.method == method.as_str())
    }

    /// A key for one walk of the probe; it is worth nothing once the guard is gone.
    pub(crate) fn begin_walk(&self, entropy: &dyn Entropy) -> Walk {
        let mut bytes = [0_u8; 32];
        entropy.fill(&mut bytes);
        let key = HEXLOWER.encode(&bytes);
        *self.0.key.write().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Walk { gate: self.clone(), key }
    }

    /// Is it a request of the walk that is under way.
    pub(crate) fn is_probe(&self, headers: &HeaderMap) -> bool {
        let key = self.0.key.read().unwrap_or_else(PoisonError::into_inner);
        let (Some(key), Some(given)) = (key.as_deref(), headers.get(PROBE_HEADER)) else { return false };
        bool::from(given.as_bytes().ct_eq(key.as_bytes()))
    }

    /// Closes or opens by what a walk found. Errors alone change nothing: a gate that is open stays open, one
    /// that waits for its first pass goes on waiting.
    pub fn record(&self, report: &ProbeReport) {
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        for finding in &report.findings {
            let closing = Closing { why: finding.to_string(), passed_since: false };
            match finding.reach {
                Reach::Whole => state.0 = Whole::Closed(closing),
                Reach::Route => {
                    state.1.insert(finding.route.clone(), closing);
                }
            }
        }
        if !report.errors.is_empty() {
            return;
        }
        let whole_found = report.findings.iter().any(|finding| finding.reach == Reach::Whole);
        match &mut state.0 {
            // A finding at a single route closes that route; the rest has passed.
            whole @ Whole::Starting if !whole_found => *whole = Whole::Open,
            Whole::Closed(closing) if !whole_found => closing.passed_since = true,
            _ => {}
        }
        for (key, closing) in &mut state.1 {
            closing.passed_since = !report.findings.iter().any(|finding| finding.route == *key);
        }
    }

    /// Closes the portal because of what was found elsewhere (another node of the same house), and asks for a walk of its own
    /// doors. What this gate has found itself stands as it is.
    pub(crate) fn close_as_told(&self, why: &str) {
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(state.0, Whole::Closed(_)) || !state.1.is_empty() {
            return;
        }
        state.0 = Whole::Closed(Closing { why: why.to_owned(), passed_since: false });
        drop(state);
        self.walk_ask();
    }

    /// Opens everything that has passed since its finding. Called by the `gate.reopen` use case alone, after
    /// policy has permitted and the ledger has witnessed it; returns the routes and whether the portal as a whole opened.
    ///
    /// # Errors
    /// [`ReopenError`] when nothing is closed or nothing of it has passed.
    pub fn reopen(&self) -> Result<Reopened, ReopenError> {
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        let whole_closed = matches!(state.0, Whole::Closed(_));
        if !whole_closed && state.1.is_empty() {
            return Err(ReopenError::NothingClosed);
        }
        let whole = matches!(&state.0, Whole::Closed(closing) if closing.passed_since);
        let routes: Vec<RouteKey> =
            state.1.iter().filter(|(_, closing)| closing.passed_since).map(|(key, _)| key.clone()).collect();
        if !whole && routes.is_empty() {
            return Err(ReopenError::NotPassed);
        }
        if whole {
            state.0 = Whole::Open;
        }
        for route in &routes {
            state.1.remove(route);
        }
        Ok(Reopened { whole, routes })
    }
}

/// What an officer's act has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// The portal as a whole.
    pub whole: bool,
    /// Single routes.
    pub routes: Vec<RouteKey>,
}

/// A walk of the probe under way.
pub(crate) struct Walk {
    gate: Gate,
    key: String,
}

impl Walk {
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&self.key).expect("hexadecimal is a header value");
        value.set_sensitive(true);
        value
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        let mut key = self.gate.0.key.write().unwrap_or_else(PoisonError::into_inner);
        if key.as_deref() == Some(self.key.as_str()) {
            *key = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::{Finding, ProbeError, ProbeReport, Reach, What};
    use super::{Closed, Gate, GateStart, PROBE_HEADER, ReopenError, RouteKey, Standing};
    use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
    use record::SeededEntropy;

    fn route() -> RouteKey {
        RouteKey::new(&Method::GET, "/ledger")
    }

    fn report(reach: &[Reach], errors: usize) -> ProbeReport {
        let finding = |reach: &Reach| Finding {
            route: route(),
            reach: *reach,
            how: "no cookie",
            what: What::Opened(StatusCode::OK),
        };
        ProbeReport {
            requests: 1,
            findings: reach.iter().map(finding).collect(),
            errors: (0..errors)
                .map(|_| ProbeError { route: route(), how: "no cookie", error: "refused".to_owned() })
                .collect(),
        }
    }

    #[test]
    fn nothing_is_served_before_the_first_pass_and_errors_are_no_pass() {
        let gate = Gate::new(GateStart::Fresh);
        assert_eq!(gate.standing(), Standing::Starting);
        gate.record(&report(&[], 1));
        assert_eq!(gate.standing(), Standing::Starting);
        assert_eq!(gate.reopen(), Err(ReopenError::NothingClosed));
        gate.record(&report(&[], 0));
        assert!(gate.is_open());
        gate.record(&report(&[], 1));
        assert!(gate.is_open());
    }

    #[test]
    fn a_finding_closes_until_a_pass_and_an_officers_act() {
        let gate = Gate::new(GateStart::Fresh);
        gate.record(&report(&[], 0));
        gate.record(&report(&[Reach::Whole], 0));
        assert!(!gate.is_open());
        assert_eq!(gate.reopen(), Err(ReopenError::NotPassed));
        gate.record(&report(&[], 1));
        assert_eq!(gate.reopen(), Err(ReopenError::NotPassed));
        gate.record(&report(&[], 0));
        assert!(!gate.is_open(), "a pass alone does not open what a finding closed");
        gate.record(&report(&[Reach::Whole], 0));
        assert_eq!(gate.reopen(), Err(ReopenError::NotPassed), "an older pass does not count");
        gate.record(&report(&[], 0));
        assert!(gate.reopen().expect("passed").whole && gate.is_open());
    }

    #[test]
    fn one_route_is_closed_alone() {
        let gate = Gate::new(GateStart::Fresh);
        gate.record(&report(&[Reach::Route], 0));
        assert!(gate.is_open() && gate.is_route_closed(&Method::GET, "/ledger"));
        assert!(!gate.is_route_closed(&Method::POST, "/ledger") && !gate.is_route_closed(&Method::GET, "/"));
        assert_eq!(gate.reopen(), Err(ReopenError::NotPassed));
        gate.record(&report(&[], 0));
        let closed = Closed { route: Some(route()), why: gate.closings()[0].why.clone(), passed_since: true };
        assert_eq!(gate.closings(), [closed]);
        assert_eq!(gate.reopen().expect("passed").routes, vec![route()]);
        assert!(gate.closings().is_empty());
        assert!(!gate.is_route_closed(&Method::GET, "/ledger"));
    }

    #[test]
    fn a_restart_does_not_open_what_a_finding_closed() {
        let gate = Gate::new(GateStart::AfterFinding);
        gate.record(&report(&[], 0));
        assert!(!gate.is_open());
        assert!(gate.reopen().is_ok() && gate.is_open());
    }

    #[test]
    fn the_probes_key_is_worth_something_during_its_walk_only() {
        let gate = Gate::new(GateStart::Fresh);
        let entropy = SeededEntropy::new(1);
        let mut headers = HeaderMap::new();
        assert!(!gate.is_probe(&headers));
        headers.insert(PROBE_HEADER, HeaderValue::from_static(""));
        assert!(!gate.is_probe(&headers));
        let walk = gate.begin_walk(&entropy);
        assert!(!gate.is_probe(&headers));
        headers.insert(PROBE_HEADER, walk.header());
        assert!(gate.is_probe(&headers));
        drop(walk);
        assert!(!gate.is_probe(&headers));
        let _next = gate.begin_walk(&entropy);
        assert!(!gate.is_probe(&headers));
    }
}
