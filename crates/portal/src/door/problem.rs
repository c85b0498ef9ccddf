//! What goes wrong on the way in, and the one place where it becomes an HTTP answer.
//!
//! 401 who are you, 403 you may know it exists, 404 you may not, 409 state, 413 size, 422 input, 429 slow
//! down, 503 retry. Bodies are RFC 9457 for programs and scripts and a page for people. Everything that a
//! stranger can be answered is constant: same status, same body, same headers, whatever was asked for.

use super::address::SafePath;
use super::faces::{ErrorPage, RenderError};
use super::reply::Reply;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use custody::CustodyError;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// One field of a form that needs another look. Never holds what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field's name in the form.
    pub field: &'static str,
    /// What to do, in a sentence.
    pub sentence: String,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// 400: not a request that a browser of ours would send.
    Malformed,
    /// 400: well said, and not done here; the sentence says where to look what is.
    NotSupported(&'static str),
    /// 401: nobody is signed in.
    WhoAreYou,
    /// 403: the request came from another site, or without this session's token.
    CrossSite,
    /// 403: not for you, and you may know that it exists; the sentence says what to do next.
    Forbidden(&'static str),
    /// The passkey must be touched again; afterwards people go on to this path.
    StepUp(Option<SafePath>),
    /// 404: not there, or not yours. Nobody can tell which.
    NotHere,
    /// 405: the address is ours, the method is not.
    WrongMethod,
    /// 408: the body came too slowly.
    TooSlow,
    /// 409: the thing has moved on meanwhile; the sentence says to what.
    Conflict(&'static str),
    /// 413: larger than this route takes.
    TooLarge,
    /// 415: not a kind of body that this route reads.
    WrongKind,
    /// 416: no byte of the wanted range is in the file, which is so long.
    NoSuchRange(u64),
    /// 421: not one of our hosts.
    WrongHost,
    /// 422: some fields need another look.
    Invalid(Vec<FieldProblem>),
    /// 429: too many; may be tried again after so many seconds.
    SlowDown(u32),
    /// 500: our fault. Details are in the log, without PHI.
    Broken,
    /// 503: the system cannot answer now; nothing was done.
    Unavailable,
    /// 503: too many at once.
    Overloaded,
    /// 503: the gate is closed.
    Closed,
}

impl Problem {
    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::NotSupported(_) => StatusCode::BAD_REQUEST,
            Self::WhoAreYou => StatusCode::UNAUTHORIZED,
            Self::CrossSite | Self::Forbidden(_) | Self::StepUp(_) => StatusCode::FORBIDDEN,
            Self::NotHere => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongKind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoSuchRange(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Overloaded | Self::Closed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A few words, always the same ones.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Malformed => "That request cannot be read",
            Self::NotSupported(_) => "That is not done here",
            Self::WhoAreYou => "Please sign in",
            Self::CrossSite => "That request did not come from this page",
            Self::Forbidden(_) => "Not for you",
            Self::StepUp(_) => "Please touch your passkey again",
            Self::NotHere => "Not here, or not yours",
            Self::WrongMethod => "That cannot be done here",
            Self::TooSlow => "That took too long to arrive",
            Self::Conflict(_) => "It has changed meanwhile",
            Self::TooLarge => "That is too large",
            Self::WrongKind => "That kind of data is not read here",
            Self::NoSuchRange(_) => "The file has no such bytes",
            Self::WrongHost => "Not at this address",
            Self::Invalid(_) => "Some fields need another look",
            Self::SlowDown(_) => "Too many at once",
            Self::Broken => "Something broke on our side",
            Self::Unavailable => "Not available just now",
            Self::Overloaded => "Very busy just now",
            Self::Closed => "The portal is closed",
        }
    }

    /// What to do next.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::Malformed => "Go back and try again.",
            Self::WhoAreYou => "Sign in, then try again.",
            Self::CrossSite => "Open the page again and repeat what you did there.",
            Self::Forbidden(sentence) | Self::Conflict(sentence) | Self::NotSupported(sentence) => sentence,
            Self::StepUp(_) => "This needs a touch of your passkey within the last five minutes.",
            Self::NotHere => {
                "Nothing at this address is yours to see. If you expect it to be, ask your practice's manager."
            }
            Self::WrongMethod => "Go back and use the page's own buttons.",
            Self::TooSlow => "Nothing was stored. Check the connection and send it again.",
            Self::TooLarge => "Nothing was stored. Send less at a time.",
            Self::WrongKind => "Nothing was stored. Use the page's own forms.",
            Self::NoSuchRange(_) => "Ask for bytes within the file, or for all of it.",
            Self::WrongHost => "Check the address that you were given.",
            Self::Invalid(_) => "Nothing was changed.",
            Self::SlowDown(_) => "Wait a minute, then try again.",
            Self::Broken => "It has been noted. Try again; if it happens twice, call us.",
            Self::Unavailable => "Nothing was done. Try again in a minute.",
            Self::Overloaded => "Nothing was done. Try again in a few seconds.",
            Self::Closed => {
                "It opens again as soon as everything has been checked. If a patient needs something now, call us: a person can help."
            }
        }
    }

    /// What FHIR calls it (value set issue-type, R4).
    const fn issue(&self) -> &'static str {
        match self {
            Self::Malformed | Self::NoSuchRange(_) | Self::Invalid(_) => "invalid",
            Self::NotSupported(_) | Self::WrongMethod | Self::WrongKind => "not-supported",
            Self::WhoAreYou => "login",
            Self::CrossSite | Self::Forbidden(_) | Self::StepUp(_) => "forbidden",
            Self::NotHere => "not-found",
            Self::TooSlow => "timeout",
            Self::Conflict(_) => "conflict",
            Self::TooLarge => "too-long",
            Self::WrongHost => "processing",
            Self::SlowDown(_) => "throttled",
            Self::Broken => "exception",
            Self::Unavailable | Self::Overloaded | Self::Closed => "transient",
        }
    }

    /// It as an `OperationOutcome`. Like every other body it repeats nothing of what was sent.
    fn outcome(&self, fields: &[FieldProblem]) -> serde_json::Value {
        let issue = |says: &str| {
            serde_json::json!({
                "severity": "error", "code": self.issue(), "details": {"text": self.title()}, "diagnostics": says,
            })
        };
        let issues: Vec<_> = match fields {
            [] => vec![issue(self.sentence())],
            fields => fields.iter().map(|one| issue(&one.sentence)).collect(),
        };
        serde_json::json!({"resourceType": "OperationOutcome", "issue": issues})
    }

    fn retry_after_secs(&self) -> Option<u32> {
        match self {
            Self::SlowDown(secs) => Some((*secs).max(1)),
            Self::Overloaded => Some(5),
            Self::Unavailable | Self::Closed => Some(60),
            _ => None,
        }
    }

    /// Those whose bodies are the same for everybody and at all times.
    pub(crate) const CONSTANT: &'static [Self] = &[
        Self::Malformed,
        Self::WhoAreYou,
        Self::CrossSite,
        Self::NotHere,
        Self::WrongMethod,
        Self::TooSlow,
        Self::TooLarge,
        Self::WrongKind,
        Self::WrongHost,
        Self::SlowDown(60),
        Self::Broken,
        Self::Unavailable,
        Self::Overloaded,
        Self::Closed,
    ];
}

