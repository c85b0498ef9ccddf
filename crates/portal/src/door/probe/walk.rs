//! The walk itself, its rhythm, and what is told afterwards.

use super::client::{Client, Target};
use super::judge::{Asked, Judge, Verdict, Way, reach};
use super::{Finding, ProbeError, ProbeReport, Reach};
use crate::door::cookie::SESSION_COOKIE;
use crate::door::csrf::only_looks;
use crate::door::gate::{Gate, PROBE_HEADER, RouteKey, Standing};
use crate::door::locked::Kind;
use crate::door::pattern::Pattern;
use crate::door::service::{Door, House};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use data_encoding::BASE32_NOPAD;
use record::Entropy;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often it walks after the first pass.
pub const EVERY: Duration = Duration::from_secs(15 * 60);
/// How long it waits after a walk that found or could not reach something.
const SOON: Duration = Duration::from_secs(60);
/// How often one request is tried.
const TRIES: u32 = 3;
/// How long between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Something to tell the officers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAlert {
    /// A door stood open; the gate has closed it.
    Found(Finding),
    /// Requests could not be made, three times each; how many, and the first of them.
    Unreachable(usize, ProbeError),
    /// Everything has passed again; what a finding closed waits for an officer's act.
    Passed,
    /// The whole table was walked: how many requests, and whether nothing was found and nothing left unasked.
    Walked(u32, bool),
}

/// Who is told. Called from the probe's own task; must not block for long.
pub type OnAlert = Arc<dyn Fn(ProbeAlert) + Send + Sync>;

struct Stop {
    pattern: Pattern,
    method: Method,
    asked: Asked,
    reach: Reach,
}

/// The probe of one door.
pub struct Probe {
    stops: Vec<Stop>,
    origin: HeaderValue,
    judge: Judge,
    gate: Gate,
    own: Target,
    public: Option<Target>,
    entropy: Arc<dyn Entropy>,
}

const METHODS: [Method; 6] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

impl Probe {
    /// A probe that walks the table of `door` at `own`, our own socket, and at `public` if people come by another way.
    #[must_use]
    pub fn new<C: House>(door: &Door<C>, own: Target, public: Option<Target>, entropy: Arc<dyn Entropy>) -> Self {
        let transport = door.transport();
        Self {
            stops: stops(door),
            origin: door.origin_header(),
            judge: Judge::new(door.problems(), transport),
            gate: door.gate().clone(),
            own,
            public,
            entropy,
        }
    }

    /// Walks every row once: without a cookie as a person and as a program, with a garbage cookie, by HEAD, by every
    /// method that is not registered, each with well-formed ids that nobody has; then an address that is not there.
    /// Only our own socket is given the key through a closed gate; through the public address the probe is a stranger
    /// like any other, so it walks there only while the gate is open.
    pub async fn walk(&self) -> ProbeReport {
        let mut report = {
            let key = self.gate.begin_walk(self.entropy.as_ref());
            self.walk_at(&self.own, Way::Direct, Some(key.header())).await
        };
        if let (Some(public), true) = (&self.public, self.gate.is_open() && report.has_passed()) {
            report.merge(self.walk_at(public, Way::Public, None).await);
        }
        report
    }

    async fn walk_at(&self, target: &Target, way: Way, key: Option<HeaderValue>) -> ProbeReport {
        let mut client = Client::new(target);
        let mut report = ProbeReport::default();
        for stop in &self.stops {
            if way == Way::Public && self.is_closed(stop) {
                continue;
            }
            for (how, method, mut headers) in self.ways_of_asking(stop) {
                if let Some(key) = &key {
                    headers.insert(PROBE_HEADER, key.clone());
                }
                let path = stop.pattern.fill(|name| self.value(name));
                let route = RouteKey::new(&stop.method, stop.pattern.text());
                let asked = if method == stop.method || method == Method::HEAD { stop.asked } else { Asked::Locked };
                match self.ask(&mut client, asked, &method, way, &path, &headers).await {
                    Ok(None) => report.requests += 1,
                    Ok(Some(what)) => {
                        report.requests += 1;
                        report.findings.push(Finding { route, reach: stop.reach, how, what });
                    }
                    Err(error) => {
                        report.errors.push(ProbeError { route, how, error });
                        if report.errors.len() >= 5 {
                            // Nobody answers at all: say so now, rather than after thousands of tries.
                            return report;
                        }
                    }
                }
            }
        }
        report
    }

