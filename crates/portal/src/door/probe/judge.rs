//! Is this answer one that a stranger may get.

use super::{Reach, What};
use crate::door::headers::{self, Transport};
use crate::door::problem::{Problem, Problems, Reader};
use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;
use record::action::{Opens, Subject};
use record::{Action, Sha256};
use std::collections::HashSet;

/// One answer, as the probe saw it.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A locked route, another method of it, or an address that nobody has registered.
    Locked,
    /// An open route, to look at it.
    OpenLook,
    /// An open route that changes something, without our origin.
    OpenChange,
    /// An open route where programs prove who they are, without any proof.
    OpenProof,
}

/// What the probe makes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    Found(What),
    /// Neither: ask again.
    Again(String),
}

/// Whether a proxy may have put its own headers on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Straight to our own socket.
    Direct,
    /// Through the public address.
    Public,
}

/// The constant answers, by digest, known before the first walk.
pub(crate) struct Judge {
    refusals: HashSet<(StatusCode, Sha256)>,
    constant: HashSet<Sha256>,
    transport: Transport,
}

impl Judge {
    pub(crate) fn new(problems: &Problems, transport: Transport) -> Self {
        let mut refusals: HashSet<(StatusCode, Sha256)> = HashSet::new();
        let mut constant = HashSet::from([Sha256::of(b"")]);
        for reader in Reader::ALL {
            let who = problems.constant_body(&Problem::WhoAreYou, reader);
            refusals.insert((StatusCode::UNAUTHORIZED, Sha256::of(&who)));
            for problem in Problem::CONSTANT {
                constant.insert(Sha256::of(&problems.constant_body(problem, reader)));
            }
        }
        Self { refusals, constant, transport }
    }

    /// Judges what a stranger was answered.
    pub(crate) fn judge(&self, asked: Asked, method: &Method, way: Way, seen: &Seen) -> Verdict {
        if let Some(name) = self.header_fault(way, &seen.headers) {
            return Verdict::Found(What::Header(name));
        }
        let status = seen.status;
        let body_known = self.constant.contains(&Sha256::of(&seen.body));
        if matches!(status, StatusCode::TOO_MANY_REQUESTS) || status.is_server_error() {
            return if body_known {
                Verdict::Again(format!("status {}", status.as_u16()))
            } else {
                Verdict::Found(What::Body(status))
            };
        }
        let location = seen.headers.get(header::LOCATION).map(|value| value.to_str().unwrap_or("//"));
        match asked {
            Asked::Locked => self.judge_locked(method, seen, location),
            Asked::OpenLook if location.is_some_and(|to| !is_here(to)) => Verdict::Found(What::Redirect),
            Asked::OpenLook => Verdict::Fine,
            Asked::OpenChange if status == StatusCode::FORBIDDEN && body_known => Verdict::Fine,
            // What is no form is read by nobody.
            Asked::OpenProof if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && body_known => Verdict::Fine,
            Asked::OpenChange | Asked::OpenProof if status.is_success() => Verdict::Found(What::Opened(status)),
            Asked::OpenChange | Asked::OpenProof => Verdict::Found(What::PastTheLock(status)),
        }
    }

    fn judge_locked(&self, method: &Method, seen: &Seen, location: Option<&str>) -> Verdict {
        let status = seen.status;
        if status.is_success() || status.is_informational() || status == StatusCode::NOT_MODIFIED {
            return Verdict::Found(What::Opened(status));
        }
        let empty = seen.body.is_empty();
        if status == StatusCode::SEE_OTHER {
            let to_the_way_in = location.is_some_and(|to| {
                to == "/sign-in" || to.starts_with("/sign-in?next=%2F") || to.starts_with("/go?to=%2F")
            });
            return match (to_the_way_in, empty) {
                (true, true) => Verdict::Fine,
                (true, false) => Verdict::Found(What::Body(status)),
                (false, _) => Verdict::Found(What::Redirect),
            };
        }
        if status.is_redirection() {
            return Verdict::Found(What::Redirect);
        }
        if status != StatusCode::UNAUTHORIZED {
            return Verdict::Found(What::PastTheLock(status));
        }
        let known = self.refusals.contains(&(status, Sha256::of(&seen.body)));
        if known || (*method == Method::HEAD && empty) { Verdict::Fine } else { Verdict::Found(What::Body(status)) }
    }

    fn header_fault(&self, way: Way, headers: &HeaderMap) -> Option<&'static str> {
        let fault = headers::first_fault(headers, self.transport)?;
        // A proxy may say its own name; what it may not do is take our headers away.
        (way == Way::Direct || !headers::NEVER.contains(&fault)).then_some(fault)
    }
}

fn is_here(location: &str) -> bool {
    crate::door::address::SafePath::new(location).is_some()
}

/// What a finding at this act closes.
pub(crate) const fn reach(action: Action) -> Reach {
    match (action.opens(), action.subject()) {
        (Opens::Nothing, Subject::Person | Subject::Myself) | (Opens::Names | Opens::Content, _) => Reach::Whole,
        (Opens::Nothing, _) => Reach::Route,
    }
}