impl From<CustodyError> for Problem {
    /// A refusal and an absence are one answer. The exceptions concern nobody but the person who asks.
    fn from(error: CustodyError) -> Self {
        match error {
            CustodyError::Refused(why) => match why.as_str() {
                "step_up" => Self::StepUp(None),
                "second_passkey" => Self::Forbidden("Officers need two passkeys. Add your second one first."),
                "own_act" => Self::Forbidden("This needs another person than the one who asked for it."),
                "no_agreement" => {
                    Self::Conflict("There is no agreement in force with this customer, so nothing can be taken in.")
                }
                _ => Self::NotHere,
            },
            CustodyError::Absent => Self::NotHere,
            CustodyError::State(sentence) => Self::Conflict(sentence),
            CustodyError::Changed => Self::Conflict(
                "Somebody else has changed it since you opened it. Nothing was overwritten: open it again and look.",
            ),
            CustodyError::Input(fields) => Self::Invalid(
                fields
                    .into_iter()
                    .map(|error| FieldProblem { field: error.field, sentence: error.say.to_owned() })
                    .collect(),
            ),
            CustodyError::File(say) => Self::Invalid(vec![FieldProblem { field: "file", sentence: say.to_owned() }]),
            CustodyError::Range { size_bytes } => Self::NoSuchRange(size_bytes),
            CustodyError::Same(_) => Self::Conflict("This file came in before. Nothing was kept."),
            CustodyError::TooLarge { .. } => Self::TooLarge,
            CustodyError::TooOften => Self::SlowDown(60),
            CustodyError::NotProven => {
                Self::Forbidden("That did not work. Try again, or call your practice's manager.")
            }
            // The error's words hold no PHI (CONVENTIONS 9); the caller is told nothing but to come back.
            broken @ CustodyError::Broken(_) => {
                tracing::error!(error = %broken, "custody is broken");
                Self::Broken
            }
            CustodyError::Store(store) => {
                tracing::error!(error = %store, "the store could not answer");
                Self::Unavailable
            }
            unable => {
                tracing::error!(error = %unable, "custody could not answer");
                Self::Unavailable
            }
        }
    }
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reader {
    /// A person in a browser.
    Person,
    /// A script or a program.
    Program,
    /// A program that speaks FHIR.
    Fhir,
}

impl Reader {
    /// Every one.
    pub(crate) const ALL: [Self; 3] = [Self::Person, Self::Program, Self::Fhir];

    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if super::programs::speaks_fhir(path) {
            return Self::Fhir;
        }
        if super::programs::is_theirs(path) || !accept.contains("text/html") { Self::Program } else { Self::Person }
    }
}