    async fn ask(
        &self,
        client: &mut Client<'_>,
        asked: Asked,
        method: &Method,
        way: Way,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<super::What>, String> {
        let mut last = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            match client.ask(method, path, headers).await {
                Ok(seen) => match self.judge.judge(asked, method, way, &seen) {
                    Verdict::Fine => return Ok(None),
                    Verdict::Found(what) => return Ok(Some(what)),
                    Verdict::Again(why) => last = why,
                },
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn is_closed(&self, stop: &Stop) -> bool {
        self.gate.is_route_closed(&stop.method, stop.pattern.text())
    }

    fn ways_of_asking(&self, stop: &Stop) -> Vec<(&'static str, Method, HeaderMap)> {
        let person = HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8");
        let program = HeaderValue::from_static("application/json");
        let with = |accept: &HeaderValue, method: &Method, garbage: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.clone());
            if !only_looks(method) && !matches!(stop.asked, Asked::OpenChange | Asked::OpenProof) {
                // As if from our own page, so that nothing but the lock refuses.
                headers.insert(header::ORIGIN, self.origin.clone());
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            }
            if garbage {
                let cookie = format!("{SESSION_COOKIE}={}", self.random_text(32));
                headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).expect("base32 is a header value"));
            }
            headers
        };
        let own = stop.method.clone();
        let mut all = vec![
            ("no cookie, as a person", own.clone(), with(&person, &own, false)),
            ("no cookie, as a program", own.clone(), with(&program, &own, false)),
            ("a garbage cookie", own.clone(), with(&program, &own, true)),
        ];
        if own == Method::GET {
            all.push(("HEAD", Method::HEAD, with(&program, &Method::HEAD, false)));
            let mut range = with(&program, &own, false);
            range.insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
            range.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
            all.push(("a range", own, range));
        }
        for method in METHODS {
            let registered =
                self.stops.iter().any(|other| other.method == method && other.pattern.same_shape(&stop.pattern));
            if !registered {
                let headers = with(&program, &method, false);
                all.push(("another method", method, headers));
            }
        }
        all
    }

    /// A value for a parameter: an id of the kind that it is named after, well-formed and nobody's.
    fn value(&self, name: &str) -> String {
        match name {
            "file" => "strongroom.css".to_owned(),
            "step" => "start".to_owned(),
            "n" | "version" | "page" | "index" => "1".to_owned(),
            name => {
                // Ids are 26 letters of Crockford base32, the first at most 7; hexadecimal digits are among them.
                let random = self.random_text(25);
                let prefix = if name.len() == 3 { name } else { "doc" };
                format!("{prefix}_0{random}")
            }
        }
    }

    fn random_text(&self, letters: usize) -> String {
        let mut bytes = vec![0_u8; letters];
        self.entropy.fill(&mut bytes);
        let text = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        // Crockford's alphabet has no i, l, o and u.
        let plain = |letter: char| if matches!(letter, 'i' | 'l' | 'o' | 'u') { '9' } else { letter };
        text.chars().take(letters).map(plain).collect()
    }

    /// Walks at once, and from then on every fifteen minutes (every minute while something is wrong), until
    /// `shutdown`. The gate is told first, then `on_alert`.
    pub async fn run(&self, on_alert: OnAlert, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        let mut was_fine = true;
        loop {
            let report = tokio::select! {
                report = self.walk_and_record(&on_alert) => report,
                () = &mut shutdown => return,
            };
            let fine = report.has_passed();
            if fine && !was_fine {
                on_alert(ProbeAlert::Passed);
            }
            was_fine = fine;
            let standing_open = matches!(self.gate.standing(), Standing::Open { .. });
            let pause = if fine && standing_open { EVERY } else { SOON };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.gate.walk_asked() => {}
                () = &mut shutdown => return,
            }
        }
    }

    /// Walks once, tells the gate, then `on_alert`. The first walk of a process opens the gate and then, where there
    /// is a public address, walks there too.
    pub async fn walk_and_record(&self, on_alert: &OnAlert) -> ProbeReport {
        let was_open = self.gate.is_open();
        let mut report = self.walk().await;
        self.tell(&report, on_alert);
        if !was_open && self.public.is_some() && self.gate.is_open() {
            report = self.walk().await;
            self.tell(&report, on_alert);
        }
        report
    }

    fn tell(&self, report: &ProbeReport, on_alert: &OnAlert) {
        self.gate.record(report);
        for finding in &report.findings {
            tracing::error!(route = %finding.route, "the outside probe found an open door");
            on_alert(ProbeAlert::Found(finding.clone()));
        }
        if let Some(first) = report.errors.first() {
            tracing::warn!(errors = report.errors.len(), "the outside probe could not ask");
            on_alert(ProbeAlert::Unreachable(report.errors.len(), first.clone()));
        }
        tracing::info!(requests = report.requests, findings = report.findings.len(), "the outside probe has walked");
        on_alert(ProbeAlert::Walked(report.requests, report.has_passed()));
    }
}

fn stops<C: House>(door: &Door<C>) -> Vec<Stop> {
    let pattern = |path| Pattern::parse(path).expect("a registered path is a pattern");
    let locked = door.table().iter().map(|row| Stop {
        pattern: pattern(row.path),
        method: row.method.clone(),
        asked: Asked::Locked,
        reach: reach(row.action),
    });
    let open = door.open_table().iter().map(|row| Stop {
        pattern: pattern(row.path),
        method: row.method.clone(),
        asked: match (only_looks(&row.method), row.kind) {
            (true, _) => Asked::OpenLook,
            (false, Kind::Proof) => Asked::OpenProof,
            (false, _) => Asked::OpenChange,
        },
        reach: if row.path.starts_with("/static") || row.path.starts_with("/healthz") {
            Reach::Route
        } else {
            Reach::Whole
        },
    });
    let nowhere =
        Stop { pattern: pattern("/nowhere/{doc}"), method: Method::GET, asked: Asked::Locked, reach: Reach::Whole };
    let programs = door.program_table().iter().map(|row| Stop {
        pattern: pattern(row.path),
        method: row.method.clone(),
        asked: Asked::Locked,
        reach: reach(row.action),
    });
    locked.chain(programs).chain(open).chain(std::iter::once(nowhere)).collect()
}
