//! The programs' part of the door: who they are is a token in a header, and nothing else counts there.
//!
//! What must always hold: below these paths no cookie is looked at, so that no page of any site can use a person's
//! session there; and everywhere else no token is. Whoever has no live token gets one and the same answer for every path and
//! method, whatever is registered. No other site is let read an answer (no CORS).

use super::limits::LimitKey;
use super::locked::{Comer, Lock};
use super::problem::Problem;
use super::reply::Reply;
use super::service::{Door, Found, House, Visit, read_body};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header, request};
use record::ProgramId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where programs come in.
const THEIRS: [&str; 2] = ["/api/", "/fhir/"];

/// Is this path the programs'.
pub(super) fn is_theirs(path: &str) -> bool {
    THEIRS.iter().any(|start| path.starts_with(start))
}

/// Does whoever asks here speak FHIR, and is answered so.
pub(super) fn speaks_fhir(path: &str) -> bool {
    path.starts_with("/fhir/")
}

/// The token in the header (RFC 6750, 2.1); none when there are two headers, or it is of another kind.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (all.next()?, all.next());
    let (kind, token) = first.to_str().ok()?.split_once(' ')?;
    (second.is_none() && kind.eq_ignore_ascii_case("bearer")).then(|| token.trim_start_matches(' '))
}

/// What only programs are told: how to come in, and the mark of what they have already.
pub(super) fn say(response: &mut Response<Body>, tag: Option<HeaderValue>) {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// How many requests of each program may be answered at once.
pub(super) struct RoomsOfPrograms {
    each: usize,
    // Only of programs whose token was known: as many as there are programs.
    rooms: Mutex<HashMap<ProgramId, Arc<Semaphore>>>,
}

impl RoomsOfPrograms {
    pub(super) fn new(each: usize) -> Self {
        Self { each: each.max(1), rooms: Mutex::default() }
    }

    pub(super) fn take(&self, program: ProgramId) -> Result<OwnedSemaphorePermit, Problem> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(program).or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        Arc::clone(room).try_acquire_owned().map_err(|_| Problem::SlowDown(5))
    }
}

impl<C: House> Door<C> {
    /// A request to the programs' part.
    pub(super) async fn program(
        &self,
        found: Found<'_, C>,
        parts: request::Parts,
        body: Body,
        visit: Visit,
    ) -> Result<Reply, Problem> {
        let inner = &*self.0;
        let program = match token(&parts.headers) {
            Some(secret) => inner.house.token_resolve(secret).await?,
            None => None,
        };
        let Some(program) = program else {
            visit.take(&inner.setting.limits, &LimitKey::Stranger(visit.client))?;
            return Err(Problem::WhoAreYou);
        };
        visit.take(&inner.setting.limits, &LimitKey::Program(program.program))?;
        let visit = visit.of_program(&inner.rooms_of_programs, program.program)?;
        let (entry, params) = match found {
            Found::Route(entry, params) if matches!(entry.lock, Lock::Program(_)) => (entry, params),
            Found::OtherMethod => return Err(Problem::WrongMethod),
            Found::Route(..) | Found::Nothing => return Err(Problem::NotHere),
        };
        self.not_closed(entry, &visit)?;
        let (body, _) = read_body(entry.kind, &parts, body, inner.setting.stream_bytes_max).await?;
        self.run(entry, params, parts, body, visit, Comer::Program(program)).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, RoomsOfPrograms, is_theirs, token};
    use axum::http::{HeaderMap, HeaderValue, header};
    use record::ProgramId;

    #[test]
    fn a_token_is_read_from_one_header_of_the_right_kind() {
        let with = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            token(&headers).map(str::to_owned)
        };
        assert_eq!(with(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(with(&["bearer abc"]).as_deref(), Some("abc"));
        for wrong in [&[][..], &["Basic abc"], &["Bearer"], &["abc"], &["Bearer abc", "Bearer abc"]] {
            assert_eq!(with(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn no_program_holds_all_places() {
        let rooms = RoomsOfPrograms::new(2);
        let (one, other) = (ProgramId::from_bytes([1; 16]), ProgramId::from_bytes([2; 16]));
        let held: Vec<_> = (0..2).map(|_| rooms.take(one).unwrap()).collect();
        assert!(matches!(rooms.take(one), Err(Problem::SlowDown(_))));
        assert!(rooms.take(other).is_ok());
        drop(held);
        assert!(rooms.take(one).is_ok());
    }

    #[test]
    fn pages_are_not_the_programs() {
        assert!(is_theirs("/api/v1/documents") && is_theirs("/fhir/R4/Patient"));
        for path in ["/", "/api", "/apis/x", "/documents", "/oauth2/token", "//api/v1"] {
            assert!(!is_theirs(path), "{path}");
        }
    }
}