/// What FHIR resources are.
pub(crate) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[FieldProblem]>::is_empty")]
    fields: &'a [FieldProblem],
}

/// All error bodies of this process, the constant ones made once.
#[derive(Clone)]
pub struct Problems {
    render: RenderError,
    constant: Arc<HashMap<(&'static str, Reader), bytes::Bytes>>,
}

impl Problems {
    /// Renders all constant bodies once.
    #[must_use]
    pub fn new(render: RenderError) -> Self {
        let mut problems = Self { render, constant: Arc::new(HashMap::new()) };
        let mut constant = HashMap::new();
        for problem in Problem::CONSTANT {
            for reader in Reader::ALL {
                constant.insert((problem.title(), reader), problems.body(problem, reader));
            }
        }
        problems.constant = Arc::new(constant);
        problems
    }

    fn body(&self, problem: &Problem, reader: Reader) -> bytes::Bytes {
        if let Some(made) = self.constant.get(&(problem.title(), reader)) {
            return made.clone();
        }
        let fields: &[FieldProblem] = if let Problem::Invalid(fields) = problem { fields } else { &[] };
        let (status, title, sentence) = (problem.status().as_u16(), problem.title(), problem.sentence());
        match reader {
            Reader::Person => (self.render)(&ErrorPage { status, title, sentence, fields }).into(),
            Reader::Program => {
                let document = Document { r#type: "about:blank", title, status, detail: sentence, fields };
                serde_json::to_vec(&document).expect("strings and a number are always JSON").into()
            }
            Reader::Fhir => problem.outcome(fields).to_string().into(),
        }
    }

    /// The answer to it.
    pub(crate) fn answer(&self, problem: &Problem, reader: Reader) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body(problem, reader)));
        *response.status_mut() = problem.status();
        let kind = match reader {
            Reader::Person => "text/html; charset=utf-8",
            Reader::Program => "application/problem+json",
            Reader::Fhir => FHIR_JSON,
        };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(secs) = problem.retry_after_secs() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Problem::NoSuchRange(size_bytes) = problem {
            let value = HeaderValue::from_str(&format!("bytes */{size_bytes}")).expect("digits are a header value");
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
        response
    }

    /// The body of one of [`Problem::CONSTANT`].
    pub(crate) fn constant_body(&self, problem: &Problem, reader: Reader) -> bytes::Bytes {
        self.body(problem, reader)
    }
}

/// What every handler returns.
pub type Answer = Result<Reply, Problem>;

#[cfg(test)]
mod tests {
    use super::{Problem, Problems, Reader};
    use crate::door::faces::Faces;
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn not_yours_and_not_there_are_one_answer() {
        let problems = Problems::new(Faces::plain(None).error);
        let one = problems.answer(&Problem::NotHere, Reader::Person);
        let two = problems.answer(&Problem::NotHere, Reader::Person);
        assert_eq!((one.status(), one.headers()), (two.status(), two.headers()));
    }

    #[test]
    fn programs_and_scripts_get_json_and_people_get_pages() {
        let mut headers = HeaderMap::new();
        assert_eq!(Reader::of("/x", &headers), Reader::Program);
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"));
        assert_eq!(Reader::of("/x", &headers), Reader::Person);
        assert_eq!(Reader::of("/api/v1/x", &headers), Reader::Program);
    }

    #[test]
    fn every_problem_has_its_own_title_so_that_constant_bodies_do_not_mix() {
        let mut titles: Vec<_> = Problem::CONSTANT.iter().map(Problem::title).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), Problem::CONSTANT.len());
    }
}
